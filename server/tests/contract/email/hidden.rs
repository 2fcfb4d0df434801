//! S21: a member who writes to a contact of other members takes nothing from them and learns nothing about the contact.

use domain::{
    contacts::{EditContact, MakeContact},
    mail::BeginMail,
    people::{AddTeam, SetInTeam, SetTeamChannels},
};
use model::{
    ContactField, ContactId, ConversationId, DraftMode, MailChoice, Mailbox, Recipients, Role, TeamId, Thread,
    Visibility,
};
use store::clock::new_id;

use super::desk::{Desk, mail};
use crate::world::{Person, World, refused};

on_both_engines!(s21_writing_to_a_hidden_contact_takes_nothing_and_tells_no_name);

/// The name that only others know.
const NAME: &str = "Secret Name";

/// Two who see little: one their own, one what their team has.
async fn narrow(desk: &Desk, sales: model::ChannelId) -> [Person; 2] {
    let (world, owner) = (&desk.world, &desk.world.owner.scope);
    let team = TeamId::new(new_id());
    world.db.write(owner, AddTeam { id: team, name: "Sales".to_owned() }).await.unwrap();
    world.db.write(owner, SetTeamChannels { team, channels: vec![sales] }).await.unwrap();
    let nils = world.member("Nils", Role::Agent, Visibility::Mine).await;
    let mara = world.member("Mara", Role::Agent, Visibility::Teams).await;
    world.db.write(owner, SetInTeam { member: mara.id, team, inside: true }).await.unwrap();
    [nils, world.again(&mara).await.unwrap()]
}

/// What stays as it was, whoever else writes to them.
fn kept(thread: &Thread) -> String {
    format!("{:?} {:?} {:?}", thread.row, thread.contact, thread.messages)
}

async fn s21_writing_to_a_hidden_contact_takes_nothing_and_tells_no_name(world: World) {
    let desk = Desk::open(world).await;
    let sales = desk.connect("sales@mail.test").await.id;
    for (n, who) in narrow(&desk, sales).await.iter().enumerate() {
        for typed in ["", "Foo", NAME] {
            let (world, address) = (&desk.world, format!("anna{n}{}@cust.example", typed.len()));
            let from = format!("From: {NAME} <{address}>\nTo: support@mail.test");
            let hidden = desk.opens(&mail(&from, "First")).await;
            let before = desk.thread(hidden).await;
            let theirs = before.contact.clone().unwrap();
            assert_eq!(theirs.name, NAME);
            let seq = world.last_seq().await;

            let conversation = ConversationId::new(new_id());
            let mut send = crate::world::message(conversation, DraftMode::Reply, "Hello");
            let to = vec![Mailbox { name: typed.to_owned(), ..Mailbox::of(&address) }];
            let recipients = Recipients { to, ..Recipients::default() };
            send.compose = model::Compose::Mail(MailChoice { recipients, subject: Some("Hello".to_owned()) });
            world.db.write(&who.scope, BeginMail { channel: sales, contact: None, send }).await.unwrap();
            let seen = world.thread(who, conversation).await.unwrap();
            let label = if typed.is_empty() { &address } else { typed };
            assert_eq!(
                (seen.row.display_name(), seen.row.first_label.as_str()),
                (label, ""),
                "the member sees only what they typed"
            );
            assert!(seen.contact.is_none());

            let (id, field) = (ContactId::new(new_id()), ContactField::Name);
            let make = MakeContact { conversation, id, field, value: "Another".to_owned() };
            world.db.write(&who.scope, make).await.unwrap();
            let seen = world.thread(who, conversation).await.unwrap();
            assert_eq!(
                (seen.row.contact, seen.row.display_name()),
                (Some(id), "Another"),
                "the contact belongs to this conversation only"
            );
            if typed != NAME {
                let told = format!("{seen:?} {:?}", world.events(world.workspace, seq).await);
                assert!(!told.contains(NAME), "{told}");
            }

            assert_eq!(kept(&desk.thread(hidden).await), kept(&before), "the other members' conversation is unchanged");
            let next = desk.opens(&mail(&from, "Second")).await;
            assert_eq!(
                desk.thread(next).await.contact,
                before.contact,
                "the contact's next mail goes to the other members' conversation"
            );
            refused(world.thread(who, next).await);
            let edit = EditContact { id: theirs.id, field, value: "Another".to_owned(), seen: theirs.version };
            refused(world.db.write(&who.scope, edit).await);
            // Once they are renamed where they are known, nothing of it comes over.
            let edit = EditContact { id: theirs.id, field, value: "Renamed".to_owned(), seen: theirs.version };
            world.db.write(&world.owner.scope, edit).await.unwrap();
            assert_eq!(world.thread(who, conversation).await.unwrap().row.display_name(), "Another");
        }
    }
}
