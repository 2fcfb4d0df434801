//! Finds the servers of an e-mail address: from a list of large providers, from the domain itself (SRV, RFC 6186; autoconfig on its own
//! hosts), and from its MX records. No third party is asked.

use std::time::Duration;

use hickory_resolver::{ResolverBuilder, TokioResolver, proto::rr::RData};
use model::{EmailSettings, Host, Security};

use super::error::is_microsoft;
use crate::network::{Network, host_name};

/// The time limit for each way of finding servers.
const PATIENCE: Duration = Duration::from_secs(6);

/// The servers that were found, and how sure that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The settings, for a person to check and change.
    pub settings: EmailSettings,
    /// The source, as it is displayed.
    pub by: String,
    /// What a person must know before going on. Empty for nothing.
    pub notice: String,
}

/// A provider whose servers are known: its domains, the ends of its MX hosts, IMAP, SMTP.
struct Provider {
    name: &'static str,
    domains: &'static [&'static str],
    mx: &'static [&'static str],
    imap: &'static str,
    smtp: &'static str,
    smtp_security: Security,
    /// Its SMTP server puts copies of sent mails into the Sent folder itself.
    files_sent: bool,
    notice: &'static str,
}

const APP_PASSWORD: &str =
    "This provider requires an app password. Create one in the account's security settings and enter it here.";

/// As on the providers' own help pages.
const PROVIDERS: [Provider; 14] = [
    Provider {
        name: "Google",
        domains: &["gmail.com", "googlemail.com"],
        mx: &["google.com", "googlemail.com"],
        imap: "imap.gmail.com",
        smtp: "smtp.gmail.com",
        smtp_security: Security::Tls,
        files_sent: true,
        notice: APP_PASSWORD,
    },
    Provider {
        name: "Microsoft",
        domains: &[
            "outlook.com",
            "hotmail.com",
            "live.com",
            "msn.com",
            "outlook.de",
            "outlook.fr",
            "hotmail.fr",
            "live.fr",
        ],
        mx: &["protection.outlook.com", "olc.protection.outlook.com"],
        imap: "outlook.office365.com",
        smtp: "smtp.office365.com",
        smtp_security: Security::StartTls,
        files_sent: true,
        notice: "Microsoft no longer accepts passwords from other programs, only its own sign-in (OAuth). Tandem does not support that yet, so this mailbox cannot be connected.",
    },
    simple(
        "iCloud",
        &["icloud.com", "me.com", "mac.com"],
        &["mail.icloud.com"],
        "imap.mail.me.com",
        "smtp.mail.me.com",
        Security::StartTls,
        APP_PASSWORD,
    ),
    simple(
        "Yahoo",
        &["yahoo.com", "yahoo.fr", "yahoo.de", "ymail.com", "aol.com"],
        &["yahoodns.net"],
        "imap.mail.yahoo.com",
        "smtp.mail.yahoo.com",
        Security::Tls,
        APP_PASSWORD,
    ),
    simple(
        "Fastmail",
        &["fastmail.com", "fastmail.fm"],
        &["messagingengine.com"],
        "imap.fastmail.com",
        "smtp.fastmail.com",
        Security::Tls,
        APP_PASSWORD,
    ),
    simple(
        "Zoho",
        &["zoho.com"],
        &["zoho.com", "zoho.eu"],
        "imap.zoho.com",
        "smtp.zoho.com",
        Security::Tls,
        APP_PASSWORD,
    ),
    simple("OVH", &[], &["mail.ovh.net", "ovh.net"], "ssl0.ovh.net", "ssl0.ovh.net", Security::Tls, ""),
    simple(
        "IONOS",
        &["online.de", "1und1.de"],
        &["ionos.com", "ionos.de", "ionos.fr", "kundenserver.de"],
        "imap.ionos.com",
        "smtp.ionos.com",
        Security::Tls,
        "",
    ),
    simple(
        "GMX",
        &["gmx.de", "gmx.net", "gmx.at", "gmx.ch"],
        &["gmx.net"],
        "imap.gmx.net",
        "mail.gmx.net",
        Security::Tls,
        "Switch on IMAP in GMX's settings first (E-Mail → POP3/IMAP).",
    ),
    simple(
        "WEB.DE",
        &["web.de"],
        &["web.de"],
        "imap.web.de",
        "smtp.web.de",
        Security::StartTls,
        "Switch on IMAP in WEB.DE's settings first.",
    ),
    simple(
        "Infomaniak",
        &[],
        &["infomaniak.ch", "infomaniak.com"],
        "mail.infomaniak.com",
        "mail.infomaniak.com",
        Security::Tls,
        "",
    ),
    simple("Gandi", &[], &["gandi.net"], "mail.gandi.net", "mail.gandi.net", Security::Tls, ""),
    simple(
        "mailbox.org",
        &["mailbox.org"],
        &["mailbox.org"],
        "imap.mailbox.org",
        "smtp.mailbox.org",
        Security::Tls,
        "",
    ),
    simple("Posteo", &["posteo.de", "posteo.net"], &["posteo.de"], "posteo.de", "posteo.de", Security::Tls, ""),
];

