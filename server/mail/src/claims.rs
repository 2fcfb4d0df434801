//! What a mail says about its sender. Anybody may write anything there. `domain::mail::author` decides what is believed.

use model::Mailbox;

/// What the `From` of a mail contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FromLine {
    /// One address.
    One,
    /// The address of the list that the mail came by.
    List,
    /// An address through which the mail reached the mailbox: one of ours, if the mailbox's server is right.
    Alias,
    /// An address from which programs write and which nobody reads.
    Machine,
    /// Several addresses.
    Several,
    /// No readable address.
    #[default]
    Unreadable,
}

/// What a mail says about its sender.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claims {
    /// What its `From` contains.
    pub from: FromLine,
    /// Other senders that it names, the most credible first. Anybody may name anybody.
    pub said: Vec<Mailbox>,
    /// The writer's name, if a list in `From` gives it beside its own. Empty otherwise.
    pub via: String,
}
