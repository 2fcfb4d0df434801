//! Marks in the open message what was searched for (L5), and brings the first place into sight. The browser paints the marks
//! (CSS custom highlights), so the message's elements stay as they are. Formatted mails stay unmarked: their frame is closed to scripts.

use model::{SearchText, lower};

/// The name of the highlight. The style sheet has its look.
#[cfg(feature = "hydrate")]
const NAME: &str = "found";
/// How many places are marked.
#[cfg(feature = "hydrate")]
const MOST: usize = 200;

/// What is marked for a search: its words and phrases, folded.
pub(super) fn words(text: &str) -> Vec<Vec<char>> {
    let terms = SearchText::parse(text).terms.into_iter().filter(|term| !term.not);
    let words = terms.flat_map(|term| match term.phrase {
        true => vec![term.text],
        false => term.text.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect(),
    });
    words.map(|word| word.chars().map(fold).collect::<Vec<_>>()).filter(|word| !word.is_empty()).collect()
}

/// Where the words begin in a text, and how long they are, in characters. A word counts at the beginning of another one.
#[cfg(any(feature = "hydrate", test))]
pub(super) fn places(text: &[char], words: &[Vec<char>]) -> Vec<(usize, usize)> {
    let begins = |at: usize| at == 0 || text.get(at - 1).is_some_and(|c| !c.is_alphanumeric());
    let fits = |at: usize, word: &Vec<char>| text.get(at..).is_some_and(|rest| rest.starts_with(word));
    let is_spaced = |word: &[char]| word.first().is_some_and(|c| (*c as u32) < 0x2E80);
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let word = words
            .iter()
            .filter(|word| (begins(at) || !is_spaced(word)) && fits(at, word))
            .max_by_key(|word| word.len());
        let length = word.map_or(0, Vec::len);
        if length > 0 {
            found.push((at, length));
        }
        at += length.max(1);
    }
    found
}

/// A letter without case and accent, as one character. The server knows more forms; this is for the eye.
fn fold(c: char) -> char {
    let small = |c: char| lower(&c.to_string()).chars().next().unwrap_or(c);
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    #[cfg(feature = "hydrate")]
    {
        let apart = js_sys::JsString::from(c.to_string()).normalize("NFKD");
        small(String::from(apart).chars().next().unwrap_or(c))
    }
    #[cfg(not(feature = "hydrate"))]
    small(c)
}

/// On the server nothing is painted.
#[cfg(not(feature = "hydrate"))]
pub(super) fn mark(_: i64, _: &[Vec<char>]) -> Option<()> {
    None
}

/// Marks the words in an entry of the thread, and scrolls to the first. Without such words, nothing is marked any more.
#[cfg(feature = "hydrate")]
pub(super) fn mark(n: i64, words: &[Vec<char>]) -> Option<()> {
    use leptos::prelude::document;
    use wasm_bindgen::JsCast;

    let ranges = js_sys::Array::new();
    let mut first = None;
    let entry = document().get_element_by_id(&format!("m{n}"));
    for text in entry.iter().flat_map(|entry| texts(entry, Vec::new())) {
        let value = text.data();
        // Places in the DOM are counted in UTF-16.
        let (mut folded, mut offsets, mut offset) = (Vec::new(), Vec::new(), 0_u32);
        for c in value.chars() {
            folded.push(fold(c));
            offsets.push(offset);
            offset += c.len_utf16() as u32;
        }
        offsets.push(offset);
        for (at, length) in places(&folded, words) {
            if ranges.length() as usize >= MOST {
                break;
            }
            let range = document().create_range().ok()?;
            range.set_start(&text, *offsets.get(at)?).ok()?;
            range.set_end(&text, *offsets.get(at + length)?).ok()?;
            first.get_or_insert_with(|| range.clone());
            ranges.push(&range);
        }
    }
    if let (Some(first), Some(entry)) = (first, entry) {
        into_sight(&first, &entry);
    }
    let window = leptos::prelude::window();
    let get = |of: &wasm_bindgen::JsValue, name: &str| js_sys::Reflect::get(of, &name.into()).ok();
    let highlights = get(&get(&window, "CSS")?, "highlights").filter(|all| !all.is_undefined())?;
    let make: js_sys::Function = get(&window, "Highlight")?.dyn_into().ok()?;
    let highlight = js_sys::Reflect::construct(&make, &ranges).ok()?;
    let set: js_sys::Function = get(&highlights, "set")?.dyn_into().ok()?;
    set.call2(&highlights, &NAME.into(), &highlight).ok()?;
    Some(())
}

/// The text nodes below an element.
#[cfg(feature = "hydrate")]
fn texts(of: &web_sys::Node, mut all: Vec<web_sys::Text>) -> Vec<web_sys::Text> {
    use wasm_bindgen::JsCast;

    let children = of.child_nodes();
    for at in 0..children.length() {
        let Some(child) = children.item(at) else { continue };
        match child.dyn_into::<web_sys::Text>() {
            Ok(text) => all.push(text),
            Err(other) => all = texts(&other, all),
        }
    }
    all
}

/// Scrolls the thread if the place is outside of what is visible.
#[cfg(feature = "hydrate")]
fn into_sight(place: &web_sys::Range, entry: &web_sys::Element) {
    let Some(frame) = entry.closest(".stream").ok().flatten() else { return };
    let (place, seen) = (place.get_bounding_client_rect(), frame.get_bounding_client_rect());
    if place.top() < seen.top() || place.bottom() > seen.bottom() {
        let middle = seen.top() + seen.height() / 2.0;
        frame.set_scroll_top(frame.scroll_top() + (place.top() - middle).round() as i32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str, search: &str) -> Vec<String> {
        let chars: Vec<char> = text.chars().collect();
        let folded: Vec<char> = chars.iter().copied().map(fold).collect();
        let places = places(&folded, &words(search));
        places.into_iter().map(|(at, length)| chars[at..at + length].iter().collect()).collect()
    }

    #[test]
    fn l5_words_are_marked_where_they_begin() {
        assert_eq!(marked("The Category list, cats and concat", "cat -list"), ["Cat", "cat"]);
        assert_eq!(marked("red door, a door that is red", "\"red door\""), ["red door"]);
        assert_eq!(marked("AB-2026/0042", "ab-2026/0042 from:anna"), ["AB", "2026", "0042"]);
        assert_eq!(marked("見積書をお願い", "積書"), ["積書"]);
        assert_eq!(marked("nothing", "-x !?"), Vec::<String>::new());
    }
}
