//! How much of a mail's HTML is displayed (S10). The cost of parsing cannot be seen in the tags: one paragraph may open again a thousand
//! elements that were open before it. So the HTML is first read by the same parser that later builds the tree, but only the positions of
//! elements are kept. It is cut before the place where the real parser would use too much.

use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};

use html5ever::{
    Attribute, ExpandedName, LocalName, ParseOpts, QualName,
    interface::tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeSink},
    local_name, ns, parse_fragment,
    tendril::{StrTendril, stream::TendrilSink},
};

/// The most bytes of HTML that are displayed.
const LONGEST: usize = 1024 * 1024;
/// The deepest nesting of elements. Sixty nested tables are 240 deep. From 512 on, browsers move elements elsewhere.
const DEEPEST: usize = 400;
/// The most memory of the tree, in bytes. The longest newsletter with a style on every element needs half of it.
const MEMORY: usize = 40 * 1024 * 1024;
/// The most steps to build the tree: visits of an element, comparisons of two. A newsletter needs some millions. All of them take less than
/// a second.
const STEPS: usize = 60_000_000;
/// The most attributes of an element. They are copied and sorted each time it is opened again.
const ATTRIBUTES: usize = 100;
/// How many bytes are read at once. The HTML is cut between two such pieces.
const PIECE: usize = 256;

/// The size of an element in the tree, in bytes, with its place in its parent's list.
const ELEMENT: usize = 256;
/// The size of an attribute without its value.
const ATTRIBUTE: usize = 96;
/// The size of a text or comment without its bytes.
const TEXT: usize = 192;
/// The size of an error that the parser records.
const FAULT: usize = 96;
/// The size of the second copy of an id.
const ID: usize = 160;
/// How much longer the link of a picture becomes: our path, its expiry and the proof.
const PICTURE: usize = 512;
/// Copying and sorting an attribute takes as long as this many steps.
const COPY: usize = 64;
/// How many bytes are searched in the time of one step.
const SEARCH: usize = 512;

/// What the earlier documents of the same mail used.
#[derive(Debug, Default)]
pub(super) struct Spent {
    bytes: usize,
    memory: usize,
    steps: usize,
}

/// The part of the HTML that is displayed, and whether anything was cut. All documents of a mail share one limit.
pub(super) fn beginning<'h>(html: &'h str, spent: &mut Spent) -> (&'h str, bool) {
    let longest = &html[..html.floor_char_boundary(LONGEST.saturating_sub(spent.bytes))];
    let context = QualName::new(None, ns!(html), local_name!("div"));
    let mut parser = parse_fragment(Measure::new(spent), ParseOpts::default(), context, Vec::new(), false);
    let (mut kept, mut unfinished, mut held, mut named) = (0usize, 0usize, 0usize, 0usize);
    while kept < longest.len() {
        let end = longest.floor_char_boundary(kept + PIECE);
        let piece = &longest[kept..end];
        parser.process(StrTendril::from_slice(piece));
        let measure = &parser.tokenizer.sink.sink;
        // Each attribute is compared with all before it in its tag, and only at the tag's end does the sink hear of them. Two comparisons
        // take as long as one other step.
        let more = attributes_at_most(piece);
        measure.step(more * (unfinished + more / 2) / 2);
        unfinished = if measure.heard.take() { more } else { unfinished + more };
        // Text that is not allowed in a table is held back until other content or the end comes. It is then inserted piece by piece.
        let begun = measure.changed.take();
        held = if begun { piece.len() } else { held + piece.len() };
        named = if begun { escaped(piece) } else { named + escaped(piece) };
        let later = measure.asked.get() * measure.crowd.get() + named * held / SEARCH;
        if measure.is_too_much(later) {
            break;
        }
        kept = end;
    }
    let measure = &parser.tokenizer.sink.sink;
    *spent = Spent { bytes: spent.bytes + kept, memory: measure.memory.get(), steps: measure.steps.get() };
    (&longest[..kept], kept < html.len())
}

/// The most attributes that may begin in a piece, if it is part of a tag: after a space or a slash, or after the second of two quotes.
fn attributes_at_most(piece: &str) -> usize {
    let (mut begun, mut marks, mut apart) = (0usize, 0usize, true);
    for byte in piece.bytes() {
        let parts = matches!(byte, b' ' | b'\t' | b'\n' | b'\x0c' | b'\r' | b'/');
        begun += usize::from(apart && !parts);
        marks += usize::from(matches!(byte, b'"' | b'\''));
        apart = parts;
    }
    begun + marks.div_ceil(2)
}

/// How many characters of a text are escaped. For each of them the writer searches the whole rest of the text.
fn escaped(text: &str) -> usize {
    text.bytes().filter(|byte| matches!(byte, b'&' | 0xc2)).count()
}

