//! Properties of every path through the state table, and examples of single rows.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn member(n: u8) -> MemberId {
    MemberId::new(Uuid::from_u128(u128::from(n)))
}

fn trigger() -> impl Strategy<Value = Trigger> {
    let who = || (1u8..4).prop_map(member);
    let agent = || (7u8..9).prop_map(|n| AgentId::new(Uuid::from_u128(u128::from(n))));
    let time = || (1i64..1000).prop_map(Timestamp);
    let presence =
        prop_oneof![Just(Presence::NotChat), Just(Presence::On), time().prop_map(|since| Presence::Off { since })];
    prop_oneof![
        (time(), presence, any::<bool>()).prop_map(|(at, presence, assignee_stays)| Trigger::Inbound {
            at,
            presence,
            assignee_stays
        }),
        Just(Trigger::InboundFromMachine),
        (who(), any::<bool>()).prop_map(|(by, pending)| Trigger::Reply { by, pending }),
        ((1i64..4), proptest::option::of(time())).prop_map(|(n, waiting_since)| Trigger::NotSent {
            n,
            unanswered: Some(Unanswered { waiting_since, missed_at: None })
        }),
        (1i64..4).prop_map(|n| Trigger::NotSent { n, unanswered: None }),
        ((1i64..4), proptest::option::of(time()), any::<bool>())
            .prop_map(|(n, waiting_since, pending)| { Trigger::SentAfterAll { n, waiting_since, pending } }),
        (1i64..4).prop_map(|n| Trigger::TakenBack { n }),
        Just(Trigger::AiReply),
        who().prop_map(|by| Trigger::Keystroke { by }),
        agent().prop_map(|to| Trigger::PenReturned { to }),
        who().prop_map(|by| Trigger::TakeOver { by }),
        Just(Trigger::PauseAi),
        Just(Trigger::ManualOnly),
        agent().prop_map(|agent| Trigger::Resume { agent }),
        proptest::option::of(who()).prop_map(|target| Trigger::HandOff { target }),
        proptest::option::of(who()).prop_map(Trigger::Assign),
        time().prop_map(|until| Trigger::Snooze { until }),
        Just(Trigger::WakeUp),
        Just(Trigger::Close),
        Just(Trigger::Reopen),
        Just(Trigger::SetPending),
    ]
}

proptest! {
    #[test]
    fn every_walk_keeps_the_promises(steps in proptest::collection::vec(trigger(), 1..40)) {
        let agent = Some(AgentId::new(Uuid::from_u128(8)));
        let mut state = ConversationState { agent, ..ConversationState::default() };
        for step in steps {
            let (next, outcome) = state.after(step);
            prop_assert_eq!(next.agent, agent, "whose the pen may be given back to is not forgotten");
            prop_assert_eq!(next.pen_epoch - state.pen_epoch, i64::from(next.pen != state.pen), "the epoch counts the pen's moves");
            if next.status == Status::Closed && state.status != Status::Closed {
                prop_assert_eq!((next.waiting_since, next.snoozed_until, next.pen), (None, None, Pen::Nobody));
            }
            if outcome.auto_reply {
                prop_assert!(next.missed_at.is_some() && next.assignee.is_none(), "only what is missed is answered by machine");
                let clock_ran_back = matches!(step, Trigger::Inbound { at, presence: Presence::Off { since }, .. } if at < since);
                prop_assert!(!next.after(step).1.auto_reply || clock_ran_back, "once per off period");
            }
            prop_assert!(next.unsent.is_sorted() && (next.status != Status::Closed || !next.is_unsent()), "done is done");
            match step {
                Trigger::Inbound { .. } => {
                    let waits = next.status == Status::Open && next.waiting_since.is_some() && next.tab() == Tab::Active;
                    prop_assert!(waits, "who writes is seen and waits");
                }
                Trigger::Keystroke { by } | Trigger::TakeOver { by } => {
                    prop_assert_eq!(next.pen, Pen::Member(by), "who begins to type takes it");
                }
                Trigger::Reply { by, .. } => {
                    prop_assert_eq!(next.pen, Pen::Member(by), "who replies has the pen");
                    let ours = next.ai_mode != AiMode::Active && next.missed_at.is_none() && next.status != Status::Closed;
                    prop_assert!(ours, "who replies has it");
                }
                Trigger::Assign(_) => prop_assert_eq!(next.pen, state.pen, "assigning does not move the pen"),
                Trigger::NotSent { n, unanswered } => {
                    prop_assert!(next.unsent.contains(&n), "what was not sent is said");
                    if unanswered.is_some() {
                        prop_assert!(next.status == Status::Open && next.snoozed_until.is_none(), "and it is to be done");
                    }
                }
                Trigger::SentAfterAll { n, .. } | Trigger::TakenBack { n } => {
                    prop_assert!(!next.unsent.contains(&n));
                }
                _ => {}
            }
            state = next;
        }
    }
}

