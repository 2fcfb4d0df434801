//! Commands apply the state table (ARCHITECTURE.md, Conversation state; Promise 4; H6).

use domain::{
    act::{ActOnMany, ChangeState},
    inbound::{Inbound, Receive},
    inbox::{MarkRead, page},
    people::{AddMember, AddTeam, EditWorkspace, SetChat, SetInTeam},
    send::SendMessage,
};
use model::{
    Act, ApiError, CloseReason, DraftMode, Entry, Line, Member, MemberId, MessageId, PreviewBy, Role, Sender, Slot,
    Status, Tab, TeamId, Visibility,
};
use store::clock::new_id;

use crate::world::{Person, World, is_conflict, letter, refused};

on_both_engines!(
    a_reply_makes_it_their_turn,
    a_reply_leaves_it_open_where_the_workspace_says_so,
    a_note_changes_nothing_for_them,
    closing_reopening_and_writing_again,
    p4_the_second_claim_is_refused,
    p4_what_came_in_meanwhile_refuses_no_click_and_is_not_put_away,
    p4_only_what_nobody_answered_comes_back_and_asked_twice_once,
    many_are_changed_at_once_and_what_is_not_theirs_is_passed_over,
    only_members_who_are_here_are_given_a_conversation,
    t9_a_team_has_a_conversation_beside_its_member,
    t9_the_second_of_two_is_told_who_was_first,
    h6_missed_and_answered_by_machine_once_per_off_period,
    h6_a_viewer_does_not_keep_chat_on,
    h6_a_member_from_the_command_line_turns_the_bubble_green,
    a_stranger_with_a_known_name_stays_a_stranger,
    what_is_too_long_or_empty_is_refused,
    reading_never_goes_backwards,
);

async fn a_reply_makes_it_their_turn(world: World) {
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    let asked = world.now();
    assert_eq!(world.row(conversation).await.state.waiting_since, Some(asked));
    world.wait(90_000);
    world.inbound("amelie", "Anybody?").await;
    assert_eq!(
        world.row(conversation).await.state.waiting_since,
        Some(asked),
        "the waiting time starts at the first message"
    );
    world.wait(30_000);
    world.reply(&world.owner, conversation, "Hello").await.unwrap();
    let row = world.row(conversation).await;
    assert_eq!(
        (row.state.status, row.state.waiting_since, row.first_response_ms),
        (Status::Pending, None, Some(120_000))
    );
    assert_eq!((row.preview.by, row.preview.text.as_str()), (PreviewBy::Us(Sender::Member(world.owner.id)), "Hello"));
    assert_eq!((row.last_at, row.unread()), (world.now(), 0), "a member who replies has read the messages");
    world.inbound("amelie", "Merci").await;
    world.wait(5_000);
    world.reply(&world.owner, conversation, "De rien").await.unwrap();
    assert_eq!(
        world.row(conversation).await.first_response_ms,
        Some(120_000),
        "only the first reply sets the response time"
    );
}

async fn a_reply_leaves_it_open_where_the_workspace_says_so(world: World) {
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    let edit =
        EditWorkspace { name: "Corail".to_owned(), chat_enabled: true, pending_after_reply: false, shows_typing: true };
    world.db.write(&world.owner.scope, edit).await.unwrap();
    world.reply(&world.owner, conversation, "Hello").await.unwrap();
    let state = world.row(conversation).await.state;
    assert_eq!((state.status, state.waiting_since), (Status::Open, None));
}

async fn a_note_changes_nothing_for_them(world: World) {
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    let before = world.row(conversation).await;
    world.note(&world.owner, conversation, "VIP").await.unwrap();
    let after = world.row(conversation).await;
    assert_eq!((&after.state, after.first_response_ms), (&before.state, None));
    assert_eq!(after.preview.by, PreviewBy::Note(world.owner.id));
    assert_eq!(world.work().await, 0, "a note adds no job");
}

