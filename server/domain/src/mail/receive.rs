//! Takes mails in. A batch of mails and the cursor are stored in one transaction, so no mail is missed and none is taken twice (H1).

use async_trait::async_trait;
use model::{
    ApiError, Channel, ChannelId, Content, Delivery, DeliveryState, Entry, FolderCounts, Line, MailHead, MailId,
    MailOutcome, Mailbox, Message, MessageId, Needs, Own, Parties, Timestamp, Trigger,
};
use store::{
    Command, Scope, Tx, account,
    clock::new_id,
    contact::{self, Address},
    conversation,
    error::{Error, Result},
    mail::{self, Folder, Mail, Named, Place, Step},
    message, workspace,
};

use super::{
    Letter, Reported, Returned, Writer,
    author::{Author, author, own_addresses},
    threads::{Belongs, belongs, known, on_channel},
};
use crate::{
    change::Change,
    inbound::{InThread, Inbound, Receive},
    unsent,
};

/// A mail found in the mailbox.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// The id of the stored mail.
    pub id: MailId,
    /// Its UID in the folder.
    pub uid: i64,
    /// The SHA-256 of its bytes, which are stored.
    pub digest: String,
    /// Its size in bytes.
    pub size: i64,
    /// It came before the mailbox was connected, so nobody waits for an answer.
    pub old: bool,
    /// Its content, or why it could not be read.
    pub letter: Result<Box<Letter>, String>,
}

/// Takes mails in, in order: all of them or none.
#[derive(Debug, Clone)]
pub struct ReceiveMails {
    /// The channel they came by.
    pub channel: ChannelId,
    /// The folder they are in.
    pub place: Place,
    /// How the cursor moves. None for mails that the cursor has passed.
    pub step: Option<Step>,
    /// The mails.
    pub mails: Vec<Arrived>,
}

/// How many mails had which result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Taken {
    /// Mails that became messages.
    pub messages: usize,
    /// Mails that came before, or that make no message.
    pub others: usize,
    /// Mails in the quarantine.
    pub quarantined: usize,
}

#[async_trait]
impl Command for ReceiveMails {
    type Output = Taken;
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Taken> {
        let scope = tx.scope()?;
        if let Some(step) = self.step
            && !mail::advance(tx, &scope, self.channel, &self.place, step).await?
        {
            let message = "Another process reads this mailbox.".to_owned();
            return Err(ApiError::Conflict { message }.into());
        }
        let channel = workspace::channel(tx.conn(), &scope, self.channel).await?;
        let own = own_addresses(tx, &scope).await?;
        let mut taken = Taken::default();
        for arrived in &self.mails {
            if mail::is_known(tx.conn(), &scope, channel.id, &self.place, arrived.uid).await? {
                continue;
            }
            // After the folder's UIDVALIDITY changed, the mail was stored under another UID.
            let before = mail::by_bytes(tx.conn(), &scope, channel.id, &arrived.digest).await?;
            let (outcome, reason, message) = match (&arrived.letter, before) {
                (_, Some(before)) => (MailOutcome::Again, "Already received.".to_owned(), before.message),
                (Ok(letter), None) if arrived.old => take_old(tx, &scope, &channel, &own, letter).await?,
                (Ok(letter), None) => take(tx, &scope, &channel, &own, letter, Age::New).await?,
                (Err(reason), None) => (MailOutcome::Quarantined, reason.clone(), None),
            };
            match outcome {
                MailOutcome::Taken => taken.messages += 1,
                MailOutcome::Quarantined => taken.quarantined += 1,
                _ => taken.others += 1,
            }
            let kept = Mail {
                id: arrived.id,
                channel: channel.id,
                digest: arrived.digest.clone(),
                size: arrived.size,
                outcome,
                reason,
                message,
                at: tx.now(),
            };
            mail::insert(tx, &scope, &kept, Some((&self.place, arrived.uid))).await?;
        }
        if !self.mails.is_empty() {
            account::came_in(tx, &scope, channel.id).await?;
        }
        Ok(taken)
    }
}

/// A mail with its author and conversation.
#[derive(Clone, Copy)]
struct Coming<'a> {
    channel: &'a Channel,
    letter: &'a Letter,
    author: &'a Author,
    belongs: Belongs,
    age: Age,
}

/// Whether somebody waits for an answer to a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    /// It came while the mailbox was connected.
    New,
    /// It is from before.
    Old,
}

/// What was done with a mail, why, and its message.
type MailResult = (MailOutcome, String, Option<MessageId>);

