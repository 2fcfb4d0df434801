//! The reducer: applies an event to what a browser shows. The same code runs in the browser and in the tests, which compare it with a fresh
//! read (R14): `apply(before, events) == fetch(after)`.

use super::{
    Around, Bootstrap, Contact, ConversationId, ConversationRow, Count, Counts, Cursor, Draft, DraftMode, Facts,
    Filter, InboxPage, LiveBody, LiveEvent, LiveSetChange, MemberId, Message, MessageId, Sort, Tally, Thread,
    Timestamp,
    tally::{Moved, count_on},
};

mod ahead;
mod read;

pub use ahead::RowAhead;

/// The displayed workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspacePart {
    /// The members, teams and channels.
    pub boot: Bootstrap,
}

/// The list as shown: the newest rows that fit one filter, down to where it was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPart {
    /// Which conversations.
    pub filter: Filter,
    /// In which order.
    pub sort: Sort,
    /// In that order.
    pub rows: Vec<ConversationRow>,
    /// Whether there are older rows that were not loaded.
    pub more: bool,
    /// How far an unfinished search of older ones went; see [`InboxPage::searched`].
    pub searched: Option<Cursor>,
    /// How many fit the filter, where it asks for more than its view.
    pub fitting: Option<Count>,
    /// The numbers above the list.
    pub counts: Counts,
    /// The number of the last event that is included.
    pub seq: i64,
}

