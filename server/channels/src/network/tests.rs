//! S32: no connection goes to an address that is not public, however it is written, and whoever resolves the name.

use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;
use crate::email::discover::discover;

#[test]
fn s32_only_public_addresses() {
    for public in
        ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
    {
        assert!(is_public(public.parse().unwrap()), "{public}");
    }
    for private in [
        "127.0.0.1",
        "127.255.0.9",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "fd12::1",
        "ff02::1",
        "fec0::1",
        "2001:db8::1",
        "2001::1",
        "3fff::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::1",
        "2002:a00:1::",
        "::127.0.0.1",
    ] {
        assert!(!is_public(private.parse().unwrap()), "{private}");
    }
}

#[tokio::test]
async fn s32_names_of_private_places_are_refused_unless_listed() {
    let closed = Network::new(&[], None).unwrap();
    for name in ["localhost", "127.0.0.1", "[::1]", "127.1", "0x7f000001", "2130706433", "127.0.0.1."] {
        let refused = closed.resolve(name, 25).await;
        assert!(matches!(refused, Err(ReachError::NotPublic { .. } | ReachError::NoAddress(_))), "{name}: {refused:?}");
    }
    let open = Network::new(&["127.0.0.0/8".parse().unwrap()], None).unwrap();
    assert!(open.resolve("127.0.0.1", 25).await.is_ok());
    assert!(open.resolve("10.0.0.1", 25).await.is_err());
}

#[tokio::test]
async fn s32_networks_of_mail_servers_are_closed_to_pictures() {
    let loopback: IpNet = "127.0.0.0/8".parse().unwrap();
    let place = "http://127.0.0.1:1/picture.png";
    let mails = Network::new(&[loopback], None).unwrap();
    for url in [place, "http://localhost:1/picture.png"] {
        let refused = mails.picture(url, 1).await;
        assert!(matches!(refused, Err(HttpError::Reach(ReachError::NotPublic { .. }))), "{url}: {refused:?}");
    }
    // Nothing listens there. What matters is that it was asked.
    assert!(matches!(mails.get(place, 1).await, Err(HttpError::Exchange(_))));
    let both = mails.with_pictures_from(&[loopback]).unwrap();
    assert!(matches!(both.picture(place, 1).await, Err(HttpError::Exchange(_))));
}

/// A resolver that counts how often it is asked.
#[derive(Default)]
struct Told {
    places: HashMap<&'static str, Vec<IpAddr>>,
    /// The addresses of the name `moves.example`, one after another.
    moves: Mutex<Vec<IpAddr>>,
    asked: AtomicUsize,
}

#[async_trait]
impl Names for Told {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if name == "moves.example" {
            let mut moves = self.moves.lock().unwrap();
            return Ok(vec![if moves.len() > 1 { moves.remove(0) } else { moves[0] }]);
        }
        let name = name.trim_end_matches('.').to_lowercase();
        match self.places.get(name.as_str()) {
            Some(places) => Ok(places.clone()),
            // The system reads other notations of numbers.
            None => System.addresses(&name).await,
        }
    }
}

/// A server on the loopback address that counts its connections.
async fn counted(address: &str) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((address, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let came = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&came);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (port, came)
}

const HOSTS: &[&str] = &[
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "0",
    "0.0.0.0",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "2130706433",
    "127.0.0.1.",
    "127.000.000.001",
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "192.168.255.255",
    "169.254.169.254",
    "100.64.0.1",
    "100.127.255.255",
    "192.0.0.1",
    "192.0.0.170",
    "192.0.2.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "192.88.99.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:10.0.0.1]",
    "[::ffff:a9fe:a9fe]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::10.0.0.1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2002:a00:1::1]",
    "[2001::1]",
    "[2001:db8::1]",
    "[2001:2::1]",
    "[fe80::1]",
    "[febf::1]",
    "[fc00::1]",
    "[fdff::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[ff05::2]",
    "[3fff::1]",
    "[100::1]",
    "[5f00::1]",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "private.example",
    "mixed.example",
    "mapped.example",
    "nat64.example",
    "metadata.example",
    "127.0.0.1.nip.example",
    "\u{ff11}\u{ff12}\u{ff17}.0.0.1",
    "127\u{3002}0\u{3002}0\u{3002}1",
    "\u{24db}ocalhost",
];

