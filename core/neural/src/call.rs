//! Calls that are the same for networks of both kinds: what they open, tell, hear and draw differs in its type alone.

use std::ffi::c_char;
use std::ptr::{self, NonNull};
use std::sync::{Mutex, PoisonError};

use avatar_models_abi::Status;

use crate::NeuralError;
use crate::message::Message;

/// How many frames are asked for at once.
const FRAMES: usize = 32;

/// A function that tells what has been loaded.
pub(crate) type Describe<H, D> = unsafe extern "C" fn(*const H, *mut D) -> i32;

/// A function that hears speech and writes frames.
pub(crate) type Hear<H> = unsafe extern "C" fn(
    *mut H,
    *const f32,
    usize,
    u32,
    *mut f32,
    usize,
    *mut usize,
    *mut c_char,
    usize,
) -> i32;

/// A function that draws a batch.
pub(crate) type Draw<H, R> =
    unsafe extern "C" fn(*mut H, *const R, usize, *mut c_char, usize) -> i32;

/// What `function` opens when it is given a place for the handle and room for a text.
pub(crate) fn opened<H>(
    function: impl FnOnce(*mut *mut H, *mut c_char, usize) -> i32,
) -> Result<NonNull<H>, NeuralError> {
    let mut handle = ptr::null_mut();
    Message::of(|message, capacity| function(&raw mut handle, message, capacity))?;
    NonNull::new(handle).ok_or_else(|| {
        NeuralError::Internal("the library says that all is well and opens nothing".to_owned())
    })
}

/// What `function` fills `room` with.
///
/// # Safety
///
/// `function` is the library's for what `handle` is, which is open; `room` begins with its size.
pub(crate) unsafe fn described<H, D>(
    function: Describe<H, D>,
    handle: NonNull<H>,
    mut room: D,
) -> Result<D, NeuralError> {
    // SAFETY: as the caller says.
    let status = unsafe { function(handle.as_ptr(), &raw mut room) };
    if status == Status::Ok as i32 {
        return Ok(room);
    }
    Err(NeuralError::new(status, String::new()))
}

/// Has `samples` heard, appends to `made` the frames of `width` floats that `function` writes for them, all that there are, and
/// returns how many these are.
///
/// # Safety
///
/// `function` is the library's for what `handle` is, which is open and used by nobody else meanwhile; its frames are of `width`
/// floats.
pub(crate) unsafe fn hear<H>(
    function: Hear<H>,
    handle: NonNull<H>,
    width: usize,
    (samples, last): (&[f32], bool),
    made: &mut Vec<f32>,
) -> Result<usize, NeuralError> {
    let mut total = 0;
    let mut samples = samples;
    loop {
        let begin = made.len();
        made.resize(begin + FRAMES * width, 0.0);
        let room = made.get_mut(begin..).unwrap_or_default();
        // SAFETY: as the caller says; there is room for `FRAMES` frames.
        let heard = unsafe { hear_once(function, handle, (samples, last), room) };
        made.truncate(begin + heard.as_ref().map_or(0, |frames| frames * width));
        let heard = heard?;
        total += heard;
        if heard < FRAMES {
            return Ok(total);
        }
        samples = &[];
    }
}

/// Fills `room` as far as frames are made.
///
/// # Safety
///
/// As for [`hear`]; `room` is for [`FRAMES`] frames.
unsafe fn hear_once<H>(
    function: Hear<H>,
    handle: NonNull<H>,
    (samples, last): (&[f32], bool),
    room: &mut [f32],
) -> Result<usize, NeuralError> {
    let mut frames = 0;
    Message::of(|message, capacity| {
        // SAFETY: as the caller says; the samples are as many as is said.
        unsafe {
            function(
                handle.as_ptr(),
                samples.as_ptr(),
                samples.len(),
                u32::from(last),
                room.as_mut_ptr(),
                FRAMES,
                &raw mut frames,
                message,
                capacity,
            )
        }
    })?;
    if frames > FRAMES {
        return Err(NeuralError::Internal(format!(
            "the library says that it wrote {frames} frames where there is room for {FRAMES}"
        )));
    }
    Ok(frames)
}

/// Whoever draws: one batch at a time, of so many at most.
pub(crate) struct Turns {
    turn: Mutex<()>,
    /// What is drawn, for people: "faces".
    what: &'static str,
}

impl Turns {
    pub(crate) fn new(what: &'static str) -> Self {
        Self {
            turn: Mutex::new(()),
            what,
        }
    }

    /// Has `batch` drawn, unless it is empty, when it is this caller's turn.
    ///
    /// # Errors
    ///
    /// [`NeuralError`]; [`NeuralError::Argument`] for more than `most`.
    ///
    /// # Safety
    ///
    /// `function` is the library's for what `handle` is, which is open and draws nowhere else; what the requests point to lives
    /// until this returns and is as large as the library has described it, and what they are drawn to does not overlap.
    pub(crate) unsafe fn draw<H, R>(
        &self,
        function: Draw<H, R>,
        handle: NonNull<H>,
        most: usize,
        batch: &[R],
    ) -> Result<(), NeuralError> {
        if batch.is_empty() {
            return Ok(());
        }
        if batch.len() > most {
            return Err(NeuralError::Argument(format!(
                "{} {} are asked for at once, and {most} can be",
                batch.len(),
                self.what
            )));
        }
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        Message::of(|message, capacity| {
            // SAFETY: as the caller says; this is the one call.
            unsafe {
                function(
                    handle.as_ptr(),
                    batch.as_ptr(),
                    batch.len(),
                    message,
                    capacity,
                )
            }
        })
    }
}

/// That `found` is `due`, as `what` is counted: "the tokens of a frame are 8 floats".
pub(crate) fn counted(what: &str, due: usize, unit: &str, found: usize) -> Result<(), NeuralError> {
    if found == due {
        return Ok(());
    }
    Err(NeuralError::Argument(format!(
        "{what} {due} {unit}, not {found}"
    )))
}
