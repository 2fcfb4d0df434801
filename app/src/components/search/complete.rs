//! What can complete the word that is being typed: an operator, or a value of one. Pure, so that it can be tested.

use model::{Channel, ChannelKind, Member, Operator, Tag, lower, plain};

/// How many completions are offered.
const MOST: usize = 8;
/// What can stand around a value (`model::search`).
const QUOTES: [char; 6] = ['"', '“', '”', '„', '«', '»'];

/// The workspace's lists, whose names are values of operators.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lists<'l> {
    pub members: &'l [Member],
    pub channels: &'l [Channel],
    pub tags: &'l [Tag],
}

/// A completion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offer {
    /// What is shown: `from:` or a value.
    pub label: String,
    /// What it means. Empty if the label says it.
    pub about: String,
    /// What stands in the text in place of the word.
    insert: String,
}

/// The completions of the word before the caret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Offered {
    /// The completions, best first.
    pub offers: Vec<Offer>,
    /// Whether the first one is chosen before anybody moves to it. Not where the word may be meant as it stands.
    pub first: bool,
    /// Where the word is in the text, in bytes.
    word: (usize, usize),
}

impl Offered {
    /// The completions at a caret, which is in UTF-16 units.
    pub fn at(text: &str, caret: u32, lists: Lists<'_>) -> Self {
        let (start, end) = word(text, caret);
        let typed = text.get(start..end).unwrap_or_default();
        // In the middle of a word nothing is completed.
        let ends = text.get(end..).unwrap_or_default().chars().next().is_none_or(char::is_whitespace);
        let (minus, typed) = match typed.strip_prefix('-') {
            Some(rest) => ("-", rest),
            None => ("", typed),
        };
        if !ends {
            return Self::default();
        }
        let (offers, first) = match typed.split_once(':') {
            Some((name, value)) => match name.to_ascii_lowercase().parse::<Operator>() {
                Ok(operator) => (values(minus, operator, value, lists), true),
                _ => (Vec::new(), false),
            },
            None => (operators(minus, typed), typed.to_ascii_lowercase().parse::<Operator>().is_err()),
        };
        Self { offers, first, word: (start, end) }
    }

    /// The text after accepting a completion, and the caret in it, in UTF-16 units.
    pub fn accept(&self, text: &str, at: usize) -> Option<(String, u32)> {
        let insert = &self.offers.get(at)?.insert;
        let (before, after) = (text.get(..self.word.0)?, text.get(self.word.1..)?);
        let after = if insert.ends_with(' ') { after.strip_prefix(' ').unwrap_or(after) } else { after };
        let begin = format!("{before}{insert}");
        let caret = begin.encode_utf16().count();
        Some((begin + after, u32::try_from(caret).unwrap_or(u32::MAX)))
    }
}

/// The word before the caret, in bytes. A space in quotes belongs to it.
fn word(text: &str, caret: u32) -> (usize, usize) {
    let (mut start, mut units, mut quoted) = (0, 0_u32, false);
    for (at, c) in text.char_indices() {
        if units >= caret {
            return (start, at);
        }
        units = units.saturating_add(c.len_utf16() as u32);
        if QUOTES.contains(&c) {
            quoted = !quoted;
        } else if c.is_whitespace() && !quoted {
            start = at + c.len_utf8();
        }
    }
    (start, text.len())
}

fn operators(minus: &str, typed: &str) -> Vec<Offer> {
    let typed = typed.to_ascii_lowercase();
    let fits = |operator: &&Operator| typed.len() >= 2 && operator.as_str().starts_with(&typed);
    let offer = |operator: &Operator| {
        let label = format!("{minus}{}:", operator.as_str());
        Offer { insert: label.clone(), label, about: operator.label().to_owned() }
    };
    Operator::ALL.iter().filter(fits).map(offer).collect()
}

