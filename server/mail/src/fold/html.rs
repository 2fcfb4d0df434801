//! Folds a mail's HTML where its text would be folded (T3): quotes and the signature are in a `details` element that the reader opens. The
//! input is sanitised HTML, in which every element is closed. Everything stays, in the same order.

use std::ops::Range;

use super::{Answers, Folded, fold};
use crate::{plain::placed, tags::tag};

const BEGIN_SIGNATURE: &str = "<details><summary>Signature</summary><div>";
const BEGIN_QUOTED: &str = "<details><summary>Quoted text</summary><div>";
const END: &str = "</div></details>";

/// Elements without an end tag.
const VOID: [&str; 4] = ["br", "col", "hr", "img"];
/// A `details` inside this element, at any depth, would end it.
const PARAGRAPH: &str = "p";
/// Elements that may contain only certain others. Browsers would move a `details` among those out of them.
const STRICT: [&str; 9] = ["table", "tbody", "thead", "tfoot", "tr", "colgroup", "ul", "ol", "dl"];

/// Folds sanitised HTML of a mail with these answers. In doubt it is left unchanged.
pub fn fold_html(html: &str, answers: &Answers) -> String {
    folded(html, answers).unwrap_or_else(|| html.to_owned())
}

fn folded(html: &str, answers: &Answers) -> Option<String> {
    let placed = placed(html);
    let Folded { written, signature, quoted } = fold(&placed.text, answers);
    let line_at = |at: usize| placed.lines.iter().find(|(text, _)| *text >= at).map(|(_, html)| *html);
    let quote_line = line_at(written.len() + signature.len()).filter(|_| !quoted.trim().is_empty());
    let signature_line = line_at(written.len()).filter(|_| !signature.trim().is_empty());
    if quote_line.is_none() && signature_line.is_none() {
        return None;
    }
    let tree = Tree::of(html)?;
    let quote = quote_line.and_then(|at| tree.whole(at, html.len()));
    // If the quote could not be folded, the end of the signature is unknown.
    let end = match quote_line {
        None => Some(html.len()),
        Some(_) => quote.as_ref().map(|quote| quote.start),
    };
    let signature = signature_line.zip(end).and_then(|(at, end)| tree.whole(at, end));
    let first = [&signature, &quote].into_iter().flatten().map(|range| range.start).min()?;
    if !tree.shows_something(0..first) {
        return None;
    }
    let mut out = String::with_capacity(html.len() + 200);
    let mut at = 0;
    for (begin, range) in [(BEGIN_SIGNATURE, signature), (BEGIN_QUOTED, quote)] {
        let Some(range) = range else { continue };
        out.extend([&html[at..range.start], begin, &html[range.clone()], END]);
        at = range.end;
    }
    out.push_str(&html[at..]);
    Some(out)
}

/// An element: the range from its start tag to its end tag, and the range between them.
struct Element<'h> {
    name: &'h str,
    all: Range<usize>,
    inner: Range<usize>,
}

/// The parts of HTML that are needed to cut it between elements.
struct Tree<'h> {
    /// In the order of their start tags.
    elements: Vec<Element<'h>>,
    /// The positions of visible content, in order.
    seen: Vec<usize>,
}

impl<'h> Tree<'h> {
    /// None if the elements are not properly nested.
    fn of(html: &'h str) -> Option<Self> {
        let whole = Element { name: "", all: 0..html.len(), inner: 0..html.len() };
        let mut tree = Self { elements: vec![whole], seen: Vec::new() };
        let mut open: Vec<usize> = Vec::new();
        let mut rest = html;
        while !rest.is_empty() {
            let at = html.len() - rest.len();
            let Some((tag, after)) = tag(rest) else {
                let end = rest.char_indices().skip(1).find(|(_, c)| *c == '<').map_or(rest.len(), |(end, _)| end);
                tree.see(at, &rest[..end]);
                rest = &rest[end..];
                continue;
            };
            let behind = html.len() - after.len();
            let name = html.get(at + 1 + usize::from(tag.is_end)..)?.get(..tag.name.len())?;
            match (tag.is_end, VOID.contains(&name)) {
                (_, true) if name == "img" => tree.seen.push(at),
                (_, true) => {}
                (false, false) => {
                    open.push(tree.elements.len());
                    tree.elements.push(Element { name, all: at..behind, inner: behind..behind });
                }
                (true, false) => {
                    let element = tree.elements.get_mut(open.pop()?).filter(|element| element.name == name)?;
                    element.all.end = behind;
                    element.inner.end = at;
                }
            }
            rest = after;
        }
        open.is_empty().then_some(tree)
    }

    /// Each line of a text counts separately.
    fn see(&mut self, mut at: usize, text: &str) {
        for line in text.split_inclusive('\n') {
            self.seen.extend(first_seen(line).map(|first| at + first));
            at += line.len();
        }
    }

