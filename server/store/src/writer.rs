//! The one door for writing (architecture, The write path): commands queue, share a commit, and are answered after it.

use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use futures::FutureExt;
use model::{EventBody, StorageFault, Timestamp, WorkspaceId};
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

/// At most this many commands share a commit, so that the first of them does not wait for ever.
const BATCH: usize = 256;

/// Held by every batch of a workspace together with the batches of other processes…
const BESIDE_OTHERS: &str = "SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))";
/// …and by one that is run again with nobody beside it, so that it cannot lose to the same circle of locks once more.
const ALONE: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";

pub(super) const POSTGRES_STATEMENTS: &[&str] = &[BESIDE_OTHERS, ALONE];

/// How often a command is tried that another process was quicker than. Each time somebody got on, so a few are enough.
const TRIES: usize = 12;

/// A change of the database: rows, their event and the work they leave behind, all or nothing. It does database work only (no
/// network, no rendering, no hashing), about ten statements at most, and may be run again when its batch has to be repeated.
#[async_trait]
pub trait Command: Send + Sync + 'static {
    /// What the asker gets once it is committed.
    type Output: Send + 'static;

    /// Does it.
    async fn run(&self, tx: &mut Tx<'_>) -> Result<Self::Output>;
}

/// What a command works with.
pub struct Tx<'c> {
    conn: Conn<'c>,
    scope: Option<Scope>,
    now: Timestamp,
    events: Vec<(WorkspaceId, EventBody)>,
    left_jobs: bool,
}

impl<'c> Tx<'c> {
    /// To ask the database.
    pub fn conn(&mut self) -> &mut Conn<'c> {
        &mut self.conn
    }

    /// On whose behalf.
    ///
    /// # Errors
    /// [`Error::FORBIDDEN`] in a command that was written for no workspace.
    pub fn scope(&self) -> Result<Scope> {
        self.scope.clone().ok_or(Error::FORBIDDEN)
    }

    /// The time that everything in this command is stamped with.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Appends to the log of events, in this transaction.
    pub fn emit(&mut self, workspace: WorkspaceId, body: EventBody) {
        self.events.push((workspace, body));
    }

    /// Says that a job was left to do, so that workers look after the commit.
    pub fn left_job(&mut self) {
        self.left_jobs = true;
    }

    /// Runs a statement for its effect.
    pub async fn exec(&mut self, sql: &'static str, args: Vec<Val>) -> Result<u64, StoreError> {
        self.conn.exec(sql, args).await
    }
}

/// The events of one commit in one workspace, numbered.
pub struct Committed {
    /// Where.
    pub workspace: WorkspaceId,
    /// The number of the first one; the others follow.
    pub first_seq: i64,
    /// What happened.
    pub events: Vec<EventBody>,
}

/// A command with whoever waits for it, its type forgotten.
#[async_trait]
trait Queued: Send {
    fn lane(&self) -> Option<WorkspaceId>;
    /// Runs it; whether it went well.
    async fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// Whether the database asked to have the whole batch repeated.
    fn wants_repeat(&self) -> bool;
    /// Whether another process was first with the same row: looked at again, it may go well.
    fn lost_a_race(&self) -> bool;
    /// Why it could not be stored, when the database can store nothing.
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
        // A panic in one command must not take the writer, and with it all writing, down.
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
            // A refusal stands whether or not its neighbours were stored.
            (_, Some(Err(refusal))) => Err(refusal),
            (Ok(()), Some(done)) => done,
            (Ok(()), None) => Err(StoreError::Closed.into()),
            (Err(NotStored { fault: Some(fault), .. }), _) => Err(StoreError::Unwritable(fault).into()),
            (Err(NotStored { cause, .. }), _) => Err(StoreError::Commit(cause).into()),
        };
        // Whoever asked may have gone; what was done stays done.
        let _ = self.reply.send(result);
    }
}

/// Why a batch was not stored.
#[derive(Clone)]
struct NotStored {
    cause: String,
    /// When it is that the database can store nothing.
    fault: Option<StorageFault>,
}

type Queue = mpsc::UnboundedSender<Box<dyn Queued>>;

/// Takes commands in and sees to it that they share commits.
pub struct Writer {
    lanes: Mutex<Option<Lanes>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    context: Context,
}

enum Lanes {
    /// SQLite has one writer, whatever the workspace.
    One(Queue),
    /// PostgreSQL has one per workspace in this process: its counter row would serialise them anyway.
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

    /// Takes no more commands and waits for those taken.
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

/// The commands that queued up during the last commit: no waiting window.
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
        tracing::warn!(%error, "closing the database");
    }
}

async fn postgres_lane(pool: PgPool, mut commands: mpsc::UnboundedReceiver<Box<dyn Queued>>, context: Context) {
    while let Some(mut batch) = next_batch(&mut commands).await {
        let mut done = Err(Failed::Repeat);
        // Another process may win a lock we wait for; then the batch is run again, twice at most.
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
            // The connection must not go on inside a broken transaction.
            if let Err(error) = tx.conn.raw("ROLLBACK").await {
                tracing::warn!(%error, "rolling back");
            }
            Err(failed)
        }
    }
}

/// Runs each command in a savepoint of its own, so that a failure does not undo its neighbours; numbers the events; commits.
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
        // What another process committed meanwhile is seen by the next try, in this same transaction.
        for tries_left in (0..TRIES).rev() {
            tx.conn.raw("SAVEPOINT command").await?;
            if command.run(tx).await {
                tx.conn.raw("RELEASE SAVEPOINT command").await?;
                break;
            }
            if command.wants_repeat() {
                return Err(Failed::Repeat);
            }
            // SQLite has undone the whole batch by then.
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

/// Takes one range of numbers per workspace, last before the commit, so that number order is commit order.
async fn number(tx: &mut Tx<'_>) -> Result<Vec<Committed>, StoreError> {
    let mut per_workspace: Vec<Committed> = Vec::new();
    for (workspace, body) in std::mem::take(&mut tx.events) {
        match per_workspace.iter_mut().find(|c| c.workspace == workspace) {
            Some(known) => known.events.push(body),
            None => per_workspace.push(Committed { workspace, first_seq: 0, events: vec![body] }),
        }
    }
    // Always in the same order, so that two processes cannot wait for each other.
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
            // Subscribers are told in commit order: this task is the only one that commits in its lane.
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
