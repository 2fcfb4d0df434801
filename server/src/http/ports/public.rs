//! What anybody may do without a session: set-up, sign-in, accepting an invitation. All of them pass the same checks (S41, S45, S47).

use std::sync::Arc;

use app::api::{
    account::{NewWorkspace, SignedIn, Typed},
    port::PublicPort,
};
use async_trait::async_trait;
use axum::{extract::Request, http::header};
use domain::{
    audit_log::NoteWrongPassword,
    sessions::{AcceptInvite, Browser, CountAttempt, SetUp, SignIn, stale_invitation},
};
use jiff::tz::TimeZone;
use model::{ApiError, MemberId, WorkspaceId};
use seed::sample::Sample;
use store::{
    Scope,
    clock::{new_secret, secret_hash},
    error::{Error, Result},
    session::{self, Purpose},
    workspace,
};

use crate::auth::{Account, Known};
use crate::http::{client::Client, session::Signed, state::Http, typed};

const WINDOW_MS: i64 = 15 * 60_000;
/// The most attempts per window at one account, from all unknown browsers together, and from each known browser.
const PER_ACCOUNT: i64 = 10;
/// The most attempts per window from one address, at any account.
const PER_CLIENT: i64 = 100;

/// The [`PublicPort`] of one client.
pub struct PublicClient {
    http: Http,
    client: Client,
    user_agent: String,
    typed: Typed,
    known: Known,
    /// The session that this browser has already.
    signed: Option<Signed>,
}

impl PublicClient {
    /// The public port for the client of a request.
    pub fn of(http: Http, request: &Request) -> Arc<dyn PublicPort> {
        let client = request.extensions().get().copied().unwrap_or(Client::UNKNOWN);
        let agent = request.headers().get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let cookies = http.cookies();
        Arc::new(Self {
            http,
            client,
            user_agent: agent.to_owned(),
            typed: typed::read(cookies, request.headers()),
            known: Known::from_headers(cookies, request.headers()),
            signed: request.extensions().get().cloned(),
        })
    }

    fn browser(&self, account: Account<'_>) -> (Browser, SignedIn) {
        let secret = new_secret();
        let (user_agent, address) = (self.user_agent.clone(), self.client.to_string());
        let browser = Browser { token_hash: secret_hash(&secret), user_agent, address };
        let (cookies, now) = (self.http.cookies(), self.http.db.clock().now());
        let known = self.known.renewed(&self.http.vault, cookies, account, now);
        (browser, SignedIn { cookies: vec![cookies.set(&secret), known] })
    }

    /// The bucket of a browser in which somebody signed in to this account before.
    fn known_for(&self, account: Account<'_>, member: MemberId) -> Option<String> {
        let session = self.signed.as_ref().map(|signed| &signed.session);
        let session = session.filter(|session| session.scope.me().is_some_and(|me| me.member.id == member));
        match session {
            Some(session) => Some(format!("known:{}", session.id)),
            None => {
                let now = self.http.db.clock().now();
                Some(format!("known:{}", self.known.browser(&self.http.vault, account, now)?))
            }
        }
    }

    /// Counts an attempt at an account. Returns the bucket that a success deletes.
    async fn may_try(&self, key: &str, known: Option<String>) -> Result<String> {
        if let Some(known) = known
            && allow(&self.http, vec![(known.clone(), PER_ACCOUNT)]).await.is_ok()
        {
            return Ok(known);
        }
        // The hash bounds the bucket's name, and reveals nothing about the address in the table.
        let account = format!("account:{}", secret_hash(key));
        let buckets = vec![(account.clone(), PER_ACCOUNT), (self.bucket(), PER_CLIENT)];
        match allow(&self.http, buckets).await {
            Ok(()) => Ok(account),
            Err(refused) => {
                tracing::warn!(client = %self.client, "sign-in is paused: too many attempts");
                Err(refused)
            }
        }
    }

    /// The bucket of this client address.
    fn bucket(&self) -> String {
        format!("client:{}", self.client)
    }

    async fn enter(&self, email: &str, password: &str) -> Result<SignedIn> {
        let key = workspace::email_key(email);
        let mut snapshot = self.http.db.snapshot().await?;
        let found = session::credential(&mut snapshot.conn(), &key).await?;
        drop(snapshot);
        let known = found
            .as_ref()
            .and_then(|(_, member, hash)| self.known_for(Account { key: &key, password_hash: hash }, *member));
        let forgive = self.may_try(&key, known).await?;
        let (hash, account_of) = match &found {
            Some((workspace, member, hash)) => (Some(hash.clone()), Some((*workspace, *member))),
            None => (None, None),
        };
        let fits = self.http.passwords.verify(password, hash).await?;
        let Some((workspace, member, hash)) = found.filter(|_| fits) else {
            if let Some((workspace, member)) = account_of {
                self.note_wrong_password(workspace, member);
            }
            return Err(ApiError::invalid("", "The e-mail address or the password is wrong.").into());
        };
        let rehashed = match crate::auth::Passwords::is_outdated(&hash) {
            true => self.http.passwords.hash_again(password).await.ok(),
            false => None,
        };
        let password_hash = rehashed.as_deref().unwrap_or(&hash);
        let (browser, signed_in) = self.browser(Account { key: &key, password_hash });
        self.http.db.write_global(SignIn { workspace, member, browser, forgive, rehashed }).await?;
        Ok(signed_in)
    }

