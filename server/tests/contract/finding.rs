//! L5, S28: search ignores case and accents and works in every script, and no input breaks the query.

use domain::{
    contacts::EditContact,
    inbound::{Inbound, Receive},
};
use model::{Act, ContactField, ConversationId, MessageId, Role, Visibility};
use store::{Scope, search, words::Query};

use crate::{
    dice::Dice,
    world::{World, letter},
};

on_both_engines!(
    l5_case_accents_and_scripts,
    l5_newest_first_and_no_more_than_asked,
    l5_every_word_must_be_there,
    l5_not_across_workspaces,
    l5_contacts_by_name_address_and_company,
    s19_what_others_have_neither_shows_nor_hides_what_is_mine,
    s28_nothing_typed_breaks_a_search,
);

async fn find(world: &World, scope: &Scope, text: &str, limit: i64) -> Vec<(ConversationId, MessageId)> {
    let mut snapshot = world.db.snapshot().await.unwrap();
    let found = search::messages(&mut snapshot.conn(), scope, text, limit)
        .await
        .unwrap_or_else(|fault| panic!("{text:?}: {fault}"));
    found.into_iter().map(|(row, message)| (row.id, message)).collect()
}

async fn l5_case_accents_and_scripts(world: World) {
    let texts = [
        "Le café de la GARE",
        "見積書をありがとうございます",
        "Straße nach Łódź",
        "Здравствуйте",
        "Order A-1042 is late",
        "ราคาเท่าไหร่",
        "Ｆｕｌｌｗｉｄｔｈ",
    ];
    let mut ids = Vec::new();
    for text in texts {
        ids.push(world.inbound("amelie", text).await.id);
    }
    let queries = [
        ("CAFÉ", 0),
        ("cafe", 0),
        ("cafe\u{301}", 0),
        ("gar", 0),
        ("見積", 1),
        ("見積書", 1),
        ("ありがとう", 1),
        ("strasse", 2),
        ("lodz", 2),
        ("ЗДРАВ", 3),
        ("1042", 4),
        ("a-1042", 4),
        ("lat", 4),
        ("ราคา", 5),
        ("fullwidth", 6),
        ("  late, ORDER!", 4),
    ];
    for (query, at) in queries {
        let found: Vec<_> = find(&world, &world.owner.scope, query, 10).await.into_iter().map(|(_, id)| id).collect();
        assert_eq!(found, [ids[at]], "{query}");
    }
    for nothing in ["積見", "afé", "", "  ", "!?", "caffe", "\u{301}"] {
        assert!(find(&world, &world.owner.scope, nothing, 10).await.is_empty(), "{nothing:?}");
    }
}

async fn l5_newest_first_and_no_more_than_asked(world: World) {
    let mut ids = Vec::new();
    for n in 0..30 {
        ids.push(world.inbound(&format!("visitor {}", n % 3), &format!("Invoice {n}")).await.id);
    }
    ids.reverse();
    let found: Vec<_> = find(&world, &world.owner.scope, "invoice", 25).await.into_iter().map(|(_, id)| id).collect();
    assert_eq!(found, ids[..25]);
    let note =
        world.note(&world.owner, world.inbound("visitor 0", "x").await.conversation, "Invoice paid").await.unwrap();
    assert_eq!(find(&world, &world.owner.scope, "invoice", 1).await[0].1, note.id, "notes are found, too");
}

async fn l5_every_word_must_be_there(world: World) {
    let both = world.inbound("amelie", "The red door is open").await.id;
    world.inbound("amelie", "The red window").await;
    world.inbound("amelie", "An open door").await;
    for query in ["red door", "door red", "\"red\" AND door*", "red open", "red NOT door"] {
        let found: Vec<_> = find(&world, &world.owner.scope, query, 10).await.into_iter().map(|(_, id)| id).collect();
        let words = ["and", "not"].iter().any(|word| query.to_lowercase().contains(word));
        assert_eq!(found, if words { vec![] } else { vec![both] }, "operators must count as words: {query}");
    }
}

async fn l5_not_across_workspaces(world: World) {
    let tenant = world.tenant("other").await;
    let named = |channel, address| Inbound { name: "Amélie".to_owned(), ..letter(channel, address, "Rendezvous") };
    world.receive(named(&world.chat, "one")).await.unwrap();
    let system = Scope::system(tenant.workspace, "test");
    let theirs = world.db.write(&system, Receive(named(&tenant.chat, "two"))).await.unwrap();
    assert_eq!(find(&world, &tenant.owner.scope, "rendezvous", 10).await, [(theirs.conversation, theirs.id)]);
    // The workspace is a word of the index: nobody may name another's.
    for text in [format!("w{}", world.workspace.uuid().simple()), world.workspace.to_string(), "workspace".to_owned()] {
        assert!(find(&world, &tenant.owner.scope, &text, 10).await.is_empty(), "{text}");
        assert!(find(&world, &tenant.owner.scope, &format!("rendezvous {text}"), 10).await.is_empty(), "{text}");
    }
    let mut snapshot = world.db.snapshot().await.unwrap();
    assert_eq!(search::contacts(&mut snapshot.conn(), &tenant.owner.scope, "amelie", 10).await.unwrap().len(), 1);
}

