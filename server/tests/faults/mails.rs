//! Mails and replies while the server is killed: each mail is one message, in order. Each reply arrives, and a second copy has the same
//! Message-ID (H1, R7).

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use channels::email::owner;
use domain::{inbox, mail::ConnectMailbox, vault::Vault};
use model::{ChannelId, EmailSettings, Entry, Host, Security, View};
use reqwest::Client;
use serde_json::json;
use store::{Scope, clock::new_id};

use super::{
    deployment::{Deployment, Place},
    dice::Dice,
    say, seed, within,
};

const SENDERS: usize = 50;
const MAILS: usize = 1000;
const REPLIES: usize = 200;

/// A running mail server.
#[derive(serde::Deserialize)]
pub struct Post {
    imaps: u16,
    smtps: u16,
    pub ca: PathBuf,
    password: String,
    pub mail: PathBuf,
}

/// The one that the tests were given; none where they were given none.
pub fn post() -> Option<Post> {
    let Ok(line) = std::env::var("TANDEM_TEST_MAIL") else {
        say("skipped: mails, because TANDEM_TEST_MAIL is not set");
        return None;
    };
    Some(serde_json::from_str(&line).expect("TANDEM_TEST_MAIL is what scripts/mailserver prints"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h1_sqlite_mails_under_kills() {
    storm(Place::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h1_postgres_mails_under_kills() {
    storm(Place::Shared).await;
}

/// How often to kill: as the other storms.
fn kills() -> usize {
    std::env::var("TANDEM_KILLS").map_or(20, |kills| kills.parse().expect("TANDEM_KILLS is a number"))
}

async fn storm(place: Place) {
    let Some(post) = post() else { return };
    let Some(mut deployment) = Deployment::build(place).await else { return };
    let seed = seed();
    say(&format!("the dice: TANDEM_SEED={seed}"));
    let mut dice = Dice::new(seed);
    deployment.launch.env =
        vec![("TANDEM_ALLOW_NETWORKS", "127.0.0.0/8".into()), ("TANDEM_MAIL_CA", post.ca.clone().into_os_string())];
    let name = format!("k{}", new_id().simple());
    let address = format!("{name}@mail.test");
    let channel = connect(&deployment, &post, &address).await;
    let mut process = deployment.launch.spawn();
    let mut at = process.ready().await;
    let maildir = post.mail.join(&name).join("Maildir");
    within(60, "the mailbox is there", async {
        while !maildir.join("new").is_dir() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    wait_until_connected(&deployment, channel).await;

    let begun = Instant::now();
    let (mut written, mut replies, mut killed) = (0, Vec::new(), 0);
    while written < MAILS || killed < kills() || replies.len() < REPLIES {
        let some = dice.below(80).min(MAILS - written);
        for n in written..written + some {
            drop_in(&maildir, n, letter(n, &address));
        }
        written += some;
        tokio::time::sleep(Duration::from_millis(100 + dice.below(700) as u64)).await;
        reply(&deployment, at, channel, &mut replies).await;
        if killed < kills() {
            process.kill();
            killed += 1;
            deployment.end_leases().await;
            process = deployment.launch.spawn();
            at = process.ready().await;
        }
    }
    let db = deployment.open().await;
    let scope = deployment.scope(&db, &deployment.members[0]).await;
    within(180, "everything came in and went out", async {
        loop {
            let (texts, sent) = threads(&db, &scope, channel).await;
            let came: usize = texts.values().map(Vec::len).sum();
            if came >= MAILS && sent >= replies.len() && sunk(&post, &name).len() >= replies.len() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    })
    .await;
    let (texts, _) = threads(&db, &scope, channel).await;
    let all: Vec<usize> = texts.values().flatten().copied().collect();
    assert_eq!(all.len(), MAILS, "each mail is one message");
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), MAILS, "no mail is missing or stored twice");
    for (sender, numbers) in &texts {
        assert!(numbers.is_sorted(), "the order of {sender}: {numbers:?}");
    }
    let arrived = sunk(&post, &name);
    let twice: usize = arrived.values().map(|names| names.len() - 1).sum();
    for id in &replies {
        let names = arrived.get(id).unwrap_or_else(|| panic!("reply {id} did not arrive"));
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 1, "a second copy must have the same Message-ID");
    }
    say(&format!(
        "mails: {MAILS} came in, {} replies went out ({twice} twice, under the same name), {killed} kills, {:?}",
        replies.len(),
        begun.elapsed()
    ));
    db.close().await;
    process.stop().await;
    deployment.tear_down().await;
}

/// Connects a mailbox.
pub async fn connect(deployment: &Deployment, post: &Post, address: &str) -> ChannelId {
    let host = |port| Host { name: "localhost".to_owned(), port, security: Security::Tls };
    let settings = EmailSettings {
        address: address.to_owned(),
        name: "Maison Corail".to_owned(),
        user: address.to_owned(),
        imap: host(post.imaps),
        smtp: host(post.smtps),
        folder: "INBOX".to_owned(),
        sent_folder: None,
        takes_plus: true,
        signature: String::new(),
    };
    let id = ChannelId::new(new_id());
    let vault = Vault::open(&deployment.launch.data.join("secret.key")).unwrap();
    let secret = Some(vault.seal(&owner(deployment.workspace, id), &post.password));
    let db = deployment.open().await;
    let system = Scope::system(deployment.workspace, "test");
    db.write(&system, ConnectMailbox { id, settings, secret }).await.unwrap();
    db.close().await;
    id
}

/// Waits until it is read.
pub async fn wait_until_connected(deployment: &Deployment, channel: ChannelId) {
    let db = deployment.open().await;
    let system = Scope::system(deployment.workspace, "test");
    within(60, "the mailbox is connected", async {
        loop {
            let account = store::account::one(&mut db.reader().await.unwrap().conn(), &system, channel).await;
            if account.unwrap().unwrap().state == model::AccountState::Connected {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    db.close().await;
}

fn letter(n: usize, to: &str) -> String {
    let sender = n % SENDERS;
    let chain = match n < SENDERS {
        true => String::new(),
        false => format!("References: <{sender}.first@sink.test>\r\n"),
    };
    let name = if n < SENDERS { format!("{sender}.first") } else { format!("{n}.later") };
    format!(
        "From: Sender {sender} <s{sender}@sink.test>\r\nTo: {to}\r\nSubject: Matter {sender}\r\nMessage-ID: <{name}@sink.test>\r\n{chain}\r\n{n}\r\n"
    )
}

/// Puts a mail into a mailbox, as its server would.
pub fn drop_in(maildir: &Path, n: usize, mail: impl AsRef<[u8]>) {
    use std::os::unix::fs::{MetadataExt, chown};
    // Dovecot numbers what it finds together in the order of names.
    let file = format!("{}.M{n:09}.test", 1_700_000_000 + n);
    let (tmp, new) = (maildir.join("tmp").join(&file), maildir.join("new").join(&file));
    std::fs::write(&tmp, mail).unwrap();
    let of = std::fs::metadata(maildir).unwrap();
    let _ = chown(&tmp, Some(of.uid()), Some(of.gid()));
    std::fs::rename(tmp, new).unwrap();
}

/// Answers some conversations, and keeps the ids that were acknowledged. A request that a kill cuts off is sent again under its id.
async fn reply(deployment: &Deployment, at: std::net::SocketAddr, channel: ChannelId, replies: &mut Vec<String>) {
    let client = Client::new();
    let ask = async |name: &str, body: serde_json::Value| {
        let request = client.post(format!("http://{at}/api/fn/{name}")).header("origin", format!("http://{at}"));
        let request = request.header("cookie", format!("tandem={}", deployment.members[0])).json(&body);
        let answer = request.send().await.ok()?;
        if answer.status() == 200 { answer.json::<serde_json::Value>().await.ok() } else { None }
    };
    let Some(page) = ask("inbox_page", json!({ "filter": { "view": "all" }, "after": null })).await else { return };
    let rows = page["rows"].as_array().cloned().unwrap_or_default();
    let ours = rows.iter().filter(|row| row["channel"] == json!(channel));
    for row in ours.take(12) {
        if replies.len() >= REPLIES {
            return;
        }
        let id = new_id();
        let text = format!("reply {}", id.simple());
        let new = json!({ "id": id, "conversation": row["id"], "mode": "reply", "text": text, "attachments": [] });
        if ask("send_message", json!({ "new": new })).await.is_some() {
            // It would wait ten seconds to be taken back.
            let _ = ask("send_now", json!({ "id": id })).await;
            replies.push(id.simple().to_string());
        }
    }
}

/// What came in, by who wrote it, in the order of the thread; and how many replies are sent.
async fn threads(db: &store::Db, scope: &Scope, channel: ChannelId) -> (BTreeMap<String, Vec<usize>>, usize) {
    let (mut texts, mut sent, mut after) = (BTreeMap::<String, Vec<usize>>::new(), 0, None);
    loop {
        let page = inbox::page(db, scope, View::All, model::Sort::Last, after, 100).await.unwrap();
        for row in page.rows.iter().filter(|row| row.channel == channel) {
            let thread = inbox::thread(db, scope, row.id).await.unwrap();
            let mut messages = thread.messages;
            let mut more = thread.more;
            while more {
                let (older, further) = inbox::older(db, scope, row.id, messages[0].n).await.unwrap();
                messages.splice(0..0, older);
                more = further;
            }
            for message in messages {
                match &message.entry {
                    Entry::Incoming => {
                        texts.entry(thread.address.clone()).or_default().push(message.text.parse().unwrap())
                    }
                    Entry::Outgoing { delivery, .. } => {
                        sent += usize::from(delivery.state == model::DeliveryState::Sent);
                    }
                    _ => {}
                }
            }
        }
        after = page.rows.last().map(|row| row.cursor(model::Sort::Last));
        if !page.more {
            return (texts, sent);
        }
    }
}

/// Replies that arrived, with the names of their copies.
fn sunk(post: &Post, from: &str) -> BTreeMap<String, Vec<String>> {
    let maildir = post.mail.join("sink").join("Maildir");
    let mut found = BTreeMap::<String, Vec<String>>::new();
    for part in ["new", "cur"] {
        for file in std::fs::read_dir(maildir.join(part)).into_iter().flatten().flatten() {
            let Ok(raw) = std::fs::read_to_string(file.path()) else { continue };
            let id = raw.split("\nreply ").nth(1).and_then(|rest| rest.get(..32));
            let name = raw.lines().find_map(|line| line.strip_prefix("Message-ID: "));
            if let (true, Some(id), Some(name)) = (raw.contains(from), id, name) {
                found.entry(id.to_owned()).or_default().push(name.to_owned());
            }
        }
    }
    found
}
