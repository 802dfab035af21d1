//! Segments as MPEG transport streams, for players that know nothing else.

use avatar_tests::ffmpeg::{probe, run};
use avatar_tests::{Answer, Nginx, Setup};
use serde_json::json;

const SENTENCES: &str = "This is the first sentence of several. It is followed by a second one, a little longer than \
                         the first. And here, to make an end of it, is the third.";

/// Starts a session of transport streams.
fn start(nginx: &Nginx, text: &str, pace: &str) -> String {
    let body = json!({ "text": text, "language": "en", "pace": pace, "segment_format": "ts" });
    let answer = nginx.start_session(&body);
    answer["session_id"].as_str().unwrap().to_owned()
}

fn get(nginx: &Nginx, id: &str, name: &str) -> Answer {
    nginx.request("GET", &format!("/stream/{id}/{name}")).send()
}

fn playlist(nginx: &Nginx, id: &str, query: &str) -> String {
    let answer = get(nginx, id, &format!("playlist.m3u8{query}"));
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    answer.text()
}

/// The segments that a playlist lists, and how many seconds each is long.
fn segments(playlist: &str) -> Vec<(f64, &str)> {
    let mut lines = playlist.lines();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(length) = line.strip_prefix("#EXTINF:") {
            let seconds = length.trim_end_matches(',').parse().unwrap();
            found.push((seconds, lines.next().unwrap()));
        }
    }
    found
}

#[test]
fn segments_decode_alone_and_together_and_their_lengths_agree() {
    let nginx = Setup::new().workers(2).start();
    let id = start(&nginx, SENTENCES, "fast");
    let status = nginx.finished(&id);
    let duration = status["duration"].as_f64().unwrap();
    let text = nginx.whole_playlist(&id);
    let listed = segments(&text);
    assert_eq!(listed.len() as u64, status["segments"].as_u64().unwrap());
    let mut frames = 0;
    for (number, (seconds, name)) in listed.iter().enumerate() {
        assert_eq!(*name, format!("segment_{number:03}.ts"));
        let answer = get(&nginx, &id, name);
        assert_eq!(answer.status, 200, "{name}");
        assert_eq!(answer.header("Content-Type"), "video/mp2t");
        assert!(answer.header("Cache-Control").contains("immutable"));
        let file = nginx.prefix().join(name);
        std::fs::write(&file, answer.body).unwrap();
        let file = file.to_str().unwrap();
        run("ffmpeg", &["-xerror", "-i", file, "-f", "null", "-"]);
        let pictures = probe(file, "v:0", "packet=pts");
        assert_eq!(pictures[0], (number * 90_000).to_string(), "{name}");
        let length = pictures.len() as f64 / 25.0;
        assert!((length - seconds).abs() < 1e-6, "{name}: {length}");
        frames += pictures.len();
    }
    assert!((frames as f64 / 25.0 - duration).abs() < 1e-3);

    let url = nginx.url(&format!("/stream/{id}/playlist.m3u8"));
    run("ffmpeg", &["-xerror", "-i", &url, "-f", "null", "-"]);
    assert_eq!(probe(&url, "v:0", "packet=pts").len(), frames);
    for stream in ["v:0", "a:0"] {
        assert_eq!(probe(&url, stream, "packet=pts")[0], "0", "{stream}");
    }
    let copy = nginx.prefix().join("copy.mp4");
    let copy = copy.to_str().unwrap();
    run("ffmpeg", &["-i", &url, "-c", "copy", copy]);
    run("ffmpeg", &["-xerror", "-i", copy, "-f", "null", "-"]);
}

#[test]
fn the_file_at_the_end_is_as_ever() {
    let nginx = Setup::new().start();
    let text = "The same is said twice.";
    let digests = ["ts", "fmp4"].map(|format| {
        let body = json!({ "text": text, "language": "en", "segment_format": format });
        let answer = nginx.start_session(&body);
        let id = answer["session_id"].as_str().unwrap();
        let status = nginx.finished(id);
        let output = nginx.url(&format!("/hls/{id}/output.mp4"));
        run("ffmpeg", &["-xerror", "-i", &output, "-f", "null", "-"]);
        for stream in ["v:0", "a:0"] {
            let shown = probe(&output, stream, "stream=duration")[0].clone();
            let wanted = status["duration"].as_f64().unwrap();
            assert!((shown.parse::<f64>().unwrap() - wanted).abs() < 1e-3);
        }
        let streams = probe(&output, "v:0", "stream=nb_frames,codec_name,width");
        (streams, status["duration"].clone())
    });
    assert_eq!(digests[0], digests[1]);
}

