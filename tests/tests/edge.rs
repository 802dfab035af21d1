//! conf/edge.conf: a stock nginx between many players and one origin.

use std::thread;

use avatar_tests::{Crowd, Nginx, Setup, until};
use serde_json::{Value, json};

const LONG: &str = "This sentence is said many times. ";

/// As many as the promise is about.
const PLAYERS: usize = 500;

fn origin() -> Setup {
    Setup::new().workers(2).location("avatar_origins *;")
}

/// How often somebody was asked for `path`, once nobody is being answered any more.
fn asked(nginx: &Nginx, path: &str) -> usize {
    let line = format!("GET {path} HTTP/1");
    until("a line in the log", || {
        let times = nginx.access_log().matches(&line).count();
        (times > 0).then_some(times)
    })
}

/// A conversation, which is made no faster than it is heard.
fn live(nginx: &Nginx) -> String {
    let body = json!({ "text": LONG.repeat(20), "language": "en", "pace": "live" });
    let started = nginx.start_session(&body);
    started["session_id"].as_str().unwrap().to_owned()
}

fn text(nginx: &Nginx, path: &str) -> String {
    let answer = nginx.request("GET", path).send();
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}

/// All players ask for `path`; all must get the same, and the origin must have been asked once.
fn ask_once(origin: &Nginx, crowd: &mut Crowd, path: &str) -> Vec<u8> {
    let mut got = crowd.ask(path);
    let first = got.pop().unwrap();
    assert_eq!(first.status, 200, "{path}");
    assert!(!first.body.is_empty());
    for other in got {
        assert_eq!(other.status, 200, "{path}");
        assert!(other.body == first.body, "{path}: not the same for all");
    }
    assert_eq!(asked(origin, path), 1, "{path}");
    first.body
}

/// The media sequence number and the part that a reload should ask for next, and the name of that part.
fn next(playlist: &str) -> (String, String) {
    let mut lines = playlist.lines();
    let hint = lines.find(|line| line.starts_with("#EXT-X-PRELOAD-HINT"));
    let hint = hint.unwrap();
    let name = hint.split("URI=\"").nth(1).unwrap().split('"').next();
    let name = name.unwrap();
    let mut numbers = name
        .trim_start_matches("segment_")
        .trim_end_matches(".m4s")
        .split('.')
        .map(|number| number.parse::<u32>().unwrap());
    let (segment, part) = (numbers.next().unwrap(), numbers.next().unwrap());
    let reload = format!("_HLS_msn={}&_HLS_part={part}", segment + 1);
    (reload, name.to_owned())
}

#[test]
fn what_is_there_is_fetched_once_for_all() {
    let origin = origin().start();
    let edge = Setup::edge(&origin).start();
    let id = origin.speak("One, two, three, four.");
    origin.finished(&id);
    let mut crowd = Crowd::new(&edge, PLAYERS);
    for name in [
        "init.mp4",
        "segment_000.m4s",
        "segment_001.m4s",
        "captions_000.vtt",
    ] {
        ask_once(&origin, &mut crowd, &format!("/stream/{id}/{name}"));
    }
    let log = edge.error_log();
    assert!(!log.contains("[warn]") && !log.contains("[error]"), "{log}");
}

#[test]
fn sound_alone_is_fetched_once_for_all() {
    let origin = origin().start();
    let edge = Setup::edge(&origin).start();
    let body = json!({ "prompt": LONG.repeat(10), "pace": "live" });
    let started = origin.start_audio(&body);
    let id = started["session_id"].as_str().unwrap();
    let mut crowd = Crowd::new(&edge, PLAYERS);
    for name in [
        "audio.m3u8?_HLS_msn=1&_HLS_part=3",
        "init.mp4",
        "audio_000.0.m4s",
        "audio_000.m4s",
    ] {
        ask_once(&origin, &mut crowd, &format!("/media/hls/{id}/{name}"));
    }
}

