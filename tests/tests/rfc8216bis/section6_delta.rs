//! Delta updates (section 6.2.5.1).

use avatar_tests::hls::{Capture, Reading};

use crate::section6_general::lasting;
use crate::specimen::{edited, reworded};
use crate::timeline::Timeline;
use crate::{ROUNDING, check, each};

fn deltas(capture: &Capture) -> impl Iterator<Item = &Reading> {
    let all = capture.low_latency().chain(capture.captions());
    all.filter(|reading| reading.playlist.skipped.is_some())
}

fn asked(reading: &Reading) -> bool {
    matches!(reading.exchange.parameter("_HLS_skip"), Some("YES" | "v2"))
}

fn unasked(capture: &Capture) -> Vec<String> {
    each(capture.all(), |reading| {
        let skipped = reading.playlist.skipped?;
        (!asked(reading)).then(|| format!("skips {skipped} segments"))
    })
}

#[test]
fn s6_2_5_1_nothing_is_skipped_unasked() {
    let spoilt =
        edited(|exchange| exchange.query = exchange.query.replace("_HLS_skip", "_HLS_hop"));
    check(unasked, &[("updates that nobody wanted", spoilt)]);
}

/// Distances of a segment's beginning and end from the end of the last whole segment.
fn distances(capture: &Capture, reading: &Reading, sequence: u64) -> (f64, f64) {
    let timeline = Timeline::of(capture);
    let end = timeline.start(reading.playlist.in_progress());
    (
        end - timeline.start(sequence),
        end - timeline.start(sequence + 1),
    )
}

fn boundary(reading: &Reading) -> f64 {
    let control = reading.playlist.control.as_ref();
    control
        .and_then(|control| control.can_skip_until)
        .unwrap_or_default()
}

fn unskipped(capture: &Capture) -> Vec<String> {
    let all = capture.low_latency().chain(capture.captions());
    let live = all.filter(|reading| asked(reading) && !reading.playlist.ended);
    // Who does not say that he can skip must not.
    each(live.filter(|reading| boundary(reading) > 0.0), |reading| {
        let first = reading.playlist.segments.first()?;
        let (_, distance) = distances(capture, reading, first.sequence);
        let far = distance > boundary(reading) + ROUNDING;
        far.then(|| format!("{} lies {distance:.3} s back and is not skipped", first.uri))
    })
}

#[test]
fn s6_2_5_1_who_asks_for_an_update_gets_one() {
    let spoilt = edited(|exchange| {
        let full = exchange.name == "playlist.m3u8" && exchange.query == "_HLS_msn=1&_HLS_part=0";
        if full {
            exchange.query.push_str("&_HLS_skip=YES");
        }
    });
    check(unskipped, &[("a full playlist instead", spoilt)]);
}

fn beyond(capture: &Capture) -> Vec<String> {
    each(deltas(capture), |reading| {
        let playlist = &reading.playlist;
        let last = playlist.sequence + playlist.skipped? - 1;
        let (distance, _) = distances(capture, reading, last);
        let near = distance <= boundary(reading) + ROUNDING;
        near.then(|| format!("segment {last} begins {distance:.3} s before the end and is skipped"))
    })
}

#[test]
fn s6_2_5_1_only_what_lies_beyond_the_boundary_is_skipped() {
    let spoilt = edited(|exchange| {
        let text = String::from_utf8_lossy(&exchange.body).into_owned();
        if text.contains("SKIPPED-SEGMENTS=2") {
            let from = text.find("#EXTINF:1.000000,\nsegment_002").unwrap();
            let to = text.find("#EXTINF:1.000000,\nsegment_003").unwrap();
            let text = format!("{}{}", &text[..from], &text[to..]);
            exchange.body = text.replace("SEGMENTS=2", "SEGMENTS=3").into_bytes();
        }
    });
    check(beyond, &[("an update that skips too much", spoilt)]);
}

fn ignored(capture: &Capture) -> Vec<String> {
    each(deltas(capture), |reading| {
        reading
            .playlist
            .ended
            .then(|| "skips at the end".to_owned())
    })
}

#[test]
fn s6_2_5_1_nothing_is_skipped_at_the_end() {
    let spoilt = edited(|exchange| {
        let text = String::from_utf8_lossy(&exchange.body).into_owned();
        if exchange.parameter("_HLS_skip").is_some() {
            exchange.body = format!("{text}#EXT-X-ENDLIST\n").into_bytes();
        }
    });
    check(ignored, &[("an update of what has ended", spoilt)]);
}

/// What a player puts together from an update and what it knows.
fn rebuilt(capture: &Capture) -> Vec<String> {
    let longest = |name: &str| -> Vec<&str> {
        let full = capture.full().chain(capture.captions());
        let full = full
            .filter(|reading| reading.exchange.name == name && reading.playlist.skipped.is_none());
        let lines = full.map(|reading| lasting(&reading.playlist.text));
        lines.max_by_key(Vec::len).unwrap_or_default()
    };
    each(deltas(capture), |reading| {
        let skipped = usize::try_from(reading.playlist.skipped?).unwrap();
        let full = longest(&reading.exchange.name);
        let update = lasting(&reading.playlist.text);
        let at = update
            .iter()
            .position(|line| line.starts_with("#EXT-X-SKIP:"))?;
        let (head, tail) = (&update[..at], &update[at + 1..]);
        let uris = full
            .iter()
            .enumerate()
            .filter(|(_, line)| !line.starts_with('#'));
        let Some(cut) = uris.map(|(at, _)| at + 1).nth(skipped.saturating_sub(1)) else {
            return Some(format!(
                "{skipped} segments are skipped, which nobody knows"
            ));
        };
        let (known, more) = full.split_at(cut);
        if !known.starts_with(head) {
            return Some("the tags before the skip are not those of the full playlist".to_owned());
        }
        let replaced = &known[head.len()..];
        let of_segments = ["#EXTINF:", "#EXT-X-MAP:", "#EXT-X-PROGRAM-DATE-TIME:"];
        let of_segment = |line: &&str| {
            !line.starts_with('#') || of_segments.iter().any(|tag| line.starts_with(tag))
        };
        if let Some(lost) = replaced.iter().find(|line| !of_segment(line)) {
            return Some(format!("{lost} is lost"));
        }
        let same = more.starts_with(tail);
        (!same).then(|| "what follows the skip is not what follows in the full playlist".to_owned())
    })
}

#[test]
fn s6_2_5_1_an_update_and_what_was_known_make_the_full_playlist() {
    let in_updates = |from: &'static str, to: &'static str| {
        edited(move |exchange| {
            let text = String::from_utf8_lossy(&exchange.body).into_owned();
            if text.contains("#EXT-X-SKIP") {
                exchange.body = text.replace(from, to).into_bytes();
            }
        })
    };
    check(
        rebuilt,
        &[
            (
                "a wrong number",
                reworded("SKIPPED-SEGMENTS=2", "SKIPPED-SEGMENTS=3"),
            ),
            (
                "more than there is",
                reworded("SKIPPED-SEGMENTS=2", "SKIPPED-SEGMENTS=99"),
            ),
            (
                "a tag that is lost",
                in_updates("#EXT-X-INDEPENDENT-SEGMENTS\n", ""),
            ),
            (
                "another segment",
                in_updates("segment_004.m4s", "segment_4.m4s"),
            ),
        ],
    );
}
