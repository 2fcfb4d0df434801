//! The tags of the conversation and of its contact: chips that can be removed, and a button that adds more (D3).

use leptos::{prelude::*, task::spawn_local};

use super::picker::TagPicker;
use crate::{
    api::{Refused, tags::tag_contact},
    components::{
        tags::{current, shown},
        ui::{Glyph, Icon, InlineError, Pill, Toast, Toasts, Tone, use_toasts},
    },
    state::{Acting, ThreadState, WorkspaceState, use_acting, use_thread, use_workspace},
};
use model::{Act, ContactId, ConversationId, ConversationRow, MOST_TAGS, Permission, Tag, TagId, Tags};

/// The conversation or the contact that has the tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bearer {
    /// The open conversation.
    Conversation(ConversationId),
    /// Its contact.
    Contact(ContactId),
}

/// Adds a tag to a contact, or removes tags that are shown as one.
async fn turn_contact(thread: ThreadState, id: ContactId, tags: Vec<TagId>, add: bool) -> Result<(), Refused> {
    for tag in tags {
        let contact = tag_contact(id, tag, add).await?;
        thread.contact.try_update(|shown| {
            if shown.as_ref().is_some_and(|shown| shown.id == id) {
                *shown = Some(contact);
            }
        });
    }
    Ok(())
}

/// The tags of a conversation or contact, and the changes on their way. Copies share their state.
#[derive(Clone, Copy)]
pub(super) struct Tagged {
    pub(super) workspace: WorkspaceState,
    thread: ThreadState,
    acting: Acting,
    toasts: Toasts,
    bearer: Bearer,
    /// The tags as they are stored.
    pub(super) tags: Memo<Tags>,
    /// The tags that are being added or removed.
    pub(super) busy: RwSignal<Vec<TagId>>,
    /// Why the last change was refused.
    pub(super) error: RwSignal<Option<String>>,
    /// Whether the picker is open. It then shows what was refused.
    pub(super) open: RwSignal<bool>,
}

impl Tagged {
    fn new(bearer: Bearer, tags: Memo<Tags>) -> Self {
        Self {
            workspace: use_workspace(),
            thread: use_thread(),
            acting: use_acting(),
            toasts: use_toasts(),
            bearer,
            tags,
            busy: RwSignal::new(Vec::new()),
            error: RwSignal::new(None),
            open: RwSignal::new(false),
        }
    }

    /// The tags on screen.
    pub(super) fn shown(self) -> Vec<Tag> {
        let tags = self.tags.get();
        self.workspace.boot.with(|boot| shown(&boot.tags, tags).into_iter().cloned().collect())
    }

    /// Adds or removes a tag, and offers to undo it.
    pub(super) fn turn(self, tag: &Tag, add: bool) {
        let id = tag.id;
        if self.busy.with_untracked(|busy| busy.contains(&id)) {
            return;
        }
        let seen = self.thread.open.with_untracked(|row| row.as_ref().map(ConversationRow::seen));
        let Some(seen) = seen else { return };
        let stored = self.tags.get_untracked();
        // While a merge runs, the tag on screen may be stored as an older one.
        let meant = self.workspace.boot.with_untracked(|boot| {
            let is_meant = |one: &TagId| current(&boot.tags, *one).is_some_and(|one| one.id == id);
            if add { vec![id] } else { stored.iter().filter(is_meant).collect() }
        });
        self.error.set(None);
        let contact = match self.bearer {
            Bearer::Conversation(conversation) => {
                if add && stored.with(id).is_none() {
                    let full = format!("There are {MOST_TAGS} tags already. Remove one, then add this.");
                    return self.error.set(Some(full));
                }
                for tag in meant {
                    let act = if add { Act::AddTag(tag) } else { Act::RemoveTag(tag) };
                    self.acting.did(self.acting.ask(&[(conversation, seen)], act), act);
                }
                return;
            }
            Bearer::Contact(contact) => contact,
        };
        self.busy.update(|busy| busy.push(id));
        // An archived tag cannot come back by undoing.
        let undoes = add || !tag.archived;
        let Self { thread, toasts, .. } = self;
        spawn_local(async move {
            match turn_contact(thread, contact, meant, add).await {
                Ok(()) => {
                    let toast = Toast::new(if add { "Tag added" } else { "Tag removed" }).tone(Tone::Good);
                    // Made here, where nothing owns it: the toast outlives the panel.
                    let undo = move || toasts.run(turn_contact(thread, contact, vec![id], !add), |()| ());
                    toasts.push(if undoes { toast.action("Undo", undo) } else { toast });
                }
                Err(Refused(error)) => drop(self.error.try_set(Some(error.to_string()))),
            }
            self.busy.try_update(|busy| busy.retain(|other| *other != id));
        });
    }
}

