//! The sender of a mail: its `From` counts. Everything else is a claim, which opens nothing and reveals nothing about anybody (S14).

use domain::contacts::EditContact;
use model::{ContactField, Entry, Line, MailOutcome, Mailbox, Status};

use super::desk::{Desk, mail};
use crate::world::World;

on_both_engines!(
    s14_forged_senders_join_nothing_and_show_nobody,
    s14_a_signed_name_lets_in_only_who_takes_part,
    s14_a_disowned_mail_joins_by_a_signed_name_only,
    h1_a_form_from_our_own_address_is_from_whom_it_names,
    h1_two_people_behind_one_list_are_two_contacts,
    h1_an_unreadable_from_yields_an_address,
    h1_a_conversation_bears_the_name_in_its_own_mail,
    h1_our_own_mail_to_another_mailbox_is_ours,
    t8_a_note_that_answers_nothing_joins_where_the_domain_vouches,
    t8_a_note_from_nowhere_is_set_aside_and_opens_nothing,
);

/// A file of `mail/samples/senders`.
fn sample(name: &str) -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("mail/samples/senders");
    std::fs::read_to_string(folder.join(name)).unwrap().replace("\r\n", "\n")
}

const TO: &str = "To: support@mail.test";
/// As the mailbox's own server writes it.
const FAIL: &str = "Authentication-Results: mx.mail.test; dmarc=fail header.from=x.example";
const PASS: &str = "Received: from mx.x.example by mx1.mail.test (Postfix) with ESMTPS\n\
                    Authentication-Results: mx1.mail.test; dmarc=pass header.from=x.example";

/// Ways to look like Anna, who wrote before, or like us.
const FORGED: [(&str, &str); 22] = [
    ("another's Reply-To", "From: no-reply@evil.example\nReply-To: Anna Ceo <anna@x.example>"),
    ("Reply-To of a person", "From: Eve <eve@evil.example>\nReply-To: Anna <anna@x.example>"),
    ("Sender", "From: eve2@evil.example\nSender: Anna <anna@x.example>"),
    ("an original sender without a list", "From: eve3@evil.example\nX-Original-From: Anna <anna@x.example>"),
    (
        "a list of one's own",
        "From: 'Anna' via List <list@evil.example>\nList-Id: <list.evil.example>\nX-Original-From: Anna <anna@x.example>",
    ),
    ("a list's Reply-To", "From: l@evil.example\nList-Post: <mailto:l@evil.example>\nReply-To: anna@x.example"),
    ("a form's way", "From: noreply@mail.test\nReply-To: Anna <anna@x.example>"),
    ("us", "From: Support <support@mail.test>"),
    ("us, for her", "From: Support <support@mail.test>\nReply-To: Anna <anna@x.example>"),
    ("us with a tag", "From: support+anna@mail.test\nX-Original-Sender: anna@x.example"),
    ("another mailbox of ours", "From: sales@mail.test"),
    ("an alias of ours", "Delivered-To: info@mail.test\nFrom: info@mail.test\nReply-To: anna@x.example"),
    ("a member", "From: olive@corail.example"),
    (
        "her, disowned",
        "Authentication-Results: mx.mail.test; dmarc=fail header.from=x.example\nFrom: Anna <anna@x.example>",
    ),
    ("two in one line", "From: Anna <anna@x.example>, eve4@evil.example"),
    ("two lines", "From: eve5@evil.example\nFrom: Anna <anna@x.example>"),
    ("her address as a name", "From: \"anna@x.example\" <eve6@evil.example>"),
    ("her address in an encoded name", "From: =?utf-8?Q?Anna_=3Canna=40x.example=3E?= <eve7@evil.example>"),
    ("all of it encoded", "From: =?utf-8?Q?Anna_=3Canna=40x.example=3E?="),
    ("an unreadable From", "From: Anna, Head anna@x.example"),
    ("no From but a Sender", "Sender: Anna <anna@x.example>"),
    ("no From but a Return-Path", "Return-Path: <anna@x.example>"),
];

