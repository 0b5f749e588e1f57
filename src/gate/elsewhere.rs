//! What is there without this tool, and is asked whether it does what Milvus needs of it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Answers, Asked, Verdict, Why};
use crate::observed::Observed;
use crate::question::{Answer, Outcome, Question, Talk};
use crate::system::elsewhere;

/// A system that a cluster uses and does not run.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Elsewhere {
    /// Name of the system.
    pub system: String,
    /// Name of the cluster.
    pub cluster: String,
    /// What the inventory says of it but files, by its keys.
    pub settings: BTreeMap<String, String>,
    /// Keys of the secrets that it is asked with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
}

pub(super) fn words(gate: &Elsewhere) -> String {
    elsewhere(&gate.system).map_or_else(
        || gate.system.clone(),
        |(system, row)| format!("{}: {}", system.title, (row.words)(&gate.settings)),
    )
}

pub(super) fn questions(gate: &Elsewhere, seen: &Observed) -> Vec<Asked> {
    let talk = Talk {
        system: gate.system.clone(),
        cluster: gate.cluster.clone(),
        swarm: seen.swarm_id.clone(),
        at: seen.seen_at.clone(),
        settings: gate.settings.clone(),
        secrets: gate.secrets.clone(),
        writes: false,
    };
    vec![Asked {
        subject: gate.system.clone(),
        question: Question::Talk(Box::new(talk)),
    }]
}

pub(super) fn judge(gate: &Elsewhere, answers: &Answers) -> Verdict {
    let title = elsewhere(&gate.system).map_or(&*gate.system, |(system, _)| system.title);
    let why = |reason: String| vec![Why::new(title, reason)];
    match answers.first().map(outcome) {
        Some(Ok(Outcome::Good(saw))) => Verdict::Open(saw),
        Some(Ok(Outcome::Wrong(reason))) => Verdict::Shut(why(reason)),
        Some(Ok(Outcome::NotYet(reason))) => Verdict::Waiting(why(reason)),
        Some(Err(reason)) => Verdict::Waiting(why(format!("could not be asked: {reason}"))),
        None => Verdict::Waiting(why("was not asked yet".to_owned())),
    }
}

fn outcome(answer: &Answer) -> Result<Outcome, String> {
    serde_json::from_slice(answer.ok()?).map_err(|error| error.to_string())
}
