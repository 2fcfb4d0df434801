//! Closes conversations with a reason, and says something while doing so (T13). Then the next conversation of the list opens.

use leptos::prelude::*;
use leptos_router::hooks::use_navigate;

use super::{bar::act_on_picked, done, keys::Target, what_was_done};
use crate::{
    api::closing::close_with,
    components::{
        row::{list_href, row_href},
        ui::{Button, Dialog, FormError, Saving, Variant, use_saving},
    },
    state::{
        Acting, Closing, Goes, ListState, ThreadState, give_focus, new_uuid, use_acting, use_list, use_prefetch,
        use_thread, use_workspace,
    },
};
use model::{Act, CloseReason, ConversationId, ConversationRow, DraftMode, LastWords, MessageId, Reason};

/// Up to this width a window shows one panel at a time, as `style/shell.css` says.
const PHONE: f64 = 719.0;

/// Where to go after these conversations were closed: to the one below the open one, or else above. None if the open one is not among them.
pub(super) fn next_after(list: ListState, closed: &[ConversationId]) -> Option<Goes> {
    let open = list.selected.get_untracked().filter(|open| closed.contains(open))?;
    let next = list.order.with_untracked(|order| {
        let place = order.iter().position(|id| *id == open)?;
        let (above, below) = order.split_at(place);
        let stays = |id: &&ConversationId| !closed.contains(id);
        below.iter().find(stays).or_else(|| above.iter().rev().find(stays)).copied()
    })?;
    Some(if is_phone() { Goes::List } else { Goes::To(next) })
}

fn is_phone() -> bool {
    #[cfg(feature = "hydrate")]
    {
        window().inner_width().ok().and_then(|width| width.as_f64()).is_some_and(|width| width <= PHONE)
    }
    #[cfg(not(feature = "hydrate"))]
    {
        PHONE < 0.0
    }
}

/// Opens what is asked for, beside the list as it is, and gives its row the focus.
pub(super) fn listen() {
    let (acting, list, navigate) = (use_acting(), use_list(), use_navigate());
    Effect::new(move |_| {
        let Some(goes) = acting.goes.get() else { return };
        // Once: whoever comes back to the inbox later chooses anew.
        acting.goes.set(None);
        let href = list.listing.with_untracked(|listing| match goes {
            Goes::List => list_href(listing),
            Goes::To(id) => row_href(listing, id),
        });
        navigate(&href, Default::default());
        if let Goes::To(id) = goes {
            request_animation_frame(move || give_focus(&format!("#row-{id}")));
        }
    });
}

#[derive(Clone, Copy)]
struct Closes {
    acting: Acting,
    list: ListState,
    thread: ThreadState,
    target: Target,
}

impl Closes {
    /// Closes one conversation. The next one opens at once; if it is refused, this one comes back.
    fn one(self, id: ConversationId, reason: CloseReason) {
        let Self { acting, list, target, .. } = self;
        let (Some(row), toasts, act) = (target.row(id), target.toasts(), Act::Close(reason)) else { return };
        if act.is_done(&row) {
            return;
        }
        let goes = next_after(list, &[id]);
        if goes.is_some() {
            acting.goes.set(goes);
        }
        let undo = acting.ask(&[(id, row.seen())], act);
        if let Some(goes) = goes {
            acting.went.set_value(Some((undo, goes)));
        }
        done(acting, toasts, (undo, goes.map(|_| id)), what_was_done(act));
        if goes.is_none() {
            request_animation_frame(|| give_focus(".thread-bar [data-turn] button"));
        }
    }

    /// Closes one conversation and says something. The dialog waits, so that a refusal loses no word.
    fn saying(self, row: ConversationRow, reason: CloseReason, words: LastWords, saving: Saving, open: RwSignal<bool>) {
        let Self { acting, list, target, .. } = self;
        let (undo, toasts, id) = (acting.next(), target.toasts(), row.id);
        saving.run(close_with(id, row.seen(), reason, words, undo), move |_| {
            let goes = next_after(list, &[id]);
            open.try_set(false);
            done(acting, toasts, (undo, goes.map(|_| id)), what_was_done(Act::Close(reason)));
            if goes.is_some() {
                acting.goes.try_set(goes);
            }
        });
    }
}