#[test]
fn the_playlist_is_plain_in_every_form() {
    let nginx = Setup::new().workers(2).start();
    let id = start(&nginx, &SENTENCES.repeat(3), "live");
    for query in [
        "?_HLS_msn=1",
        "",
        "?_HLS_msn=2&_HLS_skip=YES",
        "?_HLS_msn=3&_HLS_part=0",
        "?_HLS_legacy=YES",
    ] {
        let text = playlist(&nginx, &id, query);
        assert!(text.starts_with("#EXTM3U\n#EXT-X-VERSION:3\n"), "{text}");
        for tag in ["PART", "SERVER-CONTROL", "PRELOAD", "SKIP", "MAP", "m4s"] {
            assert!(!text.contains(tag), "{tag} of {query} in {text}");
        }
        assert!(text.contains("\nsegment_000.ts\n"));
        for (seconds, name) in segments(&text) {
            assert_eq!(seconds, 1.0);
            assert_eq!(get(&nginx, &id, name).status, 200, "{name}");
        }
    }
    // What is listed next may be asked for already.
    let next = segments(&playlist(&nginx, &id, "")).len();
    let name = format!("segment_{next:03}.ts");
    assert_eq!(get(&nginx, &id, &name).status, 200);
    assert!(segments(&playlist(&nginx, &id, "")).len() > next);
    assert_eq!(get(&nginx, &id, "segment_099.ts").status, 404);
}

#[test]
fn a_reload_waits_for_whole_segments() {
    let nginx = Setup::new().workers(2).start();
    let id = start(&nginx, &SENTENCES.repeat(3), "live");
    for sequence in 1..=4 {
        let text = playlist(&nginx, &id, &format!("?_HLS_msn={sequence}"));
        assert!(segments(&text).len() >= sequence, "{text}");
    }
    let far = get(&nginx, &id, "playlist.m3u8?_HLS_msn=99");
    assert_eq!((far.status, far.code()), (400, "bad_parameter".to_owned()));
}

#[test]
fn an_interrupt_ends_with_the_last_whole_segment() {
    let nginx = Setup::new().workers(2).start();
    let id = start(&nginx, &SENTENCES.repeat(10), "live");
    let before = playlist(&nginx, &id, "?_HLS_msn=2");
    let body = json!({ "session_id": id });
    let answer = nginx.request("POST", "/api/stream/interrupt").json(&body);
    assert_eq!(answer.send().status, 200);
    let status = nginx.finished(&id);
    assert_eq!(status["error_code"], "interrupted");
    let after = playlist(&nginx, &id, "");
    assert!(after.starts_with(&before), "{before}\n{after}");
    assert!(after.ends_with("#EXT-X-ENDLIST\n"), "{after}");
    let listed = segments(&after);
    assert_eq!(status["segments"], listed.len());
    assert_eq!(status["duration"], listed.len() as f64);
    for (_, name) in &listed {
        assert_eq!(get(&nginx, &id, name).status, 200, "{name}");
    }
    for kind in ["ts", "m4s"] {
        let kept = std::fs::read_dir(nginx.session(&id)).unwrap();
        let names = kept.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let count = names
            .filter(|name| name.starts_with("segment_") && name.ends_with(kind))
            .count();
        assert_eq!(count, listed.len(), "{kind}");
    }
    let url = nginx.url(&format!("/stream/{id}/playlist.m3u8"));
    run("ffmpeg", &["-xerror", "-i", &url, "-f", "null", "-"]);
}

