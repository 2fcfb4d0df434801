//! Folder names in IMAP: ASCII, and a special Base64 for other characters (modified UTF-7, RFC 3501, 5.1.3).

use base64::{
    Engine as _, alphabet,
    engine::{GeneralPurpose, general_purpose::NO_PAD},
};

const MODIFIED: GeneralPurpose = GeneralPurpose::new(&alphabet::IMAP_MUTF7, NO_PAD);

/// A name as it is sent to a server. None for an empty name or one with control characters, which no folder has.
///
/// A name in ASCII may come encoded from a server's list, so it is not changed.
pub(super) fn encoded(name: &str) -> Option<String> {
    if name.is_empty() || name.len() > 1000 || name.chars().any(char::is_control) {
        return None;
    }
    if name.is_ascii() {
        return Some(name.to_owned());
    }
    let mut out = String::with_capacity(name.len() * 2);
    let mut waiting: Vec<u8> = Vec::new();
    for c in name.chars() {
        if c.is_ascii() {
            flush(&mut out, &mut waiting);
            out.push_str(if c == '&' { "&-" } else { "" });
            if c != '&' {
                out.push(c);
            }
        } else {
            let mut units = [0; 2];
            waiting.extend(c.encode_utf16(&mut units).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    flush(&mut out, &mut waiting);
    Some(out)
}

fn flush(out: &mut String, waiting: &mut Vec<u8>) {
    if !waiting.is_empty() {
        out.push('&');
        out.push_str(&MODIFIED.encode(&waiting));
        out.push('-');
        waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn s16_a_folder_is_called_as_servers_call_it() {
        for (name, wanted) in [
            ("INBOX", "INBOX"),
            ("Sent \"Items\" \\ {5}", "Sent \"Items\" \\ {5}"),
            ("Entw&APw-rfe", "Entw&APw-rfe"),
            ("Entwürfe", "Entw&APw-rfe"),
            ("Ölpreis & Gas", "&ANY-lpreis &- Gas"),
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("📬", "&2D3c7A-"),
        ] {
            assert_eq!(encoded(name).as_deref(), Some(wanted), "{name}");
        }
        for none in ["", "a\r\nA2 LOGOUT", "a\nb", "a\0b", "a\u{7f}", "a\u{85}b"] {
            assert_eq!(encoded(none), None, "{none:?}");
        }
    }
}
