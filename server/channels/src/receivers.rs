//! Decides which process receives for which account: one process per account, by a lease. After a failure it starts again with a back-off.

use std::time::Duration;

use async_trait::async_trait;
use domain::account::set_state;
use model::{AccountState, ChannelId, Needs, Timestamp, WorkspaceId};
use store::{
    Command, Db, Engine, Scope, Tx,
    account::{self, Account, AccountLease, NewState},
    clock::random_hex,
    error::Result,
    workspace,
};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep},
};

use super::Channels;

/// How long a lease lasts without renewal, in milliseconds.
const LEASE_MS: i64 = 30_000;
/// How often a lease is renewed.
const RENEW: Duration = Duration::from_secs(10);
/// How often the process looks for accounts without a lease.
const LOOK: Duration = Duration::from_secs(2);
/// The longest back-off, in milliseconds.
const LONGEST_MS: i64 = 300_000;

/// Why an account stopped receiving.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiveError {
    /// What happened.
    pub reason: String,
    /// What to do about it.
    pub next_step: String,
    /// Whether retries are useless until somebody enters the password again.
    pub sign_in: bool,
}

/// With this, the receiver of an account reports that it works.
pub struct ReceiverHealth {
    db: Db,
    scope: Scope,
    channel: ChannelId,
    revision: i64,
}

impl ReceiverHealth {
    /// Makes the reporter of an account.
    pub fn of(db: Db, account: &Account) -> Self {
        let scope = Scope::system(account.workspace, "receiving");
        Self { db, scope, channel: account.channel, revision: account.revision }
    }

    /// Reports that receiving works.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_well(&self) -> Result<()> {
        let new =
            NewState { state: AccountState::Connected, reason: String::new(), next_step: String::new(), failures: 0 };
        self.tell(new).await
    }

    async fn tell(&self, new: NewState) -> Result<()> {
        self.db.write(&self.scope, SetState { channel: self.channel, revision: self.revision, new }).await
    }
}

/// Receives for the accounts that this process leases.
#[derive(Clone)]
pub struct Receivers {
    db: Db,
    channels: Channels,
}

impl Receivers {
    /// Makes it. It leases nothing before it runs.
    pub fn new(db: Db, channels: Channels) -> Self {
        Self { db, channels }
    }

    /// Receives until the shutdown.
    pub async fn run(self, mut shutdown: watch::Receiver<bool>) {
        // Only one process uses a database file, so any process that held a lease was killed. The leases need not run out.
        if self.db.engine() == Engine::Sqlite
            && let Err(error) = self.db.write_global(FreeLeases).await
        {
            tracing::error!(%error, "could not end the leases of a killed process");
        }
        let mut running = JoinSet::new();
        while !*shutdown.borrow() {
            while running.try_join_next().is_some() {}
            match self.due().await {
                Ok(accounts) => {
                    for (workspace, channel) in accounts {
                        let (receivers, shutdown) = (self.clone(), shutdown.clone());
                        running.spawn(async move {
                            if let Err(error) = receivers.receive(workspace, channel, shutdown).await {
                                tracing::error!(%channel, %error, "could not receive");
                            }
                        });
                    }
                }
                Err(error) => tracing::error!(%error, "could not list the accounts"),
            }
            tokio::select! {
                () = sleep(LOOK) => {}
                _ = shutdown.changed() => {}
            }
        }
        while running.join_next().await.is_some() {}
    }

    async fn due(&self) -> Result<Vec<(WorkspaceId, ChannelId)>> {
        Ok(account::due(&mut self.db.reader().await?.conn(), self.db.clock().now()).await?)
    }

