//! Engines reached by HTTP: OpenAI's speech, Google Translate's, and any other that can be described.

mod answer;
mod escape;
mod fault;
mod pattern;
mod template;

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use avatar_codec::Stretch;
use reqwest::Client;

pub use template::{FORMATS, Template};

use answer::Raw;
use fault::Fault;
use pattern::Values;

use super::delivery::{Acquaintance, Delivery};
use super::{Cancel, Engine, Speech, SpeechError, Utterance};
use crate::audio::Resampler;
use crate::net::{self, Exchange, Limits, Patience, Secret, Wire};
use crate::text::cut_to;
use crate::time::{AUDIO_RATE, Samples};

/// Sound that no text is so long as to need: this much, in seconds, and this much more for each character.
const ENOUGH: (f64, f64) = (10.0, 0.5);

/// Before a request is repeated.
const PAUSE: Duration = Duration::from_millis(200);

/// How an engine is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// How it is asked.
    pub template: Template,
    /// What opens it.
    pub key: Option<Secret>,
    /// How long it is waited for.
    pub patience: Patience,
}

/// One engine. Connections are kept open and used again.
#[derive(Debug)]
pub struct HttpEngine {
    name: String,
    address: Address,
    client: Client,
    wire: Arc<Wire>,
    /// What is known of its voices, by its own names for them.
    voices: Mutex<HashMap<String, Arc<Acquaintance>>>,
}

impl HttpEngine {
    /// The engine called `name` at `address`. Nobody is asked yet.
    ///
    /// # Errors
    ///
    /// What is wrong with this machine's TLS.
    pub fn new(name: &str, address: Address, wire: Arc<Wire>) -> Result<Self, String> {
        let client = net::client(address.patience.connect)?;
        Ok(Self {
            name: name.to_owned(),
            address,
            client,
            wire,
            voices: Mutex::default(),
        })
    }

    fn acquaintance(&self, voice: &str) -> Arc<Acquaintance> {
        let mut voices = self.voices.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(voices.entry(voice.to_owned()).or_default())
    }

    /// Has one piece of an utterance spoken, again if that may help.
    fn say(
        &self,
        piece: &str,
        utterance: &Utterance,
        cancel: &Cancel,
        delivery: &mut Delivery<'_>,
    ) -> Result<(), SpeechError> {
        let patience = &self.address.patience;
        let last = Instant::now() + patience.total;
        let mut retries = patience.retries;
        loop {
            let heard = delivery.heard();
            let limits = Limits {
                patience,
                cancel,
                last,
            };
            let Err(fault) = self.attempt(piece, utterance, limits, delivery) else {
                return Ok(());
            };
            let again = retries > 0
                && fault.passes()
                && delivery.heard() == heard
                && Instant::now() + PAUSE < last;
            if !fault.is_cancelled() {
                tracing::warn!(
                    engine = self.name,
                    again,
                    "the speech engine failed: {fault}"
                );
            }
            if !again {
                return Err(fault.into());
            }
            retries -= 1;
            self.pause(cancel);
        }
    }

    /// Waits for a moment, or until it is cancelled.
    fn pause(&self, cancel: &Cancel) {
        self.wire.handle().block_on(async {
            let _ = tokio::time::timeout(PAUSE, cancel.wait()).await;
        });
    }

