//! Acts of members on conversations (assign, close, reopen, snooze, tags), on one conversation or on many.

use std::collections::BTreeMap;

use async_trait::async_trait;
use model::{
    Act, ApiError, ConversationId, ConversationRow, Entry, EventBody, JobId, Line, MOST_IN_A_SET, MemberId, Needs,
    Permission, Presence, Seen, Status, Trigger, UndoId,
};
use store::{
    Command, Scope, Tx,
    clock::new_id,
    error::{Error, Result},
    message::{self, Audience},
    workspace,
};

use super::{
    change::Change,
    closing::{block, choosable},
    deliver::Lease,
    notices,
    tags::{added, usable},
    undo::{Done, Inverse},
    work::Work,
};

/// How far ahead a conversation can be snoozed, in milliseconds.
pub const LONGEST_SNOOZE_MS: i64 = 366 * 24 * 3_600_000;

/// Acts on one conversation. It is refused if somebody else has changed the same thing since the member looked at it.
#[derive(Debug, Clone, Copy)]
pub struct ChangeState {
    /// Under which id the member can undo it.
    pub undo: Option<UndoId>,
    /// Which conversation.
    pub conversation: ConversationId,
    /// The state that the member saw.
    pub seen: Seen,
    /// What to do.
    pub act: Act,
}

#[async_trait]
impl Command for ChangeState {
    type Output = ConversationRow;
    const NEEDS: Needs = Needs::May(Permission::Converse);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<ConversationRow> {
        let scope = tx.scope()?;
        let by = scope.person()?.member.id;
        let mut change = Change::load(tx, &scope, self.conversation).await?;
        // It is done already, perhaps by this very request a moment ago. It gets the same answer.
        if is_done(self.act, &change.now.row) {
            return Ok(change.now.row);
        }
        if !self.seen.allows(self.act, &change.now.row) {
            let message = who_was_first(tx, &scope, self.act, &change.now.row).await?;
            return Err(ApiError::Conflict { message }.into());
        }
        possible(tx, &scope, self.act).await?;
        if is_unseen(self.act, self.seen.inbound, &change.now.row)
            && was_done_by(tx, &scope, &change, self.act, by).await?
        {
            return Ok(change.now.row);
        }
        let done = act_as_seen(tx, &scope, &mut change, self.act, by, self.seen.inbound).await?;
        if let Some(undo) = self.undo {
            Inverse::Act { act: self.act, done: vec![done] }.keep(tx, &scope, undo, by).await?;
        }
        Ok(change.finish(tx).await?.row)
    }
}

/// Acts on up to [`MOST_IN_A_SET`] conversations, whatever others did to them meanwhile. It skips conversations that the member may not see
/// and those where it is done already. The result is how many it changed.
#[derive(Debug, Clone)]
pub struct ActOnMany {
    /// The conversations, each with how many messages had come in when the member chose it.
    pub conversations: Vec<(ConversationId, i64)>,
    /// What to do.
    pub act: Act,
    /// Under which id the member can undo all of it.
    pub undo: Option<UndoId>,
}

#[async_trait]
impl Command for ActOnMany {
    type Output = usize;
    const NEEDS: Needs = Needs::May(Permission::Converse);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<usize> {
        let scope = tx.scope()?;
        let by = scope.person()?.member.id;
        if self.conversations.len() > MOST_IN_A_SET {
            let message = format!("Choose at most {MOST_IN_A_SET} conversations.");
            return Err(ApiError::invalid("conversations", message).into());
        }
        possible(tx, &scope, self.act).await?;
        // Sorted, so that two such commands cannot deadlock.
        let conversations: BTreeMap<ConversationId, i64> = self.conversations.iter().copied().collect();
        let (mut set, mut done) = (Vec::new(), Vec::new());
        for (id, inbound) in conversations {
            let mut change = match Change::load(tx, &scope, id).await {
                Err(Error::Refused(ApiError::NotFound)) => continue,
                loaded => loaded?,
            };
            if is_done(self.act, &change.now.row) {
                continue;
            }
            done.push(act_as_seen(tx, &scope, &mut change, self.act, by, inbound).await?);
            set.push(change.finish_in_set(tx).await?);
        }
        let changed = set.len();
        if changed > 0 {
            if let Act::Assign(Some(to)) = self.act {
                let ids: Vec<_> = set.iter().map(|one| one.id).collect();
                let act = self.undo.map_or_else(new_id, UndoId::uuid);
                notices::tell_assigned(tx, &scope, to, by, (act, &ids)).await?;
            }
            if let Some(undo) = self.undo {
                Inverse::Act { act: self.act, done }.keep(tx, &scope, undo, by).await?;
            }
            tx.emit(scope.workspace(), EventBody::Set(set));
        }
        Ok(changed)
    }
}

