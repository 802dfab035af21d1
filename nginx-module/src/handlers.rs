//! The way of a request through nginx's phases.
//!
//! Preflights are answered before anybody asks who is there: browsers send them without credentials. Everything
//! else is looked at in the last phase before the content, when limits and access checks are behind it.

use avatar_core::api::{Code as Word, Refusal, Route, Words};
use nginx_sys::{
    ngx_http_phases, ngx_http_phases_NGX_HTTP_PREACCESS_PHASE,
    ngx_http_phases_NGX_HTTP_PRECONTENT_PHASE, ngx_http_request_t, ngx_int_t,
};

use crate::base::{self, urls};
use crate::body::Body;
use crate::boundary::contain;
use crate::context::Context;
use crate::keys::Keys;
use crate::origins;
use crate::reply::Reply;
use crate::request::{Code, Request};
use crate::worker::{self, Worker};
use crate::{api, media};

type Handler = unsafe extern "C" fn(*mut ngx_http_request_t) -> ngx_int_t;

/// Our handlers, and the phases they belong to.
pub(crate) const PHASES: [(ngx_http_phases, Handler); 2] = [
    (ngx_http_phases_NGX_HTTP_PREACCESS_PHASE, preaccess),
    (ngx_http_phases_NGX_HTTP_PRECONTENT_PHASE, precontent),
];

unsafe extern "C" fn preaccess(raw: *mut ngx_http_request_t) -> ngx_int_t {
    // SAFETY: nginx calls this with a live request, on the event loop's thread.
    unsafe { handle(raw, preflight) }
}

unsafe extern "C" fn precontent(raw: *mut ngx_http_request_t) -> ngx_int_t {
    // SAFETY: as in `preaccess`.
    unsafe { handle(raw, dispatch) }
}

unsafe extern "C" fn content(raw: *mut ngx_http_request_t) -> ngx_int_t {
    // SAFETY: as in `preaccess`.
    unsafe { handle(raw, answer) }
}

