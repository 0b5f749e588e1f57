//! Plans that were written to a file, which anybody may have edited since.

use serde::Deserialize;
use serde::de::IgnoredAny;
use thiserror::Error;

use super::stands::{is_question, stands};
use super::{Action, Because, FORMAT, Plan, Step, StepId, first_format};

/// Why a file is no plan to execute; reads as the second half of a sentence.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum SavedError {
    #[error("is no saved plan: {0}")]
    Malformed(String),
    #[error(
        "is no saved plan: step {step} (`{title}`) waits for step {after}, and a step only waits \
         for steps before it"
    )]
    Order {
        step: StepId,
        title: String,
        after: StepId,
    },
    #[error(
        "is a plan of format {0}, and this version of milvus-swarm writes and reads format {FORMAT}"
    )]
    Format(u32),
    #[error("is a plan for cluster `{saved}`, the inventory is about `{wanted}`")]
    OtherCluster { saved: String, wanted: String },
}

/// The one field that tells of the others; what has no steps is no plan of any version.
#[derive(Deserialize)]
struct Written {
    #[serde(default = "first_format")]
    format: u32,
    #[serde(rename = "steps")]
    _steps: Vec<IgnoredAny>,
}

impl Plan {
    /// Reads a plan that `plan --out` wrote for a cluster.
    ///
    /// # Errors
    /// It is cut short or something else, its steps do not follow one another, or it is for
    /// another cluster.
    pub fn read(text: &str, cluster: &str) -> Result<Self, SavedError> {
        // What another version wrote may be no plan of this one.
        if let Ok(Written { format, .. }) = serde_json::from_str(text)
            && format != FORMAT
        {
            return Err(SavedError::Format(format));
        }
        let plan: Self =
            serde_json::from_str(text).map_err(|error| SavedError::Malformed(error.to_string()))?;
        for (step, one) in plan.steps.iter().enumerate() {
            if let Some(after) = one.after.iter().copied().find(|after| *after >= step) {
                return Err(SavedError::Order {
                    step,
                    title: one.action.title(),
                    after,
                });
            }
        }
        if plan.cluster != cluster {
            return Err(SavedError::OtherCluster {
                saved: plan.cluster,
                wanted: cluster.to_owned(),
            });
        }
        Ok(plan)
    }

    /// Whether a plan that was read from a file is still the one that would be made now. That one is
    /// executed: nothing of the file is.
    ///
    /// # Errors
    /// What differs, in words. Words of gates, and versions of services whose specs are equal, differ
    /// between any two looks; a gate that has opened since takes its step away.
    pub fn is_still(&self, fresh: &Self) -> Result<(), String> {
        let (saved, fresh) = (&self.shown(), &fresh.shown());
        stands(saved, fresh)?;
        // A task that runs once leads to a gate, so that a plan stands without it: but not a file
        // in which somebody wrote one of theirs. The others were looked for above.
        let runs_once =
            |step: &&Step| is_question(step) && matches!(step.action, Action::CreateService { .. });
        for step in saved.steps.iter().filter(runs_once) {
            if !fresh.steps.iter().any(|now| now.action == step.action) {
                return Err(format!("no longer in the plan: {}", step.action.title()));
            }
        }
        if saved.steps.len() != fresh.steps.len() {
            return Ok(());
        }
        let pairs = saved.steps.iter().zip(&fresh.steps);
        for (step, (saved, now)) in pairs.enumerate() {
            if lasting(saved) != lasting(now) {
                return Err(format!(
                    "step {step} is another one now: {}",
                    now.action.title()
                ));
            }
        }
        Ok(())
    }
}

/// A step without what differs between any two looks.
fn lasting(step: &Step) -> Step {
    let mut step = step.clone();
    if let Action::UpdateService { version, .. } = &mut step.action {
        *version = 0;
    }
    if let Because::Unready(words) = &mut step.because {
        words.clear();
    }
    step
}
