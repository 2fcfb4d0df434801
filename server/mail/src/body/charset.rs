//! Finds the charset of a text whose header does not name it, or names an impossible one (RFC 2045, 5.2; WHATWG, Encoding).

use encoding_rs::{Encoding, ISO_2022_JP, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};
use mail_parser::{MessagePart, MimeHeaders, PartType, decoders::charsets::map::charset_decoder};

use crate::words;

/// How many leading bytes of HTML are searched for its own charset declaration.
const HEAD: usize = 4096;
/// With fewer characters beyond ASCII, two-byte text may be valid UTF-8 by chance.
const FEW: usize = 6;
/// Declared charsets that say nothing about bytes beyond ASCII.
const ASCII: [&str; 6] = ["us-ascii", "ascii", "ansi_x3.4-1968", "iso646-us", "iso_646.irv:1991", "us"];
/// Charset names that the WHATWG standard does not know, with known ones for the same charset.
const OTHER_NAMES: [(&str, &str); 10] = [
    ("cp932", "shift_jis"),
    ("ms932", "shift_jis"),
    ("cp936", "gbk"),
    ("cp949", "euc-kr"),
    ("ms949", "euc-kr"),
    ("cp950", "big5"),
    ("cp50220", "iso-2022-jp"),
    ("iso-2022-jp-ms", "iso-2022-jp"),
    ("iso-2022-jp-1", "iso-2022-jp"),
    ("iso-2022-jp-2", "iso-2022-jp"),
];

/// The text of a part, decoded again. None if the first decoding was right.
pub fn read_again(part: &MessagePart<'_>, raw: &[u8]) -> Option<String> {
    let (text, is_html) = match &part.body {
        PartType::Text(text) => (text, false),
        PartType::Html(text) => (text, true),
        _ => return None,
    };
    if text.bytes().all(|byte| byte.is_ascii() && !matches!(byte, 0 | 0x1b)) {
        return None;
    }
    let label = part.content_type().and_then(|kind| kind.attribute("charset"));
    let bytes = words::bytes(part, raw)?;
    let encoding = decide(&bytes, label, is_html)?;
    Some(encoding.decode_with_bom_removal(&bytes).0.into_owned())
}

/// The encoding to use. None for the one that the header names.
fn decide(bytes: &[u8], label: Option<&str>, is_html: bool) -> Option<&'static Encoding> {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return Some(encoding);
    }
    // As the parser read it.
    let is_known = label.is_some_and(|label| charset_decoder(label.as_bytes()).is_some());
    let label = label.map(|label| label.trim_matches(|c: char| c.is_whitespace() || "\"';<>".contains(c)));
    let Some(label) = label.filter(|label| !ASCII.iter().any(|ascii| label.eq_ignore_ascii_case(ascii))) else {
        return Some(undeclared(bytes, is_html));
    };
    match by_label(label) {
        None if is_known => None,
        None => Some(undeclared(bytes, is_html)),
        Some(encoding) if encoding == UTF_8 => {
            let (read, unread) = unicode(bytes);
            (unread > read).then(|| undeclared(bytes, is_html))
        }
        // UTF-16 needs two bytes per character, and a text of several lines contains zero bytes.
        Some(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => {
            (!bytes.contains(&0)).then(|| undeclared(bytes, is_html))
        }
        Some(encoding) if is_utf8_instead(bytes, encoding) => Some(UTF_8),
        Some(encoding) => (!is_known).then_some(encoding),
    }
}

/// An encoding by name. None for names that say nothing.
fn by_label(label: &str) -> Option<&'static Encoding> {
    let other = OTHER_NAMES.iter().find(|(name, _)| label.eq_ignore_ascii_case(name)).map(|(_, known)| *known);
    let encoding = Encoding::for_label(other.unwrap_or(label).as_bytes())?;
    (encoding != REPLACEMENT && encoding != X_USER_DEFINED).then_some(encoding)
}

/// The encoding of bytes without a declaration: ISO-2022-JP by its escapes, the HTML's own declaration, UTF-8 if valid. Otherwise what
/// careless Western programs send, which has a character for nearly every byte.
fn undeclared(bytes: &[u8], is_html: bool) -> &'static Encoding {
    if bytes.is_ascii() && [&b"\x1b$B"[..], b"\x1b$@", b"\x1b(J", b"\x1b(I"].iter().any(|mark| has(bytes, mark)) {
        return ISO_2022_JP;
    }
    if let Some(encoding) = by_zeros(bytes) {
        return encoding;
    }
    let is_unicode = str::from_utf8(bytes).is_ok();
    let named = if is_html { named_within(bytes) } else { None };
    let fits = |encoding: &&'static Encoding| !is_utf8_instead(bytes, encoding) && reads(encoding, bytes);
    if let Some(encoding) = named.filter(fits) {
        return encoding;
    }
    let (read, unread) = unicode(bytes);
    match named {
        _ if is_unicode || read > unread => UTF_8,
        Some(encoding) if encoding != UTF_8 => encoding,
        _ => WINDOWS_1252,
    }
}

