//! Why conversations are closed, what is said while closing, and whose next messages stay closed (T13).

use async_trait::async_trait;
use model::{
    Act, AddressKind, ApiError, AuditEvent, BlockId, BlockedPage, BlockedSender, CloseReason, Compose, ConversationId,
    ConversationRow, DraftMode, EventBody, LastWords, Line, MOST_KEPT_REASONS, MOST_REASONS, Mailbox, MemberId, Needs,
    Permission, Reason, Seen, Status, Timestamp, UndoId,
};
use serde_json::json;
use store::{
    Command, Db, Scope, Tx, blocked,
    clock::new_id,
    close_reason,
    error::{Error, Result},
    tag,
};

use super::{
    act::{act_as_seen, possible},
    audit_log::note,
    change::Change,
    mail::own_addresses,
    send::SendMessage,
    undo::Inverse,
};

/// How many blocked senders a page has.
const PAGE: i64 = 50;

/// Adds a reason for closing. An archived one with this name is used again.
#[derive(Debug, Clone)]
pub struct AddReason {
    /// The name.
    pub name: String,
    /// Whether closing with it blocks the sender.
    pub blocks: bool,
}

#[async_trait]
impl Command for AddReason {
    type Output = Vec<Reason>;
    const NEEDS: Needs = Needs::May(Permission::Administer);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Vec<Reason>> {
        let scope = tx.scope()?;
        let name = Reason::check_name(&self.name)?;
        let mut all = close_reason::all(tx.conn(), &scope).await?;
        if let Some(known) = with_name(&all, &name) {
            // The same request again, or somebody else was as quick.
            if !known.archived {
                return Ok(all);
            }
            return EditReason { id: known.id, name, blocks: self.blocks, archived: false }.run(tx).await;
        }
        has_room(&all)?;
        if all.len() >= MOST_KEPT_REASONS {
            let message = "There are too many archived reasons. Rename one of them and use it again.";
            return Err(ApiError::invalid("name", message).into());
        }
        let last = all.iter().filter_map(|one| match one.id {
            CloseReason::Own(number) => Some(number),
            _ => None,
        });
        let id = CloseReason::Own(last.max().unwrap_or_default() + 1);
        let reason = Reason { id, name, blocks: self.blocks, archived: false };
        close_reason::insert(tx, scope.workspace(), &reason, all.len()).await?;
        note(tx, &scope, AuditEvent::ReasonAdded, json!({ "reason": id, "name": reason.name })).await?;
        all.push(reason);
        tell(tx, &scope, all).await
    }
}

/// Renames a reason, archives it or uses it again, and says whether it blocks. What was closed with it keeps it.
#[derive(Debug, Clone)]
pub struct EditReason {
    /// Which one.
    pub id: CloseReason,
    /// Its name.
    pub name: String,
    /// Whether closing with it blocks the sender.
    pub blocks: bool,
    /// Whether it can no longer be chosen.
    pub archived: bool,
}

#[async_trait]
impl Command for EditReason {
    type Output = Vec<Reason>;
    const NEEDS: Needs = Needs::May(Permission::Administer);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Vec<Reason>> {
        let scope = tx.scope()?;
        let mut all = close_reason::all(tx.conn(), &scope).await?;
        let at = all.iter().position(|one| one.id == self.id).ok_or(Error::NOT_FOUND)?;
        let name = Reason::check_name(&self.name)?;
        if with_name(&all, &name).is_some_and(|one| one.id != self.id) {
            return Err(ApiError::invalid("name", "Another reason has this name. Choose a different one.").into());
        }
        let reason = Reason { id: self.id, name, blocks: self.blocks, archived: self.archived };
        if all[at] == reason {
            return Ok(all);
        }
        if all[at].archived && !reason.archived {
            has_room(&all)?;
        }
        if reason.archived && all.iter().all(|one| one.archived || one.id == reason.id) {
            return Err(ApiError::invalid("archived", "Keep at least one reason. Add another one first.").into());
        }
        close_reason::save(tx, &scope, &reason, at).await?;
        let body = json!({
            "reason": reason.id, "name": reason.name, "blocks": reason.blocks, "archived": reason.archived,
        });
        note(tx, &scope, AuditEvent::ReasonEdited, body).await?;
        all[at] = reason;
        tell(tx, &scope, all).await
    }
}

/// Puts the reasons into this order. Those that it does not name come last.
#[derive(Debug, Clone)]
pub struct OrderReasons(pub Vec<CloseReason>);

