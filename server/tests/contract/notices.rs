//! N2: members are told of what is addressed to them, once, and of nothing that they may not see. T7: mentions.

use channels::SendError;
use domain::{
    act::ActOnMany,
    notices::{self, See, SwitchNotices},
    people::{AddTeam, SetInTeam},
    send::SendMessage,
    sweep::BeginSweep,
    undo::Undo,
};
use model::{
    Act, ApiError, Compose, ConversationId, DraftMode, EventBody, LiveBody, MOST_IN_A_SET, MOST_MENTIONS, MOST_NOTICES,
    MemberId, Mentioned, Notice, NoticeKind, NoticePage, NoticeSwitches, Role, SeenNotices, TeamId, UndoId, View,
    Visibility,
};
use store::clock::new_id;

use crate::{
    costs::counted,
    outbox::Outbox,
    world::{Person, World, message, refused},
};

on_both_engines!(
    n2_whom_it_is_assigned_to_is_told_once,
    n2_a_set_is_one_notice_and_undoing_takes_it_back,
    n2_all_of_a_view_is_one_notice,
    n2_replies_in_mine_are_one_notice_until_i_look,
    n2_a_reply_that_was_not_sent_is_told_to_its_author,
    n2_whoever_has_it_no_more_is_told_no_more,
    n2_a_mention_shows_the_note_and_not_what_was_said_since,
    n2_all_are_marked_by_one_number_and_later_ones_stay,
    n2_switches_decide_what_is_listed,
    n2_the_newest_notices_are_kept,
    s19_a_notice_shows_nothing_that_opening_would_not,
    s20_only_the_member_hears_of_their_notices,
    t7_the_mentioned_are_told_and_the_text_says_whom,
    t7_a_mention_that_cannot_be_is_refused_and_changes_nothing,
);

async fn page(world: &World, who: &Person) -> NoticePage {
    notices::page(&world.db, &who.scope).await.unwrap()
}

/// The unseen ones: the kind, and how many conversations or messages it tells of.
async fn unseen(world: &World, who: &Person) -> Vec<(NoticeKind, i64)> {
    let notices = page(world, who).await.notices.into_iter().filter(|notice| !notice.seen);
    notices.map(|Notice { kind, count, .. }| (kind, count)).collect()
}

async fn agent(world: &World, name: &str) -> Person {
    world.member(name, Role::Agent, Visibility::All).await
}

async fn assign(world: &World, by: &Person, conversation: ConversationId, to: &Person) {
    world.act(by, conversation, Act::Assign(Some(to.id))).await.unwrap();
}

async fn many(world: &World, all: &[ConversationId], to: &Person, (undo, part): (UndoId, i64)) {
    let conversations = all.iter().map(|id| (*id, i64::MAX)).collect();
    let act = Act::Assign(Some(to.id));
    world.db.write(&world.owner.scope, ActOnMany { conversations, act, undo: Some(undo), part }).await.unwrap();
}

async fn see(world: &World, who: &Person, what: SeenNotices) {
    world.db.write(&who.scope, See(what)).await.unwrap();
}

fn note(conversation: ConversationId, text: &str, mentioned: Vec<Mentioned>) -> SendMessage {
    SendMessage { compose: Compose::Note(mentioned), ..message(conversation, DraftMode::Note, text) }
}

async fn n2_whom_it_is_assigned_to_is_told_once(world: World) {
    let ben = agent(&world, "Ben").await;
    let conversation = world.inbound("anna", "Hello").await.conversation;
    assign(&world, &world.owner, conversation, &ben).await;
    assign(&world, &world.owner, conversation, &ben).await;
    let told = page(&world, &ben).await;
    assert_eq!((told.unseen(), told.notices.len()), (1, 1));
    let notice = &told.notices[0];
    assert_eq!((notice.kind, notice.by), (NoticeKind::Assigned, Some(world.owner.id)));
    assert_eq!((notice.conversation, notice.name.as_str()), (Some(conversation), "Visitor anna"));
    assert_eq!(notice.text, "Hello");
    assert_eq!(unseen(&world, &world.owner).await, [], "nobody else");
    // What I do myself, I know.
    let other = world.inbound("bruno", "Hello").await.conversation;
    assign(&world, &ben, other, &ben).await;
    assert_eq!(page(&world, &ben).await.notices.len(), 1);
    see(&world, &ben, SeenNotices::Of(conversation)).await;
    assert_eq!(unseen(&world, &ben).await, []);
    assign(&world, &world.owner, conversation, &world.owner).await;
    assign(&world, &world.owner, conversation, &ben).await;
    assert_eq!(unseen(&world, &ben).await, [(NoticeKind::Assigned, 1)], "it was assigned anew");
    assert_eq!(page(&world, &ben).await.notices.len(), 1);
}

