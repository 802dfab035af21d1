//! Timers of the event loop.

use std::ptr;

use nginx_sys::{ngx_add_timer, ngx_connection_t, ngx_cycle, ngx_del_timer, ngx_event_t};

/// Milliseconds of the loop's own clock; it never goes backwards.
pub(crate) fn now() -> usize {
    // SAFETY: a plain integer that only this thread, the event loop's, updates.
    unsafe { nginx_sys::ngx_current_msec }
}

/// What is called when an alarm goes off.
pub(crate) type Handler = unsafe extern "C" fn(*mut ngx_event_t);

/// A timer of the event loop. It belongs to the loop's thread and is taken out of the loop when dropped.
pub(crate) struct Alarm {
    event: *mut ngx_event_t,
    subject: *mut ngx_connection_t,
}

impl Alarm {
    /// An alarm that is not set. One that is `binding` keeps a worker that is asked to quit alive as long as it is set.
    pub(crate) fn new(handler: Handler, binding: bool) -> Self {
        // nginx's debug log names the connection of every timer, so there must be one to name.
        // SAFETY: all-zero is a valid state of this plain C structure.
        let mut subject: Box<ngx_connection_t> = Box::new(unsafe { std::mem::zeroed() });
        subject.fd = -1;
        let subject = Box::into_raw(subject);
        // SAFETY: all-zero is nginx's own initial state of an event.
        let mut event: Box<ngx_event_t> = Box::new(unsafe { std::mem::zeroed() });
        event.data = subject.cast();
        event.handler = Some(handler);
        // SAFETY: nginx sets the cycle before it loads a module, and its log lives as long as the cycle.
        event.log = unsafe { (*ngx_cycle).log };
        event.set_cancelable(u32::from(!binding));
        Self {
            event: Box::into_raw(event),
            subject,
        }
    }

    /// Goes off `milliseconds` from now, whatever was set before.
    pub(crate) fn set(&self, milliseconds: usize) {
        self.clear();
        // SAFETY: the event is ours, initialised in `new`, alive until `drop`, and touched by the loop's thread only.
        unsafe { ngx_add_timer(self.event, milliseconds) };
    }

    /// Whether it is going to go off.
    pub(crate) fn is_set(&self) -> bool {
        // SAFETY: as in `set`.
        unsafe { (*self.event).timer_set() != 0 }
    }

    /// Does not go off after all.
    pub(crate) fn clear(&self) {
        if self.is_set() {
            // SAFETY: as in `set`; the event is in the timer tree, as `timer_set` says.
            unsafe { ngx_del_timer(self.event) };
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.clear();
        // SAFETY: both came out of a `Box` in `new`; the timer tree does not know the event any more.
        unsafe {
            drop(Box::from_raw(self.event));
            drop(Box::from_raw(self.subject));
        }
        self.event = ptr::null_mut();
        self.subject = ptr::null_mut();
    }
}
