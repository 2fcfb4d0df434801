//! Displays a mail's HTML as a separate document, with its own pictures, and with remote pictures that this server fetches (T3).

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use domain::files::PICTURE_FRONT;
use mail::{
    Mail, MailFile, Writer,
    fold::{Answers, fold_html, is_handed_on},
    html::{Picture, sanitise_all},
    pictures::{self, picture_type},
};
use model::{ApiError, FrameHeight};
use sha2::Digest;
use store::{
    Scope,
    error::{Error, Result},
    mail::Mail as Kept,
};
use tokio::io::AsyncReadExt;

use super::{
    Email,
    answered::answers,
    reader::{Fault, Source, parse},
};
use crate::network::HttpError;

/// How long the link of a picture is valid, in milliseconds: as long as a mail may stay open.
const GOOD_FOR: i64 = 12 * 3_600_000;
/// The largest remote picture that is fetched, in bytes.
const LARGEST: usize = 10 * 1024 * 1024;
/// The note under a mail of which only the beginning is displayed.
const REST: &str = "<p class=\"ours\" role=\"note\">The rest of this mail is too long or too deep to be shown here. \
     Its text has more of it, and its source has all.</p>";
/// The page in place of a mail that cannot be displayed.
const NOT_SHOWN: &str =
    "<p class=\"ours\" role=\"note\">This e-mail could not be shown. Show it as text, or reload the page.</p>";

/// The page in place of a mail that is not displayed because too many others are being read.
const BUSY: &str = "<p class=\"ours\" role=\"note\">Many large e-mails are being read right now. \
     Show it as text, or load the page again in a moment.</p>";

/// What to do with pictures on other servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remote {
    /// Leave them out: otherwise their senders learn when, where and by whom the mail is opened.
    LeftOut,
    /// Fetch them through this server.
    ThroughUs,
}

/// A document that may be displayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Formatted {
    /// The document. It keeps its part of the memory budget until it was sent.
    pub html: Bytes,
    /// How many pictures are on other servers.
    pub remote: usize,
}

impl Email {
    /// A mail's HTML as a document that may be displayed.
    ///
    /// # Errors
    /// [`Error::NOT_FOUND`] for a mail without HTML; [`ApiError::Busy`] while too many others are read; when the disk or the database
    /// fails.
    pub async fn formatted(&self, scope: &Scope, kept: &Kept, remote: Remote) -> Result<Formatted> {
        let held = self.room.for_a_look(kept.size.unsigned_abs()).await?;
        let source = Source::Disk(self.files.place(&kept.digest), kept.size.unsigned_abs());
        let email = self.clone();
        let until = self.db.clock().now().0 + GOOD_FOR;
        let parsed = tokio::task::spawn_blocking(move || parse(source)).await.map_err(std::io::Error::other)?;
        let mail = match parsed {
            Ok(mail) => mail,
            Err(Fault::Unreadable(_)) => return Err(Error::NOT_FOUND),
            Err(Fault::Disk(error)) => return Err(error.into()),
        };
        // Folded the same way as the text was when the mail came.
        let answers = answers(&self.db, scope, &self.signer(scope.workspace()), &mail).await?;
        let made = tokio::task::spawn_blocking(move || -> Result<Formatted> {
            if mail.html.is_empty() {
                return Err(Error::NOT_FOUND);
            }
            let known = Pictures::of(&mail);
            let links: HashMap<usize, String> = known
                .files(&mail)
                .map(|(at, file)| {
                    (at, email.link('d', hex::encode(sha2::Sha256::digest(&file.bytes)).as_bytes(), until))
                })
                .collect();
            let shown = sanitise_all(&mail.html, move |picture| match (known.find(&picture), picture, remote) {
                (Some(at), ..) => links.get(&at).cloned(),
                (None, Picture::Remote(url), Remote::ThroughUs) => Some(email.link('u', url.as_bytes(), until)),
                _ => None,
            });
            let html = folded(&mail, &shown.html, &answers);
            let rest = if shown.cut { REST } else { "" };
            let page = document(&html, &shown.css, rest);
            drop((mail, html));
            Ok(Formatted { html: held.around(page), remote: shown.remote })
        });
        made.await.map_err(std::io::Error::other)?
    }

    /// The link of a picture in the frame: its source, its expiry, and a proof that this server made it.
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

