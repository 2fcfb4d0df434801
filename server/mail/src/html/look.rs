//! The styles of an element that decide whether its text is visible and how it is read: hiding, font size, colours, white space.

use super::{
    colour::{BLACK, Colour, WHITE, colour, within},
    sheet::{Named, Sheet},
};
use crate::tags::Tag;

/// How many declarations of a style are read.
const MOST_DECLARATIONS: usize = 100;
/// Text of this font size or less, in CSS pixels, is not readable.
const UNREADABLE: f32 = 1.0;
/// The default font size, in CSS pixels.
pub(crate) const USUAL: f32 = 14.0;

/// Which white space of a text is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Space {
    /// None: adjacent spaces are one.
    None,
    /// Line ends.
    Lines,
    /// All.
    All,
}

/// The markers of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marks {
    /// None.
    None,
    /// The same for each entry.
    Same,
    Numbers,
    Letters,
    CapitalLetters,
    Roman,
    CapitalRoman,
}

impl Marks {
    /// Parsed from a style.
    fn of(word: &str) -> Option<Self> {
        match word {
            "none" => Some(Self::None),
            "disc" | "circle" | "square" => Some(Self::Same),
            "decimal" | "decimal-leading-zero" => Some(Self::Numbers),
            "lower-alpha" | "lower-latin" => Some(Self::Letters),
            "upper-alpha" | "upper-latin" => Some(Self::CapitalLetters),
            "lower-roman" => Some(Self::Roman),
            "upper-roman" => Some(Self::CapitalRoman),
            _ => None,
        }
    }
}

/// The look of a text, from all elements around it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// It is removed, with everything inside.
    pub gone: bool,
    /// It is invisible, but content inside may be visible.
    pub unseen: bool,
    /// The font size in CSS pixels.
    pub size: f32,
    /// Its white space.
    pub space: Space,
    /// The text colour.
    pub colour: Colour,
    /// The background. None if it is a picture or unknown.
    pub ground: Option<Colour>,
    /// Whether the element itself strikes its text through.
    pub struck: bool,
    /// The list markers that the element itself sets.
    pub marks: Option<Marks>,
    /// Whether the element itself had a background picture that is not displayed.
    pub lost_ground: bool,
    /// Whether the element itself sets its background colour.
    pub own_ground: bool,
    /// Whether the element itself sets its text colour.
    pub own_colour: bool,
}

impl Look {
    /// The look of a page without styles.
    pub const PAGE: Self = Self {
        gone: false,
        unseen: false,
        size: USUAL,
        space: Space::None,
        colour: BLACK,
        ground: Some(WHITE),
        struck: false,
        marks: None,
        lost_ground: false,
        own_ground: false,
        own_colour: false,
    };

    /// The look of an element inside one of this look.
    pub fn within(&self, tag: &Tag<'_>, sheet: &Sheet, named: &Named, around: &[Named]) -> Self {
        let mut own = Own { look: *self, outer: *self, ..Own::new(*self) };
        if tag.attributes.is_empty() && sheet.is_empty() {
            own.by_name(&tag.name);
            return own.finish();
        }
        own.by_name(&tag.name);
        own.by_attributes(tag);
        let rules: Vec<&str> = if sheet.is_empty() { Vec::new() } else { sheet.of_element(named, around).collect() };
        let inline = tag.attribute("style").unwrap_or_default();
        for wanted in [false, true] {
            let all = rules.iter().copied().chain([&*inline]);
            for (name, value, important) in all.flat_map(declarations) {
                if important == wanted {
                    own.declare(&name, value);
                }
            }
        }
        own.finish()
    }

    /// Whether its text is visible at all.
    pub fn is_read(&self) -> bool {
        !self.gone && !self.unseen && self.size > UNREADABLE
    }
}

/// The declarations of a style: name, value, and whether it is `!important`.
pub(crate) fn declarations(style: &str) -> impl Iterator<Item = (String, &str, bool)> {
    style.split(';').take(MOST_DECLARATIONS).filter_map(|declaration| {
        let (name, value) = declaration.split_once(':')?;
        let (value, important) = match value.rsplit_once('!') {
            Some((value, word)) if word.trim().eq_ignore_ascii_case("important") => (value, true),
            _ => (value, false),
        };
        Some((name.trim().to_ascii_lowercase(), value.trim(), important))
    })
}

/// A length in CSS pixels. `em` is the font size, `whole` is what percentages refer to.
pub(crate) fn length(value: &str, em: f32, whole: f32) -> Option<f32> {
    let value = value.trim();
    let end = value.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(value.len());
    let (number, unit) = value.split_at(end);
    let number: f32 = number.parse().ok()?;
    let unit = unit.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
    let one = match unit.as_str() {
        "" | "px" => 1.0,
        "pt" => 4.0 / 3.0,
        "em" => em,
        "rem" => 16.0,
        "ex" | "ch" => em / 2.0,
        "%" => whole / 100.0,
        "cm" => 37.8,
        "mm" => 3.78,
        "in" => 96.0,
        _ => return None,
    };
    Some(number * one)
}

/// The look of an element while it is computed.
struct Own {
    look: Look,
    outer: Look,
    clips: bool,
    is_flat: bool,
}

