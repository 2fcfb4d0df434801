//! Sends replies and stores notes, and cancels them (T6, T7, T8).

use async_trait::async_trait;
use model::{
    ApiError, Attachment, AttachmentId, Compose, Content, ConversationId, Delivery, DeliveryState, Draft, DraftMode,
    Entry, EventBody, FactKind, Format, JobId, MemberId, Message, MessageId, Needs, NoticeKind, Permission, Sender,
    Trigger,
};
use store::{
    Command, Scope, Tx,
    error::{Error, Result},
    job, message,
    notice::Telling,
    person, reply, search, undo, workspace,
};

use super::{
    change::{Change, NewEntry, preview},
    check_text,
    files::uploader,
    fingerprint,
    history::{NewFact, waited},
    mail, mentions, notices,
    undo::{BeforeReply, Inverse, undo_id},
    unsent,
    work::{Work, outside},
};

/// Sends a reply or stores a note. The client makes the id, so that a repeated request is the same message (R6).
#[derive(Debug, Clone)]
pub struct SendMessage {
    /// Made by the client.
    pub id: MessageId,
    /// The conversation.
    pub conversation: ConversationId,
    /// A reply to the person outside, or a note for the team.
    pub mode: DraftMode,
    /// The text.
    pub text: String,
    /// Files that this member uploaded.
    pub attachments: Vec<AttachmentId>,
    /// What the member chose beside it. What is left out follows from the conversation.
    pub compose: Compose,
    /// The position of the last entry that the member saw. If somebody else replied after it, the member is asked first. None skips this
    /// check.
    pub seen: Option<i64>,
}

#[async_trait]
impl Command for SendMessage {
    type Output = Message;
    const NEEDS: Needs = Needs::May(Permission::Converse);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Message> {
        let scope = tx.scope()?;
        scope.person()?;
        let text = self.checked()?;
        let mut change = Change::load(tx, &scope, self.conversation).await?;
        if let Some(known) = self.known(tx, &scope, &text).await? {
            return Ok(known);
        }
        let message = self.put(tx, &scope, &mut change, text).await?;
        change.finish(tx).await?;
        Ok(message)
    }
}

impl SendMessage {
    /// The text, if something may be sent.
    pub(super) fn checked(&self) -> Result<String> {
        let text = check_text("text", &self.text)?;
        if text.is_empty() && self.attachments.is_empty() {
            return Err(ApiError::invalid("text", "Write something or attach a file.").into());
        }
        if self.attachments.len() > 20 {
            return Err(ApiError::invalid("attachments", "A message can have at most 20 files.").into());
        }
        Ok(text)
    }

    /// The stored message, if this request was here before. A different request with the same id is refused.
    pub(super) async fn known(&self, tx: &mut Tx<'_>, scope: &Scope, text: &str) -> Result<Option<Message>> {
        let print = self.fingerprint(text, &scope.person()?.member.id.to_string());
        match message::fingerprint(tx.conn(), scope, self.id).await? {
            Some(known) => repeated(tx, scope, self.id, known == print).await.map(Some),
            None => Ok(None),
        }
    }

