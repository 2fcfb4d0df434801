//! Sends what the member did to the server, in order, and shows it meanwhile as if it were done. Without a connection it waits; a request that
//! is repeated is done once. What is refused is shown as it was, with the reason.

use std::{collections::HashMap, time::Duration};

use leptos::{prelude::*, task::spawn_local};

use super::{remember, undo_one};
use crate::{
    api::conversation::{act_on_many, change_state},
    components::ui::{Toasts, use_toasts},
    json,
    state::{
        Acting, Ahead, Connection, Goes, Inbox, ListState, Outbox, Stage, Unconfirmed, forget, keep, recall_all,
        unsent, use_acting, use_list, use_live, use_outbox, use_workspace,
    },
};
use model::{Act, ApiError, ConversationId, ConversationRow, MemberId, RowAhead, UndoId};

/// How long an act is still shown after the server has done it, if its event does not come.
const EVENT_COMES: Duration = Duration::from_secs(3);
/// How long to wait before sending again.
const AGAIN: Duration = Duration::from_secs(3);

#[derive(Clone, Copy)]
struct Queue {
    acting: Acting,
    inbox: Inbox,
    list: ListState,
    outbox: Outbox,
    toasts: Toasts,
    /// The signed-in member. What others did in this browser is neither shown nor sent.
    member: MemberId,
    is_busy: StoredValue<bool>,
}

/// Begins with what an earlier page left, and goes on until the page is left.
pub(super) fn start() {
    let member = use_workspace().boot.with_untracked(|boot| boot.me.member.id);
    let (acting, inbox, live) = (use_acting(), expect_context::<Inbox>(), use_live());
    let (list, outbox, toasts) = (use_list(), use_outbox(), use_toasts());
    let queue = Queue { acting, inbox, list, outbox, toasts, member, is_busy: StoredValue::new(false) };
    queue.restore();
    remember::start(member);
    Effect::new(move |before: Option<Vec<Unconfirmed>>| {
        let acts = acting.acts.get();
        queue.store(&before.unwrap_or_default(), &acts);
        queue.show(&acts);
        outbox.flush();
        acts
    });
    // Also when a message has gone out that an act waits for.
    Effect::new(move |_| {
        if queue.next().is_some() {
            queue.flush();
        }
    });
    Effect::new(move |_| {
        if live.connection.get() == Connection::Live {
            queue.wake();
        }
    });
}

impl Queue {
    fn key(self, act: Option<&Unconfirmed>) -> String {
        let name = act.map(|act| format!("{}:{}", act.id, act.part.unwrap_or_default())).unwrap_or_default();
        unsent(self.member, &format!("act:{name}"))
    }

    fn restore(self) {
        let kept = recall_all(&self.key(None));
        let mut kept: Vec<_> = kept.iter().filter_map(|(_, text)| json::read::<Unconfirmed>(text).ok()).collect();
        // Ids are made in the order of time.
        kept.sort_by_key(|act| (act.id.uuid(), act.part));
        if !kept.is_empty() {
            self.acting.acts.update(|acts| {
                kept.retain(|one| !acts.iter().any(|act| (act.id, act.part) == (one.id, one.part)));
                acts.splice(0..0, kept);
            });
        }
    }

    /// Keeps in the browser's storage what the server has not confirmed.
    fn store(self, before: &[Unconfirmed], now: &[Unconfirmed]) {
        let is_kept = |act: &&Unconfirmed| act.is_open();
        for gone in before.iter().filter(is_kept) {
            if !now.iter().filter(is_kept).any(|act| (act.id, act.part) == (gone.id, gone.part)) {
                forget(&self.key(Some(gone)));
            }
        }
        for act in now.iter().filter(is_kept).filter(|act| !before.contains(act)) {
            if let Ok(text) = serde_json::to_string(act) {
                keep(&self.key(Some(act)), &text);
            }
        }
    }

    /// Shows rows as they will be.
    fn show(self, acts: &[Unconfirmed]) {
        let mut by_row: HashMap<ConversationId, Vec<Ask>> = HashMap::new();
        for act in acts.iter().filter(|act| !act.taken_back) {
            for (id, seen) in &act.on {
                let ask = Ask { act: act.act, inbound: seen.inbound, stage: act.stage, is_one: act.part.is_none() };
                by_row.entry(*id).or_default().push(ask);
            }
        }
        let (me, of_list) = (self.member, by_row.clone());
        let ahead = (!by_row.is_empty()).then(|| Ahead {
            row: Box::new(move |row| {
                if let Some(asks) = by_row.get(&row.id) {
                    *row = ahead(asks, row);
                }
            }),
            list: Box::new(move |list| {
                list.show_ahead(me, |row| {
                    let asks = of_list.get(&row.id)?;
                    Some(RowAhead { row: ahead(asks, row), counts: asks.iter().all(|ask| ask.is_one) })
                });
            }),
        });
        self.inbox.show_ahead(ahead);
    }

