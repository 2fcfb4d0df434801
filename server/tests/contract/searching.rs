//! L5: what a search finds and what it says, with its rights.

use domain::{
    contacts::MakeContact,
    inbound::Inbound,
    inbox,
    search::{search, search_within},
};
use model::{
    Act, CloseReason, ContactField, ContactId, MailHead, Mailbox, Message, MessageId, Parties, Role, SearchPage,
    SnippetPart, Visibility, Why,
};
use store::{Scope, clock::new_id};

use crate::{
    dice::Dice,
    inputs::inputs,
    world::{Person, World, letter},
};

on_both_engines!(
    l5_phrases_beginnings_and_what_must_not_be_there,
    l5_subjects_and_file_names_are_found,
    l5_the_hit_is_shown_and_opens_at_its_place,
    l5_who_wrote_and_to_whom,
    l5_conditions_of_the_conversation,
    l5_days,
    l5_people_also_with_one_wrong_letter,
    l5_unknown_people_are_found_until_they_are_contacts,
    l5_pages_have_every_hit_once,
    l5_a_restricted_member_finds_over_all_time,
    s19_what_is_hidden_is_neither_found_nor_counted,
    s28_nothing_typed_breaks_the_search_box,
    s29_parts_that_do_not_apply_are_told,
);

pub async fn page(world: &World, who: &Person, text: &str) -> SearchPage {
    search(&world.db, &who.scope, text, None, 0).await.unwrap_or_else(|fault| panic!("{text:?}: {fault}"))
}

pub async fn found(world: &World, text: &str) -> Vec<MessageId> {
    page(world, &world.owner, text).await.messages.into_iter().map(|hit| hit.message).collect()
}

async fn l5_phrases_beginnings_and_what_must_not_be_there(world: World) {
    let mut ids = Vec::new();
    for text in ["The red door is open", "A door, red as wine", "Orders of doors", "見積書をありがとうございます"]
    {
        ids.push(world.inbound("amelie", text).await.id);
    }
    for (text, expected) in [
        ("\"red door\"", vec![0]),
        ("\"door red\"", vec![1]),
        ("red door", vec![1, 0]),
        ("doo", vec![2, 1, 0]),
        ("do", vec![2, 1, 0]),
        ("door -open", vec![2, 1]),
        ("door -\"red as\"", vec![2, 0]),
        ("\"doo\"", vec![]),
        ("orde", vec![2]),
        ("order", vec![2]),
        ("orders", vec![2]),
        ("ordersx", vec![]),
        ("\"RED dóor\"", vec![0]),
        ("\"積書を\"", vec![3]),
        ("見", vec![3]),
        ("\"す\"", vec![3]),
        ("書見", vec![]),
        ("a", vec![1]),
        ("-door", vec![]),
        ("\"red door", vec![0]),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|at: usize| ids[at]).collect();
        assert_eq!(found(&world, text).await, expected, "{text}");
    }
}

/// A mail with a subject and a file.
pub async fn mail(world: &World, from: &str, to: &str, subject: &str, text: &str) -> Message {
    let channel = world.channel(model::ChannelKind::Email, 0).await;
    let of = |address: &str| Mailbox { name: String::new(), address: address.to_owned() };
    let parties = Parties { from: Some(of(from)), to: vec![of(to)], ..Parties::default() };
    let head = MailHead { parties, subject: subject.to_owned(), ..MailHead::default() };
    let content = model::Content::Mail(Box::new(head));
    world.receive(Inbound { content, label: from.to_owned(), ..letter(&channel, from, text) }).await.unwrap()
}

pub async fn with_file(world: &World, name: &str) -> Message {
    let id = model::AttachmentId::new(new_id());
    let attachment = model::Attachment { id, name: name.to_owned(), size: 1, media_type: "application/pdf".to_owned() };
    let uploader = "visitor:filer".to_owned();
    let (conversation, message_n) = (None, None);
    let file = store::message::File { attachment, conversation, message_n, uploader, digest: "00".to_owned() };
    world.db.write(&world.system(), domain::files::KeepFile(file)).await.unwrap();
    world.receive(Inbound { attachments: vec![id], ..letter(&world.chat, "filer", "See the file") }).await.unwrap()
}

