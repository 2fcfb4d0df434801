//! The list in which tags are found, added, removed and created while typing: a combobox in a popover, as WAI-ARIA describes it (D3).

use leptos::{ev::KeyboardEvent, html, prelude::*};

use super::tags::Tagged;
use crate::{
    api::tags::add_tag,
    components::{
        tags::{by_name, put},
        ui::{Glyph, Icon, InlineError, use_saving},
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

/// The button "Add tags", and the list under it. Arrow keys move, Enter adds or removes, Esc closes and returns the focus to the button.
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
    let typed = RwSignal::new(String::new());
    let at = RwSignal::new(0_usize);
    let (button, popover) = (NodeRef::<html::Button>::new(), NodeRef::<html::Div>::new());
    let (input, list) = (NodeRef::<html::Input>::new(), NodeRef::<html::Ul>::new());
    let found = Memo::new(move |_| match tagged.open.get() {
        true => workspace.boot.with(|boot| choices(&boot.tags, &tagged.shown(), &typed.read())),
        false => (Vec::new(), 0),
    });
    let count = move || found.with(|(choices, _)| choices.len());
    // The list may have become shorter.
    let active = Memo::new(move |_| at.get().min(count().saturating_sub(1)));
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
            typed.set(String::new());
            at.set(0);
        }
    };
    let keys = move |event: KeyboardEvent| {
        let (count, now) = (count(), active.get_untracked());
        if event.is_composing() {
            return;
        }
        match event.key().as_str() {
            "ArrowDown" if count > 0 => at.set((now + 1) % count),
            "ArrowUp" if count > 0 => at.set((now + count - 1) % count),
            "Enter" => choose(now),
            "Tab" => return close(popover),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
        show_option(list, active.get_untracked());
    };
    let write = move |event| {
        typed.set(event_target_value(&event));
        at.set(0);
        saving.error.set(None);
        tagged.error.set(None);
    };
    let options = move || {
        let (choices, _) = found.get();
        let option = |(place, choice): (usize, Choice)| {
            let busy = match &choice {
                Choice::Known(tag, _) => {
                    let tag = tag.id;
                    Signal::derive(move || tagged.busy.with(|busy| busy.contains(&tag)))
                }
                _ => saving.busy.into(),
            };
            let selected = matches!(choice, Choice::Known(_, true));
            view! {
                <li
                    id=format!("{id}-{place}")
                    class="menu-item"
                    role="option"
                    aria-selected=selected.to_string()
                    aria-busy=move || busy.get().then_some("true")
                    data-active=move || (active.get() == place).then_some("")
                    // Keeps the focus in the input.
                    on:mousedown=|event| event.prevent_default()
                    on:mousemove=move |_| at.set(place)
                    on:click=move |_| choose(place)
                >
                    {face(choice)}
                </li>
            }
        };
        choices.into_iter().enumerate().map(option).collect_view()
    };
    let note = move || {
        let (count, more) = found.with(|(choices, more)| (choices.len(), *more));
        let text = match (count, more) {
            (0, _) if refused.with(Option::is_none) => "No tags yet. Type a name to create one.".to_owned(),
            (_, 0) => return None,
            (_, more) => format!("{more} more. Type to find them."),
        };
        Some(view! { <p class="picker-note">{text}</p> })
    };
    // Before it is shown, because "toggle" comes later than the first keys of whoever types at once.
    let opens = move |_: leptos::ev::Event| {
        expect_focus(input);
        if is_shown(popover) {
            return;
        }
        tagged.open.try_set(true);
        typed.try_set(String::new());
        at.try_set(0);
        saving.error.try_set(None);
        tagged.error.try_set(None);
    };
    let toggled = move |_| {
        let shown = is_shown(popover);
        tagged.open.try_set(shown);
        if shown {
            place(popover, button);
        }
    };
    view! {
        <button
            type="button"
            node_ref=button
            class="tags-add"
            popovertarget=id
            aria-haspopup="dialog"
            aria-expanded=move || tagged.open.get().to_string()
            aria-label=name
        >
            <Glyph icon=Icon::Plus />
            "Add tags"
        </button>
        <div
            id=id
            node_ref=popover
            class="menu picker"
            popover="auto"
            role="dialog"
            aria-label=name
            on:beforetoggle=opens
            on:toggle=toggled
        >
            <input
                node_ref=input
                class="picker-input"
                type="text"
                role="combobox"
                dir="auto"
                autocomplete="off"
                spellcheck="false"
                placeholder="Find or create a tag"
                aria-label="Find or create a tag"
                aria-autocomplete="list"
                aria-controls=format!("{id}-list")
                aria-expanded=move || (count() > 0).to_string()
                aria-activedescendant=move || (count() > 0).then(|| format!("{id}-{}", active.get()))
                aria-invalid=move || refused.with(Option::is_some).then_some("true")
                prop:value=move || typed.get()
                on:input=write
                on:keydown=keys
            />
            <ul
                id=format!("{id}-list")
                node_ref=list
                class="picker-list"
                role="listbox"
                aria-label="Tags"
                aria-multiselectable="true"
                hidden=move || count() == 0
            >
                {options}
            </ul>
            {note}
            <InlineError error=refused />
        </div>
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

/// Lets the browser focus the input as it opens the popover, so that no key that is typed at once gets lost.
fn expect_focus(input: NodeRef<html::Input>) {
    #[cfg(feature = "hydrate")]
    if let Some(input) = input.try_get_untracked().flatten() {
        // Not in the page from the start: the browser would try it while the page loads.
        let _ = input.set_attribute("autofocus", "");
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = input;
}

fn close(popover: NodeRef<html::Div>) {
    #[cfg(feature = "hydrate")]
    if let Some(popover) = popover.get_untracked() {
        // Fails only if it is closed already.
        let _ = popover.hide_popover();
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = popover;
}

/// Whether the popover is open now.
fn is_shown(popover: NodeRef<html::Div>) -> bool {
    #[cfg(feature = "hydrate")]
    let shown = popover.try_get_untracked().flatten().is_some_and(|at| at.matches(":popover-open").unwrap_or(false));
    #[cfg(not(feature = "hydrate"))]
    let shown = {
        let _ = popover;
        false
    };
    shown
}

/// Places the open popover under its button.
fn place(popover: NodeRef<html::Div>, button: NodeRef<html::Button>) {
    #[cfg(feature = "hydrate")]
    if let (Some(popover), Some(button)) = (popover.try_get_untracked().flatten(), button.try_get_untracked().flatten())
    {
        crate::components::ui::place_under(&popover, &button);
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (popover, button);
}

/// Scrolls the list as little as needed to show an option.
fn show_option(list: NodeRef<html::Ul>, place: usize) {
    #[cfg(feature = "hydrate")]
    {
        use wasm_bindgen::JsCast;
        let Some(list) = list.get_untracked() else { return };
        let option = u32::try_from(place).ok().and_then(|place| list.children().item(place));
        let Some(option) = option.and_then(|option| option.dyn_into::<web_sys::HtmlElement>().ok()) else { return };
        let (top, height) = (option.offset_top() - list.offset_top(), option.offset_height());
        if top < list.scroll_top() {
            list.set_scroll_top(top);
        } else if top + height > list.scroll_top() + list.client_height() {
            list.set_scroll_top(top + height - list.client_height());
        }
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (list, place);
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
