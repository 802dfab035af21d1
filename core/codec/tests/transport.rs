//! What the transport stream muxer promises, read back by FFmpeg's programs and packet by packet.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod moving_picture;

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use avatar_codec::{
    AudioEncoder, AudioSettings, FRAME_SAMPLES, TsMuxer, TsSettings, VideoEncoder, VideoSettings,
};
use moving_picture::moving_picture;
use tempfile::TempDir;

const SIZE: u32 = 128;
/// ISO/IEC 13818-1 section 2.4.3.2.
const PACKET: usize = 188;
/// Packet identifiers of the tables of programs and of services (EN 300 468), and those libavformat gives the rest.
const PROGRAMS: u16 = 0;
const SERVICES: u16 = 0x11;
const STREAMS: u16 = 0x1000;
const VIDEO: u16 = 0x100;

/// So many segments of one second.
fn segments(rate: u32, count: u64) -> Vec<Vec<u8>> {
    let mut video = VideoEncoder::open(&VideoSettings::new(SIZE, SIZE, rate)).unwrap();
    let mut audio = AudioEncoder::open(&AudioSettings::default()).unwrap();
    let mut muxer = TsMuxer::open(&TsSettings {
        width: SIZE,
        height: SIZE,
        frame_rate: rate,
        avc: video.config(),
        audio_config: audio.config(),
    })
    .unwrap();
    let pcm: Vec<f32> = (0..48_000 * count)
        .map(|n| (n as f32 * 0.04).sin() * 0.3)
        .collect();
    let mut sound = audio.encode(&pcm).unwrap();
    sound.extend(audio.finish().unwrap());
    let mut sound = sound.into_iter().peekable();
    let (frame, rate) = (48_000 / u64::from(rate), u64::from(rate));
    let mut segments = Vec::new();
    for index in 0..rate * count {
        let picture = moving_picture(SIZE as usize, SIZE as usize, index);
        let packet = video.encode(&picture, index % rate == 0).unwrap();
        muxer.video(&packet, index * frame).unwrap();
        while let Some(packet) = sound.next_if(|packet| packet.start < (index + 1) * frame) {
            muxer.audio(&packet.data, packet.start).unwrap();
        }
        if (index + 1) % rate == 0 {
            segments.push(muxer.segment().unwrap());
        }
    }
    segments
}

