//! Opens the database, reads from it, and hands commands to the write path.

use std::{path::Path, str::FromStr, sync::Arc, time::Duration};

use model::WorkspaceId;
use sqlx::{
    ConnectOptions, PgPool, Postgres, Sqlite, SqlitePool, Transaction,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::{Notify, mpsc};

use super::{
    Command, Mark, Scope,
    conn::{Conn, Engine},
    migrations, probe,
    wake::{Notifier, Sight, WakeUp},
    writer::{Committed, Writer},
};
use crate::{
    clock::Clock,
    error::{Result, StoreError},
    private,
};

/// The tables that grow with every message, whose statistics go out of date.
const LEARN_SIZES: &str = "ANALYZE contact, identity, conversation, inbox_count, message, attachment, read_marker, message_find, \
     contact_search, mail, mail_name, participant";

/// A handle on the database of either engine. Cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    pool: Pool,
    writer: Writer,
    clock: Clock,
    jobs: Arc<Notify>,
    mark: Mark,
    /// Wakes other processes. None on SQLite, where there are none.
    bell: Option<Arc<Notifier>>,
}

#[derive(Clone)]
enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// Called after each commit with its events, in the order of the commits.
pub type OnCommit = Arc<dyn Fn(Committed) + Send + Sync>;

/// A read transaction: everything read through it is of one moment.
pub enum Snapshot {
    /// SQLite.
    Sqlite(Transaction<'static, Sqlite>),
    /// PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
}

impl Snapshot {
    /// The connection to read with.
    pub fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(tx) => Conn::Sqlite(&mut *tx),
            Self::Postgres(tx) => Conn::Postgres(&mut *tx),
        }
    }
}

/// A connection for a single statement, which is consistent by itself. It saves two round trips compared with a [`Snapshot`].
pub enum DbReader {
    /// SQLite.
    Sqlite(PoolConnection<Sqlite>),
    /// PostgreSQL.
    Postgres(PoolConnection<Postgres>),
}

impl DbReader {
    /// The connection, for one statement.
    pub fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(connection) => Conn::Sqlite(&mut *connection),
            Self::Postgres(connection) => Conn::Postgres(&mut *connection),
        }
    }
}

/// Makes the database file before SQLite does, because SQLite would let others read it. Closes an existing file to others. SQLite gives the
/// files beside it the same mode.
fn keep_private(file: &Path) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        private::make_folder(folder)?;
    }
    // An existing file is not opened for writing, so a full or read-only disk can still be read.
    if !file.try_exists()? {
        private::file_options().append(true).create(true).open(file)?;
    }
    for ending in ["", "-wal", "-shm"] {
        let mut path = file.as_os_str().to_owned();
        path.push(ending);
        private::close_to_others(Path::new(&path));
    }
    Ok(())
}

