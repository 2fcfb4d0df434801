//! The member's own chat switch: green while new visitors can reach this member (H6).

use leptos::prelude::*;

use crate::{
    api::settings::set_chat,
    components::ui::{LastWish, use_toasts},
    state::{WorkspaceState, use_workspace},
};
use model::Permission;

/// The member's chat switch.
#[derive(Clone, Copy)]
pub struct Chat {
    /// Whether chat is on.
    pub on: Signal<bool>,
    /// Whether the member may use the switch. Visitors cannot reach members who only read.
    pub mine: Signal<bool>,
    /// Turns chat on or off. The change shows at once and is reverted if the server refuses it.
    pub turn: Callback<()>,
}

impl Chat {
    /// The label of the current state.
    pub fn label(self) -> &'static str {
        if self.on.get() { "Chat on" } else { "Chat off" }
    }
}

/// The member's chat switch. Works only below the signed-in layout.
pub fn use_chat() -> Chat {
    let workspace = use_workspace();
    let toasts = use_toasts();
    let wish = StoredValue::new(LastWish::new());
    let turn = move || {
        let before = workspace.boot.with_untracked(|boot| boot.me.member.chat_on);
        show(workspace, !before);
        let undo = move |before, error: model::ApiError| {
            show(workspace, before);
            toasts.failed(format!("Your chat status was not changed. {error}"));
        };
        wish.get_value().send(before, !before, set_chat, undo);
    };
    Chat {
        on: Memo::new(move |_| workspace.boot.with(|boot| boot.me.member.chat_on)).into(),
        mine: Memo::new(move |_| workspace.boot.with(|boot| boot.me.may(Permission::Converse))).into(),
        turn: Callback::from(turn),
    }
}

/// Shows the new state before the server's event confirms it.
fn show(workspace: WorkspaceState, on: bool) {
    workspace.boot.try_update(|boot| {
        boot.me.member.chat_on = on;
        let me = boot.me.member.id;
        if let Some(member) = boot.members.iter_mut().find(|m| m.id == me) {
            member.chat_on = on;
        }
    });
}