/// The displayed conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadPart {
    /// Its content.
    pub thread: Thread,
    /// Whether there are newer entries that were not loaded. Then the entries end somewhere in the middle of the conversation.
    pub newer: bool,
    /// The position of the newest entry that an event brought meanwhile. It comes with its page.
    passed_over: i64,
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
    /// The counts of saved views.
    pub tallies: Vec<Tally>,
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
    /// The open conversation changed in a way that only a fresh fetch shows: it is mine to see again, or one of a set.
    Back(ConversationId),
    /// Rows of the list changed in a way that only a fresh fetch shows.
    List,
    /// The counts of saved views.
    Tallies,
    /// The counts of saved views changed by an amount that no event tells: they have to be asked again.
    RecountTallies,
    /// How many fit the filter changed by an amount that no event tells: it has to be asked again.
    Recount,
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
        for tally in self.tallies.iter_mut().filter(|tally| event.seq > tally.seq) {
            tally.seq = event.seq;
            match tally.apply(&event.body, me) {
                Moved::Same => {}
                Moved::Changed => changed.push(Changed::Tallies),
                Moved::Unknown => changed.push(Changed::RecountTallies),
            }
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
            self.tallies.iter().map(|tally| tally.seq).min(),
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
            LiveBody::Reasons(reasons) => self.boot.reasons.clone_from(reasons),
            LiveBody::Tag(tag) => upsert(&mut self.boot.tags, tag.clone(), |t| t.id),
            LiveBody::View(view) => upsert(&mut self.boot.views, (**view).clone(), |v| v.id),
            LiveBody::ViewGone(id) => self.boot.views.retain(|view| view.id != *id),
            LiveBody::ViewOrder(order) => self.boot.view_order.clone_from(order),
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
    /// The part as a page brings it.
    pub fn new(filter: Filter, sort: Sort, page: InboxPage) -> Self {
        let InboxPage { rows, more, fitting, searched, counts, seq, .. } = page;
        Self { filter, sort, rows, more, searched, fitting, counts, seq }
    }

    /// Where the next page begins; none when there is nothing below.
    pub fn end(&self) -> Option<Cursor> {
        let last = self.rows.last().map(|row| row.cursor(self.sort));
        self.more.then(|| self.searched.or(last)).flatten()
    }

    /// Adds an older page below. Rows that moved up meanwhile are in the list already and stay.
    pub fn append(&mut self, page: InboxPage) {
        self.add(page.rows);
        (self.more, self.searched) = (page.more, page.searched);
    }

    /// Replaces the newest rows by those of a first page that was read again. What was loaded below it stays.
    pub fn renew(&mut self, page: InboxPage) {
        let sort = self.sort;
        let lowest = page.searched.or(page.rows.last().map(|row| row.cursor(sort)));
        let Some(lowest) = lowest.filter(|_| page.more) else {
            *self = Self::new(self.filter.clone(), sort, page);
            return;
        };
        let below: Vec<_> = self.rows.drain(..).filter(|row| row.cursor(sort) < lowest).collect();
        let (more, searched) = if below.is_empty() { (page.more, page.searched) } else { (self.more, self.searched) };
        *self = Self { more, searched, ..Self::new(self.filter.clone(), sort, page) };
        self.add(below);
    }

    fn add(&mut self, rows: Vec<ConversationRow>) {
        let sort = self.sort;
        for row in rows {
            if !self.rows.iter().any(|known| known.id == row.id) {
                let place = self.rows.partition_point(|other| other.cursor(sort) > row.cursor(sort));
                self.rows.insert(place, row);
            }
        }
    }

    fn apply(&mut self, body: &LiveBody, me: MemberId, joined: Timestamp, changed: &mut Vec<Changed>) {
        match body {
            LiveBody::Conversation { before, after, row, reads, .. } => {
                self.count(before.as_ref(), Some(&after.unwrap_or_else(|| row.facts())), me, changed);
                self.put(row, read_by(reads, me), me, joined, changed);
            }
            LiveBody::Counted { before, after } => self.count(before.as_ref(), after.as_ref(), me, changed),
            LiveBody::Set(changes) => self.change_set(changes, me, changed),
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
            LiveBody::Marked(marks) => {
                marks.iter().for_each(|mark| self.mark(*mark, changed));
                if self.filter.unread {
                    changed.push(Changed::Recount);
                }
            }
            _ => {}
        }
    }

    /// What a set changed: cards that leave the list go at once; those that stay or come are fetched, for a set brings no cards.
    fn change_set(&mut self, set: &[LiveSetChange], me: MemberId, changed: &mut Vec<Changed>) {
        let end = self.end();
        let mut is_stale = false;
        for one in set {
            self.count(one.before.as_ref(), one.after.as_ref(), me, changed);
            let known = self.rows.iter().find(|row| row.id == one.id);
            if known.is_some_and(|row| row.version >= one.version) {
                continue;
            }
            // Whether it is unread is known for cards that are here; others may be.
            let read = known.map_or(0, |row| row.read_count);
            match one.after.filter(|facts| self.filter.holds(facts, read, me)) {
                Some(facts) => {
                    let place = self.sort.cursor(one.id, &facts, read);
                    is_stale |= known.is_some() || end.is_none_or(|end| place >= end);
                }
                None => self.remove(one.id, changed),
            }
        }
        if is_stale {
            changed.push(Changed::List);
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
        self.count_fitting(before, after, me, changed);
    }

    fn count_fitting(
        &mut self,
        before: Option<&Facts>,
        after: Option<&Facts>,
        me: MemberId,
        changed: &mut Vec<Changed>,
    ) {
        let Some(fitting) = &mut self.fitting else { return };
        match count_on(fitting, &self.filter, before, after, me) {
            Moved::Same => {}
            Moved::Changed => changed.push(Changed::Counts),
            Moved::Unknown => changed.push(Changed::Recount),
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
        let (known, end) = (self.rows.iter().position(|known| known.id == row.id), self.end());
        let sort = self.sort;
        if known.is_some_and(|at| self.rows[at].version > row.version) {
            return;
        }
        let mut row = row.clone();
        row.read_count = read.unwrap_or_else(|| never_marked(&row, joined));
        if !self.filter.shows(&row, me) {
            self.remove(row.id, changed);
            return;
        }
        let id = row.id;
        match known {
            Some(at) if self.rows[at].cursor(sort) == row.cursor(sort) => {
                self.rows[at] = row;
                changed.push(Changed::Row(id));
            }
            _ => {
                if let Some(at) = known {
                    self.rows.remove(at);
                }
                let at = self.rows.partition_point(|other| other.cursor(sort) > row.cursor(sort));
                // A row below the loaded part comes with its page.
                if at < self.rows.len() || end.is_none_or(|end| row.cursor(sort) > end) {
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
    /// The part as a fetch brings it.
    pub fn new(thread: Thread) -> Self {
        Self::around(Around { thread, newer: false })
    }

    /// The part as it is opened at one of its entries.
    pub fn around(Around { thread, newer }: Around) -> Self {
        Self { thread, newer, passed_over: 0, gone: false }
    }

    /// Adds older entries above.
    pub fn prepend(&mut self, older: Vec<Message>, more: bool) {
        for message in older {
            put_message(&mut self.thread.messages, message);
        }
        self.thread.more = more;
    }

    /// Adds newer entries below. What came in after they were read is below them: it is loaded with the next page.
    pub fn append(&mut self, newer: Vec<Message>, more: bool) {
        for message in newer {
            put_message(&mut self.thread.messages, message);
        }
        self.newer = more || self.thread.messages.last().is_some_and(|last| self.passed_over > last.n);
    }

    fn apply(&mut self, body: &LiveBody, me: MemberId, joined: Timestamp, changed: &mut Vec<Changed>) {
        let thread = &mut self.thread;
        // Events while the member had no access never came.
        if self.gone {
            let is_back = match body {
                LiveBody::Conversation { row, .. } => row.id == thread.row.id,
                LiveBody::Set(set) => set.iter().any(|one| one.id == thread.row.id && one.after.is_some()),
                _ => false,
            };
            if is_back {
                changed.push(Changed::Back(thread.row.id));
            }
            return;
        }
        match body {
            LiveBody::Conversation { row, reads, messages, .. } if row.id == thread.row.id => {
                if row.version >= thread.row.version {
                    let read = read_by(reads, me).unwrap_or_else(|| never_marked(row, joined));
                    thread.row = ConversationRow { read_count: read, ..(**row).clone() };
                }
                changed.push(Changed::Thread);
                let first = thread.messages.first().map(|m| m.n);
                let last = thread.messages.last().map(|m| m.n);
                for message in messages {
                    // An entry above or below the loaded part comes with its page.
                    if self.newer && last.is_some_and(|last| message.n > last) {
                        self.passed_over = self.passed_over.max(message.n);
                        // The next mail answers the newest one, wherever the conversation was opened.
                        if let Some(head) = message.mail().filter(|_| message.at >= thread.row.last_at) {
                            thread.answered = Some(Box::new(head.clone()));
                            changed.push(Changed::Message(message.id));
                        }
                    } else if !thread.more || first.is_none_or(|first| message.n >= first) {
                        put_message(&mut thread.messages, message.clone());
                        changed.push(Changed::Message(message.id));
                    }
                }
            }
            LiveBody::Gone { id, .. } if *id == thread.row.id => {
                self.gone = true;
                changed.push(Changed::Thread);
            }
            LiveBody::Set(set) => {
                let mine = set.iter().find(|one| one.id == thread.row.id && one.version > thread.row.version);
                if let Some(one) = mine {
                    self.gone = one.after.is_none();
                    changed.push(if self.gone { Changed::Thread } else { Changed::Back(one.id) });
                }
            }
            LiveBody::Contact(contact) if thread.row.contact == Some(contact.id) => {
                rename(&mut thread.row, contact);
                thread.contact = Some((**contact).clone());
                changed.push(Changed::Thread);
            }
            LiveBody::Marked(marks) => {
                if let Some((_, read_count)) = marks.iter().find(|(id, _)| *id == thread.row.id) {
                    thread.row.read_count = *read_count;
                    changed.push(Changed::Thread);
                }
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
        let place = drafts.partition_point(|other| other.mode < draft.mode);
        drafts.insert(place, draft.clone());
    }
}

#[cfg(test)]
mod tests;
