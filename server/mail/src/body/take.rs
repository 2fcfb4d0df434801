//! Sorts the parts of a mail into the letter and the files.

use std::{borrow::Cow, mem};

use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders, PartType};

use super::{
    Piece, chosen,
    cms::{self, Opened},
    enriched, flowed, held, pgp, read_again, uu,
};
use crate::{
    enclosed::{file, is_open, unpacked},
    nested,
    read::{MOST_LEVELS, MOST_PARTS, MailFile},
    words,
};

/// How many bytes of each text are read: far more than a message stores, and than anybody reads (S10).
const MOST_TEXT: usize = 4 * 1024 * 1024;
/// How many signed or encoded letters may be nested.
const MOST_ENVELOPES: usize = 3;
/// Subtypes that repeat the letter for one kind of program. Among alternatives they are no files.
const TWINS: [&str; 2] = ["watch-html", "x-amp-html"];
/// Subtypes of text that are files, with or without a name. Any other text is read as it is (RFC 2046, 4.1.4).
const FILES: [&str; 13] = [
    "calendar",
    "css",
    "csv",
    "directory",
    "ecmascript",
    "javascript",
    "rfc822-headers",
    "tab-separated-values",
    "vcard",
    "watch-html",
    "x-amp-html",
    "x-vcard",
    "xml",
];

/// The longest boundary that is searched for, in bytes. The standard allows 70 (RFC 2046, 5.1.1).
const LONGEST_BOUNDARY: usize = 200;

/// The content of a mail, and of signed letters inside it.
#[derive(Default)]
pub(super) struct Taking {
    pub files: Vec<MailFile>,
    /// A named text before anything else. It is the letter if there is no other.
    pub spare: Option<Piece>,
    /// How many parts were found in nested letters.
    parts: usize,
    /// How many nested letters are open.
    envelopes: usize,
}

/// What a part is for the letter.
#[derive(Clone, Copy)]
enum Kind {
    Plain,
    Enriched,
    Html,
    /// A text that is a file, or the letter if there is no other.
    NamedText,
    /// An S/MIME body.
    Envelope,
    File,
}

/// The container of a part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holder {
    /// None: the part is the whole mail.
    Mail,
    Alternative,
    Related,
    /// multipart/mixed and any other: parts in sequence.
    Row,
}

impl Taking {
    /// The pieces of a mail, in order.
    pub fn letter(&mut self, message: &mut Message<'_>, cut: bool) -> Vec<Piece> {
        let seen = vec![false; message.parts.len()];
        let mut letter = Letter { taking: self, message, seen, is_first: true, cut };
        let mut pieces = letter.part(0, Holder::Mail);
        // Parts of a broken mail that no container names.
        for id in 0..letter.seen.len() {
            pieces.extend(letter.part(id, Holder::Row));
        }
        pieces
    }

    /// The content of an S/MIME body: the signed letter, or the notice that it is encrypted. Anything else is a file.
    fn envelope(&mut self, part: &mut MessagePart<'_>, raw: &[u8]) -> Vec<Piece> {
        let opened = match &part.body {
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => cms::open(bytes),
            _ => None,
        };
        match opened {
            Some(Opened::Signed(inner)) => {
                if let Some(pieces) = self.inner(&inner, false) {
                    return pieces;
                }
            }
            Some(Opened::Encrypted) => {
                self.file(part, raw);
                return vec![Piece::text(pgp::encrypted("S/MIME"))];
            }
            _ => {}
        }
        self.file(part, raw);
        Vec::new()
    }

    /// A nested letter, with the same limits.
    fn inner(&mut self, inner: &[u8], cut: bool) -> Option<Vec<Piece>> {
        if self.envelopes >= MOST_ENVELOPES || nested::too_deep(inner, MOST_LEVELS) {
            return None;
        }
        let mut message = MessageParser::default().parse(inner).filter(|message| message.content_type().is_some())?;
        self.parts += message.parts.len();
        if self.parts > MOST_PARTS {
            return None;
        }
        words::mend(&mut message);
        self.envelopes += 1;
        let pieces = self.letter(&mut message, cut);
        self.envelopes -= 1;
        Some(pieces)
    }

    fn file(&mut self, part: &mut MessagePart<'_>, raw: &[u8]) {
        self.files.extend(unpacked(file(part, raw)));
    }
}

/// A mail whose parts are being taken out.
struct Letter<'t, 'm, 'x> {
    taking: &'t mut Taking,
    message: &'m mut Message<'x>,
    /// Which parts were visited.
    seen: Vec<bool>,
    /// Whether no leaf part was visited yet.
    is_first: bool,
    cut: bool,
}

