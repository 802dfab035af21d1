//! The networks that find faces and tell their parts apart.

use tch::Tensor;

use super::{Figures, Inputs, ProbeError, Row};
use crate::detect::{Level, S3fd};
use crate::parse::Bisenet;
use crate::pose::{Logits, Rtmpose};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "S3FD output 0",
        expected: Figures::new(0.117_538, 0.026_052, [0.128_256, 0.032_038, 0.059_769]),
        output: |inputs| confidence(inputs, 0),
    },
    Row {
        name: "S3FD output 6",
        expected: Figures::new(-0.209_563, 0.348_456, [0.041_017, 0.052_531, -0.114_299]),
        output: |inputs| confidence(inputs, 3),
    },
    Row {
        name: "BiSeNet logits",
        expected: Figures::new(0.309_624, 2.537_634, [-0.305_660, -1.230_130, -0.333_430]),
        output: classes,
    },
    Row {
        name: "RTMPose backbone",
        expected: Figures::new(0.001_311, 0.044_081, [0.028_266, 0.016_030, 0.024_452]),
        output: features,
    },
    Row {
        name: "RTMPose x logits",
        expected: Figures::spread(-0.001_058, 0.966_581),
        output: |inputs| Ok(logits(inputs)?.x),
    },
    Row {
        name: "RTMPose y logits",
        expected: Figures::spread(-0.002_435, 0.964_691),
        output: |inputs| Ok(logits(inputs)?.y),
    },
];

fn confidence(inputs: &Inputs, level: usize) -> Result<Tensor, ProbeError> {
    let weights = inputs.weights();
    let detector = S3fd::new(&weights.root())?;
    let picture = inputs.tensor("img", &[1, 3, 128, 160], 100.0)?;
    let levels = detector.forward(&picture)?;
    let Level { confidence, .. } = levels
        .into_iter()
        .nth(level)
        .ok_or_else(|| tch::TchError::Shape(format!("the detector has no output {}", 2 * level)))?;
    Ok(confidence)
}

fn classes(inputs: &Inputs) -> Result<Tensor, ProbeError> {
    let weights = inputs.weights();
    let parser = Bisenet::new(&weights.root())?;
    let picture = inputs.tensor("img", &[1, 3, 512, 512], 2.0)?;
    Ok(parser.forward(&picture)?)
}

fn features(inputs: &Inputs) -> Result<Tensor, ProbeError> {
    let weights = inputs.weights();
    let network = Rtmpose::new(&weights.root())?;
    let picture = inputs.tensor("img", &[1, 3, 384, 288], 2.0)?;
    Ok(network.features(&picture)?)
}

fn logits(inputs: &Inputs) -> Result<Logits, ProbeError> {
    let weights = inputs.weights();
    let network = Rtmpose::new(&weights.root())?;
    let picture = inputs.tensor("img", &[1, 3, 384, 288], 2.0)?;
    Ok(network.logits(&network.features(&picture)?)?)
}
