//! A file with tensors in it, none of them read yet.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use pytorch_reader::{DType, PickleError, PytorchError, PytorchReader};
use safetensors::Dtype;

use super::ImportError;
use crate::weights::file::{self, FileError};

/// A file with tensors in it: any container of `torch.save`, or safetensors.
pub(super) struct Container {
    /// Names have the keys of the dictionaries they lie in, joined by dots.
    pub(super) tensors: BTreeMap<String, Stored>,
}

/// A tensor in a file.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) shape: Vec<usize>,
    pub(super) kind: Dtype,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Pickled(pytorch_reader::Tensor),
    Plain(file::Stored),
}

impl Container {
    /// Reads what a file says of its tensors. What it is, is told by its beginning and not by its name.
    ///
    /// # Errors
    ///
    /// [`ImportError::Io`], [`ImportError::Malformed`]
    pub(super) fn open(path: &Path) -> Result<Self, ImportError> {
        let file = File::open(path).map_err(ImportError::io(path))?;
        let stored = file::stored(file).map_err(|error| match error {
            FileError::Io(error) => ImportError::io(path)(error),
            FileError::Malformed(reason) => ImportError::malformed(path, reason),
        })?;
        let tensors = match stored {
            Some(stored) => stored.into_iter().map(plain).collect(),
            None => pickled(path)?,
        };
        Ok(Self { tensors })
    }
}

fn plain((name, stored): (String, file::Stored)) -> (String, Stored) {
    let stored = Stored {
        shape: stored.shape.clone(),
        kind: stored.kind,
        place: Place::Plain(stored),
    };
    (name, stored)
}

fn pickled(path: &Path) -> Result<BTreeMap<String, Stored>, ImportError> {
    let reader = PytorchReader::new(path).map_err(|error| match error {
        PytorchError::Io(reason) if reason.raw_os_error().is_some() => {
            ImportError::io(path)(reason)
        }
        // The reader passes over objects that it does not know, but not over what is put into them one by one.
        error @ PytorchError::Pickle(
            PickleError::UnexpectedOpCode(_) | PickleError::UnsupportedType(_),
        ) => ImportError::malformed(
            path,
            format_args!(
                "{error}. Beside the weights it holds objects that cannot be passed over; with \
                 PyTorch, save its dictionary of weights alone"
            ),
        ),
        error => ImportError::malformed(path, error),
    })?;
    let stored = reader.into_tensors().into_iter().map(|(name, tensor)| {
        let stored = Stored {
            shape: tensor.shape().to_vec(),
            kind: kind(tensor.dtype()),
            place: Place::Pickled(tensor),
        };
        (name, stored)
    });
    Ok(stored.collect())
}

fn kind(kind: DType) -> Dtype {
    match kind {
        DType::F64 => Dtype::F64,
        DType::F32 => Dtype::F32,
        DType::F16 => Dtype::F16,
        DType::BF16 => Dtype::BF16,
        DType::I64 => Dtype::I64,
        DType::I32 => Dtype::I32,
        DType::I16 => Dtype::I16,
        DType::I8 => Dtype::I8,
        DType::U64 => Dtype::U64,
        DType::U32 => Dtype::U32,
        DType::U16 => Dtype::U16,
        DType::U8 => Dtype::U8,
        DType::Bool => Dtype::BOOL,
    }
}

impl Stored {
    /// Reads the elements, row by row, little-endian: as many bytes as shape and kind tell.
    ///
    /// # Errors
    ///
    /// The file's.
    pub(super) fn read(&self) -> std::io::Result<Vec<u8>> {
        match &self.place {
            Place::Pickled(tensor) => tensor.read(),
            Place::Plain(stored) => stored.read(),
        }
    }
}
