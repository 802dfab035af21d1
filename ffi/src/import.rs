//! Original weight files, turned into a directory of checked ones.

use std::ffi::{CString, c_char, c_void};
use std::ops::ControlFlow;

use avatar_models::import;
use avatar_models_abi::Progress;

use crate::call;
use crate::pointer;

/// Reads the original weight files in the directory `source`, checks them and writes them to the directory `target`, which must not
/// exist yet or be empty. Nothing is left there by an import that fails.
///
/// `progress` is called now and then on the calling thread, with `context`; it may be null.
///
/// # Safety
///
/// `source` and `target` end with a NUL; `progress` is null or may be called with `context`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn avatar_models_import(
    source: *const c_char,
    target: *const c_char,
    progress: Progress,
    context: *mut c_void,
    message: *mut c_char,
    capacity: usize,
) -> i32 {
    // SAFETY: the caller's promises, word by word.
    unsafe {
        call::run(message, capacity, || {
            let source = pointer::path(source, "source")?;
            let target = pointer::path(target, "target")?;
            let mut tell = |step: &str, done, total| {
                let (Some(progress), Ok(step)) = (progress, CString::new(step)) else {
                    return ControlFlow::Continue(());
                };
                match progress(context, step.as_ptr(), done, total) {
                    0 => ControlFlow::Continue(()),
                    _ => ControlFlow::Break(()),
                }
            };
            import::import(source, target, &mut tell)?;
            Ok(())
        })
    }
}
