//! The centre panel: header, assignment bar, entries and composer (T1, T2, T9).

mod place;

use leptos::{html, prelude::*};

use self::place::Place;
use super::{
    acting::act_on,
    composer::{self, GivenBack},
    details::close_menu,
    entry::{DayLine, EntryView},
    frame::Panel,
    here::at_the_end,
    list::LoadFailed,
    row::{channel_mark, list_href},
    words::{duration, member_name},
};
use crate::{
    api::{conversation::mark_read, inbox::load_older},
    components::ui::{Avatar, Button, EmptyState, Glyph, Icon, IconButton, IconTone, Variant},
    json::Fetched,
    state::{
        Ghost, GhostState, Opened, Shown, Slotted, after_paint, give_focus, use_acting, use_list, use_live, use_now,
        use_outbox, use_presence, use_thread, use_workspace,
    },
};
use model::{AccountState, Act, ApiError, ConversationId, ConversationRow, Pen, Permission, Status, Storage};

/// The number of entries rendered first: as many as fit on a screen.
const AT_FIRST: usize = 12;

/// The centre panel.
#[component]
pub fn ThreadPanel(
    /// The open conversation.
    answer: Fetched<Option<Result<Opened, ApiError>>>,
    /// Shows or hides the details.
    #[prop(into)]
    toggle_details: Callback<()>,
    /// The panel that a narrow window shows.
    panel: Signal<Panel>,
) -> impl IntoView {
    let thread = use_thread();
    let centre = move || match thread.shown.get() {
        Shown::Nothing => view! { <NothingOpen /> }.into_any(),
        Shown::Thread(id) => view! { <OpenThread id toggle_details /> }.into_any(),
        Shown::Failed(ApiError::NotFound) => view! { <NotHere /> }.into_any(),
        Shown::Failed(error) => view! { <LoadFailed error retry=move |()| answer.refetch() /> }.into_any(),
    };
    let loading = RwSignal::new(false);
    // While the open conversation reloads, its content stays. While another one loads, the content is hidden, because it belongs to the
    // previous conversation. Not a memo: a memo first read during the server's streaming may run where its signals do not exist.
    let away = move || loading.get() && thread.selected.get() != thread.open.with(|row| row.as_ref().map(|row| row.id));
    view! {
        <section
            class="panel thread"
            aria-label="Conversation"
            role=move || panel.get().main_of(Panel::Thread)
            id=move || panel.get().main_of(Panel::Thread)
            tabindex="-1"
        >
            <Transition fallback=move || view! { <ThreadSkeleton /> } set_pending=loading>
                // No closure around the `Suspend`, so it runs once. Later answers update the store, and the current content stays visible.
                {Suspend::new(async move {
                    thread.show_answer(answer.await);
                    centre
                })}
            </Transition>
            {move || away().then(|| view! { <ThreadSkeleton /> })}
        </section>
    }
    .into_any()
}

#[component]
fn NothingOpen() -> impl IntoView {
    view! {
        <EmptyState icon=Icon::MessagesSquare title="No conversation open" text="Choose a conversation from the list, or press the down arrow and then Enter." />
    }
}

/// The link back to the list, for windows that show one panel at a time.
#[component]
fn Back() -> impl IntoView {
    let list = use_list();
    view! {
        <a class="icon-btn back" href=move || list.listing.with(list_href) aria-label="Back to the list">
            <Glyph icon=Icon::ArrowLeft flip=true />
        </a>
    }
}

#[component]
fn NotHere() -> impl IntoView {
    view! {
        <header class="bar thread-bar">
            <Back />
            <h1 class="sr">"Conversation not found"</h1>
        </header>
        <EmptyState
            icon=Icon::Lock
            title="This conversation is not available"
            text="It does not exist, or you do not have access to it. Ask the person who sent you the link, or an admin."
        />
    }
}

/// Placeholder for a person's name and channel, and for some messages. Plain text, because it never changes.
const WHO_SHAPE: &str = r#"<i class="skeleton skeleton-round"></i><div class="who"><i class="skeleton skeleton-line w-30"></i><i class="skeleton skeleton-line w-20"></i></div>"#;
const MESSAGES_SHAPE: &str = r#"<div class="msg" data-kind="in"><i class="skeleton skeleton-line w-20"></i><i class="skeleton skeleton-block w-60"></i></div><div class="msg" data-kind="out"><i class="skeleton skeleton-line w-20"></i><i class="skeleton skeleton-block w-80"></i></div><div class="msg" data-kind="in"><i class="skeleton skeleton-line w-20"></i><i class="skeleton skeleton-block w-40"></i></div>"#;

