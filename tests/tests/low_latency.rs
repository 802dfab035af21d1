//! Parts, and requests that wait for them (draft-pantos-hls-rfc8216bis section 6.2.5).

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use avatar_tests::{Answer, Nginx, Setup, until};
use serde_json::json;

const SENTENCE: &str = "This sentence is said many times. ";

/// Starts a session in real time.
fn live(nginx: &Nginx, sentences: usize) -> String {
    let text = SENTENCE.repeat(sentences);
    let body = json!({ "text": text, "language": "en", "pace": "live" });
    let answer = nginx.start_session(&body);
    answer["session_id"].as_str().unwrap().to_owned()
}

fn get(nginx: &Nginx, id: &str, name: &str) -> Answer {
    nginx.request("GET", &format!("/stream/{id}/{name}")).send()
}

fn playlist(nginx: &Nginx, id: &str, query: &str) -> String {
    let answer = get(nginx, id, &format!("playlist.m3u8?{query}"));
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    answer.text()
}

/// Waits until so many whole segments are listed.
fn await_segments(nginx: &Nginx, id: &str, segments: usize) {
    for sequence in 1..=segments {
        playlist(nginx, id, &format!("_HLS_msn={sequence}"));
    }
}

fn interrupt(nginx: &Nginx, id: &str) {
    let body = json!({ "session_id": id });
    let answer = nginx.request("POST", "/api/stream/interrupt").json(&body);
    assert_eq!(answer.send().status, 200);
}

/// The part that a playlist hints at.
fn hint(playlist: &str) -> &str {
    let mut lines = playlist.lines();
    let hint = lines.find(|line| line.starts_with("#EXT-X-PRELOAD-HINT:TYPE=PART,"));
    let hint = hint.unwrap_or_else(|| panic!("no hint in {playlist}"));
    hint.split('"').nth(1).unwrap()
}

/// The parts that a playlist lists.
fn parts(playlist: &str) -> Vec<&str> {
    let lines = playlist.lines();
    lines
        .filter(|line| line.starts_with("#EXT-X-PART:"))
        .map(|line| line.split('"').nth(1).unwrap())
        .collect()
}

#[test]
fn a_playlist_is_held_until_it_has_the_part_asked_for() {
    let nginx = Setup::new().workers(2).start();
    let id = live(&nginx, 6);
    let mut workers = BTreeSet::new();
    for (segment, part) in [(1, 0), (2, 0), (2, 4), (3, 1), (4, 3)] {
        let query = format!("_HLS_msn={segment}&_HLS_part={part}");
        let answer = get(&nginx, &id, &format!("playlist.m3u8?{query}"));
        let text = answer.text();
        let name = format!("segment_{:03}.{part}.m4s", segment - 1);
        assert!(parts(&text).contains(&name.as_str()), "{name}: {text}");
        workers.insert(answer.header("X-Worker").to_owned());
    }
    until("an answer of every worker", || {
        let answer = get(&nginx, &id, "playlist.m3u8?_HLS_msn=1");
        workers.insert(answer.header("X-Worker").to_owned());
        (workers.len() == 2).then_some(())
    });
}

#[test]
fn what_is_listed_grows_from_the_first_media_playlist_on() {
    // Generation waits for what is listed, so that the end cannot come meanwhile.
    let nginx = Setup::new()
        .workers(2)
        .http("avatar_look_ahead 3s;")
        .start();
    let id = nginx.speak(&SENTENCE.repeat(20));
    // Whoever has found out where the playlists are does not play yet.
    assert_eq!(get(&nginx, &id, "master.m3u8").status, 200);
    thread::sleep(Duration::from_secs(2));
    let listed = playlist(&nginx, &id, "");
    assert!((8..12).contains(&parts(&listed).len()), "{listed}");
    playlist(&nginx, &id, "_HLS_msn=4");
}

#[test]
fn a_part_may_be_asked_for_before_it_exists() {
    let nginx = Setup::new().workers(2).start();
    let id = live(&nginx, 6);
    for _ in 0..5 {
        let text = playlist(&nginx, &id, "");
        let next = hint(&text);
        let part = get(&nginx, &id, next);
        assert_eq!(part.status, 200, "{next}");
        assert_eq!(part.header("Content-Type"), "video/iso.segment");
        assert!(part.header("Cache-Control").contains("immutable"));
        assert_eq!(&part.body[4..8], b"moof");
        assert!(parts(&playlist(&nginx, &id, "")).contains(&next));
    }
}

