//! Opening the database, reading it, and handing commands to the write path.

use std::{path::Path, str::FromStr, sync::Arc, time::Duration};

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
    wake::{Notifier, WakeUp},
    writer::{Committed, Writer},
};
use crate::{
    clock::Clock,
    error::{Result, StoreError},
    private,
};

/// The tables that grow with every message.
const LEARN_SIZES: &str = "ANALYZE contact, identity, conversation, inbox_count, message, attachment, read_marker, message_search, \
     contact_search, mail, mail_name, participant";

/// The database, whichever it is. Cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    pool: Pool,
    writer: Writer,
    clock: Clock,
    jobs: Arc<Notify>,
    mark: Mark,
    /// Wakes other processes; where the database is a file, there are none.
    bell: Option<Arc<Notifier>>,
}

/// Where reads go.
#[derive(Clone)]
enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// What commits are told to: called in order, after the commit.
pub type OnCommit = Arc<dyn Fn(Committed) + Send + Sync>;

/// A consistent view: everything read through it is of one moment.
pub enum Snapshot {
    /// SQLite.
    Sqlite(Transaction<'static, Sqlite>),
    /// PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
}

impl Snapshot {
    /// To ask it.
    pub fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(tx) => Conn::Sqlite(&mut *tx),
            Self::Postgres(tx) => Conn::Postgres(&mut *tx),
        }
    }
}

/// A connection for a single statement, which is of one moment by itself: two round trips less than a [`Snapshot`].
pub enum DbReader {
    /// SQLite.
    Sqlite(PoolConnection<Sqlite>),
    /// PostgreSQL.
    Postgres(PoolConnection<Postgres>),
}

impl DbReader {
    /// To ask it, once.
    pub fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(connection) => Conn::Sqlite(&mut *connection),
            Self::Postgres(connection) => Conn::Postgres(&mut *connection),
        }
    }
}

/// Makes the file of a database before SQLite does, which would let others read it; closes one that is open to them. What SQLite puts
/// beside it gets the same rights.
fn keep_private(file: &Path) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        private::make_folder(folder)?;
    }
    // A disk that takes nothing any more still shows what is on it.
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
    /// `sqlite:PATH` or `postgres://…`. `on_commit` hears of every commit with events.
    ///
    /// # Errors
    /// When it cannot be opened or migrated.
    pub async fn open(url: &str, clock: Clock, on_commit: OnCommit) -> Result<Self, StoreError> {
        let (jobs, mark) = (Arc::new(Notify::new()), Mark::default());
        if url.starts_with("sqlite:") {
            let options = SqliteConnectOptions::from_str(url)?
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                // Every acknowledged write survives a power cut; group commit makes it cheap.
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
                // Readers look at the file where the system has it already; nothing ever shortens it.
                .connect_with(
                    options
                        .read_only(true)
                        .pragma("query_only", "on")
                        .pragma("mmap_size", "4294967296")
                        // For what is in the log only.
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

    /// Which engine it is.
    pub fn engine(&self) -> Engine {
        match &self.0.pool {
            Pool::Sqlite(_) => Engine::Sqlite,
            Pool::Postgres(_) => Engine::Postgres,
        }
    }

    /// A consistent view for reading.
    ///
    /// # Errors
    /// When no connection is to be had.
    pub async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        Ok(match &self.0.pool {
            Pool::Sqlite(pool) => Snapshot::Sqlite(self.noted(pool.begin().await)?),
            Pool::Postgres(pool) => {
                let begun = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await;
                Snapshot::Postgres(self.noted(begun)?)
            }
        })
    }

    /// A database that cannot be reached is noted by whoever wants to read it, too: perhaps nobody writes.
    fn noted<T>(&self, reached: Result<T, sqlx::Error>) -> Result<T, StoreError> {
        reached.map_err(StoreError::from).inspect_err(|error| {
            if let Some(fault) = error.storage_fault() {
                self.0.mark.failed(fault);
            }
        })
    }

    /// For a single statement.
    ///
    /// # Errors
    /// When no connection is to be had.
    pub async fn reader(&self) -> Result<DbReader, StoreError> {
        Ok(match &self.0.pool {
            Pool::Sqlite(pool) => DbReader::Sqlite(self.noted(pool.acquire().await)?),
            Pool::Postgres(pool) => DbReader::Postgres(self.noted(pool.acquire().await)?),
        })
    }

    /// Lets the database learn how large its tables have become. PostgreSQL does so by itself within a minute or so; what comes in by the
    /// thousand in between would be looked up by plans that were made for empty tables, which read them whole. SQLite plans by indexes alone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn learn_sizes(&self) -> Result<(), StoreError> {
        match self.engine() {
            Engine::Sqlite => Ok(()),
            Engine::Postgres => self.reader().await?.conn().raw(LEARN_SIZES).await,
        }
    }

    /// Does the command, all of it or nothing, and answers once it is committed.
    ///
    /// # Errors
    /// Those of the command, and [`StoreError::Commit`] when nothing of it was stored.
    pub async fn write<C: Command>(&self, scope: &Scope, command: C) -> Result<C::Output> {
        self.0.writer.write(Some(scope.clone()), command).await
    }

    /// The same for what belongs to no workspace: set-up, sign-in, leases.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn write_global<C: Command>(&self, command: C) -> Result<C::Output> {
        self.0.writer.write(None, command).await
    }

    /// What went wrong the last time that something was to be stored.
    pub fn mark(&self) -> &Mark {
        &self.0.mark
    }

    /// Writes something and takes it away again.
    ///
    /// # Errors
    /// When the database does not store it.
    pub async fn try_writing(&self) -> Result<()> {
        self.write_global(probe::Put).await?;
        self.write_global(probe::Take).await
    }

    /// The clock that stamps what is written.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Woken after a commit that left work to do.
    pub fn jobs_waiting(&self) -> &Notify {
        &self.0.jobs
    }

    /// What other processes on this database do, from now on; none where there can be no others.
    pub fn wakes(&self) -> Option<mpsc::Receiver<WakeUp>> {
        self.0.bell.as_ref().map(|bell| bell.listen())
    }

    /// Waits until what was handed in is committed, and closes.
    pub async fn close(&self) {
        // The last connection to a SQLite file takes its log in: that must be the one that may write.
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
