//! E-mails: how far folders were read, where the bytes of each mail are, which Message-IDs it has, and who takes part.
// long file: one aggregate, its statements together

use model::{ChannelId, ConversationId, FolderCounts, MailId, MailOutcome, MessageId, Timestamp};

use super::{
    Scope, Tx,
    codec::{read, read_opt},
    conn::{Conn, Engine, args},
    table::{insert, set, sql, table},
};
use crate::error::StoreError;

pub(super) const STATEMENTS: &[&str] = &[
    FOLDER,
    SET_FOLDER,
    ADVANCE,
    SET_LEDGER,
    INSERT,
    SET_OUTCOME,
    SET_BYTES,
    AT_PLACE,
    BY_BYTES,
    UIDS,
    UIDS_BEHIND,
    PLACE,
    WITHHELD,
    ONE,
    OF_MESSAGE,
    BEFORE,
    WITH_OUTCOME,
    QUARANTINED,
    READ_BEFORE,
    SET_READER,
    TAKES_PART,
];
pub(super) const SQLITE_STATEMENTS: &[&str] = &[NAMED_SQLITE, ADD_NAMES_SQLITE, JOIN_SQLITE];
pub(super) const POSTGRES_STATEMENTS: &[&str] = &[NAMED_POSTGRES, ADD_NAMES_POSTGRES, JOIN_POSTGRES];

/// The version of the rules that read mails. Raise it when a mail would be read differently than before. Mails that older rules read are
/// then read again from their bytes.
pub const READER: i64 = 1;

/// How far a folder was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folder {
    /// The UIDVALIDITY of the folder: UIDs mean something only together with it (RFC 9051, 2.3.1.1).
    pub uid_validity: i64,
    /// All mails up to this UID were taken in.
    pub last_uid: i64,
    /// The largest UID in the folder when we first read it, if UIDVALIDITY is still the same. Otherwise the largest possible number.
    pub first_uid: i64,
    /// Of the mails up to `first_uid`, those that came before this time are not taken in. A backfill moves it back.
    pub since: Timestamp,
    /// The result of the last count of the folder.
    pub ledger: Option<FolderCounts>,
}

impl Folder {
    /// Whether a mail is to be taken in. A mail with a UID above `first_uid` always is, whatever its date.
    pub fn wants(&self, uid: i64, at: Option<Timestamp>) -> bool {
        uid > self.first_uid || at.is_none_or(|at| at >= self.since)
    }
}

table! {
    /// The last count of a folder. It has no time before the first.
    struct Ledger {
        counted_at: Option<i64>,
        on_server: i64,
        here: i64,
        before_us: i64,
    }
}

table! {
    struct RawFolder {
        uid_validity: i64,
        last_uid: i64,
        first_uid: i64,
        since: i64,
        ..ledger: Ledger,
    }
}

impl From<RawFolder> for Folder {
    fn from(raw: RawFolder) -> Self {
        let Ledger { counted_at, on_server, here, before_us } = raw.ledger;
        Self {
            uid_validity: raw.uid_validity,
            last_uid: raw.last_uid,
            first_uid: raw.first_uid,
            since: Timestamp(raw.since),
            ledger: counted_at.map(|at| FolderCounts { at: Timestamp(at), on_server, here, before: before_us }),
        }
    }
}

const FOLDER: &str =
    sql!("SELECT ", RawFolder::COLUMNS, " FROM mail_folder WHERE workspace_id = $1 AND channel_id = $2 AND name = $3");

/// How far a folder was read. None before the first time.
///
/// # Errors
/// When the database fails.
pub async fn folder(
    conn: &mut Conn<'_>,
    scope: &Scope,
    channel: ChannelId,
    name: &str,
) -> Result<Option<Folder>, StoreError> {
    let raw: Option<RawFolder> = conn.opt(FOLDER, args![scope.workspace(), channel, name]).await?;
    Ok(raw.map(Folder::from))
}

