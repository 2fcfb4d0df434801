//! Reading the inbox.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use super::Refused;
#[cfg(feature = "ssr")]
use super::{port, told};
use model::{Bootstrap, ConversationId, Cursor, Filter, InboxPage, Message, Thread};

/// Who I am, and the workspace's people, teams and channels.
#[server(prefix = "/api/fn", endpoint = "bootstrap", input = Json)]
pub async fn load_bootstrap() -> Result<Bootstrap, Refused> {
    told(port()?.bootstrap().await)
}

/// One page of what fits a filter, newest first.
#[server(prefix = "/api/fn", endpoint = "inbox_page", input = Json)]
pub async fn load_inbox(filter: Filter, after: Option<Cursor>) -> Result<InboxPage, Refused> {
    told(port()?.inbox_page(filter, after).await)
}

/// A conversation with its newest entries.
#[server(prefix = "/api/fn", endpoint = "thread", input = Json)]
pub async fn load_thread(id: ConversationId) -> Result<Thread, Refused> {
    told(port()?.thread(id).await)
}

/// The entries before place `before`, and whether older ones exist.
#[server(prefix = "/api/fn", endpoint = "older", input = Json)]
pub async fn load_older(id: ConversationId, before: i64) -> Result<(Vec<Message>, bool), Refused> {
    told(port()?.older(id, before).await)
}
