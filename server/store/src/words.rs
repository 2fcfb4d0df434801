//! Text as the index sees it: folded and cut into words here, so that both engines index the same.

use std::collections::BTreeSet;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Longer runs are cut: nobody searches for them, and they would swell the index.
const WORD_CHARS: usize = 40;
/// A text's index is bounded whatever it holds.
const WORDS: usize = 4_000;

/// The words of a text: without case, accents and punctuation; runs of scripts that put no spaces between words become
/// overlapping pairs, so that a Japanese word of two characters is found inside a sentence. Each word once.
pub fn index_words(text: &str) -> String {
    let mut words = BTreeSet::new();
    each_run(text, |run, spaced| {
        if words.len() >= WORDS {
            return;
        }
        if spaced {
            words.insert(run.iter().take(WORD_CHARS).collect::<String>());
            return;
        }
        for (at, first) in run.iter().enumerate() {
            // The single character as well: a query of one character finds it.
            words.insert(first.to_string());
            if let Some(second) = run.get(at + 1) {
                words.insert([*first, *second].iter().collect());
            }
        }
    });
    words.into_iter().collect::<Vec<_>>().join(" ")
}

/// What a query asks for: every word must be there; the last one may be the beginning of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Words that must be there as they are.
    pub whole: Vec<String>,
    /// Words of which the beginning is enough.
    pub prefixes: Vec<String>,
}

impl Query {
    /// Cuts a query as texts are cut; none when it holds no word at all. At most 12 words count.
    pub fn parse(text: &str) -> Option<Self> {
        let (mut whole, mut prefixes) = (Vec::new(), Vec::new());
        each_run(text, |run, spaced| {
            if whole.len() + prefixes.len() >= 12 {
                return;
            }
            match (spaced, run) {
                (true, run) => prefixes.push(run.iter().take(WORD_CHARS).collect()),
                (false, [one]) => whole.push(one.to_string()),
                (false, run) => whole.extend(run.windows(2).map(|pair| pair.iter().collect::<String>())),
            }
        });
        (!whole.is_empty() || !prefixes.is_empty()).then_some(Self { whole, prefixes })
    }

    /// For FTS5; words are letters and digits only, so that quoting them is enough.
    pub fn fts5(&self, workspace: &str) -> String {
        let whole = self.whole.iter().map(|word| format!(" AND words : \"{word}\""));
        let prefixes = self.prefixes.iter().map(|word| format!(" AND words : \"{word}\" *"));
        format!("workspace : \"{}\"{}", workspace_word(workspace), whole.chain(prefixes).collect::<String>())
    }

    /// For `to_tsquery`.
    pub fn tsquery(&self, workspace: &str) -> String {
        let whole = self.whole.iter().map(|word| format!(" & '{word}'"));
        let prefixes = self.prefixes.iter().map(|word| format!(" & '{word}':*"));
        format!("'{}'{}", workspace_word(workspace), whole.chain(prefixes).collect::<String>())
    }
}

/// The workspace as a word of its own index: its id without dashes, with a letter in front that no folded text begins so.
pub fn workspace_word(workspace: &str) -> String {
    format!("w{}", workspace.replace('-', ""))
}

/// Calls `found` with each run of letters and digits, folded; the flag says whether its script puts spaces between words.
fn each_run(text: &str, mut found: impl FnMut(&[char], bool)) {
    let mut run: Vec<char> = Vec::new();
    let mut spaced = true;
    for c in fold(text) {
        let is_word = c.is_alphanumeric();
        let is_spaced = !without_spaces(c);
        if !run.is_empty() && (!is_word || is_spaced != spaced) {
            found(&run, spaced);
            run.clear();
        }
        if is_word {
            spaced = is_spaced;
            run.push(c);
        }
    }
    if !run.is_empty() {
        found(&run, spaced);
    }
}

/// Compatibility forms, case and accents away: "Ｃａｆé" and "cafe" are the same; so are ß and ss.
fn fold(text: &str) -> impl Iterator<Item = char> + '_ {
    text.nfkd()
        // The voicing marks of kana are letters in all but encoding; they are put together again below.
        .filter(|c| !is_combining_mark(*c) || matches!(c, '\u{3099}' | '\u{309a}'))
        .flat_map(char::to_lowercase)
        .filter(|c| !is_combining_mark(*c) || matches!(c, '\u{3099}' | '\u{309a}'))
        .flat_map(|c| {
            let (first, second) = match c {
                'ß' => ('s', Some('s')),
                'æ' => ('a', Some('e')),
                'œ' => ('o', Some('e')),
                'ø' => ('o', None),
                'ł' => ('l', None),
                'đ' | 'ð' => ('d', None),
                'ı' => ('i', None),
                'þ' => ('t', Some('h')),
                c => (c, None),
            };
            std::iter::once(first).chain(second)
        })
        .nfc()
}

/// Scripts written without spaces between words: Han, kana, Thai, Lao, Khmer, Myanmar, Tibetan.
const fn without_spaces(c: char) -> bool {
    matches!(c as u32,
        0x0E00..=0x0EFF | 0x0F00..=0x0FFF | 0x1000..=0x109F | 0x1780..=0x17FF
        | 0x3005..=0x3007 | 0x3040..=0x30FF | 0x31F0..=0x31FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3134F)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn folds_case_accents_and_forms() {
        assert_eq!(index_words("Ｃafé CAFÉ, straße!"), "cafe strasse");
        assert_eq!(index_words("Łódź Ærø İstanbul"), "aero istanbul lodz");
    }

    #[test]
    fn l5_two_character_japanese_words_are_found() {
        let indexed = index_words("見積書をありがとうございます。");
        let query = Query::parse("見積").expect("a word");
        assert_eq!(query.whole, ["見積"]);
        assert!(indexed.split(' ').any(|word| word == "見積"));
        assert!(index_words("がぎ").split(' ').any(|word| word == "がぎ"), "voicing marks are kept");
    }

    proptest! {
        #[test]
        fn a_text_finds_itself(text in "\\PC{0,40}") {
            let indexed = index_words(&text);
            let words: BTreeSet<&str> = indexed.split(' ').collect();
            if let Some(query) = Query::parse(&text) {
                for word in &query.whole { prop_assert!(words.contains(word.as_str()), "{word}"); }
                for prefix in &query.prefixes { prop_assert!(words.iter().any(|w| w.starts_with(prefix.as_str())), "{prefix}"); }
            }
        }

        /// No query text can break out of its quotes (S28).
        #[test]
        fn s28_queries_hold_only_words(text in "\\PC{0,60}") {
            if let Some(query) = Query::parse(&text) {
                for word in query.whole.iter().chain(&query.prefixes) {
                    prop_assert!(word.chars().all(char::is_alphanumeric), "{word:?}");
                }
            }
        }
    }
}