    /// Adds the message to its conversation, which the caller stores.
    pub(super) async fn put(
        &self,
        tx: &mut Tx<'_>,
        scope: &Scope,
        change: &mut Change,
        text: String,
    ) -> Result<Message> {
        let me = scope.person()?.member.id;
        let print = self.fingerprint(&text, &me.to_string());
        if let (DraftMode::Reply, Some(seen)) = (self.mode, self.seen) {
            answered_since(tx, scope, change, seen, me).await?;
        }
        if self.mode == DraftMode::Reply && !self.compose.mentions().is_empty() {
            let message = "Only notes mention people. Write a note, or remove the mentions.";
            return Err(ApiError::invalid("mentions", message).into());
        }
        let place = change.now.row.facts().placement();
        let mentions::Checked { mentions, told } =
            mentions::checked(tx, scope, me, &place, self.compose.mentions()).await?;
        let attachments = claim(tx, scope, &self.attachments, &uploader(me), change).await?;
        let entry = |delivery| match self.mode {
            DraftMode::Reply => Entry::Outgoing { by: Sender::Member(me), delivery },
            DraftMode::Note => Entry::Note { by: me },
        };
        let channel = workspace::channel(tx.conn(), scope, change.now.row.channel).await?;
        let send_at = tx.now().plus(channel.undo_ms.max(0));
        let delivery = Delivery { state: DeliveryState::Scheduled, send_at, reason: String::new() };
        let (text, content) = match (self.mode, channel.kind.capabilities().format) {
            (DraftMode::Reply, Format::Mail) => {
                mail::compose(tx, scope, &channel, &change.now, text, self.compose.mail()).await?
            }
            (DraftMode::Reply, Format::Text) => (text, Content::Text),
            (DraftMode::Note, _) if mentions.is_empty() => (text, Content::Text),
            (DraftMode::Note, _) => (text, Content::Note(mentions)),
        };
        let (id, entry) = (self.id, entry(delivery));
        let new = NewEntry { id, text, entry, attachments, provider: None, fingerprint: print, content };
        let message = match self.mode {
            DraftMode::Note => {
                let (note, about) = (change.add(tx, new).await?, change.now.row.id.uuid());
                let (kind, place) = (NoticeKind::Mentioned, Some(note.n));
                notices::tell(tx, scope, &told, Telling { kind, about, size: 0, by: Some(me), place }).await?;
                note
            }
            DraftMode::Reply => {
                let record = workspace::load(tx.conn(), scope).await?;
                let inverse = Inverse::Reply(BeforeReply::of(change));
                let ms = waited(change.waiting_since(), tx.now());
                change.now.row.first_response_ms = change.now.row.first_response_ms.or(ms);
                change.apply(Trigger::Reply { by: me, pending: record.workspace.pending_after_reply });
                let message = change.add(tx, new).await?;
                inverse.keep(tx, scope, undo_id(self.id), me).await?;
                let (id, over) = (JobId::new(self.id.uuid()), outside(channel.kind, channel.id));
                Work::Send { message: self.id }.enqueue(tx, scope.workspace(), id, over, send_at).await?;
                message
            }
        };
        // A member who replies has read what they reply to.
        let (conversation, inbound) = (change.now.row.id, change.now.row.inbound_count);
        person::mark(tx, scope, conversation, inbound).await?;
        if person::drop_sent(tx, scope, conversation, self.mode, self.id).await? {
            let draft = Draft { mode: self.mode, text: String::new(), id: None };
            tx.emit(scope.workspace(), EventBody::Draft { member: me, conversation, draft });
        }
        Ok(message)
    }

    fn fingerprint(&self, text: &str, who: &str) -> String {
        let files = self.attachments.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let mail = self.compose.mail().and_then(|choice| serde_json::to_string(choice).ok()).unwrap_or_default();
        let conversation = self.conversation.to_string();
        let mut parts = vec![conversation.as_str(), self.mode.as_str(), who, text, &files, &mail];
        // Requests without mentions have the same fingerprint as before there were any.
        let mentioned = serde_json::to_string(self.compose.mentions()).unwrap_or_default();
        if !self.compose.mentions().is_empty() {
            parts.push(&mentioned);
        }
        fingerprint(&parts)
    }
}

/// Answers a repeated request with the stored message, and refuses a different request with the same id.
async fn repeated(tx: &mut Tx<'_>, scope: &Scope, id: MessageId, same: bool) -> Result<Message> {
    if same { message::one(tx.conn(), scope, id).await?.ok_or(Error::NOT_FOUND) } else { Err(another_message()) }
}

/// Refuses a reply if another one, which the member has not seen, came first (Promise 4): the person outside would get two.
async fn answered_since(tx: &mut Tx<'_>, scope: &Scope, change: &Change, seen: i64, me: MemberId) -> Result<()> {
    let id = reply::by_others(tx.conn(), scope, change.now.row.id, seen, me).await?;
    let Some(id) = id else { return Ok(()) };
    let message = message::one(tx.conn(), scope, id).await?.ok_or(Error::NOT_FOUND)?;
    let by = match &message.entry {
        Entry::Outgoing { by: Sender::Member(id), .. } => workspace::member(tx.conn(), scope, *id).await?.name,
        _ => "An AI agent".to_owned(),
    };
    let text = preview(&message).map(|shown| shown.text).unwrap_or_default();
    Err(ApiError::Answered { by, text, at: message.at, n: message.n }.into())
}

/// The refusal of a different message with a known id.
pub(super) fn another_message() -> Error {
    let message = "This draft was already sent as another message, perhaps in another window. Check that message, then edit yours and send it.".to_owned();
    ApiError::Conflict { message }.into()
}

/// Attaches uploaded files to the next entry.
pub(super) async fn claim(
    tx: &mut Tx<'_>,
    scope: &Scope,
    files: &[AttachmentId],
    uploader: &str,
    change: &Change,
) -> Result<Vec<Attachment>> {
    let mut claimed = Vec::with_capacity(files.len());
    for id in files {
        let gone = || ApiError::invalid("attachments", "A file is no longer available. Attach it again.");
        if !message::claim_file(tx, scope, *id, uploader, change.now.row.id, change.next_place()).await? {
            return Err(gone().into());
        }
        claimed.push(message::file(tx.conn(), scope, *id).await?.ok_or_else(gone)?.attachment);
    }
    claimed.sort_by_key(|file| file.id);
    Ok(claimed)
}

