//! Lists of conversations that match a [`Filter`], newest first. A view decides the plan of its statement, so each view has SQL text of its
//! own. The other conditions are checked row by row. They are one fragment with bound values; NULL switches a condition off. So the number of
//! different statements stays small, whatever conditions members combine.

use model::{Assignee, ConversationRow, Count, Cursor, Filter, Timestamp, View};

use super::{
    Reach, Scope,
    codec::read,
    conn::{Conn, Engine, Val, args},
    conversation::{Loaded, Raw, SELECT, joined},
    scope::{among, ours, visible},
};
use crate::error::StoreError;

/// How many conversations of a view one page examines. Most filters match often, so a page first examines few. The second number is the
/// limit; older conversations come with the next page.
pub const LOOKED_AT: [i64; 2] = [2_000, 20_000];
/// The highest exact count of the conversations that match a filter.
pub const COUNTED: i64 = 1_000;

/// Every statement of the list, for the tests.
pub fn statements(engine: Engine) -> Vec<String> {
    let mut all = Vec::new();
    for reach in Reach::LISTED {
        for &view in View::ALL {
            all.extend([page_sql(reach, view, false), page_sql(reach, view, true)]);
            all.extend([narrow_sql(engine, reach, view), count_sql(engine, reach, view)]);
            all.push(floor_sql(view));
        }
    }
    all
}

const fn of_view(view: View) -> &'static str {
    match view {
        View::All => "c.tab = 'active'",
        View::Closed => "c.tab = 'closed'",
        View::Mine => "c.assignee_id = $2 AND c.tab = 'active'",
        View::Unassigned => "c.assignee_id IS NULL AND c.tab = 'active'",
        View::New => "c.tab = 'active' AND c.slot = 'new'",
        View::Missed => "c.tab = 'active' AND c.slot = 'missed'",
        View::Others => "c.tab = 'active' AND c.slot = 'taken' AND (c.assignee_id IS NULL OR c.assignee_id <> $2)",
        View::Unsent => "c.tab = 'active' AND c.unsent <> ''",
    }
}

/// The statement of a page of a whole view: `$4`, `$5` the cursor, the last value the limit.
pub fn page_sql(reach: Reach, view: View, after: bool) -> String {
    let (cursor, limit) = if after { (" AND (c.last_at, c.id) < ($4, $5)", "$6") } else { ("", "$4") };
    let (view, visible) = (of_view(view), visible(reach));
    format!("{SELECT} AND {view}{visible}{cursor} ORDER BY c.last_at DESC, c.id DESC LIMIT {limit}")
}

/// The range of keys: before `$4`, `$5` in the list (exclusive), down to `$6`, `$7` (inclusive).
const BETWEEN: &str = " AND (c.last_at, c.id) < ($4, $5) AND (c.last_at, c.id) >= ($6, $7)";

/// The rule of [`Filter::holds`] without the view and the period. The values are `$8` to `$15`; NULL switches a condition off.
fn conditions(engine: Engine) -> String {
    let is_one_of = |column: &str, value: &str| {
        format!(" AND (CAST({value} AS TEXT) IS NULL OR {column} {})", among(engine, value))
    };
    [
        " AND (CAST($8 AS TEXT) IS NULL OR (c.ai_mode = 'active') = ($8 = 'ai'))",
        &is_one_of("c.channel_id", "$9"),
        &is_one_of("c.channel_kind", "$10"),
        &is_one_of("c.status", "$11"),
        " AND (CAST($12 AS TEXT) IS NULL OR COALESCE(c.assignee_id, '') = $12)",
        " AND (CAST($13 AS TEXT) IS NULL OR c.team_id = $13)",
        " AND (CAST($14 AS TEXT) IS NULL OR c.inbound_count > COALESCE(rm.read_count, \
         CASE WHEN c.last_inbound_at <= $3 THEN c.inbound_count ELSE 0 END))",
        " AND (CAST($15 AS TEXT) IS NULL OR c.waiting_since IS NOT NULL)",
    ]
    .concat()
}

fn narrow_sql(engine: Engine, reach: Reach, view: View) -> String {
    let (view, visible, conditions) = (of_view(view), visible(reach), conditions(engine));
    format!("{SELECT} AND {view}{visible}{BETWEEN}{conditions} ORDER BY c.last_at DESC, c.id DESC LIMIT $16")
}

fn count_sql(engine: Engine, reach: Reach, view: View) -> String {
    let (view, visible, conditions) = (of_view(view), visible(reach), conditions(engine));
    format!(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1 FROM conversation c LEFT JOIN read_marker rm \
         ON rm.workspace_id = c.workspace_id AND rm.conversation_id = c.id AND rm.member_id = $2 \
         WHERE c.workspace_id = $1 AND {view}{visible}{BETWEEN}{conditions} LIMIT $16) AS fitting"
    )
}

/// The key that is `$7` rows further down in the view. It ignores visibility, so that an index alone answers it.
fn floor_sql(view: View) -> String {
    let (view, visible) = (of_view(view), visible(Reach::All));
    format!(
        "SELECT c.last_at, c.id FROM conversation c WHERE c.workspace_id = $1 AND {view}{visible} \
         AND (c.last_at, c.id) < ($3, $4) AND (c.last_at, c.id) >= ($5, $6) ORDER BY c.last_at DESC, c.id DESC LIMIT 1 OFFSET $7"
    )
}

/// A sort key: a time and an id. The empty id sorts before every id.
type Key = (i64, String);