/// Whether bytes are UTF-8 and not the declared charset.
fn is_utf8_instead(bytes: &[u8], said: &'static Encoding) -> bool {
    let Ok(text) = str::from_utf8(bytes) else { return false };
    // No text in a one-byte charset is valid UTF-8 by chance.
    if said.is_single_byte() {
        return true;
    }
    // A short two-byte text can be valid UTF-8 by chance, if its pairs look like two-byte sequences. Three-byte sequences are hardly ever
    // chance.
    let count = |least: u32| text.chars().filter(|c| u32::from(*c) >= least).count();
    let (beyond, wide) = (count(0x80), count(0x800));
    beyond > 0 && (wide >= 2 || beyond >= FEW || !reads(said, bytes))
}

/// Whether all bytes are valid in an encoding.
fn reads(encoding: &'static Encoding, bytes: &[u8]) -> bool {
    encoding.decode_without_bom_handling_and_without_replacement(bytes).is_some()
}

/// UTF-16 without a byte order mark, by the positions of the zero bytes of Latin letters and line ends.
fn by_zeros(bytes: &[u8]) -> Option<&'static Encoding> {
    let zeros = |from: usize| bytes.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let (first, second) = (zeros(0), zeros(1));
    let many = bytes.len() / 8;
    match () {
        () if second > many && first * 4 < second => Some(UTF_16LE),
        () if first > many && second * 4 < first => Some(UTF_16BE),
        () => None,
    }
}

/// How many characters beyond ASCII are valid UTF-8, and how many sequences are invalid.
fn unicode(bytes: &[u8]) -> (usize, usize) {
    bytes.utf8_chunks().fold((0, 0), |(read, unread), chunk| {
        let beyond = chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        (read + beyond, unread + usize::from(!chunk.invalid().is_empty()))
    })
}

/// The charset that HTML declares: `<meta charset=…>`, `<meta … content="text/html; charset=…">`, or XML's first line.
fn named_within(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes[..bytes.len().min(HEAD)].to_ascii_lowercase();
    let head = String::from_utf8_lossy(&head);
    let metas = head.match_indices("<meta").map(|(at, _)| (&head[at..], "charset"));
    let xml = head.trim_start().strip_prefix("<?xml").map(|rest| (rest, "encoding"));
    let named = metas.chain(xml).find_map(|(rest, word)| {
        let tag = rest.split('>').next()?;
        let value = tag[tag.find(word)? + word.len()..].trim_start().strip_prefix('=')?;
        let value = value.trim_start().trim_start_matches(['"', '\'']);
        by_label(value.split(|c: char| c.is_whitespace() || "\"';/?".contains(c)).next()?)
    })?;
    // The declaration was readable as ASCII, so the text cannot be UTF-16.
    Some(if named == UTF_16LE || named == UTF_16BE { UTF_8 } else { named })
}

fn has(bytes: &[u8], mark: &[u8]) -> bool {
    bytes.windows(mark.len()).any(|window| window == mark)
}

#[cfg(test)]
mod tests {
    use crate::read::read;

    fn text(kind: &str, body: &[u8]) -> String {
        let head = format!("From: a@x.example\r\nMIME-Version: 1.0\r\nContent-Type: {kind}\r\n\r\n");
        read(&[head.as_bytes(), body].concat()).unwrap().text.trim().to_owned()
    }

    #[test]
    fn t3_letters_are_those_that_the_mail_names_itself() {
        let koi8 =
            b"<meta http-equiv=\"Content-Type\" content=\"text/html; charset=koi8-r\"><p>\xf0\xd2\xc9\xd7\xc5\xd4</p>";
        assert_eq!(text("text/html", koi8), "Привет");
        assert_eq!(text("text/html; charset=us-ascii", koi8), "Привет", "more than the header can mean");
        assert_eq!(text("text/html; charset=x-unknown", koi8), "Привет");
        let chinese = b"<head><META CHARSET='GB18030'></head><p>\xc7\xeb\xbc\xc4</p>";
        assert_eq!(text("text/html", chinese), "请寄");
        let xml = b"<?xml version=\"1.0\" encoding=\"windows-1251\"?><p>\xcf\xf0\xe8\xe2\xe5\xf2</p>";
        assert_eq!(text("text/html", xml), "Привет");
        let lies = "<meta charset=utf-16><p>Grüße</p>".as_bytes();
        assert_eq!(text("text/html", lies), "Grüße");
        let old = "<meta charset=iso-8859-1><p>Grüße</p>".as_bytes();
        assert_eq!(text("text/html", old), "Grüße", "what is UTF-8 is no other letters by chance");
    }

