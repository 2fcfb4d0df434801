use std::{
    sync::{Arc, Mutex, atomic::AtomicI64},
    time::Instant,
};

use model::{Channel, ChannelId, ChannelKind, Member, MemberId, Needs, Role, Visibility, Workspace};
use store::{Conn, OnCommit, Scope, clock::Clock, conversation, event, search};
use uuid::Uuid;

use super::*;

const NOW: Timestamp = Timestamp(1_780_000_000_000);

#[derive(Debug, Clone)]
struct SetUp(WorkspaceId);

#[async_trait]
impl Command for SetUp {
    type Output = ();
    const NEEDS: Needs = Needs::Nothing;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let name = "Sample".to_owned();
        domain::work::make_workspace(
            tx,
            &Workspace { id: self.0, name, chat_enabled: true, pending_after_reply: true, shows_typing: true },
        )
        .await?;
        let owner = Member {
            id: MemberId::new(Uuid::from_u128(7)),
            name: "Ada Owner".to_owned(),
            email: "ada@tandem.example".to_owned(),
            role: Role::Owner,
            visibility: Visibility::All,
            chat_on: true,
            disabled: false,
            teams: Vec::new(),
        };
        workspaces::add_member(tx, self.0, &owner).await?;
        let chat = Channel {
            id: ChannelId::new(Uuid::from_u128(8)),
            kind: ChannelKind::WebChat,
            name: "Chat".to_owned(),
            key: "key".to_owned(),
            address: String::new(),
            undo_ms: 0,
            greeting: "Hello.".to_owned(),
            auto_reply: "Later.".to_owned(),
            origins: Vec::new(),
            state: None,
        };
        workspaces::add_channel(tx, self.0, &chat).await.map_err(Error::from)
    }
}

/// The number of the first event of a commit, and all its events.
type Told = (i64, Vec<EventBody>);

struct Deployment {
    db: Db,
    workspace: WorkspaceId,
    told: Arc<Mutex<Vec<Told>>>,
    folder: tempfile::TempDir,
}

impl Deployment {
    async fn open(url: Option<String>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = url.unwrap_or_else(|| format!("sqlite:{}", folder.path().join("db").display()));
        let told = Arc::new(Mutex::new(Vec::new()));
        let hear = Arc::clone(&told);
        let on_commit: OnCommit = Arc::new(move |c| hear.lock().expect("told").push((c.first_seq, c.events)));
        let clock = Clock::Manual(Arc::new(AtomicI64::new(NOW.0)));
        let db = Db::open(&url, clock, on_commit).await.expect("a database");
        let workspace = WorkspaceId::new(Uuid::from_u128(42));
        db.write_global(SetUp(workspace)).await.expect("a workspace");
        Self { db, workspace, told, folder }
    }

    async fn seed(&self, conversations: u64, messages: u64) -> Result<Report> {
        let files = Files::open(self.folder.path().join("files")).expect("files");
        let options = Options { conversations, messages, seed: 1, now: NOW };
        seed(&self.db, self.workspace, &options, Some(&files)).await
    }

    async fn numbers(&self, sql: &'static str) -> Vec<i64> {
        let mut snapshot = self.db.snapshot().await.expect("a snapshot");
        let rows: Vec<(i64,)> = snapshot.conn().all(sql, Vec::new()).await.expect(sql);
        rows.into_iter().map(|(n,)| n).collect()
    }

    async fn texts(&self, sql: &'static str) -> Vec<String> {
        let mut snapshot = self.db.snapshot().await.expect("a snapshot");
        let rows: Vec<(String,)> = snapshot.conn().all(sql, Vec::new()).await.expect(sql);
        rows.into_iter().map(|(text,)| text).collect()
    }

