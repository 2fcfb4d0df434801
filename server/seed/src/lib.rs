//! Data to look at and to measure with, the same every time: plausible conversations in any number (`tandem seed`), and a small company
//! written by hand (`tandem seed --sample`, and the set-up page), which is in [`sample`].
//!
//! Conversations are planned first (little per conversation), then played in the order of time, so that ids, the index and search
//! see messages come in as they would have come in. One task makes them, the writer stores them, a few thousand messages per commit.

mod blobs;
mod furnish;
mod people;
mod plan;
mod random;
pub mod sample;
mod script;
mod texts;
mod thread;
mod words;
mod words_east;
mod words_names;
mod words_south;
mod words_west;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::files::Files;
use model::{ApiError, Channel, EventBody, Timestamp, WorkspaceId};
use store::{
    Command, Db, Scope, Tx,
    bulk::{self, Batch, BulkMessage},
    error::{Error, Result, StoreError},
    words::index_words,
    workspace as workspaces,
};
use tokio::sync::mpsc;

use self::{
    furnish::Furnish,
    people::People,
    random::Random,
    thread::{Scene, Thread, play},
};

/// How many messages share a commit.
const BATCH_MESSAGES: usize = 2_000;
/// How many conversations begin in a commit.
const BATCH_CONVERSATIONS: usize = 500;

/// What is wanted. The same options give the same data.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many conversations.
    pub conversations: u64,
    /// How many entries all threads have together (messages, notes, event lines); at least one per conversation.
    pub messages: u64,
    /// Which data of the many possible.
    pub seed: u64,
    /// The moment that the newest messages are close to.
    pub now: Timestamp,
}

/// What was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Conversations.
    pub conversations: u64,
    /// Entries of their threads.
    pub messages: u64,
    /// Contacts.
    pub contacts: u64,
    /// Files of messages.
    pub attachments: u64,
    /// Colleagues that were added.
    pub members: u64,
    /// Channels that were added.
    pub channels: u64,
}

/// Fills a workspace. Messages have files only when there is a place for `files`. Nothing of it ever goes out: no job is left, and
/// every address is one that cannot exist. Browsers are told once, at the end. If it breaks off half way, what is there stays.
///
/// # Errors
/// [`ApiError::Conflict`] when the workspace has this very data already; when the database or the disk fails.
pub async fn seed(db: &Db, workspace: WorkspaceId, options: &Options, files: Option<&Files>) -> Result<Report> {
    if options.conversations == 0 {
        return Ok(Report::default());
    }
    let scope = Scope::system(workspace, "sample data");
    let master = master(options);
    let setting = db.write(&scope, Furnish { master, now: options.now }).await?;
    let blobs = match files {
        Some(files) => blobs::keep(files, options.seed).await?,
        None => Vec::new(),
    };
    let mut report = Report { members: setting.added_members, channels: setting.added_channels, ..Report::default() };
    let scene = Scene { setting, blobs, now: options.now, master };
    db.write(&scope, Begin).await?;
    let filled = fill(db, &scope, options.clone(), scene, &mut report).await;
    // Also after a failure: the database must not stay tuned for this.
    db.write(&scope, End { tell: filled.is_ok() }).await?;
    filled?;
    Ok(report)
}

/// All options in one number.
fn master(options: &Options) -> u64 {
    let parts = [options.seed, options.conversations, options.messages, options.now.0.cast_unsigned()];
    parts.into_iter().fold(0, |master, part| Random::split(master, part.wrapping_add(1)).next())
}

/// Makes batches on a thread of its own and stores each while the next is made.
async fn fill(db: &Db, scope: &Scope, options: Options, scene: Scene, report: &mut Report) -> Result<()> {
    let (to, mut batches) = mpsc::channel(2);
    let maker = tokio::task::spawn_blocking(move || make(&options, &scene, &to));
    let mut number = 0;
    while let Some(rows) = batches.recv().await {
        number += 1;
        let made = Report {
            conversations: report.conversations + rows.conversations.len() as u64,
            messages: report.messages + rows.messages.len() as u64,
            contacts: report.contacts + rows.contacts.len() as u64,
            attachments: report.attachments + rows.files.len() as u64,
            ..*report
        };
        let stored = db.write(scope, Store { rows, number }).await;
        stored.map_err(|error| if number == 1 { already_there(error) } else { error })?;
        *report = made;
    }
    maker.await.map_err(|error| StoreError::Corrupt(format!("making sample data: {error}")))?;
    Ok(())
}

fn already_there(error: Error) -> Error {
    match error {
        Error::Store(fault) if fault.is_unique_violation() => {
            let message = "This workspace has this sample data already. Choose another seed.".to_owned();
            ApiError::Conflict { message }.into()
        }
        other => other,
    }
}

/// Plays all conversations; stops when nobody takes the batches any more.
fn make(options: &Options, scene: &Scene, to: &mpsc::Sender<Batch>) {
    let channels: &[Channel] = &scene.setting.channels;
    let mut people = People::new(scene.master);
    let mut batch = Batch::default();
    // Messages of conversations that have begun, by time: they are stored in this order whatever their conversation.
    let mut waiting: BTreeMap<(Timestamp, usize, i64), BulkMessage> = BTreeMap::new();
    let send = |batch: &mut Batch| {
        let full = batch.messages.len() >= BATCH_MESSAGES || batch.conversations.len() >= BATCH_CONVERSATIONS;
        !full || to.blocking_send(std::mem::take(batch)).is_ok()
    };
    for (place, plan) in plan::plans(options, scene.master, channels).iter().enumerate() {
        let Some(channel) = channels.get(plan.channel) else { continue };
        while let Some(entry) = waiting.first_entry().filter(|entry| entry.key().0 < plan.start) {
            batch.messages.push(indexed(entry.remove()));
            if !send(&mut batch) {
                return;
            }
        }
        let Thread { met, conversation, messages, files, reads, history } = play(scene, &mut people, channel, plan);
        batch.contacts.extend(met.contact);
        batch.identities.push(met.identity);
        batch.reads.extend(reads.into_iter().map(|(member, read)| (conversation.row.id, member, read)));
        batch.files.extend(files);
        batch.history.extend(history);
        waiting.extend(messages.into_iter().map(|row| ((row.message.at, place, row.message.n), row)));
        batch.conversations.push(conversation);
        if !send(&mut batch) {
            return;
        }
    }
    for row in waiting.into_values() {
        batch.messages.push(indexed(row));
        if !send(&mut batch) {
            return;
        }
    }
    let _ = to.blocking_send(batch);
}

fn indexed(mut row: BulkMessage) -> BulkMessage {
    row.words = index_words(&row.message.text);
    row
}

struct Begin;

#[async_trait]
impl Command for Begin {
    type Output = ();

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        bulk::begin(tx).await
    }
}

struct Store {
    rows: Batch,
    number: u64,
}

#[async_trait]
impl Command for Store {
    type Output = ();

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        bulk::insert(tx, &scope, &self.rows).await?;
        // Once soon, and again when there is much more.
        if matches!(self.number, 1 | 16) { bulk::look_again(tx).await } else { Ok(()) }
    }
}

struct End {
    tell: bool,
}

#[async_trait]
impl Command for End {
    type Output = ();

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        bulk::end(tx).await?;
        if self.tell {
            let scope = tx.scope()?;
            let workspace = workspaces::load(tx.conn(), &scope).await?.workspace;
            tx.emit(workspace.id, EventBody::Workspace(workspace));
        }
        Ok(())
    }
}
