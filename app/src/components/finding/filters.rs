//! The panel with the conditions of the list (L3). A change shows at once: the list below follows while the panel is open.

use leptos::prelude::*;

use super::{use_finding, use_show_listing};
use crate::{
    components::ui::{Button, Glyph, Icon},
    state::{use_list, use_now, use_workspace, use_zone},
};
use model::{Assignee, ChannelKind, Day, Handling, Listing, Period, Sort, Status, TagFilter, TagId, lower};

/// How the chosen tags are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quantifier {
    Any,
    All,
    None,
}

impl Quantifier {
    const ALL: [(Self, &str, &str); 3] =
        [(Self::Any, "any", "Any of"), (Self::All, "all", "All of"), (Self::None, "none", "None of")];

    const fn list(self, tags: &mut TagFilter) -> &mut Vec<TagId> {
        match self {
            Self::Any => &mut tags.any,
            Self::All => &mut tags.all,
            Self::None => &mut tags.none,
        }
    }
}

/// Adds a value to a list of values, or removes it.
fn toggle<T: PartialEq>(values: &mut Vec<T>, value: T) {
    match values.iter().position(|one| *one == value) {
        Some(at) => drop(values.remove(at)),
        None => values.push(value),
    }
}

#[component]
pub fn Filters() -> impl IntoView {
    let (list, workspace, finding) = (use_list(), use_workspace(), use_finding());
    let show = use_show_listing();
    let change = Callback::new(move |(change,): (Edit,)| {
        let mut listing = list.listing.get_untracked();
        change(&mut listing);
        if let Ok(listing) = listing.checked() {
            show(listing);
        }
    });
    let set = move |with: Edit| change.run((with,));
    let channels = Memo::new(move |_| {
        workspace.boot.with(|boot| boot.channels.iter().map(|one| (one.id, one.name.clone())).collect::<Vec<_>>())
    });
    let kinds = Memo::new(move |_| {
        workspace.boot.with(|boot| {
            let has = |kind: &ChannelKind| boot.channels.iter().any(|channel| channel.kind == *kind);
            ChannelKind::ALL.iter().copied().filter(has).collect::<Vec<_>>()
        })
    });
    let mode = move || {
        [(None, "All"), (Some(Handling::Ai), "AI-handled"), (Some(Handling::Manual), "Manual")]
            .into_iter()
            .map(|(handling, label)| {
                let on = Signal::derive(move || list.listing.with(|listing| listing.filter.handling == handling));
                view! { <Toggle label on turn=move || set(Box::new(move |l| l.filter.handling = handling)) /> }
            })
            .collect_view()
    };
    let sorts = move || {
        Sort::ALL
            .iter()
            .map(|&sort| {
                let on = Signal::derive(move || list.listing.with(|listing| listing.sort == sort));
                view! { <Toggle label=sort.label() on turn=move || set(Box::new(move |l| l.sort = sort)) /> }
            })
            .collect_view()
    };
    let statuses = move || {
        [(Status::Open, "Open"), (Status::Pending, "Pending"), (Status::Closed, "Closed")]
            .into_iter()
            .map(|(status, label)| {
                let on = Signal::derive(move || list.listing.with(|l| l.filter.statuses.contains(&status)));
                view! { <Toggle label on turn=move || set(Box::new(move |l| toggle(&mut l.filter.statuses, status))) /> }
            })
            .collect_view()
    };
    let channel_toggles = move || {
        channels
            .get()
            .into_iter()
            .map(|(id, name)| {
                let on = Signal::derive(move || list.listing.with(|l| l.filter.channels.contains(&id)));
                view! { <Toggle label=name on turn=move || set(Box::new(move |l| toggle(&mut l.filter.channels, id))) /> }
            })
            .collect_view()
    };
    let kind_toggles = move || {
        kinds
            .get()
            .into_iter()
            .map(|kind| {
                let on = Signal::derive(move || list.listing.with(|l| l.filter.kinds.contains(&kind)));
                let turn = move || set(Box::new(move |l| toggle(&mut l.filter.kinds, kind)));
                view! { <Toggle label=kind.label() on turn /> }
            })
            .collect_view()
    };
    let assignee = Signal::derive(move || {
        list.listing.with(|listing| match listing.filter.assignee {
            None => String::new(),
            Some(Assignee::Me) => "me".to_owned(),
            Some(Assignee::Nobody) => "nobody".to_owned(),
            Some(Assignee::Member(member)) => member.to_string(),
        })
    });
    let people = Signal::derive(move || {
        let mut options = vec![
            (String::new(), "Anyone".to_owned()),
            ("me".to_owned(), "Me".to_owned()),
            ("nobody".to_owned(), "Nobody".to_owned()),
        ];
        workspace.boot.with(|boot| {
            let members = boot.members.iter().filter(|member| !member.disabled);
            options.extend(members.map(|member| (member.id.to_string(), member.name.clone())));
        });
        options
    });
    let choose_assignee = move |word: String| {
        let whose = match word.as_str() {
            "" => None,
            "me" => Some(Assignee::Me),
            "nobody" => Some(Assignee::Nobody),
            member => member.parse().ok().map(Assignee::Member),
        };
        set(Box::new(move |l| l.filter.assignee = whose));
    };
    let team =
        Signal::derive(move || list.listing.with(|l| l.filter.team.map(|id| id.to_string()).unwrap_or_default()));
    let teams = Signal::derive(move || {
        let mut options = vec![(String::new(), "Any team".to_owned())];
        workspace.boot.with(|boot| options.extend(boot.teams.iter().map(|one| (one.id.to_string(), one.name.clone()))));
        options
    });
    let choose_team = move |word: String| {
        let team = word.parse().ok();
        set(Box::new(move |l| l.filter.team = team));
    };
    let unread = Signal::derive(move || list.listing.with(|l| l.filter.unread));
    let waiting = Signal::derive(move || list.listing.with(|l| l.filter.waiting));
    view! {
        <div class="filters-body">
            <Group name="Order">{sorts}</Group>
            <TagGroup change />
            <Group name="Mode">{mode}</Group>
            <PeriodGroup change />
            <Group name="Status">{statuses}</Group>
            <Group name="Show only">
                <Toggle label="Unread" on=unread turn=move || set(Box::new(|l| l.filter.unread = !l.filter.unread)) />
                <Toggle
                    label="Awaiting reply"
                    on=waiting
                    turn=move || set(Box::new(|l| l.filter.waiting = !l.filter.waiting))
                />
            </Group>
            <Select name="Assignee" value=assignee options=people choose=choose_assignee />
            <Show when=move || teams.with(|teams| teams.len() > 1)>
                <Select name="Team" value=team options=teams choose=choose_team />
            </Show>
            <Show when=move || channels.with(|all| all.len() > 1)>
                <Group name="Channel">{channel_toggles}</Group>
            </Show>
            <Show when=move || kinds.with(|all| all.len() > 1)>
                <Group name="Kind of channel">{kind_toggles}</Group>
            </Show>
        </div>
        <footer class="filters-foot">
            <Button
                small=true
                on_press=move || set(Box::new(|l| *l = Listing { sort: l.sort, ..l.filter.view.into() }))
            >
                "Clear all"
            </Button>
            <Button small=true on_press=move || finding.filters.set(false)>
                "Close filters"
            </Button>
        </footer>
    }
}

