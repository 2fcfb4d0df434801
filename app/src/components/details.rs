//! The right panel: the contact, edited in place (D2), and the state of the conversation (D4, D5).

mod assign;
mod picker;
mod tags;

use leptos::prelude::*;

use super::{
    acting::act_on,
    begin::{may_begin, use_begin},
    frame::{Resizer, Side},
    words::{duration, status_label},
};
use crate::{
    api::conversation::{edit_contact, make_contact},
    components::ui::{
        Avatar, AvatarSize, Button, EditableField, Glyph, Icon, IconButton, ItemTone, Menu, MenuItem, MenuLine,
        RelativeTime, SaveState, Variant, breakable, use_toasts,
    },
    json::Fetched,
    piece::{Piece, Place, details_part, show_piece},
    state::{Closing, Opened, Shown, new_uuid, use_acting, use_now, use_thread, use_workspace},
};
use model::{
    Act, AiMode, ApiError, Contact, ContactField, ContactId, ConversationId, ConversationRow, LeadStatus, Permission,
    Reason, Status,
};

use assign::{AssigneeFact, TeamFact};
use tags::TagsSection;

/// The fields in display order. The name is at the top, the lead status below the fields.
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

/// The red ✕ that closes a conversation: one click picks the reason (T13).
pub fn close_menu(menu: &'static str, id: ConversationId) -> impl IntoView {
    let (workspace, closing) = (use_workspace(), use_acting().closing);
    let ask = move |what: Closing| Callback::new(move |()| closing.set(Some(what)));
    let item =
        move |reason: Reason| view! { <MenuItem label=reason.name on_select=ask(Closing::For(id, reason.id)) /> };
    // An item that is drawn again loses the focus, and the menu its way back to the button.
    let reasons = Memo::new(move |_| {
        workspace.boot.with(|boot| boot.reasons.iter().filter(|one| !one.archived).cloned().collect::<Vec<_>>())
    });
    let items = move || reasons.get().into_iter().map(item).collect_view();
    view! {
        <Menu
            id=menu
            name="Close conversation"
            button_class="icon-btn icon-btn-danger"
            icon_only=true
            align_end=true
            late=true
            trigger=|| view! { <Glyph icon=Icon::X /> }
        >
            {items}
            <MenuLine />
            <MenuItem label="With a message…" shortcut="e" on_select=ask(Closing::Ask(Some(id))) />
        </Menu>
    }
}

/// The right panel.
#[component]
pub fn DetailsPanel(
    /// The open conversation.
    answer: Fetched<Option<Result<Opened, ApiError>>>,
    /// Hides the panel.
    #[prop(into)]
    close: Callback<()>,
) -> impl IntoView {
    let thread = use_thread();
    let content = move || match thread.shown.get() {
        Shown::Thread(id) => show_piece(Piece::Details, Place::Beside, move || Box::pin(details_part(id))),
        _ => ().into_any(),
    };
    view! {
        <aside class="panel details" aria-label="Details">
            <header class="bar">
                <h2 class="bar-title">"Details"</h2>
                <span class="push"></span>
                <IconButton icon=Icon::X name="Close details" class="details-close" at_end=true on_press=close />
            </header>
            <div class="scroll">
                <Transition fallback=|| ()>
                    {Suspend::new(async move {
                        // The centre and details panels both await this answer. The first to get it updates the store; the second changes
                        // nothing.
                        thread.show_answer(answer.await);
                        content
                    })}
                </Transition>
            </div>
            <Resizer side=Side::Details />
        </aside>
    }
    .into_any()
}

/// Draws the content of the panel. Called from the code that loads later.
pub(crate) fn draw(id: ConversationId) -> AnyView {
    view! { <Person id /> <TagsSection id /> <Facts id /> }.into_any()
}

