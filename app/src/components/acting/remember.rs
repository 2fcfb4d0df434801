//! What this tab can undo, and the acts on a whole view that still run, outlast a reload of the page. Another tab has its own.

use leptos::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

use super::sweep::look;
use crate::{
    components::ui::use_toasts,
    json,
    state::{keep_in_tab, recall_in_tab, use_acting},
};
use model::MemberId;

/// Begins with what the page before left.
pub(super) fn start(member: MemberId) {
    let (acting, toasts) = (use_acting(), use_toasts());
    kept(member, "done", acting.done);
    for sweep in kept(member, "sweeps", acting.sweeps) {
        look(acting, toasts, sweep.id);
    }
}

/// Keeps a list in the tab, under a name that signing out deletes. Returns what an earlier page left of it.
fn kept<T>(member: MemberId, what: &str, signal: RwSignal<Vec<T>>) -> Vec<T>
where
    T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
{
    let name = format!("tandem:{member}:{what}");
    let before: Option<Vec<T>> = recall_in_tab(&name).and_then(|text| json::read(&text).ok());
    // In a page that has gone on, it is all here.
    let before = before.filter(|_| signal.with_untracked(Vec::is_empty)).unwrap_or_default();
    if !before.is_empty() {
        signal.set(before.clone());
    }
    Effect::new(move |_| {
        if let Ok(text) = signal.with(serde_json::to_string) {
            keep_in_tab(&name, &text);
        }
    });
    before
}