async fn l5_subjects_and_file_names_are_found(world: World) {
    let mail = mail(&world, "anna@x.example", "support@corail.example", "Offer 4711 for shelves", "Hello").await;
    let filed = with_file(&world, "Rechnung-März_2026.pdf").await;
    let hit = page(&world, &world.owner, "4711").await.messages.remove(0);
    assert_eq!((hit.message, hit.snippet.part), (mail.id, SnippetPart::Subject));
    let hit = page(&world, &world.owner, "rechnung marz").await.messages.remove(0);
    assert_eq!((hit.message, hit.snippet.part), (filed.id, SnippetPart::File));
    assert_eq!(found(&world, "has:attachment").await, [filed.id]);
    assert_eq!(found(&world, "-has:attachment hello").await, [mail.id]);
    assert!(
        found(&world, "\"hello offer\"").await.is_empty(),
        "a phrase does not reach from the text into the subject"
    );
}

async fn l5_the_hit_is_shown_and_opens_at_its_place(world: World) {
    let mut at = None;
    for n in 1..=120 {
        let text = if n == 60 { "First line.\nWhere is my Café table? Thanks." } else { "Hello" };
        let message = world.inbound("amelie", text).await;
        at = at.or((n == 60).then_some(message));
    }
    let at = at.unwrap();
    let hit = page(&world, &world.owner, "cafe").await.messages.remove(0);
    assert_eq!((hit.n, hit.message, hit.name.as_str()), (at.n, at.id, "Visitor amelie"));
    let shown: Vec<_> = hit.snippet.pieces.iter().map(|piece| (piece.text.as_str(), piece.hit)).collect();
    assert_eq!(shown, [("…", false), ("Where is my ", false), ("Café", true), (" table? Thanks.", false)]);
    let around = inbox::around(&world.db, &world.owner.scope, hit.conversation, hit.n).await.unwrap();
    let shown: Vec<i64> = around.thread.messages.iter().map(|message| message.n).collect();
    assert_eq!(shown, (36..=85).collect::<Vec<_>>());
    assert!(around.thread.more && around.newer);
    let (next, newer) = inbox::newer(&world.db, &world.owner.scope, hit.conversation, 85).await.unwrap();
    assert_eq!((next.first().unwrap().n, next.last().unwrap().n, newer), (86, 120, false));
    for (n, first, newer) in [(1, 1, true), (120, 71, false), (i64::MAX, 71, false), (i64::MIN, 1, true)] {
        let around = inbox::around(&world.db, &world.owner.scope, hit.conversation, n).await.unwrap();
        assert_eq!((around.thread.messages[0].n, around.newer), (first, newer), "{n}");
        assert!(around.thread.messages.iter().any(|message| message.n == n.clamp(1, 120)));
    }
    let end = inbox::newer(&world.db, &world.owner.scope, hit.conversation, i64::MAX).await.unwrap();
    assert_eq!(end, (Vec::new(), false));
}

async fn l5_who_wrote_and_to_whom(world: World) {
    let named = Inbound { name: "Amélie Roux".to_owned(), ..letter(&world.chat, "amelie", "A question") };
    let asked = world.receive(named).await.unwrap();
    let reply = world.reply(&world.owner, asked.conversation, "An answer").await.unwrap();
    let note = world.note(&world.owner, asked.conversation, "A thought").await.unwrap();
    let other = world.inbound("bruno", "Another question").await;
    let mail = mail(&world, "carla@x.example", "support@corail.example", "", "Question by mail").await;
    for (text, expected) in [
        ("from:amelie", vec![asked.id]),
        ("from:\"Amélie Roux\"", vec![asked.id]),
        ("from:me", vec![note.id, reply.id]),
        ("from:olive answer", vec![reply.id]),
        ("to:roux", vec![reply.id]),
        ("from:bruno", vec![other.id]),
        ("from:carla", vec![mail.id]),
        ("from:carla@x.example", vec![mail.id]),
        ("to:support@corail.example", vec![mail.id]),
        ("question -from:amelie", vec![mail.id, other.id]),
        ("from:amelie from:bruno", vec![other.id, asked.id]),
        ("from:nobody-at-all", vec![]),
    ] {
        assert_eq!(found(&world, text).await, expected, "{text}");
    }
}

