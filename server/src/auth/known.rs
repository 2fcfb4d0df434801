//! Browsers in which somebody signed in before. Guessing an account's password from elsewhere pauses the sign-in for unknown browsers, but
//! never for known ones (S54).
//!
//! A cookie, which outlives the session, proves that a browser is known. It proves one account with one password. With a stolen cookie, or
//! many, an attacker may guess as often as any browser may, at that account alone, until its password changes.

use axum::http::HeaderMap;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use domain::vault::Vault;
use model::Timestamp;
use store::clock::random_bytes;
use subtle::ConstantTimeEq;

use super::{Cookies, from_header};

/// How many days a browser stays known without signing in.
const DAYS: i64 = 180;
const DAY_MS: i64 = 24 * 3_600_000;
/// The most accounts for which one browser is known. The last one that signed in comes first.
const ACCOUNTS: usize = 4;
/// The bytes of one proof: its expiry day (4), the browser's id (12), the seal (16).
const PROOF: usize = 4 + 12 + 16;

/// The current address and password of an account. A proof is valid only for both.
#[derive(Clone, Copy)]
pub struct Account<'a> {
    /// The key of its address ([`email_key`](store::workspace::email_key)).
    pub key: &'a str,
    /// The hash of its password.
    pub password_hash: &'a str,
}

/// The proofs that a browser sent. They are not checked yet.
#[derive(Debug, Clone, Default)]
pub struct Known(Vec<[u8; PROOF]>);

impl Known {
    /// Reads the proofs of a request.
    pub fn from_headers(cookies: Cookies, headers: &HeaderMap) -> Self {
        let text = from_header(headers, name(cookies)).unwrap_or_default();
        let proofs = text.split('.').take(ACCOUNTS).filter_map(|proof| BASE64.decode(proof).ok()?.try_into().ok());
        Self(proofs.collect())
    }

    /// The id of the browser, if somebody signed in to this account with it. Its attempts are counted by this id.
    pub fn browser(&self, vault: &Vault, account: Account<'_>, now: Timestamp) -> Option<String> {
        let proof = self.0.iter().find(|proof| is_ours(vault, account, proof, now))?;
        Some(BASE64.encode(&proof[4..16]))
    }

    /// The `Set-Cookie` value after a sign-in. It has a new proof for this account and keeps those of others.
    pub fn renewed(&self, vault: &Vault, cookies: Cookies, account: Account<'_>, now: Timestamp) -> String {
        let until = u32::try_from(now.0 / DAY_MS + DAYS).unwrap_or_default().to_be_bytes();
        let id = random_bytes::<12>();
        let new = [until.as_slice(), &id, &seal(vault, account, &until, &id)].concat();
        let others = self.0.iter().filter(|proof| !is_ours(vault, account, proof, now)).map(|proof| proof.to_vec());
        let all: Vec<String> =
            std::iter::once(new).chain(others).take(ACCOUNTS).map(|proof| BASE64.encode(proof)).collect();
        format!("{}={}; Max-Age={}; {}", name(cookies), all.join("."), DAYS * DAY_MS / 1000, cookies.attributes())
    }
}

/// With https, a name that sibling domains cannot set.
const fn name(cookies: Cookies) -> &'static str {
    match cookies {
        Cookies::Secure => "__Host-tandem-known",
        Cookies::Loopback => "tandem-known",
    }
}

fn is_ours(vault: &Vault, account: Account<'_>, proof: &[u8; PROOF], now: Timestamp) -> bool {
    let (until, rest) = proof.split_at(4);
    let (id, sealed) = rest.split_at(12);
    let good = until.try_into().is_ok_and(|until| i64::from(u32::from_be_bytes(until)) > now.0 / DAY_MS);
    good && bool::from(seal(vault, account, until, id).ct_eq(sealed))
}

fn seal(vault: &Vault, account: Account<'_>, until: &[u8], id: &[u8]) -> Vec<u8> {
    let parts = [account.key.as_bytes(), account.password_hash.as_bytes(), until, id];
    vault.proof("known browser", &parts)[..16].to_vec()
}

#[cfg(test)]
mod tests {
    use axum::http::header::COOKIE;

    use super::*;

    const OLIVE: Account<'_> = Account { key: "olive@example.com", password_hash: "first" };
    const AGATHE: Account<'_> = Account { key: "agathe@example.com", password_hash: "first" };
    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn back(set_cookie: &str) -> Known {
        let pair = set_cookie.split(';').next().unwrap();
        Known::from_headers(Cookies::Secure, &HeaderMap::from_iter([(COOKIE, pair.parse().unwrap())]))
    }

    #[test]
    fn s54_a_browser_is_known_for_the_account_it_signed_in_to_and_for_no_other() {
        let vault = Vault::of_tests();
        let set = Known::default().renewed(&vault, Cookies::Secure, OLIVE, NOW);
        assert!(set.starts_with("__Host-tandem-known=") && set.contains("; Secure; HttpOnly"), "{set}");
        let known = back(&set);
        assert!(known.browser(&vault, OLIVE, NOW).is_some());
        assert!(known.browser(&vault, AGATHE, NOW).is_none());
        let changed = Account { password_hash: "second", ..OLIVE };
        assert!(known.browser(&vault, changed, NOW).is_none(), "with the password it ends");
        assert!(known.browser(&vault, OLIVE, NOW.plus((DAYS + 1) * DAY_MS)).is_none(), "it ends by itself");
        let both = back(&known.renewed(&vault, Cookies::Secure, AGATHE, NOW));
        assert!(both.browser(&vault, OLIVE, NOW).is_some() && both.browser(&vault, AGATHE, NOW).is_some());
        assert_ne!(both.browser(&vault, OLIVE, NOW), both.browser(&vault, AGATHE, NOW));
        let again = back(&both.renewed(&vault, Cookies::Secure, OLIVE, NOW));
        assert_eq!(again.0.len(), 2, "one proof an account");
    }

    #[test]
    fn s54_nobody_makes_a_known_browser_themselves() {
        let vault = Vault::of_tests();
        let set = Known::default().renewed(&vault, Cookies::Secure, OLIVE, NOW);
        let good = back(&set).0[0];
        for at in 0..PROOF {
            let mut bad = good;
            bad[at] ^= 1;
            assert!(Known(vec![bad]).browser(&vault, OLIVE, NOW).is_none(), "byte {at}");
        }
        let value = set.split([';', '=']).nth(1).unwrap();
        for bad in
            ["", ".", "....", "x", &value[1..], &format!("{value}A"), &".".repeat(10_000), &format!("a.b.c.d.{value}")]
        {
            let known = back(&format!("__Host-tandem-known={bad}"));
            assert!(known.browser(&vault, OLIVE, NOW).is_none(), "{bad:.60}");
        }
        let mut many = Known::default();
        for n in 0..20 {
            let key = format!("{n}@example.com");
            many = back(&many.renewed(&vault, Cookies::Secure, Account { key: &key, ..OLIVE }, NOW));
        }
        assert_eq!(many.0.len(), ACCOUNTS, "it does not grow");
    }
}
