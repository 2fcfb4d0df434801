//! Keeps text readable. If the background picture of an element is not displayed, or the rule that coloured it was removed, the element
//! gets a plain background on which its text is readable.

use std::collections::HashSet;

use super::{
    colour::{Colour, contrast, luminance, written},
    look::Look,
    sheet::{Named, Sheet},
};
use crate::{
    body::said::says_something,
    tags::{self, Part, parts},
};

/// Text with less contrast can hardly be read.
const HARDLY_SEEN: f32 = 2.0;
/// Smaller text, in CSS pixels, was not meant to be read.
const SMALL: f32 = 9.0;
/// The backgrounds for light and for dark text.
const DARK: Colour = [0x3f, 0x3f, 0x46];
const LIGHT: Colour = [0xf4, 0xf4, 0xf5];

/// An open element.
struct Open {
    look: Look,
    /// The position of its tag.
    at: usize,
    /// The background that is visible under its text, without one of its own.
    below: Option<Colour>,
}

/// Sanitised HTML, with a background wherever text lost its own.
pub(super) fn given_back(html: &str, sheet: &Sheet) -> String {
    let mut grounds: Vec<(usize, Colour)> = Vec::new();
    let mut grounded: HashSet<usize> = HashSet::new();
    let mut open: Vec<Open> = Vec::new();
    let mut around: Vec<Named> = Vec::new();
    for (at, part) in parts(html) {
        match part {
            Part::Tag(tag) if tag.is_end => {
                open.pop();
                around.pop();
            }
            Part::Tag(tag) if !tag.is_void() => {
                let outer = open.last().map_or(Look::PAGE, |outer| outer.look);
                let below = open.last().map_or(Look::PAGE.ground, |outer| outer.look.ground.or(outer.below));
                let named = Named::of(&tag);
                let look = outer.within(&tag, sheet, &named, &around);
                around.push(named);
                open.push(Open { look, at, below });
            }
            Part::Text(text) => {
                let wanted = open.last().filter(|_| says_something(text)).and_then(|_| wanted(&open, sheet));
                grounds.extend(wanted.filter(|(at, _)| grounded.insert(*at)));
            }
            _ => {}
        }
    }
    grounds.sort_unstable_by_key(|(at, _)| *at);
    let mut out = String::with_capacity(html.len() + grounds.len() * 40);
    let mut from = 0;
    for (at, ground) in grounds {
        let tag = &html[at..];
        let name = 1 + tag[1..].find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(0);
        // An attribute may contain a `>`.
        let end = tags::tag(tag).map_or(tag.len(), |(_, behind)| tag.len() - behind.len());
        let style = tag[..end].find(" style=\"").map(|style| style + " style=\"".len());
        out.push_str(&html[from..at + style.unwrap_or(name)]);
        from = at + style.unwrap_or(name);
        out.push_str(&match style {
            Some(_) => format!("background-color:{};", written(ground)),
            None => format!(" style=\"background-color:{}\"", written(ground)),
        });
    }
    out.push_str(&html[from..]);
    out
}

/// Which open element needs a background for the text in the innermost one, and in which colour.
fn wanted(open: &[Open], sheet: &Sheet) -> Option<(usize, Colour)> {
    let own = open.last()?;
    if !own.look.is_read() || own.look.size < SMALL {
        return None;
    }
    let letters = own.look.colour;
    let ground = if luminance(letters) > 0.4 { DARK } else { LIGHT };
    let hardly_seen = |below: Option<Colour>| below.is_some_and(|below| contrast(letters, below) < HARDLY_SEEN);
    match own.look.ground {
        None => {
            let lost = open.iter().rev().find(|element| element.look.lost_ground)?;
            hardly_seen(lost.below).then_some((lost.at, ground))
        }
        Some(seen) if sheet.loses_ground && hardly_seen(Some(seen)) => {
            let coloured = open.iter().rev().find(|element| element.look.own_colour)?;
            Some((coloured.at, ground))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::sanitise;

    fn shown(html: &str) -> String {
        sanitise(html, |_| None).html
    }

    #[test]
    fn t3_letters_that_lost_their_picture_get_a_ground() {
        for html in [
            "<table background='https://x.example/p.jpg'><tr><td style='color:#fff'>Sale</td></tr></table>",
            "<table><tr><td background='p.jpg'><font color=white>Sale</font></td></table>",
            "<div style=\"color:#fff;background:url(p.jpg)\">Sale</div>",
            "<div style=\"background-image:url('p.jpg')\"><p style=\"color:#ffffff\">Sale</p></div>",
            "<style>.hero{background-image:url(p.jpg)}</style><div class=hero><p style=\"color:#ffffff\">Sale</p></div>",
            "<style>p[dark]{background:#000}</style><p style=\"color:#fff\" dark>Sale</p>",
            "<style>.d p{color:#fff}</style><div class=d style=\"background:url(x)\"><p>Sale</p></div>",
        ] {
            assert!(shown(html).contains("background-color:#3f3f46"), "{}", shown(html));
        }
        let dark = shown("<body bgcolor=\"#000000\"><div style=\"background:url(p.jpg)\">Sale</div></body>");
        assert!(dark.contains("background-color:#f4f4f5"), "{dark}");
    }

    #[test]
    fn t3_a_ground_goes_into_the_style_that_is_there() {
        let given = super::given_back(
            "<div title=\"a > b\" style=\"color:#fff;background-image:none\">Sale</div>",
            &super::Sheet::default(),
        );
        let wanted =
            "<div title=\"a > b\" style=\"background-color:#3f3f46;color:#fff;background-image:none\">Sale</div>";
        assert_eq!(given, wanted);
    }

    #[test]
    fn s10_many_grounds_cost_little() {
        let begun = std::time::Instant::now();
        let html = "<i style=\"background-image:none;color:#fff\">x</i>".repeat(40_000);
        let given = super::given_back(&html, &super::Sheet::default());
        assert_eq!(given.matches("#3f3f46").count(), 40_000);
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    }

    #[test]
    fn t3_letters_that_have_their_ground_get_none() {
        for html in [
            "<div style=\"background:url(p.jpg)\">Sale</div>",
            "<div style=\"background:url(p.jpg) #222;color:#fff\">Sale</div>",
            "<table><tr><td bgcolor=\"#000000\" background=\"p.jpg\"><font color=white>Sale</font></td></table>",
            "<div style=\"color:#fff;font-size:1px\">hidden</div>",
            "<div style=\"color:#fff\">hidden</div>",
            "<div style=\"background:url(p.jpg);color:#fff;display:none\">hidden</div>",
        ] {
            let shown = shown(html);
            assert!(!shown.contains("#3f3f46") && !shown.contains("#f4f4f5"), "{shown}");
        }
    }
}
