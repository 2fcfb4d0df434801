//! Which mail of the open conversation the next one has to do with (T5).

use model::{DeliveryState, Entry, MailHead, Message};

/// The newest mail of a conversation: what the next one has to do with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LastMail {
    /// It came or went: the next one answers it.
    Answered(Box<MailHead>),
    /// Ours, and taken back before anything came or went: the next one is that one, written again.
    TakenBack(Box<MailHead>),
}

/// By the newest entries, and by what they answer where that is older.
pub(super) fn last_mail(messages: &[Message], older: Option<&MailHead>) -> Option<LastMail> {
    let mails =
        || messages.iter().rev().filter_map(|message| Some((message.mail.as_deref()?, was_taken_back(message))));
    let answered = mails().find(|(_, back)| !back).map(|(head, _)| head).or(older);
    match answered {
        Some(head) => Some(LastMail::Answered(Box::new(head.clone()))),
        None => mails().next().map(|(head, _)| LastMail::TakenBack(Box::new(head.clone()))),
    }
}

/// Whether a message of ours was taken back before it went out.
pub(super) fn was_taken_back(message: &Message) -> bool {
    matches!(&message.entry, Entry::Outgoing { delivery, .. } if delivery.state == DeliveryState::Cancelled)
}
