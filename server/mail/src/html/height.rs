//! Estimates the height of a mail's frame before a browser lays it out (T3), because the frame runs no scripts, not even ours. The layout
//! is rough: lines by the widths of their words, blocks below each other, table cells beside each other.

mod boxes;
mod letters;

use self::boxes::{Boxes, Content, Flow, Node};
use super::sheet::Sheet;

/// The vertical space around the letter in its frame, in CSS pixels.
const AROUND: f32 = 28.0;
/// The horizontal space, in CSS pixels.
const BESIDE: f32 = 32.0;
/// The height of a closed `details`: its summary line.
const CLOSED: f32 = 36.0;
/// The largest height of a frame.
const TALLEST: f32 = 20_000.0;

/// The height of a letter in a frame of this width, both in CSS pixels. The HTML must be sanitised.
pub(super) fn height(html: &str, sheet: &Sheet, width: f32) -> u32 {
    let boxes = Boxes::parse(html, sheet);
    let mut flow = Lines::new((width - BESIDE).max(50.0));
    let layout = Layout { boxes: &boxes };
    layout.children(&boxes.root, &mut flow, 0);
    (flow.end() + AROUND).clamp(0.0, TALLEST).ceil() as u32
}

/// Lines and blocks that are laid out so far.
struct Lines {
    width: f32,
    /// The height of all lines before the current one.
    down: f32,
    /// The used width and the height of the current line.
    taken: f32,
    line: f32,
    /// The pending margin between blocks.
    margin: f32,
    /// Whether anything was laid out, so that a margin above counts.
    begun: bool,
}

impl Lines {
    const fn new(width: f32) -> Self {
        Self { width, down: 0.0, taken: 0.0, line: 0.0, margin: 0.0, begun: false }
    }

    /// Adds a word, a picture or another box to the line.
    fn put(&mut self, width: f32, height: f32, breaks: bool) {
        if breaks && self.taken > 0.0 && self.taken + width > self.width {
            self.end_line();
        }
        self.settle();
        self.taken += width;
        self.line = self.line.max(height);
    }

    fn end_line(&mut self) {
        self.down += self.line;
        self.taken = 0.0;
        self.line = 0.0;
    }

    /// Applies the pending margin.
    fn settle(&mut self) {
        if self.taken == 0.0 && self.line == 0.0 {
            self.down += std::mem::take(&mut self.margin);
        }
        self.begun = true;
    }

    /// Begins a block. Of two margins the larger one counts.
    fn block(&mut self, margin: f32) {
        self.end_line();
        self.margin = self.margin.max(margin);
    }

    fn end(mut self) -> f32 {
        self.end_line();
        self.down + self.margin
    }
}

struct Layout<'b> {
    boxes: &'b Boxes,
}

