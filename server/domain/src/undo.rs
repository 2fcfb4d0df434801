//! Undoes what a member did (Promise 8). Every act stores its inverse in the same transaction: what it changed, as it was and as it became.
//! Undoing restores what is still as the act left it. What somebody changed since stays, and is counted.

use async_trait::async_trait;
use model::{
    Act, ApiError, BlockId, ConversationId, ConversationState, EventBody, JobId, Line, MemberId, MessageId, Needs,
    Permission, Preview, TagId, Tags, TeamId, Timestamp, Trigger, UndoId, Undone,
};
use serde::{Deserialize, Serialize};
use store::{
    Command, Scope, Tx,
    clock::new_id,
    error::{Error, Result, StoreError},
    undo, workspace,
};

use super::{
    act::mark,
    change::Change,
    closing::unblock,
    notices,
    send::CancelMessage,
    sweep,
    tags::{added, usable},
    work::Work,
};

/// How long an act can be undone, in milliseconds. Replies need their former state for as long as they may come back as undelivered.
pub const KEEP_MS: i64 = 30 * 24 * 3_600_000;
/// The most parts of one act.
pub(super) const MOST_PARTS: i64 = 1_000;

/// How to undo something.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Inverse {
    /// A reply. Cancelling it restores the conversation, if nothing happened since.
    Reply(BeforeReply),
    /// An act on conversations.
    Act {
        /// The act.
        act: Act,
        /// What it did to each conversation.
        done: Vec<Done>,
    },
    /// An act on one conversation that said something to the person outside.
    ActAndReply {
        /// The act.
        act: Act,
        /// What it did.
        done: Done,
        /// What it said.
        reply: MessageId,
    },
}

/// A conversation before a reply.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct BeforeReply {
    pub(super) version_after: i64,
    pub(super) state: ConversationState,
    preview: Preview,
    last_at: Timestamp,
    pub(super) first_response_ms: Option<i64>,
}

impl BeforeReply {
    /// The conversation as it is, before a change that adds a reply.
    pub(super) fn of(change: &Change) -> Self {
        let row = &change.now.row;
        Self {
            version_after: row.version + 1,
            state: row.state.clone(),
            preview: row.preview.clone(),
            last_at: row.last_at,
            first_response_ms: row.first_response_ms,
        }
    }

    /// Reads a stored inverse, if it is one of a reply.
    pub(super) fn read(json: &str) -> Option<Self> {
        match Inverse::read(json) {
            Some(Inverse::Reply(before)) => Some(before),
            _ => None,
        }
    }

    /// Makes the conversation what it was.
    pub(super) fn restore(self, change: &mut Change) {
        let row = &mut change.now.row;
        // The epoch only grows: an AI text that was begun meanwhile must not count as current.
        let pen_epoch = row.state.pen_epoch + i64::from(row.state.pen != self.state.pen);
        row.state = ConversationState { pen_epoch, ..self.state };
        row.preview = self.preview;
        row.last_at = self.last_at;
        row.first_response_ms = self.first_response_ms;
    }
}

/// What an act did to one conversation.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Done {
    pub(super) conversation: ConversationId,
    /// The states before and after. None for tags, which are no part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<Box<(ConversationState, ConversationState)>>,
    /// The team that had it, if the act gave it to another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) team: Option<TeamId>,
    /// The sender whom it blocked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) block: Option<BlockId>,
    /// How many incoming messages counted as read before and after, if the act changed that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) read: Option<(i64, i64)>,
}

impl Done {
    /// What an act did that left no more than this.
    pub(super) const fn plain(conversation: ConversationId) -> Self {
        Self { conversation, state: None, team: None, block: None, read: None }
    }
}

/// The id of a reply's own inverse.
pub(super) const fn undo_id(reply: MessageId) -> UndoId {
    UndoId::new(reply.uuid())
}

impl Inverse {
    /// Reads a stored inverse. None if an older version wrote it in a way that is no longer known: then it cannot be undone.
    pub(super) fn read(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// Stores it as what a member did, or as the next part of it.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn keep(&self, tx: &mut Tx<'_>, scope: &Scope, id: UndoId, member: MemberId) -> Result<()> {
        let json = serde_json::to_string(self).map_err(unwritable)?;
        undo::add(tx, scope, id, member, json).await?;
        Ok(())
    }

