//! A workspace with a mailbox on a real mail server (`scripts/mailserver`), which must be running.

use std::{
    io::Write,
    path::{Path, PathBuf},
    sync::{Arc, Once},
    time::Duration,
};

use channels::{Channels, Receivers, email::Email, network::Network};
use domain::{files::Files, inbox, mail::ConnectMailbox, vault::Vault};
use model::{
    AccountState, Channel, ChannelId, ChannelKind, ConversationId, EmailSettings, Entry, Host, Message, Security, View,
};
use server::jobs::Worker;
use store::{
    Db,
    account::{self, Account},
    clock::{Clock, new_id, random_hex},
    mail,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    sync::watch,
    task::JoinHandle,
    time::Instant,
};

use crate::world::World;

/// A running mail server.
#[derive(Clone, serde::Deserialize)]
pub struct Post {
    pub imap: u16,
    pub imaps: u16,
    pub smtp: u16,
    pub smtps: u16,
    pub ca: PathBuf,
    pub password: String,
    pub domain: String,
    pub mail: PathBuf,
}

impl Post {
    /// The one that the tests were given; none, said once, where they were given none.
    pub fn given() -> Option<Self> {
        let Ok(line) = std::env::var("TANDEM_TEST_MAIL") else {
            static SAID: Once = Once::new();
            SAID.call_once(|| {
                let line = "\nskipped: everything with a mail server, because TANDEM_TEST_MAIL is not set\n";
                let _ = std::io::stderr().write_all(line.as_bytes());
            });
            return None;
        };
        Some(serde_json::from_str(&line).expect("TANDEM_TEST_MAIL is what scripts/mailserver prints"))
    }

    pub fn network(&self) -> Network {
        Network::new(&["127.0.0.0/8".parse().unwrap()], Some(&self.ca)).unwrap()
    }

    pub fn settings(&self, address: &str) -> EmailSettings {
        let host = |port| Host { name: "localhost".to_owned(), port, security: Security::Tls };
        EmailSettings {
            address: address.to_owned(),
            name: "Maison Corail".to_owned(),
            user: address.to_owned(),
            imap: host(self.imaps),
            smtp: host(self.smtps),
            folder: "INBOX".to_owned(),
            sent_folder: Some("Sent".to_owned()),
            takes_plus: true,
            signature: "Olive\nMaison Corail".to_owned(),
        }
    }

    /// Hands a mail over as somebody outside does, without a sign-in.
    pub async fn deliver(&self, from: &str, to: &str, mail: &str) {
        let mut server = BufReader::new(TcpStream::connect(("127.0.0.1", self.smtp)).await.unwrap());
        let mut heard = async |command: &str| {
            server.get_mut().write_all(command.as_bytes()).await.unwrap();
            loop {
                let mut line = String::new();
                server.read_line(&mut line).await.unwrap();
                assert!(line.starts_with(['2', '3']), "{command}: {line}");
                if line.as_bytes()[3] == b' ' {
                    break;
                }
            }
        };
        let mail = mail.replace('\n', "\r\n").replace("\r\n.", "\r\n..");
        for command in [
            String::new(),
            "EHLO outside.example\r\n".to_owned(),
            format!("MAIL FROM:<{from}>\r\n"),
            format!("RCPT TO:<{to}>\r\n"),
            "DATA\r\n".to_owned(),
            format!("{mail}\r\n.\r\n"),
            "QUIT\r\n".to_owned(),
        ] {
            heard(&command).await;
        }
    }

    fn maildir(&self, address: &str) -> PathBuf {
        self.mail.join(address.split('@').next().unwrap()).join("Maildir")
    }

    /// How many mails lie in a mailbox.
    pub fn lying(&self, address: &str) -> usize {
        let count = |folder: &str| std::fs::read_dir(self.maildir(address).join(folder)).map_or(0, Iterator::count);
        count("new") + count("cur")
    }

    /// How many copies of sent mails lie in a mailbox.
    pub fn copies(&self, address: &str) -> usize {
        let count =
            |part: &str| std::fs::read_dir(self.maildir(address).join(".Sent").join(part)).map_or(0, Iterator::count);
        count("new") + count("cur")
    }

