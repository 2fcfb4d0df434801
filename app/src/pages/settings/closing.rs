//! The page about closing: the reasons, which admins edit, and the blocked senders, whom everybody who may reply can unblock (T13).

use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use super::parts::{PageHead, loaded};
use crate::{
    api::{
        Refused,
        closing::{add_reason, blocked_senders, edit_reason, order_reasons, unblock_sender},
    },
    components::{
        row::row_href,
        ui::{
            Button, Dialog, EmptyState, FormError, Glyph, Icon, IconButton, InlineError, Pill, RelativeTime, Removed,
            Saving, SwitchOption, TextField, Tone, Variant, breakable, field_error, other_error, use_removed,
            use_saving, use_toasts,
        },
        words::member_in_sentence,
    },
    json::fetched,
    state::{WorkspaceState, give_focus, use_now, use_workspace},
};
use model::{ApiError, BlockedPage, BlockedSender, CloseReason, Permission, Reason, View};

/// Reasons and blocked senders.
#[component]
pub fn SettingsClosing() -> impl IntoView {
    let workspace = use_workspace();
    let admin = Memo::new(move |_| workspace.boot.with(|boot| boot.me.may(Permission::Administer)));
    let converses = Memo::new(move |_| workspace.boot.with(|boot| boot.me.may(Permission::Converse)));
    view! {
        <PageHead title="Closing" lead="Why conversations are closed, and whose messages no longer reach the tabs." />
        <Reasons admin />
        {move || match converses.get() {
            true => view! { <Blocked /> }.into_any(),
            false => view! {
                <section class="card">
                    <EmptyState icon=Icon::Lock title="Blocked senders" text="Only members who may reply see them." />
                </section>
            }
            .into_any(),
        }}
    }
    .into_any()
}

/// Shows all reasons as the server answered. The event that follows says the same.
fn put(workspace: WorkspaceState, reasons: Vec<Reason>) {
    workspace.boot.try_update(|boot| boot.reasons = reasons);
}

/// Sends a command about reasons.
fn save(
    workspace: WorkspaceState,
    saving: Saving,
    command: impl Future<Output = Result<Vec<Reason>, Refused>> + 'static,
    done: impl Fn() + 'static,
) {
    saving.run(command, move |reasons| {
        put(workspace, reasons);
        done();
    });
}

#[component]
fn Reasons(admin: Memo<bool>) -> impl IntoView {
    let (workspace, toasts) = (use_workspace(), use_toasts());
    let ids = move |archived: bool| {
        Memo::new(move |_| {
            workspace.boot.with(|boot| {
                let some = boot.reasons.iter().filter(|one| one.archived == archived);
                some.map(|one| one.id).collect::<Vec<_>>()
            })
        })
    };
    let (used, archived) = (ids(false), ids(true));
    let dragged = RwSignal::new(None::<CloseReason>);
    let edited = RwSignal::new(None::<Option<Reason>>);
    let put_at = Callback::new(move |(id, to): (CloseReason, usize)| {
        let mut order = used.get_untracked();
        let Some(from) = order.iter().position(|one| *one == id) else { return };
        let one = order.remove(from);
        order.insert(to.min(order.len()), one);
        if order == used.get_untracked() {
            return;
        }
        // Shown at once. The answer says the same.
        let before = workspace.boot.with_untracked(|boot| boot.reasons.clone());
        workspace.boot.update(|boot| {
            boot.reasons.sort_by_key(|one| order.iter().position(|id| *id == one.id).unwrap_or(usize::MAX));
        });
        spawn_local(async move {
            match order_reasons(order).await {
                Ok(reasons) => put(workspace, reasons),
                Err(error) => {
                    put(workspace, before);
                    toasts.failed(ApiError::from(error).to_string());
                }
            }
        });
        request_animation_frame(move || give_focus(&format!("#reason-{id} .view-grip")));
    });
    let item = move |id: CloseReason| view! { <ReasonLine id admin used dragged edited put_at /> };
    let old = move || {
        archived.with(|ids| !ids.is_empty()).then(|| {
            view! {
                <div class="reasons-archived">
                    <h3>"Archived"</h3>
                    <p class="field-hint">"What was closed with them keeps them. They cannot be chosen."</p>
                    <ul class="view-list" aria-label="Archived reasons">
                        <For each=move || archived.get() key=|id| *id children=item />
                    </ul>
                </div>
            }
        })
    };
    let add = move || {
        admin.get().then(|| {
            view! {
                <div class="card-foot">
                    <Button variant=Variant::Primary icon=Icon::Plus on_press=move || edited.set(Some(None))>
                        "Add reason"
                    </Button>
                </div>
            }
        })
    };
    view! {
        <section class="card" aria-label="Reasons">
            <div class="card-head">
                <div>
                    <h2>"Reasons"</h2>
                    <p>{move || match admin.get() {
                        true => "Offered in this order when a conversation is closed.",
                        false => "Offered in this order when a conversation is closed. Owners and admins can change them.",
                    }}</p>
                </div>
            </div>
            <div class="card-body">
                <ol class="view-list" aria-label="Reasons in use">
                    <For each=move || used.get() key=|id| *id children=item />
                </ol>
                {old}
            </div>
            {add}
        </section>
        {move || edited.get().map(reason_dialog)}
    }
    .into_any()
}

