//! A letter of several parts is one letter everywhere: in the thread, on its card, in search (T3).

use model::Message;
use store::search;

use super::desk::Desk;
use crate::world::World;

on_both_engines!(
    t3_every_part_of_a_letter_is_stored_as_its_text,
    t3_every_part_of_a_letter_is_on_its_card,
    t3_every_part_of_a_letter_is_found,
);

/// HTML, text and HTML one after another, the last one by itself in multipart/related.
const IN_PARTS: &str = "From: Anna <anna@x.example>\nTo: support@mail.test\nSubject: Order\nMIME-Version: 1.0\n\
    Content-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: text/html\n\n<p>One <b>armchair</b></p>\n\
    --m\nContent-Type: text/plain\n\nand a walnut table\n--m\nContent-Type: multipart/related; boundary=r\n\n\
    --r\nContent-Type: text/html\n\n<p>with <i>brass</i> feet</p>\n--r--\n--m--\n";
const SAID: &str = "One armchair and a walnut table with brass feet";

async fn came(world: World) -> (Desk, Message) {
    let desk = Desk::open(world).await;
    let message = desk.stands(&desk.comes(IN_PARTS).await).await;
    (desk, message)
}

async fn t3_every_part_of_a_letter_is_stored_as_its_text(world: World) {
    let (_desk, message) = came(world).await;
    assert_eq!(message.text.split_whitespace().collect::<Vec<_>>().join(" "), SAID);
}

async fn t3_every_part_of_a_letter_is_on_its_card(world: World) {
    let (desk, message) = came(world).await;
    assert_eq!(desk.world.row(message.conversation).await.preview.text, format!("Order {SAID}"));
}

async fn t3_every_part_of_a_letter_is_found(world: World) {
    let (desk, message) = came(world).await;
    for word in ["armchair", "walnut", "brass"] {
        let mut snapshot = desk.world.db.snapshot().await.unwrap();
        let found = search::messages(&mut snapshot.conn(), &desk.world.owner.scope, word, 10).await.unwrap();
        assert_eq!(found.iter().map(|(_, id)| *id).collect::<Vec<_>>(), [message.id], "{word}");
    }
}
