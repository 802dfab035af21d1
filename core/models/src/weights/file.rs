//! A file of safetensors, read a tensor at a time: what is loaded is in memory once.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use safetensors::Dtype;
use safetensors::tensor::Metadata;
use tch::{Kind, TchError, Tensor};
use thiserror::Error;

/// More than any list of names takes (100 MB is what the format's own reader allows).
const LARGEST_HEADER: u64 = 100_000_000;

/// Why a file's list of tensors cannot be had.
#[derive(Debug, Error)]
pub(crate) enum FileError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("{0}")]
    Malformed(String),
}

/// A tensor in a file.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) shape: Vec<usize>,
    pub(crate) kind: Dtype,
    file: Arc<File>,
    begin: u64,
    length: usize,
}

/// What lies in `file`, by name; nothing where it is no safetensors.
///
/// # Errors
///
/// [`FileError`]
pub(crate) fn stored(file: File) -> Result<Option<BTreeMap<String, Stored>>, FileError> {
    let Some(header) = header(&file)? else {
        return Ok(None);
    };
    // This makes sure that offsets follow each other and that lengths are those of the shapes.
    let metadata: Metadata = serde_json::from_slice(&header)
        .map_err(|error| FileError::Malformed(format!("its header: {error}")))?;
    let begin = 8 + header.len() as u64;
    let found = file.metadata()?.len();
    let expected = begin.saturating_add(metadata.data_len() as u64);
    if found != expected {
        return Err(FileError::Malformed(format!(
            "it is {found} bytes long and must be {expected}"
        )));
    }
    let file = Arc::new(file);
    let stored = metadata.tensors().into_iter().map(|(name, info)| {
        let (from, to) = info.data_offsets;
        let stored = Stored {
            shape: info.shape.clone(),
            kind: info.dtype,
            file: Arc::clone(&file),
            begin: begin + from as u64,
            length: to - from,
        };
        (name, stored)
    });
    Ok(Some(stored.collect()))
}

/// The JSON at the beginning of safetensors; nothing where the file is something else.
fn header(mut file: &File) -> io::Result<Option<Vec<u8>>> {
    let mut beginning = Vec::new();
    file.take(9).read_to_end(&mut beginning)?;
    let Some((length, b"{")) = beginning.split_first_chunk() else {
        return Ok(None);
    };
    let length = u64::from_le_bytes(*length);
    if length > LARGEST_HEADER.min(file.metadata()?.len()) {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(8))?;
    let mut header = Vec::new();
    file.take(length).read_to_end(&mut header)?;
    Ok(Some(header))
}

impl Stored {
    /// Reads the elements, row by row, little-endian: as many bytes as shape and kind tell.
    ///
    /// # Errors
    ///
    /// The file's.
    pub(crate) fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; self.length];
        self.file.read_exact_at(&mut bytes, self.begin)?;
        Ok(bytes)
    }

    /// Its shape, as libtorch counts.
    pub(super) fn size(&self) -> Vec<i64> {
        let sides = self.shape.iter().copied();
        sides
            .map(|side| i64::try_from(side).unwrap_or(i64::MAX))
            .collect()
    }

    /// Reads it, if it is of floating-point numbers.
    ///
    /// # Errors
    ///
    /// The file's, and libtorch's.
    pub(super) fn tensor(&self) -> Result<Tensor, TchError> {
        let kind = match self.kind {
            Dtype::F64 => Kind::Double,
            Dtype::F32 => Kind::Float,
            Dtype::F16 => Kind::Half,
            Dtype::BF16 => Kind::BFloat16,
            other => return Err(TchError::Kind(format!("{other:?} are no parameters"))),
        };
        Tensor::f_from_data_size(&self.read()?, &self.size(), kind)
    }
}
