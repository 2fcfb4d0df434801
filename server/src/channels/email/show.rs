//! A mail's HTML as a document of its own, and the pictures in it: those it brings, and those on other servers, asked for by us (T3).

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use app::model::ApiError;
use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use sha2::Digest;
use tokio::io::AsyncReadExt;

use super::{
    Email,
    fold::{fold_html, is_handed_on},
    html::{Picture, Shown, sanitise},
    mail::{Mail, MailFile},
    reader::{Fault, Source, parse},
};
use crate::{
    domain::{files::PICTURE_FRONT, mail::Writer, pictures::picture_type},
    error::{Error, Result},
    network::HttpError,
    store::mail::Mail as Kept,
};

/// How long a picture's link is good for, in milliseconds: as long as somebody may look at a mail.
const GOOD_FOR: i64 = 12 * 3_600_000;
/// The largest picture that is fetched for somebody, in bytes.
const LARGEST: usize = 10 * 1024 * 1024;
/// Below a mail of which only the beginning is shown.
const REST: &str = "<p class=\"ours\" role=\"note\">The rest of this mail is too long or too deep to be shown here. \
     Its text has more of it, and its source has all.</p>";
/// In place of one that is not shown.
const NOT_SHOWN: &str =
    "<p class=\"ours\" role=\"note\">This mail could not be shown. Show it as text, or load the page again.</p>";

/// In place of one that is not shown because too many others are.
const BUSY: &str = "<p class=\"ours\" role=\"note\">Many large mails are being read just now. \
     Show it as text, or load the page again in a moment.</p>";

/// What to do about pictures on other servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remote {
    /// Their senders would learn when, where and by whom they are looked at.
    LeftOut,
    /// We ask for them.
    ThroughUs,
}

/// A document that may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Formatted {
    /// The document. It takes its part of the room for mails until it has gone out.
    pub html: Bytes,
    /// How many pictures lie on other servers.
    pub remote: usize,
}

impl Email {
    /// A mail's HTML as a document that may be shown.
    ///
    /// # Errors
    /// [`Error::NOT_FOUND`] for a mail without HTML; [`ApiError::Busy`] while too many others are read; when the disk fails.
    pub async fn formatted(&self, kept: &Kept, remote: Remote) -> Result<Formatted> {
        let held = self.room.for_a_look(kept.size.unsigned_abs()).await?;
        let source = Source::Disk(self.files.place(&kept.digest), kept.size.unsigned_abs());
        let email = self.clone();
        let until = self.db.clock().now().0 + GOOD_FOR;
        let made = tokio::task::spawn_blocking(move || -> Result<Formatted> {
            let mail = match parse(source) {
                Ok(mail) => mail,
                Err(Fault::Unreadable(_)) => return Err(Error::NOT_FOUND),
                Err(Fault::Disk(error)) => return Err(error.into()),
            };
            let Some(html) = &mail.html else { return Err(Error::NOT_FOUND) };
            let inside: HashMap<String, String> = pictures(&mail)
                .map(|(id, file)| {
                    let digest = hex::encode(sha2::Sha256::digest(&file.bytes));
                    (id.to_owned(), email.link('d', digest.as_bytes(), until))
                })
                .collect();
            let Shown { html, remote, cut } = sanitise(html, move |picture| match (picture, remote) {
                (Picture::Inside(cid), _) => inside.get(&percent_decoded(&cid)).cloned(),
                (Picture::Remote(url), Remote::ThroughUs) => Some(email.link('u', url.as_bytes(), until)),
                (Picture::Remote(_), Remote::LeftOut) => None,
            });
            let html = match mail.writer {
                Writer::Person | Writer::NoMachines if !is_handed_on(&mail.subject) => fold_html(&html),
                _ => html,
            };
            let rest = if cut { REST } else { "" };
            let page = document(&html, rest);
            drop((mail, html));
            Ok(Formatted { html: held.around(page), remote })
        });
        made.await.map_err(std::io::Error::other)?
    }

    /// Where the frame asks for a picture: what it is, until when, and the proof that we made this.
    fn link(&self, kind: char, what: &[u8], until: i64) -> String {
        let proof = self.proof(kind, what, until);
        format!("/mail/picture/{kind}.{}.{until}.{}", BASE64URL_NOPAD.encode(what), BASE64URL_NOPAD.encode(&proof))
    }

    fn proof(&self, kind: char, what: &[u8], until: i64) -> [u8; 16] {
        let whole = self.vault.proof("picture", &[kind.to_string().as_bytes(), what, &until.to_be_bytes()]);
        let mut proof = [0; 16];
        proof.copy_from_slice(&whole[..16]);
        proof
    }