/// The contact.
#[component]
fn Person(id: ConversationId) -> impl IntoView {
    let (workspace, thread) = (use_workspace(), use_thread());
    let name = Memo::new(move |_| {
        thread.open.with(|row| row.as_ref().map(|r| r.display_name().to_owned()).unwrap_or_default())
    });
    let role = move || {
        let contact = thread.contact.get();
        contact.map_or_else(
            || "Not a contact yet. Add a name or an e-mail address to create one.".to_owned(),
            |c| [c.title, c.company].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" · "),
        )
    };
    let may_edit = workspace.boot.with_untracked(|boot| boot.me.may(Permission::Converse));
    let fields = FIELDS.map(|(field, empty)| {
        if may_edit {
            view! { <ContactLine id field empty /> }.into_any()
        } else {
            view! { <PlainLine field /> }.into_any()
        }
    });
    let begin = use_begin();
    let write = move || {
        let contact = thread.contact.get().filter(|contact| !contact.email.is_empty() && may_begin(workspace))?;
        Some(view! {
            <Button small=true icon=Icon::PenLine on_press=move || begin.to_contact(&contact)>
                "New e-mail"
            </Button>
        })
    };
    view! {
        <section class="sec" aria-label="Contact">
            <div class="person">
                {move || view! { <Avatar name=name.get() seed=id.to_string() size=AvatarSize::Large /> }}
                <div class="person-text">
                    <h2 class="person-name">
                        <bdi>{move || breakable(&name.get())}</bdi>
                    </h2>
                    <p class="person-role">{role}</p>
                </div>
            </div>
            {write}
            <dl class="facts">{fields.collect_view()} {move || thread.contact.get().map(|contact| view! { <LeadLine contact may_edit /> })}</dl>
        </section>
    }
}

#[component]
fn PlainLine(field: ContactField) -> impl IntoView {
    let thread = use_thread();
    let value = move || thread.contact.with(|c| c.as_ref().map(|c| breakable(c.get(field))));
    view! {
        <div class="fact">
            <dt>{field.label()}</dt>
            <dd class="fact-plain"><span>{value}</span></dd>
        </div>
    }
}

