//! What other servers fell into, as their issues tell; each test is named after the issue or the player it bit.

use avatar_tests::hls::{Capture, MediaPlaylist, Reason};

use crate::specimen::{edited, reworded, reworded_from};
use crate::timeline::Timeline;
use crate::{check, each};

/// Apple's players give up for good (-12642) when it changes.
fn part_target(capture: &Capture) -> Vec<String> {
    let first = capture
        .low_latency()
        .find_map(|reading| reading.playlist.part_target);
    each(capture.low_latency(), |reading| {
        let target = reading.playlist.part_target;
        (target.is_none() || target != first).then(|| format!("a part target of {target:?}"))
    })
}

#[test]
fn trap_mediamtx_6237_the_part_target_is_fixed_for_a_session() {
    check(
        part_target,
        &[
            (
                "another",
                reworded_from(5.0, "playlist.m3u8", "PART-TARGET=0.2", "PART-TARGET=0.24"),
            ),
            (
                "none at the end",
                reworded_from(
                    10.7,
                    "playlist.m3u8",
                    "#EXT-X-PART-INF:PART-TARGET=0.2\n",
                    "",
                ),
            ),
        ],
    );
}

/// hls.js does no blocking reload while the last media sequence number is 0.
fn counted_from_one(capture: &Capture) -> Vec<String> {
    each(capture.all(), |reading| {
        let sequence = reading.playlist.sequence;
        (sequence == 0).then(|| "begins with segment 0".to_owned())
    })
}

#[test]
fn trap_hls_js_8013_the_media_sequence_begins_above_zero() {
    check(
        counted_from_one,
        &[(
            "a beginning at 0",
            reworded("MEDIA-SEQUENCE:1\n", "MEDIA-SEQUENCE:0\n"),
        )],
    );
}

/// hls.js waits 15 s before it begins.
fn blocking_without_parts(capture: &Capture) -> Vec<String> {
    each(capture.media(), |reading| {
        let playlist = &reading.playlist;
        let blocks = playlist
            .control
            .as_ref()
            .is_some_and(|control| control.can_block_reload);
        (blocks && playlist.part_target.is_none()).then(|| "blocks without parts".to_owned())
    })
}

#[test]
fn trap_hls_js_4766_reloads_block_only_where_there_are_parts() {
    let control = "#EXT-X-VERSION:7\n#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES\n";
    check(
        blocking_without_parts,
        &[(
            "a plain playlist that blocks",
            reworded("#EXT-X-VERSION:7\n", control),
        )],
    );
}

/// Who waits for a whole segment begins a segment late.
fn first_answer(capture: &Capture) -> Vec<String> {
    let first = capture
        .exchanges
        .iter()
        .find(|exchange| exchange.reason == Reason::Follow);
    let playlist = first
        .map(|first| MediaPlaylist::read(&first.content()))
        .unwrap_or_default();
    let parts = playlist.parts().count();
    // Made fast, a session lists two seconds at once.
    let early = parts > 0 && (capture.name == "fast" || playlist.ended || parts < 5);
    if early {
        Vec::new()
    } else {
        vec![format!(
            "{parts} parts and {} segments",
            playlist.segments.len()
        )]
    }
}

#[test]
fn trap_mediamtx_1028_the_first_playlist_comes_with_the_first_part() {
    let late = edited(|exchange| {
        if exchange.reason == Reason::Follow && exchange.answered < 1.3 {
            exchange.answered += 20.0;
        }
    });
    check(first_answer, &[("a first playlist with a segment", late)]);
}

/// Taken for empty and asked for again a second later.
fn nothing_whole(capture: &Capture) -> Vec<String> {
    each(capture.all(), |reading| {
        let playlist = &reading.playlist;
        playlist
            .segments
            .is_empty()
            .then(|| "no whole segment".to_owned())
    })
}

