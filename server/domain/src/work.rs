//! The types of jobs. Workers run them.

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

/// A durable job. The names of its variants are stored, so never rename one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Work {
    /// Send an outgoing message over its channel.
    Send {
        /// The message.
        message: MessageId,
    },
    /// Put a copy of a sent mail into its mailbox's Sent folder.
    FileSentMail {
        /// The mail.
        mail: MailId,
    },
    /// Compare the counters with the rows and correct them.
    AuditCounts,
    /// Read mails again that older rules read.
    ReadMailsAgain,
    /// Delete what has expired: unsent files, sessions, links, sign-in attempts.
    Purge,
}

impl Work {
    /// The stored name of its kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Send { .. } => "send",
            Self::FileSentMail { .. } => "file_sent_mail",
            Self::AuditCounts => "audit_counts",
            Self::ReadMailsAgain => "read_mails_again",
            Self::Purge => "purge",
        }
    }

    /// Enqueues the job for `at`, in the current transaction. `over` is the channel whose server it waits for (see [`outside`]).
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

    /// The jobs that recur in every workspace.
    pub const RECURRING: [Self; 2] = [Self::AuditCounts, Self::Purge];

    /// How often it recurs, in milliseconds. None for a job that runs once.
    pub const fn every_ms(&self) -> Option<i64> {
        match self {
            Self::AuditCounts => Some(24 * HOUR_MS),
            Self::Purge => Some(HOUR_MS),
            _ => None,
        }
    }

    /// Enqueues the next run of a recurring job, once, however often this is called. Does nothing for other jobs.
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

/// Enqueues the next run of every recurring job in a workspace.
///
/// # Errors
/// When the database fails.
pub async fn leave_recurring(tx: &mut Tx<'_>, workspace: WorkspaceId) -> Result<()> {
    for work in Work::RECURRING {
        work.enqueue_next(tx, workspace).await?;
    }
    Ok(())
}

/// Enqueues missing recurring jobs, for workspaces that an older version made.
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

/// The channel, if its messages go over a server elsewhere. Web chat messages only go into this database.
pub fn outside(kind: ChannelKind, channel: ChannelId) -> Option<ChannelId> {
    (kind != ChannelKind::WebChat).then_some(channel)
}
