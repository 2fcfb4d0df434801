//! Settings. Each comes from a flag, the environment or `tandem.toml`, in this order, and remembers its source.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
};

use clap::Args;
use ipnet::{IpNet, Ipv4Net};
use tracing_subscriber::EnvFilter;
use url::{Host, Url};

use crate::auth::Cookies;

/// This machine's own IPv4 addresses.
const LOOPBACK: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8);

/// The flags that every command takes.
#[derive(Debug, Clone, Default, Args)]
pub struct Flags {
    /// Where to listen: address and port [default: 127.0.0.1:3000]
    #[arg(long, global = true)]
    pub addr: Option<String>,
    /// The address that browsers use: scheme, host and, if need be, port
    #[arg(long, global = true)]
    pub public_url: Option<String>,
    /// Proxies that say truly for whom they ask, as 10.0.0.5 or 10.1.0.0/16, comma separated [default: those on this machine, where
    /// only they reach Tandem]
    #[arg(long, global = true)]
    pub trusted_proxies: Option<String>,
    /// The folder for the database, files and secrets [default: ./data]
    #[arg(long, global = true)]
    pub data: Option<String>,
    /// sqlite:PATH or postgres://… [default: tandem.db in the data folder]
    #[arg(long, global = true)]
    pub database_url: Option<String>,
    /// What to log, as info or info,server=debug [default: info]
    #[arg(long, global = true)]
    pub log: Option<String>,
    /// text or json [default: text]
    #[arg(long, global = true)]
    pub log_format: Option<String>,
    /// The file with the key that stored passwords are sealed with [default: secret.key in the data folder]
    #[arg(long, global = true)]
    pub secret_file: Option<String>,
    /// Private networks that channels may reach, as 10.1.0.0/16, comma separated [default: none]
    #[arg(long, global = true)]
    pub allow_networks: Option<String>,
    /// Private networks that pictures in mails may be fetched from, comma separated [default: none]
    #[arg(long, global = true)]
    pub allow_picture_networks: Option<String>,
    /// A PEM file of certificate authorities that mail servers may also be signed by [default: none]
    #[arg(long, global = true)]
    pub mail_ca: Option<String>,
    /// Where members ask for help: an e-mail address or the https address of a page [default: none]
    #[arg(long, global = true)]
    pub support: Option<String>,
    /// What this process does: web, worker, channels, comma separated [default: web,worker,channels]
    #[arg(long, global = true)]
    pub roles: Option<String>,
    /// How little room on a disk is worth a warning, in MB; 0 for none [default: 1024]
    #[arg(long, global = true)]
    pub low_space: Option<String>,
    /// Serve by plain http on an address that others can reach. Passwords then travel in the clear.
    #[arg(long, global = true)]
    pub insecure_http: bool,
}

/// The source of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The command line.
    Flag,
    /// The environment.
    Environment,
    /// The file tandem.toml.
    File,
    /// No source sets it.
    Default,
}

/// A setting and its source.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Its name as an environment variable.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// Its source.
    pub source: Source,
}

/// What is wrong with the settings, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read or parsed.
    #[error("tandem.toml: {0}")]
    File(String),
    /// The file has an unknown key.
    #[error("tandem.toml: there is no setting \"{key}\"; there are {known}")]
    Unknown {
        /// The unknown key.
        key: String,
        /// The known keys.
        known: String,
    },
    /// A value is not valid.
    #[error("{name} is \"{value}\": {what}")]
    Value {
        /// The setting.
        name: &'static str,
        /// Its value.
        value: String,
        /// What the value should be.
        what: &'static str,
    },
    /// Plain http on an address that others can reach.
    #[error(
        "{0} can be reached by others, and plain http would show them every password. Set TANDEM_PUBLIC_URL to the https address of the proxy in front, or, if you must, pass --insecure-http."
    )]
    Insecure(String),
}

/// All settings, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address and port to listen on.
    pub addr: SocketAddr,
    /// The address that browsers use, if it was set: scheme, host, port, in the form of an `Origin` header.
    pub public_url: Option<String>,
    /// Where members ask for help, if it was set: an e-mail address or the https address of a page.
    pub support: Option<String>,
    /// The proxies that are trusted to name the client of a request.
    pub trusted_proxies: Vec<IpNet>,
    /// The data folder.
    pub data: PathBuf,
    /// The URL of the database.
    pub database_url: String,
    /// The log filter.
    pub log: String,
    /// Whether to log JSON.
    pub log_json: bool,
    /// Whether this process serves browsers.
    pub web: bool,
    /// Whether this process runs jobs.
    pub worker: bool,
    /// Whether this process receives for channels.
    pub channels: bool,
    /// The file with the key that stored passwords are sealed with.
    pub secret_file: PathBuf,
    /// Private networks that channels may reach.
    pub allow_networks: Vec<IpNet>,
    /// Private networks that pictures in mails may be fetched from.
    pub allow_picture_networks: Vec<IpNet>,
    /// A PEM file of additional certificate authorities for mail servers.
    pub mail_ca: Option<PathBuf>,
    /// The free space on a disk below which a warning appears, in bytes.
    pub low_space: u64,
    /// The form of the session cookie.
    pub cookies: Cookies,
    /// All settings with their sources, for `tandem config`.
    pub settings: Vec<Setting>,
}