    /// Runs in the background: the answer must take the same time as for an account that does not exist (S41).
    fn note_wrong_password(&self, workspace: WorkspaceId, member: MemberId) {
        let (db, note) =
            (self.http.db.clone(), NoteWrongPassword { workspace, member, address: self.client.to_string() });
        tokio::spawn(async move {
            if let Err(error) = db.write_global(note).await {
                tracing::warn!(%error, "could not log a refused sign-in in the audit log");
            }
        });
    }

    async fn accept(&self, token: &str, name: String, email: String, password: &str) -> Result<SignedIn> {
        allow(&self.http, vec![(self.bucket(), PER_CLIENT)]).await?;
        let link_hash = secret_hash(token);
        let workspace = self.invited_to(&link_hash).await?;
        let password_hash = self.http.passwords.hash(password, &[&workspace, &name, &email]).await?;
        let key = workspace::email_key(&email);
        let (browser, signed_in) = self.browser(Account { key: &key, password_hash: &password_hash });
        self.http.db.write_global(AcceptInvite { link_hash, name, email, password_hash, browser }).await?;
        Ok(signed_in)
    }

    /// The name of the workspace of an invitation.
    async fn invited_to(&self, link_hash: &str) -> Result<String> {
        let mut snapshot = self.http.db.snapshot().await?;
        let (conn, now) = (&mut snapshot.conn(), self.http.db.clock().now());
        let link = session::link(conn, link_hash, Purpose::Invite, now).await?.ok_or_else(stale_invitation)?;
        let workspace = link.workspace.ok_or_else(stale_invitation)?;
        Ok(workspace::load(conn, &Scope::system(workspace, "invitation")).await?.workspace.name)
    }

    async fn build(&self, new: NewWorkspace) -> Result<SignedIn> {
        allow(&self.http, vec![(self.bucket(), PER_CLIENT)]).await?;
        let said = [new.workspace.as_str(), &new.name, &new.email];
        let password_hash = self.http.passwords.hash(&new.password, &said).await?;
        let key = workspace::email_key(&new.email);
        let (browser, signed_in) = self.browser(Account { key: &key, password_hash: &password_hash });
        let NewWorkspace { token, workspace, name, email, sample, .. } = new;
        let command = SetUp { link_hash: secret_hash(&token), workspace, name, email, password_hash, browser };
        let workspace = self.http.db.write_global(command).await?;
        if sample.is_some() {
            let (db, files, email) = (&self.http.db, &self.http.files, &self.http.email);
            let sample = Sample { db, files, email, now: db.clock().now(), zone: TimeZone::system() };
            // The workspace exists and the link is used up, so its owner is let in anyway.
            if let Err(error) = sample.fill(workspace).await {
                tracing::error!(%error, "the sample could not be stored; `tandem seed --sample` retries");
            }
        }
        Ok(signed_in)
    }
}

/// Counts an attempt, and refuses it when there were too many.
pub(super) async fn allow(http: &Http, buckets: Vec<(String, i64)>) -> Result<()> {
    match http.db.write_global(CountAttempt { buckets, window_ms: WINDOW_MS }).await? {
        Some(seconds) => Err(ApiError::TooMany { seconds }.into()),
        None => Ok(()),
    }
}

#[async_trait]
impl PublicPort for PublicClient {
    async fn sign_in(&self, email: String, password: String) -> Result<SignedIn, ApiError> {
        self.enter(&email, &password).await.map_err(Error::into_api)
    }

    async fn set_up(&self, new: NewWorkspace) -> Result<SignedIn, ApiError> {
        self.build(new).await.map_err(Error::into_api)
    }

    async fn accept_invite(
        &self,
        token: String,
        name: String,
        email: String,
        password: String,
    ) -> Result<SignedIn, ApiError> {
        self.accept(&token, name, email, &password).await.map_err(Error::into_api)
    }

    fn typed(&self) -> Typed {
        self.typed.clone()
    }

    fn keep_typed(&self, typed: Option<&Typed>) -> String {
        let cookies = self.http.cookies();
        typed.map_or_else(|| typed::forget(cookies), |typed| typed::keep(cookies, typed))
    }
}
