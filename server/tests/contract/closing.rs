//! T13: reasons for closing, closing with a message, and blocked senders.

use domain::{
    act::ActOnMany,
    closing::{AddReason, CloseWith, EditReason, OrderReasons, UnblockSender, blocked_senders},
    inbound::{InThread, Inbound},
    send::CancelMessage,
    undo::Undo,
};
use model::{
    Act, ApiError, BlockId, BlockedSender, ChannelKind, CloseReason, ConversationId, DeliveryState, DraftMode, Entry,
    EventBody, FactKind, LastWords, Line, MOST_REASONS, Message, MessageId, Reason, Role, Seen, Status, UndoId, View,
    Visibility,
};
use store::{clock::new_id, close_reason, history};

use crate::{
    plain::Sql,
    world::{Person, World, is_conflict, letter, refused},
};

on_both_engines!(
    t13_reasons_are_added_renamed_ordered_and_archived,
    t13_a_reason_that_cannot_be_chosen_changes_nothing,
    t13_closing_and_its_message_are_both_or_neither,
    t13_undoing_a_closing_takes_its_message_back,
    t13_a_blocked_sender_stays_out_of_the_tabs,
    t13_undoing_the_closing_unblocks,
    t13_blocked_senders_are_listed_and_unblocked,
    t13_another_tenant_and_another_team_unblock_nobody,
    t13_our_own_addresses_are_never_blocked,
    s14_a_forged_sender_gets_nobody_blocked,
    t13_ten_thousand_blocked_senders_come_in_pages,
);

async fn reasons(world: &World) -> Vec<Reason> {
    close_reason::all(&mut world.db.reader().await.unwrap().conn(), &world.owner.scope).await.unwrap()
}

async fn add(world: &World, name: &str, blocks: bool) -> CloseReason {
    let all = world.db.write(&world.owner.scope, AddReason { name: name.to_owned(), blocks }).await.unwrap();
    all.into_iter().find(|one| one.name == name).unwrap().id
}

fn edit(id: CloseReason, name: &str, blocks: bool, archived: bool) -> EditReason {
    EditReason { id, name: name.to_owned(), blocks, archived }
}

async fn blocked(world: &World, who: &Person) -> Vec<BlockedSender> {
    blocked_senders(&world.db, &who.scope, None).await.unwrap().senders
}

async fn lines(world: &World, conversation: ConversationId) -> Vec<Line> {
    let thread = world.thread(&world.owner, conversation).await.unwrap();
    let line = |message: &Message| match message.entry {
        Entry::Line { line } => Some(line),
        _ => None,
    };
    thread.messages.iter().filter_map(line).collect()
}

