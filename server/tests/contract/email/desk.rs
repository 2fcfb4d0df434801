//! A mailbox without a mail server: the test hands in mails as bytes, one at a time.

use std::sync::atomic::{AtomicI64, Ordering};

use channels::{
    email::{Email, signed::Signer},
    network::Network,
};
use domain::{
    files::Files,
    mail::{Arrived, ConnectMailbox, ReceiveMails},
    vault::Vault,
};
use model::{Channel, ChannelId, ConversationId, EmailSettings, Host, MailId, MailOutcome, Message, Security, Thread};
use store::{
    clock::{new_id, random_hex},
    mail::{self, Mail, Place},
    message,
};
use tempfile::TempDir;

use crate::world::World;

/// A workspace with a mailbox, `support@mail.test`.
pub struct Desk {
    pub world: World,
    pub channel: Channel,
    pub files: Files,
    email: Email,
    uid: AtomicI64,
    _folder: TempDir,
}

fn settings(address: &str) -> EmailSettings {
    let host = || Host { name: "mail.test".to_owned(), port: 993, security: Security::Tls };
    EmailSettings {
        address: address.to_owned(),
        name: "Maison Corail".to_owned(),
        user: address.to_owned(),
        imap: host(),
        smtp: host(),
        folder: "INBOX".to_owned(),
        sent_folder: None,
        takes_plus: true,
        signature: String::new(),
    }
}

impl Desk {
    pub async fn open(world: World) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::open(folder.path().join("files")).unwrap();
        let network = Network::new(&[], None).unwrap();
        let email = Email::new(world.db.clone(), files.clone(), Vault::of_tests(), network);
        let channel = connect(&world, &email, "support@mail.test").await;
        Self { world, channel, files, email, uid: AtomicI64::new(0), _folder: folder }
    }

    /// Connects another mailbox of the workspace.
    pub async fn connect(&self, address: &str) -> Channel {
        connect(&self.world, &self.email, address).await
    }

    /// A mail comes in.
    pub async fn comes(&self, mail: &str) -> Mail {
        self.came(mail, false).await
    }

    /// A mail is brought in that came before the mailbox was connected, or one that comes now.
    pub async fn came(&self, mail: &str, old: bool) -> Mail {
        let bytes = mail.replace("\r\n", "\n").replace('\n', "\r\n").into_bytes();
        let (digest, size, _) = self.files.keep(bytes.into()).await.unwrap();
        let size = i64::try_from(size).unwrap();
        // Kept unread at first, then read from what is kept: as "Try again" does.
        let unread = self.arrived(digest, size, false, Err("not yet".to_owned())).await;
        let letter = self.email.read_again(&self.world.system(), unread.id).await.unwrap();
        self.arrived(format!("read {}", random_hex(8)), size, old, letter).await
    }

    async fn arrived(
        &self,
        digest: String,
        size: i64,
        old: bool,
        letter: Result<Box<domain::mail::Letter>, String>,
    ) -> Mail {
        let id = MailId::new(new_id());
        let uid = self.uid.fetch_add(1, Ordering::SeqCst);
        let place = Place { folder: "INBOX".to_owned(), uid_validity: 1 };
        let mails = vec![Arrived { id, uid, digest, size, old, letter }];
        let take = ReceiveMails { channel: self.channel.id, place, step: None, mails };
        self.world.db.write(&self.world.system(), take).await.unwrap();
        let mut reader = self.world.db.reader().await.unwrap();
        mail::one(&mut reader.conn(), &self.world.system(), id).await.unwrap().unwrap()
    }

    /// Where a mail stands that is a message.
    pub async fn stands(&self, mail: &Mail) -> Message {
        assert_eq!(mail.outcome, MailOutcome::Taken, "{}", mail.reason);
        let mut reader = self.world.db.reader().await.unwrap();
        message::one(&mut reader.conn(), &self.world.system(), mail.message.unwrap()).await.unwrap().unwrap()
    }

    /// A mail comes in and is a message in this conversation.
    pub async fn opens(&self, mail: &str) -> ConversationId {
        self.stands(&self.comes(mail).await).await.conversation
    }

    pub async fn thread(&self, conversation: ConversationId) -> Thread {
        self.world.thread(&self.world.owner, conversation).await.unwrap()
    }

    /// The name that a message of ours goes by as a mail.
    pub fn signed(&self, message: &Message) -> String {
        Signer::new(Vault::of_tests(), self.world.workspace).name(message.id, "mail.test")
    }

    /// What was set aside.
    pub async fn set_aside(&self) -> Vec<Mail> {
        let mut reader = self.world.db.reader().await.unwrap();
        mail::set_aside(&mut reader.conn(), &self.world.system(), self.channel.id).await.unwrap()
    }
}

async fn connect(world: &World, email: &Email, address: &str) -> Channel {
    let id = ChannelId::new(new_id());
    let secret = Some(email.seal(world.workspace, id, "secret"));
    world.db.write(&world.owner.scope, ConnectMailbox { id, settings: settings(address), secret }).await.unwrap()
}

/// A mail of these header lines, with a subject and a text.
pub fn mail(head: &str, text: &str) -> String {
    format!(
        "{head}\nSubject: About {text}\nDate: Mon, 2 Nov 2026 10:00:00 +0100\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
    )
}
