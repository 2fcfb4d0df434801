//! What jobs there are: typed here, done by the workers.

use app::model::{ChannelId, ChannelKind, JobId, MailId, MessageId, Timestamp, WorkspaceId};
use serde::{Deserialize, Serialize};

use crate::{
    error::{Result, StoreError},
    store::{Tx, job},
};

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
}

impl Work {
    /// The stored word of its kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Send { .. } => "send",
            Self::FileSentMail { .. } => "file_sent_mail",
            Self::AuditCounts => "audit_counts",
            Self::ReadMailsAgain => "read_mails_again",
        }
    }

    /// Leaves it to be done at `at`, in the transaction of what it follows from. `over` is the channel that it waits for (see [`outside`]).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn leave(
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
}

/// The channel, when its messages go over somebody else's server; those of the web chat go into this database.
pub fn outside(kind: ChannelKind, channel: ChannelId) -> Option<ChannelId> {
    (kind != ChannelKind::WebChat).then_some(channel)
}
