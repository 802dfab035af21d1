//! The voice of somebody who talks to a session.

use std::collections::VecDeque;

use crate::audio::ResampleError;
use crate::speech::{Activity, Hearing, Mark, Speech};
use crate::time::Samples;

/// How a word begins is heard before it is known that somebody speaks.
const BEGINNING: Samples = Samples::from_millis(160);

/// What a microphone hears, as long as somebody speaks into it.
pub(crate) struct Voice {
    activity: Activity,
    hearing: Hearing,
    given: Samples,
    /// The newest of what nobody said.
    before: VecDeque<Speech>,
    speaks: bool,
}

/// What was said.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// Whether somebody has just begun to speak.
    pub(crate) begins: bool,
    /// What a face can show; marks are counted from the beginning of each.
    pub(crate) speech: Vec<Speech>,
}

impl Voice {
    /// # Errors
    ///
    /// [`ResampleError`]
    pub(crate) fn new() -> Result<Self, ResampleError> {
        Ok(Self {
            activity: Activity::new()?,
            hearing: Hearing::default(),
            given: Samples::ZERO,
            before: VecDeque::new(),
            speaks: false,
        })
    }

    /// Takes in more, mono at 48 kHz.
    ///
    /// # Errors
    ///
    /// [`ResampleError`]
    pub(crate) fn hear(&mut self, pcm: &[f32]) -> Result<Said, ResampleError> {
        let speaks = self.activity.hear(pcm)?;
        let spoke = std::mem::replace(&mut self.speaks, speaks);
        if let Some(speech) = self.hearing.hear(pcm) {
            let began = self.given;
            self.given += length(&speech);
            let marks = speech.marks.into_iter().map(|mark| Mark {
                at: mark.at.saturating_sub(began),
                ..mark
            });
            self.before.push_back(Speech {
                marks: marks.collect(),
                pcm: speech.pcm,
            });
        }
        if speaks {
            return Ok(Said {
                begins: !spoke,
                speech: self.before.drain(..).collect(),
            });
        }
        let mut kept: u64 = self.before.iter().map(|speech| length(speech).0).sum();
        while kept > BEGINNING.0
            && let Some(oldest) = self.before.pop_front()
        {
            kept -= length(&oldest).0;
        }
        Ok(Said::default())
    }
}

fn length(speech: &Speech) -> Samples {
    Samples(speech.pcm.len() as u64)
}

#[cfg(test)]
#[cfg(feature = "espeak")]
mod tests {
    use super::*;
    use crate::speech::spoken;

    #[test]
    fn who_speaks_twice_begins_twice() {
        let pause = vec![0.0; 48_000];
        let speech = spoken("Wait a moment, please.");
        let sound = [&pause[..], &speech, &pause, &speech, &pause].concat();
        let mut voice = Voice::new().unwrap();
        let (mut begins, mut shown) = (Vec::new(), 0);
        for (n, piece) in sound.chunks(960).enumerate() {
            let said = voice.hear(piece).unwrap();
            if said.begins {
                begins.push(n * 960);
            }
            for speech in said.speech {
                shown += speech.pcm.len();
                let length = length(&speech);
                assert!(speech.marks.iter().all(|mark| mark.at <= length));
            }
        }
        let second = pause.len() * 2 + speech.len();
        assert_eq!(begins.len(), 2, "{begins:?}");
        assert!(begins[0] >= pause.len() && begins[1] >= second);
        // Both, a moment before each, and as long after each as it takes to be sure.
        assert!(shown > speech.len() * 2 && shown < sound.len() - pause.len());
    }
}
