//! What the job that sends a message asks of the database: may it go out, and what became of it.

use async_trait::async_trait;
use model::{
    ChannelKind, ConversationId, Delivery, DeliveryState, Entry, JobId, MailId, MailOutcome, Message, MessageId,
    Timestamp,
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

/// A job that is being done: who has its lease.
#[derive(Debug, Clone)]
pub struct Lease {
    /// Which job.
    pub job: JobId,
    /// Whose lease.
    pub owner: String,
}

impl Lease {
    /// Forgets the job in the transaction of its result; a lost lease undoes that result, so that nothing is done twice.
    pub(super) async fn done(&self, tx: &mut Tx<'_>) -> Result<()> {
        let workspace = tx.scope()?.workspace();
        if job::done(tx, workspace, self.job, &self.owner).await? { Ok(()) } else { Err(StoreError::Stale.into()) }
    }
}

/// Forgets a job that was done and changed nothing here.
#[derive(Debug, Clone)]
pub struct ForgetJob(pub Lease);

#[async_trait]
impl Command for ForgetJob {
    type Output = ();

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        self.0.done(tx).await
    }
}

/// A message on its way out, with what a channel needs to send it.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The message; its id is the idempotency key.
    pub message: Message,
    /// What the channel speaks.
    pub kind: ChannelKind,
    /// Which channel.
    pub channel: model::ChannelId,
    /// To whom.
    pub address: String,
    /// It was handed to the channel before and nobody knows what became of it.
    pub doubtful: bool,
}

impl Outgoing {
    /// Since when it is tried.
    pub fn since(&self) -> Timestamp {
        sent_at(&self.message)
    }
}

/// What to do about a due message.
#[derive(Debug, Clone)]
pub enum Plan {
    /// It is done: sent, taken back, or gone.
    Nothing,
    /// Hand it to its channel.
    HandOver(Box<Outgoing>),
}

/// Begins to send: what lives in this database is sent with that, the rest is marked as being sent.
#[derive(Debug, Clone)]
pub struct BeginSend {
    /// Whose work it is.
    pub lease: Lease,
    /// Which message.
    pub message: MessageId,
}

