//! From bytes to a [`Letter`]: read with bounds, files kept, proofs checked.

use std::{
    collections::HashSet,
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
};

use app::model::{Attachment, AttachmentId, Folds, Look, MailHead, MailId, TEXT_LIMIT};
use bytes::Bytes;

use super::{
    beyond::Beyond,
    cards,
    dmarc::Dmarc,
    fold::{Folded, fold, is_handed_on},
    mail::{self, Mail, MailFile, MessageName},
    show::shown_inside,
    signed::Signer,
};
use crate::{
    clock::new_id,
    domain::{
        files::{Files, safe_name},
        fingerprint,
        mail::{Letter, Returned, Writer},
    },
    error::Result,
    store::message::File,
};

/// Mails over this many bytes are read at their beginning only; all of them is kept. It lets the 25 MB that most servers take as files
/// through, as they are written in mails (base64).
const READ_WHOLE: u64 = 36 * 1024 * 1024;
/// How much is read of larger ones, in bytes: the header and the text, as mail programs order a mail.
const READ_OF_LARGE: u64 = 2 * 1024 * 1024;
/// How many bytes beyond ASCII a mail may have to be read whole. Files are packed into ASCII; what is not is text, and undeclared text
/// takes six times its room to be read (S10).
const MOST_UNPACKED: usize = 4 * 1024 * 1024;
/// How many files a message may have; further ones are in the source.
const MOST_FILES: usize = 50;

/// Where a mail's bytes are.
pub enum Source {
    /// In memory.
    Bytes(Bytes),
    /// On the disk, so many.
    Disk(PathBuf, u64),
}

/// Reads mails for one workspace.
#[derive(Clone)]
pub struct Reader {
    files: Files,
    signer: Signer,
}

impl Reader {
    /// Files go to `files`; proofs are those of `signer`.
    pub const fn new(files: Files, signer: Signer) -> Self {
        Self { files, signer }
    }

    /// Reads a mail. The inner error says why it cannot be read, for a person to look at.
    ///
    /// # Errors
    /// When the disk fails.
    pub async fn read(&self, id: MailId, source: Source) -> Result<Result<Box<Letter>, String>> {
        let read = tokio::task::spawn_blocking(move || {
            // What a parser trips over must not end the stream of mails behind it.
            std::panic::catch_unwind(AssertUnwindSafe(|| understand(source)))
        });
        let Understood { mut mail, beyond, inside: shown, head } = match read.await {
            Ok(Ok(Ok(read))) => read,
            Ok(Ok(Err(Fault::Unreadable(reason)))) => return Ok(Err(reason)),
            Ok(Ok(Err(Fault::Disk(error)))) => return Err(error.into()),
            Ok(Err(_)) | Err(_) => return Ok(Err("Reading this mail failed inside Tandem.".to_owned())),
        };
        let (mut files, mut inside) = (Vec::new(), Vec::new());
        let is_all = beyond.is_all || mail.cut.is_none();
        let is_cut = !is_all || mail.files.len() + beyond.files.len() > MOST_FILES;
        for file in std::mem::take(&mut mail.files).into_iter().take(MOST_FILES) {
            let is_inside = file.content_id.as_ref().is_some_and(|id| shown.contains(id));
            let kept = self.keep(id, file).await?;
            if is_inside {
                inside.push(kept.attachment.id);
            }
            files.push(kept);
        }
        for large in beyond.files.into_iter().take(MOST_FILES - files.len()) {
            let kept = self.files.keep_stream(large.bytes()).await?;
            files.push(as_file(id, &large.file, kept));
        }
        Ok(Ok(Box::new(self.letter(id, mail, files, MailHead { inside, cut: is_cut, ..head }))))
    }

    async fn keep(&self, id: MailId, mut file: MailFile) -> Result<File> {
        let kept = self.files.keep(Bytes::from(std::mem::take(&mut file.bytes))).await?;
        Ok(as_file(id, &file, kept))
    }

