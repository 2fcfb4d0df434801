//! Administering a mailbox: backfill, pause, retry of a quarantined mail, STARTTLS (H1, H9).

use channels::ReceiverHealth;
use domain::mail::{Arrived, Backfill, BeginFolder, ConnectMailbox, PauseChannel, ReceiveMails};
use model::{AccountState, ChannelId, DeliveryState, Entry, Host, MailOutcome, Security, Status, Timestamp};
use store::{account, mail::Place};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::{
    desk::Desk,
    office::{Office, letter, texts},
};
use crate::world::World;

on_both_engines!(
    h1_what_came_before_is_brought_in_when_it_is_asked_for,
    h9_a_paused_mailbox_rests_and_misses_nothing,
    h9_an_edited_mailbox_has_one_reader,
    r9_a_mail_in_quarantine_can_be_tried_again,
    h9_a_mailbox_by_starttls,
    h1_a_backfill_from_before_all_time_stops_nothing,
    h1_a_backfill_reaches_back_to_the_beginning_of_time_at_most,
);

async fn h1_what_came_before_is_brought_in_when_it_is_asked_for(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let address = format!("{}x@mail.test", office.address.split('@').next().unwrap());
    for (name, head) in [("first", ""), ("second", "References: <first@x.example>\n"), ("other", "")] {
        let head = format!("Message-ID: <{name}@x.example>\n{head}");
        office.post.deliver("anna@x.example", &address, &letter("anna@x.example", &address, "Old", &head, name)).await;
    }
    office.until("the old mails lie there", async || (office.post.lying(&address) == 3).then_some(())).await;
    // The server's dates are whole seconds.
    office.world.wait(2000);
    let channel = office.connect(office.post.settings(&address)).await;
    let _receiving = office.receive();
    office.connected(channel.id).await;
    let head = "Message-ID: <third@x.example>\nReferences: <first@x.example> <second@x.example>\n";
    let third = letter("anna@x.example", &address, "Old", head, "third");
    office.post.deliver("anna@x.example", &address, &third).await;
    let live = office.conversations_when(channel.id, 1).await[0];
    assert_eq!(texts(&office.thread(live).await), ["third"], "mails from before the connection are not taken in");
    let state = office.world.row(live).await.state;
    // The thread's beginning is brought in behind its end, and joins it: its end names it.

    let backfill = Backfill { id: channel.id, since: Timestamp(office.world.now().0 - 86_400_000) };
    office.world.db.write(&office.world.owner.scope, backfill).await.unwrap();
    office
        .until("what came before is here", async || {
            office.world.wait(1000);
            let mut found = Vec::new();
            for one in office.conversations(channel.id).await {
                found.extend(texts(&office.thread(one).await).into_iter().map(str::to_owned));
            }
            found.sort();
            (found == ["first", "other", "second", "third"]).then_some(())
        })
        .await;
    assert_eq!(office.world.row(live).await.state, state, "a backfilled mail changes no other conversation");
    for old in office.conversations(channel.id).await.into_iter().filter(|one| *one != live) {
        assert_eq!(texts(&office.thread(old).await), ["other"]);
        assert_eq!(
            office.world.row(old).await.state.status,
            Status::Closed,
            "nobody waits for an answer to a backfilled mail"
        );
    }
    // Asked for again, nothing comes twice.
    office.world.db.write(&office.world.owner.scope, backfill).await.unwrap();
    let fourth = letter("anna@x.example", &address, "New", "", "fourth");
    office.post.deliver("anna@x.example", &address, &fourth).await;
    let mut all = Vec::new();
    office
        .until("the fourth came", async || {
            office.world.wait(1000);
            all.clear();
            for one in office.conversations(channel.id).await {
                all.extend(texts(&office.thread(one).await).into_iter().map(str::to_owned));
            }
            all.iter().any(|text| text == "fourth").then_some(())
        })
        .await;
    assert_eq!(all.len(), 5, "{all:?}");
}

