//! Sanitises a mail's HTML for display (S1–S4, S7). It is parsed once, by a browser's own rules. Only what is on a list stays, and it is
//! written once. In addition, the frame around it runs no scripts and loads nothing else. Each of the two is enough by itself.

pub(super) mod colour;
mod extent;
mod ground;
mod height;
pub(super) mod look;
pub(super) mod sheet;
mod style;
mod whole;

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

use self::{
    extent::{Spent, beginning},
    height::height,
    sheet::{FRONT, LETTER, Sheet},
    style::style,
};
use crate::pictures::picture_type;

/// Base64 as browsers accept it: padding may be missing.
static BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The source of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Picture {
    /// Inside the mail, by Content-ID.
    Inside(String),
    /// Inside the mail or nowhere, by file name.
    Named(String),
    /// On another server.
    Remote(String),
}

/// HTML that may be displayed, with what was removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// The HTML, a fragment.
    pub html: String,
    /// The style sheet.
    pub css: String,
    /// The style sheet, parsed.
    pub(super) sheet: Sheet,
    /// The number of pictures on other servers.
    pub remote: usize,
    /// Whether it is only the beginning, because the rest was too long, too deep, or too expensive.
    pub cut: bool,
}

impl Shown {
    /// Its height in a frame of this width, both in CSS pixels.
    pub fn height(&self, width: f32) -> u32 {
        height(&self.html, &self.sheet, width)
    }
}

/// The allowed elements.
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
/// The attributes that every element may have.
const ATTRIBUTES: [&str; 7] = ["class", "dir", "hidden", "id", "lang", "style", "title"];
/// The attributes of tables, pictures and old fonts.
const LAYOUT: [(&str, &[&str]); 11] = [
    ("table", &["align", "bgcolor", "background", "border", "cellpadding", "cellspacing", "width", "height"]),
    ("td", &["align", "valign", "background", "bgcolor", "colspan", "rowspan", "width", "height", "nowrap"]),
    ("th", &["align", "valign", "background", "bgcolor", "colspan", "rowspan", "width", "height", "nowrap"]),
    ("tr", &["align", "valign", "background", "bgcolor"]),
    ("col", &["width", "span"]),
    ("font", &["color", "face", "size"]),
    ("img", &["src", "alt", "width", "height", "border", "align"]),
    ("a", &["href"]),
    ("ol", &["start", "type"]),
    ("div", &["align"]),
    // Only to mark it as a quote.
    ("blockquote", &["type"]),
];

/// Makes HTML safe to display. `link` turns the source of a picture into a URL for the frame. None leaves the picture out.
pub fn sanitise(html: &str, link: impl Fn(Picture) -> Option<String> + Send + Sync + 'static) -> Shown {
    sanitise_all(&[html.to_owned()], link)
}

/// Makes documents safe to display, one below another, with the limits of a single one.
pub fn sanitise_all(documents: &[String], link: impl Fn(Picture) -> Option<String> + Send + Sync + 'static) -> Shown {
    let remote = Arc::new(AtomicUsize::new(0));
    let cleaned = cleaner(link, Arc::clone(&remote));
    let (mut all, mut spent) = (Shown::default(), Spent::default());
    for (n, html) in documents.iter().enumerate() {
        let sheet = Sheet::parse(html);
        // Styles for the whole document are kept separate for each of several documents.
        let number = (documents.len() > 1).then_some(n);
        let around = whole::around(html, &sheet, number);
        let (html, cut) = beginning(html, &mut spent);
        let mut shown = cleaned.clean(html).to_string();
        if let Some(around) = around {
            shown = format!("{around}{shown}</div>");
        }
        all.html.push_str(&ground::given_back(&shown, &sheet));
        all.css.push_str(&sheet.written(number));
        all.sheet.extend(sheet);
        all.cut |= cut;
    }
    all.remote = remote.load(Ordering::Relaxed);
    all
}

