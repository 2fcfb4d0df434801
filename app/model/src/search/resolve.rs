//! Looks up the values of operators: names become ids, days become times.

use serde::{Deserialize, Serialize};

use super::{Condition, Ignored, Operator, SearchText, Term, Why};
use crate::{
    Assignee, Bootstrap, Channel, ChannelKind, Day, Filter, MOST_VALUES, Member, MemberId, Span, Status, Tag,
    Timestamp, View, lower, plain,
};

const DAY_MS: i64 = 86_400_000;
/// How many members one name may mean.
const MOST_MEANT: usize = 20;

/// What names and days are looked up in. The browser has the same lists, to complete what is typed.
#[derive(Debug, Clone, Copy)]
pub struct Names<'l> {
    /// Who searches.
    pub me: MemberId,
    /// The members of the workspace.
    pub members: &'l [Member],
    /// Its channels.
    pub channels: &'l [Channel],
    /// Its tags.
    pub tags: &'l [Tag],
    /// The time now.
    pub now: Timestamp,
    /// How many minutes the reader's clock is ahead of UTC. Days begin by this clock.
    pub east: i64,
}

impl<'l> Names<'l> {
    /// The lists that every page has.
    pub fn of(boot: &'l Bootstrap, east: i64) -> Self {
        let Bootstrap { members, channels, tags, now, .. } = boot;
        Self { me: boot.me.member.id, members, channels, tags, now: *now, east }
    }
}

impl Names<'_> {
    /// When a day that was typed begins for the reader. `@` before a number says it in milliseconds, as [`with_times`] writes it.
    fn begins(&self, word: &str) -> Option<Timestamp> {
        if let Some(ms) = word.strip_prefix('@') {
            return ms.parse().ok().map(Timestamp);
        }
        let east = self.east.clamp(-24 * 60, 24 * 60) * 60_000;
        day(word, (self.now.0 + east).div_euclid(DAY_MS)).map(|day| Timestamp(day * DAY_MS - east))
    }
}

/// The text with the times at which its days begin, in place of the days. Only the reader's browser knows them: clocks change twice a year.
pub fn with_times(text: &str, today: Day, begins: impl Fn(Day) -> Timestamp) -> String {
    let part = |part: &str| -> Option<String> {
        let (operator, word) = part.split_once([':', '：'])?;
        let is_day = matches!(operator.to_ascii_lowercase().as_str(), "before" | "after");
        let day = Day(day(&lower(word), i64::from(today.0)).filter(|_| is_day)?.try_into().ok()?);
        Some(format!("{operator}:@{}", begins(day).0))
    };
    text.split(' ').map(|one| part(one).unwrap_or_else(|| one.to_owned())).collect::<Vec<_>>().join(" ")
}

/// Somebody who wrote or was written to. They may be one of us, or anybody outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The name or address to look for outside. Empty for none.
    pub name: String,
    /// The members with this name.
    pub members: Vec<MemberId>,
}

/// What must hold of a single message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageConditions {
    /// One of these wrote it. Empty for no condition.
    pub from: Vec<Who>,
    /// None of these wrote it.
    pub not_from: Vec<Who>,
    /// It was written to one of these. Empty for no condition.
    pub to: Vec<Who>,
    /// Whether it has files.
    pub files: Option<bool>,
    /// When it was written.
    pub written: Option<Span>,
}

/// A search whose names are looked up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    /// What must hold of the conversation. The view counts only when the search is kept as one: a search looks at all conversations.
    pub filter: Filter,
    /// The words and phrases to find.
    pub text: Vec<Term>,
    /// What must hold of the message.
    pub message: MessageConditions,
    /// What does not apply.
    pub ignored: Vec<Ignored>,
}

impl Query {
    /// Whether nothing is searched for.
    pub fn is_empty(&self) -> bool {
        self.text.iter().all(|term| term.not) && !self.filter.narrows() && self.message == MessageConditions::default()
    }

    /// The search as a filter of the list. None if it asks for words or for single messages, which a list does not have.
    pub fn as_view(&self) -> Option<Filter> {
        let is_filter = self.text.is_empty() && self.message == MessageConditions::default();
        let is_filter = is_filter && self.filter.narrows() && self.filter.channels.len() <= MOST_VALUES;
        is_filter.then(|| {
            let view = if self.filter.statuses == [Status::Closed] { View::Closed } else { View::All };
            Filter { view, ..self.filter.clone() }
        })
    }
}

impl SearchText {
    /// Looks up names and days. What is not found does not apply.
    pub fn resolve(&self, names: &Names<'_>) -> Query {
        let mut resolving = Resolving {
            filter: Filter::from(View::All),
            message: MessageConditions::default(),
            not_statuses: Vec::new(),
            not_channels: Vec::new(),
        };
        let mut ignored = self.ignored.clone();
        for condition in &self.conditions {
            if let Err(why) = resolving.add(condition, names) {
                let Condition { operator, value, not } = condition;
                let minus = if *not { "-" } else { "" };
                let text = format!("{minus}{}:{value}", operator.as_str()).chars().take(60).collect();
                ignored.push(Ignored { text, why });
            }
        }
        let (filter, message) = resolving.finish(names, &mut ignored);
        Query { filter, text: self.terms.clone(), message, ignored }
    }
}