/// Cancels a message before it is sent. The conversation gets its former state, unless it changed again meanwhile.
#[derive(Debug, Clone, Copy)]
pub struct CancelMessage(pub MessageId);

#[async_trait]
impl Command for CancelMessage {
    type Output = Message;
    const NEEDS: Needs = Needs::May(Permission::Converse);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Message> {
        let (scope, mut message, mut change) = outgoing(tx, self.0).await?;
        let Entry::Outgoing { delivery, .. } = &mut message.entry else { return Err(Error::NOT_FOUND) };
        match delivery.state {
            DeliveryState::Cancelled => return Ok(message),
            DeliveryState::Scheduled | DeliveryState::Failed => delivery.state = DeliveryState::Cancelled,
            // A reason shows that the channel was asked and did not accept the message.
            DeliveryState::Queued if !delivery.reason.is_empty() => delivery.state = DeliveryState::Cancelled,
            _ => {
                return Err(ApiError::Conflict { message: "Too late. The message was already sent.".to_owned() }.into());
            }
        }
        message::set_delivery(tx, &scope, message.id, delivery).await?;
        // The member who cancels it may edit it and send it again, with its files.
        let me = uploader(scope.person()?.member.id);
        message::release_files(tx, &scope, message.conversation, message.n, &me).await?;
        message.attachments.clear();
        let findable = search::findable(&scope, &message, &(&change.now).into());
        search::set(tx, &scope, message.id, findable).await?;
        let inverse = undo::inverse(tx.conn(), &scope, (undo_id(message.id), 0)).await?;
        match inverse.and_then(|json| BeforeReply::read(&json)) {
            Some(before) if before.version_after == change.now.row.version => before.restore(&mut change),
            _ => unsent::taken_back(tx, &scope, &mut change, message.n).await?,
        }
        let taken_back = NewFact::new(FactKind::TakenBack, change.actor()).about(message.id);
        change.note(taken_back);
        change.changed(message.clone());
        change.finish(tx).await?;
        Ok(message)
    }
}

/// Sends a scheduled message at once, or retries a message that waits, failed, or has an unknown result.
#[derive(Debug, Clone, Copy)]
pub struct SendNow(pub MessageId);

#[async_trait]
impl Command for SendNow {
    type Output = Message;
    const NEEDS: Needs = Needs::May(Permission::Converse);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Message> {
        let (scope, mut message, mut change) = outgoing(tx, self.0).await?;
        // Only a person cuts their own undo time short, or decides that a message may go out twice.
        scope.person()?;
        let now = tx.now();
        // The job has the same id as its message.
        let (workspace, own) = (scope.workspace(), JobId::new(message.id.uuid()));
        let Entry::Outgoing { delivery, .. } = &mut message.entry else { return Err(Error::NOT_FOUND) };
        match delivery.state {
            DeliveryState::Scheduled | DeliveryState::Failed | DeliveryState::Unknown => {
                *delivery = Delivery { state: DeliveryState::Queued, send_at: now, reason: String::new() };
            }
            DeliveryState::Queued => {
                job::run_now(tx, workspace, own, now).await?;
                return Ok(message);
            }
            DeliveryState::Cancelled => {
                return Err(ApiError::Conflict { message: "Sending was cancelled. Write it again.".to_owned() }.into());
            }
            _ => return Ok(message),
        }
        message::set_delivery(tx, &scope, message.id, delivery).await?;
        // There must never be two jobs for one message: the second would take the first, still running, for a killed one. A waiting job
        // becomes due now, and a given-up job is revived. A running job is enough: enqueuing the same id adds nothing.
        if !job::run_now(tx, workspace, own, now).await? && !job::revive(tx, workspace, own).await? {
            let over = outside(change.now.row.kind, change.now.row.channel);
            Work::Send { message: message.id }.enqueue(tx, workspace, own, over, now).await?;
        }
        change.changed(message.clone());
        change.finish(tx).await?;
        Ok(message)
    }
}

/// An outgoing message in a conversation that the member may see and answer.
async fn outgoing(tx: &mut Tx<'_>, id: MessageId) -> Result<(Scope, Message, Change)> {
    let scope = tx.scope()?;
    scope.require(Permission::Converse)?;
    let message = message::one(tx.conn(), &scope, id).await?.ok_or(Error::NOT_FOUND)?;
    let change = Change::load(tx, &scope, message.conversation).await?;
    Ok((scope, message, change))
}
