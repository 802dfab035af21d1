//! `avatar prepare`: a film of somebody becomes an avatar.

use std::path::{Path, PathBuf};

use avatar_codec::ClipSettings;
use avatar_core::face::neural::preparation::{
    Preparation, PreparationError, Progress, Shape, prepare,
};
use avatar_core::face::neural::{MaskMode, is_id};
use avatar_core::time::FrameRate;
use avatar_neural::Mode;
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};

use crate::networks::Networks;

/// Makes an avatar of a film of somebody who looks into the camera. If it is interrupted, the same command goes on.
#[derive(clap::Args)]
pub(crate) struct Prepare {
    /// The film: any that FFmpeg reads. All of it is used, and its sound is not.
    film: PathBuf,
    /// What clients call the avatar: letters, digits, - and _.
    #[arg(short, long, value_parser = name)]
    name: String,
    /// What people call it [default: its name].
    #[arg(short, long)]
    title: Option<String>,
    /// The directory of prepared avatars; this one gets a directory of its own in it.
    #[arg(long, value_name = "DIRECTORY", default_value = "avatars")]
    avatars: PathBuf,
    /// The directory of imported weights, as `avatar import` writes it.
    #[arg(long, value_name = "DIRECTORY", default_value = "weights")]
    weights: PathBuf,
    #[command(flatten)]
    networks: Networks,
    /// auto, cpu, cuda or cuda:N.
    #[arg(long, default_value = "auto")]
    device: String,
    /// Threads that compute on the processor; 0 is one for each core.
    #[arg(long, default_value = "0")]
    threads: u32,
    /// Which part of the face is redrawn.
    #[arg(long, value_enum, default_value = "jaw")]
    mode: Part,
    /// Where the left cheek ends, in jaw mode: columns from the middle, of 256.
    #[arg(long, value_name = "COLUMNS", default_value = "90", value_parser = clap::value_parser!(u32).range(..=256))]
    left_cheek: u32,
    /// Where the right cheek begins, likewise.
    #[arg(long, value_name = "COLUMNS", default_value = "90", value_parser = clap::value_parser!(u32).range(..=256))]
    right_cheek: u32,
    /// Rows added to the face below the chin.
    #[arg(long, value_name = "ROWS", default_value = "10")]
    extra_margin: u32,
    /// Rows by which the middle of the face is moved down; MuseTalk 1.5 was trained with none.
    #[arg(
        long,
        value_name = "ROWS",
        default_value = "0",
        allow_negative_numbers = true
    )]
    bbox_shift: i32,
    /// Pixels down, at the most: higher films are made smaller.
    #[arg(long, value_name = "PIXELS", default_value = "720")]
    height: u32,
    /// Takes the place of an avatar of this name.
    #[arg(long)]
    replace: bool,
    /// Shows no progress.
    #[arg(short, long)]
    quiet: bool,
}

/// Which part of the face is redrawn.
#[derive(Clone, Copy, ValueEnum)]
enum Part {
    /// The mouth and the jaw, with cheeks as they were filmed.
    Jaw,
    /// Skin, mouth and lips.
    Raw,
    /// These, and the neck.
    Neck,
}

fn name(text: &str) -> Result<String, &'static str> {
    if is_id(text) {
        Ok(text.to_owned())
    } else {
        Err("it must be 1 to 64 letters (a to z), digits, - or _")
    }
}

impl Prepare {
    pub(crate) fn run(&self) -> Result<(), PreparationError> {
        let preparation = Preparation {
            film: self.film.clone(),
            directory: self.avatars.join(&self.name),
            title: self.title.clone().unwrap_or_else(|| self.name.clone()),
            clip: ClipSettings {
                frame_rate: FrameRate::DEFAULT.per_second(),
                max_height: self.height,
            },
            shape: self.shape(),
            weights: version(&self.weights),
            replace: self.replace,
        };
        let bar = self.bar();
        let outcome = prepare(
            &preparation,
            || self.open(),
            |progress| show(&bar, progress),
        );
        match &outcome {
            Ok(_) => bar.finish_and_clear(),
            Err(_) => bar.abandon(),
        }
        let outcome = outcome?;
        if !self.quiet {
            println!(
                "{}: {} frames",
                preparation.directory.display(),
                outcome.frames
            );
            if outcome.faceless > 0 {
                println!(
                    "{} of them have no face; the mouth is drawn where it is in the frames around them",
                    outcome.faceless
                );
            }
        }
        Ok(())
    }

    fn shape(&self) -> Shape {
        Shape {
            mode: match self.mode {
                Part::Jaw => MaskMode::Jaw,
                Part::Raw => MaskMode::Raw,
                Part::Neck => MaskMode::Neck,
            },
            left_cheek: self.left_cheek,
            right_cheek: self.right_cheek,
            extra_margin: self.extra_margin,
            bbox_shift: self.bbox_shift,
        }
    }

    fn open(&self) -> Result<avatar_neural::Preparer, PreparationError> {
        let preparation = avatar_neural::Preparation {
            weights: self.weights.clone(),
            device: self.device.clone(),
            threads: self.threads,
            mode: match self.mode {
                Part::Jaw => Mode::Jaw,
                Part::Raw => Mode::Raw,
                Part::Neck => Mode::Neck,
            },
            left_cheek: self.left_cheek,
            right_cheek: self.right_cheek,
            extra_margin: self.extra_margin,
            bbox_shift: self.bbox_shift,
        };
        let library = self.networks.open();
        Ok(library.and_then(|library| library.preparer(&preparation))?)
    }

    fn bar(&self) -> ProgressBar {
        let bar = if self.quiet {
            ProgressBar::hidden()
        } else {
            ProgressBar::new(0)
        };
        if let Ok(style) =
            ProgressStyle::with_template("{msg:<20} {bar:40} {pos:>5} of {len}, {eta} left")
        {
            bar.set_style(style);
        }
        bar.set_message("loading networks");
        bar.tick();
        bar
    }
}

fn show(bar: &ProgressBar, progress: Progress) {
    let (title, done, all) = match progress {
        Progress::Finding { done, expected } => {
            // Films may tell a little less than they have.
            (
                "looking for faces",
                done,
                expected.unwrap_or(0).max(done as u64),
            )
        }
        Progress::Preparing { done, frames } => ("preparing frames", done, frames as u64),
    };
    bar.set_length(all);
    if bar.message() != title {
        bar.set_message(title);
        bar.set_position(done as u64);
        // What was done before says nothing of how long the rest will take.
        bar.reset_eta();
    }
    bar.set_position(done as u64);
}

/// What tells imported weights from any others: what their manifest says, which has the sums of all files.
fn version(weights: &Path) -> String {
    std::fs::read_to_string(weights.join("manifest.json")).unwrap_or_default()
}
