//! Searches the index of messages, newest first. What a member may not see is excluded by the index itself: their channels and the
//! conversations that are theirs are marks of it. Where those are too many, hits are checked one by one. Either way each hit is compared
//! with the rule of rights in the same statement.
//!
//! Only here and in `search_index.rs` and `search_people.rs` the SQL of the engines differs.

use std::collections::{BTreeSet, HashMap};

use model::{
    Assignee, ConversationId, ConversationRow, Filter, MessageConditions, MessageId, Query, SearchCursor, TagFilter,
    Term, Timestamp, Who,
};

use super::{
    Reach, Scope,
    codec::read,
    conn::{Conn, Engine, Val, args, row},
    conversation,
    scope::{among, ours, visible},
    tag,
    wanted::{Ask, Wanted, mark},
};
pub use super::{
    search_index::{add, add_older, findable, is_complete, next_unplaced, set},
    search_people::{People, PersonRow, add_older_names, contacts, is_near_due, people, set_contact},
    wanted::{Findable, Whereabouts},
};
use crate::error::StoreError;

/// How many hits a search examines where not every hit fits: first few, because most searches need no more.
pub const LOOKED_AT: [i64; 2] = [1_000, 20_000];
/// The most conversations that are looked for by their marks. Each one costs a look into the index.
pub const MARKED: usize = 1_000;
/// The most words that a beginning is looked up as. If more words begin so, SQLite reads them all.
const CONTINUED: i64 = 128;
/// How many of the newest messages PostgreSQL searches before it uses the index. A common word is found among them at once.
const RECENT: i64 = 500;

/// From the places of one mark to those of the next older one.
const STEP: i64 = 1 << 14;

const CONTINUES_SQLITE: &str =
    "SELECT word FROM search_word WHERE workspace_id = $1 AND word >= $2 AND word < $3 ORDER BY word LIMIT $4";
const NEWEST_POSTGRES: &str = "SELECT place FROM message_find WHERE place < $1 ORDER BY place DESC LIMIT 1";
const MY_CHANNELS: &str = "SELECT DISTINCT tc.channel_id FROM team_member tm JOIN team_channel tc ON tc.workspace_id = tm.workspace_id \
     AND tc.team_id = tm.team_id WHERE tm.workspace_id = $1 AND tm.member_id = $2";
const MINE: &str = "SELECT id FROM conversation WHERE workspace_id = $1 AND assignee_id = $2 LIMIT $3";
const OF_MY_TEAMS: &str = "SELECT c.id FROM team_member tm JOIN conversation c ON c.workspace_id = tm.workspace_id AND c.team_id = tm.team_id \
     WHERE tm.workspace_id = $1 AND tm.member_id = $2 LIMIT $3";
const AT: &str = "SELECT at FROM message WHERE workspace_id = $1 AND search_place = $2";

pub(super) const STATEMENTS: &[&str] = &[MY_CHANNELS, MINE, OF_MY_TEAMS, AT];
pub(super) const SQLITE_STATEMENTS: &[&str] = &[CONTINUES_SQLITE];
pub(super) const POSTGRES_STATEMENTS: &[&str] = &[NEWEST_POSTGRES];

/// Which rows a search reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The rows that the index finds. SQLite returns the newest first. PostgreSQL must be kept from walking all rows backwards instead,
    /// which costs a thousand times as much for rare words.
    Index,
    /// The newest rows, on PostgreSQL only. There the index would collect all hits of a common word before returning the first.
    Recent,
    /// The rows that the index finds among the newest ones, by the marks of their places. On PostgreSQL only, for the same reason: for words
    /// that are too rare among the newest, and too common everywhere.
    Near,
}

