//! Turns a browser's user agent into words.

use crate::components::ui::Icon;

/// The first match wins, because the user agents of the earlier browsers also contain the names of the later ones.
const BROWSERS: [(&str, &str); 8] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

const SYSTEMS: [(&str, &str, Icon); 7] = [
    ("iPhone", "iPhone", Icon::Smartphone),
    ("iPad", "iPad", Icon::Smartphone),
    ("Android", "Android", Icon::Smartphone),
    ("Windows", "Windows", Icon::Monitor),
    ("Mac OS X", "macOS", Icon::Laptop),
    ("CrOS", "ChromeOS", Icon::Laptop),
    ("Linux", "Linux", Icon::Laptop),
];

/// Text such as "Firefox on Linux", and an icon of the device.
pub(super) fn describe(user_agent: &str) -> (String, Icon) {
    let browser = BROWSERS.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name);
    let system = SYSTEMS.iter().find(|(mark, _, _)| user_agent.contains(mark));
    let icon = system.map_or(Icon::Globe, |(_, _, icon)| *icon);
    let words = match (browser, system.map(|(_, name, _)| *name)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) if user_agent.trim().is_empty() => "Unknown browser".to_owned(),
        (None, None) => user_agent.chars().take(60).collect(),
    };
    (words, icon)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_in_words() {
        let word = |agent| describe(agent).0;
        assert_eq!(word("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"), "Firefox on Linux");
        let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/604.1";
        assert_eq!(describe(iphone), ("Safari on iPhone".to_owned(), Icon::Smartphone));
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0";
        assert_eq!(word(edge), "Edge on Windows");
        assert_eq!(word("curl/8.5.0"), "curl/8.5.0");
        assert_eq!(word(" "), "Unknown browser");
    }
}