/// An element, a comment or the document: only its position, not its content.
struct Node {
    name: QualName,
    attributes: Cell<usize>,
    /// Whether it is no HTML element, but may contain HTML.
    holds_html: bool,
    lies_in: RefCell<Option<Rc<Place>>>,
    /// The position of its children, as long as the parser may still use one of them.
    inside: RefCell<Weak<Place>>,
    /// How many children it has in the tree, at least.
    children: Cell<usize>,
    ends_in_text: Cell<bool>,
    /// How many characters of the text at its end have to be escaped.
    escaped: Cell<usize>,
}

/// The inside of a node. All children can move to another node at once.
struct Place {
    owner: RefCell<Rc<Node>>,
}

impl Node {
    fn new(name: QualName, attributes: usize, holds_html: bool) -> Rc<Self> {
        Rc::new(Self {
            name,
            attributes: Cell::new(attributes),
            holds_html,
            lies_in: RefCell::new(None),
            inside: RefCell::new(Weak::new()),
            children: Cell::new(0),
            ends_in_text: Cell::new(false),
            escaped: Cell::new(0),
        })
    }

    /// A node that is no element.
    fn nameless() -> Rc<Self> {
        Self::new(QualName::new(None, ns!(), LocalName::from("")), 0, false)
    }

    fn parent(&self) -> Option<Rc<Self>> {
        self.lies_in.borrow().as_ref().map(|place| place.owner.borrow().clone())
    }

    fn place(self: &Rc<Self>) -> Rc<Place> {
        let known = self.inside.borrow().upgrade();
        known.unwrap_or_else(|| {
            let place = Rc::new(Place { owner: RefCell::new(Rc::clone(self)) });
            *self.inside.borrow_mut() = Rc::downgrade(&place);
            place
        })
    }

    /// Whether it is opened again if another end tag closes it.
    fn is_formatting(&self) -> bool {
        matches!(
            self.name.local,
            local_name!("a")
                | local_name!("b")
                | local_name!("big")
                | local_name!("code")
                | local_name!("em")
                | local_name!("font")
                | local_name!("i")
                | local_name!("nobr")
                | local_name!("s")
                | local_name!("small")
                | local_name!("strike")
                | local_name!("strong")
                | local_name!("tt")
                | local_name!("u")
        )
    }
}

/// The part of the tree that the parser needs to go on, and the cost of the whole tree.
struct Measure {
    document: Rc<Node>,
    memory: Cell<usize>,
    steps: Cell<usize>,
    /// Whether something is nested too deep or has too many attributes.
    out_of_bounds: Cell<bool>,
    /// Whether a tag ended or a text was read: the next attribute belongs to another tag.
    heard: Cell<bool>,
    /// Whether something was added to the tree.
    changed: Cell<bool>,
    /// How often a name was requested since then: at least once for each text.
    asked: Cell<usize>,
    /// The most children of a node.
    crowd: Cell<usize>,
    /// Elements that may have left markers in the parser's list, which it walks repeatedly.
    marks: Cell<usize>,
}

impl Measure {
    fn new(spent: &Spent) -> Self {
        Self {
            document: Node::nameless(),
            memory: Cell::new(spent.memory),
            steps: Cell::new(spent.steps),
            out_of_bounds: Cell::new(false),
            heard: Cell::new(false),
            changed: Cell::new(false),
            asked: Cell::new(0),
            crowd: Cell::new(0),
            marks: Cell::new(0),
        }
    }

    /// Whether the limits would be exceeded with this many further steps at the end.
    fn is_too_much(&self, later: usize) -> bool {
        self.out_of_bounds.get() || self.memory.get() > MEMORY || self.steps.get().saturating_add(later) > STEPS
    }

    fn step(&self, steps: usize) {
        self.steps.set(self.steps.get().saturating_add(steps));
    }

    fn take(&self, bytes: usize) {
        self.memory.set(self.memory.get().saturating_add(bytes));
    }

    fn take_attributes(&self, attributes: &[Attribute]) {
        for attribute in attributes {
            let named = if attribute.name.local == local_name!("id") { ID } else { 0 };
            self.take(ATTRIBUTE + named + attribute.value.len());
            self.step(escaped(&attribute.value) * attribute.value.len() / SEARCH);
        }
    }

    fn change(&self) {
        self.changed.set(true);
        self.asked.set(0);
    }

    /// Adds children to a node.
    fn grow(&self, node: &Node, by: usize) {
        node.children.set(node.children.get() + by);
        self.crowd.set(self.crowd.get().max(node.children.get()));
    }

    /// Adds text to a node.
    fn say(&self, node: &Node, text: &str) {
        self.change();
        let before = node.escaped.get();
        self.take(text.len());
        self.step(before * text.len() / SEARCH);
        node.escaped.set(before + escaped(text));
    }

