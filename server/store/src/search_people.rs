//! The people that a search finds: contacts by their own index, and people who are no contact by the messages they began with. A name with
//! one wrong letter is found by what is left of it when a letter is missing.

use std::collections::{BTreeMap, BTreeSet};

use model::{AddressKind, Contact, ContactId, ConversationId, ConversationRow};

use super::{
    Reach, Scope, Tx,
    codec::{read, read_opt},
    conn::{Conn, Engine, args},
    contact,
    conversation::{self, Loaded},
    scope::{among, ours, visible},
    search::{Way, ways},
    wanted::{Ask, Wanted, mark},
    words::{Query, index_words, runs, workspace_word},
};
use crate::error::StoreError;

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
const NEAR_ADD_SQLITE: &str = "INSERT INTO name_near (workspace_id, near, word) \
     SELECT $1, json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each($2) WHERE TRUE ON CONFLICT DO NOTHING";
const NEAR_ADD_POSTGRES: &str = "INSERT INTO name_near (workspace_id, near, word) \
     SELECT $1, j ->> 0, j ->> 1 FROM json_array_elements(CAST($2 AS JSON)) j ON CONFLICT DO NOTHING";
const NEAR_DUE: &str = "SELECT id FROM contact WHERE workspace_id = $1 AND near_due ORDER BY id DESC LIMIT $2";
const NEAR_DONE_SQLITE: &str =
    "UPDATE contact SET near_due = FALSE WHERE workspace_id = $1 AND id IN (SELECT value FROM json_each($2))";
const NEAR_DONE_POSTGRES: &str = "UPDATE contact SET near_due = FALSE WHERE workspace_id = $1 \
     AND id = ANY (ARRAY(SELECT json_array_elements_text(CAST($2 AS JSON))))";

/// How many of the newest hits are checked for a member who does not see everything.
const CANDIDATES: &str = "20000";
/// How many of the newest contacts PostgreSQL searches before it uses the index. A common word is found among them at once.
const RECENT: &str = "2000";
/// How many people a name in `from:` or `to:` may mean, and how many of their conversations are searched.
const MEANT: i64 = 50;
const MEANT_CONVERSATIONS: i64 = 500;
/// How many similar words are tried for a word.
const SIMILAR: usize = 20;
/// The lengths of words of which a letter may be wrong. Every third letter of a shorter one would be a guess.
const NEAR_CHARS: std::ops::RangeInclusive<usize> = 4..=24;

pub(super) const STATEMENTS: &[&str] = &[NEAR_DUE];
pub(super) const SQLITE_STATEMENTS: &[&str] = &[
    CONTACT_PLACE,
    CONTACT_ADD_SQLITE,
    LAST_PLACE_SQLITE,
    CONTACT_SET_SQLITE,
    CONTACT_KEEP_PLACE,
    NEAR_ADD_SQLITE,
    NEAR_DONE_SQLITE,
];
pub(super) const POSTGRES_STATEMENTS: &[&str] = &[CONTACT_SET_POSTGRES, NEAR_ADD_POSTGRES, NEAR_DONE_POSTGRES];

/// The hits as `s`, newest first. A member who sees everything needs only `$4` of them. For other members more are read.
fn hits(engine: Engine, way: Way, reach: Reach) -> String {
    let bound = if reach == Reach::All { "$4" } else { CANDIDATES };
    match (engine, way) {
        (Engine::Sqlite, _) => format!(
            "(SELECT rowid AS place, contact_id FROM contact_search WHERE contact_search MATCH $3 ORDER BY rowid DESC LIMIT {bound}) s"
        ),
        (Engine::Postgres, Way::Index | Way::Near) => format!(
            "(SELECT contact_id AS place, contact_id FROM contact_search WHERE words @@ CAST($3 AS tsquery) \
             ORDER BY contact_id || '' DESC LIMIT {bound}) s"
        ),
        (Engine::Postgres, Way::Recent) => format!(
            "(SELECT contact_id AS place, contact_id FROM (SELECT * FROM contact_search WHERE workspace_id = $1 \
             ORDER BY contact_id DESC LIMIT {RECENT}) r WHERE r.words @@ CAST($3 AS tsquery)) s"
        ),
    }
}

