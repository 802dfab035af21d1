//! Faces that are driven by sound, and clients and disks that fail them.

use std::fs;
use std::path::Path;

use avatar_tests::{Connection, FormBody, Nginx, Setup, SmallDisk, until};

/// The names in a directory, if there is one.
fn names(place: &Path) -> Vec<String> {
    let entries = fs::read_dir(place).into_iter().flatten();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// Waits until there are no sessions but `kept`, and nothing of what came in.
fn nothing_left(nginx: &Nginx, kept: &[&str]) {
    let sessions = nginx.session("x").parent().unwrap().to_owned();
    let incoming = sessions.with_file_name("incoming");
    until("nothing is left", || {
        let left = names(&sessions);
        (left == kept && names(&incoming).is_empty()).then_some(())
    });
}

/// Sends the first `part` of a form.
fn send_part(nginx: &Nginx, call: &str, form: FormBody, part: f64) -> Connection {
    let body = form.whole();
    let mut connection = nginx.connect();
    connection.write(format!(
        "POST /api/audio-driven{call} HTTP/1.1\r\nHost: x\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n",
        FormBody::kind(),
        body.len()
    ));
    let sent = (body.len() as f64 * part) as usize;
    connection.write(&body[..sent]);
    connection
}

fn anna() -> FormBody {
    FormBody::default()
        .field("avatar", "anna")
        .field("format", "pcm_s16le")
}

/// Samples without a header: a tone.
fn tone(seconds: usize) -> Vec<u8> {
    let sample = |n: usize| ((n as f32 * 0.05).sin() * 9_000.0) as i16;
    (0..seconds * 24_000)
        .flat_map(|n| sample(n).to_le_bytes())
        .collect()
}

#[test]
fn a_client_that_goes_while_it_sends_leaves_nothing() {
    let nginx = Setup::new()
        .workers(2)
        .location("client_body_buffer_size 16k;")
        .start();
    let id = nginx.begin_driven(anna());
    for part in [0.1, 0.5, 0.95] {
        let picture = vec![0x55; 600_000];
        send_part(
            &nginx,
            "/chunked/init",
            FormBody::default().file("image", &picture),
            part,
        );
        for call in ["", "/stream", "?async=1"] {
            send_part(&nginx, call, anna().file("audio", &tone(20)), part);
        }
        let piece = FormBody::default().field("session_id", &id);
        send_part(
            &nginx,
            "/chunked/feed",
            piece.file("audio_chunk", &tone(20)),
            part,
        );
    }
    let body = nginx.prefix().join("body");
    until("nginx has let go of it", || {
        names(&body).is_empty().then_some(())
    });
    nothing_left(&nginx, &[&id]);
    // What came in part was not taken.
    let waiting = nginx.driven(&id)["buffer_samples"].as_u64();
    assert!(waiting < Some(48_000), "{waiting:?}");
    assert_eq!(nginx.feed(&id, &tone(1), true).status, 200);
    nginx.completed(&id);
}

#[test]
fn a_client_that_goes_while_it_is_held_takes_its_session_along() {
    let nginx = Setup::new()
        .workers(2)
        .http("avatar_max_sessions 1;")
        .start();
    let first = nginx.begin_driven(anna());
    for (call, form) in [
        ("/chunked/init", anna()),
        ("", anna().file("audio", &tone(1))),
        ("/stream", anna().file("audio", &tone(1))),
        ("?async=1", anna().file("audio", &tone(1))),
    ] {
        let connection = send_part(&nginx, call, form, 1.0);
        let sessions = nginx.session("x").parent().unwrap().to_owned();
        until("it waits for its turn", || {
            (names(&sessions).len() == 2).then_some(())
        });
        drop(connection);
        nothing_left(&nginx, &[&first]);
    }
    let path = format!("/api/audio-driven/chunked/session/{first}");
    assert_eq!(nginx.request("DELETE", &path).send().status, 200);
    // The place is free, and what was told to its client stays.
    let second = nginx.begin_driven(anna());
    assert_eq!(nginx.feed(&second, &tone(1), true).status, 200);
    nginx.completed(&second);
    nothing_left(&nginx, &[&second]);
}

/// Fills what is left of a disk, but for less than a page.
fn fill(disk: &SmallDisk) -> std::path::PathBuf {
    let filler = disk.path().join("filler");
    fs::write(&filler, vec![0; 64 << 20]).unwrap_err();
    filler
}

#[test]
fn on_a_full_disk_a_session_is_refused_and_leaves_nothing() {
    let disk = SmallDisk::mount(16 << 10);
    let nginx = disk.setup().workers(2).start();
    nothing_left(&nginx, &[]);
    let filler = fill(&disk);
    let picture = vec![0x55; 200_000];
    for (call, form) in [
        ("/chunked/init", anna()),
        ("/chunked/init", FormBody::default().file("image", &picture)),
        ("", anna().file("audio", &tone(5))),
        ("/stream", anna().file("audio", &tone(5))),
    ] {
        let answer = nginx.drive(call, form);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (500, "internal"),
            "{call}: {}",
            answer.text()
        );
        assert!(answer.text().contains("no room left"), "{}", answer.text());
    }
    nothing_left(&nginx, &[]);
    fs::remove_file(filler).unwrap();
    let id = nginx.begin_driven(anna());
    assert_eq!(nginx.feed(&id, &tone(1), true).status, 200);
    nginx.completed(&id);
}

#[test]
fn on_a_full_disk_a_piece_is_refused_and_the_next_is_taken() {
    let disk = SmallDisk::mount(16 << 10);
    // What is read into memory leaves the whole disk to the feed.
    let nginx = disk
        .setup()
        .workers(2)
        .location("client_body_buffer_size 4m; client_max_body_size 8m;")
        .start();
    let id = nginx.begin_driven(anna());
    let mut filler = None;
    let refused = until("a piece for which there is no room", || {
        filler = Some(fill(&disk));
        let answer = nginx.feed(&id, &tone(20), false);
        (answer.status != 200).then_some(answer)
    });
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (500, "internal"),
        "{}",
        refused.text()
    );
    assert!(refused.text().contains("no room left"));
    fs::remove_file(filler.unwrap()).unwrap();
    assert_eq!(names(&disk.path().join("incoming")), Vec::<String>::new());
    let state = nginx.driven(&id);
    if state["status"] == "error" {
        // The stream itself found no room while there was none.
        assert_eq!(state["error_code"], "disk_full", "{state}");
        return;
    }
    let waiting = state["buffer_samples"].as_u64();
    assert!(waiting < Some(48_000), "nothing of it was kept: {state}");
    assert_eq!(nginx.feed(&id, &tone(1), true).status, 200);
    until("the end", || {
        let state = nginx.driven(&id);
        (state["status"] != "active").then_some(())
    });
}
