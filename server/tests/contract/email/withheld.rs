//! A mail server that does not deliver a mail: nothing of it, a part, or far too much. The mail is shown in the quarantine, the others go
//! on, and it comes in when the server delivers it (R9, S55).

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use domain::mail::{Arrived, ReceiveMails, Tried};
use model::{MailId, Status};
use store::{
    clock::new_id,
    mail::{self, Place},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpListener,
    sync::watch,
    task::JoinHandle,
};

use super::{
    moods::acceptor,
    office::{Office, Post, letter, texts},
};
use crate::world::World;

on_both_engines!(
    r9_a_mail_that_is_not_given_holds_up_nothing_and_comes_when_it_is,
    r9_a_mail_of_which_nothing_comes_waits_where_people_see_it,
    r9_a_mail_that_ends_the_connection_holds_up_nothing,
    r9_trying_again_asks_the_server,
    r9_an_old_mail_that_is_tried_again_waits_for_nobody,
    s55_a_mail_without_an_end_holds_up_nothing,
);

/// What a server gives of a mail.
#[derive(Clone, Copy)]
enum Gives {
    All,
    /// Nothing so many times, then all.
    NothingAtFirst(usize),
    /// The first bytes, and it stands by that.
    Part(usize),
    /// Half a gigabyte.
    Flood,
    /// Nothing, not even how large it is; it lies there all the same.
    NoAnswer,
    /// Nothing, although it says how large it is.
    Silent,
    /// Nothing, and it hangs up.
    HangsUp,
}

/// What follows an answer.
enum Then {
    Done,
    Flood,
    HangsUp,
}

struct MailOnServer {
    uid: usize,
    bytes: Vec<u8>,
    gives: Gives,
}

/// A server of IMAP with one folder.
struct Shaky {
    port: u16,
    mails: Arc<Mutex<Vec<MailOnServer>>>,
    taken: Arc<AtomicUsize>,
    changed: watch::Sender<()>,
    task: JoinHandle<()>,
}

impl Shaky {
    async fn start(post: &Post) -> Self {
        let acceptor = acceptor(post);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mails: Arc<Mutex<Vec<MailOnServer>>> = Arc::default();
        let taken = Arc::new(AtomicUsize::new(0));
        let (changed, change) = watch::channel(());
        let (kept, counted) = (Arc::clone(&mails), Arc::clone(&taken));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, mails, change) = (acceptor.clone(), Arc::clone(&kept), change.clone());
                let taken = Arc::clone(&counted);
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        let _ = converse(BufReader::new(stream), &mails, change, &taken).await;
                    }
                });
            }
        });
        Self { port, mails, taken, changed, task }
    }

    /// Puts mails into the folder, all at the same moment.
    fn deliver(&self, some: &[(&str, Gives)]) {
        let mut mails = self.mails.lock().unwrap();
        for (text, gives) in some {
            let long = format!("{text}\n{}", "And more of it. ".repeat(20));
            let mail = letter("Anna <anna@x.example>", "us@mail.test", text, "", &long).replace('\n', "\r\n");
            let uid = mails.last().map_or(1, |last| last.uid + 1);
            mails.push(MailOnServer { uid, bytes: mail.into_bytes(), gives: *gives });
        }
        drop(mails);
        self.changed.send_replace(());
    }

    fn heal(&self) {
        self.mails.lock().unwrap().iter_mut().for_each(|mail| mail.gives = Gives::All);
    }

    fn pass_over(&self) {
        self.mails.lock().unwrap().iter_mut().for_each(|mail| mail.gives = Gives::NoAnswer);
    }

    fn empty(&self) {
        self.mails.lock().unwrap().clear();
    }
}

