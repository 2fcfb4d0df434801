//! Tells the server which conversation this tab looks at or writes in (T12): at once when it changes, and again every few seconds. Nothing is
//! told while the window is hidden or nobody touches it, and the server forgets what it is not told again.

use std::time::Duration;

use leptos::{leptos_dom::helpers::set_interval_with_handle, prelude::*};

use crate::{
    api::presence::say_where,
    state::{Connection, Shown, new_uuid, now_ms, use_live, use_presence, use_thread},
};
use model::{ConversationId, Doing, DraftMode, TabId};

/// How often it is looked whether there is something to tell.
const LOOK: Duration = Duration::from_millis(500);
/// How often the same is told again, in milliseconds.
const AGAIN: i64 = 4000;
/// The least time between two different things that are told, so that running through the list tells little.
const PAUSE: i64 = 300;
/// How long after the last key press somebody still writes.
const WRITES: i64 = 5000;
/// After this long without a touch nobody looks.
const IDLE: i64 = 5 * 60_000;

type Where = Option<(ConversationId, Doing)>;

/// Begins to tell, until the inbox is gone.
pub(super) fn listen() {
    let (thread, live, presence) = (use_thread(), use_live(), use_presence());
    let tab = TabId::new(new_uuid());
    let touched = StoredValue::new(now_ms());
    let told = StoredValue::new((None::<(ConversationId, Doing)>, 0_i64));
    let look = move || {
        let now = now_ms();
        let Some((before, at)) = told.try_get_value() else { return };
        // Without a connection nothing can be told, and the server forgets by itself.
        if live.connection.get_untracked() != Connection::Live {
            return;
        }
        let there = match thread.shown.get_untracked() {
            Shown::Thread(id) if thread.selected.get_untracked() == Some(id) && !thread.gone.get_untracked() => {
                Some(id)
            }
            _ => None,
        };
        let watched = !is_hidden() && now - touched.get_value() < IDLE;
        let there: Where = there.filter(|_| watched).map(|id| {
            let typed = presence.typed.get_untracked();
            let mode = typed.filter(|(of, _, at)| *of == id && now - at < WRITES).map(|(_, mode, _)| mode);
            let doing = match mode {
                None => Doing::Looking,
                Some(DraftMode::Note) => Doing::Noting,
                Some(DraftMode::Reply) => Doing::Replying,
            };
            (id, doing)
        });
        let due = if there == before { there.is_some() && now - at >= AGAIN } else { now - at >= PAUSE };
        if !due {
            return;
        }
        told.set_value((there, now));
        leptos::task::spawn_local(async move {
            let (conversation, doing) = (there.map(|(id, _)| id), there.map_or(Doing::Looking, |(_, doing)| doing));
            // A refusal needs no answer: the next look tells it again.
            let _ = say_where(tab, conversation, doing).await;
        });
    };
    Effect::new(move |_| {
        thread.shown.track();
        thread.selected.track();
        presence.typed.track();
        live.connection.track();
        look();
    });
    let touch = move || {
        touched.try_set_value(now_ms());
    };
    let handles = [
        window_event_listener(leptos::ev::pointermove, move |_| touch()),
        window_event_listener(leptos::ev::pointerdown, move |_| touch()),
        window_event_listener(leptos::ev::keydown, move |_| touch()),
        // It bubbles up from the document.
        window_event_listener(leptos::ev::visibilitychange, move |_| look()),
    ];
    let timer = set_interval_with_handle(look, LOOK);
    on_cleanup(move || {
        handles.into_iter().for_each(|handle| handle.remove());
        if let Ok(timer) = timer {
            timer.clear();
        }
    });
}

fn is_hidden() -> bool {
    #[cfg(feature = "hydrate")]
    return document().hidden();
    #[cfg(not(feature = "hydrate"))]
    true
}