impl Own {
    fn new(outer: Look) -> Self {
        let own =
            Look { struck: false, marks: None, lost_ground: false, own_ground: false, own_colour: false, ..outer };
        Self { look: own, outer, clips: false, is_flat: false }
    }

    fn by_name(&mut self, name: &str) {
        self.look = Self::new(self.outer).look;
        match name {
            "pre" | "listing" | "xmp" | "textarea" => self.look.space = Space::All,
            "s" | "del" | "strike" => self.look.struck = true,
            "h1" => self.look.size = self.outer.size * 2.0,
            "h2" => self.look.size = self.outer.size * 1.5,
            "h3" => self.look.size = self.outer.size * 1.17,
            "small" | "sub" | "sup" => self.look.size = self.outer.size / 1.2,
            "big" => self.look.size = self.outer.size * 1.2,
            _ => {}
        }
    }

    fn by_attributes(&mut self, tag: &Tag<'_>) {
        if let Some(ground) = tag.attribute("bgcolor") {
            self.ground(colour(&ground));
        }
        let letters = match tag.name.as_str() {
            "font" => tag.attribute("color"),
            "body" => tag.attribute("text"),
            _ => None,
        };
        self.letters(letters.and_then(|letters| colour(&letters)));
        if tag.name != "a" && tag.attribute("background").is_some() {
            self.lose_ground();
        }
        if tag.name == "font"
            && let Some(size) = tag.attribute("size")
        {
            let sizes = [10.0, 13.0, 16.0, 18.0, 24.0, 32.0, 48.0];
            let at =
                size.trim().parse::<i32>().ok().map(|n| if size.trim().starts_with(['+', '-']) { n + 3 } else { n });
            if let Some(size) = at.and_then(|at| sizes.get(usize::try_from(at.clamp(1, 7) - 1).ok()?)) {
                self.look.size = *size;
            }
        }
        self.look.gone |= tag.attribute("hidden").is_some();
    }

    fn ground(&mut self, colour: Option<Colour>) {
        if colour.is_some() {
            self.look.ground = colour;
            self.look.own_ground = true;
        }
    }

    fn letters(&mut self, colour: Option<Colour>) {
        if let Some(colour) = colour {
            self.look.colour = colour;
            self.look.own_colour = true;
        }
    }

    fn lose_ground(&mut self) {
        self.look.lost_ground = true;
    }

    fn declare(&mut self, name: &str, value: &str) {
        let lower = value.to_ascii_lowercase();
        let em = self.outer.size;
        let is_nothing = |value: &str, most: f32| length(value, em, 100.0).is_some_and(|length| length.abs() <= most);
        match name {
            "display" => self.look.gone = self.outer.gone || lower == "none",
            "visibility" => self.look.unseen = matches!(lower.as_str(), "hidden" | "collapse"),
            "opacity" if lower.parse::<f32>().is_ok_and(|part| part <= 0.02) => self.look.gone = true,
            "overflow" | "overflow-y" => self.clips = matches!(lower.as_str(), "hidden" | "clip"),
            "max-height" | "height" | "max-width" | "width" if is_nothing(value, 1.0) => self.is_flat = true,
            "font-size" => self.size(&lower),
            "font" => {
                let size = lower.split_whitespace().find_map(|word| {
                    let word = word.split('/').next()?;
                    word.ends_with(|c: char| c.is_ascii_alphabetic() || c == '%').then(|| length(word, em, em))?
                });
                self.look.size = size.unwrap_or(self.look.size);
            }
            "white-space" | "white-space-collapse" => {
                self.look.space = match lower.as_str() {
                    "pre" | "pre-wrap" | "break-spaces" | "preserve" => Space::All,
                    "pre-line" | "preserve-breaks" => Space::Lines,
                    "inherit" | "unset" => self.outer.space,
                    _ => Space::None,
                };
            }
            "text-decoration" | "text-decoration-line" => {
                self.look.struck = lower.contains("line-through");
            }
            "list-style" | "list-style-type" => {
                self.look.marks = lower.split_whitespace().find_map(Marks::of).or(self.look.marks);
            }
            "color" => self.letters(colour(&lower)),
            "background-color" => self.ground(colour(&lower)),
            "background" | "background-image" => {
                self.ground(within(&lower));
                if lower.contains("url(") || (name == "background-image" && lower == "none") {
                    self.lose_ground();
                }
            }
            _ => {}
        }
    }

    fn size(&mut self, value: &str) {
        let em = self.outer.size;
        let named = match value {
            "xx-small" => Some(9.0),
            "x-small" => Some(10.0),
            "small" => Some(13.0),
            "medium" => Some(16.0),
            "large" => Some(18.0),
            "x-large" => Some(24.0),
            "xx-large" => Some(32.0),
            "smaller" => Some(em / 1.2),
            "larger" => Some(em * 1.2),
            _ => length(value, em, em),
        };
        self.look.size = named.unwrap_or(em);
    }

    fn finish(mut self) -> Look {
        self.look.gone |= self.clips && self.is_flat;
        if self.look.own_ground {
            self.look.lost_ground = false;
        } else if self.look.lost_ground {
            self.look.ground = None;
        }
        self.look
    }
}