/// Brings a snoozed conversation back when its time is over. If it came back before, or was snoozed again, nothing happens.
#[derive(Debug, Clone)]
pub struct WakeUp {
    /// The conversation.
    pub conversation: ConversationId,
    /// The job it is done for.
    pub lease: Lease,
}

#[async_trait]
impl Command for WakeUp {
    type Output = ();
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        match Change::load(tx, &scope, self.conversation).await {
            Ok(mut change) if change.now.row.state.snoozed_until.is_some_and(|until| until <= tx.now()) => {
                change.apply(Trigger::WakeUp);
                change.line(tx, Line::WokeUp).await?;
                change.finish(tx).await?;
            }
            // It no longer exists, or is awake.
            Ok(_) | Err(Error::Refused(ApiError::NotFound)) => {}
            Err(error) => return Err(error),
        }
        self.lease.done(tx).await
    }
}

pub(super) fn is_done(act: Act, row: &ConversationRow) -> bool {
    let state = &row.state;
    match act {
        Act::Assign(to) => state.assignee == to,
        Act::Team(to) => row.team == to,
        Act::Close(_) => state.status == Status::Closed,
        Act::Reopen => state.status == Status::Open && state.snoozed_until.is_none(),
        Act::Pending => state.status == Status::Pending,
        Act::Snooze(until) => state.snoozed_until == Some(until),
        Act::AddTag(tag) => row.tags.contains(tag),
        Act::RemoveTag(tag) => !row.tags.contains(tag),
    }
}

/// What the second of two is told who decide the same thing.
async fn who_was_first(tx: &mut Tx<'_>, scope: &Scope, act: Act, row: &ConversationRow) -> Result<String> {
    let has = match (act, row.state.assignee, row.team) {
        (Act::Assign(_), Some(who), _) => Some(workspace::member(tx.conn(), scope, who).await?.name),
        (Act::Team(_), _, Some(team)) => {
            workspace::teams(tx.conn(), scope).await?.into_iter().find(|one| one.id == team).map(|one| one.name)
        }
        _ => None,
    };
    Ok(match has {
        Some(name) => format!("It was given to {name} a moment ago. Check it, then try again."),
        None => "Somebody changed this conversation a moment ago. Check it, then try again.".to_owned(),
    })
}

/// Refuses what cannot be: somebody who is no member, a team or a tag that does not exist, a time that is over.
pub(super) async fn possible(tx: &mut Tx<'_>, scope: &Scope, act: Act) -> Result<()> {
    if let Act::Assign(Some(to)) = act
        && !workspace::is_member(tx.conn(), scope, to).await?
    {
        return Err(ApiError::invalid("assignee", "This person is no longer a member. Choose somebody else.").into());
    }
    if let Act::Team(Some(to)) = act
        && !workspace::is_team(tx.conn(), scope, to).await?
    {
        return Err(ApiError::invalid("team", "This team no longer exists. Choose another one.").into());
    }
    if let Act::AddTag(tag) = act {
        usable(tx, scope, tag).await?;
    }
    if let Act::Close(reason) = act {
        choosable(tx, scope, reason).await?;
    }
    if let Act::Snooze(until) = act {
        let ahead = until.0.saturating_sub(tx.now().0);
        if ahead <= 0 {
            return Err(ApiError::invalid("until", "This time is over. Choose a later one.").into());
        }
        if ahead > LONGEST_SNOOZE_MS {
            return Err(ApiError::invalid("until", "Choose a time within the next year.").into());
        }
    }
    Ok(())
}

