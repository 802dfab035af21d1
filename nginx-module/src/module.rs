//! The module as nginx sees it: its structures, and when they are made, merged and put to use.

use std::ffi::{c_char, c_void};
use std::path::Path;
use std::ptr::{self, NonNull};
use std::sync::Arc;

use avatar_core::api::Catalogue;
use avatar_core::config::Config;
use avatar_core::face::neural::talks;
use nginx_sys::{
    NGX_ERROR, NGX_HTTP_MODULE, NGX_LOG_EMERG, NGX_LOG_WARN, NGX_OK, ngx_add_path, ngx_array_push,
    ngx_conf_t, ngx_cycle_t, ngx_http_core_loc_conf_t, ngx_http_core_module, ngx_http_handler_pt,
    ngx_http_max_module, ngx_http_module_t, ngx_int_t, ngx_module_t, ngx_path_t, ngx_pcalloc,
    ngx_shared_memory_add, ngx_shm_zone_t, ngx_str_t,
};
use ngx::core::{NGX_CONF_ERROR, NGX_CONF_OK};
use ngx::http::{HttpModuleMainConf, NgxHttpCoreModule};

use crate::boundary::contain;
use crate::conf::{DEFAULT_HOLD, DEFAULT_ZONE, LocationConf, MainConf, Settled};
use crate::{directives, filters, handlers, journal, pool, worker, zone};

static mut CONTEXT: ngx_http_module_t = ngx_http_module_t {
    preconfiguration: None,
    postconfiguration: Some(postconfiguration),
    create_main_conf: Some(create::<MainConf>),
    init_main_conf: Some(init_main_conf),
    create_srv_conf: None,
    merge_srv_conf: None,
    create_loc_conf: Some(create::<LocationConf>),
    merge_loc_conf: Some(merge_loc_conf),
};

ngx::ngx_modules!(ngx_http_avatar_module);

/// The module.
#[used]
#[allow(non_upper_case_globals, reason = "nginx knows it by this name")]
pub(crate) static mut ngx_http_avatar_module: ngx_module_t = ngx_module_t {
    ctx: (&raw mut CONTEXT).cast(),
    commands: (&raw mut directives::COMMANDS).cast(),
    type_: NGX_HTTP_MODULE as usize,
    init_process: Some(init_process),
    exit_process: Some(exit_process),
    ..ngx_module_t::default()
};

/// Which of every request's and location's structures is ours.
pub(crate) fn module_index() -> usize {
    // SAFETY: nginx writes this once, when it loads the module, before any other thread is there.
    unsafe { ngx_http_avatar_module.ctx_index }
}

const OK: ngx_int_t = NGX_OK as ngx_int_t;
const ERROR: ngx_int_t = NGX_ERROR as ngx_int_t;

unsafe extern "C" fn create<T: Default>(cf: *mut ngx_conf_t) -> *mut c_void {
    contain(ptr::null_mut(), || {
        // SAFETY: nginx calls this with the configuration it is reading, whose pool is alive.
        let place = unsafe { pool::keep((*cf).pool, T::default()) };
        place.map_or(ptr::null_mut(), |place| place.as_ptr().cast())
    })
}

/// The `http` block's structure of ours.
///
/// # Safety
///
/// nginx is reading an `http` block.
pub(crate) unsafe fn main_conf_of(cf: *mut ngx_conf_t) -> *mut MainConf {
    // SAFETY: inside an `http` block the context has an array of structures, one for each module; ours
    // was made by `create`.
    unsafe {
        let context = (*cf).ctx.cast::<nginx_sys::ngx_http_conf_ctx_t>();
        (*(*context).main_conf.add(module_index())).cast()
    }
}

/// The words of the directive being read; `None` if they are not UTF-8.
///
/// # Safety
///
/// nginx is reading a directive; the result is not used after that.
pub(crate) unsafe fn strings<'a>(cf: *mut ngx_conf_t) -> Option<Vec<&'a str>> {
    // SAFETY: nginx keeps the words in an array of strings while it reads the directive.
    let words = unsafe { (*(*cf).args).as_slice::<ngx_str_t>() };
    words.iter().map(|word| word.to_str().ok()).collect()
}

/// Says what is wrong with the configuration, where it is wrong.
pub(crate) fn complain(cf: *mut ngx_conf_t, text: &str) {
    say(NGX_LOG_EMERG, cf, text);
}

/// Says what the operator should know of the configuration, though it is taken.
pub(crate) fn warn(cf: *mut ngx_conf_t, text: &str) {
    say(NGX_LOG_WARN, cf, text);
}

fn say(level: u32, cf: *mut ngx_conf_t, text: &str) {
    // SAFETY: nginx calls our callbacks with the configuration it is reading; the text is passed by
    // length and pointer.
    unsafe {
        nginx_sys::ngx_conf_log_error(
            level as usize,
            cf,
            0,
            c"%*s".as_ptr(),
            text.len(),
            text.as_ptr(),
        );
    }
}

