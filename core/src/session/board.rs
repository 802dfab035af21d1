//! The table of sessions that all processes share.

use thiserror::Error;

use super::header::WorkerSlot;
use super::slot::Place;
use super::status::{Status, Wish};
use super::{Header, Record, SessionId, Slot, SlotStatus, State};

/// No place is left for another session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no place is left for another session")]
pub struct BoardFull;

/// A view of the shared table. Each record has one writer: whoever opened the session until a generator
/// owns it, and from then on that generator. Anybody reads.
#[derive(Debug, Clone, Copy)]
pub struct Board {
    header: &'static Header,
    statuses: &'static [SlotStatus],
    slots: &'static [Slot],
}

/// How many sessions there are, but for those wished gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Census {
    /// Waiting for their turn.
    pub(crate) created: usize,
    /// Being made.
    pub(crate) processing: usize,
    /// Of these two, with filmed avatars.
    pub(crate) filmed: usize,
    /// Of these two, with their clients' own photos.
    pub(crate) photos: usize,
}

/// Slots in which one session may lie: a look-up reads no more than these.
const NEIGHBOURS: usize = 64;

impl Board {
    /// The table over memory that is zero or holds an earlier table of the same size: so many slots as there are statuses.
    pub fn over(
        header: &'static Header,
        statuses: &'static [SlotStatus],
        slots: &'static [Slot],
    ) -> Self {
        Self {
            header,
            statuses,
            slots,
        }
    }

    /// A table for a single process, never given back.
    pub fn in_memory(sessions: usize) -> Self {
        let statuses: Vec<SlotStatus> = (0..sessions).map(|_| SlotStatus::default()).collect();
        let slots: Vec<Slot> = (0..sessions).map(|_| Slot::default()).collect();
        Self::over(Box::leak(Box::default()), statuses.leak(), slots.leak())
    }

