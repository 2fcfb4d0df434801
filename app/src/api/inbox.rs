//! Reading the inbox.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use super::{Refused, operation::operations};
#[cfg(feature = "ssr")]
use super::{port, told};
use model::{Bootstrap, ConversationId, Count, Cursor, Filter, InboxPage, Message, Sort, Thread};
#[cfg(feature = "ssr")]
use model::{Needs, Permission};

operations! {
    /// Operations that read the inbox.
    pub trait InboxPort {
        /// The signed-in member, and the workspace's people, teams and channels.
        "bootstrap" needs Needs::SignedIn => load_bootstrap() -> Bootstrap;
        /// One page of the conversations that match a filter, in an order.
        "inbox_page" needs Needs::May(Permission::Read) => load_inbox(filter: Filter, #[server(default)] sort: Sort, after: Option<Cursor>) -> InboxPage;
        /// How many conversations match each of some filters, 20 filters at most, and the number of the last event that is included.
        "count_lists" needs Needs::May(Permission::Read) => count_lists(filters: Vec<Filter>) -> (Vec<Count>, i64);
        /// A conversation with its newest entries.
        "thread" needs Needs::May(Permission::Read) => load_thread(id: ConversationId) -> Thread;
        /// The entries before position `before`, and whether older ones exist.
        "older" needs Needs::May(Permission::Read) => load_older(id: ConversationId, before: i64) -> (Vec<Message>, bool);
    }
}
