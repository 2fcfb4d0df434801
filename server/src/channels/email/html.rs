//! A mail's HTML as it may be shown (S1–S4, S7): parsed once by the platform's own rules, nothing kept that is not on a list, written once.
//! It is shown in a frame that runs nothing and reaches nothing besides; each of the two is enough by itself.

mod extent;
mod style;

use std::{
    borrow::Cow,
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use ammonia::Builder;
use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use self::{extent::beginning, style::style};
use crate::domain::pictures::picture_type;

/// Base64 as browsers read it: what fills its end may be missing.
static BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

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
    /// Whether it is only the beginning: the rest was too long, too deep, or cost too much to read.
    pub cut: bool,
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
/// Makes HTML fit to be shown. `link` turns where a picture is into an address that the frame may ask; none leaves the picture out.
pub fn sanitise(html: &str, link: impl Fn(Picture) -> Option<String> + Send + Sync + 'static) -> Shown {
    let (html, cut) = beginning(html);
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
            ("img", "src") => match source(value)? {
                Source::Written(address) => Some(Cow::Owned(address)),
                Source::At(picture) => {
                    if matches!(picture, Picture::Remote(_)) {
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                    link(picture).map(Cow::Owned)
                }
            },
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
    let shown = builder.clean(html).to_string();
    Shown { html: shown, remote: remote.load(Ordering::Relaxed), cut }
}

/// What an image names as its source.
enum Source {
    /// The picture itself, in an address that the frame may show.
    Written(String),
    /// Where it is.
    At(Picture),
}

fn source(value: &str) -> Option<Source> {
    let value = value.trim();
    if let Some(body) = after(value, "data:") {
        return written(body).map(Source::Written);
    }
    if value.chars().any(|c| c.is_control() || c == '\\') {
        return None;
    }
    if let Some(name) = after(value, "cid:") {
        return Some(Source::At(Picture::Inside(name.to_owned())));
    }
    let elsewhere = after(value, "http://").or_else(|| after(value, "https://"));
    elsewhere.map(|_| Source::At(Picture::Remote(value.to_owned())))
}

fn after<'v>(value: &'v str, front: &str) -> Option<&'v str> {
    let (begin, rest) = value.split_at_checked(front.len())?;
    begin.eq_ignore_ascii_case(front).then_some(rest)
}

/// A picture that is written into the address of one, as it may be shown. What it is counts by its bytes, as for any other picture:
/// a few thousand letters can be more dots than a browser holds (S10).
fn written(body: &str) -> Option<String> {
    let (kind, dots) = body.split_once(',')?;
    after(kind, "image/")?;
    let coded = kind.rsplit_once(';').is_some_and(|(_, coding)| coding.trim().eq_ignore_ascii_case("base64"));
    let dots: String = dots.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let bytes = coded.then(|| BASE64.decode(&dots).ok()).flatten()?;
    Some(format!("data:{};base64,{dots}", picture_type(&bytes)?))
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
    fn s10_pictures_that_are_written_out_are_measured() {
        let png = |width: u32, height: u32| {
            let bytes =
                [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], &width.to_be_bytes(), &height.to_be_bytes(), b"\x01"].concat();
            BASE64.encode(bytes)
        };
        let of = |kind: &str, dots: &str| shown(&format!("<img src=\"data:{kind};base64,{dots}\">"));
        let small = png(800, 600);
        let expected = format!("<img src=\"data:image/png;base64,{small}\">");
        let folded = format!("{}\r\n {}", &small[..10], &small[10..]);
        for dots in [&small, &folded, &small.trim_end_matches('=').to_owned()] {
            let out = of("image/png", dots);
            assert!(out.starts_with("<img src=\"data:image/png;base64,iVBOR") && !out.contains('\n'), "{out}");
        }
        assert_eq!(of("IMAGE/PNG", &small), expected);
        assert_eq!(of("image/svg+xml", &small), expected, "it is what its bytes are");
        for (kind, dots) in [
            ("image/png", png(23_000, 23_000).as_str()),
            ("image/png", "PHN2Zy8+"),
            ("image/png", "iVBO*"),
            ("text/html", small.as_str()),
        ] {
            assert_eq!(of(kind, dots), "<img>", "{kind}");
        }
        // What says that it is a part of the mail is looked for there, whatever else it says.
        assert_eq!(shown("<img src=\"cid:data:image/svg+xml,x\">"), "<img src=\"/part/20\">");
    }

    #[test]
    fn s2_s10_what_would_take_too_much_is_cut() {
        let deep = format!("{}x{}", "<div>".repeat(200_000), "</div>".repeat(200_000));
        let bold: String = (0..990).map(|n| format!("<b a={n}>")).collect();
        let anew = format!("<p>{bold}{}", "<p>x".repeat(22_000));
        let attributes: String = (0..200_000).map(|n| format!(" a{n}")).collect();
        for html in [
            deep,
            anew,
            "<div></>".repeat(131_000),
            "<o>".repeat(300_000),
            format!("<p{attributes}>x"),
            format!("<table>{}", "<br>".repeat(200_000)),
        ] {
            let out = sanitise(&html, |_| None);
            assert!(out.cut, "{}", &html[..20]);
            assert!(out.html.matches('<').count() < 200_000 && out.html.len() < 10_000_000, "{}", &html[..20]);
        }
        assert!(!sanitise("<p>Dear Anna</p>", |_| None).cut);
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
