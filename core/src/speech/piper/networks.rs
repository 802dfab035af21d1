//! The networks of one voice: as many as sentences it speaks at once.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use super::library;
use super::model::{Model, file_name};
use super::network::Network;

/// A voice's networks. Each takes half a second to open and more memory than its file is long, so one is opened after the
/// other, beside those that work: a sentence takes whichever is free first.
#[derive(Debug)]
pub(super) struct Networks(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    model: Model,
    state: Mutex<State>,
    /// One is free, or was not opened.
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    idle: Vec<Network>,
    /// How many there are, idle or not.
    open: usize,
    /// How many there may be.
    most: usize,
    /// One is being opened.
    opening: bool,
    /// Who opens one, or did last.
    opener: Option<JoinHandle<()>>,
    /// How often one was not opened, and why the last was not, for clients.
    failures: u64,
    reason: String,
}

impl Networks {
    /// None yet of `model`, and at most `most`.
    pub(super) fn new(model: Model, most: usize) -> Self {
        Self(Arc::new(Shared {
            model,
            state: Mutex::new(State {
                idle: Vec::new(),
                open: 0,
                most: most.max(1),
                opening: false,
                opener: None,
                failures: 0,
                reason: String::new(),
            }),
            changed: Condvar::new(),
        }))
    }

    /// Has the first one opened, and does not wait for it.
    pub(super) fn prepare(&self) {
        let mut state = self.0.lock();
        if state.open == 0 {
            self.open_another(&mut state);
        }
    }

    /// One that nobody else asks, which is to be [given back](Self::give_back).
    ///
    /// # Errors
    ///
    /// Why there is none, for clients.
    pub(super) fn take(&self) -> Result<Network, String> {
        let mut state = self.0.lock();
        let failures = state.failures;
        loop {
            if let Some(network) = state.idle.pop() {
                return Ok(network);
            }
            if state.failures != failures && state.open == 0 {
                return Err(state.reason.clone());
            }
            if state.open < state.most {
                self.open_another(&mut state);
            }
            // Of those there are, each comes back; and whoever opens one says how that went.
            if state.open > 0 || state.opening {
                let waited = self.0.changed.wait(state);
                state = waited.unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    pub(super) fn give_back(&self, network: Network) {
        self.0.lock().idle.push(network);
        self.0.changed.notify_one();
    }

    fn open_another(&self, state: &mut State) {
        if state.opening {
            return;
        }
        let shared = Arc::clone(&self.0);
        let thread = thread::Builder::new().name("avatar-voice".to_owned());
        match thread.spawn(move || shared.open()) {
            Ok(opener) => {
                state.opening = true;
                state.opener = Some(opener);
            }
            Err(error) => state.fail(error.to_string()),
        }
    }
}

impl Drop for Networks {
    /// The library cleans up after itself when the process ends, and nobody may be in it then.
    fn drop(&mut self) {
        let opener = self.0.lock().opener.take();
        if let Some(opener) = opener {
            // It catches nothing, and what it panicked of was said.
            let _ = opener.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) {
        let opened = open(&self.model);
        let mut state = self.lock();
        state.opening = false;
        match opened {
            Ok(network) => {
                state.open += 1;
                state.idle.push(network);
            }
            Err(reason) => state.fail(reason),
        }
        drop(state);
        self.changed.notify_all();
    }
}

impl State {
    /// One was not opened. Those there are go on, and it is not tried again beside them.
    fn fail(&mut self, reason: String) {
        self.failures += 1;
        self.reason = reason;
        if self.open > 0 {
            self.most = self.open;
        }
    }
}

/// Opens the network of `model`; what went wrong, for clients.
fn open(model: &Model) -> Result<Network, String> {
    let began = Instant::now();
    let Model {
        network: path,
        runtime,
        threads,
        ..
    } = model;
    library::load(runtime).map_err(|reason| {
        tracing::warn!(library = %runtime.display(), "ONNX Runtime is not there: {reason}");
        "ONNX Runtime is not there: it must be installed, or named by library= or ORT_DYLIB_PATH"
            .to_owned()
    })?;
    let network = Network::open(path, *threads).map_err(|reason| {
        tracing::warn!(voice = %path.display(), "a voice was not opened: {reason}");
        format!("{} is no voice of Piper's", file_name(path))
    })?;
    tracing::info!(
        voice = %path.display(),
        milliseconds = began.elapsed().as_millis() as u64,
        "a voice was opened"
    );
    Ok(network)
}