const fn simple(
    name: &'static str,
    domains: &'static [&'static str],
    mx: &'static [&'static str],
    imap: &'static str,
    smtp: &'static str,
    smtp_security: Security,
    notice: &'static str,
) -> Provider {
    Provider { name, domains, mx, imap, smtp, smtp_security, files_sent: false, notice }
}

/// Finds the servers of an address, or guesses them. None for an invalid address, before anything is asked: the part behind its @ becomes
/// part of host names and URLs, so it must be a host name and nothing else (S32).
pub async fn discover(network: &Network, address: &str) -> Option<Found> {
    let (_, domain) = address.rsplit_once('@').filter(|(local, _)| !local.is_empty())?;
    let domain = host_name(domain).filter(|domain| domain.contains('.'))?;
    if let Some(provider) = PROVIDERS.iter().find(|provider| provider.domains.contains(&domain.as_str())) {
        return Some(known(address, provider, "what is known of"));
    }
    let by_entries = async {
        let resolver = TokioResolver::builder_tokio().and_then(ResolverBuilder::build).ok()?;
        let (srv, mx) = tokio::join!(by_srv(&resolver, address, &domain), by_mx(&resolver, address, &domain));
        srv.or(mx)
    };
    // Both run at once, because a person waits. The domain's own complete configuration has priority.
    let (autoconfig, entries) = tokio::join!(by_autoconfig(network, address, &domain), by_entries);
    if let Some(found) = autoconfig.or(entries) {
        return Some(found);
    }
    let host = |name: String, port| Host { name, port, security: Security::Tls };
    Some(Found {
        settings: settings(address, host(format!("imap.{domain}"), 993), host(format!("smtp.{domain}"), 465)),
        by: "a guess".to_owned(),
        notice: "This domain does not publish its mail servers. Ask your mail provider, or copy the settings from another mail program.".to_owned(),
    })
}

/// Settings that most mailboxes use.
fn settings(address: &str, imap: Host, smtp: Host) -> EmailSettings {
    EmailSettings {
        address: address.to_owned(),
        name: String::new(),
        user: address.to_owned(),
        imap,
        smtp,
        folder: "INBOX".to_owned(),
        sent_folder: None,
        takes_plus: false,
        signature: String::new(),
    }
}

fn known(address: &str, provider: &Provider, how: &str) -> Found {
    let port = match provider.smtp_security {
        Security::Tls => 465,
        Security::StartTls => 587,
    };
    let imap = Host { name: provider.imap.to_owned(), port: 993, security: Security::Tls };
    let smtp = Host { name: provider.smtp.to_owned(), port, security: provider.smtp_security };
    Found {
        settings: settings(address, imap, smtp),
        by: format!("{how} {}", provider.name),
        notice: provider.notice.to_owned(),
    }
}

