//! The session's cookie. Its name and attributes follow the address that browsers use: by https it is `__Host-` and Secure.

use axum::http::HeaderMap;

/// How long a browser keeps the cookie, in seconds; the server ends sessions by its own clock.
const KEEP_S: i64 = 30 * 24 * 3600;

/// The two shapes of the cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cookies {
    /// Behind https: `__Host-`, Secure.
    Secure,
    /// On loopback by http.
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

    /// What a cookie says beside its value and age.
    pub const fn attributes(self) -> &'static str {
        match self {
            Self::Secure => "Path=/; Secure; HttpOnly; SameSite=Lax",
            Self::Loopback => "Path=/; HttpOnly; SameSite=Lax",
        }
    }

    /// The `Set-Cookie` value that gives a browser its secret.
    pub fn set(self, secret: &str) -> String {
        format!("{}={secret}; Max-Age={KEEP_S}; {}", self.name(), self.attributes())
    }

    /// The `Set-Cookie` value that takes it away.
    pub fn clear(self) -> String {
        format!("{}=; Max-Age=0; {}", self.name(), self.attributes())
    }

    /// The secret that a request brings.
    pub fn secret(self, headers: &HeaderMap) -> Option<&str> {
        from_header(headers, self.name()).filter(|secret| secret.len() <= 100)
    }
}

/// The value of a cookie by its exact name; none when two of that name were sent.
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
    // A second one was planted by somebody: neither is trusted.
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
