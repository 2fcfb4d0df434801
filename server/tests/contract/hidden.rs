//! S21: what a member does not see is told by nothing that they are answered, also where a list or a search stops at its bound.

use domain::{
    inbox,
    search::{search, search_within},
    views::SaveView,
};
use model::{
    Act, ApiError, Audience, ChannelKind, ConversationRow, Count, Filter, InboxPage, Listing, Period, Role, SavedView,
    SavedViewId, Sort, TeamId, View, ViewIcon, Visibility,
};
use store::{clock::new_id, list};

use crate::{
    dice::Dice,
    filters::some_filter,
    inputs::inputs,
    searching::bent,
    world::{Person, World, refused},
};

on_both_engines!(
    s19_s21_s29_what_is_hidden_changes_no_answer,
    s21_a_list_that_stops_tells_nothing_of_what_is_hidden,
    s21_a_search_that_stops_tells_nothing_of_what_is_hidden,
    s26_what_was_shared_with_a_right_is_not_changed_without_it,
    s53_shared_views_are_bounded,
    l4_a_period_that_cannot_be_is_refused,
);

/// One thing that a restricted member asks.
enum Ask {
    List(Box<Filter>, Sort),
    Count(Box<Filter>),
    Search(String),
}

impl Ask {
    fn some(dice: &mut Dice, rows: &[ConversationRow], people: &[Person]) -> Self {
        let words = ["invoice", "secret", "hidden", "from:hidden", "\"secret plan\"", "is:open", "tag:tag", "-secret"];
        match dice.below(4) {
            0 => Self::Search(bent(dice)),
            1 => Self::Search(format!("{} {}", dice.of(&words), dice.of(&words))),
            2 => Self::Count(Box::new(some_filter(dice, rows, people))),
            _ => Self::List(Box::new(some_filter(dice, rows, people)), *dice.of(Sort::ALL)),
        }
    }

    /// The answer as text, without the numbers that count everybody's events.
    async fn answer(&self, world: &World, who: &Person) -> String {
        match self {
            Self::List(filter, sort) => {
                let page = inbox::page(&world.db, &who.scope, filter.as_ref().clone(), *sort, None, 10).await.unwrap();
                let InboxPage { rows, more, fitting, searched, counts, .. } = page;
                format!("{rows:?} {more} {fitting:?} {searched:?} {counts:?}")
            }
            Self::Count(filter) => {
                let filters = vec![filter.as_ref().clone()];
                format!("{:?}", inbox::counts(&world.db, &who.scope, filters).await.unwrap().0)
            }
            Self::Search(text) => {
                format!("{:?}", search(&world.db, &who.scope, text, None, 0).await.unwrap())
            }
        }
    }
}

/// Whatever happens in conversations that somebody does not see, what they are answered stays the same.
async fn s19_s21_s29_what_is_hidden_changes_no_answer(world: World) {
    let mina = world.member("Mina", Role::Agent, Visibility::Mine).await;
    let tess = world.member("Tess", Role::Agent, Visibility::Teams).await;
    let people = [world.owner.clone(), mina.clone(), tess.clone()];
    let add = domain::tags::AddTag { name: "tag".to_owned(), color: None };
    let tag = world.db.write(&world.owner.scope, add).await.unwrap().id;
    let mut rows = Vec::new();
    for n in 0..6 {
        let conversation = world.inbound(&format!("own {n}"), "An invoice").await.conversation;
        let to = if n % 2 == 0 { mina.id } else { tess.id };
        world.act(&world.owner, conversation, Act::Assign(Some(to))).await.unwrap();
        rows.push(world.row(conversation).await);
    }
    let mut hidden = Vec::new();
    for n in 0..4 {
        hidden.push(world.inbound(&format!("hidden {n}"), "Nothing yet").await.conversation);
    }
    let mut dice = Dice::new(19);
    let (all, batch) = (inputs(400), 100);
    for round in 0..all.div_ceil(batch) {
        let asks: Vec<_> = (0..batch).map(|_| Ask::some(&mut dice, &rows, &people)).collect();
        let mut before = Vec::new();
        for (at, ask) in asks.iter().enumerate() {
            before.push(ask.answer(&world, if at % 2 == 0 { &mina } else { &tess }).await);
        }
        let conversation = *dice.of(&hidden);
        match dice.below(4) {
            0 => drop(world.reply(&world.owner, conversation, "The secret plan is an invoice").await),
            1 => drop(world.note(&world.owner, conversation, "secret").await),
            2 => drop(world.inbound(&format!("hidden {}", dice.below(4)), "secret invoice").await),
            _ => {
                let acts = [Act::Pending, Act::Reopen, Act::AddTag(tag), Act::RemoveTag(tag)];
                drop(world.act(&world.owner, conversation, *dice.of(&acts)).await);
            }
        }
        for (at, ask) in asks.iter().enumerate() {
            let after = ask.answer(&world, if at % 2 == 0 { &mina } else { &tess }).await;
            assert_eq!(after, before[at], "round {round}, ask {at}");
        }
    }
}