    /// Stores it as a numbered part of what a member did.
    ///
    /// # Errors
    /// When somebody else has a part with this id and number, or the database fails.
    pub(super) async fn keep_as(
        &self,
        tx: &mut Tx<'_>,
        scope: &Scope,
        part: (UndoId, i64),
        member: MemberId,
    ) -> Result<()> {
        let json = serde_json::to_string(self).map_err(unwritable)?;
        match undo::add_as(tx, scope, part, member, json).await? {
            true => Ok(()),
            false => Err(ApiError::invalid("undo", "This id is taken. Act under another one.").into()),
        }
    }
}

/// Undoes the next part of an act of the member who asks, so that no request holds up others for long. The answer counts all parts so far.
/// Once everything is undone, a repeated request gets that answer again.
#[derive(Debug, Clone, Copy)]
pub struct Undo(pub UndoId);

#[async_trait]
impl Command for Undo {
    type Output = Undone;
    const NEEDS: Needs = Needs::May(Permission::Converse);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Undone> {
        let scope = tx.scope()?;
        let me = scope.person()?.member.id;
        // What is still being done is not done any further.
        sweep::stop(tx, &scope, self.0, me).await?;
        let parts = undo::find(tx.conn(), &scope, self.0, me, MOST_PARTS).await?;
        if parts.is_empty() {
            return Err(Error::NOT_FOUND);
        }
        let results = parts.iter().filter_map(|part| serde_json::from_str::<Undone>(part.result.as_deref()?).ok());
        let before = results.fold(Undone::default(), Undone::and);
        let mut left = parts.iter().filter(|part| part.result.is_none());
        let Some(next) = left.next() else { return Ok(before) };
        let inverse = undo::inverse(tx.conn(), &scope, (self.0, next.part)).await?;
        let result = match inverse.and_then(|json| Inverse::read(&json)) {
            Some(Inverse::Act { act, done }) => undo_part(tx, &scope, me, (self.0, act), done).await?,
            Some(Inverse::ActAndReply { act, done, reply }) => {
                undo_with_reply(tx, &scope, me, (self.0, act), done, reply).await?
            }
            Some(Inverse::Reply(_)) | None => {
                return Err(ApiError::Conflict { message: "This can no longer be undone.".to_owned() }.into());
            }
        };
        undo::done(tx, &scope, (self.0, next.part), serde_json::to_string(&result).map_err(unwritable)?).await?;
        Ok(Undone { left: left.count(), ..before.and(result) })
    }
}

fn unwritable(error: serde_json::Error) -> Error {
    StoreError::Corrupt(error.to_string()).into()
}

/// Undoes an act on some conversations, with one event for all of them.
async fn undo_part(
    tx: &mut Tx<'_>,
    scope: &Scope,
    by: MemberId,
    (id, act): (UndoId, Act),
    done: Vec<Done>,
) -> Result<Undone> {
    if act.is_private() {
        return undo_marks(tx, scope, by, done).await;
    }
    let (mut result, mut set, is_one) = (Undone::default(), Vec::new(), done.len() == 1);
    let about = done.first().map(|one| if is_one { one.conversation.uuid() } else { id.uuid() });
    for one in done {
        let Some(mut change) = undo_one(tx, scope, by, act, one).await? else {
            result.changed_since += 1;
            continue;
        };
        result.undone += 1;
        change.assign_quietly();
        match is_one {
            true => drop(change.finish(tx).await?),
            false => set.push(change.finish_in_set(tx).await?),
        }
    }
    if !set.is_empty() {
        tx.emit(scope.workspace(), EventBody::Set(set));
    }
    // Whoever still has some of them keeps what they were told.
    if let (Act::Assign(Some(to)), Some(about)) = (act, about)
        && result.undone > 0
        && result.changed_since == 0
    {
        notices::take_back(tx, scope, to, about).await?;
    }
    Ok(result)
}

/// Undoes what marked conversations as read, or as not read. Where they wrote or the member read since, it stays.
async fn undo_marks(tx: &mut Tx<'_>, scope: &Scope, member: MemberId, done: Vec<Done>) -> Result<Undone> {
    let (mut result, mut marks) = (Undone::default(), Vec::new());
    for Done { conversation, read, .. } in done {
        let row = match Change::load(tx, scope, conversation).await {
            Err(Error::Refused(ApiError::NotFound)) => None,
            loaded => Some(loaded?.now.row),
        };
        match (row, read) {
            (Some(mut row), Some((before, after))) if row.read_count == after => {
                mark(tx, scope, &mut row, before).await?;
                marks.push((conversation, before));
                result.undone += 1;
            }
            _ => result.changed_since += 1,
        }
    }
    if !marks.is_empty() {
        tx.emit(scope.workspace(), EventBody::Marked { member, marks });
    }
    Ok(result)
}

