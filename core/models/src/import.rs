//! Original weight files, turned into a directory of checked ones.
//!
//! Originals are what PyTorch's `torch.save` has left, in any of its containers, or safetensors. Each is compared with what its network
//! asks for: every tensor in the file must be one of the network's, or of those that are known not to be needed, and every
//! tensor of the network must be there, in its shape. What comes out is safetensors with the names our networks use, and a
//! manifest. It is done once; the server never reads an original.
//!
//! Nothing in an original is executed: its pickle is read as data (`pytorch-reader`), and an object that is no tensor stays a name.

mod container;
mod error;
mod fit;
mod manifest;
mod names;
mod part;
mod source;
mod target;
#[cfg(test)]
mod tests;

pub use error::{ImportError, Misfit};
pub use manifest::{Entry, FORMAT, IMTALKER, MUSETALK, Manifest};

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use container::Container;
use fit::Fitted;
use part::Part;
use source::Source;
use target::Target;

/// Told what is being done, and how many bytes of how many are; may break it off.
pub type Progress<'a> = dyn FnMut(&str, u64, u64) -> ControlFlow<()> + 'a;

/// Reads the original files below `source` and writes the directory `target`, which must not exist yet or be empty.
///
/// All tensors are checked before the first is written, and `target` appears when it is whole. One tensor is in memory at a time.
/// Files that only preparation needs may be missing; then `target` lacks them too.
///
/// # Errors
///
/// [`ImportError`]. `target` is then as it was.
pub fn import(
    source: &Path,
    target: &Path,
    progress: &mut Progress<'_>,
) -> Result<(), ImportError> {
    run(&part::PARTS, source, target, progress)
}

fn run(
    parts: &[Part],
    source: &Path,
    target: &Path,
    progress: &mut Progress<'_>,
) -> Result<(), ImportError> {
    let source = Source::new(source)?;
    let mut target = Target::new(target)?;
    let models = models(parts, &source)?;
    let mut checked = Vec::new();
    for part in parts {
        if part.model.is_some_and(|model| !models.contains(&model)) {
            continue;
        }
        for file in source.files(part.sources) {
            let container = Container::open(&file)?;
            if container.tensors.keys().any(|name| (part.holds)(name)) {
                let step = source.name(&file);
                tell(progress, &format!("checking {step}"), 0, 0)?;
                checked.push(Checked::new(part, &source, file, container)?);
                break;
            }
        }
        if part.model.is_some() && checked.last().is_none_or(|last| last.target != part.target) {
            return Err(source.lacking(part.sources.iter().copied()));
        }
    }
    let total = checked.iter().map(Checked::bytes).sum();
    let mut done = 0;
    for part in &checked {
        let step = source.name(&part.file);
        for (name, text) in &part.texts {
            target.text(name, text)?;
        }
        target.tensors(part.target, &part.file, &part.tensors, &mut |bytes| {
            done += bytes;
            tell(progress, &step, done, total)
        })?;
    }
    target.finish(&models)
}

/// The models whose files are there, of those that `parts` are of.
fn models(parts: &[Part], source: &Source) -> Result<Vec<&'static str>, ImportError> {
    // A model is known by its first part.
    let mut first: Vec<(&'static str, &Part)> = Vec::new();
    for part in parts {
        if let Some(model) = part.model
            && first.iter().all(|(known, _)| *known != model)
        {
            first.push((model, part));
        }
    }
    let there = |part: &Part| source.files(part.sources).next().is_some();
    let found = first.iter().filter(|(_, part)| there(part));
    let models: Vec<_> = found.map(|(model, _)| *model).collect();
    if models.is_empty() {
        let names = first.iter().flat_map(|(_, part)| part.sources);
        return Err(source.lacking(names.copied()));
    }
    Ok(models)
}

/// One network's file, which fits.
struct Checked {
    target: &'static str,
    file: PathBuf,
    tensors: Vec<Fitted>,
    texts: Vec<(&'static str, String)>,
}

impl Checked {
    fn new(
        part: &Part,
        source: &Source,
        file: PathBuf,
        container: Container,
    ) -> Result<Self, ImportError> {
        let mut texts = Vec::new();
        let mut configuration = String::new();
        if let Some(companion) = part.configuration {
            configuration = source::beside(&file, companion)?;
            texts.push((companion.target, configuration.clone()));
        }
        if let Some(companion) = part.companion {
            texts.push((companion.target, source::beside(&file, companion)?));
        }
        if let Some(told) = part.told {
            let beside = source.files(told.sources).next();
            let text = beside
                .as_ref()
                .map(|file| std::fs::read_to_string(file).map_err(ImportError::io(file)));
            let has = |end: &str| container.tensors.keys().any(|name| name.ends_with(end));
            configuration = (told.text)(text.transpose()?.as_deref(), &has).map_err(|reason| {
                ImportError::malformed(beside.as_ref().unwrap_or(&file), reason)
            })?;
            texts.push((told.target, configuration.clone()));
        }
        let schema = (part.schema)(&configuration).map_err(|reason| {
            let told = part.told.and_then(|told| source.files(told.sources).next());
            let beside = part
                .configuration
                .map(|one| file.with_file_name(one.source));
            let place = told.or(beside).unwrap_or_else(|| file.clone());
            ImportError::malformed(&place, reason)
        })?;
        let tensors = fit::fit(part, &file, container, &schema)?;
        Ok(Self {
            target: part.target,
            file,
            tensors,
            texts,
        })
    }

    fn bytes(&self) -> u64 {
        self.tensors
            .iter()
            .map(|tensor| tensor.bytes() as u64)
            .sum()
    }
}

fn tell(progress: &mut Progress<'_>, step: &str, done: u64, total: u64) -> Result<(), ImportError> {
    match progress(step, done, total) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(ImportError::Cancelled),
    }
}