#[test]
fn parts_are_the_segment_one_after_the_other() {
    let nginx = Setup::new().start();
    let id = live(&nginx, 6);
    let text = playlist(&nginx, &id, "_HLS_msn=2");
    let of_second: Vec<_> = parts(&text)
        .into_iter()
        .filter(|name| name.starts_with("segment_001."))
        .collect();
    assert_eq!(of_second.len(), 5);
    let mut joined = Vec::new();
    for name in of_second {
        joined.extend(get(&nginx, &id, name).body);
    }
    assert_eq!(joined, get(&nginx, &id, "segment_001.m4s").body);
}

#[test]
fn directives_that_make_no_sense_are_refused() {
    let nginx = Setup::new().start();
    let id = live(&nginx, 6);
    playlist(&nginx, &id, "_HLS_msn=1");
    for query in [
        "_HLS_part=1",
        "_HLS_msn=x",
        "_HLS_msn=2&_HLS_part=-1",
        "_HLS_msn=99",
        "_HLS_msn=2&_HLS_part=99",
    ] {
        let answer = get(&nginx, &id, &format!("playlist.m3u8?{query}"));
        let told = (answer.status, answer.code());
        assert_eq!(told, (400, "bad_parameter".to_owned()), "{query}");
    }
    for name in ["segment_099.0.m4s", "segment_099.m4s"] {
        assert_eq!(get(&nginx, &id, name).status, 404, "{name}");
    }
}

#[test]
fn an_update_leaves_out_what_is_known() {
    let nginx = Setup::new().start();
    let id = live(&nginx, 14);
    await_segments(&nginx, &id, 8);
    let text = playlist(&nginx, &id, "_HLS_msn=9&_HLS_part=2&_HLS_skip=YES");
    assert!(text.contains("#EXT-X-SKIP:SKIPPED-SEGMENTS="), "{text}");
    assert!(!text.contains("segment_000.m4s"));
    let full = playlist(&nginx, &id, "_HLS_msn=9&_HLS_part=2");
    assert!(full.contains("segment_000.m4s") && !full.contains("#EXT-X-SKIP"));
}

#[test]
fn players_that_know_nothing_of_parts_can_be_spared_them() {
    let nginx = Setup::new().start();
    let id = live(&nginx, 6);
    let text = playlist(&nginx, &id, "_HLS_legacy=YES");
    assert!(text.contains("\nsegment_000.m4s\n"));
    for tag in ["EXT-X-PART", "EXT-X-PRELOAD-HINT", "EXT-X-SERVER-CONTROL"] {
        assert!(!text.contains(tag), "{text}");
    }
}

#[test]
fn old_parts_leave_the_playlist_and_then_the_disk() {
    let nginx = Setup::new().start();
    let id = live(&nginx, 14);
    let early = playlist(&nginx, &id, "_HLS_msn=2");
    let first = parts(&early)[0];
    assert_eq!(first, "segment_000.0.m4s");
    await_segments(&nginx, &id, 6);
    let late = playlist(&nginx, &id, "");
    assert!(!parts(&late).contains(&first), "{late}");
    assert_eq!(
        get(&nginx, &id, first).status,
        200,
        "it was listed just now"
    );
    until("the part's end", || {
        (get(&nginx, &id, first).status == 404).then_some(())
    });
    assert_eq!(get(&nginx, &id, "segment_000.m4s").status, 200);
}

#[test]
fn what_a_video_element_asks_for_has_three_segments() {
    let nginx = Setup::new().workers(2).start();
    for pace in ["live", "fast"] {
        let body = json!({ "text": SENTENCE.repeat(3), "language": "en", "pace": pace });
        let started = nginx.start_session(&body);
        let id = started["session_id"].as_str().unwrap();
        // Nobody else watches, whose asking would have more listed.
        let answer = nginx
            .request("GET", &format!("/stream/{id}/playlist.m3u8"))
            .header("Sec-Fetch-Dest", "video")
            .send();
        let text = answer.text();
        assert_eq!(answer.status, 200, "{pace}: {text}");
        assert_eq!(answer.header("Cache-Control"), "no-cache");
        assert_eq!(text.matches("#EXTINF").count(), 3, "{pace}: {text}");
        assert!(!text.contains("#EXT-X-ENDLIST"));
    }
    // Less is all there is.
    let body = json!({ "text": "No.", "language": "en", "pace": "live" });
    let started = nginx.start_session(&body);
    let answer = nginx
        .request("GET", started["playlist_url"].as_str().unwrap())
        .header("Sec-Fetch-Dest", "audio")
        .send();
    assert!(answer.text().ends_with("#EXT-X-ENDLIST\n"));
}

