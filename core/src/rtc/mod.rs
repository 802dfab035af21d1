//! WebRTC: conversations with browsers and whoever else speaks it.
//!
//! A [`Switchboard`] is one thread that has all peers of all sessions on one UDP port, and on a TCP port of the same number for
//! those whose networks let nothing else through (RFC 4571, RFC 6544). The protocols, from ICE to SRTP and data channels, are the
//! `str0m` crate's, which does no I/O; the switchboard waits for sockets and time, and hands packets to and fro.
//!
//! What a session shows is encoded once for all its peers, by a [`Broadcaster`] in whatever thread has the frames. Packets wait in a
//! bounded queue until the switchboard sends them at their time. What a peer says, by microphone or by data channel, goes to its
//! [`Partner`].
//!
//! The switchboard is an ICE agent of the lite kind (RFC 8445 section 2.5): it answers, and sends nothing to an address from which nobody
//! has yet proved that he knows a session's credentials. So an offer cannot make it knock at strangers' doors.
//!
//! A port can pass from one process to the next while calls go on in the first ([`Switchboard::cede`]): it keeps a socket for each of its
//! peers alone, which the kernel prefers to the next one's that takes anybody's packets.

mod addresses;
mod board;
mod broadcast;
mod broadcaster;
mod door;
mod invitation;
mod message;
mod microphone;
mod peer;
mod pipe;
mod ports;
mod sdp;
mod switchboard;

pub use broadcast::Broadcast;
pub use broadcaster::Broadcaster;
pub use invitation::{MOST_OFFER, OfferError, PeerId};
pub use message::{Message, MessageError};
pub use peer::Partner;
pub use sdp::Fault;
pub use switchboard::{Settings, Switchboard};
