//! The left panel: scope tabs, categories, and the virtual list (L1, L2, L8).

mod head;
mod keys;
mod stored;

pub(crate) use keys::is_typing;

use std::collections::HashMap;

use leptos::{html, prelude::*};

pub use self::head::here;
use self::{head::WhatIsHere, stored::what_is_stored};
use super::{
    acting::{ActingLater, ActingPart, pick},
    begin::{may_begin, use_begin},
    finding::{Finding, FindingButtons, FindingLines, FindingPanel},
    frame::{Panel, Resizer, Side},
    row::Row,
    search::SearchField,
};
use crate::{
    api::inbox::load_inbox,
    components::ui::{Banner, BannerPlace, Button, EmptyState, Glyph, Icon, IconButton, Tab, Tabs, Tone},
    json::Fetched,
    state::{Asked, Connection, Listed, use_acting, use_list, use_live, use_prefetch, use_search, use_workspace},
};
use model::{
    AccountState, ApiError, Bootstrap, ConversationId, Counts, InboxPage, Listing, Permission, Sort, View, window_of,
};

/// The height of a row in pixels. Must equal `--row-h` in the style sheet.
const ROW_H: u32 = 76;
/// The number of rows rendered above and below the visible ones.
const OVERSCAN: usize = 6;
/// The number of rows rendered before the browser has measured the list.
const AT_FIRST: usize = 25;

const TABS: [View; 4] = [View::Mine, View::Unassigned, View::All, View::Closed];
const CATEGORIES: [(View, &str); 4] =
    [(View::New, "New"), (View::Missed, "Missed"), (View::Mine, "Yours"), (View::Others, "Others")];

/// What a view contains, and what to do about it.
const fn what_to_do(view: View) -> &'static str {
    match view {
        View::New => "Not assigned yet. Needs attention now.",
        View::Missed => "Came in while chat was off and got the auto-reply. Needs a follow-up.",
        View::Mine => "Assigned to you",
        View::Others => "Assigned to somebody else or to AI",
        View::Unassigned => "Assigned to nobody",
        View::All => "All conversations that are not closed",
        View::Closed => "Done. Reopens when they write again.",
        View::Snoozed => "Hidden until a time, or until they write.",
        View::Unsent => "A reply was not delivered. Try again or write a new one.",
    }
}

/// The first channel visible to this member that receives nothing, and what to do about it (H9).
fn what_is_down(boot: &Bootstrap) -> Option<(String, &'static str)> {
    let mut seen = boot.channels.iter().filter(|channel| boot.me.access.may_begin(channel.id));
    let (channel, state) = seen.find_map(|channel| Some((channel, channel.down()?)))?;
    let help = match (state, boot.me.may(Permission::Administer)) {
        (AccountState::SignIn, true) => "No new e-mails arrive until you sign in again in Settings.",
        (AccountState::SignIn, false) => "No new e-mails arrive until an admin signs in again.",
        _ => "New e-mails arrive once the mailbox can be reached.",
    };
    Some((format!("{}: {}.", channel.name, state.label()), help))
}

/// A view without conditions. The order stays: members choose it for all of their lists.
fn list_of(view: View, sort: Sort) -> String {
    format!("/inbox?{}", Listing { sort, ..view.into() }.query())
}

