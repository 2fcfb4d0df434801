//! R8: the mail server is away while mails wait, comes back with another UIDVALIDITY, and crashes in between.
//!
//! `TANDEM_MAILS` says how many mails wait (400), so that a run also works on a busy machine.

use std::{path::PathBuf, process::Command, time::Instant};

use model::AccountState;
use store::account;
use tempfile::TempDir;

use super::office::{Office, Post, letter};
use crate::world::World;

on_both_engines!(r8_what_waited_during_an_outage_comes_in_once_and_in_order);

/// A mail server that nobody else uses, so that it may fall over.
struct Own {
    post: Post,
    folder: TempDir,
}

fn script(command: &str, folder: &TempDir) -> String {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scripts/mailserver");
    let done = Command::new(script).arg(command).arg(folder.path()).output().expect("the script can be called");
    assert!(done.status.success(), "mailserver {command}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

impl Own {
    fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("tandem-mail").tempdir_in("/tmp").unwrap();
        let post = serde_json::from_str(&script("start", &folder)).unwrap();
        Self { post, folder }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        script("stop", &self.folder);
    }
}

fn waiting() -> usize {
    std::env::var("TANDEM_MAILS").map_or(400, |mails| mails.parse().expect("TANDEM_MAILS is a number"))
}

async fn r8_what_waited_during_an_outage_comes_in_once_and_in_order(world: World) {
    if Post::given().is_none() {
        return;
    }
    let own = Own::start();
    let office = Office::at(world, own.post.clone()).await;
    let _receiving = office.receive();
    office.connected(office.channel.id).await;
    let before = letter("anna@x.example", &office.address, "Before", "", "Before the outage");
    own.post.deliver("anna@x.example", &office.address, &before).await;
    office.conversations_when(office.channel.id, 1).await;

    script("halt", &own.folder);
    let account = office
        .until("the outage is told", async || {
            let mut reader = office.world.db.reader().await.unwrap();
            let found =
                account::one(&mut reader.conn(), &office.world.system(), office.channel.id).await.unwrap().unwrap();
            office.world.wait(500);
            (found.state == AccountState::Waiting).then_some(found)
        })
        .await;
    assert!(!account.reason.is_empty() && !account.next_step.is_empty(), "{account:?}");
    let n = waiting();
    let mails = (0..n).map(|n| {
        let (from, head) = (format!("P{n} <p{n}@x.example>"), format!("Message-ID: <{n}@x.example>\n"));
        letter(&from, &office.address, &format!("Mail {n}"), &head, &format!("{n}")).replace('\n', "\r\n").into_bytes()
    });
    own.post.drop_in(&office.address, mails);
    // It forgets its numbers as well.
    own.post.renumber(&office.address);
    script("resume", &own.folder);
    let begun = Instant::now();
    let mut crashed = false;
    loop {
        // An hour passes in a moment: whoever waits to try again does so now.
        office.world.wait(60_000);
        let came = office.conversations(office.channel.id).await.len();
        if came > n {
            break;
        }
        if came > n / 2 && !crashed {
            script("crash", &own.folder);
            crashed = true;
        }
        assert!(begun.elapsed().as_secs() < 300, "{came} of {n} came in");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    eprintln!("R8: {n} waiting mails came in within {:?}", begun.elapsed());
    let mut subjects = Vec::new();
    for conversation in office.conversations(office.channel.id).await {
        let thread = office.thread(conversation).await;
        assert_eq!(thread.len(), 1, "a mail came twice: {thread:?}");
        subjects.push(thread[0].mail().unwrap().subject.clone());
    }
    let wanted: Vec<String> = std::iter::once("Before".to_owned()).chain((0..n).map(|n| format!("Mail {n}"))).collect();
    assert_eq!(subjects, wanted, "the mails are in order, oldest first");
}