async fn s21_a_list_that_stops_tells_nothing_of_what_is_hidden(world: World) {
    for n in 0..8 {
        world.inbound(&format!("visitor {n}"), "Hello").await;
    }
    let mina = world.member("Mina", Role::Agent, Visibility::Mine).await;
    let tess = world.member("Tess", Role::Agent, Visibility::Teams).await;
    let filter = Filter { kinds: vec![ChannelKind::WebChat], ..View::All.into() };
    let mut reader = world.db.reader().await.unwrap();
    for who in [&mina, &tess] {
        for &sort in Sort::ALL {
            let asked = list::Asked { filter: &filter, sort, after: None, limit: 5, looked_at: [1, 2] };
            let page = list::page(&mut reader.conn(), &who.scope, asked).await.unwrap();
            assert_eq!((page.rows.len(), page.more, page.searched), (0, false, None), "{sort:?}");
        }
        let count = list::count(&mut reader.conn(), &who.scope, &filter).await.unwrap();
        assert_eq!(count, Count::Exact(0));
    }
    let asked = list::Asked { filter: &filter, sort: Sort::Last, after: None, limit: 5, looked_at: [1, 2] };
    let page = list::page(&mut reader.conn(), &world.owner.scope, asked).await.unwrap();
    assert!(page.searched.is_some(), "who sees all is told how far it looked");
}

/// With more conversations than marks are looked for, each hit is checked.
async fn s21_a_search_that_stops_tells_nothing_of_what_is_hidden(world: World) {
    let mina = world.member("Mina", Role::Agent, Visibility::Mine).await;
    let mut own = Vec::new();
    for n in 0..=store::search::MARKED {
        own.push((world.inbound(&format!("own {n}"), "Hello").await.conversation, 1));
    }
    for set in own.chunks(model::MOST_IN_A_SET) {
        let (conversations, act) = (set.to_vec(), Act::Assign(Some(mina.id)));
        world
            .db
            .write(&world.owner.scope, domain::act::ActOnMany { conversations, act, undo: None, part: 0 })
            .await
            .unwrap();
    }
    for n in 0..60 {
        world.inbound(&format!("hidden {n}"), if n == 30 { "merger bluewhale" } else { "Hello" }).await;
    }
    let mut all = Vec::new();
    for text in ["is:open", "is:open -bluewhale", "is:open -bluewhalf", "is:open -\"merger bluewhale\"", "is:closed"] {
        let page = search_within(&world.db, &mina.scope, text, (None, 0, 5), [1, 5]).await.unwrap();
        assert!(page.messages.is_empty(), "they are too far back");
        all.push((page.after, page.looked_back_to, page.partly));
    }
    assert!(all.iter().all(|one| *one == (None, None, true)), "{all:?}");
    let page = search_within(&world.db, &mina.scope, "is:open", (None, 0, 5), [1, 50]).await.unwrap();
    assert_eq!((page.messages.len(), page.partly), (5, false), "whoever looks further finds them");
}

fn view(audience: Audience) -> SavedView {
    SavedView {
        id: SavedViewId::new(new_id()),
        owner: model::MemberId::new(new_id()),
        audience,
        name: "Ours".to_owned(),
        icon: ViewIcon::Star,
        listing: Listing { filter: View::All.into(), period: None, sort: Sort::Last },
    }
}

async fn save(world: &World, who: &Person, view: &SavedView) -> store::error::Result<SavedView> {
    world.db.write(&who.scope, SaveView(view.clone())).await
}

async fn s26_what_was_shared_with_a_right_is_not_changed_without_it(world: World) {
    let team = TeamId::new(new_id());
    world.db.write(&world.owner.scope, domain::people::AddTeam { id: team, name: "Front".to_owned() }).await.unwrap();
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let inside = |inside| domain::people::SetInTeam { member: agent.id, team, inside };
    world.db.write(&world.owner.scope, inside(true)).await.unwrap();
    let agent = world.again(&agent).await.unwrap();
    let mut teams = save(&world, &agent, &view(Audience::Team(team))).await.unwrap();
    let mut everyones = save(&world, &agent, &view(Audience::Everyone)).await.unwrap();
    world.db.write(&world.owner.scope, inside(false)).await.unwrap();
    let role =
        domain::people::EditMember { id: agent.id, role: Role::Viewer, visibility: Visibility::All, disabled: false };
    let outside = world.again(&agent).await.unwrap();
    teams.name = "Changed".to_owned();
    assert!(matches!(refused(save(&world, &outside, &teams).await), ApiError::Invalid { .. }));
    world.db.write(&world.owner.scope, role).await.unwrap();
    let viewer = world.again(&agent).await.unwrap();
    everyones.name = "Changed".to_owned();
    assert_eq!(refused(save(&world, &viewer, &everyones).await), ApiError::Forbidden);
    everyones.audience = Audience::Private;
    save(&world, &viewer, &everyones).await.unwrap();
}

async fn s53_shared_views_are_bounded(world: World) {
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let mut shared = 0;
    while let Ok(saved) = save(&world, &agent, &view(Audience::Everyone)).await {
        assert_eq!(save(&world, &agent, &saved).await.unwrap(), saved, "saved again it is the same");
        shared += 1;
    }
    assert_eq!(shared, 20);
    save(&world, &agent, &view(Audience::Private)).await.unwrap();
    save(&world, &world.owner, &view(Audience::Everyone)).await.unwrap();
}

async fn l4_a_period_that_cannot_be_is_refused(world: World) {
    for (first, last) in [(i32::MAX, i32::MIN), (20_000, 19_999)] {
        let mut view = view(Audience::Private);
        view.listing.period = Some(Period::Days(model::Day(first), model::Day(last)));
        assert!(matches!(refused(save(&world, &world.owner, &view).await), ApiError::Invalid { .. }), "{first}");
    }
}
