//! Tests of what is on screen after reads and events arrive in any order.

use leptos::prelude::*;
use uuid::Uuid;

use super::{Inbox, LastMail, Listed, Opened, Shown};
use crate::state::{WorkspaceState, Zone};
use model::{
    Access, ApiError, Bootstrap, ChannelId, ChannelKind, ConversationId, ConversationRow, ConversationState, Counts,
    Delivery, DeliveryState, Entry, InboxPage, LiveBody, LiveEvent, MailHead, Me, Member, MemberId, Message, MessageId,
    Preview, PreviewBy, Role, Sender, Thread, Timestamp, View, Visibility, Workspace, WorkspaceId,
};

const NOW: Timestamp = Timestamp(1_000_000);

fn boot() -> Bootstrap {
    let id = MemberId::new(Uuid::from_u128(1));
    let member = Member {
        id,
        name: "Ada".to_owned(),
        email: String::new(),
        role: Role::Owner,
        visibility: Visibility::All,
        chat_on: true,
        disabled: false,
        teams: Vec::new(),
    };
    let access = Access { member: id, visibility: Visibility::All, teams: Vec::new(), channels: Vec::new() };
    let workspace = Workspace {
        id: WorkspaceId::new(Uuid::from_u128(2)),
        name: "House".to_owned(),
        chat_enabled: true,
        pending_after_reply: false,
        shows_typing: true,
    };
    let me = Me { member, granted: Vec::new(), access, joined_at: Timestamp(0), hidden: false, keys: String::new() };
    Bootstrap {
        me,
        workspace,
        members: Vec::new(),
        teams: Vec::new(),
        channels: Vec::new(),
        tags: Vec::new(),
        reasons: Vec::new(),
        views: Vec::new(),
        view_order: Vec::new(),
        seq: 0,
        now: NOW,
    }
}

fn all() -> super::Asked {
    super::Asked { filter: View::All.into(), sort: model::Sort::Last }
}

/// An inbox with its own reactive owner, which the caller must keep.
fn inbox() -> (Owner, Inbox) {
    let owner = Owner::new();
    let inbox = owner.with(|| {
        let workspace = WorkspaceState { boot: RwSignal::new(boot()), now: RwSignal::new(NOW), zone: Zone::unknown() };
        Inbox::new(workspace, boot())
    });
    (owner, inbox)
}

fn row(n: u128, said: &str, at: i64) -> ConversationRow {
    ConversationRow {
        id: ConversationId::new(Uuid::from_u128(n)),
        channel: ChannelId::new(Uuid::from_u128(3)),
        kind: ChannelKind::WebChat,
        due_at: None,
        tags: model::Tags::default(),
        team: None,
        contact: None,
        name: format!("Visitor {n}"),
        label: String::new(),
        first_label: String::new(),
        preview: Preview { by: PreviewBy::Them, text: said.to_owned() },
        last_at: Timestamp(at),
        last_inbound_at: Some(Timestamp(at)),
        started_at: Timestamp(1),
        first_response_ms: None,
        inbound_count: 1,
        read_count: 0,
        state: ConversationState::default(),
        version: at,
    }
}

fn page(rows: Vec<ConversationRow>, seq: i64) -> InboxPage {
    let mut counts = Counts::default();
    rows.iter().for_each(|row| counts.add(&row.facts(), boot().me.member.id, 1));
    InboxPage { rows, more: false, fitting: None, searched: None, counts, seq, now: NOW }
}

fn thread(row: ConversationRow, seq: i64) -> Thread {
    Thread {
        address: String::new(),
        row,
        contact: None,
        messages: Vec::new(),
        more: false,
        answered: None,
        drafts: Vec::new(),
        seq,
        now: NOW,
    }
}

/// The answer that opens a conversation at its end.
fn opened(thread: Thread) -> Option<Result<Opened, ApiError>> {
    Some(Ok(Opened { thread, newer: false, at: None }))
}

/// A mail from outside, or one of ours in the given delivery state.
fn mail(row: &ConversationRow, n: i64, subject: &str, ours: Option<DeliveryState>) -> Message {
    let by = Sender::Member(boot().me.member.id);
    let delivery = |state| Delivery { state, send_at: NOW, reason: String::new() };
    Message {
        id: MessageId::new(Uuid::from_u128(100 + n.unsigned_abs() as u128)),
        conversation: row.id,
        n,
        at: NOW,
        text: String::new(),
        entry: ours.map_or(Entry::Incoming, |state| Entry::Outgoing { by, delivery: delivery(state) }),
        attachments: Vec::new(),
        content: model::Content::Mail(Box::new(MailHead { subject: subject.to_owned(), ..MailHead::default() })),
    }
}

/// The event that changes a conversation from `before` to `now`.
fn event(seq: i64, before: &ConversationRow, now: &ConversationRow) -> LiveEvent {
    let before = Some(before.facts());
    LiveEvent {
        seq,
        body: LiveBody::Conversation {
            before,
            after: None,
            row: Box::new(now.clone()),
            reads: Vec::new(),
            messages: Vec::new(),
        },
    }
}

/// What is on screen.
fn screen(inbox: Inbox) -> (Vec<ConversationRow>, Counts, Option<ConversationRow>) {
    let order = inbox.list.order.get_untracked();
    let rows = order.into_iter().filter_map(|id| inbox.list.row(id)).map(|row| row.get_untracked()).collect();
    (rows, inbox.list.counts.get_untracked(), inbox.thread.open.get_untracked())
}

