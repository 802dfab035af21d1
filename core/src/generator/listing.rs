//! One session's playlists on disk, kept on the clock by the desk.

use std::io;
use std::ops::Range;
use std::time::{Duration, Instant};

use time::OffsetDateTime;

use super::live::Live;
use super::transcript::Transcript;
use crate::api::{MediaFile, RenditionFile};
use crate::config::Config;
use crate::hls::{
    Beside, CAPTIONS_PLAYLIST, Clock, Edge, Form, MediaPlaylist, Outlook, Part, RenditionName,
    Segment, SegmentFormat, Timeline,
};
use crate::session::{Failure, Job, Pace, Timestamp};

/// Whether a listing may still grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Open,
    Ended,
}

/// Parts as they are written, and the playlists that list them by and by.
///
/// A playlist that people watch ends between two segments, and not before they had the time to load the last part of
/// the one before: there are players that load no further parts of a segment once its playlist has ended. What was hinted at
/// is listed as a part before the end is, and behind the last part that is listed as one nothing is hinted at.
#[derive(Debug)]
pub(crate) struct Listing {
    clock: Clock,
    timeline: Timeline,
    /// The playlist of each rendition; the largest comes last, and what it says is true of all.
    media: Vec<(RenditionName, MediaPlaylist)>,
    captions: MediaPlaylist,
    /// How far players that load parts stay behind the last.
    hold_back: Duration,
    segment_parts: u8,
    /// Whether the clock waits for somebody who watches.
    patient: bool,
    began: Option<Instant>,
    due: Option<Instant>,
    /// Whether there will be no more parts.
    complete: bool,
    /// Whether the last of all parts is there: before the session is known to be complete.
    has_last: bool,
    /// What the playlists say is to come.
    outlook: Outlook,
    /// When the last part was listed.
    grew: Option<Instant>,
    /// Parts listed, and how far that is.
    listed: usize,
    edge: Edge,
    /// The first segment that is listed with its parts.
    in_parts: u32,
    /// Segments whose parts are not listed any more.
    departed: Range<u32>,
    /// Segments that are not listed any more.
    left: Range<u32>,
}

impl Listing {
    pub(crate) fn new(config: &Config, job: &Job) -> Self {
        let format = job.segment_format;
        let cut = config.cut_of(job);
        let began = OffsetDateTime::now_utc();
        let hold_back = match format {
            SegmentFormat::Fmp4 => cut.hold_back().duration(),
            // Whoever loads whole segments loads them whether or not there is an end.
            SegmentFormat::Ts => Duration::ZERO,
        };
        let renditions = || config.renditions_of(job.kind);
        let window = config.window_of(job);
        let captions = MediaPlaylist::captions(cut, began)
            .made_of(format)
            .sliding(window);
        Self {
            clock: Clock::new(config.lead_of(job)),
            timeline: Timeline::default(),
            media: renditions()
                .map(|name| {
                    let others = renditions()
                        .filter(|&other| other != name)
                        .map(|other| Beside::media(up(name) + &playlist_of(other)));
                    let captions = Beside::captions(up(name) + CAPTIONS_PLAYLIST);
                    let others = others.chain([captions]).collect();
                    let playlist = MediaPlaylist::media(cut, began).of(name).made_of(format);
                    (name, playlist.beside(others).sliding(window))
                })
                .collect(),
            captions: captions.beside(
                renditions()
                    .map(|other| Beside::media(playlist_of(other)))
                    .collect(),
            ),
            hold_back,
            segment_parts: u8::try_from(cut.parts()).unwrap_or(u8::MAX),
            patient: job.pace == Pace::Fast,
            began: None,
            due: None,
            complete: false,
            has_last: false,
            outlook: Outlook::Parts,
            grew: None,
            listed: 0,
            edge: Edge::default(),
            in_parts: 0,
            departed: 0..0,
            left: 0..0,
        }
    }

    /// When the listing grows by itself.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Whether the clock waits for somebody who watches.
    pub(crate) fn is_patient(&self) -> bool {
        self.patient
    }

    /// Whether there will be no more parts.
    pub(crate) fn is_complete(&self) -> bool {
        self.complete
    }

    /// A part is on disk, and with a segment's last part the segment and its captions.
    pub(crate) fn add(&mut self, part: &Part) {
        self.timeline.push(part);
        self.has_last |= part.last;
    }

    /// Somebody watches: from now on what is listed grows.
    pub(crate) fn start_clock(&mut self, live: &Live, now: Instant) {
        if std::mem::take(&mut self.patient) {
            self.publish(live, now);
        }
    }

    /// There will be no more parts. Unless somebody watches, all of them can be listed at once.
    pub(crate) fn complete(&mut self, live: &Live, now: Instant) -> Standing {
        self.complete = true;
        match self.patient {
            true => self.end_with(live, self.timeline.len()),
            false => self.publish(live, now),
        }
    }

