//! The files of a mail, and what a part's header says about the part.

use mail_parser::{Encoding, Message, MessageParser, MessagePart, MimeHeaders, PartType};

use super::{
    read::{MailFile, one_line},
    tnef, words,
};

/// The start of the part at the cut, or the position of the cut.
pub(super) fn unread(message: &Message<'_>) -> u64 {
    let leaves = message.parts.iter().filter(|part| !matches!(part.body, PartType::Multipart(_)));
    let open = leaves.filter(|part| is_open(part, &message.raw_message)).map(|part| u64::from(part.offset_body));
    open.min().unwrap_or(message.raw_message.len() as u64)
}

/// Whether a part reaches the end of the bytes, so that its real end is unknown.
pub(super) fn is_open(part: &MessagePart<'_>, raw: &[u8]) -> bool {
    part.offset_end as usize >= raw.len()
}

/// Replaces a `winmail.dat` by its files, and keeps it if it contains more than these. Other files stay.
pub(super) fn unpacked(file: MailFile) -> Vec<MailFile> {
    if !tnef::is_tnef(&file) {
        return vec![file];
    }
    let mut unpacked = tnef::unpack(&file.bytes);
    if !unpacked.whole {
        unpacked.files.push(file);
    }
    unpacked.files
}

/// The file that a part's header describes, and its encoding. None if the part is a text or a multipart.
pub fn described(header: &[u8]) -> Option<(MailFile, Encoding)> {
    let mut message = MessageParser::default().parse(header)?;
    words::mend(&mut message);
    let encoding = message.parts.first()?.encoding;
    let file = file(message.parts.first_mut()?, header);
    let holds_text = file.name.is_empty() && file.media_type.starts_with("text/");
    let is_file = !holds_text && !file.media_type.starts_with("multipart/");
    is_file.then_some((MailFile { bytes: Vec::new(), ..file }, encoding))
}

/// A part as a file. Takes its bytes out of the part.
pub(super) fn file(part: &mut MessagePart<'_>, raw: &[u8]) -> MailFile {
    let media_type = part.content_type().map_or_else(
        || "application/octet-stream".to_owned(),
        |kind| one_line(&format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("octet-stream")).to_lowercase()),
    );
    let subject =
        || part.message().and_then(|inner| inner.subject()).map(|subject| format!("{}.eml", one_line(subject)));
    let name =
        part.attachment_name().map(one_line).filter(|name| !name.is_empty()).or_else(subject).unwrap_or_default();
    let content_id = part.content_id().map(|id| one_line(id.trim_matches(['<', '>'])));
    let location = part.content_location().map(one_line);
    let bytes = match std::mem::replace(&mut part.body, PartType::Multipart(Vec::new())) {
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => bytes.into_owned(),
        // A file keeps its original bytes, even where the parser could not decode them.
        PartType::Text(text) | PartType::Html(text) => {
            words::unread_bytes(part, &text, raw).unwrap_or_else(|| text.into_owned().into_bytes())
        }
        // For an unencoded mail, the parser also keeps what surrounds it.
        PartType::Message(inner) => match raw.get(part.offset_body as usize..part.offset_end as usize) {
            Some(bytes) if part.encoding == Encoding::None => bytes.to_vec(),
            _ => inner.raw_message.into_owned(),
        },
        PartType::Multipart(_) => Vec::new(),
    };
    MailFile { name, media_type, content_id, location, bytes }
}