#[test]
fn reloads_and_hinted_parts_are_held_once_for_all() {
    let origin = origin().start();
    let edge = Setup::edge(&origin).start();
    let id = live(&origin);
    let (mut reloads, mut parts) = (Crowd::new(&edge, PLAYERS), Crowd::new(&edge, PLAYERS));
    let mut playlist = text(&origin, &format!("/stream/{id}/playlist.m3u8"));
    for _ in 0..5 {
        assert!(!playlist.contains("#EXT-X-ENDLIST"));
        let (reload, part) = next(&playlist);
        let reload = format!("/stream/{id}/playlist.m3u8?{reload}");
        let part = format!("/stream/{id}/{part}");
        let body = thread::scope(|scope| {
            let reloaded = scope.spawn(|| ask_once(&origin, &mut reloads, &reload));
            ask_once(&origin, &mut parts, &part);
            reloaded.join().unwrap()
        });
        playlist = String::from_utf8(body).unwrap();
        assert!(
            playlist.contains(part.rsplit('/').next().unwrap()),
            "{playlist}"
        );
        // Where players who came late are by now.
        playlist = text(&origin, &format!("/stream/{id}/playlist.m3u8"));
    }
}

#[test]
fn a_live_playlist_is_never_old() {
    let origin = origin().start();
    let edge = Setup::edge(&origin).start();
    let id = live(&origin);
    let path = format!("/stream/{id}/playlist.m3u8");
    let before = text(&edge, &path);
    let (reload, _) = next(&before);
    let reloaded = text(&edge, &format!("{path}?{reload}"));
    assert!(reloaded.len() > before.len());
    assert!(text(&edge, &path).len() >= reloaded.len());
    assert!(
        !edge.access_log().contains(" HIT "),
        "{}",
        edge.access_log()
    );

    let body = json!({ "session_id": id });
    origin
        .request("POST", "/api/stream/interrupt")
        .json(&body)
        .send();
    until("the end", || {
        text(&edge, &path).contains("#EXT-X-ENDLIST").then_some(())
    });
}

#[test]
fn what_is_refused_is_refused_to_all_and_forgotten_at_once() {
    let origin = origin().start();
    let edge = Setup::edge(&origin).start();
    let id = live(&origin);
    origin.begun(&id);
    let mut crowd = Crowd::new(&edge, 100);
    for (path, status) in [
        (format!("/stream/{id}/segment_999.m4s"), 404),
        (format!("/stream/{id}/playlist.m3u8?_HLS_msn=999"), 400),
        (format!("/stream/{id}/playlist.m3u8?_HLS_part=1"), 400),
    ] {
        for got in crowd.ask(&path) {
            assert_eq!(got.status, status, "{path}");
            let refusal: Value = serde_json::from_slice(&got.body).unwrap();
            assert!(refusal["code"].is_string());
        }
    }
    let path = format!("/stream/{id}/segment_999.m4s");
    let before = asked(&origin, &path);
    assert!(before < 10, "{before} of 100 asked the origin");
    until("another question", || {
        edge.request("GET", &path).send();
        (asked(&origin, &path) > before).then_some(())
    });
}

#[test]
fn a_deadline_at_the_origin_reaches_everybody_who_waited() {
    let origin = origin()
        .http("avatar_hold_timeout 2s; avatar_max_sessions 1;")
        .start();
    let edge = Setup::edge(&origin).start();
    let busy = live(&origin);
    origin.begun(&busy);
    let queued = origin.speak("Later.");
    let path = format!("/stream/{queued}/init.mp4");
    for got in Crowd::new(&edge, 100).ask(&path) {
        assert_eq!(got.status, 503);
    }
    assert_eq!(asked(&origin, &path), 1);
}

#[test]
fn a_kept_reload_says_how_old_it_is() {
    let origin = origin().start();
    let edge = Setup::edge(&origin).start();
    let id = live(&origin);
    let playlist = text(&origin, &format!("/stream/{id}/playlist.m3u8"));
    let path = format!("/stream/{id}/playlist.m3u8?{}", next(&playlist).0);
    let first = edge.request("GET", &path).send();
    assert_eq!((first.status, first.header("Age")), (200, ""));
    let caching = "public, max-age=0, s-maxage=6";
    assert_eq!(first.header("Cache-Control"), caching);
    assert_eq!(first.header("Priority"), "u=1");
    let (age, again) = until("an answer that has lain for a while", || {
        let again = edge.request("GET", &path).send();
        let age = again.header("Age").parse::<u32>().unwrap();
        (age > 0).then_some((age, again))
    });
    assert!(age < 7, "{age} s");
    assert_eq!(again.body, first.body);
    assert_eq!(again.header("Date"), first.header("Date"));
    assert_eq!(asked(&origin, &path), 1);
}

