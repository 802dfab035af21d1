//! The directory that an import makes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Metadata, TensorInfo};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::fit::Fitted;
use super::manifest::Entry;
use super::{FORMAT, ImportError, Manifest};

/// A directory in the making: beside the target, and gone with this value unless it is finished.
pub(super) struct Target {
    path: PathBuf,
    partial: TempDir,
    files: BTreeMap<String, Entry>,
}

/// A file in the making.
struct Sink {
    path: PathBuf,
    file: File,
    hash: Sha256,
}

impl Target {
    /// # Errors
    ///
    /// [`ImportError::Exists`] where there is something already, [`ImportError::Io`]
    pub(super) fn new(path: &Path) -> Result<Self, ImportError> {
        let free = match fs::read_dir(path) {
            Ok(mut entries) => entries.next().is_none(),
            Err(error) => error.kind() == std::io::ErrorKind::NotFound,
        };
        if !free {
            return Err(ImportError::Exists(path.to_owned()));
        }
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let partial = tempfile::Builder::new()
            .prefix(".import-")
            .permissions(Permissions::from_mode(0o777))
            .tempdir_in(parent)
            .map_err(ImportError::io(parent))?;
        Ok(Self {
            path: path.to_owned(),
            partial,
            files: BTreeMap::new(),
        })
    }

    /// Writes a text.
    ///
    /// # Errors
    ///
    /// [`ImportError::Io`]
    pub(super) fn text(&mut self, name: &str, text: &str) -> Result<(), ImportError> {
        let mut sink = Sink::new(self.partial.path().join(name))?;
        sink.write(text.as_bytes())?;
        self.keep(name, sink, None)
    }

    /// Writes safetensors, from `file`, one tensor at a time. `progress` is told how many bytes each had.
    ///
    /// # Errors
    ///
    /// [`ImportError::Io`], [`ImportError::Malformed`] where `file` holds less than it says, and those of `progress`.
    pub(super) fn tensors(
        &mut self,
        name: &str,
        file: &Path,
        tensors: &[Fitted],
        progress: &mut dyn FnMut(u64) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        // Wide elements first keeps every tensor aligned to its own, as the format's own writer does.
        let mut order: Vec<&Fitted> = tensors.iter().collect();
        order.sort_by_key(|tensor| std::cmp::Reverse(tensor.stored.kind));
        let mut sink = Sink::new(self.partial.path().join(name))?;
        sink.write(&header(file, &order)?)?;
        for tensor in order {
            let bytes = tensor
                .stored
                .read()
                .map_err(|error| match error.raw_os_error() {
                    Some(_) => ImportError::io(file)(error),
                    None => ImportError::malformed(file, error),
                })?;
            if bytes.len() != tensor.bytes() {
                return Err(ImportError::malformed(
                    file,
                    format_args!("\"{}\" is cut short", tensor.name),
                ));
            }
            sink.write(&bytes)?;
            progress(bytes.len() as u64)?;
        }
        self.keep(name, sink, Some(tensors.len()))
    }

    fn keep(&mut self, name: &str, sink: Sink, tensors: Option<usize>) -> Result<(), ImportError> {
        let sha256 = sink.finish()?;
        self.files
            .insert(name.to_owned(), Entry { sha256, tensors });
        Ok(())
    }

    /// Writes the manifest, which says that `models` are held, and puts the directory in its place.
    ///
    /// # Errors
    ///
    /// [`ImportError::Io`], [`ImportError::Exists`] where something has come there meanwhile.
    pub(super) fn finish(self, models: &[&str]) -> Result<(), ImportError> {
        let manifest = Manifest {
            format: FORMAT,
            model: models.join(" "),
            files: self.files,
        };
        let partial = self.partial.path();
        let file = partial.join(Manifest::NAME);
        let text = serde_json::to_string_pretty(&manifest)
            .map_err(|error| ImportError::malformed(&file, error))?;
        let mut sink = Sink::new(file)?;
        sink.write(text.as_bytes())?;
        sink.write(b"\n")?;
        sink.finish()?;
        // Replaces an empty directory, and nothing else.
        fs::rename(partial, &self.path).map_err(|error| match error.kind() {
            std::io::ErrorKind::DirectoryNotEmpty | std::io::ErrorKind::NotADirectory => {
                ImportError::Exists(self.path.clone())
            }
            _ => ImportError::io(&self.path)(error),
        })?;
        // It is not there any more, and so need not be removed.
        let _ = self.partial.keep();
        Ok(())
    }
}

impl Sink {
    fn new(path: PathBuf) -> Result<Self, ImportError> {
        let file = File::create_new(&path).map_err(ImportError::io(&path))?;
        Ok(Self {
            path,
            file,
            hash: Sha256::new(),
        })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), ImportError> {
        self.hash.update(bytes);
        self.file
            .write_all(bytes)
            .map_err(ImportError::io(&self.path))
    }

    /// SHA-256 of what lies on the disk now.
    fn finish(self) -> Result<String, ImportError> {
        self.file.sync_all().map_err(ImportError::io(&self.path))?;
        let mut text = String::new();
        for byte in self.hash.finalize() {
            let _ = write!(text, "{byte:02x}");
        }
        Ok(text)
    }
}

/// What stands before the elements.
fn header(file: &Path, tensors: &[&Fitted]) -> Result<Vec<u8>, ImportError> {
    let mut begin = 0;
    let infos = tensors.iter().map(|tensor| {
        let end = begin + tensor.bytes();
        let info = TensorInfo {
            dtype: tensor.stored.kind,
            shape: tensor.shape.clone(),
            data_offsets: (begin, end),
        };
        begin = end;
        (tensor.name.clone(), info)
    });
    let metadata = Metadata::new(None, infos.collect())
        .map_err(|error| ImportError::malformed(file, error))?;
    let mut json =
        serde_json::to_vec(&metadata).map_err(|error| ImportError::malformed(file, error))?;
    json.resize(json.len().next_multiple_of(8), b' ');
    let mut header = (json.len() as u64).to_le_bytes().to_vec();
    header.extend(json);
    Ok(header)
}
