//! The text for a picture: its words or emoji.

use crate::{
    html::look::{declarations, length},
    tags::Tag,
};

/// File endings of pictures.
const ENDS: [&str; 11] = [".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".svg", ".heic", ".tif", ".tiff", ".avif"];

/// The text for a picture. A file name says nothing, unless the picture is all that a link contains: a link without words is left out.
pub(super) fn words(tag: &Tag<'_>, in_link: bool) -> Option<String> {
    let alt = tag.attribute("alt")?;
    let alt = alt.trim();
    let lower = alt.to_ascii_lowercase();
    let is_name = ENDS.iter().any(|end| lower.ends_with(end));
    (!alt.is_empty() && !is_point(tag) && (in_link || !is_name)).then(|| alt.to_owned())
}

/// Whether the words are separate from the text around them. An emoji stays in its place.
pub(super) fn stand_apart(words: &str) -> bool {
    words.chars().filter(|c| c.is_alphanumeric()).nth(1).is_some()
}

/// Whether the picture is invisible: it only reports that the mail was opened.
fn is_point(tag: &Tag<'_>) -> bool {
    let is_none = |size: &str| length(size, 1.0, 100.0).is_some_and(|size| size <= 1.0);
    let says = ["width", "height"].iter().any(|name| tag.attribute(name).is_some_and(|size| is_none(&size)));
    let style = tag.attribute("style").unwrap_or_default();
    says || declarations(&style).any(|(name, value, _)| matches!(name.as_str(), "width" | "height") && is_none(value))
}