pub(super) async fn take(
    tx: &mut Tx<'_>,
    scope: &Scope,
    channel: &Channel,
    own: &Own,
    letter: &Letter,
    age: Age,
) -> Result<MailResult> {
    if let Some(ours) = letter.ours {
        if on_channel(tx, scope, channel.id, ours).await?.is_some() {
            return Ok((MailOutcome::Again, "Copy of an e-mail that was sent from here.".to_owned(), Some(ours)));
        }
        if message::one(tx.conn(), scope, ours).await?.is_none() {
            return Ok((MailOutcome::Aside, "Sent from here to test the mailbox.".to_owned(), None));
        }
    }
    let provider_id = letter.provider_id();
    if let Some(known) = message::by_provider(tx.conn(), scope, channel.id, &provider_id).await? {
        return Ok((MailOutcome::Again, "Already received.".to_owned(), Some(known)));
    }
    if letter.writer == Writer::Bounce {
        return returned(tx, scope, channel, letter).await;
    }
    let known = known(tx, scope, letter).await?;
    let author = author(letter, own);
    let belongs = belongs(tx, scope, channel, letter, &author, &known).await?;
    let coming = Coming { channel, letter, author: &author, belongs, age };
    if letter.writer == Writer::AutoReply {
        return note_of_machine(tx, scope, coming).await;
    }
    let elsewhere = elsewhere(tx, scope, channel, letter, known).await?;
    let message = receive(tx, scope, coming, provider_id, elsewhere).await?;
    if let Belongs::Beside(conversation) = belongs {
        let mut change = Change::load(tx, scope, conversation).await?;
        change.line(tx, Line::Stranger { conversation: message.conversation }).await?;
        change.finish(tx).await?;
    }
    Ok((MailOutcome::Taken, String::new(), Some(message.id)))
}

/// Adds a line for an automatic mail to the conversation that it answers. If it answers none of ours, the line goes to the newest
/// conversation with its sender, if the sender's domain vouches for it. Otherwise the mail is set aside: a machine never opens a
/// conversation.
async fn note_of_machine(tx: &mut Tx<'_>, scope: &Scope, coming: Coming<'_>) -> Result<MailResult> {
    let Coming { channel, letter, author, belongs, .. } = coming;
    let conversation = match (belongs, author) {
        (Belongs::To(conversation) | Belongs::Beside(conversation), _) => Some(conversation),
        (Belongs::Nowhere, Author::Known(from)) if letter.vouched => {
            let address = from.key();
            let known = contact::identity(tx.conn(), scope, Address::own(channel.kind, &address)).await?;
            match known {
                Some(known) => conversation::latest_of(tx.conn(), scope, known.id, channel.id).await?,
                None => None,
            }
        }
        (Belongs::Nowhere, _) => None,
    };
    let Some(conversation) = conversation else {
        let subject: String = letter.head.subject.chars().take(200).collect();
        let reason =
            format!("Automatic message from {} that does not reply to any of your e-mails: {subject}", author.label());
        return Ok((MailOutcome::Aside, reason, None));
    };
    let mut change = Change::load(tx, scope, conversation).await?;
    change.apply(Trigger::InboundFromMachine);
    let line = change.line_saying(tx, Line::AutoReply, letter.text.clone()).await?;
    change.finish(tx).await?;
    Ok((MailOutcome::Taken, String::new(), Some(line)))
}

/// Takes in a mail from before the connection. A conversation that it begins is closed at once. An existing conversation keeps its state.
pub(super) async fn take_old(
    tx: &mut Tx<'_>,
    scope: &Scope,
    channel: &Channel,
    own: &Own,
    letter: &Letter,
) -> Result<MailResult> {
    let known = known(tx, scope, letter).await?;
    let before = match belongs(tx, scope, channel, letter, &author(letter, own), &known).await? {
        Belongs::To(conversation) => Some(Change::load(tx, scope, conversation).await?.now.row.state),
        Belongs::Beside(_) | Belongs::Nowhere => None,
    };
    let fate = take(tx, scope, channel, own, letter, Age::Old).await?;
    let (MailOutcome::Taken, Some(id)) = (fate.0, fate.2) else { return Ok(fate) };
    let Some(message) = message::one(tx.conn(), scope, id).await? else { return Ok(fate) };
    // An event line does not change a conversation.
    if matches!(message.entry, Entry::Line { .. }) {
        return Ok(fate);
    }
    let mut change = Change::load(tx, scope, message.conversation).await?;
    // It is no work of today: a hundred mails of last year are no busy morning.
    change.not_counted();
    match before {
        Some(state) => change.now.row.state = state,
        None => drop(change.apply(Trigger::Close)),
    }
    change.finish(tx).await?;
    Ok(fate)
}