const SET_FOLDER: &str = sql!(
    insert!("mail_folder", sql!("workspace_id, channel_id, name, ", RawFolder::COLUMNS)),
    " ON CONFLICT (workspace_id, channel_id, name) DO UPDATE SET uid_validity = excluded.uid_validity, \
     last_uid = excluded.last_uid, first_uid = excluded.first_uid, since = excluded.since, counted_at = NULL"
);

/// Starts reading a folder, or starts again after its UIDVALIDITY changed.
///
/// # Errors
/// When the database fails.
pub async fn set_folder(
    tx: &mut Tx<'_>,
    scope: &Scope,
    channel: ChannelId,
    name: &str,
    folder: &Folder,
) -> Result<(), StoreError> {
    let raw = RawFolder {
        uid_validity: folder.uid_validity,
        last_uid: folder.last_uid,
        first_uid: folder.first_uid,
        since: folder.since.0,
        // What was counted before was counted by other UIDs.
        ledger: Ledger { counted_at: None, on_server: 0, here: 0, before_us: 0 },
    };
    tx.exec(SET_FOLDER, args![scope.workspace(), channel, name; raw.values()]).await?;
    Ok(())
}

/// A move of a folder's cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The old position.
    pub from: i64,
    /// The new position.
    pub to: i64,
}

const ADVANCE: &str = "UPDATE mail_folder SET last_uid = $6 \
     WHERE workspace_id = $1 AND channel_id = $2 AND name = $3 AND uid_validity = $4 AND last_uid = $5";

/// Moves the cursor. False when the cursor is not at the old position: then another process reads this folder too.
///
/// # Errors
/// When the database fails.
pub async fn advance(
    tx: &mut Tx<'_>,
    scope: &Scope,
    channel: ChannelId,
    place: &Place,
    step: Step,
) -> Result<bool, StoreError> {
    let values = args![scope.workspace(), channel, place.folder.clone(), place.uid_validity, step.from, step.to];
    Ok(tx.exec(ADVANCE, values).await? == 1)
}

const SET_LEDGER: &str = sql!(
    "UPDATE mail_folder SET ",
    set!(4, Ledger::COLUMNS),
    " WHERE workspace_id = $1 AND channel_id = $2 AND name = $3"
);

/// Stores the counts of a folder.
///
/// # Errors
/// When the database fails.
pub async fn set_ledger(
    tx: &mut Tx<'_>,
    scope: &Scope,
    channel: ChannelId,
    name: &str,
    ledger: FolderCounts,
) -> Result<(), StoreError> {
    let FolderCounts { at, on_server, here, before } = ledger;
    let raw = Ledger { counted_at: Some(at.0), on_server, here, before_us: before };
    tx.exec(SET_LEDGER, args![scope.workspace(), channel, name; raw.values()]).await?;
    Ok(())
}

/// A folder together with its UIDVALIDITY.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The folder's name.
    pub folder: String,
    /// Its UIDVALIDITY.
    pub uid_validity: i64,
}

/// A stored mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Its id.
    pub id: MailId,
    /// The channel by which it came or went.
    pub channel: ChannelId,
    /// The SHA-256 of its unchanged bytes, by which they are stored. Empty while its server has the mail but does not deliver it.
    pub digest: String,
    /// Its size in bytes.
    pub size: i64,
    /// What was done with it.
    pub outcome: MailOutcome,
    /// Why.
    pub reason: String,
    /// The message that was made of it.
    pub message: Option<MessageId>,
    /// When it came in or was sent.
    pub at: Timestamp,
}

table! {
    struct Raw {
        id: String,
        channel_id: String,
        digest: String,
        size: i64,
        outcome: String,
        reason: String,
        message_id: Option<String>,
        at: i64,
    }
}

impl TryFrom<Raw> for Mail {
    type Error = StoreError;
    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        Ok(Self {
            id: read("mail", raw.id)?,
            channel: read("channel", raw.channel_id)?,
            digest: raw.digest,
            size: raw.size,
            outcome: read("outcome of a mail", raw.outcome)?,
            reason: raw.reason,
            message: read_opt("message", raw.message_id)?,
            at: Timestamp(raw.at),
        })
    }
}

