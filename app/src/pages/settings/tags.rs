//! The page of the tags: how often each is used, a form for a new one, and what an admin can do to them (D3).

use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use super::{
    parts::{AdminOnly, PageHead},
    tag_dialogs::{Ask, save, tag_dialog, tag_fields},
    tag_row::TagRow,
};
use crate::{
    api::tags::{TagUse, add_tag, tag_uses},
    components::{
        tags::by_name,
        ui::{Button, EmptyState, FormError, Icon, TableCard, Variant, use_saving},
    },
    state::{WorkspaceState, use_workspace},
};
use model::{ApiError, Tag, TagColor, TagId};

/// The headings of both tables.
const COLUMNS: [&str; 3] = ["Tag", "Conversations", "Contacts"];
/// How long a merge of a few hundred conversations takes. The numbers are read again after it.
const MERGE_TAKES: std::time::Duration = std::time::Duration::from_secs(2);

/// All tags, and a form for a new one.
#[component]
pub fn SettingsTags() -> impl IntoView {
    view! {
        <PageHead title="Tags" lead="Short labels for conversations and contacts. Members can also create them while they type." />
        <AdminOnly>
            <TagTables />
            <NewTag />
        </AdminOnly>
    }
    .into_any()
}

/// The tags in use, the archived ones, and the dialog about one of them.
#[component]
fn TagTables() -> impl IntoView {
    let workspace = use_workspace();
    // The names are in the workspace already. The numbers follow, so that the page need not wait for them.
    let uses = RwSignal::new(None::<Vec<TagUse>>);
    let error = RwSignal::new(None::<String>);
    let read = move || {
        spawn_local(async move {
            let answer = tag_uses().await;
            error.try_set(answer.as_ref().err().map(ToString::to_string));
            if let Ok(now) = answer {
                uses.try_set(Some(now));
            }
        });
    };
    let merged =
        Memo::new(move |_| workspace.boot.with(|boot| boot.tags.iter().filter_map(|tag| tag.merged_into).count()));
    Effect::new(move |before: Option<usize>| {
        let merged = merged.get();
        if before != Some(merged) {
            read();
        }
        if before.is_some_and(|before| before < merged) {
            set_timeout(read, MERGE_TAKES);
        }
        merged
    });
    let asked = RwSignal::new(None::<(Ask, Tag)>);
    let table = move |archived: bool| {
        let ids = Memo::new(move |_| {
            workspace.boot.with(|boot| {
                let tags = by_name(boot.tags.iter().filter(|tag| tag.archived == archived).collect());
                tags.into_iter().map(|tag| tag.id).collect::<Vec<_>>()
            })
        });
        let none = Memo::new(move |_| ids.with(Vec::is_empty));
        let rows = move || ids.get().into_iter().map(|id| view! { <TagRow id uses asked /> }).collect_view();
        let (title, about) = match archived {
            true => ("Archived", "They stay where they are and cannot be added."),
            false => ("In use", "Everybody who may reply can add and remove them."),
        };
        move || match (none.get(), archived) {
            (true, true) => ().into_any(),
            (true, false) => view! {
                <section class="card">
                    <EmptyState icon=Icon::Tags title="No tags yet" text="Add one below, or beside a conversation." />
                </section>
            }
            .into_any(),
            (false, _) => view! {
                <TableCard title about is_region=true columns=&COLUMNS actions=true>
                    {rows}
                </TableCard>
            }
            .into_any(),
        }
    };
    view! {
        <FormError error=error.into() />
        {table(false)}
        {table(true)}
        {tag_dialog(asked)}
    }
    .into_any()
}

#[component]
fn NewTag() -> impl IntoView {
    let workspace = use_workspace();
    let saving = use_saving();
    // The colour that the next tag would get by itself.
    let next = move || {
        let last = workspace.boot.with_untracked(|boot| boot.tags.last().map_or(0, |tag| tag.id.number()));
        TagColor::of_new(TagId::new(last + 1))
    };
    let (name, color) = (RwSignal::new(String::new()), RwSignal::new(next()));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let new = name.get_untracked();
        // The server answers with the tag that has this name. Here that would look as if nothing happened.
        if untrack(|| is_known(workspace, &new)) {
            return saving.error.set(Some(ApiError::invalid("name", "This tag exists already.")));
        }
        save(workspace, saving, add_tag(new, Some(color.get_untracked())), move || {
            name.try_set(String::new());
            color.try_set(next());
        });
    };
    view! {
        <form class="card" method="dialog" on:submit=submit>
            <div class="card-body form">{tag_fields("new-tag", "New tag", name, color, saving)}</div>
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