async fn closing_reopening_and_writing_again(world: World) {
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    world.act(&world.owner, conversation, Act::Close(CloseReason::Resolved)).await.unwrap();
    let row = world.row(conversation).await;
    assert_eq!((row.state.status, row.state.tab(), row.state.waiting_since), (Status::Closed, Tab::Closed, None));
    world.act(&world.owner, conversation, Act::Reopen).await.unwrap();
    assert_eq!(world.row(conversation).await.state.status, Status::Open);
    world.act(&world.owner, conversation, Act::Pending).await.unwrap();
    assert_eq!(world.row(conversation).await.state.status, Status::Pending);
    world.act(&world.owner, conversation, Act::Close(CloseReason::NotInterested)).await.unwrap();
    world.wait(1000);
    let again = world.inbound("amelie", "One more thing").await;
    assert_eq!(again.conversation, conversation, "the same conversation continues");
    let thread = world.thread(&world.owner, conversation).await.unwrap();
    assert_eq!((thread.row.state.status, thread.row.state.waiting_since), (Status::Open, Some(world.now())));
    let by = world.owner.id;
    let lines: Vec<Line> = thread
        .messages
        .iter()
        .filter_map(|m| if let Entry::Line { line } = m.entry { Some(line) } else { None })
        .collect();
    let told = [
        Line::Closed { by, reason: CloseReason::Resolved, blocked: false },
        Line::Status { by, to: Status::Open },
        Line::Status { by, to: Status::Pending },
        Line::Closed { by, reason: CloseReason::NotInterested, blocked: false },
        Line::ReopenedByThem,
    ];
    assert_eq!(lines, told);
    assert_eq!(thread.messages.last().unwrap().id, again.id, "the event line comes before their message");
}

async fn p4_the_second_claim_is_refused(world: World) {
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    let seen = world.row(conversation).await.seen();
    let claim = |who: &Person| ChangeState { conversation, seen, act: Act::Assign(Some(who.id)), undo: None };
    let won = world.db.write(&agent.scope, claim(&agent)).await.unwrap();
    assert!(
        is_conflict(world.db.write(&world.owner.scope, claim(&world.owner)).await),
        "somebody else changed it first"
    );
    assert_eq!(world.row(conversation).await.state.assignee, Some(agent.id));
    // The same request again, its answer lost on the way, is answered and not refused.
    assert_eq!(world.db.write(&agent.scope, claim(&agent)).await.unwrap().version, won.version);
    let close = ChangeState { conversation, seen: won.seen(), act: Act::Close(CloseReason::Resolved), undo: None };
    world.db.write(&agent.scope, close).await.unwrap();
    let pending = ChangeState { act: Act::Pending, ..close };
    assert!(
        is_conflict(world.db.write(&world.owner.scope, pending).await),
        "nor is a closed one set to pending unseen"
    );
}

async fn p4_what_came_in_meanwhile_refuses_no_click_and_is_not_put_away(world: World) {
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    let seen = world.row(conversation).await.seen();
    let wait = world.inbound("amelie", "Wait").await;
    let take = ChangeState { conversation, seen, act: Act::Assign(Some(agent.id)), undo: None };
    let row = world.db.write(&agent.scope, take).await.unwrap();
    assert_eq!(row.state.assignee, Some(agent.id));
    let close = ChangeState { conversation, seen, act: Act::Close(CloseReason::Resolved), undo: None };
    let row = world.db.write(&agent.scope, close).await.unwrap();
    assert_eq!((row.state.status, row.state.waiting_since), (Status::Open, Some(wait.at)), "as if they wrote after it");
    let lines: Vec<_> = world.thread(&agent, conversation).await.unwrap().messages;
    let [.., closed, reopened] = lines.as_slice() else { panic!("{lines:?}") };
    assert!(matches!(closed.entry, Entry::Line { line: Line::Closed { .. } }), "{closed:?}");
    assert!(matches!(reopened.entry, Entry::Line { line: Line::ReopenedByThem }), "{reopened:?}");
    let close = ChangeState { seen: row.seen(), ..close };
    assert_eq!(world.db.write(&agent.scope, close).await.unwrap().state.status, Status::Closed, "now it was seen");
}

async fn p4_only_what_nobody_answered_comes_back_and_asked_twice_once(world: World) {
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    let seen = world.row(conversation).await.seen();
    world.inbound("amelie", "Wait").await;
    // A colleague saw it and closed. To give the conversation away afterwards opens nothing.
    world.act(&world.owner, conversation, Act::Close(CloseReason::Resolved)).await.unwrap();
    let assign = ChangeState { conversation, seen, act: Act::Assign(Some(agent.id)), undo: None };
    assert_eq!(world.db.write(&agent.scope, assign).await.unwrap().state.status, Status::Closed);
    // A colleague answered it: closing over the answer is closing.
    world.inbound("amelie", "Hello?").await;
    world.reply(&world.owner, conversation, "Here we are").await.unwrap();
    world.act(&world.owner, conversation, Act::Reopen).await.unwrap();
    let close = ChangeState { conversation, seen, act: Act::Close(CloseReason::Resolved), undo: None };
    let row = world.db.write(&agent.scope, close).await.unwrap();
    assert_eq!(row.state.status, Status::Closed);
    // A colleague opened it by hand: that is a decision, and not what came in.
    let closed = world.row(conversation).await.seen();
    world.act(&world.owner, conversation, Act::Reopen).await.unwrap();
    let pending = ChangeState { conversation, seen: closed, act: Act::Pending, undo: None };
    assert!(is_conflict(world.db.write(&agent.scope, pending).await));
    // The same click twice, its first answer lost.
    let seen = world.row(conversation).await.seen();
    world.inbound("amelie", "One more thing").await;
    let close = ChangeState { conversation, seen, act: Act::Close(CloseReason::NotInterested), undo: None };
    let first = world.db.write(&agent.scope, close).await.unwrap();
    let again = world.db.write(&agent.scope, close).await.unwrap();
    assert_eq!((first.version, again.version), (first.version, first.version), "nothing happens twice");
}

