//! Playlists that are read again and again (section 6.2.2).

use std::collections::BTreeMap;

use avatar_tests::hls::{Capture, Reading, Reason};

use crate::specimen::{edited, reworded, reworded_from};
use crate::timeline::Timeline;
use crate::{ROUNDING, check, each};

fn constant_sequence(capture: &Capture) -> Vec<String> {
    each(capture.all(), |reading| {
        let sequence = reading.playlist.sequence;
        let told = reading.playlist.tags.contains_key("EXT-X-MEDIA-SEQUENCE");
        (sequence != 1 || !told).then(|| format!("begins with segment {sequence}"))
    })
}

#[test]
fn s6_2_2_the_media_sequence_counts_from_a_segment_that_never_goes() {
    let tag = "MEDIA-SEQUENCE:1\n";
    check(
        constant_sequence,
        &[
            (
                "another first segment",
                reworded_from(5.0, "playlist.m3u8", tag, "MEDIA-SEQUENCE:2\n"),
            ),
            ("none", reworded("#EXT-X-MEDIA-SEQUENCE:1\n", "")),
        ],
    );
}

fn constant_control(capture: &Capture) -> Vec<String> {
    let told = |reading: &Reading| {
        let control = reading
            .playlist
            .control
            .clone()
            .map(|control| control.attributes);
        (control, reading.playlist.part_target.map(f64::to_bits))
    };
    let first = capture.low_latency().next().map(told);
    each(capture.low_latency(), |reading| {
        (Some(told(reading)) != first).then(|| format!("{:?}", reading.playlist.control))
    })
}

#[test]
fn s6_2_2_what_the_server_promises_never_changes() {
    check(
        constant_control,
        &[
            (
                "another hold-back",
                reworded_from(
                    5.0,
                    "playlist.m3u8",
                    "PART-HOLD-BACK=0.6",
                    "PART-HOLD-BACK=0.8",
                ),
            ),
            (
                "another skip boundary",
                reworded_from(5.0, "playlist.m3u8", "UNTIL=6.0", "UNTIL=7.0"),
            ),
            (
                "another part target",
                reworded_from(5.0, "playlist.m3u8", "PART-TARGET=0.2", "PART-TARGET=0.24"),
            ),
            (
                "no promises at the end",
                reworded_from(10.7, "playlist.m3u8", "CAN-BLOCK-RELOAD=YES,", ""),
            ),
        ],
    );
}

/// The playlists in the order in which the server wrote them.
fn in_order(capture: &Capture) -> Vec<&Reading> {
    let mut readings: Vec<&Reading> = capture.low_latency().collect();
    readings.sort_by_key(|reading| (reading.playlist.edge(), reading.playlist.ended));
    readings
}

fn departures(capture: &Capture) -> Vec<String> {
    let timeline = Timeline::of(capture);
    let mut faults = Vec::new();
    for pair in in_order(capture).windows(2) {
        let (before, after) = (&pair[0].playlist, &pair[1].playlist);
        let uris: Vec<&str> = after.parts().map(|part| part.uri.as_str()).collect();
        let gone: Vec<bool> = before
            .parts()
            .map(|part| !uris.contains(&part.uri.as_str()))
            .collect();
        let title = pair[1].exchange.title();
        if gone.windows(2).any(|pair| !pair[0] && pair[1]) {
            faults.push(format!(
                "{title}: a part has gone before one that stood before it"
            ));
        }
        let end = timeline.end(after);
        let bound = 3.0 * after.target as f64 - ROUNDING;
        let early = before
            .parts()
            .zip(&gone)
            .find(|(part, gone)| **gone && end - timeline.end_of(part) < bound);
        if let Some((part, _)) = early {
            let left = end - timeline.end_of(part);
            faults.push(format!(
                "{title}: {} has gone {left:.3} s before the end",
                part.uri
            ));
        }
    }
    faults
}

#[test]
fn s6_2_2_parts_go_in_order_and_only_far_from_the_end() {
    let part = |number| format!("#EXT-X-PART:DURATION=0.2,URI=\"segment_004.{number}.m4s\"\n");
    check(
        departures,
        &[
            (
                "a part that goes out of order",
                reworded_from(7.0, "playlist.m3u8", &part(3), ""),
            ),
            (
                "a part that goes early",
                reworded_from(6.0, "playlist.m3u8", &part(1), ""),
            ),
            (
                "parts that go at the end",
                edited(|exchange| {
                    let text = String::from_utf8_lossy(&exchange.body).into_owned();
                    if text.contains("ENDLIST") && exchange.header("content-encoding").is_empty() {
                        let kept = text
                            .lines()
                            .filter(|line| !line.starts_with("#EXT-X-PART:"));
                        exchange.body = kept
                            .flat_map(|line| [line, "\n"])
                            .collect::<String>()
                            .into_bytes();
                    }
                }),
            ),
        ],
    );
}

