//! A menu under a button: the browser's popover and the menu button pattern of WAI-ARIA.

use leptos::{ev::KeyboardEvent, html, prelude::*};

use super::{Glyph, Icon};

/// The meaning of a menu item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ItemTone {
    /// Any action.
    #[default]
    Neutral,
    /// Removes something.
    Danger,
}

/// A button and its menu. Arrow keys move, a letter jumps to an item, Esc closes and returns the focus to the button.
#[component]
pub fn Menu(
    /// The id of the menu. Unique in the page.
    #[prop(into)]
    id: String,
    /// The name of the menu, and of the button if the button has no words.
    #[prop(into)]
    name: String,
    /// The CSS classes of the button.
    #[prop(optional, into)]
    button_class: Option<String>,
    /// Whether the button has no words. Its name is then its label and its tooltip.
    #[prop(optional)]
    icon_only: bool,
    /// Aligns the menu with the end of the button.
    #[prop(optional)]
    align_end: bool,
    /// Creates the items when the menu first opens. For menus that need scripts anyway and occur often: closed menus would be half of the
    /// page.
    #[prop(optional)]
    late: bool,
    /// The content of the button.
    #[prop(into)]
    trigger: ViewFn,
    /// The items.
    children: ChildrenFn,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let made = RwSignal::new(!late);
    let button = NodeRef::<html::Button>::new();
    let popover = NodeRef::<html::Div>::new();
    let shown_name = icon_only.then(|| name.clone());
    let toggled = move |_| on_toggle(button, popover, open);
    if late {
        // The menu may be open already before hydration.
        Effect::new(move |_| {
            if is_open(popover) && !made.get_untracked() {
                made.set(true);
            }
        });
    }
    // Once: items that are made again as it closes lose the focus, and with it the way back to the button.
    let make = move |_: leptos::ev::Event| {
        if !made.get_untracked() {
            made.set(true);
        }
    };
    let keys = move |event: KeyboardEvent| on_menu_key(popover, &event);
    let open_by_arrow = move |event: KeyboardEvent| {
        if matches!(event.key().as_str(), "ArrowDown" | "ArrowUp") {
            event.prevent_default();
            set_open(popover, true);
        }
    };
    view! {
        <button
            type="button"
            node_ref=button
            class=button_class.unwrap_or_else(|| "btn btn-plain".to_owned())
            popovertarget=id.clone()
            aria-haspopup="menu"
            aria-expanded=move || if open.get() { "true" } else { "false" }
            aria-label=shown_name.clone()
            data-tip=shown_name
            data-tip-align=align_end.then_some("end")
            on:keydown=open_by_arrow
        >
            {trigger.run()}
        </button>
        <div
            id=id
            node_ref=popover
            class="menu"
            popover="auto"
            role="menu"
            aria-label=name
            data-align=align_end.then_some("end")
            on:beforetoggle=make
            on:toggle=toggled
            on:keydown=keys
            on:click=move |_| set_open(popover, false)
        >
            {move || made.get().then(|| children())}
        </div>
    }
}