/// The statement for contacts. A member who sees one of a contact's conversations sees the contact.
fn contacts_sql(engine: Engine, way: Way, reach: Reach) -> String {
    let hits = hits(engine, way, reach);
    let seen = visible(reach);
    let seen = match reach {
        Reach::All => format!("CAST($1 AS TEXT) IS NOT NULL{seen}"),
        _ => format!(
            "EXISTS (SELECT 1 FROM conversation c WHERE c.workspace_id = $1 AND c.contact_id = s.contact_id{seen})"
        ),
    };
    format!("SELECT s.contact_id FROM {hits} WHERE {seen} ORDER BY s.place DESC LIMIT $4")
}

/// Conversations that somebody unknown began, by the marks of their first message.
fn unknown_sql(engine: Engine, reach: Reach) -> String {
    let join = if engine == Engine::Sqlite { "CROSS JOIN" } else { "JOIN" };
    let hits = super::search::hits(engine, Way::Index, &format!("LIMIT {CANDIDATES}"));
    format!(
        "SELECT c.id FROM ({hits}) s {join} message m ON m.search_place = s.place AND m.workspace_id = $1 \
         {join} conversation c ON c.workspace_id = $1 AND c.id = m.conversation_id AND c.contact_id IS NULL{} \
         ORDER BY s.place DESC LIMIT $5",
        visible(reach)
    )
}

/// The newest conversation of each contact that the member may see. `$3` is a JSON array of ids.
fn newest_sql(engine: Engine, reach: Reach) -> String {
    format!(
        "SELECT contact.id, (SELECT c.id FROM conversation c WHERE c.workspace_id = $1 AND c.contact_id = contact.id{} \
         ORDER BY c.last_at DESC LIMIT 1) AS conversation_id FROM contact WHERE workspace_id = $1 AND id {}",
        visible(reach),
        among(engine, "$3")
    )
}

/// The conversations of contacts, newest first. `$3` is a JSON array of contacts.
fn with_sql(engine: Engine, reach: Reach) -> String {
    format!(
        "SELECT c.id FROM conversation c WHERE c.workspace_id = $1 AND c.contact_id {}{} ORDER BY c.last_at DESC LIMIT $4",
        among(engine, "$3"),
        visible(reach)
    )
}

/// The words that have something in common with a word when a letter is missing. `$2` is a JSON array.
fn similar_sql(engine: Engine) -> String {
    format!(
        "SELECT DISTINCT word FROM name_near WHERE workspace_id = $1 AND near {} ORDER BY word LIMIT 200",
        among(engine, "$2")
    )
}

/// The statements that the tests of plans look at.
pub(super) fn composed_statements(engine: Engine, reach: Reach) -> Vec<(&'static str, Way, Reach, String)> {
    let of = |way: &Way| ("contacts", *way, reach, contacts_sql(engine, *way, reach));
    let mut all: Vec<_> = ways(engine).iter().filter(|way| **way != Way::Near).map(of).collect();
    all.push(("unknown", Way::Index, reach, unknown_sql(engine, reach)));
    all
}

/// Every other composed statement.
pub(super) fn statements(engine: Engine) -> Vec<String> {
    let each = Reach::LISTED.into_iter().flat_map(|reach| [newest_sql(engine, reach), with_sql(engine, reach)]);
    each.chain([similar_sql(engine)]).collect()
}

/// Adds a contact to the index, or replaces it there.
///
/// # Errors
/// When the database fails.
pub async fn set_contact(tx: &mut Tx<'_>, scope: &Scope, contact: &Contact) -> Result<(), StoreError> {
    let phone = phone_words(&contact.phone);
    let text = [&contact.name, &contact.email, &contact.company, &contact.phone, &phone].map(String::as_str).join(" ");
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
    add_near(tx, scope, &nears([contact.name.as_str(), contact.company.as_str()])).await
}

/// How many digits of a phone number find it.
const PHONE_DIGITS: usize = 5;

/// The digits of a phone number, and its ends: it is found with the country's number or without.
fn phone_words(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).take(20).collect();
    let ends = (0..=digits.len().saturating_sub(PHONE_DIGITS)).filter_map(|at| digits.get(at..));
    ends.filter(|end| end.len() >= PHONE_DIGITS).collect::<Vec<_>>().join(" ")
}

