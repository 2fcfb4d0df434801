//! What a search found: people and messages, and what is said when there is nothing to show.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::{
    field::{Hints, SearchBox, SearchKey},
    finder::{Finder, Found, FoundPage},
    hit::{self, Hits},
    mark,
    offers::Offers,
    recent::Recent,
};
use crate::{
    components::finding::use_finding,
    components::ui::{Button, EmptyState, Icon, Tone, Variant, exact},
    state::{Connection, Search, Zone, at_of, give_focus, use_live, use_search, use_thread, use_zone},
};
use model::{ApiError, ConversationId, Filter, Ignored, Listing, SearchText, Why};

/// Where a result leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target {
    /// The conversation.
    pub id: ConversationId,
    /// The position of the message. None for the end.
    pub at: Option<i64>,
}

/// Draws the part of the search that loads later.
pub(crate) fn draw() -> AnyView {
    let search = use_search();
    let (finder, recent) = (Finder::new(), Recent::new());
    let field = SearchBox::new();
    let offers = Offers::new(field, recent);
    let targets = Memo::new(move |_| finder.targets());
    // The result that the arrow keys moved to, and the text that was typed then. It stays chosen when a later answer to that text has it too.
    let moved = RwSignal::new(None::<(String, Target)>);
    let chosen = Signal::derive(move || {
        let (_, to) = moved.get().filter(|(text, _)| search.text.with(|now| now.trim() == text))?;
        targets.with(|targets| targets.iter().position(|one| *one == to))
    });
    let press = move |key: SearchKey| {
        if offers.press(key) {
            return true;
        }
        if !search.is_on.get_untracked() {
            return false;
        }
        let (count, at) = (targets.with_untracked(Vec::len), chosen.get_untracked());
        let to = |at: Option<usize>| {
            let target = at.and_then(|at| targets.with_untracked(|targets| targets.get(at).copied()));
            moved.set(target.map(|to| (search.text.with_untracked(|text| text.trim().to_owned()), to)));
            if let Some(at) = at {
                request_animation_frame(move || hit::bring_into_sight(at));
            }
        };
        match (key, at) {
            (SearchKey::Down, _) => {
                let next = at.map_or(0, |at| at + 1);
                if next < count {
                    to(Some(next));
                } else {
                    finder.more();
                }
            }
            // From the first result back to the text.
            (SearchKey::Up, _) => to(at.and_then(|at| at.checked_sub(1))),
            (SearchKey::Enter, _) if finder.waits.get_untracked() => {
                recent.add(&search.text.get_untracked());
                finder.now();
            }
            (SearchKey::Enter, _) if count > 0 => hit::click(at.unwrap_or(0)),
            _ => return false,
        }
        true
    };
    field.listen(press);
    SearchBox::tell(Signal::derive(move || {
        let found = || Hints {
            list: (search.is_on.get() && targets.with(|targets| !targets.is_empty())).then_some("search-found"),
            chosen: chosen.get().map(|at| format!("hit-{at}")),
        };
        offers.hints().unwrap_or_else(found)
    }));

    let (query, thread) = (use_location().search, use_thread());
    let open = Callback::new(move |to: Target| {
        recent.add(&search.text.get_untracked());
        let at = query.with_untracked(|query| at_of(query));
        if to.at.is_some() && at == to.at && thread.selected.get_untracked() == Some(to.id) {
            // It is open there already, but may have been scrolled away.
            thread.go_to(to.id, to.at);
        }
        request_animation_frame(move || {
            // In a narrow window the conversation covers the list, and the field with it.
            if !hit::is_in_sight(Search::FIELD) {
                give_focus("#main");
            }
        });
    });
    // The entry is lit one frame after it was asked for. Its words are marked after that.
    Effect::new(move |_| {
        let goal = thread.goal.get();
        let words = if search.is_on.get_untracked() { mark::words(&search.text.get_untracked()) } else { Vec::new() };
        if let Some(n) = goal.and_then(|goal| goal.at) {
            after_next_frame(move || mark::mark(n, &words));
        }
    });
    let hits = Hits { chosen, query, selected: thread.selected, open };
    let results = move || match finder.found.get() {
        Found::Nothing => {
            view! { <div class="found-wait" aria-hidden="true" inner_html=SHAPE.repeat(5)></div> }.into_any()
        }
        Found::Failed(error) => failed(error, finder),
        Found::Page(found) => results(*found, hits, field),
    };
    let after = Memo::new(move |_| {
        finder.found.with(|found| match found {
            Found::Page(found) => {
                let page = &found.page;
                Some((page.after.is_some(), page.looked_back_to, page.partly, page.building))
            }
            _ => None,
        })
    });
    let zone = use_zone();
    let foot = move || {
        after.get().map(|(more, back_to, partly, building)| {
            foot(finder, zone, (more, back_to.map(|at| at.0)), (partly, building))
        })
    };
    let said = Memo::new(move |_| match finder.found.get() {
        Found::Page(found) if !finder.waits.get() => summary(&found),
        _ => String::new(),
    });
    let page = move || {
        search.is_on.get().then(|| {
            view! {
                <section
                    class="found scroll"
                    aria-label="Search results"
                    aria-busy=move || finder.waits.get().then_some("true")
                    data-wait=move || finder.waits.get().then_some("")
                    tabindex="-1"
                >
                    {results}
                    {foot}
                </section>
            }
        })
    };
    view! {
        <p class="sr" role="status">{said}</p>
        {page}
        {offers.draw()}
    }
    .into_any()
}