impl Layout<'_> {
    fn children(&self, node: &Node, flow: &mut Lines, depth: usize) {
        for child in &node.children {
            self.child(node, child, flow, depth);
        }
    }

    fn child(&self, node: &Node, child: &Content, flow: &mut Lines, depth: usize) {
        match child {
            Content::Text(text) => self.text(node, text, flow),
            Content::Break => {
                let line = node.line_height;
                flow.settle();
                flow.line = flow.line.max(line);
                flow.end_line();
            }
            Content::Picture { width, height } => {
                let shown = width.min(flow.width);
                let height = if *width > shown { height * shown / width } else { *height };
                flow.put(shown, height.max(if height > 0.0 { node.line_height } else { 0.0 }), true);
            }
            Content::Rule => {
                flow.block(8.0);
                flow.settle();
                flow.down += 2.0;
                flow.margin = 8.0;
            }
            Content::Closed => {
                flow.block(0.0);
                flow.settle();
                flow.down += CLOSED;
            }
            Content::Element(at) => {
                if let Some(element) = self.boxes.nodes.get(*at) {
                    self.element(element, flow, depth + 1);
                }
            }
        }
    }

    fn element(&self, node: &Node, flow: &mut Lines, depth: usize) {
        match node.flow {
            Flow::Inline => self.children(node, flow, depth),
            Flow::Together => {
                let width = node.width(flow.width).unwrap_or_else(|| (node.preferred + node.sides).min(flow.width));
                let height = self.inside(node, width, depth);
                flow.put(width + node.margin_sides, height + node.margin_top + node.margin_bottom, true);
            }
            Flow::Block | Flow::Table | Flow::Row => {
                flow.block(node.margin_top);
                let whole = flow.width - node.margin_sides;
                let width = match node.flow {
                    Flow::Block => node.width(whole).unwrap_or(whole).min(node.most(whole)),
                    _ => node.width(whole).unwrap_or_else(|| node.preferred.min(whole)).max(node.least.min(whole)),
                };
                let is_bare =
                    node.flow == Flow::Block && node.upright == 0.0 && node.height.or(node.least_height).is_none();
                if is_bare {
                    // An element without padding and border passes the margins of its first and last block outside.
                    let outer = std::mem::replace(&mut flow.width, (width - node.sides).max(10.0));
                    self.children(node, flow, depth);
                    flow.end_line();
                    flow.width = outer;
                } else {
                    let height = self.inside(node, width.max(10.0), depth);
                    if height > 0.0 {
                        flow.settle();
                        flow.down += height;
                    }
                }
                flow.margin = flow.margin.max(node.margin_bottom);
            }
        }
    }

    /// The height of an element with this width, including padding and border.
    fn inside(&self, node: &Node, width: f32, depth: usize) -> f32 {
        let height = if node.flow == Flow::Table {
            self.table(node, width - node.sides, depth)
        } else {
            let mut flow = Lines::new((width - node.sides).max(10.0));
            self.children(node, &mut flow, depth);
            flow.end()
        };
        let whole = match (node.height, node.least_height) {
            (Some(most), _) if node.clips => height.min(most),
            (Some(least), _) | (None, Some(least)) => height.max(least),
            (None, None) => height,
        };
        whole + node.upright
    }

    /// The height of a table: the cells of each row are beside each other.
    fn table(&self, table: &Node, width: f32, depth: usize) -> f32 {
        let rows: Vec<&Node> = self.rows(table).collect();
        let columns = self.columns(&rows, width);
        let mut height = 0.0;
        for row in rows {
            let (mut tallest, mut at) = (row.height.unwrap_or_default(), 0);
            for cell in self.cells(row) {
                let spans = cell.spans.min(columns.len().saturating_sub(at)).max(1);
                let room: f32 = columns.iter().skip(at).take(spans).sum();
                at += spans;
                tallest = f32::max(tallest, self.inside(cell, room.max(10.0), depth + 1));
            }
            height += tallest + table.spacing;
        }
        for caption in self.elements(table).filter(|node| !matches!(node.flow, Flow::Row)) {
            height += self.inside(caption, width, depth + 1);
        }
        if height > 0.0 { height + table.spacing } else { 0.0 }
    }

    fn elements<'n>(&'n self, node: &'n Node) -> impl Iterator<Item = &'n Node> {
        node.children.iter().filter_map(|child| match child {
            Content::Element(at) => self.boxes.nodes.get(*at),
            _ => None,
        })
    }

    fn rows<'n>(&'n self, table: &'n Node) -> impl Iterator<Item = &'n Node> {
        let groups = self.elements(table).filter(|node| node.flow == Flow::Row);
        groups.flat_map(|group| {
            let rows: Vec<&Node> = match group.is_group {
                true => self.elements(group).filter(|node| node.flow == Flow::Row).collect(),
                false => vec![group],
            };
            rows
        })
    }

    fn cells<'n>(&'n self, row: &'n Node) -> impl Iterator<Item = &'n Node> {
        self.elements(row).filter(|node| node.flow == Flow::Block)
    }

    /// The widths of a table's columns: first those with a width, then the others by their content.
    fn columns(&self, rows: &[&Node], width: f32) -> Vec<f32> {
        const MOST: usize = 50;
        let (mut said, mut wanted): (Vec<Option<f32>>, Vec<f32>) = (Vec::new(), Vec::new());
        for row in rows.iter().take(500) {
            let mut at = 0;
            for cell in self.cells(row) {
                let end = (at + cell.spans).min(MOST);
                said.resize(said.len().max(end), None);
                wanted.resize(wanted.len().max(end), 0.0);
                if cell.spans == 1
                    && let (Some(said), Some(wanted)) = (said.get_mut(at), wanted.get_mut(at))
                {
                    *said = said.or_else(|| cell.width(width));
                    *wanted = f32::max(*wanted, cell.preferred + cell.sides);
                }
                at = end;
            }
        }
        let taken: f32 = said.iter().flatten().sum();
        let open: f32 =
            said.iter().zip(&wanted).filter(|(said, _)| said.is_none()).map(|(_, wanted)| wanted.max(10.0)).sum();
        let left = (width - taken).max(0.0);
        let columns = said.iter().zip(&wanted).map(|(said, wanted)| match said {
            Some(said) if taken > width => said * width / taken,
            Some(said) if open == 0.0 && taken > 0.0 => said * width / taken,
            Some(said) => *said,
            None => left * wanted.max(10.0) / open.max(1.0),
        });
        columns.collect()
    }

    fn text(&self, node: &Node, text: &str, flow: &mut Lines) {
        letters::words(text, node.space, |word| match word {
            letters::Word::Run(word) => {
                let width = letters::width(word, node.size, node.is_bold);
                // A word that is too long is broken anywhere.
                let mut left = width;
                flow.put(left.min(flow.width), node.line_height, node.wraps);
                left -= flow.width;
                while left > 0.0 && node.wraps {
                    flow.end_line();
                    flow.put(left.min(flow.width), node.line_height, true);
                    left -= flow.width;
                }
            }
            letters::Word::Space(count) => {
                if flow.taken > 0.0 {
                    flow.taken += letters::SPACE * node.size * count;
                }
            }
            letters::Word::End => {
                flow.settle();
                flow.line = flow.line.max(node.line_height);
                flow.end_line();
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tall(html: &str) -> u32 {
        height(html, &Sheet::parse(html), 640.0)
    }

    #[test]
    fn t3_a_frame_is_as_tall_as_its_letter() {
        assert_eq!(tall("<p>One line</p>"), 28 + 28 + 21);
        assert_eq!(tall("<div>One<br>Two</div><div>Three</div>"), 28 + 3 * 21);
        let words = tall(&format!("<div>{}</div>", "word and more of it ".repeat(100)));
        assert!((480..620).contains(&words), "{words}");
        let cells = tall("<table width=600><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>");
        assert!((70..90).contains(&cells), "{cells}");
        assert_eq!(tall("<img width=300 height=200>"), 228);
        assert_eq!(tall("<p style='display:none'>x</p><style>.a{display:none}</style><p class=a>x</p>"), 28);
        assert!(tall("<details><summary>x</summary><div><p>1<p>2<p>3<p>4</div></details>") < 70);
    }

    #[test]
    fn s10_laying_out_is_bounded() {
        let begun = std::time::Instant::now();
        for html in ["<table><tr><td>", "<div>x", "<b>x</b> ", "<p>x</p>", "x", "<ol><li>", "<br>"] {
            assert!(tall(&html.repeat(500_000 / html.len())) <= TALLEST as u32);
        }
        assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
    }
}
