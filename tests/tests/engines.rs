//! Speech engines on the network, and what they send.

use std::collections::BTreeSet;
use std::time::Duration;

use avatar_tests::engine::{End, Manner, SpeechServer};
use avatar_tests::spoken::{mp3, said, voiced};
use avatar_tests::{Setup, until};
use serde_json::json;

const TEXT: &str = "The quick brown fox jumps over the lazy dog, and nobody is surprised.";

/// What an engine calls each kind of audio, its media type, and ffmpeg's arguments for it.
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

#[test]
fn every_kind_of_audio_is_spoken_however_it_comes() {
    let bare = said(TEXT, "en", KINDS[4].2);
    let sent = bare.len() as f64 / 48_000.0;
    // The pause after a sentence is ours.
    let wanted = sent + 0.25;
    for (format, media, arguments) in KINDS {
        let audio = said(TEXT, "en", arguments);
        for (pieces, length) in [(13, false), (700, true), (usize::MAX, false)] {
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
            for id in [nginx.speak(TEXT), nginx.read_out(TEXT)] {
                let status = nginx.finished(&id);
                assert_eq!(status["status"], "ready", "{format}: {status}");
                // Whatever comes late is awaited in silence.
                let seconds = status["duration"].as_f64().unwrap();
                assert!(seconds > sent - 0.3, "{format}: {seconds} s of {sent}");
            }
            // A recording waits for what is late.
            let recording = json!({ "input": TEXT, "voice": "nova", "response_format": "pcm" });
            let answer = nginx.request("POST", "/v1/audio/speech");
            let answer = answer.json(&recording).send();
            assert_eq!(answer.status, 200, "{format}: {}", answer.text());
            let seconds = answer.body.len() as f64 / 48_000.0;
            assert!(
                (seconds - wanted).abs() < 0.3,
                "{format}: {seconds} s of {wanted}"
            );
            let asked = server.asked();
            assert_eq!(asked.len(), 3);
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
    let nginx = voiced(&server.url("/v1"), "", "").start();
    for (number, id) in [nginx.speak(TEXT), nginx.read_out(TEXT)].iter().enumerate() {
        nginx.grown(id, 1);
        assert_eq!(nginx.status(id)["status"], "processing");
        let answer = nginx
            .request("POST", "/api/cleanup")
            .json(&json!({ "session_id": id }))
            .send();
        assert_eq!(answer.status, 200);
        // The connection goes with the session.
        until("the engine's notice", || {
            (server.dropped() > number).then_some(())
        });
    }
}

#[test]
fn connections_are_used_again_and_sentences_bounded() {
    let audio = mp3("Yes.");
    let server = SpeechServer::answering(Manner {
        delay: Duration::from_millis(50),
        ..Manner::good("audio/mpeg", audio)
    });
    let nginx = voiced(&server.url("/v1"), "concurrency=2", "").start();
    let ids: Vec<String> = (0..6).map(|_| nginx.speak("Yes. No. Perhaps.")).collect();
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
    let id = nginx.speak(text);
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
    let id = nginx.speak("He said \"no\" and left.");
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
    let nginx = voiced(&server.url("/v1"), "", "\"name=Nova, of the net\"")
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
    let nginx = voiced(&server.url("/v1"), "", "")
        .http("avatar_speech_keep on;")
        .start();
    let id = nginx.speak("Yes. Yes.");
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

#[test]
fn a_reload_in_the_midst_of_a_sentence_loses_nothing() {
    let server = SpeechServer::start(|asked| Manner {
        pieces: 400,
        pause: Duration::from_millis(20),
        ..Manner::good("audio/mpeg", mp3(asked.json()["input"].as_str().unwrap()))
    });
    let nginx = voiced(&server.url("/v1"), "", "").workers(2).start();
    let text = format!("{TEXT} So they say.");
    let ids = [nginx.speak(&text), nginx.read_out(&text)];
    for id in &ids {
        nginx.begun(id);
    }
    // The new workers know no such engine.
    nginx.reload_with(&Setup::new().workers(2));
    for id in &ids {
        let status = nginx.finished(id);
        assert_eq!(status["status"], "ready", "{status}");
        assert_eq!(nginx.said(id), text);
    }
    assert_eq!(server.asked().len(), 4);
}
