//! Makes the bytes of a mail (RFC 5322, MIME). The same message always gives the same bytes, so a retried mail is identical to the first
//! one.

use std::time::{Duration, UNIX_EPOCH};

use lettre::{
    Address,
    message::{
        Attachment as Part, Body, MessageBuilder, MultiPart, SinglePart,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
};
use model::{MailHead, Mailbox, Message, Parties, Piece, Timestamp, linkify};

use super::{chain, headers, read::MessageName};

/// A file of a mail.
pub struct Enclosed {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Enclosed {
    /// Whether every mail program can show it. Such files come first, right below the text.
    fn is_picture(&self) -> bool {
        ["image/png", "image/jpeg", "image/gif"].contains(&self.media_type.as_str())
    }
}

/// The input for a mail beside its message.
pub struct Making<'a> {
    /// Its Message-ID.
    pub name: &'a str,
    /// Where replies should go, if not to the sender's address.
    pub reply_to: Option<&'a str>,
    /// The earlier Message-IDs, oldest first, the answered mail last.
    pub chain: &'a [MessageName],
    /// Its files.
    pub files: Vec<Enclosed>,
    /// Its date.
    pub at: Timestamp,
}

/// Why a mail could not be made.
#[derive(Debug, thiserror::Error)]
#[error("This cannot be written as a mail: {0}.")]
pub struct Unmakeable(String);

fn no(error: impl std::fmt::Display) -> Unmakeable {
    Unmakeable(error.to_string())
}

/// Makes a mail of a message: text and HTML with the same content, pictures inside the HTML, files after them.
///
/// # Errors
/// [`Unmakeable`] for content that no mail can contain.
pub fn compose(message: &Message, head: &MailHead, making: Making<'_>) -> Result<Vec<u8>, Unmakeable> {
    let mut builder = lettre::Message::builder()
        .date(UNIX_EPOCH + Duration::from_millis(making.at.0.max(0).unsigned_abs()))
        .message_id(Some(format!("<{}>", making.name)))
        .raw_header(headers::text("Subject", &head.subject));
    let reply_to: Vec<Mailbox> = making.reply_to.map(Mailbox::of).into_iter().collect();
    let Parties { from, to, cc, .. } = &head.parties;
    let from: Vec<Mailbox> = from.iter().cloned().collect();
    for (name, list) in [("From", &from), ("Reply-To", &reply_to), ("To", to), ("Cc", cc)] {
        if !list.is_empty() {
            builder = builder.raw_header(headers::addresses(name, list).map_err(no)?);
        }
    }
    builder = chained(builder, making.chain);
    let boundary = |part: &str| format!("{part}-{}", message.id.uuid().simple());
    let (pictures, files): (Vec<Enclosed>, Vec<Enclosed>) = making.files.into_iter().partition(Enclosed::is_picture);
    let texts =
        MultiPart::alternative().boundary(boundary("text")).singlepart(text(ContentType::TEXT_PLAIN, &message.text)?);
    let texts = if pictures.is_empty() {
        texts.singlepart(text(ContentType::TEXT_HTML, &html(&message.text, &[]))?)
    } else {
        // A Content-ID must be unique among all mails (RFC 2045, 7).
        let named: Vec<(String, Enclosed)> =
            pictures.into_iter().enumerate().map(|(n, file)| (format!("{n}.{}", making.name), file)).collect();
        let shown = MultiPart::related()
            .boundary(boundary("pictures"))
            .singlepart(text(ContentType::TEXT_HTML, &html(&message.text, &named))?);
        let shown = named.into_iter().try_fold(shown, |shown, (id, picture)| {
            let part = Part::new_inline_with_name(id, headers::file_name(&picture.name));
            Ok::<_, Unmakeable>(shown.singlepart(enclosed(part, picture)?))
        })?;
        texts.multipart(shown)
    };
    let body = if files.is_empty() {
        texts
    } else {
        files.into_iter().try_fold(MultiPart::mixed().boundary(boundary("all")).multipart(texts), |mixed, file| {
            let part = Part::new(headers::file_name(&file.name));
            Ok::<_, Unmakeable>(mixed.singlepart(enclosed(part, file)?))
        })?
    };
    // The envelope has the recipients. Blind copies are not in the header.
    let envelope =
        lettre::address::Envelope::new(None, vec![Address::new("nobody", "invalid").map_err(no)?]).map_err(no)?;
    Ok(builder.envelope(envelope).multipart(body).map_err(no)?.formatted())
}

fn enclosed(part: Part, file: Enclosed) -> Result<SinglePart, Unmakeable> {
    let kind =
        ContentType::parse(&file.media_type).or_else(|_| ContentType::parse("application/octet-stream")).map_err(no)?;
    let bytes = Body::new_with_encoding(file.bytes, ContentTransferEncoding::Base64)
        .map_err(|_| no("a file cannot be encoded"))?;
    Ok(part.body(bytes, kind))
}

/// In-Reply-To and References, one id per line. An id that a program might decode is left out.
fn chained(mut builder: MessageBuilder, chain: &[MessageName]) -> MessageBuilder {
    let chain: Vec<MessageName> = chain.iter().filter(|name| !headers::looks_encoded(name.as_str())).cloned().collect();
    if let Some(answered) = chain.last() {
        builder = builder.in_reply_to(format!("<{}>", answered.as_str()));
        let (name, value) = (HeaderName::new_from_ascii_str("References"), chain::written(&chain));
        builder = builder.raw_header(HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value));
    }
    builder
}

