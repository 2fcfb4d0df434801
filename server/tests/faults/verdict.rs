//! Compares what was acknowledged with what is stored.

use std::collections::{BTreeMap, HashMap};

use model::{DeliveryState, Entry, EventBody, LiveEvent};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use store::{Conn, Db, Engine, Scope, Val, conversation::counted_and_recounted, event};

use super::{
    deployment::Deployment,
    ledger::{Acked, Kind},
    watchers::{Watched, digest},
};

/// More than the server reads again for a stream, and about what it keeps for a slow one: only then may it say `reset`.
const MAY_RESET: i64 = 1000;
/// How many events are looked at at once.
const PAGE: i64 = 1000;

/// What was found wanting; nothing of it may be.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Figures {
    pub lost: usize,
    pub doubled: usize,
    pub altered: usize,
    pub without_event: usize,
    pub unsent: usize,
}

struct Row {
    id: String,
    conversation_id: String,
    n: i64,
    kind: String,
    state: Option<String>,
    text: String,
}

/// How often an event told of a message: in all, and of its being sent.
type Told = HashMap<String, (usize, usize)>;

/// Compares the rows with the acknowledgements, and says the rest of what must hold.
pub async fn messages(deployment: &Deployment, db: &Db, acked: &[Acked]) -> Figures {
    let mut snapshot = db.snapshot().await.unwrap();
    let conn = &mut snapshot.conn();
    let told = events(conn, deployment).await;
    let rows: Vec<(String, String, i64, String, Option<String>, String)> = conn
        .all("SELECT id, conversation_id, n, kind, state, text FROM message ORDER BY conversation_id, n", Vec::new())
        .await
        .unwrap();
    let row = |(id, conversation_id, n, kind, state, text)| Row { id, conversation_id, n, kind, state, text };
    let rows: Vec<Row> = rows.into_iter().map(row).collect();
    let mut figures = Figures::default();
    let by_id: HashMap<&str, &Row> = rows.iter().map(|row| (row.id.as_str(), row)).collect();
    let mut places: HashMap<(usize, &str), i64> = HashMap::new();
    for acked in acked {
        let Some(row) = by_id.get(acked.id.as_str()) else {
            figures.lost += 1;
            continue;
        };
        figures.altered += usize::from(
            (row.n, row.kind.as_str(), row.text.as_str()) != (acked.n, acked.kind.stored(), acked.text.as_str()),
        );
        let before = places.insert((acked.writer, row.conversation_id.as_str()), row.n).unwrap_or(0);
        assert!(before < row.n, "the messages of {acked:?} are not in the order in which they were acknowledged");
        let (times, sent) = told.get(&acked.id).copied().unwrap_or_default();
        // A reply has two events, written and sent. Both are read back as it is now.
        let expected = if acked.kind == Kind::Reply { (2, 2) } else { (1, 0) };
        figures.without_event += usize::from((times, sent) != expected);
        figures.unsent += usize::from(acked.kind == Kind::Reply && row.state.as_deref() != Some("sent"));
    }
    // Lines are the server's own; everything else was written by somebody who was told so, once.
    figures.doubled = rows.iter().filter(|row| row.kind != "line").count() + figures.lost - acked.len();
    threads(conn, &rows).await;
    let (kept, fresh) = counted_and_recounted(conn, deployment.workspace).await.unwrap();
    assert_eq!(kept, fresh, "the counters above the list must match");
    let with_text = rows.iter().filter(|row| !row.text.is_empty()).count();
    let found = "SELECT CAST(COUNT(*) AS BIGINT) FROM message WHERE search_place > 0 AND text <> ''";
    let distinct =
        "SELECT CAST(COUNT(DISTINCT search_place) AS BIGINT) FROM message WHERE search_place > 0 AND text <> ''";
    let (found, distinct) = (count(conn, found).await, count(conn, distinct).await);
    assert_eq!((found, distinct), (with_text, with_text), "the search must find the acknowledged messages");
    assert_eq!(
        count(conn, "SELECT CAST(COUNT(*) AS BIGINT) FROM job WHERE kind = 'send'").await,
        0,
        "no job may be left"
    );
    figures
}

async fn count(conn: &mut Conn<'_>, sql: &'static str) -> usize {
    usize::try_from(conn.one::<(i64,)>(sql, Vec::new()).await.unwrap().0).unwrap()
}

/// The places of each thread have no gap, and its card knows how many there are.
async fn threads(conn: &mut Conn<'_>, rows: &[Row]) {
    let mut found: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for row in rows {
        let (all, incoming) = found.entry(&row.conversation_id).or_default();
        *all += 1;
        *incoming += i64::from(row.kind == "incoming");
        assert_eq!(*all, row.n, "the positions in conversation {} must have no gap", row.conversation_id);
    }
    let cards: Vec<(String, i64, i64)> =
        conn.all("SELECT id, message_count, inbound_count FROM conversation ORDER BY id", Vec::new()).await.unwrap();
    let cards: BTreeMap<&str, (i64, i64)> =
        cards.iter().map(|(id, all, incoming)| (id.as_str(), (*all, *incoming))).collect();
    assert_eq!(cards, found, "the cards must count all messages");
}

