//! Talking avatars and speech, streamed live by nginx: the module that translates between nginx and
//! [`avatar_core`], and does nothing else.
//!
//! # Layout
//!
//! - `module`, `conf`, `directives`: what nginx knows of us, and what the operator says
//! - `handlers`, `media`, `body`, `api`: the way of a request
//! - `filters`, `origins`, `keys`: headers, and who may do what
//! - `wait`, `stream`, `growing`: requests that wait for something, and answers that go on
//! - `lease`: sessions that live as long as a request
//! - `worker`, `zone`, `hints`, `generator`, `journal`: processes, and how they know of each other
//! - `request`, `reply`, `context`, `pool`, `alarm`, `boundary`: nginx in Rust's words
//!
//! # Rules
//!
//! Raw pointers of nginx's are turned into `request::Request` at the top of each callback. No panic leaves
//! a callback. nginx's structures are touched by the event loop's thread only; other threads reach it through
//! the socket in `hints`. A request is kept by its `wait::Ticket`, which goes when the request goes.

mod alarm;
mod api;
mod base;
mod body;
mod boundary;
mod conf;
mod context;
mod directives;
mod filters;
mod generator;
mod growing;
mod handlers;
mod hints;
mod journal;
mod keys;
mod lease;
mod media;
mod module;
mod origins;
mod pool;
mod reply;
mod request;
mod stream;
mod wait;
mod worker;
mod zone;