/// The placeholder shown over the panel while a conversation loads.
#[component]
fn ThreadSkeleton() -> impl IntoView {
    view! {
        <div class="thread-wait" aria-busy="true">
            <header class="bar thread-bar">
                <Back />
                <div class="who-wait" aria-hidden="true" inner_html=WHO_SHAPE></div>
            </header>
            <div class="msgs" aria-hidden="true" inner_html=MESSAGES_SHAPE></div>
            <div class="composer-frame">
                <div class="composer"></div>
            </div>
        </div>
    }
}

#[component]
fn OpenThread(id: ConversationId, toggle_details: Callback<()>) -> impl IntoView {
    let (workspace, thread) = (use_workspace(), use_thread());
    let row = Memo::new(move |_| thread.open.get().filter(|row| row.id == id));
    let name =
        Memo::new(move |_| row.with(|row| row.as_ref().map(|row| row.display_name().to_owned()).unwrap_or_default()));
    let may_write = Memo::new(move |_| workspace.boot.with(|boot| boot.me.may(Permission::Converse)));
    let pen = Memo::new(move |_| row.with(|row| row.as_ref().map(|row| row.state.pen)));
    read_what_is_seen(id);
    let back = RwSignal::new(None);
    // The newest entries render first, because they are visible first. The others render afterwards.
    // Opened at an entry, any of them may be visible first.
    let whole = RwSignal::new(thread.goal.with_untracked(|goal| goal.is_some_and(|goal| goal.id == id)));
    let draw_rest = move || {
        whole.try_set(true);
    };
    if !after_paint(draw_rest) {
        draw_rest();
    }
    let kind = row.with_untracked(|row| row.as_ref().map(|row| row.kind));
    let sample = row.with_untracked(|row| row.as_ref().map(|row| row.channel));
    let sample = sample.filter(|channel| workspace.boot.with_untracked(|boot| boot.is_sample(*channel)));
    let sample = sample.map(|_| AccountState::Sample.label().to_owned());
    let sub = move || {
        let contact = thread.contact.get();
        let company = contact.map(|c| c.company).filter(|c| !c.is_empty());
        [kind.map(|kind| kind.label().to_owned()), sample.clone(), company]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" · ")
    };
    let face = move || {
        view! {
            <Avatar name=name.get() seed=id.to_string()>
                {kind.map(channel_mark)}
            </Avatar>
        }
    };
    let composer = move || {
        match (may_write.get(), thread.gone.get()) {
        (true, false) => composer::show(id, Signal::from(name), back),
        (true, true) => view! { <p class="composer-closed">"This conversation is now assigned to somebody else. You can no longer reply to it."</p> }.into_any(),
        (false, _) => view! { <p class="composer-closed">"You can read this conversation but not reply to it. An admin can change your role."</p> }.into_any(),
    }
    };
    view! {
        <header class="bar thread-bar">
            <Back />
            {face}
            <div class="who">
                <h1 dir="auto">{move || name.get()}</h1>
                <p>{sub}</p>
            </div>
            <div class="bar-actions">
                {move || (may_write.get() && whole.get()).then(|| view! { <Actions id row /> })}
                <IconButton icon=Icon::PanelRight name="Details" class="turn-details" at_end=true on_press=toggle_details />
            </div>
        </header>
        {move || pen.get().map(|pen| view! { <PenBar pen /> })}
        <Entries id them=Signal::from(name) back whole />
        {composer}
    }
    .into_any()
}

/// The buttons to assign, close and reopen. They watch only the values they show, so an open menu stays open while messages arrive.
#[component]
fn Actions(id: ConversationId, row: Memo<Option<ConversationRow>>) -> impl IntoView {
    let me = use_workspace().boot.with_untracked(|boot| boot.me.member.id);
    let mine = Memo::new(move |_| row.with(|row| row.as_ref().is_some_and(|row| row.state.assignee == Some(me))));
    let closed = Memo::new(move |_| row.with(|row| row.as_ref().is_some_and(|row| row.state.status == Status::Closed)));
    let (act, turned) = (act_on(id), StoredValue::new(false));
    // Reopening removes the pressed button, so the focus moves to the button that replaces it.
    let turn = Callback::new(move |to: Act| {
        turned.set_value(true);
        act.run(to);
    });
    Effect::new(move |before: Option<bool>| {
        let now = closed.get();
        if before.is_some_and(|before| before != now) && turned.get_value() {
            turned.set_value(false);
            request_animation_frame(|| give_focus(".thread-bar [data-turn] button"));
        }
        now
    });
    let assign = Callback::new(move |()| act.run(Act::Assign((!mine.get_untracked()).then_some(me))));
    let assign_button = move || {
        let (name, icon, tone) = match mine.get() {
            true => ("Assigned to you. Press to unassign.", Icon::UserRoundCheck, IconTone::Good),
            false => ("Assign to yourself", Icon::UserRoundPlus, IconTone::Neutral),
        };
        view! { <IconButton icon name=name tone pressed=Signal::from(mine) on_press=assign /> }
    };
    let close_button = move || {
        if closed.get() {
            let reopen = Callback::new(move |()| turn.run(Act::Reopen));
            view! {
                <Button icon=Icon::RotateCcw name="Reopen" on_press=reopen>
                    "Reopen"
                </Button>
            }
            .into_any()
        } else {
            close_menu("close-in-header", id).into_any()
        }
    };
    let snoozes = use_acting().snoozes;
    view! {
        {assign_button}
        <IconButton icon=Icon::Clock name="Snooze" on_press=move || snoozes.set(true) />
        <span data-turn="">
            {close_button}
        </span>
    }
}

