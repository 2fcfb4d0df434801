//! The data that everything is measured on: made once by the server's own seed, kept, and copied for every run.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use sha2::{Digest, Sha256};
use sqlx::{AnyConnection, Connection};

use crate::{
    error::{Result, wrong},
    machine::now_ms,
};

/// How much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Conversations.
    pub conversations: u64,
    /// Messages of all of them.
    pub messages: u64,
}

impl Size {
    /// Of goals 1-3, 5-7 and 12.
    pub const USUAL: Self = Self { conversations: 100_000, messages: 1_000_000 };
    /// Goal 9's small end.
    pub const SMALL: Self = Self { conversations: 10_000, messages: 50_000 };
    /// Goal 9's large end.
    pub const LARGE: Self = Self { conversations: 1_000_000, messages: 5_000_000 };
}

const SEED: u64 = 42;
/// How many members see only what is their teams'.
const BY_TEAM: i64 = 4;

/// A copy of the data, ready to be served. Deleted when it is dropped.
pub struct Bed {
    /// The data folder.
    pub folder: PathBuf,
    /// The PostgreSQL database, if the data is there and not in the folder.
    pub postgres: Option<String>,
    /// The session of the owner, who sees everything.
    pub owner: String,
    /// The owner's id.
    pub owner_id: String,
    /// Sessions of members who see by team; all of them see the [`Bed::shared`] conversation.
    pub team_mates: Vec<String>,
    /// A conversation that everybody with a session sees.
    pub shared: String,
    /// Conversations of at least 50 entries, if there are enough, else the longest.
    pub long: Vec<String>,
    /// Web chats: a reply there goes out without anybody outside.
    pub chats: Vec<String>,
}

