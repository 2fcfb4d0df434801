//! The frame around every page below the sign-in: the rail, and room for the panels.

mod account;
mod chat;
mod panels;
mod rail;
mod theme;
mod wish;

use leptos::prelude::*;

#[cfg(feature = "ssr")]
pub use account::SIGN_OUT_SCRIPT;
pub use chat::{Chat, use_chat};
#[cfg(feature = "ssr")]
pub use panels::SCRIPT as PANELS_SCRIPT;
pub use panels::{Panels, Resizer, Side};
pub use theme::{Theme, ThemeChoice, use_theme};
pub use wish::LastWish;

use rail::Rail;

/// Which panel a narrow window shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Panel {
    /// What there is to choose from.
    #[default]
    List,
    /// What was chosen.
    Thread,
    /// More about it.
    Details,
    /// A page of its own.
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

    /// The role of `panel` where `self` is what matters most, for it alone is the main landmark; and its id, which "Skip to the
    /// content" leads to.
    pub fn main_of(self, panel: Self) -> Option<&'static str> {
        (self == panel).then_some("main")
    }
}

/// How the room beside the rail is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// List, thread, details.
    #[default]
    Inbox,
    /// One page.
    Page,
    /// A side list of pages, and a page.
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

/// The frame: a link past the rail, the rail, then the panels.
#[component]
pub fn Frame(
    /// Which panel a narrow window shows.
    #[prop(into)]
    panel: Signal<Panel>,
    /// How the room beside the rail is divided.
    #[prop(optional)]
    page: Layout,
    /// The panels; the one that matters most has the id `main`.
    children: Children,
) -> impl IntoView {
    view! {
        <a class="skip" href="#main" on:click=to_content>
            "Skip to the content"
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

/// The router would only scroll there: the focus has to move, so that the next Tab goes on from the content.
fn to_content(event: leptos::ev::MouseEvent) {
    event.prevent_default();
    crate::state::give_focus("#main");
}