    fn shows_something(&self, range: Range<usize>) -> bool {
        let first = self.seen.partition_point(|at| *at < range.start);
        self.seen.get(first).is_some_and(|at| *at < range.end)
    }

    /// A range of whole sibling elements and texts that covers `from` to `to`. It may begin a little later than `from`, if that is in the
    /// middle of earlier content.
    fn whole(&self, from: usize, to: usize) -> Option<Range<usize>> {
        // From inside to outside: the first element with nothing visible before `from` that may contain a `details`.
        let around: Vec<&Element<'_>> =
            self.elements.iter().rev().filter(|element| element.inner.contains(&from)).collect();
        let may_hold = |n: usize| {
            let in_paragraph = around[n..].iter().any(|element| element.name == PARAGRAPH);
            !in_paragraph && !STRICT.contains(&around[n].name)
        };
        let holder = (0..around.len()).find(|&n| may_hold(n) && !self.shows_something(around[n].inner.end..to))?;
        let start = match holder.checked_sub(1).map(|n| &around[n].all) {
            None => from,
            Some(child) if !self.shows_something(child.start..from) => child.start,
            Some(child) => child.end,
        };
        let mut end = around[holder].inner.end.min(to);
        // The end must be in the same element. Elements with nothing visible before it are left.
        loop {
            let holds_end = |element: &&Element<'_>| element.inner.contains(&end) || element.inner.end == end;
            let ends_in = self.elements.iter().rev().find(holds_end)?;
            if ends_in.all == around[holder].all {
                return self.shows_something(start..end).then_some(start..end);
            }
            if ends_in.all.start < start || self.shows_something(ends_in.all.start..end) {
                return None;
            }
            end = ends_in.all.start;
        }
    }
}

