//! Layers around every request: checks of its host and origin, and the headers of every answer (docs/ids.md, S24 and S34).

use std::net::IpAddr;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::state::Http;
use crate::auth::Cookies;

/// If no public address was set, refuses host names: anybody's DNS could point a name here, and a page on it could then send requests as if
/// it were ours (DNS rebinding). IP addresses need no DNS.
pub async fn host(State(http): State<Http>, request: Request, next: Next) -> Response {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let fits = http.public_url().is_some()
        || match (hosts.next(), hosts.next()) {
            (Some(host), None) => host.to_str().is_ok_and(|host| leads_here(host, http.own_address())),
            // Every browser sends a Host header.
            (None, _) => true,
            (Some(_), Some(_)) => false,
        };
    if fits {
        return next.run(request).await;
    }
    let told = "Tandem does not answer to this host name. Open it by its IP address, or set TANDEM_PUBLIC_URL to the address that browsers use.";
    (StatusCode::MISDIRECTED_REQUEST, told).into_response()
}

/// Whether a host means this machine only, or `own`, the address it listens on.
fn leads_here(host: &str, own: IpAddr) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    if host.contains('@') {
        return false;
    }
    let name = authority.host().to_ascii_lowercase();
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(&name);
    match bare.parse::<IpAddr>().map(|address| address.to_canonical()) {
        // A server that listens on every address does not know by which of them it is reached.
        Ok(address) => address.is_loopback() || own.is_unspecified() || own.to_canonical() == address,
        Err(_) => {
            let name = name.strip_suffix('.').unwrap_or(&name);
            name == "localhost" || name.ends_with(".localhost")
        }
    }
}

/// Refuses requests that another site makes a browser send: every request that may change something, and every stream (S34, S35).
pub async fn origin(State(http): State<Http>, request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let stream = request.uri().path().starts_with("/api/live");
    let headers = request.headers();
    let allowed = match (safe, stream) {
        (true, false) => true,
        // Browsers send no Origin with same-origin reads.
        (true, true) => !headers.contains_key(header::ORIGIN) || from_here(headers, http.public_url()),
        (false, _) => from_here(headers, http.public_url()),
    };
    if allowed {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "This request came from another site.").into_response()
    }
}

/// Whether a request comes from our own pages.
fn from_here(headers: &HeaderMap, public_url: Option<&str>) -> bool {
    let text = |name: HeaderName| {
        let mut all = headers.get_all(name).iter();
        match (all.next(), all.next()) {
            (Some(one), None) => one.to_str().ok(),
            _ => None,
        }
    };
    match (text(header::ORIGIN), public_url) {
        (Some(origin), Some(ours)) => origin == ours,
        (Some(origin), None) => {
            let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
            host.is_some() && host == text(header::HOST)
        }
        // Without an Origin, only the browser's own header that the request is same-origin counts.
        (None, _) => {
            !headers.contains_key(header::ORIGIN)
                && text(HeaderName::from_static("sec-fetch-site")) == Some("same-origin")
        }
    }
}

/// Adds headers to every answer. Headers that a handler set stay.
pub async fn headers(State(http): State<Http>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let head = response.headers_mut();
    let mut default = |name: &'static str, value: &'static str| {
        head.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    };
    default("x-content-type-options", "nosniff");
    default("referrer-policy", "same-origin");
    default("cross-origin-opener-policy", "same-origin");
    default("cross-origin-resource-policy", "same-origin");
    default("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()");
    default("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
    // Answers are private by default (S24), including files, pictures and refusals. Only the assets, which are public, set their own value.
    default("cache-control", "no-store");
    if http.cookies() == Cookies::Secure {
        default("strict-transport-security", "max-age=31536000");
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        map
    }

    #[test]
    fn s34_only_our_own_pages_may_change_things() {
        let ours = Some("https://t.example");
        assert!(from_here(&headers(&[("origin", "https://t.example")]), ours));
        assert!(from_here(&headers(&[("origin", "http://127.0.0.1:3000"), ("host", "127.0.0.1:3000")]), None));
        assert!(from_here(&headers(&[("sec-fetch-site", "same-origin")]), ours));
        for bad in [
            headers(&[]),
            headers(&[("origin", "null")]),
            headers(&[("origin", "https://evil.example")]),
            headers(&[("origin", "https://sub.t.example")]),
            headers(&[("origin", "https://t.example.evil.example")]),
            headers(&[("origin", "https://t.example"), ("origin", "https://evil.example")]),
            headers(&[("sec-fetch-site", "same-site")]),
            headers(&[("sec-fetch-site", "none")]),
            headers(&[("origin", "null"), ("sec-fetch-site", "same-origin")]),
        ] {
            assert!(!from_here(&bad, ours), "{bad:?}");
        }
        assert!(!from_here(&headers(&[("origin", "http://evil.example"), ("host", "127.0.0.1:3000")]), None));
    }

    #[test]
    fn s34_only_names_that_nobody_else_can_lead_here_are_ours() {
        let own = |own: &str, host: &str| leads_here(host, own.parse().unwrap());
        for host in
            ["localhost", "LocalHost:3000", "localhost.", "a.localhost:1", "127.0.0.1:3000", "127.9.9.9", "[::1]:3000"]
        {
            assert!(own("127.0.0.1", host) && own("192.168.1.5", host) && own("0.0.0.0", host), "{host}");
        }
        for host in ["192.168.1.5:3000", "192.168.1.5"] {
            assert!(own("192.168.1.5", host) && own("0.0.0.0", host) && own("::", host), "{host}");
            assert!(!own("127.0.0.1", host) && !own("192.168.1.6", host), "{host}");
        }
        assert!(own("2001:db8::1", "[2001:db8:0::1]:3000") && own("::ffff:192.168.1.5", "192.168.1.5"));
        for host in [
            "evil.example:3000",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "localhost@evil.example",
            "evil.example@localhost",
            "",
            ":3000",
            "local host",
            "127.0.0.1:3000/x",
            "xlocalhost",
            "127.1",
            "2130706433",
            "[::1",
            "server",
        ] {
            assert!(!own("127.0.0.1", host) && !own("0.0.0.0", host), "{host}");
        }
    }
}
