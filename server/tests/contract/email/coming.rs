//! Incoming mails: each is stored once, in order, even if processes are killed.

use model::{AccountState, ConversationId, EventBody, MailOutcome};
use store::{
    account::{self, Account},
    message,
};

use super::office::{Office, letter, texts};
use crate::world::World;

on_both_engines!(
    h1_mails_come_in_once_and_in_order,
    h1_what_waits_in_the_mailbox_is_left_alone,
    h1_a_kill_loses_and_doubles_nothing,
    h1_new_numbers_bring_nothing_twice,
    r9_poison_waits_for_a_person_and_the_stream_goes_on,
    s10_bombs_arrive_and_say_that_there_is_more,
    t3_large_files_arrive_whole,
    h9_a_wrong_password_is_not_tried_again,
);

async fn h1_mails_come_in_once_and_in_order(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let _receiving = office.receive();
    office.connected(office.channel.id).await;
    for n in 1..=5 {
        let head = if n > 1 {
            "References: <first@x.example>\n".to_owned()
        } else {
            "Message-ID: <first@x.example>\n".to_owned()
        };
        let text = letter("Anna <anna@x.example>", &office.address, "Delivery", &head, &format!("Mail {n}"));
        office.post.deliver("anna@x.example", &office.address, &text).await;
    }
    let conversation = office.conversations_when(office.channel.id, 1).await[0];
    let thread = office.thread_when(conversation, 5).await;
    assert_eq!(texts(&thread), ["Mail 1", "Mail 2", "Mail 3", "Mail 4", "Mail 5"]);
    let head = thread[0].mail().unwrap();
    assert_eq!((head.subject.as_str(), head.parties.to[0].address.as_str()), ("Delivery", office.address.as_str()));
    assert_eq!(office.conversations(office.channel.id).await.len(), 1, "both mails are in one thread");
    let details = office.world.thread(&office.world.owner, conversation).await.unwrap();
    assert_eq!((details.address.as_str(), details.contact.unwrap().name.as_str()), ("anna@x.example", "Anna"));
}

async fn h1_what_waits_in_the_mailbox_is_left_alone(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let address = format!("{}x@mail.test", office.address.split('@').next().unwrap());
    let old = letter("anna@x.example", &address, "Old", "", "From before");
    office.post.deliver("anna@x.example", &address, &old).await;
    office.until("the old mail lies there", async || (office.post.lying(&address) == 1).then_some(())).await;
    // The server's dates are whole seconds.
    office.world.wait(2000);
    let channel = office.connect(office.post.settings(&address)).await;
    let _receiving = office.receive();
    office.connected(channel.id).await;
    let new = letter("anna@x.example", &address, "New", "", "From now on");
    office.post.deliver("anna@x.example", &address, &new).await;
    let conversation = office.conversations_when(channel.id, 1).await[0];
    assert_eq!(texts(&office.thread(conversation).await), ["From now on"]);
    let ledger = office.ledger(channel.id).await;
    assert_eq!(
        (ledger.on_server, ledger.here, ledger.before),
        (1, 0, 1),
        "the folder was counted before the new mail came"
    );
}

/// The process ends at any moment, forty times over, and another one goes on.
async fn h1_a_kill_loses_and_doubles_nothing(world: World) {
    let Some(office) = Office::open(world).await else { return };
    {
        let _receiving = office.receive();
        office.connected(office.channel.id).await;
    }
    let mails = (0..200).map(|n| {
        let head = format!("Message-ID: <{n}@x.example>\n");
        letter("Anna <anna@x.example>", &office.address, "Many", &head, &format!("Mail {n}"))
            .replace('\n', "\r\n")
            .into_bytes()
    });
    office.post.drop_in(&office.address, mails);
    let mut pause = 5;
    let taken = async || office.conversations(office.channel.id).await.len();
    while taken().await < 200 {
        office.world.wait(60_000);
        let receiving = office.receive();
        tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
        drop(receiving);
        pause = (pause * 3 / 2).min(2000);
    }
    let conversations = office.conversations(office.channel.id).await;
    let mut found = Vec::new();
    for conversation in conversations {
        found.extend(texts(&office.thread(conversation).await).into_iter().map(str::to_owned));
    }
    found.sort();
    let mut wanted: Vec<String> = (0..200).map(|n| format!("Mail {n}")).collect();
    wanted.sort();
    assert_eq!(found, wanted);
}

