//! The sheet of all keys, where members change those that act on conversations (L6).

use leptos::{ev::KeyboardEvent, prelude::*, task::spawn_local};

use super::keys::{self, own_keys};
use crate::{
    api::presence::set_keys,
    components::ui::{Button, Dialog, InlineError, Variant, typed_key},
    state::use_workspace,
};
use model::{ApiError, KeyCommand, Keys};

/// The keys that work without this piece.
const ELSEWHERE: &[(&str, &str)] = &[
    ("↑ ↓", "Move in the list (also k and j)"),
    ("Enter", "Open the conversation"),
    ("/", "Search"),
    ("f", "Filters"),
    ("1 – 9", "Your saved views"),
    ("c", "New e-mail"),
    ("Ctrl Enter", "Send"),
];

/// All keys, in a dialog.
#[component]
pub(super) fn Sheet(
    /// Whether it is open.
    open: RwSignal<bool>,
) -> impl IntoView {
    let asked = Memo::new(move |before: Option<&bool>| before == Some(&true) || open.get());
    let line = |(key, what): &(&'static str, &'static str)| {
        view! {
            <div class="key-line">
                <dt>
                    <kbd>{*key}</kbd>
                </dt>
                <dd>{*what}</dd>
            </div>
        }
    };
    view! {
        <Show when=move || asked.get()>
            <Dialog title="Keyboard shortcuts" open=open>
                <dl class="key-list">{ELSEWHERE.iter().chain(keys::KEYS).map(line).collect_view()}</dl>
                <OwnKeys open />
            </Dialog>
        </Show>
    }
}

/// The keys that a member can change. Press one, then the letter that it should be.
#[component]
fn OwnKeys(open: RwSignal<bool>) -> impl IntoView {
    let workspace = use_workspace();
    let own = Memo::new(move |_| workspace.boot.with(own_keys));
    let (waits, error) = (RwSignal::new(None::<KeyCommand>), RwSignal::new(None::<String>));
    Effect::new(move |_| {
        if !open.get() {
            waits.set(None);
            error.set(None);
        }
    });
    // Shown at once; if it cannot be stored, it is as it was.
    let store = move |keys: Keys| {
        let show = move |keys: &Keys| workspace.boot.try_update(|boot| boot.me.keys = keys.to_string());
        let before = own.get_untracked();
        error.set(None);
        show(&keys);
        spawn_local(async move {
            if let Err(refused) = set_keys(keys.to_string()).await {
                show(&before);
                error.try_set(Some(ApiError::from(refused).to_string()));
            }
        });
    };
    let choose = move |event: KeyboardEvent, command: KeyCommand| {
        if waits.get_untracked() != Some(command) || event.is_composing() || event.key() == "Tab" {
            return;
        }
        if event.key() == "Escape" {
            event.prevent_default();
            event.stop_propagation();
            return waits.set(None);
        }
        let Some(typed) = typed_key(&event.key(), &event.code()) else { return };
        // A browser's own keys stay the browser's.
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        event.prevent_default();
        event.stop_propagation();
        waits.set(None);
        match own.get_untracked().with(command, typed) {
            Ok(keys) => store(keys),
            Err(refused) => error.set(Some(refused.to_string())),
        }
    };
    let line = move |command: &'static KeyCommand| {
        let command = *command;
        let is_waiting = move || waits.get() == Some(command);
        let key = move || own.with(|own| own.of(command).to_string());
        let name = move || match is_waiting() {
            true => format!("{}: press the new letter", command.label()),
            false => format!("{}: {}. Change", command.label(), key()),
        };
        let turn = move |_| {
            error.set(None);
            waits.update(|waits| *waits = (*waits != Some(command)).then_some(command));
        };
        view! {
            <div class="key-line">
                <dt>
                    <button
                        type="button"
                        class="key-own"
                        aria-label=name
                        aria-pressed=move || is_waiting().to_string()
                        on:click=turn
                        on:keydown=move |event| choose(event, command)
                        on:blur=move |_| {
                            if is_waiting() {
                                waits.set(None);
                            }
                        }
                    >
                        <kbd>{move || if is_waiting() { "…".to_owned() } else { key() }}</kbd>
                    </button>
                </dt>
                <dd>{command.label()}</dd>
            </div>
        }
    };
    let usual = move || {
        (own.get() != Keys::default()).then(|| {
            view! {
                <Button variant=Variant::Quiet small=true on_press=move || store(Keys::default())>
                    "Use the usual keys"
                </Button>
            }
        })
    };
    view! {
        <div class="key-head">
            <h3>"On the selected or open conversation"</h3>
            {usual}
        </div>
        <p class="field-hint">"Press a key here, then the letter that you want instead."</p>
        <InlineError error=error />
        <dl class="key-list">{KeyCommand::ALL.iter().map(line).collect_view()}</dl>
    }
}
