//! Joins lines that were broken only for transport (RFC 3676).

/// The deepest quote level that is kept.
const DEEPEST: usize = 50;
/// The signature separator. Its space does not join the next line.
const SIGNATURE: &str = "-- ";

/// The text with each paragraph on one line. With `del_sp`, the space at the end of a broken line is not part of the text.
pub fn undone(text: &str, del_sp: bool) -> String {
    let mut out = String::with_capacity(text.len());
    // The quote level of the paragraph that continues.
    let mut open: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let end = line.len() - line.trim_end_matches(['\r', '\n']).len();
        let (line, end) = line.split_at(line.len() - end);
        let depth = line.len() - line.trim_start_matches('>').len();
        let line = &line[depth..];
        // Lines that begin like a quote mark or a boundary were moved by one space.
        let line = line.strip_prefix(' ').unwrap_or(line);
        let depth = depth.min(DEEPEST);
        let is_signature = line == SIGNATURE;
        // An empty line ends a paragraph, even if the line above announced more.
        let goes_on = |lies: &mut usize| *lies == depth && !is_signature && !line.is_empty();
        if open.take_if(goes_on).is_none() {
            if open.take().is_some() {
                out.push('\n');
            }
            out.push_str(&">".repeat(depth));
            out.push_str(if depth > 0 && !line.is_empty() { " " } else { "" });
        }
        let flows = line.ends_with(' ') && !is_signature && !end.is_empty();
        out.push_str(if flows && del_sp { &line[..line.len() - 1] } else { line });
        if flows {
            open = Some(depth);
        } else {
            out.push_str(end);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::undone;
    use crate::read::read;

    #[test]
    fn t3_flowed_lines_are_paragraphs_again() {
        let cases = [
            ("One \ntwo \nthree.\nFour.", "One two three.\nFour."),
            ("  indented\n From here\n >no quote", " indented\nFrom here\n>no quote"),
            ("> quoted \n> on.\n>> deeper \n> other", "> quoted on.\n>> deeper \n> other"),
            (">\n> x", ">\n> x"),
            ("Bye \n-- \nAnna \nBerger", "Bye \n-- \nAnna Berger"),
            ("> a \n> -- \n> b", "> a \n> -- \n> b"),
            ("ends open ", "ends open "),
            ("a \n\nb", "a \n\nb"),
        ];
        for (flowed, text) in cases {
            assert_eq!(undone(flowed, false), text.to_owned(), "{flowed:?}");
        }
        assert_eq!(undone("https://x.example/a/ \nb.pdf and  \nmore", true), "https://x.example/a/b.pdf and more");
        assert_eq!(undone("日本 \n語", true), "日本語");
    }

    #[test]
    fn t3_only_what_says_so_flows() {
        let text = |kind: &str| {
            let mail =
                format!("From: a@x.example\r\nContent-Type: text/plain; charset=utf-8{kind}\r\n\r\nOne \r\ntwo.\r\n");
            read(mail.as_bytes()).unwrap().text.trim().to_owned()
        };
        assert_eq!(text(""), "One \ntwo.");
        assert_eq!(text("; format=flowed"), "One two.");
        assert_eq!(text("; Format=\"Flowed\"; DelSp=YES"), "Onetwo.");
        assert_eq!(text("; format=fixed"), "One \ntwo.");
    }

    proptest! {
        #[test]
        fn nothing_but_line_ends_marks_and_spaces_is_lost(text in "[>ab \n]{0,60}", del_sp: bool) {
            let letters = |text: &str| text.chars().filter(char::is_ascii_alphabetic).collect::<String>();
            prop_assert_eq!(letters(&undone(&text, del_sp)), letters(&text));
        }
    }
}
