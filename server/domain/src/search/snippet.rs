//! The sentence with a hit, and what in it was searched for.

use model::{Message, Snippet, SnippetPart, SnippetPiece, Term};
use store::words::{PlacedRun, placed_runs};

/// How many characters a sentence has at most, and how many of them stand before the hit.
const MOST: usize = 160;
const BEFORE: usize = 50;
/// How far a text is looked through. A hit further down shows the beginning instead.
const LOOKED_THROUGH: usize = 64 * 1024;
/// The most hits that are marked in one sentence.
const MARKED: usize = 20;

/// Finds the words of a search in texts.
pub(super) struct Marker {
    wanted: Vec<Sought>,
}

/// The folded words of one term.
struct Sought {
    runs: Vec<(String, bool)>,
    phrase: bool,
}

impl Marker {
    pub(super) fn of(terms: &[Term]) -> Self {
        let sought = |term: &Term| {
            let run = |run: PlacedRun| (run.chars.iter().map(|(c, ..)| *c).collect(), run.spaced);
            Sought { runs: placed_runs(&term.text).into_iter().map(run).collect(), phrase: term.phrase }
        };
        Self { wanted: terms.iter().filter(|term| !term.not).map(sought).collect() }
    }

    /// The sentence with the first hit: in the text, else in the subject, else in the name of a file. Without a hit, the beginning.
    pub(super) fn snippet(&self, message: &Message) -> Snippet {
        let subject = message.mail().map(|mail| (SnippetPart::Subject, mail.subject.as_str()));
        let files = message.attachments.iter().map(|file| (SnippetPart::File, file.name.as_str()));
        let parts = [(SnippetPart::Text, message.text.as_str())].into_iter().chain(subject).chain(files);
        let mut beginning = None;
        for (part, text) in parts {
            let text = cut(text);
            let hits = self.hits(text);
            if !hits.is_empty() {
                return Snippet { part, pieces: pieces(text, &hits) };
            }
            if beginning.is_none() && text.chars().any(|c| !c.is_whitespace()) {
                beginning = Some(Snippet { part, pieces: pieces(text, &[]) });
            }
        }
        beginning.unwrap_or(Snippet { part: SnippetPart::Text, pieces: Vec::new() })
    }

    /// The bytes of what was found, in order and apart from each other.
    fn hits(&self, text: &str) -> Vec<(usize, usize)> {
        let runs = placed_runs(text);
        let mut hits: Vec<(usize, usize)> = self.wanted.iter().flat_map(|sought| sought.hits(&runs)).collect();
        hits.sort_unstable();
        let mut apart: Vec<(usize, usize)> = Vec::new();
        for (begin, end) in hits {
            match apart.last_mut() {
                Some((_, last)) if begin <= *last => *last = end.max(*last),
                _ => apart.push((begin, end)),
            }
        }
        apart
    }
}

impl Sought {
    fn hits(&self, runs: &[PlacedRun]) -> Vec<(usize, usize)> {
        let mut hits = Vec::new();
        if self.phrase {
            for at in 0..runs.len() {
                let found = self.runs.iter().enumerate().map(|(n, (word, spaced))| {
                    let is_inside = n > 0 && n + 1 < self.runs.len();
                    let run = runs.get(at + n).filter(|run| run.spaced == *spaced)?;
                    if *spaced || is_inside { whole(run, word) } else { part(run, word, n > 0) }
                });
                if let Some(found) = found.collect::<Option<Vec<_>>>()
                    && let (Some((begin, _)), Some((_, end))) = (found.first(), found.last())
                {
                    hits.push((*begin, *end));
                }
                if hits.len() >= MARKED {
                    break;
                }
            }
            return hits;
        }
        for run in runs {
            let of_run = self.runs.iter().filter(|(_, spaced)| *spaced == run.spaced).filter_map(|(word, spaced)| {
                // A single letter is found only as a word of its own.
                let is_letter = *spaced && word.chars().nth(1).is_none();
                if is_letter { whole(run, word) } else { part(run, word, *spaced) }
            });
            hits.extend(of_run);
            if hits.len() >= MARKED {
                break;
            }
        }
        hits
    }
}

/// The bytes of a run that is this word.
fn whole(run: &PlacedRun, word: &str) -> Option<(usize, usize)> {
    let is_same = run.chars.iter().map(|(c, ..)| *c).eq(word.chars());
    is_same.then(|| run.chars.first().zip(run.chars.last())).flatten().map(|(first, last)| (first.1, last.2))
}

/// The bytes of a word within a run, or only at its beginning.
fn part(run: &PlacedRun, word: &str, at_beginning: bool) -> Option<(usize, usize)> {
    let word: Vec<char> = word.chars().collect();
    let mut windows = run.chars.windows(word.len().max(1));
    let is_same = |window: &&[(char, usize, usize)]| window.iter().map(|(c, ..)| c).eq(&word);
    let found = if at_beginning { windows.next().filter(is_same) } else { windows.find(is_same) }?;
    found.first().zip(found.last()).map(|(first, last)| (first.1, last.2))
}

