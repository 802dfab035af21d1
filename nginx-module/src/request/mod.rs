//! A request, as the rest of the module sees it: raw pointers end here.

mod answer;
mod client;
mod headers;

use std::marker::PhantomData;
use std::ptr::NonNull;

use nginx_sys::{
    NGX_AGAIN, NGX_DECLINED, NGX_DONE, NGX_ERROR, NGX_HTTP_INTERNAL_SERVER_ERROR, NGX_HTTP_OPTIONS,
    NGX_HTTP_POST, NGX_OK, ngx_http_core_loc_conf_t, ngx_http_core_module, ngx_http_request_t,
    ngx_int_t, ngx_str_t,
};

use crate::alarm;
use crate::conf::{LocationConf, MainConf};
use crate::context::Context;
use crate::module::module_index;
use crate::pool;
use headers::{bytes, entries};

/// What a handler tells nginx.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code(pub(crate) ngx_int_t);

impl Code {
    /// Done, and well.
    pub(crate) const OK: Self = Self(NGX_OK as ngx_int_t);
    /// Not finished; somebody will come back to it.
    pub(crate) const AGAIN: Self = Self(NGX_AGAIN as ngx_int_t);
    /// Somebody else finishes it.
    pub(crate) const DONE: Self = Self(NGX_DONE as ngx_int_t);
    /// Not ours.
    pub(crate) const DECLINED: Self = Self(NGX_DECLINED as ngx_int_t);
    /// Beyond help: the connection goes.
    pub(crate) const ERROR: Self = Self(NGX_ERROR as ngx_int_t);
    /// Status 500.
    pub(crate) const INTERNAL: Self = Self(NGX_HTTP_INTERNAL_SERVER_ERROR as ngx_int_t);

    /// Whether it says that the response must not go on.
    pub(crate) fn is_failure(self) -> bool {
        self == Self::ERROR || self.0 > Self::OK.0
    }
}

/// A request that nginx handed to one of our callbacks, or that one of our tickets keeps track of.
///
/// It lives on the event loop's thread; every method may be called there only, which holds because the
/// type cannot leave the thread and only callbacks of the loop make one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'r> {
    raw: NonNull<ngx_http_request_t>,
    life: PhantomData<&'r ngx_http_request_t>,
}

impl<'r> Request<'r> {
    /// # Safety
    ///
    /// `raw` is a request that stays alive for `'r`, and this is the event loop's thread.
    pub(crate) unsafe fn new(raw: *mut ngx_http_request_t) -> Option<Self> {
        NonNull::new(raw).map(|raw| Self {
            raw,
            life: PhantomData,
        })
    }

    /// The pointer nginx knows it by.
    pub(crate) fn raw(self) -> *mut ngx_http_request_t {
        self.raw.as_ptr()
    }

    /// Whether a client made it, rather than another request.
    pub(crate) fn is_main(self) -> bool {
        // SAFETY: the request is alive (see `new`); `main` is a plain pointer.
        unsafe { (*self.raw()).main == self.raw() }
    }

    fn method(self) -> u32 {
        // SAFETY: the request is alive; `method` is a plain integer.
        unsafe { (*self.raw()).method as u32 }
    }