#[async_trait]
impl Command for OrderReasons {
    type Output = Vec<Reason>;
    const NEEDS: Needs = Needs::May(Permission::Administer);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Vec<Reason>> {
        let scope = tx.scope()?;
        if self.0.len() > MOST_KEPT_REASONS {
            return Err(ApiError::invalid("order", "These are more reasons than there can be.").into());
        }
        let before = close_reason::all(tx.conn(), &scope).await?;
        let mut all = before.clone();
        all.sort_by_key(|reason| self.0.iter().position(|id| *id == reason.id).unwrap_or(usize::MAX));
        if all == before {
            return Ok(all);
        }
        for (place, reason) in all.iter().enumerate() {
            close_reason::save(tx, &scope, reason, place).await?;
        }
        tell(tx, &scope, all).await
    }
}

async fn tell(tx: &mut Tx<'_>, scope: &Scope, all: Vec<Reason>) -> Result<Vec<Reason>> {
    tx.emit(scope.workspace(), EventBody::Reasons(all.clone()));
    Ok(all)
}

fn with_name<'a>(all: &'a [Reason], name: &str) -> Option<&'a Reason> {
    all.iter().find(|one| tag::key(&one.name) == tag::key(name))
}

fn has_room(all: &[Reason]) -> Result<()> {
    if all.iter().filter(|one| !one.archived).count() >= MOST_REASONS {
        let message = format!("There can be at most {MOST_REASONS} reasons. Archive one first.");
        return Err(ApiError::invalid("name", message).into());
    }
    Ok(())
}

/// Refuses a reason that the workspace does not have, or that was archived.
pub(super) async fn choosable(tx: &mut Tx<'_>, scope: &Scope, id: CloseReason) -> Result<Reason> {
    match close_reason::one(tx.conn(), scope, id).await? {
        Some(reason) if !reason.archived => Ok(reason),
        Some(_) => Err(ApiError::invalid("reason", "This reason was archived. Choose another one.").into()),
        None => Err(ApiError::invalid("reason", "This reason does not exist. Choose another one.").into()),
    }
}

/// Closes a conversation and says something while doing so: both, or neither.
#[derive(Debug, Clone)]
pub struct CloseWith {
    /// Which conversation.
    pub conversation: ConversationId,
    /// The state that the member saw.
    pub seen: Seen,
    /// Why it is closed.
    pub reason: CloseReason,
    /// What is said.
    pub words: LastWords,
    /// Under which id the member can undo both.
    pub undo: UndoId,
}

#[async_trait]
impl Command for CloseWith {
    type Output = ConversationRow;
    const NEEDS: Needs = Needs::May(Permission::Converse);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<ConversationRow> {
        let scope = tx.scope()?;
        let me = scope.person()?.member.id;
        let LastWords { id, mode, text, seen } = self.words.clone();
        let (attachments, compose) = (Vec::new(), Compose::Text);
        let send = SendMessage { id, conversation: self.conversation, mode, text, attachments, compose, seen };
        let text = send.checked()?;
        let mut change = Change::load(tx, &scope, self.conversation).await?;
        if send.known(tx, &scope, &text).await?.is_some() {
            return Ok(change.now.row);
        }
        let act = Act::Close(self.reason);
        if change.now.row.state.status == Status::Closed || !self.seen.allows(act, &change.now.row) {
            return conflict("Somebody changed this conversation a moment ago, so nothing was sent. Check it first.");
        }
        // Nobody says goodbye to words that they have not read.
        if act.is_unseen(self.seen.inbound, &change.now.row) {
            return conflict("They wrote again a moment ago, so nothing was sent. Read it first.");
        }
        possible(tx, &scope, act).await?;
        if mode == DraftMode::Reply && choosable(tx, &scope, self.reason).await?.blocks {
            let message = "This reason blocks the sender, who then gets no message. Leave the message out.";
            return Err(ApiError::invalid("text", message).into());
        }
        send.put(tx, &scope, &mut change, text).await?;
        let done = act_as_seen(tx, &scope, &mut change, act, me, self.seen.inbound).await?;
        let inverse = match mode {
            DraftMode::Reply => Inverse::ActAndReply { act, done, reply: id },
            DraftMode::Note => Inverse::Act { act, done: vec![done] },
        };
        inverse.keep(tx, &scope, self.undo, me).await?;
        Ok(change.finish(tx).await?.row)
    }
}