#[component]
fn ReasonLine(
    id: CloseReason,
    admin: Memo<bool>,
    /// The reasons in use, in order.
    used: Memo<Vec<CloseReason>>,
    dragged: RwSignal<Option<CloseReason>>,
    /// Opens the dialog.
    edited: RwSignal<Option<Option<Reason>>>,
    /// Puts a reason at a place.
    put_at: Callback<(CloseReason, usize)>,
) -> impl IntoView {
    let workspace = use_workspace();
    let saving = use_saving();
    let reason = Memo::new(move |_| workspace.boot.with(|boot| boot.reasons.iter().find(|one| one.id == id).cloned()));
    let name = move || reason.with(|one| one.as_ref().map(|one| one.name.clone())).unwrap_or_default();
    let place = move || used.with(|ids| ids.iter().position(|one| *one == id)).unwrap_or(0);
    let keys = move |event: leptos::ev::KeyboardEvent| {
        let by = match event.key().as_str() {
            "ArrowUp" => -1,
            "ArrowDown" => 1,
            _ => return,
        };
        event.prevent_default();
        put_at.run((id, place().saturating_add_signed(by)));
    };
    let drop_here = move |event: leptos::ev::DragEvent| {
        event.prevent_default();
        if let Some(one) = dragged.get_untracked() {
            put_at.run((one, place()));
        }
        dragged.set(None);
    };
    let archive = move |archived: bool| {
        if let Some(one) = reason.get_untracked() {
            save(workspace, saving, edit_reason(id, one.name, one.blocks, archived), || ());
        }
    };
    let is_used = move || reason.with(|one| one.as_ref().is_some_and(|one| !one.archived));
    let grip = move || {
        (admin.get() && is_used()).then(|| {
            view! {
                <button
                    type="button"
                    class="icon-btn view-grip"
                    draggable="true"
                    aria-label=move || format!("Move {}: use the arrow keys or drag", name())
                    on:dragstart=move |_| dragged.set(Some(id))
                    on:dragend=move |_| dragged.set(None)
                    on:keydown=keys
                >
                    <Glyph icon=Icon::GripVertical />
                </button>
            }
        })
    };
    let blocks = move || {
        let blocks = reason.with(|one| one.as_ref().is_some_and(|one| one.blocks));
        blocks.then(|| view! { <Pill text="Blocks the sender" tone=Tone::Bad /> })
    };
    let actions = move || {
        admin.get().then(|| match is_used() {
            true => view! {
                <Button small=true name=format!("Edit {}", name()) on_press=move || edited.set(Some(reason.get_untracked()))>
                    "Edit"
                </Button>
                <IconButton icon=Icon::Archive small=true name=format!("Archive {}", name()) at_end=true on_press=move || archive(true) />
            }
            .into_any(),
            false => view! {
                <Button small=true name=format!("Use again: {}", name()) busy=saving.busy on_press=move || archive(false)>
                    "Use again"
                </Button>
            }
            .into_any(),
        })
    };
    view! {
        <li
            class="view-item reason-item"
            id=format!("reason-{id}")
            on:dragover=move |event| event.prevent_default()
            on:drop=drop_here
        >
            {grip}
            <div class="reason-text">
                <span dir="auto">{move || breakable(&name())}</span>
                {blocks}
                <InlineError error=saving.failure() />
            </div>
            {actions}
        </li>
    }
    .into_any()
}

