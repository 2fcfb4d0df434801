//! Mails as they came, for whoever may look at them.

use model::{MailId, MessageId, Permission};
use store::{
    Db, Scope, conversation,
    error::{Error, Result},
    mail::{self, Mail},
    message,
};

/// The mail that a message is, for a member who sees its conversation.
///
/// # Errors
/// [`Error::NOT_FOUND`] also when it exists and is not theirs to see.
pub async fn of_member(db: &Db, scope: &Scope, id: MessageId) -> Result<Mail> {
    scope.require(Permission::Read)?;
    let mut snapshot = db.snapshot().await?;
    let conn = &mut snapshot.conn();
    let message = message::one(conn, scope, id).await?.ok_or(Error::NOT_FOUND)?;
    conversation::load(conn, scope, message.conversation).await?.ok_or(Error::NOT_FOUND)?;
    mail::of_message(conn, scope, id).await?.ok_or(Error::NOT_FOUND)
}

/// A mail by its own id, for admins.
///
/// # Errors
/// [`Error::NOT_FOUND`] when there is none; when whoever asks may not.
pub async fn kept(db: &Db, scope: &Scope, id: MailId) -> Result<Mail> {
    scope.require(Permission::Administer)?;
    let mail = mail::one(&mut db.reader().await?.conn(), scope, id).await?;
    mail.filter(|mail| !mail.digest.is_empty()).ok_or(Error::NOT_FOUND)
}
