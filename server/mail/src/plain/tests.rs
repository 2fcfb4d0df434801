//! The text of HTML of each kind.

use proptest::prelude::*;

use super::*;

#[test]
fn t3_html_is_read_in_lines() {
    let cases = [
        (
            "<div>One</div><div>two<br></div><div><br></div><p>three &amp;\n four&nbsp;5&euro;</p>",
            "One\ntwo\n\nthree & four\u{a0}5€\n\n",
        ),
        ("<table><tr><td>1<td>Flour<td>18,90</tr><tr><td>2</td><td>Rye</td></tr></table>", "1  Flour  18,90\n2  Rye\n"),
        ("<ul><li>a</li><li>b</li></ul>c", "- a\n- b\n\nc"),
        ("a<style>p{}</style><SCRIPT>1<2</SCRIPT ><!-- b > --><img alt=\"x > y\">c<d", "a x > y c"),
        ("1 < 2 &unknown; &amp", "1 < 2 &unknown; &amp"),
        (
            "Yes<blockquote type=cite>a<blockquote class='quote'>b</blockquote>c</blockquote>d",
            "Yes\n\n> a\n\n> > b\n\n> c\n\nd",
        ),
        ("<blockquote style='margin:0'>in</blockquote>", "in\n\n"),
        ("<pre>a\n  b\n\nc</pre>d\ne", "a\n  b\n\nc\n\nd e"),
    ];
    for (html, text) in cases {
        assert_eq!(plain(html), text, "{html}");
    }
}

#[test]
fn t3_entries_of_lists_keep_their_numbers() {
    let cases = [
        ("<ol><li>a</li><li>b</li></ol>", "1. a\n2. b\n\n"),
        ("<ol start=3><li>a<li value=7>b<li>c</ol>", "3. a\n7. b\n8. c\n\n"),
        ("<ol type=a><li>x<li>y</ol><ol type=I start=4><li>z</ol>", "a. x\nb. y\n\nIV. z\n\n"),
        ("<ol><li><p>a</p></li><li><div>b</div></li></ol>", "1. a\n\n2. b\n\n"),
        ("<ol><li>a<ul><li>b</ul><li>c</ol>", "1. a\n\n  - b\n\n2. c\n\n"),
        ("<ul style='list-style:none'><li>a</ul>", "a\n\n"),
        ("<ol reversed start=2><li>a<li>b</ol>", "2. a\n1. b\n\n"),
    ];
    for (html, text) in cases {
        assert_eq!(plain(html), text, "{html}");
    }
}

