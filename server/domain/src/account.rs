//! The state of channels' accounts, and the events that tell everybody about it (H9).

use model::{AccountState, ApiError, Channel, ChannelId, EventBody};
use store::{
    Scope, Tx,
    account::{self, Account, NewState},
    error::Result,
    workspace,
};

/// The delivery reason of every message on a sample channel.
pub(super) const SAMPLE: &str = "Not sent: this is a sample channel. Messages written here are not delivered.";

/// Refuses to change the connection of a sample channel.
pub(super) fn not_a_sample(account: &Account) -> Result<()> {
    if account.state != AccountState::Sample {
        return Ok(());
    }
    let message = "This is a sample channel. Add a channel of your own.".to_owned();
    Err(ApiError::Conflict { message }.into())
}

/// Stores the state of an account. Changes nothing if the account was edited after `revision`.
///
/// # Errors
/// When the database fails, or the workspace has no such channel.
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

/// Makes the process that receives for an account start again.
///
/// # Errors
/// When the database fails, or the workspace has no such channel.
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