async fn l5_conditions_of_the_conversation(world: World) {
    // What came in before a member joined counts as read.
    world.wait(1);
    let mine = world.inbound("amelie", "Invoice one").await;
    let closed = world.inbound("bruno", "Invoice two").await;
    let side = world.channel(model::ChannelKind::Api, 0).await;
    let there = world.receive(letter(&side, "carla", "Invoice three")).await.unwrap();
    world.act(&world.owner, mine.conversation, Act::Assign(Some(world.owner.id))).await.unwrap();
    world.act(&world.owner, closed.conversation, Act::Close(CloseReason::Resolved)).await.unwrap();
    let read = inbox::MarkRead { conversation: mine.conversation, read_count: 1 };
    world.db.write(&world.owner.scope, read).await.unwrap();
    for (text, expected) in [
        ("invoice", vec![there.id, closed.id, mine.id]),
        ("invoice is:open", vec![there.id, mine.id]),
        ("invoice is:closed", vec![closed.id]),
        ("invoice status:closed", vec![closed.id]),
        ("invoice is:mine", vec![mine.id]),
        ("invoice assignee:me", vec![mine.id]),
        ("invoice assignee:olive", vec![mine.id]),
        ("invoice assignee:nobody", vec![there.id, closed.id]),
        ("invoice is:unread", vec![there.id, closed.id]),
        ("invoice channel:api", vec![there.id]),
        ("invoice -channel:api", vec![closed.id, mine.id]),
        ("is:mine", vec![mine.id]),
    ] {
        let ids: Vec<_> = found(&world, text).await;
        let ids: Vec<_> = ids.into_iter().filter(|id| [mine.id, closed.id, there.id].contains(id)).collect();
        assert_eq!(ids, expected, "{text}");
    }
    let page = page(&world, &world.owner, "is:mine is:unread").await;
    assert!(page.view.is_some_and(|view| view.unread && view.assignee == Some(model::Assignee::Me)));
}

async fn l5_days(world: World) {
    let old = world.inbound("amelie", "Invoice").await.id;
    world.wait(400 * 86_400_000);
    let new = world.inbound("amelie", "Invoice").await.id;
    // The clock began on 15 January 2027.
    for (text, expected) in [
        ("invoice after:2027-01-15 before:2027-01-16", vec![old]),
        ("invoice before:2027-01-15", vec![]),
        ("invoice before:2028", vec![old]),
        ("invoice after:2028-01-01", vec![new]),
        ("after:today", vec![new]),
        ("after:1970 invoice", vec![new, old]),
        ("after:2028 before:2027", vec![]),
    ] {
        assert_eq!(found(&world, text).await, expected, "{text}");
    }
}

async fn l5_people_also_with_one_wrong_letter(world: World) {
    let named = |name: &str, email: &str| Inbound {
        name: name.to_owned(),
        email: email.to_owned(),
        ..letter(&world.chat, name, "Bonjour")
    };
    let conversation = world.receive(named("Amélie Roux", "a.roux@maison.example")).await.unwrap().conversation;
    world.receive(named("Basil Grant", "b@corail.example")).await.unwrap();
    for (text, near) in [
        ("amelie", false),
        ("Roux amé", false),
        ("a.roux@maison.example", false),
        ("amelei", true),
        ("amellie", true),
        ("anelie roux", true),
        ("ameli", false),
        ("melie", true),
    ] {
        let people = page(&world, &world.owner, text).await.people;
        assert_eq!(people.len(), 1, "{text}");
        assert_eq!((people[0].name.as_str(), people[0].near), ("Amélie Roux", near), "{text}");
        assert_eq!(people[0].conversation, Some(conversation));
        assert_eq!(people[0].email, "a.roux@maison.example");
    }
    for text in ["emilia", "rouy amelie bruno", "amelie grant", "from:amelie", "-amelie"] {
        assert!(page(&world, &world.owner, text).await.people.is_empty(), "{text}");
    }
}

