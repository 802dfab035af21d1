//! Tags of media playlists and of their segments.

use std::collections::BTreeMap;

use avatar_tests::hls::{Capture, Packet};

use crate::specimen::{edited, repacked, reworded, reworded_from};
use crate::timeline::Timeline;
use crate::{check, each};

fn independent_segments(capture: &Capture) -> Vec<String> {
    let declared = capture.media().any(|reading| {
        reading
            .playlist
            .tags
            .contains_key("EXT-X-INDEPENDENT-SEGMENTS")
    });
    if !declared {
        return Vec::new();
    }
    let timeline = Timeline::of(capture);
    let first = |parent: &crate::timeline::Parent| -> Option<Packet> {
        let uris: Vec<&String> = parent
            .uri
            .iter()
            .chain(parent.parts.first().map(|part| &part.uri))
            .collect();
        let packet = capture
            .packets
            .iter()
            .find(|packet| packet.leading && uris.contains(&&packet.uri));
        packet.cloned()
    };
    let firsts = timeline.0.values().filter_map(first);
    firsts
        .filter(|packet| !packet.key)
        .map(|packet| format!("{} begins with no key frame", packet.uri))
        .collect()
}

#[test]
fn s4_4_2_1_every_segment_of_independent_ones_begins_with_a_key_frame() {
    let spoilt =
        repacked(|packet| packet.key &= !(packet.leading && packet.uri == "segment_004.0.m4s"));
    check(
        independent_segments,
        &[("a segment without a key frame", spoilt)],
    );
}

fn rounding(capture: &Capture) -> Vec<String> {
    each(capture.all(), |reading| {
        let playlist = &reading.playlist;
        if playlist.target == 0 {
            return Some("no target duration".to_owned());
        }
        let long = playlist
            .segments
            .iter()
            .find(|segment| segment.duration.round() > playlist.target as f64)?;
        Some(format!("{} lasts {} s", long.uri, long.duration))
    })
}

#[test]
fn s4_4_3_1_no_segment_rounds_to_more_than_the_target_duration() {
    check(
        rounding,
        &[
            (
                "a segment of a second and a half",
                reworded(
                    "EXTINF:1.000000,\nsegment_003",
                    "EXTINF:1.500000,\nsegment_003",
                ),
            ),
            (
                "long captions",
                reworded_from(0.0, "captions.m3u8", "EXTINF:1.000000", "EXTINF:2.000000"),
            ),
            (
                "no target duration",
                reworded("#EXT-X-TARGETDURATION:1\n", ""),
            ),
        ],
    );
}

fn part_information(capture: &Capture) -> Vec<String> {
    each(capture.media(), |reading| {
        let playlist = &reading.playlist;
        let missing = playlist.parts().count() > 0 && playlist.part_target.is_none();
        missing.then(|| "parts without EXT-X-PART-INF".to_owned())
    })
}

#[test]
fn s4_4_3_7_parts_have_a_target_duration() {
    let spoilt = reworded("#EXT-X-PART-INF:PART-TARGET=0.2\n", "");
    check(part_information, &[("parts without it", spoilt)]);
}

fn server_control(capture: &Capture) -> Vec<String> {
    each(capture.all(), |reading| {
        let playlist = &reading.playlist;
        let control = playlist.control.as_ref();
        let target = playlist.target as f64;
        if control
            .and_then(|control| control.can_skip_until)
            .is_some_and(|until| until < 6.0 * target)
        {
            return Some("a skip boundary of less than six target durations".to_owned());
        }
        if control
            .and_then(|control| control.hold_back)
            .is_some_and(|back| back < 3.0 * target)
        {
            return Some("a hold-back of less than three target durations".to_owned());
        }
        let part_target = playlist.part_target?;
        match control.and_then(|control| control.part_hold_back) {
            None => Some("parts without a hold-back".to_owned()),
            Some(back) if back < 2.0 * part_target => Some(format!("a hold-back of {back} s")),
            // Three are advised, and what Apple's players expect.
            Some(back) if back < 3.0 * part_target - 1e-9 => {
                Some(format!("only {back} s of hold-back"))
            }
            Some(_) => None,
        }
    })
}

#[test]
fn s4_4_3_8_the_server_promises_no_less_than_it_must() {
    check(
        server_control,
        &[
            (
                "a near skip boundary",
                reworded("CAN-SKIP-UNTIL=6.0", "CAN-SKIP-UNTIL=5.9"),
            ),
            (
                "a near skip boundary of captions",
                reworded_from(0.0, "captions.m3u8", "UNTIL=6.0", "UNTIL=5.9"),
            ),
            (
                "a short hold-back",
                reworded("PART-HOLD-BACK=0.6", "HOLD-BACK=2.9,PART-HOLD-BACK=0.6"),
            ),
            (
                "a short hold-back for parts",
                reworded("PART-HOLD-BACK=0.6", "PART-HOLD-BACK=0.3"),
            ),
            (
                "two parts of hold-back",
                reworded("PART-HOLD-BACK=0.6", "PART-HOLD-BACK=0.4"),
            ),
            (
                "no hold-back for parts",
                reworded("PART-HOLD-BACK=0.6,", ""),
            ),
        ],
    );
}

