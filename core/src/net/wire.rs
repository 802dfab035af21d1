//! The one thread on which connections to engines and models live.

use std::fmt;
use std::io;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// How long a name that is being looked up can hold up the end: that cannot be given up at once.
const PATIENCE: Duration = Duration::from_secs(1);

/// A thread that moves bytes. Whoever wants them waits on a thread of its own.
pub struct Wire {
    handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Wire {
    /// Starts the thread; it ends with this value.
    ///
    /// # Errors
    ///
    /// As of starting a thread.
    pub fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = thread::Builder::new()
            .name("avatar-wire".to_owned())
            .spawn(move || {
                // An error is the end as well: the sender is gone.
                let _ = runtime.block_on(stopped);
                runtime.shutdown_timeout(PATIENCE);
            })?;
        Ok(Self {
            handle,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where requests are made.
    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").finish_non_exhaustive()
    }
}
