//! Outgoing mails: to the chosen people only, as one thread, once.

use domain::{
    inbox::ENTRIES,
    mail::{BeginMail, mailbox},
    send::SendMessage,
};
use model::{DeliveryState, DraftMode, Entry, MailChoice, Mailbox, Message, MessageId, Recipients};
use store::{clock::new_id, mail};

use super::office::{Office, letter};
use crate::world::{World, refused};

on_both_engines!(
    t5_an_answer_reaches_them_in_their_thread,
    t5_only_who_is_named_gets_it,
    t8_what_comes_back_is_tied_to_what_went_out,
    t8_a_refused_address_is_told,
    t16_a_conversation_begins_with_our_mail,
    t5_an_answer_knows_its_mail_however_much_was_noted_since,
);

fn state(message: &Message) -> DeliveryState {
    match &message.entry {
        Entry::Outgoing { delivery, .. } => delivery.state,
        _ => panic!("outgoing"),
    }
}

async fn answer(office: &Office, conversation: model::ConversationId, text: &str, mail: Option<MailChoice>) -> Message {
    let send = SendMessage {
        id: MessageId::new(new_id()),
        conversation,
        mode: DraftMode::Reply,
        text: text.to_owned(),
        attachments: Vec::new(),
        compose: mail.into(),
        seen: None,
    };
    let message = office.world.db.write(&office.world.owner.scope, send).await.unwrap();
    // The time to take it back passes.
    office.world.wait(11_000);
    office.work().await;
    message
}

async fn t5_an_answer_reaches_them_in_their_thread(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let _receiving = office.receive();
    office.connected(office.channel.id).await;
    let head =
        "Message-ID: <b@sink.test>\nIn-Reply-To: <a@sink.test>\nReferences: <a@sink.test>\nCc: Ben <ben@sink.test>\n";
    let first = letter("Anna <anna@sink.test>", &office.address, "Offer", head, "When?");
    office.post.deliver("anna@sink.test", &office.address, &first).await;
    let conversation = office.conversations_when(office.channel.id, 1).await[0];
    let sent = answer(&office, conversation, "On Friday.\nSchöne Grüße", None).await;
    let raw = office.sunk(&format!("{}", sent.id.uuid().simple())).await;
    for line in [
        "From: \"Maison Corail\" <",
        "To: Anna <anna@sink.test>",
        "Cc: Ben <ben@sink.test>",
        "Subject: Re: Offer",
        "In-Reply-To: <b@sink.test>",
        "References: <a@sink.test>\n <b@sink.test>",
        "MIME-Version: 1.0",
        "Reply-To: ",
    ] {
        assert!(raw.contains(line), "{line}:\n{raw}");
    }
    assert!(
        raw.contains("Sch=C3=B6ne Gr=C3=BC=C3=9Fe") && raw.contains("--=20\nOlive") && raw.contains("text/html"),
        "{raw}"
    );
    assert_eq!(state(&office.thread(conversation).await[1]), DeliveryState::Sent);
    // Their answer comes to the signed address, without any chain: as some telephones send it.
    let reply_to = raw.lines().find_map(|line| line.strip_prefix("Reply-To: ")).unwrap().to_owned();
    assert!(reply_to.contains('+'), "{reply_to}");
    let again = letter("Anna <anna@sink.test>", &reply_to, "Re: Offer", "", "Thanks!");
    office.post.deliver("anna@sink.test", &reply_to, &again).await;
    let thread = office.thread_when(conversation, 3).await;
    assert_eq!(thread[2].text, "Thanks!");
    assert_eq!(office.conversations(office.channel.id).await.len(), 1);
    // The copy lies in the mailbox, once.
    office.work().await;
    assert_eq!(office.post.copies(&office.address), 1);
}

async fn t5_only_who_is_named_gets_it(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let _receiving = office.receive();
    office.connected(office.channel.id).await;
    let first = letter("Anna <anna@sink.test>", &office.address, "Offer", "Cc: ben@sink.test\n", "When?");
    office.post.deliver("anna@sink.test", &office.address, &first).await;
    let conversation = office.conversations_when(office.channel.id, 1).await[0];
    let recipients = Recipients {
        to: vec![Mailbox::of("anna@sink.test")],
        cc: Vec::new(),
        bcc: vec![Mailbox::of("boss@sink.test")],
    };
    let choice = MailChoice { recipients, subject: Some("Our offer".to_owned()) };
    let sent = answer(&office, conversation, "On Friday.", Some(choice)).await;
    let raw = office.sunk(&format!("{}", sent.id.uuid().simple())).await;
    assert!(raw.contains("Subject: Our offer") && !raw.contains("ben@"), "{raw}");
    let written = raw.split("\nFrom: ").nth(1).unwrap();
    assert!(!written.contains("boss@"), "the mail names the recipient of a blind copy:\n{raw}");
    let nobody = MailChoice { recipients: Recipients::default(), subject: None };
    let send = SendMessage {
        id: MessageId::new(new_id()),
        conversation,
        mode: DraftMode::Reply,
        text: "x".to_owned(),
        attachments: Vec::new(),
        compose: model::Compose::Mail(nobody),
        seen: None,
    };
    let told = refused(office.world.db.write(&office.world.owner.scope, send).await);
    assert!(matches!(told, model::ApiError::Invalid { .. }));
}

