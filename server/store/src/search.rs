//! Full-text search. Only here the SQL of the engines differs: SQLite uses FTS5, PostgreSQL `tsvector`, over the same words.

use std::collections::{BTreeSet, HashMap};

use model::{Contact, ContactId, ConversationId, ConversationRow, MessageId};

use super::{
    Reach, Scope, Tx,
    codec::read,
    conn::{Conn, Engine, Row, args},
    conversation,
    scope::{ours, visible},
    words::{Query, index_words, workspace_word},
};
use crate::error::{Result, StoreError};

const ADD_SQLITE: &str =
    "INSERT INTO message_search (workspace, words, conversation_id, message_id) VALUES ($1, $2, $3, $4)";
const ADD_POSTGRES: &str = "INSERT INTO message_search (workspace_id, conversation_id, message_id, words) \
     VALUES ($5, $3, $4, array_to_tsvector(array_append(string_to_array($2, ' '), $1)))";
const PLACE_SQLITE: &str = "SELECT rowid FROM message_search WHERE message_search MATCH $1 AND message_id = $2 LIMIT 1";
const PLACE_POSTGRES: &str =
    "SELECT place FROM message_search WHERE words @@ CAST($1 AS tsquery) AND message_id = $2 LIMIT 1";
const SET_SQLITE: &str = "UPDATE message_search SET words = $2 WHERE rowid = $1 AND message_id = $3";
const SET_POSTGRES: &str = "UPDATE message_search SET words = array_to_tsvector(array_append(string_to_array($2, ' '), $4)) \
     WHERE place = $1 AND message_id = $3";
const CONTACT_PLACE: &str = "SELECT place FROM contact_search_place WHERE workspace_id = $1 AND contact_id = $2";
const CONTACT_ADD_SQLITE: &str = "INSERT INTO contact_search (workspace, words, contact_id) VALUES ($1, $2, $3)";
/// RETURNING does not return the rowid that FTS5 chose.
const LAST_PLACE_SQLITE: &str = "SELECT last_insert_rowid()";
const CONTACT_SET_SQLITE: &str = "UPDATE contact_search SET words = $2 WHERE rowid = $1";
const CONTACT_KEEP_PLACE: &str =
    "INSERT INTO contact_search_place (workspace_id, contact_id, place) VALUES ($1, $2, $3)";
const CONTACT_SET_POSTGRES: &str = "INSERT INTO contact_search (workspace_id, contact_id, words) \
     VALUES ($3, $4, array_to_tsvector(array_append(string_to_array($2, ' '), $1))) \
     ON CONFLICT (workspace_id, contact_id) DO UPDATE SET words = excluded.words";
/// How many of the newest hits are checked for a member who does not see everything. Without this limit, a common word would be checked in
/// every conversation.
const CANDIDATES: &str = "20000";
/// How many words of each kind are used to find the index row of a known message. Its first words are enough, and a long run without spaces
/// has thousands.
const PLACED_BY: usize = 12;
/// How many of the newest messages PostgreSQL searches before it uses the index. A common word is found among them at once.
const RECENT: &str = "2000";

pub(super) const SQLITE_STATEMENTS: &[&str] = &[
    ADD_SQLITE,
    PLACE_SQLITE,
    SET_SQLITE,
    CONTACT_PLACE,
    CONTACT_ADD_SQLITE,
    LAST_PLACE_SQLITE,
    CONTACT_SET_SQLITE,
    CONTACT_KEEP_PLACE,
];
pub(super) const POSTGRES_STATEMENTS: &[&str] = &[ADD_POSTGRES, PLACE_POSTGRES, SET_POSTGRES, CONTACT_SET_POSTGRES];

/// Which rows a search reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The rows that the index finds. SQLite returns the newest first. PostgreSQL must be kept from walking all rows backwards instead,
    /// which costs a thousand times as much for rare words.
    Index,
    /// The newest rows, on PostgreSQL only. There the index would collect all hits of a common word before returning the first.
    Recent,
}

/// The ways to search on an engine, in the order in which they are tried.
const fn ways(engine: Engine) -> &'static [Way] {
    match engine {
        Engine::Sqlite => &[Way::Index],
        Engine::Postgres => &[Way::Recent, Way::Index],
    }
}

/// An indexed table and its order of insertion.
struct Index {
    table: &'static str,
    columns: &'static str,
    /// PostgreSQL's column for the order. On SQLite the rowid is the order.
    place: &'static str,
    /// The same order as an expression that no index covers.
    unindexed: &'static str,
    /// The newest rows.
    newest: &'static str,
}

const MESSAGES: Index = Index {
    table: "message_search",
    columns: "conversation_id, message_id",
    place: "place",
    unindexed: "place + 0",
    // Of all workspaces: for a small workspace PostgreSQL would otherwise read the whole table. The query contains the workspace's word.
    newest: "message_search ORDER BY place DESC",
};
const CONTACTS: Index = Index {
    table: "contact_search",
    columns: "contact_id",
    place: "contact_id",
    unindexed: "contact_id || ''",
    newest: "contact_search WHERE workspace_id = $1 ORDER BY contact_id DESC",
};

