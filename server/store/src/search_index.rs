//! Keeps the index of messages: what is written is indexed in the same transaction, and what is older than the index is added by a job,
//! newest messages first.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::{ConversationId, Message, MessageId};

use super::{
    Scope, Tx,
    codec::read,
    conn::{Conn, Engine, args, row},
    replay::messages_of,
    scope::{among, ours},
    wanted::{Findable, Whereabouts},
};
use crate::error::StoreError;

/// The place of the first message after the index was made. Older ones get the places below it.
const FIRST: i64 = 1 << 40;

const NEXT_SQLITE: &str = "SELECT MAX(search_place) FROM message";
const LAST_SQLITE: &str = "SELECT MIN(search_place) FROM message WHERE search_place > 0";
const NEXT_POSTGRES: &str = "SELECT nextval('message_find_new') FROM generate_series(1, $1)";
const LAST_POSTGRES: &str = "SELECT nextval('message_find_old') FROM generate_series(1, $1)";
/// `$2` is a JSON object of places by id. A join would let the engine read the whole workspace instead.
const PLACE_SQLITE: &str = "UPDATE message SET search_place = CAST(json_extract($2, '$.\"' || id || '\"') AS BIGINT) \
     WHERE workspace_id = $1 AND id IN (SELECT key FROM json_each($2)) AND COALESCE(search_place, 0) = 0";
const PLACE_POSTGRES: &str = "UPDATE message SET search_place = CAST((SELECT CAST($2 AS JSONB)) ->> id AS BIGINT) \
     WHERE workspace_id = $1 AND id = ANY (ARRAY(SELECT jsonb_object_keys(CAST($2 AS JSONB)))) AND COALESCE(search_place, 0) = 0";
const ADD_SQLITE: &str = "INSERT INTO message_find (rowid, words) \
     SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each($1)";
const ADD_POSTGRES: &str = "INSERT INTO message_find (place, words) \
     SELECT CAST(j ->> 0 AS BIGINT), CAST(j ->> 1 AS TSVECTOR) FROM json_array_elements(CAST($1 AS JSON)) j";
const SET_SQLITE: &str = "UPDATE message_find SET words = $2 WHERE rowid = $1";
const SET_POSTGRES: &str = "UPDATE message_find SET words = CAST($2 AS TSVECTOR) WHERE place = $1";
const KNOW_SQLITE: &str = "INSERT INTO search_word (workspace_id, word) SELECT $1, value FROM json_each($2) WHERE TRUE ON CONFLICT DO NOTHING";
const PLACE_OF: &str = "SELECT search_place FROM message WHERE workspace_id = $1 AND id = $2";
const UNPLACED: &str =
    "SELECT id FROM message WHERE workspace_id = $1 AND search_place IS NULL ORDER BY id DESC LIMIT $2";

pub(super) const STATEMENTS: &[&str] = &[PLACE_OF, UNPLACED];
pub(super) const SQLITE_STATEMENTS: &[&str] =
    &[NEXT_SQLITE, LAST_SQLITE, PLACE_SQLITE, ADD_SQLITE, SET_SQLITE, KNOW_SQLITE];
pub(super) const POSTGRES_STATEMENTS: &[&str] =
    &[NEXT_POSTGRES, LAST_POSTGRES, PLACE_POSTGRES, ADD_POSTGRES, SET_POSTGRES];

/// Where conversations are, and with whom. `$2` is a JSON array of conversations.
pub(super) fn whereabouts_sql(engine: Engine) -> String {
    format!(
        "SELECT c.id, c.channel_id, c.channel_kind, c.contact_id, COALESCE(NULLIF(c.label, ''), i.label) AS label, i.address \
         FROM conversation c JOIN identity i ON i.workspace_id = c.workspace_id AND i.id = c.identity_id \
         WHERE c.workspace_id = $1 AND c.id {}",
        among(engine, "$2")
    )
}

/// Where messages get their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// After all others: they are new.
    New,
    /// Before all others.
    Old,
}

/// What there is to find of a message that is being stored. None if there is nothing.
pub fn findable(scope: &Scope, message: &Message, place: &Whereabouts) -> Option<Findable> {
    Findable::of(scope.workspace(), message, place)
}

