//! Pieces of the program that are loaded only when they are needed, so that the first page loads faster.
//!
//! A piece is a WebAssembly file beside the main one. `parts.rs` defines where the program is split, `scripts/site.mjs` makes the files,
//! and the page names those that its path needs (`document.rs`). The others are fetched after hydration, when the browser is idle.

mod parts;

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use leptos::{prelude::*, wasm_split::SplitLoaderError};

use crate::{
    api::inbox::load_bootstrap,
    components::{
        frame::{Frame, Layout, Panel},
        ui::{Banner, BannerPlace, Button, Icon, Tone},
    },
    state::{Connection, after_paint, give_focus, may_load_afresh, use_live},
};
use model::ApiError;
pub(crate) use parts::{
    FindingPart, WritingPart, acting_part, channels_part, details_part, finding_part, settings_part, writing_part,
};

type Loading = Pin<Box<dyn Future<Output = Result<(), SplitLoaderError>>>>;
/// The result of a split function. It is ready at once if its piece is loaded.
pub(crate) type Drawing = Pin<Box<dyn Future<Output = Result<AnyView, SplitLoaderError>>>>;

/// A piece of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// The settings pages, except the one below.
    Settings,
    /// The settings page of the channels.
    Channels,
    /// The content of the details panel.
    Details,
    /// The composer, and the form of a new e-mail.
    Writing,
    /// Search, the filters and the views.
    Finding,
    /// What acts on conversations, one or several: the bar, the keys, the dialogs.
    Acting,
}

impl Piece {
    /// All pieces, in the order in which they are prefetched.
    pub const ALL: [Self; 6] =
        [Self::Writing, Self::Details, Self::Acting, Self::Finding, Self::Settings, Self::Channels];

    /// The name in the site's manifest, the same as in `parts.rs`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Channels => "channels",
            Self::Details => "details",
            Self::Writing => "writing",
            Self::Finding => "finding",
            Self::Acting => "acting",
        }
    }

    /// The pieces that the page at a path needs to render.
    pub fn of_path(path: &str) -> &'static [Self] {
        let mut segments = path.trim_matches('/').split('/');
        match (segments.next(), segments.next()) {
            // `/settings` itself shows the channels to admins.
            (Some("settings"), None | Some("channels")) => &[Self::Settings, Self::Channels],
            (Some("settings"), _) => &[Self::Settings],
            (Some("inbox"), Some(_)) => &[Self::Writing, Self::Details],
            _ => &[],
        }
    }

    fn load(self) -> Loading {
        match self {
            Self::Settings => Box::pin(parts::load_settings()),
            Self::Channels => Box::pin(parts::load_channels()),
            Self::Details => Box::pin(parts::load_details()),
            Self::Writing => Box::pin(parts::load_writing()),
            Self::Finding => Box::pin(parts::load_finding()),
            Self::Acting => Box::pin(parts::load_acting()),
        }
    }
}

/// Loads the pieces that the page at a path needs. Hydration must wait for them, because the program lacks the code for the server's HTML
/// until then.
///
/// # Errors
/// When a piece cannot be loaded.
pub async fn load_for(path: &str) -> Result<(), SplitLoaderError> {
    for piece in Piece::of_path(path) {
        piece.load().await?;
    }
    Ok(())
}

/// Fetches the other pieces while the browser is idle. A piece that fails is retried when it is needed.
#[cfg(feature = "hydrate")]
pub fn fetch_when_idle() {
    let fetch = || {
        leptos::task::spawn_local(async {
            for piece in Piece::ALL {
                let _ = piece.load().await;
            }
        });
    };
    // Safari has no idle callback.
    if request_idle_callback_with_handle(fetch).is_err() {
        set_timeout(fetch, std::time::Duration::from_secs(2));
    }
}

/// Where a piece is shown. This decides the placeholder and the error message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A whole page with its frame.
    Page,
    /// A dialog, or a part of a page whose rest stays the same.
    Part,
    /// Beside a conversation. Rendered after the conversation has been painted.
    Beside,
    /// Below a conversation, in place of the composer. Rendered after the conversation has been painted.
    Composer,
    /// A line above the list. While it is missing, its place stays empty.
    Line,
}

/// Why a piece is not loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// The piece is loading.
    Coming,
    /// The server cannot be reached.
    Unreachable,
    /// The server can be reached but lacks the piece, most likely because a new version was deployed.
    Gone,
}

/// Renders a piece as soon as the piece is loaded.
pub(crate) fn show_piece(piece: Piece, place: Place, draw: impl Fn() -> Drawing + Send + Sync + 'static) -> AnyView {
    // One copy of the code below, whatever draws.
    show_boxed(piece, place, Box::new(draw))
}

