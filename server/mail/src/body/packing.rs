//! Decodes parts whose transfer encoding is declared unusually, or whose encoded text contains foreign characters (RFC 2045, 6). The parser
//! accepts only three exact names, and gives up at the first wrong character. Such parts are decoded again here.

use std::borrow::Cow;

use mail_parser::{
    Encoding, Message, MessagePart, MimeHeaders, PartType,
    decoders::{base64::base64_decode, charsets::map::charset_decoder, quoted_printable::quoted_printable_decode},
};

use super::uu;
use crate::nested::unquoted;

/// Shorter Base64, in characters, may be plain words.
const SHORT: usize = 16;
/// This many bytes without control characters are text. Fewer may be text by chance.
const SURE: usize = 40;
/// One foreign character in this many is a transmission error. More of them are another text.
const STRAY: usize = 40;

/// A transfer encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    Base64,
    Quoted,
    Uu,
}

impl Packing {
    /// Parses a header leniently: `base64;`, `quoted-printable (a comment)`, `QUOTED_PRINTABLE`.
    fn named(header: &str) -> Option<Self> {
        let said = header.split('(').flat_map(|piece| piece.rsplit(')').next()).collect::<Vec<_>>().join(" ");
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let word = said.split(|c| !is_word(c)).find(|word| !word.is_empty())?.to_ascii_lowercase();
        match word.trim_start_matches("x-").replace(['-', '_'], "").as_str() {
            "base64" | "b64" => Some(Self::Base64),
            "quotedprintable" | "quoted" | "qp" => Some(Self::Quoted),
            "uuencode" | "uuencoded" | "uue" | "uu" => Some(Self::Uu),
            _ => None,
        }
    }

    fn of(part: &MessagePart<'_>) -> Option<Self> {
        part.content_transfer_encoding().and_then(Self::named)
    }
}

/// Decodes the parts that the parser left encoded.
pub fn mend(message: &mut Message<'_>) {
    let raw = &message.raw_message;
    for part in message.parts.iter_mut().filter(|part| part.encoding == Encoding::None) {
        if matches!(part.body, PartType::Multipart(_) | PartType::Message(_)) {
            continue;
        }
        let Some(body) = raw.get(part.offset_body as usize..part.offset_end as usize) else { continue };
        if let Some(bytes) = opened(part, body) {
            part.encoding = match Packing::of(part) {
                Some(Packing::Base64) => Encoding::Base64,
                Some(Packing::Quoted) => Encoding::QuotedPrintable,
                Some(Packing::Uu) | None => Encoding::None,
            };
            part.body = held(part, bytes);
        } else if main(part) == "multipart"
            && let PartType::Binary(bytes) = &part.body
        {
            // The boundary was lost, but the text can still be read.
            part.body = PartType::Text(String::from_utf8_lossy(bytes).into_owned().into());
        }
    }
}

/// The decoded body of a part. None if it was not encoded, or not as the header says.
pub fn opened(part: &MessagePart<'_>, body: &[u8]) -> Option<Vec<u8>> {
    match Packing::of(part)? {
        Packing::Base64 => base64_decode(body).or_else(|| beginning_of(part, body)),
        Packing::Quoted => quoted_printable_decode(body).or_else(|| is_quoted(body).then(|| unquoted(body))),
        Packing::Uu => uu::unpacked(&String::from_utf8_lossy(body)).1.into_iter().next().map(|file| file.bytes),
    }
}

/// The main type of a part, such as `text`, which is also the default.
fn main(part: &MessagePart<'_>) -> String {
    part.content_type().map_or_else(|| "text".to_owned(), |kind| kind.ctype().to_ascii_lowercase())
}

fn is_html(part: &MessagePart<'_>) -> bool {
    part.is_content_type("text", "html")
}

fn charset<'p>(part: &'p MessagePart<'_>) -> Option<&'p str> {
    part.content_type()?.attribute("charset")
}

