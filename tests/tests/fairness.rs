//! One client and the others of its worker.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use avatar_tests::{Nginx, Setup, until};
use serde_json::{Value, json};

/// Bytes of a film that takes a while even where nothing holds it up.
const LONG: u64 = 2 << 30;

/// What is asked for, again and again.
fn wanted() -> Value {
    json!({ "text": "A film that is made once.", "language": "en" })
}

/// Has a film made and kept; where it is. What was late on a busy machine is not kept, and made again.
fn keep_one(nginx: &Nginx) -> PathBuf {
    until("a film that is kept", || {
        let made = nginx.request("POST", "/api/generate");
        assert_eq!(made.json(&wanted()).send().status, 200);
        let entries = fs::read_dir(nginx.prefix().join("avatar/reuse"));
        let mut paths = entries.into_iter().flatten().map(|entry| entry.unwrap());
        let path = paths.find(|entry| entry.path().join("made.json").exists())?;
        Some(path.path())
    })
}

/// Makes the kept film one of [`LONG`] bytes, which take no room on the disk.
fn lengthen(kept: &Path) {
    let film = kept.join("output.mp4");
    let film = fs::OpenOptions::new().write(true).open(film).unwrap();
    film.set_len(LONG).unwrap();
    let manifest = kept.join("made.json");
    let mut made: Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    for file in made["files"].as_array_mut().unwrap() {
        if file[0] == "output.mp4" {
            file[1] = LONG.into();
        }
    }
    fs::write(manifest, made.to_string()).unwrap();
}

/// Loads the film as fast as it comes, and asks something else once it has begun to come; says whether that was answered while
/// the film still came.
fn answered_meanwhile(nginx: &Nginx) -> bool {
    let come = AtomicU64::new(0);
    thread::scope(|scope| {
        let body = wanted().to_string();
        let mut film = nginx.connect();
        film.write(format!(
            "POST /api/generate HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        ));
        let loading = scope.spawn(|| {
            let mut film = film;
            loop {
                let read = film.read(4 << 20).len() as u64;
                if read == 0 {
                    return come.load(Ordering::Relaxed);
                }
                come.fetch_add(read, Ordering::Relaxed);
            }
        });
        until("the film's first bytes", || {
            (come.load(Ordering::Relaxed) > 1 << 20).then_some(())
        });
        assert_eq!(nginx.request("GET", "/api/voices").send().status, 200);
        let then = come.load(Ordering::Relaxed);
        let whole = loading.join().unwrap();
        assert!(whole >= LONG, "{whole}");
        then < LONG
    })
}

#[test]
fn others_are_answered_while_a_fast_client_is_sent_a_film() {
    let nginx = Setup::new().reuse("size=64m age=1h").start();
    lengthen(&keep_one(&nginx));
    // On a busy machine the film may be over before anything is asked.
    assert!((0..4).any(|_| answered_meanwhile(&nginx)));
}