async fn t8_what_comes_back_is_tied_to_what_went_out(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let _receiving = office.receive();
    office.connected(office.channel.id).await;
    let first = letter("Gone <bounce-gone@mail.test>", &office.address, "Hello", "", "Hi");
    office.post.deliver("anna@x.example", &office.address, &first).await;
    let conversation = office.conversations_when(office.channel.id, 1).await[0];
    answer(&office, conversation, "Hello Gone", None).await;
    let thread = office.thread_when(conversation, 3).await;
    assert_eq!(state(&thread[1]), DeliveryState::Bounced, "{thread:?}");
    let Entry::Outgoing { delivery, .. } = &thread[1].entry else { panic!("outgoing") };
    assert!(delivery.reason.contains("did not reach"), "{}", delivery.reason);
    assert!(matches!(thread[2].entry, Entry::Line { line: model::Line::Bounce }));
    // Nothing reached them: they go on waiting.
    let back = office.world.row(conversation).await.state;
    let waits = (back.status, back.waiting_since, back.unsent);
    assert_eq!(waits, (model::Status::Open, Some(thread[0].at), vec![thread[1].n]));
    assert_eq!(office.conversations(office.channel.id).await.len(), 1, "a bounce begins no conversation");
    // A report about somebody else's mail says nothing to anybody here.
    let forged =
        "From: MAILER-DAEMON@mail.test\nSubject: failure\n\nMessage-ID: <guess@mail.test>\n550 5.1.1 unknown\n";
    office.post.deliver("", &office.address, forged).await;
    office
        .until("it is put aside", async || {
            let mut reader = office.world.db.reader().await.unwrap();
            let folder = mail::folder(&mut reader.conn(), &office.world.system(), office.channel.id, "INBOX").await;
            (folder.unwrap().unwrap().last_uid >= 3).then_some(())
        })
        .await;
    assert_eq!(office.thread(conversation).await.len(), 3);
    assert_eq!(office.conversations(office.channel.id).await.len(), 1);
}

async fn t8_a_refused_address_is_told(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let _receiving = office.receive();
    office.connected(office.channel.id).await;
    for (address, expected, said) in [
        ("nobody-here@mail.test", DeliveryState::Failed, "550 "),
        ("later@mail.test", DeliveryState::Queued, "451 4.2.1 The mailbox is busy"),
    ] {
        let first = letter(address, &office.address, address, "", "Hi");
        office.post.deliver("anna@x.example", &office.address, &first).await;
        let conversation = office
            .until("it is there", async || {
                let all = office.conversations(office.channel.id).await;
                let last = *all.last()?;
                (office.world.thread(&office.world.owner, last).await.unwrap().address == address).then_some(last)
            })
            .await;
        answer(&office, conversation, "Hello", None).await;
        let thread = office.thread(conversation).await;
        assert_eq!(state(&thread[1]), expected, "{address}: {thread:?}");
        let Entry::Outgoing { delivery, .. } = &thread[1].entry else { panic!("outgoing") };
        assert!(delivery.reason.contains(&format!("localhost refuses the mail: {said}")), "{}", delivery.reason);
        assert_eq!(delivery.reason.contains("tries again automatically"), expected == DeliveryState::Queued);
    }
}

