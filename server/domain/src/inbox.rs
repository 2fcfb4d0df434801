//! Reading the inbox, and what members keep for themselves: how far they read, what they have not sent.

use async_trait::async_trait;
use model::{
    AddressKind, ApiError, Around, Bootstrap, ContactId, ConversationId, ConversationRow, Count, Cursor, DeliveryState,
    Draft, Entry, EventBody, Filter, InboxPage, Message, Needs, Permission, Sort, Thread,
};
use store::{
    Command, Conn, Db, Scope, Tx, contact, conversation,
    error::{Error, Result},
    list,
    message::{self, Audience},
    person, workspace,
};

use super::check_text;

/// The most rows on a page of the list.
pub const PAGE: i64 = 100;
/// The most entries on a page of a thread.
pub const ENTRIES: i64 = 50;

/// The members, teams and channels that every page needs.
///
/// # Errors
/// When the database fails.
pub async fn bootstrap(db: &Db, scope: &Scope) -> Result<Bootstrap> {
    let mut snapshot = db.snapshot().await?;
    workspace::bootstrap(&mut snapshot.conn(), scope, db.clock().now()).await
}

/// One page of the list.
///
/// # Errors
/// When the database fails, the role may not read, or the filter asks for too much.
pub async fn page(
    db: &Db,
    scope: &Scope,
    filter: impl Into<Filter> + Send,
    sort: Sort,
    after: Option<Cursor>,
    limit: i64,
) -> Result<InboxPage> {
    scope.may_list()?;
    let filter = filter.into().checked()?;
    if after.is_some_and(|cursor| !sort.groups().contains(&cursor.group)) {
        return Err(ApiError::invalid("after", "This is the position of another order.").into());
    }
    let mut snapshot = db.snapshot().await?;
    let conn = &mut snapshot.conn();
    let asked = list::Asked { filter: &filter, sort, after, limit: limit.clamp(1, PAGE), looked_at: list::LOOKED_AT };
    let list::Page { rows, more, searched } = list::page(conn, scope, asked).await?;
    let fitting = match after.is_none() && filter.narrows() {
        true => Some(list::count(conn, scope, &filter).await?),
        false => None,
    };
    let (counts, seq) = conversation::counts(conn, scope).await?;
    Ok(InboxPage { rows, more, fitting, searched, counts, seq, now: db.clock().now() })
}

/// The most filters whose conversations are counted in one request.
const MOST_COUNTED: usize = 20;

/// How many conversations match each of these filters, and the number of the last event that is included.
///
/// # Errors
/// When the database fails, the role may not read, or there are too many filters or values.
pub async fn counts(db: &Db, scope: &Scope, filters: Vec<Filter>) -> Result<(Vec<Count>, i64)> {
    scope.may_list()?;
    if filters.len() > MOST_COUNTED {
        return Err(ApiError::invalid("filters", format!("Ask for at most {MOST_COUNTED} filters.")).into());
    }
    let filters = filters.into_iter().map(Filter::checked).collect::<std::result::Result<Vec<_>, _>>()?;
    let mut snapshot = db.snapshot().await?;
    let conn = &mut snapshot.conn();
    let mut counts = Vec::with_capacity(filters.len());
    for filter in &filters {
        counts.push(list::count(conn, scope, filter).await?);
    }
    let (_, seq) = conversation::counts(conn, scope).await?;
    Ok((counts, seq))
}

/// A conversation with its newest entries, its contact, and my drafts.
///
/// # Errors
/// [`Error::NOT_FOUND`] when it does not exist or the member may not see it.
pub async fn thread(db: &Db, scope: &Scope, id: ConversationId) -> Result<Thread> {
    Ok(opened(db, scope, id, None).await?.thread)
}

/// A conversation with the entries around position `n`. If it has no such position, the nearest ones.
///
/// # Errors
/// [`Error::NOT_FOUND`] when it does not exist or the member may not see it.
pub async fn around(db: &Db, scope: &Scope, id: ConversationId, n: i64) -> Result<Around> {
    opened(db, scope, id, Some(n)).await
}

async fn opened(db: &Db, scope: &Scope, id: ConversationId, n: Option<i64>) -> Result<Around> {
    scope.require(Permission::Read)?;
    let mut snapshot = db.snapshot().await?;
    let conn = &mut snapshot.conn();
    let loaded = conversation::load(conn, scope, id).await?.ok_or(Error::NOT_FOUND)?;
    let contact = match loaded.row.contact {
        Some(contact) => contact::one(conn, scope, contact).await?,
        None => None,
    };
    // Half of the entries come after the position, unless it is so near to the end that fewer do.
    let end = loaded.message_count;
    let last = n.map_or(end, |n| n.clamp(1, end.max(1)).saturating_add(ENTRIES / 2).min(end));
    let newer = last < end;
    let before = if newer { last + 1 } else { i64::MAX };
    let (messages, more) = message::page(conn, scope, Audience::Team, id, before, ENTRIES).await?;
    let answered = match newer || (more && !messages.iter().any(is_answered)) {
        true => message::last_mail(conn, scope, id).await?.and_then(|message| message.content.into_mail()),
        false => None,
    };
    let (drafts, seq) = person::drafts_and_seq(conn, scope, id).await?;
    let thread = Thread {
        address: shown_address(&loaded),
        row: loaded.row,
        contact,
        messages,
        more,
        answered,
        drafts,
        seq,
        now: db.clock().now(),
    };
    Ok(Around { thread, newer })
}