    /// Checks what must hold for any data, on either engine.
    async fn check(&self, conversations: i64, messages: i64) {
        assert_eq!(self.numbers("SELECT CAST(COUNT(*) AS BIGINT) FROM conversation").await, [conversations]);
        assert_eq!(self.numbers("SELECT CAST(COUNT(*) AS BIGINT) FROM message").await, [messages]);
        let mut snapshot = self.db.snapshot().await.expect("a snapshot");
        let conn: &mut Conn<'_> = &mut snapshot.conn();
        let (kept, fresh) = conversation::counted_and_recounted(conn, self.workspace).await.expect("counts");
        assert_eq!(kept, fresh);
        let scope = Scope::system(self.workspace, "test");
        for text in ["見積", "invoice", "facture", "заказ", "طلب"] {
            let hits = search::messages(conn, &scope, text, 10).await.expect("a search");
            assert!(!hits.is_empty(), "{text}");
        }
        assert!(!search::contacts(conn, &scope, "durand", 5).await.expect("a search").is_empty());
        assert_eq!(event::last(conn, self.workspace).await.expect("a number"), Some(1));
        drop(snapshot);
        // Computes every derived column again.
        for (what, sql) in WRONG {
            assert_eq!(self.numbers(sql).await, [0], "{what}");
        }
    }
}

/// Queries that count conversations or messages that break a rule of the write path.
const WRONG: &[(&str, &str)] = &[
    (
        "places are 1, 2, 3…",
        "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT c.message_count AS n, COUNT(*) AS k, MIN(m.n) AS lo, MAX(m.n) AS hi \
         FROM conversation c JOIN message m ON m.workspace_id = c.workspace_id AND m.conversation_id = c.id \
         GROUP BY c.id, c.message_count) x WHERE n <> k OR lo <> 1 OR hi <> n",
    ),
    (
        "incoming messages are counted",
        "SELECT CAST(COUNT(*) AS BIGINT) FROM conversation c WHERE inbound_count <> (SELECT COUNT(*) FROM message m \
         WHERE m.workspace_id = c.workspace_id AND m.conversation_id = c.id AND m.kind = 'incoming')",
    ),
    (
        "the last thing said is the last",
        "SELECT CAST(COUNT(*) AS BIGINT) FROM conversation c WHERE last_at <> (SELECT MAX(m.at) FROM message m \
         WHERE m.workspace_id = c.workspace_id AND m.conversation_id = c.id AND m.kind <> 'line' AND COALESCE(m.state, '') <> 'cancelled')",
    ),
    (
        "the first entry is the beginning",
        "SELECT CAST(COUNT(*) AS BIGINT) FROM conversation c WHERE started_at <> (SELECT MIN(m.at) FROM message m \
         WHERE m.workspace_id = c.workspace_id AND m.conversation_id = c.id)",
    ),
    (
        "time never goes backwards in a thread, nor beyond now",
        "SELECT CAST(COUNT(*) AS BIGINT) FROM message a LEFT JOIN message b ON b.workspace_id = a.workspace_id \
         AND b.conversation_id = a.conversation_id AND b.n = a.n + 1 WHERE a.at > b.at OR a.at > 1780000000000",
    ),
    (
        "who waits has written, and nobody said anything since",
        "SELECT CAST(COUNT(*) AS BIGINT) FROM conversation c WHERE waiting_since IS NOT NULL AND (last_inbound_at IS NULL \
         OR waiting_since > last_inbound_at OR status <> 'open')",
    ),
    (
        "nobody has read more than there is",
        "SELECT CAST(COUNT(*) AS BIGINT) FROM read_marker r JOIN conversation c ON c.workspace_id = r.workspace_id \
         AND c.id = r.conversation_id WHERE r.read_count > c.inbound_count OR r.read_count < 0",
    ),
    (
        "files belong to messages",
        "SELECT CAST(COUNT(*) AS BIGINT) FROM attachment a LEFT JOIN message m ON m.workspace_id = a.workspace_id \
         AND m.conversation_id = a.conversation_id AND m.n = a.message_n WHERE m.id IS NULL OR m.kind NOT IN ('incoming', 'outgoing')",
    ),
    (
        "an empty message has files",
        "SELECT CAST(COUNT(*) AS BIGINT) FROM message m WHERE m.text = '' AND m.kind <> 'line' AND NOT EXISTS (SELECT 1 FROM attachment a \
         WHERE a.workspace_id = m.workspace_id AND a.conversation_id = m.conversation_id AND a.message_n = m.n)",
    ),
    (
        "every message is in the index of search, once",
        "SELECT CAST(COUNT(*) - COUNT(DISTINCT NULLIF(search_place, 0)) AS BIGINT) FROM message WHERE kind <> 'line' OR text <> ''",
    ),
    ("names are found by similar ones", "SELECT CAST(COUNT(*) AS BIGINT) FROM contact WHERE near_due"),
    (
        "every conversation began",
        "SELECT (SELECT CAST(COUNT(*) AS BIGINT) FROM conversation) - (SELECT CAST(COUNT(*) AS BIGINT) FROM history WHERE kind = 'begun')",
    ),
    (
        "what came in, what went out and what was taken back is in the history",
        "SELECT CAST(COUNT(*) AS BIGINT) FROM message m WHERE m.kind IN ('incoming', 'outgoing') AND NOT EXISTS (SELECT 1 FROM history h \
         WHERE h.workspace_id = m.workspace_id AND h.conversation_id = m.conversation_id AND h.message_id = m.id AND h.at = m.at \
         AND h.kind = CASE WHEN m.state = 'cancelled' THEN 'taken_back' WHEN m.kind = 'incoming' THEN 'inbound' ELSE 'reply' END)",
    ),
    (
        "the last fact about an assignee and about the status is as the row",
        "SELECT CAST(COUNT(*) AS BIGINT) FROM conversation c WHERE COALESCE(assignee_id, '') <> COALESCE((SELECT to_value FROM history h \
         WHERE h.workspace_id = c.workspace_id AND h.conversation_id = c.id AND kind IN ('assigned', 'unassigned') ORDER BY id DESC LIMIT 1), '') \
         OR status <> COALESCE((SELECT CASE kind WHEN 'reopened' THEN 'open' ELSE kind END FROM history h \
         WHERE h.workspace_id = c.workspace_id AND h.conversation_id = c.id AND kind IN ('closed', 'reopened', 'pending') ORDER BY id DESC LIMIT 1), 'open')",
    ),
    (
        "the first response took as long as the history says",
        "SELECT CAST(COUNT(*) AS BIGINT) FROM conversation c WHERE COALESCE(first_response_ms, -1) <> COALESCE((SELECT ms FROM history h \
         WHERE h.workspace_id = c.workspace_id AND h.conversation_id = c.id AND kind = 'first_response' ORDER BY id DESC LIMIT 1), -1)",
    ),
    (
        "nothing is left to send",
        "SELECT CAST(COUNT(*) AS BIGINT) FROM job WHERE kind IN ('send', 'file_sent_mail', 'read_mails_again')",
    ),
];

