//! Notices of members (N2), how far each has seen theirs, and their switches. The number of statements does not depend on how many members
//! are told.

use model::{MOST_NOTICES, MemberId, NoticeKind, NoticeKinds, NoticeSwitches, Timestamp};
use uuid::Uuid;

use super::{
    Scope, Tx,
    codec::{read, read_opt},
    conn::{Conn, Engine, args, row},
    scope::{among, ours},
};
use crate::error::StoreError;

pub(super) const STATEMENTS: &[&str] = &[READER, PAGE, NOTES, UP_TO, ONE, ABOUT, TAKE_BACK, SWITCH];

/// Those whose form depends on the engine.
pub(super) fn statements(engine: Engine) -> [String; 3] {
    [count_sql(engine), put_sql(engine), trim_sql(engine)]
}

/// What members are told.
#[derive(Debug, Clone, Copy)]
pub struct Telling {
    /// The kind.
    pub kind: NoticeKind,
    /// The conversation, or the act that changed several. While a member has not seen a notice of this kind about it, there is one.
    pub about: Uuid,
    /// How many conversations the act changed. 0 for one conversation.
    pub size: i64,
    /// The member who caused it.
    pub by: Option<MemberId>,
    /// The place in the thread.
    pub place: Option<i64>,
}

/// Takes the next number of each member. In the order of ids, so that two transactions cannot wait for each other.
fn count_sql(engine: Engine) -> String {
    let among = among(engine, "$2");
    format!(
        "INSERT INTO notice_reader (workspace_id, member_id, last, seen, seen_at, listed, browser) \
         SELECT m.workspace_id, m.id, 1, 0, 0, $3, 0 FROM member m WHERE m.workspace_id = $1 AND m.id {among} ORDER BY m.id \
         ON CONFLICT (workspace_id, member_id) DO UPDATE SET last = notice_reader.last + 1"
    )
}

fn put_sql(engine: Engine) -> String {
    let among = among(engine, "$2");
    format!(
        "INSERT INTO notice (workspace_id, member_id, n, kind, about, size, times, by_id, place, at, seen) \
         SELECT r.workspace_id, r.member_id, r.last, $3, $4, $5, 1, $6, $7, $8, FALSE FROM notice_reader r \
         WHERE r.workspace_id = $1 AND r.member_id {among} \
         ON CONFLICT (workspace_id, member_id, about, kind) DO UPDATE SET n = excluded.n, \
         size = CASE WHEN excluded.size = 0 THEN 0 ELSE notice.size + excluded.size END, \
         times = CASE WHEN notice.seen OR notice.n <= (SELECT r.seen FROM notice_reader r \
         WHERE r.workspace_id = notice.workspace_id AND r.member_id = notice.member_id) THEN 1 ELSE notice.times + 1 END, \
         by_id = excluded.by_id, place = excluded.place, at = excluded.at, seen = FALSE"
    )
}

fn trim_sql(engine: Engine) -> String {
    let among = among(engine, "$2");
    format!(
        "DELETE FROM notice WHERE workspace_id = $1 AND member_id {among} AND n <= (SELECT r.last - $3 FROM notice_reader r \
         WHERE r.workspace_id = notice.workspace_id AND r.member_id = notice.member_id)"
    )
}

/// Stores a notice for each of these members. Those who are none of the workspace are left out.
///
/// # Errors
/// When the database fails.
pub async fn tell(tx: &mut Tx<'_>, scope: &Scope, to: &[MemberId], what: Telling) -> Result<(), StoreError> {
    let (workspace, now, engine) = (scope.workspace(), tx.now(), tx.conn().engine());
    let to = serde_json::to_string(to).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let conn = tx.conn();
    let usual = NoticeKinds::USUAL.number();
    conn.exec(ours(count_sql(engine)), args![workspace, to.clone(), usual]).await?;
    let Telling { kind, about, size, by, place } = what;
    let values = args![workspace, to.clone(), kind.as_str(), about.to_string(), size, by, place, now];
    conn.exec(ours(put_sql(engine)), values).await?;
    conn.exec(ours(trim_sql(engine)), args![workspace, to, MOST_NOTICES]).await?;
    Ok(())
}

/// How far a member has seen their notices, and their switches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reader {
    /// The number of the newest notice.
    pub last: i64,
    /// Everything up to this number has been seen.
    pub seen: i64,
    /// When the member said so.
    pub seen_at: Timestamp,
    /// The switches.
    pub switches: NoticeSwitches,
}

const READER: &str =
    "SELECT last, seen, seen_at, listed, browser FROM notice_reader WHERE workspace_id = $1 AND member_id = $2";

/// How far the member has seen their notices.
///
/// # Errors
/// When the database fails.
pub async fn reader(conn: &mut Conn<'_>, scope: &Scope) -> Result<Reader, StoreError> {
    let row: Option<(i64, i64, i64, i64, i64)> = conn.opt(READER, args![scope.workspace(), scope.member_key()]).await?;
    Ok(row.map_or_else(Reader::default, |(last, seen, at, listed, browser)| Reader {
        last,
        seen,
        seen_at: Timestamp(at),
        switches: NoticeSwitches { listed: NoticeKinds::of(listed), browser: NoticeKinds::of(browser) },
    }))
}

row! {
    struct Raw {
        n: i64,
        kind: String,
        about: String,
        size: i64,
        times: i64,
        by_id: Option<String>,
        place: Option<i64>,
        at: i64,
        seen: bool,
    }
}

/// A stored notice. What it is about may no longer be the member's to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// The number.
    pub n: i64,
    /// The kind.
    pub kind: NoticeKind,
    /// The conversation, or the act on several.
    pub about: Uuid,
    /// How many conversations that act changed. 0 for one conversation.
    pub size: i64,
    /// How often it happened since the member looked.
    pub times: i64,
    /// The member who caused it.
    pub by: Option<MemberId>,
    /// The place in the thread.
    pub place: Option<i64>,
    /// When it happened.
    pub at: Timestamp,
    /// Whether the member has seen this one, by itself.
    pub seen: bool,
}

