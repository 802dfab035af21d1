//! When segments are listed.
//!
//! Players take a playlist without an end for live television: one that lists much more than was played makes
//! them jump ahead. So what is listed follows the clock on the wall, however much more is generated.

use std::time::Duration;

use crate::time::Samples;

/// How far what is listed runs ahead of the clock unless configured otherwise.
///
/// With less, players stall now and then; with more than three target durations they may jump.
pub const LEAD: Duration = Duration::from_secs(2);

/// What a playlist is to show now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listing {
    /// How many segments are listed.
    pub segments: usize,
    /// Whether the end of the list is shown.
    pub ended: bool,
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
    /// Where the last listed segment ends.
    listed_end: Duration,
    segments: usize,
    /// How long the clock has stood still so far.
    stood: Duration,
}

impl Clock {
    /// Nothing listed yet. `lead` is how far what is listed runs ahead of the clock.
    pub fn new(lead: Duration) -> Self {
        Self {
            lead,
            listed_end: Duration::ZERO,
            segments: 0,
            stood: Duration::ZERO,
        }
    }

    /// What to list when `elapsed` has passed since listing began, with segments generated that end at `ends`.
    ///
    /// The first segment is listed as soon as it exists, all and the end as soon as generation is `finished`.
    /// To be called when a segment is generated, when generation is finished, and at [`Listing::next`];
    /// listing begins with the first call that has a segment, with an `elapsed` of zero.
    pub fn list(&mut self, elapsed: Duration, ends: &[Samples], finished: bool) -> Listing {
        if finished {
            self.segments = self.segments.max(ends.len());
            return Listing {
                segments: self.segments,
                ended: true,
                next: None,
            };
        }
        if self.segments > 0 {
            let starved = elapsed.saturating_sub(self.stood + self.listed_end);
            self.stood += starved;
        }
        let due = elapsed.saturating_sub(self.stood) + self.lead;
        let mut waiting = ends
            .iter()
            .map(|end| end.duration())
            .skip(self.segments)
            .peekable();
        while let Some(end) = waiting.next_if(|&end| self.segments == 0 || end <= due) {
            self.segments += 1;
            self.listed_end = end;
        }
        let next = waiting
            .peek()
            .map(|end| (*end + self.stood).saturating_sub(self.lead));
        Listing {
            segments: self.segments,
            ended: false,
            next,
        }
    }
}