fn written(directory: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = directory.path().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

/// Runs one of FFmpeg's programs, which must succeed without a warning, and gives what it prints.
fn run(program: &str, before: &[&str], file: &Path, after: &[&str]) -> String {
    let output = Command::new(program)
        .args(["-v", "warning"])
        .args(before)
        .arg(file)
        .args(after)
        .output()
        .unwrap_or_else(|error| panic!("these tests need FFmpeg's programs: {program}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.is_empty(),
        "{program} {file:?}: {said}"
    );
    String::from_utf8(output.stdout).unwrap()
}

fn decodes(file: &Path) {
    let strict = ["-xerror", "-err_detect", "explode", "-i"];
    run("ffmpeg", &strict, file, &["-f", "null", "-"]);
}

/// When each packet of a stream (`v` or `a`) is due, in ticks.
fn times(file: &Path, stream: &str) -> Vec<u64> {
    let what = [
        "-select_streams",
        stream,
        "-show_entries",
        "packet=pts",
        "-of",
        "csv=p=0",
    ];
    let listing = run("ffprobe", &what, file, &[]);
    let lines = listing.split_whitespace();
    // A comma stands before side data, of which nothing is shown.
    lines
        .map(|line| line.trim_end_matches(',').parse().unwrap())
        .collect()
}

/// A packet's identifier, its counter, and whether it has a payload and begins something.
fn header(packet: &[u8]) -> (u16, u8, bool, bool) {
    assert_eq!(packet[0], 0x47, "sync");
    let identifier = u16::from_be_bytes([packet[1] & 0x1f, packet[2]]);
    let (payload, begins) = (packet[3] & 0x10 != 0, packet[1] & 0x40 != 0);
    (identifier, packet[3] & 0x0f, payload, begins)
}

#[test]
fn a_muxer_may_move_to_another_thread() {
    fn movable<T: Send>() {}
    movable::<TsMuxer>();
}

#[test]
fn every_segment_decodes_alone_and_all_of_them_as_one() {
    let directory = TempDir::new().unwrap();
    let segments = segments(25, 4);
    for (number, segment) in segments.iter().enumerate() {
        let file = written(&directory, &format!("{number}.ts"), segment);
        decodes(&file);
        assert_eq!(times(&file, "v").len(), 25, "segment {number}");
    }
    let whole = written(&directory, "whole.ts", &segments.concat());
    decodes(&whole);
    let what = "stream=codec_name,profile,width,height,sample_rate,channels,r_frame_rate";
    let shown = run("ffprobe", &["-show_entries", what], &whole, &[]);
    for expected in [
        "codec_name=h264",
        "profile=High",
        "width=128",
        "height=128",
        "r_frame_rate=25/1",
        "codec_name=aac",
        "profile=LC",
        "sample_rate=48000",
        "channels=1",
    ] {
        assert!(shown.lines().any(|line| line == expected), "{shown}");
    }
    let mp4 = directory.path().join("copy.mp4");
    let copy = ["-c", "copy", mp4.to_str().unwrap()];
    run("ffmpeg", &["-i"], &whole, &copy);
    decodes(&mp4);
}

#[test]
fn times_are_exact_and_begin_at_zero() {
    // At 32 pictures a second a picture lasts no whole number of ticks.
    for rate in [10, 25, 32, 60] {
        let directory = TempDir::new().unwrap();
        let segments = segments(rate, 2);
        let whole = written(&directory, "whole.ts", &segments.concat());
        let rate = u64::from(rate);
        let pictures: Vec<u64> = (0..2 * rate).map(|index| index * 90_000 / rate).collect();
        assert_eq!(times(&whole, "v"), pictures, "{rate}");
        let frames = 96_000_u64.div_ceil(FRAME_SAMPLES as u64);
        let sound: Vec<u64> = (0..frames).map(|index| index * 1920).collect();
        assert_eq!(times(&whole, "a"), sound, "{rate}");
        // The second begins where the first ends, and its sound with the first frame after that.
        let second = written(&directory, "second.ts", &segments[1]);
        assert_eq!(times(&second, "v")[0], 90_000);
        assert_eq!(times(&second, "a")[0], 90_000_u64.next_multiple_of(1920));
    }
}

#[test]
fn segments_begin_with_their_tables_and_a_key_picture() {
    for (number, segment) in segments(25, 3).iter().enumerate() {
        assert_eq!(segment.len() % PACKET, 0);
        let mut tables = BTreeSet::new();
        for packet in segment.chunks(PACKET) {
            let (identifier, _, _, begins) = header(packet);
            if identifier == VIDEO {
                assert!(begins, "the rest of a picture of segment {number}");
                // The adaptation field says that decoding may begin here, and what time it is (section 2.4.3.5).
                assert_eq!(packet[3] & 0x20, 0x20);
                assert_eq!(packet[5] & 0x50, 0x50, "segment {number}");
                break;
            }
            tables.insert(identifier);
        }
        let all = BTreeSet::from([PROGRAMS, SERVICES, STREAMS]);
        assert_eq!(tables, all, "segment {number}");
    }
}

#[test]
fn counters_run_on_from_segment_to_segment() {
    let mut counters = HashMap::new();
    for (number, segment) in segments(25, 4).iter().enumerate() {
        for packet in segment.chunks(PACKET) {
            let (identifier, counter, payload, _) = header(packet);
            // A packet without payload does not count (section 2.4.3.3).
            let Some(before) = counters.insert(identifier, counter) else {
                continue;
            };
            let expected = (before + u8::from(payload)) & 0x0f;
            assert_eq!(counter, expected, "{identifier:#x} in segment {number}");
        }
    }
    // Three tables and two streams.
    assert_eq!(counters.len(), 5);
}

#[test]
fn a_muxer_with_nothing_in_it_gives_nothing() {
    let video = VideoEncoder::open(&VideoSettings::new(SIZE, SIZE, 25)).unwrap();
    let audio = AudioEncoder::open(&AudioSettings::default()).unwrap();
    let mut muxer = TsMuxer::open(&TsSettings {
        width: SIZE,
        height: SIZE,
        frame_rate: 25,
        avc: video.config(),
        audio_config: audio.config(),
    })
    .unwrap();
    assert!(muxer.segment().unwrap().is_empty());
}
