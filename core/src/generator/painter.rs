//! The first half of a session's work: sentences are spoken, and frames painted to them where there is a face.

mod listening;
mod pacing;

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::audience::Audience;
use super::inbox::Inbox;
use super::live::Live;
use super::manuscript::Manuscript;
use super::pool::{Task, Waker};
use super::reel::Reel;
use super::sitting::Sitting;
use super::soundtrack::{Margins, Soundtrack};
use super::speaker::Speaker;
use super::transcript::Transcript;
use crate::config::Config;
use crate::face::Face;
use crate::generator::scheduler::Turn;
use crate::hls::{Cut, SegmentFormat};
use crate::session::{Failure, FailureCode, Kind, Pace, Stage};
use crate::speech::Keeping;
use crate::time::Samples;

/// Frames painted in one turn: short, so that a session about to starve need not wait.
const TURN: usize = 5;

/// How far behind what is listed viewers stay who load whole segments: one, and the time to load it.
const SEGMENT_HOLD_BACK: Duration = Duration::from_millis(1200);

/// How long a conversation waits for its first word, and anybody for the next after the first.
const PATIENCE: Duration = Duration::from_millis(250);

/// Paints one session's frames.
pub(crate) struct Painter {
    pub(crate) live: Arc<Live>,
    pub(crate) reel: Arc<Reel>,
    pub(crate) transcript: Arc<Transcript>,
    pub(crate) speaker: Speaker,
    /// Without one there is nothing but sound.
    pub(crate) face: Option<Box<dyn Face>>,
    /// A face that is to be found before anything is painted.
    due: Option<Sitting>,
    pub(crate) waker: Waker,
    pub(crate) assembler: Waker,
    manuscript: Arc<Manuscript>,
    keeping: Option<Keeping>,
    soundtrack: Soundtrack,
    inbox: Arc<Inbox>,
    asked: bool,
    /// Something in the text was to be said.
    worded: bool,
    /// When it is worth asking for a sentence again.
    again: Option<Instant>,
    /// With the sentence asked for last.
    paragraph_ends: bool,
    /// A paragraph is over. The silence after it is made only once something follows.
    breath: bool,
    cut: Cut,
    /// How far ahead of the clock frames are painted.
    lead: Option<Duration>,
    hold_back: Duration,
    /// How long viewers wait for the first word, and for what comes after the first frame.
    patience: [Duration; 2],
    /// Silence is filled in by this.
    part: Samples,
    /// When the first frame was painted.
    began: Option<Instant>,
    /// Steps of the cut.
    painted: u64,
    /// Of what is painted, as of [`Inbox::hush`].
    epoch: u64,
}

/// How a painter and its assembler reach each other and the rest.
pub(crate) struct Links {
    pub(crate) live: Arc<Live>,
    pub(crate) reel: Arc<Reel>,
    pub(crate) transcript: Arc<Transcript>,
    pub(crate) manuscript: Arc<Manuscript>,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) audience: Arc<Audience>,
    pub(crate) painter: Waker,
    pub(crate) assembler: Waker,
}

impl Painter {
    pub(crate) fn new(
        links: &Links,
        speaker: Speaker,
        face: Option<Sitting>,
        config: &Config,
    ) -> Self {
        let (face, due) = match face {
            None => (None, None),
            Some(Sitting::Done(face)) => (Some(face), None),
            Some(due) => (None, Some(due)),
        };
        let job = &links.live.job;
        // What is filled with silence is as short with segments that have no parts.
        let cut = match job.segment_format {
            SegmentFormat::Fmp4 => config.cut_of(job),
            SegmentFormat::Ts => Cut::standard(config.video.frame_rate),
        };
        // What is watched while it is made is watched frame by frame.
        let by_frame = job.kind == Kind::Stream;
        let part = if by_frame { cut.step() } else { cut.part() };
        let mut painter = Self {
            live: Arc::clone(&links.live),
            reel: Arc::clone(&links.reel),
            transcript: Arc::clone(&links.transcript),
            speaker,
            face,
            due,
            waker: links.painter.clone(),
            assembler: links.assembler.clone(),
            manuscript: Arc::clone(&links.manuscript),
            keeping: config.speech.keep.then(|| Keeping {
                directory: links.live.store().directory(links.live.id()),
            }),
            soundtrack: Soundtrack::new(match job.kind {
                Kind::Avatar | Kind::Audio | Kind::Stream => Margins::OF_A_FACE,
                Kind::Recording(_) => Margins::NONE,
            }),
            inbox: Arc::clone(&links.inbox),
            // What is fed comes unasked.
            asked: job.is_fed(),
            worded: false,
            again: None,
            paragraph_ends: false,
            breath: false,
            cut,
            lead: match job.pace {
                // A part more than is listed.
                Pace::Live | Pace::Prompt => Some(config.lead_of(job) + part.duration()),
                // Nobody watches it on a clock.
                Pace::Fast if job.is_awaited() => None,
                Pace::Fast => config.look_ahead,
            },
            hold_back: match job.segment_format {
                _ if by_frame => part.duration(),
                SegmentFormat::Fmp4 => cut.hold_back().duration(),
                SegmentFormat::Ts => SEGMENT_HOLD_BACK,
            },
            patience: match job.kind {
                _ if job.is_conversation() => [Duration::ZERO; 2],
                Kind::Stream => [PATIENCE, Duration::ZERO],
                // Nobody feeds a session before they were told of it, and that is when there is a face to be seen.
                _ if job.is_fed() => [Duration::ZERO; 2],
                _ => [PATIENCE; 2],
            },
            part,
            began: None,
            painted: 0,
            epoch: 0,
        };
        let silence = painter.soundtrack.lead_in();
        if let Some(face) = &mut painter.face {
            face.hear(&silence, &[]);
        }
        painter
    }

