//! Lists of conversations that match a [`Filter`], sorted. A view decides the plan of its statement, so each view has SQL text of its own,
//! and so has each [`Key`] of a sort. The other conditions are checked row by row. They are one fragment with bound values; NULL switches a
//! condition off. So the number of different statements stays small, whatever conditions members combine.

use model::{Assignee, ConversationRow, Count, Cursor, Filter, Group, Sort, Timestamp, View};

use super::{
    Reach, Scope,
    codec::read,
    conn::{Conn, Engine, Val, args},
    conversation::{Loaded, Raw, SELECT, joined},
    scope::{among, ours, visible},
    tag,
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
    for &view in View::ALL {
        for reach in Reach::LISTED {
            all.extend([page_sql(reach, view, false), page_sql(reach, view, true), count_sql(engine, reach, view)]);
            all.extend(Key::ALL.map(|key| narrow_sql(engine, reach, view, key)));
        }
        all.extend(Key::ALL.map(|key| floor_sql(view, key)));
    }
    all
}

/// The column by which a group of a sort is in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// The last message, newest first.
    Newest,
    /// The last message, oldest first.
    Oldest,
    /// Since when somebody waits, longest first. Only who waits has it.
    Waiting,
    /// When the goal ends, next first. Only what has a goal has it.
    Due,
}

impl Key {
    /// All keys.
    pub const ALL: [Self; 4] = [Self::Newest, Self::Oldest, Self::Waiting, Self::Due];

    const fn of(group: Group) -> Self {
        match group {
            Group::Newest | Group::NotWaiting | Group::NotDue | Group::Unread | Group::Read => Self::Newest,
            Group::Oldest => Self::Oldest,
            Group::Waiting => Self::Waiting,
            Group::Due => Self::Due,
        }
    }

    const fn column(self) -> &'static str {
        match self {
            Self::Newest | Self::Oldest => "c.last_at",
            Self::Waiting => "c.waiting_since",
            Self::Due => "c.due_at",
        }
    }

    fn order(self) -> String {
        let (column, direction) = (self.column(), if self == Self::Newest { "DESC" } else { "ASC" });
        format!("ORDER BY {column} {direction}, c.id {direction}")
    }

    /// The range of keys: after `$4`, `$5` in the list (exclusive), as far as `$6`, `$7` (inclusive).
    fn between(self) -> String {
        let (column, after, until) = (
            self.column(),
            if self == Self::Newest { "<" } else { ">" },
            if self == Self::Newest { ">=" } else { "<=" },
        );
        format!(" AND ({column}, c.id) {after} ($4, $5) AND ({column}, c.id) {until} ($6, $7)")
    }

    /// What comes before every key of the list.
    fn first(self) -> Place {
        match self {
            Self::Newest => (i64::MAX, String::new()),
            Self::Oldest | Self::Waiting | Self::Due => (i64::MIN, String::new()),
        }
    }

    /// What comes after every key of the list.
    fn last(self) -> Place {
        match self {
            Self::Newest => (i64::MIN, String::new()),
            Self::Oldest | Self::Waiting | Self::Due => (i64::MAX, String::new()),
        }
    }
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
        View::Snoozed => "c.tab = 'snoozed'",
    }
}

/// The statement of a page of a whole view: `$4`, `$5` the cursor, the last value the limit.
pub fn page_sql(reach: Reach, view: View, after: bool) -> String {
    let (cursor, limit) = if after { (" AND (c.last_at, c.id) < ($4, $5)", "$6") } else { ("", "$4") };
    let (view, visible) = (of_view(view), visible(reach));
    format!("{SELECT} AND {view}{visible}{cursor} ORDER BY c.last_at DESC, c.id DESC LIMIT {limit}")
}

/// The rule of [`Filter::holds`] without the view and the period. The values are `$8` to `$20`; NULL switches a condition off.
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
        " AND (CAST($14 AS TEXT) IS NULL OR (c.inbound_count > COALESCE(rm.read_count, \
         CASE WHEN c.last_inbound_at <= $3 THEN c.inbound_count ELSE 0 END)) = ($14 = 'yes'))",
        " AND (CAST($15 AS TEXT) IS NULL OR (c.waiting_since IS NOT NULL) = ($15 = 'yes'))",
        " AND (CAST($16 AS TEXT) IS NULL OR (c.due_at IS NOT NULL) = ($16 = 'yes'))",
        " AND (CAST($17 AS BIGINT) IS NULL OR (c.last_at >= $17 AND c.last_at < $18))",
        &tag::conditions(engine, ["$19", "$20", "$21"]),
    ]
    .concat()
}