/// What the operators so far amount to.
struct Resolving {
    filter: Filter,
    message: MessageConditions,
    not_statuses: Vec<Status>,
    not_channels: Vec<crate::ChannelId>,
}

impl Resolving {
    fn add(&mut self, condition: &Condition, names: &Names<'_>) -> Result<(), Why> {
        let Condition { operator, value, not } = condition;
        let (word, not) = (lower(value), *not);
        match operator {
            Operator::From if not => self.message.not_from.push(who(value, names)),
            Operator::From => self.message.from.push(who(value, names)),
            Operator::To if !not => self.message.to.push(who(value, names)),
            Operator::Channel => self.channel(&word, names, not)?,
            Operator::Status => {
                let status = word.parse().map_err(|_| Why::NoSuchValue)?;
                if not { &mut self.not_statuses } else { &mut self.filter.statuses }.push(status);
            }
            Operator::Assignee if !not => self.assignee(match word.as_str() {
                "me" => Assignee::Me,
                "nobody" | "none" => Assignee::Nobody,
                _ => match members(&word, names).as_slice() {
                    [] => return Err(Why::NoSuchMember),
                    [one] => Assignee::Member(*one),
                    _ => return Err(Why::SeveralMembers),
                },
            })?,
            Operator::Is => self.is(&word, not)?,
            Operator::Has => match word.as_str() {
                "attachment" | "attachments" | "file" | "files" => {
                    if self.message.files == Some(not) {
                        return Err(Why::Contradicts);
                    }
                    self.message.files = Some(!not);
                }
                _ => return Err(Why::NoSuchValue),
            },
            Operator::Before | Operator::After if !not => self.day(*operator == Operator::Before, &word, names)?,
            Operator::Tag => self.tag(&word, names, not)?,
            Operator::To | Operator::Assignee | Operator::Before | Operator::After => return Err(Why::NotNegatable),
        }
        Ok(())
    }

    fn is(&mut self, word: &str, not: bool) -> Result<(), Why> {
        match (word, not) {
            ("closed", false) | ("open", true) => self.filter.statuses.push(Status::Closed),
            // What is pending waits for an answer of theirs: it is open, too.
            ("open", false) | ("closed", true) => self.filter.statuses.extend([Status::Open, Status::Pending]),
            ("pending", false) => self.filter.statuses.push(Status::Pending),
            ("pending", true) => self.not_statuses.push(Status::Pending),
            ("unread" | "mine" | "unassigned" | "waiting", true) => return Err(Why::NotNegatable),
            ("unread", false) => self.filter.unread = true,
            ("mine", false) => self.assignee(Assignee::Me)?,
            ("unassigned", false) => self.assignee(Assignee::Nobody)?,
            ("waiting", false) => self.filter.waiting = true,
            _ => return Err(Why::NoSuchValue),
        }
        Ok(())
    }

    fn assignee(&mut self, whose: Assignee) -> Result<(), Why> {
        if self.filter.assignee.is_some_and(|other| other != whose) {
            return Err(Why::Contradicts);
        }
        self.filter.assignee = Some(whose);
        Ok(())
    }

    /// Every tag that is named must be there, or must not.
    fn tag(&mut self, word: &str, names: &Names<'_>, not: bool) -> Result<(), Why> {
        let is_named = |tag: &&Tag| lower(&tag.name) == word;
        let mut tag = match names.tags.iter().find(is_named) {
            Some(tag) => tag,
            None => match names.tags.iter().filter(|tag| begins(&tag.name, word)).collect::<Vec<_>>().as_slice() {
                [] => return Err(Why::NoSuchTag),
                [one] => one,
                _ => return Err(Why::SeveralTags),
            },
        };
        // What had a tag that was merged has the other one. No chain is longer than there are tags.
        for _ in names.tags {
            tag = names.tags.iter().find(|other| Some(other.id) == tag.merged_into).unwrap_or(tag);
        }
        let tag = tag.id;
        let tags = &mut self.filter.tags;
        let (list, other) = if not { (&mut tags.none, &tags.all) } else { (&mut tags.all, &tags.none) };
        if other.contains(&tag) {
            return Err(Why::Contradicts);
        }
        if !list.contains(&tag) {
            list.push(tag);
            list.sort_unstable();
        }
        Ok(())
    }

