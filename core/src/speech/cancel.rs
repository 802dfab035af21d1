//! Asking running work to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// A flag shared by a session and everything working for it; once raised it stays raised.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<Flag>);

#[derive(Debug, Default)]
struct Flag {
    raised: AtomicBool,
    waiting: Notify,
}

impl Cancel {
    /// Asks all holders to stop.
    pub fn raise(&self) {
        self.0.raised.store(true, Ordering::Release);
        self.0.waiting.notify_waiters();
    }

    /// Whether work should stop.
    pub fn raised(&self) -> bool {
        self.0.raised.load(Ordering::Acquire)
    }

    /// Ends when work should stop.
    pub(crate) async fn wait(&self) {
        let raised = self.0.waiting.notified();
        // From here on it is told, so what is raised now is not missed.
        if !self.raised() {
            raised.await;
        }
    }
}