async fn many_are_changed_at_once_and_what_is_not_theirs_is_passed_over(world: World) {
    let agent = world.member("Agathe", Role::Agent, Visibility::Mine).await;
    let mut all = Vec::new();
    for n in 0..5 {
        all.push(world.inbound(&format!("visitor-{n}"), "Bonjour").await.conversation);
    }
    for id in &all[..3] {
        world.act(&world.owner, *id, Act::Assign(Some(agent.id))).await.unwrap();
    }
    world.act(&agent, all[0], Act::Close(CloseReason::NotInterested)).await.unwrap();
    let seq = world.last_seq().await;
    let close = ActOnMany {
        conversations: all.iter().map(|id| (*id, 1)).collect(),
        act: Act::Close(CloseReason::Resolved),
        undo: None,
        part: 0,
    };
    assert_eq!(world.db.write(&agent.scope, close.clone()).await.unwrap(), 2, "the two that are theirs and open");
    assert_eq!(world.last_seq().await, seq + 1, "one event tells of all");
    let mut open = Vec::new();
    for id in &all {
        open.push(world.row(*id).await.state.status == Status::Open);
    }
    assert_eq!(open, [false, false, false, true, true]);
    assert_eq!(world.db.write(&agent.scope, close.clone()).await.unwrap(), 0, "asked again, nothing is left to do");
    assert_eq!(world.last_seq().await, seq + 1);
    let too_many = ActOnMany { conversations: vec![(all[0], 1); 201], ..close };
    assert!(matches!(refused(world.db.write(&agent.scope, too_many).await), ApiError::Invalid { .. }));
}

async fn only_members_who_are_here_are_given_a_conversation(world: World) {
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    world.act(&world.owner, conversation, Act::Assign(Some(agent.id))).await.unwrap();
    world.disable(&agent).await;
    assert_eq!(
        world.row(conversation).await.state.assignee,
        Some(agent.id),
        "the assignment stays until somebody writes"
    );
    world.inbound("amelie", "Anybody?").await;
    let row = world.row(conversation).await;
    assert_eq!(
        (row.state.assignee, row.state.slot()),
        (None, Slot::New),
        "a person must not wait for a member who left"
    );
    let given = refused(world.act(&world.owner, conversation, Act::Assign(Some(agent.id))).await);
    assert!(matches!(given, ApiError::Invalid { ref field, .. } if field == "assignee"), "{given:?}");
}

async fn bubble(world: &World, who: &Person, on: bool) {
    world.wait(1000);
    world.db.write(&who.scope, SetChat(on)).await.unwrap();
}

async fn auto_replies(world: &World, conversation: model::ConversationId) -> usize {
    let messages = world.thread(&world.owner, conversation).await.unwrap().messages;
    messages.iter().filter(|m| matches!(m.entry, Entry::Outgoing { by: Sender::Auto, .. })).count()
}

