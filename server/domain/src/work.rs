//! What jobs there are: one table of their kinds, done by the workers.

use async_trait::async_trait;
use model::{
    ChannelId, ChannelKind, ConversationId, HandOver, JobId, MailId, MessageId, Needs, Reason, TagId, Timestamp,
    UndoId, Workspace, WorkspaceId,
};
use serde::{Deserialize, Serialize};
use sha2::Digest;
use store::{
    Command, Scope, Tx, close_reason,
    error::{Result, StoreError},
    job, workspace,
};
use uuid::Uuid;

use super::deliver::Lease;

const HOUR_MS: i64 = 3_600_000;

/// When work that recurs is due. Hours and nights are those of UTC, so that every process agrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recurrence {
    /// On every full hour.
    Hourly,
    /// At midnight.
    Nightly,
}

impl Recurrence {
    /// From one turn to the next, in milliseconds.
    pub const fn every_ms(self) -> i64 {
        match self {
            Self::Hourly => HOUR_MS,
            Self::Nightly => 24 * HOUR_MS,
        }
    }
}

/// Makes of one table all that depends on it: the type [`Work`], the words that are stored, what recurs, and the trait [`Handlers`], which
/// the workers implement and which has a function for each kind. So a kind without a handler does not compile.
macro_rules! jobs {
    (
        once { $($(#[$about:meta])* $once:ident $({ $($(#[$what:meta])* $field:ident: $type:ty),+ })? = $word:literal => $does:ident;)+ }
        recurring { $($(#[$rabout:meta])* $recurring:ident = $rword:literal, $when:ident => $rdoes:ident;)+ }
    ) => {
        /// A piece of durable work.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "kind")]
        pub enum Work {
            $($(#[$about])* #[serde(rename = $word)] $once $({ $($(#[$what])* $field: $type),+ })?,)+
            $($(#[$rabout])* #[serde(rename = $rword)] $recurring,)+
        }

        impl Work {
            /// The stored words of all kinds.
            pub const KINDS: &'static [&'static str] = &[$($word,)+ $($rword),+];

            /// What recurs in every workspace.
            pub const RECURRING: &'static [Self] = &[$(Self::$recurring),+];

            /// The stored word of its kind.
            pub const fn kind(&self) -> &'static str {
                match self {
                    $(Self::$once { .. } => $word,)+
                    $(Self::$recurring => $rword,)+
                }
            }

            /// When it recurs; none for what is done once.
            pub const fn recurrence(&self) -> Option<Recurrence> {
                match self {
                    $(Self::$recurring => Some(Recurrence::$when),)+
                    _ => None,
                }
            }

            /// Has it done by the function of its kind.
            ///
            /// # Errors
            /// Those of that function.
            pub async fn perform<H: Handlers>(self, by: &H, scope: &Scope, lease: Lease) -> Result<H::Outcome> {
                match self {
                    $(Self::$once $({ $($field),+ })? => by.$does(scope, lease $($(, $field)+)?).await,)+
                    $(Self::$recurring => by.$rdoes(scope, lease).await,)+
                }
            }
        }

        /// What does the work: a function for each kind.
        #[async_trait]
        pub trait Handlers: Sync {
            /// What a job came to.
            type Outcome: Send;
            $($(#[$about])* async fn $does(&self, scope: &Scope, lease: Lease $($(, $field: $type)+)?) -> Result<Self::Outcome>;)+
            $($(#[$rabout])* async fn $rdoes(&self, scope: &Scope, lease: Lease) -> Result<Self::Outcome>;)+
        }
    };
}

// The registry: a kind of job, its stored word, when it recurs, the handler. The words are in databases: never change one. What recurs has
// no parameters, and every workspace has it from the transaction that makes it (`make_workspace`).
jobs! {
    once {
        /// Send an outgoing message by its channel.
        Send {
            /// Which one.
            message: MessageId
        } = "send" => send;
        /// Put a copy of a mail that was sent into its mailbox's folder for sent mails.
        FileSentMail {
            /// Which one.
            mail: MailId
        } = "file_sent_mail" => file_sent_mail;
        /// Replace a tag that was merged into another one.
        MergeTag {
            /// The tag that goes.
            tag: TagId
        } = "merge_tag" => merge_tag;
        /// Bring a snoozed conversation back.
        WakeUp {
            /// Which one.
            conversation: ConversationId
        } = "wake_up" => wake_up;
        /// Act on everything that matches a filter.
        Sweep {
            /// Which sweep.
            sweep: UndoId
        } = "sweep" => sweep;
        /// Read mails again that older rules have read.
        ReadMailsAgain = "read_mails_again" => read_mails_again;
        /// Add to the index of search what is older than it.
        IndexOlder = "index_older" => index_older;
    }
    recurring {
        /// Compare the counters with the rows and repair them.
        AuditCounts = "audit_counts", Nightly => audit_counts;
        /// Forget what has expired: files that nobody sent, sessions, links, attempts to sign in.
        Purge = "purge", Hourly => purge;
        /// Delete old events from the log.
        TrimEvents = "trim_events", Hourly => trim_events;
    }
}

impl Work {
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

    /// Leaves work that recurs to be done at its next time; once, however often that is asked for. Nothing happens for other work.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn enqueue_next(&self, tx: &mut Tx<'_>, workspace: WorkspaceId) -> Result<()> {
        let Some(every) = self.recurrence().map(Recurrence::every_ms) else { return Ok(()) };
        let turn = tx.now().0.div_euclid(every) + 1;
        let hash = sha2::Sha256::digest(format!("{} {workspace} {turn}", self.kind()));
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash[..16]);
        let id = JobId::new(Uuid::from_bytes(bytes));
        self.enqueue(tx, workspace, id, None, Timestamp(turn * every)).await
    }
}

/// Makes a workspace, and in the same transaction what recurs in it and its reasons for closing. This is the only way to make one: a workspace without it would keep
/// what has expired until the next start.
///
/// # Errors
/// When the database fails.
pub async fn make_workspace(tx: &mut Tx<'_>, workspace: &Workspace) -> Result<()> {
    workspace::add(tx, workspace).await?;
    for (place, reason) in Reason::standard().iter().enumerate() {
        close_reason::insert(tx, workspace.id, reason, place).await?;
    }
    leave_recurring(tx, workspace.id).await
}

/// Leaves the next turn of everything that recurs in a workspace.
async fn leave_recurring(tx: &mut Tx<'_>, workspace: WorkspaceId) -> Result<()> {
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
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let workspace = tx.scope()?.workspace();
        leave_recurring(tx, workspace).await
    }
}

/// Ends a turn of work that recurs, and leaves the next one.
#[derive(Debug, Clone)]
pub struct EndTurn {
    /// What recurs.
    pub work: Work,
    /// The job it was done for.
    pub lease: Lease,
}

#[async_trait]
impl Command for EndTurn {
    type Output = ();
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let workspace = tx.scope()?.workspace();
        self.work.enqueue_next(tx, workspace).await?;
        self.lease.done(tx).await
    }
}

/// The channel, if an adapter gives its messages to another server.
pub fn outside(kind: ChannelKind, channel: ChannelId) -> Option<ChannelId> {
    (kind.capabilities().hand_over == HandOver::Remote).then_some(channel)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Databases have them: a word that changed would be a job that nobody knows.
    #[test]
    fn stored_kind_words_never_change() {
        let known =
            ["send", "file_sent_mail", "read_mails_again", "index_older", "audit_counts", "purge", "trim_events"];
        assert_eq!(Work::KINDS.iter().filter(|word| known.contains(*word)).count(), known.len());
        let nil = Uuid::nil();
        let send = Work::Send { message: MessageId::new(nil) };
        let stored = format!(r#"{{"kind":"send","message":"{nil}"}}"#);
        assert_eq!(serde_json::to_string(&send).unwrap(), stored);
        assert_eq!(serde_json::from_str::<Work>(&stored).unwrap(), send);
        let stored = format!(r#"{{"kind":"file_sent_mail","mail":"{nil}"}}"#);
        assert_eq!(serde_json::from_str::<Work>(&stored).unwrap(), Work::FileSentMail { mail: MailId::new(nil) });
        for work in Work::RECURRING.iter().chain([&Work::ReadMailsAgain, &Work::IndexOlder]) {
            let stored = format!(r#"{{"kind":"{}"}}"#, work.kind());
            assert_eq!(serde_json::to_string(work).unwrap(), stored);
            assert_eq!(serde_json::from_str::<Work>(&stored).unwrap(), *work);
        }
        let hourly = Work::RECURRING.iter().filter(|work| work.recurrence() == Some(Recurrence::Hourly));
        assert!(
            hourly.clone().any(|work| *work == Work::Purge) && !hourly.clone().any(|work| *work == Work::AuditCounts)
        );
    }
}