#[test]
fn calls_and_events_pass_and_are_not_kept() {
    let origin = origin().start();
    let edge = Setup::edge(&origin).start();
    let id = edge.speak("One, two, three.");
    let events = edge
        .request("GET", &format!("/api/stream/events/{id}"))
        .send();
    assert!(events.events().len() > 1, "{}", events.text());
    assert_eq!(edge.finished(&id)["status"], "ready");
    let body = json!({ "session_id": id });
    let answer = edge.request("POST", "/api/cleanup").json(&body).send();
    assert_eq!(answer.status, 200);
    let answer = edge
        .request("GET", &format!("/api/stream/status/{id}"))
        .send();
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (404, "unknown_session")
    );
    let preflight = edge
        .request("OPTIONS", "/api/stream/start")
        .header("Origin", "https://example.org")
        .header("Access-Control-Request-Method", "POST")
        .send();
    assert_eq!(preflight.header("Access-Control-Allow-Origin"), "*");
}

#[test]
fn media_come_with_their_headers_in_ranges_and_compressed() {
    let origin = origin().start();
    let edge = Setup::edge(&origin).start();
    let id = origin.speak("One, two, three, four, five, six, seven.");
    origin.finished(&id);
    for (name, caching) in [
        ("segment_000.m4s", "public, max-age=31536000, immutable"),
        ("output.mp4", "public, max-age=3600"),
    ] {
        let path = format!("/stream/{id}/{name}");
        let whole = origin.request("GET", &path).send();
        // The second time it is kept.
        for _ in 0..2 {
            let answer = edge
                .request("GET", &path)
                .header("Origin", "https://example.org")
                .send();
            assert_eq!(answer.status, 200);
            assert!(answer.body == whole.body);
            for header in ["Content-Type", "ETag", "Access-Control-Allow-Origin"] {
                assert_eq!(answer.header(header), whole.header(header), "{name}");
            }
            assert_eq!(answer.header("Cache-Control"), caching);
            let part = edge
                .request("GET", &path)
                .header("Range", "bytes=10-99")
                .send();
            assert_eq!(part.status, 206, "{name}");
            assert!(part.body == whole.body[10..100]);
            let length = whole.body.len();
            assert_eq!(
                part.header("Content-Range"),
                format!("bytes 10-99/{length}")
            );
        }
        let tag = whole.header("ETag");
        let same = edge
            .request("GET", &path)
            .header("If-None-Match", tag)
            .send();
        assert_eq!(same.status, 304, "{name}");
    }
    let playlist = edge
        .request("GET", &format!("/stream/{id}/playlist.m3u8"))
        .header("Accept-Encoding", "gzip")
        .send();
    assert_eq!(playlist.header("Content-Encoding"), "gzip");
    assert!(edge.access_log().contains(" HIT "), "{}", edge.access_log());
}

#[test]
fn what_is_kept_outlives_the_origin() {
    let mut origin = origin().start();
    let edge = Setup::edge(&origin).start();
    let id = origin.speak("One, two, three.");
    origin.finished(&id);
    let paths = ["playlist.m3u8", "init.mp4", "segment_000.m4s", "output.mp4"];
    let paths = paths.map(|name| format!("/stream/{id}/{name}"));
    for path in &paths {
        text(&edge, path);
    }
    origin.quit();
    for path in &paths {
        text(&edge, path);
    }
    assert_eq!(edge.request("GET", "/api/voices").send().status, 502);
}

#[test]
fn each_origin_of_pages_gets_its_own_permission() {
    let pages = ["https://one.example", "https://two.example"];
    let origin = Setup::new()
        .location(&format!("avatar_origins {};", pages.join(" ")))
        .start();
    let edge = Setup::edge(&origin).start();
    let id = origin.speak("One, two, three.");
    origin.finished(&id);
    let path = format!("/stream/{id}/segment_000.m4s");
    for page in pages.iter().chain(&pages) {
        let answer = edge.request("GET", &path).header("Origin", page).send();
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("Access-Control-Allow-Origin"), *page);
    }
    assert_eq!(asked(&origin, &path), 2);
}
