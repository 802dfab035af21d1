//! One session's face, drawn in the studio, and laid over the avatar's frames or shown whole here.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use avatar_codec::Picture;

use super::Shared;
use super::seat::{Seat, Standing};
use super::sitter::{Looks, Sitter, Snapshot};
use crate::face::neural::{Print, Projector};
use crate::face::{Face, FaceError};
use crate::session::Failure;
use crate::speech::Mark;
use crate::time::{FrameRate, Samples};

/// What is no louder than this is silence.
const SILENCE: f32 = 0.003;

/// A frame is silent if those around it are: so many before it, while the mouth still closes, and one after.
const CLOSING: u64 = 3;

/// How much sound beyond a frame's end must be known while nobody knows yet what the networks want.
const LOOKAHEAD: Samples = Samples::from_millis(200);

/// Brings a photo, when it is known whether the networks find faces in photos. It may take some tenths of a second.
pub(crate) type Look = dyn FnOnce(bool) -> Result<Snapshot, Failure> + Send;

/// One session's face.
pub(super) struct Sitting {
    seat: Arc<Seat>,
    shared: Arc<Shared>,
    hush: Hush,
    screen: Screen,
    /// What is still to be done before anything is drawn.
    look: Option<Box<Look>>,
    /// Whether the next frame is shown without the face it should have.
    spared: bool,
}

/// Where faces are shown.
enum Screen {
    /// Over a clip.
    Film(Projector),
    /// By themselves.
    Photo(Print),
}

impl Sitting {
    /// Of an avatar.
    pub(super) fn filmed(seat: Arc<Seat>, sitter: Arc<Sitter>, shared: Arc<Shared>) -> Self {
        let screen = match &sitter.looks {
            Looks::Film { film, .. } => Screen::Film(Projector::new(Arc::clone(film))),
            Looks::Photo(_) => Screen::Photo(Print::default()),
        };
        seat.take(sitter);
        Self::new(seat, screen, None, shared)
    }

    /// Of whoever is on the photo that `look` brings.
    pub(super) fn posing(seat: Arc<Seat>, look: Box<Look>, shared: Arc<Shared>) -> Self {
        Self::new(seat, Screen::Photo(Print::default()), Some(look), shared)
    }

    fn new(seat: Arc<Seat>, screen: Screen, look: Option<Box<Look>>, shared: Arc<Shared>) -> Self {
        Self {
            hush: Hush::new(seat.rate),
            seat,
            shared,
            screen,
            look,
            spared: false,
        }
    }

    /// Has the photo looked for as soon as it is known how. It is done in the painter's turn, as for photos that no network draws.
    fn settle(&mut self) {
        let Some(finds) = self.shared.finds_faces() else {
            return;
        };
        let Some(look) = self.look.take() else {
            return;
        };
        match look(finds) {
            Ok(snapshot) => {
                let id = self.seat.live.id();
                self.seat.take(Arc::new(Sitter::on_photo(id, snapshot)));
                self.shared.call_ear(&self.seat);
            }
            Err(failure) => self.seat.fail(failure),
        }
    }

    /// Whether frames can be shown without the face they should have: there is a clip, or a picture before.
    fn can_spare(&self) -> bool {
        match &self.screen {
            Screen::Film(_) => true,
            Screen::Photo(print) => print.begun(),
        }
    }
}

impl Face for Sitting {
    fn lookahead(&self) -> Samples {
        let frame = self.seat.rate.frame();
        let lead = self.shared.lead(&self.seat);
        lead.map_or(LOOKAHEAD, |lead| lead.saturating_sub(frame))
    }

    fn hear(&mut self, pcm: &[f32], _: &[Mark]) {
        self.hush.hear(pcm);
        self.seat.hear(pcm);
        self.shared.call_ear(&self.seat);
    }

    fn settled(&self) -> Samples {
        self.seat.settled()
    }

    fn forget(&mut self, from: Samples) {
        let (end, silence) = self.seat.forget(from);
        self.hush.cut(end);
        self.hush.hear(&vec![0.0; silence.0 as usize]);
        self.shared.shown(&self.seat, self.seat.shown());
    }

