//! Inserts many rows at once, for sample data and imports. Each statement inserts several rows of the kinds that other files define.
//!
//! Every statement consists of our own fragments, and all values are bound. Statements come in a few fixed sizes, so that they stay
//! prepared.

use std::collections::BTreeMap;

use model::{ChannelKind, Contact, ConversationId, Facts, MemberId, Message, Timestamp};

use super::{
    Scope, Tx, attachment,
    conn::{Engine, Val, args},
    contact::{self, Address, Identity},
    conversation::{self, Loaded},
    history::{self, Fact},
    message::{self, File, ProviderId},
    person,
    scope::ours,
    search::{self, Findable},
    search_people::{add_near, nears},
    words::workspace_word,
};
use crate::error::Result;

/// A contact and its words in the search index.
#[derive(Debug, Clone)]
pub struct BulkContact {
    /// The contact.
    pub contact: Contact,
    /// From [`super::words::index_words`].
    pub words: String,
    /// When the contact was created.
    pub created_at: Timestamp,
}

/// An identity and its address.
#[derive(Debug, Clone)]
pub struct BulkIdentity {
    /// The identity.
    pub identity: Identity,
    /// The kind of channel on which the address is valid.
    pub kind: ChannelKind,
    /// The address.
    pub address: String,
    /// When the identity was created.
    pub created_at: Timestamp,
}

/// A message and what search finds of it.
#[derive(Debug, Clone)]
pub struct BulkMessage {
    /// The message, without its files, which are separate rows.
    pub message: Message,
    /// The provider's id of the message.
    pub provider: Option<ProviderId>,
    /// Tells a repeated request from a different one with the same id.
    pub fingerprint: String,
    /// What search finds of it. None for nothing.
    pub found_by: Option<Findable>,
}

/// Rows that refer only to each other or to stored rows.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The contacts.
    pub contacts: Vec<BulkContact>,
    /// The identities.
    pub identities: Vec<BulkIdentity>,
    /// The conversations, in their final state.
    pub conversations: Vec<Loaded>,
    /// The messages, oldest first, because search returns the last inserted ones first.
    pub messages: Vec<BulkMessage>,
    /// The files of messages, and when each was created.
    pub files: Vec<(File, Timestamp)>,
    /// How many incoming messages each member has read.
    pub reads: Vec<(ConversationId, MemberId, i64)>,
    /// What happened, for figures.
    pub history: Vec<Fact>,
}

/// An INSERT of several rows. `$1` and, for search words on PostgreSQL, `$2` are values that all rows share.
struct Table {
    name: &'static str,
    columns: &'static str,
    /// A row, in which each `?` is a value of that row. Empty for one that is `$1`, the workspace, and a value for each other column.
    row: &'static str,
    tail: &'static str,
    shared: usize,
}

/// The columns are those that the file of these rows says, the workspace first.
const fn rows(name: &'static str, columns: &'static str) -> Table {
    Table { name, columns, row: "", tail: "", shared: 1 }
}

const CONTACTS: Table = rows("contact", contact::STORED);
const IDENTITIES: Table = rows("identity", contact::STORED_IDENTITY);
const CONVERSATIONS: Table = rows("conversation", conversation::STORED);
const TAGS: Table = rows("conversation_tag", "workspace_id, tag_id, conversation_id");
const COUNTS: Table = Table { tail: conversation::ADD_TO_COUNTER, ..rows("inbox_count", conversation::COUNTER) };
const MESSAGES: Table = rows("message", message::STORED);
const FILES: Table = rows("attachment", attachment::STORED);
const READS: Table = rows("read_marker", person::MARKER);
const HISTORY: Table = rows("history", history::STORED);
const CONTACT_WORDS_SQLITE: Table = rows("contact_search", "workspace, words, contact_id, rowid");
const CONTACT_PLACES: Table = rows("contact_search_place", "workspace_id, contact_id, place");
const CONTACT_WORDS_POSTGRES: Table = Table {
    row: "($2, array_to_tsvector(array_append(string_to_array(?, ' '), $1)), ?)",
    shared: 2,
    ..rows("contact_search", "workspace_id, words, contact_id")
};
const LAST_CONTACT_PLACE: &str = "SELECT rowid FROM contact_search ORDER BY rowid DESC LIMIT 1";

const BOTH: &[&Table] = &[&CONTACTS, &IDENTITIES, &CONVERSATIONS, &TAGS, &COUNTS, &MESSAGES, &FILES, &READS, &HISTORY];

/// How many messages one statement adds to the index of search.
const FOUND_AT_ONCE: usize = 500;

/// How many rows one statement inserts. The largest size that fits is used first.
const SIZES: [usize; 4] = [128, 32, 8, 1];

