//! Splits HTML into tags and texts, once from front to back. The tree of a browser is built elsewhere (`html.rs`).

use std::borrow::Cow;

use mail_parser::decoders::html::add_html_token;

/// The longest character reference, including `&` and `;`.
const LONGEST_ENTITY: usize = 34;
/// The most attributes of a tag that are read.
const MOST_ATTRIBUTES: usize = 100;
/// Elements whose content is no text.
const SILENT: [&str; 5] = ["script", "style", "title", "template", "noscript"];

/// A start tag or an end tag.
#[derive(Debug)]
pub(super) struct Tag<'h> {
    pub name: String,
    pub is_end: bool,
    /// The text after its name.
    pub attributes: &'h str,
}

impl<'h> Tag<'h> {
    /// The value of an attribute, with character references decoded. Empty for one without a value.
    pub fn attribute(&self, name: &str) -> Option<Cow<'h, str>> {
        let raw =
            attributes(self.attributes).find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)?;
        if !raw.contains('&') {
            return Some(raw.into());
        }
        let mut value = String::with_capacity(raw.len());
        decode(raw, &mut value);
        Some(value.into())
    }

    /// Whether it is a void element.
    pub fn is_void(&self) -> bool {
        const VOID: [&str; 14] = [
            "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
            "wbr",
        ];
        VOID.contains(&self.name.as_str())
    }
}

/// The attributes of a tag, by name and raw value.
fn attributes(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    let next = move || {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        let end = rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '/')).unwrap_or(rest.len());
        let (name, behind) = rest.split_at(end);
        let Some(value) = behind.trim_start().strip_prefix('=') else {
            rest = behind;
            return (!name.is_empty()).then_some((name, ""));
        };
        let value = value.trim_start();
        let quoted = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, behind) = match quoted {
            Some(mark) => value[1..].split_once(mark).unwrap_or((&value[1..], "")),
            None => value.split_at(value.find(|c: char| c.is_ascii_whitespace()).unwrap_or(value.len())),
        };
        rest = behind;
        Some((name, value))
    };
    std::iter::from_fn(next).take(MOST_ATTRIBUTES)
}

/// Writes a text with its character references decoded.
pub(super) fn decode(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(LONGEST_ENTITY).position(|byte| byte == b';').map_or(1, |end| end + 1);
        add_html_token(out, &rest.as_bytes()[..end], false);
        rest = &rest[end..];
    }
    out.push_str(rest);
}

/// A part of HTML.
pub(super) enum Part<'h> {
    Tag(Tag<'h>),
    /// Readable text, still encoded.
    Text(&'h str),
    /// The content of an element that is no text, after the element's name.
    Silent(String, &'h str),
}

/// The tags and texts of HTML with their positions. Comments are skipped.
pub(super) fn parts(html: &str) -> impl Iterator<Item = (usize, Part<'_>)> {
    let mut rest = html;
    let mut silent: Option<String> = None;
    std::iter::from_fn(move || {
        loop {
            let at = html.len() - rest.len();
            if let Some(name) = silent.take() {
                let (content, behind) = rest.split_at(end_of(&name, rest));
                rest = behind;
                return Some((at, Part::Silent(name, content)));
            }
            if rest.is_empty() {
                return None;
            }
            if !rest.starts_with('<') {
                let (text, behind) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
                rest = behind;
                return Some((at, Part::Text(text)));
            }
            if let Some((tag, behind)) = tag(rest) {
                rest = behind;
                if !tag.is_end && SILENT.contains(&tag.name.as_str()) {
                    silent = Some(tag.name.clone());
                }
                return Some((at, Part::Tag(tag)));
            }
            rest = match () {
                () if rest.starts_with("<!--") => rest[4..].split_once("-->").map_or("", |(_, behind)| behind),
                () if rest.starts_with("<!") || rest.starts_with("<?") || rest.starts_with("</") => {
                    rest.split_once('>').map_or("", |(_, behind)| behind)
                }
                () => {
                    let (text, behind) = rest.split_at(1);
                    rest = behind;
                    return Some((at, Part::Text(text)));
                }
            };
        }
    })
}

/// The end of an element's content that is no text: its end tag.
fn end_of(name: &str, content: &str) -> usize {
    let end = content.match_indices("</").find(|(at, _)| {
        let found = content.as_bytes().get(at + 2..at + 2 + name.len());
        found.is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
    });
    end.map_or(content.len(), |(at, _)| at)
}

/// The tag at the beginning of a text, and the rest. A tag without an end goes to the end of the text, as in browsers.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t3_attributes_are_read_as_browsers_read_them() {
        let (tag, behind) =
            tag("<A  HREF=\"https://x.example/?a=1&amp;b\" title='a > b' hidden data-x = y/>z").unwrap();
        assert_eq!((tag.name.as_str(), behind), ("a", "z"));
        assert_eq!(tag.attribute("href").as_deref(), Some("https://x.example/?a=1&b"));
        assert_eq!(tag.attribute("title").as_deref(), Some("a > b"));
        assert_eq!(tag.attribute("hidden").as_deref(), Some(""));
        assert_eq!(tag.attribute("data-x").as_deref(), Some("y/"));
        assert_eq!(tag.attribute("style"), None);
    }
}
