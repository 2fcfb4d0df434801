//! The letter in a mail, and its files (RFC 2046). Parts are read in sequence. Only parts inside one multipart/alternative replace each
//! other. The result is text for people, and HTML beside it if a part of the letter has a layout.

mod charset;
mod cms;
mod enriched;
mod flowed;
pub(super) mod packing;
mod pgp;
pub mod said;
mod take;
mod uu;

use std::borrow::Cow;

use mail_parser::Message;

pub(super) use self::charset::read_again;
use self::{
    said::{says_something, stands_in},
    take::Taking,
};
use super::{
    cards,
    compose::{escape, linked},
    plain::plain,
    read::MailFile,
};

/// The letter and the files of a mail.
#[derive(Debug, Default)]
pub(super) struct Bodies {
    /// The whole letter as text.
    pub text: String,
    /// The whole letter as HTML documents in sequence. None if no part of it has a layout. Hostile.
    pub html: Vec<String>,
    /// The files.
    pub files: Vec<MailFile>,
}

/// Takes the letter and the files out of a mail. If the mail was cut, a part at the cut is no file.
pub(super) fn read(message: &mut Message<'_>, cut: bool) -> Bodies {
    let mut taking = Taking::default();
    let mut pieces = taking.letter(message, cut);
    let Taking { files, spare, .. } = taking;
    if !pieces.iter().any(Piece::says_something) {
        pieces.extend(files.iter().find_map(cards::said).map(Piece::text).or(spare));
    }
    let html = if pieces.iter().any(Piece::has_html) { documents(&pieces, &files) } else { Vec::new() };
    Bodies { text: held(joined(pieces)), html, files }
}

/// A piece of the letter: as text, as HTML, or as both with the same content.
#[derive(Debug, Default)]
struct Piece {
    text: Option<String>,
    laid_out: Vec<LaidOut>,
}

/// A part with a layout.
#[derive(Debug)]
enum LaidOut {
    /// An HTML document. Hostile.
    Html(String),
    /// A picture at this place, by its index among the files.
    Picture(usize),
}

impl Piece {
    fn text(text: String) -> Self {
        Self { text: Some(text), laid_out: Vec::new() }
    }

    fn html(html: String) -> Self {
        Self { text: None, laid_out: vec![LaidOut::Html(html)] }
    }

    fn picture(file: usize) -> Self {
        Self { text: None, laid_out: vec![LaidOut::Picture(file)] }
    }

    fn has_html(&self) -> bool {
        self.laid_out.iter().any(|one| matches!(one, LaidOut::Html(_)))
    }

    fn says_something(&self) -> bool {
        let shows = |one: &LaidOut| match one {
            LaidOut::Html(html) => shows_something(html),
            LaidOut::Picture(_) => false,
        };
        self.text.as_deref().is_some_and(says_something) || self.laid_out.iter().any(shows)
    }

    fn as_text(&self) -> Cow<'_, str> {
        match &self.text {
            Some(text) => text.into(),
            None => {
                let documents = self.laid_out.iter().filter_map(|one| match one {
                    LaidOut::Html(html) => Some(plain(html)),
                    LaidOut::Picture(_) => None,
                });
                documents.collect::<Vec<_>>().join("\n").into()
            }
        }
    }

    /// Its layout, for a sequence of pieces with a layout.
    fn into_laid_out(self) -> Vec<LaidOut> {
        match self.text {
            Some(text) if self.laid_out.is_empty() && says_something(&text) => vec![LaidOut::Html(as_html(&text))],
            _ => self.laid_out,
        }
    }
}

/// Whether HTML contains words or pictures.
fn shows_something(html: &str) -> bool {
    html.as_bytes().windows(4).any(|begin| begin.eq_ignore_ascii_case(b"<img")) || says_something(&plain(html))
}

/// Chooses among alternatives: the last text and the last part with a layout, in any order. A text that only replaces the layout for other
/// programs does not count.
fn chosen(alternatives: Vec<Vec<Piece>>) -> Vec<Piece> {
    let says = |pieces: &Vec<Piece>| pieces.iter().any(Piece::says_something);
    let (mut text, mut laid_out, mut silent) = (None, None, None);
    for pieces in alternatives.into_iter().filter(|pieces| !pieces.is_empty()) {
        match pieces.iter().any(Piece::has_html) {
            _ if !says(&pieces) => silent = Some(pieces),
            true => laid_out = Some(pieces),
            false => text = Some(pieces),
        }
    }
    match (text, laid_out) {
        (Some(text), Some(laid_out)) => {
            let text = joined(text);
            let letter = laid_out.iter().map(Piece::as_text).collect::<Vec<_>>().join("\n");
            if stands_in(&text, &letter) {
                return laid_out;
            }
            vec![Piece { text: Some(text), laid_out: laid_out.into_iter().flat_map(Piece::into_laid_out).collect() }]
        }
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => silent.unwrap_or_default(),
    }
}

/// All pieces as text, separated by blank lines.
fn joined(pieces: Vec<Piece>) -> String {
    let mut all = String::new();
    for piece in &pieces {
        let text = piece.as_text();
        if text.is_empty() {
            continue;
        }
        if !all.is_empty() {
            all.truncate(all.trim_end_matches(['\r', '\n']).len());
            all.push_str("\n\n");
        }
        all.push_str(&text);
    }
    all
}

/// All pieces as HTML. A picture that no HTML shows inline appears at its place in the mail.
fn documents(pieces: &[Piece], files: &[MailFile]) -> Vec<String> {
    let all = || {
        pieces.iter().flat_map(|piece| piece.laid_out.iter()).filter_map(|one| match one {
            LaidOut::Html(html) => Some(html.as_str()),
            LaidOut::Picture(_) => None,
        })
    };
    let mut documents = Vec::new();
    for piece in pieces {
        if let Some(text) = piece.text.as_deref().filter(|text| piece.laid_out.is_empty() && says_something(text)) {
            documents.push(as_html(text));
        }
        for one in &piece.laid_out {
            match one {
                LaidOut::Html(html) => documents.push(html.clone()),
                LaidOut::Picture(at) => {
                    let file =
                        files.get(*at).filter(|file| !file.names().any(|name| all().any(|html| html.contains(name))));
                    let id = file.and_then(|file| file.content_id.as_deref());
                    documents.extend(id.map(|id| format!("<p><img src=\"cid:{}\"></p>", escape(id))));
                }
            }
        }
    }
    documents
}

/// A text as HTML with the same lines.
fn as_html(text: &str) -> String {
    let lines: Vec<String> = text.trim_matches(['\r', '\n']).lines().map(linked).collect();
    format!("<div dir=\"auto\" style=\"white-space:pre-wrap\">{}</div>", lines.join("\n"))
}

/// Replaces NUL, which PostgreSQL cannot store.
fn held(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

#[cfg(test)]
mod tests;
