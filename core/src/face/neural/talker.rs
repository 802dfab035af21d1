//! The networks of a library with the C interface that make photos speak.

use std::path::Path;
use std::sync::Arc;

use avatar_neural::{Framing, Library, Performance, Photo, PictureRequest, Talker};

use super::library::options;
use super::networks::{
    Description, Listener, Manner, NetworkError, Networks, Portrait, Request, Subject, own,
};
use super::tween::Tween;
use crate::config::Neural;
use crate::face::photo::PhotoError;
use crate::time::{AUDIO_RATE, FrameRate, Samples};

/// What is among imported weights where there are such networks.
const RENDERER: &str = "renderer.safetensors";

/// Whether the directory `weights` has networks that make photos speak.
pub fn talks(weights: &Path) -> bool {
    weights.join(RENDERER).exists()
}

/// Opens the library that `neural` names and loads its networks that make photos speak, for pictures at `rate`, which may take
/// minutes. Only a process that needs them calls this, after it was forked.
///
/// # Errors
///
/// [`NetworkError`]
pub fn open_talker(neural: &Neural, rate: FrameRate) -> Result<Arc<dyn Networks>, NetworkError> {
    let library = Library::open(&neural.library)?;
    let talker = library.talker(&options(neural))?;
    tracing::info!(library = %library.title(), networks = ?talker.description(), "a talker is loaded");
    Ok(Arc::new(Talking { talker, rate }))
}

struct Talking {
    talker: Talker,
    rate: FrameRate,
}

impl Talking {
    /// A frame of motion, in samples of all sound.
    fn frame(&self) -> Samples {
        Samples(u64::from(
            AUDIO_RATE / self.talker.description().frame_rate.max(1),
        ))
    }
}

impl Networks for Talking {
    fn description(&self) -> Description {
        let description = self.talker.description();
        // What lies between two frames of motion must know the later one.
        let between = match description.frame_rate == self.rate.per_second() {
            true => Samples::ZERO,
            false => self.frame(),
        };
        let after = Samples::from_millis(u64::from(description.lookahead_ms));
        Description {
            face_side: description.side,
            tokens: description.motion,
            sample_rate: description.sample_rate,
            max_batch: description.max_batch,
            lookahead: self.frame() + after + between,
            finds_faces: description.finds_faces,
        }
    }

    fn listener(
        &self,
        portrait: &dyn Portrait,
        manner: Option<&Manner>,
        rate: FrameRate,
    ) -> Result<Box<dyn Listener>, NetworkError> {
        let usual = avatar_neural::Manner::default();
        let manner = manner.map_or(usual, |manner| avatar_neural::Manner {
            moments: manner.moments,
            seed: manner.seed,
            guidance: manner.guidance,
            step: manner.step,
            pose: manner.pose,
            gaze: manner.gaze,
            ..usual
        });
        let performance = self.talker.performance(own::<Photo>(portrait)?, &manner)?;
        let description = self.talker.description();
        let per_second = description.sample_rate as usize;
        let frame = per_second / (description.frame_rate as usize).max(1);
        Ok(Box::new(Hearing {
            performance,
            waiting: Vec::new(),
            portion: manner.step.max(1) as usize * frame,
            first: per_second * description.lookahead_ms as usize / 1000,
            heard: 0,
            sample_rate: description.sample_rate,
            rate,
            motions: Vec::new(),
            tween: Tween::new(
                description.motion,
                description.frame_rate,
                rate.per_second(),
            ),
        }))
    }

    fn portrait(&self, subject: Subject<'_>) -> Result<Box<dyn Portrait>, NetworkError> {
        let Subject::Photo { still, find } = subject else {
            return Err(NetworkError::Failed(
                "these networks draw nobody but those on photos".to_owned(),
            ));
        };
        let framing = if find { Framing::Face } else { Framing::Whole };
        let photo = self
            .talker
            .photo(&still.rgb, still.width, still.height, framing)?;
        if find && photo.face().is_none() {
            return Err(NetworkError::NoFace(PhotoError::NoFace.to_string()));
        }
        Ok(Box::new(photo))
    }

    fn faces(&self, batch: &mut [Request<'_>]) -> Result<(), NetworkError> {
        let requests = batch.iter_mut().map(|request| {
            Ok(PictureRequest {
                photo: own(request.portrait)?,
                motion: request.tokens,
                picture: &mut *request.face,
            })
        });
        let mut requests = requests.collect::<Result<Vec<_>, NetworkError>>()?;
        Ok(self.talker.pictures(&mut requests)?)
    }
}

impl Portrait for Photo {
    fn frames(&self) -> usize {
        1
    }
}

/// One session's ear. Speech is handed on in portions of one length, whatever it arrives in: where windows of motion begin decides
/// what it is, and the same speech is to be the same motion.
struct Hearing {
    performance: Performance,
    waiting: Vec<f32>,
    /// Samples that motion is made for at once.
    portion: usize,
    /// How many more the first portion has: those that must be known after it.
    first: usize,
    /// Samples heard.
    heard: u64,
    sample_rate: u32,
    rate: FrameRate,
    motions: Vec<f32>,
    tween: Tween,
}

impl Listener for Hearing {
    fn hear(
        &mut self,
        pcm: &[f32],
        last: bool,
        tokens: &mut Vec<f32>,
    ) -> Result<usize, NetworkError> {
        self.waiting.extend_from_slice(pcm);
        self.heard += pcm.len() as u64;
        loop {
            let length = self.portion + self.first;
            let Some(portion) = self.waiting.get(..length) else {
                break;
            };
            self.performance.hear(portion, false, &mut self.motions)?;
            self.waiting.drain(..length);
            self.first = 0;
        }
        let frames = last.then(|| {
            let rate = u64::from(self.rate.per_second());
            (self.heard * rate).div_ceil(u64::from(self.sample_rate.max(1)))
        });
        if last {
            self.performance
                .hear(&self.waiting, true, &mut self.motions)?;
            self.waiting.clear();
        }
        self.tween.add(&self.motions);
        self.motions.clear();
        Ok(self.tween.take(frames, tokens))
    }
}
