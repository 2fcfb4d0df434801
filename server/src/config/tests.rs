use super::*;

fn read(addr: &str, public_url: &str) -> Result<Config, ConfigError> {
    Config::read(&Flags { addr: Some(addr.to_owned()), public_url: Some(public_url.to_owned()), ..Flags::default() })
}

#[test]
fn cookies_follow_the_public_address() {
    assert_eq!(read("0.0.0.0:80", "https://t.example").map(|c| c.cookies).ok(), Some(Cookies::Secure));
    assert_eq!(read("127.0.0.1:1", "").map(|c| c.cookies).ok(), Some(Cookies::Loopback));
    assert_eq!(read("0.0.0.0:1", "http://localhost:1").map(|c| c.cookies).ok(), Some(Cookies::Loopback));
}

#[test]
fn the_public_address_is_what_browsers_write_or_is_refused() {
    let origin = |said: &str| read("127.0.0.1:1", said).ok().and_then(|config| config.public_url);
    for (said, written) in [
        ("https://Help.Example.com", "https://help.example.com"),
        ("HTTPS://help.example.com/", "https://help.example.com"),
        ("https://help.example.com:443", "https://help.example.com"),
        ("http://localhost:80", "http://localhost"),
        ("https://help.example.com:8443/", "https://help.example.com:8443"),
        ("https://hilfe-büro.example", "https://xn--hilfe-bro-w9a.example"),
        ("https://HILFE-BÜRO.example", "https://xn--hilfe-bro-w9a.example"),
        ("https://hilfe-bu\u{308}ro.example", "https://xn--hilfe-bro-w9a.example"),
        ("https://例え.テスト", "https://xn--r8jz45g.xn--zckzah"),
        (" https://help.example.com ", "https://help.example.com"),
        ("https://[2001:DB8:0::1]:443", "https://[2001:db8::1]"),
        ("https://help_desk.example", "https://help_desk.example"),
        ("https://help.example.com.", "https://help.example.com."),
    ] {
        assert_eq!(origin(said).as_deref(), Some(written), "{said}");
    }
    for wrong in [
        "help.example.com",
        "https://",
        "https://help example.com",
        "https://help.example.com/tandem",
        "https://help.example.com/?a",
        "https://help.example.com/#a",
        "https://me@help.example.com",
        "https://@help.example.com",
        "https:\\\\help.example.com",
        "https://help.\texample.com",
        "https://help.example.com:99999",
        "https://help.example.com:0",
        "https://help%zz.example.com",
        "https://xn--a.example",
        "https://*.demo.example",
        "https://*",
        "https://.example.com",
        "https://help..example.com",
        "https://help,desk.example",
        "https://{host}.example",
        "ftp://help.example.com",
        "javascript:alert(1)",
    ] {
        assert!(
            matches!(read("127.0.0.1:1", wrong), Err(ConfigError::Value { name: "TANDEM_PUBLIC_URL", .. })),
            "{wrong}"
        );
    }
}

#[test]
fn s54_proxies_are_trusted_where_they_were_named_or_nobody_else_can_connect() {
    let trusted = |addr: &str, public_url: &str, proxies: &str| {
        let flags = Flags {
            addr: Some(addr.to_owned()),
            public_url: Some(public_url.to_owned()),
            trusted_proxies: Some(proxies.to_owned()),
            ..Flags::default()
        };
        Config::read(&flags).map(|c| c.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(trusted("127.0.0.1:1", "https://t.example", "").unwrap(), "127.0.0.0/8 ::1/128");
    assert_eq!(trusted("[::1]:1", "https://t.example", "").unwrap(), "127.0.0.0/8 ::1/128");
    assert_eq!(trusted("127.0.0.1:1", "", "").unwrap(), "", "a browser on this machine is no proxy");
    assert_eq!(trusted("0.0.0.0:1", "https://t.example", "").unwrap(), "", "others may connect");
    assert_eq!(
        trusted("0.0.0.0:1", "https://t.example", "10.0.0.5, 2001:db8::/32").unwrap(),
        "10.0.0.5/32 2001:db8::/32"
    );
    for wrong in ["0.0.0.0/0", "10.0.0.0/8,::/0", "proxy.example", "10.0.0.0/33", "10.0.0.0/8;10.0.0.1"] {
        assert!(trusted("0.0.0.0:1", "https://t.example", wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_key_in_the_file_that_is_no_setting_is_named() {
    let read = |text: &str| Config::with_file(&Flags::default(), &text.parse().unwrap());
    for (text, key) in [
        ("adr = \"127.0.0.1:4102\"", "adr"),
        ("low_space = 5\nLow_space = 6", "Low_space"),
        ("TANDEM_ADDR = \"127.0.0.1:1\"", "TANDEM_ADDR"),
        ("[server]\naddr = \"127.0.0.1:1\"", "server"),
        ("insecure_http = true", "insecure_http"),
    ] {
        let said = read(text).map(|_| ()).unwrap_err().to_string();
        assert!(said.starts_with(&format!("tandem.toml: there is no setting \"{key}\"; there are addr, ")), "{said}");
    }
    let known =
        "addr = \"127.0.0.1:4102\"\nlow_space = 5\nallow_picture_networks = \"10.0.0.0/8\"\nlog_format = \"json\"";
    assert!(read(known).is_ok());
}

#[test]
fn what_is_to_be_logged_and_how_is_checked_by_its_setting() {
    let refused = |log: Option<&str>, log_format: Option<&str>| {
        let owned = |value: Option<&str>| value.map(ToOwned::to_owned);
        let flags = Flags { log: owned(log), log_format: owned(log_format), ..Flags::default() };
        Config::read(&flags).err().map(|error| error.to_string())
    };
    for wrong in ["tandem==x", "info,server=loud", "[", "server=debug=x"] {
        let said = refused(Some(wrong), None).unwrap_or_default();
        assert!(said.starts_with(&format!("TANDEM_LOG is \"{wrong}\": write a level")), "{said}");
    }
    for right in ["info", "off", "warn,server=debug", "info,server::channels[poll{n=1}]=trace", ""] {
        assert_eq!(refused(Some(right), None), None, "{right}");
    }
    assert!(refused(None, Some("jsno")).is_some_and(|said| said.starts_with("TANDEM_LOG_FORMAT is \"jsno\"")));
    assert_eq!(refused(None, Some("json")), None);
}

#[test]
fn plain_http_for_others_is_refused() {
    assert!(matches!(read("0.0.0.0:80", ""), Err(ConfigError::Insecure(_))));
    assert!(read("127.0.0.1:80", "http://127.0.0.9:80").is_ok());
    assert!(read("127.0.0.1:80", "http://localhost.example:80").is_err());
    assert!(matches!(read("127.0.0.1:80", "http://tandem.example"), Err(ConfigError::Insecure(_))));
}

#[test]
fn s25_passwords_stay_out_of_the_log() {
    assert_eq!(without_password("postgres://u:secret@h/db"), "postgres://u@h/db");
    assert_eq!(without_password("sqlite:/a"), "sqlite:/a");
}
