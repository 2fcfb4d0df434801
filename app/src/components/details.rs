//! The right panel: who it is with, edited in place (D2), and where the conversation stands (D4, D5).

use leptos::prelude::*;

use super::{
    frame::{Resizer, Side},
    words::{duration, member_name, status_label},
};
use crate::{
    api::conversation::{change_state, edit_contact, make_contact},
    components::ui::{
        Avatar, AvatarSize, EditableField, Glyph, Icon, IconButton, ItemTone, Menu, MenuItem, RelativeTime, SaveState,
        Toast, Toasts, Tone,
    },
    model::{
        Act, AiMode, ApiError, CloseReason, Contact, ContactField, ContactId, ConversationId, ConversationRow,
        LeadStatus, Permission, Status, Thread,
    },
    state::{new_uuid, use_house, use_inbox, use_now},
};

/// The fields in the order shown; the name stands above, the lead status below.
const FIELDS: [(ContactField, &str); 8] = [
    (ContactField::Name, "Add a name"),
    (ContactField::Email, "Add"),
    (ContactField::Phone, "Add"),
    (ContactField::Company, "Add"),
    (ContactField::Title, "Add"),
    (ContactField::Location, "Add"),
    (ContactField::Language, "Add"),
    (ContactField::TimeZone, "Add"),
];

/// Does something to a conversation's state, and tells when it could not be done.
pub fn act_on() -> Callback<(ConversationId, i64, Act)> {
    let toasts = use_context::<Toasts>();
    Callback::new(move |(id, seen, act): (ConversationId, i64, Act)| {
        leptos::task::spawn_local(async move {
            if let Err(error) = change_state(id, seen, act).await
                && let Some(toasts) = toasts
            {
                toasts.push(Toast::new(error.to_string()).tone(Tone::Bad));
            }
        });
    })
}

/// The red ✕: a reason in one click (T13).
pub fn close_menu(menu: &'static str, id: ConversationId, seen: i64) -> impl IntoView {
    let act = act_on();
    let item = move |reason: CloseReason| {
        let close = Callback::new(move |()| act.run((id, seen, Act::Close(reason))));
        view! { <MenuItem label=reason.label() on_select=close /> }
    };
    view! {
        <Menu
            id=menu
            name="Close conversation"
            button_class="icon-btn icon-btn-danger"
            icon_only=true
            align_end=true
            trigger=|| view! { <Glyph icon=Icon::X /> }
        >
            {CloseReason::ALL.iter().copied().map(item).collect_view()}
        </Menu>
    }
}

/// The right panel.
#[component]
pub fn DetailsPanel(
    /// The open conversation.
    thread: Resource<Option<Result<Thread, ApiError>>>,
    /// Hides it.
    #[prop(into)]
    close: Callback<()>,
) -> impl IntoView {
    view! {
        <aside class="panel details" aria-label="Details">
            <header class="bar">
                <h2 class="bar-title">"Details"</h2>
                <span class="push"></span>
                <IconButton icon=Icon::X name="Close details" class="details-close" at_end=true on_press=close />
            </header>
            <div class="scroll">
                <Transition fallback=|| ()>
                    {move || Suspend::new(async move {
                        // The centre has put the thread into the store when this goes on; both sides wait for the same.
                        match thread.await {
                            Some(Ok(thread)) => {
                                let id = thread.row.id;
                                view! { <Person id /> <Facts id /> }.into_any()
                            }
                            _ => ().into_any(),
                        }
                    })}
                </Transition>
            </div>
            <Resizer side=Side::Details />
        </aside>
    }
    .into_any()
}