/// The bytes in the form that the parser would return.
fn held(part: &MessagePart<'_>, bytes: Vec<u8>) -> PartType<'static> {
    if !matches!(main(part).as_str(), "text" | "multipart") {
        return PartType::Binary(bytes.into());
    }
    let text: Cow<'static, str> = match charset(part).and_then(|charset| charset_decoder(charset.as_bytes())) {
        Some(decoder) => decoder(&bytes).into(),
        None => String::from_utf8_lossy(&bytes).into_owned().into(),
    };
    if is_html(part) { PartType::Html(text) } else { PartType::Text(text) }
}

/// The valid beginning of Base64. A mailing list may have added text after it. After a file, such text is dropped.
fn beginning_of(part: &MessagePart<'_>, body: &[u8]) -> Option<Vec<u8>> {
    let (packed, rest) = base64_lines(body);
    let mut bytes = base64_decode(&packed).filter(|_| packed.len() >= SHORT)?;
    if main(part) != "text" {
        // A file is never cut silently: longer data may be more of it, so only data as short as a footer is dropped.
        return (rest.len() * 20 <= body.len().max(20_000)).then_some(bytes);
    }
    // UTF-16 and UTF-32 use two or four bytes per character, so the checks for text below do not apply.
    let is_wide = charset(part).is_some_and(|charset| {
        let charset = charset.to_ascii_lowercase();
        charset.contains("utf-16") || charset.contains("utf-32") || charset.contains("ucs")
    });
    if is_wide {
        return Some(bytes);
    }
    if !is_text(&bytes) {
        return None;
    }
    if !rest.is_empty() {
        bytes.extend_from_slice(if is_html(part) { b"\r\n<pre>" } else { b"\r\n\r\n" });
        bytes.extend_from_slice(rest);
    }
    Some(bytes)
}

/// The Base64 characters of the leading lines, without foreign ones, and the data after these lines.
fn base64_lines(body: &[u8]) -> (Vec<u8>, &[u8]) {
    let (mut packed, mut rest) = (Vec::with_capacity(body.len()), body);
    let (mut first, mut is_apart) = (0, false);
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
        let (line, below) = (rest[..end].trim_ascii(), &rest[end..]);
        let is_good = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        let good = line.iter().filter(is_good).count();
        // A word below a blank line, after complete Base64.
        let is_below = is_apart && packed.len().is_multiple_of(4) && good < first;
        if line.len() - good > line.len() / STRAY || (is_below && good > 0) {
            break;
        }
        packed.extend(line.iter().filter(is_good));
        first = if first == 0 { good } else { first };
        is_apart = line.is_empty();
        rest = below;
        if line.ends_with(b"=") {
            break;
        }
    }
    (packed, rest.trim_ascii())
}

/// Whether bytes are text, in any charset. Decoded Base64 that never was Base64 is noise.
fn is_text(bytes: &[u8]) -> bool {
    let is_sign = |byte: &u8| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
    let is_unicode = || str::from_utf8(bytes).map_or_else(|error| error.error_len().is_none(), |_| true);
    !bytes.iter().any(is_sign) && (bytes.len() >= SURE || is_unicode())
}

/// Whether most of the candidates are valid quoted-printable.
fn is_quoted(body: &[u8]) -> bool {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for (at, _) in body.iter().enumerate().filter(|(_, byte)| **byte == b'=') {
        let is_good = match &body[at + 1..] {
            [first, second, ..] if first.is_ascii_hexdigit() && second.is_ascii_hexdigit() => true,
            rest => matches!(rest, [] | [b'\n', ..] | [b'\r', b'\n', ..]),
        };
        *(if is_good { &mut good } else { &mut bad }) += 1;
    }
    good > bad
}

#[cfg(test)]
mod tests {
    use crate::read::{Mail, read};

    const WORDS: &str = "Grüße, the body is here in full.";
    const BASE64: &str = "R3LDvMOfZSwgdGhlIGJvZHkgaXMgaGVyZSBpbiBmdWxsLgo=";

    fn packed(kind: &str, encoding: &str, body: &str) -> Mail {
        let mail =
            format!("From: a@x.example\nContent-Type: {kind}\nContent-Transfer-Encoding: {encoding}\n\n{body}\n");
        read(mail.replace('\n', "\r\n").as_bytes()).unwrap()
    }

