//! The style sheet of a mail, as far as it is kept: rules by elements, classes and ids, with declarations that are allowed in a style
//! attribute (S3). Classes and ids get a prefix, so that they do not match ours.

use std::{cell::Cell, fmt::Write as _};

use super::{is_name, style::style, whole};
use crate::tags::{Part, Tag, parts};

/// The most bytes of all sheets of a mail that are read.
const LONGEST: usize = 256 * 1024;
/// The most rules.
const MOST_RULES: usize = 1500;
/// The most selectors of a rule, and the most parts of each.
const MOST_SELECTORS: usize = 50;
const MOST_PARTS: usize = 8;
/// The most classes of one element in a selector. Selectors with more are not for current programs.
const MOST_CLASSES: usize = 7;
/// The most bytes of rules that are written.
const LONGEST_WRITTEN: usize = 128 * 1024;
/// The most comparisons of an element with a selector in a mail (S10). A newsletter needs one or two million.
const STEPS: usize = 40_000_000;
/// The cost of reading a rule's declarations, in such steps, and how many of their bytes cost one more.
const READ: usize = 20;
const READ_IN_STEP: usize = 2;
/// The most rules of an element that are read.
const MOST_FITTING: usize = 40;
/// The prefix of a mail's classes and ids.
pub(super) const FRONT: &str = "m-";
/// The class of the element around the letter, which gets the styles of the whole document.
pub(super) const LETTER: &str = "letter";

/// The part of a selector for one element: `td.head#top`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Compound {
    name: Option<String>,
    id: Option<String>,
    classes: Vec<String>,
}

/// From the outermost element to the selected one.
type Selector = Vec<Compound>;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    selectors: Vec<Selector>,
    declarations: String,
}

/// The rules of a mail's style sheets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sheet {
    rules: Vec<Rule>,
    /// Whether a rule that sets a background cannot be kept.
    pub loses_ground: bool,
    /// How many steps were made.
    steps: Cell<usize>,
}

impl Sheet {
    /// Reads the style sheets in HTML.
    pub fn parse(html: &str) -> Self {
        let mut sheet = Self::default();
        let mut left = LONGEST;
        // Most letters of people have no sheet, so the HTML is not parsed for one.
        if !html.as_bytes().windows(6).any(|begin| begin.eq_ignore_ascii_case(b"<style")) {
            return sheet;
        }
        for (_, part) in parts(html) {
            if let Part::Silent(name, css) = part
                && name == "style"
            {
                let css = &css[..css.floor_char_boundary(left)];
                left -= css.len();
                sheet.read(&without_comments(css));
            }
        }
        sheet
    }

