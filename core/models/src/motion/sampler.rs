//! Steps along the flow, window after window.

use tch::{TchError, Tensor};

use super::{Conditions, Generator, GeneratorConfig, Window};
use crate::layers::Output;

/// How the flow is followed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Guidance {
    /// Moments from noise to motion, both ends counted: one more than there are steps. At least 2.
    pub moments: u32,
    /// How many times as far as speech draws it the motion goes; 1 is as far.
    pub scale: f64,
}

impl Default for Guidance {
    fn default() -> Self {
        Self {
            moments: 10,
            scale: 2.0,
        }
    }
}

/// What was before a window.
#[derive(Debug)]
pub struct Past {
    motion: Tensor,
    conditions: Conditions,
}

/// Makes motion, window after window.
pub struct Sampler<'a> {
    generator: &'a Generator,
    config: &'a GeneratorConfig,
    guidance: Guidance,
}

impl<'a> Sampler<'a> {
    /// With a generator of the shape `config`.
    pub fn new(generator: &'a Generator, config: &'a GeneratorConfig, guidance: Guidance) -> Self {
        Self {
            generator,
            config,
            guidance,
        }
    }

    /// Before the first window: nothing.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn beginning(&self) -> Result<Past, TchError> {
        let place = self.generator.transformer.place();
        let conditions = Conditions::none(self.config.past, self.config.motion, place)?;
        Ok(Past {
            motion: conditions.audio.f_zeros_like()?,
            conditions,
        })
    }

    /// The motion of one window [1, window, motion], of `conditions` of so many frames, from `noise` of the same shape.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn window(
        &self,
        noise: &Tensor,
        conditions: &Conditions,
        past: &Past,
        reference: &Tensor,
    ) -> Output {
        let transformer = &self.generator.transformer;
        let (kind, device) = transformer.place();
        let window = Window {
            conditions,
            past: &past.conditions,
            past_motion: &past.motion,
            reference,
        };
        let steps = self.guidance.moments.max(2) - 1;
        let length = 1.0 / f64::from(steps);
        // Steps are added up in 32 bits whatever the network computes in.
        let mut motion = noise.f_to_device(device)?.f_to_kind(tch::Kind::Float)?;
        for step in 0..steps {
            let moment = f64::from(step) * length;
            let now = motion.f_to_kind(kind)?;
            let velocity = transformer.velocity(&now, moment, self.guidance.scale, &window)?;
            motion = motion.f_add(&velocity.f_to_kind(tch::Kind::Float)?.f_mul_scalar(length)?)?;
        }
        motion.f_to_kind(kind)
    }

    /// What was before the next window, when `frames` of `motion` and its `conditions` have been used.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn passed(
        &self,
        past: &Past,
        motion: &Tensor,
        conditions: &Conditions,
        frames: i64,
    ) -> Result<Past, TchError> {
        let count = i64::try_from(self.config.past).unwrap_or_default();
        let used = motion.f_narrow(1, 0, frames)?;
        let both = Tensor::f_cat(&[&past.motion, &used], 1)?;
        Ok(Past {
            motion: both.f_narrow(1, frames, count)?,
            conditions: past
                .conditions
                .then(&conditions.padded(0, frames)?, count)?,
        })
    }
}
