//! The reducer: applies an event to what a browser shows. The same code runs in the browser and in the tests, which compare it with a fresh
//! read (R14): `apply(before, events) == fetch(after)`.

use super::{
    Bootstrap, Contact, ConversationId, ConversationRow, Counts, Draft, DraftMode, Facts, InboxPage, LiveBody,
    LiveEvent, MemberId, Message, MessageId, Thread, Timestamp, View,
};

/// The displayed workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspacePart {
    /// The members, teams and channels.
    pub boot: Bootstrap,
}

/// The displayed list: the newest rows of one view, as far as they were loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPart {
    /// The tab or category.
    pub view: View,
    /// The rows, newest first.
    pub rows: Vec<ConversationRow>,
    /// Whether there are older rows that were not loaded.
    pub more: bool,
    /// The counters above the list.
    pub counts: Counts,
    /// The number of the last event that is included.
    pub seq: i64,
}

/// The displayed conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadPart {
    /// Its content.
    pub thread: Thread,
    /// Whether the member lost access to it while it was open.
    pub gone: bool,
}

/// Everything on the screen that events can change. Each part knows which events it includes, so the parts can be loaded separately.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InboxState {
    /// The members, teams and channels.
    pub workspace: Option<WorkspacePart>,
    /// The list.
    pub list: Option<ListPart>,
    /// The open conversation.
    pub thread: Option<ThreadPart>,
}

/// What has to be drawn again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Changed {
    /// The members, teams and channels.
    Workspace,
    /// The counters above the list.
    Counts,
    /// Which rows there are, or their order.
    Order,
    /// One row of the list.
    Row(ConversationId),
    /// The open conversation's card, contact or state.
    Thread,
    /// One entry of the open conversation.
    Message(MessageId),
    /// The member's draft in the open conversation.
    Draft(DraftMode),
    /// The member may see the open conversation again. It has to be loaded again.
    Back(ConversationId),
}

impl InboxState {
    /// Applies an event. A part ignores events that it already includes, so repeated and overlapping streams are harmless.
    pub fn apply(&mut self, event: &LiveEvent) -> Vec<Changed> {
        let mut changed = Vec::new();
        let who = self.workspace.as_ref().map(|workspace| (workspace.boot.me.member.id, workspace.boot.me.joined_at));
        if let Some(workspace) = &mut self.workspace
            && event.seq > workspace.boot.seq
        {
            workspace.boot.seq = event.seq;
            workspace.apply(&event.body, &mut changed);
        }
        let Some((me, joined)) = who else { return changed };
        if let Some(list) = &mut self.list
            && event.seq > list.seq
        {
            list.seq = event.seq;
            list.apply(&event.body, me, joined, &mut changed);
        }
        if let Some(part) = &mut self.thread
            && event.seq > part.thread.seq
        {
            part.thread.seq = event.seq;
            part.apply(&event.body, me, joined, &mut changed);
        }
        changed
    }

    /// The event number after which a stream must continue, so that no part misses an event.
    pub fn cursor(&self) -> Option<i64> {
        [
            self.workspace.as_ref().map(|part| part.boot.seq),
            self.list.as_ref().map(|part| part.seq),
            self.thread.as_ref().map(|part| part.thread.seq),
        ]
        .into_iter()
        .flatten()
        .min()
    }
}

impl WorkspacePart {
    fn apply(&mut self, body: &LiveBody, changed: &mut Vec<Changed>) {
        match body {
            LiveBody::Member(member) => {
                if self.boot.me.member.id == member.id {
                    self.boot.me.member = (**member).clone();
                }
                upsert(&mut self.boot.members, (**member).clone(), |m| m.id);
            }
            LiveBody::Team(team) => upsert(&mut self.boot.teams, team.clone(), |t| t.id),
            LiveBody::Channel(channel) => upsert(&mut self.boot.channels, (**channel).clone(), |c| c.id),
            LiveBody::Workspace(workspace) => self.boot.workspace = workspace.clone(),
            _ => return,
        }
        changed.push(Changed::Workspace);
    }
}

/// Replaces the item with the same id, or inserts it in the order of ids, which is also the order of a fetch.
fn upsert<T, K: Ord>(all: &mut Vec<T>, one: T, id: impl Fn(&T) -> K) {
    match all.binary_search_by_key(&id(&one), &id) {
        Ok(at) => all[at] = one,
        Err(at) => all.insert(at, one),
    }
}

impl ListPart {
    /// Made from a page.
    pub fn of(view: View, page: InboxPage) -> Self {
        Self { view, rows: page.rows, more: page.more, counts: page.counts, seq: page.seq }
    }