/// Acts as if it had happened when the member looked. A message that came in since then is treated as if it had come in just after the act.
/// So the act is not refused, and the message is not closed unread.
pub(super) async fn act_as_seen(
    tx: &mut Tx<'_>,
    scope: &Scope,
    change: &mut Change,
    act: Act,
    by: MemberId,
    inbound: i64,
) -> Result<Done> {
    let conversation = change.now.row.id;
    let before = change.now.row.state.clone();
    let mut unseen = is_unseen(act, inbound, &change.now.row);
    let mut new_block = None;
    let (trigger, line) = match act {
        Act::Assign(to) => (Trigger::Assign(to), Line::Assigned { by, to }),
        Act::Team(to) => {
            let before = std::mem::replace(&mut change.now.row.team, to);
            change.line(tx, Line::Acted { by, act, undone: false }).await?;
            return Ok(Done { team: before, ..Done::plain(conversation) });
        }
        Act::Close(reason) => {
            let blocking = block(tx, scope, change, reason, by).await?;
            new_block = blocking.new;
            // What a blocked sender wrote meanwhile opens nothing.
            unseen &= !blocking.now;
            (Trigger::Close, Line::Closed { by, reason, blocked: blocking.now })
        }
        Act::Reopen => (Trigger::Reopen, Line::Status { by, to: Status::Open }),
        Act::Pending => (Trigger::SetPending, Line::Status { by, to: Status::Pending }),
        Act::Snooze(until) => {
            let (work, id) = (Work::WakeUp { conversation }, JobId::new(new_id()));
            work.enqueue(tx, scope.workspace(), id, None, until).await?;
            (Trigger::Snooze { until }, Line::Acted { by, act, undone: false })
        }
        Act::AddTag(tag) => {
            change.now.row.tags = added(tx, scope, change.now.row.tags, tag).await?;
            change.line(tx, Line::Tagged { by, tag }).await?;
            return Ok(Done::plain(conversation));
        }
        Act::RemoveTag(tag) => {
            change.now.row.tags = change.now.row.tags.without(tag);
            change.line(tx, Line::Untagged { by, tag }).await?;
            return Ok(Done::plain(conversation));
        }
    };
    change.apply(trigger);
    change.line(tx, line).await?;
    if let Some(at) = change.now.row.last_inbound_at.filter(|_| unseen) {
        let was_closed = change.now.row.state.status == Status::Closed;
        change.apply(Trigger::Inbound { at, presence: Presence::NotChat, assignee_stays: true });
        if was_closed {
            change.line(tx, Line::ReopenedByThem).await?;
        }
    }
    let states = Box::new((before, change.now.row.state.clone()));
    Ok(Done { state: Some(states), block: new_block, ..Done::plain(conversation) })
}

/// Whether an act would close a message that the member has not seen and nobody has answered.
pub(super) fn is_unseen(act: Act, inbound: i64, row: &ConversationRow) -> bool {
    let puts_away = matches!(act, Act::Close(_) | Act::Pending | Act::Snooze(_));
    puts_away && row.inbound_count > inbound && row.state.status == Status::Open && row.state.waiting_since.is_some()
}

/// Whether the last entries show that this member did the same act and the unseen message reverted it. Then this is a repeated request.
async fn was_done_by(tx: &mut Tx<'_>, scope: &Scope, change: &Change, act: Act, by: MemberId) -> Result<bool> {
    let id = change.now.row.id;
    let (last, _) = message::page(tx.conn(), scope, Audience::Team, id, i64::MAX, 2).await?;
    let lines = last.iter().map(|message| match message.entry {
        Entry::Line { line } => Some(line),
        _ => None,
    });
    let lines: Vec<_> = lines.collect();
    Ok(match (act, lines.as_slice()) {
        (Act::Close(why), [Some(Line::Closed { by: who, reason, .. }), Some(Line::ReopenedByThem)]) => {
            (*who, *reason) == (by, why)
        }
        (Act::Pending, [.., Some(Line::Status { by: who, to: Status::Pending })]) => *who == by,
        _ => false,
    })
}
