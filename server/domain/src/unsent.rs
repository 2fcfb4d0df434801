//! Replies that did not arrive. Their conversation is opened again, and counts as answered once a reply is sent (Promise 10).

use model::{Entry, FactKind, Message, Sender, Status, Trigger, Unanswered};
use store::{Scope, Tx, error::Result, history::FactActor, reply, workspace};

use super::{
    change::Change,
    history::{self, NewFact, waited},
    undo::BeforeReply,
};

/// Applies a message's stored delivery state to its conversation. A reply that was not delivered opens it again. Such a reply that was sent
/// after all answers it again.
///
/// # Errors
/// When the database fails.
pub(super) async fn report(tx: &mut Tx<'_>, scope: &Scope, change: &mut Change, message: &Message) -> Result<()> {
    if let Entry::Outgoing { delivery, .. } = &message.entry
        && delivery.state.is_unsent()
    {
        change.note(history::unsent(message.id, delivery.state));
    }
    match &message.entry {
        Entry::Outgoing { by: Sender::Auto, .. } => Ok(()),
        Entry::Outgoing { delivery, .. } if delivery.state.is_unsent() => not_sent(tx, scope, change, message.n).await,
        Entry::Outgoing { .. } => sent_after_all(tx, scope, change, message).await,
        _ => Ok(()),
    }
}

/// Handles a cancelled reply. If the former state could not be restored, because more happened meanwhile, an earlier undelivered reply may
/// again be the last one.
///
/// # Errors
/// When the database fails.
pub(super) async fn taken_back(tx: &mut Tx<'_>, scope: &Scope, change: &mut Change, n: i64) -> Result<()> {
    change.apply(Trigger::TakenBack { n });
    let last = reply::newest(tx.conn(), scope, change.now.row.id).await?.into_iter().next();
    match last.filter(|last| last.state.is_unsent() && change.now.row.state.status != Status::Closed) {
        Some(last) => not_sent(tx, scope, change, last.n).await,
        None => Ok(()),
    }
}

async fn not_sent(tx: &mut Tx<'_>, scope: &Scope, change: &mut Change, n: i64) -> Result<()> {
    let replies = reply::newest(tx.conn(), scope, change.now.row.id).await?;
    // All replies after the last one that may have arrived.
    let in_vain: Vec<_> = replies.into_iter().take_while(|reply| reply.state.is_unsent()).collect();
    let mut unanswered = None;
    if in_vain.iter().any(|reply| reply.n == n) {
        let before: Vec<BeforeReply> =
            in_vain.iter().filter_map(|reply| BeforeReply::read(reply.inverse.as_deref()?)).collect();
        unanswered = Some(Unanswered {
            waiting_since: before.iter().filter_map(|before| before.state.waiting_since).min(),
            missed_at: before.iter().filter_map(|before| before.state.missed_at).min(),
        });
        // The undelivered reply was no first response.
        if before.iter().any(|before| before.first_response_ms.is_none()) {
            change.now.row.first_response_ms = None;
        }
    }
    change.apply(Trigger::NotSent { n, unanswered });
    Ok(())
}

async fn sent_after_all(tx: &mut Tx<'_>, scope: &Scope, change: &mut Change, message: &Message) -> Result<()> {
    let n = message.n;
    if !change.now.row.state.unsent.contains(&n) {
        return Ok(());
    }
    let ms = waited(change.waiting_since(), tx.now());
    change.note(NewFact::new(FactKind::SentAfterAll, FactActor::System).about(message.id).took(ms));
    change.now.row.first_response_ms = change.now.row.first_response_ms.or(ms);
    let waiting_since = reply::wrote_after(tx.conn(), scope, change.now.row.id, n).await?;
    let pending = workspace::load(tx.conn(), scope).await?.workspace.pending_after_reply;
    change.apply(Trigger::SentAfterAll { n, waiting_since, pending });
    Ok(())
}
