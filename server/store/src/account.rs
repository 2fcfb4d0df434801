//! Accounts of channels at their providers: how to connect, which process holds the lease, and the account's state.

use model::{AccountState, ChannelId, Timestamp, WorkspaceId};

use super::{
    Scope, Tx,
    codec::read,
    conn::{Conn, args},
    table::{insert, sql, table},
};
use crate::error::StoreError;

pub(super) const STATEMENTS: &[&str] = &[INSERT, SAVE, ONE, DUE, TAKE, KEEP, LEAVE, FREE, SET_STATE, CAME_IN, WENT_OUT];

/// The account of a channel. Its secret is sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The workspace it belongs to.
    pub workspace: WorkspaceId,
    /// The channel it belongs to.
    pub channel: ChannelId,
    /// How to connect, as JSON whose shape depends on the kind of channel.
    pub settings: String,
    /// The sealed password or token that signs in.
    pub secret: String,
    /// Incremented by each edit. A process that works with an older revision starts again.
    pub revision: i64,
    /// Its current state.
    pub state: AccountState,
    /// Why it is in this state.
    pub reason: String,
    /// What a person should do about it.
    pub next_step: String,
    /// Since when it is in this state.
    pub since: Timestamp,
    /// How many attempts in a row failed.
    pub failures: i64,
    /// When a message last came in.
    pub last_in: Option<Timestamp>,
    /// When a message last went out.
    pub last_out: Option<Timestamp>,
    /// When it was connected.
    pub created: Timestamp,
}

impl std::fmt::Debug for Account {
    // Leaves out even the sealed secret, because nothing of it belongs in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("channel", &self.channel).field("state", &self.state).finish_non_exhaustive()
    }
}

table! {
    struct Raw {
        workspace_id: String,
        channel_id: String,
        settings: String,
        secret: String,
        revision: i64,
        state: String,
        reason: String,
        next_step: String,
        state_since: i64,
        failures: i64,
        last_in_at: Option<i64>,
        last_out_at: Option<i64>,
        created_at: i64,
    }
}

impl TryFrom<Raw> for Account {
    type Error = StoreError;
    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        Ok(Self {
            workspace: read("workspace", raw.workspace_id)?,
            channel: read("channel", raw.channel_id)?,
            settings: raw.settings,
            secret: raw.secret,
            revision: raw.revision,
            state: read("account state", raw.state)?,
            reason: raw.reason,
            next_step: raw.next_step,
            since: Timestamp(raw.state_since),
            failures: raw.failures,
            last_in: raw.last_in_at.map(Timestamp),
            last_out: raw.last_out_at.map(Timestamp),
            created: Timestamp(raw.created_at),
        })
    }
}

/// An account is shown as down to everybody after this many failures in a row, which takes some seconds.
const TOLD_AFTER: i64 = 4;

/// The state shown to members who do not manage the account. It hides short failures that a retry repairs.
pub(super) const fn shown_state(state: AccountState, failures: i64) -> AccountState {
    match state {
        AccountState::Waiting if failures < TOLD_AFTER => AccountState::Connected,
        state => state,
    }
}

/// Stores the account of a new channel.
///
/// # Errors
/// When the database fails, also when the channel has one already.
pub async fn insert(
    tx: &mut Tx<'_>,
    scope: &Scope,
    channel: ChannelId,
    settings: &str,
    secret: &str,
) -> Result<(), StoreError> {
    put(tx, scope, channel, settings, secret, AccountState::Starting).await
}

/// Stores the account of a sample channel. No statement ever changes its state, so nothing ever connects.
///
/// # Errors
/// When the database fails, also when the channel has one already.
pub async fn insert_sample(
    tx: &mut Tx<'_>,
    scope: &Scope,
    channel: ChannelId,
    settings: &str,
) -> Result<(), StoreError> {
    put(tx, scope, channel, settings, "", AccountState::Sample).await
}

