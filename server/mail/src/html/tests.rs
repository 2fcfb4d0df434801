//! Which HTML of a mail is displayed, and which is not.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::read::read;

fn shown(html: &str) -> String {
    sanitise(html, |picture| match picture {
        Picture::Inside(cid) => Some(format!("/part/{}", cid.len())),
        Picture::Remote(_) | Picture::Named(_) => None,
    })
    .html
}

#[test]
fn s1_what_letters_are_made_of_stays() {
    let letter = "<p style=\"color: #333; font: 14px/1.5 Arial\">Dear <b>Anna</b>,<br>see <a href=\"https://x.example/a?b=1&c=2\">this</a></p>";
    let out = shown(letter);
    assert!(out.contains("<p style=\"color:#333;font:14px/1.5 Arial\">") && out.contains("<b>Anna</b>"), "{out}");
    assert!(out.contains("target=\"_blank\"") && out.contains("rel=\"noopener noreferrer nofollow\""), "{out}");
    let table = shown("<table width=600 bgcolor=\"#fff\"><tr><td colspan=2 align=right>1</td></tr></table>");
    assert!(table.contains("<table width=\"600\" bgcolor=\"#fff\">") && table.contains("colspan=\"2\""), "{table}");
}

#[test]
fn s1_nothing_that_runs_stays() {
    for hostile in [
        "<script>x()</script>",
        "<img src=x onerror=x()>",
        "<svg onload=x()>",
        "<svg><script>x()</script></svg>",
        "<math><mtext><style><img src onerror=x()>",
        "<iframe srcdoc='<script>x()</script>'></iframe>",
        "<a href=\"javascript:x()\">a</a>",
        "<a href=\"java\nscript:x()\">a</a>",
        "<form action=//x><button>b</button></form>",
        "<base href=//x>",
        "<meta http-equiv=refresh content=0>",
        "<noscript><p title=\"</noscript><img src=x onerror=x()>\">",
        "<template><script>x()</script></template>",
    ] {
        let out = shown(hostile).to_lowercase();
        for word in [
            "<script",
            "onerror",
            "onload",
            "javascript:",
            "<iframe",
            "<form",
            "<base",
            "<meta",
            "<svg",
            "<math",
            "srcdoc",
            "<template",
        ] {
            assert!(!out.contains(word), "{hostile}: {out}");
        }
    }
}

#[test]
fn s3_pictures_elsewhere_are_counted_and_left_out() {
    let html = "<img src=\"http://t.example/p.gif\" width=1><img src='cid:logo'><img src=//t.example/q><img src=\"data:image/svg+xml,x\">";
    let out = sanitise(html, |picture| matches!(picture, Picture::Inside(_)).then(|| "/part".to_owned()));
    assert_eq!(out.remote, 1);
    assert!(
        !out.html.contains("t.example") && out.html.contains("src=\"/part\"") && !out.html.contains("svg"),
        "{}",
        out.html
    );
}

#[test]
fn s7_links_lead_to_pages_mails_and_calls() {
    for good in ["https://x.example/", "http://x.example", "mailto:a@x.example", "tel:+33 6 55", "HTTPS://x.example"] {
        assert!(href(good).is_some(), "{good}");
    }
    for bad in [
        "javascript:x()",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc",
        "//x.example",
        "\\\\x",
        "https:x.example",
        "/inbox",
        "#a",
        "blob:x",
        "https://x\u{202e}y",
        "https://x\\y",
        "java\u{0}script:x",
        "intent:x",
    ] {
        assert_eq!(href(bad), None, "{bad}");
    }
    assert_eq!(href("mailto:a@x.example?bcc=b@x.example&attach=/etc/passwd").as_deref(), Some("mailto:a@x.example"));
}

