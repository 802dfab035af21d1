//! Sessions that nobody can ask for but the one request that began them.

use avatar_core::session::SessionId;

use crate::api::realtime::free;
use crate::worker;

/// Frees a session when it is dropped, be it unfinished: when its request is answered, or when its client has gone.
pub(crate) struct Lease(SessionId);

impl Lease {
    /// Has `session` freed in time.
    pub(crate) fn of(session: SessionId) -> Self {
        Self(session)
    }

    /// Lets it live: others know of it now.
    pub(crate) fn waive(self) {
        std::mem::forget(self);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // A process that ends leaves it to be found when its time is over.
        if let Some(worker) = worker::current() {
            // It may be gone already.
            let _ = free(&worker, self.0);
        }
    }
}
