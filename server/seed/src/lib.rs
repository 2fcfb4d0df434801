//! Reproducible data to look at and to measure with: any number of plausible conversations (`tandem seed`), and a small company written by
//! hand (`tandem seed --sample`, and the set-up page), which is in [`sample`].
//!
//! First each conversation is planned, which needs little memory. Then all are played in the order of time, so that ids, indexes and search
//! get messages as if they had come in. One task makes batches of a few thousand messages, and the writer stores one batch per commit.

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
use model::{ApiError, Channel, EventBody, Needs, Timestamp, WorkspaceId};
use store::{
    Command, Db, Scope, Tx,
    bulk::{self, Batch, BulkMessage},
    error::{Error, Result, StoreError},
    search::{Findable, Whereabouts},
    workspace as workspaces,
};
use tokio::sync::mpsc;

use self::{
    furnish::Furnish,
    people::People,
    random::Random,
    thread::{Scene, Thread, play},
};

/// How many messages one commit stores.
const BATCH_MESSAGES: usize = 2_000;
/// How many conversations begin in one commit.
const BATCH_CONVERSATIONS: usize = 500;

/// What to make. The same options give the same data.
#[derive(Debug, Clone)]
pub struct Options {
    /// The number of conversations.
    pub conversations: u64,
    /// The number of entries in all threads together (messages, notes, event lines). Each conversation has at least one.
    pub messages: u64,
    /// The seed of the random numbers.
    pub seed: u64,
    /// The time shortly after the newest messages.
    pub now: Timestamp,
}

/// The number of rows that were made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Conversations.
    pub conversations: u64,
    /// Entries of threads.
    pub messages: u64,
    /// Contacts.
    pub contacts: u64,
    /// Files in messages.
    pub attachments: u64,
    /// Added colleagues.
    pub members: u64,
    /// Added channels.
    pub channels: u64,
}

/// Fills a workspace. Messages have files only if `files` is given. Nothing is ever sent: no jobs are added, and no address can exist. One
/// event at the end tells the browsers. After a failure, the stored part stays.
///
/// # Errors
/// [`ApiError::Conflict`] when the workspace has this data already. When the database or the disk fails.
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
    let scene = Scene { workspace, setting, blobs, now: options.now, master };
    db.write(&scope, Begin).await?;
    let filled = fill(db, &scope, options.clone(), scene, &mut report).await;
    // Also after a failure, because the database must not keep the settings for bulk inserts.
    db.write(&scope, End { tell: filled.is_ok() }).await?;
    filled?;
    Ok(report)
}

/// A single number for all options.
fn master(options: &Options) -> u64 {
    let parts = [options.seed, options.conversations, options.messages, options.now.0.cast_unsigned()];
    parts.into_iter().fold(0, |master, part| Random::split(master, part.wrapping_add(1)).next())
}

/// Makes batches on a separate thread. Stores each while the next one is made.
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

/// Plays all conversations. Stops when the receiver is dropped.
fn make(options: &Options, scene: &Scene, to: &mpsc::Sender<Batch>) {
    let channels: &[Channel] = &scene.setting.channels;
    let mut people = People::new(scene.master);
    let mut batch = Batch::default();
    // The messages of open conversations by time, because they are stored in this order across conversations.
    let mut waiting: BTreeMap<(Timestamp, usize, i64), (BulkMessage, Whereabouts)> = BTreeMap::new();
    let send = |batch: &mut Batch| {
        let full = batch.messages.len() >= BATCH_MESSAGES || batch.conversations.len() >= BATCH_CONVERSATIONS;
        !full || to.blocking_send(std::mem::take(batch)).is_ok()
    };
    for (place, plan) in plan::plans(options, scene.master, channels).iter().enumerate() {
        let Some(channel) = channels.get(plan.channel) else { continue };
        while let Some(entry) = waiting.first_entry().filter(|entry| entry.key().0 < plan.start) {
            batch.messages.push(indexed(scene.workspace, entry.remove()));
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
        let whereabouts = Whereabouts::from(&conversation);
        waiting.extend(messages.into_iter().map(|row| {
            let key = (row.message.at, place, row.message.n);
            (key, (row, whereabouts.clone()))
        }));
        batch.conversations.push(conversation);
        if !send(&mut batch) {
            return;
        }
    }
    for row in waiting.into_values() {
        batch.messages.push(indexed(scene.workspace, row));
        if !send(&mut batch) {
            return;
        }
    }
    let _ = to.blocking_send(batch);
}

fn indexed(workspace: WorkspaceId, (row, place): (BulkMessage, Whereabouts)) -> BulkMessage {
    BulkMessage { found_by: Findable::of(workspace, &row.message, &place), ..row }
}

struct Begin;

#[async_trait]
impl Command for Begin {
    type Output = ();
    const NEEDS: Needs = Needs::System;

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
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        bulk::insert(tx, &scope, &self.rows).await?;
        // Once early, and again when there are many more rows.
        if matches!(self.number, 1 | 16) { bulk::look_again(tx).await } else { Ok(()) }
    }
}

struct End {
    tell: bool,
}

#[async_trait]
impl Command for End {
    type Output = ();
    const NEEDS: Needs = Needs::System;

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
