//! Files as phones, editors and broadcasters make them: recognised by their bytes, and decoded to what was said.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::io::Cursor;
use std::process::Command;

use avatar_codec::{DecodeError, Recognition, SoundDecoder, SoundFormat};

const RATE: u32 = 48_000;

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

/// The file that ffmpeg makes of `sound`.
fn file(sound: &[f32], arguments: &[&str]) -> Vec<u8> {
    let place = tempfile::tempdir().unwrap();
    let (from, to) = (place.path().join("from"), place.path().join("to"));
    let bytes: Vec<u8> = sound.iter().flat_map(|x| x.to_le_bytes()).collect();
    std::fs::write(&from, bytes).unwrap();
    let output = Command::new("ffmpeg")
        .args([
            "-v", "error", "-f", "f32le", "-ar", "48000", "-ac", "1", "-i",
        ])
        .arg(&from)
        .args(arguments)
        .arg(&to)
        .output()
        .expect("ffmpeg (Debian package ffmpeg) is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    std::fs::read(to).unwrap()
}

/// What `bytes` are recognised as, and decoded to.
fn decoded(bytes: &[u8]) -> (SoundFormat, Result<(Vec<f32>, u32), DecodeError>) {
    let head = &bytes[..bytes.len().min(Recognition::ENOUGH)];
    let (format, from) = match Recognition::of(head) {
        Recognition::Sound(format, from) => (format, from),
        other => panic!("{other:?}"),
    };
    (format, samples(format, bytes[from..].to_vec()))
}

fn samples(format: SoundFormat, bytes: Vec<u8>) -> Result<(Vec<f32>, u32), DecodeError> {
    let (mut pcm, mut rate) = (Vec::new(), 0);
    let mut decoder = SoundDecoder::open(format, Cursor::new(bytes))?;
    while let Some(stretch) = decoder.decode()? {
        rate = stretch.rate;
        pcm.extend(stretch.pcm);
    }
    Ok((pcm, rate))
}

/// Loudness in steps of 10 ms.
fn steps(pcm: &[f32], rate: u32) -> Vec<f32> {
    let mean = |step: &[f32]| (step.iter().map(|x| x * x).sum::<f32>() / step.len() as f32).sqrt();
    pcm.chunks_exact(rate as usize / 100).map(mean).collect()
}

/// Coders delay sound by up to so many steps.
const REACH: usize = 40;

/// How well `found` is what was `said`, at the place where it fits best, and by how many decibels it is louder.
fn likeness(found: &[f32], rate: u32, said: &[f32]) -> (f32, f32) {
    let (found, said) = (steps(found, rate), steps(said, RATE));
    // And one drops its first frame.
    let found = [vec![0.0; 5], found].concat();
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let length = said.len() - REACH;
    let said = &said[..length];
    let norm = product(said, said).sqrt();
    let at = |late: usize| {
        let part = &found[late.min(found.len())..];
        let part = &part[..part.len().min(length)];
        let own = product(part, part).sqrt().max(1e-9);
        (
            product(part, said) / (norm * own),
            20.0 * (own / norm).log10(),
        )
    };
    (0..REACH)
        .map(at)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .unwrap_or_default()
}

#[track_caller]
fn assert_said(name: &str, bytes: &[u8], kind: SoundFormat, said: &[f32], decibels: f32) {
    let (format, result) = decoded(bytes);
    assert_eq!(format, kind, "{name}");
    let (pcm, rate) = result.unwrap_or_else(|error| panic!("{name}: {error}"));
    let (likeness, louder) = likeness(&pcm, rate, said);
    println!("{name}: {likeness:.3}, {louder:+.1} dB");
    assert!(likeness > 0.95, "{name}: {likeness}");
    assert!(louder.abs() < decibels, "{name}: {louder} dB");
}

#[test]
fn whole_files_of_every_kind_are_what_was_said() {
    use SoundFormat as F;
    let said = syllables(2.0);
    let fragments = "+frag_keyframe+empty_moov+default_base_moof";
    let kinds: [(&str, SoundFormat, &[&str]); 27] = [
        ("m4a, index last", F::Mp4, &["-f", "ipod", "-c:a", "aac"]),
        (
            "m4a, index first",
            F::Mp4,
            &["-f", "ipod", "-c:a", "aac", "-movflags", "+faststart"],
        ),
        ("alac", F::Mp4, &["-f", "ipod", "-c:a", "alac"]),
        ("mov", F::Mp4, &["-f", "mov", "-c:a", "pcm_s16be"]),
        ("opus in mp4", F::Mp4, &["-f", "mp4", "-c:a", "libopus"]),
        ("3gp", F::Mp4, &["-f", "3gp", "-c:a", "aac"]),
        (
            "fragments",
            F::Mp4,
            &[
                "-f",
                "mp4",
                "-c:a",
                "aac",
                "-frag_duration",
                "200000",
                "-movflags",
                fragments,
            ],
        ),
        ("aiff", F::Aiff, &["-f", "aiff"]),
        ("aifc", F::Aiff, &["-f", "aiff", "-c:a", "pcm_alaw"]),
        ("au", F::Au, &["-f", "au"]),
        ("caf", F::Caf, &["-f", "caf"]),
        ("caf with alac", F::Caf, &["-f", "caf", "-c:a", "alac"]),
        ("rf64", F::Wav, &["-f", "wav", "-rf64", "always"]),
        ("ac3", F::Ac3, &["-f", "ac3"]),
        ("eac3", F::Eac3, &["-f", "eac3"]),
        ("wma", F::Asf, &["-f", "asf", "-c:a", "wmav2"]),
        ("latm", F::Loas, &["-f", "latm", "-c:a", "aac"]),
        ("w64", F::Wave64, &["-f", "w64"]),
        ("wavpack", F::WavPack, &["-f", "wv"]),
        ("avi", F::Avi, &["-f", "avi", "-c:a", "mp3"]),
        ("matroska", F::WebM, &["-f", "matroska", "-c:a", "flac"]),
        (
            "wav, ima adpcm",
            F::Wav,
            &["-f", "wav", "-c:a", "adpcm_ima_wav"],
        ),
        ("wav, ms adpcm", F::Wav, &["-f", "wav", "-c:a", "adpcm_ms"]),
        ("wav, mp3", F::Wav, &["-f", "wav", "-c:a", "mp3"]),
        (
            "wav, g722",
            F::Wav,
            &["-f", "wav", "-c:a", "g722", "-ar", "16000"],
        ),
        ("mp2", F::Mp3, &["-f", "mp2"]),
        (
            "id3 and aac",
            F::Adts,
            &[
                "-f",
                "adts",
                "-write_id3v2",
                "1",
                "-metadata",
                "title=Speech",
            ],
        ),
    ];
    for (name, kind, arguments) in kinds {
        assert_said(name, &file(&said, arguments), kind, &said, 1.5);
    }
}

/// A tag as music players write it, with a picture in it.
fn tag(length: usize) -> Vec<u8> {
    let size = [21, 14, 7, 0].map(|shift| (length >> shift & 0x7f) as u8);
    [&b"ID3\x04\0\0"[..], &size, &vec![0x41; length]].concat()
}

#[test]
fn what_is_before_the_sound_is_left_out() {
    let said = syllables(2.0);
    let mp3 = file(
        &said,
        &["-f", "mp3", "-write_xing", "0", "-id3v2_version", "0"],
    );
    let aac = file(&said, &["-f", "adts"]);
    let flac = file(&said, &["-f", "flac"]);
    for (name, bytes, kind) in [
        (
            "mp3 without its first bytes",
            mp3[100..].to_vec(),
            SoundFormat::Mp3,
        ),
        (
            "mp3 behind zeros",
            [&[0; 1024][..], &mp3].concat(),
            SoundFormat::Mp3,
        ),
        (
            "aac without its first bytes",
            aac[50..].to_vec(),
            SoundFormat::Adts,
        ),
        (
            "flac behind a tag",
            [&tag(3000)[..], &flac].concat(),
            SoundFormat::Flac,
        ),
        (
            "aac behind a tag",
            [&tag(3000)[..], &aac].concat(),
            SoundFormat::Adts,
        ),
    ] {
        assert_said(name, &bytes, kind, &said, 1.0);
    }
}

/// A WAV file with `before` in front of its sound.
fn wave(said: &[f32], before: &[u8]) -> Vec<u8> {
    let sound: Vec<u8> = said
        .iter()
        .flat_map(|x| ((x * 32_767.0) as i16).to_le_bytes())
        .collect();
    let description = b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\xbb\0\0\0\x77\x01\0\x02\0\x10\0";
    let size = |length: usize| (length as u32).to_le_bytes();
    let rest = [
        &description[..],
        before,
        b"data",
        &size(sound.len()),
        &sound,
    ]
    .concat();
    [&b"RIFF"[..], &size(rest.len()), &rest].concat()
}

#[test]
fn chunks_of_any_length_come_before_the_sound_of_a_wave() {
    let said = syllables(1.0);
    let chunk = |name: &[u8; 4], length: usize, padding: &[u8]| {
        let size = (length as u32).to_le_bytes();
        [&name[..], &size, &vec![b'x'; length], padding].concat()
    };
    for (name, before) in [
        ("nothing", Vec::new()),
        ("two megabytes of bext", chunk(b"bext", 2 << 20, b"")),
        ("an odd chunk", chunk(b"LIST", 27, b"\0")),
        ("an odd chunk without padding", chunk(b"LIST", 27, b"")),
    ] {
        assert_said(name, &wave(&said, &before), SoundFormat::Wav, &said, 0.1);
    }
}

#[test]
fn a_coding_nobody_decodes_is_named_and_a_film_without_sound_is_silent() {
    let mut bytes = wave(&syllables(1.0), b"");
    // DSP Group TrueSpeech's neighbour: a number that nobody has registered.
    bytes[20..22].copy_from_slice(&0x7abc_u16.to_le_bytes());
    let error = decoded(&bytes).1.unwrap_err();
    assert!(matches!(error, DecodeError::Coding { .. }), "{error:?}");
    assert!(error.words().contains("not supported"), "{}", error.words());
    let place = tempfile::tempdir().unwrap();
    let film = place.path().join("film.mp4");
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", "testsrc=d=1:s=64x64"])
        .arg(&film)
        .status();
    assert!(made.unwrap().success());
    let error = decoded(&std::fs::read(film).unwrap()).1.unwrap_err();
    assert!(
        matches!(error, DecodeError::Silent(SoundFormat::Mp4)),
        "{error:?}"
    );
}

#[test]
fn a_voice_is_as_loud_wherever_it_is() {
    let said = syllables(2.0);
    let five = "5.1(side)|FL=0*c0|FR=0*c0|FC=c0|LFE=0*c0|SL=0*c0|SR=0*c0";
    for (name, pan, decibels) in [
        ("both", "stereo|c0=c0|c1=c0", 0.1),
        ("opposite", "stereo|c0=c0|c1=-1*c0", 1.0),
        ("left", "stereo|c0=c0|c1=0*c0", 1.0),
        ("centre", five, 3.2),
    ] {
        let filter = format!("pan={pan}");
        for (coder, kind, gives) in [
            ("pcm_s16le", SoundFormat::Wav, "wav"),
            ("flac", SoundFormat::Flac, "flac"),
            ("aac", SoundFormat::Adts, "adts"),
        ] {
            let bytes = file(&said, &["-af", &filter, "-f", gives, "-c:a", coder]);
            assert_said(
                &format!("{name} {coder}"),
                &bytes,
                kind,
                &said,
                decibels + 0.3,
            );
        }
    }
}
