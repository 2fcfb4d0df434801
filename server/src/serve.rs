//! A running process: database, workers, HTTP; started together, stopped in order.

use std::{net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use channels::{Channels, Receivers, email::Email, network::Network};
use domain::{files::Files, mail::ScheduleReading, sessions::OfferSetup, vault::Vault, work::Schedule};
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

/// How long open requests may take to end when the process stops.
const GRACE: Duration = Duration::from_secs(5);
/// Opens the database that the settings name, its commits told to `hub`.
///
/// # Errors
/// When it cannot be opened or brought up to date.
pub async fn open(config: &Config, hub: &Hub) -> Result<Db, StartError> {
    private::make_folder(&config.data).map_err(|error| StartError::Folder { path: config.data.clone(), error })?;
    private::close_to_others(&config.data);
    let hub = hub.clone();
    let opened = Db::open(&config.database_url, Clock::System, Arc::new(move |committed| hub.publish(committed))).await;
    opened.map_err(|error| StartError::of_database(&config.database_url, &error))
}

/// Serves until `stop` ends, which may be while it is starting. `listening` hears the address once it is bound.
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
    // A database that is not there, or one that is brought up to date for long, does not keep it from stopping.
    let db = tokio::select! {
        db = open(&config, &hub) => db?,
        () = &mut stop => return Ok(()),
    };
    tracing::info!(database = %without_password(&config.database_url), "database open");
    let (tell, shutdown) = watch::channel(false);
    let folder = config.data.join("files");
    let files = Files::open(folder.clone()).map_err(|error| StartError::Folder { path: folder, error })?;
    // Before any work is begun: a port that is taken stops it here.
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
            tracing::warn!("some requests did not end in time");
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

/// Takes the port.
async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|error| StartError::Listen { address, error })
}

/// How many files this process may have open.
fn open_files() -> u64 {
    #[cfg(unix)]
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    #[cfg(not(unix))]
    let files = None;
    files.unwrap_or(u64::MAX)
}

/// What cannot be stored at start does not keep people from reading: it is done at the next start (R21).
fn unless_full(begun: Result<()>) -> Result<()> {
    match begun {
        Err(error) if error.storage_fault().is_some() => {
            tracing::error!(%error, "starting without what cannot be stored");
            Ok(())
        }
        begun => begun,
    }
}

/// What recurs in each workspace, which new ones have from the transaction that makes them; and mails that an older version has read.
async fn schedule(db: &Db) -> Result<()> {
    let mut snapshot = db.snapshot().await?;
    let workspaces = workspace::all(&mut snapshot.conn()).await?;
    drop(snapshot);
    for workspace in workspaces {
        let scope = Scope::system(workspace, "start");
        db.write(&scope, Schedule).await?;
        db.write(&scope, ScheduleReading).await?;
    }
    Ok(())
}

/// An empty instance prints the link that sets it up; whoever reads the log may use it once, within a day.
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
