//! The letter in a mail, and its files (RFC 2046). Parts are read one after another; only those inside one multipart/alternative stand for
//! each other. What is read is text for people, and HTML beside it where a part of the letter is laid out.

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

/// What a mail says, and what comes with it.
#[derive(Debug, Default)]
pub(super) struct Bodies {
    /// All of it as text.
    pub text: String,
    /// All of it as HTML documents, one after another; none where no part of it is laid out. Hostile.
    pub html: Vec<String>,
    /// Its files.
    pub files: Vec<MailFile>,
}

/// The bodies and files of a mail, taken out. Of a mail that was cut, what the cut went through is no file.
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

/// A piece of a letter: as text, as HTML, or as both that say the same.
#[derive(Debug, Default)]
struct Piece {
    text: Option<String>,
    laid_out: Vec<LaidOut>,
}

/// What is shown as it was laid out.
#[derive(Debug)]
enum LaidOut {
    /// A document. Hostile.
    Html(String),
    /// The picture that stands here, by its place among the files.
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

    /// As it is laid out, in a row with others that are.
    fn into_laid_out(self) -> Vec<LaidOut> {
        match self.text {
            Some(text) if self.laid_out.is_empty() && says_something(&text) => vec![LaidOut::Html(as_html(&text))],
            _ => self.laid_out,
        }
    }
}

/// Whether HTML has words or pictures.
fn shows_something(html: &str) -> bool {
    html.as_bytes().windows(4).any(|begin| begin.eq_ignore_ascii_case(b"<img")) || says_something(&plain(html))
}

/// Of pieces that stand for each other: the last that is text and the last that is laid out, whatever their order. A text that only stands in
/// for the other is none.
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

/// All pieces as text, with a blank line between.
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

/// All pieces as HTML. A picture that none of them shows stands where it stands in the mail.
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

/// A text as HTML that says the same, line by line.
fn as_html(text: &str) -> String {
    let lines: Vec<String> = text.trim_matches(['\r', '\n']).lines().map(linked).collect();
    format!("<div dir=\"auto\" style=\"white-space:pre-wrap\">{}</div>", lines.join("\n"))
}

/// What PostgreSQL can hold.
fn held(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

#[cfg(test)]
mod tests;