    fn read(&mut self, css: &str) {
        let mut rest = css;
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '}' | ';'));
            let Some(at) = find(rest, &['{', ';', '}']) else { return };
            let prelude = rest[..at].trim();
            let opens = rest[at..].starts_with('{');
            rest = &rest[at + 1..];
            if !opens {
                continue;
            }
            if let Some(media) = prelude.strip_prefix("@media") {
                // Rules for every screen are read. Their closing brace is skipped with the others.
                if media.split(',').any(|query| matches!(query.trim(), "all" | "screen" | "only screen")) {
                    continue;
                }
            }
            let (block, behind) = block(rest);
            rest = behind;
            if !prelude.starts_with('@') {
                self.rule(prelude, block);
            }
        }
    }

    fn rule(&mut self, prelude: &str, block: &str) {
        if self.rules.len() >= MOST_RULES {
            return;
        }
        let all = prelude.split(',').take(MOST_SELECTORS);
        let selectors: Vec<Option<Selector>> = all.map(selector).collect();
        let paints = || block.to_ascii_lowercase().contains("background");
        // A state such as `:hover` that nobody causes is no loss.
        let is_unread =
            selectors.iter().zip(prelude.split(',')).any(|(read, text)| read.is_none() && !text.contains(':'));
        self.loses_ground |= is_unread && paints();
        let selectors: Vec<Selector> = selectors.into_iter().flatten().collect();
        if !selectors.is_empty() && !block.contains('{') {
            self.rules.push(Rule { selectors, declarations: block.trim().to_owned() });
        }
    }

    /// The rules for the frame. Those of one of several letters apply only inside it.
    pub fn written(&self, number: Option<usize>) -> String {
        let mut css = String::new();
        for rule in &self.rules {
            // Fewer declarations are allowed for the whole document than inside it.
            for about_whole in [true, false] {
                let kept = if about_whole { whole::kept } else { style };
                let own = rule.selectors.iter().filter(|selector| is_whole(selector) == about_whole);
                let selectors: Vec<String> = own.filter_map(|one| written(one, number)).collect();
                let kept = if selectors.is_empty() { String::new() } else { kept(&rule.declarations) };
                if css.len() + kept.len() > LONGEST_WRITTEN {
                    return css;
                }
                if !kept.is_empty() {
                    let _ = writeln!(css, "{}{{{kept}}}", selectors.join(","));
                }
            }
        }
        css
    }

    /// Whether a rule selects the whole document.
    pub fn names_whole(&self) -> bool {
        self.rules.iter().flat_map(|rule| &rule.selectors).any(is_whole)
    }

    /// The declarations for an element inside these elements, innermost last.
    pub fn of_element<'s>(&'s self, element: &Named, around: &[Named]) -> impl Iterator<Item = &'s str> {
        let mut fitting = Vec::new();
        for rule in &self.rules {
            if self.steps.get() > STEPS || fitting.len() >= MOST_FITTING {
                break;
            }
            if rule.selectors.iter().any(|selector| self.fits(selector, element, around)) {
                self.step(READ + rule.declarations.len() / READ_IN_STEP);
                fitting.push(rule.declarations.as_str());
            }
        }
        fitting.into_iter()
    }

    fn step(&self, steps: usize) {
        self.steps.set(self.steps.get().saturating_add(steps));
    }

    fn fits(&self, selector: &Selector, element: &Named, around: &[Named]) -> bool {
        let Some((own, outer)) = selector.split_last() else { return false };
        self.step(own.steps());
        if !own.fits(element) {
            return false;
        }
        let mut around = around.iter().rev();
        outer.iter().rev().all(|compound| {
            // Everything is inside the document.
            matches!(compound.name.as_deref(), Some("html" | "body"))
                || around.any(|element| {
                    self.step(compound.steps());
                    compound.fits(element)
                })
        })
    }

    /// Keeps only rules with one of these words, so that the others need not be compared.
    pub fn only(mut self, words: &[&str]) -> Self {
        self.rules.retain(|rule| {
            let lower = rule.declarations.to_ascii_lowercase();
            words.iter().any(|word| lower.contains(word))
        });
        self
    }

    /// Adds the rules of another sheet.
    pub fn extend(&mut self, other: Self) {
        self.loses_ground |= other.loses_ground;
        self.rules.extend(other.rules);
    }

    /// Whether there are no rules.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
}

/// The names by which rules select an element.
#[derive(Debug, Default, Clone)]
pub(crate) struct Named {
    name: String,
    id: Option<String>,
    classes: Vec<String>,
}

impl Named {
    /// Read from a tag.
    pub fn of(tag: &Tag<'_>) -> Self {
        let bare = |name: &str| name.strip_prefix(FRONT).unwrap_or(name).to_owned();
        let classes = tag.attribute("class").unwrap_or_default();
        Self {
            name: tag.name.clone(),
            id: tag.attribute("id").map(|id| bare(id.trim())),
            classes: classes.split_ascii_whitespace().take(20).map(bare).collect(),
        }
    }
}

impl Compound {
    /// The cost of comparing it with an element.
    const fn steps(&self) -> usize {
        1 + self.classes.len()
    }

    fn fits(&self, element: &Named) -> bool {
        let whole = matches!(self.name.as_deref(), Some("body" | "html"))
            && element.classes.iter().any(|class| class == LETTER);
        (whole || self.name.as_ref().is_none_or(|name| *name == element.name))
            && self.id.as_ref().is_none_or(|id| element.id.as_ref() == Some(id))
            && self.classes.iter().all(|class| element.classes.contains(class))
    }
}