#[async_trait]
impl Command for BeginSend {
    type Output = Plan;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Plan> {
        let scope = tx.scope()?;
        let Some((mut message, mut delivery)) = still_going(tx, &scope, self.message).await? else {
            self.lease.done(tx).await?;
            return Ok(Plan::Nothing);
        };
        let mut change = Change::load(tx, &scope, message.conversation).await?;
        let kind = change.now.row.kind;
        let is_sample = workspace::channel(tx.conn(), &scope, change.now.row.channel).await?.is_sample();
        if is_sample || kind == ChannelKind::WebChat {
            if is_sample {
                // Before anything asks the network, whatever the kind.
                delivery = Delivery { state: DeliveryState::Failed, reason: SAMPLE.to_owned(), ..delivery };
            } else {
                // The visitor reads this very database: stored is sent.
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
            // The first try: how long it is tried is counted from here, however long nothing ran that could have tried it.
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

/// A message that its channel took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handed {
    /// The provider's name for it.
    pub provider_id: String,
    /// Its bytes, when it went as a mail.
    pub mail: Option<SentMail>,
}

/// A mail as it went out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentMail {
    /// SHA-256 of its bytes, which are kept.
    pub digest: String,
    /// Bytes.
    pub size: i64,
    /// Whether a copy is to be put into the mailbox's folder for sent mails.
    pub file: bool,
    /// Whom of its recipients the server refused, and why; empty where it took them all.
    pub refused: String,
}

impl Handed {
    /// How far a message is that was handed over. One that not everybody gets has come back, as if their server had reported it later: it
    /// is not sent again as it is, for the others have it.
    fn state(&self) -> (DeliveryState, String) {
        match self.mail.as_ref().map(|mail| mail.refused.as_str()) {
            None | Some("") => (DeliveryState::Sent, String::new()),
            Some(refused) => {
                let reason = format!(
                    "It did not reach everybody: {refused}. The others have it. Check the address, then write to it again."
                );
                (DeliveryState::Bounced, reason)
            }
        }
    }
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// The channel has it.
    Sent(Handed),
    /// It will not go out; why, and what to do.
    Failed(String),
    /// Sent or not cannot be told.
    Unknown(String),
}

/// Writes down what became of a message, and that its job is done. What was learned of it meanwhile, from a report that was quicker than
/// this, stands.
#[derive(Debug, Clone)]
pub struct FinishSend {
    /// Whose work it was.
    pub lease: Lease,
    /// Which message.
    pub outgoing: Box<Outgoing>,
    /// What became of it.
    pub outcome: SendOutcome,
}

#[async_trait]
impl Command for FinishSend {
    type Output = ();

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        let Message { id, conversation, .. } = self.outgoing.message;
        // Before the message is looked at: whoever reports about it meanwhile changes this as well, and one of the two begins anew.
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
    /// Keeps where the bytes of a mail are, and leaves the copy for the mailbox to be made.
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

/// Writes down that the channel did not take a message and may later, and why: it waits again, so that the next try is no second sending.
/// One that it may have taken stays as it is being sent, so that the doubt is not forgotten.
#[derive(Debug, Clone)]
pub struct PostponeSend {
    /// Whose work it was.
    pub lease: Lease,
    /// Which message.
    pub outgoing: Box<Outgoing>,
    /// When to try again, in milliseconds from now.
    pub wait_ms: i64,
    /// Why not now.
    pub reason: String,
}

#[async_trait]
impl Command for PostponeSend {
    type Output = ();

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        let Message { id, conversation, .. } = self.outgoing.message;
        let mut change = Change::load(tx, &scope, conversation).await?;
        self.lease.done(tx).await?;
        let Some((mut message, before)) = still_going(tx, &scope, id).await? else { return Ok(()) };
        let state = if self.outgoing.doubtful { DeliveryState::Sending } else { DeliveryState::Queued };
        let reason = format!("{}. It is tried again by itself.", self.reason.trim_end_matches('.'));
        put(tx, &scope, &mut message, Delivery { state, reason, ..before }).await?;
        change.changed(message);
        change.finish(tx).await?;
        // The same job anew, not given back: its tries count how often something went wrong here, and here nothing did.
        let at = tx.now().plus(self.wait_ms);
        let over = outside(self.outgoing.kind, self.outgoing.channel);
        Work::Send { message: id }.enqueue(tx, scope.workspace(), self.lease.job, over, at).await
    }
}

/// Writes down that nobody tries to send a message any more: what never went to its channel has failed, of the rest it cannot be told.
#[derive(Debug, Clone)]
pub struct GiveUpSend {
    /// Whose work it was.
    pub lease: Lease,
    /// Which message.
    pub message: MessageId,
    /// What went wrong the last time.
    pub reason: String,
}

#[async_trait]
impl Command for GiveUpSend {
    type Output = ();

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        if let Some((mut message, before)) = still_going(tx, &scope, self.message).await? {
            let (state, next) = match before.state {
                DeliveryState::Sending => (DeliveryState::Unknown, "Look whether it arrived before you send it again."),
                _ => (DeliveryState::Failed, "Send it again once that is put right."),
            };
            let why = self.reason.trim_end_matches('.');
            let reason = format!("It was tried several times; the last time: {why}. {next}");
            let mut change = Change::load(tx, &scope, message.conversation).await?;
            put(tx, &scope, &mut message, Delivery { state, reason, ..before }).await?;
            unsent::report(tx, &scope, &mut change, &message).await?;
            change.changed(message);
            change.finish(tx).await?;
        }
        self.lease.done(tx).await
    }
}

/// The person outside has seen everything up to a place in the thread.
#[derive(Debug, Clone, Copy)]
pub struct TheyRead {
    /// Where.
    pub conversation: ConversationId,
    /// Up to which place.
    pub n: i64,
}

#[async_trait]
impl Command for TheyRead {
    type Output = ();

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

/// A message as it is now and how far it is, as long as it may still be sent.
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
        assert!(reason.contains("ben@x.example") && reason.contains("The others have it"), "{reason}");
    }
}
