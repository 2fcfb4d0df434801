use uuid::Uuid;

use super::*;
use crate::{ChannelId, ChannelKind, ConversationState, Preview, PreviewBy, Status, Tags, View};

fn row(n: u128, at: i64) -> ConversationRow {
    ConversationRow {
        id: ConversationId::new(Uuid::from_u128(n)),
        channel: ChannelId::new(Uuid::nil()),
        kind: ChannelKind::WebChat,
        due_at: None,
        tags: Tags::default(),
        team: None,
        contact: None,
        name: String::new(),
        label: String::new(),
        first_label: String::new(),
        preview: Preview { by: PreviewBy::Them, text: String::new() },
        last_at: Timestamp(at),
        last_inbound_at: None,
        started_at: Timestamp(0),
        first_response_ms: None,
        inbound_count: 1,
        read_count: 0,
        state: ConversationState::default(),
        version: at,
    }
}

fn page(rows: Vec<ConversationRow>, more: bool, searched: Option<Cursor>) -> InboxPage {
    InboxPage { rows, more, fitting: None, searched, counts: Counts::default(), seq: 1, now: Timestamp(0) }
}

fn event(row: &ConversationRow) -> LiveBody {
    LiveBody::Conversation {
        before: None,
        after: None,
        row: Box::new(row.clone()),
        reads: Vec::new(),
        messages: Vec::new(),
    }
}

fn apply(list: &mut ListPart, body: &LiveBody) -> Vec<Changed> {
    let mut changed = Vec::new();
    list.apply(body, MemberId::new(Uuid::nil()), Timestamp(0), &mut changed);
    changed
}

fn ids(list: &ListPart) -> Vec<u128> {
    list.rows.iter().map(|row| row.id.uuid().as_u128()).collect()
}

#[test]
fn l3_what_fits_is_shown_as_far_down_as_the_search_went() {
    let searched = Some(row(50, 50).cursor(Sort::Last));
    let mut list = ListPart::new(View::All.into(), Sort::Last, page(Vec::new(), true, searched));
    apply(&mut list, &event(&row(1, 90)));
    assert_eq!(ids(&list), [1], "though nothing was found so far");
    apply(&mut list, &event(&row(2, 60)));
    assert_eq!(ids(&list), [1, 2], "below the last row, above where the search ended");
    apply(&mut list, &event(&row(3, 40)));
    assert_eq!(ids(&list), [1, 2], "what lies deeper comes with its page");
}

#[test]
fn l3_a_list_that_is_read_again_keeps_what_was_loaded_below() {
    let mut list = ListPart::new(View::All.into(), Sort::Last, page(vec![row(9, 90), row(8, 80)], true, None));
    list.append(page(vec![row(7, 70), row(6, 60)], true, None));
    list.renew(page(vec![row(10, 100), row(8, 80)], true, None));
    assert_eq!(ids(&list), [10, 8, 7, 6], "9 has left, 10 has come, 7 and 6 stay");
    assert_eq!(list.end(), Some(row(6, 60).cursor(Sort::Last)));
    list.renew(page(vec![row(10, 100)], false, None));
    assert_eq!((ids(&list), list.end()), (vec![10], None), "a whole list is all there is");
}

#[test]
fn l3_of_a_set_what_leaves_goes_at_once_and_what_stays_is_asked_for() {
    let (one, two) = (row(1, 90), row(2, 80));
    let mut list = ListPart::new(View::All.into(), Sort::Last, page(vec![one.clone(), two.clone()], true, None));
    let change = |row: &ConversationRow, status| {
        let after = Facts {
            status,
            tab: if status == Status::Closed { crate::Tab::Closed } else { crate::Tab::Active },
            ..row.facts()
        };
        LiveSetChange { id: row.id, before: Some(row.facts()), after: Some(after), version: row.version + 1 }
    };
    let changed = apply(&mut list, &LiveBody::Set(vec![change(&one, Status::Closed)]));
    assert_eq!(ids(&list), [2]);
    assert!(!changed.contains(&Changed::List), "{changed:?}");
    let changed = apply(&mut list, &LiveBody::Set(vec![change(&two, Status::Pending)]));
    assert!(changed.contains(&Changed::List), "its card says something else now");
    let deep = row(3, 10);
    let changed = apply(&mut list, &LiveBody::Set(vec![change(&deep, Status::Pending)]));
    assert!(!changed.contains(&Changed::List), "below what was loaded it comes with its page");
}
