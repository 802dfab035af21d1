//! The same pictures in several sizes.

use std::process::Command;

use avatar_tests::{Nginx, Setup};
use serde_json::json;

fn setup() -> Setup {
    Setup::new().http("avatar_renditions 256 128;").workers(2)
}

fn text(nginx: &Nginx, path: &str) -> String {
    let answer = nginx.request("GET", path).send();
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}

/// Decodes all of `url`; says how large its pictures are and how many there are.
fn decode(url: &str) -> String {
    let output = Command::new("ffprobe")
        .args(["-v", "warning", "-count_frames", "-select_streams", "v:0"])
        .args(["-show_entries", "stream=width,height,nb_read_frames"])
        .args(["-of", "csv=p=0", url])
        .output()
        .expect("ffprobe (Debian package ffmpeg) is installed");
    let complaints = String::from_utf8(output.stderr).unwrap();
    assert_eq!(complaints, "", "{url}");
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines()
        .next()
        .unwrap()
        .trim_end_matches(',')
        .to_owned()
}

#[test]
fn each_size_is_announced_and_plays() {
    let nginx = setup().start();
    let id = nginx.speak("One sentence in three sizes, long enough for a few segments.");
    nginx.finished(&id);
    nginx.whole_playlist(&id);
    let master = text(&nginx, &format!("/stream/{id}/master.m3u8"));
    for (size, uri) in [
        ("RESOLUTION=512x512,", "\nplaylist.m3u8"),
        ("RESOLUTION=256x256,", "\n256/playlist.m3u8"),
        ("RESOLUTION=128x128,", "\n128/playlist.m3u8"),
    ] {
        assert!(master.contains(size) && master.contains(uri), "{master}");
    }
    let large = decode(&nginx.url(&format!("/stream/{id}/playlist.m3u8")));
    let frames = large.strip_prefix("512,512,").unwrap();
    for height in [256, 128] {
        let url = nginx.url(&format!("/hls/{id}/{height}/playlist.m3u8"));
        assert_eq!(decode(&url), format!("{height},{height},{frames}"));
    }
    let path = format!("/stream/{id}/64/playlist.m3u8");
    assert_eq!(nginx.request("GET", &path).send().status, 404);
}

#[test]
fn all_sizes_grow_together_and_say_how_far_the_others_are() {
    let nginx = setup().start();
    let body = json!({
        "text": "This sentence is said many times. ".repeat(6), "language": "en", "pace": "live",
    });
    let answer = nginx.start_session(&body);
    let id = answer["session_id"].as_str().unwrap();
    let query = "_HLS_msn=2&_HLS_part=1";
    let small = text(&nginx, &format!("/stream/{id}/256/playlist.m3u8?{query}"));
    for other in ["../playlist.m3u8", "../128/playlist.m3u8"] {
        let report = format!("#EXT-X-RENDITION-REPORT:URI=\"{other}\",LAST-MSN=2,LAST-PART=");
        assert!(small.contains(&report), "{small}");
    }
    let large = text(&nginx, &format!("/stream/{id}/playlist.m3u8?{query}"));
    assert!(large.contains("#EXT-X-RENDITION-REPORT:URI=\"256/playlist.m3u8\","));
    for playlist in [(&small, "256/"), (&large, "")] {
        let (playlist, directory) = playlist;
        let hint = playlist
            .lines()
            .find(|line| line.starts_with("#EXT-X-PRELOAD-HINT"))
            .unwrap();
        let next = hint.split('"').nth(1).unwrap();
        let path = format!("/stream/{id}/{directory}{next}");
        assert_eq!(nginx.request("GET", &path).send().status, 200, "{path}");
    }
}

#[test]
fn an_interrupt_ends_all_sizes_at_the_same_part() {
    let nginx = setup().start();
    let body = json!({
        "text": "This sentence is said many times. ".repeat(60), "language": "en", "pace": "live",
    });
    let answer = nginx.start_session(&body);
    let id = answer["session_id"].as_str().unwrap();
    text(
        &nginx,
        &format!("/stream/{id}/playlist.m3u8?_HLS_msn=2&_HLS_part=1"),
    );
    let interrupt = nginx.request("POST", "/api/stream/interrupt");
    interrupt.json(&json!({ "session_id": id })).send();
    nginx.whole_playlist(id);
    let large = decode(&nginx.url(&format!("/stream/{id}/playlist.m3u8?_HLS_legacy=YES")));
    let frames = large.strip_prefix("512,512,").unwrap();
    for height in [256, 128] {
        let url = nginx.url(&format!(
            "/stream/{id}/{height}/playlist.m3u8?_HLS_legacy=YES"
        ));
        assert_eq!(decode(&url), format!("{height},{height},{frames}"));
    }
}

#[test]
fn sizes_that_make_no_sense_are_refused() {
    for (directives, reason) in [
        ("avatar_renditions 255;", "even"),
        ("avatar_renditions 128 256;", "smaller than the one before"),
        ("avatar_renditions 32;", "from 64 to 1920"),
        ("avatar_renditions 512;", "512 pixels high"),
    ] {
        let complaint = Setup::new().http(directives).complaint();
        assert!(complaint.contains("avatar_renditions"), "{complaint}");
        assert!(complaint.contains(reason), "{complaint}");
    }
}
