// long file: the measures of an element, each by its name, read in one place
//! The parts of a letter that take space, as a tree: elements with their measures, texts, pictures.

use super::letters;
use crate::{
    html::{
        look::{Look, Space, declarations, length},
        sheet::{Named, Sheet},
    },
    tags::{Part, Tag, decode, parts},
};

/// The deepest nesting that is laid out. Deeper content belongs to the last of these elements.
const DEEPEST: usize = 150;
/// The default line height as a factor of the font size, as in the frame's own style.
const LINE: f32 = 1.5;
/// The line height of `normal`.
const NORMAL_LINE: f32 = 1.2;

/// How an element is laid out among its siblings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Inline,
    /// As one box in a line.
    Together,
    Block,
    Table,
    /// Inside a table: a row, or a group of rows.
    Row,
}

/// The content of an element.
#[derive(Debug)]
pub(super) enum Content {
    Text(String),
    Break,
    Picture {
        width: f32,
        height: f32,
    },
    Rule,
    /// A closed `details`.
    Closed,
    /// An element, by its index.
    Element(usize),
}

/// An element with its measures in CSS pixels.
#[derive(Debug)]
pub(super) struct Node {
    pub children: Vec<Content>,
    pub flow: Flow,
    pub is_group: bool,
    pub size: f32,
    pub line_height: f32,
    pub space: Space,
    pub is_bold: bool,
    pub wraps: bool,
    width: Option<Measure>,
    most: Option<Measure>,
    pub height: Option<f32>,
    pub least_height: Option<f32>,
    pub clips: bool,
    /// Padding and border, horizontal and vertical.
    pub sides: f32,
    pub upright: f32,
    pub margin_top: f32,
    pub margin_bottom: f32,
    pub margin_sides: f32,
    /// The spacing between the cells of a table.
    pub spacing: f32,
    /// The padding of a table's cells.
    padding: f32,
    pub spans: usize,
    /// The width of its content in as few lines as possible, and the smallest possible width.
    pub preferred: f32,
    pub least: f32,
    /// The width of the current line, unbroken.
    line: f32,
    line_factor: Factor,
}

/// A line height: a factor of the font size, or in pixels.
#[derive(Debug, Clone, Copy)]
enum Factor {
    Part(f32),
    Points(f32),
}

/// A length in pixels, or a part of the available one.
#[derive(Debug, Clone, Copy)]
enum Measure {
    Points(f32),
    Part(f32),
}

impl Measure {
    fn parse(value: &str, em: f32) -> Option<Self> {
        let value = value.trim();
        match value.strip_suffix('%') {
            Some(part) => part.trim().parse::<f32>().ok().map(|part| Self::Part(part / 100.0)),
            None => length(value, em, 0.0).map(Self::Points),
        }
    }

    fn within(self, whole: f32) -> f32 {
        match self {
            Self::Points(points) => points,
            Self::Part(part) => part * whole,
        }
    }
}

impl Node {
    fn new() -> Self {
        Self {
            children: Vec::new(),
            flow: Flow::Block,
            is_group: false,
            size: Look::PAGE.size,
            line_height: Look::PAGE.size * LINE,
            space: Space::None,
            is_bold: false,
            wraps: true,
            width: None,
            most: None,
            height: None,
            least_height: None,
            clips: false,
            sides: 0.0,
            upright: 0.0,
            margin_top: 0.0,
            margin_bottom: 0.0,
            margin_sides: 0.0,
            spacing: 0.0,
            padding: 1.0,
            spans: 1,
            preferred: 0.0,
            least: 0.0,
            line: 0.0,
            line_factor: Factor::Part(LINE),
        }
    }

    /// Its declared width, limited by the available width.
    pub fn width(&self, whole: f32) -> Option<f32> {
        let width = self.width?.within(whole);
        Some(width.min(self.most(whole)).min(whole))
    }

    /// Its maximum width.
    pub fn most(&self, whole: f32) -> f32 {
        self.most.map_or(f32::MAX, |most| most.within(whole))
    }

    fn end_line(&mut self) {
        self.preferred = self.preferred.max(std::mem::take(&mut self.line));
    }
}

/// The tree of a letter.
pub(super) struct Boxes {
    pub root: Node,
    pub nodes: Vec<Node>,
}

/// An open element.
struct Open {
    node: Node,
    look: Look,
    /// Whether it is nested too deep, or inside a closed `details`.
    is_closed: bool,
}

