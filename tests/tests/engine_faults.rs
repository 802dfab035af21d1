//! Speech engines that fail, in every way they can.

use std::time::Duration;

use avatar_tests::engine::{End, Manner, ShutDoor, SpeechServer};
use avatar_tests::spoken::{mp3, voiced};
use avatar_tests::{Nginx, Setup};
use serde_json::{Value, json};

const TEXT: &str = "The quick brown fox jumps over the lazy dog, and nobody is surprised.";

/// How sessions with this text end, with a face and without one, at an engine of such manners.
fn ends(manner: Manner, engine: &str) -> ([Value; 2], SpeechServer, Nginx) {
    let server = SpeechServer::answering(manner);
    let nginx = voiced(&server.url("/v1"), engine, "").start();
    let ids = [nginx.speak(TEXT), nginx.read_out(TEXT)];
    let statuses = ids.map(|id| nginx.finished(&id));
    (statuses, server, nginx)
}

#[test]
fn whatever_goes_wrong_is_said_with_a_word() {
    let audio = mp3(TEXT);
    let good = || Manner::good("audio/mpeg", &*audio);
    let slow = "first_byte=400ms progress=400ms retries=0";
    let cases: Vec<(&str, Manner, &str, &str, usize)> = vec![
        (
            "no answer",
            Manner {
                delay: Duration::from_secs(60),
                ..good()
            },
            slow,
            "tts_timeout",
            1,
        ),
        (
            "a head and no body",
            good().ending(End::Hangs(0)),
            slow,
            "tts_timeout",
            1,
        ),
        (
            "a stall",
            good().ending(End::Hangs(3000)),
            slow,
            "tts_timeout",
            1,
        ),
        (
            "a slow drip",
            Manner {
                pieces: 20,
                pause: Duration::from_millis(100),
                ..good()
            },
            slow,
            "tts_timeout",
            1,
        ),
        (
            "in all too slow",
            Manner {
                pieces: 2000,
                pause: Duration::from_millis(300),
                ..good()
            },
            "total=1s",
            "tts_timeout",
            1,
        ),
        (
            "nothing",
            Manner::good("audio/mpeg", ""),
            "retries=2",
            "tts_empty",
            3,
        ),
        (
            "no content",
            Manner {
                status: "204 No Content",
                ..Manner::good("", "")
            }
            .ending(End::Whole { length: true }),
            "retries=0",
            "tts_empty",
            1,
        ),
        (
            "a page",
            Manner::good("text/html", "<!DOCTYPE html><title>Welcome</title>"),
            "",
            "tts_failed",
            1,
        ),
        (
            "an error of theirs",
            Manner::refusing(
                "500 Internal Server Error",
                "{\"error\":{\"message\":\"secret\"}}",
            ),
            "",
            "tts_failed",
            2,
        ),
        (
            "too many requests",
            Manner::refusing("429 Too Many Requests", "{\"error\":{}}"),
            "",
            "tts_failed",
            2,
        ),
        (
            "no such key",
            Manner::refusing("401 Unauthorized", "{\"error\":{}}"),
            "",
            "tts_failed",
            1,
        ),
        (
            "another place",
            Manner::refusing("302 Found", ""),
            "",
            "tts_failed",
            1,
        ),
        (
            "an error with 200",
            Manner::good("application/json", "{\"error\":\"secret\"}"),
            "",
            "tts_failed",
            1,
        ),
        (
            "a picture",
            Manner::good("image/png", b"\x89PNG\r\n\x1a\n0123456789".as_slice()),
            "",
            "tts_failed",
            1,
        ),
        (
            "half a file",
            good().ending(End::Short(audio.len() / 2)),
            "",
            "tts_failed",
            1,
        ),
        (
            "a reset",
            good().ending(End::Reset(audio.len() / 2)),
            "",
            "tts_failed",
            1,
        ),
        (
            "a reset at once",
            good().ending(End::Reset(0)),
            "",
            "tts_failed",
            2,
        ),
        ("no end", good().ending(End::Never), "", "tts_failed", 1),
    ];
    for (what, manner, engine, code, times) in cases {
        let ([status, task], server, nginx) = ends(manner, engine);
        assert_eq!(status["status"], "failed", "{what}: {status}");
        assert_eq!(status["error_code"], code, "{what}: {status}");
        let text = status["error"].as_str().unwrap();
        let task = task["session_id"].as_str().unwrap();
        let path = format!("/audiostream/task-status/{task}/");
        let told = nginx.request("GET", &path).send().value();
        assert_eq!(
            (&told["state"], &told["error"], &told["error_code"]),
            (&json!("FAILURE"), &json!(text), &json!(code)),
            "{what}: {told}"
        );
        println!("{what}: {text}");
        assert!(
            text.len() > 20 && !text.contains("secret"),
            "{what}: {text}"
        );
        assert_eq!(server.asked().len(), 2 * times, "{what}");
    }
}

