//! The directives: what they may say, and what is wrong where they say something else.
//!
//! docs/directives.md describes them for operators.

use std::ffi::{CStr, c_char, c_void};
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use avatar_core::api::Catalogue;
use avatar_core::config::{Config, Video};
use avatar_core::language::Language;
use avatar_core::time::FrameRate;
use nginx_sys::{
    NGX_CONF_1MORE, NGX_CONF_TAKE1, NGX_CONF_TAKE12, NGX_HTTP_LOC_CONF, NGX_HTTP_LOC_CONF_OFFSET,
    NGX_HTTP_MAIN_CONF, NGX_HTTP_MAIN_CONF_OFFSET, NGX_HTTP_SRV_CONF, ngx_command_t, ngx_conf_t,
    ngx_int_t, ngx_parse_size, ngx_parse_time, ngx_str_t, ngx_uint_t,
};
use ngx::core::{NGX_CONF_ERROR, NGX_CONF_OK};

use crate::boundary::contain;
use crate::conf::{LocationConf, MainConf};
use crate::keys::Keys;
use crate::module::{complain, main_conf_of, strings};
use crate::origins::Origins;
use crate::{hints, origins, zone};

/// What is wrong with a directive.
enum Fault {
    /// It was there before.
    Duplicate,
    /// It says something it cannot.
    Value(String, String),
}

fn wrong(value: &str, reason: impl Into<String>) -> Fault {
    Fault::Value(value.to_owned(), reason.into())
}

/// Where relative paths begin.
struct Prefixes {
    /// Of data.
    data: PathBuf,
    /// Of configuration files.
    conf: PathBuf,
}

type Setter<T> = fn(&mut T, &[&str], &Prefixes) -> Result<(), Fault>;

/// Answers nginx's call for one directive by that directive's setter.
///
/// # Safety
///
/// Called by nginx while it reads the configuration; `conf` is a `T` of ours.
unsafe fn apply<T>(cf: *mut ngx_conf_t, conf: *mut c_void, set: Setter<T>) -> *mut c_char {
    contain(NGX_CONF_ERROR, || {
        // SAFETY: nginx gives the words of the directive and a cycle that has both prefixes; `conf` is
        // exclusively ours during this call.
        let (words, prefixes, conf) = unsafe {
            let cycle = (*cf).cycle;
            let prefixes = Prefixes {
                data: PathBuf::from((*cycle).prefix.to_str().unwrap_or_default()),
                conf: PathBuf::from((*cycle).conf_prefix.to_str().unwrap_or_default()),
            };
            (strings(cf), prefixes, conf.cast::<T>().as_mut())
        };
        let Some(conf) = conf else {
            return NGX_CONF_ERROR;
        };
        let Some((name, values)) = words.as_ref().and_then(|words| words.split_first()) else {
            complain(cf, "a directive is not UTF-8");
            return NGX_CONF_ERROR;
        };
        match set(conf, values, &prefixes) {
            Ok(()) => NGX_CONF_OK,
            // nginx itself puts the directive's name before this.
            Err(Fault::Duplicate) => c"is duplicate".as_ptr().cast_mut(),
            Err(Fault::Value(value, reason)) => {
                let text = format!("invalid value \"{value}\" in \"{name}\" directive: {reason}");
                complain(cf, &text);
                NGX_CONF_ERROR
            }
        }
    })
}

/// The function nginx calls for a directive that `$set` understands.
macro_rules! setter {
    ($conf:ty, $set:path) => {{
        unsafe extern "C" fn set(
            cf: *mut ngx_conf_t,
            _: *mut ngx_command_t,
            conf: *mut c_void,
        ) -> *mut c_char {
            // SAFETY: nginx calls this with the structure that our own `create` functions made for the
            // level that the command table names.
            unsafe { apply::<$conf>(cf, conf, $set) }
        }
        Some(set)
    }};
}

/// nginx compares names of directives as C does.
const fn zero_terminated(name: &'static CStr) -> ngx_str_t {
    ngx_str_t {
        len: name.count_bytes(),
        data: name.as_ptr().cast::<u8>().cast_mut(),
    }
}

const fn http(name: &'static CStr, arguments: u32, set: Set) -> ngx_command_t {
    ngx_command_t {
        name: zero_terminated(name),
        type_: (NGX_HTTP_MAIN_CONF | arguments) as ngx_uint_t,
        set,
        conf: NGX_HTTP_MAIN_CONF_OFFSET,
        offset: 0,
        post: ptr::null_mut(),
    }
}

