//! Use cases. Each checks rights, applies rules, and writes rows, event and jobs in one transaction. There is no HTTP and no SQL text here.

pub mod account;
pub mod act;
pub mod audit_log;
pub mod change;
pub mod closing;
pub mod contacts;
mod correspondent;
pub mod deliver;
pub mod event_log;
pub mod expiry;
pub mod files;
pub mod history;
pub mod inbound;
pub mod inbox;
pub mod mail;
mod mentions;
pub mod notices;
pub mod people;
pub mod recount;
pub mod search;
pub mod send;
pub mod sessions;
pub mod sweep;
pub mod tags;
pub mod undo;
mod unsent;
pub mod vault;
pub mod views;
pub mod work;

use model::{ApiError, TEXT_LIMIT};
use store::error::Result;

/// Checks text that people wrote: its length is limited, NUL is refused (PostgreSQL cannot store it), outer blank lines are removed.
///
/// # Errors
/// [`ApiError::Invalid`] for `field` when the text is too long or cannot be stored.
pub fn check_text(field: &str, text: &str) -> Result<String> {
    if text.len() > TEXT_LIMIT {
        return Err(ApiError::invalid(
            field,
            format!("This is longer than {} kB. Send the rest as a file.", TEXT_LIMIT / 1024),
        )
        .into());
    }
    if text.contains('\0') {
        return Err(ApiError::invalid(field, "This contains characters that cannot be saved. Type it again.").into());
    }
    Ok(text.trim_matches(['\n', '\r', ' ', '\t']).to_owned())
}

/// Checks a name, title or other short text: like [`check_text`], but one line of at most 200 characters.
///
/// # Errors
/// [`ApiError::Invalid`] for `field`.
pub fn check_line(field: &str, text: &str) -> Result<String> {
    let text = text.trim();
    if text.chars().any(char::is_control) {
        return Err(ApiError::invalid(field, "This contains characters that cannot be shown. Type it again.").into());
    }
    if text.chars().count() > 200 {
        return Err(ApiError::invalid(field, "This is longer than 200 characters.").into());
    }
    Ok(text.to_owned())
}

/// Checks a line that must not be empty. `missing` tells people what to do when it is.
///
/// # Errors
/// When the line is empty, too long or cannot be displayed.
pub fn check_name(field: &str, text: &str, missing: &str) -> Result<String> {
    let name = check_line(field, text)?;
    if name.is_empty() { Err(ApiError::invalid(field, missing).into()) } else { Ok(name) }
}

/// A hash that tells a repeated request from a different one with the same id (R6).
pub fn fingerprint(parts: &[&str]) -> String {
    use sha2::Digest;
    let mut hash = sha2::Sha256::new();
    for part in parts {
        // The length prefix keeps ["ab", "c"] and ["a", "bc"] apart.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(&hash.finalize()[..16])
}
