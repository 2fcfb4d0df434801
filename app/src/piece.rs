//! Pieces of the program that are loaded when they are needed, so that nobody waits for what they do not look at.
//!
//! A piece is a file of WebAssembly beside the main one. `parts.rs` says where the program is cut, `scripts/site.mjs` makes the files, and
//! the page names those that its path needs (`document.rs`). The others are fetched once the page is alive and the browser has nothing to do.

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
pub(crate) use parts::{WritingPart, details_part, settings_part, writing_part};

type Loading = Pin<Box<dyn Future<Output = Result<(), SplitLoaderError>>>>;
/// What a split function answers: ready at once where its piece is here.
pub(crate) type Drawing = Pin<Box<dyn Future<Output = Result<AnyView, SplitLoaderError>>>>;

/// A piece of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// The settings.
    Settings,
    /// What stands in the details panel.
    Details,
    /// What is written in: the composer, and the form of a new e-mail.
    Writing,
}

impl Piece {
    /// All of them, in the order in which they are fetched ahead.
    pub const ALL: [Self; 3] = [Self::Writing, Self::Details, Self::Settings];

    /// Its name in the site's manifest, which is that in `parts.rs`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Details => "details",
            Self::Writing => "writing",
        }
    }

    /// The pieces without which the page at a path cannot be drawn.
    pub fn of_path(path: &str) -> &'static [Self] {
        let mut segments = path.trim_matches('/').split('/');
        match (segments.next(), segments.next()) {
            (Some("settings"), _) => &[Self::Settings],
            (Some("inbox"), Some(_)) => &[Self::Writing, Self::Details],
            _ => &[],
        }
    }

    fn load(self) -> Loading {
        match self {
            Self::Settings => Box::pin(parts::load_settings()),
            Self::Details => Box::pin(parts::load_details()),
            Self::Writing => Box::pin(parts::load_writing()),
        }
    }
}

/// Loads what the page at a path needs. Until then the page cannot be made alive: what the server drew would not be found in the program.
///
/// # Errors
/// When a piece could not be loaded.
pub async fn load_for(path: &str) -> Result<(), SplitLoaderError> {
    for piece in Piece::of_path(path) {
        piece.load().await?;
    }
    Ok(())
}

/// Fetches the other pieces while the browser has nothing to do. One that fails is tried again when it is needed.
#[cfg(feature = "hydrate")]
pub fn fetch_when_idle() {
    let fetch = || {
        leptos::task::spawn_local(async {
            for piece in Piece::ALL {
                let _ = piece.load().await;
            }
        });
    };
    // Safari does not tell when it is idle.
    if request_idle_callback_with_handle(fetch).is_err() {
        set_timeout(fetch, std::time::Duration::from_secs(2));
    }
}

/// Where a piece is shown: what stands there until it is loaded, and how it is said that it could not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A page of its own, frame and all.
    Page,
    /// A dialog, or a part of a page that stays as it is.
    Part,
    /// Beside a conversation. It is drawn once the conversation itself has been painted.
    Beside,
    /// Below a conversation, in the composer's place. Likewise.
    Composer,
}

/// Why a piece is not here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// It is on its way.
    Coming,
    /// The server cannot be reached.
    Unreachable,
    /// The server can be reached and does not have it: most likely a new version was deployed.
    Gone,
}

/// Shows what a piece draws, as soon as the piece is here.
pub(crate) fn show_piece(piece: Piece, place: Place, draw: impl Fn() -> Drawing + Send + Sync + 'static) -> AnyView {
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
                // The page that the server makes now names the files that it has now. What is being written is kept (T4).
                let _ = window().location().reload();
                return;
            }
            missing.try_set(why);
            // What came late gives the focus to where it would have been: the content of a page, the first field of a dialog.
            let focus = match place {
                Place::Page => "#main",
                Place::Part => "dialog[open] [autofocus]",
                Place::Beside | Place::Composer => return,
            };
            if why.is_none() {
                request_animation_frame(move || give_focus(focus));
            }
        });
    };
    // For a composer room is kept as for the one before; without one before it comes at once, or the messages would jump.
    let may_wait = match place {
        Place::Beside => true,
        Place::Composer => height_of_composer().is_some(),
        Place::Page | Place::Part => false,
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

/// The answer of a future that has it already.
fn at_once<T>(future: &mut Pin<Box<dyn Future<Output = T>>>) -> Option<T> {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}

/// Whether the server can be reached: by asking it for something that is never kept.
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
            Place::Beside => ().into_any(),
            Place::Composer => view! {
                <div class="composer-frame" aria-busy="true" style:min-block-size=height_of_composer()>
                    <div class="composer"></div>
                </div>
            }
            .into_any(),
        };
    }
    let (title, text) = match why {
        Missing::Gone => ("This part could not be loaded.", "Tandem was probably updated. What you wrote is kept."),
        _ => ("This part is not loaded yet.", "Tandem cannot be reached. What you wrote is kept."),
    };
    let button = match why {
        Missing::Gone => view! {
            <Button icon=Icon::RefreshCw small=true on_press=Callback::new(|()| drop(window().location().reload()))>
                "Load the page again"
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
        Place::Beside => banner(BannerPlace::Top),
        Place::Composer => banner(BannerPlace::Foot),
    }
}

/// The height of the composer that stands there now. The next one is most likely as high, so that the messages above do not move.
fn height_of_composer() -> Option<String> {
    #[cfg(feature = "hydrate")]
    {
        let now = document().query_selector(".composer-frame").ok().flatten()?;
        Some(format!("{}px", now.client_height()))
    }
    #[cfg(not(feature = "hydrate"))]
    None
}

/// The frame of a page whose content is not here yet.
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

/// A heading and some lines. As text, because nothing in it ever changes.
const SHAPE: &str = r#"<i class="skeleton skeleton-line w-40"></i><i class="skeleton skeleton-line w-90"></i><i class="skeleton skeleton-line w-70"></i><i class="skeleton skeleton-block"></i>"#;

#[cfg(test)]
mod tests {
    use super::Piece;

    #[test]
    fn a_path_names_the_pieces_that_its_page_is_drawn_with() {
        assert_eq!(Piece::of_path("/inbox"), []);
        assert_eq!(Piece::of_path("/inbox/"), []);
        assert_eq!(Piece::of_path("/inbox/018f"), [Piece::Writing, Piece::Details]);
        for settings in ["/settings", "/settings/", "/settings/teams"] {
            assert_eq!(Piece::of_path(settings), [Piece::Settings], "{settings}");
        }
        assert_eq!(Piece::of_path("/"), []);
    }
}
