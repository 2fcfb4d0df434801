//! What this tab can undo, and the acts on a whole view that still run, outlast a reload of the page. Another tab has its own.

use leptos::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

use super::sweep::look;
use crate::{
    components::ui::use_toasts,
    json,
    state::{keep_in_tab, recall_in_tab, unsent, use_acting},
};
use model::MemberId;

/// Begins with what the page before left.
pub(super) fn start(member: MemberId) {
    let (acting, toasts) = (use_acting(), use_toasts());
    let sweeps = acting.sweeps;
    kept(unsent(member, "done"), acting.done);
    kept(unsent(member, "sweeps"), sweeps);
    for sweep in sweeps.get_untracked() {
        look(acting, toasts, sweep.id);
    }
}

fn kept<T>(name: String, signal: RwSignal<Vec<T>>)
where
    T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
{
    let before: Option<Vec<T>> = recall_in_tab(&name).and_then(|text| json::read(&text).ok());
    if let Some(before) = before.filter(|_| signal.with_untracked(Vec::is_empty)) {
        signal.set(before);
    }
    Effect::new(move |_| {
        if let Ok(text) = signal.with(serde_json::to_string) {
            keep_in_tab(&name, &text);
        }
    });
}
