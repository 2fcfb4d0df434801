//! The conversation of a mail, and who may write there (T3, S14).

use model::{Entry, Line};

use super::office::{Office, letter, texts};
use crate::world::World;

on_both_engines!(
    h1_the_whole_chain_is_looked_at,
    s14_strangers_begin_a_conversation_of_their_own,
    h1_a_mail_to_two_channels_is_one_in_each,
    h1_one_name_for_two_mails_is_two_mails,
    h1_machines_open_nothing_and_are_not_answered,
);

async fn h1_the_whole_chain_is_looked_at(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let _receiving = office.receive();
    office.connected(office.channel.id).await;
    let to = &office.address;
    // The first that reaches us answers two that did not.
    let middle = letter("anna@x.example", to, "Re: Plan", "Message-ID: <c@x>\nReferences: <a@x> <b@x>\n", "Third");
    office.post.deliver("anna@x.example", to, &middle).await;
    let conversation = office.conversations_when(office.channel.id, 1).await[0];
    // Another answers only the first of those, and is of a participant: the same thread.
    let side = letter("anna@x.example", to, "Re: Plan", "Message-ID: <d@x>\nIn-Reply-To: <a@x>\n", "Fourth");
    office.post.deliver("anna@x.example", to, &side).await;
    // A changed subject changes nothing; the nearest name counts.
    let changed = letter("anna@x.example", to, "Other words", "Message-ID: <e@x>\nReferences: <z@x> <d@x>\n", "Fifth");
    office.post.deliver("anna@x.example", to, &changed).await;
    assert_eq!(texts(&office.thread_when(conversation, 3).await), ["Third", "Fourth", "Fifth"]);
    // The same subject without a name is something new.
    let apart = letter("anna@x.example", to, "Re: Plan", "Message-ID: <f@x>\n", "New");
    office.post.deliver("anna@x.example", to, &apart).await;
    assert_eq!(office.conversations_when(office.channel.id, 2).await.len(), 2);
}

async fn s14_strangers_begin_a_conversation_of_their_own(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let _receiving = office.receive();
    office.connected(office.channel.id).await;
    let to = &office.address;
    let first = letter("anna@sink.test", to, "Secret", "Message-ID: <secret@sink.test>\n", "Mine");
    office.post.deliver("anna@sink.test", to, &first).await;
    let conversation = office.conversations_when(office.channel.id, 1).await[0];
    let sent = office.world.reply(&office.world.owner, conversation, "Yours").await.unwrap();
    office.world.wait(11_000);
    office.work().await;
    let raw = office.sunk(&sent.id.uuid().simple().to_string()).await;
    let reply_to = raw.lines().find_map(|line| line.strip_prefix("Reply-To: ")).unwrap().to_owned();
    let name = raw.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap().to_owned();
    let forgeries = [
        // Guessed, as another customer, as a colleague, with numbers of tickets.
        ("eve@x.example", to.clone(), "Re: Secret", "In-Reply-To: <secret@sink.test>\n".to_owned()),
        ("olive@corail.example", to.clone(), "Re: Secret", "References: <secret@sink.test>\n".to_owned()),
        ("eve2@x.example", to.clone(), "[#1] Secret", String::new()),
        // In the name of somebody who takes part, as forms write: anybody can fill one in.
        (
            "noreply@forms.example",
            to.clone(),
            "Re: Secret",
            "Reply-To: Anna <anna@sink.test>\nIn-Reply-To: <secret@sink.test>\n".to_owned(),
        ),
        (
            "eve3@x.example",
            to.replace('@', "+aaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaa@"),
            "Re: Secret",
            String::new(),
        ),
    ];
    for (n, (from, to, subject, head)) in forgeries.into_iter().enumerate() {
        office.post.deliver(from, &to, &letter(from, &to, subject, &head, &format!("Forged {n}"))).await;
        office.conversations_when(office.channel.id, n + 2).await;
    }
    let thread = office.thread(conversation).await;
    assert_eq!(thread.len(), 2, "a guessed name got into the thread: {thread:?}");
    // Whoever was handed our mail has its signed name, and still is a stranger: told to the team, and kept apart.
    let handed =
        letter("carl@x.example", &reply_to, "Re: Secret", &format!("In-Reply-To: {name}\n"), "I was forwarded this");
    office.post.deliver("carl@x.example", &reply_to, &handed).await;
    let own = *office.conversations_when(office.channel.id, 7).await.last().unwrap();
    let thread = office.thread_when(conversation, 3).await;
    assert!(matches!(thread[2].entry, Entry::Line { line: Line::Stranger { conversation } } if conversation == own));
    assert_eq!(texts(&office.thread(own).await), ["I was forwarded this"]);
    // Named by one of us in the copy, he takes part.
    let recipients = model::Recipients {
        to: vec![model::Mailbox::of("anna@sink.test")],
        cc: vec![model::Mailbox::of("carl@x.example")],
        bcc: Vec::new(),
    };
    let mut send = crate::world::message(conversation, model::DraftMode::Reply, "Carl is with us");
    send.compose = model::Compose::Mail(model::MailChoice { recipients, subject: None });
    office.world.db.write(&office.world.owner.scope, send).await.unwrap();
    let back = letter("carl@x.example", &reply_to, "Re: Secret", "", "Thanks");
    office.post.deliver("carl@x.example", &reply_to, &back).await;
    assert_eq!(texts(&office.thread_when(conversation, 5).await), ["Mine", "Thanks"]);
}

