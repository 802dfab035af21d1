//! Renditions that belong together (section 6.2.4).

use avatar_tests::hls::{Capture, Reading};

use crate::specimen::{reworded, reworded_from};
use crate::{ROUNDING, check, each};

/// What is not equal in all playlists of all renditions.
fn unequal<T: PartialEq + std::fmt::Debug>(
    capture: &Capture,
    plain: bool,
    tell: impl Fn(&Reading) -> T,
) -> Vec<String> {
    let readings = || {
        let media: Vec<&Reading> = if plain {
            capture.media().collect()
        } else {
            capture.low_latency().collect()
        };
        media.into_iter().chain(capture.captions())
    };
    let first = readings().next().map(&tell);
    each(readings(), |reading| {
        let told = tell(reading);
        (first.as_ref() != Some(&told)).then(|| format!("{told:?} instead of {first:?}"))
    })
}

#[test]
fn s6_2_4_all_renditions_have_the_same_target_duration() {
    let spoilt = reworded_from(0.0, "captions.m3u8", "TARGETDURATION:1", "TARGETDURATION:2");
    check(
        |capture| unequal(capture, true, |reading| reading.playlist.target),
        &[("another of captions", spoilt)],
    );
}

#[test]
fn s6_2_4_all_renditions_are_of_the_same_type() {
    let spoilt = reworded_from(0.0, "captions.m3u8", "#EXT-X-PLAYLIST-TYPE:EVENT\n", "");
    check(
        |capture| unequal(capture, true, |reading| reading.playlist.kind.clone()),
        &[("captions of none", spoilt)],
    );
}

#[test]
fn s6_2_4_all_renditions_are_dated() {
    let date = "#EXT-X-PROGRAM-DATE-TIME:2030-01-02T03:04:05.678+00:00\n";
    let rule = |capture: &Capture| {
        each(capture.all(), |reading| {
            let playlist = &reading.playlist;
            let first = playlist.skipped.is_none() && !playlist.segments.is_empty();
            let dated = playlist
                .segments
                .iter()
                .any(|segment| segment.date.is_some());
            (first && !dated).then(|| "no date".to_owned())
        })
    };
    check(
        rule,
        &[
            (
                "captions without a date",
                reworded_from(0.0, "captions.m3u8", date, ""),
            ),
            ("no dates", reworded(date, "")),
        ],
    );
}

#[test]
fn s6_2_4_all_renditions_promise_the_same() {
    let rule = |capture: &Capture| {
        unequal(capture, false, |reading| {
            reading
                .playlist
                .control
                .as_ref()
                .map(|control| control.attributes.clone())
        })
    };
    let control =
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.6,CAN-SKIP-UNTIL=6.0\n";
    check(
        rule,
        &[
            (
                "captions that promise nothing",
                reworded_from(0.0, "captions.m3u8", control, ""),
            ),
            (
                "captions that promise less",
                reworded_from(0.0, "captions.m3u8", "CAN-BLOCK-RELOAD=YES,", ""),
            ),
        ],
    );
}

fn matching(capture: &Capture) -> Vec<String> {
    let Some(media) = capture.full().last() else {
        return vec!["there is no playlist".to_owned()];
    };
    let segments = &media.playlist.segments;
    each(capture.captions(), |reading| {
        let other = reading.playlist.segments.iter().find(|captions| {
            let of_media = segments
                .iter()
                .find(|segment| segment.sequence == captions.sequence);
            of_media.is_none_or(|segment| (segment.duration - captions.duration).abs() > ROUNDING)
        })?;
        Some(format!("{} matches no segment", other.uri))
    })
}

#[test]
fn s6_2_4_captions_and_media_are_cut_at_the_same_times() {
    check(
        matching,
        &[
            (
                "captions of another length",
                reworded_from(
                    0.0,
                    "captions.m3u8",
                    "1.000000,\ncaptions_004",
                    "0.900000,\ncaptions_004",
                ),
            ),
            (
                "captions that count otherwise",
                reworded_from(0.0, "captions.m3u8", "SEQUENCE:1\n", "SEQUENCE:3\n"),
            ),
        ],
    );
}
