//! Blocking reloads (section 6.2.5.2).

use avatar_tests::hls::{Capture, Exchange, Reason};

use crate::specimen::edited;
use crate::timeline::Timeline;
use crate::{check, each};

fn unasked(capture: &Capture) -> Vec<String> {
    let timeline = Timeline::of(capture);
    // Who does not say that he can wait need not.
    let blocking = capture.all().filter(|reading| {
        let control = reading.playlist.control.as_ref();
        control.is_some_and(|control| control.can_block_reload) && !reading.playlist.ended
    });
    each(blocking, |reading| {
        let sequence = reading.exchange.number("_HLS_msn")?;
        let part = reading.exchange.number("_HLS_part");
        let there = timeline.satisfies(&reading.playlist, sequence, part);
        (!there).then(|| "what was asked for is not there".to_owned())
    })
}

/// The specimen in which those who waited for the parts of segment 6 had asked for something else.
fn hasty(query: &'static str) -> Capture {
    edited(move |exchange| {
        if exchange.reason == Reason::Follow && exchange.number("_HLS_msn") == Some(6) {
            exchange.query = query.to_owned();
        }
    })
}

#[test]
fn s6_2_5_2_an_answer_has_what_was_asked_for() {
    check(
        unasked,
        &[
            ("a part too early", hasty("_HLS_msn=6&_HLS_part=4")),
            ("a segment too early", hasty("_HLS_msn=6")),
            ("a later segment too early", hasty("_HLS_msn=7&_HLS_part=0")),
        ],
    );
}

#[test]
fn s6_2_5_2_a_part_beyond_the_last_is_the_first_of_the_next_segment() {
    let beyond = |capture: &Capture| {
        let timeline = Timeline::of(capture);
        let live = capture
            .low_latency()
            .filter(|reading| !reading.playlist.ended);
        each(live, |reading| {
            let (sequence, part) = (
                reading.exchange.number("_HLS_msn")?,
                reading.exchange.number("_HLS_part")?,
            );
            let parent = timeline.0.get(&sequence).filter(|parent| parent.complete)?;
            let (in_progress, open) = reading.playlist.edge();
            let early =
                part >= parent.parts.len() as u64 && (in_progress, open) < (sequence + 1, 1);
            early.then(|| "the next segment has not begun".to_owned())
        })
    };
    check(
        beyond,
        &[("the segment itself", hasty("_HLS_msn=6&_HLS_part=7"))],
    );
}

fn whole(capture: &Capture) -> Vec<String> {
    let blocking = capture
        .low_latency()
        .filter(|reading| reading.exchange.number("_HLS_msn").is_some());
    each(
        blocking.filter(|reading| reading.exchange.parameter("_HLS_skip").is_none()),
        |reading| {
            let playlist = &reading.playlist;
            let first = playlist
                .segments
                .first()
                .map_or(1, |segment| segment.sequence);
            (first != 1 || playlist.skipped.is_some())
                .then(|| format!("begins with segment {first}"))
        },
    )
}

#[test]
fn s6_2_5_2_an_answer_is_the_whole_playlist() {
    let spoilt = edited(|exchange| {
        let text = String::from_utf8_lossy(&exchange.body).into_owned();
        if exchange.query == "_HLS_msn=1&_HLS_part=0" && exchange.answered > 6.0 {
            exchange.body = text
                .replace("MEDIA-SEQUENCE:1", "MEDIA-SEQUENCE:3")
                .into_bytes();
        }
    });
    check(whole, &[("an end of it", spoilt)]);
}

fn after_the_end(capture: &Capture) -> Vec<String> {
    let ended = capture
        .exchanges
        .iter()
        .filter(|exchange| exchange.reason == Reason::Ended);
    let wrong = ended.filter(|exchange| {
        let last = avatar_tests::hls::MediaPlaylist::read(&exchange.content());
        let media = exchange.name != "master.m3u8";
        exchange.status != 200 || (media && !last.ended)
    });
    wrong
        .map(|exchange| format!("{} answers {}", exchange.title(), exchange.status))
        .collect()
}

#[test]
fn s6_2_5_2_after_the_end_nobody_waits_whatever_he_asks_for() {
    let spoilt = edited(|exchange| {
        if exchange.reason == Reason::Ended && exchange.query == "_HLS_msn=99" {
            exchange.status = 400;
        }
    });
    check(after_the_end, &[("a refusal", spoilt)]);
}

/// What was asked and answered while the session went on.
fn live(capture: &Capture) -> impl Iterator<Item = &Exchange> {
    let end = capture.low_latency().find(|reading| reading.playlist.ended);
    let end = end.map_or(f64::MAX, |reading| reading.exchange.asked);
    capture
        .exchanges
        .iter()
        .filter(move |exchange| exchange.answered < end)
}

fn unless_refused(capture: &Capture, asks: impl Fn(&Exchange) -> bool) -> Vec<String> {
    let wrong = live(capture).filter(|exchange| exchange.reason == Reason::Wrong && asks(exchange));
    let wrong = wrong.filter(|exchange| exchange.status != 400);
    wrong
        .map(|exchange| format!("{} answers {}", exchange.title(), exchange.status))
        .collect()
}

fn accepted(query: &'static str) -> Capture {
    edited(move |exchange| {
        if exchange.query == query {
            exchange.status = 503;
        }
    })
}

#[test]
fn s6_2_5_2_a_part_without_its_segment_is_refused() {
    check(
        |capture| unless_refused(capture, |exchange| exchange.parameter("_HLS_msn").is_none()),
        &[("patience", accepted("_HLS_part=0"))],
    );
}

#[test]
fn s6_2_5_2_what_is_no_number_is_refused() {
    let rule = |capture: &Capture| {
        unless_refused(capture, |exchange| {
            let bad = |name| exchange.parameter(name).is_some() && exchange.number(name).is_none();
            bad("_HLS_msn") || bad("_HLS_part")
        })
    };
    check(rule, &[("patience", accepted("_HLS_msn=next"))]);
}

#[test]
fn s6_2_5_2_a_segment_more_than_two_ahead_is_refused() {
    let rule = |capture: &Capture| {
        unless_refused(capture, |exchange| {
            exchange.number("_HLS_msn").is_some() && exchange.parameter("_HLS_part").is_none()
        })
    };
    check(rule, &[("patience", accepted("_HLS_msn=11"))]);
}

#[test]
fn s6_2_5_2_a_part_beyond_the_advance_part_limit_is_refused() {
    let rule = |capture: &Capture| {
        unless_refused(capture, |exchange| {
            exchange.number("_HLS_msn").is_some() && exchange.number("_HLS_part").is_some()
        })
    };
    check(rule, &[("patience", accepted("_HLS_msn=3&_HLS_part=43"))]);
}

fn unanswered(capture: &Capture) -> Vec<String> {
    let playlists = capture
        .exchanges
        .iter()
        .filter(|exchange| exchange.name.ends_with(".m3u8"));
    let asked =
        playlists.filter(|exchange| exchange.reason != Reason::Wrong && exchange.status != 200);
    asked
        .map(|exchange| format!("{} answers {}", exchange.title(), exchange.status))
        .collect()
}

#[test]
fn s6_2_5_2_whoever_waits_is_answered_at_the_end_too() {
    let spoilt = edited(|exchange| {
        if exchange.reason == Reason::Follow && exchange.answered > 10.7 {
            exchange.status = 503;
        }
    });
    check(unanswered, &[("a player that waits in vain", spoilt)]);
}
