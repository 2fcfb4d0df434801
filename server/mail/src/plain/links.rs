//! Writes the target of a link, if its words do not contain it.

use crate::tags::Tag;

/// Longer addresses, in bytes, are useless to people.
const LONGEST: usize = 2000;
/// Longer link texts, in bytes, are not searched for the address: nested links share the same text.
const LONGEST_WORDS: usize = 2 * LONGEST;

/// An open link.
pub(super) struct Link {
    /// Its target, as it is written.
    pub target: String,
    /// The start of its words.
    pub words_from: usize,
}

/// The target of a link: a page, an address, a number.
pub(super) fn target(tag: &Tag<'_>) -> Option<String> {
    let href = tag.attribute("href")?;
    let href = href.trim();
    let hides = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '<' | '>' | '"' | '\\' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
    };
    if href.len() > LONGEST || href.chars().any(hides) {
        return None;
    }
    let (scheme, rest) = href.split_once(':')?;
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" if rest.len() > 2 && rest.starts_with("//") => Some(href.to_owned()),
        "mailto" | "tel" => rest.split('?').next().filter(|rest| !rest.is_empty()).map(str::to_owned),
        _ => None,
    }
}

impl Link {
    /// The note after a link's words. None if they contain the target, or there are no words.
    pub fn note(&self, text: &str) -> Option<String> {
        let words = text.get(self.words_from..)?.trim();
        let meant = bare(&self.target);
        let says = words.len() <= LONGEST_WORDS && {
            let said = bare(words);
            said == meant
                || words.contains(&self.target)
                || (said.len() > 5 && meant.ends_with(&said) && is_number(&said))
        };
        (!words.is_empty() && !meant.is_empty() && !says).then(|| format!("<{}>", self.target))
    }
}

/// An address without the parts that people leave out.
fn bare(address: &str) -> String {
    let lower: String = address.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
    let lower = lower.trim_start_matches("mailto:").trim_start_matches("tel:");
    let lower = lower.trim_start_matches("https://").trim_start_matches("http://").trim_start_matches("www.");
    let lower = lower.trim_end_matches('/');
    let digits: String = lower.chars().filter(char::is_ascii_digit).collect();
    let writes_number = lower.chars().all(|c| c.is_ascii_digit() || "+-()/.".contains(c));
    if writes_number && digits.len() > 5 { digits } else { lower.to_owned() }
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s10_the_words_of_a_link_are_looked_at_up_to_a_length() {
        let link = Link { target: "https://x.example/a".to_owned(), words_from: 0 };
        assert_eq!(link.note("x.example/a"), None);
        assert_eq!(link.note(&"word ".repeat(1_000_000)).as_deref(), Some("<https://x.example/a>"));
        // Hundreds of links around one long text: each was compared with all of it.
        let begun = std::time::Instant::now();
        let long = "x".repeat(2_000_000);
        assert!((0..1000).all(|_| link.note(&long).is_some()));
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    }
}
