//! Media playlists (RFC 8216 section 4.3 and, for parts, draft-pantos-hls-rfc8216bis sections 4.4.3 to 4.4.5).

use std::fmt::{self, Write as _};

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use super::format::SegmentFormat;
use super::names::{INIT, RenditionName, captions_name};
use super::segmenter::Cut;
use super::timeline::{Edge, Stretch, Timeline};
use crate::time::{AUDIO_RATE, Samples};

/// The playlist of a session's segments, or of their captions.
///
/// What it says of itself is settled when it is made and never changes: there are players that give a stream up
/// for good when its part target does.
#[derive(Debug, Clone)]
pub struct MediaPlaylist {
    content: Content,
    rendition: RenditionName,
    format: SegmentFormat,
    /// Seconds.
    target: u64,
    /// Microseconds.
    part_target: u64,
    /// Microseconds.
    hold_back: u64,
    /// How much stays listed; `None` is all.
    window: Option<Samples>,
    began: OffsetDateTime,
    others: Vec<Beside>,
}

/// The playlist of another rendition of the same session.
#[derive(Debug, Clone)]
pub struct Beside {
    /// Where it lies, seen from the one that reports on it.
    uri: String,
    content: Content,
}

impl Beside {
    /// One of video and sound.
    pub fn media(uri: String) -> Self {
        Self {
            uri,
            content: Content::Media,
        }
    }

    /// That of the captions.
    pub fn captions(uri: String) -> Self {
        Self {
            uri,
            content: Content::Captions,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Media,
    Captions,
}

/// How a playlist is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// With the latest parts, for players that play them.
    #[default]
    LowLatency,
    /// The same without what a player that reloads in time has read before (section 6.2.5.1 of the draft), as long as
    /// the stream has not ended.
    Delta,
    /// Whole segments and nothing else.
    Plain,
}

/// What is still to come of a stream whose playlist is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// More parts: the next is hinted at.
    Parts,
    /// The end, and with it whole segments or nothing. No part is hinted at: there are players that ask for one that never comes
    /// until they are told that there is no such file, and take that for a failure of the whole; and others that skip what
    /// they do not find in parts behind one that was hinted at.
    End,
    /// Nothing: the end is listed.
    Nothing,
}

/// Seconds from the beginning at which players are to begin.
///
/// A little more than nothing, because there are players that take an offset of zero for none and begin near the end. It is far
/// less than a picture lasts.
const START: &str = "0.001";

/// Target durations for which parts stay listed beside their segments (section 6.2.2 of the draft).
const PARTS_STAY: u64 = 3;
/// Target durations that a delta update repeats (section 4.4.3.8 of the draft).
const SKIP_BOUNDARY: u64 = 6;

impl MediaPlaylist {
    /// A playlist of video and sound that is cut as `cut` says, of which the first segment begins at `began` by the
    /// clock on the wall.
    pub fn media(cut: Cut, began: OffsetDateTime) -> Self {
        Self::new(Content::Media, cut, began)
    }

    /// The playlist of the captions of the same segments. It knows no parts.
    pub fn captions(cut: Cut, began: OffsetDateTime) -> Self {
        Self::new(Content::Captions, cut, began)
    }

    fn new(content: Content, cut: Cut, began: OffsetDateTime) -> Self {
        let rate = u64::from(AUDIO_RATE);
        Self {
            content,
            rendition: RenditionName::Full,
            format: SegmentFormat::Fmp4,
            // Section 4.3.3.1: no segment may round to more.
            target: ((cut.segment().0 + rate / 2) / rate).max(1),
            // Listed durations are differences of rounded instants, and none may exceed this.
            part_target: (cut.part().0 * 1_000_000).div_ceil(rate),
            hold_back: (cut.hold_back().0 * 1_000_000).div_ceil(rate),
            window: None,
            began,
            others: Vec::new(),
        }
    }

    /// The same of a stream that is longer than anybody wants to go back: segments leave the playlist when they ended more
    /// than `window` before the last part (RFC 8216 section 6.2.2).
    pub fn sliding(mut self, window: Option<Samples>) -> Self {
        self.window = window;
        self
    }

    /// The same for another rendition.
    pub fn of(mut self, rendition: RenditionName) -> Self {
        self.rendition = rendition;
        self
    }

    /// The same for a session in another format. Players of transport streams know nothing of parts and of blocking:
    /// there the only form is the plain one.
    pub fn made_of(mut self, format: SegmentFormat) -> Self {
        self.format = format;
        self
    }

    /// The same, with a report of how far the `others` are (section 4.4.5.4 of the draft), which are always as far as
    /// this one.
    pub fn beside(mut self, others: Vec<Beside>) -> Self {
        self.others = others;
        self
    }

    /// How long a part may have to be fetched after it left the playlist (section 6.2.2 of the draft).
    pub fn grace(&self) -> std::time::Duration {
        std::time::Duration::from_secs(PARTS_STAY * self.target)
    }