    /// Leases an account, if no other process holds it, and receives until an error or the shutdown.
    async fn receive(
        &self,
        workspace: WorkspaceId,
        channel: ChannelId,
        mut shutdown: watch::Receiver<bool>,
    ) -> Result<()> {
        let scope = Scope::system(workspace, "receiving");
        // A new owner name each time: after an edit, the former receiver gives up its own lease and not the next one's.
        let owner = random_hex(8);
        let Some(taken) = self.db.write(&scope, TakeAccount { channel, owner: owner.clone() }).await? else {
            return Ok(());
        };
        let lease = AccountLease { channel, owner, revision: taken.account.revision };
        let Some(adapter) = self.channels.of(taken.kind) else {
            return self.db.write(&scope, LeaveAccount { lease, wait_ms: LONGEST_MS, state: None }).await;
        };
        let health = ReceiverHealth::of(self.db.clone(), &taken.account);
        let trouble = tokio::select! {
            trouble = adapter.receive(&taken.account, &health) => Some(trouble),
            () = self.keep(&scope, &lease) => None,
            _ = shutdown.wait_for(|stop| *stop) => None,
        };
        let Some(trouble) = trouble else {
            return self.db.write(&scope, LeaveAccount { lease, wait_ms: 0, state: None }).await;
        };
        // Loaded again: the account may have worked for days since it was leased.
        let known = account::one(&mut self.db.reader().await?.conn(), &scope, channel).await?;
        let failures = known.map_or(0, |account| account.failures) + 1;
        let wait_ms = back_off(failures);
        tracing::warn!(%channel, reason = %trouble.reason, failures, wait_ms, "an account stopped receiving");
        let state = if trouble.sign_in { AccountState::SignIn } else { AccountState::Waiting };
        let state = NewState { state, reason: trouble.reason, next_step: trouble.next_step, failures };
        self.db.write(&scope, LeaveAccount { lease, wait_ms, state: Some(state) }).await
    }

    /// Renews a lease until it is lost: another process took it, or the account was edited or stopped.
    async fn keep(&self, scope: &Scope, lease: &AccountLease) {
        let mut beat = interval(RENEW);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            beat.tick().await;
            match self.db.write(scope, KeepAccount(lease.clone())).await {
                Ok(true) => {}
                Ok(false) => return,
                // The lease runs out if this continues.
                Err(error) => tracing::error!(%error, "could not renew the lease of an account"),
            }
        }
    }
}

/// One second, doubled with each failure, up to five minutes.
fn back_off(failures: i64) -> i64 {
    1000i64.saturating_mul(1 << failures.saturating_sub(1).clamp(0, 20)).min(LONGEST_MS)
}

struct FreeLeases;

#[async_trait]
impl Command for FreeLeases {
    type Output = ();
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        Ok(account::free_all(tx).await?)
    }
}

struct TakeAccount {
    channel: ChannelId,
    owner: String,
}

struct TakenAccount {
    account: Account,
    kind: model::ChannelKind,
}

#[async_trait]
impl Command for TakeAccount {
    type Output = Option<TakenAccount>;
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Option<TakenAccount>> {
        let scope = tx.scope()?;
        let until = tx.now().plus(LEASE_MS);
        if !account::lease(tx, &scope, self.channel, &self.owner, until).await? {
            return Ok(None);
        }
        let kind = workspace::channel(tx.conn(), &scope, self.channel).await?.kind;
        Ok(account::one(tx.conn(), &scope, self.channel).await?.map(|account| TakenAccount { account, kind }))
    }
}

struct KeepAccount(AccountLease);

#[async_trait]
impl Command for KeepAccount {
    type Output = bool;
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<bool> {
        let scope = tx.scope()?;
        let until = tx.now().plus(LEASE_MS);
        Ok(account::keep(tx, &scope, &self.0, until).await?)
    }
}

struct LeaveAccount {
    lease: AccountLease,
    wait_ms: i64,
    state: Option<NewState>,
}

#[async_trait]
impl Command for LeaveAccount {
    type Output = ();
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        if let Some(state) = &self.state {
            set_state(tx, &scope, self.lease.channel, self.lease.revision, state).await?;
        }
        let until: Timestamp = tx.now().plus(self.wait_ms);
        account::release(tx, &scope, &self.lease, until).await?;
        Ok(())
    }
}

struct SetState {
    channel: ChannelId,
    revision: i64,
    new: NewState,
}

#[async_trait]
impl Command for SetState {
    type Output = ();
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        set_state(tx, &scope, self.channel, self.revision, &self.new).await
    }
}

#[cfg(test)]
mod tests {
    use super::back_off;

    #[test]
    fn h9_tries_come_later_each_time_and_never_stop() {
        assert_eq!([1, 2, 3].map(back_off), [1000, 2000, 4000]);
        assert_eq!(back_off(50), 300_000);
    }
}
