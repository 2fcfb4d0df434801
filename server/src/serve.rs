//! Starts and stops the parts of a running process in order: database, workers, HTTP.

use std::{net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use channels::{Channels, Receivers, email::Email, network::Network};
use domain::{
    files::Files, mail::ScheduleReading, search::ScheduleIndexing, sessions::OfferSetup, vault::Vault, work::Schedule,
};
use model::ChannelKind;
use store::{
    Db, Scope,
    clock::{Clock, new_secret, secret_hash},
    error::Result,
    private, workspace,
};
use tokio::{net::TcpListener, sync::watch};

use crate::{
    auth::Passwords,
    config::{Config, without_password},
    http::{Connections, Http, Limits, Services, router},
    jobs::Worker,
    live::{Hub, Relay},
    memory,
    start::StartError,
    storage::StorageWatch,
};

/// How long open requests may take to end at the shutdown.
const GRACE: Duration = Duration::from_secs(5);
/// Opens the configured database. Its commits are published to `hub`.
///
/// # Errors
/// When the database cannot be opened or migrated.
pub async fn open(config: &Config, hub: &Hub) -> Result<Db, StartError> {
    private::make_folder(&config.data).map_err(|error| StartError::Folder { path: config.data.clone(), error })?;
    private::close_to_others(&config.data);
    let hub = hub.clone();
    let opened = Db::open(&config.database_url, Clock::System, Arc::new(move |committed| hub.publish(committed))).await;
    opened.map_err(|error| StartError::of_database(&config.database_url, &error))
}

/// Serves until `stop` ends, which may be during the start. `listening` gets the bound address.
///
/// # Errors
/// When a part cannot be started.
pub async fn serve(
    config: Config,
    channels: Channels,
    stop: impl Future<Output = ()>,
    listening: impl FnOnce(SocketAddr),
) -> Result<(), StartError> {
    let mut stop = pin!(stop);
    let hub = Hub::default();
    // The process can also be stopped while the database is missing or being migrated.
    let db = tokio::select! {
        db = open(&config, &hub) => db?,
        () = &mut stop => return Ok(()),
    };
    tracing::info!(database = %without_password(&config.database_url), "database open");
    let (tell, shutdown) = watch::channel(false);
    let folder = config.data.join("files");
    let files = Files::open(folder.clone()).map_err(|error| StartError::Folder { path: folder, error })?;
    // Before any work begins, so that a port in use ends the start here.
    let listener = if config.web { Some(listen(config.addr).await?) } else { None };
    let storage = StorageWatch::new(db.clone(), files.clone(), &config.database_url, config.low_space);
    let watching = tokio::spawn(storage.clone().run(shutdown.clone()));
    let vault = Vault::open(&config.secret_file)?;
    let network = Network::new(&config.allow_networks, config.mail_ca.as_deref())?;
    let network = network.with_pictures_from(&config.allow_picture_networks)?;
    let email = Email::new(db.clone(), files.clone(), vault.clone(), network);
    let channels = channels.with(ChannelKind::Email, Arc::new(email.clone()));
    let receivers = Receivers::new(db.clone(), channels.clone());
    let receivers = config.channels.then(|| tokio::spawn(receivers.run(shutdown.clone())));
    let worker = Worker::new(db.clone(), channels).with_files(files.clone());
    let worker = config.worker.then(|| tokio::spawn(worker.run(shutdown.clone())));
    let memory = tokio::spawn(memory::look_after(shutdown.clone()));
    let relay = tokio::spawn(Relay::new(db.clone(), hub.clone()).run(shutdown.clone()));
    unless_full(schedule(&db).await)?;
    if let Some(listener) = listener {
        let passwords = Passwords::new()?;
        let services =
            Services { db: db.clone(), hub, files, email, vault, storage, passwords, shutdown: shutdown.clone() };
        let address = listener.local_addr()?;
        listening(address);
        unless_full(offer_setup(&db, config.public_url.as_deref(), address).await)?;
        let limits = Limits::of_files(open_files());
        let http = Http::new(services, &config, &limits);
        let proxies = http.proxies().clone();
        let connections = Connections { listener, app: router(http), proxies, limits };
        let serving = tokio::spawn(connections.serve(shutdown.clone()));
        stop.await;
        let _ = tell.send(true);
        if tokio::time::timeout(GRACE, serving).await.is_err() {
            tracing::warn!("some requests did not end before the shutdown timeout");
        }
    } else {
        stop.await;
        let _ = tell.send(true);
    }
    for work in [worker, receivers].into_iter().flatten() {
        let _ = work.await;
    }
    let _ = watching.await;
    let _ = relay.await;
    let _ = memory.await;
    db.close().await;
    Ok(())
}

/// Binds the port.
async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|error| StartError::Listen { address, error })
}

/// How many files this process may open.
fn open_files() -> u64 {
    #[cfg(unix)]
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    #[cfg(not(unix))]
    let files = None;
    files.unwrap_or(u64::MAX)
}

/// Data that cannot be stored at the start does not keep people from reading. It is stored at the next start (R21).
fn unless_full(begun: Result<()>) -> Result<()> {
    match begun {
        Err(error) if error.storage_fault().is_some() => {
            tracing::error!(%error, "starting, although some data cannot be stored");
            Ok(())
        }
        begun => begun,
    }
}

/// Enqueues the recurring jobs of each workspace, which new ones enqueue when they are made, the reading of outdated mails, and
/// the indexing of older messages.
async fn schedule(db: &Db) -> Result<()> {
    let mut snapshot = db.snapshot().await?;
    let workspaces = workspace::all(&mut snapshot.conn()).await?;
    drop(snapshot);
    for workspace in workspaces {
        let scope = Scope::system(workspace, "start");
        db.write(&scope, Schedule).await?;
        db.write(&scope, ScheduleReading).await?;
        db.write(&scope, ScheduleIndexing).await?;
    }
    Ok(())
}

/// Prints the set-up link of an empty instance. Anybody who reads the log may use it once, within a day.
async fn offer_setup(db: &Db, public_url: Option<&str>, address: SocketAddr) -> Result<()> {
    let secret = new_secret();
    if db.write_global(OfferSetup { token_hash: secret_hash(&secret) }).await? {
        let origin = public_url.map_or_else(|| format!("http://{address}"), ToOwned::to_owned);
        eprintln!(
            "\n  Open this link to set Tandem up (it works once, within a day):\n  {origin}/setup?token={secret}\n"
        );
    }
    Ok(())
}