fn narrow_sql(engine: Engine, reach: Reach, view: View, key: Key) -> String {
    let (view, visible, conditions) = (of_view(view), visible(reach), conditions(engine));
    format!("{SELECT} AND {view}{visible}{}{conditions} {} LIMIT $22", key.between(), key.order())
}

fn count_sql(engine: Engine, reach: Reach, view: View) -> String {
    let (view, visible, conditions) = (of_view(view), visible(reach), conditions(engine));
    format!(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1 FROM conversation c LEFT JOIN read_marker rm \
         ON rm.workspace_id = c.workspace_id AND rm.conversation_id = c.id AND rm.member_id = $2 \
         WHERE c.workspace_id = $1 AND {view}{visible}{}{conditions} LIMIT $22) AS fitting",
        Key::Newest.between()
    )
}

/// The key that is `$7` rows further down. It ignores visibility, so that an index alone answers it. For who waits and what has a goal it
/// also ignores all of the view but its tab: their indexes know no more.
fn floor_sql(view: View, key: Key) -> String {
    let view = match key {
        Key::Newest | Key::Oldest => of_view(view),
        Key::Waiting | Key::Due if matches!(view, View::Closed | View::Snoozed) => of_view(view),
        Key::Waiting | Key::Due => of_view(View::All),
    };
    let visible = visible(Reach::All);
    let (column, between) = (key.column(), key.between());
    // The statement has no third value.
    let between = between.replace("$4", "$3").replace("$5", "$4").replace("$6", "$5").replace("$7", "$6");
    format!(
        "SELECT {column}, c.id FROM conversation c WHERE c.workspace_id = $1 AND {view}{visible}{between} {} LIMIT 1 OFFSET $7",
        key.order()
    )
}

/// A key and an id. The empty id comes before every id.
type Place = (i64, String);

/// A page of the list.
pub struct Page {
    /// The rows in order.
    pub rows: Vec<ConversationRow>,
    /// Whether further rows follow, or may follow.
    pub more: bool,
    /// Where the search stopped, if it reached its limit before the page was full.
    pub searched: Option<Cursor>,
}

/// What a page is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Which conversations.
    pub filter: &'a Filter,
    /// In which order.
    pub sort: Sort,
    /// Where the page before ended.
    pub after: Option<Cursor>,
    /// How many rows at most.
    pub limit: i64,
    /// [`LOOKED_AT`] except in tests.
    pub looked_at: [i64; 2],
}

/// One page of the conversations that match a filter, in order.
///
/// # Errors
/// When the database fails.
pub async fn page(conn: &mut Conn<'_>, scope: &Scope, asked: Asked<'_>) -> Result<Page, StoreError> {
    let Asked { filter, sort, after, limit, .. } = asked;
    if sort == Sort::Last && !filter.narrows() {
        let mut values = args![scope.workspace(), scope.reach_key(), joined(scope)];
        if let Some(cursor) = after {
            values.extend(args![cursor.at, cursor.id]);
        }
        values.extend(args![limit + 1]);
        let sql = page_sql(scope.reach(), filter.view, after.is_some());
        return cut(conn.all(ours(sql), values).await?, limit);
    }
    let mut page = Page { rows: Vec::new(), more: false, searched: None };
    let begun = after.and_then(|cursor| sort.groups().iter().position(|group| *group == cursor.group));
    for (at, &group) in sort.groups().iter().enumerate().skip(begun.unwrap_or(0)) {
        let room = limit - page.rows.len() as i64;
        let after = after.filter(|_| begun == Some(at));
        if room == 0 {
            // Whether the next group has rows is found with the next page.
            page.more = true;
            break;
        }
        let found = group_page(conn, scope, Asked { after, limit: room, ..asked }, group).await?;
        page.rows.extend(found.rows);
        (page.more, page.searched) = (found.more, found.searched);
        if page.more {
            break;
        }
    }
    Ok(page)
}

