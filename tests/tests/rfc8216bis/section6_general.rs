//! General responsibilities of servers (section 6.2.1).

use std::collections::BTreeMap;

use avatar_tests::hls::{Capture, MediaPlaylist, Reading, Reason};

use crate::specimen::{edited, reworded, reworded_from, without};
use crate::{check, each};

fn at_hand(capture: &Capture) -> Vec<String> {
    let listed = capture
        .exchanges
        .iter()
        .filter(|exchange| exchange.reason == Reason::Listed);
    let refused = listed.filter(|exchange| exchange.status != 200);
    refused
        .map(|exchange| format!("{} answers {}", exchange.title(), exchange.status))
        .collect()
}

#[test]
fn s6_2_1_what_is_listed_can_be_fetched() {
    let refuse = |name: &'static str| {
        edited(move |exchange| {
            if exchange.name == name && exchange.reason == Reason::Listed {
                exchange.status = 404;
            }
        })
    };
    check(
        at_hand,
        &[
            ("a segment that is not there", refuse("segment_003.m4s")),
            ("a part that is not there", refuse("segment_003.1.m4s")),
        ],
    );
}

fn constant_media(capture: &Capture) -> Vec<String> {
    let mut known: BTreeMap<&str, &[u8]> = BTreeMap::new();
    let files = capture.files().filter(|file| file.status == 200);
    let changed = files.filter(|file| *known.entry(&file.name).or_insert(&file.body) != file.body);
    changed
        .map(|file| format!("{} has become another", file.name))
        .collect()
}

#[test]
fn s6_2_1_media_never_change() {
    let mut seen = 0;
    let spoilt = edited(|exchange| {
        seen += usize::from(exchange.name == "segment_003.1.m4s");
        if exchange.name == "segment_003.1.m4s" && seen == 2 {
            exchange.body.push(0);
        }
    });
    check(constant_media, &[("a part that grows", spoilt)]);
}

/// The lines that an event's playlist never loses: all but those of parts, hints, reports and the end.
pub(crate) fn lasting(text: &str) -> Vec<&str> {
    let passing = [
        "#EXT-X-PART:",
        "#EXT-X-PRELOAD-HINT:",
        "#EXT-X-RENDITION-REPORT:",
        "#EXT-X-ENDLIST",
    ];
    text.lines()
        .filter(|line| !passing.iter().any(|tag| line.starts_with(tag)))
        .collect()
}

fn grown<'a>(readings: impl Iterator<Item = &'a Reading>) -> Vec<String> {
    let mut readings: Vec<&Reading> = readings.collect();
    readings.sort_by_key(|reading| lasting(&reading.playlist.text).len());
    let pairs = readings.windows(2);
    pairs
        .filter_map(|pair| {
            let (before, after) = (
                lasting(&pair[0].playlist.text),
                lasting(&pair[1].playlist.text),
            );
            let at = before
                .iter()
                .zip(&after)
                .position(|(before, after)| before != after)?;
            let title = pair[1].exchange.title();
            Some(format!(
                "{title}: {:?} where {:?} was or will be",
                after[at], before[at]
            ))
        })
        .collect()
}

fn appended(capture: &Capture) -> Vec<String> {
    let mut faults = grown(capture.full());
    faults.extend(grown(capture.legacy()));
    let captions = capture.captions();
    faults.extend(grown(
        captions.filter(|reading| reading.playlist.skipped.is_none()),
    ));
    faults
}

#[test]
fn s6_2_1_playlists_only_grow() {
    let third = "#EXTINF:1.000000,\nsegment_002.m4s\n";
    check(
        appended,
        &[
            (
                "a segment that goes",
                reworded_from(7.0, "playlist.m3u8", third, ""),
            ),
            (
                "a segment with another name",
                reworded_from(7.0, "playlist.m3u8", "segment_002.m4s", "segment_2.m4s"),
            ),
            (
                "a segment with another length",
                reworded_from(
                    7.0,
                    "playlist.m3u8",
                    third,
                    "#EXTINF:0.900000,\nsegment_002.m4s\n",
                ),
            ),
            (
                "another version at the end",
                reworded_from(10.7, "playlist.m3u8", "VERSION:9", "VERSION:7"),
            ),
            (
                "captions that go",
                reworded_from(
                    7.0,
                    "captions.m3u8",
                    "#EXTINF:1.000000,\ncaptions_002.vtt\n",
                    "",
                ),
            ),
        ],
    );
}

fn back(capture: &Capture) -> Vec<String> {
    let groups: [Vec<&Reading>; 3] = [
        capture.low_latency().collect(),
        capture.legacy().collect(),
        capture.captions().collect(),
    ];
    let mut faults = Vec::new();
    for readings in groups {
        for later in &readings {
            let progress = |playlist: &MediaPlaylist| (playlist.ended, playlist.edge());
            let earlier = readings
                .iter()
                .filter(|earlier| earlier.exchange.answered < later.exchange.asked);
            let furthest = earlier.max_by_key(|earlier| progress(&earlier.playlist));
            let lost = furthest.filter(|earlier| {
                let (before, after) = (progress(&earlier.playlist), progress(&later.playlist));
                before.1 > after.1 || before.0 && !after.0
            });
            if let Some(earlier) = lost {
                faults.push(format!(
                    "{} says less than {}",
                    later.exchange.title(),
                    earlier.exchange.title()
                ));
            }
        }
    }
    faults
}