/// One item of a menu.
#[component]
pub fn MenuItem(
    /// The label.
    #[prop(into)]
    label: String,
    /// The icon before the label.
    #[prop(optional)]
    icon: Option<Icon>,
    /// The meaning of the item.
    #[prop(optional)]
    tone: ItemTone,
    /// Whether this item is the chosen one, if the menu offers a choice.
    #[prop(optional, into)]
    checked: Option<Signal<bool>>,
    /// Why the item is disabled now.
    #[prop(optional, into)]
    disabled_because: Signal<Option<String>>,
    /// The keyboard shortcut for the same action.
    #[prop(optional, into)]
    shortcut: Option<String>,
    /// Called when the item is chosen.
    #[prop(into)]
    on_select: Callback<()>,
) -> impl IntoView {
    let select = move |event: leptos::ev::MouseEvent| {
        if disabled_because.with_untracked(Option::is_some) {
            // The menu stays open, so that the member can read the reason.
            event.stop_propagation();
        } else {
            on_select.run(());
        }
    };
    view! {
        <button
            type="button"
            class="menu-item"
            role=if checked.is_some() { "menuitemradio" } else { "menuitem" }
            tabindex="-1"
            data-tone=(tone == ItemTone::Danger).then_some("bad")
            aria-checked=move || checked.map(|on| if on.get() { "true" } else { "false" })
            aria-disabled=move || disabled_because.with(Option::is_some).then_some("true")
            on:click=select
        >
            {icon.map(|icon| view! { <Glyph icon=icon /> })}
            <span>
                {label}
                <span class="menu-note" hidden=move || disabled_because.with(Option::is_none)>
                    {move || disabled_because.get()}
                </span>
            </span>
            {shortcut.map(|keys| view! { <kbd>{keys}</kbd> })}
            {checked.map(|_| view! { <span class="menu-tick"><Glyph icon=Icon::Check /></span> })}
        </button>
    }
}

/// A separator between groups of items.
#[component]
pub fn MenuLine() -> impl IntoView {
    view! { <div class="menu-line" role="separator"></div> }
}

fn set_open(popover: NodeRef<html::Div>, open: bool) {
    #[cfg(feature = "hydrate")]
    if let Some(menu) = popover.try_get_untracked().flatten() {
        // Fails only if the menu is already in that state.
        let _ = if open { menu.show_popover() } else { menu.hide_popover() };
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (popover, open);
}

fn is_open(popover: NodeRef<html::Div>) -> bool {
    #[cfg(feature = "hydrate")]
    return popover.get_untracked().is_some_and(|menu| menu.matches(":popover-open").unwrap_or(false));
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = popover;
        false
    }
}

fn on_toggle(button: NodeRef<html::Button>, popover: NodeRef<html::Div>, open: RwSignal<bool>) {
    // The chosen action may have rendered the menu anew. This menu is then gone when its toggle event arrives.
    #[cfg(feature = "hydrate")]
    if let (Some(menu), Some(button)) = (popover.try_get_untracked().flatten(), button.try_get_untracked().flatten()) {
        let shown = menu.matches(":popover-open").unwrap_or(false);
        open.try_set(shown);
        if shown {
            place_under(&menu, &button);
            super::menu_keys::focus_item(&menu, super::menu_keys::Step::First);
        }
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (button, popover, open);
}

/// Places a menu or another popover under its button, for browsers without CSS anchor positioning.
#[cfg(feature = "hydrate")]
pub fn place_under(popover: &web_sys::HtmlElement, button: &web_sys::HtmlElement) {
    let at = button.get_bounding_client_rect();
    // Called by its full path, because the view macro adds another `style` method to elements.
    let style = web_sys::HtmlElement::style(popover);
    // In whole pixels: code that writes fractions would be several kB of the program.
    let _ = style.set_property("--menu-x", &format!("{}px", at.left().round() as i32));
    let _ = style.set_property("--menu-y", &format!("{}px", at.bottom().round() as i32 + 4));
}

fn on_menu_key(popover: NodeRef<html::Div>, event: &KeyboardEvent) {
    #[cfg(feature = "hydrate")]
    if let Some(menu) = popover.try_get_untracked().flatten() {
        use super::menu_keys::{Step, focus_item};
        let key = event.key();
        let step = match key.as_str() {
            "ArrowDown" => Step::Next,
            "ArrowUp" => Step::Previous,
            "Home" => Step::First,
            "End" => Step::Last,
            "Tab" => return set_open(popover, false),
            _ => match super::typed_key(&key, &event.code()) {
                Some(letter) if letter != ' ' => Step::Letter(letter),
                _ => return,
            },
        };
        event.prevent_default();
        event.stop_propagation();
        focus_item(&menu, step);
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (popover, event);
}
