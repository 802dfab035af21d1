//! Voices of Piper through a real nginx and the real ONNX Runtime.

use std::fs;

use avatar_tests::ffmpeg::{loudness, samples};
use avatar_tests::piper::{hum, runtime};
use avatar_tests::{Nginx, Setup, until};
use serde_json::{Value, json};

/// Each language, what espeak-ng calls it, and something in it.
const LANGUAGES: [(&str, &str, &str); 3] = [
    ("ru", "ru", "Здравствуйте, сегодня хорошая погода!"),
    ("kk", "kk", "Сәлеметсіз бе, бүгін ауа райы жақсы!"),
    ("en", "en-us", "Good morning, what fine weather we have!"),
];

/// A voice of each language, called `hum-ru` and so on.
fn choir() -> Setup {
    LANGUAGES
        .into_iter()
        .fold(Setup::new(), |setup, (code, accent, _)| {
            setup.humming(&format!("hum-{code}"), accent)
        })
}

/// Seconds of speech without anything around it.
fn spoken(nginx: &Nginx, body: &Value) -> f64 {
    let mut body = body.clone();
    body["response_format"] = json!("pcm");
    let answer = nginx.request("POST", "/v1/audio/speech").json(&body).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.body.len() as f64 / 48_000.0
}

fn start(nginx: &Nginx, body: &Value) -> String {
    let answer = nginx.start_session(body);
    answer["session_id"].as_str().unwrap().to_owned()
}

fn maps_library(pid: u32) -> bool {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    maps.contains("onnxruntime")
}

/// The loudest of a file's sound.
fn peak(url: &str) -> f32 {
    samples(url)
        .iter()
        .fold(0.0, |peak: f32, sample| peak.max(sample.abs()))
}

#[test]
fn voices_speak_for_video_for_sound_alone_and_for_recordings() {
    let nginx = choir().choir("").workers(2).start();
    let voices = nginx.request("GET", "/api/voices").send().value();
    for (code, _, text) in LANGUAGES {
        let id = format!("hum-{code}");
        let listed = voices["voices"].as_array().unwrap().iter();
        let mut listed = listed.filter(|voice| voice["language"] == code);
        let first = listed.next().unwrap();
        assert_eq!(
            (&first["id"], &first["default"]),
            (&json!(id), &json!(true))
        );
        let seconds = spoken(&nginx, &json!({ "input": text, "voice": id }));
        assert!((1.5..8.0).contains(&seconds), "{code}: {seconds} s");
        let built_in = listed.next().unwrap()["id"].clone();
        let theirs = spoken(&nginx, &json!({ "input": text, "voice": built_in }));
        assert!((seconds - theirs).abs() > 0.05, "{code}: {seconds} s");

        let video = start(&nginx, &json!({ "text": text, "language": code }));
        let sound = nginx.start_audio(&json!({ "prompt": text, "voice": id }));
        let sound = sound["session_id"].as_str().unwrap();
        for (session, file, step) in [
            (video.as_str(), "output.mp4", 0.04),
            (sound, "output.m4a", 1024.0 / 48_000.0),
        ] {
            let status = nginx.finished(session);
            assert_eq!(status["error"], Value::Null, "{code}");
            // What is silent before and after, and the rest of each last step.
            let around = status["duration"].as_f64().unwrap() - seconds - 0.52;
            assert!((-0.022..=step).contains(&around), "{code} {file}: {around}");
            let url = nginx.url(&format!("/hls/{session}/{file}"));
            assert!(peak(&url) > 0.05, "{code} {file}");
            // The first segment is hardly longer than the silence before the first word.
            let captions = [0, 1].map(|number| {
                let path = format!("/stream/{session}/captions_{number:03}.vtt");
                nginx.request("GET", &path).send().text()
            });
            let captions = captions.concat();
            let word = text.split(' ').next().unwrap();
            assert!(captions.contains(word), "{captions}");
        }
    }
}