/// The hits before `$4`, newest first. `tail` says how many.
pub(super) fn hits(engine: Engine, way: Way, tail: &str) -> String {
    match (engine, way) {
        (Engine::Sqlite, _) => format!(
            "SELECT rowid AS place FROM message_find WHERE message_find MATCH $3 AND rowid < $4 ORDER BY rowid DESC {tail}"
        ),
        (Engine::Postgres, Way::Index | Way::Near) => format!(
            "SELECT place FROM message_find WHERE words @@ CAST($3 AS tsquery) AND place + 0 < $4 ORDER BY place + 0 DESC {tail}"
        ),
        // Of all workspaces, because places are theirs together. The query has the workspace's mark.
        (Engine::Postgres, Way::Recent) => format!(
            "SELECT place FROM (SELECT place, words FROM message_find WHERE place < $4 ORDER BY place DESC LIMIT {RECENT}) r \
             WHERE words @@ CAST($3 AS tsquery) ORDER BY place DESC {tail}"
        ),
    }
}

/// The conditions on the conversation and the message, `$7` to `$18`. NULL switches one off.
fn conditions(engine: Engine) -> String {
    format!(
        " AND m.at >= $7 AND m.at < $8 \
         AND (CAST($9 AS TEXT) IS NULL OR c.status {}) \
         AND (CAST($10 AS TEXT) IS NULL OR COALESCE(c.assignee_id, '') = $10) \
         AND (CAST($11 AS TEXT) IS NULL OR c.waiting_since IS NOT NULL) \
         AND (CAST($12 AS TEXT) IS NULL OR c.inbound_count > COALESCE((SELECT rm.read_count FROM read_marker rm \
         WHERE rm.workspace_id = $1 AND rm.conversation_id = c.id AND rm.member_id = $13), \
         CASE WHEN c.last_inbound_at <= $14 THEN c.inbound_count ELSE 0 END)) \
         AND (CAST($15 AS TEXT) IS NULL OR c.channel_id {})",
        among(engine, "$9"),
        among(engine, "$15"),
    ) + &tag::conditions(engine, ["$16", "$17", "$18"])
}

/// A page of hits: `$1` workspace, `$2` whose rights, `$3` the query, `$4` before this place, `$5` how many hits are examined, `$6` how many
/// are returned.
fn page_sql(engine: Engine, way: Way, reach: Reach) -> String {
    // CROSS makes SQLite read the hits first. PostgreSQL does not accept a condition on a CROSS JOIN.
    let join = if engine == Engine::Sqlite { "CROSS JOIN" } else { "JOIN" };
    format!(
        "SELECT s.place, m.conversation_id, m.id AS message_id FROM ({}) s \
         {join} message m ON m.search_place = s.place AND m.workspace_id = $1 \
         {join} conversation c ON c.workspace_id = $1 AND c.id = m.conversation_id{}{} ORDER BY s.place DESC LIMIT $6",
        hits(engine, way, "LIMIT $5"),
        visible(reach),
        conditions(engine)
    )
}

/// The place of the hit after the `$5` that were examined. None if there are no more.
fn floor_sql(engine: Engine) -> String {
    let named = "CAST($1 AS TEXT) IS NOT NULL AND CAST($2 AS TEXT) IS NOT NULL";
    format!("SELECT place FROM ({}) s WHERE {named}", hits(engine, Way::Index, "LIMIT 1 OFFSET $5"))
}

/// Every composed statement, for the tests, with its way and reach.
pub fn composed_statements(engine: Engine) -> Vec<(&'static str, Way, Reach, String)> {
    let mut all = vec![("floor", Way::Index, Reach::All, floor_sql(engine))];
    for reach in Reach::LISTED {
        for &way in ways(engine) {
            all.push(("messages", way, reach, page_sql(engine, way, reach)));
        }
        all.extend(super::search_people::composed_statements(engine, reach));
    }
    all
}

/// The ways to search on an engine, in the order in which they are tried.
pub(super) const fn ways(engine: Engine) -> &'static [Way] {
    match engine {
        Engine::Sqlite => &[Way::Index],
        Engine::Postgres => &[Way::Recent, Way::Near, Way::Index],
    }
}