/// A text that is a phone number, as it is looked for: without signs, and without the zeros that are dialled before it.
fn as_phone(text: &str) -> Option<String> {
    let is_phone = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | ' ' | '(' | ')' | '-' | '/' | '.'));
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    (is_phone && digits.len() >= PHONE_DIGITS).then(|| digits.to_owned())
}

/// What the words of names are found by: each word, and what is left of it without one of its letters.
pub(super) fn nears<'n>(names: impl IntoIterator<Item = &'n str>) -> BTreeSet<(String, String)> {
    let words =
        names.into_iter().flat_map(runs).filter(|(word, spaced)| *spaced && NEAR_CHARS.contains(&word.chars().count()));
    words.flat_map(|(word, _)| without_one(&word).into_iter().map(move |near| (near, word.clone()))).collect()
}

pub(super) async fn add_near(
    tx: &mut Tx<'_>,
    scope: &Scope,
    nears: &BTreeSet<(String, String)>,
) -> Result<(), StoreError> {
    if nears.is_empty() {
        return Ok(());
    }
    let sql = match tx.conn().engine() {
        Engine::Sqlite => NEAR_ADD_SQLITE,
        Engine::Postgres => NEAR_ADD_POSTGRES,
    };
    tx.exec(sql, args![scope.workspace(), json(nears)?]).await?;
    Ok(())
}

/// Whether contacts are left whose names are not found by similar ones yet.
///
/// # Errors
/// When the database fails.
pub async fn is_near_due(conn: &mut Conn<'_>, scope: &Scope) -> Result<bool, StoreError> {
    Ok(conn.opt::<(String,)>(NEAR_DUE, args![scope.workspace(), 1]).await?.is_some())
}

/// Adds `many` contacts that are older than this index. Returns whether there may be more.
///
/// # Errors
/// When the database fails.
pub async fn add_older_names(tx: &mut Tx<'_>, scope: &Scope, many: i64) -> Result<bool, StoreError> {
    let due: Vec<(String,)> = tx.conn().all(NEAR_DUE, args![scope.workspace(), many]).await?;
    let more = due.len() as i64 == many;
    for (id,) in &due {
        if let Some(contact) = contact::one(tx.conn(), scope, read("contact", id.clone())?).await? {
            set_contact(tx, scope, &contact).await?;
        }
    }
    let ids: Vec<&str> = due.iter().map(|(id,)| id.as_str()).collect();
    let sql = match tx.conn().engine() {
        Engine::Sqlite => NEAR_DONE_SQLITE,
        Engine::Postgres => NEAR_DONE_POSTGRES,
    };
    tx.exec(sql, args![scope.workspace(), json(&ids)?]).await?;
    Ok(more)
}

/// A word, and what is left of it without one of its letters.
fn without_one(word: &str) -> BTreeSet<String> {
    let chars: Vec<char> = word.chars().collect();
    let left = |at: usize| chars.iter().enumerate().filter(|(n, _)| *n != at).map(|(_, c)| *c).collect::<String>();
    (0..chars.len()).map(left).chain([word.to_owned()]).collect()
}

/// Whether two words differ in one letter: another one, one more, one less, or two neighbours the wrong way round.
fn is_one_off(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let same = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[same..], &b[same..]);
    let rest = |word: &[char], skipped: usize| word.get(skipped..).map(<[char]>::to_vec);
    let is_swapped = matches!((a, b), ([a1, a2, a @ ..], [b1, b2, b @ ..]) if a1 == b2 && a2 == b1 && a == b);
    is_swapped
        || [(1, 1), (1, 0), (0, 1)].into_iter().any(|(of_a, of_b)| match (rest(a, of_a), rest(b, of_b)) {
            (Some(a), Some(b)) => a == b,
            _ => false,
        })
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
    let Some(query) = Query::parse(text) else { return Ok(Vec::new()) };
    found(conn, scope, &query, &BTreeMap::new(), limit).await
}

