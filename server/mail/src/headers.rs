//! Writes header lines. Typed text can neither end a line nor be decoded into something else (S15): words that look encoded are encoded, so
//! that programs show the typed text.

use std::fmt::Write;

use email_encoding::headers::{quoted_string, rfc2047, writer::EmailWriter};
use lettre::{
    Address,
    message::header::{HeaderName, HeaderValue},
};
use model::Mailbox;

use super::read::one_line;

/// The longest unencoded word, in bytes. A line may have at most 998, and should have at most 78 (RFC 5322, 2.1.1).
const WORD: usize = 70;

/// The start of an encoded word (RFC 2047).
const LOOKS_ENCODED: &str = "=?";

/// A header of text.
pub fn text(name: &'static str, text: &str) -> HeaderValue {
    let text = one_line(text);
    let name_of = HeaderName::new_from_ascii_str(name);
    if is_plain(&text) {
        return HeaderValue::new(name_of, text);
    }
    let mut written = String::new();
    let mut writer = EmailWriter::new(&mut written, name.len() + 2, 0, false);
    // Writing into a string cannot fail.
    let _ = rfc2047::encode(&text, &mut writer);
    drop(writer);
    HeaderValue::dangerous_new_pre_encoded(name_of, text, written)
}

/// A header of addresses.
///
/// # Errors
/// When one of the addresses is invalid.
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
    // A quoted string must not be decoded, but some programs decode it.
    let _ = if is_plain(name) { quoted_string::encode(name, writer) } else { rfc2047::encode(name, writer) };
    writer.space();
    let _ = writer.folding().write_str(&format!("<{address}>"));
}

/// A file name that programs do not decode by mistake.
pub fn file_name(name: &str) -> String {
    one_line(name).replace(LOOKS_ENCODED, "=_")
}

/// Whether a text looks encoded.
pub fn looks_encoded(text: &str) -> bool {
    text.contains(LOOKS_ENCODED)
}

fn is_plain(text: &str) -> bool {
    !looks_encoded(text) && text.split(' ').all(|word| word.len() <= WORD || !word.is_ascii())
}

/// The invalid address.
#[derive(Debug, thiserror::Error)]
#[error("\"{0}\" is not a valid e-mail address")]
pub struct NoAddress(String);

fn address(text: &str) -> Result<String, NoAddress> {
    written(text).filter(|_| !looks_encoded(text)).ok_or_else(|| NoAddress(one_line(text)))
}

/// An address for headers and commands. None if it would be more than an address (S15). Some providers assigned addresses with dots where
/// the standard allows none. Their local part is quoted, as every server accepts it.
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

/// Whether a local part consists of dots, in any place, and characters of atoms (RFC 5322, 3.2.3; RFC 6532, 3.2).
pub fn is_of_atoms(local: &str) -> bool {
    let is_atom = |c: char| match c.is_ascii() {
        true => c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c),
        false => !c.is_whitespace() && !c.is_control(),
    };
    !local.is_empty() && local.chars().all(is_atom)
}
