//! What a message has for search, and what a search wants of it, in the forms of both engines. A message has words in order and marks. A
//! mark is a word with a sign before it that no folded word contains, so nothing that anybody types reaches a mark.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    AddressKind, ChannelId, ChannelKind, ConversationId, Entry, MemberId, Message, Sender, Span, Term, Timestamp,
    WorkspaceId,
};
use uuid::Uuid;

use super::{
    conversation::Loaded,
    words::{WORD_CHARS, ordered_words, runs},
};

/// Before a mark.
const MARK: char = '‡';
/// Before the first letters of a word. Only SQLite has these: it would read all words that begin so.
const BEGINNING: char = '†';
/// Between two texts, so that no phrase reaches from one into the other.
const BETWEEN: &str = "‧";
/// The beginnings that are kept as words of their own. One letter is too little, and more letters begin few words.
const BEGINNINGS: std::ops::RangeInclusive<usize> = 2..=3;
/// A file has marks for at most this many people of a mail.
const MOST_MAILBOXES: usize = 50;
/// The most words of a name or an address.
const MOST_NAME_WORDS: usize = 20;
/// The most words that are kept of one message, with its subject and the names of its files.
const MOST_WORDS: usize = 4_000;
const YEAR_MS: i64 = 31_556_952_000;

/// Marks of a message.
pub(super) mod mark {
    use super::{ChannelId, ConversationId, MARK, MemberId, Uuid, WorkspaceId};

    /// The end of an id is random enough to tell it from others. What is found is compared with the whole id.
    fn short(id: Uuid) -> u64 {
        id.as_u64_pair().1
    }

    pub(crate) fn workspace(id: WorkspaceId) -> String {
        format!("{MARK}w{}", id.uuid().simple())
    }
    pub(crate) fn conversation(id: ConversationId) -> String {
        format!("{MARK}v{:x}", short(id.uuid()))
    }
    pub(crate) fn channel(id: ChannelId) -> String {
        format!("{MARK}c{:x}", short(id.uuid()))
    }
    pub(crate) fn member(id: MemberId) -> String {
        format!("{MARK}s{:x}", short(id.uuid()))
    }
    pub(crate) fn year(year: i64) -> String {
        format!("{MARK}y{year}")
    }
    /// Where in the order of messages it is, in steps of this many. PostgreSQL's index has no order of its own.
    pub(crate) fn step(place: i64) -> String {
        format!("{MARK}p{}", place >> 14)
    }
    pub(crate) fn files() -> String {
        format!("{MARK}a")
    }
    pub(crate) fn incoming() -> String {
        format!("{MARK}ki")
    }
    pub(crate) fn outgoing() -> String {
        format!("{MARK}ko")
    }
    /// A word of the name or address of who wrote a mail.
    pub(crate) fn from(word: &str) -> String {
        format!("{MARK}f{word}")
    }
    /// A word of the name or address of a recipient.
    pub(crate) fn to(word: &str) -> String {
        format!("{MARK}t{word}")
    }
    /// A word of the name or address of somebody unknown who began a conversation.
    pub(crate) fn unknown(word: &str) -> String {
        format!("{MARK}u{word}")
    }
}

/// The year of a time, near enough: a search compares the time itself.
fn year(at: Timestamp) -> i64 {
    1970 + at.0.div_euclid(YEAR_MS)
}

/// The words and marks of one message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findable {
    words: Vec<String>,
    beginnings: BTreeSet<String>,
    known: BTreeSet<String>,
    marks: BTreeSet<String>,
}

/// What a message's conversation adds to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whereabouts {
    /// The channel.
    pub channel: ChannelId,
    /// The name and the address of the person outside, if they are no contact. The address is left out where it is a secret.
    pub unknown: Option<(String, String)>,
}