const fn location(name: &'static CStr, arguments: u32, set: Set) -> ngx_command_t {
    ngx_command_t {
        name: zero_terminated(name),
        type_: (NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | arguments)
            as ngx_uint_t,
        set,
        conf: NGX_HTTP_LOC_CONF_OFFSET,
        offset: 0,
        post: ptr::null_mut(),
    }
}

type Set =
    Option<unsafe extern "C" fn(*mut ngx_conf_t, *mut ngx_command_t, *mut c_void) -> *mut c_char>;

/// The table nginx reads.
pub(crate) static mut COMMANDS: [ngx_command_t; 17] = [
    location(c"avatar", NGX_CONF_TAKE1, Some(set_avatar)),
    http(c"avatar_zone", NGX_CONF_TAKE1, setter!(MainConf, set_zone)),
    http(c"avatar_data", NGX_CONF_TAKE1, setter!(MainConf, set_data)),
    http(
        c"avatar_threads",
        NGX_CONF_TAKE1,
        setter!(MainConf, set_threads),
    ),
    http(
        c"avatar_language",
        NGX_CONF_TAKE1,
        setter!(MainConf, set_language),
    ),
    http(
        c"avatar_voice",
        NGX_CONF_TAKE1,
        setter!(MainConf, set_voice),
    ),
    http(c"avatar_face", NGX_CONF_TAKE1, setter!(MainConf, set_face)),
    http(
        c"avatar_video",
        NGX_CONF_TAKE12,
        setter!(MainConf, set_video),
    ),
    http(
        c"avatar_max_text",
        NGX_CONF_TAKE1,
        setter!(MainConf, set_max_text),
    ),
    http(
        c"avatar_max_sessions",
        NGX_CONF_TAKE1,
        setter!(MainConf, set_max_sessions),
    ),
    http(
        c"avatar_max_queue",
        NGX_CONF_TAKE1,
        setter!(MainConf, set_max_queue),
    ),
    http(
        c"avatar_webhook_hosts",
        NGX_CONF_1MORE,
        setter!(MainConf, set_webhook_hosts),
    ),
    http(
        c"avatar_session_ttl",
        NGX_CONF_TAKE1,
        setter!(MainConf, set_session_ttl),
    ),
    http(
        c"avatar_hold_timeout",
        NGX_CONF_TAKE1,
        setter!(MainConf, set_hold_timeout),
    ),
    location(
        c"avatar_keys",
        NGX_CONF_TAKE1,
        setter!(LocationConf, set_keys),
    ),
    location(
        c"avatar_origins",
        NGX_CONF_1MORE,
        setter!(LocationConf, set_origins),
    ),
    ngx_command_t::empty(),
];

/// `avatar on|off`, which also tells the `http` block that there is something to do.
unsafe extern "C" fn set_avatar(
    cf: *mut ngx_conf_t,
    _: *mut ngx_command_t,
    conf: *mut c_void,
) -> *mut c_char {
    // SAFETY: as in `setter`.
    let result = unsafe { apply::<LocationConf>(cf, conf, set_on) };
    if result == NGX_CONF_OK {
        // SAFETY: nginx is reading its configuration, one directive at a time; the `http` block's
        // structure is another than `conf`.
        unsafe {
            let on = (*conf.cast::<LocationConf>()).is_on();
            if let Some(main) = main_conf_of(cf).as_mut() {
                main.enabled |= on;
            }
        }
    }
    result
}

fn set_on(conf: &mut LocationConf, values: &[&str], _: &Prefixes) -> Result<(), Fault> {
    once(&mut conf.on, || match values {
        ["on"] => Ok(true),
        ["off"] => Ok(false),
        _ => Err(wrong(only(values), "it must be \"on\" or \"off\"")),
    })
}

fn once<T>(place: &mut Option<T>, value: impl FnOnce() -> Result<T, Fault>) -> Result<(), Fault> {
    if place.is_some() {
        return Err(Fault::Duplicate);
    }
    *place = Some(value()?);
    Ok(())
}

/// nginx has counted the values already.
fn only<'a>(values: &[&'a str]) -> &'a str {
    values.first().copied().unwrap_or_default()
}

