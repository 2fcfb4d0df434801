//! Quality 1.6, traps 1 and 3: every list is read along an index, in order, and a deep page costs no more than the first.
// long file: one table of rows and one of readings, to which every new statement adds a line

use model::{View, Visibility};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use store::{
    Conn, Engine, Val,
    conversation::composed_statements,
    list::page_sql,
    search::{self, Way},
    statements,
    words::{Query, workspace_word},
};

use crate::{plain::Sql, world::World};

on_both_engines!(
    lists_walk_an_index,
    every_other_reading_uses_an_index,
    a_deep_page_costs_what_the_first_costs,
    a_search_never_reads_a_table_whole,
);

/// A few thousand conversations, messages, events and jobs, plausible enough for the planner.
async fn fill(world: &World) {
    let (workspace, owner) = (world.workspace, world.owner.id);
    let channel = world.chat.id;
    let id = |front: char| format!("'00000000-0000-7000-{front}000-' || CAST(100000000000 + i AS TEXT)");
    let numbers = |n: i64| format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {n}) ");
    let (conversation, identity, message) = (id('8'), id('9'), id('a'));
    let into = |table: &str, columns: &str, rows: i64, values: String| {
        let select = format!("SELECT {values} FROM n");
        // PostgreSQL wants WITH behind INSERT INTO, SQLite takes it there as well.
        (format!("INSERT INTO {table} ({columns}) {}{select}", numbers(rows)), Vec::new())
    };
    let conversations = "workspace_id, id, channel_id, channel_kind, identity_id, contact_id, team_id, status, snoozed_until, \
        assignee_id, ai_mode, pen, pen_epoch, waiting_since, missed_at, auto_replied_at, outreach, tab, slot, preview_by, preview, \
        last_at, last_inbound_at, started_at, first_response_ms, message_count, inbound_count, version";
    let rows = format!(
        "'{workspace}', {conversation}, '{channel}', 'web_chat', {identity}, CASE WHEN i < 4000 THEN {message} END, NULL, \
         CASE WHEN i % 3 = 0 THEN 'closed' ELSE 'open' END, NULL, CASE WHEN i % 4 = 0 THEN '{owner}' END, 'paused', 'nobody', 0, \
         NULL, NULL, NULL, FALSE, CASE WHEN i % 3 = 0 THEN 'closed' ELSE 'active' END, \
         CASE WHEN i % 4 = 0 THEN 'taken' WHEN i % 5 = 0 THEN 'missed' ELSE 'new' END, 'them', 'Hello', \
         1700000000000 + (i * 7919) % 5000, NULL, 1700000000000, NULL, 1, 1, 1"
    );
    let messages = "workspace_id, id, conversation_id, n, at, kind, sender, text, reason, fingerprint";
    let last = "'00000000-0000-7000-8000-100000000007'";
    let members = "workspace_id, id, email, email_key, name, role, visibility, granted, chat_on, created_at";
    let contacts = "workspace_id, id, version, name, email, phone, company, title, location, language, time_zone, lead_status, created_at";
    let member = id('c');
    let statements = vec![
        into(
            "member",
            members,
            3000,
            format!("'{workspace}', {member}, {member}, {member}, 'M', 'agent', 'all', '[]', TRUE, 1"),
        ),
        into(
            "credential",
            "member_id, workspace_id, password_hash, changed_at",
            3000,
            format!("{member}, '{workspace}', '', 1"),
        ),
        into(
            "contact",
            contacts,
            4000,
            format!("'{workspace}', {message}, 1, 'C', '', '', '', '', '', '', '', 'new', 1"),
        ),
        into(
            "identity",
            "workspace_id, id, channel_kind, address, label, created_at",
            5000,
            format!("'{workspace}', {identity}, 'web_chat', {identity}, 'V', 1"),
        ),
        into("conversation", conversations, 5000, rows),
        into(
            "blocked_sender",
            "workspace_id, id, channel_kind, address, label, member_id, at, conversation_id",
            4000,
            format!("'{workspace}', {message}, 'email', {message}, 'B', '{owner}', i, {conversation}"),
        ),
        into(
            "message",
            messages,
            4000,
            format!("'{workspace}', {message}, {conversation}, 1, 1, 'incoming', '', 'Hello', '', ''"),
        ),
        into(
            "message",
            messages,
            4000,
            format!(
                "'{workspace}', '00000000-0000-7000-b000-' || CAST(100000000000 + i AS TEXT), {last}, i + 1, 1, 'incoming', '', 'Hello', '', ''"
            ),
        ),
        into(
            "event",
            "workspace_id, seq, at, conversation_id, body",
            4000,
            format!("'{workspace}', i + 1000, 1, NULL, '{{}}'"),
        ),
        into(
            "job",
            "id, workspace_id, kind, body, state, run_at, attempts, last_error, created_at",
            4000,
            format!(
                "{message}, '{workspace}', 'send', '{{}}', CASE WHEN i % 50 = 0 THEN 'waiting' ELSE 'dead' END, 1700000000000 + i, 1, '', 1"
            ),
        ),
        into(
            "read_marker",
            "workspace_id, conversation_id, member_id, read_count",
            3000,
            format!("'{workspace}', {conversation}, '{owner}', 1"),
        ),
        into(
            "session",
            "token_hash, workspace_id, member_id, id, user_agent, created_at, seen_at, expires_at",
            2000,
            format!("'hash ' || CAST(i AS TEXT), '{workspace}', '{owner}', {message}, '', 1, 1, 1"),
        ),
        into(
            "audit",
            "workspace_id, id, at, member_id, what, body, address, n, seal",
            2000,
            format!("'{workspace}', {message}, 1, NULL, 'refused', '{{}}', '', i + 10, ''"),
        ),
        into(
            "one_time_link",
            "token_hash, purpose, workspace_id, id, body, created_at, expires_at, maker_id, maker_key",
            2000,
            format!("'link ' || CAST(i AS TEXT), 'invite', '{workspace}', {message}, '', i, 1, '{owner}', ''"),
        ),
        into(
            "inbox_count",
            "workspace_id, tab, slot, assignee_id, team_id, channel_id, n",
            1000,
            "'a workspace ' || CAST(i AS TEXT), 'active', 'new', '', '', '', 1".to_owned(),
        ),
        into(
            "attachment",
            "workspace_id, id, conversation_id, message_n, uploader, name, size, media_type, digest, created_at",
            2000,
            format!("'{workspace}', {message}, {conversation}, 1, '', 'a', 1, '', '', 1"),
        ),
        into(
            "mail",
            "workspace_id, id, channel_id, folder, uid_validity, uid, digest, size, outcome, reason, message_id, at",
            4000,
            format!(
                "'{workspace}', {message}, '{channel}', 'INBOX', 7, i, 'digest ' || CAST(i AS TEXT), 1, CASE WHEN i % 100 = 0 THEN 'quarantined' ELSE 'taken' END, '', {message}, i"
            ),
        ),
        into(
            "mail_name",
            "workspace_id, name, message_id, channel_id, conversation_id",
            4000,
            format!("'{workspace}', 'name ' || CAST(i AS TEXT), {message}, '{channel}', {conversation}"),
        ),
        into(
            "participant",
            "workspace_id, conversation_id, address",
            4000,
            format!("'{workspace}', {conversation}, 'anna@x.example'"),
        ),
        into(
            "mail_folder",
            "workspace_id, channel_id, name, uid_validity, last_uid, first_uid, since, on_server, here, before_us",
            2000,
            format!("'{workspace}', {conversation}, 'INBOX', 7, 1, 1, 1, 1, 1, 1"),
        ),
        into(
            "attachment",
            "workspace_id, id, uploader, name, size, media_type, digest, created_at, channel_id",
            2000,
            format!(
                "'{workspace}', 'loose ' || CAST(i AS TEXT), '', 'a', 1, '', 'digest ' || CAST(i AS TEXT), i, '{channel}'"
            ),
        ),
        into(
            "loose_bytes",
            "workspace_id, digest, at",
            2000,
            format!("'{workspace}', 'digest ' || CAST(i AS TEXT), 1"),
        ),
        into(
            "history",
            "workspace_id, conversation_id, id, at, channel_id, kind, actor, message_id, from_value, to_value, ms",
            4000,
            format!(
                "'{workspace}', {conversation}, {message}, i, '{channel}', CASE WHEN i % 3 = 0 THEN 'reply' ELSE 'inbound' END, 'visitor', {message}, NULL, NULL, 1"
            ),
        ),
        into(
            "notice",
            "workspace_id, member_id, n, kind, about, size, times, at, seen",
            3000,
            format!(
                "'{workspace}', CASE WHEN i > 2800 THEN '{owner}' ELSE {member} END, i, 'reply', {conversation}, 0, 1, i, FALSE"
            ),
        ),
        into(
            "notice_reader",
            "workspace_id, member_id, last, seen, seen_at, listed, browser",
            3000,
            format!("'{workspace}', {member}, i, 0, 0, 15, 0"),
        ),
        into("attempt", "bucket, count, window_start", 2000, "'bucket ' || CAST(i AS TEXT), 1, i".to_owned()),
        findable(world),
        (
            "UPDATE message SET search_place = CAST(SUBSTR(id, 26) AS BIGINT) WHERE SUBSTR(id, 20, 1) = 'a'".to_owned(),
            Vec::new(),
        ),
        words(world, "contact_search", "contact_id", &message),
        ("ANALYZE".to_owned(), Vec::new()),
    ];
    world.db.write(&world.owner.scope, Sql(statements)).await.unwrap();
}

