//! The client's store: what is shown, the event cursor, optimistic commands, drafts and the offline outbox.

mod acting;
mod acts;
mod browser;
mod inbox;
mod live;
mod outbox;
mod search;
mod workspace;

pub use acting::{Acting, Closing, Done, Goes, Sweeping, use_acting};
pub use acts::{Stage, Unconfirmed};
pub use browser::{
    after_paint, forget, give_focus, keep, keep_in_tab, may_load_afresh, new_uuid, now_ms, recall, recall_all,
    recall_in_tab, set_awake, unsent,
};
pub use inbox::{
    Ahead, Asked, Goal, Inbox, LastMail, ListState, Listed, Notices, Opened, Prefetch, Presence, SavedDrafts, Shown,
    Slotted, ThreadState, ViewCounts, use_list, use_notices, use_prefetch, use_presence, use_saved_drafts, use_thread,
    use_view_counts,
};
#[cfg(feature = "hydrate")]
pub use live::start as start_live;
pub use live::{Connection, Live, use_live};
pub use outbox::{Ghost, GhostState, Outbox, use_outbox};
pub use search::{Search, at_of, query_at, use_place, use_search};
pub use workspace::{WorkspaceState, Zone, use_now, use_workspace, use_zone};
