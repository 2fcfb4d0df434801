//! Files inside a text (uuencode and its Base64 form: POSIX). An incomplete file stays text.

use data_encoding::BASE64_MIME_PERMISSIVE;

use crate::read::{MailFile, one_line};

/// How many `begin` lines are tried in a text.
const MOST: usize = 50;
/// The longest name, in bytes.
const LONGEST_NAME: usize = 300;

/// The encoding of a file's lines.
#[derive(Clone, Copy)]
enum Packing {
    Uu,
    Base64,
}

/// A text without its files, and the files.
pub fn unpacked(text: &str) -> (String, Vec<MailFile>) {
    let (mut left, mut files) = (String::new(), Vec::new());
    let mut rest = text;
    // A `begin` without an end costs a search through the rest of the text.
    for _ in 0..MOST {
        let Some(at) = begin(rest) else { break };
        let (line, below) = cut_line(&rest[at..]);
        match file(line, below) {
            Some((file, behind)) => {
                left.push_str(&rest[..at]);
                files.push(file);
                rest = behind;
            }
            None => {
                let end = rest.len() - below.len();
                left.push_str(&rest[..end]);
                rest = below;
            }
        }
    }
    left.push_str(rest);
    (left, files)
}

/// The position of the next line that may begin a file.
fn begin(text: &str) -> Option<usize> {
    let starts = text.match_indices("begin").map(|(at, _)| at);
    let mut starts = starts.filter(|at| *at == 0 || text.as_bytes().get(at - 1) == Some(&b'\n'));
    starts.find(|at| head(cut_line(&text[*at..]).0).is_some())
}

fn cut_line(text: &str) -> (&str, &str) {
    let (line, rest) = text.split_at(text.find('\n').map_or(text.len(), |end| end + 1));
    (line.trim_end_matches(['\r', '\n']), rest)
}

/// Parses `begin 644 name` or `begin-base64 644 name`.
fn head(line: &str) -> Option<(Packing, &str)> {
    let (word, rest) = line.split_once(' ')?;
    let packing = match word {
        "begin" => Packing::Uu,
        "begin-base64" => Packing::Base64,
        _ => return None,
    };
    let (mode, name) = rest.trim_start().split_once(' ')?;
    let is_mode = matches!(mode.len(), 3 | 4) && mode.bytes().all(|digit| matches!(digit, b'0'..=b'7'));
    (is_mode && !name.trim().is_empty() && name.len() <= LONGEST_NAME).then_some((packing, name.trim()))
}

/// The file that begins with this line, and the rest.
fn file<'t>(line: &str, below: &'t str) -> Option<(MailFile, &'t str)> {
    let (packing, name) = head(line)?;
    let (mut bytes, mut rest) = (Vec::new(), below);
    loop {
        if rest.is_empty() {
            return None;
        }
        let (line, behind) = cut_line(rest);
        rest = behind;
        match packing {
            Packing::Uu if line == "end" => break,
            Packing::Uu => bytes.extend(decoded(line)?),
            Packing::Base64 if line.trim_end() == "====" => break,
            Packing::Base64 => bytes.extend(BASE64_MIME_PERMISSIVE.decode(line.as_bytes()).ok()?),
        }
    }
    let file = MailFile {
        name: one_line(name),
        media_type: "application/octet-stream".to_owned(),
        bytes,
        ..MailFile::default()
    };
    Some((file, rest))
}

/// The bytes of a line: their number, then four characters for three bytes. Spaces at its end may be lost.
fn decoded(line: &str) -> Option<Vec<u8>> {
    let six = |byte: u8| matches!(byte, b' '..=b'`').then(|| (byte - b' ') & 0x3f);
    let mut characters = line.bytes();
    let Some(first) = characters.next() else { return Some(Vec::new()) };
    let length = usize::from(six(first)?);
    let room = length.div_ceil(3) * 4;
    let mut sixes = characters.map(six).collect::<Option<Vec<u8>>>()?;
    // Some programs add a check character.
    if sixes.len() > room + 2 {
        return None;
    }
    // A line that lost more than half is invalid: a short text must not decode to a large file.
    if sixes.len() * 2 < room {
        return None;
    }
    sixes.resize(room, 0);
    let mut bytes: Vec<u8> = sixes
        .chunks_exact(4)
        .flat_map(|four| [four[0] << 2 | four[1] >> 4, four[1] << 4 | four[2] >> 2, four[2] << 6 | four[3]])
        .collect();
    bytes.truncate(length);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn t3_files_within_a_text_are_taken_out() {
        let text = "Before.\n\nbegin 644 list.csv\n::71E;3MC;W5N= IL86UP.S0*<VAA9&4[,@H \n`\nend\nBetween.\n\
                    begin-base64 600 a b.txt\r\naGVs\r\nbG8=\r\n====\r\nAfter.\n";
        let (left, files) = unpacked(text);
        assert_eq!(left, "Before.\n\nBetween.\nAfter.\n");
        let files: Vec<_> = files.iter().map(|file| (file.name.as_str(), file.bytes.as_slice())).collect();
        assert_eq!(files, [("list.csv", &b"item;count\nlamp;4\nshade;2\n"[..]), ("a b.txt", b"hello")]);
    }

    #[test]
    fn t3_what_only_looks_like_a_file_is_text() {
        for text in [
            "begin 644 list.csv\n::71E;3MC;W5N= IL86UP.S0*<VAA9&4[,@H \n`\n",
            "begin 644 list.csv\nand then some words, which go on for longer than they could\nend\n",
            "We begin 644 of them\nend\n",
            "begin the work\nend\n",
            "begin 999 x\nend\n",
        ] {
            assert_eq!(unpacked(text), (text.to_owned(), Vec::new()));
        }
    }

    #[test]
    fn s10_beginnings_without_an_end_cost_little() {
        let begun = std::time::Instant::now();
        for part in ["begin 644 x\n!a\n", "begin-base64 644 x\naaaa\n"] {
            assert!(unpacked(&part.repeat(200_000)).1.is_empty());
        }
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    }

    proptest! {
        #[test]
        fn any_text_can_be_unpacked(text in "(begin 644 a\n|begin-base64 644 a\n|end\n|====\n|`\n|[ -a]{0,8}\n|é){0,30}") {
            let (left, files) = unpacked(&text);
            prop_assert!(left.len() <= text.len());
            prop_assert!(files.iter().all(|file| file.bytes.len() <= 2 * text.len()));
        }
    }
}