    /// The name of the method, as it was sent.
    pub(crate) fn method_name(self) -> &'r [u8] {
        // SAFETY: the request is alive; the name lies in memory that lives as long as it.
        unsafe { bytes(&(*self.raw()).method_name) }
    }

    /// Whether the method is POST.
    pub(crate) fn is_post(self) -> bool {
        self.method() & NGX_HTTP_POST != 0
    }

    /// Whether the method is OPTIONS.
    pub(crate) fn is_options(self) -> bool {
        self.method() & NGX_HTTP_OPTIONS != 0
    }

    /// Whether only the header of the answer is wanted. True of HEAD, and of every status without a body
    /// once the header is sent.
    pub(crate) fn header_only(self) -> bool {
        // SAFETY: the request is alive; this reads a bit of it.
        unsafe { (*self.raw()).header_only() != 0 }
    }

    /// The path, decoded and without its query.
    pub(crate) fn path(self) -> Option<&'r str> {
        // SAFETY: the request is alive; its path lies in its pool, which lives at least for `'r`, and is
        // replaced but never overwritten.
        std::str::from_utf8(unsafe { bytes(&(*self.raw()).uri) }).ok()
    }

    /// The query, as it was sent.
    pub(crate) fn query(self) -> Option<&'r str> {
        // SAFETY: as in `path`.
        std::str::from_utf8(unsafe { bytes(&(*self.raw()).args) }).ok()
    }

    /// The value of the first header called `name`, in any case.
    pub(crate) fn header(self, name: &str) -> Option<&'r [u8]> {
        // SAFETY: the request is alive; headers lie in its pool and no longer change once it is handled.
        let mut headers = unsafe { entries(&raw mut (*self.raw()).headers_in.headers.part) };
        headers.find_map(|entry| {
            // SAFETY: `entries` gives pointers to live entries, whose strings lie in the request's pool.
            let (key, value) = unsafe { (bytes(&(*entry).key), bytes(&(*entry).value)) };
            key.eq_ignore_ascii_case(name.as_bytes()).then_some(value)
        })
    }

    /// The values of all headers called `name`, in any case.
    pub(crate) fn headers(self, name: &'static str) -> impl Iterator<Item = &'r [u8]> {
        // SAFETY: as in `header`.
        let headers = unsafe { entries(&raw mut (*self.raw()).headers_in.headers.part) };
        headers.filter_map(move |entry| {
            // SAFETY: as in `header`.
            let (key, value) = unsafe { (bytes(&(*entry).key), bytes(&(*entry).value)) };
            key.eq_ignore_ascii_case(name.as_bytes()).then_some(value)
        })
    }

    /// The media type of the body, without parameters, if there is one.
    pub(crate) fn body_type(self) -> Option<String> {
        let value = std::str::from_utf8(self.header("Content-Type")?).ok()?;
        let essence = value.split(';').next().unwrap_or_default().trim();
        Some(essence.to_ascii_lowercase())
    }

    /// The status that will be or was sent.
    pub(crate) fn status(self) -> u16 {
        // SAFETY: the request is alive; `status` is a plain integer.
        unsafe { (*self.raw()).headers_out.status as u16 }
    }

    /// Whether nginx itself is answering with an error.
    pub(crate) fn is_special(self) -> bool {
        // SAFETY: the request is alive; `err_status` is a plain integer.
        unsafe { (*self.raw()).err_status >= 400 }
    }

    /// What the module remembers of this request.
    pub(crate) fn context(self) -> Option<&'r Context> {
        // SAFETY: the request is alive; nginx keeps one context for each module, ours is only ever set by
        // `remember`, and lives until the request's pool goes.
        unsafe {
            (*(*self.raw()).ctx.add(module_index()))
                .cast::<Context>()
                .as_ref()
        }
    }

    /// Makes the module remember something of this request; dropped with the request.
    pub(crate) fn remember(self, context: Context) -> Option<&'r Context> {
        // SAFETY: the request and so its pool is alive; otherwise as in `context`.
        unsafe {
            let kept = pool::keep((*self.raw()).pool, context)?;
            *(*self.raw()).ctx.add(module_index()) = kept.as_ptr().cast();
            Some(kept.as_ref())
        }
    }

    /// The configuration of the location it fell into.
    pub(crate) fn location(self) -> Option<&'r LocationConf> {
        // SAFETY: the request is alive; its configuration outlives it, and this slot is filled by our
        // own `create_loc_conf`.
        unsafe {
            (*(*self.raw()).loc_conf.add(module_index()))
                .cast::<LocationConf>()
                .as_ref()
        }
    }

    /// The configuration of the whole server.
    pub(crate) fn main_conf(self) -> Option<&'r MainConf> {
        // SAFETY: as in `location`, with our own `create_main_conf`.
        unsafe {
            (*(*self.raw()).main_conf.add(module_index()))
                .cast::<MainConf>()
                .as_ref()
        }
    }

    /// Until when it may be held if it is held from now on, on the loop's clock.
    pub(crate) fn hold_deadline(self) -> usize {
        let settled = self.main_conf().and_then(|conf| conf.settled.as_ref());
        alarm::now() + settled.map_or(0, |settled| settled.hold.as_millis() as usize)
    }

    fn core_location(self) -> Option<*mut ngx_http_core_loc_conf_t> {
        // SAFETY: the request is alive and has a configuration of the core module.
        let core = unsafe {
            let index = ngx_http_core_module.ctx_index;
            (*(*self.raw()).loc_conf.add(index)).cast::<ngx_http_core_loc_conf_t>()
        };
        (!core.is_null()).then_some(core)
    }

    /// Makes `slots` the configuration of the location it fell into.
    ///
    /// # Safety
    ///
    /// `slots` has a valid configuration for every http module and outlives the request.
    pub(crate) unsafe fn move_to(self, slots: *mut *mut std::ffi::c_void) {
        // SAFETY: the request is alive; the caller answers for `slots`.
        unsafe { (*self.raw()).loc_conf = slots };
    }

    /// Replaces the path; false when memory is short.
    pub(crate) fn set_path(self, path: &str) -> bool {
        let Some(path) = self.copy(path.as_bytes()) else {
            return false;
        };
        // SAFETY: the request is alive and `path` lies in its pool. The extension belonged to the old path.
        unsafe {
            (*self.raw()).uri = path;
            (*self.raw()).exten = ngx_str_t::empty();
        }
        true
    }

    /// Who answers in the content phase; `None` for nginx's own handlers.
    pub(crate) fn set_content_handler(self, handler: nginx_sys::ngx_http_handler_pt) {
        // SAFETY: the request is alive.
        unsafe { (*self.raw()).content_handler = handler };
    }

    /// Whether the location has somebody of its own to answer, such as `proxy_pass`.
    pub(crate) fn has_content_handler(self) -> bool {
        // SAFETY: the request is alive.
        unsafe { (*self.raw()).content_handler.is_some() }
    }

    /// Keeps nginx from answering with a range.
    pub(crate) fn disable_ranges(self) {
        // SAFETY: the request is alive; this sets a bit of it.
        unsafe { (*self.raw()).set_allow_ranges(0) };
    }
}

/// An `ngx_str_t` over a constant.
pub(crate) const fn constant(text: &'static str) -> ngx_str_t {
    ngx_str_t {
        len: text.len(),
        data: text.as_ptr().cast_mut(),
    }
}
