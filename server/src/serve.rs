//! A running process: database, workers, HTTP; started together, stopped in order.

use std::{net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use app::model::ChannelKind;
use axum::serve::ListenerExt;
use socket2::{SockRef, TcpKeepalive};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::{
    auth::Passwords,
    channels::{Channels, Receivers, email::Email},
    clock::{Clock, new_secret, secret_hash},
    config::{Config, without_password},
    domain::{audit::ScheduleAudit, files::Files, sessions::OfferSetup},
    error::Result,
    http::{Http, Services, router},
    jobs::Worker,
    live::{Hub, Relay},
    memory,
    network::Network,
    private,
    store::{Db, Scope, house},
    vault::Vault,
};

/// How long open requests may take to end when the process stops.
const GRACE: Duration = Duration::from_secs(5);
/// A connection whose other end has taken nothing for so long is closed. A laptop that was shut says no goodbye, and by itself the
/// system would hold the socket and what is in it for a quarter of an hour (R12).
const SILENT: Duration = Duration::from_secs(60);
/// How much may wait in the system to be sent on one connection, in bytes. It would take 4 MB from a stream whose reader is slow: who
/// is to be told to read afresh would have to take all of that in first (R12).
#[cfg(target_os = "linux")]
const UNSENT: u32 = 128 * 1024;

/// Opens the database that the settings name, its commits told to `hub`.
///
/// # Errors
/// When it cannot be opened or brought up to date.
pub async fn open(config: &Config, hub: &Hub) -> Result<Db> {
    private::make_folder(&config.data)?;
    private::close_to_others(&config.data);
    let hub = hub.clone();
    Ok(Db::open(&config.database_url, Clock::System, Arc::new(move |committed| hub.publish(committed))).await?)
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
) -> Result<()> {
    let mut stop = pin!(stop);
    let hub = Hub::default();
    // A database that is not there, or one that is brought up to date for long, does not keep it from stopping.
    let db = tokio::select! {
        db = open(&config, &hub) => db?,
        () = &mut stop => return Ok(()),
    };
    tracing::info!(database = %without_password(&config.database_url), "database open");
    let (tell, shutdown) = watch::channel(false);
    let files = Files::open(config.data.join("files"))?;
    let vault = Vault::open(&config.secret_file)?;
    let network = Network::new(&config.allow_networks, config.mail_ca.as_deref())?;
    let network = network.with_pictures_from(&config.allow_picture_networks)?;
    let email = Email::new(db.clone(), files.clone(), vault, network);
    let channels = channels.with(ChannelKind::Email, Arc::new(email.clone()));
    let receivers = Receivers::new(db.clone(), channels.clone());
    let receivers = config.channels.then(|| tokio::spawn(receivers.run(shutdown.clone())));
    let worker = config.worker.then(|| tokio::spawn(Worker::new(db.clone(), channels).run(shutdown.clone())));
    let memory = tokio::spawn(memory::look_after(shutdown.clone()));
    let relay = tokio::spawn(Relay::new(db.clone(), hub.clone()).run(shutdown.clone()));
    schedule(&db).await?;
    if config.web {
        let services =
            Services { db: db.clone(), hub, files, email, passwords: Passwords::new()?, shutdown: shutdown.clone() };
        let listener = TcpListener::bind(config.addr).await?;
        let address = listener.local_addr()?;
        listening(address);
        offer_setup(&db, config.public_url.as_deref(), address).await?;
        let app = router(Http::new(services, &config)).into_make_service_with_connect_info::<SocketAddr>();
        let mut stopped = shutdown.clone();
        let serving = axum::serve(listener.tap_io(prepare), app).with_graceful_shutdown(async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        });
        let serving = tokio::spawn(serving.into_future());
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
    let _ = relay.await;
    let _ = memory.await;
    db.close().await;
    Ok(())
}

/// Makes a connection fit for streams. What cannot be set is left as the system has it.
fn prepare(stream: &mut TcpStream) {
    // An event is one small write: it must not wait until the last one was acknowledged.
    let _ = stream.set_nodelay(true);
    let socket = SockRef::from(&*stream);
    let ask = TcpKeepalive::new().with_time(SILENT / 2).with_interval(SILENT / 6);
    let _ = socket.set_tcp_keepalive(&ask);
    #[cfg(target_os = "linux")]
    {
        let _ = socket.set_tcp_user_timeout(Some(SILENT));
        let _ = socket.set_tcp_notsent_lowat(UNSENT);
    }
}

/// Each workspace's daily comparison of its counters.
async fn schedule(db: &Db) -> Result<()> {
    let mut snapshot = db.snapshot().await?;
    let workspaces = house::all(&mut snapshot.conn()).await?;
    drop(snapshot);
    for workspace in workspaces {
        db.write(&Scope::system(workspace, "start"), ScheduleAudit).await?;
    }
    Ok(())
}

/// An empty instance prints the link that sets it up; whoever reads the log may use it once, within a day.
async fn offer_setup(db: &Db, public_url: Option<&str>, address: SocketAddr) -> Result<()> {
    let secret = new_secret();
    if db.write_house(OfferSetup { token_hash: secret_hash(&secret) }).await? {
        let origin = public_url.map_or_else(|| format!("http://{address}"), ToOwned::to_owned);
        eprintln!(
            "\n  Open this link to set Tandem up (it works once, within a day):\n  {origin}/setup?token={secret}\n"
        );
    }
    Ok(())
}
