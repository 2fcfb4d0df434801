//! T12: who looks or writes is known in every process on the database, to those who may see the conversation, and stored in none.

use std::time::Duration;

use model::{Act, Doing, Role, TabId, Visibility};
use server::live::Placed;
use store::{Engine, Sight, clock::new_id};
use tokio::time::timeout;

use crate::{wakes::Deployment, world::World};

on_both_engines!(t12_who_looks_and_writes_is_known_in_another_process, s19_a_place_is_read_and_not_believed);

async fn t12_who_looks_and_writes_is_known_in_another_process(world: World) {
    if world.engine == Engine::Sqlite {
        // One process at a time has the file.
        return;
    }
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    let (a, b) = (Deployment::on(&world).await, Deployment::on(&world).await);
    let (mut changes, _) = b.world.hub.presence().follow(world.workspace);
    let mut replies = b.world.hub.presence().follow_replies(world.workspace);
    let before = world.last_seq().await;
    let (tab, member) = (TabId::new(new_id()), world.owner.id);
    // Until B listens, A repeats it, as a browser does.
    let sit = |doing: Option<Doing>| {
        a.world.db.tell(world.workspace, Sight::Member(member, tab, doing.map(|doing| (conversation, doing))));
    };
    let told = timeout(Duration::from_secs(30), async {
        loop {
            sit(Some(Doing::Replying));
            if let Ok(Ok(changes)) = timeout(Duration::from_millis(300), changes.recv()).await {
                return changes[0].told.clone();
            }
        }
    });
    assert_eq!(told.await.expect("B hears of it"), format!("{conversation} r{member}"));
    assert_eq!(*replies.recv().await.unwrap(), [(conversation, true)]);
    let mut next = async || {
        let changes = timeout(Duration::from_secs(5), changes.recv()).await.expect("at once, not by a look").unwrap();
        changes.iter().map(|change| change.told.clone()).collect::<Vec<_>>().join(";")
    };
    a.world.db.tell(world.workspace, Sight::Outside(conversation, true));
    assert_eq!(next().await, format!("{conversation} r r{member}"));
    a.world.db.tell(world.workspace, Sight::Outside(conversation, false));
    assert_eq!(next().await, format!("{conversation} r{member}"));
    sit(None);
    assert_eq!(next().await, conversation.to_string());
    assert_eq!(world.last_seq().await, before, "no event");
    a.close().await;
    b.close().await;
}

async fn s19_a_place_is_read_and_not_believed(world: World) {
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    let agent = world.member("agent", Role::Agent, Visibility::Mine).await;
    let presence = world.hub.presence();
    let (mut changes, _) = presence.follow(world.workspace);
    let sit = |placed: Placed| {
        presence.sit(
            world.workspace,
            world.owner.id,
            TabId::new(world.owner.id.uuid()),
            Some((placed, Doing::Looking)),
            false,
        );
    };
    let before = Placed::of(&world.row(conversation).await);
    sit(before);
    let (access, _) = agent.scope.access().unwrap();
    assert!(!access.sees(&changes.recv().await.unwrap()[0].placement));
    // The event moves it, for one and for several at once; an answer from before moves it no more.
    world.act(&world.owner, conversation, Act::Assign(Some(agent.id))).await.unwrap();
    assert!(access.sees(&changes.recv().await.unwrap()[0].placement));
    sit(before);
    assert!(access.sees(&presence.follow(world.workspace).1[0].placement));
    let seen = world.row(conversation).await.inbound_count;
    let many = domain::act::ActOnMany {
        conversations: vec![(conversation, seen)],
        act: Act::Assign(None),
        undo: None,
        part: 0,
    };
    world.db.write(&world.owner.scope, many).await.unwrap();
    assert!(!access.sees(&changes.recv().await.unwrap()[0].placement));
}