async fn s14_forged_senders_join_nothing_and_show_nobody(world: World) {
    let desk = Desk::open(world).await;
    desk.connect("sales@mail.test").await;
    let anna = desk.opens(&mail(&format!("From: Anna <anna@x.example>\n{TO}\nMessage-ID: <anna@x>"), "Mine")).await;
    let known = desk.thread(anna).await.contact.unwrap();
    let edit = EditContact { id: known.id, field: ContactField::Phone, value: "+33 6 55".into(), seen: known.version };
    desk.world.db.write(&desk.world.owner.scope, edit).await.unwrap();
    desk.world.reply(&desk.world.owner, anna, "Ours").await.unwrap();
    // Threads whose senders were only said take nobody in either.
    let form = format!("From: support@mail.test\n{TO}\nReply-To: Anna <anna@x.example>\nMessage-ID: <form@x>");
    let form = desk.opens(&mail(&form, "By a form")).await;
    let list = "From: 'Anna' via Info <info@group.example>\nTo: info@group.example\nList-Id: <info.group.example>\n\
                X-Original-From: Anna <anna@x.example>\nMessage-ID: <list@x>";
    let list = desk.opens(&mail(list, "By a list")).await;
    assert!(anna != form && anna != list && form != list);
    let threads = [(anna, "anna@x"), (form, "form@x"), (list, "list@x")];
    let mut before = Vec::new();
    for (id, _) in threads {
        before.push(desk.thread(id).await.messages.len());
    }
    for (n, (what, head)) in FORGED.iter().enumerate() {
        for (_, name) in threads {
            let chain = format!("Message-ID: <forged-{n}-{name}>\nIn-Reply-To: <{name}>\nReferences: <{name}>");
            let came = desk.comes(&mail(&format!("{head}\n{TO}\n{chain}"), &format!("Forged {n} {name}"))).await;
            let message = desk.stands(&came).await;
            assert!(threads.iter().all(|(id, _)| *id != message.conversation), "{what}: the mail got into {name}");
            let shown = desk.thread(message.conversation).await;
            assert_ne!(shown.contact.as_ref().map(|contact| contact.id), Some(known.id), "{what}: it shows Anna");
            assert!(
                shown.contact.is_none_or(|contact| contact.phone.is_empty()),
                "{what}: it shows what is known about her"
            );
            // Whose name is shown without a word of warning is in From.
            let parties = &message.mail().unwrap().parties;
            let warns = parties.claimed.is_some() || message.mail().unwrap().disowned;
            let is_from = parties.from.as_ref().is_some_and(|from| from.key() == shown.address);
            assert!(warns || is_from, "{what}: {} is not marked as a claim", shown.address);
            let names_anna = shown.row.display_name().contains("Anna") || shown.address == "anna@x.example";
            assert!(warns || !names_anna, "{what}: {:?} looks like Anna", shown.row.display_name());
        }
    }
    for ((id, name), n) in threads.into_iter().zip(before) {
        assert_eq!(desk.thread(id).await.messages.len(), n, "{name} is unchanged");
    }
}

async fn s14_a_signed_name_lets_in_only_who_takes_part(world: World) {
    let desk = Desk::open(world).await;
    let anna = desk.opens(&mail(&format!("From: Anna <anna@x.example>\n{TO}\nMessage-ID: <anna@x>"), "Mine")).await;
    let ours = desk.world.reply(&desk.world.owner, anna, "Ours").await.unwrap();
    let answer = format!("{TO}\nIn-Reply-To: <{}>", desk.signed(&ours));
    // She does, from her own address, in whatever case.
    assert_eq!(desk.opens(&mail(&format!("From: ANNA@X.example\n{answer}"), "Thanks")).await, anna);
    let entries = desk.thread(anna).await.messages.len();
    for (n, head) in [
        "From: eve@evil.example\nReply-To: anna@x.example",
        "From: noreply@mail.test\nReply-To: anna@x.example",
        "From: Anna, Head anna@x.example",
        "Sender: anna@x.example",
        "From: 'Anna' via L <l@evil.example>\nList-Id: <l.evil.example>\nReply-To: anna@x.example",
    ]
    .into_iter()
    .enumerate()
    {
        let own = desk.opens(&mail(&format!("{head}\n{answer}"), &format!("Handed on {n}"))).await;
        assert_ne!(own, anna, "{head}");
        let thread = desk.thread(anna).await.messages;
        assert_eq!(thread.len(), entries + n + 1, "{head}: the thread tells the team");
        let told = &thread.last().unwrap().entry;
        assert!(
            matches!(told, Entry::Line { line: Line::Stranger { conversation } } if *conversation == own),
            "{head}"
        );
    }
}

