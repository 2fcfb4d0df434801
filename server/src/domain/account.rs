//! How channels' accounts are, and that everybody hears of it (H9).

use model::{Channel, ChannelId, EventBody};

use crate::{
    error::Result,
    store::{
        Scope, Tx,
        account::{self, Account, NewState},
        house,
    },
};

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
    let before = house::channel(tx.conn(), scope, channel).await?;
    account::set_state(tx, scope, channel, revision, new).await?;
    tell(tx, scope, &before).await
}

/// Has whoever receives for an account begin anew.
///
/// # Errors
/// When the database fails, or there is no such channel here.
pub async fn begin_anew(tx: &mut Tx<'_>, scope: &Scope, account: &Account) -> Result<()> {
    let before = house::channel(tx.conn(), scope, account.channel).await?;
    account::save(tx, scope, account.channel, &account.settings, &account.secret).await?;
    tell(tx, scope, &before).await
}

async fn tell(tx: &mut Tx<'_>, scope: &Scope, before: &Channel) -> Result<()> {
    let channel = house::channel(tx.conn(), scope, before.id).await?;
    if channel != *before {
        tx.emit(scope.workspace(), EventBody::Channel(Box::new(channel)));
    }
    Ok(())
}
