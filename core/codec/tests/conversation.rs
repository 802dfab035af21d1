//! What the encoders and the decoder of conversations promise, checked on what they give.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod moving_picture;

use std::io::Write;
use std::process::{Command, Stdio};

use avatar_codec::{
    CallEncoder, CallSettings, CodecError, OPUS_SAMPLES, OpusDecoder, OpusEncoder, OpusPacket,
    Picture,
};
use moving_picture::moving_picture;
use proptest::prelude::*;

const SETTINGS: CallSettings = CallSettings {
    width: 320,
    height: 240,
    frame_rate: 25,
    bitrate: 1_000_000,
};

/// What ffprobe says of a byte stream of H.264.
fn probe(stream: &[u8], arguments: &[&str]) -> String {
    let mut ffprobe = Command::new("ffprobe")
        .args(["-v", "error", "-f", "h264", "-of", "csv=p=0"])
        .args(arguments)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = ffprobe.stdin.take().unwrap();
    let stream = stream.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&stream));
    let output = ffprobe.wait_with_output().unwrap();
    let _ = writer.join();
    String::from_utf8(output.stdout).unwrap()
}

fn unit_kinds(stream: &[u8]) -> Vec<u8> {
    let starts = stream.windows(4).filter(|four| four[..3] == [0, 0, 1]);
    starts.map(|four| four[3] & 0x1f).collect()
}

#[test]
fn every_key_picture_can_be_begun_with() {
    let mut encoder = CallEncoder::open(&SETTINGS).unwrap();
    let mut stream = Vec::new();
    for index in 0..40 {
        let asked = index == 17;
        let packet = encoder
            .encode(&moving_picture(320, 240, index), asked)
            .unwrap();
        assert_eq!(packet.key, asked || index == 0, "picture {index}");
        let kinds = unit_kinds(&packet.data);
        assert_eq!(
            kinds.contains(&7) && kinds.contains(&8) && kinds.contains(&5),
            packet.key,
            "picture {index} consists of {kinds:?}"
        );
        if index >= 17 {
            stream.extend(packet.data);
        }
    }
    let answer = probe(
        &stream,
        &[
            "-count_frames",
            "-show_entries",
            "stream=profile,has_b_frames,nb_read_frames",
        ],
    );
    assert_eq!(answer.trim(), "Constrained Baseline,0,23");
}

/// Bits a second of lively pictures.
fn rate(encoder: &mut CallEncoder, from: u64) -> usize {
    let pictures = (from..from + 50).map(|index| moving_picture(320, 240, index * 5));
    let bytes: usize = pictures
        .map(|picture| encoder.encode(&picture, false).unwrap().data.len())
        .sum();
    bytes * 8 / 2
}

#[test]
fn the_rate_follows_while_it_runs() {
    let mut encoder = CallEncoder::open(&SETTINGS).unwrap();
    let generous = rate(&mut encoder, 0);
    encoder.set_bitrate(100_000);
    rate(&mut encoder, 50);
    let meagre = rate(&mut encoder, 100);
    assert!(meagre < 130_000, "{meagre} bits a second");
    assert!(generous > 2 * meagre, "{generous} before, {meagre} after");
    encoder.set_bitrate(1_000_000);
    rate(&mut encoder, 150);
    let again = rate(&mut encoder, 200);
    assert!(again > 2 * meagre, "{again} bits a second at last");
}

#[test]
fn pictures_of_another_size_are_refused() {
    let mut encoder = CallEncoder::open(&SETTINGS).unwrap();
    let error = encoder.encode(&Picture::new(64, 48), true).unwrap_err();
    assert!(matches!(error, CodecError::Picture { .. }));
}

/// A tone that swells, so that every place in it is like no other.
fn swelling(samples: usize) -> Vec<f32> {
    let step = 440.0 * std::f32::consts::TAU / 48_000.0;
    (0..samples)
        .map(|n| (n as f32 * step).sin() * 0.8 * (n as f32 / samples as f32))
        .collect()
}

/// Silence, a tone of a few milliseconds that rises, and silence.
fn burst() -> Vec<f32> {
    let mut pcm = vec![0.0; 48_000];
    for (index, sample) in pcm[24_000..24_480].iter_mut().enumerate() {
        let t = index as f32 / 480.0;
        let swell = (t * std::f32::consts::PI).sin();
        *sample = swell * swell * ((8.0 + 6.0 * t) * t * std::f32::consts::TAU).sin() * 0.8;
    }
    pcm
}

fn packets(pcm: &[f32], piece: usize) -> Vec<OpusPacket> {
    let mut encoder = OpusEncoder::open(48_000).unwrap();
    let pieces = pcm.chunks(piece);
    pieces
        .flat_map(|pcm| encoder.encode(pcm).unwrap())
        .collect()
}

#[test]
fn sound_comes_out_where_its_packets_say() {
    let pcm = burst();
    let packets = packets(&pcm, 1000);
    let mut decoder = OpusDecoder::open().unwrap();
    let mut heard = Vec::new();
    for (index, packet) in packets.iter().enumerate() {
        assert_eq!(
            packet.start,
            packets[0].start + (index * OPUS_SAMPLES) as i64
        );
        heard.extend(decoder.decode(&packet.data).unwrap());
    }
    assert!(
        (-480..=0).contains(&packets[0].start),
        "{}",
        packets[0].start
    );
    assert!(heard.len() >= 48_000 - 2 * OPUS_SAMPLES);
    let begin = usize::try_from(-packets[0].start).unwrap();
    let likeness = |shift: usize| -> f32 {
        let pairs = heard[shift..].iter().zip(&pcm);
        pairs.map(|(a, b)| a * b).sum()
    };
    let best = (0..2000).max_by(|a, b| likeness(*a).total_cmp(&likeness(*b)));
    let off = best.unwrap().abs_diff(begin);
    assert!(off < 48, "{best:?} instead of {begin}");
}

#[test]
fn a_packet_that_is_missing_or_wrong_spoils_nothing() {
    let packets = packets(&swelling(48_000), 960);
    let mut decoder = OpusDecoder::open().unwrap();
    for (index, packet) in packets.iter().enumerate() {
        match index {
            20 => {}
            // A code 3 packet (RFC 6716 section 3.2.5) with no frames.
            21 => assert!(decoder.decode(&[0xff, 0x00]).is_err()),
            _ => assert_eq!(decoder.decode(&packet.data).unwrap().len(), OPUS_SAMPLES),
        }
    }
    assert!(decoder.decode(&[]).unwrap().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn anything_is_survived(packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..20)) {
        let mut decoder = OpusDecoder::open().unwrap();
        for packet in packets {
            if let Ok(pcm) = decoder.decode(&packet) {
                prop_assert!(pcm.len() <= 6 * OPUS_SAMPLES);
                prop_assert!(pcm.iter().all(|sample| sample.is_finite()));
            }
        }
    }

    #[test]
    fn sound_is_the_same_in_whatever_pieces_it_comes(piece in 1_usize..3000) {
        let pcm = swelling(9600);
        prop_assert_eq!(packets(&pcm, piece), packets(&pcm, 960));
    }
}
