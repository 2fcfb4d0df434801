//! Inserts many rows at once, for sample data and imports. Each statement inserts several rows of the kinds that other files define.
//!
//! Every statement consists of our own fragments, and all values are bound. Statements come in a few fixed sizes, so that they stay
//! prepared.

use std::collections::BTreeMap;

use model::{ChannelKind, Contact, ConversationId, MemberId, Message, Timestamp};

use super::{
    Scope, Tx,
    conn::{Engine, Val, args},
    contact::{self, Identity},
    conversation::{self, Loaded},
    history::{self, Fact},
    message::{self, File, ProviderId},
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

/// An INSERT of the form `head (row), (row)… tail`. In a row, each `?` is a value of that row. `$1` (first, on SQLite) and `$2` are values
/// that all rows share.
struct Table {
    head: &'static str,
    row: &'static str,
    tail: &'static str,
    shared: usize,
}

const fn rows(head: &'static str, row: &'static str) -> Table {
    Table { head, row, tail: "", shared: 1 }
}

/// A table of search words. Its rows share the workspace's index word and its id.
const fn words(head: &'static str, row: &'static str) -> Table {
    Table { shared: 2, ..rows(head, row) }
}

const CONTACTS: Table = rows(
    "INSERT INTO contact (workspace_id, id, version, name, email, phone, company, title, location, language, time_zone, \
     lead_status, created_at, near_due) VALUES ",
    "($1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, FALSE)",
);
const IDENTITIES: Table = rows(
    "INSERT INTO identity (workspace_id, id, channel_kind, address, label, contact_id, created_at) VALUES ",
    "($1, ?, ?, ?, ?, ?, ?)",
);
const CONVERSATIONS: Table = rows(
    "INSERT INTO conversation (workspace_id, id, channel_id, channel_kind, identity_id, contact_id, team_id, status, \
     snoozed_until, assignee_id, ai_mode, pen, pen_epoch, waiting_since, missed_at, auto_replied_at, outreach, tab, slot, \
     preview_by, preview, last_at, last_inbound_at, unsent, agent_id, started_at, first_response_ms, message_count, inbound_count, version) VALUES ",
    "($1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
);
const COUNTS: Table = Table {
    tail: " ON CONFLICT (workspace_id, tab, slot, assignee_id, team_id, channel_id, unsent) DO UPDATE SET n = inbox_count.n + excluded.n",
    ..rows(
        "INSERT INTO inbox_count (workspace_id, tab, slot, assignee_id, team_id, channel_id, unsent, n) VALUES ",
        "($1, ?, ?, ?, ?, ?, ?, ?)",
    )
};
const MESSAGES: Table = rows(
    "INSERT INTO message (workspace_id, id, conversation_id, n, at, kind, sender, text, line, state, send_at, reason, \
     channel_id, provider_id, fingerprint, mail) VALUES ",
    "($1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
);
const FILES: Table = rows(
    "INSERT INTO attachment (workspace_id, id, conversation_id, message_n, uploader, name, size, media_type, digest, \
     created_at) VALUES ",
    "($1, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
);
const READS: Table =
    rows("INSERT INTO read_marker (workspace_id, conversation_id, member_id, read_count) VALUES ", "($1, ?, ?, ?)");
const HISTORY: Table = rows(
    "INSERT INTO history (workspace_id, conversation_id, id, at, channel_id, kind, actor, message_id, from_value, to_value, ms) VALUES ",
    "($1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
);
const CONTACT_WORDS_SQLITE: Table =
    rows("INSERT INTO contact_search (workspace, words, contact_id, rowid) VALUES ", "($1, ?, ?, ?)");
const CONTACT_PLACES: Table =
    rows("INSERT INTO contact_search_place (workspace_id, contact_id, place) VALUES ", "($1, ?, ?)");
const CONTACT_WORDS_POSTGRES: Table = words(
    "INSERT INTO contact_search (workspace_id, words, contact_id) VALUES ",
    "($2, array_to_tsvector(array_append(string_to_array(?, ' '), $1)), ?)",
);
const LAST_CONTACT_PLACE: &str = "SELECT rowid FROM contact_search ORDER BY rowid DESC LIMIT 1";

const BOTH: &[&Table] = &[&CONTACTS, &IDENTITIES, &CONVERSATIONS, &COUNTS, &MESSAGES, &FILES, &READS, &HISTORY];

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
    /// On SQLite the placeholders have no numbers, and shared values are bound once per row: SQLite finds a numbered value by walking a
    /// list of all of them. With a thousand values that costs more than the insert.
    fn sql(&self, engine: Engine, rows: usize) -> String {
        let mut sql = self.head.to_owned();
        let mut next = self.shared;
        for row in 0..rows {
            if row > 0 {
                sql.push_str(", ");
            }
            if engine == Engine::Sqlite {
                sql.push_str(&self.row.replace("$1", "?"));
                continue;
            }
            for (place, part) in self.row.split('?').enumerate() {
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
                let mut bound = Vec::with_capacity(shared.len() + size * self.row.len() / 3);
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
            to.extend(contact::fields(&row.contact));
            to.extend(args![row.created_at]);
        })
        .await?;
    contact_words(tx, &word, &workspace, &batch.contacts).await?;
    IDENTITIES
        .fill(tx, &shared, &batch.identities, |row, to| {
            let Identity { id, label, contact } = &row.identity;
            to.extend(args![*id, row.kind.as_str(), row.address.clone(), label.clone(), *contact, row.created_at]);
        })
        .await?;
    CONVERSATIONS.fill(tx, &shared, &batch.conversations, |row, to| to.extend(conversation::fields(row))).await?;
    COUNTS.fill(tx, &shared, &counted(&batch.conversations), |row, to| to.extend_from_slice(row)).await?;
    let mut messages = Vec::with_capacity(batch.messages.len());
    for message in &batch.messages {
        messages.push(message::fields(&message.message, message.provider.clone(), &message.fingerprint)?);
    }
    MESSAGES.fill(tx, &shared, &messages, |row, to| to.extend_from_slice(row)).await?;
    FILES
        .fill(tx, &shared, &batch.files, |(file, at), to| {
            let shown = &file.attachment;
            to.extend(args![shown.id, file.conversation, file.message_n, file.uploader.clone(), shown.name.clone()]);
            to.extend(args![shown.size, shown.media_type.clone(), file.digest.clone(), *at]);
        })
        .await?;
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
    let mut counts: BTreeMap<_, i64> = BTreeMap::new();
    for facts in conversations.iter().map(|new| new.row.facts()) {
        *counts.entry((facts.tab, facts.slot, facts.assignee, facts.team, facts.channel, facts.unsent)).or_default() +=
            1;
    }
    let counts = counts.into_iter().map(|((tab, slot, assignee, team, channel, unsent), n)| {
        let (assignee, team) = (assignee.map(|id| id.to_string()), team.map(|id| id.to_string()));
        args![tab.as_str(), slot.as_str(), assignee.unwrap_or_default(), team.unwrap_or_default(), channel, unsent, n]
    });
    counts.collect()
}
