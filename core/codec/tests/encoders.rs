//! What the encoders promise, checked on what they give.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod moving_picture;

use std::process::{Command, Stdio};

use avatar_codec::{
    AudioEncoder, AudioPacket, AudioSettings, CodecError, FRAME_SAMPLES, Picture, VideoEncoder,
    VideoSettings,
};
use moving_picture::moving_picture;
use proptest::prelude::*;

fn tone(samples: usize) -> Vec<f32> {
    let step = 440.0 * std::f32::consts::TAU / 48_000.0;
    (0..samples)
        .map(|n| (n as f32 * step).sin() * 0.4)
        .collect()
}

fn nal_kinds(mut sample: &[u8]) -> Vec<u8> {
    let mut kinds = Vec::new();
    while let Some((length, rest)) = sample.split_first_chunk() {
        let (unit, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
        kinds.push(unit[0] & 0x1f);
        sample = rest;
    }
    kinds
}

#[test]
fn encoders_may_move_to_other_threads() {
    fn movable<T: Send>() {}
    movable::<VideoEncoder>();
    movable::<AudioEncoder>();
}

#[test]
fn key_pictures_come_exactly_where_they_are_asked_for() {
    let asked = [0u64, 3, 4, 11];
    let mut encoder = VideoEncoder::open(&VideoSettings::new(128, 96, 25)).unwrap();
    for index in 0..80 {
        // Another picture altogether: encoders left to themselves would start anew here.
        let picture = if index == 30 {
            Picture::new(128, 96)
        } else {
            moving_picture(128, 96, index * 7)
        };
        let packet = encoder.encode(&picture, asked.contains(&index)).unwrap();
        assert_eq!(packet.key, asked.contains(&index), "picture {index}");
        let kinds = nal_kinds(&packet.data);
        let expected = if packet.key { 5 } else { 1 };
        assert!(
            !kinds.is_empty() && kinds.iter().all(|&kind| kind == expected),
            "picture {index} consists of {kinds:?}"
        );
    }
}

#[test]
fn parameter_sets_name_a_profile_every_player_knows() {
    let encoder = VideoEncoder::open(&VideoSettings::new(512, 512, 25)).unwrap();
    assert!(["libx264", "h264_nvenc"].contains(&encoder.name()));
    let [profile, _, level] = encoder.config().profile();
    assert!([77, 100].contains(&profile), "profile {profile}");
    assert!(level <= 40, "level {level}");
    assert_eq!(encoder.config().sps()[0] & 0x1f, 7);
    assert_eq!(encoder.config().pps()[0] & 0x1f, 8);
}

#[test]
fn pictures_of_another_size_are_refused() {
    let mut encoder = VideoEncoder::open(&VideoSettings::new(64, 64, 25)).unwrap();
    let error = encoder.encode(&Picture::new(64, 48), true).unwrap_err();
    assert!(matches!(
        error,
        CodecError::Picture {
            width: 64,
            height: 48
        }
    ));
    let mut torn = Picture::new(64, 64);
    torn.v.pop();
    assert!(matches!(
        encoder.encode(&torn, true),
        Err(CodecError::Picture { .. })
    ));
    assert!(encoder.encode(&Picture::new(64, 64), true).unwrap().key);
}

fn encode_in_pieces(pcm: &[f32], pieces: &[usize]) -> Vec<AudioPacket> {
    let mut encoder = AudioEncoder::open(&AudioSettings::default()).unwrap();
    let mut packets = Vec::new();
    let mut rest = pcm;
    for &piece in pieces.iter().cycle() {
        let (now, later) = rest.split_at(piece.min(rest.len()));
        packets.extend(encoder.encode(now).unwrap());
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    packets.extend(encoder.finish().unwrap());
    packets
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn sound_is_the_same_in_whatever_pieces_it_comes(
        samples in 0usize..20_000,
        pieces in prop::collection::vec(1usize..5_000, 1..6),
    ) {
        let pcm = tone(samples);
        let packets = encode_in_pieces(&pcm, &pieces);
        prop_assert_eq!(&packets, &encode_in_pieces(&pcm, &[usize::MAX]));
        prop_assert_eq!(packets.len(), samples.div_ceil(FRAME_SAMPLES));
        for (index, packet) in packets.iter().enumerate() {
            prop_assert_eq!(packet.start, (index * FRAME_SAMPLES) as u64);
            prop_assert!(!packet.data.is_empty());
        }
    }
}

#[test]
fn sound_is_aac_lc_mono_at_48_khz() {
    let encoder = AudioEncoder::open(&AudioSettings::default()).unwrap();
    let [first, second, ..] = encoder.config() else {
        panic!("too short");
    };
    assert_eq!(first >> 3, 2, "object type");
    assert_eq!((first & 7) << 1 | second >> 7, 3, "48 kHz");
    assert_eq!(second >> 3 & 15, 1, "channels");
}

#[test]
fn a_sample_that_is_no_number_does_not_spoil_what_follows() {
    let mut pcm = tone(16 * FRAME_SAMPLES);
    let sound = encode_in_pieces(&pcm, &[usize::MAX]);
    pcm[100] = f32::NAN;
    pcm[200] = f32::INFINITY;
    let spoiled = encode_in_pieces(&pcm, &[usize::MAX]);
    assert_eq!(sound.len(), spoiled.len());
    assert!(spoiled.iter().all(|packet| packet.data.len() > 8));
}

#[test]
fn a_finished_encoder_takes_no_more_sound() {
    let mut encoder = AudioEncoder::open(&AudioSettings::default()).unwrap();
    assert_eq!(encoder.finish().unwrap(), []);
    assert!(matches!(encoder.finish(), Err(CodecError::Finished { .. })));
    let more = encoder.encode(&tone(FRAME_SAMPLES));
    assert!(matches!(more, Err(CodecError::Finished { .. })));
}

/// The library complains to standard error unless told otherwise. Runs itself as a process of its own to see that.
#[test]
fn failures_are_told_to_the_caller_and_to_nobody_else() {
    const INSIDE: &str = "AVATAR_CODEC_FAILS_HERE";
    if std::env::var_os(INSIDE).is_some() {
        let error = VideoEncoder::open(&VideoSettings::new(63, 63, 25)).err();
        assert!(matches!(error, Some(CodecError::Open { .. })), "{error:?}");
        return;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "failures_are_told_to_the_caller_and_to_nobody_else",
            "--nocapture",
        ])
        .env(INSIDE, "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
