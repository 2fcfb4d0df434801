//! The type of a picture by its bytes, and whether a browser can hold it (S10): a browser decodes every pixel, however few bytes the file
//! has.

/// The most pixels of a picture. A browser uses four bytes for each.
const PIXELS: u64 = 50_000_000;
/// The types that browsers display.
const TYPES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// A picture's type by its first bytes, if browsers display it. Its size is not checked.
pub fn kind(bytes: &[u8]) -> Option<&'static str> {
    let found = infer::get(bytes)?.mime_type();
    TYPES.into_iter().find(|known| *known == found)
}

/// A picture's type by its bytes, if browsers display it and it is not too large. A picture without readable dimensions counts as too
/// large.
pub fn picture_type(bytes: &[u8]) -> Option<&'static str> {
    let (width, height) = size(bytes)?;
    (width.saturating_mul(height) <= PIXELS).then(|| kind(bytes)).flatten()
}

/// The width and height of a picture in pixels, from its first bytes.
pub fn size(bytes: &[u8]) -> Option<(u64, u64)> {
    match kind(bytes)? {
        "image/png" => png(bytes),
        "image/jpeg" => jpeg(bytes),
        "image/gif" => gif(bytes),
        _ => webp(bytes),
    }
}

/// Width and height from the first header (PNG, 11.2.2).
fn png(bytes: &[u8]) -> Option<(u64, u64)> {
    let side = |at: usize| Some(u64::from(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?)));
    if bytes.get(12..16)? != b"IHDR" {
        return None;
    }
    Some((side(16)?, side(20)?))
}

/// Width and height from the frame header (ITU T.81, B.2.2).
fn jpeg(bytes: &[u8]) -> Option<(u64, u64)> {
    let two = |at: usize| Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    let mut at = 2;
    loop {
        // Browsers skip bytes before a marker, and a marker may begin with any number of 0xff bytes.
        at += bytes.get(at..)?.iter().position(|byte| *byte == 0xff)?;
        at += bytes.get(at..)?.iter().position(|byte| *byte != 0xff)?;
        let marker = *bytes.get(at)?;
        at += 1;
        match marker {
            // Not a marker but skipped data, or a marker without a length.
            0x00 | 0x01 | 0xd0..=0xd7 => {}
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                return Some((u64::from(two(at + 5)?), u64::from(two(at + 3)?)));
            }
            // A new start, the end, or the pixel data: the dimensions are unknown.
            0xd8..=0xda => return None,
            _ => at += usize::from(two(at)?),
        }
    }
}

/// Width and height of the screen, or of the first frame if it is larger: browsers allocate both (GIF89a, 18 and 20).
fn gif(bytes: &[u8]) -> Option<(u64, u64)> {
    let side = |at: usize| Some(u64::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)));
    let colours = *bytes.get(10)?;
    let mut at = 13;
    if colours & 0x80 != 0 {
        at += 3 << ((colours & 7) + 1);
    }
    loop {
        match *bytes.get(at)? {
            0x2c => {
                let (width, height) = (side(at + 1)? + side(at + 5)?, side(at + 3)? + side(at + 7)?);
                return Some((side(6)?.max(width), side(8)?.max(height)));
            }
            0x21 => at = after_extension(bytes, at)?,
            _ => return None,
        }
    }
}

/// An extension has a type, then blocks with their lengths, until an empty one.
fn after_extension(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 2;
    loop {
        let length = usize::from(*bytes.get(at)?);
        at += 1 + length;
        if length == 0 {
            return Some(at);
        }
    }
}

