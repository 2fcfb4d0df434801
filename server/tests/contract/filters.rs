//! L3: one filter, two answers. What the store finds is what `Filter::holds` says of each row, for everybody, in order and counted.

use std::collections::BTreeSet;

use domain::inbox;
use model::{
    Act, AiMode, Assignee, ChannelKind, ConversationRow, Count, Filter, Handling, Role, Span, Status, Timestamp, View,
    Visibility,
};
use store::{Val, list};

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
    (filter.unread, filter.waiting) = (dice.once_in(3), dice.once_in(3));
    filter
}

/// Everything of a filter, page by page.
async fn found(world: &World, who: &Person, filter: &Filter, limit: i64, looked_at: [i64; 2]) -> Vec<ConversationRow> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let mut snapshot = world.db.snapshot().await.unwrap();
        let conn = &mut snapshot.conn();
        let page = list::page(conn, &who.scope, filter, after, limit, looked_at).await.unwrap();
        rows.extend(page.rows);
        after = page.searched.or(rows.last().map(ConversationRow::cursor));
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
            for row in found(&world, &who, &Filter::from(*view), 100, list::LOOKED_AT).await {
                if all.insert(row.id) {
                    rows.push(row);
                }
            }
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.cursor()));
        for _ in 0..if rows.is_empty() { 0 } else { 120 } {
            let filter = some_filter(&mut dice, &rows, &walk.people).checked().unwrap();
            let expected: Vec<_> = rows.iter().filter(|row| filter.shows(row, who.id)).cloned().collect();
            let limit = i64::try_from(1 + dice.below(9)).unwrap();
            // Few at once, so that pages end where the looking ends.
            let looked_at = [i64::try_from(2 + dice.below(5)).unwrap(), i64::try_from(8 + dice.below(40)).unwrap()];
            assert_eq!(found(&world, &who, &filter, limit, looked_at).await, expected, "{filter:?} of {}", who.id);
            let page = inbox::page(&world.db, &who.scope, filter.clone(), None, 100).await.unwrap();
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
    let mut snapshot = world.db.snapshot().await.unwrap();
    let conn = &mut snapshot.conn();
    let page = list::page(conn, &world.owner.scope, &mine, None, 10, [5, 20]).await.unwrap();
    assert!(page.rows.is_empty() && page.more, "the one that fits lies deeper");
    let searched = page.searched.expect("it says how far it looked");
    let above = found(&world, &world.owner, &Filter::from(View::All), 100, list::LOOKED_AT).await;
    assert_eq!(above[19].cursor(), searched, "after 20");
    let page = list::page(conn, &world.owner.scope, &mine, Some(searched), 10, [5, 20]).await.unwrap();
    assert_eq!(page.rows.iter().map(|row| row.id).collect::<Vec<_>>(), [oldest]);
    assert_eq!((page.more, page.searched), (false, None));
}

async fn l3_more_values_than_a_filter_takes_are_refused(world: World) {
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let channels = (0..51).map(|_| model::ChannelId::new(store::clock::new_id())).collect();
    let filter = Filter { channels, ..Filter::from(View::All) };
    let refused = inbox::page(&world.db, &agent.scope, filter, None, 10).await;
    assert!(matches!(crate::world::refused(refused), model::ApiError::Invalid { .. }));
    let twice = Filter { channels: vec![world.chat.id; 80], ..Filter::from(View::All) };
    assert!(inbox::page(&world.db, &agent.scope, twice, None, 10).await.is_ok(), "one value, however often it is said");
    let never = Span { from: Timestamp(5), until: Timestamp(5) };
    let filter = Filter { last: Some(never), ..Filter::from(View::All) };
    assert!(inbox::page(&world.db, &agent.scope, filter, None, 10).await.unwrap().rows.is_empty());
}