impl Letter<'_, '_, '_> {
    fn part(&mut self, id: usize, holder: Holder) -> Vec<Piece> {
        let is_new = self.seen.get_mut(id).is_some_and(|seen| !mem::replace(seen, true));
        let Some(part) = self.message.parts.get_mut(id).filter(|_| is_new) else { return Vec::new() };
        let PartType::Multipart(children) = &mut part.body else { return self.leaf(id, holder) };
        let mut children = mem::take(children);
        let holds = match part.content_type().and_then(|kind| kind.subtype()).unwrap_or_default() {
            kind if kind.eq_ignore_ascii_case("alternative") => Holder::Alternative,
            kind if kind.eq_ignore_ascii_case("related") => Holder::Related,
            _ => Holder::Row,
        };
        if holds == Holder::Alternative {
            self.leave_twins(&mut children);
        }
        let read: Vec<Vec<Piece>> = children.into_iter().map(|child| self.part(child as usize, holds)).collect();
        if holds == Holder::Alternative { chosen(read) } else { read.into_iter().flatten().collect() }
    }

    /// Skips alternatives that repeat the letter for other programs, unless there is nothing else.
    fn leave_twins(&mut self, children: &mut Vec<u32>) {
        let parts = &self.message.parts;
        let is_twin =
            |child: u32| parts.get(child as usize).is_some_and(|part| TWINS.iter().any(|twin| is(part, "text", twin)));
        if children.iter().all(|child| is_twin(*child)) {
            return;
        }
        for child in children.extract_if(.., |child| is_twin(*child)) {
            if let Some(seen) = self.seen.get_mut(child as usize) {
                *seen = true;
            }
        }
    }

    fn leaf(&mut self, id: usize, holder: Holder) -> Vec<Piece> {
        let is_first = mem::take(&mut self.is_first);
        let Message { parts, raw_message, .. } = &mut *self.message;
        let Some(part) = parts.get_mut(id) else { return Vec::new() };
        let is_whole = !self.cut || !is_open(part, raw_message);
        let again = rejoined(part, raw_message);
        if let Some(pieces) = again.and_then(|inner| self.taking.inner(&inner, !is_whole)) {
            return pieces;
        }
        match kind(part, holder, is_first) {
            kind @ (Kind::Plain | Kind::Enriched | Kind::Html) => text(self.taking, part, raw_message, kind),
            _ if !is_whole => Vec::new(),
            Kind::Envelope => self.taking.envelope(part, raw_message),
            Kind::NamedText => {
                if let PartType::Text(text) = &part.body {
                    self.taking.spare = Some(Piece::text(held(lines(beginning(text)))));
                }
                self.taking.file(part, raw_message);
                Vec::new()
            }
            Kind::File => {
                let notice = is(part, "application", "pgp-encrypted").then(|| Piece::text(pgp::encrypted("PGP")));
                let stands_here = holder != Holder::Related && is_inline_picture(part);
                let at = self.taking.files.len();
                self.taking.file(part, raw_message);
                let picture = self.taking.files.get_mut(at).filter(|_| stands_here).map(|file| {
                    file.content_id.get_or_insert_with(|| format!("part-{id}"));
                    Piece::picture(at)
                });
                notice.into_iter().chain(picture).collect()
            }
        }
    }
}

fn is(part: &MessagePart<'_>, main: &str, sub: &str) -> bool {
    part.is_content_type(main, sub)
}

fn is_inline_picture(part: &MessagePart<'_>) -> bool {
    let is_inline = part.content_disposition().is_some_and(|disposition| disposition.is_inline());
    is_inline && part.content_type().is_some_and(|kind| kind.ctype().eq_ignore_ascii_case("image"))
}