impl Drop for Shaky {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn converse<S>(
    mut stream: BufReader<S>,
    mails: &Mutex<Vec<MailOnServer>>,
    mut change: watch::Receiver<()>,
    taken: &AtomicUsize,
) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(b"* OK shaky\r\n").await?;
    stream.flush().await?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let (tag, command) = line.trim_end().split_once(' ').unwrap_or_default();
        let exists = || format!("* {} EXISTS\r\n", mails.lock().unwrap().len());
        let answer = if command == "CAPABILITY" {
            "* CAPABILITY IMAP4rev1 IDLE\r\n".to_owned()
        } else if command.starts_with("EXAMINE") {
            let next = mails.lock().unwrap().last().map_or(1, |last| last.uid + 1);
            format!("{}* OK [UIDVALIDITY 7] valid\r\n* OK [UIDNEXT {next}] next\r\n", exists())
        } else if command.starts_with("UID SEARCH") {
            let uids: Vec<String> = mails.lock().unwrap().iter().map(|mail| mail.uid.to_string()).collect();
            format!("* SEARCH {}\r\n", uids.join(" "))
        } else if command == "IDLE" {
            stream.write_all(b"+ idling\r\n").await?;
            stream.flush().await?;
            let mut done = String::new();
            tokio::select! {
                _ = change.changed() => {
                    stream.write_all(exists().as_bytes()).await?;
                    stream.flush().await?;
                    stream.read_line(&mut done).await?;
                }
                read = stream.read_line(&mut done) => { read?; }
            }
            String::new()
        } else if let Some(fetch) = command.strip_prefix("UID FETCH ") {
            let (answer, then) = fetched(&mut mails.lock().unwrap(), fetch);
            if matches!(then, Then::HangsUp) {
                stream.write_all(format!("{answer}* BYE internal error\r\n").as_bytes()).await?;
                return stream.shutdown().await;
            }
            if matches!(then, Then::Flood) {
                stream.write_all(answer.as_bytes()).await?;
                let (mut reading, mut writing) = tokio::io::split(stream);
                let mut nothing = [0; 1];
                loop {
                    tokio::select! {
                        written = writing.write_all(&[b'x'; 8192]) => written?,
                        read = reading.read(&mut nothing) => { if read? == 0 { return Ok(()) } }
                    }
                    taken.fetch_add(8192, Ordering::SeqCst);
                }
            }
            answer
        } else {
            String::new()
        };
        stream.write_all(format!("{answer}{tag} OK done\r\n").as_bytes()).await?;
        stream.flush().await?;
    }
}

/// What is said about the mails of a set, and what follows.
fn fetched(mails: &mut [MailOnServer], fetch: &str) -> (String, Then) {
    let (set, what) = fetch.split_once(' ').unwrap();
    let is_in = |uid: usize| {
        set.split(',').any(|part| match part.split_once(':') {
            Some((from, _)) => uid >= from.parse().unwrap(),
            None => part.parse() == Ok(uid),
        })
    };
    let part = what.split_once("[]<").map(|(_, part)| part.split_once('.').unwrap().0.parse::<usize>().unwrap());
    let mut answer = String::new();
    for (n, mail) in mails.iter_mut().enumerate().filter(|(_, mail)| is_in(mail.uid)) {
        let (n, uid, all) = (n + 1, mail.uid, String::from_utf8(mail.bytes.clone()).unwrap());
        if what.contains("RFC822.SIZE") {
            if matches!(mail.gives, Gives::NoAnswer) {
                continue;
            }
            let said = format!("UID {uid} RFC822.SIZE {} INTERNALDATE \"02-Nov-2026 10:00:00 +0100\"", all.len());
            answer.push_str(&format!("* {n} FETCH ({said})\r\n"));
            continue;
        }
        let given = match mail.gives {
            Gives::All => all.as_str(),
            Gives::NothingAtFirst(0) => all.as_str(),
            Gives::NothingAtFirst(times) => {
                mail.gives = Gives::NothingAtFirst(times - 1);
                ""
            }
            Gives::Part(length) => &all[..length],
            Gives::NoAnswer | Gives::Silent => continue,
            Gives::HangsUp => return (answer, Then::HangsUp),
            Gives::Flood => {
                answer.push_str(&format!("* {n} FETCH (UID {uid} BODY[] {{524288000}}\r\n"));
                return (answer, Then::Flood);
            }
        };
        let given = &given[part.unwrap_or(0).min(given.len())..];
        let origin = part.map_or_else(String::new, |at| format!("<{at}>"));
        answer.push_str(&format!("* {n} FETCH (UID {uid} BODY[]{origin} {{{}}}\r\n{given})\r\n", given.len()));
    }
    (answer, Then::Done)
}

/// An office whose mailbox is on such a server.
async fn office(world: World) -> Option<(Office, Shaky)> {
    let mut office = Office::open(world).await?;
    let shaky = Shaky::start(&office.post).await;
    let mut settings = office.post.settings(&format!("shaky-{}", office.address));
    settings.imap.port = shaky.port;
    office.channel = office.connect(settings).await;
    Some((office, shaky))
}

