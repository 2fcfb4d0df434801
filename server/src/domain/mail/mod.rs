//! E-mail without its wire: which conversation a mail belongs to, who may write there, what machines say, what is kept.

mod author;
mod begin;
mod compose;
mod connect;
mod look;
mod reread;
mod take;
mod threads;
mod withhold;

use model::{MailHead, MailId, Mailbox, MessageId};

pub use author::{Author, author, own_addresses};
pub use begin::BeginMail;
pub(super) use compose::compose;
pub use connect::{Backfill, ConnectMailbox, Mailbox as MailboxView, PauseChannel, TakeAgain, Tried, mailbox};
pub use look::{kept, of_member};
pub use reread::{EndReading, PutRight, ScheduleReading, Stale, stale};
pub use take::{Arrived, BeginFolder, KeepLedger, NameMail, TakeMails, Taken};
pub use withhold::{NotGiven, WithholdMails};

use crate::store::message::File;

/// Who or what wrote a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// Somebody; a machine may answer.
    Person,
    /// Somebody who does not want a machine's answer, or a list or shop that sends to many.
    NoMachines,
    /// A machine that answers: an absence note, a ticket's receipt, a notice that a mail was read.
    AutoReply,
    /// A mail system that tells what became of a mail of ours.
    Bounce,
}

/// What a mail system says became of a mail of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Given up: it will not arrive.
    Failed,
    /// Not yet; it goes on trying. This is no failure.
    Delayed,
    /// It arrived, or was handed on to where no more is heard of it.
    Delivered,
}

/// A report about a mail of ours, as one of its recipients' servers gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    /// Whose; empty where it does not say.
    pub address: String,
    /// What became of it.
    pub outcome: Outcome,
    /// What the server said.
    pub said: String,
}

/// How far a mail's `From` tells who wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FromLine {
    /// It has one address.
    One,
    /// It has the address of the list that the mail came by.
    List,
    /// It has an address by which the mail reached the mailbox: one of ours, where the mailbox's server is to be believed.
    Alias,
    /// It has an address of the kind that programs write from and nobody reads.
    Machine,
    /// It has several addresses.
    Several,
    /// It has no address that can be read.
    #[default]
    Unreadable,
}

/// What a mail says of its sender.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claims {
    /// How far its `From` tells who wrote it.
    pub from: FromLine,
    /// Whom it names beside that, what is to be believed first in front. Anybody may name anybody.
    pub said: Vec<Mailbox>,
    /// The name of who wrote, where a list in `From` gives it beside its own; empty otherwise.
    pub via: String,
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