#[test]
fn p10_a_reply_that_was_not_sent_leaves_nothing_answered() {
    let (t1, t2) = (Timestamp(1), Timestamp(2));
    let after = |state: &ConversationState, trigger| state.after(trigger).0;
    let inbound = |at| Trigger::Inbound { at, presence: Presence::NotChat, assignee_stays: true };
    let written = after(&ConversationState::default(), inbound(t1));
    let replied = after(&written, Trigger::Reply { by: member(1), pending: true });
    assert_eq!((replied.status, replied.waiting_since), (Status::Pending, None));
    let unanswered = Some(Unanswered { waiting_since: Some(t1), missed_at: None });
    let failed = after(&replied, Trigger::NotSent { n: 2, unanswered });
    assert_eq!((failed.status, failed.waiting_since, failed.is_unsent()), (Status::Open, Some(t1), true));
    let sent = Trigger::SentAfterAll { n: 2, waiting_since: None, pending: true };
    assert_eq!(after(&failed, sent), replied, "tried again with success it is answered, as it was");
    let wrote = after(&failed, inbound(t2));
    assert_eq!((wrote.waiting_since, wrote.is_unsent()), (Some(t1), true), "they go on waiting");
    let late = after(&wrote, Trigger::SentAfterAll { n: 2, waiting_since: Some(t2), pending: true });
    assert_eq!((late.status, late.waiting_since, late.is_unsent()), (Status::Open, Some(t2), false));
    let only_said = after(&replied, Trigger::NotSent { n: 2, unanswered: None });
    assert_eq!((only_said.status, only_said.waiting_since), (Status::Pending, None), "something else answers them");
    let two = after(&failed, Trigger::NotSent { n: 3, unanswered });
    let one_left = after(&two, Trigger::SentAfterAll { n: 3, waiting_since: None, pending: true });
    assert_eq!(
        (one_left.status, one_left.unsent.as_slice()),
        (Status::Open, [2].as_slice()),
        "the other one is still to be done"
    );
    for settled in [Trigger::Close, Trigger::SetPending, Trigger::Reply { by: member(1), pending: true }] {
        assert!(!after(&two, settled).is_unsent(), "{settled:?}: somebody dealt with it");
    }
    let closed = after(&replied, Trigger::Close);
    assert_eq!(after(&closed, Trigger::NotSent { n: 2, unanswered }).status, Status::Open, "closed too soon");
}

#[test]
fn h6_auto_reply_once_per_off_period() {
    let inbound = |at, since| Trigger::Inbound {
        at: Timestamp(at),
        presence: Presence::Off { since: Timestamp(since) },
        assignee_stays: true,
    };
    let (first, sent) = ConversationState::default().after(inbound(100, 50));
    assert!(sent.auto_reply && first.slot() == Slot::Missed);
    let (second, sent) = first.after(inbound(200, 50));
    assert!(!sent.auto_reply, "same off period");
    let (_, sent) = second.after(inbound(400, 300));
    assert!(sent.auto_reply, "a new off period");
    let (assigned, _) = ConversationState::default().after(Trigger::Assign(Some(member(1))));
    assert!(!assigned.after(inbound(100, 50)).1.auto_reply, "an existing conversation goes to its assignee");
}
