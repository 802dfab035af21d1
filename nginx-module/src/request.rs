//! A request, as the rest of the module sees it: raw pointers end here.

use std::marker::PhantomData;
use std::ptr::{self, NonNull};

use nginx_sys::{
    NGX_AGAIN, NGX_DONE, NGX_ERROR, NGX_HTTP_INTERNAL_SERVER_ERROR, NGX_HTTP_LAST,
    NGX_HTTP_OPTIONS, NGX_HTTP_POST, NGX_OK, ngx_buf_t, ngx_chain_t, ngx_create_temp_buf,
    ngx_http_block_reading, ngx_http_core_loc_conf_t, ngx_http_core_module,
    ngx_http_core_run_phases, ngx_http_discard_request_body, ngx_http_finalize_request,
    ngx_http_output_filter, ngx_http_request_t, ngx_http_run_posted_requests, ngx_http_send_header,
    ngx_http_send_special, ngx_http_test_reading, ngx_int_t, ngx_list_part_t, ngx_list_push,
    ngx_pcalloc, ngx_str_t, ngx_table_elt_t,
};

use crate::conf::{LocationConf, MainConf};
use crate::context::Context;
use crate::module::module_index;
use crate::pool;
use crate::reply::Reply;

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
    pub(crate) const DECLINED: Self = Self(nginx_sys::NGX_DECLINED as ngx_int_t);
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

    /// Keeps nginx from answering that nothing was modified.
    pub(crate) fn disable_not_modified(self) {
        // SAFETY: the request is alive; these set bits of it.
        unsafe {
            (*self.raw()).set_disable_not_modified(1);
            (*self.raw()).set_allow_ranges(0);
        }
    }

    /// A copy of `bytes` that lives as long as the request.
    pub(crate) fn copy(self, bytes: &[u8]) -> Option<ngx_str_t> {
        // SAFETY: the request and so its pool is alive.
        unsafe { pool::copy((*self.raw()).pool, bytes) }
    }

    /// Sets a header of the answer, in place of one of the same name; false when memory is short.
    pub(crate) fn set_header(self, name: &'static str, value: &str) -> bool {
        let Some(value) = self.copy(value.as_bytes()) else {
            return false;
        };
        // SAFETY: the request is alive; nginx initialised the list of headers, and pushing to it gives
        // memory for one entry or null. Zero is the initial state of an entry.
        unsafe {
            let entry = match self.sent(name) {
                Some(entry) => entry,
                None => {
                    let list = &raw mut (*self.raw()).headers_out.headers;
                    let entry = ngx_list_push(list).cast::<ngx_table_elt_t>();
                    if entry.is_null() {
                        return false;
                    }
                    entry.write_bytes(0, 1);
                    (*entry).hash = 1;
                    (*entry).key = constant(name);
                    entry
                }
            };
            (*entry).value = value;
        }
        true
    }

    fn sent(self, name: &str) -> Option<*mut ngx_table_elt_t> {
        // SAFETY: the request is alive and so are the headers of its answer.
        let mut headers = unsafe { entries(&raw mut (*self.raw()).headers_out.headers.part) };
        headers.find(|&entry| {
            // SAFETY: `entries` gives pointers to live entries, whose strings live as long as they do.
            let (hash, key) = unsafe { ((*entry).hash, bytes(&(*entry).key)) };
            hash != 0 && key.eq_ignore_ascii_case(name.as_bytes())
        })
    }

    /// Sets the media type of the answer.
    pub(crate) fn set_content_type(self, content_type: &'static str) {
        // SAFETY: the request is alive; the text is static. The lower-case form is made anew when needed.
        unsafe {
            let out = &raw mut (*self.raw()).headers_out;
            (*out).content_type = constant(content_type);
            (*out).content_type_len = content_type.len();
            (*out).content_type_lowcase = ptr::null_mut();
        }
    }

    /// Sets the length of the answer, or leaves it open.
    pub(crate) fn set_content_length(self, length: Option<usize>) {
        // SAFETY: the request is alive; the entry, if there is one, lies in its pool.
        unsafe {
            let out = &raw mut (*self.raw()).headers_out;
            if let Some(entry) = (*out).content_length.as_mut() {
                entry.hash = 0;
            }
            (*out).content_length = ptr::null_mut();
            (*out).content_length_n = length.map_or(-1, |length| length as _);
        }
    }

    /// Takes out of the answer what says when it was made.
    pub(crate) fn clear_validators(self) {
        // SAFETY: the request is alive; the entries, where there are some, lie in its pool.
        unsafe {
            let out = &raw mut (*self.raw()).headers_out;
            for entry in [&raw mut (*out).last_modified, &raw mut (*out).etag] {
                if let Some(entry) = (*entry).as_mut() {
                    entry.hash = 0;
                }
                *entry = ptr::null_mut();
            }
            (*out).last_modified_time = -1;
        }
    }

    /// Reads and forgets the body.
    pub(crate) fn discard_body(self) -> Code {
        // SAFETY: the request is alive.
        Code(unsafe { ngx_http_discard_request_body(self.raw()) })
    }

    /// Sends status line and headers.
    pub(crate) fn send_header(self, status: u16) -> Code {
        // SAFETY: the request is alive.
        unsafe {
            (*self.raw()).headers_out.status = status.into();
            Code(ngx_http_send_header(self.raw()))
        }
    }

    /// Sends a whole answer. The returned code is for nginx, or for [`Self::finish`].
    pub(crate) fn send(self, reply: &Reply) -> Code {
        let Some(body) = self.copy(&reply.body) else {
            return Code::INTERNAL;
        };
        let empty = reply.body.is_empty();
        if !empty {
            self.set_content_type(reply.content_type);
        }
        self.set_content_length((reply.status != 204).then_some(reply.body.len()));
        for (name, value) in &reply.headers {
            if !self.set_header(name, value) {
                return Code::INTERNAL;
            }
        }
        let sent = self.send_header(reply.status);
        if sent.is_failure() || self.header_only() {
            return sent;
        }
        match self.memory(body) {
            Some(buffer) => self.output(buffer),
            None => Code::ERROR,
        }
    }

    /// A last buffer over `bytes`, which lie in the request's pool.
    pub(crate) fn memory(self, bytes: ngx_str_t) -> Option<NonNull<ngx_buf_t>> {
        // SAFETY: the request and so its pool is alive; zero is the initial state of a buffer.
        unsafe {
            let buffer = NonNull::new(
                ngx_pcalloc((*self.raw()).pool, size_of::<ngx_buf_t>()).cast::<ngx_buf_t>(),
            )?;
            let to = buffer.as_ptr();
            (*to).pos = bytes.data;
            (*to).last = bytes.data.add(bytes.len);
            (*to).start = (*to).pos;
            (*to).end = (*to).last;
            (*to).set_memory(u32::from(bytes.len > 0));
            (*to).set_last_buf(1);
            (*to).set_last_in_chain(1);
            Some(buffer)
        }
    }

    /// Sends a buffer of the request's pool.
    pub(crate) fn output(self, buffer: NonNull<ngx_buf_t>) -> Code {
        let mut chain = ngx_chain_t {
            buf: buffer.as_ptr(),
            next: ptr::null_mut(),
        };
        // SAFETY: the request is alive; filters copy the links of a chain before they return.
        Code(unsafe { ngx_http_output_filter(self.raw(), &raw mut chain) })
    }

    /// Sends what is still on its way.
    pub(crate) fn flush(self) -> Code {
        // SAFETY: the request is alive; a null chain means what was given before.
        Code(unsafe { ngx_http_output_filter(self.raw(), ptr::null_mut()) })
    }

    /// Ends the answer.
    pub(crate) fn send_last(self) -> Code {
        // SAFETY: the request is alive and its header sent.
        Code(unsafe { ngx_http_send_special(self.raw(), NGX_HTTP_LAST as usize) })
    }

    /// A buffer of up to `size` bytes that is filled again and again, each time to be sent at once.
    pub(crate) fn reusable(self, size: usize) -> Option<NonNull<ngx_buf_t>> {
        // SAFETY: the request and so its pool is alive.
        unsafe {
            let buffer = NonNull::new(ngx_create_temp_buf((*self.raw()).pool, size))?;
            (*buffer.as_ptr()).set_flush(1);
            Some(buffer)
        }
    }

    /// Whether some of what `buffer` was last filled with has not been sent.
    pub(crate) fn is_pending(self, buffer: NonNull<ngx_buf_t>) -> bool {
        // SAFETY: the buffer was made by `reusable`, and lives as long as the request.
        unsafe { (*buffer.as_ptr()).pos != (*buffer.as_ptr()).last }
    }

    /// Fills a buffer that is not pending; false when it is too small.
    pub(crate) fn refill(self, buffer: NonNull<ngx_buf_t>, bytes: &[u8]) -> bool {
        // SAFETY: the buffer was made by `reusable` and lives as long as the request; nobody reads it while
        // it is not pending. Its memory lies between `start` and `end`.
        unsafe {
            let to = buffer.as_ptr();
            if (*to).end as usize - ((*to).start as usize) < bytes.len() {
                return false;
            }
            (*to)
                .start
                .copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            (*to).pos = (*to).start;
            (*to).last = (*to).start.add(bytes.len());
        }
        true
    }

    /// Counts one more party that will finish the request.
    pub(crate) fn hold_open(self) {
        // SAFETY: the request is alive, and so is the one it belongs to.
        unsafe {
            let main = (*self.raw()).main;
            (*main).set_count((*main).count() + 1);
        }
    }

    /// Sets what happens when the client can be read from (its going away is noticed) and written to.
    pub(crate) fn await_client(self, writable: nginx_sys::ngx_http_event_handler_pt) {
        // SAFETY: the request is alive.
        unsafe {
            (*self.raw()).read_event_handler = Some(ngx_http_test_reading);
            (*self.raw()).write_event_handler = writable;
        }
    }

    /// Asks the event loop to tell when the client goes away; false when it cannot.
    pub(crate) fn watch_client(self) -> bool {
        // SAFETY: the request and so its connection is alive. A connection that is closed takes its events out
        // of the queue.
        unsafe {
            let event = (*(*self.raw()).connection).read;
            // A client that asked and left at once is told of only once, together with its question.
            if (*event).ready() != 0 {
                nginx_sys::ngx_post_event(event, &raw mut nginx_sys::ngx_posted_events);
            }
            Code(nginx_sys::ngx_handle_read_event(event, 0)) == Code::OK
        }
    }

    /// Asks the event loop to tell when the client can take more, within the location's `send_timeout`;
    /// false when it cannot.
    pub(crate) fn watch_space(self) -> bool {
        let Some(core) = self.core_location() else {
            return false;
        };
        // SAFETY: the request and so its connection is alive; `core` is its configuration.
        unsafe {
            let event = (*(*self.raw()).connection).write;
            if (*event).delayed() == 0 {
                nginx_sys::ngx_add_timer(event, (*core).send_timeout);
            }
            Code(nginx_sys::ngx_handle_write_event(event, (*core).send_lowat)) == Code::OK
        }
    }

    /// Stops the clock that [`Self::watch_space`] set; one that `limit_rate` set goes on.
    pub(crate) fn has_space(self) {
        // SAFETY: the request and so its connection is alive.
        unsafe {
            let event = (*(*self.raw()).connection).write;
            if (*event).delayed() == 0 && (*event).timer_set() != 0 {
                nginx_sys::ngx_del_timer(event);
            }
        }
    }

    /// Whether the client took too long to take anything.
    pub(crate) fn timed_out(self) -> bool {
        // SAFETY: the request and so its connection is alive.
        unsafe { (*(*(*self.raw()).connection).write).timedout() != 0 }
    }

    fn core_location(self) -> Option<*mut ngx_http_core_loc_conf_t> {
        // SAFETY: the request is alive and has a configuration of the core module.
        let core = unsafe {
            let index = ngx_http_core_module.ctx_index;
            (*(*self.raw()).loc_conf.add(index)).cast::<ngx_http_core_loc_conf_t>()
        };
        (!core.is_null()).then_some(core)
    }

    /// Goes on with the phases of the request from where its handler left them. It may be gone afterwards.
    pub(crate) fn resume(self) {
        // SAFETY: the request is alive up to the call of the phases. The connection outlives it: nginx
        // itself looks at `destroyed` after the request may be gone.
        unsafe {
            let connection = (*self.raw()).connection;
            (*self.raw()).read_event_handler = Some(ngx_http_block_reading);
            (*self.raw()).write_event_handler = Some(ngx_http_core_run_phases);
            ngx_http_core_run_phases(self.raw());
            ngx_http_run_posted_requests(connection);
        }
    }

    /// Makes the phases the ones that go on when the client can be written to, as nginx itself had it.
    pub(crate) fn release_client(self) {
        // SAFETY: the request is alive.
        unsafe {
            (*self.raw()).read_event_handler = Some(ngx_http_block_reading);
            (*self.raw()).write_event_handler = Some(ngx_http_core_run_phases);
        }
    }

    /// Gives the request back to nginx, from a callback that nginx made. It may be gone afterwards.
    pub(crate) fn finish(self, code: Code) {
        // SAFETY: the request is alive up to here.
        unsafe { ngx_http_finalize_request(self.raw(), code.0) };
    }

    /// Gives the request back to nginx from the event loop. It may be gone afterwards.
    pub(crate) fn finish_from_loop(self, code: Code) {
        // SAFETY: as in `resume`.
        unsafe {
            let connection = (*self.raw()).connection;
            ngx_http_finalize_request(self.raw(), code.0);
            ngx_http_run_posted_requests(connection);
        }
    }
}

