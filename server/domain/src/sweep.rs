//! An act on everything that matches a filter (L7): a job does it in parts, each a transaction, so that nobody else waits for long. Whoever
//! asked for it can look how far it is, stop it, and undo all of it.

use async_trait::async_trait;
use model::{
    Act, ApiError, ConversationId, Cursor, EventBody, Filter, JobId, MOST_IN_A_SET, MemberId, Needs, Permission, Sort,
    SweepEnd, SweepProgress, UndoId,
};
use serde::{Serialize, de::DeserializeOwned};
use store::{
    Command, Db, Scope, Tx,
    clock::new_id,
    error::{Error, Result, StoreError},
    list, session,
    sweep::{self, Sweep},
};

use super::{
    act::{act_as_seen, mark, possible},
    change::Change,
    deliver::Lease,
    notices,
    undo::{Inverse, MOST_PARTS},
    work::Work,
};

/// How many sweeps of one member run at a time.
const MOST_AT_ONCE: i64 = 3;
/// After this time a sweep no longer counts as running, whatever became of it, in milliseconds.
const DAY_MS: i64 = 24 * 3_600_000;

/// Begins to act on everything that matches a filter. Asked again with the same id, nothing happens.
#[derive(Debug, Clone)]
pub struct BeginSweep {
    /// Its id, under which it can also be undone.
    pub id: UndoId,
    /// What it changes. Conversations in which something is said after now are left alone.
    pub filter: Filter,
    /// What to do.
    pub act: Act,
}

#[async_trait]
impl Command for BeginSweep {
    type Output = ();
    const NEEDS: Needs = Needs::May(Permission::Converse);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        let by = scope.person()?.member.id;
        let filter = self.filter.clone().checked()?;
        if let Some(known) = sweep::find(tx.conn(), &scope, self.id).await? {
            return if known.member == by { Ok(()) } else { Err(Error::NOT_FOUND) };
        }
        possible(tx, &scope, self.act).await?;
        let since = tx.now().plus(-DAY_MS);
        if sweep::running(tx.conn(), &scope, by, since).await? >= MOST_AT_ONCE {
            let message = "Wait until one of the others is done, or cancel it.".to_owned();
            return Err(ApiError::invalid("id", message).into());
        }
        sweep::add(tx, &scope, self.id, by, (to_json(&filter)?, to_json(&self.act)?)).await?;
        let (work, now) = (Work::Sweep { sweep: self.id }, tx.now());
        work.enqueue(tx, scope.workspace(), JobId::new(new_id()), None, now).await
    }
}

/// Stops a sweep of the member who asks. What it changed stays, and can be undone.
#[derive(Debug, Clone, Copy)]
pub struct CancelSweep(pub UndoId);

#[async_trait]
impl Command for CancelSweep {
    type Output = SweepProgress;
    const NEEDS: Needs = Needs::May(Permission::Converse);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<SweepProgress> {
        let scope = tx.scope()?;
        let me = scope.person()?.member.id;
        stop(tx, &scope, self.0, me).await?;
        let known = sweep::find(tx.conn(), &scope, self.0).await?.filter(|known| known.member == me);
        told(&known.ok_or(Error::NOT_FOUND)?)
    }
}

/// Ends a sweep of this member, if it runs. A part that is being done waits for this, and is then not done.
pub(super) async fn stop(tx: &mut Tx<'_>, scope: &Scope, id: UndoId, member: MemberId) -> Result<()> {
    Ok(sweep::end_of(tx, scope, id, member, to_json(&SweepEnd::Cancelled)?).await?)
}

/// How far a sweep of the member who asks is.
///
/// # Errors
/// When the database fails, or the member has no such sweep.
pub async fn progress(db: &Db, scope: &Scope, id: UndoId) -> Result<SweepProgress> {
    scope.require(Permission::Converse)?;
    let me = scope.person()?.member.id;
    let mut reader = db.reader().await?;
    let known = sweep::find(&mut reader.conn(), scope, id).await?.filter(|known| known.member == me);
    told(&known.ok_or(Error::NOT_FOUND)?)
}

