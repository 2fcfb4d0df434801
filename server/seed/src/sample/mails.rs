//! The bytes of the sample's mails. The normal code reads, displays and folds them.

use std::time::{Duration, UNIX_EPOCH};

use lettre::{
    Address,
    message::{
        Attachment, Mailbox as Written, MultiPart, SinglePart,
        header::{ContentType, HeaderName, HeaderValue},
    },
};
use mail::{
    MessageName,
    compose::{Enclosed, Making, compose},
};
use model::{Mailbox, Message, Timestamp};
use store::error::{Error, Result, StoreError};

use super::{read::Entry, texts};

/// The parts of an incoming mail that its entry does not contain.
pub(super) struct Theirs<'a> {
    /// The sender.
    pub(super) from: &'a Mailbox,
    /// Our own mailbox.
    pub(super) to: &'a Mailbox,
    /// The subject.
    pub(super) subject: &'a str,
    /// The whole text.
    pub(super) text: &'a str,
    /// Its Message-ID, without brackets.
    pub(super) name: &'a str,
    /// The earlier Message-IDs, oldest first.
    pub(super) chain: &'a [String],
    /// Its date.
    pub(super) at: Timestamp,
}

fn wrong(error: impl std::fmt::Display) -> Error {
    StoreError::Corrupt(format!("a mail of the sample: {error}")).into()
}

/// The bytes of an incoming mail.
pub(super) fn theirs(entry: &Entry, mail: &Theirs<'_>, now: Timestamp) -> Result<Vec<u8>> {
    let mut builder = lettre::Message::builder()
        .date(UNIX_EPOCH + Duration::from_millis(mail.at.0.max(0).unsigned_abs()))
        .message_id(Some(format!("<{}>", mail.name)))
        .subject(mail.subject)
        .from(written(mail.from)?)
        .to(written(mail.to)?);
    for cc in &entry.more.cc {
        builder = builder.cc(written(cc)?);
    }
    for reply_to in &entry.more.reply_to {
        builder = builder.reply_to(written(reply_to)?);
    }
    if let Some(last) = mail.chain.last() {
        let chain: Vec<String> = mail.chain.iter().map(|name| format!("<{name}>")).collect();
        builder = builder.in_reply_to(format!("<{last}>")).references(chain.join(" "));
    }
    for (name, value) in &entry.more.headers {
        let name = HeaderName::new_from_ascii(name.clone()).map_err(wrong)?;
        builder = builder.raw_header(HeaderValue::new(name, value.clone()));
    }
    let boundary = |part: &str| format!("{part}-{}", mail.name.split('@').next().unwrap_or_default());
    let text = SinglePart::plain(mail.text.to_owned());
    let files = entry.more.files.iter().map(|name| file(name, now)).collect::<Result<Vec<_>>>()?;
    let Some(html) = &entry.more.html else {
        if files.is_empty() {
            return Ok(builder.singlepart(text).map_err(wrong)?.formatted());
        }
        let mixed = MultiPart::mixed().boundary(boundary("all")).singlepart(text);
        return Ok(builder.multipart(enclose(mixed, files)?).map_err(wrong)?.formatted());
    };
    let html = SinglePart::html(layout(html)?.to_owned());
    let texts = MultiPart::alternative().boundary(boundary("text")).singlepart(text);
    let pictures = entry.more.inline.iter().map(|name| file(name, now)).collect::<Result<Vec<_>>>()?;
    let texts = if pictures.is_empty() {
        texts.singlepart(html)
    } else {
        let related = MultiPart::related().boundary(boundary("pictures")).singlepart(html);
        let related = pictures.into_iter().try_fold(related, |related, picture| {
            let kind = ContentType::parse(&picture.media_type).map_err(wrong)?;
            let part = Attachment::new_inline(picture.name).body(picture.bytes, kind);
            Ok::<_, Error>(related.singlepart(part))
        })?;
        texts.multipart(related)
    };
    let body = match files.is_empty() {
        true => texts,
        false => enclose(MultiPart::mixed().boundary(boundary("all")).multipart(texts), files)?,
    };
    Ok(builder.multipart(body).map_err(wrong)?.formatted())
}

/// The bytes of our mail, composed like every reply.
pub(super) fn ours(
    message: &Message,
    name: &str,
    chain: &[String],
    files: &[String],
    now: Timestamp,
) -> Result<Vec<u8>> {
    let chain: Vec<MessageName> = chain.iter().filter_map(|name| MessageName::read(name)).collect();
    let files = files.iter().map(|name| file(name, now)).collect::<Result<Vec<_>>>()?;
    let head = message.mail().cloned().unwrap_or_default();
    compose(message, &head, Making { name, reply_to: None, chain: &chain, files, at: message.at }).map_err(wrong)
}

/// A file of the sample. In one of them the dates are moved relative to now, so that future events stay in the future.
pub(super) fn file(name: &str, now: Timestamp) -> Result<Enclosed> {
    let found = texts::FILES.iter().find(|(known, ..)| *known == name);
    let (name, media_type, bytes) = found.ok_or_else(|| wrong(format!("there is no file {name}")))?;
    let mut bytes = bytes.to_vec();
    if *media_type == "text/calendar" {
        let day = |days: i64| {
            let at = jiff::Timestamp::from_millisecond(now.plus(days * crate::plan::DAY).0).unwrap_or_default();
            at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y%m%d").to_string()
        };
        let text = String::from_utf8(bytes).map_err(wrong)?;
        bytes = text.replace("{day}", &day(21)).replace("{today}", &day(-1)).into_bytes();
    }
    Ok(Enclosed { name: (*name).to_owned(), media_type: (*media_type).to_owned(), bytes })
}

fn layout(name: &str) -> Result<&'static str> {
    let found = texts::LAYOUTS.iter().find(|(known, _)| *known == name);
    found.map(|(_, text)| *text).ok_or_else(|| wrong(format!("there is no layout {name}")))
}

fn written(mailbox: &Mailbox) -> Result<Written> {
    let address: Address = mailbox.address.parse().map_err(wrong)?;
    Ok(Written::new((!mailbox.name.is_empty()).then(|| mailbox.name.clone()), address))
}

fn enclose(mixed: MultiPart, files: Vec<Enclosed>) -> Result<MultiPart> {
    files.into_iter().try_fold(mixed, |mixed, file| {
        let kind = ContentType::parse(&file.media_type).map_err(wrong)?;
        Ok(mixed.singlepart(Attachment::new(file.name).body(file.bytes, kind)))
    })
}
