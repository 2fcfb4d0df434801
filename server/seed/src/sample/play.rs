//! Plays one conversation from its first entry to its last, through the same state table as real ones. The normal code reads its mails.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use channels::email::Email;
use domain::{
    change::preview,
    files::Files,
    fingerprint,
    history::{Diff, facts, undone, unsent, who},
};
use jiff::tz::TimeZone;
use model::{
    AiMode, Attachment, AttachmentId, Channel, ChannelKind, Content, ConversationId, ConversationRow,
    ConversationState, Delivery, DeliveryState, Entry, Folds, IdentityId, Line, MailHead, MailId, MemberId, Message,
    MessageId, Own, Presence, Preview, PreviewBy, Sender, Status, TagId, TeamId, Timestamp, Trigger, Unanswered,
};
use store::{
    Scope,
    bulk::{BulkContact, BulkMessage},
    contact::Identity,
    conversation::Loaded,
    error::{Error, Result, StoreError},
    history::Fact,
    mail::Mail,
    message::{File, ProviderId},
    search,
};

use super::{
    company::{SIGNATURE, SampleChannel},
    ids::Ids,
    mails,
    read::{Deed, Entry as Told, Story, Who},
};

/// The data that all conversations share.
pub(super) struct Stage<'a> {
    pub(super) scope: &'a Scope,
    pub(super) email: &'a Email,
    pub(super) files: &'a Files,
    pub(super) ids: Ids,
    pub(super) now: Timestamp,
    pub(super) zone: &'a TimeZone,
    /// The id and first name of the member who looks at the sample.
    pub(super) me: (MemberId, String),
    /// All members who existed before.
    pub(super) residents: Vec<MemberId>,
    /// In the order of `company::MEMBERS`.
    pub(super) members: Vec<MemberId>,
    pub(super) teams: HashMap<String, TeamId>,
    /// The tags, by name.
    pub(super) tags: HashMap<&'static str, TagId>,
    /// By their words.
    pub(super) channels: HashMap<&'static str, Channel>,
    /// The addresses of our mailboxes.
    pub(super) own: Own,
    /// Whether a reply sets the status to pending.
    pub(super) pending_after_reply: bool,
    /// The conversations by file name.
    pub(super) conversations: HashMap<String, ConversationId>,
}

/// A person's address, as it is stored.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) kind: ChannelKind,
    pub(super) address: String,
    pub(super) said_by: String,
    pub(super) identity: Identity,
}

/// A mail and its message, with all names that find it.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) mail: Mail,
    pub(super) message: MessageId,
    pub(super) conversation: ConversationId,
    pub(super) names: Vec<String>,
    pub(super) addresses: Vec<String>,
}

/// All rows of the conversations.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    pub(super) contacts: Vec<BulkContact>,
    pub(super) known: Vec<Known>,
    pub(super) conversations: Vec<Loaded>,
    pub(super) messages: Vec<BulkMessage>,
    pub(super) files: Vec<(File, Timestamp)>,
    pub(super) reads: Vec<(ConversationId, MemberId, i64)>,
    pub(super) mails: Vec<Kept>,
    pub(super) history: Vec<Fact>,
}

/// The time when a conversation begins.
pub(super) fn begins(story: &Story, now: Timestamp, zone: &TimeZone) -> Timestamp {
    story.entries.first().map_or(now, |first| first.when.at(now, zone))
}

/// The id of a conversation.
pub(super) fn id_of(ids: Ids, story: &Story, begins: Timestamp) -> ConversationId {
    ConversationId::new(ids.id(begins, &["conversation", &story.name]))
}

