//! What figures need is kept when it happens: who answered whom when and after how long, who had what, how it ended.

use async_trait::async_trait;
use channels::SendError;
use domain::{
    act::{ActOnMany, ChangeState},
    change::Change,
    mail::BeginMail,
    people::{AddTeam, SetChat},
    send::{CancelMessage, SendNow},
};
use model::{
    Act, AgentId, ApiError, CloseReason, ConversationId, DeliveryState, DraftMode, FactKind, MailChoice, Mailbox,
    Needs, Recipients, Role, Seen, Sender, Status, TeamId, Timestamp, Visibility,
};
use store::{
    Command, Tx,
    clock::new_id,
    error::Result,
    history::{self, Fact, FactActor},
};

use crate::{
    email::desk::{Desk, mail},
    outbox::{Outbox, took},
    plain::Sql,
    walk::Walk,
    world::{Person, World, letter, message},
};

on_both_engines!(
    history_says_who_answered_when_and_after_how_long,
    history_says_who_had_it_and_how_it_ended,
    history_says_who_began_it,
    history_has_both_moves_of_what_was_closed_unseen,
    history_has_what_was_done_to_many_at_once,
    history_says_that_nobody_was_there,
    history_names_a_reply_that_was_taken_back_or_failed,
    history_is_kept_with_its_change_or_not_at_all,
    history_is_read_by_kind_and_time_within_a_workspace,
    history_is_never_changed,
    history_has_no_word_of_people,
    history_leaves_out_what_is_older_than_its_mailbox,
    history_adds_up_to_the_rows_after_a_random_walk,
    a_conversation_keeps_its_agent_through_every_change,
);

const NO_LIMIT: i64 = 1_000_000;
const MINUTE: i64 = 60_000;

async fn of(world: &World, conversation: ConversationId) -> Vec<Fact> {
    let mut snapshot = world.db.snapshot().await.unwrap();
    history::of_conversation(&mut snapshot.conn(), &world.system(), conversation, NO_LIMIT).await.unwrap()
}

/// What happened, by whom, and how long it took.
fn told(facts: &[Fact]) -> Vec<(FactKind, FactActor, Option<i64>)> {
    facts.iter().map(|fact| (fact.kind, fact.actor, fact.ms)).collect()
}

fn by(who: &Person) -> FactActor {
    FactActor::Us(Sender::Member(who.id))
}

/// A change that no command of today makes, made as commands make theirs.
struct Alter {
    conversation: ConversationId,
    team: Option<TeamId>,
    agent: Option<AgentId>,
    then_fail: bool,
}

#[async_trait]
impl Command for Alter {
    type Output = ();
    const NEEDS: Needs = Needs::Nothing;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        let mut change = Change::load(tx, &scope, self.conversation).await?;
        (change.now.row.team, change.now.row.state.agent) = (self.team, self.agent);
        change.finish(tx).await?;
        if self.then_fail { Err(ApiError::invalid("", "after all not").into()) } else { Ok(()) }
    }
}

