//! Who has the conversation: the lists in which a member or a team is found by typing (T9).

use leptos::prelude::*;

use crate::{
    components::{
        ui::{AfterChoice, Avatar, AvatarSize, Combo, ComboOption, ComboState, Glyph, Icon},
        words::{member_name, team_name},
    },
    state::{WorkspaceState, use_workspace},
};
use model::{Act, Bootstrap, ConversationRow, MemberId, TeamId, lower, plain};

/// The most options on screen. A longer list is narrowed down by typing.
const MOST_SHOWN: usize = 50;
/// What follows the member's own name.
const YOU: &str = " (you)";

/// Somebody that a conversation can be given to.
#[derive(Debug, Clone, PartialEq)]
struct Somebody {
    act: Act,
    name: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Nobody,
    /// A member, and whether they answer chats now.
    Member(MemberId, bool),
    Team,
}

/// Which people a list offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Offers {
    /// Members and teams.
    All,
    /// Teams only.
    Teams,
}

/// Those whose name contains what is typed, and how many more there are: oneself, members who answer chats, the other members, teams.
fn found(boot: &Bootstrap, offers: Offers, typed: &str) -> (Vec<Somebody>, usize) {
    let key = plain(typed.trim());
    let me = boot.me.member.id;
    let mut members: Vec<_> = boot.members.iter().filter(|one| !one.disabled && offers == Offers::All).collect();
    members.sort_by_cached_key(|one| (one.id != me, !one.chat_on, lower(&one.name)));
    let members = members.into_iter().map(|one| Somebody {
        act: Act::Assign(Some(one.id)),
        name: if one.id == me { format!("{}{YOU}", one.name) } else { one.name.clone() },
        kind: Kind::Member(one.id, one.chat_on),
    });
    let mut teams: Vec<_> = boot.teams.iter().collect();
    teams.sort_by_cached_key(|one| lower(&one.name));
    let teams = teams.into_iter().map(|one| Somebody {
        act: Act::Team(Some(one.id)),
        name: one.name.clone(),
        kind: Kind::Team,
    });
    let nobody = match offers {
        Offers::All => Somebody { act: Act::Assign(None), name: "Nobody".to_owned(), kind: Kind::Nobody },
        Offers::Teams => Somebody { act: Act::Team(None), name: "No team".to_owned(), kind: Kind::Nobody },
    };
    let all = std::iter::once(nobody).chain(members).chain(teams);
    let mut fitting: Vec<Somebody> = all.filter(|one| plain(&one.name).contains(&key)).collect();
    let more = fitting.len().saturating_sub(MOST_SHOWN);
    fitting.truncate(MOST_SHOWN);
    (fitting, more)
}

/// The member who has it.
#[component]
pub(super) fn AssigneeFact(row: Memo<ConversationRow>, act: Callback<Act>, may: bool) -> impl IntoView {
    let workspace = use_workspace();
    let assignee = Memo::new(move |_| row.with(|row| row.state.assignee));
    let chosen =
        Signal::derive(move || assignee.get().map_or_else(|| "Nobody".to_owned(), |who| member_name(workspace, who)));
    view! { <Whom id="assignee" name="Assigned to" offers=Offers::All chosen row act may /> }
}

/// The team that has it.
#[component]
pub(super) fn TeamFact(row: Memo<ConversationRow>, act: Callback<Act>, may: bool) -> impl IntoView {
    let workspace = use_workspace();
    let team: Memo<Option<TeamId>> = Memo::new(move |_| row.with(|row| row.team));
    let chosen =
        Signal::derive(move || team.get().map_or_else(|| "No team".to_owned(), |one| team_name(workspace, one)));
    let is_any = Memo::new(move |_| team.get().is_some() || workspace.boot.with(|boot| !boot.teams.is_empty()));
    move || is_any.get().then(|| view! { <Whom id="team" name="Team" offers=Offers::Teams chosen row act may /> })
}

/// A line with who has it. Members who may change it can open a list.
#[component]
fn Whom(
    id: &'static str,
    name: &'static str,
    offers: Offers,
    chosen: Signal<String>,
    row: Memo<ConversationRow>,
    act: Callback<Act>,
    may: bool,
) -> impl IntoView {
    let value =
        if may { list(use_workspace(), id, name, offers, chosen, row, act) } else { (move || chosen.get()).into_any() };
    view! {
        <div class="fact">
            <dt>{name}</dt>
            <dd>{value}</dd>
        </div>
    }
    .into_any()
}

fn list(
    workspace: WorkspaceState,
    id: &'static str,
    name: &'static str,
    offers: Offers,
    chosen: Signal<String>,
    row: Memo<ConversationRow>,
    act: Callback<Act>,
) -> AnyView {
    let state = ComboState::new(RwSignal::new(false));
    let found = Memo::new(move |_| match state.open.get() {
        true => workspace.boot.with(|boot| found(boot, offers, &state.typed.read())),
        false => (Vec::new(), 0),
    });
    let has = move |one: &Somebody| {
        row.with(|row| match one.act {
            Act::Assign(who) => row.state.assignee == who,
            Act::Team(team) => row.team == team,
            _ => false,
        })
    };
    let option = move |place: usize| {
        let one = found.with(|(all, _)| all.get(place).cloned());
        ComboOption { selected: one.as_ref().is_some_and(has), face: one.map(face).into_any(), busy: false.into() }
    };
    let choose = move |place: usize| {
        if let Some(one) = found.with_untracked(|(all, _)| all.get(place).map(|one| one.act)) {
            act.run(one);
        }
    };
    let note = Signal::derive(move || match found.with(|(all, more)| (all.len(), *more)) {
        (0, _) if state.open.get() => Some("Nobody has this name.".to_owned()),
        (_, 0) => None,
        (_, more) => Some(format!("{more} more. Type to find them.")),
    });
    let trigger = move || view! { <span class="cut">{move || chosen.get()}</span> <Glyph icon=Icon::ChevronDown /> };
    view! {
        <Combo
            id name button_name=Signal::derive(move || format!("{name}: {}", chosen.get())) button_class="edit-view" trigger hint="Find a member or team" state
            count=Signal::derive(move || found.with(|(all, _)| all.len()))
            option=Callback::new(option) choose=Callback::new(choose) after=AfterChoice::Close
            changed=Callback::new(|()| ()) refused=Signal::stored(None::<String>) note
        />
    }
    .into_any()
}

/// The content of an option.
fn face(one: Somebody) -> AnyView {
    let Somebody { name, kind, .. } = one;
    let sign = match kind {
        Kind::Nobody => view! { <Glyph icon=Icon::X /> }.into_any(),
        Kind::Team => view! { <Glyph icon=Icon::Users /> }.into_any(),
        Kind::Member(id, _) => {
            view! { <Avatar name=name.trim_end_matches(YOU).to_owned() seed=id.to_string() size=AvatarSize::Tiny /> }
                .into_any()
        }
    };
    let here =
        matches!(kind, Kind::Member(_, true)).then(|| view! { <span class="picker-here">"answers chats"</span> });
    view! {
        {sign}
        <span class="cut" dir="auto">{name}</span>
        {here}
        <span class="menu-tick"><Glyph icon=Icon::Check /></span>
    }
    .into_any()
}
