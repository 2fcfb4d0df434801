//! Every outgoing connection to a host that a stranger or an administrator's form named. A name is resolved once, every address is checked,
//! and the connection goes to a checked address (S32).

#[cfg(test)]
mod tests;

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use ipnet::IpNet;
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

/// The timeout for a connection and for a name lookup.
const CONNECT: Duration = Duration::from_secs(10);
/// How many of a name's addresses are tried.
const ADDRESSES: usize = 16;

/// Why a server was not reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReachError {
    /// Its name has no address.
    #[error("{0} has no address.")]
    NoAddress(String),
    /// Its address is in a network that is not public.
    #[error("{name} is at {address}, which is not a public address.")]
    NotPublic {
        /// Its name.
        name: String,
        /// Its address.
        address: IpAddr,
    },
    /// The server does not answer.
    #[error("{name} port {port} does not answer: {reason}.")]
    NoAnswer {
        /// Its name.
        name: String,
        /// The port.
        port: u16,
        /// The system's error.
        reason: String,
    },
    /// The server's certificate is not valid for its name.
    #[error("{name} has no valid certificate: {reason}.")]
    NotTrusted {
        /// Its name.
        name: String,
        /// What is wrong with the certificate.
        reason: String,
    },
}

impl ReachError {
    /// What to do about this error.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::NoAddress(_) => "Check the server's name.",
            Self::NotPublic { .. } => {
                "If it is your own server, the person who runs Tandem can allow it with TANDEM_ALLOW_NETWORKS."
            }
            Self::NoAnswer { .. } => "Check the name, the port and the firewall.",
            Self::NotTrusted { .. } => {
                "Use the name in the server's certificate. For your own certificate authority, the person who runs Tandem sets TANDEM_MAIL_CA."
            }
        }
    }
}

/// Resolves names. Tests use one that answers differently each time.
#[async_trait]
pub trait Names: Send + Sync {
    /// The addresses of a name.
    ///
    /// # Errors
    /// When the name has none, or no resolver answers.
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The resolver of the system.
struct System;

#[async_trait]
impl Names for System {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|found| found.ip()).collect())
    }
}

/// A host name in its network form: labels in ASCII (IDNA), lower case. None for anything else: a port, a path, a user, a space, or an IP
/// address in any notation.
pub fn host_name(text: &str) -> Option<String> {
    let text = text.strip_suffix('.').unwrap_or(text);
    let name = Uts46::new()
        .to_ascii(text.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
        .ok()?
        .into_owned();
    let last = name.rsplit('.').next().unwrap_or_default();
    let number = last.strip_prefix("0x").map_or_else(
        || last.chars().all(|c| c.is_ascii_digit()),
        |digits| digits.chars().all(|c| c.is_ascii_hexdigit()),
    );
    (!number).then_some(name)
}

/// A server's name, or its IP address in the usual notation: what an administrator may enter.
pub fn server_name(text: &str) -> Option<String> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    match bare.parse::<IpAddr>() {
        Ok(address) => Some(address.to_string()),
        Err(_) => host_name(text),
    }
}

/// Which networks may be reached, and which certificates are trusted. Cheap to clone.
#[derive(Clone)]
pub struct Network {
    way: Way,
    tls: TlsConnector,
    documents: Web,
    pictures: Web,
}

/// Resolves names, and decides which addresses may be reached.
#[derive(Clone)]
struct Way {
    names: Arc<dyn Names>,
    allowed: Arc<[IpNet]>,
}

/// Fetches documents by HTTP, from public addresses and from networks allowed for this.
#[derive(Clone)]
struct Web {
    way: Way,
    client: reqwest::Client,
}

/// Why a document could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The URL is not one that may be fetched.
    #[error("this is not a valid address")]
    NoUrl,
    /// Its server may not be reached, or was not.
    #[error(transparent)]
    Reach(#[from] ReachError),
    /// The HTTP exchange failed.
    #[error(transparent)]
    Exchange(#[from] reqwest::Error),
    /// The server's status is not 200.
    #[error("the server answers {0}")]
    Status(u16),
    /// It is larger than the limit, in bytes.
    #[error("it is larger than {0} bytes")]
    TooLarge(usize),
}

/// Resolves names for the HTTP client, with the same checks. The client connects only to addresses from here.
struct Guard(Way);

impl reqwest::dns::Resolve for Guard {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let way = self.0.clone();
        Box::pin(async move {
            let found = way.resolve(name.as_str(), 0).await?;
            Ok(Box::new(found.into_iter()) as reqwest::dns::Addrs)
        })
    }
}