fn text(kind: ContentType, text: &str) -> Result<SinglePart, Unmakeable> {
    // CR LF line ends only, because some servers take a lone CR or LF for the end of the mail (S15).
    let lines = text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n") + "\r\n";
    let body = Body::new_with_encoding(lines, ContentTransferEncoding::QuotedPrintable)
        .map_err(|_| no("the text cannot be encoded"))?;
    Ok(SinglePart::builder().header(kind).body(body))
}

/// The text as HTML with the same content: paragraphs, line ends, links; then the pictures, by Content-ID.
fn html(text: &str, pictures: &[(String, Enclosed)]) -> String {
    let pictures = pictures.iter().map(|(id, file)| {
        format!("<p><img src=\"cid:{}\" alt=\"{}\" style=\"max-width:100%\"></p>", escape(id), escape(&file.name))
    });
    let paragraphs = text.replace("\r\n", "\n");
    let paragraphs = paragraphs.split("\n\n").map(|paragraph| {
        let lines: Vec<String> = paragraph.lines().map(linked).collect();
        format!("<p dir=\"auto\">{}</p>", lines.join("<br>\n"))
    });
    let body = paragraphs.chain(pictures).collect::<Vec<_>>().join("\n");
    format!("<!doctype html>\n<html>\n<body>\n{body}\n</body>\n</html>\n")
}

/// A line as HTML, with its links.
pub(super) fn linked(line: &str) -> String {
    let pieces = linkify(line);
    let pieces = pieces.iter().map(|Piece { text, link }| match link {
        Some(link) => format!("<a href=\"{}\">{}</a>", escape(&link.href), escape(text)),
        None => escape(text),
    });
    pieces.collect()
}

/// Escapes text for HTML.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use model::{ConversationId, Entry, MessageId};
    use uuid::Uuid;

    use super::{super::read::read, *};

    #[test]
    fn t3_a_link_ends_where_its_sentence_goes_on() {
        let link = |address: &str| format!("<a href=\"{address}\">{address}</a>");
        let x = link("https://x.example");
        for (text, wanted) in [
            ("See https://x.example/help.", format!("See {}.", link("https://x.example/help"))),
            ("(https://x.example)", format!("({x})")),
            ("<https://x.example>, or", format!("&lt;{x}&gt;, or")),
            ("\"https://x.example\"?!", format!("&quot;{x}&quot;?!")),
            ("[http://x.example/a_(b)].", format!("[{}].", link("http://x.example/a_(b)"))),
            ("(https://x.example/a_(b))", format!("({})", link("https://x.example/a_(b)"))),
            ("https://x.example/?a=1&b=2", link("https://x.example/?a=1&amp;b=2")),
            ("https://x.example/a.html", link("https://x.example/a.html")),
            ("https://... and http://", "https://... and http://".to_owned()),
            ("javascript:https://x.example", format!("javascript:{x}")),
            ("www.x.example", "<a href=\"https://www.x.example\">www.x.example</a>".to_owned()),
        ] {
            assert!(html(text, &[]).contains(&format!("<p dir=\"auto\">{wanted}</p>")), "{text}: {}", html(text, &[]));
        }
    }

    #[test]
    fn t3_pictures_stand_within_and_files_behind() {
        let message = Message {
            id: MessageId::new(Uuid::from_u128(1)),
            conversation: ConversationId::new(Uuid::from_u128(2)),
            n: 2,
            at: Timestamp(1),
            text: "Look:".to_owned(),
            entry: Entry::Incoming,
            attachments: Vec::new(),
            content: model::Content::Text,
        };
        let mailbox = |address: &str| Mailbox::of(address);
        let parties =
            Parties { from: Some(mailbox("us@x.example")), to: vec![mailbox("a@x.example")], ..Parties::default() };
        let head = MailHead { parties, subject: "Plan".to_owned(), ..MailHead::default() };
        let file = |name: &str, media_type: &str| Enclosed {
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            bytes: name.as_bytes().to_vec(),
        };
        let files = vec![file("Grün & \"blau\".png", "image/png"), file("Überblick.pdf", "application/pdf")];
        let making = Making { name: "n@x.example", reply_to: None, chain: &[], files, at: Timestamp(1) };
        let bytes = compose(&message, &head, making).unwrap();
        let mail = read(&bytes).unwrap();
        let files: Vec<_> = mail
            .files
            .iter()
            .map(|file| (file.name.as_str(), file.content_id.as_deref(), String::from_utf8_lossy(&file.bytes)))
            .collect();
        assert_eq!(
            files,
            [
                ("Grün & \"blau\".png", Some("0.n@x.example"), "Grün & \"blau\".png".into()),
                ("Überblick.pdf", None, "Überblick.pdf".into())
            ]
        );
        let html = mail.html.concat();
        assert!(html.contains("<img src=\"cid:0.n@x.example\" alt=\"Grün &amp; &quot;blau&quot;.png\""), "{html}");
        assert_eq!(mail.text.trim(), "Look:");
    }
}
