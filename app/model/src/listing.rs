//! What a list is asked for, in the form that a URL and a saved view have (L3, L4, L9). A period such as "today" stays a word until it is
//! asked for, because it means another day tomorrow and in another time zone.

use std::{fmt::Write, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{ApiError, Assignee, Day, Filter, MemberId, Sort, Span, TagId, Timestamp, View};

/// A period of the last message, in days of the reader's calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// Today.
    Today,
    /// Today and the six days before.
    Week,
    /// Today and the 29 days before.
    Month,
    /// These days, both included.
    Days(Day, Day),
}

impl Period {
    /// The times that the period contains. `today` is the reader's day, and `begins` says when a day begins for the reader.
    fn span(self, today: Day, begins: impl Fn(Day) -> Timestamp) -> Span {
        let since = |day| Span { from: begins(day), until: Timestamp(i64::MAX) };
        match self {
            Self::Today => since(today),
            Self::Week => since(today.plus(-6)),
            Self::Month => since(today.plus(-29)),
            Self::Days(first, last) => Span { from: begins(first), until: begins(last.plus(1)) },
        }
    }

    fn word(self) -> String {
        match self {
            Self::Today => "today".to_owned(),
            Self::Week => "week".to_owned(),
            Self::Month => "month".to_owned(),
            Self::Days(first, last) => format!("{first}..{last}"),
        }
    }

    fn parse(word: &str) -> Option<Self> {
        match word {
            "today" => Some(Self::Today),
            "week" => Some(Self::Week),
            "month" => Some(Self::Month),
            days => {
                let (first, last) = days.split_once("..")?;
                let (first, last) = (first.parse().ok()?, last.parse().ok()?);
                (first <= last).then_some(Self::Days(first, last))
            }
        }
    }
}

/// What a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Which conversations. Its `last` is None: the period is beside it.
    pub filter: Filter,
    /// The period of the last message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// In which order.
    #[serde(default)]
    pub sort: Sort,
}

impl From<Filter> for Listing {
    fn from(filter: Filter) -> Self {
        Self { filter, period: None, sort: Sort::default() }
    }
}

impl From<View> for Listing {
    fn from(view: View) -> Self {
        Self { filter: view.into(), period: None, sort: Sort::Last }
    }
}

/// The keys in a URL.
const KEYS: [&str; 14] = [
    "view", "tags", "all_tags", "no_tags", "mode", "period", "channel", "kind", "status", "assignee", "team", "unread",
    "waiting", "sort",
];

impl Listing {
    /// The filter to send: with the period as times. `now` is the reader's local time, in milliseconds since 1970.
    pub fn resolved(&self, now: i64, begins: impl Fn(Day) -> Timestamp) -> Filter {
        let last = self.period.map(|period| period.span(Day::of_local(now), begins));
        Filter { last, ..self.filter.clone() }
    }

    /// The listing in its normal form.
    ///
    /// # Errors
    /// [`ApiError::Invalid`] when a condition has too many values, or the period is none that a URL can have.
    pub fn checked(self) -> Result<Self, ApiError> {
        if self.period.is_some_and(|period| Period::parse(&period.word()) != Some(period)) {
            return Err(ApiError::invalid("period", "This period ends before it begins. Choose other days."));
        }
        Ok(Self { filter: Filter { last: None, ..self.filter }.checked()?, ..self })
    }

    /// Whether it has any condition beyond its view.
    pub fn narrows(&self) -> bool {
        self.period.is_some() || self.filter.narrows()
    }

    /// How many conditions it has beyond its view.
    pub fn conditions(&self) -> usize {
        let Filter { tags, handling, channels, kinds, statuses, assignee, team, unread, waiting, view: _, last: _ } =
            &self.filter;
        let lists = [!channels.is_empty(), !kinds.is_empty(), !statuses.is_empty()];
        let single = [handling.is_some(), assignee.is_some(), team.is_some(), *unread, *waiting, self.period.is_some()];
        let tags = [&tags.any, &tags.all, &tags.none].iter().map(|list| list.len()).sum::<usize>();
        tags + lists.into_iter().chain(single).filter(|is_set| *is_set).count()
    }