/// Indexes messages that were stored in this transaction, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn add(tx: &mut Tx<'_>, scope: &Scope, new: &[(MessageId, Option<Findable>)]) -> Result<(), StoreError> {
    place(tx, scope, new, End::New).await
}

/// Gives messages their places, and indexes them there.
async fn place(
    tx: &mut Tx<'_>,
    scope: &Scope,
    messages: &[(MessageId, Option<Findable>)],
    end: End,
) -> Result<(), StoreError> {
    let found = messages.iter().filter(|(_, findable)| findable.is_some()).count();
    let mut free = places(tx, found, end).await?.into_iter();
    let (mut placed, mut words, mut known) = (BTreeMap::new(), Vec::new(), BTreeSet::new());
    let engine = tx.conn().engine();
    for (id, findable) in messages {
        let at = match findable {
            Some(findable) => {
                let at = free.next().unwrap_or_default();
                known.extend(findable.known());
                words.push((at, if engine == Engine::Sqlite { findable.fts5() } else { findable.tsvector(at) }));
                at
            }
            None => 0,
        };
        placed.insert(id, at);
    }
    let (place, add) = match engine {
        Engine::Sqlite => (PLACE_SQLITE, ADD_SQLITE),
        Engine::Postgres => (PLACE_POSTGRES, ADD_POSTGRES),
    };
    tx.exec(place, args![scope.workspace(), json(&placed)?]).await?;
    if !words.is_empty() {
        tx.exec(add, args![json(&words)?]).await?;
    }
    if engine == Engine::Sqlite && !known.is_empty() {
        tx.exec(KNOW_SQLITE, args![scope.workspace(), json(&known)?]).await?;
    }
    Ok(())
}

/// Free places, ascending.
async fn places(tx: &mut Tx<'_>, n: usize, end: End) -> Result<Vec<i64>, StoreError> {
    let many = i64::try_from(n).unwrap_or(i64::MAX);
    if many == 0 {
        return Ok(Vec::new());
    }
    let sql = match (tx.conn().engine(), end) {
        (Engine::Sqlite, End::New) => NEXT_SQLITE,
        (Engine::Sqlite, End::Old) => LAST_SQLITE,
        (Engine::Postgres, End::New) => NEXT_POSTGRES,
        (Engine::Postgres, End::Old) => LAST_POSTGRES,
    };
    if tx.conn().engine() == Engine::Postgres {
        let mut free: Vec<(i64,)> = tx.conn().all(sql, args![many]).await?;
        free.sort_unstable();
        return Ok(free.into_iter().map(|(place,)| place).collect());
    }
    let (known,): (Option<i64>,) = tx.conn().one(sql, args![]).await?;
    Ok(match end {
        End::New => {
            let last = known.map_or(FIRST, |place| place.max(FIRST));
            (last + 1..=last + many).collect()
        }
        End::Old => {
            let first = known.map_or(FIRST + 1, |place| place.min(FIRST + 1));
            (first - many..first).collect()
        }
    })
}

/// Indexes a stored message again, because its text, subject or files changed. Does nothing if the job has not come to it yet.
///
/// # Errors
/// When the database fails.
pub async fn set(tx: &mut Tx<'_>, scope: &Scope, id: MessageId, findable: Option<Findable>) -> Result<(), StoreError> {
    let found: Option<(Option<i64>,)> = tx.conn().opt(PLACE_OF, args![scope.workspace(), id]).await?;
    let engine = tx.conn().engine();
    match (found.and_then(|(place,)| place), findable) {
        (None, _) | (Some(0), None) => Ok(()),
        (Some(0), Some(new)) => place(tx, scope, &[(id, Some(new))], End::New).await,
        (Some(at), new) => {
            let new = new.unwrap_or_default();
            let known: Vec<&str> = new.known().collect();
            if engine == Engine::Sqlite && !known.is_empty() {
                tx.exec(KNOW_SQLITE, args![scope.workspace(), json(&known)?]).await?;
            }
            let (sql, words) = match engine {
                Engine::Sqlite => (SET_SQLITE, new.fts5()),
                Engine::Postgres => (SET_POSTGRES, new.tsvector(at)),
            };
            tx.exec(sql, args![at, words]).await?;
            Ok(())
        }
    }
}