/// Makes a message of a person's mail.
async fn receive(
    tx: &mut Tx<'_>,
    scope: &Scope,
    coming: Coming<'_>,
    provider_id: String,
    elsewhere: Vec<Named>,
) -> Result<Message> {
    let Coming { channel, letter, author, belongs, age } = coming;
    let uploader = format!("mail:{}", letter.id);
    for file in &letter.files {
        message::add_file(tx, scope, file).await?;
    }
    let with = author.mailbox();
    let parties = Parties { claimed: author.claimed(letter), ..letter.head.parties.clone() };
    let also = elsewhere.iter().map(|other| other.conversation).collect();
    let inbound = Inbound {
        id: MessageId::new(new_id()),
        channel: channel.clone(),
        address: with.key(),
        said_by: author.said_by(),
        label: author.label(),
        name: with.name.clone(),
        email: with.address.clone(),
        text: letter.text.clone(),
        attachments: letter.files.iter().map(|file| file.attachment.id).collect(),
        uploader,
        provider_id: Some(provider_id),
        thread: match belongs {
            Belongs::To(conversation) => InThread::Into(conversation),
            Belongs::Beside(_) | Belongs::Nowhere => InThread::New,
        },
        content: Content::Mail(Box::new(MailHead { also, parties, ..letter.head.clone() })),
    };
    let message = Receive(inbound).take_new(tx, scope, age == Age::New).await?;
    for other in elsewhere {
        tell_of_twin(tx, scope, other.message, message.conversation).await?;
    }
    know(tx, scope, coming, &message).await?;
    Ok(message)
}

/// The copies of the same mail in our other channels.
async fn elsewhere(
    tx: &mut Tx<'_>,
    scope: &Scope,
    channel: &Channel,
    letter: &Letter,
    known: Vec<Named>,
) -> Result<Vec<Named>> {
    let mut twins = Vec::new();
    for named in known {
        if named.channel == channel.id || letter.name.as_ref() != Some(&named.name) {
            continue;
        }
        // Anybody can write a Message-ID. It is the same mail only if its content is the same.
        let twin = message::by_provider(tx.conn(), scope, named.channel, &letter.provider_id()).await?;
        if twin == Some(named.message) || letter.ours == Some(named.message) {
            twins.push(named);
        }
    }
    Ok(twins)
}

/// Adds the conversation of the other copy to the message's head.
async fn tell_of_twin(
    tx: &mut Tx<'_>,
    scope: &Scope,
    twin: MessageId,
    conversation: model::ConversationId,
) -> Result<()> {
    let Some(mut message) = message::one(tx.conn(), scope, twin).await? else { return Ok(()) };
    let Content::Mail(head) = &mut message.content else { return Ok(()) };
    if head.also.contains(&conversation) {
        return Ok(());
    }
    head.also.push(conversation);
    message::set_mail(tx, scope, twin, head).await?;
    let mut change = Change::load(tx, scope, message.conversation).await?;
    change.changed(message);
    change.finish(tx).await?;
    Ok(())
}

/// How many Message-IDs of its chain are stored with a mail. They find threads that began before we took part.
const NAMES: usize = 20;

/// Stores the names that find the conversation from now on, and its new participants.
async fn know(tx: &mut Tx<'_>, scope: &Scope, coming: Coming<'_>, message: &Message) -> Result<()> {
    let Coming { channel, letter, author, .. } = coming;
    let names: Vec<&str> = letter.name.iter().chain(letter.answers.iter().take(NAMES)).map(String::as_str).collect();
    mail::add_names(tx, scope, &names, message.id, channel.id, message.conversation).await?;
    let parties = &letter.head.parties;
    let author = author.mailbox();
    let everybody = parties.from.iter().chain([&author]).chain(&parties.reply_to).chain(&parties.to).chain(&parties.cc);
    let addresses: Vec<String> = everybody.map(Mailbox::key).filter(|address| !address.is_empty()).take(100).collect();
    mail::join(tx, scope, message.conversation, &addresses).await?;
    Ok(())
}

/// Applies a delivery report to the message it is about, or sets it aside.
async fn returned(tx: &mut Tx<'_>, scope: &Scope, channel: &Channel, letter: &Letter) -> Result<MailResult> {
    for id in &letter.proved {
        let Some(conversation) = on_channel(tx, scope, channel.id, *id).await? else { continue };
        let Some(mut message) = message::one(tx.conn(), scope, *id).await? else { continue };
        let mut change = Change::load(tx, scope, conversation).await?;
        change.apply(Trigger::InboundFromMachine);
        if let Entry::Outgoing { delivery, .. } = &mut message.entry
            && let Some(new) = after_report(delivery, &letter.report)
        {
            *delivery = new;
            message::set_delivery(tx, scope, *id, delivery).await?;
            unsent::report(tx, scope, &mut change, &message).await?;
            change.changed(message);
        }
        let line = change.line_saying(tx, Line::Bounce, letter.text.clone()).await?;
        change.finish(tx).await?;
        return Ok((MailOutcome::Taken, String::new(), Some(line)));
    }
    Ok((MailOutcome::Aside, "Delivery report about an e-mail that was not sent from here.".to_owned(), None))
}

