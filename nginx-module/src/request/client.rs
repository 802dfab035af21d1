//! The client of a request: waiting for it, and being done with it.

use nginx_sys::{
    NGX_HTTP_VERSION_20, ngx_http_block_reading, ngx_http_core_run_phases,
    ngx_http_finalize_request, ngx_http_run_posted_requests, ngx_http_test_reading,
};

use super::{Code, Request};

impl Request<'_> {
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

    /// Has the event loop call what [`Self::await_client`] set for writing in its next turn, after it has looked at all other
    /// connections.
    pub(crate) fn go_on_next_turn(self) {
        // SAFETY: the request and so its connection is alive. A connection that is closed takes its events out of the queue.
        unsafe {
            let event = (*(*self.raw()).connection).write;
            // The other queue is worked off until it is empty: a stream that enters it again and again would never let go.
            let queue = &raw mut nginx_sys::ngx_posted_next_events;
            // It may be in a queue already, which is as good.
            if (*event).posted() == 0 {
                nginx_sys::ngx_post_event(event, queue);
            }
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

    /// Sees to it that an answer that has begun and cannot go on is not taken for a whole one. In HTTP/1.1 and later what is sent
    /// says itself where it ends. In HTTP/1.0 the end of the connection is the end of the answer, so that has to be a
    /// failure: the connection is reset. To be called right before the request ends with [`Code::ERROR`].
    pub(crate) fn break_off(self) {
        // SAFETY: the request and so its connection is alive; this reads plain numbers and a bit of them.
        let (version, framed, socket) = unsafe {
            let raw = self.raw();
            let length = (*raw).headers_out.content_length_n;
            let framed = (*raw).chunked() != 0 || length >= 0;
            ((*raw).http_version as u32, framed, (*(*raw).connection).fd)
        };
        if framed || version >= NGX_HTTP_VERSION_20 {
            return;
        }
        let linger = libc::linger {
            l_onoff: 1,
            l_linger: 0,
        };
        // SAFETY: the socket is open as long as its connection, and `linger` is alive during the call, which is told its size.
        let set = unsafe {
            libc::setsockopt(
                socket,
                libc::SOL_SOCKET,
                libc::SO_LINGER,
                (&raw const linger).cast(),
                size_of::<libc::linger>() as libc::socklen_t,
            )
        };
        if set != 0 {
            let error = std::io::Error::last_os_error();
            tracing::warn!(%error, "a broken answer may be taken for a whole one");
        }
    }

    /// Whether the client took too long to take anything.
    pub(crate) fn timed_out(self) -> bool {
        // SAFETY: the request and so its connection is alive.
        unsafe { (*(*(*self.raw()).connection).write).timedout() != 0 }
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