    /// Lets a mailbox forget its numbers: the server makes new ones, under another validity.
    pub fn renumber(&self, address: &str) {
        for file in ["dovecot-uidlist", "dovecot.index", "dovecot.index.cache", "dovecot.index.log"] {
            let _ = std::fs::remove_file(self.maildir(address).join(file));
        }
    }

    /// Puts mails into a mailbox as a mail server does, thousands in a moment.
    pub fn drop_in(&self, address: &str, mails: impl IntoIterator<Item = Vec<u8>>) {
        let maildir = self.maildir(address);
        let (tmp, new) = (maildir.join("tmp"), maildir.join("new"));
        for (n, mail) in mails.into_iter().enumerate() {
            // Dovecot numbers them in the order of their names.
            let file = format!("{}.M{n:09}.test", 1_700_000_000 + n);
            std::fs::write(tmp.join(&file), mail).unwrap();
            own_as(&maildir, &tmp.join(&file));
            std::fs::rename(tmp.join(&file), new.join(&file)).unwrap();
        }
    }
}

/// Gives a file to whoever owns the mailbox.
fn own_as(maildir: &Path, file: &Path) {
    use std::os::unix::fs::MetadataExt;
    let of = std::fs::metadata(maildir).unwrap();
    let _ = std::os::unix::fs::chown(file, Some(of.uid()), Some(of.gid()));
}

/// A workspace with a mailbox.
pub struct Office {
    pub world: World,
    pub post: Post,
    pub email: Email,
    pub channel: Channel,
    pub address: String,
    pub files: Files,
    _folder: TempDir,
}