#[test]
fn only_the_generator_opens_the_library() {
    let nginx = choir().choir("").workers(3).start();
    let workers = nginx.workers();
    // It does at once: these voices are the defaults of their languages.
    let own = |pid: &&u32| maps_library(**pid);
    let generator = until("the library", || workers.iter().find(own).copied());
    nginx.told(&["a voice was opened", "hum-en.onnx"]);
    nginx.finished(&start(
        &nginx,
        &json!({ "text": "Hello.", "voice": "hum-en" }),
    ));
    // It tells its makers nothing.
    let log = nginx.error_log();
    assert!(!log.to_lowercase().contains("telemetry"), "{log}");
    let master = fs::read_to_string(nginx.prefix().join("nginx.pid")).unwrap();
    let others = workers.into_iter().filter(|pid| *pid != generator);
    for pid in others.chain([master.trim().parse().unwrap()]) {
        assert!(!maps_library(pid), "{pid}");
    }
    // Where nobody is likely to want it, it is left alone until somebody does.
    let library = runtime();
    let nginx = choir()
        .http(&format!(
            "avatar_voice en-us-male;
             avatar_speech_engine one piper model=voices/hum-en.onnx library={};
             avatar_speech_voice anna engine=one;",
            library.display()
        ))
        .start();
    for (voice, wanted) in [("en-us-male", false), ("anna", true)] {
        nginx.finished(&start(&nginx, &json!({ "text": "Hello.", "voice": voice })));
        assert_eq!(maps_library(nginx.generator()), wanted, "{voice}");
    }
    // What is no library at all passes: it is not opened.
    let output = choir()
        .file("library.so", "nothing")
        .http("avatar_speech_engine choir piper voices=voices library=./library.so;")
        .check();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

#[test]
fn where_there_is_no_library_the_next_voice_speaks() {
    let nginx = choir()
        .http(
            "avatar_speech_engine one piper model=voices/hum-ru.onnx library=libnothing.so;
             avatar_speech_voice anna engine=one fallback=ru-male;
             avatar_speech_voice alone engine=one;",
        )
        .start();
    let text = LANGUAGES[0].2;
    let status = nginx.finished(&start(&nginx, &json!({ "text": text, "voice": "anna" })));
    assert_eq!(status["status"], "ready", "{status}");
    nginx.told(&["another speech engine takes over"]);
    nginx.told(&["libnothing.so"]);
    let status = nginx.finished(&start(&nginx, &json!({ "text": text, "voice": "alone" })));
    assert_eq!(status["error_code"], "tts_failed", "{status}");
    let error = status["error"].as_str().unwrap();
    for word in ["library=", "ORT_DYLIB_PATH"] {
        assert!(error.contains(word), "{error}");
    }
}

#[test]
fn a_damaged_network_fails_its_session_with_a_reason_and_nothing_else() {
    let nginx = choir()
        .file("voices/hum-en.onnx", "this is no network")
        .choir("")
        .start();
    let status = nginx.finished(&start(&nginx, &json!({ "text": "Hello." })));
    assert_eq!(status["error_code"], "tts_failed", "{status}");
    let error = status["error"].as_str().unwrap();
    assert!(error.contains("hum-en.onnx"), "{error}");
    // Where it lies is nobody's business.
    assert!(!error.contains("voices/"), "{error}");
    let text = LANGUAGES[0].2;
    let status = nginx.finished(&start(&nginx, &json!({ "text": text, "language": "ru" })));
    assert_eq!(status["status"], "ready", "{status}");
}

#[test]
fn what_cannot_be_a_voice_is_refused_with_a_reason() {
    let (_, profile) = hum("ru", 2);
    let base = || {
        choir()
            .humming("german", "de")
            .file("lone.onnx", "x")
            .file("bad.onnx", "x")
            .file("bad.onnx.json", "{}")
            .file("odd.onnx", "x")
            .file("odd.onnx.json", profile.replace("22050", "5"))
            .file("pair.onnx", "x")
            .file("pair.onnx.json", &profile)
            .file("lfs.onnx", "version https://git-lfs.github.com/spec/v1\n")
            .file("lfs.onnx.json", &profile)
            .file("none/readme", "")
            .file("strange/so so.onnx", "x")
            .file("strange/so so.onnx.json", &profile)
    };
    let engine = |words: &str| format!("avatar_speech_engine one piper {words};");
    let voice = |words: &str| {
        let engine = engine("model=pair.onnx");
        format!("{engine} avatar_speech_voice anna engine=one {words};")
    };
    for (directives, reason) in [
        (engine(""), "either model= or voices="),
        (
            engine("model=voices/hum-ru.onnx voices=voices"),
            "either model= or voices=",
        ),
        (engine("model=missing.onnx"), "missing.onnx: No such file"),
        (engine("model=lone.onnx"), "lone.onnx.json: No such file"),
        (engine("model=voices"), "it is not a file"),
        (engine("model=bad.onnx"), "bad.onnx.json: missing field"),
        (engine("model=odd.onnx"), "a sample rate of 5"),
        (engine("model=lfs.onnx"), "git lfs pull"),
        (
            engine("model=lone.onnx config=missing.json"),
            "missing.json: No such file",
        ),
        (engine("voices=none"), "there is no voice in it"),
        (engine("voices=missing"), "missing: No such file"),
        (engine("voices=strange"), "letters, digits"),
        (engine("voices=voices config=x"), "without model="),
        (
            engine("model=pair.onnx library=/missing/libonnxruntime.so"),
            "/missing/libonnxruntime.so: No such file",
        ),
        (engine("model=pair.onnx threads=0"), "threads=0"),
        (engine("model=pair.onnx url=http://x/"), "url=http://x/"),
        (
            format!("{0} {0}", engine("model=pair.onnx")),
            "there is such an engine already",
        ),
        (voice("voice=speaker7"), "such as speaker0, speaker1"),
        (voice("voice=2"), "it has 2 speakers"),
        (voice("lang=fr"), "lang=fr"),
        (voice("fallback=en-us-male"), "another language"),
        (
            "avatar_speech_engine one piper model=voices/german.onnx;
             avatar_speech_voice anna engine=one;"
                .to_owned(),
            "needs lang=",
        ),
    ] {
        let complaint = base().http(&directives).complaint();
        assert!(complaint.contains(reason), "{directives}\n{complaint}");
    }
    for directives in [
        voice("voice=speaker1"),
        voice("voice=1 name=Anna"),
        engine("model=lone.onnx config=pair.onnx.json threads=1 concurrency=1"),
        // What nobody could ask for is passed over.
        engine("voices=voices"),
    ] {
        let output = base().http(&directives).check();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{directives}\n{said}");
    }
}

#[test]
fn a_voice_of_another_kind_does_not_keep_the_others_of_its_directory_from_speaking() {
    let (network, profile) = hum("en-us", 1);
    let of_kind = |kind: &str| profile.replace("\"phoneme_type\": \"espeak\"", kind);
    let no_espeak = |profile: String| {
        let from = profile.find("\"espeak\": {").unwrap();
        let length = profile[from..].find("},").unwrap() + 2;
        let mut profile = profile;
        profile.replace_range(from..from + length, "");
        profile
    };
    let letters = no_espeak(of_kind("\"phoneme_type\": \"text\""));
    let told = letters.replace(
        "\"num_symbols\"",
        "\"language\": {\"code\": \"kk_KZ\", \"family\": \"kk\"}, \"num_symbols\"",
    );
    let setup = [
        (
            "enumerated",
            of_kind("\"phoneme_type\": \"PhonemeType.ESPEAK\""),
        ),
        ("letters", told),
        ("nameless", letters),
        ("pinyin", no_espeak(of_kind("\"phoneme_type\": \"pinyin\""))),
    ]
    .into_iter()
    .fold(choir().humming("german", "de"), |setup, (name, profile)| {
        setup
            .file(&format!("voices/{name}.onnx"), &network)
            .file(&format!("voices/{name}.onnx.json"), profile)
    })
    .choir("");
    let output = setup.check();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let warnings: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("[warn]"))
        .collect();
    for (voice, reason) in [
        ("german", "its language, \"de\", is none of ours"),
        ("nameless", "does not say which language"),
        ("pinyin", "it reads \"pinyin\""),
    ] {
        let about = warnings
            .iter()
            .find(|line| line.contains(&format!("\"{voice}\"")));
        let about = about.unwrap_or_else(|| panic!("nothing is said of {voice}:\n{said}"));
        assert!(
            about.contains(reason) && about.contains("avatar_speech_engine"),
            "{about}"
        );
    }
    assert_eq!(warnings.len(), 3, "{said}");

    let nginx = setup.start();
    let voices = nginx.request("GET", "/api/voices").send().value();
    let voices = voices["voices"].as_array().unwrap();
    for (voice, language) in [("enumerated", "en"), ("letters", "kk")] {
        let listed = voices.iter().find(|listed| listed["id"] == voice).unwrap();
        assert_eq!(listed["language"], language);
    }
    let text = LANGUAGES[2].2;
    let seconds = ["enumerated", "hum-en"]
        .map(|voice| spoken(&nginx, &json!({ "input": text, "voice": voice })));
    assert!((seconds[0] - seconds[1]).abs() < 0.02, "{seconds:?}");
    assert!(spoken(&nginx, &json!({ "input": "salem", "voice": "letters" })) > 0.1);
}

