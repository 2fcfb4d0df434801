//! D3: tags of a workspace, on conversations and contacts. L4: saved views.

use std::collections::BTreeSet;

use domain::{
    act::ActOnMany,
    inbox,
    tags::{AddTag, EditTag, MergeTag, TagContact},
    views::{DeleteView, OrderViews, SaveView},
};
use model::{
    Act, ApiError, Assignee, Audience, Count, Entry, Filter, Line, Listing, MOST_TAGS, Role, SavedView, SavedViewId,
    Sort, Tag, TagColor, TagFilter, TagId, TeamId, View, ViewIcon, Visibility,
};
use store::{clock::new_id, tag};

use crate::world::{Person, World, refused};

on_both_engines!(
    d3_a_tag_is_made_where_it_is_typed_and_has_one_name,
    d3_adding_and_removing_a_tag_is_told_in_the_thread,
    d3_a_tag_that_cannot_be_added_changes_nothing,
    d3_a_merged_tag_is_replaced_everywhere,
    d3_contacts_have_tags_too,
    l4_a_view_is_for_its_audience,
    l4_views_are_changed_by_their_owner_and_admins,
    l4_views_are_counted_and_ordered,
);

async fn add(world: &World, who: &Person, name: &str) -> Tag {
    world.db.write(&who.scope, AddTag { name: name.to_owned(), color: None }).await.unwrap()
}

async fn tags(world: &World) -> Vec<Tag> {
    tag::all(&mut world.db.reader().await.unwrap().conn(), &world.owner.scope).await.unwrap()
}

async fn d3_a_tag_is_made_where_it_is_typed_and_has_one_name(world: World) {
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let vip = add(&world, &agent, " VIP ").await;
    assert_eq!((vip.id, vip.name.as_str(), vip.archived), (TagId::new(1), "VIP", false));
    assert_eq!(add(&world, &world.owner, "vip").await, vip, "whatever the case, it is the same tag");
    let order = add(&world, &agent, "order").await;
    assert_eq!(order.id, TagId::new(2));

    let edit = |id, name: &str, archived| EditTag { id, name: name.to_owned(), color: TagColor::Red, archived };
    let taken = world.db.write(&world.owner.scope, edit(order.id, "Vip", false)).await;
    assert!(matches!(refused(taken), ApiError::Invalid { .. }));
    assert_eq!(refused(world.db.write(&agent.scope, edit(order.id, "orders", false)).await), ApiError::Forbidden);
    let renamed = world.db.write(&world.owner.scope, edit(order.id, "orders", true)).await.unwrap();
    assert_eq!((renamed.name.as_str(), renamed.color, renamed.archived), ("orders", TagColor::Red, true));
    let again = AddTag { name: "Orders".to_owned(), color: None };
    let archived = world.db.write(&agent.scope, again).await;
    assert!(matches!(refused(archived), ApiError::Invalid { .. }), "an admin archived it");
    assert!(!add(&world, &world.owner, "Orders").await.archived, "typed by an admin, it is in use again");
    let same = ["VIP", "ＶＩＰ", "VI\u{ad}P", "\u{feff}VIP", "V\u{202e}IP"];
    for name in same {
        assert_eq!(add(&world, &agent, name).await, vip, "{name:?} looks the same");
    }
    let cafe = add(&world, &agent, "Café").await;
    assert_eq!(add(&world, &agent, "Cafe\u{301}").await, cafe);

    for bad in ["", " \u{200b} ", &"x".repeat(1_000), "a\nb\u{7}"] {
        let add = AddTag { name: bad.to_owned(), color: None };
        assert!(matches!(refused(world.db.write(&agent.scope, add).await), ApiError::Invalid { .. }), "{bad:?}");
    }
    assert_eq!(tags(&world).await.len(), 3);
    let viewer = world.member("Vera", Role::Viewer, Visibility::All).await;
    let add = AddTag { name: "mine".to_owned(), color: None };
    assert_eq!(refused(world.db.write(&viewer.scope, add).await), ApiError::Forbidden);
}

