//! The commands besides `serve`.

use std::{error::Error, io::IsTerminal};

use channels::{email::Email, network::Network};
use clap::{Args, Subcommand};
use domain::{files::Files, people::AddMember, sessions::ResetPassword, vault::Vault};
use jiff::tz::TimeZone;
use model::{Member, MemberId, Permission, Role, Visibility, WorkspaceId};
use seed::{self, Report, sample::Sample};
use store::{
    Db, Engine, Scope, audit,
    clock::{Clock, new_id},
    conversation, workspace,
};

use crate::{
    auth::Passwords,
    config::{Config, Source, without_password},
    live::Hub,
    serve::open,
};

type Outcome = Result<(), Box<dyn Error>>;

/// How much to make.
#[derive(Debug, Clone, Args)]
pub struct Seed {
    /// How many conversations
    #[arg(long, default_value_t = 1000)]
    conversations: u64,
    /// How many messages in total
    #[arg(long, default_value_t = 10_000)]
    messages: u64,
    /// The same number makes the same data
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Add the sample company that set-up offers instead
    #[arg(long, conflicts_with_all = ["conversations", "messages", "seed"])]
    sample: bool,
}

/// Members, from the command line.
#[derive(Debug, Clone, Subcommand)]
pub enum User {
    /// Add a member; the password is read from the standard input
    Add {
        /// Their address
        email: String,
        /// Their name
        #[arg(long)]
        name: String,
        /// owner, admin, agent or viewer
        #[arg(long, default_value = "agent")]
        role: String,
    },
    /// Set a member's password, read from the standard input, and end their sessions
    Password {
        /// Their address
        email: String,
    },
}

/// The first workspace of this database. Most databases have only one.
async fn workspace(db: &Db) -> Result<WorkspaceId, Box<dyn Error>> {
    let mut snapshot = db.snapshot().await?;
    let all = workspace::all(&mut snapshot.conn()).await?;
    all.first()
        .copied()
        .ok_or_else(|| "this database has no workspace yet: run tandem and open the link it prints".into())
}

/// Fills a workspace with any number of conversations or with the sample. An empty database first gets a workspace, whose owner is
/// owner@example.com with the password "tandem sample".
///
/// # Errors
/// When the database fails.
pub async fn seed(config: &Config, seed: &Seed) -> Outcome {
    let db = open(config, &Hub::default()).await?;
    let workspace = match workspace(&db).await {
        Ok(workspace) => workspace,
        Err(_) => {
            let workspace = sample_workspace(&db).await?;
            println!("created a workspace; sign in as owner@example.com with the password \"tandem sample\"");
            workspace
        }
    };
    let files = Files::open(config.data.join("files"))?;
    if seed.sample {
        let network = Network::new(&config.allow_networks, config.mail_ca.as_deref())?;
        let email = Email::new(db.clone(), files.clone(), Vault::open(&config.secret_file)?, network);
        let sample =
            Sample { db: &db, files: &files, email: &email, now: Clock::System.now(), zone: TimeZone::system() };
        match sample.fill(workspace).await? {
            made if made == Report::default() => println!("the sample data is already there"),
            made => println!("{} conversations, {} messages", made.conversations, made.messages),
        }
        db.close().await;
        return Ok(());
    }
    let options = seed::Options {
        conversations: seed.conversations,
        messages: seed.messages,
        seed: seed.seed,
        now: Clock::System.now(),
    };
    let began = std::time::Instant::now();
    seed::seed(&db, workspace, &options, Some(&files)).await?;
    println!(
        "{} conversations, {} messages in {:.1} s",
        seed.conversations,
        seed.messages,
        began.elapsed().as_secs_f64()
    );
    db.close().await;
    Ok(())
}

