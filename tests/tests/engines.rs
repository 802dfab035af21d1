//! Speech engines on the network, well-mannered and not.

use std::collections::BTreeSet;
use std::time::Duration;

use avatar_tests::engine::{End, Manner, ShutDoor, SpeechServer, said};
use avatar_tests::{Nginx, Setup, until};
use serde_json::{Value, json};

const TEXT: &str = "The quick brown fox jumps over the lazy dog, and nobody is surprised.";

/// ffmpeg's arguments for each kind of audio, and what an engine calls it.
const KINDS: [(&str, &str, &[&str]); 5] = [
    ("mp3", "audio/mpeg", &["-f", "mp3", "-b:a", "48k"]),
    (
        "opus",
        "audio/ogg",
        &["-f", "ogg", "-c:a", "libopus", "-page_duration", "20000"],
    ),
    ("flac", "audio/flac", &["-f", "flac"]),
    ("wav", "audio/wav", &["-f", "wav"]),
    ("pcm", "application/octet-stream", &["-f", "s16le"]),
];

fn mp3(text: &str) -> Vec<u8> {
    said(text, "en", KINDS[0].2)
}

/// An nginx with one engine that is asked as OpenAI is, and its voice `nova`.
fn setup(url: &str, engine: &str, voice: &str) -> Setup {
    Setup::new().http(&format!(
        "avatar_speech_engine net openai url={url} format=mp3 {engine};
         avatar_speech_voice nova engine=net lang=en {voice};"
    ))
}

fn speak(nginx: &Nginx, text: &str) -> String {
    let answer = nginx.start_session(&json!({ "text": text, "language": "en" }));
    answer["session_id"].as_str().unwrap().to_owned()
}

/// How a session with this text ends, at an engine of such manners.
fn ends(manner: Manner, engine: &str) -> (Value, SpeechServer, Nginx) {
    let server = SpeechServer::answering(manner);
    let nginx = setup(&server.url("/v1"), engine, "").start();
    let id = speak(&nginx, TEXT);
    let status = nginx.finished(&id);
    (status, server, nginx)
}

#[test]
fn every_kind_of_audio_is_spoken_however_it_comes() {
    for (format, media, arguments) in KINDS {
        let audio = said(TEXT, "en", arguments);
        for (pieces, length) in [(1, false), (700, true), (usize::MAX, false)] {
            let manner = Manner {
                pieces,
                ..Manner::good(media, &*audio)
            };
            let server = SpeechServer::answering(manner.ending(End::Whole { length }));
            let nginx = Setup::new()
                .http(&format!(
                    "avatar_speech_engine net openai url={} format={format};
                     avatar_speech_voice nova engine=net lang=en voice=alloy;",
                    server.url("/v1")
                ))
                .start();
            let id = speak(&nginx, TEXT);
            let status = nginx.finished(&id);
            assert_eq!(status["status"], "ready", "{format}: {status}");
            // What espeak-ng says takes about four seconds; silence is put around it.
            let seconds = status["duration"].as_f64().unwrap();
            assert!((4.0..6.5).contains(&seconds), "{format}: {seconds} s");
            let asked = server.asked();
            assert_eq!(asked.len(), 1);
            assert_eq!(asked[0].line, "POST /v1/audio/speech");
            let body = asked[0].json();
            assert_eq!(body["input"], TEXT);
            assert_eq!(body["voice"], "alloy");
            assert_eq!(body["response_format"], format);
        }
    }
}

#[test]
fn sound_is_heard_before_the_engine_has_finished() {
    let audio = mp3(&TEXT.repeat(3));
    let half = audio.len() / 2;
    let server =
        SpeechServer::answering(Manner::good("audio/mpeg", audio).ending(End::Hangs(half)));
    let nginx = setup(&server.url("/v1"), "", "").start();
    let id = speak(&nginx, TEXT);
    nginx.grown(&id, 2);
    assert_eq!(nginx.status(&id)["status"], "processing");
    let body = json!({ "session_id": id });
    assert_eq!(
        nginx
            .request("POST", "/api/cleanup")
            .json(&body)
            .send()
            .status,
        200
    );
    // The connection goes with the session.
    until("the engine's notice", || {
        (server.dropped() == 1).then_some(())
    });
}

