//! The dialogs that rename and merge tags, and the choice of a colour.

use leptos::{ev::SubmitEvent, prelude::*};

use super::tags::Dialogs;
use crate::{
    api::tags::{edit_tag, merge_tag},
    components::{
        tags::{put, tag_chip},
        ui::{
            Button, Dialog, FieldFrame, FormError, Glyph, Icon, TextField, Variant, field_error, other_error,
            use_saving,
        },
    },
    state::{WorkspaceState, use_workspace},
};
use model::{Tag, TagColor, TagId};

/// The eight colours of tags.
#[component]
pub(super) fn ColorChoice(
    /// The name of the group of radio buttons. Unique in the page.
    id: &'static str,
    /// The chosen colour.
    #[prop(into)]
    value: Signal<TagColor>,
    /// Called with another colour.
    #[prop(into)]
    on_choose: Callback<(TagColor,)>,
) -> impl IntoView {
    let swatch = move |color: TagColor| {
        view! {
            <label class="swatch" data-color=color.as_str()>
                <input
                    type="radio"
                    name=id
                    value=color.as_str()
                    checked=value.get_untracked() == color
                    prop:checked=move || value.get() == color
                    on:change=move |_| on_choose.run((color,))
                />
                <span class="dot"></span>
                {color.label()}
            </label>
        }
    };
    view! {
        <fieldset class="swatches">
            <legend class="field-label">"Colour"</legend>
            {TagColor::ALL.iter().copied().map(swatch).collect_view()}
        </fieldset>
    }
}

/// The content of a dialog, made anew for each tag it is opened for.
fn about_tag(
    workspace: WorkspaceState,
    dialogs: Dialogs,
    open: RwSignal<bool>,
    draw: impl Fn(Tag) -> AnyView + Send + Sync + 'static,
) -> impl IntoView {
    // The fields show the tag as it was when the dialog opened. A change by somebody else does not replace what is being typed.
    let about = Memo::new(move |_| open.get().then(|| dialogs.tag.get_untracked()).flatten());
    move || {
        let id = about.get()?;
        let tag = workspace.boot.with_untracked(|boot| boot.tags.iter().find(|tag| tag.id == id).cloned())?;
        Some(draw(tag))
    }
}

/// Renames a tag or gives it another colour.
#[component]
pub(super) fn EditDialog(dialogs: Dialogs) -> impl IntoView {
    let workspace = use_workspace();
    view! {
        <Dialog title="Edit tag" open=dialogs.edit>
            {about_tag(workspace, dialogs, dialogs.edit, move |tag| view! { <EditForm tag open=dialogs.edit /> }.into_any())}
        </Dialog>
    }
}

#[component]
fn EditForm(tag: Tag, open: RwSignal<bool>) -> impl IntoView {
    let workspace = use_workspace();
    let saving = use_saving();
    let Tag { id, archived, .. } = tag;
    let (name, color) = (RwSignal::new(tag.name), RwSignal::new(tag.color));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let edited = edit_tag(id, name.get_untracked(), color.get_untracked(), archived);
        saving.run(edited, move |tag| {
            put(workspace, tag);
            open.try_set(false);
        });
    };
    let error = Signal::from(saving.error);
    view! {
        <form class="form" on:submit=submit>
            <FormError error=other_error(error, &["name"]) />
            <TextField
                id="edit-tag-name"
                label="Name"
                value=name
                on_input=move |text: String| name.set(text)
                error=field_error(error, "name")
            />
            <ColorChoice id="edit-tag-color" value=color on_choose=move |chosen: TagColor| color.set(chosen) />
            <div class="form-buttons">
                <Button on_press=move || open.set(false)>"Cancel"</Button>
                <Button variant=Variant::Primary submit=true busy=saving.busy>
                    "Save"
                </Button>
            </div>
        </form>
    }
    .into_any()
}

/// Replaces a tag by another one.
#[component]
pub(super) fn MergeDialog(dialogs: Dialogs) -> impl IntoView {
    let workspace = use_workspace();
    view! {
        <Dialog title="Merge into another tag" open=dialogs.merge>
            {about_tag(workspace, dialogs, dialogs.merge, move |tag| view! { <MergeForm tag open=dialogs.merge /> }.into_any())}
        </Dialog>
    }
}

#[component]
fn MergeForm(tag: Tag, open: RwSignal<bool>) -> impl IntoView {
    let workspace = use_workspace();
    let saving = use_saving();
    let id = tag.id;
    let into = RwSignal::new(None::<TagId>);
    let others = workspace.boot.with_untracked(|boot| {
        let mut others: Vec<Tag> = boot.tags.iter().filter(|one| one.id != id && !one.archived).cloned().collect();
        others.sort_by_cached_key(|tag| Tag::key(&tag.name));
        others
    });
    let none = others.is_empty();
    let option = |tag: Tag| view! { <option value=tag.id.to_string()>{tag.name}</option> };
    let options = others.into_iter().map(option).collect_view();
    let chosen = Memo::new(move |_| {
        let into = into.get()?;
        workspace.boot.with(|boot| boot.tags.iter().find(|tag| tag.id == into).cloned())
    });
    let name = tag.name.clone();
    let consequence = move || {
        let old = name.clone();
        match chosen.get() {
            _ if none => "There is no other tag. Add one first.".into_any(),
            None => view! { "Choose the tag that replaces “" <bdi>{old}</bdi> "”." }.into_any(),
            Some(new) => view! {
                "Every conversation and contact with “" <bdi>{old.clone()}</bdi> "” gets “" <bdi>{new.name}</bdi> "” instead. “"
                <bdi>{old}</bdi> "” is archived. This cannot be undone."
            }
            .into_any(),
        }
    };
    let why_not = Signal::derive(move || match chosen.with(Option::is_none) {
        true if none => Some("There is no other tag".to_owned()),
        true => Some("Choose a tag first".to_owned()),
        false => None,
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(into) = into.get_untracked() else { return };
        saving.run(merge_tag(id, into), move |tag| {
            put(workspace, tag);
            open.try_set(false);
        });
    };
    view! {
        <form class="form" on:submit=submit>
            <FormError error=saving.failure() />
            <FieldFrame id="merge-into" label="Merge into">
                <div class="merge">
                    {tag_chip(&tag)}
                    <Glyph icon=Icon::ChevronRight flip=true />
                    <span class="select">
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
            <div class="form-buttons">
                <Button on_press=move || open.set(false)>"Cancel"</Button>
                <Button variant=Variant::Primary submit=true busy=saving.busy disabled_because=why_not>
                    "Merge"
                </Button>
            </div>
        </form>
    }
    .into_any()
}
