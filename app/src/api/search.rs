//! Searching, and opening what was found.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use super::{Refused, operation::operations};
#[cfg(feature = "ssr")]
use super::{port, told};
use model::{Around, ConversationId, Message, SearchCursor, SearchPage};
#[cfg(feature = "ssr")]
use model::{Needs, Permission};

operations! {
    /// Operations that search.
    pub trait SearchPort {
        /// The people and messages that a text finds, newest first. Messages are those after the cursor. `east` is how many minutes the
        /// reader's clock is ahead of UTC.
        "search" needs Needs::May(Permission::Read) => search(text: String, #[server(default)] after: Option<SearchCursor>, #[server(default)] east: i64) -> SearchPage;
        /// A conversation with the entries around position `n`.
        "thread_around" needs Needs::May(Permission::Read) => load_thread_around(id: ConversationId, n: i64) -> Around;
        /// The entries after position `after`, and whether newer ones exist.
        "newer" needs Needs::May(Permission::Read) => load_newer(id: ConversationId, after: i64) -> (Vec<Message>, bool);
    }
}
