//! A chapter of a book, read out from its first sentence on.

use std::fs;

use avatar_tests::ffmpeg::{decode, probe};
use avatar_tests::{Nginx, Setup, until};

/// Sentences of many lengths, in paragraphs.
fn chapter(characters: usize) -> String {
    let sentences = [
        "The river rises in the mountains, far from any town, and runs for days before it meets a road.",
        "Nobody lives there.",
        "In spring the water is so high that the bridge, which is old, must be closed to carts and horses.",
        "Is that why the people on the other side speak differently?",
        "Some say so; others say that it was always like this.\n\n",
    ];
    let mut text = String::new();
    for sentence in sentences.iter().cycle() {
        text.push_str(sentence);
        text.push(' ');
        if text.len() > characters {
            break;
        }
    }
    text
}

/// Megabytes of memory of its own that the process has which makes sessions. Pages of files are not counted: they are its
/// own or not by whether another nginx happens to run.
fn memory(nginx: &Nginx) -> f64 {
    let map = fs::read_to_string(format!("/proc/{}/smaps_rollup", nginx.generator())).unwrap();
    let line = map.lines().find(|line| line.starts_with("Anonymous:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
    kilobytes.unwrap().parse::<f64>().unwrap() / 1024.0
}

#[test]
fn a_chapter_begins_at_once_and_takes_no_more_memory_than_a_page() {
    let nginx = Setup::new().http("avatar_max_text 200000;").start();
    // What any first session leaves behind is not the chapter's.
    nginx.finished(&nginx.read_out(&chapter(1_000)));
    let id = nginx.read_out(&chapter(30_000));
    let playlist = format!("/media/hls/{id}/audio.m3u8");
    let answer = nginx.request("GET", &playlist).send();
    assert!(answer.text().contains("audio_000.0.m4s"));
    assert!(
        nginx.status(&id)["finished_at"].is_null(),
        "it was finished before it was heard"
    );
    let page = until("the first minute", || {
        let status = nginx.status(&id);
        (status["duration"].as_f64() > Some(60.0)).then(|| memory(&nginx))
    });
    let mut most = page;
    let status = until("the chapter's end", || {
        most = most.max(memory(&nginx));
        let status = nginx.status(&id);
        (!status["finished_at"].is_null()).then_some(status)
    });
    assert_eq!(status["status"], "ready", "{status}");
    assert!(most < page + 4.0, "{page:.1} MB, then {most:.1} MB");

    nginx.whole_playlist(&id);
    let seconds = status["duration"].as_f64().unwrap();
    for url in [
        nginx.url(&format!("{playlist}?_HLS_legacy=YES")),
        nginx.url(&format!("/media/hls/{id}/output.m4a")),
    ] {
        decode(&url);
        let starts = probe(&url, "a:0", "packet=pts");
        let starts = starts.iter().map(|start| start.parse::<u64>().unwrap());
        let mut frames = 0;
        for start in starts {
            assert_eq!(start, frames * 1024, "a gap: {url}");
            frames += 1;
        }
        assert!((frames as f64 * 1024.0 / 48_000.0 - seconds).abs() < 0.001);
    }
}