    /// The query of the URL, without "?": only what differs from the newest conversations of all.
    pub fn query(&self) -> String {
        let filter = &self.filter;
        let mut query = format!("view={}", filter.view.as_str());
        let mut add = |key: &str, value: String| {
            if !value.is_empty() {
                // Writing to a string cannot fail.
                let _ = write!(query, "&{key}={value}");
            }
        };
        add("tags", joined(&filter.tags.any));
        add("all_tags", joined(&filter.tags.all));
        add("no_tags", joined(&filter.tags.none));
        add("mode", filter.handling.map(|by| by.as_str().to_owned()).unwrap_or_default());
        add("period", self.period.map(Period::word).unwrap_or_default());
        add("channel", joined(&filter.channels));
        add("kind", filter.kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(","));
        add("status", filter.statuses.iter().map(|status| status.as_str()).collect::<Vec<_>>().join(","));
        let assignee = filter.assignee.map(|whose| match whose {
            Assignee::Me => "me".to_owned(),
            Assignee::Nobody => "nobody".to_owned(),
            Assignee::Member(member) => member.to_string(),
        });
        add("assignee", assignee.unwrap_or_default());
        add("team", filter.team.map(|team| team.to_string()).unwrap_or_default());
        add("unread", if filter.unread { "1".to_owned() } else { String::new() });
        add("waiting", if filter.waiting { "1".to_owned() } else { String::new() });
        add("sort", if self.sort == Sort::Last { String::new() } else { self.sort.as_str().to_owned() });
        query
    }

    /// Reads the query of a URL: its keys and values, decoded. The second result names the keys whose values mean nothing; they are ignored.
    /// The values are not in it: whoever wrote a link would write text that is shown as ours.
    pub fn of_query<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> (Self, Vec<&'static str>) {
        let mut listing = Self::from(View::All);
        let mut ignored = Vec::new();
        for (key, value) in pairs {
            // Other keys belong to others.
            let Some(&key) = KEYS.iter().find(|one| **one == key) else { continue };
            if !listing.set(key, value) {
                ignored.push(key);
            }
        }
        match listing.clone().checked() {
            Ok(listing) => (listing, ignored),
            Err(_) => (Self::from(listing.filter.view), vec!["filter"]),
        }
    }

    /// Sets one condition. False if the value means nothing.
    fn set(&mut self, key: &str, value: &str) -> bool {
        fn all<T: FromStr>(value: &str) -> Option<Vec<T>> {
            value.split(',').map(|one| one.parse().ok()).collect()
        }
        fn put<T>(place: &mut T, value: Option<T>) -> bool {
            value.map(|value| *place = value).is_some()
        }
        let filter = &mut self.filter;
        match key {
            "view" => put(&mut filter.view, value.parse().ok()),
            "tags" => put(&mut filter.tags.any, tags(value)),
            "all_tags" => put(&mut filter.tags.all, tags(value)),
            "no_tags" => put(&mut filter.tags.none, tags(value)),
            "mode" => put(&mut filter.handling, value.parse().ok().map(Some)),
            "period" => put(&mut self.period, Period::parse(value).map(Some)),
            "channel" => put(&mut filter.channels, all(value)),
            "kind" => put(&mut filter.kinds, all(value)),
            "status" => put(&mut filter.statuses, all(value)),
            "assignee" => {
                let whose = match value {
                    "me" => Some(Assignee::Me),
                    "nobody" => Some(Assignee::Nobody),
                    member => member.parse::<MemberId>().ok().map(Assignee::Member),
                };
                put(&mut filter.assignee, whose.map(Some))
            }
            "team" => put(&mut filter.team, value.parse().ok().map(Some)),
            "unread" => put(&mut filter.unread, (value == "1").then_some(true)),
            "waiting" => put(&mut filter.waiting, (value == "1").then_some(true)),
            "sort" => put(&mut self.sort, value.parse().ok()),
            _ => false,
        }
    }
}

/// Number 0 is no tag.
fn tags(value: &str) -> Option<Vec<TagId>> {
    let tags: Option<Vec<TagId>> = value.split(',').map(|one| one.parse().ok()).collect();
    tags.filter(|tags| tags.iter().all(|tag| tag.number() != 0))
}

