//! What is done to answers on their way out: headers for browsers and caches, and errors of nginx's own in the
//! API's words.
//!
//! Our filters are the first in their chains, since nginx puts a dynamic module's last and calls the last first:
//! what they set, nginx's own filters for ranges, conditions and compression still see.

use std::cell::Cell;
use std::ptr;

use avatar_core::api::{Code as Word, MediaFile, Refusal, RenditionFile, Route, Words};
use avatar_core::session::SessionId;
use nginx_sys::{
    ngx_chain_t, ngx_http_output_body_filter_pt, ngx_http_output_header_filter_pt,
    ngx_http_request_t, ngx_http_top_body_filter, ngx_http_top_header_filter, ngx_int_t,
};

use crate::boundary::contain;
use crate::context::{Context, Freshness};
use crate::handlers::wanted;
use crate::origins;
use crate::reply::{JSON, Reply};
use crate::request::{Code, Request};
use crate::stream::Stream;

thread_local! {
    static NEXT_HEADER: Cell<ngx_http_output_header_filter_pt> = const { Cell::new(None) };
    static NEXT_BODY: Cell<ngx_http_output_body_filter_pt> = const { Cell::new(None) };
}

/// Puts our filters in front of those that are there. Called while nginx reads its configuration.
pub(crate) fn install() {
    // SAFETY: nginx has one thread while it reads its configuration, and builds the chains anew each time.
    unsafe {
        NEXT_HEADER.set(ngx_http_top_header_filter);
        ngx_http_top_header_filter = Some(filter_header);
        NEXT_BODY.set(ngx_http_top_body_filter);
        ngx_http_top_body_filter = Some(filter_body);
    }
}

unsafe extern "C" fn filter_header(raw: *mut ngx_http_request_t) -> ngx_int_t {
    let fits = contain(false, || {
        // SAFETY: nginx calls this with the live request that is being answered.
        unsafe { Request::new(raw) }.is_some_and(set_headers)
    });
    match NEXT_HEADER.get() {
        // SAFETY: the next filter is called as nginx calls it.
        Some(next) if fits => unsafe { next(raw) },
        _ => Code::ERROR.0,
    }
}

unsafe extern "C" fn filter_body(
    raw: *mut ngx_http_request_t,
    chain: *mut ngx_chain_t,
) -> ngx_int_t {
    let replaced = contain(None, || {
        // SAFETY: as in `filter_header`.
        replacement(unsafe { Request::new(raw) }?)
    });
    let mut link = ngx_chain_t {
        buf: ptr::null_mut(),
        next: ptr::null_mut(),
    };
    let chain = match replaced {
        Some(buffer) => {
            link.buf = buffer;
            &raw mut link
        }
        None => chain,
    };
    match NEXT_BODY.get() {
        // SAFETY: the next filter is called as nginx calls it; filters copy links before they return.
        Some(next) => unsafe { next(raw, chain) },
        None => Code::ERROR.0,
    }
}

/// False when memory is short.
fn set_headers(request: Request<'_>) -> bool {
    let ours = request.is_main() && request.location().is_some_and(|location| location.is_on());
    if !ours {
        return true;
    }
    let context = request.context();
    // A path that was ours from the beginning may have failed before we saw it.
    let unseen = || wanted(request).is_some();
    if context.is_none() && !unseen() {
        return true;
    }
    set_origin(request)
        && set_request_id(request, context)
        && match context.and_then(|context| context.media.get()) {
            Some((file, freshness)) if !request.is_special() => {
                set_freshness(request, file.content_type(), freshness)
                    && request.set_constant_header("Priority", priority(file))
            }
            _ => translate(request, context),
        }
}

fn set_origin(request: Request<'_>) -> bool {
    let Some(origins) = request.location().and_then(|location| location.origins()) else {
        return true;
    };
    let varies = !origins.vary() || request.set_constant_header("Vary", "Origin");
    let Some(allowed) = origins::allowed(request) else {
        return varies;
    };
    varies
        && request.set_header("Access-Control-Allow-Origin", allowed.origin)
        && (!allowed.credentials
            || request.set_constant_header("Access-Control-Allow-Credentials", "true"))
        && request.set_constant_header("Access-Control-Expose-Headers", origins::EXPOSED)
}

