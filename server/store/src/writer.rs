//! The only way to write (architecture, The write path). Commands are queued, share a commit, and are answered after it.

use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use futures::FutureExt;
use model::{EventBody, Needs, StorageFault, Timestamp, WorkspaceId};
use sqlx::{PgPool, SqliteConnection};
use tokio::{
    sync::{Notify, mpsc, oneshot},
    task::JoinHandle,
};

use super::{
    Mark, Scope,
    conn::{Conn, Engine, Val, args},
    db::OnCommit,
    event,
    wake::Notifier,
};
use crate::{
    clock::Clock,
    error::{Error, Result, StoreError},
};

/// The most commands in one commit, so that the first of them is answered soon.
const BATCH: usize = 256;

/// The lock that every batch of a workspace takes. Batches of other processes may hold it at the same time…
const BESIDE_OTHERS: &str = "SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))";
/// …and the lock that a repeated batch takes alone, so that it cannot lose to the same deadlock again.
const ALONE: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";

pub(super) const POSTGRES_STATEMENTS: &[&str] = &[BESIDE_OTHERS, ALONE];

/// How often a command is tried when other processes change its row first. Each time another process succeeds, so a few tries are enough.
const TRIES: usize = 12;

/// A change of the database: rows, their event and the jobs they need, all or nothing. A command does only database work (no network, no
/// rendering, no hashing), in about ten statements at most. It may run again when its batch is repeated.
#[async_trait]
pub trait Command: Send + Sync + 'static {
    /// What the caller gets after the commit.
    type Output: Send + 'static;
    /// What whoever gives it needs. The writer refuses others before it runs.
    const NEEDS: Needs;

    /// Makes the change.
    async fn run(&self, tx: &mut Tx<'_>) -> Result<Self::Output>;
}

/// The open transaction that a command works with.
pub struct Tx<'c> {
    conn: Conn<'c>,
    scope: Option<Scope>,
    now: Timestamp,
    events: Vec<(WorkspaceId, EventBody)>,
    left_jobs: bool,
}

impl<'c> Tx<'c> {
    /// The connection of the transaction.
    pub fn conn(&mut self) -> &mut Conn<'c> {
        &mut self.conn
    }

    /// On whose behalf the command runs.
    ///
    /// # Errors
    /// [`Error::FORBIDDEN`] in a command of [`Db::write_global`](crate::Db::write_global), which has no scope.
    pub fn scope(&self) -> Result<Scope> {
        self.scope.clone().ok_or(Error::FORBIDDEN)
    }

    /// The time stamped on everything that this command writes.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Appends an event to the log, in this transaction.
    pub fn emit(&mut self, workspace: WorkspaceId, body: EventBody) {
        self.events.push((workspace, body));
    }

    /// Records that a job was added, so that workers are woken after the commit.
    pub fn left_job(&mut self) {
        self.left_jobs = true;
    }

    /// Runs a statement and returns how many rows it changed.
    pub async fn exec(&mut self, sql: &'static str, args: Vec<Val>) -> Result<u64, StoreError> {
        self.conn.exec(sql, args).await
    }
}

/// The numbered events of one commit in one workspace.
pub struct Committed {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The number of the first event. The others follow without gaps.
    pub first_seq: i64,
    /// The events, in order.
    pub events: Vec<EventBody>,
}

/// A queued command of any type, with the channel that takes its answer.
#[async_trait]
trait Queued: Send {
    fn lane(&self) -> Option<WorkspaceId>;
    /// Runs the command. True if it succeeded.
    async fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// Whether the database asked for the whole batch to be repeated.
    fn wants_repeat(&self) -> bool;
    /// Whether another process changed the same row first. Another try may succeed.
    fn lost_a_race(&self) -> bool;
    /// Why the database can store nothing, if that made the command fail.
    fn fault(&self) -> Option<StorageFault>;
    fn answer(self: Box<Self>, commit: Result<(), NotStored>);
}

struct Waiting<C: Command> {
    scope: Option<Scope>,
    command: C,
    result: Option<Result<C::Output>>,
    reply: oneshot::Sender<Result<C::Output>>,
}

