//! Conversations: the rows of the list, a single conversation for a command, and the counters above the list.
// long file: the table, its counters and their repair belong together

use std::collections::BTreeSet;

use model::{
    ConversationId, ConversationRow, ConversationState, Counts, Facts, IdentityId, MemberId, Placement, Preview, Tags,
    Timestamp, WorkspaceId,
};

use super::{
    Reach, Scope, Tx,
    codec::{self, read, read_opt},
    conn::{Conn, Engine, Val, args, row},
    scope::{among, ours, visible},
    table::{insert, of, set, sql, table},
    tag,
};
use crate::error::StoreError;

/// `$1` workspace, `$2` member, `$3` when the member joined. What the address first came with is told where the conversation is with
/// whoever the address belongs to: whoever sees one that is not need not see them (S21).
pub(super) const SELECT: &str = sql!(
    "SELECT ",
    of!("c", Own::COLUMNS),
    ", COALESCE(NULLIF(ct.name, ''), ct.email, '') AS name, COALESCE(NULLIF(c.label, ''), i.label) AS label, \
     CASE WHEN c.label = '' OR COALESCE(c.contact_id, '') <> COALESCE(i.contact_id, '') THEN '' ELSE i.label END AS first_label, \
     COALESCE(rm.read_count, CASE WHEN c.last_inbound_at <= $3 THEN c.inbound_count ELSE 0 END) AS read_count, i.address \
     FROM conversation c \
     JOIN identity i ON i.workspace_id = c.workspace_id AND i.id = c.identity_id \
     LEFT JOIN contact ct ON ct.workspace_id = c.workspace_id AND ct.id = c.contact_id \
     LEFT JOIN read_marker rm ON rm.workspace_id = c.workspace_id AND rm.conversation_id = c.id AND rm.member_id = $2 \
     WHERE c.workspace_id = $1"
);

pub(super) const STATEMENTS: &[&str] =
    &[LATEST_OF, OF_IDENTITY, OF_CONTACT, INSERT, SAVE, SET_LABEL, READS, COUNT, RECOUNT, COUNTED];

/// Every composed statement, for the tests.
pub fn composed_statements() -> Vec<String> {
    Reach::ALL.map(one_sql).into_iter().chain(Reach::LISTED.map(counts_sql)).collect()
}

fn one_sql(reach: Reach) -> String {
    format!("{SELECT} AND c.id = $4{}", visible(reach))
}

/// `$4` is a JSON array of ids.
pub(super) fn some_sql(engine: Engine, reach: Reach) -> String {
    format!("{SELECT} AND c.id {}{}", among(engine, "$4"), visible(reach))
}

table! {
    /// What a command may change.
    struct Changing {
        contact_id: Option<String>,
        team_id: Option<String>,
        status: String,
        snoozed_until: Option<i64>,
        assignee_id: Option<String>,
        ai_mode: String,
        pen: String,
        pen_epoch: i64,
        waiting_since: Option<i64>,
        missed_at: Option<i64>,
        auto_replied_at: Option<i64>,
        outreach: bool,
        preview_by: String,
        preview: String,
        last_at: i64,
        last_inbound_at: Option<i64>,
        unsent: String,
        agent_id: Option<String>,
        due_at: Option<i64>,
        tags: String,
        first_response_ms: Option<i64>,
        message_count: i64,
        inbound_count: i64,
        version: i64,
    }
}

table! {
    /// The columns of the table `conversation` that are read and written.
    struct Own {
        id: String,
        channel_id: String,
        channel_kind: String,
        identity_id: String,
        started_at: i64,
        ..changing: Changing,
    }
}

row! {
    /// A conversation with what other tables say of it.
    pub(super) struct Raw {
        name: String,
        label: String,
        first_label: String,
        read_count: i64,
        address: String,
        ..own: Own,
    }
}

/// What is stored of a conversation, in the order of [`fields`] behind its workspace. By `tab` and `slot` the list is read along an index;
/// both follow from the state.
pub(super) const STORED: &str = sql!("workspace_id, ", Own::COLUMNS, ", tab, slot, label");

/// A conversation, with data that only the server needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The conversation as the list shows it.
    pub row: ConversationRow,
    /// The identity it is with.
    pub identity: IdentityId,
    /// The identity's address.
    pub address: String,
    /// How many entries the thread has.
    pub message_count: i64,
}

