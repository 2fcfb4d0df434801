//! Changes one conversation: loads it, applies the state table, adds entries, and stores it with its event.

use std::collections::BTreeSet;

use model::{
    Attachment, Contact, Content, ConversationId, ConversationRow, Entry, EventBody, Facts, FollowUp, MemberId,
    Message, MessageId, Preview, PreviewBy, Sender, SetChange, Timestamp, Trigger, is_unseen,
};
use store::{
    Scope, Tx,
    clock::new_id,
    conversation::{self, Loaded},
    error::{Error, Result},
    history::{self, FactActor},
    message::{self, ProviderId},
    notice::Telling,
    search,
};

use super::{
    history::{Diff, NewFact, facts},
    notices,
};

/// How many characters of a text the card shows.
const PREVIEW_CHARS: usize = 160;

/// A conversation that a command changes. [`Change::finish`] stores it. Without it, nothing is stored.
pub struct Change {
    scope: Scope,
    /// The row that is stored.
    before: ConversationRow,
    is_new: bool,
    /// The conversation as it will be stored.
    pub now: Loaded,
    messages: Vec<Message>,
    /// Which of them are new.
    added: BTreeSet<MessageId>,
    /// What figures need to know beyond what the row and its entries show; none at all where that is not to be counted.
    history: Option<Vec<NewFact>>,
    /// What comes in is from a blocked sender: it is stored, and nobody is told.
    is_quiet: bool,
    /// Whether nobody is told by this change that the conversation was assigned to them.
    assigned_quietly: bool,
}

/// An entry to add to a thread.
pub struct NewEntry {
    /// Made by the client or adapter that created the entry.
    pub id: MessageId,
    /// The text.
    pub text: String,
    /// What kind of entry it is.
    pub entry: Entry,
    /// Its files, claimed before.
    pub attachments: Vec<Attachment>,
    /// The provider's id of the message.
    pub provider: Option<ProviderId>,
    /// Tells a repeated request from a different one with the same id.
    pub fingerprint: String,
    /// What it carries beside text and files.
    pub content: Content,
}

impl Change {
    /// Loads a conversation that the member may see.
    ///
    /// # Errors
    /// [`Error::NOT_FOUND`] when it does not exist or the member may not see it.
    pub async fn load(tx: &mut Tx<'_>, scope: &Scope, id: ConversationId) -> Result<Self> {
        let loaded = conversation::load(tx.conn(), scope, id).await?.ok_or(Error::NOT_FOUND)?;
        Ok(Self::from_row(scope, false, loaded))
    }