async fn found(
    conn: &mut Conn<'_>,
    scope: &Scope,
    query: &Query,
    similar: &BTreeMap<String, Vec<String>>,
    limit: i64,
) -> Result<Vec<ContactId>, StoreError> {
    let (engine, workspace) = (conn.engine(), scope.workspace().to_string());
    let query = match engine {
        Engine::Sqlite => query.fts5(&workspace, similar),
        Engine::Postgres => query.tsquery(&workspace, similar),
    };
    let mut rows: Vec<(String,)> = Vec::new();
    for &way in ways(engine).iter().filter(|way| **way != Way::Near) {
        let values = args![workspace.clone(), scope.reach_key(), query.clone(), limit];
        rows = conn.all(ours(contacts_sql(engine, way, scope.reach())), values).await?;
        if rows.len() as i64 >= limit {
            break;
        }
    }
    rows.into_iter().map(|(id,)| read("contact", id)).collect()
}

/// The words of names that are one letter off a word of the query, by that word.
async fn similar(
    conn: &mut Conn<'_>,
    scope: &Scope,
    query: &Query,
) -> Result<BTreeMap<String, Vec<String>>, StoreError> {
    let mut all = BTreeMap::new();
    for word in query.prefixes.iter().filter(|word| NEAR_CHARS.contains(&word.chars().count())) {
        let sql = ours(similar_sql(conn.engine()));
        let words: Vec<(String,)> = conn.all(sql, args![scope.workspace(), json(&without_one(word))?]).await?;
        let near: Vec<String> =
            words.into_iter().map(|(near,)| near).filter(|near| is_one_off(word, near)).take(SIMILAR).collect();
        if !near.is_empty() {
            all.insert(word.clone(), near);
        }
    }
    Ok(all)
}

/// The conversations that somebody unknown with this name or address began, newest first.
async fn unknown(
    conn: &mut Conn<'_>,
    scope: &Scope,
    name: &str,
    limit: i64,
) -> Result<Vec<ConversationId>, StoreError> {
    let Some(ask) = Ask::name(name, mark::unknown) else { return Ok(Vec::new()) };
    let mut wanted = Wanted::of(scope.workspace());
    wanted.all.push(ask);
    let engine = conn.engine();
    let query = if engine == Engine::Sqlite { wanted.fts5() } else { wanted.tsquery() };
    let values = args![scope.workspace(), scope.reach_key(), query, i64::MAX, limit];
    let rows: Vec<(String,)> = conn.all(ours(unknown_sql(engine, scope.reach())), values).await?;
    rows.into_iter().map(|(id,)| read("conversation", id)).collect()
}

/// The conversations with people of this name that the member may see, newest first.
pub(super) async fn conversations_with(
    conn: &mut Conn<'_>,
    scope: &Scope,
    name: &str,
) -> Result<Vec<ConversationId>, StoreError> {
    let mut all = unknown(conn, scope, name, MEANT).await?;
    let contacts = contacts(conn, scope, name, MEANT).await?;
    if !contacts.is_empty() {
        let values = args![scope.workspace(), scope.reach_key(), json(&contacts)?, MEANT_CONVERSATIONS];
        let rows: Vec<(String,)> = conn.all(ours(with_sql(conn.engine(), scope.reach())), values).await?;
        for (id,) in rows {
            all.push(read("conversation", id)?);
        }
    }
    Ok(all)
}

/// Somebody who was found.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonRow {
    /// The contact. None for somebody unknown.
    pub contact: Option<Contact>,
    /// The newest conversation with them that the member may see.
    pub row: Option<ConversationRow>,
    /// The address of somebody unknown. Empty where it is a secret.
    pub address: String,
    /// Whether only a similar name was found.
    pub near: bool,
}

/// The people that a search finds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct People {
    /// Those with the words first, then those with similar ones. Each part newest first.
    pub people: Vec<PersonRow>,
    /// Whether there are more.
    pub more: bool,
}

/// The people whose name, address, company or phone have every word of `text`, and where these are few, those whose name is one letter off.
///
/// # Errors
/// When the database fails.
pub async fn people(conn: &mut Conn<'_>, scope: &Scope, text: &str, limit: i64) -> Result<People, StoreError> {
    let phone = as_phone(text);
    let text = phone.as_deref().unwrap_or(text);
    let Some(query) = Query::parse(text) else { return Ok(People::default()) };
    let exact = found(conn, scope, &query, &BTreeMap::new(), limit + 1).await?;
    let unknown = unknown(conn, scope, text, limit + 1).await?;
    let mut near = Vec::new();
    if exact.len() + unknown.len() <= usize::try_from(limit).unwrap_or_default() {
        let similar = similar(conn, scope, &query).await?;
        if !similar.is_empty() {
            near = found(conn, scope, &query, &similar, limit + 1).await?;
            near.retain(|id| !exact.contains(id));
        }
    }
    let mut people = loaded(conn, scope, &exact, &near, &unknown).await?;
    let shown = usize::try_from(limit).unwrap_or_default();
    let more = people.len() > shown;
    people.truncate(shown);
    Ok(People { people, more })
}