    fn letter(&self, id: MailId, mail: Mail, files: Vec<File>, head: MailHead) -> Letter {
        let from = mail.parties.from.clone().unwrap_or_default();
        let digests: String = files.iter().map(|file| file.digest.as_str()).collect();
        let print = fingerprint(&[
            &from.key(),
            &mail.subject,
            &mail.sent_at.map(|at| at.0.to_string()).unwrap_or_default(),
            &mail.text,
            mail.html.as_deref().unwrap_or_default(),
            &digests,
        ]);
        let proved = self.proved(&mail);
        let ours = mail.name.as_ref().and_then(|name| self.signer.named(name.as_str()));
        let report = mail.report.iter().flat_map(|report| &report.recipients);
        let report = report
            .map(|one| Returned { address: one.address.clone(), outcome: one.outcome, said: one.said.clone() })
            .collect();
        let (text, cut_text) = cut_at(mail.text.trim_matches(['\n', '\r', ' ', '\t']), TEXT_LIMIT);
        let folded = match mail.writer {
            Writer::Person | Writer::NoMachines if !is_handed_on(&mail.subject) => fold(text),
            _ => Folded { written: text, ..Folded::default() },
        };
        let signature = folded.written.len();
        let folds = Folds { signature, quoted: signature + folded.signature.len() };
        let head = MailHead { folds, cut: head.cut || cut_text, ..head };
        Letter {
            id,
            name: mail.name.as_ref().map(|name| name.as_str().to_owned()),
            answers: mail.answers.iter().map(|name| name.as_str().to_owned()).collect(),
            proved,
            ours,
            vouched: mail.dmarc == Dmarc::Pass,
            claims: mail.claims,
            text: text.to_owned(),
            head,
            files,
            writer: mail.writer,
            report,
            print,
        }
    }

    /// The messages of ours that a mail proves to have received: by the address it came to, then by the names it answers or reports about.
    fn proved(&self, mail: &Mail) -> Vec<app::model::MessageId> {
        let written = mail.parties.to.iter().chain(&mail.parties.cc).map(|mailbox| mailbox.address.as_str());
        let addressed = written.chain(mail.delivered_to.iter().map(String::as_str));
        let addressed = addressed.filter_map(|address| self.signer.addressed(address));
        let about = mail.report.iter().flat_map(|report| &report.about);
        let named = about.chain(&mail.answers).map(MessageName::as_str).filter_map(|name| self.signer.named(name));
        let mut proved = Vec::new();
        for message in addressed.chain(named) {
            if !proved.contains(&message) {
                proved.push(message);
            }
        }
        proved
    }
}

/// A mail's file as it is kept, by its digest, size and type.
fn as_file(mail: MailId, file: &MailFile, (digest, size, media_type): (String, u64, String)) -> File {
    let attachment = Attachment {
        id: AttachmentId::new(new_id()),
        name: name(file),
        size: i64::try_from(size).unwrap_or(i64::MAX),
        media_type,
    };
    File { attachment, conversation: None, message_n: None, uploader: format!("mail:{mail}"), digest }
}

/// A mail, and what is found out about it where a panic ends nothing else.
struct Understood {
    mail: Mail,
    /// Its files that were not read with it.
    beyond: Beyond,
    /// Its files that are shown within its HTML, by their Content-IDs.
    inside: HashSet<String>,
    head: MailHead,
}

fn understand(source: Source) -> Result<Understood, Fault> {
    let path = match &source {
        Source::Disk(path, _) => Some(path.clone()),
        Source::Bytes(_) => None,
    };
    let mail = parse(source)?;
    let beyond = match (path, mail.cut) {
        (Some(path), Some(read)) => Beyond::of(&path, read).map_err(Fault::Disk)?,
        _ => Beyond::default(),
    };
    Ok(Understood { beyond, ..Understood::of(mail) })
}

impl Understood {
    fn of(mail: Mail) -> Self {
        let (inside, head) = (shown_inside(&mail), head(&mail));
        Self { mail, beyond: Beyond::default(), inside, head }
    }
}

/// Why a mail was not read.
pub(super) enum Fault {
    /// It is none.
    Unreadable(String),
    /// The disk failed.
    Disk(std::io::Error),
}

/// Reads a mail, or its beginning where all of it would take too much room.
pub(super) fn parse(source: Source) -> Result<Mail, Fault> {
    let bytes = match source {
        Source::Bytes(bytes) => bytes,
        Source::Disk(path, size) if size <= READ_WHOLE => std::fs::read(path).map_err(Fault::Disk)?.into(),
        Source::Disk(path, _) => {
            let bytes = beginning(&path, READ_OF_LARGE).map_err(Fault::Disk)?;
            return mail::read_beginning(&bytes).map_err(Fault::from);
        }
    };
    if bytes.iter().filter(|byte| !byte.is_ascii()).count() > MOST_UNPACKED {
        return mail::read_beginning(&bytes[..bytes.len().min(READ_OF_LARGE as usize)]).map_err(Fault::from);
    }
    mail::read(&bytes).map_err(Fault::from)
}

/// The beginning of a file, at most so many bytes of it.
fn beginning(path: &Path, most: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut std::io::Read::take(std::fs::File::open(path)?, most), &mut bytes)?;
    Ok(bytes)
}