/// Undoes an act that said something, and takes back what it said. What has gone out stays.
async fn undo_with_reply(
    tx: &mut Tx<'_>,
    scope: &Scope,
    by: MemberId,
    (id, act): (UndoId, Act),
    done: Done,
    reply: MessageId,
) -> Result<Undone> {
    let conversation = done.conversation;
    let own = undo::inverse(tx.conn(), scope, (undo_id(reply), 0)).await?.and_then(|json| BeforeReply::read(&json));
    let now = Change::load(tx, scope, conversation).await?.now.row.version;
    // Nothing happened since: what the reply kept is from before both.
    if own.is_some_and(|before| before.version_after == now) && take_back(tx, reply).await? {
        let mut change = Change::load(tx, scope, conversation).await?;
        change.line(tx, Line::Acted { by, act, undone: true }).await?;
        change.finish(tx).await?;
        return Ok(Undone { undone: 1, ..Undone::default() });
    }
    let result = undo_part(tx, scope, by, (id, act), vec![done]).await?;
    if result.undone > 0 {
        take_back(tx, reply).await?;
    }
    Ok(result)
}

/// Takes a reply back, if it has not gone out.
async fn take_back(tx: &mut Tx<'_>, reply: MessageId) -> Result<bool> {
    match CancelMessage(reply).run(tx).await {
        Ok(_) => Ok(true),
        Err(Error::Refused(ApiError::Conflict { .. })) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The conversation as it is to be stored. None if the member sees it no more, or if somebody changed since what the act changed.
async fn undo_one(tx: &mut Tx<'_>, scope: &Scope, by: MemberId, act: Act, done: Done) -> Result<Option<Change>> {
    let mut change = match Change::load(tx, scope, done.conversation).await {
        Err(Error::Refused(ApiError::NotFound)) => return Ok(None),
        loaded => loaded?,
    };
    let tags = change.now.row.tags;
    match (act, done.state) {
        (Act::AddTag(tag), _) if tags.contains(tag) => change.now.row.tags = tags.without(tag),
        (Act::RemoveTag(tag), _) if !tags.contains(tag) => match again(tx, scope, tags, tag).await {
            // The tag was archived, or the conversation has as many as it may.
            Err(Error::Refused(_)) => return Ok(None),
            tags => change.now.row.tags = tags?,
        },
        (Act::Team(to), _) if change.now.row.team == to => match done.team {
            Some(team) if !workspace::is_team(tx.conn(), scope, team).await? => return Ok(None),
            before => change.now.row.team = before,
        },
        (Act::AddTag(_) | Act::RemoveTag(_) | Act::Team(_), _) | (_, None) => return Ok(None),
        (_, Some(state)) => {
            let (before, after) = *state;
            let Some(restored) = change.now.row.state.undone(&before, &after) else { return Ok(None) };
            let back = restored.assignee.filter(|_| restored.assignee != change.now.row.state.assignee);
            if let Some(member) = back
                && !workspace::is_member(tx.conn(), scope, member).await?
            {
                return Ok(None);
            }
            change.now.row.state = restored;
            sleep_on(tx, scope, &mut change, before.snoozed_until).await?;
            if let Some(block) = done.block {
                unblock(tx, scope, block, done.conversation).await?;
            }
        }
    }
    change.line(tx, Line::Acted { by, act, undone: true }).await?;
    Ok(Some(change))
}

/// A conversation that is snoozed again by undoing needs a timer of its own: the first may have found it awake. What should be awake by now
/// is.
async fn sleep_on(tx: &mut Tx<'_>, scope: &Scope, change: &mut Change, before: Option<Timestamp>) -> Result<()> {
    let Some(until) = change.now.row.state.snoozed_until.filter(|until| before == Some(*until)) else { return Ok(()) };
    if until <= tx.now() {
        change.apply(Trigger::WakeUp);
        return Ok(());
    }
    let work = Work::WakeUp { conversation: change.now.row.id };
    work.enqueue(tx, scope.workspace(), JobId::new(new_id()), None, until).await
}

async fn again(tx: &mut Tx<'_>, scope: &Scope, tags: Tags, tag: TagId) -> Result<Tags> {
    usable(tx, scope, tag).await?;
    added(tx, scope, tags, tag).await
}
