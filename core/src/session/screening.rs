//! What a client's sound is refused for before anybody listens to it.

use avatar_codec::{Recognition, SoundFormat, foreign_file, plausible_samples, tag_length};

use super::{Bare, Source};
use crate::api::{Code, Piece, Refusal, Upload};
use crate::store::Store;

/// What begins with a piece of sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begins {
    /// A stream that says what it is.
    Stream,
    /// Nothing that can be told: a stream goes on, or more must tell.
    Nothing,
}

/// Looks at a whole file, which may be without a header where `bare` says so.
///
/// # Errors
///
/// A [`Refusal`] that says what it is instead, and those of reading it.
pub(super) fn screen(audio: &mut Upload, bare: Bare) -> Result<(), Refusal> {
    look(audio, bare, true).map(drop)
}

/// Looks at a piece of what a session in `store` is fed. Says what was wrong with what came before it, if anything was.
///
/// # Errors
///
/// As of [`screen`], and a piece that goes on with what was not understood.
pub(super) fn screen_piece(piece: &mut Piece, store: &Store) -> Result<Option<String>, Refusal> {
    let Some(audio) = &mut piece.audio else {
        return Ok(None);
    };
    let feed = store.feed(piece.id);
    let first = feed.begins_with(piece.number);
    let source = match (first, piece.bare) {
        (true, false) => store.job(piece.id).map(|job| job.source),
        _ => None,
    };
    let bare = match source {
        _ if piece.bare => Bare::Always,
        Some(Source::Feed { bare, .. }) => bare,
        _ => Bare::Never,
    };
    let begins = look(audio, bare, first)? == Begins::Stream || piece.bare;
    match feed.trouble() {
        // What goes on with a stream that was not understood will not be either.
        Some(trouble) if !begins => Err(refusal(&trouble)),
        Some(trouble) => {
            feed.forgive();
            Ok(Some(trouble))
        }
        None => Ok(None),
    }
}

/// Looks at how `audio` begins, which is the `first` of its session or goes on with what came before. Without a header it may
/// be where `bare` says so.
///
/// # Errors
///
/// A [`Refusal`] that says what it is instead, and those of reading it.
fn look(audio: &mut Upload, bare: Bare, first: bool) -> Result<Begins, Refusal> {
    let mut at = 0;
    let head = loop {
        let read = audio.look(at, Recognition::ENOUGH);
        let head = read.map_err(|error| {
            tracing::error!(%error, "a form's file was not read");
            Refusal::internal()
        })?;
        match tag_length(&head) {
            Some(length) if first && at < audio.length() => at += length as u64,
            _ => break head,
        }
    };
    if let Some(words) = foreign_file(&head) {
        return Err(refusal(&format!("it is {words}")));
    }
    if !first {
        let begins = SoundFormat::begins(&head, None).is_some();
        return Ok(if begins {
            Begins::Stream
        } else {
            Begins::Nothing
        });
    }
    let found = Recognition::of(&head);
    let taken = match (found, bare) {
        (Recognition::Sound(..), _) => return Ok(Begins::Stream),
        (Recognition::Open, _) | (_, Bare::Always) => true,
        (Recognition::Unknown, Bare::Plausible) => plausible_samples(&head),
        _ => false,
    };
    match found.words().filter(|_| !taken) {
        Some(words) => Err(refusal(&words)),
        None => Ok(Begins::Nothing),
    }
}

fn refusal(words: &str) -> Refusal {
    Refusal::new(Code::BadAudio, format!("the sound cannot be read: {words}"))
}
