//! A mail's HTML as it may be shown (S1–S4, S7): parsed once by the platform's own rules, nothing kept that is not on a list, written once.
//! It is shown in a frame that runs nothing and reaches nothing besides; each of the two is enough by itself.

use std::{
    borrow::Cow,
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use ammonia::Builder;

/// HTML over this many bytes is shown at its beginning only.
const LONGEST: usize = 1024 * 1024;
/// How deep elements may lie in each other. Deeper ones are no letter; what they say is in the text.
const DEEPEST: usize = 200;

/// Where a picture may come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Picture {
    /// From within the mail.
    Inside(String),
    /// From elsewhere.
    Remote(String),
}

/// HTML that may be shown, and what was left out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The HTML; a fragment.
    pub html: String,
    /// How many pictures lie on other servers.
    pub remote: usize,
}

/// Elements that letters are made of.
const TAGS: [&str; 57] = [
    "a",
    "abbr",
    "address",
    "b",
    "bdi",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "div",
    "dl",
    "dt",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "section",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
];
/// What may stand in any of them.
const ATTRIBUTES: [&str; 4] = ["dir", "lang", "style", "title"];
/// What tables, pictures and fonts of old are laid out with.
const LAYOUT: [(&str, &[&str]); 11] = [
    ("table", &["align", "bgcolor", "border", "cellpadding", "cellspacing", "width", "height"]),
    ("td", &["align", "valign", "bgcolor", "colspan", "rowspan", "width", "height", "nowrap"]),
    ("th", &["align", "valign", "bgcolor", "colspan", "rowspan", "width", "height", "nowrap"]),
    ("tr", &["align", "valign", "bgcolor"]),
    ("col", &["width", "span"]),
    ("font", &["color", "face", "size"]),
    ("img", &["src", "alt", "width", "height", "border", "align"]),
    ("a", &["href"]),
    ("ol", &["start", "type"]),
    ("div", &["align"]),
    // That it is a quotation, and nothing else.
    ("blockquote", &["class", "type"]),
];
/// How text may look. Nothing places anything over anything else, and nothing names another document.
const PROPERTIES: [&str; 53] = [
    "background",
    "background-color",
    "border",
    "border-bottom",
    "border-bottom-color",
    "border-bottom-style",
    "border-bottom-width",
    "border-collapse",
    "border-color",
    "border-left",
    "border-left-color",
    "border-left-style",
    "border-left-width",
    "border-radius",
    "border-right",
    "border-right-color",
    "border-right-style",
    "border-right-width",
    "border-spacing",
    "border-style",
    "border-top",
    "border-top-color",
    "border-top-style",
    "border-top-width",
    "border-width",
    "color",
    "direction",
    "display",
    "font",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "height",
    "letter-spacing",
    "line-height",
    "list-style-type",
    "max-height",
    "max-width",
    "min-width",
    "padding",
    "padding-bottom",
    "padding-left",
    "padding-right",
    "padding-top",
    "table-layout",
    "text-align",
    "text-decoration",
    "text-transform",
    "vertical-align",
    "white-space",
    "width",
    "word-break",
];
/// Margins may be negative, and then reach out of their place: only those that are not are kept.
const MARGINS: [&str; 5] = ["margin", "margin-bottom", "margin-left", "margin-right", "margin-top"];
/// Functions that a value may call.
const FUNCTIONS: [&str; 5] = ["rgb", "rgba", "hsl", "hsla", "calc"];

