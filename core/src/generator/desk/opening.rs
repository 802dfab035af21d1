//! Taking a session up: its two tasks, and what they share.

use std::sync::Arc;

use super::inflow::Inflow;
use super::{Desk, Session, Supplies};
use crate::config::Video;
use crate::generator::assembler::Assembler;
use crate::generator::conversation::Conversation;
use crate::generator::listing::Listing;
use crate::generator::live::Live;
use crate::generator::manuscript::Manuscript;
use crate::generator::painter::{Links, Painter};
use crate::generator::pool::Task;
use crate::generator::recorder::Recorder;
use crate::generator::reel::Reel;
use crate::generator::screening::Screening;
use crate::generator::shutter::Shutter;
use crate::generator::sitting::Sitting;
use crate::generator::transcript::Transcript;
use crate::generator::winder::Winder;
use crate::session::{Failure, FailureCode, Job, Kind, Pace, SessionId, Stage, lost};

/// Frames on their way between the two halves of a session: enough for both to work at once.
const REEL: usize = 6;
/// The same where a frame is a part of sound.
const SOUND_REEL: usize = 2;

impl Desk {
    /// Begins to make session `id`.
    pub(super) fn take(&mut self, id: SessionId) {
        let Some(job) = self.supplies.publication.store.job(id) else {
            tracing::error!(session = %id, "the job is not on disk");
            self.supplies.publication.fail(id, lost());
            return;
        };
        let live = Arc::new(Live::new(
            job,
            self.supplies.publication.clone(),
            self.supplies.notices.clone(),
        ));
        if self.supplies.repertoire.repeat(&live) {
            tracing::info!(session = %id, "ready: it was made before");
            self.finished(&live);
            return;
        }
        live.enter(Stage::Tts);
        let links = self.link(&live);
        let begun = Inflow::of(&live, &links.manuscript, &links.inbox, &links.painter);
        let (inflow, begun) = match begun {
            Ok(inflow) => (inflow, self.start(&links)),
            Err(failure) => (None, Err(failure)),
        };
        let listing = live
            .job
            .kind
            .is_listed()
            .then(|| Listing::new(&self.supplies.config, &live.job));
        self.sessions.insert(
            id,
            Session {
                listing,
                inflow,
                conversation: Conversation::new(&links.manuscript, &links.inbox, &links.painter),
                audience: links.audience,
                line: None,
                transcript: links.transcript,
                painter: links.painter,
                assembler: links.assembler,
                live: Arc::clone(&live),
            },
        );
        match begun {
            Ok(()) => {
                self.read_on(id);
                self.take_calls(id);
            }
            Err(failure) => live.fail(failure),
        }
    }

    /// What the halves of the session of `live` share.
    fn link(&self, live: &Arc<Live>) -> Links {
        let Video { width, height, .. } = self.supplies.config.video;
        let reel = match live.job.kind {
            Kind::Avatar | Kind::Stream => Reel::new(REEL, Some((width as usize, height as usize))),
            Kind::Audio | Kind::Recording(_) => Reel::new(SOUND_REEL, None),
        };
        let painter = self.supplies.pool.waker();
        let transcript = Arc::new(Transcript::default());
        let job = &live.job;
        let mixed = job.mixed.then_some(job.language);
        let manuscript = Manuscript::new(Arc::clone(&transcript), painter.clone(), mixed);
        copy_out(job, &manuscript);
        Links {
            live: Arc::clone(live),
            reel: Arc::new(reel),
            transcript,
            manuscript: Arc::new(manuscript),
            inbox: Arc::default(),
            audience: Arc::default(),
            painter,
            assembler: self.supplies.pool.waker(),
        }
    }

    /// Has the session of `links` worked on.
    fn start(&self, links: &Links) -> Result<(), Failure> {
        self.write_out(links)?;
        let Supplies {
            config,
            pool,
            speaker,
            ..
        } = &self.supplies;
        let painter = Painter::new(links, speaker.clone(), self.face(links)?, config);
        let second: Box<dyn Task> = match links.live.job.kind {
            Kind::Recording(format) => Box::new(Winder::new(links, Recorder::new(links, format))),
            Kind::Stream => Box::new(Winder::new(links, Screening::new(links))),
            Kind::Avatar | Kind::Audio => {
                Box::new(Winder::new(links, Assembler::new(links, config)))
            }
        };
        if links.live.job.kind.is_seen() && links.live.job.pace != Pace::Fast {
            let shutter = Shutter::new(&links.live, config);
            links.audience.admit(Box::new(shutter));
        }
        pool.add(&links.painter, Box::new(painter));
        pool.add(&links.assembler, second);
        Ok(())
    }

    /// The face that the session of `links` is to have.
    fn face(&self, links: &Links) -> Result<Option<Sitting>, Failure> {
        let Supplies {
            faces,
            studio,
            talker,
            config,
            ..
        } = &self.supplies;
        let job = &links.live.job;
        if !job.kind.is_seen() {
            return Ok(None);
        }
        let failed = |text: String| Failure {
            code: FailureCode::InferenceFailed,
            text,
        };
        if let Some(portrait) = job.portrait {
            return Sitting::of_picture(links, portrait, config, talker.as_ref()).map(Some);
        }
        let face = match (job.filmed, studio) {
            (false, _) => faces(job, config).map_err(|error| failed(error.to_string())),
            (true, Some(studio)) => studio.sit(links, &job.avatar),
            (true, None) => Err(failed(
                "there are no networks for filmed avatars".to_owned(),
            )),
        };
        Ok(Some(Sitting::Done(face?)))
    }

    /// Has the prompt of a session written out, if it is one.
    fn write_out(&self, links: &Links) -> Result<(), Failure> {
        match &self.supplies.writer {
            _ if !links.live.job.expand => Ok(()),
            Some(writer) => {
                writer.write(Arc::clone(&links.live), Arc::clone(&links.manuscript));
                Ok(())
            }
            None => Err(Failure {
                code: FailureCode::InferenceFailed,
                text: "there is no language model any more".to_owned(),
            }),
        }
    }
}

/// Writes the text of `job` down, where all of it is known.
fn copy_out(job: &Job, manuscript: &Manuscript) {
    if job.open || job.expand {
        return;
    }
    // It was found to be well-formed when it came.
    let read = job.ssml.then(|| manuscript.push_ssml(&job.text));
    if !matches!(read, Some(Ok(()))) {
        manuscript.push(&job.text);
    }
    manuscript.finish();
}