/// An `ngx_str_t` over a constant.
pub(crate) const fn constant(text: &'static str) -> ngx_str_t {
    ngx_str_t {
        len: text.len(),
        data: text.as_ptr().cast_mut(),
    }
}

/// # Safety
///
/// The memory of `text` outlives `'r` and does not change.
unsafe fn bytes<'r>(text: &ngx_str_t) -> &'r [u8] {
    if text.data.is_null() {
        return &[];
    }
    // SAFETY: the caller answers for the memory; nginx's strings are as long as they say.
    unsafe { std::slice::from_raw_parts(text.data, text.len) }
}

/// The entries of a list of headers.
struct Entries {
    part: *mut ngx_list_part_t,
    index: usize,
}

/// # Safety
///
/// `part` is the first part of an initialised list of headers that outlives the iterator and does not grow
/// meanwhile.
unsafe fn entries(part: *mut ngx_list_part_t) -> Entries {
    Entries { part, index: 0 }
}

impl Iterator for Entries {
    type Item = *mut ngx_table_elt_t;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            // SAFETY: the maker answers for the list, whose parts each have `nelts` entries and a link to the
            // next part or null.
            let part = unsafe { self.part.as_ref()? };
            if self.index < part.nelts {
                // SAFETY: as above.
                let entry = unsafe { part.elts.cast::<ngx_table_elt_t>().add(self.index) };
                self.index += 1;
                return Some(entry);
            }
            self.part = part.next;
            self.index = 0;
        }
    }
}
