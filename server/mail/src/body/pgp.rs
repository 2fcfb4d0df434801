//! Letters that need the recipient's key: the notice in their place, and encrypted blocks inside a text.

use crate::read::MailFile;

const BEGIN: &str = "-----BEGIN PGP MESSAGE-----";
const END: &str = "-----END PGP MESSAGE-----";

/// The notice in place of an encrypted letter.
pub fn encrypted(by: &str) -> String {
    format!("This mail is encrypted ({by}): only a mail program that has its recipient's key can show what it says.")
}

/// A text with the notice in place of its encrypted block, and that block as a file.
pub fn unpacked(text: String) -> (String, Option<MailFile>) {
    let begin = text.find(BEGIN).filter(|at| *at == 0 || text.as_bytes().get(at - 1) == Some(&b'\n'));
    let Some((begin, end)) = begin.and_then(|at| Some((at, at + text[at..].find(END)? + END.len()))) else {
        return (text, None);
    };
    let file = MailFile {
        name: "encrypted.asc".to_owned(),
        media_type: "application/pgp-encrypted".to_owned(),
        bytes: text.as_bytes()[begin..end].to_vec(),
        ..MailFile::default()
    };
    (format!("{}{}{}", &text[..begin], encrypted("PGP"), &text[end..]), Some(file))
}
