//! The list: which filter it shows, the numbers above it, its rows in their order, and when it is read again.

use std::{collections::HashMap, time::Duration};

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::core::Core;
use model::{
    ApiError, Changed, ConversationId, ConversationRow, Count, Counts, Cursor, Filter, InboxPage, ListPart, Listing,
    Sort, View, arrange,
};

/// How long to wait for more reasons before the list is read again.
const READ_AGAIN: Duration = Duration::from_millis(300);

/// What the list shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Listed {
    /// Nothing has been read yet.
    #[default]
    Nothing,
    /// The conversations that match a filter, in an order.
    Asked(Asked),
    /// The list could not be read.
    Failed(ApiError),
}

/// The signals of the rows that were read, also of those below the visible part. Copies share their state.
#[derive(Clone, Copy)]
pub(super) struct Rows(StoredValue<HashMap<ConversationId, ArcRwSignal<ConversationRow>>>);

impl Rows {
    fn get(self, id: ConversationId) -> Option<ArcRwSignal<ConversationRow>> {
        self.0.try_with_value(|rows| rows.get(&id).cloned()).flatten()
    }

    /// Writes only changed values into the signals, so that an unchanged row is not rendered again.
    fn draw(self, rows: Vec<ConversationRow>) {
        self.0.update_value(|known| {
            for row in rows {
                match known.get(&row.id) {
                    Some(signal) if signal.with_untracked(|shown| *shown == row) => {}
                    Some(signal) => signal.set(row),
                    None => drop(known.insert(row.id, ArcRwSignal::new(row))),
                }
            }
        });
    }

    /// Shows current values on the row of the open conversation if it is still here, although it no longer matches the filter.
    pub fn draw_open(self, core: Core, row: &ConversationRow) {
        let listed = core.shown_list(|list| list.rows.iter().any(|one| one.id == row.id)) == Some(true);
        self.0.with_value(|known| match known.get(&row.id) {
            Some(card) if !listed && card.with_untracked(|shown| shown != row) => card.set(row.clone()),
            _ => {}
        });
    }
}

/// What the rows of a list are asked by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Which conversations.
    pub filter: Filter,
    /// In which order.
    pub sort: Sort,
}

/// The list on screen. Copies share their state.
#[derive(Clone, Copy)]
pub struct ListState {
    core: Core,
    /// What the URL asks for.
    pub listing: RwSignal<Listing>,
    /// What the list shows. It follows `listing` as soon as its rows are here.
    pub listed: RwSignal<Listed>,
    /// The counters above the list.
    pub counts: RwSignal<Counts>,
    /// How many conversations match, if the filter asks for more than its view.
    pub fitting: RwSignal<Option<Count>>,
    /// How far the list was searched, if it ended before the page was full.
    pub searched: RwSignal<Option<Cursor>>,
    /// The ids of the rows in display order.
    pub order: RwSignal<Vec<ConversationId>>,
    pub(super) rows: Rows,
    /// Whether older rows can be loaded.
    pub more: RwSignal<bool>,
    /// The row under the pointer. Live changes do not move this row (L8).
    pub hovered: RwSignal<Option<ConversationId>>,
    /// The open conversation, as the URL says. Live changes do not move its row either.
    pub selected: RwSignal<Option<ConversationId>>,
    /// Incremented when the list has to be read again.
    pub reads: RwSignal<u32>,
    /// Whether the list is about to be read again.
    is_stale: StoredValue<bool>,
    /// Whether the list is read again without any missed event. The rows below the first page are then kept.
    renews: StoredValue<bool>,
    /// What was asked and the event number of the read that the list is based on.
    read: StoredValue<Option<(Asked, i64)>>,
}

impl ListState {
    pub(super) fn new(core: Core, selected: RwSignal<Option<ConversationId>>) -> Self {
        Self {
            core,
            listing: RwSignal::new(View::All.into()),
            listed: RwSignal::default(),
            fitting: RwSignal::default(),
            searched: RwSignal::default(),
            counts: RwSignal::default(),
            order: RwSignal::default(),
            rows: Rows(StoredValue::default()),
            more: RwSignal::new(false),
            hovered: RwSignal::new(None),
            selected,
            reads: RwSignal::new(0),
            is_stale: StoredValue::new(false),
            renews: StoredValue::new(false),
            read: StoredValue::new(None),
        }
    }

    /// The signal of a row.
    pub fn row(self, id: ConversationId) -> Option<ArcRwSignal<ConversationRow>> {
        self.rows.get(id)
    }

