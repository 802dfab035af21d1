//! The `avatar` command with filmed avatars: one is prepared from a film, and speaks. Its networks are played by a library in
//! C that computes nothing.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Compiles the library of tests.
fn library(directory: &Path) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = directory.join("libbackend.so");
    let compiled = Command::new("cc")
        .args(["-std=c11", "-O1", "-shared", "-fPIC", "-I"])
        .arg(here.join("../ffi/include"))
        .arg("-o")
        .arg(&library)
        .arg(here.join("neural/tests/backend.c"))
        .arg("-lm")
        .status();
    assert!(compiled.unwrap().success());
    library
}

fn avatar(place: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_avatar"))
        .current_dir(place)
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn somebody_who_was_filmed_is_prepared_and_speaks() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    let library = library(place);
    let library = library.to_str().unwrap();
    fs::create_dir(place.join("weights")).unwrap();
    fs::write(place.join("weights/manifest.json"), "{}").unwrap();
    // As many frames as the library takes the latents for that it is given.
    let film = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-f", "lavfi", "-i"])
        .arg("testsrc2=size=128x96:rate=25:duration=2")
        .arg(place.join("film.mp4"))
        .status();
    assert!(film.unwrap().success());
    let run = |arguments: &[&str]| {
        let output = avatar(place, arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    };
    run(&[
        "prepare", "film.mp4", "--name", "vera", "--title", "Vera", "-L", library,
    ]);
    let listed = run(&["avatars", "--avatars", "avatars"]);
    let last = listed.lines().last().unwrap();
    assert_eq!(
        last.split_whitespace().collect::<Vec<_>>(),
        ["vera", "Vera"]
    );
    let say = [
        "say", "Hello.", "--avatar", "vera", "--size", "128x96", "--quiet",
    ];
    let filmed = ["--avatars", "avatars", "-L", library, "-o", "vera.mp4"];
    run(&[&say[..], &filmed[..]].concat());
    let probe = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", "v", "-show_entries"])
        .args(["stream=width,height", "-of", "csv=p=0"])
        .arg(place.join("vera.mp4"))
        .output();
    assert_eq!(
        String::from_utf8_lossy(&probe.unwrap().stdout).trim(),
        "128,96"
    );
    // Without its library nobody speaks, and the reason is given.
    let filmed = ["--avatars", "avatars", "-L", "missing.so", "-o", "none.mp4"];
    let output = avatar(place, &[&say[..], &filmed[..]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && said.contains("missing.so"),
        "{said}"
    );
}
