//! The library of neural networks, as the command line names it.

use std::path::PathBuf;

use avatar_core::config::{Neural, NeuralPrecision};
use avatar_core::face::neural::talks;
use avatar_neural::{Library, NeuralError};

/// Its name where it is not beside the program.
const LIBRARY: &str = "libavatar_models.so";

/// Which library of neural networks to open.
#[derive(clap::Args)]
pub(crate) struct Networks {
    /// The library of neural networks [default: libavatar_models.so beside this program, or where the system looks for
    /// libraries]
    #[arg(short = 'L', long, value_name = "FILE")]
    library: Option<PathBuf>,
}

impl Networks {
    /// Opens it.
    pub(crate) fn open(&self) -> Result<Library, NeuralError> {
        Library::open(&self.path())
    }

    fn path(&self) -> PathBuf {
        self.library.clone().unwrap_or_else(usual)
    }
}

/// Filmed avatars, and the networks that draw them and photos.
#[derive(clap::Args)]
pub(crate) struct Filmed {
    /// A directory of prepared avatars, as `avatar prepare` writes it; without one there are none but those that are drawn.
    #[arg(long, value_name = "DIRECTORY")]
    avatars: Option<PathBuf>,
    /// The directory of imported weights, as `avatar import` writes it.
    #[arg(long, value_name = "DIRECTORY", default_value = "weights")]
    weights: PathBuf,
    #[command(flatten)]
    networks: Networks,
    /// auto, cpu, cuda or cuda:N.
    #[arg(long, default_value = "auto")]
    device: String,
    /// auto, f32, f16 or bf16.
    #[arg(long, default_value = "auto", value_parser = precision)]
    precision: NeuralPrecision,
}

fn precision(word: &str) -> Result<NeuralPrecision, String> {
    NeuralPrecision::from_word(word).ok_or_else(|| "it must be auto, f32, f16 or bf16".to_owned())
}

impl Filmed {
    /// The core's configuration of them, where there is anything for them to draw.
    pub(crate) fn config(&self) -> Option<Neural> {
        let avatars = self.avatars.clone();
        let needed = avatars.is_some() || talks(&self.weights);
        let neural = Neural::new(self.networks.path(), self.weights.clone(), avatars);
        needed.then(|| Neural {
            device: self.device.clone(),
            precision: self.precision,
            ..neural
        })
    }
}

fn usual() -> PathBuf {
    let beside = std::env::current_exe()
        .map(|program| program.with_file_name(LIBRARY))
        .ok();
    beside
        .filter(|library| library.exists())
        .unwrap_or_else(|| PathBuf::from(LIBRARY))
}
