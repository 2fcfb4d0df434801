//! The client of a request. Behind a trusted proxy, the proxy names it (`Forwarded`, RFC 7239, or `X-Forwarded-For`). Such headers from
//! anybody else are ignored (S54).

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::{Arc, Once},
};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::{HeaderMap, HeaderName, header, request::Parts},
    middleware::Next,
    response::Response,
};
use ipnet::IpNet;

use super::state::Http;

mod forwarded;

/// The client of a request, by the part of its address that it can hardly change: all of an IPv4 address, the first half of an IPv6
/// address. Limits per address count by this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Client(Option<IpAddr>);

impl Client {
    /// The client of an address.
    pub fn at(address: IpAddr) -> Self {
        Self(Some(match address.to_canonical() {
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
            v4 => v4,
        }))
    }

    /// The client of requests whose origin is unknown. All of them count as one client.
    pub const UNKNOWN: Self = Self(None);
}

/// `192.0.2.1`, `2001:db8:1:2::/64`, `unknown`: for logs, the audit log, and as the name of a counter.
impl std::fmt::Display for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(IpAddr::V4(v4)) => v4.fmt(f),
            Some(IpAddr::V6(v6)) => write!(f, "{v6}/64"),
            None => f.write_str("unknown"),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or(Self::UNKNOWN))
    }
}

/// Adds the [`Client`] to a request.
pub async fn find(State(http): State<Http>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let client = peer.map_or(Client::UNKNOWN, |peer| Client::at(http.proxies().client(peer, request.headers())));
    request.extensions_mut().insert(client);
    next.run(request).await
}

/// The proxies that are trusted to name the client of a request. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Proxies(Arc<[IpNet]>);

const FORWARDED: HeaderName = header::FORWARDED;
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

impl Proxies {
    /// Trusts the proxies in these networks.
    pub fn new(networks: &[IpNet]) -> Self {
        Self(networks.into())
    }

    /// Whether this address is a trusted proxy.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The client of a request that `peer` sent: the last address in the chain that is no trusted proxy. A proxy that names no client, or
    /// in an unreadable way, is itself the client. So is a proxy that passes on two headers that differ, because one of them may come from
    /// the sender.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.trusts(peer) {
            return peer;
        }
        let by_standard = forwarded::standard(headers.get_all(FORWARDED)).map(|hops| self.last_outside(peer, &hops));
        let by_custom = forwarded::custom(headers.get_all(X_FORWARDED_FOR)).map(|hops| self.last_outside(peer, &hops));
        match (by_standard, by_custom) {
            (Some(one), None) | (None, Some(one)) => one,
            (Some(one), Some(other)) if one == other => one,
            (Some(_), Some(_)) => {
                static SAID: Once = Once::new();
                SAID.call_once(|| {
                    tracing::warn!(
                        proxy = %peer,
                        "a proxy passes on both Forwarded and X-Forwarded-For, and they differ. Let it set one and remove the other. Until then \
                         such requests count as the proxy's own"
                    );
                });
                peer
            }
            (None, None) => peer,
        }
    }

    /// Walks from the nearest hop to the farthest, as long as trusted proxies name them.
    fn last_outside(&self, peer: IpAddr, hops: &[Option<IpAddr>]) -> IpAddr {
        let mut last = peer;
        for hop in hops.iter().rev() {
            match hop {
                Some(hop) if self.trusts(last) => last = *hop,
                _ => break,
            }
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies() -> Proxies {
        Proxies::new(&["127.0.0.0/8", "::1/128", "10.0.0.0/8", "2001:db8:ffff::/48"].map(|net| net.parse().unwrap()))
    }

    fn client(peer: &str, lines: &[(&'static str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.as_bytes().try_into().unwrap());
        }
        proxies().client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn s47_one_client_is_one_bucket() {
        let name = |text: &str| Client::at(text.parse().unwrap()).to_string();
        assert_eq!(name("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(name("2001:db8:1:2:3:4:5:6"), name("2001:db8:1:2::1"));
        assert_ne!(name("2001:db8:1:3::1"), name("2001:db8:1:2::1"));
        assert_eq!(name("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(Client::at("::ffff:192.0.2.1".parse().unwrap()), Client::at("192.0.2.1".parse().unwrap()));
        assert_eq!(Client::UNKNOWN.to_string(), "unknown");
    }

    #[test]
    fn s54_only_a_trusted_proxy_is_believed() {
        assert_eq!(client("192.0.2.9", &[("x-forwarded-for", "198.51.100.1")]), "192.0.2.9");
        assert_eq!(client("192.0.2.9", &[("forwarded", "for=198.51.100.1")]), "192.0.2.9");
        for trusted in ["127.0.0.1", "10.1.2.3", "::1", "::ffff:127.0.0.1", "2001:db8:ffff::7"] {
            assert_eq!(client(trusted, &[("x-forwarded-for", "198.51.100.1")]), "198.51.100.1", "{trusted}");
        }
    }

    #[test]
    fn s54_the_last_untrusted_hop_is_the_client_whatever_stands_before_it() {
        for (line, expected) in [
            ("1.1.1.1, 198.51.100.1", "198.51.100.1"),
            ("1.1.1.1, 198.51.100.1, 10.0.0.5", "198.51.100.1"),
            ("10.0.0.9, 198.51.100.1 , 10.0.0.5,127.0.0.1", "198.51.100.1"),
            // All hops are trusted proxies: the farthest counts.
            ("10.0.0.9, 10.0.0.5", "10.0.0.9"),
            // A hop that a proxy cannot name ends the chain at that proxy.
            ("198.51.100.1, unknown", "127.0.0.1"),
            ("198.51.100.1, unknown, 10.0.0.5", "10.0.0.5"),
            ("198.51.100.1, <script>, 10.0.0.5", "10.0.0.5"),
            ("198.51.100.1,", "127.0.0.1"),
            ("", "127.0.0.1"),
        ] {
            assert_eq!(client("127.0.0.1", &[("x-forwarded-for", line)]), expected, "{line}");
        }
        let lines =
            [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "10.0.0.5")];
        assert_eq!(client("127.0.0.1", &lines), "198.51.100.1", "several lines are one list");
        let lines = [("forwarded", "for=1.1.1.1"), ("forwarded", "for=198.51.100.1, for=10.0.0.5")];
        assert_eq!(client("127.0.0.1", &lines), "198.51.100.1");
    }

    #[test]
    fn s54_of_two_headers_that_differ_neither_is_believed() {
        let both = |standard, custom| client("127.0.0.1", &[("forwarded", standard), ("x-forwarded-for", custom)]);
        assert_eq!(both("for=198.51.100.1", "198.51.100.1"), "198.51.100.1");
        assert_eq!(both("for=1.1.1.1", "198.51.100.1"), "127.0.0.1");
        assert_eq!(both("for=198.51.100.1", "1.1.1.1"), "127.0.0.1");
        assert_eq!(both("proto=https", "198.51.100.1"), "198.51.100.1", "it says nothing of where");
    }
}
