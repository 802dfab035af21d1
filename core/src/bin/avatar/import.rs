//! `avatar import`: original weight files, turned into checked ones.

use std::ops::ControlFlow;
use std::path::PathBuf;

use avatar_neural::NeuralError;
use indicatif::{ProgressBar, ProgressStyle};

use crate::networks::Networks;

/// Turns the original weight files of MuseTalk, of IMTalker or of both into checked ones, once.
#[derive(clap::Args)]
pub(crate) struct Import {
    /// The directory of original files, laid out as the models' own scripts do.
    source: PathBuf,
    /// The directory to make.
    target: PathBuf,
    #[command(flatten)]
    networks: Networks,
    /// Shows no progress.
    #[arg(short, long)]
    quiet: bool,
}

/// What `avatar prepare` needs and a server does not.
const PREPARATION: [&str; 3] = ["s3fd", "dwpose", "bisenet"];

impl Import {
    pub(crate) fn run(&self) -> Result<(), NeuralError> {
        let library = self.networks.open()?;
        let bar = if self.quiet {
            ProgressBar::hidden()
        } else {
            ProgressBar::new(0)
        };
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes}  {msg}") {
            bar.set_style(style);
        }
        let imported = library.import(&self.source, &self.target, &mut |step, done, total| {
            bar.set_length(total);
            bar.set_position(done);
            if bar.message() != step {
                bar.set_message(step.to_owned());
            }
            ControlFlow::Continue(())
        });
        if imported.is_err() {
            bar.abandon();
            return imported;
        }
        bar.finish_and_clear();
        if !self.quiet {
            println!("{}", self.target.display());
        }
        let there = |name: &&str| {
            let file = self.target.join(name);
            file.with_extension("safetensors").exists()
        };
        let missing: Vec<&str> = PREPARATION
            .into_iter()
            .filter(|name| !there(name))
            .collect();
        let photos_only = there(&"renderer") && !there(&"unet");
        if !missing.is_empty() && !photos_only {
            eprintln!(
                "avatar: {} has nothing of {}, without which no avatar can be prepared",
                self.source.display(),
                missing.join(", ")
            );
        }
        if !there(&"s3fd") && there(&"renderer") {
            eprintln!(
                "avatar: {} has nothing of s3fd, without which no face is found in a photo",
                self.source.display()
            );
        }
        Ok(())
    }
}
