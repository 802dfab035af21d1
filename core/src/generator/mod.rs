//! The generator: the one place where sessions are made, in a thread pool of its own.
//!
//! A *desk* thread takes jobs, keeps the listings on the clock and files what is done. Each session is two
//! tasks in the *pool*, a painter and an assembler, scheduled earliest deadline first. *Speaker* threads
//! have sentences spoken. Between the halves of a session lie bounded queues. What the desk is told is in one that has no bound of
//! its own: it is short because the desk only decides and files. Nobody polls, but for the desk's tick of 250 ms, in case a hint is
//! lost.

mod assembler;
mod audience;
mod caller;
mod caretaker;
mod conversation;
mod departures;
mod desk;
mod files;
mod herald;
mod inbox;
mod listener;
mod listing;
mod live;
mod manuscript;
mod notices;
mod painter;
mod pool;
mod recorder;
mod reel;
mod relay;
mod rendition;
mod repertoire;
mod reserve;
mod scheduler;
mod screening;
mod shutter;
mod sitting;
mod soundtrack;
mod speaker;
mod studio;
mod tape;
mod telephone;
mod transcript;
mod voice;
mod winder;
mod workshop;
mod writer;

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use thiserror::Error;

pub use studio::Opener;
pub use workshop::{Faces, Workshop, WorkshopError};

use crate::api::Catalogue;
use crate::config::Config;
use crate::language::Language;
use crate::session::{Bell, Board, Header, Hint};
use crate::store::Store;
use caretaker::Caretaker;
use desk::{Desk, Supplies};
use files::Files;
use herald::Herald;
use live::Publication;
use notices::Notices;
use pool::Pool;
use repertoire::Repertoire;
use speaker::Speaker;
use studio::{Outlook, Staff, Studio};
use telephone::Telephone;
use writer::Writer;

/// How a generator knows the processes around it.
#[derive(Clone)]
pub struct Neighbourhood {
    /// This process.
    pub pid: u32,
    /// Carries hints to the others.
    pub bell: Arc<dyn Bell>,
    /// Whether a process still lives.
    pub alive: fn(u32) -> bool,
}

/// Why a generator did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The data directory cannot be used.
    #[error("the data directory cannot be used: {0}")]
    Data(#[source] io::Error),
    /// A thread was not started.
    #[error("a thread was not started: {0}")]
    Thread(#[source] io::Error),
}

/// How it is said how many sessions networks hold in real time.
type Promise = fn(&Header, Option<u32>);

/// What a studio tells the others: `promise` how many sessions it holds, as long as process `pid` is the generator.
fn outlook(board: Board, pid: u32, promise: Promise, notices: &Notices) -> Outlook {
    let notices = Mutex::new(notices.clone());
    Outlook {
        sessions: Box::new(move |sessions| {
            if board.header().generator() == Some(pid) {
                promise(board.header(), sessions);
            }
        }),
        broken: Box::new(move || {
            let notices = notices.lock();
            notices.unwrap_or_else(PoisonError::into_inner).broken();
        }),
    }
}

/// A running generator.
#[derive(Debug)]
pub struct Generator {
    notices: Notices,
    running: Arc<AtomicUsize>,
    /// Those that use libraries; they must be over before the process ends and the libraries clean up.
    threads: Vec<JoinHandle<()>>,
    staff: Vec<Staff>,
}

impl Generator {
    /// Starts the threads. From now on this process takes new work, and no other.
    ///
    /// # Errors
    ///
    /// [`StartError`]
    pub fn start(
        config: Arc<Config>,
        board: Board,
        workshop: Workshop,
        neighbourhood: Neighbourhood,
    ) -> Result<Self, StartError> {
        let store = Store::new(&config.data);
        store.prepare().map_err(StartError::Data)?;
        let (notices, received) = Notices::channel();
        let running = Arc::new(AtomicUsize::new(0));
        // Who is spoken with where nobody says.
        let catalogue = Catalogue::builtin(&config);
        for voice in Language::ALL
            .into_iter()
            .filter_map(|language| catalogue.voice_of(language))
        {
            workshop.ensemble.prepare(voice);
        }
        let (speaker, speaking) = Speaker::start(workshop.ensemble).map_err(StartError::Thread)?;
        let writer = config.expand.as_ref().map(Writer::start);
        let writer = writer.transpose().map_err(StartError::Thread)?;
        let (herald, telling) = Herald::start().map_err(StartError::Thread)?;
        let Neighbourhood { pid, bell, alive } = neighbourhood;
        board.header().set_generator(pid);
        let avatars = config.neural.as_ref();
        let avatars = avatars.and_then(|neural| neural.avatars.as_deref());
        let hire = |avatars: Option<&Path>, opener: Option<Arc<Opener>>, promise: Promise| {
            promise(board.header(), None);
            let Some(opener) = opener else {
                return Ok((None, None));
            };
            let outlook = outlook(board, pid, promise, &notices);
            let hired = Studio::start(&config, avatars, opener, outlook);
            let hired = hired.map_err(StartError::Thread)?;
            Ok((Some(hired.0), Some(hired.1)))
        };
        // Without avatars there is nobody for the first to draw.
        let networks = workshop.networks.filter(|_| avatars.is_some());
        let (studio, filming) = hire(avatars, networks, Header::set_filmed)?;
        let (talker, posing) = hire(None, workshop.talker, Header::set_photos)?;
        let publication = Publication { board, store, bell };
        let (files, deleting) = Files::start(publication.clone(), pid, config.ttl, alive)
            .map_err(StartError::Thread)?;
        let desk = Desk::new(Supplies {
            pool: Pool::start(config.threads).map_err(StartError::Thread)?,
            publication,
            files,
            notices: notices.clone(),
            faces: workshop.faces,
            studio,
            talker,
            speaker,
            writer,
            caretaker: Caretaker::new(pid, alive),
            herald,
            telephone: Telephone::connect(config.webrtc.clone()),
            repertoire: Repertoire::new(&config, board, pid),
            pid,
            running: Arc::clone(&running),
            config,
        });
        let desk = thread::Builder::new()
            .name("avatar-desk".to_owned())
            .spawn(move || desk.run(&received))
            .map_err(StartError::Thread)?;
        Ok(Self {
            notices,
            running,
            threads: [desk]
                .into_iter()
                .chain(speaking)
                .chain([telling, deleting])
                .collect(),
            staff: filming.into_iter().chain(posing).collect(),
        })
    }

    /// Passes a hint on.
    pub fn notice(&self, hint: Hint) {
        self.notices.hint(hint);
    }

    /// Leaves to another process what can pass on before all sessions here are finished: the port of calls.
    pub fn retire(&self) {
        self.notices.retire();
    }

    /// How many sessions still need this generator.
    pub fn running(&self) -> usize {
        self.running.load(Ordering::Acquire)
    }

    /// Ends all threads; sessions that are not finished are left as they are. False when the process must end without
    /// cleaning up: networks are still being loaded or at work, or can no longer be unloaded.
    pub fn stop(&mut self) -> bool {
        self.notices.stop();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
        let mut ended = true;
        for staff in self.staff.drain(..) {
            ended &= staff.stop();
        }
        ended
    }
}

impl Drop for Generator {
    fn drop(&mut self) {
        self.stop();
    }
}
