//! The library of neural networks, as the command line names it.

use std::path::PathBuf;

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
        Library::open(&self.library.clone().unwrap_or_else(usual))
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