/// The delivery after a report. None if the report changes nothing (R5).
fn after_report(delivery: &Delivery, report: &[Returned]) -> Option<Delivery> {
    let failed: Vec<&Returned> = report.iter().filter(|one| one.outcome == Reported::Failed).collect();
    let (state, reason) = match failed.first() {
        Some(first) => {
            let who = if first.address.is_empty() { "a recipient" } else { &first.address };
            let said = if first.said.is_empty() { String::new() } else { format!(": {}", first.said) };
            let more = if failed.len() > 1 { format!(" ({} addresses in all)", failed.len()) } else { String::new() };
            let reason = format!("It did not reach {who}{more}{said}. Check the address, then write again.");
            (DeliveryState::Bounced, reason)
        }
        None if report.iter().any(|one| one.outcome == Reported::Delivered) => {
            (DeliveryState::Delivered, String::new())
        }
        None => return None,
    };
    (state.rank() > delivery.state.rank()).then_some(Delivery { state, send_at: delivery.send_at, reason })
}

/// Starts to read a folder, or starts again because the server changed its UIDVALIDITY.
#[derive(Debug, Clone)]
pub struct BeginFolder {
    /// The channel.
    pub channel: ChannelId,
    /// The name of the folder.
    pub name: String,
    /// Its UIDVALIDITY.
    pub uid_validity: i64,
    /// The largest UID that counts as read.
    pub last_uid: i64,
    /// The largest UID that was there before us.
    pub first_uid: i64,
    /// Mails up to `first_uid` that came before this time are not taken in.
    pub since: Timestamp,
}

#[async_trait]
impl Command for BeginFolder {
    type Output = Folder;
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Folder> {
        let scope = tx.scope()?;
        let Self { uid_validity, last_uid, first_uid, since, .. } = *self;
        let folder = Folder { uid_validity, last_uid, first_uid, since, ledger: None };
        mail::set_folder(tx, &scope, self.channel, &self.name, &folder).await?;
        mail::folder(tx.conn(), &scope, self.channel, &self.name).await?.ok_or(Error::NOT_FOUND)
    }
}

/// Stores the Message-ID of a mail before it is sent, so that replies to it and copies of it find the message.
#[derive(Debug, Clone)]
pub struct NameMail {
    /// The message.
    pub message: MessageId,
    /// The channel that sends it.
    pub channel: ChannelId,
    /// The conversation.
    pub conversation: model::ConversationId,
    /// The Message-ID.
    pub name: String,
}

#[async_trait]
impl Command for NameMail {
    type Output = ();
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        let Self { message, channel, conversation, name } = self.clone();
        Ok(mail::add_names(tx, &scope, &[name.as_str()], message, channel, conversation).await?)
    }
}

/// Stores the counts of a folder.
#[derive(Debug, Clone)]
pub struct KeepFolderCounts {
    /// The channel.
    pub channel: ChannelId,
    /// The folder.
    pub name: String,
    /// The counts.
    pub ledger: FolderCounts,
}

#[async_trait]
impl Command for KeepFolderCounts {
    type Output = ();
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        Ok(mail::set_ledger(tx, &scope, self.channel, &self.name, self.ledger).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(outcome: Reported) -> Returned {
        Returned { address: "anna@x.example".to_owned(), outcome, said: "550 unknown".to_owned() }
    }

    #[test]
    fn t8_r5_what_a_report_makes_of_a_message() {
        let sent = |state| Delivery { state, send_at: Timestamp(1), reason: String::new() };
        let state = |from, report: &[Returned]| after_report(&sent(from), report).map(|new| new.state);
        use DeliveryState as D;
        assert_eq!(state(D::Sent, &[report(Reported::Failed)]), Some(D::Bounced));
        assert_eq!(state(D::Sent, &[report(Reported::Delivered)]), Some(D::Delivered));
        assert_eq!(state(D::Sent, &[report(Reported::Delivered), report(Reported::Failed)]), Some(D::Bounced));
        assert_eq!(state(D::Sent, &[report(Reported::Delayed)]), None, "it goes on trying");
        assert_eq!(
            state(D::Bounced, &[report(Reported::Delivered)]),
            None,
            "a second recipient's success hides nothing"
        );
        assert_eq!(state(D::Bounced, &[report(Reported::Failed)]), None);
    }
}
