//! Why there is no import.

use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// How many misfits a message names; the rest are counted.
const NAMED: usize = 12;

/// Why there is no import.
#[derive(Debug, Error)]
pub enum ImportError {
    /// A file that must be there is not.
    #[error("{} has none of {}", directory.display(), names.join(", "))]
    Missing {
        /// Where it was looked for.
        directory: PathBuf,
        /// By which names.
        names: Vec<String>,
    },
    /// The directory holds another model.
    #[error("{} holds {found}; only MuseTalk 1.5 and IMTalker can be imported", directory.display())]
    Model {
        /// Which directory.
        directory: PathBuf,
        /// What it seems to hold.
        found: &'static str,
    },
    /// A file is not what its name says.
    #[error("{} cannot be understood: {reason}", file.display())]
    Malformed {
        /// Which.
        file: PathBuf,
        /// In what.
        reason: String,
    },
    /// A file's tensors are not the network's.
    #[error("{} does not fit: {}{}", file.display(), Misfits(misfits), looks.map(|looks| format!(" (it looks like {looks})")).unwrap_or_default())]
    Misfit {
        /// Which.
        file: PathBuf,
        /// In what, at least one.
        misfits: Vec<Misfit>,
        /// What else the file may be.
        looks: Option<&'static str>,
    },
    /// A file cannot be read or written.
    #[error("{}: {reason}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: std::io::Error,
    },
    /// There is something at the target already.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// The caller wished to stop.
    #[error("the import was broken off")]
    Cancelled,
}

impl ImportError {
    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |reason| Self::Io { path, reason }
    }

    pub(super) fn malformed(file: &Path, reason: impl fmt::Display) -> Self {
        Self::Malformed {
            file: file.to_owned(),
            reason: reason.to_string(),
        }
    }
}

/// One tensor that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Misfit {
    /// The network has it and the file does not.
    #[error("there is no tensor \"{name}\", which must be {expected:?}")]
    Missing {
        /// Its name in the network.
        name: String,
        /// Its shape there.
        expected: Vec<i64>,
    },
    /// The shapes differ.
    #[error("tensor \"{name}\" is {found:?}, and must be {expected:?}")]
    Shape {
        /// Its name in the file.
        name: String,
        /// Its shape in the network.
        expected: Vec<i64>,
        /// Its shape in the file.
        found: Vec<usize>,
    },
    /// Its elements are no floating-point numbers.
    #[error("tensor \"{name}\" is of {found}, and must be of floating-point numbers")]
    Kind {
        /// Its name in the file.
        name: String,
        /// Of what it is.
        found: String,
    },
    /// The file has it and the network does not.
    #[error("nothing of the network is called \"{name}\"")]
    Unknown {
        /// Its name in the file.
        name: String,
    },
    /// Two tensors of the file are the same one of the network.
    #[error("both \"{name}\" and \"{other}\" are the same tensor")]
    Twice {
        /// One's name in the file.
        name: String,
        /// The other's.
        other: String,
    },
}

struct Misfits<'a>(&'a [Misfit]);

impl fmt::Display for Misfits<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, misfit) in self.0.iter().take(NAMED).enumerate() {
            let between = if index == 0 { "" } else { "; " };
            write!(formatter, "{between}{misfit}")?;
        }
        match self.0.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(formatter, "; and {more} more"),
        }
    }
}
