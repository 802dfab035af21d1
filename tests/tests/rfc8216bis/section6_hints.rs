//! Preload hints (section 6.2.6).

use std::collections::BTreeSet;

use avatar_tests::hls::{Capture, Reason};

use crate::specimen::{edited, good, reworded};
use crate::timeline::Timeline;
use crate::{check, each};

fn hinted(capture: &Capture) -> Vec<String> {
    let timeline = Timeline::of(capture);
    let listed: BTreeSet<&str> = timeline
        .0
        .values()
        .flat_map(|parent| &parent.parts)
        .map(|part| part.uri.as_str())
        .collect();
    let asked = capture
        .exchanges
        .iter()
        .filter(|exchange| exchange.reason == Reason::Hinted);
    asked
        .filter(|exchange| listed.contains(exchange.name.as_str()))
        .filter_map(|exchange| {
            let mut same = capture
                .files()
                .filter(|file| file.reason == Reason::Listed && file.name == exchange.name);
            let differs = same.any(|file| file.body != exchange.body);
            let wrong = exchange.status != 200 || differs;
            wrong.then(|| {
                format!(
                    "{} answers {} and {} bytes",
                    exchange.title(),
                    exchange.status,
                    exchange.body.len()
                )
            })
        })
        .collect()
}

#[test]
fn s6_2_6_what_is_hinted_can_be_asked_for_and_comes_whole() {
    let spoil = |edit: fn(&mut avatar_tests::hls::Exchange)| {
        edited(move |exchange| {
            if exchange.reason == Reason::Hinted && exchange.name == "segment_003.1.m4s" {
                edit(exchange);
            }
        })
    };
    check(
        hinted,
        &[
            (
                "a hint that leads nowhere",
                spoil(|exchange| exchange.status = 404),
            ),
            (
                "a hint that leads to half a part",
                spoil(|exchange| exchange.body.truncate(10)),
            ),
        ],
    );
}

fn withdrawn(capture: &Capture) -> Vec<String> {
    let timeline = Timeline::of(capture);
    let Some(last) = capture
        .full()
        .filter(|reading| reading.playlist.ended)
        .last()
    else {
        return vec!["the session does not end".to_owned()];
    };
    let end = timeline.end(&last.playlist);
    // The part that would follow the very end.
    let before = capture.low_latency().filter(|reading| {
        !reading.playlist.ended && (timeline.end(&reading.playlist) - end).abs() < crate::ROUNDING
    });
    let never: BTreeSet<&str> = before
        .flat_map(|reading| &reading.playlist.hints)
        .map(|hint| hint.uri.as_str())
        .collect();
    let asked = capture
        .exchanges
        .iter()
        .filter(|exchange| exchange.reason == Reason::Hinted);
    let wrong =
        asked.filter(|exchange| never.contains(exchange.name.as_str()) && exchange.status != 404);
    wrong
        .map(|exchange| format!("{} answers {}", exchange.title(), exchange.status))
        .collect()
}

#[test]
fn s6_2_6_a_hinted_part_that_never_comes_is_not_found() {
    // The specimen with one more hint, as if it had been interrupted behind its last part.
    let with = |status: u16| {
        let good = good();
        let mut exchanges = good.exchanges.clone();
        let mut last = exchanges
            .iter()
            .find(|one| one.reason == Reason::Hinted)
            .cloned()
            .unwrap();
        last.name = "segment_012.0.m4s".to_owned();
        last.status = status;
        exchanges.push(last);
        let end = exchanges
            .iter()
            .rfind(|one| one.reason == Reason::Follow)
            .cloned()
            .unwrap();
        let text = String::from_utf8_lossy(&end.body).into_owned();
        let hint = "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"segment_012.0.m4s\"\n";
        let body = text.replace("#EXT-X-ENDLIST\n", hint).into_bytes();
        exchanges.push(avatar_tests::hls::Exchange {
            answered: end.answered - 0.01,
            body,
            ..end
        });
        good.with(exchanges)
    };
    assert!(withdrawn(&with(404)).is_empty());
    check(
        withdrawn,
        &[
            ("a part from nowhere", with(200)),
            ("a part that is waited for", with(503)),
        ],
    );
}

fn kept(capture: &Capture) -> Vec<String> {
    // Whoever interrupts a session, or fills its disk, takes back what was to come.
    if ["interrupted", "failed"].contains(&capture.name.as_str()) {
        return Vec::new();
    }
    let timeline = Timeline::of(capture);
    let listed: BTreeSet<&str> = timeline
        .0
        .values()
        .flat_map(|parent| &parent.parts)
        .map(|part| part.uri.as_str())
        .collect();
    each(capture.low_latency(), |reading| {
        let mut hints = reading.playlist.hints.iter();
        let never = hints.find(|hint| !listed.contains(hint.uri.as_str()))?;
        Some(format!("{} never comes", never.uri))
    })
}

/// Shaka Player 5.2 asks for such a part until it is told that there is none, and gives up the whole.
#[test]
fn s6_2_6_what_is_hinted_at_is_listed_later() {
    let last = reworded(
        "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"segment_003.2.m4s\"",
        "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"segment_012.0.m4s\"",
    );
    check(kept, &[("a part from nowhere", last)]);
}

fn one_each(capture: &Capture) -> Vec<String> {
    each(capture.all(), |reading| {
        let hints = &reading.playlist.hints;
        let kinds: BTreeSet<&str> = hints.iter().map(|hint| hint.kind.as_str()).collect();
        (kinds.len() < hints.len()).then(|| format!("{hints:?}"))
    })
}

#[test]
fn s6_2_6_there_is_one_hint_of_a_type() {
    let hint = "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"segment_003.2.m4s\"\n";
    check(one_each, &[("two hints", reworded(hint, &hint.repeat(2)))]);
}