impl TryFrom<Raw> for Loaded {
    type Error = StoreError;
    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        let time = |ms: Option<i64>| ms.map(Timestamp);
        let own = raw.own;
        let now = own.changing;
        Ok(Self {
            row: ConversationRow {
                id: read("conversation", own.id)?,
                channel: read("channel", own.channel_id)?,
                kind: read("channel kind", own.channel_kind)?,
                team: read_opt("team", now.team_id)?,
                contact: read_opt("contact", now.contact_id)?,
                name: raw.name,
                label: raw.label,
                first_label: raw.first_label,
                preview: Preview { by: codec::preview_by(&now.preview_by)?, text: now.preview },
                last_at: Timestamp(now.last_at),
                last_inbound_at: time(now.last_inbound_at),
                started_at: Timestamp(own.started_at),
                first_response_ms: now.first_response_ms,
                inbound_count: now.inbound_count,
                read_count: raw.read_count,
                due_at: time(now.due_at),
                tags: tag::parse(&now.tags)?,
                state: ConversationState {
                    status: read("status", now.status)?,
                    snoozed_until: time(now.snoozed_until),
                    assignee: read_opt("assignee", now.assignee_id)?,
                    ai_mode: read("AI mode", now.ai_mode)?,
                    pen: codec::pen(&now.pen)?,
                    pen_epoch: now.pen_epoch,
                    waiting_since: time(now.waiting_since),
                    missed_at: time(now.missed_at),
                    auto_replied_at: time(now.auto_replied_at),
                    outreach: now.outreach,
                    unsent: codec::places(&now.unsent)?,
                    agent: read_opt("agent", now.agent_id)?,
                },
                version: now.version,
            },
            identity: read("identity", own.identity_id)?,
            address: raw.address,
            message_count: now.message_count,
        })
    }
}

impl From<&Loaded> for Changing {
    fn from(of: &Loaded) -> Self {
        let (row, state) = (&of.row, &of.row.state);
        let ms = |at: Option<Timestamp>| at.map(|at| at.0);
        Self {
            contact_id: row.contact.map(|id| id.to_string()),
            team_id: row.team.map(|id| id.to_string()),
            status: state.status.as_str().to_owned(),
            snoozed_until: ms(state.snoozed_until),
            assignee_id: state.assignee.map(|id| id.to_string()),
            ai_mode: state.ai_mode.as_str().to_owned(),
            pen: codec::pen_text(state.pen),
            pen_epoch: state.pen_epoch,
            waiting_since: ms(state.waiting_since),
            missed_at: ms(state.missed_at),
            auto_replied_at: ms(state.auto_replied_at),
            outreach: state.outreach,
            preview_by: codec::preview_by_text(row.preview.by),
            preview: row.preview.text.clone(),
            last_at: row.last_at.0,
            last_inbound_at: ms(row.last_inbound_at),
            unsent: codec::places_text(&state.unsent),
            agent_id: state.agent.map(|id| id.to_string()),
            due_at: ms(row.due_at),
            tags: tag::text(&row.tags),
            first_response_ms: row.first_response_ms,
            message_count: of.message_count,
            inbound_count: row.inbound_count,
            version: row.version,
        }
    }
}

/// The values of a conversation.
pub(super) fn fields(of: &Loaded) -> Vec<Val> {
    let (row, state) = (&of.row, &of.row.state);
    let own = Own {
        id: row.id.to_string(),
        channel_id: row.channel.to_string(),
        channel_kind: row.kind.as_str().to_owned(),
        identity_id: of.identity.to_string(),
        started_at: row.started_at.0,
        changing: of.into(),
    };
    // The conversation's own label, if its address was first seen with another one.
    let label = if row.first_label.is_empty() { String::new() } else { row.label.clone() };
    args![; own.values(); state.tab().as_str(), state.slot().as_str(), label]
}

pub(super) fn joined(scope: &Scope) -> Timestamp {
    scope.me().map_or(Timestamp(0), |me| me.joined_at)
}

/// A conversation, if it exists and whoever asks may see it.
///
/// # Errors
/// When the database fails.
pub async fn load(conn: &mut Conn<'_>, scope: &Scope, id: ConversationId) -> Result<Option<Loaded>, StoreError> {
    let values = args![scope.workspace(), scope.reach_key(), joined(scope), id];
    conn.opt::<Raw>(ours(one_sql(scope.reach())), values).await?.map(Loaded::try_from).transpose()
}