/// What receives; dropped, it is as if its process had been killed.
pub struct Receiving(JoinHandle<()>, #[expect(dead_code, reason = "its end would stop it")] watch::Sender<bool>);

impl Drop for Receiving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Office {
    /// An office whose mailbox exists and is connected; none where there is no mail server.
    pub async fn open(world: World) -> Option<Self> {
        Some(Self::at(world, Post::given()?).await)
    }

    /// The same at a mail server of one's own.
    pub async fn at(world: World, post: Post) -> Self {
        // Mail servers have clocks of their own.
        let real = Clock::System.now();
        world.clock.store(real.0, std::sync::atomic::Ordering::SeqCst);
        let folder = tempfile::tempdir().unwrap();
        let files = Files::open(folder.path().join("files")).unwrap();
        let email = Email::new(world.db.clone(), files.clone(), Vault::of_tests(), post.network());
        let address = format!("m{}@{}", random_hex(6), post.domain);
        let mut office =
            Self { channel: world.chat.clone(), world, email, address: address.clone(), files, _folder: folder, post };
        let settings = office.post.settings(&address);
        office.channel = office.connect(settings).await;
        office
    }

    /// Connects a mailbox.
    pub async fn connect(&self, settings: EmailSettings) -> Channel {
        let id = ChannelId::new(new_id());
        let secret = Some(self.email.seal(self.world.workspace, id, &self.post.password));
        self.world.db.write(&self.world.owner.scope, ConnectMailbox { id, settings, secret }).await.unwrap()
    }

    fn channels(&self, db: &Db) -> Channels {
        let email = Email::new(db.clone(), self.files.clone(), Vault::of_tests(), self.post.network());
        Channels::default().with(ChannelKind::Email, Arc::new(email))
    }

    /// Begins to receive, as a process does.
    pub fn receive(&self) -> Receiving {
        self.receive_through(&self.world.db)
    }

    pub fn receive_through(&self, db: &Db) -> Receiving {
        let (stop, shutdown) = watch::channel(false);
        let receivers = Receivers::new(db.clone(), self.channels(db));
        Receiving(tokio::spawn(receivers.run(shutdown)), stop)
    }

    /// Does the work that is due.
    pub async fn work(&self) {
        Worker::new(self.world.db.clone(), self.channels(&self.world.db)).drain().await.unwrap();
    }

    /// Waits until something is so.
    pub async fn until<T>(&self, what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
        // 65 MB through code that is not optimised take a minute on a busy machine.
        let end = Instant::now() + Duration::from_secs(180);
        loop {
            if let Some(found) = ask().await {
                return found;
            }
            assert!(Instant::now() < end, "waited three minutes until {what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What was found when a mailbox was counted last.
    pub async fn ledger(&self, channel: ChannelId) -> model::FolderCounts {
        let mut reader = self.world.db.reader().await.unwrap();
        let folder = mail::folder(&mut reader.conn(), &self.world.system(), channel, "INBOX").await.unwrap().unwrap();
        folder.ledger.unwrap()
    }

    /// What could not be read.
    pub async fn quarantine(&self) -> Vec<mail::Mail> {
        let mut reader = self.world.db.reader().await.unwrap();
        mail::quarantine(&mut reader.conn(), &self.world.system(), self.channel.id).await.unwrap()
    }

    /// How a mailbox is.
    pub async fn account(&self, channel: ChannelId) -> Account {
        let mut reader = self.world.db.reader().await.unwrap();
        account::one(&mut reader.conn(), &self.world.system(), channel).await.unwrap().unwrap()
    }

    /// Waits until a mailbox is like that, and gives it.
    pub async fn account_when(&self, channel: ChannelId, what: &str, is: impl Fn(&Account) -> bool) -> Account {
        self.until(what, async || Some(self.account(channel).await).filter(|account| is(account))).await
    }

    /// Waits until a mailbox is connected.
    pub async fn connected(&self, channel: ChannelId) {
        let begun = Instant::now();
        self.until("the mailbox is connected", async || {
            let is_connected = self.account(channel).await.state == AccountState::Connected;
            // A busy mail server refuses a connection now and then. The next try waits by the clock of the world.
            if !is_connected && begun.elapsed() > Duration::from_secs(10) {
                self.world.wait(1000);
            }
            is_connected.then_some(())
        })
        .await;
    }

    /// The conversations of a channel, closed ones too, the oldest first.
    pub async fn conversations(&self, channel: ChannelId) -> Vec<ConversationId> {
        let mut found = Vec::new();
        for view in [View::All, View::Closed] {
            let mut after = None;
            loop {
                let page = inbox::page(&self.world.db, &self.world.owner.scope, view, model::Sort::Last, after, 100)
                    .await
                    .unwrap();
                found.extend(page.rows.iter().filter(|row| row.channel == channel).map(|row| (row.started_at, row.id)));
                after = page.rows.last().map(|row| row.cursor(model::Sort::Last));
                if !page.more {
                    break;
                }
            }
        }
        found.sort();
        found.into_iter().map(|(_, id)| id).collect()
    }

    /// Waits until the mail of this message arrived at `sink.test`, and gives it as it lies there, with plain line ends.
    pub async fn sunk(&self, message: &str) -> String {
        let folder = self.post.maildir("sink@mail.test");
        self.until("the mail arrived", async || {
            ["new", "cur"].iter().flat_map(|part| std::fs::read_dir(folder.join(part))).flatten().flatten().find_map(
                |file| {
                    let raw = std::fs::read_to_string(file.path()).ok()?;
                    // Its parts are named after the message.
                    raw.contains(&format!("text-{message}")).then(|| raw.replace("\r\n", "\n"))
                },
            )
        })
        .await
    }

    /// All entries of a conversation.
    pub async fn thread(&self, conversation: ConversationId) -> Vec<Message> {
        self.world.thread(&self.world.owner, conversation).await.unwrap().messages
    }

    /// Waits until a channel has so many conversations, and gives them.
    pub async fn conversations_when(&self, channel: ChannelId, n: usize) -> Vec<ConversationId> {
        self.until(&format!("there are {n} conversations"), async || {
            let found = self.conversations(channel).await;
            (found.len() >= n).then_some(found)
        })
        .await
    }

    /// Waits until a conversation has so many entries, and gives them.
    pub async fn thread_when(&self, conversation: ConversationId, n: usize) -> Vec<Message> {
        self.until(&format!("the thread has {n} entries"), async || {
            let found = self.thread(conversation).await;
            (found.len() >= n).then_some(found)
        })
        .await
    }
}

/// A plain mail.
pub fn letter(from: &str, to: &str, subject: &str, head: &str, text: &str) -> String {
    format!(
        "From: {from}\nTo: {to}\nSubject: {subject}\nDate: Mon, 2 Nov 2026 10:00:00 +0100\n{head}MIME-Version: 1.0\n\
         Content-Type: text/plain; charset=utf-8\n\n{text}\n"
    )
}

/// What somebody outside wrote.
pub fn texts(thread: &[Message]) -> Vec<&str> {
    thread.iter().filter(|entry| entry.entry == Entry::Incoming).map(|entry| entry.text.as_str()).collect()
}
