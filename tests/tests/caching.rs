//! What caches and conditional requests may rely on.

use avatar_tests::{Setup, until};

#[test]
fn every_file_says_how_long_it_is_true() {
    let nginx = Setup::new().start();
    let id = nginx.speak(&"This sentence is said many times. ".repeat(40));
    let playlist = format!("/stream/{id}/playlist.m3u8");
    let live = nginx
        .request("GET", &playlist)
        .header("Range", "bytes=0-3")
        .send();
    assert_eq!(live.status, 200);
    assert!(!live.text().contains("#EXT-X-ENDLIST"));
    assert_eq!(live.header("Cache-Control"), "no-cache");
    let tag = live.header("ETag");
    assert!(!tag.is_empty());
    assert_eq!(live.header("Last-Modified"), "");
    assert_eq!(live.header("Priority"), "u=1");
    let again = nginx
        .request("GET", &playlist)
        .header("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT")
        .send();
    assert_eq!(again.status, 200);
    nginx.grown(&id, 3);
    let newer = nginx
        .request("GET", &playlist)
        .header("If-None-Match", tag)
        .send();
    assert_eq!(newer.status, 200);
    assert_ne!(newer.header("ETag"), tag);
    let awaited = nginx
        .request("GET", &format!("{playlist}?_HLS_msn=4&_HLS_part=0"))
        .send();
    let shared_only = "public, max-age=0, s-maxage=6";
    assert_eq!(awaited.header("Cache-Control"), shared_only);

    nginx.whole_playlist(&id);
    until("a playlist that may be kept", || {
        let finished = nginx.request("GET", &playlist).send();
        let kept = finished.header("Cache-Control");
        kept.contains("max-age=3600").then_some(())
    });
    for (name, kind, priority) in [
        ("init.mp4", "video/mp4", "u=2"),
        ("segment_000.m4s", "video/iso.segment", "u=3"),
        ("captions_000.vtt", "text/vtt", "u=3"),
    ] {
        let file = nginx.request("GET", &format!("/hls/{id}/{name}")).send();
        assert_eq!(file.status, 200, "{name}");
        assert_eq!(file.header("Content-Type"), kind);
        assert_eq!(file.header("Priority"), priority);
        assert_eq!(
            file.header("Cache-Control"),
            "public, max-age=31536000, immutable"
        );
        let tag = file.header("ETag");
        assert!(!tag.is_empty());
        let same = nginx
            .request("GET", &format!("/hls/{id}/{name}"))
            .header("If-None-Match", tag)
            .send();
        assert_eq!((same.status, same.body.len()), (304, 0));
    }
}

#[test]
fn the_file_comes_in_ranges_and_head_is_answered() {
    let nginx = Setup::new().start();
    let id = nginx.speak("One, two, three.");
    let path = format!("/hls/{id}/output.mp4");
    // Held until it is ready.
    let whole = nginx.request("GET", &path).send();
    assert_eq!(
        (whole.status, whole.header("Content-Type")),
        (200, "video/mp4")
    );
    let head = nginx.request("HEAD", &path).send();
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("Content-Length"), whole.body.len().to_string());
    let part = nginx
        .request("GET", &path)
        .header("Range", "bytes=100-199")
        .send();
    assert_eq!(part.status, 206);
    assert_eq!(Some(part.body.as_slice()), whole.body.get(100..200));
    let beyond = nginx
        .request("GET", &path)
        .header("Range", "bytes=99999999-")
        .send();
    assert_eq!(beyond.status, 416);
    assert_eq!(beyond.header("Cache-Control"), "no-store");
    assert_eq!(beyond.count("Cache-Control"), 1);
    for path in [
        format!("/api/stream/status/{id}"),
        "/api/voices".to_owned(),
        format!("/api/stream/events/{id}"),
        format!("/stream/{id}/playlist.m3u8"),
    ] {
        let head = nginx.request("HEAD", &path).send();
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
    }
}

#[test]
fn other_directives_of_the_location_do_not_interfere() {
    let nginx = Setup::new()
        .location(
            "root /nonexistent; try_files $uri /fallback; open_file_cache max=100; etag off;
             default_type text/plain; types { text/plain m3u8 m4s; } gzip on; gzip_min_length 1;
             gzip_types application/vnd.apple.mpegurl application/json;",
        )
        .server("location = /fallback { return 418; }")
        .start();
    let id = nginx.speak("One.");
    nginx.finished(&id);
    let playlist = nginx
        .request("GET", &format!("/stream/{id}/playlist.m3u8"))
        .send();
    assert_eq!(playlist.status, 200);
    assert_eq!(
        playlist.header("Content-Type"),
        "application/vnd.apple.mpegurl"
    );
    let zipped = nginx
        .request("GET", &format!("/api/stream/status/{id}"))
        .header("Accept-Encoding", "gzip")
        .send();
    assert_eq!(zipped.header("Content-Encoding"), "gzip");
    assert_eq!(nginx.request("GET", "/elsewhere").send().status, 418);
}