/// Makes many inserts cheap on SQLite: the index merges its segments less often, and more pages stay in memory.
const BEGIN_SQLITE: &[&str] =
    &["PRAGMA cache_size = -65536", "INSERT INTO message_find (message_find, rank) VALUES ('automerge', 0)"];
/// Restores these settings, merges the index into one segment, and updates the planner's statistics.
const END_SQLITE: &[&str] = &[
    "INSERT INTO message_find (message_find, rank) VALUES ('automerge', 4)",
    "INSERT INTO message_find (message_find) VALUES ('optimize')",
    "PRAGMA cache_size = -8000",
    "ANALYZE",
];
const END_POSTGRES: &[&str] = &[
    "SELECT gin_clean_pending_list('message_find_words')",
    "SELECT gin_clean_pending_list('contact_search_words')",
    ANALYZE_POSTGRES,
];
const ANALYZE_POSTGRES: &str = "ANALYZE contact, identity, conversation, inbox_count, message, attachment, read_marker, history, message_find, contact_search";
/// The tables that others refer to.
const ANALYZE_REFERRED: &str = "ANALYZE contact, identity, conversation";

impl Table {
    /// How many columns there are.
    fn width(&self) -> usize {
        self.columns.split(',').count()
    }

    /// On SQLite the placeholders have no numbers, and shared values are bound once per row: SQLite finds a numbered value by walking a
    /// list of all of them. With a thousand values that costs more than the insert.
    fn sql(&self, engine: Engine, rows: usize) -> String {
        let mut sql = format!("INSERT INTO {} ({}) VALUES ", self.name, self.columns);
        let (mut next, plain) = (self.shared, format!("($1{})", ", ?".repeat(self.width() - 1)));
        let pattern = if self.row.is_empty() { &plain } else { self.row };
        for row in 0..rows {
            if row > 0 {
                sql.push_str(", ");
            }
            if engine == Engine::Sqlite {
                sql.push_str(&pattern.replace("$1", "?"));
                continue;
            }
            for (place, part) in pattern.split('?').enumerate() {
                if place > 0 {
                    next += 1;
                    sql.push('$');
                    sql.push_str(&next.to_string());
                }
                sql.push_str(part);
            }
        }
        sql.push_str(self.tail);
        sql
    }

    /// Inserts all rows. `values` returns the values of one row, in the order of its `?`.
    async fn fill<T: Sync>(
        &self,
        tx: &mut Tx<'_>,
        shared: &[Val],
        rows: &[T],
        values: impl Fn(&T, &mut Vec<Val>) + Send,
    ) -> Result<()> {
        let engine = tx.conn().engine();
        let mut rest = rows;
        for size in SIZES {
            if rest.len() < size {
                continue;
            }
            let sql = self.sql(engine, size);
            while let Some((now, later)) = rest.split_at_checked(size) {
                let mut bound = Vec::with_capacity(size * self.width());
                for (place, row) in now.iter().enumerate() {
                    if place == 0 || engine == Engine::Sqlite {
                        bound.extend_from_slice(shared);
                    }
                    values(row, &mut bound);
                }
                tx.conn().exec(ours(sql.clone()), bound).await?;
                rest = later;
            }
        }
        Ok(())
    }
}

/// Every statement of this file. A test prepares them all.
pub fn statements(engine: Engine) -> Vec<String> {
    let (own, fixed): (&[&Table], &[&[&str]]) = match engine {
        Engine::Sqlite => {
            (&[&CONTACT_WORDS_SQLITE, &CONTACT_PLACES], &[&[LAST_CONTACT_PLACE], BEGIN_SQLITE, END_SQLITE])
        }
        Engine::Postgres => (&[&CONTACT_WORDS_POSTGRES], &[&[ANALYZE_REFERRED], END_POSTGRES]),
    };
    let tables = BOTH.iter().chain(own);
    let filled = tables.flat_map(|table| SIZES.map(|size| table.sql(engine, size)));
    filled.chain(fixed.iter().flat_map(|list| list.iter().map(|sql| (*sql).to_owned()))).collect()
}

/// Prepares for many batches. Call [`end`] afterwards, even when a batch failed.
///
/// # Errors
/// When the database fails.
pub async fn begin(tx: &mut Tx<'_>) -> Result<()> {
    if tx.conn().engine() == Engine::Sqlite {
        for sql in BEGIN_SQLITE {
            tx.conn().raw(sql).await?;
        }
    }
    Ok(())
}

/// Call this after the first batches. PostgreSQL plans foreign key checks while the tables are empty, with any index that begins with the
/// workspace, and keeps that plan. It is forty times slower than the index that finds the row.
///
/// # Errors
/// When the database fails.
pub async fn look_again(tx: &mut Tx<'_>) -> Result<()> {
    if tx.conn().engine() == Engine::Postgres {
        tx.conn().raw(ANALYZE_REFERRED).await?;
    }
    Ok(())
}

