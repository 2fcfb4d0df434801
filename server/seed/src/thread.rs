//! Plays one conversation from its first entry to its last, through the same state table as real ones.

use std::collections::BTreeMap;

use domain::{
    change::preview,
    fingerprint,
    history::{Diff, facts, undone, who},
};
use model::{
    AiMode, Attachment, AttachmentId, Channel, ChannelKind, CloseReason, Content, ConversationId, ConversationRow,
    ConversationState, Delivery, DeliveryState, Entry, Line, MemberId, Message, MessageId, Presence, Preview,
    PreviewBy, Sender, Status, Tags, Timestamp, Trigger, WorkspaceId,
};
use store::{
    bulk::BulkMessage,
    conversation::Loaded,
    history::Fact,
    message::{File, ProviderId},
};

use uuid::Uuid;

use super::{
    blobs::Blob,
    furnish::Setting,
    people::{Met, People},
    plan::{DAY, HOUR, MINUTE, Plan, times},
    random::Random,
    script::{Ending, Step, ending, script},
    texts::Talk,
    words::{FAILED, UNKNOWN},
};

/// Sets the ids of facts apart from everything else that chance decides.
const FACTS: u64 = 0x4641_4354;

/// What all conversations have in common.
pub(super) struct Scene {
    pub(super) workspace: WorkspaceId,
    pub(super) setting: Setting,
    pub(super) blobs: Vec<Blob>,
    pub(super) now: Timestamp,
    pub(super) master: u64,
}

/// A finished conversation.
pub(super) struct Thread {
    pub(super) met: Met,
    pub(super) conversation: Loaded,
    pub(super) messages: Vec<BulkMessage>,
    pub(super) files: Vec<(File, Timestamp)>,
    pub(super) reads: BTreeMap<MemberId, i64>,
    pub(super) history: Vec<Fact>,
}

/// The tags of a conversation: most have none. They have random numbers of their own, so that the rest does not depend on them.
fn tags(scene: &Scene, plan: &Plan) -> Tags {
    let mut random = Random::split(scene.master ^ 0x7461_6773, plan.salt);
    let many = [(60, 0), (28, 1), (9, 2), (2, 3), (1, 6)];
    let percent = random.below(100);
    let mut below = 0;
    let count = many.iter().find(|(share, _)| {
        below += share;
        percent < below
    });
    let count = count.map_or(0, |(_, count)| *count);
    (0..count).filter_map(|_| scene.setting.tag(&mut random)).collect()
}

/// Plays a conversation.
pub(super) fn play(scene: &Scene, people: &mut People, channel: &Channel, plan: &Plan) -> Thread {
    let mut random = Random::split(scene.master, plan.salt);
    let met = people.meet(&mut random, channel.kind, plan.start);
    let talk = Talk::new(&mut random, &met.person, plan.start);
    let ending = ending(&mut random, plan, channel, scene.now.0 - plan.end.0);
    let steps = script(&mut random, plan, channel, ending);
    let mut times = times(&mut random, plan).into_iter();
    let team = random.percent(30).then(|| random.pick(&scene.setting.teams).copied()).flatten();
    let row = ConversationRow {
        id: ConversationId::new(random.id(plan.start)),
        channel: channel.id,
        kind: channel.kind,
        team,
        contact: met.identity.identity.contact,
        name: String::new(),
        label: met.identity.identity.label.clone(),
        first_label: String::new(),
        preview: Preview { by: PreviewBy::Them, text: String::new() },
        last_at: plan.start,
        last_inbound_at: None,
        started_at: plan.start,
        first_response_ms: None,
        inbound_count: 0,
        read_count: 0,
        due_at: None,
        tags: tags(scene, plan),
        state: ConversationState {
            ai_mode: AiMode::Paused,
            // It counts as outreach until they answer (L10).
            outreach: steps.first() == Some(&Step::Out),
            ..ConversationState::default()
        },
        version: 1,
    };
    let conversation =
        Loaded { row, identity: met.identity.identity.id, address: met.identity.address.clone(), message_count: 0 };
    let mut play = Play {
        scene,
        channel,
        random,
        talk,
        ending,
        thread: Thread {
            met,
            conversation,
            messages: Vec::new(),
            files: Vec::new(),
            reads: BTreeMap::new(),
            history: Vec::new(),
        },
        // Of their own, so that facts change nothing about what happens.
        fact_ids: Random::split(scene.master, plan.salt ^ FACTS),
    };
    let mut at = plan.start;
    let later_in = steps.iter().rposition(|step| matches!(step, Step::In | Step::InWhileOff)).unwrap_or(0);
    for (place, step) in steps.iter().enumerate() {
        at = times.next().unwrap_or(at);
        if *step == Step::InWhileOff || *step == Step::ReopenedByThem {
            // Two entries of the same time.
            play.step(*step, at, true, false);
            if *step == Step::InWhileOff {
                times.next();
            }
            continue;
        }
        play.step(*step, at, place < later_in, place + 1 == steps.len());
    }
    play.finish()
}

