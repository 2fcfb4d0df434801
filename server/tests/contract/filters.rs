//! L3: one filter, two answers. What the store finds is what `Filter::holds` says of each row, for everybody, in order and counted.

use std::collections::BTreeSet;

use domain::{inbox, tags::AddTag};
use model::{
    Act, AiMode, Assignee, ChannelKind, ConversationRow, Count, Filter, Handling, Role, Sort, Span, Status, TagId,
    Timestamp, View, Visibility,
};
use store::{
    Val,
    list::{self, Asked},
};

use crate::{
    dice::Dice,
    plain::Sql,
    walk::Walk,
    world::{Person, World},
};

on_both_engines!(
    l3_what_is_found_is_what_the_rule_says,
    l3_a_page_looks_so_far_and_says_so,
    l3_more_values_than_a_filter_takes_are_refused,
);

/// How many tags the workspace has.
const TAGS: usize = 12;

/// Gives half of the conversations some of the tags, and every third a goal.
async fn tag_some(world: &World, dice: &mut Dice) {
    for n in 1..=TAGS {
        let add = AddTag { name: format!("tag {n}"), color: None };
        assert_eq!(world.db.write(&world.owner.scope, add).await.unwrap().id, TagId::new(n as u32));
    }
    let all = found(world, &world.owner, (&Filter::from(View::All), Sort::Last), 100, list::LOOKED_AT).await;
    for (at, row) in all.iter().enumerate() {
        for _ in 0..dice.below(4) {
            let tag = TagId::new(1 + dice.below(TAGS) as u32);
            world.act(&world.owner, row.id, Act::AddTag(tag)).await.unwrap();
        }
        if at % 3 == 0 {
            let due = Sql::one(
                "UPDATE conversation SET due_at = $1 WHERE id = $2",
                vec![Val::from(at as i64 * 77 % 50), row.id.into()],
            );
            world.db.write(&world.owner.scope, due).await.unwrap();
        }
    }
}

/// A filter with each condition once in three, of values that occur.
pub fn some_filter(dice: &mut Dice, rows: &[ConversationRow], people: &[Person]) -> Filter {
    let mut filter = Filter::from(*dice.of(View::ALL));
    let row = dice.of(rows);
    if dice.once_in(3) {
        filter.handling = Some(*dice.of(Handling::ALL));
    }
    if dice.once_in(3) {
        let (one, other) = (row.last_at, dice.of(rows).last_at);
        filter.last = Some(Span { from: one.min(other), until: one.max(other) });
    }
    if dice.once_in(3) {
        filter.channels = vec![row.channel];
    }
    if dice.once_in(3) {
        filter.kinds = vec![row.kind, *dice.of(ChannelKind::ALL)];
    }
    if dice.once_in(3) {
        filter.statuses = vec![*dice.of(Status::ALL), *dice.of(Status::ALL)];
    }
    if dice.once_in(3) {
        let somebody = Assignee::Member(dice.of(people).id);
        filter.assignee = Some(*dice.of(&[Assignee::Me, Assignee::Nobody, somebody]));
    }
    if dice.once_in(4) {
        filter.team = row.team;
    }
    let mut tags = || (0..dice.below(3)).map(|_| TagId::new(1 + dice.below(TAGS) as u32)).collect();
    match tags() {
        some if dice.once_in(6) => filter.tags.any = some,
        some if dice.once_in(5) => filter.tags.all = some,
        some if dice.once_in(4) => filter.tags.none = some,
        _ => {}
    }
    (filter.unread, filter.waiting) = (dice.once_in(3), dice.once_in(3));
    filter
}

/// Everything of a filter, page by page.
async fn found(
    world: &World,
    who: &Person,
    (filter, sort): (&Filter, Sort),
    limit: i64,
    looked_at: [i64; 2],
) -> Vec<ConversationRow> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let mut snapshot = world.db.snapshot().await.unwrap();
        let conn = &mut snapshot.conn();
        let asked = Asked { filter, sort, after, limit, looked_at };
        let page = list::page(conn, &who.scope, asked).await.unwrap();
        rows.extend(page.rows);
        after = page.searched.or(rows.last().map(|row: &ConversationRow| row.cursor(sort)));
        if !page.more {
            return rows;
        }
    }
}

