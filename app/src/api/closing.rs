//! Reasons for closing, closing with a message, and blocked senders.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use super::{Refused, operation::operations};
#[cfg(feature = "ssr")]
use super::{port, told};
use model::{
    BlockId, BlockedPage, CloseReason, ConversationId, ConversationRow, LastWords, Reason, Seen, Timestamp, UndoId,
};
#[cfg(feature = "ssr")]
use model::{Needs, Permission};

operations! {
    /// Operations on closing.
    pub trait ClosingPort {
        /// Closes a conversation and says something while doing so.
        "close_with" needs Needs::May(Permission::Converse) => close_with(conversation: ConversationId, seen: Seen, reason: CloseReason, words: LastWords, undo: UndoId) -> ConversationRow;
        /// Adds a reason. Returns all of them.
        "add_reason" needs Needs::May(Permission::Administer) => add_reason(name: String, blocks: bool) -> Vec<Reason>;
        /// Renames a reason, archives it or uses it again, and says whether it blocks the sender. Returns all of them.
        "edit_reason" needs Needs::May(Permission::Administer) => edit_reason(id: CloseReason, name: String, blocks: bool, archived: bool) -> Vec<Reason>;
        /// Puts the reasons into another order. Returns all of them.
        "order_reasons" needs Needs::May(Permission::Administer) => order_reasons(order: Vec<CloseReason>) -> Vec<Reason>;
        /// The blocked senders, newest first; those behind one, if it is named.
        "blocked_senders" needs Needs::May(Permission::Converse) => blocked_senders(after: Option<(Timestamp, BlockId)>) -> BlockedPage;
        /// Unblocks a sender.
        "unblock_sender" needs Needs::May(Permission::Converse) => unblock_sender(id: BlockId) -> ();
    }
}
