//! Why the process cannot start, for the person who started it: which setting, port or path is wrong, and what to do.

use std::{
    fs::OpenOptions,
    io::{Error as Io, ErrorKind},
    net::SocketAddr,
    path::{Path, PathBuf},
};

use domain::vault::VaultError;
use store::error::{Error, StoreError};

use crate::config::without_password;

/// Why the start failed.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port cannot be listened on.
    #[error("cannot listen on {address} (TANDEM_ADDR): {}", port_reason(.address, .error))]
    Listen {
        /// The address and port.
        address: SocketAddr,
        /// The system's error.
        error: Io,
    },
    /// A folder cannot be made or written to.
    #[error("cannot write to the folder {} (TANDEM_DATA): {}", .path.display(), path_reason(.error))]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's error.
        error: Io,
    },
    /// The file of the database cannot be used.
    #[error("cannot open the database {} (TANDEM_DATABASE_URL, TANDEM_DATA): {reason}", .path.display())]
    DatabaseFile {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The database server cannot be used.
    #[error("cannot use the database {url} (TANDEM_DATABASE_URL): {reason}")]
    DatabaseServer {
        /// Its URL, without the password.
        url: String,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The key file cannot be used.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Something could not be stored or read.
    #[error(transparent)]
    Stored(#[from] Error),
    /// Another error of the system.
    #[error(transparent)]
    System(#[from] Io),
}

impl StartError {
    /// The error for a database that did not open.
    pub fn of_database(url: &str, error: &StoreError) -> Self {
        match url.strip_prefix("sqlite:") {
            Some(rest) => {
                let path = rest.trim_start_matches("//").split('?').next().unwrap_or_default();
                let path = PathBuf::from(path);
                let reason = file_reason(&path, error);
                Self::DatabaseFile { path, reason }
            }
            None => Self::DatabaseServer { url: without_password(url), reason: server_reason(error) },
        }
    }
}

fn port_reason(address: &SocketAddr, error: &Io) -> String {
    let port = address.port();
    match error.kind() {
        ErrorKind::AddrInUse => {
            format!("port {port} is in use by another program. Stop that program, or choose another port.")
        }
        ErrorKind::PermissionDenied => {
            format!("port {port} needs rights that Tandem does not have. Choose a port above 1023.")
        }
        ErrorKind::AddrNotAvailable => {
            format!("{} is no address of this machine. Use one that is, or 127.0.0.1.", address.ip())
        }
        _ => error.to_string(),
    }
}

fn path_reason(error: &Io) -> String {
    let next = match error.kind() {
        ErrorKind::PermissionDenied => "Let the user that Tandem runs as write there, or choose another folder.",
        ErrorKind::ReadOnlyFilesystem => "The disk is mounted read-only. Choose another folder.",
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => "A part of this path is a file. Choose another folder.",
        ErrorKind::IsADirectory => "A folder is where the file should be.",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "Make room on the disk.",
        _ => return error.to_string(),
    };
    format!("{error}. {next}")
}

/// SQLite reports only a number. The system's error says more.
fn file_reason(path: &Path, error: &StoreError) -> String {
    match error {
        StoreError::Database(sqlx::Error::Io(error)) => return path_reason(error),
        StoreError::Database(sqlx::Error::Database(error)) => {
            // The low byte is the kind (sqlite.org/rescode.html).
            let kind = error.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or_default() & 0xff;
            match kind {
                26 | 11 => {
                    return format!(
                        "{error}. The file holds something else, or it is damaged: put back a copy, or name another file."
                    );
                }
                5 | 6 => return format!("{error}. Another Tandem uses this file: stop that one first."),
                13 => return format!("{error}. Make room on the disk."),
                _ => {}
            }
        }
        StoreError::Migration(error) => return migration_reason(error),
        _ => {}
    }
    match OpenOptions::new().read(true).append(true).create(true).open(path) {
        Err(system) => path_reason(&system),
        Ok(_) => error.to_string(),
    }
}

fn migration_reason(error: &sqlx::migrate::MigrateError) -> String {
    use sqlx::migrate::MigrateError::{VersionMismatch, VersionMissing};
    match error {
        VersionMissing(_) | VersionMismatch(_) => {
            format!(
                "a newer or another build of Tandem made its tables ({error}). Start that one, or name another database."
            )
        }
        _ => format!("its tables could not be brought up to date: {error}"),
    }
}

fn server_reason(error: &StoreError) -> String {
    match error {
        StoreError::Database(sqlx::Error::Io(error)) => {
            format!("it cannot be reached ({error}). Check host and port, and that it runs.")
        }
        StoreError::Database(sqlx::Error::PoolTimedOut) => {
            "it cannot be reached, or does not answer. Check host and port, and that it runs.".to_owned()
        }
        StoreError::Database(sqlx::Error::Database(error)) => {
            let next = match error.code().as_deref() {
                Some("28P01" | "28000") => "Check user and password.",
                Some("3D000") => "Make that database first.",
                Some("42501") => "Let this user make tables in it.",
                _ => "",
            };
            format!("{error}. {next}").trim_end().to_owned()
        }
        StoreError::Migration(error) => migration_reason(error),
        other => other.to_string(),
    }
}