/// R8: the server numbers its mails anew; what came before is known by what it says, and what says nothing by its bytes.
async fn h1_new_numbers_bring_nothing_twice(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let returned = {
        let _receiving = office.receive();
        office.connected(office.channel.id).await;
        for n in 1..=3 {
            let text = letter("anna@x.example", &office.address, &format!("Mail {n}"), "", "Hello");
            office.post.deliver("anna@x.example", &office.address, &text).await;
        }
        let known = office.conversations_when(office.channel.id, 3).await;
        office.post.drop_in(&office.address, [poison(0)]);
        office.until("it is in quarantine", async || (office.quarantine().await.len() == 1).then_some(())).await;
        bounced(&office, &known).await
    };
    office.post.renumber(&office.address);
    let fourth = letter("anna@x.example", &office.address, "Mail 4", "", "Hello");
    office.post.deliver("anna@x.example", &office.address, &fourth).await;
    office.world.wait(60_000);
    let _receiving = office.receive();
    office.conversations_when(office.channel.id, 5).await;
    office.connected(office.channel.id).await;
    assert_eq!(office.conversations(office.channel.id).await.len(), 5);
    assert_eq!(office.thread(returned).await.len(), 3, "the message bounced once");
    assert_eq!(office.quarantine().await.len(), 1);
}

/// A conversation, none of those known, whose answer was returned: a mail, the answer and the line.
async fn bounced(office: &Office, known: &[ConversationId]) -> ConversationId {
    let gone = letter("Gone <bounce-gone@mail.test>", &office.address, "Hello", "", "Hi");
    office.post.deliver("anna@x.example", &office.address, &gone).await;
    let now = office.conversations_when(office.channel.id, known.len() + 1).await;
    let conversation = now.into_iter().find(|one| !known.contains(one)).unwrap();
    office.world.reply(&office.world.owner, conversation, "Hello Gone").await.unwrap();
    office.world.wait(11_000);
    office.work().await;
    office.thread_when(conversation, 3).await;
    conversation
}

/// Bytes that are no mail, each in its own way.
fn poison(n: usize) -> Vec<u8> {
    match n % 4 {
        0 => format!("\r\nNo header, poison {n}.\r\n").into_bytes(),
        1 => format!("poison {n} ").repeat(500).into_bytes(),
        2 => (0..4000).map(|at| ((at * 7 + n) % 251) as u8 | 0x80).collect(),
        _ => format!("{}\r\n", format!("\t= {n} =\r\n").repeat(40)).into_bytes(),
    }
}

async fn r9_poison_waits_for_a_person_and_the_stream_goes_on(world: World) {
    let Some(office) = Office::open(world).await else { return };
    {
        let _receiving = office.receive();
        office.connected(office.channel.id).await;
    }
    let good = |n: usize| {
        letter("anna@x.example", &office.address, &format!("Good {n}"), "", "Hello").replace('\n', "\r\n").into_bytes()
    };
    let mails: Vec<Vec<u8>> = (0..1200).map(|n| if n % 6 == 0 { poison(n / 6) } else { good(n) }).collect();
    office.post.drop_in(&office.address, mails);
    office.world.wait(60_000);
    let _receiving = office.receive();
    let kept = office
        .until("two hundred are in quarantine", async || {
            let kept = office.quarantine().await;
            (kept.len() == 200).then_some(kept)
        })
        .await;
    assert_eq!(office.conversations_when(office.channel.id, 1000).await.len(), 1000);
    let mut sources = std::collections::BTreeSet::new();
    for mail in &kept {
        assert!(mail.outcome == MailOutcome::Quarantined && !mail.reason.is_empty(), "{mail:?}");
        sources.insert(tokio::fs::read(office.files.place(&mail.digest)).await.unwrap());
    }
    assert_eq!(sources, (0..200).map(poison).collect(), "the sources are stored unchanged");
    // It is alive.
    let after = letter("anna@x.example", &office.address, "After", "", "Hello");
    office.post.deliver("anna@x.example", &office.address, &after).await;
    office.conversations_when(office.channel.id, 1001).await;
}

