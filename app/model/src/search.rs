//! What somebody typed into the search: words, phrases, and operators with their values. Parsing never fails: what cannot be used is told
//! with its reason, and the rest is searched. [`resolve`](SearchText::resolve) then looks up the names in the workspace's lists.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{is_emoji, text_enum::text_enum};

mod page;
mod resolve;
#[cfg(test)]
mod tests;

pub use page::{Around, MessageHit, PersonHit, SearchCursor, SearchPage, Snippet, SnippetPart, SnippetPiece};
pub use resolve::{MessageConditions, Names, Query, Who, with_times};

/// How many characters of a text are read. Nobody types more, and a pasted page would cost without finding anything.
pub const MOST_SEARCHED: usize = 500;
/// How many words and phrases are searched.
pub const MOST_TERMS: usize = 12;
/// How many operators are applied.
pub const MOST_OPERATORS: usize = 20;

text_enum! {
    /// A word before a colon that narrows the search.
    pub enum Operator {
        /// Who wrote it: a name or an address, ours or theirs, or `me`.
        From = "from",
        /// Who it was written to.
        To = "to",
        /// A tag of the conversation.
        Tag = "tag",
        /// The channel's name or kind.
        Channel = "channel",
        /// Whose the conversation is: a member's name, `me` or `nobody`.
        Assignee = "assignee",
        /// The conversation's status.
        Status = "status",
        /// A condition of the conversation.
        Is = "is",
        /// What the message has.
        Has = "has",
        /// Written before this day.
        Before = "before",
        /// Written on this day or later.
        After = "after",
    }
}

impl Operator {
    /// The values that it always knows. Names of the workspace come beside them.
    pub const fn values(self) -> &'static [&'static str] {
        match self {
            Self::From | Self::To => &["me"],
            Self::Assignee => &["me", "nobody"],
            Self::Status => &["open", "pending", "closed"],
            Self::Is => &["unread", "open", "closed", "mine", "unassigned", "waiting"],
            Self::Has => &["attachment"],
            Self::Before | Self::After => &["today", "yesterday"],
            Self::Tag | Self::Channel => &[],
        }
    }

    /// What it does, for whoever is about to choose it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::From => "Who wrote it",
            Self::To => "Who it was written to",
            Self::Tag => "A tag of the conversation",
            Self::Channel => "The channel it came in on",
            Self::Assignee => "Whose conversation it is",
            Self::Status => "Open, pending or closed",
            Self::Is => "Unread, open, closed, mine",
            Self::Has => "With an attachment",
            Self::Before => "Written before a day",
            Self::After => "Written on a day or later",
        }
    }
}

text_enum! {
    /// Why a part of a search does not apply.
    pub enum Why {
        /// There is no such operator.
        NoSuchOperator = "no_such_operator",
        /// The operator has no value.
        NoValue = "no_value",
        /// The operator does not know this value.
        NoSuchValue = "no_such_value",
        /// Nobody has this name.
        NoSuchMember = "no_such_member",
        /// Several people have this name.
        SeveralMembers = "several_members",
        /// No channel has this name.
        NoSuchChannel = "no_such_channel",
        /// The value is no day.
        NoDay = "no_day",
        /// It contradicts an earlier part.
        Contradicts = "contradicts",
        /// `-` cannot be put before it.
        NotNegatable = "not_negatable",
        /// It has no letter or digit.
        NoWord = "no_word",
        /// There are more words or operators than are searched.
        TooMany = "too_many",
        /// The text is longer than is read.
        TooLong = "too_long",
        /// No tag has this name.
        NoSuchTag = "no_such_tag",
        /// Several tags begin so.
        SeveralTags = "several_tags",
    }
}

impl Why {
    /// The reason, as a sentence.
    pub const fn label(self) -> &'static str {
        match self {
            Self::NoSuchOperator => "There is no such operator.",
            Self::NoValue => "It needs a value after the colon.",
            Self::NoSuchValue => "The operator does not know this value.",
            Self::NoSuchMember => "Nobody here has this name.",
            Self::SeveralMembers => "Several people have this name. Write more of it, in quotes.",
            Self::NoSuchChannel => "No channel has this name.",
            Self::NoDay => "This is no day. Write it like 2026-05-03.",
            Self::Contradicts => "It contradicts an earlier part.",
            Self::NotNegatable => "A minus cannot be put before it.",
            Self::NoWord => "There is no word in it.",
            Self::TooMany => "Only the first words and operators are searched.",
            Self::TooLong => "Only the beginning of the text is searched.",
            Self::NoSuchTag => "No tag has this name.",
            Self::SeveralTags => "Several tags begin so. Write more of the name, in quotes.",
        }
    }
}

/// A part of a search that does not apply. The rest is searched without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ignored {
    /// The part as it was typed, cut if it is long.
    pub text: String,
    /// The reason.
    pub why: Why,
}

/// A word or phrase to find.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// What was typed, without quotes and minus.
    pub text: String,
    /// Whether the words must stand beside each other, whole. Otherwise words may continue.
    pub phrase: bool,
    /// Whether it must not be there.
    pub not: bool,
}

/// An operator with its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// The operator.
    pub operator: Operator,
    /// What was typed after the colon, without quotes.
    pub value: String,
    /// Whether it must not hold.
    pub not: bool,
}