    /// Moves a node into another. The parser compares a reopened element with all open ones of the same name.
    fn put(&self, node: &Rc<Node>, parent: &Rc<Node>) {
        self.change();
        let formatting = node.is_formatting();
        let (mut depth, mut compared) = (0usize, 0usize);
        let mut above = Some(Rc::clone(parent));
        while let Some(one) = above {
            depth += 1;
            if formatting && one.name.local == node.name.local {
                compared += 1 + one.attributes.get() + node.attributes.get();
            }
            above = one.parent();
        }
        self.step(depth + COPY * compared);
        if depth > DEEPEST {
            self.out_of_bounds.set(true);
        }
        self.grow(parent, 1);
        *node.lies_in.borrow_mut() = Some(parent.place());
    }
}

impl TreeSink for Measure {
    type Handle = Rc<Node>;
    type Output = ();
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) {}

    fn parse_error(&self, _: Cow<'static, str>) {
        self.take(FAULT);
    }

    fn get_document(&self) -> Rc<Node> {
        Rc::clone(&self.document)
    }

    fn elem_name<'a>(&'a self, target: &'a Rc<Node>) -> ExpandedName<'a> {
        self.step(1);
        self.heard.set(true);
        self.asked.set(self.asked.get() + 1);
        target.name.expanded()
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, flags: ElementFlags) -> Rc<Node> {
        self.take(ELEMENT);
        self.take_attributes(&attributes);
        if attributes.len() > ATTRIBUTES {
            self.out_of_bounds.set(true);
        }
        match name.local {
            local_name!("img") => self.take(PICTURE),
            // For its `target` and `rel`.
            local_name!("a") => self.take(2 * ATTRIBUTE),
            local_name!("applet") | local_name!("marquee") | local_name!("object") => {
                self.marks.set(self.marks.get() + 1);
            }
            _ => {}
        }
        self.step(8 * self.marks.get());
        Node::new(name, attributes.len(), flags.mathml_annotation_xml_integration_point)
    }

    fn create_comment(&self, text: StrTendril) -> Rc<Node> {
        self.take(TEXT + text.len());
        Node::nameless()
    }

    fn create_pi(&self, target: StrTendril, data: StrTendril) -> Rc<Node> {
        self.take(TEXT + target.len() + data.len());
        Node::nameless()
    }

    fn append(&self, parent: &Rc<Node>, child: NodeOrText<Rc<Node>>) {
        match child {
            NodeOrText::AppendNode(node) => {
                parent.ends_in_text.set(false);
                parent.escaped.set(0);
                self.put(&node, parent);
            }
            NodeOrText::AppendText(text) => {
                self.say(parent, &text);
                if !parent.ends_in_text.replace(true) {
                    self.take(TEXT);
                    self.grow(parent, 1);
                }
            }
        }
    }

    fn append_based_on_parent_node(&self, element: &Rc<Node>, before: &Rc<Node>, child: NodeOrText<Rc<Node>>) {
        match element.parent() {
            Some(_) => self.append_before_sibling(element, child),
            None => self.append(before, child),
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {
        self.take(TEXT);
    }

    /// The content of a template is in the template itself here.
    fn get_template_contents(&self, target: &Rc<Node>) -> Rc<Node> {
        Rc::clone(target)
    }

    fn same_node(&self, x: &Rc<Node>, y: &Rc<Node>) -> bool {
        self.step(1);
        Rc::ptr_eq(x, y)
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &Rc<Node>, child: NodeOrText<Rc<Node>>) {
        let Some(parent) = sibling.parent() else { return };
        // It is searched among all children of its parent.
        self.step(parent.children.get());
        match child {
            NodeOrText::AppendNode(node) => self.put(&node, &parent),
            NodeOrText::AppendText(text) => {
                self.take(TEXT);
                self.say(&parent, &text);
                self.grow(&parent, 1);
            }
        }
    }

    fn add_attrs_if_missing(&self, target: &Rc<Node>, attributes: Vec<Attribute>) {
        // The existing attributes are copied, to see which of the new ones are missing.
        let all = target.attributes.get() + attributes.len();
        self.step(COPY * all);
        self.take_attributes(&attributes);
        target.attributes.set(all);
    }

    fn remove_from_parent(&self, target: &Rc<Node>) {
        if let Some(parent) = target.parent() {
            self.step(parent.children.get());
            parent.children.set(parent.children.get().saturating_sub(1));
        }
        *target.lies_in.borrow_mut() = None;
    }

    fn reparent_children(&self, node: &Rc<Node>, new_parent: &Rc<Node>) {
        self.step(node.children.get());
        // The new parent was just made and is empty, so all children of the node move to it at once.
        if let Some(place) = node.inside.take().upgrade() {
            *place.owner.borrow_mut() = Rc::clone(new_parent);
            *new_parent.inside.borrow_mut() = Rc::downgrade(&place);
        }
        self.grow(new_parent, node.children.take());
        new_parent.ends_in_text.set(node.ends_in_text.take());
        new_parent.escaped.set(node.escaped.take());
    }

    fn is_mathml_annotation_xml_integration_point(&self, target: &Rc<Node>) -> bool {
        target.holds_html
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many bytes are kept.
    fn kept(html: &str) -> Option<usize> {
        let (beginning, cut) = beginning(html, &mut Spent::default());
        assert_eq!(cut, beginning.len() < html.len());
        cut.then_some(beginning.len())
    }

    #[test]
    fn s10_what_opens_a_thousand_elements_anew_is_cut() {
        let open = |count: usize| (0..count).map(|n| format!("<b a={n}>")).collect::<String>();
        let deep = format!("<p>{}{}", open(990), "<p>x".repeat(22_000));
        assert!(kept(&deep).is_some_and(|kept| kept < open(DEEPEST).len()));
        let wide = format!("<p>{}{}", open(DEEPEST - 10), "<p>x".repeat(22_000));
        assert!(kept(&wide).is_some_and(|kept| kept < wide.len() / 10));
    }

    #[test]
    fn s10_what_closes_nothing_is_no_way_up() {
        for open in ["<div></>", "<o>", "<div></x>", "<form><div></form>"] {
            let html = open.repeat(1_000_000 / open.len());
            assert!(kept(&html).is_some_and(|kept| kept <= open.len() * DEEPEST + PIECE), "{open}");
        }
        // Adoption: the children of one node move to another, no deeper than before.
        let adopted = "<b><div><i><div></b>".repeat(10_000);
        assert!(kept(&adopted).is_some_and(|kept| kept < 20 * DEEPEST));
    }

    #[test]
    fn s10_what_takes_more_than_its_length_is_cut() {
        let numbered = |front: &str, count: usize, back: &str| -> String {
            (0..count).map(|n| format!("{front}{n}{back}")).collect()
        };
        for (what, html) in [
            ("attributes", format!("<p {}>", numbered(" a", 140_000, ""))),
            ("attributes of an end", format!("</p {}>", numbered("/a", 90_000, "=''"))),
            ("attributes of the whole", numbered("<html a", 80_000, ">")),
            ("before a table", format!("<table>{}", "<br>".repeat(200_000))),
            ("copies of attributes", format!("<b {}>{}", numbered(" a", 99, ""), "<b></b>".repeat(100_000))),
            ("marks that stay", format!("<table><tr>{}", "<td><object></td><b></b>".repeat(40_000))),
            ("faults", "\0".repeat(1_000_000)),
            ("what is written for each", "<a>".repeat(300_000)),
            ("names in a text", "& ".repeat(500_000)),
            ("names before a table", format!("<table>{}", "&\u{a0}".repeat(300_000))),
            ("what a table holds back", format!("<table>{}{}", "<br>".repeat(9_000), "&".repeat(900_000))),
            ("names in an attribute", format!("<p>{}<p title='{}'>", "x".repeat(200_000), "&".repeat(700_000))),
        ] {
            assert!(kept(&html).is_some_and(|kept| kept < 500_000), "{what}");
        }
    }

    #[test]
    fn s10_letters_are_shown_whole() {
        let exceptions = "<w:LsdException Locked=\"false\" Priority=\"99\" Name=\"heading 1\"/>".repeat(370);
        let word =
            format!("<html><head><!--[if gte mso 9]><xml>{exceptions}</xml><![endif]--></head><p>Dear Anna</html>");
        let tables = format!("{}Offer{}", "<table><tr><td>".repeat(60), "</td></tr></table>".repeat(60));
        let row = "<tr><td align=\"left\" style=\"padding:4px 8px;color:#333333\"><p style=\"margin:0\">\
                   <a href=\"https://shop.example/a/b/c\">An offer</a> &nbsp; of today</p></td></tr>\n";
        let newsletter = format!("<table>{}</table>", row.repeat(1_000_000 / row.len()));
        let dots = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNg/GD4";
        let picture = format!("<img src=\"data:image/png;base64,{}\">", dots.repeat(700_000 / dots.len()));
        let plain = "Yes, and no.  \"Perhaps\".<br>\n".repeat(30_000);
        for html in [word, tables, newsletter, picture, plain] {
            assert_eq!(kept(&html), None, "{}", &html[..100]);
        }
        assert!(kept(&"é ".repeat(LONGEST)).is_some_and(|kept| kept > LONGEST - PIECE));
    }
}