async fn s14_a_disowned_mail_joins_by_a_signed_name_only(world: World) {
    let desk = Desk::open(world).await;
    let anna = desk.opens(&mail(&format!("From: Anna <anna@x.example>\n{TO}\nMessage-ID: <anna@x>"), "Mine")).await;
    let ours = desk.world.reply(&desk.world.owner, anna, "Ours").await.unwrap();
    let head = format!("{FAIL}\nFrom: Anna <anna@x.example>\n{TO}");
    let apart = desk.stands(&desk.comes(&mail(&format!("{head}\nIn-Reply-To: <anna@x>"), "Guessed")).await).await;
    assert_ne!(apart.conversation, anna);
    assert!(apart.mail().unwrap().disowned);
    let known = desk.thread(anna).await.contact.map(|contact| contact.id);
    assert_ne!(desk.thread(apart.conversation).await.contact.map(|contact| contact.id), known);
    // Without the verdict the same mail is hers.
    let plain = format!("From: Anna <anna@x.example>\n{TO}\nIn-Reply-To: <anna@x>");
    assert_eq!(desk.opens(&mail(&plain, "Again")).await, anna);
    // She has our mail, whatever a forwarder did to hers.
    let signed = format!("{head}\nIn-Reply-To: <{}>", desk.signed(&ours));
    assert_eq!(desk.opens(&mail(&signed, "Answered")).await, anna);
}

async fn h1_a_form_from_our_own_address_is_from_whom_it_names(world: World) {
    let desk = Desk::open(world).await;
    desk.connect("sales@mail.test").await;
    let real = desk.opens(&mail(&format!("From: Yara <yara@m10.example>\n{TO}"), "Before")).await;
    let known = desk.thread(real).await.contact.unwrap();
    let reply_to = "Reply-To: Yara Zeller <yara@m10.example>";
    let forms = [
        sample("form-from-own-address.eml"),
        mail(&format!("From: Form <noreply@mail.test>\n{TO}\n{reply_to}"), "Noreply of our domain"),
        mail(&format!("From: WordPress <wordpress@mail.test>\n{TO}\n{reply_to}"), "A site's program"),
        mail(&format!("From: WordPress <wordpress@www.mail.test>\n{TO}\n{reply_to}"), "Its own host"),
        mail(&format!("From: SUPPORT+form@mail.test\n{TO}\n{reply_to}"), "With a tag"),
        mail(&format!("From: sales@mail.test\n{TO}\n{reply_to}"), "Another mailbox of ours"),
        mail(
            &format!(
                "X-Original-To: info@corail.example\nFrom: info@corail.example\nTo: info@corail.example\n{reply_to}"
            ),
            "An alias",
        ),
        mail(&format!("From: kontakt@mail.test\nTo: kontakt@mail.test\n{reply_to}"), "To itself"),
        mail(&format!("From: support@mail.test\n{TO}\nSender: Yara Zeller <yara@m10.example>"), "By Sender"),
        mail(
            &format!(
                "From: support@mail.test\n{TO}\nReply-To: support@mail.test\nX-Original-From: Yara Zeller <yara@m10.example>"
            ),
            "By another word",
        ),
    ];
    for form in forms {
        let message = desk.stands(&desk.comes(&form).await).await;
        let thread = desk.thread(message.conversation).await;
        assert_eq!((thread.row.display_name(), thread.address.as_str()), ("Yara Zeller", "yara@m10.example"), "{form}");
        let claimed = message.mail().unwrap().clone().parties.claimed;
        assert_eq!(claimed.map(|one| one.address).as_deref(), Some("yara@m10.example"), "{form}");
        let contact = thread.contact.unwrap();
        assert_ne!(contact.id, known.id, "the name comes from a form, which anybody can fill in");
        // The answer goes to her, and hers comes back to it.
        let sent = desk.world.reply(&desk.world.owner, message.conversation, "Yes, we have").await.unwrap();
        let parties = sent.mail().cloned().unwrap().parties;
        assert_eq!(parties.to.iter().map(Mailbox::key).collect::<Vec<_>>(), ["yara@m10.example"], "{form}");
        assert_eq!(
            parties.claimed.map(|one| one.key()).as_deref(),
            Some("yara@m10.example"),
            "the name is shown as a claim"
        );
        let answer = format!("From: Yara <yara@m10.example>\n{TO}\nIn-Reply-To: <{}>", desk.signed(&sent));
        assert_eq!(desk.opens(&mail(&answer, &format!("I come {}", sent.id))).await, message.conversation);
    }
    // Somebody else's form is its own sender; the answer goes where it is wanted.
    let foreign = mail(&format!("From: Forms <no-reply@forms.example>\n{TO}\n{reply_to}"), "Elsewhere");
    let foreign = desk.opens(&foreign).await;
    assert_eq!(desk.thread(foreign).await.address, "no-reply@forms.example");
    let sent = desk.world.reply(&desk.world.owner, foreign, "Yes").await.unwrap();
    assert_eq!(sent.mail().unwrap().clone().parties.to[0].address, "yara@m10.example");
}