    /// Begins a new conversation. It is inserted at once, because its entries refer to it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin(tx: &mut Tx<'_>, scope: &Scope, new: Loaded) -> Result<Self> {
        conversation::insert(tx, scope, &new).await?;
        Ok(Self::from_row(scope, true, new))
    }

    fn from_row(scope: &Scope, is_new: bool, now: Loaded) -> Self {
        let (before, messages, added) = (now.row.clone(), Vec::new(), BTreeSet::new());
        Self {
            scope: scope.clone(),
            before,
            is_new,
            now,
            messages,
            added,
            history: Some(Vec::new()),
            is_quiet: false,
            assigned_quietly: false,
        }
    }

    /// Applies a row of the state table.
    pub fn apply(&mut self, trigger: Trigger) -> FollowUp {
        let (state, outcome) = self.now.row.state.after(trigger);
        self.now.row.state = state;
        outcome
    }

    /// The position of the next entry.
    pub const fn next_place(&self) -> i64 {
        self.now.message_count + 1
    }

    /// Adds an entry to the thread, and updates the card (see [`preview`]).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add(&mut self, tx: &mut Tx<'_>, new: NewEntry) -> Result<Message> {
        let NewEntry { id, text, entry, attachments, provider, fingerprint, content } = new;
        let (conversation, n) = (self.now.row.id, self.next_place());
        let message = Message { id, conversation, n, at: tx.now(), text, entry, attachments, content };
        self.now.message_count += 1;
        if let Some(preview) = preview(&message) {
            self.now.row.preview = preview;
            self.now.row.last_at = message.at;
        }
        if matches!(message.entry, Entry::Incoming) && !self.is_quiet {
            self.now.row.inbound_count += 1;
            self.now.row.last_inbound_at = Some(message.at);
        }
        message::insert(tx, &self.scope, &message, provider, &fingerprint).await?;
        let findable = search::findable(&self.scope, &message, &(&self.now).into());
        search::add(tx, &self.scope, &[(id, findable)]).await?;
        self.messages.push(message.clone());
        self.added.insert(id);
        Ok(message)
    }

    /// Adds an event line.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn line(&mut self, tx: &mut Tx<'_>, line: model::Line) -> Result<()> {
        self.line_saying(tx, line, String::new()).await.map(|_| ())
    }

    /// Adds an event line with a text that a machine wrote.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn line_saying(&mut self, tx: &mut Tx<'_>, line: model::Line, text: String) -> Result<MessageId> {
        let id = MessageId::new(new_id());
        let entry = Entry::Line { line };
        let new = NewEntry {
            id,
            text,
            entry,
            attachments: Vec::new(),
            provider: None,
            fingerprint: String::new(),
            content: Content::Text,
        };
        self.add(tx, new).await?;
        Ok(id)
    }

    /// Adds a changed entry to the event.
    pub fn changed(&mut self, message: Message) {
        self.messages.push(message);
    }

    /// Notes a fact for figures that neither the row nor its entries show.
    pub fn note(&mut self, fact: NewFact) {
        if let Some(history) = &mut self.history {
            history.push(fact);
        }
    }

    /// Nothing of this counts in figures: it is from before there was anything to count.
    pub fn not_counted(&mut self) {
        self.history = None;
    }

    /// What comes in now is from a blocked sender. It counts nowhere, and the conversation stays as it is; a new one begins closed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn from_blocked(&mut self, tx: &mut Tx<'_>, is_new: bool) -> Result<()> {
        self.is_quiet = true;
        self.not_counted();
        if is_new {
            self.apply(Trigger::Close);
            self.line(tx, model::Line::FromBlocked).await?;
        }
        Ok(())
    }

    /// Tells nobody that the conversation was assigned to them: it was undone.
    pub const fn assign_quietly(&mut self) {
        self.assigned_quietly = true;
    }

    /// The member who asked for this; else nobody.
    pub fn actor(&self) -> FactActor {
        self.scope.me().map_or(FactActor::System, |me| me.member.id.into())
    }

    /// Adds to the history what follows from this change, in its transaction.
    async fn keep_history(&self, tx: &mut Tx<'_>) -> Result<()> {
        let Some(noted) = &self.history else { return Ok(()) };
        let (added, changed): (Vec<_>, Vec<_>) = self.messages.iter().partition(|m| self.added.contains(&m.id));
        let (before, now, at) = (&self.before, &self.now.row, tx.now());
        let diff = Diff { before, now, is_new: self.is_new, added: &added, changed: &changed, by: self.actor(), at };
        for fact in noted.iter().cloned().chain(facts(&diff)) {
            history::add(tx, &self.scope, &fact.of(now, new_id(), at)).await?;
        }
        Ok(())
    }

    /// Since when the person outside has been waiting, before this command.
    pub const fn waiting_since(&self) -> Option<Timestamp> {
        self.now.row.state.waiting_since
    }

    /// Whom it tells what (N2). Nothing that is from before there was anything to count is news.
    fn news(&self) -> Vec<(MemberId, Telling)> {
        let (added, changed): (Vec<_>, Vec<_>) = self.messages.iter().partition(|m| self.added.contains(&m.id));
        let (before, now, by) = (&self.before, &self.now.row, self.scope.me().map(|me| me.member.id));
        let assigned_quietly = self.assigned_quietly;
        let change = notices::Changed { before, now, added: &added, changed: &changed, by, assigned_quietly };
        if self.history.is_some() { notices::of_change(&change) } else { Vec::new() }
    }

    /// Whoever no longer has it, and has not seen that they had, is told of it no more.
    async fn untell(&self, tx: &mut Tx<'_>) -> Result<()> {
        match self.before.state.assignee.filter(|had| self.now.row.state.assignee != Some(*had)) {
            Some(had) => notices::take_back(tx, &self.scope, had, self.now.row.id.uuid()).await,
            None => Ok(()),
        }
    }

    /// Stores the conversation, for an event that tells of several.
    ///
    /// # Errors
    /// When the database fails or another process was first.
    pub async fn finish_in_set(mut self, tx: &mut Tx<'_>) -> Result<SetChange> {
        // Whoever changes the set tells of it, once.
        self.assigned_quietly = true;
        let before = self.save(tx).await?;
        notices::tell_all(tx, &self.scope, self.news()).await?;
        self.untell(tx).await?;
        let row = &self.now.row;
        Ok(SetChange { id: row.id, before, after: row.facts(), version: row.version })
    }

    /// Stores the conversation; what it was before.
    async fn save(&mut self, tx: &mut Tx<'_>) -> Result<Facts> {
        let (before, seen) = (self.before.facts(), self.before.version);
        self.now.row.version = seen + 1;
        conversation::save(tx, &self.scope, &before, seen, &self.now).await?;
        self.keep_history(tx).await?;
        Ok(before)
    }

    /// Stores the conversation and tells of it: one event for all that the command did.
    ///
    /// # Errors
    /// When the database fails, or another process changed the conversation first.
    pub async fn finish(mut self, tx: &mut Tx<'_>) -> Result<Loaded> {
        let before = self.save(tx).await?;
        self.untell(tx).await?;
        let news = self.news();
        let reads = match self.is_new {
            // Nobody has read a new conversation.
            true => Vec::new(),
            false => conversation::reads(tx.conn(), &self.scope, self.now.row.id).await?,
        };
        let mut row = self.now.row.clone();
        row.read_count = 0;
        let body = EventBody::Conversation {
            before: (!self.is_new).then_some(before),
            after: row.facts(),
            row: Box::new(row),
            reads,
            messages: self.messages,
        };
        tx.emit(self.scope.workspace(), body);
        notices::tell_all(tx, &self.scope, news).await?;
        Ok(self.now)
    }
}