    fn channel(&mut self, word: &str, names: &Names<'_>, not: bool) -> Result<(), Why> {
        let kind =
            ChannelKind::ALL.iter().find(|kind| kind.as_str() == word || kind.label().to_ascii_lowercase() == word);
        let kind = kind.or(if word == "mail" || word == "email" { Some(&ChannelKind::Email) } else { None });
        let exact = |channel: &&Channel| {
            lower(&channel.name) == word || (!channel.address.is_empty() && lower(&channel.address) == word)
        };
        let named: Vec<_> = names.channels.iter().filter(exact).collect();
        let found: Vec<_> = match (named.is_empty(), kind) {
            (false, _) => named,
            (true, Some(kind)) => names.channels.iter().filter(|channel| channel.kind == *kind).collect(),
            (true, None) => names.channels.iter().filter(|channel| begins(&channel.name, word)).collect(),
        };
        if found.is_empty() {
            return Err(Why::NoSuchChannel);
        }
        let ids = found.iter().map(|channel| channel.id);
        if not { &mut self.not_channels } else { &mut self.filter.channels }.extend(ids);
        Ok(())
    }

    fn day(&mut self, before: bool, word: &str, names: &Names<'_>) -> Result<(), Why> {
        let at = names.begins(word).ok_or(Why::NoDay)?;
        let span = self.message.written.unwrap_or(Span { from: Timestamp(i64::MIN), until: Timestamp(i64::MAX) });
        let span =
            if before { Span { until: span.until.min(at), ..span } } else { Span { from: span.from.max(at), ..span } };
        self.message.written = Some(span);
        Ok(())
    }

    /// What is excluded becomes a list of the others, because a filter only includes. An exclusion that leaves nothing does not apply: an
    /// empty list would be no condition at all.
    fn finish(self, names: &Names<'_>, ignored: &mut Vec<Ignored>) -> (Filter, MessageConditions) {
        let Self { mut filter, message, not_statuses, not_channels } = self;
        let channels: Vec<_> = names.channels.iter().map(|channel| channel.id).collect();
        let statuses = without(filter.statuses, Status::ALL, &not_statuses);
        let channels = without(filter.channels, &channels, &not_channels);
        for (is_possible, operator) in [(statuses.1, Operator::Status), (channels.1, Operator::Channel)] {
            if !is_possible {
                ignored.push(Ignored { text: format!("-{}:", operator.as_str()), why: Why::Contradicts });
            }
        }
        (filter.statuses, filter.channels) = (statuses.0, channels.0);
        (filter, message)
    }
}

/// A list without what is excluded, in order, and whether the exclusion left anything.
fn without<T: Copy + Ord>(mut list: Vec<T>, every: &[T], not: &[T]) -> (Vec<T>, bool) {
    list.sort_unstable();
    list.dedup();
    if not.is_empty() {
        return (list, true);
    }
    let all = if list.is_empty() { every } else { &list };
    let left: Vec<T> = all.iter().copied().filter(|one| !not.contains(one)).collect();
    if left.is_empty() { (list, false) } else { (left, true) }
}

fn who(value: &str, names: &Names<'_>) -> Who {
    match lower(value).as_str() {
        "me" => Who { name: String::new(), members: vec![names.me] },
        word => Who { name: value.to_owned(), members: members(word, names) },
    }
}

/// The members with this name or address. If none has exactly this one, those of whose names a word begins with it.
fn members(word: &str, names: &Names<'_>) -> Vec<MemberId> {
    let is_named = |member: &&Member| lower(&member.name) == word || lower(&member.email) == word;
    let ids = |members: Vec<&Member>| members.into_iter().map(|member| member.id).take(MOST_MEANT).collect::<Vec<_>>();
    let named = ids(names.members.iter().filter(is_named).collect());
    if named.is_empty() {
        ids(names.members.iter().filter(|member| begins(&member.name, word)).collect())
    } else {
        named
    }
}

/// Whether a name, or one of its words, begins with a word, with or without accents.
fn begins(name: &str, word: &str) -> bool {
    let (name, word) = (plain(name), plain(word));
    !word.is_empty() && (name.starts_with(&word) || name.split_whitespace().any(|part| part.starts_with(&word)))
}

/// A day, or the first one of a month or year, in days since 1970.
fn day(word: &str, today: i64) -> Option<i64> {
    let days = match word {
        "today" => today,
        "yesterday" => today - 1,
        _ => {
            let parts: Vec<&str> = word.split(['-', '/', '.']).collect();
            let number = |at: usize, most: usize| -> Option<i64> {
                let Some(part) = parts.get(at) else { return Some(1) };
                let is_number = (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
                is_number.then(|| part.parse().ok()).flatten()
            };
            let (year, month, day) = (number(0, 4)?, number(1, 2)?, number(2, 2)?);
            let fits = parts.len() <= 3
                && (1970..=9999).contains(&year)
                && (1..=12).contains(&month)
                && (1..=days_of(year, month)).contains(&day);
            if !fits {
                return None;
            }
            days_from_1970(year, month, day)
        }
    };
    Some(days)
}

const fn days_of(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Counts years from March, so that the leap day is the last one.
const fn days_from_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (century, of_century) = (year / 100, year % 100);
    146_097 * century / 4 + 1461 * of_century / 4 + (153 * month + 2) / 5 + day - 719_469
}