/// Four thousand messages of the index of search: all have one word, few another.
fn findable(world: &World) -> (String, Vec<Val>) {
    let mark = format!("\u{2021}w{}", world.workspace.uuid().simple());
    let (place, text) = match world.engine {
        Engine::Sqlite => ("rowid", format!("'{mark} ' || CASE WHEN i % 500 = 0 THEN 'common rare' ELSE 'common' END")),
        Engine::Postgres => (
            "place",
            format!("CAST('{mark} ' || CASE WHEN i % 500 = 0 THEN 'common:1 rare:2' ELSE 'common:1' END AS TSVECTOR)"),
        ),
    };
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3999)";
    (format!("INSERT INTO message_find ({place}, words) {numbers} SELECT i, {text} FROM n"), Vec::new())
}

/// Four thousand entries of the index of contacts: all have one word, few another.
fn words(world: &World, table: &str, columns: &str, values: &str) -> (String, Vec<Val>) {
    let (workspace, word) = (world.workspace, workspace_word(&world.workspace.to_string()));
    let text = "CASE WHEN i % 500 = 0 THEN 'common rare' ELSE 'common' END";
    let (own, workspace, text) = match world.engine {
        Engine::Sqlite => ("workspace", format!("'{word}'"), text.to_owned()),
        Engine::Postgres => (
            "workspace_id",
            format!("'{workspace}'"),
            format!("array_to_tsvector(array_append(string_to_array({text}, ' '), '{word}'))"),
        ),
    };
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3999)";
    let sql =
        format!("INSERT INTO {table} ({own}, words, {columns}) {numbers} SELECT {workspace}, {text}, {values} FROM n");
    (sql, Vec::new())
}

