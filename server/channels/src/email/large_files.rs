//! The files of a mail that is too large to be read whole (S10). Its outermost parts are found on the disk by their boundary. Each is
//! decoded from there while it is stored, so none of them is held in memory.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, SeekFrom},
    ops::Range,
    path::{Path, PathBuf},
};

use bytes::{Bytes, BytesMut};
use data_encoding::BASE64_MIME_PERMISSIVE;
use futures::{Stream, StreamExt, stream};
use mail::{MailFile, described};
use mail_parser::{Encoding, MessageParser, MimeHeaders};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

/// The most outermost parts that are read.
const MOST_PARTS: usize = 500;
/// The longest header of a part that is read, in bytes.
const LONGEST_HEADER: usize = 16 * 1024;
/// The longest header of a mail that is read, in bytes.
const LONGEST_MAIL_HEADER: u64 = 256 * 1024;
/// The longest piece of a line that is compared at once, in bytes. A boundary has at most 70 characters (RFC 2046, 5.1.1).
const LINE: u64 = 4096;

/// The parts of a mail after the beginning that was read.
#[derive(Default)]
pub struct LargeFiles {
    /// The files, in order.
    pub files: Vec<LargeFile>,
    /// Whether these are all that was not read.
    pub is_all: bool,
}

/// A file inside a mail on the disk.
pub struct LargeFile {
    /// The file without its bytes.
    pub file: MailFile,
    encoding: Encoding,
    mail: PathBuf,
    at: Range<u64>,
}

/// An outermost part: its header, and the range of its body.
struct Part {
    header: Vec<u8>,
    body: Range<u64>,
}

impl LargeFiles {
    /// Finds the parts of a mail whose bodies begin at byte `from` or later.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn of(mail: &Path, from: u64) -> io::Result<Self> {
        let mut header = Vec::new();
        File::open(mail)?.take(LONGEST_MAIL_HEADER).read_to_end(&mut header)?;
        let parsed = MessageParser::default().parse_headers(&header);
        let boundary = parsed.as_ref().and_then(|message| message.content_type()?.attribute("boundary"));
        let Some(boundary) = boundary else { return Ok(Self::default()) };
        let parts = outermost(mail, boundary)?;
        // A part that begins before and ends after `from` contains something that was not read.
        let is_torn = parts.iter().any(|part| part.body.start < from && from < part.body.end);
        let mut beyond = Self { files: Vec::new(), is_all: !is_torn && parts.len() < MOST_PARTS };
        for part in parts.into_iter().filter(|part| part.body.start >= from) {
            match described(&part.header) {
                Some((file, encoding)) if encoding != Encoding::QuotedPrintable => {
                    beyond.files.push(LargeFile { file, encoding, mail: mail.to_owned(), at: part.body });
                }
                _ => beyond.is_all = false,
            }
        }
        Ok(beyond)
    }
}

fn outermost(mail: &Path, boundary: &str) -> io::Result<Vec<Part>> {
    let mut reader = BufReader::new(File::open(mail)?);
    let mark = format!("--{boundary}");
    let (mut parts, mut line) = (Vec::<Part>::new(), Vec::new());
    let (mut at, mut is_start, mut in_header, mut line_end) = (0, true, false, 0);
    while parts.len() < MOST_PARTS {
        line.clear();
        let length = (&mut reader).take(LINE).read_until(b'\n', &mut line)? as u64;
        if length == 0 {
            break;
        }
        let behind = line.strip_prefix(mark.as_bytes()).filter(|_| is_start);
        let behind = behind.map(<[u8]>::trim_ascii_end).filter(|behind| matches!(*behind, b"" | b"--"));
        if behind.is_some()
            && !in_header
            && let Some(part) = parts.last_mut()
        {
            // The line end before a boundary belongs to the boundary (RFC 2046, 5.1.1).
            part.body.end = part.body.end.saturating_sub(line_end).max(part.body.start);
        }
        match behind {
            Some(b"--") => break,
            Some(_) => {
                in_header = true;
                parts.push(Part { header: Vec::new(), body: at + length..at + length });
            }
            None => {
                if let Some(part) = parts.last_mut() {
                    if in_header && part.header.len() < LONGEST_HEADER {
                        part.header.extend_from_slice(&line);
                        part.body.start = at + length;
                    }
                    in_header &= !(is_start && line.trim_ascii_end().is_empty());
                    part.body.end = at + length;
                }
            }
        }
        is_start = line.ends_with(b"\n");
        line_end = if line.ends_with(b"\r\n") { 2 } else { u64::from(is_start) };
        at += length;
    }
    Ok(parts)
}

impl LargeFile {
    /// Its decoded bytes.
    pub fn bytes(&self) -> impl Stream<Item = io::Result<Bytes>> + use<> {
        let (mail, at, encoding) = (self.mail.clone(), self.at.clone(), self.encoding);
        let packed = stream::once(async move {
            let mut mail = tokio::fs::File::open(mail).await?;
            mail.seek(SeekFrom::Start(at.start)).await?;
            let length = at.end.saturating_sub(at.start);
            Ok::<_, io::Error>(ReaderStream::with_capacity(mail.take(length), 64 * 1024))
        });
        let packed = futures::TryStreamExt::try_flatten(packed).boxed();
        match encoding {
            Encoding::Base64 => from_base64(packed).boxed(),
            _ => packed,
        }
    }
}