fn is_whole(selector: &Selector) -> bool {
    selector.last().is_some_and(|own| matches!(own.name.as_deref(), Some("html" | "body")))
}

/// Parses a selector of elements, classes and ids. None for any other.
fn selector(text: &str) -> Option<Selector> {
    let words = text.split(|c: char| c.is_whitespace() || c == '>').filter(|word| !word.is_empty());
    let selector: Selector = words.take(MOST_PARTS + 1).map(compound).collect::<Option<_>>()?;
    (!selector.is_empty() && selector.len() <= MOST_PARTS).then_some(selector)
}

fn compound(word: &str) -> Option<Compound> {
    let end = word.find(['.', '#']).unwrap_or(word.len());
    let (name, mut rest) = word.split_at(end);
    let mut compound = Compound::default();
    match name {
        "" | "*" if !rest.is_empty() => {}
        name if is_name(name) => compound.name = Some(name.to_ascii_lowercase()),
        _ => return None,
    }
    while !rest.is_empty() {
        let (mark, behind) = rest.split_at(1);
        let end = behind.find(['.', '#']).unwrap_or(behind.len());
        let (name, after) = behind.split_at(end);
        if !is_name(name) {
            return None;
        }
        match mark {
            "." if compound.classes.len() == MOST_CLASSES => return None,
            "." => compound.classes.push(name.to_owned()),
            _ => compound.id = Some(name.to_owned()),
        }
        rest = after;
    }
    Some(compound)
}

/// A selector in the frame. None for elements that do not exist there.
fn written(selector: &Selector, number: Option<usize>) -> Option<String> {
    let letter = number.map_or_else(|| format!(".{LETTER}"), |number| format!(".{LETTER}-{number}"));
    let words: Option<Vec<String>> = selector
        .iter()
        .map(|compound| {
            let mut word = match compound.name.as_deref() {
                Some("html" | "body") => letter.clone(),
                Some(name) => super::TAGS.contains(&name).then(|| name.to_owned())?,
                None => String::new(),
            };
            word.extend(compound.id.iter().map(|id| format!("#{FRONT}{id}")));
            word.extend(compound.classes.iter().map(|class| format!(".{FRONT}{class}")));
            Some(word)
        })
        .collect();
    let mut words = words?;
    // `html body p` is inside one element, not two.
    words.dedup_by(|one, before| *one == letter && *one == *before);
    if number.is_some() && words.first() != Some(&letter) {
        words.insert(0, letter);
    }
    Some(words.join(" "))
}

/// CSS without comments, and without markers that hide it from old programs.
fn without_comments(css: &str) -> String {
    let css = css.replace("<!--", "").replace("-->", "");
    let mut kept = String::with_capacity(css.len());
    let mut rest = css.as_str();
    while let Some((before, comment)) = rest.split_once("/*") {
        kept.push_str(before);
        kept.push(' ');
        rest = comment.split_once("*/").map_or("", |(_, behind)| behind);
    }
    kept + rest
}

/// The position of one of these characters outside quotes.
fn find(css: &str, marks: &[char]) -> Option<usize> {
    let mut quote: Option<char> = None;
    css.find(|c: char| {
        match quote {
            Some(open) => quote = Some(open).filter(|_| c != open && c != '\n'),
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None => return marks.contains(&c),
        }
        false
    })
}