row! {
    struct RawHit {
        place: i64,
        conversation_id: String,
        message_id: String,
    }
}

/// A message that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// The conversation.
    pub conversation: ConversationId,
    /// The message.
    pub message: MessageId,
}

/// A page of messages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hits {
    /// The messages, newest first.
    pub hits: Vec<Hit>,
    /// Where the next page begins, if there may be one.
    pub after: Option<SearchCursor>,
    /// How far the search looked, if it stopped at its bound before the page was full.
    pub looked_back_to: Option<Timestamp>,
    /// Whether it stopped at a bound that does not say how far that is.
    pub partly: bool,
}

/// The messages that a search finds, newest first. `looked_at` is [`LOOKED_AT`] except in tests.
///
/// # Errors
/// When the database fails.
pub async fn page(
    conn: &mut Conn<'_>,
    scope: &Scope,
    query: &Query,
    after: Option<SearchCursor>,
    limit: i64,
    (looked_at, now): ([i64; 2], Timestamp),
) -> Result<Hits, StoreError> {
    let Some((mut wanted, mut every)) = wanted(conn, scope, query, now).await? else { return Ok(Hits::default()) };
    let rights = rights(conn, scope).await?;
    // Too many conversations are theirs: each hit is checked, and there are hidden ones among them.
    let checked = rights.is_none();
    match rights {
        Some(None) => {}
        Some(Some(marks)) => wanted.all.push(marks),
        None => every = false,
    }
    let engine = conn.engine();
    let Some(sought) = continued(conn, scope, wanted).await? else { return Ok(Hits::default()) };
    let from = after.map_or(i64::MAX, |cursor| cursor.0);
    let near = near(conn, &sought, from).await?;
    // Where every hit fits, no more are examined than are shown.
    let steps = match (every, checked) {
        (true, _) => vec![limit + 1],
        (false, false) => looked_at.to_vec(),
        (false, true) => vec![looked_at[0], looked_at[1], looked_at[1] * 10],
    };
    for (at, &examined) in steps.iter().enumerate() {
        let mut rows: Vec<RawHit> = Vec::new();
        for &way in ways(engine) {
            let sought = match (way, &near) {
                (Way::Near, Some(near)) => near.clone(),
                (Way::Near, None) => continue,
                _ => sought.clone(),
            };
            let values = values(scope, query, (sought, from, examined, limit + 1))?;
            rows = conn.all(ours(page_sql(engine, way, scope.reach())), values).await?;
            if rows.len() as i64 > limit {
                break;
            }
        }
        if every || rows.len() as i64 > limit {
            return hits_of(rows, limit);
        }
        let floor_values = args![scope.workspace(), scope.reach_key(), sought.clone(), from, examined];
        let floor: Option<(i64,)> = conn.opt(ours(floor_sql(engine)), floor_values).await?;
        let Some((floor,)) = floor else { return hits_of(rows, limit) };
        if at + 1 == steps.len() && checked {
            // Where it stopped depends on hidden messages, and would tell what is written in them (S21).
            return Ok(Hits { partly: true, ..hits_of(rows, limit)? });
        }
        if at + 1 == steps.len() {
            let at: Option<(i64,)> = conn.opt(AT, args![scope.workspace(), floor]).await?;
            let hits = hits_of(rows, limit)?;
            let looked_back_to = at.map(|(at,)| Timestamp(at));
            // The next page begins with the hit that was not examined.
            return Ok(Hits { after: Some(SearchCursor(floor + 1)), looked_back_to, ..hits });
        }
    }
    Ok(Hits::default())
}

/// The query for the newest places below `from`, on PostgreSQL. None where there are no messages.
async fn near(conn: &mut Conn<'_>, sought: &str, from: i64) -> Result<Option<String>, StoreError> {
    if conn.engine() == Engine::Sqlite {
        return Ok(None);
    }
    let newest: Option<(i64,)> = conn.opt(NEWEST_POSTGRES, args![from]).await?;
    Ok(newest.map(|(place,)| {
        let steps = [mark::step(place), mark::step(place - STEP)];
        format!("({sought}) & ('{}' | '{}')", steps[0], steps[1])
    }))
}