async fn h1_two_people_behind_one_list_are_two_contacts(world: World) {
    let desk = Desk::open(world).await;
    let anna = desk.opens(&sample("group-anna-via-info.eml")).await;
    let boris = desk.opens(&sample("group-boris-via-info.eml")).await;
    let (first, second) = (desk.thread(anna).await, desk.thread(boris).await);
    assert_eq!((first.row.display_name(), second.row.display_name()), ("Anna Berger", "Boris Adler"));
    assert_eq!((first.address.as_str(), second.address.as_str()), ("anna@m49a.example", "boris@m49b.example"));
    let (first, second) = (first.contact.unwrap(), second.contact.unwrap());
    assert_ne!(first.id, second.id);
    let sent = desk.world.reply(&desk.world.owner, boris, "Send it back").await.unwrap();
    assert_eq!(sent.mail().unwrap().clone().parties.to[0].address, "boris@m49b.example");
    // What the list says of her stays together, and apart from what comes from her.
    let again = sample("group-anna-via-info.eml").replace("m49a@m49a", "more@m49a").replace("What is", "Tell me");
    let again = desk.opens(&again).await;
    assert_eq!(desk.thread(again).await.contact.map(|contact| contact.id), Some(first.id));
    let herself = desk.opens(&mail(&format!("From: Anna Berger <anna@m49a.example>\n{TO}"), "Herself")).await;
    assert_ne!(desk.thread(herself).await.contact.map(|contact| contact.id), Some(first.id));
    // A list that gives a name and no address.
    let named = |name: &str| {
        format!(
            "From: '{name}' via Talk <talk@list.example>\nTo: talk@list.example\nList-Post: <mailto:talk@list.example>"
        )
    };
    let dora = desk.opens(&mail(&named("Dora"), "One")).await;
    let emil = desk.opens(&mail(&named("Emil"), "Two")).await;
    let (dora, emil) = (desk.thread(dora).await, desk.thread(emil).await);
    assert_eq!((dora.row.display_name(), emil.row.display_name()), ("Dora", "Emil"));
    assert_ne!(dora.contact.map(|contact| contact.id), emil.contact.map(|contact| contact.id));
    // Lists that say less.
    for (n, head) in [
        "From: Cleo via Info <info@group.example>\nReply-To: cleo@x.example\nList-Post: <mailto:info@group.example>",
        "From: Cleo via Info <info@group.example>\nX-Original-Sender: cleo@x.example\nPrecedence: list",
        "From: \"Cleo\" via Info <info@group.example>\nReply-To: info@group.example\nX-Original-From: cleo@x.example\nList-Id: x",
    ]
    .into_iter()
    .enumerate()
    {
        let one = desk.opens(&mail(&format!("{head}\nTo: info@group.example"), &format!("Less {n}"))).await;
        let shown = desk.thread(one).await;
        assert_eq!((shown.row.display_name(), shown.address.as_str()), ("Cleo", "cleo@x.example"), "{head}");
    }
}

