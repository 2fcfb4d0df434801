//! Asks the server while somebody types. Only the answer to the newest text is ever shown.

use std::{
    future::poll_fn,
    pin::pin,
    task::{Poll, Waker},
    time::Duration,
};

use leptos::{prelude::*, task::spawn_local};

use crate::{
    api::{Refused, search::search as ask},
    state::{Connection, Search, WorkspaceState, use_live, use_search, use_workspace},
};
use model::{ApiError, Day, MOST_SEARCHED, MessageHit, PersonHit, SearchCursor, SearchPage, with_times};

/// How long after the last key the server is asked.
const PAUSE: Duration = Duration::from_millis(150);

/// What the search shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Found {
    /// Nothing has been found yet.
    #[default]
    Nothing,
    /// What was found for a text. Later pages of messages are added.
    Page(Box<FoundPage>),
    /// The server could not be asked.
    Failed(ApiError),
}

/// What was found for a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FoundPage {
    /// The text.
    pub text: String,
    /// The people and the messages.
    pub page: SearchPage,
}

/// The results, and the request that is on its way. Copies share their state.
#[derive(Clone, Copy)]
pub(super) struct Finder {
    search: Search,
    workspace: WorkspaceState,
    /// What is shown. It stays until the next answer is here.
    pub found: RwSignal<Found>,
    /// Whether what is shown is not about the typed text yet.
    pub waits: RwSignal<bool>,
    /// Whether more messages are on their way.
    pub adds: RwSignal<bool>,
    /// Counts the requests. An answer to an older one is dropped.
    turn: StoredValue<u32>,
    /// Wakes the request on its way, so that it notices that it is outdated and is cancelled.
    waker: StoredValue<Option<Waker>>,
}

impl Finder {
    /// Asks for the typed text from now on.
    pub fn new() -> Self {
        let (search, workspace, live) = (use_search(), use_workspace(), use_live());
        let finder = Self {
            search,
            workspace,
            found: RwSignal::default(),
            waits: RwSignal::new(false),
            adds: RwSignal::new(false),
            turn: StoredValue::new(0),
            waker: StoredValue::new(None),
        };
        let wanted = Memo::new(move |_| search.text.with(|text| text.trim().to_owned()));
        Effect::new(move |before: Option<()>| {
            let text = wanted.get();
            let turn = finder.drop_older();
            if text.is_empty() {
                finder.found.set(Found::Nothing);
                finder.waits.set(false);
            } else if before.is_none() {
                // It was typed while the code was loading.
                finder.run(turn);
            } else {
                finder.waits.set(true);
                set_timeout(move || finder.run(turn), PAUSE);
            }
        });
        // The connection is back.
        Effect::new(move |_| {
            let failed = matches!(finder.found.get_untracked(), Found::Failed(error) if error.is_passing());
            if live.connection.get() == Connection::Live && failed {
                finder.now();
            }
        });
        finder
    }

    /// Asks at once.
    pub fn now(self) {
        if self.search.is_on.get_untracked() {
            let turn = self.drop_older();
            self.run(turn);
        }
    }

    /// The next page of messages.
    pub fn more(self) {
        let next = self.found.with_untracked(|found| match found {
            Found::Page(found) => found.page.after.map(|after| (found.text.clone(), after)),
            _ => None,
        });
        let (Some((text, after)), false) = (next, self.adds.get_untracked()) else { return };
        self.adds.set(true);
        let turn = self.turn.get_value();
        spawn_local(async move {
            let answer = self.while_newest(turn, self.ask(text, Some(after))).await;
            self.adds.try_set(false);
            match answer {
                Some(Ok(next)) => self.found.try_update(|found| {
                    if let Found::Page(found) = found {
                        let page = &mut found.page;
                        page.messages.extend(next.messages);
                        (page.after, page.looked_back_to, page.partly, page.building) =
                            (next.after, next.looked_back_to, next.partly, next.building);
                    }
                }),
                // The button stays, to be pressed again.
                Some(Err(_)) | None => None,
            };
        });
    }

    /// Where the options lead, in order.
    pub fn targets(self) -> Vec<super::found::Target> {
        self.found.with(|found| match found {
            Found::Page(found) => {
                let person = |hit: &PersonHit| hit.conversation.map(|id| super::found::Target { id, at: None });
                let message = |hit: &MessageHit| super::found::Target { id: hit.conversation, at: Some(hit.n) };
                let people = found.page.people.iter().filter_map(person);
                people.chain(found.page.messages.iter().map(message)).collect()
            }
            _ => Vec::new(),
        })
    }

    async fn ask(self, text: String, after: Option<SearchCursor>) -> Result<SearchPage, Refused> {
        // Not more than the server reads, and one character so that it can tell that it did not read everything.
        let text: String = text.chars().take(MOST_SEARCHED + 60).collect();
        let (now, zone) = (self.workspace.now.get_untracked().0, self.workspace.zone);
        let local = untrack(|| zone.local(now));
        let text = with_times(&text, Day::of_local(local), |day| untrack(|| zone.begins(day)));
        ask(text, after, (local - now) / 60_000).await
    }

    fn drop_older(self) -> u32 {
        self.turn.update_value(|turn| *turn = turn.wrapping_add(1));
        if let Some(waker) = self.waker.try_update_value(Option::take).flatten() {
            waker.wake();
        }
        self.turn.get_value()
    }

    fn run(self, turn: u32) {
        if self.turn.try_get_value() != Some(turn) {
            return;
        }
        self.waits.set(true);
        let text = self.search.text.get_untracked().trim().to_owned();
        spawn_local(async move {
            let Some(answer) = self.while_newest(turn, self.ask(text.clone(), None)).await else { return };
            self.waits.try_set(false);
            self.found.try_set(match answer {
                Ok(page) => Found::Page(Box::new(FoundPage { text, page })),
                Err(error) => Found::Failed(error.into()),
            });
        });
    }

    /// The answer to a request. None as soon as there is a newer request: the browser cancels this one when it is dropped.
    async fn while_newest<T>(self, turn: u32, request: impl Future<Output = T>) -> Option<T> {
        let mut request = pin!(request);
        poll_fn(|context| {
            if self.turn.try_get_value() != Some(turn) {
                return Poll::Ready(None);
            }
            self.waker.set_value(Some(context.waker().clone()));
            request.as_mut().poll(context).map(Some)
        })
        .await
    }
}