async fn t13_reasons_are_added_renamed_ordered_and_archived(world: World) {
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    assert_eq!(reasons(&world).await, Reason::standard(), "a workspace begins with these");
    let wrong = add(&world, "Wrong number", false).await;
    assert_eq!(wrong, CloseReason::Own(1));
    let before = world.last_seq().await;
    assert_eq!(add(&world, "Wrong number", false).await, wrong, "the same request again");
    assert_eq!(world.last_seq().await, before);
    let taken = world.db.write(&world.owner.scope, edit(wrong, "ＲＥＳＯＬＶＥＤ", false, false)).await;
    assert!(matches!(refused(taken), ApiError::Invalid { .. }), "it looks the same as another");
    for bad in ["", " \u{200b} ", &"x".repeat(61), "a\u{7}b"] {
        let add = AddReason { name: bad.to_owned(), blocks: false };
        assert!(matches!(refused(world.db.write(&world.owner.scope, add).await), ApiError::Invalid { .. }), "{bad:?}");
    }
    let unknown = edit(CloseReason::Own(99), "Nobody", false, false);
    assert_eq!(refused(world.db.write(&world.owner.scope, unknown).await), ApiError::NotFound);
    let by_agent = world.db.write(&agent.scope, edit(wrong, "Mine", false, false)).await;
    assert_eq!(refused(by_agent), ApiError::Forbidden);

    let order = vec![wrong, CloseReason::Spam, CloseReason::Own(77), wrong];
    let ordered = world.db.write(&world.owner.scope, OrderReasons(order)).await.unwrap();
    let ids: Vec<_> = ordered.iter().map(|one| one.id).collect();
    let rest = [CloseReason::Resolved, CloseReason::Qualified, CloseReason::NotInterested];
    assert_eq!(ids, [&[wrong, CloseReason::Spam], rest.as_slice()].concat(), "what is not named comes last");
    assert_eq!(reasons(&world).await, ordered);
    let mut told = world.told(before).into_iter().filter_map(|(_, body)| match body {
        EventBody::Reasons(all) => Some(all),
        _ => None,
    });
    assert_eq!(told.next_back(), Some(ordered), "every browser is told");

    for one in reasons(&world).await.into_iter().skip(1) {
        world.db.write(&world.owner.scope, edit(one.id, &one.name, one.blocks, true)).await.unwrap();
    }
    let last = world.db.write(&world.owner.scope, edit(wrong, "Wrong number", false, true)).await;
    assert!(matches!(refused(last), ApiError::Invalid { .. }), "one is always left");
    let back = add(&world, "Resolved", false).await;
    assert_eq!(back, CloseReason::Resolved, "typed again, the archived one is used again");
    for n in 2..MOST_REASONS {
        add(&world, &format!("Reason {n}"), false).await;
    }
    let more = AddReason { name: "One more".to_owned(), blocks: false };
    assert!(matches!(refused(world.db.write(&world.owner.scope, more).await), ApiError::Invalid { .. }));
    let back = edit(CloseReason::Spam, "Spam or invalid", true, false);
    assert!(matches!(refused(world.db.write(&world.owner.scope, back).await), ApiError::Invalid { .. }));
}

async fn t13_a_reason_that_cannot_be_chosen_changes_nothing(world: World) {
    let conversation = world.inbound("visitor", "Hello").await.conversation;
    let own = add(&world, "Wrong number", false).await;
    world.act(&world.owner, conversation, Act::Close(own)).await.unwrap();
    world.db.write(&world.owner.scope, edit(own, "Not for us", false, true)).await.unwrap();
    let by = world.owner.id;
    assert_eq!(lines(&world, conversation).await, [Line::Closed { by, reason: own, blocked: false }], "it keeps it");
    world.act(&world.owner, conversation, Act::Reopen).await.unwrap();
    for reason in [own, CloseReason::Own(55)] {
        let before = (world.row(conversation).await, world.last_seq().await);
        let closed = world.act(&world.owner, conversation, Act::Close(reason)).await;
        assert!(matches!(refused(closed), ApiError::Invalid { .. }));
        let conversations = vec![(conversation, 1)];
        let many = ActOnMany { conversations, act: Act::Close(reason), undo: None, part: 0 };
        assert!(matches!(refused(world.db.write(&world.owner.scope, many).await), ApiError::Invalid { .. }));
        assert_eq!((world.row(conversation).await, world.last_seq().await), before);
    }
}

async fn close_with(world: &World, conversation: ConversationId, mode: DraftMode) -> CloseWith {
    let words = LastWords { id: MessageId::new(new_id()), mode, text: "Goodbye".to_owned(), seen: None };
    let (seen, reason) = (world.row(conversation).await.seen(), CloseReason::Resolved);
    CloseWith { conversation, seen, reason, words, undo: UndoId::new(new_id()) }
}