impl Whereabouts {
    /// Of a conversation on a channel with somebody who is no contact, or with a contact.
    pub fn of(channel: ChannelId, kind: ChannelKind, unknown: Option<(String, String)>) -> Self {
        let is_secret = kind.capabilities().address == AddressKind::Browser;
        let unknown = unknown.map(|(name, address)| (name, if is_secret { String::new() } else { address }));
        Self { channel, unknown }
    }
}

impl From<&Loaded> for Whereabouts {
    fn from(of: &Loaded) -> Self {
        let unknown = of.row.contact.is_none().then(|| (of.row.display_name().to_owned(), of.address.clone()));
        Self::of(of.row.channel, of.row.kind, unknown)
    }
}

impl Findable {
    /// What there is to find of a message. None if there is nothing, as for most event lines.
    pub fn of(workspace: WorkspaceId, message: &Message, place: &Whereabouts) -> Option<Self> {
        if matches!(message.entry, Entry::Line { .. }) && message.text.is_empty() {
            return None;
        }
        let mut all = Self::default();
        all.text(&message.text);
        let mail = message.mail();
        for more in mail.map(|mail| &mail.subject).into_iter().chain(message.attachments.iter().map(|file| &file.name))
        {
            all.words.push(BETWEEN.to_owned());
            all.text(more);
        }
        all.marks.extend([
            mark::workspace(workspace),
            mark::conversation(message.conversation),
            mark::channel(place.channel),
            mark::year(year(message.at)),
        ]);
        if !message.attachments.is_empty() {
            all.marks.insert(mark::files());
        }
        match &message.entry {
            Entry::Incoming => _ = all.marks.insert(mark::incoming()),
            Entry::Outgoing { by, .. } => {
                all.marks.insert(mark::outgoing());
                if let Sender::Member(by) = by {
                    all.marks.insert(mark::member(*by));
                }
            }
            Entry::Note { by } => _ = all.marks.insert(mark::member(*by)),
            Entry::Line { .. } => {}
        }
        if let Some(mail) = mail {
            let parties = &mail.parties;
            if let Some(from) = &parties.from {
                all.name(&from.name, &from.address, mark::from);
            }
            let to = parties.to.iter().chain(&parties.cc).chain(&mail.bcc);
            for to in to.take(MOST_MAILBOXES) {
                all.name(&to.name, &to.address, mark::to);
            }
        }
        if let (1, Some((name, address))) = (message.n, &place.unknown) {
            all.name(name, address, mark::unknown);
        }
        Some(all)
    }

    fn text(&mut self, text: &str) {
        ordered_words(text, |word, spaced| {
            // PostgreSQL refuses a value that is too long.
            if self.words.len() >= MOST_WORDS {
                return;
            }
            if spaced {
                for length in BEGINNINGS {
                    if let Some((end, _)) = word.char_indices().nth(length) {
                        self.beginnings.insert(format!("{BEGINNING}{}", &word[..end]));
                    }
                }
                if word.chars().nth(*BEGINNINGS.end()).is_some() {
                    self.known.insert(word.clone());
                }
            }
            self.words.push(word);
        });
    }

    fn name(&mut self, name: &str, address: &str, mark: fn(&str) -> String) {
        for word in name_words(name).into_iter().chain(name_words(address)) {
            self.marks.insert(mark(&word));
        }
    }

    /// The words of four letters and more, each once.
    pub(super) fn known(&self) -> impl Iterator<Item = &str> {
        self.known.iter().map(String::as_str)
    }

