//! The function espeak-ng calls with sound and events.

use std::any::Any;
use std::ffi::{c_char, c_int, c_short};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use espeakng_sys::{
    espeak_EVENT, espeak_EVENT_TYPE_espeakEVENT_END as END,
    espeak_EVENT_TYPE_espeakEVENT_LIST_TERMINATED as LIST_TERMINATED,
    espeak_EVENT_TYPE_espeakEVENT_PHONEME as PHONEME,
    espeak_EVENT_TYPE_espeakEVENT_SENTENCE as SENTENCE, espeak_EVENT_TYPE_espeakEVENT_WORD as WORD,
};

use crate::event::{Event, EventKind};
use crate::prepared::Prepared;

/// Takes sound and the events in it; breaks to stop.
pub type Sink<'a> = dyn FnMut(&[i16], &[Event]) -> ControlFlow<()> + 'a;

/// What one call of `espeak_Synth` carries to the callback through `user_data`.
pub(crate) struct Utterance<'a, 's> {
    pub(crate) text: &'a Prepared,
    pub(crate) sink: &'a mut Sink<'s>,
    pub(crate) rate: u32,
    /// Set once the sink broke or panicked.
    pub(crate) stopped: bool,
    /// What the sink panicked with.
    pub(crate) panic: Option<Box<dyn Any + Send>>,
}

const CONTINUE: c_int = 0;
const ABORT: c_int = 1;

/// Called by espeak-ng, from within `espeak_Synth` and on its thread.
pub(crate) unsafe extern "C" fn on_sound(
    wav: *mut c_short,
    samples: c_int,
    events: *mut espeak_EVENT,
) -> c_int {
    if events.is_null() {
        return CONTINUE;
    }
    // SAFETY: espeak-ng passes a list of events that ends with LIST_TERMINATED, so there is a first one.
    let utterance = unsafe { (*events).user_data }.cast::<Utterance<'_, '_>>();
    // SAFETY: `user_data` of every event is what `Synthesizer::speak` passed to `espeak_Synth`: a pointer
    // to an `Utterance` that outlives that call and that nobody else touches during it.
    let Some(utterance) = (unsafe { utterance.as_mut() }) else {
        return ABORT;
    };
    if utterance.stopped {
        return ABORT;
    }
    let sound = match usize::try_from(samples) {
        // SAFETY: a non-null `wav` holds `samples` samples until this function returns.
        Ok(samples) if samples > 0 && !wav.is_null() => unsafe {
            std::slice::from_raw_parts(wav, samples)
        },
        _ => &[],
    };
    // SAFETY: as above, `events` is a list that ends with LIST_TERMINATED.
    let events = unsafe { translate(events, utterance) };
    if sound.is_empty() && events.is_empty() {
        return CONTINUE;
    }
    // A panic must not run through C frames; it goes on in `Synthesizer::speak`.
    let heard = catch_unwind(AssertUnwindSafe(|| (utterance.sink)(sound, &events)));
    match heard {
        Ok(ControlFlow::Continue(())) => return CONTINUE,
        Ok(ControlFlow::Break(())) => {}
        Err(panic) => utterance.panic = Some(panic),
    }
    utterance.stopped = true;
    ABORT
}

/// Reads a list of events.
///
/// # Safety
///
/// `events` points to valid events, the last of which is of type LIST_TERMINATED.
unsafe fn translate(mut events: *const espeak_EVENT, utterance: &Utterance<'_, '_>) -> Vec<Event> {
    let mut translated = Vec::new();
    loop {
        // SAFETY: the caller promises a valid list, and we have not passed its end yet.
        let event = unsafe { &*events };
        if event.type_ == LIST_TERMINATED {
            return translated;
        }
        if let Some(kind) = kind(event, utterance.text) {
            let sample = sample(event, utterance.rate);
            translated.push(Event { sample, kind });
        }
        // SAFETY: this event is not the last, so the next one belongs to the list too.
        events = unsafe { events.add(1) };
    }
}

fn kind(event: &espeak_EVENT, text: &Prepared) -> Option<EventKind> {
    match event.type_ {
        SENTENCE => Some(EventKind::Sentence),
        WORD => {
            let at = text.origin(event.text_position)?;
            Some(EventKind::Word { at })
        }
        PHONEME => {
            // SAFETY: in events of type PHONEME the union holds the name, and any bytes are valid ones.
            let name = unsafe { event.id.string };
            Some(EventKind::Phoneme(phoneme(name)))
        }
        END => Some(EventKind::End),
        _ => None,
    }
}

/// `sample` is called internal in the header, but it is exact where `audio_position` is cut to milliseconds.
/// A library that left it empty would still give the latter.
fn sample(event: &espeak_EVENT, rate: u32) -> u64 {
    if event.sample == 0 && event.audio_position > 0 {
        let milliseconds = u64::from(event.audio_position.unsigned_abs());
        return milliseconds * u64::from(rate) / 1000;
    }
    u64::try_from(event.sample).unwrap_or(0)
}

/// The name has a zero byte after it unless it fills all eight; a longer one is cut, perhaps within a character.
fn phoneme(name: [c_char; 8]) -> String {
    let bytes: Vec<u8> = name
        .iter()
        .map(|byte| byte.cast_unsigned())
        .take_while(|byte| *byte != 0)
        .collect();
    match std::str::from_utf8(&bytes) {
        Ok(name) => name.to_owned(),
        Err(cut) => {
            let whole = bytes.get(..cut.valid_up_to()).unwrap_or_default();
            String::from_utf8_lossy(whole).into_owned()
        }
    }
}
