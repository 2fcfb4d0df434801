//! The lines above the list: the saved views (L4) and the chips of the filter (L3). Each is one line that scrolls sideways, so that the list
//! does not move when it comes.

use leptos::prelude::*;

use super::{chips::condition_chips, use_finding, use_show_listing, view_icon};
use crate::{
    components::{
        list::{here, is_typing},
        ui::{Glyph, Icon, typed_key},
    },
    state::{use_list, use_now, use_view_counts, use_workspace, use_zone},
};
use model::{Count, Day, Listing, SavedView};

/// A count as text: "293", "1,000+".
pub fn count_text(count: Count) -> String {
    match count {
        Count::Exact(n) if n < 1_000 => n.to_string(),
        _ => "999+".to_owned(),
    }
}

/// A member's views in the order in which they want them.
pub fn in_order(views: &[SavedView], order: &[model::SavedViewId]) -> Vec<SavedView> {
    let place = |view: &SavedView| order.iter().position(|id| *id == view.id).unwrap_or(usize::MAX);
    let mut views = views.to_vec();
    views.sort_by_key(|view| (place(view), view.id));
    views
}

/// The saved views, each with its count.
#[component]
pub fn SavedViews() -> impl IntoView {
    let (list, workspace, counts, finding) = (use_list(), use_workspace(), use_view_counts(), use_finding());
    let (now, zone) = (use_now(), use_zone());
    let views = Memo::new(move |_| workspace.boot.with(|boot| in_order(&boot.views, &boot.view_order)));
    let today = Memo::new(move |_| Day::of_local(zone.local(now.get())));
    // Counts are asked when the page is alive, when the views or the day change, and when events cannot tell.
    Effect::new(move |_| {
        let (asked, today) = (counts.asks.get(), today.get());
        let _ = asked;
        let begins = |day| zone.begins(day);
        let filters = views.with(|views| {
            let pair = |view: &SavedView| (view.id, view.listing.resolved(today.begins(), begins));
            views.iter().map(pair).collect::<Vec<_>>()
        });
        if !filters.is_empty() {
            counts.ask(filters);
        }
    });
    view_keys(views);
    let link = move |(at, view): (usize, SavedView)| {
        let SavedView { id, name, icon, listing, .. } = view;
        let key = (at < KEYS).then(|| (at + 1).to_string());
        let title = key.as_ref().map_or_else(|| name.clone(), |key| format!("{name} ({key})"));
        let href = {
            let listing = listing.clone();
            move || here(list, &listing)
        };
        let current = move || list.listing.with(|shown| *shown == listing).then_some("page");
        let count = move || counts.counts.with(|counts| counts.get(&id).copied()).map(count_text);
        view! {
            <a class="view-link" href=href aria-current=current title=title aria-keyshortcuts=key>
                <Glyph icon=view_icon(icon) />
                <span class="view-name" dir="auto">
                    {name}
                </span>
                <span class="tab-count">{count}</span>
            </a>
        }
    };
    move || {
        views.with(|views| !views.is_empty()).then(|| {
            view! {
                <nav class="views" aria-label="Saved views">
                    {views.get().into_iter().enumerate().map(link).collect_view()}
                    <button type="button" class="view-link" aria-haspopup="dialog" on:click=move |_| finding.manage.set(true)>
                        "Edit views"
                    </button>
                </nav>
            }
        })
    }
}

/// How many views have a key of their own.
const KEYS: usize = 9;

/// The keys `1` to `9` open the views in their order.
fn view_keys(views: Memo<Vec<SavedView>>) {
    let show = use_show_listing();
    Effect::new(move |_| {
        let show = show.clone();
        let handle = window_event_listener(leptos::ev::keydown, move |event| {
            let modified = event.ctrl_key() || event.meta_key() || event.alt_key() || event.is_composing();
            let digit = typed_key(&event.key(), &event.code()).and_then(|key| key.to_digit(10));
            let Some(at) = digit.and_then(|digit| usize::try_from(digit).ok()?.checked_sub(1)) else { return };
            if modified || event.default_prevented() || is_typing(&event) {
                return;
            }
            if let Some(view) = views.with_untracked(|views| views.get(at).cloned()) {
                event.prevent_default();
                show(view.listing);
            }
        });
        on_cleanup(move || handle.remove());
    });
}

/// The conditions of the filter as chips, each a link to the list without it.
#[component]
pub fn Chips() -> impl IntoView {
    let (list, workspace, finding) = (use_list(), use_workspace(), use_finding());
    let chip = move |(label, rest): (String, Listing)| {
        let name = format!("Remove filter: {label}");
        view! {
            <a class="chip" href=move || here(list, &rest) title=name.clone() aria-label=name>
                <span class="chip-text" dir="auto">
                    {label}
                </span>
                <Glyph icon=Icon::X />
            </a>
        }
    };
    let chips = move || workspace.boot.with(|boot| list.listing.with(|listing| condition_chips(boot, listing)));
    move || {
        let narrows = list.listing.with(Listing::narrows);
        view! {
            {narrows
                .then(|| {
                    let all = list.listing.with(|listing| Listing { sort: listing.sort, ..listing.filter.view.into() });
                    view! {
                        <div class="chips" role="group" aria-label="Filters">
                            {chips().into_iter().map(chip).collect_view()}
                            <a class="chip-plain" href=move || here(list, &all)>
                                "Clear all"
                            </a>
                            <button
                                type="button"
                                class="chip-plain"
                                aria-haspopup="dialog"
                                on:click=move |_| finding.save.set(true)
                            >
                                "Save as view"
                            </button>
                        </div>
                    }
                })}
        }
    }
}
