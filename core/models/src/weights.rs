//! The parameters of one network, by name.
//!
//! A network asks for each of its tensors once, with the shape it must have. Where they come from is decided here: a
//! file of safetensors, the names themselves (for probes), or nowhere (to learn what a network asks for).

pub(crate) mod file;
mod fill;
mod scope;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use tch::{Device, Kind, TchError, Tensor};
use thiserror::Error;

use crate::layers::Output;

use file::{FileError, Stored};
pub use fill::{Filler, ramp};
pub use scope::Scope;

/// Why a network could not have its parameters.
#[derive(Debug, Error)]
pub enum WeightsError {
    /// The file cannot be read.
    #[error("{}: {reason}", file.display())]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// As the reader tells it.
        reason: String,
    },
    /// There is no tensor of that name.
    #[error("{file}: there is no tensor \"{name}\", which must be {expected:?}")]
    Missing {
        /// In which file.
        file: String,
        /// Which.
        name: String,
        /// Its shape.
        expected: Vec<i64>,
    },
    /// A tensor has another shape.
    #[error("{file}: tensor \"{name}\" is {found:?}, and must be {expected:?}")]
    Shape {
        /// In which file.
        file: String,
        /// Which.
        name: String,
        /// What it must be.
        expected: Vec<i64>,
        /// What it is.
        found: Vec<i64>,
    },
    /// Tensors that the network has no place for.
    #[error("{file}: nothing of the network is called \"{name}\", nor {others} others there")]
    Unused {
        /// In which file.
        file: String,
        /// The first by name.
        name: String,
        /// How many more.
        others: usize,
    },
    /// libtorch could not hold or move one, for want of memory most likely.
    #[error(transparent)]
    Library(#[from] TchError),
}

enum Source {
    /// Those not asked for yet.
    File(RefCell<BTreeMap<String, Stored>>),
    Names(Filler),
    Nowhere,
}

/// The parameters of one network, and which of them have been asked for.
pub struct Weights {
    source: Source,
    /// What messages call them.
    title: String,
    device: Device,
    kind: Kind,
    asked: RefCell<BTreeMap<String, Vec<i64>>>,
}

impl Weights {
    fn new(source: Source, title: String, device: Device, kind: Kind) -> Self {
        Self {
            source,
            title,
            device,
            kind,
            asked: RefCell::default(),
        }
    }

    /// Those in a file of safetensors, put on `device` as `kind` (of those that are floating-point numbers).
    ///
    /// # Errors
    ///
    /// [`WeightsError::Unreadable`]
    pub fn read(file: &Path, device: Device, kind: Kind) -> Result<Self, WeightsError> {
        let unreadable = |reason: String| WeightsError::Unreadable {
            file: file.to_owned(),
            reason,
        };
        let stored = File::open(file)
            .map_err(FileError::from)
            .and_then(file::stored)
            .map_err(|error| unreadable(error.to_string()))?
            .ok_or_else(|| unreadable("it is no file of safetensors".to_owned()))?;
        let title = file.display().to_string();
        let source = Source::File(RefCell::new(stored));
        Ok(Self::new(source, title, device, kind))
    }

    /// The network that `build` makes of the file `name` in `directory`, all of which it asks for.
    pub(crate) fn whole<T>(
        directory: &Path,
        name: &str,
        (device, kind): (Device, Kind),
        build: impl FnOnce(&Scope<'_>) -> Result<T, WeightsError>,
    ) -> Result<T, WeightsError> {
        let weights = Self::read(&directory.join(format!("{name}.safetensors")), device, kind)?;
        let network = build(&weights.root())?;
        weights.finish()?;
        Ok(network)
    }

    /// Those made from their names: the same on every machine, without any file.
    pub fn named(filler: Filler, device: Device, kind: Kind) -> Self {
        Self::new(
            Source::Names(filler),
            "made from names".to_owned(),
            device,
            kind,
        )
    }

    /// None: tensors without memory of their own. Only to learn what a network asks for.
    pub fn nowhere() -> Self {
        Self::new(Source::Nowhere, "none".to_owned(), Device::Cpu, Kind::Float)
    }

    /// Where names begin with nothing.
    pub fn root(&self) -> Scope<'_> {
        Scope::new(self, String::new())
    }

    /// Whether there is a tensor of this name. Where there is no file there is none of a name nobody must have.
    pub fn has(&self, name: &str) -> bool {
        matches!(&self.source, Source::File(tensors) if tensors.borrow().contains_key(name))
    }

    fn take(&self, name: String, shape: &[i64]) -> Result<Tensor, WeightsError> {
        let tensor = match &self.source {
            Source::File(tensors) => {
                let Some(stored) = tensors.borrow_mut().remove(&name) else {
                    return Err(WeightsError::Missing {
                        file: self.title.clone(),
                        name,
                        expected: shape.to_vec(),
                    });
                };
                if stored.size() != shape {
                    return Err(WeightsError::Shape {
                        file: self.title.clone(),
                        name,
                        expected: shape.to_vec(),
                        found: stored.size(),
                    });
                }
                let tensor = stored.tensor().map_err(|error| match error {
                    // Memory that is short is not the file's fault.
                    error @ TchError::Torch(_) => error.into(),
                    error => WeightsError::Unreadable {
                        file: PathBuf::from(&self.title),
                        reason: format!("tensor \"{name}\": {error}"),
                    },
                })?;
                tensor.f_to_device(self.device)?.f_to_kind(self.kind)?
            }
            Source::Names(filler) => filler
                .tensor(&name, shape)?
                .f_to_device(self.device)?
                .f_to_kind(self.kind)?,
            Source::Nowhere => {
                Tensor::f_zeros([1], (self.kind, self.device))?.f_expand(shape, false)?
            }
        };
        self.asked.borrow_mut().insert(name, shape.to_vec());
        Ok(tensor)
    }

    /// The same in another form. What has no memory of its own keeps its shape instead.
    fn take_as(
        &self,
        name: String,
        shape: &[i64],
        form: impl FnOnce(&Tensor) -> Output,
    ) -> Result<Tensor, WeightsError> {
        let tensor = self.take(name, shape)?;
        if matches!(self.source, Source::Nowhere) {
            return Ok(tensor);
        }
        Ok(form(&tensor)?)
    }

    /// What has been asked for so far, with shapes.
    pub fn asked(&self) -> BTreeMap<String, Vec<i64>> {
        self.asked.borrow().clone()
    }

    /// Whether everything there is has been asked for.
    ///
    /// # Errors
    ///
    /// [`WeightsError::Unused`]
    pub fn finish(self) -> Result<(), WeightsError> {
        let Source::File(tensors) = &self.source else {
            return Ok(());
        };
        let unused = tensors.borrow();
        let mut unused = unused.keys();
        match unused.next() {
            None => Ok(()),
            Some(name) => Err(WeightsError::Unused {
                file: self.title.clone(),
                name: name.clone(),
                others: unused.count(),
            }),
        }
    }
}