async fn loaded(
    conn: &mut Conn<'_>,
    scope: &Scope,
    exact: &[ContactId],
    near: &[ContactId],
    unknown: &[ConversationId],
) -> Result<Vec<PersonRow>, StoreError> {
    let ids: Vec<ContactId> = exact.iter().chain(near).copied().collect();
    let mut known: BTreeMap<ContactId, (Contact, Option<ConversationId>)> = BTreeMap::new();
    if !ids.is_empty() {
        let sql = ours(newest_sql(conn.engine(), scope.reach()));
        let newest: Vec<(String, Option<String>)> =
            conn.all(sql, args![scope.workspace(), scope.reach_key(), json(&ids)?]).await?;
        let newest: BTreeMap<String, Option<String>> = newest.into_iter().collect();
        for contact in contact::some(conn, scope, &json(&ids)?).await? {
            let conversation = newest.get(&contact.id.to_string()).cloned().flatten();
            known.insert(contact.id, (contact, read_opt("conversation", conversation)?));
        }
    }
    let wanted: BTreeSet<ConversationId> =
        known.values().filter_map(|(_, conversation)| *conversation).chain(unknown.iter().copied()).collect();
    let rows: BTreeMap<ConversationId, Loaded> =
        conversation::some_loaded(conn, scope, &wanted).await?.into_iter().map(|of| (of.row.id, of)).collect();
    let person = |id: &ContactId, near: bool| {
        let (contact, conversation) = known.get(id)?;
        let row = conversation.and_then(|id| rows.get(&id)).map(|of| of.row.clone());
        Some(PersonRow { contact: Some(contact.clone()), row, address: String::new(), near })
    };
    let mut people: Vec<PersonRow> = exact.iter().filter_map(|id| person(id, false)).collect();
    people.extend(unknown.iter().filter_map(|id| {
        let of = rows.get(id)?;
        let is_secret = of.row.kind.capabilities().address == AddressKind::Browser;
        let address = if is_secret { String::new() } else { of.address.clone() };
        Some(PersonRow { contact: None, row: Some(of.row.clone()), address, near: false })
    }));
    people.sort_by_key(|person| std::cmp::Reverse(person.row.as_ref().map(|row| row.last_at)));
    people.extend(near.iter().filter_map(|id| person(id, true)));
    Ok(people)
}

fn json<T: serde::Serialize + ?Sized>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt(error.to_string()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn l5_one_wrong_letter() {
        for (typed, name) in [("amelei", "amelie"), ("ameli", "amelie"), ("amellie", "amelie"), ("anelie", "amelie")] {
            assert!(is_one_off(typed, name), "{typed}");
        }
        for (typed, name) in [("amelie", "emilie"), ("amelie", "amlei"), ("amelie", "camille")] {
            assert!(!is_one_off(typed, name), "{typed}");
        }
    }

    proptest! {
        /// Whatever one letter does, the word is among those that are looked up.
        #[test]
        fn l5_every_wrong_letter_is_looked_up(word in "[a-dé]{4,9}", at in 0usize..9, letter in "[a-dé]", how in 0..4) {
            let mut chars: Vec<char> = word.chars().collect();
            let (at, letter) = (at % chars.len(), letter.chars().next().unwrap());
            match how {
                0 => chars[at] = letter,
                1 => chars.insert(at, letter),
                2 => _ = chars.remove(at),
                _ => { let next = (at + 1) % chars.len(); if next > at { chars.swap(at, next); } }
            }
            let typed: String = chars.into_iter().collect();
            prop_assert!(typed == word || is_one_off(&typed, &word));
            prop_assert!(!without_one(&typed).is_disjoint(&without_one(&word)));
        }
    }
}