    /// The text that SQLite's FTS5 indexes.
    pub(super) fn fts5(&self) -> String {
        let all = self.words.iter().chain(&self.marks).chain(&self.beginnings);
        all.map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    /// PostgreSQL's `tsvector` of a message at this place. Words are letters and digits, so quoting them is enough.
    pub(super) fn tsvector(&self, at: i64) -> String {
        let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (at, word) in self.words.iter().enumerate().filter(|(_, word)| *word != BETWEEN) {
            places.entry(word).or_default().push((at + 1).to_string());
        }
        let words = places.iter().map(|(word, places)| format!("'{word}':{}", places.join(",")));
        words
            .chain(self.marks.iter().chain([&mark::step(at)]).map(|mark| format!("'{mark}'")))
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// What a search wants of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ask {
    /// This word, whole, or this mark.
    Word(String),
    /// A word that begins so. `None` where it is not known yet which words do.
    Begins(String, Option<Vec<String>>),
    /// These words beside each other. The flag says whether the last one may continue.
    Beside(Vec<String>, bool),
    /// One of these.
    Any(Vec<Ask>),
    /// All of these.
    All(Vec<Ask>),
}

impl Ask {
    /// Everything that a word or phrase asks for.
    pub(super) fn of(term: &Term) -> Option<Self> {
        let runs = runs(&term.text);
        if runs.is_empty() {
            return None;
        }
        // Whoever excludes a word does not mean all words that begin so.
        if term.phrase || term.not {
            let (mut words, mut continues) = (Vec::new(), false);
            let last = runs.len() - 1;
            for (at, (run, spaced)) in runs.iter().enumerate() {
                if *spaced {
                    words.push(run.clone());
                    continue;
                }
                let (pairs, end) = pairs(run);
                continues = at == last && pairs.is_empty();
                let is_inside = at < last || pairs.is_empty();
                words.extend(pairs);
                words.extend(end.filter(|_| is_inside));
            }
            return Some(Self::Beside(words, continues));
        }
        // A number or an address is cut at its signs, and still means one thing.
        if runs.len() > 1 && runs.iter().all(|(_, spaced)| *spaced) {
            let continues = runs.last().is_some_and(|(run, _)| run.chars().nth(2).is_some());
            return Some(Self::Beside(runs.into_iter().map(|(run, _)| run).collect(), continues));
        }
        let all = runs.into_iter().map(|(run, spaced)| {
            if spaced {
                // A single letter begins too many words to be of use.
                return if run.chars().nth(1).is_some() { Self::Begins(run, None) } else { Self::Word(run) };
            }
            match pairs(&run) {
                (pairs, _) if !pairs.is_empty() => Self::Beside(pairs, false),
                (_, end) => Self::Beside(end.into_iter().collect(), true),
            }
        });
        Some(Self::All(all.collect()))
    }

    /// Somebody's name among the marks of one kind: every word of it, or its beginning.
    pub(super) fn name(name: &str, mark: fn(&str) -> String) -> Option<Self> {
        let words: Vec<_> = name_words(name).iter().map(|word| Self::Beside(vec![mark(word)], true)).collect();
        (!words.is_empty()).then_some(Self::All(words))
    }

    /// Messages of a period, by their years.
    pub(super) fn years(span: Span, now: Timestamp) -> Self {
        let (from, until) = (year(span.from).max(1970), year(span.until).min(year(now) + 1));
        Self::Any((from..=until.min(from + 100)).map(|year| Self::Word(mark::year(year))).collect())
    }

    /// The beginnings for which it must be looked up which words begin so.
    pub(super) fn unknown_beginnings<'a>(&'a mut self, to: &mut Vec<(&'a str, &'a mut Option<Vec<String>>)>) {
        match self {
            Self::Begins(word, known) if word.chars().nth(*BEGINNINGS.end()).is_some() => to.push((word, known)),
            Self::Any(all) | Self::All(all) => {
                for one in all {
                    one.unknown_beginnings(to);
                }
            }
            Self::Word(_) | Self::Begins(..) | Self::Beside(..) => {}
        }
    }

    /// Whether it is known that no message has it.
    pub(super) fn is_absent(&self) -> bool {
        match self {
            Self::Begins(_, Some(words)) => words.is_empty(),
            Self::Any(all) => all.iter().all(Self::is_absent),
            Self::All(all) => all.iter().any(Self::is_absent),
            Self::Word(_) | Self::Begins(_, None) | Self::Beside(..) => false,
        }
    }

    fn fts5(&self) -> String {
        match self {
            Self::Word(word) => format!("\"{word}\""),
            Self::Begins(word, None) if word.chars().nth(*BEGINNINGS.end()).is_none() => {
                format!("(\"{word}\" OR \"{BEGINNING}{word}\")")
            }
            Self::Begins(word, None) => format!("\"{word}\" *"),
            // No word begins so. FTS5 has no form for nothing, but this word is in no text.
            Self::Begins(_, Some(words)) if words.is_empty() => format!("\"{MARK}\""),
            Self::Begins(_, Some(words)) => {
                format!("({})", words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" OR "))
            }
            Self::Beside(words, continues) => format!("\"{}\"{}", words.join(" "), if *continues { " *" } else { "" }),
            Self::Any(all) if all.is_empty() => format!("\"{MARK}\""),
            Self::Any(all) => format!("({})", all.iter().map(Self::fts5).collect::<Vec<_>>().join(" OR ")),
            Self::All(all) => format!("({})", all.iter().map(Self::fts5).collect::<Vec<_>>().join(" AND ")),
        }
    }