/// A connection of its own, so that it knows the fresh statistics.
enum Planner {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Planner {
    async fn of(world: &World) -> Self {
        match world.engine {
            Engine::Sqlite => Self::Sqlite(SqliteConnection::connect(&world.url).await.unwrap()),
            Engine::Postgres => {
                let mut connection = PgConnection::connect(&world.url).await.unwrap();
                // So small a table may be read whole; what counts is whether an index could be used.
                sqlx::raw_sql("SET enable_seqscan = off; SET enable_bitmapscan = off")
                    .execute(&mut connection)
                    .await
                    .unwrap();
                Self::Postgres(connection)
            }
        }
    }

    /// Lets it choose bitmaps, without which an index of words cannot be asked.
    async fn with_bitmaps(mut self) -> Self {
        if let Self::Postgres(connection) = &mut self {
            sqlx::raw_sql("SET enable_bitmapscan = on").execute(connection).await.unwrap();
        }
        self
    }

    async fn plan(&mut self, sql: &str, values: Vec<Val>) -> String {
        match self {
            Self::Sqlite(c) => {
                let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
                let steps: Vec<(i64, i64, i64, String)> = Conn::Sqlite(c).all(explain, values).await.expect(sql);
                steps.into_iter().map(|step| step.3).collect::<Vec<_>>().join("\n")
            }
            Self::Postgres(c) => {
                let explain = AssertSqlSafe(format!("EXPLAIN (COSTS off) {sql}"));
                let steps: Vec<(String,)> = Conn::Postgres(c).all(explain, values).await.expect(sql);
                steps.into_iter().map(|step| step.0).collect::<Vec<_>>().join("\n")
            }
        }
    }
}

/// What is wrong with a plan for a list of conversations.
fn fault(engine: Engine, plan: &str) -> Option<&'static str> {
    let has = |word: &str| plan.lines().any(|line| line.trim_start_matches([' ', '-', '>']).starts_with(word));
    match engine {
        Engine::Sqlite => {
            if has("SCAN c") {
                Some("reads all conversations")
            } else if plan.contains("TEMP B-TREE FOR") {
                Some("sorts")
            } else if !plan.lines().any(|line| line.starts_with("SEARCH c USING INDEX conversation_")) {
                Some("does not search an index")
            } else {
                None
            }
        }
        Engine::Postgres => {
            if has("Seq Scan on conversation") {
                Some("reads all conversations")
            } else if has("Sort") || has("Incremental Sort") {
                Some("sorts")
            } else if !plan.contains("Index Scan using conversation_") {
                Some("does not search an index")
            } else {
                None
            }
        }
    }
}

