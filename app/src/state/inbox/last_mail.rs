//! Finds the mail that the next mail of the open conversation answers or replaces (T5).

use model::{DeliveryState, Entry, MailHead, Message};

/// The newest mail of a conversation, which the next mail answers or replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LastMail {
    /// A mail that was received or sent. The next mail answers it.
    Answered(Box<MailHead>),
    /// Our own newest mail, if it was cancelled and no mail was received or sent before. The next mail replaces it.
    TakenBack(Box<MailHead>),
}

/// Finds the last mail among the newest entries, or falls back to `older`, the mail that they answer.
pub(super) fn last_mail(messages: &[Message], older: Option<&MailHead>) -> Option<LastMail> {
    let mails = || messages.iter().rev().filter_map(|message| Some((message.mail()?, was_taken_back(message))));
    let answered = mails().find(|(_, back)| !back).map(|(head, _)| head).or(older);
    match answered {
        Some(head) => Some(LastMail::Answered(Box::new(head.clone()))),
        None => mails().next().map(|(head, _)| LastMail::TakenBack(Box::new(head.clone()))),
    }
}

/// Whether one of our messages was cancelled before it was sent.
pub(super) fn was_taken_back(message: &Message) -> bool {
    matches!(&message.entry, Entry::Outgoing { delivery, .. } if delivery.state == DeliveryState::Cancelled)
}
