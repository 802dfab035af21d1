//! The one owner of espeak-ng in this process.

use std::ffi::{CStr, CString, c_int, c_void};
use std::ptr;
use std::sync::{Mutex, MutexGuard, TryLockError};

use espeakng_sys as sys;
use thiserror::Error;

use crate::alphabet::Alphabet;
use crate::callback::{Sink, Utterance, on_sound};
use crate::clause::{Clause, Stop};
use crate::prepared::Prepared;
use crate::voice::Voice;

/// Milliseconds of sound in each call of the sink. The library keeps room for 200 events a second of it and
/// twenty more, and drops what does not fit without a word.
const BUFFER_MS: c_int = 200;

/// Held by whoever owns the library; its sample rate once it is started.
///
/// Started once, it is never terminated: `espeak_Terminate` of 1.51 may wait for ever for the library's own thread
/// when the library was started before.
static LIBRARY: Mutex<Option<u32>> = Mutex::new(None);

/// Why the library could not be had.
#[derive(Debug, Error)]
pub enum StartError {
    /// There is a [`Synthesizer`] already.
    #[error("espeak-ng is in use already in this process")]
    InUse,
    /// Its data is missing, or of another version than the library.
    #[error(
        "espeak-ng could not be started: its data (package espeak-ng-data) is missing or does not fit"
    )]
    NoData,
}

/// Why a voice or setting was not taken.
#[derive(Debug, Error)]
pub enum VoiceError {
    /// There is no such voice.
    #[error("espeak-ng has no voice {0:?}")]
    Unknown(String),
    /// The library refused to set something about it, with its error number.
    #[error("espeak-ng refused to set up voice {0:?}, with error {1}")]
    Refused(String, i32),
}

/// Why a text was not spoken.
#[derive(Debug, Error)]
pub enum SpeakError {
    /// No voice was taken.
    #[error("espeak-ng was given no voice to speak with")]
    NoVoice,
    /// The library failed, with its error number.
    #[error("espeak-ng failed with error {0}")]
    Failed(i32),
}

/// How speaking ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoken {
    /// All of the text was spoken.
    All,
    /// The sink asked to stop.
    Stopped,
}

/// espeak-ng, ready to speak. See the crate's own page for what it guarantees.
#[derive(Debug)]
pub struct Synthesizer {
    rate: u32,
    /// The voice taken last.
    voice: Option<Voice>,
    /// Not `Send`: the library, and with it this value, stays on one thread.
    _library: MutexGuard<'static, Option<u32>>,
}

impl Synthesizer {
    /// Takes the library, and starts it when this is the first time, with the data it was built for (or that
    /// `ESPEAK_DATA_PATH` names). There is no voice yet.
    ///
    /// Starting it sets the process's `LC_CTYPE`, and leaves an idle thread until the process ends.
    ///
    /// # Errors
    ///
    /// [`StartError`], also printed by the library on the standard error stream.
    pub fn new() -> Result<Self, StartError> {
        let mut library = match LIBRARY.try_lock() {
            Ok(library) => library,
            // A panic between two calls of the library leaves nothing half done.
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Err(StartError::InUse),
        };
        let rate = match *library {
            Some(rate) => rate,
            None => start(&mut library)?,
        };
        Ok(Self {
            rate,
            voice: None,
            _library: library,
        })
    }

    /// Samples a second of the sound: 22,050 with every voice of espeak-ng's own.
    pub fn sample_rate(&self) -> u32 {
        self.rate
    }

    /// Takes a voice for everything spoken from now on. Taking the one there is already costs nothing.
    ///
    /// # Errors
    ///
    /// [`VoiceError`]; there is no voice then.
    pub fn set_voice(&mut self, voice: &Voice) -> Result<(), VoiceError> {
        if self.voice.as_ref() == Some(voice) {
            return Ok(());
        }
        self.voice = None;
        let unknown = || VoiceError::Unknown(voice.name.clone());
        let name = CString::new(voice.name.as_str()).map_err(|_| unknown())?;
        // SAFETY: the library is ours and initialised; `name` is a C string, which it copies.
        let error = unsafe { sys::espeak_SetVoiceByName(name.as_ptr()) };
        if error != sys::espeak_ERROR_EE_OK {
            return Err(unknown());
        }
        // After the name, since a voice's file says what the settings mean for it.
        for (parameter, value) in voice.parameters() {
            // SAFETY: the library is ours and initialised, and the values are within what it documents.
            let error = unsafe { sys::espeak_SetParameter(parameter, value, 0) };
            if error != sys::espeak_ERROR_EE_OK {
                return Err(VoiceError::Refused(voice.name.clone(), error));
            }
        }
        // All this waits in the queue of sounds to be made, whose end 1.51 does not look at: voices taken often
        // without a word spoken would run over it. Speaking nothing empties it.
        let error = self.synthesize(&Prepared::new("", Alphabet::of("")), ptr::null_mut());
        if error != sys::espeak_ERROR_EE_OK {
            return Err(VoiceError::Refused(voice.name.clone(), error));
        }
        self.voice = Some(voice.clone());
        Ok(())
    }

