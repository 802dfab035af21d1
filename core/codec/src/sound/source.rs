//! The bytes of a stream on their way to the demuxer, which keeps neither errors nor where they ended.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::format::SoundFormat;
use super::ogg::Pages;

/// What became of a source.
#[derive(Debug, Clone, Default)]
pub(super) struct Trace(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    failure: Option<io::Error>,
    pages: Option<Pages>,
}

impl Trace {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why it failed, if it did. Told once.
    pub(super) fn failure(&self) -> Option<io::Error> {
        self.lock().failure.take()
    }

    /// Whether what was read so far ends where nothing can end.
    pub(super) fn cut(&self) -> bool {
        self.lock().pages.as_ref().is_some_and(Pages::within)
    }
}

/// A reader, watched.
#[derive(Debug)]
pub(super) struct Source<R> {
    bytes: R,
    trace: Trace,
}

impl<R> Source<R> {
    pub(super) fn new(bytes: R, format: SoundFormat, trace: Trace) -> Self {
        trace.lock().pages = (format == SoundFormat::Ogg).then(Pages::default);
        Self { bytes, trace }
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = self.bytes.read(buffer);
        let mut state = self.trace.lock();
        match result {
            Ok(count) => {
                if let Some(pages) = &mut state.pages {
                    pages.pass(buffer.get(..count).unwrap_or_default());
                }
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let kind = error.kind();
                state.failure = Some(error);
                Err(kind.into())
            }
        }
    }
}
