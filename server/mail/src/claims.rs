//! What a mail says of its sender. Anybody may write anything there; `domain::mail::author` decides what is believed.

use model::Mailbox;

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
