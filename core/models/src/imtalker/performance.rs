//! Motion for speech that is still arriving.
//!
//! Speech is heard in pieces, each with what was said before it: a frame is told of once, when enough of what follows it is known.
//! Motion is made window by window. While speech arrives a window is no longer than what is known, told to the network as the original
//! tells it of the last one: its end is repeated. What the network makes of the repetition is blended with how the next window begins.
//!
//! A speech that is heard in one call is treated as the original treats a file.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tch::{Device, Kind, Tensor, no_grad};

use super::ear::Ear;
use crate::error::ModelsError;
use crate::motion::{Conditions, Guidance, Noise, Past};
use crate::wav2vec::{FRAME, SAMPLE_RATE};

/// How many milliseconds of speech after a frame's end are heard before its motion is made.
pub const LOOK_AHEAD_MS: u32 = 80;

/// Frames heard before those that are told of, 5 s, to each time again.
const BEFORE: usize = 125;
/// Frames heard after those that are told of, where they are there, 1 s.
const AFTER: usize = 25;
/// Frames that are told of at once at the most, 24 s: what the network sees at once is bounded.
const MOST: usize = 600;
/// Frames that motion is made for at least, while more will come: a fifth of a window.
const LEAST: usize = 10;
/// Frames that are blended where a window follows one that was shorter than it might be: a fifth of it, and this many at the most.
const BLENDED: usize = 5;
/// The variance that speech is taken to have at least while it arrives, −60 dB: silence before it is not made loud.
const QUIET: f64 = 1e-6;

/// How somebody speaks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Manner {
    /// What decides the noise that motion begins as.
    pub seed: u64,
    /// How motion is drawn from noise.
    pub guidance: Guidance,
    /// Pitch, yaw and roll of the head in every frame, about radians; else as the network likes.
    pub pose: Option<[f32; 3]>,
    /// Where the eyes look in every frame; else as the network likes.
    pub gaze: Option<[f32; 2]>,
    /// How much of the photo's own motion is mixed in, from 0 (none) to 1 (nothing moves).
    pub calm: f32,
    /// Frames that motion is made for at least, while speech arrives: fewer come sooner and cost more. 0 for the usual 10.
    pub step: usize,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            seed: 42,
            guidance: Guidance::default(),
            pose: None,
            gaze: None,
            calm: 0.0,
            step: 0,
        }
    }
}

impl Manner {
    /// What of it cannot be, in words.
    fn fault(&self, window: usize) -> Option<String> {
        let Guidance { moments, scale } = self.guidance;
        if !(2..=1000).contains(&moments) {
            return Some(format!(
                "noise becomes motion in 2 to 1000 moments, not {moments}"
            ));
        }
        if !(0.0..=100.0).contains(&scale) {
            return Some(format!("guidance is from 0 to 100, not {scale}"));
        }
        if !(0.0..=1.0).contains(&self.calm) {
            return Some(format!("calm is from 0 to 1, not {}", self.calm));
        }
        if self.step > window {
            return Some(format!(
                "motion is made for {window} frames at once, not for {}",
                self.step
            ));
        }
        let mut numbers = self.pose.iter().flatten().chain(self.gaze.iter().flatten());
        let wrong = numbers.find(|number| !number.is_finite());
        wrong.map(|number| format!("pose and gaze are numbers, not {number}"))
    }
}

/// One speech, listened to while it is spoken.
pub struct Performance {
    ear: Arc<Mutex<Ear>>,
    manner: Manner,
    reference: Tensor,
    /// What is told of every frame beside speech.
    told: Tensor,
    /// What was heard, from the beginning of frame `begin` on.
    heard: Vec<f32>,
    begin: usize,
    loudness: Loudness,
    ended: bool,
    /// What is known of the speech in frames that have no motion yet, [1, frames, motion].
    known: Tensor,
    /// Frames that have one.
    made: usize,
    past: Past,
    /// How the last window might have gone on.
    beyond: Option<Tensor>,
    ready: VecDeque<Vec<f32>>,
}

/// Mean and variance of all that was heard.
#[derive(Debug, Default)]
struct Loudness {
    samples: usize,
    sum: f64,
    squares: f64,
}

