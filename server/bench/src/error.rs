//! What can keep a measurement from being taken.

/// Why there is no figure.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or a socket.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The database file.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// A saved record.
    #[error("record: {0}")]
    Json(#[from] serde_json::Error),
    /// A process or an answer that is not as it must be.
    #[error("{0}")]
    Wrong(String),
    /// Something that should have come about did not.
    #[error("after {0} s still waiting for {1}")]
    Waited(u64, String),
}

/// The usual result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An [`Error::Wrong`].
pub fn wrong<T>(what: impl Into<String>) -> Result<T> {
    Err(Error::Wrong(what.into()))
}
