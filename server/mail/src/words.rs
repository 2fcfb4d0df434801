//! Reads header lines that are encoded wrongly: bytes without a charset, encoded words that were cut inside a character (RFC 2047, 5),
//! parameters cut the same way (RFC 2231, 3). The parser decodes each piece by itself and writes U+FFFD where it fails. Only such lines are
//! read again here: they are rewritten in a form that the parser understands.

use std::{borrow::Cow, collections::BTreeMap};

use mail_parser::{
    Address, ContentType, Encoding, Header, HeaderName, HeaderValue, Message, MessagePart, MimeHeaders, PartType,
    decoders::{base64::base64_decode, charsets::map::charset_decoder, hex::decode_hex},
    parsers::MessageStream,
};

use super::body::packing;

/// Longer header lines, in bytes, stay as the parser read them.
const LONGEST: usize = 64 * 1024;
/// The parser's replacement for bytes that it cannot decode.
const UNREAD: char = char::REPLACEMENT_CHARACTER;

/// Reads again what the parser could not decode: the headers of all parts and nested mails, and encoded bodies.
pub fn mend(message: &mut Message<'_>) {
    mend_headers(message);
    packing::mend(message);
    for part in &mut message.parts {
        if let PartType::Message(inner) = &mut part.body {
            mend_headers(inner);
        }
    }
}

/// The original bytes of a part whose text contains undecoded bytes.
pub fn unread_bytes(part: &MessagePart<'_>, text: &str, raw: &[u8]) -> Option<Vec<u8>> {
    text.contains(UNREAD).then(|| Some(bytes(part, raw)?.into_owned())).flatten()
}

/// A part's bytes after transfer decoding, in any charset.
pub fn bytes<'r>(part: &MessagePart<'_>, raw: &'r [u8]) -> Option<Cow<'r, [u8]>> {
    let body = raw.get(part.offset_body as usize..part.offset_end as usize)?;
    match packing::opened(part, body) {
        Some(bytes) => Some(bytes.into()),
        None => (part.encoding == Encoding::None).then(|| body.into()),
    }
}

fn mend_headers(message: &mut Message<'_>) {
    let raw = &message.raw_message;
    let first = message.text_body.first().and_then(|id| message.parts.get(*id as usize));
    // Raw bytes in a header usually have the charset of the text.
    let charset = first.and_then(|part| part.content_type()?.attribute("charset").map(str::to_owned));
    for header in message.parts.iter_mut().flat_map(|part| &mut part.headers) {
        let line = raw.get(header.offset_start as usize..header.offset_end as usize);
        if let Some(line) = line.filter(|line| line.len() <= LONGEST && is_unread(header)) {
            header.value = again(&header.value, line, charset.as_deref());
        }
    }
}

/// Whether a used header contains undecoded bytes.
fn is_unread(header: &Header<'_>) -> bool {
    let unread = |text: &Option<Cow<'_, str>>| text.as_ref().is_some_and(|text| text.contains(UNREAD));
    match &header.value {
        HeaderValue::Text(text) => header.name == HeaderName::Subject && text.contains(UNREAD),
        HeaderValue::Address(Address::List(all)) => all.iter().any(|one| unread(&one.name)),
        HeaderValue::Address(Address::Group(groups)) => {
            groups.iter().flat_map(|group| &group.addresses).any(|one| unread(&one.name))
        }
        HeaderValue::ContentType(ContentType { attributes: Some(attributes), .. }) => {
            attributes.iter().any(|attribute| attribute.value.contains(UNREAD))
        }
        _ => false,
    }
}

/// The addresses in a header line that the parser did not read as addresses.
pub fn addresses(line: &[u8]) -> HeaderValue<'static> {
    again(&HeaderValue::Address(Address::List(Vec::new())), shortened(line), None)
}

/// A header line as text.
pub fn text(line: &[u8]) -> String {
    match again(&HeaderValue::Empty, shortened(line), None) {
        HeaderValue::Text(text) => text.into_owned(),
        _ => String::new(),
    }
}

fn shortened(line: &[u8]) -> &[u8] {
    &line[..line.len().min(LONGEST)]
}