struct Play<'a> {
    scene: &'a Scene,
    channel: &'a Channel,
    random: Random,
    talk: Talk,
    ending: Ending,
    thread: Thread,
    fact_ids: Random,
}

impl Play<'_> {
    fn state(&mut self) -> &mut ConversationState {
        &mut self.thread.conversation.row.state
    }

    fn apply(&mut self, trigger: Trigger) {
        let (state, _) = self.state().after(trigger);
        *self.state() = state;
    }

    /// The assignee, or another member. Some members are more likely.
    fn member(&mut self) -> MemberId {
        let assignee = self.thread.conversation.row.state.assignee;
        assignee.filter(|_| self.random.percent(92)).unwrap_or_else(|| self.scene.setting.member(&mut self.random).0)
    }

    fn step(&mut self, step: Step, at: Timestamp, answered: bool, last: bool) {
        let (before, from) = (self.thread.conversation.row.clone(), self.thread.messages.len());
        self.happens(step, at, answered, last);
        self.thread.conversation.row.version += 1;
        // That line belongs to the message that follows it.
        if step != Step::ReopenedByThem {
            self.remember(&before, from, at);
        }
    }

    /// Adds to the history what a real step would have added.
    fn remember(&mut self, before: &ConversationRow, from: usize, at: Timestamp) {
        let Thread { conversation, messages, history, .. } = &mut self.thread;
        let now = &conversation.row;
        let added: Vec<&Message> = messages.iter().skip(from).map(|row| &row.message).collect();
        let (is_new, by) = (from == 0, who(&added));
        let mut new = facts(&Diff { before, now, is_new, added: &added, changed: &[], by, at });
        for message in &added {
            new.extend(undone(message, by));
        }
        let mut ids: Vec<Uuid> = new.iter().map(|_| self.fact_ids.id(at)).collect();
        // Those of one moment in the order in which they happened.
        ids.sort_unstable();
        history.extend(new.into_iter().zip(ids).map(|(fact, id)| fact.of(now, id, at)));
    }

    fn happens(&mut self, step: Step, at: Timestamp, answered: bool, last: bool) {
        match step {
            Step::In => self.incoming(at, Presence::On),
            Step::InWhileOff => {
                self.incoming(at, Presence::Off { since: at });
                let delivery = Delivery { state: DeliveryState::Sent, send_at: at, reason: String::new() };
                let entry = Entry::Outgoing { by: Sender::Auto, delivery };
                self.add(at, self.channel.auto_reply.clone(), entry, Vec::new(), String::new());
            }
            Step::Out | Step::TakenBack => self.outgoing(at, step == Step::TakenBack, answered, last),
            Step::Note => {
                let by = self.member();
                let (_, other) = self.scene.setting.member(&mut self.random);
                let text = self.talk.note(&mut self.random, &other);
                let print =
                    fingerprint(&[&self.thread.conversation.row.id.to_string(), "note", &by.to_string(), &text, ""]);
                self.add(at, text, Entry::Note { by }, Vec::new(), print);
                self.has_read(by);
            }
            Step::Assign => {
                let (to, _) = self.scene.setting.member(&mut self.random);
                let by = if self.random.percent(70) { to } else { self.scene.setting.member(&mut self.random).0 };
                self.apply(Trigger::Assign(Some(to)));
                self.line(at, Line::Assigned { by, to: Some(to) });
            }
            Step::Close => {
                let reason = match self.random.below(100) {
                    0..70 => CloseReason::Resolved,
                    70..82 => CloseReason::Qualified,
                    82..93 => CloseReason::NotInterested,
                    _ => CloseReason::Spam,
                };
                let by = self.member();
                self.apply(Trigger::Close);
                self.line(at, Line::Closed { by, reason, blocked: false });
            }
            Step::Reopen => {
                let by = self.member();
                self.apply(Trigger::Reopen);
                self.line(at, Line::Status { by, to: Status::Open });
            }
            Step::ReopenedByThem => self.line(at, Line::ReopenedByThem),
        }
    }

    fn incoming(&mut self, at: Timestamp, presence: Presence) {
        let presence = if self.channel.kind == ChannelKind::WebChat { presence } else { Presence::NotChat };
        self.apply(Trigger::Inbound { at, presence, assignee_stays: true });
        let first = self.thread.messages.is_empty();
        let answered = self.thread.messages.iter().rev().find_map(|row| match row.message.entry {
            Entry::Incoming => Some(false),
            Entry::Outgoing { .. } => Some(true),
            _ => None,
        });
        let mut text = self.talk.incoming(&mut self.random, first, answered == Some(true));
        let uploader = match self.channel.kind {
            ChannelKind::WebChat => format!("visitor:{}", self.thread.met.identity.address),
            _ => format!("channel:{}", self.channel.id),
        };
        let files = self.files(at, &uploader, 40);
        if !files.is_empty() && self.random.percent(20) {
            text.clear();
        }
        let print = fingerprint(&[&self.thread.met.identity.address, &text, &ids(&files)]);
        self.add(at, text, Entry::Incoming, files, print);
    }

    fn outgoing(&mut self, at: Timestamp, taken_back: bool, answered: bool, last: bool) {
        let by = self.member();
        let us = self.scene.setting.name(by).to_owned();
        let text = self.talk.outgoing(&mut self.random, self.channel.kind, &us);
        let files = self.files(at, &format!("member:{by}"), 30);
        let print =
            fingerprint(&[&self.thread.conversation.row.id.to_string(), "reply", &by.to_string(), &text, &ids(&files)]);
        let mut delivery = self.delivery(at, answered, last);
        if taken_back {
            delivery.state = DeliveryState::Cancelled;
            delivery.reason.clear();
        }
        let before = self.thread.conversation.row.clone();
        if let (None, Some(since)) = (before.first_response_ms, before.state.waiting_since) {
            self.thread.conversation.row.first_response_ms = Some((at.0 - since.0).max(0));
        }
        self.apply(Trigger::Reply { by, pending: self.scene.setting.pending_after_reply });
        self.add(at, text, Entry::Outgoing { by: Sender::Member(by), delivery }, files, print);
        self.has_read(by);
        if taken_back {
            // As if it had not been sent, but the pen's epoch never goes back.
            let row = &mut self.thread.conversation.row;
            let pen_epoch = row.state.pen_epoch + i64::from(row.state.pen != before.state.pen);
            row.state = ConversationState { pen_epoch, ..before.state };
            (row.preview, row.last_at, row.first_response_ms) =
                (before.preview, before.last_at, before.first_response_ms);
        }
    }

    /// The delivery of a message of that time. `answered` if they wrote after it.
    fn delivery(&mut self, at: Timestamp, answered: bool, last: bool) -> Delivery {
        let now = self.scene.now;
        let mut send_at = at.plus(self.channel.undo_ms.max(0));
        let (mut state, mut reason) = (DeliveryState::Sent, String::new());
        let chance = self.random.below(1_000);
        match (self.channel.kind, answered) {
            (ChannelKind::WebChat, true) => state = DeliveryState::Read,
            (ChannelKind::WebChat, false) if chance < 500 => state = DeliveryState::Read,
            (ChannelKind::WebChat, false) => {}
            (_, false) if chance < 40 => {
                state = DeliveryState::Failed;
                reason = self.random.word(FAILED).to_owned();
            }
            (_, false) if chance < 55 => {
                state = DeliveryState::Unknown;
                reason = UNKNOWN.to_owned();
            }
            (ChannelKind::Email, _) if chance < 400 => state = DeliveryState::Delivered,
            (ChannelKind::Email, _) => {}
            (_, true) | (_, false) if chance > 500 => state = DeliveryState::Read,
            _ => state = DeliveryState::Delivered,
        }
        let age = now.0 - at.0;
        if last && self.channel.kind != ChannelKind::WebChat {
            // Some messages are still to be sent. No job exists for them, so sample data is never sent.
            let under_way = match self.random.below(100) {
                0..3 if age < 2 * DAY => Some((DeliveryState::Scheduled, now.plus(HOUR + self.random.ms(4 * DAY)))),
                3..10 if age < 3 * HOUR => Some((DeliveryState::Queued, at)),
                10..17 if age < 3 * HOUR => Some((DeliveryState::Sending, at)),
                _ => None,
            };
            if let Some((now_is, when)) = under_way {
                (state, send_at, reason) = (now_is, when, String::new());
            }
        }
        if send_at > now {
            (state, reason) = (DeliveryState::Scheduled, String::new());
        }
        Delivery { state, send_at, reason }
    }

    fn has_read(&mut self, member: MemberId) {
        let read = self.thread.conversation.row.inbound_count;
        self.thread.reads.insert(member, read);
    }

    fn line(&mut self, at: Timestamp, line: Line) {
        self.add(at, String::new(), Entry::Line { line }, Vec::new(), String::new());
    }

    /// Adds an entry like a real one: at the next position, with a preview if it has text.
    fn add(&mut self, at: Timestamp, text: String, entry: Entry, attachments: Vec<Attachment>, fingerprint: String) {
        let loaded = &mut self.thread.conversation;
        loaded.message_count += 1;
        let id = MessageId::new(self.random.id(at));
        let (conversation, n) = (loaded.row.id, loaded.message_count);
        let message = Message { id, conversation, n, at, text, entry, attachments, content: Content::Text };
        if let Some(preview) = preview(&message) {
            loaded.row.preview = preview;
            loaded.row.last_at = at;
        }
        if message.entry == Entry::Incoming {
            loaded.row.inbound_count += 1;
            loaded.row.last_inbound_at = Some(at);
        }
        let named = match &message.entry {
            Entry::Incoming => true,
            Entry::Outgoing { delivery, .. } => {
                delivery.state.rank() >= DeliveryState::Sent.rank() && delivery.state != DeliveryState::Cancelled
            }
            _ => false,
        };
        let provider = (named && loaded.row.kind != ChannelKind::WebChat)
            .then(|| ProviderId { channel: loaded.row.channel, id: format!("sample-{}", id.uuid().simple()) });
        self.thread.messages.push(BulkMessage { message, provider, fingerprint, found_by: None });
    }

    /// Files for the next entry, in `per_mille` of 1,000 cases.
    fn files(&mut self, at: Timestamp, uploader: &str, per_mille: u64) -> Vec<Attachment> {
        if self.scene.blobs.is_empty() || !self.random.per_mille(per_mille) {
            return Vec::new();
        }
        let mut files = Vec::new();
        for _ in 0..=self.random.rank(4) {
            let Some(blob) = self.random.pick(&self.scene.blobs) else { break };
            let name = blob.name(&mut self.random, self.talk.order());
            let id = AttachmentId::new(self.random.id(at));
            files.push((
                Attachment { id, name, size: blob.size, media_type: blob.media_type.clone() },
                blob.digest.clone(),
            ));
        }
        files.sort_by_key(|(file, _)| file.id);
        let (conversation, n) = (self.thread.conversation.row.id, self.thread.conversation.message_count + 1);
        let stored = files.iter().map(|(attachment, digest)| File {
            attachment: attachment.clone(),
            conversation: Some(conversation),
            message_n: Some(n),
            uploader: uploader.to_owned(),
            digest: digest.clone(),
        });
        self.thread.files.extend(stored.map(|file| (file, at)));
        files.into_iter().map(|(file, _)| file).collect()
    }

    /// Applies the ending, and sets how far each member has read.
    fn finish(mut self) -> Thread {
        if self.ending == Ending::Snoozed {
            let until = self.scene.now.plus(HOUR + self.random.ms(7 * DAY) / MINUTE * MINUTE);
            self.apply(Trigger::Snooze { until });
        }
        let row = &self.thread.conversation.row;
        let (inbound, waiting) = (row.inbound_count, row.state.waiting_since.is_some());
        for member in &self.scene.setting.residents {
            if self.thread.reads.contains_key(member) {
                continue;
            }
            // Waiting messages may be unread. Most others were read.
            let unread = if waiting && self.random.percent(65) { 1 + self.random.ms(3) } else { 0 };
            if waiting || self.random.percent(20) {
                self.thread.reads.insert(*member, (inbound - unread).max(0));
            }
        }
        self.thread
    }
}

fn ids(files: &[Attachment]) -> String {
    files.iter().map(|file| file.id.to_string()).collect::<Vec<_>>().join(",")
}