#[tokio::test]
async fn sample_data_keeps_the_rules_of_the_write_path() {
    let deployment = Deployment::open(None).await;
    let report = deployment.seed(1_500, 9_000).await.expect("seeded");
    assert_eq!((report.conversations, report.messages, report.members, report.channels), (1_500, 9_000, 6, 2));
    assert!(report.attachments > 100 && report.contacts > 500, "{report:?}");
    deployment.check(1_500, 9_000).await;
    assert_eq!(deployment.texts("PRAGMA integrity_check").await, ["ok"]);
    assert!(deployment.texts("SELECT \"table\" FROM pragma_foreign_key_check").await.is_empty());
    let states = deployment.texts("SELECT DISTINCT state FROM message WHERE state IS NOT NULL").await;
    assert_eq!(states.len(), 9, "{states:?}");
    assert_eq!(deployment.texts("SELECT DISTINCT status FROM conversation").await.len(), 3);
    assert_eq!(deployment.texts("SELECT DISTINCT tab FROM conversation").await.len(), 4);
    assert_eq!(deployment.texts("SELECT DISTINCT slot FROM conversation WHERE tab = 'active'").await.len(), 3);
    let longest = deployment.numbers("SELECT MAX(message_count) FROM conversation").await;
    assert!(longest[0] > 100, "{longest:?}");
    let told = deployment.told.lock().expect("told").clone();
    assert!(matches!(told.as_slice(), [(1, events)] if matches!(events.as_slice(), [EventBody::Workspace(_)])));

    let again = deployment.seed(1_500, 9_000).await;
    assert!(matches!(again, Err(Error::Refused(ApiError::Conflict { .. }))), "{again:?}");
    deployment.check_refused().await;
}