#[test]
fn trap_hls_js_level_empty_error_every_playlist_has_a_whole_segment() {
    let first = "#EXTINF:0.200000,\nsegment_000.m4s\n";
    check(
        nothing_whole,
        &[("a playlist of parts alone", reworded(first, ""))],
    );
}

/// AVPlayer loads in a circle (-15410) where parts come in bursts.
fn bursts(capture: &Capture) -> Vec<String> {
    if capture.name == "fast" {
        return Vec::new();
    }
    let answers = capture
        .low_latency()
        .filter(|reading| reading.exchange.reason == Reason::Follow);
    let live: Vec<u64> = answers
        .filter(|reading| !reading.playlist.ended)
        .map(|reading| {
            let (sequence, open) = reading.playlist.edge();
            sequence * 5 + open as u64
        })
        .collect();
    let mut steps: Vec<u64> = live
        .windows(2)
        .map(|pair| pair[1].saturating_sub(pair[0]))
        .collect();
    steps.sort_unstable();
    let middle = steps.get(steps.len() / 2).copied().unwrap_or(1);
    if middle == 1 {
        Vec::new()
    } else {
        vec![format!("{middle} parts at once")]
    }
}

#[test]
fn trap_avplayer_15410_parts_come_one_by_one() {
    let spoilt = crate::specimen::without(|exchange| {
        let part = exchange.number("_HLS_part").unwrap_or_default();
        exchange.reason == Reason::Follow && part % 5 != 4
    });
    check(bursts, &[("segments of parts at once", spoilt)]);
}

/// hls.js loads in a circle where there is none.
#[test]
fn trap_gohlslib_a_hint_is_there_from_the_first_playlist_to_the_last_but_one() {
    let hint = "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"segment_001.0.m4s\"\n";
    let rule = |capture: &Capture| {
        let timeline = Timeline::of(capture);
        let live = capture.low_latency().filter(|reading| {
            let playlist = &reading.playlist;
            !playlist.ended && !timeline.awaits_the_end(capture, playlist)
        });
        each(live, |reading| {
            reading
                .playlist
                .hints
                .is_empty()
                .then(|| "no hint".to_owned())
        })
    };
    check(
        rule,
        &[("a first playlist without a hint", reworded(hint, ""))],
    );
}

/// Players that wait when a session goes must not wait for ever.
fn waiting(capture: &Capture) -> Vec<String> {
    let held = capture
        .exchanges
        .iter()
        .filter(|exchange| [Reason::Hinted, Reason::Follow].contains(&exchange.reason));
    let wrong = held.filter(|exchange| ![200, 404].contains(&exchange.status));
    wrong
        .map(|exchange| format!("{} answers {}", exchange.title(), exchange.status))
        .collect()
}

#[test]
fn trap_gohlslib_muxer_close_whoever_waits_is_released() {
    let spoilt = edited(|exchange| {
        if exchange.reason == Reason::Hinted && exchange.answered > 10.7 {
            exchange.status = 503;
        }
    });
    check(waiting, &[("a hint that times out", spoilt)]);
}

/// A signed path or a token in it holds for what is listed only where it is listed relative to the playlist.
fn relative(capture: &Capture) -> Vec<String> {
    each(capture.all(), |reading| {
        let playlist = &reading.playlist;
        let hints = playlist.hints.iter().map(|hint| hint.uri.clone());
        let reports = playlist.reports.iter().map(|report| report.uri.clone());
        let mut all = playlist.resources().into_iter().chain(hints).chain(reports);
        all.find(|uri| uri.starts_with('/') || uri.contains("://"))
    })
}

#[test]
fn trap_mediamtx_5700_every_uri_is_relative() {
    check(
        relative,
        &[
            (
                "a whole path",
                reworded("\nsegment_003.m4s", "\n/stream/segment_003.m4s"),
            ),
            (
                "another host",
                reworded("URI=\"init.mp4\"", "URI=\"http://localhost/init.mp4\""),
            ),
        ],
    );
}
