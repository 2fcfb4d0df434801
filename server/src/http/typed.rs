//! Keeps the input of a refused form. Set-up, sign-in and invitation are forms without scripts. A refusal redirects to the page with the
//! form, and a short-lived cookie carries the input there.

use app::api::account::Typed;
use axum::http::HeaderMap;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};

use crate::auth::{Cookies, from_header};

/// Long enough for the redirect, in seconds.
const KEEP_S: i64 = 60;
/// The longest cookie value in bytes. Browsers drop cookies above 4,096, and servers refuse requests with many of them.
const MOST: usize = 2000;

/// The cookie's name. With https, one that sibling domains cannot set.
const fn name(cookies: Cookies) -> &'static str {
    match cookies {
        Cookies::Secure => "__Host-typed",
        Cookies::Loopback => "typed",
    }
}

/// The `Set-Cookie` value with the input. If it is too long, it keeps only the reason.
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

/// The `Set-Cookie` value that deletes the cookie.
pub fn forget(cookies: Cookies) -> String {
    format!("{}=; Max-Age=0; {}", name(cookies), cookies.attributes())
}

/// The input in a request. Empty if it cannot be read.
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
