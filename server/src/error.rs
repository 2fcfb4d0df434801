//! What can go wrong in the server, as one typed error.

use app::model::ApiError;

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
    /// Another process changed the same thing first, or took the job over: that one command is tried again, some times.
    #[error("changed meanwhile")]
    Stale,
    /// The process is shutting down.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// Whether a uniqueness rule of the database said no.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(e)) if e.is_unique_violation())
    }

    /// Whether PostgreSQL gave up this transaction for another's sake; running it again may succeed.
    pub fn is_passing_conflict(&self) -> bool {
        matches!(self, Self::Stale)
            || matches!(self, Self::Database(sqlx::Error::Database(e)) if matches!(e.code().as_deref(), Some("40001" | "40P01")))
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
    /// The key of stored secrets cannot be used.
    #[error(transparent)]
    Vault(#[from] crate::vault::VaultError),
    /// The process cannot start.
    #[error(transparent)]
    Start(#[from] crate::start::StartError),
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

    /// What whoever asked is told. A fault of ours is logged under a number, and only the number is told.
    pub fn told(self) -> ApiError {
        match self {
            Self::Refused(refusal) => refusal,
            fault => {
                let incident = crate::clock::random_hex(4);
                tracing::error!(%incident, cause = %fault, "request failed");
                ApiError::Internal { incident }
            }
        }
    }
}

/// The usual result.
pub type Result<T, E = Error> = std::result::Result<T, E>;