impl Loudness {
    fn add(&mut self, pcm: &[f32]) {
        self.samples += pcm.len();
        for &sample in pcm {
            self.sum += f64::from(sample);
            self.squares += f64::from(sample) * f64::from(sample);
        }
    }

    /// `pcm` with a mean of 0 and a variance of 1 if it is like all that was heard.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "computed in f64 and kept in f32"
    )]
    fn level(&self, pcm: &[f32], least: f64) -> Vec<f32> {
        let count = self.samples.max(1) as f64;
        let mean = self.sum / count;
        let variance = (self.squares / count - mean * mean).max(least);
        let gain = 1.0 / (variance + 1e-7).sqrt();
        let leveled = pcm.iter().map(|&x| ((f64::from(x) - mean) * gain) as f32);
        leveled.collect()
    }
}

impl Performance {
    pub(super) fn new(
        ear: Arc<Mutex<Ear>>,
        reference: Tensor,
        manner: &Manner,
    ) -> Result<Self, ModelsError> {
        let (told, known, past) = {
            let ear = ear.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(fault) = manner.fault(ear.config().window) {
                return Err(ModelsError::Argument(fault));
            }
            no_grad(|| -> Result<_, ModelsError> {
                let place = ear.place();
                Ok((
                    ear.manner(manner.pose, manner.gaze)?,
                    Tensor::f_zeros([1, 0, ear.config().motion], place)?,
                    ear.sampler(manner.guidance).beginning()?,
                ))
            })?
        };
        Ok(Self {
            ear,
            manner: *manner,
            reference,
            told,
            heard: Vec::new(),
            begin: 0,
            loudness: Loudness::default(),
            ended: false,
            known,
            made: 0,
            past,
            beyond: None,
            ready: VecDeque::new(),
        })
    }

    /// Floating-point numbers to the motion of one frame.
    pub fn size(&self) -> usize {
        usize::try_from(self.reference.size().last().copied().unwrap_or_default())
            .unwrap_or_default()
    }

    /// Hears `pcm`, 16 kHz, and writes the motion of frames for which it has been made to `motions`, one frame after the other; the
    /// result is how many. With `last` these are all that remain: as many frames as have begun. Where there is not room for all,
    /// those left over come with the next call, whose `pcm` may be empty. Frames come in order, and none twice.
    ///
    /// After an error everything heard is still there, and another call tries again.
    ///
    /// # Errors
    ///
    /// [`ModelsError`]; [`ModelsError::Argument`] for speech after the last.
    pub fn hear(
        &mut self,
        pcm: &[f32],
        last: bool,
        motions: &mut [f32],
    ) -> Result<usize, ModelsError> {
        if self.ended && !pcm.is_empty() {
            return Err(ModelsError::Argument(
                "speech goes on after it was said to be over".to_owned(),
            ));
        }
        // Only then is all of it known from the first frame on.
        let whole = last && self.told_of() == 0 && self.heard.is_empty();
        self.heard.extend_from_slice(pcm);
        self.loudness.add(pcm);
        self.ended |= last;
        no_grad(|| {
            self.listen(whole)?;
            while self.known_frames() > 0 && (self.ended || self.known_frames() >= self.step()) {
                self.perform()?;
            }
            Ok::<_, ModelsError>(())
        })?;
        Ok(self.tell(motions))
    }

    fn step(&self) -> usize {
        match self.manner.step {
            0 => LEAST,
            step => step,
        }
    }

    fn known_frames(&self) -> usize {
        usize::try_from(frames(&self.known)).unwrap_or_default()
    }

    /// Frames that the network has been told of.
    fn told_of(&self) -> usize {
        self.made + self.known_frames()
    }

