//! OpenAI's calls: speech as the answer, while it is made.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::thread;

use avatar_tests::{Answer, Download, Nginx, Setup, until};
use serde_json::{Value, json};

const PATH: &str = "/v1/audio/speech";

/// What `avatar_reuse` says where an answer is to be the same twice: espeak-ng never says anything in quite the same way.
const KEPT: &str = "size=1g age=1h";

/// Each format, and its media type.
const FORMATS: [(&str, &str); 6] = [
    ("pcm", "audio/pcm"),
    ("mp3", "audio/mpeg"),
    ("wav", "audio/wav"),
    ("opus", "audio/ogg"),
    ("flac", "audio/flac"),
    ("aac", "audio/aac"),
];

fn ask(nginx: &Nginx, body: &Value) -> Answer {
    nginx.request("POST", PATH).json(body).send()
}

fn said(nginx: &Nginx, body: &Value) -> Vec<u8> {
    let answer = ask(nginx, body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.body
}

/// Seconds that PCM lasts.
fn seconds(pcm: &[u8]) -> f64 {
    pcm.len() as f64 / 48_000.0
}

/// Whether two answers are as long as each other, but for what chance makes of them.
fn alike(one: &[u8], other: &[u8]) -> bool {
    let (one, other) = (one.len() as f64, other.len() as f64);
    (one / other - 1.0).abs() < 0.03
}

/// So many characters of text, about a minute for each thousand.
fn long(characters: usize) -> String {
    "This sentence is said many times. ".repeat(characters / 34)
}

/// Runs one of FFmpeg's programs on a file; it must have nothing to complain of.
fn run(program: &str, arguments: &[&str], file: &str) -> String {
    let mut command = Command::new(program);
    command.args(["-v", "error"]);
    match program {
        "ffmpeg" => command.args(["-i", file]).args(arguments),
        _ => command.args(arguments).arg(file),
    };
    let output = command.output().expect("Debian package ffmpeg");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && complaint.is_empty(),
        "{file}: {complaint}"
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The sessions that have files.
fn sessions(nginx: &Nginx) -> usize {
    let found = fs::read_dir(nginx.prefix().join("avatar/sessions"));
    found.map_or(0, Iterator::count)
}

#[test]
fn all_six_formats_hold_the_same_speech() {
    let nginx = Setup::new().workers(2).start();
    let text = "Good morning. It is a pleasure to see you here today!";
    let mut lengths = BTreeMap::new();
    for (format, media) in FORMATS {
        let body =
            json!({ "model": "tts-1", "input": text, "voice": "alloy", "response_format": format });
        let answer = ask(&nginx, &body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("Content-Type"), media);
        // A length is told where all of it was there already.
        let (length, coding) = match answer.header("Content-Length") {
            "" => (String::new(), "chunked"),
            _ => (answer.body.len().to_string(), ""),
        };
        assert_eq!(answer.header("Content-Length"), length, "{format}");
        assert_eq!(answer.header("Transfer-Encoding"), coding, "{format}");
        assert_eq!(answer.header("Cache-Control"), "no-store");
        let path = nginx.prefix().join(format!("speech.{format}"));
        fs::write(&path, &answer.body).unwrap();
        let file = path.to_str().unwrap();
        if format == "pcm" {
            lengths.insert(format, seconds(&answer.body));
            continue;
        }
        let codec = [
            "-show_entries",
            "stream=codec_name,sample_rate,channels",
            "-of",
            "csv=p=0",
        ];
        let found = run("ffprobe", &codec, file);
        let (name, rate) = match format {
            "wav" => ("pcm_s16le", "24000"),
            // Opus is always decoded at this rate.
            "opus" => ("opus", "48000"),
            other => (other, "24000"),
        };
        assert_eq!(found, format!("{name},{rate},1"));
        let decoded = nginx.prefix().join(format!("{format}.pcm"));
        let to = [
            "-f",
            "s16le",
            "-ar",
            "24000",
            "-ac",
            "1",
            decoded.to_str().unwrap(),
        ];
        run("ffmpeg", &to, file);
        lengths.insert(format, seconds(&fs::read(decoded).unwrap()));
    }
    let exact = lengths["pcm"];
    assert!((2.5..6.0).contains(&exact), "{exact} s");
    for (format, length) in lengths {
        // MP3 and AAC begin and end with what their filters need.
        assert!(
            (length - exact).abs() < 0.15,
            "{format}: {length} s of {exact} s"
        );
    }
    until("the sessions' end", || {
        (sessions(&nginx) == 0).then_some(())
    });
}

#[test]
fn mp3_is_what_is_sent_where_nothing_is_said() {
    let nginx = Setup::new().reuse(KEPT).start();
    let answer = ask(&nginx, &json!({ "input": "One." }));
    assert_eq!(answer.header("Content-Type"), "audio/mpeg");
    assert_eq!(answer.body[0], 0xff, "a frame comes first");
    let slash = nginx.request("POST", "/v1/audio/speech/");
    let slash = slash.json(&json!({ "input": "One." })).send();
    assert!(slash.body == answer.body);
}

#[test]
fn the_answer_begins_while_the_speech_is_being_made() {
    let nginx = Setup::new()
        .workers(2)
        .http("avatar_max_text 100000;")
        .start();
    let text = long(60_000);
    for (format, _) in FORMATS {
        let body = json!({ "input": text, "response_format": format });
        let download = Download::begin(&nginx, PATH, &body);
        let status = nginx.status(download.session());
        assert_eq!(status["status"], "processing", "{format}: {status}");
        assert!(status["playlist_url"].is_null() && status["mp4_url"].is_null());
    }
    // None of them was read to its end.
    until("the sessions' end", || {
        (sessions(&nginx) == 0).then_some(())
    });
}

#[test]
fn a_slow_client_gets_everything_and_costs_little() {
    let nginx = Setup::new()
        .workers(2)
        .http("avatar_max_text 100000;")
        .location("send_timeout 600s;")
        .start();
    let body = json!({ "input": long(8_000), "response_format": "wav" });
    let download = Download::from_another_worker(&nginx, PATH, &body);
    let memory = || -> usize {
        let pid = download.header("X-Worker");
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        line.unwrap()
            .split_whitespace()
            .nth(1)
            .unwrap()
            .parse()
            .unwrap()
    };
    let before = memory();
    let session = download.session().to_owned();
    assert_eq!(nginx.finished(&session)["status"], "ready");
    let after = memory();
    let made = fs::read_dir(nginx.session(&session)).unwrap();
    let mut made = made.map(|entry| entry.unwrap().path());
    let made = made.find(|path| path.extension().is_some_and(|end| end == "wav"));
    let made = fs::read(made.unwrap()).unwrap();
    let (wav, whole) = download.finish();
    // Its header left before anybody knew how long it would be.
    assert!(whole && wav.len() == made.len() && wav[44..] == made[44..]);
    assert!(wav.len() > 15_000_000, "{} bytes", wav.len());
    assert!(after < before + 2_000, "{before} KB, then {after} KB");
    until("the sessions' end", || {
        (sessions(&nginx) == 0).then_some(())
    });
}

#[test]
fn a_client_that_takes_nothing_is_given_up() {
    let nginx = Setup::new()
        .http("avatar_max_text 100000;")
        .location("send_timeout 300ms;")
        .start();
    let body = json!({ "input": long(20_000), "response_format": "wav" });
    let download = Download::begin(&nginx, PATH, &body);
    until("the end of patience", || {
        (sessions(&nginx) == 0).then_some(())
    });
    let (_, whole) = download.finish();
    assert!(!whole);
}

#[test]
fn a_client_that_goes_takes_its_session_with_it() {
    let nginx = Setup::new()
        .workers(2)
        .http("avatar_max_text 100000; avatar_max_sessions 1; avatar_hold_timeout 100s;")
        .start();
    let body = json!({ "input": long(90_000), "response_format": "pcm" });
    let download = Download::begin(&nginx, PATH, &body);
    // One that waits for its turn.
    let mut waiting = nginx.connect();
    let asked = json!({ "input": "One." }).to_string();
    waiting.write(format!(
        "POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{asked}",
        asked.len()
    ));
    until("two sessions", || (sessions(&nginx) == 2).then_some(()));
    drop(waiting);
    until("the end of one that waited", || {
        (sessions(&nginx) == 1).then_some(())
    });
    let session = download.session().to_owned();
    assert_eq!(nginx.status(&session)["status"], "processing");
    drop(download);
    until("the end of one that was made", || {
        (sessions(&nginx) == 0).then_some(())
    });
    let status = nginx
        .request("GET", &format!("/api/stream/status/{session}"))
        .send();
    assert_eq!(status.status, 404);
    nginx.told(&["removed"]);
}

#[test]
fn a_reload_and_a_quit_finish_what_was_begun() {
    let text = long(9_000);
    let mut nginx = Setup::new()
        .workers(2)
        .http("avatar_max_text 100000;")
        .start();
    let body = json!({ "input": text, "response_format": "flac" });
    let whole = said(&nginx, &body);
    let before = Download::begin(&nginx, PATH, &body);
    nginx.reload();
    let after = Download::begin(&nginx, PATH, &body);
    let (before, complete) = before.finish();
    assert!(complete && alike(&before, &whole));
    let last = thread::spawn(move || after.finish());
    nginx.quit();
    let (after, complete) = last.join().unwrap();
    assert!(complete && alike(&after, &whole));
}

#[test]
fn what_breaks_off_is_not_taken_for_the_whole() {
    let mut nginx = Setup::new()
        .workers(2)
        .http("avatar_max_text 100000;")
        .start();
    nginx.expect_in_log("exited on signal 9");
    let body = json!({ "input": long(90_000), "response_format": "mp3" });
    let download = Download::from_another_worker(&nginx, PATH, &body);
    let pid = nginx.generator().to_string();
    let killed = Command::new("kill").args(["-KILL", &pid]).status();
    assert!(killed.unwrap().success());
    let (_, whole) = download.finish();
    assert!(!whole, "the answer ended as if it were complete");
    let download = Download::from_another_worker(&nginx, PATH, &body);
    let cleaned = json!({ "session_id": download.session() });
    nginx.request("POST", "/api/cleanup").json(&cleaned).send();
    assert!(!download.finish().1);
}

#[test]
fn refusals_are_in_openai_s_words() {
    let nginx = Setup::new().http("avatar_max_text 50;").start();
    let refused = |answer: &Answer, status: u16, code: &str, param: Value| {
        assert_eq!(answer.status, status, "{}", answer.text());
        assert_eq!(answer.header("Content-Type"), "application/json");
        let error = &answer.value()["error"];
        let kind = if status < 500 {
            "invalid_request_error"
        } else {
            "server_error"
        };
        assert_eq!(
            (&error["code"], &error["type"], &error["param"]),
            (&json!(code), &json!(kind), &param)
        );
        assert!(!error["message"].as_str().unwrap().is_empty());
    };
    for (body, code, param) in [
        (json!({}), "empty_text", "input"),
        (json!({ "input": "a".repeat(51) }), "text_too_long", "input"),
        (
            json!({ "input": "a", "voice": "nobody" }),
            "unknown_voice",
            "voice",
        ),
        (
            json!({ "input": "a", "response_format": "ogg" }),
            "bad_parameter",
            "response_format",
        ),
        (
            json!({ "input": "a", "speed": 9 }),
            "bad_parameter",
            "speed",
        ),
    ] {
        refused(&ask(&nginx, &body), 400, code, json!(param));
    }
    let broken = nginx
        .request("POST", PATH)
        .header("Content-Type", "application/json")
        .body("{");
    refused(&broken.send(), 400, "bad_json", Value::Null);
    let form = nginx
        .request("POST", PATH)
        .header("Content-Type", "text/plain")
        .body("a");
    refused(&form.send(), 415, "unsupported_media_type", Value::Null);
    let got = nginx.request("GET", PATH).send();
    refused(&got, 405, "method_not_allowed", Value::Null);
    assert_eq!(got.header("Allow"), "POST, OPTIONS");
    let large = nginx
        .request("POST", PATH)
        .json(&json!({ "input": "a".repeat(2_000_000) }));
    refused(&large.send(), 413, "too_large", Value::Null);
    // No voice reads these letters, and no client is to ask again.
    for input in ["שלום עולם", "こんにちは", "สวัสดี 5"] {
        let answer = ask(&nginx, &json!({ "input": input, "language": "en" }));
        refused(&answer, 400, "unsupported_language", json!("input"));
    }
    for input in ["<speak>", "&#0;", "<think>Hm."] {
        refused(
            &ask(&nginx, &json!({ "input": input })),
            400,
            "empty_text",
            json!("input"),
        );
    }
    until("the sessions' end", || {
        (sessions(&nginx) == 0).then_some(())
    });
}

#[test]
fn marks_alone_are_a_breath_of_silence() {
    let nginx = Setup::new().start();
    for input in ["👍", "—", "…", "- 🎉 -", "<speak>…</speak>"] {
        for format in ["pcm", "mp3"] {
            let sound = said(
                &nginx,
                &json!({ "input": input, "response_format": format }),
            );
            assert!(!sound.is_empty(), "{input}");
            if format == "pcm" {
                assert!(
                    (0.1..0.5).contains(&seconds(&sound)),
                    "{input}: {}",
                    sound.len()
                );
                assert!(sound.iter().all(|byte| *byte == 0), "{input}");
            }
        }
    }
}

#[test]
fn letters_in_other_forms_are_read() {
    let nginx = Setup::new().start();
    let length = |input: &str| {
        seconds(&said(
            &nginx,
            &json!({ "input": input, "response_format": "pcm" }),
        ))
    };
    let plain = length("Hello finance");
    for input in ["Ｈｅｌｌｏ ｆｉｎａｎｃｅ", "𝗛𝗲𝗹𝗹𝗼 𝗳𝗶𝗻𝗮𝗻𝗰𝗲", "Hello ﬁnance"]
    {
        let ratio = length(input) / plain;
        assert!((0.9..1.1).contains(&ratio), "{input}: {ratio}");
    }
    assert!(length("①") > 0.3);
}

#[test]
fn too_much_work_is_refused_in_the_same_words() {
    let nginx = Setup::new()
        .http("avatar_max_text 100000; avatar_max_sessions 1; avatar_max_queue 1; avatar_hold_timeout 300ms;")
        .start();
    let _busy = Download::begin(
        &nginx,
        PATH,
        &json!({ "input": long(90_000), "response_format": "pcm" }),
    );
    // It waits for its turn until it may no more.
    let held = ask(&nginx, &json!({ "input": "One." }));
    let queue = nginx.speak("Two.");
    let full = ask(&nginx, &json!({ "input": "Three." }));
    for answer in [held, full] {
        assert_eq!(
            (answer.status, &answer.value()["error"]["code"]),
            (503, &json!("busy"))
        );
        assert!(!answer.header("Retry-After").is_empty());
    }
    assert!(nginx.status(&queue)["finished_at"].is_null());
}

#[test]
fn nginx_s_own_refusals_are_in_the_same_words() {
    let nginx = Setup::new()
        .http("limit_req_zone $server_addr zone=calls:1m rate=1r/m;")
        .location("limit_req zone=calls; limit_req_status 429;")
        .start();
    assert_eq!(nginx.request("GET", "/v1/models").send().status, 200);
    let answer = ask(&nginx, &json!({ "input": "One." }));
    assert_eq!(
        (answer.status, &answer.value()["error"]["code"]),
        (429, &json!("busy"))
    );
}

#[test]
fn a_key_may_come_as_openai_s_clients_send_it() {
    let nginx = Setup::new()
        .file("keys", "sk-one\nsk two\n")
        .location("avatar_keys keys;")
        .start();
    let with = |name: &str, value: &str| {
        let request = nginx.request("POST", PATH).header(name, value);
        request.json(&json!({ "input": "One." })).send()
    };
    for (name, value) in [
        ("Authorization", "Bearer sk-one"),
        ("Authorization", "bearer  sk two "),
        ("X-Avatar-Key", "sk-one"),
    ] {
        assert_eq!(with(name, value).status, 200, "{value}");
    }
    for (name, value) in [
        ("Authorization", "Bearer sk-three"),
        ("Authorization", "Bearer "),
        ("Authorization", "Basic sk-one"),
        ("Authorization", "sk-one"),
        ("Accept", "*/*"),
    ] {
        let answer = with(name, value);
        assert_eq!(answer.status, 401, "{value}");
        assert_eq!(answer.value()["error"]["code"], "invalid_api_key");
        assert_eq!(answer.header("WWW-Authenticate"), "Bearer");
    }
    let started = nginx
        .request("POST", "/api/stream/start")
        .header("Authorization", "Bearer sk-one")
        .json(&json!({ "text": "One." }))
        .send();
    assert_eq!(started.status, 200);
    assert_eq!(nginx.request("GET", "/v1/models").send().status, 401);
}

#[test]
fn what_can_be_asked_for_is_listed_and_their_voices_are_ours() {
    let nginx = Setup::new().start();
    let voices = nginx.request("GET", "/v1/audio/voices").send().value();
    assert_eq!(voices, nginx.request("GET", "/api/voices").send().value());
    let models = nginx.request("GET", "/v1/models").send().value();
    assert_eq!(models["object"], "list");
    assert!(
        models["data"]
            .as_array()
            .unwrap()
            .iter()
            .any(|model| model["id"] == "tts-1")
    );
    let pcm = |body: Value| {
        let mut body = body;
        body["response_format"] = json!("pcm");
        said(&nginx, &body)
    };
    let default = voices["voices"].as_array().unwrap().iter();
    let of = |language: &str| {
        let mut default = default.clone();
        let found = default.find(|voice| voice["language"] == language && voice["default"] == true);
        found.unwrap()["id"].clone()
    };
    for (text, language) in [
        ("Hello there.", "en"),
        ("Как дела?", "ru"),
        ("Сәлем, әлем!", "kk"),
    ] {
        let ours = pcm(json!({ "input": text, "voice": of(language) }));
        let theirs = pcm(json!({ "input": text, "voice": "onyx" }));
        assert!(alike(&theirs, &ours), "{language}");
    }
    let (slow, fast) = (
        json!({ "input": "Hello there.", "speed": 0.5 }),
        json!({ "input": "Hello there.", "speed": 2 }),
    );
    let ratio = pcm(slow).len() as f64 / pcm(fast).len() as f64;
    assert!((3.5..4.5).contains(&ratio), "{ratio}");
}

/// The length that the header of a WAV file promises for its sound, and that of the sound.
fn wave_lengths(wave: &[u8]) -> (u64, u64) {
    assert_eq!(&wave[36..40], b"data");
    let told = u32::from_le_bytes(wave[40..44].try_into().unwrap());
    (u64::from(told), wave.len() as u64 - 44)
}

#[test]
fn what_is_there_when_its_header_leaves_says_how_long_it_is() {
    let nginx = Setup::new()
        .http("avatar_max_text 100000;")
        .reuse(KEPT)
        .start();
    let body = |format: &str, text: &str| json!({ "input": text, "response_format": format, "voice": "nova" });
    let length = |answer: &Answer| {
        let length = answer.header("Content-Length");
        (!length.is_empty()).then(|| length.parse::<usize>().unwrap())
    };
    // Asked for as a whole, long as it is; and the second time, when it is there already.
    for format in ["wav", "flac", "mp3"] {
        let mut whole = body(format, &long(600));
        whole["stream"] = json!(false);
        let first = ask(&nginx, &whole);
        assert_eq!(length(&first), Some(first.body.len()), "{format}");
        if format == "wav" {
            let (told, there) = wave_lengths(&first.body);
            assert_eq!(told, there);
        }
        let again = ask(&nginx, &body(format, &long(600)));
        assert_eq!(length(&again), Some(again.body.len()), "{format}");
        assert!(again.body == first.body, "{format}");
    }
    // A long one begins to be heard long before it is there.
    let answer = ask(&nginx, &body("wav", &long(20_000)));
    assert_eq!(length(&answer), None);
    assert_eq!(wave_lengths(&answer.body).0, u64::from(u32::MAX));
    // Python's own reader believes the header.
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("speech.wav");
    let mut whole = body("wav", "Hello there.");
    whole["stream"] = json!(false);
    fs::write(&file, said(&nginx, &whole)).unwrap();
    let program = "import sys, wave; w = wave.open(sys.argv[1]); n = w.getnframes(); assert n == len(w.readframes(n)) // 2, n";
    let read = Command::new("python3")
        .args(["-c", program])
        .arg(&file)
        .status();
    assert!(read.unwrap().success());
}

#[test]
fn all_under_v1_is_answered_as_openai_does() {
    let nginx = Setup::new().start();
    let id = |answer: &Answer| answer.header("X-Request-Id").to_owned();
    let spoken = ask(&nginx, &json!({ "input": "Hello." }));
    assert_eq!(id(&spoken), spoken.header("X-Avatar-Session"));
    let mut seen = vec![id(&spoken)];
    for (method, path, status, code) in [
        ("GET", "/v1/models", 200, ""),
        ("GET", "/v1/audio/models", 200, ""),
        ("GET", "/v1/models/tts-1", 200, ""),
        ("GET", "/v1/models/gpt-99", 404, "model_not_found"),
        ("POST", "/v1/audio/transcriptions", 404, "unknown_url"),
        ("GET", "/v1/chat/completions", 404, "unknown_url"),
        ("GET", "/v1/audio/speech", 405, "method_not_allowed"),
    ] {
        let answer = nginx.request(method, path).send();
        assert_eq!(answer.status, status, "{path}");
        let value = answer.value();
        if !code.is_empty() {
            assert_eq!(value["error"]["code"], code, "{path}");
        }
        assert!(!id(&answer).is_empty(), "{path}");
        seen.push(id(&answer));
    }
    let model = nginx.request("GET", "/v1/models/tts-1").send().value();
    assert_eq!(
        (&model["id"], &model["object"]),
        (&json!("tts-1"), &json!("model"))
    );
    let many = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), many, "no two answers have the same");
}