async fn n2_a_set_is_one_notice_and_undoing_takes_it_back(world: World) {
    let ben = agent(&world, "Ben").await;
    let mut all = Vec::new();
    for n in 0..12 {
        all.push(world.inbound(&format!("visitor {n}"), "Hello").await.conversation);
    }
    let undo = UndoId::new(new_id());
    many(&world, &all[..8], &ben, (undo, 0)).await;
    assert_eq!(unseen(&world, &ben).await, [(NoticeKind::Assigned, 8)]);
    assert_eq!(page(&world, &ben).await.notices[0].conversation, None);
    // The next part of the same act.
    many(&world, &all[8..], &ben, (undo, 1)).await;
    assert_eq!(unseen(&world, &ben).await, [(NoticeKind::Assigned, 12)]);
    for _ in 0..2 {
        world.db.write(&world.owner.scope, Undo(undo)).await.unwrap();
    }
    assert_eq!(page(&world, &ben).await.notices, [], "it was undone before he looked");
    // One that was seen stays; and one of a set of one is about its conversation.
    let undo = UndoId::new(new_id());
    many(&world, &all[..1], &ben, (undo, 0)).await;
    assert_eq!(page(&world, &ben).await.notices[0].conversation, Some(all[0]));
    see(&world, &ben, SeenNotices::UpTo(i64::MAX)).await;
    world.db.write(&world.owner.scope, Undo(undo)).await.unwrap();
    assert_eq!((unseen(&world, &ben).await, page(&world, &ben).await.notices.len()), (vec![], 1));
    // Giving back by undoing tells nobody.
    assign(&world, &ben, all[3], &ben).await;
    let undo = UndoId::new(new_id());
    many(&world, &all[3..4], &world.owner.clone(), (undo, 1)).await;
    world.db.write(&world.owner.scope, Undo(undo)).await.unwrap();
    assert_eq!(world.row(all[3]).await.state.assignee, Some(ben.id));
    assert_eq!(unseen(&world, &ben).await, []);
}

async fn n2_all_of_a_view_is_one_notice(world: World) {
    let ben = agent(&world, "Ben").await;
    for n in 0..MOST_IN_A_SET + 3 {
        world.inbound(&format!("visitor {n}"), "Hello").await;
    }
    let (id, act) = (UndoId::new(new_id()), Act::Assign(Some(ben.id)));
    world.db.write(&world.owner.scope, BeginSweep { id, filter: View::All.into(), act }).await.unwrap();
    world.work().await;
    assert_eq!(unseen(&world, &ben).await, [(NoticeKind::Assigned, MOST_IN_A_SET as i64 + 3)]);
}

async fn n2_replies_in_mine_are_one_notice_until_i_look(world: World) {
    let ben = agent(&world, "Ben").await;
    let conversation = world.inbound("anna", "Hello").await.conversation;
    assign(&world, &ben, conversation, &ben).await;
    assert_eq!(unseen(&world, &ben).await, []);
    for text in ["One", "Two", "Three"] {
        world.inbound("anna", text).await;
    }
    assert_eq!(unseen(&world, &ben).await, [(NoticeKind::Reply, 3)]);
    assert_eq!(page(&world, &ben).await.notices[0].text, "Three");
    see(&world, &ben, SeenNotices::Of(conversation)).await;
    world.inbound("anna", "Four").await;
    assert_eq!(unseen(&world, &ben).await, [(NoticeKind::Reply, 1)]);
    let number = page(&world, &ben).await.notices[0].n;
    see(&world, &ben, SeenNotices::One(number)).await;
    world.inbound("bruno", "Nobody has this one").await;
    assert_eq!(unseen(&world, &ben).await, []);
}

