//! The list ahead of the server: its rows as they will be once the server has done what the member asked for.

use crate::{ConversationRow, ListPart, MemberId};

/// A row ahead of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowAhead {
    /// The row as it will be.
    pub row: ConversationRow,
    /// Whether the numbers above the list change with it at once. Numbers of a set come with the set's event, which may come before its rows.
    pub counts: bool,
}

impl ListPart {
    /// Shows rows as they will be. `ahead` returns None for rows of which nothing was asked.
    pub fn show_ahead(&mut self, me: MemberId, ahead: impl Fn(&ConversationRow) -> Option<RowAhead>) {
        let (rows, mut is_moved) = (std::mem::take(&mut self.rows), false);
        for now in rows {
            let Some(RowAhead { row, counts }) = ahead(&now).filter(|ahead| ahead.row != now) else {
                self.rows.push(now);
                continue;
            };
            if counts {
                self.count(Some(&now.facts()), Some(&row.facts()), me, &mut Vec::new());
            }
            if self.filter.shows(&row, me) {
                is_moved |= row.cursor(self.sort) != now.cursor(self.sort);
                self.rows.push(row);
            }
        }
        if is_moved {
            let sort = self.sort;
            self.rows.sort_by_key(|row| std::cmp::Reverse(row.cursor(sort)));
        }
    }
}