impl From<mail::Unreadable> for Fault {
    fn from(error: mail::Unreadable) -> Self {
        Self::Unreadable(error.to_string())
    }
}

fn head(mail: &Mail) -> MailHead {
    MailHead {
        parties: mail.parties.clone(),
        subject: mail.subject.clone(),
        sent_at: mail.sent_at,
        look: mail.html.as_deref().map_or(Look::Plain, look),
        disowned: mail.dmarc == Dmarc::Fail,
        remote_pictures: mail.html.as_deref().is_some_and(has_remote_pictures),
        cards: cards::of(&mail.files),
        ..MailHead::default()
    }
}

/// What there is to see in HTML that the text does not say, before it comes to what it quotes.
fn look(html: &str) -> Look {
    const QUOTES: [&str; 7] = [
        "gmail_quote",
        "divrplyfwdmsg",
        "appendonsend",
        "<blockquote",
        "moz-cite-prefix",
        "yahoo_quoted",
        "border-top:solid #e1e1e1",
    ];
    let html = html.to_lowercase();
    let end = QUOTES.iter().filter_map(|mark| html.find(mark)).min().unwrap_or(html.len());
    let own = &html[..end];
    if ["<img", "<table", "background"].iter().any(|mark| own.contains(mark)) { Look::Rich } else { Look::Simple }
}

/// How many pictures of a mail are looked at, and how far each, in bytes.
const MOST_PICTURES: usize = 1000;
const LONGEST_ELEMENT: usize = 1000;

/// Whether HTML has pictures that lie on other servers: near enough to offer them.
fn has_remote_pictures(html: &str) -> bool {
    let elements = html.match_indices('<').map(|(at, _)| cut_at(&html[at + 1..], LONGEST_ELEMENT).0);
    elements
        .filter(|element| element.get(..3).is_some_and(|word| word.eq_ignore_ascii_case("img")))
        .take(MOST_PICTURES)
        .any(|element| element.split('>').next().is_some_and(|inner| inner.to_ascii_lowercase().contains("http")))
}

/// A file's name as it is shown; one without a name is called by what it is.
fn name(file: &MailFile) -> String {
    if !file.name.is_empty() {
        return safe_name(&file.name);
    }
    match file.media_type.as_str() {
        "text/calendar" => "invitation.ics".to_owned(),
        "text/vcard" | "text/x-vcard" => "contact.vcf".to_owned(),
        "message/rfc822" => "mail.eml".to_owned(),
        "message/delivery-status" => "delivery-status.txt".to_owned(),
        "message/disposition-notification" => "receipt.txt".to_owned(),
        "text/rfc822-headers" => "headers.txt".to_owned(),
        kind if kind.starts_with("image/") => {
            let end = kind.trim_start_matches("image/").trim_end_matches("+xml");
            safe_name(&format!("picture.{end}"))
        }
        _ => "file".to_owned(),
    }
}

/// A text of at most `limit` bytes, and whether something was cut.
fn cut_at(text: &str, limit: usize) -> (&str, bool) {
    if text.len() <= limit {
        return (text, false);
    }
    let end = (0..=limit).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    (&text[..end], true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(id: &str) -> MailFile {
        let bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01".to_vec();
        MailFile { name: String::new(), media_type: "image/png".to_owned(), content_id: Some(id.to_owned()), bytes }
    }

    #[test]
    fn t3_pictures_that_the_text_shows_are_known() {
        let mut mail = mail::read(b"From: a@x.example\r\n\r\nx").unwrap();
        mail.files = ["logo@x", "photo@x", "a", "b", "", "elsewhere"].map(picture).into();
        mail.files.push(MailFile { bytes: b"%PDF-1.4".to_vec(), ..picture("paper") });
        mail.html = Some(
            "<img src=\"cid:logo@x\"><IMG SRC=CID:photo%40x><p style='background:url(cid:a)'>acid:b<object data=cid:b></object><img src=cid:paper>".to_owned(),
        );
        let inside = Understood::of(mail).inside;
        let mut inside: Vec<&str> = inside.iter().map(String::as_str).collect();
        inside.sort_unstable();
        assert_eq!(inside, ["logo@x", "photo@x"], "what is left out of it is a file beside it");
    }

    #[test]
    fn s10_looking_for_pictures_costs_little() {
        let begun = std::time::Instant::now();
        for part in ["cid:", "<img", "<img http", "<img cid:"] {
            let mut mail = mail::read(b"From: a@x.example\r\n\r\nx").unwrap();
            mail.html = Some(part.repeat(1_000_000));
            mail.files.push(picture("x"));
            assert!(Understood::of(mail).inside.is_empty());
        }
        // It was hours.
        assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
    }
}
