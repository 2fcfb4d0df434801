//! L5: what people type is not always what stands there, and still means it.

use domain::{
    contacts::{EditContact, MakeContact},
    inbound::Inbound,
    tags::{AddTag, MergeTag},
};
use model::{Act, ContactField, ContactId, ConversationId, MessageId, Why};
use store::clock::new_id;

use crate::{
    searching::{found, page},
    world::{World, letter},
};

on_both_engines!(
    l5_scripts_and_invisible_signs,
    l5_numbers_and_addresses_are_one_thing,
    l5_a_minus_leaves_out_that_word_only,
    l5_a_colon_makes_no_operator_of_a_number,
    l5_phone_numbers_however_they_are_written,
    l5_a_name_and_a_word,
    l5_tags_of_the_conversation,
);

async fn write(world: &World, text: &str) -> MessageId {
    world.inbound("amelie", text).await.id
}

async fn l5_scripts_and_invisible_signs(world: World) {
    for (written, typed, other) in [
        ("Η οδός", "ΟΔΟΣ", "οδοί"),
        ("दाल और चावल", "दाल", "दिल"),
        ("ปีใหม่", "ปี", "ปู"),
        ("العـــربية", "العربية", "الفارسية"),
        ("Kraftwerks\u{ad}ingenieur", "Kraftwerksingenieur", "Kraftwerke"),
        ("So lovely 🦄 today", "🦄", "🐴"),
        ("Great 👍🏽", "👍", "👎"),
    ] {
        let id = write(&world, written).await;
        assert_eq!(found(&world, typed).await, [id], "{typed}");
        assert_eq!(found(&world, other).await, [], "{other}");
    }
}

async fn l5_numbers_and_addresses_are_one_thing(world: World) {
    let order = write(&world, "About AB-2026/0042, please").await;
    let mail = write(&world, "Write to ann.lee@foo.example").await;
    write(&world, "0042 times in 2026, AB wrote").await;
    write(&world, "Ann saw foo, and Lee an example").await;
    for (typed, id) in
        [("AB-2026/0042", order), ("ab-2026/004", order), ("ann.lee@foo.example", mail), ("@foo.example", mail)]
    {
        assert_eq!(found(&world, typed).await, [id], "{typed}");
    }
}

async fn l5_a_minus_leaves_out_that_word_only(world: World) {
    let long = write(&world, "The category list").await;
    let short = write(&world, "The cat list").await;
    assert_eq!(found(&world, "list -cat").await, [long]);
    assert_eq!(found(&world, "list cat").await, [short, long]);
    assert!(found(&world, "-category").await.is_empty(), "a minus alone finds nothing");
}

async fn l5_a_colon_makes_no_operator_of_a_number(world: World) {
    let order = write(&world, "Regarding PO:12345 and localhost:3000").await;
    for typed in ["PO:12345", "localhost:3000", "po:123"] {
        let page = page(&world, &world.owner, typed).await;
        assert_eq!(page.messages.iter().map(|hit| hit.message).collect::<Vec<_>>(), [order], "{typed}");
        assert!(page.ignored.is_empty(), "{typed}");
    }
    let page = page(&world, &world.owner, "regarding colour:red").await;
    assert_eq!((page.messages.len(), page.ignored[0].why), (1, Why::NoSuchOperator));
}

/// A contact with a name, who wrote on a channel.
async fn contact(world: &World, name: &str, address: &str) -> (ConversationId, ContactId) {
    let conversation = world.receive(letter(&world.chat, address, "Hello")).await.unwrap().conversation;
    let id = ContactId::new(new_id());
    let make = MakeContact { conversation, id, field: ContactField::Name, value: name.to_owned() };
    world.db.write(&world.owner.scope, make).await.unwrap();
    (conversation, id)
}

async fn l5_phone_numbers_however_they_are_written(world: World) {
    let (conversation, id) = contact(&world, "Zacharias", "z").await;
    let seen = world.thread(&world.owner, conversation).await.unwrap().contact.unwrap().version;
    let phone = EditContact { id, field: ContactField::Phone, value: "+41 79 123 45 67".to_owned(), seen };
    world.db.write(&world.owner.scope, phone).await.unwrap();
    for typed in ["+41791234567", "0791234567", "079 123 45 67", "0041 79 123 45 67", "1234567", "+41 79 123", "234567"]
    {
        let people = page(&world, &world.owner, typed).await.people;
        assert_eq!(people.iter().map(|hit| hit.contact).collect::<Vec<_>>(), [Some(id)], "{typed}");
    }
    for typed in ["0799999999", "4567", "999"] {
        assert!(page(&world, &world.owner, typed).await.people.is_empty(), "{typed}");
    }
}

async fn l5_a_name_and_a_word(world: World) {
    let (conversation, _) = contact(&world, "Zacharias Rau", "z").await;
    let refund = world.receive(letter(&world.chat, "z", "I want a refund")).await.unwrap();
    assert_eq!(refund.conversation, conversation);
    world.receive(letter(&world.chat, "z", "Thank you")).await.unwrap();
    let unknown = Inbound { name: "Zacharias Other".to_owned(), ..letter(&world.chat, "o", "No refund for me?") };
    let other = world.receive(unknown).await.unwrap().id;
    world.inbound("amelie", "Another refund").await;
    assert_eq!(found(&world, "zacharias refund").await, [other, refund.id]);
    assert_eq!(found(&world, "refund rau").await, [refund.id]);
    assert_eq!(found(&world, "zacharias rau").await, [], "the names alone are people, not messages");
    assert_eq!(page(&world, &world.owner, "zacharias rau").await.people.len(), 1);
}

async fn l5_tags_of_the_conversation(world: World) {
    let add = |name: &str| AddTag { name: name.to_owned(), color: None };
    let vip = world.db.write(&world.owner.scope, add("VIP")).await.unwrap().id;
    let late = world.db.write(&world.owner.scope, add("Very late")).await.unwrap().id;
    let mut ids = Vec::new();
    for (n, tags) in [vec![vip], vec![late], vec![vip, late], vec![]].into_iter().enumerate() {
        let message = world.inbound(&format!("visitor {n}"), "Invoice").await;
        for tag in tags {
            world.act(&world.owner, message.conversation, Act::AddTag(tag)).await.unwrap();
        }
        ids.push(message.id);
    }
    for (typed, expected) in [
        ("tag:vip", vec![2, 0]),
        ("tag:vip tag:\"very late\"", vec![2]),
        ("invoice tag:very", vec![2, 1]),
        ("tag:vip -tag:late", vec![0]),
        ("invoice -tag:vip", vec![3, 1]),
    ] {
        assert_eq!(found(&world, typed).await, expected.iter().map(|at| ids[*at]).collect::<Vec<_>>(), "{typed}");
    }
    let view = page(&world, &world.owner, "tag:vip is:open").await.view.unwrap();
    assert_eq!(view.tags.all, [vip]);
    let merge = MergeTag { id: vip, into: late };
    world.db.write(&world.owner.scope, merge).await.unwrap();
    while world.work().await > 0 {}
    assert_eq!(found(&world, "tag:vip").await, [ids[2], ids[1], ids[0]], "it finds what replaced it");
}
