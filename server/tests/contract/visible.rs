//! S19: one rule decides what a member sees. The list, opening, search, counters and the rule itself agree for every visibility.

use std::collections::BTreeSet;

use domain::{
    inbox,
    people::{AddTeam, SetInTeam, SetTeamChannels},
    search::search_within,
};
use model::{Act, ConversationId, Role, TeamId, View, Visibility};
use store::{Val, clock::new_id, search};

use crate::{
    dice::Dice,
    plain::Sql,
    walk::Walk,
    world::{Person, World, letter},
};

on_both_engines!(
    s19_all_ways_to_see_agree,
    s19_all_ways_to_see_agree_after_a_random_walk,
    s19_teams_and_what_is_theirs
);

/// What somebody sees, by each way of looking.
async fn agree(world: &World, who: &Person, all: &BTreeSet<ConversationId>) -> BTreeSet<ConversationId> {
    let (mut listed, mut counted) = (BTreeSet::new(), 0);
    for view in [View::All, View::Closed] {
        let page = inbox::page(&world.db, &who.scope, view, model::Sort::Last, None, 100).await.unwrap();
        assert!(!page.more);
        assert_eq!(i64::try_from(page.rows.len()).unwrap(), page.counts.of(view), "{view:?} of {}", who.id);
        counted += page.counts.of(view);
        listed.extend(page.rows.iter().map(|row| row.id));
    }
    assert_eq!(i64::try_from(listed.len()).unwrap(), counted);
    for &view in View::ALL {
        let page = inbox::page(&world.db, &who.scope, view, model::Sort::Last, None, 100).await.unwrap();
        assert_eq!(i64::try_from(page.rows.len()).unwrap(), page.counts.of(view), "{view:?}");
        assert!(page.rows.iter().all(|row| view.holds(&row.facts(), who.id) && listed.contains(&row.id)), "{view:?}");
    }
    let (mut opened, mut ruled) = (BTreeSet::new(), BTreeSet::new());
    let (access, _) = who.scope.access().unwrap();
    for &id in all {
        if world.thread(who, id).await.is_ok() {
            opened.insert(id);
        }
        if access.sees(&world.row(id).await.facts().placement()) {
            ruled.insert(id);
        }
    }
    let mut snapshot = world.db.snapshot().await.unwrap();
    let found = search::messages(&mut snapshot.conn(), &who.scope, "everywhere", 1000).await.unwrap();
    let found: BTreeSet<_> = found.into_iter().map(|(row, _)| row.id).collect();
    drop(snapshot);
    // The same page by page, also where every hit has to be examined.
    for text in ["everywhere", "everywhere -nowhere status:open status:pending status:closed"] {
        let (mut paged, mut after) = (BTreeSet::new(), None);
        loop {
            let page = search_within(&world.db, &who.scope, text, (after, 0, 7), [5, 11]).await.unwrap();
            paged.extend(page.messages.iter().map(|hit| hit.conversation));
            after = page.after;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(paged, found, "{text}");
    }
    assert_eq!(listed, opened, "exactly the listed conversations can be opened");
    assert_eq!(listed, ruled, "the rule gives the same conversations");
    assert_eq!(listed, found, "search finds the same conversations");
    listed
}

async fn s19_all_ways_to_see_agree(world: World) {
    let mut dice = Dice::new(19);
    let channels = [world.chat.clone(), world.channel(model::ChannelKind::Api, 0).await];
    let mut people = vec![world.owner.clone()];
    let mut teams = Vec::new();
    for n in 0..2 {
        let id = TeamId::new(new_id());
        world.db.write(&world.owner.scope, AddTeam { id, name: format!("Team {n}") }).await.unwrap();
        teams.push(id);
    }
    world
        .db
        .write(&world.owner.scope, SetTeamChannels { team: teams[0], channels: vec![channels[1].id] })
        .await
        .unwrap();
    for role in [Role::Agent, Role::Viewer, Role::Admin] {
        for &visibility in Visibility::ALL {
            let who = world.member(&format!("{}-{}", role.as_str(), visibility.as_str()), role, visibility).await;
            let join = SetInTeam { member: who.id, team: *dice.of(&teams), inside: true };
            world.db.write(&world.owner.scope, join).await.unwrap();
            people.push(world.again(&who).await.unwrap());
        }
    }
    let mut all = BTreeSet::new();
    for n in 0..40 {
        let channel = dice.of(&channels).clone();
        let id = world.receive(letter(&channel, &format!("visitor {n}"), "everywhere")).await.unwrap().conversation;
        all.insert(id);
        if dice.once_in(2) {
            let to = dice.of(&people).id;
            world.act(&world.owner, id, Act::Assign(Some(to))).await.unwrap();
        }
        if dice.once_in(4) {
            world.act(&world.owner, id, Act::Close(model::CloseReason::Resolved)).await.unwrap();
        }
        if dice.once_in(3) {
            // No command gives a conversation to a team yet; the rule knows it already.
            let team = *dice.of(&teams);
            let row = world.row(id).await;
            let values = vec![world.workspace.into(), id.into(), Val::from(team)];
            world
                .db
                .write(
                    &world.system(),
                    Sql::one("UPDATE conversation SET team_id = $3 WHERE workspace_id = $1 AND id = $2", values),
                )
                .await
                .unwrap();
            let facts = row.facts();
            let count = |team: Option<TeamId>, by: i64| {
                let values = vec![
                    world.workspace.into(),
                    facts.tab.as_str().into(),
                    facts.slot.as_str().into(),
                    facts.assignee.map(|id| id.to_string()).unwrap_or_default().into(),
                    team.map(|id| id.to_string()).unwrap_or_default().into(),
                    facts.channel.into(),
                    by.into(),
                ];
                let sql = "INSERT INTO inbox_count (workspace_id, tab, slot, assignee_id, team_id, channel_id, unsent, n) VALUES ($1, $2, $3, $4, $5, $6, FALSE, $7) \
                    ON CONFLICT (workspace_id, tab, slot, assignee_id, team_id, channel_id, unsent) DO UPDATE SET n = inbox_count.n + excluded.n";
                Sql::one(sql, values)
            };
            world.db.write(&world.system(), count(facts.team, -1)).await.unwrap();
            world.db.write(&world.system(), count(Some(team), 1)).await.unwrap();
        }
    }
    let mut sizes = BTreeSet::new();
    for who in &people {
        let seen = agree(&world, who, &all).await;
        sizes.insert(seen.len());
        let role = who.scope.person().unwrap().member.role;
        if matches!(role, Role::Owner | Role::Admin) {
            assert_eq!(seen, all, "visibility restricts only agents and viewers");
        }
    }
    assert!(sizes.len() > 3, "the members must see different numbers: {sizes:?}");
}

async fn s19_all_ways_to_see_agree_after_a_random_walk(world: World) {
    let mut walk = Walk::begin(world.clone(), 5).await;
    for round in 0..4 {
        for _ in 0..50 {
            walk.step().await;
        }
        // Every conversation gets a word by which to find it.
        let mut all = BTreeSet::new();
        for view in [View::All, View::Closed] {
            all.extend(
                inbox::page(&world.db, &world.owner.scope, view, model::Sort::Last, None, 100)
                    .await
                    .unwrap()
                    .rows
                    .iter()
                    .map(|row| row.id),
            );
        }
        for &id in &all {
            world.note(&world.owner, id, "everywhere").await.unwrap();
        }
        assert!(all.len() > round, "the walk makes conversations");
        for who in &walk.people {
            if let Some(who) = world.again(who).await {
                agree(&world, &who, &all).await;
            }
        }
    }
}

/// Architecture, Rights: my teams and their channels, with what is unassigned there, and what is assigned to me.
async fn s19_teams_and_what_is_theirs(world: World) {
    let side = world.channel(model::ChannelKind::Api, 0).await;
    let team = TeamId::new(new_id());
    world.db.write(&world.owner.scope, AddTeam { id: team, name: "Side".to_owned() }).await.unwrap();
    let agent = world.member("Agathe", Role::Agent, Visibility::Teams).await;
    let here = world.receive(letter(&side, "amelie", "Bonjour")).await.unwrap().conversation;
    let there = world.inbound("amelie", "Bonjour").await.conversation;
    let sees = async || {
        let who = world.again(&agent).await.unwrap();
        (world.thread(&who, here).await.is_ok(), world.thread(&who, there).await.is_ok())
    };
    assert_eq!(sees().await, (false, false));
    world.db.write(&world.owner.scope, SetInTeam { member: agent.id, team, inside: true }).await.unwrap();
    assert_eq!(sees().await, (false, false), "the team has no channels yet");
    world.db.write(&world.owner.scope, SetTeamChannels { team, channels: vec![side.id] }).await.unwrap();
    assert_eq!(sees().await, (true, false));
    world.act(&world.owner, there, Act::Assign(Some(agent.id))).await.unwrap();
    assert_eq!(sees().await, (true, true), "she sees conversations that are assigned to her, on any channel");
    world.db.write(&world.owner.scope, SetInTeam { member: agent.id, team, inside: false }).await.unwrap();
    assert_eq!(sees().await, (false, true));
}
