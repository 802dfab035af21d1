//! A session of transport streams, cut and listed as the product does, then read back by FFmpeg's programs.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

#[path = "../codec/tests/moving_picture/mod.rs"]
mod moving_picture;

use std::fs;
use std::process::Command;

use avatar_codec::{AudioEncoder, AudioSettings, TsMuxer, VideoEncoder, VideoSettings};
use avatar_core::hls::{
    Form, MediaPlaylist, PLAYLIST, Part, RenditionName, SegmentFormat, Segmenter, Timeline,
};
use avatar_core::language::Language;
use avatar_core::media::{Tracks, VideoTrack};
use avatar_core::time::{FrameRate, Samples};
use moving_picture::moving_picture;
use tempfile::TempDir;
use time::OffsetDateTime;

const SIZE: u32 = 96;

struct Session {
    directory: TempDir,
    init: Vec<u8>,
    parts: Vec<Part>,
}

impl Session {
    /// So many pictures at `rate`, with sound.
    fn new(rate: u32, frames: u64) -> Self {
        let rate = FrameRate::new(rate).unwrap();
        let cut = SegmentFormat::Ts.cut(rate);
        let mut video =
            VideoEncoder::open(&VideoSettings::new(SIZE, SIZE, rate.per_second())).unwrap();
        let mut audio = AudioEncoder::open(&AudioSettings::default()).unwrap();
        let tracks = Tracks {
            video: Some(VideoTrack {
                width: SIZE as u16,
                height: SIZE as u16,
                frame_rate: rate,
                avc: video.config().clone(),
            }),
            audio_config: audio.config().to_vec(),
            audio_bitrate: AudioSettings::default().bitrate,
            language: Language::Ru,
        };
        let mut segmenter = Segmenter::new(cut);
        segmenter.transport(TsMuxer::open(&tracks.transport().unwrap()).unwrap());
        let mut parts = Vec::new();
        for frame in 0..frames {
            let picture = moving_picture(SIZE as usize, SIZE as usize, frame);
            let packet = video.encode(&picture, cut.starts_segment(frame)).unwrap();
            segmenter.video(packet).unwrap();
            let pcm: Vec<f32> = (rate.start_of(frame).0..rate.start_of(frame + 1).0)
                .map(|n| (n as f32 * 0.04).sin() * 0.3)
                .collect();
            for packet in audio.encode(&pcm).unwrap() {
                segmenter.audio(packet).unwrap();
            }
            parts.extend(segmenter.poll().unwrap());
        }
        for packet in audio.finish().unwrap() {
            segmenter.audio(packet).unwrap();
        }
        segmenter.finish();
        while let Some(part) = segmenter.poll().unwrap() {
            parts.push(part);
        }

        let session = Self {
            directory: TempDir::new().unwrap(),
            init: tracks.init_segment().unwrap(),
            parts,
        };
        let began = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let mut timeline = Timeline::default();
        for part in &session.parts {
            timeline.push(part);
            fs::write(session.segment(part.segment), &part.ts).unwrap();
        }
        let playlist = MediaPlaylist::media(cut, began).made_of(SegmentFormat::Ts);
        let text = playlist.render(&timeline, Form::LowLatency, usize::MAX, true);
        fs::write(session.path(PLAYLIST), text).unwrap();
        session
    }

    fn path(&self, name: &str) -> String {
        let path = self.directory.path().join(name);
        path.to_str().unwrap().to_owned()
    }

    fn segment(&self, number: u32) -> String {
        self.path(&RenditionName::Full.ts_segment(number).to_string())
    }
}

/// Runs one of FFmpeg's programs, which must succeed without a warning, and gives what it prints.
fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(["-v", "warning"])
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("these tests need FFmpeg's programs: {program}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.is_empty(),
        "{program} {arguments:?}: {said}"
    );
    String::from_utf8(output.stdout).unwrap()
}

/// When each packet of a stream (`v` or `a`) is due, in ticks of 90 kHz.
fn times(path: &str, stream: &str) -> Vec<u64> {
    let what = ["-show_entries", "packet=pts", "-of", "csv=p=0", path];
    let listing = run(
        "ffprobe",
        &[&["-select_streams", stream], &what[..]].concat(),
    );
    let lines = listing.split_whitespace();
    lines
        .map(|line| line.trim_end_matches(',').parse().unwrap())
        .collect()
}

#[test]
fn every_part_is_a_segment_and_every_segment_decodes_alone() {
    // The last segment is shorter than the others.
    for (rate, frames) in [(25, 83), (10, 25), (32, 70)] {
        let session = Session::new(rate, frames);
        let segments = frames.div_ceil(rate.into());
        assert_eq!(session.parts.len() as u64, segments);
        let frame = 48_000 / u64::from(rate);
        let mut heard = 0;
        for part in &session.parts {
            assert_eq!(part.closes.unwrap().number, part.segment);
            let path = session.segment(part.segment);
            run("ffmpeg", &["-xerror", "-i", &path, "-f", "null", "-"]);
            let first = part.start.0 / frame;
            let shown: Vec<u64> = (first..first + u64::from(part.steps))
                .map(|index| index * 90_000 / u64::from(rate))
                .collect();
            assert_eq!(times(&path, "v"), shown, "{rate}, {path}");
            for time in times(&path, "a") {
                assert_eq!(time, heard, "{rate}, {path}");
                heard += 1920;
            }
        }
        // The sound reaches to the end of the last picture.
        assert!(heard >= frames * 90_000 / u64::from(rate));
    }
}

#[test]
fn the_playlist_plays_and_copies_from_beginning_to_end() {
    let session = Session::new(25, 83);
    let playlist = session.path(PLAYLIST);
    run("ffmpeg", &["-xerror", "-i", &playlist, "-f", "null", "-"]);
    for (stream, count) in [("v", 83), ("a", 156)] {
        let times = times(&playlist, stream);
        assert_eq!((times[0], times.len()), (0, count), "{stream}");
    }
    let copy = session.path("copy.mp4");
    run("ffmpeg", &["-i", &playlist, "-c", "copy", &copy]);
    run("ffmpeg", &["-xerror", "-i", &copy, "-f", "null", "-"]);
    let text = fs::read_to_string(&playlist).unwrap();
    let listed: f64 = text
        .lines()
        .filter_map(|line| line.strip_prefix("#EXTINF:")?.strip_suffix(','))
        .map(|seconds| seconds.parse::<f64>().unwrap())
        .sum();
    let duration = session
        .parts
        .iter()
        .fold(Samples::ZERO, |all, part| all + part.duration);
    assert!((listed - duration.seconds()).abs() < 1e-6, "{text}");
}

#[test]
fn both_kinds_of_segment_show_the_same() {
    let session = Session::new(25, 83);
    let mp4 = session.path("whole.mp4");
    let parts = session.parts.iter().map(|part| &part.bytes);
    let bytes: Vec<&[u8]> = std::iter::once(&session.init)
        .chain(parts)
        .map(Vec::as_slice)
        .collect();
    fs::write(&mp4, bytes.concat()).unwrap();
    let digest =
        |path: &str, stream: &str| run("ffmpeg", &["-i", path, "-map", stream, "-f", "md5", "-"]);
    // Pictures alone: of the sound MP4 also says that it ends within a frame.
    let shown = digest(&mp4, "0:v");
    assert!(shown.starts_with("MD5="), "{shown}");
    assert_eq!(digest(&session.path(PLAYLIST), "0:v"), shown);
}
