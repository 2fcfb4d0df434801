//! Which conversation a mail belongs to, and whether its sender may write there (S14). A name finds a conversation; only who takes part
//! opens it.

use app::model::{Channel, ChannelId, ConversationId, MessageId};

use super::Letter;
use crate::{
    error::Result,
    store::{Scope, Tx, mail, mail::Named, message},
};

/// Where a mail belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Belongs {
    /// Into this conversation: its sender takes part there.
    To(ConversationId),
    /// It proves to answer this one, and its sender takes no part there: a forwarded mail, or another address of somebody.
    Beside(ConversationId),
    /// It begins something.
    Nowhere,
}

/// Finds where a mail belongs: what it proves to have received first, then the names it answers, the nearest first.
pub(super) async fn belongs(tx: &mut Tx<'_>, scope: &Scope, channel: &Channel, letter: &Letter) -> Result<Belongs> {
    let sender = letter.with.as_ref().map(app::model::Mailbox::key).unwrap_or_default();
    let mut beside = None;
    for message in &letter.proved {
        let Some(conversation) = on_channel(tx, scope, channel.id, *message).await? else { continue };
        if mail::takes_part(tx.conn(), scope, conversation, &sender).await? {
            return Ok(Belongs::To(conversation));
        }
        beside = beside.or(Some(conversation));
    }
    let mut found = mail::named(tx.conn(), scope, &letter.answers).await?;
    found.retain(|named| named.channel == channel.id);
    found.sort_by_key(|named| nearness(letter, named));
    let mut looked_at: Option<ConversationId> = None;
    for named in found {
        if looked_at == Some(named.conversation) {
            continue;
        }
        looked_at = Some(named.conversation);
        if mail::takes_part(tx.conn(), scope, named.conversation, &sender).await? {
            return Ok(Belongs::To(named.conversation));
        }
    }
    Ok(beside.map_or(Belongs::Nowhere, Belongs::Beside))
}

/// The conversation of a message of ours, on this channel.
pub(super) async fn on_channel(
    tx: &mut Tx<'_>,
    scope: &Scope,
    channel: ChannelId,
    message: MessageId,
) -> Result<Option<ConversationId>> {
    let Some(message) = message::one(tx.conn(), scope, message).await? else { return Ok(None) };
    let found = crate::store::conversation::load(tx.conn(), scope, message.conversation).await?;
    Ok(found.filter(|loaded| loaded.row.channel == channel).map(|loaded| loaded.row.id))
}

fn nearness(letter: &Letter, named: &Named) -> usize {
    letter.answers.iter().position(|name| *name == named.name).unwrap_or(usize::MAX)
}
