//! Under which addresses peers find the switchboard.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use str0m::Candidate;
use str0m::net::TcpType;

/// Addresses that are told to peers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Addresses {
    told: Vec<IpAddr>,
}

impl Addresses {
    /// For sockets bound to `bound`: `public` where it is given, else what they are bound to, be it every interface: then the one
    /// that leads to the rest of the world, or where none does, this machine alone.
    pub(super) fn of(bound: SocketAddr, public: Option<IpAddr>) -> Self {
        let told = match public {
            Some(public) => vec![public],
            None if !bound.ip().is_unspecified() => vec![bound.ip()],
            None => {
                let mut told: Vec<IpAddr> = [
                    leading_out(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
                    leading_out(IpAddr::V6(Ipv6Addr::UNSPECIFIED)).filter(|_| bound.is_ipv6()),
                ]
                .into_iter()
                .flatten()
                .collect();
                if told.is_empty() {
                    told.push(match bound {
                        SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                        SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
                    });
                }
                told
            }
        };
        Self { told }
    }

    /// All of them with `port`, as peers are told.
    pub(super) fn candidates(&self, port: u16) -> impl Iterator<Item = Candidate> {
        self.told.iter().flat_map(move |&ip| {
            let address = SocketAddr::new(ip, port);
            let udp = Candidate::builder().udp().host(address).build();
            let tcp = Candidate::builder().tcp().host(address);
            let tcp = tcp.tcptype(TcpType::Passive).build();
            [udp, tcp].into_iter().flatten()
        })
    }

    /// The one that somebody at `source` wrote to.
    pub(super) fn facing(&self, source: SocketAddr) -> Option<IpAddr> {
        let mut same = self.told.iter();
        let same = same.find(|told| told.is_ipv4() == source.is_ipv4());
        same.or(self.told.first()).copied()
    }
}

/// This machine's address on the way to the rest of the world. Nothing is sent: the kernel is asked for its route.
fn leading_out(any: IpAddr) -> Option<IpAddr> {
    // Addresses for documentation (RFC 5737, RFC 3849), which no route but the default leads to.
    let somewhere: IpAddr = match any {
        IpAddr::V4(_) => Ipv4Addr::new(192, 0, 2, 1).into(),
        IpAddr::V6(_) => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(),
    };
    let ask = || -> io::Result<IpAddr> {
        let socket = UdpSocket::bind((any, 0))?;
        socket.connect((somewhere, 9))?;
        Ok(socket.local_addr()?.ip())
    };
    ask().ok().filter(|ip| !ip.is_unspecified())
}

/// `address` as it is told: what comes over IPv4 to a socket of IPv6 is of IPv4.
pub(super) fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// `address` as a socket takes it that is bound to `bound`.
pub(super) fn as_bound(address: SocketAddr, bound: SocketAddr) -> SocketAddr {
    match (address.ip(), bound) {
        (IpAddr::V4(ip), SocketAddr::V6(_)) => {
            SocketAddr::new(ip.to_ipv6_mapped().into(), address.port())
        }
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bound: &str, public: Option<&str>) -> Vec<IpAddr> {
        let public = public.map(|ip| ip.parse().unwrap());
        Addresses::of(bound.parse().unwrap(), public).told
    }

    #[test]
    fn what_is_configured_is_told() {
        let one = |text: &str| vec![text.parse::<IpAddr>().unwrap()];
        assert_eq!(told("10.1.2.3:4000", None), one("10.1.2.3"));
        assert_eq!(told("10.1.2.3:4000", Some("192.0.2.7")), one("192.0.2.7"));
        assert_eq!(told("[::1]:4000", None), one("::1"));
        let open = told("0.0.0.0:4000", None);
        assert!(!open.is_empty() && open.iter().all(|told| !told.is_unspecified()));
        assert_eq!(told("[::]:4000", Some("::1")), one("::1"));
    }

    #[test]
    fn each_address_is_told_for_udp_and_tcp() {
        let addresses = Addresses::of("127.0.0.1:0".parse().unwrap(), None);
        let told: Vec<String> = addresses
            .candidates(4000)
            .map(|candidate| candidate.to_sdp_string())
            .collect();
        assert_eq!(told.len(), 2);
        assert!(told[0].contains(" udp ") && told[0].contains("127.0.0.1 4000 typ host"));
        assert!(told[1].contains(" tcp ") && told[1].contains("tcptype passive"));
    }

    #[test]
    fn one_socket_serves_both_kinds() {
        let mapped: SocketAddr = "[::ffff:10.0.0.1]:9".parse().unwrap();
        let plain: SocketAddr = "10.0.0.1:9".parse().unwrap();
        assert_eq!(canonical(mapped), plain);
        assert_eq!(as_bound(plain, "[::]:1".parse().unwrap()), mapped);
        assert_eq!(as_bound(plain, "0.0.0.0:1".parse().unwrap()), plain);
    }
}