async fn sample_workspace(db: &Db) -> Result<WorkspaceId, Box<dyn Error>> {
    use domain::sessions::{Browser, OfferSetup, SetUp};
    use store::clock::{new_secret, secret_hash};
    let link_hash = secret_hash(&new_secret());
    db.write_global(OfferSetup { token_hash: link_hash.clone() }).await?;
    let set_up = SetUp {
        link_hash,
        workspace: "Sample".to_owned(),
        name: "Sam Owner".to_owned(),
        email: "owner@example.com".to_owned(),
        password_hash: Passwords::new()?.hash("tandem sample", &[]).await?,
        browser: Browser {
            token_hash: secret_hash(&new_secret()),
            user_agent: "tandem seed".to_owned(),
            address: String::new(),
        },
    };
    Ok(db.write_global(set_up).await?)
}

fn password() -> Result<String, Box<dyn Error>> {
    if std::io::stdin().is_terminal() {
        eprint!("Password: ");
    }
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Adds a member, or sets a member's password.
///
/// # Errors
/// When the database fails, the address is taken or unknown, or the password may not be used.
pub async fn user(config: &Config, user: &User) -> Outcome {
    let db = open(config, &Hub::default()).await?;
    let workspace = workspace(&db).await?;
    let scope = Scope::system(workspace, "command line");
    let name_of_workspace = workspace::load(&mut db.snapshot().await?.conn(), &scope).await?.workspace.name;
    match user {
        User::Add { email, name, role } => {
            let role: Role = role.parse()?;
            let hash = Passwords::new()?.hash(&password()?, &[&name_of_workspace, name, email]).await?;
            let member = Member {
                id: MemberId::new(new_id()),
                name: name.clone(),
                email: email.clone(),
                role,
                visibility: Visibility::All,
                chat_on: role.may(Permission::Converse, &[]),
                disabled: false,
                teams: Vec::new(),
            };
            db.write(&scope, AddMember { member, password_hash: hash }).await?;
            println!("{email} can sign in now");
        }
        User::Password { email } => {
            let key = workspace::email_key(email);
            let mut snapshot = db.snapshot().await?;
            let members = workspace::members(&mut snapshot.conn(), &scope).await?;
            drop(snapshot);
            let member = members
                .iter()
                .find(|m| workspace::email_key(&m.email) == key)
                .ok_or("no member has this e-mail address")?;
            let hash = Passwords::new()?.hash(&password()?, &[&name_of_workspace, &member.name, email]).await?;
            db.write(&scope, ResetPassword { member: member.id, hash }).await?;
            println!("the password of {email} is set; their sessions have ended");
        }
    }
    db.close().await;
    Ok(())
}

/// Brings the schema up to date.
///
/// # Errors
/// When the migration fails.
pub async fn migrate(config: &Config) -> Outcome {
    let db = open(config, &Hub::default()).await?;
    db.close().await;
    println!("the database is up to date");
    Ok(())
}

/// Checks the instance for faults.
///
/// # Errors
/// When it finds a fault.
pub async fn doctor(config: &Config) -> Outcome {
    let db = open(config, &Hub::default()).await?;
    let mut snapshot = db.snapshot().await?;
    let conn = &mut snapshot.conn();
    if conn.engine() == Engine::Sqlite {
        let (verdict,): (String,) = conn.one("PRAGMA integrity_check", Vec::new()).await?;
        println!("integrity: {verdict}");
        if verdict != "ok" {
            return Err("the database file is damaged: restore the last backup".into());
        }
    }
    for workspace in workspace::all(conn).await? {
        match audit::verify(conn, workspace).await? {
            Ok(lines) => println!("workspace {workspace}: audit log ok, {lines} lines"),
            Err(n) => {
                return Err(format!(
                    "the audit log of workspace {workspace} was tampered with at line {n}: compare it with a backup"
                )
                .into());
            }
        }
        let (kept, fresh) = conversation::counted_and_recounted(conn, workspace).await?;
        println!(
            "workspace {workspace}: counters {}",
            if kept == fresh { "ok" } else { "differ; the daily audit repairs them" }
        );
    }
    Ok(())
}

/// Prints every setting and its source, but never a password.
pub fn print_config(config: &Config) {
    for setting in &config.settings {
        let source = match setting.source {
            Source::Flag => "flag",
            Source::Environment => "environment",
            Source::File => "tandem.toml",
            Source::Default => "default",
        };
        println!("{}={} ({source})", setting.name, without_password(&setting.value));
    }
}
