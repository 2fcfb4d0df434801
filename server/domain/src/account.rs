//! How channels' accounts are, and that everybody hears of it (H9).

use model::{AccountState, ApiError, Channel, ChannelId, EventBody};
use store::{
    Scope, Tx,
    account::{self, Account, NewState},
    error::Result,
    workspace,
};

/// Why nobody gets what is written on a channel that is only a sample.
pub(super) const SAMPLE: &str = "Not sent: this is a sample channel, and nobody gets what is written here.";

/// Refuses to change how a channel is reached that is only a sample.
pub(super) fn not_a_sample(account: &Account) -> Result<()> {
    if account.state != AccountState::Sample {
        return Ok(());
    }
    let message = "This channel is only a sample. Add one of your own.".to_owned();
    Err(ApiError::Conflict { message }.into())
}

/// Writes down how an account is; nothing happens when it was edited since `revision`.
///
/// # Errors
/// When the database fails, or there is no such channel here.
pub async fn set_state(
    tx: &mut Tx<'_>,
    scope: &Scope,
    channel: ChannelId,
    revision: i64,
    new: &NewState,
) -> Result<()> {
    let before = workspace::channel(tx.conn(), scope, channel).await?;
    account::set_state(tx, scope, channel, revision, new).await?;
    tell(tx, scope, &before).await
}

/// Has whoever receives for an account begin anew.
///
/// # Errors
/// When the database fails, or there is no such channel here.
pub async fn begin_anew(tx: &mut Tx<'_>, scope: &Scope, account: &Account) -> Result<()> {
    let before = workspace::channel(tx.conn(), scope, account.channel).await?;
    account::save(tx, scope, account.channel, &account.settings, &account.secret).await?;
    tell(tx, scope, &before).await
}

async fn tell(tx: &mut Tx<'_>, scope: &Scope, before: &Channel) -> Result<()> {
    let channel = workspace::channel(tx.conn(), scope, before.id).await?;
    if channel != *before {
        tx.emit(scope.workspace(), EventBody::Channel(Box::new(channel)));
    }
    Ok(())
}