fn kind(part: &MessagePart<'_>, holder: Holder, is_first: bool) -> Kind {
    let name = part.attachment_name().unwrap_or_default();
    let is_named = !name.is_empty();
    let octets = is(part, "application", "octet-stream") && name.to_ascii_lowercase().ends_with(".p7m");
    if octets || is(part, "application", "pkcs7-mime") || is(part, "application", "x-pkcs7-mime") {
        return Kind::Envelope;
    }
    let disposition = part.content_disposition();
    if !matches!(part.body, PartType::Text(_) | PartType::Html(_)) {
        return Kind::File;
    }
    let (main, sub) = match part.content_type() {
        None => ("text", "plain"),
        Some(kind) => (kind.ctype(), kind.subtype().unwrap_or("plain")),
    };
    let sub = sub.to_ascii_lowercase();
    let kind = match (main.to_ascii_lowercase().as_str(), sub.as_str()) {
        ("text", "html") => Kind::Html,
        ("text", "enriched" | "richtext") => Kind::Enriched,
        ("text", sub) if FILES.contains(&sub) => Kind::File,
        ("text", _) => Kind::Plain,
        // A multipart without parts.
        ("multipart", _) if holder == Holder::Mail => Kind::Plain,
        _ => Kind::File,
    };
    let stands_by_place = matches!(holder, Holder::Mail | Holder::Alternative);
    let has_file_name = disposition.is_some_and(|disposition| disposition.attribute("filename").is_some());
    let is_attachment = disposition.is_some_and(|disposition| disposition.is_attachment());
    match kind {
        Kind::Plain | Kind::Enriched | Kind::Html if is_attachment => match kind {
            // It is declared a file, but only a letter can be at its place.
            kind if stands_by_place && !is_named => kind,
            Kind::Plain if is_first && (holder == Holder::Mail || !is_named) => Kind::NamedText,
            _ => Kind::File,
        },
        Kind::Plain | Kind::Enriched | Kind::Html if is_named && !stands_by_place => match (is_first, has_file_name) {
            (true, false) => kind,
            (true, true) => Kind::NamedText,
            (false, _) => Kind::File,
        },
        kind => kind,
    }
}

/// The parts of a multipart in which the parser found none: it is encoded as a whole, or its boundary differs from the one in its header.
/// Returns it corrected.
fn rejoined(part: &MessagePart<'_>, raw: &[u8]) -> Option<Vec<u8>> {
    let kind = part.content_type().filter(|kind| kind.ctype().eq_ignore_ascii_case("multipart"))?;
    let body = words::bytes(part, raw)?;
    let boundary = boundary(&body, kind.attribute("boundary"))?;
    let is_plain = |sub: &&str| sub.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let sub = kind.subtype().filter(is_plain).unwrap_or("mixed");
    let head = format!("Content-Type: multipart/{sub}; boundary=\"{boundary}\"\r\n\r\n");
    Some([head.as_bytes(), &body].concat())
}

/// The boundary between parts: the declared one if it occurs, otherwise the first line that looks like one above a part's header.
fn boundary<'b>(body: &'b [u8], told: Option<&'b str>) -> Option<&'b str> {
    let mut lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end).peekable();
    while let Some(line) = lines.next() {
        let Some(after) = line.strip_prefix(b"--").and_then(|after| str::from_utf8(after).ok()) else { continue };
        let is_told = told.is_some_and(|told| told.trim_end() == after);
        let next = lines.peek().and_then(|next| next.get(..8));
        let has_header = next.is_some_and(|next| next.eq_ignore_ascii_case(b"content-"));
        let fits = (1..=LONGEST_BOUNDARY).contains(&after.len())
            && after.bytes().all(|byte| (byte.is_ascii_graphic() || byte == b' ') && !matches!(byte, b'"' | b'\\'));
        if fits && (is_told || has_header) {
            return Some(after);
        }
    }
    None
}

/// A text, with the files inside it moved to the other files.
fn text(taking: &mut Taking, part: &mut MessagePart<'_>, raw: &[u8], kind: Kind) -> Vec<Piece> {
    let again = read_again(part, raw);
    let (PartType::Text(read) | PartType::Html(read)) = mem::take(&mut part.body) else { return Vec::new() };
    let text = again.map_or(read, Cow::Owned);
    match kind {
        Kind::Html => vec![Piece::html(held(beginning(&text).to_owned()))],
        Kind::Enriched => vec![Piece::text(enriched::plain(beginning(&text)))],
        _ => {
            let (text, files) = uu::unpacked(&text);
            taking.files.extend(files);
            let text = lines(beginning(&text));
            let says = |name: &str, value: &str| {
                let attribute = part.content_type().and_then(|kind| kind.attribute(name));
                attribute.is_some_and(|found| found.eq_ignore_ascii_case(value))
            };
            let text = if says("format", "flowed") { flowed::undone(&text, says("delsp", "yes")) } else { text };
            let (text, files) = pgp::unpacked(text);
            taking.files.extend(files);
            vec![Piece::text(text)]
        }
    }
}

/// A text with LF line ends.
fn lines(text: &str) -> String {
    // Without spare capacity, because a text may be most of a mail.
    let mut lines = String::with_capacity(text.len());
    for (n, line) in text.split("\r\n").enumerate() {
        lines.push_str(if n == 0 { "" } else { "\n" });
        lines.push_str(line);
    }
    lines
}

/// The part of a text that is read.
fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary(MOST_TEXT)]
}