    fn tsquery(&self) -> String {
        match self {
            Self::Word(word) => format!("'{word}'"),
            Self::Begins(word, _) => format!("'{word}':*"),
            Self::Beside(words, continues) => {
                let words = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" <-> ");
                format!("({words}{})", if *continues { ":*" } else { "" })
            }
            Self::Any(all) if all.is_empty() => format!("'{MARK}'"),
            Self::Any(all) => format!("({})", all.iter().map(Self::tsquery).collect::<Vec<_>>().join(" | ")),
            Self::All(all) => format!("({})", all.iter().map(Self::tsquery).collect::<Vec<_>>().join(" & ")),
        }
    }
}

/// The words of a name or an address.
fn name_words(name: &str) -> Vec<String> {
    let cut = |(word, _): (String, bool)| word.chars().take(WORD_CHARS).collect();
    runs(name).into_iter().map(cut).take(MOST_NAME_WORDS).collect()
}

/// The overlapping pairs of a run, and its last character.
fn pairs(run: &str) -> (Vec<String>, Option<String>) {
    let chars: Vec<char> = run.chars().collect();
    (chars.windows(2).map(|pair| pair.iter().collect()).collect(), chars.last().map(ToString::to_string))
}

/// All that a search wants: everything of `all`, and nothing of `none`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// What a message must have. Never empty: the workspace's mark is among it.
    pub all: Vec<Ask>,
    /// What it must not have.
    pub none: Vec<Ask>,
}

impl Wanted {
    /// Everything of a workspace.
    pub(super) fn of(workspace: WorkspaceId) -> Self {
        Self { all: vec![Ask::Word(mark::workspace(workspace))], none: Vec::new() }
    }

    /// The query for SQLite's FTS5.
    pub(super) fn fts5(&self) -> String {
        let all = self.all.iter().map(Ask::fts5).collect::<Vec<_>>().join(" AND ");
        if self.none.is_empty() {
            return all;
        }
        format!("({all}) NOT ({})", self.none.iter().map(Ask::fts5).collect::<Vec<_>>().join(" OR "))
    }

