//! Speech that arrives in pieces, against the same speech heard whole.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use std::sync::{Arc, Mutex, MutexGuard};

use avatar_models::error::ModelsError;
use avatar_models::probe::Inputs;
use avatar_models::speech::{
    LOOK_AHEAD_MS, Listener, PIECE, SAMPLE_RATE, STEPS, Speech, WhisperConfig, Windowing,
};
use avatar_models::weights::ramp;
use tch::{Tensor, no_grad};

const FEATURES: usize = 64;
const LAYERS: usize = 5;
const SIZE: usize = STEPS * LAYERS * FEATURES;

fn speech() -> Arc<Mutex<Speech>> {
    let weights = Inputs::default().weights();
    let speech = Speech::new(&weights.root(), &WhisperConfig::narrow()).unwrap();
    Arc::new(Mutex::new(speech))
}

fn lock(speech: &Arc<Mutex<Speech>>) -> MutexGuard<'_, Speech> {
    speech.lock().unwrap()
}

fn listener(speech: &Arc<Mutex<Speech>>, frame_rate: u32) -> Listener {
    Listener::new(Arc::clone(speech), frame_rate).unwrap()
}

fn noise(samples: usize) -> Vec<f32> {
    let shape = [i64::try_from(samples).unwrap()];
    Vec::try_from(ramp("noise", &shape, 0.0, 0.3).unwrap()).unwrap()
}

fn values(tensor: &Tensor) -> Vec<f32> {
    Vec::try_from(tensor.flatten(0, -1)).unwrap()
}

/// The tokens of a whole speech, as MuseTalk makes them: states padded with silence, ten steps from each frame's place on,
/// and a wave that tells tokens apart.
fn whole(speech: &Speech, pcm: &[f32], frame_rate: usize) -> Vec<f32> {
    let states = no_grad(|| values(&speech.states(pcm).unwrap()));
    let step = LAYERS * FEATURES;
    let ratio = 50.0 / frame_rate as f64;
    let padding = ratio.ceil() as usize;
    let mut padded = vec![0.0; padding * 2 * step];
    padded.extend(states);
    padded.resize(padded.len() + padding * 6 * step + SIZE, 0.0);
    let mut tokens = Vec::new();
    for frame in 0..pcm.len() * frame_rate / SAMPLE_RATE {
        let begin = (frame as f64 * ratio).floor() as usize * step;
        for (place, value) in padded[begin..begin + SIZE].iter().enumerate() {
            let (token, feature) = ((place / FEATURES) as f64, place % FEATURES);
            let slow = (10_000f64.ln() * (feature - feature % 2) as f64 / FEATURES as f64).exp();
            let wave = match feature % 2 {
                0 => (token / slow).sin(),
                _ => (token / slow).cos(),
            };
            tokens.push(value + wave as f32);
        }
    }
    tokens
}

fn distance(one: &[f32], other: &[f32]) -> f32 {
    assert_eq!(one.len(), other.len());
    let apart = one
        .iter()
        .zip(other)
        .map(|(one, other)| (one - other).abs());
    apart.fold(0.0, f32::max)
}

#[test]
fn a_speech_heard_at_once_is_cut_as_a_file() {
    let speech = speech();
    for (frame_rate, samples) in [
        (25, 31_999),
        (25, PIECE),
        (30, 20_000),
        (24, 9_000),
        (50, 16_000),
    ] {
        let pcm = noise(samples);
        let frames = samples * frame_rate / SAMPLE_RATE;
        let mut tokens = vec![0.0; frames * SIZE];
        let mut listener = listener(&speech, u32::try_from(frame_rate).unwrap());
        assert_eq!(listener.hear(&pcm, true, &mut tokens).unwrap(), frames);
        let expected = whole(&lock(&speech), &pcm, frame_rate);
        let apart = distance(&tokens, &expected);
        assert!(apart < 1e-6, "{frame_rate} frames a second: {apart}");
    }
}

