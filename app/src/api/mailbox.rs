//! Mailboxes: find their servers, test, connect and maintain them (H1, H9).

use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use serde::{Deserialize, Serialize};

use super::{Refused, operation::operations};
#[cfg(feature = "ssr")]
use super::{port, told};
use model::{Channel, ChannelHealth, ChannelId, CheckedStep, EmailSettings, MailId, StepOutcome, Timestamp};
#[cfg(feature = "ssr")]
use model::{Needs, Permission};

/// The result of a search for an address's mail servers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundMailbox {
    /// The settings that were found, for the admin to check and edit.
    pub settings: EmailSettings,
    /// The source of the settings.
    pub by: String,
    /// What the admin should know before the next step. May be empty.
    pub notice: String,
}

/// A mailbox to test or connect.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewMailbox {
    /// The id of the channel, made by the form.
    pub id: ChannelId,
    /// How to connect to the mailbox.
    pub settings: EmailSettings,
    /// The password. None keeps the stored one.
    pub password: Option<String>,
}

impl std::fmt::Debug for NewMailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewMailbox").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The result of a connection test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailboxCheck {
    /// All steps in order.
    pub steps: Vec<CheckedStep>,
    /// The settings, completed with what the test learned.
    pub settings: EmailSettings,
}

impl MailboxCheck {
    /// Whether every step succeeded.
    pub fn is_good(&self) -> bool {
        self.steps.iter().all(|step| matches!(step.outcome, StepOutcome::Good(_)))
    }
}

/// A mail that did not become a message, and the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantinedMail {
    /// The id of the mail.
    pub id: MailId,
    /// Why the mail did not become a message.
    pub reason: String,
    /// The size in bytes.
    pub size: i64,
    /// Whether Tandem has the mail's bytes. If not, the mail server has them but does not deliver them.
    pub kept: bool,
    /// When the mail arrived.
    pub at: Timestamp,
}

/// The state of a mailbox, for admins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailboxStatus {
    /// How Tandem connects to the mailbox.
    pub settings: EmailSettings,
    /// The health of the connection.
    pub health: ChannelHealth,
    /// Mails that could not be read.
    pub quarantine: Vec<QuarantinedMail>,
    /// Mails that were read but belong to no conversation, for example an automatic notice that does not refer to any mail of ours.
    pub set_aside: Vec<QuarantinedMail>,
}

operations! {
    /// Operations on mailboxes.
    pub trait MailboxPort {
        /// Finds the mail servers of an address.
        "find_mailbox" needs Needs::May(Permission::Administer) => find_mailbox(address: String) -> FoundMailbox;
        /// Tests a mailbox step by step. Takes up to a minute.
        "check_mailbox" needs Needs::May(Permission::Administer) => check_mailbox(mailbox: NewMailbox) -> MailboxCheck;
        /// Connects a mailbox, or changes its connection settings.
        "connect_mailbox" needs Needs::May(Permission::Administer) => connect_mailbox(mailbox: NewMailbox) -> Channel;
        /// The state of a mailbox.
        "mailbox_status" needs Needs::May(Permission::Administer) => load_mailbox(id: ChannelId) -> MailboxStatus;
        /// Stops or resumes receiving for a channel.
        "pause_channel" needs Needs::May(Permission::Administer) => pause_channel(id: ChannelId, paused: bool) -> ();
        /// Imports the mails that arrived in the given number of days before the mailbox was connected.
        "backfill" needs Needs::May(Permission::Administer) => backfill(id: ChannelId, days: u32) -> ();
        /// Tries to read a quarantined mail again.
        "read_mail_again" needs Needs::May(Permission::Administer) => read_mail_again(id: MailId) -> ();
    }
}
