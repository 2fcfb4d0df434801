//! Acting on conversations (T9, T13, L6, L7) and undoing it. Only what every page needs is here: one act on the open conversation, and the box
//! of a row. The toasts, the bar for several and the keys are code that loads later.

mod ahead;
mod bar;
mod closing;
mod keys;
mod notices;
mod noticing;
mod palette;
mod picking;
mod queue;
mod remember;
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
    api::conversation::undo,
    piece::{Piece, Place, acting_part, show_piece},
    state::{Acting, Connection, Done, Goes, Stage, Unconfirmed, use_acting, use_thread, use_workspace},
};
use model::{Act, ApiError, Bootstrap, ConversationId, ConversationRow, TagId, UndoId, Undone};

/// Acts on the open conversation, and offers to undo it. It is shown at once; if the server refuses, that is turned back and explained.
pub fn act_on(id: ConversationId) -> Callback<Act> {
    let (thread, acting) = (use_thread(), use_acting());
    Callback::new(move |act: Act| {
        // Sends the state on screen along. If two members act at once, the server tells the second one (Promise 4).
        let seen = thread.open.with_untracked(|row| row.as_ref().filter(|row| row.id == id).map(ConversationRow::seen));
        let Some(seen) = seen else { return };
        acting.did(acting.ask(&[(id, seen)], act), act);
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
            queue::start();
            return ().into_any();
        }
        ActingPart::Rest => {}
    }
    let (acting, toasts, workspace) = (use_acting(), use_toasts(), use_workspace());
    Effect::new(move |_| {
        match acting.newest.get() {
            // An archived tag cannot come back by undoing.
            Some((_, act @ Act::RemoveTag(tag))) if workspace.boot.with_untracked(|boot| is_archived(boot, tag)) => {
                toasts.push(Toast::new(what_was_done(act)));
            }
            Some((id, act)) => done(acting, toasts, (id, None), what_was_done(act)),
            None => {}
        }
    });
    let (sheet, palette, target) = (RwSignal::new(false), RwSignal::new(false), keys::Target::new());
    keys::listen(target, sheet, palette);
    picking::listen();
    newer::listen();
    telling::listen();
    closing::listen();
    ahead::fetch_next();
    view! {
        <snooze::Snooze target />
        <palette::Palette open=palette target sheet />
        <closing::Close target />
        <sheet::Sheet open=sheet />
    }
    .into_any()
}

fn is_archived(boot: &Bootstrap, tag: TagId) -> bool {
    boot.tags.iter().any(|one| one.id == tag && one.archived)
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
        Act::Read => "Marked as read",
        Act::Unread => "Marked as unread",
    }
}

/// Says that an act was done, with a button that undoes it.
fn done(acting: Acting, toasts: Toasts, (id, back): (UndoId, Option<ConversationId>), what: impl Into<String>) {
    let mut what = what.into();
    acting.keep(Done { id, back, what: what.clone() });
    if acting.connection.get_untracked() == Connection::Offline {
        what.push_str(". It is sent when the connection is back");
    }
    // Made where nothing owns it: the toast outlives what acted.
    leptos::task::spawn_local(async move {
        toasts.push(Toast::new(what).action("Undo", move || undo_one(acting, toasts, Some(id))));
    });
}

/// What taking back an act found.
enum TakenBack {
    /// The server has not heard of it.
    Unsent,
    /// The server may have done it, or a part of it.
    OnItsWay,
    /// The server has done it.
    Done,
}

/// Shows an act no longer, and sends no more of it.
fn take_back(acting: Acting, id: UndoId) -> TakenBack {
    let found = acting.acts.try_update(|acts| {
        let of = |one: &&Unconfirmed| one.id == id;
        let found = match () {
            () if acts.iter().filter(of).any(|one| matches!(one.stage, Stage::Sent | Stage::Waiting)) => {
                TakenBack::OnItsWay
            }
            () if acts.iter().filter(of).any(|one| one.stage != Stage::New) || !acts.iter().any(|one| one.id == id) => {
                TakenBack::Done
            }
            () => TakenBack::Unsent,
        };
        acts.retain(|one| one.id != id || (matches!(found, TakenBack::OnItsWay) && one.stage != Stage::New));
        acts.iter_mut().filter(|one| one.id == id).for_each(|one| one.taken_back = true);
        found
    });
    found.unwrap_or(TakenBack::Done)
}

/// Undoes an act of this tab, or the newest one.
fn undo_one(acting: Acting, toasts: Toasts, id: Option<UndoId>) {
    let Some(taken) = acting.take(id) else { return };
    let Done { id, back, ref what } = taken;
    let undone = format!("Undone: {what}");
    match take_back(acting, id) {
        TakenBack::Unsent => {
            toasts.push(Toast::new(undone));
            if back.is_some() {
                acting.goes.try_set(back.map(Goes::To));
            }
            return;
        }
        // The queue undoes it as soon as the server has done it.
        TakenBack::OnItsWay => return acting.keep(taken),
        TakenBack::Done => {}
    }
    leptos::task::spawn_local(async move {
        loop {
            match undo(id).await.map_err(ApiError::from) {
                Ok(Undone { left: 1.., .. }) => continue,
                Ok(Undone { changed_since: 0, .. }) => {
                    toasts.push(Toast::new(undone));
                    if back.is_some() {
                        acting.goes.try_set(back.map(Goes::To));
                    }
                }
                Ok(Undone { undone: 0, .. }) => {
                    toasts.push(Toast::new("Not undone: somebody changed it since, or it is no longer yours to see"))
                }
                Ok(Undone { undone, changed_since, .. }) => {
                    toasts.push(Toast::new(format!("{undone} undone, {changed_since} changed since")));
                }
                Err(ApiError::NotFound) => toasts.failed("This can no longer be undone."),
                Err(error) => {
                    // The same request may succeed later.
                    if error.is_passing() {
                        acting.keep(taken);
                    }
                    toasts.failed(error.to_string());
                }
            }
            break;
        }
    });
}
