//! Tags of a workspace, and where they are used. Which tags a conversation or contact has is part of its own row; the join tables here find
//! the rows by tag.

use model::{ContactId, ConversationId, Tag, TagFilter, TagId, Tags, is_filler};
use unicode_normalization::UnicodeNormalization;

use super::{
    Scope, Tx,
    codec::read,
    conn::{Conn, Engine, Val, args, row},
    table::{insert, set, sql, table},
};
use crate::error::StoreError;

pub(super) const STATEMENTS: &[&str] =
    &[ALL, INSERT, SAVE, USES, ADD_CONVERSATION, DROP_CONVERSATION, ADD_CONTACT, DROP_CONTACT, CONVERSATIONS, CONTACTS];

/// How many uses of a tag are counted exactly.
pub const COUNTED: i64 = 1_000;

/// A name in the form in which two names are the same: whatever their case, the width of their letters, how accents are put together, and
/// what is invisible in them.
pub fn key(name: &str) -> String {
    name.nfkc().filter(|c| !is_filler(*c)).collect::<String>().to_lowercase()
}

table! {
    /// What may be edited.
    struct Card {
        name: String,
        key: String,
        color: String,
        archived: bool,
        merged_into: Option<i64>,
    }
}

table! {
    struct Raw {
        id: i64,
        ..card: Card,
    }
}

impl TryFrom<Raw> for Tag {
    type Error = StoreError;
    fn try_from(Raw { id, card }: Raw) -> Result<Self, StoreError> {
        Ok(Self {
            id: number(id)?,
            name: card.name,
            color: read("colour", card.color)?,
            archived: card.archived,
            merged_into: card.merged_into.map(number).transpose()?,
        })
    }
}

impl From<&Tag> for Card {
    fn from(tag: &Tag) -> Self {
        Self {
            name: tag.name.clone(),
            key: key(&tag.name),
            color: tag.color.as_str().to_owned(),
            archived: tag.archived,
            merged_into: tag.merged_into.map(|tag| i64::from(tag.number())),
        }
    }
}

fn number(id: i64) -> Result<TagId, StoreError> {
    u32::try_from(id).map(TagId::new).map_err(|_| StoreError::Corrupt(format!("tag {id}")))
}

/// The tags of a row, as its column `tags` has them: `" 3 17 "`, or nothing. Each number stands between spaces, so that it can be searched.
pub(super) fn text(tags: &Tags) -> String {
    let mut text = tags.iter().map(|tag| format!(" {tag}")).collect::<String>();
    if !text.is_empty() {
        text.push(' ');
    }
    text
}

/// The tags in a column `tags`.
pub(super) fn parse(text: &str) -> Result<Tags, StoreError> {
    text.split_whitespace()
        .map(|number| number.parse().map_err(|_| StoreError::Corrupt(format!("tags {text:?}"))))
        .collect()
}

const ALL: &str = sql!("SELECT ", Raw::COLUMNS, " FROM tag WHERE workspace_id = $1 ORDER BY id");

/// All tags in the order of their numbers. A workspace has [`model::MOST_IN_WORKSPACE`] at most.
///
/// # Errors
/// When the database fails.
pub async fn all(conn: &mut Conn<'_>, scope: &Scope) -> Result<Vec<Tag>, StoreError> {
    conn.all::<Raw>(ALL, args![scope.workspace()]).await?.into_iter().map(Tag::try_from).collect()
}

const INSERT: &str = insert!("tag", sql!("workspace_id, ", Raw::COLUMNS));

/// Stores a new tag.
///
/// # Errors
/// When the database fails, also when its number or name is taken.
pub async fn insert(tx: &mut Tx<'_>, scope: &Scope, tag: &Tag) -> Result<(), StoreError> {
    let raw = Raw { id: i64::from(tag.id.number()), card: tag.into() };
    tx.exec(INSERT, args![scope.workspace(); raw.values()]).await?;
    Ok(())
}

const SAVE: &str = sql!("UPDATE tag SET ", set!(3, Card::COLUMNS), " WHERE workspace_id = $1 AND id = $2");

/// Stores an edited tag.
///
/// # Errors
/// When the database fails, also when another tag has its name.
pub async fn save(tx: &mut Tx<'_>, scope: &Scope, tag: &Tag) -> Result<(), StoreError> {
    tx.exec(SAVE, args![scope.workspace(), i64::from(tag.id.number()); Card::from(tag).values()]).await?;
    Ok(())
}

row! {
    struct RawUses {
        id: i64,
        conversations: i64,
        contacts: i64,
    }
}

const USES: &str = "SELECT t.id, (SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1 FROM conversation_tag c \
     WHERE c.workspace_id = t.workspace_id AND c.tag_id = t.id LIMIT $2) AS some_conversations) AS conversations, \
     (SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1 FROM contact_tag c \
     WHERE c.workspace_id = t.workspace_id AND c.tag_id = t.id LIMIT $2) AS some_contacts) AS contacts \
     FROM tag t WHERE t.workspace_id = $1 ORDER BY t.id";