#[test]
fn s10_pictures_that_are_written_out_are_measured() {
    let png = |width: u32, height: u32| {
        let bytes =
            [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], &width.to_be_bytes(), &height.to_be_bytes(), b"\x01"].concat();
        BASE64.encode(bytes)
    };
    let of = |kind: &str, dots: &str| shown(&format!("<img src=\"data:{kind};base64,{dots}\">"));
    let small = png(800, 600);
    let expected = format!("<img src=\"data:image/png;base64,{small}\">");
    let folded = format!("{}\r\n {}", &small[..10], &small[10..]);
    for dots in [&small, &folded, &small.trim_end_matches('=').to_owned()] {
        let out = of("image/png", dots);
        assert!(out.starts_with("<img src=\"data:image/png;base64,iVBOR") && !out.contains('\n'), "{out}");
    }
    assert_eq!(of("IMAGE/PNG", &small), expected);
    assert_eq!(of("image/svg+xml", &small), expected, "it is what its bytes are");
    for (kind, dots) in [
        ("image/png", png(23_000, 23_000).as_str()),
        ("image/png", "PHN2Zy8+"),
        ("image/png", "iVBO*"),
        ("text/html", small.as_str()),
    ] {
        assert_eq!(of(kind, dots), "<img>", "{kind}");
    }
    // A `cid:` URL is looked up in the mail, whatever follows.
    assert_eq!(shown("<img src=\"cid:data:image/svg+xml,x\">"), "<img src=\"/part/20\">");
}

#[test]
fn s2_s10_what_would_take_too_much_is_cut() {
    let deep = format!("{}x{}", "<div>".repeat(200_000), "</div>".repeat(200_000));
    let bold: String = (0..990).map(|n| format!("<b a={n}>")).collect();
    let anew = format!("<p>{bold}{}", "<p>x".repeat(22_000));
    let attributes: String = (0..200_000).map(|n| format!(" a{n}")).collect();
    for html in [
        deep,
        anew,
        "<div></>".repeat(131_000),
        "<o>".repeat(300_000),
        format!("<p{attributes}>x"),
        format!("<table>{}", "<br>".repeat(200_000)),
    ] {
        let out = sanitise(&html, |_| None);
        assert!(out.cut, "{}", &html[..20]);
        assert!(out.html.matches('<').count() < 200_000 && out.html.len() < 10_000_000, "{}", &html[..20]);
    }
    assert!(!sanitise("<p>Dear Anna</p>", |_| None).cut);
}

/// The tags, and the readable text between them.
fn taken_apart(html: &str) -> (BTreeSet<String>, String) {
    // These two attributes are added by us. Their order does not matter.
    let html = html.replace(" target=\"_blank\"", "").replace(" rel=\"noopener noreferrer nofollow\"", "");
    let (mut tags, mut words, mut quoted) = (BTreeSet::new(), String::new(), false);
    let mut tag: Option<String> = None;
    for c in html.chars() {
        match &mut tag {
            None if c == '<' => tag = Some(String::new()),
            None => words.extend((!c.is_whitespace()).then_some(c)),
            Some(_) if c == '>' && !quoted => tags.extend(tag.take()),
            Some(inside) => {
                quoted ^= c == '"';
                inside.push(c);
            }
        }
    }
    (tags, words)
}

proptest! {
    #[test]
    fn s2_what_is_shown_would_be_shown_again(html in "(<[a-z]{1,6}( (style|href|src|onload)=[\"']?[a-z:/ ();#]{0,12}[\"']?)?>|</[a-z]{1,6}>|[a-z &;<>\"']{0,6}|<svg>|<math>|<!--|-->|<table>|<select>|<noscript>){0,25}") {
        let once = shown(&html);
        // Removed content may have separated other content, so a browser may parse it differently. No removed content comes back.
        prop_assert_eq!(taken_apart(&shown(&once)), taken_apart(&once), "{}", html);
        let lower = once.to_lowercase();
        prop_assert!(!lower.contains("<script") && !lower.contains("<style") && !lower.contains(" onload"));
    }
}

/// A mail that was once displayed wrongly, as it is displayed now.
fn misread(name: &str) -> Shown {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/bodies/");
    let mail = read(&std::fs::read(format!("{folder}{name}.eml")).unwrap()).unwrap();
    sanitise_all(&mail.html, |_| None)
}

