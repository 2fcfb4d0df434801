//! Many rows at once, for sample data and imports: the rows of the other files, several to a statement.
//!
//! Every statement is made of our own fragments; all values are bound. A few fixed numbers of rows per statement, so that each
//! text stays prepared.

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
    words::workspace_word,
};
use crate::error::Result;

/// A contact with the words it is found by.
#[derive(Debug, Clone)]
pub struct BulkContact {
    /// The contact.
    pub contact: Contact,
    /// As [`super::words::index_words`] gives them.
    pub words: String,
    /// When it came to be.
    pub created_at: Timestamp,
}

/// An address of a person outside.
#[derive(Debug, Clone)]
pub struct BulkIdentity {
    /// The identity.
    pub identity: Identity,
    /// Where the address is one.
    pub kind: ChannelKind,
    /// The address.
    pub address: String,
    /// When it came to be.
    pub created_at: Timestamp,
}

/// An entry with the words it is found by.
#[derive(Debug, Clone)]
pub struct BulkMessage {
    /// The entry; its files are rows of their own.
    pub message: Message,
    /// The provider's name for it.
    pub provider: Option<ProviderId>,
    /// Tells a repeated request from another one.
    pub fingerprint: String,
    /// As [`super::words::index_words`] gives them; empty for none.
    pub words: String,
}

/// Rows that refer to each other only or to what is stored already.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// People.
    pub contacts: Vec<BulkContact>,
    /// Their addresses.
    pub identities: Vec<BulkIdentity>,
    /// Conversations, as they are in the end.
    pub conversations: Vec<Loaded>,
    /// Entries, in the order of time: search shows the last ones first.
    pub messages: Vec<BulkMessage>,
    /// Files of entries, with when they came.
    pub files: Vec<(File, Timestamp)>,
    /// How far members have read.
    pub reads: Vec<(ConversationId, MemberId, i64)>,
    /// What happened, for figures.
    pub history: Vec<Fact>,
}

/// An INSERT: `head (row), (row)… tail`. In a row each `?` is a value of that row; `$1` (first, where SQLite is
/// asked) and `$2` are values that all rows share.
struct Table {
    head: &'static str,
    row: &'static str,
    tail: &'static str,
    shared: usize,
}

const fn rows(head: &'static str, row: &'static str) -> Table {
    Table { head, row, tail: "", shared: 1 }
}

/// All rows share the workspace, as a word of the index and as itself.
const fn words(head: &'static str, row: &'static str) -> Table {
    Table { shared: 2, ..rows(head, row) }
}

const CONTACTS: Table = rows(
    "INSERT INTO contact (workspace_id, id, version, name, email, phone, company, title, location, language, time_zone, \
     lead_status, created_at) VALUES ",
    "($1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
const WORDS_SQLITE: Table =
    rows("INSERT INTO message_search (workspace, words, conversation_id, message_id) VALUES ", "($1, ?, ?, ?)");
const WORDS_POSTGRES: Table = words(
    "INSERT INTO message_search (workspace_id, words, conversation_id, message_id) VALUES ",
    "($2, array_to_tsvector(array_append(string_to_array(?, ' '), $1)), ?, ?)",
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

/// How many rows a statement takes: as many of the first as fit, then of the next.
const SIZES: [usize; 4] = [128, 32, 8, 1];

/// What makes many inserts cheap on SQLite: merge the index's pieces less often while they come, keep more pages in memory.
const BEGIN_SQLITE: &[&str] =
    &["PRAGMA cache_size = -65536", "INSERT INTO message_search (message_search, rank) VALUES ('automerge', 0)"];
/// As it was before; then the pieces become one, and the planner learns what there is.
const END_SQLITE: &[&str] = &[
    "INSERT INTO message_search (message_search, rank) VALUES ('automerge', 4)",
    "INSERT INTO message_search (message_search) VALUES ('optimize')",
    "PRAGMA cache_size = -8000",
    "ANALYZE",
];
const END_POSTGRES: &[&str] = &[
    "SELECT gin_clean_pending_list('message_search_words')",
    "SELECT gin_clean_pending_list('contact_search_words')",
    ANALYZE_POSTGRES,
];
const ANALYZE_POSTGRES: &str = "ANALYZE contact, identity, conversation, inbox_count, message, attachment, read_marker, history, message_search, contact_search";
/// The tables that others refer to.
const ANALYZE_REFERRED: &str = "ANALYZE contact, identity, conversation";

impl Table {
    /// On SQLite the values have no numbers, and what rows share is bound for each: a numbered value is looked up there by walking
    /// a list of all, which costs more than the insert when there are a thousand.
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

    /// Inserts all rows. `values` gives those of one row, in the order of its `?`.
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

/// Every statement of this file, for the test that prepares them all.
pub fn statements(engine: Engine) -> Vec<String> {
    let (own, fixed): (&[&Table], &[&[&str]]) = match engine {
        Engine::Sqlite => (
            &[&WORDS_SQLITE, &CONTACT_WORDS_SQLITE, &CONTACT_PLACES],
            &[&[LAST_CONTACT_PLACE], BEGIN_SQLITE, END_SQLITE],
        ),
        Engine::Postgres => (&[&WORDS_POSTGRES, &CONTACT_WORDS_POSTGRES], &[&[ANALYZE_REFERRED], END_POSTGRES]),
    };
    let tables = BOTH.iter().chain(own);
    let filled = tables.flat_map(|table| SIZES.map(|size| table.sql(engine, size)));
    filled.chain(fixed.iter().flat_map(|list| list.iter().map(|sql| (*sql).to_owned()))).collect()
}

/// Makes ready for many batches. [`end`] must follow, also when one of them fails.
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

/// To be called once some batches are in. PostgreSQL plans the checks of references when the tables are empty, by whatever index
/// begins with the workspace, and goes on so: forty times slower than by the one that names the row.
///
/// # Errors
/// When the database fails.
pub async fn look_again(tx: &mut Tx<'_>) -> Result<()> {
    if tx.conn().engine() == Engine::Postgres {
        tx.conn().raw(ANALYZE_REFERRED).await?;
    }
    Ok(())
}

/// Puts everything back, tidies the index and lets the planner look at the tables.
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

/// Stores a batch, with its counts and its words. No event tells of it.
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
    let found: Vec<&BulkMessage> = batch.messages.iter().filter(|row| !row.words.is_empty()).collect();
    let (table, shared) = match tx.conn().engine() {
        Engine::Sqlite => (&WORDS_SQLITE, args![word]),
        Engine::Postgres => (&WORDS_POSTGRES, args![word, workspace]),
    };
    let values = |row: &&BulkMessage, to: &mut Vec<Val>| {
        to.extend(args![row.words.clone(), row.message.conversation, row.message.id]);
    };
    table.fill(tx, &shared, &found, values).await
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

/// The rows of the counters for these conversations: each key once, as one statement must not touch a row twice.
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
