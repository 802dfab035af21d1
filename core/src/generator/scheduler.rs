//! Who is next: earliest deadline first, and never idle while anyone can work. Sans-IO.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Instant;

/// One task among those scheduled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TaskId(pub(crate) u64);

/// What a task wants after a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Another turn, when it is due.
    Again,
    /// To be woken.
    Wait,
    /// To be woken, or a turn at that moment.
    Sleep(Instant),
    /// Nothing more.
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Queued,
    Running { woken: bool },
    Waiting,
    Sleeping(Instant),
}

/// The order of turns.
#[derive(Debug, Default)]
pub(crate) struct Scheduler {
    tasks: HashMap<TaskId, (Standing, Instant)>,
    queue: BinaryHeap<Reverse<(Instant, TaskId)>>,
    sleepers: BinaryHeap<Reverse<(Instant, TaskId)>>,
}

impl Scheduler {
    /// Adds a task whose next work is due at `due`.
    pub(crate) fn add(&mut self, id: TaskId, due: Instant) {
        self.tasks.insert(id, (Standing::Queued, due));
        self.queue.push(Reverse((due, id)));
    }

    /// There may be something to do for `id`.
    pub(crate) fn wake(&mut self, id: TaskId) {
        let Some((standing, due)) = self.tasks.get_mut(&id) else {
            return;
        };
        match standing {
            Standing::Queued | Standing::Running { woken: true } => {}
            Standing::Running { woken } => *woken = true,
            Standing::Waiting | Standing::Sleeping(_) => {
                *standing = Standing::Queued;
                self.queue.push(Reverse((*due, id)));
            }
        }
    }

    /// The task to run now.
    pub(crate) fn take(&mut self, now: Instant) -> Option<TaskId> {
        while let Some(&Reverse((at, id))) = self.sleepers.peek() {
            if at > now {
                break;
            }
            self.sleepers.pop();
            // One woken early has left a stale entry behind.
            if self.tasks.get(&id).map(|task| task.0) == Some(Standing::Sleeping(at)) {
                self.wake(id);
            }
        }
        while let Some(Reverse((_, id))) = self.queue.pop() {
            if let Some((standing, _)) = self.tasks.get_mut(&id)
                && *standing == Standing::Queued
            {
                *standing = Standing::Running { woken: false };
                return Some(id);
            }
        }
        None
    }

    /// Says how the turn of `id` ended, and when its next work is due.
    pub(crate) fn settle(&mut self, id: TaskId, turn: Turn, next: Instant) {
        let Some((standing, due)) = self.tasks.get_mut(&id) else {
            return;
        };
        *due = next;
        let woken = *standing == Standing::Running { woken: true };
        match turn {
            Turn::Done => {
                self.tasks.remove(&id);
            }
            Turn::Wait if !woken => *standing = Standing::Waiting,
            Turn::Sleep(at) if !woken => {
                *standing = Standing::Sleeping(at);
                self.sleepers.push(Reverse((at, id)));
            }
            Turn::Again | Turn::Wait | Turn::Sleep(_) => {
                *standing = Standing::Queued;
                self.queue.push(Reverse((next, id)));
            }
        }
    }

    /// When somebody sleeping must be looked at.
    pub(crate) fn next_wake(&self) -> Option<Instant> {
        self.sleepers.peek().map(|&Reverse((at, _))| at)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const A: TaskId = TaskId(1);
    const B: TaskId = TaskId(2);

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn the_earliest_deadline_is_served_first() {
        let now = Instant::now();
        let mut scheduler = Scheduler::default();
        scheduler.add(A, now + ms(200));
        scheduler.add(B, now);
        assert_eq!(scheduler.take(now), Some(B));
        scheduler.settle(B, Turn::Again, now + ms(400));
        assert_eq!(scheduler.take(now), Some(A));
        scheduler.settle(A, Turn::Again, now + ms(600));
        assert_eq!(
            scheduler.take(now),
            Some(B),
            "spare time is used to run ahead"
        );
        assert_eq!(scheduler.take(now), Some(A));
        assert_eq!(scheduler.take(now), None, "nobody runs twice at once");
    }

    #[test]
    fn a_wake_during_a_turn_is_not_lost() {
        let now = Instant::now();
        let mut scheduler = Scheduler::default();
        scheduler.add(A, now);
        assert_eq!(scheduler.take(now), Some(A));
        scheduler.wake(A);
        scheduler.settle(A, Turn::Wait, now);
        assert_eq!(scheduler.take(now), Some(A));
        scheduler.settle(A, Turn::Wait, now);
        assert_eq!(scheduler.take(now), None);
        scheduler.wake(A);
        scheduler.wake(A);
        assert_eq!(scheduler.take(now), Some(A));
        scheduler.settle(A, Turn::Done, now);
        scheduler.wake(A);
        assert_eq!(scheduler.take(now), None);
    }

    #[test]
    fn sleepers_wake_at_their_time_or_before() {
        let now = Instant::now();
        let mut scheduler = Scheduler::default();
        scheduler.add(A, now);
        scheduler.take(now);
        scheduler.settle(A, Turn::Sleep(now + ms(50)), now);
        assert_eq!(scheduler.next_wake(), Some(now + ms(50)));
        assert_eq!(scheduler.take(now + ms(49)), None);
        assert_eq!(scheduler.take(now + ms(50)), Some(A));
        scheduler.settle(A, Turn::Sleep(now + ms(90)), now);
        scheduler.wake(A);
        assert_eq!(scheduler.take(now + ms(60)), Some(A));
        scheduler.settle(A, Turn::Wait, now);
        assert_eq!(scheduler.take(now + ms(100)), None, "the old alarm is void");
    }
}
