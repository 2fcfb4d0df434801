//! Keeps the notices up to date, and tells of new ones: at the bell, in the title, on the app's icon, and by the browser (N2).

use std::time::Duration;

use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_navigate};

use super::notices::{sentence, target};
use crate::{
    api::notices::{load_notices, see_notices},
    components::browser_notice,
    state::{Connection, Notices, now_ms, use_live, use_notices, use_workspace},
};
use model::{ConversationId, Notice, NoticeKind, NoticePage, SeenNotices};

/// How long to wait for more reasons before the notices are asked again.
const REST: Duration = Duration::from_millis(200);
/// How long a browser notice waits: the tab in which its conversation is open may say meanwhile that it was seen.
const PATIENCE: Duration = Duration::from_millis(1200);
/// Notices within this time are one.
const TOGETHER_MS: i64 = 10_000;

/// Notices that the browser shows as one.
#[derive(Debug, Clone, Default)]
struct Batch {
    since: i64,
    /// The numbers of stored ones.
    stored: Vec<i64>,
    /// Conversations that began.
    new: Vec<ConversationId>,
}

impl Batch {
    /// Where to add to it. What happens later than [`TOGETHER_MS`] begins another one.
    fn at(&mut self, now: i64) -> &mut Self {
        if now - self.since > TOGETHER_MS {
            *self = Self { since: now, ..Self::default() };
        }
        self
    }
}

/// Watches until the page is left.
pub(super) fn watch() {
    let (notices, live, path) = (use_notices(), use_live(), use_location().pathname);
    browser_notice::lead(notices);
    Effect::new(move |_| {
        notices.asks.track();
        live.resets.track();
        if live.connection.get() != Connection::Offline {
            fetch_soon(notices);
        }
    });
    Effect::new(move |_| {
        let came = notices.came.with(Vec::len) as i64;
        let listed = |page: &NoticePage| page.switches.listed.has(NoticeKind::New);
        // It is about to be seen, so the number does not flash.
        let here = path.with(|path| open_in(path)).filter(|_| browser_notice::in_front());
        let count = |page: &NoticePage| page.unseen_elsewhere(here) + if listed(page) { came } else { 0 };
        let unseen = notices.page.with(|page| page.as_ref().map_or(0, count));
        if notices.unseen.get_untracked() != unseen {
            notices.unseen.set(unseen);
        }
        browser_notice::set_badge(unseen);
    });
    // Another tab marked all.
    Effect::new(move |before: Option<i64>| {
        let at = notices.page.with(|page| page.as_ref().map_or(0, |page| page.seen_at.0));
        if before.is_some_and(|before| before > 0 && at > before) {
            notices.came.set(Vec::new());
        }
        at
    });
    see_what_is_open(notices);
    tell_by_browser(notices);
}

/// Asks for the notices once for several reasons.
fn fetch_soon(notices: Notices) {
    if notices.waits.try_get_value() != Some(false) {
        return;
    }
    notices.waits.set_value(true);
    let fetch = move || {
        notices.waits.try_set_value(false);
        leptos::task::spawn_local(async move {
            match load_notices().await {
                Ok(page) => {
                    notices.failed.try_set(false);
                    // Where nothing changed, nothing is drawn again: a line of the list may have the focus.
                    if notices.page.try_with_untracked(|known| known.as_ref() == Some(&page)) == Some(false) {
                        notices.page.set(Some(page));
                    }
                }
                Err(_) => drop(notices.failed.try_set(true)),
            }
        });
    };
    set_timeout(fetch, REST);
}

/// The conversation in the path of the page.
fn open_in(path: &str) -> Option<ConversationId> {
    path.strip_prefix("/inbox/")?.parse().ok()
}

/// What is about the conversation in front of the member is seen.
fn see_what_is_open(notices: Notices) {
    let path = use_location().pathname;
    let focused = RwSignal::new(true);
    let turned = move || {
        focused.try_set(browser_notice::in_front());
    };
    let handles = [
        window_event_listener(leptos::ev::focus, move |_| turned()),
        window_event_listener(leptos::ev::blur, move |_| turned()),
        window_event_listener(leptos::ev::visibilitychange, move |_| turned()),
    ];
    on_cleanup(move || handles.into_iter().for_each(WindowListenerHandle::remove));
    // What was said to be seen already; the answer may be on its way.
    let said = StoredValue::new(0);
    Effect::new(move |_| {
        focused.track();
        let Some(id) = path.with(|path| open_in(path)).filter(|_| browser_notice::in_front()) else { return };
        notices.came.try_update(|came| came.retain(|one| *one != id));
        let newest = notices.page.with(|page| {
            let all = page.as_ref().map(|page| page.notices.iter()).unwrap_or_default();
            all.filter(|notice| notice.conversation == Some(id) && !notice.seen).map(|notice| notice.n).max()
        });
        let Some(newest) = newest.filter(|n| *n > said.get_value()) else { return };
        said.set_value(newest);
        leptos::task::spawn_local(async move {
            if see_notices(SeenNotices::Of(id)).await.is_ok() {
                notices.ask();
            }
        });
    });
}

