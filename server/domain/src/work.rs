//! What jobs there are: typed here, done by the workers.

use async_trait::async_trait;
use model::{ChannelId, ChannelKind, JobId, MailId, MessageId, Timestamp, WorkspaceId};
use serde::{Deserialize, Serialize};
use sha2::Digest;
use store::{
    Command, Tx,
    error::{Result, StoreError},
    job,
};
use uuid::Uuid;

const HOUR_MS: i64 = 3_600_000;

/// A piece of durable work. Its variants are stored: never rename one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Work {
    /// Send an outgoing message by its channel.
    Send {
        /// Which one.
        message: MessageId,
    },
    /// Put a copy of a mail that was sent into its mailbox's folder for sent mails.
    FileSentMail {
        /// Which one.
        mail: MailId,
    },
    /// Compare the counters with the rows and repair them.
    AuditCounts,
    /// Read mails again that older rules have read.
    ReadMailsAgain,
    /// Forget what has expired: files that nobody sent, sessions, links, attempts to sign in.
    Purge,
}

impl Work {
    /// The stored word of its kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Send { .. } => "send",
            Self::FileSentMail { .. } => "file_sent_mail",
            Self::AuditCounts => "audit_counts",
            Self::ReadMailsAgain => "read_mails_again",
            Self::Purge => "purge",
        }
    }

    /// Leaves it to be done at `at`, in the transaction of what it follows from. `over` is the channel that it waits for (see [`outside`]).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn enqueue(
        &self,
        tx: &mut Tx<'_>,
        workspace: WorkspaceId,
        id: JobId,
        over: Option<ChannelId>,
        at: Timestamp,
    ) -> Result<()> {
        let body = serde_json::to_string(self).map_err(|e| StoreError::Corrupt(e.to_string()))?;
        Ok(job::insert(tx, id, workspace, self.kind(), body, over, at).await?)
    }

    /// What recurs in every workspace.
    pub const RECURRING: [Self; 2] = [Self::AuditCounts, Self::Purge];

    /// How often it recurs, in milliseconds; none for what is done once.
    pub const fn every_ms(&self) -> Option<i64> {
        match self {
            Self::AuditCounts => Some(24 * HOUR_MS),
            Self::Purge => Some(HOUR_MS),
            _ => None,
        }
    }

    /// Leaves work that recurs to be done at its next time; once, however often that is asked for. Nothing happens for other work.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn enqueue_next(&self, tx: &mut Tx<'_>, workspace: WorkspaceId) -> Result<()> {
        let Some(every) = self.every_ms() else { return Ok(()) };
        let turn = tx.now().0.div_euclid(every) + 1;
        let hash = sha2::Sha256::digest(format!("{} {workspace} {turn}", self.kind()));
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash[..16]);
        let id = JobId::new(Uuid::from_bytes(bytes));
        self.enqueue(tx, workspace, id, None, Timestamp(turn * every)).await
    }
}

/// Leaves the next turn of everything that recurs in a workspace.
///
/// # Errors
/// When the database fails.
pub async fn leave_recurring(tx: &mut Tx<'_>, workspace: WorkspaceId) -> Result<()> {
    for work in Work::RECURRING {
        work.enqueue_next(tx, workspace).await?;
    }
    Ok(())
}

/// Sees to it that what recurs is there: for workspaces that an older version made.
#[derive(Debug, Clone, Copy)]
pub struct Schedule;

#[async_trait]
impl Command for Schedule {
    type Output = ();

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let workspace = tx.scope()?.workspace();
        leave_recurring(tx, workspace).await
    }
}

/// The channel, when its messages go over somebody else's server; those of the web chat go into this database.
pub fn outside(kind: ChannelKind, channel: ChannelId) -> Option<ChannelId> {
    (kind != ChannelKind::WebChat).then_some(channel)
}