fn lingering(capture: &Capture) -> Vec<String> {
    let timeline = Timeline::of(capture);
    // At the end those stay that players have begun to load.
    let growing = capture
        .low_latency()
        .filter(|reading| !reading.playlist.ended);
    each(growing, |reading| {
        let playlist = &reading.playlist;
        let bound = 3.0 * playlist.target as f64 + ROUNDING;
        let left = |part: &&avatar_tests::hls::Part| {
            timeline.end(playlist) - timeline.start(part.sequence + 1)
        };
        let old = playlist.parts().find(|part| left(part) > bound)?;
        Some(format!("{} is still there", old.uri))
    })
}

#[test]
fn s6_2_2_parts_far_from_the_end_are_listed_no_longer() {
    let extinf = "#EXTINF:1.000000,\nsegment_001.m4s";
    let old =
        format!("#EXT-X-PART:DURATION=0.2,URI=\"segment_001.0.m4s\",INDEPENDENT=YES\n{extinf}");
    check(
        lingering,
        &[(
            "an old part",
            reworded_from(9.0, "playlist.m3u8", extinf, &old),
        )],
    );
}

fn after_departure(capture: &Capture) -> Vec<String> {
    // Until when each part was listed for certain: what is answered was written after it was asked for.
    let mut until: BTreeMap<&str, f64> = BTreeMap::new();
    let mut target = 0.0;
    for reading in capture.low_latency() {
        target = reading.playlist.target as f64;
        for part in reading.playlist.parts() {
            let until = until.entry(&part.uri).or_insert(0.0);
            *until = until.max(reading.exchange.asked);
        }
    }
    let departed = capture
        .exchanges
        .iter()
        .filter(|exchange| exchange.reason == Reason::Departed);
    departed
        .filter(|exchange| {
            let until = until
                .get(exchange.name.as_str())
                .copied()
                .unwrap_or_default();
            exchange.answered < until + 3.0 * target && exchange.status != 200
        })
        .map(|exchange| format!("{} answers {}", exchange.title(), exchange.status))
        .collect()
}

#[test]
fn s6_2_2_a_part_can_be_fetched_for_three_target_durations_after_it_was_listed() {
    let spoilt = edited(|exchange| {
        if exchange.reason == Reason::Departed && exchange.name == "segment_003.1.m4s" {
            exchange.status = 404;
        }
    });
    check(
        after_departure,
        &[("a part that is gone with its line", spoilt)],
    );
}

fn order(capture: &Capture) -> Vec<String> {
    let timeline = Timeline::of(capture);
    each(capture.low_latency(), |reading| {
        let parts: Vec<_> = reading.playlist.parts().collect();
        let hole = parts.windows(2).find(|pair| {
            timeline
                .after(pair[0])
                .is_some_and(|next| next.uri != pair[1].uri)
        })?;
        Some(format!("{} stands behind {}", hole[1].uri, hole[0].uri))
    })
}

#[test]
fn s6_2_2_parts_are_listed_without_a_hole() {
    let spoilt = reworded_from(
        5.0,
        "playlist.m3u8",
        "#EXT-X-PART:DURATION=0.2,URI=\"segment_004.2.m4s\"\n",
        "",
    );
    let swapped = reworded(
        "segment_004.2.m4s\"\n#EXT-X-PART:DURATION=0.2,URI=\"segment_004.3.m4s\"",
        "segment_004.3.m4s\"\n#EXT-X-PART:DURATION=0.2,URI=\"segment_004.2.m4s\"",
    );
    check(
        order,
        &[
            ("a hole", spoilt),
            ("two parts that change places", swapped_late(swapped)),
        ],
    );
}

/// The spoilt capture together with what was right before, which says how the parts follow each other.
fn swapped_late(spoilt: Capture) -> Capture {
    let good = crate::specimen::good();
    let both = good.exchanges.iter().cloned().chain(spoilt.exchanges);
    good.with(both.collect())
}
