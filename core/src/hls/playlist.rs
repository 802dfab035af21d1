//! Media playlists (RFC 8216 section 4.3).

use std::fmt::Write as _;

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use super::names::{INIT, captions_name, segment_name};
use crate::time::{AUDIO_RATE, Samples};

/// The playlist of a session's segments, or of their captions.
///
/// It only ever grows: what is rendered with more segments listed begins with what was rendered with fewer.
#[derive(Debug, Clone)]
pub struct MediaPlaylist {
    content: Content,
    target: u64,
    began: OffsetDateTime,
    ends: Vec<Samples>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Media,
    Captions,
}

impl MediaPlaylist {
    /// A playlist of video and sound in segments no longer than `longest`, of which the first begins at `began`
    /// by the clock on the wall.
    pub fn media(longest: Samples, began: OffsetDateTime) -> Self {
        Self::new(Content::Media, longest, began)
    }

    /// The playlist of the captions of the same segments.
    pub fn captions(longest: Samples, began: OffsetDateTime) -> Self {
        Self::new(Content::Captions, longest, began)
    }

    fn new(content: Content, longest: Samples, began: OffsetDateTime) -> Self {
        Self {
            content,
            // Section 4.3.3.1: no segment may round to more; this never changes.
            target: longest.0.div_ceil(u64::from(AUDIO_RATE)).max(1),
            began,
            ends: Vec::new(),
        }
    }

    /// Takes in the next segment.
    pub fn push(&mut self, duration: Samples) {
        let start = self.end();
        self.ends.push(start + duration);
    }

    /// When each segment taken in so far ends.
    pub fn ends(&self) -> &[Samples] {
        &self.ends
    }

    /// When the last segment taken in ends.
    pub fn end(&self) -> Samples {
        self.ends.last().copied().unwrap_or_default()
    }

    /// The text with the first `listed` segments, or all where there are fewer, and with
    /// `#EXT-X-ENDLIST` if it has `ended`.
    pub fn render(&self, listed: usize, ended: bool) -> String {
        let mut text = String::with_capacity(320 + 40 * listed.min(self.ends.len()));
        // Writing to a string cannot fail.
        let _ = self.write(&mut text, listed, ended);
        text
    }

    fn write(&self, out: &mut String, listed: usize, ended: bool) -> std::fmt::Result {
        writeln!(out, "#EXTM3U")?;
        // Section 7: `EXT-X-MAP` needs 6; players that look for fragmented MP4 expect 7.
        writeln!(out, "#EXT-X-VERSION:7")?;
        writeln!(out, "#EXT-X-TARGETDURATION:{}", self.target)?;
        writeln!(out, "#EXT-X-MEDIA-SEQUENCE:1")?;
        writeln!(out, "#EXT-X-PLAYLIST-TYPE:EVENT")?;
        writeln!(out, "#EXT-X-INDEPENDENT-SEGMENTS")?;
        writeln!(out, "#EXT-X-START:TIME-OFFSET=0")?;
        if self.content == Content::Media {
            writeln!(out, "#EXT-X-MAP:URI=\"{INIT}\"")?;
        }
        let began = self.began.format(DATE_TIME).unwrap_or_default();
        if !began.is_empty() {
            writeln!(out, "#EXT-X-PROGRAM-DATE-TIME:{began}")?;
        }
        let mut start = Samples::ZERO;
        for (&end, number) in self.ends.iter().zip(0u32..).take(listed) {
            // The difference of two rounded instants, so that what players add up never drifts from the media.
            let micros = microseconds(end) - microseconds(start);
            let name = match self.content {
                Content::Media => segment_name(number),
                Content::Captions => captions_name(number),
            };
            let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
            writeln!(out, "#EXTINF:{seconds}.{fraction:06},\n{name}")?;
            start = end;
        }
        if ended {
            writeln!(out, "#EXT-X-ENDLIST")?;
        }
        Ok(())
    }
}

const DATE_TIME: &[BorrowedFormatItem<'_>] = format_description!(
    "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3][offset_hour sign:mandatory]:[offset_minute]"
);

fn microseconds(at: Samples) -> u64 {
    let rate = u128::from(AUDIO_RATE);
    let micros = (u128::from(at.0) * 1_000_000 + rate / 2) / rate;
    u64::try_from(micros).unwrap_or(u64::MAX)
}