/// Lets the browser tell of what is new and not in front of the member.
fn tell_by_browser(notices: Notices) {
    let (workspace, path) = (use_workspace(), use_location().pathname);
    let navigate = use_navigate();
    let open = Callback::new(move |href: String| navigate(&href, leptos_router::NavigateOptions::default()));
    let batch = StoredValue::new(Batch::default());
    let show = move || {
        let Some(batch) = batch.try_get_value() else { return };
        let unseen = notices.page.try_with_untracked(|page| {
            let all = page.as_ref().map(|page| page.notices.iter()).unwrap_or_default();
            all.filter(|notice| !notice.seen && batch.stored.contains(&notice.n)).cloned().collect::<Vec<Notice>>()
        });
        let came = notices.came.try_get_untracked().unwrap_or_default();
        let new = batch.new.iter().filter(|id| came.contains(id)).count();
        let (title, text, href) = match (unseen.unwrap_or_default().as_slice(), new) {
            ([], 0) => return,
            ([one], 0) => (untrack(|| sentence(workspace, one)), one.text.clone(), target(one)),
            ([], 1) => ("A new conversation".to_owned(), String::new(), "/inbox?view=new".to_owned()),
            ([], new) => (format!("{new} new conversations"), String::new(), "/inbox?view=new".to_owned()),
            (several, new) => (
                format!("{} notices", several.len() + new),
                untrack(|| sentence(workspace, &several[0])),
                "/inbox".to_owned(),
            ),
        };
        browser_notice::show(&title, &text, href, open);
    };
    let may = move || notices.leads.get_value() == Some(true) && browser_notice::is_allowed();
    let soon = move || {
        set_timeout(show, PATIENCE);
    };
    Effect::new(move |before: Option<Option<i64>>| {
        let now = notices.page.with(|page| page.as_ref().map(|page| page.last));
        // What was there when the page was opened is not new.
        let Some(told) = before.flatten() else { return now };
        let fresh: Vec<i64> = notices.page.with_untracked(|page| {
            let Some(page) = page else { return Vec::new() };
            let here = path.with_untracked(|path| open_in(path)).filter(|_| browser_notice::in_front());
            let is_new = |notice: &&Notice| {
                notice.n > told
                    && !notice.seen
                    && page.switches.browser.has(notice.kind)
                    && (here.is_none() || notice.conversation != here)
            };
            page.notices.iter().filter(is_new).map(|notice| notice.n).collect()
        });
        if !fresh.is_empty() && may() {
            batch.update_value(|batch| batch.at(now_ms()).stored.extend(fresh));
            soon();
        }
        now
    });
    Effect::new(move |before: Option<Vec<ConversationId>>| {
        let came = notices.came.get();
        let Some(before) = before else { return came };
        let wants = |page: &NoticePage| page.switches.browser.has(NoticeKind::New);
        let fresh: Vec<_> = came.iter().filter(|id| !before.contains(id)).copied().collect();
        if !fresh.is_empty() && notices.page.with_untracked(|page| page.as_ref().is_some_and(wants)) && may() {
            batch.update_value(|batch| batch.at(now_ms()).new.extend(fresh));
            soon();
        }
        came
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n2_what_happens_within_ten_seconds_is_one() {
        let mut batch = Batch::default();
        batch.at(100_000).stored.push(1);
        batch.at(110_000).stored.push(2);
        assert_eq!((batch.since, batch.stored.as_slice()), (100_000, [1, 2].as_slice()));
        batch.at(110_001).stored.push(3);
        assert_eq!((batch.since, batch.stored.as_slice()), (110_001, [3].as_slice()));
    }

    #[test]
    fn n2_the_path_says_what_is_open() {
        let id = "0193a5e0-0000-7000-8000-000000000001";
        assert_eq!(open_in(&format!("/inbox/{id}")), id.parse().ok());
        assert_eq!(open_in("/inbox"), None);
        assert_eq!(open_in("/settings/teams"), None);
    }
}
