//! The low-latency server configuration profile (appendix B.1).

use avatar_tests::hls::{Capture, Reading};

use crate::specimen::{reworded, reworded_from};
use crate::timeline::Timeline;
use crate::{check, each};

fn live(capture: &Capture) -> impl Iterator<Item = &Reading> {
    capture
        .low_latency()
        .filter(|reading| !reading.playlist.ended)
}

fn blocking(capture: &Capture) -> Vec<String> {
    each(live(capture), |reading| {
        let control = reading.playlist.control.as_ref();
        let can = control
            .is_some_and(|control| control.can_block_reload && control.can_skip_until.is_some());
        (!can).then(|| "no blocking reload or no delta updates".to_owned())
    })
}

#[test]
fn sb_1_reloads_block_and_deltas_are_offered() {
    check(
        blocking,
        &[
            ("no blocking", reworded("CAN-BLOCK-RELOAD=YES,", "")),
            ("no updates", reworded(",CAN-SKIP-UNTIL=6.0", "")),
        ],
    );
}

/// Where more parts are expected: not where only the end, and whole segments with it, are still to come.
fn hints(capture: &Capture) -> Vec<String> {
    let timeline = Timeline::of(capture);
    let growing =
        live(capture).filter(|reading| !timeline.awaits_the_end(capture, &reading.playlist));
    each(growing, |reading| {
        let hint = reading
            .playlist
            .hints
            .iter()
            .any(|hint| hint.kind == "PART");
        (!hint).then(|| "no hint".to_owned())
    })
}

#[test]
fn sb_1_the_next_part_is_always_hinted() {
    let hint = "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"segment_003.2.m4s\"\n";
    check(hints, &[("a playlist without a hint", reworded(hint, ""))]);
}

fn reports(capture: &Capture) -> Vec<String> {
    let Some(master) = capture.master() else {
        return vec!["there is no multivariant playlist".to_owned()];
    };
    let variants = master.variants.iter().map(|variant| variant.uri.as_str());
    let renditions = master
        .renditions
        .iter()
        .filter_map(|rendition| rendition.uri.as_deref());
    let all: Vec<&str> = variants.chain(renditions).collect();
    let readings =
        live(capture).chain(capture.captions().filter(|reading| !reading.playlist.ended));
    each(readings, |reading| {
        let own = reading.exchange.name.as_str();
        let others = all.iter().filter(|uri| **uri != own);
        let missing = others.clone().find(|uri| {
            let count = reading
                .playlist
                .reports
                .iter()
                .filter(|report| report.uri == **uri)
                .count();
            count != 1
        });
        missing.map(|uri| format!("not one report on {uri}"))
    })
}

#[test]
fn sb_1_every_playlist_reports_on_every_other_rendition() {
    let report = "#EXT-X-RENDITION-REPORT:URI=\"captions.m3u8\",LAST-MSN=3\n";
    let other = "#EXT-X-RENDITION-REPORT:URI=\"playlist.m3u8\",LAST-MSN=3,LAST-PART=2\n";
    check(
        reports,
        &[
            ("no report", reworded(report, "")),
            ("two reports", reworded(report, &report.repeat(2))),
            (
                "no report beside captions",
                reworded_from(0.0, "captions.m3u8", other, ""),
            ),
        ],
    );
}

fn dates(capture: &Capture) -> Vec<String> {
    each(
        live(capture).filter(|reading| reading.playlist.skipped.is_none()),
        |reading| {
            let dated = reading
                .playlist
                .tags
                .contains_key("EXT-X-PROGRAM-DATE-TIME");
            (!dated).then(|| "no date".to_owned())
        },
    )
}

#[test]
fn sb_1_playlists_are_dated() {
    let date = "#EXT-X-PROGRAM-DATE-TIME:2030-01-02T03:04:05.678+00:00\n";
    check(dates, &[("a playlist without a date", reworded(date, ""))]);
}