fn hits_of(rows: Vec<RawHit>, limit: i64) -> Result<Hits, StoreError> {
    let shown = usize::try_from(limit).unwrap_or_default();
    let after = rows.get(shown).and_then(|_| rows.get(shown.wrapping_sub(1))).map(|last| SearchCursor(last.place));
    let hits = rows.into_iter().take(shown).map(|row| {
        Ok(Hit { conversation: read("conversation", row.conversation_id)?, message: read("message", row.message_id)? })
    });
    Ok(Hits { hits: hits.collect::<Result<_, StoreError>>()?, after, looked_back_to: None, partly: false })
}

/// The values of a page: those of the hits, then those of [`conditions`].
fn values(
    scope: &Scope,
    query: &Query,
    (sought, from, examined, limit): (String, i64, i64, i64),
) -> Result<Vec<Val>, StoreError> {
    let Filter { statuses, assignee, waiting, unread, channels, .. } = &query.filter;
    let is_asked = |asked: bool| asked.then(|| "yes".to_owned());
    let assignee = assignee.map(|whose| match whose {
        Assignee::Me => scope.member_key(),
        Assignee::Nobody => String::new(),
        Assignee::Member(member) => member.to_string(),
    });
    let written = query.message.written;
    let mut values = args![scope.workspace(), scope.reach_key(), sought, from, examined, limit];
    values.extend(args![
        written.map_or(i64::MIN, |span| span.from.0),
        written.map_or(i64::MAX, |span| span.until.0),
        words(statuses.iter().map(|status| status.as_str().to_owned()).collect())?,
        assignee,
        is_asked(*waiting),
        is_asked(*unread),
        scope.member_key(),
        conversation::joined(scope),
        words(channels.iter().map(ToString::to_string).collect())?,
    ]);
    values.extend(tag::values(&query.filter.tags)?);
    Ok(values)
}

/// A JSON array of words, or NULL for none.
fn words(words: Vec<String>) -> Result<Option<String>, StoreError> {
    let json = serde_json::to_string(&words).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    Ok((!words.is_empty()).then_some(json))
}

/// What a search wants of a message, and whether every hit of the index fits. None if nothing is searched for.
async fn wanted(
    conn: &mut Conn<'_>,
    scope: &Scope,
    query: &Query,
    now: Timestamp,
) -> Result<Option<(Wanted, bool)>, StoreError> {
    if query.is_empty() {
        return Ok(None);
    }
    let mut wanted = Wanted::of(scope.workspace());
    let mut asks = Vec::new();
    for term in &query.text {
        match Ask::of(term) {
            Some(ask) if term.not => wanted.none.push(ask),
            Some(ask) => asks.push((term, ask)),
            None => {}
        }
    }
    wanted.all.extend(words_or_names(conn, scope, asks).await?);
    let Filter { statuses, assignee, waiting, unread, channels, .. } = &query.filter;
    if !channels.is_empty() {
        wanted.all.push(Ask::Any(channels.iter().map(|id| Ask::Word(mark::channel(*id))).collect()));
    }
    let every_tag = tagged(conn, scope, &query.filter.tags, &mut wanted).await?;
    let conditions = &query.message;
    match conditions.files {
        Some(true) => wanted.all.push(Ask::Word(mark::files())),
        Some(false) => wanted.none.push(Ask::Word(mark::files())),
        None => {}
    }
    if let Some(span) = conditions.written {
        wanted.all.push(Ask::years(span, now));
    }
    for (whose, not) in [(&conditions.from, false), (&conditions.not_from, true)] {
        let mut any = Vec::new();
        for who in whose {
            any.extend(written_by(conn, scope, who).await?);
        }
        match (whose.is_empty(), not) {
            (true, _) => {}
            (false, false) => wanted.all.push(Ask::Any(any)),
            (false, true) => wanted.none.push(Ask::Any(any)),
        }
    }
    if !conditions.to.is_empty() {
        let mut any = Vec::new();
        for who in &conditions.to {
            any.extend(written_to(conn, scope, who).await?);
        }
        wanted.all.push(Ask::Any(any));
    }
    if wanted.all.len() == 1 && !query.filter.narrows() && *conditions == MessageConditions::default() {
        // No letter was left of what was typed.
        return Ok(None);
    }
    let every = statuses.is_empty() && assignee.is_none() && !waiting && !unread && conditions.written.is_none();
    let every = every && every_tag;
    Ok(Some((wanted, every)))
}

