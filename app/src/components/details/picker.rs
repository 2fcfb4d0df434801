//! The list in which tags are found, added, removed and created while typing: a combobox in a popover (D3).

use leptos::prelude::*;

use super::tags::Tagged;
use crate::{
    api::tags::add_tag,
    components::{
        tags::{by_name, put},
        ui::{AfterChoice, Combo, ComboOption, ComboState, Glyph, Icon, use_saving},
    },
};
use model::{Tag, TagColor, TagId};

/// The most options on screen. A longer list is narrowed down by typing.
const MOST_SHOWN: usize = 50;

/// An option of the list.
#[derive(Debug, Clone, PartialEq)]
enum Choice {
    /// A tag, and whether it is there already.
    Known(Tag, bool),
    /// Creates a tag with this name.
    New(String),
    /// Takes the archived tag with this name into use again.
    Again(String),
}

impl Choice {
    const fn id(&self) -> Option<TagId> {
        match self {
            Self::Known(tag, _) => Some(tag.id),
            Self::New(_) | Self::Again(_) => None,
        }
    }
}

/// The tags that fit what is typed, and how many more fit. Those whose name begins with it are first.
fn choices(all: &[Tag], has: &[Tag], typed: &str) -> (Vec<Choice>, usize) {
    let Ok(name) = Tag::check_name(typed) else {
        return if typed.trim().is_empty() { found(all, has, "") } else { (Vec::new(), 0) };
    };
    let key = Tag::key(&name);
    let (mut choices, more) = found(all, has, &key);
    let same = all.iter().find(|tag| Tag::key(&tag.name) == key);
    match same {
        // It was merged: the tag that replaced it is meant.
        Some(Tag { merged_into: Some(into), .. }) => {
            let meant = all.iter().find(|tag| tag.id == *into && choices.iter().all(|one| one.id() != Some(tag.id)));
            choices.extend(meant.map(|tag| Choice::Known(tag.clone(), has.iter().any(|one| one.id == tag.id))));
        }
        None => choices.push(Choice::New(name)),
        Some(tag) if tag.archived => choices.push(Choice::Again(tag.name.clone())),
        Some(_) => {}
    }
    (choices, more)
}

fn found(all: &[Tag], has: &[Tag], key: &str) -> (Vec<Choice>, usize) {
    let is_there = |tag: &Tag| has.iter().any(|one| one.id == tag.id);
    let usable = all.iter().filter(|tag| !tag.archived || is_there(tag));
    let named = by_name(usable.filter(|tag| Tag::key(&tag.name).contains(key)).collect());
    let (first, then): (Vec<&Tag>, Vec<&Tag>) = named.into_iter().partition(|tag| Tag::key(&tag.name).starts_with(key));
    let more = (first.len() + then.len()).saturating_sub(MOST_SHOWN);
    let known = |tag: &Tag| Choice::Known(tag.clone(), is_there(tag));
    (first.into_iter().chain(then).take(MOST_SHOWN).map(known).collect(), more)
}