async fn n2_a_reply_that_was_not_sent_is_told_to_its_author(world: World) {
    let outbox = Outbox::new(world, true).await;
    let message = outbox.reply().await;
    outbox.answer([Err(SendError::Never("No such number.".to_owned()))]);
    outbox.after(5000).await;
    let told = page(&outbox.world, &outbox.world.owner).await.notices;
    let failed: Vec<_> = told.iter().filter(|notice| notice.kind == NoticeKind::Failed).collect();
    assert_eq!(failed.len(), 1);
    assert_eq!((failed[0].conversation, failed[0].place), (Some(outbox.conversation), Some(message.n)));
}

async fn n2_whoever_has_it_no_more_is_told_no_more(world: World) {
    let (ben, zoe) = (agent(&world, "Ben").await, agent(&world, "Zoe").await);
    let conversation = world.inbound("anna", "Hello").await.conversation;
    assign(&world, &world.owner, conversation, &ben).await;
    assign(&world, &world.owner, conversation, &zoe).await;
    assert_eq!(unseen(&world, &ben).await, []);
    assert_eq!(unseen(&world, &zoe).await, [(NoticeKind::Assigned, 1)]);
    let conversations = vec![(conversation, i64::MAX)];
    let nobody = ActOnMany { conversations, act: Act::Assign(None), undo: None, part: 0 };
    world.db.write(&world.owner.scope, nobody).await.unwrap();
    assert_eq!(unseen(&world, &zoe).await, []);
}

async fn n2_a_mention_shows_the_note_and_not_what_was_said_since(world: World) {
    let ben = agent(&world, "Ben").await;
    let conversation = world.inbound("anna", "Hello").await.conversation;
    let said = note(conversation, "@Ben please\nlook", vec![Mentioned::Member(ben.id)]);
    world.db.write(&world.owner.scope, said).await.unwrap();
    world.inbound("anna", "Something else").await;
    let notices = page(&world, &ben).await.notices;
    assert_eq!(notices[0].text, "@Ben please look");
}

async fn n2_all_are_marked_by_one_number_and_later_ones_stay(world: World) {
    let ben = agent(&world, "Ben").await;
    for n in 0..5 {
        let conversation = world.inbound(&format!("visitor {n}"), "Hello").await.conversation;
        assign(&world, &world.owner, conversation, &ben).await;
    }
    let seen = page(&world, &ben).await;
    assert_eq!((seen.last, seen.unseen()), (5, 5));
    let late = world.inbound("late", "Hello").await.conversation;
    assign(&world, &world.owner, late, &ben).await;
    let ((), statements) = counted(see(&world, &ben, SeenNotices::UpTo(seen.last))).await;
    assert!(statements <= 1, "{statements}");
    assert_eq!(page(&world, &ben).await.unseen(), 1);
    see(&world, &ben, SeenNotices::UpTo(2)).await;
    assert_eq!(page(&world, &ben).await.unseen(), 1, "what was seen stays seen");
    see(&world, &ben, SeenNotices::UpTo(i64::MAX)).await;
    let next = world.inbound("next", "Hello").await.conversation;
    assign(&world, &world.owner, next, &ben).await;
    assert_eq!(page(&world, &ben).await.unseen(), 1, "nobody can mark what is yet to come");
}

