//! Asking servers over HTTP, for as long as it is worth it.

mod exchange;
mod fault;
mod secret;
mod wire;

use std::time::Duration;

use reqwest::{Client, redirect};

pub use exchange::Patience;
pub(crate) use exchange::{Exchange, Limits};
pub(crate) use fault::Fault;
pub use secret::Secret;
pub use wire::Wire;

/// Makes requests of one kind, over connections that are kept open and used again.
///
/// # Errors
///
/// What is wrong with this machine's TLS.
pub(crate) fn client(connect: Duration) -> Result<Client, String> {
    Client::builder()
        .connect_timeout(connect)
        // Keys and texts go where the operator said, and nowhere else.
        .redirect(redirect::Policy::none())
        .no_proxy()
        .tcp_nodelay(true)
        .user_agent(concat!("avatar/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| error.to_string())
}