    #[test]
    fn t3_marks_before_a_text_say_its_letters() {
        assert_eq!(text("text/plain", "\u{feff}Grüße".as_bytes()), "Grüße");
        assert_eq!(text("text/plain; charset=iso-8859-1", "\u{feff}Grüße".as_bytes()), "Grüße");
        let units = |text: &str, marked: bool| -> Vec<u8> {
            let mark = if marked { "\u{feff}" } else { "" };
            let bytes: Vec<u8> = format!("{mark}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
            data_encoding::BASE64.encode(&bytes).into_bytes()
        };
        let packed = "text/plain\r\nContent-Transfer-Encoding: base64";
        assert_eq!(text(packed, &units("Grüße aus Lübeck", true)), "Grüße aus Lübeck");
        assert_eq!(text(packed, &units("Grüße aus Lübeck", false)), "Grüße aus Lübeck");
        assert_eq!(text(packed, &units("Привет из Любека", true)), "Привет из Любека", "no zeros tell it");
    }

    #[test]
    fn t3_what_a_header_cannot_mean_is_read_by_the_bytes() {
        let german = "Grüße aus Lübeck".as_bytes();
        for kind in [
            "",
            "; charset=us-ascii",
            "; charset=iso-8859-1",
            "; charset=windows-1252",
            "; charset=utf-16",
            "; charset=\"utf-8;\"",
        ] {
            assert_eq!(text(&format!("text/plain{kind}"), german), "Grüße aus Lübeck", "{kind}");
        }
        let western = b"Gr\xfc\xdfe aus L\xfcbeck";
        for kind in
            ["", "; charset=us-ascii", "; charset=utf-8", "; charset=unknown-8bit", "; charset=\"'iso-8859-1'\""]
        {
            assert_eq!(text(&format!("text/plain{kind}"), western), "Grüße aus Lübeck", "{kind}");
        }
        let one_broken = [german, b" \xff"].concat();
        for kind in ["", "; charset=utf-8"] {
            assert_eq!(text(&format!("text/plain{kind}"), &one_broken), "Grüße aus Lübeck \u{fffd}", "{kind}");
        }
        // More than GB 2312: 镕 exists only in GBK.
        assert_eq!(text("text/plain; charset=gb2312", b"\xd6\xec\xe9F"), "朱镕");
        assert_eq!(text("text/plain; charset=cp932", b"\x93\xfa\x96{"), "日本");
    }

    #[test]
    fn t3_utf8_under_the_name_of_letters_of_more_bytes_is_read() {
        for (names, said) in [
            (&["gb2312", "gbk", "gb18030", "cp936"][..], "您好，请报价 – 谢谢 Grüße"),
            (&["shift_jis", "cp932", "euc-jp", "iso-2022-jp"], "お見積もりをお願いします。"),
            (&["euc-kr", "ks_c_5601-1987"], "견적을 부탁드립니다. 감사합니다."),
            (&["big5", "big5-hkscs"], "請報價，謝謝"),
            (&["gb2312"], "Größere Stückzahlen für Lübeck, schöne Grüße"),
        ] {
            for name in names {
                assert_eq!(text(&format!("text/plain; charset={name}"), said.as_bytes()), said, "{name}");
                assert_eq!(text(&format!("text/html; charset={name}"), format!("<p>{said}</p>").as_bytes()), said);
                let within = format!("<meta charset={name}><p>{said}</p>");
                assert_eq!(text("text/html", within.as_bytes()), said, "{name} in HTML");
            }
        }
        // Real words that are also valid UTF-8: two hanzi of two bytes each.
        assert_eq!(text("text/plain; charset=gbk", b"\xc4\xa3\xca\xbd"), "模式");
        assert_eq!(text("text/plain; charset=gb2312", b"\xc7\xeb\xbc\xc4"), "请寄");
        assert_eq!(text("text/plain; charset=shift_jis", b"\x93\xfa\x96{"), "日本");
        assert_eq!(text("text/plain; charset=euc-kr", b"\xb0\xdf\xc0\xfb"), "견적");
    }

    #[test]
    fn t3_japanese_mails_are_known_by_their_marks() {
        for kind in ["", "; charset=us-ascii", "; charset=iso-2022-jp", "; charset=iso-2022-jp-ms", "; charset=cp50220"]
        {
            assert_eq!(text(&format!("text/plain{kind}"), b"\x1b$BF|K\\\x1b(B ok"), "日本 ok", "{kind}");
        }
    }
}
