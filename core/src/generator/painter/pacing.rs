//! When a painter paints: not before anybody could use it, and not after somebody has nothing left to see.

use std::time::Instant;

use super::Painter;
use crate::session::Pace;
use crate::time::Samples;

impl Painter {
    /// How much speech beyond the next frame must be known.
    pub(super) fn lookahead(&self) -> Samples {
        match &self.face {
            Some(face) if !self.soundtrack.ended() => face.lookahead(),
            _ => Samples::ZERO,
        }
    }

    /// The same where the frame is late: those who answer at once should not have silence before them that need not be.
    pub(super) fn late_lookahead(&self) -> Samples {
        match &self.face {
            Some(face) if !self.soundtrack.ended() && self.live.job.pace == Pace::Prompt => {
                face.least_lookahead()
            }
            _ => self.lookahead(),
        }
    }

    /// How many steps the next frame has, or zero where not enough is known, which is `lookahead` beyond it: a picture is one
    /// step, and sound without pictures goes on to the end of its part, so that not every step costs as much as a picture.
    pub(super) fn ready(&self, lookahead: Samples) -> u64 {
        let done = self.cut.start_of(self.painted) + lookahead;
        let known = self.soundtrack.known().saturating_sub(done).0 / self.cut.step().0.max(1);
        let part = u64::from(self.cut.steps_per_part());
        match self.face {
            Some(_) => known.min(1),
            None => known.min(part - self.painted % part),
        }
    }

    /// When the next frame is shown to a viewer who began as soon as there was something to see.
    pub(super) fn shown_at(&self) -> Instant {
        let shown = self.cut.start_of(self.painted).duration();
        self.began.unwrap_or(self.live.started) + shown
    }

    /// When the next frame may be painted at the earliest, if that is not now.
    pub(super) fn not_before(&self) -> Option<Instant> {
        let at = self.shown_at().checked_sub(self.lead?)?;
        (at > Instant::now()).then_some(at)
    }

    /// When viewers will have nothing left to load, unless there is another frame.
    pub(super) fn starves_at(&self) -> Option<Instant> {
        let [first, next] = self.patience;
        match (self.began, self.live.job.pace) {
            _ if self.live.job.is_awaited() => None,
            // The first viewers are not there yet when the first frame is.
            (Some(began), _) => {
                let starves = self.shown_at().checked_sub(self.hold_back)?;
                Some(starves.max(began + next))
            }
            // A conversation begins with a face, be it one that says nothing yet; a recording with its first word.
            (None, Pace::Live | Pace::Prompt) => Some(self.live.started + first),
            (None, Pace::Fast) => None,
        }
    }
}
