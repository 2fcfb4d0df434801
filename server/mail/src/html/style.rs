//! The styles that a mail may use (S3, S4): nothing that moves text over other text, and no reference to other documents.

use super::colour::{within, written};

/// The allowed properties. None of them can move an element over another, or refer to another document.
const PROPERTIES: [&str; 58] = [
    "background",
    "background-color",
    "border",
    "border-bottom",
    "border-bottom-color",
    "border-bottom-style",
    "border-bottom-width",
    "border-collapse",
    "border-color",
    "border-left",
    "border-left-color",
    "border-left-style",
    "border-left-width",
    "border-radius",
    "border-right",
    "border-right-color",
    "border-right-style",
    "border-right-width",
    "border-spacing",
    "border-style",
    "border-top",
    "border-top-color",
    "border-top-style",
    "border-top-width",
    "border-width",
    "color",
    "direction",
    "display",
    "font",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "height",
    "letter-spacing",
    "line-height",
    "list-style",
    "list-style-type",
    "max-height",
    "max-width",
    "min-width",
    "opacity",
    "overflow",
    "padding",
    "padding-bottom",
    "padding-left",
    "padding-right",
    "padding-top",
    "table-layout",
    "text-align",
    "text-decoration",
    "text-decoration-line",
    "text-transform",
    "vertical-align",
    "visibility",
    "white-space",
    "width",
    "word-break",
];
/// Negative margins would reach outside the element, so only positive ones are kept.
const MARGINS: [&str; 5] = ["margin", "margin-bottom", "margin-left", "margin-right", "margin-top"];
/// The functions that a value may use.
const FUNCTIONS: [&str; 5] = ["rgb", "rgba", "hsl", "hsla", "calc"];

/// The allowed declarations of a style.
pub(super) fn style(value: &str) -> String {
    let mut kept = Vec::new();
    for declaration in value.split(';').take(100) {
        let Some((name, value)) = declaration.split_once(':') else { continue };
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        if (name == "background" || name == "background-image") && !(name == "background" && is_harmless(value)) {
            kept.extend(ground(value));
            continue;
        }
        let margin = MARGINS.contains(&name.as_str()) && !value.contains('-');
        if (margin || PROPERTIES.contains(&name.as_str())) && is_harmless(value) {
            kept.push(format!("{name}:{value}"));
        }
    }
    kept.join(";")
}

/// The replacement of a background that is a picture or a gradient: a colour that it names, or else a mark that there was one, because the
/// text was meant to be read on it.
fn ground(value: &str) -> Option<String> {
    let lower = value.to_ascii_lowercase();
    match within(&lower) {
        Some(colour) => Some(format!("background-color:{}", written(colour))),
        None => lower.contains("url(").then(|| "background-image:none".to_owned()),
    }
}

/// Whether a value consists of plain words, numbers and colours: no escapes, no comments, and only functions that give a colour or a
/// length.
fn is_harmless(value: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || " #%.,()'\"-+/!".contains(c);
    if value.is_empty() || value.len() > 200 || !value.chars().all(plain) || value.contains("/*") {
        return false;
    }
    let calls = value.match_indices('(').all(|(at, _)| {
        let word = value[..at].rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        FUNCTIONS.iter().any(|function| word.eq_ignore_ascii_case(function))
    });
    // Text of thousands of pixels would cover the content below.
    let words = value.split([' ', ',', '(', ')', '/']).filter(|word| !word.starts_with('#'));
    let numbers = words.flat_map(|word| word.split(|c: char| !(c.is_ascii_digit() || c == '.')));
    let lengths = numbers.filter_map(|n| n.parse::<f64>().ok());
    calls && lengths.into_iter().all(|n| n <= 3000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s3_s4_styles_name_no_document_and_leave_their_place_alone() {
        for picture in ["background:url(http://t.example)", "background-image:url('//t.example')"] {
            assert_eq!(style(picture), "background-image:none", "{picture}");
        }
        for bad in [
            "background-color:u\\72l(x)",
            "color:var(--x)",
            "position:fixed",
            "color:red/**/",
            "width:99999px",
            "margin-top:-500px",
            "background-image:image-set('x')",
            "content:'x'",
            "color:expression(x)",
            "width:attr(x)",
            "z-index:9",
            "transform:scale(9)",
        ] {
            assert_eq!(style(bad), "", "{bad}");
        }
        for colour in ["background-color:#A8501A", "color:#333333", "border:1px solid #202020"] {
            assert_eq!(style(colour), colour);
        }
        assert_eq!(style("border:9999px solid #202020"), "");
        assert_eq!(
            style("COLOR: Red; background:url(x); padding: 4px 2px"),
            "color:Red;background-image:none;padding:4px 2px"
        );
        assert_eq!(style("background:url(x) #222 no-repeat"), "background-color:#222222");
        assert_eq!(style("background-image:linear-gradient(90deg,#333,#444)"), "background-color:#333333");
        assert_eq!(style("width:calc(100% - 4px);color:rgba(1,2,3,.5)"), "width:calc(100% - 4px);color:rgba(1,2,3,.5)");
    }
}
