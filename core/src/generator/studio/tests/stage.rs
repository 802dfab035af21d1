//! Networks that compute nothing, and sessions without painters.

use std::any::Any;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use avatar_codec::Picture;

use super::super::{Opener, Outlook, Snapshot, Staff, Studio};
use crate::config::{Config, Video};
use crate::face::Face;
use crate::face::neural::{
    Description, Listener, Manner, NetworkError, Networks, Portrait, Request, Subject, specimen,
};
use crate::face::photo::Still;
use crate::generator::live::{Live, Publication};
use crate::generator::manuscript::Manuscript;
use crate::generator::notices::{Notice, Notices};
use crate::generator::painter::Links;
use crate::generator::pool::Pool;
use crate::generator::reel::Reel;
use crate::generator::transcript::Transcript;
use crate::session::{Board, Failure, Job, NoBell};
use crate::store::Store;
use crate::time::{FrameRate, Samples};

pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// Asks again and again until it is so.
pub(super) fn until(what: &str, mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// What a fake does with a batch.
pub(super) type Habit = dyn Fn(&[Wanted]) -> Result<(), NetworkError> + Send + Sync;

/// One face of a batch, as a fake sees it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wanted {
    pub(super) avatar: String,
    pub(super) index: usize,
    /// The listener that heard it, counted from 1; 0 when the studio tries itself.
    pub(super) session: usize,
    /// Which frame of that session.
    pub(super) frame: usize,
}

/// Networks whose tokens say whose they are, and whose faces are as bright as the sound was loud.
pub(super) struct Fake {
    pub(super) listeners: Arc<AtomicUsize>,
    pub(super) batches: Arc<Mutex<Vec<Vec<Wanted>>>>,
    /// The photos that were looked at: how wide they are, and whether a face was to be found.
    pub(super) looks: Arc<Mutex<Vec<(u32, bool)>>>,
    /// Whether faces are found.
    pub(super) finds: bool,
    /// Nothing is drawn while this is false.
    pub(super) open: Arc<AtomicBool>,
    pub(super) habit: Box<Habit>,
}

pub(super) const SIDE: usize = 16;
pub(super) const TOKENS: usize = 3;
pub(super) const AHEAD: Samples = Samples::from_millis(100);

impl Fake {
    pub(super) fn new(
        habit: impl Fn(&[Wanted]) -> Result<(), NetworkError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            listeners: Arc::default(),
            batches: Arc::default(),
            looks: Arc::default(),
            finds: true,
            open: Arc::new(AtomicBool::new(true)),
            habit: Box::new(habit),
        }
    }
}

pub(super) struct Heard {
    pub(super) session: usize,
    /// At 16 kHz.
    pub(super) sound: Vec<f32>,
    pub(super) frames: usize,
    /// So many become known at once.
    pub(super) step: usize,
}

impl Listener for Heard {
    fn hear(
        &mut self,
        pcm: &[f32],
        last: bool,
        tokens: &mut Vec<f32>,
    ) -> Result<usize, NetworkError> {
        self.sound.extend(pcm);
        let mut found = 0;
        loop {
            let begin = self.frames * 640;
            let known = match last {
                true => begin < self.sound.len(),
                false => {
                    let whole = self.frames / self.step * self.step + self.step - 1;
                    whole * 640 + 1600 <= self.sound.len()
                }
            };
            if !known {
                return Ok(found);
            }
            let end = (begin + 640).min(self.sound.len());
            let peak = self.sound[begin..end]
                .iter()
                .fold(0.0, |a: f32, b| a.max(b.abs()));
            tokens.extend([self.session as f32, self.frames as f32, peak]);
            self.frames += 1;
            found += 1;
        }
    }
}

pub(super) struct Latents {
    pub(super) avatar: String,
    pub(super) frames: usize,
}

impl Portrait for Latents {
    fn frames(&self) -> usize {
        self.frames
    }
}

impl Networks for Fake {
    fn description(&self) -> Description {
        Description {
            face_side: SIDE,
            tokens: TOKENS,
            sample_rate: 16_000,
            max_batch: 16,
            lookahead: AHEAD,
            finds_faces: self.finds,
        }
    }

