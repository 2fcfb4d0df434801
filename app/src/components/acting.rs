//! Acting on conversations (T9, T13, L6, L7) and undoing it. Only what every page needs is here: one act on the open conversation, and the box
//! of a row. The toasts, the bar for several and the keys are code that loads later.

mod bar;
mod closing;
mod keys;
mod notices;
mod noticing;
mod palette;
mod picking;
mod sheet;
mod snooze;
mod sweep;
mod telling;

use leptos::prelude::*;

use super::{
    search::newer,
    ui::{Toast, Toasts, use_toasts},
};
use crate::{
    api::conversation::{change_state, undo},
    piece::{Piece, Place, acting_part, show_piece},
    state::{Acting, Done, Goes, use_acting, use_thread},
};
use model::{Act, ApiError, ConversationId, ConversationRow, UndoId, Undone};

/// Applies an action to the open conversation, and offers to undo it. Shows a message if the action fails.
pub fn act_on(id: ConversationId) -> Callback<Act> {
    let (thread, acting, toasts) = (use_thread(), use_acting(), use_toasts());
    Callback::new(move |act: Act| {
        // Sends the state on screen along. If two members act at once, the server tells the second one (Promise 4).
        let seen = thread.open.with_untracked(|row| row.as_ref().filter(|row| row.id == id).map(ConversationRow::seen));
        let Some(seen) = seen else { return };
        let undo = acting.next();
        toasts.run(change_state(id, seen, act, Some(undo)), move |_| acting.did(undo, act));
    })
}

/// The box that selects a row of the list. What it does with clicks is in `picking.rs`.
pub fn pick(id: ConversationId, name: &str) -> impl IntoView {
    let acting = use_acting();
    view! {
        <label class="row-check">
            <input type="checkbox" aria-label=format!("Select {name}") prop:checked=move || acting.has(id) />
        </label>
    }
}

/// A part that loads later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActingPart {
    /// The bar for selected conversations, in the list.
    Bar,
    /// The toasts, the keys and the dialogs. They are not in the list, which a narrow window hides beside a conversation.
    Rest,
    /// What is under the bell.
    Notices,
    /// What keeps the notices up to date, on every page. It shows nothing.
    Noticing,
}

/// A part of it. It comes after the list; nothing moves when it does.
#[component]
pub fn ActingLater(
    /// The part.
    part: ActingPart,
) -> impl IntoView {
    let alive = RwSignal::new(false);
    Effect::new(move |_| alive.set(true));
    let draw = move || show_piece(Piece::Acting, Place::Line, move || Box::pin(acting_part(part)));
    move || alive.get().then(draw)
}

/// Draws a part. Called from the code that loads later.
pub(crate) fn draw(part: ActingPart) -> AnyView {
    match part {
        ActingPart::Bar => return view! { <sweep::Sweeps /> <bar::Bar /> }.into_any(),
        ActingPart::Notices => return view! { <notices::NoticeList /> }.into_any(),
        ActingPart::Noticing => {
            noticing::watch();
            return ().into_any();
        }
        ActingPart::Rest => {}
    }
    let (acting, toasts) = (use_acting(), use_toasts());
    Effect::new(move |_| {
        if let Some((id, act)) = acting.newest.get() {
            done(acting, toasts, (id, None), what_was_done(act));
        }
    });
    let (sheet, palette, target) = (RwSignal::new(false), RwSignal::new(false), keys::Target::new());
    keys::listen(target, sheet, palette);
    picking::listen();
    newer::listen();
    telling::listen();
    closing::listen();
    view! {
        <snooze::Snooze target />
        <palette::Palette open=palette target sheet />
        <closing::Close target />
        <sheet::Sheet open=sheet />
    }
    .into_any()
}

/// What a toast says of an act.
fn what_was_done(act: Act) -> &'static str {
    match act {
        Act::Assign(None) => "Unassigned",
        Act::Assign(Some(_)) => "Assigned",
        Act::Team(None) => "Taken from its team",
        Act::Team(Some(_)) => "Given to the team",
        Act::Close(_) => "Closed",
        Act::Reopen => "Reopened",
        Act::Pending => "Set to pending",
        Act::Snooze(_) => "Snoozed",
        Act::AddTag(_) => "Tag added",
        Act::RemoveTag(_) => "Tag removed",
    }
}

/// Says that an act was done, with a button that undoes it.
fn done(acting: Acting, toasts: Toasts, act: Done, what: impl Into<String>) {
    acting.keep(act);
    toasts.push(Toast::new(what).action("Undo", move || undo_one(acting, toasts, Some(act.0))));
}

/// Undoes an act of this tab, or the newest one.
fn undo_one(acting: Acting, toasts: Toasts, id: Option<UndoId>) {
    let Some((id, back)) = acting.take(id) else { return };
    leptos::task::spawn_local(async move {
        loop {
            match undo(id).await.map_err(ApiError::from) {
                Ok(Undone { left: 1.., .. }) => continue,
                Ok(Undone { changed_since: 0, .. }) => {
                    toasts.push(Toast::new("Undone"));
                    if back.is_some() {
                        acting.goes.try_set(back.map(Goes::To));
                    }
                }
                Ok(Undone { undone: 0, .. }) => toasts.push(Toast::new("Not undone: somebody changed it since")),
                Ok(Undone { undone, changed_since, .. }) => {
                    toasts.push(Toast::new(format!("{undone} undone, {changed_since} changed since")));
                }
                Err(ApiError::NotFound) => toasts.failed("This can no longer be undone."),
                Err(error) => {
                    // The same request may succeed later.
                    if error.is_passing() {
                        acting.keep((id, back));
                    }
                    toasts.failed(error.to_string());
                }
            }
            break;
        }
    });
}
