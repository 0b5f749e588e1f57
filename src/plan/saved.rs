//! Plans that were written to a file, which anybody may have edited since.

use thiserror::Error;

use super::{Plan, StepId};

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
    #[error("is a plan for cluster `{saved}`, the inventory is about `{wanted}`")]
    OtherCluster { saved: String, wanted: String },
}

impl Plan {
    /// Reads a plan that `plan --out` wrote for a cluster.
    ///
    /// # Errors
    /// It is cut short or something else, its steps do not follow one another, or it is for
    /// another cluster.
    pub fn read(text: &str, cluster: &str) -> Result<Self, SavedError> {
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
}
