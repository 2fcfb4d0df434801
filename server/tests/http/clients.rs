//! S47, S54: the client of a request. Limits count real clients, also behind a proxy. Guessing at an account does not lock out known
//! browsers.

use reqwest::{Client, StatusCode, redirect::Policy};
use serde_json::json;
use server::{config::Flags, http::Limits};
use store::clock::{new_id, new_secret};

use super::fixture::{App, PASSWORD};

/// A browser: it keeps what it is given, and asks through a proxy that says where it is.
struct Browser {
    http: Client,
    from: String,
}

impl Browser {
    fn at(from: &str) -> Self {
        let http = Client::builder().redirect(Policy::none()).cookie_store(true).build().unwrap();
        Self { http, from: from.to_owned() }
    }

    async fn signs_in(&self, app: &App, email: &str, password: &str) -> StatusCode {
        let body = format!("email={}&password={}", email.replace('@', "%40"), password).replace(' ', "+");
        let request = self.http.post(app.url("/api/fn/sign_in")).header("origin", app.origin());
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        request.header("x-forwarded-for", &self.from).send().await.unwrap().status()
    }

    async fn signs_out(&self, app: &App) {
        let request = self.http.post(app.url("/api/fn/sign_out")).header("origin", app.origin());
        assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
    }

    async fn writes(&self, app: &App, token: &str) -> StatusCode {
        let url = app.url(&format!("/api/chat/{}/messages", app.key));
        let request = self.http.post(url).header("origin", app.origin()).bearer_auth(token);
        // Nothing is written: only whether it may be is asked.
        let request = request.json(&json!({ "id": new_id(), "text": "" }));
        request.header("x-forwarded-for", &self.from).send().await.unwrap().status()
    }
}

async fn behind_a_proxy() -> App {
    let flags = Flags { trusted_proxies: Some("127.0.0.1".to_owned()), ..Flags::default() };
    App::start_with(flags, Limits::of_files(1024)).await
}

const OWNER: &str = "owner@example.com";
const ENTERED: StatusCode = StatusCode::OK;
const WRONG: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
const PAUSED: StatusCode = StatusCode::TOO_MANY_REQUESTS;
const READ: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

#[tokio::test]
async fn s54_a_hundred_wrong_passwords_of_one_client_keep_no_other_out() {
    let app = behind_a_proxy().await;
    let guesser = Browser::at("198.51.100.1");
    for n in 0..100 {
        assert_eq!(guesser.signs_in(&app, &format!("nobody{n}@example.com"), "guess").await, WRONG);
    }
    assert_eq!(guesser.signs_in(&app, OWNER, PASSWORD).await, PAUSED);
    for forged in ["203.0.113.9, 198.51.100.1", "127.0.0.1, 198.51.100.1", "unknown, 198.51.100.1", "198.51.100.1:4711"]
    {
        assert_eq!(Browser::at(forged).signs_in(&app, OWNER, PASSWORD).await, PAUSED, "{forged}");
    }
    assert_eq!(Browser::at("198.51.100.2").signs_in(&app, OWNER, PASSWORD).await, ENTERED);
    assert_eq!(Browser::at("203.0.113.9, 198.51.100.3, 127.0.0.1").signs_in(&app, OWNER, PASSWORD).await, ENTERED);
}

#[tokio::test]
async fn s47_whoever_is_no_proxy_cannot_say_that_they_are_somebody_else() {
    let app = App::start().await;
    for n in 0..100 {
        let browser = Browser::at(&format!("198.51.100.{n}"));
        assert_eq!(browser.signs_in(&app, &format!("nobody{n}@example.com"), "guess").await, WRONG);
    }
    assert_eq!(Browser::at("203.0.113.1").signs_in(&app, OWNER, PASSWORD).await, PAUSED);
}

#[tokio::test]
async fn s47_an_ipv6_client_is_one_whatever_address_of_its_network_it_takes() {
    let app = behind_a_proxy().await;
    for n in 0..100 {
        let browser = Browser::at(&format!("[2001:db8:1:2::{n:x}]:{}", 1000 + n));
        assert_eq!(browser.signs_in(&app, &format!("nobody{n}@example.com"), "guess").await, WRONG);
    }
    assert_eq!(Browser::at("2001:db8:1:2:ffff::1").signs_in(&app, OWNER, PASSWORD).await, PAUSED);
    assert_eq!(Browser::at("2001:db8:1:3::1").signs_in(&app, OWNER, PASSWORD).await, ENTERED);
}

