//! A value that is edited in place.

use leptos::{ev::KeyboardEvent, html, prelude::*};

use super::{Glyph, Icon};

/// The progress of saving a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SaveState {
    /// Nothing is being saved.
    #[default]
    Idle,
    /// The value is being saved.
    Saving,
    /// Saving failed, with the error. The field stays open with the typed text.
    Failed(String),
}

/// A value that a click or Enter turns into an input. Enter or leaving the input saves. Esc restores the old value.
#[component]
pub fn EditableField(
    /// The name of the value ("Phone").
    #[prop(into)]
    label: String,
    /// The value.
    #[prop(into)]
    value: Signal<String>,
    /// The progress of saving.
    #[prop(optional, into)]
    state: Signal<SaveState>,
    /// The text shown while there is no value.
    #[prop(default = "Add".to_owned(), into)]
    empty: String,
    /// Called with the new value, only if it differs from the old one.
    #[prop(into)]
    on_save: Callback<(String,)>,
) -> impl IntoView {
    let editing = RwSignal::new(false);
    let draft = RwSignal::new(value.get_untracked());
    let shown = NodeRef::<html::Button>::new();
    let input = NodeRef::<html::Input>::new();
    let failed = Memo::new(move |_| state.with(|s| matches!(s, SaveState::Failed(_))));
    let open = Memo::new(move |_| editing.get() || failed.get());
    let saving = move || state.with(|s| *s == SaveState::Saving);

    let start = move || {
        draft.set(value.get_untracked());
        editing.set(true);
    };
    let save = move || {
        if editing.get_untracked() || failed.get_untracked() {
            editing.set(false);
            let new = draft.get_untracked().trim().to_owned();
            if new != value.get_untracked() || failed.get_untracked() {
                on_save.run((new,));
            }
        }
    };
    // Giving up after an error saves the old value again. This clears the error wherever it is stored.
    let give_up = move || {
        editing.set(false);
        if failed.get_untracked() {
            on_save.run((value.get_untracked(),));
        }
    };
    let keys = move |event: KeyboardEvent| match event.key().as_str() {
        "Enter" => {
            event.prevent_default();
            save();
        }
        "Escape" => {
            event.prevent_default();
            event.stop_propagation();
            give_up();
        }
        _ => {}
    };
    Effect::new(move |was_open: Option<bool>| {
        let is_open = open.get();
        if let Some(field) = input.get().filter(|_| is_open && was_open != Some(true)) {
            let _ = field.focus();
            field.select();
        } else if let Some(button) = shown.get().filter(|_| was_open == Some(true) && !is_open) {
            let _ = button.focus();
        }
        is_open
    });

    let data_state = move || match (open.get(), state.get()) {
        (_, SaveState::Failed(_)) => "error",
        (true, _) => "edit",
        (false, SaveState::Saving) => "saving",
        (false, SaveState::Idle) => "view",
    };
    let name = StoredValue::new(label);
    let nothing = StoredValue::new(empty);
    let body = move || {
        if open.get() {
            view! {
                <input
                    class="edit-input"
                    node_ref=input
                    aria-label=name.get_value()
                    aria-invalid=move || failed.get().then_some("true")
                    value=draft.get_untracked()
                    prop:value=move || draft.get()
                    on:input=move |event| draft.set(event_target_value(&event))
                    on:keydown=keys
                    // Removing the input from the page also fires `blur`. The signals may be gone by then.
                    on:blur=move |_| if failed.try_get_untracked() == Some(false) { save() }
                />
            }
            .into_any()
        } else {
            let saving = saving();
            let current = if saving { draft.get() } else { value.get() };
            let class = if current.is_empty() { "cut edit-empty" } else { "cut" };
            let text = if current.is_empty() { nothing.get_value() } else { current };
            let says = format!("Edit {}: {text}", name.get_value());
            let mark = if saving {
                view! { <span class="spin push" role="status" aria-label="Saving"></span> }.into_any()
            } else {
                view! { <Glyph icon=Icon::Pencil /> }.into_any()
            };
            view! {
                <button
                    type="button"
                    class="edit-view"
                    node_ref=shown
                    aria-label=says
                    on:click=move |_| start()
                >
                    <span class=class>{super::breakable(&text)}</span>
                    {mark}
                </button>
            }
            .into_any()
        }
    };
    let error = move || match state.get() {
        SaveState::Failed(reason) => Some(view! { <p class="edit-error">{reason}</p> }),
        _ => None,
    };
    view! {
        <div class="edit" data-state=data_state>
            {body}
            <div role="alert">{error}</div>
        </div>
    }
}
