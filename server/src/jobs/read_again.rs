//! The job that reads outdated mails again, a batch at a time, until none is left. A stopped job continues with the next mail, because each
//! mail stores which rules read it. A mail that the current rules cannot read stays unchanged and counts as read by them, so that it does
//! not block the others.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use channels::Channel;
use domain::{
    deliver::Lease,
    mail::{EndReading, Letter, PutRight, Stale, stale},
};
use model::{ApiError, ChannelKind, MailId, StorageFault};
use store::{
    Scope,
    error::{Error, Result},
};
use tokio::{task::JoinSet, time::timeout};

use super::worker::{JobResult, Worker};

/// The time limit for reading one mail.
const ONE: Duration = Duration::from_secs(40);
/// After this time no further mail is begun, so that the job ends before its lease. The next job takes the rest.
const ENOUGH: Duration = Duration::from_secs(50);

pub(super) async fn perform(worker: &Worker, scope: &Scope, lease: Lease) -> Result<JobResult> {
    let Some(channel) = worker.channels.of(ChannelKind::Email) else {
        return Ok(JobResult::Dead("E-mail is not part of this process.".to_owned()));
    };
    let begun = Instant::now();
    for stale in stale(&worker.db, scope).await? {
        if begun.elapsed() >= ENOUGH {
            break;
        }
        let letter = match read(channel, scope, stale.mail, ONE).await {
            // The next job takes the rest.
            Err(Error::Refused(ApiError::Busy { .. })) => break,
            read => read?,
        };
        put_right(worker, scope, stale, letter).await?;
    }
    worker.db.write(scope, EndReading { lease }).await?;
    Ok(JobResult::Done)
}

/// Reads a mail again on a separate task. None if that fails, panics, or takes too long.
///
/// # Errors
/// When nothing can be stored, or the memory budget is used up. Neither is the mail's fault.
async fn read(channel: &Arc<dyn Channel>, scope: &Scope, mail: MailId, most: Duration) -> Result<Option<Box<Letter>>> {
    let mut reading = JoinSet::new();
    let (channel, scope) = (Arc::clone(channel), scope.clone());
    reading.spawn(async move { channel.read_again(&scope, mail).await });
    let why = match timeout(most, reading.join_next()).await {
        Ok(Some(Ok(Ok(letter)))) => return Ok(letter),
        Ok(Some(Ok(Err(error)))) if is_passing(&error) || matches!(error, Error::Refused(ApiError::Busy { .. })) => {
            return Err(error);
        }
        Ok(Some(Ok(Err(error)))) => error.to_string(),
        Ok(Some(Err(error))) => error.to_string(),
        Ok(None) | Err(_) => "it took too long".to_owned(),
    };
    tracing::warn!(%mail, why, "a stored mail could not be read again; it stays unchanged");
    Ok(None)
}

/// Updates a mail, or skips it if the update is refused.
async fn put_right(worker: &Worker, scope: &Scope, stale: Stale, letter: Option<Box<Letter>>) -> Result<()> {
    let right = PutRight { stale: stale.clone(), letter };
    match worker.db.write(scope, right).await {
        Err(error) if !is_passing(&error) => {
            tracing::warn!(mail = %stale.mail, %error, "a stored mail could not be updated; it stays unchanged");
            worker.db.write(scope, PutRight { stale, letter: None }).await
        }
        put => put,
    }
}

/// Whether nothing can be stored now. Missing bytes are the mail's own fault.
fn is_about_storing(error: &Error) -> bool {
    match error {
        Error::Store(_) => error.storage_fault().is_some(),
        Error::File(_) => error.storage_fault() == Some(StorageFault::Full),
        _ => false,
    }
}

/// Whether a retry may succeed.
fn is_passing(error: &Error) -> bool {
    is_about_storing(error) || matches!(error, Error::Store(error) if error.is_passing_conflict())
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use channels::{Capabilities, SendError};
    use domain::deliver::{Handed, Outgoing};
    use mail::{Claims, Writer};
    use model::{MailHead, WorkspaceId};
    use store::{clock::new_id, error::StoreError};

    use super::*;

    /// A channel whose `read_again` fails in this way.
    struct Trips(&'static str);

    #[async_trait]
    impl Channel for Trips {
        fn capabilities(&self) -> Capabilities {
            Capabilities { idempotent: true }
        }

        async fn send(&self, _: &Scope, _: &Outgoing) -> Result<Handed, SendError> {
            Err(SendError::Never(String::new()))
        }

        async fn read_again(&self, _: &Scope, _: MailId) -> Result<Option<Box<Letter>>> {
            match self.0 {
                "panic" => panic!("a parser tripped"),
                "endless" => std::future::pending().await,
                "lost" => Err(Error::NOT_FOUND),
                "corrupt" => Err(StoreError::Corrupt("a row".to_owned()).into()),
                "full" => Err(std::io::Error::from(std::io::ErrorKind::StorageFull).into()),
                _ => Ok(Some(Box::new(letter()))),
            }
        }
    }

    fn letter() -> Letter {
        Letter {
            id: MailId::new(new_id()),
            name: None,
            answers: Vec::new(),
            proved: Vec::new(),
            ours: None,
            claims: Claims::default(),
            vouched: false,
            head: MailHead::default(),
            text: String::new(),
            files: Vec::new(),
            writer: Writer::Person,
            report: Vec::new(),
            print: String::new(),
        }
    }

    #[tokio::test]
    async fn r9_a_mail_that_cannot_be_read_again_is_passed_over() {
        let scope = Scope::system(WorkspaceId::new(new_id()), "test");
        for how in ["panic", "endless", "lost", "corrupt", "full", "well"] {
            let channel: Arc<dyn Channel> = Arc::new(Trips(how));
            let most = Duration::from_millis(if how == "endless" { 20 } else { 20_000 });
            match read(&channel, &scope, MailId::new(new_id()), most).await {
                Ok(read) => assert!(how != "full" && read.is_some() == (how == "well"), "{how}"),
                Err(_) => assert_eq!(how, "full", "when nothing can be stored, nothing is passed over"),
            }
        }
    }
}