#[test]
fn a_voice_that_does_not_say_its_language_is_told_it() {
    let (network, profile) = hum("tlh", 1);
    let letters = profile
        .replace("\"phoneme_type\": \"espeak\"", "\"phoneme_type\": \"text\"")
        .replace("\"espeak\": {\"voice\": \"tlh\"},", "");
    let engine = format!(
        "avatar_speech_engine one piper model=one.onnx library={};",
        runtime().display()
    );
    let base = || {
        Setup::new()
            .file("one.onnx", &network)
            .file("one.onnx.json", &letters)
    };
    let complaint = base()
        .http(&format!("{engine} avatar_speech_voice anna engine=one;"))
        .complaint();
    assert!(complaint.contains("needs lang="), "{complaint}");
    let nginx = base()
        .http(&format!(
            "{engine} avatar_speech_voice anna engine=one lang=en;"
        ))
        .start();
    assert!(spoken(&nginx, &json!({ "input": "hello there", "voice": "anna" })) > 0.1);
}

#[test]
fn speakers_are_chosen_by_name_or_number() {
    let (network, profile) = hum("en-us", 3);
    let library = runtime();
    let nginx = Setup::new()
        .file("trio.onnx", network)
        .file("trio.onnx.json", profile)
        .http(&format!(
            "avatar_speech_engine trio piper model=trio.onnx library={};
             avatar_speech_voice first  engine=trio;
             avatar_speech_voice second engine=trio voice=speaker1;
             avatar_speech_voice again  engine=trio voice=1;
             avatar_speech_voice third  engine=trio voice=2;",
            library.display()
        ))
        .start();
    let said = |voice: &str| {
        let body = json!({ "input": "One moment.", "voice": voice, "response_format": "pcm" });
        let answer = nginx.request("POST", "/v1/audio/speech").json(&body).send();
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.body
    };
    // The first time a speaker is heard, the loudness is found out.
    for voice in ["first", "second", "third"] {
        said(voice);
    }
    let pitches = ["first", "second", "third"].map(|voice| crossings(&said(voice)));
    assert!(
        pitches.is_sorted() && pitches[0] < pitches[2],
        "{pitches:?}"
    );
    assert_eq!(crossings(&said("second")), crossings(&said("again")));
}

