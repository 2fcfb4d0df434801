//! Searching, and the index of what is older than it.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use model::{
    ConversationId, Entry, JobId, Message, MessageHit, MessageId, Names, Needs, PersonHit, PreviewBy, SearchCursor,
    SearchPage, SearchText, Timestamp,
};
use sha2::Digest;
use store::{
    Command, Conn, Db, Scope, Tx, conversation,
    error::Result,
    message,
    search::{self, Hits, LOOKED_AT, PersonRow},
    workspace,
};
use uuid::Uuid;

use super::{deliver::Lease, work::Work};

mod snippet;

/// How many messages a page has.
pub const MESSAGES: i64 = 25;
/// How many people a search shows.
pub const PEOPLE: i64 = 8;
/// How many messages one transaction of the job adds to the index.
const AT_ONCE: i64 = 200;
/// The pause between two jobs, in milliseconds.
const PAUSE_MS: i64 = 200;

/// The people and messages that a text finds, newest first. Messages are those after the cursor. `east` is how many minutes the reader's clock
/// is ahead of UTC.
///
/// # Errors
/// When the database fails or the role may not read.
pub async fn search(db: &Db, scope: &Scope, text: &str, after: Option<SearchCursor>, east: i64) -> Result<SearchPage> {
    search_within(db, scope, text, (after, east, MESSAGES), LOOKED_AT).await
}

/// The same with another length of the page, and with other bounds on how many hits are examined.
///
/// # Errors
/// The same.
pub async fn search_within(
    db: &Db,
    scope: &Scope,
    text: &str,
    (after, east, limit): (Option<SearchCursor>, i64, i64),
    looked_at: [i64; 2],
) -> Result<SearchPage> {
    scope.may_list()?;
    let (parsed, now) = (SearchText::parse(text), db.clock().now());
    let mut snapshot = db.snapshot().await?;
    let conn = &mut snapshot.conn();
    let query = if parsed.conditions.is_empty() {
        // Nothing needs the lists.
        parsed.resolve(&Names {
            me: model::MemberId::new(Uuid::nil()),
            members: &[],
            channels: &[],
            tags: &[],
            now,
            east,
        })
    } else {
        let boot = workspace::bootstrap(conn, scope, now).await?;
        parsed.resolve(&Names::of(&boot, east))
    };
    let Hits { hits, after: next, looked_back_to, partly } =
        search::page(conn, scope, &query, after, limit.clamp(1, MESSAGES), (looked_at, now)).await?;
    let ids: BTreeSet<MessageId> = hits.iter().map(|hit| hit.message).collect();
    let mut found = message::some(conn, scope, &ids).await?;
    let conversations: BTreeSet<ConversationId> = hits.iter().map(|hit| hit.conversation).collect();
    let rows: HashMap<_, _> =
        conversation::some(conn, scope, &conversations).await?.into_iter().map(|row| (row.id, row)).collect();
    let marker = snippet::Marker::of(&query.text);
    let messages = hits.iter().filter_map(|hit| {
        let (message, row) = (found.remove(&hit.message)?, rows.get(&hit.conversation)?);
        Some(MessageHit {
            conversation: row.id,
            message: message.id,
            n: message.n,
            at: message.at,
            by: written_by(&message),
            name: row.display_name().to_owned(),
            kind: row.kind,
            status: row.state.status,
            snippet: marker.snippet(&message),
        })
    });
    let messages = messages.collect();
    let (people, more_people) = match after {
        None => people(conn, scope, &parsed).await?,
        Some(_) => (Vec::new(), false),
    };
    let view = query.as_view();
    let building = !search::is_complete(conn, scope).await?;
    let ignored = query.ignored;
    Ok(SearchPage { people, more_people, messages, after: next, looked_back_to, partly, building, ignored, view, now })
}

/// The people whose names have all the words. Operators ask for messages, so with one of them nobody is found.
async fn people(conn: &mut Conn<'_>, scope: &Scope, parsed: &SearchText) -> Result<(Vec<PersonHit>, bool)> {
    let words: Vec<&str> = parsed.terms.iter().filter(|term| !term.not).map(|term| term.text.as_str()).collect();
    if words.is_empty() || !parsed.conditions.is_empty() {
        return Ok((Vec::new(), false));
    }
    let found = search::people(conn, scope, &words.join(" "), PEOPLE).await?;
    Ok((found.people.into_iter().map(person).collect(), found.more))
}

fn person(found: PersonRow) -> PersonHit {
    let PersonRow { contact, row, address, near } = found;
    let name = match (&contact, &row) {
        (Some(contact), _) => contact.shown_name().to_owned(),
        (None, Some(row)) => row.display_name().to_owned(),
        (None, None) => String::new(),
    };
    let email = contact.as_ref().map_or(address, |contact| contact.email.clone());
    PersonHit {
        contact: contact.as_ref().map(|contact| contact.id),
        conversation: row.as_ref().map(|row| row.id),
        last_at: row.as_ref().map(|row| row.last_at),
        kind: row.as_ref().map(|row| row.kind),
        name,
        company: contact.map(|contact| contact.company).unwrap_or_default(),
        email,
        near,
    }
}

fn written_by(message: &Message) -> Option<PreviewBy> {
    match &message.entry {
        Entry::Incoming => Some(PreviewBy::Them),
        Entry::Outgoing { by, .. } => Some(PreviewBy::Us(*by)),
        Entry::Note { by } => Some(PreviewBy::Note(*by)),
        Entry::Line { .. } => None,
    }
}

/// Adds the newest messages to the index that are older than it, or names where no message is left. Returns whether there is more to do.
#[derive(Debug, Clone, Copy)]
pub struct IndexOlder;

#[async_trait]
impl Command for IndexOlder {
    type Output = bool;
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<bool> {
        let scope = tx.scope()?;
        if search::add_older(tx, &scope, AT_ONCE).await? {
            return Ok(true);
        }
        Ok(search::add_older_names(tx, &scope, AT_ONCE).await?)
    }
}

/// Enqueues the indexing of older messages. Does nothing if there are none.
#[derive(Debug, Clone, Copy)]
pub struct ScheduleIndexing;

#[async_trait]
impl Command for ScheduleIndexing {
    type Output = ();
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        leave(tx, &scope).await
    }
}

/// Finishes a turn, and enqueues the next one if messages are left.
#[derive(Debug, Clone)]
pub struct EndIndexing {
    /// The lease of the job.
    pub lease: Lease,
}

#[async_trait]
impl Command for EndIndexing {
    type Output = ();
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        self.lease.done(tx).await?;
        leave(tx, &scope).await
    }
}

async fn leave(tx: &mut Tx<'_>, scope: &Scope) -> Result<()> {
    let next = match search::next_unplaced(tx.conn(), scope).await? {
        Some(message) => message.to_string(),
        None if search::is_near_due(tx.conn(), scope).await? => "names".to_owned(),
        None => return Ok(()),
    };
    // Enqueued twice, it is one job.
    let hash = sha2::Sha256::digest(format!("index {} {next}", scope.workspace()));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    let at: Timestamp = tx.now().plus(PAUSE_MS);
    Work::IndexOlder.enqueue(tx, scope.workspace(), JobId::new(Uuid::from_bytes(bytes)), None, at).await
}