    fn end(&mut self) {
        self.seat.end();
        self.shared.call_ear(&self.seat);
    }

    fn ready(&mut self, due: Instant, late: bool) -> bool {
        self.settle();
        let standing = self.seat.standing(due);
        // While nobody speaks, a face that lags behind is not worth a viewer's wait.
        self.spared = standing == Standing::Awaited
            && late
            && self.shared.lead(&self.seat).is_some()
            && self.can_spare()
            && self.hush.at(self.seat.shown());
        self.spared || standing != Standing::Awaited
    }

    fn paint(&mut self, picture: &mut Picture) -> Result<(), FaceError> {
        let frame = self.seat.shown();
        let face = self.seat.show();
        self.hush.forget(frame);
        if face.is_none() && self.spared {
            self.seat.live.falter();
        }
        let shown = match &mut self.screen {
            Screen::Film(projector) => projector.show(self.seat.index(frame), face, picture),
            Screen::Photo(print) => print.show(face, picture),
        };
        shown.map_err(|error| {
            let sitter = self.seat.sitter();
            let avatar = sitter.map_or("", |sitter| &sitter.id);
            FaceError::Failed(format!("the avatar \"{avatar}\": {error}"))
        })?;
        self.shared.shown(&self.seat, frame + 1);
        Ok(())
    }
}

impl Drop for Sitting {
    fn drop(&mut self) {
        self.shared.leave(self.seat.id);
    }
}

/// Which frames are silent.
#[derive(Debug)]
struct Hush {
    frame: usize,
    /// The loudest sample of each frame from `first` on; the last may still grow.
    peaks: VecDeque<f32>,
    first: u64,
    /// Samples of the last.
    filled: usize,
}

impl Hush {
    fn new(rate: FrameRate) -> Self {
        Self {
            frame: usize::try_from(rate.frame().0).unwrap_or(usize::MAX),
            peaks: VecDeque::new(),
            first: 0,
            filled: usize::MAX,
        }
    }

    fn hear(&mut self, pcm: &[f32]) {
        for sample in pcm {
            if self.filled >= self.frame {
                self.peaks.push_back(0.0);
                self.filled = 0;
            }
            self.filled += 1;
            if let Some(peak) = self.peaks.back_mut() {
                *peak = peak.max(sample.abs());
            }
        }
    }

    /// Forgets what was heard from `from` on.
    fn cut(&mut self, from: Samples) {
        let frame = self.frame as u64;
        let whole = from.0.div_ceil(frame.max(1)).saturating_sub(self.first);
        self.peaks
            .truncate(usize::try_from(whole).unwrap_or(usize::MAX));
        self.filled = match from.0 % frame.max(1) {
            0 => usize::MAX,
            begun => begun as usize,
        };
    }

    /// Whether frame `frame` is silent, and those around it.
    fn at(&self, frame: u64) -> bool {
        let from = frame.saturating_sub(CLOSING).max(self.first);
        let peak = |frame: u64| self.peaks.get(usize::try_from(frame - self.first).ok()?);
        (from..=frame + 1).all(|frame| peak(frame).is_none_or(|peak| *peak <= SILENCE))
    }

    /// Nobody asks any more for frames before those around `frame`.
    fn forget(&mut self, frame: u64) {
        while self.first + CLOSING < frame && self.peaks.pop_front().is_some() {
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_silent_when_those_around_it_are() {
        let mut hush = Hush::new(FrameRate::DEFAULT);
        hush.hear(&[0.0; 1920 * 5]);
        hush.hear(&[0.5; 100]);
        hush.hear(&vec![0.001; 1920 * 9 - 100]);
        let silent: Vec<u64> = (0..14).filter(|frame| hush.at(*frame)).collect();
        assert_eq!(silent, [0, 1, 2, 3, 9, 10, 11, 12, 13]);
        hush.forget(10);
        assert!(hush.at(10) && hush.peaks.len() == 7);
    }
}