async fn t13_closing_and_its_message_are_both_or_neither(world: World) {
    let conversation = world.inbound("amelie", "Hello").await.conversation;
    let before = (world.row(conversation).await, world.last_seq().await);
    let close = close_with(&world, conversation, DraftMode::Reply).await;
    let empty = LastWords { text: "  ".to_owned(), ..close.words.clone() };
    let bad = [
        (CloseWith { words: empty, ..close.clone() }, "nothing is said"),
        (CloseWith { reason: CloseReason::Own(9), ..close.clone() }, "no such reason"),
        (CloseWith { reason: CloseReason::Spam, ..close.clone() }, "whoever is blocked gets no message"),
        (CloseWith { conversation: ConversationId::new(new_id()), ..close.clone() }, "no such conversation"),
    ];
    for (bad, why) in bad {
        refused(world.db.write(&world.owner.scope, bad).await);
        assert_eq!((world.row(conversation).await, world.last_seq().await), before, "{why}");
    }
    // They wrote again while the member was typing.
    world.inbound("amelie", "One more thing").await;
    let before = (world.row(conversation).await, world.last_seq().await);
    assert!(is_conflict(world.db.write(&world.owner.scope, close).await));
    assert_eq!((world.row(conversation).await, world.last_seq().await), before);

    let close = close_with(&world, conversation, DraftMode::Reply).await;
    let row = world.db.write(&world.owner.scope, close.clone()).await.unwrap();
    assert_eq!(row.state.status, Status::Closed);
    let told = world.told(before.1);
    assert_eq!(told.len(), 1, "one event tells of both");
    assert_eq!(world.db.write(&world.owner.scope, close.clone()).await.unwrap(), row, "the same request again");
    world.act(&world.owner, conversation, Act::Reopen).await.unwrap();
    world.db.write(&world.owner.scope, close.clone()).await.unwrap();
    assert_eq!(world.row(conversation).await.state.status, Status::Open, "a late repetition closes nothing");
    let other = CloseWith { words: LastWords { text: "Other".to_owned(), ..close.words.clone() }, ..close };
    assert!(is_conflict(world.db.write(&world.owner.scope, other).await));

    world.work().await;
    let thread = world.thread(&world.owner, conversation).await.unwrap();
    let sent = thread.messages.iter().filter(|message| message.text == "Goodbye").collect::<Vec<_>>();
    assert!(
        matches!(&sent[..], [Message { entry: Entry::Outgoing { delivery, .. }, .. }] if delivery.state == DeliveryState::Sent)
    );

    let note = close_with(&world, conversation, DraftMode::Note).await;
    let note = CloseWith { reason: CloseReason::Spam, ..note };
    assert_eq!(world.db.write(&world.owner.scope, note).await.unwrap().state.status, Status::Closed);
    assert_eq!(blocked(&world, &world.owner).await.len(), 1, "a note goes with blocking");
}

async fn t13_undoing_a_closing_takes_its_message_back(world: World) {
    let conversation = world.inbound("amelie", "Hello").await.conversation;
    let comparable = |row: model::ConversationRow| {
        let mut row = model::ConversationRow { version: 0, ..row };
        row.state.pen_epoch = 0;
        row
    };
    for way in 0..3 {
        let before = comparable(world.row(conversation).await);
        let close = close_with(&world, conversation, DraftMode::Reply).await;
        let (undo, reply) = (close.undo, close.words.id);
        world.db.write(&world.owner.scope, close).await.unwrap();
        match way {
            // By the toast, or by the message.
            0 => assert_eq!(world.db.write(&world.owner.scope, Undo(undo)).await.unwrap().undone, 1),
            1 => drop(world.db.write(&world.owner.scope, CancelMessage(reply)).await.unwrap()),
            // It has gone out: the closing alone is undone.
            _ => {
                world.work().await;
                assert_eq!(world.db.write(&world.owner.scope, Undo(undo)).await.unwrap().undone, 1);
                let row = world.row(conversation).await;
                assert_ne!(row.state.status, Status::Closed);
                assert_eq!(row.state.waiting_since, None, "they have an answer");
                continue;
            }
        }
        assert_eq!(comparable(world.row(conversation).await), before, "way {way}");
        world.work().await;
    }
    let thread = world.thread(&world.owner, conversation).await.unwrap();
    let states = thread.messages.iter().filter_map(|message| match &message.entry {
        Entry::Outgoing { delivery, .. } => Some(delivery.state),
        _ => None,
    });
    assert_eq!(states.collect::<Vec<_>>(), [DeliveryState::Cancelled, DeliveryState::Cancelled, DeliveryState::Sent]);
}

