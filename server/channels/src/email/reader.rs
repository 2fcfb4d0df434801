//! Makes a [`Letter`] of bytes: reads within limits, stores files, checks proofs.

use std::{
    collections::HashSet,
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use domain::{
    files::{Files, safe_name},
    fingerprint,
    mail::{Letter, Returned},
};
use mail::{
    self, Dmarc, Mail, MailFile, MessageName, Writer, cards,
    fold::{Answers, Folded, fold, is_handed_on},
};
use model::{Attachment, AttachmentId, Folds, Look, MailHead, MailId, TEXT_LIMIT};
use store::{Db, Scope, clock::new_id, error::Result, message::File};

use super::{
    answered::answers,
    large_files::LargeFiles,
    memory_budget::{Held, MemoryBudget},
    show::{LaidOut, lay_out},
    signed::Signer,
};

/// Of mails over this size in bytes only the beginning is read. All bytes are stored. The limit fits files of 25 MB in Base64, which is
/// what most servers accept.
const READ_WHOLE: u64 = 36 * 1024 * 1024;
/// How much of a larger mail is read, in bytes: the header and the text, which come first in mails of mail programs.
const READ_OF_LARGE: u64 = 2 * 1024 * 1024;
/// How many bytes beyond ASCII a mail may have to be read whole. Files are encoded in ASCII, so other bytes are text, and undeclared text
/// takes six times its size in memory (S10).
const MOST_UNPACKED: usize = 4 * 1024 * 1024;
/// The most files of a message. Further files are only in the source of the mail.
const MOST_FILES: usize = 50;

/// The reason for a mail on which our own code failed.
const FAILED: &str = "Tandem failed to read this e-mail.";

/// How many bytes of a mail of this size are held in memory to be read.
pub(super) const fn held_whole(size: u64) -> u64 {
    if size <= READ_WHOLE { size } else { READ_OF_LARGE }
}

/// Where the bytes of a mail are.
pub enum Source {
    /// In memory.
    Bytes(Bytes),
    /// On the disk, with their number.
    Disk(PathBuf, u64),
}

impl Source {
    fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Disk(_, size) => *size,
        }
    }
}

/// Reads mails for one workspace.
#[derive(Clone)]
pub struct Reader {
    db: Db,
    files: Files,
    signer: Signer,
    scope: Scope,
    room: MemoryBudget,
}

impl Reader {
    /// Stores files in `files`, checks proofs with `signer`, looks up answered mails in `db`, and waits for memory from `room`.
    pub(super) const fn new(db: Db, files: Files, signer: Signer, scope: Scope, room: MemoryBudget) -> Self {
        Self { db, files, signer, scope, room }
    }

    /// Reads a mail. The inner error tells a person why it cannot be read.
    ///
    /// # Errors
    /// When the disk or the database fails.
    pub async fn read(&self, id: MailId, source: Source) -> Result<Result<Box<Letter>, String>> {
        let held = self.room.for_mail(source.size()).await?;
        let Some((read, held)) = apart(held, move || understand(source)).await else {
            return Ok(Err(FAILED.to_owned()));
        };
        let Understood { mut mail, beyond, inside: shown, head } = match read {
            Ok(read) => read,
            Err(Fault::Unreadable(reason)) => return Ok(Err(reason)),
            Err(Fault::Disk(error)) => return Err(error.into()),
        };
        let (mut files, mut inside) = (Vec::new(), Vec::new());
        let is_all = beyond.is_all || mail.cut.is_none();
        let is_cut = !is_all || mail.files.len() + beyond.files.len() > MOST_FILES;
        for (at, file) in std::mem::take(&mut mail.files).into_iter().take(MOST_FILES).enumerate() {
            let kept = self.keep(id, file).await?;
            if shown.contains(&at) {
                inside.push(kept.attachment.id);
            }
            files.push(kept);
        }
        for large in beyond.files.into_iter().take(MOST_FILES - files.len()) {
            let kept = self.files.keep_stream(large.bytes()).await?;
            files.push(as_file(id, &large.file, kept));
        }
        let answers = answers(&self.db, &self.scope, &self.signer, &mail).await?;
        let (reader, head) = (self.clone(), MailHead { inside, cut: is_cut, ..head });
        let letter = apart(held, move || Box::new(reader.letter(id, mail, files, head, &answers))).await;
        Ok(letter.map(|(letter, _)| letter).ok_or_else(|| FAILED.to_owned()))
    }

