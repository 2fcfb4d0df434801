//! The rows that are rendered for a thread.

use super::last_mail::was_taken_back;
use model::{Entry, Message, MessageId, Sender, Thread, Timestamp};

/// One row of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slotted {
    /// The start of a day, in days since 1970 in the reader's time zone.
    Day(i64),
    /// The line above the entries that were unread when the thread was opened.
    Unread,
    /// An entry, and whether it begins a group of one sender.
    Entry(MessageId, bool),
}

/// The position of the first incoming entry that the member had not read.
pub(super) fn first_unread(thread: &Thread) -> Option<i64> {
    let unread = usize::try_from(thread.row.unread()).unwrap_or(0);
    let incoming = thread.messages.iter().rev().filter(|m| matches!(m.entry, Entry::Incoming));
    incoming.take(unread).last().map(|m| m.n)
}

const DAY_MS: i64 = 24 * 3_600_000;
/// Messages of one sender within this time share a header.
const GROUP_MS: i64 = 5 * 60_000;

/// The rows for a list of messages. Cancelled messages are left out.
pub(super) fn slots_of(messages: &[Message], unread_from: Option<i64>, local: impl Fn(i64) -> i64) -> Vec<Slotted> {
    let mut slots = Vec::with_capacity(messages.len() + 4);
    let (mut day, mut before): (_, Option<(&Entry, Timestamp)>) = (None, None);
    for message in messages {
        if was_taken_back(message) {
            continue;
        }
        let this_day = local(message.at.0).div_euclid(DAY_MS);
        if day != Some(this_day) {
            day = Some(this_day);
            before = None;
            slots.push(Slotted::Day(this_day));
        }
        if unread_from == Some(message.n) {
            before = None;
            slots.push(Slotted::Unread);
        }
        let same = |a: &Entry, b: &Entry| match (a, b) {
            (Entry::Incoming, Entry::Incoming) => true,
            (Entry::Outgoing { by: a, .. }, Entry::Outgoing { by: b, .. }) => a == b && !matches!(a, Sender::Auto),
            (Entry::Note { by: a }, Entry::Note { by: b }) => a == b,
            _ => false,
        };
        let continues = before.is_some_and(|(entry, at)| same(entry, &message.entry) && message.at.0 - at.0 < GROUP_MS);
        slots.push(Slotted::Entry(message.id, !continues));
        before = Some((&message.entry, message.at));
    }
    slots
}