    /// The query for PostgreSQL.
    pub(super) fn tsquery(&self) -> String {
        let all = self.all.iter().map(Ask::tsquery);
        all.chain(self.none.iter().map(|ask| format!("!{}", ask.tsquery()))).collect::<Vec<_>>().join(" & ")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::char::is_combining_mark;

    use super::*;

    fn message(text: &str) -> Message {
        Message {
            id: model::MessageId::new(Uuid::from_u128(1)),
            conversation: ConversationId::new(Uuid::from_u128(2)),
            n: 1,
            at: Timestamp(1_800_000_000_000),
            text: text.to_owned(),
            entry: Entry::Incoming,
            attachments: Vec::new(),
            content: model::Content::Text,
        }
    }

    fn findable(text: &str, name: &str) -> Findable {
        let place = Whereabouts {
            channel: ChannelId::new(Uuid::from_u128(3)),
            unknown: Some((name.to_owned(), String::new())),
        };
        Findable::of(WorkspaceId::new(Uuid::from_u128(4)), &message(text), &place).unwrap()
    }

    #[test]
    fn s10_what_is_kept_of_a_message_is_bounded() {
        // This character becomes eighteen, which is the most that one can become.
        for text in ["word ", "見積書", "\u{fdfa} ", "ab12"] {
            let all = findable(&text.repeat(64 * 1024 / text.len()), &text.repeat(3_000));
            assert!(all.words.len() <= MOST_WORDS && all.marks.len() < 50, "{text}");
            // The most that PostgreSQL takes.
            assert!(all.tsvector(1 << 40).len() < 1_000_000, "{text}");
            assert!(all.words.iter().chain(&all.marks).all(|word| word.len() < 2_000), "{text}");
        }
    }

    proptest! {
        /// Words are letters and digits: what is typed neither leaves its quotes nor names a mark.
        #[test]
        fn s28_what_is_typed_stays_words(text in "\\PC{0,60}", phrase in any::<bool>()) {
            let Some(ask) = Ask::of(&Term { text: text.clone(), phrase, not: false }) else { return Ok(()) };
            // No sign of either engine's language. Marks stand with letters, and emoji are words.
            let is_safe = |c: char| c.is_alphanumeric() || model::is_emoji(c) || is_combining_mark(c);
            let safe = |words: &[String]| words.iter().all(|word| word.chars().all(is_safe));
            fn all(ask: &Ask, safe: &dyn Fn(&[String]) -> bool) -> bool {
                match ask {
                    Ask::Word(word) | Ask::Begins(word, None) => safe(std::slice::from_ref(word)),
                    Ask::Beside(words, _) => safe(words),
                    Ask::Any(asks) | Ask::All(asks) => asks.iter().all(|ask| all(ask, safe)),
                    Ask::Begins(..) => false,
                }
            }
            prop_assert!(all(&ask, &safe), "{ask:?}");
            let found = findable(&text, &text);
            prop_assert!(safe(&found.words.iter().filter(|word| *word != BETWEEN).cloned().collect::<Vec<_>>()));
            prop_assert!(found.marks.iter().all(|mark| mark.starts_with(MARK) && !mark.contains(['\'', '"', ' ', '\\'])));
        }

        /// A phrase that is a part of a text is a row of neighbours in it.
        #[test]
        fn l5_a_part_of_a_text_is_found_in_it(text in "[ab見積 書-]{1,20}", from in 0usize..20, many in 1usize..20) {
            let chars: Vec<char> = text.chars().collect();
            let from = from % chars.len();
            let part: String = chars[from..(from + many).min(chars.len())].iter().collect();
            // A part that cuts a word of letters is no phrase.
            let before = if from == 0 { None } else { chars.get(from - 1) };
            let cuts = |edge: Option<char>, beside: Option<&char>| {
                edge.is_some_and(|c| c.is_ascii_alphabetic()) && beside.is_some_and(char::is_ascii_alphabetic)
            };
            prop_assume!(!cuts(part.chars().next(), before) && !cuts(part.chars().last(), chars.get(from + part.chars().count())));
            let words = findable(&text, "").words;
            if let Some(Ask::Beside(sought, continues)) = Ask::of(&Term { text: part.clone(), phrase: true, not: false }) {
                let found = words.windows(sought.len()).any(|window| {
                    let last = sought.len() - 1;
                    window[..last] == sought[..last]
                        && (window[last] == sought[last] || (continues && window[last].starts_with(&sought[last])))
                });
                prop_assert!(found, "{part:?} in {words:?}: {sought:?}");
            }
        }
    }
}