/// The content of a block after its opening brace, and the rest.
fn block(css: &str) -> (&str, &str) {
    let (mut depth, mut at) = (0usize, 0usize);
    while let Some(next) = find(&css[at..], &['{', '}']) {
        let mark = at + next;
        match css.as_bytes()[mark] {
            b'{' => depth += 1,
            _ if depth == 0 => return (&css[..mark], &css[mark + 1..]),
            _ => depth -= 1,
        }
        at = mark + 1;
    }
    (css, "")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(css: &str) -> String {
        Sheet::parse(&format!("<style>{css}</style>")).written(None)
    }

    #[test]
    fn t3_rules_that_are_kept_mean_the_mails_own_names() {
        assert_eq!(written(".pre{display:none!important;mso-hide:all}"), ".m-pre{display:none!important}\n");
        assert_eq!(written("TD.a.b#c > p, .x{ color : red }"), "td#m-c.m-a.m-b p,.m-x{color:red}\n");
        assert_eq!(written("<!-- /* c */ p{color:red} -->"), "p{color:red}\n");
        assert_eq!(written("body,td{margin:0;color:red}"), ".letter{color:red}\ntd{margin:0;color:red}\n");
        assert_eq!(written("html body .x{color:red}"), ".letter .m-x{color:red}\n");
        assert_eq!(written("@media screen{.x{color:red}}.y{color:blue}"), ".m-x{color:red}\n.m-y{color:blue}\n");
    }

    #[test]
    fn s3_a_sheet_names_no_document_and_nothing_of_ours() {
        for css in [
            "@import url(//t.example);",
            "@font-face{font-family:x;src:url(//t.example)}",
            ".x{background:url(//t.example/p)}",
            "summary{display:none}",
            "details div{position:fixed}",
            "[class=ours]{display:none}",
            "*{display:none}",
            "@media (max-width:600px){.x{display:none}}",
            "@media (prefers-color-scheme:dark){.x{color:#fff}}",
            ".x\\2c .ours{display:none}",
            "</style><script>x()</script>",
            ".x{color:red</style>",
        ] {
            let written = written(css);
            let harmless =
                written.is_empty() || written == ".m-x{background-image:none}\n" || written == ".m-x{color:red}\n";
            assert!(harmless, "{css}: {written}");
        }
        assert_eq!(written(".ours,.letter{color:red}"), ".m-ours,.m-letter{color:red}\n");
    }

    #[test]
    fn s10_sheets_are_bounded() {
        let begun = std::time::Instant::now();
        for css in [".a{color:red}", "{", "}", "a{b{", "@media screen{", "/*", "\"", ".a,"] {
            let written = written(&css.repeat(1_000_000 / css.len()));
            assert!(written.len() <= LONGEST_WRITTEN + 1000, "{css}");
        }
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    }

    #[test]
    fn s10_many_classes_and_long_declarations_are_paid_for() {
        let classes: Vec<String> = (0..20).map(|n| format!("c{n}")).collect();
        let html = format!("<td class='{}'>", classes.join(" "));
        let tag =
            parts(&html).find_map(|(_, part)| if let Part::Tag(tag) = part { Some(Named::of(&tag)) } else { None });
        let (element, around) = (tag.unwrap(), Vec::new());
        let long = "x:y;".repeat(1500);
        let fitting = format!("td.{}{{{long}}}", classes[..MOST_CLASSES].join("."));
        let too_many = format!("td.{}{{color:red}}", classes[..=MOST_CLASSES].join("."));
        let sheet = Sheet::parse(&format!("<style>{}{too_many}</style>", fitting.repeat(30)));
        assert_eq!(sheet.rules.len(), 30, "a rule of more classes is not applied");
        let begun = std::time::Instant::now();
        let mut read = 0;
        for _ in 0..1_000_000 {
            read += sheet.of_element(&element, &around).map(str::len).sum::<usize>();
        }
        assert!(read > long.len() * 30 * 100, "{read}: no newsletter comes near it");
        assert!(read <= (STEPS + 30 * long.len()) * READ_IN_STEP, "{read}");
        assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
    }

    #[test]
    fn s10_a_hostile_sheet_costs_seconds_at_most() {
        let classes: Vec<String> = (0..20).map(|n| format!("c{n}")).collect();
        let rule = format!(".{}{{{}}}", classes[13..].join("."), "color:red;".repeat(100));
        let open = format!("<b class='{}'>x</b>", classes.join(" "));
        let html = format!("<style>{}</style>{}", rule.repeat(200), open.repeat(20_000));
        let begun = std::time::Instant::now();
        crate::plain::plain(&html);
        // It used to take minutes. Without optimisation it still takes seconds.
        assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
    }

    proptest! {
        #[test]
        fn any_sheet_can_be_read(css in "([{}:;,.#>*@\"'a-c ]|/\\*|\\*/|color:red|@media screen|url\\(){0,60}") {
            let written = written(&css);
            prop_assert!(!written.contains("url(") && !written.contains('<') && !written.contains('@'));
        }
    }
}
