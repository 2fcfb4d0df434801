//! Channels' accounts at their providers: how they are reached, who receives for them, how that goes.

use model::{AccountState, ChannelId, Timestamp, WorkspaceId};

use super::{
    Scope, Tx,
    codec::read,
    conn::{Conn, args, row},
};
use crate::error::StoreError;

const INSERT: &str = "INSERT INTO channel_account (workspace_id, channel_id, settings, secret, revision, state, reason, next_step, \
     state_since, failures, last_in_at, last_out_at, lease_owner, lease_until, created_at) \
     VALUES ($1, $2, $3, $4, 1, 'starting', '', '', $5, 0, NULL, NULL, NULL, 0, $5)";
const INSERT_SAMPLE: &str = "INSERT INTO channel_account (workspace_id, channel_id, settings, secret, revision, state, reason, next_step, \
     state_since, failures, last_in_at, last_out_at, lease_owner, lease_until, created_at) \
     VALUES ($1, $2, $3, '', 1, 'sample', '', '', $4, 0, NULL, NULL, NULL, 0, $4)";
const SAVE: &str = "UPDATE channel_account SET settings = $3, secret = $4, revision = revision + 1, state = 'starting', reason = '', \
     next_step = '', state_since = $5, failures = 0, lease_until = 0 WHERE workspace_id = $1 AND channel_id = $2 AND state <> 'sample'";
const ONE: &str = "SELECT workspace_id, channel_id, settings, secret, revision, state, reason, next_step, state_since, failures, \
     last_in_at, last_out_at, created_at FROM channel_account WHERE workspace_id = $1 AND channel_id = $2";
const DUE: &str = "SELECT workspace_id, channel_id FROM channel_account WHERE lease_until <= $1 AND state NOT IN ('sign_in', 'paused', 'sample') \
     ORDER BY lease_until LIMIT 100";
const TAKE: &str = "UPDATE channel_account SET lease_owner = $3, lease_until = $4 \
     WHERE workspace_id = $1 AND channel_id = $2 AND lease_until <= $5 AND state NOT IN ('sign_in', 'paused', 'sample')";
const KEEP: &str = "UPDATE channel_account SET lease_until = $4 \
     WHERE workspace_id = $1 AND channel_id = $2 AND lease_owner = $3 AND revision = $5 AND state NOT IN ('sign_in', 'paused', 'sample')";
const LEAVE: &str = "UPDATE channel_account SET lease_owner = NULL, lease_until = $4 \
     WHERE workspace_id = $1 AND channel_id = $2 AND lease_owner = $3";
const FREE: &str = "UPDATE channel_account SET lease_until = 0 WHERE lease_owner IS NOT NULL AND failures = 0";
const SET_STATE: &str = "UPDATE channel_account SET state = $3, reason = $4, next_step = $5, state_since = $6, failures = $7 \
     WHERE workspace_id = $1 AND channel_id = $2 AND revision = $8 AND state <> 'sample'";
const CAME_IN: &str = "UPDATE channel_account SET last_in_at = $3 WHERE workspace_id = $1 AND channel_id = $2";
const WENT_OUT: &str = "UPDATE channel_account SET last_out_at = $3 WHERE workspace_id = $1 AND channel_id = $2";

pub(super) const STATEMENTS: &[&str] =
    &[INSERT, INSERT_SAMPLE, SAVE, ONE, DUE, TAKE, KEEP, LEAVE, FREE, SET_STATE, CAME_IN, WENT_OUT];

/// An account. Its secret is sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Whose.
    pub workspace: WorkspaceId,
    /// Of which channel.
    pub channel: ChannelId,
    /// How it is reached, as JSON of its kind.
    pub settings: String,
    /// What signs in, sealed.
    pub secret: String,
    /// Counts the edits: whoever works with an older one begins anew.
    pub revision: i64,
    /// How it is.
    pub state: AccountState,
    /// Why.
    pub reason: String,
    /// What to do.
    pub next_step: String,
    /// Since when.
    pub since: Timestamp,
    /// How often in a row it failed.
    pub failures: i64,
    /// When something came in last.
    pub last_in: Option<Timestamp>,
    /// When something went out last.
    pub last_out: Option<Timestamp>,
    /// When it was connected.
    pub created: Timestamp,
}