impl TryFrom<Raw> for Stored {
    type Error = StoreError;
    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        let Raw { n, kind, about, size, times, by_id, place, at, seen } = raw;
        let about = Uuid::parse_str(&about).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let (kind, by) = (read("notice", kind)?, read_opt("member", by_id)?);
        Ok(Self { n, kind, about, size, times, by, place, at: Timestamp(at), seen })
    }
}

const PAGE: &str = "SELECT n, kind, about, size, times, by_id, place, at, seen FROM notice \
     WHERE workspace_id = $1 AND member_id = $2 ORDER BY n DESC LIMIT $3";

/// The member's notices, newest first. The caller leaves out those about conversations that the member may not see.
///
/// # Errors
/// When the database fails.
pub async fn page(conn: &mut Conn<'_>, scope: &Scope) -> Result<Vec<Stored>, StoreError> {
    let raw: Vec<Raw> = conn.all(PAGE, args![scope.workspace(), scope.member_key(), MOST_NOTICES]).await?;
    raw.into_iter().map(Stored::try_from).collect()
}

const NOTES: &str = "SELECT nt.n, SUBSTR(m.text, 1, CAST($4 AS INTEGER)) FROM notice nt JOIN message m ON m.workspace_id = nt.workspace_id \
     AND m.conversation_id = nt.about AND m.n = nt.place WHERE nt.workspace_id = $1 AND nt.member_id = $2 AND nt.kind = $3 \
     ORDER BY nt.n DESC LIMIT $5";

/// The beginnings of the notes that mention the member, by the numbers of their notices. The caller leaves out those of conversations that the
/// member may not see.
///
/// # Errors
/// When the database fails.
pub async fn notes(conn: &mut Conn<'_>, scope: &Scope, letters: i64) -> Result<Vec<(i64, String)>, StoreError> {
    let kind = NoticeKind::Mentioned.as_str();
    conn.all(NOTES, args![scope.workspace(), scope.member_key(), kind, letters, MOST_NOTICES]).await
}

const UP_TO: &str = "INSERT INTO notice_reader (workspace_id, member_id, last, seen, seen_at, listed, browser) \
     VALUES ($1, $2, 0, 0, $4, $5, 0) ON CONFLICT (workspace_id, member_id) DO UPDATE SET seen_at = excluded.seen_at, \
     seen = CASE WHEN $3 > notice_reader.last THEN notice_reader.last WHEN $3 > notice_reader.seen THEN $3 ELSE notice_reader.seen END";

/// Marks all notices up to a number as seen.
///
/// # Errors
/// When the database fails.
pub async fn see_up_to(tx: &mut Tx<'_>, scope: &Scope, n: i64) -> Result<(), StoreError> {
    let (now, usual) = (tx.now(), NoticeKinds::USUAL.number());
    tx.exec(UP_TO, args![scope.workspace(), scope.member_key(), n, now, usual]).await?;
    Ok(())
}

const ONE: &str = "UPDATE notice SET seen = TRUE WHERE workspace_id = $1 AND member_id = $2 AND n = $3 AND NOT seen";
const ABOUT: &str =
    "UPDATE notice SET seen = TRUE WHERE workspace_id = $1 AND member_id = $2 AND about = $3 AND NOT seen";

/// Marks one notice as seen. Whether it was unseen.
///
/// # Errors
/// When the database fails.
pub async fn see(tx: &mut Tx<'_>, scope: &Scope, n: i64) -> Result<bool, StoreError> {
    Ok(tx.exec(ONE, args![scope.workspace(), scope.member_key(), n]).await? > 0)
}

/// Marks the notices about a conversation as seen. Whether there were unseen ones.
///
/// # Errors
/// When the database fails.
pub async fn see_about(tx: &mut Tx<'_>, scope: &Scope, about: Uuid) -> Result<bool, StoreError> {
    Ok(tx.exec(ABOUT, args![scope.workspace(), scope.member_key(), about.to_string()]).await? > 0)
}

const TAKE_BACK: &str = "DELETE FROM notice WHERE workspace_id = $1 AND member_id = $2 AND about = $3 AND kind = $4 AND NOT seen \
     AND n > (SELECT r.seen FROM notice_reader r WHERE r.workspace_id = $1 AND r.member_id = $2)";

/// Deletes a notice that its member has not seen yet, because what it tells was undone. Whether there was one.
///
/// # Errors
/// When the database fails.
pub async fn take_back(
    tx: &mut Tx<'_>,
    scope: &Scope,
    member: MemberId,
    kind: NoticeKind,
    about: Uuid,
) -> Result<bool, StoreError> {
    let values = args![scope.workspace(), member, about.to_string(), kind.as_str()];
    Ok(tx.exec(TAKE_BACK, values).await? > 0)
}

const SWITCH: &str = "INSERT INTO notice_reader (workspace_id, member_id, last, seen, seen_at, listed, browser) \
     VALUES ($1, $2, 0, 0, 0, $3, $4) ON CONFLICT (workspace_id, member_id) DO UPDATE \
     SET listed = excluded.listed, browser = excluded.browser";

/// Stores the member's switches.
///
/// # Errors
/// When the database fails.
pub async fn switch(tx: &mut Tx<'_>, scope: &Scope, to: NoticeSwitches) -> Result<(), StoreError> {
    let (listed, browser) = (to.listed.number(), to.browser.number());
    tx.exec(SWITCH, args![scope.workspace(), scope.member_key(), listed, browser]).await?;
    Ok(())
}