    /// Asks once.
    fn attempt(
        &self,
        piece: &str,
        utterance: &Utterance,
        limits: Limits<'_>,
        delivery: &mut Delivery<'_>,
    ) -> Result<(), Fault> {
        let template = &self.address.template;
        let values = Values {
            text: piece,
            lang: utterance.language.code(),
            voice: &utterance.voice,
            key: self.address.key.as_ref().map_or("", Secret::reveal),
        };
        let request = template
            .request(&self.client, &values)
            .map_err(|error| Fault::Ours(error.without_url().to_string()))?;
        let asked = Instant::now();
        let exchange = Exchange::begin(self.wire.handle(), &self.client, request, limits)?;
        let raw = utterance.keeping.as_ref().map(|_| Raw::default());
        let mut sound = answer::sound(exchange, template, raw.as_ref(), &self.name)?;
        let format = sound.format;
        let mut intake = Intake::new(piece, delivery);
        let mut first = true;
        let end = loop {
            match sound.decoder.decode() {
                Ok(Some(stretch)) => {
                    if std::mem::take(&mut first) {
                        tracing::debug!(
                            engine = self.name,
                            after_us = asked.elapsed().as_micros() as u64,
                            "the first sound of an engine"
                        );
                    }
                    if let Err(fault) = intake.take(&stretch) {
                        break Err(fault);
                    }
                }
                Ok(None) => break intake.finish(),
                Err(error) => break Err(error.into()),
            }
        };
        if let (Some(keeping), Some(raw)) = (&utterance.keeping, raw) {
            let (extension, chain) = format.map_or(("pcm", true), |format| {
                (format.extension(), format.chains())
            });
            if let Err(error) = keeping.keep(&raw.take(), extension, chain) {
                tracing::warn!(engine = self.name, %error, "the raw audio was not kept");
            }
        }
        end
    }
}

impl Engine for HttpEngine {
    fn speak(
        &self,
        utterance: &Utterance,
        cancel: &Cancel,
        hand_on: &mut dyn FnMut(Speech) -> ControlFlow<()>,
    ) -> Result<(), SpeechError> {
        let acquaintance = self.acquaintance(&utterance.voice);
        let mut delivery = Delivery::new(utterance, &acquaintance, cancel, hand_on);
        let longest = self.address.template.longest.unwrap_or(usize::MAX);
        for piece in cut_to(&utterance.text, longest) {
            self.say(piece, utterance, cancel, &mut delivery)?;
            delivery.end_piece(piece)?;
        }
        delivery.finish()
    }
}

/// Sound of any rate on its way to the delivery.
struct Intake<'a, 'b> {
    delivery: &'a mut Delivery<'b>,
    resampler: Option<(u32, Resampler)>,
    /// How much may still come.
    room: Samples,
    empty: bool,
}

impl<'a, 'b> Intake<'a, 'b> {
    fn new(piece: &str, delivery: &'a mut Delivery<'b>) -> Self {
        let (least, each) = ENOUGH;
        let seconds = least + each * piece.chars().count() as f64;
        Self {
            delivery,
            resampler: None,
            room: Samples((seconds * f64::from(AUDIO_RATE)) as u64),
            empty: true,
        }
    }

    fn take(&mut self, stretch: &Stretch) -> Result<(), Fault> {
        let mut pcm = Vec::new();
        let resampler = match &mut self.resampler {
            Some((rate, resampler)) if *rate == stretch.rate => resampler,
            other => {
                // Sound that goes on at another rate is other sound.
                if let Some((_, before)) = other {
                    before.finish(&mut pcm)?;
                }
                &mut other
                    .insert((stretch.rate, Resampler::new(stretch.rate)?))
                    .1
            }
        };
        resampler.push(&stretch.pcm, &mut pcm)?;
        self.hand_on(&pcm)
    }

    fn hand_on(&mut self, pcm: &[f32]) -> Result<(), Fault> {
        let length = Samples(pcm.len() as u64);
        if length > self.room {
            return Err(Fault::Endless);
        }
        self.room = self.room.saturating_sub(length);
        self.empty &= pcm.is_empty();
        let heard = self.delivery.hear(pcm);
        heard.map_err(|_| net::Fault::Cancelled.into())
    }

    fn finish(&mut self) -> Result<(), Fault> {
        let mut pcm = Vec::new();
        if let Some((_, resampler)) = &mut self.resampler {
            resampler.finish(&mut pcm)?;
        }
        self.hand_on(&pcm)?;
        if self.empty {
            return Err(Fault::Empty);
        }
        Ok(())
    }
}
