//! What the motion generator is told of each frame: speech, gaze, pose and camera.

use tch::{Device, Kind, TchError, Tensor};

use super::GeneratorConfig;
use crate::layers::{LayerNorm, Linear, Output};
use crate::weights::{Scope, WeightsError};

/// Numbers of one kind as what is told of a frame.
pub struct Projection {
    linear: Linear,
    norm: LayerNorm,
}

impl Projection {
    fn new(scope: &Scope<'_>, inputs: i64, outputs: i64) -> Result<Self, WeightsError> {
        Ok(Self {
            linear: Linear::new(&scope.at(0), inputs, outputs)?,
            norm: LayerNorm::new(&scope.at(1), outputs)?,
        })
    }

    /// `x` is [.., inputs].
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn forward(&self, x: &Tensor) -> Output {
        let x = x
            .f_to_device(self.linear.device())?
            .f_to_kind(self.linear.kind())?;
        self.norm.forward(&self.linear.forward(&x)?)?.f_silu()
    }
}

/// One for each kind.
pub struct Projections {
    /// Of features of speech.
    pub audio: Projection,
    /// Of where the eyes look: two numbers.
    pub gaze: Projection,
    /// Of how the head is held: pitch, yaw and roll.
    pub pose: Projection,
    /// Of where the camera stands: a scale and a shift.
    pub camera: Projection,
}

impl Projections {
    pub(super) fn new(scope: &Scope<'_>, config: &GeneratorConfig) -> Result<Self, WeightsError> {
        let projection = |name: &str, inputs| {
            let scope = scope.at(format_args!("{name}_projection"));
            Projection::new(&scope, inputs, config.motion)
        };
        Ok(Self {
            audio: projection("audio", config.speech)?,
            gaze: projection("gaze", 2)?,
            pose: projection("pose", 3)?,
            camera: projection("cam", 3)?,
        })
    }
}

/// What is told of some frames, projected: each [1, frames, motion].
#[derive(Debug)]
pub struct Conditions {
    /// Speech.
    pub audio: Tensor,
    /// Everything else, added up: the transformer sees nothing but the sum.
    pub manner: Tensor,
}

impl Conditions {
    /// Nothing at all of `frames`.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn none(
        frames: usize,
        motion: i64,
        (kind, device): (Kind, Device),
    ) -> Result<Self, TchError> {
        let frames = i64::try_from(frames).unwrap_or_default();
        let nothing = || Tensor::f_zeros([1, frames, motion], (kind, device));
        Ok(Self {
            audio: nothing()?,
            manner: nothing()?,
        })
    }

    fn each(&self, form: impl Fn(&Tensor) -> Output) -> Result<Self, TchError> {
        Ok(Self {
            audio: form(&self.audio)?,
            manner: form(&self.manner)?,
        })
    }

    /// How many frames.
    pub fn frames(&self) -> i64 {
        self.audio.size().get(1).copied().unwrap_or_default()
    }

    /// `count` of the frames, from `first` on; the last one again where there are not so many.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn padded(&self, first: i64, count: i64) -> Result<Self, TchError> {
        let there = (self.frames() - first).clamp(1, count);
        self.each(|x| {
            let x = x.f_narrow(1, first, there)?;
            let last = x.f_narrow(1, there - 1, 1)?;
            Tensor::f_cat(&[x, last.f_expand([1, count - there, -1], false)?], 1)
        })
    }

    /// The last `count` of these frames and then `others`.
    pub(super) fn then(&self, others: &Self, count: i64) -> Result<Self, TchError> {
        let last = |one: &Tensor, other: &Tensor| -> Output {
            let both = Tensor::f_cat(&[one, other], 1)?;
            both.f_narrow(1, both.size3()?.1 - count, count)
        };
        Ok(Self {
            audio: last(&self.audio, &others.audio)?,
            manner: last(&self.manner, &others.manner)?,
        })
    }
}