fn values(world: &World, cursor: Option<i64>) -> Vec<Val> {
    let mut values = vec![Val::from(world.workspace), Val::from(world.owner.id), Val::from(0)];
    if let Some(at) = cursor {
        values.extend([Val::from(at), Val::from("00000000-0000-7000-8000-100000000007")]);
    }
    values.push(Val::from(51));
    values
}

async fn lists_walk_an_index(world: World) {
    fill(&world).await;
    let mut planner = Planner::of(&world).await;
    let mut faults = Vec::new();
    for &visibility in Visibility::ALL {
        for &view in View::ALL {
            for cursor in [None, Some(1_700_000_002_500)] {
                let plan =
                    planner.plan(&page_sql(visibility.into(), view, cursor.is_some()), values(&world, cursor)).await;
                if let Some(fault) = fault(world.engine, &plan) {
                    faults.push(format!("{visibility:?} {view:?} cursor {cursor:?} {fault}:\n{plan}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

/// Whatever else is read by a request or a worker: no table of a workspace's size is read whole, nothing is sorted.
async fn every_other_reading_uses_an_index(world: World) {
    fill(&world).await;
    let mut planner = Planner::of(&world).await;
    let of = |part: &str| {
        let found = statements(world.engine).into_iter().chain(composed_statements()).find(|sql| sql.contains(part));
        found.unwrap_or_else(|| panic!("no statement has {part:?}"))
    };
    let (workspace, owner) = (Val::from(world.workspace), Val::from(world.owner.id));
    let (text, n) = (|| Val::from("00000000-0000-7000-8000-100000000007"), || Val::from(50));
    let slots = vec![Val::from(true), Val::from(true), text(), text(), text()];
    let readings = [
        ("channels of my teams", of("SELECT DISTINCT tc.channel_id"), vec![workspace.clone(), owner.clone()]),
        ("all that is mine", of("assignee_id = $2 LIMIT $3"), vec![workspace.clone(), owner.clone(), n()]),
        (
            "all of my teams",
            of("JOIN conversation c ON c.workspace_id = tm.workspace_id"),
            vec![workspace.clone(), owner.clone(), n()],
        ),
        ("when a hit was written", of("AND search_place = $2"), vec![workspace.clone(), n()]),
        ("place of a message", of("SELECT search_place FROM message"), vec![workspace.clone(), text()]),
        ("a sweep", of("ended FROM sweep"), vec![workspace.clone(), text()]),
        (
            "sweeps that run",
            of("FROM sweep WHERE workspace_id = $1 AND member_id"),
            vec![workspace.clone(), text(), n()],
        ),
        ("old sweeps", of("DELETE FROM sweep"), vec![workspace.clone(), n(), n()]),
        (
            "notices",
            of("FROM notice WHERE workspace_id = $1 AND member_id = $2 ORDER BY n DESC"),
            vec![workspace.clone(), owner.clone(), n()],
        ),
        (
            "how far notices were seen",
            of("FROM notice_reader WHERE workspace_id = $1 AND member_id = $2"),
            vec![workspace.clone(), owner.clone()],
        ),
        (
            "notices of a conversation",
            of("AND about = $3 AND NOT seen"),
            vec![workspace.clone(), owner.clone(), text()],
        ),
        (
            "a notice to take back",
            of("DELETE FROM notice WHERE workspace_id = $1 AND member_id = $2"),
            vec![workspace.clone(), owner.clone(), text(), text()],
        ),
        ("notices that are too many", of("r.last - $3"), vec![workspace.clone(), Val::from("[\"a\"]"), n()]),
        ("how to undo", of("SELECT inverse FROM undo"), vec![workspace.clone(), text(), n()]),
        ("an act to undo", of("AND member_id = $3 ORDER BY part"), vec![workspace.clone(), text(), text(), n()]),
        ("old inverses", of("DELETE FROM undo"), vec![workspace.clone(), n(), n()]),
        ("giving places", of("UPDATE message SET search_place"), vec![workspace.clone(), Val::from("{\"a\": 1}")]),
        ("messages to index", of("search_place IS NULL ORDER BY id DESC"), vec![workspace.clone(), n()]),
        ("names to index", of("near_due ORDER BY id DESC"), vec![workspace.clone(), n()]),
        (
            "similar names",
            of("SELECT DISTINCT word FROM name_near"),
            vec![workspace.clone(), Val::from("[\"amelie\"]")],
        ),
        ("whereabouts", of("c.contact_id, COALESCE(NULLIF(c.label"), vec![workspace.clone(), Val::from("[\"a\"]")]),
        ("thread", of("AND n < $3 ORDER BY n DESC LIMIT $4"), vec![workspace.clone(), text(), n(), n()]),
        (
            "thread as they see it",
            of("state IN ('sent', 'delivered', 'read'))) ORDER BY"),
            vec![workspace.clone(), text(), n(), n()],
        ),
        ("files", of("message_n >= $3"), vec![workspace.clone(), text(), n(), n()]),
        ("message", of("FROM message WHERE workspace_id = $1 AND id = $2"), vec![workspace.clone(), text()]),
        ("provider's id", of("provider_id = $3"), vec![workspace.clone(), text(), text()]),
        ("latest of a visitor", of("identity_id = $2 AND channel_id = $3"), vec![workspace.clone(), text(), text()]),
        ("of a contact", of("contact_id = $2 ORDER BY last_at DESC"), vec![workspace.clone(), text()]),
        ("counts", of("FROM inbox_count c WHERE c.workspace_id = $1"), vec![workspace.clone(), owner.clone()]),
        ("reads", of("FROM read_marker WHERE"), vec![workspace.clone(), text()]),
        ("events", of("AND seq > $2 ORDER BY seq"), vec![workspace.clone(), n(), n()]),
        ("facts of a kind", of("kind = $2 AND at >= $3"), vec![workspace.clone(), text(), n(), n(), n()]),
        (
            "facts of a conversation",
            of("conversation_id = $2 ORDER BY id LIMIT $3"),
            vec![workspace.clone(), text(), n()],
        ),
        ("expired events", of("AND seq <= $2 ORDER BY seq LIMIT $3"), vec![workspace.clone(), n(), n()]),
        ("oldest event", of("ORDER BY seq LIMIT 1"), vec![workspace.clone()]),
        ("session", of("FROM session s JOIN member m"), vec![text(), n(), n()]),
        ("sign-in", of("WHERE m.email_key = $1"), vec![text()]),
        ("audit log", of("n < $2 ORDER BY n DESC"), vec![workspace.clone(), n(), n()]),
        ("audit log's chain", of("n > $2 ORDER BY n LIMIT"), vec![workspace.clone(), n(), n()]),
        ("end of the audit log", of("FROM audit WHERE workspace_id = $1 ORDER BY n DESC"), vec![workspace.clone()]),
        ("invitations", of("l.workspace_id = $1 AND l.purpose = $2"), vec![workspace.clone(), text(), n()]),
        ("who made a link", of("WHERE l.token_hash = $1"), vec![text()]),
        (
            "address",
            of("FROM identity WHERE workspace_id = $1 AND channel_kind"),
            vec![workspace.clone(), text(), text(), text()],
        ),
        ("mailbox's cursor", of("FROM mail_folder"), vec![workspace.clone(), text(), text()]),
        ("mail at its place", of("uid_validity = $4 AND uid = $5"), vec![workspace.clone(), text(), text(), n(), n()]),
        (
            "mails of a folder",
            of("uid_validity = $4 AND uid IS NOT NULL"),
            vec![workspace.clone(), text(), text(), n()],
        ),
        (
            "mails behind a number",
            of("uid_validity = $4 AND uid > $5"),
            vec![workspace.clone(), text(), text(), n(), n()],
        ),
        ("place of a mail", of("SELECT folder, uid_validity, uid"), vec![workspace.clone(), text()]),
        ("withheld mails", of("AND digest = ''"), vec![workspace.clone(), text(), text(), n()]),
        ("mail by its bytes", of("AND digest = $3"), vec![workspace.clone(), text(), text()]),
        ("unclaimed files", of("conversation_id IS NULL AND created_at <= $2"), vec![workspace.clone(), n(), n()]),
        (
            "a channel's unclaimed files",
            of("channel_id = $2 AND conversation_id IS NULL"),
            vec![workspace.clone(), text()],
        ),
        ("heaviest unclaimed files", of("ORDER BY u.weight DESC"), vec![workspace.clone(), text(), n(), n(), n()]),
        (
            "loose bytes",
            of("FROM loose_bytes WHERE workspace_id = $1 AND digest > $2"),
            vec![workspace.clone(), text(), n()],
        ),
        ("who has the same bytes", of("FROM mail WHERE digest = $1) AS used"), vec![text()]),
        ("full bucket", of("bucket = $1 AND count >= $2"), vec![text(), n(), n()]),
        ("expired attempts", of("FROM attempt WHERE window_start <= $1"), vec![n(), n()]),
        ("mail", of("FROM mail WHERE workspace_id = $1 AND id = $2"), vec![workspace.clone(), text()]),
        (
            "mail of a message",
            of("FROM mail WHERE workspace_id = $1 AND message_id = $2"),
            vec![workspace.clone(), text()],
        ),
        ("answered mail", of("SELECT m.n, mail.digest FROM message m"), vec![workspace.clone(), text(), n()]),
        ("quarantine", of("outcome = $3 ORDER BY at DESC"), vec![workspace.clone(), text(), Val::from("quarantined")]),
        ("mails of older rules", of("AND reader < $2"), vec![workspace.clone(), n(), n()]),
        ("mails by name", of("FROM mail_name"), vec![workspace.clone(), Val::from("[\"name 7\", \"name 8\"]")]),
        ("who takes part", of("SELECT address FROM participant"), vec![workspace.clone(), text(), text()]),
        ("last mail of a thread", of("AND mail IS NOT NULL AND (state"), vec![workspace.clone(), text()]),
        ("newest replies", of("m.state <> 'cancelled' ORDER BY m.n DESC LIMIT 50"), vec![workspace.clone(), text()]),
        ("wrote after", of("AND n > $3 AND kind = 'incoming'"), vec![workspace.clone(), text(), n()]),
        ("replies of others", of("AND sender <> $4 AND state NOT IN"), vec![workspace.clone(), text(), n(), text()]),
        ("job waiting", of("SELECT run_at FROM job"), slots.clone()),
        ("jobs due", of("AND run_at <= $6 ORDER BY run_at LIMIT $7"), [slots, vec![n(), n()]].concat()),
        ("dead jobs", of("state = 'dead' ORDER BY run_at DESC"), vec![workspace.clone()]),
        ("blocked senders", of("(b.at, b.id) < ($3, $4)"), vec![workspace.clone(), owner.clone(), n(), text(), n()]),
        ("a blocked sender", of("AND b.id = $3"), vec![workspace.clone(), owner.clone(), text()]),
        ("who is blocked", of("FROM blocked_sender WHERE workspace_id"), vec![workspace.clone(), text(), text()]),
        ("whose address it is", of("m.email_key = $2"), vec![workspace.clone(), text()]),
        ("where an identity writes", of("SELECT address, said_by"), vec![workspace.clone(), text()]),
        ("backlog", of("FROM job WHERE workspace_id = $1 AND state = $2"), vec![workspace.clone(), text()]),
        ("waiting to go", of("state = 'waiting' AND channel_id = $2"), vec![workspace, text()]),
    ];
    let mut faults = Vec::new();
    for (what, sql, values) in readings {
        let plan = planner.plan(&sql, values).await;
        // The readers of one conversation, the files of one page and what a server withholds are few; what strangers left on one channel
        // is bounded, and sorted only where that bound is reached.
        let may_sort = [
            "counts",
            "reads",
            "files",
            "mails by name",
            "mail of a message",
            "newest replies",
            "withheld mails",
            "heaviest unclaimed files",
            "channels of my teams",
            "similar names",
        ]
        .contains(&what);
        let scans = |line: &str| {
            let line = line.trim_start_matches([' ', '-', '>']);
            // In the order in which they are due, up to the first that there is a slot for.
            let in_order = what == "job waiting" && line.ends_with("COVERING INDEX job_due");
            let harmless = in_order || line.starts_with("SCAN CONSTANT") || line.starts_with("SCAN json_each");
            line.starts_with("Seq Scan") || (line.starts_with("SCAN ") && !harmless)
        };
        let sorts = plan.contains("TEMP B-TREE FOR ORDER BY") || plan.contains("Sort Key");
        if plan.lines().any(scans) || (sorts && !may_sort) {
            faults.push(format!("{what}:\n{plan}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

/// Words are looked up in their index and their conversations by key, whoever asks and however rare the word.
async fn a_search_never_reads_a_table_whole(world: World) {
    fill(&world).await;
    let mut planner = Planner::of(&world).await.with_bitmaps().await;
    let workspace = world.workspace.to_string();
    let query = Query::parse("rare").unwrap();
    let none = std::collections::BTreeMap::new();
    let mark = format!("\u{2021}w{}", world.workspace.uuid().simple());
    let (contacts, messages) = match world.engine {
        Engine::Sqlite => (query.fts5(&workspace, &none), format!("\"{mark}\" AND \"rare\"")),
        Engine::Postgres => (query.tsquery(&workspace, &none), format!("'{mark}' & 'rare'")),
    };
    let mut faults = Vec::new();
    for (what, way, visibility, sql) in search::composed_statements(world.engine) {
        let mut values: Vec<Val> = vec![workspace.clone().into(), world.owner.id.into()];
        match what {
            "contacts" => values.extend([contacts.clone().into(), Val::from(25)]),
            "floor" | "unknown" => values.extend([messages.clone().into(), Val::from(i64::MAX), Val::from(25)]),
            _ => {
                values.extend([messages.clone().into(), Val::from(i64::MAX), Val::from(25), Val::from(25)]);
                values.extend([Val::from(i64::MIN), Val::from(i64::MAX)]);
                let none = || Val::from(None::<String>);
                values.extend([none(), none(), none(), none(), world.owner.id.into(), Val::from(0), none()]);
                values.extend([none(), none(), none()]);
            }
        }
        let plan = planner.plan(&sql, values).await;
        let (index, key) = if what == "contacts" {
            ("contact_search", "contact_search_pkey")
        } else {
            ("message_find", "message_find_pkey")
        };
        let right = match (world.engine, way) {
            (Engine::Sqlite, _) => plan.contains(&format!("SCAN {index} VIRTUAL TABLE")),
            (Engine::Postgres, Way::Index | Way::Near) => plan.contains(&format!("Bitmap Index Scan on {index}_words")),
            (Engine::Postgres, Way::Recent) => plan.contains(&format!("Index Scan Backward using {key}")),
        };
        let by_place = ["contacts", "floor"].contains(&what) || plan.contains("message_search_place");
        let whole = ["Seq Scan", "SCAN c\n", "SCAN m\n", "SCAN conversation", "SCAN message\n"];
        if !right || !by_place || whole.iter().any(|way| plan.contains(way)) {
            faults.push(format!("{what} {way:?} {visibility:?}:\n{plan}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

async fn a_deep_page_costs_what_the_first_costs(world: World) {
    fill(&world).await;
    let mut planner = Planner::of(&world).await;
    for &view in View::ALL {
        let sql = page_sql(Visibility::All.into(), view, true);
        let near = planner.plan(&sql, values(&world, Some(1_700_000_004_990))).await;
        let deep = planner.plan(&sql, values(&world, Some(1_700_000_000_010))).await;
        // How conversations are read; the few rows beside them may be fetched this way or that.
        let way = |plan: &str| {
            let of_conversation = plan
                .lines()
                .filter(|line| ["conversation_", "SEARCH c ", "SCAN c"].iter().any(|word| line.contains(word)));
            of_conversation.map(|line| line.trim().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(way(&near), way(&deep), "{view:?}");
        assert_eq!((fault(world.engine, &near), fault(world.engine, &deep)), (None, None), "{view:?}");
        assert!(!sql.contains("OFFSET"));
    }
    // And walking them all meets every conversation once, newest first.
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page =
            domain::inbox::page(&world.db, &world.owner.scope, View::All, model::Sort::Last, after, 97).await.unwrap();
        seen.extend(page.rows.iter().map(|row| row.cursor(model::Sort::Last)));
        after = page.rows.last().map(|row| row.cursor(model::Sort::Last));
        if !page.more {
            break;
        }
    }
    assert_eq!(seen.len(), 5000 - 5000 / 3);
    assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "newest first, no row twice");
}