/// Reads a header's bytes in the same way as its value was read.
fn again(value: &HeaderValue<'_>, line: &[u8], charset: Option<&str>) -> HeaderValue<'static> {
    let text = match str::from_utf8(line) {
        Ok(text) => text.to_owned(),
        Err(_) => by_charset(line, charset).unwrap_or_else(|| decoded(line, None)),
    };
    let mut text = joined_words(text.trim_end());
    if matches!(value, HeaderValue::ContentType(_)) {
        text = joined_pieces(&text);
    }
    let text = text + "\r\n";
    let mut stream = MessageStream::new(text.as_bytes());
    let value = match value {
        HeaderValue::Address(_) => stream.parse_address(),
        HeaderValue::ContentType(_) => stream.parse_content_type(),
        _ => stream.parse_unstructured(),
    };
    value.into_owned()
}

/// A header's bytes in a charset that keeps all ASCII signs: other charsets could change an address (S14).
fn by_charset(line: &[u8], charset: Option<&str>) -> Option<String> {
    let decoder = charset_decoder(charset?.as_bytes())?;
    let text = decoder(line);
    let same = text.bytes().filter(u8::is_ascii).eq(line.iter().copied().filter(u8::is_ascii));
    same.then_some(text)
}

fn is_utf8(charset: &str) -> bool {
    charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
}

/// Bytes as text. Without a known charset they are UTF-8, or else windows-1252, which careless Western programs send (it has a character
/// for nearly every byte).
fn decoded(bytes: &[u8], charset: Option<&str>) -> String {
    if let Some(decoder) = charset.and_then(|charset| charset_decoder(charset.as_bytes())) {
        return decoder(bytes);
    }
    match (str::from_utf8(bytes), charset_decoder(b"windows-1252")) {
        (Ok(text), _) => text.to_owned(),
        (Err(_), Some(decoder)) if !charset.is_some_and(is_utf8) => decoder(bytes),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// An encoded word: its charset, its bytes, and its length in the text.
struct Word<'t> {
    charset: &'t str,
    bytes: Vec<u8>,
    length: usize,
}

/// Joins adjacent encoded words of one charset, by their bytes.
fn joined_words(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("=?") {
        joined.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(Word { charset, mut bytes, length }) = word(rest) else {
            joined.push_str("=?");
            rest = &rest[2..];
            continue;
        };
        rest = &rest[length..];
        while let Some(next) = word(rest.trim_start()).filter(|next| next.charset.eq_ignore_ascii_case(charset)) {
            bytes.extend(next.bytes);
            rest = &rest.trim_start()[next.length..];
        }
        let text = decoded(&bytes, Some(charset));
        joined.push_str("=?utf-8?q?");
        joined.push_str(&escaped(&text, '='));
        joined.push_str("?=");
    }
    joined + rest
}

/// The encoded word at the beginning of a text: `=?charset?Q?bytes?=` (RFC 2047, 2; RFC 2231, 5).
fn word(text: &str) -> Option<Word<'_>> {
    let mut fields = text.strip_prefix("=?")?.splitn(4, '?');
    let (charset, encoding, packed, rest) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let end = rest.strip_prefix('=')?;
    let bytes = match encoding {
        "q" | "Q" => unescaped(packed),
        "b" | "B" => base64_decode(packed.as_bytes())?,
        _ => return None,
    };
    let charset = charset.split('*').next().unwrap_or(charset);
    let fits = !charset.is_empty() && !charset.contains(char::is_whitespace) && !packed.contains(['\r', '\n']);
    fits.then_some(Word { charset, bytes, length: text.len() - end.len() })
}

/// Decodes an encoded word of type Q.
fn unescaped(packed: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(packed.len());
    let mut rest = packed.as_bytes();
    while let [first, more @ ..] = rest {
        let code = more
            .get(..2)
            .filter(|_| *first == b'=')
            .and_then(|code| u8::from_str_radix(str::from_utf8(code).ok()?, 16).ok());
        bytes.push(code.unwrap_or(if *first == b'_' { b' ' } else { *first }));
        rest = if code.is_some() { &more[2..] } else { more };
    }
    bytes
}

/// Escapes a text's bytes with `sign`, except letters and digits.
fn escaped(text: &str, sign: char) -> String {
    let mut escaped = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("{sign}{byte:02X}"));
        }
    }
    escaped
}

/// The pieces of one parameter in order, each with whether its bytes are escaped.
type Pieces<'t> = BTreeMap<u32, (bool, &'t str)>;

/// Joins the pieces of parameters, by their bytes: `name*0*=utf-8''%C3; name*1*=%9F` becomes `name*=utf-8''%C3%9F`.
fn joined_pieces(text: &str) -> String {
    let mut pieces: BTreeMap<String, Pieces<'_>> = BTreeMap::new();
    let mut joined: Vec<Cow<'_, str>> = Vec::new();
    for parameter in parameters(text) {
        match piece(parameter) {
            Some((name, at, escaped, value)) => {
                pieces.entry(name).or_default().entry(at).or_insert((escaped, value));
            }
            None => joined.push(parameter.into()),
        }
    }
    joined.extend(pieces.iter().map(|(name, pieces)| whole(name, pieces).into()));
    joined.join(";")
}

/// Splits at semicolons, except those in quotes.
fn parameters(text: &str) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    let between = |c: char| {
        let is_end = c == ';' && !quoted;
        quoted = quoted != (c == '"' && !escaped);
        escaped = c == '\\' && quoted && !escaped;
        is_end
    };
    text.split(between).collect()
}

/// A piece of a parameter: `filename*1*=%9Fer.pdf`.
fn piece(parameter: &str) -> Option<(String, u32, bool, &str)> {
    let (name, value) = parameter.trim().split_once('=')?;
    let (name, number) = name.trim().split_once('*')?;
    let escaped = number.ends_with('*');
    Some((name.to_lowercase(), number.trim_end_matches('*').parse().ok()?, escaped, value.trim().trim_matches('"')))
}

