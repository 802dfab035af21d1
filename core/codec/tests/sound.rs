//! Sound of every kind, made by ffmpeg, read as a network would bring it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::io::{self, Read, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use avatar_codec::{DecodeError, SoundDecoder, SoundFormat};

/// Samples a second of the sound that is encoded.
const RATE: u32 = 24_000;

/// A voice that rises and falls, in syllables with pauses between, for so many seconds.
fn syllables(seconds: f64) -> Vec<f32> {
    let mut phase = 0.0_f64;
    (0..(seconds * f64::from(RATE)) as u32)
        .map(|n| {
            let at = f64::from(n) / f64::from(RATE);
            phase += std::f64::consts::TAU * (180.0 + 60.0 * (at * 2.0).sin()) / f64::from(RATE);
            let syllable = (at * 4.0 * std::f64::consts::PI).sin().max(0.0);
            (0.4 * syllable * (phase.sin() + 0.3 * (3.0 * phase).sin())) as f32
        })
        .collect()
}

/// What ffmpeg makes of `sound`.
fn encoded(sound: &[f32], arguments: &[&str]) -> Vec<u8> {
    let mut child = Command::new("ffmpeg")
        .args([
            "-v", "error", "-f", "f32le", "-ar", "24000", "-ac", "1", "-i", "-",
        ])
        .args(arguments)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("ffmpeg (Debian package ffmpeg) is installed");
    let bytes: Vec<u8> = sound
        .iter()
        .flat_map(|sample| sample.to_le_bytes())
        .collect();
    let mut input = child.stdin.take().unwrap();
    let feed = std::thread::spawn(move || input.write_all(&bytes).unwrap());
    let output = child.wait_with_output().unwrap();
    feed.join().unwrap();
    assert!(output.status.success());
    let mut bytes = output.stdout;
    // Into a pipe ffmpeg writes the header before it knows the length.
    if SoundFormat::sniff(&bytes) == Some(SoundFormat::Wav) {
        let data = bytes.windows(4).position(|name| name == b"data").unwrap();
        let size = u32::try_from(bytes.len() - data - 8).unwrap();
        bytes[data + 4..data + 8].copy_from_slice(&size.to_le_bytes());
    }
    bytes
}

/// Bytes that come a few at a time, and are counted; then an error, if there is one.
struct Drip {
    bytes: Vec<u8>,
    at: Arc<AtomicUsize>,
    most: usize,
    end: Option<io::ErrorKind>,
}

impl Drip {
    fn new(bytes: &[u8], most: usize) -> Self {
        Self {
            bytes: bytes.to_vec(),
            at: Arc::default(),
            most,
            end: None,
        }
    }
}

impl Read for Drip {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let at = self.at.load(Ordering::Relaxed);
        let rest = &self.bytes[at..];
        if rest.is_empty()
            && let Some(kind) = self.end
        {
            return Err(kind.into());
        }
        let count = rest.len().min(buffer.len()).min(self.most);
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at.store(at + count, Ordering::Relaxed);
        Ok(count)
    }
}

fn format(bytes: &[u8]) -> SoundFormat {
    SoundFormat::sniff(&bytes[..SoundFormat::HEAD]).expect("sound is recognised")
}

/// Everything that can be decoded, and how it ends.
fn decoded(bytes: Drip) -> (Vec<f32>, u32, Result<(), DecodeError>) {
    let (mut pcm, mut rate) = (Vec::new(), 0);
    let mut decoder = match SoundDecoder::open(format(&bytes.bytes), bytes) {
        Ok(decoder) => decoder,
        Err(error) => return (pcm, rate, Err(error)),
    };
    loop {
        match decoder.decode() {
            Ok(Some(stretch)) => {
                rate = stretch.rate;
                pcm.extend(stretch.pcm);
            }
            Ok(None) => return (pcm, rate, Ok(())),
            Err(error) => return (pcm, rate, Err(error)),
        }
    }
}

/// A name, ffmpeg's arguments, what comes of it, how far the sound may be moved and how many decibels of noise may be in it.
type Kind = (
    &'static str,
    &'static [&'static str],
    SoundFormat,
    usize,
    f64,
);

