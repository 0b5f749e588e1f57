//! What can be wrong with a file that should be a snapshot.

use serde_json::Value;
use serde_json::error::Category;
use thiserror::Error;

use super::FORMAT;

/// Why a file cannot be used as a snapshot; reads as the second half of a sentence.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum SnapshotError {
    #[error("is empty")]
    Empty,
    #[error("is cut short: it ends after {bytes} bytes, in line {line}")]
    CutShort { bytes: usize, line: usize },
    #[error("is not JSON: {0}")]
    NotJson(String),
    #[error("is {0}, not what was seen of a Swarm")]
    OtherKind(&'static str),
    #[error("has format {format}, this version reads format {FORMAT}")]
    OtherFormat { format: u64 },
    #[error("is not as `status --record` writes it: {0}")]
    Malformed(String),
    #[error("would be {bytes} bytes long, {most} is the most that is read back")]
    TooLong { bytes: u64, most: u64 },
    #[error("is about cluster `{recorded}`, the inventory about `{wanted}`")]
    OtherCluster { recorded: String, wanted: String },
}

impl SnapshotError {
    /// What to type next.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::OtherCluster { .. } => "name the inventory that goes with it: -i FILE",
            Self::OtherFormat { .. } => {
                "record it anew with this version: milvus-swarm status --record FILE"
            }
            Self::TooLong { .. } => "a Swarm of this size cannot be recorded",
            _ => "record one where the Swarm answers: milvus-swarm status --record FILE",
        }
    }
}

pub(super) fn syntax(error: &serde_json::Error, text: &str) -> SnapshotError {
    if text.trim().is_empty() {
        return SnapshotError::Empty;
    }
    match error.classify() {
        Category::Eof => SnapshotError::CutShort {
            bytes: text.len(),
            line: error.line(),
        },
        _ => SnapshotError::NotJson(error.to_string()),
    }
}

/// JSON of another kind: says of which, where that can be told.
pub(super) fn not_one(value: &Value) -> SnapshotError {
    SnapshotError::OtherKind(if value.get("steps").is_some() {
        "a saved plan (`up FILE` takes it)"
    } else if value.get("components").is_some() {
        "what `status --json` prints"
    } else if value.get("nodes").is_some() {
        "a record without its `format`"
    } else {
        "JSON of another kind"
    })
}
