//! The job that sends a message: checks that it may be sent, hands it to its channel, stores the result.

use std::time::Duration;

use channels::SendError;
use domain::deliver::{BeginSend, FinishSend, ForgetJob, Lease, Outgoing, Plan, PostponeSend, SendOutcome};
use model::{ChannelKind, MailId, MessageId};
use store::{Scope, error::Result};

use super::worker::{JobResult, Worker, jittered};

const DOUBTFUL: &str = "Tandem stopped while this was being sent. Check whether it arrived before you send it again.";
/// How long a message is retried. Servers that greylist strangers, are busy or restart come back sooner.
const PATIENCE_MS: i64 = 48 * 3_600_000;
/// The longest pause between two attempts, in milliseconds.
const LONGEST_MS: i64 = 15 * 60_000;

pub(super) async fn perform(worker: &Worker, scope: &Scope, lease: Lease, message: MessageId) -> Result<JobResult> {
    let mut outgoing = match worker.db.write(scope, BeginSend { lease: lease.clone(), message }).await? {
        Plan::Nothing => return Ok(JobResult::Done),
        Plan::HandOver(outgoing) => outgoing,
    };
    let outcome = match worker.channels.of(outgoing.kind) {
        // A former attempt was stopped before the answer. Only a person can decide what to do (R7).
        Some(channel) if outgoing.doubtful && !channel.capabilities().idempotent => {
            SendOutcome::Unknown(DOUBTFUL.to_owned())
        }
        None if outgoing.doubtful => SendOutcome::Unknown(DOUBTFUL.to_owned()),
        None => {
            let kind = outgoing.kind.label();
            SendOutcome::Failed(format!(
                "{kind} is not connected. Connect it in Settings → Channels, then send this again."
            ))
        }
        Some(channel) => {
            let answer = channel.send(scope, &outgoing).await;
            match answer {
                Ok(handed) => SendOutcome::Sent(handed),
                Err(SendError::Never(reason)) => given_up(outgoing.doubtful, &reason, ""),
                Err(SendError::Unknown(reason)) => SendOutcome::Unknown(reason),
                Err(SendError::Doubtful(reason)) if !channel.capabilities().idempotent => SendOutcome::Unknown(reason),
                Err(SendError::Doubtful(reason)) => {
                    outgoing.doubtful = true;
                    return again(worker, scope, lease, outgoing, reason, Duration::ZERO).await;
                }
                Err(SendError::Later { reason, after }) => {
                    return again(worker, scope, lease, outgoing, reason, after.unwrap_or_default()).await;
                }
            }
        }
    };
    worker.db.write(scope, FinishSend { lease, outgoing, outcome }).await?;
    Ok(JobResult::Done)
}

/// Schedules the next attempt, not before `after`. Gives the message up after the retry time.
async fn again(
    worker: &Worker,
    scope: &Scope,
    lease: Lease,
    outgoing: Box<Outgoing>,
    reason: String,
    after: Duration,
) -> Result<JobResult> {
    let tried_ms = worker.db.clock().now().0 - outgoing.since().0;
    if tried_ms < PATIENCE_MS {
        let after_ms = i64::try_from(after.as_millis()).unwrap_or(0);
        let wait_ms = pause(tried_ms).max(after_ms);
        worker.db.write(scope, PostponeSend { lease, outgoing, wait_ms, reason }).await?;
    } else {
        let reason = format!("{}. Tandem tried for two days.", reason.trim_end_matches('.'));
        let outcome = given_up(outgoing.doubtful, &reason, "Check the channel in Settings → Channels, then try again.");
        worker.db.write(scope, FinishSend { lease, outgoing, outcome }).await?;
    }
    Ok(JobResult::Done)
}

/// The result of a message that is given up: failed, unless a former attempt may have succeeded.
fn given_up(doubtful: bool, reason: &str, next: &str) -> SendOutcome {
    match doubtful {
        true => SendOutcome::Unknown(format!(
            "{reason} An earlier attempt may have succeeded. Check whether it arrived before you send it again."
        )),
        false => SendOutcome::Failed(format!("{reason} {next}").trim_end().to_owned()),
    }
}

/// The pause is as long as the time since the first attempt, so pauses double: from a second to a quarter of an hour, jittered.
fn pause(tried_ms: i64) -> i64 {
    jittered(tried_ms.clamp(1000, LONGEST_MS))
}

/// Puts a copy of a sent mail into its mailbox. If that fails for good, nobody has to act: the mail was sent, and Tandem stores it.
pub(super) async fn file_copy(worker: &Worker, scope: &Scope, lease: Lease, mail: MailId) -> Result<JobResult> {
    if let Some(channel) = worker.channels.of(ChannelKind::Email) {
        match channel.file_copy(scope, mail).await {
            Ok(()) => {}
            Err(SendError::Later { reason, .. } | SendError::Doubtful(reason)) => {
                return Ok(JobResult::Again(30_000, reason));
            }
            Err(SendError::Never(reason) | SendError::Unknown(reason)) => {
                tracing::warn!(%mail, %reason, "could not copy a sent mail into its mailbox");
            }
        }
    }
    worker.db.write(scope, ForgetJob(lease)).await?;
    Ok(JobResult::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r7_a_message_is_tried_for_two_days_and_not_too_often() {
        let (mut tried_ms, mut tries) = (0, 0);
        while tried_ms < PATIENCE_MS {
            let wait = pause(tried_ms);
            assert!((750..=LONGEST_MS * 5 / 4).contains(&wait), "{tried_ms}: {wait}");
            (tried_ms, tries) = (tried_ms + wait, tries + 1);
        }
        assert!((150..=300).contains(&tries), "{tries}");
    }

    #[test]
    fn t8_what_may_have_gone_through_has_not_failed() {
        let failed = given_up(false, "It is resting.", "Try again.");
        assert_eq!(failed, SendOutcome::Failed("It is resting. Try again.".to_owned()));
        assert_eq!(given_up(false, "No such number.", ""), SendOutcome::Failed("No such number.".to_owned()));
        let SendOutcome::Unknown(reason) = given_up(true, "It is resting.", "Try again.") else {
            panic!("a person decides")
        };
        assert!(reason.starts_with("It is resting. An earlier attempt"), "{reason}");
    }
}
