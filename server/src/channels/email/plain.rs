//! What a mail's HTML says, in lines: what is searched, quoted and folded. It is read from the front to the back once, and not as a browser
//! would: how it looks is shown elsewhere.

use mail_parser::decoders::html::add_html_token;

/// What a quotation is marked with is repeated no more often than this, however deep it lies.
const DEEPEST: usize = 5;
/// The longest name of a character, with its `&` and `;`.
const LONGEST_ENTITY: usize = 34;

/// Elements whose content is no text.
const SILENT: [&str; 5] = ["script", "style", "title", "template", "noscript"];
/// Elements that stand on lines of their own.
const LINES: [&str; 22] = [
    "address", "article", "body", "center", "dd", "div", "dl", "dt", "fieldset", "footer", "form", "header", "hr",
    "li", "main", "section", "table", "tbody", "tfoot", "thead", "tr", "caption",
];
/// Elements with a blank line around them.
const PARAGRAPHS: [&str; 11] = ["blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "ul"];

/// The lines of an HTML document.
pub fn plain(html: &str) -> String {
    placed(html).text
}

/// The lines of an HTML document, and where they stand in it.
pub(super) struct Placed {
    /// The lines.
    pub text: String,
    /// For each line that says something, where it begins in the text and in the HTML.
    pub lines: Vec<(usize, usize)>,
}

/// The lines of an HTML document, and where they stand in it.
pub(super) fn placed(html: &str) -> Placed {
    let mut lines = Lines::default();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        lines.at = html.len() - rest.len();
        lines.text(&rest[..at]);
        rest = &rest[at..];
        lines.at = html.len() - rest.len();
        rest = match tag(rest) {
            Some((tag, after)) => {
                lines.tag(&tag);
                after_silent(&tag, after)
            }
            None if rest.starts_with("<!--") => rest[4..].split_once("-->").map_or("", |(_, after)| after),
            None if rest.starts_with("<!") || rest.starts_with("<?") || rest.starts_with("</") => {
                rest.split_once('>').map_or("", |(_, after)| after)
            }
            None => {
                lines.text("<");
                &rest[1..]
            }
        };
    }
    lines.at = html.len() - rest.len();
    lines.text(rest);
    Placed { text: lines.text, lines: lines.places }
}

/// An element's beginning or its end.
pub(super) struct Tag<'h> {
    pub name: String,
    pub is_end: bool,
    attributes: &'h str,
}

/// The tag that a text begins with, and what is behind it. One without an end goes to the end of the text, as in browsers.
pub(super) fn tag(text: &str) -> Option<(Tag<'_>, &str)> {
    let inner = text.strip_prefix('<')?;
    let (is_end, inner) = inner.strip_prefix('/').map_or((false, inner), |inner| (true, inner));
    if !inner.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let name = inner.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(inner.len());
    let mut quote = None;
    let end = inner.bytes().position(|byte| match (quote, byte) {
        (None, b'>') => true,
        (None, b'"' | b'\'') => {
            quote = Some(byte);
            false
        }
        (Some(open), _) => {
            quote = Some(open).filter(|_| open != byte);
            false
        }
        _ => false,
    });
    let end = end.unwrap_or(inner.len());
    let tag = Tag { name: inner[..name.min(12)].to_ascii_lowercase(), is_end, attributes: &inner[name..end] };
    Some((tag, inner.get(end + 1..).unwrap_or_default()))
}

/// What is behind an element whose content is no text.
fn after_silent<'h>(tag: &Tag<'_>, after: &'h str) -> &'h str {
    if tag.is_end || !SILENT.contains(&tag.name.as_str()) {
        return after;
    }
    let end = after.match_indices("</").find(|(at, _)| {
        let name = after.as_bytes().get(at + 2..at + 2 + tag.name.len());
        name.is_some_and(|name| name.eq_ignore_ascii_case(tag.name.as_bytes()))
    });
    end.map_or("", |(at, _)| &after[at..])
}

/// Lines as they are written.
#[derive(Default)]
struct Lines {
    text: String,
    /// Where in the HTML that is which is being read.
    at: usize,
    places: Vec<(usize, usize)>,
    /// For each quotation that is open, whether it is marked.
    quotes: Vec<bool>,
    /// How many of those are marked.
    depth: usize,
    /// How many elements are open whose lines are as they are written.
    as_written: usize,
    /// Something stands on the line already.
    filled: bool,
    /// A space is due before the next word.
    spaced: bool,
}

