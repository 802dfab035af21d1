//! Texts that say how they are to be said, and texts in more than one language.

use avatar_tests::engine::{Manner, SpeechServer};
use avatar_tests::spoken::said;
use avatar_tests::{Nginx, Setup};
use serde_json::{Value, json};

/// Seconds that a session lasts in the end.
fn lasts(nginx: &Nginx, answer: &Value) -> f64 {
    let id = answer["session_id"].as_str().unwrap();
    let status = nginx.finished(id);
    assert_eq!(status["status"], "ready", "{status}");
    status["duration"].as_f64().unwrap()
}

fn video(nginx: &Nginx, text: &str) -> f64 {
    let answer = nginx.start_session(&json!({ "text": text, "language": "en" }));
    lasts(nginx, &answer)
}

fn sound(nginx: &Nginx, prompt: &str) -> f64 {
    lasts(nginx, &nginx.start_audio(&json!({ "prompt": prompt })))
}

fn recording(nginx: &Nginx, input: &str) -> f64 {
    let body = json!({ "input": input, "response_format": "pcm" });
    let answer = nginx.request("POST", "/v1/audio/speech").json(&body).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.body.len() as f64 / 48_000.0
}

type Length = fn(&Nginx, &str) -> f64;

#[test]
fn breaks_lengthen_what_is_said_by_themselves() {
    let nginx = Setup::new().workers(2).start();
    let with = |pause: &str| format!("<speak>One moment. {pause} Here it is.</speak>");
    let ways: [(Length, f64); 3] = [
        (video, 0.04),
        (sound, 1024.0 / 48_000.0),
        (recording, 1024.0 / 48_000.0),
    ];
    for (length, step) in ways {
        let without = length(&nginx, &with(""));
        for (pause, seconds) in [
            ("<break time='1500ms'/>", 1.5),
            ("<break time='3s'/>", 3.0),
            ("<break strength='strong'/><break/>", 1.1),
        ] {
            let longer = length(&nginx, &with(pause)) - without;
            assert!(
                (longer - seconds).abs() <= step + 0.001,
                "{pause}: {longer} s"
            );
        }
        // Half as fast, it takes twice as long, but for what is silent around it.
        let fast = length(&nginx, "<speak>This is said as it is.</speak>");
        let slow = "<speak><prosody rate='50%'>This is said as it is.</prosody></speak>";
        let ratio = length(&nginx, slow) / fast;
        assert!((1.4..2.1).contains(&ratio), "{ratio}");
    }
}

#[test]
fn captions_and_what_is_spelled_have_no_tags() {
    let nginx = Setup::new().start();
    let text = "<speak>Bread &amp; butter, <emphasis>please</emphasis>. \
                <prosody pitch='+2st'>The code is</prosody> <say-as interpret-as='characters'>AB</say-as>. \
                <sub alias='Kazakhstan'>KZ</sub> is wide.</speak>";
    let answer = nginx.start_session(&json!({ "text": text, "language": "en" }));
    let id = answer["session_id"].as_str().unwrap();
    assert_eq!(nginx.finished(id)["status"], "ready");
    let list = nginx.request("GET", &format!("/stream/{id}/captions.m3u8"));
    let list = list.send().text();
    let names = list.lines().filter(|line| line.ends_with(".vtt"));
    let captions: String = names
        .map(|name| {
            let path = format!("/stream/{id}/{name}");
            nginx.request("GET", &path).send().text()
        })
        .collect();
    let cues: Vec<&str> = captions
        .lines()
        .filter(|line| !line.contains("-->") && !line.starts_with("X-TIMESTAMP-MAP"))
        .collect();
    let cues = cues.join(" ");
    // WebVTT itself escapes what would begin a tag (WebVTT section 4.2.2).
    for said in ["Bread &amp; butter", "please", "Kazakhstan is wide"] {
        assert!(cues.contains(said), "{said}: {captions}");
    }
    for tag in ["<", "speak", "prosody", "say-as", "KZ", "emphasis"] {
        assert!(!cues.contains(tag), "{tag}: {captions}");
    }
}

