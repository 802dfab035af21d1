//! What an encoder of recordings promises, checked by ffprobe and ffmpeg on what it gives.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use std::io::Write as _;
use std::process::{Command, Stdio};

use avatar_codec::{CodecError, RECORDING_RATE, RecordingEncoder, RecordingFormat};

fn tone(samples: usize) -> Vec<f32> {
    let step = 440.0 * std::f32::consts::TAU / RECORDING_RATE as f32;
    (0..samples)
        .map(|n| (n as f32 * step).sin() * 0.4)
        .collect()
}

/// A recording of `sound`, given in pieces of `piece` samples, and how many samples had gone in when there was as much
/// as an encoded frame of it.
fn record(format: RecordingFormat, sound: &[f32], piece: usize) -> (Vec<u8>, usize) {
    /// More than any header.
    const HEADER: usize = 220;
    let mut encoder = RecordingEncoder::open(format).unwrap();
    let (mut bytes, mut taken, mut first) = (Vec::new(), 0, None);
    for piece in sound.chunks(piece) {
        bytes.extend(encoder.record(piece).unwrap());
        taken += piece.len();
        if bytes.len() > HEADER {
            first.get_or_insert(taken);
        }
    }
    bytes.extend(encoder.finish().unwrap());
    (bytes, first.unwrap_or(taken))
}

