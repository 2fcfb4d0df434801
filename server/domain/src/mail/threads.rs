//! Which conversation a mail belongs to, and whether its sender may write there (S14). A name finds a conversation; only who takes part
//! opens it.

use model::{Channel, ChannelId, ConversationId, MessageId};
use store::{
    Scope, Tx,
    error::Result,
    mail::{self, Named},
    message,
};

use super::{Letter, author::Author};

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

/// How many mails that name a mail are looked at.
const MOST_OWN: usize = 20;

/// What is known here, on any channel, by the names in a mail: those it answers, and its own.
pub(super) async fn known(tx: &mut Tx<'_>, scope: &Scope, letter: &Letter) -> Result<Vec<Named>> {
    let mut known = mail::named(tx.conn(), scope, &letter.answers).await?;
    if let Some(own) = letter.name.as_ref().filter(|own| !letter.answers.contains(own)) {
        // Some programs give all their mails one name: a few of them tell as much as all.
        let own = mail::named(tx.conn(), scope, std::slice::from_ref(own)).await?;
        known.extend(own.into_iter().take(MOST_OWN));
    }
    Ok(known)
}

/// Finds where a mail belongs: what it proves to have received first, then the names it answers, the nearest first, then what answers it
/// and came before it did.
pub(super) async fn belongs(
    tx: &mut Tx<'_>,
    scope: &Scope,
    channel: &Channel,
    letter: &Letter,
    author: &Author,
    known: &[Named],
) -> Result<Belongs> {
    // Its `From`, and not whom it says it was written for: that is anybody's to claim, and no domain vouches for it.
    let sender = letter.head.parties.from.as_ref().map(model::Mailbox::key).unwrap_or_default();
    let mut beside = None;
    for message in &letter.proved {
        let Some(conversation) = on_channel(tx, scope, channel.id, *message).await? else { continue };
        if mail::takes_part(tx.conn(), scope, conversation, &sender).await? {
            return Ok(Belongs::To(conversation));
        }
        beside = beside.or(Some(conversation));
    }
    // Names without a signature are anybody's to write: they find something only for whoever is known to be the sender.
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
        // Some programs give all their mails one name: what goes by it is not an answer to it.
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

/// The conversation of a message of ours, on this channel.
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

/// Whether a name is a message's own, and not only one that it answers.
async fn goes_by(tx: &mut Tx<'_>, scope: &Scope, named: &Named) -> Result<bool> {
    let own = message::provider(tx.conn(), scope, named.message).await?.unwrap_or_default();
    Ok(own.strip_prefix(&named.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('#')))
}

fn nearness(letter: &Letter, named: &Named) -> usize {
    letter.answers.iter().position(|name| *name == named.name).unwrap_or(usize::MAX)
}