/// Does what is asked: closes for a reason, or asks for one.
#[component]
pub(super) fn Close(target: Target) -> impl IntoView {
    let closes = Closes { acting: use_acting(), list: use_list(), thread: use_thread(), target };
    let prefetch = use_prefetch();
    let Closes { acting, list, .. } = closes;
    Effect::new(move |_| match acting.closing.get() {
        Some(Closing::For(id, reason)) => {
            acting.closing.set(None);
            closes.one(id, reason);
        }
        Some(Closing::Ask(Some(id))) => {
            if let Some(Goes::To(next)) = next_after(list, &[id]) {
                prefetch.fetch(next);
            }
        }
        Some(Closing::Ask(None)) | None => {}
    });
    move || match acting.closing.get() {
        Some(Closing::Ask(of)) => Some(dialog(closes, of)),
        _ => None,
    }
}

/// The dialog, made anew each time: `of` one conversation, or else of the picked ones.
fn dialog(closes: Closes, of: Option<ConversationId>) -> AnyView {
    let Closes { acting, list, thread, target } = closes;
    let workspace = use_workspace();
    let (open, saving) = (RwSignal::new(true), use_saving());
    let (mode, text) = (RwSignal::new(DraftMode::Reply), RwSignal::new(String::new()));
    let message = MessageId::new(new_uuid());
    let row = of.and_then(|id| target.row(id));
    let title = match acting.picked.with_untracked(Vec::len) {
        _ if of.is_some() => "Close conversation".to_owned(),
        1 => "Close 1 conversation".to_owned(),
        n => format!("Close {n} conversations"),
    };
    let choose = Callback::new(move |reason: CloseReason| {
        let words = text.get_untracked().trim().to_owned();
        match (of, &row) {
            (None, _) => {
                open.set(false);
                act_on_picked(acting, list, target.toasts(), Act::Close(reason));
            }
            (Some(_), Some(row)) if !words.is_empty() => {
                let is_open = list.selected.get_untracked() == of;
                let seen = is_open.then(|| thread.seen());
                let words = LastWords { id: message, mode: mode.get_untracked(), text: words, seen };
                closes.saying(row.clone(), reason, words, saving, open);
            }
            (Some(id), _) => {
                open.set(false);
                closes.one(id, reason);
            }
        }
    });
    let says = Memo::new(move |_| text.with(|text| !text.trim().is_empty()) && mode.get() == DraftMode::Reply);
    let item = move |reason: Reason| {
        let Reason { id, name, blocks, .. } = reason;
        let note = blocks.then(|| view! { <span class="snooze-time">"blocks the sender"</span> });
        // Whoever is blocked gets no message.
        let why = Signal::derive(move || {
            (blocks && says.get()).then(|| "This reason blocks the sender, who gets no message".to_owned())
        });
        view! {
            <li>
                <Button variant=Variant::Plain busy=saving.busy disabled_because=why on_press=move || choose.run(id)>
                    <span class="cut" dir="auto">{name}</span>
                    {note}
                </Button>
            </li>
        }
    };
    let reasons = move || {
        workspace.boot.with(|boot| {
            let usable = boot.reasons.iter().filter(|one| !one.archived).cloned();
            usable.map(item).collect_view()
        })
    };
    let way = move |one: DraftMode, word: &'static str| {
        view! {
            <label class="close-way">
                <input
                    type="radio"
                    name="close-way"
                    checked=one == DraftMode::Reply
                    prop:checked=move || mode.get() == one
                    on:change=move |_| mode.set(one)
                />
                {word}
            </label>
        }
    };
    let words = of.is_some().then(|| {
        view! {
            <fieldset class="close-words">
                <legend class="field-label">"Last words"</legend>
                <div class="close-ways">{way(DraftMode::Reply, "Message to them")} {way(DraftMode::Note, "Note for the team")}</div>
                <textarea
                    class="input"
                    rows="3"
                    dir="auto"
                    aria-label="Last words"
                    aria-describedby="close-hint"
                    prop:value=move || text.get()
                    on:input=move |event| text.set(event_target_value(&event))
                ></textarea>
                <p class="field-hint" id="close-hint">
                    "Optional. It is sent when you choose a reason above."
                </p>
            </fieldset>
        }
    });
    let shown = view! {
        <Dialog title open>
            <FormError error=saving.failure() />
            <ul class="snooze-list" aria-label="Reasons">{reasons}</ul>
            {words}
        </Dialog>
    }
    .into_any();
    // After the dialog's own effect, which closes it: that gives the focus back.
    Effect::new(move |_| {
        if !open.get() {
            acting.closing.try_set(None);
        }
    });
    shown
}
