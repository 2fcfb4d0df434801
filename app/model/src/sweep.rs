//! An act on everything that matches a filter (L7).

use serde::{Deserialize, Serialize};

/// How far it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepProgress {
    /// How many conversations it has changed.
    pub changed: i64,
    /// How many it left alone, because somebody wrote in them after it began or because the act was not possible there.
    pub left_alone: i64,
    /// Why it ended. None while it runs.
    pub ended: Option<SweepEnd>,
}

/// Why a sweep ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SweepEnd {
    /// The end of the list was reached.
    Complete,
    /// The member stopped it.
    Cancelled,
    /// It cannot go on, for this reason.
    Refused(String),
}