fn values(minus: &str, operator: Operator, typed: &str, lists: Lists<'_>) -> Vec<Offer> {
    let typed = lower(typed.trim_matches(QUOTES));
    let fixed = operator.values().iter().map(|value| ((*value).to_owned(), String::new()));
    let members = || lists.members.iter().filter(|member| !member.disabled);
    let named: Vec<(String, String)> = match operator {
        Operator::From | Operator::To | Operator::Assignee => {
            members().map(|member| (member.name.clone(), member.email.clone())).collect()
        }
        Operator::Channel => {
            let own = lists.channels.iter().map(|one| (one.name.clone(), one.kind.label().to_owned()));
            let is_here =
                |kind: &&ChannelKind| lists.channels.iter().any(|one| one.kind == **kind && one.name != kind.label());
            let kinds = ChannelKind::ALL.iter().filter(is_here);
            own.chain(kinds.map(|kind| (kind.label().to_owned(), "All of this kind".to_owned()))).collect()
        }
        Operator::Tag => {
            lists.tags.iter().filter(|tag| !tag.archived).map(|tag| (tag.name.clone(), String::new())).collect()
        }
        _ => Vec::new(),
    };
    let all: Vec<_> = fixed.chain(named).collect();
    // It is complete as it stands.
    if all.iter().any(|(value, _)| lower(value) == typed) {
        return Vec::new();
    }
    let fits =
        |(value, about): &(String, String)| begins(value, &typed) || (!about.is_empty() && begins(about, &typed));
    let offer = |(value, about): (String, String)| {
        // A quote inside would end the value.
        let written = value.replace(QUOTES, "");
        let quote = if written.contains(char::is_whitespace) { "\"" } else { "" };
        let insert = format!("{minus}{}:{quote}{written}{quote} ", operator.as_str());
        Offer { label: value, about, insert }
    };
    all.into_iter().filter(fits).take(MOST).map(offer).collect()
}

/// Whether a value, or one of its words, begins with what was typed, with or without accents.
fn begins(value: &str, typed: &str) -> bool {
    let (value, typed) = (plain(value), plain(typed));
    value.starts_with(&typed) || value.split_whitespace().any(|part| part.starts_with(&typed))
}

#[cfg(test)]
mod tests {
    use model::{MemberId, Role, Visibility};
    use uuid::Uuid;

    use super::*;

    fn member(name: &str, disabled: bool) -> Member {
        Member {
            id: MemberId::new(Uuid::nil()),
            name: name.to_owned(),
            email: format!("{}@x.example", name.split(' ').next().unwrap_or_default().to_lowercase()),
            role: Role::Agent,
            visibility: Visibility::All,
            chat_on: false,
            disabled,
            teams: Vec::new(),
        }
    }

    /// The text with `|` for the caret, before and after accepting the first completion, and all labels.
    fn complete(typed: &str) -> (Vec<String>, bool, Option<String>) {
        let members = [member("Anna Berg", false), member("Ben", false), member("Anton Gone", true)];
        let (before, after) = typed.split_once('|').unwrap_or((typed, ""));
        let text = format!("{before}{after}");
        let caret = before.encode_utf16().count() as u32;
        let offered = Offered::at(&text, caret, Lists { members: &members, channels: &[], tags: &[] });
        let accepted = offered.accept(&text, 0).map(|(text, caret)| {
            let units: Vec<u16> = text.encode_utf16().collect();
            let (begin, end) = units.split_at(caret as usize);
            format!("{}|{}", String::from_utf16_lossy(begin), String::from_utf16_lossy(end))
        });
        (offered.offers.into_iter().map(|offer| offer.label).collect(), offered.first, accepted)
    }

    #[test]
    fn l5_operators_and_values_are_completed() {
        for (typed, labels, accepted) in [
            ("fr|", vec!["from:"], Some("from:|")),
            ("door -fr| more", vec!["-from:"], Some("door -from:| more")),
            ("f|", vec![], None),
            ("frost|", vec![], None),
            ("fr|ost", vec![], None),
            ("\"door fr|", vec![], None),
            ("is:un|", vec!["unread", "unassigned"], Some("is:unread |")),
            ("is:unread|", vec![], None),
            ("IS:UNR|", vec!["unread"], Some("is:unread |")),
            ("👩🏽‍🚀 from:ber| x", vec!["Anna Berg"], Some("👩🏽‍🚀 from:\"Anna Berg\" |x")),
            ("from:\"anna b|", vec!["Anna Berg"], Some("from:\"Anna Berg\" |")),
            ("assignee:|", vec!["me", "nobody", "Anna Berg", "Ben"], Some("assignee:me |")),
            ("from:ant|", vec![], None),
            ("colour:r|", vec![], None),
        ] {
            let (found, _, text) = complete(typed);
            assert_eq!(found, labels, "{typed}");
            assert_eq!(text.as_deref(), accepted, "{typed}");
        }
    }

    #[test]
    fn l5_a_whole_word_is_not_completed_without_being_asked() {
        assert!(complete("fr|").1);
        assert!(!complete("from|").1);
        assert!(complete("is:|").1);
    }
}
