//! The job that reads mails of older rules again: some at a time, until none is left. What stops in between goes on with the next mail,
//! because each one says by which rules it was read.

use app::model::ChannelKind;

use super::worker::{Outcome, Worker};
use crate::{
    domain::{
        deliver::Lease,
        mail::{EndReading, PutRight, stale},
    },
    error::Result,
    store::Scope,
};

pub(super) async fn perform(worker: &Worker, scope: &Scope, lease: Lease) -> Result<Outcome> {
    let Some(channel) = worker.channels.of(ChannelKind::Email) else {
        return Ok(Outcome::Dead("E-mail is not part of this process.".to_owned()));
    };
    for stale in stale(&worker.db, scope).await? {
        let letter = match channel.read_again(scope, stale.mail).await {
            Ok(letter) => letter,
            // One file that is lost must not keep all others as they were.
            Err(error) => {
                tracing::warn!(mail = %stale.mail, %error, "a kept mail could not be read again; it stays as it is");
                None
            }
        };
        worker.db.write(scope, PutRight { stale, letter }).await?;
    }
    worker.db.write(scope, EndReading { lease }).await?;
    Ok(Outcome::Done)
}