fn show_boxed(piece: Piece, place: Place, draw: Box<dyn Fn() -> Drawing + Send + Sync>) -> AnyView {
    let live = use_live();
    let missing = RwSignal::new(None::<Missing>);
    let load = move || {
        let mut loading = piece.load();
        if at_once(&mut loading).is_some_and(|loaded| loaded.is_ok()) {
            if missing.try_get_untracked().flatten().is_some() {
                missing.set(None);
            }
            return;
        }
        if missing.try_set(Some(Missing::Coming)).is_some() {
            return;
        }
        leptos::task::spawn_local(async move {
            let why = match loading.await {
                Ok(()) => None,
                Err(_) => Some(why_missing().await),
            };
            if why == Some(Missing::Gone) && place == Place::Page && may_load_afresh() {
                // A fresh page names the server's current files. Text that the member is writing is kept (T4).
                let _ = window().location().reload();
                return;
            }
            missing.try_set(why);
            // A late piece takes the focus where an early one would: to the content of a page, or to the first field of a dialog.
            let focus = match place {
                Place::Page => "#main",
                Place::Part => "dialog[open] [autofocus]",
                Place::Beside | Place::Composer | Place::Line => return,
            };
            if why.is_none() {
                request_animation_frame(move || give_focus(focus));
            }
        });
    };
    // A new composer gets the height of the previous one as a placeholder. Without a previous one it is rendered at once, or the messages
    // would jump.
    let may_wait = match place {
        Place::Beside => true,
        Place::Composer => height_of_composer().is_some(),
        Place::Page | Place::Part | Place::Line => false,
    };
    if may_wait && after_paint(load) {
        missing.set(Some(Missing::Coming));
    } else {
        load();
    }
    // The connection is back.
    Effect::new(move |_| {
        if live.connection.get() == Connection::Live && missing.get_untracked() == Some(Missing::Unreachable) {
            load();
        }
    });
    let retry = Callback::new(move |()| load());
    let view = move || match missing.get() {
        None => match at_once(&mut draw()) {
            Some(Ok(view)) => view,
            _ => ().into_any(),
        },
        Some(why) => in_its_place(place, why, retry),
    };
    view.into_any()
}

/// The result of a future that is already complete. None if it is not.
fn at_once<T>(future: &mut Pin<Box<dyn Future<Output = T>>>) -> Option<T> {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}

/// Finds out whether the server can be reached, by requesting a URL that is never cached.
async fn why_missing() -> Missing {
    match load_bootstrap().await.map_err(ApiError::from) {
        Err(ApiError::Transport { .. }) => Missing::Unreachable,
        _ => Missing::Gone,
    }
}

fn in_its_place(place: Place, why: Missing, retry: Callback<()>) -> AnyView {
    if why == Missing::Coming {
        return match place {
            Place::Page => page(view! { <div class="piece-wait" aria-busy="true" inner_html=SHAPE></div> }.into_any()),
            Place::Part => view! { <div class="piece-wait" aria-busy="true" inner_html=SHAPE></div> }.into_any(),
            Place::Beside | Place::Line => ().into_any(),
            Place::Composer => view! {
                <div class="composer-frame" aria-busy="true" style:min-block-size=height_of_composer()>
                    <div class="composer"></div>
                </div>
            }
            .into_any(),
        };
    }
    if place == Place::Line {
        return ().into_any();
    }
    let (title, text) = match why {
        Missing::Gone => {
            ("This part of the page could not be loaded.", "Tandem was probably updated. What you wrote is kept.")
        }
        _ => ("This part of the page is not loaded yet.", "Tandem cannot be reached. What you wrote is kept."),
    };
    let button = match why {
        Missing::Gone => view! {
            <Button icon=Icon::RefreshCw small=true on_press=Callback::new(|()| drop(window().location().reload()))>
                "Reload the page"
            </Button>
        },
        _ => view! {
            <Button icon=Icon::RefreshCw small=true on_press=retry>
                "Try again"
            </Button>
        },
    };
    let banner =
        |place| view! { <Banner icon=Icon::TriangleAlert tone=Tone::Bad title text place>{button}</Banner> }.into_any();
    match place {
        Place::Page => page(banner(BannerPlace::Top)),
        Place::Part => banner(BannerPlace::Card),
        Place::Beside | Place::Line => banner(BannerPlace::Top),
        Place::Composer => banner(BannerPlace::Foot),
    }
}

/// The height of the current composer. The next one is most likely as high, so the messages above do not move.
fn height_of_composer() -> Option<String> {
    #[cfg(feature = "hydrate")]
    {
        let now = document().query_selector(".composer-frame").ok().flatten()?;
        Some(format!("{}px", now.client_height()))
    }
    #[cfg(not(feature = "hydrate"))]
    None
}

/// The frame of a page whose content is not loaded yet.
fn page(inside: AnyView) -> AnyView {
    view! {
        <Frame panel=Signal::stored(Panel::Page) page=Layout::Page>
            <main class="panel" id="main" tabindex="-1">
                {inside}
            </main>
        </Frame>
    }
    .into_any()
}

/// A placeholder for a heading and some lines. Plain HTML, because it never changes.
const SHAPE: &str = r#"<i class="skeleton skeleton-line w-40"></i><i class="skeleton skeleton-line w-90"></i><i class="skeleton skeleton-line w-70"></i><i class="skeleton skeleton-block"></i>"#;

#[cfg(test)]
mod tests {
    use super::Piece;

    #[test]
    fn a_path_names_the_pieces_that_its_page_is_drawn_with() {
        assert_eq!(Piece::of_path("/inbox"), []);
        assert_eq!(Piece::of_path("/inbox/"), []);
        assert_eq!(Piece::of_path("/inbox/018f"), [Piece::Writing, Piece::Details]);
        for channels in ["/settings", "/settings/", "/settings/channels"] {
            assert_eq!(Piece::of_path(channels), [Piece::Settings, Piece::Channels], "{channels}");
        }
        assert_eq!(Piece::of_path("/settings/teams"), [Piece::Settings]);
        assert_eq!(Piece::of_path("/"), []);
    }
}
