//! The rail: destinations, the chat switch and the account menu.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::{account::AccountMenu, use_chat};
use crate::{
    components::{
        acting::{ActingLater, ActingPart},
        ui::{Glyph, Icon, Mark},
    },
    piece::{Piece, Place, acting_part, show_piece},
    state::use_notices,
};

/// The destinations.
const PLACES: [(&str, Icon, &str); 2] = [("/inbox", Icon::Inbox, "Inbox"), ("/settings", Icon::Settings, "Settings")];

/// Whether the path is the destination or a page below it.
fn within(path: &str, place: &str) -> bool {
    path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The rail. In narrow windows it is a bar at the foot.
#[component]
pub(super) fn Rail() -> impl IntoView {
    let path = use_location().pathname;
    let places = PLACES
        .into_iter()
        .map(|(place, icon, name)| {
            view! {
                <li>
                    <a
                        class="rail-link"
                        href=place
                        aria-label=name
                        aria-current=move || path.with(|path| within(path, place)).then_some("page")
                        data-tip=name
                        data-tip-side="end"
                    >
                        <Glyph icon=icon />
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <nav class="rail" aria-label="Main">
            <a class="rail-mark" href="/inbox" aria-label="Tandem">
                <Mark />
            </a>
            <ul class="rail-items">{places} <Bell /></ul>
            <div class="rail-foot">
                <ChatSwitch />
                <AccountMenu />
            </div>
        </nav>
    }
    .into_any()
}

/// The bell, and the notices under it (N2). What they say is code that loads later.
#[component]
fn Bell() -> impl IntoView {
    let unseen = use_notices().unseen;
    let used = RwSignal::new(false);
    let label = move || match unseen.get() {
        0 => "Notices".to_owned(),
        n => format!("Notices, {n} new"),
    };
    let badge = move || {
        let n = unseen.get();
        let text = if n > 999 { "999+".to_owned() } else { n.to_string() };
        (n > 0).then(|| view! { <span class="badge rail-badge" aria-hidden="true">{text}</span> })
    };
    let list = move || {
        used.get().then(|| show_piece(Piece::Acting, Place::Part, || Box::pin(acting_part(ActingPart::Notices))))
    };
    view! {
        <li>
            <button
                type="button"
                class="rail-link"
                popovertarget="notices"
                aria-haspopup="dialog"
                aria-label=label
                data-tip="Notices"
                data-tip-side="end"
            >
                <Glyph icon=Icon::Notifier />
                {badge}
            </button>
            <div
                id="notices"
                class="menu notices"
                popover="auto"
                role="dialog"
                aria-label="Notices"
                on:beforetoggle=move |_: leptos::ev::Event| used.set(true)
            >
                {list}
            </div>
            <ActingLater part=ActingPart::Noticing />
        </li>
    }
    .into_any()
}

/// The member's chat switch.
#[component]
fn ChatSwitch() -> impl IntoView {
    let chat = use_chat();
    view! {
        <button
            type="button"
            class="chat-switch"
            hidden=move || !chat.mine.get()
            aria-pressed=move || if chat.on.get() { "true" } else { "false" }
            aria-label=move || chat.label()
            data-tip=move || chat.label()
            data-tip-side="end"
            on:click=move |_| chat.turn.run(())
        >
            <Glyph icon=Icon::MessageCircle />
        </button>
    }
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn a_place_holds_what_is_below_it() {
        assert!(within("/inbox", "/inbox"));
        assert!(within("/inbox/018f", "/inbox"));
        assert!(!within("/inboxes", "/inbox"));
        assert!(!within("/settings", "/inbox"));
    }
}
