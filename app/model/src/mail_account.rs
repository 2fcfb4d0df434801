//! The connection settings of a mailbox, and its state (H1, H9).

use serde::{Deserialize, Serialize};

use super::{Timestamp, text_enum::text_enum};

text_enum! {
    /// How a connection is encrypted. Unencrypted connections are not offered.
    pub enum Security {
        /// TLS from the first byte (RFC 8314).
        Tls = "tls",
        /// TLS by STARTTLS. Without it nothing is sent.
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
    /// How the connection is encrypted.
    pub security: Security,
}

/// The connection settings of a mailbox. The password is stored separately, sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailSettings {
    /// The e-mail address.
    pub address: String,
    /// The name beside the address in sent mails.
    pub name: String,
    /// The user name, usually the address.
    pub user: String,
    /// The server for reading mails.
    pub imap: Host,
    /// The server for sending mails.
    pub smtp: Host,
    /// The folder that is read.
    pub folder: String,
    /// The folder for copies of sent mails. None if the provider stores them itself.
    pub sent_folder: Option<String>,
    /// Whether mail to `name+anything@` reaches this mailbox. Then replies come to an address that tells which message they answer.
    pub takes_plus: bool,
    /// The text under every reply.
    pub signature: String,
}

text_enum! {
    /// The state of a channel's account (H9).
    pub enum AccountState {
        /// It was not connected yet.
        Starting = "starting",
        /// It works.
        Connected = "connected",
        /// It fails now, and is retried automatically.
        Waiting = "waiting",
        /// The provider refuses the password. Nothing is tried until somebody enters it again.
        SignIn = "sign_in",
        /// An administrator has paused it.
        Paused = "paused",
        /// It belongs to the sample workspace: nothing comes in, and nothing is sent. This state never changes.
        Sample = "sample",
    }
}

impl AccountState {
    /// The text in the interface.
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

    /// Whether nothing comes in although it should. A paused account is excluded.
    pub const fn is_down(self) -> bool {
        matches!(self, Self::Waiting | Self::SignIn)
    }
}

/// The state of a channel, for administrators (H9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelHealth {
    /// The state of its account.
    pub state: AccountState,
    /// Why, if something is wrong.
    pub reason: String,
    /// What to do about it.
    pub next_step: String,
    /// Since when it is in this state.
    pub since: Timestamp,
    /// When the last message came in.
    pub last_in: Option<Timestamp>,
    /// When the last message went out.
    pub last_out: Option<Timestamp>,
    /// How many messages wait to be sent.
    pub backlog: i64,
    /// How many mails could not be read and wait for a person.
    pub quarantined: i64,
    /// The UID of the newest mail that was read.
    pub cursor: i64,
    /// The result of the last count of the folder.
    pub ledger: Option<FolderCounts>,
}

/// How many mails are in the folder, and how many of them are here (H9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderCounts {
    /// When it was counted.
    pub at: Timestamp,
    /// Mails in the folder on the server.
    pub on_server: i64,
    /// Mails of the folder that came in here.
    pub here: i64,
    /// Mails from before the channel was connected. A backfill takes them in.
    pub before: i64,
}

text_enum! {
    /// The steps of a test of a mailbox, in order.
    pub enum CheckStep {
        /// The servers' names have addresses.
        Name = "name",
        /// The servers answer.
        Connect = "connect",
        /// The servers' certificates are valid.
        Tls = "tls",
        /// The servers accept the password.
        Login = "login",
        /// The folder exists.
        Folder = "folder",
        /// The server accepts a mail to the mailbox itself.
        Send = "send",
        /// That mail arrives.
        Receive = "receive",
    }
}

impl CheckStep {
    /// The text in the interface.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Name => "Find the servers",
            Self::Connect => "Connect",
            Self::Tls => "Encrypt",
            Self::Login => "Sign in",
            Self::Folder => "Open the folder",
            Self::Send => "Send a test e-mail",
            Self::Receive => "Receive the test e-mail",
        }
    }
}

/// The result of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepOutcome {
    /// It succeeded. The text says what was found.
    Good(String),
    /// It failed.
    Bad {
        /// The reason.
        reason: String,
        /// What to do.
        next_step: String,
    },
    /// It was not tried, because an earlier step failed.
    Skipped,
}

/// A step and its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedStep {
    /// The step.
    pub step: CheckStep,
    /// Its result.
    pub outcome: StepOutcome,
}