row! {
    struct RawWhereabouts {
        id: String,
        channel_id: String,
        channel_kind: String,
        contact_id: Option<String>,
        label: String,
        address: String,
    }
}

/// Whether all messages of a workspace are in the index.
///
/// # Errors
/// When the database fails.
pub async fn is_complete(conn: &mut Conn<'_>, scope: &Scope) -> Result<bool, StoreError> {
    Ok(next_unplaced(conn, scope).await?.is_none())
}

/// The newest message that is not in the index yet.
///
/// # Errors
/// When the database fails.
pub async fn next_unplaced(conn: &mut Conn<'_>, scope: &Scope) -> Result<Option<MessageId>, StoreError> {
    let found: Option<(String,)> = conn.opt(UNPLACED, args![scope.workspace(), 1]).await?;
    found.map(|(id,)| read("message", id)).transpose()
}

/// Indexes the newest `many` messages that are not in the index yet. Returns whether there may be more. What is indexed needs no other
/// mark of how far the job came, so a job that is killed goes on where it was.
///
/// # Errors
/// When the database fails.
pub async fn add_older(tx: &mut Tx<'_>, scope: &Scope, many: i64) -> Result<bool, StoreError> {
    let ids: Vec<(String,)> = tx.conn().all(UNPLACED, args![scope.workspace(), many]).await?;
    let more = ids.len() as i64 == many;
    let ids = ids.into_iter().map(|(id,)| read("message", id)).collect::<Result<BTreeSet<MessageId>, _>>()?;
    if ids.is_empty() {
        return Ok(false);
    }
    let mut stored = readable(tx, scope, &ids).await?;
    let conversations: BTreeSet<ConversationId> = stored.values().map(|message| message.conversation).collect();
    let places = whereabouts(tx, scope, &conversations).await?;
    // Ids grow with time, so this is the order in which they were written.
    let messages = ids.into_iter().map(|id| {
        let message = stored.remove(&id);
        let place = message.as_ref().and_then(|message| places.get(&message.conversation));
        let findable = message.as_ref().zip(place).and_then(|(message, place)| findable(scope, message, place));
        (id, findable)
    });
    let messages: Vec<_> = messages.collect();
    place(tx, scope, &messages, End::Old).await?;
    Ok(more)
}

/// The messages with these ids. One that cannot be read is left out, because it must not stop the others for ever.
async fn readable(
    tx: &mut Tx<'_>,
    scope: &Scope,
    ids: &BTreeSet<MessageId>,
) -> Result<HashMap<MessageId, Message>, StoreError> {
    match messages_of(tx.conn(), scope.workspace(), ids).await {
        Err(StoreError::Corrupt(_)) => {}
        read => return read,
    }
    let mut all = HashMap::new();
    for &id in ids {
        match messages_of(tx.conn(), scope.workspace(), &BTreeSet::from([id])).await {
            Err(StoreError::Corrupt(why)) => {
                tracing::warn!(message = %id, why, "a message cannot be read, and is not found by search");
            }
            read => all.extend(read?),
        }
    }
    Ok(all)
}

async fn whereabouts(
    tx: &mut Tx<'_>,
    scope: &Scope,
    conversations: &BTreeSet<ConversationId>,
) -> Result<HashMap<ConversationId, Whereabouts>, StoreError> {
    let sql = ours(whereabouts_sql(tx.conn().engine()));
    let rows: Vec<RawWhereabouts> = tx.conn().all(sql, args![scope.workspace(), json(conversations)?]).await?;
    rows.into_iter()
        .map(|row| {
            let kind = read("channel kind", row.channel_kind)?;
            let unknown = row.contact_id.is_none().then_some((row.label, row.address));
            Ok((read("conversation", row.id)?, Whereabouts::of(read("channel", row.channel_id)?, kind, unknown)))
        })
        .collect()
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt(error.to_string()))
}