/// After a reset only the fresh read contains the missed changes, whether or not later events arrive before the read does.
#[test]
fn r14_a_read_after_a_reset_counts_however_far_events_went_on() {
    let (anna, missed) = (row(10, "Hello", 10), row(11, "I was missed", 30));
    let [anna_missed, anna_now] = [row(10, "Said in the gap", 20), row(10, "Said after it", 40)];

    let (_kept, resumed) = inbox();
    resumed.list.show_page(all(), Ok(page(vec![anna.clone()], 5)));
    resumed.thread.show_answer(opened(thread(anna, 5)));
    // Events 6 to 8 are missed. The stream continues with 9 while the reads are still running.
    resumed.receive(event(9, &anna_missed, &anna_now));
    let fresh = |seen: &ConversationRow| Ok(page(vec![missed.clone(), seen.clone()], 8));
    resumed.list.show_page(all(), fresh(&anna_missed));
    resumed.thread.show_answer(opened(thread(anna_missed.clone(), 8)));

    let (_kept_too, loaded) = inbox();
    loaded.list.show_page(all(), Ok(page(vec![anna_now.clone(), missed.clone()], 9)));
    loaded.thread.show_answer(opened(thread(anna_now, 9)));
    assert_eq!(screen(resumed), screen(loaded));
}

/// T6: the next mail does not answer a cancelled mail, even before the cancel event arrives.
#[test]
fn t6_what_the_next_mail_answers_is_known_when_one_is_taken_back() {
    let row = row(10, "Two doors?", 10);
    let (theirs, ours) = (mail(&row, 1, "Two doors", None), mail(&row, 2, "Our doors", Some(DeliveryState::Scheduled)));
    let (_kept, inbox) = inbox();
    let answered = |mail: &Message| Some(LastMail::Answered(Box::new(mail.mail().unwrap().clone())));
    let part = Thread { messages: vec![theirs.clone(), ours.clone()], ..thread(row.clone(), 5) };
    inbox.thread.show_answer(opened(part));
    assert_eq!(inbox.thread.last_mail.get_untracked(), answered(&ours));
    inbox.thread.show_cancelled(mail(&row, 2, "Our doors", Some(DeliveryState::Cancelled)));
    assert_eq!(inbox.thread.last_mail.get_untracked(), answered(&theirs));
}

/// T5: the mail that is answered may be older than the entries shown.
#[test]
fn t5_what_is_answered_is_known_where_it_is_not_shown() {
    let row = row(10, "Two doors?", 10);
    let older = mail(&row, 1, "Two doors", None).content.into_mail().unwrap();
    let (_kept, inbox) = inbox();
    let part = Thread { more: true, answered: Some(older.clone()), ..thread(row.clone(), 5) };
    inbox.thread.show_answer(opened(part));
    assert_eq!(inbox.thread.last_mail.get_untracked(), Some(LastMail::Answered(older)));
}

/// Two parts of a page may ask for the same read. The second answer must not undo events that arrived since the first.
#[test]
fn a_read_that_is_shown_already_changes_nothing() {
    let (before, now) = (row(10, "Hello", 10), row(10, "Are you there?", 20));
    let (_kept, inbox) = inbox();
    for _ in 0..2 {
        inbox.list.show_page(all(), Ok(page(vec![before.clone()], 5)));
        inbox.thread.show_answer(opened(thread(before.clone(), 5)));
        inbox.receive(event(6, &before, &now));
        assert_eq!(screen(inbox).0, std::slice::from_ref(&now));
        assert_eq!(screen(inbox).2, Some(now.clone()));
    }
    assert_eq!(inbox.list.listed.get_untracked(), Listed::Asked(all()));
    assert_eq!(inbox.thread.shown.get_untracked(), Shown::Thread(now.id));
}

/// L5: a conversation that is opened at an old entry takes newer ones only in their place.
#[test]
fn l5_a_new_message_waits_while_the_entries_before_it_are_not_loaded() {
    let row = row(10, "Two doors?", 10);
    let entries = |from: i64, to: i64| (from..=to).map(|n| mail(&row, n, "Doors", None)).collect::<Vec<_>>();
    let (_kept, inbox) = inbox();
    let places = || inbox.core.thread(|part| part.thread.messages.iter().map(|m| m.n).collect::<Vec<_>>());
    let part = Thread { messages: entries(3, 5), more: true, ..thread(row.clone(), 5) };
    inbox.thread.show_answer(Some(Ok(Opened { thread: part, newer: true, at: Some(4) })));
    assert!(inbox.thread.newer.get_untracked());
    assert_eq!(inbox.thread.goal.get_untracked().map(|goal| goal.at), Some(Some(4)));
    let came = |seq: i64, n: i64, subject: &str| LiveEvent {
        seq,
        body: LiveBody::Conversation {
            before: None,
            after: None,
            row: Box::new(row.clone()),
            reads: Vec::new(),
            messages: vec![mail(&row, n, subject, None)],
        },
    };
    inbox.receive(came(6, 8, "The newest"));
    assert_eq!(places(), Some(vec![3, 4, 5]));
    let newest = mail(&row, 8, "The newest", None).content.into_mail().unwrap();
    assert_eq!(inbox.thread.last_mail.get_untracked(), Some(LastMail::Answered(newest)), "it is answered all the same");
    // The page was read before the message came in.
    inbox.thread.append(row.id, entries(6, 7), false);
    assert!(inbox.thread.newer.get_untracked(), "there is one more");
    inbox.thread.append(row.id, entries(8, 8), false);
    assert!(!inbox.thread.newer.get_untracked());
    inbox.receive(came(7, 9, "Live again"));
    assert_eq!(places(), Some((3..=9).collect()));
}
