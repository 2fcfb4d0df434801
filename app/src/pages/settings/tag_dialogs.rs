//! The dialogs that rename and merge tags, and the choice of a colour.

use std::{future::Future, pin::Pin};

use leptos::{ev::SubmitEvent, prelude::*};

use crate::{
    api::{
        Refused,
        tags::{edit_tag, merge_tag},
    },
    components::{
        tags::{by_name, put, tag_chip},
        ui::{
            Button, Dialog, FieldFrame, FormError, Glyph, Icon, Saving, TextField, Variant, field_error, other_error,
            use_saving,
        },
    },
    state::{WorkspaceState, use_workspace},
};
use model::{Tag, TagColor, TagId};

/// Sends a command and shows the tag that it answers with. The command is boxed, because the code that sends would otherwise be compiled, and
/// downloaded, once for each of them.
pub(super) fn save(
    workspace: WorkspaceState,
    saving: Saving,
    command: impl Future<Output = Result<Tag, Refused>> + 'static,
    done: impl Fn() + 'static,
) {
    let command: Pin<Box<dyn Future<Output = Result<Tag, Refused>>>> = Box::pin(command);
    let done: Box<dyn Fn()> = Box::new(done);
    send(workspace, saving, command, done);
}

fn send(
    workspace: WorkspaceState,
    saving: Saving,
    command: Pin<Box<dyn Future<Output = Result<Tag, Refused>>>>,
    done: Box<dyn Fn()>,
) {
    saving.run(command, move |tag| {
        put(workspace, tag);
        done();
    });
}

/// The name and the colour of a tag, and why they were refused.
pub(super) fn tag_fields(
    id: &'static str,
    label: &'static str,
    name: RwSignal<String>,
    color: RwSignal<TagColor>,
    saving: Saving,
) -> AnyView {
    let error = Signal::from(saving.error);
    let swatch = move |one: TagColor| {
        view! {
            <label class="swatch" data-color=one.as_str()>
                <input
                    type="radio"
                    name=format!("{id}-color")
                    checked=color.get_untracked() == one
                    prop:checked=move || color.get() == one
                    on:change=move |_| color.set(one)
                />
                <span class="dot"></span>
                {one.label()}
            </label>
        }
    };
    let write = move |text: String| {
        saving.error.set(None);
        name.set(text);
    };
    view! {
        <FormError error=other_error(error, &["name"]) />
        <TextField id label value=name on_input=write error=field_error(error, "name") />
        <fieldset class="swatches">
            <legend class="field-label">"Colour"</legend>
            {TagColor::ALL.iter().copied().map(swatch).collect_view()}
        </fieldset>
    }
    .into_any()
}

/// A name in a sentence, whatever the direction of its script: the marks around it keep the two apart.
pub(super) fn quoted(name: &str) -> String {
    format!("“\u{2068}{name}\u{2069}”")
}

/// What a dialog asks about a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// Its name and its colour.
    Edit,
    /// The tag that replaces it.
    Merge,
}

/// The dialog about a tag, made anew each time. It shows the tag as it was when it opened, so that a change by somebody else does not replace
/// what is being typed.
pub(super) fn tag_dialog(asked: RwSignal<Option<(Ask, Tag)>>) -> impl IntoView {
    move || {
        let (ask, tag) = asked.get()?;
        let open = RwSignal::new(true);
        let (title, form) = match ask {
            Ask::Edit => ("Edit tag", edit_form(tag, open)),
            Ask::Merge => ("Merge into another tag", merge_form(tag, open)),
        };
        Some(view! { <Dialog title open>{form}</Dialog> })
    }
}

/// The form in a dialog: its fields, and the buttons that send it and close it.
fn form(
    fields: AnyView,
    word: &'static str,
    saving: Saving,
    why_not: Signal<Option<String>>,
    open: RwSignal<bool>,
    send: impl Fn() + 'static,
) -> AnyView {
    let submit: Box<dyn Fn(SubmitEvent)> = Box::new(move |event| {
        event.prevent_default();
        send();
    });
    view! {
        <form class="form" on:submit=submit>
            {fields}
            <div class="form-buttons">
                <Button on_press=move || open.set(false)>"Cancel"</Button>
                <Button variant=Variant::Primary submit=true busy=saving.busy disabled_because=why_not>
                    {word}
                </Button>
            </div>
        </form>
    }
    .into_any()
}

/// Renames a tag or gives it another colour.
fn edit_form(tag: Tag, open: RwSignal<bool>) -> AnyView {
    let workspace = use_workspace();
    let saving = use_saving();
    let Tag { id, archived, .. } = tag;
    let (name, color) = (RwSignal::new(tag.name), RwSignal::new(tag.color));
    let send = move || {
        let edited = edit_tag(id, name.get_untracked(), color.get_untracked(), archived);
        save(workspace, saving, edited, move || _ = open.try_set(false));
    };
    form(tag_fields("edit-tag", "Name", name, color, saving), "Save", saving, Signal::stored(None), open, send)
}

/// Replaces a tag by another one.
fn merge_form(tag: Tag, open: RwSignal<bool>) -> AnyView {
    let workspace = use_workspace();
    let saving = use_saving();
    let id = tag.id;
    let into = RwSignal::new(None::<TagId>);
    let others = workspace.boot.with_untracked(|boot| {
        let others = by_name(boot.tags.iter().filter(|one| one.id != id && !one.archived).collect());
        others.into_iter().cloned().collect::<Vec<_>>()
    });
    let none = others.is_empty();
    let option = |tag: Tag| view! { <option value=tag.id.to_string()>{tag.name}</option> };
    let options = others.into_iter().map(option).collect_view();
    let chosen = Memo::new(move |_| {
        let into = into.get()?;
        workspace.boot.with(|boot| boot.tags.iter().find(|tag| tag.id == into).cloned())
    });
    let old = quoted(&tag.name);
    let consequence = move || match chosen.with(|tag| tag.as_ref().map(|tag| quoted(&tag.name))) {
        _ if none => "There is no other tag. Add one first.".to_owned(),
        None => format!("Choose the tag that replaces {old}."),
        Some(new) => format!(
            "Every conversation and contact with {old} gets {new} instead. {old} is archived. This cannot be undone."
        ),
    };
    let why_not = Signal::derive(move || chosen.with(Option::is_none).then(|| "Choose a tag first".to_owned()));
    let send = move || {
        let Some(into) = into.get_untracked() else { return };
        save(workspace, saving, merge_tag(id, into), move || _ = open.try_set(false));
    };
    let fields = view! {
        <FormError error=saving.failure() />
        <FieldFrame id="merge-into" label="Merge into">
            <div class="merge">
                {tag_chip(&tag)} <Glyph icon=Icon::ChevronRight flip=true /> <span class="select">
                    <select
                        class="input"
                        id="merge-into"
                        on:change=move |event| into.set(event_target_value(&event).parse().ok())
                    >
                        <option value="">"Choose a tag"</option>
                        {options}
                    </select>
                    <Glyph icon=Icon::ChevronDown />
                </span>
            </div>
        </FieldFrame>
        <p role="status">{consequence}</p>
    };
    form(fields.into_any(), "Merge", saving, why_not, open, send)
}
