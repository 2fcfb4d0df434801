//! Keys that act on the picked conversations, or else on the focused or open one (L6), and the key that undoes.

use leptos::prelude::*;

use super::{bar::act_on_picked, done, undo_one, what_was_done};
use crate::{
    components::{
        list::is_typing,
        ui::{Toasts, typed_key, use_toasts},
    },
    state::{Acting, Closing, ListState, ThreadState, use_acting, use_list, use_search, use_thread, use_workspace},
};
use model::{Act, Bootstrap, ConversationId, ConversationRow, KeyCommand, Keys, Permission, Status};

/// Keys that cannot be changed, and what they do, as the sheet names them.
pub(super) const KEYS: &[(&str, &str)] = &[
    ("Ctrl Z", "Undo what you did last"),
    ("Esc", "Clear the selection"),
    ("Ctrl K", "Find a command, list or page by typing"),
    ("?", "Show the keys"),
];

/// The keys of the member who is signed in.
pub(super) fn own_keys(boot: &Bootstrap) -> Keys {
    Keys::parse(&boot.me.keys).unwrap_or_default()
}

/// What acts act on: the picked conversations, or else the focused or open one.
#[derive(Clone, Copy)]
pub(super) struct Target {
    acting: Acting,
    list: ListState,
    thread: ThreadState,
    toasts: Toasts,
    /// The focused or open conversation when a dialog was opened, which takes the focus.
    before: StoredValue<Option<ConversationId>>,
    /// Whether a second dialog follows the first.
    holds: StoredValue<bool>,
}

impl Target {
    pub fn new() -> Self {
        let (before, holds) = (StoredValue::new(None), StoredValue::new(false));
        Self { acting: use_acting(), list: use_list(), thread: use_thread(), toasts: use_toasts(), before, holds }
    }

    /// The row with the focus, or the open conversation.
    fn meant(self) -> Option<ConversationId> {
        focused_row().or_else(|| self.list.selected.get_untracked())
    }

    /// Remembers what is meant, because a dialog is about to take the focus.
    fn keep(self) -> bool {
        self.before.set_value(self.meant());
        self.has_any()
    }

    /// Whether there is anything to act on.
    pub fn has_any(self) -> bool {
        self.before.get_value().is_some() || self.acting.picked.with_untracked(|picked| !picked.is_empty())
    }

    /// Another dialog follows: what is meant outlasts the one that closes.
    pub fn hold(self) {
        self.holds.set_value(true);
    }

    /// The dialog was left.
    pub fn forget(self) {
        if !self.holds.try_update_value(std::mem::take).unwrap_or_default() {
            self.before.set_value(None);
        }
    }

    pub fn toasts(self) -> Toasts {
        self.toasts
    }

    pub fn row(self, id: ConversationId) -> Option<ConversationRow> {
        let open = self.thread.open.get_untracked().filter(|row| row.id == id);
        open.or_else(|| self.list.row(id).map(|row| row.get_untracked()))
    }

    /// Asks for which reason to close. Whether there was anything to close.
    pub fn ask_to_close(self) -> bool {
        let is_picked = self.acting.picked.with_untracked(|picked| !picked.is_empty());
        let meant = self.before.get_value().or_else(|| self.meant()).filter(|_| !is_picked);
        let is_some = is_picked || meant.is_some();
        if is_some {
            self.acting.closing.set(Some(Closing::Ask(meant)));
        }
        is_some
    }

    /// Acts. Whether there was anything to act on.
    pub fn act(self, choose: &dyn Fn(&ConversationRow) -> Act) -> bool {
        let Self { acting, list, toasts, .. } = self;
        if acting.picked.with_untracked(|picked| !picked.is_empty()) {
            let first = acting.picked.with_untracked(|picked| picked.first().copied()).and_then(|id| self.row(id));
            if let Some(first) = first {
                act_on_picked(acting, list, toasts, choose(&first));
            }
            return true;
        }
        let id = self.before.get_value().or_else(|| self.meant());
        let Some(row) = id.and_then(|id| self.row(id)) else { return false };
        let (act, seen) = (choose(&row), row.seen());
        if matches!(act, Act::Snooze(_)) && row.state.status == Status::Closed {
            toasts.failed("A closed conversation cannot be snoozed. Reopen it first.");
        } else if act.ahead(seen.inbound, &row) != row {
            let undo = acting.ask(&[(row.id, seen)], act);
            done(acting, toasts, (undo, None), what_was_done(act));
        }
        true
    }
}