impl Config {
    /// Reads the settings.
    ///
    /// # Errors
    /// When a setting is not valid. The text says which and what to do.
    pub fn read(flags: &Flags) -> Result<Self, ConfigError> {
        let file = match std::fs::read_to_string("tandem.toml") {
            Ok(text) => text.parse::<toml::Table>().map_err(|e| ConfigError::File(e.to_string()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => toml::Table::new(),
            Err(error) => return Err(ConfigError::File(error.to_string())),
        };
        Self::with_file(flags, &file)
    }

    fn with_file(flags: &Flags, file: &toml::Table) -> Result<Self, ConfigError> {
        let mut settings = Vec::new();
        let mut take = |name: &'static str, flag: &Option<String>, default: &str| {
            let in_file = file.get(&key_of(name)).map(|v| v.as_str().map_or_else(|| v.to_string(), ToOwned::to_owned));
            let (value, source) = match (flag.clone(), std::env::var(name).ok(), in_file) {
                (Some(value), ..) => (value, Source::Flag),
                (_, Some(value), _) => (value, Source::Environment),
                (.., Some(value)) => (value, Source::File),
                _ => (default.to_owned(), Source::Default),
            };
            settings.push(Setting { name, value: value.clone(), source });
            value
        };
        let addr = take("TANDEM_ADDR", &flags.addr, "127.0.0.1:3000");
        let public_url = take("TANDEM_PUBLIC_URL", &flags.public_url, "");
        let proxies = take("TANDEM_TRUSTED_PROXIES", &flags.trusted_proxies, "");
        let data = PathBuf::from(take("TANDEM_DATA", &flags.data, "./data"));
        let default_db = format!("sqlite:{}", data.join("tandem.db").display());
        let database_url = take("TANDEM_DATABASE_URL", &flags.database_url, &default_db);
        let log = take("TANDEM_LOG", &flags.log, "info");
        let log_format = take("TANDEM_LOG_FORMAT", &flags.log_format, "text");
        let default_key = data.join("secret.key").display().to_string();
        let secret_file = PathBuf::from(take("TANDEM_SECRET_FILE", &flags.secret_file, &default_key));
        let networks = take("TANDEM_ALLOW_NETWORKS", &flags.allow_networks, "");
        let picture_networks = take("TANDEM_ALLOW_PICTURE_NETWORKS", &flags.allow_picture_networks, "");
        let mail_ca = take("TANDEM_MAIL_CA", &flags.mail_ca, "");
        let support = take("TANDEM_SUPPORT", &flags.support, "");
        let roles = take("TANDEM_ROLES", &flags.roles, "web,worker,channels");
        let low_space = take("TANDEM_LOW_SPACE", &flags.low_space, "1024");
        only_known(file, &settings)?;
        let wrong = |name, value: &str, what| ConfigError::Value { name, value: value.to_owned(), what };

        log_filter(&log)?;
        if !matches!(log_format.as_str(), "" | "text" | "json") {
            return Err(wrong("TANDEM_LOG_FORMAT", &log_format, "write text or json"));
        }
        let socket: SocketAddr =
            addr.parse().map_err(|_| wrong("TANDEM_ADDR", &addr, "write an address and a port, as 127.0.0.1:3000"))?;
        if !["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| database_url.starts_with(scheme)) {
            let what = "write sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE";
            return Err(wrong("TANDEM_DATABASE_URL", &without_password(&database_url), what));
        }
        let public = match public_url.trim() {
            "" => None,
            said => Some(Public::read(said).ok_or_else(|| {
                wrong("TANDEM_PUBLIC_URL", &public_url, "write scheme and host, as https://tandem.example.com")
            })?),
        };
        let is_https = public.as_ref().is_some_and(|public| public.is_https);
        let loopback = public.as_ref().map_or(socket.ip().is_loopback(), |public| public.is_loopback);
        if !is_https && !loopback && !flags.insecure_http {
            return Err(ConfigError::Insecure(public.map_or(addr, |public| public.origin)));
        }
        let mut trusted_proxies = listed("TANDEM_TRUSTED_PROXIES", &proxies)?;
        if trusted_proxies.iter().any(|network| network.prefix_len() == 0) {
            let what = "this trusts every address, so anybody could fake their own; list only the proxy's addresses";
            return Err(wrong("TANDEM_TRUSTED_PROXIES", &proxies, what));
        }
        if is_https && socket.ip().is_loopback() {
            // Browsers use https, and this process serves only http, so a connection from this machine is the proxy.
            trusted_proxies.extend([IpNet::V4(LOOPBACK), IpNet::from(IpAddr::from(Ipv6Addr::LOCALHOST))]);
        }
        let known = roles.split(',').map(str::trim).all(|role| matches!(role, "web" | "worker" | "channels"));
        if !known {
            return Err(wrong(
                "TANDEM_ROLES",
                &roles,
                "name web, worker, channels or some of them, separated by commas",
            ));
        }
        let allow_networks = listed("TANDEM_ALLOW_NETWORKS", &networks)?;
        let allow_picture_networks = listed("TANDEM_ALLOW_PICTURE_NETWORKS", &picture_networks)?;
        let low_space: u64 = low_space.parse().map_err(|_| {
            wrong("TANDEM_LOW_SPACE", &low_space, "write a number of megabytes, as 1024; 0 for no warning")
        })?;
        let is_address = |said: &str| {
            said.starts_with("https://")
                || said.split_once('@').is_some_and(|(who, at)| !who.is_empty() && at.contains('.'))
        };
        let support = match support.trim() {
            "" => None,
            said if is_address(said) && !said.contains(char::is_whitespace) => Some(said.to_owned()),
            _ => {
                let what = "write an e-mail address, as help@example.com, or an address that begins with https://";
                return Err(wrong("TANDEM_SUPPORT", &support, what));
            }
        };
        let has = |role: &str| roles.split(',').any(|r| r.trim() == role);
        Ok(Self {
            addr: socket,
            public_url: public.map(|public| public.origin),
            support,
            trusted_proxies,
            data,
            database_url,
            log,
            log_json: log_format == "json",
            web: has("web"),
            worker: has("worker"),
            channels: has("channels"),
            secret_file,
            allow_networks,
            allow_picture_networks,
            low_space: low_space.saturating_mul(1024 * 1024),
            mail_ca: (!mail_ca.is_empty()).then(|| PathBuf::from(mail_ca)),
            cookies: if is_https { Cookies::Secure } else { Cookies::Loopback },
            settings,
        })
    }
}

/// The public address of Tandem.
struct Public {
    /// In the form of an `Origin` header: lower case, names in ASCII, without the scheme's default port.
    origin: String,
    is_https: bool,
    /// Whether only this machine can reach it.
    is_loopback: bool,
}

impl Public {
    /// Parses scheme, host and an optional port. None for anything else.
    fn read(said: &str) -> Option<Self> {
        // Browsers silently drop or replace these characters. In a setting they are probably a mistake.
        if said.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\') {
            return None;
        }
        let url = Url::parse(said).ok()?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let nobody = url.username().is_empty() && url.password().is_none() && !said.contains('@');
        let is_https = url.scheme() == "https";
        if !bare || !nobody || !(is_https || url.scheme() == "http") || url.port() == Some(0) {
            return None;
        }
        let is_loopback = match url.host()? {
            Host::Domain(name) if !is_name(name) => return None,
            Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        Some(Self { origin: url.origin().ascii_serialization(), is_https, is_loopback })
    }
}

/// Whether a host name is valid. A URL also accepts a pattern (`*.example.com`) or an empty label.
fn is_name(name: &str) -> bool {
    let fits = |part: &str| {
        !part.is_empty()
            && part.len() <= 63
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    name.strip_suffix('.').unwrap_or(name).split('.').all(fits)
}

/// The key of a setting in `tandem.toml`.
fn key_of(name: &str) -> String {
    name.trim_start_matches("TANDEM_").to_lowercase()
}

/// Refuses unknown keys: with a misspelt key, its setting would silently keep its default.
fn only_known(file: &toml::Table, settings: &[Setting]) -> Result<(), ConfigError> {
    let known: Vec<String> = settings.iter().map(|setting| key_of(setting.name)).collect();
    match file.keys().find(|key| !known.contains(key)) {
        Some(key) => Err(ConfigError::Unknown { key: key.clone(), known: known.join(", ") }),
        None => Ok(()),
    }
}

/// Parses the log filter.
///
/// # Errors
/// When the setting is no valid filter.
pub fn log_filter(log: &str) -> Result<EnvFilter, ConfigError> {
    // At its finest level this parser logs a line for every misplaced tag of a mail.
    EnvFilter::try_new(format!("{log},html5ever=off")).map_err(|_| ConfigError::Value {
        name: "TANDEM_LOG",
        value: log.to_owned(),
        what: "write a level, or parts with theirs, as info or info,server=debug",
    })
}

/// Parses a list of networks. A single address is a network of its own.
fn listed(name: &'static str, value: &str) -> Result<Vec<IpNet>, ConfigError> {
    let networks = value.split(',').map(str::trim).filter(|network| !network.is_empty());
    let read = |network: &str| network.parse().or_else(|_| network.parse::<IpAddr>().map(IpNet::from));
    networks.map(read).collect::<Result<Vec<IpNet>, _>>().map_err(|_| ConfigError::Value {
        name,
        value: value.to_owned(),
        what: "write networks as 10.1.0.0/16, separated by commas",
    })
}

/// A database URL without its password, for logs.
pub fn without_password(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(start), Some(at)) if at > start => {
            let user = url[start + 3..at].split(':').next().unwrap_or_default();
            format!("{}://{user}{}", &url[..start], &url[at..])
        }
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests;
