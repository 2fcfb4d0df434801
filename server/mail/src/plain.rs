//! Converts a mail's HTML to lines of text, which are searched, quoted and folded. It reads the HTML once from front to back and does not
//! build a browser's tree. Invisible content is left out.

mod cells;
mod links;
mod lists;
mod pictures;
mod raised;

use std::collections::HashMap;

use model::{is_filler, is_unseen};

use self::{
    cells::Cell,
    links::{Link, target},
    lists::{List, lengths},
    raised::Raised,
};
use super::{
    html::{
        look::{Look, Space},
        sheet::{Named, Sheet},
    },
    tags::{Part, Tag, decode, parts},
};

/// The most quote marks of a line, however deep the quote is.
const DEEPEST: usize = 5;
/// The most nested elements that are told apart. Deeper content looks like the last of them.
const MOST_OPEN: usize = 200;
/// The most adjacent spaces that are kept.
const MOST_SPACES: usize = 100;
/// The marker around words that are struck through.
const STRUCK: &str = "~~";

/// Elements on lines of their own.
const LINES: [&str; 22] = [
    "address", "article", "body", "center", "dd", "div", "dl", "dt", "fieldset", "footer", "form", "header", "hr",
    "li", "main", "section", "table", "tbody", "tfoot", "thead", "tr", "caption",
];
/// Elements with blank lines around them.
const PARAGRAPHS: [&str; 11] = ["blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "ul"];
/// The style properties that change what is read.
const READ: [&str; 11] = [
    "display",
    "visibility",
    "opacity",
    "height",
    "width",
    "font",
    "white-space",
    "line-through",
    "list-style",
    "color",
    "background",
];

/// The lines of an HTML document, with the targets of its links, the numbers of its lists, and marks around struck words.
pub fn plain(html: &str) -> String {
    let sheet = Sheet::parse(html).only(&READ);
    read(html, &sheet, Told::Marks).text
}

/// The lines of an HTML document with their positions.
pub(super) struct Placed {
    /// The text.
    pub text: String,
    /// For each line with text, its start in the text and in the HTML.
    pub lines: Vec<(usize, usize)>,
}

/// The words of an HTML document in lines, with their positions.
pub(super) fn placed(html: &str) -> Placed {
    read(html, &Sheet::default(), Told::Words)
}

/// What is added to the words of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// Nothing.
    Words,
    /// The targets of links, and marks around struck words.
    Marks,
}

fn read(html: &str, sheet: &Sheet, told: Told) -> Placed {
    let mut lines = Lines::new(sheet, told);
    lines.lengths = lengths(html);
    for (at, part) in parts(html) {
        lines.at = at;
        match part {
            Part::Tag(tag) if tag.is_end => lines.end(&tag),
            Part::Tag(tag) => lines.begin(&tag),
            Part::Text(text) => lines.text(text),
            Part::Silent(..) => {}
        }
    }
    while let Some(element) = lines.open.pop() {
        lines.close(element);
    }
    Placed { text: lines.text, lines: lines.places }
}

/// An open element.
struct Element {
    name: String,
    look: Look,
    /// Whether it is marked as a quote.
    quotes: bool,
    list: Option<List>,
    link: Option<Link>,
    raised: Option<Raised>,
    /// Whether it is a data table, with header cells or borders.
    has_columns: bool,
    cell: Option<Cell>,
}

impl Element {
    fn new(name: &str, look: Look) -> Self {
        let name = name.to_owned();
        Self { name, look, quotes: false, list: None, link: None, raised: None, has_columns: false, cell: None }
    }
}

/// The lines that were written so far.
struct Lines<'s> {
    sheet: &'s Sheet,
    told: Told,
    text: String,
    /// The current position in the HTML.
    at: usize,
    places: Vec<(usize, usize)>,
    open: Vec<Element>,
    /// The names by which rules select the open elements.
    named: Vec<Named>,
    /// How many open elements are too deep to be told apart.
    deeper: usize,
    /// How many open elements are marked as quotes.
    depth: usize,
    /// Whether the current line has content.
    filled: bool,
    /// What is due before the next word: spaces, and a marker.
    due: String,
    /// Whether the opening marker of struck words is due.
    strikes: bool,
    /// Whether the current line has only a list marker.
    is_marked: bool,
    /// The placeholders for the empty cells since the last one with text.
    passed: String,
    /// The number of entries of reversed lists, by their position in the HTML.
    lengths: HashMap<usize, i64>,
}