/// Emits that an address now belongs to a contact. The address's other conversations show the contact's name, too. The contact's own event
/// comes last, when all its cards name it.
///
/// # Errors
/// When the database fails, or another process changed a conversation first.
pub(super) async fn tell_of_contact(tx: &mut Tx<'_>, scope: &Scope, contact: Contact, changed: &Loaded) -> Result<()> {
    // The member who linked the contact may not be allowed to see the other conversations.
    let system = scope.consequence("a contact became known");
    for id in conversation::of_identity(tx.conn(), &system, changed.identity).await? {
        if id == changed.row.id {
            continue;
        }
        let other = Change::load(tx, &system, id).await?;
        // A conversation that belongs to another contact does not change.
        if other.now.row.contact == Some(contact.id) {
            other.finish(tx).await?;
        }
    }
    let seen_by = conversation::placements_of_contact(tx.conn(), &system, contact.id).await?;
    tx.emit(
        scope.workspace(),
        EventBody::Contact { contact: Box::new(contact), now_seen_by: seen_by.clone(), seen_by },
    );
    Ok(())
}

/// The card's preview of an entry. It shows what people said: no event lines, and no automatic replies, which would hide the words they
/// answer. A mail shows its subject if it begins a conversation, then its text without quotes.
pub fn preview(message: &Message) -> Option<Preview> {
    let by = match &message.entry {
        Entry::Incoming => PreviewBy::Them,
        Entry::Line { .. } | Entry::Outgoing { by: Sender::Auto, .. } => return None,
        Entry::Outgoing { by, .. } => PreviewBy::Us(*by),
        Entry::Note { by } => PreviewBy::Note(*by),
    };
    let text = match message.mail() {
        Some(mail) if message.n == 1 => format!("{} {}", mail.subject, without_targets(mail.folds.of(&message.text).0)),
        Some(mail) => without_targets(mail.folds.of(&message.text).0),
        None => message.text.clone(),
    };
    let shown =
        if text.chars().all(is_unseen) { message.attachments.first().map_or("", |file| &file.name) } else { &text };
    Some(Preview { by, text: one_line(shown) })
}

/// A mail's text without the targets of its links, which are useless on a card.
fn without_targets(text: &str) -> String {
    let mut left = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = ["<http://", "<https://"].into_iter().filter_map(|begin| rest.find(begin)).min() {
        let (before, link) = rest.split_at(at);
        let end = link.find(|c: char| c == '>' || c.is_whitespace()).unwrap_or(link.len());
        let is_target = link[end..].starts_with('>');
        left.push_str(if is_target { before.trim_end_matches(' ') } else { &rest[..at + end] });
        rest = if is_target { &link[end + 1..] } else { &link[end..] };
    }
    left + rest
}

/// One line of at most [`PREVIEW_CHARS`] visible characters.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::new();
    for word in text.split_whitespace().filter(|word| !word.chars().all(is_unseen)) {
        if line.chars().count() >= PREVIEW_CHARS {
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line.chars().take(PREVIEW_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::{one_line, without_targets};

    #[test]
    fn t3_a_card_shows_words_and_no_filler() {
        assert_eq!(one_line("\u{200c}\u{a0}\u{200c} \u{34f} Shelf\u{a0}9 \u{2007}\u{feff}\nyes"), "Shelf 9 yes");
        let text = "See here <https://x.example/a>, 1 < 2, <http://x y> and <https://x.example";
        assert_eq!(without_targets(text), "See here, 1 < 2, <http://x y> and <https://x.example");
    }
}
