//! Where a voice lies, and what can be told of it without ONNX Runtime.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;
use std::time::UNIX_EPOCH;

use thiserror::Error;

use super::profile::{Profile, ProfileError};
use crate::language::Language;

/// Threads for one sentence where nobody says: more hardly help networks as small as these.
const THREADS: usize = 2;

/// Sentences at once where nobody says. More would share the same processors.
const CONCURRENCY: usize = 2;

/// What somebody has who cloned a repository of voices without the large files in it.
const POINTER: &[u8] = b"version https://git-lfs";

/// Where a voice lies, and what it may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// The network, `NAME.onnx`.
    pub network: PathBuf,
    /// What lies beside it, `NAME.onnx.json`.
    pub profile: PathBuf,
    /// ONNX Runtime, 1.17 or later: a path, or a name that the system knows.
    pub runtime: PathBuf,
    /// Threads that work on one sentence.
    pub threads: usize,
    /// The language it speaks, where its files were looked at and it is one of ours.
    pub language: Option<Language>,
}

/// What the files say of a voice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// What espeak-ng calls its language: `ru`, `en-us`, `de`; empty where the files do not say which it is.
    pub accent: String,
    /// Its speakers' names, where they have some.
    pub speakers: Vec<String>,
    /// How many speakers there are.
    pub count: usize,
    /// Another once one of the files is another.
    pub edition: String,
}

/// Why the files of a voice are of no use. Its words are for people, and name the file.
#[derive(Debug, Error)]
pub enum ModelError {
    /// A file is missing, cannot be read, is damaged or is something else.
    #[error("{0}")]
    Broken(String),
    /// The files are whole, and are those of a voice of another kind than can be spoken with here.
    #[error("{0}")]
    Unsupported(String),
}

impl Outline {
    /// The language it speaks, if that is one of ours.
    pub fn language(&self) -> Option<Language> {
        language_of(&self.accent)
    }

    /// Whether `name` is one of its speakers, by name or by number.
    pub fn has_speaker(&self, name: &str) -> bool {
        let numbered = || name.parse().is_ok_and(|number: usize| number < self.count);
        self.speakers.iter().any(|speaker| speaker == name) || numbered()
    }
}

impl Model {
    /// The voice of a network, with what lies beside it, the ONNX Runtime there is, and as many threads as are of use.
    pub fn new(network: PathBuf) -> Self {
        let mut profile = network.clone().into_os_string();
        profile.push(".json");
        Self {
            network,
            profile: profile.into(),
            runtime: Self::default_runtime(),
            threads: available_parallelism().map_or(1, usize::from).min(THREADS),
            language: None,
        }
    }

    /// Sentences it speaks at once where nobody says: as many as there are processors for, and two at most. For each, the network
    /// is in memory once.
    pub fn default_concurrency(&self) -> usize {
        let processors = available_parallelism().map_or(1, usize::from);
        (processors / self.threads.max(1)).clamp(1, CONCURRENCY)
    }

    /// What ONNX Runtime is called where nobody says: what `ORT_DYLIB_PATH` names, or what the system has.
    pub fn default_runtime() -> PathBuf {
        let named = std::env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty());
        named.map_or_else(|| PathBuf::from("libonnxruntime.so"), PathBuf::from)
    }

    /// Looks at the files. Neither the network nor ONNX Runtime is opened, so what passes may still be of no use.
    ///
    /// # Errors
    ///
    /// What is missing, cannot be read or is something else, for people.
    pub fn inspect(&self) -> Result<Outline, ModelError> {
        let mut edition = String::new();
        for path in [&self.network, &self.profile] {
            let found = look(path).map_err(|reason| ModelError::Broken(wrong(path, &reason)))?;
            edition.push_str(&found);
        }
        // A name without a path is looked for by the system, when it is needed.
        if self.runtime.components().count() > 1 {
            look(&self.runtime)
                .map_err(|reason| ModelError::Broken(wrong(&self.runtime, &reason)))?;
        }
        let profile = Profile::read(&self.profile).map_err(|error| match error {
            ProfileError::Broken(reason) => ModelError::Broken(wrong(&self.profile, &reason)),
            ProfileError::Unsupported(reason) => {
                ModelError::Unsupported(wrong(&self.profile, &reason))
            }
        })?;
        let mut speakers: Vec<String> = profile.speakers().map(str::to_owned).collect();
        speakers.sort();
        Ok(Outline {
            accent: profile.voice().to_owned(),
            speakers,
            count: profile.speaker_count(),
            edition,
        })
    }

    /// The voices in a directory, in the order of their names: every network that something lies beside.
    ///
    /// # Errors
    ///
    /// Why the directory cannot be read, for people.
    pub fn all_in(directory: &Path) -> Result<Vec<Self>, String> {
        let entries = fs::read_dir(directory).map_err(|error| wrong(directory, &error))?;
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let network = |path: &PathBuf| path.extension().is_some_and(|end| end == "onnx");
        let mut models: Vec<Self> = paths.filter(network).map(Self::new).collect();
        models.retain(|model| model.profile.is_file());
        models.sort_by(|one, other| one.network.cmp(&other.network));
        Ok(models)
    }
}

/// The language of what espeak-ng calls a voice, if it is one of ours.
pub(in crate::speech) fn language_of(accent: &str) -> Option<Language> {
    accent.split('-').next().and_then(Language::from_code)
}

/// What clients may know of where a file lies.
pub(super) fn file_name(path: &Path) -> Cow<'_, str> {
    path.file_name().unwrap_or_default().to_string_lossy()
}

fn wrong(path: &Path, reason: &dyn std::fmt::Display) -> String {
    format!("{}: {reason}", path.display())
}

/// Whether a file can be read; what tells it from others that lay there before.
fn look(path: &Path) -> Result<String, String> {
    let reason = |error: std::io::Error| error.to_string();
    let found = fs::metadata(path).map_err(reason)?;
    if !found.is_file() {
        return Err("it is not a file".to_owned());
    }
    let mut begin = Vec::new();
    let file = File::open(path).map_err(reason)?;
    let most = POINTER.len() as u64;
    file.take(most).read_to_end(&mut begin).map_err(reason)?;
    if begin.is_empty() {
        return Err("it is empty".to_owned());
    }
    if begin == POINTER {
        return Err(
            "it only says where Git LFS has the file; get that with git lfs pull".to_owned(),
        );
    }
    let changed = found.modified().ok();
    let changed = changed.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let changed = changed.map_or(0, |since| since.as_nanos());
    Ok(format!("{} {} {changed} ", path.display(), found.len()))
}
