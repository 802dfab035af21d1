//! What directives may say: kinds of values, and what is wrong with others.

use std::path::PathBuf;
use std::time::Duration;

use avatar_core::config::Video;
use avatar_core::time::FrameRate;
use nginx_sys::{ngx_int_t, ngx_parse_offset, ngx_parse_size, ngx_parse_time, ngx_str_t};

/// What is wrong with a directive.
pub(super) enum Fault {
    /// It was there before.
    Duplicate,
    /// It says something it cannot.
    Value(String, String),
}

pub(super) fn wrong(value: &str, reason: impl Into<String>) -> Fault {
    Fault::Value(value.to_owned(), reason.into())
}

pub(super) fn once<T>(
    place: &mut Option<T>,
    value: impl FnOnce() -> Result<T, Fault>,
) -> Result<(), Fault> {
    if place.is_some() {
        return Err(Fault::Duplicate);
    }
    *place = Some(value()?);
    Ok(())
}

/// nginx has counted the values already.
pub(super) fn only<'a>(values: &[&'a str]) -> &'a str {
    values.first().copied().unwrap_or_default()
}

pub(super) fn frame_rate(value: &str, rate: &str) -> Result<FrameRate, Fault> {
    rate.parse().ok().and_then(FrameRate::new).ok_or_else(|| {
        let rates: Vec<_> = FrameRate::ALLOWED.iter().map(u32::to_string).collect();
        wrong(
            value,
            format!("the rate must be one of {}", rates.join(", ")),
        )
    })
}

pub(super) fn sides(value: &str) -> Result<(u32, u32), Fault> {
    let (least, most) = (Video::MIN_SIDE, Video::MAX_SIDE);
    let side = |text: &str| {
        let side: u32 = text.parse().ok()?;
        (side.is_multiple_of(2) && (least..=most).contains(&side)).then_some(side)
    };
    value
        .split_once('x')
        .and_then(|(width, height)| Some((side(width)?, side(height)?)))
        .ok_or_else(|| {
            let reason =
                format!("it must be two even numbers from {least} to {most}, such as 512x512");
            wrong(value, reason)
        })
}

pub(super) fn number(value: &str, least: usize, most: usize) -> Result<usize, Fault> {
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    value
        .parse()
        .ok()
        .filter(|number| digits && (least..=most).contains(number))
        .ok_or_else(|| wrong(value, format!("it must be a number from {least} to {most}")))
}

/// The number after a parameter's name.
pub(super) fn of_parameter(
    value: &str,
    count: &str,
    least: usize,
    most: usize,
) -> Result<usize, Fault> {
    match number(count, least, most) {
        Err(Fault::Value(_, reason)) => Err(wrong(value, reason)),
        other => other,
    }
}

/// What networks compute on.
pub(super) fn device_name(value: &str, name: &str) -> Result<String, Fault> {
    let numbered = name.strip_prefix("cuda:");
    let number =
        |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if matches!(name, "auto" | "cpu" | "cuda") || numbered.is_some_and(number) {
        return Ok(name.to_owned());
    }
    let reason =
        "it must be \"auto\", \"cpu\", \"cuda\" or, for one of several, \"cuda:0\" and so on";
    Err(wrong(value, reason))
}

/// A file that is there.
pub(super) fn existing_file(value: &str, path: PathBuf) -> Result<PathBuf, Fault> {
    match std::fs::metadata(&path) {
        Ok(found) if found.is_file() => Ok(path),
        Ok(_) => Err(wrong(value, format!("{} is not a file", path.display()))),
        Err(error) => Err(wrong(value, format!("{}: {error}", path.display()))),
    }
}

/// A directory that is there.
pub(super) fn existing_directory(value: &str, path: PathBuf) -> Result<PathBuf, Fault> {
    match std::fs::metadata(&path) {
        Ok(found) if found.is_dir() => Ok(path),
        Ok(_) => Err(wrong(
            value,
            format!("{} is not a directory", path.display()),
        )),
        Err(error) => Err(wrong(value, format!("{}: {error}", path.display()))),
    }
}

fn borrowed(text: &str) -> ngx_str_t {
    ngx_str_t {
        len: text.len(),
        data: text.as_ptr().cast_mut(),
    }
}

pub(super) fn parse_size(value: &str) -> Option<usize> {
    let mut text = borrowed(value);
    // SAFETY: the text is alive during the call, which only reads it.
    let size = unsafe { ngx_parse_size(&raw mut text) };
    usize::try_from(size).ok()
}

/// A size that may exceed memory, and so may be in gigabytes.
pub(super) fn parse_offset(value: &str) -> Option<u64> {
    let mut text = borrowed(value);
    // SAFETY: as in `parse_size`.
    let size = unsafe { ngx_parse_offset(&raw mut text) };
    u64::try_from(size).ok()
}

pub(super) fn time(value: &str) -> Result<Duration, Fault> {
    let mut text = borrowed(value);
    // SAFETY: the text is alive during the call, which only reads it.
    let milliseconds: ngx_int_t = unsafe { ngx_parse_time(&raw mut text, 0) };
    match u64::try_from(milliseconds) {
        Ok(milliseconds) if milliseconds > 0 => Ok(Duration::from_millis(milliseconds)),
        _ => Err(wrong(
            value,
            "it must be a time above zero, such as 10s or 1h",
        )),
    }
}
