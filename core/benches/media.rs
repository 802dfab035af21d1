//! What a second of a session costs to encode, cut and list, and what an open encoder holds in memory.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark may panic and documents itself by its names"
)]

#[path = "../codec/tests/moving_picture/mod.rs"]
mod moving_picture;

use std::hint::black_box;

use avatar_codec::{
    AudioEncoder, AudioPacket, AudioSettings, Picture, VideoEncoder, VideoPacket, VideoSettings,
};
use avatar_core::hls::{Cut, Form, MediaPlaylist, Part, Segment, Segmenter, Timeline};
use avatar_core::time::{FrameRate, Samples};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use moving_picture::moving_picture;
use time::OffsetDateTime;

const SIZE: u32 = 512;
const RATE: u32 = 25;

fn pictures(count: u64) -> Vec<Picture> {
    (0..count)
        .map(|index| moving_picture(SIZE as usize, SIZE as usize, index))
        .collect()
}

/// Something like a voice: a few harmonics that swell and fade.
fn voice(seconds: usize) -> Vec<f32> {
    (0..seconds * 48_000)
        .map(|n| {
            let t = n as f32 / 48_000.0 * std::f32::consts::TAU;
            let swell = (t * 3.0).sin().max(0.0);
            let harmonics = (1..12).map(|k| (t * 130.0 * k as f32).sin() / k as f32);
            harmonics.sum::<f32>() * swell * 0.2
        })
        .collect()
}

fn video(criterion: &mut Criterion) {
    let pictures = pictures(100);
    let mut encoder = VideoEncoder::open(&VideoSettings::new(SIZE, SIZE, RATE)).unwrap();
    let mut order = (0..pictures.len()).cycle();
    let (mut frames, mut bytes) = (0u64, 0u64);
    criterion.bench_function("a frame of H.264, 512x512", |bencher| {
        bencher.iter(|| {
            let index = order.next().unwrap();
            let packet = encoder.encode(&pictures[index], index % 25 == 0).unwrap();
            frames += 1;
            bytes += packet.data.len() as u64;
            packet
        });
    });
    println!(
        "{} at 512x512: {} kb/s at 25 frames a second",
        encoder.name(),
        bytes * 8 * u64::from(RATE) / frames.max(1) / 1000
    );
    criterion.bench_function("opening an H.264 encoder", |bencher| {
        bencher.iter(|| VideoEncoder::open(&VideoSettings::new(SIZE, SIZE, RATE)).unwrap());
    });
}

fn audio(criterion: &mut Criterion) {
    let pcm = voice(1);
    let mut encoder = AudioEncoder::open(&AudioSettings::default()).unwrap();
    criterion.bench_function("a second of AAC", |bencher| {
        bencher.iter(|| encoder.encode(&pcm).unwrap());
    });
    criterion.bench_function("opening an AAC encoder", |bencher| {
        bencher.iter(|| AudioEncoder::open(&AudioSettings::default()).unwrap());
    });
}

fn cutting(criterion: &mut Criterion) {
    let cut = Cut::standard(FrameRate::new(RATE).unwrap());
    let video = |frame: u64| VideoPacket {
        data: vec![0; 1_500],
        key: cut.starts_segment(frame),
    };
    let audio = |index: u64| AudioPacket {
        data: vec![0; 250],
        start: index * 1024,
    };
    criterion.bench_function("cutting a minute into parts", |bencher| {
        bencher.iter_batched(
            || Segmenter::new(cut),
            |mut segmenter| {
                for index in 0..60 * 48_000 / 1024 {
                    segmenter.audio(audio(index)).unwrap();
                }
                for frame in 0..60 * 25 {
                    segmenter.video(video(frame)).unwrap();
                    black_box(segmenter.poll().unwrap());
                }
                segmenter
            },
            BatchSize::SmallInput,
        );
    });
    let playlist = MediaPlaylist::media(cut, OffsetDateTime::UNIX_EPOCH);
    let mut timeline = Timeline::default();
    for number in 0..3000 {
        timeline.push(&part(cut, number));
    }
    for (form, name) in [
        (Form::LowLatency, "the playlist of ten minutes"),
        (Form::Delta, "an update of it"),
    ] {
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| playlist.render(&timeline, form, 3000, false));
        });
    }
}

/// Part `number` of a stream of five parts a segment.
fn part(cut: Cut, number: u32) -> Part {
    let (segment, index) = (number / 5, number % 5);
    let start = Samples(cut.part().0 * u64::from(number));
    let closes = (index == 4).then_some(Segment {
        number: segment,
        start,
        duration: cut.segment(),
        bytes: 0,
    });
    Part {
        segment,
        index,
        start,
        duration: cut.part(),
        steps: 5,
        independent: index == 0,
        last: false,
        bytes: Vec::new(),
        ts: Vec::new(),
        closes,
    }
}

/// Resident memory of this process in kB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap()
}

fn memory(_: &mut Criterion) {
    const SESSIONS: u64 = 20;
    let pictures = pictures(30);
    let pcm = voice(1);
    let open_video = || {
        let mut encoder = VideoEncoder::open(&VideoSettings::new(SIZE, SIZE, RATE)).unwrap();
        for (index, picture) in pictures.iter().enumerate() {
            black_box(encoder.encode(picture, index % 25 == 0).unwrap());
        }
        encoder
    };
    let open_audio = || {
        let mut encoder = AudioEncoder::open(&AudioSettings::default()).unwrap();
        black_box(encoder.encode(&pcm).unwrap());
        encoder
    };
    // The first of each also pays for what all share.
    let _shared = (open_video(), open_audio());
    let before = resident();
    let videos: Vec<VideoEncoder> = (0..SESSIONS).map(|_| open_video()).collect();
    let between = resident();
    let audios: Vec<AudioEncoder> = (0..SESSIONS).map(|_| open_audio()).collect();
    println!(
        "memory of an open encoder: {} kB for H.264, {} kB for AAC",
        between.saturating_sub(before) / SESSIONS,
        resident().saturating_sub(between) / SESSIONS
    );
    drop((videos, audios));
}

criterion_group!(benches, memory, video, audio, cutting);
criterion_main!(benches);
