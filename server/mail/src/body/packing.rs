//! How a part is packed for the way, where its header says it in another way than it should, or something foreign stands in it (RFC 2045, 6).
//! The parser takes three words as they are written, and gives up at the first wrong character: such a part is unpacked once more here.

use std::borrow::Cow;

use mail_parser::{
    Encoding, Message, MessagePart, MimeHeaders, PartType,
    decoders::{base64::base64_decode, charsets::map::charset_decoder, quoted_printable::quoted_printable_decode},
};

use super::uu;
use crate::nested::unquoted;

/// Less base64 than this, in characters, may be words.
const SHORT: usize = 16;
/// So many bytes are a text where none of them is a sign for machines; of fewer, chance makes some.
const SURE: usize = 40;
/// One foreign character in so many is a fault of the way; more of them are another text.
const STRAY: usize = 40;

/// How a part is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    Base64,
    Quoted,
    Uu,
}

impl Packing {
    /// As a header means it: `base64;`, `quoted-printable (a comment)`, `QUOTED_PRINTABLE`.
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

/// Unpacks the parts that the parser left as they came.
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
            // Its boundary got lost: what it says can be read all the same.
            part.body = PartType::Text(String::from_utf8_lossy(bytes).into_owned().into());
        }
    }
}

/// What was packed in a part's body; none where nothing was, or where it is not what the header says.
pub fn opened(part: &MessagePart<'_>, body: &[u8]) -> Option<Vec<u8>> {
    match Packing::of(part)? {
        Packing::Base64 => base64_decode(body).or_else(|| beginning_of(part, body)),
        Packing::Quoted => quoted_printable_decode(body).or_else(|| is_quoted(body).then(|| unquoted(body))),
        Packing::Uu => uu::unpacked(&String::from_utf8_lossy(body)).1.into_iter().next().map(|file| file.bytes),
    }
}

/// The first word of a part's type, as `text`; that is what a part without a type is.
fn main(part: &MessagePart<'_>) -> String {
    part.content_type().map_or_else(|| "text".to_owned(), |kind| kind.ctype().to_ascii_lowercase())
}

fn is_html(part: &MessagePart<'_>) -> bool {
    part.is_content_type("text", "html")
}

fn charset<'p>(part: &'p MessagePart<'_>) -> Option<&'p str> {
    part.content_type()?.attribute("charset")
}

/// Bytes as the parser would hold them.
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

/// The good beginning of base64. What a list wrote below a text follows it; below a file it is nothing.
fn beginning_of(part: &MessagePart<'_>, body: &[u8]) -> Option<Vec<u8>> {
    let (packed, rest) = base64_lines(body);
    let mut bytes = base64_decode(&packed).filter(|_| packed.len() >= SHORT)?;
    if main(part) != "text" {
        // Of a file nothing is cut off without a word: what follows may be more of it, unless it is as short as a footer.
        return (rest.len() * 20 <= body.len().max(20_000)).then_some(bytes);
    }
    // Two or four bytes for a character: none of what is told here of a text.
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

/// The characters of the lines that are base64, but for strays in them, and what stands behind those lines.
fn base64_lines(body: &[u8]) -> (Vec<u8>, &[u8]) {
    let (mut packed, mut rest) = (Vec::with_capacity(body.len()), body);
    let (mut first, mut is_apart) = (0, false);
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
        let (line, below) = (rest[..end].trim_ascii(), &rest[end..]);
        let is_good = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        let good = line.iter().filter(is_good).count();
        // A word below a blank line, where all is said already.
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

/// Whether bytes are a text, as far as that can be told without its letters: base64 of what never was any is noise.
fn is_text(bytes: &[u8]) -> bool {
    let is_sign = |byte: &u8| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
    let is_unicode = || str::from_utf8(bytes).map_or_else(|error| error.error_len().is_none(), |_| true);
    !bytes.iter().any(is_sign) && (bytes.len() >= SURE || is_unicode())
}

/// Whether most of what could be quoted-printable is.
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