/// Runs after the changes of this frame were painted.
fn after_next_frame(run: impl FnOnce() -> Option<()> + 'static) {
    request_animation_frame(move || {
        request_animation_frame(move || {
            let _ = run();
        });
    });
}

/// Placeholder for a result.
const SHAPE: &str = r#"<div class="hit"><i class="skeleton skeleton-round"></i><div class="row-wait"><i class="skeleton skeleton-line w-40"></i><i class="skeleton skeleton-line w-90"></i></div></div>"#;

/// How much was found, as a sentence.
fn summary(FoundPage { page, .. }: &FoundPage) -> String {
    let counted = |count: usize, more: bool, one: &str, many: &str| {
        let word = if count == 1 && !more { one } else { many };
        format!("{count}{} {word}", if more { " or more" } else { "" })
    };
    if page.people.is_empty() && page.messages.is_empty() {
        return "Nothing found".to_owned();
    }
    let people = counted(page.people.len(), page.more_people, "person", "people");
    let messages = counted(page.messages.len(), page.after.is_some(), "message", "messages");
    format!("{people} and {messages} found")
}

fn results(FoundPage { text, page }: FoundPage, hits: Hits, field: SearchBox) -> AnyView {
    let ignored = (!page.ignored.is_empty()).then(|| {
        let lines = page.ignored.iter().map(|one| view! { <li dir="auto">{why_not(one)}</li> }).collect_view();
        view! { <ul class="found-ignored">{lines}</ul> }
    });
    let as_list = page.view.map(|filter| as_list(filter, field));
    if page.people.is_empty() && page.messages.is_empty() {
        return view! {
            {ignored}
            {as_list}
            {nothing(&text, page.after.is_some())}
        }
        .into_any();
    }
    let people_count = page.people.len();
    let (more_people, more_messages) = (page.more_people, page.after.is_some());
    let with_conversation = page.people.iter().filter(|hit| hit.conversation.is_some()).count();
    let mut place = 0;
    let people: Vec<AnyView> = page
        .people
        .into_iter()
        .map(|person| {
            let at = person.conversation.is_some().then_some(place);
            place += usize::from(at.is_some());
            hits.person(at, person)
        })
        .collect();
    let message_count = page.messages.len();
    let messages: Vec<AnyView> = page
        .messages
        .into_iter()
        .enumerate()
        .map(|(at, message)| hits.message(with_conversation + at, message))
        .collect();
    view! {
        {ignored}
        {as_list}
        <div role="listbox" id="search-found" aria-label="Search results">
            {group("People", people_count, more_people, people)}
            {group("Messages", message_count, more_messages, messages)}
        </div>
    }
    .into_any()
}

/// A search that asks only for what a list can be filtered by: leads to that list, and to saving it as a view (L4).
fn as_list(filter: Filter, field: SearchBox) -> impl IntoView {
    let (finding, href) = (use_finding(), format!("/inbox?{}", Listing::from(filter).query()));
    view! {
        <div class="found-list" role="group" aria-label="These conversations">
            <a class="chip-plain" href=href.clone() on:click=move |_| field.write(String::new(), None)>
                "Show as list"
            </a>
            <a
                class="chip-plain"
                href=href
                on:click=move |_| {
                    field.write(String::new(), None);
                    finding.save.set(true);
                }
            >
                "Save as view"
            </a>
        </div>
    }
}