fn conflict<T>(message: &str) -> Result<T> {
    Err(ApiError::Conflict { message: message.to_owned() }.into())
}

/// What closing did about the sender.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Blocking {
    /// Whether they are blocked now.
    pub now: bool,
    /// The block, if this made it.
    pub new: Option<BlockId>,
}

/// Blocks the sender of a conversation, if it is closed for a reason that does so. Only an address that they write from is blocked: whoever
/// names somebody else's must not get them blocked (S14). Our own addresses and those of members are never blocked.
pub(super) async fn block(
    tx: &mut Tx<'_>,
    scope: &Scope,
    change: &Change,
    reason: CloseReason,
    by: MemberId,
) -> Result<Blocking> {
    if !close_reason::one(tx.conn(), scope, reason).await?.is_some_and(|reason| reason.blocks) {
        return Ok(Blocking::default());
    }
    let row = &change.now.row;
    let from = blocked::address(tx.conn(), scope, change.now.identity).await?;
    let Some(from) = from.filter(|from| from.said_by.is_empty() && !from.address.is_empty()) else {
        return Ok(Blocking::default());
    };
    if row.kind.capabilities().address == AddressKind::Email && is_ours(tx, scope, &from.address).await? {
        return Ok(Blocking::default());
    }
    if blocked::find(tx.conn(), scope, row.kind, &from.address).await?.is_some() {
        return Ok(Blocking { now: true, new: None });
    }
    let sender = BlockedSender {
        id: BlockId::new(new_id()),
        kind: row.kind,
        address: from.address,
        label: row.display_name().to_owned(),
        by,
        at: tx.now(),
        conversation: row.id,
    };
    blocked::insert(tx, scope, &sender).await?;
    note(tx, scope, AuditEvent::SenderBlocked, about(row.id)).await?;
    Ok(Blocking { now: true, new: Some(sender.id) })
}

async fn is_ours(tx: &mut Tx<'_>, scope: &Scope, address: &str) -> Result<bool> {
    let mailbox = Mailbox { name: String::new(), address: address.to_owned() };
    if own_addresses(tx, scope).await?.has(&mailbox) {
        return Ok(true);
    }
    Ok(blocked::is_of_member(tx.conn(), scope, address).await?)
}

/// The audit log names the conversation and not the person outside: nothing in it can be erased.
fn about(conversation: ConversationId) -> serde_json::Value {
    json!({ "conversation": conversation })
}

/// Ends a block. Whether it was still there.
pub(super) async fn unblock(tx: &mut Tx<'_>, scope: &Scope, id: BlockId, conversation: ConversationId) -> Result<bool> {
    let was_there = blocked::delete(tx, scope, id).await?;
    if was_there {
        note(tx, scope, AuditEvent::SenderUnblocked, about(conversation)).await?;
    }
    Ok(was_there)
}

/// Ends a block. Their next messages open conversations again; what came in meanwhile stays where it is.
#[derive(Debug, Clone, Copy)]
pub struct UnblockSender(pub BlockId);

#[async_trait]
impl Command for UnblockSender {
    type Output = ();
    const NEEDS: Needs = Needs::May(Permission::Converse);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        let by = scope.person()?.member.id;
        let sender = blocked::one(tx.conn(), &scope, self.0).await?.ok_or(Error::NOT_FOUND)?;
        if unblock(tx, &scope, sender.id, sender.conversation).await? {
            let mut change = Change::load(tx, &scope, sender.conversation).await?;
            change.line(tx, Line::Unblocked { by }).await?;
            change.finish(tx).await?;
        }
        Ok(())
    }
}

/// A page of the blocked senders whose conversation the member may see, newest first.
///
/// # Errors
/// When the database fails or the role may not converse.
pub async fn blocked_senders(db: &Db, scope: &Scope, after: Option<(Timestamp, BlockId)>) -> Result<BlockedPage> {
    scope.require(Permission::Converse)?;
    scope.may_list()?;
    let mut snapshot = db.snapshot().await?;
    let (mut senders, more) = blocked::page(&mut snapshot.conn(), scope, after, PAGE).await?;
    // What stands for a visitor of the web chat comes from their secret.
    for sender in senders.iter_mut().filter(|sender| sender.kind.capabilities().is_live_chat()) {
        sender.address.clear();
    }
    Ok(BlockedPage { senders, more })
}
