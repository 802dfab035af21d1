//! The sound of an engine that gives nothing but sound, made ready to be handed on: the same silence at its ends, the same
//! loudness, and marks.

use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::ear::{Ear, Timbre};
use super::level::{Leveller, VoiceLevel};
use super::trim::Trim;
use super::words::{Pace, Words};
use super::{Cancel, Mark, MarkKind, Speech, SpeechError, Utterance, pause};
use crate::time::Samples;

/// At least this much is handed on at once, but at the end: 10 ms.
const STRETCH: usize = 480;

/// What is known of a voice from hearing it.
#[derive(Debug, Default)]
pub(super) struct Acquaintance(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    level: VoiceLevel,
    timbre: Timbre,
    pace: Pace,
}

impl Acquaintance {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One utterance on its way to whoever wants it.
pub(super) struct Delivery<'a> {
    cancel: &'a Cancel,
    hand_on: &'a mut dyn FnMut(Speech) -> ControlFlow<()>,
    voice: &'a Acquaintance,
    trim: Trim,
    level: Leveller,
    ear: Ear,
    words: Words,
    pause: Samples,
    /// Of the piece that was ended last; it belongs to the utterance only if another comes.
    piece_pause: Option<Samples>,
    /// Trimmed.
    trimmed: Vec<f32>,
    /// Ready to be handed on.
    ready: Vec<f32>,
    marks: Vec<Mark>,
    heard: Samples,
    given: Samples,
}

impl<'a> Delivery<'a> {
    /// For `utterance`, said by a voice of which something may be known.
    pub(super) fn new(
        utterance: &Utterance,
        voice: &'a Acquaintance,
        cancel: &'a Cancel,
        hand_on: &'a mut dyn FnMut(Speech) -> ControlFlow<()>,
    ) -> Self {
        let known = voice.lock();
        Self {
            cancel,
            hand_on,
            trim: Trim::default(),
            level: Leveller::new(&known.level),
            ear: Ear::new(known.timbre),
            words: Words::new(&utterance.text, known.pace),
            voice,
            pause: pause::after(&utterance.text),
            piece_pause: None,
            trimmed: Vec::new(),
            ready: Vec::new(),
            marks: Vec::new(),
            heard: Samples::ZERO,
            given: Samples::ZERO,
        }
    }

    /// How much was taken in.
    pub(super) fn heard(&self) -> Samples {
        self.heard
    }

    /// Takes in more sound, mono at 48 kHz.
    pub(super) fn hear(&mut self, pcm: &[f32]) -> Result<(), SpeechError> {
        if let Some(pause) = self.piece_pause.take() {
            self.trimmed.extend(silence(pause));
        }
        self.heard += Samples(pcm.len() as u64);
        self.trim.hear(pcm, &mut self.trimmed);
        self.proceed()
    }

    /// The sound of one piece of the utterance, `text`, is over.
    pub(super) fn end_piece(&mut self, text: &str) -> Result<(), SpeechError> {
        self.trim.end(&mut self.trimmed);
        self.piece_pause = Some(pause::within(text));
        self.proceed()
    }

    /// Hands on what can be.
    fn proceed(&mut self) -> Result<(), SpeechError> {
        let trimmed = std::mem::take(&mut self.trimmed);
        let ready = self.ready.len();
        self.level.hear(&trimmed, &mut self.ready);
        self.listen(ready);
        // What is not marked yet must wait.
        let known = self.ear.known().saturating_sub(self.given).0;
        let length = usize::try_from(known).unwrap_or_default();
        if length < STRETCH {
            return self.check();
        }
        self.give(length)
    }

    /// Marks what is ready from some sample on.
    fn listen(&mut self, from: usize) {
        let new = self.ready.get(from..).unwrap_or_default();
        self.ear.hear(new, &mut self.marks);
        self.words.hear(new, &mut self.marks);
    }

