//! What is typed into the search, and the part of the URL that says at which entry a conversation is opened.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// The search. It lives as long as the signed-in layout, so a text stays while another page is open. Copies share their state.
#[derive(Clone, Copy)]
pub struct Search {
    /// The typed text.
    pub text: RwSignal<String>,
    /// Whether there is something to search for. Results are shown in place of the list.
    pub is_on: Memo<bool>,
    /// Whether the field was used, so that its code is needed.
    pub used: RwSignal<bool>,
}

/// Returns the search. Works only below the signed-in layout.
pub fn use_search() -> Search {
    expect_context()
}

impl Search {
    /// The selector of the field.
    pub const FIELD: &'static str = "#search-text";

    /// Provides an empty search to everything below.
    pub fn provide() {
        let text = RwSignal::new(String::new());
        let is_on = Memo::new(move |_| text.with(|text| !text.trim().is_empty()));
        provide_context(Self { text, is_on, used: RwSignal::new(false) });
    }
}

/// The entry that the URL opens the conversation at: `?at=12`. `asked` is the conversation in the path. While the router changes from one
/// page to the next, the query is already the next one's. Then the value before is kept, or the wrong entry would be read.
pub fn use_place(asked: Memo<Option<String>>) -> Memo<Option<i64>> {
    let location = use_location();
    Memo::new(move |before: Option<&Option<i64>>| {
        let at = location.search.with(|query| at_of(query));
        let fits =
            location.pathname.with(|path| asked.with(|asked| path.ends_with(asked.as_deref().unwrap_or("inbox"))));
        if fits { at } else { before.copied().unwrap_or(at) }
    })
}

/// The entry that a query names.
pub fn at_of(query: &str) -> Option<i64> {
    parts(query).find_map(|part| part.strip_prefix("at=")?.parse().ok())
}

/// A query that opens a conversation at an entry, or at its end. The other parameters stay as they are.
pub fn query_at(query: &str, at: Option<i64>) -> String {
    let mut whole = String::new();
    let at = at.map(|n| format!("at={n}"));
    for part in parts(query).filter(|part| !part.starts_with("at=")).chain(at.as_deref()) {
        whole.push(if whole.is_empty() { '?' } else { '&' });
        whole.push_str(part);
    }
    whole
}

fn parts(query: &str) -> impl Iterator<Item = &str> {
    query.trim_start_matches('?').split('&').filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{at_of, query_at};

    #[test]
    fn l5_the_url_names_an_entry_and_keeps_the_rest() {
        for (query, at, with, without) in [
            ("", None, "?at=7", ""),
            ("?view=all", None, "?view=all&at=7", "?view=all"),
            ("at=3&view=all&q=a%26at=4", Some(3), "?view=all&q=a%26at=4&at=7", "?view=all&q=a%26at=4"),
            ("at=x", None, "?at=7", ""),
        ] {
            assert_eq!(at_of(query), at, "{query}");
            assert_eq!(query_at(query, Some(7)), with, "{query}");
            assert_eq!(query_at(query, None), without, "{query}");
        }
    }
}
