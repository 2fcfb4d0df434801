//! The database side of the job that sends a message: whether it may go out, and what the result was.

use async_trait::async_trait;
use model::{
    ChannelKind, ConversationId, Delivery, DeliveryState, Entry, HandOver, JobId, MailId, MailOutcome, Message,
    MessageId, Needs, Timestamp,
};
use store::{
    Command, Scope, Tx, account,
    clock::new_id,
    error::{Result, StoreError},
    job,
    mail::{self, Mail},
    message::{self, ProviderId, may_be_sent},
    workspace,
};

use super::{
    account::SAMPLE,
    change::Change,
    unsent,
    work::{Work, outside},
};

/// A running job and the owner of its lease.
#[derive(Debug, Clone)]
pub struct Lease {
    /// The job.
    pub job: JobId,
    /// The owner of the lease.
    pub owner: String,
}

impl Lease {
    /// Deletes the job in the transaction of its result. A lost lease undoes the result, so that nothing is done twice.
    pub(super) async fn done(&self, tx: &mut Tx<'_>) -> Result<()> {
        let workspace = tx.scope()?.workspace();
        if job::done(tx, workspace, self.job, &self.owner).await? { Ok(()) } else { Err(StoreError::Stale.into()) }
    }
}

/// Deletes a finished job that changed nothing in this database.
#[derive(Debug, Clone)]
pub struct ForgetJob(pub Lease);

#[async_trait]
impl Command for ForgetJob {
    type Output = ();
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        self.0.done(tx).await
    }
}

/// A message to be sent, with what its channel needs.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The message. Its id is the idempotency key.
    pub message: Message,
    /// The kind of channel.
    pub kind: ChannelKind,
    /// The channel.
    pub channel: model::ChannelId,
    /// The recipient's address.
    pub address: String,
    /// A former attempt handed it to the channel, and the result is unknown.
    pub doubtful: bool,
}

impl Outgoing {
    /// When sending was first tried.
    pub fn since(&self) -> Timestamp {
        sent_at(&self.message)
    }
}

/// What to do with a due message.
#[derive(Debug, Clone)]
pub enum Plan {
    /// Nothing: it was sent, cancelled or deleted.
    Nothing,
    /// Hand it to its channel.
    HandOver(Box<Outgoing>),
}

/// Begins to send a message. A web chat message is sent by being stored. Other messages are marked as being sent.
#[derive(Debug, Clone)]
pub struct BeginSend {
    /// The lease of the job.
    pub lease: Lease,
    /// The message.
    pub message: MessageId,
}

#[async_trait]
impl Command for BeginSend {
    type Output = Plan;
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Plan> {
        let scope = tx.scope()?;
        let Some((mut message, mut delivery)) = still_going(tx, &scope, self.message).await? else {
            self.lease.done(tx).await?;
            return Ok(Plan::Nothing);
        };
        let mut change = Change::load(tx, &scope, message.conversation).await?;
        let kind = change.now.row.kind;
        let is_sample = workspace::channel(tx.conn(), &scope, change.now.row.channel).await?.is_sample();
        if is_sample || kind.capabilities().hand_over == HandOver::Stored {
            if is_sample {
                // A sample channel of any kind fails here, before anything uses the network.
                delivery = Delivery { state: DeliveryState::Failed, reason: SAMPLE.to_owned(), ..delivery };
            } else {
                // The visitor reads from this database, so a stored message is sent.
                delivery.state = DeliveryState::Sent;
            }
            put(tx, &scope, &mut message, delivery).await?;
            unsent::report(tx, &scope, &mut change, &message).await?;
            change.changed(message);
            change.finish(tx).await?;
            self.lease.done(tx).await?;
            return Ok(Plan::Nothing);
        }
        let doubtful = delivery.state == DeliveryState::Sending;
        let (channel, address) = (change.now.row.channel, change.now.address.clone());
        if !doubtful {
            // At the first try, the time limit for sending starts now, even if no process ran when the message became due.
            if delivery.reason.is_empty() {
                delivery.send_at = tx.now();
            }
            delivery.state = DeliveryState::Sending;
            put(tx, &scope, &mut message, delivery).await?;
            change.changed(message.clone());
            change.finish(tx).await?;
        }
        Ok(Plan::HandOver(Box::new(Outgoing { message, kind, channel, address, doubtful })))
    }
}

/// The result of a message that its channel accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handed {
    /// The provider's id of the message.
    pub provider_id: String,
    /// The bytes that were sent, if it is a mail.
    pub mail: Option<SentMail>,
}