impl<'s> Lines<'s> {
    fn new(sheet: &'s Sheet, told: Told) -> Self {
        Self {
            sheet,
            told,
            text: String::new(),
            at: 0,
            places: Vec::new(),
            open: Vec::new(),
            named: Vec::new(),
            deeper: 0,
            depth: 0,
            filled: false,
            due: String::new(),
            strikes: false,
            is_marked: false,
            passed: String::new(),
            lengths: HashMap::new(),
        }
    }

    fn look(&self) -> Look {
        self.open.last().map_or(Look::PAGE, |element| element.look)
    }

    /// Whether text is visible here: text in the colour of its background is not.
    fn is_read(&self) -> bool {
        let look = self.look();
        look.is_read() && (self.told == Told::Words || look.ground != Some(look.colour))
    }

    fn begin(&mut self, tag: &Tag<'_>) {
        self.close_by(&tag.name);
        if !self.look().gone {
            self.part(&tag.name);
        }
        if tag.is_void() {
            match tag.name.as_str() {
                "img" => self.picture(tag),
                "input" => self.see(),
                _ => {}
            }
            return;
        }
        if self.open.len() >= MOST_OPEN {
            self.deeper += 1;
            return;
        }
        let named = if self.sheet.is_empty() { Named::default() } else { Named::of(tag) };
        let look = self.look().within(tag, self.sheet, &named, &self.named);
        let raised = Raised::of(&tag.name, self.text.len(), !self.filled);
        let mut element = Element { raised, ..Element::new(&tag.name, look) };
        match tag.name.as_str() {
            "ol" | "ul" => element.list = Some(List::of(tag, look.marks, self.lengths.get(&self.at).copied())),
            "table" => element.has_columns = tag.attribute("border").is_some_and(|border| border.trim() != "0"),
            "svg" | "object" => self.see(),
            "td" | "th" => element.cell = Some(self.cell(tag)),
            "blockquote" => {
                // Some programs indent with it.
                element.quotes = tag.attributes.contains("cite") || tag.attributes.contains("quote");
                self.depth += usize::from(element.quotes);
            }
            "a" if self.told == Told::Marks => {
                element.link = target(tag).map(|target| Link { target, words_from: self.text.len() });
            }
            _ => {}
        }
        self.strikes |= look.struck && self.told == Told::Marks;
        let is_entry = tag.name == "li";
        self.open.push(element);
        self.named.push(named);
        if is_entry && self.is_read() {
            self.entry(tag);
        }
    }

    /// Begins a list entry with its marker.
    fn entry(&mut self, tag: &Tag<'_>) {
        let depth = self.open.iter().filter(|element| element.list.is_some()).count().clamp(1, 10);
        let marks = self.look().marks;
        let list = self.open.iter_mut().rev().find_map(|element| element.list.as_mut());
        let Some(mark) = list.map_or_else(|| Some("-".to_owned()), |list| list.mark(tag, marks)) else { return };
        self.word(&format!("{}{mark}", "  ".repeat(depth - 1)));
        " ".clone_into(&mut self.due);
        self.is_marked = true;
    }

    /// The text of a picture counts where the picture is visible, whatever text would look like there.
    fn picture(&mut self, tag: &Tag<'_>) {
        let named = if self.sheet.is_empty() { Named::default() } else { Named::of(tag) };
        let look = self.look().within(tag, self.sheet, &named, &self.named);
        if look.gone || look.unseen {
            return;
        }
        self.see();
        let in_link = self.open.iter().any(|element| element.link.is_some());
        let Some(words) = pictures::words(tag, in_link) else { return };
        let is_apart = pictures::stand_apart(&words);
        if is_apart {
            self.space(" ");
        }
        for (n, word) in words.split_whitespace().enumerate() {
            if n > 0 {
                self.space(" ");
            }
            self.put(word);
        }
        if is_apart {
            self.space(" ");
        }
    }

    /// Closes the open elements that this element implicitly ends.
    fn close_by(&mut self, name: &str) {
        let (ends, within): (&[&str], &[&str]) = match name {
            "li" => (&["li"], &["ol", "ul"]),
            "td" | "th" => (&["td", "th"], &["table"]),
            "tr" => (&["tr", "td", "th"], &["table"]),
            "dd" | "dt" => (&["dd", "dt"], &["dl"]),
            name if name == "p" || LINES.contains(&name) || PARAGRAPHS.contains(&name) => {
                (&["p"], &["div", "td", "th", "li", "blockquote", "table", "center", "section"])
            }
            _ => return,
        };
        let open = self.open.iter().rposition(|one| {
            let name = one.name.as_str();
            ends.contains(&name) || within.contains(&name)
        });
        if let Some(at) = open.filter(|at| ends.contains(&self.open[*at].name.as_str())) {
            self.close_from(at);
        }
    }

