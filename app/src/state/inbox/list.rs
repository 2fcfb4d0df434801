//! The list of the inbox: its pages, and when to read it again.

use std::{collections::HashMap, time::Duration};

use leptos::prelude::*;
use model::{ApiError, Cursor, Filter, InboxPage, ListPart, Sort};

use super::{Inbox, Listed};

/// How long to wait for more reasons before the list is read again.
const READ_LIST_AGAIN: Duration = Duration::from_millis(300);

impl Inbox {
    /// Shows the first page of a filter, or that it could not be read. A page that is already shown changes nothing.
    pub fn show_page(self, filter: Filter, page: Result<InboxPage, ApiError>) {
        let listed = match page {
            Ok(page) => {
                self.set_list(filter.clone(), page);
                Listed::Filter(filter)
            }
            Err(error) => Listed::Failed(error),
        };
        if self.listed.with_untracked(|shown| *shown != listed) {
            self.listed.set(listed);
        }
    }

    fn set_list(self, filter: Filter, page: InboxPage) {
        let same = self.core.with_value(|core| core.list.as_ref().is_some_and(|list| list.filter == filter));
        // This compares the event number of the read, not the current one: after a reset, events may have moved the list on past a gap.
        let read = Some((filter.clone(), page.seq));
        if same && self.list_read.get_value() == read {
            return;
        }
        self.list_read.set_value(read);
        let renews = self.list_renews.get_value();
        self.list_renews.set_value(false);
        self.core.update_value(|core| match &mut core.list {
            Some(list) if same && renews => list.renew(page),
            list => *list = Some(ListPart::new(filter, Sort::Last, page)),
        });
        self.catch_up();
        if !same {
            self.rows.update_value(HashMap::clear);
            self.order.set(Vec::new());
        }
        self.show_list(true);
    }

    /// Adds an older page at the bottom, if the list still shows that filter and still ends at `after`.
    pub fn append(self, filter: &Filter, after: Cursor, page: InboxPage) {
        let fits = self.core.try_update_value(|core| match &mut core.list {
            Some(list) if list.filter == *filter && list.end() == Some(after) => {
                list.append(page);
                true
            }
            _ => false,
        });
        if fits == Some(true) {
            self.show_list(true);
        }
    }

    /// The filter and the cursor where the loaded part of the list ends.
    pub fn end(self) -> Option<(Filter, Cursor)> {
        let end = |list: &ListPart| list.end().map(|end| (list.filter.clone(), end));
        self.core.try_with_value(|core| core.list.as_ref().and_then(end)).flatten()
    }

    /// Reads the list once for all reasons within a short time, because a bulk action on thousands of conversations sends as many events.
    pub(super) fn read_list_again(self) {
        if self.list_is_stale.try_get_value() == Some(false) {
            self.list_is_stale.set_value(true);
            set_timeout(
                move || {
                    self.list_is_stale.try_set_value(false);
                    self.list_renews.try_set_value(true);
                    self.list_reads.try_update(|n| *n += 1);
                },
                READ_LIST_AGAIN,
            );
        }
    }
}
