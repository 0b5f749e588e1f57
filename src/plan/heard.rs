//! What a plan hangs on besides what is wanted and what was seen: what others say when asked.

use super::images::Images;
use super::scale::Leaver;
use super::wanted::Verdicts;

/// What was heard of components, registries and the engine. Nothing heard is no error: the plan
/// then waits for what it does not know.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heard {
    /// What gates say; one that is missing here is unknown.
    pub verdicts: Verdicts,
    /// The query nodes that run, in the order in which they should leave. Asked for only where
    /// fewer are wanted.
    pub leavers: Vec<Leaver>,
    /// What gives images their digests. Without it they stay as the stack files have them.
    pub images: Option<Images>,
    /// What a user should know of it.
    pub warnings: Vec<String>,
}

impl From<Verdicts> for Heard {
    fn from(verdicts: Verdicts) -> Self {
        Self {
            verdicts,
            ..Self::default()
        }
    }
}