    /// What the processes know of each other.
    pub fn header(&self) -> &'static Header {
        self.header
    }

    fn neighbours(&self, id: SessionId) -> impl Iterator<Item = Place> + use<> {
        let Self {
            statuses, slots, ..
        } = *self;
        let [_, low] = id.to_words();
        let home = (low % slots.len().max(1) as u64) as usize;
        (0..slots.len().min(NEIGHBOURS)).filter_map(move |step| {
            let index = (home + step) % slots.len();
            Some(Place {
                status: statuses.get(index)?,
                slot: slots.get(index)?,
            })
        })
    }

    fn places(&self) -> impl Iterator<Item = Place> + use<> {
        let pairs = self.statuses.iter().zip(self.slots);
        pairs.map(|(status, slot)| Place { status, slot })
    }

    fn place(&self, id: SessionId) -> Option<Place> {
        self.neighbours(id).find(|place| place.slot.belongs_to(id))
    }

    /// Enters a new session. A finished one gives way if there is no room: it is still known on disk.
    ///
    /// # Errors
    ///
    /// [`BoardFull`] when every place is taken by a session that is not finished.
    pub fn open(&self, record: &Record) -> Result<(), BoardFull> {
        // Whoever dies before the slot is filled is found out by it.
        let pid = std::process::id();
        let place = self
            .neighbours(record.id)
            .find(|place| place.claim(pid))
            .or_else(|| self.neighbours(record.id).find(|place| place.seize(pid)))
            .ok_or(BoardFull)?;
        place.fill(record);
        Ok(())
    }

    /// How session `id` stands; `None` when it is not here or is to be removed.
    pub fn find(&self, id: SessionId) -> Option<Record> {
        let place = self.place(id)?;
        let record = place.slot.read(id)?;
        let removed = place.status_of(id)?.has(Wish::REMOVE);
        (!removed).then_some(record)
    }

    /// Whether session `id` has a place here, be it one that is to be removed.
    pub fn holds(&self, id: SessionId) -> bool {
        self.place(id).is_some()
    }

    /// Counts all sessions that are not finished. It reads the status words and nothing else, so that there is no number which
    /// a process that dies could leave wrong.
    pub(crate) fn census(&self) -> Census {
        let mut census = Census::default();
        for status in self.statuses.iter().map(SlotStatus::load) {
            if status.has(Wish::REMOVE) {
                continue;
            }
            match status.state() {
                Some(State::Created) => census.created += 1,
                Some(State::Processing) => census.processing += 1,
                _ => continue,
            }
            census.filmed += usize::from(status.is_filmed());
            census.photos += usize::from(status.has_photo());
        }
        census
    }

    /// Makes `record` the current one of its session, and returns the process ids to be told.
    /// Only its writer calls this.
    pub fn post(&self, record: &Record) -> Vec<u32> {
        let Some(place) = self.place(record.id) else {
            return Vec::new();
        };
        place.write(record);
        self.header.workers(place.slot.take_watchers()).collect()
    }

    /// Asks that the worker at `worker` be told of the next change of session `id`. Read the record
    /// again after this: it may have changed before.
    pub fn watch(&self, id: SessionId, worker: WorkerSlot) {
        if let Some(place) = self.place(id) {
            place.slot.watch(worker.bit());
        }
    }

    /// Wishes session `id` gone; its owner sees to it. Returns the process to be told, if there is one,
    /// and the watchers. From now on the session is not found.
    pub fn wish_removed(&self, id: SessionId) -> Option<(Option<u32>, Vec<u32>)> {
        let owner = self.wish(id, Wish::REMOVE)?;
        let watchers = self.place(id).map(|place| place.slot.take_watchers());
        let watchers = self.header.workers(watchers.unwrap_or_default()).collect();
        Some((owner, watchers))
    }

    /// Wishes session `id` to end now. Returns the process to be told, if there is one.
    pub fn wish_interrupted(&self, id: SessionId) -> Option<Option<u32>> {
        self.wish(id, Wish::INTERRUPT)
    }

    /// Wishes something of session `id`, if it is here. Returns the process to be told, if there is one.
    fn wish(&self, id: SessionId, wish: Wish) -> Option<Option<u32>> {
        let place = self.place(id)?;
        place.change(id, |status| status.with(wish));
        Some(self.responsible(place.status_of(id)?))
    }

    /// The process to be told of what somebody has for session `id`, if there is one.
    pub(super) fn responsible_for(&self, id: SessionId) -> Option<u32> {
        self.responsible(self.status(id)?)
    }

    fn responsible(&self, status: Status) -> Option<u32> {
        match status.owner() {
            0 => self.header.generator(),
            pid => Some(pid),
        }
    }

    fn status(&self, id: SessionId) -> Option<Status> {
        self.place(id)?.status_of(id)
    }

    /// Whether something is wished of session `id`.
    fn wished(&self, id: SessionId, wish: Wish) -> bool {
        self.status(id).is_some_and(|status| status.has(wish))
    }

    /// Whether something was wished of session `id` since this was asked last.
    fn take(&self, id: SessionId, wish: Wish) -> bool {
        let place = self.place(id);
        place.is_some_and(|place| place.change(id, |status| status.without(wish)).is_some())
    }

    /// Says that somebody watches session `id`. Returns the process to be told, when this is the first time.
    pub fn say_watched(&self, id: SessionId) -> Option<u32> {
        let place = self.place(id)?;
        place.change(id, |status| status.with(Wish::SEEN));
        let before = place.change(id, |status| status.with(Wish::WATCH))?;
        self.responsible(before)
    }

    /// Whether anybody watches session `id`.
    pub(crate) fn watched(&self, id: SessionId) -> bool {
        self.wished(id, Wish::WATCH)
    }

    /// Whether anybody has watched session `id` since this was asked last.
    pub(crate) fn take_seen(&self, id: SessionId) -> bool {
        self.take(id, Wish::SEEN)
    }

    /// Says that somebody looks at still pictures of session `id`, which are taken as long as this is said.
    pub fn say_looked(&self, id: SessionId) {
        if let Some(place) = self.place(id) {
            place.change(id, |status| status.with(Wish::LOOKED));
        }
    }

    /// Whether anybody looked at still pictures of session `id` since this was asked last.
    pub(crate) fn take_looked(&self, id: SessionId) -> bool {
        self.take(id, Wish::LOOKED)
    }

    /// Says that there are calls for session `id`. Returns the process to be told.
    pub(super) fn wish_called(&self, id: SessionId) -> Option<u32> {
        self.wish(id, Wish::CALLED).flatten()
    }

    /// Whether there are calls for session `id`.
    pub(crate) fn called(&self, id: SessionId) -> bool {
        self.wished(id, Wish::CALLED)
    }

    /// Whether there were calls for session `id` since this was asked last.
    pub(crate) fn take_called(&self, id: SessionId) -> bool {
        self.take(id, Wish::CALLED)
    }

    /// Whether session `id` is wished gone.
    pub(crate) fn removed(&self, id: SessionId) -> bool {
        let status = self.status(id);
        status.is_none_or(|status| status.has(Wish::REMOVE))
    }

    /// Whether session `id` is wished to end.
    pub(crate) fn interrupted(&self, id: SessionId) -> bool {
        self.wished(id, Wish::INTERRUPT)
    }

    /// Makes process `pid` the writer of session `id`, unless it has another.
    pub(crate) fn own(&self, id: SessionId, pid: u32) -> bool {
        let place = self.place(id);
        place.is_some_and(|place| place.own(id, pid, |owner| owner == 0))
    }

    /// Makes process `pid` the writer of session `id`, unless it has another that still lives.
    pub(crate) fn inherit(&self, id: SessionId, pid: u32, alive: fn(u32) -> bool) -> bool {
        let may = |owner| owner == 0 || !alive(owner);
        self.place(id).is_some_and(|place| place.own(id, pid, may))
    }

    /// Gives up being the writer of session `id`, which is finished.
    pub(crate) fn release(&self, id: SessionId) {
        if let Some(place) = self.place(id) {
            place.release(id);
        }
    }

    /// Forgets session `id`.
    pub(crate) fn remove(&self, id: SessionId) {
        if let Some(place) = self.place(id) {
            place.free(id, std::process::id());
        }
    }

    /// Gives back the places that were taken by processes which died before they had filled them.
    pub(crate) fn reclaim(&self, alive: fn(u32) -> bool) {
        let pid = std::process::id();
        let taken = self.places().filter(|place| place.status.load().is_taken());
        taken.for_each(|place| place.reclaim(pid, alive));
    }

    /// Sessions in `state` with the process that owns each, or zero.
    pub(crate) fn sessions(&self, state: State) -> Vec<(SessionId, u32)> {
        self.those(|status| status.state() == Some(state))
    }

    /// Sessions that are wished gone, with the process that owns each, or zero.
    pub(crate) fn unwanted(&self) -> Vec<(SessionId, u32)> {
        self.those(|status| status.state().is_some() && status.has(Wish::REMOVE))
    }

    fn those(&self, wanted: impl Fn(Status) -> bool) -> Vec<(SessionId, u32)> {
        self.places()
            .map(|place| (place.status.load(), place.slot))
            .filter(|&(status, _)| wanted(status))
            .filter_map(|(status, slot)| Some((slot.id()?, status.owner())))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use proptest::prelude::*;

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
        assert_eq!(board.census().created, 4);
    }

    /// What another process does between a look at the table and the change that follows from it.
    #[test]
    fn nothing_meant_for_one_session_falls_on_the_next_in_its_place() {
        for wish in [Wish::REMOVE, Wish::INTERRUPT, Wish::CALLED] {
            let board = Board::in_memory(1);
            let (old, new) = (record(), record());
            board.open(&old).unwrap();
            let place = board.place(old.id).unwrap();
            let swapped = AtomicBool::new(false);
            let changed = place.change(old.id, |status| {
                if !swapped.swap(true, Ordering::Relaxed) {
                    board.remove(old.id);
                    board.open(&new).unwrap();
                }
                status.with(wish)
            });
            assert_eq!(changed, None);
            assert!(!board.wished(new.id, wish));
            assert!(!place.own(old.id, 7, |_| true));
            place.release(old.id);
            place.free(old.id, 7);
            place.write(&Record {
                state: State::Error,
                ..new.clone()
            });
            assert!(board.own(new.id, 8), "it is still there, and nobody's");
        }
    }

    #[test]
    fn a_place_taken_by_a_process_that_died_is_found() {
        let board = Board::in_memory(1);
        let place = board.places().next().unwrap();
        assert!(place.claim(u32::MAX));
        assert_eq!(board.open(&record()), Err(BoardFull));
        board.reclaim(|_| true);
        assert_eq!(board.open(&record()), Err(BoardFull));
        board.reclaim(|pid| pid != u32::MAX);
        let next = record();
        board.open(&next).unwrap();
        board.reclaim(|_| false);
        assert_eq!(board.find(next.id), Some(next), "it was filled");
    }

    #[test]
    fn a_session_is_inherited_from_the_dead_only() {
        let board = Board::in_memory(1);
        let record = record();
        board.open(&record).unwrap();
        assert!(board.inherit(record.id, 10, |_| true));
        assert!(!board.inherit(record.id, 11, |_| true));
        assert!(board.inherit(record.id, 11, |pid| pid != 10));
        assert!(!board.inherit(SessionId::generate(), 11, |_| false));
    }

    proptest! {
        /// Whatever happens, what is counted is what would be found one by one.
        #[test]
        fn the_census_counts_what_is_found(steps in prop::collection::vec((0..6_usize, 0..12_usize, any::<bool>(), any::<bool>()), 1..80)) {
            let board = Board::in_memory(12);
            let mut records: Vec<Record> = Vec::new();
            for (what, which, filmed, photo) in steps {
                let number = which % records.len().max(1);
                match (what, records.get_mut(number)) {
                    (0 | 1, _) | (_, None) => {
                        let new = Record { filmed, photo, ..record() };
                        if board.open(&new).is_ok() {
                            records.push(new);
                        }
                    }
                    (2, Some(record)) => {
                        record.state = State::ALL[which % State::ALL.len()];
                        board.post(record);
                    }
                    (3, Some(record)) => drop(board.wish_removed(record.id)),
                    (4, Some(record)) => drop(board.own(record.id, 5)),
                    (_, Some(record)) => board.remove(record.id),
                }
                let found: Vec<Record> = records.iter().filter_map(|record| board.find(record.id)).collect();
                let count = |wanted: &dyn Fn(&Record) -> bool| found.iter().filter(|record| wanted(record)).count();
                prop_assert_eq!(board.census(), Census {
                    created: count(&|record| record.state == State::Created),
                    processing: count(&|record| record.state == State::Processing),
                    filmed: count(&|record| !record.finished() && record.filmed),
                    photos: count(&|record| !record.finished() && record.photo),
                });
            }
        }
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
