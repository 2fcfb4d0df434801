//! Acting on everything in a view, loaded or not (L7): the server does it, this shows how far it is.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};

use super::{done, what_was_done};
use crate::{
    api::conversation::{begin_sweep, cancel_sweep, progress_of_sweep},
    components::ui::{Button, Toast, Toasts, Variant, use_toasts},
    state::{Acting, ListState, Sweeping, use_acting},
};
use model::{Act, ApiError, Count, SweepEnd, SweepProgress, UndoId};

/// How often it is asked how far it is.
const EVERY: Duration = Duration::from_millis(500);

/// How many conversations the list has, loaded or not.
pub(super) fn in_view(list: ListState) -> Count {
    let view = list.listing.with(|listing| listing.filter.view);
    list.fitting.get().unwrap_or_else(|| Count::Exact(list.counts.with(|counts| counts.of(view))))
}

/// A count in words.
pub(super) fn number(count: Count) -> String {
    match count {
        Count::Exact(n) => n.to_string(),
        Count::AtLeast(n) => format!("{n}+"),
    }
}

/// Begins to act on everything in the view.
pub(super) fn act_on_view(acting: Acting, list: ListState, toasts: Toasts, act: Act) {
    let (id, of) = (acting.next(), untrack(|| in_view(list)));
    let filter = list.listing.with_untracked(|listing| listing.filter.clone());
    let picked = acting.picked.get_untracked();
    acting.pick_none();
    acting.sweeps.update(|all| all.push(Sweeping { id, act, of, changed: 0 }));
    spawn_local(async move {
        match begin_sweep(id, filter, act).await.map_err(ApiError::from) {
            Ok(()) => look(acting, toasts, id),
            Err(error) => {
                over(acting, id);
                acting.picked.try_set(picked);
                toasts.failed(error.to_string());
            }
        }
    });
}

/// Asks how far it is until it ends.
pub(super) fn look(acting: Acting, toasts: Toasts, id: UndoId) {
    let later = move || set_timeout(move || look(acting, toasts, id), EVERY);
    spawn_local(async move {
        match progress_of_sweep(id).await.map_err(ApiError::from) {
            Ok(SweepProgress { changed, ended: None, .. }) => {
                acting.sweeps.try_update(|all| {
                    all.iter_mut().filter(|one| one.id == id).for_each(|one| one.changed = changed);
                });
                later();
            }
            Ok(progress) => tell(acting, toasts, id, progress),
            Err(error) if error.is_passing() => later(),
            Err(error) => {
                over(acting, id);
                toasts.failed(error.to_string());
            }
        }
    });
}

fn over(acting: Acting, id: UndoId) -> Option<Sweeping> {
    acting.sweeps.try_update(|all| all.iter().position(|one| one.id == id).map(|place| all.remove(place))).flatten()
}

/// Says what it came to, once.
fn tell(acting: Acting, toasts: Toasts, id: UndoId, progress: SweepProgress) {
    let Some(Sweeping { act, .. }) = over(acting, id) else { return };
    let SweepProgress { changed, left_alone, ended } = progress;
    let left = match left_alone {
        0 => String::new(),
        n => format!(", {n} left alone because of news"),
    };
    if let Some(SweepEnd::Refused(why)) = ended {
        toasts.failed(why);
    }
    match changed {
        0 => toasts.push(Toast::new(format!("Nothing changed{left}"))),
        1 => done(acting, toasts, (id, None), format!("{}: 1 conversation{left}", what_was_done(act))),
        n => done(acting, toasts, (id, None), format!("{}: {n} conversations{left}", what_was_done(act))),
    }
}

/// Lines of what runs, each with a button that stops it.
#[component]
pub(super) fn Sweeps() -> impl IntoView {
    let (acting, toasts) = (use_acting(), use_toasts());
    let line = move |Sweeping { id, act, of, .. }: Sweeping| {
        let changed = move || {
            acting.sweeps.with(|all| all.iter().find(|one| one.id == id).map(|one| one.changed).unwrap_or_default())
        };
        let cancel = move || {
            spawn_local(async move {
                match cancel_sweep(id).await.map_err(ApiError::from) {
                    Ok(progress) => tell(acting, toasts, id, progress),
                    Err(error) => toasts.failed(error.to_string()),
                }
            });
        };
        view! {
            <div class="acting" role="status">
                <span class="acting-count">
                    {what_was_done(act)} ": " {changed} " of " {number(of)}
                </span>
                <span class="push"></span>
                <Button variant=Variant::Plain small=true on_press=cancel>
                    "Cancel"
                </Button>
            </div>
        }
    };
    view! { <For each=move || acting.sweeps.get() key=|one| one.id children=line /> }
}