/// A page of the list.
pub struct Page {
    /// The rows, newest first.
    pub rows: Vec<ConversationRow>,
    /// Whether older rows follow, or may follow.
    pub more: bool,
    /// Where the search stopped, if it reached its limit before the page was full.
    pub searched: Option<Cursor>,
}

/// One page of the conversations that match a filter, newest first. `looked_at` is [`LOOKED_AT`] except in tests.
///
/// # Errors
/// When the database fails.
pub async fn page(
    conn: &mut Conn<'_>,
    scope: &Scope,
    filter: &Filter,
    after: Option<Cursor>,
    limit: i64,
    looked_at: [i64; 2],
) -> Result<Page, StoreError> {
    if !filter.narrows() {
        let mut values = args![scope.workspace(), scope.reach_key(), joined(scope)];
        if let Some(cursor) = after {
            values.extend(args![cursor.at, cursor.id]);
        }
        values.extend(args![limit + 1]);
        let sql = page_sql(scope.reach(), filter.view, after.is_some());
        return cut(conn.all(ours(sql), values).await?, limit);
    }
    let (from, lowest) = (beginning(filter, after), end(filter));
    for places in looked_at {
        let floor = floor(conn, scope, filter.view, &from, &lowest, places).await?;
        let mut values = narrowed(scope, filter, &from, floor.as_ref().map_or(&lowest, |(key, _)| key))?;
        values.extend(args![limit + 1]);
        let sql = narrow_sql(conn.engine(), scope.reach(), filter.view);
        let page = cut(conn.all(ours(sql), values).await?, limit)?;
        match floor {
            Some((_, searched)) if !page.more => {
                if places == looked_at[1] {
                    return Ok(Page { more: true, searched: Some(searched), ..page });
                }
            }
            _ => return Ok(page),
        }
    }
    Ok(Page { rows: Vec::new(), more: false, searched: None })
}

/// Counts the conversations that match a filter, within the limit of [`page`] and up to [`COUNTED`].
///
/// # Errors
/// When the database fails.
pub async fn count(conn: &mut Conn<'_>, scope: &Scope, filter: &Filter) -> Result<Count, StoreError> {
    let (from, lowest) = (beginning(filter, None), end(filter));
    let floor = floor(conn, scope, filter.view, &from, &lowest, LOOKED_AT[1]).await?;
    let mut values = narrowed(scope, filter, &from, floor.as_ref().map_or(&lowest, |(key, _)| key))?;
    values.extend(args![COUNTED]);
    let sql = count_sql(conn.engine(), scope.reach(), filter.view);
    let (n,): (i64,) = conn.one(ours(sql), values).await?;
    Ok(if floor.is_some() || n >= COUNTED { Count::AtLeast(n) } else { Count::Exact(n) })
}

fn cut(raw: Vec<Raw>, limit: i64) -> Result<Page, StoreError> {
    let mut rows =
        raw.into_iter().map(|raw| Loaded::try_from(raw).map(|loaded| loaded.row)).collect::<Result<Vec<_>, _>>()?;
    let more = rows.len() as i64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(Page { rows, more, searched: None })
}

/// The key after which a page begins.
fn beginning(filter: &Filter, after: Option<Cursor>) -> Key {
    let after = after.map_or((i64::MAX, String::new()), |cursor| (cursor.at.0, cursor.id.to_string()));
    filter.last.map_or(after.clone(), |span| after.min((span.until.0, String::new())))
}

/// The last key that can match.
fn end(filter: &Filter) -> Key {
    (filter.last.map_or(i64::MIN, |span| span.from.0), String::new())
}

/// The key `places` rows after `from`, as key and as cursor. None if the view ends before.
async fn floor(
    conn: &mut Conn<'_>,
    scope: &Scope,
    view: View,
    from: &Key,
    lowest: &Key,
    places: i64,
) -> Result<Option<(Key, Cursor)>, StoreError> {
    let mut values = args![scope.workspace(), scope.reach_key(), from.0, from.1.clone()];
    values.extend(args![lowest.0, lowest.1.clone(), places - 1]);
    let found: Option<Key> = conn.opt(ours(floor_sql(view)), values).await?;
    found
        .map(|(at, id)| Ok(((at, id.clone()), Cursor { at: Timestamp(at), id: read("conversation", id)? })))
        .transpose()
}

/// The values of a narrowed statement: those of every statement, then those of [`BETWEEN`] and [`conditions`].
fn narrowed(scope: &Scope, filter: &Filter, from: &Key, floor: &Key) -> Result<Vec<Val>, StoreError> {
    let words = |words: Vec<String>| -> Result<Option<String>, StoreError> {
        let json = serde_json::to_string(&words).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        Ok((!words.is_empty()).then_some(json))
    };
    let is_asked = |asked: bool| asked.then(|| "yes".to_owned());
    let assignee = filter.assignee.map(|whose| match whose {
        Assignee::Me => scope.member_key(),
        Assignee::Nobody => String::new(),
        Assignee::Member(member) => member.to_string(),
    });
    let mut values = args![scope.workspace(), scope.reach_key(), joined(scope)];
    values.extend(args![from.0, from.1.clone(), floor.0, floor.1.clone()]);
    values.extend(args![
        filter.handling.map(|by| by.as_str().to_owned()),
        words(filter.channels.iter().map(ToString::to_string).collect())?,
        words(filter.kinds.iter().map(|kind| kind.as_str().to_owned()).collect())?,
        words(filter.statuses.iter().map(|status| status.as_str().to_owned()).collect())?,
        assignee,
        filter.team.map(|team| team.to_string()),
        is_asked(filter.unread),
        is_asked(filter.waiting),
    ]);
    Ok(values)
}