/// The left panel.
#[component]
pub fn ListPanel(
    /// What of the URL means nothing.
    ignored: Memo<Vec<&'static str>>,
    /// The first page of the list.
    page: Fetched<(Asked, Result<InboxPage, ApiError>)>,
    /// The panel that a narrow window shows.
    panel: Signal<Panel>,
) -> impl IntoView {
    let (list, live, search) = (use_list(), use_live(), use_search());
    let (workspace, begin, acting) = (use_workspace(), use_begin(), use_acting());
    Finding::provide();
    let view = Memo::new(move |_| list.listing.with(|listing| listing.filter.view));
    let sort = Memo::new(move |_| list.listing.with(|listing| listing.sort));
    let count = move |counts: &Counts, view: View| u32::try_from(counts.of(view)).unwrap_or(0);
    let tabs = Signal::derive(move || {
        let counts = list.counts.get();
        let tab = |of: View| Tab {
            label: of.label().to_owned(),
            href: list_of(of, sort.get()),
            count: (of != View::Closed).then(|| count(&counts, of)),
            current: view.get() == of,
        };
        TABS.map(tab).to_vec()
    });
    let category = move |(of, word): (View, &'static str)| {
        let number = move || list.counts.with(|counts| counts.of(of));
        let hot = move || (of == View::New && number() > 0).then_some("");
        view! {
            <a
                class="cat"
                href=move || list_of(of, sort.get())
                title=what_to_do(of)
                data-hot=hot
                aria-current=move || (view.get() == of).then_some("page")
            >
                <span class="cat-count">{number}</span>
                <span class="cat-name">{word}</span>
            </a>
        }
    };
    // Shown only if there are unsent messages.
    let unsent = move || {
        let number = list.counts.with(|counts| counts.unsent);
        (number > 0).then(|| {
            let words = if number == 1 {
                "conversation has a reply that was not sent"
            } else {
                "conversations have a reply that was not sent"
            };
            view! {
                <a
                    class="list-unsent"
                    href=list_of(View::Unsent, sort.get())
                    aria-current=move || (view.get() == View::Unsent).then_some("page")
                >
                    <Glyph icon=Icon::CircleAlert />
                    <span>
                        <b>{number}</b>
                        " "
                        {words}
                    </span>
                </a>
            }
        })
    };
    let unknown = move || {
        let all = ignored.get();
        (!all.is_empty()).then(|| {
            let text = format!("Part of this address does not apply: {}", all.join(", "));
            view! {
                <p class="list-ignored" role="status" dir="auto">
                    {text}
                </p>
            }
        })
    };
    // Shown only if there are some, or while they are shown.
    let snoozed = move || {
        let number = list.counts.with(|counts| counts.snoozed);
        (number > 0 || view.get() == View::Snoozed).then(|| {
            view! {
                <a class="list-snoozed" href=list_of(View::Snoozed, sort.get()) aria-current=move || (view.get() == View::Snoozed).then_some("page")>
                    <Glyph icon=Icon::Clock />
                    <span>{format!("{number} snoozed")}</span>
                </a>
            }
        })
    };
    let rows = move || match list.listed.get() {
        Listed::Nothing => ().into_any(),
        Listed::Asked(_) => view! { <Rows /> }.into_any(),
        Listed::Failed(error) => view! { <LoadFailed error retry=move |()| page.refetch() /> }.into_any(),
    };
    let offline = move || {
        (live.connection.get() == Connection::Offline).then(|| {
            view! {
                <Banner
                    icon=Icon::WifiOff
                    title="You are offline."
                    text="Your messages are saved and sent when you are back online."
                    tone=Tone::Wait
                    place=BannerPlace::Foot
                />
            }
        })
    };
    let storage = move || {
        let (title, text, tone) =
            what_is_stored(live.storage.get(), workspace.boot.with(|boot| boot.me.may(Permission::Administer)))?;
        Some(view! { <Banner icon=Icon::CircleAlert title text tone place=BannerPlace::Foot /> })
    };
    let down = Memo::new(move |_| workspace.boot.with(what_is_down));
    let down = move || {
        let (title, text) = down.get()?;
        Some(view! { <Banner icon=Icon::CircleAlert title text tone=Tone::Wait place=BannerPlace::Foot /> })
    };
    let loading = RwSignal::new(false);
    view! {
        <section
            class="panel list"
            aria-label="Conversations"
            role=move || panel.get().main_of(Panel::List)
            id=move || panel.get().main_of(Panel::List)
            tabindex="-1"
            data-wait=move || loading.get().then_some("")
            data-selecting=move || acting.picked.with(|picked| !picked.is_empty()).then_some("")
            data-searching=move || search.is_on.get().then_some("")
        >
            <header class="bar">
                <h1 class="bar-title">"Inbox"</h1>
                <span class="live" data-state=move || live.connection.get().attr() role="status">
                    {move || live.connection.get().label()}
                </span>
                <FindingButtons />
                {move || {
                    may_begin(workspace)
                        .then(|| {
                            view! {
                                <IconButton
                                    icon=Icon::PenLine
                                    name="New e-mail (c)"
                                    at_end=true
                                    on_press=move || begin.to_anybody()
                                />
                            }
                        })
                }}
            </header>
            <SearchField />
            <FindingPanel />
            <Transition fallback=ListSkeleton set_pending=loading>
                // No closure around the `Suspend`, so it runs once. Later answers update the store, and the current content stays visible
                // meanwhile.
                {Suspend::new(async move {
                    let (of, first) = page.await;
                    list.show_page(of, first);
                    // The counts arrive with the page, so server and browser render them together with it.
                    view! {
                        <Tabs label="Scope" tabs />
                        <nav class="cats" aria-label="Category">
                            {CATEGORIES.map(category).collect_view()}
                        </nav>
                        {unsent}
                        {snoozed}
                        <FindingLines />
                        {unknown}
                        <WhatIsHere />
                        {rows}
                    }
                })}
            </Transition>
            <ActingLater part=ActingPart::Bar />
            {down}
            {storage}
            {offline}
            <Resizer side=Side::List />
        </section>
    }
    .into_any()
}