impl Db {
    /// Opens the database that `url` names and brings its schema up to date.
    ///
    /// `url` is `sqlite:PATH` or `postgres://…`. `on_commit` is called for every commit with events.
    ///
    /// # Errors
    /// When the database cannot be opened or migrated.
    pub async fn open(url: &str, clock: Clock, on_commit: OnCommit) -> Result<Self, StoreError> {
        let (jobs, mark) = (Arc::new(Notify::new()), Mark::default());
        if url.starts_with("sqlite:") {
            let options = SqliteConnectOptions::from_str(url)?
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                // Every acknowledged write survives a power cut. Group commit keeps the cost low.
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(Duration::from_secs(10))
                .foreign_keys(true)
                .statement_cache_capacity(300)
                .pragma("temp_store", "memory")
                .pragma("cache_size", "-8000")
                .pragma("journal_size_limit", "67108864")
                .disable_statement_logging();
            keep_private(options.get_filename()).map_err(sqlx::Error::Io)?;
            let mut write = options.connect().await?;
            migrations(Engine::Sqlite).run(&mut write).await?;
            let read = SqlitePoolOptions::new()
                .max_connections(8)
                .min_connections(1)
                .test_before_acquire(false)
                // Readers map the file into memory, where the system caches it already. That is safe because nothing shortens the file.
                .connect_with(
                    options
                        .read_only(true)
                        .pragma("query_only", "on")
                        .pragma("mmap_size", "4294967296")
                        // This cache holds only pages that are still in the write-ahead log.
                        .pragma("cache_size", "-2000"),
                )
                .await?;
            let writer = Writer::sqlite(write, clock.clone(), on_commit, Arc::clone(&jobs), mark.clone());
            return Ok(Self(Arc::new(Inner { pool: Pool::Sqlite(read), writer, clock, jobs, mark, bell: None })));
        }
        let options = PgConnectOptions::from_str(url)?.statement_cache_capacity(300).disable_statement_logging();
        let pool = PgPoolOptions::new()
            .max_connections(24)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options)
            .await?;
        migrations(Engine::Postgres).run(&pool).await?;
        let bell = Arc::new(Notifier::new(url)?);
        let writer = Writer::postgres(
            pool.clone(),
            clock.clone(),
            on_commit,
            Arc::clone(&jobs),
            mark.clone(),
            Arc::clone(&bell),
        );
        Ok(Self(Arc::new(Inner { pool: Pool::Postgres(pool), writer, clock, jobs, mark, bell: Some(bell) })))
    }

    /// The engine of this database.
    pub fn engine(&self) -> Engine {
        match &self.0.pool {
            Pool::Sqlite(_) => Engine::Sqlite,
            Pool::Postgres(_) => Engine::Postgres,
        }
    }

    /// Begins a read transaction.
    ///
    /// # Errors
    /// When no connection is available.
    pub async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        Ok(match &self.0.pool {
            Pool::Sqlite(pool) => Snapshot::Sqlite(self.noted(pool.begin().await)?),
            Pool::Postgres(pool) => {
                let begun = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await;
                Snapshot::Postgres(self.noted(begun)?)
            }
        })
    }

    /// Records a database that cannot be reached. Readers do this too, because nobody may be writing at that time.
    fn noted<T>(&self, reached: Result<T, sqlx::Error>) -> Result<T, StoreError> {
        reached.map_err(StoreError::from).inspect_err(|error| {
            if let Some(fault) = error.storage_fault() {
                self.0.mark.failed(fault);
            }
        })
    }

    /// A connection for a single statement.
    ///
    /// # Errors
    /// When no connection is available.
    pub async fn reader(&self) -> Result<DbReader, StoreError> {
        Ok(match &self.0.pool {
            Pool::Sqlite(pool) => DbReader::Sqlite(self.noted(pool.acquire().await)?),
            Pool::Postgres(pool) => DbReader::Postgres(self.noted(pool.acquire().await)?),
        })
    }

    /// Updates the statistics on table sizes. PostgreSQL updates them itself within about a minute. Until then, a large import would be
    /// queried with plans made for empty tables, which read whole tables. SQLite plans by indexes alone, so it needs nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn learn_sizes(&self) -> Result<(), StoreError> {
        match self.engine() {
            Engine::Sqlite => Ok(()),
            Engine::Postgres => self.reader().await?.conn().raw(LEARN_SIZES).await,
        }
    }

    /// Runs the command in a transaction and returns after the commit. Either all of it is stored or nothing.
    ///
    /// # Errors
    /// The errors of the command, and [`StoreError::Commit`] when the commit failed.
    pub async fn write<C: Command>(&self, scope: &Scope, command: C) -> Result<C::Output> {
        self.0.writer.write(Some(scope.clone()), command).await
    }

    /// [`Db::write`] for data that belongs to no workspace: set-up, sign-in, leases.
    ///
    /// # Errors
    /// Those of [`Db::write`].
    pub async fn write_global<C: Command>(&self, command: C) -> Result<C::Output> {
        self.0.writer.write(None, command).await
    }

    /// The last storage failure of this database, until a write succeeds.
    pub fn mark(&self) -> &Mark {
        &self.0.mark
    }

    /// Writes a test row and deletes it again.
    ///
    /// # Errors
    /// When the database does not store the row.
    pub async fn try_writing(&self) -> Result<()> {
        self.write_global(probe::Put).await?;
        self.write_global(probe::Take).await
    }

    /// The clock that stamps written rows.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Notified after a commit that added a job.
    pub fn jobs_waiting(&self) -> &Notify {
        &self.0.jobs
    }

    /// Receives the wake-ups of other processes on this database. None on SQLite, where there are none.
    pub fn wakes(&self) -> Option<mpsc::Receiver<WakeUp>> {
        self.0.bell.as_ref().map(|bell| bell.listen())
    }

    /// Tells the other processes on this database where somebody is now (T12). It is stored nowhere.
    pub fn tell(&self, workspace: WorkspaceId, sight: Sight) {
        if let Some(bell) = &self.0.bell {
            bell.tell(workspace, sight);
        }
    }

    /// Waits until all queued commands are committed, then closes the database.
    pub async fn close(&self) {
        // The last connection to a SQLite file writes its write-ahead log into the file. That must be the write connection.
        if let Pool::Sqlite(pool) = &self.0.pool {
            pool.close().await;
        }
        self.0.writer.close().await;
        if let Some(bell) = &self.0.bell {
            bell.close().await;
        }
        if let Pool::Postgres(pool) = &self.0.pool {
            pool.close().await;
        }
    }
}
