//! A real nginx with the module, in a directory of its own, and clients to talk to it.
//!
//! ```no_run
//! use avatar_tests::Setup;
//!
//! let nginx = Setup::new().workers(4).http("avatar_max_queue 1;").start();
//! let session = nginx.speak("Hello.");
//! assert_eq!(nginx.finished(&session)["status"], "ready");
//! ```
//!
//! When an [`Nginx`] goes, it is stopped, and its error log must not hold an `[alert]`, `[crit]` or `[emerg]`, nor
//! a panic, unless the test said that it would.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and so does what it is built on"
)]

mod built;
pub mod chat;
mod client;
mod crowd;
mod disk;
mod download;
mod driven;
pub mod engine;
pub mod ffmpeg;
mod form;
pub mod hls;
pub mod neural;
mod nginx;
mod picture;
pub mod piper;
mod setup;
pub mod spoken;

pub use client::{Answer, Connection, Request};
pub use crowd::{Crowd, Got};
pub use disk::SmallDisk;
pub use download::Download;
pub use form::FormBody;
pub use nginx::{Nginx, until};
pub use picture::png;
pub use setup::Setup;
