//! The frame around every page of a signed-in member: the rail and the panels.

mod account;
mod chat;
mod panels;
mod rail;
mod theme;

use leptos::prelude::*;

#[cfg(feature = "ssr")]
pub use account::SIGN_OUT_SCRIPT;
pub use chat::{Chat, use_chat};
#[cfg(feature = "ssr")]
pub use panels::SCRIPT as PANELS_SCRIPT;
pub use panels::{Panels, Resizer, Side};
pub use theme::{Theme, ThemeChoice, use_theme};

use rail::Rail;

/// The panel that a narrow window shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Panel {
    /// The list of conversations or pages.
    #[default]
    List,
    /// The chosen conversation.
    Thread,
    /// The details of the conversation.
    Details,
    /// A page outside the inbox.
    Page,
}

impl Panel {
    const fn attr(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Thread => "thread",
            Self::Details => "details",
            Self::Page => "page",
        }
    }

    /// Returns `main` as both role and id of `panel` if it is the panel in `self`, because a page has one main landmark. "Skip to the
    /// content" leads to that id.
    pub fn main_of(self, panel: Self) -> Option<&'static str> {
        (self == panel).then_some("main")
    }
}

/// The layout of the space beside the rail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// List, thread, details.
    #[default]
    Inbox,
    /// One page.
    Page,
    /// A side list of pages, and the chosen page.
    Settings,
}

impl Layout {
    const fn attr(self) -> Option<&'static str> {
        match self {
            Self::Inbox => None,
            Self::Page => Some("page"),
            Self::Settings => Some("settings"),
        }
    }
}

/// The frame: a link that skips the rail, the rail, then the panels.
#[component]
pub fn Frame(
    /// The panel that a narrow window shows.
    #[prop(into)]
    panel: Signal<Panel>,
    /// The layout of the space beside the rail.
    #[prop(optional)]
    page: Layout,
    /// The panels. The main one has the id `main`.
    children: Children,
) -> impl IntoView {
    view! {
        <a class="skip" href="#main" on:click=to_content>
            "Skip to content"
        </a>
        <div
            class="app"
            data-panel=move || panel.get().attr()
            data-view=page.attr()
        >
            <Rail />
            {children()}
        </div>
    }
    .into_any()
}

/// Moves the focus to the content, so that the next Tab continues there. The router would only scroll.
fn to_content(event: leptos::ev::MouseEvent) {
    event.prevent_default();
    crate::state::give_focus("#main");
}