impl Index {
    /// The hits as `s`, newest first. A member who sees everything needs only `$4` of them. For other members more are read.
    fn hits(&self, engine: Engine, way: Way, reach: Reach) -> String {
        let Self { table, columns, place, unindexed, newest } = self;
        let bound = if reach == Reach::All { "$4" } else { CANDIDATES };
        match (engine, way) {
            (Engine::Sqlite, _) => format!(
                "(SELECT rowid AS place, {columns} FROM {table} WHERE {table} MATCH $3 ORDER BY rowid DESC LIMIT {bound}) s"
            ),
            (Engine::Postgres, Way::Index) => format!(
                "(SELECT {place} AS place, {columns} FROM {table} WHERE words @@ CAST($3 AS tsquery) \
                 ORDER BY {unindexed} DESC LIMIT {bound}) s"
            ),
            (Engine::Postgres, Way::Recent) => format!(
                "(SELECT {place} AS place, {columns} FROM (SELECT * FROM {newest} LIMIT {RECENT}) r \
                 WHERE r.words @@ CAST($3 AS tsquery)) s"
            ),
        }
    }
}

/// `$1` workspace, `$2` member, `$3` the query, `$4` the limit.
fn messages_sql(engine: Engine, way: Way, reach: Reach) -> String {
    let hits = MESSAGES.hits(engine, way, reach);
    // CROSS makes SQLite read the hits first. PostgreSQL does not accept a condition on a CROSS JOIN.
    let join = if engine == Engine::Sqlite { "CROSS JOIN" } else { "JOIN" };
    format!(
        "SELECT s.conversation_id, s.message_id FROM {hits} {join} conversation c ON c.workspace_id = $1 \
         AND c.id = s.conversation_id{} ORDER BY s.place DESC LIMIT $4",
        visible(reach)
    )
}

/// The statement for contacts. A member who sees one of a contact's conversations sees the contact.
fn contacts_sql(engine: Engine, way: Way, reach: Reach) -> String {
    let hits = CONTACTS.hits(engine, way, reach);
    let seen = visible(reach);
    let seen = match reach {
        Reach::All => format!("CAST($1 AS TEXT) IS NOT NULL{seen}"),
        _ => format!(
            "EXISTS (SELECT 1 FROM conversation c WHERE c.workspace_id = $1 AND c.contact_id = s.contact_id{seen})"
        ),
    };
    format!("SELECT s.contact_id FROM {hits} WHERE {seen} ORDER BY s.place DESC LIMIT $4")
}

/// Every composed statement, for the tests, with its table, way and reach.
pub fn composed_statements(engine: Engine) -> Vec<(&'static str, Way, Reach, String)> {
    let mut all = Vec::new();
    for reach in Reach::LISTED {
        for &way in ways(engine) {
            all.push(("messages", way, reach, messages_sql(engine, way, reach)));
            all.push(("contacts", way, reach, contacts_sql(engine, way, reach)));
        }
    }
    all
}

/// Adds a message to the index.
///
/// # Errors
/// When the database fails.
pub async fn add_message(
    tx: &mut Tx<'_>,
    scope: &Scope,
    conversation: ConversationId,
    message: MessageId,
    text: &str,
) -> Result<(), StoreError> {
    let words = index_words(text);
    if words.is_empty() {
        return Ok(());
    }
    let workspace = scope.workspace().to_string();
    let mut values = args![workspace_word(&workspace), words, conversation, message];
    match tx.conn().engine() {
        Engine::Sqlite => tx.exec(ADD_SQLITE, values).await?,
        Engine::Postgres => {
            values.extend(args![workspace]);
            tx.exec(ADD_POSTGRES, values).await?
        }
    };
    Ok(())
}

/// The index row of a message with this text. None when the index has no word of the text. The lookup reads every row that contains the
/// first words of the text, so do it outside of a write transaction.
///
/// # Errors
/// When the database fails.
pub async fn place_of(
    conn: &mut Conn<'_>,
    scope: &Scope,
    message: MessageId,
    text: &str,
) -> Result<Option<i64>, StoreError> {
    let Some(query) = place_query(text) else { return Ok(None) };
    let workspace = scope.workspace().to_string();
    let (sql, query) = match conn.engine() {
        Engine::Sqlite => (PLACE_SQLITE, query.fts5(&workspace)),
        Engine::Postgres => (PLACE_POSTGRES, query.tsquery(&workspace)),
    };
    Ok(conn.opt::<(i64,)>(sql, args![query, message]).await?.map(|(place,)| place))
}

fn place_query(text: &str) -> Option<Query> {
    let mut query = Query::parse(text)?;
    query.whole.truncate(PLACED_BY);
    query.prefixes.truncate(PLACED_BY);
    Some(query)
}

