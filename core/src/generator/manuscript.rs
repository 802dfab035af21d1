//! The text of a session as it becomes known, and the sentences of it as they are spoken.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::pool::Waker;
use super::transcript::Transcript;
use crate::language::Language;
use crate::text::{Piece, Pieces, Sentence, SsmlError};
use crate::time::Samples;

/// What there is to be said next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Sentence(Sentence),
    /// Nothing for a while, and then more.
    Pause(Samples),
    /// Nothing yet: more text is to come. Where a time is given, it is worth asking again then even if none does.
    Later(Option<Instant>),
    /// Nothing more.
    End,
}

/// How long what reads like a whole sentence waits for more before it is taken for one. Who writes token by token writes
/// several in that time; whoever listens does not notice.
const SETTLING: Duration = Duration::from_millis(400);

/// Text goes in at one end, whoever writes it, and sentences come out at the other. The painter is woken when there may
/// be one.
#[derive(Debug)]
pub(crate) struct Manuscript {
    state: Mutex<State>,
    mixed: Option<Language>,
    transcript: Arc<Transcript>,
    painter: Waker,
}

#[derive(Debug, Default)]
struct State {
    pieces: Pieces,
    finished: bool,
    /// Since when there has been nothing to say.
    dry: Option<Instant>,
}

impl Manuscript {
    /// Sentences that are `mixed` are cut where their language changes from that one.
    pub(crate) fn new(
        transcript: Arc<Transcript>,
        painter: Waker,
        mixed: Option<Language>,
    ) -> Self {
        Self {
            state: Mutex::new(State {
                pieces: pieces(mixed),
                ..State::default()
            }),
            mixed,
            transcript,
            painter,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in more text, cut anywhere. After [`finish`](Self::finish), nothing happens.
    pub(crate) fn push(&self, text: &str) {
        let mut state = self.lock();
        if state.finished {
            return;
        }
        self.transcript.expect(text.chars().count());
        state.pieces.push(text);
        state.dry = None;
        drop(state);
        self.painter.wake();
    }

    /// Takes in a document of SSML, before any other text.
    pub(crate) fn push_ssml(&self, document: &str) -> Result<(), SsmlError> {
        let characters = self.lock().pieces.push_ssml(document)?;
        self.transcript.expect(characters);
        self.painter.wake();
        Ok(())
    }

    /// Whether anything visible came, be it only marks or pictures that nobody says.
    pub(crate) fn has_marks(&self) -> bool {
        self.lock().pieces.has_marks()
    }

    /// There is no more text.
    pub(crate) fn finish(&self) {
        let mut state = self.lock();
        state.finished = true;
        state.pieces.finish();
        state.dry = None;
        drop(state);
        self.painter.wake();
    }

    /// Forgets what has not been said; more may come.
    pub(crate) fn forget(&self) {
        let mut state = self.lock();
        if !state.finished {
            state.pieces = pieces(self.mixed);
            state.dry = None;
        }
    }

    /// There is no more text, and it was broken off: half a sentence at its end is not said. False where there was not one
    /// whole sentence; then nothing happened.
    pub(crate) fn leave_off(&self) -> bool {
        let mut state = self.lock();
        if !state.finished && !state.pieces.leave_off() {
            return false;
        }
        state.finished = true;
        state.dry = None;
        drop(state);
        self.painter.wake();
        true
    }

    /// What is to be said next.
    pub(crate) fn next(&self) -> Next {
        let mut state = self.lock();
        match state.pieces.next() {
            Some(Piece::Sentence(sentence)) => Next::Sentence(sentence),
            Some(Piece::Pause(length)) => Next::Pause(length),
            None if state.finished => Next::End,
            None => {
                let settles = *state.dry.get_or_insert_with(Instant::now) + SETTLING;
                if !state.pieces.can_settle() {
                    return Next::Later(None);
                }
                let settled = settles <= Instant::now();
                let sentence = settled.then(|| state.pieces.settle()).flatten();
                sentence.map_or(Next::Later(Some(settles)), Next::Sentence)
            }
        }
    }

    /// For how long whoever speaks has been waiting for text.
    pub(crate) fn dry_for(&self) -> Duration {
        self.lock().dry.map_or(Duration::ZERO, |dry| dry.elapsed())
    }
}

fn pieces(mixed: Option<Language>) -> Pieces {
    mixed.map_or_else(Pieces::default, Pieces::mixed)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::generator::pool::Pool;
    use crate::text::sentences;

    fn manuscript() -> Manuscript {
        static POOL: LazyLock<Pool> = LazyLock::new(|| Pool::start(1).unwrap());
        Manuscript::new(Arc::default(), POOL.waker(), None)
    }

    fn rest(manuscript: &Manuscript) -> Vec<Sentence> {
        let next = || match manuscript.next() {
            Next::Sentence(sentence) => Some(sentence),
            Next::Pause(_) | Next::Later(_) | Next::End => None,
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn what_reads_like_a_sentence_waits_for_a_while_and_half_a_one_for_ever() {
        let manuscript = manuscript();
        manuscript.push("One moment.");
        let Next::Later(Some(settles)) = manuscript.next() else {
            panic!("it may be settled");
        };
        std::thread::sleep(settles.saturating_duration_since(Instant::now()));
        assert!(matches!(manuscript.next(), Next::Sentence(said) if said.text == "One moment."));
        manuscript.push(" Here it");
        assert_eq!(manuscript.next(), Next::Later(None));
        manuscript.finish();
        assert!(matches!(manuscript.next(), Next::Sentence(said) if said.text == "Here it"));
        assert_eq!(manuscript.next(), Next::End);
    }

    #[test]
    fn half_a_sentence_at_a_broken_end_is_left_out() {
        let said = |manuscript: &Manuscript| -> Vec<String> {
            rest(manuscript).into_iter().map(|said| said.text).collect()
        };
        let manuscript = manuscript();
        manuscript.push("It is half");
        assert!(!manuscript.leave_off());
        manuscript.push(" past three. I am");
        assert_eq!(said(&manuscript), ["It is half past three."]);
        manuscript.push(" late.");
        assert!(manuscript.leave_off());
        assert_eq!(said(&manuscript), ["I am late."]);
        assert_eq!(manuscript.next(), Next::End);
        manuscript.push(" Go on!");
        assert_eq!(manuscript.next(), Next::End);
    }

    #[test]
    fn it_is_dry_only_while_text_is_awaited() {
        let manuscript = manuscript();
        assert_eq!(manuscript.dry_for(), Duration::ZERO);
        assert_eq!(manuscript.next(), Next::Later(None));
        std::thread::sleep(Duration::from_millis(2));
        assert!(manuscript.dry_for() > Duration::ZERO);
        manuscript.push("One");
        assert_eq!(manuscript.dry_for(), Duration::ZERO);
        manuscript.next();
        manuscript.finish();
        assert_eq!(manuscript.dry_for(), Duration::ZERO);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_the_text_is_cut(
            pieces in prop::collection::vec("[A-Za-zа-я .!?\n\"«»<b>&;0-9-]{0,30}", 0..20),
            ask in prop::collection::vec(any::<bool>(), 20),
        ) {
            let whole = sentences(&pieces.concat());
            let manuscript = manuscript();
            let mut found = Vec::new();
            for (piece, ask) in pieces.iter().zip(ask) {
                manuscript.push(piece);
                if ask {
                    // Nobody waits long enough here for anything to settle.
                    found.extend(rest(&manuscript));
                }
            }
            manuscript.finish();
            found.extend(rest(&manuscript));
            prop_assert_eq!(found, whole);
        }
    }
}