async fn h1_an_unreadable_from_yields_an_address(world: World) {
    let desk = Desk::open(world).await;
    let office = desk.opens(&sample("name-with-comma-then-address.eml")).await;
    let shown = desk.thread(office).await;
    assert_eq!(
        (shown.row.display_name(), shown.address.as_str()),
        ("Wood and Sons, Front Office", "office9@m09b.example")
    );
    let sent = desk.world.reply(&desk.world.owner, office, "We do").await.unwrap();
    assert_eq!(sent.mail().unwrap().clone().parties.to[0].address, "office9@m09b.example");
    for (head, name, address) in [
        ("Sender: Ida <ida@x.example>", "Ida", "ida@x.example"),
        ("From: Ida\nReply-To: ida@x.example", "ida@x.example", "ida@x.example"),
        ("Return-Path: <ida@x.example>\nFrom: undisclosed:;", "ida@x.example", "ida@x.example"),
        ("From: =?utf-8?Q?Ida_=3Cida=40b=C3=BCcher.example=3E?=", "Ida", "ida@bücher.example"),
        ("From: support@mail.test support@mail.test\nSender: ida@x.example", "ida@x.example", "ida@x.example"),
    ] {
        let message = desk.stands(&desk.comes(&mail(&format!("{head}\n{TO}"), head)).await).await;
        let shown = desk.thread(message.conversation).await;
        assert_eq!((shown.row.display_name(), shown.address.as_str()), (name, address), "{head}");
        assert_eq!(
            message.mail().unwrap().clone().parties.claimed.map(|one| one.address).as_deref(),
            Some(address),
            "{head}"
        );
    }
    let nobody = desk.opens(&mail("From: undisclosed-sender:;\nTo: undisclosed-recipients:;", "Nobody")).await;
    assert_eq!(desk.thread(nobody).await.row.display_name(), "Unknown sender");
}

async fn h1_a_conversation_bears_the_name_in_its_own_mail(world: World) {
    let desk = Desk::open(world).await;
    let from = |name: &str| mail(&format!("From: {name} <no-reply@forms.example>\n{TO}"), name);
    let anna = desk.opens(&from("Anna via Forms")).await;
    let ben = desk.opens(&from("Ben via Forms")).await;
    let shown = async |id| desk.world.row(id).await.display_name().to_owned();
    assert_eq!((shown(anna).await.as_str(), shown(ben).await.as_str()), ("Anna via Forms", "Ben via Forms"));
    let listed =
        domain::inbox::page(&desk.world.db, &desk.world.owner.scope, model::View::All, model::Sort::Last, None, 10);
    let names: Vec<String> = listed.await.unwrap().rows.iter().map(|row| row.display_name().to_owned()).collect();
    assert!(names.contains(&"Ben via Forms".to_owned()), "{names:?}");
    // Until somebody here gives the contact a name.
    let contact = desk.thread(ben).await.contact.unwrap();
    let edit = |field, value: &str, seen| EditContact { id: contact.id, field, value: value.to_owned(), seen };
    let owner = &desk.world.owner.scope;
    desk.world.db.write(owner, edit(ContactField::Phone, "+33 6 55", contact.version)).await.unwrap();
    assert_eq!(shown(ben).await, "Ben via Forms", "a number does not count as a name");
    desk.world.db.write(owner, edit(ContactField::Name, "Forms", contact.version + 1)).await.unwrap();
    assert_eq!((shown(anna).await.as_str(), shown(ben).await.as_str()), ("Forms", "Forms"));
    let later = desk.opens(&from("Cleo via Forms")).await;
    assert_eq!(shown(later).await, "Forms");
}

async fn h1_our_own_mail_to_another_mailbox_is_ours(world: World) {
    let desk = Desk::open(world).await;
    let sales = desk.connect("sales@mail.test").await;
    let begun = model::ConversationId::new(store::clock::new_id());
    let mut send = crate::world::message(begun, model::DraftMode::Reply, "For support");
    let recipients = model::Recipients { to: vec![Mailbox::of("support@mail.test")], ..Default::default() };
    send.compose = model::Compose::Mail(model::MailChoice { recipients, subject: Some("Between us".to_owned()) });
    let begin = domain::mail::BeginMail { channel: sales.id, contact: None, send };
    let sent = desk.world.db.write(&desk.world.owner.scope, begin).await.unwrap();
    let head = format!("From: Sales <sales@mail.test>\n{TO}\nMessage-ID: <{}>", desk.signed(&sent));
    let message = desk.stands(&desk.comes(&mail(&head, "For support")).await).await;
    assert!(message.mail().unwrap().clone().parties.claimed.is_none(), "its Message-ID is signed by us");
    let head = format!("From: Sales <sales@mail.test>\n{TO}\nMessage-ID: <made-up@mail.test>");
    let message = desk.stands(&desk.comes(&mail(&head, "Not by us")).await).await;
    assert!(message.mail().unwrap().clone().parties.claimed.is_some(), "anybody can write this Message-ID");
}

