//! The generator's host: the one worker that makes sessions.

use std::sync::Arc;

use avatar_core::config::Config;
use avatar_core::generator::{Generator, Neighbourhood, Workshop};
use avatar_core::session::{Bell, Board, Hint};
use nginx_sys::ngx_event_t;

use crate::alarm::Alarm;
use crate::boundary::contain;
use crate::worker;

/// How often a worker that is asked to quit looks whether its sessions are finished, in milliseconds: more than
/// the quarter of a second in which a generator notices everything, even without a hint.
const GLANCE: usize = 300;

/// A generator, and what keeps its process alive until it is done.
pub(crate) struct Host {
    generator: Generator,
    lifeline: Alarm,
}

impl Host {
    /// Starts a generator in this process.
    pub(crate) fn start(
        config: &Arc<Config>,
        board: Board,
        bell: Arc<dyn Bell>,
        pid: u32,
        alive: fn(u32) -> bool,
    ) -> Result<Self, String> {
        let neighbourhood = Neighbourhood { pid, bell, alive };
        let generator = without_signals(|| {
            let workshop = Workshop::builtin(config).map_err(|error| error.to_string())?;
            Generator::start(Arc::clone(config), board, workshop, neighbourhood)
                .map_err(|error| format!("the generator did not start: {error}"))
        })?;
        Ok(Self {
            generator,
            lifeline: Alarm::new(on_glance, true),
        })
    }

    /// Passes a hint on.
    pub(crate) fn notice(&self, hint: Hint) {
        self.generator.notice(hint);
    }

    /// Ends the generator's threads. False when the process must end without cleaning up.
    pub(crate) fn stop(mut self) -> bool {
        self.generator.stop()
    }

    /// The process is asked to quit: others take what is new, and it stays until its sessions are finished.
    pub(crate) fn retire(&self) {
        self.generator.retire();
        self.stay();
    }

    /// Keeps the process from going before its sessions are finished: nginx waits for timers that cannot be
    /// cancelled, and for nothing else of ours. The first look is not before the generator itself has counted
    /// what it was handed a moment ago.
    fn stay(&self) {
        self.lifeline.set(GLANCE);
    }

    /// Stays as long as there are sessions that only this generator will finish.
    fn stay_while_needed(&self) {
        if self.generator.running() > 0 {
            self.stay();
        }
    }
}

unsafe extern "C" fn on_glance(_: *mut ngx_event_t) {
    contain((), || {
        if let Some(worker) = worker::current() {
            worker.with_host(Host::stay_while_needed);
        }
    });
}

/// Does something with all signals blocked, so that threads started by it never take one: nginx's handlers
/// expect the event loop's thread.
fn without_signals<T>(body: impl FnOnce() -> T) -> T {
    // SAFETY: the sets are initialised by the calls that fill them, and only this thread's mask changes.
    let before = unsafe {
        let mut all = std::mem::zeroed();
        let mut before = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
        before
    };
    let result = body();
    // SAFETY: `before` is the mask this thread had.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, std::ptr::null_mut()) };
    result
}
