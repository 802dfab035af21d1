//! When parts are listed.
//!
//! Players take a playlist without an end for live television: one that lists much more than was played makes
//! them jump ahead. So what is listed follows the clock on the wall, however much more is generated.

use std::time::Duration;

use crate::time::Samples;

/// How far what is listed runs ahead of the clock unless configured otherwise.
///
/// With less, players that load whole segments stall now and then. Some are set up to jump when they are three target
/// durations behind the last part: what is left of those is the time they have to start.
pub const LEAD: Duration = Duration::from_millis(1600);

/// The same for a session that may be interrupted: what is listed cannot be taken back, so it is as little as players
/// that keep three parts from the end can do with.
pub const LIVE_LEAD: Duration = Duration::from_millis(800);

/// What a playlist is to show now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listing {
    /// How many parts are listed.
    pub parts: usize,
    /// When to ask again even if nothing more is generated, counted as `elapsed` is. `None`: only when
    /// something is.
    pub next: Option<Duration>,
}

/// Decides what is listed when.
///
/// It follows the fastest player there can be: one that plays from the moment listing begins. Where generation falls so far
/// behind that even this player has nothing left to play, the clock stands still with it; otherwise
/// everything would be listed in one go as soon as generation recovers, and players would jump.
#[derive(Debug, Clone)]
pub struct Clock {
    lead: Duration,
    /// Where the last listed part ends.
    listed_end: Duration,
    parts: usize,
    /// How long the clock has stood still so far.
    stood: Duration,
}

impl Clock {
    /// Nothing listed yet. `lead` is how far what is listed runs ahead of the clock.
    pub fn new(lead: Duration) -> Self {
        Self {
            lead,
            listed_end: Duration::ZERO,
            parts: 0,
            stood: Duration::ZERO,
        }
    }

    /// What to list when `elapsed` has passed since listing began, with parts generated that end at `ends`.
    ///
    /// The first part is listed as soon as it exists. To be called when a part is generated and at [`Listing::next`];
    /// listing begins with the first call that has a part, with an `elapsed` of zero.
    pub fn list(&mut self, elapsed: Duration, ends: &[Samples]) -> Listing {
        let parts = self.parts;
        self.list_on(elapsed, ends.iter().copied().skip(parts))
    }

    /// How many parts are listed.
    pub fn listed(&self) -> usize {
        self.parts
    }

    /// As [`list`](Self::list), given where those parts end that come after the [listed](Self::listed) ones.
    pub fn list_on(
        &mut self,
        elapsed: Duration,
        waiting: impl Iterator<Item = Samples>,
    ) -> Listing {
        if self.parts > 0 {
            let starved = elapsed.saturating_sub(self.stood + self.listed_end);
            self.stood += starved;
        }
        let played = elapsed.saturating_sub(self.stood);
        let mut waiting = waiting.map(Samples::duration).peekable();
        // A lead shorter than a part would hold it back from players that have nothing left.
        while let Some(end) = waiting
            .next_if(|&end| self.listed_end <= played || end.saturating_sub(self.lead) <= played)
        {
            self.parts += 1;
            self.listed_end = end;
        }
        let next = waiting
            .peek()
            .map(|end| self.stood + self.listed_end.min(end.saturating_sub(self.lead)));
        Listing {
            parts: self.parts,
            next,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds(seconds: u64) -> Vec<Samples> {
        (1..=seconds).map(|n| Samples(n * 48_000)).collect()
    }

    fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn what_is_listed_runs_ahead_of_the_clock_by_the_lead() {
        let ends = seconds(60);
        let mut clock = Clock::new(at(2000));
        for (elapsed, parts, next) in [
            (0, 2, 1000),
            (400, 2, 1000),
            (1000, 3, 2000),
            (2700, 4, 3000),
            (3001, 5, 4000),
        ] {
            assert_eq!(
                clock.list(at(elapsed), &ends),
                Listing {
                    parts,
                    next: Some(at(next))
                }
            );
        }
    }

    #[test]
    fn the_first_part_waits_for_nothing() {
        let mut clock = Clock::new(Duration::ZERO);
        assert_eq!(clock.list(Duration::ZERO, &[]).parts, 0);
        let long = [Samples(480_000)];
        assert_eq!(clock.list(Duration::ZERO, &long).parts, 1);
    }

    #[test]
    fn a_lead_shorter_than_a_part_starves_nobody() {
        let mut clock = Clock::new(at(500));
        for (elapsed, parts) in [(0, 1), (999, 1), (1000, 2), (2000, 3)] {
            assert_eq!(clock.list(at(elapsed), &seconds(60)).parts, parts);
        }
    }

    #[test]
    fn a_stall_moves_everything_after_it() {
        let mut clock = Clock::new(at(2000));
        assert_eq!(clock.list(Duration::ZERO, &seconds(2)).parts, 2);
        // Players ran dry at two seconds; generation recovers at ten with plenty.
        let listing = clock.list(at(10_000), &seconds(60));
        assert_eq!((listing.parts, listing.next), (4, Some(at(11_000))));
    }

    proptest! {
        /// Parts of any lengths appear at any times; a player plays what is listed, without pause where it can.
        #[test]
        fn nobody_is_left_waiting_and_nobody_is_made_to_jump(
            steps in prop::collection::vec((0u64..5_000, 1u64..96_000), 1..60),
            lead in 0u64..4_000,
        ) {
            let lead = at(lead);
            let mut clock = Clock::new(lead);
            let (mut ends, mut end) = (Vec::new(), Samples::ZERO);
            let (mut now, mut began) = (Duration::ZERO, None);
            let (mut listed, mut played) = (Listing { parts: 0, next: None }, Duration::ZERO);
            for (wait, length) in steps {
                // Ask whenever the clock asked to be asked, until the next part is generated.
                let until = now + at(wait);
                while let Some(next) = listed.next.zip(began).map(|(next, began): (Duration, Duration)| next + began) {
                    prop_assert!(next >= now);
                    if next > until {
                        break;
                    }
                    let listing = clock.list(next - began.unwrap(), &ends);
                    prop_assert!(listing.parts > listed.parts, "asked for nothing");
                    played = (played + (next - now)).min(ends[listed.parts - 1].duration());
                    now = next;
                    listed = listing;
                }
                if listed.parts > 0 {
                    played = (played + (until - now)).min(ends[listed.parts - 1].duration());
                }
                now = until;
                end += Samples(length);
                ends.push(end);
                began.get_or_insert(now);
                let before = listed;
                listed = clock.list(now - began.unwrap(), &ends);

                prop_assert!(listed.parts >= before.parts.max(1), "a part was taken back");
                let ends_at = |number: usize| ends[number].duration();
                let edge = ends_at(listed.parts - 1);
                // The tolerance is that of times rounded to nanoseconds.
                let tolerance = Duration::from_micros(1);
                let needed = listed.parts < 2 || ends_at(listed.parts - 2) <= played + tolerance;
                prop_assert!(
                    needed || edge <= played + lead + tolerance,
                    "listed up to {edge:?} while {played:?} was played"
                );
                if listed.parts < ends.len() {
                    prop_assert!(edge > played, "starved");
                    prop_assert!(ends_at(listed.parts) + tolerance > played + lead, "held back");
                }
                prop_assert_eq!(listed.next.is_some(), listed.parts < ends.len());
            }
        }
    }
}
