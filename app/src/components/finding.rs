//! Filters, order and saved views of the list (L3, L4, L9). The buttons are part of the list; the panel and the dialogs come as a piece when
//! they are first opened.

mod chips;
mod filters;
mod head;
mod views;

use leptos::prelude::*;
use leptos_router::hooks::use_navigate;

use super::{
    list::here,
    ui::{Dialog, Icon, IconButton},
};
use crate::{
    piece::{Drawing, FindingPart, Piece, Place, finding_part, show_piece},
    state::{use_list, use_workspace},
};
use model::{Listing, ViewIcon};

/// What the piece draws around the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AroundList {
    /// The saved views above the list.
    Views,
    /// The conditions above the list.
    Chips,
    /// The panel with the conditions and the dialogs of views, as far as they are open.
    Opened,
}

/// What is open around the list.
#[derive(Clone, Copy)]
pub struct Finding {
    /// The panel with the conditions.
    pub filters: RwSignal<bool>,
    /// The dialog that saves the list as a view.
    pub save: RwSignal<bool>,
    /// The dialog that edits the views.
    pub manage: RwSignal<bool>,
}

impl Finding {
    /// Everything closed.
    pub fn provide() {
        let closed = || RwSignal::new(false);
        provide_context(Self { filters: closed(), save: closed(), manage: closed() });
    }
}

/// Returns what is open around the list.
pub fn use_finding() -> Finding {
    expect_context()
}

/// The icon of a view.
pub const fn view_icon(icon: ViewIcon) -> Icon {
    match icon {
        ViewIcon::List => Icon::ListChecks,
        ViewIcon::Star => Icon::Star,
        ViewIcon::Flag => Icon::Flag,
        ViewIcon::Clock => Icon::Clock,
        ViewIcon::Tag => Icon::Tag,
        ViewIcon::Person => Icon::UserRound,
        ViewIcon::Company => Icon::Building2,
        ViewIcon::Spark => Icon::Sparkles,
    }
}

/// Shows another listing: its address goes into the history, so that Back returns to the one before.
pub fn use_show_listing() -> impl Fn(Listing) + Clone {
    let (list, navigate) = (use_list(), use_navigate());
    move |listing: Listing| {
        let options = leptos_router::NavigateOptions { scroll: false, ..Default::default() };
        navigate(&untrack(|| here(list, &listing)), options);
    }
}

/// The button that opens the filters.
#[component]
pub fn FindingButtons() -> impl IntoView {
    let (list, finding) = (use_list(), use_finding());
    let conditions = Memo::new(move |_| list.listing.with(Listing::conditions));
    let name = Signal::derive(move || match conditions.get() {
        0 => "Filters (f)".to_owned(),
        1 => "Filters (f), 1 active".to_owned(),
        n => format!("Filters (f), {n} active"),
    });
    let count =
        move || (conditions.get() > 0).then(|| view! { <span class="badge filter-count">{conditions.get()}</span> });
    view! {
        <span class="filter-button">
            <IconButton
                icon=Icon::ListFilter
                name=name
                at_end=true
                pressed=finding.filters
                on_press=move || finding.filters.update(|open| *open = !*open)
            />
            {count}
        </span>
    }
}

/// The panel with the conditions, and the dialogs, once one of them was opened.
#[component]
pub fn FindingPanel() -> impl IntoView {
    let finding = use_finding();
    let is_asked = move || finding.filters.get() || finding.save.get() || finding.manage.get();
    let asked = Memo::new(move |before: Option<&bool>| before == Some(&true) || is_asked());
    move || {
        let draw = || -> Drawing { Box::pin(finding_part(FindingPart::Around(AroundList::Opened))) };
        asked.get().then(|| show_piece(Piece::Finding, Place::Part, draw))
    }
}

/// The lines above the list. They come with the piece, after the list; their height is kept free, so nothing moves.
#[component]
pub fn FindingLines() -> impl IntoView {
    let (list, workspace) = (use_list(), use_workspace());
    // The server renders no content of the piece, because hydration would have to wait for it.
    let alive = RwSignal::new(false);
    Effect::new(move |_| alive.set(true));
    let has_views = Memo::new(move |_| workspace.boot.with(|boot| !boot.views.is_empty()));
    let narrows = Memo::new(move |_| list.listing.with(Listing::narrows));
    let line = move |part: AroundList| {
        move || {
            alive.get().then(|| {
                show_piece(Piece::Finding, Place::Line, move || Box::pin(finding_part(FindingPart::Around(part))))
            })
        }
    };
    view! {
        <Show when=move || has_views.get()>
            <div class="list-line">{line(AroundList::Views)}</div>
        </Show>
        <Show when=move || narrows.get()>
            <div class="list-line">{line(AroundList::Chips)}</div>
        </Show>
    }
}

/// Draws a part. Called from the code that loads later.
pub(crate) fn draw(part: AroundList) -> AnyView {
    match part {
        AroundList::Views => view! { <head::SavedViews /> }.into_any(),
        AroundList::Chips => view! { <head::Chips /> }.into_any(),
        AroundList::Opened => view! { <Opened /> }.into_any(),
    }
}

/// The panel with the conditions while it is open, and the dialogs.
#[component]
fn Opened() -> impl IntoView {
    let finding = use_finding();
    let opened = |open: RwSignal<bool>| Memo::new(move |before: Option<&bool>| before == Some(&true) || open.get());
    let (save, manage) = (opened(finding.save), opened(finding.manage));
    view! {
        <Show when=move || finding.filters.get()>
            <section class="filters" aria-label="Filters">
                <filters::Filters />
            </section>
        </Show>
        <Show when=move || save.get()>
            <Dialog title="Save as view" open=finding.save>
                <views::SaveView />
            </Dialog>
        </Show>
        <Show when=move || manage.get()>
            <Dialog title="Edit views" open=finding.manage>
                <views::EditViews />
            </Dialog>
        </Show>
    }
}