impl Deployment {
    /// A refused seeding changed nothing, and the database is usable.
    async fn check_refused(&self) {
        assert_eq!(self.numbers("SELECT CAST(COUNT(*) AS BIGINT) FROM message").await, [9_000]);
        let other = Options { conversations: 3, messages: 10, seed: 2, now: NOW };
        let report = seed(&self.db, self.workspace, &other, None).await.expect("another seed fits beside the first");
        assert_eq!((report.conversations, report.messages, report.attachments, report.members), (3, 10, 0, 0));
    }
}

#[tokio::test]
async fn the_same_options_give_the_same_rows() {
    let mut prints = Vec::new();
    for _ in 0..2 {
        let deployment = Deployment::open(None).await;
        deployment.seed(150, 1_000).await.expect("seeded");
        let mut rows = Vec::new();
        for sql in [
            "SELECT id || name || email || phone || company || title || location || created_at FROM contact ORDER BY rowid",
            "SELECT id || address || label || COALESCE(contact_id, '') FROM identity ORDER BY rowid",
            "SELECT id || status || COALESCE(assignee_id, '') || pen || preview || last_at || version || tab || slot FROM conversation ORDER BY rowid",
            "SELECT id || n || at || kind || sender || text || COALESCE(line, '') || COALESCE(state, '') || fingerprint FROM message ORDER BY rowid",
            "SELECT id || name || digest || message_n || uploader FROM attachment ORDER BY rowid",
            "SELECT conversation_id || member_id || read_count FROM read_marker ORDER BY rowid",
            "SELECT id || conversation_id || at || kind || actor || COALESCE(message_id, '') || COALESCE(to_value, '') FROM history ORDER BY rowid",
            "SELECT id || search_place FROM message ORDER BY rowid",
            "SELECT word FROM search_word ORDER BY word",
            "SELECT near || word FROM name_near ORDER BY near, word",
            "SELECT id || name || email FROM member ORDER BY rowid",
        ] {
            rows.push(domain::fingerprint(&deployment.texts(sql).await.iter().map(String::as_str).collect::<Vec<_>>()));
        }
        prints.push(rows);
    }
    assert_eq!(prints[0], prints[1]);
}

#[tokio::test]
async fn few_messages_and_odd_numbers_add_up() {
    for (conversations, messages) in [(0, 100), (1, 0), (1, 1), (1, 777), (40, 40), (50, 53), (7, 5_000)] {
        let deployment = Deployment::open(None).await;
        let report = deployment.seed(conversations, messages).await.expect("seeded");
        let expected = if conversations == 0 { 0 } else { messages.max(conversations) };
        assert_eq!((report.conversations, report.messages), (conversations, expected));
        for (what, sql) in WRONG {
            assert_eq!(deployment.numbers(sql).await, [0], "{what} of {conversations}, {messages}");
        }
    }
}

/// `TANDEM_TEST_SEED=conversations,messages` and optionally `TANDEM_TEST_POSTGRES=postgres://…` measure it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures"]
async fn how_long_it_takes() {
    let wanted = std::env::var("TANDEM_TEST_SEED").unwrap_or_else(|_| "20000,100000".to_owned());
    let (conversations, messages) = wanted.split_once(',').expect("two numbers");
    let (conversations, messages) = (conversations.parse().expect("a number"), messages.parse().expect("a number"));
    let deployment = Deployment::open(std::env::var("TANDEM_TEST_POSTGRES").ok()).await;
    let begun = Instant::now();
    let report = deployment.seed(conversations, messages).await.expect("seeded");
    println!("{:?} on {:?}: {report:?}", begun.elapsed(), deployment.db.engine());
    deployment.check(conversations.cast_signed(), messages.cast_signed()).await;
}