async fn t13_a_blocked_sender_stays_out_of_the_tabs(world: World) {
    let conversation = world.inbound("spammer", "Buy this").await.conversation;
    world.inbound("amelie", "Hello").await;
    // What came in unseen opens nothing either: they are blocked by now.
    world.inbound("spammer", "Buy that").await;
    let seen = Seen { inbound: 1, ..world.row(conversation).await.seen() };
    let close = domain::act::ChangeState { conversation, seen, act: Act::Close(CloseReason::Spam), undo: None };
    world.db.write(&world.owner.scope, close).await.unwrap();
    let by = world.owner.id;
    assert_eq!(lines(&world, conversation).await, [Line::Closed { by, reason: CloseReason::Spam, blocked: true }]);
    let before = (world.row(conversation).await, counts(&world).await);
    assert_eq!(before.0.state.status, Status::Closed);

    let same = world.inbound("spammer", "Really cheap").await;
    assert_eq!(same.conversation, conversation, "it is stored, and answered like any other");
    let row = world.row(conversation).await;
    assert_eq!((&row.state, row.inbound_count), (&before.0.state, before.0.inbound_count), "nobody is told");
    assert_eq!(counts(&world).await, before.1);
    let thread = world.thread(&world.owner, conversation).await.unwrap();
    assert_eq!(thread.messages.last().unwrap().text, "Really cheap");

    let new = Inbound { thread: InThread::New, ..letter(&world.chat, "spammer", "A new try") };
    let new = world.receive(new).await.unwrap().conversation;
    let row = world.row(new).await;
    assert_eq!((row.state.status, row.unread()), (Status::Closed, 0));
    assert_eq!(lines(&world, new).await, [Line::FromBlocked]);
    assert_eq!(counts(&world).await, model::Counts { closed: before.1.closed + 1, ..before.1 });
    let mut reader = world.db.reader().await.unwrap();
    let facts = history::of_conversation(&mut reader.conn(), &world.system(), new, 100).await.unwrap();
    assert!(facts.iter().all(|fact| fact.kind != FactKind::Inbound), "figures do not count it");

    // Chat is off: nobody who is blocked gets the automatic reply.
    world.db.write(&world.owner.scope, domain::people::SetChat(false)).await.unwrap();
    let late = world.inbound("spammer", "Anybody?").await.conversation;
    let thread = world.thread(&world.owner, late).await.unwrap();
    assert!(!thread.messages.iter().any(|message| matches!(message.entry, Entry::Outgoing { .. })));

    // What goes out is another matter: a member may still write to them.
    world.reply(&world.owner, conversation, "Please stop").await.unwrap();
    assert_ne!(world.row(conversation).await.state.status, Status::Closed);
    // In a conversation that is open, nothing is kept from whoever works on it.
    for id in [conversation, new, late] {
        world.act(&world.owner, id, Act::Reopen).await.unwrap();
    }
    let row = world.row(world.inbound("spammer", "I am sorry").await.conversation).await;
    assert_eq!((row.state.status, row.unread() > 0, row.state.waiting_since.is_some()), (Status::Open, true, true));
}

async fn counts(world: &World) -> model::Counts {
    let scope = &world.owner.scope;
    domain::inbox::page(&world.db, scope, View::All, model::Sort::Last, None, 1).await.unwrap().counts
}

async fn t13_undoing_the_closing_unblocks(world: World) {
    world.wait(1000);
    let one = world.inbound("spammer", "Buy this").await.conversation;
    let two = world.inbound("other", "Buy that").await.conversation;
    let undo = UndoId::new(new_id());
    let (conversations, act) = (vec![(one, 1), (two, 1)], Act::Close(CloseReason::Spam));
    world.db.write(&world.owner.scope, ActOnMany { conversations, act, undo: Some(undo), part: 0 }).await.unwrap();
    assert_eq!(blocked(&world, &world.owner).await.len(), 2, "each sender is blocked");
    world.inbound("spammer", "More").await;
    assert_eq!(world.db.write(&world.owner.scope, Undo(undo)).await.unwrap().undone, 2);
    assert!(blocked(&world, &world.owner).await.is_empty());
    world.inbound("spammer", "Was that spam?").await;
    assert_eq!(world.row(one).await.unread(), 2, "what came in while they were blocked stays read");
    // Somebody who was blocked before stays blocked.
    world.act(&world.owner, one, Act::Close(CloseReason::Spam)).await.unwrap();
    world.act(&world.owner, one, Act::Reopen).await.unwrap();
    let undo = UndoId::new(new_id());
    let seen = world.row(one).await.seen();
    let again = domain::act::ChangeState { conversation: one, seen, act, undo: Some(undo) };
    world.db.write(&world.owner.scope, again).await.unwrap();
    world.db.write(&world.owner.scope, Undo(undo)).await.unwrap();
    assert_eq!(blocked(&world, &world.owner).await.len(), 1);
}