/// Replaces a message's text in the index. `place` comes from [`place_of`].
///
/// # Errors
/// When the database fails.
pub async fn set_message(
    tx: &mut Tx<'_>,
    scope: &Scope,
    place: i64,
    message: MessageId,
    text: &str,
) -> Result<(), StoreError> {
    let mut values = args![place, index_words(text), message];
    let sql = match tx.conn().engine() {
        Engine::Sqlite => SET_SQLITE,
        Engine::Postgres => {
            values.extend(args![workspace_word(&scope.workspace().to_string())]);
            SET_POSTGRES
        }
    };
    tx.exec(sql, values).await?;
    Ok(())
}

/// Adds a contact to the index, or replaces it there.
///
/// # Errors
/// When the database fails.
pub async fn set_contact(tx: &mut Tx<'_>, scope: &Scope, contact: &Contact) -> Result<(), StoreError> {
    let text = [&contact.name, &contact.email, &contact.company, &contact.phone].map(String::as_str).join(" ");
    let (workspace, words) = (scope.workspace().to_string(), index_words(&text));
    match tx.conn().engine() {
        Engine::Postgres => {
            tx.exec(CONTACT_SET_POSTGRES, args![workspace_word(&workspace), words, workspace, contact.id]).await?;
        }
        Engine::Sqlite => match tx.conn().opt::<(i64,)>(CONTACT_PLACE, args![workspace.clone(), contact.id]).await? {
            Some((place,)) => {
                tx.exec(CONTACT_SET_SQLITE, args![place, words]).await?;
            }
            None => {
                tx.exec(CONTACT_ADD_SQLITE, args![workspace_word(&workspace), words, contact.id]).await?;
                let (place,): (i64,) = tx.conn().one(LAST_PLACE_SQLITE, args![]).await?;
                tx.exec(CONTACT_KEEP_PLACE, args![workspace, contact.id, place]).await?;
            }
        },
    }
    Ok(())
}

/// The newest messages that contain every word of `text`, at most `limit`, in conversations that the member may see. It runs at most three
/// statements. For a member who does not see everything, only the newest 20,000 hits are checked.
///
/// # Errors
/// When the database fails.
pub async fn messages(
    conn: &mut Conn<'_>,
    scope: &Scope,
    text: &str,
    limit: i64,
) -> Result<Vec<(ConversationRow, MessageId)>, StoreError> {
    let rows: Vec<(String, String)> = find(conn, scope, text, limit, messages_sql).await?;
    let mut hits = Vec::with_capacity(rows.len());
    for (conversation, message) in rows {
        hits.push((read("conversation", conversation)?, read("message", message)?));
    }
    let ids: BTreeSet<ConversationId> = hits.iter().map(|(conversation, _)| *conversation).collect();
    let rows = conversation::some(conn, scope, &ids).await?;
    let rows: HashMap<ConversationId, ConversationRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    Ok(hits
        .into_iter()
        .filter_map(|(conversation, message)| Some((rows.get(&conversation)?.clone(), message)))
        .collect())
}

/// The newest contacts whose name, address, company or phone contain every word of `text`, at most `limit`, that the member may see.
///
/// # Errors
/// When the database fails.
pub async fn contacts(
    conn: &mut Conn<'_>,
    scope: &Scope,
    text: &str,
    limit: i64,
) -> Result<Vec<ContactId>, StoreError> {
    let rows: Vec<(String,)> = find(conn, scope, text, limit, contacts_sql).await?;
    rows.into_iter().map(|(id,)| read("contact", id)).collect()
}

/// Tries the engine's ways to search until one finds `limit` rows.
async fn find<T: Row>(
    conn: &mut Conn<'_>,
    scope: &Scope,
    text: &str,
    limit: i64,
    sql: fn(Engine, Way, Reach) -> String,
) -> Result<Vec<T>, StoreError> {
    let Some(query) = Query::parse(text) else { return Ok(Vec::new()) };
    let (engine, workspace) = (conn.engine(), scope.workspace().to_string());
    let query = match engine {
        Engine::Sqlite => query.fts5(&workspace),
        Engine::Postgres => query.tsquery(&workspace),
    };
    let mut found = Vec::new();
    for &way in ways(engine) {
        let values = args![workspace.clone(), scope.reach_key(), query.clone(), limit];
        found = conn.all(ours(sql(engine, way, scope.reach())), values).await?;
        if found.len() as i64 >= limit {
            break;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s10_a_place_is_looked_for_by_a_few_words() {
        for text in
            ["見積書をありがとうございます。".repeat(10_000), "word ".repeat(10_000), "見積書 word".repeat(10_000)]
        {
            let query = place_query(&text).unwrap();
            assert!(query.whole.len() <= PLACED_BY && query.prefixes.len() <= PLACED_BY, "{query:?}");
            assert!(query.fts5("w").len() < 1000 && query.tsquery("w").len() < 1000);
            let indexed = index_words(&text);
            let words: BTreeSet<&str> = indexed.split(' ').collect();
            assert!(query.whole.iter().all(|word| words.contains(word.as_str())), "{query:?}");
        }
        assert!(place_query("…").is_none());
    }
}
