//! The page of the tags: how often each is used, a form for a new one, and what an admin can do to them (D3).

use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use super::{
    parts::{AdminOnly, PageHead, loaded},
    tag_dialogs::{ColorChoice, EditDialog, MergeDialog},
    tag_row::TagRow,
};
use crate::{
    api::tags::{TagUse, add_tag, tag_uses},
    components::{
        tags::put,
        ui::{
            Button, EmptyState, FormError, Icon, TableCard, TextField, Variant, field_error, other_error, use_saving,
        },
    },
    json::fetched,
    state::{WorkspaceState, use_workspace},
};
use model::{ApiError, Tag, TagColor, TagId};

/// How long a merge of a few hundred conversations takes. The numbers are read again after it.
const MERGE_TAKES: std::time::Duration = std::time::Duration::from_secs(2);

/// All tags, and a form for a new one.
#[component]
pub fn SettingsTags() -> impl IntoView {
    view! {
        <PageHead title="Tags" lead="Short labels for conversations and contacts. Members create them where they type them." />
        <AdminOnly>
            <TagPage />
        </AdminOnly>
    }
    .into_any()
}

/// The dialog that is open, and the tag it is about.
#[derive(Clone, Copy)]
pub(super) struct Dialogs {
    pub(super) edit: RwSignal<bool>,
    pub(super) merge: RwSignal<bool>,
    pub(super) tag: RwSignal<Option<TagId>>,
}

#[component]
fn TagPage() -> impl IntoView {
    let dialogs = Dialogs { edit: RwSignal::new(false), merge: RwSignal::new(false), tag: RwSignal::new(None) };
    let uses = fetched(|| (), |()| tag_uses());
    view! {
        {loaded(uses, 4, move |uses| view! { <TagTables uses dialogs /> }.into_any())}
        <NewTag />
        <EditDialog dialogs />
        <MergeDialog dialogs />
    }
    .into_any()
}

/// The tags in use, then the archived ones.
#[component]
fn TagTables(
    /// The numbers as the page came.
    uses: Vec<TagUse>,
    dialogs: Dialogs,
) -> impl IntoView {
    let workspace = use_workspace();
    let uses = RwSignal::new(uses);
    let read = move || {
        spawn_local(async move {
            // A failure leaves the old numbers, which are as good as none.
            if let Ok(now) = tag_uses().await {
                uses.try_set(now);
            }
        });
    };
    // Only the numbers are read again, so that the rows, their menus and the focus stay.
    let merged =
        Memo::new(move |_| workspace.boot.with(|boot| boot.tags.iter().filter_map(|tag| tag.merged_into).count()));
    Effect::new(move |before: Option<usize>| {
        let merged = merged.get();
        if before.is_some_and(|before| before != merged) {
            read();
            set_timeout(read, MERGE_TAKES);
        }
        merged
    });
    let ids = move |archived: bool| {
        Memo::new(move |_| {
            workspace.boot.with(|boot| {
                let mut tags: Vec<&Tag> = boot.tags.iter().filter(|tag| tag.archived == archived).collect();
                tags.sort_by_cached_key(|tag| Tag::key(&tag.name));
                tags.into_iter().map(|tag| tag.id).collect::<Vec<_>>()
            })
        })
    };
    let (in_use, archived) = (ids(false), ids(true));
    let rows = move |ids: Memo<Vec<TagId>>| {
        view! {
            <For each=move || ids.get() key=|id| *id let:id>
                <TagRow id uses dialogs />
            </For>
        }
    };
    view! {
        <Show when=move || in_use.with(Vec::is_empty)>
            <section class="card">
                <EmptyState icon=Icon::Tags title="No tags yet" text="Add one below, or beside a conversation." />
            </section>
        </Show>
        <Show when=move || !in_use.with(Vec::is_empty)>
            <TableCard columns=&["Tag", "Conversations", "Contacts"] actions=true>
                {rows(in_use)}
            </TableCard>
        </Show>
        <Show when=move || !archived.with(Vec::is_empty)>
            <TableCard
                title="Archived"
                about="They stay where they are and cannot be added."
                is_region=true
                columns=&["Tag", "Conversations", "Contacts"]
                actions=true
            >
                {rows(archived)}
            </TableCard>
        </Show>
    }
    .into_any()
}

#[component]
fn NewTag() -> impl IntoView {
    let workspace = use_workspace();
    let saving = use_saving();
    let name = RwSignal::new(String::new());
    let chosen = RwSignal::new(None::<TagColor>);
    // The colour that the next tag gets by itself.
    let usual = Memo::new(move |_| {
        let last = workspace.boot.with(|boot| boot.tags.last().map_or(0, |tag| tag.id.number()));
        TagColor::of_new(TagId::new(last + 1))
    });
    let color = Signal::derive(move || chosen.get().unwrap_or(usual.get()));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let new = name.get_untracked();
        // The server answers with the tag that has this name. Here that would look as if nothing happened.
        if untrack(|| is_known(workspace, &new)) {
            return saving.error.set(Some(ApiError::invalid("name", "This tag exists already.")));
        }
        saving.run(add_tag(new, Some(color.get_untracked())), move |tag| {
            put(workspace, tag);
            name.try_set(String::new());
            chosen.try_set(None);
        });
    };
    let error = Signal::from(saving.error);
    view! {
        <form class="card" method="dialog" on:submit=submit>
            <div class="card-body form">
                <FormError error=other_error(error, &["name"]) />
                <TextField
                    id="tag-name"
                    label="New tag"
                    value=name
                    on_input=move |text: String| {
                        saving.error.set(None);
                        name.set(text);
                    }
                    placeholder="Needs a reply"
                    error=field_error(error, "name")
                />
                <ColorChoice id="tag-color" value=color on_choose=move |color: TagColor| chosen.set(Some(color)) />
            </div>
            <div class="card-foot">
                <Button variant=Variant::Primary icon=Icon::Plus submit=true busy=saving.busy>
                    "Add tag"
                </Button>
            </div>
        </form>
    }
    .into_any()
}

/// Whether a tag in use has this name, whatever the case.
fn is_known(workspace: WorkspaceState, name: &str) -> bool {
    let Ok(name) = Tag::check_name(name) else { return false };
    let key = Tag::key(&name);
    workspace.boot.with(|boot| boot.tags.iter().any(|tag| !tag.archived && Tag::key(&tag.name) == key))
}