/// How often some PCM goes up through zero.
fn crossings(pcm: &[u8]) -> usize {
    let samples: Vec<i16> = pcm
        .as_chunks::<2>()
        .0
        .iter()
        .map(|bytes| i16::from_le_bytes(*bytes))
        .collect();
    let up = |pair: &&[i16]| pair[0] < 0 && pair[1] >= 0;
    samples.windows(2).filter(up).count()
}

#[test]
fn all_voices_are_equally_loud() {
    let nginx = choir().choir("").start();
    let text = LANGUAGES[2].2;
    for voice in ["hum-en", "en-us-male"] {
        let id = start(&nginx, &json!({ "text": text, "voice": voice }));
        assert_eq!(nginx.finished(&id)["status"], "ready");
        let file = nginx.session(&id).join("output.mp4");
        let found = loudness(file.to_str().unwrap());
        assert!((found + 19.0).abs() < 2.0, "{voice}: {found} LUFS");
    }
}

#[test]
fn a_reload_in_the_middle_is_not_heard() {
    let setup = choir().choir("").workers(2);
    let nginx = setup.start();
    let text = [LANGUAGES[2].2; 3].join(" ");
    let body = json!({ "text": text, "voice": "hum-en", "pace": "live" });
    let before = start(&nginx, &body);
    nginx.begun(&before);
    let old = nginx.generator();
    nginx.reload();
    assert!(maps_library(old));
    // The first to be begun now may still be the old one's.
    until("the new generator's voice", || {
        let after = start(
            &nginx,
            &json!({ "text": "Hello.", "voice": "hum-en", "reuse": false }),
        );
        assert_eq!(nginx.finished(&after)["status"], "ready");
        let workers = nginx.workers();
        let mut new = workers.into_iter().filter(|pid| *pid != old);
        new.any(maps_library).then_some(())
    });
    let status = nginx.finished(&before);
    assert_eq!(status["status"], "ready", "{status}");
    let alone = spoken(&nginx, &json!({ "input": text, "voice": "hum-en" }));
    let around = status["duration"].as_f64().unwrap() - alone - 0.52;
    assert!((-0.022..=0.04).contains(&around), "{around}");
    until("the old generator's end", || {
        (!nginx.workers().contains(&old)).then_some(())
    });
}

#[test]
fn a_session_that_ends_early_leaves_its_voice_to_others() {
    let nginx = choir().choir("concurrency=1 threads=1").start();
    let long = [LANGUAGES[2].2; 100].join(" ");
    let id = start(&nginx, &json!({ "text": long, "voice": "hum-en" }));
    nginx.begun(&id);
    let body = json!({ "session_id": id });
    nginx.request("POST", "/api/cleanup").json(&body).send();
    let next = start(&nginx, &json!({ "text": "Hello.", "voice": "hum-en" }));
    assert_eq!(nginx.finished(&next)["status"], "ready");
    nginx.told(&["a voice was opened", "hum-en.onnx"]);
    // The network was opened once.
    let log = nginx.error_log();
    let opened = |line: &&str| line.contains("a voice was opened") && line.contains("hum-en.onnx");
    assert_eq!(log.lines().filter(opened).count(), 1, "{log}");
}