/// Who it is with.
#[component]
fn Person(id: ConversationId) -> impl IntoView {
    let (house, inbox) = (use_house(), use_inbox());
    let name = Memo::new(move |_| {
        inbox.open.with(|row| row.as_ref().map(|r| r.display_name().to_owned()).unwrap_or_default())
    });
    let role = move || {
        let contact = inbox.contact.get();
        contact.map_or_else(
            || "Not a contact yet. Add a name or an address to make one.".to_owned(),
            |c| [c.title, c.company].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" · "),
        )
    };
    let may_edit = house.boot.with_untracked(|boot| boot.me.may(Permission::Converse));
    let fields = FIELDS.map(|(field, empty)| {
        if may_edit {
            view! { <ContactLine id field empty /> }.into_any()
        } else {
            view! { <PlainLine field /> }.into_any()
        }
    });
    view! {
        <section class="sec" aria-label="Contact">
            <div class="person">
                <Avatar name seed=id.to_string() size=AvatarSize::Large />
                <div class="person-text">
                    <h2 class="person-name">
                        <bdi>{move || name.get()}</bdi>
                    </h2>
                    <p class="person-role">{role}</p>
                </div>
            </div>
            <dl class="facts">{fields.collect_view()} {move || inbox.contact.get().map(|contact| view! { <LeadLine contact may_edit /> })}</dl>
        </section>
    }
}

#[component]
fn PlainLine(field: ContactField) -> impl IntoView {
    let inbox = use_inbox();
    let value = move || inbox.contact.with(|c| c.as_ref().map(|c| c.get(field).to_owned()).unwrap_or_default());
    view! {
        <div class="fact">
            <dt>{field.label()}</dt>
            <dd class="fact-plain">{value}</dd>
        </div>
    }
}

/// A field, edited in place; saved on Enter or when left, refused beside the field.
#[component]
fn ContactLine(id: ConversationId, field: ContactField, empty: &'static str) -> impl IntoView {
    let inbox = use_inbox();
    let state = RwSignal::new(SaveState::Idle);
    let value =
        Signal::derive(move || inbox.contact.with(|c| c.as_ref().map(|c| c.get(field).to_owned()).unwrap_or_default()));
    let save = move |(value,): (String,)| {
        let contact = inbox.contact.get_untracked();
        let checked = match field.check(&value) {
            Ok(checked) => checked,
            Err(error) => return state.set(SaveState::Failed(error.to_string())),
        };
        let unchanged = contact.as_ref().map_or(checked.is_empty(), |c| c.get(field) == checked);
        if unchanged {
            return state.set(SaveState::Idle);
        }
        state.set(SaveState::Saving);
        leptos::task::spawn_local(async move {
            let saved = match contact {
                Some(contact) => edit_contact(contact.id, field, checked, contact.version).await,
                None => make_contact(id, ContactId::new(new_uuid()), field, checked).await,
            };
            match saved {
                Ok(contact) => {
                    // Shown at once; the event says the same.
                    inbox.contact.try_set(Some(contact));
                    state.try_set(SaveState::Idle)
                }
                Err(error) => state.try_set(SaveState::Failed(error.to_string())),
            };
        });
    };
    view! {
        <div class="fact">
            <dt>{field.label()}</dt>
            <dd>
                <EditableField label=field.label() value state empty on_save=save />
            </dd>
        </div>
    }
}

#[component]
fn LeadLine(contact: Contact, may_edit: bool) -> impl IntoView {
    let inbox = use_inbox();
    let toasts = use_context::<Toasts>();
    let (id, version, now) = (contact.id, contact.version, contact.lead_status);
    let item = move |status: LeadStatus| {
        let choose = Callback::new(move |()| {
            leptos::task::spawn_local(async move {
                match edit_contact(id, ContactField::LeadStatus, status.as_str().to_owned(), version).await {
                    Ok(contact) => {
                        inbox.contact.try_set(Some(contact));
                    }
                    Err(error) => {
                        if let Some(toasts) = toasts {
                            toasts.push(Toast::new(error.to_string()).tone(Tone::Bad));
                        }
                    }
                }
            });
        });
        view! { <MenuItem label=status.label() checked=Signal::derive(move || status == now) on_select=choose /> }
    };
    let menu = may_edit.then(|| {
        view! {
            <Menu id="lead-status" name="Lead status" button_class="edit-view" trigger=move || view! { {now.label()} <Glyph icon=Icon::ChevronDown /> }>
                {LeadStatus::ALL.iter().copied().map(item).collect_view()}
            </Menu>
        }
    });
    view! {
        <div class="fact">
            <dt>"Lead status"</dt>
            <dd>{menu} {(!may_edit).then(|| now.label())}</dd>
        </div>
    }
}

