//! Sessions of sound alone.

use std::thread;

use avatar_tests::ffmpeg::{decode, probe, run, samples};
use avatar_tests::{Answer, Nginx, Setup, until};
use serde_json::{Value, json};

const SENTENCES: &str = "This is the first sentence of several. It is followed by a second one, a little longer than \
                         the first. And here, to make an end of it, is the third.";

fn get(nginx: &Nginx, id: &str, name: &str) -> Answer {
    nginx
        .request("GET", &format!("/media/hls/{id}/{name}"))
        .send()
}

fn text(nginx: &Nginx, id: &str, name: &str) -> String {
    let answer = get(nginx, id, name);
    assert_eq!(answer.status, 200, "{name}: {}", answer.text());
    answer.text()
}

fn task(nginx: &Nginx, id: &str) -> Value {
    let path = format!("/audiostream/task-status/{id}/");
    let answer = nginx.request("GET", &path).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.value()
}

/// Waits until a task is over, and checks what is said of it on the way.
fn over(nginx: &Nginx, id: &str) -> Value {
    let mut chunks = 0;
    until("the task's end", || {
        let task = task(nginx, id);
        assert!(task["status"].is_string(), "{task}");
        match task["state"].as_str().unwrap() {
            "PENDING" => None,
            "PROGRESS" => {
                assert_eq!(task["event"], "chunk");
                let now = task["chunk_count"].as_u64().unwrap();
                assert!(now >= chunks, "{now} chunks after {chunks}");
                chunks = now;
                None
            }
            _ => Some(task),
        }
    })
}

/// Starts a session in real time.
fn live(nginx: &Nginx, sentences: usize) -> String {
    let prompt = "This sentence is said many times. ".repeat(sentences);
    let answer = nginx.start_audio(&json!({ "prompt": prompt, "pace": "live" }));
    answer["session_id"].as_str().unwrap().to_owned()
}

/// What stands in the quotes of each line that begins so.
fn quoted<'a>(playlist: &'a str, tag: &str) -> Vec<&'a str> {
    let lines = playlist.lines().filter(|line| line.starts_with(tag));
    lines.map(|line| line.split('"').nth(1).unwrap()).collect()
}

/// The segments that a playlist lists, and how many microseconds each is long.
fn segments(playlist: &str) -> Vec<(u64, &str)> {
    let mut lines = playlist.lines();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(length) = line.strip_prefix("#EXTINF:") {
            let digits = length.trim_end_matches(',').replace('.', "");
            found.push((digits.parse().unwrap(), lines.next().unwrap()));
        }
    }
    found
}

#[test]
fn a_prompt_becomes_a_stream_of_sound_to_the_sample() {
    let nginx = Setup::new().workers(2).start();
    let answer = nginx.start_audio(&json!({ "prompt": SENTENCES, "lang": "en" }));
    let id = answer["session_id"].as_str().unwrap();
    assert_eq!(answer["task_id"], id);
    let playlist = format!("/media/hls/{id}/audio.m3u8");
    assert_eq!(answer["playlist"], playlist);
    let task = over(&nginx, id);
    assert_eq!(task["state"], "SUCCESS", "{task}");
    assert_eq!(task["playlist"], playlist);
    assert_eq!(task["result"]["playlist"], playlist);

    let listed = nginx.whole_playlist(id);
    let listed = segments(&listed);
    assert_eq!(listed.len() as u64, task["chunk_count"].as_u64().unwrap());
    let micros: u64 = listed.iter().map(|(length, _)| length).sum();
    let duration = nginx.status(id)["duration"].as_f64().unwrap();
    assert!((micros as f64 / 1e6 - duration).abs() < 0.001);
    for (number, (length, name)) in listed.iter().enumerate() {
        assert_eq!(*name, format!("audio_{number:03}.m4s"));
        let whole = if number == 0 { 256_000 } else { 2_048_000 };
        assert!(number + 1 == listed.len() || *length == whole);
        let answer = get(&nginx, id, name);
        assert_eq!(answer.header("Content-Type"), "audio/mp4");
        assert!(answer.header("Cache-Control").contains("immutable"));
    }

    let stream = nginx.url(&format!("{playlist}?_HLS_legacy=YES"));
    let whole = nginx.url(&format!("/media/hls/{id}/output.m4a"));
    // The last is told to the nearest microsecond.
    let expected = (micros * 48 + 500) / 1000;
    for url in [&stream, &whole] {
        decode(url);
        let starts = probe(url, "a:0", "packet=pts");
        let starts: Vec<u64> = starts.iter().map(|start| start.parse().unwrap()).collect();
        let frames: Vec<u64> = (0..starts.len() as u64).map(|n| n * 1024).collect();
        assert_eq!(
            starts, frames,
            "a gap, or a beginning that is not zero: {url}"
        );
        assert_eq!(starts.len() as u64 * 1024, expected, "{url}");
        assert_eq!(probe(url, "a:0", "stream=codec_name,profile")[0], "aac,LC");
        assert!(probe(url, "v", "stream=codec_name").is_empty(), "{url}");
    }
    let (streamed, filed) = (samples(&stream), samples(&whole));
    assert_eq!(streamed.len() as u64, expected);
    assert!(streamed == filed, "the file does not sound like the stream");
    assert!(streamed.iter().any(|sample| sample.abs() > 0.1));
}

