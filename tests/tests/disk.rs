//! A disk that runs full.

use std::fs;
use std::path::Path;
use std::process::Command;

use avatar_tests::{Setup, until};
use serde_json::json;

/// A small file system of its own, as long as this lives.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// `None` where this user may not mount one.
    fn mount(kilobytes: u32) -> Option<Self> {
        let place = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o"])
            .arg(format!("size={kilobytes}k"))
            .arg("tmpfs")
            .arg(place.path())
            .status();
        mounted
            .is_ok_and(|status| status.success())
            .then_some(Self(place))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

#[test]
fn a_full_disk_fails_the_session_that_fills_it_and_no_other() {
    let Some(disk) = SmallDisk::mount(1024) else {
        eprintln!("skipped: only root may mount the small file system this needs");
        return;
    };
    let nginx = Setup::new()
        .workers(2)
        .http(&format!("avatar_data {};", disk.path().display()))
        .start();
    let id = nginx.speak(&"A sentence that is said again and again. ".repeat(100));
    let status = nginx.finished(&id);
    assert_eq!(status["status"], "failed", "{status}");
    assert_eq!(status["error_code"], "disk_full", "{status}");
    assert!(status["error"].as_str().unwrap().contains("disk"));

    let body = json!({ "session_id": id });
    let answer = nginx.request("POST", "/api/cleanup").json(&body).send();
    assert_eq!(answer.status, 200);
    let id = nginx.speak("Room again.");
    assert_eq!(nginx.finished(&id)["status"], "ready");
}

#[test]
fn what_is_kept_for_reuse_gives_way_to_sessions() {
    let Some(disk) = SmallDisk::mount(1024) else {
        eprintln!("skipped: only root may mount the small file system this needs");
        return;
    };
    let nginx = Setup::new()
        .http(&format!("avatar_data {};", disk.path().display()))
        .reuse("size=8m")
        .start();
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
    let Some(disk) = SmallDisk::mount(1024) else {
        eprintln!("skipped: only root may mount the small file system this needs");
        return;
    };
    let nginx = Setup::new()
        .workers(2)
        .http(&format!("avatar_data {};", disk.path().display()))
        .start();
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