#[test]
fn a_long_speech_heard_at_once_is_cut_into_pieces_of_thirty_seconds() {
    let speech = speech();
    let pcm = noise(PIECE + 8_000);
    let mut tokens = vec![0.0; 762 * SIZE];
    let mut listener = listener(&speech, 25);
    assert_eq!(listener.hear(&pcm, true, &mut tokens).unwrap(), 762);
    assert!(distance(&tokens, &whole(&lock(&speech), &pcm, 25)) < 1e-6);
}

#[test]
fn frames_come_in_order_and_within_the_time_promised() {
    let speech = speech();
    let pcm = noise(27_000);
    let mut listener = listener(&speech, 25);
    let mut tokens = vec![0.0; 100 * SIZE];
    let (mut heard, mut frames) = (0, 0);
    for piece in pcm.chunks(700) {
        frames += listener
            .hear(piece, false, &mut tokens[frames * SIZE..])
            .unwrap();
        heard += piece.len();
        // The next frame has not waited longer than promised.
        let promised = SAMPLE_RATE * LOOK_AHEAD_MS as usize / 1000;
        assert!(frames * 640 + promised > heard, "{frames} at {heard}");
        assert!(frames * 640 < heard);
    }
    let before = frames;
    frames += listener
        .hear(&[], true, &mut tokens[frames * SIZE..])
        .unwrap();
    assert_eq!(frames, 42);
    assert_eq!(listener.hear(&[], true, &mut tokens).unwrap(), 0);
    assert!(before < 42);
    // Whatever was left for the end is what it would have been had all come at once.
    let expected = whole(&lock(&speech), &pcm, 25);
    let (early, late) = tokens[..frames * SIZE].split_at(before * SIZE);
    assert!(distance(late, &expected[before * SIZE..]) < 1e-6);
    assert!(distance(early, &expected[..before * SIZE]) > 1e-6);
}

#[test]
fn frames_for_which_there_is_no_room_come_with_the_next_call() {
    let speech = speech();
    let pcm = noise(16_000);
    let mut tokens = vec![0.0; 25 * SIZE];
    let mut listener = listener(&speech, 25);
    let (first, rest) = tokens.split_at_mut(10 * SIZE);
    assert_eq!(
        listener
            .hear(&pcm, true, &mut first[..7 * SIZE + 5])
            .unwrap(),
        7
    );
    let first = &mut first[7 * SIZE..];
    assert_eq!(listener.hear(&[], true, first).unwrap(), 3);
    assert_eq!(listener.hear(&[], true, rest).unwrap(), 15);
    assert!(distance(&tokens, &whole(&lock(&speech), &pcm, 25)) < 1e-6);
}

#[test]
fn a_speech_without_end_is_heard_on() {
    let speech = speech();
    let pcm = noise(PIECE + 200_000);
    let mut listener = listener(&speech, 25);
    let mut tokens = vec![f32::NAN; 1100 * SIZE];
    let mut frames = 0;
    for piece in pcm.chunks(130_000) {
        frames += listener
            .hear(piece, false, &mut tokens[frames * SIZE..])
            .unwrap();
    }
    frames += listener
        .hear(&[], true, &mut tokens[frames * SIZE..])
        .unwrap();
    assert_eq!(frames, 1062);
    assert!(
        tokens[..frames * SIZE]
            .iter()
            .all(|value| value.is_finite())
    );
}

#[test]
fn nothing_is_heard_after_the_end() {
    let speech = speech();
    let mut listener = listener(&speech, 25);
    assert_eq!(listener.hear(&[], true, &mut []).unwrap(), 0);
    let result = listener.hear(&[0.0], false, &mut []);
    assert!(matches!(result, Err(ModelsError::Argument(_))));
}

#[test]
fn a_frame_s_own_steps_are_heard_before_it_is_told() {
    for rate in [24, 25, 30, 50, 60] {
        let windowing = Windowing::new(rate, 5, 64).unwrap();
        for frame in 0..200 {
            let wait = windowing.reach(frame) - frame * SAMPLE_RATE / rate;
            assert!(
                wait <= SAMPLE_RATE * LOOK_AHEAD_MS as usize / 1000,
                "{rate}: {wait}"
            );
        }
    }
}