async fn h1_a_mail_to_two_channels_is_one_in_each(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let other = format!("{}sales@mail.test", office.address.split('@').next().unwrap());
    let sales = office.connect(office.post.settings(&other)).await;
    let _receiving = office.receive();
    office.connected(office.channel.id).await;
    office.connected(sales.id).await;
    let to = format!("{}, {other}", office.address);
    let mail = letter("anna@x.example", &to, "Both", "Message-ID: <both@x>\n", "To both");
    office.post.deliver("anna@x.example", &office.address, &mail).await;
    let first = office.conversations_when(office.channel.id, 1).await[0];
    office.post.deliver("anna@x.example", &other, &mail).await;
    let second = office.conversations_when(sales.id, 1).await[0];
    let also = async |conversation| office.thread(conversation).await[0].mail().cloned().unwrap().also;
    assert_eq!(also(second).await, [first]);
    assert_eq!(also(first).await, [second]);
    // The same mail once more, by an alias: nothing new in either.
    office.post.deliver("anna@x.example", &office.address, &mail).await;
    let third = letter("anna@x.example", &office.address, "After", "", "Later");
    office.post.deliver("anna@x.example", &office.address, &third).await;
    office.conversations_when(office.channel.id, 2).await;
    assert_eq!(office.thread(first).await.len(), 1);
}

async fn h1_one_name_for_two_mails_is_two_mails(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let _receiving = office.receive();
    office.connected(office.channel.id).await;
    for text in ["One", "Two"] {
        let mail = letter("shop@x.example", &office.address, text, "Message-ID: <always@x>\n", text);
        office.post.deliver("shop@x.example", &office.address, &mail).await;
    }
    assert_eq!(office.conversations_when(office.channel.id, 2).await.len(), 2);
}

async fn h1_machines_open_nothing_and_are_not_answered(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let _receiving = office.receive();
    office.connected(office.channel.id).await;
    let first = letter("anna@sink.test", &office.address, "Hello", "", "Hi");
    office.post.deliver("anna@sink.test", &office.address, &first).await;
    let conversation = office.conversations_when(office.channel.id, 1).await[0];
    let sent = office.world.reply(&office.world.owner, conversation, "Hello Anna").await.unwrap();
    office.world.wait(11_000);
    office.work().await;
    let raw = office.sunk(&sent.id.uuid().simple().to_string()).await;
    let name = raw.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap().to_owned();
    let before = office.world.row(conversation).await.state;
    let head = format!("In-Reply-To: {name}\nAuto-Submitted: auto-replied\n");
    let away = letter("anna@sink.test", &office.address, "Away", &head, "I am away until Monday.");
    office.post.deliver("", &office.address, &away).await;
    let thread = office.thread_when(conversation, 3).await;
    assert!(matches!(thread[2].entry, Entry::Line { line: Line::AutoReply }));
    assert_eq!(thread[2].text, "I am away until Monday.");
    assert_eq!(office.world.row(conversation).await.state, before, "an automatic mail changes nothing");
    office.work().await;
    assert_eq!(office.thread(conversation).await.len(), 3, "an automatic mail gets no answer");
}
