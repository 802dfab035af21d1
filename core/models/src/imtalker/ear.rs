//! The networks that turn speech into motion.

use tch::{Device, Kind, TchError, Tensor};

use crate::motion::{Conditions, Generator, GeneratorConfig, Guidance, Sampler};
use crate::wav2vec::Wav2vec;

/// The networks that turn speech into motion, which sessions use in turn.
pub(super) struct Ear {
    speech: Wav2vec,
    generator: Generator,
    config: GeneratorConfig,
}

impl Ear {
    pub(super) fn new(speech: Wav2vec, generator: Generator, config: GeneratorConfig) -> Self {
        Self {
            speech,
            generator,
            config,
        }
    }

    pub(super) fn config(&self) -> &GeneratorConfig {
        &self.config
    }

    pub(super) fn place(&self) -> (Kind, Device) {
        self.generator.transformer.place()
    }

    pub(super) fn sampler(&self, guidance: Guidance) -> Sampler<'_> {
        Sampler::new(&self.generator, &self.config, guidance)
    }

    /// What is told of the speech `pcm`, normalised already, in `count` of its frames from `first` on: [1, count, motion].
    pub(super) fn hear(&self, pcm: &[f32], first: i64, count: i64) -> Result<Tensor, TchError> {
        let features = self.speech.forward(pcm)?.f_narrow(1, first, count)?;
        self.generator.projections.audio.forward(&features)
    }

    /// What is told of a pose and where the eyes look, of one frame: [1, 1, motion]. What is not given is not told.
    pub(super) fn manner(
        &self,
        pose: Option<[f32; 3]>,
        gaze: Option<[f32; 2]>,
    ) -> Result<Tensor, TchError> {
        let nothing = Conditions::none(1, self.config.motion, self.place())?;
        let mut manner = nothing.manner;
        let row = |values: &[f32]| Tensor::f_from_slice(values)?.f_view([1, 1, -1]);
        let projections = &self.generator.projections;
        if let Some(pose) = pose {
            manner = manner.f_add(&projections.pose.forward(&row(&pose)?)?)?;
        }
        if let Some(gaze) = gaze {
            manner = manner.f_add(&projections.gaze.forward(&row(&gaze)?)?)?;
        }
        Ok(manner)
    }
}
