//! Full text. The one place where the engines differ in SQL: FTS5 here, `tsvector` there, over the same words.

use app::model::{Contact, ContactId, ConversationId, ConversationRow, MessageId};

use super::{
    Scope, Tx,
    codec::read,
    conn::{Conn, Engine, args},
    conversation,
    words::{Query, index_words, workspace_word},
};
use crate::error::{Result, StoreError};

const ADD_SQLITE: &str =
    "INSERT INTO message_search (workspace, words, conversation_id, message_id) VALUES ($1, $2, $3, $4)";
const ADD_POSTGRES: &str = "INSERT INTO message_search (workspace_id, conversation_id, message_id, words) \
     VALUES ($5, $3, $4, array_to_tsvector(array_append(string_to_array($2, ' '), $1)))";
const FIND_SQLITE: &str =
    "SELECT conversation_id, message_id FROM message_search WHERE message_search MATCH $1 ORDER BY rowid DESC LIMIT $2";
/// `place + 0` keeps the planner from walking the primary key backwards for rare words (quality 1.3).
const FIND_POSTGRES: &str = "SELECT conversation_id, message_id FROM message_search WHERE words @@ CAST($1 AS tsquery) ORDER BY place + 0 DESC LIMIT $2";
const CONTACT_PLACE: &str = "SELECT place FROM contact_search_place WHERE workspace_id = $1 AND contact_id = $2";
const CONTACT_ADD_SQLITE: &str = "INSERT INTO contact_search (workspace, words, contact_id) VALUES ($1, $2, $3)";
/// RETURNING does not know the place that FTS5 gave.
const LAST_PLACE_SQLITE: &str = "SELECT last_insert_rowid()";
const CONTACT_SET_SQLITE: &str = "UPDATE contact_search SET words = $2 WHERE rowid = $1";
const CONTACT_KEEP_PLACE: &str =
    "INSERT INTO contact_search_place (workspace_id, contact_id, place) VALUES ($1, $2, $3)";
const CONTACT_SET_POSTGRES: &str = "INSERT INTO contact_search (workspace_id, contact_id, words) \
     VALUES ($3, $4, array_to_tsvector(array_append(string_to_array($2, ' '), $1))) \
     ON CONFLICT (workspace_id, contact_id) DO UPDATE SET words = excluded.words";
const CONTACT_FIND_SQLITE: &str =
    "SELECT contact_id FROM contact_search WHERE contact_search MATCH $1 ORDER BY rowid DESC LIMIT $2";
const CONTACT_FIND_POSTGRES: &str =
    "SELECT contact_id FROM contact_search WHERE words @@ CAST($1 AS tsquery) ORDER BY contact_id DESC LIMIT $2";

pub(super) const SQLITE_STATEMENTS: &[&str] = &[
    ADD_SQLITE,
    FIND_SQLITE,
    CONTACT_PLACE,
    CONTACT_ADD_SQLITE,
    LAST_PLACE_SQLITE,
    CONTACT_SET_SQLITE,
    CONTACT_KEEP_PLACE,
    CONTACT_FIND_SQLITE,
];
pub(super) const POSTGRES_STATEMENTS: &[&str] =
    &[ADD_POSTGRES, FIND_POSTGRES, CONTACT_SET_POSTGRES, CONTACT_FIND_POSTGRES];

/// Puts a message into the index.
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

/// Puts a contact into the index, in place of what it was.
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

/// The newest messages that hold every word of `text`, at most `limit`, of conversations that whoever asks may see.
///
/// # Errors
/// When the database fails.
pub async fn messages(
    conn: &mut Conn<'_>,
    scope: &Scope,
    text: &str,
    limit: i64,
) -> Result<Vec<(ConversationRow, MessageId)>, StoreError> {
    let Some(query) = Query::parse(text) else { return Ok(Vec::new()) };
    let workspace = scope.workspace().to_string();
    let rows: Vec<(String, String)> = match conn.engine() {
        Engine::Sqlite => conn.all(FIND_SQLITE, args![query.fts5(&workspace), limit]).await?,
        Engine::Postgres => conn.all(FIND_POSTGRES, args![query.tsquery(&workspace), limit]).await?,
    };
    let mut hits = Vec::new();
    for (conversation, message) in rows {
        // The same rule as everywhere decides what is seen.
        if let Some(loaded) = conversation::load(conn, scope, read("conversation", conversation)?).await? {
            hits.push((loaded.row, read("message", message)?));
        }
    }
    Ok(hits)
}

/// The contacts whose name, address, company or phone holds every word of `text`, at most `limit`.
///
/// # Errors
/// When the database fails.
pub async fn contacts(
    conn: &mut Conn<'_>,
    scope: &Scope,
    text: &str,
    limit: i64,
) -> Result<Vec<ContactId>, StoreError> {
    let Some(query) = Query::parse(text) else { return Ok(Vec::new()) };
    let workspace = scope.workspace().to_string();
    let rows: Vec<(String,)> = match conn.engine() {
        Engine::Sqlite => conn.all(CONTACT_FIND_SQLITE, args![query.fts5(&workspace), limit]).await?,
        Engine::Postgres => conn.all(CONTACT_FIND_POSTGRES, args![query.tsquery(&workspace), limit]).await?,
    };
    rows.into_iter().map(|(id,)| read("contact", id)).collect()
}
