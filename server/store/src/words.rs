//! Prepares text for search: folds it and cuts it into words. Both engines index these words, so they find the same.

use std::collections::{BTreeMap, BTreeSet};

use model::{is_emoji, is_filler};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Longer runs are cut: nobody searches for them, and they would enlarge the index.
pub(crate) const WORD_CHARS: usize = 40;
/// The most words indexed of one text, however long it is.
const WORDS: usize = 4_000;

/// The words of a text, each once, without case, accents and punctuation. Scripts without spaces between words are cut into overlapping
/// pairs of characters, so that a Japanese word of two characters is found inside a sentence.
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
            // Also indexes the single character, so that a query of one character finds it.
            words.insert(first.to_string());
            if let Some(second) = run.get(at + 1) {
                words.insert([*first, *second].iter().collect());
            }
        }
    });
    words.into_iter().collect::<Vec<_>>().join(" ")
}

/// A search query. A text must contain every word; the last word may match the beginning of a longer one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Words that must match whole.
    pub whole: Vec<String>,
    /// Words that may match the beginning of a longer word.
    pub prefixes: Vec<String>,
}

impl Query {
    /// Cuts a query as texts are cut. None when it contains no word. Words after the first 12 are ignored.
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

    /// The query for SQLite's FTS5. Words contain only letters and digits, so quoting them is enough. A word may also be one of those that
    /// are similar to it.
    pub fn fts5(&self, workspace: &str, similar: &BTreeMap<String, Vec<String>>) -> String {
        let whole = self.whole.iter().map(|word| format!(" AND words : \"{word}\""));
        let prefixes = self.prefixes.iter().map(|word| {
            let others = similar.get(word).into_iter().flatten().map(|other| format!(" OR words : \"{other}\""));
            format!(" AND (words : \"{word}\" *{})", others.collect::<String>())
        });
        format!("workspace : \"{}\"{}", workspace_word(workspace), whole.chain(prefixes).collect::<String>())
    }

    /// The query for PostgreSQL's `to_tsquery`.
    pub fn tsquery(&self, workspace: &str, similar: &BTreeMap<String, Vec<String>>) -> String {
        let whole = self.whole.iter().map(|word| format!(" & '{word}'"));
        let prefixes = self.prefixes.iter().map(|word| {
            let others = similar.get(word).into_iter().flatten().map(|other| format!(" | '{other}'"));
            format!(" & ('{word}':*{})", others.collect::<String>())
        });
        format!("'{}'{}", workspace_word(workspace), whole.chain(prefixes).collect::<String>())
    }
}

/// The words of a text in order, as the index of messages keeps them. A run of a script without spaces becomes its overlapping pairs, then
/// its last character, so that any part of it is a row of neighbours. The flag says whether the script puts spaces between words.
pub(crate) fn ordered_words(text: &str, mut found: impl FnMut(String, bool)) {
    each_run(text, |run, spaced| {
        let mut take = |word: String| found(word, spaced);
        if spaced {
            return take(run.iter().take(WORD_CHARS).collect());
        }
        for pair in run.windows(2) {
            take(pair.iter().collect());
        }
        if let Some(last) = run.last() {
            take(last.to_string());
        }
    });
}

/// The runs of letters and digits of a text, folded and in order. The flag says whether the script puts spaces between words.
pub(crate) fn runs(text: &str) -> Vec<(String, bool)> {
    let mut all = Vec::new();
    each_run(text, |run, spaced| {
        let most = if spaced { WORD_CHARS } else { run.len() };
        all.push((run.iter().take(most).collect(), spaced));
    });
    all
}

/// A folded run of letters and digits, with the bytes of the text that each character comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedRun {
    /// The characters, each with the beginning and the end of its bytes.
    pub chars: Vec<(char, usize, usize)>,
    /// Whether the script puts spaces between words.
    pub spaced: bool,
}

/// The runs of a text with their places, for marking what was found. Each character is folded with the marks that follow it.
pub fn placed_runs(text: &str) -> Vec<PlacedRun> {
    let mut all: Vec<PlacedRun> = Vec::new();
    let mut open = false;
    let mut chars = text.char_indices().peekable();
    while let Some((begin, first)) = chars.next() {
        let mut end = begin + first.len_utf8();
        while let Some((at, mark)) = chars.next_if(|(_, c)| is_combining_mark(*c)) {
            end = at + mark.len_utf8();
        }
        for c in fold(&text[begin..end]) {
            let in_word = open.then(|| all.last().is_some_and(|run| run.spaced));
            match Part::of(c, in_word) {
                Part::Word => {}
                Part::Nothing => continue,
                Part::End => {
                    open = false;
                    continue;
                }
            }
            let spaced = !without_spaces(c);
            match all.last_mut().filter(|run| open && run.spaced == spaced) {
                Some(run) => run.chars.push((c, begin, end)),
                None => all.push(PlacedRun { chars: vec![(c, begin, end)], spaced }),
            }
            open = true;
        }
    }
    all
}