/// Shows who is responsible for replying. Always visible (Promise 3).
#[component]
fn PenBar(pen: Pen) -> impl IntoView {
    let workspace = use_workspace();
    let me = workspace.boot.with_untracked(|boot| boot.me.member.id);
    let (holder, icon, bold, rest) = match pen {
        Pen::Member(id) if id == me => ("you", Icon::Pencil, "You are handling this.".to_owned(), "You replied last."),
        Pen::Member(id) => {
            ("other", Icon::Pencil, format!("{} is handling this.", member_name(workspace, id)), "They replied last.")
        }
        Pen::Agent(_) => {
            ("ai", Icon::Sparkles, "AI is handling this.".to_owned(), "It replies until you start typing.")
        }
        Pen::Nobody => {
            ("none", Icon::PenLine, "Nobody is handling this yet.".to_owned(), "Whoever replies takes over.")
        }
    };
    view! {
        <div class="pen" data-holder=holder role="status">
            <Glyph icon />
            <span>
                <b>{bold}</b>
                " "
                {rest}
            </span>
        </div>
    }
}

/// The entries, newest at the bottom. Older entries load near the top, and the scroll position stays.
#[component]
fn Entries(
    id: ConversationId,
    them: Signal<String>,
    back: RwSignal<Option<GivenBack>>,
    /// Whether to render all entries, and not only the first visible ones.
    whole: RwSignal<bool>,
) -> impl IntoView {
    let (thread, outbox, presence) = (use_thread(), use_outbox(), use_presence());
    let frame = NodeRef::<html::Div>::new();
    let place = Place::new(id, frame);
    let away = RwSignal::new(false);
    let loading = RwSignal::new(false);
    let load = move || {
        if loading.try_get_untracked() != Some(false) || !thread.older.get_untracked() {
            return;
        }
        loading.set(true);
        let before = thread.first_place();
        leptos::task::spawn_local(async move {
            if let Ok((older, more)) = load_older(id, before).await {
                thread.prepend(id, older, more);
            }
            loading.try_set(false);
        });
    };
    let on_scroll = move |_| {
        let Some(frame) = frame.try_get_untracked().flatten() else { return };
        // The scroll container is reversed: position 0 is the newest entry, older entries are negative.
        let from_newest = -frame.scroll_top();
        let from_oldest = frame.scroll_height() - frame.client_height() - from_newest;
        let is_away = from_newest > 200;
        if away.try_get_untracked().is_some_and(|away| away != is_away) {
            away.try_set(is_away);
        }
        if from_oldest < 600 {
            load();
        }
        if from_newest < 600 {
            place.load_newer();
        }
    };
    let older = move || {
        (whole.get() && thread.older.get()).then(|| {
            view! {
                <li class="older">
                    <Button variant=Variant::Quiet small=true busy=loading on_press=Callback::new(move |()| load())>
                        "Older messages"
                    </Button>
                </li>
            }
        })
    };
    let slot = move |slot: Slotted| match slot {
        Slotted::Day(day) => view! { <DayLine day /> }.into_any(),
        Slotted::Unread => view! {
            <li class="unread-line" id="unread">
                <span>"New"</span>
            </li>
        }
        .into_any(),
        Slotted::Entry(entry, first) => {
            thread.message(entry).map(|message| view! { <EntryView message first them back /> }).into_any()
        }
    };
    // The scroll container is reversed, so entries added above do not move the visible ones.
    let slots = move || {
        thread.slots.with(|slots| {
            let from = if whole.get() { 0 } else { slots.len().saturating_sub(AT_FIRST) };
            slots.get(from..).map(<[_]>::to_vec).unwrap_or_default()
        })
    };
    let newer = move || {
        thread.newer.get().then(|| {
            view! {
                <li class="newer">
                    <Button variant=Variant::Quiet small=true busy=thread.asks_newer on_press=Callback::new(move |()| place.load_newer())>
                        "Newer messages"
                    </Button>
                </li>
            }
        })
    };
    // They come after the newest entry.
    let ghosts = move || {
        let known = thread.slots.get();
        let waiting = outbox.of(id).into_iter().filter(|ghost| {
            !thread.newer.get() && !known.iter().any(|s| matches!(s, Slotted::Entry(e, _) if *e == ghost.new.id))
        });
        waiting.map(|ghost| view! { <GhostView ghost back /> }).collect_view()
    };
    view! {
        <div class="stream-frame">
            <div class="stream scroll" node_ref=frame tabindex="0" role="region" aria-label="Messages" data-partial=move || thread.newer.get().then_some("") on:scroll=on_scroll>
                <ol class="msgs">
                    {older}
                    <For each=slots key=|slot| *slot children=slot />
                    {ghosts}
                    {newer}
                    {move || at_the_end(presence, id, them)}
                </ol>
            </div>
            {move || {
                (away.get() || thread.newer.get())
                    .then(|| {
                        view! {
                            <button type="button" class="jump" on:click=move |_| place.to_newest.run(())>
                                <Glyph icon=Icon::ArrowDown />
                                "Newest messages"
                            </button>
                        }
                    })
            }}
        </div>
    }
}