impl Boxes {
    /// Parses sanitised HTML, in which every element is closed.
    pub fn parse(html: &str, sheet: &Sheet) -> Self {
        let mut boxes = Self { root: Node::new(), nodes: Vec::new() };
        let mut open = vec![Open { node: Node::new(), look: Look::PAGE, is_closed: false }];
        let mut around: Vec<Named> = Vec::new();
        let mut passed = 0usize;
        for (_, part) in parts(html) {
            let Some(outer) = open.last_mut() else { break };
            match part {
                Part::Tag(tag) if tag.is_void() => {
                    let is_laid_out = !outer.look.gone && !outer.is_closed && passed == 0 && !tag.is_end;
                    if is_laid_out {
                        outer.void(&tag, sheet, &around);
                    }
                }
                Part::Tag(tag) if tag.is_end => {
                    if passed > 0 {
                        passed -= 1;
                    } else if open.len() > 1 {
                        around.pop();
                        boxes.close(&mut open);
                    }
                }
                Part::Tag(tag) => {
                    let is_deep = open.len() > DEEPEST;
                    let Some(outer) = open.last_mut() else { break };
                    if is_deep {
                        passed += 1;
                        continue;
                    }
                    let named = Named::of(&tag);
                    let look = outer.look.within(&tag, sheet, &named, &around);
                    let is_closed = outer.is_closed || tag.name == "details";
                    if tag.name == "details" && !outer.is_closed && !look.gone {
                        outer.node.children.push(Content::Closed);
                    }
                    let node = measured(&tag, outer, &look, sheet, &named, &around);
                    around.push(named);
                    open.push(Open { node, look, is_closed });
                }
                Part::Text(text) if !outer.look.gone && !outer.is_closed => outer.text(text),
                _ => {}
            }
        }
        while open.len() > 1 {
            boxes.close(&mut open);
        }
        boxes.root = open.pop().map_or_else(Node::new, |open| open.node);
        boxes
    }

    fn close(&mut self, open: &mut Vec<Open>) {
        let (Some(mut inner), Some(outer)) = (open.pop(), open.last_mut()) else { return };
        if inner.look.gone || inner.is_closed {
            return;
        }
        let (node, parent) = (&mut inner.node, &mut outer.node);
        let told = |node: &Node| match node.width {
            Some(Measure::Points(points)) => points,
            _ => node.preferred + node.sides,
        };
        match node.flow {
            Flow::Inline => {
                parent.preferred = parent.preferred.max(node.preferred);
                parent.line += node.line;
                node.line = 0.0;
            }
            Flow::Together => {
                node.end_line();
                parent.line += told(node);
            }
            // Cells are beside each other.
            Flow::Block if parent.flow == Flow::Row => {
                node.end_line();
                parent.line += told(node);
            }
            _ => {
                node.end_line();
                parent.end_line();
                parent.preferred = parent.preferred.max(told(node) + node.margin_sides);
            }
        }
        parent.least = parent.least.max(node.least + node.sides);
        parent.children.push(Content::Element(self.nodes.len()));
        self.nodes.push(inner.node);
    }
}

impl Open {
    fn text(&mut self, raw: &str) {
        let mut text = String::with_capacity(raw.len());
        decode(raw, &mut text);
        let node = &mut self.node;
        letters::words(&text, node.space, |word| match word {
            letters::Word::Run(word) => {
                let width = letters::width(word, node.size, node.is_bold);
                node.line += width;
                node.least = node.least.max(width.min(300.0));
            }
            letters::Word::Space(count) => node.line += letters::SPACE * node.size * count,
            letters::Word::End => node.end_line(),
        });
        node.children.push(Content::Text(text));
    }

    fn void(&mut self, tag: &Tag<'_>, sheet: &Sheet, around: &[Named]) {
        match tag.name.as_str() {
            "br" => {
                self.node.end_line();
                self.node.children.push(Content::Break);
            }
            "hr" => {
                self.node.end_line();
                self.node.children.push(Content::Rule);
            }
            "img" => {
                let named = Named::of(tag);
                let look = self.look.within(tag, sheet, &named, around);
                if look.gone {
                    return;
                }
                let (width, height, is_block) = picture(tag, self.node.size, sheet, &named, around);
                if is_block {
                    self.node.end_line();
                }
                self.node.line += width;
                self.node.least = self.node.least.max(width.min(300.0));
                self.node.children.push(Content::Picture { width, height });
            }
            _ => {}
        }
    }
}