async fn l5_unknown_people_are_found_until_they_are_contacts(world: World) {
    let mail = mail(&world, "carla@x.example", "support@corail.example", "", "Hello").await;
    for text in ["carla", "carla@x.example", "CARL"] {
        let people = page(&world, &world.owner, text).await.people;
        assert_eq!(people.len(), 1, "{text}");
        assert_eq!((people[0].contact, people[0].conversation), (None, Some(mail.conversation)));
        assert_eq!((people[0].name.as_str(), people[0].email.as_str()), ("carla@x.example", "carla@x.example"));
    }
    let visitor = world.inbound("a secret hash", "Hello").await.conversation;
    assert!(page(&world, &world.owner, "secret hash").await.people.iter().all(|person| person.email.is_empty()));
    let id = ContactId::new(new_id());
    let make = MakeContact { conversation: visitor, id, field: ContactField::Name, value: "Visitor Dora".to_owned() };
    world.db.write(&world.owner.scope, make).await.unwrap();
    let people = page(&world, &world.owner, "visitor").await.people;
    assert_eq!(people.iter().map(|person| person.contact).collect::<Vec<_>>(), [Some(id)]);
}

/// All messages of a search, page by page.
pub async fn all(world: &World, scope: &Scope, text: &str, limit: i64, looked_at: [i64; 2]) -> Vec<MessageId> {
    let (mut ids, mut after) = (Vec::new(), None);
    for _ in 0..200 {
        let page = search_within(&world.db, scope, text, (after, 0, limit), looked_at).await.unwrap();
        ids.extend(page.messages.iter().map(|hit| hit.message));
        assert!(page.looked_back_to.is_none() || page.after.is_some());
        after = page.after;
        if after.is_none() {
            return ids;
        }
    }
    panic!("the pages of {text} do not end");
}

async fn l5_pages_have_every_hit_once(world: World) {
    let mut ids = Vec::new();
    for n in 0..60 {
        let text = if n % 3 == 0 { "Invoice" } else { "Reminder" };
        ids.insert(0, world.inbound(&format!("visitor {}", n % 7), text).await.id);
    }
    let invoices: Vec<_> =
        ids.iter().copied().enumerate().filter(|(at, _)| (59 - at) % 3 == 0).map(|(_, id)| id).collect();
    for (limit, looked_at) in [(25, [1000, 20_000]), (1, [1, 1]), (4, [3, 5]), (7, [2, 100])] {
        assert_eq!(all(&world, &world.owner.scope, "invoice", limit, looked_at).await, invoices);
        assert_eq!(all(&world, &world.owner.scope, "invoice is:open", limit, looked_at).await, invoices);
        assert!(all(&world, &world.owner.scope, "invoice is:closed", limit, looked_at).await.is_empty());
    }
}

/// What a member sees little of is found however much of others' there is before it.
async fn l5_a_restricted_member_finds_over_all_time(world: World) {
    let mina = world.member("Mina", Role::Agent, Visibility::Mine).await;
    let hers = world.inbound("amelie", "Invoice of hers").await;
    world.act(&world.owner, hers.conversation, Act::Assign(Some(mina.id))).await.unwrap();
    for n in 0..60 {
        world.inbound(&format!("visitor {n}"), "Invoice").await;
    }
    // However few hits may be examined: her rights are part of the query.
    let page = search_within(&world.db, &mina.scope, "invoice", (None, 0, 25), [1, 1]).await.unwrap();
    assert_eq!(page.messages.iter().map(|hit| hit.message).collect::<Vec<_>>(), [hers.id]);
    assert_eq!((page.after, page.looked_back_to), (None, None));
}