unsafe extern "C" fn init_main_conf(cf: *mut ngx_conf_t, conf: *mut c_void) -> *mut c_char {
    contain(NGX_CONF_ERROR, || {
        // SAFETY: nginx calls this once for each configuration, after the whole block is read, with what
        // `create` made.
        let settled = unsafe {
            let Some(conf) = conf.cast::<MainConf>().as_mut() else {
                return NGX_CONF_ERROR;
            };
            if !conf.enabled {
                return NGX_CONF_OK;
            }
            let settled = settle(cf, conf);
            conf.settled.clone_from(&settled);
            settled
        };
        match settled {
            Some(_) => NGX_CONF_OK,
            None => NGX_CONF_ERROR,
        }
    })
}

/// # Safety
///
/// Called by nginx while it reads the configuration.
unsafe fn settle(cf: *mut ngx_conf_t, conf: &MainConf) -> Option<Settled> {
    // SAFETY: the caller answers for `cf`; a cycle always has a prefix.
    let prefix = unsafe { (*(*cf).cycle).prefix.to_str().ok()?.to_owned() };
    let config = conf.said.config(&prefix);
    if let Err(reason) = directives::check_data(&config.data) {
        let data = config.data.display();
        complain(cf, &format!("\"avatar_data\" is \"{data}\", and {reason}"));
        return None;
    }
    let idle = match (&conf.said.models, &conf.said.avatars) {
        (Some(models), None) if !talks(&models.weights) => {
            Some(("avatar_models", "avatar_avatars"))
        }
        (None, Some(_)) => Some(("avatar_avatars", "avatar_models")),
        _ => None,
    };
    if let Some((there, missing)) = idle {
        complain(
            cf,
            &format!("\"{there}\" is of no use without \"{missing}\""),
        );
        return None;
    }
    if Catalogue::builtin(&config).avatar(&config.avatar).is_none() {
        let face = &config.avatar;
        complain(
            cf,
            &format!(
                "invalid value \"{face}\" in \"avatar_face\" directive: there is no such avatar"
            ),
        );
        return None;
    }
    if let Some(height) = config.renditions.first()
        && u32::from(*height) >= config.video.height
    {
        let own = config.video.height;
        complain(
            cf,
            &format!(
                "\"avatar_renditions\" is \"{height}\", and the pictures themselves are {own} pixels high"
            ),
        );
        return None;
    }
    if let Err((word, reason)) = config.speech.check() {
        complain(
            cf,
            &format!("invalid value \"{word}\" in \"avatar_speech_voice\" directive: {reason}"),
        );
        return None;
    }
    if config.speech.all_voices().is_empty() {
        complain(
            cf,
            "there is no voice: this module was built without espeak-ng and needs an \"avatar_speech_engine\" and an \"avatar_speech_voice\"",
        );
        return None;
    }
    if let Some(voice) = &config.voice
        && Catalogue::builtin(&config).voice(voice).is_none()
    {
        complain(
            cf,
            &format!(
                "invalid value \"{voice}\" in \"avatar_voice\" directive: there is no such voice"
            ),
        );
        return None;
    }
    let (name, size) = match &conf.said.zone {
        Some((name, size)) => (name.as_str(), *size),
        None => DEFAULT_ZONE,
    };
    // SAFETY: the caller answers for `cf`, whose pool and cycle are alive.
    unsafe {
        for directory in [
            config.data.clone(),
            config.data.join("sessions"),
            config.data.join("hints"),
        ] {
            add_directory(cf, &directory)?;
        }
        let mut name = pool::copy((*cf).pool, name.as_bytes())?;
        let tag = (&raw mut ngx_http_avatar_module).cast();
        let zone: NonNull<ngx_shm_zone_t> =
            NonNull::new(ngx_shared_memory_add(cf, &raw mut name, size, tag))?;
        (*zone.as_ptr()).init = Some(zone::init);
        Some(Settled {
            config: Arc::new(config),
            zone,
            hold: conf.said.hold_timeout.unwrap_or(DEFAULT_HOLD),
        })
    }
}

/// Has nginx make a directory, once it has read everything, and give it to the workers' user.
///
/// # Safety
///
/// Called by nginx while it reads the configuration.
unsafe fn add_directory(cf: *mut ngx_conf_t, directory: &Path) -> Option<()> {
    let name = directory.to_str()?;
    // SAFETY: the caller answers for `cf`; the pool outlives the cycle's list of paths. Zero is the initial
    // state of a path.
    unsafe {
        let path = ngx_pcalloc((*cf).pool, size_of::<ngx_path_t>()).cast::<ngx_path_t>();
        let mut path = NonNull::new(path)?.as_ptr();
        (*path).name = pool::copy((*cf).pool, name.as_bytes())?;
        (*path).data = (&raw mut ngx_http_avatar_module).cast();
        (ngx_add_path(cf, &raw mut path) == OK).then_some(())
    }
}