/// The part of a text that is looked through.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(LOOKED_THROUGH);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The sentence around the first hit, in pieces on one line.
fn pieces(text: &str, hits: &[(usize, usize)]) -> Vec<SnippetPiece> {
    let first = hits.first().map_or(0, |(begin, _)| *begin);
    let (begin, end) = window(text, first);
    let mut pieces: Vec<SnippetPiece> = Vec::new();
    let mut add = |text: &str, hit: bool| {
        let text = one_line(text);
        if !text.is_empty() {
            pieces.push(SnippetPiece { text, hit });
        }
    };
    if begin > 0 {
        add("…", false);
    }
    let mut at = begin;
    for (from, until) in hits.iter().map(|(from, until)| ((*from).max(begin), (*until).min(end))).take(MARKED) {
        if from >= end {
            break;
        }
        add(&text[at..from], false);
        add(&text[from..until], true);
        at = until;
    }
    add(&text[at..end], false);
    if end < text.trim_end().len() {
        add("…", false);
    }
    pieces
}

/// Where the sentence around a place begins and ends.
fn window(text: &str, place: usize) -> (usize, usize) {
    let before: Vec<(usize, char)> = text[..place].char_indices().rev().take(BEFORE).collect();
    // From the beginning of the sentence, or of a word, if it is near enough.
    let is_end = |c: char| matches!(c, '.' | '!' | '?' | '\n' | '。' | '！' | '？');
    let sentence = before.iter().find(|(_, c)| is_end(*c)).map(|(at, c)| at + c.len_utf8());
    let word = before.iter().rev().find(|(_, c)| c.is_whitespace()).map(|(at, c)| at + c.len_utf8());
    let begin = match (sentence, before.last()) {
        (Some(at), _) => at,
        (None, Some((at, _))) if *at > 0 && before.len() == BEFORE => word.unwrap_or(*at),
        _ => 0,
    };
    let begin = begin + text[begin..place].len() - text[begin..place].trim_start().len();
    let end = text[begin..].char_indices().nth(MOST).map_or(text.len(), |(at, _)| begin + at);
    (begin, end)
}

/// Line breaks and other control characters as spaces, and no two spaces beside each other.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars().map(|c| if c.is_whitespace() || c.is_control() { ' ' } else { c }) {
        if c != ' ' || !line.ends_with(' ') {
            line.push(c);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use model::SearchText;
    use proptest::prelude::*;

    use super::*;

    fn marked(query: &str, text: &str) -> String {
        let marker = Marker::of(&SearchText::parse(query).terms);
        let shown = pieces(text, &marker.hits(text));
        shown.iter().map(|piece| if piece.hit { format!("[{}]", piece.text) } else { piece.text.clone() }).collect()
    }

    #[test]
    fn l5_the_hit_is_marked_in_its_sentence() {
        for (query, text, shown) in [
            ("cafe", "Le CAFÉ de la gare", "Le [CAFÉ] de la gare"),
            ("gar", "Le café\nde  la Gare.", "…de la [Gar]e."),
            ("red door", "The red, red door", "The [red], [red] [door]"),
            ("\"red door\"", "The red, red door", "The red, [red door]"),
            ("\"red door\"", "The red doors", "The red doors"),
            ("door -red", "A red door", "A red [door]"),
            ("積書", "見積書をありがとう", "見[積書]をありがとう"),
            ("strasse", "Die Straße.", "Die [Straße]."),
            ("e\u{301}te", "L'été!", "L'[été]!"),
            ("a", "a b ab", "[a] b ab"),
        ] {
            assert_eq!(marked(query, text), shown, "{query}");
        }
        let long = format!("{} One more. Here is the needle in it, {}", "Hay. ".repeat(100), "hay ".repeat(100));
        let shown = marked("needle", &long);
        assert!(shown.starts_with("…Here is the [needle] in it, hay") && shown.ends_with('…'), "{shown}");
        assert!(marked("needle", &"x".repeat(5000)).chars().count() <= MOST + 1);
    }

    proptest! {
        #[test]
        fn s28_a_snippet_is_bounded_and_says_what_the_text_says(query in "\\PC{0,20}", text in "\\PC{0,400}") {
            let marker = Marker::of(&SearchText::parse(&query).terms);
            let shown = pieces(&text, &marker.hits(&text));
            let all: String = shown.iter().map(|piece| piece.text.as_str()).collect();
            prop_assert!(all.chars().count() <= MOST + 2);
            let plain = one_line(&text);
            for piece in shown.iter().filter(|piece| piece.hit) {
                prop_assert!(plain.contains(&piece.text), "{:?}", piece.text);
            }
        }
    }
}
