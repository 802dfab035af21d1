//! Bodies of calls.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::FromRawFd;
use std::os::unix::fs::FileExt;

use avatar_core::api::Refusal;
use bytes::Bytes;
use nginx_sys::{
    NGX_HTTP_SPECIAL_RESPONSE, ngx_buf_t, ngx_http_read_client_request_body, ngx_http_request_t,
};

use crate::boundary::contain;
use crate::context::Context;
use crate::handlers::send;
use crate::request::{Code, Request};

/// Answers a call, given its body. The code is for [`Request::finish`].
pub(crate) type Answer = fn(Request<'_>, &Context, Body) -> Code;

/// Reads the body and then answers with what `answer` says. How large it may be is nginx's
/// `client_max_body_size`.
pub(crate) fn read(request: Request<'_>, context: &Context, answer: Answer) -> Code {
    context.answer.set(Some(answer));
    // SAFETY: the request is alive; nginx calls `on_body` once, now or later, unless it fails.
    let code = unsafe { ngx_http_read_client_request_body(request.raw(), Some(on_body)) };
    if code >= NGX_HTTP_SPECIAL_RESPONSE as isize {
        Code(code)
    } else {
        Code::DONE
    }
}

unsafe extern "C" fn on_body(raw: *mut ngx_http_request_t) {
    // SAFETY: nginx calls this with the live request whose body it has read.
    let Some(request) = (unsafe { Request::new(raw) }) else {
        return;
    };
    let code = contain(Code::INTERNAL, || {
        let Some(context) = request.context() else {
            return Code::INTERNAL;
        };
        match (Body::of(request), context.answer.get()) {
            (Ok(body), Some(answer)) => answer(request, context, body),
            (Err(error), _) => {
                tracing::error!(%error, "a request's body was not read");
                send(request, context, Refusal::internal().into())
            }
            (Ok(_), None) => send(request, context, Refusal::internal().into()),
        }
    });
    request.finish(code);
}

/// A body that nginx has read, be it in memory or in a temporary file, in pieces of bounded size.
pub(crate) struct Body(VecDeque<Stretch>);

enum Stretch {
    Memory(Bytes),
    File { file: File, at: u64, end: u64 },
}

/// Bytes of a file that are read at once.
const PIECE: u64 = 64 * 1024;

impl Body {
    fn of(request: Request<'_>) -> io::Result<Self> {
        let mut stretches = VecDeque::new();
        // SAFETY: the request is alive and its body read; then the chain of its buffers, which may be empty,
        // ends with null, and each link has a buffer.
        unsafe {
            let Some(read) = (*request.raw()).request_body.as_ref() else {
                return Ok(Self(stretches));
            };
            let mut link = read.bufs;
            while let Some(here) = link.as_ref() {
                stretches.extend(stretch(&*here.buf)?);
                link = here.next;
            }
        }
        Ok(Self(stretches))
    }

    /// All of it.
    pub(crate) fn whole(self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        for piece in self {
            body.extend_from_slice(&piece?);
        }
        Ok(body)
    }
}

impl Iterator for Body {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.0.pop_front()? {
            Stretch::Memory(bytes) => Some(Ok(bytes)),
            Stretch::File { file, at, end } => {
                let next = end.min(at.saturating_add(PIECE));
                let mut piece = vec![0; usize::try_from(next - at).unwrap_or_default()];
                let read = file.read_exact_at(&mut piece, at);
                if next < end {
                    self.0.push_front(Stretch::File {
                        file,
                        at: next,
                        end,
                    });
                }
                Some(read.map(|()| piece.into()))
            }
        }
    }
}

/// # Safety
///
/// `buffer` is one of a body that nginx has read.
unsafe fn stretch(buffer: &ngx_buf_t) -> io::Result<Option<Stretch>> {
    if buffer.in_file() == 0 {
        if buffer.pos.is_null() {
            return Ok(None);
        }
        let length = (buffer.last as usize).saturating_sub(buffer.pos as usize);
        // SAFETY: a buffer in memory has its bytes between `pos` and `last`.
        let bytes = unsafe { std::slice::from_raw_parts(buffer.pos, length) };
        return Ok(Some(Stretch::Memory(Bytes::copy_from_slice(bytes))));
    }
    // SAFETY: a buffer in a file has that file, open as long as the request lives; it is not closed here.
    let file = unsafe { ManuallyDrop::new(File::from_raw_fd((*buffer.file).fd)) };
    let end = u64::try_from(buffer.file_last).map_err(io::Error::other)?;
    Ok(Some(Stretch::File {
        file: file.try_clone()?,
        at: u64::try_from(buffer.file_pos)
            .map_err(io::Error::other)?
            .min(end),
        end,
    }))
}
