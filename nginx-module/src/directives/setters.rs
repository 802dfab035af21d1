//! What each directive means.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use avatar_core::config::{NeuralPrecision, Reuse, Video};
use avatar_core::hls::SegmentFormat;
use avatar_core::language::Language;

use super::Prefixes;
use super::values::{
    Fault, device_name, existing_directory, existing_file, frame_rate, number, of_parameter, once,
    only, parse_offset, parse_size, sides, time, wrong,
};
use crate::base::Base;
use crate::conf::{LocationConf, MainConf, Models};
use crate::keys::Keys;
use crate::origins::{self, Origins};
use crate::{hints, zone};

pub(super) fn set_on(conf: &mut LocationConf, values: &[&str], _: &Prefixes) -> Result<(), Fault> {
    once(&mut conf.on, || match values {
        ["on"] => Ok(true),
        ["off"] => Ok(false),
        _ => Err(wrong(only(values), "it must be \"on\" or \"off\"")),
    })
}

pub(super) fn set_zone(conf: &mut MainConf, values: &[&str], _: &Prefixes) -> Result<(), Fault> {
    let value = only(values);
    once(&mut conf.said.zone, || {
        let (name, size) = value
            .split_once(':')
            .filter(|(name, _)| !name.is_empty())
            .ok_or_else(|| wrong(value, "it must be a name and a size, such as avatar:4m"))?;
        let bytes = parse_size(size).ok_or_else(|| wrong(value, "the size is not a size"))?;
        if bytes < zone::MIN_SIZE {
            let least = zone::MIN_SIZE / 1024;
            return Err(wrong(value, format!("the size must be at least {least}k")));
        }
        Ok((name.to_owned(), bytes))
    })
}

pub(super) fn set_data(
    conf: &mut MainConf,
    values: &[&str],
    prefixes: &Prefixes,
) -> Result<(), Fault> {
    let value = only(values);
    once(&mut conf.said.data, || {
        let path = prefixes.data.join(value.trim_end_matches('/'));
        if value.trim_end_matches('/').is_empty() {
            return Err(wrong(value, "it must be a directory of its own"));
        }
        check_data(&path).map_err(|reason| wrong(value, reason))?;
        Ok(path)
    })
}

/// Whether `path` can be the data directory.
pub(crate) fn check_data(path: &Path) -> Result<(), String> {
    let length = path.as_os_str().len();
    if length > hints::MAX_DATA {
        return Err(format!(
            "the path of a socket in it would be too long: it has {length} characters, and {} are \
             possible",
            hints::MAX_DATA
        ));
    }
    if path.exists() && !path.is_dir() {
        return Err("it is not a directory".to_owned());
    }
    match path.parent() {
        Some(parent) if !parent.is_dir() => {
            Err(format!("the directory {} does not exist", parent.display()))
        }
        _ => Ok(()),
    }
}

pub(super) fn set_threads(conf: &mut MainConf, values: &[&str], _: &Prefixes) -> Result<(), Fault> {
    let value = only(values);
    once(&mut conf.said.threads, || match value {
        "auto" => Ok(std::thread::available_parallelism().map_or(1, usize::from)),
        _ => number(value, 1, 1024),
    })
}

pub(super) fn set_language(
    conf: &mut MainConf,
    values: &[&str],
    _: &Prefixes,
) -> Result<(), Fault> {
    let value = only(values);
    once(&mut conf.said.language, || {
        Language::from_code(value).ok_or_else(|| {
            let codes: Vec<_> = Language::ALL.map(Language::code).into();
            wrong(value, format!("it must be one of {}", codes.join(", ")))
        })
    })
}

pub(super) fn set_voice(conf: &mut MainConf, values: &[&str], _: &Prefixes) -> Result<(), Fault> {
    let value = only(values);
    // Whether there is such a voice is known when all directives are.
    once(&mut conf.said.voice, || Ok(value.to_owned()))
}

pub(super) fn set_face(conf: &mut MainConf, values: &[&str], _: &Prefixes) -> Result<(), Fault> {
    let value = only(values);
    // Whether there is such an avatar is known when it is known where prepared ones are.
    once(&mut conf.said.face, || Ok(value.to_owned()))
}