fn told() -> Told {
    let at = |list: &[&str]| list.iter().map(|one| one.parse().unwrap()).collect::<Vec<IpAddr>>();
    let places = HashMap::from([
        ("localhost", at(&["127.0.0.1"])),
        ("private.example", at(&["10.0.0.1"])),
        ("mixed.example", at(&["93.184.216.34", "127.0.0.1"])),
        ("mapped.example", at(&["::ffff:127.0.0.1"])),
        ("nat64.example", at(&["64:ff9b::7f00:1"])),
        ("metadata.example", at(&["169.254.169.254"])),
        ("127.0.0.1.nip.example", at(&["127.0.0.1"])),
    ]);
    Told { places, ..Told::default() }
}

/// Mail servers (IMAP, SMTP), documents (autoconfig) and pictures: every outgoing connection, with every notation of an address.
#[tokio::test]
async fn s32_no_way_of_writing_reaches_what_is_not_public() {
    let (port, came) = counted("127.0.0.1").await;
    let network = Network::new(&[], None).unwrap().with_names(Arc::new(told())).unwrap();
    assert!(HOSTS.len() >= 60);
    for host in HOSTS {
        let refused = |error: &ReachError| matches!(error, ReachError::NotPublic { .. } | ReachError::NoAddress(_));
        let connected = network.connect(host, port).await.unwrap_err();
        assert!(refused(&connected), "{host}: {connected:?}");
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}:{port}/x.png");
            for answer in [network.get(&url, 10).await, network.picture(&url, 10).await] {
                let told = answer.unwrap_err();
                let refused =
                    matches!(&told, HttpError::Reach(error) if refused(error)) || matches!(told, HttpError::NoUrl);
                assert!(refused, "{url}: {told:?}");
            }
        }
    }
    let at = format!("127.0.0.1:{port}");
    for url in [
        format!("http://93.184.216.34@{at}/"),
        format!("http://x:y@{at}/"),
        format!("http://{at}#@x.example/"),
        format!("http://x.example\\@{at}/"),
        format!("http:{at}/"),
        format!("http:\\\\{at}\\"),
        format!("//{at}/"),
        format!("http:///{at}/"),
        format!("http://127.0.0.1%00.x.example:{port}/"),
        format!("http://127.0.0.1%2e:{port}/"),
        format!("http://%31%32%37.0.0.1:{port}/"),
        format!("ftp://{at}/"),
        format!("gopher://{at}/"),
        format!("unix://{at}/"),
        "file:///etc/passwd".to_owned(),
        "data:text/plain,x".to_owned(),
        String::new(),
    ] {
        assert!(network.get(&url, 10).await.is_err(), "{url}");
        assert!(network.picture(&url, 10).await.is_err(), "{url}");
    }
    assert_eq!(came.load(Ordering::SeqCst), 0, "nobody came");
}

/// A name that has one address when it is checked and another when it is connected to.
#[tokio::test]
async fn s32_a_name_that_moves_is_not_followed() {
    let (port, came) = counted("127.0.0.1").await;
    let open: IpNet = "127.0.0.2/32".parse().unwrap();
    let moving = |places: &[&str]| {
        let moves = Mutex::new(places.iter().map(|one| one.parse().unwrap()).collect());
        Arc::new(Told { moves, ..told() })
    };
    let network = |names: &Arc<Told>| {
        let network = Network::new(&[open], None).unwrap().with_pictures_from(&[open]).unwrap();
        network.with_names(Arc::clone(names) as Arc<dyn Names>).unwrap()
    };
    let url = format!("http://moves.example:{port}/");
    for places in [["127.0.0.2", "127.0.0.1"], ["127.0.0.1", "127.0.0.2"]] {
        let names = moving(&places);
        assert!(network(&names).get(&url, 10).await.is_err(), "{places:?}");
        let names = moving(&places);
        assert!(network(&names).picture(&url, 10).await.is_err(), "{places:?}");
        let names = moving(&places);
        assert!(network(&names).connect("moves.example", port).await.is_err(), "{places:?}");
        assert_eq!(names.asked.load(Ordering::SeqCst), 1, "asked once, and connected to what was said then");
    }
    assert_eq!(came.load(Ordering::SeqCst), 0, "nobody came");
}