async fn t9_a_team_has_a_conversation_beside_its_member(world: World) {
    let owner = &world.owner.scope;
    let team = TeamId::new(new_id());
    world.db.write(owner, AddTeam { id: team, name: "Front".to_owned() }).await.unwrap();
    let mate = world.member("Basil", Role::Agent, Visibility::Teams).await;
    world.db.write(owner, SetInTeam { team, member: mate.id, inside: true }).await.unwrap();
    let mate = world.again(&mate).await.unwrap();
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    assert!(matches!(refused(world.thread(&mate, conversation).await), ApiError::NotFound));
    let row = world.act(&world.owner, conversation, Act::Team(Some(team))).await.unwrap();
    assert_eq!((row.team, row.state.assignee, row.state.status), (Some(team), None, Status::Open));
    let thread = world.thread(&mate, conversation).await.unwrap();
    let line = Line::Acted { by: world.owner.id, act: Act::Team(Some(team)), undone: false };
    assert!(matches!(&thread.messages.last().unwrap().entry, Entry::Line { line: last } if *last == line));
    // Whoever takes it leaves it with the team.
    let row = world.act(&mate, conversation, Act::Assign(Some(mate.id))).await.unwrap();
    assert_eq!((row.team, row.state.assignee), (Some(team), Some(mate.id)));
    // A member who sees by team gives it away, and sees it no more.
    world.act(&mate, conversation, Act::Assign(None)).await.unwrap();
    let row = world.act(&mate, conversation, Act::Team(None)).await.unwrap();
    assert_eq!(row.team, None);
    assert!(matches!(refused(world.thread(&mate, conversation).await), ApiError::NotFound));
    let unknown = world.act(&world.owner, conversation, Act::Team(Some(TeamId::new(new_id())))).await;
    assert!(matches!(refused(unknown), ApiError::Invalid { field, .. } if field == "team"));
    assert_eq!(world.row(conversation).await.team, None);
}

async fn t9_the_second_of_two_is_told_who_was_first(world: World) {
    let (one, two) = (
        world.member("Agathe", Role::Agent, Visibility::All).await,
        world.member("Basil", Role::Agent, Visibility::All).await,
    );
    let team = TeamId::new(new_id());
    world.db.write(&world.owner.scope, AddTeam { id: team, name: "Front".to_owned() }).await.unwrap();
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    let seen = world.row(conversation).await.seen();
    let act = |act| ChangeState { undo: None, conversation, seen, act };
    world.db.write(&one.scope, act(Act::Assign(Some(one.id)))).await.unwrap();
    world.db.write(&one.scope, act(Act::Team(Some(team)))).await.unwrap();
    let told = |error| match error {
        ApiError::Conflict { message } => message,
        other => panic!("{other:?}"),
    };
    let second = told(refused(world.db.write(&two.scope, act(Act::Assign(Some(two.id)))).await));
    assert_eq!(second, "It was given to Agathe a moment ago. Check it, then try again.");
    let second = told(refused(world.db.write(&two.scope, act(Act::Team(None))).await));
    assert_eq!(second, "It was given to Front a moment ago. Check it, then try again.");
    // Taking it from nobody's team changes what was seen: it is refused, whoever does it.
    assert_eq!(world.row(conversation).await.team, Some(team));
}

async fn h6_missed_and_answered_by_machine_once_per_off_period(world: World) {
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    bubble(&world, &world.owner, false).await;
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    assert_eq!(
        (auto_replies(&world, conversation).await, world.row(conversation).await.state.missed_at),
        (0, None),
        "chat is on"
    );
    bubble(&world, &agent, false).await;
    world.wait(1000);
    world.inbound("amelie", "Anybody?").await;
    let row = world.row(conversation).await;
    assert_eq!((row.state.slot(), row.state.missed_at), (Slot::Missed, Some(world.now())));
    assert!(row.state.waiting_since.is_some(), "an automatic reply does not count as an answer");
    world.inbound("amelie", "Nobody?").await;
    assert_eq!(auto_replies(&world, conversation).await, 1, "one automatic reply per off period");
    bubble(&world, &agent, true).await;
    world.inbound("amelie", "You are back").await;
    assert_eq!(auto_replies(&world, conversation).await, 1);
    bubble(&world, &agent, false).await;
    world.wait(1000);
    world.inbound("amelie", "And gone again").await;
    assert_eq!(auto_replies(&world, conversation).await, 2, "a new off period has a new automatic reply");
    world.work().await;
    let counts =
        page(&world.db, &world.owner.scope, model::View::Missed, model::Sort::Last, None, 10).await.unwrap().counts;
    assert_eq!((counts.missed, counts.new), (1, 0));
    // Who answers has taken care of it; who is assigned gets it without a machine.
    world.reply(&agent, conversation, "Here I am").await.unwrap();
    assert_eq!(world.row(conversation).await.state.missed_at, None);
    world.act(&world.owner, conversation, Act::Assign(Some(agent.id))).await.unwrap();
    bubble(&world, &agent, true).await;
    bubble(&world, &agent, false).await;
    world.wait(1000);
    world.inbound("amelie", "Thanks").await;
    assert_eq!(auto_replies(&world, conversation).await, 2);
}

