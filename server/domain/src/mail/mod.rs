//! E-mail without its wire: which conversation a mail belongs to, who may write there, what machines say, what is kept.

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

/// A report about a mail of ours, as one of its recipients' servers gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    /// Whose; empty where it does not say.
    pub address: String,
    /// What became of it.
    pub outcome: Reported,
    /// What the server said.
    pub said: String,
}

/// A mail as an adapter read it: its files kept, its proofs checked.
#[derive(Debug, Clone)]
pub struct Letter {
    /// As which it is kept.
    pub id: MailId,
    /// Its own name; none when it has none that can be relied on.
    pub name: Option<String>,
    /// The names of the mails it answers, the nearest first. Anybody may write any name.
    pub answers: Vec<String>,
    /// The messages of ours that it proves to have received, the nearest first: by a signed address, or a signed name.
    pub proved: Vec<MessageId>,
    /// It goes by the signed name of this message of ours: it is that message, come back.
    pub ours: Option<MessageId>,
    /// What it says of its sender.
    pub claims: Claims,
    /// The domain in its `From` vouched for it, as the mailbox's own server found (DMARC).
    pub vouched: bool,
    /// What the message has beside its text.
    pub head: MailHead,
    /// The text, at most [`model::TEXT_LIMIT`] bytes.
    pub text: String,
    /// Its files, kept.
    pub files: Vec<File>,
    /// Who or what wrote it.
    pub writer: Writer,
    /// What it tells of a mail of ours.
    pub report: Vec<Returned>,
    /// Tells mails of one name apart: a hash of what they say.
    pub print: String,
}

impl Letter {
    /// What it is known by on its channel: its name and what it says. Neither alone is enough: some programs give every mail one name,
    /// and some people say "Thanks" twice.
    pub fn provider_id(&self) -> String {
        format!("{}#{}", self.name.as_deref().unwrap_or_default(), self.print)
    }
}