#[test]
fn connections_are_used_again_and_sentences_bounded() {
    let audio = mp3("Yes.");
    let server = SpeechServer::answering(Manner {
        delay: Duration::from_millis(50),
        ..Manner::good("audio/mpeg", audio)
    });
    let nginx = setup(&server.url("/v1"), "concurrency=2", "").start();
    let ids: Vec<String> = (0..6).map(|_| speak(&nginx, "Yes. No. Perhaps.")).collect();
    for id in ids {
        assert_eq!(nginx.finished(&id)["status"], "ready");
    }
    assert_eq!(server.asked().len(), 18);
    assert_eq!(server.most_at_once(), 2);
    assert!(
        server.connections() <= 2,
        "{} connections",
        server.connections()
    );
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
        let (status, server, _nginx) = ends(manner, engine);
        assert_eq!(status["status"], "failed", "{what}: {status}");
        assert_eq!(status["error_code"], code, "{what}: {status}");
        let text = status["error"].as_str().unwrap();
        println!("{what}: {text}");
        assert!(
            text.len() > 20 && !text.contains("secret"),
            "{what}: {text}"
        );
        assert_eq!(server.asked().len(), times, "{what}");
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
        let nginx = setup(&url, engine, "").start();
        let id = speak(&nginx, TEXT);
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
    let (status, _server, nginx) = ends(manner.ending(End::Short(cut)), "");
    assert_eq!(status["error_code"], "tts_failed");
    let id = status["session_id"].as_str().unwrap();
    let playlist = nginx.whole_playlist(id);
    let segments = playlist.lines().filter(|line| line.ends_with(".m4s"));
    assert!(segments.count() >= 1, "{playlist}");
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
    let nginx = setup(&server.url("/v1"), "retries=2", "").start();
    let id = speak(&nginx, TEXT);
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
    let id = speak(&nginx, &text);
    let status = nginx.finished(&id);
    assert_eq!(status["status"], "ready", "{status}");
    assert_eq!(
        (bad.asked().len(), page.asked().len(), moody.asked().len()),
        (2, 2, 2)
    );
    assert_eq!(moody.asked()[0].json()["voice"], "third");
    let log = nginx.error_log();
    for line in [
        "engine: bad, next: page",
        "engine: page, next: moody",
        "engine: moody, next: espeak-ng",
    ] {
        assert!(log.contains(line), "no \"{line}\" in:\n{log}");
    }
    // It is not kept: next time the first engine may work.
    nginx.whole_playlist(&id);
    let again = speak(&nginx, &text);
    nginx.finished(&again);
    assert_eq!(bad.asked().len(), 4);
}

#[test]
fn nobody_takes_over_in_the_midst_of_a_sentence() {
    let audio = mp3(TEXT);
    let half = audio.len() / 2;
    let manner = Manner::good("audio/mpeg", audio).ending(End::Short(half));
    let server = SpeechServer::answering(manner);
    let nginx = setup(&server.url("/v1"), "", "fallback=en-us-female").start();
    let id = speak(&nginx, TEXT);
    assert_eq!(nginx.finished(&id)["error_code"], "tts_failed");
}

#[test]
fn long_sentences_reach_google_translate_in_short_pieces() {
    let server = SpeechServer::start(|asked| {
        let text = asked.line.split("q=").nth(1).unwrap().replace("%20", " ");
        Manner::good("audio/mpeg", mp3(&text))
    });
    let nginx = Setup::new()
        .http(&format!(
            "avatar_speech_engine google gtts url={};
             avatar_speech_voice g engine=google lang=en;",
            server.url("/translate_tts")
        ))
        .start();
    let text = "This is a sentence that goes on and on, since whoever wrote it had a lot to say and could not \
        find a place to stop, however hard he tried.";
    let id = speak(&nginx, text);
    assert_eq!(nginx.finished(&id)["status"], "ready");
    let asked = server.asked();
    let pieces = asked.iter().map(|asked| {
        let (head, text) = asked.line.split_once("&q=").unwrap();
        assert_eq!(head, "GET /translate_tts?ie=UTF-8&client=tw-ob&tl=en");
        text.replace("%20", " ").replace("%2C", ",")
    });
    let pieces: Vec<String> = pieces.collect();
    assert_eq!(pieces.len(), 2);
    assert!(pieces.iter().all(|piece| piece.len() <= 100), "{pieces:?}");
    assert_eq!(pieces.join(" "), text);
}