async fn history_says_who_answered_when_and_after_how_long(world: World) {
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let asked = world.inbound("amelie", "Bonjour").await;
    let conversation = asked.conversation;
    world.wait(MINUTE);
    let again = world.inbound("amelie", "Hello?").await;
    world.wait(MINUTE);
    let first = world.reply(&agent, conversation, "Hello").await.unwrap();
    world.wait(MINUTE);
    world.reply(&world.owner, conversation, "And one more thing").await.unwrap();
    world.note(&agent, conversation, "a note is no answer").await.unwrap();
    world.work().await;
    world.wait(MINUTE);
    world.inbound("amelie", "Merci").await;
    let facts = of(&world, conversation).await;
    use FactActor::Visitor;
    let expected = [
        (FactKind::Begun, Visitor, None),
        (FactKind::Inbound, Visitor, None),
        (FactKind::Inbound, Visitor, None),
        (FactKind::Reply, by(&agent), Some(2 * MINUTE)),
        (FactKind::FirstResponse, by(&agent), Some(2 * MINUTE)),
        (FactKind::Pending, by(&agent), None),
        (FactKind::Reply, by(&world.owner), None),
        (FactKind::Inbound, Visitor, None),
        (FactKind::Reopened, Visitor, None),
    ];
    assert_eq!(told(&facts), expected);
    assert_eq!(
        (facts[1].message, facts[2].message, facts[3].message),
        (Some(asked.id), Some(again.id), Some(first.id))
    );
    assert_eq!((facts[5].from.as_deref(), facts[8].from.as_deref()), (Some("open"), Some("pending")));
    assert!(facts.iter().all(|fact| fact.channel == world.chat.id && fact.conversation == conversation));
    let at: Vec<i64> = facts.iter().map(|fact| (fact.at.0 - asked.at.0) / MINUTE).collect();
    assert_eq!(at, [0, 0, 1, 2, 2, 2, 3, 4, 4]);
}

async fn history_says_who_had_it_and_how_it_ended(world: World) {
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let (owner, team) = (world.owner.clone(), TeamId::new(new_id()));
    world.db.write(&owner.scope, AddTeam { id: team, name: "Front".to_owned() }).await.unwrap();
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    for to in [Some(owner.id), Some(agent.id), Some(agent.id), None, Some(agent.id)] {
        world.act(&owner, conversation, Act::Assign(to)).await.unwrap();
    }
    let alter = Alter { conversation, team: Some(team), agent: None, then_fail: false };
    world.db.write(&owner.scope, alter).await.unwrap();
    world.act(&agent, conversation, Act::Pending).await.unwrap();
    world.act(&owner, conversation, Act::Close(CloseReason::NotInterested)).await.unwrap();
    world.act(&agent, conversation, Act::Reopen).await.unwrap();
    world.act(&agent, conversation, Act::Close(CloseReason::Resolved)).await.unwrap();
    world.disable(&agent).await;
    world.inbound("amelie", "Hello?").await;
    let text = |id: &dyn ToString| Some(id.to_string());
    let word = |word: &str| Some(word.to_owned());
    let (a, o) = (text(&agent.id), text(&owner.id));
    let facts = of(&world, conversation).await;
    let shown: Vec<_> = facts.into_iter().skip(2).map(|f| (f.kind, f.actor, f.from, f.to)).collect();
    let expected = [
        (FactKind::Assigned, by(&owner), None, o.clone()),
        (FactKind::Assigned, by(&owner), o, a.clone()),
        (FactKind::Unassigned, by(&owner), a.clone(), None),
        (FactKind::Assigned, by(&owner), None, a.clone()),
        (FactKind::TeamSet, by(&owner), None, text(&team)),
        (FactKind::Pending, by(&agent), word("open"), None),
        (FactKind::Closed, by(&owner), word("pending"), word("not_interested")),
        (FactKind::Reopened, by(&agent), word("closed"), None),
        (FactKind::Closed, by(&agent), word("open"), word("resolved")),
        (FactKind::Inbound, FactActor::Visitor, None, None),
        (FactKind::Reopened, FactActor::Visitor, word("closed"), None),
        (FactKind::Unassigned, FactActor::System, a, None),
    ];
    assert_eq!(shown, expected);
}

async fn history_says_who_began_it(world: World) {
    let desk = Desk::open(world).await;
    let (world, owner) = (&desk.world, by(&desk.world.owner));
    let conversation = ConversationId::new(new_id());
    let recipients = Recipients { to: vec![Mailbox::of("anna@x.example")], ..Recipients::default() };
    let mut send = message(conversation, DraftMode::Reply, "Good morning");
    send.compose = model::Compose::Mail(MailChoice { recipients, subject: Some("Your plans".to_owned()) });
    let begin = BeginMail { channel: desk.channel.id, contact: None, send };
    world.db.write(&world.owner.scope, begin).await.unwrap();
    // Nobody waited: it is no response.
    let expected = [
        (FactKind::Begun, owner, None),
        (FactKind::Assigned, owner, None),
        (FactKind::Reply, owner, None),
        (FactKind::Pending, owner, None),
    ];
    assert_eq!(told(&of(world, conversation).await), expected);
}

