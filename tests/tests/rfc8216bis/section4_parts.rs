//! Parts, skips, hints and reports as single playlists show them.

use avatar_tests::hls::Capture;

use crate::specimen::{edited, repacked, reworded, reworded_from};
use crate::timeline::Timeline;
use crate::{ROUNDING, check, each};

fn too_long(capture: &Capture) -> Vec<String> {
    each(capture.low_latency(), |reading| {
        let target = reading.playlist.part_target.unwrap_or_default();
        let long = reading
            .playlist
            .parts()
            .find(|part| part.duration > target + 1e-9)?;
        Some(format!("{} lasts {} s", long.uri, long.duration))
    })
}

#[test]
fn s4_4_4_9_no_part_is_longer_than_the_target() {
    let spoilt = reworded(
        "DURATION=0.2,URI=\"segment_003.1",
        "DURATION=0.21,URI=\"segment_003.1",
    );
    check(too_long, &[("a part too long", spoilt)]);
}

fn too_short(capture: &Capture) -> Vec<String> {
    let target = capture
        .low_latency()
        .find_map(|reading| reading.playlist.part_target);
    let least = 0.85 * target.unwrap_or_default() - 1e-9;
    let parents = Timeline::of(capture).0.into_values();
    let inner = parents.flat_map(|mut parent| {
        parent.parts.pop();
        parent.parts
    });
    inner
        .filter(|part| part.duration < least && !part.independent)
        .map(|part| format!("{} lasts {} s", part.uri, part.duration))
        .collect()
}

#[test]
fn s4_4_4_9_no_part_but_a_segment_s_last_is_shorter_than_most_of_the_target() {
    let spoilt = reworded(
        "DURATION=0.2,URI=\"segment_003.1",
        "DURATION=0.16,URI=\"segment_003.1",
    );
    check(too_short, &[("a short part in the middle", spoilt)]);
}

fn lasting(capture: &Capture) -> Vec<String> {
    let parts = Timeline::of(capture)
        .0
        .into_values()
        .flat_map(|parent| parent.parts);
    parts
        .filter_map(|part| {
            let frames = capture
                .packets
                .iter()
                .filter(|packet| packet.leading && packet.uri == part.uri)
                .count();
            let lasts = frames as f64 * capture.frame();
            let wrong = frames > 0 && (lasts - part.duration).abs() > ROUNDING;
            wrong.then(|| format!("{} lasts {lasts} s, not {} s", part.uri, part.duration))
        })
        .collect()
}

#[test]
fn s4_4_4_9_parts_last_as_long_as_they_say() {
    let spoilt = repacked(|packet| {
        if packet.uri == "segment_003.1.m4s" {
            packet.uri = "segment_003.2.m4s".to_owned();
        }
    });
    check(lasting, &[("parts of other lengths", spoilt)]);
}

fn independent(capture: &Capture) -> Vec<String> {
    let parts = Timeline::of(capture)
        .0
        .into_values()
        .flat_map(|parent| parent.parts);
    parts
        .filter_map(|part| {
            let mut frames = capture
                .packets
                .iter()
                .filter(|packet| packet.leading && packet.uri == part.uri);
            let known = frames.clone().next().is_some();
            let key = frames.any(|packet| packet.key);
            (known && key != part.independent)
                .then(|| format!("{} has a key frame: {key}", part.uri))
        })
        .collect()
}

#[test]
fn s4_4_4_9_independent_parts_are_those_with_a_key_frame() {
    let part = "URI=\"segment_003.1.m4s\"";
    check(
        independent,
        &[
            (
                "a part that depends on others",
                reworded(part, &format!("{part},INDEPENDENT=YES")),
            ),
            (
                "a part that keeps it for itself",
                reworded(
                    "URI=\"segment_003.0.m4s\",INDEPENDENT=YES",
                    "URI=\"segment_003.0.m4s\"",
                ),
            ),
        ],
    );
}

fn late_tags(capture: &Capture) -> Vec<String> {
    each(capture.media(), |reading| {
        let late = reading
            .playlist
            .segments
            .iter()
            .find(|segment| segment.late_tags)?;
        Some(format!("a tag of {} stands behind a part", late.uri))
    })
}

#[test]
fn s4_4_4_9_tags_of_a_segment_stand_before_its_first_part() {
    let extinf = "#EXTINF:1.000000,\nsegment_003.m4s";
    let spoilt = reworded(extinf, &format!("#EXT-X-MAP:URI=\"init.mp4\"\n{extinf}"));
    check(late_tags, &[("a map behind a part", spoilt)]);
}

fn gaps(capture: &Capture) -> Vec<String> {
    each(capture.media(), |reading| {
        let gap = reading.playlist.parts().find(|part| part.gap)?;
        Some(format!("{} is not there", gap.uri))
    })
}

#[test]
fn s4_4_4_9_no_part_is_a_gap_where_all_is_there() {
    let spoilt = reworded("segment_003.1.m4s\"", "segment_003.1.m4s\",GAP=YES");
    check(gaps, &[("a gap", spoilt)]);
}