/// Restores the settings, merges the index and updates the planner's statistics.
///
/// # Errors
/// When the database fails.
pub async fn end(tx: &mut Tx<'_>) -> Result<()> {
    let all = match tx.conn().engine() {
        Engine::Sqlite => END_SQLITE,
        Engine::Postgres => END_POSTGRES,
    };
    for sql in all {
        tx.conn().raw(sql).await?;
    }
    Ok(())
}

/// Stores a batch, with its counters and index words. It emits no event.
///
/// # Errors
/// When the database fails, also when an id or address is taken.
pub async fn insert(tx: &mut Tx<'_>, scope: &Scope, batch: &Batch) -> Result<()> {
    let workspace = scope.workspace().to_string();
    let word = workspace_word(&workspace);
    let shared = args![workspace.clone()];
    CONTACTS
        .fill(tx, &shared, &batch.contacts, |row, to| {
            to.extend(contact::fields(&row.contact, row.created_at));
        })
        .await?;
    contact_words(tx, &word, &workspace, &batch.contacts).await?;
    IDENTITIES
        .fill(tx, &shared, &batch.identities, |row, to| {
            let address = Address::own(row.kind, &row.address);
            to.extend(contact::identity_fields(&row.identity, address, row.created_at));
        })
        .await?;
    CONVERSATIONS.fill(tx, &shared, &batch.conversations, |row, to| to.extend(conversation::fields(row))).await?;
    let tagged = |new: &Loaded| new.row.tags.iter().map(|tag| (tag, new.row.id)).collect::<Vec<_>>();
    let tags: Vec<_> = batch.conversations.iter().flat_map(tagged).collect();
    TAGS.fill(tx, &shared, &tags, |(tag, id), to| to.extend(args![i64::from(tag.number()), *id])).await?;
    COUNTS.fill(tx, &shared, &counted(&batch.conversations), |row, to| to.extend_from_slice(row)).await?;
    let mut messages = Vec::with_capacity(batch.messages.len());
    for message in &batch.messages {
        messages.push(message::fields(&message.message, message.provider.clone(), &message.fingerprint)?);
    }
    MESSAGES.fill(tx, &shared, &messages, |row, to| to.extend_from_slice(row)).await?;
    FILES.fill(tx, &shared, &batch.files, |(file, at), to| to.extend(attachment::fields(file, *at))).await?;
    READS
        .fill(tx, &shared, &batch.reads, |(conversation, member, n), to| to.extend(args![*conversation, *member, *n]))
        .await?;
    HISTORY.fill(tx, &shared, &batch.history, |fact, to| to.extend(history::fields(fact))).await?;
    for found in batch.messages.chunks(FOUND_AT_ONCE) {
        let found: Vec<_> = found.iter().map(|row| (row.message.id, row.found_by.clone())).collect();
        search::add(tx, scope, &found).await?;
    }
    let names = batch.contacts.iter().flat_map(|row| [row.contact.name.as_str(), row.contact.company.as_str()]);
    add_near(tx, scope, &nears(names)).await?;
    Ok(())
}

async fn contact_words(tx: &mut Tx<'_>, word: &str, workspace: &str, contacts: &[BulkContact]) -> Result<()> {
    if tx.conn().engine() == Engine::Postgres {
        let values = |row: &BulkContact, to: &mut Vec<Val>| to.extend(args![row.words.clone(), row.contact.id]);
        return CONTACT_WORDS_POSTGRES.fill(tx, &[word.into(), workspace.into()], contacts, values).await;
    }
    let last: Option<(i64,)> = tx.conn().opt(LAST_CONTACT_PLACE, args![]).await?;
    let placed: Vec<(&BulkContact, i64)> = contacts.iter().zip(last.map_or(1, |(place,)| place + 1)..).collect();
    let words = |(row, place): &(&BulkContact, i64), to: &mut Vec<Val>| {
        to.extend(args![row.words.clone(), row.contact.id, *place]);
    };
    CONTACT_WORDS_SQLITE.fill(tx, &[word.into()], &placed, words).await?;
    let place = |(row, place): &(&BulkContact, i64), to: &mut Vec<Val>| to.extend(args![row.contact.id, *place]);
    CONTACT_PLACES.fill(tx, &[workspace.into()], &placed, place).await
}

/// The counter rows for these conversations. Each key occurs once, because one statement must not touch a row twice.
fn counted(conversations: &[Loaded]) -> Vec<Vec<Val>> {
    let mut counts: BTreeMap<_, (Facts, i64)> = BTreeMap::new();
    for facts in conversations.iter().map(|new| new.row.facts()) {
        let key = (facts.tab, facts.slot, facts.assignee, facts.team, facts.channel, facts.unsent);
        counts.entry(key).or_insert((facts, 0)).1 += 1;
    }
    counts.values().map(|(facts, n)| conversation::counter(facts, *n)).collect()
}