    fn targets(&self, count: u64) -> Samples {
        Samples(count * self.target * u64::from(AUDIO_RATE))
    }

    /// The first segment whose parts are still listed when the first `listed` parts of `timeline` are. Parts are
    /// listed all or not: players number those of a segment by their order in the playlist.
    pub fn first_in_parts(&self, timeline: &Timeline, listed: usize) -> u32 {
        let count = timeline.ended_long_before(listed, self.targets(PARTS_STAY));
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// How long a segment may have to be fetched after it left the playlist: as long as it and the playlist were (RFC 8216
    /// section 6.2.2).
    pub fn farewell(&self) -> std::time::Duration {
        let window = self.window.unwrap_or_default();
        // Segments are as long as the target at most, and the playlist is longer than the window by less than one.
        (window + self.targets(2)).duration()
    }

    /// The first segment that is listed when the first `listed` parts of `timeline` are.
    pub fn first_listed(&self, timeline: &Timeline, listed: usize) -> u32 {
        let left = |window| timeline.ended_long_before(listed, window);
        u32::try_from(self.window.map_or(0, left)).unwrap_or(u32::MAX)
    }

    /// How much of the beginning of `timeline` no playlist will speak of again, once its first `listed` parts are listed: so
    /// many segments are listed neither whole nor in parts.
    pub fn forgettable(&self, timeline: &Timeline, listed: usize) -> usize {
        let listed_from = self.first_listed(timeline, listed);
        let in_parts_from = self.first_in_parts(timeline, listed);
        listed_from.min(in_parts_from) as usize
    }

    /// Segments that a delta update leaves out: those that lie beyond the boundary, seen from the end of the last segment
    /// (section 6.2.5.1 of the draft).
    fn skipped(&self, timeline: &Timeline, listed: usize) -> usize {
        let whole = listed.saturating_sub(timeline.edge(listed).parts as usize);
        timeline.ended_long_before(whole, self.targets(SKIP_BOUNDARY))
    }

    /// The text with the first `listed` parts of `timeline`, and with `#EXT-X-ENDLIST` if it has `ended`.
    pub fn render(&self, timeline: &Timeline, form: Form, listed: usize, ended: bool) -> String {
        let outlook = match ended {
            true => Outlook::Nothing,
            false => Outlook::Parts,
        };
        self.render_before(timeline, form, listed, outlook)
    }

    /// The text with the first `listed` parts of `timeline` where `outlook` is what is to come.
    pub fn render_before(
        &self,
        timeline: &Timeline,
        form: Form,
        listed: usize,
        outlook: Outlook,
    ) -> String {
        let segments = timeline.edge(listed).segments as usize;
        let mut text = String::with_capacity(1600 + 40 * segments);
        // Writing to a string cannot fail.
        let _ = self.write(&mut text, timeline, form, listed, outlook);
        text
    }

    fn write(
        &self,
        out: &mut String,
        timeline: &Timeline,
        form: Form,
        listed: usize,
        outlook: Outlook,
    ) -> fmt::Result {
        let ended = outlook == Outlook::Nothing;
        let form = match self.format {
            SegmentFormat::Fmp4 => form,
            SegmentFormat::Ts => Form::Plain,
        };
        // The end may come with much that nobody has read before.
        let left = self.first_listed(timeline, listed) as usize;
        let skipped = match form {
            Form::Delta if !ended => self.skipped(timeline, listed).saturating_sub(left),
            _ => 0,
        };
        self.write_head(out, form, skipped, (left, timeline.start(left)))?;
        let parts = match (self.content, form) {
            (Content::Media, Form::LowLatency | Form::Delta) => {
                Some(self.first_in_parts(timeline, listed))
            }
            _ => None,
        };
        for stretch in timeline.segments(listed, left + skipped) {
            let Stretch {
                number,
                first,
                after,
            } = stretch;
            if parts.is_some_and(|from| number >= from) {
                self.write_parts(out, timeline, number, first, after)?;
            }
            let duration = Seconds::between(timeline.end(first), timeline.end(after));
            let name = match (self.content, self.format) {
                (Content::Media, SegmentFormat::Fmp4) => self.rendition.segment(number),
                (Content::Media, SegmentFormat::Ts) => self.rendition.ts_segment(number),
                (Content::Captions, _) => captions_name(number),
            };
            writeln!(out, "#EXTINF:{duration},\n{name}")?;
        }
        if parts.is_some() {
            let edge = timeline.edge(listed);
            let after = listed.min(timeline.len());
            let first = after - edge.parts as usize;
            self.write_parts(out, timeline, edge.segments, first, after)?;
            if outlook == Outlook::Parts {
                let next = self.rendition.part(edge.segments, edge.parts);
                writeln!(out, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"{next}\"")?;
            }
        }
        if form != Form::Plain && !ended {
            self.write_reports(out, timeline, timeline.edge(listed))?;
        }
        if ended {
            writeln!(out, "#EXT-X-ENDLIST")?;
        }
        Ok(())
    }

    fn write_reports(&self, out: &mut String, timeline: &Timeline, edge: Edge) -> fmt::Result {
        // The last part, be it of the segment that is being listed or of the one before.
        let (sequence, part) = match edge.parts.checked_sub(1) {
            Some(part) => (edge.segments + 1, part),
            None => match timeline.last(edge) {
                Some((_, parts)) => (edge.segments, parts.saturating_sub(1)),
                None => return Ok(()),
            },
        };
        let whole = edge.segments;
        for Beside { uri, content } in &self.others {
            match content {
                Content::Media => writeln!(
                    out,
                    "#EXT-X-RENDITION-REPORT:URI=\"{uri}\",LAST-MSN={sequence},LAST-PART={part}"
                )?,
                // It knows no parts. Zero is what comes before the first segment.
                Content::Captions => {
                    writeln!(
                        out,
                        "#EXT-X-RENDITION-REPORT:URI=\"{uri}\",LAST-MSN={whole}"
                    )?;
                }
            }
        }
        Ok(())
    }

    /// The tags before the first segment, before which others have `left`, and which begins at `start`.
    fn write_head(
        &self,
        out: &mut String,
        form: Form,
        skipped: usize,
        (left, start): (usize, Samples),
    ) -> fmt::Result {
        // Section 7: fractions of a second need 3, `EXT-X-MAP` 6; players that look for fragmented MP4 expect 7.
        // `EXT-X-SKIP` needs 9.
        let version = match (self.format, form) {
            (SegmentFormat::Ts, _) => 3,
            (SegmentFormat::Fmp4, Form::Plain) => 7,
            (SegmentFormat::Fmp4, Form::LowLatency | Form::Delta) => 9,
        };
        writeln!(out, "#EXTM3U\n#EXT-X-VERSION:{version}")?;
        writeln!(out, "#EXT-X-TARGETDURATION:{}", self.target)?;
        if form != Form::Plain {
            let hold_back = Seconds(self.hold_back);
            let skip = Seconds(self.target * SKIP_BOUNDARY * 1_000_000);
            // Section 6.2.4 of the draft: the same in all renditions, be there parts or not.
            writeln!(
                out,
                "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={hold_back},CAN-SKIP-UNTIL={skip}"
            )?;
            if self.content == Content::Media {
                let part = Seconds(self.part_target);
                writeln!(out, "#EXT-X-PART-INF:PART-TARGET={part}")?;
            }
        }
        // Players of a stream whose first number is 0 take it for one that does not block yet.
        writeln!(out, "#EXT-X-MEDIA-SEQUENCE:{}", left + 1)?;
        if self.window.is_none() {
            writeln!(out, "#EXT-X-PLAYLIST-TYPE:EVENT")?;
        }
        writeln!(out, "#EXT-X-INDEPENDENT-SEGMENTS")?;
        // Whoever began with what is about to leave would soon be without it.
        if left == 0 {
            writeln!(out, "#EXT-X-START:TIME-OFFSET={START}")?;
        }
        if skipped > 0 {
            return writeln!(out, "#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}");
        }
        if self.content == Content::Media && self.format == SegmentFormat::Fmp4 {
            writeln!(out, "#EXT-X-MAP:URI=\"{INIT}\"")?;
        }
        let began = self.began + start.duration();
        let began = began.format(DATE_TIME).unwrap_or_default();
        if !began.is_empty() {
            writeln!(out, "#EXT-X-PROGRAM-DATE-TIME:{began}")?;
        }
        Ok(())
    }

    fn write_parts(
        &self,
        out: &mut String,
        timeline: &Timeline,
        segment: u32,
        first: usize,
        after: usize,
    ) -> fmt::Result {
        for (part, index) in (first..after).zip(0u32..) {
            let duration = Seconds::between(timeline.end(part), timeline.end(part + 1));
            let name = self.rendition.part(segment, index);
            write!(out, "#EXT-X-PART:DURATION={duration},URI=\"{name}\"")?;
            let independent = timeline.independent(part);
            writeln!(out, "{}", if independent { ",INDEPENDENT=YES" } else { "" })?;
        }
        Ok(())
    }
}

const DATE_TIME: &[BorrowedFormatItem<'_>] = format_description!(
    "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3][offset_hour sign:mandatory]:[offset_minute]"
);

/// Microseconds, written as seconds.
struct Seconds(u64);

impl Seconds {
    /// The difference of two rounded instants, so that what players add up never drifts from the media.
    fn between(start: Samples, end: Samples) -> Self {
        Self(microseconds(end).saturating_sub(microseconds(start)))
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

fn microseconds(at: Samples) -> u64 {
    let rate = u128::from(AUDIO_RATE);
    let micros = (u128::from(at.0) * 1_000_000 + rate / 2) / rate;
    u64::try_from(micros).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
