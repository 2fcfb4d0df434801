//! Header lines as they go out. Nothing that was typed ends a line or is decoded into something else (S15): words that look encoded are
//! encoded themselves, so that a program shows what was typed and not what it would mean.

use std::fmt::Write;

use email_encoding::headers::{quoted_string, rfc2047, writer::EmailWriter};
use lettre::{
    Address,
    message::header::{HeaderName, HeaderValue},
};
use model::Mailbox;

use super::read::one_line;

/// The longest word that is written as it is, in bytes. A line of a mail has at most 998 and is better off with 78 (RFC 5322, 2.1.1).
const WORD: usize = 70;

/// What stands before and behind a subject's or a name's encoded parts (RFC 2047).
const LOOKS_ENCODED: &str = "=?";

/// A header line of text.
pub fn text(name: &'static str, text: &str) -> HeaderValue {
    let text = one_line(text);
    let name_of = HeaderName::new_from_ascii_str(name);
    if is_plain(&text) {
        return HeaderValue::new(name_of, text);
    }
    let mut written = String::new();
    let mut writer = EmailWriter::new(&mut written, name.len() + 2, 0, false);
    // It writes into a string, which takes everything.
    let _ = rfc2047::encode(&text, &mut writer);
    drop(writer);
    HeaderValue::dangerous_new_pre_encoded(name_of, text, written)
}

/// A header line of addresses.
///
/// # Errors
/// When one of them is no address.
pub fn addresses(name: &'static str, list: &[Mailbox]) -> Result<HeaderValue, NoAddress> {
    let mut written = String::new();
    let mut plain = Vec::new();
    let mut writer = EmailWriter::new(&mut written, name.len() + 2, 0, false);
    for (n, mailbox) in list.iter().enumerate() {
        let address = address(&mailbox.address)?;
        if n > 0 {
            let _ = writer.write_char(',');
            writer.space();
        }
        write_mailbox(&mut writer, &one_line(&mailbox.name), &address);
        plain.push(address);
    }
    drop(writer);
    Ok(HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), plain.join(", "), written))
}

fn write_mailbox(writer: &mut EmailWriter<'_>, name: &str, address: &str) {
    if name.is_empty() {
        let _ = writer.folding().write_str(address);
        return;
    }
    // Quoted, it should be no encoded word; there are programs that decode it all the same.
    let _ = if is_plain(name) { quoted_string::encode(name, writer) } else { rfc2047::encode(name, writer) };
    writer.space();
    let _ = writer.folding().write_str(&format!("<{address}>"));
}

/// The name of a file, which programs decode where they should not.
pub fn file_name(name: &str) -> String {
    one_line(name).replace(LOOKS_ENCODED, "=_")
}

/// Whether a word looks as if it were encoded.
pub fn looks_encoded(text: &str) -> bool {
    text.contains(LOOKS_ENCODED)
}

fn is_plain(text: &str) -> bool {
    !looks_encoded(text) && text.split(' ').all(|word| word.len() <= WORD || !word.is_ascii())
}

/// What is no address, as it was given.
#[derive(Debug, thiserror::Error)]
#[error("\"{0}\" is no address")]
pub struct NoAddress(String);

fn address(text: &str) -> Result<String, NoAddress> {
    written(text).filter(|_| !looks_encoded(text)).ok_or_else(|| NoAddress(one_line(text)))
}

/// An address as it is written in headers and commands; none where it would be more than that (S15). Some providers gave out addresses
/// with dots where the standard has none: their local part is quoted, as every server reads it.
pub fn written(text: &str) -> Option<String> {
    if text.chars().any(char::is_control) {
        return None;
    }
    if let Ok(address) = text.parse::<Address>() {
        return Some(address.to_string());
    }
    let (local, domain) = text.rsplit_once('@')?;
    let quoted = is_of_atoms(local).then(|| format!("\"{local}\"@{domain}"))?;
    quoted.parse::<Address>().ok().map(|address| address.to_string())
}

/// Whether a local part is made of dots, wherever they stand, and what may stand between them (RFC 5322, 3.2.3; RFC 6532, 3.2).
pub fn is_of_atoms(local: &str) -> bool {
    let is_atom = |c: char| match c.is_ascii() {
        true => c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c),
        false => !c.is_whitespace() && !c.is_control(),
    };
    !local.is_empty() && local.chars().all(is_atom)
}
