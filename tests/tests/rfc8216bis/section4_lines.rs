//! Lines, attribute lists and basic tags.

use avatar_tests::hls::{Capture, Fault};

use crate::check;
use crate::specimen::{edited, good, reworded, reworded_from};

/// What the reader found wrong under a section or its subsections.
fn faults(capture: &Capture, section: &str) -> Vec<String> {
    let under = |fault: &&Fault| {
        let rest = fault.section.strip_prefix(section);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let media = capture.all().flat_map(|reading| {
        let title = reading.exchange.title();
        reading
            .playlist
            .faults
            .iter()
            .filter(under)
            .map(move |fault| format!("{title}: {}", fault.what))
    });
    let master = capture
        .master()
        .into_iter()
        .flat_map(|master| &master.faults);
    let master = master
        .filter(under)
        .map(|fault| format!("master.m3u8: {}", fault.what));
    media.chain(master).collect()
}

fn content_types(capture: &Capture) -> Vec<String> {
    let playlists = capture
        .exchanges
        .iter()
        .filter(|exchange| exchange.name.ends_with(".m3u8"));
    playlists
        .filter(|exchange| exchange.status == 200)
        .filter_map(|exchange| {
            let kind = exchange
                .header("content-type")
                .split(';')
                .next()
                .unwrap_or_default();
            let known = ["application/vnd.apple.mpegurl", "audio/mpegurl"].contains(&kind);
            (!known).then(|| format!("{} is {kind:?}", exchange.title()))
        })
        .collect()
}

#[test]
fn s4_playlists_say_what_they_are() {
    let spoilt = edited(|exchange| {
        if exchange.name == "captions.m3u8" {
            exchange.headers[0].1 = "text/plain".to_owned();
        }
    });
    check(content_types, &[("a playlist as plain text", spoilt)]);
}

#[test]
fn s4_1_lines_are_clean_utf8() {
    let bytes = |prefix: &'static [u8]| {
        edited(move |exchange| {
            if exchange.name == "master.m3u8" {
                exchange.body.splice(..0, prefix.iter().copied());
            }
        })
    };
    check(
        |capture| faults(capture, "4.1"),
        &[
            ("a byte order mark", bytes(b"\xef\xbb\xbf")),
            ("what is not UTF-8", bytes(b"\xff")),
            (
                "a blank at a line's end",
                reworded("TARGETDURATION:1", "TARGETDURATION:1 "),
            ),
            (
                "a control character",
                reworded("TARGETDURATION:1", "TARGETDURATION:1\u{b}"),
            ),
            (
                "an end in the middle of a line",
                reworded("#EXT-X-ENDLIST\n", "#EXT-X-ENDLIST"),
            ),
        ],
    );
}

#[test]
fn s4_2_attribute_lists_are_written_as_they_must_be() {
    check(
        |capture| faults(capture, "4.2"),
        &[
            (
                "an integer with a sign",
                reworded("MEDIA-SEQUENCE:1", "MEDIA-SEQUENCE:+1"),
            ),
            (
                "a number with an exponent",
                reworded("PART-TARGET=0.2", "PART-TARGET=2e-1"),
            ),
            (
                "a number without a digit before its point",
                reworded("PART-TARGET=0.2", "PART-TARGET=.2"),
            ),
            (
                "a URI without quotes",
                reworded("URI=\"init.mp4\"", "URI=init.mp4"),
            ),
            (
                "an enumerated string in quotes",
                reworded("CAN-BLOCK-RELOAD=YES", "CAN-BLOCK-RELOAD=\"YES\""),
            ),
            (
                "a word that is not known",
                reworded("INDEPENDENT=YES", "INDEPENDENT=NO"),
            ),
            (
                "a blank after a comma",
                reworded(",PART-HOLD-BACK", ", PART-HOLD-BACK"),
            ),
            (
                "an attribute that stands twice",
                reworded("TYPE=PART", "TYPE=PART,TYPE=PART"),
            ),
            (
                "a comma at the end",
                reworded("PART-TARGET=0.2", "PART-TARGET=0.2,"),
            ),
            (
                "a resolution of one number",
                reworded_from(0.0, "master.m3u8", "512x512", "512"),
            ),
        ],
    );
}

fn kinds(capture: &Capture) -> Vec<String> {
    let all = faults(capture, "4.4").into_iter();
    all.filter(|fault| fault.contains("is no tag") || fault.contains("with value"))
        .collect()
}

