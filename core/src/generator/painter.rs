//! The first half of a session's work: sentences are spoken, and frames painted to them where there is a face.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::audience::Audience;
use super::inbox::{Heard, Inbox};
use super::live::Live;
use super::manuscript::{Manuscript, Next};
use super::pool::{Task, Waker};
use super::reel::Reel;
use super::sitting::Sitting;
use super::soundtrack::{Margins, Soundtrack};
use super::speaker::{Speaker, Wanted};
use super::transcript::Transcript;
use crate::config::Config;
use crate::face::Face;
use crate::generator::scheduler::Turn;
use crate::hls::{Cut, SegmentFormat};
use crate::session::{Failure, FailureCode, Kind, Pace, Source, Stage};
use crate::speech::{Keeping, Mark, Utterance};
use crate::time::Samples;

/// Frames painted in one turn: short, so that a session about to starve need not wait.
const TURN: usize = 5;

/// A sentence is asked for when there is less speech than this: enough to cover its making, little
/// enough to keep memory small.
const STOCK: Samples = Samples::from_millis(3000);

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
            asked: job.source != Source::Text,
            again: None,
            paragraph_ends: false,
            breath: false,
            cut,
            lead: match job.pace {
                // A part more than is listed.
                Pace::Live | Pace::Prompt => Some(config.lead_of(job) + part.duration()),
                // Nobody watches a recording on a clock.
                Pace::Fast if job.kind.is_recording() => None,
                Pace::Fast => config.look_ahead,
            },
            hold_back: match job.segment_format {
                _ if by_frame => part.duration(),
                SegmentFormat::Fmp4 => cut.hold_back().duration(),
                SegmentFormat::Ts => SEGMENT_HOLD_BACK,
            },
            patience: match job.kind {
                Kind::Stream if job.open => [Duration::ZERO; 2],
                Kind::Stream => [PATIENCE, Duration::ZERO],
                _ => [PATIENCE; 2],
            },
            part,
            began: None,
            painted: 0,
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

    /// How much is known beyond what is painted.
    fn stock(&self) -> Samples {
        let painted = self.cut.start_of(self.painted);
        self.soundtrack.known().saturating_sub(painted)
    }

    /// Says at each part how much of what a session was fed is still to be shown.
    fn tell_stock(&self) {
        let part = u64::from(self.cut.steps_per_part()).max(1);
        if self.live.job.source != Source::Text && self.painted.is_multiple_of(part) {
            let waiting = self.stock() + self.inbox.stock();
            self.live.update(|record| record.waiting = waiting);
        }
    }

    /// Takes in what has been spoken, and has more spoken where that is short.
    fn listen(&mut self) {
        if self.inbox.take_hushed() {
            self.hush();
        }
        while self.stock() < STOCK
            && let Some(heard) = self.inbox.pop()
        {
            match heard {
                Heard::Speech(speech) => {
                    let marks = self.soundtrack.hear(&speech);
                    self.hear(&speech.pcm, &marks);
                }
                Heard::Voice(speech) => {
                    self.soundtrack.begin_utterance();
                    let marks = self.soundtrack.hear(&speech);
                    self.hear(&speech.pcm, &marks);
                }
                Heard::End => {
                    self.asked = false;
                    let end = self.soundtrack.end_mark();
                    self.hear(&[], &[end]);
                    self.breath = self.paragraph_ends;
                }
            }
        }
        if !self.asked && !self.soundtrack.ended() && self.stock() < STOCK {
            match self.live.job.source {
                Source::Text => self.ask(),
                // Somebody was there who said nothing.
                Source::Feed { .. } if self.live.job.pace == Pace::Live => self.close(),
                Source::Feed { .. } => self.end(Failure {
                    code: FailureCode::TtsEmpty,
                    text: "there was no sound in what came".to_owned(),
                }),
            }
        }
    }

    /// Falls silent: what is known and not painted is forgotten.
    fn hush(&mut self) {
        if self.soundtrack.ended() {
            return;
        }
        let fading = self.soundtrack.cut();
        if let Some(face) = &mut self.face {
            face.forget(self.cut.start_of(self.painted));
        }
        let end = self.soundtrack.end_mark();
        self.hear(&fading, &[end]);
        self.asked = self.live.job.source != Source::Text;
        self.breath = false;
        self.paragraph_ends = false;
    }

    fn hear(&mut self, pcm: &[f32], marks: &[Mark]) {
        if let Some(face) = &mut self.face {
            face.hear(pcm, marks);
        }
        self.transcript.hear(marks, self.soundtrack.known());
    }

    fn ask(&mut self) {
        self.again = None;
        // What is interrupted from here on is not said.
        let epoch = self.inbox.epoch();
        if let Some(failure) = self.live.failure() {
            return self.end(failure);
        }
        let sentence = loop {
            match self.manuscript.next() {
                Next::Sentence(sentence) => break sentence,
                Next::Pause(length) => {
                    self.breathe();
                    let silence = self.soundtrack.pause(length);
                    self.hear(&silence, &[]);
                }
                Next::Later(again) => {
                    self.again = again;
                    return;
                }
                Next::End => {
                    return self.end(Failure {
                        code: FailureCode::TtsEmpty,
                        text: "the speech engine returned no sound for this text".to_owned(),
                    });
                }
            }
        };
        self.breathe();
        self.asked = true;
        self.paragraph_ends = sentence.paragraph_end;
        self.soundtrack.begin_utterance();
        self.transcript.sentence(sentence.text.chars().count());
        self.speaker.say(Wanted {
            utterance: Utterance {
                text: sentence.text,
                language: sentence.language.unwrap_or(self.live.job.language),
                voice: self.live.job.voice.clone(),
                keeping: self.keeping.clone(),
                manner: sentence.manner,
            },
            live: Arc::clone(&self.live),
            inbox: Arc::clone(&self.inbox),
            epoch,
            waker: self.waker.clone(),
        });
    }

    /// Something follows: if a paragraph was before it, there is a silence between them.
    fn breathe(&mut self) {
        if std::mem::take(&mut self.breath) {
            let silence = self.soundtrack.end_paragraph();
            self.hear(&silence, &[]);
        }
    }

    /// All is said. If that is nothing, the session has failed with `otherwise`, unless it was there to be talked to.
    fn end(&mut self, otherwise: Failure) {
        let job = &self.live.job;
        let called = job.kind == Kind::Stream && job.open;
        if self.soundtrack.voiced() || called {
            self.close();
        } else {
            self.live.fail(otherwise);
        }
    }

    fn close(&mut self) {
        let silence = self.soundtrack.end(self.cut.step());
        self.hear(&silence, &[]);
        if let Some(face) = &mut self.face {
            face.end();
        }
        self.transcript.end(self.soundtrack.known());
    }

    /// How much speech beyond the next frame must be known.
    fn lookahead(&self) -> Samples {
        match &self.face {
            Some(face) if !self.soundtrack.ended() => face.lookahead(),
            _ => Samples::ZERO,
        }
    }

    /// The same where the frame is late: those who answer at once should not have silence before them that need not be.
    fn late_lookahead(&self) -> Samples {
        match &self.face {
            Some(face) if !self.soundtrack.ended() && self.live.job.pace == Pace::Prompt => {
                face.least_lookahead()
            }
            _ => self.lookahead(),
        }
    }

    /// How many steps the next frame has, or zero where not enough is known, which is `lookahead` beyond it: a picture is one
    /// step, and sound without pictures goes on to the end of its part, so that not every step costs as much as a picture.
    fn ready(&self, lookahead: Samples) -> u64 {
        let done = self.cut.start_of(self.painted) + lookahead;
        let known = self.soundtrack.known().saturating_sub(done).0 / self.cut.step().0.max(1);
        let part = u64::from(self.cut.steps_per_part());
        match self.face {
            Some(_) => known.min(1),
            None => known.min(part - self.painted % part),
        }
    }

    /// When the next frame is shown to a viewer who began as soon as there was something to see.
    fn shown_at(&self) -> Instant {
        let shown = self.cut.start_of(self.painted).duration();
        self.began.unwrap_or(self.live.started) + shown
    }

    /// When the next frame may be painted at the earliest, if that is not now.
    fn not_before(&self) -> Option<Instant> {
        let at = self.shown_at().checked_sub(self.lead?)?;
        (at > Instant::now()).then_some(at)
    }

    /// When viewers will have nothing left to load, unless there is another frame.
    fn starves_at(&self) -> Option<Instant> {
        let [first, next] = self.patience;
        match (self.began, self.live.job.pace) {
            // Whoever reads it waits.
            _ if self.live.job.kind.is_recording() => None,
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

    /// Fills the next part with silence, the mouth shut, since what is to be said is late.
    fn fill(&mut self) {
        let part_end = self.cut.start_of(self.painted) + self.part;
        let wanted = part_end + self.late_lookahead();
        self.breath = false;
        let end = self.soundtrack.end_mark();
        let silence = self
            .soundtrack
            .pause(wanted.saturating_sub(self.soundtrack.known()));
        self.hear(&silence, &[end]);
        self.live.falter();
        tracing::debug!(session = %self.live.id(), "speech is late");
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
