//! Keyboard navigation among the items of a menu.

use model::lower;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// The target of a focus move.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    First,
    Last,
    Next,
    Previous,
    Letter(char),
}

pub(super) fn focus_item(menu: &Element, step: Step) {
    let Ok(nodes) = menu.query_selector_all("[role^=menuitem]") else { return };
    let items: Vec<HtmlElement> =
        (0..nodes.length()).filter_map(|i| nodes.item(i)?.dyn_into::<HtmlElement>().ok()).collect();
    let focused = items.iter().position(|item| item.matches(":focus").unwrap_or(false));
    let last = items.len().saturating_sub(1);
    let index = match (step, focused) {
        (Step::First, _) | (Step::Next, None) => 0,
        (Step::Last, _) | (Step::Previous, None | Some(0)) => last,
        (Step::Next, Some(i)) => (i + 1) % items.len().max(1),
        (Step::Previous, Some(i)) => i - 1,
        (Step::Letter(letter), at) => {
            let from = at.map_or(0, |i| i + 1);
            let starts = |item: &HtmlElement| {
                let text = item.text_content().unwrap_or_default();
                lower(text.trim_start()).starts_with(&lower(&letter.to_string()))
            };
            let found = items.iter().enumerate().cycle().skip(from).take(items.len()).find(|(_, item)| starts(item));
            match found {
                Some((index, _)) => index,
                None => return,
            }
        }
    };
    if let Some(item) = items.get(index) {
        let _ = item.focus();
    }
}