async fn d3_adding_and_removing_a_tag_is_told_in_the_thread(world: World) {
    let conversation = world.inbound("visitor", "Hello").await.conversation;
    let tag = add(&world, &world.owner, "order").await.id;
    for act in [Act::AddTag(tag), Act::AddTag(tag), Act::RemoveTag(tag), Act::RemoveTag(tag), Act::AddTag(tag)] {
        world.act(&world.owner, conversation, act).await.unwrap();
    }
    let thread = world.thread(&world.owner, conversation).await.unwrap();
    let lines = thread.messages.iter().filter_map(|message| match message.entry {
        Entry::Line { line } => Some(line),
        _ => None,
    });
    let by = world.owner.id;
    assert_eq!(
        lines.collect::<Vec<_>>(),
        [Line::Tagged { by, tag }, Line::Untagged { by, tag }, Line::Tagged { by, tag }]
    );
    assert_eq!(thread.row.tags.iter().collect::<Vec<_>>(), [tag]);

    let filter = Filter { tags: TagFilter { any: vec![tag], ..TagFilter::default() }, ..Filter::from(View::All) };
    let page = inbox::page(&world.db, &world.owner.scope, filter, Sort::Last, None, 10).await.unwrap();
    assert_eq!((page.rows.len(), page.fitting), (1, Some(Count::Exact(1))));
}

async fn d3_a_tag_that_cannot_be_added_changes_nothing(world: World) {
    let conversation = world.inbound("visitor", "Hello").await.conversation;
    let unknown = world.act(&world.owner, conversation, Act::AddTag(TagId::new(7))).await;
    assert!(matches!(refused(unknown), ApiError::Invalid { .. }));
    for n in 0..=MOST_TAGS {
        let tag = add(&world, &world.owner, &format!("tag {n}")).await.id;
        let added = world.act(&world.owner, conversation, Act::AddTag(tag)).await;
        assert_eq!(added.is_ok(), n < MOST_TAGS, "{n}");
    }
    let thread = world.thread(&world.owner, conversation).await.unwrap();
    assert_eq!(thread.row.tags.len(), MOST_TAGS);
    let archive = EditTag { id: TagId::new(1), name: "tag 0".to_owned(), color: TagColor::Grey, archived: true };
    world.db.write(&world.owner.scope, archive).await.unwrap();
    let other = world.inbound("another", "Hello").await.conversation;
    let many = ActOnMany { conversations: vec![(other, 1)], act: Act::AddTag(TagId::new(1)), undo: None, part: 0 };
    assert!(matches!(refused(world.db.write(&world.owner.scope, many).await), ApiError::Invalid { .. }));
    assert!(thread.row.tags.contains(TagId::new(1)), "an archived tag stays where it is");
    // Of several, those that have room get it.
    let free = add(&world, &world.owner, "free").await.id;
    let many = |part, to: &[model::ConversationId]| {
        let conversations = to.iter().map(|id| (*id, 1)).collect();
        ActOnMany { conversations, act: Act::AddTag(free), undo: None, part }
    };
    assert_eq!(world.db.write(&world.owner.scope, many(0, &[conversation, other])).await.unwrap(), 1);
    assert!(world.row(other).await.tags.contains(free));
    let full = refused(world.db.write(&world.owner.scope, many(1, &[conversation])).await);
    assert!(matches!(full, ApiError::Invalid { .. }), "{full:?}");
}