impl From<Mail> for Raw {
    fn from(mail: Mail) -> Self {
        Self {
            id: mail.id.to_string(),
            channel_id: mail.channel.to_string(),
            digest: mail.digest,
            size: mail.size,
            outcome: mail.outcome.as_str().to_owned(),
            reason: mail.reason,
            message_id: mail.message.map(|id| id.to_string()),
            at: mail.at.0,
        }
    }
}

const INSERT: &str = insert!("mail", sql!("workspace_id, ", Raw::COLUMNS, ", folder, uid_validity, uid, reader"));

/// Stores a mail. For a mail that came in, `place` is its folder and UID.
///
/// # Errors
/// When the database fails, also when there is a mail with this folder and UID.
pub async fn insert(
    tx: &mut Tx<'_>,
    scope: &Scope,
    mail: &Mail,
    place: Option<(&Place, i64)>,
) -> Result<(), StoreError> {
    let (folder, validity, uid) = place.map_or((String::new(), None, None), |(place, uid)| {
        (place.folder.clone(), Some(place.uid_validity), Some(uid))
    });
    let raw = Raw::from(mail.clone());
    tx.exec(INSERT, args![scope.workspace(); raw.values(); folder, validity, uid, READER]).await?;
    Ok(())
}

const SET_OUTCOME: &str =
    "UPDATE mail SET outcome = $3, reason = $4, message_id = $5 WHERE workspace_id = $1 AND id = $2";

/// Changes the outcome of a stored mail.
///
/// # Errors
/// When the database fails.
pub async fn set_outcome(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: MailId,
    outcome: MailOutcome,
    reason: &str,
    message: Option<MessageId>,
) -> Result<(), StoreError> {
    tx.exec(SET_OUTCOME, args![scope.workspace(), id, outcome.as_str(), reason, message]).await?;
    Ok(())
}

const SET_BYTES: &str = "UPDATE mail SET digest = $3, size = $4 WHERE workspace_id = $1 AND id = $2";

/// Stores the digest and size of a mail whose server delivered it later.
///
/// # Errors
/// When the database fails.
pub async fn set_bytes(tx: &mut Tx<'_>, scope: &Scope, id: MailId, digest: &str, size: i64) -> Result<(), StoreError> {
    tx.exec(SET_BYTES, args![scope.workspace(), id, digest, size]).await?;
    Ok(())
}

const AT_PLACE: &str = "SELECT id FROM mail WHERE workspace_id = $1 AND channel_id = $2 AND folder = $3 AND uid_validity = $4 AND uid = $5";

/// Whether the mail with this folder and UID was taken in before.
///
/// # Errors
/// When the database fails.
pub async fn is_known(
    conn: &mut Conn<'_>,
    scope: &Scope,
    channel: ChannelId,
    place: &Place,
    uid: i64,
) -> Result<bool, StoreError> {
    let values = args![scope.workspace(), channel, place.folder.clone(), place.uid_validity, uid];
    Ok(conn.opt::<(String,)>(AT_PLACE, values).await?.is_some())
}

const BY_BYTES: &str = sql!(
    "SELECT ",
    Raw::COLUMNS,
    " FROM mail WHERE workspace_id = $1 AND channel_id = $2 AND digest = $3 AND uid IS NOT NULL LIMIT 1"
);

/// A mail with the same bytes that came by the channel before.
///
/// # Errors
/// When the database fails.
pub async fn by_bytes(
    conn: &mut Conn<'_>,
    scope: &Scope,
    channel: ChannelId,
    digest: &str,
) -> Result<Option<Mail>, StoreError> {
    conn.opt::<Raw>(BY_BYTES, args![scope.workspace(), channel, digest]).await?.map(Mail::try_from).transpose()
}

const UIDS: &str = "SELECT uid FROM mail WHERE workspace_id = $1 AND channel_id = $2 AND folder = $3 AND uid_validity = $4 AND uid IS NOT NULL";

