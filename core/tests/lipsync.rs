//! Whether the mouth that is seen fits the sound that is heard, measured in the finished file.
#![cfg(feature = "espeak")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use avatar_core::api::{Catalogue, MediaFile, start};
use avatar_core::config::Config;
use avatar_core::face::Presenter;
use avatar_core::generator::{Generator, Neighbourhood, Workshop};
use avatar_core::session::{Board, Hint, Intake, Kind, NoBell, SessionId, State};
use avatar_core::store::Store;
use serde_json::json;

/// Pictures a second, and samples of sound in each.
const RATE: usize = 25;
const SAMPLES: usize = 48_000 / RATE;
/// Lags looked at, in pictures either way.
const REACH: i64 = 10;

fn decode(input: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(input)
        .args(arguments)
        .arg("-")
        .output()
        .expect("ffmpeg (Debian package ffmpeg) is installed");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    output.stdout
}

/// How much of the mouth's region is dark in each picture: what lies between the lips.
fn openings(file: &Path) -> Vec<f64> {
    const DARK: u8 = 70;
    let presenter = Presenter::new("anna", 512, 512, Config::default().video.frame_rate, 0);
    let region = presenter.unwrap().mouth_region();
    let crop = format!(
        "crop={}:{}:{}:{}:exact=1",
        region.width, region.height, region.x, region.y
    );
    let luma = decode(file, &["-vf", &crop, "-pix_fmt", "gray", "-f", "rawvideo"]);
    luma.chunks_exact(region.width * region.height)
        .map(|picture| picture.iter().filter(|&&luma| luma < DARK).count() as f64)
        .collect()
}

/// The level of the sound during each picture.
fn envelope(file: &Path) -> Vec<f64> {
    let sound = decode(file, &["-ac", "1", "-ar", "48000", "-f", "f32le"]);
    let samples: Vec<f64> = sound
        .chunks_exact(4)
        .map(|bytes| f64::from(f32::from_le_bytes(bytes.try_into().unwrap())))
        .collect();
    samples
        .chunks(SAMPLES)
        .map(|frame| (frame.iter().map(|s| s * s).sum::<f64>() / frame.len() as f64).sqrt())
        .collect()
}

/// Averages over three pictures: neither mouths nor loudness follow single ones.
fn smooth(values: &[f64]) -> Vec<f64> {
    values
        .windows(3)
        .map(|window| window.iter().sum::<f64>() / 3.0)
        .collect()
}

/// Pearson's correlation of `mouth` with `sound` moved back by `lag` pictures.
fn correlation(mouth: &[f64], sound: &[f64], lag: i64) -> f64 {
    let pairs: Vec<(f64, f64)> = (0_i64..)
        .zip(sound)
        .filter_map(|(n, &sound)| {
            let at = usize::try_from(n + lag).ok()?;
            Some((*mouth.get(at)?, sound))
        })
        .collect();
    let count = pairs.len() as f64;
    let (a, b) = pairs
        .iter()
        .fold((0.0, 0.0), |(a, b), p| (a + p.0, b + p.1));
    let (a, b) = (a / count, b / count);
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        ab += (x - a) * (y - b);
        aa += (x - a) * (x - a);
        bb += (y - b) * (y - b);
    }
    ab / (aa * bb).sqrt()
}

/// Pictures in the midst of silence: a mouth may take 160 ms to close, and opens 80 ms before it speaks.
fn quiet(sound: &[f64]) -> impl Iterator<Item = usize> {
    sound
        .windows(7)
        .enumerate()
        .filter(|(_, window)| window.iter().all(|&level| level < 1e-3))
        .map(|(n, _)| n + 4)
}

#[test]
fn the_mouth_opens_with_the_sound() {
    for (language, text) in [
        (
            "en",
            "Every morning the old man opened the window, looked over the valley and sang. \
             Nobody knew the song. Nobody asked. But all who heard it went to work smiling.",
        ),
        (
            "ru",
            "Каждое утро старик открывал окно, смотрел на долину и пел. \
             Никто не знал этой песни. Никто не спрашивал. Но все шли на работу с улыбкой.",
        ),
        (
            "kk",
            "Әр таңда қарт терезесін ашып, алқапқа қарап ән салатын. \
             Ол әнді ешкім білмейтін. Ешкім сұрамайтын. Бірақ бәрі жұмысқа күлімсіреп баратын.",
        ),
    ] {
        let data = tempfile::tempdir().unwrap();
        let config = Arc::new(Config {
            data: data.path().to_owned(),
            ..Config::default()
        });
        let board = Board::in_memory(4);
        let neighbourhood = Neighbourhood {
            pid: std::process::id(),
            bell: Arc::new(NoBell),
            alive: |_| true,
        };
        let workshop = Workshop::builtin(&config).unwrap();
        let generator =
            Generator::start(Arc::clone(&config), board, workshop, neighbourhood).unwrap();
        let store = Store::new(&config.data);
        let intake = Intake::new(board, store.clone(), config.limits);
        let body = json!({ "text": text, "language": language }).to_string();
        let mut job = start(body.as_bytes(), &config, &Catalogue::builtin(&config)).unwrap();
        // What the presenter does by itself follows from the id.
        let mut id = job.id.to_bytes();
        id.iter_mut().skip(8).for_each(|byte| *byte = 0x80);
        job.id = SessionId::from_bytes(id);
        intake.accept(&job).unwrap();
        generator.notice(Hint::wanted(job.id));
        while intake.find(job.id).is_some_and(|record| !record.finished()) {
            std::thread::yield_now();
        }
        assert_eq!(intake.find(job.id).unwrap().state, State::Ready);
        let file = store.path(job.id, MediaFile::Output(Kind::Avatar));
        let mouth = smooth(&openings(&file));
        let sound = smooth(&envelope(&file));
        let (lag, best) = (-REACH..=REACH)
            .map(|lag| (lag, correlation(&mouth, &sound, lag)))
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .unwrap();
        println!(
            "{language}: correlation {best:.2}, the mouth is {} ms behind",
            lag * 40
        );
        assert!(best > 0.4, "{language}: {best}");
        assert!((lag * 40).abs() < 80, "{language}: {} ms", lag * 40);
        let closed = mouth.iter().copied().fold(f64::MAX, f64::min);
        let widest = mouth.iter().copied().fold(0.0, f64::max);
        let open: Vec<f64> = quiet(&sound)
            .filter_map(|n| mouth.get(n).map(|mouth| mouth - closed))
            .collect();
        let mean = open.iter().sum::<f64>() / open.len() as f64;
        println!(
            "{language}: in silence {:.3} open",
            mean / (widest - closed)
        );
        // The line between resting lips is dark as well, that between pressed ones less so.
        assert!(
            mean < (widest - closed) * 0.2,
            "{language}: open in silence"
        );
    }
}