#[test]
fn it_grows_part_by_part_for_those_who_wait() {
    let nginx = Setup::new().workers(2).start();
    let id = live(&nginx, 12);
    let part = text(&nginx, &id, "audio.m3u8?_HLS_msn=2&_HLS_part=1");
    assert!(quoted(&part, "#EXT-X-PART:").contains(&"audio_001.1.m4s"));
    assert!(part.contains("#EXT-X-TARGETDURATION:2\n"), "{part}");
    assert!(part.contains("#EXT-X-PART-INF:PART-TARGET=0.256000\n"));
    assert!(part.contains("PART-HOLD-BACK=0.768000"));
    for line in part.lines().filter(|line| line.starts_with("#EXT-X-PART:")) {
        assert!(line.starts_with("#EXT-X-PART:DURATION=0.256000,"), "{line}");
        assert!(line.ends_with(",INDEPENDENT=YES"), "{line}");
    }
    let hint = quoted(&part, "#EXT-X-PRELOAD-HINT:")[0];
    let hinted = get(&nginx, &id, hint);
    assert_eq!(hinted.status, 200, "{hint}");
    assert_eq!(&hinted.body[4..8], b"moof");

    let second = text(&nginx, &id, "audio.m3u8?_HLS_msn=2");
    let parts = quoted(&second, "#EXT-X-PART:");
    let parts: Vec<_> = parts
        .iter()
        .filter(|name| name.starts_with("audio_001."))
        .collect();
    assert_eq!(parts.len(), 8);
    let joined: Vec<u8> = parts
        .iter()
        .flat_map(|name| get(&nginx, &id, name).body)
        .collect();
    assert_eq!(joined, get(&nginx, &id, "audio_001.m4s").body);

    let plain = text(&nginx, &id, "audio.m3u8?_HLS_legacy=YES");
    assert!(
        plain.contains("audio_000.m4s") && !plain.contains("PART"),
        "{plain}"
    );
    let report = "#EXT-X-RENDITION-REPORT:URI=\"audio.m3u8\",LAST-MSN=";
    assert!(text(&nginx, &id, "captions.m3u8").contains(report));
    for segment in 3..8 {
        text(&nginx, &id, &format!("audio.m3u8?_HLS_msn={segment}"));
    }
    let delta = text(&nginx, &id, "audio.m3u8?_HLS_msn=8&_HLS_skip=YES");
    assert!(delta.contains("#EXT-X-SKIP:SKIPPED-SEGMENTS="), "{delta}");
    assert_eq!(get(&nginx, &id, "audio.m3u8?_HLS_msn=99").status, 400);
}

