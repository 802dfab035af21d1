//! How far tokens of speech that is still arriving are from those of the same speech heard whole.
//!
//! `listening SPEECH [WEIGHTS]`: raw 32-bit floating-point samples, 16 kHz, one channel; and a directory of imported weights,
//! without which they are made from names.

use std::error::Error;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use avatar_models::probe::Inputs;
use avatar_models::speech::{Listener, SAMPLE_RATE, Speech, WhisperConfig};
use avatar_models::weights::Weights;
use tch::{Device, Kind, Tensor, no_grad};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let file = arguments
        .next()
        .ok_or("usage: listening SPEECH [WEIGHTS]")?;
    let pcm: Vec<f32> = std::fs::read(file)?
        .chunks_exact(4)
        .map(|bytes| Ok(f32::from_le_bytes(bytes.try_into()?)))
        .collect::<Result<_, Box<dyn Error>>>()?;
    let (weights, config) = match arguments.next() {
        Some(directory) => (
            Weights::read(
                &directory.join("whisper.safetensors"),
                Device::Cpu,
                Kind::Float,
            )?,
            serde_json::from_slice(&std::fs::read(directory.join("whisper.json"))?)?,
        ),
        None => (Inputs::default().weights(), WhisperConfig::tiny()),
    };
    let speech = Arc::new(Mutex::new(Speech::new(&weights.root(), &config)?));
    let whole = hear(&speech, &pcm, pcm.len())?;
    println!("speech of {:.1} s", pcm.len() as f64 / SAMPLE_RATE as f64);
    println!(
        "pieces of  tokens' relative distance: median  95 %   most   cosine: least   encoder's share of real time"
    );
    for milliseconds in [20, 40, 100, 500, 2000] {
        let start = Instant::now();
        let pieces = hear(&speech, &pcm, SAMPLE_RATE * milliseconds / 1000)?;
        let share = start.elapsed().as_secs_f64() * SAMPLE_RATE as f64 / pcm.len() as f64;
        let norm = |x: &Tensor| x.square().sum_dim_intlist(1, false, Kind::Float).sqrt();
        let distance = norm(&(&pieces - &whole)) / norm(&whole);
        let cosine = (&pieces * &whole).sum_dim_intlist(1, false, Kind::Float)
            / (norm(&pieces) * norm(&whole));
        println!(
            "{milliseconds:>6} ms {:>35.4} {:>6.4} {:>6.4} {:>15.5} {share:>15.2}",
            distance.median().double_value(&[]),
            distance
                .quantile_scalar(0.95, 0, false, "linear")
                .double_value(&[]),
            distance.max().double_value(&[]),
            cosine.min().double_value(&[]),
        );
    }
    Ok(())
}

/// The tokens of each frame, [frames, tokens · features].
fn hear(speech: &Arc<Mutex<Speech>>, pcm: &[f32], piece: usize) -> Result<Tensor, Box<dyn Error>> {
    no_grad(|| {
        let mut listener = Listener::new(Arc::clone(speech), 25)?;
        let size = listener.size();
        let frames = pcm.len() * 25 / SAMPLE_RATE;
        let mut tokens = vec![0.0; frames * size];
        let mut told = 0;
        let pieces = pcm.chunks(piece);
        let count = pieces.len();
        for (index, piece) in pieces.enumerate() {
            let room = tokens.get_mut(told * size..).unwrap_or_default();
            told += listener.hear(piece, index + 1 == count, room)?;
        }
        Ok(Tensor::from_slice(&tokens).view([i64::try_from(frames)?, -1]))
    })
}