async fn l3_what_is_found_is_what_the_rule_says(world: World) {
    let mut walk = Walk::begin(world.clone(), 3).await;
    for _ in 0..250 {
        walk.step().await;
    }
    let mut dice = Dice::new(33);
    tag_some(&world, &mut dice).await;
    // No command lets an agent answer yet.
    let sql = "UPDATE conversation SET ai_mode = $1 WHERE workspace_id = $2 AND inbound_count % 2 = 0";
    let values = vec![Val::from(AiMode::Active.as_str()), Val::from(world.workspace)];
    world.db.write(&world.owner.scope, Sql::one(sql, values)).await.unwrap();
    let (mut some, mut fitting) = (0, 0);
    for who in &walk.people {
        let Some(who) = world.again(who).await else { continue };
        let mut all = BTreeSet::new();
        let mut rows = Vec::new();
        for view in View::ALL {
            for row in found(&world, &who, (&Filter::from(*view), Sort::Last), 100, list::LOOKED_AT).await {
                if all.insert(row.id) {
                    rows.push(row);
                }
            }
        }
        for _ in 0..if rows.is_empty() { 0 } else { 120 } {
            let filter = some_filter(&mut dice, &rows, &walk.people).checked().unwrap();
            let sort = *dice.of(Sort::ALL);
            rows.sort_by_key(|row| std::cmp::Reverse(row.cursor(sort)));
            let expected: Vec<_> = rows.iter().filter(|row| filter.shows(row, who.id)).cloned().collect();
            let limit = i64::try_from(1 + dice.below(9)).unwrap();
            // Few at once, so that pages end where the looking ends.
            let looked_at = [i64::try_from(2 + dice.below(5)).unwrap(), i64::try_from(8 + dice.below(40)).unwrap()];
            assert_eq!(
                found(&world, &who, (&filter, sort), limit, looked_at).await,
                expected,
                "{filter:?} {sort:?} of {}",
                who.id
            );
            let page = inbox::page(&world.db, &who.scope, filter.clone(), sort, None, 100).await.unwrap();
            assert_eq!(page.rows, expected, "{filter:?}");
            if filter.narrows() {
                assert_eq!(page.fitting, Some(Count::Exact(i64::try_from(expected.len()).unwrap())), "{filter:?}");
            }
            some += 1;
            fitting += usize::from(!expected.is_empty());
        }
    }
    assert!(fitting * 6 > some, "{fitting} of {some} filters fit something: too few to say much");
}

async fn l3_a_page_looks_so_far_and_says_so(world: World) {
    let mut oldest = None;
    for n in 0..30 {
        world.wait(1000);
        let message = world.inbound(&format!("visitor-{n}"), "Hello").await;
        oldest.get_or_insert(message.conversation);
    }
    let oldest = oldest.unwrap();
    world.act(&world.owner, oldest, Act::Assign(Some(world.owner.id))).await.unwrap();
    let mine = Filter { assignee: Some(Assignee::Me), ..Filter::from(View::All) };
    let asked = |after| Asked { filter: &mine, sort: Sort::Last, after, limit: 10, looked_at: [5, 20] };
    let mut snapshot = world.db.snapshot().await.unwrap();
    let conn = &mut snapshot.conn();
    let page = list::page(conn, &world.owner.scope, asked(None)).await.unwrap();
    assert!(page.rows.is_empty() && page.more, "the one that fits lies deeper");
    let searched = page.searched.expect("it says how far it looked");
    let above = found(&world, &world.owner, (&Filter::from(View::All), Sort::Last), 100, list::LOOKED_AT).await;
    assert_eq!(above[19].cursor(Sort::Last), searched, "after 20");
    let page = list::page(conn, &world.owner.scope, asked(Some(searched))).await.unwrap();
    assert_eq!(page.rows.iter().map(|row| row.id).collect::<Vec<_>>(), [oldest]);
    assert_eq!((page.more, page.searched), (false, None));
}

async fn l3_more_values_than_a_filter_takes_are_refused(world: World) {
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let channels = (0..51).map(|_| model::ChannelId::new(store::clock::new_id())).collect();
    let filter = Filter { channels, ..Filter::from(View::All) };
    let refused = inbox::page(&world.db, &agent.scope, filter, Sort::Last, None, 10).await;
    assert!(matches!(crate::world::refused(refused), model::ApiError::Invalid { .. }));
    let twice = Filter { channels: vec![world.chat.id; 80], ..Filter::from(View::All) };
    assert!(
        inbox::page(&world.db, &agent.scope, twice, Sort::Last, None, 10).await.is_ok(),
        "one value, however often it is said"
    );
    let never = Span { from: Timestamp(5), until: Timestamp(5) };
    let filter = Filter { last: Some(never), ..Filter::from(View::All) };
    assert!(inbox::page(&world.db, &agent.scope, filter, Sort::Last, None, 10).await.unwrap().rows.is_empty());
}