/// Width and height from the first chunk of any of the three kinds (RFC 9649, 2.5 to 2.7).
fn webp(bytes: &[u8]) -> Option<(u64, u64)> {
    let number = |at: usize, length: usize| {
        let digits = bytes.get(at..at + length)?.iter().rev();
        Some(digits.fold(0u64, |number, digit| (number << 8) | u64::from(*digit)))
    };
    match bytes.get(12..16)? {
        b"VP8X" => Some((number(24, 3)? + 1, number(27, 3)? + 1)),
        b"VP8L" if number(20, 1)? == 0x2f => {
            let sides = number(21, 4)?;
            Some(((sides & 0x3fff) + 1, ((sides >> 14) & 0x3fff) + 1))
        }
        b"VP8 " if number(23, 3)? == 0x002a_019d => Some((number(26, 2)? & 0x3fff, number(28, 2)? & 0x3fff)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], &width.to_be_bytes(), &height.to_be_bytes()].concat()
    }

    /// `before` is between the start and the frame header.
    fn jpeg(before: &[u8], width: u16, height: u16) -> Vec<u8> {
        let frame = b"\xff\xc2\0\x0b\x08";
        [&b"\xff\xd8"[..], before, frame, &height.to_be_bytes(), &width.to_be_bytes(), b"\x01"].concat()
    }

    fn gif(screen: u16, frame: u16) -> Vec<u8> {
        let [screen, frame] = [screen, frame].map(u16::to_le_bytes);
        let colours = [0; 6];
        let remark = b"\x21\xfe\x02hi\0\x2c\0\0\0\0";
        [&b"GIF89a"[..], &screen, &screen, b"\x80\0\0", &colours, remark, &frame, &frame, b"\0"].concat()
    }

    fn webp(chunk: &[u8]) -> Vec<u8> {
        [&b"RIFF\0\0\0\0WEBP"[..], chunk].concat()
    }

    #[test]
    fn s10_pictures_that_a_browser_can_hold_are_known() {
        assert_eq!(picture_type(&png(800, 600)), Some("image/png"));
        for before in [&b""[..], b"\xff\xe0\0\x04ab", b"\xff\xff\xff\xe0\0\x04ab", b"odd", b"\xff\0"] {
            let photo = jpeg(&[&b"\xff\xe0\0\x02"[..], before].concat(), 800, 600);
            assert_eq!(picture_type(&photo), Some("image/jpeg"), "{before:?}");
        }
        assert_eq!(picture_type(&gif(800, 600)), Some("image/gif"));
        for chunk in [
            &b"VP8X\x0a\0\0\0\0\0\0\0\x1f\x03\0\x57\x02\0"[..],
            b"VP8 \x0a\0\0\0\0\0\0\x9d\x01\x2a\x20\x03\x58\x02",
            b"VP8L\x0a\0\0\0\x2f\x1f\xc3\x95\0",
        ] {
            assert_eq!(picture_type(&webp(chunk)), Some("image/webp"), "{chunk:?}");
        }
    }

    #[test]
    fn s10_pictures_that_no_browser_can_hold_are_none() {
        assert_eq!(picture_type(&png(50_000, 50_000)), None);
        assert_eq!(picture_type(&png(23_000, 23_000)), None);
        for before in [&b"\xff\xe0\0\x04ab"[..], b"\xff\xe0\0\x04ab\xff\xff\xff", b"\xff\xe0\0\x04abodd"] {
            assert_eq!(picture_type(&jpeg(before, 60_000, 60_000)), None, "{before:?}");
        }
        assert_eq!(picture_type(&gif(60_000, 1)), None);
        assert_eq!(picture_type(&gif(1, 60_000)), None);
        assert_eq!(picture_type(&webp(b"VP8X\x0a\0\0\0\0\0\0\0\xff\xff\0\xff\xff\0")), None);
        assert_eq!(picture_type(&webp(b"VP8 \x0a\0\0\0\0\0\0\x9d\x01\x2a\xff\x3f\xff\x3f")), None);
        assert_eq!(picture_type(&webp(b"VP8L\x0a\0\0\0\x2f\xff\xff\xff\x0f")), None);
    }

    #[test]
    fn s10_what_does_not_say_how_large_it_is_is_none() {
        for bytes in [
            &b"\x89PNG\r\n\x1a\n0000"[..],
            b"\x89PNG\r\n\x1a\n\0\0\0\x08CgBI\0\0\0\0\0\0\0\0",
            b"\xff\xd8\xff",
            b"\xff\xd8\xff\xe0\xff\xffab",
            b"\xff\xd8\xff\xda\0\x02\xff\xc0\0\x0b\x08\0\x01\0\x01",
            b"GIF89a\0\x01\0\x01\0\0\0;",
            b"RIFF\0\0\0\0WEBPVP9 \x0a\0\0\0",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"",
        ] {
            assert_eq!(picture_type(bytes), None, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn s10_any_bytes_are_looked_at(kind in 0usize..4, rest in proptest::collection::vec(any::<u8>(), 0..200)) {
            let begin = [&b"\x89PNG\r\n\x1a\n"[..], b"\xff\xd8\xff", b"GIF89a", b"RIFF\0\0\0\0WEBP"][kind];
            let _ = picture_type(&[begin, &rest[..]].concat());
        }
    }
}