#[async_trait]
impl<C: Command> Queued for Waiting<C> {
    fn lane(&self) -> Option<WorkspaceId> {
        self.scope.as_ref().map(Scope::workspace)
    }

    async fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        tx.scope.clone_from(&self.scope);
        let allowed = match &self.scope {
            Some(scope) => scope.has(C::NEEDS),
            // What belongs to no workspace is asked by the server alone.
            None if matches!(C::NEEDS, Needs::Nothing | Needs::System) => Ok(()),
            None => Err(Error::FORBIDDEN),
        };
        if let Err(refusal) = allowed {
            self.result = Some(Err(refusal));
            return false;
        }
        // A panic in one command must not stop the writer, and with it all writing.
        let result = match AssertUnwindSafe(self.command.run(tx)).catch_unwind().await {
            Ok(result) => result,
            Err(_) => Err(StoreError::Corrupt("a command panicked; see the log".to_owned()).into()),
        };
        let ok = result.is_ok();
        self.result = Some(result);
        ok
    }

    fn wants_repeat(&self) -> bool {
        matches!(&self.result, Some(Err(Error::Store(e))) if e.is_passing_conflict()) && !self.lost_a_race()
    }

    fn lost_a_race(&self) -> bool {
        matches!(&self.result, Some(Err(Error::Store(e))) if matches!(e, StoreError::Stale) || e.is_unique_violation())
    }

    fn fault(&self) -> Option<StorageFault> {
        self.result.as_ref().and_then(|result| result.as_ref().err()).and_then(Error::storage_fault)
    }

    fn answer(self: Box<Self>, commit: Result<(), NotStored>) {
        let result = match (commit, self.result) {
            // A refusal stands even if the other commands of the batch were not stored.
            (_, Some(Err(refusal))) => Err(refusal),
            (Ok(()), Some(done)) => done,
            (Ok(()), None) => Err(StoreError::Closed.into()),
            (Err(NotStored { fault: Some(fault), .. }), _) => Err(StoreError::Unwritable(fault).into()),
            (Err(NotStored { cause, .. }), _) => Err(StoreError::Commit(cause).into()),
        };
        // The caller may be gone. Its command stays committed.
        let _ = self.reply.send(result);
    }
}

#[derive(Clone)]
struct NotStored {
    cause: String,
    /// Set when the database can store nothing.
    fault: Option<StorageFault>,
}

type Queue = mpsc::UnboundedSender<Box<dyn Queued>>;

/// Queues commands and commits them in batches.
pub struct Writer {
    lanes: Mutex<Option<Lanes>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    context: Context,
}

enum Lanes {
    /// SQLite has one writer for all workspaces.
    One(Queue),
    /// PostgreSQL has one writer per workspace and process. The workspace's event counter would serialise them anyway.
    PerWorkspace(PgPool, HashMap<Option<WorkspaceId>, Queue>),
}

#[derive(Clone)]
struct Context {
    clock: Clock,
    on_commit: OnCommit,
    jobs: Arc<Notify>,
    mark: Mark,
    bell: Option<Arc<Notifier>>,
}

impl Writer {
    pub(super) fn sqlite(
        connection: SqliteConnection,
        clock: Clock,
        on_commit: OnCommit,
        jobs: Arc<Notify>,
        mark: Mark,
    ) -> Self {
        let context = Context { clock, on_commit, jobs, mark, bell: None };
        let (queue, commands) = mpsc::unbounded_channel();
        let task = tokio::spawn(sqlite_lane(connection, commands, context.clone()));
        Self { lanes: Mutex::new(Some(Lanes::One(queue))), tasks: Mutex::new(vec![task]), context }
    }

    pub(super) fn postgres(
        pool: PgPool,
        clock: Clock,
        on_commit: OnCommit,
        jobs: Arc<Notify>,
        mark: Mark,
        bell: Arc<Notifier>,
    ) -> Self {
        let context = Context { clock, on_commit, jobs, mark, bell: Some(bell) };
        Self { lanes: Mutex::new(Some(Lanes::PerWorkspace(pool, HashMap::new()))), tasks: Mutex::default(), context }
    }

