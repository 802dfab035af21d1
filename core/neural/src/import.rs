//! Original weight files, turned into a directory of checked ones.

use std::any::Any;
use std::ffi::{CStr, c_char, c_void};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

use crate::message::{self, Message};
use crate::{Library, NeuralError};

/// Whoever is told how it goes, and what became of that.
struct Watcher<'a> {
    progress: &'a mut dyn FnMut(&str, u64, u64) -> ControlFlow<()>,
    panic: Option<Box<dyn Any + Send>>,
}

impl Library {
    /// Reads the original weight files in the directory `source` and writes them, checked, to the directory `target`.
    ///
    /// `progress` is told what is being read and how many bytes of the whole are done, and may break it off.
    ///
    /// # Errors
    ///
    /// [`NeuralError`]: weights, files, or [`NeuralError::Cancelled`]. Then there is nothing in `target`.
    pub fn import(
        &self,
        source: &Path,
        target: &Path,
        progress: &mut dyn FnMut(&str, u64, u64) -> ControlFlow<()>,
    ) -> Result<(), NeuralError> {
        let source = message::path(source)?;
        let target = message::path(target)?;
        let mut watcher = Watcher {
            progress,
            panic: None,
        };
        let result = Message::of(|message, capacity| {
            // SAFETY: everything pointed to lives until the call is over, and `tell` is called during it only, on this thread.
            unsafe {
                (self.0.import)(
                    source.as_ptr(),
                    target.as_ptr(),
                    Some(tell),
                    (&raw mut watcher).cast(),
                    message,
                    capacity,
                )
            }
        });
        match watcher.panic {
            Some(panic) => resume_unwind(panic),
            None => result,
        }
    }
}

/// # Safety
///
/// `context` is the [`Watcher`] of the import that calls, and nobody else has it; `step` is null or ends with a NUL.
unsafe extern "C" fn tell(context: *mut c_void, step: *const c_char, done: u64, total: u64) -> i32 {
    // SAFETY: as the caller says; `import` does not touch the watcher while it runs.
    let watcher = unsafe { &mut *context.cast::<Watcher<'_>>() };
    let step = if step.is_null() {
        c""
    } else {
        // SAFETY: as the caller says.
        unsafe { CStr::from_ptr(step) }
    };
    // A panic must not unwind into the library: it waits until that has returned.
    let told = catch_unwind(AssertUnwindSafe(|| {
        (watcher.progress)(&step.to_string_lossy(), done, total)
    }));
    match told {
        Ok(ControlFlow::Continue(())) => 0,
        Ok(ControlFlow::Break(())) => 1,
        Err(panic) => {
            watcher.panic = Some(panic);
            1
        }
    }
}