async fn l5_contacts_by_name_address_and_company(world: World) {
    let named = Inbound {
        name: "Amélie Roux".to_owned(),
        email: "a.roux@maison.example".to_owned(),
        ..letter(&world.chat, "amelie", "Bonjour")
    };
    let conversation = world.receive(named).await.unwrap().conversation;
    let other = Inbound { name: "Basil".to_owned(), ..letter(&world.chat, "basil", "Hi") };
    world.receive(other).await.unwrap();
    let contact = world.thread(&world.owner, conversation).await.unwrap().contact.unwrap();
    let found = async |text: &str| {
        let mut snapshot = world.db.snapshot().await.unwrap();
        search::contacts(&mut snapshot.conn(), &world.owner.scope, text, 10).await.unwrap()
    };
    for text in ["amelie", "ROUX", "amélie rou", "a.roux@maison.example", "maison"] {
        assert_eq!(found(text).await, [contact.id], "{text}");
    }
    let mut seen = contact.version;
    for (field, value) in [
        (ContactField::Name, "Zoé Blanc"),
        (ContactField::Company, "Corail"),
        (ContactField::Phone, "+33 6 55 51 04 20"),
    ] {
        let edit = EditContact { id: contact.id, field, value: value.to_owned(), seen };
        seen = world.db.write(&world.owner.scope, edit).await.unwrap().version;
    }
    for text in ["zoe", "corail", "55 51", "blanc maison"] {
        assert_eq!(found(text).await, [contact.id], "{text}");
    }
    assert!(found("amelie").await.is_empty(), "the old name must not find the contact");
}

/// However much of others' there is before it, mine is found; and nothing of theirs is.
async fn s19_what_others_have_neither_shows_nor_hides_what_is_mine(world: World) {
    let mine = world.member("Mina", Role::Agent, Visibility::Mine).await;
    let named = |n: usize| Inbound {
        name: format!("Guest {n}"),
        ..letter(&world.chat, &format!("visitor {n}"), &format!("Invoice {n}"))
    };
    let (mut hers, mut all) = (Vec::new(), Vec::new());
    for n in 0..40 {
        let message = world.receive(named(n)).await.unwrap();
        if n < 2 {
            world.act(&world.owner, message.conversation, Act::Assign(Some(mine.id))).await.unwrap();
            hers.insert(0, (message.conversation, message.id));
        }
        all.insert(0, (message.conversation, message.id));
    }
    assert_eq!(find(&world, &mine.scope, "invoice", 10).await, hers);
    assert_eq!(find(&world, &mine.scope, "invoice", 1).await, hers[..1], "the newest of the messages she sees");
    assert!(find(&world, &mine.scope, "invoice 17", 10).await.is_empty());
    assert_eq!(find(&world, &world.owner.scope, "invoice", 10).await, all[..10]);
    let contacts = async |scope: &Scope, text: &str, limit| {
        let mut snapshot = world.db.snapshot().await.unwrap();
        search::contacts(&mut snapshot.conn(), scope, text, limit).await.unwrap()
    };
    let mut known = Vec::new();
    for (conversation, _) in &all {
        known.push(world.row(*conversation).await.contact.unwrap());
    }
    assert_eq!(contacts(&world.owner.scope, "guest", 3).await, known[..3], "newest first");
    assert_eq!(contacts(&mine.scope, "guest", 10).await, known[38..]);
    assert_eq!(contacts(&mine.scope, "guest", 1).await, known[38..39]);
    assert!(contacts(&mine.scope, "guest 17", 10).await.is_empty());
}

/// A character of any script, mostly odd ones.
fn odd(dice: &mut Dice) -> char {
    let odd = [
        '"',
        '*',
        '\'',
        '\\',
        ':',
        '(',
        ')',
        '-',
        '^',
        '&',
        '|',
        '!',
        '<',
        '%',
        '_',
        '{',
        '\u{1f171}',
        '\u{1f150}',
        '²',
        'Ⅷ',
        '\u{ad}',
        'ა',
        '\u{1e900}',
        '\u{3099}',
        'あ',
    ];
    match dice.below(4) {
        0 => *dice.of(&odd),
        1 => *dice.of(&['a', 'B', 'é', '1', ' ']),
        2 => char::from_u32(u32::try_from(dice.below(0x3000)).unwrap()).unwrap_or('x'),
        _ => char::from_u32(u32::try_from(dice.below(0x2_0000)).unwrap()).unwrap_or('x'),
    }
}

async fn s28_nothing_typed_breaks_a_search(world: World) {
    let mut dice = Dice::new(28);
    let mut lost = Vec::new();
    for _ in 0..400 {
        let n = 1 + dice.below(12);
        let text: String = (0..n).map(|_| odd(&mut dice)).filter(|c| *c != '\0').collect();
        let stored = world.inbound("amelie", &format!("x {text}")).await.id;
        let mut snapshot = world.db.snapshot().await.unwrap();
        search::contacts(&mut snapshot.conn(), &world.owner.scope, &text, 10)
            .await
            .unwrap_or_else(|fault| panic!("{text:?}: {fault}"));
        drop(snapshot);
        let found = find(&world, &world.owner.scope, &text, 1000).await;
        // Any text that has words finds itself.
        if Query::parse(&text).is_some() && !found.iter().any(|(_, id)| *id == stored) {
            lost.push(text);
        }
    }
    assert!(lost.is_empty(), "{lost:?}");
}