/// The button "Add tags", and the list under it. Enter adds or removes.
#[component]
pub(super) fn TagPicker(
    /// The tags to change.
    tagged: Tagged,
    /// The id of the popover. Unique in the page.
    id: &'static str,
    /// The name of the button and of the list.
    name: &'static str,
) -> impl IntoView {
    let workspace = tagged.workspace;
    let saving = use_saving();
    let state = ComboState::new(tagged.open);
    let typed = state.typed;
    let found = Memo::new(move |_| match tagged.open.get() {
        true => workspace.boot.with(|boot| choices(&boot.tags, &tagged.shown(), &typed.read())),
        false => (Vec::new(), 0),
    });
    let count = Signal::derive(move || found.with(|(choices, _)| choices.len()));
    let refused = Signal::derive(move || {
        let text = typed.get();
        let fault = Some(text).filter(|text| !text.trim().is_empty()).and_then(|text| Tag::check_name(&text).err());
        let refused = fault.or_else(|| saving.error.get()).map(|error| error.to_string());
        refused.or_else(|| tagged.error.get()).filter(|_| tagged.open.get())
    });
    let choose = move |place: usize| {
        let choice = found.with_untracked(|(choices, _)| choices.get(place).cloned());
        match choice {
            None => return,
            Some(Choice::Known(tag, has)) => tagged.turn(&tag, !has),
            Some(Choice::New(name) | Choice::Again(name)) => saving.run(add_tag(name, None), move |tag| {
                put(workspace, tag.clone());
                // The panel may be gone by now.
                if !tagged.busy.is_disposed() {
                    tagged.turn(&tag, true);
                }
                typed.try_set(String::new());
            }),
        }
        if !saving.busy.get_untracked() {
            state.clear();
        }
    };
    let option = move |place: usize| {
        let choice = found.with(|(choices, _)| choices.get(place).cloned());
        let busy = match choice.as_ref().and_then(Choice::id) {
            Some(tag) => Signal::derive(move || tagged.busy.with(|busy| busy.contains(&tag))),
            None => saving.busy.into(),
        };
        ComboOption {
            selected: matches!(choice, Some(Choice::Known(_, true))),
            face: choice.map(face).into_any(),
            busy,
        }
    };
    let note = Signal::derive(move || {
        let (count, more) = found.with(|(choices, more)| (choices.len(), *more));
        match (count, more) {
            (0, _) if refused.with(Option::is_none) => Some("No tags yet. Type a name to create one.".to_owned()),
            (_, 0) => None,
            (_, more) => Some(format!("{more} more. Type to find them.")),
        }
    });
    let changed = move |()| {
        saving.error.try_set(None);
        tagged.error.try_set(None);
    };
    let trigger = || view! { <Glyph icon=Icon::Plus /> "Add tags" };
    view! {
        <Combo
            id name button_name=Signal::stored(name.to_owned()) button_class="tags-add" trigger hint="Find or create a tag"
            state count option=Callback::new(option) choose=Callback::new(choose) after=AfterChoice::Stay
            changed=Callback::new(changed) refused note
        />
    }
}

/// The content of an option.
fn face(choice: Choice) -> AnyView {
    let words = |icon, word: &'static str, name: String| {
        view! {
            <Glyph icon=icon />
            <span class="cut">{word} " “" <bdi>{name}</bdi> "”"</span>
        }
        .into_any()
    };
    match choice {
        Choice::Known(Tag { name, color, .. }, _) => view! {
            <span class="dot" data-color=TagColor::as_str(color)></span>
            <span class="cut" dir="auto">{name}</span>
            <span class="menu-tick"><Glyph icon=Icon::Check /></span>
        }
        .into_any(),
        Choice::New(name) => words(Icon::Plus, "Create", name),
        Choice::Again(name) => words(Icon::RotateCcw, "Use again:", name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::TagId;

    fn tag(number: u32, name: &str, archived: bool) -> Tag {
        Tag { id: TagId::new(number), name: name.to_owned(), color: TagColor::Grey, archived, merged_into: None }
    }

    #[test]
    fn d3_typing_finds_tags_and_offers_to_create_one() {
        let all = [tag(1, "VIP", false), tag(2, "Not VIP", false), tag(3, "Old", true), tag(4, "Café", false)];
        let words = |typed: &str| {
            let word = |choice| match choice {
                Choice::Known(tag, has) => format!("{}{}", tag.name, if has { " ✓" } else { "" }),
                Choice::New(name) => format!("+{name}"),
                Choice::Again(name) => format!("again {name}"),
            };
            choices(&all, &all[..1], typed).0.into_iter().map(word).collect::<Vec<_>>()
        };
        assert_eq!(words(""), ["Café", "Not VIP", "VIP ✓"]);
        assert_eq!(words("vip"), ["VIP ✓", "Not VIP"]);
        assert_eq!(words("  vi "), ["VIP ✓", "Not VIP", "+vi"]);
        assert_eq!(words("old"), ["again Old"]);
        assert_eq!(words("CAFÉ"), ["Café"]);
        assert!(words(&"x".repeat(1_000)).is_empty());
        let many: Vec<_> = (1..=60).map(|n| tag(n, &format!("t{n}"), false)).collect();
        assert_eq!(choices(&many, &[], "T").1, 10);
    }
}