    pub(super) async fn write<C: Command>(&self, scope: Option<Scope>, command: C) -> Result<C::Output> {
        let (reply, answer) = oneshot::channel();
        self.queue(Box::new(Waiting { scope, command, result: None, reply }))?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    fn queue(&self, command: Box<dyn Queued>) -> Result<(), StoreError> {
        let mut lanes = self.lanes.lock().map_err(|_| StoreError::Closed)?;
        let queue = match lanes.as_mut().ok_or(StoreError::Closed)? {
            Lanes::One(queue) => queue,
            Lanes::PerWorkspace(pool, lanes) => lanes.entry(command.lane()).or_insert_with(|| {
                let (queue, commands) = mpsc::unbounded_channel();
                let task = tokio::spawn(postgres_lane(pool.clone(), commands, self.context.clone()));
                if let Ok(mut tasks) = self.tasks.lock() {
                    tasks.push(task);
                }
                queue
            }),
        };
        queue.send(command).map_err(|_| StoreError::Closed)
    }

    /// Takes no new commands and waits until the queued ones are done.
    pub(super) async fn close(&self) {
        if let Ok(mut lanes) = self.lanes.lock() {
            lanes.take();
        }
        let tasks = self.tasks.lock().map(|mut tasks| std::mem::take(&mut *tasks)).unwrap_or_default();
        for task in tasks {
            let _ = task.await;
        }
    }
}

/// The commands that queued up during the last commit. No timer delays them.
async fn next_batch(commands: &mut mpsc::UnboundedReceiver<Box<dyn Queued>>) -> Option<Vec<Box<dyn Queued>>> {
    let mut batch = vec![commands.recv().await?];
    while batch.len() < BATCH {
        match commands.try_recv() {
            Ok(command) => batch.push(command),
            Err(_) => break,
        }
    }
    Some(batch)
}

async fn sqlite_lane(
    mut connection: SqliteConnection,
    mut commands: mpsc::UnboundedReceiver<Box<dyn Queued>>,
    context: Context,
) {
    while let Some(mut batch) = next_batch(&mut commands).await {
        let done = run_batch(Conn::Sqlite(&mut connection), ["BEGIN IMMEDIATE", ""], &mut batch, &context).await;
        finish(batch, done, &context);
    }
    if let Err(error) = sqlx::Connection::close(connection).await {
        tracing::warn!(%error, "could not close the database");
    }
}

async fn postgres_lane(pool: PgPool, mut commands: mpsc::UnboundedReceiver<Box<dyn Queued>>, context: Context) {
    while let Some(mut batch) = next_batch(&mut commands).await {
        let mut done = Err(Failed::Repeat);
        // A batch may lose a deadlock to another process. It is then run again, at most twice.
        for lock in [BESIDE_OTHERS, ALONE, ALONE] {
            done = match pool.acquire().await {
                Ok(mut connection) => {
                    run_batch(Conn::Postgres(&mut connection), ["BEGIN", lock], &mut batch, &context).await
                }
                Err(error) => Err(StoreError::from(error).into()),
            };
            if !matches!(done, Err(Failed::Repeat)) {
                break;
            }
        }
        finish(batch, done, &context);
    }
}

enum Failed {
    Repeat,
    Commit(NotStored),
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        let fault = error.storage_fault();
        if error.is_passing_conflict() {
            Self::Repeat
        } else {
            Self::Commit(NotStored { cause: error.to_string(), fault })
        }
    }
}

struct Done {
    committed: Vec<Committed>,
    left_jobs: bool,
}

