//! Receives messages of every channel (architecture, One message): deduplication, identity, contact, conversation, message, event, jobs.

use async_trait::async_trait;
use model::{
    AttachmentId, Channel, Content, ConversationId, Delivery, DeliveryState, Entry, JobId, Line, Message, MessageId,
    Needs, Presence, Sender, Status, Trigger,
};
use store::{
    Command, Scope, Tx, blocked,
    clock::new_id,
    conversation,
    error::{Error, Result},
    message::{self, ProviderId},
    workspace,
};

use super::{
    change::{Change, NewEntry, tell_of_contact},
    check_text,
    correspondent::Correspondent,
    fingerprint,
    send::{another_message, claim},
    work::{Work, outside},
};

/// A message from outside, as an adapter parsed it.
#[derive(Debug, Clone)]
pub struct Inbound {
    /// Made by the sender's client if it can make ids, otherwise by the adapter.
    pub id: MessageId,
    /// The channel it came in on.
    pub channel: Channel,
    /// The sender's address on this kind of channel.
    pub address: String,
    /// Who claims that the address is the sender's: the mailing list, or the message itself. Empty if the sender writes from the address.
    pub said_by: String,
    /// What is shown while the name is not known.
    pub label: String,
    /// The name that the sender gave, unproved. Empty for none.
    pub name: String,
    /// The e-mail address that the sender gave, unproved. Empty for none.
    pub email: String,
    /// The text of the message.
    pub text: String,
    /// The files that the sender uploaded before.
    pub attachments: Vec<AttachmentId>,
    /// The uploader name of these files.
    pub uploader: String,
    /// The provider's id of the message, unique on the channel (R3).
    pub provider_id: Option<String>,
    /// The conversation it belongs to.
    pub thread: InThread,
    /// What it carries beside text and files.
    pub content: Content,
}

/// Which conversation a message from outside belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InThread {
    /// The newest one with this address on the channel, or a new one. Web chat uses this.
    Latest,
    /// This one. The caller has checked that the sender may write there.
    Into(ConversationId),
    /// A new one.
    New,
}

/// Receives a message. A message that was received before is answered with the stored one.
#[derive(Debug, Clone)]
pub struct Receive(pub Inbound);

#[async_trait]
impl Command for Receive {
    type Output = Message;
    const NEEDS: Needs = Needs::Outside;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Message> {
        let (scope, inbound) = (tx.scope()?, &self.0);
        let written = self.written()?;
        if let Some(known) = message::fingerprint(tx.conn(), &scope, inbound.id).await? {
            return if known == written.fingerprint {
                stored(tx, &scope, inbound.id).await
            } else {
                Err(another_message())
            };
        }
        if let Some(provider) = &inbound.provider_id
            && let Some(known) = message::by_provider(tx.conn(), &scope, inbound.channel.id, provider).await?
        {
            return stored(tx, &scope, known).await;
        }
        self.store(tx, &scope, written, true).await
    }
}

async fn stored(tx: &mut Tx<'_>, scope: &Scope, id: MessageId) -> Result<Message> {
    message::one(tx.conn(), scope, id).await?.ok_or(Error::NOT_FOUND)
}

/// The checked content of a message.
struct Written {
    text: String,
    /// Tells a repeated request from a different one with the same id.
    fingerprint: String,
}

impl Receive {
    /// Receives a message that is known to be new: its id was just made, and no message on the channel has its provider id. It `counts` in
    /// figures unless it was written before the channel was connected.
    pub(super) async fn take_new(&self, tx: &mut Tx<'_>, scope: &Scope, counts: bool) -> Result<Message> {
        let written = self.written()?;
        self.store(tx, scope, written, counts).await
    }

    fn written(&self) -> Result<Written> {
        let inbound = &self.0;
        let text = check_text("text", &inbound.text)?;
        let files = inbound.attachments.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let fingerprint = fingerprint(&[&inbound.address, &text, &files]);
        Ok(Written { text, fingerprint })
    }