    /// The picture of a link that we made.
    ///
    /// # Errors
    /// [`Error::NOT_FOUND`] for a link that we did not make, or made too long ago, and for what is no picture; [`ApiError::Busy`] while
    /// too many others are fetched.
    pub async fn picture(&self, link: &str) -> Result<Shot> {
        let parts: Vec<&str> = link.split('.').collect();
        let [kind, what, until, proof] = parts.as_slice() else { return Err(Error::NOT_FOUND) };
        let decode = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| Error::NOT_FOUND);
        let (what, proof) = (decode(what)?, decode(proof)?);
        let until: i64 = until.parse().map_err(|_| Error::NOT_FOUND)?;
        let kind = kind.chars().next().ok_or(Error::NOT_FOUND)?;
        let genuine = subtle::ConstantTimeEq::ct_eq(proof.as_slice(), &self.proof(kind, &what, until)[..]);
        if !bool::from(genuine) || until < self.db.clock().now().0 {
            return Err(Error::NOT_FOUND);
        }
        let what = String::from_utf8(what).map_err(|_| Error::NOT_FOUND)?;
        match kind {
            'd' => {
                let (mut file, mut front) = (self.files.read(&what).await?, Vec::new());
                (&mut file).take(PICTURE_FRONT as u64).read_to_end(&mut front).await?;
                let media_type = picture_type(&front).ok_or(Error::NOT_FOUND)?;
                Ok(Shot { media_type, front: front.into(), rest: Some(file) })
            }
            _ => {
                let held = self.room.for_picture().await?;
                let bytes = self.network.picture(&what, LARGEST).await.map_err(|error| not_fetched(&error))?;
                let media_type = picture_type(&bytes).ok_or(Error::NOT_FOUND)?;
                Ok(Shot { media_type, front: held.around(bytes), rest: None })
            }
        }
    }
}

/// A picture that is handed on.
#[derive(Debug)]
pub struct Shot {
    /// What it is by its bytes.
    pub media_type: &'static str,
    /// Its beginning, or all of it.
    pub front: Bytes,
    /// What follows, to be read as it is sent.
    pub rest: Option<tokio::fs::File>,
}

fn not_fetched(error: &HttpError) -> Error {
    tracing::debug!(%error, "a picture of a mail was not fetched");
    ApiError::NotFound.into()
}

/// A mail's files that its HTML may show by a name that both give them (RFC 2392).
fn pictures(mail: &Mail) -> impl Iterator<Item = (&str, &MailFile)> {
    let named = mail.files.iter().filter_map(|file| Some((file.content_id.as_deref()?, file)));
    named.filter(|(_, file)| picture_type(&file.bytes).is_some())
}

/// Those of a mail's files that are shown within its HTML, by their Content-IDs.
pub(super) fn shown_inside(mail: &Mail) -> HashSet<String> {
    let known: HashSet<String> = pictures(mail).map(|(id, _)| id.to_owned()).collect();
    let Some(html) = mail.html.as_deref().filter(|_| !known.is_empty()) else { return HashSet::new() };
    let found = Arc::new(Mutex::new(HashSet::new()));
    let seen = Arc::clone(&found);
    sanitise(html, move |picture| {
        if let Picture::Inside(cid) = picture {
            let name = percent_decoded(&cid);
            if known.contains(&name) {
                seen.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
            }
        }
        None
    });
    std::mem::take(&mut *found.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Bytes that a link writes as their numbers.
fn percent_decoded(cid: &str) -> String {
    let mut out = Vec::new();
    let mut rest = cid.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let byte = (first == b'%' && tail.len() >= 2)
            .then(|| std::str::from_utf8(&tail[..2]).ok().and_then(|two| u8::from_str_radix(two, 16).ok()))
            .flatten();
        match byte {
            Some(byte) => {
                out.push(byte);
                rest = &tail[2..];
            }
            None => {
                out.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Why a mail is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotShown {
    /// Too many others are being read.
    Busy,
    /// Whatever else.
    Otherwise,
}

/// The page in place of a mail that is not shown.
pub fn not_shown(why: NotShown) -> String {
    document("", if why == NotShown::Busy { BUSY } else { NOT_SHOWN })
}

/// A page of its own: light in either theme, as letters are written for paper. What we say ourselves stands below the letter.
fn document(html: &str, ours: &str) -> String {
    format!(
        "<!doctype html><html><head><meta charset=\"utf-8\"><meta name=\"color-scheme\" content=\"light only\"><style>\
         html{{background:#fff;color:#1d1d1f}}body{{margin:0;padding:14px 16px;font:14px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}}\
         img{{max-width:100%;height:auto}}table{{max-width:100%}}pre{{white-space:pre-wrap}}a{{color:#1d4ed8}}\
         blockquote{{margin:.5em 0;padding-left:12px;border-left:2px solid #d4d4d8;color:#52525b}}\
         details{{margin-top:12px}}summary{{width:max-content;padding:2px 10px;border-radius:99px;background:#f1f1f3;color:#52525b;\
         font:500 12px/1.6 system-ui,sans-serif;cursor:pointer}}summary:hover{{background:#e4e4e7}}\
         summary:focus-visible{{outline:2px solid #1d4ed8;outline-offset:2px}}details>div{{margin-top:8px}}\
         .ours{{margin:14px 0 0;font:13px/1.5 system-ui,sans-serif;color:#52525b}}\
         </style></head><body>{html}{ours}</body></html>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s10_a_mail_of_which_a_part_is_shown_says_so() {
        let page = document("<p>Dear Anna</p>", REST);
        assert!(page.contains("<p>Dear Anna</p><p class=\"ours\" role=\"note\">The rest of this mail"), "{page}");
        assert!(!document("<p>Dear Anna</p>", "").contains("The rest"));
    }

    #[test]
    fn t3_names_of_pictures_are_decoded() {
        assert_eq!(percent_decoded("a%40b%2"), "a@b%2");
    }
}