/// A message that came in before the click opens it again in the same change.
async fn history_has_both_moves_of_what_was_closed_unseen(world: World) {
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    world.inbound("amelie", "One more thing").await;
    let seen = Seen { status: Status::Open, assignee: None, team: None, inbound: 1 };
    for act in [Act::Close(CloseReason::NotInterested), Act::Pending] {
        world.db.write(&world.owner.scope, ChangeState { conversation, seen, act, undo: None }).await.unwrap();
        assert_eq!(world.row(conversation).await.state.status, Status::Open);
    }
    let facts = of(&world, conversation).await;
    let shown: Vec<_> = facts[3..].iter().map(|f| (f.kind, f.actor, f.from.as_deref(), f.to.as_deref())).collect();
    let expected = [
        (FactKind::Closed, by(&world.owner), Some("open"), Some("not_interested")),
        (FactKind::Reopened, FactActor::Visitor, Some("closed"), None),
        (FactKind::Pending, by(&world.owner), Some("open"), None),
        (FactKind::Reopened, FactActor::Visitor, Some("pending"), None),
    ];
    assert_eq!(shown, expected);
}

async fn history_has_what_was_done_to_many_at_once(world: World) {
    let mut conversations = Vec::new();
    for n in 0..3 {
        conversations.push(world.inbound(&format!("visitor {n}"), "Hello").await.conversation);
    }
    let act = Act::Close(CloseReason::Resolved);
    world.act(&world.owner, conversations[0], act).await.unwrap();
    let many = ActOnMany { conversations: conversations.iter().map(|id| (*id, 1)).collect(), act, undo: None, part: 0 };
    assert_eq!(world.db.write(&world.owner.scope, many).await.unwrap(), 2);
    for conversation in conversations {
        let facts = of(&world, conversation).await;
        assert_eq!(told(&facts[2..]), [(FactKind::Closed, by(&world.owner), None)]);
    }
}

async fn history_says_that_nobody_was_there(world: World) {
    world.db.write(&world.owner.scope, SetChat(false)).await.unwrap();
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    world.wait(MINUTE);
    world.inbound("amelie", "Hello?").await;
    let facts = told(&of(&world, conversation).await);
    let expected = [
        (FactKind::Begun, FactActor::Visitor, None),
        (FactKind::Inbound, FactActor::Visitor, None),
        (FactKind::Reply, FactActor::Us(Sender::Auto), Some(0)),
        (FactKind::Missed, FactActor::Visitor, None),
        (FactKind::Inbound, FactActor::Visitor, None),
    ];
    assert_eq!(facts, expected, "a machine's answer is no first response, and it is missed once");
}