async fn t13_blocked_senders_are_listed_and_unblocked(world: World) {
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let viewer = world.member("Vera", Role::Viewer, Visibility::All).await;
    let conversation = world.inbound("spammer", "Buy this").await.conversation;
    world.act(&agent, conversation, Act::Close(CloseReason::Spam)).await.unwrap();
    let sender = blocked(&world, &world.owner).await.remove(0);
    assert_eq!((sender.by, sender.conversation, sender.kind), (agent.id, conversation, ChannelKind::WebChat));
    assert_eq!((sender.label.as_str(), sender.address.as_str()), ("Visitor spammer", ""));
    assert_eq!(refused(blocked_senders(&world.db, &viewer.scope, None).await), ApiError::Forbidden);
    assert_eq!(refused(world.db.write(&viewer.scope, UnblockSender(sender.id)).await), ApiError::Forbidden);
    world.db.write(&world.owner.scope, UnblockSender(sender.id)).await.unwrap();
    assert_eq!(refused(world.db.write(&world.owner.scope, UnblockSender(sender.id)).await), ApiError::NotFound);
    assert!(blocked(&world, &world.owner).await.is_empty());
    assert_eq!(lines(&world, conversation).await.last(), Some(&Line::Unblocked { by: world.owner.id }));
    world.inbound("spammer", "Sorry").await;
    assert_eq!(world.row(conversation).await.state.status, Status::Open);
    let page = domain::audit_log::page(&world.db, &world.owner.scope, None).await.unwrap();
    let words: Vec<_> = page.lines.iter().map(|line| line.what.as_str()).collect();
    assert!(words.contains(&"sender.blocked") && words.contains(&"sender.unblocked"), "{words:?}");
    assert!(page.lines.iter().all(|line| !line.detail.contains("spammer")), "nothing in it can be erased");
}

async fn t13_another_tenant_and_another_team_unblock_nobody(world: World) {
    let own = world.member("Olga", Role::Agent, Visibility::Mine).await;
    let conversation = world.inbound("spammer", "Buy this").await.conversation;
    world.act(&world.owner, conversation, Act::Close(CloseReason::Spam)).await.unwrap();
    let sender = blocked(&world, &world.owner).await.remove(0);
    let tenant = world.tenant("Other").await;
    for scope in [&own.scope, &tenant.owner.scope] {
        assert!(blocked_senders(&world.db, scope, None).await.unwrap().senders.is_empty(), "it names a stranger");
        assert_eq!(refused(world.db.write(scope, UnblockSender(sender.id)).await), ApiError::NotFound);
    }
    assert_eq!(blocked(&world, &world.owner).await.len(), 1);
}

async fn t13_our_own_addresses_are_never_blocked(world: World) {
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let channel = world.channel(ChannelKind::Email, 0).await;
    let email = workspace_email(&world, &agent).await;
    for address in [channel.address.as_str(), &channel.address.to_uppercase(), &email] {
        if address.is_empty() {
            continue;
        }
        let conversation = world.receive(letter(&channel, address, "Hello")).await.unwrap().conversation;
        world.act(&world.owner, conversation, Act::Close(CloseReason::Spam)).await.unwrap();
        assert_eq!(world.row(conversation).await.state.status, Status::Closed);
        assert!(blocked(&world, &world.owner).await.is_empty(), "{address}");
    }
}