async fn s19_what_is_hidden_is_neither_found_nor_counted(world: World) {
    let mina = world.member("Mina", Role::Agent, Visibility::Mine).await;
    let tess = world.member("Tess", Role::Agent, Visibility::Teams).await;
    for n in 0..30 {
        let name = format!("Guest {n}");
        world.receive(Inbound { name, ..letter(&world.chat, &format!("v{n}"), "Invoice") }).await.unwrap();
    }
    for who in [&mina, &tess] {
        for text in
            ["invoice", "guest", "gest", "from:guest", "is:open", "\"invoice\"", "channel:web_chat", "after:2020"]
        {
            let page = page(&world, who, text).await;
            assert!(page.messages.is_empty() && page.people.is_empty() && !page.more_people, "{text}");
            assert_eq!((page.after, page.looked_back_to), (None, None), "{text} tells that there is something");
        }
    }
    let visitor = Scope::visitor(world.workspace, world.chat.id);
    assert!(search(&world.db, &visitor, "invoice", None, 0).await.is_err());
}

/// A text of the signs that search, SQL and the engines' own languages use.
pub fn bent(dice: &mut Dice) -> String {
    let parts = [
        "\"",
        "'",
        "*",
        "(",
        ")",
        ":",
        "-",
        "^",
        "%",
        "_",
        "\\",
        " AND ",
        " OR ",
        " NOT ",
        "NEAR(",
        "words:",
        "from:",
        "to:",
        "before:",
        "is:",
        "status:",
        "tag:",
        "channel:",
        "assignee:",
        "has:",
        "--",
        ";",
        "DROP TABLE message",
        "‡w",
        "†ab",
        "‡",
        "a",
        "ab",
        "invoice",
        "é",
        "見",
        "見積",
        "\u{0}",
        "\u{ad}",
        "<->",
        "&",
        "|",
        "!",
        "::tsquery",
        "$1",
        "{",
        "}",
        "\n",
        "𝔘",
        "2026-01-01",
        "99999999999999999999",
        "me",
        "open",
        "\u{202e}",
    ];
    (0..1 + dice.below(9)).map(|_| *dice.of(&parts)).collect()
}

async fn s28_nothing_typed_breaks_the_search_box(world: World) {
    let mut dice = Dice::new(28);
    world.inbound("amelie", "Invoice ab 見積書").await;
    for _ in 0..inputs(400) {
        let text = bent(&mut dice);
        let result = search(&world.db, &world.owner.scope, &text, None, 0).await;
        assert!(result.is_ok(), "{text:?}: {:?}", result.err());
    }
    let long =
        ["x".repeat(10_000), "\"".repeat(10_000), "from:a ".repeat(2_000), "%".repeat(10_000), "見".repeat(10_000)];
    for text in &long {
        let page = page(&world, &world.owner, text).await;
        assert!(
            page.ignored.iter().any(|ignored| matches!(ignored.why, Why::TooLong | Why::NoWord | Why::TooMany)),
            "{text:.20}"
        );
    }
    for cursor in [i64::MIN, -1, 0, i64::MAX] {
        let page =
            search(&world.db, &world.owner.scope, "invoice", Some(model::SearchCursor(cursor)), 0).await.unwrap();
        assert!(page.people.is_empty());
    }
    let east = search(&world.db, &world.owner.scope, "after:2026-01-01 invoice", None, i64::MIN).await.unwrap();
    assert_eq!(east.messages.len(), 1);
}

async fn s29_parts_that_do_not_apply_are_told(world: World) {
    let invoice = world.inbound("amelie", "Invoice").await.id;
    let page = page(&world, &world.owner, "invoice colour:red password:x tag:vip assignee:nemo").await;
    assert_eq!(page.messages.iter().map(|hit| hit.message).collect::<Vec<_>>(), [invoice]);
    let whys: Vec<_> = page.ignored.iter().map(|ignored| (ignored.text.as_str(), ignored.why)).collect();
    assert_eq!(
        whys,
        [
            ("colour:red", Why::NoSuchOperator),
            ("password:x", Why::NoSuchOperator),
            ("tag:vip", Why::NoSuchTag),
            ("assignee:nemo", Why::NoSuchMember)
        ]
    );
}