/// Whether a server puts copies of sent mails into the Sent folder itself. Then our copy would be a second one.
pub fn files_sent_itself(smtp: &str) -> bool {
    is_microsoft(smtp)
        || PROVIDERS.iter().any(|provider| provider.files_sent && provider.smtp.eq_ignore_ascii_case(smtp))
}

/// Looks up `_imaps._tcp` and similar SRV records (RFC 6186, RFC 8314).
async fn by_srv(resolver: &TokioResolver, address: &str, domain: &str) -> Option<Found> {
    let imap = match srv(resolver, &format!("_imaps._tcp.{domain}.")).await {
        Some((name, port)) => Host { name, port, security: Security::Tls },
        None => {
            let (name, port) = srv(resolver, &format!("_imap._tcp.{domain}.")).await?;
            Host { name, port, security: Security::StartTls }
        }
    };
    let smtp = match srv(resolver, &format!("_submissions._tcp.{domain}.")).await {
        Some((name, port)) => Host { name, port, security: Security::Tls },
        None => {
            let (name, port) = srv(resolver, &format!("_submission._tcp.{domain}.")).await?;
            Host { name, port, security: Security::StartTls }
        }
    };
    let by = format!("the entries (SRV) of {domain}");
    Some(Found { settings: settings(address, imap, smtp), by, notice: String::new() })
}

async fn srv(resolver: &TokioResolver, name: &str) -> Option<(String, u16)> {
    let found = tokio::time::timeout(PATIENCE, resolver.srv_lookup(name)).await.ok()?.ok()?;
    let entries = found.answers().iter().filter_map(|record| match &record.data {
        RData::SRV(entry) => Some(entry),
        _ => None,
    });
    let best = entries.min_by_key(|entry| entry.priority)?;
    // A single dot means that there is no such service. Labels may contain any bytes.
    host_name(&best.target.to_utf8()).filter(|_| best.port > 0).map(|target| (target, best.port))
}

async fn by_mx(resolver: &TokioResolver, address: &str, domain: &str) -> Option<Found> {
    let found = tokio::time::timeout(PATIENCE, resolver.mx_lookup(format!("{domain}."))).await.ok()?.ok()?;
    let entries = found.answers().iter().filter_map(|record| match &record.data {
        RData::MX(entry) => Some(entry),
        _ => None,
    });
    let best = entries.min_by_key(|entry| entry.preference)?;
    let host = best.exchange.to_utf8().trim_end_matches('.').to_ascii_lowercase();
    let provider = PROVIDERS.iter().find(|provider| provider.mx.iter().any(|end| is_under(&host, end)))?;
    Some(known(address, provider, "mail for this domain going to"))
}

/// Whether a host is a domain or a subdomain of it, by whole labels (S38).
fn is_under(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|front| front.ends_with('.'))
}

/// Reads the file that Thunderbird uses, from the domain's own hosts.
async fn by_autoconfig(network: &Network, address: &str, domain: &str) -> Option<Found> {
    let places = [
        format!("https://autoconfig.{domain}/mail/config-v1.1.xml?emailaddress={}", encoded(address)),
        format!("https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml"),
    ];
    for place in places {
        let asked = tokio::time::timeout(PATIENCE, network.get(&place, 64 * 1024)).await;
        let Ok(Ok(body)) = asked else { continue };
        let Some((imap, smtp, user)) = autoconfig(&String::from_utf8_lossy(&body)) else { continue };
        let mut settings = settings(address, imap, smtp);
        if let Some(user) = user.filter(|user| user.len() <= 320 && !user.chars().any(char::is_control)) {
            let local = address.rsplit_once('@').map_or(address, |(local, _)| local);
            settings.user = user
                .replace("%EMAILADDRESS%", address)
                .replace("%EMAILLOCALPART%", local)
                .replace("%EMAILDOMAIN%", domain);
        }
        return Some(Found { settings, by: format!("what {domain} says of itself"), notice: String::new() });
    }
    None
}