/// The word that stands for the workspace in the index: its id without dashes, after the letter `w`.
pub fn workspace_word(workspace: &str) -> String {
    format!("w{}", workspace.replace('-', ""))
}

/// What a folded character is to a run of letters and digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Word,
    /// As if it were not there.
    Nothing,
    End,
}

impl Part {
    /// Of a character behind a run, if there is one, of a script with spaces or without.
    fn of(c: char, run: Option<bool>) -> Self {
        match c {
            // Signs that are written with a letter, as vowels in Indic scripts.
            c if c.is_alphanumeric() || is_emoji(c) || (run.is_some() && is_combining_mark(c)) => Self::Word,
            // It separates words only in scripts without spaces.
            '\u{200b}' if run == Some(true) => Self::Nothing,
            _ => Self::End,
        }
    }
}

/// Calls `found` with each folded run of letters and digits. The flag says whether the script puts spaces between words.
fn each_run(text: &str, mut found: impl FnMut(&[char], bool)) {
    let mut run: Vec<char> = Vec::new();
    let mut spaced = true;
    for c in fold(text) {
        let part = Part::of(c, (!run.is_empty()).then_some(spaced));
        if part == Part::Nothing {
            continue;
        }
        let is_word = part == Part::Word;
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

/// Removes compatibility forms, case, accents and what is invisible: "Ｃａｆé" and "cafe" become equal, and so do ß and ss.
fn fold(text: &str) -> impl Iterator<Item = char> + '_ {
    let is_kept = |c: &char| !is_accent(*c) && !is_decoration(*c);
    text.nfkd()
        .filter(is_kept)
        .flat_map(char::to_lowercase)
        .filter(is_kept)
        .flat_map(|c| {
            let (first, second) = match c {
                'ß' => ('s', Some('s')),
                'ς' => ('σ', None),
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

/// Marks that many leave out: Latin, Greek and Cyrillic accents, Hebrew points, Arabic vowels. Other scripts' marks are letters of their own;
/// kana's are recombined.
const fn is_accent(c: char) -> bool {
    matches!(c as u32,
        0x0300..=0x036F | 0x0483..=0x0489 | 0x0591..=0x05BD | 0x05BF..=0x05C7 | 0x0610..=0x061A | 0x064B..=0x065F | 0x0670 | 0x06D6..=0x06DC
        | 0x06DF..=0x06E8 | 0x06EA..=0x06ED | 0x1AB0..=0x1AFF | 0x1DC0..=0x1DFF | 0x20D0..=0x20FF | 0xFE20..=0xFE2F)
}

/// What only changes how others look: soft hyphens and joiners, the Arabic line that stretches words, and the variants and tones of emoji.
fn is_decoration(c: char) -> bool {
    (is_filler(c) && c != '\u{200b}') || matches!(c, '\u{640}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}')
}

/// Scripts written without spaces between words, and emoji: Han, kana, Thai, Lao, Khmer, Myanmar, Tibetan.
const fn without_spaces(c: char) -> bool {
    is_emoji(c)
        || matches!(c as u32,
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

    #[test]
    fn l5_words_are_the_same_however_they_are_written() {
        for (written, typed) in [
            ("οδός", "ΟΔΟΣ"),
            ("العـــربية", "العربية"),
            ("Kraftwerks\u{ad}ingenieur", "Kraftwerksingenieur"),
            ("Kraftwerks\u{200b}ingenieur", "kraftwerksingenieur"),
            ("שָׁלוֹם", "שלום"),
            ("👍🏽", "👍"),
            ("❤️", "❤"),
        ] {
            assert_eq!(index_words(written), index_words(typed), "{written}");
        }
        for (one, other) in [("दाल", "दिल"), ("ปี", "ปู"), ("🦄", "🐴")] {
            assert_ne!(index_words(one), index_words(other), "{one}");
            assert!(!index_words(one).is_empty(), "{one}");
        }
        let marked = placed_runs("ein Kraftwerks\u{ad}ingenieur 🦄");
        assert_eq!(marked.len(), 3, "{marked:?}");
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
                    let is_safe = |c: char| c.is_alphanumeric() || is_emoji(c) || is_combining_mark(c);
                    prop_assert!(word.chars().all(is_safe), "{word:?}");
                }
            }
        }
    }
}
