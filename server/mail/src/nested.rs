//! Limits nested mails before the parser sees them. The parser follows any depth, and frees the levels recursively. A few megabytes of
//! nested mails would end the process (S10). Here the marks that every level must have are counted.

use mail_parser::decoders::base64::base64_decode;

/// How many layers of encoding the parser decodes to find a nested mail.
const LAYERS: usize = 3;
/// Base64 shorter than this, in bytes, cannot contain too many levels.
const SMALL: usize = 8 * 1024;

/// How many multiparts there may be for each nested mail: they are siblings and only take space.
const FLAT: usize = 20;
/// The most bytes that the parser may search for the ends of parts: each multipart costs a search of all that follows it.
const MOST_WORK: usize = 5_000_000_000;
/// The most lines that look like boundaries: each may become a part and uses memory.
const MOST_BORDERS: usize = 100_000;

/// Counts the marks between a `Content-Type` and the end of its header: nested mails and multiparts.
#[derive(Debug, Default, Clone, Copy)]
struct Marks {
    mails: usize,
    bounded: usize,
}

impl Marks {
    fn of(bytes: &[u8]) -> Self {
        let mut marks = Self::default();
        let (mut may_be_mail, mut may_be_bounded) = (false, false);
        for (at, byte) in bytes.iter().enumerate() {
            let rest = &bytes[at..];
            let starts = |word: &[u8]| rest.get(..word.len()).is_some_and(|part| part.eq_ignore_ascii_case(word));
            match byte {
                b'c' | b'C' if starts(b"content-type") => (may_be_mail, may_be_bounded) = (true, true),
                b'\n' if starts(b"\n\n") || starts(b"\n\r\n") => (may_be_mail, may_be_bounded) = (false, false),
                b'r' | b'R' | b'g' | b'G' | b'd' | b'D' if may_be_mail => {
                    may_be_mail = !(starts(b"rfc822") || starts(b"global") || starts(b"digest"));
                    marks.mails += usize::from(!may_be_mail);
                }
                b'b' | b'B' if may_be_bounded => {
                    may_be_bounded = !starts(b"boundary");
                    marks.bounded += usize::from(!may_be_bounded);
                }
                _ => {}
            }
        }
        marks
    }
}

/// Whether a mail may have more than `most` levels, or parts that are too expensive to find.
pub fn too_deep(bytes: &[u8], most: usize) -> bool {
    let borders = || bytes.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"--")).count();
    borders() > MOST_BORDERS || deeper(bytes, most, LAYERS)
}

fn deeper(bytes: &[u8], most: usize, layers: usize) -> bool {
    let marks = Marks::of(bytes);
    let work = marks.bounded.saturating_sub(1).saturating_mul(bytes.len());
    if marks.mails > most || marks.bounded > most * FLAT || work > MOST_WORK {
        return true;
    }
    // Only a part that is declared a mail is searched.
    if marks.mails == 0 || layers == 0 {
        return false;
    }
    let plain = unquoted(bytes);
    let quoted = plain.len() < bytes.len() && deeper(&plain, most, layers - 1);
    drop(plain);
    quoted || packed(bytes).any(|packed| base64_decode(packed).is_some_and(|inner| deeper(&inner, most, layers - 1)))
}

/// Decodes everything that may be quoted-printable. Any input is valid here.
pub(super) fn unquoted(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, more @ ..] = rest {
        let code = more
            .get(..2)
            .filter(|_| *first == b'=')
            .and_then(|code| u8::from_str_radix(str::from_utf8(code).ok()?, 16).ok());
        rest = match (first, code, more) {
            (_, Some(code), _) => {
                plain.push(code);
                &more[2..]
            }
            (b'=', _, [b'\r', b'\n', behind @ ..] | [b'\n', behind @ ..]) => behind,
            _ => {
                plain.push(*first);
                more
            }
        };
    }
    plain
}

/// The possible Base64 blocks: from a blank line on, as long as there is nothing else.
fn packed(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        loop {
            let (line, below) = rest.split_at(rest.iter().position(|byte| *byte == b'\n')? + 1);
            rest = below;
            if !line.trim_ascii().is_empty() {
                continue;
            }
            let is_packed =
                |byte: &u8| byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || b"+/=".contains(byte);
            let length = rest.iter().position(|byte| !is_packed(byte)).unwrap_or(rest.len());
            let (packed, behind) = rest.split_at(length);
            rest = behind;
            if packed.len() > SMALL {
                return Some(packed);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    use super::*;

    fn nest(levels: usize) -> String {
        format!("From: a@x.example\r\n{}\r\nx", "Content-Type: message/rfc822\r\n\r\n".repeat(levels))
    }

    fn packed_as_mail(inner: &[u8]) -> String {
        let lines: Vec<String> = STANDARD
            .encode(inner)
            .as_bytes()
            .chunks(76)
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect();
        format!(
            "From: a@x.example\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
            lines.join("\r\n")
        )
    }

    #[test]
    fn s10_mails_within_mails_are_counted_before_they_are_read() {
        assert!(!too_deep(nest(400).as_bytes(), 500));
        assert!(too_deep(nest(100_000).as_bytes(), 500));
        let once = packed_as_mail(nest(20_000).as_bytes());
        let twice = packed_as_mail(once.as_bytes());
        assert!(too_deep(once.as_bytes(), 500) && too_deep(twice.as_bytes(), 500));
        let quoted = nest(20_000).replace('m', "=6D").replace('r', "=72").replace('C', "=43");
        let quoted = format!(
            "From: a@x.example\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{quoted}"
        );
        assert!(too_deep(quoted.as_bytes(), 500));
        let text = format!("From: a@x.example\r\n\r\n{}", "a global digest of rfc822 ".repeat(10_000));
        let parts = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n".repeat(11_000);
        assert!(too_deep(parts.as_bytes(), 500));
        assert!(!too_deep(text.as_bytes(), 500), "words, and no parts");
        let borders = format!("From: a@x.example\r\n\r\n{}", "--b\r\n\r\n".repeat(200_000));
        assert!(too_deep(borders.as_bytes(), 500));
        let padded = format!("{}{}", &parts[..500_000], "a\r\n".repeat(2_000_000));
        assert!(too_deep(padded.as_bytes(), 500), "each part would be looked for in all of it");
    }
}