unsafe extern "C" fn merge_loc_conf(
    cf: *mut ngx_conf_t,
    outer: *mut c_void,
    inner: *mut c_void,
) -> *mut c_char {
    contain(NGX_CONF_ERROR, || {
        // SAFETY: nginx calls this with two structures that `create` made, and sets the context of `cf` to
        // that of the inner location. The core module is the first, so its structures are merged already.
        unsafe {
            let Some(conf) = inner.cast::<LocationConf>().as_mut() else {
                return NGX_CONF_ERROR;
            };
            if let Some(outer) = outer.cast::<LocationConf>().as_ref() {
                conf.inherit(outer);
            }
            if !conf.is_on() {
                return NGX_CONF_OK;
            }
            let settled = main_conf_of(cf)
                .as_ref()
                .and_then(|main| main.settled.as_ref());
            match settled.and_then(|settled| media_location(cf, &settled.config)) {
                Some(media) => {
                    conf.media = media.as_ptr();
                    NGX_CONF_OK
                }
                None => NGX_CONF_ERROR,
            }
        }
    })
}

/// A copy of the location's configuration in which nginx's own static handler finds the sessions' files.
///
/// # Safety
///
/// nginx is merging a location whose core structure is merged already.
unsafe fn media_location(cf: *mut ngx_conf_t, config: &Config) -> Option<NonNull<*mut c_void>> {
    let root = config.data.join("sessions");
    // SAFETY: the caller answers for `cf`. Every location has one pointer for each http module; the copies
    // live in the same pool as the originals, and nobody writes to the core structure later but to build
    // the tree of locations, which the copy is not part of.
    unsafe {
        let context = (*cf).ctx.cast::<nginx_sys::ngx_http_conf_ctx_t>();
        let modules = ngx_http_max_module;
        let slots = ngx_pcalloc((*cf).pool, modules * size_of::<*mut c_void>());
        let slots = NonNull::new(slots.cast::<*mut c_void>())?;
        slots
            .as_ptr()
            .copy_from_nonoverlapping((*context).loc_conf, modules);
        let core = ngx_http_core_module.ctx_index;
        let copy = ngx_pcalloc((*cf).pool, size_of::<ngx_http_core_loc_conf_t>());
        let copy = NonNull::new(copy.cast::<ngx_http_core_loc_conf_t>())?.as_ptr();
        copy.copy_from_nonoverlapping((*slots.as_ptr().add(core)).cast(), 1);
        (*copy).root = pool::copy((*cf).pool, root.to_str()?.as_bytes())?;
        (*copy).alias = 0;
        (*copy).root_lengths = ptr::null_mut();
        (*copy).root_values = ptr::null_mut();
        // Playlists are replaced several times a second.
        (*copy).open_file_cache = ptr::null_mut();
        // Files come and go with their session: a missing one is nobody's mistake.
        (*copy).log_not_found = 0;
        *slots.as_ptr().add(core) = copy.cast();
        Some(slots)
    }
}

unsafe extern "C" fn postconfiguration(cf: *mut ngx_conf_t) -> ngx_int_t {
    contain(ERROR, || {
        // SAFETY: nginx calls this once for each configuration, when the `http` block is read.
        let enabled = unsafe { main_conf_of(cf).as_ref().is_some_and(|conf| conf.enabled) };
        if !enabled {
            return OK;
        }
        // SAFETY: as above; nginx made the arrays of handlers before.
        unsafe {
            let Some(core) = NgxHttpCoreModule::main_conf_mut(&*cf) else {
                return ERROR;
            };
            for (phase, handler) in handlers::PHASES {
                let Some(phase) = core.phases.get_mut(phase as usize) else {
                    return ERROR;
                };
                let place = ngx_array_push(&raw mut phase.handlers).cast::<ngx_http_handler_pt>();
                if place.is_null() {
                    return ERROR;
                }
                place.write(Some(handler));
            }
        }
        filters::install();
        OK
    })
}

unsafe extern "C" fn init_process(cycle: *mut ngx_cycle_t) -> ngx_int_t {
    contain(ERROR, || {
        // SAFETY: nginx calls this in each process with the running cycle.
        let settled = unsafe { settled_of(cycle) };
        let Some(settled) = settled else {
            return OK;
        };
        #[cfg(feature = "piper")]
        {
            let (name, value) = avatar_core::speech::piper::NO_TELEMETRY;
            // SAFETY: this process has just been forked and has one thread, so nobody else reads the environment; ours are
            // started below.
            unsafe { std::env::set_var(name, value) };
        }
        match worker::start(&settled) {
            Ok(()) => OK,
            Err(reason) => {
                journal::log(NGX_LOG_EMERG, &format!("avatar: {reason}"));
                ERROR
            }
        }
    })
}

/// # Safety
///
/// `cycle` is a cycle whose configuration has been read.
unsafe fn settled_of(cycle: *mut ngx_cycle_t) -> Option<Settled> {
    // SAFETY: the caller answers for `cycle`; without an `http` block it has no structure for it.
    unsafe {
        let http = nginx_sys::ngx_http_module.index;
        let context = (*(*cycle).conf_ctx.add(http)).cast::<nginx_sys::ngx_http_conf_ctx_t>();
        let conf = (*context.as_ref()?.main_conf.add(module_index())).cast::<MainConf>();
        conf.as_ref()?.settled.clone()
    }
}

unsafe extern "C" fn exit_process(_: *mut ngx_cycle_t) {
    contain((), worker::stop);
}
