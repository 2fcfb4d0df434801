//! A button that opens a list in which one finds by typing: a combobox in a popover, as WAI-ARIA describes it.

use leptos::{ev::KeyboardEvent, html, prelude::*};

/// An option on screen.
pub struct ComboOption {
    /// What it shows.
    pub face: AnyView,
    /// Whether it is chosen.
    pub selected: bool,
    /// Whether choosing it is on its way.
    pub busy: Signal<bool>,
}

/// What a list does after something was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterChoice {
    /// It stays open for the next choice.
    Stay,
    /// It closes.
    Close,
}

/// What is typed into a list, and which of its options is active. Copies share their state.
#[derive(Clone, Copy)]
pub struct ComboState {
    /// Whether the list is open.
    pub open: RwSignal<bool>,
    /// What is typed.
    pub typed: RwSignal<String>,
    at: RwSignal<usize>,
}

impl ComboState {
    /// A closed list.
    pub fn new(open: RwSignal<bool>) -> Self {
        Self { open, typed: RwSignal::new(String::new()), at: RwSignal::new(0) }
    }

    /// Forgets what was typed. The owner may be gone.
    pub fn clear(self) {
        self.typed.try_set(String::new());
        self.at.try_set(0);
    }
}

/// The button and its list. Arrow keys move, Enter chooses, Esc closes and returns the focus to the button.
#[component]
pub fn Combo(
    /// The id of the popover. Unique in the page.
    id: &'static str,
    /// The name of the list.
    name: &'static str,
    /// The name of the button.
    #[prop(into)]
    button_name: Signal<String>,
    /// The CSS class of the button.
    button_class: &'static str,
    /// The content of the button.
    #[prop(into)]
    trigger: ViewFn,
    /// What can be typed, as the empty field says it.
    hint: &'static str,
    /// What is typed, and where.
    state: ComboState,
    /// How many options fit.
    #[prop(into)]
    count: Signal<usize>,
    /// An option by its place.
    option: Callback<usize, ComboOption>,
    /// Chooses an option by its place.
    choose: Callback<usize>,
    /// What the list does then.
    after: AfterChoice,
    /// Called when it opens and when something is typed.
    changed: Callback<()>,
    /// Why what is typed cannot be chosen.
    #[prop(into)]
    refused: Signal<Option<String>>,
    /// A line under the options.
    #[prop(into)]
    note: Signal<Option<String>>,
) -> impl IntoView {
    let ComboState { open, typed, at } = state;
    let (button, popover) = (NodeRef::<html::Button>::new(), NodeRef::<html::Div>::new());
    let (input, list) = (NodeRef::<html::Input>::new(), NodeRef::<html::Ul>::new());
    // The list may have become shorter.
    let active = Memo::new(move |_| at.get().min(count.get().saturating_sub(1)));
    let choose = move |place: usize| {
        choose.run(place);
        if after == AfterChoice::Close {
            close(popover);
        }
    };
    let keys = move |event: KeyboardEvent| {
        let (count, now) = (count.get_untracked(), active.get_untracked());
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
        show_option(list, active.try_get_untracked().unwrap_or_default());
    };
    let write = move |event| {
        typed.set(event_target_value(&event));
        at.set(0);
        changed.run(());
    };
    let options = move || {
        let draw = |place: usize| {
            let ComboOption { face, selected, busy } = option.run(place);
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
                    {face}
                </li>
            }
        };
        (0..count.get()).map(draw).collect_view()
    };
    // Before it is shown, because "toggle" comes later than the first keys of whoever types at once.
    let opens = move |_: leptos::ev::Event| {
        expect_focus(input);
        if is_shown(popover) {
            return;
        }
        open.try_set(true);
        state.clear();
        changed.run(());
    };
    let toggled = move |_| {
        let shown = is_shown(popover);
        open.try_set(shown);
        if shown {
            place(popover, button);
        }
    };
    let note = move || note.get().map(|text| view! { <p class="picker-note">{text}</p> });
    view! {
        <button
            type="button"
            node_ref=button
            class=button_class
            popovertarget=id
            aria-haspopup="dialog"
            aria-expanded=move || open.get().to_string()
            aria-label=move || button_name.get()
        >
            {trigger.run()}
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
                placeholder=hint
                aria-label=hint
                aria-autocomplete="list"
                aria-controls=format!("{id}-list")
                aria-expanded=move || (count.get() > 0).to_string()
                aria-activedescendant=move || (count.get() > 0).then(|| format!("{id}-{}", active.get()))
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
                aria-label=name
                aria-multiselectable=(after == AfterChoice::Stay).then_some("true")
                hidden=move || count.get() == 0
            >
                {options}
            </ul>
            {note}
            <super::InlineError error=refused />
        </div>
    }
    .into_any()
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
        super::place_under(&popover, &button);
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (popover, button);
}

/// Scrolls the list as little as needed to show an option.
pub fn show_option(list: NodeRef<html::Ul>, place: usize) {
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
