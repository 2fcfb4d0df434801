//! The stored bytes of mails, for members who may see them.

use model::{MailId, MessageId, Permission};
use store::{
    Db, Scope, conversation,
    error::{Error, Result},
    mail::{self, Mail},
    message,
};

/// The mail of a message, for a member who sees its conversation.
///
/// # Errors
/// [`Error::NOT_FOUND`] when it does not exist or the member may not see it.
pub async fn of_member(db: &Db, scope: &Scope, id: MessageId) -> Result<Mail> {
    scope.require(Permission::Read)?;
    let mut snapshot = db.snapshot().await?;
    let conn = &mut snapshot.conn();
    let message = message::one(conn, scope, id).await?.ok_or(Error::NOT_FOUND)?;
    conversation::load(conn, scope, message.conversation).await?.ok_or(Error::NOT_FOUND)?;
    mail::of_message(conn, scope, id).await?.ok_or(Error::NOT_FOUND)
}

/// A mail by its own id, for administrators.
///
/// # Errors
/// [`Error::NOT_FOUND`] when it does not exist or has no bytes. Also when the member may not administer.
pub async fn kept(db: &Db, scope: &Scope, id: MailId) -> Result<Mail> {
    scope.require(Permission::Administer)?;
    let mail = mail::one(&mut db.reader().await?.conn(), scope, id).await?;
    mail.filter(|mail| !mail.digest.is_empty()).ok_or(Error::NOT_FOUND)
}
