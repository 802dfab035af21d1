//! The boundary with C: what nginx calls, and what must never happen there.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs the body of a callback that nginx called, so that a panic ends in `on_panic` instead of the worker.
///
/// The message itself is logged by the hook that [`crate::journal`] installs.
pub(crate) fn contain<T>(on_panic: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(on_panic)
}
