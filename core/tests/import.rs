//! `avatar import`, with a library whose networks are none.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "the helpers of a test may panic as the test itself does"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The library that `neural/tests/backend.c` makes with this definition.
fn compile(directory: &Path, definition: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = directory.join("libbackend.so");
    let status = Command::new("cc")
        .args(["-shared", "-fPIC", definition, "-I"])
        .arg(here.join("../ffi/include"))
        .arg("-o")
        .arg(&library)
        .arg(here.join("neural/tests/backend.c"))
        .arg("-lm")
        .status()
        .expect("a C compiler");
    assert!(status.success());
    library
}

fn import(source: &Path, target: &Path, library: &Path) -> (bool, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_avatar"))
        .arg("import")
        .args([source, target])
        .arg("--library")
        .arg(library)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.success(), text(stdout), text(stderr))
}

#[test]
fn it_imports_and_says_what_is_missing() {
    let directory = tempfile::tempdir().unwrap();
    let library = compile(directory.path(), "-DTEST");
    let target = directory.path().join("imported");
    let (done, said, told) = import(directory.path(), &target, &library);
    assert!(done, "{told}");
    assert_eq!(said, format!("{}\n", target.display()));
    assert!(told.contains("nothing of s3fd, dwpose, bisenet"), "{told}");
    assert!(target.join("manifest.json").is_file());
}

#[test]
fn failures_are_told_in_the_library_s_words() {
    let directory = tempfile::tempdir().unwrap();
    let library = compile(directory.path(), "-DTEST");
    let target = directory.path().join("imported");
    let (done, _, told) = import(Path::new("/nowhere"), &target, &library);
    assert!(!done);
    assert_eq!(told, "avatar: /nowhere is not there\n");
}

#[test]
fn a_library_of_another_version_is_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let library = compile(directory.path(), "-DABI=2");
    let target = directory.path().join("imported");
    let (done, _, told) = import(directory.path(), &target, &library);
    assert!(!done && !target.exists());
    assert!(told.contains("libbackend.so has version 2"), "{told}");
}
