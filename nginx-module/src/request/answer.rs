//! The answer to a request.

use std::ptr::{self, NonNull};

use nginx_sys::{
    NGX_HTTP_LAST, ngx_buf_t, ngx_chain_t, ngx_create_temp_buf, ngx_http_discard_request_body,
    ngx_http_output_filter, ngx_http_send_header, ngx_http_send_special, ngx_list_push,
    ngx_pcalloc, ngx_str_t, ngx_table_elt_t,
};

use super::headers::{bytes, entries};
use super::{Code, Request, constant};
use crate::pool;
use crate::reply::Reply;

impl Request<'_> {
    /// A copy of `bytes` that lives as long as the request.
    pub(crate) fn copy(self, bytes: &[u8]) -> Option<ngx_str_t> {
        // SAFETY: the request and so its pool is alive.
        unsafe { pool::copy((*self.raw()).pool, bytes) }
    }

    /// Sets a header of the answer, in place of one of the same name; false when memory is short.
    pub(crate) fn set_header(self, name: &'static str, value: &str) -> bool {
        self.copy(value.as_bytes())
            .is_some_and(|value| self.put_header(name, value))
    }

    /// The same with a value that need not be copied.
    pub(crate) fn set_constant_header(self, name: &'static str, value: &'static str) -> bool {
        self.put_header(name, constant(value))
    }

    fn put_header(self, name: &'static str, value: ngx_str_t) -> bool {
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
    pub(crate) fn clear_last_modified(self) {
        // SAFETY: the request is alive; the entry, if there is one, lies in its pool.
        unsafe {
            let out = &raw mut (*self.raw()).headers_out;
            if let Some(entry) = (*out).last_modified.as_mut() {
                entry.hash = 0;
            }
            (*out).last_modified = ptr::null_mut();
            (*out).last_modified_time = -1;
        }
    }

    /// Sets the entity tag by which nginx recognises what a client has (RFC 9110 section 8.8.3); false when memory is
    /// short.
    pub(crate) fn set_entity_tag(self, tag: &str) -> bool {
        if !self.set_header("ETag", tag) {
            return false;
        }
        let entry = self.sent("ETag").unwrap_or(ptr::null_mut());
        // SAFETY: the request is alive; the entry lies in its list of headers, as nginx's own does.
        unsafe { (*self.raw()).headers_out.etag = entry };
        true
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

    /// A buffer of `size` bytes that is filled again and again, each time to be sent at once.
    pub(crate) fn reusable(self, size: usize) -> Option<NonNull<ngx_buf_t>> {
        // SAFETY: the request and so its pool is alive, and gives as many bytes as it is asked for.
        unsafe {
            let buffer = NonNull::new(ngx_create_temp_buf((*self.raw()).pool, size))?;
            (*buffer.as_ptr()).start.write_bytes(0, size);
            (*buffer.as_ptr()).set_flush(1);
            Some(buffer)
        }
    }

    /// Whether some of what `buffer` was last filled with has not been sent.
    pub(crate) fn is_pending(self, buffer: NonNull<ngx_buf_t>) -> bool {
        // SAFETY: the buffer was made by `reusable`, and lives as long as the request.
        unsafe { (*buffer.as_ptr()).pos != (*buffer.as_ptr()).last }
    }

    /// Has a buffer that is not pending filled by `body`, which is given all of its memory and says how much of it is to be
    /// sent.
    pub(crate) fn fill(self, buffer: NonNull<ngx_buf_t>, body: impl FnOnce(&mut [u8]) -> usize) {
        // SAFETY: the buffer was made by `reusable`, which wrote to all of its memory, between `start` and `end`, and
        // lives as long as the request; nobody else looks at it while it is not pending.
        unsafe {
            let to = buffer.as_ptr();
            let size = (*to).end as usize - (*to).start as usize;
            let length = body(std::slice::from_raw_parts_mut((*to).start, size));
            (*to).pos = (*to).start;
            (*to).last = (*to).start.add(length.min(size));
        }
    }
}