#[test]
fn capitals_and_empty_names_make_no_difference() {
    let nginx = Setup::new().start();
    for (voice, format) in [
        ("Alloy", "PCM"),
        ("", "Pcm"),
        (" nova ", "pcm"),
        ("EN-US-FEMALE", "pcm"),
    ] {
        let answer = ask(
            &nginx,
            &json!({ "input": "Hello.", "voice": voice, "response_format": format }),
        );
        assert_eq!(
            (answer.status, answer.header("Content-Type")),
            (200, "audio/pcm"),
            "{voice}"
        );
    }
    let refused = ask(&nginx, &json!({ "input": "Hello.", "voice": "nobody" }));
    let message = refused.value()["error"]["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(message.contains("en-us-female"), "{message}");
}

#[test]
fn events_carry_the_same_bytes() {
    let nginx = Setup::new().workers(2).reuse(KEPT).start();
    let order = |delivery: &str| json!({ "input": long(600), "response_format": "pcm", "stream_format": delivery });
    let answer = ask(&nginx, &order("sse"));
    assert_eq!(answer.header("Content-Type"), "text/event-stream");
    let text = answer.text();
    let mut events: Vec<Value> = text
        .split("\n\n")
        .filter_map(|event| event.strip_prefix("data: "))
        .map(|event| serde_json::from_str(event).unwrap())
        .collect();
    let done = events.pop().unwrap();
    assert_eq!(done["type"], "speech.audio.done");
    let mut pcm = Vec::new();
    for event in &events {
        assert_eq!(event["type"], "speech.audio.delta");
        pcm.extend(base64(event["audio"].as_str().unwrap()));
    }
    assert!(pcm == said(&nginx, &order("audio")));
}

/// The bytes of some base64 (RFC 4648 section 4).
fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for digit in text.trim_end_matches('=').bytes() {
        let value = DIGITS.iter().position(|found| *found == digit).unwrap();
        bits = bits << 6 | value as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

#[test]
fn http2_and_compression_change_nothing() {
    let nginx = Setup::new()
        .reuse(KEPT)
        .http2()
        .http("gzip on; gzip_types *; gzip_min_length 1;")
        .start();
    let body = json!({ "input": long(2_000), "response_format": "pcm" }).to_string();
    let curl = |arguments: &[&str]| {
        let output = Command::new("curl")
            .args(["-sS", "--noproxy", "*", "--data", &body])
            .args(["-H", "Content-Type: application/json"])
            .args(arguments)
            .arg(nginx.url(PATH))
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    };
    let plain = curl(&["--http2-prior-knowledge"]);
    assert!(seconds(&plain) > 30.0);
    assert!(curl(&["--http2-prior-knowledge", "--compressed"]) == plain);
    assert!(curl(&["--http2-prior-knowledge", "--limit-rate", "3M"]) == plain);
}
