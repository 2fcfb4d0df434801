//! Mailboxes: found, tested, connected, looked after (H1, H9).

use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use serde::{Deserialize, Serialize};

use super::{Refused, operation::operations};
#[cfg(feature = "ssr")]
use super::{port, told};
use model::{Channel, ChannelHealth, ChannelId, CheckedStep, EmailSettings, MailId, StepOutcome, Timestamp};
#[cfg(feature = "ssr")]
use model::{Needs, Permission};

/// What was found out about an address's servers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundMailbox {
    /// To be looked at and changed.
    pub settings: EmailSettings,
    /// Where it comes from.
    pub by: String,
    /// What is to be known before going on; empty for nothing.
    pub notice: String,
}

/// A mailbox to test or connect.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewMailbox {
    /// The channel; made where the form is.
    pub id: ChannelId,
    /// How it is reached.
    pub settings: EmailSettings,
    /// Its password; none keeps the one that is stored.
    pub password: Option<String>,
}

impl std::fmt::Debug for NewMailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewMailbox").field("id", &self.id).finish_non_exhaustive()
    }
}

/// How a test went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailboxCheck {
    /// All steps, in their order.
    pub steps: Vec<CheckedStep>,
    /// The settings with what was learned.
    pub settings: EmailSettings,
}

impl MailboxCheck {
    /// Whether every step went well.
    pub fn is_good(&self) -> bool {
        self.steps.iter().all(|step| matches!(step.outcome, StepOutcome::Good(_)))
    }
}

/// A mail that is no message here, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantinedMail {
    /// Which one.
    pub id: MailId,
    /// Why.
    pub reason: String,
    /// Bytes.
    pub size: i64,
    /// Its bytes are here; else its server has them and does not give them.
    pub kept: bool,
    /// When it came.
    pub at: Timestamp,
}

/// A mailbox as an admin looks at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailboxStatus {
    /// How it is reached.
    pub settings: EmailSettings,
    /// How it is.
    pub health: ChannelHealth,
    /// What could not be read.
    pub quarantine: Vec<QuarantinedMail>,
    /// What was read and is of nothing here, as a machine's note that answers nothing of ours.
    pub set_aside: Vec<QuarantinedMail>,
}

operations! {
    /// Mailboxes.
    pub trait MailboxPort {
        /// Finds the servers of an address.
        "find_mailbox" needs Needs::May(Permission::Administer) => find_mailbox(address: String) -> FoundMailbox;
        /// Tests a mailbox, step by step. Takes up to a minute.
        "check_mailbox" needs Needs::May(Permission::Administer) => check_mailbox(mailbox: NewMailbox) -> MailboxCheck;
        /// Connects a mailbox, or changes how it is reached.
        "connect_mailbox" needs Needs::May(Permission::Administer) => connect_mailbox(mailbox: NewMailbox) -> Channel;
        /// Looks at a mailbox.
        "mailbox_status" needs Needs::May(Permission::Administer) => load_mailbox(id: ChannelId) -> MailboxStatus;
        /// Stops receiving for a channel, or begins again.
        "pause_channel" needs Needs::May(Permission::Administer) => pause_channel(id: ChannelId, paused: bool) -> ();
        /// Brings in what came to a mailbox in the days before it was connected.
        "backfill" needs Needs::May(Permission::Administer) => backfill(id: ChannelId, days: u32) -> ();
        /// Tries to read a quarantined mail again.
        "read_mail_again" needs Needs::May(Permission::Administer) => read_mail_again(id: MailId) -> ();
    }
}
