//! The visitors' streams of one process query the database once per event, however many streams there are.

use futures::future::join_all;
use model::{EventBody, Role, Visibility};
use server::live::Numbered;

use crate::{costs::counted, world::World};

on_both_engines!(a_thousand_streams_ask_once_an_event);

async fn a_thousand_streams_ask_once_an_event(world: World) {
    let start = world.last_seq().await;
    world.member("Nina", Role::Agent, Visibility::All).await;
    let conversation = world.inbound("a visitor", "Hello").await.conversation;
    let scope = world.system();
    let (mut joined, mut begun, mut other) = (0, 0, 0);
    for (seq, body) in world.events(world.workspace, start).await {
        let event = &Numbered::new(seq, body);
        let streams = || (0..1000).map(|_| async { event.attendance(&world.db, &scope).await.unwrap() });
        let (attendances, asked) = counted(join_all(streams())).await;
        match &event.body {
            EventBody::Member(_) | EventBody::Workspace(_) => {
                assert!((1..=8).contains(&asked), "{asked} statements for a thousand streams");
                let named = |attendance: &server::live::Attendance| {
                    attendance.members.iter().any(|member| member.name == "Nina")
                };
                assert!(attendances.iter().all(|attendance| attendance.as_deref().is_some_and(named)));
                joined += 1;
            }
            _ => {
                assert!(asked == 0 && attendances.iter().all(Option::is_none));
                other += 1;
            }
        }
        if let EventBody::Conversation { before: None, row, .. } = &event.body {
            assert_eq!(row.id, conversation);
            let streams = (0..1000).map(|_| event.written_by(&world.db, &scope, row.id));
            let (writers, asked) = counted(join_all(streams)).await;
            assert!((1..=2).contains(&asked), "{asked} statements for a thousand streams");
            assert!(writers.iter().all(|writer| *writer == Some(Some("a visitor"))));
            begun += 1;
        }
    }
    assert!(joined > 0 && begun == 1 && other > 0, "{joined} {begun} {other}");
}