#[tokio::test]
async fn s54_guessing_at_an_account_keeps_no_known_browser_out() {
    let app = behind_a_proxy().await;
    let (laptop, phone) = (Browser::at("198.51.100.1"), Browser::at("198.51.100.2"));
    assert_eq!(laptop.signs_in(&app, OWNER, PASSWORD).await, ENTERED);
    assert_eq!(phone.signs_in(&app, OWNER, PASSWORD).await, ENTERED);
    for n in 0..10 {
        // From anywhere, in any case.
        let stranger = Browser::at(&format!("203.0.113.{n}"));
        assert_eq!(stranger.signs_in(&app, "Owner@Example.com ", "guess").await, WRONG);
    }
    assert_eq!(
        Browser::at("203.0.113.99").signs_in(&app, OWNER, PASSWORD).await,
        PAUSED,
        "an unknown browser is limited"
    );
    // Nor does a crowd of guesses from the address that they share.
    let neighbour = Browser::at("198.51.100.1");
    for n in 0..101 {
        neighbour.signs_in(&app, &format!("nobody{n}@example.com"), "guess").await;
    }
    assert_eq!(neighbour.signs_in(&app, "nobody@example.com", "guess").await, PAUSED);
    for _ in 0..3 {
        assert_eq!(laptop.signs_in(&app, OWNER, PASSWORD).await, ENTERED);
        // By its cookie, also when the session is over.
        phone.signs_out(&app).await;
        assert_eq!(phone.signs_in(&app, OWNER, PASSWORD).await, ENTERED);
    }
    // One that is known may not guess more often than others, and is no way round their limit.
    for _ in 0..10 {
        assert_eq!(laptop.signs_in(&app, OWNER, "guess").await, WRONG);
    }
    assert_eq!(laptop.signs_in(&app, OWNER, PASSWORD).await, PAUSED);
    assert_eq!(phone.signs_in(&app, OWNER, PASSWORD).await, ENTERED, "the other browser is not affected");
    assert_eq!(
        Browser::at("203.0.113.99").signs_in(&app, OWNER, PASSWORD).await,
        PAUSED,
        "strangers get no further attempts"
    );
}

#[tokio::test]
async fn s54_whoever_changes_their_password_stays_known_where_they_did() {
    let app = behind_a_proxy().await;
    let laptop = Browser::at("198.51.100.1");
    assert_eq!(laptop.signs_in(&app, OWNER, PASSWORD).await, ENTERED);
    let change = json!({ "old": PASSWORD, "new": "another long phrase" });
    let request = laptop.http.post(app.url("/api/fn/change_password")).header("origin", app.origin()).json(&change);
    assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
    laptop.signs_out(&app).await;
    for n in 0..10 {
        let stranger = Browser::at(&format!("203.0.113.{n}"));
        assert_eq!(stranger.signs_in(&app, OWNER, "guess").await, WRONG);
    }
    assert_eq!(Browser::at("203.0.113.99").signs_in(&app, OWNER, "another long phrase").await, PAUSED);
    assert_eq!(laptop.signs_in(&app, OWNER, "another long phrase").await, ENTERED);
}

#[tokio::test]
async fn s47_a_visitor_writes_forty_times_a_minute_and_new_tokens_help_nobody() {
    let app = behind_a_proxy().await;
    let (visitor, token) = (Browser::at("198.51.100.1"), new_secret());
    for _ in 0..40 {
        assert_eq!(visitor.writes(&app, &token).await, READ);
    }
    assert_eq!(visitor.writes(&app, &token).await, PAUSED);
    assert_eq!(visitor.writes(&app, &new_secret()).await, READ, "somebody else in the same office");
    for _ in 42..400 {
        assert_eq!(visitor.writes(&app, &new_secret()).await, READ);
    }
    assert_eq!(
        visitor.writes(&app, &new_secret()).await,
        PAUSED,
        "the limit counts per address, however many tokens there are"
    );
    assert_eq!(Browser::at("203.0.113.7, 198.51.100.1").writes(&app, &new_secret()).await, PAUSED);
    assert_eq!(Browser::at("198.51.100.2").writes(&app, &new_secret()).await, READ, "another client is not limited");
}