const INSERT: &str = insert!("channel_account", sql!(Raw::COLUMNS, ", lease_until"));

async fn put(
    tx: &mut Tx<'_>,
    scope: &Scope,
    channel: ChannelId,
    settings: &str,
    secret: &str,
    state: AccountState,
) -> Result<(), StoreError> {
    let now = tx.now().0;
    let raw = Raw {
        workspace_id: scope.workspace().to_string(),
        channel_id: channel.to_string(),
        settings: settings.to_owned(),
        secret: secret.to_owned(),
        revision: 1,
        state: state.as_str().to_owned(),
        reason: String::new(),
        next_step: String::new(),
        state_since: now,
        failures: 0,
        last_in_at: None,
        last_out_at: None,
        created_at: now,
    };
    // Nobody holds a lease of it yet.
    tx.exec(INSERT, args![; raw.values(); 0]).await?;
    Ok(())
}

const SAVE: &str = "UPDATE channel_account SET settings = $3, secret = $4, revision = revision + 1, state = 'starting', reason = '', \
     next_step = '', state_since = $5, failures = 0, lease_until = 0 WHERE workspace_id = $1 AND channel_id = $2 AND state <> 'sample'";

/// Stores an edited account, which is then connected again. A sample account stays as it is.
///
/// # Errors
/// When the database fails.
pub async fn save(
    tx: &mut Tx<'_>,
    scope: &Scope,
    channel: ChannelId,
    settings: &str,
    secret: &str,
) -> Result<(), StoreError> {
    tx.exec(SAVE, args![scope.workspace(), channel, settings, secret, tx.now()]).await?;
    Ok(())
}

const ONE: &str = sql!("SELECT ", Raw::COLUMNS, " FROM channel_account WHERE workspace_id = $1 AND channel_id = $2");

/// The account of a channel. None if its kind of channel has none.
///
/// # Errors
/// When the database fails.
pub async fn one(conn: &mut Conn<'_>, scope: &Scope, channel: ChannelId) -> Result<Option<Account>, StoreError> {
    conn.opt::<Raw>(ONE, args![scope.workspace(), channel]).await?.map(Account::try_from).transpose()
}

const DUE: &str = "SELECT workspace_id, channel_id FROM channel_account WHERE lease_until <= $1 AND state NOT IN ('sign_in', 'paused', 'sample') \
     ORDER BY lease_until LIMIT 100";

/// The accounts that no process holds and that are due, at most 100.
///
/// # Errors
/// When the database fails.
pub async fn due(conn: &mut Conn<'_>, now: Timestamp) -> Result<Vec<(WorkspaceId, ChannelId)>, StoreError> {
    let rows: Vec<(String, String)> = conn.all(DUE, args![now]).await?;
    rows.into_iter()
        .map(|(workspace, channel)| Ok((read("workspace", workspace)?, read("channel", channel)?)))
        .collect()
}

/// A lease of an account, for one revision of it.
#[derive(Debug, Clone)]
pub struct AccountLease {
    /// The channel of the account.
    pub channel: ChannelId,
    /// The process that holds the lease.
    pub owner: String,
    /// The account's revision when the lease was taken.
    pub revision: i64,
}

const TAKE: &str = "UPDATE channel_account SET lease_owner = $3, lease_until = $4 \
     WHERE workspace_id = $1 AND channel_id = $2 AND lease_until <= $5 AND state NOT IN ('sign_in', 'paused', 'sample')";

/// Leases an account until `until`. False when another process was first.
///
/// # Errors
/// When the database fails.
pub async fn lease(
    tx: &mut Tx<'_>,
    scope: &Scope,
    channel: ChannelId,
    owner: &str,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let now = tx.now();
    Ok(tx.exec(TAKE, args![scope.workspace(), channel, owner, until, now]).await? == 1)
}