/// How many letters of a name are looked for beside other words.
const NAME_CHARS: usize = 3;

/// What several words ask for: each stands in the message, or is a name of the person of its conversation; and one at least stands in it.
async fn words_or_names(conn: &mut Conn<'_>, scope: &Scope, asks: Vec<(&Term, Ask)>) -> Result<Vec<Ask>, StoreError> {
    let (mut all, mut in_text, mut named) = (Vec::new(), Vec::new(), false);
    let is_several = (2..=4).contains(&asks.len());
    for (term, ask) in asks {
        let is_name = is_several && !term.phrase && term.text.chars().nth(NAME_CHARS - 1).is_some();
        let who = Who { name: term.text.clone(), members: Vec::new() };
        let mut either = if is_name { with(conn, scope, &who).await? } else { Vec::new() };
        named |= !either.is_empty();
        in_text.push(ask.clone());
        either.push(ask);
        all.push(Ask::Any(either));
    }
    if named {
        all.push(Ask::Any(in_text));
    }
    Ok(all)
}

/// Adds the marks of the conversations with each tag that all must have, where those are not too many. Whether every hit then fits.
async fn tagged(conn: &mut Conn<'_>, scope: &Scope, tags: &TagFilter, wanted: &mut Wanted) -> Result<bool, StoreError> {
    let mut every = tags.any.is_empty() && tags.none.is_empty();
    for tag in &tags.all {
        let most = i64::try_from(MARKED).unwrap_or(i64::MAX) + 1;
        let ids = tag::conversations(conn, scope, *tag, most).await?;
        match ids.len() > MARKED {
            true => every = false,
            false => {
                wanted.all.push(Ask::Any(ids.into_iter().map(|id| Ask::Word(mark::conversation(id))).collect()));
            }
        }
    }
    Ok(every)
}

/// The marks of what somebody wrote, one of us or somebody outside.
async fn written_by(conn: &mut Conn<'_>, scope: &Scope, who: &Who) -> Result<Vec<Ask>, StoreError> {
    let mut any: Vec<Ask> = who.members.iter().map(|member| Ask::Word(mark::member(*member))).collect();
    any.extend(Ask::name(&who.name, mark::from));
    let with: Vec<Ask> = with(conn, scope, who).await?;
    if !with.is_empty() {
        any.push(Ask::All(vec![Ask::Word(mark::incoming()), Ask::Any(with)]));
    }
    Ok(any)
}

/// The marks of what was written to somebody.
async fn written_to(conn: &mut Conn<'_>, scope: &Scope, who: &Who) -> Result<Vec<Ask>, StoreError> {
    let my_own = scope.me().filter(|me| who.members.contains(&me.member.id)).map(|me| me.member.email.as_str());
    let names = [who.name.as_str(), my_own.unwrap_or_default()];
    let mut any: Vec<Ask> = names.into_iter().filter_map(|name| Ask::name(name, mark::to)).collect();
    let with: Vec<Ask> = with(conn, scope, who).await?;
    if !with.is_empty() {
        any.push(Ask::All(vec![Ask::Word(mark::outgoing()), Ask::Any(with)]));
    }
    Ok(any)
}

