//! Mailboxes: found, tested, connected, looked after (H1, H9).

use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use serde::{Deserialize, Serialize};

use super::Refused;
#[cfg(feature = "ssr")]
use super::{port, told};
use model::{Channel, ChannelHealth, ChannelId, CheckedStep, EmailSettings, MailId, StepOutcome, Timestamp};

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

/// Finds the servers of an address.
#[server(prefix = "/api/fn", endpoint = "find_mailbox", input = Json)]
pub async fn find_mailbox(address: String) -> Result<FoundMailbox, Refused> {
    told(port()?.find_mailbox(address).await)
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

/// Tests a mailbox, step by step. Takes up to a minute.
#[server(prefix = "/api/fn", endpoint = "check_mailbox", input = Json)]
pub async fn check_mailbox(mailbox: NewMailbox) -> Result<MailboxCheck, Refused> {
    told(port()?.check_mailbox(mailbox).await)
}

/// Connects a mailbox, or changes how it is reached.
#[server(prefix = "/api/fn", endpoint = "connect_mailbox", input = Json)]
pub async fn connect_mailbox(mailbox: NewMailbox) -> Result<Channel, Refused> {
    told(port()?.connect_mailbox(mailbox).await)
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

/// Looks at a mailbox.
#[server(prefix = "/api/fn", endpoint = "mailbox_status", input = Json)]
pub async fn load_mailbox(id: ChannelId) -> Result<MailboxStatus, Refused> {
    told(port()?.mailbox_status(id).await)
}

/// Stops receiving for a channel, or begins again.
#[server(prefix = "/api/fn", endpoint = "pause_channel", input = Json)]
pub async fn pause_channel(id: ChannelId, paused: bool) -> Result<(), Refused> {
    told(port()?.pause_channel(id, paused).await)
}

/// Brings in what came to a mailbox in the days before it was connected.
#[server(prefix = "/api/fn", endpoint = "backfill", input = Json)]
pub async fn backfill(id: ChannelId, days: u32) -> Result<(), Refused> {
    told(port()?.backfill(id, days).await)
}

/// Tries to read a quarantined mail again.
#[server(prefix = "/api/fn", endpoint = "read_mail_again", input = Json)]
pub async fn read_mail_again(id: MailId) -> Result<(), Refused> {
    told(port()?.read_mail_again(id).await)
}
