//! Finds the conversation of a mail, and decides whether its sender may write there (S14). A name finds a conversation. Only a participant
//! opens it.

use model::{Channel, ChannelId, ConversationId, MessageId};
use store::{
    Scope, Tx,
    error::Result,
    mail::{self, Named},
    message,
};

use super::{Letter, author::Author};

/// Where a mail goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Belongs {
    /// Into this conversation, where its sender is a participant.
    To(ConversationId),
    /// It proves to answer this conversation, but its sender is no participant: the mail was forwarded, or the person uses another address.
    Beside(ConversationId),
    /// It begins a new conversation.
    Nowhere,
}

/// The most mails considered that refer to one mail.
const MOST_OWN: usize = 20;

/// The stored mails, on any channel, with a name in this mail: one that it answers, or its own.
pub(super) async fn known(tx: &mut Tx<'_>, scope: &Scope, letter: &Letter) -> Result<Vec<Named>> {
    let mut known = mail::named(tx.conn(), scope, &letter.answers).await?;
    if let Some(own) = letter.name.as_ref().filter(|own| !letter.answers.contains(own)) {
        // Some programs give all their mails one Message-ID. A few of these mails are enough.
        let own = mail::named(tx.conn(), scope, std::slice::from_ref(own)).await?;
        known.extend(own.into_iter().take(MOST_OWN));
    }
    Ok(known)
}

/// Finds the conversation of a mail. First by messages that it proves to have received, then by names that it answers, nearest first, then
/// by mails that answer it and came earlier.
pub(super) async fn belongs(
    tx: &mut Tx<'_>,
    scope: &Scope,
    channel: &Channel,
    letter: &Letter,
    author: &Author,
    known: &[Named],
) -> Result<Belongs> {
    // `From` counts here, not the claimed author: anybody can claim one, and no domain vouches for it.
    let sender = letter.head.parties.from.as_ref().map(model::Mailbox::key).unwrap_or_default();
    let mut beside = None;
    for message in &letter.proved {
        let Some(conversation) = on_channel(tx, scope, channel.id, *message).await? else { continue };
        if mail::takes_part(tx.conn(), scope, conversation, &sender).await? {
            return Ok(Belongs::To(conversation));
        }
        beside = beside.or(Some(conversation));
    }
    // Anybody can write unsigned names. They count only if the sender is known.
    if !matches!(author, Author::Known(_)) {
        return Ok(beside.map_or(Belongs::Nowhere, Belongs::Beside));
    }
    let mut found: Vec<&Named> = known.iter().filter(|named| named.channel == channel.id).collect();
    found.sort_by_key(|named| nearness(letter, named));
    let mut looked_at: Option<ConversationId> = None;
    for named in found {
        if looked_at == Some(named.conversation) {
            continue;
        }
        // Some programs give all their mails one Message-ID. Another mail with this same id is not answered by it.
        if letter.name.as_ref() == Some(&named.name) && goes_by(tx, scope, named).await? {
            continue;
        }
        looked_at = Some(named.conversation);
        if mail::takes_part(tx.conn(), scope, named.conversation, &sender).await? {
            return Ok(Belongs::To(named.conversation));
        }
    }
    Ok(beside.map_or(Belongs::Nowhere, Belongs::Beside))
}

/// The conversation of our message, if it is on this channel.
pub(super) async fn on_channel(
    tx: &mut Tx<'_>,
    scope: &Scope,
    channel: ChannelId,
    message: MessageId,
) -> Result<Option<ConversationId>> {
    let Some(message) = message::one(tx.conn(), scope, message).await? else { return Ok(None) };
    let found = store::conversation::load(tx.conn(), scope, message.conversation).await?;
    Ok(found.filter(|loaded| loaded.row.channel == channel).map(|loaded| loaded.row.id))
}

/// Whether a name is the message's own, not only one that it answers.
async fn goes_by(tx: &mut Tx<'_>, scope: &Scope, named: &Named) -> Result<bool> {
    let own = message::provider(tx.conn(), scope, named.message).await?.unwrap_or_default();
    Ok(own.strip_prefix(&named.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('#')))
}

fn nearness(letter: &Letter, named: &Named) -> usize {
    letter.answers.iter().position(|name| *name == named.name).unwrap_or(usize::MAX)
}