impl Network {
    /// Allows public addresses and those in `allowed`. Trusts the public certificate authorities and those in the PEM file `ca`.
    ///
    /// # Errors
    /// When the file cannot be read or contains no certificate.
    pub fn new(allowed: &[IpNet], ca: Option<&Path>) -> io::Result<Self> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(path) = ca {
            let before = roots.len();
            let bad = |what: String| io::Error::other(format!("TANDEM_MAIL_CA, {}: {what}", path.display()));
            for one in CertificateDer::pem_file_iter(path).map_err(|e| bad(e.to_string()))? {
                let one = one.map_err(|e| bad(e.to_string()))?;
                roots.add(one).map_err(|e| bad(e.to_string()))?;
            }
            if roots.len() == before {
                return Err(bad("no certificate is in it".to_owned()));
            }
        }
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self::built(Arc::new(System), allowed, &[], tls)
    }

    fn built(names: Arc<dyn Names>, allowed: &[IpNet], pictures: &[IpNet], tls: ClientConfig) -> io::Result<Self> {
        let way = |allowed: &[IpNet]| Way { names: Arc::clone(&names), allowed: allowed.into() };
        let documents = Web::new(way(allowed), tls.clone())?;
        // The sender of a mail chooses the servers of its pictures, so networks that are allowed for mail servers are not allowed for
        // pictures.
        let pictures = Web::new(way(pictures), tls.clone())?;
        Ok(Self { way: way(allowed), tls: TlsConnector::from(Arc::new(tls)), documents, pictures })
    }

    /// Replaces the system's resolver.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn with_names(self, names: Arc<dyn Names>) -> io::Result<Self> {
        Self::built(names, &self.way.allowed, &self.pictures.way.allowed, ClientConfig::clone(self.tls.config()))
    }

    /// Allows these networks for pictures in mails, too.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn with_pictures_from(self, allowed: &[IpNet]) -> io::Result<Self> {
        Self::built(Arc::clone(&self.way.names), &self.way.allowed, allowed, ClientConfig::clone(self.tls.config()))
    }

    /// The addresses of a server, if every one of them may be reached.
    ///
    /// # Errors
    /// [`ReachError::NoAddress`], [`ReachError::NotPublic`]
    pub async fn resolve(&self, name: &str, port: u16) -> Result<Vec<SocketAddr>, ReachError> {
        self.way.resolve(name, port).await
    }

    /// Connects to the first address that answers.
    ///
    /// # Errors
    /// [`ReachError`]
    pub async fn connect(&self, name: &str, port: u16) -> Result<TcpStream, ReachError> {
        let mut reason = "it took too long".to_owned();
        for address in self.resolve(name, port).await? {
            match tokio::time::timeout(CONNECT, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Ok(Err(error)) => reason = error.to_string(),
                Err(_) => {}
            }
        }
        Err(ReachError::NoAnswer { name: name.to_owned(), port, reason })
    }

    /// Fetches a small document about mail servers, without redirects and cookies, at most `limit` bytes.
    ///
    /// # Errors
    /// When the server is not reached, answers anything but 200, or sends too much.
    pub async fn get(&self, url: &str, limit: usize) -> Result<Vec<u8>, HttpError> {
        self.documents.get(url, limit).await
    }

    /// Fetches a picture of a mail in the same way. Networks of mail servers are not allowed here, unless they are public.
    ///
    /// # Errors
    /// When the server is not reached, answers anything but 200, or sends too much.
    pub async fn picture(&self, url: &str, limit: usize) -> Result<Vec<u8>, HttpError> {
        self.pictures.get(url, limit).await
    }

    /// Starts TLS on a connection. The server must prove that it is `name`.
    ///
    /// # Errors
    /// [`ReachError::NotTrusted`]
    pub async fn secure<S>(&self, name: &str, stream: S) -> Result<TlsStream<S>, ReachError>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    {
        let not = |reason: String| ReachError::NotTrusted { name: name.to_owned(), reason };
        let who = ServerName::try_from(name.to_owned()).map_err(|e| not(e.to_string()))?;
        match tokio::time::timeout(CONNECT, self.tls.connect(who, stream)).await {
            Ok(done) => done.map_err(|e| not(e.to_string())),
            Err(_) => Err(not("it took too long".to_owned())),
        }
    }
}