/// Listens until the list is gone. `sheet` opens the sheet of keys, `palette` the palette.
pub(super) fn listen(target: Target, sheet: RwSignal<bool>, palette: RwSignal<bool>) {
    let Target { acting, toasts, .. } = target;
    let (search, workspace) = (use_search(), use_workspace());
    let act = move |choose: &dyn Fn(&ConversationRow) -> Act| target.act(choose);
    Effect::new(move |_| {
        let handle = window_event_listener(leptos::ev::keydown, move |event| {
            let command = event.ctrl_key() || event.meta_key();
            let typed = typed_key(&event.key(), &event.code());
            // Also while typing: no text has this key.
            if command && !event.alt_key() && !event.shift_key() && typed == Some('k') && !event.is_composing() {
                event.prevent_default();
                if !is_dialog_open() {
                    target.keep();
                    palette.set(true);
                }
                return;
            }
            if event.default_prevented() || event.is_composing() || is_typing(&event) {
                return;
            }
            let may = workspace.boot.with_untracked(|boot| boot.me.may(Permission::Converse));
            let me = workspace.boot.with_untracked(|boot| boot.me.member.id);
            let used = match (typed.map(|key| key.to_ascii_lowercase()), command, event.alt_key()) {
                (Some('z'), true, false) if !event.shift_key() => {
                    undo_one(acting, toasts, None);
                    true
                }
                (_, true, _) | (_, _, true) => false,
                (Some('?'), ..) => {
                    sheet.set(true);
                    true
                }
                _ if event.key() == "Escape" => {
                    let some = acting.picked.with_untracked(|picked| !picked.is_empty());
                    if some {
                        acting.pick_none();
                    }
                    some
                }
                // Results of a search are in place of the rows.
                _ if search.is_on.get_untracked() || event.shift_key() || !may => false,
                (Some(key), ..) => match workspace.boot.with_untracked(own_keys).command(key) {
                    Some(KeyCommand::Select) => target.meant().map(|id| acting.turn(id)).is_some(),
                    Some(KeyCommand::Snooze) => {
                        let is_some = target.keep();
                        acting.snoozes.set(is_some);
                        is_some
                    }
                    Some(KeyCommand::Assign) => act(&|row| Act::Assign((row.state.assignee != Some(me)).then_some(me))),
                    Some(KeyCommand::Close) => target.ask_to_close(),
                    Some(KeyCommand::Read) => act(&read_or_not),
                    Some(KeyCommand::Reopen) => act(&|_| Act::Reopen),
                    Some(KeyCommand::Pending) => act(&|_| Act::Pending),
                    Some(KeyCommand::Tags) => press("[popovertarget=tags]"),
                    Some(KeyCommand::Reply) => press("[data-turn-to=reply]"),
                    Some(KeyCommand::Note) => press("[data-turn-to=note]"),
                    None => false,
                },
                _ => false,
            };
            if used {
                event.prevent_default();
            }
        });
        on_cleanup(move || handle.remove());
    });
}

/// Marks as read what is not read, and the other way round.
fn read_or_not(row: &ConversationRow) -> Act {
    if row.unread() > 0 { Act::Read } else { Act::Unread }
}

/// The conversation of the row that has the focus.
fn focused_row() -> Option<ConversationId> {
    #[cfg(feature = "hydrate")]
    {
        conversation_of(&document().active_element()?)
    }
    #[cfg(not(feature = "hydrate"))]
    None
}

/// The conversation of the row that an element is in.
#[cfg(feature = "hydrate")]
pub(super) fn conversation_of(element: &web_sys::Element) -> Option<ConversationId> {
    let row = element.closest(".slot").ok().flatten()?.query_selector("a.row").ok().flatten()?;
    row.id().strip_prefix("row-")?.parse().ok()
}

/// Whether a dialog is open.
fn is_dialog_open() -> bool {
    #[cfg(feature = "hydrate")]
    {
        document().query_selector("dialog[open]").ok().flatten().is_some()
    }
    #[cfg(not(feature = "hydrate"))]
    false
}

/// Presses a button of the page. Whether it is there.
pub(super) fn press(selector: &str) -> bool {
    #[cfg(feature = "hydrate")]
    {
        use wasm_bindgen::JsCast;
        let found = document().query_selector(selector).ok().flatten();
        let button = found.and_then(|found| found.dyn_into::<web_sys::HtmlElement>().ok());
        button.map(|button| button.click()).is_some()
    }
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = selector;
        false
    }
}
