//! The session cookie. Its name and attributes depend on the address that browsers use: with https it is `__Host-` and Secure.

use axum::http::HeaderMap;

/// How long a browser keeps the cookie, in seconds. The server ends sessions independently.
const KEEP_S: i64 = 30 * 24 * 3600;

/// The two forms of the cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cookies {
    /// With https: `__Host-`, Secure.
    Secure,
    /// With http on the loopback address.
    Loopback,
}

impl Cookies {
    /// The cookie's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Secure => "__Host-tandem",
            Self::Loopback => "tandem",
        }
    }

    /// The cookie's attributes except its age.
    pub const fn attributes(self) -> &'static str {
        match self {
            Self::Secure => "Path=/; Secure; HttpOnly; SameSite=Lax",
            Self::Loopback => "Path=/; HttpOnly; SameSite=Lax",
        }
    }

    /// The `Set-Cookie` value that stores the session secret in a browser.
    pub fn set(self, secret: &str) -> String {
        format!("{}={secret}; Max-Age={KEEP_S}; {}", self.name(), self.attributes())
    }

    /// The `Set-Cookie` value that deletes the cookie.
    pub fn clear(self) -> String {
        format!("{}=; Max-Age=0; {}", self.name(), self.attributes())
    }

    /// The session secret in a request.
    pub fn secret(self, headers: &HeaderMap) -> Option<&str> {
        from_header(headers, self.name()).filter(|secret| secret.len() <= 100)
    }
}

/// The value of a cookie by its exact name. None if two cookies of that name were sent.
pub fn from_header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers
        .get_all(axum::http::header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value);
    let first = values.next()?;
    // A second cookie was set by an attacker, so neither is trusted.
    if values.next().is_some() { None } else { Some(first) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookie: &str) -> HeaderMap {
        HeaderMap::from_iter([(axum::http::header::COOKIE, cookie.parse().expect("header"))])
    }

    #[test]
    fn the_attributes_fit_the_address() {
        assert_eq!(
            Cookies::Secure.set("s"),
            "__Host-tandem=s; Max-Age=2592000; Path=/; Secure; HttpOnly; SameSite=Lax"
        );
        assert!(Cookies::Loopback.set("s").starts_with("tandem=s;") && !Cookies::Loopback.set("s").contains("Secure"));
    }

    #[test]
    fn only_one_cookie_of_the_exact_name_counts() {
        assert_eq!(Cookies::Loopback.secret(&headers("a=1; tandem=x; b=2")), Some("x"));
        assert_eq!(Cookies::Secure.secret(&headers("tandem=x")), None);
        assert_eq!(Cookies::Loopback.secret(&headers("tandem=x; tandem=y")), None);
    }
}