    /// The next act to send. It waits for messages that were written before it in the same conversation.
    fn next(self) -> Option<Unconfirmed> {
        let next = self.acting.acts.with(|acts| {
            let first = acts.iter().find(|act| act.is_open())?;
            (first.stage != Stage::Waiting).then(|| first.clone())
        })?;
        let waits = next.on.iter().any(|(id, _)| self.outbox.precedes(next.id.uuid(), *id));
        (!waits).then_some(next)
    }

    fn wake(self) {
        if self.acting.acts.with_untracked(|acts| acts.iter().any(|act| act.stage == Stage::Waiting)) {
            self.change(|act| act.stage == Stage::Waiting, |act| act.stage = Stage::Sent);
        }
    }

    fn change(self, is_meant: impl Fn(&Unconfirmed) -> bool, change: impl Fn(&mut Unconfirmed)) {
        self.acting.acts.try_update(|acts| acts.iter_mut().filter(|act| is_meant(act)).for_each(change));
    }

    fn remove(self, is_meant: impl Fn(&Unconfirmed) -> bool) {
        self.acting.acts.try_update(|acts| acts.retain(|act| !is_meant(act)));
    }

    /// Sends one after another. A call while another one runs does nothing.
    fn flush(self) {
        if self.is_busy.try_get_value() != Some(false) {
            return;
        }
        self.is_busy.set_value(true);
        spawn_local(async move {
            while let Some(next) = untrack(|| self.next()) {
                if !self.send(next).await {
                    set_timeout(move || self.wake(), AGAIN);
                    break;
                }
            }
            self.is_busy.try_set_value(false);
        });
    }

    /// Whether the server answered.
    async fn send(self, sent: Unconfirmed) -> bool {
        let (id, part, act) = (sent.id, sent.part, sent.act);
        let is_it = move |one: &Unconfirmed| (one.id, one.part) == (id, part);
        self.change(is_it, |one| one.stage = Stage::Sent);
        let answer = match (sent.on.as_slice(), part) {
            ([(conversation, seen)], None) => {
                change_state(*conversation, *seen, act, Some(id)).await.map(|row| Some(row.version))
            }
            (on, _) => {
                let on = on.iter().map(|(conversation, seen)| (*conversation, seen.inbound)).collect();
                act_on_many(on, act, Some(id), part.unwrap_or_default()).await.map(|_| None)
            }
        };
        match answer.map_err(ApiError::from) {
            Ok(version) => {
                self.change(is_it, |one| one.stage = Stage::Done(version));
                set_timeout(move || self.remove(is_it), EVENT_COMES);
                self.take_back(id);
            }
            Err(error) if error.is_passing() || error == ApiError::Unauthenticated => {
                self.change(is_it, |one| one.stage = Stage::Waiting);
                return false;
            }
            Err(error) => self.refused(id, &error),
        }
        true
    }

    /// Undoes what was taken back before the server had done all of it.
    fn take_back(self, id: UndoId) {
        let of = |acts: &Vec<Unconfirmed>| {
            let mut sets = acts.iter().filter(|act| act.id == id).peekable();
            sets.peek().is_some_and(|act| act.taken_back) && sets.all(|act| !act.is_open())
        };
        if self.acting.acts.try_with_untracked(of) == Some(true) {
            undo_one(self.acting, self.toasts, Some(id));
        }
    }

    /// The server refused: what was not done yet of it is left undone, and the conversation that it was about is shown again.
    fn refused(self, id: UndoId, error: &ApiError) {
        let Self { acting, list, toasts, .. } = self;
        let some_done = acting.acts.with_untracked(|acts| acts.iter().any(|act| act.id == id && !act.is_open()));
        self.remove(|act| act.id == id && act.is_open());
        if !some_done {
            let back = acting.take(Some(id)).and_then(|done| done.back);
            let went = acting.went.get_value().filter(|(one, _)| *one == id).map(|(_, goes)| goes);
            if went.is_some() && back.is_some() && went == list.selected.get_untracked().map(Goes::To) {
                acting.goes.try_set(back.map(Goes::To));
            }
        }
        toasts.failed(error.to_string());
    }
}

/// What was asked of one row.
#[derive(Debug, Clone, Copy)]
struct Ask {
    act: Act,
    inbound: i64,
    stage: Stage,
    is_one: bool,
}

fn ahead(asks: &[Ask], row: &ConversationRow) -> ConversationRow {
    let is_here = |ask: &&Ask| matches!(ask.stage, Stage::Done(Some(version)) if row.version >= version);
    let left = asks.iter().filter(|ask| !is_here(ask));
    left.fold(row.clone(), |row, ask| ask.act.ahead(ask.inbound, &row))
}