/// S10: what is built to cost much arrives all the same, as much of it as is read, and says that there is more.
async fn s10_bombs_arrive_and_say_that_there_is_more(world: World) {
    let Some(office) = Office::open(world).await else { return };
    {
        let _receiving = office.receive();
        office.connected(office.channel.id).await;
    }
    let head = |name: &str| format!("From: Eve <eve@x.example>\r\nTo: {}\r\nSubject: {name}\r\n", office.address);
    let many = "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n".repeat(10_000);
    let deep: String =
        (0..1000).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n")).collect();
    let mails = [
        format!("{}Content-Type: multipart/mixed; boundary=b\r\n\r\n{many}--b--\r\n", head("parts")).into_bytes(),
        format!("{}{deep}Content-Type: text/plain\r\n\r\nx\r\n", head("multiparts")).into_bytes(),
        format!("{}{}x\r\n", head("mails"), "Content-Type: message/rfc822\r\n\r\n".repeat(100_000)).into_bytes(),
        [format!("{}\r\n", head("undeclared")).into_bytes(), vec![0xff; 6_000_000]].concat(),
        format!("{}X-Long: {}\r\n\r\nx\r\n", head("header"), "QUJD".repeat(2_000_000)).into_bytes(),
        format!("{}\r\n{}", head("large"), "A line of a very long letter.\r\n".repeat(1_300_000)).into_bytes(),
    ];
    let wanted = mails.len();
    office.post.drop_in(&office.address, mails);
    office.world.wait(60_000);
    let _receiving = office.receive();
    for conversation in office.conversations_when(office.channel.id, wanted).await {
        let message = office.thread(conversation).await.remove(0);
        let mail = message.mail().unwrap().clone();
        assert_eq!(mail.parties.from.unwrap().address, "eve@x.example", "{}", mail.subject);
        assert!(mail.cut || ["header", "multiparts"].contains(&mail.subject.as_str()), "{}", mail.subject);
    }
    assert!(office.quarantine().await.is_empty());
}

/// 25 MB, as much as most servers take, and 40 MB, more than is read of a mail; fetched in pieces.
async fn t3_large_files_arrive_whole(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let _receiving = office.receive();
    office.connected(office.channel.id).await;
    let line: Vec<u8> = (0..57).map(|at| at * 4 + 3).collect();
    let mail = |size: usize| {
        let packed = format!("{}\r\n", data_encoding::BASE64.encode(&line)).repeat(size / 57);
        let mail = format!(
            "From: Anna <anna@x.example>\r\nSubject: {size}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
             --b\r\nContent-Type: text/plain\r\n\r\nHere they are.\r\n--b\r\nContent-Type: application/octet-stream\r\n\
             Content-Disposition: attachment; filename*=utf-8''Pl%C3%A4ne.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n{packed}--b--\r\n"
        );
        mail.into_bytes()
    };
    let sizes = [25, 40].map(|megabytes| megabytes * 1024 * 1024);
    office.post.drop_in(&office.address, sizes.map(mail));
    office.world.wait(60_000);
    // Time goes on: where the machine is busy, a part of them comes by a second connection.
    let arrived = office.until("both are here", async || {
        office.world.wait(100);
        Some(office.conversations(office.channel.id).await).filter(|all| all.len() == sizes.len())
    });
    for conversation in arrived.await {
        let message = office.thread(conversation).await.remove(0);
        let [attachment] = message.attachments.as_slice() else { panic!("expected one file: {message:?}") };
        assert_eq!((attachment.name.as_str(), message.text.as_str()), ("Pläne.bin", "Here they are."));
        let head = message.mail().unwrap().clone();
        assert!(!head.cut, "{}", head.subject);
        let file = line.repeat(head.subject.parse::<usize>().unwrap() / 57);
        let mut reader = office.world.db.reader().await.unwrap();
        let kept = message::file(&mut reader.conn(), &office.world.owner.scope, attachment.id).await.unwrap().unwrap();
        assert!(
            tokio::fs::read(office.files.place(&kept.digest)).await.unwrap() == file,
            "the file is the same, byte for byte"
        );
    }
}

async fn h9_a_wrong_password_is_not_tried_again(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let channel = office.connect(office.post.settings("locked@mail.test")).await;
    let _receiving = office.receive();
    let refused = |found: &Account| found.state == AccountState::SignIn;
    let account = office.account_when(channel.id, "the refusal is noted", refused).await;
    assert!(account.reason.contains("refuses the user or the password"), "{}", account.reason);
    assert!(account.next_step.contains("app password"));
    let told = office.world.events(office.world.workspace, 0).await.into_iter().filter_map(|(_, event)| match event {
        EventBody::Channel(told) if told.id == channel.id => told.state,
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), [AccountState::Starting, AccountState::SignIn], "all members get the event");
    office.world.wait(3_600_000);
    let due = account::due(&mut office.world.db.reader().await.unwrap().conn(), office.world.now()).await.unwrap();
    assert!(due.iter().all(|(_, id)| *id != channel.id), "a retry might lock the account");
}