    fn listener(
        &self,
        _: &dyn Portrait,
        manner: Option<&Manner>,
        _: FrameRate,
    ) -> Result<Box<dyn Listener>, NetworkError> {
        Ok(Box::new(Heard {
            step: manner.map_or(1, |manner| manner.step as usize),
            session: self.listeners.fetch_add(1, Ordering::SeqCst) + 1,
            sound: Vec::new(),
            frames: 0,
        }))
    }

    fn portrait(&self, subject: Subject<'_>) -> Result<Box<dyn Portrait>, NetworkError> {
        let latents = match subject {
            Subject::Filmed(latents) => latents,
            Subject::Photo { still, find } => {
                self.looks.lock().unwrap().push((still.width, find));
                if find && still.rgb[0] == 0 {
                    return Err(NetworkError::NoFace("nobody is there".to_owned()));
                }
                return Ok(Box::new(Latents {
                    avatar: format!("photo {}", still.rgb[0]),
                    frames: 1,
                }));
            }
        };
        let avatar = latents.parent().unwrap().file_name().unwrap();
        let text = std::fs::read_to_string(latents).unwrap();
        Ok(Box::new(Latents {
            avatar: avatar.to_str().unwrap().to_owned(),
            frames: text.parse().unwrap_or(FRAMES),
        }))
    }

    fn faces(&self, batch: &mut [Request<'_>]) -> Result<(), NetworkError> {
        let wanted: Vec<Wanted> = batch
            .iter()
            .map(|request| {
                let portrait: &dyn Any = request.portrait;
                Wanted {
                    avatar: portrait.downcast_ref::<Latents>().unwrap().avatar.clone(),
                    index: request.index,
                    session: request.tokens[0] as usize,
                    frame: request.tokens[1] as usize,
                }
            })
            .collect();
        while !self.open.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        (self.habit)(&wanted)?;
        for request in batch {
            let light = (request.tokens[2] * 255.0) as u8;
            request.face.fill(light);
        }
        self.batches.lock().unwrap().push(wanted);
        Ok(())
    }
}

pub(super) const FRAMES: usize = 4;
pub(super) const SIZE: (usize, usize) = (64, 48);

/// A studio with the avatars "anna" and "odd".
pub(super) struct Place {
    pub(super) studio: Studio,
    pub(super) staff: Staff,
    pub(super) pool: Pool,
    pub(super) publication: Publication,
    pub(super) notices: Notices,
    pub(super) received: Receiver<Notice>,
    pub(super) promises: Arc<Mutex<Vec<Option<u32>>>>,
    pub(super) broken: Arc<AtomicBool>,
    pub(super) _data: tempfile::TempDir,
}

impl Place {
    pub(super) fn new(fake: Fake) -> Self {
        let fake: Arc<dyn Networks> = Arc::new(fake);
        Self::opened_by(Arc::new(move || Ok(Arc::clone(&fake))))
    }

    pub(super) fn opened_by(opener: Arc<Opener>) -> Self {
        let data = tempfile::tempdir().unwrap();
        let avatars = data.path().join("avatars");
        for id in ["anna", "odd"] {
            let manifest = specimen::manifest(SIZE.0 as u32, SIZE.1 as u32, FRAMES);
            specimen::write(&avatars.join(id), &manifest);
        }
        Self::over(data, Some(&avatars), opener)
    }

    /// A studio for photos.
    pub(super) fn of_photos(fake: Fake) -> Self {
        let fake: Arc<dyn Networks> = Arc::new(fake);
        let data = tempfile::tempdir().unwrap();
        Self::over(data, None, Arc::new(move || Ok(Arc::clone(&fake))))
    }

    pub(super) fn over(
        data: tempfile::TempDir,
        avatars: Option<&Path>,
        opener: Arc<Opener>,
    ) -> Self {
        let config = Config {
            data: data.path().to_owned(),
            video: Video {
                width: SIZE.0 as u32,
                height: SIZE.1 as u32,
                ..Video::default()
            },
            ..Config::default()
        };
        let promises: Arc<Mutex<Vec<Option<u32>>>> = Arc::default();
        let broken = Arc::new(AtomicBool::new(false));
        let outlook = Outlook {
            sessions: {
                let promises = Arc::clone(&promises);
                Box::new(move |sessions| promises.lock().unwrap().push(sessions))
            },
            broken: {
                let broken = Arc::clone(&broken);
                Box::new(move || broken.store(true, Ordering::SeqCst))
            },
        };
        let (studio, staff) = Studio::start(&config, avatars, opener, outlook).unwrap();
        let (notices, received) = Notices::channel();
        Self {
            studio,
            staff,
            pool: Pool::start(1).unwrap(),
            publication: Publication {
                board: Board::in_memory(64),
                store: Store::new(data.path()),
                bell: Arc::new(NoBell),
            },
            notices,
            received,
            promises,
            broken,
            _data: data,
        }
    }

