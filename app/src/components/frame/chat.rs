//! My own chat bubble: green while new visitors may reach me (H6).

use leptos::prelude::*;

use super::LastWish;
use crate::{
    api::settings::set_chat,
    components::ui::{Toast, Toasts, Tone},
    state::{WorkspaceState, use_workspace},
};
use model::Permission;

/// My chat bubble and how to turn it.
#[derive(Clone, Copy)]
pub struct Chat {
    /// Whether it is green.
    pub on: Signal<bool>,
    /// Whether I may turn it: who only reads is not reached by visitors.
    pub mine: Signal<bool>,
    /// Turns it; shown at once, turned back when the server refuses.
    pub turn: Callback<()>,
}

impl Chat {
    /// The word for what it is now.
    pub fn label(self) -> &'static str {
        if self.on.get() { "Chat on" } else { "Chat off" }
    }
}

/// My chat bubble. Only below the signed-in layout.
pub fn use_chat() -> Chat {
    let workspace = use_workspace();
    let toasts = use_context::<Toasts>();
    let wish = StoredValue::new(LastWish::new());
    let turn = move || {
        let before = workspace.boot.with_untracked(|boot| boot.me.member.chat_on);
        show(workspace, !before);
        let undo = move |before, error: model::ApiError| {
            show(workspace, before);
            if let Some(toasts) = toasts {
                toasts.push(Toast::new(format!("Your chat was not changed. {error}")).tone(Tone::Bad));
            }
        };
        wish.get_value().send(before, !before, set_chat, undo);
    };
    Chat {
        on: Memo::new(move |_| workspace.boot.with(|boot| boot.me.member.chat_on)).into(),
        mine: Memo::new(move |_| workspace.boot.with(|boot| boot.me.may(Permission::Converse))).into(),
        turn: Callback::from(turn),
    }
}

/// The event that follows says the same; here it is shown before.
fn show(workspace: WorkspaceState, on: bool) {
    workspace.boot.try_update(|boot| {
        boot.me.member.chat_on = on;
        let me = boot.me.member.id;
        if let Some(member) = boot.members.iter_mut().find(|m| m.id == me) {
            member.chat_on = on;
        }
    });
}