/// Makes HTML fit to be shown. `link` turns where a picture is into an address that the frame may ask; none leaves the picture out.
pub fn sanitise(html: &str, link: impl Fn(Picture) -> Option<String> + Send + Sync + 'static) -> Shown {
    let html = beginning(html);
    let remote = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&remote);
    let mut builder = Builder::empty();
    builder
        .tags(TAGS.into_iter().collect())
        .generic_attributes(ATTRIBUTES.into_iter().collect())
        .tag_attributes(LAYOUT.iter().map(|(tag, names)| (*tag, names.iter().copied().collect())).collect())
        // What stands in these is no text of the letter.
        .clean_content_tags(HashSet::from(["script", "style", "title", "head", "noscript", "template", "svg", "math", "object", "iframe"]))
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel", "cid", "data"]))
        .link_rel(Some("noopener noreferrer nofollow"))
        .set_tag_attribute_value("a", "target", "_blank")
        .strip_comments(true)
        .attribute_filter(move |tag, name, value| match (tag, name) {
            ("img", "src") => {
                let picture = picture(value)?;
                if matches!(picture, Picture::Remote(_)) {
                    count.fetch_add(1, Ordering::Relaxed);
                }
                match picture {
                    Picture::Inside(data) if data.starts_with("data:") => Some(data.into()),
                    other => link(other).map(Cow::Owned),
                }
            }
            ("a", "href") => href(value).map(Cow::Owned),
            (_, "style") => {
                let style = style(value);
                (!style.is_empty()).then_some(Cow::Owned(style))
            }
            ("blockquote", "class") => value.contains("quote").then_some(Cow::Borrowed("quote")),
            ("blockquote", "type") => value.eq_ignore_ascii_case("cite").then_some(Cow::Borrowed("cite")),
            (_, "width" | "height") => size(value).then_some(Cow::Borrowed(value)),
            _ => Some(Cow::Borrowed(value)),
        });
    let shown = builder.clean(&html).to_string();
    Shown { html: shown, remote: remote.load(Ordering::Relaxed) }
}

/// As much of a text as is shown. One that lies too deep in itself is cut there: every further level would cost as much as all before.
fn beginning(html: &str) -> Cow<'_, str> {
    let end = (0..=html.len().min(LONGEST)).rev().find(|&at| html.is_char_boundary(at)).unwrap_or(0);
    let html = &html[..end];
    let (mut depth, mut at) = (0usize, 0);
    while let Some(found) = html[at..].find('<') {
        at += found + 1;
        match html.as_bytes().get(at) {
            Some(b'/') => depth = depth.saturating_sub(1),
            Some(byte) if byte.is_ascii_alphabetic() => {
                let word = html[at..].split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
                if !is_void(word) {
                    depth += 1;
                }
                if depth > DEEPEST * 5 {
                    return Cow::Borrowed(&html[..at - 1]);
                }
            }
            _ => {}
        }
    }
    Cow::Borrowed(html)
}

/// Elements that hold nothing, and those that end by themselves where the next one begins.
fn is_void(word: &str) -> bool {
    const VOID: [&str; 18] = [
        "br", "img", "hr", "meta", "link", "col", "input", "base", "area", "wbr", "p", "li", "td", "tr", "th", "o",
        "dt", "dd",
    ];
    VOID.iter().any(|void| word.eq_ignore_ascii_case(void))
}

fn picture(value: &str) -> Option<Picture> {
    let value = value.trim();
    if value.chars().any(|c| c.is_control() || c == '\\') || value.len() > 2 * LONGEST {
        return None;
    }
    let lower = value.get(..8.min(value.len())).unwrap_or(value).to_ascii_lowercase();
    if let Some(rest) = value.get(4..).filter(|_| lower.starts_with("cid:")) {
        return Some(Picture::Inside(rest.to_owned()));
    }
    if lower.starts_with("http://") || lower.starts_with("https://") {
        return Some(Picture::Remote(value.to_owned()));
    }
    let kinds =
        ["data:image/png;base64,", "data:image/jpeg;base64,", "data:image/gif;base64,", "data:image/webp;base64,"];
    let data =
        kinds.iter().find(|kind| value.get(..kind.len()).is_some_and(|front| front.eq_ignore_ascii_case(kind)))?;
    let body = &value[data.len()..];
    let plain = body.chars().all(|c| c.is_ascii_alphanumeric() || "+/= \t\r\n".contains(c));
    plain.then(|| Picture::Inside(format!("{data}{body}")))
}