/// A whole parameter, escaped, from its pieces.
fn whole(name: &str, pieces: &Pieces<'_>) -> String {
    let mut charset = None;
    let mut bytes = Vec::new();
    for (n, (escaped, value)) in pieces.values().enumerate() {
        let mut value = *value;
        // The first piece has the charset and the language before its own bytes.
        if let (0, true, Some((before, after))) = (n, escaped, value.split_once('\'')) {
            charset = Some(before).filter(|charset| !charset.is_empty());
            value = after.split_once('\'').map_or(after, |(_, after)| after);
        }
        match decode_hex(value.as_bytes()) {
            (true, decoded) if *escaped => bytes.extend(decoded),
            _ => bytes.extend(value.bytes()),
        }
    }
    format!(" {name}*=utf-8''{}", escaped(&decoded(&bytes, charset), '%'))
}

#[cfg(test)]
mod tests {
    use super::{
        super::read::{Mail, read},
        *,
    };

    fn mail(bytes: &[u8]) -> Mail {
        read(bytes).unwrap()
    }

    #[test]
    fn t3_words_cut_within_a_character_are_joined() {
        let mail = mail(
            b"From: =?utf-8?Q?B=C3=A4cker_=F0?= =?UTF-8?Q?=9F=A5=90?= <a@x.example>\r\n\
              Subject: Re: =?utf-8?B?RGFua2UhIPCf?=\r\n =?utf-8?Q?=8E=89_sch=C3?= =?utf-8*de?Q?=B6n?= =?iso-8859-1?Q?=FC?=\r\n\r\nx\r\n",
        );
        assert_eq!(mail.subject, "Re: Danke! 🎉 schönü");
        assert_eq!(mail.parties.from.unwrap().name, "Bäcker 🥐");
    }

    #[test]
    fn t3_bytes_without_a_charset_are_western() {
        let western = mail(b"From: J\xfcrgen <a@x.example>\r\nSubject: S\xfc\xdf \x80\r\n\r\nGr\xfc\xdfe\r\n");
        assert_eq!((western.subject.as_str(), western.text.trim()), ("Süß €", "Grüße"));
        assert_eq!(western.parties.from.unwrap().name, "Jürgen");
        let unicode = mail("From: a@x.example\r\nSubject: Süß\r\n\r\nGrüße\r\n".as_bytes());
        assert_eq!((unicode.subject.as_str(), unicode.text.trim()), ("Süß", "Grüße"));
        let quoted = mail(
            b"From: a@x.example\r\nContent-Type: text/plain; charset=unknown-8bit\r\n\
              Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe\r\n",
        );
        assert_eq!(quoted.text.trim(), "Grüße");
        let russian = mail(
            b"From: a@x.example\r\nSubject: \xf0\xd2\xc9\xd7\xc5\xd4\r\nContent-Type: text/plain; charset=koi8-r\r\n\r\n\xcd\xc9\xd2\r\n",
        );
        assert_eq!((russian.subject.as_str(), russian.text.trim()), ("Привет", "мир"));
        let declared =
            mail(b"From: a@x.example\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nSch\xc3\xb6n \xff\r\n");
        assert_eq!(declared.text.trim(), "Schön \u{fffd}", "what it says it is, with one byte that is not");
    }

    #[test]
    fn t3_names_of_files_cut_within_a_character_are_joined() {
        let named = |disposition: &str| {
            let mail = mail(
                format!(
                    "From: a@x.example\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: application/pdf\r\n\
                     Content-Disposition: attachment;{disposition}\r\n\r\nx\r\n--m--\r\n"
                )
                .as_bytes(),
            );
            mail.files[0].name.clone()
        };
        assert_eq!(named("\r\n\tfilename*1*=%9Fer.pdf;\r\n\tfilename*0*=utf-8'de'gr%C3%B6%C3"), "größer.pdf");
        assert_eq!(named(" filename*0*=utf-8''a%C3; filename*1=\"b;.pdf\"; size=1"), "a\u{fffd}b;.pdf");
        assert_eq!(named(" filename=\"=?utf-8?Q?gr=C3?= =?utf-8?Q?=B6=C3=9F.pdf?=\""), "größ.pdf");
    }

    #[test]
    fn t3_a_file_keeps_its_bytes() {
        let mail = mail(
            b"From: a@x.example\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: text/csv\r\n\
              Content-Disposition: attachment; filename=a.csv\r\n\r\nGr\xfc\xdfe\r\n--m--\r\n",
        );
        assert_eq!(mail.files[0].bytes, b"Gr\xfc\xdfe");
    }

    #[test]
    fn s10_openers_without_an_end_cost_little() {
        let openers = "=?utf-8?B?".repeat(6000);
        assert_eq!(joined_words(&openers), openers);
        let odd = "=?utf-8?q?=C3=?= =?x? =?utf-8?q?=4";
        assert!(joined_words(odd).ends_with(" =?x? =?utf-8?q?=4"));
    }
}