/// The first lines of all that came in.
async fn came(office: &Office) -> Vec<String> {
    let mut found = Vec::new();
    for one in office.conversations(office.channel.id).await {
        let thread = office.thread(one).await;
        found.extend(texts(&thread).into_iter().filter_map(|text| text.lines().next()).map(str::to_owned));
    }
    found.sort();
    found
}

async fn until_came(office: &Office, wanted: &[&str]) {
    office.until(&format!("{wanted:?} came"), async || (came(office).await == wanted).then_some(())).await;
}

async fn r9_a_mail_that_is_not_given_holds_up_nothing_and_comes_when_it_is(world: World) {
    let Some((office, shaky)) = office(world).await else { return };
    let receiving = office.receive();
    office.connected(office.channel.id).await;
    // It fails for a moment.
    shaky.deliver(&[("once", Gives::NothingAtFirst(1))]);
    until_came(&office, &["once"]).await;
    assert!(office.quarantine().await.is_empty());
    // It fails on.
    shaky.deliver(&[("none", Gives::NothingAtFirst(usize::MAX)), ("part", Gives::Part(210)), ("good", Gives::All)]);
    until_came(&office, &["good", "once"]).await;
    let kept = office.quarantine().await;
    let reasons: Vec<&str> = kept.iter().map(|mail| mail.reason.as_str()).collect();
    assert_eq!(kept.len(), 2, "{reasons:?}");
    for (mail, given) in kept.iter().rev().zip([0, 210]) {
        let wanted = format!(
            "The mail server gives {given} of its {} bytes. Tandem asks for it again automatically.",
            mail.size
        );
        assert!(reasons.contains(&wanted.as_str()), "{wanted}: {reasons:?}");
        assert!(mail.digest.is_empty() && mail.size > 210, "{mail:?}");
    }
    // Whoever begins anew passes them over as well, and counts them for what they are.
    drop(receiving);
    office.world.wait(3_600_000);
    let _receiving = office.receive();
    let ledger = office
        .until("it is counted", async || {
            let ledger = office.ledger(office.channel.id).await;
            (ledger.on_server == 4).then_some(ledger)
        })
        .await;
    assert_eq!((ledger.here, ledger.before), (2, 0), "a withheld mail must not count as older than the connection");
    // When it gives them, they come, and nobody waits for the next comparison.
    shaky.heal();
    shaky.deliver(&[("wakes", Gives::All)]);
    until_came(&office, &["good", "none", "once", "part", "wakes"]).await;
    assert!(office.quarantine().await.is_empty());
}

async fn r9_a_mail_of_which_nothing_comes_waits_where_people_see_it(world: World) {
    let Some((office, shaky)) = office(world).await else { return };
    let _receiving = office.receive();
    office.connected(office.channel.id).await;
    shaky.deliver(&[
        ("before", Gives::All),
        ("silent", Gives::Silent),
        ("unlisted", Gives::NoAnswer),
        ("behind", Gives::All),
    ]);
    until_came(&office, &["before", "behind"]).await;
    let kept = office.quarantine().await;
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert!(kept.iter().all(|mail| mail.reason.contains("lists this e-mail but does not deliver it")), "{kept:?}");
    shaky.heal();
    shaky.deliver(&[("wakes", Gives::All)]);
    until_came(&office, &["before", "behind", "silent", "unlisted", "wakes"]).await;
    assert!(office.quarantine().await.is_empty());
}

async fn r9_a_mail_that_ends_the_connection_holds_up_nothing(world: World) {
    let Some((office, shaky)) = office(world).await else { return };
    let _receiving = office.receive();
    office.connected(office.channel.id).await;
    shaky.deliver(&[("before", Gives::All), ("cut", Gives::HangsUp), ("behind", Gives::All)]);
    until_came(&office, &["before", "behind"]).await;
    let kept = office.quarantine().await;
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert!(kept[0].reason.contains("ends the connection") && kept[0].digest.is_empty(), "{kept:?}");
    shaky.heal();
    let scope = &office.world.owner.scope;
    let again = office.email.try_again(scope, kept[0].id).await.unwrap();
    office.world.db.write(scope, again).await.unwrap();
    until_came(&office, &["before", "behind", "cut"]).await;
    assert!(office.quarantine().await.is_empty());
}

