//! Requests that wait for something to become true of a session.
//!
//! There is one queue a worker. A request takes a ticket; it is woken when its session changes, when it is
//! due, and, should a hint be lost, within [`FALLBACK`]. Dropping the ticket is leaving the queue, and a request
//! drops its ticket at the latest when its memory goes, so the queue never speaks of a request that is gone.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use avatar_core::session::SessionId;
use nginx_sys::{ngx_event_t, ngx_http_request_t};

use crate::alarm::{self, Alarm};
use crate::boundary::contain;
use crate::request::Request;
use crate::worker;

/// The longest a lost hint goes unnoticed, in milliseconds.
const FALLBACK: usize = 250;

/// What is called to wake a request. It may finish it.
pub(crate) type Wake = fn(Request<'_>);

struct Waiter {
    request: *mut ngx_http_request_t,
    session: SessionId,
    wake: Wake,
    /// The version of the session that the request has seen.
    seen: u64,
    /// When it is woken in any case, on the loop's clock.
    due: usize,
}

#[derive(Default)]
struct Queue {
    last: u64,
    waiters: BTreeMap<u64, Waiter>,
    sessions: BTreeMap<SessionId, BTreeSet<u64>>,
    /// When each is due.
    dues: BTreeSet<(usize, u64)>,
    /// When everybody is looked at next, whether or not they are due.
    fallback: usize,
    tick: Option<Alarm>,
    /// When the tick goes off, where it is set.
    armed: usize,
}

thread_local! {
    static QUEUE: RefCell<Queue> = RefCell::default();
}

/// A place in the queue.
#[derive(Debug)]
pub(crate) struct Ticket(u64);

impl Ticket {
    /// Queues `request` until session `session` changes from version `seen`, or it is `due`.
    pub(crate) fn take(
        request: Request<'_>,
        session: SessionId,
        seen: u64,
        due: usize,
        wake: Wake,
    ) -> Self {
        let waiter = Waiter {
            request: request.raw(),
            session,
            wake,
            seen,
            due,
        };
        QUEUE.with_borrow_mut(|queue| {
            queue.last += 1;
            let number = queue.last;
            if queue.waiters.is_empty() {
                queue.fallback = alarm::now() + FALLBACK;
            }
            queue.waiters.insert(number, waiter);
            queue.dues.insert((due, number));
            queue.sessions.entry(session).or_default().insert(number);
            queue.arm();
            Self(number)
        })
    }

    /// Goes on waiting, having seen version `seen`, until `due`.
    pub(crate) fn stay(&self, seen: u64, due: usize) {
        QUEUE.with_borrow_mut(|queue| {
            let Some(waiter) = queue.waiters.get_mut(&self.0) else {
                return;
            };
            waiter.seen = seen;
            let before = std::mem::replace(&mut waiter.due, due);
            if before != due {
                queue.dues.remove(&(before, self.0));
                queue.dues.insert((due, self.0));
                queue.arm();
            }
        });
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        // When the thread ends, the queue may have ended before the last request.
        let _ = QUEUE.try_with(|queue| {
            let mut queue = queue.borrow_mut();
            let Some(waiter) = queue.waiters.remove(&self.0) else {
                return;
            };
            queue.dues.remove(&(waiter.due, self.0));
            if let Some(numbers) = queue.sessions.get_mut(&waiter.session) {
                numbers.remove(&self.0);
                if numbers.is_empty() {
                    queue.sessions.remove(&waiter.session);
                }
            }
            if queue.waiters.is_empty()
                && let Some(tick) = &queue.tick
            {
                tick.clear();
            }
        });
    }
}

impl Queue {
    /// While anybody waits the tick goes on; it binds the worker, so that one that is asked to quit answers
    /// everybody first.
    fn arm(&mut self) {
        let first = self.dues.first().map_or(self.fallback, |&(due, _)| due);
        let at = first.min(self.fallback);
        let tick = self.tick.get_or_insert_with(|| Alarm::new(on_tick, true));
        if !tick.is_set() || at < self.armed {
            tick.set(at.saturating_sub(alarm::now()));
            self.armed = at;
        }
    }
}

/// Wakes nobody any more: the process ends, with whoever still waits.
pub(crate) fn close() {
    QUEUE.with_borrow_mut(|queue| queue.tick = None);
}

/// Wakes everybody who waits for `session`.
pub(crate) fn wake_session(session: SessionId) {
    let numbers: Vec<u64> = QUEUE.with_borrow(|queue| {
        let waiting = queue.sessions.get(&session);
        waiting.into_iter().flatten().copied().collect()
    });
    numbers.into_iter().for_each(wake);
}

fn wake(number: u64) {
    // The queue is not borrowed while the request is awake: it may leave the queue, or others may.
    let found = QUEUE.with_borrow(|queue| {
        let waiter = queue.waiters.get(&number)?;
        Some((waiter.request, waiter.wake))
    });
    let Some((request, wake)) = found else {
        return;
    };
    // SAFETY: the request is alive, since its ticket, which it drops before it goes, is still valid; and
    // the queue is one thread's, the event loop's.
    if let Some(request) = unsafe { Request::new(request) } {
        wake(request);
    }
}

/// Wakes everybody whose session has changed, and those who are due.
pub(crate) fn wake_changed() {
    let now = alarm::now();
    let waiting: Vec<_> = QUEUE.with_borrow(|queue| {
        let waiters = queue.waiters.iter();
        waiters
            .map(|(&number, waiter)| (number, waiter.session, waiter.seen, waiter.due))
            .collect()
    });
    for (number, session, seen, due) in waiting {
        if due <= now || worker::version(session) != Some(seen) {
            wake(number);
        }
    }
}

/// Those who are due at `now`. Each is told once; whoever does not go then, nor says when it is due again, is looked at with
/// everybody.
fn take_due(now: usize) -> Vec<u64> {
    QUEUE.with_borrow_mut(|queue| {
        let later = queue.dues.split_off(&(now + 1, 0));
        let due = std::mem::replace(&mut queue.dues, later);
        due.into_iter().map(|(_, number)| number).collect()
    })
}

unsafe extern "C" fn on_tick(_: *mut ngx_event_t) {
    contain((), || {
        let now = alarm::now();
        let due = take_due(now);
        let everybody = QUEUE.with_borrow_mut(|queue| {
            let everybody = queue.fallback <= now;
            if everybody {
                queue.fallback = now + FALLBACK;
            }
            everybody
        });
        if everybody {
            wake_changed();
        } else {
            due.into_iter().for_each(wake);
        }
        QUEUE.with_borrow_mut(|queue| {
            if !queue.waiters.is_empty() {
                queue.arm();
            }
        });
    });
}