/// The position of the first visible character.
fn first_seen(text: &str) -> Option<usize> {
    let unseen =
        |c: char| c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}');
    let mut rest = text;
    loop {
        let next = rest.trim_start_matches(unseen);
        match next.strip_prefix("&nbsp;") {
            Some(after) => rest = after,
            None => return (!next.is_empty()).then_some(text.len() - next.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::table, *};
    use crate::html::sanitise;

    fn shown(html: &str) -> String {
        fold_html(&sanitise(html, |_| None).html, &Answers::Unknown)
    }

    /// The content that is visible before anything is opened.
    fn open_part(html: &str) -> String {
        let shown = shown(html);
        let mut open = String::new();
        for (n, part) in shown.split("<details>").enumerate() {
            open.push_str(if n == 0 { part } else { part.split_once(END).unwrap().1 });
        }
        crate::plain::plain(&open).trim().to_owned()
    }

    #[test]
    fn t3_what_programs_quote_is_folded() {
        let attribution =
            "On Mon, May 11, 2026 at 4:42 PM Mira &lt;<a href=\"mailto:m@x.example\">m@x.example</a>&gt; wrote:<br>";
        let head = "<b>From:</b> Mira &lt;m@x.example&gt;<br><b>Sent:</b> Monday, May 11, 2026 4:42 PM<br><b>To:</b> Tom<br><b>Subject:</b> Re: Bread";
        let rule = "border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm";
        for html in [
            format!(
                "<div>Yes.</div><br><div class=gmail_quote><div class=gmail_attr>{attribution}</div><blockquote class=gmail_quote>When?</blockquote></div>"
            ),
            format!(
                "<body>Yes.<div><br><div>{attribution}</div><blockquote type=cite><div>When?</div></blockquote></div><br></body>"
            ),
            format!(
                "<div>Yes.<br><div><br><blockquote type=cite>{attribution}</blockquote></div><blockquote type=cite>When?</blockquote></div>"
            ),
            format!(
                "<div><p>Yes.</p><p>&nbsp;</p><div><div style='{rule}'><p>{head}</p></div></div><p>&nbsp;</p><p>When?</p></div>"
            ),
            format!(
                "<div>Yes.</div><div id=appendonsend></div><hr><div id=divRplyFwdMsg>{head}<div>&nbsp;</div></div><div>When?</div>"
            ),
            format!(
                "<div class=x>Yes.</div><div class=yahoo_quoted><div><div>{attribution}</div><div><br></div><div>When?</div></div></div>"
            ),
        ] {
            assert_eq!(open_part(&html), "Yes.", "{}", shown(&html));
            assert_eq!(shown(&html).matches("<details>").count(), 1);
        }
    }

    #[test]
    fn t3_the_frame_folds_what_the_text_folds() {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut compared = 0;
        // There, quote marks are elements.
        for case in table::cases().iter().filter(|case| !case.text.lines().any(|line| line.starts_with('>'))) {
            let line = |line: &str| match line.trim() {
                "" => "<div><br></div>".to_owned(),
                _ => format!("<div>{}</div>", line.replace('&', "&amp;").replace('<', "&lt;")),
            };
            let html: String = case.text.lines().map(line).collect();
            let written = fold(&placed(&html).text, &Answers::Unknown).written.to_owned();
            assert_eq!(words(&open_part(&html)), words(&written), "{}", case.title);
            let as_text = case
                .text
                .strip_suffix(case.folded)
                .unwrap_or_else(|| case.text.trim_end().strip_suffix(case.folded).unwrap());
            assert_eq!(words(&written), words(as_text), "{}", case.title);
            compared += 1;
        }
        assert!(compared > 200, "{compared}");
    }

    #[test]
    fn t3_a_mail_that_answers_nothing_is_shown_whole() {
        let html = "<div>See below.</div><div id=divRplyFwdMsg><b>From:</b> Mira &lt;m@x.example&gt;<br><b>Sent:</b> Monday, May 11, 2026 4:42 PM<br><b>To:</b> Tom<br><b>Subject:</b> Bread</div><div>When?</div>";
        let plain = sanitise(html, |_| None).html;
        assert_eq!(fold_html(&plain, &Answers::Nothing), plain);
        assert_ne!(fold_html(&plain, &Answers::Unknown), plain);
    }

    #[test]
    fn t3_a_signature_is_folded_by_itself() {
        let html = "<div>Yes.</div><div><span>-- </span><br><div>Anna Meier<br>Acme</div></div><div class=gmail_quote><div>On Mon, May 11, 2026 at 4:42 PM Mira &lt;m@x.example&gt; wrote:</div><blockquote class=gmail_quote>When?</blockquote></div>";
        let out = shown(html);
        assert_eq!(open_part(html), "Yes.");
        assert!(out.contains("<details><summary>Signature</summary><div><span>-- </span>"), "{out}");
        assert!(out.contains("<details><summary>Quoted text</summary><div><div>On Mon"), "{out}");
        assert_eq!(open_part("<p>Yes.</p><pre>-- \nAnna Meier</pre>"), "Yes.");
        assert_eq!(open_part("<p>Yes.<br>-- <br>Anna</p>"), "Yes.\n--\nAnna", "a paragraph cannot hold it");
    }

    #[test]
    fn t3_in_doubt_nothing_is_folded() {
        let forward = "See below.<div class=gmail_quote><div>---------- Forwarded message ---------<br>From: Ben &lt;b@x.example&gt;<br>Date: Mon, 2 Nov 2026<br>Subject: Offer<br>To: Anna</div><br>The offer.</div>";
        let between = "<div>On Mon, 2 Nov 2026, Ben wrote:</div><blockquote type=cite>When?</blockquote><div>Friday.</div><blockquote type=cite>Where?</blockquote>Here.";
        let only = "<blockquote type=cite>Nothing but this</blockquote>";
        let cells = "<table><tr><td>Yes.</td></tr><tr><td>On 2 Nov 2026 at 10:00, Ben &lt;b@x.example&gt; wrote:</td></tr><tr><td>When?</td></tr></table>";
        for html in [forward, between, only, cells, "", "<p>a</p>", "a &lt; b", "<blockquote>in</blockquote>"] {
            let plain = sanitise(html, |_| None).html;
            assert_eq!(fold_html(&plain, &Answers::Unknown), plain);
        }
    }

    #[test]
    fn t3_an_attribution_in_the_letter_stays() {
        let html = "<div>Yes.<br>On Mon, May 11, 2026 at 4:42 PM Mira &lt;m@x.example&gt; wrote:<br></div><blockquote type=cite>When?</blockquote>";
        assert!(open_part(html).ends_with("wrote:") && !open_part(html).contains("When?"), "{}", shown(html));
    }

    proptest! {
        #[test]
        fn t3_nothing_of_it_is_lost(html in "(<div>|</div>|<p>|</p>|<table>|<td>|</table>|<ul><li>|<br>|<hr>|<blockquote type=cite>|</blockquote>|-- <br>|Yes|é |On 2 Nov 2026 at 10:00, Ben &lt;b@x&gt; wrote:|&nbsp;){0,30}") {
            let plain = sanitise(&html, |_| None).html;
            let folded = fold_html(&plain, &Answers::Unknown);
            let unfolded = folded.replace(BEGIN_SIGNATURE, "").replace(BEGIN_QUOTED, "").replace(END, "");
            prop_assert_eq!(unfolded, plain);
            // A browser parses it to the same elements.
            let kept = ammonia::Builder::default().add_tags(["details", "summary", "div"]).clean(&folded).to_string();
            prop_assert_eq!(kept.matches("<details>").count(), folded.matches("<details>").count());
            prop_assert!(folded.matches("<details>").count() < 3);
        }
    }
}