/// Plays a conversation into `rows`.
pub(super) async fn play(stage: &Stage<'_>, story: &Story, rows: &mut Rows) -> Result<()> {
    let wrong = |what: &str| Error::from(StoreError::Corrupt(format!("{}.txt: {what}", story.name)));
    let begins = begins(story, stage.now, stage.zone);
    let channel = stage.channels.get(story.channel.word).ok_or_else(|| wrong("its channel is missing"))?;
    let id = *stage.conversations.get(&story.name).ok_or_else(|| wrong("it has no id"))?;
    let row = ConversationRow {
        id,
        channel: channel.id,
        kind: channel.kind,
        team: story.team.as_ref().and_then(|team| stage.teams.get(team).copied()),
        contact: None,
        name: String::new(),
        label: String::new(),
        first_label: String::new(),
        preview: Preview { by: PreviewBy::Them, text: String::new() },
        last_at: begins,
        last_inbound_at: None,
        started_at: begins,
        first_response_ms: None,
        due_at: None,
        tags: story.tags.iter().filter_map(|name| stage.tags.get(name).copied()).collect(),
        inbound_count: 0,
        read_count: 0,
        state: ConversationState { ai_mode: AiMode::Paused, ..ConversationState::default() },
        version: 1,
    };
    let now = Loaded { row, identity: IdentityId::new(uuid::Uuid::nil()), address: String::new(), message_count: 0 };
    let mut play = Play {
        stage,
        story,
        sample: story.channel,
        channel,
        rows,
        now,
        has_identity: false,
        messages: Vec::new(),
        chain: Vec::new(),
        before: None,
        reads: BTreeMap::new(),
        returned: None,
    };
    let mut at = begins;
    for told in &story.entries {
        // Daylight saving time may have ended in between.
        at = told.when.at(stage.now, stage.zone).max(at);
        let (before, from) = (play.now.row.clone(), play.messages.len());
        play.happens(told, at).await?;
        play.now.row.version += 1;
        play.remember(&before, from, at);
    }
    play.finish();
    Ok(())
}

pub(super) struct Play<'a> {
    pub(super) stage: &'a Stage<'a>,
    pub(super) story: &'a Story,
    pub(super) sample: &'static SampleChannel,
    pub(super) channel: &'a Channel,
    pub(super) rows: &'a mut Rows,
    pub(super) now: Loaded,
    pub(super) has_identity: bool,
    pub(super) messages: Vec<Message>,
    /// The Message-IDs of its mails, oldest first.
    pub(super) chain: Vec<String>,
    /// The last reply by its index among the messages, the state before it, and the time until the first reply as it was then.
    pub(super) before: Option<(usize, ConversationState, Option<i64>)>,
    pub(super) reads: BTreeMap<MemberId, i64>,
    /// A reply that did not reach them, by the entry that is being played.
    pub(super) returned: Option<(MessageId, DeliveryState)>,
}

/// A message without a position yet.
#[derive(Default)]
pub(super) struct New {
    pub(super) text: String,
    pub(super) attachments: Vec<Attachment>,
    pub(super) provider: Option<String>,
    pub(super) fingerprint: String,
    pub(super) content: Content,
}

