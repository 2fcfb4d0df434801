use model::{ChannelId, Doing::*};
use uuid::Uuid;

use super::*;

const fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn placed(n: u128) -> Placed {
    let placement = Placement { assignee: None, team: None, channel: ChannelId::new(id(1)) };
    Placed { id: ConversationId::new(id(n)), placement, version: 1 }
}

/// A workspace whose time passes by hand.
struct World {
    room: Room,
    now: Instant,
    changes: broadcast::Receiver<Arc<Vec<Change>>>,
}

impl World {
    fn new() -> Self {
        let room = Room::default();
        Self { now: Instant::now(), changes: room.inside.subscribe(), room }
    }

    fn sit(&mut self, member: u128, tab: u128, at: Option<(Placed, Doing)>) -> Heard {
        self.room.sit(self.now, (MemberId::new(id(member)), TabId::new(id(tab))), at, false)
    }

    fn hide(&mut self, at: Placed, doing: Doing) -> Heard {
        self.room.sit(self.now, (MemberId::new(id(1)), TabId::new(id(1))), Some((at, doing)), true)
    }

    /// What is told after some milliseconds.
    fn told(&mut self, after: u64) -> Vec<String> {
        self.now += Duration::from_millis(after);
        self.room.look(self.now);
        let changes = self.changes.try_recv().unwrap_or_default();
        changes.iter().map(|change| change.told.clone()).collect()
    }
}

fn at(place: Placed, there: &[(u128, Doing)]) -> Vec<String> {
    vec![told_of(place.id, &there.iter().map(|(n, doing)| (Some(MemberId::new(id(*n))), *doing)).collect::<Vec<_>>())]
}

#[test]
fn t12_several_tabs_are_one_person_and_who_is_silent_is_gone_within_ten_seconds() {
    let (mut world, one) = (World::new(), placed(7));
    assert_eq!(world.sit(1, 1, Some((one, Looking))), Heard { begins: false, news: true });
    assert_eq!(world.told(100), at(one, &[(1, Looking)]));
    assert_eq!(world.sit(1, 2, Some((one, Replying))), Heard { begins: true, news: true });
    assert_eq!(world.told(100), at(one, &[(1, Replying)]), "one person, who writes");
    assert_eq!(world.sit(1, 2, Some((one, Replying))), Heard::default(), "the first key press is told once");
    assert_eq!(world.told(100), Vec::<String>::new(), "what is the same is not told again");
    assert_eq!(world.sit(1, 2, None), Heard { begins: false, news: true });
    assert_eq!(world.told(100), at(one, &[(1, Looking)]), "the other tab is still there");
    assert!(world.told(4000).is_empty());
    assert_eq!(world.sit(1, 1, Some((one, Looking))), Heard { begins: false, news: true }, "other processes forget");
    assert!(world.told(8000).is_empty());
    // Half a second and a tenth until it is looked: together less than ten.
    assert_eq!(world.told(1000), at(one, &[]));
    assert!(world.room.is_empty(), "nothing is left behind");
    world.sit(1, 2, Some((one, Replying)));
    world.now += STAYS;
    assert!(world.sit(1, 2, Some((one, Replying))).begins, "they were gone, and begin again");
}

#[test]
fn t12_s53_a_thousand_tabs_and_strangers_are_bounded() {
    let mut world = World::new();
    for tab in 0..1000 {
        world.sit(1, tab, Some((placed(tab), Looking)));
    }
    assert_eq!(world.told(100).len(), TABS, "one change, of the newest tabs");
    assert_eq!(world.room.places.len(), TABS);
    for n in 0..3000 {
        world.room.writes(world.now, placed(5000 + n));
    }
    assert_eq!(world.told(100).len(), OUTSIDE);
    assert_eq!(world.told(10_000).len(), OUTSIDE + TABS);
    assert!(world.room.is_empty());
}

#[test]
fn t12_whoever_hides_is_told_nowhere_but_their_first_key_press_is_heard() {
    let (mut world, one) = (World::new(), placed(7));
    let mut replies = world.room.replies.subscribe();
    assert_eq!(world.hide(one, Replying), Heard { begins: true, news: false });
    assert!(world.told(100).is_empty());
    world.sit(2, 2, Some((one, Noting)));
    assert_eq!(world.told(100), at(one, &[(2, Noting)]));
    assert!(replies.try_recv().is_err(), "a note is said to nobody outside");
    for (doing, replying) in [(Replying, true), (Looking, false)] {
        world.sit(2, 2, Some((one, doing)));
        world.told(100);
        assert_eq!(*replies.try_recv().unwrap(), [(one.id, replying)]);
    }
    assert_eq!(world.told(9000), at(one, &[]), "with them goes what was hidden");
    assert!(world.room.is_empty());
}

#[test]
fn s19_an_older_answer_does_not_move_a_conversation_back() {
    let (mut world, mut moved) = (World::new(), placed(7));
    world.sit(1, 1, Some((moved, Looking)));
    world.told(100);
    (moved.placement.assignee, moved.version) = (Some(MemberId::new(id(9))), 2);
    world.room.put(moved);
    world.room.look(world.now);
    let changes = world.changes.try_recv().unwrap();
    assert_eq!(changes[0].placement, moved.placement, "it is told again, though the same people are there");
    world.sit(1, 1, Some((placed(7), Looking)));
    assert!(world.told(100).is_empty());
    assert_eq!(world.room.places[&moved.id].placed.placement, moved.placement);
}

#[tokio::test]
async fn t12_nothing_runs_for_nobody() {
    let presence = Presence::default();
    let workspace = WorkspaceId::new(id(100));
    let (mut changes, _) = presence.follow(workspace);
    let sit = |at| presence.sit(workspace, MemberId::new(id(1)), TabId::new(id(1)), at, false);
    for _ in 0..2 {
        sit(Some((placed(7), Looking)));
        assert_eq!(changes.recv().await.unwrap()[0].told, at(placed(7), &[(1, Looking)])[0]);
        sit(None);
        assert_eq!(changes.recv().await.unwrap()[0].told, at(placed(7), &[])[0]);
        while presence.all().looked_after {
            tokio::task::yield_now().await;
        }
    }
    drop(changes);
    sit(Some((placed(7), Looking)));
    sit(None);
    while !presence.all().rooms.is_empty() {
        tokio::task::yield_now().await;
    }
}

#[test]
fn t12_somebody_outside_who_types_is_told_of_again_after_two_seconds_and_not_at_each_key() {
    let (mut world, one) = (World::new(), placed(7));
    let mut news = |after: u64| world.room.writes(world.now + Duration::from_millis(after), one);
    assert_eq!(
        [news(0), news(100), news(1900), news(2100), news(2200), news(5100)],
        [true, false, false, true, false, true]
    );
}