async fn h9_a_paused_mailbox_rests_and_misses_nothing(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let id = office.channel.id;
    let pause = async |paused| {
        office.world.db.write(&office.world.owner.scope, PauseChannel { id, paused }).await.unwrap();
    };
    let receiving = office.receive();
    office.connected(id).await;
    let before = office.account(id).await;
    pause(true).await;
    // Whoever receives may be about to say that all is well: that was before.
    ReceiverHealth::of(office.world.db.clone(), &before).is_well().await.unwrap();
    assert_eq!(office.account(id).await.state, AccountState::Paused);
    drop(receiving);
    let mail = letter("anna@x.example", &office.address, "Meanwhile", "", "Hello");
    office.post.deliver("anna@x.example", &office.address, &mail).await;
    office.world.wait(3_600_000);
    let mut reader = office.world.db.reader().await.unwrap();
    let due = account::due(&mut reader.conn(), office.world.now()).await.unwrap();
    drop(reader);
    assert!(due.iter().all(|(_, due)| *due != id), "a paused mailbox is not read");
    pause(false).await;
    let _receiving = office.receive();
    office.connected(id).await;
    assert_eq!(office.conversations_when(id, 1).await.len(), 1);
}

async fn h9_an_edited_mailbox_has_one_reader(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let id = office.channel.id;
    let _receiving = office.receive();
    office.connected(id).await;
    let former = reader_of(&office, id).await;
    assert!(former.is_some(), "the mailbox is read again");
    let mut settings = office.post.settings(&office.address);
    settings.name = "Another name".to_owned();
    office.world.db.write(&office.world.owner.scope, ConnectMailbox { id, settings, secret: None }).await.unwrap();
    // The same process takes it once more, and under another name: what the former reader gives up at its end is not this one's.
    office.until("it is read anew", async || (reader_of(&office, id).await != former).then_some(())).await;
    office.connected(id).await;
}

/// Who receives for an account.
async fn reader_of(office: &Office, channel: ChannelId) -> Option<String> {
    let sql = "SELECT lease_owner FROM channel_account WHERE workspace_id = $1 AND channel_id = $2";
    let values = vec![office.world.workspace.into(), channel.into()];
    let mut reader = office.world.db.reader().await.unwrap();
    reader.conn().one::<(Option<String>,)>(sql, values).await.unwrap().0
}

async fn r9_a_mail_in_quarantine_can_be_tried_again(world: World) {
    let Some(office) = Office::open(world).await else { return };
    {
        let _receiving = office.receive();
        office.connected(office.channel.id).await;
    }
    // As an older version left it: it could not read what this one can.
    let raw = letter("anna@x.example", &office.address, "Hard to read", "", "Hello").replace('\n', "\r\n");
    let (digest, size, _) = office.files.keep(raw.into_bytes().into()).await.unwrap();
    let id = model::MailId::new(store::clock::new_id());
    let letter = Err("It could not be read.".to_owned());
    let arrived = Arrived { id, uid: 4_000_000, digest, size: i64::try_from(size).unwrap(), old: false, letter };
    let place = Place { folder: "INBOX".to_owned(), uid_validity: 1 };
    let take = ReceiveMails { channel: office.channel.id, place, step: None, mails: vec![arrived] };
    office.world.db.write(&office.world.system(), take).await.unwrap();
    assert_eq!(office.quarantine().await.len(), 1);

    let again = async || {
        let again = office.email.try_again(&office.world.owner.scope, id).await.unwrap();
        office.world.db.write(&office.world.owner.scope, again).await.unwrap();
    };
    again().await;
    assert!(office.quarantine().await.is_empty());
    // Pressed twice, or by two: it is one message.
    again().await;
    let conversations = office.conversations(office.channel.id).await;
    assert_eq!(conversations.len(), 1);
    let thread = office.thread(conversations[0]).await;
    assert_eq!(texts(&thread), ["Hello"]);
    assert_eq!(thread[0].mail().unwrap().subject, "Hard to read");
    let mut reader = office.world.db.reader().await.unwrap();
    let kept = store::mail::one(&mut reader.conn(), &office.world.system(), id).await.unwrap().unwrap();
    assert_eq!((kept.outcome, kept.message), (MailOutcome::Taken, Some(thread[0].id)));
}