/// Changes the listing.
type Change = Callback<(Edit,)>;

/// An edit of the listing.
type Edit = Box<dyn Fn(&mut Listing) + Send + Sync>;

#[component]
fn Group(#[prop(into)] name: String, children: Children) -> impl IntoView {
    view! {
        <fieldset class="filter-group">
            <legend>{name}</legend>
            <div class="toggles">{children()}</div>
        </fieldset>
    }
}

/// A condition that is on or off.
#[component]
fn Toggle(
    #[prop(into)] label: String,
    #[prop(into)] on: Signal<bool>,
    #[prop(into)] turn: Callback<()>,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class="toggle"
            aria-pressed=move || if on.get() { "true" } else { "false" }
            on:click=move |_| turn.run(())
        >
            {move || on.get().then(|| view! { <Glyph icon=Icon::Check /> })}
            <span dir="auto">{label}</span>
        </button>
    }
}

#[component]
fn Select(
    name: &'static str,
    value: Signal<String>,
    options: Signal<Vec<(String, String)>>,
    #[prop(into)] choose: Callback<(String,)>,
) -> impl IntoView {
    let options = move || {
        options
            .get()
            .into_iter()
            .map(|(word, label)| {
                let chosen = {
                    let word = word.clone();
                    move || value.get() == word
                };
                view! { <option value=word prop:selected=chosen>{label}</option> }
            })
            .collect_view()
    };
    view! {
        <label class="filter-group">
            <span class="filter-name">{name}</span>
            <span class="select">
                <select class="input" on:change=move |event| choose.run((event_target_value(&event),))>
                    {options}
                </select>
                <Glyph icon=Icon::ChevronDown />
            </span>
        </label>
    }
}

