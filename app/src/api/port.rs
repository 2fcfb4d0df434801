//! What the server functions ask of the server. A [`Port`] belongs to one signed-in member. The server behind it checks rights.

use async_trait::async_trait;
use model::ApiError;

use super::{
    account::{AccountPort, NewWorkspace, SignedIn, Typed},
    conversation::ConversationPort,
    inbox::InboxPort,
    mailbox::MailboxPort,
    settings::SettingsPort,
};

type Answer<T> = Result<T, ApiError>;

/// What a member may ask: the operations of every feature, and those that are written by hand because they set cookies.
#[async_trait]
pub trait Port: InboxPort + ConversationPort + AccountPort + SettingsPort + MailboxPort {
    /// Ends this session. Answers the `Set-Cookie` value that clears it.
    async fn sign_out(&self) -> Answer<String>;
    /// Changes the password. Answers the `Set-Cookie` values of the session's new secret and of the known browser.
    async fn change_password(&self, old: String, new: String) -> Answer<Vec<String>>;
}

/// What anybody may ask, without a session.
#[async_trait]
#[expect(missing_docs, reason = "each is documented at its server function")]
pub trait PublicPort: Send + Sync {
    async fn sign_in(&self, email: String, password: String) -> Answer<SignedIn>;
    async fn set_up(&self, new: NewWorkspace) -> Answer<SignedIn>;
    async fn accept_invite(&self, token: String, name: String, email: String, password: String) -> Answer<SignedIn>;
    /// The input of a form that was refused just before.
    fn typed(&self) -> Typed;
    /// The `Set-Cookie` value that keeps that input until the page shows it again. Without input, the value that deletes the cookie.
    fn keep_typed(&self, typed: Option<&Typed>) -> String;
}