/// Those of these conversations that exist and that the member may see, in no order.
///
/// # Errors
/// When the database fails.
pub async fn some(
    conn: &mut Conn<'_>,
    scope: &Scope,
    ids: &BTreeSet<ConversationId>,
) -> Result<Vec<ConversationRow>, StoreError> {
    Ok(some_loaded(conn, scope, ids).await?.into_iter().map(|loaded| loaded.row).collect())
}

/// The same with what only the server needs.
pub(super) async fn some_loaded(
    conn: &mut Conn<'_>,
    scope: &Scope,
    ids: &BTreeSet<ConversationId>,
) -> Result<Vec<Loaded>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids = serde_json::to_string(ids).map_err(|e| StoreError::Corrupt(e.to_string()))?;
    let sql = some_sql(conn.engine(), scope.reach());
    let values = args![scope.workspace(), scope.reach_key(), joined(scope), ids];
    let raw: Vec<Raw> = conn.all(ours(sql), values).await?;
    raw.into_iter().map(Loaded::try_from).collect()
}

const LATEST_OF: &str = "SELECT id FROM conversation WHERE workspace_id = $1 AND identity_id = $2 AND channel_id = $3 \
     ORDER BY last_at DESC LIMIT 1";

/// The newest conversation with an identity on a channel.
///
/// # Errors
/// When the database fails.
pub async fn latest_of(
    conn: &mut Conn<'_>,
    scope: &Scope,
    identity: IdentityId,
    channel: model::ChannelId,
) -> Result<Option<ConversationId>, StoreError> {
    let row: Option<(String,)> = conn.opt(LATEST_OF, args![scope.workspace(), identity, channel]).await?;
    read_opt("conversation", row.map(|(id,)| id))
}

const OF_IDENTITY: &str =
    "SELECT id FROM conversation WHERE workspace_id = $1 AND identity_id = $2 ORDER BY id LIMIT 50";

/// The conversations of an identity on all channels, at most 50.
///
/// # Errors
/// When the database fails.
pub async fn of_identity(
    conn: &mut Conn<'_>,
    scope: &Scope,
    identity: IdentityId,
) -> Result<Vec<ConversationId>, StoreError> {
    let rows: Vec<(String,)> = conn.all(OF_IDENTITY, args![scope.workspace(), identity]).await?;
    rows.into_iter().map(|(id,)| read("conversation", id)).collect()
}

row! {
    struct RawPlacement {
        assignee_id: Option<String>,
        team_id: Option<String>,
        channel_id: String,
    }
}

const OF_CONTACT: &str = "SELECT assignee_id, team_id, channel_id FROM conversation WHERE workspace_id = $1 AND contact_id = $2 \
     ORDER BY last_at DESC LIMIT 50";

/// Where a contact's newest conversations are, at most 50: who sees one of them sees the contact.
///
/// # Errors
/// When the database fails.
pub async fn placements_of_contact(
    conn: &mut Conn<'_>,
    scope: &Scope,
    contact: model::ContactId,
) -> Result<Vec<Placement>, StoreError> {
    let rows: Vec<RawPlacement> = conn.all(OF_CONTACT, args![scope.workspace(), contact]).await?;
    rows.into_iter()
        .map(|raw| {
            Ok(Placement {
                assignee: read_opt("assignee", raw.assignee_id)?,
                team: read_opt("team", raw.team_id)?,
                channel: read("channel", raw.channel_id)?,
            })
        })
        .collect()
}

const INSERT: &str = insert!("conversation", STORED);

/// Adds a conversation and counts it.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx<'_>, scope: &Scope, new: &Loaded) -> Result<(), StoreError> {
    tx.exec(INSERT, args![scope.workspace(); fields(new)]).await?;
    tag::move_conversation(tx, scope, new.row.id, &Tags::default(), &new.row.tags).await?;
    count(tx, scope.workspace(), &new.row.facts(), 1).await
}

const SET_LABEL: &str = "UPDATE conversation SET label = $3 WHERE workspace_id = $1 AND id = $2";

/// Sets the label that stands for the name in this conversation. The address's first label stays.
///
/// # Errors
/// When the database fails.
pub async fn set_label(tx: &mut Tx<'_>, scope: &Scope, id: ConversationId, label: &str) -> Result<(), StoreError> {
    tx.exec(SET_LABEL, args![scope.workspace(), id, label]).await?;
    Ok(())
}

