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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    const BEGAN: OffsetDateTime = datetime!(2030-01-02 03:04:05.678 UTC);

    #[test]
    fn a_playlist_says_all_a_player_needs() {
        let mut playlist = MediaPlaylist::media(Samples(48_000), BEGAN);
        playlist.push(Samples(48_000));
        playlist.push(Samples(1_920));
        assert_eq!(
            playlist.render(2, true),
            "#EXTM3U\n\
             #EXT-X-VERSION:7\n\
             #EXT-X-TARGETDURATION:1\n\
             #EXT-X-MEDIA-SEQUENCE:1\n\
             #EXT-X-PLAYLIST-TYPE:EVENT\n\
             #EXT-X-INDEPENDENT-SEGMENTS\n\
             #EXT-X-START:TIME-OFFSET=0\n\
             #EXT-X-MAP:URI=\"init.mp4\"\n\
             #EXT-X-PROGRAM-DATE-TIME:2030-01-02T03:04:05.678+00:00\n\
             #EXTINF:1.000000,\n\
             segment_000.m4s\n\
             #EXTINF:0.040000,\n\
             segment_001.m4s\n\
             #EXT-X-ENDLIST\n"
        );
    }

    #[test]
    fn captions_have_no_init_segment() {
        let mut playlist = MediaPlaylist::captions(Samples(48_000), BEGAN);
        playlist.push(Samples(48_000));
        let text = playlist.render(9, false);
        assert!(
            text.ends_with("#EXTINF:1.000000,\ncaptions_000.vtt\n"),
            "{text}"
        );
        assert!(!text.contains("EXT-X-MAP"), "{text}");
    }

    proptest! {
        #[test]
        fn later_playlists_only_add(
            durations in prop::collection::vec(1u64..=100_000, 0..40),
            more in prop::collection::vec(1u64..=100_000, 0..40),
            listed in 0usize..50,
            further in 0usize..50,
        ) {
            let mut playlist = MediaPlaylist::media(Samples(100_000), BEGAN);
            durations.iter().for_each(|&duration| playlist.push(Samples(duration)));
            let listed = listed.min(durations.len());
            let early = playlist.render(listed, false);
            more.iter().for_each(|&duration| playlist.push(Samples(duration)));
            let late = playlist.render(listed + further, false);
            prop_assert!(late.starts_with(&early));
            let last = playlist.render(usize::MAX, true);
            prop_assert!(last.starts_with(&late));
            prop_assert_eq!(last.lines().filter(|line| line.starts_with("#EXTINF")).count(), playlist.ends().len());
        }

        #[test]
        fn listed_durations_never_drift(durations in prop::collection::vec(1u64..=480_000, 1..300)) {
            let longest = Samples(*durations.iter().max().unwrap());
            let mut playlist = MediaPlaylist::media(longest, BEGAN);
            durations.iter().for_each(|&duration| playlist.push(Samples(duration)));
            let text = playlist.render(usize::MAX, true);
            let target = text
                .lines()
                .find_map(|line| line.strip_prefix("#EXT-X-TARGETDURATION:"))
                .unwrap()
                .parse::<f64>()
                .unwrap();
            let (mut micros, mut exact) = (0i128, 0);
            let listed = text.lines().filter_map(|line| line.strip_prefix("#EXTINF:"));
            for (listed, duration) in listed.zip(durations) {
                let (seconds, fraction) = listed.strip_suffix(',').unwrap().split_once('.').unwrap();
                prop_assert_eq!(fraction.len(), 6);
                let rounded = listed.trim_end_matches(',').parse::<f64>().unwrap().round();
                prop_assert!(rounded <= target);
                micros += seconds.parse::<i128>().unwrap() * 1_000_000 + fraction.parse::<i128>().unwrap();
                exact += i128::from(duration);
                // Less than a microsecond from the exact time, however many segments were added up.
                prop_assert!((micros * 48_000 - exact * 1_000_000).abs() <= 24_000);
            }
        }
    }
}