async fn h9_a_mailbox_by_starttls(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let address = format!("{}s@mail.test", office.address.split('@').next().unwrap());
    let mut settings = office.post.settings(&address);
    let host = |port| Host { name: "localhost".to_owned(), port, security: Security::StartTls };
    (settings.imap, settings.smtp) = (host(office.post.imap), host(office.post.smtp));
    let channel = office.connect(settings).await;
    let _receiving = office.receive();
    office.connected(channel.id).await;
    let mail = letter("anna@sink.test", &address, "Hello", "", "Hi");
    office.post.deliver("anna@sink.test", &address, &mail).await;
    let conversation = office.conversations_when(channel.id, 1).await[0];
    office.world.reply(&office.world.owner, conversation, "Hello Anna").await.unwrap();
    office.world.wait(11_000);
    office.work().await;
    let thread = office.thread(conversation).await;
    let Entry::Outgoing { delivery, .. } = &thread[1].entry else { panic!("outgoing") };
    assert_eq!(delivery.state, DeliveryState::Sent, "{}", delivery.reason);

    // Somebody on the way takes the encryption out of what is offered: then nothing is said, least of all the password.
    let without = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let mut plain = office.post.settings(&format!("n{address}"));
    plain.imap.port = without.local_addr().unwrap().port();
    plain.imap.security = Security::StartTls;
    let refused = office.connect(plain).await;
    let told = office.account_when(refused.id, "it is told", |found| {
        office.world.wait(1000);
        found.state != AccountState::Connected && found.reason.contains("STARTTLS")
    });
    let (said, _) = tokio::join!(refuse_starttls(without), told);
    assert!(said.ends_with("STARTTLS\r\n") && said.lines().count() == 1, "{said:?}");
}

/// A server that takes no STARTTLS; gives back all that was said to it.
async fn refuse_starttls(listener: TcpListener) -> String {
    let (mut stream, _) = listener.accept().await.unwrap();
    stream.write_all(b"* OK [CAPABILITY IMAP4rev1] hello\r\n").await.unwrap();
    let mut said = vec![0; 200];
    let length = stream.read(&mut said).await.unwrap();
    said.truncate(length);
    let tag = String::from_utf8_lossy(&said).split(' ').next().unwrap_or_default().to_owned();
    stream.write_all(format!("{tag} BAD unknown\r\n").as_bytes()).await.unwrap();
    stream.read_to_end(&mut said).await.unwrap();
    String::from_utf8(said).unwrap()
}

/// No server knows a day in the year -711, and whoever asks for one is told that it makes no sense.
async fn h1_a_backfill_from_before_all_time_stops_nothing(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let address = format!("{}b@mail.test", office.address.split('@').next().unwrap());
    let old = letter("anna@x.example", &address, "Old", "", "From before");
    office.post.deliver("anna@x.example", &address, &old).await;
    office.until("the old mail lies there", async || (office.post.lying(&address) == 1).then_some(())).await;
    office.world.wait(2000);
    let channel = office.connect(office.post.settings(&address)).await;
    let _receiving = office.receive();
    office.connected(channel.id).await;
    for since in [i64::MIN, -84_606_390_000_000, -1] {
        let backfill = Backfill { id: channel.id, since: Timestamp(since) };
        office.world.db.write(&office.world.owner.scope, backfill).await.unwrap();
        office.world.wait(60_000);
    }
    office.conversations_when(channel.id, 1).await;
    let new = letter("anna@x.example", &address, "New", "", "From now on");
    office.post.deliver("anna@x.example", &address, &new).await;
    office
        .until("the new one came", async || {
            office.world.wait(1000);
            (office.conversations(channel.id).await.len() == 2).then_some(())
        })
        .await;
    office.connected(channel.id).await;
}

/// Where what is wanted begins is kept, and asked for again with every connection.
async fn h1_a_backfill_reaches_back_to_the_beginning_of_time_at_most(world: World) {
    let desk = Desk::open(world).await;
    let (channel, name, since) = (desk.channel.id, "INBOX".to_owned(), desk.world.now());
    let begin = BeginFolder { channel, name, uid_validity: 1, last_uid: 0, first_uid: 0, since };
    desk.world.db.write(&desk.world.system(), begin).await.unwrap();
    for since in [-1, -84_606_390_000_000, i64::MIN] {
        let backfill = Backfill { id: channel, since: Timestamp(since) };
        desk.world.db.write(&desk.world.owner.scope, backfill).await.unwrap();
        let mut reader = desk.world.db.reader().await.unwrap();
        let system = desk.world.system();
        let folder = store::mail::folder(&mut reader.conn(), &system, channel, "INBOX").await.unwrap();
        assert_eq!(folder.unwrap().since, Timestamp(0), "{since}");
    }
}
