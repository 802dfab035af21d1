//! The motion generator of IMTalker.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use tch::{Device, Kind, TchError, Tensor};

use super::{Figures, Inputs, ProbeError, Row};
use crate::motion::{Conditions, Generator, GeneratorConfig, Guidance, Sampler, Window};
use crate::renderer::Version;

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "FMT v2",
        expected: Figures::new(0.219_649, 1.466_843, [1.060_223, 1.802_782, -0.156_475]),
        output: |inputs| velocity(inputs, Version::Second, 1.0),
    },
    Row {
        name: "FMT v1",
        expected: Figures::new(0.176_931, 1.480_951, [1.687_797, -0.199_967, 0.412_130]),
        output: |inputs| velocity(inputs, Version::First, 1.0),
    },
    Row {
        name: "FMT v2 guidance 2",
        expected: Figures::new(0.253_663, 2.122_511, [3.350_951, 2.286_642, -0.577_621]),
        output: |inputs| velocity(inputs, Version::Second, 2.0),
    },
    Row {
        name: "pose_projection",
        expected: Figures::new(0.203_463, 0.486_086, [0.653_564, 0.520_131, -0.252_900]),
        output: pose,
    },
    Row {
        name: "sampler v2",
        expected: Figures::new(0.131_300, 2.281_806, [4.765_775, 0.905_747, 3.276_439]),
        output: sampled,
    },
];

const POSE: [f32; 3] = [0.1, -0.2, 0.3];
const GAZE: [f32; 2] = [0.1, 0.2];

thread_local! {
    /// The one of each version, which takes a second to make.
    static GENERATORS: RefCell<HashMap<u8, Rc<Generator>>> = RefCell::default();
}

fn generator(inputs: &Inputs, version: Version) -> Result<Rc<Generator>, ProbeError> {
    let key = version.into();
    if let Some(generator) = GENERATORS.with_borrow(|all| all.get(&key).cloned()) {
        return Ok(generator);
    }
    let weights = inputs.weights();
    let generator = Generator::new(&weights.root(), &GeneratorConfig::published(version))?;
    let generator = Rc::new(generator);
    GENERATORS.with_borrow_mut(|all| all.insert(key, Rc::clone(&generator)));
    Ok(generator)
}

/// Of speech, gaze, pose and camera, in this order.
fn conditions(
    inputs: &Inputs,
    frames: i64,
    [audio, gaze, pose, camera]: [&str; 4],
) -> Result<Conditions, TchError> {
    let input = |name: &str| inputs.tensor(name, &[1, frames, 32], 1.0);
    Ok(Conditions {
        audio: input(audio)?,
        manner: (input(pose)? + input(camera)?).f_add(&input(gaze)?)?,
    })
}

fn velocity(inputs: &Inputs, version: Version, guidance: f64) -> Result<Tensor, ProbeError> {
    let generator = generator(inputs, version)?;
    let window = Window {
        conditions: &conditions(inputs, 50, ["a", "g", "p", "c"])?,
        past: &conditions(inputs, 10, ["pa", "pg", "pp", "pc"])?,
        past_motion: &inputs.tensor("px", &[1, 10, 32], 1.0)?,
        reference: &inputs.tensor("ref", &[1, 32], 1.0)?,
    };
    let motion = inputs.tensor("x", &[1, 50, 32], 1.0)?;
    Ok(generator
        .transformer
        .velocities(&motion, 0.25, guidance, &window)?)
}

fn pose(inputs: &Inputs) -> Result<Tensor, ProbeError> {
    let generator = generator(inputs, Version::Second)?;
    let pose = Tensor::f_from_slice(&POSE)?.f_unsqueeze(0)?;
    Ok(generator.projections.pose.forward(&pose)?)
}

/// Three seconds in two windows.
fn sampled(inputs: &Inputs) -> Result<Tensor, ProbeError> {
    let config = GeneratorConfig::published(Version::Second);
    let generator = generator(inputs, config.version)?;
    let projections = &generator.projections;
    let frames = 75;
    let row = |values: &[f32]| Tensor::f_from_slice(values)?.f_view([1, 1, -1]);
    let pose = projections.pose.forward(&row(&POSE)?)?;
    let gaze = projections.gaze.forward(&row(&GAZE)?)?;
    let conditions = Conditions {
        audio: projections
            .audio
            .forward(&inputs.tensor("feats", &[1, frames, 768], 1.0)?)?,
        manner: pose.f_add(&gaze)?.f_expand([1, frames, -1], false)?,
    };
    let reference = inputs.tensor("ref", &[1, 32], 1.0)?;
    let sampler = Sampler::new(&generator, &config, Guidance::default());
    let mut past = sampler.beginning()?;
    let mut motions = Tensor::f_zeros([1, 0, 32], (Kind::Float, Device::Cpu))?;
    for window in 0..2 {
        let noise = inputs.tensor(&format!("x0_{window}"), &[1, 50, 32], 3f64.sqrt())?;
        let told = conditions.padded(50 * window, 50)?;
        let motion = sampler.window(&noise, &told, &past, &reference)?;
        past = sampler.passed(&past, &motion, &told, 50)?;
        motions = Tensor::f_cat(&[motions, motion], 1)?;
    }
    Ok(motions.f_narrow(1, 0, frames)?)
}