#[test]
fn a_document_that_says_so_must_be_one() {
    let nginx = Setup::new().start();
    let calls = [
        ("/api/stream/start", "text"),
        ("/audiostream/start/", "prompt"),
        ("/v1/audio/speech", "input"),
    ];
    for (path, field) in calls {
        let ask = |text: &str, more: Value| {
            let mut body = json!({ field: text });
            body.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            nginx.request("POST", path).json(&body).send()
        };
        let ssml = json!({ "input_type": "ssml" });
        for (text, more, code) in [
            ("<speak>a<p></speak>", &ssml, "bad_parameter"),
            ("Hello.", &ssml, "bad_parameter"),
            ("<speak><break time='1s'/></speak>", &ssml, "empty_text"),
            (
                "<!DOCTYPE speak [<!ENTITY a 'b'>]><speak>&a;</speak>",
                &ssml,
                "bad_parameter",
            ),
            ("a", &json!({ "input_type": "html" }), "bad_parameter"),
            ("a", &json!({ "mixed": "yes" }), "bad_parameter"),
        ] {
            let answer = ask(text, more.clone());
            assert_eq!(answer.status, 400, "{path}: {text}");
            let said = answer.value();
            let found = match path {
                "/v1/audio/speech" => &said["error"]["code"],
                _ => &said["code"],
            };
            assert_eq!(found, code, "{path}: {text}: {said}");
        }
        for (text, more) in [
            ("<speak>Hello.</speak>", &ssml),
            ("<speak>Hello.</speak>", &json!({ "input_type": "text" })),
            // It only begins like one.
            ("<speak>Hello, <b>you</speak>", &json!({})),
        ] {
            assert_eq!(ask(text, more.clone()).status, 200, "{path}: {text}");
        }
    }
    // More of it cannot come by and by.
    let body = json!({ "text": "<speak>a</speak>", "input_type": "ssml", "final": false });
    let answer = nginx
        .request("POST", "/api/stream/start")
        .json(&body)
        .send();
    assert_eq!(answer.value()["code"], "bad_parameter");
}

/// An engine on the network that answers everything with the same, and nginx with its voices `nova` and `vera`.
fn polyglot() -> (SpeechServer, Nginx) {
    let audio = said("One moment.", "en", &["-f", "mp3", "-b:a", "48k"]);
    let server = SpeechServer::answering(Manner::good("audio/mpeg", audio));
    let nginx = Setup::new()
        .http(&format!(
            "avatar_speech_engine net openai url={} format=mp3;
             avatar_speech_voice nova engine=net lang=en;
             avatar_speech_voice vera engine=net lang=ru;",
            server.url("/v1")
        ))
        .start();
    (server, nginx)
}

/// What an engine was asked to say, and as whom.
fn asked(server: &SpeechServer) -> Vec<(String, String)> {
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let asked = server.asked();
    let bodies = asked.iter().map(|asked| asked.json());
    bodies
        .map(|body| (word(&body["voice"]), word(&body["input"])))
        .collect()
}

fn row(voice: &str, text: &str) -> (String, String) {
    (voice.to_owned(), text.to_owned())
}

#[test]
fn an_engine_on_the_network_is_given_plain_text() {
    let (server, nginx) = polyglot();
    let text = "<speak><p>Bread &amp; <b>butter</b>.</p><break time='2s'/>\
                <prosody rate='slow'>Slowly now.</prosody> <lang xml:lang='ru'>Привет.</lang></speak>";
    let answer = nginx.start_session(&json!({ "text": text, "language": "en" }));
    lasts(&nginx, &answer);
    assert_eq!(
        asked(&server),
        [
            row("nova", "Bread & butter."),
            row("nova", "Slowly now."),
            row("vera", "Привет."),
        ]
    );
}

#[test]
fn mixed_texts_change_the_voice_with_the_script() {
    let text = "Слово hello значит привет. Windows 11 работает.";
    let stretches = [
        row("vera", "Слово"),
        row("nova", "hello"),
        row("vera", "значит привет."),
        row("nova", "Windows 11"),
        row("vera", "работает."),
    ];
    let (server, nginx) = polyglot();
    let body = json!({ "text": text, "language": "ru", "mixed": true });
    lasts(&nginx, &nginx.start_session(&body));
    assert_eq!(asked(&server), stretches);
    let body = json!({ "prompt": text, "lang": "ru", "mixed": true });
    lasts(&nginx, &nginx.start_audio(&body));
    assert_eq!(asked(&server)[5..], stretches);
    let body = json!({ "input": text, "voice": "vera", "mixed": true });
    let answer = nginx.request("POST", "/v1/audio/speech").json(&body).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(asked(&server)[10..], stretches);
    // Nobody asked for it.
    let body = json!({ "text": text, "language": "ru" });
    lasts(&nginx, &nginx.start_session(&body));
    assert_eq!(
        asked(&server)[15..],
        [
            row("vera", "Слово hello значит привет."),
            row("vera", "Windows 11 работает."),
        ]
    );
    // Where the engine has no voice for it, the built-in one has.
    let body = json!({ "text": "Hello. Сәлеметсіз бе, әлем!", "language": "en", "mixed": true });
    lasts(&nginx, &nginx.start_session(&body));
    assert_eq!(asked(&server)[17..], [row("nova", "Hello.")]);
}
