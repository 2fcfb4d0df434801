//! The mails of a conversation. Incoming ones are written as bytes and read as if they had come in. Ours are composed like every reply.

use bytes::Bytes;
use domain::{fingerprint, mail::author};
use model::{
    Answer, AttachmentId, Content, DeliveryState, Entry, MailHead, MailId, MailOutcome, Mailbox, Message, MessageId,
    Parties, Recipients, Timestamp, answer_subject, recipients,
};
use store::{error::Result, mail::Mail};

use super::{
    company::MAILBOX_NAME,
    mails::{self, Theirs},
    play::{Kept, New, Play, ids_of},
    read::Entry as Told,
    when::local,
};

impl Play<'_> {
    /// An incoming mail: written as bytes, then read as if it had come in.
    pub(super) async fn letter(&mut self, told: &Told, at: Timestamp) -> Result<New> {
        let from = told.more.from.as_ref().unwrap_or(&self.story.with.mailbox).clone();
        let to = Mailbox { name: MAILBOX_NAME.to_owned(), address: self.sample.address.to_owned() };
        let domain = from.address.rsplit_once('@').map_or("", |(_, domain)| domain);
        let name = format!("{}@{domain}", self.id(at, "name").simple());
        let subject = match (&told.more.subject, self.last_mail()) {
            (Some(subject), _) => subject.clone(),
            (None, Some((_, head))) => answer_subject(&head.subject),
            (None, None) => return Err(self.wrong(told, "the first mail needs a subject")),
        };
        let text = with_mark(&self.text(told)) + &self.quotation(told);
        let written =
            Theirs { from: &from, to: &to, subject: &subject, text: &text, name: &name, chain: &self.chain, at };
        let bytes = Bytes::from(mails::theirs(told, &written, self.stage.now)?);
        let id = MailId::new(self.id(at, "mail"));
        let (digest, size, _) = self.stage.files.keep(bytes.clone()).await?;
        let letter = self.stage.email.read(self.stage.scope, id, bytes).await?;
        let letter = letter.map_err(|reason| self.wrong(told, &reason))?;
        let author = author(&letter, &self.stage.own);
        let with = author.mailbox();
        self.meet(at, &with.key(), &author.said_by(), &author.label(), &with);
        let (mut attachments, mut inside) = (Vec::new(), Vec::new());
        for (place, mut file) in letter.files.iter().cloned().enumerate() {
            // The same id each time.
            let own = AttachmentId::new(self.stage.ids.id(at, &["file", &name, &place.to_string()]));
            if letter.head.inside.contains(&file.attachment.id) {
                inside.push(own);
            }
            file.attachment.id = own;
            attachments.push(file.attachment.clone());
            self.keep(file, at);
        }
        attachments.sort_by_key(|file| file.id);
        let parties = Parties { claimed: author.claimed(&letter), ..letter.head.parties.clone() };
        let everybody =
            parties.from.iter().chain([&with]).chain(&parties.reply_to).chain(&parties.to).chain(&parties.cc);
        let addresses = everybody.map(Mailbox::key).filter(|address| !address.is_empty()).collect();
        let names = letter.name.iter().chain(&letter.answers).cloned().collect();
        // It becomes the next entry.
        let message = MessageId::new(self.id(at, "message"));
        let mail = self.mail(at, id, (digest, size), MailOutcome::Taken, message);
        self.keep_mail(mail, message, names, addresses);
        self.chain.push(name);
        let fingerprint = fingerprint(&[&with.key(), &letter.text, &ids_of(&attachments)]);
        let head = MailHead { parties, inside, ..letter.head.clone() };
        let (text, provider) = (letter.text.clone(), Some(letter.provider_id()));
        Ok(New { text, attachments, provider, fingerprint, content: Content::Mail(Box::new(head)) })
    }

    /// Stores a sent reply as the mail that it was.
    pub(super) async fn sent(&mut self, told: &Told, message: &Message, name: String, id: MailId) -> Result<()> {
        let bytes = mails::ours(message, &name, &self.chain, &told.more.files, self.stage.now)?;
        let (digest, size, _) = self.stage.files.keep(Bytes::from(bytes)).await?;
        let head = message.mail().cloned().unwrap_or_default();
        let addresses = head.parties.to.iter().chain(&head.parties.cc).map(Mailbox::key).collect();
        let mail = self.mail(message.at, id, (digest, size), MailOutcome::Sent, message.id);
        self.keep_mail(mail, message.id, vec![name.clone()], addresses);
        self.chain.push(name);
        Ok(())
    }

    /// The head of a reply: to all participants, unless the entry says otherwise.
    pub(super) fn head(&self, told: &Told) -> Result<MailHead> {
        let answered = self.last_mail().map(|(_, head)| head);
        let usual = match answered {
            Some(head) => recipients(&head.parties, &self.stage.own, Answer::All),
            None => Recipients { to: vec![self.story.with.mailbox.clone()], ..Recipients::default() },
        };
        let chosen =
            |chosen: &Vec<Mailbox>, usual: Vec<Mailbox>| if chosen.is_empty() { usual } else { chosen.clone() };
        let (to, cc) = (chosen(&told.more.to, usual.to), chosen(&told.more.cc, usual.cc));
        let subject = told.more.subject.clone().or_else(|| answered.map(|head| answer_subject(&head.subject)));
        let subject = subject.ok_or_else(|| self.wrong(told, "the first mail needs a subject"))?;
        let is_said = |one: &&Mailbox| answered.is_some_and(|head| head.parties.is_only_said(one));
        let claimed = to.iter().chain(&cc).find(is_said).cloned();
        let from = Mailbox { name: MAILBOX_NAME.to_owned(), address: self.sample.address.to_owned() };
        let parties = Parties { from: Some(from), reply_to: Vec::new(), to, cc, claimed };
        Ok(MailHead { parties, subject, ..MailHead::default() })
    }

    /// The mail that the next one answers, with its message.
    fn last_mail(&self) -> Option<(&Message, &MailHead)> {
        let answered = |message: &&Message| !matches!(&message.entry, Entry::Outgoing { delivery, .. } if delivery.state == DeliveryState::Cancelled);
        let mut mails = self.messages.iter().rev().filter(answered);
        mails.find_map(|message| Some((message, message.mail()?)))
    }

    /// The quote of the former mail in an incoming one, under the line that the sender's program writes.
    fn quotation(&self, told: &Told) -> String {
        let (Some(pattern), Some((message, head))) = (&told.more.quotes, self.last_mail()) else {
            return String::new();
        };
        let from = head.parties.from.clone().unwrap_or_default();
        let line = local(message.at, self.stage.zone).strftime(pattern).to_string();
        let line = line.replace("{who}", &format!("{} <{}>", from.name, from.address));
        let (written, signature, _) = head.folds.of(&message.text);
        let quoted: Vec<String> = format!("{written}{signature}")
            .trim_end()
            .lines()
            .map(|line| format!("> {line}").trim_end().to_owned())
            .collect();
        format!("\n\n{line}\n\n{}\n", quoted.join("\n"))
    }

    fn mail(
        &self,
        at: Timestamp,
        id: MailId,
        (digest, size): (String, u64),
        outcome: MailOutcome,
        message: MessageId,
    ) -> Mail {
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        Mail { id, channel: self.channel.id, digest, size, outcome, reason: String::new(), message: Some(message), at }
    }

    fn keep_mail(&mut self, mail: Mail, message: MessageId, names: Vec<String>, addresses: Vec<String>) {
        let conversation = self.now.row.id;
        self.rows.mails.push(Kept { mail, message, conversation, names, addresses });
    }
}

/// The signature separator ends with a space (RFC 3676, 4.3), which some editors remove.
fn with_mark(text: &str) -> String {
    text.lines().map(|line| if line == "--" { "-- " } else { line }).collect::<Vec<_>>().join("\n")
}
