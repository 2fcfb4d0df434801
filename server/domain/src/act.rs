//! What members do to the state of conversations: to one, or to many in one go.

use async_trait::async_trait;
use model::{
    Act, ApiError, ConversationId, ConversationRow, ConversationState, EventBody, Line, MOST_IN_A_SET, MemberId, Needs,
    Permission, Presence, Seen, Status, Trigger,
};
use store::{
    Command, Scope, Tx,
    error::{Error, Result},
    workspace,
};

use super::change::Change;

/// Does it, if nobody changed meanwhile what it changes.
#[derive(Debug, Clone, Copy)]
pub struct ChangeState {
    /// Which conversation.
    pub conversation: ConversationId,
    /// What was seen of it.
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
        // Done already, perhaps by this very request a moment ago: the same answer.
        if is_done(self.act, &change.now.row.state) {
            return Ok(change.now.row);
        }
        if !self.seen.allows(self.act, &change.now.row.state) {
            let message = "Somebody changed this conversation a moment ago. Look at it again, then decide.".to_owned();
            return Err(ApiError::Conflict { message }.into());
        }
        let unseen = change.now.row.inbound_count > self.seen.inbound;
        act(tx, &scope, &mut change, self.act, by).await?;
        reopen_for_unseen(tx, &mut change, unseen).await?;
        Ok(change.finish(tx).await?.row)
    }
}

/// Does it to each of several conversations that whoever asks may see, whatever others did to them meanwhile; at most [`MOST_IN_A_SET`] at
/// once. Answers how many it changed: those where it was done already and those that are gone are passed over.
#[derive(Debug, Clone)]
pub struct ActOnMany {
    /// Which conversations.
    pub conversations: Vec<ConversationId>,
    /// What to do.
    pub act: Act,
}

#[async_trait]
impl Command for ActOnMany {
    type Output = usize;
    const NEEDS: Needs = Needs::May(Permission::Converse);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<usize> {
        let scope = tx.scope()?;
        let by = scope.person()?.member.id;
        if self.conversations.len() > MOST_IN_A_SET {
            let message = format!("Choose {MOST_IN_A_SET} conversations at most.");
            return Err(ApiError::invalid("conversations", message).into());
        }
        let mut set = Vec::new();
        for id in &self.conversations {
            let mut change = match Change::load(tx, &scope, *id).await {
                Err(Error::Refused(ApiError::NotFound)) => continue,
                loaded => loaded?,
            };
            if is_done(self.act, &change.now.row.state) {
                continue;
            }
            act(tx, &scope, &mut change, self.act, by).await?;
            set.push(change.finish_in_set(tx).await?);
        }
        let changed = set.len();
        if changed > 0 {
            tx.emit(scope.workspace(), EventBody::Set(set));
        }
        Ok(changed)
    }
}

fn is_done(act: Act, state: &ConversationState) -> bool {
    match act {
        Act::Assign(to) => state.assignee == to,
        Act::Close(_) => state.status == Status::Closed,
        Act::Reopen => state.status == Status::Open,
        Act::Pending => state.status == Status::Pending,
    }
}

async fn act(tx: &mut Tx<'_>, scope: &Scope, change: &mut Change, act: Act, by: MemberId) -> Result<()> {
    if let Act::Assign(Some(to)) = act
        && !workspace::is_member(tx.conn(), scope, to).await?
    {
        return Err(ApiError::invalid("assignee", "This person is no longer a member. Choose somebody else.").into());
    }
    let (trigger, line) = match act {
        Act::Assign(to) => (Trigger::Assign(to), Line::Assigned { by, to }),
        Act::Close(reason) => (Trigger::Close, Line::Closed { by, reason }),
        Act::Reopen => (Trigger::Reopen, Line::Status { by, to: Status::Open }),
        Act::Pending => (Trigger::SetPending, Line::Status { by, to: Status::Pending }),
    };
    change.apply(trigger);
    change.line(tx, line).await
}

/// A message that came in before the click, and that whoever clicked had not seen: as if it had come in just after it. The click is not
/// refused, and the message is not put away unread.
async fn reopen_for_unseen(tx: &mut Tx<'_>, change: &mut Change, unseen: bool) -> Result<()> {
    let row = &change.now.row;
    let Some(at) = row.last_inbound_at.filter(|_| unseen && row.state.status != Status::Open) else { return Ok(()) };
    let was_closed = row.state.status == Status::Closed;
    change.apply(Trigger::Inbound { at, presence: Presence::NotChat, assignee_stays: true });
    if was_closed { change.line(tx, Line::ReopenedByThem).await } else { Ok(()) }
}