async fn d3_a_merged_tag_is_replaced_everywhere(world: World) {
    let (old, new) = (add(&world, &world.owner, "bill").await.id, add(&world, &world.owner, "invoice").await.id);
    let mut conversations = Vec::new();
    for n in 0..5 {
        let conversation = world.inbound(&format!("visitor {n}"), "Hello").await.conversation;
        world.act(&world.owner, conversation, Act::AddTag(old)).await.unwrap();
        conversations.push(conversation);
    }
    world.act(&world.owner, conversations[0], Act::AddTag(new)).await.unwrap();
    let itself = world.db.write(&world.owner.scope, MergeTag { id: old, into: old }).await;
    assert!(matches!(refused(itself), ApiError::Invalid { .. }));
    let tags = TagFilter { any: vec![old, new], none: vec![old], ..TagFilter::default() };
    let saved = SaveView(view("bills", Audience::Everyone, Filter { tags, ..View::All.into() }));
    let saved = world.db.write(&world.owner.scope, saved).await.unwrap();
    let merged = world.db.write(&world.owner.scope, MergeTag { id: old, into: new }).await.unwrap();
    assert_eq!((merged.archived, merged.merged_into), (true, Some(new)));
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    assert_eq!(add(&world, &agent, "Bill").await.id, new, "typed again, it is the one that replaced it");
    let views = inbox::bootstrap(&world.db, &agent.scope).await.unwrap().views;
    let followed = &views.iter().find(|view| view.id == saved.id).unwrap().listing.filter.tags;
    assert_eq!((followed.any.as_slice(), followed.none.as_slice()), ([new].as_slice(), [new].as_slice()));
    let twice = world.db.write(&world.owner.scope, MergeTag { id: old, into: new }).await;
    assert!(matches!(refused(twice), ApiError::Invalid { .. }));

    while world.work().await > 0 {}
    for conversation in conversations {
        let row = world.thread(&world.owner, conversation).await.unwrap().row;
        assert_eq!(row.tags.iter().collect::<Vec<_>>(), [new]);
    }
    let mut reader = world.db.reader().await.unwrap();
    let uses = tag::uses(&mut reader.conn(), &world.owner.scope).await.unwrap();
    assert_eq!(uses, [(old, 0, 0), (new, 5, 0)]);
}

async fn d3_contacts_have_tags_too(world: World) {
    let channel = world.channel(model::ChannelKind::Api, 0).await;
    let named =
        domain::inbound::Inbound { name: "Amélie".to_owned(), ..crate::world::letter(&channel, "amelie", "Bonjour") };
    let conversation = world.receive(named).await.unwrap().conversation;
    let contact = world.thread(&world.owner, conversation).await.unwrap().contact.unwrap();
    let tag = add(&world, &world.owner, "VIP").await.id;
    let tagged = |add| TagContact { id: contact.id, tag, add };
    let changed = world.db.write(&world.owner.scope, tagged(true)).await.unwrap();
    assert_eq!(changed.tags.iter().collect::<Vec<_>>(), [tag]);
    assert_eq!(world.db.write(&world.owner.scope, tagged(true)).await.unwrap(), changed, "once is enough");
    let hidden = world.member("Mia", Role::Agent, Visibility::Mine).await;
    assert_eq!(refused(world.db.write(&hidden.scope, tagged(false)).await), ApiError::NotFound);
    assert!(world.db.write(&world.owner.scope, tagged(false)).await.unwrap().tags.is_empty());
}

fn view(name: &str, audience: Audience, filter: Filter) -> SavedView {
    let (id, owner) = (SavedViewId::new(new_id()), model::MemberId::new(new_id()));
    SavedView {
        id,
        owner,
        audience,
        name: name.to_owned(),
        icon: ViewIcon::Star,
        listing: Listing { filter, period: None, sort: Sort::Waiting },
    }
}

async fn names(world: &World, who: &Person) -> BTreeSet<String> {
    inbox::bootstrap(&world.db, &who.scope).await.unwrap().views.into_iter().map(|view| view.name).collect()
}

