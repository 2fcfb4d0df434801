//! Writes the cells of a table: one line per row, with each cell in its column.

use super::Lines;
use crate::tags::Tag;

/// The placeholder of an empty cell before one with text.
const EMPTY: &str = "–  ";
/// The placeholder of an empty cell in a layout table, and of a column that a wider cell covers.
const PASSED: &str = "  ";
/// The most bytes of placeholders before a cell.
const MOST_PASSED: usize = 40;

/// A cell of a table.
#[derive(Clone, Copy)]
pub(super) struct Cell {
    /// The start of its text.
    from: usize,
    /// How many columns it covers.
    columns: usize,
    /// Whether it contains something visible without words.
    is_seen: bool,
}

impl Lines<'_> {
    /// The cell that begins with a tag.
    pub(super) fn cell(&mut self, tag: &Tag<'_>) -> Cell {
        if tag.name == "th"
            && let Some(table) = self.open.iter_mut().rev().find(|element| element.name == "table")
        {
            table.has_columns = true;
        }
        let columns: Option<usize> = tag.attribute("colspan").and_then(|columns| columns.trim().parse().ok());
        Cell { from: self.text.len(), columns: columns.unwrap_or(1).clamp(1, MOST_PASSED), is_seen: false }
    }

    /// Ends a cell. Later cells stay in their columns: a price must not look like a number of items.
    pub(super) fn end_cell(&mut self, cell: Cell) {
        let table = self.open.iter().rev().find(|element| element.name == "table");
        let has_columns = table.is_some_and(|table| table.has_columns);
        let is_empty = has_columns && !cell.is_seen;
        let said = self.text.get(cell.from..).unwrap_or_default();
        // Some programs put a space into empty cells, which is kept.
        let is_space = is_empty && said.len() <= MOST_PASSED && said.trim().is_empty() && !said.contains('\n');
        if let Some(at) = is_space.then(|| said.find('\u{a0}')).flatten() {
            self.text.truncate(cell.from + at);
            self.text.push_str(EMPTY.trim_end());
        }
        let is_passed = self.text.len() == cell.from;
        // In a layout table, the first text stays at the beginning of the line.
        let passed = if has_columns || self.filled { cell.columns - usize::from(!is_passed) } else { 0 };
        for _ in 0..passed {
            if self.passed.len() < MOST_PASSED {
                self.passed.push_str(if is_passed && is_empty { EMPTY } else { PASSED });
            }
        }
    }

    /// Records visible content that may have no words.
    pub(super) fn see(&mut self) {
        if let Some(cell) = self.open.iter_mut().rev().find_map(|element| element.cell.as_mut()) {
            cell.is_seen = true;
        }
    }

    /// Writes the placeholders of skipped cells. New content begins after them.
    pub(super) fn write_passed(&mut self) {
        if self.passed.is_empty() {
            return;
        }
        let before = self.text.trim_end_matches(' ').len();
        self.text.push_str(&std::mem::take(&mut self.passed));
        let behind = self.text.len();
        for element in &mut self.open {
            let link = element.link.as_mut().map(|link| &mut link.words_from);
            let raised = element.raised.as_mut().map(|raised| &mut raised.from);
            let cell = element.cell.as_mut().map(|cell| &mut cell.from);
            for from in [link, raised, cell].into_iter().flatten().filter(|from| **from >= before) {
                *from = behind;
            }
        }
    }
}