async fn r9_trying_again_asks_the_server(world: World) {
    let Some((office, shaky)) = office(world).await else { return };
    let receiving = office.receive();
    office.connected(office.channel.id).await;
    shaky.deliver(&[("first", Gives::Part(190)), ("second", Gives::NothingAtFirst(usize::MAX))]);
    let kept = office.until("both wait", async || Some(office.quarantine().await).filter(|kept| kept.len() == 2)).await;
    // Nobody else asks for them.
    drop(receiving);
    let again = async |id| {
        let scope = &office.world.owner.scope;
        let again = office.email.try_again(scope, id).await.unwrap();
        office.world.db.write(scope, again.clone()).await.unwrap();
        again.tried
    };
    for mail in &kept {
        let tried = again(mail.id).await;
        assert!(matches!(tried, Tried::Unread(ref reason) if reason.contains("of its")), "{tried:?}");
    }
    assert_eq!(office.quarantine().await.len(), 2);
    shaky.heal();
    let tried = again(kept[0].id).await;
    assert!(matches!(tried, Tried::Letter(_)), "{tried:?}");
    assert_eq!(came(&office).await.len(), 1);
    assert_eq!(office.quarantine().await.len(), 1);
    again(kept[0].id).await;
    assert_eq!(came(&office).await.len(), 1, "two clicks make one message");
    shaky.pass_over();
    let tried = again(kept[1].id).await;
    assert!(
        matches!(tried, Tried::Unread(_)),
        "one answer leaves the mail out although it is in the folder: {tried:?}"
    );
    assert_eq!(office.quarantine().await.len(), 1);
    shaky.empty();
    let tried = again(kept[1].id).await;
    assert!(matches!(tried, Tried::Gone), "{tried:?}");
    assert!(office.quarantine().await.is_empty());
}

async fn r9_an_old_mail_that_is_tried_again_waits_for_nobody(world: World) {
    let Some((office, _shaky)) = office(world).await else { return };
    {
        let _receiving = office.receive();
        office.connected(office.channel.id).await;
    }
    let (scope, channel) = (office.world.system(), office.channel.id);
    let mut reader = office.world.db.reader().await.unwrap();
    let folder = mail::folder(&mut reader.conn(), &scope, channel, "INBOX").await.unwrap().unwrap();
    drop(reader);
    let (before, validity) = (folder.first_uid, folder.uid_validity);
    // Its number tells; where that means nothing any more, it is for people.
    for (text, uid, uid_validity) in
        [("old", before, validity), ("new", before + 1, validity), ("renumbered", before, validity + 1)]
    {
        let from = format!("{text}@x.example");
        let raw = letter(&from, &office.address, text, "", text).replace('\n', "\r\n");
        let (digest, size, _) = office.files.keep(raw.into_bytes().into()).await.unwrap();
        let (id, letter) = (MailId::new(new_id()), Err("It could not be read.".to_owned()));
        let arrived = Arrived { id, uid, digest, size: i64::try_from(size).unwrap(), old: false, letter };
        let place = Place { folder: "INBOX".to_owned(), uid_validity };
        office.world.db.write(&scope, ReceiveMails { channel, place, step: None, mails: vec![arrived] }).await.unwrap();
        let again = office.email.try_again(&office.world.owner.scope, id).await.unwrap();
        office.world.db.write(&office.world.owner.scope, again).await.unwrap();
    }
    let all = office.conversations(channel).await;
    assert_eq!(all.len(), 3);
    for one in all {
        let is_old = texts(&office.thread(one).await) == ["old"];
        assert_eq!(office.world.row(one).await.state.status == Status::Closed, is_old);
    }
}

async fn s55_a_mail_without_an_end_holds_up_nothing(world: World) {
    let Some((office, shaky)) = office(world).await else { return };
    let _receiving = office.receive();
    office.connected(office.channel.id).await;
    shaky.deliver(&[("before", Gives::All), ("flood", Gives::Flood), ("behind", Gives::All)]);
    until_came(&office, &["before", "behind"]).await;
    let kept = office.quarantine().await;
    assert_eq!(kept.len(), 1);
    assert!(kept[0].reason.contains("announced a mail with") && kept[0].digest.is_empty(), "{kept:?}");
    let taken = shaky.taken.load(Ordering::SeqCst);
    assert!(taken < 16 * 1024 * 1024, "{taken} bytes of it went into the socket");
}
