//! Offers as clients write them, and answers as they expect them, in the session description protocol.
//!
//! Clients write more, and less, than the library that makes connections reads: RFC 8866 and RFC 8829 leave them much freedom. So an
//! offer is read here ([`Description`]), it is decided what becomes of each of its media sections ([`Plan`]), and the library is given
//! the plain offer of those that are served. Its answer is then written out for the offer that came: with the client's own names of the
//! sections, and with those that are not served rejected (RFC 3264 section 6). Nothing here does I/O or keeps anything.

mod answer;
mod codec;
mod fault;
mod plain;
mod plan;
mod read;
#[cfg(test)]
mod tests;
mod transport;

pub use fault::Fault;
pub(super) use plan::Plan;
pub(super) use read::Description;