fn told(sweep: &Sweep) -> Result<SweepProgress> {
    let ended = sweep.ended.as_deref().map(of_json).transpose()?;
    Ok(SweepProgress { changed: sweep.changed, left_alone: sweep.left_alone, ended })
}

/// The conversations that the next part of a sweep looks at. They are read before the part, because looking for them may take long.
#[derive(Debug, Clone)]
pub struct Ahead {
    /// The place in the list that they follow.
    from: Option<String>,
    /// Each with the version that was looked at.
    rows: Vec<(ConversationId, i64)>,
    /// Where the part after this one begins. None if there is none.
    next: Option<Cursor>,
}

/// Looks for what the next part of a sweep acts on, as the member who asked for it sees it now. None if it has ended.
///
/// # Errors
/// When the database fails.
pub async fn look_ahead(db: &Db, system: &Scope, id: UndoId) -> Result<Option<Ahead>> {
    let mut snapshot = db.snapshot().await?;
    let conn = &mut snapshot.conn();
    let running = sweep::find(conn, system, id).await?.filter(|known| known.ended.is_none());
    let Some(sweep) = running else { return Ok(None) };
    let from = sweep.done_to.clone();
    let scope = session::of_member(conn, system, sweep.member).await?.filter(|scope| scope.may_list().is_ok());
    // Whoever may no longer is told so by the part itself.
    let Some(scope) = scope else { return Ok(Some(Ahead { from, rows: Vec::new(), next: None })) };
    let filter: Filter = of_json(&sweep.filter)?;
    let asked = list::Asked {
        filter: &filter,
        sort: Sort::Last,
        after: from.as_deref().map(of_json).transpose()?,
        limit: MOST_IN_A_SET as i64,
        looked_at: list::LOOKED_AT,
    };
    let page = list::page(conn, &scope, asked).await?;
    let last = page.rows.last().map(|row| row.cursor(Sort::Last));
    let next = page.searched.or(last).filter(|_| page.more);
    // Sorted, so that two such sets cannot deadlock.
    let mut rows: Vec<_> = page.rows.into_iter().map(|row| (row.id, row.version)).collect();
    rows.sort_unstable();
    Ok(Some(Ahead { from, rows, next }))
}

/// Does the next part of a sweep, on behalf of the member who asked for it, with the rights that they have now. True if more is left.
#[derive(Debug, Clone)]
pub struct SweepPart {
    /// Which one.
    pub sweep: UndoId,
    /// What it acts on. None if the sweep has ended.
    pub ahead: Option<Ahead>,
    /// The job it is done for.
    pub lease: Lease,
    /// Whether another job goes on after this part.
    pub hands_over: bool,
}

#[async_trait]
impl Command for SweepPart {
    type Output = bool;
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<bool> {
        let system = tx.scope()?;
        let running = sweep::find(tx.conn(), &system, self.sweep).await?.filter(|known| known.ended.is_none());
        let (Some(sweep), Some(ahead)) = (running, &self.ahead) else {
            self.lease.done(tx).await?;
            return Ok(false);
        };
        // Another worker has done this part.
        if sweep.done_to != ahead.from {
            return Ok(true);
        }
        // Refused before anything is changed.
        let end = match allowed(tx, &system, &sweep).await {
            Ok((scope, act)) => part(tx, &scope, self.sweep, &sweep, act, ahead).await?,
            Err(Error::Refused(why)) => Some(SweepEnd::Refused(why.to_string())),
            Err(error) => return Err(error),
        };
        match end {
            Some(end) => sweep::end(tx, &system, self.sweep, to_json(&end)?).await?,
            None if self.hands_over => {
                let (work, now) = (Work::Sweep { sweep: self.sweep }, tx.now());
                work.enqueue(tx, system.workspace(), JobId::new(new_id()), None, now).await?;
            }
            None => return Ok(true),
        }
        self.lease.done(tx).await?;
        Ok(false)
    }
}