#[tokio::test]
async fn s32_nobody_is_sent_on() {
    let (elsewhere, came) = counted("127.0.0.1").await;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let head =
                format!("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{elsewhere}/\r\nContent-Length: 0\r\n\r\n");
            // An answer before the request is none.
            let mut asked = [0; 1024];
            let _ = stream.read(&mut asked).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
        }
    });
    let open: IpNet = "127.0.0.0/8".parse().unwrap();
    let network = Network::new(&[open], None).unwrap().with_pictures_from(&[open]).unwrap();
    let url = format!("http://127.0.0.1:{port}/");
    for answer in [network.get(&url, 10).await, network.picture(&url, 10).await] {
        assert!(matches!(answer, Err(HttpError::Status(302))), "{answer:?}");
    }
    assert_eq!(came.load(Ordering::SeqCst), 0, "nobody came");
}

/// The part behind an @ becomes part of names and URLs: it must be a host name, or nothing is asked.
#[tokio::test]
async fn s32_a_mailbox_is_looked_for_at_a_host_and_nowhere_else() {
    let names = Arc::new(told());
    let network = Network::new(&[], None).unwrap().with_names(Arc::clone(&names) as Arc<dyn Names>).unwrap();
    let long = format!("{}.example", "x".repeat(64));
    let longer = "x.".repeat(130) + "example";
    for domain in [
        "127.0.0.1:18443/admin?x.y",
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "0x7f000001",
        "2130706433.",
        "x.example:8080",
        "x.example/path",
        "x.example/",
        "x.example?y",
        "x.example#y",
        "x.example\\y",
        "x.example%2fy",
        "x y.example",
        "x.example ",
        " x.example",
        "[127.0.0.1]",
        "[::1]",
        "::1",
        "x..example",
        ".x.example",
        "x.example..",
        "x-.example",
        "-x.example",
        "x_y.example",
        "x.example\r\n",
        "x.example\0",
        "x.example&y=z",
        "localhost",
        "",
        ".",
        "\u{ff11}\u{ff12}\u{ff17}.0.0.1",
        "127\u{3002}0\u{3002}0\u{3002}1",
        "x.\u{ff0f}example",
        "x.example\u{2100}",
        "xn--a.example",
        "x.example;y",
        "x.example,y.example",
        "<x.example>",
        "x.123",
        "*.example",
        "x.example'",
        "$(id).example",
        long.as_str(),
        longer.as_str(),
    ] {
        assert_eq!(discover(&network, &format!("anna@{domain}")).await, None, "{domain}");
    }
    assert_eq!(names.asked.load(Ordering::SeqCst), 0, "nobody is asked");
}

#[test]
fn s32_a_hosts_name_is_the_same_however_it_is_written() {
    for (written, name) in [
        ("mail.x.example", "mail.x.example"),
        ("Mail.X.Example.", "mail.x.example"),
        ("b\u{fc}cher.example", "xn--bcher-kva.example"),
        ("BU\u{308}CHER\u{3002}example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("mailhost", "mailhost"),
        ("3com.example", "3com.example"),
        ("x.0example", "x.0example"),
    ] {
        assert_eq!(host_name(written).as_deref(), Some(name), "{written}");
    }
    assert_eq!(server_name("127.0.0.1").as_deref(), Some("127.0.0.1"));
    assert_eq!(server_name("[0:0::1]").as_deref(), Some("::1"));
    for none in [
        "127.1",
        "[x.example]",
        "[::1",
        "::1]",
        "user@x.example",
        "x.example:25",
        "imap://x.example",
        "1.2.3.4.5",
        "fe80::1%eth0",
    ] {
        assert_eq!(server_name(none), None, "{none}");
    }
}