impl Bed {
    /// The data of this size, made if it has not been, copied under `kept`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub async fn make(tandem: &Path, kept: &Path, size: Size) -> Result<Self> {
        let original = original(tandem, kept, size)?;
        let folder = kept.join(format!("work-{}", std::process::id()));
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        let file = folder.join("tandem.db");
        // What was committed last may be in the log still.
        for name in ["tandem.db", "tandem.db-wal"] {
            if original.join(name).exists() {
                fs::copy(original.join(name), folder.join(name))?;
            }
        }
        let mut conn = connect(&format!("sqlite:{}", file.display())).await?;
        let bed = furnish(&mut conn, folder, None).await?;
        conn.close().await?;
        Ok(bed)
    }

    /// The data of this size in a PostgreSQL database, made there if it is empty, and used as it is. The database is not deleted.
    ///
    /// # Errors
    /// When it cannot be made.
    pub async fn make_in(tandem: &Path, kept: &Path, size: Size, url: &str) -> Result<Self> {
        let folder = kept.join(format!("work-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let mut conn = connect(url).await?;
        let tables = "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'";
        if sqlx::query_scalar::<_, i64>(tables).fetch_one(&mut conn).await? == 0 {
            seed(tandem, &folder, size, Some(url))?;
            sqlx::query("VACUUM ANALYZE").execute(&mut conn).await?;
        }
        let bed = furnish(&mut conn, folder, Some(url.to_owned())).await?;
        conn.close().await?;
        Ok(bed)
    }

    /// The database file.
    pub fn file(&self) -> PathBuf {
        self.folder.join("tandem.db")
    }

    /// A connection for looking at it from outside.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn connect(&self) -> Result<AnyConnection> {
        match &self.postgres {
            Some(url) => connect(url).await,
            None => connect(&format!("sqlite:{}", self.file().display())).await,
        }
    }

    /// The number of the last event.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn last_event(&self) -> Result<i64> {
        let mut conn = self.connect().await?;
        let last = sqlx::query_scalar("SELECT event_seq FROM workspace").fetch_one(&mut conn).await?;
        conn.close().await?;
        Ok(last)
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The folder with the data as it was made; made afresh when the schema or the seed is another one than then.
fn original(tandem: &Path, kept: &Path, size: Size) -> Result<PathBuf> {
    let Size { conversations, messages } = size;
    let folder = kept.join(format!("{conversations}-{messages}-{SEED}"));
    let made_of = sources()?;
    let note = folder.join("made-of");
    if fs::read_to_string(&note).is_ok_and(|text| text == made_of) {
        return Ok(folder);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    eprintln!("making {conversations} conversations with {messages} messages (once)");
    seed(tandem, &folder, size, None)?;
    fs::write(note, made_of)?;
    Ok(folder)
}

async fn connect(url: &str) -> Result<AnyConnection> {
    sqlx::any::install_default_drivers();
    Ok(AnyConnection::connect(url).await?)
}

/// Makes the data in a folder or in a PostgreSQL database.
fn seed(tandem: &Path, folder: &Path, Size { conversations, messages }: Size, postgres: Option<&str>) -> Result<()> {
    let mut command = Command::new(tandem);
    command
        .args(["seed", "--conversations", &conversations.to_string(), "--messages", &messages.to_string()])
        .args(["--seed", &SEED.to_string(), "--data"])
        .arg(folder)
        .current_dir(folder)
        .env_remove("TANDEM_DATABASE_URL")
        .stdin(Stdio::null());
    if let Some(url) = postgres {
        command.env("TANDEM_DATABASE_URL", url);
    }
    match command.status()? {
        status if status.success() => Ok(()),
        status => wrong(format!("tandem seed ended with {status}")),
    }
}

/// What the data depends on, as one number.
fn sources() -> Result<String> {
    let server = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut digest = Sha256::new();
    for folder in ["store/migrations/sqlite", "seed/src"] {
        let mut files = fs::read_dir(server.join(folder))?.collect::<Result<Vec<_>, _>>()?;
        files.sort_by_key(fs::DirEntry::path);
        // The sample written by hand lies in a folder of its own, and is no part of it.
        for file in files.into_iter().filter(|file| file.path().is_file()) {
            digest.update(fs::read(file.path())?);
        }
    }
    Ok(hex::encode(digest.finalize()))
}

/// Sessions as signing in would have made them, members with narrower sight, and what there is to ask for.
async fn furnish(conn: &mut AnyConnection, folder: PathBuf, postgres: Option<String>) -> Result<Bed> {
    // A run before may have left its sessions in a database that is kept.
    sqlx::query("DELETE FROM session WHERE user_agent = 'bench'").execute(&mut *conn).await?;
    let workspace: String = sqlx::query_scalar("SELECT id FROM workspace").fetch_one(&mut *conn).await?;
    let owner_id: String =
        sqlx::query_scalar("SELECT id FROM member WHERE role = 'owner'").fetch_one(&mut *conn).await?;
    let channel: String = sqlx::query_scalar(
        "SELECT tc.channel_id FROM team_channel tc JOIN team_member tm ON tm.team_id = tc.team_id \
         GROUP BY 1 ORDER BY COUNT(*) DESC, 1 LIMIT 1",
    )
    .fetch_one(&mut *conn)
    .await?;
    let mates: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT tm.member_id FROM team_channel tc JOIN team_member tm ON tm.team_id = tc.team_id \
         WHERE tc.channel_id = $1 ORDER BY 1 LIMIT $2",
    )
    .bind(&channel)
    .bind(BY_TEAM)
    .fetch_all(&mut *conn)
    .await?;
    for member in &mates {
        sqlx::query("UPDATE member SET visibility = 'teams', role = 'agent' WHERE id = $1")
            .bind(member)
            .execute(&mut *conn)
            .await?;
    }
    let mut secrets = Vec::new();
    for (place, member) in std::iter::once(&owner_id).chain(&mates).enumerate() {
        let secret = format!("bench-session-{place}");
        sqlx::query(
            "INSERT INTO session (token_hash, workspace_id, member_id, id, user_agent, created_at, seen_at, expires_at) \
             VALUES ($1, $2, $3, $4, 'bench', $5, $5, $6)",
        )
        .bind(secret_hash(&secret))
        .bind(&workspace)
        .bind(member)
        .bind(message_id(place as u64))
        .bind(now_ms())
        .bind(now_ms() + 24 * 3_600_000)
        .execute(&mut *conn)
        .await?;
        secrets.push(secret);
    }
    let shared = "SELECT id FROM conversation WHERE channel_id = $1 ORDER BY last_at DESC LIMIT 1";
    let long = "SELECT id FROM conversation WHERE message_count >= 50 ORDER BY id LIMIT 200";
    let longest = "SELECT id FROM conversation ORDER BY message_count DESC, id LIMIT 200";
    let chats = "SELECT id FROM conversation WHERE channel_kind = 'web_chat' ORDER BY id LIMIT 5000";
    let mut found: Vec<String> = sqlx::query_scalar(long).fetch_all(&mut *conn).await?;
    if found.len() < 20 {
        found = sqlx::query_scalar(longest).fetch_all(&mut *conn).await?;
    }
    Ok(Bed {
        folder,
        postgres,
        owner: secrets.remove(0),
        owner_id,
        team_mates: secrets,
        shared: sqlx::query_scalar(shared).bind(&channel).fetch_one(&mut *conn).await?,
        long: found,
        chats: sqlx::query_scalar(chats).fetch_all(&mut *conn).await?,
    })
}

/// How the server keeps a secret.
pub fn secret_hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

/// An id of the form that browsers make, unique within the process.
pub fn message_id(number: u64) -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static MADE: AtomicU64 = AtomicU64::new(0);
    let made = MADE.fetch_add(1, Ordering::Relaxed);
    let ms = now_ms();
    format!(
        "{:08x}-{:04x}-7{:03x}-8{:03x}-{made:012x}",
        ms >> 16,
        ms & 0xffff,
        number & 0xfff,
        std::process::id() & 0xfff
    )
}
