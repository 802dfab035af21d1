//! Bodies of calls.

use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::FromRawFd;
use std::os::unix::fs::FileExt;

use avatar_core::api::Refusal;
use nginx_sys::{
    NGX_HTTP_SPECIAL_RESPONSE, ngx_buf_t, ngx_http_read_client_request_body, ngx_http_request_t,
};

use crate::boundary::contain;
use crate::context::Context;
use crate::handlers::send;
use crate::request::{Code, Request};

/// Answers a call, given its body. The code is for [`Request::finish`].
pub(crate) type Answer = fn(Request<'_>, &Context, &[u8]) -> Code;

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
        match (collect(request), context.answer.get()) {
            (Ok(body), Some(answer)) => answer(request, context, &body),
            (Err(error), _) => {
                tracing::error!(%error, "a request's body was not read");
                send(request, context, Refusal::internal().into())
            }
            (Ok(_), None) => send(request, context, Refusal::internal().into()),
        }
    });
    request.finish(code);
}

/// The whole body, be it in memory or in a temporary file.
fn collect(request: Request<'_>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    // SAFETY: the request is alive and its body read; then the chain of its buffers, which may be empty,
    // ends with null, and each link has a buffer.
    unsafe {
        let Some(read) = (*request.raw()).request_body.as_ref() else {
            return Ok(body);
        };
        let mut link = read.bufs;
        while let Some(here) = link.as_ref() {
            append(&mut body, &*here.buf)?;
            link = here.next;
        }
    }
    Ok(body)
}

/// # Safety
///
/// `buffer` is one of a body that nginx has read.
unsafe fn append(body: &mut Vec<u8>, buffer: &ngx_buf_t) -> io::Result<()> {
    if buffer.in_file() == 0 {
        if !buffer.pos.is_null() {
            let length = (buffer.last as usize).saturating_sub(buffer.pos as usize);
            // SAFETY: a buffer in memory has its bytes between `pos` and `last`.
            body.extend_from_slice(unsafe { std::slice::from_raw_parts(buffer.pos, length) });
        }
        return Ok(());
    }
    // SAFETY: a buffer in a file has that file, open as long as the request lives; it is not closed here.
    let file = unsafe { ManuallyDrop::new(File::from_raw_fd((*buffer.file).fd)) };
    let length = usize::try_from(buffer.file_last - buffer.file_pos).map_err(io::Error::other)?;
    let offset = u64::try_from(buffer.file_pos).map_err(io::Error::other)?;
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, offset)?;
    body.append(&mut bytes);
    Ok(())
}
