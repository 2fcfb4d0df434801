//! What anybody may ask: set-up, sign-in, accepting an invitation. Every way in passes the same checks (S41, S45, S47).

use std::sync::Arc;

use app::{
    api::{
        account::{NewHouse, SignedIn, Typed},
        port::Door,
    },
    model::ApiError,
};
use async_trait::async_trait;
use axum::{extract::Request, http::header};

use super::{client::Client, state::Http, typed};
use crate::{
    clock::{new_secret, secret_hash},
    domain::sessions::{AcceptInvite, Browser, CountAttempt, SetUp, SignIn},
    error::{Error, Result},
    seed,
    store::{house, session},
};

const WINDOW_MS: i64 = 15 * 60_000;
/// Attempts per window on one account, from wherever.
const PER_ACCOUNT: i64 = 10;
/// Attempts per window from one address, on whatever account.
const PER_CLIENT: i64 = 100;

/// The door, as one client stands before it.
pub struct FrontDoor {
    http: Http,
    client: Client,
    user_agent: String,
    typed: Typed,
}

impl FrontDoor {
    /// For whoever sent a request.
    pub fn of(http: Http, request: &Request) -> Arc<dyn Door> {
        let client = request.extensions().get().copied().unwrap_or(Client::UNKNOWN);
        let agent = request.headers().get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        Arc::new(Self {
            http,
            client,
            user_agent: agent.to_owned(),
            typed: typed::read(request.headers()),
        })
    }

    fn browser(&self) -> (Browser, SignedIn) {
        let secret = new_secret();
        let browser = Browser { token_hash: secret_hash(&secret), user_agent: self.user_agent.clone() };
        (browser, SignedIn { cookie: self.http.cookies().set(&secret) })
    }

    async fn enter(&self, email: &str, password: &str) -> Result<SignedIn> {
        let key = house::email_key(email);
        // The bucket's name is bounded whatever was typed, and tells nothing in the table.
        let account = format!("account:{}", secret_hash(&key));
        allow(&self.http, vec![(account.clone(), PER_ACCOUNT), (format!("client:{}", self.client), PER_CLIENT)])
            .await?;
        let mut snapshot = self.http.db.snapshot().await?;
        let found = session::credential(&mut snapshot.conn(), &key).await?;
        drop(snapshot);
        let hash = found.as_ref().map(|(.., hash)| hash.clone());
        let fits = self.http.passwords.verify(password, hash).await?;
        let Some((workspace, member, hash)) = found.filter(|_| fits) else {
            return Err(ApiError::invalid("", "E-mail and password do not fit together.").into());
        };
        let rehashed = match crate::auth::Passwords::is_outdated(&hash) {
            true => self.http.passwords.hash(password).await.ok(),
            false => None,
        };
        let (browser, signed_in) = self.browser();
        self.http.db.write_house(SignIn { workspace, member, browser, forgive: account, rehashed }).await?;
        Ok(signed_in)
    }

    async fn build(&self, new: NewHouse) -> Result<SignedIn> {
        allow(&self.http, vec![(format!("client:{}", self.client), PER_CLIENT)]).await?;
        let password_hash = self.http.passwords.hash(&new.password).await?;
        let (browser, signed_in) = self.browser();
        let NewHouse { token, workspace, name, email, sample, .. } = new;
        let command = SetUp { link_hash: secret_hash(&token), workspace, name, email, password_hash, browser };
        let workspace = self.http.db.write_house(command).await?;
        if sample.is_some() {
            let options =
                seed::Options { conversations: 120, messages: 1_400, seed: 42, now: self.http.db.clock().now() };
            seed::seed(&self.http.db, workspace, &options, Some(&self.http.files)).await?;
        }
        Ok(signed_in)
    }
}

/// Counts an attempt, and refuses when there were too many.
pub(super) async fn allow(http: &Http, buckets: Vec<(String, i64)>) -> Result<()> {
    match http.db.write_house(CountAttempt { buckets, window_ms: WINDOW_MS }).await? {
        Some(seconds) => Err(ApiError::TooMany { seconds }.into()),
        None => Ok(()),
    }
}

#[async_trait]
impl Door for FrontDoor {
    async fn sign_in(&self, email: String, password: String) -> Result<SignedIn, ApiError> {
        self.enter(&email, &password).await.map_err(Error::told)
    }

    async fn set_up(&self, new: NewHouse) -> Result<SignedIn, ApiError> {
        self.build(new).await.map_err(Error::told)
    }

    async fn accept_invite(
        &self,
        token: String,
        name: String,
        email: String,
        password: String,
    ) -> Result<SignedIn, ApiError> {
        let accept = async {
            allow(&self.http, vec![(format!("client:{}", self.client), PER_CLIENT)]).await?;
            let password_hash = self.http.passwords.hash(&password).await?;
            let (browser, signed_in) = self.browser();
            let command = AcceptInvite { link_hash: secret_hash(&token), name, email, password_hash, browser };
            self.http.db.write_house(command).await?;
            Ok(signed_in)
        };
        accept.await.map_err(Error::told)
    }

    fn typed(&self) -> Typed {
        self.typed.clone()
    }

    fn keep_typed(&self, typed: Option<&Typed>) -> String {
        let cookies = self.http.cookies();
        typed.map_or_else(|| typed::forget(cookies), |typed| typed::keep(cookies, typed))
    }
}