impl Lines {
    fn tag(&mut self, tag: &Tag<'_>) {
        let name = tag.name.as_str();
        match name {
            "br" => self.end_line(),
            "td" | "th" if self.filled && !tag.is_end => self.text.push_str("  "),
            _ if LINES.contains(&name) => self.new_line(),
            _ if PARAGRAPHS.contains(&name) => self.paragraph(),
            _ => {}
        }
        match (name, tag.is_end) {
            ("li", false) => self.word("-", true),
            ("blockquote", true) => self.depth -= usize::from(self.quotes.pop().unwrap_or_default()),
            ("blockquote", false) => {
                // Some programs indent with it.
                let marked = tag.attributes.contains("cite") || tag.attributes.contains("quote");
                self.quotes.push(marked);
                self.depth += usize::from(marked);
            }
            ("pre", true) => self.as_written = self.as_written.saturating_sub(1),
            ("pre", false) => self.as_written += 1,
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let space = c.is_ascii_whitespace();
            let end = rest.find(|c: char| c.is_ascii_whitespace() != space).unwrap_or(rest.len());
            if space {
                let ends = if self.as_written > 0 { rest[..end].matches('\n').count() } else { 0 };
                (0..ends).for_each(|_| self.end_line());
                self.spaced = self.filled;
            } else {
                self.word(&rest[..end], false);
            }
            rest = &rest[end..];
            self.at += end;
        }
    }

    /// Writes a word, its characters by name as what they are.
    fn word(&mut self, word: &str, spaced: bool) {
        if !self.filled {
            self.places.push((self.text.len(), self.at));
            self.text.push_str(&"> ".repeat(self.depth.min(DEEPEST)));
            self.filled = true;
        }
        if std::mem::replace(&mut self.spaced, spaced) {
            self.text.push(' ');
        }
        let mut rest = word;
        while let Some(at) = rest.find('&') {
            self.text.push_str(&rest[..at]);
            rest = &rest[at..];
            let end = rest.bytes().take(LONGEST_ENTITY).position(|byte| byte == b';').map_or(1, |end| end + 1);
            add_html_token(&mut self.text, &rest.as_bytes()[..end], false);
            rest = &rest[end..];
        }
        self.text.push_str(rest);
    }

    /// Ends the line, an empty one too; more than two of those say nothing.
    fn end_line(&mut self) {
        if self.filled || !self.text.ends_with("\n\n\n") {
            self.text.push('\n');
        }
        self.filled = false;
        self.spaced = false;
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn t3_html_is_read_in_lines() {
        let cases = [
            (
                "<div>One</div><div>two<br></div><div><br></div><p>three &amp;\n four&nbsp;5&euro;</p>",
                "One\ntwo\n\nthree & four\u{a0}5€\n\n",
            ),
            (
                "<table><tr><td>1<td>Flour<td>18,90</tr><tr><td>2</td><td>Rye</td></tr></table>",
                "1  Flour  18,90\n2  Rye\n",
            ),
            ("<ul><li>a</li><li>b</li></ul>c", "- a\n- b\n\nc"),
            ("a<style>p{}</style><SCRIPT>1<2</SCRIPT ><!-- b > --><img alt=\"x > y\">c<d", "ac"),
            ("1 < 2 &unknown; &amp", "1 < 2 &unknown; &amp"),
            (
                "Yes<blockquote type=cite>a<blockquote class='quote'>b</blockquote>c</blockquote>d",
                "Yes\n\n> a\n\n> > b\n\n> c\n\nd",
            ),
            ("<blockquote style='margin:0'>in</blockquote>", "in\n\n"),
            ("<pre>a\n  b\n\nc</pre>d\ne", "a\nb\n\nc\n\nd e"),
        ];
        for (html, text) in cases {
            assert_eq!(plain(html), text, "{html}");
        }
    }

    proptest! {
        #[test]
        fn any_html_can_be_read(html in "(<|>|/|!--|-->|\"|'|&|;|&#x|blockquote type=cite|script|td|br|p| |\n|[a-zé&])" , times in 0usize..50) {
            let _ = plain(&html.repeat(times));
        }

        #[test]
        fn any_tags_can_be_read(html in "(<|>|</|<!--|-->|\"|&|;|&#x|<blockquote type=cite>|<script>|<td>|<br>| |\n|[a-zé]){0,60}") {
            prop_assert!(plain(&html).len() <= html.len() * 4);
        }
    }
}
