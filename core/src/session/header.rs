//! What all processes know of each other.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::Timestamp;

/// Workers that can be told of changes: one bit each in a slot's watchers.
pub(super) const WORKERS: usize = 64;

/// The head of the shared zone: valid when all zero.
#[repr(C)]
#[derive(Debug)]
pub struct Header {
    /// When this zone was first used, in microseconds since the epoch.
    since: AtomicU64,
    /// Process id of the generator that takes new work, or zero.
    generator: AtomicU32,
    workers: [AtomicU32; WORKERS],
    /// How many sessions with filmed avatars are held in real time, and one more; zero when nobody knows.
    filmed: AtomicU32,
    /// The same of those whose networks draw their clients' own photos.
    photos: AtomicU32,
    /// One bit for each worker that was not told of something.
    untold: AtomicU64,
}

impl Default for Header {
    fn default() -> Self {
        Self {
            since: AtomicU64::new(0),
            generator: AtomicU32::new(0),
            workers: [const { AtomicU32::new(0) }; WORKERS],
            filmed: AtomicU32::new(0),
            photos: AtomicU32::new(0),
            untold: AtomicU64::new(0),
        }
    }
}

/// A process's place among those that are told of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkerSlot(u8);

impl WorkerSlot {
    pub(super) fn bit(self) -> u64 {
        1 << self.0
    }
}

impl Header {
    /// Enters process `pid`, in place of one that is no longer `alive` if need be; `None` when all
    /// places are taken, and then the process must look for itself.
    pub fn enter(&self, pid: u32, alive: fn(u32) -> bool) -> Option<WorkerSlot> {
        self.start();
        self.workers.iter().zip(0_u8..).find_map(|(place, index)| {
            let there = place.load(Ordering::Relaxed);
            let open = there == 0 || there == pid || !alive(there);
            let entered = open
                && place
                    .compare_exchange(there, pid, Ordering::AcqRel, Ordering::Relaxed)
                    .is_ok();
            entered.then_some(WorkerSlot(index))
        })
    }

    /// Gives up a place.
    pub fn leave(&self, slot: WorkerSlot, pid: u32) {
        if let Some(place) = self.workers.get(usize::from(slot.0)) {
            let _ = place.compare_exchange(pid, 0, Ordering::AcqRel, Ordering::Relaxed);
        }
    }

    /// Notes that process `pid` could not be told of something.
    pub(crate) fn leave_untold(&self, pid: u32) {
        let places = self.workers.iter().zip(0_u8..);
        for (place, index) in places {
            if place.load(Ordering::Acquire) == pid {
                self.untold.fetch_or(1 << index, Ordering::AcqRel);
            }
        }
    }

    /// Whether a worker was not told of something since it asked last.
    pub fn take_untold(&self, slot: WorkerSlot) -> bool {
        let bit = slot.bit();
        self.untold.load(Ordering::Acquire) & bit != 0
            && self.untold.fetch_and(!bit, Ordering::AcqRel) & bit != 0
    }

    /// Process ids behind the bits of `watchers`.
    pub(super) fn workers(&self, watchers: u64) -> impl Iterator<Item = u32> + '_ {
        self.workers
            .iter()
            .enumerate()
            .filter(move |(index, _)| watchers >> index & 1 == 1)
            .map(|(_, place)| place.load(Ordering::Acquire))
            .filter(|&pid| pid != 0)
    }

    /// Process id of the generator that takes new work.
    pub fn generator(&self) -> Option<u32> {
        match self.generator.load(Ordering::Acquire) {
            0 => None,
            pid => Some(pid),
        }
    }

    /// Makes process `pid` the generator that takes new work.
    pub(crate) fn set_generator(&self, pid: u32) {
        self.start();
        self.generator.store(pid, Ordering::Release);
    }

    /// Process `pid` takes no new work any more, if it did.
    pub(crate) fn resign(&self, pid: u32) {
        let resigned = self
            .generator
            .compare_exchange(pid, 0, Ordering::AcqRel, Ordering::Relaxed);
        if resigned.is_ok() {
            self.set_filmed(None);
            self.set_photos(None);
        }
    }

    /// How many sessions with filmed avatars are held in real time; `None` when nobody knows.
    pub fn filmed(&self) -> Option<u32> {
        known(&self.filmed)
    }

    /// Says how many sessions with filmed avatars are held in real time.
    pub(crate) fn set_filmed(&self, sessions: Option<u32>) {
        make_known(&self.filmed, sessions);
    }

    /// How many sessions whose networks draw their clients' own photos are held in real time; `None` when nobody knows, or there are
    /// no such networks.
    pub fn photos(&self) -> Option<u32> {
        known(&self.photos)
    }

    /// Says how many sessions whose networks draw their clients' own photos are held in real time.
    pub(crate) fn set_photos(&self, sessions: Option<u32>) {
        make_known(&self.photos, sessions);
    }

    /// When this zone was first used. Sessions made before it that are not finished never will be.
    pub fn since(&self) -> Timestamp {
        self.start();
        Timestamp::from_micros(self.since.load(Ordering::Acquire))
    }

    fn start(&self) {
        // Whole milliseconds, the precision of an id: one made in this very millisecond is not earlier.
        let now = Timestamp::now().micros() / 1000 * 1000;
        let _ = self
            .since
            .compare_exchange(0, now, Ordering::AcqRel, Ordering::Relaxed);
    }
}

/// A number that may not be known.
fn known(number: &AtomicU32) -> Option<u32> {
    number.load(Ordering::Acquire).checked_sub(1)
}

fn make_known(number: &AtomicU32, value: Option<u32>) {
    let code = value.map_or(0, |value| value.saturating_add(1));
    number.store(code, Ordering::Release);
}
