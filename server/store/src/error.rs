//! What can go wrong when something is stored or read, as one typed error that the crates above share.

use model::{ApiError, StorageFault};

/// What is said whoever asks: members see the reason above their list, strangers need not know it.
const NOT_STORED: &str = "Nothing can be stored on the server just now. It works again by itself; then try again.";

const NOT_REACHED: &str = "The server cannot reach its database just now. It works again by itself; then try again.";

/// The store did not do what it was asked; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or could not be reached.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A stored value makes no sense to this build.
    #[error("stored value: {0}")]
    Corrupt(String),
    /// The commit failed: nothing of its batch was stored.
    #[error("commit: {0}")]
    Commit(String),
    /// The database takes nothing: nothing was stored, and it may work again by itself (R21).
    #[error("nothing was stored. {}", .0.sentence())]
    Unwritable(StorageFault),
    /// Another process changed the same thing first, or took the job over: that one command is tried again, some times.
    #[error("changed meanwhile")]
    Stale,
    /// The process is shutting down.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// Why the database can store nothing, when that is what went wrong.
    pub fn storage_fault(&self) -> Option<StorageFault> {
        match self {
            Self::Unwritable(fault) => Some(*fault),
            Self::Database(error) => fault_of_database(error),
            _ => None,
        }
    }

    /// Whether a uniqueness rule of the database said no.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(e)) if e.is_unique_violation())
    }

    /// Whether the values are what cannot be stored, whatever the state of the database.
    pub fn is_about_values(&self) -> bool {
        match self {
            Self::Corrupt(_) => true,
            // Values that a statement cannot take (SQLSTATE class 22; SQLite's TOOBIG and MISMATCH), or a rule of the table broken.
            Self::Database(sqlx::Error::Database(error)) => {
                let code = error.code().unwrap_or_default();
                code.starts_with("22") || matches!(code.as_ref(), "18" | "20") || error.is_unique_violation()
            }
            _ => false,
        }
    }

    /// Whether PostgreSQL gave up this transaction for another's sake; running it again may succeed.
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
        // The low byte says what, the others say where (sqlite.org/rescode.html).
        return match code.parse::<u32>().ok()? & 0xff {
            13 => Some(StorageFault::Full),
            8 => Some(StorageFault::ReadOnly),
            5 | 6 => Some(StorageFault::Locked),
            10 | 11 | 14 | 26 => Some(StorageFault::Refused),
            _ => None,
        };
    }
    // PostgreSQL's classes (postgresql.org/docs/current/errcodes-appendix.html).
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
        // What the disk itself could not do (EIO) has no kind of its own.
        _ => (error.raw_os_error() == Some(5)).then_some(StorageFault::Refused),
    }
}

/// Why a use case did not happen. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A fault below.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A refusal, as whoever asks may know it.
    #[error(transparent)]
    Refused(#[from] ApiError),
    /// A file could not be kept or read.
    #[error("file: {0}")]
    File(#[from] std::io::Error),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(StoreError::Database(error))
    }
}

impl Error {
    /// Missing, or not visible.
    pub const NOT_FOUND: Self = Self::Refused(ApiError::NotFound);
    /// Not allowed.
    pub const FORBIDDEN: Self = Self::Refused(ApiError::Forbidden);

    /// Why nothing can be stored, when that is what went wrong.
    pub fn storage_fault(&self) -> Option<StorageFault> {
        match self {
            Self::Store(error) => error.storage_fault(),
            Self::File(error) => fault_of_io(error),
            Self::Refused(_) => None,
        }
    }

    /// What whoever asked is told. A fault of ours is logged under a number, and only the number is told.
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

/// The usual result.
pub type Result<T, E = Error> = std::result::Result<T, E>;