impl Web {
    fn new(way: Way, tls: ClientConfig) -> io::Result<Self> {
        let client = reqwest::Client::builder()
            .use_preconfigured_tls(tls)
            .dns_resolver(Arc::new(Guard(way.clone())))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .timeout(Duration::from_secs(20))
            .build()
            .map_err(io::Error::other)?;
        Ok(Self { way, client })
    }

    async fn get(&self, url: &str, limit: usize) -> Result<Vec<u8>, HttpError> {
        let mut answer = self.ask(url).await?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > limit {
                return Err(HttpError::TooLarge(limit));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    async fn ask(&self, url: &str) -> Result<reqwest::Response, HttpError> {
        let url = reqwest::Url::parse(url).map_err(|_| HttpError::NoUrl)?;
        let host = url.host_str().ok_or(HttpError::NoUrl)?;
        if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() || url.password().is_some() {
            return Err(HttpError::NoUrl);
        }
        // An IP address in place of a name does not reach the resolver below, so it is checked here.
        self.way.resolve(host, url.port_or_known_default().unwrap_or(443)).await?;
        let answer = self.client.get(url).send().await?;
        match answer.status() {
            reqwest::StatusCode::OK => Ok(answer),
            other => Err(HttpError::Status(other.as_u16())),
        }
    }
}

impl Way {
    async fn resolve(&self, name: &str, port: u16) -> Result<Vec<SocketAddr>, ReachError> {
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        let none = || ReachError::NoAddress(name.to_owned());
        let found: Vec<IpAddr> = match bare.parse::<IpAddr>() {
            Ok(address) => vec![address],
            Err(_) => match tokio::time::timeout(CONNECT, self.names.addresses(bare)).await {
                Ok(found) => found.map_err(|_| none())?,
                Err(_) => return Err(none()),
            },
        };
        if found.is_empty() {
            return Err(none());
        }
        // All of them are checked: a private address among public ones is no accident.
        match found.iter().find(|one| !may_reach(&self.allowed, **one)) {
            Some(one) => Err(ReachError::NotPublic { name: name.to_owned(), address: *one }),
            None => Ok(found.into_iter().take(ADDRESSES).map(|one| SocketAddr::new(one, port)).collect()),
        }
    }
}

/// Whether an address is public, or in a network that an administrator allowed.
fn may_reach(allowed: &[IpNet], address: IpAddr) -> bool {
    is_public(address) || allowed.iter().any(|network| network.contains(&address.to_canonical()))
}

/// Whether an address is public: not in IANA's special-purpose registries, and not one that contains a non-public address.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    let special = match (a, b, c) {
        // This network; private; carrier-grade NAT; loopback; link-local.
        (0 | 10 | 127, ..) | (100, 64..=127, _) | (169, 254, _) | (172, 16..=31, _) | (192, 168, _) => true,
        // Protocol assignments, documentation, the 6to4 relay, benchmarks.
        (192, 0, 0 | 2) | (192, 88, 99) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => true,
        // Multicast, reserved, broadcast.
        (224.., ..) => true,
        _ => false,
    };
    !special
}

fn is_public_v6(v6: Ipv6Addr) -> bool {
    let s = v6.segments();
    let inside = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match s {
        [0, 0, 0, 0, 0, 0xffff, high, low] => inside(high, low),
        // NAT64 and 6to4 addresses lead to the IPv4 address inside them.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => inside(high, low),
        [0x2002, high, low, ..] => inside(high, low),
        // Teredo and other protocol assignments, documentation.
        [0x2001, 0..=0x01ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0x0fff, ..] => false,
        _ => (0x2000..=0x3fff).contains(&s[0]),
    }
}
