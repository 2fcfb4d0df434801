//! Whether the server can store data (R21).

use serde::{Deserialize, Serialize};

/// Why nothing can be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StorageFault {
    /// The disk is full.
    Full,
    /// The disk or database is read-only.
    ReadOnly,
    /// Another program has locked the database.
    Locked,
    /// The database server does not answer.
    Unreachable,
    /// Another error of the disk.
    Refused,
}

impl StorageFault {
    /// The sentence for the interface and the log.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Full => "The server's disk is full.",
            Self::ReadOnly => "The server's storage is read-only.",
            Self::Locked => "Another program has locked the server's database.",
            Self::Unreachable => "The server's database cannot be reached.",
            Self::Refused => "The server's disk cannot be written.",
        }
    }
}

/// The state of the server's storage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Storage {
    /// It works, and there is enough space.
    #[default]
    Fine,
    /// It works, but little space is left.
    Low {
        /// The free space in bytes.
        free: u64,
    },
    /// Nothing can be stored.
    Failing(StorageFault),
}

impl Storage {
    /// Why nothing can be stored. None if it can.
    pub const fn fault(self) -> Option<StorageFault> {
        match self {
            Self::Failing(fault) => Some(fault),
            _ => None,
        }
    }
}

/// A folder that the server writes to, and the space on its disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Space {
    /// What is stored there.
    pub what: String,
    /// The free space in bytes.
    pub free: u64,
    /// The size of the disk in bytes.
    pub total: u64,
}