/// A mail that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentMail {
    /// The SHA-256 of its bytes, which are stored.
    pub digest: String,
    /// Its size in bytes.
    pub size: i64,
    /// Whether a copy has to be put into the mailbox's Sent folder.
    pub file: bool,
    /// The recipients that the server refused, and why. Empty if it accepted all of them.
    pub refused: String,
}

impl Handed {
    /// The delivery state. If some recipients were refused, it counts as bounced, as if their servers had reported it later. It is not
    /// retried unchanged, because the other recipients have it.
    fn state(&self) -> (DeliveryState, String) {
        match self.mail.as_ref().map(|mail| mail.refused.as_str()) {
            None | Some("") => (DeliveryState::Sent, String::new()),
            Some(refused) => {
                let reason = format!(
                    "Some recipients did not get it: {refused}. All others did. Check the address, then write to it again."
                );
                (DeliveryState::Bounced, reason)
            }
        }
    }
}

/// The result of sending a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// The channel accepted it.
    Sent(Handed),
    /// It will not be sent. The text says why, and what to do.
    Failed(String),
    /// It is unknown whether it was sent. The text says why.
    Unknown(String),
}

/// Stores the result of sending and deletes the job. If a delivery report arrived before this, its result stays.
#[derive(Debug, Clone)]
pub struct FinishSend {
    /// The lease of the job.
    pub lease: Lease,
    /// The message.
    pub outgoing: Box<Outgoing>,
    /// The result.
    pub outcome: SendOutcome,
}

#[async_trait]
impl Command for FinishSend {
    type Output = ();
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        let Message { id, conversation, .. } = self.outgoing.message;
        // Loaded before the message: a report that is stored meanwhile changes the conversation too, and then one of the two commands runs
        // again.
        let mut change = Change::load(tx, &scope, conversation).await?;
        let (state, reason) = match &self.outcome {
            SendOutcome::Sent(handed) => {
                let provider = ProviderId { channel: self.outgoing.channel, id: handed.provider_id.clone() };
                message::set_provider(tx, &scope, id, &provider).await?;
                account::went_out(tx, &scope, self.outgoing.channel).await?;
                if let Some(sent) = &handed.mail {
                    self.keep_mail(tx, &scope, sent).await?;
                }
                handed.state()
            }
            SendOutcome::Failed(reason) => (DeliveryState::Failed, reason.clone()),
            SendOutcome::Unknown(reason) => (DeliveryState::Unknown, reason.clone()),
        };
        if let Some((mut message, before)) = still_going(tx, &scope, id).await? {
            put(tx, &scope, &mut message, Delivery { state, reason, ..before }).await?;
            unsent::report(tx, &scope, &mut change, &message).await?;
            change.changed(message);
            change.finish(tx).await?;
        }
        self.lease.done(tx).await
    }
}

impl FinishSend {
    /// Stores where the bytes of the mail are, and adds the job that copies it to the Sent folder.
    async fn keep_mail(&self, tx: &mut Tx<'_>, scope: &Scope, sent: &SentMail) -> Result<()> {
        let mail = Mail {
            id: MailId::new(new_id()),
            channel: self.outgoing.channel,
            digest: sent.digest.clone(),
            size: sent.size,
            outcome: MailOutcome::Sent,
            reason: String::new(),
            message: Some(self.outgoing.message.id),
            at: tx.now(),
        };
        mail::insert(tx, scope, &mail, None).await?;
        if sent.file {
            let job = JobId::new(new_id());
            let over = Some(self.outgoing.channel);
            Work::FileSentMail { mail: mail.id }.enqueue(tx, scope.workspace(), job, over, tx.now()).await?;
        }
        Ok(())
    }
}

/// Stores that the channel did not accept a message yet, and why. The message waits again, so the next attempt does not count as a
/// repetition. A message that the channel may have accepted stays `sending`, so that the doubt is not lost.
#[derive(Debug, Clone)]
pub struct PostponeSend {
    /// The lease of the job.
    pub lease: Lease,
    /// The message.
    pub outgoing: Box<Outgoing>,
    /// The time until the next attempt, in milliseconds.
    pub wait_ms: i64,
    /// Why it was not accepted.
    pub reason: String,
}

