//! Who looks at or writes in which conversation now (T12), and what a member has set for themselves.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use super::{Refused, operation::operations};
#[cfg(feature = "ssr")]
use super::{port, told};
use model::{ConversationId, Doing, TabId};
#[cfg(feature = "ssr")]
use model::{Needs, Permission};

operations! {
    /// Operations on presence.
    pub trait PresencePort {
        /// Says what the member does in a tab, and in which conversation, if any. Said again every few seconds, or it is over. Whoever writes
        /// needs the right to. Nothing of it is stored.
        "say_where" needs Needs::May(Permission::Read) => say_where(tab: TabId, conversation: Option<ConversationId>, doing: Doing) -> ();
        /// The keys that the member wants instead of the usual ones, as [`Keys`](model::Keys) writes them.
        "set_keys" needs Needs::May(Permission::Read) => set_keys(keys: String) -> ();
        /// Whether colleagues and visitors are told nothing of where the member is.
        "hide_me" needs Needs::May(Permission::Read) => hide_me(hidden: bool) -> ();
    }
}