#[test]
fn t3_lists_that_are_counted_down_begin_with_the_number_of_their_entries() {
    let cases = [
        ("<ol reversed><li>bronze</li><li>silver</li><li>gold</li></ol>", "3. bronze\n2. silver\n1. gold\n\n"),
        (
            "<ol><li>x</ol><OL REVERSED type=A><li>b<ul><li>no</ul><li value=9>c</ol><ol reversed><li>one</ol>",
            "1. x\n\nB. b\n\n  - no\n\nI. c\n\n1. one\n\n",
        ),
        ("<ol reversed><li>a<li>b", "2. a\n1. b"),
        ("<ol reversed></ol><li>a", "\n- a"),
    ];
    for (html, text) in cases {
        assert_eq!(plain(html).trim_start_matches('\n'), text.trim_start_matches('\n'), "{html}");
    }
    let begun = std::time::Instant::now();
    plain(&"<ol reversed><li><ul>".repeat(50_000));
    plain(&format!("<ol reversed>{}{}", "<ul>".repeat(100_000), "</ol>".repeat(100_000)));
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

#[test]
fn t3_lists_are_marked_as_their_style_says() {
    let cases = [
        ("<ol style='list-style-type:upper-alpha'><li>Alpha</ol>", "A. Alpha\n\n"),
        ("<ol style='list-style-type:lower-roman'><li>a<li>b</ol>", "i. a\nii. b\n\n"),
        ("<ol type=1 style='list-style: inside lower-latin'><li>a</ol>", "a. a\n\n"),
        ("<style>.x{list-style-type:upper-roman}</style><ol class=x><li>a</ol>", "I. a\n\n"),
        ("<ul style='list-style-type:decimal'><li>a<li>b</ul>", "1. a\n2. b\n\n"),
        ("<ol style='list-style:square'><li>a</ol>", "- a\n\n"),
        // As Google Docs writes them.
        (
            "<ol><li style='list-style-type:lower-alpha'>a<li style='list-style-type:lower-alpha'>b</ol>",
            "a. a\nb. b\n\n",
        ),
        ("<ol><li style='list-style-type:none'>a<li>b</ol>", "a\n2. b\n\n"),
    ];
    for (html, text) in cases {
        assert_eq!(plain(html), text, "{html}");
    }
}

#[test]
fn t3_words_above_and_below_the_line_say_what_they_said() {
    let cases = [
        ("10<sup>-9</sup> A, 5·10<sup>3</sup>, 3×10<sup>8</sup> J", "10⁻⁹ A, 5·10³, 3×10⁸ J"),
        ("12<sup>99</sup> EUR, 10 m<sup>2</sup>, <sup>1</sup>/<sub>2</sub>", "12⁹⁹ EUR, 10 m², ¹/₂"),
        ("CO<sub>2</sub>, log<sub>2</sub>8, a<sub>n+1</sub>, x<sub>max</sub>", "CO₂, log₂8, a_(n+1), x_max"),
        ("e<sup>2k</sup>, 10<sup>x</sup>, 2<sup>1/2</sup>, e<sup>x<sup>2</sup></sup>", "e^(2k), 10^x, 2^(1/2), e^(x²)"),
        (
            "23<sup>rd</sup>, 1<sup>er</sup>, Acme<sup>®</sup>, so<sup>[1]</sup>, 12<sup>,99</sup>",
            "23rd, 1er, Acme®, so[1], 12,99",
        ),
        ("12<sup><br></sup>9, <sup>All with 19 % tax</sup>", "12\n9, All with 19 % tax"),
        ("<blockquote type=cite><sup>1</sup> x</blockquote>", "> ¹ x\n\n"),
    ];
    for (html, text) in cases {
        assert_eq!(plain(html), text, "{html}");
    }
    assert_eq!(placed("12<sup>99</sup>").text, "12⁹⁹", "folded by the same words");
}

#[test]
fn t3_empty_cells_keep_columns_apart() {
    let cases = [
        (
            "<table><tr><th>Item</th><th>Qty</th><th>Price</th></tr><tr><td>Pump</td><td></td><td>99</td></tr><tr><td>Hose</td><td>2</td><td></td></tr></table>",
            "Item  Qty  Price\nPump  –  99\nHose  2\n",
        ),
        ("<table border=1><tr><td><td>a<tr><td><td><td>b<tr><td><td><tr><td>c</table>", "–  a\n–  –  b\nc\n"),
        ("<table border=1><tr><td>a<td>&nbsp;<td>b</table>", "a  –  b\n"),
        ("<table border=1><tr><td>a<td><td>&nbsp;<td>b</table>", "a  –  –  b\n"),
        (
            "<table border=1><tr><td>a<td><td><a href='https://x.example/'>x.example</a><sup>1</sup></table>",
            "a  –  x.example¹\n",
        ),
        (
            "<table border=1><tr><td colspan=2>Sum<td>99<tr><td>a<td><img src=tick.png><td>b</table>",
            "Sum    99\na    b\n",
        ),
        ("<table><tr><td>Pump<td><td>99</table>", "Pump    99\n"),
        ("<table border=0><tr><td width=20><td>Hello</table>", "Hello\n"),
    ];
    for (html, text) in cases {
        assert_eq!(plain(html), text, "{html}");
    }
    let wide = plain(&format!("<table border=1><tr>{}x</table>", "<td colspan=99999>".repeat(1000)));
    assert!(wide.len() < 100, "{}", wide.len());
}

#[test]
fn t3_what_stands_for_a_picture_is_read() {
    let cases = [
        ("<p>Thanks <img alt='😀' src=x> <img alt=👍 src=y></p>", "Thanks 😀 👍\n\n"),
        ("<div><img alt='👍' src=x width=24></div>", "👍\n"),
        ("So<img alt='👍'>!", "So👍!"),
        (
            "<p>Do:</p><p><img alt='Step 1: open'></p><p><img alt='Step 2: press'></p>",
            "Do:\n\nStep 1: open\n\nStep 2: press\n\n",
        ),
        ("a<img alt='1 &amp;lt; 2'>b", "a 1 &lt; 2 b"),
        ("<td style='font-size:0'><img alt='Sale today'></td>", "Sale today"),
        ("a<img alt=image001.png><img alt=''><img><img alt='Opened it' width=1 height=1>b", "ab"),
        ("a<img alt='Opened it' style='display:none'><div hidden><img alt='Not seen'></div>", "a\n"),
    ];
    for (html, text) in cases {
        assert_eq!(plain(html), text, "{html}");
    }
    assert_eq!(placed("<img alt='👍'>").text, "👍", "folded by the same words");
}

#[test]
fn t3_links_tell_where_they_lead_to() {
    let cases = [
        ("See <a href=\"https://x.example/a?b=1&amp;c=2\">here</a>.", "See here <https://x.example/a?b=1&c=2>."),
        ("<a href='https://www.x.example/'>x.example</a>", "x.example"),
        ("<a href='https://evil.example/'>bank.example</a>", "bank.example <https://evil.example/>"),
        (
            "<a href='https://x.example/long/way'>https://x.example/lo…</a>",
            "https://x.example/lo… <https://x.example/long/way>",
        ),
        ("<a href='mailto:anna@x.example?subject=y'>Anna</a>", "Anna <anna@x.example>"),
        ("<a href='mailto:anna@x.example'>anna@x.example</a>", "anna@x.example"),
        (
            "<a href='tel:+4930123456'>+49 (30) 123-456</a>, <a href='tel:+4930123456'>030 123456</a>",
            "+49 (30) 123-456, 030 123456 <+4930123456>",
        ),
        ("<a href='#top'>up</a> <a href='javascript:x()'>run</a> <a name=x>here</a>", "up run here"),
        ("<a href='https://x.example/'><img src=x alt=Confirm></a>", "Confirm <https://x.example/>"),
        ("<a href='https://x.example/'><img src=x></a>", ""),
        ("<a href='https://x.example/\u{202e}gpj'>a</a>", "a"),
        ("<a href='https://x.example/'><div>Card</div></a>after", "Card\n<https://x.example/>after"),
    ];
    for (html, text) in cases {
        assert_eq!(plain(html), text, "{html}");
    }
    assert_eq!(placed("<a href='https://x.example/a'>here</a>").text, "here", "folded by its words alone");
}

#[test]
fn t3_words_that_are_struck_out_stay_so() {
    let cases = [
        ("on <s>Monday</s> <del>Tuesday</del> Wednesday", "on ~~Monday~~ ~~Tuesday~~ Wednesday"),
        ("<span style='text-decoration: line-through'>10</span> 8", "~~10~~ 8"),
        ("<style>.old{text-decoration:line-through}</style><b class=old>10</b> 8", "~~10~~ 8"),
        ("<strike></strike>8", "8"),
        ("<strike><p>a</p></strike>", "~~a~~\n\n"),
    ];
    for (html, text) in cases {
        assert_eq!(plain(html), text, "{html}");
    }
}

#[test]
fn t3_line_ends_that_are_kept_are_line_ends() {
    let text = "Line one\nLine  two\n\n  four";
    for kept in ["pre-wrap", "pre", "break-spaces"] {
        assert_eq!(plain(&format!("<div style=\"white-space: {kept}\">{text}</div>")), format!("{text}\n"), "{kept}");
    }
    assert_eq!(plain(&format!("<p style='white-space:pre-line'>{text}</p>")), "Line one\nLine two\n\nfour\n\n");
    assert_eq!(
        plain(&format!("<style>.m{{white-space:pre-wrap}}</style><p class='m x'>{text}</p>")),
        format!("{text}\n\n")
    );
    assert_eq!(
        plain("<div style='white-space:pre-wrap'>a\nb<p style='white-space:normal'>c\nd</p></div>"),
        "a\nb\n\nc d\n\n"
    );
    assert_eq!(plain("<div style='white-space:nowrap'>a\nb</div>"), "a b\n");
}

#[test]
fn t3_what_nobody_sees_is_not_read() {
    for hidden in [
        "<span style='display:none!important'>no</span>",
        "<div style='font-size:0'>no<b>no</b></div>",
        "<div style='font-size:1px;line-height:1px'>no</div>",
        "<div style='max-height:0;overflow:hidden'>no</div>",
        "<span style='visibility:hidden'>no</span>",
        "<span style='opacity:0'>no</span>",
        "<span hidden>no</span>",
        "<font color='#FFFFFF'>no</font>",
        "<div style='background:#202020'><span style='color:rgb(32,32,32)'>no</span></div>",
        "<style>.pre{display:none!important;visibility:hidden;mso-hide:all}</style><span class='pre'>no</span>",
        "<style>div.a .pre{display:none}</style><div class=a><p><span class='x pre'>no</span></p></div>",
        "<style>#pre, .other{display:none}</style><span id=pre>no</span>",
        "<style>.pre{display:none!important}</style><span class=pre style='display:inline'>no</span>",
        "<style>@media all{span{font-size:0}}</style><span>no</span>",
        "<div>&zwnj;&nbsp;&zwnj;&nbsp;&#847; \u{200b}\u{2007}&#8203;</div>",
    ] {
        let text = plain(&format!("{hidden}<p>yes</p>"));
        assert_eq!(text.trim(), "yes", "{hidden}");
    }
    for seen in [
        "<a style='mso-hide:all' href='https://x.example/'>x.example</a>",
        "<style>@media (max-width:600px){.x{display:none}}.x:hover{display:none}</style><b class=x>x.example</b>",
        "<div style='visibility:hidden'><b style='visibility:visible'>x.example</b></div>",
        "<div style='font-size:0'><b style='font-size:14px'>x.example</b></div>",
        "<td background='p.jpg'><font color=white>x.example</font></td>",
        "<td bgcolor='#000000'><font color=white>x.example</font></td>",
    ] {
        assert_eq!(plain(seen).trim(), "x.example", "{seen}");
    }
}

proptest! {
    #[test]
    fn any_html_can_be_read(html in "(<|>|/|!--|-->|\"|'|&|;|&#x|blockquote type=cite|script|td|br|p| |\n|[a-zé&])" , times in 0usize..50) {
        let _ = plain(&html.repeat(times));
    }

    #[test]
    fn any_tags_can_be_read(html in "(<|>|</|<!--|-->|\"|&|;|&#x|<blockquote type=cite>|<script>|<td>|<br>|<s>|</s>|<a href=https://x>|</a>|<ol>|<li>|<pre>| |\n|[a-zé]){0,60}") {
        prop_assert!(plain(&html).len() <= html.len() * 8);
    }
}