/// The absence note without its own verdicts, from this address.
fn note(head: &str) -> String {
    let note = sample("absence-note-alone.eml").replace("yves@m29a.example", "yves@x.example");
    format!("{head}\n{note}").trim_start().to_owned()
}

async fn t8_a_note_that_answers_nothing_joins_where_the_domain_vouches(world: World) {
    let desk = Desk::open(world).await;
    let older = desk.opens(&mail(&format!("From: Yves <yves@x.example>\n{TO}"), "Older")).await;
    desk.world.wait(60_000);
    let newest = desk.opens(&mail(&format!("From: Yves <yves@x.example>\n{TO}"), "Newest")).await;
    let state = desk.world.row(newest).await.state;
    let line = desk.stands(&desk.comes(&note(PASS)).await).await;
    assert_eq!(line.conversation, newest);
    assert!(matches!(line.entry, Entry::Line { line: Line::AutoReply }) && line.text.contains("AWAY-M29A"));
    assert_eq!(desk.world.row(newest).await.state, state, "an automatic mail changes nothing");
    assert_eq!(desk.thread(older).await.messages.len(), 1);
    // One from before the mailbox was connected leaves what is open open.
    let old = desk.stands(&desk.came(&note(PASS).replace("AWAY-", "BEFORE-"), true).await).await;
    assert_eq!((old.conversation, desk.world.row(newest).await.state.status), (newest, Status::Open));
    assert!(desk.set_aside().await.is_empty());
}

async fn t8_a_note_from_nowhere_is_set_aside_and_opens_nothing(world: World) {
    let desk = Desk::open(world).await;
    let yves = desk.opens(&mail(&format!("From: Yves <yves@x.example>\n{TO}\nMessage-ID: <yves@x>"), "Hello")).await;
    let forged = PASS.replace("mx1.mail.test;", "mx.x.example;");
    let other = PASS.replace("header.from=x.example", "header.from=evil.example");
    let notes = [
        ("nobody vouches", note("")),
        ("its domain disowns it", note(FAIL)),
        ("it disowns it, and names a thread", note(&format!("{FAIL}\nIn-Reply-To: <yves@x>"))),
        ("its own word", note(&forged)),
        ("the word of another domain", note(&other)),
        ("nobody we know", note(PASS).replace("yves@x.example", "zoe@x.example")),
        (
            "a claim",
            note(PASS)
                .replace("From: Yves", "Reply-To: Yves <yves@x.example>\nFrom: Yves")
                .replace("<yves@x.example>\nTo", "<desk@x.example>\nTo"),
        ),
        (
            "a receipt",
            format!(
                "{PASS}\nFrom: zoe@x.example\n{TO}\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\n\nread\n--b--\n"
            ),
        ),
    ];
    for (n, (what, note)) in notes.iter().enumerate() {
        let kept = desk.comes(&note.replace("AWAY-", &format!("AWAY-{n}-"))).await;
        assert_eq!((kept.outcome, kept.message), (MailOutcome::Aside, None), "{what}");
        assert!(kept.reason.starts_with("Automatic message from "), "{what}: {}", kept.reason);
    }
    assert_eq!(desk.thread(yves).await.messages.len(), 1);
    let all =
        domain::inbox::page(&desk.world.db, &desk.world.owner.scope, model::View::All, model::Sort::Last, None, 50);
    assert_eq!(all.await.unwrap().rows.len(), 1, "no conversation was opened");
    // An admin sees them at the mailbox.
    let mut snapshot = desk.world.db.snapshot().await.unwrap();
    let view = domain::mail::mailbox(&mut snapshot.conn(), &desk.world.owner.scope, desk.channel.id).await.unwrap();
    assert_eq!(view.set_aside.len(), notes.len());
    assert!(view.set_aside.iter().any(|mail| mail.reason.contains("M29a Out of office")), "{:?}", view.set_aside);
}