async fn history_names_a_reply_that_was_taken_back_or_failed(world: World) {
    let outbox = Outbox::new(world.clone(), true).await;
    let (conversation, owner) = (outbox.conversation, by(&world.owner));
    world.wait(MINUTE);
    let regretted = outbox.reply().await;
    world.wait(1000);
    world.db.write(&world.owner.scope, CancelMessage(regretted.id)).await.unwrap();
    world.db.write(&world.owner.scope, CancelMessage(regretted.id)).await.unwrap();
    world.wait(MINUTE - 1000);
    let failing = outbox.reply().await;
    outbox.answer([Err(SendError::Never("No such number.".to_owned()))]);
    outbox.after(MINUTE).await;
    world.db.write(&world.owner.scope, SendNow(failing.id)).await.unwrap();
    outbox.answer([Ok(took("a name"))]);
    outbox.after(MINUTE).await;
    let facts = of(&world, conversation).await;
    let expected = [
        (FactKind::Reply, owner, Some(MINUTE)),
        (FactKind::FirstResponse, owner, Some(MINUTE)),
        (FactKind::Pending, owner, None),
        (FactKind::TakenBack, owner, None),
        (FactKind::Reopened, owner, None),
        (FactKind::Reply, owner, Some(2 * MINUTE)),
        (FactKind::FirstResponse, owner, Some(2 * MINUTE)),
        (FactKind::Pending, owner, None),
        (FactKind::SendFailed, FactActor::System, None),
        (FactKind::Reopened, FactActor::System, None),
        (FactKind::SentAfterAll, FactActor::System, Some(4 * MINUTE)),
        (FactKind::FirstResponse, owner, Some(4 * MINUTE)),
        (FactKind::Pending, FactActor::System, None),
    ];
    assert_eq!(told(&facts)[2..], expected);
    let about = |kind| facts.iter().filter(|fact| fact.kind == kind).map(|f| f.message).collect::<Vec<_>>();
    assert_eq!(about(FactKind::TakenBack), [Some(regretted.id)]);
    assert_eq!(about(FactKind::SendFailed), [Some(failing.id)]);
    assert_eq!(about(FactKind::FirstResponse), [Some(regretted.id), Some(failing.id), Some(failing.id)]);
    let failed = facts.iter().find(|fact| fact.kind == FactKind::SendFailed).unwrap();
    assert_eq!(failed.to.as_deref(), Some(DeliveryState::Failed.as_str()));
}

async fn history_is_kept_with_its_change_or_not_at_all(world: World) {
    let (inbound, owner) = (letter(&world.chat, "amelie", "Bonjour"), &world.owner.scope);
    let conversation = world.receive(inbound.clone()).await.unwrap().conversation;
    let reply = message(conversation, DraftMode::Reply, "Hello");
    world.db.write(owner, reply.clone()).await.unwrap();
    let before = of(&world, conversation).await;
    // The same requests again; a claim that comes too late; a command that fails in the end.
    world.receive(inbound).await.unwrap();
    world.db.write(owner, reply).await.unwrap();
    let seen = Seen { status: Status::Open, assignee: None, team: None, inbound: 1 };
    let late = ChangeState { conversation, seen, act: Act::Close(CloseReason::Resolved), undo: None };
    assert!(world.db.write(owner, late).await.is_err());
    let team = Some(TeamId::new(new_id()));
    assert!(world.db.write(owner, Alter { conversation, team, agent: None, then_fail: true }).await.is_err());
    assert_eq!(of(&world, conversation).await, before);
    world.db.write(owner, Alter { conversation, team, agent: None, then_fail: false }).await.unwrap();
    assert_eq!(of(&world, conversation).await.len(), before.len() + 1);
}

async fn history_is_read_by_kind_and_time_within_a_workspace(world: World) {
    let tenant = world.tenant("other").await;
    let theirs = letter(&tenant.chat, "amelie", "Bonjour");
    let system = store::Scope::system(tenant.workspace, "test");
    let theirs = world.db.write(&system, domain::inbound::Receive(theirs)).await.unwrap().conversation;
    let mut at = Vec::new();
    for n in 0..5 {
        at.push(world.inbound(&format!("visitor {n}"), "Hello").await.at);
        world.wait(MINUTE);
    }
    let between = async |kind, from: Timestamp, until, limit| {
        let mut snapshot = world.db.snapshot().await.unwrap();
        let facts = history::between(&mut snapshot.conn(), &world.system(), kind, from, until, limit).await.unwrap();
        facts.into_iter().map(|fact| fact.at).collect::<Vec<_>>()
    };
    assert_eq!(between(FactKind::Begun, at[0], world.now(), NO_LIMIT).await, at, "only ours");
    assert_eq!(between(FactKind::Begun, at[1], at[3], NO_LIMIT).await, at[1..3], "up to, and without, the end");
    assert_eq!(between(FactKind::Begun, at[1], at[4], 2).await, at[1..3]);
    assert!(between(FactKind::Closed, at[0], world.now(), NO_LIMIT).await.is_empty());
    assert!(of(&world, theirs).await.is_empty(), "another workspace's conversation has none here");
}