/// A message that the server has not stored yet.
#[component]
fn GhostView(ghost: Ghost, back: RwSignal<Option<GivenBack>>) -> impl IntoView {
    let outbox = use_outbox();
    let id = ghost.new.id;
    let kind = if ghost.new.mode == model::DraftMode::Note { "note" } else { "out" };
    let (state, icon, word) = match &ghost.state {
        GhostState::Sending => ("queued", Icon::Circle, "sending"),
        GhostState::Waiting => ("scheduled", Icon::WifiOff, "waiting for a connection"),
        GhostState::Refused(_) => ("failed", Icon::CircleAlert, "not sent"),
        GhostState::Asked { .. } => ("failed", Icon::CircleAlert, "not sent yet"),
    };
    let now = use_now();
    let what_to_do = match ghost.state {
        GhostState::Refused(reason) => Some((reason, "bad", "Try again", Callback::new(move |()| outbox.retry(id)))),
        GhostState::Asked { by, text, at, .. } => {
            let ago = now.get_untracked() - at.0;
            let when = if ago < 60_000 { "a moment ago".to_owned() } else { format!("{} ago", duration(ago)) };
            let question = format!("{by} answered {when}: “{text}” Send yours anyway?");
            Some((question, "wait", "Send anyway", Callback::new(move |()| outbox.send_anyway(id))))
        }
        _ => None,
    };
    // The message is retried meanwhile. The label does not change with each attempt.
    let (storage, waits) = (use_live().storage, state != "failed");
    let word = move || match storage.get() {
        Storage::Failing(_) if waits => "waiting until the server can save it",
        _ => word,
    };
    let text = ghost.new.text.clone();
    let edit = move |()| {
        if let Some(ghost) = outbox.take(id) {
            back.set(Some(GivenBack::ghost(ghost)));
        }
    };
    view! {
        <li class="msg" data-kind=kind data-first="" data-state=state>
            <div class="msg-by">
                <b>"You"</b>
                " "
                <span class="mark-state" data-state=state>
                    {word}
                    " "
                    <Glyph icon />
                </span>
            </div>
            <div class="bubble" dir="auto">
                <p>{text}</p>
            </div>
            {what_to_do
                .map(|(words, tone, button, press)| {
                    view! {
                        <div class="msg-after" data-tone=tone role="alert">
                            <span dir="auto">{words}</span>
                            <Button small=true on_press=press>
                                {button}
                            </Button>
                            <Button variant=Variant::Quiet small=true on_press=Callback::new(edit)>
                                "Edit"
                            </Button>
                        </div>
                    }
                })}
        </li>
    }
}

/// Marks the visible entries as read, only for this member, while the page is in the foreground.
fn read_what_is_seen(id: ConversationId) {
    let thread = use_thread();
    let told = StoredValue::new(0_i64);
    Effect::new(move |_| {
        let Some(row) = thread.open.get().filter(|row| row.id == id) else { return };
        // Opened at an old entry, the newest ones were not seen.
        if thread.newer.get() || told.get_value() >= row.inbound_count {
            return;
        }
        // Read already: if the member marks it as not read now, it stays so.
        if row.unread() == 0 {
            return told.set_value(row.inbound_count);
        }
        #[cfg(feature = "hydrate")]
        if document().hidden() {
            return;
        }
        told.set_value(row.inbound_count);
        leptos::task::spawn_local(async move {
            if mark_read(id, row.inbound_count).await.is_err() {
                told.try_set_value(0);
            }
        });
    });
}