    /// That was all.
    pub(super) fn finish(mut self) -> Result<(), SpeechError> {
        let ready = self.ready.len();
        let heard = self.level.finish(&mut self.ready);
        self.listen(ready);
        if self.ready.is_empty() && self.given == Samples::ZERO {
            return Err(SpeechError::Empty);
        }
        let spoken = self.given + Samples(self.ready.len() as u64);
        let timbre = self.ear.finish(spoken, &mut self.marks);
        let pace = self.words.finish(self.given, spoken, &mut self.marks);
        let mark = |at, kind| Mark { at, kind };
        self.marks
            .push(mark(spoken, MarkKind::Phoneme(String::new())));
        self.marks.push(mark(spoken + self.pause, MarkKind::End));
        self.ready.extend(silence(self.pause));
        self.give(self.ready.len())?;
        let mut known = self.voice.lock();
        known.timbre = timbre;
        if let Some((lufs, seconds)) = heard {
            known.level.learn(lufs, seconds);
        }
        known.pace = pace;
        Ok(())
    }

    /// Hands on the first `length` samples of what is ready.
    fn give(&mut self, length: usize) -> Result<(), SpeechError> {
        let rest = self.ready.split_off(length.min(self.ready.len()));
        let pcm = std::mem::replace(&mut self.ready, rest);
        // What begins within a block that was handed on in part is told where the rest begins.
        for mark in &mut self.marks {
            mark.at = mark.at.max(self.given);
        }
        self.marks.sort_by_key(|mark| mark.at);
        let end = self.given + Samples(pcm.len() as u64);
        let later = match self.ready.is_empty() {
            true => self.marks.len(),
            false => self.marks.partition_point(|mark| mark.at < end),
        };
        let later = self.marks.split_off(later);
        let marks = std::mem::replace(&mut self.marks, later);
        let speech = Speech { pcm, marks };
        self.given = end;
        self.check()?;
        match (self.hand_on)(speech) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(SpeechError::Cancelled),
        }
    }

    fn check(&self) -> Result<(), SpeechError> {
        match self.cancel.raised() {
            true => Err(SpeechError::Cancelled),
            false => Ok(()),
        }
    }
}