/// The library is not opened: that is for the one process that needs it.
pub(super) fn set_models(
    conf: &mut MainConf,
    values: &[&str],
    prefixes: &Prefixes,
) -> Result<(), Fault> {
    once(&mut conf.said.models, || {
        let (mut library, mut weights) = (None, None);
        let mut device = None;
        let mut precision = NeuralPrecision::Auto;
        let (mut batch, mut threads) = (0, 0);
        for value in values {
            let path = |path: &str| prefixes.data.join(path);
            match value.split_once('=') {
                Some(("library", file)) => library = Some(existing_file(value, path(file))?),
                Some(("weights", directory)) => {
                    let directory = existing_directory(value, path(directory))?;
                    existing_file(value, directory.join("manifest.json"))?;
                    weights = Some(directory);
                }
                Some(("device", name)) => device = Some(device_name(value, name)?),
                Some(("precision", word)) => {
                    precision = NeuralPrecision::from_word(word).ok_or_else(|| {
                        wrong(value, "it must be \"auto\", \"f32\", \"f16\" or \"bf16\"")
                    })?;
                }
                Some(("batch", count)) => batch = of_parameter(value, count, 1, 1024)?,
                Some(("threads", count)) => threads = of_parameter(value, count, 1, 1024)?,
                _ => {
                    let reason =
                        "it must be library=, weights=, device=, precision=, batch= or threads=";
                    return Err(wrong(value, reason));
                }
            }
        }
        let missing = |what: &str| wrong(&values.join(" "), format!("it must say {what}"));
        Ok(Models {
            library: library.ok_or_else(|| missing("library=path"))?,
            weights: weights.ok_or_else(|| missing("weights=path"))?,
            device,
            precision,
            batch,
            threads,
        })
    })
}

pub(super) fn set_avatars(
    conf: &mut MainConf,
    values: &[&str],
    prefixes: &Prefixes,
) -> Result<(), Fault> {
    let value = only(values);
    once(&mut conf.said.avatars, || {
        existing_directory(value, prefixes.data.join(value))
    })
}

pub(super) fn set_video(conf: &mut MainConf, values: &[&str], _: &Prefixes) -> Result<(), Fault> {
    once(&mut conf.said.video, || {
        let mut video = Video::default();
        for value in values {
            match value.strip_prefix("fps=") {
                Some(rate) => video.frame_rate = frame_rate(value, rate)?,
                None => (video.width, video.height) = sides(value)?,
            }
        }
        Ok(video)
    })
}

pub(super) fn set_segment_format(
    conf: &mut MainConf,
    values: &[&str],
    _: &Prefixes,
) -> Result<(), Fault> {
    let value = only(values);
    once(&mut conf.said.segment_format, || {
        SegmentFormat::from_word(value).ok_or_else(|| wrong(value, "it must be \"fmp4\" or \"ts\""))
    })
}

pub(super) fn set_renditions(
    conf: &mut MainConf,
    values: &[&str],
    _: &Prefixes,
) -> Result<(), Fault> {
    once(&mut conf.said.renditions, || {
        if values == ["off"] {
            return Ok(Vec::new());
        }
        let mut heights = Vec::new();
        for value in values {
            let height = number(value, Video::MIN_SIDE as usize, Video::MAX_SIDE as usize)?;
            let height = u16::try_from(height).unwrap_or(u16::MAX);
            if !height.is_multiple_of(2) {
                return Err(wrong(value, "it must be even"));
            }
            if heights.last().is_some_and(|&larger| larger <= height) {
                return Err(wrong(value, "each must be smaller than the one before"));
            }
            heights.push(height);
        }
        Ok(heights)
    })
}

pub(super) fn set_lead(conf: &mut MainConf, values: &[&str], _: &Prefixes) -> Result<(), Fault> {
    once(&mut conf.said.lead, || time(only(values)))
}

pub(super) fn set_look_ahead(
    conf: &mut MainConf,
    values: &[&str],
    _: &Prefixes,
) -> Result<(), Fault> {
    // With less, players would have nothing to stay behind of.
    const LEAST: Duration = Duration::from_secs(2);
    let value = only(values);
    once(&mut conf.said.look_ahead, || match value {
        "off" => Ok(None),
        _ => match time(value)? {
            enough if enough >= LEAST => Ok(Some(enough)),
            _ => Err(wrong(value, "it must be two seconds or more, or \"off\"")),
        },
    })
}

pub(super) fn set_max_text(
    conf: &mut MainConf,
    values: &[&str],
    _: &Prefixes,
) -> Result<(), Fault> {
    once(&mut conf.said.max_text, || {
        number(only(values), 1, 1_000_000)
    })
}

pub(super) fn set_max_session_text(
    conf: &mut MainConf,
    values: &[&str],
    _: &Prefixes,
) -> Result<(), Fault> {
    once(&mut conf.said.max_session_text, || {
        number(only(values), 1, 10_000_000)
    })
}

pub(super) fn set_feed_timeout(
    conf: &mut MainConf,
    values: &[&str],
    _: &Prefixes,
) -> Result<(), Fault> {
    once(&mut conf.said.feed_timeout, || time(only(values)))
}

pub(super) fn set_feed_window(
    conf: &mut MainConf,
    values: &[&str],
    _: &Prefixes,
) -> Result<(), Fault> {
    const LEAST: Duration = Duration::from_secs(10);
    let value = only(values);
    once(&mut conf.said.feed_window, || match time(value)? {
        window if window >= LEAST => Ok(window),
        _ => Err(wrong(value, "it must be ten seconds or more")),
    })
}

