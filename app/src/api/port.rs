//! The interface between the server functions and the server. A [`Port`] belongs to one signed-in member. The server behind it checks
//! rights.

use async_trait::async_trait;
use model::ApiError;

use super::{
    account::{AccountPort, NewWorkspace, SignedIn, Typed},
    closing::ClosingPort,
    conversation::ConversationPort,
    inbox::InboxPort,
    mailbox::MailboxPort,
    notices::NoticePort,
    presence::PresencePort,
    search::SearchPort,
    settings::SettingsPort,
    tags::TagPort,
    views::ViewPort,
};

type Answer<T> = Result<T, ApiError>;

/// The operations of a signed-in member: those of every feature, and those written by hand because they set cookies.
#[async_trait]
pub trait Port:
    InboxPort
    + ConversationPort
    + AccountPort
    + SettingsPort
    + MailboxPort
    + NoticePort
    + PresencePort
    + SearchPort
    + TagPort
    + ViewPort
    + ClosingPort
{
    /// Ends this session. Returns the `Set-Cookie` value that clears the session cookie.
    async fn sign_out(&self) -> Answer<String>;
    /// Changes the password. Returns the `Set-Cookie` values of the session's new secret and of the cookie that recognises the browser.
    async fn change_password(&self, old: String, new: String) -> Answer<Vec<String>>;
}

/// The operations that need no session.
#[async_trait]
#[expect(missing_docs, reason = "each is documented at its server function")]
pub trait PublicPort: Send + Sync {
    async fn sign_in(&self, email: String, password: String) -> Answer<SignedIn>;
    async fn set_up(&self, new: NewWorkspace) -> Answer<SignedIn>;
    async fn accept_invite(&self, token: String, name: String, email: String, password: String) -> Answer<SignedIn>;
    /// The input of a form that was just refused.
    fn typed(&self) -> Typed;
    /// The `Set-Cookie` value that keeps the input until the page shows it again. For None, the value that deletes the cookie.
    fn keep_typed(&self, typed: Option<&Typed>) -> String;
}
