//! The first half of a session's work: sentences are spoken, and frames painted to them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::live::Live;
use super::pool::{Task, Waker};
use super::reel::Reel;
use super::soundtrack::Soundtrack;
use super::speaker::{Heard, Inbox, Speaker, Wanted};
use super::transcript::Transcript;
use crate::config::Config;
use crate::face::Face;
use crate::generator::scheduler::Turn;
use crate::hls::{Cut, SegmentFormat};
use crate::session::{Failure, FailureCode, Pace, Stage};
use crate::speech::{Keeping, Mark, Utterance};
use crate::text::Sentences;
use crate::time::{FrameRate, Samples};

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
    pub(crate) face: Box<dyn Face>,
    pub(crate) waker: Waker,
    pub(crate) assembler: Waker,
    sentences: Sentences,
    keeping: Option<Keeping>,
    soundtrack: Soundtrack,
    inbox: Arc<Inbox>,
    asked: bool,
    /// With the sentence asked for last.
    paragraph_ends: bool,
    frame_rate: FrameRate,
    /// How far ahead of the clock frames are painted.
    lead: Option<Duration>,
    hold_back: Duration,
    part: Samples,
    /// When the first frame was painted.
    began: Option<Instant>,
    painted: u64,
}

/// How a painter and its assembler reach each other and the rest.
pub(crate) struct Links {
    pub(crate) live: Arc<Live>,
    pub(crate) reel: Arc<Reel>,
    pub(crate) transcript: Arc<Transcript>,
    pub(crate) painter: Waker,
    pub(crate) assembler: Waker,
}

impl Painter {
    pub(crate) fn new(
        links: &Links,
        speaker: Speaker,
        face: Box<dyn Face>,
        config: &Config,
    ) -> Self {
        // What is filled with silence is as short with segments that have no parts.
        let cut = Cut::standard(config.video.frame_rate);
        let part = cut.part();
        let format = links.live.job.segment_format;
        let mut sentences = Sentences::default();
        sentences.push(&links.live.job.text);
        sentences.finish();
        let mut painter = Self {
            live: Arc::clone(&links.live),
            reel: Arc::clone(&links.reel),
            transcript: Arc::clone(&links.transcript),
            speaker,
            face,
            waker: links.painter.clone(),
            assembler: links.assembler.clone(),
            sentences,
            keeping: config.speech.keep.then(|| Keeping {
                directory: links.live.store().directory(links.live.id()),
            }),
            soundtrack: Soundtrack::new(),
            inbox: Arc::default(),
            asked: false,
            paragraph_ends: false,
            frame_rate: config.video.frame_rate,
            lead: match links.live.job.pace {
                // A part more than is listed.
                Pace::Live => Some(config.lead_of(Pace::Live, format) + part.duration()),
                Pace::Fast => config.look_ahead,
            },
            hold_back: match format {
                SegmentFormat::Fmp4 => cut.hold_back().duration(),
                SegmentFormat::Ts => SEGMENT_HOLD_BACK,
            },
            part,
            began: None,
            painted: 0,
        };
        let silence = painter.soundtrack.lead_in();
        painter.face.hear(&silence, &[]);
        painter
    }

    /// Takes in what has been spoken, and has more spoken where that is short.
    fn listen(&mut self) {
        while let Some(heard) = self.inbox.pop() {
            match heard {
                Heard::Speech(speech) => {
                    let marks = self.soundtrack.hear(&speech);
                    self.hear(&speech.pcm, &marks);
                }
                Heard::End => {
                    self.asked = false;
                    let end = self.soundtrack.end_mark();
                    self.hear(&[], &[end]);
                    if self.paragraph_ends {
                        let silence = self.soundtrack.end_paragraph();
                        self.hear(&silence, &[]);
                    }
                }
            }
        }
        let stock = self
            .soundtrack
            .known()
            .saturating_sub(self.frame_rate.start_of(self.painted));
        if !self.asked && !self.soundtrack.ended() && stock < STOCK {
            self.ask();
        }
    }

    fn hear(&mut self, pcm: &[f32], marks: &[Mark]) {
        self.face.hear(pcm, marks);
        self.transcript.hear(marks, self.soundtrack.known());
    }

