//! A session from start to clean-up, asked of any worker.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::process::Command;

use avatar_tests::{Nginx, Setup};
use serde_json::json;

/// Decodes what `input` names; ffmpeg must have nothing to say about it.
fn decodes(input: &str) {
    let output = Command::new("ffmpeg")
        .args(["-v", "warning", "-i", input, "-f", "null", "-"])
        .output()
        .expect("ffmpeg (Debian package ffmpeg) is installed");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success() && said.is_empty(),
        "{input}: {said}"
    );
}

fn probe(input: &str, entry: &str, stream: &str) -> String {
    let output = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-select_streams",
            stream,
            "-show_entries",
            entry,
        ])
        .args(["-of", "csv=p=0", input])
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn segments(playlist: &str) -> Vec<(f64, String)> {
    let mut lines = playlist.lines();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(length) = line.strip_prefix("#EXTINF:") {
            let seconds = length.trim_end_matches(',').parse().unwrap();
            found.push((seconds, lines.next().unwrap().to_owned()));
        }
    }
    found
}

fn read(nginx: &Nginx, path: &str) -> String {
    let answer = nginx.get(path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}

#[test]
fn any_worker_answers_for_any_session() {
    let nginx = Setup::default().workers(4).start();
    for (language, text) in [
        ("en", "Good morning. How are you today?"),
        ("ru", "Доброе утро! Как поживаете?"),
        ("kk", "Қайырлы таң! Қалыңыз қалай?"),
    ] {
        let answer = nginx.post(
            "/api/stream/start",
            &json!({"text": text, "language": language, "mode": "dynamic"}),
        );
        assert_eq!(answer.status, 200, "{}", answer.text());
        let started = answer.json();
        let id = started["session_id"].as_str().unwrap();
        assert_eq!(
            started["playlist_url"],
            format!("/stream/{id}/playlist.m3u8")
        );
        assert_eq!(started["status"], "processing");
        // Asked at once: the answer is held, not refused.
        let early = read(&nginx, &format!("/stream/{id}/playlist.m3u8"));
        assert!(early.contains("#EXT-X-MAP:URI=\"init.mp4\""), "{early}");
        let status = nginx.finish(id);
        assert_eq!(status["status"], "ready", "{status}");
        assert_eq!(status["progress"], 100);
        assert_eq!(status["stage"], "done");
        assert_eq!(status["playlist_ready"], true);
        let whole = read(&nginx, &format!("/stream/{id}/playlist.m3u8"));
        assert!(whole.starts_with(early.trim_end_matches("#EXT-X-ENDLIST\n")));
        for worker in 0..8 {
            for older in ["index.m3u8", "playlist.m3u8"] {
                assert_eq!(
                    read(&nginx, &format!("/hls/{id}/{older}")),
                    whole,
                    "{worker}"
                );
            }
        }
    }
}

#[test]
fn every_segment_and_the_file_decode_and_their_lengths_agree() {
    let nginx = Setup::default().workers(2).start();
    let text = "This is the first sentence of several. It is followed by a second one, a little                 longer than the first. And here, to make an end of it, is the third.";
    let id = nginx.start(&json!({"text": text, "language": "en"}));
    let status = nginx.finish(&id);
    let playlist = read(&nginx, &format!("/stream/{id}/playlist.m3u8"));
    for tag in [
        "#EXT-X-TARGETDURATION:1\n",
        "#EXT-X-MEDIA-SEQUENCE:1\n",
        "#EXT-X-PLAYLIST-TYPE:EVENT\n",
        "#EXT-X-INDEPENDENT-SEGMENTS\n",
        "#EXT-X-START:TIME-OFFSET=0\n",
        "#EXT-X-PROGRAM-DATE-TIME:",
        "#EXT-X-ENDLIST\n",
    ] {
        assert!(playlist.contains(tag), "{tag} in {playlist}");
    }
    let segments = segments(&playlist);
    assert_eq!(segments.len() as u64, status["segments"].as_u64().unwrap());
    let listed: f64 = segments.iter().map(|(length, _)| length).sum();
    let duration = status["duration"].as_f64().unwrap();
    assert!((listed - duration).abs() < 0.001, "{listed} {duration}");
    let init = nginx.get(&format!("/stream/{id}/init.mp4")).body;
    for (length, name) in &segments {
        let mut whole = init.clone();
        whole.extend(nginx.get(&format!("/stream/{id}/{name}")).body);
        let file = nginx.path(name);
        std::fs::write(&file, whole).unwrap();
        let file = file.to_str().unwrap();
        decodes(file);
        assert!(
            probe(file, "packet=flags", "v:0").starts_with('K'),
            "{name}"
        );
        let frames = probe(file, "packet=pts", "v:0").lines().count();
        assert!((frames as f64 / 25.0 - length).abs() < 1e-6, "{name}");
    }
    let output = nginx.url(&format!("/hls/{id}/output.mp4"));
    decodes(&output);
    decodes(&nginx.url(&format!("/stream/{id}/playlist.m3u8")));
    for stream in ["v:0", "a:0"] {
        let shown: f64 = probe(&output, "stream=duration", stream).parse().unwrap();
        assert!(
            (shown - duration).abs() < 0.001,
            "{stream} {shown} {duration}"
        );
        assert_eq!(probe(&output, "stream=start_pts", stream), "0");
    }
    let head = nginx.get(&format!("/hls/{id}/output.mp4")).body;
    let at = |name: &[u8]| head.windows(4).position(|window| window == name).unwrap();
    assert!(at(b"moov") < at(b"mdat"), "the index comes first");
}

#[test]
fn the_multivariant_playlist_has_captions_that_spell_the_text() {
    let nginx = Setup::default().workers(2).start();
    let text = "Captions follow every word, even when there are quite a few of them.";
    let id = nginx.start(&json!({"text": text, "language": "en"}));
    nginx.finish(&id);
    let master = read(&nginx, &format!("/stream/{id}/master.m3u8"));
    assert!(master.contains("captions.m3u8") && master.contains("RESOLUTION=512x512"));
    let playlist = read(&nginx, &format!("/stream/{id}/captions.m3u8"));
    let mut words: Vec<String> = Vec::new();
    for (_, name) in segments(&playlist) {
        let captions = nginx.get(&format!("/stream/{id}/{name}"));
        assert_eq!(captions.header("content-type"), Some("text/vtt"));
        let mut lines = captions
            .text()
            .lines()
            .map(str::to_owned)
            .collect::<Vec<_>>();
        assert_eq!(lines.remove(0), "WEBVTT");
        // A cue that reaches into the next segment stands in both.
        for line in lines {
            if !line.contains("-->") && !line.contains("TIMESTAMP") && !words.contains(&line) {
                words.push(line);
            }
        }
    }
    let said = words
        .join(" ")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    assert_eq!(said, text);
}

#[test]
fn media_is_cached_by_what_it_is() {
    let nginx = Setup::default().start();
    let id = nginx.start(&json!({"text": "A short one."}));
    nginx.finish(&id);
    let header = |file: &str, name: &str| {
        let answer = nginx.get(&format!("/stream/{id}/{file}"));
        assert_eq!(answer.status, 200, "{file}");
        answer.header(name).unwrap_or_default().to_owned()
    };
    for file in ["init.mp4", "segment_000.m4s", "captions_000.vtt"] {
        assert_eq!(
            header(file, "cache-control"),
            "public, max-age=31536000, immutable"
        );
    }
    assert_eq!(
        header("playlist.m3u8", "content-type"),
        "application/vnd.apple.mpegurl"
    );
    assert_eq!(
        header("segment_000.m4s", "content-type"),
        "video/iso.segment"
    );
    assert_eq!(header("output.mp4", "content-type"), "video/mp4");
    let range = nginx.send(
        "GET",
        &format!("/hls/{id}/output.mp4"),
        &[("Range", "bytes=4-7")],
        b"",
    );
    assert_eq!(
        (range.status, range.body.as_slice()),
        (206, b"ftyp".as_slice())
    );
}

#[test]
fn what_is_cleaned_up_is_gone_at_once() {
    let nginx = Setup::default().workers(4).start();
    let finished = nginx.start(&json!({"text": "Soon finished."}));
    nginx.finish(&finished);
    let running = nginx.start(&json!({"text": "It goes on and on. ".repeat(200)}));
    nginx.until(&running, |status| status["segments"].as_u64() > Some(1));
    for id in [finished, running] {
        let answer = nginx.post("/api/cleanup", &json!({"session_id": id}));
        assert_eq!(answer.status, 200, "{}", answer.text());
        for _ in 0..8 {
            for path in [
                format!("/api/stream/status/{id}"),
                format!("/stream/{id}/playlist.m3u8"),
                format!("/stream/{id}/init.mp4"),
            ] {
                let answer = nginx.get(&path);
                assert_eq!(answer.status, 404, "{path}");
                assert_eq!(answer.json()["code"], "unknown_session");
            }
        }
        let again = nginx.post("/api/cleanup", &json!({"session_id": id}));
        assert_eq!(again.status, 404);
        while nginx.path(&format!("data/sessions/{id}")).exists() {
            std::thread::yield_now();
        }
    }
}

#[test]
fn what_can_be_asked_for_is_listed() {
    let nginx = Setup::default().start();
    let voices = nginx.get("/api/voices").json();
    for language in ["ru", "kk", "en"] {
        let of_language = voices["voices"].as_array().unwrap().iter();
        let defaults = of_language
            .filter(|voice| voice["language"] == language && voice["default"] == true)
            .count();
        assert_eq!(defaults, 1, "{language}");
    }
    for voice in voices["voices"].as_array().unwrap() {
        let id = nginx.start(&json!({"text": "1 2 3", "voice": voice["id"]}));
        assert_eq!(nginx.finish(&id)["status"], "ready", "{voice}");
    }
    for avatar in nginx.get("/api/avatars").json()["avatars"]
        .as_array()
        .unwrap()
    {
        let id = nginx.start(&json!({"text": "1 2 3", "avatar": avatar["id"]}));
        assert_eq!(nginx.finish(&id)["status"], "ready", "{avatar}");
    }
}
