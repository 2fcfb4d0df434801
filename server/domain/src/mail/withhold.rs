//! Mails that a server has and does not give: they wait in the quarantine, without bytes, and the others go on (R9).

use async_trait::async_trait;
use model::{ChannelId, MailId, MailOutcome};
use store::{
    Command, Tx,
    error::Result,
    mail::{self, Mail, Place},
};

/// A mail that its server does not give.
#[derive(Debug, Clone)]
pub struct NotGiven {
    /// As which it is kept.
    pub id: MailId,
    /// Its number in the folder.
    pub uid: i64,
    /// How many bytes the server says that it has.
    pub size: i64,
    /// Why it is not given.
    pub reason: String,
}

/// Notes which mails were not given, once each.
#[derive(Debug, Clone)]
pub struct WithholdMails {
    /// By which channel they came.
    pub channel: ChannelId,
    /// In which folder they lie.
    pub place: Place,
    /// Which.
    pub mails: Vec<NotGiven>,
}

#[async_trait]
impl Command for WithholdMails {
    type Output = ();

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
