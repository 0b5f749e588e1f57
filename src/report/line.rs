//! The lines that `up`, `scale` and `down` print with `--json`: each is one object, and each says
//! in `event` what it is.

use schemars::JsonSchema;
use serde::Serialize;

use super::json;
use crate::event::Event;
use crate::live::LastWords;
use crate::plan::{Plan, Refusal};

/// One line.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Line {
    Step(StepLine),
    End(End),
}

/// What happened to a step of the plan.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
pub struct StepLine {
    #[serde(flatten)]
    pub event: Event,
    /// What part of the cluster the step belongs to: `etcd`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// The step in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// How it ended, or why it did not begin.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum End {
    /// Where Milvus answers.
    Endpoints { endpoints: Vec<String> },
    /// The plan breaks rules; nothing was done.
    Refused { refusals: Vec<Refusal> },
    /// The verb failed.
    Error {
        /// The exit code.
        code: u8,
        message: String,
        /// What to do about it.
        hint: Option<String>,
        /// What the tasks that kept a gate shut wrote last.
        logs: Vec<LastWords>,
    },
}

impl Line {
    /// The line of something that happened while a plan was executed.
    #[must_use]
    pub fn of(plan: &Plan, event: &Event) -> Self {
        let step = event.step().and_then(|id| plan.steps.get(id));
        Self::Step(StepLine {
            event: event.clone(),
            part: step.map(|step| step.part.clone()),
            title: step.map(|step| step.action.title()),
        })
    }

    /// The object as text, with its line break.
    ///
    /// # Errors
    /// None that can happen: every line is strings and numbers.
    pub fn text(&self) -> Result<String, serde_json::Error> {
        json::line(self)
    }
}