#[test]
fn no_part_is_hinted_at_behind_the_last() {
    let nginx = Setup::new().workers(2).start();
    for pace in ["live", "fast"] {
        let body = json!({ "text": SENTENCE, "language": "en", "pace": pace });
        let started = nginx.start_session(&body);
        let id = started["session_id"].as_str().unwrap();
        let mut hinted = Vec::new();
        let mut query = String::new();
        let last = loop {
            let text = playlist(&nginx, id, &query);
            if text.ends_with("#EXT-X-ENDLIST\n") {
                break text;
            }
            let open = text
                .lines()
                .rev()
                .take_while(|line| !line.ends_with(".m4s"));
            let open = open.filter(|line| line.starts_with("#EXT-X-PART:")).count();
            let whole = text.matches("#EXTINF").count();
            query = format!("_HLS_msn={}&_HLS_part={open}", whole + 1);
            if let Some(line) = text.lines().find(|line| line.contains("PRELOAD-HINT")) {
                hinted.push(line.split('"').nth(1).unwrap().to_owned());
            }
        };
        assert!(!hinted.is_empty(), "{pace}");
        for name in hinted {
            assert_eq!(get(&nginx, id, &name).status, 200, "{pace}: {name}");
        }
        // What somebody has loaded in parts, or was to, is there in parts.
        assert!(last.contains("#EXT-X-PART:"), "{last}");
    }
}

#[test]
fn the_end_releases_those_who_wait_for_more() {
    let nginx = Setup::new().workers(2).start();
    let id = live(&nginx, 1);
    thread::scope(|scope| {
        let waiters: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut sequence = 1;
                    loop {
                        let text = playlist(&nginx, &id, &format!("_HLS_msn={sequence}"));
                        if text.ends_with("#EXT-X-ENDLIST\n") {
                            return text;
                        }
                        sequence += 1;
                    }
                })
            })
            .collect();
        for waiter in waiters {
            let text = waiter.join().unwrap();
            assert!(!text.contains("EXT-X-PRELOAD-HINT"));
        }
    });
    assert_eq!(nginx.status(&id)["status"], "ready");
}

#[test]
fn an_interrupt_ends_the_stream_where_it_is() {
    let nginx = Setup::new().workers(2).start();
    let id = live(&nginx, 60);
    await_segments(&nginx, &id, 1);
    let before = playlist(&nginx, &id, "_HLS_msn=2&_HLS_part=1");
    let (next, after) = thread::scope(|scope| {
        let next = scope.spawn(|| get(&nginx, &id, "segment_002.4.m4s"));
        let after = scope.spawn(|| playlist(&nginx, &id, "_HLS_msn=3&_HLS_part=4"));
        interrupt(&nginx, &id);
        (next.join().unwrap(), after.join().unwrap())
    });
    assert!(after.ends_with("#EXT-X-ENDLIST\n"), "{after}");
    assert!(!after.contains("EXT-X-PRELOAD-HINT"));
    assert_eq!(next.status, 404, "what was not listed is taken back");
    for name in parts(&before).iter().chain(&parts(&after)) {
        assert_eq!(get(&nginx, &id, name).status, 200, "{name}");
    }
    let segments: Vec<_> = after.lines().filter(|line| line.ends_with("m4s")).collect();
    for name in &segments {
        assert_eq!(get(&nginx, &id, name).status, 200, "{name}");
    }
    let beyond = format!("segment_{:03}.m4s", segments.len());
    assert_eq!(get(&nginx, &id, &beyond).status, 404);
    let plain = playlist(&nginx, &id, "_HLS_legacy=YES");
    assert!(plain.ends_with(&format!("{}\n#EXT-X-ENDLIST\n", segments.last().unwrap())));
    let status = nginx.finished(&id);
    assert_eq!(status["error_code"], "interrupted");
    assert_eq!(status["segments"], segments.len());
}
