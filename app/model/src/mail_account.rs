//! How a mailbox is reached, and how that goes (H1, H9).

use serde::{Deserialize, Serialize};

use super::{Timestamp, text_enum::text_enum};

text_enum! {
    /// How a connection is kept from being read by others. Without is not offered.
    pub enum Security {
        /// TLS from the first byte (RFC 8314).
        Tls = "tls",
        /// TLS by STARTTLS, and nothing without.
        StartTls = "starttls",
    }
}

/// A server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// Its name.
    pub name: String,
    /// Its port.
    pub port: u16,
    /// How the connection is secured.
    pub security: Security,
}

/// How a mailbox is reached. The password is kept elsewhere, sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailSettings {
    /// Its address.
    pub address: String,
    /// The name that stands beside the address in what goes out.
    pub name: String,
    /// As whom to sign in; mostly the address.
    pub user: String,
    /// Where mails are read.
    pub imap: Host,
    /// Where mails are handed over.
    pub smtp: Host,
    /// The folder that is read.
    pub folder: String,
    /// Where copies of what went out are put; none where the provider files them itself.
    pub sent_folder: Option<String>,
    /// Mail to `name+anything@` reaches this mailbox: answers then come to an address that says what they answer.
    pub takes_plus: bool,
    /// What stands under every answer.
    pub signature: String,
}

text_enum! {
    /// How a channel's account is (H9).
    pub enum AccountState {
        /// It was not tried yet.
        Starting = "starting",
        /// It works.
        Connected = "connected",
        /// It fails at the moment and is tried again by itself.
        Waiting = "waiting",
        /// The provider refuses the password: nothing is tried until somebody signs in again.
        SignIn = "sign_in",
        /// Switched off by an admin.
        Paused = "paused",
        /// It belongs to the sample workspace: nothing comes in by it, and nothing that is written goes to anybody. It never changes.
        Sample = "sample",
    }
}

impl AccountState {
    /// As it is written on screen.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Starting => "Connecting",
            Self::Connected => "Connected",
            Self::Waiting => "Trying again",
            Self::SignIn => "Sign in again",
            Self::Paused => "Paused",
            Self::Sample => "Sample",
        }
    }

    /// Whether nothing comes in although it should: who paused it knows.
    pub const fn is_down(self) -> bool {
        matches!(self, Self::Waiting | Self::SignIn)
    }
}

/// How a channel is, as admins see it (H9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelHealth {
    /// How it is.
    pub state: AccountState,
    /// Why, when it is not fine.
    pub reason: String,
    /// What to do about it.
    pub next_step: String,
    /// Since when it is so.
    pub since: Timestamp,
    /// When the last message came in.
    pub last_in: Option<Timestamp>,
    /// When the last message went out.
    pub last_out: Option<Timestamp>,
    /// Messages that wait to go out.
    pub backlog: i64,
    /// Mails that could not be read and wait for a person.
    pub quarantined: i64,
    /// How far the folder was read: the number of the newest mail.
    pub cursor: i64,
    /// How many mails the folder had when it was counted last, and how many of them are not here and should be.
    pub ledger: Option<FolderCounts>,
}

/// What the mailbox has, and what is here (H9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderCounts {
    /// When it was counted.
    pub at: Timestamp,
    /// Mails in the folder on the server.
    pub on_server: i64,
    /// Those of them that came in here.
    pub here: i64,
    /// Those from before the channel was connected: a backfill brings them.
    pub before: i64,
}

text_enum! {
    /// What is tried when a mailbox is tested, in this order.
    pub enum CheckStep {
        /// The servers' names have addresses.
        Name = "name",
        /// They answer.
        Connect = "connect",
        /// They prove who they are.
        Tls = "tls",
        /// They take the password.
        Login = "login",
        /// The folder is there.
        Folder = "folder",
        /// A mail to oneself is taken.
        Send = "send",
        /// It arrives.
        Receive = "receive",
    }
}

impl CheckStep {
    /// As it is written on screen.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Name => "Find the servers",
            Self::Connect => "Connect",
            Self::Tls => "Encrypt",
            Self::Login => "Sign in",
            Self::Folder => "Open the folder",
            Self::Send => "Send a mail to yourself",
            Self::Receive => "Receive it",
        }
    }
}

/// How a step went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepOutcome {
    /// It went well; what was found.
    Good(String),
    /// It failed: why, and what to do.
    Bad {
        /// Why.
        reason: String,
        /// What to do.
        next_step: String,
    },
    /// It was not tried, because one before it failed.
    Skipped,
}

/// A step and how it went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedStep {
    /// Which step.
    pub step: CheckStep,
    /// How it went.
    pub outcome: StepOutcome,
}