/// The size of a picture: as declared, in its own proportions, which its URL contains here (`600x400`).
fn picture(tag: &Tag<'_>, em: f32, sheet: &Sheet, named: &Named, around: &[Named]) -> (f32, f32, bool) {
    let own = tag.attribute("src").and_then(|src| {
        let (width, height) = src.split_once('x')?;
        Some((width.parse::<f32>().ok()?, height.parse::<f32>().ok()?))
    });
    let attribute = |name: &str| tag.attribute(name).and_then(|value| length(&value, em, 600.0));
    let (mut width, mut height, mut is_block) = (attribute("width"), attribute("height"), false);
    let mut styled = None;
    for (name, value, _) in all_declarations(tag, sheet, named, around) {
        match name.as_str() {
            "width" => width = length(&value, em, 600.0).or(width),
            "max-width" => {
                if let Some(most) = length(&value, em, f32::MAX) {
                    width = Some(width.or(own.map(|(width, _)| width)).unwrap_or_default().min(most));
                }
            }
            "height" => styled = length(&value, em, 400.0),
            "display" => is_block = value == "block",
            _ => {}
        }
    }
    let proportion = match (own, width, height) {
        (Some((wide, tall)), ..) if wide > 0.0 => Some(tall / wide),
        (None, Some(width), Some(height)) if width > 0.0 => Some(height / width),
        _ => None,
    };
    let width = width.or(own.map(|(wide, _)| wide));
    let width = width.or_else(|| proportion.zip(height).map(|(part, height)| height / part.max(0.01)));
    if own.is_none() && tag.attribute("src").is_none() && (width.is_none() || height.is_none()) {
        height = height.or(Some(0.0));
    }
    let width = width.unwrap_or_default();
    let tall = styled.or_else(|| proportion.map(|part| part * width)).or(height).unwrap_or_default();
    (width, tall, is_block)
}

fn all_declarations(tag: &Tag<'_>, sheet: &Sheet, named: &Named, around: &[Named]) -> Vec<(String, String, bool)> {
    let inline = tag.attribute("style").unwrap_or_default();
    let rules: Vec<&str> = if sheet.is_empty() { Vec::new() } else { sheet.of_element(named, around).collect() };
    let all = rules.into_iter().chain([&*inline]).flat_map(declarations);
    let mut all: Vec<_> = all.map(|(name, value, important)| (name, value.to_ascii_lowercase(), important)).collect();
    all.sort_by_key(|(_, _, important)| *important);
    all
}

/// An element with its measures, still without content.
fn measured(tag: &Tag<'_>, outer: &Open, look: &Look, sheet: &Sheet, named: &Named, around: &[Named]) -> Node {
    let parent = &outer.node;
    let em = look.size;
    let mut node = Node {
        size: em,
        space: look.space,
        is_bold: parent.is_bold,
        wraps: parent.wraps,
        line_factor: parent.line_factor,
        padding: parent.padding,
        spacing: parent.spacing,
        ..Node::new()
    };
    let attribute = |name: &str| tag.attribute(name);
    let points = |name: &str| attribute(name).and_then(|value| length(&value, em, 0.0));
    node.flow = Flow::Block;
    let margin = |node: &mut Node, part: f32| {
        node.margin_top = part * em;
        node.margin_bottom = part * em;
    };
    match tag.name.as_str() {
        "p" | "dl" | "pre" => margin(&mut node, 1.0),
        "ul" | "ol" => {
            margin(&mut node, if parent.flow == Flow::Block && parent.margin_top == 0.0 { 1.0 } else { 0.0 });
            node.sides = 40.0;
        }
        "blockquote" => {
            margin(&mut node, 0.5);
            node.sides = 14.0;
        }
        "dd" => node.margin_sides = 40.0,
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
            margin(&mut node, 0.9);
            node.is_bold = true;
        }
        "table" => {
            node.flow = Flow::Table;
            node.spacing = points("cellspacing").unwrap_or(2.0);
            node.padding = points("cellpadding").unwrap_or(1.0);
            let border = points("border").unwrap_or_default();
            node.sides = 2.0 * border;
            node.upright = 2.0 * border;
            node.is_bold = false;
        }
        "tbody" | "thead" | "tfoot" => {
            node.flow = Flow::Row;
            node.is_group = true;
        }
        "tr" | "colgroup" => node.flow = Flow::Row,
        "td" | "th" => {
            node.sides = 2.0 * node.padding;
            node.upright = 2.0 * node.padding;
            node.is_bold |= tag.name == "th";
            node.spans = attribute("colspan").and_then(|spans| spans.trim().parse().ok()).unwrap_or(1).clamp(1, 50);
            node.wraps = attribute("nowrap").is_none();
        }
        "b" | "strong" => {
            node.is_bold = true;
            node.flow = Flow::Inline;
        }
        "div" | "section" | "address" | "center" | "li" | "dt" | "caption" | "summary" | "details" => {}
        _ => node.flow = Flow::Inline,
    }
    node.width = attribute("width").and_then(|width| Measure::parse(&width, em));
    node.height = points("height").filter(|_| tag.name != "div");
    node.declare(tag, look, &all_declarations(tag, sheet, named, around));
    node.line_height = match node.line_factor {
        Factor::Part(part) => part * em,
        Factor::Points(points) => points,
    };
    node
}