    /// The picture of a link that this server made.
    ///
    /// # Errors
    /// [`Error::NOT_FOUND`] for a link that this server did not make, or that has expired, and for a file that is no picture;
    /// [`ApiError::Busy`] while too many others are fetched.
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

/// A picture to pass on.
#[derive(Debug)]
pub struct Shot {
    /// Its type, by its bytes.
    pub media_type: &'static str,
    /// Its first bytes, or all of them.
    pub front: Bytes,
    /// The remaining bytes, streamed from the disk.
    pub rest: Option<tokio::fs::File>,
}

fn not_fetched(error: &HttpError) -> Error {
    tracing::debug!(%error, "a picture of a mail was not fetched");
    ApiError::NotFound.into()
}

/// The HTML as it is displayed. Quotes are folded, unless the mail is about what it quotes.
fn folded(mail: &Mail, html: &str, answers: &Answers) -> String {
    match mail.writer {
        Writer::Person | Writer::NoMachines if !is_handed_on(&mail.subject) => fold_html(html, answers),
        _ => html.to_owned(),
    }
}

/// A mail's pictures with the names that its HTML may use: Content-ID (RFC 2392), original URL (RFC 2557), or file name.
struct Pictures(Vec<(usize, [Option<String>; 3])>);

/// Whether a picture has this name. The number says which kind of name it is.
type Fits<'p> = Box<dyn Fn(usize, &str) -> bool + 'p>;

impl Pictures {
    fn of(mail: &Mail) -> Self {
        let pictures = mail.files.iter().enumerate().filter(|(_, file)| picture_type(&file.bytes).is_some());
        let named = pictures.map(|(at, file)| {
            let name = Some(file.name.clone()).filter(|name| !name.is_empty());
            (at, [file.content_id.clone(), file.location.clone(), name])
        });
        Self(named.collect())
    }

    /// The files, with their positions.
    fn files<'m>(&self, mail: &'m Mail) -> impl Iterator<Item = (usize, &'m MailFile)> {
        self.0.iter().filter_map(|(at, _)| Some((*at, mail.files.get(*at)?)))
    }

    /// The position of the file that is meant. The first kind of name that fits any file counts.
    fn find(&self, picture: &Picture) -> Option<usize> {
        let fits: Fits<'_> = match picture {
            Picture::Inside(cid) => {
                let name = percent_decoded(cid);
                Box::new(move |_, own| own.eq_ignore_ascii_case(&name))
            }
            Picture::Named(name) => {
                let name = percent_decoded(name);
                Box::new(move |_, own| {
                    own.rsplit(['/', '\\']).next().is_some_and(|own| own.eq_ignore_ascii_case(&name))
                })
            }
            Picture::Remote(url) => Box::new(move |kind, own| kind == 1 && own == url),
        };
        let by = |kind: usize| {
            let named = |names: &[Option<String>; 3]| names[kind].as_deref().is_some_and(|own| fits(kind, own));
            self.0.iter().find(|(_, names)| named(names)).map(|(at, _)| *at)
        };
        (0..3).find_map(by)
    }
}

/// What is known about the layout of a mail.
#[derive(Default)]
pub(super) struct LaidOut {
    /// The positions of its files that its HTML shows inline.
    pub inside: HashSet<usize>,
    /// The height of its frame. None for a mail without HTML.
    pub frame: Option<FrameHeight>,
}

/// Lays a mail out as it is displayed without remote pictures.
pub(super) fn lay_out(mail: &Mail) -> LaidOut {
    if mail.html.is_empty() {
        return LaidOut::default();
    }
    let known = Pictures::of(mail);
    // Only the proportions of the pictures matter here.
    let sizes: HashMap<usize, (u64, u64)> =
        known.files(mail).filter_map(|(at, file)| Some((at, pictures::size(&file.bytes)?))).collect();
    let found = Arc::new(Mutex::new(HashSet::new()));
    let seen = Arc::clone(&found);
    let mut shown = sanitise_all(&mail.html, move |picture| {
        let at = known.find(&picture)?;
        seen.lock().unwrap_or_else(PoisonError::into_inner).insert(at);
        sizes.get(&at).map(|(width, height)| format!("{width}x{height}"))
    });
    // The height hardly depends on whether the answered mails are known here.
    let answers = if mail.answers.is_empty() { Answers::Nothing } else { Answers::of(std::iter::empty(), false) };
    shown.html = folded(mail, &shown.html, &answers);
    let [wide, narrow] = FrameHeight::WIDTHS.map(|width| shown.height(width));
    let inside = std::mem::take(&mut *found.lock().unwrap_or_else(PoisonError::into_inner));
    LaidOut { inside, frame: Some(FrameHeight { wide, narrow }) }
}

