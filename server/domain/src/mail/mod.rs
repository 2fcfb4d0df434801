//! The rules of e-mail, without the network: which conversation a mail belongs to, who may write there, automatic mails, what is stored.

mod author;
mod begin;
mod compose;
mod connect;
mod look;
mod receive;
mod reread;
mod threads;
mod withhold;

use mail::{Claims, Reported, Writer};
use model::{MailHead, MailId, MessageId};

pub use author::{Author, author, own_addresses};
pub use begin::BeginMail;
pub(super) use compose::compose;
pub use connect::{Backfill, ConnectMailbox, Mailbox as MailboxView, PauseChannel, RetryQuarantined, Tried, mailbox};
pub use look::{kept, of_member};
pub use receive::{Arrived, BeginFolder, KeepFolderCounts, NameMail, ReceiveMails, Taken};
pub use reread::{EndReading, PutRight, ScheduleReading, Stale, stale};
pub use withhold::{NotGiven, WithholdMails};

use store::message::File;

/// A delivery report about our mail, from the server of one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    /// The recipient. Empty if the report does not say.
    pub address: String,
    /// What happened to the mail.
    pub outcome: Reported,
    /// The server's words.
    pub said: String,
}

/// A mail that an adapter has read: its files are stored, its signatures checked.
#[derive(Debug, Clone)]
pub struct Letter {
    /// The id of the stored mail.
    pub id: MailId,
    /// Its Message-ID. None if it has no reliable one.
    pub name: Option<String>,
    /// The Message-IDs that it answers, nearest first. They prove nothing, because anybody can write them.
    pub answers: Vec<String>,
    /// Our messages that it proves to have received, nearest first, by a signed address or a signed Message-ID.
    pub proved: Vec<MessageId>,
    /// It has the signed Message-ID of this message of ours, so it is that message, delivered to us.
    pub ours: Option<MessageId>,
    /// What it claims about its sender.
    pub claims: Claims,
    /// The domain in `From` vouched for it, as the mailbox's own server found (DMARC).
    pub vouched: bool,
    /// The head of the message.
    pub head: MailHead,
    /// The text, at most [`model::TEXT_LIMIT`] bytes.
    pub text: String,
    /// Its files, stored already.
    pub files: Vec<File>,
    /// Whether a person or a machine wrote it.
    pub writer: Writer,
    /// What it reports about our mail.
    pub report: Vec<Returned>,
    /// A hash of its content, which tells mails with the same Message-ID apart.
    pub print: String,
}

impl Letter {
    /// Its provider id on the channel: Message-ID and content hash. Neither alone is enough: some programs give every mail the same
    /// Message-ID, and some people write "Thanks" twice.
    pub fn provider_id(&self) -> String {
        format!("{}#{}", self.name.as_deref().unwrap_or_default(), self.print)
    }
}