impl Node {
    fn declare(&mut self, tag: &Tag<'_>, look: &Look, all: &[(String, String, bool)]) {
        let em = look.size;
        let mut padding = [self.upright / 2.0, self.sides / 2.0, self.upright / 2.0, self.sides / 2.0];
        let mut border = [0.0; 4];
        let mut margin = [self.margin_top, self.margin_sides, self.margin_bottom, 0.0];
        let is_cell = matches!(tag.name.as_str(), "td" | "th" | "tr" | "tbody" | "thead" | "tfoot");
        for (name, value, _) in all {
            let one = length(value, em, 600.0);
            match name.as_str() {
                "display" if !is_cell => {
                    self.flow = match value.as_str() {
                        "inline" => Flow::Inline,
                        "inline-block" | "inline-table" | "inline-flex" => Flow::Together,
                        "table" if tag.name == "table" => Flow::Table,
                        _ if self.flow == Flow::Table => Flow::Table,
                        _ => Flow::Block,
                    };
                }
                "font-weight" => {
                    self.is_bold = matches!(value.as_str(), "bold" | "bolder" | "600" | "700" | "800" | "900")
                }
                "font" => {
                    self.line_factor = Factor::Part(NORMAL_LINE);
                    if let Some(line) = value.split_whitespace().find_map(|word| word.split_once('/')) {
                        self.line(line.1, em);
                    }
                }
                "line-height" => self.line(value, em),
                "white-space" => self.wraps = !matches!(value.as_str(), "nowrap" | "pre"),
                "width" if value != "auto" => self.width = Measure::parse(value, em).or(self.width),
                "max-width" => self.most = Measure::parse(value, em),
                "height" if !value.ends_with('%') => self.height = one.or(self.height),
                "min-height" => self.least_height = one,
                "max-height" if one.is_some() => {
                    self.height = one;
                    self.clips = true;
                }
                "overflow" => self.clips |= value == "hidden" && self.height.is_some(),
                "border-collapse" if value == "collapse" => self.spacing = 0.0,
                "border-spacing" => self.spacing = one.unwrap_or(self.spacing),
                "padding" => padding = sides(value, em).unwrap_or(padding),
                "margin" => margin = sides(value, em).unwrap_or(margin),
                "border" => border = [width_of(value, em); 4],
                _ => {
                    let at = ["top", "right", "bottom", "left"].iter().position(|side| name.ends_with(side));
                    let Some(at) = at else { continue };
                    match name.rsplit_once('-').map(|(what, _)| what) {
                        Some("padding") => padding[at] = one.unwrap_or(padding[at]),
                        Some("margin") => margin[at] = one.unwrap_or(margin[at]),
                        Some("border") => border[at] = width_of(value, em),
                        _ => {}
                    }
                }
            }
        }
        self.upright = padding[0] + padding[2] + border[0] + border[2];
        self.sides = padding[1] + padding[3] + border[1] + border[3];
        if self.flow != Flow::Inline && !is_cell {
            (self.margin_top, self.margin_bottom) = (margin[0], margin[2]);
            self.margin_sides = margin[1] + margin[3];
        }
        if self.flow == Flow::Inline {
            (self.upright, self.sides) = (0.0, 0.0);
        }
    }

    fn line(&mut self, value: &str, em: f32) {
        self.line_factor = match value.parse::<f32>() {
            Ok(part) => Factor::Part(part),
            Err(_) => match length(value, em, em) {
                Some(points) => Factor::Points(points),
                None => Factor::Part(NORMAL_LINE),
            },
        };
    }
}

/// Four lengths from one to four values: top, right, bottom, left.
fn sides(value: &str, em: f32) -> Option<[f32; 4]> {
    let all: Vec<f32> = value.split_whitespace().map(|one| length(one, em, 600.0).unwrap_or_default()).collect();
    Some(match all.as_slice() {
        [all] => [*all; 4],
        [upright, sides] => [*upright, *sides, *upright, *sides],
        [top, sides, bottom] => [*top, *sides, *bottom, *sides],
        [top, right, bottom, left] => [*top, *right, *bottom, *left],
        _ => return None,
    })
}

/// The width of a border.
fn width_of(value: &str, em: f32) -> f32 {
    if value.contains("none") || value == "0" {
        return 0.0;
    }
    value.split_whitespace().find_map(|word| length(word, em, 0.0)).unwrap_or(1.0)
}