fn silence(length: Samples) -> impl Iterator<Item = f32> {
    std::iter::repeat_n(0.0, usize::try_from(length.0).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::{LOUDNESS, Loudness};
    use crate::language::Language;

    /// Syllables at four a second, after silence and before it.
    fn speech(seconds: f64, gain: f32) -> Vec<f32> {
        let silence = vec![0.0; 14_400];
        let syllables = (0..(seconds * 48_000.0) as u32).map(|n| {
            let at = n as f32 / 48_000.0;
            let syllable = (at * 8.0 * std::f32::consts::PI).sin().max(0.02);
            gain * syllable * (at * 1_200.0).sin()
        });
        let syllables: Vec<f32> = syllables.collect();
        [&silence[..], &syllables, &silence].concat()
    }

    fn utterance(text: &str) -> Utterance {
        Utterance {
            text: text.to_owned(),
            language: Language::En,
            voice: "one".to_owned(),
            keeping: None,
            manner: crate::text::Manner::default(),
        }
    }

    /// What is handed on, checked against all that is promised of it.
    fn delivered(voice: &Acquaintance, text: &str, pieces: &[&[f32]], size: usize) -> Speech {
        let (cancel, mut whole) = (Cancel::default(), Speech::default());
        let mut hand_on = |speech: Speech| {
            let began = Samples(whole.pcm.len() as u64);
            whole.pcm.extend(speech.pcm);
            let end = Samples(whole.pcm.len() as u64);
            let inside = |mark: &Mark| (began..=end).contains(&mark.at);
            assert!(speech.marks.iter().all(inside), "{:?}", speech.marks);
            whole.marks.extend(speech.marks);
            ControlFlow::Continue(())
        };
        let utterance = utterance(text);
        let mut delivery = Delivery::new(&utterance, voice, &cancel, &mut hand_on);
        for sound in pieces {
            for piece in sound.chunks(size) {
                delivery.hear(piece).unwrap();
            }
            delivery.end_piece("a piece").unwrap();
        }
        delivery.finish().unwrap();
        assert!(whole.marks.is_sorted_by_key(|mark| mark.at));
        whole
    }

    fn words(speech: &Speech) -> Vec<&str> {
        let words = speech.marks.iter().filter_map(|mark| match &mark.kind {
            MarkKind::Word(word) => Some(word.as_str()),
            _ => None,
        });
        words.collect()
    }

    #[test]
    fn what_is_handed_on_is_trimmed_levelled_and_marked() {
        let voice = Acquaintance::default();
        let sound = speech(2.0, 0.03);
        let found = delivered(&voice, "Nobody knows what is said.", &[&sound], 480);
        let seconds = found.pcm.len() as f64 / 48_000.0;
        // The last syllable is followed by silence that goes, and the pause of a sentence comes instead.
        let wanted = 2.0 - 0.125 + 0.04 + 0.03 + pause::SENTENCE.seconds();
        assert!((seconds - wanted).abs() < 0.02, "{seconds} s");
        let mut loudness = Loudness::new();
        loudness.hear(&found.pcm);
        let lufs = loudness.finish().unwrap();
        assert!((lufs - LOUDNESS).abs() < 1.5, "{lufs} LUFS");
        assert_eq!(words(&found).join(" "), "Nobody knows what is said.");
        let last = found.marks.last().unwrap();
        assert_eq!(
            (last.at.0, &last.kind),
            (found.pcm.len() as u64, &MarkKind::End)
        );
        let phonemes = found
            .marks
            .iter()
            .filter(|mark| matches!(mark.kind, MarkKind::Phoneme(_)));
        assert!(phonemes.count() > 5);
    }

    #[test]
    fn it_does_not_matter_how_sound_comes() {
        let sound = speech(1.5, 0.2);
        let text = "So it goes, they say.";
        let whole = delivered(&Acquaintance::default(), text, &[&sound], 1_000_000);
        for size in [33, 480, 5_000] {
            let found = delivered(&Acquaintance::default(), text, &[&sound], size);
            assert!(found.pcm == whole.pcm, "{size}");
            assert_eq!(words(&found), words(&whole));
        }
    }

    #[test]
    fn pieces_are_joined_by_a_short_pause() {
        let sound = speech(1.0, 0.2);
        let once = delivered(&Acquaintance::default(), "One.", &[&sound], 4_800);
        let twice = delivered(&Acquaintance::default(), "One.", &[&sound, &sound], 4_800);
        let between = twice.pcm.len() as i64 - 2 * once.pcm.len() as i64;
        let pauses = pause::WORD.0 as i64 - pause::SENTENCE.0 as i64;
        assert!((between - pauses).abs() < 500, "{between} {pauses}");
    }

    #[test]
    fn silence_is_no_speech() {
        let voice = Acquaintance::default();
        let (cancel, utterance) = (Cancel::default(), utterance("One."));
        let mut hand_on = |_| ControlFlow::Continue(());
        let mut delivery = Delivery::new(&utterance, &voice, &cancel, &mut hand_on);
        delivery.hear(&[0.0; 48_000]).unwrap();
        assert!(matches!(delivery.finish(), Err(SpeechError::Empty)));
    }

    #[test]
    fn whoever_does_not_want_it_gets_no_more() {
        let voice = Acquaintance::default();
        let (cancel, utterance) = (Cancel::default(), utterance("One."));
        let mut hand_on = |_| ControlFlow::Break(());
        let mut delivery = Delivery::new(&utterance, &voice, &cancel, &mut hand_on);
        let sound = speech(2.0, 0.2);
        assert!(matches!(delivery.hear(&sound), Err(SpeechError::Cancelled)));
        cancel.raise();
        let mut hand_on = |_| panic!("nobody is there");
        let mut delivery = Delivery::new(&utterance, &voice, &cancel, &mut hand_on);
        assert!(matches!(delivery.hear(&sound), Err(SpeechError::Cancelled)));
    }
}