/// Every kind.
const KINDS: [Kind; 12] = [
    (
        "mp3",
        &["-f", "mp3", "-b:a", "64k"],
        SoundFormat::Mp3,
        2400,
        -15.0,
    ),
    (
        "mp3 with tags",
        &[
            "-f",
            "mp3",
            "-write_id3v1",
            "1",
            "-metadata",
            "title=Speech",
            "-b:a",
            "64k",
        ],
        SoundFormat::Mp3,
        2400,
        -15.0,
    ),
    ("wav", &["-f", "wav"], SoundFormat::Wav, 0, -70.0),
    (
        "wav in stereo of 24 bits",
        &[
            "-f",
            "wav",
            "-af",
            "pan=stereo|c0=c0|c1=c0",
            "-c:a",
            "pcm_s24le",
        ],
        SoundFormat::Wav,
        0,
        -70.0,
    ),
    (
        "wav of 8 bits",
        &["-f", "wav", "-c:a", "pcm_u8"],
        SoundFormat::Wav,
        0,
        -30.0,
    ),
    (
        "wav in A-law",
        &["-f", "wav", "-c:a", "pcm_alaw"],
        SoundFormat::Wav,
        0,
        -30.0,
    ),
    (
        "wav in µ-law",
        &["-f", "wav", "-c:a", "pcm_mulaw"],
        SoundFormat::Wav,
        0,
        -30.0,
    ),
    (
        "wav in floating point",
        &["-f", "wav", "-c:a", "pcm_f32le"],
        SoundFormat::Wav,
        0,
        -70.0,
    ),
    ("flac", &["-f", "flac"], SoundFormat::Flac, 0, -70.0),
    (
        "opus",
        &[
            "-f",
            "ogg",
            "-page_duration",
            "100000",
            "-c:a",
            "libopus",
            "-b:a",
            "64k",
        ],
        SoundFormat::Ogg,
        400,
        -12.0,
    ),
    (
        "vorbis",
        &[
            "-f",
            "ogg",
            "-page_duration",
            "100000",
            "-c:a",
            "libvorbis",
            "-q:a",
            "8",
        ],
        SoundFormat::Ogg,
        400,
        -12.0,
    ),
    (
        "aac",
        &["-f", "adts", "-b:a", "96k"],
        SoundFormat::Adts,
        2400,
        -12.0,
    ),
];

/// The power of the difference, in decibels below that of `wanted`, where it is least.
fn noise(found: &[f32], wanted: &[f32], reach: usize) -> f64 {
    let power = |sum: f64| 10.0 * sum.max(1e-12).log10();
    let total: f64 = wanted.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    (0..=reach)
        .map(|late| {
            let pairs = wanted.iter().zip(&found[late.min(found.len())..]);
            let sum: f64 = pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum();
            power(sum) - power(total)
        })
        .fold(f64::MAX, f64::min)
}

#[test]
fn every_kind_is_recognised_and_decoded_however_it_comes() {
    let sound = syllables(3.0);
    for (name, arguments, kind, reach, bar) in KINDS {
        let bytes = encoded(&sound, arguments);
        assert_eq!(format(&bytes), kind, "{name}");
        let (whole, rate, end) = decoded(Drip::new(&bytes, usize::MAX));
        end.unwrap_or_else(|error| panic!("{name}: {error}"));
        for pieces in [1, 777] {
            let (found, _, end) = decoded(Drip::new(&bytes, pieces));
            end.unwrap_or_else(|error| panic!("{name}: {error}"));
            if found != whole {
                let d = found.iter().zip(&whole).position(|(a, b)| a != b);
                println!(
                    "{name} in {pieces}: {} vs {} differ at {d:?}",
                    found.len(),
                    whole.len()
                );
            }
        }
        let length = whole.len() as f64 / f64::from(rate);
        assert!((length - 3.0).abs() < 0.15, "{name}: {length} s");
        // Opus is always decoded at 48 kHz.
        let found: Vec<f32> = whole
            .iter()
            .step_by((rate / RATE) as usize)
            .copied()
            .collect();
        let noise = noise(&found, &sound, reach);
        println!("{name}: noise {noise:.1} dB, {} bytes", bytes.len());
        assert!(noise < bar, "{name}: {noise} dB");
    }
}