#[test]
fn s6_2_1_no_player_is_told_less_than_one_before() {
    let late = edited(|exchange| {
        // An old answer, as an edge might give it.
        if exchange.answered < 3.0 && exchange.parameter("_HLS_legacy").is_some() {
            exchange.asked += 4.0;
            exchange.answered += 4.0;
        }
    });
    check(
        back,
        &[
            ("old answers", late),
            (
                "an end that is taken back",
                reworded_from(12.2, "playlist.m3u8", "#EXT-X-ENDLIST\n", ""),
            ),
        ],
    );
}

fn constant_target(capture: &Capture) -> Vec<String> {
    let first = capture.all().next().map(|reading| reading.playlist.target);
    each(capture.all(), |reading| {
        let target = reading.playlist.target;
        (Some(target) != first).then(|| format!("a target duration of {target}"))
    })
}

#[test]
fn s6_2_1_the_target_duration_never_changes() {
    let spoilt = reworded_from(5.0, "playlist.m3u8", "TARGETDURATION:1", "TARGETDURATION:2");
    check(constant_target, &[("another target duration", spoilt)]);
}

fn last_words(capture: &Capture) -> Vec<String> {
    let mut faults = Vec::new();
    let forms = [
        ("the playlist", capture.low_latency().last()),
        ("the plain playlist", capture.legacy().last()),
        ("the captions", capture.captions().last()),
    ];
    for (name, last) in forms {
        if last.is_none_or(|last| !last.playlist.ended) {
            faults.push(format!("{name} does not end"));
        }
    }
    faults
}

#[test]
fn s6_2_1_a_session_s_last_playlist_says_that_it_is_the_last() {
    check(
        last_words,
        &[
            ("no end", reworded("#EXT-X-ENDLIST\n", "")),
            (
                "no end of the captions",
                reworded_from(0.0, "captions.m3u8", "#EXT-X-ENDLIST\n", ""),
            ),
        ],
    );
}

fn finality(capture: &Capture) -> Vec<String> {
    let mut known: BTreeMap<(&str, bool), &str> = BTreeMap::new();
    let ended = capture.all().filter(|reading| reading.playlist.ended);
    ended
        .filter_map(|reading| {
            let plain = reading.exchange.parameter("_HLS_legacy").is_some();
            let form = (reading.exchange.name.as_str(), plain);
            let text = reading.playlist.text.as_str();
            let same = *known.entry(form).or_insert(text) == text;
            (!same).then(|| format!("{} has changed after its end", reading.exchange.title()))
        })
        .collect()
}

#[test]
fn s6_2_1_nothing_changes_after_the_end() {
    let end = "#EXT-X-ENDLIST\n";
    let more = "#EXTINF:1.000000,\nsegment_012.m4s\n#EXT-X-ENDLIST\n";
    check(
        finality,
        &[
            (
                "another segment",
                reworded_from(12.2, "playlist.m3u8", end, more),
            ),
            (
                "other captions",
                reworded_from(12.2, "captions.m3u8", end, "\n#EXT-X-ENDLIST\n"),
            ),
        ],
    );
}

fn packed(capture: &Capture) -> Vec<String> {
    let packed: Vec<&Reading> = capture
        .media()
        .filter(|reading| reading.exchange.header("content-encoding") == "gzip")
        .collect();
    if packed.is_empty() {
        return vec!["no playlist was sent in gzip's format".to_owned()];
    }
    let plain = capture.full().filter(|reading| reading.playlist.ended);
    let plain: Vec<&str> = plain
        .filter(|reading| reading.exchange.header("content-encoding").is_empty())
        .map(|reading| reading.playlist.text.as_str())
        .collect();
    let other = packed.iter().filter(|reading| {
        reading.playlist.ended && !plain.contains(&reading.playlist.text.as_str())
    });
    other
        .map(|reading| format!("{} says something else", reading.exchange.title()))
        .collect()
}

#[test]
fn s6_2_1_playlists_in_gzip_s_format_say_the_same() {
    check(
        packed,
        &[
            (
                "no such playlists",
                without(|exchange| !exchange.header("content-encoding").is_empty()),
            ),
            (
                "another text",
                reworded_from(10.7, "playlist.m3u8", "segment_003.m4s", "segment_3.m4s"),
            ),
        ],
    );
}

fn ambiguous(capture: &Capture) -> Vec<String> {
    each(capture.all(), |reading| {
        let dates = crate::section4_media::dates(&reading.playlist);
        let back = dates.windows(2).find(|pair| pair[1].1 <= pair[0].1)?;
        Some(format!(
            "segment {} is no later than the one before",
            back[1].0
        ))
    })
}

#[test]
fn s6_2_1_no_two_segments_have_the_same_date() {
    let extinf = "#EXTINF:1.000000,\nsegment_003.m4s";
    let date = "#EXT-X-PROGRAM-DATE-TIME:2030-01-02T03:04:05.678+00:00\n";
    check(
        ambiguous,
        &[(
            "a date that returns",
            reworded(extinf, &format!("{date}{extinf}")),
        )],
    );
}