    async fn keep(&self, id: MailId, mut file: MailFile) -> Result<File> {
        let kept = self.files.keep(Bytes::from(std::mem::take(&mut file.bytes))).await?;
        Ok(as_file(id, &file, kept))
    }

    fn letter(&self, id: MailId, mail: Mail, files: Vec<File>, head: MailHead, answers: &Answers) -> Letter {
        let from = mail.parties.from.clone().unwrap_or_default();
        let digests: String = files.iter().map(|file| file.digest.as_str()).collect();
        let print = fingerprint(&[
            &from.key(),
            &mail.subject,
            &mail.sent_at.map(|at| at.0.to_string()).unwrap_or_default(),
            &mail.text,
            &mail.html.join("\n"),
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
            Writer::Person | Writer::NoMachines if !is_handed_on(&mail.subject) => fold(text, answers),
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

    /// Our messages that a mail proves to have received: first by the address it was sent to, then by the names it answers or reports
    /// about.
    fn proved(&self, mail: &Mail) -> Vec<model::MessageId> {
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

/// Runs work that may be slow or panic on a mail's content, so that it holds up no other mail or task. None if it panicked. The memory is
/// held until it is done, even if the caller is gone.
async fn apart<T: Send + 'static>(held: Held, work: impl FnOnce() -> T + Send + 'static) -> Option<(T, Held)> {
    let done = tokio::task::spawn_blocking(move || (std::panic::catch_unwind(AssertUnwindSafe(work)), held)).await;
    let (done, held) = done.ok()?;
    Some((done.ok()?, held))
}

/// A mail's file as it is stored, with its digest, size and type.
fn as_file(mail: MailId, file: &MailFile, (digest, size, media_type): (String, u64, String)) -> File {
    let attachment = Attachment {
        id: AttachmentId::new(new_id()),
        name: name(file),
        size: i64::try_from(size).unwrap_or(i64::MAX),
        media_type,
    };
    File { attachment, conversation: None, message_n: None, uploader: format!("mail:{mail}"), digest }
}

/// A mail, and what was found out about it, where a panic ends nothing else.
struct Understood {
    mail: Mail,
    /// Its files that were not read with it.
    beyond: LargeFiles,
    /// The positions of its files that its HTML shows inline.
    inside: HashSet<usize>,
    head: MailHead,
}

fn understand(source: Source) -> Result<Understood, Fault> {
    let path = match &source {
        Source::Disk(path, _) => Some(path.clone()),
        Source::Bytes(_) => None,
    };
    let mail = parse(source)?;
    let beyond = match (path, mail.cut) {
        (Some(path), Some(read)) => LargeFiles::of(&path, read).map_err(Fault::Disk)?,
        _ => LargeFiles::default(),
    };
    Ok(Understood { beyond, ..Understood::of(mail) })
}

impl Understood {
    fn of(mail: Mail) -> Self {
        let LaidOut { inside, frame } = lay_out(&mail);
        let head = MailHead { frame, ..head(&mail) };
        Self { mail, beyond: LargeFiles::default(), inside, head }
    }
}

/// Why a mail was not read.
pub(super) enum Fault {
    /// It is no mail.
    Unreadable(String),
    /// The disk failed.
    Disk(std::io::Error),
}

/// Parses a mail, or only its beginning if all of it would take too much memory.
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

/// The beginning of a file, at most this many bytes.
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
        look: mail.html.iter().map(|html| look(html)).max_by_key(|look| *look == Look::Rich).unwrap_or(Look::Plain),
        disowned: mail.dmarc == Dmarc::Fail,
        remote_pictures: mail.html.iter().any(|html| has_remote_pictures(html)),
        cards: cards::read(&mail.files),
        ..MailHead::default()
    }
}

/// What the HTML shows, before its quoted part, that the text does not say.
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

/// The most pictures of a mail that are examined, and how many bytes of each element.
const MOST_PICTURES: usize = 1000;
const LONGEST_ELEMENT: usize = 1000;

/// Whether HTML has pictures on other servers. It need not be exact, because it only offers to load them.
fn has_remote_pictures(html: &str) -> bool {
    let elements = html.match_indices('<').map(|(at, _)| cut_at(&html[at + 1..], LONGEST_ELEMENT).0);
    elements
        .filter(|element| element.get(..3).is_some_and(|word| word.eq_ignore_ascii_case("img")))
        .take(MOST_PICTURES)
        .any(|element| element.split('>').next().is_some_and(|inner| inner.to_ascii_lowercase().contains("http")))
}

/// The displayed name of a file. A file without a name is named by its type.
fn name(file: &MailFile) -> String {
    if !file.name.is_empty() {
        return safe_name(&file.name);
    }
    match file.media_type.as_str() {
        "text/calendar" => "invitation.ics".to_owned(),
        "text/vcard" | "text/x-vcard" => "contact.vcf".to_owned(),
        "message/rfc822" | "message/global" => "mail.eml".to_owned(),
        "message/delivery-status" | "message/global-delivery-status" => "delivery-status.txt".to_owned(),
        "message/disposition-notification" => "receipt.txt".to_owned(),
        "text/rfc822-headers" | "message/global-headers" => "headers.txt".to_owned(),
        kind if kind.starts_with("image/") => {
            let end = kind.trim_start_matches("image/").trim_end_matches("+xml");
            safe_name(&format!("picture.{end}"))
        }
        _ => "file".to_owned(),
    }
}

/// A text of at most `limit` bytes, and whether it was cut.
fn cut_at(text: &str, limit: usize) -> (&str, bool) {
    if text.len() <= limit {
        return (text, false);
    }
    let end = (0..=limit).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    (&text[..end], true)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn picture(id: &str) -> MailFile {
        let bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01".to_vec();
        MailFile { media_type: "image/png".to_owned(), content_id: Some(id.to_owned()), bytes, ..MailFile::default() }
    }

    #[tokio::test]
    async fn s10_a_panic_while_reading_ends_one_mail_alone() {
        let room = MemoryBudget::new();
        let held = room.for_mail(READ_WHOLE).await.unwrap();
        let (_, held) = apart(held, || ()).await.unwrap();
        assert!(apart::<()>(held, || panic!("a parser tripped")).await.is_none());
        // Its memory is free again.
        let all = futures::future::join_all([READ_WHOLE; 2].map(|size| room.for_mail(size)));
        assert!(tokio::time::timeout(Duration::from_secs(10), all).await.is_ok());
    }

    #[tokio::test]
    async fn s59_a_mail_takes_its_room_until_it_is_read_whoever_waits_for_it() {
        let room = MemoryBudget::new();
        let (first, second) = (room.for_mail(READ_WHOLE).await.unwrap(), room.for_mail(READ_WHOLE).await.unwrap());
        let (go_on, waits) = std::sync::mpsc::channel::<()>();
        let read = apart(first, move || waits.recv());
        assert!(tokio::time::timeout(Duration::from_millis(50), read).await.is_err(), "nobody waits for it any more");
        let more = tokio::time::timeout(Duration::from_millis(50), room.for_mail(1)).await;
        assert!(more.is_err(), "it is still being read");
        drop(go_on);
        assert!(tokio::time::timeout(Duration::from_secs(10), room.for_mail(READ_WHOLE)).await.is_ok());
        drop(second);
    }

    #[test]
    fn t3_pictures_that_the_text_shows_are_known() {
        let mut mail = mail::read(b"From: a@x.example\r\n\r\nx").unwrap();
        mail.files = ["logo@x", "photo@x", "a", "b", "", "elsewhere"].map(picture).into();
        mail.files.push(MailFile { bytes: b"%PDF-1.4".to_vec(), ..picture("paper") });
        mail.html = vec![
            "<img src=\"cid:logo@x\"><IMG SRC=CID:photo%40x><p style='background:url(cid:a)'>acid:b<object data=cid:b></object><img src=cid:paper>".to_owned(),
        ];
        let mut inside: Vec<usize> = Understood::of(mail).inside.into_iter().collect();
        inside.sort_unstable();
        assert_eq!(inside, [0, 1], "what is left out of it is a file beside it");
    }

    #[test]
    fn s10_looking_for_pictures_costs_little() {
        let begun = std::time::Instant::now();
        for part in ["cid:", "<img", "<img http", "<img cid:"] {
            let mut mail = mail::read(b"From: a@x.example\r\n\r\nx").unwrap();
            mail.html = vec![part.repeat(1_000_000)];
            mail.files.push(picture("x"));
            assert!(Understood::of(mail).inside.is_empty());
        }
        // It used to take hours.
        assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
    }
}