    /// Lists what the clock allows now.
    pub(crate) fn publish(&mut self, live: &Live, now: Instant) -> Standing {
        if self.timeline.is_empty() {
            return Standing::Open;
        }
        if !self.patient {
            self.began.get_or_insert(now);
        }
        let elapsed = self.began.map_or(Duration::ZERO, |began| now - began);
        let waiting = self.timeline.ends_after(self.clock.listed());
        let listing = self.clock.list_on(elapsed, waiting);
        self.due = listing
            .next
            .and_then(|next| self.began.map(|began| began + next));
        let mut parts = listing.parts;
        if self.complete {
            let hinted = self.hints() && self.outlook == Outlook::Parts;
            let whole = self.timeline.whole(self.listed + usize::from(hinted));
            parts = parts.min(whole);
            if self.listed == whole {
                let settled = self.grew.unwrap_or(now) + self.hold_back;
                if settled <= now {
                    return self.end_with(live, self.timeline.len());
                }
                self.due = Some(settled);
                return Standing::Open;
            }
        }
        if parts > self.listed {
            self.write(live, parts, false);
            self.grew = Some(now);
            if self.outlook == Outlook::End {
                self.due = Some(now + self.hold_back);
            }
        }
        Standing::Open
    }

    /// Whether players are told of parts, and of the next one.
    fn hints(&self) -> bool {
        self.listed > 0 && !self.hold_back.is_zero()
    }

    fn end_with(&mut self, live: &Live, parts: usize) -> Standing {
        self.due = None;
        self.write(live, parts, true);
        Standing::Ended
    }

    /// Lists everything there is, and the end.
    pub(crate) fn end(&mut self, live: &Live, transcript: &Transcript) {
        self.cut(live, transcript, self.timeline.len());
        self.end_cut(live);
    }

    /// Lists no more than is listed now, and the end. What is not listed is taken back.
    pub(crate) fn end_here(&mut self, live: &Live, transcript: &Transcript) {
        self.cut(live, transcript, self.listed);
        // Before anybody is told of the end: who waits for what was hinted at must not find it.
        self.take_back(live);
        self.end_cut(live);
        let (segments, duration) = (self.edge.segments, self.timeline.end(self.listed));
        live.update(|record| {
            record.segments = segments;
            record.duration = duration;
        });
    }

    /// As [`end_here`](Self::end_here), where the disk is full: what comes after the segment in which the listing ends is
    /// deleted before anything is written, or there would be no room for the end.
    pub(crate) fn end_on_full_disk(&mut self, live: &Live, transcript: &Transcript) {
        let edge = self.timeline.edge(self.listed);
        self.discard_from(live, edge.segments + edge.parts.min(1));
        self.end_here(live, transcript);
    }

    /// Segments whose parts have left the playlist since this was asked last.
    pub(crate) fn departed(&mut self) -> Range<u32> {
        std::mem::replace(&mut self.departed, self.in_parts..self.in_parts)
    }

    /// Has the parts of all segments before `segment` leave.
    #[cfg(test)]
    pub(super) fn leave_until(&mut self, segment: u32) {
        self.departed.end = segment;
        self.in_parts = segment;
    }

    /// Segments that have left the playlist since this was asked last.
    pub(crate) fn left(&mut self) -> Range<u32> {
        let none = self.left.end..self.left.end;
        std::mem::replace(&mut self.left, none)
    }

    /// How long segments that have left the playlist may still be fetched.
    pub(crate) fn farewell(&self) -> Duration {
        self.captions.farewell()
    }

    /// How long parts that have left the playlist may still be fetched.
    pub(crate) fn grace(&self) -> Duration {
        self.captions.grace()
    }

    /// Forgets all parts but the first `parts`, and makes those after the last whole segment one.
    fn cut(&mut self, live: &Live, transcript: &Transcript, parts: usize) {
        self.timeline.cut(parts);
        let rest = self.timeline.edge(parts);
        if rest.parts > 0 {
            match self.close_segment(live, transcript, rest) {
                Ok(()) => self.timeline.close(),
                Err(error) => live.fail(Failure::of_writing(&error)),
            }
        }
    }

    /// Lists what is left, and the end.
    fn end_cut(&mut self, live: &Live) {
        self.due = None;
        let parts = self.timeline.len();
        if parts > 0 {
            self.end_with(live, parts);
        }
    }

