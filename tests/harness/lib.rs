//! A real nginx with the module in it, in a directory of its own, for as long as a test takes.
//!
//! When a test is over the server quits, and its error log must hold no `[alert]`, `[crit]` or `[emerg]`
//! and no panic.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking"
)]

mod client;
mod nginx;
mod setup;

pub use client::{Answer, Client};
pub use nginx::Nginx;
pub use setup::{Setup, module};
