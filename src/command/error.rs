//! Errors as users see them: a sentence, a hint with the next command, an exit code.

use serde_json::json;
use thiserror::Error;

use crate::engine::EngineError;
use crate::execute::{Failure, sentences};
use crate::gate::Why;
use crate::inventory::InventoryErrors;
use crate::report::Output;
use crate::source::FileError;
use crate::wanted::WantedError;

/// Why a verb did not do its job.
#[derive(Debug, Error)]
pub enum CommandError {
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Inventory(InventoryErrors),
    #[error(transparent)]
    Wanted(#[from] WantedError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The plan breaks a rule; it was printed with the refusals.
    #[error("the plan is refused: nothing was changed")]
    Refused,
    /// The user said no.
    #[error("nothing was changed")]
    Declined,
    #[error("{title}: {}", failure.message)]
    Step { title: String, failure: Failure },
    #[error("{title}: the gate did not open: {}", sentences(why))]
    Gate { title: String, why: Vec<Why> },
    #[error("interrupted; what was done stays done")]
    Interrupted { again: String },
    #[error("the Swarm moved since the plan was made: {0}")]
    Moved(String),
    #[error("{0}")]
    Failed(String),
}

impl CommandError {
    /// The documented exit code.
    #[must_use]
    pub const fn code(&self) -> u8 {
        match self {
            Self::Failed(_) | Self::File(_) => 1,
            Self::Usage(_) => 2,
            Self::Inventory(_) | Self::Wanted(_) => 3,
            Self::Refused | Self::Declined => 4,
            Self::Engine(_) => 5,
            Self::Step { failure, .. } => {
                if failure.moved {
                    7
                } else {
                    1
                }
            }
            Self::Gate { .. } => 6,
            Self::Moved(_) => 7,
            Self::Interrupted { .. } => 130,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Engine(error) => error.hint(),
            Self::Step { failure, .. } => failure
                .hint
                .clone()
                .or_else(|| Some("run the same command again to go on from here".to_owned())),
            Self::Gate { .. } => Some(
                "look with `milvus-swarm status`, then run the same command again to go on"
                    .to_owned(),
            ),
            Self::Interrupted { again } => Some(format!("`{again}` goes on from here")),
            Self::Moved(_) => Some("make a new plan: milvus-swarm plan".to_owned()),
            _ => None,
        }
    }
}

/// Prints an error where people or programs look for it.
pub(super) fn report(error: &CommandError, output: Output) {
    if output.json {
        output.print(&format!(
            "{}\n",
            json!({
                "event": "error",
                "code": error.code(),
                "message": error.to_string(),
                "hint": error.hint(),
            })
        ));
        return;
    }
    if let CommandError::Inventory(errors) = error {
        output.say(errors.render().trim_end());
        return;
    }
    output.say(&format!("{} {error}", output.err.bad("error:")));
    if let Some(hint) = error.hint() {
        output.say(&format!("\n{} {hint}", output.err.change("hint:")));
    }
}