/// The period of the last message.
#[component]
fn PeriodGroup(change: Change) -> impl IntoView {
    let (list, now, zone) = (use_list(), use_now(), use_zone());
    let period = Memo::new(move |_| list.listing.with(|listing| listing.period));
    let choose = move |period: Option<Period>| change.run((Box::new(move |l: &mut Listing| l.period = period),));
    let words = [
        (None, "All time"),
        (Some(Period::Today), "Today"),
        (Some(Period::Week), "Last 7 days"),
        (Some(Period::Month), "Last 30 days"),
    ];
    let toggles = words
        .into_iter()
        .map(|(one, label)| {
            let on = Signal::derive(move || period.get() == one);
            view! { <Toggle label on turn=move || choose(one) /> }
        })
        .collect_view();
    let custom = Signal::derive(move || matches!(period.get(), Some(Period::Days(..))));
    let today = move || untrack(|| Day::of_local(zone.local(now.get())));
    let begin = move || choose(Some(Period::Days(today().plus(-6), today())));
    let dates = move || match period.get() {
        Some(Period::Days(first, last)) => {
            // A day that the other end would make impossible moves that end.
            let from = move |word: String| {
                if let Ok(day) = word.parse::<Day>() {
                    choose(Some(Period::Days(day, last.max(day))));
                }
            };
            let until = move |word: String| {
                if let Ok(day) = word.parse::<Day>() {
                    choose(Some(Period::Days(first.min(day), day)));
                }
            };
            Some(view! {
                <div class="dates">
                    <DateInput name="From" day=first on_change=from />
                    <DateInput name="To" day=last on_change=until />
                </div>
            })
        }
        _ => None,
    };
    view! {
        <Group name="Last activity">
            {toggles} <Toggle label="Custom" on=custom turn=begin />
        </Group>
        {dates}
    }
}

#[component]
fn DateInput(name: &'static str, day: Day, #[prop(into)] on_change: Callback<(String,)>) -> impl IntoView {
    view! {
        <label class="date">
            <span class="filter-name">{name}</span>
            <input
                class="input"
                type="date"
                value=day.to_string()
                on:change=move |event| on_change.run((event_target_value(&event),))
            />
        </label>
    }
}

/// The tags: how they are asked for, a field that narrows a long list, and the tags.
#[component]
fn TagGroup(change: Change) -> impl IntoView {
    /// More tags than this get a field to search them.
    const FEW: usize = 12;
    let (list, workspace) = (use_list(), use_workspace());
    let at_first = list.listing.with_untracked(|listing| match &listing.filter.tags {
        tags if !tags.all.is_empty() => Quantifier::All,
        tags if !tags.none.is_empty() && tags.any.is_empty() => Quantifier::None,
        _ => Quantifier::Any,
    });
    let quantifier = RwSignal::new(at_first);
    let typed = RwSignal::new(String::new());
    let tags = Memo::new(move |_| {
        workspace.boot.with(|boot| {
            let all = boot.tags.iter().filter(|tag| !tag.archived);
            all.map(|tag| (tag.id, tag.name.clone())).collect::<Vec<_>>()
        })
    });
    let chosen = move |tag: TagId| {
        let (list, quantifier) = (list.listing.get(), quantifier.get());
        let mut asked = list.filter.tags;
        quantifier.list(&mut asked).contains(&tag)
    };
    let toggles = move || {
        let typed = lower(typed.get().trim());
        let all = tags.get();
        let fits = |name: &str| typed.is_empty() || lower(name).contains(&typed);
        let shown: Vec<_> = all.into_iter().filter(|(_, name)| fits(name)).take(60).collect();
        if shown.is_empty() {
            return view! { <p class="filter-none">"No tag is called that."</p> }.into_any();
        }
        shown
            .into_iter()
            .map(|(tag, name)| {
                let on = Signal::derive(move || chosen(tag));
                let turn = move || {
                    let quantifier = quantifier.get_untracked();
                    change.run((Box::new(move |l: &mut Listing| toggle(quantifier.list(&mut l.filter.tags), tag)),));
                };
                view! { <Toggle label=name on turn /> }
            })
            .collect_view()
            .into_any()
    };
    let quantifiers = move || {
        Quantifier::ALL
            .into_iter()
            .map(|(one, word, label)| {
                view! {
                    <label class="radio">
                        <input
                            type="radio"
                            name="tags"
                            value=word
                            prop:checked=move || quantifier.get() == one
                            on:change=move |_| quantifier.set(one)
                        />
                        {label}
                    </label>
                }
            })
            .collect_view()
    };
    view! {
        <Show when=move || tags.with(|tags| !tags.is_empty())>
            <fieldset class="filter-group">
                <legend>"Tags"</legend>
                <div class="radios" role="radiogroup" aria-label="How tags are asked for">
                    {quantifiers}
                </div>
                <Show when=move || tags.with(|tags| tags.len() > FEW)>
                    <input
                        class="input"
                        type="search"
                        placeholder="Find a tag"
                        aria-label="Find a tag"
                        prop:value=typed
                        on:input=move |event| typed.set(event_target_value(&event))
                    />
                </Show>
                <div class="toggles">{toggles}</div>
            </fieldset>
        </Show>
    }
}