fn skips(capture: &Capture) -> Vec<String> {
    each(capture.all(), |reading| {
        let playlist = &reading.playlist;
        let count = playlist.tags.get("EXT-X-SKIP").copied().unwrap_or_default();
        let wrong = count > 1 || playlist.skipped == Some(0);
        wrong.then(|| format!("{count} skips of {:?} segments", playlist.skipped))
    })
}

#[test]
fn s4_4_5_2_there_is_one_skip_at_most_and_it_skips_something() {
    let skip = "#EXT-X-SKIP:SKIPPED-SEGMENTS=2\n";
    check(
        skips,
        &[
            ("two skips", reworded(skip, &skip.repeat(2))),
            (
                "a skip of nothing",
                reworded(skip, "#EXT-X-SKIP:SKIPPED-SEGMENTS=0\n"),
            ),
        ],
    );
}

fn last_hints(capture: &Capture) -> Vec<String> {
    each(capture.all(), |reading| {
        let hint = reading.playlist.hints.first()?;
        reading
            .playlist
            .ended
            .then(|| format!("hints at {}", hint.uri))
    })
}

#[test]
fn s4_4_5_3_nothing_is_hinted_at_the_end() {
    let spoilt = reworded(
        "#EXT-X-ENDLIST",
        "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"a\"\n#EXT-X-ENDLIST",
    );
    check(last_hints, &[("a hint at the end", spoilt)]);
}

fn hinted_next(capture: &Capture) -> Vec<String> {
    let timeline = Timeline::of(capture);
    each(capture.low_latency(), |reading| {
        let last = reading.playlist.parts().last()?;
        let next = timeline.after(last)?;
        let hint = reading
            .playlist
            .hints
            .iter()
            .find(|hint| hint.kind == "PART")?;
        (hint.uri != next.uri).then(|| format!("hints at {} instead of {}", hint.uri, next.uri))
    })
}

#[test]
fn s4_4_5_3_the_hint_names_the_part_that_is_listed_next() {
    let name = |number| format!("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"segment_003.{number}");
    check(
        hinted_next,
        &[
            ("the part after next", reworded(&name(2), &name(3))),
            ("the part that is there", reworded(&name(2), &name(1))),
        ],
    );
}

/// What `LAST-MSN` and `LAST-PART` would be.
fn last(playlist: &avatar_tests::hls::MediaPlaylist) -> (u64, Option<u64>) {
    match playlist.parts().last() {
        Some(part) => (part.sequence, Some(part.index)),
        None => (playlist.in_progress() - 1, None),
    }
}

fn reports(capture: &Capture) -> Vec<String> {
    let mut faults = Vec::new();
    let about = |name: &str| -> Vec<_> {
        let readings = match name {
            "captions.m3u8" => capture.captions().collect::<Vec<_>>(),
            _ => capture.low_latency().collect(),
        };
        readings
            .into_iter()
            .filter(|reading| !reading.playlist.ended)
            .collect()
    };
    for reading in capture.all().filter(|reading| !reading.playlist.ended) {
        for report in &reading.playlist.reports {
            let title = reading.exchange.title();
            if report.uri.contains("://") || report.uri.starts_with('/') {
                faults.push(format!("{title}: {} is not relative", report.uri));
            }
            // What is left out is the same as in the playlist itself.
            let own = last(&reading.playlist);
            let said = (report.last_msn.unwrap_or(own.0), report.last_part);
            for other in about(&report.uri) {
                let seen = last(&other.playlist);
                let parts = seen.1.is_some();
                if parts && said.1.is_none() && own.1.is_none() {
                    faults.push(format!(
                        "{title}: the report on {} names no part",
                        report.uri
                    ));
                }
                let said = (said.0, if parts { said.1.or(own.1) } else { None });
                let old = other.exchange.answered < reading.exchange.asked && said < seen;
                let new = other.exchange.asked > reading.exchange.answered && said > seen;
                if old || new {
                    faults.push(format!(
                        "{title}: {} is at {seen:?}, not {said:?}",
                        report.uri
                    ));
                }
            }
        }
    }
    faults
}

#[test]
fn s4_4_5_4_reports_are_as_new_as_the_playlist_they_stand_in() {
    let of_captions = "URI=\"captions.m3u8\",LAST-MSN=4";
    check(
        reports,
        &[
            (
                "an old report",
                reworded(of_captions, "URI=\"captions.m3u8\",LAST-MSN=2"),
            ),
            (
                "a report of what is to come",
                reworded(of_captions, "URI=\"captions.m3u8\",LAST-MSN=9"),
            ),
            (
                "a report on another path",
                reworded(of_captions, "URI=\"/captions.m3u8\",LAST-MSN=4"),
            ),
            (
                "an old part",
                reworded_from(
                    0.0,
                    "captions.m3u8",
                    "LAST-MSN=4,LAST-PART=3",
                    "LAST-MSN=4,LAST-PART=0",
                ),
            ),
            (
                "no part",
                edited(|exchange| {
                    if exchange.name == "captions.m3u8" {
                        let text = String::from_utf8_lossy(&exchange.body).into_owned();
                        let kept = text
                            .split(",LAST-PART")
                            .next()
                            .map(|text| format!("{text}\n"));
                        exchange.body = kept.unwrap_or_default().into_bytes();
                    }
                }),
            ),
        ],
    );
}