    /// Speaks `text`. `sink` gets the sound (mono, [`Self::sample_rate`]) in stretches of at most 200 ms, each with
    /// the events that lie in it, in order; either may be empty. [`std::ops::ControlFlow::Break`] stops within one stretch.
    ///
    /// The text is plain: neither SSML nor `[[phonemes]]` nor control characters have a meaning. Letters that the voice's
    /// language does not have are silent, but for Latin ones.
    ///
    /// # Errors
    ///
    /// [`SpeakError`].
    ///
    /// # Panics
    ///
    /// When `sink` does; the library is left in order.
    pub fn speak(&mut self, text: &str, sink: &mut Sink<'_>) -> Result<Spoken, SpeakError> {
        let voice = self.voice.as_ref().ok_or(SpeakError::NoVoice)?;
        let prepared = Prepared::new(text, Alphabet::of(&voice.name));
        // With nothing to say, the library still gives the echo of what it said before.
        if prepared.is_silent() {
            return Ok(Spoken::All);
        }
        let mut utterance = Utterance {
            text: &prepared,
            sink,
            rate: self.rate,
            stopped: false,
            panic: None,
        };
        let error = self.synthesize(&prepared, (&raw mut utterance).cast());
        if let Some(panic) = utterance.panic {
            std::panic::resume_unwind(panic);
        }
        if error != sys::espeak_ERROR_EE_OK {
            return Err(SpeakError::Failed(error));
        }
        Ok(if utterance.stopped {
            Spoken::Stopped
        } else {
            Spoken::All
        })
    }

    /// Translates `text`, which is as plain as in [`speak`](Self::speak), into phonemes and makes no sound. Clauses without
    /// phonemes are left out.
    ///
    /// # Errors
    ///
    /// [`SpeakError`].
    pub fn phonemes(&mut self, text: &str) -> Result<Vec<Clause>, SpeakError> {
        let voice = self.voice.as_ref().ok_or(SpeakError::NoVoice)?;
        let prepared = Prepared::new(text, Alphabet::of(&voice.name));
        // Speaking nothing clears what an earlier text left.
        let error = self.synthesize(&Prepared::new("", Alphabet::of("")), ptr::null_mut());
        if error != sys::espeak_ERROR_EE_OK {
            return Err(SpeakError::Failed(error));
        }
        let mut rest = prepared.bytes();
        let mut clauses = Vec::new();
        while let Ok(text) = CStr::from_bytes_until_nul(rest) {
            let (phonemes, taken) = self.translate(text);
            let clause = rest.get(..taken.unwrap_or(rest.len()));
            let clause = String::from_utf8_lossy(clause.unwrap_or_default());
            let mut clause = clause.trim_end_matches('\0').chars();
            if taken.is_some() {
                clause.next_back();
            }
            if !phonemes.trim().is_empty() {
                clauses.push(Clause {
                    phonemes,
                    stop: Stop::of(clause.as_str()),
                });
            }
            match taken {
                Some(taken) if taken > 0 => rest = rest.get(taken..).unwrap_or_default(),
                _ => break,
            }
        }
        Ok(clauses)
    }

    /// The phonemes of the first clause of `text`, and how many bytes were read for them: up to and with the first
    /// character after the clause. `None` when the text is over.
    fn translate(&mut self, text: &CStr) -> (String, Option<usize>) {
        let mut next = text.as_ptr().cast::<c_void>();
        // SAFETY: the library is ours and initialised, with a voice. `next` points to a string that ends with a zero byte
        // and outlives the call, which reads it and does not keep it.
        let phonemes = unsafe {
            sys::espeak_TextToPhonemes(
                &raw mut next,
                sys::espeakCHARS_UTF8.cast_signed(),
                sys::espeakPHONEMES_IPA.cast_signed(),
            )
        };
        let phonemes = if phonemes.is_null() {
            String::new()
        } else {
            // SAFETY: the result is a string in a buffer of the library's, valid until it is called again.
            let phonemes = unsafe { CStr::from_ptr(phonemes) };
            phonemes.to_string_lossy().into_owned()
        };
        let taken = next.addr().checked_sub(text.as_ptr().addr());
        (phonemes, taken.filter(|taken| *taken <= text.count_bytes()))
    }

    /// Runs the library over `text`. `utterance` is null or points to the [`Utterance`] the callback is to find.
    fn synthesize(&mut self, text: &Prepared, utterance: *mut c_void) -> sys::espeak_ERROR {
        // SAFETY: the library is ours and initialised. The text ends with a zero byte and outlives the call, which
        // in synchronous mode returns after the last callback; so does the utterance, which is a local of `speak`
        // that it does not touch meanwhile.
        unsafe {
            sys::espeak_Synth(
                text.bytes().as_ptr().cast::<c_void>(),
                text.bytes().len(),
                0,
                sys::espeak_POSITION_TYPE_POS_CHARACTER,
                0,
                sys::espeakCHARS_UTF8,
                ptr::null_mut(),
                utterance,
            )
        }
    }
}

/// Starts the library, which must not have been started before.
fn start(library: &mut Option<u32>) -> Result<u32, StartError> {
    let options = sys::espeakINITIALIZE_PHONEME_EVENTS
        | sys::espeakINITIALIZE_PHONEME_IPA
        | sys::espeakINITIALIZE_DONT_EXIT;
    // SAFETY: the lock around `library` is held, so nobody else is using it; a null path means the default.
    let rate = unsafe {
        sys::espeak_Initialize(
            sys::espeak_AUDIO_OUTPUT_AUDIO_OUTPUT_SYNCHRONOUS,
            BUFFER_MS,
            ptr::null(),
            options.cast_signed(),
        )
    };
    // The header promises -1 for failure; with DONT_EXIT, 1.51 answers the rate it does not know yet: 0.
    let rate = u32::try_from(rate)
        .ok()
        .filter(|rate| *rate > 0)
        .ok_or(StartError::NoData)?;
    // SAFETY: the library is ours and initialised; `on_sound` is a function and lives for ever.
    unsafe { sys::espeak_SetSynthCallback(Some(on_sound)) };
    *library = Some(rate);
    Ok(rate)
}
