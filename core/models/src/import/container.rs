//! A file with tensors in it, none of them read yet.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use pytorch_reader::{DType, PytorchReader};
use safetensors::Dtype;
use safetensors::tensor::Metadata;

use super::ImportError;

/// More than any list of names takes (100 MB is what the format's own reader allows).
const LARGEST_HEADER: u64 = 100_000_000;

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
    Plain {
        file: Arc<File>,
        begin: u64,
        length: usize,
    },
}

impl Container {
    /// Reads what a file says of its tensors. What it is, is told by its beginning and not by its name.
    ///
    /// # Errors
    ///
    /// [`ImportError::Io`], [`ImportError::Malformed`]
    pub(super) fn open(path: &Path) -> Result<Self, ImportError> {
        let file = File::open(path).map_err(ImportError::io(path))?;
        let tensors = match header(&file).map_err(ImportError::io(path))? {
            Some(header) => plain(path, file, &header)?,
            None => pickled(path)?,
        };
        Ok(Self { tensors })
    }
}

/// The JSON at the beginning of safetensors; nothing where the file is something else.
fn header(mut file: &File) -> std::io::Result<Option<Vec<u8>>> {
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

fn plain(path: &Path, file: File, header: &[u8]) -> Result<BTreeMap<String, Stored>, ImportError> {
    // This makes sure that offsets follow each other and that lengths are those of the shapes.
    let metadata: Metadata = serde_json::from_slice(header)
        .map_err(|error| ImportError::malformed(path, format_args!("its header: {error}")))?;
    let begin = 8 + header.len() as u64;
    let found = file.metadata().map_err(ImportError::io(path))?.len();
    let expected = begin.saturating_add(metadata.data_len() as u64);
    if found != expected {
        return Err(ImportError::malformed(
            path,
            format_args!("it is {found} bytes long and must be {expected}"),
        ));
    }
    let file = Arc::new(file);
    let stored = metadata.tensors().into_iter().map(|(name, info)| {
        let (from, to) = info.data_offsets;
        let place = Place::Plain {
            file: Arc::clone(&file),
            begin: begin + from as u64,
            length: to - from,
        };
        let stored = Stored {
            shape: info.shape.clone(),
            kind: info.dtype,
            place,
        };
        (name, stored)
    });
    Ok(stored.collect())
}

fn pickled(path: &Path) -> Result<BTreeMap<String, Stored>, ImportError> {
    let reader = PytorchReader::new(path).map_err(|error| match error {
        pytorch_reader::PytorchError::Io(reason) if reason.raw_os_error().is_some() => {
            ImportError::io(path)(reason)
        }
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
            Place::Plain {
                file,
                begin,
                length,
            } => {
                let mut bytes = vec![0; *length];
                file.read_exact_at(&mut bytes, *begin)?;
                Ok(bytes)
            }
        }
    }
}
