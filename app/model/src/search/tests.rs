use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    Assignee, Channel, ChannelId, ChannelKind, Member, MemberId, Role, Status, Tag, TagColor, TagId, Timestamp, View,
    Visibility,
};

fn member(n: u128, name: &str) -> Member {
    Member {
        id: MemberId::new(Uuid::from_u128(n)),
        name: name.to_owned(),
        email: format!("m{n}@corail.example"),
        role: Role::Agent,
        visibility: Visibility::All,
        chat_on: true,
        disabled: false,
        teams: Vec::new(),
    }
}

fn channel(n: u128, kind: ChannelKind, name: &str) -> Channel {
    Channel {
        id: ChannelId::new(Uuid::from_u128(n)),
        kind,
        name: name.to_owned(),
        key: String::new(),
        address: String::new(),
        undo_ms: 0,
        greeting: String::new(),
        auto_reply: String::new(),
        origins: Vec::new(),
        state: None,
    }
}

fn tag(number: u32, name: &str, merged_into: Option<u32>) -> Tag {
    let (name, merged_into) = (name.to_owned(), merged_into.map(TagId::new));
    Tag { id: TagId::new(number), name, color: TagColor::Red, archived: false, merged_into }
}

#[test]
fn l5_tags_are_named_whole_or_by_a_beginning_that_is_one_tags() {
    let tags = |text: &str| resolved(text).filter.tags;
    let all = |numbers: &[u32]| numbers.iter().map(|number| TagId::new(*number)).collect::<Vec<_>>();
    assert_eq!(tags("tag:vip tag:\"new lead\" tag:VIP").all, all(&[1, 2]));
    assert_eq!(tags("tag:lead").all, all(&[2]));
    assert_eq!(tags("-tag:offer").none, all(&[3]));
    assert_eq!(tags("tag:important").all, all(&[1]), "it was merged");
    assert_eq!(resolved("tag:vip").as_view().unwrap().tags.all, all(&[1]), "a list can be narrowed by it, too");
}

fn resolved(text: &str) -> Query {
    let members = [member(1, "Olive Roux"), member(2, "Anna Berger"), member(3, "Anna Blanc")];
    let channels = [
        channel(1, ChannelKind::WebChat, "Shop"),
        channel(2, ChannelKind::Email, "Support"),
        channel(3, ChannelKind::Email, "Sales desk"),
    ];
    // 3 May 2026, 23:30 UTC, which is the 4th where the clock is an hour ahead.
    let now = Timestamp(1_777_851_000_000);
    let tags = [tag(1, "VIP", None), tag(2, "New lead", None), tag(3, "New offer", None), tag(4, "Important", Some(1))];
    let names = Names { me: members[0].id, members: &members, channels: &channels, tags: &tags, now, east: 60 };
    SearchText::parse(text).resolve(&names)
}

#[test]
fn l5_words_phrases_and_what_must_not_be_there() {
    let parsed = SearchText::parse("invoice -paid \"red door\" -\"blue  door\" „Tür“ half-open");
    let terms: Vec<_> = parsed.terms.iter().map(|term| (term.text.as_str(), term.phrase, term.not)).collect();
    assert_eq!(
        terms,
        [
            ("invoice", false, false),
            ("paid", false, true),
            ("red door", true, false),
            ("blue  door", true, true),
            ("Tür", true, false),
            ("half-open", false, false)
        ]
    );
    assert!(parsed.conditions.is_empty() && parsed.ignored.is_empty());
}

#[test]
fn l5_operators_and_their_values() {
    let query = resolved("from:\"Anna Berger\" to:me channel:shop assignee:me status:open has:attachment is:unread x");
    assert_eq!(query.ignored, []);
    assert_eq!(
        query.message.from,
        [Who { name: "Anna Berger".to_owned(), members: vec![MemberId::new(Uuid::from_u128(2))] }]
    );
    assert_eq!(query.message.to, [Who { name: String::new(), members: vec![MemberId::new(Uuid::from_u128(1))] }]);
    assert_eq!(query.message.files, Some(true));
    assert_eq!(query.filter.channels, [ChannelId::new(Uuid::from_u128(1))]);
    assert_eq!((query.filter.assignee, query.filter.unread), (Some(Assignee::Me), true));
    assert_eq!(query.filter.statuses, [Status::Open]);
    assert_eq!(resolved("channel:email").filter.channels.len(), 2);
    assert_eq!(resolved("-channel:email").filter.channels, [ChannelId::new(Uuid::from_u128(1))]);
    assert_eq!(resolved("-status:closed").filter.statuses, [Status::Open, Status::Pending]);
    assert_eq!(resolved("is:open").filter.statuses, [Status::Open, Status::Pending]);
    assert_eq!(resolved("from:anna").message.from[0].members.len(), 2);
}