fn set_zone(conf: &mut MainConf, values: &[&str], _: &Prefixes) -> Result<(), Fault> {
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

fn set_data(conf: &mut MainConf, values: &[&str], prefixes: &Prefixes) -> Result<(), Fault> {
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

fn set_threads(conf: &mut MainConf, values: &[&str], _: &Prefixes) -> Result<(), Fault> {
    let value = only(values);
    once(&mut conf.said.threads, || match value {
        "auto" => Ok(std::thread::available_parallelism().map_or(1, usize::from)),
        _ => number(value, 1, 1024),
    })
}

fn set_language(conf: &mut MainConf, values: &[&str], _: &Prefixes) -> Result<(), Fault> {
    let value = only(values);
    once(&mut conf.said.language, || {
        Language::from_code(value).ok_or_else(|| {
            let codes: Vec<_> = Language::ALL.map(Language::code).into();
            wrong(value, format!("it must be one of {}", codes.join(", ")))
        })
    })
}

fn set_voice(conf: &mut MainConf, values: &[&str], _: &Prefixes) -> Result<(), Fault> {
    let value = only(values);
    once(&mut conf.said.voice, || {
        Catalogue::builtin(&Config::default())
            .voice(value)
            .is_some()
            .then(|| value.to_owned())
            .ok_or_else(|| wrong(value, "there is no such voice"))
    })
}

fn set_face(conf: &mut MainConf, values: &[&str], _: &Prefixes) -> Result<(), Fault> {
    let value = only(values);
    once(&mut conf.said.face, || {
        Catalogue::builtin(&Config::default())
            .has_avatar(value)
            .then(|| value.to_owned())
            .ok_or_else(|| wrong(value, "there is no such avatar"))
    })
}

fn set_video(conf: &mut MainConf, values: &[&str], _: &Prefixes) -> Result<(), Fault> {
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

fn frame_rate(value: &str, rate: &str) -> Result<FrameRate, Fault> {
    rate.parse().ok().and_then(FrameRate::new).ok_or_else(|| {
        let rates: Vec<_> = FrameRate::ALLOWED.iter().map(u32::to_string).collect();
        wrong(
            value,
            format!("the rate must be one of {}", rates.join(", ")),
        )
    })
}

fn sides(value: &str) -> Result<(u32, u32), Fault> {
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

fn set_max_text(conf: &mut MainConf, values: &[&str], _: &Prefixes) -> Result<(), Fault> {
    once(&mut conf.said.max_text, || {
        number(only(values), 1, 1_000_000)
    })
}

fn set_max_sessions(conf: &mut MainConf, values: &[&str], _: &Prefixes) -> Result<(), Fault> {
    once(&mut conf.said.max_sessions, || {
        number(only(values), 1, 100_000)
    })
}

fn set_max_queue(conf: &mut MainConf, values: &[&str], _: &Prefixes) -> Result<(), Fault> {
    once(&mut conf.said.max_queue, || {
        number(only(values), 0, 1_000_000)
    })
}

fn set_webhook_hosts(conf: &mut MainConf, values: &[&str], _: &Prefixes) -> Result<(), Fault> {
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

fn set_session_ttl(conf: &mut MainConf, values: &[&str], _: &Prefixes) -> Result<(), Fault> {
    once(&mut conf.said.session_ttl, || time(only(values)))
}

fn set_hold_timeout(conf: &mut MainConf, values: &[&str], _: &Prefixes) -> Result<(), Fault> {
    once(&mut conf.said.hold_timeout, || time(only(values)))
}

fn set_keys(conf: &mut LocationConf, values: &[&str], prefixes: &Prefixes) -> Result<(), Fault> {
    let value = only(values);
    once(&mut conf.keys, || match value {
        "off" => Ok(None),
        _ => Keys::read(&prefixes.conf.join(value))
            .map(|keys| Some(Arc::new(keys)))
            .map_err(|error| wrong(value, error.to_string())),
    })
}

fn set_origins(conf: &mut LocationConf, values: &[&str], _: &Prefixes) -> Result<(), Fault> {
    once(&mut conf.origins, || match values {
        ["off"] => Ok(None),
        _ => Origins::parse(values)
            .map(|origins| Some(Arc::new(origins)))
            .map_err(|(value, reason)| wrong(&value, reason)),
    })
}

fn number(value: &str, least: usize, most: usize) -> Result<usize, Fault> {
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    value
        .parse()
        .ok()
        .filter(|number| digits && (least..=most).contains(number))
        .ok_or_else(|| wrong(value, format!("it must be a number from {least} to {most}")))
}

fn borrowed(text: &str) -> ngx_str_t {
    ngx_str_t {
        len: text.len(),
        data: text.as_ptr().cast_mut(),
    }
}

fn parse_size(value: &str) -> Option<usize> {
    let mut text = borrowed(value);
    // SAFETY: the text is alive during the call, which only reads it.
    let size = unsafe { ngx_parse_size(&raw mut text) };
    usize::try_from(size).ok()
}

fn time(value: &str) -> Result<Duration, Fault> {
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