/// Where the conversation stands.
#[component]
fn Facts(id: ConversationId) -> impl IntoView {
    let inbox = use_inbox();
    move || inbox.open.get().filter(|row| row.id == id).map(|row| view! { <FactLines row /> })
}

#[component]
fn FactLines(row: ConversationRow) -> impl IntoView {
    let (house, now) = (use_house(), use_now());
    let act = act_on();
    let (id, seen, status, assignee) = (row.id, row.version, row.state.status, row.state.assignee);
    let (may, me) = house.boot.with_untracked(|boot| (boot.me.may(Permission::Converse), boot.me.member.id));
    let assigned = assignee.map_or_else(|| "Nobody".to_owned(), |who| member_name(house, who));
    let to_status = move |to: Status| {
        let act_of = match to {
            Status::Open => Act::Reopen,
            Status::Pending => Act::Pending,
            Status::Closed => Act::Close(CloseReason::Resolved),
        };
        let choose = Callback::new(move |()| act.run((id, seen, act_of)));
        let tone = if to == Status::Closed { ItemTone::Danger } else { ItemTone::Neutral };
        view! { <MenuItem label=status_label(to) tone checked=Signal::derive(move || to == status) on_select=choose /> }
    };
    let people = house.boot.with_untracked(|boot| {
        boot.members.iter().filter(|m| !m.disabled).map(|m| (Some(m.id), m.name.clone())).collect::<Vec<_>>()
    });
    let people = std::iter::once((None, "Nobody".to_owned())).chain(people);
    let to_person = move |(who, name): (Option<crate::model::MemberId>, String)| {
        let label = if who == Some(me) { format!("{name} (you)") } else { name };
        let choose = Callback::new(move |()| act.run((id, seen, Act::Assign(who))));
        view! { <MenuItem label checked=Signal::derive(move || who == assignee) on_select=choose /> }
    };
    let trigger =
        |text: String| move || view! { <span class="cut">{text.clone()}</span> <Glyph icon=Icon::ChevronDown /> };
    let ai = match row.state.ai_mode {
        AiMode::Active => "Active",
        AiMode::Paused => "Paused",
        AiMode::Manual => "Manual only",
    };
    let status_menu = may.then(|| {
        view! {
            <Menu id="status" name="Status" button_class="edit-view" trigger=trigger(status_label(status).to_owned())>
                {Status::ALL.iter().copied().map(to_status).collect_view()}
            </Menu>
        }
    });
    let person_menu = may.then(|| {
        view! {
            <Menu id="assignee" name="Assigned to" button_class="edit-view" trigger=trigger(assigned.clone())>
                {people.map(to_person).collect_view()}
            </Menu>
        }
    });
    view! {
        <section class="sec">
            <div class="sec-head">
                <h2>"Conversation"</h2>
            </div>
            <dl class="facts">
                <div class="fact">
                    <dt>"Channel"</dt>
                    <dd class="fact-plain">{row.kind.label()}</dd>
                </div>
                <div class="fact">
                    <dt>"Status"</dt>
                    <dd>{status_menu} {(!may).then(|| status_label(status))}</dd>
                </div>
                <div class="fact">
                    <dt>"Assigned to"</dt>
                    <dd>{person_menu} {(!may).then_some(assigned)}</dd>
                </div>
                <div class="fact">
                    <dt>"AI mode"</dt>
                    <dd class="fact-plain">{ai}</dd>
                </div>
                <div class="fact">
                    <dt>"First reply"</dt>
                    <dd class="fact-plain">{row.first_response_ms.map_or_else(|| "None yet".to_owned(), duration)}</dd>
                </div>
                {row
                    .last_inbound_at
                    .map(|at| {
                        view! {
                            <div class="fact">
                                <dt>"Last wrote"</dt>
                                <dd class="fact-plain">
                                    <RelativeTime at=at.0 now />
                                </dd>
                            </div>
                        }
                    })}
                <div class="fact">
                    <dt>"Began"</dt>
                    <dd class="fact-plain">
                        <RelativeTime at=row.started_at.0 now />
                    </dd>
                </div>
            </dl>
        </section>
    }
}
