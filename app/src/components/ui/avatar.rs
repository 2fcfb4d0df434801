//! A person's picture, or initials on a colour that stays the same.

use leptos::prelude::*;
use model::{lower, upper};

use super::{Glyph, Icon};

/// The size of an avatar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AvatarSize {
    /// 20 px, in a line of text.
    Tiny,
    /// 28 px.
    Small,
    /// 36 px, in lists and headers.
    #[default]
    Medium,
    /// 48 px.
    Large,
}

/// The first character of a word as a reader sees it, with its accents, skin tone or joined parts (a grapheme cluster).
fn first_character(word: &str) -> String {
    let mut out = String::new();
    let mut joined = false;
    for c in word.chars() {
        let extends = matches!(c,
            '\u{0300}'..='\u{036F}' | '\u{064B}'..='\u{065F}' | '\u{093C}'..='\u{094D}' | '\u{20D0}'..='\u{20FF}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{1F3FB}'..='\u{1F3FF}' | '\u{200D}');
        let flag = |c: char| ('\u{1F1E6}'..='\u{1F1FF}').contains(&c);
        let second_of_flag = flag(c) && out.chars().count() == 1 && out.chars().all(flag);
        if out.is_empty() || extends || joined || second_of_flag {
            out.push(c);
        } else {
            break;
        }
        joined = c == '\u{200D}';
    }
    out
}

/// One or two characters for a name: from the first and last word in scripts with capitals, otherwise the first character.
pub fn initials(name: &str) -> String {
    let words: Vec<&str> = name
        .split_whitespace()
        .map(|w| w.trim_start_matches(|c: char| c.is_ascii_punctuation()))
        .filter(|w| !w.is_empty())
        .collect();
    let Some(first) = words.first() else { return "?".to_owned() };
    if first.starts_with(|c: char| c.is_ascii_digit()) {
        return "#".to_owned();
    }
    let cased = |w: &str| w.chars().next().is_some_and(|c| lower(&c.to_string()) != upper(&c.to_string()));
    let mut out = upper(&first_character(first));
    let is_name = |w: &str| cased(w) && !w.contains(|c: char| c.is_ascii_digit());
    if let Some(last) = words.last().filter(|last| words.len() > 1 && cased(first) && is_name(last)) {
        out.push_str(&upper(&first_character(last)));
    }
    out
}

/// The colour class of a seed (an id), `c0` to `c9`. Always the same for the same seed.
pub fn colour_class(seed: &str) -> &'static str {
    const CLASSES: [&str; 10] = ["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9"];
    // FNV-1a, because its result is the same on every machine and in every release.
    let hash = seed.bytes().fold(0x811c_9dc5_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
    CLASSES.get((hash % 10) as usize).copied().unwrap_or("c0")
}

/// A round picture, or the initials of a name. The name never changes; another name needs another avatar. Decorative: the name stands
/// beside it.
#[component]
pub fn Avatar(
    /// The name that gives the initials.
    #[prop(into)]
    name: String,
    /// The seed of the colour. An id, so that the colour survives a change of name.
    #[prop(into)]
    seed: String,
    /// The URL of a picture.
    #[prop(optional, into)]
    picture: Option<String>,
    /// The size.
    #[prop(optional)]
    size: AvatarSize,
    /// Shows the AI icon instead of initials.
    #[prop(optional)]
    ai: bool,
    /// An icon at the foot of the avatar, such as the channel's.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let size = match size {
        AvatarSize::Tiny => " avatar-tiny",
        AvatarSize::Small => " avatar-small",
        AvatarSize::Medium => "",
        AvatarSize::Large => " avatar-large",
    };
    let colour = if ai { "avatar-ai" } else { colour_class(&seed) };
    let class = format!("avatar {colour}{size}");
    let face = match (ai, picture) {
        (true, _) => view! { <Glyph icon=Icon::Sparkles /> }.into_any(),
        (false, Some(src)) => view! { <img src=src alt="" loading="lazy" decoding="async" /> }.into_any(),
        (false, None) => initials(&name).into_any(),
    };
    view! {
        <span class=class aria-hidden="true">
            {face}
            {children.map(|children| children())}
        </span>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_of_names_in_every_script() {
        assert_eq!(initials("Amélie Laurent"), "AL");
        assert_eq!(initials("rafael souza e silva"), "RS");
        assert_eq!(initials("نور الحسيني"), "ن");
        assert_eq!(initials("田中 美咲"), "田");
        assert_eq!(initials("👩🏽‍🚀 Space Bakery"), "👩🏽‍🚀");
        assert_eq!(initials("🇫🇷 Lyon"), "🇫🇷");
        assert_eq!(initials("+49 151 2345"), "#");
        assert_eq!(initials("Élodie"), "É");
        // Placeholder names look alike, whether their number begins with a letter or not.
        assert_eq!(initials("Visitor AD84"), "V");
        assert_eq!(initials("Visitor 6E03"), "V");
        assert_eq!(initials("  "), "?");
    }

    #[test]
    fn a_colour_stays() {
        assert_eq!(colour_class("018f-abc"), colour_class("018f-abc"));
        assert!((0..200).map(|i| colour_class(&i.to_string())).collect::<std::collections::HashSet<_>>().len() == 10);
    }
}