/// Placeholders for the head of the list and for a card. Plain text, because they never change.
const HEAD_SHAPE: &str = r#"<i class="skeleton skeleton-line w-70"></i><i class="skeleton skeleton-block"></i>"#;
const ROW_SHAPE: &str = r#"<div class="slot"><div class="row"><i class="skeleton skeleton-round"></i><div class="row-wait"><i class="skeleton skeleton-line w-40"></i><i class="skeleton skeleton-line w-90"></i><i class="skeleton skeleton-pill"></i></div></div></div>"#;

/// Placeholder rows of the same height as the real rows.
#[component]
fn ListSkeleton() -> impl IntoView {
    view! {
        <div class="list-wait" aria-hidden="true" inner_html=HEAD_SHAPE></div>
        <div class="rows scroll" aria-busy="true" inner_html=ROW_SHAPE.repeat(12)></div>
    }
}

/// A failed load: what happened, what is safe, and a button to retry.
#[component]
pub fn LoadFailed(
    /// The error.
    error: ApiError,
    /// Loads again.
    #[prop(into)]
    retry: Callback<()>,
) -> impl IntoView {
    let live = use_live();
    // The connection is back.
    let may_pass = error.is_passing();
    Effect::new(move |before: Option<Connection>| {
        let now = live.connection.get();
        if may_pass && now == Connection::Live && before.is_some_and(|before| before != now) {
            retry.run(());
        }
        now
    });
    view! {
        <EmptyState icon=Icon::TriangleAlert tone=Tone::Bad title="This could not be loaded" text=error.to_string()>
            <Button icon=Icon::RefreshCw on_press=retry>
                "Try again"
            </Button>
        </EmptyState>
    }
}