async fn history_is_never_changed(world: World) {
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    let before = of(&world, conversation).await;
    for sql in ["UPDATE history SET ms = 1", "DELETE FROM history", "UPDATE history SET actor = 'system' WHERE ms = 7"]
    {
        let refused = world.db.write(&world.system(), Sql::one(sql, Vec::new())).await;
        // A statement that touches no row is refused by PostgreSQL alone.
        assert!(refused.is_err() || sql.ends_with('7'), "{sql}");
    }
    assert_eq!((of(&world, conversation).await, before.len()), (before, 2));
}

async fn history_has_no_word_of_people(world: World) {
    let told =
        ["Quokka text", "Quokka Name", "quokka@visitor.example", "quokka-address", "Quokka reply", "Quokka note"];
    let mut inbound = letter(&world.chat, told[3], told[0]);
    (inbound.name, inbound.email) = (told[1].to_owned(), told[2].to_owned());
    let conversation = world.receive(inbound).await.unwrap().conversation;
    world.reply(&world.owner, conversation, told[4]).await.unwrap();
    world.note(&world.owner, conversation, told[5]).await.unwrap();
    world.act(&world.owner, conversation, Act::Close(CloseReason::Resolved)).await.unwrap();
    let facts = of(&world, conversation).await;
    assert!(facts.len() >= 6);
    let columns = "conversation_id || id || channel_id || kind || actor || COALESCE(message_id, '') || COALESCE(from_value, '') \
        || COALESCE(to_value, '')";
    let sql = format!("SELECT {columns} FROM history");
    let mut snapshot = world.db.snapshot().await.unwrap();
    let rows: Vec<(String,)> = snapshot.conn().all(sqlx::AssertSqlSafe(sql), Vec::new()).await.unwrap();
    assert!(rows.len() == facts.len() && rows.iter().all(|(row,)| !row.to_lowercase().contains("quokka")), "{rows:?}");
}

/// A mailbox that is connected brings years of mails: they are no busy morning.
async fn history_leaves_out_what_is_older_than_its_mailbox(world: World) {
    let desk = Desk::open(world).await;
    let head = |id: &str| format!("From: Anna <anna@x.example>\nTo: support@mail.test\nMessage-ID: <{id}@x.example>");
    let old = desk.stands(&desk.came(&mail(&head("old"), "of last year"), true).await).await.conversation;
    assert_eq!(of(&desk.world, old).await, []);
    let new = desk.opens(&mail(&head("new"), "of today")).await;
    let kinds: Vec<_> = of(&desk.world, new).await.into_iter().map(|fact| fact.kind).collect();
    assert_eq!(kinds, [FactKind::Begun, FactKind::Inbound]);
    let world = &desk.world;
    world.act(&world.owner, old, Act::Reopen).await.unwrap();
    assert_eq!(
        told(&of(world, old).await),
        [(FactKind::Reopened, by(&world.owner), None)],
        "what is done today counts"
    );
}

async fn history_adds_up_to_the_rows_after_a_random_walk(world: World) {
    let mut walk = Walk::begin(world.clone(), 4711).await;
    for _ in 0..400 {
        walk.step().await;
    }
    adds_up(&world, 10).await;
}

