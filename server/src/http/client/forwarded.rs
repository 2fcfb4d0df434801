//! The two headers in which proxies name the client of a request. Each hop is an address, or None if it is missing or unreadable.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::http::HeaderValue;

/// The hops of `X-Forwarded-For`, nearest last. None without the header.
pub fn custom<'h>(lines: impl IntoIterator<Item = &'h HeaderValue>) -> Option<Vec<Option<IpAddr>>> {
    let mut hops = None;
    for line in lines {
        let hops = hops.get_or_insert_with(Vec::new);
        match line.to_str() {
            Ok(line) => hops.extend(line.split(',').map(|hop| node(hop.trim().trim_matches('"')))),
            Err(_) => hops.push(None),
        }
    }
    hops
}

/// The hops of `Forwarded`, nearest last. None if no line has a `for`.
pub fn standard<'h>(lines: impl IntoIterator<Item = &'h HeaderValue>) -> Option<Vec<Option<IpAddr>>> {
    let mut hops = Vec::new();
    let mut says = false;
    for line in lines {
        match line.to_str().ok().and_then(elements) {
            Some(elements) => {
                for element in elements {
                    says |= element.is_some();
                    hops.push(element.and_then(|name| node(&name)));
                }
            }
            None => {
                says = true;
                hops.push(None);
            }
        }
    }
    says.then_some(hops)
}

/// The `for` value of each element of a line. None if the line breaks the grammar anywhere: then it is unknown where the sender's part ends
/// and the proxy's part begins.
fn elements(line: &str) -> Option<Vec<Option<String>>> {
    let mut elements = Vec::new();
    let mut rest = line.trim();
    loop {
        let mut found = None;
        loop {
            rest = rest.trim_start();
            if !rest.is_empty() && !rest.starts_with([';', ',']) {
                let (name, value) = rest.split_once('=')?;
                if name.is_empty() || !name.bytes().all(is_token) {
                    return None;
                }
                let (value, after) = value_of(value)?;
                if name.eq_ignore_ascii_case("for") && found.replace(value).is_some() {
                    return None;
                }
                rest = after.trim_start();
            }
            match rest.strip_prefix(';') {
                Some(after) => rest = after,
                None => break,
            }
        }
        elements.push(found);
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None if rest.is_empty() => return Some(elements),
            None => return None,
        }
    }
}

/// A token or a quoted string, and the rest.
fn value_of(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        // Many proxies write addresses with colons and brackets without the required quotes.
        let end = text.bytes().position(|b| !is_token(b) && !b":[]".contains(&b)).unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return (!value.is_empty()).then(|| (value.to_owned(), rest));
    };
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(letters.next()?.1),
            other => value.push(other),
        }
    }
    None
}

/// RFC 9110, 5.6.2.
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~')
}

/// An address with or without a port. None for `unknown` and for invented names (`_hidden`).
fn node(text: &str) -> Option<IpAddr> {
    let plain = |text: &str| text.parse::<IpAddr>().ok();
    let address = if let Some(bracketed) = text.strip_prefix('[') {
        let (address, port) = bracketed.split_once(']')?;
        is_port(port).then(|| address.parse::<Ipv6Addr>().ok().map(IpAddr::V6))?
    } else if let Some((address, port)) = text.split_once(':').filter(|(_, port)| !port.contains(':')) {
        is_port(&format!(":{port}")).then(|| address.parse::<Ipv4Addr>().ok().map(IpAddr::V4))?
    } else {
        plain(text)
    };
    address.map(|address| address.to_canonical())
}