    fn ask(&mut self) {
        let failure = self.live.failure();
        let next = match failure {
            None => self.sentences.next(),
            Some(_) => None,
        };
        let Some(sentence) = next else {
            if self.soundtrack.voiced() {
                let silence = self.soundtrack.end(self.frame_rate.frame());
                self.hear(&silence, &[]);
                self.transcript.end(self.soundtrack.known());
            } else {
                self.live.fail(failure.unwrap_or_else(|| Failure {
                    code: FailureCode::TtsEmpty,
                    text: "the speech engine returned no sound for this text".to_owned(),
                }));
            }
            return;
        };
        self.asked = true;
        self.paragraph_ends = sentence.paragraph_end;
        self.soundtrack.begin_utterance();
        self.transcript.sentence(sentence.text.chars().count());
        self.speaker.say(Wanted {
            utterance: Utterance {
                text: sentence.text,
                language: self.live.job.language,
                voice: self.live.job.voice.clone(),
                keeping: self.keeping.clone(),
            },
            live: Arc::clone(&self.live),
            inbox: Arc::clone(&self.inbox),
            waker: self.waker.clone(),
        });
    }

    /// Whether enough is known to paint the next frame.
    fn ready(&self) -> bool {
        let end = self.frame_rate.start_of(self.painted + 1);
        let enough = end + self.face.lookahead();
        end <= self.soundtrack.known()
            && (self.soundtrack.ended() || enough <= self.soundtrack.known())
    }

    /// When the next frame is shown to a viewer who began as soon as there was something to see.
    fn shown_at(&self) -> Instant {
        let shown = self.frame_rate.start_of(self.painted).duration();
        self.began.unwrap_or(self.live.started) + shown
    }

    /// When the next frame may be painted at the earliest, if that is not now.
    fn not_before(&self) -> Option<Instant> {
        let at = self.shown_at().checked_sub(self.lead?)?;
        (at > Instant::now()).then_some(at)
    }

    /// When viewers will have nothing left to load, unless there is another frame.
    fn starves_at(&self) -> Option<Instant> {
        match (self.began, self.live.job.pace) {
            // The first viewers are not there yet when the first frame is.
            (Some(began), _) => {
                let starves = self.shown_at().checked_sub(self.hold_back)?;
                Some(starves.max(began + PATIENCE))
            }
            // A conversation begins with a face, be it one that says nothing yet; a recording with its first word.
            (None, Pace::Live) => Some(self.live.started + PATIENCE),
            (None, Pace::Fast) => None,
        }
    }

    /// Fills the next part with silence, the mouth shut, since what is to be said is late.
    fn fill(&mut self) {
        let part_end = self.frame_rate.start_of(self.painted) + self.part;
        let wanted = part_end + self.face.lookahead();
        let end = self.soundtrack.end_mark();
        let silence = self
            .soundtrack
            .pause(wanted.saturating_sub(self.soundtrack.known()));
        self.hear(&silence, &[end]);
        self.live.falter();
        tracing::debug!(session = %self.live.id(), "speech is late");
    }

    /// Paints one frame, or says why not.
    fn paint(&mut self) -> Result<(), Turn> {
        self.listen();
        if self.live.cancel.raised() {
            return Err(Turn::Done);
        }
        if !self.ready() {
            if self.soundtrack.ended() {
                self.reel.end();
                self.assembler.wake();
                return Err(Turn::Done);
            }
            match self.starves_at() {
                Some(at) if at <= Instant::now() => self.fill(),
                Some(at) => return Err(Turn::Sleep(at)),
                None => return Err(Turn::Wait),
            }
        }
        if let Some(at) = self.not_before() {
            return Err(Turn::Sleep(at));
        }
        let mut frame = self.reel.blank().ok_or(Turn::Wait)?;
        self.began.get_or_insert_with(Instant::now);
        if self.painted == 0 {
            self.live.enter(Stage::Inference);
        }
        let painted = self.face.paint(&mut frame.picture);
        let taken = self
            .soundtrack
            .take(self.frame_rate.frame(), &mut frame.pcm);
        if let Err(error) = painted {
            self.live.fail(Failure {
                code: FailureCode::InferenceFailed,
                text: error.to_string(),
            });
            return Err(Turn::Done);
        }
        debug_assert!(taken, "a frame is painted only where its sound is known");
        self.painted += 1;
        self.reel.push(frame);
        self.assembler.wake();
        Ok(())
    }
}

impl Task for Painter {
    fn turn(&mut self) -> Turn {
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
