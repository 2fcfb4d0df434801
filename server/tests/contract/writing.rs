//! The write path: commands share commits, fail alone, and number their events without a gap.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use async_trait::async_trait;
use domain::inbox::SaveDraft;
use futures::future::join_all;
use model::{ConversationId, Draft, DraftMode, EventBody, Needs};
use store::{
    Command, Tx,
    clock::new_id,
    error::{Error, Result, StoreError},
};

use crate::world::{World, letter};

on_both_engines!(
    concurrent_commands_share_commits,
    a_failing_command_fails_alone,
    a_broken_statement_fails_alone,
    a_lost_race_fails_alone,
    a_panicking_command_is_answered_and_the_writer_lives,
    numbers_have_no_gap_with_several_workspaces_at_once,
    nothing_is_taken_after_closing,
);

/// Renames the workspace in the log and then does as told.
#[derive(Clone)]
struct Announce {
    then: Then,
    runs: Arc<AtomicU32>,
}

#[derive(Clone, Copy, PartialEq)]
enum Then {
    Fine,
    Refuse,
    BreakStatement,
    Panic,
    LoseRace,
}

fn announce(then: Then) -> Announce {
    Announce { then, runs: Arc::default() }
}

#[async_trait]
impl Command for Announce {
    type Output = ();
    const NEEDS: Needs = Needs::Nothing;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        let scope = tx.scope()?;
        let draft = Draft { mode: DraftMode::Note, text: format!("{:?}", self.runs), id: None };
        let body =
            EventBody::Draft { member: scope.person()?.member.id, conversation: ConversationId::new(new_id()), draft };
        tx.exec("UPDATE workspace SET name = name || '!' WHERE id = $1", vec![scope.workspace().into()]).await?;
        tx.emit(scope.workspace(), body);
        match self.then {
            Then::Fine => Ok(()),
            Then::Refuse => Err(Error::FORBIDDEN),
            Then::BreakStatement => {
                tx.exec("INSERT INTO workspace (id) VALUES ($1)", vec!["no name".into()]).await?;
                Ok(())
            }
            Then::Panic => panic!("this panic is part of the test"),
            Then::LoseRace => Err(StoreError::Stale.into()),
        }
    }
}

async fn name(world: &World) -> String {
    domain::inbox::bootstrap(&world.db, &world.owner.scope).await.unwrap().workspace.name
}

async fn concurrent_commands_share_commits(world: World) {
    world.commits.lock().unwrap().clear();
    let all = join_all((0..200).map(|_| world.db.write(&world.owner.scope, announce(Then::Fine)))).await;
    assert!(all.iter().all(Result::is_ok));
    let commits = world.commits.lock().unwrap().clone();
    assert!(commits.len() < 100, "200 commands took {} commits", commits.len());
    assert_eq!(commits.iter().map(|c| c.events).sum::<i64>(), 200, "each command has one event");
    assert_eq!(name(&world).await.matches('!').count(), 200);
}

/// Runs a command that fails amid others that do not, and looks at what is left.
async fn amid_neighbours(world: &World, then: Then) -> Error {
    let before = (name(world).await.len(), world.last_seq().await);
    let scope = &world.owner.scope;
    let fine = || async { world.db.write(scope, announce(Then::Fine)).await };
    // The first one keeps the writer busy, so that the rest are one batch.
    let (a, b, c, failed, d, e) =
        tokio::join!(fine(), fine(), fine(), world.db.write(scope, announce(then)), fine(), fine());
    for neighbour in [a, b, c, d, e] {
        neighbour.expect("other commands of the batch are not affected");
    }
    assert_eq!(name(world).await.len(), before.0 + 5, "the failed command left no rows");
    assert_eq!(world.last_seq().await, before.1 + 5, "the failed command took no event number");
    assert_eq!(world.events(world.workspace, before.1).await.len(), 5, "the failed command left no event");
    failed.expect_err("it fails")
}

async fn a_failing_command_fails_alone(world: World) {
    assert!(matches!(amid_neighbours(&world, Then::Refuse).await, Error::Refused(_)));
}

async fn a_broken_statement_fails_alone(world: World) {
    assert!(matches!(amid_neighbours(&world, Then::BreakStatement).await, Error::Store(_)));
}

/// A lease that another worker holds, a row that another process changed: tried again, then given up, alone.
async fn a_lost_race_fails_alone(world: World) {
    assert!(matches!(amid_neighbours(&world, Then::LoseRace).await, Error::Store(_)));
}

async fn a_panicking_command_is_answered_and_the_writer_lives(world: World) {
    assert!(matches!(amid_neighbours(&world, Then::Panic).await, Error::Store(_)));
    world.db.write(&world.owner.scope, announce(Then::Fine)).await.expect("writing continues");
}

async fn numbers_have_no_gap_with_several_workspaces_at_once(world: World) {
    let tenants = [world.tenant("one").await, world.tenant("two").await, world.tenant("three").await];
    let scopes: Vec<_> = tenants.iter().map(|t| t.owner.scope.clone()).chain([world.owner.scope.clone()]).collect();
    let before: Vec<_> =
        join_all(scopes.iter().map(|s| world.events(s.workspace(), 0))).await.iter().map(Vec::len).collect();
    let tasks = (0..16).map(|task| {
        let (world, scopes) = (world.clone(), scopes.clone());
        tokio::spawn(async move {
            for n in 0..20 {
                let scope = &scopes[(task + n) % scopes.len()];
                let then = if n % 3 == 0 { Then::Refuse } else { Then::Fine };
                assert_eq!(world.db.write(scope, announce(then)).await.is_ok(), then == Then::Fine);
            }
        })
    });
    join_all(tasks).await.into_iter().for_each(|done| done.unwrap());
    let mut added = 0;
    for (scope, before) in scopes.iter().zip(before) {
        let seqs: Vec<i64> = world.events(scope.workspace(), 0).await.into_iter().map(|(seq, _)| seq).collect();
        assert_eq!(
            seqs,
            (1..=i64::try_from(seqs.len()).unwrap()).collect::<Vec<_>>(),
            "numbers are 1, 2, 3… without a gap"
        );
        added += seqs.len() - before;
        // Listeners heard the same numbers, in that order.
        let heard = world.commits.lock().unwrap().clone();
        let heard: Vec<i64> = heard
            .iter()
            .filter(|c| c.workspace == scope.workspace())
            .flat_map(|c| c.first_seq..c.first_seq + c.events)
            .collect();
        assert_eq!(heard, seqs);
    }
    assert_eq!(added, 16 * 13);
}

async fn nothing_is_taken_after_closing(world: World) {
    let conversation = world.inbound("visitor", "Hello").await.conversation;
    let asked: Vec<_> = (0..50)
        .map(|n| {
            let (world, draft) = (world.clone(), Draft { mode: DraftMode::Reply, text: format!("{n}"), id: None });
            tokio::spawn(async move { world.db.write(&world.owner.scope, SaveDraft { conversation, draft }).await })
        })
        .collect();
    world.db.close().await;
    let answered: usize = join_all(asked).await.into_iter().filter(|done| done.as_ref().unwrap().is_ok()).count();
    assert!(world.receive(letter(&world.chat, "visitor", "Too late")).await.is_err());
    let again = world.another_process().await;
    let drafts =
        again.events(world.workspace, 0).await.into_iter().filter(|(_, body)| matches!(body, EventBody::Draft { .. }));
    assert_eq!(
        drafts.map(|(seq, _)| seq).collect::<HashSet<_>>().len(),
        answered,
        "exactly the acknowledged commands are stored"
    );
    again.db.close().await;
}