/// The UIDs of all mails that were taken in from a folder.
///
/// # Errors
/// When the database fails.
pub async fn uids(
    conn: &mut Conn<'_>,
    scope: &Scope,
    channel: ChannelId,
    place: &Place,
) -> Result<Vec<i64>, StoreError> {
    let values = args![scope.workspace(), channel, place.folder.clone(), place.uid_validity];
    let rows: Vec<(i64,)> = conn.all(UIDS, values).await?;
    Ok(rows.into_iter().map(|(uid,)| uid).collect())
}

const READ_BEFORE: &str =
    "SELECT id FROM mail WHERE workspace_id = $1 AND outcome = 'taken' AND reader < $2 ORDER BY reader, id LIMIT $3";

/// Mails with a message that rules before `reader` read, at most `limit`, starting with the oldest rules.
///
/// # Errors
/// When the database fails.
pub async fn read_before(
    conn: &mut Conn<'_>,
    scope: &Scope,
    reader: i64,
    limit: i64,
) -> Result<Vec<MailId>, StoreError> {
    let rows: Vec<(String,)> = conn.all(READ_BEFORE, args![scope.workspace(), reader, limit]).await?;
    rows.into_iter().map(|(id,)| read("mail", id)).collect()
}

const SET_READER: &str = "UPDATE mail SET reader = $3 WHERE workspace_id = $1 AND id = $2";

/// Records that a mail was read with the current rules.
///
/// # Errors
/// When the database fails.
pub async fn set_reader(tx: &mut Tx<'_>, scope: &Scope, id: MailId) -> Result<(), StoreError> {
    tx.exec(SET_READER, args![scope.workspace(), id, READER]).await?;
    Ok(())
}

const UIDS_BEHIND: &str = "SELECT uid FROM mail WHERE workspace_id = $1 AND channel_id = $2 AND folder = $3 AND uid_validity = $4 AND uid > $5";

/// Like [`uids`], but only UIDs above a number.
///
/// # Errors
/// When the database fails.
pub async fn uids_behind(
    conn: &mut Conn<'_>,
    scope: &Scope,
    channel: ChannelId,
    place: &Place,
    uid: i64,
) -> Result<Vec<i64>, StoreError> {
    let values = args![scope.workspace(), channel, place.folder.clone(), place.uid_validity, uid];
    let rows: Vec<(i64,)> = conn.all(UIDS_BEHIND, values).await?;
    Ok(rows.into_iter().map(|(uid,)| uid).collect())
}

const WITHHELD: &str = "SELECT id, uid FROM mail WHERE workspace_id = $1 AND channel_id = $2 AND outcome = 'quarantined' \
     AND digest = '' AND folder = $3 AND uid_validity = $4 AND uid IS NOT NULL ORDER BY at LIMIT 1000";

/// The mails of a folder, with UIDs, that their server has but does not deliver: the oldest 1000.
///
/// # Errors
/// When the database fails.
pub async fn withheld(
    conn: &mut Conn<'_>,
    scope: &Scope,
    channel: ChannelId,
    place: &Place,
) -> Result<Vec<(MailId, i64)>, StoreError> {
    let values = args![scope.workspace(), channel, place.folder.clone(), place.uid_validity];
    let rows: Vec<(String, i64)> = conn.all(WITHHELD, values).await?;
    rows.into_iter().map(|(id, uid)| Ok((read("mail", id)?, uid))).collect()
}

const PLACE: &str =
    "SELECT folder, uid_validity, uid FROM mail WHERE workspace_id = $1 AND id = $2 AND uid IS NOT NULL";

/// The folder and UID of a mail on its server. None for a mail that we sent.
///
/// # Errors
/// When the database fails.
pub async fn place(conn: &mut Conn<'_>, scope: &Scope, id: MailId) -> Result<Option<(Place, i64)>, StoreError> {
    let found: Option<(String, i64, i64)> = conn.opt(PLACE, args![scope.workspace(), id]).await?;
    Ok(found.map(|(folder, uid_validity, uid)| (Place { folder, uid_validity }, uid)))
}

const ONE: &str = sql!("SELECT ", Raw::COLUMNS, " FROM mail WHERE workspace_id = $1 AND id = $2");

