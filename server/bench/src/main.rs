//! `make bench`: the released binary against the least that axum and sqlx can do, on the same file in the same run. How each goal is
//! measured stands in `docs/benchmarks.md`; each has its file in `goal/`.

mod bed;
mod crowd;
mod duel;
mod error;
mod figures;
mod goal;
mod http;
mod load;
mod machine;
mod process;
mod publish;
mod raw;
mod report;
mod soak;

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{
    bed::{Bed, Size},
    error::{Result, wrong},
    process::{Process, Program},
    report::Report,
};

/// Measures the released binary.
#[derive(Parser)]
#[command(name = "bench", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(flatten)]
    run: Run,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Args)]
struct Run {
    /// What to measure [default: everything but the herd]
    parts: Vec<Part>,
    /// Measure in this PostgreSQL database (filters and search); the data is made there if it is empty
    #[arg(long, conflicts_with = "large")]
    postgres: Option<String>,
    /// Compare 10,000 conversations with 1,000,000 instead (goal 9): makes 6 GB of data, takes long
    #[arg(long)]
    large: bool,
    #[command(flatten)]
    common: Common,
}

/// What every way of running it takes.
#[derive(Args)]
struct Common {
    /// How long one measurement under load lasts, in seconds
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// How many times the two sides alternate
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// The binary to measure [default: the one beside this program]
    #[arg(long)]
    tandem: Option<PathBuf>,
    /// Keep this run as the one to compare with, even when it is worse
    #[arg(long)]
    accept: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Mixed load for a long time; fails when memory keeps growing
    Soak {
        /// For how long
        #[arg(long, default_value_t = 30)]
        minutes: u64,
        #[command(flatten)]
        common: Common,
    },
    /// The raw handlers (started by the bench itself)
    #[command(hide = true)]
    Raw {
        #[arg(long)]
        data: PathBuf,
        #[arg(long)]
        addr: SocketAddr,
    },
    /// Subscribers in a process of their own (started by the bench itself)
    #[command(hide = true)]
    Crowd(goal::herd::Outside),
}

/// What can be measured by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// The list as JSON and as a page (goals 1 and 2)
    List,
    /// A conversation as JSON and as a page (goal 3)
    Open,
    /// The first page of a thousand filters
    Filters,
    /// An act on everything in a view
    Bulk,
    /// Frequent, rare and absent words, for whoever sees all and for whoever sees a part
    Search,
    /// A message, stored before it is acknowledged (goal 5)
    Accept,
    /// From the commit to every browser (goal 6)
    Live,
    /// Idle, per subscriber, after load (goal 7)
    Memory,
    /// Start, and recovery from a kill (goal 12)
    Start,
    /// Sign-in with known and unknown addresses (S41)
    Timing,
    /// 10,000 connections that vanish, stop reading, come back (R12)
    Herd,
}

const USUAL: &[Part] = &[
    Part::List,
    Part::Open,
    Part::Filters,
    Part::Search,
    Part::Bulk,
    Part::Accept,
    Part::Live,
    Part::Memory,
    Part::Start,
    Part::Timing,
];

/// Everything that a measurement needs.
pub struct Bench {
    tandem: Program,
    raw: Program,
    kept: PathBuf,
    lasting: Duration,
    rounds: usize,
    report: Report,
}

impl Bench {
    fn new(common: &Common) -> Result<Self> {
        let beside = std::env::current_exe()?.with_file_name("tandem");
        let tandem = common.tandem.clone().unwrap_or(beside);
        let tandem = std::path::absolute(tandem)?;
        if !tandem.exists() {
            return wrong(format!("{} is not there: scripts/bench builds it", tandem.display()));
        }
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => std::path::absolute(PathBuf::from(folder))?,
            None => std::env::current_exe()?.ancestors().nth(2).map(PathBuf::from).unwrap_or_default(),
        };
        let kept = target.join("bench-data");
        std::fs::create_dir_all(&kept)?;
        machine::raise_open_files();
        Ok(Self {
            tandem: Program::tandem(&tandem),
            raw: Program::raw()?,
            kept,
            lasting: Duration::from_secs(common.seconds.max(1)),
            rounds: common.rounds.max(1),
            report: Report::default(),
        })
    }

    /// Starts the server on the data.
    async fn start(&self, bed: &Bed) -> Result<Process> {
        match &bed.postgres {
            Some(url) => self.tandem.start_with(&bed.folder, url).await,
            None => self.tandem.start(&bed.folder).await,
        }
    }

    async fn bed(&self, size: Size) -> Result<Bed> {
        Bed::make(&self.tandem.path, &self.kept, size).await
    }
}

// One thread: what the load does not use is the servers'.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let done = match Cli::parse() {
        Cli { command: Some(Command::Raw { data, addr }), .. } => on_all_cores(data, addr),
        Cli { command: Some(Command::Crowd(outside)), .. } => goal::herd::outside(outside).await.map(|()| true),
        Cli { command: Some(Command::Soak { minutes, common }), .. } => soak::run(&common, minutes).await,
        Cli { run, .. } => measure(run).await,
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The raw handlers get the threads that the server gets.
fn on_all_cores(data: PathBuf, addr: SocketAddr) -> Result<bool> {
    let server = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(raw::serve(&data, addr))
    });
    match server.join() {
        Ok(done) => done.map(|()| true),
        Err(_) => wrong("the raw server panicked"),
    }
}

async fn measure(run: Run) -> Result<bool> {
    let mut bench = Bench::new(&run.common)?;
    println!("{}", machine::kind());
    if run.large {
        goal::growth::measure(&mut bench).await?;
        return bench.report.finish(&bench.kept, run.common.accept);
    }
    if let Some(url) = &run.postgres {
        let bed = Bed::make_in(&bench.tandem.path, &bench.kept, Size::USUAL, url).await?;
        goal::filters::measure(&mut bench, &bed, ("100,000, PostgreSQL", 20)).await?;
        goal::search::measure(&mut bench, &bed).await?;
        goal::bulk::measure(&mut bench, &bed).await?;
        return bench.report.finish(&bench.kept, run.common.accept);
    }
    let bed = bench.bed(Size::USUAL).await?;
    let parts = if run.parts.is_empty() { USUAL } else { &run.parts };
    for part in parts {
        println!();
        match part {
            Part::List => goal::list::measure(&mut bench, &bed).await?,
            Part::Open => goal::open::measure(&mut bench, &bed).await?,
            Part::Filters => goal::filters::measure(&mut bench, &bed, ("100,000", 20)).await?,
            Part::Bulk => goal::bulk::measure(&mut bench, &bed).await?,
            Part::Search => goal::search::measure(&mut bench, &bed).await?,
            Part::Accept => goal::accept::measure(&mut bench, &bed).await?,
            Part::Live => goal::live::measure(&mut bench, &bed).await?,
            Part::Memory => goal::memory::measure(&mut bench, &bed).await?,
            Part::Start => goal::start::measure(&mut bench, &bed).await?,
            Part::Timing => goal::timing::measure(&mut bench, &bed).await?,
            Part::Herd => goal::herd::measure(&mut bench, &bed).await?,
        }
    }
    bench.report.finish(&bench.kept, run.common.accept)
}