/// Where a link may lead: a page, a mail, a call. Never into this application, nor to where a browser would run something.
fn href(value: &str) -> Option<String> {
    let value = value.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    let bad =
        value.chars().any(|c| c.is_control() || matches!(c, '\\' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'));
    if bad || value.len() > 4000 {
        return None;
    }
    let (scheme, rest) = value.split_once(':')?;
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => rest.starts_with("//").then(|| value.to_owned()),
        // What a link may put into a mail besides its recipient (copies, files) is nobody's but the writer's to decide.
        "mailto" => Some(format!("mailto:{}", rest.split('?').next().unwrap_or_default())),
        "tel" => rest.chars().all(|c| c.is_ascii_digit() || "+-(). ".contains(c)).then(|| value.to_owned()),
        _ => None,
    }
}

fn size(value: &str) -> bool {
    let number = value.trim().trim_end_matches("px").trim_end_matches('%');
    number.parse::<f64>().is_ok_and(|n| (0.0..=3000.0).contains(&n))
}

/// The declarations of a style that are kept.
fn style(value: &str) -> String {
    let mut kept = Vec::new();
    for declaration in value.split(';').take(100) {
        let Some((name, value)) = declaration.split_once(':') else { continue };
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        let margin = MARGINS.contains(&name.as_str()) && !value.contains('-');
        if (margin || PROPERTIES.contains(&name.as_str())) && is_harmless(value) {
            kept.push(format!("{name}:{value}"));
        }
    }
    kept.join(";")
}

/// Whether a value is made of plain words, numbers and colours: no escapes, no comments, no functions but those that give a colour or length.
fn is_harmless(value: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || " #%.,()'\"-+/!".contains(c);
    if value.is_empty() || value.len() > 200 || !value.chars().all(plain) || value.contains("/*") {
        return false;
    }
    let calls = value.match_indices('(').all(|(at, _)| {
        let word = value[..at].rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        FUNCTIONS.iter().any(|function| word.eq_ignore_ascii_case(function))
    });
    // Letters thousands of points tall hide what is below them.
    let words = value.split([' ', ',', '(', ')', '/']).filter(|word| !word.starts_with('#'));
    let numbers = words.flat_map(|word| word.split(|c: char| !(c.is_ascii_digit() || c == '.')));
    let lengths = numbers.filter_map(|n| n.parse::<f64>().ok());
    calls && lengths.into_iter().all(|n| n <= 3000.0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn shown(html: &str) -> String {
        sanitise(html, |picture| match picture {
            Picture::Inside(cid) => Some(format!("/part/{}", cid.len())),
            Picture::Remote(_) => None,
        })
        .html
    }

    #[test]
    fn s1_what_letters_are_made_of_stays() {
        let letter = "<p style=\"color: #333; font: 14px/1.5 Arial\">Dear <b>Anna</b>,<br>see <a href=\"https://x.example/a?b=1&c=2\">this</a></p>";
        let out = shown(letter);
        assert!(out.contains("<p style=\"color:#333;font:14px/1.5 Arial\">") && out.contains("<b>Anna</b>"), "{out}");
        assert!(out.contains("target=\"_blank\"") && out.contains("rel=\"noopener noreferrer nofollow\""), "{out}");
        let table = shown("<table width=600 bgcolor=\"#fff\"><tr><td colspan=2 align=right>1</td></tr></table>");
        assert!(table.contains("<table width=\"600\" bgcolor=\"#fff\">") && table.contains("colspan=\"2\""), "{table}");
    }

    #[test]
    fn s1_nothing_that_runs_stays() {
        for hostile in [
            "<script>x()</script>",
            "<img src=x onerror=x()>",
            "<svg onload=x()>",
            "<svg><script>x()</script></svg>",
            "<math><mtext><style><img src onerror=x()>",
            "<iframe srcdoc='<script>x()</script>'></iframe>",
            "<a href=\"javascript:x()\">a</a>",
            "<a href=\"java\nscript:x()\">a</a>",
            "<form action=//x><button>b</button></form>",
            "<base href=//x>",
            "<meta http-equiv=refresh content=0>",
            "<noscript><p title=\"</noscript><img src=x onerror=x()>\">",
            "<template><script>x()</script></template>",
        ] {
            let out = shown(hostile).to_lowercase();
            for word in [
                "<script",
                "onerror",
                "onload",
                "javascript:",
                "<iframe",
                "<form",
                "<base",
                "<meta",
                "<svg",
                "<math",
                "srcdoc",
                "<template",
            ] {
                assert!(!out.contains(word), "{hostile}: {out}");
            }
        }
    }

    #[test]
    fn s3_pictures_elsewhere_are_counted_and_left_out() {
        let html = "<img src=\"http://t.example/p.gif\" width=1><img src='cid:logo'><img src=//t.example/q><img src=\"data:image/svg+xml,x\">";
        let out = sanitise(html, |picture| matches!(picture, Picture::Inside(_)).then(|| "/part".to_owned()));
        assert_eq!(out.remote, 1);
        assert!(
            !out.html.contains("t.example") && out.html.contains("src=\"/part\"") && !out.html.contains("svg"),
            "{}",
            out.html
        );
    }

    #[test]
    fn s3_s4_styles_name_no_document_and_leave_their_place_alone() {
        for bad in [
            "background:url(http://t.example)",
            "background-color:u\\72l(x)",
            "color:var(--x)",
            "position:fixed",
            "color:red/**/",
            "width:99999px",
            "margin-top:-500px",
            "background-image:image-set('x')",
            "content:'x'",
            "color:expression(x)",
            "width:attr(x)",
            "z-index:9",
            "transform:scale(9)",
        ] {
            assert_eq!(style(bad), "", "{bad}");
        }
        for colour in ["background-color:#A8501A", "color:#333333", "border:1px solid #202020"] {
            assert_eq!(style(colour), colour);
        }
        assert_eq!(style("border:9999px solid #202020"), "");
        assert_eq!(style("COLOR: Red; background:url(x); padding: 4px 2px"), "color:Red;padding:4px 2px");
        assert_eq!(style("width:calc(100% - 4px);color:rgba(1,2,3,.5)"), "width:calc(100% - 4px);color:rgba(1,2,3,.5)");
    }

    #[test]
    fn s7_links_lead_to_pages_mails_and_calls() {
        for good in
            ["https://x.example/", "http://x.example", "mailto:a@x.example", "tel:+33 6 55", "HTTPS://x.example"]
        {
            assert!(href(good).is_some(), "{good}");
        }
        for bad in [
            "javascript:x()",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc",
            "//x.example",
            "\\\\x",
            "https:x.example",
            "/inbox",
            "#a",
            "blob:x",
            "https://x\u{202e}y",
            "https://x\\y",
            "java\u{0}script:x",
            "intent:x",
        ] {
            assert_eq!(href(bad), None, "{bad}");
        }
        assert_eq!(
            href("mailto:a@x.example?bcc=b@x.example&attach=/etc/passwd").as_deref(),
            Some("mailto:a@x.example")
        );
    }

    #[test]
    fn s2_depth_is_bounded() {
        let deep = format!("{}x{}", "<div>".repeat(200_000), "</div>".repeat(200_000));
        assert!(shown(&deep).matches("<div").count() <= DEEPEST * 5 + 1);
    }

    /// Which tags there are, and what can be read between them.
    fn taken_apart(html: &str) -> (BTreeSet<String>, String) {
        // These two are ours; where they stand among the others does not matter.
        let html = html.replace(" target=\"_blank\"", "").replace(" rel=\"noopener noreferrer nofollow\"", "");
        let (mut tags, mut words, mut quoted) = (BTreeSet::new(), String::new(), false);
        let mut tag: Option<String> = None;
        for c in html.chars() {
            match &mut tag {
                None if c == '<' => tag = Some(String::new()),
                None => words.extend((!c.is_whitespace()).then_some(c)),
                Some(_) if c == '>' && !quoted => tags.extend(tag.take()),
                Some(inside) => {
                    quoted ^= c == '"';
                    inside.push(c);
                }
            }
        }
        (tags, words)
    }

    proptest! {
        #[test]
        fn s2_what_is_shown_would_be_shown_again(html in "(<[a-z]{1,6}( (style|href|src|onload)=[\"']?[a-z:/ ();#]{0,12}[\"']?)?>|</[a-z]{1,6}>|[a-z &;<>\"']{0,6}|<svg>|<math>|<!--|-->|<table>|<select>|<noscript>){0,25}") {
            let once = shown(&html);
            // What was taken out may have held what is left apart: a browser puts it in order anew. Nothing comes back by that.
            prop_assert_eq!(taken_apart(&shown(&once)), taken_apart(&once), "{}", html);
            let lower = once.to_lowercase();
            prop_assert!(!lower.contains("<script") && !lower.contains("<style") && !lower.contains(" onload"));
        }
    }
}