///
/// # Errors
/// When the database fails.
pub async fn one(conn: &mut Conn<'_>, scope: &Scope, id: MailId) -> Result<Option<Mail>, StoreError> {
    conn.opt::<Raw>(ONE, args![scope.workspace(), id]).await?.map(Mail::try_from).transpose()
}

const OF_MESSAGE: &str =
    sql!("SELECT ", Raw::COLUMNS, " FROM mail WHERE workspace_id = $1 AND message_id = $2 ORDER BY id LIMIT 1");

/// The mail of a message.
///
/// # Errors
/// When the database fails.
pub async fn of_message(conn: &mut Conn<'_>, scope: &Scope, id: MessageId) -> Result<Option<Mail>, StoreError> {
    conn.opt::<Raw>(OF_MESSAGE, args![scope.workspace(), id]).await?.map(Mail::try_from).transpose()
}

const BEFORE: &str = "SELECT m.n, mail.digest FROM message m JOIN mail ON mail.workspace_id = m.workspace_id AND mail.message_id = m.id \
     WHERE m.workspace_id = $1 AND m.conversation_id = $2 AND m.n < $3 AND m.mail IS NOT NULL ORDER BY m.n DESC LIMIT 1";

/// The newest mail before a position in a thread, with that mail's position and digest. A reply at this position answers it.
///
/// # Errors
/// When the database fails.
pub async fn before(
    conn: &mut Conn<'_>,
    scope: &Scope,
    conversation: ConversationId,
    n: i64,
) -> Result<Option<(i64, String)>, StoreError> {
    conn.opt(BEFORE, args![scope.workspace(), conversation, n]).await
}

/// The newest 500 mails of a channel that could not be read.
///
/// # Errors
/// When the database fails.
pub async fn quarantine(conn: &mut Conn<'_>, scope: &Scope, channel: ChannelId) -> Result<Vec<Mail>, StoreError> {
    with_outcome(conn, scope, channel, MailOutcome::Quarantined).await
}

/// The newest 500 mails of a channel that were read but make no message.
///
/// # Errors
/// When the database fails.
pub async fn set_aside(conn: &mut Conn<'_>, scope: &Scope, channel: ChannelId) -> Result<Vec<Mail>, StoreError> {
    with_outcome(conn, scope, channel, MailOutcome::Aside).await
}

const WITH_OUTCOME: &str = sql!(
    "SELECT ",
    Raw::COLUMNS,
    " FROM mail WHERE workspace_id = $1 AND channel_id = $2 AND outcome = $3 ORDER BY at DESC LIMIT 500"
);

async fn with_outcome(
    conn: &mut Conn<'_>,
    scope: &Scope,
    channel: ChannelId,
    outcome: MailOutcome,
) -> Result<Vec<Mail>, StoreError> {
    let rows: Vec<Raw> = conn.all(WITH_OUTCOME, args![scope.workspace(), channel, outcome.as_str()]).await?;
    rows.into_iter().map(Mail::try_from).collect()
}

const QUARANTINED: &str = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM mail WHERE workspace_id = $1 AND channel_id = $2 AND outcome = 'quarantined'";

/// Counts the mails of a channel that could not be read.
///
/// # Errors
/// When the database fails.
pub async fn quarantined(conn: &mut Conn<'_>, scope: &Scope, channel: ChannelId) -> Result<i64, StoreError> {
    Ok(conn.one::<(i64,)>(QUARANTINED, args![scope.workspace(), channel]).await?.0)
}

/// A mail found by a name (a Message-ID or another id in its chain).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub name: String,
    /// The message of the mail.
    pub message: MessageId,
    /// The channel by which it came or went.
    pub channel: ChannelId,
    /// The conversation of the message.
    pub conversation: ConversationId,
}

const ADD_NAMES_SQLITE: &str = "INSERT INTO mail_name (workspace_id, name, message_id, channel_id, conversation_id) \
     SELECT $1, value, $3, $4, $5 FROM json_each($2) WHERE TRUE ON CONFLICT DO NOTHING";
const ADD_NAMES_POSTGRES: &str = "INSERT INTO mail_name (workspace_id, name, message_id, channel_id, conversation_id) \
     SELECT $1, name, $3, $4, $5 FROM json_array_elements_text(CAST($2 AS JSON)) AS name ON CONFLICT DO NOTHING";