/// How many conversations and contacts have each tag, counted up to [`COUNTED`].
///
/// # Errors
/// When the database fails.
pub async fn uses(conn: &mut Conn<'_>, scope: &Scope) -> Result<Vec<(TagId, i64, i64)>, StoreError> {
    let raw: Vec<RawUses> = conn.all(USES, args![scope.workspace(), COUNTED]).await?;
    raw.into_iter().map(|raw| Ok((number(raw.id)?, raw.conversations, raw.contacts))).collect()
}

const ADD_CONVERSATION: &str =
    "INSERT INTO conversation_tag (workspace_id, tag_id, conversation_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
const DROP_CONVERSATION: &str =
    "DELETE FROM conversation_tag WHERE workspace_id = $1 AND tag_id = $2 AND conversation_id = $3";

/// Keeps the lookup by tag in step with a conversation's row.
pub(super) async fn move_conversation(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: ConversationId,
    before: &Tags,
    after: &Tags,
) -> Result<(), StoreError> {
    for (sql, tag) in steps(before, after, ADD_CONVERSATION, DROP_CONVERSATION) {
        tx.exec(sql, args![scope.workspace(), tag, id]).await?;
    }
    Ok(())
}

const ADD_CONTACT: &str =
    "INSERT INTO contact_tag (workspace_id, tag_id, contact_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
const DROP_CONTACT: &str = "DELETE FROM contact_tag WHERE workspace_id = $1 AND tag_id = $2 AND contact_id = $3";

/// Keeps the lookup by tag in step with a contact's row.
///
/// # Errors
/// When the database fails.
pub async fn move_contact(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: ContactId,
    before: &Tags,
    after: &Tags,
) -> Result<(), StoreError> {
    for (sql, tag) in steps(before, after, ADD_CONTACT, DROP_CONTACT) {
        tx.exec(sql, args![scope.workspace(), tag, id]).await?;
    }
    Ok(())
}

/// The statement and the tag of each difference.
fn steps(before: &Tags, after: &Tags, add: &'static str, drop: &'static str) -> Vec<(&'static str, i64)> {
    let added = after.iter().filter(|tag| !before.contains(*tag)).map(|tag| (add, i64::from(tag.number())));
    let dropped = before.iter().filter(|tag| !after.contains(*tag)).map(|tag| (drop, i64::from(tag.number())));
    added.chain(dropped).collect()
}

const CONVERSATIONS: &str = "SELECT conversation_id FROM conversation_tag WHERE workspace_id = $1 AND tag_id = $2 \
     ORDER BY conversation_id LIMIT $3";

/// Some conversations that have a tag, in the order of their ids.
///
/// # Errors
/// When the database fails.
pub async fn conversations(
    conn: &mut Conn<'_>,
    scope: &Scope,
    tag: TagId,
    limit: i64,
) -> Result<Vec<ConversationId>, StoreError> {
    let rows: Vec<(String,)> =
        conn.all(CONVERSATIONS, args![scope.workspace(), i64::from(tag.number()), limit]).await?;
    rows.into_iter().map(|(id,)| read("conversation", id)).collect()
}

/// The rule of [`TagFilter::fits`] on a conversation `c`. The values are those of [`values`]; NULL switches a condition off.
pub(super) fn conditions(engine: Engine, [any, all, none]: [&str; 3]) -> String {
    let each = |value: &str| match engine {
        Engine::Sqlite => format!("json_each({value}) t"),
        Engine::Postgres => format!("json_array_elements_text(CAST({value} AS JSON)) t(value)"),
    };
    let has = match engine {
        Engine::Sqlite => "instr(c.tags, t.value) > 0",
        Engine::Postgres => "strpos(c.tags, t.value) > 0",
    };
    let is_there = |value: &str, exists: &str, fits: &str| {
        format!(" AND (CAST({value} AS TEXT) IS NULL OR {exists} (SELECT 1 FROM {} WHERE {fits}))", each(value))
    };
    is_there(any, "EXISTS", has)
        + &is_there(all, "NOT EXISTS", &format!("NOT ({has})"))
        + &is_there(none, "NOT EXISTS", has)
}

/// What is bound to [`conditions`]: JSON arrays of tags as they stand in the column, between spaces.
pub(super) fn values(tags: &TagFilter) -> Result<[Val; 3], StoreError> {
    let json = |tags: &[TagId]| -> Result<Val, StoreError> {
        let words: Vec<String> = tags.iter().map(|tag| format!(" {tag} ")).collect();
        let json = serde_json::to_string(&words).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        Ok((!words.is_empty()).then_some(json).into())
    };
    Ok([json(&tags.any)?, json(&tags.all)?, json(&tags.none)?])
}

const CONTACTS: &str =
    "SELECT contact_id FROM contact_tag WHERE workspace_id = $1 AND tag_id = $2 ORDER BY contact_id LIMIT $3";

/// Some contacts that have a tag, in the order of their ids.
///
/// # Errors
/// When the database fails.
pub async fn contacts(
    conn: &mut Conn<'_>,
    scope: &Scope,
    tag: TagId,
    limit: i64,
) -> Result<Vec<ContactId>, StoreError> {
    let rows: Vec<(String,)> = conn.all(CONTACTS, args![scope.workspace(), i64::from(tag.number()), limit]).await?;
    rows.into_iter().map(|(id,)| read("contact", id)).collect()
}