impl Play<'_> {
    pub(super) fn wrong(&self, told: &Told, what: &str) -> Error {
        StoreError::Corrupt(format!("{}.txt, line {}: {what}", self.story.name, told.line)).into()
    }

    /// An id for something in this conversation, by its position.
    pub(super) fn id(&self, at: Timestamp, what: &str) -> uuid::Uuid {
        self.stage.ids.id(at, &[what, &self.story.name, &self.now.message_count.to_string()])
    }

    fn member(&self, who: Who) -> MemberId {
        match who {
            Who::Me => self.stage.me.0,
            Who::Member(place) => self.stage.members.get(place).copied().unwrap_or(self.stage.me.0),
        }
    }

    pub(super) fn text(&self, told: &Told) -> String {
        told.text.replace("{me}", &self.stage.me.1)
    }

    fn apply(&mut self, trigger: Trigger) -> bool {
        let (state, outcome) = self.now.row.state.after(trigger);
        self.now.row.state = state;
        outcome.auto_reply
    }

    fn is_mail(&self) -> bool {
        self.channel.kind == ChannelKind::Email
    }

    /// Adds to the history what happened, as a command would have.
    fn remember(&mut self, before: &ConversationRow, from: usize, at: Timestamp) {
        let (now, added) = (&self.now.row, self.messages.iter().skip(from).collect::<Vec<_>>());
        let (is_new, by) = (from == 0, who(&added));
        let mut new = facts(&Diff { before, now, is_new, added: &added, changed: &[], by, at });
        new.extend(added.iter().filter_map(|message| undone(message, by)));
        // One that came back later is no entry of this step.
        let known = |id: &MessageId| added.iter().any(|message| message.id == *id);
        new.extend(self.returned.take().filter(|(id, _)| !known(id)).map(|(id, state)| unsent(id, state)));
        let name = |n: usize| (self.rows.history.len() + n).to_string();
        let id = |n| self.stage.ids.id(at, &["fact", &self.story.name, &name(n)]);
        let mut ids: Vec<_> = (0..new.len()).map(id).collect();
        // Those of one moment in the order in which they happened.
        ids.sort_unstable();
        self.rows.history.extend(new.into_iter().zip(ids).map(|(fact, id)| fact.of(now, id, at)));
    }

    async fn happens(&mut self, told: &Told, at: Timestamp) -> Result<()> {
        match &told.deed {
            Deed::Them { chat_off } => self.incoming(told, at, *chat_off).await?,
            Deed::Reply(by) => self.reply(told, at, self.member(*by)).await?,
            Deed::Note(by) => {
                let (by, text) = (self.member(*by), self.text(told));
                let print = fingerprint(&[&self.now.row.id.to_string(), "note", &by.to_string(), &text, ""]);
                self.add(at, Entry::Note { by }, New { text, fingerprint: print, ..New::default() });
                self.has_read(by);
            }
            Deed::Assign { by, to } => {
                let (by, to) = (self.member(*by), to.map(|to| self.member(to)));
                self.apply(Trigger::Assign(to));
                self.line(at, Line::Assigned { by, to }, String::new());
            }
            Deed::Close(by, reason) => {
                self.apply(Trigger::Close);
                self.line(at, Line::Closed { by: self.member(*by), reason: *reason, blocked: false }, String::new());
            }
            Deed::Reopen(by) => {
                self.apply(Trigger::Reopen);
                self.line(at, Line::Status { by: self.member(*by), to: Status::Open }, String::new());
            }
            Deed::Wait(by) => {
                self.apply(Trigger::SetPending);
                self.line(at, Line::Status { by: self.member(*by), to: Status::Pending }, String::new());
            }
            Deed::Machine => {
                self.apply(Trigger::InboundFromMachine);
                self.line(at, Line::AutoReply, told.text.clone());
            }
            Deed::Bounce => {
                self.apply(Trigger::InboundFromMachine);
                self.not_sent(told, DeliveryState::Bounced)?;
                self.line(at, Line::Bounce, told.text.clone());
            }
            Deed::Stranger(other) => {
                let found = self.stage.conversations.get(other).copied();
                let conversation = found.ok_or_else(|| self.wrong(told, "there is no such conversation"))?;
                self.line(at, Line::Stranger { conversation }, String::new());
            }
        }
        Ok(())
    }

    async fn incoming(&mut self, told: &Told, at: Timestamp, chat_off: bool) -> Result<()> {
        let presence = match (self.is_mail(), chat_off) {
            (true, _) => Presence::NotChat,
            (false, true) => Presence::Off { since: at },
            (false, false) => Presence::On,
        };
        let was_closed = self.now.row.state.status == Status::Closed;
        let auto_reply = self.apply(Trigger::Inbound { at, presence, assignee_stays: true });
        if was_closed {
            self.line(at, Line::ReopenedByThem, String::new());
        }
        let new = match self.is_mail() {
            true => self.letter(told, at).await?,
            false => self.said(told, at).await?,
        };
        self.add(at, Entry::Incoming, new);
        if auto_reply {
            let delivery = Delivery { state: DeliveryState::Sent, send_at: at, reason: String::new() };
            let text = self.sample.auto_reply.to_owned();
            self.add(at, Entry::Outgoing { by: Sender::Auto, delivery }, New { text, ..New::default() });
        }
        Ok(())
    }

    /// A message of a visitor.
    async fn said(&mut self, told: &Told, at: Timestamp) -> Result<New> {
        let who = self.story.with.mailbox.clone();
        let address = self.stage.ids.hash(&["visitor", &self.story.name]);
        let label = format!("Visitor {}", address.get(..4).unwrap_or_default().to_uppercase());
        self.meet(at, &address, "", &label, &who);
        let attachments = self.attach(told, at, &format!("visitor:{address}")).await?;
        let text = self.text(told);
        let fingerprint = fingerprint(&[&address, &text, &ids_of(&attachments)]);
        Ok(New { text, attachments, fingerprint, ..New::default() })
    }

    async fn reply(&mut self, told: &Told, at: Timestamp, by: MemberId) -> Result<()> {
        if !self.has_identity {
            let with = self.story.with.mailbox.clone();
            let label = if with.name.is_empty() { with.address.clone() } else { with.name.clone() };
            self.meet(at, &with.key(), "", &label, &with);
            // The member who begins a conversation is assigned to it.
            self.now.row.state.assignee = Some(by);
        }
        // A visitor who writes again has read the earlier messages.
        let mut later = self.story.entries.iter().filter(|entry| entry.line > told.line);
        let was_read = !self.is_mail() && later.any(|entry| matches!(entry.deed, Deed::Them { .. }));
        let usual = if was_read { DeliveryState::Read } else { DeliveryState::Sent };
        let state = told.more.state.unwrap_or(usual);
        let written = self.text(told);
        let attachments = self.attach(told, at, &format!("member:{by}")).await?;
        let conversation = self.now.row.id.to_string();
        let fingerprint = fingerprint(&[&conversation, "reply", &by.to_string(), &written, &ids_of(&attachments)]);
        let mut new = New { text: written, attachments, fingerprint, ..New::default() };
        if self.is_mail() {
            let folds = new.text.len();
            new.text = format!("{}\n\n-- \n{SIGNATURE}", new.text);
            let folds = Folds { signature: folds, quoted: new.text.len() };
            new.content = Content::Mail(Box::new(MailHead { folds, ..self.head(told)? }));
        }
        let before = self.now.row.clone();
        if let (None, Some(since)) = (before.first_response_ms, before.state.waiting_since) {
            self.now.row.first_response_ms = Some((at.0 - since.0).max(0));
        }
        self.apply(Trigger::Reply { by, pending: self.stage.pending_after_reply });
        let goes_out = state.rank() >= DeliveryState::Sent.rank() && state != DeliveryState::Cancelled;
        let name = (self.is_mail() && goes_out).then(|| format!("{}@marlund.example", self.id(at, "name").simple()));
        new.provider.clone_from(&name);
        let mail_id = MailId::new(self.id(at, "mail"));
        let delivery = Delivery { state, send_at: at.plus(self.channel.undo_ms), reason: told.more.reason.clone() };
        let message = self.add(at, Entry::Outgoing { by: Sender::Member(by), delivery }, new);
        self.has_read(by);
        self.before = Some((self.messages.len() - 1, before.state.clone(), before.first_response_ms));
        if let Some(name) = name {
            self.sent(told, &message, name, mail_id).await?;
        }
        if state == DeliveryState::Cancelled {
            // As if it had not been sent, but the pen's epoch never goes back.
            let row = &mut self.now.row;
            let pen_epoch = row.state.pen_epoch + i64::from(row.state.pen != before.state.pen);
            row.state = ConversationState { pen_epoch, ..before.state };
            (row.preview, row.last_at, row.first_response_ms) =
                (before.preview, before.last_at, before.first_response_ms);
        } else if state.is_unsent() {
            self.not_sent(told, state)?;
        }
        Ok(())
    }

    /// The last reply did not arrive, so the person waits again.
    fn not_sent(&mut self, told: &Told, state: DeliveryState) -> Result<()> {
        let Some((place, before, first_response_ms)) = self.before.clone() else {
            return Err(self.wrong(told, "there is no reply that could fail"));
        };
        let set = |message: &mut Message| {
            if let Entry::Outgoing { delivery, .. } = &mut message.entry {
                *delivery = Delivery { state, reason: told.more.reason.clone(), ..delivery.clone() };
            }
        };
        let Some(message) = self.messages.get_mut(place) else { return Ok(()) };
        set(message);
        let (id, n) = (message.id, message.n);
        self.returned = Some((id, state));
        if let Some(row) = self.rows.messages.iter_mut().find(|row| row.message.id == id) {
            set(&mut row.message);
        }
        let unanswered = Unanswered { waiting_since: before.waiting_since, missed_at: before.missed_at };
        // It was no first response.
        self.now.row.first_response_ms = first_response_ms;
        self.apply(Trigger::NotSent { n, unanswered: Some(unanswered) });
        Ok(())
    }

    /// The files for the next entry.
    async fn attach(&mut self, told: &Told, at: Timestamp, uploader: &str) -> Result<Vec<Attachment>> {
        let mut attachments = Vec::new();
        for name in &told.more.files {
            let enclosed = mails::file(name, self.stage.now)?;
            let (digest, size, media_type) = self.stage.files.keep(Bytes::from(enclosed.bytes)).await?;
            let attachment = Attachment {
                id: AttachmentId::new(self.id(at, name)),
                name: enclosed.name,
                size: i64::try_from(size).unwrap_or(i64::MAX),
                media_type,
            };
            attachments.push(attachment.clone());
            let uploader = uploader.to_owned();
            self.keep(File { attachment, conversation: None, message_n: None, uploader, digest }, at);
        }
        attachments.sort_by_key(|file| file.id);
        Ok(attachments)
    }

    /// Adds a file to the next entry.
    pub(super) fn keep(&mut self, file: File, at: Timestamp) {
        let (conversation, message_n) = (Some(self.now.row.id), Some(self.now.message_count + 1));
        self.rows.files.push((File { conversation, message_n, ..file }, at));
    }

    fn has_read(&mut self, member: MemberId) {
        self.reads.insert(member, self.now.row.inbound_count);
    }

    fn line(&mut self, at: Timestamp, line: Line, text: String) {
        self.add(at, Entry::Line { line }, New { text, ..New::default() });
    }

    /// Adds an entry like a real one: at the next position, with a preview if it has text.
    fn add(&mut self, at: Timestamp, entry: Entry, new: New) -> Message {
        let id = MessageId::new(self.id(at, "message"));
        self.now.message_count += 1;
        let (conversation, n) = (self.now.row.id, self.now.message_count);
        let New { text, attachments, provider, fingerprint, content } = new;
        let message = Message { id, conversation, n, at, text, entry, attachments, content };
        if let Some(preview) = preview(&message) {
            self.now.row.preview = preview;
            self.now.row.last_at = at;
        }
        if message.entry == Entry::Incoming {
            self.now.row.inbound_count += 1;
            self.now.row.last_inbound_at = Some(at);
        }
        let provider = provider.map(|id| ProviderId { channel: self.channel.id, id });
        let found_by = search::findable(self.stage.scope, &message, &(&self.now).into());
        self.messages.push(message.clone());
        self.rows.messages.push(BulkMessage { message: message.clone(), provider, fingerprint, found_by });
        message
    }

    fn finish(mut self) {
        let seen = (self.now.row.inbound_count - self.story.unread).max(0);
        for member in self.stage.residents.iter().chain([&self.stage.me.0]) {
            self.reads.insert(*member, seen);
        }
        let conversation = self.now.row.id;
        self.rows.reads.extend(self.reads.into_iter().map(|(member, read)| (conversation, member, read)));
        self.rows.conversations.push(self.now);
    }
}

pub(super) fn ids_of(files: &[Attachment]) -> String {
    files.iter().map(|file| file.id.to_string()).collect::<Vec<_>>().join(",")
}
