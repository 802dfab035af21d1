//! What the core has to say, in nginx's error log.
//!
//! nginx's log belongs to the event loop's thread. Other threads put their lines in a bounded queue, and the
//! loop, nudged, writes them.

use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Once};

use nginx_sys::{
    NGX_LOG_CRIT, NGX_LOG_DEBUG, NGX_LOG_ERR, NGX_LOG_INFO, NGX_LOG_NOTICE, NGX_LOG_WARN,
    ngx_cycle, ngx_log_t,
};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::hints::Sender;

/// Lines that may wait for the loop; more are counted and left out.
const LINES: usize = 1024;

struct Line {
    level: u32,
    text: String,
}

/// Writes what others put in the queue.
pub(crate) struct Journal {
    lines: Receiver<Line>,
    shared: Arc<Shared>,
}

struct Shared {
    lost: AtomicUsize,
    nudged: AtomicBool,
}

impl Journal {
    /// Makes everything said through `tracing` in this process end in nginx's log, and panics too.
    /// `bell` wakes this process, `pid`.
    pub(crate) fn open(bell: Arc<Sender>, pid: u32) -> Self {
        let (sender, lines) = sync_channel(LINES);
        let shared = Arc::new(Shared {
            lost: AtomicUsize::new(0),
            nudged: AtomicBool::new(false),
        });
        let voice = Voice {
            lines: sender,
            shared: Arc::clone(&shared),
            bell,
            pid,
            level: configured_level(),
        };
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            // There is none before: this is the one place that sets it.
            let _ = tracing::subscriber::set_global_default(voice);
            std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
        });
        Self { lines, shared }
    }

    /// Writes what waits. The event loop's thread only.
    pub(crate) fn write(&self) {
        self.shared.nudged.store(false, Ordering::Release);
        for line in self.lines.try_iter() {
            log(line.level, &line.text);
        }
        let lost = self.shared.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            log(
                NGX_LOG_WARN,
                &format!("avatar: {lost} lines are missing here: the log was written too slowly"),
            );
        }
    }
}

/// Writes a line to this process's log. The event loop's thread only.
pub(crate) fn log(level: u32, text: &str) {
    // SAFETY: nginx sets the cycle and its log before anything of ours runs, and keeps both.
    unsafe { log_to((*ngx_cycle).log, level, text) };
}

/// Writes a line to `log`.
///
/// # Safety
///
/// `log` is a log of nginx's, and this is the event loop's thread, or nginx reads its configuration.
pub(crate) unsafe fn log_to(log: *mut ngx_log_t, level: u32, text: &str) {
    // SAFETY: the caller answers for the log; the text is passed by pointer and length.
    unsafe {
        if level as usize <= (*log).log_level {
            ngx::log::log_error(level as usize, log, 0, text.as_bytes());
        }
    }
}

/// What is worth saying, given how much the operator wants to hear. nginx's `info` is about single
/// requests, its `notice` about the life of things: ours begins at the latter.
fn configured_level() -> LevelFilter {
    // SAFETY: as in `log`.
    match unsafe { (*(*ngx_cycle).log).log_level } as u32 {
        0..=NGX_LOG_CRIT => LevelFilter::OFF,
        NGX_LOG_ERR => LevelFilter::ERROR,
        NGX_LOG_WARN => LevelFilter::WARN,
        NGX_LOG_NOTICE => LevelFilter::INFO,
        NGX_LOG_INFO => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    }
}

struct Voice {
    lines: SyncSender<Line>,
    shared: Arc<Shared>,
    bell: Arc<Sender>,
    pid: u32,
    level: LevelFilter,
}

impl Subscriber for Voice {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.level && metadata.target().starts_with("avatar")
            || *metadata.level() == Level::ERROR
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level.max(LevelFilter::ERROR))
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut words = Words::default();
        event.record(&mut words);
        let level = match *event.metadata().level() {
            Level::ERROR => NGX_LOG_ERR,
            Level::WARN => NGX_LOG_WARN,
            Level::INFO => NGX_LOG_NOTICE,
            Level::DEBUG => NGX_LOG_INFO,
            Level::TRACE => NGX_LOG_DEBUG,
        };
        let text = format!("avatar: {}{}", words.message, words.fields);
        if self.lines.try_send(Line { level, text }).is_err() {
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
        }
        if !self.shared.nudged.swap(true, Ordering::AcqRel) {
            self.bell.nudge(self.pid);
        }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// An event as a line: its message, then its fields, as `, name: value`, in nginx's own manner.
#[derive(Default)]
struct Words {
    message: String,
    fields: String,
}

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string does not fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, ", {name}: {value:?}"),
        };
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}
