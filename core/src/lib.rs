//! Text in, a talking face out, streamed: everything of the product that does not know nginx.
//!
//! # Layout
//!
//! Data flows one way, and so do the modules:
//!
//! - [`api`] — what clients say, turned into a [`session::Job`], and what they are told
//! - [`session`] — the identity, state and record of one generation, and the board all processes read
//! - [`text`] — sentences and scripts
//! - [`net`] — asking servers over HTTP
//! - [`prompt`] — prompts, written out by a language model
//! - [`speech`] — engines that turn a sentence into sound and marks
//! - [`audio`] — resampling, tempo
//! - [`face`] — marks into mouth shapes, and mouth shapes into pictures
//! - [`media`] — MP4 fragments, the finished MP4, captions
//! - [`hls`] — segments, playlists and the clock they are listed by
//! - [`rtc`] — WebRTC: peers, what they are sent, and what they say
//! - [`generator`] — the thread pool that drives it all
//! - [`store`] — the directory a session's files live in
#![forbid(unsafe_code)]

pub mod api;
pub mod audio;
pub mod config;
pub mod face;
pub mod generator;
pub mod hls;
pub mod language;
pub mod media;
pub mod net;
pub mod prompt;
pub mod rtc;
pub mod session;
pub mod speech;
pub mod store;
pub mod text;
pub mod time;
