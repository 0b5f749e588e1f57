//! What happens while a plan is executed. The terminal, JSON lines and tests read the same.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::gate::Why;
use crate::plan::StepId;

/// Something that happened; times count from the start of the execution.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Event {
    Started {
        step: StepId,
        #[serde(serialize_with = "seconds")]
        #[schemars(with = "f64")]
        at: Duration,
    },
    /// The gate of a step is not open; sent when the reasons change.
    Waiting {
        step: StepId,
        #[serde(serialize_with = "seconds")]
        #[schemars(with = "f64")]
        at: Duration,
        why: Vec<Why>,
    },
    Passed {
        step: StepId,
        #[serde(serialize_with = "seconds")]
        #[schemars(with = "f64")]
        at: Duration,
        #[serde(serialize_with = "seconds")]
        #[schemars(with = "f64")]
        took: Duration,
        /// What the gate saw.
        saw: String,
    },
    Failed {
        step: StepId,
        #[serde(serialize_with = "seconds")]
        #[schemars(with = "f64")]
        at: Duration,
        message: String,
    },
    /// Something that a user should know and nothing waits for.
    Note { text: String },
}

impl Event {
    /// The step that it is about.
    #[must_use]
    pub const fn step(&self) -> Option<StepId> {
        match self {
            Self::Started { step, .. }
            | Self::Waiting { step, .. }
            | Self::Passed { step, .. }
            | Self::Failed { step, .. } => Some(*step),
            Self::Note { .. } => None,
        }
    }
}

fn seconds<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((time.as_secs_f64() * 1000.0).round() / 1000.0)
}