/// Decodes Base64 and ignores other characters. It ends with its last character, or at the first `=`.
fn from_base64(packed: impl Stream<Item = io::Result<Bytes>>) -> impl Stream<Item = io::Result<Bytes>> {
    let packed = packed.map(Some).chain(stream::iter([None]));
    packed.scan((BytesMut::new(), false), |(kept, ended), piece| {
        let decoded = match piece {
            Some(Err(error)) => Err(error),
            Some(Ok(piece)) => {
                let written = piece.iter().take_while(|byte| !std::mem::replace(ended, *ended || **byte == b'='));
                kept.extend(written.filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')));
                let whole = kept.len() / 4 * 4;
                decoded(&kept.split_to(whole))
            }
            None => {
                // A single character encodes nothing.
                let rest = if kept.len() == 1 { &[] } else { &kept[..] };
                let mut rest = rest.to_vec();
                rest.resize(rest.len().next_multiple_of(4), b'=');
                decoded(&rest)
            }
        };
        std::future::ready(Some(decoded))
    })
}

fn decoded(whole: &[u8]) -> io::Result<Bytes> {
    BASE64_MIME_PERMISSIVE.decode(whole).map(Bytes::from).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt;

    use super::*;

    async fn bytes(file: &LargeFile) -> Vec<u8> {
        file.bytes().try_collect::<Vec<_>>().await.unwrap().concat()
    }

    fn find(mail: &str, from: u64) -> (tempfile::NamedTempFile, LargeFiles) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), mail).unwrap();
        let beyond = LargeFiles::of(file.path(), from).unwrap();
        (file, beyond)
    }

    fn names(files: &[MailFile]) -> Vec<&str> {
        files.iter().map(|one| one.name.as_str()).collect()
    }

    fn letter() -> String {
        let letter = "From: a@x.example\nContent-Type: multipart/mixed;\n boundary=\"b\"\n\nBefore.\n--b\n\
            Content-Type: multipart/alternative; boundary=i\n\n--i\nContent-Type: text/plain\n\nThe letter.\n--i--\n\
            --b\nContent-Type: text/csv; name=list.csv\n\na,b\n--c b\n\n\
            --b \nContent-Type: application/pdf\nContent-Disposition: attachment; filename*=utf-8''Pl%C3%A4ne.pdf\n\
            Content-Transfer-Encoding: base64\n\nJVBE\nRi0x LjQ=\n--b\nContent-Type: message/rfc822; name=mail.eml\n\nSubject: x\n\nx\n--b--\nAfter.\n";
        letter.replace('\n', "\r\n")
    }
    const FILES: [&str; 3] = ["list.csv", "Pläne.pdf", "mail.eml"];

    #[tokio::test]
    async fn s10_files_are_found_and_unpacked_on_the_disk() {
        let letter = letter();
        let (_kept, beyond) = find(&letter, letter.find("a,b").unwrap() as u64);
        let files: Vec<MailFile> = beyond.files.iter().map(|one| one.file.clone()).collect();
        assert_eq!((names(&files).as_slice(), beyond.is_all), (FILES.as_slice(), true));
        assert_eq!(bytes(&beyond.files[0]).await, b"a,b\r\n--c b\r\n");
        assert_eq!(bytes(&beyond.files[1]).await, b"%PDF-1.4");
        assert_eq!(bytes(&beyond.files[2]).await, b"Subject: x\r\n\r\nx");
    }

    /// Wherever a mail is cut, each file is found exactly once, with the same bytes.
    #[tokio::test]
    async fn s10_no_file_is_lost_or_doubled_by_the_cut() {
        let letter = letter();
        let whole = mail::read(letter.as_bytes()).unwrap().files;
        assert_eq!(names(&whole), FILES);
        let text_ends = letter.find("--i--").unwrap();
        for cut in letter.find("\r\n\r\n").unwrap()..letter.len() {
            let beginning = mail::read_beginning(&letter.as_bytes()[..cut]).unwrap();
            let (_kept, beyond) = find(&letter, beginning.cut.unwrap());
            let mut files = beginning.files;
            for large in &beyond.files {
                files.push(MailFile { bytes: bytes(large).await, ..large.file.clone() });
            }
            assert_eq!(files, whole, "cut at {cut}, before {:?}", &letter[cut..]);
            assert!(beyond.is_all || cut < text_ends + 9, "cut at {cut}, before {:?}", &letter[cut..]);
            assert!(!beyond.is_all || cut >= text_ends, "the letter is cut at {cut}");
        }
    }

    #[tokio::test]
    async fn s10_mails_without_an_end_or_parts_are_read_too() {
        let letter = letter();
        let (_kept, open) = find(letter.split_once(" LjQ=").unwrap().0, 0);
        assert_eq!(bytes(open.files.last().unwrap()).await, b"%PDF-1");
        for none in ["", "From: a@x.example\n\nA letter.\n", "Content-Type: multipart/mixed; boundary=b\n\n--c\n\nx\n"]
        {
            let (_kept, none) = find(none, 0);
            assert!(none.files.is_empty());
        }
        let many =
            format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\nContent-Type: a/b\n\nx\n".repeat(1000));
        let (_kept, many) = find(&many, 0);
        assert_eq!((many.files.len(), many.is_all), (MOST_PARTS - 1, false));
    }
}
