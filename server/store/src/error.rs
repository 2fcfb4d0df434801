//! What can go wrong when data is stored or read, as one typed error that the crates above share.

use model::{ApiError, StorageFault};

/// The same text for everybody: members see the reason above their list, and strangers need not know it.
const NOT_STORED: &str = "Nothing can be saved on the server right now. Try again in a moment.";

const NOT_REACHED: &str = "The server cannot reach its database right now. Try again in a moment.";

/// The store could not do what it was asked. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or could not be reached.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// This build cannot read a stored value.
    #[error("stored value: {0}")]
    Corrupt(String),
    /// The commit failed: nothing of its batch was stored.
    #[error("commit: {0}")]
    Commit(String),
    /// The database accepts no writes. Nothing was stored. Writes may succeed again without any action (R21).
    #[error("nothing was stored. {}", .0.sentence())]
    Unwritable(StorageFault),
    /// Another process changed the same row or took over the job first. The command is run again, a limited number of times.
    #[error("changed meanwhile")]
    Stale,
    /// The process is shutting down.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// Why the database can store nothing, if that is the cause.
    pub fn storage_fault(&self) -> Option<StorageFault> {
        match self {
            Self::Unwritable(fault) => Some(*fault),
            Self::Database(error) => fault_of_database(error),
            _ => None,
        }
    }

    /// Whether the database refused because of a unique index.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(e)) if e.is_unique_violation())
    }

    /// Whether the values themselves cannot be stored, in any state of the database.
    pub fn is_about_values(&self) -> bool {
        match self {
            Self::Corrupt(_) => true,
            // A statement refused the values (SQLSTATE class 22; SQLite's TOOBIG and MISMATCH), or a unique index did.
            Self::Database(sqlx::Error::Database(error)) => {
                let code = error.code().unwrap_or_default();
                code.starts_with("22") || matches!(code.as_ref(), "18" | "20") || error.is_unique_violation()
            }
            _ => false,
        }
    }

    /// Whether another transaction was the cause, such as a deadlock or a row changed meanwhile. Running this transaction again may
    /// succeed.
    pub fn is_passing_conflict(&self) -> bool {
        matches!(self, Self::Stale)
            || matches!(self, Self::Database(sqlx::Error::Database(e)) if matches!(e.code().as_deref(), Some("40001" | "40P01")))
    }
}

fn fault_of_database(error: &sqlx::Error) -> Option<StorageFault> {
    let error = match error {
        sqlx::Error::Database(error) => error,
        sqlx::Error::Io(error) => return Some(fault_of_io(error).unwrap_or(StorageFault::Unreachable)),
        sqlx::Error::PoolTimedOut | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed => {
            return Some(StorageFault::Unreachable);
        }
        _ => return None,
    };
    let code = error.code()?;
    if error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
        // The low byte is the kind of error, the other bytes the details (sqlite.org/rescode.html).
        return match code.parse::<u32>().ok()? & 0xff {
            13 => Some(StorageFault::Full),
            8 => Some(StorageFault::ReadOnly),
            5 | 6 => Some(StorageFault::Locked),
            10 | 11 | 14 | 26 => Some(StorageFault::Refused),
            _ => None,
        };
    }
    // PostgreSQL's error classes (postgresql.org/docs/current/errcodes-appendix.html).
    match code.as_ref() {
        "53100" => Some(StorageFault::Full),
        "25006" => Some(StorageFault::ReadOnly),
        "58030" | "58P01" | "XX001" | "XX002" => Some(StorageFault::Refused),
        code if ["08", "53", "57P"].iter().any(|class| code.starts_with(class)) => Some(StorageFault::Unreachable),
        _ => None,
    }
}

fn fault_of_io(error: &std::io::Error) -> Option<StorageFault> {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Some(StorageFault::Full),
        ErrorKind::ReadOnlyFilesystem => Some(StorageFault::ReadOnly),
        ErrorKind::PermissionDenied => Some(StorageFault::Refused),
        // An I/O error of the disk (EIO) has no `ErrorKind` of its own.
        _ => (error.raw_os_error() == Some(5)).then_some(StorageFault::Refused),
    }
}

/// Why a use case failed. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A refusal, in words that the person who asked may see.
    #[error(transparent)]
    Refused(#[from] ApiError),
    /// A file could not be written or read.
    #[error("file: {0}")]
    File(#[from] std::io::Error),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(StoreError::Database(error))
    }
}

impl Error {
    /// The thing does not exist, or the actor may not see it.
    pub const NOT_FOUND: Self = Self::Refused(ApiError::NotFound);
    /// The actor may not do this.
    pub const FORBIDDEN: Self = Self::Refused(ApiError::Forbidden);

    /// Why nothing can be stored, if that is the cause.
    pub fn storage_fault(&self) -> Option<StorageFault> {
        match self {
            Self::Store(error) => error.storage_fault(),
            Self::File(error) => fault_of_io(error),
            Self::Refused(_) => None,
        }
    }

    /// What the person who asked is told. An internal error is logged under a number, and they are told only the number.
    pub fn into_api(self) -> ApiError {
        match self {
            Self::Refused(refusal) => refusal,
            fault => {
                if let Some(why) = fault.storage_fault() {
                    tracing::error!(cause = %fault, "nothing can be stored");
                    let message = if why == StorageFault::Unreachable { NOT_REACHED } else { NOT_STORED };
                    return ApiError::Busy { message: message.to_owned() };
                }
                let incident = crate::clock::random_hex(4);
                tracing::error!(%incident, cause = %fault, "request failed");
                ApiError::Internal { incident }
            }
        }
    }
}

/// The result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;
