//! Voices of Piper as engines: one network, or all that lie in a directory.

use std::path::{Path, PathBuf};

use avatar_core::speech::piper::{Model, ModelError, Outline};
use avatar_core::speech::{EngineSettings, Means, Voice, VoiceSettings};

use super::Prefixes;
use super::speech::check_id;
use super::values::{Fault, wrong};
use super::words::{Words, count};
use crate::conf::MainConf;

/// Speakers named to somebody who asked for another: there may be hundreds.
const NAMED: usize = 8;

/// `avatar_speech_engine NAME piper …`
pub(super) fn set_engine(
    conf: &mut MainConf,
    name: &str,
    values: &[&str],
    prefixes: &Prefixes,
) -> Result<(), Fault> {
    let known = [
        "model",
        "voices",
        "config",
        "library",
        "threads",
        "concurrency",
    ];
    let words = Words::read(values, &known)?;
    let prepared = |model| prepare(model, &words, prefixes);
    match (words.value("model"), words.value("voices")) {
        (Some(network), None) => {
            let mut model = prepared(Model::new(prefixes.conf.join(network)))?;
            if let Some(profile) = words.value("config") {
                model.profile = prefixes.conf.join(profile);
            }
            let outline = inspect(&model, network)?;
            add_engine(conf, name, model, &outline, &words)
        }
        (None, Some(directory)) => {
            if words.value("config").is_some() {
                return Err(wrong(name, "config= is of no use without model="));
            }
            let found = Model::all_in(&prefixes.conf.join(directory));
            let found = found.map_err(|reason| wrong(directory, reason))?;
            if found.is_empty() {
                return Err(wrong(directory, "there is no voice in it"));
            }
            for model in found {
                let id = stem(&model.network);
                let model = prepared(model)?;
                let pass_over = |reason: &str| {
                    let text = format!("the voice \"{id}\" is passed over: {reason}");
                    prefixes.warnings.borrow_mut().push(text);
                };
                let outline = match model.inspect() {
                    Ok(outline) => outline,
                    // What is damaged was meant to be used; what is of another kind came with the directory.
                    Err(ModelError::Unsupported(reason)) => {
                        pass_over(&reason);
                        continue;
                    }
                    Err(error) => return Err(wrong(&id, error.to_string())),
                };
                // Nobody could ask for it.
                let Some(language) = outline.language() else {
                    pass_over(&match outline.accent.as_str() {
                        "" => "its file does not say which language it speaks".to_owned(),
                        accent => format!("its language, \"{accent}\", is none of ours"),
                    });
                    continue;
                };
                check_id(&id)?;
                add_engine(conf, &id, model, &outline, &words)?;
                conf.said.speech.voices.push(VoiceSettings {
                    voice: Voice {
                        name: id.clone(),
                        id: id.clone(),
                        language,
                    },
                    engine: id,
                    speaker: String::new(),
                    fallback: Vec::new(),
                });
            }
            Ok(())
        }
        _ => Err(wrong(name, "it needs either model= or voices=")),
    }
}

/// What is known of the voice that `engine` is, where it is one of Piper's. `voice=` must be one of its speakers then.
pub(super) fn speaking(
    conf: &MainConf,
    engine: &str,
    words: &Words<'_>,
) -> Result<Option<Outline>, Fault> {
    let Some(Means::Piper(model, _)) = conf.said.speech.engine(engine).map(|engine| &engine.means)
    else {
        return Ok(None);
    };
    let outline = inspect(model, engine)?;
    words.read_as("voice", |speaker| match outline.has_speaker(speaker) {
        true => Ok(()),
        false => Err(match outline.speakers.as_slice() {
            [] => format!("its speakers are 0 to {}", outline.count - 1),
            names => {
                let names: Vec<_> = names.iter().take(NAMED).map(String::as_str).collect();
                format!(
                    "it has {} speakers, such as {}",
                    outline.count,
                    names.join(", ")
                )
            }
        }),
    })?;
    Ok(Some(outline))
}

fn prepare(mut model: Model, words: &Words<'_>, prefixes: &Prefixes) -> Result<Model, Fault> {
    if let Some(library) = words.value("library") {
        // A name alone is for the system to find.
        model.runtime = match library.contains('/') {
            true => prefixes.conf.join(library),
            false => PathBuf::from(library),
        };
    }
    if let Some(threads) = words.read_as("threads", |value| count(value, 1, 64))? {
        model.threads = threads;
    }
    Ok(model)
}

fn inspect(model: &Model, word: &str) -> Result<Outline, Fault> {
    model
        .inspect()
        .map_err(|error| wrong(word, error.to_string()))
}

fn add_engine(
    conf: &mut MainConf,
    name: &str,
    mut model: Model,
    outline: &Outline,
    words: &Words<'_>,
) -> Result<(), Fault> {
    model.language = outline.language();
    let concurrency = model.default_concurrency();
    if conf.said.speech.engine(name).is_some() {
        return Err(wrong(name, "there is such an engine already"));
    }
    conf.said.speech.engines.push(EngineSettings {
        name: name.to_owned(),
        means: Means::Piper(model, outline.edition.clone()),
        seats: words
            .read_as("concurrency", |value| count(value, 1, 64))?
            .unwrap_or(concurrency),
    });
    Ok(())
}

/// What a voice is called where its file is all there is.
fn stem(network: &Path) -> String {
    let stem = network.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}