fn joined<T: ToString>(values: &[T]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*, sample::select};
    use uuid::Uuid;

    use super::*;
    use crate::{ChannelId, ChannelKind, Handling, Status, TagFilter, TeamId};

    fn id() -> impl Strategy<Value = Uuid> {
        any::<u128>().prop_map(Uuid::from_u128)
    }

    fn some_tags() -> impl Strategy<Value = Vec<TagId>> {
        vec((1u32..2000).prop_map(TagId::new), 0..5)
    }

    fn some_filter() -> impl Strategy<Value = Filter> {
        let assignee = prop_oneof![
            Just(Assignee::Me),
            Just(Assignee::Nobody),
            id().prop_map(|id| Assignee::Member(MemberId::new(id)))
        ];
        let lists = (
            vec(id().prop_map(ChannelId::new), 0..4),
            vec(select(ChannelKind::ALL), 0..4),
            vec(select(Status::ALL), 0..4),
        );
        let tags = (some_tags(), some_tags(), some_tags()).prop_map(|(any, all, none)| TagFilter { any, all, none });
        let single = (option::of(select(Handling::ALL)), option::of(assignee), option::of(id().prop_map(TeamId::new)));
        (select(View::ALL), tags, lists, single, any::<bool>(), any::<bool>()).prop_map(
            |(view, tags, (channels, kinds, statuses), (handling, assignee, team), unread, waiting)| {
                let last = None;
                let filter =
                    Filter { view, tags, handling, last, channels, kinds, statuses, assignee, team, unread, waiting };
                filter.checked().unwrap()
            },
        )
    }

    fn period() -> impl Strategy<Value = Period> {
        let days = (-5000i32..50_000, 0i32..5000).prop_map(|(first, n)| Period::Days(Day(first), Day(first + n)));
        prop_oneof![Just(Period::Today), Just(Period::Week), Just(Period::Month), days]
    }

    fn pairs(query: &str) -> Vec<(&str, &str)> {
        query.split('&').filter_map(|pair| pair.split_once('=')).collect()
    }

    proptest! {
        #[test]
        fn l3_a_url_keeps_everything(filter in some_filter(), period in option::of(period()), sort in select(Sort::ALL)) {
            let listing = Listing { filter, period, sort };
            let query = listing.query();
            prop_assert!(query.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_.,&=".contains(&c)), "{}", query);
            prop_assert_eq!(Listing::of_query(pairs(&query)), (listing.clone(), Vec::new()));
            let json = serde_json::to_string(&listing).unwrap();
            prop_assert_eq!(serde_json::from_str::<Listing>(&json).unwrap(), listing);
        }

        #[test]
        fn l3_what_means_nothing_is_named_and_ignored(key in select(vec!["view", "tags", "period", "assignee", "x", "sort", "unread"]), value in "\\PC{0,60}") {
            let (listing, ignored) = Listing::of_query([(key, value.as_str())]);
            prop_assert!(listing == Listing::from(View::All) || ignored.is_empty());
            prop_assert!(ignored.iter().all(|one| *one == key));
        }
    }

    #[test]
    fn l3_periods_are_days_of_the_reader() {
        // An hour ahead of UTC: 00:30 local on 1970-01-02.
        let begins = |day: Day| Timestamp(day.begins() - 3_600_000);
        let now = Day(1).begins() + 1_800_000;
        let of = |period| Listing { period: Some(period), ..View::All.into() }.resolved(now, begins).last.unwrap();
        assert_eq!(of(Period::Today).from, Timestamp(82_800_000));
        assert_eq!(of(Period::Week).from, Timestamp(82_800_000 - 6 * 86_400_000));
        let days = of(Period::Days(Day(0), Day(1)));
        assert_eq!((days.from, days.until), (Timestamp(-3_600_000), Timestamp(2 * 86_400_000 - 3_600_000)));
    }

    #[test]
    fn l3_more_values_than_allowed_are_ignored() {
        let many = (1..200).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
        let (listing, ignored) = Listing::of_query([("view", "mine"), ("tags", many.as_str())]);
        assert_eq!((listing, ignored.len()), (View::Mine.into(), 1));
    }
}