/// The member's scope and the act, if they may still do it.
async fn allowed(tx: &mut Tx<'_>, system: &Scope, sweep: &Sweep) -> Result<(Scope, Act)> {
    let scope = session::of_member(tx.conn(), system, sweep.member).await?.ok_or(Error::FORBIDDEN)?;
    scope.require(Permission::Converse)?;
    scope.may_list()?;
    let act: Act = of_json(&sweep.act)?;
    possible(tx, &scope, act).await?;
    Ok((scope, act))
}

/// One part, and why the sweep ends with it.
async fn part(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: UndoId,
    sweep: &Sweep,
    act: Act,
    ahead: &Ahead,
) -> Result<Option<SweepEnd>> {
    let (mut set, mut done, mut marks, mut left_alone) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for &(conversation, version) in &ahead.rows {
        let mut change = match Change::load(tx, scope, conversation).await {
            // The member sees it no more.
            Err(Error::Refused(ApiError::NotFound)) => continue,
            loaded => loaded?,
        };
        let (is_done, inbound) = (act.is_done(&change.now.row), change.now.row.inbound_count);
        // Somebody said or changed something meanwhile.
        let is_other = change.now.row.last_at > sweep.at || change.now.row.version != version;
        if is_done || is_other {
            left_alone += i64::from(!is_done);
            continue;
        }
        if let Some(read_count) = act.read_count(&change.now.row) {
            done.push(mark(tx, scope, &mut change.now.row, read_count).await?);
            marks.push((conversation, read_count));
            continue;
        }
        match act_as_seen(tx, scope, &mut change, act, sweep.member, inbound).await {
            Ok(one) => {
                done.push(one);
                set.push(change.finish_in_set(tx).await?);
            }
            // Such as a conversation that has as many tags as it may. Nothing was changed yet.
            Err(Error::Refused(_)) => left_alone += 1,
            Err(error) => return Err(error),
        }
    }
    let changed = i64::try_from(done.len()).unwrap_or(i64::MAX);
    if !marks.is_empty() {
        tx.emit(scope.workspace(), EventBody::Marked { member: sweep.member, marks });
    }
    if !set.is_empty() {
        if let Act::Assign(Some(to)) = act {
            let ids: Vec<_> = set.iter().map(|one| one.id).collect();
            notices::tell_assigned(tx, scope, to, sweep.member, (id.uuid(), &ids)).await?;
        }
        tx.emit(scope.workspace(), EventBody::Set(set));
    }
    if changed > 0 {
        Inverse::Act { act, done }.keep(tx, scope, id, sweep.member).await?;
    }
    sweep::go_on(tx, scope, id, ahead.next.as_ref().map(to_json).transpose()?, (changed, left_alone)).await?;
    Ok(match ahead.next {
        None => Some(SweepEnd::Complete),
        Some(_) if sweep.parts + 1 >= MOST_PARTS => {
            let sum = sweep.changed + changed;
            Some(SweepEnd::Refused(format!("{sum} conversations were changed. Do it again for the rest.")))
        }
        Some(_) => None,
    })
}

/// Ends a sweep whose job failed for good, and its job.
#[derive(Debug, Clone)]
pub struct GiveUpSweep {
    /// Which one.
    pub sweep: UndoId,
    /// Its job.
    pub lease: Lease,
}

#[async_trait]
impl Command for GiveUpSweep {
    type Output = ();
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let system = tx.scope()?;
        let why = "It failed several times. What was done can be undone; the rest was left as it is.".to_owned();
        sweep::end(tx, &system, self.sweep, to_json(&SweepEnd::Refused(why))?).await?;
        self.lease.done(tx).await
    }
}

fn to_json(what: &impl Serialize) -> Result<String> {
    serde_json::to_string(what).map_err(|error| StoreError::Corrupt(error.to_string()).into())
}

fn of_json<T: DeserializeOwned>(json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|error| StoreError::Corrupt(error.to_string()).into())
}
