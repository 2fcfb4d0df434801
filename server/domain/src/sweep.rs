//! An act on everything that matches a filter (L7): a job does it in parts, each a transaction, so that nobody else waits for long. Whoever
//! asked for it can look how far it is, stop it, and undo all of it.

use async_trait::async_trait;
use model::{
    Act, ApiError, Cursor, EventBody, Filter, JobId, MOST_IN_A_SET, Needs, Permission, Sort, SweepEnd, SweepProgress,
    UndoId,
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
    act::{act_as_seen, is_done, possible},
    change::Change,
    deliver::Lease,
    notices,
    undo::{Inverse, MOST_PARTS},
    work::Work,
};

/// How many sweeps of one member run at a time.
const MOST_AT_ONCE: i64 = 3;
/// The most conversations that one sweep changes: as many as one undo can take back.
const MOST_CHANGED: i64 = MOST_PARTS * MOST_IN_A_SET as i64;

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
        if sweep::running(tx.conn(), &scope, by).await? >= MOST_AT_ONCE {
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
        let known = sweep::find(tx.conn(), &scope, self.0).await?.filter(|known| known.member == me);
        let Some(mut known) = known else { return Err(Error::NOT_FOUND) };
        if known.ended.is_none() {
            let why = to_json(&SweepEnd::Cancelled)?;
            sweep::end(tx, &scope, self.0, why.clone()).await?;
            known.ended = Some(why);
        }
        told(&known)
    }
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

/// Does the next part of a sweep, on behalf of the member who asked for it, with the rights that they have now. True if more is left.
#[derive(Debug, Clone)]
pub struct SweepPart {
    /// Which one.
    pub sweep: UndoId,
    /// The job it is done for.
    pub lease: Lease,
}

#[async_trait]
impl Command for SweepPart {
    type Output = bool;
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<bool> {
        let system = tx.scope()?;
        let running = sweep::find(tx.conn(), &system, self.sweep).await?.filter(|known| known.ended.is_none());
        let Some(sweep) = running else {
            self.lease.done(tx).await?;
            return Ok(false);
        };
        let end = match part(tx, &system, self.sweep, &sweep).await {
            Ok(end) => end,
            Err(Error::Refused(why)) => Some(SweepEnd::Refused(why.to_string())),
            Err(error) => return Err(error),
        };
        let Some(end) = end else { return Ok(true) };
        sweep::end(tx, &system, self.sweep, to_json(&end)?).await?;
        self.lease.done(tx).await?;
        Ok(false)
    }
}

/// One part, and why the sweep ends with it. It is refused before it has changed anything.
async fn part(tx: &mut Tx<'_>, system: &Scope, id: UndoId, sweep: &Sweep) -> Result<Option<SweepEnd>> {
    let scope = session::of_member(tx.conn(), system, sweep.member).await?.ok_or(Error::FORBIDDEN)?;
    scope.require(Permission::Converse)?;
    scope.may_list()?;
    let (filter, act): (Filter, Act) = (of_json(&sweep.filter)?, of_json(&sweep.act)?);
    possible(tx, &scope, act).await?;
    let after: Option<Cursor> = sweep.done_to.as_deref().map(of_json).transpose()?;
    let asked = list::Asked {
        filter: &filter,
        sort: Sort::Last,
        after,
        limit: MOST_IN_A_SET as i64,
        looked_at: list::LOOKED_AT,
    };
    let page = list::page(tx.conn(), &scope, asked).await?;
    let last = page.rows.last().map(|row| row.cursor(Sort::Last));
    let (mut set, mut done, mut left_alone) = (Vec::new(), Vec::new(), 0);
    for row in page.rows {
        if is_done(act, &row) {
            continue;
        }
        if row.last_at > sweep.at {
            left_alone += 1;
            continue;
        }
        let mut change = Change::load(tx, &scope, row.id).await?;
        match act_as_seen(tx, &scope, &mut change, act, sweep.member, row.inbound_count).await {
            Ok(one) => {
                done.push(one);
                set.push(change.finish_in_set(tx).await?);
            }
            // Such as a conversation that has as many tags as it may. Nothing was changed yet.
            Err(Error::Refused(_)) => left_alone += 1,
            Err(error) => return Err(error),
        }
    }
    let changed = i64::try_from(set.len()).unwrap_or(i64::MAX);
    if !set.is_empty() {
        if let Act::Assign(Some(to)) = act {
            let ids: Vec<_> = set.iter().map(|one| one.id).collect();
            notices::tell_assigned(tx, &scope, to, sweep.member, (id.uuid(), &ids)).await?;
        }
        Inverse::Act { act, done }.keep(tx, &scope, id, sweep.member).await?;
        tx.emit(scope.workspace(), EventBody::Set(set));
    }
    let next = page.searched.or(last).filter(|_| page.more);
    sweep::go_on(tx, &scope, id, next.as_ref().map(to_json).transpose()?, (changed, left_alone)).await?;
    Ok(match next {
        None => Some(SweepEnd::Complete),
        Some(_) if sweep.changed + changed >= MOST_CHANGED => {
            Some(SweepEnd::Refused(format!("{MOST_CHANGED} conversations were changed. Do it again for the rest.")))
        }
        Some(_) => None,
    })
}

fn to_json(what: &impl Serialize) -> Result<String> {
    serde_json::to_string(what).map_err(|error| StoreError::Corrupt(error.to_string()).into())
}

fn of_json<T: DeserializeOwned>(json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|error| StoreError::Corrupt(error.to_string()).into())
}