    /// Makes the parts after the last whole segment a segment.
    fn close_segment(&self, live: &Live, transcript: &Transcript, rest: Edge) -> io::Result<()> {
        let (id, store) = (live.id(), live.store());
        let Edge {
            segments: number,
            parts,
        } = rest;
        for &(rendition, _) in &self.media {
            let mut bytes = Vec::new();
            for index in 0..parts {
                bytes.extend(store.read(id, RenditionFile::Part(number, index).of(rendition))?);
            }
            store.write(id, RenditionFile::Segment(number).of(rendition), &bytes)?;
        }
        if store.has(id, MediaFile::CaptionSegment(number)) {
            return Ok(());
        }
        let all = self.timeline.len();
        let start = self.timeline.end(all - parts as usize);
        let captions = transcript.captions_of(&Segment {
            number,
            start,
            duration: self.timeline.end(all).saturating_sub(start),
            bytes: 0,
        });
        let file = MediaFile::CaptionSegment(number);
        store.write(id, file, captions.as_bytes())
    }

    /// Deletes what is not listed.
    fn take_back(&self, live: &Live) {
        let (id, store) = (live.id(), live.store());
        let edge = self.timeline.edge(self.timeline.len());
        for &(rendition, _) in &self.media {
            if let Some((last, parts)) = self.timeline.last(edge) {
                store.discard_parts(id, rendition, last, parts);
            }
        }
        self.discard_from(live, edge.segments);
    }

    /// Deletes segments, whole or in parts, from one on.
    fn discard_from(&self, live: &Live, first: u32) {
        let (id, store) = (live.id(), live.store());
        for &(rendition, _) in &self.media {
            for number in first.. {
                store.discard(id, MediaFile::CaptionSegment(number));
                store.discard(id, RenditionFile::TsSegment(number).of(rendition));
                let there = store.discard(id, RenditionFile::Segment(number).of(rendition));
                if !store.discard_parts(id, rendition, number, 0) && !there {
                    break;
                }
            }
        }
    }

    fn write(&mut self, live: &Live, parts: usize, ended: bool) {
        let edge = self.timeline.edge(parts);
        let last = self.has_last && parts == self.timeline.len();
        let boundary = self.complete && parts == self.timeline.whole(parts);
        let outlook = match ended {
            true => Outlook::Nothing,
            false if last || boundary => Outlook::End,
            false => Outlook::Parts,
        };
        let written = self.replace(live, parts, outlook, edge.segments > self.edge.segments);
        if let Err(error) = written {
            live.fail(Failure::of_writing(&error));
            return;
        }
        self.leave_behind(live, parts);
        self.listed = parts;
        self.outlook = outlook;
        self.edge = edge;
        live.update(|record| {
            record.listed = edge.segments;
            record.parts = edge.parts;
            record.segment_parts = self.segment_parts;
            record.ended = ended;
        });
        tracing::debug!(
            session = %live.id(),
            segments = edge.segments,
            parts = edge.parts,
            at_us = Timestamp::now().micros(),
            "listed"
        );
    }

    fn replace(
        &self,
        live: &Live,
        parts: usize,
        outlook: Outlook,
        new_segments: bool,
    ) -> io::Result<()> {
        let store = live.store();
        let ended = outlook == Outlook::Nothing;
        for form in [Form::Plain, Form::Delta, Form::LowLatency] {
            if form == Form::Plain && !new_segments && !ended {
                continue;
            }
            let render = |playlist: &MediaPlaylist| {
                playlist.render_before(&self.timeline, form, parts, outlook)
            };
            let file = MediaFile::Captions(form);
            store.write(live.id(), file, render(&self.captions).as_bytes())?;
            for (rendition, media) in &self.media {
                let file = RenditionFile::Playlist(form).of(*rendition);
                store.write(live.id(), file, render(media).as_bytes())?;
            }
        }
        Ok(())
    }

    /// Notes which parts and segments are listed no more; parts that never were can go at once.
    fn leave_behind(&mut self, live: &Live, parts: usize) {
        let Some((_, media)) = self.media.last() else {
            return;
        };
        let first = media.first_in_parts(&self.timeline, parts);
        let seen = first.min(self.edge.segments + 1).max(self.in_parts);
        self.departed.end = seen.max(self.departed.end);
        for unseen in seen..first {
            for &(rendition, _) in &self.media {
                live.store().discard_parts(live.id(), rendition, unseen, 0);
            }
        }
        self.in_parts = first.max(self.in_parts);
        let first = media.first_listed(&self.timeline, parts);
        self.left.end = first.max(self.left.end);
        self.timeline
            .forget(media.forgettable(&self.timeline, parts));
    }
}

/// The way from a rendition's directory to that of the session.
fn up(from: RenditionName) -> String {
    match from {
        RenditionName::Height(_) => "../".to_owned(),
        RenditionName::Full | RenditionName::Sound => String::new(),
    }
}

/// Where the playlist of a rendition lies in the directory of its session.
fn playlist_of(rendition: RenditionName) -> String {
    format!("{rendition}{}", rendition.playlist(Form::LowLatency))
}
