//! Mails that older rules read are updated from their stored bytes. Who sees them and where they are does not change.

use domain::mail::{PutRight, ScheduleReading, stale};
use model::{ConversationId, MailHead, Mailbox, Message, Needs};
use store::{Command, Scope, Tx, Val, contact, conversation, mail, message, search};

use super::office::{Office, letter};
use crate::{plain::Sql, world::World};

on_both_engines!(
    b_mails_of_older_rules_are_read_again,
    b_the_card_of_a_mail_of_older_rules_is_put_right,
    b_a_mail_of_older_rules_is_found_by_what_it_says,
    b_reading_again_goes_on_where_it_stopped,
    b_reading_again_changes_nothing_that_is_right,
);

const TODAY: &str = "The violet armchair is still missing";
const THEN: &str = "=54=68=65 garbled";

/// Makes a message what older rules might have made of its mail: another text, another name, a preview and words of its own.
struct Spoil {
    message: Message,
}

#[async_trait::async_trait]
impl Command for Spoil {
    type Output = ();
    const NEEDS: Needs = Needs::Nothing;

    async fn run(&self, tx: &mut Tx<'_>) -> store::error::Result<()> {
        let (scope, message) = (tx.scope()?, &self.message);
        message::set_text(tx, &scope, message.id, THEN).await?;
        let conversation = conversation::load(tx.conn(), &scope, message.conversation).await?.unwrap();
        let spoiled = Message { text: THEN.to_owned(), ..message.clone() };
        search::set(tx, &scope, message.id, search::findable(&scope, &spoiled, &(&conversation).into())).await?;
        let mut head: MailHead = message.mail().cloned().unwrap();
        head.parties.from = Some(Mailbox { name: "Meier".to_owned(), address: "anna@x.example".to_owned() });
        message::set_mail(tx, &scope, message.id, &head).await?;
        Ok(())
    }
}

/// A conversation that began with a mail, as older rules would have left it.
async fn spoiled(office: &Office, said: &str) -> (ConversationId, Message) {
    let text = letter("\"Meier, Anna\" <anna@x.example>", &office.address, "Armchair", "", said);
    let before = office.conversations(office.channel.id).await.len();
    office.post.deliver("anna@x.example", &office.address, &text).await;
    let conversation = *office.conversations_when(office.channel.id, before + 1).await.last().unwrap();
    let message = office.thread(conversation).await.remove(0);
    let db = &office.world.db;
    db.write(&office.world.system(), Spoil { message: message.clone() }).await.unwrap();
    let id = conversation.to_string();
    let spoil = [
        (
            "UPDATE conversation SET preview = $2 WHERE id = $1",
            vec![Val::from(id), Val::from(format!("Armchair {THEN}"))],
        ),
        ("UPDATE contact SET name = 'Meier' WHERE name = $1", vec![Val::from("Meier, Anna")]),
        ("UPDATE identity SET label = 'Meier' WHERE label = $1", vec![Val::from("Meier, Anna")]),
        ("UPDATE mail SET reader = 0 WHERE message_id = $1", vec![Val::from(message.id.to_string())]),
    ];
    let spoil = spoil.into_iter().map(|(sql, values)| (sql.to_owned(), values)).collect();
    db.write(&office.world.system(), Sql(spoil)).await.unwrap();
    (conversation, message)
}

async fn found(office: &Office, scope: &Scope, text: &str) -> usize {
    let mut snapshot = office.world.db.snapshot().await.unwrap();
    search::messages(&mut snapshot.conn(), scope, text, 10).await.unwrap().len()
}

async fn waiting(office: &Office) -> usize {
    let mut reader = office.world.db.reader().await.unwrap();
    mail::read_before(&mut reader.conn(), &office.world.system(), mail::READER, 100).await.unwrap().len()
}

/// Lets the jobs run until no mail waits; each batch leaves the next one for a moment later.
async fn read_all(office: &Office) {
    office.world.db.write(&office.world.system(), ScheduleReading).await.unwrap();
    for _ in 0..10 {
        if waiting(office).await == 0 {
            return;
        }
        office.world.wait(1000);
        office.work().await;
    }
    panic!("{} mails still wait, and no job reads them", waiting(office).await);
}