    /// Has what was heard understood, if it is enough for motion.
    fn listen(&mut self, whole: bool) -> Result<(), ModelsError> {
        let samples = self.begin * FRAME + self.heard.len();
        let ahead = SAMPLE_RATE * usize::try_from(LOOK_AHEAD_MS).unwrap_or_default() / 1000;
        let until = if self.ended {
            samples.div_ceil(FRAME)
        } else {
            samples.saturating_sub(ahead) / FRAME
        };
        if !self.ended && until < self.made + self.step() {
            return Ok(());
        }
        let least = if whole { 0.0 } else { QUIET };
        while self.told_of() < until {
            let from = self.told_of();
            let to = until.min(from + MOST);
            let start = from.saturating_sub(BEFORE).max(self.begin);
            let first = (start - self.begin) * FRAME;
            let end = ((to + AFTER - self.begin) * FRAME).min(self.heard.len());
            let piece = self.heard.get(first..end).unwrap_or_default();
            let piece = self.loudness.level(piece, least);
            let count = |frames: usize| i64::try_from(frames).unwrap_or_default();
            let told = self
                .lock()
                .hear(&piece, count(from - start), count(to - from))?;
            self.known = Tensor::f_cat(&[&self.known, &told], 1)?;
            let over = to.saturating_sub(BEFORE).max(self.begin) - self.begin;
            self.heard.drain(..(over * FRAME).min(self.heard.len()));
            self.begin += over;
        }
        Ok(())
    }

    /// Makes motion of one window.
    fn perform(&mut self) -> Result<(), ModelsError> {
        let (motions, used, past, beyond) = {
            let ear = self.lock();
            let (window, motion) = (ear.config().window, ear.config().motion);
            let most = i64::try_from(window).unwrap_or_default();
            let used = frames(&self.known).min(most);
            let manner = self.told.f_expand([1, frames(&self.known), -1], false)?;
            let conditions = Conditions {
                audio: self.known.shallow_clone(),
                manner,
            }
            .padded(0, most)?;
            let noise = Noise::new(self.manner.seed).frames(self.made, window, motion)?;
            let sampler = ear.sampler(self.manner.guidance);
            let made = sampler.window(&noise, &conditions, &self.past, &self.reference)?;
            let made = blended(self.beyond.as_ref(), &made, used)?;
            let past = sampler.passed(&self.past, &made, &conditions, used)?;
            let beyond = (used < most).then(|| made.f_narrow(1, used, most - used));
            (made.f_narrow(1, 0, used)?, used, past, beyond.transpose()?)
        };
        let calm = f64::from(self.manner.calm);
        let told = if calm > 0.0 {
            motions
                .f_mul_scalar(1.0 - calm)?
                .f_add(&self.reference.f_unsqueeze(1)?.f_mul_scalar(calm)?)?
        } else {
            motions
        };
        let rows: Vec<Vec<f32>> = told
            .f_get(0)?
            .f_to_kind(Kind::Float)?
            .f_to_device(Device::Cpu)?
            .try_into()?;
        self.known = self.known.f_narrow(1, used, frames(&self.known) - used)?;
        self.made += rows.len();
        self.ready.extend(rows);
        self.past = past;
        self.beyond = beyond;
        Ok(())
    }

    /// Writes what is made, as far as there is room.
    fn tell(&mut self, motions: &mut [f32]) -> usize {
        let mut told = 0;
        for room in motions.chunks_exact_mut(self.size().max(1)) {
            let Some(motion) = self.ready.pop_front() else {
                break;
            };
            room.copy_from_slice(&motion);
            told += 1;
        }
        told
    }

    fn lock(&self) -> MutexGuard<'_, Ear> {
        self.ear.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many frames of [1, frames, ..].
fn frames(x: &Tensor) -> i64 {
    x.size().get(1).copied().unwrap_or_default()
}

/// A window's motion, `used` frames of which are used, that begins as the one before would have gone on.
fn blended(beyond: Option<&Tensor>, made: &Tensor, used: i64) -> Result<Tensor, tch::TchError> {
    let Some(beyond) = beyond else {
        return Ok(made.shallow_clone());
    };
    let most = i64::try_from(BLENDED).unwrap_or_default();
    let count = (used / 5).clamp(1, most).min(frames(beyond));
    let shares = Tensor::f_arange_start(1, count + 1, (Kind::Float, Device::Cpu))?
        .f_div_scalar(count + 1)?
        .f_view([1, -1, 1])?
        .f_to_device(made.device())?
        .f_to_kind(made.f_kind()?)?;
    let (old, new) = (beyond.f_narrow(1, 0, count)?, made.f_narrow(1, 0, count)?);
    let first = new.f_sub(&old)?.f_mul(&shares)?.f_add(&old)?;
    Tensor::f_cat(&[first, made.f_narrow(1, count, frames(made) - count)?], 1)
}
