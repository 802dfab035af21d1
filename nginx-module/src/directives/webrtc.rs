//! Where peers of WebRTC call.

use std::net::{IpAddr, SocketAddr};

use avatar_core::rtc::Settings;

use super::Prefixes;
use super::values::{Fault, of_parameter, once, only, wrong};
use crate::conf::MainConf;

/// Peers at once where nothing is said.
const PEERS: usize = 200;
/// Peers at once that one thread and one port can have.
const MOST_PEERS: usize = 10_000;

/// `avatar_webrtc <address>:<port> [peers=<number>] | off`
pub(super) fn set_webrtc(conf: &mut MainConf, values: &[&str], _: &Prefixes) -> Result<(), Fault> {
    let (address, parameters) = values
        .split_first()
        .map_or(("", &[][..]), |(one, rest)| (*one, rest));
    once(&mut conf.said.webrtc, || {
        if address == "off" {
            return match parameters.first() {
                None => Ok(None),
                Some(other) => Err(wrong(other, "\"off\" stands alone")),
            };
        }
        let bind: SocketAddr = address.parse().map_err(|_| {
            wrong(
                address,
                "it must be an address and a port, such as 0.0.0.0:8189, or \"off\"",
            )
        })?;
        let mut peers = PEERS;
        for &parameter in parameters {
            peers = match parameter.strip_prefix("peers=") {
                Some(count) => of_parameter(parameter, count, 1, MOST_PEERS)?,
                None => return Err(wrong(parameter, "there is only \"peers=\"")),
            };
        }
        Ok(Some(Settings {
            bind,
            public: None,
            peers,
        }))
    })
}

/// `avatar_webrtc_public <address>`
pub(super) fn set_webrtc_public(
    conf: &mut MainConf,
    values: &[&str],
    _: &Prefixes,
) -> Result<(), Fault> {
    let value = only(values);
    once(&mut conf.said.webrtc_public, || {
        value
            .parse::<IpAddr>()
            .ok()
            .filter(|address| !address.is_unspecified())
            .ok_or_else(|| wrong(value, "it must be an address, such as 192.0.2.7"))
    })
}
