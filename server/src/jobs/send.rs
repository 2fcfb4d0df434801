//! The job that sends a message: may it go, hand it over, write down what became of it.

use std::time::Duration;

use app::model::{ChannelKind, MailId, MessageId};

use super::worker::{Outcome, Worker, back_off};
use crate::{
    channels::SendError,
    domain::deliver::{BeginSend, Fate, FinishSend, ForgetJob, Lease, Plan, PostponeSend},
    error::Result,
    store::Scope,
};

const DOUBTFUL: &str = "Tandem stopped while this was being sent. Look whether it arrived before you send it again.";

/// How often it was tried, this time included.
pub(super) struct Tried {
    pub times: i64,
    /// After this time it is given up.
    pub last: bool,
}

pub(super) async fn perform(
    worker: &Worker,
    scope: &Scope,
    lease: Lease,
    message: MessageId,
    tried: Tried,
) -> Result<Outcome> {
    let outgoing = match worker.db.write(scope, BeginSend { lease: lease.clone(), message }).await? {
        Plan::Nothing => return Ok(Outcome::Done),
        Plan::HandOver(outgoing) => outgoing,
    };
    let fate = match worker.channels.of(outgoing.kind) {
        // It was handed over once and this process, or another, stopped before the answer: only a person can decide (R7).
        Some(channel) if outgoing.doubtful && !channel.capabilities().idempotent => Fate::Unknown(DOUBTFUL.to_owned()),
        None if outgoing.doubtful => Fate::Unknown(DOUBTFUL.to_owned()),
        None => {
            let kind = outgoing.kind.label();
            Fate::Failed(format!("{kind} is not connected. Connect it in Settings → Channels, then send this again."))
        }
        Some(channel) => match channel.send(scope, &outgoing).await {
            Ok(handed) => Fate::Sent(handed),
            Err(SendError::Never(reason)) => Fate::Failed(reason),
            Err(SendError::Unknown(reason)) => Fate::Unknown(reason),
            Err(SendError::Later { reason, .. }) if tried.last => {
                Fate::Failed(format!("{reason} It was tried several times."))
            }
            Err(SendError::Later { reason, after }) => {
                let after = i64::try_from(after.unwrap_or(Duration::ZERO).as_millis()).unwrap_or(0);
                let wait_ms = back_off(tried.times).max(after);
                worker.db.write(scope, PostponeSend { lease, outgoing, wait_ms, reason }).await?;
                return Ok(Outcome::Done);
            }
        },
    };
    worker.db.write(scope, FinishSend { lease, outgoing, fate }).await?;
    Ok(Outcome::Done)
}

/// Puts a copy of a mail that was sent into its mailbox. That it cannot be done for good is no fault anybody has to look at: the mail went
/// out, and Tandem has it.
pub(super) async fn file_copy(worker: &Worker, scope: &Scope, lease: Lease, mail: MailId) -> Result<Outcome> {
    if let Some(channel) = worker.channels.of(ChannelKind::Email) {
        match channel.file_copy(scope, mail).await {
            Ok(()) => {}
            Err(SendError::Later { reason, .. }) => return Ok(Outcome::Again(30_000, reason)),
            Err(SendError::Never(reason) | SendError::Unknown(reason)) => {
                tracing::warn!(%mail, %reason, "no copy of a sent mail in its mailbox");
            }
        }
    }
    worker.db.write(scope, ForgetJob(lease)).await?;
    Ok(Outcome::Done)
}