#[test]
fn sound_is_there_long_before_all_bytes_are() {
    let sound = syllables(10.0);
    for (name, arguments, kind, ..) in KINDS {
        let bytes = encoded(&sound, arguments);
        let drip = Drip::new(&bytes, 100);
        let read = Arc::clone(&drip.at);
        let mut decoder = SoundDecoder::open(kind, drip).unwrap();
        let first = decoder.decode().unwrap().unwrap();
        let taken = read.load(Ordering::Relaxed);
        let seconds = 10.0 * taken as f64 / bytes.len() as f64;
        println!("{name}: first sound after {taken} bytes, {seconds:.2} s");
        assert!(!first.pcm.is_empty(), "{name}");
        assert!(
            taken * 4 < bytes.len(),
            "{name}: {taken} of {}",
            bytes.len()
        );
    }
}

#[test]
fn an_end_in_the_middle_is_one() {
    let sound = syllables(3.0);
    for (name, arguments, ..) in KINDS {
        let bytes = encoded(&sound, arguments);
        let (whole, ..) = decoded(Drip::new(&bytes, usize::MAX));
        let cut = bytes.len() * 3 / 5 + 1;
        let (found, _, end) = decoded(Drip::new(&bytes[..cut], usize::MAX));
        println!("{name}: {:?} after {} of {}", end, found.len(), whole.len());
        assert!(
            matches!(end, Err(DecodeError::Truncated)),
            "{name}: {end:?}"
        );
        // What came before is good.
        let share = found.len() as f64 / whole.len() as f64;
        assert!((0.2..0.8).contains(&share), "{name}: {share}");
    }
}

#[test]
fn a_source_that_fails_is_not_a_sound_that_ends() {
    let bytes = encoded(&syllables(2.0), &["-f", "mp3"]);
    let mut drip = Drip::new(&bytes[..bytes.len() / 2], 512);
    drip.end = Some(io::ErrorKind::ConnectionReset);
    let (found, _, end) = decoded(drip);
    assert!(found.len() > 10_000);
    match end {
        Err(DecodeError::Source(error)) => {
            assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_no_sound_is_refused() {
    for head in [
        "<!DOCTYPE html>",
        "{\"error\":{}}",
        "            ",
        "RIFFxxxxACON",
    ] {
        assert_eq!(SoundFormat::sniff(head.as_bytes()), None, "{head}");
    }
    assert_eq!(SoundFormat::sniff(&[]), None);
    // It begins like one, and then is not.
    for head in [
        &b"\xff\xfb\x90\x64"[..],
        b"fLaC",
        b"OggS",
        b"RIFF\0\0\0\0WAVE",
        b"ID3\x04\0\0\0\0\0\x10",
    ] {
        let mut bytes = head.to_vec();
        bytes.extend((0..20_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8));
        let kind = SoundFormat::sniff(&bytes).unwrap();
        let (found, _, end) = decoded(Drip::new(&bytes, usize::MAX));
        println!("{kind}: {} samples, {end:?}", found.len());
        assert!(
            end.is_err() || found.len() < 40_000,
            "{kind}: {} samples",
            found.len()
        );
    }
}

#[test]
fn a_length_nobody_knew_is_no_promise() {
    let mut bytes = encoded(&syllables(1.0), &["-f", "wav"]);
    let data = bytes.windows(4).position(|name| name == b"data").unwrap();
    for unknown in [0, u32::MAX, 0x7fff_f000] {
        bytes[data + 4..data + 8].copy_from_slice(&unknown.to_le_bytes());
        let (found, _, end) = decoded(Drip::new(&bytes, 1000));
        end.unwrap();
        assert_eq!(found.len(), RATE as usize);
    }
}

#[test]
fn bare_samples_need_no_header() {
    let sound = syllables(1.0);
    let bytes: Vec<u8> = sound
        .iter()
        .flat_map(|sample| ((sample * 32_768.0) as i16).to_le_bytes())
        .chain([7])
        .collect();
    let mut decoder = SoundDecoder::headerless(RATE, Drip::new(&bytes, 333));
    let mut found = Vec::new();
    while let Some(stretch) = decoder.decode().unwrap() {
        assert_eq!(stretch.rate, RATE);
        found.extend(stretch.pcm);
    }
    assert_eq!(found.len(), sound.len());
    assert!(noise(&found, &sound, 0) < -60.0);
}
