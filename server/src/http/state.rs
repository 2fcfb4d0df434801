//! The state of all handlers.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use channels::email::Email;
use domain::{files::Files, vault::Vault};
use model::MemberId;
use store::{Db, workspace};
use tokio::sync::watch;

use super::{
    assets::Site,
    client::{Client, Proxies},
    connections::Limits,
    rate::Rate,
    reads::Reads,
    render::Renderers,
    webchat::StreamSlots,
};
use crate::{
    auth::{Cookies, Passwords},
    config::Config,
    live::Hub,
    storage::StorageWatch,
};

/// The parts of the process, made once at the start.
#[derive(Clone)]
pub struct Services {
    /// The database.
    pub db: Db,
    /// Distributes committed events.
    pub hub: Hub,
    /// The store of file bytes.
    pub files: Files,
    /// Finds, tests and reads mailboxes.
    pub email: Email,
    /// Signs links and proofs.
    pub vault: Vault,
    /// Whether anything can be stored.
    pub storage: StorageWatch,
    /// Password hashing.
    pub passwords: Passwords,
    /// Becomes true when the process is to stop.
    pub shutdown: watch::Receiver<bool>,
}

/// The handlers' state. Cheap to clone.
#[derive(Clone)]
pub struct Http(Arc<Inner>);

struct Inner {
    services: Services,
    cookies: Cookies,
    public_url: Option<String>,
    support: Option<String>,
    proxies: Proxies,
    site: Site,
    own_address: IpAddr,
    chat_rate: Rate<String>,
    client_rate: Rate<Client>,
    uploads: Rate<Client>,
    upload_kilobytes: Rate<Client>,
    text_bytes: Rate<Client>,
    member_kilobytes: Rate<MemberId>,
    presence_rate: Rate<MemberId>,
    typing_rate: Rate<String>,
    typing_client_rate: Rate<Client>,
    visits: Arc<StreamSlots>,
    renderers: Renderers,
    reads: Reads,
    has_workspace: AtomicBool,
}

impl std::ops::Deref for Http {
    type Target = Services;
    fn deref(&self) -> &Services {
        &self.0.services
    }
}

impl Http {
    /// The handlers' state, for a process with these connection limits.
    ///
    /// # Panics
    /// When the system starts no more threads. That happens at the start, before anything is served.
    pub fn new(services: Services, config: &Config, limits: &Limits) -> Self {
        // Rendering needs it. A second call, as in tests, changes nothing.
        let _ = any_spawner::Executor::init_tokio();
        Self(Arc::new(Inner {
            services,
            cookies: config.cookies,
            public_url: config.public_url.clone(),
            support: config.support.clone(),
            proxies: Proxies::new(&config.trusted_proxies),
            own_address: config.addr.ip(),
            site: Site::load(),
            chat_rate: Rate::new(40, 60),
            client_rate: Rate::new(400, 60),
            uploads: Rate::new(200, 3600),
            upload_kilobytes: Rate::new(200 * 1024, 3600),
            text_bytes: Rate::new(2 * 1024 * 1024, 3600),
            member_kilobytes: Rate::new(2 * 1024 * 1024, 3600),
            presence_rate: Rate::new(120, 20),
            typing_rate: Rate::new(60, 60),
            typing_client_rate: Rate::new(600, 60),
            visits: StreamSlots::of(limits),
            reads: Reads::default(),
            renderers: Renderers::start().expect("the system gives the threads that pages are rendered on"),
            has_workspace: AtomicBool::new(false),
        }))
    }

    /// The form of the session cookie.
    pub fn cookies(&self) -> Cookies {
        self.0.cookies
    }

    /// The address that browsers use, if it was set.
    pub fn public_url(&self) -> Option<&str> {
        self.0.public_url.as_deref()
    }

    /// Where members ask for help, if it was set.
    pub fn support(&self) -> Option<&str> {
        self.0.support.as_deref()
    }

    /// The address it listens on. All zeros for every address of this machine.
    pub fn own_address(&self) -> IpAddr {
        self.0.own_address
    }

    /// The proxies that are trusted to name the client of a request.
    pub fn proxies(&self) -> &Proxies {
        &self.0.proxies
    }

    /// The names of the assets.
    pub fn site(&self) -> &Site {
        &self.0.site
    }

    /// The rate limit of messages per visitor.
    pub fn chat_rate(&self) -> &Rate<String> {
        &self.0.chat_rate
    }

    /// The rate limit of messages per client address.
    pub fn client_rate(&self) -> &Rate<Client> {
        &self.0.client_rate
    }

    /// The slots for visitors' streams.
    pub fn visits(&self) -> &Arc<StreamSlots> {
        &self.0.visits
    }

    /// The rate limit of strangers' uploads per client address, in files.
    pub fn uploads(&self) -> &Rate<Client> {
        &self.0.uploads
    }

    /// The rate limit of strangers' uploads per client address, in kilobytes.
    pub fn upload_kilobytes(&self) -> &Rate<Client> {
        &self.0.upload_kilobytes
    }

    /// The rate limit of strangers' text per client address, in bytes.
    pub fn text_bytes(&self) -> &Rate<Client> {
        &self.0.text_bytes
    }

    /// The rate limit of a member's uploads, in kilobytes.
    pub fn member_kilobytes(&self) -> &Rate<MemberId> {
        &self.0.member_kilobytes
    }

    /// The rate limit of what a member says of where they are.
    pub fn presence_rate(&self) -> &Rate<MemberId> {
        &self.0.presence_rate
    }

    /// The rate limit of what a visitor says of whether they write.
    pub fn typing_rate(&self) -> &Rate<String> {
        &self.0.typing_rate
    }

    /// The same per client address.
    pub fn typing_client_rate(&self) -> &Rate<Client> {
        &self.0.typing_client_rate
    }

    /// The room for reads that may take long.
    pub fn reads(&self) -> &Reads {
        &self.0.reads
    }

    /// The threads that render pages.
    pub fn renderers(&self) -> &Renderers {
        &self.0.renderers
    }

    /// Whether the instance was set up. Once true, it stays true and needs no query.
    pub async fn has_workspace(&self) -> bool {
        if self.0.has_workspace.load(Ordering::Relaxed) {
            return true;
        }
        let found = async {
            let mut snapshot = self.db.snapshot().await?;
            workspace::all(&mut snapshot.conn()).await
        };
        let found = found.await.is_ok_and(|all| !all.is_empty());
        self.0.has_workspace.store(found, Ordering::Relaxed);
        found
    }
}