/// A contact field, edited in place. Enter or leaving the field saves it. An error appears beside the field.
#[component]
fn ContactLine(id: ConversationId, field: ContactField, empty: &'static str) -> impl IntoView {
    let thread = use_thread();
    let state = RwSignal::new(SaveState::Idle);
    let value = Signal::derive(move || {
        thread.contact.with(|c| c.as_ref().map(|c| c.get(field).to_owned()).unwrap_or_default())
    });
    let save = move |(value,): (String,)| {
        let contact = thread.contact.get_untracked();
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
                    // Shows the saved contact at once. The later event repeats it.
                    thread.contact.try_set(Some(contact));
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
    let thread = use_thread();
    let toasts = use_toasts();
    let (id, version, now) = (contact.id, contact.version, contact.lead_status);
    let item = move |status: LeadStatus| {
        let choose = Callback::new(move |()| {
            let edit = edit_contact(id, ContactField::LeadStatus, status.as_str().to_owned(), version);
            toasts.run(edit, move |contact| _ = thread.contact.try_set(Some(contact)));
        });
        view! { <MenuItem label=status.label() checked=Signal::derive(move || status == now) on_select=choose /> }
    };
    let menu = may_edit.then(|| {
        view! {
            <Menu
                id="lead-status"
                name="Lead status"
                button_class="edit-view"
                late=true
                trigger=move || view! { {now.label()} <Glyph icon=Icon::ChevronDown /> }
            >
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

/// The conversation's state. Each line watches only the values it shows, so an open menu stays open while messages arrive.
#[component]
fn Facts(id: ConversationId) -> impl IntoView {
    let (workspace, thread, now) = (use_workspace(), use_thread(), use_now());
    let Some(first) = thread.open.get_untracked() else { return ().into_any() };
    let row = Memo::new(move |before: Option<&ConversationRow>| {
        let open = thread.open.get().filter(|row| row.id == id);
        open.or_else(|| before.cloned()).unwrap_or_else(|| first.clone())
    });
    let act = act_on(id);
    let may = workspace.boot.with_untracked(|boot| boot.me.may(Permission::Converse));
    let first_reply = move || row.with(|row| row.first_response_ms).map_or_else(|| "None yet".to_owned(), duration);
    let ai = move || match row.with(|row| row.state.ai_mode) {
        AiMode::Active => "Active",
        AiMode::Paused => "Paused",
        AiMode::Manual => "Manual only",
    };
    let last_wrote = Memo::new(move |_| row.with(|row| row.last_inbound_at.map(|at| at.0)));
    let last_wrote =
        move || last_wrote.get().map(|at| view! { <Fact name="Their last message"><RelativeTime at=at now /></Fact> });
    let is_open = Memo::new(move |_| row.with(|row| row.state.status != Status::Closed));
    let closing = use_acting().closing;
    let close = move || {
        (may && is_open.get()).then(|| {
            let ask = move || closing.set(Some(Closing::Ask(Some(id))));
            view! {
                <Button variant=Variant::Quiet small=true on_press=ask>
                    "Close"
                </Button>
            }
        })
    };
    let (kind, began) = row.with_untracked(|row| (row.kind, row.started_at.0));
    view! {
        <section class="sec">
            <div class="sec-head">
                <h2>"Conversation"</h2>
                {close}
            </div>
            <dl class="facts">
                <Fact name="Channel">{kind.label()}</Fact>
                <StatusFact row act may />
                <AssigneeFact row act may />
                <TeamFact row act may />
                <Fact name="AI mode">{ai}</Fact>
                <Fact name="First reply">{first_reply}</Fact>
                {last_wrote}
                <Fact name="Started">
                    <RelativeTime at=began now />
                </Fact>
            </dl>
        </section>
    }
    .into_any()
}

/// A read-only line.
#[component]
fn Fact(name: &'static str, children: Children) -> impl IntoView {
    view! {
        <div class="fact">
            <dt>{name}</dt>
            <dd class="fact-plain">{children()}</dd>
        </div>
    }
}

/// A line with the current choice. Members who may change it can open a menu of all choices.
#[component]
fn ChoiceFact(
    id: &'static str,
    name: &'static str,
    #[prop(into)] chosen: Signal<String>,
    may: bool,
    children: ChildrenFn,
) -> impl IntoView {
    let shown = move || chosen.get();
    let value = if may {
        let trigger = move || view! { <span class="cut">{shown}</span> <Glyph icon=Icon::ChevronDown /> };
        view! {
            <Menu id name=name button_class="edit-view" late=true trigger>
                {children()}
            </Menu>
        }
        .into_any()
    } else {
        shown.into_any()
    };
    view! {
        <div class="fact">
            <dt>{name}</dt>
            <dd>{value}</dd>
        </div>
    }
}

#[component]
fn StatusFact(row: Memo<ConversationRow>, act: Callback<Act>, may: bool) -> impl IntoView {
    let status = Memo::new(move |_| row.with(|row| row.state.status));
    let closing = use_acting().closing;
    let item = move |to: Status| {
        let choose = Callback::new(move |()| match to {
            Status::Open => act.run(Act::Reopen),
            Status::Pending => act.run(Act::Pending),
            Status::Closed => closing.set(Some(Closing::Ask(Some(row.with_untracked(|row| row.id))))),
        });
        let tone = if to == Status::Closed { ItemTone::Danger } else { ItemTone::Neutral };
        view! { <MenuItem label=status_label(to) tone checked=Signal::derive(move || to == status.get()) on_select=choose /> }
    };
    view! {
        <ChoiceFact id="status" name="Status" chosen=Signal::derive(move || status_label(status.get()).to_owned()) may>
            {Status::ALL.iter().copied().map(item).collect_view()}
        </ChoiceFact>
    }
}
