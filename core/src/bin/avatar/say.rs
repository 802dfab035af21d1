//! `avatar say`: a video of a text, without a server.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use avatar_core::api::{self, Catalogue, MediaFile, Refusal};
use avatar_core::config::{Config, Video};
use avatar_core::generator::{Generator, Neighbourhood, StartError, Workshop};
use avatar_core::session::{
    Bell, Board, Condition, Hint, Intake, Job, Portrait, Record, State, Verdict, WorkerSlot,
};
use avatar_core::store::Store;
use avatar_core::time::FrameRate;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use thiserror::Error;

use crate::networks::Filmed;

/// Makes a video of a text being said.
#[derive(clap::Args)]
pub(crate) struct Say {
    /// What to say.
    text: String,
    /// The MP4 file to write.
    #[arg(short, long, default_value = "avatar.mp4")]
    output: PathBuf,
    /// ru, kk or en.
    #[arg(short, long)]
    language: Option<String>,
    /// One of `avatar voices`.
    #[arg(short, long)]
    voice: Option<String>,
    /// One of `avatar avatars`.
    #[arg(short, long)]
    avatar: Option<String>,
    /// A JPEG, PNG, WebP, HEIC or AVIF of a face, which says it instead of an avatar.
    #[arg(short, long, conflicts_with = "avatar")]
    photo: Option<PathBuf>,
    /// Pixels across and down.
    #[arg(short, long, default_value = "512x512", value_parser = size)]
    size: (u32, u32),
    /// Pictures a second.
    #[arg(short, long, default_value = "25", value_parser = frame_rate)]
    fps: FrameRate,
    #[command(flatten)]
    filmed: Filmed,
    /// Shows no progress.
    #[arg(short, long)]
    quiet: bool,
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let side = |text: &str| {
        let side = text.parse().ok()?;
        (side % 2 == 0 && (Video::MIN_SIDE..=Video::MAX_SIDE).contains(&side)).then_some(side)
    };
    text.split_once('x')
        .and_then(|(width, height)| Some((side(width)?, side(height)?)))
        .ok_or_else(|| {
            format!(
                "it must be two even numbers from {} to {}, such as 512x512",
                Video::MIN_SIDE,
                Video::MAX_SIDE
            )
        })
}

fn frame_rate(text: &str) -> Result<FrameRate, String> {
    text.parse()
        .ok()
        .and_then(FrameRate::new)
        .ok_or_else(|| format!("it must be one of {:?}", FrameRate::ALLOWED))
}

#[derive(Debug, Error)]
pub(crate) enum SayError {
    #[error("{}", .0.message())]
    Refused(Refusal),
    #[error("{0}")]
    Start(#[from] StartError),
    #[error("{0}")]
    Workshop(#[from] avatar_core::generator::WorkshopError),
    #[error("{path}: {reason}")]
    File {
        path: PathBuf,
        reason: std::io::Error,
    },
    #[error("{0}")]
    Failed(String),
}

impl From<Refusal> for SayError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, SayError> {
    std::fs::read(path).map_err(|reason| SayError::File {
        path: path.to_owned(),
        reason,
    })
}

/// Hints, in a program that is its own only process.
struct Here(Sender<Hint>);

impl Bell for Here {
    fn ring(&self, _pid: u32, hint: Hint) -> bool {
        let _ = self.0.send(hint);
        true
    }
}

impl Say {
    pub(crate) fn run(&self) -> Result<(), SayError> {
        let scratch = tempfile::tempdir().map_err(|reason| SayError::File {
            path: std::env::temp_dir(),
            reason,
        })?;
        let config = Arc::new(self.config(scratch.path()));
        let job = self.job(&config)?;
        let (bell, hints) = channel();
        let board = Board::in_memory(1);
        let pid = std::process::id();
        let worker = board.header().enter(pid, |_| true);
        let neighbourhood = Neighbourhood {
            pid,
            bell: Arc::new(Here(bell)),
            alive: |_| true,
        };
        let workshop = Workshop::builtin(&config)?;
        let mut generator = Generator::start(Arc::clone(&config), board, workshop, neighbourhood)?;
        let store = Store::new(&config.data);
        let intake = Intake::new(board, store.clone(), config.limits);
        match &self.photo {
            Some(photo) => intake.accept_pictured(&job, &read(photo)?)?,
            None => intake.accept(&job)?,
        }
        generator.notice(Hint::wanted(job.id));
        let record = self.watch(&intake, &job, worker, &hints)?;
        generator.stop();
        let made = store.path(job.id, MediaFile::Output(job.kind));
        std::fs::copy(&made, &self.output).map_err(|reason| SayError::File {
            path: self.output.clone(),
            reason,
        })?;
        if !self.quiet
            && let Some(notes) = store.notes(job.id)
        {
            eprintln!("{notes}");
        }
        if !self.quiet {
            println!(
                "{}: {:.1} s",
                self.output.display(),
                record.duration.seconds()
            );
        }
        Ok(())
    }

    fn config(&self, data: &Path) -> Config {
        let (width, height) = self.size;
        let mut config = Config {
            data: data.to_owned(),
            video: Video {
                width,
                height,
                frame_rate: self.fps,
            },
            neural: self.filmed.config(),
            // There is one session, and then the directory goes.
            reuse: None,
            ..Config::default()
        };
        // Whoever gives a text on the command line has it already.
        config.limits.text = usize::MAX;
        config
    }

    fn job(&self, config: &Config) -> Result<Job, Refusal> {
        let body = json!({
            "text": self.text,
            "language": self.language,
            "voice": self.voice,
            "avatar": self.avatar,
        });
        let job = api::start(
            body.to_string().as_bytes(),
            config,
            &Catalogue::builtin(config),
        )?;
        Ok(Job {
            portrait: self.photo.is_some().then(Portrait::default),
            ..job
        })
    }

    /// Shows progress until the session is finished.
    fn watch(
        &self,
        intake: &Intake,
        job: &Job,
        worker: Option<WorkerSlot>,
        hints: &Receiver<Hint>,
    ) -> Result<Record, SayError> {
        let bar = if self.quiet {
            ProgressBar::hidden()
        } else {
            ProgressBar::new(100)
        };
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent:>3} %  {msg}") {
            bar.set_style(style);
        }
        loop {
            if let Some(worker) = worker {
                intake.board().watch(job.id, worker);
            }
            let record = intake.find(job.id).ok_or_else(Refusal::unknown_session)?;
            bar.set_position(u64::from(record.progress));
            bar.set_message(format!("{:.1} s", record.duration.seconds()));
            match (record.state, Condition::Ready.check(Some(&record))) {
                (State::Ready, _) => {
                    bar.finish_and_clear();
                    return Ok(record);
                }
                (_, Verdict::Wait) => {}
                _ => {
                    bar.abandon();
                    let failure = record.failure.map(|failure| failure.text);
                    return Err(SayError::Failed(failure.unwrap_or_default()));
                }
            }
            if hints.recv().is_err() {
                return Err(SayError::Failed("the generator is gone".to_owned()));
            }
        }
    }
}