/// What ffmpeg hears in `bytes`, at [`RECORDING_RATE`]; it must not complain.
fn decode(format: RecordingFormat, bytes: &[u8]) -> Vec<f32> {
    let input: &[&str] = match format {
        RecordingFormat::Pcm => &["-f", "s16le", "-ar", "24000", "-ac", "1"],
        _ => &[],
    };
    let rate = RECORDING_RATE.to_string();
    let mut child = Command::new("ffmpeg")
        // Warnings are given of every file that does not say how long it is.
        .args(["-v", "error"])
        .args(input)
        .args([
            "-i", "pipe:0", "-f", "f32le", "-ac", "1", "-ar", &rate, "pipe:1",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let bytes = bytes.to_vec();
    let feeder = std::thread::spawn(move || stdin.write_all(&bytes).unwrap());
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.is_empty(),
        "{format:?}: {said}"
    );
    output
        .stdout
        .chunks_exact(4)
        .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
        .collect()
}

/// How loud `sound` is at `hertz`, of 1.
fn strength(sound: &[f32], hertz: f32) -> f32 {
    let step = hertz * std::f32::consts::TAU / RECORDING_RATE as f32;
    let (mut re, mut im) = (0.0, 0.0);
    for (n, sample) in sound.iter().enumerate() {
        re += sample * (step * n as f32).cos();
        im += sample * (step * n as f32).sin();
    }
    2.0 * re.hypot(im) / sound.len() as f32
}

#[test]
fn all_formats_hold_what_went_in() {
    let sound = tone(30_011);
    for format in RecordingFormat::ALL {
        let (bytes, _) = record(format, &sound, 777);
        let heard = decode(format, &bytes);
        // MP3 begins and ends with what its filters need; AAC ends with a whole frame.
        let slack = match format {
            RecordingFormat::Mp3 => 3 * 1_152,
            RecordingFormat::Aac => 1_024,
            _ => 0,
        };
        let more = heard.len().checked_sub(sound.len());
        assert!(
            more.is_some_and(|more| more <= slack),
            "{format:?}: {} samples of {}",
            heard.len(),
            sound.len()
        );
        let found = strength(&heard[4_000..28_000], 440.0);
        assert!((found - 0.4).abs() < 0.02, "{format:?}: {found}");
    }
}

#[test]
fn samples_of_sixteen_bits_are_exact() {
    let sound = [0.0, 1.0, -1.0, 0.5, 2.0, f32::NAN];
    let (bytes, _) = record(RecordingFormat::Pcm, &sound, 2);
    let samples: Vec<i16> = bytes
        .chunks_exact(2)
        .map(|bytes| i16::from_le_bytes(bytes.try_into().unwrap()))
        .collect();
    assert_eq!(samples, [0, 32_767, -32_767, 16_384, 32_767, 0]);
    for format in [RecordingFormat::Wav, RecordingFormat::Flac] {
        let heard = decode(format, &record(format, &tone(5_000), 100).0);
        let wanted = tone(5_000);
        let worst = heard
            .iter()
            .zip(&wanted)
            .map(|(heard, wanted)| (heard - wanted).abs())
            .fold(0.0, f32::max);
        assert!(worst < 0.000_05, "{format:?}: {worst}");
    }
}

#[test]
fn a_header_promises_no_length() {
    let (bytes, _) = record(RecordingFormat::Wav, &tone(1_000), 100);
    assert_eq!((&bytes[..4], &bytes[8..12]), (&b"RIFF"[..], &b"WAVE"[..]));
    assert_eq!(bytes[4..8], [0xff; 4]);
    let data = bytes.windows(4).position(|four| four == b"data").unwrap();
    assert_eq!(bytes[data + 4..data + 8], [0xff; 4]);
    assert_eq!(bytes.len(), data + 8 + 2_000);
}

/// What ffprobe says of a file: how long it is, in seconds.
fn duration(bytes: &[u8]) -> f64 {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-show_entries", "stream=duration"])
        .args(["-of", "default=nokey=1:noprint_wrappers=1"])
        .arg(file.path())
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .unwrap()
}

#[test]
fn a_finished_recording_has_a_header_that_says_how_long_it_is() {
    for samples in [0, 1, 1_000, 30_011] {
        for format in [RecordingFormat::Wav, RecordingFormat::Flac] {
            let sound = tone(samples);
            let mut encoder = RecordingEncoder::open(format).unwrap();
            let mut bytes = encoder.record(&sound).unwrap();
            assert_eq!(encoder.header(), None);
            bytes.extend(encoder.finish().unwrap());
            let header = encoder.header().unwrap();
            bytes[..header.len()].copy_from_slice(&header);
            if samples > 0 {
                let told = duration(&bytes);
                let wanted = samples as f64 / f64::from(RECORDING_RATE);
                assert!((told - wanted).abs() < 1e-4, "{format:?}: {told}");
            }
            if format == RecordingFormat::Wav {
                assert_eq!(
                    bytes[4..8],
                    u32::try_from(bytes.len() - 8).unwrap().to_le_bytes()
                );
                assert_eq!(
                    bytes[40..44],
                    u32::try_from(2 * samples).unwrap().to_le_bytes()
                );
            }
            assert_eq!(decode(format, &bytes).len(), samples);
        }
    }
    let mut encoder = RecordingEncoder::open(RecordingFormat::Mp3).unwrap();
    encoder.finish().unwrap();
    assert_eq!(encoder.header(), None);
}

#[test]
fn the_first_bytes_come_early() {
    for format in RecordingFormat::ALL {
        let (_, first) = record(format, &tone(48_000), 240);
        let wanted = RECORDING_RATE as usize * 3 / 10;
        assert!(first <= wanted, "{format:?}: after {first} samples");
    }
}

#[test]
fn the_same_sound_gives_the_same_bytes() {
    for format in RecordingFormat::ALL {
        let sound = tone(10_000);
        assert_eq!(
            record(format, &sound, 10_000).0,
            record(format, &sound, 33).0,
            "{format:?}"
        );
    }
}

#[test]
fn silence_and_nothing_are_recordings_too() {
    for format in RecordingFormat::ALL {
        let (bytes, _) = record(format, &[0.0; 12_000], 12_000);
        assert!(
            decode(format, &bytes)
                .iter()
                .all(|sample| *sample == 0.0 || sample.abs() < 0.001)
        );
        record(format, &[], 1);
    }
}

#[test]
fn what_is_finished_takes_no_more() {
    let mut encoder = RecordingEncoder::open(RecordingFormat::Opus).unwrap();
    encoder.record(&tone(100)).unwrap();
    encoder.finish().unwrap();
    for result in [encoder.record(&[0.0]), encoder.finish()] {
        assert!(matches!(result, Err(CodecError::Finished { .. })));
    }
}

#[test]
fn encoders_may_move_to_other_threads() {
    fn movable<T: Send>() {}
    movable::<RecordingEncoder>();
}

#[test]
fn the_last_samples_are_heard() {
    /// The end that is looked at: 10 ms.
    const END: usize = 240;
    for format in RecordingFormat::ALL {
        for samples in [24_000, 24_100, 24_576, 24_577, 25_343, 25_600] {
            let sound = tone(samples);
            let heard = decode(format, &record(format, &sound, 500).0);
            // The delay of MP3's filters, and of LAME's encoder.
            let lag = if format == RecordingFormat::Mp3 {
                1_105
            } else {
                0
            };
            let end = heard.get(samples - END + lag..samples + lag);
            let found = end.map(|end| strength(end, 440.0));
            assert!(
                found.is_some_and(|found| found > 0.36),
                "{format:?} of {samples} samples: {} heard, {found:?}",
                heard.len()
            );
        }
    }
}