/// Clients of OpenAI's look for it in every answer, and put it in their logs.
fn set_request_id(request: Request<'_>, context: Option<&Context>) -> bool {
    if words(request, context) == Words::Ours {
        return true;
    }
    let stream = context.and_then(|context| context.stream.get());
    let id = stream.map_or_else(SessionId::generate, Stream::session);
    request.set_header("X-Request-Id", &id.to_string())
}

/// In whose words a request is answered. One that was refused before we saw it is known by its path.
fn words(request: Request<'_>, context: Option<&Context>) -> Words {
    context
        .and_then(|context| context.route.get())
        .or_else(|| wanted(request))
        .map_or(Words::Ours, Route::words)
}

fn set_freshness(request: Request<'_>, content_type: &'static str, freshness: Freshness) -> bool {
    request.set_content_type(content_type);
    if let Freshness::Live { version, .. } = freshness {
        // nginx's validators are whole seconds and a length: two playlists may share both.
        request.clear_last_modified();
        request.disable_ranges();
        if !request.set_entity_tag(&format!("\"{version:x}\"")) {
            return false;
        }
    }
    request.set_constant_header("Cache-Control", freshness.cache_control())
}

/// How urgent a file is where a connection carries several (RFC 9218): playlists are 1 and media 2 to 6, as
/// draft-pantos-hls-rfc8216bis appendix B.1 has it. Three is what everything else has.
fn priority(file: MediaFile) -> &'static str {
    match file {
        MediaFile::Rendition(_, RenditionFile::Init | RenditionFile::Part(..)) => "u=2",
        MediaFile::Output(_) => "u=5",
        _ if file.grows() => "u=1",
        _ => "u=3",
    }
}

/// Puts an error that nginx is about to report into the API's words.
fn translate(request: Request<'_>, context: Option<&Context>) -> bool {
    if !request.is_special() || context.is_some_and(|context| context.answered.get()) {
        return true;
    }
    // What was said of a file's freshness before a range of it was refused does not hold of the refusal.
    if !request.set_constant_header("Cache-Control", "no-store") {
        return false;
    }
    let Some(refusal) = refusal(request.status()) else {
        return true;
    };
    let Some(context) = context.or_else(|| request.remember(Context::default())) else {
        return false;
    };
    let reply = Reply::from(refusal).in_words(words(request, Some(context)));
    request.set_content_type(JSON);
    request.set_content_length(Some(reply.body.len()));
    let headers = reply
        .headers
        .iter()
        .all(|(name, value)| request.set_header(name, value));
    context.instead.replace(Some(reply.body));
    headers
}

fn refusal(status: u16) -> Option<Refusal> {
    Some(match status {
        400 => Refusal::new(Word::BadParameter, "the request is not well-formed"),
        401 => Refusal::new(Word::Unauthorized, "this needs to be authorised"),
        404 => Refusal::new(Word::UnknownSession, "there is no such session or file"),
        405 => Refusal::new(
            Word::MethodNotAllowed,
            "this path does not answer that method",
        ),
        413 => Refusal::new(Word::TooLarge, "the body is larger than is allowed"),
        415 => Refusal::new(
            Word::UnsupportedMediaType,
            "the body should be application/json",
        ),
        429 | 503 => Refusal::new(Word::Busy, "there are too many requests; try again shortly"),
        500 => Refusal::internal(),
        _ => return None,
    })
}

/// The buffer to send in place of an error page, once; then nothing, in place of whatever else comes.
fn replacement(request: Request<'_>) -> Option<*mut nginx_sys::ngx_buf_t> {
    let body = request.context()?.instead.take()?;
    let bytes = request.copy(&body)?;
    Some(request.memory(bytes)?.as_ptr())
}