#[test]
fn s4_4_playlists_hold_tags_of_their_kind_alone() {
    check(
        kinds,
        &[
            (
                "a tag of a multivariant playlist",
                reworded(
                    "#EXT-X-ENDLIST",
                    "#EXT-X-SESSION-DATA:DATA-ID=\"a\"\n#EXT-X-ENDLIST",
                ),
            ),
            (
                "a tag nobody knows",
                reworded("#EXT-X-PART-INF", "#EXT-X-PARTS:A=1\n#EXT-X-PART-INF"),
            ),
            (
                "a tag without its value",
                reworded("#EXT-X-VERSION:9", "#EXT-X-VERSION"),
            ),
        ],
    );
}

#[test]
fn s4_4_1_1_the_first_line_says_that_it_is_a_playlist() {
    let spoilt = reworded("#EXTM3U\n", "#EXT-X-ALLOW-CACHE\n#EXTM3U\n");
    check(
        |capture| faults(capture, "4.4.1.1"),
        &[("another first line", spoilt)],
    );
}

#[test]
fn s4_4_2_2_the_start_lies_in_the_playlist() {
    let rule = |capture: &Capture| {
        let mut found = faults(capture, "4.4.2.2");
        let outside = capture.full().filter(|reading| {
            let offset = reading.playlist.start.unwrap_or_default();
            offset.abs() > reading.playlist.duration()
        });
        found.extend(outside.map(|reading| reading.exchange.title()));
        found
    };
    check(
        rule,
        &[
            (
                "a start beyond the end",
                reworded("TIME-OFFSET=0", "TIME-OFFSET=99"),
            ),
            (
                "a start without its offset",
                reworded("TIME-OFFSET=0", "PRECISE=YES"),
            ),
        ],
    );
}

#[test]
fn s4_4_3_tags_of_the_whole_playlist_stand_once() {
    let twice = |tag: &str| reworded(tag, &format!("{tag}\n{tag}"));
    check(
        |capture| {
            faults(capture, "4.4.3")
                .into_iter()
                .filter(|fault| fault.contains("twice"))
                .collect()
        },
        &[
            ("two versions", twice("#EXT-X-VERSION:9")),
            ("two target durations", twice("#EXT-X-TARGETDURATION:1")),
            ("two media sequences", twice("#EXT-X-MEDIA-SEQUENCE:1")),
            ("two types", twice("#EXT-X-PLAYLIST-TYPE:EVENT")),
            ("two part targets", twice("#EXT-X-PART-INF:PART-TARGET=0.2")),
            ("two ends", twice("#EXT-X-ENDLIST")),
        ],
    );
}

#[test]
fn s4_4_every_other_tag_is_as_its_section_says() {
    let rule = |capture: &Capture| {
        ["4.4.3", "4.4.4", "4.4.5", "4.4.6"]
            .iter()
            .flat_map(|section| faults(capture, section))
            .collect()
    };
    check(
        rule,
        &[
            (
                "a sequence number after a segment",
                reworded(
                    "segment_001.m4s\n",
                    "segment_001.m4s\n#EXT-X-MEDIA-SEQUENCE:1\n",
                ),
            ),
            ("a type nobody knows", reworded("TYPE:EVENT", "TYPE:LIVE")),
            (
                "a segment without EXTINF",
                reworded("#EXTINF:1.000000,\nsegment_001.m4s", "segment_001.m4s"),
            ),
            (
                "EXTINF without a comma",
                reworded("#EXTINF:1.000000,", "#EXTINF:1.000000"),
            ),
            (
                "EXTINF without a segment",
                reworded("segment_001.m4s\n", ""),
            ),
            (
                "a date that is none",
                reworded("2030-01-02T", "2030-01-02 "),
            ),
            (
                "a part without a duration",
                reworded("DURATION=0.2,URI=\"segment_001.1", "URI=\"segment_001.1"),
            ),
            (
                "a part after its EXTINF",
                reworded(
                    "segment_001.m4s\n",
                    "#EXT-X-PART:DURATION=0.2,URI=\"a\"\nsegment_001.m4s\n",
                ),
            ),
            ("a hint without a type", reworded("TYPE=PART,", "")),
            (
                "a report without a URI",
                reworded("URI=\"captions.m3u8\",", ""),
            ),
            (
                "a skip without a number",
                reworded("SKIPPED-SEGMENTS=2", "X-SEGMENTS=2"),
            ),
            (
                "a server control nobody knows",
                reworded("CAN-SKIP-UNTIL", "CAN-JUMP-UNTIL"),
            ),
            (
                "a variant without bandwidth",
                reworded_from(0.0, "master.m3u8", "BANDWIDTH=100000,", ""),
            ),
            (
                "a rendition without a name",
                reworded_from(0.0, "master.m3u8", "NAME=\"English\",", ""),
            ),
        ],
    );
    assert!(
        good()
            .master()
            .is_some_and(|master| master.faults.is_empty())
    );
}