/// Empty, or a colon and a number or an invented name.
fn is_port(text: &str) -> bool {
    let Some(port) = text.strip_prefix(':') else { return text.is_empty() };
    match port.strip_prefix('_') {
        Some(name) => !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)),
        None => (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PROXY_SAYS: Option<IpAddr> = Some(IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1)));

    /// What a sender may put in front: pieces of the grammar in any order, and any letters.
    fn forged() -> impl Strategy<Value = String> {
        const BITS: &[&str] = &[
            "for=",
            "1.1.1.1",
            "\"",
            "\\",
            ",",
            ";",
            "=",
            "[",
            "]",
            ":",
            " ",
            "[2001:db8::1]",
            "unknown",
            "by=x",
            "\t",
        ];
        let bit = prop_oneof![4 => prop::sample::select(BITS).prop_map(str::to_owned), 1 => "[ -~]{0,8}"];
        prop::collection::vec(bit, 0..12).prop_map(|bits| bits.concat())
    }

    proptest! {
        #[test]
        fn s54_nothing_that_a_sender_writes_stands_in_the_place_of_what_the_proxy_adds(forged in forged()) {
            let value = |text: &str| HeaderValue::from_str(text).unwrap();
            let appended = value(&format!("{forged}, 198.51.100.1"));
            prop_assert_eq!(custom([&appended]).unwrap().pop(), Some(PROXY_SAYS));
            let appended = value(&format!("{forged}, for=198.51.100.1"));
            let last = standard([&appended]).and_then(|mut hops| hops.pop());
            prop_assert!(matches!(last, Some(PROXY_SAYS | None)), "{:?}", last);
            let (own, proxys) = (value(&forged), value("for=198.51.100.1"));
            prop_assert_eq!(standard([&own, &proxys]).unwrap().pop(), Some(PROXY_SAYS));
        }
    }

    fn last(hops: Option<Vec<Option<IpAddr>>>) -> Option<String> {
        hops?.pop()?.map(|hop| hop.to_string())
    }

    #[test]
    fn s54_addresses_are_read_in_every_form_that_proxies_write() {
        for (text, expected) in [
            ("198.51.100.1", Some("198.51.100.1")),
            ("198.51.100.1:4711", Some("198.51.100.1")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("[2001:db8::1]:4711", Some("2001:db8::1")),
            ("[2001:db8::1]:_port", Some("2001:db8::1")),
            ("::ffff:198.51.100.1", Some("198.51.100.1")),
            ("unknown", None),
            ("_hidden", None),
            ("_SEVKISEK:_p", None),
            ("", None),
            ("198.51.100", None),
            ("198.51.100.1:", None),
            ("198.51.100.1:x", None),
            ("198.51.100.1:123456", None),
            ("0x7f.1", None),
            ("0127.0.0.1", None),
            ("[198.51.100.1]", None),
            ("[2001:db8::1", None),
            ("[2001:db8::1]4711", None),
            ("fe80::1%eth0", None),
            ("host.example", None),
        ] {
            assert_eq!(node(text).map(|a| a.to_string()).as_deref(), expected, "{text}");
            let value = HeaderValue::from_str(text).unwrap();
            assert_eq!(last(custom([&value])).as_deref(), expected, "{text}");
            let value = HeaderValue::from_str(&format!("for=\"{text}\";proto=https")).unwrap();
            assert_eq!(last(standard([&value])).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn s54_forwarded_is_read_by_its_grammar() {
        for (line, expected) in [
            ("for=198.51.100.1", Some("198.51.100.1")),
            ("For=198.51.100.1;by=10.0.0.1;proto=http", Some("198.51.100.1")),
            ("by=10.0.0.1 ; FOR=\"[2001:db8::1]:80\"", Some("2001:db8::1")),
            ("for=[2001:db8::1]:80", Some("2001:db8::1")),
            ("for=\"198.51\\.100.1\"", Some("198.51.100.1")),
            ("for=1.1.1.1, for=198.51.100.1", Some("198.51.100.1")),
            ("for=\"a, for=1.1.1.1\", for=198.51.100.1", Some("198.51.100.1")),
            ("for=1.1.1.1, ,for=198.51.100.1", Some("198.51.100.1")),
            // A quote that the sender leaves open does not hide the proxy's part.
            ("for=1.1.1.1;x=\", for=198.51.100.1", None),
            ("for=\"1.1.1.1, for=198.51.100.1", None),
            ("for=1.1.1.1;for=2.2.2.2", None),
            ("for=198.51.100.1, proto=https", None),
            ("for=198.51.100.1, for", None),
            ("for=", None),
            ("=1", None),
            ("for=198.51.100.1 for=1.1.1.1", None),
        ] {
            let value = HeaderValue::from_str(line).unwrap();
            assert_eq!(last(standard([&value])).as_deref(), expected, "{line}");
        }
        let silent = HeaderValue::from_static("proto=https;host=t.example");
        assert_eq!(standard([&silent]), None, "it says nothing of where");
        assert_eq!(custom([]), None);
    }

    #[test]
    fn s39_a_long_list_is_read_in_its_length() {
        let many = HeaderValue::from_str(&"for=\"[2001:db8::1]\";x=\"\\\\\\\\\",".repeat(4_000)).unwrap();
        let began = std::time::Instant::now();
        assert_eq!(standard([&many]).map(|hops| hops.len()), Some(4_001));
        assert!(began.elapsed() < std::time::Duration::from_millis(500), "{:?}", began.elapsed());
    }
}
