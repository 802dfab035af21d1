//! A disk that runs full.

use std::fs;

use avatar_tests::{SmallDisk, until};
use serde_json::json;

#[test]
fn a_full_disk_fails_the_session_that_fills_it_and_no_other() {
    let disk = SmallDisk::mount(1024);
    let nginx = disk.setup().workers(2).start();
    let id = nginx.speak(&"A sentence that is said again and again. ".repeat(100));
    let status = nginx.finished(&id);
    assert_eq!(status["status"], "failed", "{status}");
    assert_eq!(status["error_code"], "disk_full", "{status}");
    assert!(status["error"].as_str().unwrap().contains("disk"));
    nginx.whole_playlist(&id);

    let body = json!({ "session_id": id });
    let answer = nginx.request("POST", "/api/cleanup").json(&body).send();
    assert_eq!(answer.status, 200);
    let id = nginx.speak("Room again.");
    assert_eq!(nginx.finished(&id)["status"], "ready");
}

#[test]
fn sound_alone_and_text_that_comes_by_and_by_are_told_of_a_full_disk() {
    let disk = SmallDisk::mount(1024);
    let nginx = disk.setup().workers(2).start();
    // It begins with its first word, and writes nothing before.
    let open = nginx.start_audio(&json!({ "prompt": "", "final": false, "pace": "fast" }));
    let open = open["session_id"].as_str().unwrap();
    let id = nginx.read_out(&"A sentence that is said again and again. ".repeat(100));
    let status = nginx.finished(&id);
    assert_eq!(status["error_code"], "disk_full", "{status}");
    let task = nginx
        .request("GET", &format!("/audiostream/task-status/{id}/"))
        .send()
        .value();
    assert_eq!(task["state"], "FAILURE", "{task}");
    assert_eq!(task["error_code"], "disk_full", "{task}");
    nginx.whole_playlist(&id);

    // What is left of the disk, and one byte more.
    fs::write(disk.path().join("filler"), vec![0; 1024 * 1024]).unwrap_err();
    let piece = json!({ "session_id": open, "text": "a ".repeat(2400) });
    let refused = until("a piece for which there is no room", || {
        let answer = nginx
            .request("POST", "/api/stream/append")
            .json(&piece)
            .send();
        (answer.status != 200).then_some(answer)
    });
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (500, "internal"),
        "{}",
        refused.text()
    );

    fs::remove_file(disk.path().join("filler")).unwrap();
    let body = json!({ "session_id": id });
    nginx.request("POST", "/api/cleanup").json(&body).send();
    nginx.append(open, " There is room again.", true);
    assert_eq!(nginx.finished(open)["status"], "ready");
}

#[test]
fn what_is_kept_for_reuse_gives_way_to_sessions() {
    let disk = SmallDisk::mount(1024);
    let nginx = disk.setup().reuse("size=8m").start();
    let kept = || fs::read_dir(disk.path().join("reuse")).unwrap().count();
    let id = nginx.speak("Good morning.");
    nginx.finished(&id);
    until("something kept", || (kept() > 0).then_some(()));
    let id = nginx.speak(&"A sentence that is said again and again. ".repeat(100));
    assert_eq!(nginx.finished(&id)["error_code"], "disk_full");
    until("an empty shelf", || (kept() == 0).then_some(()));
}

#[test]
fn a_recording_that_fills_the_disk_is_not_taken_for_the_whole() {
    let disk = SmallDisk::mount(1024);
    let nginx = disk.setup().workers(2).start();
    let text = "A sentence that is said again and again. ".repeat(100);
    let body = json!({ "input": text, "response_format": "wav" }).to_string();
    let mut connection = nginx.connect();
    connection.write(format!(
        "POST /v1/audio/speech HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    let mut answer = Vec::new();
    loop {
        match connection.read(1 << 16) {
            read if read.is_empty() => break,
            read => answer.extend(read),
        }
    }
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    assert!(!answer.ends_with(b"\r\n0\r\n\r\n"), "it came to its end");
    until("room on the disk", || {
        let sessions = fs::read_dir(disk.path().join("sessions")).unwrap();
        (sessions.count() == 0).then_some(())
    });
    let answer = nginx.request("POST", "/v1/audio/speech");
    let answer = answer.json(&json!({ "input": "Room again." })).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
}
