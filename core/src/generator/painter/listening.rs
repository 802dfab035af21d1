//! What a painter hears: sentences that are spoken in time, silence where they are not, and being told to be silent.

use std::sync::Arc;

use super::Painter;
use crate::generator::inbox::Heard;
use crate::generator::manuscript::Next;
use crate::generator::speaker::Wanted;
use crate::session::{Failure, FailureCode, Pace, Source};
use crate::speech::{Mark, Speech, Utterance, pause};
use crate::time::Samples;

/// A sentence is asked for when there is less speech than this: enough to cover its making, little
/// enough to keep memory small.
const STOCK: Samples = Samples::from_millis(3000);

impl Painter {
    /// How much is known beyond what is painted.
    pub(super) fn stock(&self) -> Samples {
        let painted = self.cut.start_of(self.painted);
        self.soundtrack.known().saturating_sub(painted)
    }

    /// Says at each part how much of what a session was fed is still to be shown.
    pub(super) fn tell_stock(&self) {
        let part = u64::from(self.cut.steps_per_part()).max(1);
        if self.live.job.is_fed() && self.painted.is_multiple_of(part) {
            let waiting = self.stock() + self.inbox.stock();
            self.live.update(|record| record.waiting = waiting);
        }
    }

    /// Takes in what has been spoken, and has more spoken where that is short.
    pub(super) fn listen(&mut self) {
        if let Some(epoch) = self.inbox.take_hushed() {
            self.epoch = epoch;
            self.hush();
        }
        while self.stock() < STOCK
            && let Some(heard) = self.inbox.pop()
        {
            match heard {
                Heard::Speech(speech) => self.take_in(&speech),
                Heard::Voice(speech) => {
                    self.retract();
                    self.soundtrack.begin_utterance();
                    self.take_in(&speech);
                }
                Heard::End => {
                    self.asked = false;
                    let end = self.soundtrack.end_mark();
                    self.hear(&[], &[end]);
                    self.breath = self.paragraph_ends;
                }
            }
        }
        if !self.asked && !self.soundtrack.ended() && self.stock() < STOCK {
            match self.live.job.source {
                Source::Text => self.ask(),
                Source::Feed { .. } if let Some(failure) = self.live.failure() => self.end(failure),
                // Somebody was there who said nothing.
                Source::Feed { .. } if self.live.job.pace == Pace::Live => self.close(),
                Source::Feed { .. } => self.end(Failure {
                    code: FailureCode::TtsEmpty,
                    text: "there was no sound in what came".to_owned(),
                }),
            }
        }
    }

    fn take_in(&mut self, speech: &Speech) {
        if !speech.pcm.is_empty() {
            self.retract();
        }
        let marks = self.soundtrack.hear(speech);
        self.hear(&speech.pcm, &marks);
    }

    /// Takes back silence that was only supposed and is not painted.
    fn retract(&mut self) {
        let face = self.face.as_mut();
        let settled = face.as_ref().map_or(Samples::ZERO, |face| face.settled());
        let retracted = self.soundtrack.retract(settled);
        if let (Some(end), Some(face)) = (retracted, face) {
            face.forget(end);
        }
    }

    /// Falls silent: what is known and not painted is forgotten.
    pub(super) fn hush(&mut self) {
        if self.soundtrack.ended() {
            return;
        }
        self.soundtrack.cut();
        if let Some(face) = &mut self.face {
            face.forget(self.cut.start_of(self.painted));
        }
        let end = self.soundtrack.end_mark();
        self.hear(&[], &[end]);
        self.asked = self.live.job.is_fed();
        self.breath = false;
        self.paragraph_ends = false;
    }

    pub(super) fn hear(&mut self, pcm: &[f32], marks: &[Mark]) {
        if let Some(face) = &mut self.face {
            face.hear(pcm, marks);
        }
        self.transcript.hear(marks, self.soundtrack.known());
    }

    pub(super) fn ask(&mut self) {
        self.again = None;
        // What is interrupted from here on is not said.
        let epoch = self.inbox.epoch();
        if let Some(failure) = self.live.failure() {
            return self.end(failure);
        }
        let sentence = loop {
            match self.manuscript.next() {
                Next::Sentence(sentence) => break sentence,
                Next::Pause(length) => {
                    self.breathe();
                    let silence = self.soundtrack.pause(length);
                    self.hear(&silence, &[]);
                }
                Next::Later(again) => {
                    self.again = again;
                    return;
                }
                Next::End => return self.end_text(),
            }
        };
        self.breathe();
        self.asked = true;
        self.worded = true;
        self.paragraph_ends = sentence.paragraph_end;
        self.soundtrack.begin_utterance();
        self.transcript.sentence(sentence.text.chars().count());
        self.speaker.say(Wanted {
            utterance: Utterance {
                text: sentence.text,
                language: sentence.language.unwrap_or(self.live.job.language),
                voice: self.live.job.voice.clone(),
                keeping: self.keeping.clone(),
                manner: sentence.manner,
            },
            live: Arc::clone(&self.live),
            inbox: Arc::clone(&self.inbox),
            epoch,
            waker: self.waker.clone(),
        });
    }

    /// The text is over.
    fn end_text(&mut self) {
        // A text of emoji or a dash alone is said as people say it.
        if !self.worded && !self.soundtrack.voiced() && self.manuscript.has_marks() {
            let silence = self.soundtrack.pause(pause::SENTENCE);
            self.hear(&silence, &[]);
            return self.close();
        }
        let text = match self.worded {
            true => "no voice here can read this text",
            false => "there was no text",
        };
        self.end(Failure {
            code: FailureCode::TtsEmpty,
            text: text.to_owned(),
        });
    }

    /// Something follows: if a paragraph was before it, there is a silence between them.
    pub(super) fn breathe(&mut self) {
        if std::mem::take(&mut self.breath) {
            let silence = self.soundtrack.end_paragraph();
            self.hear(&silence, &[]);
        }
    }

    /// All is said. If that is nothing, the session has failed with `otherwise`, unless it was there to be talked to.
    pub(super) fn end(&mut self, otherwise: Failure) {
        if self.soundtrack.voiced() || self.live.job.is_conversation() {
            self.close();
        } else {
            self.live.fail(otherwise);
        }
    }

    pub(super) fn close(&mut self) {
        let silence = self.soundtrack.end(self.cut.step());
        self.hear(&silence, &[]);
        if let Some(face) = &mut self.face {
            face.end();
        }
        self.transcript.end(self.soundtrack.known());
    }

    /// Takes in the rest of what was fed, which waited for more, since viewers can wait no longer; false where there is none.
    pub(super) fn make_do(&mut self) -> bool {
        let rest = self.inbox.rest();
        if let Some(rest) = &rest {
            self.take_in(rest);
        }
        rest.is_some()
    }

    /// Fills the next part with silence, the mouth shut, since what is to be said is late.
    pub(super) fn fill(&mut self) {
        if self.live.job.is_fed() {
            self.inbox.run_dry();
        }
        let part_end = self.cut.start_of(self.painted) + self.part;
        let wanted = part_end + self.late_lookahead();
        self.breath = false;
        let end = self.soundtrack.end_mark();
        let silence = self
            .soundtrack
            .suppose(wanted.saturating_sub(self.soundtrack.known()));
        self.hear(&silence, &[end]);
        self.live.falter();
        tracing::debug!(session = %self.live.id(), "speech is late");
    }
}