/// The virtual list. Only the visible rows and a few around them are rendered.
#[component]
fn Rows() -> impl IntoView {
    let (list, prefetch) = (use_list(), use_prefetch());
    let frame = NodeRef::<html::Div>::new();
    let scroll = RwSignal::new(0.0_f64);
    let height = RwSignal::new(0.0_f64);
    let virtual_ = Memo::new(move |_| height.get() > 0.0);
    let window = Memo::new(move |_| {
        let total = list.order.with(Vec::len);
        if virtual_.get() {
            window_of(scroll.get(), height.get(), f64::from(ROW_H), total, OVERSCAN)
        } else {
            0..total.min(AT_FIRST)
        }
    });
    let visible = Memo::new(move |_| {
        let window = window.get();
        list.order.with(|order| order.get(window).map(<[_]>::to_vec).unwrap_or_default())
    });
    let places = Memo::new(move |_| {
        let start = window.get().start;
        visible.with(|ids| ids.iter().enumerate().map(|(at, id)| (*id, start + at)).collect::<HashMap<_, _>>())
    });
    let measure = move || {
        if let Some(frame) = frame.try_get_untracked().flatten() {
            height.try_set(f64::from(frame.client_height()));
        }
    };
    Effect::new(move |_| {
        frame.track();
        measure();
        let handle = window_event_listener(leptos::ev::resize, move |_| measure());
        on_cleanup(move || handle.remove());
    });
    let loading = StoredValue::new(false);
    // Loads older rows two screens before they are needed.
    Effect::new(move |_| {
        let near = window.get().end + 20 >= list.order.with(Vec::len);
        if !near || !list.more.get() || !virtual_.get() || loading.get_value() {
            return;
        }
        let Some((of, cursor)) = list.end() else { return };
        loading.set_value(true);
        leptos::task::spawn_local(async move {
            let page = load_inbox(of.filter.clone(), of.sort, Some(cursor)).await;
            loading.try_set_value(false);
            if let Ok(page) = page {
                list.append(&of, cursor, page);
            }
        });
    });
    keys::keys(frame);
    let may_pick = use_workspace().boot.with_untracked(|boot| boot.me.may(Permission::Converse));
    let on_scroll = move |_| {
        if let Some(frame) = frame.try_get_untracked().flatten() {
            scroll.try_set(f64::from(frame.scroll_top()));
        }
    };
    let let_go = move || {
        if list.hovered.try_get_untracked().flatten().is_some() {
            list.hovered.set(None);
            list.arrange();
        }
    };
    let slot = move |id: ConversationId| {
        let Some(row) = list.row(id) else { return ().into_any() };
        let name = row.with_untracked(|row| row.display_name().to_owned());
        let offset = move || {
            virtual_.get().then(|| {
                let place = places.with(|places| places.get(&id).copied().unwrap_or_default());
                format!("translateY({}px)", place * ROW_H as usize)
            })
        };
        let enter = move |_| {
            list.hovered.set(Some(id));
            prefetch.fetch(id);
        };
        view! {
            <li class="slot" style:transform=offset on:pointerenter=enter on:focusin=move |_| prefetch.fetch(id)>
                {may_pick.then(|| pick(id, &name))}
                <Row row />
            </li>
        }
        .into_any()
    };
    let space = move || virtual_.get().then(|| format!("{}px", list.order.with(Vec::len) * ROW_H as usize));
    let nothing = move || list.order.with(Vec::is_empty).then(|| view! { <Nothing /> });
    view! {
        <div class="rows scroll" node_ref=frame tabindex="-1" on:scroll=on_scroll on:pointerleave=move |_| let_go()>
            <ol class="rows-space" aria-label=move || list.listing.with(|listing| listing.filter.view.label()) data-virtual=move || virtual_.get().then_some("") style:height=space>
                <For each=move || visible.get() key=|id| *id children=slot />
            </ol>
            {nothing}
        </div>
    }
}

/// The text of an empty view: one sentence, and what to do next.
#[component]
fn Nothing() -> impl IntoView {
    let list = use_list();
    move || {
        if list.listing.with(Listing::narrows) {
            let all = list.listing.with(|listing| Listing::from(listing.filter.view));
            return view! {
                <EmptyState
                    icon=Icon::ListFilter
                    title="No conversation matches"
                    text="Remove a filter to see more conversations."
                >
                    <a class="btn btn-plain" href=move || here(list, &all)>
                        "Clear all filters"
                    </a>
                </EmptyState>
            }
            .into_any();
        }
        let view = list.listing.with(|listing| listing.filter.view);
        let (title, text) = match view {
            View::Mine => (
                "Nothing is assigned to you",
                "Take a conversation from New, or wait until a colleague assigns one to you.",
            ),
            View::Unassigned | View::New => ("Nothing new", "New conversations appear here immediately."),
            View::Missed => ("Nothing missed", "Messages that come in while chat is off appear here."),
            View::Others => {
                ("Nothing assigned to others", "Conversations that colleagues or AI agents work on appear here.")
            }
            View::Unsent => ("Everything was sent", "Replies that could not be delivered appear here."),
            View::Snoozed => ("Nothing is snoozed", "Snoozed conversations wait here until their time comes."),
            View::Closed => {
                ("Nothing closed yet", "Closed conversations appear here. They reopen when the customer writes again.")
            }
            View::All => {
                ("No conversations yet", "Try the web chat, or add it to your site. New conversations appear here.")
            }
        };
        match view {
            View::All => view! {
                <EmptyState icon=Icon::Inbox title text>
                    <a class="btn btn-plain" href="/settings/channels">
                        "Open channels"
                    </a>
                </EmptyState>
            }
            .into_any(),
            _ => view! { <EmptyState icon=Icon::Inbox title text /> }.into_any(),
        }
    }
}