fn durations(capture: &Capture) -> Vec<String> {
    let mut frames: BTreeMap<&str, usize> = BTreeMap::new();
    for packet in capture.packets.iter().filter(|packet| packet.leading) {
        // The names of a segment and of its parts begin alike.
        let stem = packet.uri.split('.').next().unwrap_or_default();
        *frames.entry(stem).or_default() += 1;
    }
    let lasting = |uri: &str| {
        let stem = uri.split('.').next().unwrap_or_default();
        frames.get(stem).copied().unwrap_or_default()
    };
    each(capture.full(), |reading| {
        let wrong = reading.playlist.segments.iter().find(|segment| {
            let seconds = lasting(&segment.uri) as f64 * capture.frame();
            capture.bytes(&segment.uri).is_some() && (segment.duration - seconds).abs() > 0.001
        })?;
        let (uri, frames) = (&wrong.uri, lasting(&wrong.uri));
        Some(format!(
            "{uri} lasts {frames} frames, not {} s",
            wrong.duration
        ))
    })
}

#[test]
fn s4_4_4_1_segments_last_as_long_as_they_say() {
    let spoilt = reworded(
        "EXTINF:1.000000,\nsegment_003",
        "EXTINF:0.960000,\nsegment_003",
    );
    check(durations, &[("a segment that lasts longer", spoilt)]);
}

/// The date of each segment by its media sequence number; nothing where none is known.
pub(crate) fn dates(playlist: &avatar_tests::hls::MediaPlaylist) -> Vec<(u64, f64, bool)> {
    let mut dates = Vec::new();
    let mut next: Option<f64> = None;
    for segment in &playlist.segments {
        // A date that disagrees with the one before it is told apart.
        let agrees = match (segment.date, next) {
            (Some(date), Some(next)) => (date - next).abs() < 0.001,
            _ => true,
        };
        let Some(date) = segment.date.or(next) else {
            continue;
        };
        dates.push((segment.sequence, date, agrees));
        next = Some(date + segment.duration);
    }
    dates
}

fn dated(capture: &Capture) -> Vec<String> {
    let mut known: BTreeMap<u64, f64> = BTreeMap::new();
    let mut faults = Vec::new();
    for reading in capture.all() {
        for (sequence, date, agrees) in dates(&reading.playlist) {
            let first = *known.entry(sequence).or_insert(date);
            if !agrees || (first - date).abs() > 0.001 {
                let title = reading.exchange.title();
                faults.push(format!(
                    "{title}: the date of segment {sequence} is {date}, not {first}"
                ));
            }
        }
    }
    faults
}

#[test]
fn s4_4_4_6_a_segment_has_one_date_and_durations_agree_with_it() {
    let date = "#EXT-X-PROGRAM-DATE-TIME:2030-01-02T03:04:05.678+00:00\n";
    let other = "#EXT-X-PROGRAM-DATE-TIME:2030-01-02T03:04:06.000+00:00\n";
    check(
        dated,
        &[
            (
                "a date that changes",
                reworded_from(5.0, "playlist.m3u8", date, other),
            ),
            (
                "other dates for captions",
                reworded_from(0.0, "captions.m3u8", date, other),
            ),
            (
                "a date that durations contradict",
                reworded(
                    "#EXTINF:1.000000,\nsegment_003",
                    &format!("{date}#EXTINF:1.000000,\nsegment_003"),
                ),
            ),
            (
                "the first segment's date in an update without it",
                edited(|exchange| {
                    let text = String::from_utf8_lossy(&exchange.body).into_owned();
                    if text.contains("#EXT-X-SKIP") {
                        exchange.body = text
                            .replace("#EXT-X-SKIP", &format!("{date}#EXT-X-SKIP"))
                            .into_bytes();
                    }
                }),
            ),
        ],
    );
}

fn versions(capture: &Capture) -> Vec<String> {
    each(capture.all(), |reading| {
        let playlist = &reading.playlist;
        let fractions = playlist
            .text
            .lines()
            .any(|line| line.starts_with("#EXTINF:") && line.contains('.'));
        let needed = match () {
            () if playlist.tags.contains_key("EXT-X-SKIP") => 9,
            () if playlist.tags.contains_key("EXT-X-MAP") => 6,
            () if fractions => 3,
            () => 1,
        };
        let less = playlist.version < needed;
        less.then(|| format!("version {} where {needed} is needed", playlist.version))
    })
}

#[test]
fn s8_the_version_suffices_for_the_tags() {
    check(
        versions,
        &[
            (
                "a skip in version 8",
                reworded("#EXT-X-VERSION:9", "#EXT-X-VERSION:8"),
            ),
            (
                "a map in version 5",
                reworded("#EXT-X-VERSION:7", "#EXT-X-VERSION:5"),
            ),
            (
                "fractions without a version",
                reworded_from(0.0, "captions.m3u8", "#EXT-X-VERSION:9\n", ""),
            ),
        ],
    );
}