/// The marks of the conversations with people of this name that the member may see.
async fn with(conn: &mut Conn<'_>, scope: &Scope, who: &Who) -> Result<Vec<Ask>, StoreError> {
    let with = super::search_people::conversations_with(conn, scope, &who.name).await?;
    Ok(with.into_iter().map(|id| Ask::Word(mark::conversation(id))).collect())
}

/// The marks of what a member may see: `Some(None)` is everything. None if there are too many.
async fn rights(conn: &mut Conn<'_>, scope: &Scope) -> Result<Option<Option<Ask>>, StoreError> {
    let (mut marks, mut own) = (Vec::new(), Vec::new());
    let most = i64::try_from(MARKED).unwrap_or(i64::MAX) + 1;
    let (key, workspace) = (scope.reach_key(), scope.workspace());
    match scope.reach() {
        Reach::All => return Ok(Some(None)),
        Reach::Teams => {
            let channels: Vec<(String,)> = conn.all(MY_CHANNELS, args![workspace, key.clone()]).await?;
            for (id,) in channels {
                marks.push(Ask::Word(mark::channel(read("channel", id)?)));
            }
            let of_teams: Vec<(String,)> = conn.all(OF_MY_TEAMS, args![workspace, key.clone(), most]).await?;
            own.extend(of_teams);
            own.extend(conn.all::<(String,)>(MINE, args![workspace, key, most]).await?);
        }
        Reach::Mine => own = conn.all(MINE, args![workspace, key, most]).await?,
        Reach::One => own.push((key,)),
        // The channel says nothing about whose a conversation is: each hit is checked.
        Reach::Own => return Ok(None),
    }
    let own: BTreeSet<String> = own.into_iter().map(|(id,)| id).collect();
    if own.len() > MARKED {
        return Ok(None);
    }
    for id in own {
        marks.push(Ask::Word(mark::conversation(read("conversation", id)?)));
    }
    Ok(Some(Some(Ask::Any(marks))))
}

/// The query in the engine's form. None if no message can have what is wanted.
async fn continued(conn: &mut Conn<'_>, scope: &Scope, mut wanted: Wanted) -> Result<Option<String>, StoreError> {
    if conn.engine() == Engine::Postgres {
        return Ok(Some(wanted.tsquery()));
    }
    let mut beginnings = Vec::new();
    for ask in wanted.all.iter_mut().chain(&mut wanted.none) {
        ask.unknown_beginnings(&mut beginnings);
    }
    for (word, known) in beginnings {
        let end = format!("{word}\u{10ffff}");
        let values = args![scope.workspace(), word, end, CONTINUED + 1];
        let words: Vec<(String,)> = conn.all(CONTINUES_SQLITE, values).await?;
        if words.len() as i64 <= CONTINUED {
            *known = Some(words.into_iter().map(|(word,)| word).collect());
        }
    }
    let is_absent = wanted.all.iter().any(Ask::is_absent);
    Ok((!is_absent).then(|| wanted.fts5()))
}

/// The newest messages that contain every word of `text`, with the rows of their conversations.
///
/// # Errors
/// When the database fails.
pub async fn messages(
    conn: &mut Conn<'_>,
    scope: &Scope,
    text: &str,
    limit: i64,
) -> Result<Vec<(ConversationRow, MessageId)>, StoreError> {
    let term = |word: &str| Term { text: word.to_owned(), phrase: false, not: false };
    let query = Query {
        filter: Filter::from(model::View::All),
        text: text.split_whitespace().map(term).collect(),
        message: MessageConditions::default(),
        ignored: Vec::new(),
    };
    let found = page(conn, scope, &query, None, limit, (LOOKED_AT, Timestamp(0))).await?.hits;
    let ids: BTreeSet<ConversationId> = found.iter().map(|hit| hit.conversation).collect();
    let rows = conversation::some(conn, scope, &ids).await?;
    let rows: HashMap<ConversationId, ConversationRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    Ok(found.iter().filter_map(|hit| Some((rows.get(&hit.conversation)?.clone(), hit.message))).collect())
}