/// A viewer cannot chat and has no bubble to turn off: the bubble goes grey without them.
async fn h6_a_viewer_does_not_keep_chat_on(world: World) {
    let viewer = world.member("Vera", Role::Viewer, Visibility::All).await;
    assert_eq!(refused(world.db.write(&viewer.scope, SetChat(false)).await), ApiError::Forbidden);
    bubble(&world, &world.owner, false).await;
    world.wait(1000);
    let conversation = world.inbound("amelie", "Anybody?").await.conversation;
    assert_eq!(auto_replies(&world, conversation).await, 1);
    let boot = domain::inbox::bootstrap(&world.db, &world.owner.scope).await.unwrap();
    assert!(!boot.chat_open(), "the browser's rule gives the same result");
}

/// Somebody who is there is there, however they became a member.
async fn h6_a_member_from_the_command_line_turns_the_bubble_green(world: World) {
    bubble(&world, &world.owner, false).await;
    let member = Member {
        id: MemberId::new(new_id()),
        name: "Cléo".to_owned(),
        email: "cleo@corail.example".to_owned(),
        role: Role::Agent,
        visibility: Visibility::All,
        chat_on: true,
        disabled: false,
        teams: Vec::new(),
    };
    world.db.write(&world.system(), AddMember { member, password_hash: "not a hash".to_owned() }).await.unwrap();
    let conversation = world.inbound("amelie", "Anybody?").await.conversation;
    assert_eq!(auto_replies(&world, conversation).await, 0);
    assert_eq!(world.row(conversation).await.state.missed_at, None);
}

/// N9: a name or address that a stranger types never opens the contact of somebody else.
async fn a_stranger_with_a_known_name_stays_a_stranger(world: World) {
    let given = |address: &str| Inbound {
        name: "Amélie".to_owned(),
        email: "amelie@corail.example".to_owned(),
        ..letter(&world.chat, address, "Bonjour")
    };
    let first = world.receive(given("one browser")).await.unwrap().conversation;
    let second = world.receive(given("another browser")).await.unwrap().conversation;
    let (first, second) =
        (world.thread(&world.owner, first).await.unwrap(), world.thread(&world.owner, second).await.unwrap());
    assert_ne!(first.contact.unwrap().id, second.contact.unwrap().id);
    assert_eq!((first.address.as_str(), second.address.as_str()), ("", ""), "the hash of a secret must not be shown");
}

async fn what_is_too_long_or_empty_is_refused(world: World) {
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    let seq = world.last_seq().await;
    for text in ["", " \n ", "a\0b", &"x".repeat(model::TEXT_LIMIT + 1)] {
        assert!(matches!(refused(world.reply(&world.owner, conversation, text).await), ApiError::Invalid { .. }));
    }
    let missing = SendMessage {
        id: MessageId::new(new_id()),
        conversation,
        mode: DraftMode::Reply,
        text: "See the file".to_owned(),
        attachments: vec![model::AttachmentId::new(new_id())],
        compose: model::Compose::Text,
        seen: None,
    };
    assert!(matches!(refused(world.db.write(&world.owner.scope, missing).await), ApiError::Invalid { .. }));
    let long = letter(&world.chat, "amelie", &"x".repeat(model::TEXT_LIMIT + 1));
    assert!(matches!(refused(world.db.write(&world.system(), Receive(long)).await), ApiError::Invalid { .. }));
    assert_eq!(world.last_seq().await, seq, "nothing was changed");
}

async fn reading_never_goes_backwards(world: World) {
    let before_joining = world.inbound("amelie", "One").await.conversation;
    world.inbound("amelie", "Two").await;
    world.wait(1000);
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let row = async |conversation| world.thread(&agent, conversation).await.unwrap().row;
    assert_eq!(row(before_joining).await.unread(), 0, "messages from before the member joined count as read");
    let mark = |conversation, read_count| MarkRead { conversation, read_count };
    world.db.write(&agent.scope, mark(before_joining, 1)).await.unwrap();
    assert_eq!(row(before_joining).await.unread(), 0, "they stay read");
    world.wait(1000);
    let conversation = world.inbound("basil", "One").await.conversation;
    world.inbound("basil", "Two").await;
    assert_eq!(row(conversation).await.unread(), 2);
    for (read, unread) in [(1, 1), (2, 0), (1, 0), (99, 0), (-5, 0)] {
        world.db.write(&agent.scope, mark(conversation, read)).await.unwrap();
        assert_eq!(row(conversation).await.unread(), unread, "after reading {read}");
    }
    world.inbound("basil", "Three").await;
    assert_eq!(row(conversation).await.unread(), 1, "more messages than exist cannot be read");
    assert_eq!(world.row(conversation).await.unread(), 3, "one colleague's reading changes nothing for another");
}
