//! Whether the server can store what it is told (R21).

use serde::{Deserialize, Serialize};

/// Why nothing can be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StorageFault {
    /// There is no room left.
    Full,
    /// It may only be read.
    ReadOnly,
    /// Another program holds the database.
    Locked,
    /// The database does not answer.
    Unreachable,
    /// The disk fails in another way.
    Refused,
}

impl StorageFault {
    /// As it is said on screen and in the log.
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

/// How the server's storage is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Storage {
    /// It works, and there is room.
    #[default]
    Fine,
    /// It works, but there is little room left.
    Low {
        /// How much, in bytes.
        free: u64,
    },
    /// Nothing can be stored.
    Failing(StorageFault),
}

impl Storage {
    /// Why nothing can be stored, while that is so.
    pub const fn fault(self) -> Option<StorageFault> {
        match self {
            Self::Failing(fault) => Some(fault),
            _ => None,
        }
    }
}

/// A folder that the server writes to, and the room on its disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Space {
    /// What is kept there.
    pub what: String,
    /// How much is free, in bytes.
    pub free: u64,
    /// How large the disk is, in bytes.
    pub total: u64,
}