/// The history, with `kinds` of facts at least, says the same as the rows.
pub async fn adds_up(world: &World, kinds: i64) {
    let last = |kinds: &str, column: &str| {
        format!(
            "(SELECT {column} FROM history h WHERE h.workspace_id = c.workspace_id AND h.conversation_id = c.id AND kind IN ({kinds}) \
             ORDER BY id DESC LIMIT 1)"
        )
    };
    let many = |kind: &str, which: &str| {
        format!(
            "(SELECT COUNT(*) FROM history h WHERE h.workspace_id = c.workspace_id AND h.conversation_id = c.id AND kind = '{kind}') <> \
             (SELECT COUNT(*) FROM message m WHERE m.workspace_id = c.workspace_id AND m.conversation_id = c.id AND {which})"
        )
    };
    let status = "CASE (SELECT kind FROM history h WHERE h.workspace_id = c.workspace_id AND h.conversation_id = c.id \
        AND kind IN ('closed', 'reopened', 'pending') ORDER BY id DESC LIMIT 1) WHEN 'closed' THEN 'closed' WHEN 'pending' THEN 'pending' \
        ELSE 'open' END";
    let wrong = [
        ("in", many("inbound", "m.kind = 'incoming'")),
        ("out", many("reply", "m.kind = 'outgoing'")),
        ("taken back", many("taken_back", "m.state = 'cancelled'")),
        (
            "not sent",
            "EXISTS (SELECT 1 FROM message m WHERE m.workspace_id = c.workspace_id AND m.conversation_id = c.id \
             AND m.state IN ('failed', 'bounced', 'unknown') AND NOT EXISTS (SELECT 1 FROM history h WHERE h.workspace_id = c.workspace_id \
             AND h.conversation_id = c.id AND h.message_id = m.id AND h.kind = 'send_failed' AND h.to_value = m.state))"
                .to_owned(),
        ),
        ("begun", many("begun", "m.n = 1")),
        (
            "assignee",
            format!("COALESCE(assignee_id, '') <> COALESCE({}, '')", last("'assigned', 'unassigned'", "to_value")),
        ),
        ("status", format!("status <> {status}")),
        (
            "first response",
            format!("first_response_ms IS NOT NULL AND first_response_ms <> {}", last("'first_response'", "ms")),
        ),
    ];
    let mut snapshot = world.db.snapshot().await.unwrap();
    let mut count = async |sql: String| -> i64 {
        let rows: Vec<(i64,)> = snapshot.conn().all(sqlx::AssertSqlSafe(sql), Vec::new()).await.unwrap();
        rows[0].0
    };
    let all = count("SELECT CAST(COUNT(DISTINCT kind) AS BIGINT) FROM history".to_owned()).await;
    assert!(all >= kinds, "only {all} kinds of facts");
    for (what, which) in wrong {
        let sql = format!("SELECT CAST(COUNT(*) AS BIGINT) FROM conversation c WHERE {which}");
        assert_eq!(count(sql).await, 0, "{what}");
    }
}

async fn a_conversation_keeps_its_agent_through_every_change(world: World) {
    let outbox = Outbox::new(world.clone(), true).await;
    let (conversation, agent) = (outbox.conversation, Some(AgentId::new(new_id())));
    let (assign, owner) = (Act::Assign(Some(world.owner.id)), &world.owner);
    world.db.write(&owner.scope, Alter { conversation, team: None, agent, then_fail: false }).await.unwrap();
    let kept = async |when: &str| assert_eq!(world.row(conversation).await.state.agent, agent, "{when}");
    kept("set").await;
    world.act(owner, conversation, assign).await.unwrap();
    kept("assigned").await;
    let reply = outbox.reply().await;
    kept("replied").await;
    world.db.write(&owner.scope, CancelMessage(reply.id)).await.unwrap();
    kept("taken back").await;
    outbox.reply().await;
    outbox.answer([Err(SendError::Never("No such number.".to_owned()))]);
    outbox.after(MINUTE).await;
    kept("not sent").await;
    world.act(owner, conversation, Act::Close(CloseReason::Resolved)).await.unwrap();
    kept("closed").await;
    world.receive(letter(&outbox.account, "amelie", "Hello?")).await.unwrap();
    kept("reopened").await;
    world.db.write(&owner.scope, Alter { conversation, team: None, agent: None, then_fail: false }).await.unwrap();
    assert_eq!(world.row(conversation).await.state.agent, None, "and forgets it when told to");
}
