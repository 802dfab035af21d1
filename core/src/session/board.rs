//! The table of sessions that all processes share.

use thiserror::Error;

use super::header::WorkerSlot;
use super::{Header, Record, SessionId, Slot, State};

/// No place is left for another session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no place is left for another session")]
pub struct BoardFull;

/// A view of the shared table. Each record has one writer: whoever opened the session until a generator
/// owns it, and from then on that generator. Anybody reads.
#[derive(Debug, Clone, Copy)]
pub struct Board {
    header: &'static Header,
    slots: &'static [Slot],
}

/// Slots in which one session may lie: a look-up reads no more than these.
const NEIGHBOURS: usize = 64;

impl Board {
    /// The table over memory that is zero or holds an earlier table of the same size.
    pub fn over(header: &'static Header, slots: &'static [Slot]) -> Self {
        Self { header, slots }
    }

    /// A table for a single process, never given back.
    pub fn in_memory(sessions: usize) -> Self {
        let slots: Vec<Slot> = (0..sessions).map(|_| Slot::default()).collect();
        Self::over(Box::leak(Box::default()), slots.leak())
    }

    /// What the processes know of each other.
    pub fn header(&self) -> &'static Header {
        self.header
    }

    fn neighbours(&self, id: SessionId) -> impl Iterator<Item = &'static Slot> + use<> {
        let slots = self.slots;
        let [_, low] = id.to_words();
        let home = (low % slots.len().max(1) as u64) as usize;
        (0..slots.len().min(NEIGHBOURS))
            .filter_map(move |step| slots.get((home + step) % slots.len()))
    }

    fn slot(&self, id: SessionId) -> Option<&'static Slot> {
        self.neighbours(id).find(|slot| slot.belongs_to(id))
    }

    /// Enters a new session. A finished one gives way if there is no room: it is still known on disk.
    ///
    /// # Errors
    ///
    /// [`BoardFull`] when every place is taken by a session that is not finished.
    pub fn open(&self, record: &Record) -> Result<(), BoardFull> {
        let slot = self
            .neighbours(record.id)
            .find(|slot| slot.claim())
            .or_else(|| {
                self.neighbours(record.id)
                    .find(|slot| slot.seize(State::Ready) || slot.seize(State::Error))
            })
            .ok_or(BoardFull)?;
        slot.write(record);
        Ok(())
    }

    /// How session `id` stands; `None` when it is not here or is to be removed.
    pub fn find(&self, id: SessionId) -> Option<Record> {
        let slot = self.slot(id)?;
        let record = slot.read(id)?;
        (!slot.removed()).then_some(record)
    }

    /// Whether session `id` has a place here, be it one that is to be removed.
    pub fn holds(&self, id: SessionId) -> bool {
        self.slot(id).is_some()
    }

    /// How many sessions are in `state`, but for those wished gone.
    pub fn count(&self, state: State) -> usize {
        self.slots
            .iter()
            .filter(|slot| slot.state() == Some(state) && !slot.removed())
            .count()
    }

    /// How many sessions with filmed avatars, and with their clients' own photos, wait or are being made.
    pub(crate) fn count_drawn(&self) -> (usize, usize) {
        let unfinished = |slot: &&Slot| {
            matches!(slot.state(), Some(State::Created | State::Processing)) && !slot.removed()
        };
        let slots = self.slots.iter().filter(unfinished);
        let records = slots.filter_map(|slot| slot.read(slot.id()?));
        records.fold((0, 0), |(filmed, photos), record| {
            (
                filmed + usize::from(record.filmed),
                photos + usize::from(record.photo),
            )
        })
    }

    /// Makes `record` the current one of its session, and returns the process ids to be told.
    /// Only its writer calls this.
    pub fn post(&self, record: &Record) -> Vec<u32> {
        let Some(slot) = self.slot(record.id) else {
            return Vec::new();
        };
        slot.write(record);
        self.header.workers(slot.take_watchers()).collect()
    }

    /// Asks that the worker at `worker` be told of the next change of session `id`. Read the record
    /// again after this: it may have changed before.
    pub fn watch(&self, id: SessionId, worker: WorkerSlot) {
        if let Some(slot) = self.slot(id) {
            slot.watch(worker.bit());
        }
    }

    /// Wishes session `id` gone; its owner sees to it. Returns the process to be told, if there is one,
    /// and the watchers. From now on the session is not found.
    pub fn wish_removed(&self, id: SessionId) -> Option<(Option<u32>, Vec<u32>)> {
        let slot = self.slot(id)?;
        slot.wish_removed();
        let watchers = self.header.workers(slot.take_watchers()).collect();
        Some((self.responsible(slot), watchers))
    }

    /// Wishes session `id` to end now. Returns the process to be told, if there is one.
    pub fn wish_interrupted(&self, id: SessionId) -> Option<Option<u32>> {
        let slot = self.slot(id)?;
        slot.wish_interrupted();
        Some(self.responsible(slot))
    }

    /// The process to be told of what somebody has for session `id`, if there is one.
    pub(super) fn responsible_for(&self, id: SessionId) -> Option<u32> {
        self.responsible(self.slot(id)?)
    }

    /// Says that somebody watches session `id`. Returns the process to be told, when this is the first time.
    pub fn say_watched(&self, id: SessionId) -> Option<u32> {
        let slot = self.slot(id)?;
        slot.say_watched().then(|| self.responsible(slot)).flatten()
    }

    /// Whether anybody watches session `id`.
    pub(crate) fn watched(&self, id: SessionId) -> bool {
        self.slot(id).is_some_and(Slot::watched)
    }

    /// Whether anybody has watched session `id` since this was asked last.
    pub(crate) fn take_seen(&self, id: SessionId) -> bool {
        self.slot(id).is_some_and(Slot::take_seen)
    }

    /// Says that somebody looks at still pictures of session `id`, which are taken as long as this is said.
    pub fn say_looked(&self, id: SessionId) {
        if let Some(slot) = self.slot(id) {
            slot.say_looked();
        }
    }

    /// Whether anybody looked at still pictures of session `id` since this was asked last.
    pub(crate) fn take_looked(&self, id: SessionId) -> bool {
        self.slot(id).is_some_and(Slot::take_looked)
    }

    /// Says that there are calls for session `id`. Returns the process to be told.
    pub(super) fn wish_called(&self, id: SessionId) -> Option<u32> {
        let slot = self.slot(id)?;
        slot.wish_called();
        self.responsible(slot)
    }

    /// Whether there are calls for session `id`.
    pub(crate) fn called(&self, id: SessionId) -> bool {
        self.slot(id).is_some_and(Slot::called)
    }

    /// Whether there were calls for session `id` since this was asked last.
    pub(crate) fn take_called(&self, id: SessionId) -> bool {
        self.slot(id).is_some_and(Slot::take_called)
    }

    fn responsible(&self, slot: &Slot) -> Option<u32> {
        match slot.owner() {
            0 => self.header.generator(),
            pid => Some(pid),
        }
    }

    /// Whether session `id` is wished gone.
    pub(crate) fn removed(&self, id: SessionId) -> bool {
        self.slot(id).is_none_or(Slot::removed)
    }

    /// Whether session `id` is wished to end.
    pub(crate) fn interrupted(&self, id: SessionId) -> bool {
        self.slot(id).is_some_and(Slot::interrupted)
    }

    /// Makes process `pid` the writer of session `id`, unless it has another.
    pub(crate) fn own(&self, id: SessionId, pid: u32) -> bool {
        self.slot(id).is_some_and(|slot| slot.own(pid))
    }

    /// Gives up being the writer of session `id`, which is finished.
    pub(crate) fn release(&self, id: SessionId) {
        if let Some(slot) = self.slot(id) {
            slot.release();
        }
    }

    /// Whether nobody works on session `id` who still lives.
    pub(crate) fn abandoned(&self, id: SessionId, alive: fn(u32) -> bool) -> bool {
        match self.slot(id).map_or(0, Slot::owner) {
            0 => true,
            pid => !alive(pid),
        }
    }

    /// Forgets session `id`.
    pub(crate) fn remove(&self, id: SessionId) {
        if let Some(slot) = self.slot(id) {
            slot.free();
        }
    }

    /// Sessions in `state` with the process that owns each, or zero.
    pub(crate) fn sessions(&self, state: State) -> Vec<(SessionId, u32)> {
        self.slots
            .iter()
            .filter(|slot| slot.state() == Some(state))
            .filter_map(|slot| Some((slot.id()?, slot.owner())))
            .collect()
    }

    /// Sessions that are wished gone, with the process that owns each, or zero.
    pub(crate) fn unwanted(&self) -> Vec<(SessionId, u32)> {
        self.slots
            .iter()
            .filter(|slot| slot.state().is_some() && slot.removed())
            .filter_map(|slot| Some((slot.id()?, slot.owner())))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use super::*;
    use crate::session::{Timestamp, Vocabulary};
    use crate::time::Samples;

    fn record() -> Record {
        Record::created(
            SessionId::generate(),
            Vocabulary::Realtime,
            Timestamp::now(),
        )
    }

    #[test]
    fn a_session_is_found_until_it_is_wished_gone() {
        let board = Board::in_memory(8);
        let record = record();
        board.open(&record).unwrap();
        assert_eq!(board.find(record.id), Some(record.clone()));
        assert_eq!(board.find(SessionId::generate()), None);
        assert!(board.wish_removed(record.id).is_some());
        assert_eq!(board.find(record.id), None);
        assert!(board.holds(record.id));
        board.remove(record.id);
        assert!(!board.holds(record.id));
    }

    #[test]
    fn finished_sessions_give_way_and_others_do_not() {
        let board = Board::in_memory(4);
        let mut records: Vec<Record> = (0..4).map(|_| record()).collect();
        for record in &records {
            board.open(record).unwrap();
        }
        assert_eq!(board.open(&record()), Err(BoardFull));
        records[2].state = State::Ready;
        board.post(&records[2]);
        let newcomer = record();
        board.open(&newcomer).unwrap();
        assert_eq!(board.find(records[2].id), None);
        assert_eq!(board.find(newcomer.id), Some(newcomer));
        assert_eq!(board.count(State::Created), 4);
    }

    #[test]
    fn only_one_generator_owns_a_session() {
        let board = Board::in_memory(4);
        let record = record();
        board.open(&record).unwrap();
        assert!(board.own(record.id, 10));
        assert!(!board.own(record.id, 11));
        assert_eq!(board.wish_interrupted(record.id), Some(Some(10)));
    }

    #[test]
    fn watchers_are_told_once() {
        let board = Board::in_memory(4);
        let mut record = record();
        board.open(&record).unwrap();
        let worker = board.header().enter(77, |_| true).unwrap();
        board.watch(record.id, worker);
        record.version += 1;
        assert_eq!(board.post(&record), vec![77]);
        assert_eq!(board.post(&record), Vec::<u32>::new());
    }

    #[test]
    fn the_places_of_dead_workers_are_used_again() {
        let board = Board::in_memory(1);
        for pid in 1..=64 {
            assert!(board.header().enter(pid, |_| true).is_some());
        }
        assert!(board.header().enter(100, |_| true).is_none());
        assert!(board.header().enter(100, |pid| pid != 5).is_some());
    }

    #[test]
    fn readers_never_see_half_a_record() {
        let board = Board::in_memory(4);
        let mut record = record();
        board.open(&record).unwrap();
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut last = 0;
                    while !done.load(Ordering::Relaxed) {
                        let seen = board.find(record.id).unwrap();
                        assert_eq!(u64::from(seen.segments), seen.duration.0);
                        assert!(seen.duration.0 >= last);
                        last = seen.duration.0;
                    }
                });
            }
            let mut writer = record.clone();
            for count in 0..200_000_u32 {
                writer.segments = count;
                writer.duration = Samples(u64::from(count));
                board.post(&writer);
            }
            done.store(true, Ordering::Relaxed);
        });
        record.segments = 199_999;
        assert_eq!(board.find(record.id).unwrap().segments, 199_999);
    }
}