async fn n2_switches_decide_what_is_listed(world: World) {
    let ben = agent(&world, "Ben").await;
    let conversation = world.inbound("anna", "Hello").await.conversation;
    assign(&world, &world.owner, conversation, &ben).await;
    world.inbound("anna", "Again").await;
    let switches = NoticeSwitches::default();
    let without = NoticeSwitches { listed: switches.listed.with(NoticeKind::Assigned, false), ..switches };
    world.db.write(&ben.scope, SwitchNotices(without)).await.unwrap();
    assert_eq!(unseen(&world, &ben).await, [(NoticeKind::Reply, 1)]);
    let browser = NoticeSwitches { browser: without.browser.with(NoticeKind::Assigned, true), ..without };
    world.db.write(&ben.scope, SwitchNotices(browser)).await.unwrap();
    let told = page(&world, &ben).await;
    assert_eq!((told.notices.len(), told.unseen(), told.switches), (2, 1, browser), "shown by the browser only");
    assert_eq!(page(&world, &world.owner).await.switches, switches, "everybody has their own");
}

async fn n2_the_newest_notices_are_kept(world: World) {
    let ben = agent(&world, "Ben").await;
    let mut all = Vec::new();
    for n in 0..MOST_NOTICES + 5 {
        let conversation = world.inbound(&format!("visitor {n}"), "Hello").await.conversation;
        assign(&world, &world.owner, conversation, &ben).await;
        all.push(conversation);
    }
    let told = page(&world, &ben).await.notices;
    assert_eq!(told.len() as i64, MOST_NOTICES);
    assert_eq!(told.first().unwrap().conversation, all.last().copied());
    let mut snapshot = world.db.snapshot().await.unwrap();
    let (rows,): (i64,) =
        snapshot.conn().one("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM notice", Vec::new()).await.unwrap();
    assert_eq!(rows, MOST_NOTICES);
}

async fn s19_a_notice_shows_nothing_that_opening_would_not(world: World) {
    let zoe = world.member("Zoe", Role::Agent, Visibility::Mine).await;
    let conversation = world.inbound("anna", "A secret").await.conversation;
    let seq = world.last_seq().await;
    world.db.write(&world.owner.scope, note(conversation, "@Zoe", vec![Mentioned::Member(zoe.id)])).await.unwrap();
    assert_eq!(page(&world, &zoe).await.notices, [], "she may not see it");
    let told = world.told(seq).into_iter().any(|(_, body)| matches!(body, EventBody::Notices { .. }));
    assert!(!told, "she is not told either that there is something");
    assign(&world, &world.owner, conversation, &zoe).await;
    world.inbound("anna", "Another secret").await;
    let kinds: Vec<_> = unseen(&world, &zoe).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [NoticeKind::Reply, NoticeKind::Assigned]);
    assign(&world, &world.owner, conversation, &world.owner).await;
    let told = page(&world, &zoe).await;
    assert_eq!((told.unseen(), told.notices.len()), (0, 0), "it is hers no more");
    assert!(matches!(world.thread(&zoe, conversation).await, Err(store::error::Error::Refused(ApiError::NotFound))));
    // Somebody else's numbers and conversations mark nothing of mine.
    let ben = agent(&world, "Ben").await;
    assign(&world, &world.owner, conversation, &ben).await;
    see(&world, &zoe, SeenNotices::UpTo(i64::MAX)).await;
    see(&world, &zoe, SeenNotices::Of(conversation)).await;
    assert_eq!(page(&world, &ben).await.unseen(), 1);
}

async fn s20_only_the_member_hears_of_their_notices(world: World) {
    let (ben, cara) = (agent(&world, "Ben").await, agent(&world, "Cara").await);
    let conversation = world.inbound("anna", "Hello").await.conversation;
    let before = world.last_seq().await;
    assign(&world, &world.owner, conversation, &ben).await;
    for events in [world.told(before), world.events(world.workspace, before).await] {
        let bodies: Vec<_> = events.into_iter().map(|(_, body)| body).collect();
        let told: Vec<_> = bodies.iter().filter(|body| matches!(body, EventBody::Notices { .. })).collect();
        assert_eq!(told, [&EventBody::Notices { member: ben.id }]);
        let seen = |who: &Person| told[0].seen(&who.scope.person().unwrap().access);
        assert_eq!((seen(&ben), seen(&cara)), (Some(LiveBody::Notices), None));
    }
}