/// Decodes percent-encoding.
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

/// Why a mail is not displayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotShown {
    /// Too many others are being read.
    Busy,
    /// Any other reason.
    Otherwise,
}

/// The page in place of a mail that is not displayed.
pub fn not_shown(why: NotShown) -> String {
    document("", "", if why == NotShown::Busy { BUSY } else { NOT_SHOWN })
}

/// A complete page. It is light in either theme, because mails are written for white. Our own notes are below the mail. The mail's style
/// rules are in a separate element, so that errors in them end there.
fn document(html: &str, css: &str, ours: &str) -> String {
    let css = if css.is_empty() { String::new() } else { format!("<style>{css}</style>") };
    format!(
        "<!doctype html><html><head><meta charset=\"utf-8\"><meta name=\"color-scheme\" content=\"light only\"><style>\
         html{{background:#fff;color:#1d1d1f}}body{{margin:0;padding:14px 16px;font:14px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}}\
         img{{max-width:100%;height:auto}}table{{max-width:100%}}pre{{white-space:pre-wrap}}a{{color:#1d4ed8}}\
         blockquote{{margin:.5em 0;padding-left:12px;border-left:2px solid #a1a1aa;color:color-mix(in srgb,currentcolor 78%,transparent)}}\
         .letter{{margin:-14px -16px;padding:14px 16px}}.letter+.letter{{margin-top:0}}\
         .letter:first-child:last-child{{min-height:calc(100vh - 28px)}}\
         details{{margin-top:12px}}summary{{width:max-content;padding:2px 10px;border-radius:99px;background:#f1f1f3;color:#52525b;\
         font:500 12px/1.6 system-ui,sans-serif;cursor:pointer}}summary:hover{{background:#e4e4e7}}\
         summary:focus-visible{{outline:2px solid #1d4ed8;outline-offset:2px}}details>div{{margin-top:8px}}\
         .ours{{margin:14px 0 0;font:13px/1.5 system-ui,sans-serif;color:#52525b}}\
         </style>{css}</head><body>{html}{ours}</body></html>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s10_a_mail_of_which_a_part_is_shown_says_so() {
        let page = document("<p>Dear Anna</p>", "", REST);
        assert!(page.contains("<p>Dear Anna</p><p class=\"ours\" role=\"note\">The rest of this mail"), "{page}");
        assert!(!document("<p>Dear Anna</p>", "", "").contains("The rest"));
    }

    #[test]
    fn t3_pictures_are_shown_by_whatever_name_the_text_calls_them() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../mail/samples/bodies/");
        let by_name = mail::read(&std::fs::read(format!("{folder}picture-by-its-name.eml")).unwrap()).unwrap();
        assert_eq!(lay_out(&by_name).inside, HashSet::from([0]));
        let signature = std::fs::read(format!("{folder}text-then-html-signature-with-picture.eml")).unwrap();
        assert_eq!(lay_out(&mail::read(&signature).unwrap()).inside, HashSet::from([0]));
        let with = |src: &str| {
            let mut mail = by_name.clone();
            mail.files[0].content_id = None;
            mail.files[0].location = Some("https://x.example/a/fax.png".to_owned());
            mail.html = vec![format!("<img src=\"{src}\">")];
            lay_out(&mail).inside.len()
        };
        for found in
            ["fax001.png", "cid:FAX001.png", "a/fax.png", "https://x.example/a/fax.png", "file:///C:/fax001.png"]
        {
            assert_eq!(with(found), 1, "{found}");
        }
        for other in ["fax002.png", "https://t.example/fax.png", "cid:x"] {
            assert_eq!(with(other), 0, "{other}");
        }
    }

    #[test]
    fn t3_names_of_pictures_are_decoded() {
        assert_eq!(percent_decoded("a%40b%2"), "a@b%2");
    }
}