#[test]
fn an_engine_of_any_other_kind_can_be_described() {
    use std::fmt::Write as _;
    let audio = mp3(TEXT);
    // Base64 by hand: the test must not believe what it tests.
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut base64 = String::new();
    for three in audio.chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, n| {
            bits << 8 | u32::from(*three.get(n).unwrap_or(&0))
        });
        for n in 0..4 {
            match n <= three.len() {
                true => base64.push(char::from(LETTERS[(bits >> (18 - 6 * n) & 63) as usize])),
                false => base64.push('='),
            }
        }
    }
    let mut answer = String::new();
    write!(answer, "{{\"data\":[{{\"audio\":\"{base64}\"}}]}}").unwrap();
    let server = SpeechServer::answering(Manner::good("application/json", answer));
    let nginx = Setup::new()
        .file("key", "# theirs\nsesame\n")
        .http(&format!(
            "avatar_speech_engine other template \"url={}/say/{{lang}}?v={{voice}}\" method=PUT
                 \"header=X-Key: {{key}}\" 'body={{\"input\": {{\"t\": \"{{text}}\"}}, \"n\": {{}}}}'
                 audio=json:data.0.audio key_file=key;
             avatar_speech_voice o engine=other lang=en \"voice=Ann & Lee\" \"name=Ann Lee\";",
            server.url("")
        ))
        .start();
    let id = speak(&nginx, "He said \"no\" and left.");
    let status = nginx.finished(&id);
    assert_eq!(status["status"], "ready", "{status}");
    let asked = &server.asked()[0];
    assert_eq!(asked.line, "PUT /say/en?v=Ann%20%26%20Lee");
    assert_eq!(asked.fields["x-key"], "sesame");
    assert_eq!(asked.fields["content-type"], "application/json");
    assert_eq!(
        asked.json(),
        json!({ "input": { "t": "He said \"no\" and left." }, "n": {} })
    );
    assert!(!nginx.error_log().contains("sesame"));
}

#[test]
fn all_workers_know_the_voices() {
    let server = SpeechServer::answering(Manner::good("audio/mpeg", mp3(TEXT)));
    let nginx = setup(&server.url("/v1"), "", "\"name=Nova, of the net\"")
        .workers(3)
        .start();
    let mut workers = BTreeSet::new();
    until("an answer of every worker", || {
        let answer = nginx.request("GET", "/api/voices").send();
        let voices = answer.value()["voices"].clone();
        let nova =
            json!({ "id": "nova", "name": "Nova, of the net", "language": "en", "default": true });
        assert_eq!(voices[0], nova);
        assert!(voices.as_array().unwrap().len() > 10);
        workers.insert(answer.header("X-Worker").to_owned());
        (workers.len() == 3).then_some(())
    });
    let id = nginx.start_session(&json!({ "text": TEXT, "voice": "nova" }))["session_id"].clone();
    assert_eq!(nginx.finished(id.as_str().unwrap())["status"], "ready");
    // The built-in ones can still be asked for.
    let id =
        nginx.start_session(&json!({ "text": TEXT, "voice": "en-us-male" }))["session_id"].clone();
    assert_eq!(nginx.finished(id.as_str().unwrap())["status"], "ready");
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn raw_audio_is_kept_where_that_is_wanted() {
    let audio = mp3("Yes.");
    let server = SpeechServer::answering(Manner::good("audio/mpeg", &*audio));
    let nginx = setup(&server.url("/v1"), "", "")
        .http("avatar_speech_keep on;")
        .start();
    let id = speak(&nginx, "Yes. Yes.");
    assert_eq!(nginx.finished(&id)["status"], "ready");
    let kept = std::fs::read(nginx.session(&id).join("tts.mp3")).unwrap();
    assert_eq!(kept, [&audio[..], &audio].concat());
    assert_eq!(
        nginx
            .request("GET", &format!("/hls/{id}/tts.mp3"))
            .send()
            .status,
        404
    );
}
