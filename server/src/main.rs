//! The command line.

use std::process::ExitCode;

use channels::Channels;
use clap::{Parser, Subcommand};
use server::{
    cli,
    config::{Config, Flags, log_filter},
    serve,
};

/// One inbox for every conversation a team has with its prospects and customers.
#[derive(Parser)]
#[command(name = "tandem", version)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve browsers and do the work (the default)
    Serve,
    /// Fill a workspace with plausible data
    Seed(cli::Seed),
    /// Members, from the command line
    #[command(subcommand)]
    User(cli::User),
    /// Bring the database up to date and stop
    Migrate,
    /// Look for what is wrong
    Doctor,
    /// Print every setting and where it comes from
    Config,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tandem: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<(), Box<dyn std::error::Error>> {
    let config = Config::read(&cli.flags)?;
    let log = tracing_subscriber::fmt().with_env_filter(log_filter(&config.log)?).with_writer(std::io::stderr);
    if config.log_json {
        log.json().init()
    } else {
        log.with_target(false).init()
    }
    // Files that libraries make are private to this account, like our own (private.rs).
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    // At least two: a page that is being rendered must not wait for itself.
    let workers = std::thread::available_parallelism().map_or(2, usize::from).max(2);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build()?;
    runtime.block_on(async {
        match cli.command.unwrap_or(Command::Serve) {
            Command::Serve => {
                let stop = stop()?;
                #[cfg(unix)]
                raise_open_files();
                let listening = |address| eprintln!("listening on http://{address}");
                Ok(serve::serve(config, Channels::default(), stop, listening).await?)
            }
            Command::Seed(seed) => cli::seed(&config, &seed).await,
            Command::User(user) => cli::user(&config, &user).await,
            Command::Migrate => cli::migrate(&config).await,
            Command::Doctor => cli::doctor(&config).await,
            Command::Config => {
                cli::print_config(&config);
                Ok(())
            }
        }
    })
}

/// Every open stream uses a file handle. Many systems allow a process 1,024 until it raises its limit.
#[cfg(unix)]
fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::warn!(%error, allowed = ?limit.current, "could not raise the limit of open files");
    }
}

/// Returns a future that ends with the first Ctrl+C or SIGTERM.
///
/// Before this is called, a signal kills the process at once, so it is called before anything else starts.
#[cfg(unix)]
fn stop() -> std::io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    // Reaching the file size limit (`ulimit -f`) is an error like a full disk, and must not kill the process.
    let _ = signal(SignalKind::from_raw(libc::SIGXFSZ))?;
    let (mut interrupted, mut terminated) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}

/// Returns a future that ends with the first Ctrl+C.
#[cfg(windows)]
fn stop() -> std::io::Result<impl Future<Output = ()> + Send> {
    let mut interrupted = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupted.recv().await;
    })
}
