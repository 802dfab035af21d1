//! A stream that is fed goes on for as long as somebody watches; what is kept of it does not grow.

use avatar_tests::ffmpeg::samples;
use avatar_tests::spoken::said;
use avatar_tests::{FormBody, Setup, until};

#[test]
fn a_live_stream_keeps_no_more_than_its_window() {
    const WINDOW: u64 = 10;
    let nginx = Setup::new().http("avatar_feed_window 10s;").start();
    let id = nginx.begin_driven(
        FormBody::default()
            .field("avatar", "anna")
            .field("format", "pcm_s16le"),
    );
    let playlist = |query: &str| {
        let path = format!("/hls/{id}/playlist.m3u8{query}");
        nginx.request("GET", &path).send().text()
    };
    let sequence = |playlist: &str| -> u64 {
        let tag = "#EXT-X-MEDIA-SEQUENCE:";
        let line = playlist.lines().find_map(|line| line.strip_prefix(tag));
        line.unwrap().parse().unwrap()
    };
    let first = nginx.session(&id).join("segment_000.m4s");
    let mut before = 1;
    until("the first segment leaves the disk", || {
        let playlist = playlist("?_HLS_legacy=YES");
        let now = sequence(&playlist);
        assert!(now >= before);
        before = now;
        let listed = playlist.matches("#EXTINF").count() as u64;
        assert!(now == 1 || listed >= WINDOW, "{playlist}");
        assert!(listed <= WINDOW + 2, "{playlist}");
        // What has just left can still be fetched.
        if (2..=4).contains(&now) {
            let path = format!("/hls/{id}/segment_000.m4s");
            assert_eq!(nginx.request("GET", &path).send().status, 200);
        }
        (!first.exists()).then_some(())
    });
    assert!(before > WINDOW, "{before}");
    let files = std::fs::read_dir(nginx.session(&id)).unwrap();
    let segments = files
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("segment_") && name.matches('.').count() == 1);
    assert!((segments.count() as u64) < 3 * WINDOW);
    let path = format!("/hls/{id}/segment_000.m4s");
    assert_eq!(nginx.request("GET", &path).send().status, 404);
    // It is still fed and watched to its end.
    assert_eq!(
        nginx
            .feed(
                &id,
                &said("Papa and Mama go far.", "en-us", &["-f", "wav"]),
                true
            )
            .status,
        200
    );
    nginx.completed(&id);
    until("the end is listed", || {
        playlist("").contains("#EXT-X-ENDLIST").then_some(())
    });
    let path = format!("/hls/{id}/output.mp4");
    assert_eq!(nginx.request("GET", &path).send().status, 404);
    let film = samples(&nginx.url(&format!("/hls/{id}/playlist.m3u8")));
    let loud = film.iter().filter(|sample| sample.abs() > 0.05).count();
    assert!(loud > 10_000, "{loud}");
}