async fn run_batch(
    conn: Conn<'_>,
    [begin, lock]: [&'static str; 2],
    batch: &mut [Box<dyn Queued>],
    context: &Context,
) -> Result<Done, Failed> {
    let mut tx = Tx { conn, scope: None, now: context.clock.now(), events: Vec::new(), left_jobs: false };
    tx.conn.raw(begin).await?;
    match run_commands(&mut tx, lock, batch).await {
        Ok(committed) => Ok(Done { committed, left_jobs: tx.left_jobs }),
        Err(failed) => {
            // The connection must not be used again inside a broken transaction.
            if let Err(error) = tx.conn.raw("ROLLBACK").await {
                tracing::warn!(%error, "could not roll back");
            }
            Err(failed)
        }
    }
}

/// Runs each command in its own savepoint, so that a failure does not undo the others. Then numbers the events and commits.
async fn run_commands(
    tx: &mut Tx<'_>,
    lock: &'static str,
    batch: &mut [Box<dyn Queued>],
) -> Result<Vec<Committed>, Failed> {
    if let (false, Some(workspace)) = (lock.is_empty(), batch.first().and_then(|command| command.lane())) {
        tx.conn.exec(lock, args![workspace]).await?;
    }
    for command in batch.iter_mut() {
        let kept = (tx.events.len(), tx.left_jobs);
        // The next try, in the same transaction, sees what another process committed meanwhile.
        for tries_left in (0..TRIES).rev() {
            tx.conn.raw("SAVEPOINT command").await?;
            if command.run(tx).await {
                tx.conn.raw("RELEASE SAVEPOINT command").await?;
                break;
            }
            if command.wants_repeat() {
                return Err(Failed::Repeat);
            }
            // By now SQLite has rolled back the whole batch.
            if let (Some(fault), true) = (command.fault(), tx.conn.engine() == Engine::Sqlite) {
                return Err(StoreError::Unwritable(fault).into());
            }
            tx.events.truncate(kept.0);
            tx.left_jobs = kept.1;
            tx.conn.raw("ROLLBACK TO SAVEPOINT command").await?;
            tx.conn.raw("RELEASE SAVEPOINT command").await?;
            if tries_left == 0 || !command.lost_a_race() {
                break;
            }
        }
    }
    let committed = number(tx).await?;
    tx.conn.raw("COMMIT").await?;
    Ok(committed)
}

/// Takes one range of numbers per workspace, as the last step before the commit, so that the order of numbers is the order of commits.
async fn number(tx: &mut Tx<'_>) -> Result<Vec<Committed>, StoreError> {
    let mut per_workspace: Vec<Committed> = Vec::new();
    for (workspace, body) in std::mem::take(&mut tx.events) {
        match per_workspace.iter_mut().find(|c| c.workspace == workspace) {
            Some(known) => known.events.push(body),
            None => per_workspace.push(Committed { workspace, first_seq: 0, events: vec![body] }),
        }
    }
    // The order is always the same, so that two processes cannot deadlock.
    per_workspace.sort_by_key(|c| c.workspace);
    for committed in &mut per_workspace {
        let n = i64::try_from(committed.events.len()).unwrap_or(i64::MAX);
        let (last,): (i64,) = tx.conn.one(event::TAKE_SEQS, args![committed.workspace, n]).await?;
        committed.first_seq = last - n + 1;
        for (seq, body) in (committed.first_seq..).zip(&committed.events) {
            event::append(&mut tx.conn, committed.workspace, seq, tx.now, body).await?;
        }
    }
    Ok(per_workspace)
}

fn finish(batch: Vec<Box<dyn Queued>>, done: Result<Done, Failed>, context: &Context) {
    let commit = match done {
        Ok(done) => {
            if let Some(bell) = &context.bell {
                let last = |c: &Committed| c.first_seq - 1 + i64::try_from(c.events.len()).unwrap_or_default();
                bell.note(done.committed.iter().map(|c| (c.workspace, last(c))), done.left_jobs);
            }
            // Subscribers are called in commit order, because only this task commits in its lane.
            for committed in done.committed {
                (context.on_commit)(committed);
            }
            if done.left_jobs {
                context.jobs.notify_one();
            }
            Ok(())
        }
        Err(Failed::Commit(cause)) => Err(cause),
        Err(Failed::Repeat) => Err(NotStored { cause: "the database was too busy".to_owned(), fault: None }),
    };
    let fault = match &commit {
        Err(not_stored) => not_stored.fault,
        Ok(()) => batch.iter().find_map(|command| command.fault()),
    };
    if let Some(fault) = fault {
        context.mark.failed(fault);
    }
    if let Err(NotStored { cause, .. }) = &commit {
        tracing::error!(%cause, commands = batch.len(), "a batch was not stored");
    }
    for command in batch {
        command.answer(commit.clone());
    }
}