async fn l4_a_view_is_for_its_audience(world: World) {
    let team = TeamId::new(new_id());
    world.db.write(&world.owner.scope, domain::people::AddTeam { id: team, name: "Front".to_owned() }).await.unwrap();
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let other = world.member("Otto", Role::Agent, Visibility::All).await;
    let inside = domain::people::SetInTeam { member: agent.id, team, inside: true };
    world.db.write(&world.owner.scope, inside).await.unwrap();
    let (agent, other) = (world.again(&agent).await.unwrap(), world.again(&other).await.unwrap());
    for (name, audience) in
        [("own", Audience::Private), ("team's", Audience::Team(team)), ("all's", Audience::Everyone)]
    {
        let saved = world.db.write(&agent.scope, SaveView(view(name, audience, View::Mine.into()))).await.unwrap();
        assert_eq!(saved.owner, agent.id, "whatever the request says");
    }
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(names(&world, &agent).await, set(&["own", "team's", "all's"]));
    assert_eq!(names(&world, &other).await, set(&["all's"]));
    let not_mine = world.db.write(&other.scope, SaveView(view("x", Audience::Team(team), View::All.into()))).await;
    assert!(matches!(refused(not_mine), ApiError::Invalid { .. }));
    let viewer = world.member("Vera", Role::Viewer, Visibility::All).await;
    let shared = world.db.write(&viewer.scope, SaveView(view("x", Audience::Everyone, View::All.into()))).await;
    assert_eq!(refused(shared), ApiError::Forbidden, "who only reads keeps views of their own");
    world.db.write(&viewer.scope, SaveView(view("x", Audience::Private, View::All.into()))).await.unwrap();
}

async fn l4_views_are_changed_by_their_owner_and_admins(world: World) {
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let other = world.member("Otto", Role::Agent, Visibility::All).await;
    let shared =
        world.db.write(&agent.scope, SaveView(view("ours", Audience::Everyone, View::All.into()))).await.unwrap();
    let own = world.db.write(&agent.scope, SaveView(view("mine", Audience::Private, View::All.into()))).await.unwrap();
    let renamed = SavedView { name: "  theirs ".to_owned(), ..shared.clone() };
    assert_eq!(refused(world.db.write(&other.scope, SaveView(renamed.clone())).await), ApiError::Forbidden);
    assert_eq!(refused(world.db.write(&other.scope, DeleteView(shared.id)).await), ApiError::Forbidden);
    let foreign = SavedView { name: "x".to_owned(), ..own.clone() };
    assert_eq!(refused(world.db.write(&other.scope, SaveView(foreign)).await), ApiError::NotFound, "it is not known");
    let kept = world.db.write(&world.owner.scope, SaveView(renamed)).await.unwrap();
    assert_eq!((kept.name.as_str(), kept.owner), ("theirs", agent.id));
    world.db.write(&agent.scope, DeleteView(shared.id)).await.unwrap();
    world.db.write(&agent.scope, DeleteView(shared.id)).await.unwrap();
    assert!(names(&world, &other).await.is_empty());
    let nameless = SavedView { name: " ".to_owned(), ..own };
    assert!(matches!(refused(world.db.write(&agent.scope, SaveView(nameless)).await), ApiError::Invalid { .. }));
}

async fn l4_views_are_counted_and_ordered(world: World) {
    for n in 0..3 {
        let conversation = world.inbound(&format!("visitor {n}"), "Hello").await.conversation;
        if n == 0 {
            world.act(&world.owner, conversation, Act::Assign(Some(world.owner.id))).await.unwrap();
        }
    }
    let mine = Filter { assignee: Some(Assignee::Me), ..Filter::from(View::All) };
    let save = async |name, filter| {
        world.db.write(&world.owner.scope, SaveView(view(name, Audience::Private, filter))).await.unwrap().id
    };
    let (first, second) = (save("mine", mine).await, save("open", Filter::from(View::All)).await);
    let views = inbox::bootstrap(&world.db, &world.owner.scope).await.unwrap().views;
    let filters = views.into_iter().map(|view| view.listing.filter).collect();
    let (counts, _) = inbox::counts(&world.db, &world.owner.scope, filters).await.unwrap();
    assert_eq!(counts, [Count::Exact(1), Count::Exact(3)]);
    let stranger = SavedViewId::new(new_id());
    world.db.write(&world.owner.scope, OrderViews(vec![second, stranger, first, second])).await.unwrap();
    assert_eq!(inbox::bootstrap(&world.db, &world.owner.scope).await.unwrap().view_order, [second, first]);
}