/// The dialog about a reason, or a new one. It shows the reason as it was when it opened.
fn reason_dialog(known: Option<Reason>) -> AnyView {
    let workspace = use_workspace();
    let (open, saving) = (RwSignal::new(true), use_saving());
    let title = if known.is_some() { "Edit reason" } else { "Add reason" };
    let (name, blocks) = (
        RwSignal::new(known.as_ref().map(|one| one.name.clone()).unwrap_or_default()),
        RwSignal::new(known.as_ref().is_some_and(|one| one.blocks)),
    );
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let close = move || _ = open.try_set(false);
        let (name, blocks) = (name.get_untracked(), blocks.get_untracked());
        match &known {
            Some(one) => save(workspace, saving, edit_reason(one.id, name, blocks, one.archived), close),
            None => save(workspace, saving, add_reason(name, blocks), close),
        }
    };
    let error = Signal::from(saving.error);
    view! {
        <Dialog title open>
            <form class="form" on:submit=submit>
                <FormError error=other_error(error, &["name"]) />
                <TextField
                    id="reason-name"
                    label="Name"
                    value=name
                    on_input=move |value: String| name.set(value)
                    error=field_error(error, "name")
                />
                <SwitchOption
                    id="reason-blocks"
                    label="Blocks the sender"
                    text="Their next messages are stored, but stay closed. You can unblock them on this page."
                    on=blocks
                    on_turn=move |on: bool| blocks.set(on)
                />
                <div class="form-buttons">
                    <Button on_press=move || open.set(false)>"Cancel"</Button>
                    <Button variant=Variant::Primary submit=true busy=saving.busy>
                        "Save"
                    </Button>
                </div>
            </form>
        </Dialog>
    }
    .into_any()
}

#[component]
fn Blocked() -> impl IntoView {
    let first = fetched(|| (), |()| blocked_senders(None));
    view! {
        <section class="card" aria-label="Blocked senders">
            <div class="card-head">
                <div>
                    <h2>"Blocked senders"</h2>
                    <p>"Their messages are stored and stay closed. Writing to them is another matter: nothing that goes out is stopped."</p>
                </div>
            </div>
            {loaded(first, 3, |page| view! { <BlockedList page /> }.into_any())}
        </section>
    }
    .into_any()
}

#[component]
fn BlockedList(
    /// The newest ones.
    page: BlockedPage,
) -> impl IntoView {
    let unblocked = use_removed();
    let (senders, more) = (RwSignal::new(page.senders), RwSignal::new(page.more));
    let saving = use_saving();
    let older = move || {
        let after = senders.with_untracked(|all| all.last().map(|last| (last.at, last.id)));
        saving.run(blocked_senders(after), move |page| {
            senders.try_update(|all| all.extend(page.senders));
            more.try_set(page.more);
        });
    };
    let none = move || senders.with(|all| all.iter().all(|one| unblocked.has(one.id.uuid())));
    view! {
        <Show when=none>
            <EmptyState icon=Icon::Ban title="Nobody is blocked" text="Close a conversation for a reason that blocks, such as spam." />
        </Show>
        <For each=move || senders.get() key=|sender| sender.id children=move |sender| view! { <BlockedLine sender unblocked /> } />
        <InlineError error=saving.failure() />
        <Show when=move || more.get()>
            <div class="card-foot">
                <Button small=true busy=saving.busy on_press=older>
                    "Show older ones"
                </Button>
            </div>
        </Show>
    }
    .into_any()
}

#[component]
fn BlockedLine(sender: BlockedSender, unblocked: Removed) -> impl IntoView {
    let (workspace, now) = (use_workspace(), use_now());
    let BlockedSender { id, kind, address, label, by, at, conversation } = sender;
    let error = RwSignal::new(None::<String>);
    let shown = if address.is_empty() { address } else { format!("{address} · ") };
    let about = move || format!("{shown}{} · Blocked by {} · ", kind.label(), member_in_sentence(workspace, by));
    let href = row_href(&View::Closed.into(), conversation);
    let name = format!("Unblock {label}");
    view! {
        <div class="option" hidden=move || unblocked.has(id.uuid())>
            <Glyph icon=Icon::Ban />
            <div>
                <b dir="auto">
                    <a href=href>{breakable(&label)}</a>
                </b>
                <p>{about} <RelativeTime at=at.0 now=now /></p>
                <InlineError error=error />
            </div>
            <Button small=true name=name on_press=move || unblocked.remove(id.uuid(), error, unblock_sender(id))>
                "Unblock"
            </Button>
        </div>
    }
    .into_any()
}
