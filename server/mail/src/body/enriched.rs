//! Converts text/enriched (RFC 1896) and text/richtext (RFC 1341), which are older than HTML, to plain text.

/// The text without its markup.
pub fn plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let mut out = String::with_capacity(text.len());
    let (mut as_written, mut silent) = (0usize, 0usize);
    let mut rest = text.as_str();
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("<<") {
            out.push_str(if silent == 0 { "<" } else { "" });
            rest = after;
        } else if let Some((name, after)) = mark(rest) {
            match name.to_ascii_lowercase().as_str() {
                "nofill" => as_written += 1,
                "/nofill" => as_written = as_written.saturating_sub(1),
                "param" | "comment" => silent += 1,
                "/param" | "/comment" => silent = silent.saturating_sub(1),
                "lt" => out.push('<'),
                "nl" | "/paragraph" | "np" => out.push('\n'),
                _ => {}
            }
            rest = after;
        } else if c == '\n' {
            let ends = rest.len() - rest.trim_start_matches('\n').len();
            // A single line end is a space. Of several, the first one only separates.
            match (as_written, ends) {
                _ if silent > 0 => {}
                (0, 1) => out.push(' '),
                (0, _) => out.push_str(&"\n".repeat(ends)),
                _ => out.push_str(&"\n".repeat(ends)),
            }
            rest = &rest[ends..];
        } else {
            if silent == 0 {
                out.push(c);
            }
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

/// The tag at the beginning of a text, and the rest.
fn mark(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('<')?;
    let length =
        inner.bytes().take(62).position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-')))?;
    let (name, rest) = inner.split_at(length);
    (!name.is_empty()).then_some((name, rest.strip_prefix('>')?))
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn t3_enriched_text_is_read_without_its_marks() {
        let text = "<bold>Now</bold> is\nthe time.\n\n<color><param>red</param>Red</color> << blue\n<nofill>a\nb</nofill> 1 < 2";
        assert_eq!(plain(text), "Now is the time.\n\nRed < blue a\nb 1 < 2");
        assert_eq!(plain("a<nl>b<lt>c<comment>not this</comment>"), "a\nb<c");
        assert_eq!(plain("<<<<x é <"), "<<x é <");
    }
}