#[test]
fn l5_days_begin_by_the_readers_clock() {
    let from = |text: &str| resolved(text).message.written.map(|span| (span.from.0, span.until.0));
    let third = 1_777_762_800_000;
    assert_eq!(from("after:2026-05-03"), Some((third, i64::MAX)));
    assert_eq!(from("before:2026/5/3"), Some((i64::MIN, third)));
    assert_eq!(from("after:today"), Some((third + 86_400_000, i64::MAX)));
    assert_eq!(from("after:yesterday before:today"), Some((third, third + 86_400_000)));
    assert_eq!(from("after:2024-02-29").map(|(at, _)| at), Some(1_709_161_200_000));
    assert_eq!(from("after:1970").map(|(at, _)| at), Some(-3_600_000));
    for no_day in ["2026-02-29", "2026-13-01", "2026-00-01", "1969-12-31", "soon", "2026-05-03-01", "+2026", ""] {
        assert_eq!(from(&format!("after:{no_day}")), None, "{no_day}");
    }
}

#[test]
fn l5_what_does_not_apply_is_told() {
    let cases = [
        ("colour:red", Why::NoSuchOperator),
        ("tag:fax", Why::NoSuchTag),
        ("tag:new", Why::SeveralTags),
        ("tag:vip -tag:vip", Why::Contradicts),
        ("from:", Why::NoValue),
        ("is:blue", Why::NoSuchValue),
        ("status:gone", Why::NoSuchValue),
        ("assignee:zoe", Why::NoSuchMember),
        ("assignee:anna", Why::SeveralMembers),
        ("channel:fax", Why::NoSuchChannel),
        ("before:later", Why::NoDay),
        ("-to:anna", Why::NotNegatable),
        ("is:mine assignee:nobody", Why::Contradicts),
        ("has:attachment -has:attachment", Why::Contradicts),
        ("status:open -status:open", Why::Contradicts),
        ("-channel:shop -channel:email", Why::Contradicts),
        ("!?%", Why::NoWord),
        ("\"", Why::NoWord),
        (&"a ".repeat(30), Why::TooMany),
        (&"is:unread ".repeat(30), Why::TooMany),
        (&"x".repeat(10_000), Why::TooLong),
    ];
    for (text, why) in cases {
        let query = resolved(text);
        assert!(query.ignored.iter().any(|ignored| ignored.why == why), "{text}: {:?}", query.ignored);
    }
    for words in ["https://example.com/a", "12:30", "Re: offer", "a-b", "-"] {
        let query = resolved(words);
        assert!(query.ignored.iter().all(|ignored| ignored.why == Why::NoWord), "{words}: {:?}", query.ignored);
    }
    assert!(resolved("").is_empty() && resolved("-paid").is_empty() && !resolved("is:open").is_empty());
}

#[test]
fn l5_what_is_a_filter_can_be_kept_as_a_view() {
    assert_eq!(resolved("is:closed").as_view().map(|filter| filter.view), Some(View::Closed));
    assert_eq!(resolved("is:mine is:unread").as_view().map(|filter| filter.view), Some(View::All));
    for text in ["", "invoice", "is:mine invoice", "is:mine has:attachment", "from:anna", "before:2026"] {
        assert_eq!(resolved(text).as_view(), None, "{text}");
    }
}

proptest! {
    #[test]
    fn s28_any_text_is_parsed_within_bounds(text in "[\\PC\"\\- :]{0,700}") {
        let parsed = SearchText::parse(&text);
        prop_assert!(parsed.terms.len() <= MOST_TERMS && parsed.conditions.len() <= MOST_OPERATORS);
        prop_assert!(parsed.ignored.len() <= MOST_OPERATORS);
        for term in &parsed.terms {
            prop_assert!(term.text.chars().any(|c| c.is_alphanumeric() || is_emoji(c)));
            prop_assert!(term.text.chars().count() <= MOST_SEARCHED);
        }
        let query = resolved(&text);
        prop_assert_eq!(query.text.len(), parsed.terms.len());
    }

    #[test]
    fn l5_what_is_parsed_is_written_the_same(text in "(-?((from|is|before|tag|x):)?(\"[a-z -]{0,9}\"|[a-zé%:.]{0,9}) ){0,8}") {
        let mut parsed = SearchText::parse(&text);
        parsed.ignored.clear();
        let again = SearchText::parse(&parsed.to_string());
        prop_assert_eq!(again, parsed);
    }
}