    async fn store(&self, tx: &mut Tx<'_>, scope: &Scope, written: Written, counts: bool) -> Result<Message> {
        let inbound = &self.0;
        let correspondent = self.correspondent();
        let (identity, became_known) = correspondent.identity(tx, scope).await?;
        // A person outside changes nothing but their own conversations.
        let scope = &scope.known_as(identity.id);
        let known = match inbound.thread {
            InThread::Latest => conversation::latest_of(tx.conn(), scope, identity.id, inbound.channel.id).await?,
            InThread::Into(id) => Some(id),
            InThread::New => None,
        };
        let mut change = match known {
            Some(id) => Change::load(tx, scope, id).await?,
            None => correspondent.begin(tx, scope, ConversationId::new(new_id()), &identity).await?,
        };
        if !counts {
            change.not_counted();
        }
        // In a conversation that somebody works on, nothing is kept from them.
        let is_put_away = known.is_none() || change.now.row.state.status == Status::Closed;
        if is_put_away
            && inbound.said_by.is_empty()
            && blocked::find(tx.conn(), scope, inbound.channel.kind, &inbound.address).await?.is_some()
        {
            change.from_blocked(tx, known.is_none()).await?;
            let message = self.add(tx, scope, &mut change, written).await?;
            change.finish(tx).await?;
            return Ok(message);
        }
        let presence = self.presence(tx, scope).await?;
        let assignee_stays = match change.now.row.state.assignee {
            Some(member) => workspace::is_member(tx.conn(), scope, member).await?,
            None => true,
        };
        let was_closed = change.now.row.state.status == Status::Closed;
        let outcome = change.apply(Trigger::Inbound { at: tx.now(), presence, assignee_stays });
        if was_closed {
            change.line(tx, Line::ReopenedByThem).await?;
        }
        let message = self.add(tx, scope, &mut change, written).await?;
        if outcome.auto_reply && !inbound.channel.auto_reply.is_empty() {
            self.auto_reply(tx, &scope.consequence("automatic reply"), &mut change).await?;
        }
        let changed = change.finish(tx).await?;
        if let Some(contact) = became_known {
            tell_of_contact(tx, scope, contact, &changed).await?;
        }
        Ok(message)
    }

    async fn add(&self, tx: &mut Tx<'_>, scope: &Scope, change: &mut Change, written: Written) -> Result<Message> {
        let inbound = &self.0;
        let attachments = claim(tx, scope, &inbound.attachments, &inbound.uploader, change).await?;
        let provider = inbound.provider_id.clone().map(|id| ProviderId { channel: inbound.channel.id, id });
        let (id, entry, content) = (inbound.id, Entry::Incoming, inbound.content.clone());
        let Written { text, fingerprint } = written;
        change.add(tx, NewEntry { id, text, entry, attachments, provider, fingerprint, content }).await
    }

    fn correspondent(&self) -> Correspondent<'_> {
        let Inbound { channel, address, said_by, label, name, email, .. } = &self.0;
        Correspondent { channel, address, said_by, label, name, email, contact: None }
    }

    async fn presence(&self, tx: &mut Tx<'_>, scope: &Scope) -> Result<Presence> {
        if !self.0.channel.kind.capabilities().is_live_chat() {
            return Ok(Presence::NotChat);
        }
        let off = workspace::load(tx.conn(), scope).await?.chat_off_since;
        Ok(off.map_or(Presence::On, |since| Presence::Off { since }))
    }

    /// Enqueues the automatic reply like any other message, but due at once (T6: automatic replies have no undo delay).
    async fn auto_reply(&self, tx: &mut Tx<'_>, scope: &Scope, change: &mut Change) -> Result<()> {
        let id = MessageId::new(new_id());
        let delivery = Delivery { state: DeliveryState::Scheduled, send_at: tx.now(), reason: String::new() };
        let entry = Entry::Outgoing { by: Sender::Auto, delivery };
        let text = self.0.channel.auto_reply.clone();
        let (attachments, fingerprint) = (Vec::new(), String::new());
        let new = NewEntry { id, text, entry, attachments, provider: None, fingerprint, content: Content::Text };
        change.add(tx, new).await?;
        let over = outside(self.0.channel.kind, self.0.channel.id);
        Work::Send { message: id }.enqueue(tx, scope.workspace(), JobId::new(id.uuid()), over, tx.now()).await
    }
}