#[async_trait]
impl Command for PostponeSend {
    type Output = ();
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        let Message { id, conversation, .. } = self.outgoing.message;
        let mut change = Change::load(tx, &scope, conversation).await?;
        self.lease.done(tx).await?;
        let Some((mut message, before)) = still_going(tx, &scope, id).await? else { return Ok(()) };
        let state = if self.outgoing.doubtful { DeliveryState::Sending } else { DeliveryState::Queued };
        let reason = format!("{}. Tandem tries again automatically.", self.reason.trim_end_matches('.'));
        put(tx, &scope, &mut message, Delivery { state, reason, ..before }).await?;
        change.changed(message);
        change.finish(tx).await?;
        // The job is enqueued again instead of retried, because its attempts count only failures on this side.
        let at = tx.now().plus(self.wait_ms);
        let over = outside(self.outgoing.kind, self.outgoing.channel);
        Work::Send { message: id }.enqueue(tx, scope.workspace(), self.lease.job, over, at).await
    }
}

/// Stores that a message is no longer retried. If it never reached its channel, it has failed. Otherwise its state is unknown.
#[derive(Debug, Clone)]
pub struct GiveUpSend {
    /// The lease of the job.
    pub lease: Lease,
    /// The message.
    pub message: MessageId,
    /// What went wrong last.
    pub reason: String,
}

#[async_trait]
impl Command for GiveUpSend {
    type Output = ();
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        if let Some((mut message, before)) = still_going(tx, &scope, self.message).await? {
            let (state, next) = match before.state {
                DeliveryState::Sending => {
                    (DeliveryState::Unknown, "Check whether it arrived before you send it again.")
                }
                _ => (DeliveryState::Failed, "Fix the problem, then send it again."),
            };
            let why = self.reason.trim_end_matches('.');
            let reason = format!("Sending failed several times. The last error: {why}. {next}");
            let mut change = Change::load(tx, &scope, message.conversation).await?;
            put(tx, &scope, &mut message, Delivery { state, reason, ..before }).await?;
            unsent::report(tx, &scope, &mut change, &message).await?;
            change.changed(message);
            change.finish(tx).await?;
        }
        self.lease.done(tx).await
    }
}

/// Records that the person outside has read everything up to a position.
#[derive(Debug, Clone, Copy)]
pub struct TheyRead {
    /// The conversation.
    pub conversation: ConversationId,
    /// The position in the thread.
    pub n: i64,
}

#[async_trait]
impl Command for TheyRead {
    type Output = ();
    const NEEDS: Needs = Needs::Outside;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        let unread = message::unread_by_them(tx.conn(), &scope, self.conversation, self.n).await?;
        if unread.is_empty() {
            return Ok(());
        }
        let mut change = Change::load(tx, &scope, self.conversation).await?;
        for mut message in unread {
            let delivery = Delivery { state: DeliveryState::Read, send_at: sent_at(&message), reason: String::new() };
            put(tx, &scope, &mut message, delivery).await?;
            change.changed(message);
        }
        change.finish(tx).await?;
        Ok(())
    }
}

/// A message with its delivery, if it may still be sent.
async fn still_going(tx: &mut Tx<'_>, scope: &Scope, id: MessageId) -> Result<Option<(Message, Delivery)>> {
    let found = message::one(tx.conn(), scope, id).await?;
    Ok(found.and_then(|message| match &message.entry {
        Entry::Outgoing { delivery, .. } if may_be_sent(delivery.state) => Some((message.clone(), delivery.clone())),
        _ => None,
    }))
}

fn sent_at(message: &Message) -> Timestamp {
    match &message.entry {
        Entry::Outgoing { delivery, .. } => delivery.send_at,
        _ => message.at,
    }
}

async fn put(tx: &mut Tx<'_>, scope: &Scope, message: &mut Message, delivery: Delivery) -> Result<()> {
    message::set_delivery(tx, scope, message.id, &delivery).await?;
    if let Entry::Outgoing { delivery: kept, .. } = &mut message.entry {
        *kept = delivery;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t8_a_mail_that_not_everybody_gets_says_who_does_not() {
        let state = |refused: &str| {
            let mail = SentMail { digest: String::new(), size: 1, file: false, refused: refused.to_owned() };
            Handed { provider_id: "n@x.example".to_owned(), mail: Some(mail) }.state()
        };
        assert_eq!(state(""), (DeliveryState::Sent, String::new()));
        let (state, reason) = state("550 5.1.1 Unknown (ben@x.example)");
        assert!(state.is_unsent() && !may_be_sent(state), "it waits for a person and is not sent again by itself");
        assert!(reason.contains("ben@x.example") && reason.contains("All others did"), "{reason}");
    }
}
