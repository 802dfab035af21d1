//! Faces as streams of still pictures.

use std::fs;
use std::thread;
use std::time::Duration;

use avatar_tests::{Answer, Download, Nginx, Setup, SmallDisk, ffmpeg, until};
use serde_json::{Value, json};

const PATH: &str = "/api/stream_mjpeg";
const SENTENCE: &str = "Every picture of this sentence is a file of its own.";

fn ask(nginx: &Nginx, body: &Value) -> Answer {
    nginx.request("POST", PATH).json(body).send()
}

/// The pictures of a stream, and whether it came to its end.
fn pictures(body: &[u8]) -> (Vec<&[u8]>, bool) {
    let mut rest = body.strip_prefix(b"--avatar-still").expect("a boundary");
    let mut pictures = Vec::new();
    while let Some(end) = rest.windows(4).position(|four| four == b"\r\n\r\n") {
        let head = std::str::from_utf8(&rest[..end]).unwrap();
        assert!(head.contains("\r\nContent-Type: image/jpeg"), "{head}");
        let length = head.split("Content-Length: ").nth(1).unwrap();
        let length: usize = length.trim().parse().unwrap();
        let Some((picture, after)) = rest[end + 4..].split_at_checked(length) else {
            return (pictures, false);
        };
        assert!(picture.starts_with(&[0xff, 0xd8]) && picture.ends_with(&[0xff, 0xd9]));
        pictures.push(picture);
        match after.strip_prefix(b"\r\n--avatar-still") {
            Some(next) => rest = next,
            None => return (pictures, false),
        }
    }
    (pictures, rest == b"--\r\n")
}

fn sessions(nginx: &Nginx) -> usize {
    let found = fs::read_dir(nginx.prefix().join("avatar/sessions"));
    found.map_or(0, Iterator::count)
}

fn nothing_is_left(nginx: &Nginx) {
    until("the sessions' end", || (sessions(nginx) == 0).then_some(()));
}

#[test]
fn ffmpeg_reads_the_pictures_of_a_sentence() {
    let nginx = Setup::new().workers(2).start();
    for (number, low_latency) in [true, false].into_iter().enumerate() {
        let body = json!({ "text": SENTENCE, "language": "en", "low_latency": low_latency });
        let download = Download::from_another_worker(&nginx, PATH, &body);
        assert_eq!(
            download.header("Content-Type"),
            "multipart/x-mixed-replace; boundary=avatar-still"
        );
        assert_eq!(download.header("Cache-Control"), "no-store");
        assert_eq!(download.header("X-Accel-Buffering"), "no");
        let (stream, whole) = download.finish();
        let (pictures, ended) = pictures(&stream);
        assert!(whole && ended);
        let file = nginx.prefix().join(format!("{number}.mjpeg"));
        fs::write(&file, &stream).unwrap();
        let file = file.to_str().unwrap();
        let read = ffmpeg::run(
            "ffprobe",
            &[
                "-f",
                "mpjpeg",
                "-count_frames",
                "-show_entries",
                "stream=width,height,nb_read_frames",
                "-of",
                "csv=p=0",
                file,
            ],
        );
        let read = String::from_utf8(read).unwrap();
        let count: usize = read
            .trim()
            .strip_prefix("512,512,")
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(count, pictures.len());
        // Four seconds; whoever reads on a busy machine may miss some.
        assert!((60..150).contains(&count), "{count} pictures");
        let moving = pictures.windows(2).filter(|two| two[0] != two[1]).count();
        assert!(
            moving > count / 2,
            "{moving} of {count} differ from the one before"
        );
    }
    nothing_is_left(&nginx);
}

#[test]
fn an_image_is_asked_for_by_a_query() {
    let nginx = Setup::new().start();
    let query = "text=%D0%9F%D1%80%D0%B8%D0%B2%D0%B5%D1%82!&language=ru&low_latency=1";
    let (stream, whole) = Download::get(&nginx, &format!("{PATH}?{query}")).finish();
    let (pictures, ended) = pictures(&stream);
    assert!(whole && ended && pictures.len() > 10, "{}", pictures.len());
    let head = nginx.request("HEAD", &format!("{PATH}?{query}")).send();
    assert_eq!((head.status, head.body.len()), (200, 0));
    nothing_is_left(&nginx);
}