const KEEP: &str = "UPDATE channel_account SET lease_until = $4 \
     WHERE workspace_id = $1 AND channel_id = $2 AND lease_owner = $3 AND revision = $5 AND state NOT IN ('sign_in', 'paused', 'sample')";

/// Extends a lease until `until`. False when the lease was lost, or the account was edited or stopped meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn keep(tx: &mut Tx<'_>, scope: &Scope, lease: &AccountLease, until: Timestamp) -> Result<bool, StoreError> {
    let values = args![scope.workspace(), lease.channel, lease.owner.clone(), until, lease.revision];
    Ok(tx.exec(KEEP, values).await? == 1)
}

const LEAVE: &str = "UPDATE channel_account SET lease_owner = NULL, lease_until = $4 \
     WHERE workspace_id = $1 AND channel_id = $2 AND lease_owner = $3";

/// Gives a lease up. No process leases the account before `until`.
///
/// # Errors
/// When the database fails.
pub async fn release(tx: &mut Tx<'_>, scope: &Scope, lease: &AccountLease, until: Timestamp) -> Result<(), StoreError> {
    tx.exec(LEAVE, args![scope.workspace(), lease.channel, lease.owner.clone(), until]).await?;
    Ok(())
}

const FREE: &str = "UPDATE channel_account SET lease_until = 0 WHERE lease_owner IS NOT NULL AND failures = 0";

/// Ends the leases of all working accounts. Called when the processes that held them are gone. Failing accounts keep their back-off.
///
/// # Errors
/// When the database fails.
pub async fn free_all(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.exec(FREE, args![]).await?;
    Ok(())
}

/// A new state of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewState {
    /// The state.
    pub state: AccountState,
    /// Why. Empty when nothing is wrong.
    pub reason: String,
    /// What a person should do. Empty when nothing is wrong.
    pub next_step: String,
    /// How many attempts in a row failed.
    pub failures: i64,
}

const SET_STATE: &str = "UPDATE channel_account SET state = $3, reason = $4, next_step = $5, state_since = $6, failures = $7 \
     WHERE workspace_id = $1 AND channel_id = $2 AND revision = $8 AND state <> 'sample'";

/// Stores the state of an account. Changes nothing if the account was edited after `revision`.
///
/// # Errors
/// When the database fails.
pub async fn set_state(
    tx: &mut Tx<'_>,
    scope: &Scope,
    channel: ChannelId,
    revision: i64,
    new: &NewState,
) -> Result<(), StoreError> {
    let (state, reason, next) = (new.state.as_str(), new.reason.clone(), new.next_step.clone());
    let values = args![scope.workspace(), channel, state, reason, next, tx.now(), new.failures, revision];
    tx.exec(SET_STATE, values).await?;
    Ok(())
}

const CAME_IN: &str = "UPDATE channel_account SET last_in_at = $3 WHERE workspace_id = $1 AND channel_id = $2";

/// Records that a message came in now.
///
/// # Errors
/// When the database fails.
pub async fn came_in(tx: &mut Tx<'_>, scope: &Scope, channel: ChannelId) -> Result<(), StoreError> {
    tx.exec(CAME_IN, args![scope.workspace(), channel, tx.now()]).await?;
    Ok(())
}

const WENT_OUT: &str = "UPDATE channel_account SET last_out_at = $3 WHERE workspace_id = $1 AND channel_id = $2";

/// Records that a message went out now.
///
/// # Errors
/// When the database fails.
pub async fn went_out(tx: &mut Tx<'_>, scope: &Scope, channel: ChannelId) -> Result<(), StoreError> {
    tx.exec(WENT_OUT, args![scope.workspace(), channel, tx.now()]).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h9_what_passes_by_itself_is_told_to_nobody() {
        assert_eq!(shown_state(AccountState::Waiting, 3), AccountState::Connected);
        assert_eq!(shown_state(AccountState::Waiting, 4), AccountState::Waiting);
        assert_eq!(shown_state(AccountState::SignIn, 1), AccountState::SignIn);
    }
}