#[test]
fn t3_what_stands_on_the_whole_stands_around_the_letter() {
    let dark = misread("dark-letter").html;
    assert!(
        dark.starts_with("<div class=\"letter\" style=\"background-color:#202020\">") && dark.ends_with("</div>"),
        "{dark}"
    );
    assert!(misread("direction-on-body").html.starts_with("<div class=\"letter\" dir=\"rtl\">"));
    let cases = [
        (
            "<html lang=de dir=ltr><body bgcolor=000000 text=\"#ffffff\">x",
            "<div class=\"letter\" dir=\"ltr\" lang=\"de\" style=\"background-color:#000000;color:#ffffff\">x</div>",
        ),
        (
            "<body style=\"font-family:Arial;margin:-9px;width:9px;display:none\">x",
            "<div class=\"letter\" style=\"font-family:Arial\">x</div>",
        ),
        (
            "<body style='font-family:\"Open Sans\"'>x",
            "<div class=\"letter\" style=\"font-family:&quot;Open Sans&quot;\">x</div>",
        ),
        ("<body class=dark><style>.dark{color:#fff;background:#000}</style>x", "<div class=\"letter m-dark\">x</div>"),
        ("<body onload=x() dir=up lang='x\" y'>x", "x"),
        ("<body><p>x", "<p>x</p>"),
    ];
    for (html, shown_html) in cases {
        assert_eq!(shown(html), shown_html, "{html}");
    }
    let ruled = sanitise(
        "<style>body{background:#202020;margin:9px;position:fixed} html body p{color:#fff}</style><p>x",
        |_| None,
    );
    assert_eq!(ruled.html, "<div class=\"letter\"><p>x</p></div>");
    assert_eq!(ruled.css, ".letter{background:#202020}\n.letter p{color:#fff}\n");
}

#[test]
fn t3_what_a_class_hides_stays_hidden() {
    let hidden = misread("hidden-by-class");
    assert!(hidden.html.contains("<span class=\"m-pre\">HIDDEN-M35B"), "{}", hidden.html);
    assert!(hidden.css.contains(".m-pre{display:none!important;visibility:hidden}"), "{}", hidden.css);
    assert_eq!(
        shown("<p hidden>x</p><p style=\"max-height:0;overflow:hidden\">y</p>"),
        "<p hidden=\"\">x</p><p style=\"max-height:0;overflow:hidden\">y</p>"
    );
}

#[test]
fn t3_documents_below_each_other_keep_to_themselves() {
    let two = ["<style>p{color:red}</style><p>a<!--".to_owned(), "<p class=x>b".to_owned()];
    let shown = sanitise_all(&two, |_| None);
    assert_eq!(
        shown.html,
        "<div class=\"letter letter-0\"><p>a</p></div><div class=\"letter letter-1\"><p class=\"m-x\">b</p></div>"
    );
    assert_eq!(shown.css, ".letter-0 p{color:red}\n");
}

#[test]
fn s10_documents_together_cost_no_more_than_one() {
    let begun = std::time::Instant::now();
    let many = vec!["<table><tr><td>".repeat(60_000); 20];
    let shown = sanitise_all(&many, |_| None);
    assert!(shown.cut && shown.html.len() < 20_000_000, "{}", shown.html.len());
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}

#[test]
fn t3_pictures_are_found_by_their_names() {
    let named = |src: &str| match source(src) {
        Some(Source::At(Picture::Named(name))) => Some(name),
        _ => None,
    };
    for src in
        ["fax001.png", "images/fax001.png", "file:///C:/x/fax001.png", "file://C:\\x\\fax001.png", "./fax001.png"]
    {
        assert_eq!(named(src).as_deref(), Some("fax001.png"), "{src}");
    }
    for src in ["//t.example/p.png", "javascript:x", "x/", "ftp://t.example/p.png", "C:\\x.png", ""] {
        assert_eq!(named(src), None, "{src}");
    }
}