pub(super) fn set_text_timeout(
    conf: &mut MainConf,
    values: &[&str],
    _: &Prefixes,
) -> Result<(), Fault> {
    once(&mut conf.said.text_timeout, || time(only(values)))
}

pub(super) fn set_audio_segment(
    conf: &mut MainConf,
    values: &[&str],
    _: &Prefixes,
) -> Result<(), Fault> {
    const MOST: Duration = Duration::from_secs(60);
    let value = only(values);
    once(&mut conf.said.audio_segment, || match time(value)? {
        length if length <= MOST => Ok(length),
        _ => Err(wrong(value, "it must be a minute or less")),
    })
}

pub(super) fn set_max_sessions(
    conf: &mut MainConf,
    values: &[&str],
    _: &Prefixes,
) -> Result<(), Fault> {
    once(&mut conf.said.max_sessions, || {
        number(only(values), 1, 100_000)
    })
}

pub(super) fn set_max_queue(
    conf: &mut MainConf,
    values: &[&str],
    _: &Prefixes,
) -> Result<(), Fault> {
    once(&mut conf.said.max_queue, || {
        number(only(values), 0, 1_000_000)
    })
}

pub(super) fn set_webhook_hosts(
    conf: &mut MainConf,
    values: &[&str],
    _: &Prefixes,
) -> Result<(), Fault> {
    once(&mut conf.said.webhook_hosts, || {
        let fault = |value: &&&str| **value != "*" && !origins::is_host(value);
        match values.iter().find(fault) {
            Some(value) => Err(wrong(
                value,
                "it must be the name or address of a host, or *",
            )),
            None => Ok(values.iter().map(|&value| value.to_owned()).collect()),
        }
    })
}

pub(super) fn set_session_ttl(
    conf: &mut MainConf,
    values: &[&str],
    _: &Prefixes,
) -> Result<(), Fault> {
    once(&mut conf.said.session_ttl, || time(only(values)))
}

pub(super) fn set_reuse(conf: &mut MainConf, values: &[&str], _: &Prefixes) -> Result<(), Fault> {
    once(&mut conf.said.reuse, || {
        if let ["off"] = values {
            return Ok(None);
        }
        let mut reuse = Reuse::default();
        for value in values {
            match value.split_once('=') {
                Some(("size", size)) => {
                    reuse.size = parse_offset(size)
                        .filter(|&size| size > 0)
                        .ok_or_else(|| wrong(value, "it must be a size above zero, such as 1g"))?;
                }
                Some(("age", age)) => {
                    reuse.age = time(age)
                        .map_err(|_| wrong(value, "it must be a time above zero, such as 1h"))?;
                }
                _ => {
                    let reason = "it must be \"off\", or a size and an age, such as size=1g age=1h";
                    return Err(wrong(value, reason));
                }
            }
        }
        Ok(Some(reuse))
    })
}

pub(super) fn set_hold_timeout(
    conf: &mut MainConf,
    values: &[&str],
    _: &Prefixes,
) -> Result<(), Fault> {
    once(&mut conf.said.hold_timeout, || time(only(values)))
}

pub(super) fn set_keys(
    conf: &mut LocationConf,
    values: &[&str],
    prefixes: &Prefixes,
) -> Result<(), Fault> {
    let value = only(values);
    once(&mut conf.keys, || match value {
        "off" => Ok(None),
        _ => Keys::read(&prefixes.conf.join(value))
            .map(|keys| Some(Arc::new(keys)))
            .map_err(|error| wrong(value, error.to_string())),
    })
}

/// May be said several times, since each says how its own origins are treated.
pub(super) fn set_origins(
    conf: &mut LocationConf,
    values: &[&str],
    _: &Prefixes,
) -> Result<(), Fault> {
    if let ["off"] = values {
        return once(&mut conf.origins, || Ok(None));
    }
    let more = Origins::parse(values).map_err(|(value, reason)| wrong(&value, reason))?;
    match &mut conf.origins {
        None => conf.origins = Some(Some(Arc::new(more))),
        Some(None) => return Err(Fault::Duplicate),
        Some(Some(origins)) => Arc::make_mut(origins)
            .add(more)
            .map_err(|value| wrong(&value, "it is said twice"))?,
    }
    Ok(())
}

pub(super) fn set_base(
    conf: &mut LocationConf,
    values: &[&str],
    _: &Prefixes,
) -> Result<(), Fault> {
    once(&mut conf.base, || match values {
        ["off"] => Ok(None),
        _ => Base::parse(values)
            .map(|base| Some(Arc::new(base)))
            .map_err(|(value, reason)| wrong(&value, reason)),
    })
}
