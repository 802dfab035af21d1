//! One session's playlists on disk, kept on the clock by the desk.

use std::io;
use std::time::Instant;

use super::live::Live;
use crate::api::MediaFile;
use crate::config::Config;
use crate::hls::{Clock, Cut, MediaPlaylist, Segment};
use crate::session::{Failure, FailureCode};
use time::OffsetDateTime;

/// Segments as they are completed, and the playlists that list them by and by.
#[derive(Debug)]
pub(crate) struct Listing {
    clock: Clock,
    media: MediaPlaylist,
    captions: MediaPlaylist,
    began: Option<Instant>,
    due: Option<Instant>,
    listed: usize,
}

impl Listing {
    pub(crate) fn new(config: &Config) -> Self {
        let longest = Cut::standard(config.video.frame_rate).segment();
        let began = OffsetDateTime::now_utc();
        Self {
            clock: Clock::new(config.lead),
            media: MediaPlaylist::media(longest, began),
            captions: MediaPlaylist::captions(longest, began),
            began: None,
            due: None,
            listed: 0,
        }
    }

    /// When the listing grows by itself.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// A segment and its captions are on disk.
    pub(crate) fn add(&mut self, segment: &Segment) {
        self.media.push(segment.duration);
        self.captions.push(segment.duration);
    }

    /// Lists what the clock allows now.
    pub(crate) fn publish(&mut self, live: &Live, now: Instant) {
        if self.media.ends().is_empty() {
            return;
        }
        let began = *self.began.get_or_insert(now);
        let listing = self.clock.list(now - began, self.media.ends(), false);
        self.due = listing.next.map(|next| began + next);
        if listing.segments > self.listed {
            self.write(live, listing.segments, false);
        }
    }

    /// Lists everything there is, and the end.
    pub(crate) fn end(&mut self, live: &Live) {
        self.due = None;
        let all = self.media.ends().len();
        if all > 0 {
            self.write(live, all, true);
        }
    }

    /// Lists no more than is listed now, and the end.
    pub(crate) fn end_here(&mut self, live: &Live) {
        self.due = None;
        if self.listed > 0 {
            self.write(live, self.listed, true);
        }
    }

    fn write(&mut self, live: &Live, segments: usize, ended: bool) {
        let written = self.replace(live, segments, ended);
        if let Err(error) = written {
            live.fail(Failure::of_writing(&error));
            return;
        }
        self.listed = segments;
        live.update(|record| record.listed = u32::try_from(segments).unwrap_or(u32::MAX));
    }

    fn replace(&self, live: &Live, segments: usize, ended: bool) -> io::Result<()> {
        let text = self.captions.render(segments, ended);
        live.store()
            .write(live.id(), MediaFile::Captions, text.as_bytes())?;
        let text = self.media.render(segments, ended);
        live.store()
            .write(live.id(), MediaFile::Playlist, text.as_bytes())
    }
}

impl Failure {
    /// What is said when a file could not be written.
    pub(crate) fn of_writing(error: &io::Error) -> Self {
        let full = matches!(
            error.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
        );
        if full {
            return Self {
                code: FailureCode::DiskFull,
                text: "there is no room left on the server's disk".to_owned(),
            };
        }
        Self {
            code: FailureCode::Internal,
            text: format!("the media could not be written: {error}"),
        }
    }
}