fn group(name: &'static str, count: usize, more: bool, hits: Vec<AnyView>) -> Option<impl IntoView> {
    let count = format!("{count}{}", if more { "+" } else { "" });
    (!hits.is_empty()).then(|| {
        let label = format!("{name}, {count}");
        view! {
            <div class="found-group" role="group" aria-label=label>
                <div class="found-head" aria-hidden="true">
                    {name}
                    <span class="found-count">{count}</span>
                </div>
                {hits}
            </div>
        }
    })
}

/// What ends the results: the next page, and how far the search went.
fn foot(
    finder: Finder,
    zone: Zone,
    (more, back_to): (bool, Option<i64>),
    (partly, building): (bool, bool),
) -> impl IntoView {
    let far = back_to.map(|at| {
        view! {
            <p class="list-foot">
                {move || {
                    let day = exact(zone.local(at));
                    let day = day.split(',').next().unwrap_or_default().to_owned();
                    format!("Searched back to {day}.")
                }}
            </p>
        }
    });
    let partly = partly.then(|| {
        view! { <p class="list-foot">"Not all messages were searched. Add a word or an operator to find older ones."</p> }
    });
    let building = building.then(|| {
        view! { <p class="list-foot">"Older messages are still being prepared for search. They will be found soon."</p> }
    });
    let words = if back_to.is_some() { "Search older messages" } else { "Show more" };
    let more = more.then(|| {
        view! {
            <div class="found-more">
                <Button variant=Variant::Quiet small=true busy=finder.adds on_press=Callback::new(move |()| finder.more())>
                    {words}
                </Button>
            </div>
        }
    });
    view! {
        {far}
        {more}
        {partly}
        {building}
    }
}

fn nothing(text: &str, more: bool) -> AnyView {
    let short: String = match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    };
    let parsed = SearchText::parse(text);
    let excludes = parsed.conditions.is_empty() && parsed.terms.iter().all(|term| term.not);
    let (title, help) = match (excludes && !parsed.is_empty(), parsed.is_empty(), more) {
        (true, ..) => {
            ("Nothing to search for yet".to_owned(), "A minus leaves something out. Add a word to search for.")
        }
        (_, true, _) => {
            ("Nothing to search for yet".to_owned(), "Type a name, a company, an e-mail address or words of a message.")
        }
        (_, _, true) => (format!("Nothing found for “{short}” so far"), "Older messages have not been searched yet."),
        _ => (
            format!("Nothing found for “{short}”"),
            "Try fewer or other words, the beginning of a name, or an e-mail address.",
        ),
    };
    view! { <EmptyState icon=Icon::Search title text=help /> }.into_any()
}

fn failed(error: ApiError, finder: Finder) -> AnyView {
    let live = use_live();
    let is_offline = matches!(error, ApiError::Transport { .. });
    let view = move || {
        if is_offline && live.connection.get() == Connection::Offline {
            return view! {
                <EmptyState
                    icon=Icon::WifiOff
                    title="You are offline"
                    text="The search needs the server. It continues when you are back online."
                />
            }
            .into_any();
        }
        view! {
            <EmptyState icon=Icon::TriangleAlert tone=Tone::Bad title="The search did not work" text=error.to_string()>
                <Button icon=Icon::RefreshCw on_press=Callback::new(move |()| finder.now())>
                    "Try again"
                </Button>
            </EmptyState>
        }
        .into_any()
    };
    view.into_any()
}

/// Why a part of the text does not apply.
fn why_not(Ignored { text, why }: &Ignored) -> String {
    let (name, value) = text.split_once(':').unwrap_or((text, ""));
    match why {
        Why::NoSuchOperator => format!("“{text}” is not an operator."),
        Why::NoSuchMember => format!("No member is called “{value}”."),
        Why::SeveralMembers => format!("Several members are called “{value}”. Write more of the name, in quotes."),
        Why::NoSuchTag => format!("No tag is called “{value}”."),
        Why::SeveralTags => format!("Several tags begin with “{value}”. Write more of the name, in quotes."),
        Why::NoSuchChannel => format!("No channel is called “{value}”."),
        Why::NoValue => format!("“{name}:” needs a value after the colon."),
        Why::NoDay => format!("“{value}” is not a day. Write it like 2026-05-03."),
        Why::TooMany | Why::TooLong => why.label().to_owned(),
        _ => format!("“{text}” is left out. {}", why.label()),
    }
}
