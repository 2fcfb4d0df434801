//! Mails that a server has but does not deliver. They go to the quarantine without bytes, and the other mails go on (R9).

use async_trait::async_trait;
use model::{ChannelId, MailId, MailOutcome, Needs};
use store::{
    Command, Tx,
    error::Result,
    mail::{self, Mail, Place},
};

/// A mail that its server does not deliver.
#[derive(Debug, Clone)]
pub struct NotGiven {
    /// The id of the stored mail.
    pub id: MailId,
    /// Its UID in the folder.
    pub uid: i64,
    /// Its size in bytes, as the server says.
    pub size: i64,
    /// Why it is not delivered.
    pub reason: String,
}

/// Stores the mails that were not delivered, each one once.
#[derive(Debug, Clone)]
pub struct WithholdMails {
    /// The channel they came by.
    pub channel: ChannelId,
    /// The folder they are in.
    pub place: Place,
    /// The mails.
    pub mails: Vec<NotGiven>,
}

#[async_trait]
impl Command for WithholdMails {
    type Output = ();
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        for one in &self.mails {
            if mail::is_known(tx.conn(), &scope, self.channel, &self.place, one.uid).await? {
                continue;
            }
            let noted = Mail {
                id: one.id,
                channel: self.channel,
                digest: String::new(),
                size: one.size,
                outcome: MailOutcome::Quarantined,
                reason: one.reason.clone(),
                message: None,
                at: tx.now(),
            };
            mail::insert(tx, &scope, &noted, Some((&self.place, one.uid))).await?;
        }
        Ok(())
    }
}
