//! What speech is heard through.

use std::f64::consts::TAU;

use tch::{Device, TchError, Tensor};

use super::{Figures, Inputs, ProbeError, Row};
use crate::speech::{Encoder, LogMel, SAMPLE_RATE, WhisperConfig};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "Whisper state 0",
        expected: Figures::new(0.043_105, 0.190_597, [-0.010_946, -0.182_622, -0.035_257]),
        output: |inputs| state(inputs, 0),
    },
    Row {
        name: "Whisper state 3",
        expected: Figures::new(-0.066_864, 1.843_667, [3.452_394, 2.434_414, -3.479_703]),
        output: |inputs| state(inputs, 3),
    },
    Row {
        name: "Whisper state 4",
        expected: Figures::new(0.000_737, 0.995_825, [1.325_403, 0.963_703, -1.244_105]),
        output: |inputs| state(inputs, 4),
    },
    Row {
        name: "log-mel",
        expected: Figures::new(-0.554_542, 0.112_441, [0.983_279, 0.418_185, -0.561_796]),
        output: |_| log_mel(),
    },
];

fn state(inputs: &Inputs, index: usize) -> Result<Tensor, ProbeError> {
    let weights = inputs.weights();
    let encoder = Encoder::new(&weights.root(), &WhisperConfig::tiny())?;
    let mut states = encoder.forward(&inputs.tensor("mel", &[1, 80, 3000], 1.0)?)?;
    if index < states.len() {
        Ok(states.swap_remove(index))
    } else {
        Err(TchError::Shape(format!("there is no state {index}")).into())
    }
}

/// Of two seconds of a tone.
fn log_mel() -> Result<Tensor, ProbeError> {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "small counts; computed in f64 and kept in f32"
    )]
    let tone: Vec<f32> = (0..2 * SAMPLE_RATE)
        .map(|index| (0.5 * (TAU * 440.0 * index as f64 / SAMPLE_RATE as f64).sin()) as f32)
        .collect();
    Ok(LogMel::new(Device::Cpu)?.forward(&tone)?)
}
