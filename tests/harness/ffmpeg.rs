//! FFmpeg's programs as judges of what was made.

use std::process::Command;

/// Runs one of them, which must succeed without a warning, and gives what it prints.
pub fn run(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program)
        .args(["-v", "warning"])
        .args(arguments)
        .output()
        .expect("FFmpeg's programs (Debian package ffmpeg) are installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.is_empty(),
        "{program} {arguments:?}: {said}"
    );
    output.stdout
}

/// Decodes all of `input`, a file or a URL.
pub fn decode(input: &str) {
    run("ffmpeg", &["-xerror", "-i", input, "-f", "null", "-"]);
}

/// The samples of the sound of `input`, each between −1 and 1.
pub fn samples(input: &str) -> Vec<f32> {
    let bytes = run(
        "ffmpeg",
        &["-xerror", "-i", input, "-map", "0:a:0", "-f", "f32le", "-"],
    );
    let samples = bytes.chunks_exact(4);
    samples
        .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
        .collect()
}

/// What ffprobe says of `entry`, such as `packet=pts`, of the packets or of the stream that `stream` selects.
pub fn probe(input: &str, stream: &str, entry: &str) -> Vec<String> {
    let what = ["-show_entries", entry, "-of", "csv=p=0", input];
    let shown = run(
        "ffprobe",
        &[&["-select_streams", stream], &what[..]].concat(),
    );
    let shown = String::from_utf8(shown).unwrap();
    let lines = shown.split_whitespace();
    lines
        .map(|line| line.trim_end_matches(',').to_owned())
        .collect()
}

/// How loud all of the sound of `input` is, in LUFS (EBU R 128).
pub fn loudness(input: &str) -> f64 {
    let filter = "ebur128=metadata=1,ametadata=print:key=lavfi.r128.I:file=-";
    let said = run(
        "ffmpeg",
        &[
            "-i", input, "-map", "0:a:0", "-af", filter, "-f", "null", "-",
        ],
    );
    let said = String::from_utf8(said).unwrap();
    let mut lines = said.lines().rev();
    let value = lines.find_map(|line| line.strip_prefix("lavfi.r128.I="));
    value.unwrap().parse().unwrap()
}
