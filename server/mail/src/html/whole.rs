//! The styles of a whole document: colours, direction, language. The document itself is ours, so an element around the letter gets them.

use super::{FRONT, LETTER, sheet::Sheet, style::style};
use crate::tags::{Part, Tag, parts};

/// The properties that a whole document may set. Its position and size are ours.
const PROPERTIES: [&str; 14] = [
    "background",
    "background-color",
    "background-image",
    "color",
    "direction",
    "font",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "letter-spacing",
    "line-height",
    "text-align",
    "word-break",
];

/// How many leading bytes are searched for the document's tags. Style sheets may come before them.
const FRONT_OF_DOCUMENT: usize = 300 * 1024;

/// The declarations that a whole document may have.
pub(super) fn kept(declarations: &str) -> String {
    let kept = style(declarations);
    let may = |declaration: &&str| declaration.split(':').next().is_some_and(|name| PROPERTIES.contains(&name));
    kept.split(';').filter(may).collect::<Vec<_>>().join(";")
}

/// The tag of the element around a letter. None if the document sets nothing. One of several letters has a number.
pub(super) fn around(html: &str, sheet: &Sheet, number: Option<usize>) -> Option<String> {
    let (mut styles, mut direction, mut language, mut classes) = (Vec::new(), None, None, Vec::new());
    classes.extend(number.map(|number| format!(" {LETTER}-{number}")));
    for tag in wholes(html) {
        let say = |name: &str, property: &str| {
            let value = tag.attribute(name)?;
            let kept = style(&format!("{property}:{}", hashed(&value)));
            (!kept.is_empty()).then_some(kept)
        };
        styles.extend(say("bgcolor", "background-color"));
        styles.extend(say("text", "color"));
        if tag.attribute("background").is_some() {
            styles.push("background-image:none".to_owned());
        }
        styles.extend(tag.attribute("style").map(|own| kept(&own)).filter(|own| !own.is_empty()));
        direction = tag
            .attribute("dir")
            .map(|dir| dir.trim().to_ascii_lowercase())
            .filter(|dir| is_direction(dir))
            .or(direction);
        let is_language =
            |lang: &String| lang.len() <= 35 && lang.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        language = tag.attribute("lang").map(|lang| lang.trim().to_owned()).filter(is_language).or(language);
        let own = tag.attribute("class").unwrap_or_default();
        classes.extend(
            own.split_ascii_whitespace()
                .filter(|class| super::is_name(class))
                .take(20)
                .map(|class| format!(" {FRONT}{class}")),
        );
    }
    let direction = direction.map(|dir| format!(" dir=\"{dir}\"")).unwrap_or_default();
    let language = language.filter(|lang| !lang.is_empty()).map(|lang| format!(" lang=\"{lang}\"")).unwrap_or_default();
    let said = number.is_some()
        || !styles.is_empty()
        || !direction.is_empty()
        || sheet.names_whole()
        || (!classes.is_empty() && !sheet.is_empty());
    let styles = match styles.join(";") {
        none if none.is_empty() => none,
        styles => format!(" style=\"{}\"", styles.replace('"', "&quot;")),
    };
    said.then(|| format!("<div class=\"{LETTER}{}\"{direction}{language}{styles}>", classes.concat()))
}

fn is_direction(dir: &str) -> bool {
    matches!(dir, "ltr" | "rtl" | "auto")
}

/// Old attributes may omit the `#` of a colour.
fn hashed(colour: &str) -> String {
    let colour = colour.trim();
    let bare = colour.len() == 6 && colour.bytes().all(|byte| byte.is_ascii_hexdigit());
    if bare { format!("#{colour}") } else { colour.to_owned() }
}

/// The tags `html` and `body`.
fn wholes(html: &str) -> Vec<Tag<'_>> {
    let mut found = Vec::new();
    for (_, part) in parts(&html[..html.floor_char_boundary(FRONT_OF_DOCUMENT)]) {
        let Part::Tag(tag) = part else { continue };
        let is_body = tag.name == "body";
        if !tag.is_end && (is_body || tag.name == "html") {
            found.push(tag);
        }
        if is_body || found.len() >= 10 {
            break;
        }
    }
    found
}