const SAVE: &str = sql!(
    "UPDATE conversation SET tab = $4, slot = $5, ",
    set!(6, Changing::COLUMNS),
    " WHERE workspace_id = $1 AND id = $2 AND version = $3"
);

/// Stores a changed conversation, if nobody else changed it meanwhile, and updates the counters.
///
/// # Errors
/// [`StoreError::Stale`] when another process changed it first. The command is then run again.
pub async fn save(
    tx: &mut Tx<'_>,
    scope: &Scope,
    before: &Facts,
    seen_version: i64,
    after: &Loaded,
) -> Result<(), StoreError> {
    let (tab, slot) = (after.row.state.tab().as_str(), after.row.state.slot().as_str());
    let values = args![scope.workspace(), after.row.id, seen_version, tab, slot; Changing::from(after).values()];
    if tx.exec(SAVE, values).await? == 0 {
        return Err(StoreError::Stale);
    }
    let now = after.row.facts();
    tag::move_conversation(tx, scope, after.row.id, &before.tags, &now.tags).await?;
    if !now.is_counted_as(before) {
        count(tx, scope.workspace(), before, -1).await?;
        count(tx, scope.workspace(), &now, 1).await?;
    }
    Ok(())
}

/// What conversations are counted by.
const COUNTED_BY: &str = "tab, slot, assignee_id, team_id, channel_id, unsent";
/// What is stored of a counter, in the order of [`counter`] behind its workspace.
pub(super) const COUNTER: &str = sql!("workspace_id, ", COUNTED_BY, ", n");
/// Adds to a counter that exists.
pub(super) const ADD_TO_COUNTER: &str =
    sql!(" ON CONFLICT (workspace_id, ", COUNTED_BY, ") DO UPDATE SET n = inbox_count.n + excluded.n");

/// The values of the counter of conversations like this one, which are so many more.
pub(super) fn counter(facts: &Facts, n: i64) -> Vec<Val> {
    let (tab, slot) = (facts.tab.as_str(), facts.slot.as_str());
    let assignee = facts.assignee.map(|id| id.to_string()).unwrap_or_default();
    let team = facts.team.map(|id| id.to_string()).unwrap_or_default();
    args![tab, slot, assignee, team, facts.channel, facts.unsent, n]
}

const COUNT: &str = sql!(insert!("inbox_count", COUNTER), ADD_TO_COUNTER);

async fn count(tx: &mut Tx<'_>, workspace: WorkspaceId, facts: &Facts, by: i64) -> Result<(), StoreError> {
    tx.exec(COUNT, args![workspace; counter(facts, by)]).await?;
    Ok(())
}

const READS: &str =
    "SELECT member_id, read_count FROM read_marker WHERE workspace_id = $1 AND conversation_id = $2 ORDER BY member_id";

/// How many incoming messages each member has read.
///
/// # Errors
/// When the database fails.
pub async fn reads(conn: &mut Conn<'_>, scope: &Scope, id: ConversationId) -> Result<Vec<(MemberId, i64)>, StoreError> {
    let rows: Vec<(String, i64)> = conn.all(READS, args![scope.workspace(), id]).await?;
    rows.into_iter().map(|(member, n)| Ok((read("member", member)?, n))).collect()
}

/// The alias `c` is the one that the visibility fragment uses. The counter table has the columns that it names. The number of the last
/// event is returned too, which saves one statement per list.
const COUNTS: &str = "SELECT CAST(SUM(c.n) FILTER (WHERE c.tab = 'active') AS BIGINT) AS active, \
     CAST(SUM(c.n) FILTER (WHERE c.tab = 'active' AND c.assignee_id = $2) AS BIGINT) AS mine, \
     CAST(SUM(c.n) FILTER (WHERE c.tab = 'active' AND c.assignee_id = '') AS BIGINT) AS unassigned, \
     CAST(SUM(c.n) FILTER (WHERE c.tab = 'active' AND c.slot = 'new') AS BIGINT) AS new, \
     CAST(SUM(c.n) FILTER (WHERE c.tab = 'active' AND c.slot = 'missed') AS BIGINT) AS missed, \
     CAST(SUM(c.n) FILTER (WHERE c.tab = 'active' AND c.slot = 'taken' AND c.assignee_id <> $2) AS BIGINT) AS others, \
     CAST(SUM(c.n) FILTER (WHERE c.tab = 'active' AND c.unsent) AS BIGINT) AS unsent, \
     CAST(SUM(c.n) FILTER (WHERE c.tab = 'closed') AS BIGINT) AS closed, \
     CAST(SUM(c.n) FILTER (WHERE c.tab = 'snoozed') AS BIGINT) AS snoozed, \
     (SELECT w.event_seq FROM workspace w WHERE w.id = $1) AS seq \
     FROM inbox_count c WHERE c.workspace_id = $1 AND c.tab IN ('active', 'closed', 'snoozed')";