    fn text(encoding: &str, body: &str) -> String {
        packed("text/plain; charset=utf-8", encoding, body).text.trim().to_owned()
    }

    #[test]
    fn t3_how_a_part_is_packed_is_read_as_it_is_meant() {
        for encoding in
            ["base64;", "Base64 (RFC 2045)", "(so) base64", "\"base64\"", "x-base64", "BASE-64", "base64, 8bit"]
        {
            assert_eq!(text(encoding, BASE64), WORDS, "{encoding}");
        }
        let quoted = "Gr=C3=BC=C3=9Fe, the body =\nis here in full.";
        for encoding in
            ["quoted-printable;", "quoted-printable (with a comment)", "QUOTED_PRINTABLE", "quoted printable"]
        {
            assert_eq!(text(encoding, quoted), WORDS, "{encoding}");
        }
        let uu = "begin 644 mail.txt\n71W+#O,.?92P@8F]D>2!I<R!H97)E+@H \n`\nend";
        for encoding in ["x-uuencode", "uuencode", "X-UUE"] {
            let mail = packed("text/plain; charset=utf-8", encoding, uu);
            assert_eq!((mail.text.trim(), mail.files.len()), ("Grüße, body is here.", 0), "{encoding}");
        }
        let file = packed("application/pdf; name=a.pdf", "base64;", "JVBERi0xLjQ=");
        assert_eq!(file.files[0].bytes, b"%PDF-1.4");
        for encoding in ["7bit", "8bit", "binary", "x-unknown", ""] {
            assert_eq!(text(encoding, "a=3Db"), "a=3Db", "{encoding}");
        }
    }

    #[test]
    fn t3_the_good_beginning_of_what_was_packed_is_read() {
        let footer = "_______________\nUsers mailing list\nUsers@lists.example";
        let whole = format!("{WORDS}\n\n\n{footer}");
        assert_eq!(text("base64", &format!("{BASE64}\n\n{footer}")).replace('\r', ""), whole);
        let unpadded = "R3LDvMOfZSwgYm9keSBpcyBoZXJl";
        assert_eq!(
            text("base64", &format!("{unpadded}\n\nUsers\n-- \nlist")),
            "Grüße, body is here\n\nUsers\n-- \nlist"
        );
        let html =
            packed("text/html; charset=utf-8", "base64", "PHA+SGVsbG8gdGhlcmUhPC9wPgo=\n\n_____\nlist@x.example");
        assert!(html.text.contains("Hello there!") && html.text.contains("list@x.example"), "{}", html.text);
        let file = packed("application/pdf; name=a.pdf", "base64", &format!("JVBERi0xLjQKJSVFT0YK\n\n{footer}"));
        assert_eq!(file.files[0].bytes, b"%PDF-1.4\n%%EOF\n");
        let line = "QUFB".repeat(19);
        let stray = packed("application/pdf; name=a.pdf", "base64", &format!("{line}!\n{line}\nQUE="));
        assert_eq!(stray.files[0].bytes, "A".repeat(116).as_bytes(), "a stray is left out");
    }

    #[test]
    fn t3_what_never_was_packed_stays_as_it_is() {
        for words in [
            "Hello, this was never base64. Please answer soon!",
            "Dear\n\nSir, please answer.",
            "Unconstitutionalities\nare many, and long.",
            "https://shop.example/AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHHIIIIJJJJKKKKLLLLMMMMNNNNOOOOPPPPQQQQRRRRSSSS\nis it.",
        ] {
            assert_eq!(text("base64", words).replace('\r', ""), words);
        }
        let link = "<a href=\"https://x.example/?a=20&b=zz\">a</a>";
        assert_eq!(text("quoted-printable;", link), link);
    }

    #[test]
    fn t3_quoted_printable_with_faults_is_read_but_for_them() {
        for encoding in ["quoted-printable", "quoted-printable;"] {
            assert_eq!(text(encoding, "100=ZZ, und Gr=C3=BC=C3=9Fe"), "100=ZZ, und Grüße", "{encoding}");
            assert_eq!(text(encoding, "1 == 1, und Gr=C3=BC=C3=9Fe"), "1 == 1, und Grüße", "{encoding}");
        }
    }
}