impl std::fmt::Debug for Account {
    // Not even the sealed secret belongs into a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("channel", &self.channel).field("state", &self.state).finish_non_exhaustive()
    }
}

row! {
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

/// How often in a row an account fails before everybody is told that it is down: some seconds.
const TOLD_AFTER: i64 = 4;

/// How an account is, as far as it concerns those who do not look after it: what passes by itself does not.
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
    tx.exec(INSERT, args![scope.workspace(), channel, settings, secret, tx.now()]).await?;
    Ok(())
}

/// Stores the account of a channel that is only a sample. No statement takes that state away again, so that nothing ever connects.
///
/// # Errors
/// When the database fails, also when the channel has one already.
pub async fn insert_sample(
    tx: &mut Tx<'_>,
    scope: &Scope,
    channel: ChannelId,
    settings: &str,
) -> Result<(), StoreError> {
    tx.exec(INSERT_SAMPLE, args![scope.workspace(), channel, settings, tx.now()]).await?;
    Ok(())
}

/// Stores an edited account; it is connected anew. A sample stays as it is.
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

/// A channel's account, if its kind has one.
///
/// # Errors
/// When the database fails.
pub async fn one(conn: &mut Conn<'_>, scope: &Scope, channel: ChannelId) -> Result<Option<Account>, StoreError> {
    conn.opt::<Raw>(ONE, args![scope.workspace(), channel]).await?.map(Account::try_from).transpose()
}

/// The accounts that nobody receives for, and whose time has come; at most 100.
///
/// # Errors
/// When the database fails.
pub async fn due(conn: &mut Conn<'_>, now: Timestamp) -> Result<Vec<(WorkspaceId, ChannelId)>, StoreError> {
    let rows: Vec<(String, String)> = conn.all(DUE, args![now]).await?;
    rows.into_iter()
        .map(|(workspace, channel)| Ok((read("workspace", workspace)?, read("channel", channel)?)))
        .collect()
}

/// Whose lease of which account, and on which edition of it.
#[derive(Debug, Clone)]
pub struct AccountLease {
    /// Which channel.
    pub channel: ChannelId,
    /// Who.
    pub owner: String,
    /// The revision that is worked with.
    pub revision: i64,
}

/// Takes an account until `until`; false when somebody else was first.
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

/// Keeps a lease until `until`; false when it was lost, or the account was edited or stopped meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn keep(tx: &mut Tx<'_>, scope: &Scope, lease: &AccountLease, until: Timestamp) -> Result<bool, StoreError> {
    let values = args![scope.workspace(), lease.channel, lease.owner.clone(), until, lease.revision];
    Ok(tx.exec(KEEP, values).await? == 1)
}

/// Gives a lease up; nobody takes the account before `until`.
///
/// # Errors
/// When the database fails.
pub async fn release(tx: &mut Tx<'_>, scope: &Scope, lease: &AccountLease, until: Timestamp) -> Result<(), StoreError> {
    tx.exec(LEAVE, args![scope.workspace(), lease.channel, lease.owner.clone(), until]).await?;
    Ok(())
}

/// Ends every lease of accounts that work, because whoever held one is gone. Those that fail keep their back-off.
///
/// # Errors
/// When the database fails.
pub async fn free_all(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.exec(FREE, args![]).await?;
    Ok(())
}

/// How an account is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewState {
    /// How it is.
    pub state: AccountState,
    /// Why; empty when it is fine.
    pub reason: String,
    /// What to do; empty when it is fine.
    pub next_step: String,
    /// How often in a row it failed.
    pub failures: i64,
}

/// Writes down how an account is; nothing happens when it was edited since `revision`.
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

/// Something came in just now.
///
/// # Errors
/// When the database fails.
pub async fn came_in(tx: &mut Tx<'_>, scope: &Scope, channel: ChannelId) -> Result<(), StoreError> {
    tx.exec(CAME_IN, args![scope.workspace(), channel, tx.now()]).await?;
    Ok(())
}

/// Something went out just now.
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
