//! What one process has of the module: its place among the others, its ear, and perhaps the generator.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use avatar_core::api::Catalogue;
use avatar_core::config::Config;
use avatar_core::session::{Bell, Hint, HintKind, Intake, Record, SessionId, WorkerSlot};
use avatar_core::store::Store;
use nginx_sys::{NGX_PROCESS_SINGLE, NGX_PROCESS_WORKER, ngx_event_t};

use crate::boundary::contain;
use crate::conf::Settled;
use crate::generator::Host;
use crate::hints::{Receiver, Sender};
use crate::journal::Journal;
use crate::{hints, wait, zone};

/// One process's state. It belongs to the event loop's thread.
pub(crate) struct Worker {
    pid: u32,
    config: Arc<Config>,
    catalogue: Catalogue,
    intake: Intake,
    bell: Arc<Sender>,
    slot: Option<WorkerSlot>,
    journal: Journal,
    receiver: Receiver,
    host: RefCell<Option<Host>>,
}

thread_local! {
    static WORKER: RefCell<Option<Rc<Worker>>> = const { RefCell::new(None) };
}

/// This process's state, if it is a worker of a configuration with a location of ours.
pub(crate) fn current() -> Option<Rc<Worker>> {
    WORKER.try_with(|worker| worker.borrow().clone()).ok()?
}

/// The version of a session in shared memory.
pub(crate) fn version(session: SessionId) -> Option<u64> {
    let record = current()?.intake.board().find(session)?;
    Some(record.version)
}

fn alive(pid: u32) -> bool {
    // SAFETY: signal zero is sent to nobody; it only asks whether there is somebody.
    let sent = unsafe { libc::kill(pid.cast_signed(), 0) };
    // A process of another user is one we may not signal.
    sent == 0 || std::io::Error::last_os_error().raw_os_error() == Some(libc::EPERM)
}

/// Begins, in every process that handles requests, and starts the generator in the first of them.
pub(crate) fn start(settled: &Settled) -> Result<(), String> {
    // SAFETY: nginx sets both before it calls any module in a new process.
    let (process, number) = unsafe { (nginx_sys::ngx_process, nginx_sys::ngx_worker) };
    // Cache helpers are asked to begin as well.
    if ![NGX_PROCESS_WORKER as usize, NGX_PROCESS_SINGLE as usize].contains(&process) {
        return Ok(());
    }
    let pid = std::process::id();
    let config = Arc::clone(&settled.config);
    // SAFETY: the zone belongs to the configuration this worker was started with.
    let board = unsafe { zone::board(settled.zone) }.ok_or("the shared zone is not there")?;
    let bell = Sender::new(&config.data)
        .map(Arc::new)
        .map_err(|error| format!("no socket for hints: {error}"))?;
    let receiver = Receiver::open(&config.data, pid, on_hint)
        .map_err(|error| format!("no socket for hints in {}: {error}", config.data.display()))?;
    let journal = Journal::open(Arc::clone(&bell), pid);
    let slot = board.header().enter(pid, alive);
    let intake = Intake::new(board, Store::new(&config.data), config.limits);
    if number == 0 {
        hints::sweep(&config.data, alive);
    }
    let host = (number == 0)
        .then(|| {
            Host::start(
                &config,
                board,
                Arc::clone(&bell) as Arc<dyn Bell>,
                pid,
                alive,
            )
        })
        .transpose()?;
    let worker = Worker {
        pid,
        catalogue: Catalogue::builtin(&config),
        config,
        intake,
        bell,
        slot,
        journal,
        receiver,
        host: RefCell::new(host),
    };
    WORKER.set(Some(Rc::new(worker)));
    Ok(())
}

/// Ends. Sessions that are not finished are left to the next generator to report.
pub(crate) fn stop() {
    let Some(worker) = WORKER.take() else {
        return;
    };
    wait::close();
    let stopped = worker.host.take().is_none_or(Host::stop);
    if let Some(slot) = worker.slot {
        worker.intake.board().header().leave(slot, worker.pid);
    }
    worker.journal.write();
    if !stopped {
        // SAFETY: it takes nothing and ends the process. A library that is still at work, or whose device is broken, must
        // not have its own cleaning up run beside it, which is what exit() would do.
        unsafe { libc::_exit(0) };
    }
}

/// Has the master start another process in place of this one.
fn make_way() {
    // SAFETY: nginx sets it before it calls any module in a new process; the loop's thread reads the other after each round of
    // events, as when a signal has set it.
    unsafe {
        // A single process has no master that would replace it.
        if nginx_sys::ngx_process == NGX_PROCESS_WORKER as usize {
            nginx_sys::ngx_terminate = 1;
        }
    }
}

/// Called by the event loop when a hint may have arrived, and when the worker is asked to quit.
unsafe extern "C" fn on_hint(_: *mut ngx_event_t) {
    contain((), || {
        let Some(worker) = current() else {
            return;
        };
        while let Some(hint) = worker.receiver.next() {
            match hint.kind {
                HintKind::Wanted => worker.notice(hint),
                HintKind::Changed => wait::wake_session(hint.id),
                HintKind::Replace => make_way(),
            }
        }
        let header = worker.intake.board().header();
        if worker.slot.is_some_and(|slot| header.take_untold(slot)) {
            wait::wake_changed();
        }
        // Last: a line said while the hints were read has had its nudge swallowed above.
        worker.journal.write();
        if worker.receiver.asked_to_close() {
            worker.with_host(Host::retire);
        }
    });
}

impl Worker {
    /// What the operator decided.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// What can be asked for.
    pub(crate) fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Where jobs are handed in and sessions looked up.
    pub(crate) fn intake(&self) -> &Intake {
        &self.intake
    }

    /// Asks to be told of the next change of a session, and says how it stands after that.
    pub(crate) fn watch(&self, session: SessionId) -> Option<Record> {
        if let Some(slot) = self.slot {
            self.intake.board().watch(session, slot);
        }
        self.intake.find(session)
    }

    /// Says that somebody watches a session.
    pub(crate) fn say_watched(&self, session: SessionId) {
        if let Some(pid) = self.intake.board().say_watched(session) {
            self.tell(pid, Hint::wanted(session));
        }
    }

    /// Does something with the generator, if it is here.
    pub(crate) fn with_host(&self, body: impl FnOnce(&Host)) {
        if let Some(host) = self.host.borrow().as_ref() {
            body(host);
        }
    }

    /// Sends a hint to process `pid`, which may be this one.
    pub(crate) fn tell(&self, pid: u32, hint: Hint) {
        if pid == self.pid && hint.kind == HintKind::Wanted {
            self.notice(hint);
        } else {
            self.bell.ring(pid, hint);
        }
    }

    fn notice(&self, hint: Hint) {
        self.with_host(|host| host.notice(hint));
    }
}