/// A parsed search text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchText {
    /// The words and phrases.
    pub terms: Vec<Term>,
    /// The operators.
    pub conditions: Vec<Condition>,
    /// What does not apply.
    pub ignored: Vec<Ignored>,
}

impl SearchText {
    /// Parses any text. At most [`MOST_SEARCHED`] characters are read.
    pub fn parse(text: &str) -> Self {
        let mut parsed = Self::default();
        let end = text.char_indices().nth(MOST_SEARCHED).map_or(text.len(), |(at, _)| at);
        // NUL and its like are no part of any word, and databases refuse some of them.
        let read: String = text[..end].chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let mut rest = read.as_str();
        loop {
            rest = rest.trim_start();
            if rest.is_empty() {
                break;
            }
            rest = parsed.part(rest);
        }
        if end < text.len() {
            parsed.ignore(text[end..].trim(), Why::TooLong);
        }
        parsed
    }

    /// Whether nothing is searched for.
    pub const fn is_empty(&self) -> bool {
        self.terms.is_empty() && self.conditions.is_empty()
    }

    /// Reads one part, and returns the rest. The text does not begin with a space.
    fn part<'t>(&mut self, text: &'t str) -> &'t str {
        let (not, begin) = match text.strip_prefix(['-', '−']) {
            Some(after) if !after.is_empty() && !after.starts_with([' ', '-', '−']) => (true, after),
            _ => (false, text),
        };
        if let Some((name, after)) = operator(begin) {
            let (value, rest) = value(after);
            let typed = &text[..text.len() - rest.len()];
            match name.to_ascii_lowercase().parse::<Operator>() {
                Ok(operator) => self.condition(typed, operator, value, not),
                // "Re: offer" is words, and so are an address of a page and "PO:4711".
                Err(_) if value.is_empty() || value.starts_with('/') || !is_meant(name, value) => {
                    self.term(typed, &begin[..begin.len() - rest.len()], false, not);
                }
                Err(_) => self.ignore(typed, Why::NoSuchOperator),
            }
            return rest;
        }
        let (value, rest) = value(begin);
        self.term(&text[..text.len() - rest.len()], value, begin.starts_with(QUOTES), not);
        rest
    }

    fn condition(&mut self, typed: &str, operator: Operator, value: &str, not: bool) {
        let why = match () {
            () if value.trim().is_empty() => Why::NoValue,
            () if self.conditions.len() >= MOST_OPERATORS => Why::TooMany,
            () => {
                self.conditions.push(Condition { operator, value: value.trim().to_owned(), not });
                return;
            }
        };
        self.ignore(typed, why);
    }

    fn term(&mut self, typed: &str, text: &str, phrase: bool, not: bool) {
        let why = match () {
            () if !text.chars().any(|c| c.is_alphanumeric() || is_emoji(c)) => Why::NoWord,
            () if self.terms.len() >= MOST_TERMS => Why::TooMany,
            () => {
                self.terms.push(Term { text: text.trim().to_owned(), phrase, not });
                return;
            }
        };
        self.ignore(typed, why);
    }

    fn ignore(&mut self, text: &str, why: Why) {
        // One example is enough where there are too many, so that the other reasons are told, too.
        let is_told = why == Why::TooMany && self.ignored.iter().any(|ignored| ignored.why == why);
        if is_told || self.ignored.len() >= MOST_OPERATORS || text.is_empty() {
            return;
        }
        self.ignored.push(Ignored { text: text.chars().take(60).collect(), why });
    }
}

/// The quotes that people and their keyboards put around a phrase.
const QUOTES: [char; 6] = ['"', '“', '”', '„', '«', '»'];

/// The name of an operator at the beginning of a text, and what comes after its colon.
fn operator(text: &str) -> Option<(&str, &str)> {
    let (name, after) = text.split_once([':', '：'])?;
    let is_name = !name.is_empty() && name.len() <= 20 && name.bytes().all(|b| b.is_ascii_alphabetic());
    is_name.then_some((name, after))
}

/// Whether a word with a colon looks like an operator, though none of ours.
fn is_meant(name: &str, value: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_lowercase()) && !value.bytes().any(|b| b.is_ascii_digit())
}

/// A quoted value or one up to the next space, and the rest. A quote without end reaches to the end.
fn value(text: &str) -> (&str, &str) {
    match text.strip_prefix(QUOTES) {
        Some(inside) => match inside.split_once(QUOTES) {
            Some((value, rest)) => (value, rest),
            None => (inside, ""),
        },
        None => text.split_at(text.find(char::is_whitespace).unwrap_or(text.len())),
    }
}

impl fmt::Display for SearchText {
    /// The text that parses to the same, without what does not apply.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        for Condition { operator, value, not } in &self.conditions {
            let minus = if *not { "-" } else { "" };
            let quote = if value.contains(char::is_whitespace) { "\"" } else { "" };
            write!(f, "{between}{minus}{}:{quote}{value}{quote}", operator.as_str())?;
            between = " ";
        }
        for Term { text, phrase, not } in &self.terms {
            let (minus, quote) = (if *not { "-" } else { "" }, if *phrase { "\"" } else { "" });
            write!(f, "{between}{minus}{quote}{text}{quote}")?;
            between = " ";
        }
        Ok(())
    }
}