#[test]
fn captions_and_the_multivariant_playlist_are_as_ever() {
    let nginx = Setup::new().start();
    let id = start(&nginx, SENTENCES, "fast");
    nginx.finished(&id);
    let text = nginx.whole_playlist(&id);
    let captions = get(&nginx, &id, "captions.m3u8").text();
    assert_eq!(segments(&captions).len(), segments(&text).len());
    assert!(captions.starts_with("#EXTM3U\n#EXT-X-VERSION:3\n"));
    assert!(captions.contains("\ncaptions_000.vtt\n") && !captions.contains("SERVER-CONTROL"));
    // Their times count from where those of the segments do.
    let first = get(&nginx, &id, "captions_000.vtt").text();
    assert!(first.contains("X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000"));
    let master = get(&nginx, &id, "master.m3u8").text();
    let profile = std::fs::read(
        nginx
            .prefix()
            .join("avatar/sessions")
            .join(&id)
            .join("segment_000.ts"),
    )
    .map(|bytes| {
        let at = bytes
            .windows(5)
            .position(|five| five[..4] == [0, 0, 0, 1] && five[4] & 0x1f == 7);
        let sps = &bytes[at.unwrap() + 5..];
        format!("avc1.{:02x}{:02x}{:02x},mp4a.40.2", sps[0], sps[1], sps[2])
    })
    .unwrap();
    assert!(
        master.contains(&format!("CODECS=\"{profile}\"")),
        "{master}"
    );
    // No segment exceeds what is promised.
    let promised = master.split("BANDWIDTH=").nth(1).unwrap();
    let promised: f64 = promised.split(',').next().unwrap().parse().unwrap();
    for (seconds, name) in segments(&text) {
        let bits = get(&nginx, &id, name).body.len() as f64 * 8.0;
        assert!(
            seconds < 0.5 || bits / seconds <= promised,
            "{name}: {bits}"
        );
    }
}

#[test]
fn smaller_renditions_are_transport_streams_too() {
    let nginx = Setup::new().http("avatar_renditions 256;").start();
    let id = start(&nginx, SENTENCES, "fast");
    nginx.finished(&id);
    let text = nginx.whole_playlist(&id);
    let smaller = get(&nginx, &id, "256/playlist.m3u8").text();
    assert_eq!(segments(&smaller), segments(&text));
    let first = get(&nginx, &id, "256/segment_000.ts");
    assert_eq!(first.header("Content-Type"), "video/mp2t");
    let large = get(&nginx, &id, "segment_000.ts");
    assert!(first.body.len() < large.body.len());
    let url = nginx.url(&format!("/stream/{id}/256/playlist.m3u8"));
    run("ffmpeg", &["-xerror", "-i", &url, "-f", "null", "-"]);
    assert_eq!(probe(&url, "v:0", "stream=height")[0], "256");
}

#[test]
fn the_directive_decides_where_the_request_does_not() {
    let nginx = Setup::new().http("avatar_segment_format ts;").start();
    let body = |format| json!({ "text": "Hello.", "language": "en", "segment_format": format });
    for (format, kind) in [(None, ".ts"), (Some("ts"), ".ts"), (Some("fmp4"), ".m4s")] {
        let answer = nginx.start_session(&body(format));
        let text = nginx.whole_playlist(answer["session_id"].as_str().unwrap());
        let listed = segments(&text);
        assert!(
            !listed.is_empty() && listed.iter().all(|(_, name)| name.ends_with(kind)),
            "{format:?}: {text}"
        );
    }
    for wrong in [json!("mp4"), json!("TS"), json!(""), json!(1)] {
        let body = json!({ "text": "Hello.", "segment_format": wrong });
        let request = nginx.request("POST", "/api/stream/start").json(&body);
        let answer = request.send();
        let told = (answer.status, answer.code());
        assert_eq!(told, (400, "bad_parameter".to_owned()), "{wrong}");
    }
}

#[test]
fn what_was_made_in_one_format_does_not_answer_for_the_other() {
    let nginx = Setup::new().reuse("size=64m age=1h").start();
    for format in ["ts", "fmp4", "ts", "fmp4"] {
        let body = json!({ "text": "Once more.", "language": "en", "segment_format": format });
        let answer = nginx.start_session(&body);
        let id = answer["session_id"].as_str().unwrap();
        let text = nginx.whole_playlist(id);
        assert_eq!(text.contains("segment_000.ts\n"), format == "ts", "{text}");
        for (_, name) in segments(&text) {
            assert_eq!(get(&nginx, id, name).status, 200, "{name}");
        }
    }
}