async fn t7_the_mentioned_are_told_and_the_text_says_whom(world: World) {
    let (ben, cara) = (agent(&world, "Ben").await, agent(&world, "Cara").await);
    let team = TeamId::new(new_id());
    world.db.write(&world.owner.scope, AddTeam { id: team, name: "Front".to_owned() }).await.unwrap();
    for member in [cara.id, world.owner.id] {
        world.db.write(&world.owner.scope, SetInTeam { member, team, inside: true }).await.unwrap();
    }
    let conversation = world.inbound("anna", "Hello").await.conversation;
    let both = vec![Mentioned::Member(ben.id), Mentioned::Team(team), Mentioned::Member(ben.id)];
    let note = note(conversation, "@Ben @Front, look", both);
    let stored = world.db.write(&world.owner.scope, note.clone()).await.unwrap();
    let again = world.db.write(&world.owner.scope, note.clone()).await.unwrap();
    assert_eq!(stored, again);
    let another = SendMessage { compose: Compose::Note(vec![Mentioned::Member(ben.id)]), ..note };
    assert!(matches!(refused(world.db.write(&world.owner.scope, another).await), ApiError::Conflict { .. }));
    for who in [&ben, &cara] {
        let told = page(&world, who).await.notices;
        assert_eq!((told.len(), told[0].kind, told[0].count), (1, NoticeKind::Mentioned, 1));
        assert_eq!((told[0].by, told[0].place), (Some(world.owner.id), Some(stored.n)));
    }
    assert_eq!(page(&world, &world.owner).await.notices, [], "its author is in the team");
    let thread = world.thread(&ben, conversation).await.unwrap();
    let mentions = thread.messages.last().unwrap().mentions();
    let names: Vec<_> = mentions.iter().map(|mention| mention.name.as_str()).collect();
    assert_eq!(names, ["Ben", "Front"]);
    // And after everything was read from the log again.
    let replayed = world.events(world.workspace, 0).await;
    let notes = replayed.iter().filter_map(|(_, body)| match body {
        EventBody::Conversation { messages, .. } => messages.iter().find(|message| message.id == stored.id),
        _ => None,
    });
    assert!(notes.into_iter().all(|message| message.mentions() == mentions));
}

async fn t7_a_mention_that_cannot_be_is_refused_and_changes_nothing(world: World) {
    let ben = agent(&world, "Ben").await;
    let tenant = world.tenant("Elsewhere").await;
    let conversation = world.inbound("anna", "Hello").await.conversation;
    let before = world.last_seq().await;
    let too_many = (0..200).map(|_| Mentioned::Member(MemberId::new(new_id()))).collect();
    let nobody = vec![Mentioned::Member(MemberId::new(new_id()))];
    let no_team = vec![Mentioned::Team(TeamId::new(new_id()))];
    let foreign = vec![Mentioned::Member(tenant.owner.id)];
    for mentioned in [too_many, nobody, no_team, foreign] {
        let many = mentioned.len() > MOST_MENTIONS;
        let refusal = refused(world.db.write(&world.owner.scope, note(conversation, "x", mentioned)).await);
        let ApiError::Invalid { field, message } = refusal else { panic!("{refusal:?}") };
        let says = if many { "at most 50" } else { "no longer here" };
        assert!(field == "mentions" && message.contains(says), "{message}");
    }
    let reply = SendMessage { mode: DraftMode::Reply, ..note(conversation, "@Ben", vec![Mentioned::Member(ben.id)]) };
    assert!(matches!(refused(world.db.write(&world.owner.scope, reply).await), ApiError::Invalid { .. }));
    world.disable(&ben).await;
    let left = note(conversation, "@Ben", vec![Mentioned::Member(ben.id)]);
    let after_leaving = world.last_seq().await;
    assert!(matches!(refused(world.db.write(&world.owner.scope, left).await), ApiError::Invalid { .. }));
    assert_eq!(world.last_seq().await, after_leaving);
    assert!(after_leaving - before <= 2, "only his leaving was an event");
    assert_eq!(world.thread(&world.owner, conversation).await.unwrap().messages.len(), 1);
}