async fn b_mails_of_older_rules_are_read_again(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let _receiving = office.receive();
    office.connected(office.channel.id).await;
    let (conversation, message) = spoiled(&office, TODAY).await;
    let owner = office.world.owner.scope.clone();
    assert_eq!((found(&office, &owner, "garbled").await, found(&office, &owner, "armchair violet").await), (1, 0));
    let before = office.world.thread(&office.world.owner, conversation).await.unwrap();
    assert_eq!((before.row.name.as_str(), before.messages[0].text.as_str()), ("Meier", THEN));
    let seq = office.world.last_seq().await;

    read_all(&office).await;
    let after = office.world.thread(&office.world.owner, conversation).await.unwrap();
    assert_eq!(after.messages, [message], "the message is what the current rules make of it");
    assert_eq!((after.row.name.as_str(), after.row.label.as_str()), ("Meier, Anna", "Meier, Anna"));
    assert_eq!(after.row.preview.text, format!("Armchair {TODAY}"));
    assert_eq!((found(&office, &owner, "garbled").await, found(&office, &owner, "armchair violet").await), (0, 1));
    assert_eq!(office.conversations(office.channel.id).await, [conversation], "its position does not change");
    assert_eq!((after.row.state, after.row.inbound_count), (before.row.state, before.row.inbound_count));
    let contact = after.contact.unwrap();
    let mut reader = office.world.db.reader().await.unwrap();
    let stored = contact::one(&mut reader.conn(), &owner, contact.id).await.unwrap().unwrap();
    assert_eq!(stored.name, "Meier, Anna");
    drop(reader);
    assert!(!office.world.events(office.world.workspace, seq).await.is_empty(), "open browsers get an event");
}

async fn b_the_card_of_a_mail_of_older_rules_is_put_right(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let _receiving = office.receive();
    office.connected(office.channel.id).await;
    let (conversation, _) = spoiled(&office, TODAY).await;
    read_all(&office).await;
    assert_eq!(office.world.row(conversation).await.preview.text, format!("Armchair {TODAY}"));
}

async fn b_a_mail_of_older_rules_is_found_by_what_it_says(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let _receiving = office.receive();
    office.connected(office.channel.id).await;
    spoiled(&office, TODAY).await;
    read_all(&office).await;
    let owner = &office.world.owner.scope;
    assert_eq!((found(&office, owner, "garbled").await, found(&office, owner, "armchair violet").await), (0, 1));
}

/// A process may stop between any two mails: what was read stays read, and the next job takes the rest.
async fn b_reading_again_goes_on_where_it_stopped(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let _receiving = office.receive();
    office.connected(office.channel.id).await;
    let mut conversations = Vec::new();
    for n in 0..25 {
        let said = format!("{TODAY}: {n}");
        conversations.push((spoiled(&office, &said).await.0, said));
    }
    let scope = office.world.system();
    let batch = stale(&office.world.db, &scope).await.unwrap();
    assert_eq!(batch.len(), 20, "a batch has a limit");
    for one in batch.into_iter().take(3) {
        let kept = mail::one(&mut office.world.db.reader().await.unwrap().conn(), &scope, one.mail).await.unwrap();
        let letter = office.email.read_again(&scope, kept.unwrap().id).await.unwrap().unwrap();
        office.world.db.write(&scope, PutRight { stale: one, letter: Some(letter) }).await.unwrap();
    }
    assert_eq!(waiting(&office).await, 22);
    read_all(&office).await;
    for (conversation, said) in conversations {
        assert_eq!(office.thread(conversation).await[0].text, said);
    }
}

/// A mail that today's rules read as before, or cannot read at all, is left alone and nobody is told.
async fn b_reading_again_changes_nothing_that_is_right(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let _receiving = office.receive();
    office.connected(office.channel.id).await;
    for n in 0..2 {
        let text = letter("Anna <anna@x.example>", &office.address, "Order", "", &format!("Number {n}"));
        office.post.deliver("anna@x.example", &office.address, &text).await;
    }
    let conversations = office.conversations_when(office.channel.id, 2).await;
    let lost = office.thread(conversations[1]).await[0].id;
    let digest = {
        let mut reader = office.world.db.reader().await.unwrap();
        mail::of_message(&mut reader.conn(), &office.world.system(), lost).await.unwrap().unwrap().digest
    };
    std::fs::remove_file(office.files.place(&digest)).unwrap();
    let forget = Sql::one("UPDATE mail SET reader = 0", Vec::new());
    office.world.db.write(&office.world.system(), forget).await.unwrap();
    let seq = office.world.last_seq().await;
    read_all(&office).await;
    assert_eq!(office.world.last_seq().await, seq, "nothing changed, so there is no event");
    for (n, conversation) in conversations.into_iter().enumerate() {
        assert_eq!(office.thread(conversation).await[0].text, format!("Number {n}"));
    }
}