fn encoded(address: &str) -> String {
    address
        .bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

/// The first encrypted IMAP and SMTP server of an autoconfig file, and its user name. Only these elements are read; everything else is
/// ignored.
fn autoconfig(xml: &str) -> Option<(Host, Host, Option<String>)> {
    let imap = server(xml, "<incomingServer", "</incomingServer>", "\"imap\"")?;
    let smtp = server(xml, "<outgoingServer", "</outgoingServer>", "\"smtp\"")?;
    Some((imap.0, smtp.0, imap.1))
}

fn server(xml: &str, open: &str, close: &str, kind: &str) -> Option<(Host, Option<String>)> {
    xml.split(open).skip(1).filter_map(|rest| rest.split(close).next()).find_map(|element| {
        let (attributes, inner) = element.split_once('>')?;
        if !attributes.replace('\'', "\"").contains(kind) {
            return None;
        }
        let text = |name: &str| {
            let rest = inner.split_once(&format!("<{name}>"))?.1;
            Some(rest.split_once('<')?.0.trim().to_owned())
        };
        let security = match text("socketType")?.to_ascii_uppercase().as_str() {
            "SSL" => Security::Tls,
            "STARTTLS" => Security::StartTls,
            _ => return None,
        };
        let name = host_name(&text("hostname")?)?;
        let port = text("port")?.parse().ok().filter(|port| *port > 0)?;
        Some((Host { name, port, security }, text("username")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h1_autoconfig_names_the_first_encrypted_servers() {
        let xml = r#"<clientConfig version="1.1"><emailProvider id="x.example">
            <incomingServer type="pop3"><hostname>pop.x.example</hostname><port>995</port><socketType>SSL</socketType></incomingServer>
            <incomingServer type="imap"><hostname>old.x.example</hostname><port>143</port><socketType>plain</socketType></incomingServer>
            <incomingServer type='imap'><hostname>imap.x.example</hostname><port>993</port><socketType>SSL</socketType><username>%EMAILLOCALPART%</username></incomingServer>
            <outgoingServer type="smtp"><hostname>smtp.x.example</hostname><port>587</port><socketType>STARTTLS</socketType></outgoingServer>
            </emailProvider></clientConfig>"#;
        let (imap, smtp, user) = autoconfig(xml).unwrap();
        assert_eq!((imap.name.as_str(), imap.port, imap.security), ("imap.x.example", 993, Security::Tls));
        assert_eq!((smtp.name.as_str(), smtp.port, smtp.security), ("smtp.x.example", 587, Security::StartTls));
        assert_eq!(user.as_deref(), Some("%EMAILLOCALPART%"));
        for bad in ["", "<incomingServer", "<incomingServer type=\"imap\"><hostname>a b</hostname>", "\u{0}"] {
            assert_eq!(autoconfig(bad), None);
        }
    }

    #[tokio::test]
    async fn h1_large_providers_are_known() {
        let network = Network::new(&[], None).unwrap();
        let found = discover(&network, "anna@Gmail.com").await.unwrap();
        assert_eq!((found.settings.imap.name.as_str(), found.settings.smtp.port), ("imap.gmail.com", 465));
        assert!(found.notice.contains("app password"));
        let microsoft = discover(&network, "anna@outlook.com").await.unwrap();
        assert!(microsoft.notice.contains("OAuth"), "said plainly");
        assert!(
            files_sent_itself("smtp.gmail.com")
                && files_sent_itself("smtp.office365.com")
                && !files_sent_itself("smtp.x.example")
        );
        assert_eq!(discover(&network, "anna").await, None);
    }

    #[test]
    fn s38_hosts_are_compared_by_whole_labels() {
        assert!(is_under("mx1.mail.ovh.net", "mail.ovh.net") && !is_under("evilgoogle.com", "google.com"));
    }
}