/// The sanitiser. It counts the remote pictures.
fn cleaner(
    link: impl Fn(Picture) -> Option<String> + Send + Sync + 'static,
    count: Arc<AtomicUsize>,
) -> Builder<'static> {
    let mut builder = Builder::empty();
    builder
        .tags(TAGS.into_iter().collect())
        .generic_attributes(ATTRIBUTES.into_iter().collect())
        .tag_attributes(LAYOUT.iter().map(|(tag, names)| (*tag, names.iter().copied().collect())).collect())
        // The content of these elements is no text of the letter.
        .clean_content_tags(HashSet::from(["script", "style", "title", "head", "noscript", "template", "svg", "math", "object", "iframe"]))
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel", "cid", "data", "file"]))
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
            ("td" | "th" | "tr" | "table", "background") => Some(Cow::Borrowed("")),
            (_, "class") => classes(tag, value).map(Cow::Owned),
            (_, "id") => fronted(value.trim()).map(Cow::Owned),
            (_, "hidden") => Some(Cow::Borrowed("")),
            ("blockquote", "type") => value.eq_ignore_ascii_case("cite").then_some(Cow::Borrowed("cite")),
            (_, "width" | "height") => size(value).then_some(Cow::Borrowed(value)),
            // Of file URLs, only the names of pictures are useful.
            _ if after(value, "file:").is_some() => None,
            _ => Some(Cow::Borrowed(value)),
        });
    builder
}

/// The classes of an element, with the mail's prefix. A blockquote keeps that it is a quote.
fn classes(tag: &str, value: &str) -> Option<String> {
    let quote = (tag == "blockquote" && value.contains("quote")).then(|| "quote".to_owned());
    let all: Vec<String> =
        quote.into_iter().chain(value.split_ascii_whitespace().filter_map(fronted).take(20)).collect();
    (!all.is_empty()).then(|| all.join(" "))
}

/// A class or id with the mail's prefix.
fn fronted(name: &str) -> Option<String> {
    is_name(name).then(|| if name.starts_with(FRONT) { name.to_owned() } else { format!("{FRONT}{name}") })
}

/// Whether a style rule can name this class or id.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 60
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// The source of an image.
enum Source {
    /// The picture itself, as a data URL that may be displayed.
    Written(String),
    /// Its location.
    At(Picture),
}

fn source(value: &str) -> Option<Source> {
    let value = value.trim();
    if let Some(body) = after(value, "data:") {
        return written(body).map(Source::Written);
    }
    let is_file = after(value, "file:").is_some();
    if value.chars().any(|c| c.is_control() || (c == '\\' && !is_file)) {
        return None;
    }
    if let Some(name) = after(value, "cid:") {
        return Some(Source::At(Picture::Inside(name.to_owned())));
    }
    if after(value, "http://").or_else(|| after(value, "https://")).is_some() {
        return Some(Source::At(Picture::Remote(value.to_owned())));
    }
    // A file of the program that wrote the mail, or of the original web page.
    if !is_file && value.split('/').next().is_some_and(|scheme| scheme.contains(':')) {
        return None;
    }
    let path = after(value, "file:").unwrap_or(value);
    let name =
        path.rsplit(['/', '\\']).next().filter(|name| !name.is_empty() && !name.contains(':') && name.len() <= 300)?;
    (is_file || !path.starts_with("//")).then(|| Source::At(Picture::Named(name.to_owned())))
}

fn after<'v>(value: &'v str, front: &str) -> Option<&'v str> {
    let (begin, rest) = value.split_at_checked(front.len())?;
    begin.eq_ignore_ascii_case(front).then_some(rest)
}

/// The picture of a data URL. Its bytes decide its type, as for any other picture: a few thousand characters can contain more pixels than a
/// browser can hold (S10).
fn written(body: &str) -> Option<String> {
    let (kind, dots) = body.split_once(',')?;
    after(kind, "image/")?;
    let coded = kind.rsplit_once(';').is_some_and(|(_, coding)| coding.trim().eq_ignore_ascii_case("base64"));
    let dots: String = dots.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let bytes = coded.then(|| BASE64.decode(&dots).ok()).flatten()?;
    Some(format!("data:{};base64,{dots}", picture_type(&bytes)?))
}

/// The allowed target of a link: a page, a mail, a call. Never this application, and nothing that a browser would execute.
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
        // Only the recipient is kept. Copies, files and text are for the member to decide.
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
mod tests;
