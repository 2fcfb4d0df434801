//! What is kept of a conversation for figures: dated facts, without a word of what people wrote.

use super::text_enum::text_enum;

text_enum! {
    /// What a fact says. The words are stored: never change one.
    pub enum FactKind {
        /// A conversation began.
        Begun = "begun",
        /// Somebody outside wrote.
        Inbound = "inbound",
        /// One of us, or a machine of ours, wrote to them. `ms`: how long they had been waiting.
        Reply = "reply",
        /// The first reply by one of us. `ms`: how long they had been waiting.
        FirstResponse = "first_response",
        /// A reply was taken back before it went out: it counts as not written.
        TakenBack = "taken_back",
        /// A reply failed, came back, or nobody can tell. `to`: which of these.
        SendFailed = "send_failed",
        /// A reply of which that was said went out after all. `ms`: how long they had been waiting.
        SentAfterAll = "sent_after_all",
        /// A member has it. `from`: who had it; `to`: who has it.
        Assigned = "assigned",
        /// No member has it any more. `from`: who had it.
        Unassigned = "unassigned",
        /// It belongs to another team, or to none. `from`, `to`: the teams.
        TeamSet = "team_set",
        /// Done. `from`: the status before; `to`: the reason, where somebody gave one.
        Closed = "closed",
        /// Open again. `from`: the status before.
        Reopened = "reopened",
        /// It is their turn. `from`: the status before.
        Pending = "pending",
        /// Came in while chat was off.
        Missed = "missed",
    }
}