    fn end(&mut self, tag: &Tag<'_>) {
        if self.deeper > 0 && !tag.is_void() {
            self.deeper -= 1;
        } else if let Some(at) = self.open.iter().rposition(|element| element.name == tag.name) {
            self.close_from(at);
        }
        if !self.look().gone {
            self.part(&tag.name);
        }
    }

    fn close_from(&mut self, at: usize) {
        while self.open.len() > at {
            self.named.pop();
            if let Some(element) = self.open.pop() {
                self.close(element);
            }
        }
    }

    fn close(&mut self, element: Element) {
        self.depth -= usize::from(element.quotes);
        if let Some(raised) = element.raised {
            raised.settle(&mut self.text);
        }
        if let Some(cell) = element.cell.filter(|_| element.look.is_read()) {
            self.end_cell(cell);
        }
        if element.look.struck && self.told == Told::Marks && !std::mem::take(&mut self.strikes) {
            // Line ends may follow it.
            let end = self.text.trim_end_matches('\n').len();
            self.text.insert_str(end, STRUCK);
        }
        if let Some(told) = element.link.and_then(|link| link.note(&self.text)) {
            if self.filled && self.due.is_empty() {
                self.due.push(' ');
            }
            self.start_word();
            self.text.push_str(&told);
        }
    }

    /// Separates the text before a tag from the text after it.
    fn part(&mut self, name: &str) {
        if matches!(name, "tr" | "table") {
            self.passed.clear();
        }
        if self.is_marked && !matches!(name, "br" | "li" | "ol" | "ul") {
            return;
        }
        match name {
            "br" => self.end_line(),
            "td" | "th" if self.filled => "  ".clone_into(&mut self.due),
            _ if LINES.contains(&name) => self.new_line(),
            _ if PARAGRAPHS.contains(&name) => self.paragraph(),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if !self.is_read() {
            return;
        }
        let space = self.look().space;
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let is_space = c.is_ascii_whitespace();
            let end = rest.find(|c: char| c.is_ascii_whitespace() != is_space).unwrap_or(rest.len());
            let (run, behind) = rest.split_at(end);
            match space {
                _ if !is_space => self.word(run),
                Space::None => self.space(" "),
                Space::Lines | Space::All => {
                    let mut lines = run.split('\n');
                    let last = lines.next_back().unwrap_or_default();
                    lines.for_each(|_| self.end_line());
                    match space {
                        Space::All if !last.is_empty() => last[..last.len().min(MOST_SPACES)].clone_into(&mut self.due),
                        _ if !last.is_empty() => self.space(" "),
                        _ => {}
                    }
                }
            }
            rest = behind;
            self.at += end;
        }
    }

    fn space(&mut self, space: &str) {
        if self.filled && self.due.is_empty() {
            self.due.push_str(space);
        }
    }

    /// Writes a word, with character references decoded.
    fn word(&mut self, word: &str) {
        if word.is_ascii() && !word.starts_with('&') {
            self.start_word();
            return decode(word, &mut self.text);
        }
        let mut read = String::with_capacity(word.len());
        decode(word, &mut read);
        self.put(&read);
    }

    /// Writes a word unchanged.
    fn put(&mut self, read: &str) {
        // Characters that only fill the preview of a mass mailing.
        if read.chars().all(is_unseen) && read.chars().any(is_filler) {
            return self.space(" ");
        }
        self.start_word();
        self.text.push_str(read);
    }

    fn start_word(&mut self) {
        if !self.filled {
            self.places.push((self.text.len(), self.at));
            self.text.push_str(&"> ".repeat(self.depth.min(DEEPEST)));
            self.filled = true;
        }
        self.text.push_str(&std::mem::take(&mut self.due));
        self.write_passed();
        if std::mem::take(&mut self.strikes) {
            self.text.push_str(STRUCK);
        }
        self.is_marked = false;
    }

    /// Ends the line, even an empty one. More than two empty lines are left out.
    fn end_line(&mut self) {
        if self.filled || !self.text.ends_with("\n\n\n") {
            self.text.push('\n');
        }
        self.filled = false;
        self.is_marked = false;
        self.due.clear();
        self.passed.clear();
    }

    fn new_line(&mut self) {
        if self.filled {
            self.end_line();
        }
    }

    fn paragraph(&mut self) {
        self.new_line();
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.end_line();
        }
    }
}

#[cfg(test)]
mod tests;