async fn workspace_email(world: &World, who: &Person) -> String {
    let members = store::workspace::members(&mut world.db.reader().await.unwrap().conn(), &world.owner.scope).await;
    members.unwrap().into_iter().find(|member| member.id == who.id).unwrap().email
}

async fn s14_a_forged_sender_gets_nobody_blocked(world: World) {
    let channel = world.channel(ChannelKind::Email, 0).await;
    let customer = "anna@customer.example";
    let real = world.receive(letter(&channel, customer, "Hello")).await.unwrap().conversation;
    let forged = Inbound { said_by: "one mail".to_owned(), thread: InThread::New, ..letter(&channel, customer, "Pay") };
    let forged = world.receive(forged).await.unwrap().conversation;
    world.act(&world.owner, forged, Act::Close(CloseReason::Spam)).await.unwrap();
    assert!(blocked(&world, &world.owner).await.is_empty(), "nothing proves that she wrote it");
    let by = world.owner.id;
    assert_eq!(lines(&world, forged).await, [Line::Closed { by, reason: CloseReason::Spam, blocked: false }]);
    world.act(&world.owner, real, Act::Close(CloseReason::Resolved)).await.unwrap();
    world.receive(letter(&channel, customer, "Thank you")).await.unwrap();
    assert_eq!(world.row(real).await.state.status, Status::Open);
    // And what only names a blocked sender is no message of theirs.
    world.act(&world.owner, real, Act::Close(CloseReason::Spam)).await.unwrap();
    let named = Inbound { said_by: "a list".to_owned(), thread: InThread::New, ..letter(&channel, customer, "News") };
    let named = world.receive(named).await.unwrap().conversation;
    assert_eq!(world.row(named).await.state.status, Status::Open);
}

async fn t13_ten_thousand_blocked_senders_come_in_pages(world: World) {
    let conversation = world.inbound("spammer", "Buy this").await.conversation;
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) ";
    let fill = format!(
        "INSERT INTO blocked_sender (workspace_id, id, channel_kind, address, label, member_id, at, conversation_id) \
         {numbers}SELECT '{}', '00000000-0000-7000-8000-' || CAST(100000000000 + i AS TEXT), 'email', \
         'x' || CAST(i AS TEXT), 'X', '{}', i / 100, '{conversation}' FROM n",
        world.workspace, world.owner.id
    );
    world.db.write(&world.owner.scope, Sql(vec![(fill, Vec::new())])).await.unwrap();
    let (mut after, mut all) = (None, Vec::new());
    loop {
        let page = blocked_senders(&world.db, &world.owner.scope, after).await.unwrap();
        assert!(page.senders.len() <= 50);
        after = page.senders.last().map(|sender| (sender.at, sender.id));
        all.extend(page.senders);
        if !page.more {
            break;
        }
    }
    assert_eq!(all.len(), 10_000);
    assert!(all.windows(2).all(|two| (two[0].at, two[0].id) > (two[1].at, two[1].id)), "each once, newest first");
}

/// Closing with a note, seen as it is now.
pub async fn goodbye(world: &World, conversation: ConversationId) -> CloseWith {
    let unseen = Seen { status: Status::Open, assignee: None, team: None, inbound: 0 };
    let seen = world.thread(&world.owner, conversation).await.map_or(unseen, |thread| thread.row.seen());
    let (id, text) = (MessageId::new(new_id()), "Goodbye".to_owned());
    let words = LastWords { id, mode: DraftMode::Note, text, seen: None };
    CloseWith { conversation, seen, reason: CloseReason::Resolved, words, undo: UndoId::new(new_id()) }
}

/// A sender who was blocked where this conversation was closed.
pub async fn a_block(world: &World, conversation: ConversationId, address: &str) -> BlockId {
    let id = BlockId::new(new_id());
    let insert = "INSERT INTO blocked_sender (workspace_id, id, channel_kind, address, label, member_id, at, conversation_id) \
         VALUES ($1, $2, 'api', $3, 'B', $4, 1, $5)";
    let values =
        vec![world.workspace.into(), id.into(), address.to_owned().into(), world.owner.id.into(), conversation.into()];
    world.db.write(&world.system(), Sql::one(insert, values)).await.unwrap();
    id
}