/// The section with the tags.
#[component]
pub(super) fn TagsSection(id: ConversationId) -> impl IntoView {
    let (workspace, thread) = (use_workspace(), use_thread());
    let may = workspace.boot.with_untracked(|boot| boot.me.may(Permission::Converse));
    // While another conversation opens, its row is not this one's.
    let tags = Memo::new(move |before: Option<&Tags>| {
        let row = thread.open.with(|row| row.as_ref().filter(|row| row.id == id).map(|row| row.tags));
        row.or(before.copied()).unwrap_or_default()
    });
    let contact = Memo::new(move |_| thread.contact.with(|contact| contact.as_ref().map(|contact| contact.id)));
    let of_contact = move || {
        let id = contact.get()?;
        let tags = Memo::new(move |before: Option<&Tags>| {
            let of = thread.contact.with(|one| one.as_ref().filter(|one| one.id == id).map(|one| one.tags));
            of.or(before.copied()).unwrap_or_default()
        });
        let tagged = Tagged::new(Bearer::Contact(id), tags);
        Some(view! { <TagLine tagged may /> })
    };
    let tagged = Tagged::new(Bearer::Conversation(id), tags);
    view! {
        <section class="sec" aria-label="Tags">
            <div class="sec-head">
                <h2>"Tags"</h2>
            </div>
            <TagLine tagged may />
            {of_contact}
        </section>
    }
}

/// The chips of a conversation or contact.
#[component]
fn TagLine(tagged: Tagged, may: bool) -> impl IntoView {
    let is_contact = matches!(tagged.bearer, Bearer::Contact(_));
    let name = if is_contact { "Tags of the contact" } else { "Tags of the conversation" };
    let ids = Memo::new(move |_| tagged.shown().into_iter().map(|tag| tag.id).collect::<Vec<_>>());
    let none = move || (!may && ids.with(Vec::is_empty)).then(|| view! { <span class="tags-none">"None"</span> });
    let picker = may.then(|| {
        let (id, name) = if is_contact { ("contact-tags", "Add tags to the contact") } else { ("tags", "Add tags") };
        view! { <TagPicker tagged id name /> }
    });
    let refused = Signal::derive(move || tagged.error.get().filter(|_| !tagged.open.get()));
    view! {
        {is_contact.then(|| view! { <h3 class="tags-head">"On the contact"</h3> })}
        <div class="tags">
            <ul class="tags-list" aria-label=name hidden=move || ids.with(Vec::is_empty)>
                <For each=move || ids.get() key=|id| *id let:id>
                    <TagItem tagged id may is_contact />
                </For>
            </ul>
            {none}
            {picker}
        </div>
        <InlineError error=refused />
    }
}

/// One chip with its button.
#[component]
fn TagItem(tagged: Tagged, id: TagId, may: bool, is_contact: bool) -> impl IntoView {
    let workspace = tagged.workspace;
    let tag = Memo::new(move |_| workspace.boot.with(|boot| boot.tags.iter().find(|tag| tag.id == id).cloned()));
    let is_busy = move || tagged.busy.with(|busy| busy.contains(&id));
    let chip = move || {
        let tag = tag.get()?;
        let of = if is_contact { " from the contact" } else { "" };
        let remove = may.then(|| {
            let name = format!("Remove tag {}{of}", tag.name);
            let tag = tag.clone();
            view! {
                <button type="button" class="pill-x" aria-label=name on:click=move |_| tagged.turn(&tag, false)>
                    <Glyph icon=Icon::X />
                </button>
            }
        });
        Some(view! {
            <Pill text=tag.name.clone() title=tag.name dot=tag.color.as_str()>
                {remove}
            </Pill>
        })
    };
    view! { <li aria-busy=move || is_busy().then_some("true")>{chip}</li> }
}
