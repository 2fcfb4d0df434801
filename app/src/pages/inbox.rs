//! The inbox: three panels. The URL contains the view and the open conversation, so that a link leads back to them.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    api::inbox::load_inbox,
    components::{
        acting::{ActingLater, ActingPart},
        begin::{Begin, BeginDialog},
        details::DetailsPanel,
        frame::{Frame, Panel},
        list::ListPanel,
        thread::ThreadPanel,
    },
    json::fetched_newest,
    state::{
        Asked, use_list, use_live, use_notices, use_now, use_place, use_prefetch, use_thread, use_workspace, use_zone,
    },
};
use model::{ApiError, ConversationId, Day, Listing};

/// The inbox page.
#[component]
pub fn InboxPage() -> impl IntoView {
    Begin::provide();
    let (params, query) = (use_params_map(), use_query_map());
    let (list, thread, prefetch, live) = (use_list(), use_thread(), use_prefetch(), use_live());
    let notices = use_notices();
    // What the URL says, and what of it means nothing.
    let read = Memo::new(move |_| {
        query.with(|q| Listing::of_query(q.latest_values().map(|(key, value)| (key.as_ref(), value))))
    });
    let boot = use_workspace().boot;
    let listing = Memo::new(move |_| {
        let mut listing = read.with(|(listing, _)| listing.clone());
        // A link may name a tag that was merged since.
        if !listing.filter.tags.is_empty() {
            listing.filter.tags = boot.with(|boot| listing.filter.tags.following(&boot.tags));
        }
        listing
    });
    let ignored = Memo::new(move |_| read.with(|(_, ignored)| ignored.clone()));
    // An invalid id is treated like an unknown one.
    let asked = Memo::new(move |_| params.with(|p| p.get("id")));
    let at = use_place(asked);
    let is_asked = Memo::new(move |_| asked.with(Option::is_some));
    let id = Memo::new(move |_| asked.get().and_then(|text| text.parse::<ConversationId>().ok()));
    // A period is resolved again when the reader's day changes.
    let (now, zone) = (use_now(), use_zone());
    let today = Memo::new(move |_| Day::of_local(zone.local(now.get())));
    let asked_list = Memo::new(move |_| {
        let begins = |day| zone.begins(day);
        listing.with(|listing| Asked { filter: listing.resolved(today.get().begins(), begins), sort: listing.sort })
    });
    let page = fetched_newest(
        move || (asked_list.get(), live.resets.get(), list.reads.get()),
        |one, other| one.0 == other.0,
        |(asked, ..): (Asked, _, _)| async move {
            let Asked { filter, sort } = asked.clone();
            (asked, load_inbox(filter, sort, None).await.map_err(ApiError::from))
        },
    );
    let answer = fetched_newest(
        move || (asked.get().map(|_| id.get()), at.get(), live.resets.get(), thread.reads.get()),
        |one, other| (one.0, one.1) == (other.0, other.1),
        move |(asked, at, ..)| async move {
            match asked? {
                None => Some(Err(ApiError::NotFound)),
                Some(id) => Some(prefetch.open(id, at).await),
            }
        },
    );
    // The first answers are stored where they are rendered. Later answers are stored here.
    Effect::new(move |_| {
        if let Some((asked, page)) = page.get() {
            list.show_page(asked, page);
        }
    });
    Effect::new(move |_| {
        if let Some(answer) = answer.get() {
            thread.show_answer(answer);
        }
    });
    // The row of the open conversation stays in place while the list changes around it.
    Effect::new(move |_| {
        list.selected.set(id.get());
        list.arrange();
    });
    list.selected.set(id.get_untracked());
    Effect::new(move |_| list.listing.set(listing.get()));
    list.listing.set(listing.get_untracked());
    let details = RwSignal::new(false);
    let panel = Signal::derive(move || match (is_asked.get(), details.get()) {
        (false, _) => Panel::List,
        (true, false) => Panel::Thread,
        (true, true) => Panel::Details,
    });
    // The main panel is the list or the thread. The details only add to a conversation, so they are never the main panel.
    let main = Signal::derive(move || if is_asked.get() { Panel::Thread } else { Panel::List });
    Effect::new(move |before: Option<Option<ConversationId>>| {
        let now = id.get();
        if before.is_some_and(|before| before != now) {
            details.set(false);
        }
        now
    });
    let heading = move || {
        let name = thread
            .open
            .with(|row| row.as_ref().filter(|row| Some(row.id) == id.get()).map(|row| row.display_name().to_owned()));
        let name = name.unwrap_or_else(|| "Inbox".to_owned());
        // A title is inserted without escaping, so a name must not contain anything that could end the title (S5).
        let name = name.replace('<', "‹").replace('>', "›");
        notices.title(&name)
    };
    // The server evaluates the title when it renders the page, on a thread that may have started another page meanwhile. So the title must
    // be read in the owner of its signals. The reference is weak, because the owner holds the title.
    let home = Owner::current().map(|owner| owner.downgrade());
    let title = move || match home.as_ref().and_then(WeakOwner::upgrade) {
        Some(home) => home.with(heading),
        None => "Tandem".to_owned(),
    };
    view! {
        <Title text=title />
        <Frame panel>
            <ListPanel ignored page panel=main />
            <ThreadPanel answer panel=main toggle_details=move |()| details.update(|shown| *shown = !*shown) />
            {move || is_asked.get().then(|| view! { <DetailsPanel answer close=move |()| details.set(false) /> })}
            <button type="button" class="scrim" aria-label="Close details" tabindex="-1" on:click=move |_| details.set(false)></button>
            <BeginDialog />
            <ActingLater part=ActingPart::Rest />
        </Frame>
    }
    .into_any()
}