/// One page of a group.
async fn group_page(conn: &mut Conn<'_>, scope: &Scope, asked: Asked<'_>, group: Group) -> Result<Page, StoreError> {
    let Asked { filter, after, limit, looked_at, .. } = asked;
    // The filter asks for the other group only.
    if (filter.unread && group == Group::Read) || (filter.waiting && group == Group::NotWaiting) {
        return Ok(Page { rows: Vec::new(), more: false, searched: None });
    }
    let key = Key::of(group);
    let (from, lowest) = (beginning(filter, key, after), end(filter, key));
    for places in looked_at {
        let floor = floor(conn, scope, filter.view, group, (&from, &lowest), places).await?;
        let mut values =
            narrowed(scope, filter, Some(group), &from, floor.as_ref().map_or(&lowest, |(place, _)| place))?;
        values.extend(args![limit + 1]);
        let sql = narrow_sql(conn.engine(), scope.reach(), filter.view, key);
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
    let (from, lowest) = (beginning(filter, Key::Newest, None), end(filter, Key::Newest));
    let floor = floor(conn, scope, filter.view, Group::Newest, (&from, &lowest), LOOKED_AT[1]).await?;
    let mut values = narrowed(scope, filter, None, &from, floor.as_ref().map_or(&lowest, |(place, _)| place))?;
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

/// The place after which a page begins. The period bounds it where the key is the time of the last message.
fn beginning(filter: &Filter, key: Key, after: Option<Cursor>) -> Place {
    let after = after.map_or_else(|| key.first(), |cursor| (cursor.at.0, cursor.id.to_string()));
    match (filter.last, key) {
        (Some(span), Key::Newest) => after.min((span.until.0, String::new())),
        (Some(span), Key::Oldest) => after.max((span.from.0, String::new())),
        _ => after,
    }
}

/// The last place that can match.
fn end(filter: &Filter, key: Key) -> Place {
    match (filter.last, key) {
        (Some(span), Key::Newest) => (span.from.0, String::new()),
        (Some(span), Key::Oldest) => (span.until.0, String::new()),
        _ => key.last(),
    }
}

/// The place `places` rows after `from`, as place and as cursor. None if the group ends before. Also none for whoever does not see all
/// conversations: the place would tell of hidden ones (S21). Their lists are looked through to the end instead, like those without a filter.
async fn floor(
    conn: &mut Conn<'_>,
    scope: &Scope,
    view: View,
    group: Group,
    (from, lowest): (&Place, &Place),
    places: i64,
) -> Result<Option<(Place, Cursor)>, StoreError> {
    if scope.reach() != Reach::All {
        return Ok(None);
    }
    let mut values = args![scope.workspace(), scope.reach_key(), from.0, from.1.clone()];
    values.extend(args![lowest.0, lowest.1.clone(), places - 1]);
    let found: Option<Place> = conn.opt(ours(floor_sql(view, Key::of(group))), values).await?;
    found
        .map(|(at, id)| Ok(((at, id.clone()), Cursor { group, at: Timestamp(at), id: read("conversation", id)? })))
        .transpose()
}

/// The values of a narrowed statement: those of every statement, then those of [`Key::between`] and [`conditions`].
fn narrowed(
    scope: &Scope,
    filter: &Filter,
    group: Option<Group>,
    from: &Place,
    floor: &Place,
) -> Result<Vec<Val>, StoreError> {
    let words = |words: Vec<String>| -> Result<Option<String>, StoreError> {
        let json = serde_json::to_string(&words).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        Ok((!words.is_empty()).then_some(json))
    };
    let is_asked = |asked: bool| asked.then_some(true);
    let word = |asked: Option<bool>| asked.map(|yes| if yes { "yes" } else { "no" }.to_owned());
    // A group narrows the list like a condition.
    let both = |filter: Option<bool>, yes: Group, no: Group| match group {
        Some(group) if group == yes => Some(true),
        Some(group) if group == no => Some(false),
        _ => filter,
    };
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
        word(both(is_asked(filter.unread), Group::Unread, Group::Read)),
        word(both(is_asked(filter.waiting), Group::Waiting, Group::NotWaiting)),
        word(both(None, Group::Due, Group::NotDue)),
        filter.last.map(|span| span.from.0),
        filter.last.map_or(0, |span| span.until.0),
    ]);
    values.extend(tag::values(&filter.tags)?);
    Ok(values)
}