#[test]
fn it_is_announced_with_its_captions() {
    let nginx = Setup::new().start();
    let id = nginx.read_out(SENTENCES);
    over(&nginx, &id);
    let master = text(&nginx, &id, "master.m3u8");
    assert!(master.contains("CODECS=\"mp4a.40.2\""), "{master}");
    assert!(!master.contains("RESOLUTION") && master.ends_with("audio.m3u8\n"));
    let promised = master.split("BANDWIDTH=").nth(1).unwrap();
    let promised: u64 = promised.split(',').next().unwrap().parse().unwrap();
    let listed = nginx.whole_playlist(&id);
    let listed = segments(&listed).into_iter();
    let sizes: Vec<_> = listed
        .map(|(micros, name)| (micros, get(&nginx, &id, name).body.len() as u64 * 8))
        .collect();
    // What counts is what takes a second at least, half the target duration (section 4.4.6.2 of the draft).
    for from in 0..sizes.len() {
        let (mut micros, mut bits) = (0, 0);
        for (length, size) in &sizes[from..] {
            (micros, bits) = (micros + length, bits + size);
            let counts = micros >= 1_000_000;
            assert!(
                !counts || bits * 1_000_000 <= promised * micros,
                "{from}: {bits} bits"
            );
        }
    }
    assert_eq!(
        quoted(&master, "#EXT-X-MEDIA:TYPE=SUBTITLES")[0],
        "captions"
    );
    nginx.whole_playlist(&id);
    let captions = text(&nginx, &id, "captions.m3u8");
    let said: String = segments(&captions)
        .iter()
        .map(|(_, name)| text(&nginx, &id, name))
        .collect();
    for word in ["first", "followed", "third."] {
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[test]
fn each_kind_of_session_has_its_own_files() {
    let nginx = Setup::new().start();
    let id = nginx.read_out("Hello.");
    over(&nginx, &id);
    nginx.whole_playlist(&id);
    let same = |name: &str, other: &str| {
        let answer = nginx.request("GET", other).send();
        assert_eq!(answer.status, 200, "{other}");
        assert_eq!(answer.body, get(&nginx, &id, name).body, "{other}");
    };
    same("audio.m3u8", &format!("/stream/{id}/audio.m3u8"));
    same("audio.m3u8", &format!("/hls/{id}/index.m3u8"));
    same("init.mp4", &format!("/stream/{id}/init.mp4"));
    same("output.m4a", &format!("/hls/{id}/output.mp4"));
    let status = nginx.status(&id);
    assert_eq!(
        status["playlist_url"],
        format!("/media/hls/{id}/audio.m3u8")
    );
    same("output.m4a", status["mp4_url"].as_str().unwrap());
    let whole = nginx
        .request("GET", &format!("/media/hls/{id}/output.m4a"))
        .header("Range", "bytes=0-99")
        .send();
    assert_eq!(
        (whole.status, whole.header("Content-Type")),
        (206, "audio/mp4")
    );
    for name in [
        "segment_000.m4s",
        "segment_000.ts",
        "audio_99.m4s",
        "draft.jsonl",
    ] {
        assert_eq!(get(&nginx, &id, name).status, 404, "{name}");
    }
    let face = nginx.speak("Hello.");
    nginx.finished(&face);
    for name in ["audio.m3u8", "audio_000.m4s", "output.m4a"] {
        assert_eq!(get(&nginx, &face, name).status, 404, "{name}");
    }
    assert_eq!(
        task(&nginx, &face)["playlist"],
        format!("/hls/{face}/index.m3u8")
    );
}

#[test]
fn what_cannot_be_read_out_is_refused() {
    let nginx = Setup::new().http("avatar_max_text 100;").start();
    let ask = |body: &str| {
        let request = nginx.request("POST", "/audiostream/start");
        request
            .header("Content-Type", "application/json")
            .body(body)
            .send()
    };
    let long = json!({ "prompt": "a".repeat(101) }).to_string();
    for (body, code) in [
        ("{}", "empty_text"),
        (r#"{"prompt":"<br/>"}"#, "empty_text"),
        (r#"{"prompt":1}"#, "bad_parameter"),
        (r#"{"prompt":"a","expand":1}"#, "bad_parameter"),
        (r#"{"prompt":"a","lang":"xx"}"#, "unsupported_language"),
        (r#"{"prompt":"a","voice":"nobody"}"#, "unknown_voice"),
        ("no", "bad_json"),
        (&long, "text_too_long"),
    ] {
        let answer = ask(body);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, code),
            "{body}"
        );
    }
    let answer = nginx.request("GET", "/audiostream/start/").send();
    assert_eq!(
        (answer.status, answer.header("Allow")),
        (405, "POST, OPTIONS")
    );
    for id in ["01936b5e-0000-7000-8000-000000000001", "none"] {
        let path = format!("/audiostream/task-status/{id}/");
        let answer = nginx.request("GET", &path).send();
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (404, "unknown_session")
        );
    }
}

#[test]
fn a_session_that_fails_says_why() {
    let nginx = Setup::new().start();
    // Nothing in it has a sound, which is known only when all of it is there.
    let answer = nginx
        .request("POST", "/audiostream/start/")
        .json(&json!({ "prompt": "ᚠ ᚢ", "final": false }))
        .send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let id = answer.value()["session_id"].as_str().unwrap().to_owned();
    nginx.append(&id, " ᚦ", true);
    let task = over(&nginx, &id);
    assert_eq!(task["state"], "FAILURE", "{task}");
    assert_eq!(task["error_code"], "tts_empty");
    assert!(!task["error"].as_str().unwrap().is_empty());
    let answer = get(&nginx, &id, "audio.m3u8");
    assert_eq!((answer.status, answer.code().as_str()), (404, "tts_empty"));
}

#[test]
fn segments_are_as_long_as_configured() {
    let nginx = Setup::new().http("avatar_audio_segment 1s;").start();
    let id = nginx.read_out(SENTENCES);
    over(&nginx, &id);
    let playlist = nginx.whole_playlist(&id);
    let listed = segments(&playlist);
    assert!(listed.len() > 5);
    let (_, whole) = listed.split_last().unwrap();
    let (first, others) = whole.split_first().unwrap();
    let right = first.0 == 256_000 && others.iter().all(|&(length, _)| length == 1_024_000);
    assert!(right, "{listed:?}");
    for (value, reason) in [("0", "above zero"), ("2h", "a minute or less")] {
        let directive = format!("avatar_audio_segment {value};");
        let complaint = Setup::new().http(&directive).complaint();
        assert!(complaint.contains(reason), "{complaint}");
    }
}

#[test]
fn an_interrupt_ends_it_where_it_is_listed() {
    let nginx = Setup::new().workers(2).start();
    let id = live(&nginx, 60);
    text(&nginx, &id, "audio.m3u8?_HLS_msn=2&_HLS_part=3");
    let body = json!({ "session_id": id });
    let answer = nginx.request("POST", "/api/stream/interrupt").json(&body);
    assert_eq!(answer.send().status, 200);
    let task = over(&nginx, &id);
    assert_eq!(task["error_code"], "interrupted", "{task}");
    let playlist = nginx.whole_playlist(&id);
    let url = nginx.url(&format!("/media/hls/{id}/audio.m3u8?_HLS_legacy=YES"));
    let heard = samples(&url).len() as u64;
    let micros: u64 = segments(&playlist).iter().map(|(length, _)| length).sum();
    assert_eq!(heard * 1000, micros * 48);

    let answer = nginx.request("POST", "/api/cleanup").json(&body).send();
    assert_eq!(answer.status, 200);
    assert_eq!(get(&nginx, &id, "audio.m3u8").status, 404);
    until("the files' end", || {
        (!nginx.session(&id).exists()).then_some(())
    });
}

#[test]
fn a_client_that_leaves_takes_nothing_with_it() {
    let nginx = Setup::new().workers(2).start();
    let id = nginx.read_out(SENTENCES);
    for name in ["audio.m3u8", "audio.m3u8?_HLS_msn=2", "output.m4a"] {
        let mut connection = nginx.connect();
        connection.get(&format!("/media/hls/{id}/{name}"));
    }
    assert_eq!(over(&nginx, &id)["state"], "SUCCESS");
}

#[test]
fn a_reload_loses_no_sound() {
    let nginx = Setup::new().workers(2).start();
    let ids: Vec<_> = (0..6).map(|_| live(&nginx, 4)).collect();
    let (one, rest) = ids.split_first().unwrap();
    thread::scope(|scope| {
        let held = scope.spawn(|| text(&nginx, one, "audio.m3u8?_HLS_msn=2"));
        nginx.reload();
        assert!(held.join().unwrap().contains("audio_001.m4s"));
    });
    for id in rest.iter().chain([one]) {
        assert_eq!(over(&nginx, id)["state"], "SUCCESS");
        nginx.whole_playlist(id);
        decode(&nginx.url(&format!("/media/hls/{id}/audio.m3u8")));
    }
}

#[test]
fn the_same_prompt_is_spoken_once() {
    let nginx = Setup::new().reuse("size=64m").workers(2).start();
    let kept = || {
        let reuse = nginx.prefix().join("avatar/reuse").read_dir();
        reuse.map_or(0, Iterator::count)
    };
    let first = nginx.read_out(SENTENCES);
    over(&nginx, &first);
    until("something kept", || (kept() == 1).then_some(()));
    let again = nginx.read_out(SENTENCES);
    over(&nginx, &again);
    until("a word on how it was made", || {
        let log = nginx.error_log();
        let line = |line: &str| line.contains(&again) && line.contains("it was made before");
        log.lines().any(line).then_some(())
    });
    for name in ["output.m4a", "audio_000.m4s", "audio.m3u8", "master.m3u8"] {
        assert_eq!(
            get(&nginx, &first, name).body,
            get(&nginx, &again, name).body,
            "{name}"
        );
    }
    // The same words with a face are something else.
    let face = nginx.speak(SENTENCES);
    nginx.finished(&face);
    assert_eq!(
        get(&nginx, &face, "output.mp4").header("Content-Type"),
        "video/mp4"
    );
}

#[test]
fn it_can_be_copied_into_other_files() {
    let nginx = Setup::new().start();
    let id = nginx.read_out(SENTENCES);
    over(&nginx, &id);
    nginx.whole_playlist(&id);
    let url = nginx.url(&format!("/media/hls/{id}/audio.m3u8"));
    let copy = nginx.prefix().join("copy.m4a");
    let copy = copy.to_str().unwrap();
    run("ffmpeg", &["-i", &url, "-c", "copy", copy]);
    decode(copy);
}