    pub(super) fn sit(&self, avatar: &str) -> Result<Model, Failure> {
        self.seat(|studio, links| studio.sit(links, avatar))
    }

    /// Somebody on a photo of this light, who speaks `step` frames at once.
    pub(super) fn pose(&self, light: u8, step: u32) -> Result<Model, Failure> {
        self.pose_as(step, move |find| {
            Ok(Snapshot {
                still: Still {
                    rgb: vec![light; 8 * 8 * 3],
                    ..Still::black(8)
                },
                find,
            })
        })
    }

    pub(super) fn pose_as(
        &self,
        step: u32,
        look: impl FnOnce(bool) -> Result<Snapshot, Failure> + Send + 'static,
    ) -> Result<Model, Failure> {
        let manner = Manner {
            seed: 42,
            moments: 10,
            guidance: 2.0,
            pose: None,
            gaze: None,
            step,
        };
        self.seat(|studio, links| studio.pose(links, manner, Box::new(look)))
    }

    fn seat(
        &self,
        sit: impl FnOnce(&Studio, &Links) -> Result<Box<dyn Face>, Failure>,
    ) -> Result<Model, Failure> {
        let live = Arc::new(Live::new(
            Job::saying("Hello."),
            self.publication.clone(),
            self.notices.clone(),
        ));
        let (painter, transcript) = (self.pool.waker(), Arc::<Transcript>::default());
        let links = Links {
            live: Arc::clone(&live),
            reel: Arc::new(Reel::new(1, Some(SIZE))),
            transcript: Arc::clone(&transcript),
            manuscript: Arc::new(Manuscript::new(transcript, painter.clone(), None)),
            inbox: Arc::default(),
            audience: Arc::default(),
            painter,
            assembler: self.pool.waker(),
        };
        let face = sit(&self.studio, &links)?;
        Ok(Model {
            live,
            face,
            begun: Instant::now(),
            heard: Samples::ZERO,
            painted: 0,
        })
    }

    pub(super) fn is_open(&self) -> bool {
        self.studio.0.lock().open
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.staff.stop();
        self.pool.stop();
    }
}

/// One session, without a painter.
pub(super) struct Model {
    pub(super) live: Arc<Live>,
    pub(super) face: Box<dyn Face>,
    pub(super) begun: Instant,
    pub(super) heard: Samples,
    pub(super) painted: u64,
}

impl Model {
    pub(super) fn hear(&mut self, level: f32, frames: usize) {
        self.hear_samples(level, Samples(1920 * frames as u64));
    }

    pub(super) fn hear_samples(&mut self, level: f32, samples: Samples) {
        self.face.hear(&vec![level; samples.0 as usize], &[]);
        self.heard += samples;
    }

    pub(super) fn ready(&mut self, late: bool) -> bool {
        let due = self.begun + FrameRate::DEFAULT.start_of(self.painted).duration();
        self.face.ready(due, late)
    }

    /// How bright the mouth is in the next frame.
    pub(super) fn paint(&mut self) -> u8 {
        let mut picture = Picture::new(SIZE.0, SIZE.1);
        self.face.paint(&mut picture).unwrap();
        self.painted += 1;
        picture.y[36 * SIZE.0 + SIZE.0 / 2]
    }

    pub(super) fn next(&mut self) -> u8 {
        until("a face", || self.ready(false));
        self.paint()
    }

    pub(super) fn play(&mut self, frames: usize) {
        for _ in 0..frames {
            self.next();
        }
    }

    /// Paints no more than `frames` frames, and none that must be waited for.
    pub(super) fn play_what_is_there(&mut self, frames: usize) {
        for _ in 0..frames {
            if self.ready(false) {
                self.paint();
            }
        }
    }

    pub(super) fn failure(&self) -> Failure {
        until("a failure", || self.live.failure().is_some());
        self.live.failure().unwrap()
    }
}
