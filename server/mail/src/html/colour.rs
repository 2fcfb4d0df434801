//! Colours as mails write them, and whether text of one colour is readable on another.

/// Red, green and blue.
pub(crate) type Colour = [u8; 3];

pub(crate) const WHITE: Colour = [255, 255, 255];
pub(crate) const BLACK: Colour = [0, 0, 0];

/// The colour names that mails use.
const NAMES: [(&str, Colour); 22] = [
    ("white", WHITE),
    ("black", BLACK),
    ("red", [255, 0, 0]),
    ("green", [0, 128, 0]),
    ("blue", [0, 0, 255]),
    ("yellow", [255, 255, 0]),
    ("orange", [255, 165, 0]),
    ("gray", [128, 128, 128]),
    ("grey", [128, 128, 128]),
    ("silver", [192, 192, 192]),
    ("navy", [0, 0, 128]),
    ("maroon", [128, 0, 0]),
    ("purple", [128, 0, 128]),
    ("teal", [0, 128, 128]),
    ("olive", [128, 128, 0]),
    ("lime", [0, 255, 0]),
    ("aqua", [0, 255, 255]),
    ("fuchsia", [255, 0, 255]),
    ("whitesmoke", [245, 245, 245]),
    ("ivory", [255, 255, 240]),
    ("darkblue", [0, 0, 139]),
    ("windowtext", BLACK),
];

/// A colour by name or numbers. None if it is invalid or transparent.
pub(crate) fn colour(text: &str) -> Option<Colour> {
    let text = text.trim().to_ascii_lowercase();
    let hex = text.strip_prefix('#').unwrap_or(&text);
    if hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let digit = |at: usize| hex.get(at..=at).and_then(|digit| u8::from_str_radix(digit, 16).ok());
        return match hex.len() {
            3 => Some([digit(0)? * 17, digit(1)? * 17, digit(2)? * 17]),
            6 => Some([digit(0)? * 16 + digit(1)?, digit(2)? * 16 + digit(3)?, digit(4)? * 16 + digit(5)?]),
            _ => None,
        };
    }
    if let Some((_, known)) = NAMES.iter().find(|(name, _)| *name == text) {
        return Some(*known);
    }
    let inner = text.strip_prefix("rgba(").or_else(|| text.strip_prefix("rgb("))?.strip_suffix(')')?;
    let numbers: Vec<f32> = inner.split([',', ' ', '/']).filter(|part| !part.is_empty()).map_while(number).collect();
    let opaque = numbers.get(3).is_none_or(|alpha| *alpha > 0.6);
    let [red, green, blue, ..] = numbers.as_slice() else { return None };
    opaque.then_some([*red as u8, *green as u8, *blue as u8])
}

fn number(part: &str) -> Option<f32> {
    match part.strip_suffix('%') {
        Some(part) => part.parse::<f32>().ok().map(|part| part * 2.55),
        None => part.parse().ok(),
    }
}

/// The first colour in a value of several words: `url(x) #222 no-repeat`, `linear-gradient(#333, #444)`.
pub(crate) fn within(value: &str) -> Option<Colour> {
    let mut depth = 0usize;
    let words = value.split(|c: char| {
        depth = match c {
            '(' => depth + 1,
            ')' => depth.saturating_sub(1),
            _ => depth,
        };
        depth == 0 && (c.is_whitespace() || c == ',')
    });
    words.map(str::trim).find_map(|word| {
        let gradient = word.find("gradient(").map(|at| &word[at + "gradient(".len()..]);
        match gradient {
            Some(inner) => inner.strip_suffix(')').unwrap_or(inner).split(',').find_map(|stop| {
                let stop = stop.trim();
                colour(stop).or_else(|| colour(stop.split_whitespace().next()?))
            }),
            None => {
                colour(word).filter(|_| word.starts_with('#') || !word.bytes().all(|byte| byte.is_ascii_hexdigit()))
            }
        }
    })
}

/// The colour in CSS.
pub(crate) fn written([red, green, blue]: Colour) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// The contrast of two colours, from 1 (none) to 21 (WCAG 2.2, contrast ratio).
pub(crate) fn contrast(one: Colour, other: Colour) -> f32 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// The luminance of a colour, from 0 to 1.
pub(crate) fn luminance(colour: Colour) -> f32 {
    let [red, green, blue] = colour.map(|part| {
        let part = f32::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t3_colours_are_read_as_they_are_written() {
        for white in ["#fff", "#FFFFFF", "White", "rgb(255,255,255)", "rgb(100% 100% 100% / 1)", "ffffff"] {
            assert_eq!(colour(white), Some(WHITE), "{white}");
        }
        for none in ["transparent", "inherit", "rgba(0,0,0,0)", "#ff", "url(x)", ""] {
            assert_eq!(colour(none), None, "{none}");
        }
        assert_eq!(within("url(https://x.example/#fff) #202020 no-repeat").map(written).as_deref(), Some("#202020"));
        assert_eq!(within("linear-gradient(90deg, #333333 0%, rgb(1,2,3))").map(written).as_deref(), Some("#333333"));
        assert_eq!(within("url(x) no-repeat"), None);
        assert!(contrast(WHITE, BLACK) > 20.0 && contrast(WHITE, [250, 250, 250]) < 1.1);
    }
}
