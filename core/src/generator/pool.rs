//! The threads that take turns.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use super::scheduler::{Scheduler, TaskId, Turn};

/// Work that is done in short turns.
pub(crate) trait Task: Send {
    /// Does a little, without waiting for anything.
    fn turn(&mut self) -> Turn;

    /// When what comes next is needed.
    fn due(&self) -> Instant;

    /// A turn panicked; there will be no other.
    fn panicked(&mut self);
}

/// A fixed number of threads, and everything they work on.
#[derive(Debug)]
pub(crate) struct Pool {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    work: Condvar,
    next: AtomicU64,
}

#[derive(Default)]
struct State {
    scheduler: Scheduler,
    tasks: HashMap<TaskId, Box<dyn Task>>,
    idle: usize,
    stopped: bool,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

/// Wakes one task.
#[derive(Debug, Clone)]
pub(crate) struct Waker {
    shared: Arc<Shared>,
    id: TaskId,
}

impl Waker {
    /// There may be something to do.
    pub(crate) fn wake(&self) {
        let mut state = self.shared.lock();
        state.scheduler.wake(self.id);
        self.shared.call(&state);
    }
}

impl Pool {
    /// Starts `threads` threads.
    pub(crate) fn start(threads: usize) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            work: Condvar::new(),
            next: AtomicU64::new(0),
        });
        let threads = (0..threads.max(1))
            .map(|index| {
                let shared = Arc::clone(&shared);
                thread::Builder::new()
                    .name(format!("avatar-{index}"))
                    .spawn(move || shared.run())
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { shared, threads })
    }

    /// A waker for a task that is yet to be added.
    pub(crate) fn waker(&self) -> Waker {
        Waker {
            shared: Arc::clone(&self.shared),
            id: TaskId(self.shared.next.fetch_add(1, Ordering::Relaxed)),
        }
    }

    /// Adds the task that `waker` wakes.
    pub(crate) fn add(&self, waker: &Waker, task: Box<dyn Task>) {
        let mut state = self.shared.lock();
        let due = task.due();
        state.tasks.insert(waker.id, task);
        state.scheduler.add(waker.id, due);
        self.shared.call(&state);
    }

    /// Ends all threads after their present turn.
    pub(crate) fn stop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.work.notify_all();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
        self.shared.lock().tasks.clear();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call(&self, state: &State) {
        if state.idle > 0 {
            self.work.notify_one();
        }
    }

    fn run(&self) {
        let mut state = self.lock();
        while !state.stopped {
            let now = Instant::now();
            let Some(id) = state.scheduler.take(now) else {
                state.idle += 1;
                state = match state.scheduler.next_wake() {
                    Some(at) => {
                        let timeout = at.saturating_duration_since(now);
                        let waited = self.work.wait_timeout(state, timeout);
                        waited.unwrap_or_else(PoisonError::into_inner).0
                    }
                    None => self
                        .work
                        .wait(state)
                        .unwrap_or_else(PoisonError::into_inner),
                };
                state.idle -= 1;
                continue;
            };
            let Some(mut task) = state.tasks.remove(&id) else {
                state.scheduler.settle(id, Turn::Done, now);
                continue;
            };
            drop(state);
            let turn = catch_unwind(AssertUnwindSafe(|| task.turn())).unwrap_or_else(|_| {
                let _ = catch_unwind(AssertUnwindSafe(|| task.panicked()));
                Turn::Done
            });
            let due = task.due();
            // Whatever a finished task frees is freed outside the lock.
            let task = (turn != Turn::Done).then_some(task);
            state = self.lock();
            if let Some(task) = task {
                state.tasks.insert(id, task);
            }
            state.scheduler.settle(id, turn, due);
            if turn == Turn::Again {
                self.call(&state);
            }
        }
    }
}