async fn t16_a_conversation_begins_with_our_mail(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let _receiving = office.receive();
    office.connected(office.channel.id).await;
    // Somebody who is known by another mailbox's conversation.
    let first = letter("Anna Berger <anna@sink.test>", &office.address, "Before", "", "Hello");
    office.post.deliver("anna@sink.test", &office.address, &first).await;
    let before = office.conversations_when(office.channel.id, 1).await[0];
    let contact = office.world.thread(&office.world.owner, before).await.unwrap().contact.unwrap();

    let conversation = model::ConversationId::new(new_id());
    let mut send = crate::world::message(conversation, DraftMode::Reply, "Good morning");
    let recipients = Recipients { to: vec![Mailbox::of("anna@sink.test")], ..Recipients::default() };
    send.compose = model::Compose::Mail(MailChoice { recipients, subject: Some("Your plans".to_owned()) });
    let begin = BeginMail { channel: office.channel.id, contact: Some(contact.id), send };
    let owner = &office.world.owner.scope;
    let sent = office.world.db.write(owner, begin.clone()).await.unwrap();
    // The answer got lost, so it is asked for again.
    assert_eq!(office.world.db.write(owner, begin.clone()).await.unwrap(), sent);
    let thread = office.world.thread(&office.world.owner, conversation).await.unwrap();
    assert_eq!((thread.messages.len(), thread.contact.map(|contact| contact.id)), (1, Some(contact.id)));
    assert_eq!(thread.address, "anna@sink.test");
    let backlog = async || {
        let mut snapshot = office.world.db.snapshot().await.unwrap();
        mailbox(&mut snapshot.conn(), owner, office.channel.id).await.unwrap().health.backlog
    };
    assert_eq!(backlog().await, 1, "H9: the message waits to be sent");
    office.world.wait(11_000);
    office.work().await;
    assert_eq!(backlog().await, 0);
    let raw = office.sunk(&sent.id.uuid().simple().to_string()).await;
    assert!(raw.contains("Subject: Your plans") && !raw.contains("References:"), "{raw}");
    // What she answers comes to it.
    let reply_to = raw.lines().find_map(|line| line.strip_prefix("Reply-To: ")).unwrap().to_owned();
    let answer = letter("anna@sink.test", &reply_to, "Re: Your plans", "", "Good morning to you");
    office.post.deliver("anna@sink.test", &reply_to, &answer).await;
    office.thread_when(conversation, 2).await;
    assert_eq!(office.conversations(office.channel.id).await.len(), 2);

    // Another mailbox in a second try is another mail.
    let from_elsewhere = BeginMail { channel: office.world.chat.id, ..begin.clone() };
    refused(office.world.db.write(owner, from_elsewhere).await);
    // Who sees only their own may begin one, has it, and learns nothing that others know of whom they write to.
    let narrow = office.world.member("Mara", model::Role::Agent, model::Visibility::Mine).await;
    let mut hers = begin.clone();
    (hers.send.id, hers.send.conversation) = (MessageId::new(new_id()), model::ConversationId::new(new_id()));
    let leak = BeginMail { contact: Some(contact.id), ..hers.clone() };
    refused(office.world.db.write(&narrow.scope, leak).await);
    hers.contact = None;
    office.world.db.write(&narrow.scope, hers.clone()).await.unwrap();
    let seen = office.world.thread(&narrow, hers.send.conversation).await.unwrap();
    assert!(seen.contact.is_none(), "{:?}", seen.contact);
    let note = SendMessage { mode: DraftMode::Note, id: MessageId::new(new_id()), ..hers.send.clone() };
    let note = SendMessage { conversation: model::ConversationId::new(new_id()), ..note };
    refused(office.world.db.write(&narrow.scope, BeginMail { send: note, ..hers }).await);

    // What cannot be begun leaves nothing behind.
    let mut other = begin.clone();
    other.send.id = MessageId::new(new_id());
    other.send.conversation = model::ConversationId::new(new_id());
    let nobody =
        BeginMail { send: SendMessage { compose: model::Compose::Text, ..other.send.clone() }, ..other.clone() };
    let chat = BeginMail { channel: office.world.chat.id, ..other.clone() };
    let mut bad = other.clone();
    let Some(mut choice) = bad.send.compose.mail().cloned() else { panic!("a mail") };
    choice.recipients.to = vec![Mailbox::of("a@x.example\r\nBcc: b@x.example")];
    bad.send.compose = model::Compose::Mail(choice);
    for refusal in [nobody, chat, bad] {
        refused(office.world.db.write(owner, refusal).await);
    }
    assert_eq!(office.conversations(office.channel.id).await.len(), 3);
}

async fn t5_an_answer_knows_its_mail_however_much_was_noted_since(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let _receiving = office.receive();
    office.connected(office.channel.id).await;
    let first = letter("Anna <anna@sink.test>", &office.address, "Offer", "Cc: Ben <ben@sink.test>\n", "When?");
    office.post.deliver("anna@sink.test", &office.address, &first).await;
    let conversation = office.conversations_when(office.channel.id, 1).await[0];
    let shown = async || office.world.thread(&office.world.owner, conversation).await.unwrap();
    for n in 1..ENTRIES {
        office.world.note(&office.world.owner, conversation, &format!("Note {n}")).await.unwrap();
    }
    let thread = shown().await;
    assert!(
        !thread.more && thread.messages[0].mail().is_some() && thread.answered.is_none(),
        "the mail itself is displayed"
    );
    office.world.note(&office.world.owner, conversation, "One more").await.unwrap();
    let thread = shown().await;
    assert!(thread.more && thread.messages.iter().all(|message| message.mail().is_none()));
    let answered = thread.answered.unwrap();
    assert_eq!((answered.subject.as_str(), answered.parties.cc[0].address.as_str()), ("Offer", "ben@sink.test"));
}
