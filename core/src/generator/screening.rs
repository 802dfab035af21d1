//! What becomes of frames that nobody keeps: they were seen, or not.

use std::sync::Arc;

use super::live::Live;
use super::painter::Links;
use super::reel::Frame;
use super::rendition::AssembleError;
use super::winder::Sink;
use crate::session::Stage;
use crate::time::Samples;

/// Frames are only shown.
pub(crate) struct Screening {
    live: Arc<Live>,
    shown: Samples,
    /// What the record knows of.
    told: Samples,
}

/// The record is told in such steps.
const TOLD: Samples = Samples::from_millis(1000);

impl Screening {
    pub(crate) fn new(links: &Links) -> Self {
        Self {
            live: Arc::clone(&links.live),
            shown: Samples::ZERO,
            told: Samples::ZERO,
        }
    }

    fn tell(&mut self) {
        let shown = self.shown;
        self.told = shown;
        self.live.update(|record| record.duration = shown);
    }
}

impl Sink for Screening {
    fn take(&mut self, frame: &Frame) -> Result<(), AssembleError> {
        if self.shown == Samples::ZERO {
            let micros = self.live.job.created_at.elapsed().as_micros() as u64;
            tracing::info!(session = %self.live.id(), after_us = micros, "first frame");
        }
        self.shown = frame.start + Samples(frame.pcm.len() as u64);
        if self.shown >= self.told + TOLD {
            self.tell();
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), AssembleError> {
        self.live.enter(Stage::Encoding);
        self.tell();
        self.live.generated();
        Ok(())
    }

    fn made(&self) -> Samples {
        self.shown
    }
}
