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
    person, undo, workspace,
};

use super::{
    change::Change,
    closing::{block, choosable},
    deliver::Lease,
    notices,
    tags::{added, usable},
    undo::{Done, Inverse, MOST_PARTS},
    work::Work,
};

/// Why a closed conversation is not snoozed.
const CLOSED: &str = "A closed conversation cannot be snoozed. Reopen it first.";
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
        // It was this very request a moment ago. It gets the same answer, whatever somebody did since.
        if was_asked(tx, &scope, self.undo, 0, by).await?.is_some() {
            return Ok(change.now.row);
        }
        if matches!(self.act, Act::Snooze(_)) && change.now.row.state.status == Status::Closed {
            return Err(ApiError::Conflict { message: CLOSED.to_owned() }.into());
        }
        if self.act.is_done(&change.now.row) {
            return Ok(change.now.row);
        }
        if !self.seen.allows(self.act, &change.now.row) {
            let message = who_was_first(tx, &scope, self.act, &change.now.row).await?;
            return Err(ApiError::Conflict { message }.into());
        }
        possible(tx, &scope, self.act).await?;
        if self.act.is_unseen(self.seen.inbound, &change.now.row)
            && was_done_by(tx, &scope, &change, self.act, by).await?
        {
            return Ok(change.now.row);
        }
        if let Some(read_count) = self.act.read_count(&change.now.row) {
            let done = mark(tx, &scope, &mut change.now.row, read_count).await?;
            tx.emit(scope.workspace(), EventBody::Marked { member: by, marks: vec![(self.conversation, read_count)] });
            keep(tx, &scope, self.undo, (self.act, vec![done]), by).await?;
            return Ok(change.now.row);
        }
        let done = act_as_seen(tx, &scope, &mut change, self.act, by, self.seen.inbound).await?;
        keep(tx, &scope, self.undo, (self.act, vec![done]), by).await?;
        Ok(change.finish(tx).await?.row)
    }
}

/// Acts on up to [`MOST_IN_A_SET`] conversations, whatever others did to them meanwhile. It skips conversations that the member may not see,
/// those where it is done already, and those where it is not possible; if it is possible nowhere, it is refused. The result is how many it changed.
#[derive(Debug, Clone)]
pub struct ActOnMany {
    /// The conversations, each with how many messages had come in when the member chose it.
    pub conversations: Vec<(ConversationId, i64)>,
    /// What to do.
    pub act: Act,
    /// Under which id the member can undo all of it.
    pub undo: Option<UndoId>,
    /// Which set of those with this id it is, from 0. Asked again, nothing happens.
    pub part: i64,
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
        if !(0..MOST_PARTS).contains(&self.part) {
            let message = format!("An act has at most {MOST_PARTS} parts. Begin another one.");
            return Err(ApiError::invalid("part", message).into());
        }
        if let Some(changed) = was_asked(tx, &scope, self.undo, self.part, by).await? {
            return Ok(changed);
        }
        possible(tx, &scope, self.act).await?;
        // Sorted, so that two such commands cannot deadlock.
        let conversations: BTreeMap<ConversationId, i64> = self.conversations.iter().copied().collect();
        let (mut set, mut done, mut marks, mut refused) = (Vec::new(), Vec::new(), Vec::new(), None);
        for (id, inbound) in conversations {
            let mut change = match Change::load(tx, &scope, id).await {
                Err(Error::Refused(ApiError::NotFound)) => continue,
                loaded => loaded?,
            };
            if self.act.is_done(&change.now.row) {
                continue;
            }
            if let Some(read_count) = self.act.read_count(&change.now.row) {
                done.push(mark(tx, &scope, &mut change.now.row, read_count).await?);
                marks.push((id, read_count));
                continue;
            }
            match act_as_seen(tx, &scope, &mut change, self.act, by, inbound).await {
                Ok(one) => done.push(one),
                // Such as a conversation that has as many tags as it may. Nothing was changed yet.
                Err(Error::Refused(why)) => {
                    refused = Some(why);
                    continue;
                }
                Err(error) => return Err(error),
            }
            set.push(change.finish_in_set(tx).await?);
        }
        let changed = done.len();
        if let Some(why) = refused.filter(|_| changed == 0) {
            return Err(why.into());
        }
        if !marks.is_empty() {
            tx.emit(scope.workspace(), EventBody::Marked { member: by, marks });
        }
        if !set.is_empty() {
            if let Act::Assign(Some(to)) = self.act {
                let ids: Vec<_> = set.iter().map(|one| one.id).collect();
                let act = self.undo.map_or_else(new_id, UndoId::uuid);
                notices::tell_assigned(tx, &scope, to, by, (act, &ids)).await?;
            }
            tx.emit(scope.workspace(), EventBody::Set(set));
        }
        if let Some(undo) = self.undo.filter(|_| changed > 0) {
            Inverse::Act { act: self.act, done }.keep_as(tx, &scope, (undo, self.part), by).await?;
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

/// How many conversations a request changed that was done under this id before. None if it is new.
async fn was_asked(
    tx: &mut Tx<'_>,
    scope: &Scope,
    undo: Option<UndoId>,
    part: i64,
    by: MemberId,
) -> Result<Option<usize>> {
    let Some(undo) = undo else { return Ok(None) };
    let known = undo::inverse_of(tx.conn(), scope, (undo, part), by).await?;
    Ok(known.map(|json| match Inverse::read(&json) {
        Some(Inverse::Act { done, .. }) => done.len(),
        _ => 1,
    }))
}

/// Stores how to undo it, if the member wants to be able to.
async fn keep(
    tx: &mut Tx<'_>,
    scope: &Scope,
    undo: Option<UndoId>,
    (act, done): (Act, Vec<Done>),
    by: MemberId,
) -> Result<()> {
    match undo {
        Some(undo) => Inverse::Act { act, done }.keep(tx, scope, undo, by).await,
        None => Ok(()),
    }
}

/// Marks a conversation as read, or as not read, for the member alone. The row stays as it is for everybody else.
pub(super) async fn mark(tx: &mut Tx<'_>, scope: &Scope, row: &mut ConversationRow, read_count: i64) -> Result<Done> {
    let before = std::mem::replace(&mut row.read_count, read_count);
    person::mark_as(tx, scope, row.id, read_count).await?;
    Ok(Done { read: Some((before, read_count)), ..Done::plain(row.id) })
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
    let mut unseen = act.is_unseen(inbound, &change.now.row);
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
        Act::Read | Act::Unread => return Ok(Done::plain(conversation)),
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