    /// Finds the face, where that has been left to this thread.
    fn sit(&mut self) -> Result<(), Failure> {
        let Some(Sitting::Due(find)) = self.due.take() else {
            return Ok(());
        };
        let mut face = find()?;
        // Nothing but the silence at the beginning is known yet.
        let known = usize::try_from(self.soundtrack.known().0).unwrap_or_default();
        face.hear(&vec![0.0; known], &[]);
        self.face = Some(face);
        Ok(())
    }

    /// Waits for a face that is made elsewhere, but never longer than viewers have something to see: then the face may
    /// do without.
    fn await_face(&mut self) -> Result<(), Turn> {
        let starves = self.starves_at();
        let late = starves.is_some_and(|at| at <= Instant::now());
        let shown_at = self.shown_at();
        let Some(face) = &mut self.face else {
            return Ok(());
        };
        if face.ready(shown_at, late) {
            return Ok(());
        }
        Err(match starves {
            Some(at) if !late => Turn::Sleep(at),
            _ => Turn::Wait,
        })
    }

    /// Paints one frame, or says why not.
    fn paint(&mut self) -> Result<(), Turn> {
        self.listen();
        if self.live.cancel.raised() {
            return Err(Turn::Done);
        }
        let mut steps = self.ready(self.lookahead());
        if steps == 0 {
            if self.soundtrack.ended() {
                self.reel.end();
                self.assembler.wake();
                return Err(Turn::Done);
            }
            match self.starves_at() {
                Some(at) if at <= Instant::now() => {
                    steps = self.ready(self.late_lookahead());
                    if steps == 0 && self.make_do() {
                        steps = self.ready(self.late_lookahead());
                    }
                    if steps == 0 {
                        self.fill();
                        steps = self.ready(self.late_lookahead());
                    }
                }
                starves => {
                    let wake = starves.into_iter().chain(self.again).min();
                    return Err(wake.map_or(Turn::Wait, Turn::Sleep));
                }
            }
        }
        self.await_face()?;
        if let Some(at) = self.not_before() {
            return Err(Turn::Sleep(at));
        }
        let mut frame = self.reel.blank().ok_or(Turn::Wait)?;
        self.began.get_or_insert_with(Instant::now);
        if let (Some(face), Some(picture)) = (&mut self.face, &mut frame.picture) {
            if self.painted == 0 {
                self.live.enter(Stage::Inference);
            }
            if let Err(error) = face.paint(picture) {
                self.live.fail(Failure {
                    code: FailureCode::InferenceFailed,
                    text: error.to_string(),
                });
                return Err(Turn::Done);
            }
        }
        let taken = self
            .soundtrack
            .take(self.cut.start_of(steps), &mut frame.pcm);
        frame.start = self.cut.start_of(self.painted);
        frame.due = self.shown_at();
        frame.epoch = self.epoch;
        debug_assert!(taken, "a frame is painted only where its sound is known");
        self.painted += steps;
        self.tell_stock();
        self.reel.push(frame);
        self.assembler.wake();
        Ok(())
    }
}

impl Drop for Painter {
    fn drop(&mut self) {
        self.inbox.close();
    }
}

impl Task for Painter {
    fn turn(&mut self) -> Turn {
        if let Err(failure) = self.sit() {
            self.live.fail(failure);
            return Turn::Done;
        }
        for _ in 0..TURN {
            if let Err(turn) = self.paint() {
                return turn;
            }
        }
        Turn::Again
    }

    fn due(&self) -> Instant {
        self.shown_at()
    }

    fn panicked(&mut self) {
        self.live.fail(Failure {
            code: FailureCode::InferenceFailed,
            text: "painting the face broke down".to_owned(),
        });
    }
}