fn counts_sql(reach: Reach) -> String {
    format!("{COUNTS}{}", visible(reach))
}

row! {
    struct RawCounts {
        active: Option<i64>,
        mine: Option<i64>,
        unassigned: Option<i64>,
        new: Option<i64>,
        missed: Option<i64>,
        others: Option<i64>,
        unsent: Option<i64>,
        closed: Option<i64>,
        snoozed: Option<i64>,
        seq: Option<i64>,
    }
}

/// The counters above the list, for the member who asks, and the number of the last event.
///
/// # Errors
/// When the database fails.
pub async fn counts(conn: &mut Conn<'_>, scope: &Scope) -> Result<(Counts, i64), StoreError> {
    let sql = ours(counts_sql(scope.reach()));
    let raw: RawCounts = conn.one(sql, args![scope.workspace(), scope.reach_key()]).await?;
    // The SUM of no rows is NULL.
    let n = Option::unwrap_or_default;
    let counts = Counts {
        mine: n(raw.mine),
        unassigned: n(raw.unassigned),
        all: n(raw.active),
        closed: n(raw.closed),
        new: n(raw.new),
        missed: n(raw.missed),
        others: n(raw.others),
        unsent: n(raw.unsent),
        snoozed: n(raw.snoozed),
    };
    Ok((counts, n(raw.seq)))
}

/// A row of the counters: tab, slot, assignee, team, channel, whether a message could not be sent, and the count.
pub type Counted = (String, String, String, String, String, bool, i64);

const RECOUNT: &str = "SELECT tab, slot, COALESCE(assignee_id, '') AS assignee_id, COALESCE(team_id, '') AS team_id, channel_id, \
     unsent <> '' AS unsent, CAST(COUNT(*) AS BIGINT) AS n FROM conversation WHERE workspace_id = $1 \
     GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6";
const COUNTED: &str =
    sql!("SELECT ", COUNTED_BY, ", n FROM inbox_count WHERE workspace_id = $1 AND n <> 0 ORDER BY 1, 2, 3, 4, 5, 6");

/// The stored counters, and the counters computed from the conversations. They differ only after a fault. The audit job compares them.
///
/// # Errors
/// When the database fails.
pub async fn counted_and_recounted(
    conn: &mut Conn<'_>,
    workspace: WorkspaceId,
) -> Result<(Vec<Counted>, Vec<Counted>), StoreError> {
    Ok((conn.all(COUNTED, args![workspace]).await?, conn.all(RECOUNT, args![workspace]).await?))
}

/// Corrects every wrong counter. Returns how many were wrong.
///
/// # Errors
/// When the database fails.
pub async fn repair_counts(tx: &mut Tx<'_>, scope: &Scope) -> Result<usize, StoreError> {
    let (kept, fresh) = counted_and_recounted(tx.conn(), scope.workspace()).await?;
    let key = |c: &Counted| (c.0.clone(), c.1.clone(), c.2.clone(), c.3.clone(), c.4.clone(), c.5);
    let mut wrong: std::collections::BTreeMap<_, i64> = fresh.iter().map(|c| (key(c), c.6)).collect();
    for counted in &kept {
        *wrong.entry(key(counted)).or_default() -= counted.6;
    }
    wrong.retain(|_, by| *by != 0);
    for ((tab, slot, assignee, team, channel, unsent), by) in &wrong {
        let (tab, slot, assignee) = (tab.clone(), slot.clone(), assignee.clone());
        let values = args![scope.workspace(), tab, slot, assignee, team.clone(), channel.clone(), *unsent, *by];
        tx.exec(COUNT, values).await?;
    }
    Ok(wrong.len())
}
