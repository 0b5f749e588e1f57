//! A system that is talked with, whether it does what Milvus needs of it: what is there without this
//! tool, or what has users.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Answers, Asked, Verdict, Why};
use crate::observed::Observed;
use crate::question::{Answer, Outcome, Question, Talk};
use crate::system::{FORMER, USER, elsewhere};

/// A system that is talked with.
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

impl Elsewhere {
    /// The talk, by what was seen last.
    #[must_use]
    pub fn talk(&self, seen: &Observed) -> Question {
        Question::Talk(Box::new(Talk {
            system: self.system.clone(),
            cluster: self.cluster.clone(),
            swarm: seen.swarm_id.clone(),
            at: seen.seen_at.clone(),
            settings: self.settings.clone(),
            secrets: self.secrets.clone(),
            writes: false,
        }))
    }

    /// The user who is to go, and of what.
    #[must_use]
    pub fn former(&self) -> (&str, &str) {
        let user = self.settings.get(FORMER).map_or("", String::as_str);
        let title = elsewhere(&self.system).map_or(&*self.system, |(system, _)| system.title);
        (user, title)
    }

    /// The user that Milvus is there, and how people call the system.
    #[must_use]
    pub fn user(&self) -> Option<(&str, &'static str)> {
        let (system, _) = elsewhere(&self.system)?;
        Some((self.settings.get(USER)?, system.title))
    }

    /// The same talk, about a user who is to go: none where its users are not of this secret.
    #[must_use]
    pub fn about_former(&self, secret: &str) -> Option<Self> {
        let stem = |name: &str| Some(name.rsplit_once("-v")?.0.to_owned());
        let user = self.settings.get(USER)?;
        (stem(user)? == stem(secret)?).then(|| {
            let mut talk = self.clone();
            talk.settings.insert(FORMER.to_owned(), secret.to_owned());
            talk
        })
    }

    /// What came of it.
    ///
    /// # Errors
    /// Why it came to no end.
    pub fn outcome(answer: &Answer) -> Result<Outcome, String> {
        serde_json::from_slice(answer.ok()?).map_err(|error| error.to_string())
    }
}

pub(super) fn questions(gate: &Elsewhere, seen: &Observed) -> Vec<Asked> {
    vec![Asked {
        subject: gate.system.clone(),
        question: gate.talk(seen),
    }]
}

pub(super) fn judge(gate: &Elsewhere, answers: &Answers) -> Verdict {
    let title = elsewhere(&gate.system).map_or(&*gate.system, |(system, _)| system.title);
    let why = |reason: String| vec![Why::new(title, reason)];
    match answers.first().map(Elsewhere::outcome) {
        Some(Ok(Outcome::Good(saw))) => Verdict::Open(saw),
        Some(Ok(Outcome::Wrong(reason))) => Verdict::Shut(why(reason)),
        Some(Ok(Outcome::NotYet(reason))) => Verdict::Waiting(why(reason)),
        Some(Err(reason)) => Verdict::Waiting(why(format!("could not be asked: {reason}"))),
        None => Verdict::Waiting(why("was not asked yet".to_owned())),
    }
}
