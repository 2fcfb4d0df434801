//! What a refused form gives back. Set-up, sign-in and invitation are forms without scripts, answered with a redirect to the page
//! that shows them again: a cookie carries there what was typed, for as long as that takes.

use app::api::account::Typed;
use axum::http::HeaderMap;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};

use crate::auth::{Cookies, from_header};

/// Long enough to be led back, in seconds.
const KEEP_S: i64 = 60;
/// What is longer, in bytes of the cookie's value, is not kept: a browser drops a cookie above 4,096 and a server a request with many.
const MOST: usize = 2000;

/// Its name: by https, one that no neighbouring site can set.
const fn name(cookies: Cookies) -> &'static str {
    match cookies {
        Cookies::Secure => "__Host-typed",
        Cookies::Loopback => "typed",
    }
}

/// The `Set-Cookie` value that keeps it; of what is too long, the reason alone.
pub fn keep(cookies: Cookies, typed: &Typed) -> String {
    let encode = |typed: &Typed| serde_json::to_vec(typed).map(|json| BASE64.encode(json)).unwrap_or_default();
    let mut value = encode(typed);
    if value.len() > MOST {
        value = encode(&Typed { refusal: typed.refusal.clone(), ..Typed::default() });
    }
    match value.len() {
        1..=MOST => format!("{}={value}; Max-Age={KEEP_S}; {}", name(cookies), cookies.attributes()),
        _ => forget(cookies),
    }
}

/// The `Set-Cookie` value that takes it away.
pub fn forget(cookies: Cookies) -> String {
    format!("{}=; Max-Age=0; {}", name(cookies), cookies.attributes())
}

/// What a request brings back; nothing when it cannot be read.
pub fn read(cookies: Cookies, headers: &HeaderMap) -> Typed {
    let kept = || serde_json::from_slice(&BASE64.decode(from_header(headers, name(cookies))?).ok()?).ok();
    kept().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use axum::http::header::COOKIE;

    use super::*;

    fn back(cookies: Cookies, set_cookie: &str) -> Typed {
        let pair = set_cookie.split(';').next().unwrap();
        read(cookies, &HeaderMap::from_iter([(COOKIE, pair.parse().unwrap())]))
    }

    #[test]
    fn what_was_typed_comes_back() {
        let typed =
            Typed { name: "Zoë; \"李\"".into(), email: "zoe@example.com".into(), bare: true, ..Typed::default() };
        for cookies in [Cookies::Loopback, Cookies::Secure] {
            assert_eq!(back(cookies, &keep(cookies, &typed)), typed);
            assert_eq!(back(cookies, &forget(cookies)), Typed::default());
        }
        assert_eq!(back(Cookies::Secure, &keep(Cookies::Loopback, &typed)), Typed::default(), "a neighbour's");
    }

    #[test]
    fn what_is_too_long_or_no_work_of_ours_is_left_out() {
        let refusal = Some(model::ApiError::Forbidden);
        let long = Typed { name: "x".repeat(MOST), refusal: refusal.clone(), ..Typed::default() };
        assert_eq!(back(Cookies::Secure, &keep(Cookies::Secure, &long)), Typed { refusal, ..Typed::default() });
        for bad in ["typed=%%%", "typed=e30x", "typed=W10"] {
            assert_eq!(back(Cookies::Loopback, bad), Typed::default(), "{bad}");
        }
    }
}
