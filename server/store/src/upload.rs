//! Files that were uploaded and not sent yet: how many there are, which are too old, and whose bytes nobody needs any more.

use model::{AttachmentId, ChannelId, Timestamp};

use super::{
    Scope, Tx,
    conn::{Conn, args},
};
use crate::error::StoreError;

const OVER: &str = "UPDATE attachment SET channel_id = $3 WHERE workspace_id = $1 AND id = $2";
const UNCLAIMED: &str = "SELECT CAST(COUNT(*) AS BIGINT) AS n, CAST(COALESCE(SUM(size), 0) AS BIGINT) AS bytes FROM attachment \
     WHERE workspace_id = $1 AND channel_id = $2 AND conversation_id IS NULL";
const STALE: &str = "SELECT id, digest FROM attachment WHERE workspace_id = $1 AND conversation_id IS NULL AND created_at <= $2 LIMIT $3";
// By what whoever brought them has there: bytes, or files where $3 is 1.
const HEAVIEST: &str = "SELECT a.id, a.digest, a.size FROM attachment a JOIN \
     (SELECT uploader, SUM(CASE WHEN CAST($3 AS BIGINT) = 1 THEN 1 ELSE size END) AS weight FROM attachment \
     WHERE workspace_id = $1 AND channel_id = $2 AND conversation_id IS NULL GROUP BY uploader) u ON u.uploader = a.uploader \
     WHERE a.workspace_id = $1 AND a.channel_id = $2 AND a.conversation_id IS NULL AND a.created_at <= $4 \
     ORDER BY u.weight DESC, CASE WHEN CAST($3 AS BIGINT) = 1 THEN 0 ELSE a.size END DESC, a.created_at, a.id LIMIT $5";
const FORGET: &str = "DELETE FROM attachment WHERE workspace_id = $1 AND id = $2 AND conversation_id IS NULL";
const LOOSEN: &str = "INSERT INTO loose_bytes (workspace_id, digest, at) VALUES ($1, $2, $3) ON CONFLICT (workspace_id, digest) DO NOTHING";
const LOOSE: &str = "SELECT digest FROM loose_bytes WHERE workspace_id = $1 AND digest > $2 ORDER BY digest LIMIT $3";
const SETTLE: &str = "DELETE FROM loose_bytes WHERE workspace_id = $1 AND digest = $2";
// Of all workspaces: equal bytes are kept once.
const USED: &str = "SELECT EXISTS (SELECT 1 FROM attachment WHERE digest = $1) OR EXISTS (SELECT 1 FROM mail WHERE digest = $1) AS used";

pub(super) const STATEMENTS: &[&str] = &[OVER, UNCLAIMED, STALE, HEAVIEST, FORGET, LOOSEN, LOOSE, SETTLE, USED];

/// The bytes of a row that made room go with the next purge and not at once. While so many wait for it, no more make room: else whoever
/// uploads faster than the purge comes would fill the disk.
const MOST_LOOSE: i64 = 100;

/// What was uploaded and not sent yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unclaimed {
    /// How many files.
    pub files: i64,
    /// Their bytes together.
    pub bytes: i64,
}

/// Notes the channel that strangers uploaded a file to.
///
/// # Errors
/// When the database fails.
pub async fn over(tx: &mut Tx<'_>, scope: &Scope, id: AttachmentId, channel: ChannelId) -> Result<(), StoreError> {
    tx.exec(OVER, args![scope.workspace(), id, channel]).await?;
    Ok(())
}

/// What strangers uploaded to a channel and did not send yet.
///
/// # Errors
/// When the database fails.
pub async fn unclaimed(conn: &mut Conn<'_>, scope: &Scope, channel: ChannelId) -> Result<Unclaimed, StoreError> {
    let (files, bytes) = conn.one::<(i64, i64)>(UNCLAIMED, args![scope.workspace(), channel]).await?;
    Ok(Unclaimed { files, bytes })
}

/// Forgets up to `most` files that nobody has sent since `before`; their bytes are noted as loose. How many it were.
///
/// # Errors
/// When the database fails.
pub async fn forget_stale(tx: &mut Tx<'_>, scope: &Scope, before: Timestamp, most: i64) -> Result<usize, StoreError> {
    let stale: Vec<(String, String)> = tx.conn().all(STALE, args![scope.workspace(), before, most]).await?;
    let found = stale.len();
    for (id, digest) in stale {
        forget(tx, scope, id, digest).await?;
    }
    Ok(found)
}

/// Whether it was forgotten: another process may have sent it a moment ago.
async fn forget(tx: &mut Tx<'_>, scope: &Scope, id: String, digest: String) -> Result<bool, StoreError> {
    let now = tx.now();
    let forgotten = tx.exec(FORGET, args![scope.workspace(), id]).await? == 1;
    if forgotten {
        tx.exec(LOOSEN, args![scope.workspace(), digest, now]).await?;
    }
    Ok(forgotten)
}

/// What whoever uploaded most to a channel has to give up.
#[derive(Debug, Clone, Copy)]
pub struct Eviction {
    /// So many files…
    pub files: i64,
    /// …and so many bytes.
    pub bytes: i64,
    /// Of what is younger nothing is taken.
    pub before: Timestamp,
    /// How many files at most.
    pub most: i64,
}

/// Makes room among what strangers uploaded to a channel and did not send yet: whoever has most there loses theirs. Whether there is room.
///
/// # Errors
/// When the database fails.
pub async fn evict(tx: &mut Tx<'_>, scope: &Scope, channel: ChannelId, room: Eviction) -> Result<bool, StoreError> {
    if loose(tx.conn(), scope, "", MOST_LOOSE).await?.len() >= usize::try_from(MOST_LOOSE).unwrap_or(usize::MAX) {
        return Ok(false);
    }
    let (mut files, mut bytes) = (room.files, room.bytes);
    // Many bytes are many also where each has few files, and the other way round.
    let by_files = i64::from(bytes <= 0);
    let values = args![scope.workspace(), channel, by_files, room.before, room.most];
    let heaviest: Vec<(String, String, i64)> = tx.conn().all(HEAVIEST, values).await?;
    for (id, digest, size) in heaviest {
        if files <= 0 && bytes <= 0 {
            break;
        }
        if forget(tx, scope, id, digest).await? {
            (files, bytes) = (files - 1, bytes.saturating_sub(size));
        }
    }
    Ok(files <= 0 && bytes <= 0)
}

/// Bytes whose row is gone, in the order of their digests after `after`, at most `most`.
///
/// # Errors
/// When the database fails.
pub async fn loose(conn: &mut Conn<'_>, scope: &Scope, after: &str, most: i64) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String,)> = conn.all(LOOSE, args![scope.workspace(), after, most]).await?;
    Ok(rows.into_iter().map(|(digest,)| digest).collect())
}

/// Notes that loose bytes were seen to: they are gone, or needed.
///
/// # Errors
/// When the database fails.
pub async fn settle(tx: &mut Tx<'_>, scope: &Scope, digest: &str) -> Result<(), StoreError> {
    tx.exec(SETTLE, args![scope.workspace(), digest]).await?;
    Ok(())
}

/// Whether any row of any workspace refers to these bytes.
///
/// # Errors
/// When the database fails.
pub async fn is_used(conn: &mut Conn<'_>, digest: &str) -> Result<bool, StoreError> {
    Ok(conn.one::<(bool,)>(USED, args![digest]).await?.0)
}