#[test]
fn an_engine_that_is_not_there_is_one_that_failed() {
    let door = ShutDoor::new();
    for (url, engine, code) in [
        (door.url(), "connect=400ms retries=0", "tts_timeout"),
        ("http://127.0.0.1:9".to_owned(), "retries=0", "tts_failed"),
        (
            "http://nobody.invalid".to_owned(),
            "retries=0",
            "tts_failed",
        ),
        ("https://127.0.0.1:9".to_owned(), "retries=0", "tts_failed"),
    ] {
        let nginx = voiced(&url, engine, "").start();
        let id = nginx.speak(TEXT);
        let status = nginx.finished(&id);
        assert_eq!(status["error_code"], code, "{url}: {status}");
    }
}

#[test]
fn what_was_said_before_an_engine_fails_remains() {
    let long = TEXT.repeat(3);
    let audio = mp3(&long);
    let cut = audio.len() * 3 / 4;
    let manner = Manner::good("audio/mpeg", audio);
    let (statuses, _server, nginx) = ends(manner.ending(End::Short(cut)), "");
    for status in statuses {
        assert_eq!(status["error_code"], "tts_failed");
        let id = status["session_id"].as_str().unwrap();
        let playlist = nginx.whole_playlist(id);
        let segments = playlist.lines().filter(|line| line.ends_with(".m4s"));
        assert!(segments.count() >= 1, "{playlist}");
    }
}

#[test]
fn a_request_of_which_nothing_was_heard_is_made_again() {
    let audio = mp3(TEXT);
    let times = std::sync::atomic::AtomicUsize::new(0);
    let server = SpeechServer::start(move |_| {
        match times.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 => Manner::refusing("503 Service Unavailable", "{}"),
            1 => Manner::good("audio/mpeg", ""),
            _ => Manner::good("audio/mpeg", &*audio),
        }
    });
    let nginx = voiced(&server.url("/v1"), "retries=2", "").start();
    let id = nginx.speak(TEXT);
    assert_eq!(nginx.finished(&id)["status"], "ready");
    assert_eq!(server.asked().len(), 3);
}

#[test]
fn another_engine_speaks_when_one_has_failed() {
    let bad = SpeechServer::answering(Manner::refusing("500 Oops", "{}"));
    let page = SpeechServer::answering(Manner::good("text/html", "<html>"));
    let first = |text: &str| text.contains("quick");
    let audio = mp3("A bird in the hand is worth two in the bush, as they say.");
    let moody =
        SpeechServer::start(
            move |asked| match first(asked.json()["input"].as_str().unwrap()) {
                true => Manner::good("audio/mpeg", &*audio),
                false => Manner::refusing("500 Oops", "{}"),
            },
        );
    let nginx = Setup::new()
        .reuse("size=64m")
        .http(&format!(
            "avatar_speech_engine bad openai url={} retries=0;
             avatar_speech_engine page openai url={} retries=0;
             avatar_speech_engine moody openai url={} retries=0;
             avatar_speech_voice one engine=bad lang=en fallback=two,three,en-us-female;
             avatar_speech_voice two engine=page lang=en;
             avatar_speech_voice three engine=moody lang=en voice=third;",
            bad.url("/v1"),
            page.url("/v1"),
            moody.url("/v1")
        ))
        .start();
    let text = format!("{TEXT} This is said by somebody else.");
    let id = nginx.speak(&text);
    let status = nginx.finished(&id);
    assert_eq!(status["status"], "ready", "{status}");
    assert_eq!(
        (bad.asked().len(), page.asked().len(), moody.asked().len()),
        (2, 2, 2)
    );
    assert_eq!(moody.asked()[0].json()["voice"], "third");
    for line in [
        "engine: bad, next: page",
        "engine: page, next: moody",
        "engine: moody, next: espeak-ng",
    ] {
        nginx.told(&[line]);
    }
    // It is not kept: next time the first engine may work.
    nginx.whole_playlist(&id);
    let again = nginx.speak(&text);
    nginx.finished(&again);
    assert_eq!(bad.asked().len(), 4);
}

#[test]
fn nobody_takes_over_in_the_midst_of_a_sentence() {
    let audio = mp3(TEXT);
    let half = audio.len() / 2;
    let manner = Manner::good("audio/mpeg", audio).ending(End::Short(half));
    let server = SpeechServer::answering(manner);
    let nginx = voiced(&server.url("/v1"), "", "fallback=en-us-female").start();
    let id = nginx.speak(TEXT);
    assert_eq!(nginx.finished(&id)["error_code"], "tts_failed");
}