/// Walks through the log: its numbers have no gap and end where the workspace says.
async fn events(conn: &mut Conn<'_>, deployment: &Deployment) -> Told {
    let (mut told, mut seq) = (Told::new(), 0);
    loop {
        let page = event::after(conn, deployment.workspace, seq, PAGE).await.unwrap();
        if page.is_empty() {
            break;
        }
        for (number, body) in page {
            assert_eq!(number, seq + 1, "a gap in the log");
            seq = number;
            let EventBody::Conversation { messages, .. } = body else { continue };
            for message in messages {
                let sent =
                    matches!(&message.entry, Entry::Outgoing { delivery, .. } if delivery.state == DeliveryState::Sent);
                let (times, sendings) = told.entry(message.id.to_string()).or_default();
                *times += 1;
                *sendings += usize::from(sent);
            }
        }
    }
    assert_eq!(
        event::last(conn, deployment.workspace).await.unwrap(),
        Some(seq),
        "the log ends where the workspace says"
    );
    told
}

/// The last number that a member is shown.
pub async fn last_shown(deployment: &Deployment, db: &Db, scope: &Scope) -> i64 {
    let mut snapshot = db.snapshot().await.unwrap();
    let conn = &mut snapshot.conn();
    let last = event::last(conn, deployment.workspace).await.unwrap().unwrap();
    let recent = event::after(conn, deployment.workspace, (last - 100).max(0), 100).await.unwrap();
    let shown = recent.iter().filter(|(_, body)| body.seen(scope.access().unwrap().0).is_some());
    shown.map(|(seq, _)| *seq).max().expect("the last hundred events have one that everybody sees")
}

/// What a stream showed is what the log has for that member: all of it, once, in order. How many resets there were, each needed.
pub async fn watched(deployment: &Deployment, db: &Db, scope: &Scope, watched: &Watched) -> usize {
    for (from, to) in &watched.resets {
        assert!(to - from >= MAY_RESET, "the stream asks for a reload for the {} events after {from}", to - from);
    }
    let mut snapshot = db.snapshot().await.unwrap();
    let conn = &mut snapshot.conn();
    let (mut got, mut seq) = (watched.got.iter(), watched.since);
    loop {
        let page = event::after(conn, deployment.workspace, seq, PAGE).await.unwrap();
        if page.is_empty() {
            break;
        }
        for (number, body) in page {
            seq = number;
            if watched.resets.iter().any(|(from, to)| *from < seq && seq <= *to) {
                continue;
            }
            if let Some(body) = body.seen(scope.access().unwrap().0) {
                let event = LiveEvent { seq, body };
                assert_eq!(got.next(), Some(&(seq, digest(&event))), "the stream differs from event {seq}: {event:?}");
            }
        }
    }
    assert_eq!(got.next(), None, "the stream showed more events than exist");
    watched.resets.len()
}

/// The database's own opinion of itself.
pub async fn health(deployment: &Deployment, db: &Db) {
    if deployment.engine == Engine::Sqlite {
        let path = deployment.launch.url.trim_start_matches("sqlite:");
        let problems = sqlite_problems(path, true).await;
        assert!(problems.is_empty(), "{problems:?}");
    }
    let mut snapshot = db.snapshot().await.unwrap();
    let workspace = || vec![Val::from(deployment.workspace)];
    let orphans = "SELECT CAST(COUNT(*) AS BIGINT) FROM message m LEFT JOIN conversation c \
                   ON c.workspace_id = m.workspace_id AND c.id = m.conversation_id WHERE m.workspace_id = $1 AND c.id IS NULL";
    assert_eq!(snapshot.conn().one::<(i64,)>(orphans, workspace()).await.unwrap().0, 0);
}

/// What SQLite's checks of pages, indexes, references and full text complain of.
pub async fn sqlite_problems(path: &str, all: bool) -> Vec<String> {
    let options = SqliteConnectOptions::new().filename(path);
    let mut file = SqliteConnection::connect_with(&options).await.unwrap();
    let mut problems = Vec::new();
    let check = if all { "PRAGMA integrity_check" } else { "PRAGMA quick_check" };
    match sqlx::query_as::<_, (String,)>(check).fetch_all(&mut file).await {
        Ok(rows) => problems.extend(rows.into_iter().map(|(said,)| said).filter(|said| said != "ok")),
        Err(error) => problems.push(error.to_string()),
    }
    if all {
        match sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut file).await {
            Ok(rows) => problems.extend(rows.first().map(|_| format!("{} broken references", rows.len()))),
            Err(error) => problems.push(error.to_string()),
        }
        for table in ["message_find", "contact_search"] {
            let check = format!("INSERT INTO {table} ({table}, rank) VALUES ('integrity-check', 0)");
            if let Err(error) = sqlx::raw_sql(sqlx::AssertSqlSafe(check)).execute(&mut file).await {
                problems.push(format!("{table}: {error}"));
            }
        }
    }
    let _ = file.close().await;
    problems
}