    /// Shows the first page of what was asked, or that it could not be read. A page that is already shown changes nothing.
    pub fn show_page(self, asked: Asked, page: Result<InboxPage, ApiError>) {
        let listed = match page {
            Ok(page) => {
                self.set(asked.clone(), page);
                Listed::Asked(asked)
            }
            Err(error) => Listed::Failed(error),
        };
        if self.listed.with_untracked(|shown| *shown != listed) {
            self.listed.set(listed);
        }
    }

    fn set(self, asked: Asked, page: InboxPage) {
        let same = self.core.list(|list| list.filter == asked.filter && list.sort == asked.sort) == Some(true);
        // This compares the event number of the read, not the current one: after a reset, events may have moved the list on past a gap.
        let read = Some((asked.clone(), page.seq));
        if same && self.read.get_value() == read {
            return;
        }
        self.read.set_value(read);
        let renews = self.renews.get_value();
        self.renews.set_value(false);
        self.core.change(|state| match &mut state.list {
            Some(list) if same && renews => list.renew(page),
            list => *list = Some(ListPart::new(asked.filter, asked.sort, page)),
        });
        let changed = self.core.catch_up();
        if !same {
            self.rows.0.update_value(HashMap::clear);
            self.order.set(Vec::new());
        }
        self.draw();
        self.read_again_for(&changed);
    }

    /// Adds a page at the bottom, if the list still shows what was asked and still ends at `after`.
    pub fn append(self, asked: &Asked, after: Cursor, page: InboxPage) {
        let fits = self.core.change(|state| match &mut state.list {
            Some(list) if list.filter == asked.filter && list.sort == asked.sort && list.end() == Some(after) => {
                list.append(page);
                true
            }
            _ => false,
        });
        if fits == Some(true) {
            self.draw();
        }
    }

    /// What was asked, and where the loaded part of the list ends.
    pub fn end(self) -> Option<(Asked, Cursor)> {
        let asked = |list: &ListPart| Asked { filter: list.filter.clone(), sort: list.sort };
        self.core.list(|list| list.end().map(|end| (asked(list), end))).flatten()
    }

    /// Sorts the rows again after a row lost the pointer or the selection.
    pub fn arrange(self) {
        if let Some(target) = self.core.shown_list(|list| list.rows.iter().map(|row| row.id).collect()) {
            self.draw_order(target);
        }
    }

    /// Shows what the reducer changed.
    pub(super) fn show(self, changed: &[Changed]) {
        if changed.iter().any(|c| matches!(c, Changed::Order | Changed::Row(_) | Changed::Counts)) {
            self.draw();
        }
        self.read_again_for(changed);
    }

    /// Events were missed, so the next read replaces all rows.
    pub(super) fn replace_at_next_read(self) {
        self.renews.set_value(false);
    }

    /// Takes from the reducer's list what is shown. Only changed values are written, so that nothing unchanged is rendered again.
    pub(super) fn draw(self) {
        let all = |list: &ListPart| (list.rows.clone(), list.more, list.counts, list.fitting, list.searched);
        let Some((rows, more, counts, fitting, searched)) = self.core.shown_list(all) else { return };
        if self.fitting.get_untracked() != fitting {
            self.fitting.set(fitting);
        }
        if self.searched.get_untracked() != searched {
            self.searched.set(searched);
        }
        if self.counts.get_untracked() != counts {
            self.counts.set(counts);
        }
        let target: Vec<ConversationId> = rows.iter().map(|row| row.id).collect();
        self.rows.draw(rows);
        self.draw_order(target);
        if self.more.get_untracked() != more {
            self.more.set(more);
        }
    }

    fn draw_order(self, target: Vec<ConversationId>) {
        let pinned: Vec<ConversationId> =
            [self.hovered.get_untracked(), self.selected.get_untracked()].into_iter().flatten().collect();
        let shown = self.order.get_untracked();
        let order = arrange(&shown, &target, &pinned);
        if order != shown {
            self.order.set(order);
        }
    }

    /// Reads the list again if a change says so: once for all reasons within a short time, because a bulk action on thousands of conversations
    /// sends as many events.
    fn read_again_for(self, changed: &[Changed]) {
        let asks = changed.iter().any(|c| matches!(c, Changed::List | Changed::Recount));
        if !asks || self.is_stale.try_get_value() != Some(false) {
            return;
        }
        self.is_stale.set_value(true);
        set_timeout(
            move || {
                self.is_stale.try_set_value(false);
                self.renews.try_set_value(true);
                self.reads.try_update(|n| *n += 1);
            },
            READ_AGAIN,
        );
    }
}