/// Stores the names of a mail in a conversation: its own Message-ID and those of its chain.
///
/// # Errors
/// When the database fails.
pub async fn add_names(
    tx: &mut Tx<'_>,
    scope: &Scope,
    names: &[&str],
    message: MessageId,
    channel: ChannelId,
    conversation: ConversationId,
) -> Result<(), StoreError> {
    if names.is_empty() {
        return Ok(());
    }
    let sql = match tx.conn().engine() {
        Engine::Sqlite => ADD_NAMES_SQLITE,
        Engine::Postgres => ADD_NAMES_POSTGRES,
    };
    tx.exec(sql, args![scope.workspace(), list(names)?, message, channel, conversation]).await?;
    Ok(())
}

/// A JSON list, which both engines can split in SQL. That needs one statement for all items.
fn list<T: serde::Serialize>(items: &[T]) -> Result<String, StoreError> {
    serde_json::to_string(items).map_err(|e| StoreError::Corrupt(e.to_string()))
}

const NAMED_SQLITE: &str = "SELECT name, message_id, channel_id, conversation_id FROM mail_name \
     WHERE workspace_id = $1 AND name IN (SELECT value FROM json_each($2)) ORDER BY message_id LIMIT 200";
const NAMED_POSTGRES: &str = "SELECT name, message_id, channel_id, conversation_id FROM mail_name \
     WHERE workspace_id = $1 AND name = ANY (ARRAY(SELECT json_array_elements_text(CAST($2 AS JSON)))) ORDER BY message_id LIMIT 200";

/// The mails with one of these names, at most 200.
///
/// # Errors
/// When the database fails.
pub async fn named(conn: &mut Conn<'_>, scope: &Scope, names: &[String]) -> Result<Vec<Named>, StoreError> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let sql = match conn.engine() {
        Engine::Sqlite => NAMED_SQLITE,
        Engine::Postgres => NAMED_POSTGRES,
    };
    let rows: Vec<(String, String, String, String)> = conn.all(sql, args![scope.workspace(), list(names)?]).await?;
    rows.into_iter()
        .map(|(name, message, channel, conversation)| {
            Ok(Named {
                name,
                message: read("message", message)?,
                channel: read("channel", channel)?,
                conversation: read("conversation", conversation)?,
            })
        })
        .collect()
}

const JOIN_SQLITE: &str = "INSERT INTO participant (workspace_id, conversation_id, address) \
     SELECT $1, $2, value FROM json_each($3) WHERE TRUE ON CONFLICT DO NOTHING";
const JOIN_POSTGRES: &str = "INSERT INTO participant (workspace_id, conversation_id, address) \
     SELECT $1, $2, address FROM json_array_elements_text(CAST($3 AS JSON)) AS address ON CONFLICT DO NOTHING";

/// Adds these addresses to the participants of a conversation.
///
/// # Errors
/// When the database fails.
pub async fn join(
    tx: &mut Tx<'_>,
    scope: &Scope,
    conversation: ConversationId,
    addresses: &[String],
) -> Result<(), StoreError> {
    if addresses.is_empty() {
        return Ok(());
    }
    let sql = match tx.conn().engine() {
        Engine::Sqlite => JOIN_SQLITE,
        Engine::Postgres => JOIN_POSTGRES,
    };
    tx.exec(sql, args![scope.workspace(), conversation, list(addresses)?]).await?;
    Ok(())
}

const TAKES_PART: &str =
    "SELECT address FROM participant WHERE workspace_id = $1 AND conversation_id = $2 AND address = $3";

/// Whether an address is a participant of a conversation.
///
/// # Errors
/// When the database fails.
pub async fn takes_part(
    conn: &mut Conn<'_>,
    scope: &Scope,
    conversation: ConversationId,
    address: &str,
) -> Result<bool, StoreError> {
    let values = args![scope.workspace(), conversation, address];
    Ok(conn.opt::<(String,)>(TAKES_PART, values).await?.is_some())
}
