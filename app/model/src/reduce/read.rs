//! What reading, or marking as not read, does to the list.

use super::Changed;
use crate::{ConversationId, ListPart, Sort};

impl ListPart {
    pub(super) fn mark(&mut self, (id, read_count): (ConversationId, i64), changed: &mut Vec<Changed>) {
        let Some(at) = self.rows.iter().position(|row| row.id == id) else {
            // A card that is not read any more may belong in this list now, and the event brings no card.
            if self.filter.unread || self.sort == Sort::Unread {
                changed.push(Changed::List);
            }
            return;
        };
        let row = &mut self.rows[at];
        row.read_count = read_count;
        changed.push(Changed::Row(id));
        if self.filter.unread && row.unread() == 0 {
            self.remove(id, changed);
        } else if self.sort == Sort::Unread {
            self.sink(at, changed);
        }
    }

    /// Moves a row that was read, or marked as not read, to its place. One below the loaded part comes with its page.
    fn sink(&mut self, at: usize, changed: &mut Vec<Changed>) {
        let end = self.end();
        let row = self.rows.remove(at);
        let place = row.cursor(self.sort);
        let to = self.rows.partition_point(|other| other.cursor(self.sort) > place);
        if to < self.rows.len() || end.is_none_or(|end| place >= end) {
            self.rows.insert(to, row);
        }
        changed.push(Changed::Order);
    }
}