    /// Adds an older page below. Rows that moved up meanwhile are in the list already and stay.
    pub fn append(&mut self, page: InboxPage) {
        for row in page.rows {
            if !self.rows.iter().any(|known| known.id == row.id) {
                self.rows.push(row);
            }
        }
        self.rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.cursor()));
        self.more = page.more;
    }

    fn apply(&mut self, body: &LiveBody, me: MemberId, joined: Timestamp, changed: &mut Vec<Changed>) {
        match body {
            LiveBody::Conversation { before, row, reads, .. } => {
                self.count(before.as_ref(), Some(&row.facts()), me, changed);
                self.put(row, read_by(reads, me), me, joined, changed);
            }
            LiveBody::Gone { id, before } => {
                self.count(Some(before), None, me, changed);
                self.remove(*id, changed);
            }
            LiveBody::Contact(contact) => {
                for row in self.rows.iter_mut().filter(|row| row.contact == Some(contact.id)) {
                    rename(row, contact);
                    changed.push(Changed::Row(row.id));
                }
            }
            LiveBody::Read { conversation, read_count } => {
                if let Some(row) = self.rows.iter_mut().find(|row| row.id == *conversation) {
                    row.read_count = row.read_count.max(*read_count);
                    changed.push(Changed::Row(row.id));
                }
            }
            _ => {}
        }
    }

    fn count(&mut self, before: Option<&Facts>, after: Option<&Facts>, me: MemberId, changed: &mut Vec<Changed>) {
        let old = self.counts;
        if let Some(facts) = before {
            self.counts.add(facts, me, -1);
        }
        if let Some(facts) = after {
            self.counts.add(facts, me, 1);
        }
        if self.counts != old {
            changed.push(Changed::Counts);
        }
    }

    fn put(
        &mut self,
        row: &ConversationRow,
        read: Option<i64>,
        me: MemberId,
        joined: Timestamp,
        changed: &mut Vec<Changed>,
    ) {
        if !self.view.holds(&row.facts(), me) {
            self.remove(row.id, changed);
            return;
        }
        let known = self.rows.iter().position(|known| known.id == row.id);
        let mut row = row.clone();
        row.read_count = read.unwrap_or_else(|| never_marked(&row, joined));
        let id = row.id;
        match known {
            Some(at) if self.rows[at].cursor() == row.cursor() => {
                self.rows[at] = row;
                changed.push(Changed::Row(id));
            }
            _ => {
                if let Some(at) = known {
                    self.rows.remove(at);
                }
                let at = self.rows.partition_point(|other| other.cursor() > row.cursor());
                // A row below the loaded part comes with its page.
                if at < self.rows.len() || !self.more {
                    self.rows.insert(at, row);
                }
                changed.extend([Changed::Order, Changed::Row(id)]);
            }
        }
    }

    fn remove(&mut self, id: ConversationId, changed: &mut Vec<Changed>) {
        let before = self.rows.len();
        self.rows.retain(|row| row.id != id);
        if self.rows.len() != before {
            changed.push(Changed::Order);
        }
    }
}

impl ThreadPart {
    /// Made from a loaded thread.
    pub const fn of(thread: Thread) -> Self {
        Self { thread, gone: false }
    }

    /// Adds older entries above.
    pub fn prepend(&mut self, older: Vec<Message>, more: bool) {
        for message in older {
            put_message(&mut self.thread.messages, message);
        }
        self.thread.more = more;
    }

    fn apply(&mut self, body: &LiveBody, me: MemberId, joined: Timestamp, changed: &mut Vec<Changed>) {
        let thread = &mut self.thread;
        // Events while the member had no access never came.
        if self.gone {
            if matches!(body, LiveBody::Conversation { row, .. } if row.id == thread.row.id) {
                changed.push(Changed::Back(thread.row.id));
            }
            return;
        }
        match body {
            LiveBody::Conversation { row, reads, messages, .. } if row.id == thread.row.id => {
                let read = read_by(reads, me).unwrap_or_else(|| never_marked(row, joined));
                thread.row = ConversationRow { read_count: read, ..(**row).clone() };
                changed.push(Changed::Thread);
                let first = thread.messages.first().map(|m| m.n);
                for message in messages {
                    // An entry above the loaded part comes with its page.
                    if !thread.more || first.is_none_or(|first| message.n >= first) {
                        put_message(&mut thread.messages, message.clone());
                        changed.push(Changed::Message(message.id));
                    }
                }
            }
            LiveBody::Gone { id, .. } if *id == thread.row.id => {
                self.gone = true;
                changed.push(Changed::Thread);
            }
            LiveBody::Contact(contact) if thread.row.contact == Some(contact.id) => {
                rename(&mut thread.row, contact);
                thread.contact = Some((**contact).clone());
                changed.push(Changed::Thread);
            }
            LiveBody::Read { conversation, read_count } if *conversation == thread.row.id => {
                thread.row.read_count = thread.row.read_count.max(*read_count);
                changed.push(Changed::Thread);
            }
            LiveBody::Draft { conversation, draft } if *conversation == thread.row.id => {
                put_draft(&mut thread.drafts, draft);
                changed.push(Changed::Draft(draft.mode));
            }
            _ => {}
        }
    }
}

fn rename(row: &mut ConversationRow, contact: &Contact) {
    contact.shown_name().clone_into(&mut row.name);
}

/// If a member never marked a conversation, messages from before they joined count as read, as in the store's query.
fn never_marked(row: &ConversationRow, joined: Timestamp) -> i64 {
    if row.last_inbound_at.is_some_and(|at| at <= joined) { row.inbound_count } else { 0 }
}

fn read_by(reads: &[(MemberId, i64)], me: MemberId) -> Option<i64> {
    reads.iter().find(|(member, _)| *member == me).map(|(_, read)| *read)
}

/// Inserts a message by its position in the conversation, or replaces the one there.
fn put_message(messages: &mut Vec<Message>, message: Message) {
    match messages.binary_search_by_key(&message.n, |known| known.n) {
        Ok(at) => messages[at] = message,
        Err(at) => messages.insert(at, message),
    }
}

fn put_draft(drafts: &mut Vec<Draft>, draft: &Draft) {
    drafts.retain(|known| known.mode != draft.mode);
    if !draft.text.is_empty() {
        drafts.push(draft.clone());
        drafts.sort_by_key(|draft| draft.mode);
    }
}
