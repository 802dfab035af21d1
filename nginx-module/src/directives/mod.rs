//! The directives: what they may say, and what is wrong where they say something else.
//!
//! docs/directives.md describes them for operators.

mod expand;
#[cfg(feature = "piper")]
mod piper;
mod setters;
mod speech;
mod stills;
mod values;
mod webrtc;
mod words;

use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_void};
use std::path::PathBuf;
use std::ptr;

use nginx_sys::{
    NGX_CONF_1MORE, NGX_CONF_2MORE, NGX_CONF_TAKE1, NGX_CONF_TAKE12, NGX_HTTP_LOC_CONF,
    NGX_HTTP_LOC_CONF_OFFSET, NGX_HTTP_MAIN_CONF, NGX_HTTP_MAIN_CONF_OFFSET, NGX_HTTP_SRV_CONF,
    ngx_command_t, ngx_conf_t, ngx_str_t, ngx_uint_t,
};
use ngx::core::{NGX_CONF_ERROR, NGX_CONF_OK};

pub(crate) use setters::check_data;

use crate::boundary::contain;
use crate::conf::{LocationConf, MainConf};
use crate::module::{complain, main_conf_of, strings, warn};
use values::Fault;

/// Where relative paths begin, and what is to be said of a directive that is taken.
struct Prefixes {
    /// Of data.
    data: PathBuf,
    /// Of configuration files.
    conf: PathBuf,
    /// What the operator should know, though nothing is refused.
    warnings: RefCell<Vec<String>>,
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
                warnings: RefCell::default(),
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
        let done = set(conf, values, &prefixes);
        for text in prefixes.warnings.into_inner() {
            warn(cf, &format!("\"{name}\" directive: {text}"));
        }
        match done {
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
pub(crate) static mut COMMANDS: [ngx_command_t; 37] = [
    location(c"avatar", NGX_CONF_TAKE1, Some(set_avatar)),
    http(
        c"avatar_zone",
        NGX_CONF_TAKE1,
        setter!(MainConf, setters::set_zone),
    ),
    http(
        c"avatar_data",
        NGX_CONF_TAKE1,
        setter!(MainConf, setters::set_data),
    ),
    http(
        c"avatar_threads",
        NGX_CONF_TAKE1,
        setter!(MainConf, setters::set_threads),
    ),
    http(
        c"avatar_language",
        NGX_CONF_TAKE1,
        setter!(MainConf, setters::set_language),
    ),
    http(
        c"avatar_voice",
        NGX_CONF_TAKE1,
        setter!(MainConf, setters::set_voice),
    ),
    http(
        c"avatar_face",
        NGX_CONF_TAKE1,
        setter!(MainConf, setters::set_face),
    ),
    http(
        c"avatar_models",
        NGX_CONF_2MORE,
        setter!(MainConf, setters::set_models),
    ),
    http(
        c"avatar_avatars",
        NGX_CONF_TAKE1,
        setter!(MainConf, setters::set_avatars),
    ),
    http(
        c"avatar_video",
        NGX_CONF_TAKE12,
        setter!(MainConf, setters::set_video),
    ),
    http(
        c"avatar_segment_format",
        NGX_CONF_TAKE1,
        setter!(MainConf, setters::set_segment_format),
    ),
    http(
        c"avatar_renditions",
        NGX_CONF_1MORE,
        setter!(MainConf, setters::set_renditions),
    ),
    http(
        c"avatar_lead",
        NGX_CONF_TAKE1,
        setter!(MainConf, setters::set_lead),
    ),
    http(
        c"avatar_look_ahead",
        NGX_CONF_TAKE1,
        setter!(MainConf, setters::set_look_ahead),
    ),
    http(
        c"avatar_mjpeg",
        NGX_CONF_TAKE12,
        setter!(MainConf, stills::set_stills),
    ),
    http(
        c"avatar_max_text",
        NGX_CONF_TAKE1,
        setter!(MainConf, setters::set_max_text),
    ),
    http(
        c"avatar_max_session_text",
        NGX_CONF_TAKE1,
        setter!(MainConf, setters::set_max_session_text),
    ),
    http(
        c"avatar_text_timeout",
        NGX_CONF_TAKE1,
        setter!(MainConf, setters::set_text_timeout),
    ),
    http(
        c"avatar_feed_timeout",
        NGX_CONF_TAKE1,
        setter!(MainConf, setters::set_feed_timeout),
    ),
    http(
        c"avatar_feed_window",
        NGX_CONF_TAKE1,
        setter!(MainConf, setters::set_feed_window),
    ),
    http(
        c"avatar_audio_segment",
        NGX_CONF_TAKE1,
        setter!(MainConf, setters::set_audio_segment),
    ),
    http(
        c"avatar_max_sessions",
        NGX_CONF_TAKE1,
        setter!(MainConf, setters::set_max_sessions),
    ),
    http(
        c"avatar_max_queue",
        NGX_CONF_TAKE1,
        setter!(MainConf, setters::set_max_queue),
    ),
    http(
        c"avatar_webhook_hosts",
        NGX_CONF_1MORE,
        setter!(MainConf, setters::set_webhook_hosts),
    ),
    http(
        c"avatar_session_ttl",
        NGX_CONF_TAKE1,
        setter!(MainConf, setters::set_session_ttl),
    ),
    http(
        c"avatar_reuse",
        NGX_CONF_TAKE12,
        setter!(MainConf, setters::set_reuse),
    ),
    http(
        c"avatar_hold_timeout",
        NGX_CONF_TAKE1,
        setter!(MainConf, setters::set_hold_timeout),
    ),
    http(
        c"avatar_speech_engine",
        NGX_CONF_2MORE,
        setter!(MainConf, speech::set_engine),
    ),
    http(
        c"avatar_speech_voice",
        NGX_CONF_2MORE,
        setter!(MainConf, speech::set_voice),
    ),
    http(
        c"avatar_speech_keep",
        NGX_CONF_TAKE1,
        setter!(MainConf, speech::set_keep),
    ),
    http(
        c"avatar_webrtc",
        NGX_CONF_1MORE,
        setter!(MainConf, webrtc::set_webrtc),
    ),
    http(
        c"avatar_webrtc_public",
        NGX_CONF_TAKE1,
        setter!(MainConf, webrtc::set_webrtc_public),
    ),
    http(
        c"avatar_expand",
        NGX_CONF_1MORE,
        setter!(MainConf, expand::set_expand),
    ),
    location(
        c"avatar_keys",
        NGX_CONF_TAKE1,
        setter!(LocationConf, setters::set_keys),
    ),
    location(
        c"avatar_origins",
        NGX_CONF_1MORE,
        setter!(LocationConf, setters::set_origins),
    ),
    location(
        c"avatar_base",
        NGX_CONF_TAKE12,
        setter!(LocationConf, setters::set_base),
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
    let result = unsafe { apply::<LocationConf>(cf, conf, setters::set_on) };
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