#[test]
fn the_same_frames_are_seen_by_several_and_listed_for_others() {
    let nginx = Setup::new().workers(2).start();
    let body = json!({ "text": SENTENCE.repeat(2), "language": "en", "pace": "live" });
    let session = nginx.start_session(&body)["session_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("{PATH}?session_id={session}");
    let seen: Vec<_> = thread::scope(|scope| {
        let watch = || Download::get(&nginx, &path).finish().0;
        let watchers = [(); 3].map(|()| scope.spawn(watch));
        watchers.map(|watcher| watcher.join().unwrap()).into()
    });
    for stream in &seen {
        let (pictures, ended) = pictures(stream);
        assert!(ended && pictures.len() > 60, "{} pictures", pictures.len());
    }
    let (first, second) = (pictures(&seen[0]).0, pictures(&seen[1]).0);
    let shared = first
        .iter()
        .filter(|picture| second.contains(picture))
        .count();
    assert!(shared * 10 > first.len() * 8, "{shared} of {}", first.len());
    assert_eq!(nginx.finished(&session)["status"], "ready");
    nginx.whole_playlist(&session);
    ffmpeg::decode(&nginx.url(&format!("/hls/{session}/output.mp4")));
}

#[test]
fn a_slow_client_gets_the_newest_and_holds_up_nobody() {
    let nginx = Setup::new()
        .video("avatar_video 1280x720;")
        .http("avatar_mjpeg quality=100 queue=10;")
        .start();
    let body = json!({ "text": SENTENCE.repeat(3), "language": "en", "pace": "live" });
    let session = nginx.start_session(&body)["session_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("{PATH}?session_id={session}");
    let (slow, fast) = thread::scope(|scope| {
        let fast = scope.spawn(|| Download::get(&nginx, &path).finish().0);
        let slow = Download::get(&nginx, &path);
        thread::sleep(Duration::from_secs(6));
        (slow.finish().0, fast.join().unwrap())
    });
    let (slow, fast) = (pictures(&slow), pictures(&fast));
    assert!(slow.1 && fast.1, "both come to the end");
    assert_eq!(slow.0.last(), fast.0.last());
    assert!(
        slow.0.len() + 20 < fast.0.len(),
        "{} and {}",
        slow.0.len(),
        fast.0.len()
    );
}

#[test]
fn a_client_that_goes_stops_the_work_at_once() {
    let nginx = Setup::new()
        .workers(2)
        .http("avatar_max_text 100000; avatar_max_sessions 1;")
        .start();
    let body = json!({ "text": SENTENCE.repeat(500), "language": "en" });
    let download = Download::begin(&nginx, PATH, &body);
    let session = download.session().to_owned();
    assert_eq!(nginx.status(&session)["status"], "processing");
    drop(download);
    nothing_is_left(&nginx);
    let status = nginx
        .request("GET", &format!("/api/stream/status/{session}"))
        .send();
    assert_eq!(status.status, 404);
    assert_eq!(
        ask(&nginx, &json!({ "text": "Next.", "language": "en" })).status,
        200
    );
}

#[test]
fn a_reload_in_the_middle_changes_nothing() {
    let nginx = Setup::new().workers(2).start();
    let download = Download::begin(&nginx, PATH, &json!({ "text": SENTENCE, "language": "en" }));
    nginx.reload();
    let (stream, whole) = download.finish();
    let (pictures, ended) = pictures(&stream);
    assert!(whole && ended && pictures.len() > 60, "{}", pictures.len());
}

#[test]
fn pictures_come_through_a_proxy_as_they_are_made() {
    let origin = Setup::new().start();
    let proxy = Setup::new()
        .off()
        .server(&format!(
            "location /api/ {{ proxy_pass http://127.0.0.1:{}; }}",
            origin.port()
        ))
        .start();
    let body = json!({ "text": SENTENCE.repeat(20), "language": "en" });
    // The first pictures are there long before the last is made.
    let download = Download::begin(&proxy, PATH, &body);
    assert_eq!(origin.status(download.session())["status"], "processing");
    drop(download);
    nothing_is_left(&origin);
}

#[test]
fn what_cannot_be_seen_is_refused() {
    let nginx = Setup::new().start();
    let refused = |body: Value| {
        let answer = ask(&nginx, &body);
        (answer.status, answer.code())
    };
    let code = |status: u16, code: &str| (status, code.to_owned());
    assert_eq!(refused(json!({ "text": " " })), code(400, "empty_text"));
    assert_eq!(
        refused(json!({ "text": "a", "low_latency": 1 })),
        code(400, "bad_parameter")
    );
    assert_eq!(
        refused(json!({ "text": "a", "avatar": "nobody" })),
        code(400, "unknown_avatar")
    );
    assert_eq!(
        refused(json!({ "session_id": "x" })),
        code(404, "unknown_session")
    );
    let gone = json!({ "session_id": "01936b5e-0000-7000-8000-000000000001" });
    assert_eq!(refused(gone), code(404, "unknown_session"));
    let sound = nginx.read_out("Nothing to see here.");
    assert_eq!(
        refused(json!({ "session_id": sound })),
        code(400, "bad_parameter")
    );
    let fast = nginx.speak(&SENTENCE.repeat(40));
    assert_eq!(
        refused(json!({ "session_id": fast })),
        code(400, "bad_parameter")
    );
    let method = nginx.request("PUT", PATH).send();
    assert_eq!(
        (method.status, method.header("Allow")),
        (405, "GET, HEAD, POST, OPTIONS")
    );
    assert_eq!(nginx.request("GET", PATH).send().code(), "empty_text");
    assert_eq!(
        nginx.request("POST", PATH).body("{").send().code(),
        "bad_json"
    );
}

#[test]
fn a_full_disk_is_told_of() {
    let disk = SmallDisk::mount(1024);
    let nginx = disk.setup().start();
    // Once for the directories, which should not be what there is no room for.
    assert_eq!(
        ask(&nginx, &json!({ "text": "One.", "language": "en" })).status,
        200
    );
    until("room", || {
        let left = fs::read_dir(disk.path().join("sessions")).unwrap().count();
        (left == 0).then_some(())
    });
    let filler = disk.path().join("filler");
    fs::write(&filler, vec![0; 2 << 20]).unwrap_err();
    // Enough for a job, and for no picture.
    let length = fs::metadata(&filler).unwrap().len();
    let file = fs::OpenOptions::new().write(true).open(&filler).unwrap();
    file.set_len(length.saturating_sub(24 * 1024)).unwrap();
    drop(file);
    let answer = ask(&nginx, &json!({ "text": SENTENCE, "language": "en" }));
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (500, "disk_full"),
        "{}",
        answer.text()
    );
    fs::remove_file(&filler).unwrap();
    assert_eq!(
        ask(&nginx, &json!({ "text": "Two.", "language": "en" })).status,
        200
    );
}
