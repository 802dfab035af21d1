//! What lies in the files, told by FFmpeg.
use std::process::Command;

use avatar_tests::{Answer, Nginx, Setup};
use serde_json::{Value, json};

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

fn get(nginx: &Nginx, path: &str) -> Answer {
    let answer = nginx.request("GET", path).send();
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer
}

fn read(nginx: &Nginx, path: &str) -> String {
    get(nginx, path).text()
}

#[test]
fn every_segment_and_the_file_decode_and_their_lengths_agree() {
    let nginx = Setup::new().workers(2).start();
    let text = "This is the first sentence of several. It is followed by a second one, a little                 longer than the first. And here, to make an end of it, is the third.";
    let id = nginx.speak(text);
    let status = nginx.finished(&id);
    let playlist = read(&nginx, &format!("/stream/{id}/playlist.m3u8"));
    for tag in [
        "#EXT-X-TARGETDURATION:1\n",
        "#EXT-X-MEDIA-SEQUENCE:1\n",
        "#EXT-X-PLAYLIST-TYPE:EVENT\n",
        "#EXT-X-INDEPENDENT-SEGMENTS\n",
        "#EXT-X-START:TIME-OFFSET=0.001\n",
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
    let init = get(&nginx, &format!("/stream/{id}/init.mp4")).body;
    for (length, name) in &segments {
        let mut whole = init.clone();
        whole.extend(get(&nginx, &format!("/stream/{id}/{name}")).body);
        let file = nginx.prefix().join(name);
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
    let head = get(&nginx, &format!("/hls/{id}/output.mp4")).body;
    let at = |name: &[u8]| head.windows(4).position(|window| window == name).unwrap();
    assert!(at(b"moov") < at(b"mdat"), "the index comes first");
}

#[test]
fn the_multivariant_playlist_has_captions_that_spell_the_text() {
    let nginx = Setup::new().workers(2).start();
    let text = "Captions follow every word, even when there are quite a few of them.";
    let id = nginx.speak(text);
    nginx.finished(&id);
    let master = read(&nginx, &format!("/stream/{id}/master.m3u8"));
    assert!(master.contains("captions.m3u8") && master.contains("RESOLUTION=512x512"));
    let playlist = read(&nginx, &format!("/stream/{id}/captions.m3u8"));
    let mut words: Vec<String> = Vec::new();
    for (_, name) in segments(&playlist) {
        let captions = get(&nginx, &format!("/stream/{id}/{name}"));
        assert_eq!(captions.header("Content-Type"), "text/vtt");
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
fn what_can_be_asked_for_is_listed() {
    let nginx = Setup::new().start();
    let start = |body: Value| {
        let started = nginx.start_session(&body);
        started["session_id"].as_str().unwrap().to_owned()
    };
    let voices = get(&nginx, "/api/voices").value();
    for language in ["ru", "kk", "en"] {
        let of_language = voices["voices"].as_array().unwrap().iter();
        let defaults = of_language
            .filter(|voice| voice["language"] == language && voice["default"] == true)
            .count();
        assert_eq!(defaults, 1, "{language}");
    }
    for voice in voices["voices"].as_array().unwrap() {
        let id = start(json!({"text": "1 2 3", "voice": voice["id"]}));
        assert_eq!(nginx.finished(&id)["status"], "ready", "{voice}");
    }
    for avatar in get(&nginx, "/api/avatars").value()["avatars"]
        .as_array()
        .unwrap()
    {
        let id = start(json!({"text": "1 2 3", "avatar": avatar["id"]}));
        assert_eq!(nginx.finished(&id)["status"], "ready", "{avatar}");
    }
}
