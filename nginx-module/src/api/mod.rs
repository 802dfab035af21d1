//! Calls, translated: each vocabulary's words are the core's affair, and here they meet a request.

pub(crate) mod audiostream;
pub(crate) mod call;
pub(crate) mod driven;
pub(crate) mod events;
pub(crate) mod film;
pub(crate) mod realtime;
pub(crate) mod speech;
pub(crate) mod stills;
