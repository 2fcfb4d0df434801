//! Long addresses that break only at natural places.

use leptos::prelude::*;

/// A text that may wrap inside a word only before an `@`, a dot, a slash or an underscore.
pub fn breakable(text: &str) -> Vec<AnyView> {
    pieces(text)
        .into_iter()
        .enumerate()
        .map(|(at, piece)| {
            let piece = piece.to_owned();
            if at == 0 { piece.into_any() } else { view! { <wbr />{piece} }.into_any() }
        })
        .collect()
}

fn pieces(text: &str) -> Vec<&str> {
    let (mut pieces, mut begin, mut before) = (Vec::new(), 0, ' ');
    let mut chars = text.char_indices().peekable();
    while let Some((at, one)) = chars.next() {
        let goes_on = chars.peek().is_some_and(|(_, next)| next.is_alphanumeric());
        if matches!(one, '@' | '.' | '/' | '_') && before.is_alphanumeric() && goes_on {
            pieces.push(&text[begin..at]);
            begin = at;
        }
        before = one;
    }
    pieces.push(&text[begin..]);
    pieces
}

#[cfg(test)]
mod tests {
    use super::pieces;

    #[test]
    fn d1_addresses_break_at_their_signs_and_words_do_not() {
        assert_eq!(pieces("anna.schmidt@werk.example"), ["anna", ".schmidt", "@werk", ".example"]);
        assert_eq!(pieces("https://werk.example/a_b"), ["https://werk", ".example", "/a", "_b"]);
        assert_eq!(pieces("Dr. Anna Schmidt ..."), ["Dr. Anna Schmidt ..."]);
        assert_eq!(pieces("данные@пример.рф"), ["данные", "@пример", ".рф"]);
        assert_eq!(pieces(""), [""]);
    }
}