/// # Safety
///
/// `raw` is a live request, and this is the event loop's thread.
unsafe fn handle(raw: *mut ngx_http_request_t, body: fn(Request<'_>) -> Code) -> ngx_int_t {
    contain(Code::INTERNAL, || {
        // SAFETY: the caller answers for it.
        unsafe { Request::new(raw) }.map_or(Code::ERROR, body)
    })
    .0
}

/// What a client's request to one of our locations asks for.
pub(crate) fn wanted(request: Request<'_>) -> Option<Route> {
    let ours = request.is_main() && request.location().is_some_and(|location| location.is_on());
    let route = ours.then(|| base::asked(request)).flatten()?;
    // Another server of OpenAI's calls may stand behind the same location.
    let theirs = route == Route::UnknownUrl && request.has_content_handler();
    (!theirs).then_some(route)
}

fn preflight(request: Request<'_>) -> Code {
    if !request.is_options() {
        return Code::DECLINED;
    }
    let Some(route) = wanted(request) else {
        return Code::DECLINED;
    };
    let mut reply = naming_methods(Reply::empty(), route);
    if let Some(allowed) = origins::allowed(request) {
        reply = reply
            .with("Access-Control-Allow-Methods", route.methods_of_pages())
            .with(
                "Access-Control-Allow-Headers",
                origins::headers(request, allowed),
            )
            .with("Access-Control-Max-Age", origins::MAX_AGE);
        if origins::asks_for_private_network(request) {
            reply = reply.with("Access-Control-Allow-Private-Network", "true");
        }
    }
    let Some(context) = request.remember(Context::default()) else {
        return Code::INTERNAL;
    };
    context.route.set(Some(route));
    request.finish(send(request, context, reply));
    Code::DONE
}

/// An answer that says what a path takes (RFC 9110 section 10.2.1; draft-ietf-wish-whep, section 4).
fn naming_methods(reply: Reply, route: Route) -> Reply {
    accepting(reply.with("Allow", route.methods()), route)
}

fn dispatch(request: Request<'_>) -> Code {
    if let Some(context) = request.context()
        && let Some(Route::Media(id, file)) = context.route.get()
    {
        // It was held, and has been woken.
        return media::serve(request, context, id, file);
    }
    let Some(route) = wanted(request) else {
        return Code::DECLINED;
    };
    let Some(context) = request.remember(Context::default()) else {
        return Code::INTERNAL;
    };
    context.route.set(Some(route));
    if let Some(reply) = objection(request, route) {
        return reply_later(request, context, reply);
    }
    match route {
        Route::Media(id, file) => media::serve(request, context, id, file),
        _ => content_phase(request),
    }
}

/// Why a request is not even looked at.
fn objection(request: Request<'_>, route: Route) -> Option<Reply> {
    if route == Route::Nothing {
        let refusal = Refusal::new(Word::UnknownSession, "there is no such session or file");
        return Some(refusal.into());
    }
    if route == Route::UnknownUrl {
        let path = request.path().unwrap_or_default();
        let refusal = Refusal::new(Word::UnknownUrl, format!("there is no call {path}"));
        return Some(refusal.into());
    }
    if !route.answers(request.method_name()) {
        let allowed = route.methods();
        let refusal = Refusal::new(
            Word::MethodNotAllowed,
            format!("this path answers {allowed}"),
        );
        return Some(naming_methods(refusal.into(), route));
    }
    if !matches!(route, Route::Media(..))
        && let Some(keys) = request.location().and_then(|location| location.keys())
        && !keys.open_for(Keys::offered(request))
    {
        let header = Keys::HEADER;
        let refusal = Refusal::new(
            Word::Unauthorized,
            format!("a valid key is needed in the header {header}, or as a bearer token"),
        );
        return Some(Reply::from(refusal).with("WWW-Authenticate", "Bearer"));
    }
    if request.is_post()
        && !route.takes_form()
        && let Some(kind) = request.body_type()
        && !match route.takes() {
            Some(only) => kind == only,
            None => kind == "application/json" || kind.ends_with("+json"),
        }
    {
        let wanted = route.takes().unwrap_or("application/json");
        let refusal = Refusal::new(
            Word::UnsupportedMediaType,
            format!("the body is \"{kind}\" and should be {wanted}"),
        );
        return Some(accepting(refusal.into(), route));
    }
    None
}

/// `reply` with what a path takes (draft-ietf-wish-whep), where that is not what most do.
pub(crate) fn accepting(reply: Reply, route: Route) -> Reply {
    match route.takes() {
        Some(kind) => reply.with("Accept-Post", kind),
        None => reply,
    }
}

/// Leaves the request to [`content`]. Whatever else the location has for this phase, such as `try_files`, is
/// passed over: the path is ours.
fn content_phase(request: Request<'_>) -> Code {
    request.set_content_handler(Some(content));
    Code::OK
}

/// Answers with `reply` in the content phase.
pub(crate) fn reply_later(request: Request<'_>, context: &Context, reply: Reply) -> Code {
    context.reply.replace(Some(reply));
    content_phase(request)
}

/// Sends `reply` as the module's own answer.
pub(crate) fn send(request: Request<'_>, context: &Context, reply: Reply) -> Code {
    let discarded = request.discard_body();
    if discarded.is_failure() {
        return discarded;
    }
    context.answered.set(true);
    let words = context.route.get().map_or(Words::Ours, Route::words);
    request.send(&reply.in_words(words))
}

fn answer(request: Request<'_>) -> Code {
    let Some(context) = request.context() else {
        return Code::INTERNAL;
    };
    if let Some(reply) = context.reply.take() {
        return send(request, context, reply);
    }
    let Some(worker) = worker::current() else {
        return send(request, context, Refusal::internal().into());
    };
    match context.route.get() {
        Some(Route::Events(id)) => api::events::begin(request, context, &worker, id),
        Some(Route::Status(id)) => call(request, context, &worker, |worker| {
            api::realtime::status(worker, id, &urls(request))
        }),
        Some(Route::TaskStatus(id)) => call(request, context, &worker, |worker| {
            api::audiostream::status(worker, id, &urls(request))
        }),
        Some(Route::DrivenStatus(id)) => call(request, context, &worker, |worker| {
            api::driven::status(worker, id)
        }),
        Some(Route::DrivenSession(id)) => call(request, context, &worker, |worker| {
            api::driven::clean_up(worker, id)
        }),
        Some(Route::WhepPeer(id, peer)) if request.method_name() == b"DELETE" => {
            call(request, context, &worker, |worker| {
                api::call::hang_up(worker, id, peer)
            })
        }
        Some(Route::WhepPeer(id, _)) => call(request, context, &worker, |worker| {
            api::call::look(worker, id)
        }),
        Some(route @ Route::Whep(id)) if !request.is_post() => {
            call(request, context, &worker, |worker| {
                accepting(api::call::look(worker, id), route)
            })
        }
        Some(Route::Avatars) => call(request, context, &worker, api::realtime::avatars),
        Some(Route::Voices) => call(request, context, &worker, api::realtime::voices),
        Some(Route::SpeechVoices) => call(request, context, &worker, api::speech::voices),
        Some(Route::Models) => call(request, context, &worker, api::speech::models),
        Some(Route::Model) => send(request, context, api::speech::model(request)),
        Some(Route::Stills) if !request.is_post() => api::stills::asked(request, context, &worker),
        Some(
            Route::Start
            | Route::StartAudio
            | Route::Append
            | Route::Interrupt
            | Route::Cleanup
            | Route::Speech
            | Route::Offer
            | Route::Whep(_)
            | Route::Generate
            | Route::Stills
            | Route::Driven
            | Route::DrivenStream
            | Route::DrivenInit
            | Route::DrivenFeed,
        ) => crate::body::read(request, context, on_body),
        Some(Route::Media(..) | Route::Nothing | Route::UnknownUrl) | None => Code::INTERNAL,
    }
}

fn call(
    request: Request<'_>,
    context: &Context,
    worker: &Worker,
    answer: impl Fn(&Worker) -> Reply,
) -> Code {
    send(request, context, answer(worker))
}

/// The body of a call is there.
fn on_body(request: Request<'_>, context: &Context, body: Body) -> Code {
    let (Some(worker), Some(route)) = (worker::current(), context.route.get()) else {
        return send(request, context, Refusal::internal().into());
    };
    if route.takes_form() {
        return api::driven::take(request, context, &worker, route, body);
    }
    let body = match body.whole() {
        Ok(body) => body,
        Err(error) => {
            tracing::error!(%error, "a request's body was not read");
            return send(request, context, Refusal::internal().into());
        }
    };
    let reply = match route {
        Route::Start => api::realtime::start(&worker, &body, urls(request)),
        Route::StartAudio => api::audiostream::start(&worker, &body, urls(request)),
        Route::Append => api::realtime::append(&worker, &body),
        Route::Interrupt => api::realtime::interrupt(&worker, &body),
        Route::Cleanup => api::realtime::clean_up(&worker, &body),
        Route::Offer => return api::call::offer(request, context, &worker, &body),
        Route::Whep(id) => return api::call::whep(request, context, &worker, id, &body),
        Route::Speech => return api::speech::begin(request, context, &worker, &body),
        Route::Generate => return api::film::generate(request, context, &worker, &body),
        Route::Stills => return api::stills::posted(request, context, &worker, &body),
        _ => Refusal::internal().into(),
    };
    send(request, context, reply)
}
