//! Real audio for speech engines to answer with, and voices that are theirs.

use std::collections::HashMap;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;

use crate::Setup;

/// An nginx with one engine that is asked as OpenAI is, for MP3, and its voice `nova`; more may be said of both.
pub fn voiced(url: &str, engine: &str, voice: &str) -> Setup {
    Setup::new().http(&format!(
        "avatar_speech_engine net openai url={url} format=mp3 {engine};
         avatar_speech_voice nova engine=net lang=en {voice};"
    ))
}

/// `text` in English as MP3.
pub fn mp3(text: &str) -> Vec<u8> {
    said(text, "en", &["-f", "mp3", "-b:a", "48k"])
}

/// `text` said by espeak-ng, encoded by ffmpeg as its `arguments` say.
pub fn said(text: &str, voice: &str, arguments: &[&str]) -> Vec<u8> {
    type Known = HashMap<(String, String, String), Vec<u8>>;
    static KNOWN: Mutex<Option<Known>> = Mutex::new(None);
    let key = (text.to_owned(), voice.to_owned(), arguments.join(" "));
    let mut known = KNOWN.lock().unwrap();
    let known = known.get_or_insert_default();
    if let Some(audio) = known.get(&key) {
        return audio.clone();
    }
    let spoken = Command::new("espeak-ng")
        .args(["--stdout", "-v", voice, "--", text])
        .output()
        .expect("espeak-ng (Debian package espeak-ng) is installed");
    assert!(spoken.status.success());
    let mut encoder = Command::new("ffmpeg")
        .args([
            "-v",
            "error",
            "-f",
            "wav",
            "-ignore_length",
            "1",
            "-i",
            "-",
            "-ar",
            "24000",
        ])
        .args(arguments)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("ffmpeg (Debian package ffmpeg) is installed");
    let mut input = encoder.stdin.take().unwrap();
    let feed = thread::spawn(move || input.write_all(&spoken.stdout).unwrap());
    let output = encoder.wait_with_output().unwrap();
    feed.join().unwrap();
    assert!(output.status.success() && !output.stdout.is_empty());
    known.insert(key, output.stdout.clone());
    output.stdout
}