/// The entries after position `after`, and whether newer ones exist.
///
/// # Errors
/// [`Error::NOT_FOUND`] when the conversation does not exist or the member may not see it.
pub async fn newer(db: &Db, scope: &Scope, id: ConversationId, after: i64) -> Result<(Vec<Message>, bool)> {
    scope.require(Permission::Read)?;
    let mut snapshot = db.snapshot().await?;
    let conn = &mut snapshot.conn();
    let end = conversation::load(conn, scope, id).await?.ok_or(Error::NOT_FOUND)?.message_count;
    // Positions have no gaps, so the next page ends at a known one.
    let after = after.clamp(0, end);
    let last = (after + ENTRIES).min(end);
    let (mut messages, _) = message::page(conn, scope, Audience::Team, id, last + 1, ENTRIES).await?;
    messages.retain(|message| message.n > after);
    Ok((messages, last < end))
}

/// Whether this is a mail that the next reply answers.
fn is_answered(message: &Message) -> bool {
    let taken_back =
        matches!(&message.entry, Entry::Outgoing { delivery, .. } if delivery.state == DeliveryState::Cancelled);
    message.mail().is_some() && !taken_back
}

/// The address to display. A web visitor's address is the hash of a secret, so it is not shown.
fn shown_address(loaded: &conversation::Loaded) -> String {
    match loaded.row.kind.capabilities().address {
        AddressKind::Browser => String::new(),
        _ => loaded.address.clone(),
    }
}

/// The entries before position `before`, and whether older ones exist.
///
/// # Errors
/// [`Error::NOT_FOUND`] when the conversation does not exist or the member may not see it.
pub async fn older(db: &Db, scope: &Scope, id: ConversationId, before: i64) -> Result<(Vec<Message>, bool)> {
    scope.require(Permission::Read)?;
    let mut snapshot = db.snapshot().await?;
    let conn = &mut snapshot.conn();
    seen(conn, scope, id).await?;
    Ok(message::page(conn, scope, Audience::Team, id, before, ENTRIES).await?)
}

async fn seen(conn: &mut Conn<'_>, scope: &Scope, id: ConversationId) -> Result<ConversationRow> {
    Ok(conversation::load(conn, scope, id).await?.ok_or(Error::NOT_FOUND)?.row)
}

/// Marks a conversation as read up to a number of incoming messages.
#[derive(Debug, Clone, Copy)]
pub struct MarkRead {
    /// Which conversation.
    pub conversation: ConversationId,
    /// How many incoming messages were on screen.
    pub read_count: i64,
}

#[async_trait]
impl Command for MarkRead {
    type Output = ();
    const NEEDS: Needs = Needs::May(Permission::Read);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        let member = scope.person()?.member.id;
        let row = seen(tx.conn(), &scope, self.conversation).await?;
        // Messages that count as read stay read, even if they were never marked (those from before the member joined).
        let read_count = self.read_count.min(row.inbound_count).max(row.read_count);
        if person::mark(tx, &scope, row.id, read_count).await? {
            tx.emit(scope.workspace(), EventBody::Marked { member, marks: vec![(row.id, read_count)] });
        }
        Ok(())
    }
}

/// Stores a member's draft (T4).
#[derive(Debug, Clone)]
pub struct SaveDraft {
    /// The conversation.
    pub conversation: ConversationId,
    /// The draft.
    pub draft: Draft,
}

#[async_trait]
impl Command for SaveDraft {
    type Output = ();
    const NEEDS: Needs = Needs::May(Permission::Converse);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        let member = scope.person()?.member.id;
        check_text("text", &self.draft.text)?;
        let row = seen(tx.conn(), &scope, self.conversation).await?;
        // A late save, after its message was sent (slow connection, another tab), would show the sent text as a draft.
        if let Some(sent) = self.draft.id
            && message::fingerprint(tx.conn(), &scope, sent).await?.is_some()
        {
            // It is refused, so that a browser with a changed text keeps that text.
            return Err(super::send::another_message());
        }
        if person::save_draft(tx, &scope, row.id, &self.draft).await? {
            tx.emit(scope.workspace(), EventBody::Draft { member, conversation: row.id, draft: self.draft.clone() });
        }
        Ok(())
    }
}

/// Whether a member may see a contact: they may if they see one of its conversations.
///
/// # Errors
/// When the database fails.
pub async fn sees_contact(conn: &mut Conn<'_>, scope: &Scope, contact: ContactId) -> Result<bool> {
    Ok(conversation::placements_of_contact(conn, scope, contact).await?.iter().any(|placement| scope.sees(placement)))
}
