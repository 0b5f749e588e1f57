//! Gates: questions to components whose answers let the next step start.
//!
//! A gate is a value: it names a component and one of its checks, and the component's row knows
//! what that is. [`Gate::questions`] says what to ask now, [`Gate::judge`] reads the answers;
//! neither touches the world, so the same gates run against a real Swarm, an
//! in-memory one and a recorded one. Questions go to the overlay addresses of current tasks,
//! never to DNS names: Swarm publishes a name late and takes it away late.

mod check;
mod elsewhere;
mod place;
pub(crate) mod swarm;
mod vain;
mod words;

use std::fmt;
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use check::{Check, Checks, ENDED, GONE, GUARDED, LEADS_NOTHING, Members, RENEWED, Tasks};
pub use elsewhere::Elsewhere;
pub(crate) use place::NO_NODE;
pub(crate) use words::of;

pub use crate::system::milvus::ROOT_TOKEN;
pub use crate::system::milvus::session::{Session, leads, sessions};

use crate::observed::{Observed, Task};
use crate::question::{Answer, Question};
use crate::system::{elsewhere, members_check, tasks_check};

/// A condition of the running cluster. Services are named in full (`prod-store_etcd-0`).
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case", tag = "gate")]
pub enum Gate {
    /// Members of a component pass one of its checks.
    Members(Members),
    /// Tasks of a component's service pass one of its checks.
    Tasks(Tasks),
    /// A service has as many running tasks as it wants and no update is under way.
    Converged { service: String },
    /// Swarm turned the task on a node away and made its replacement, which does not run yet:
    /// the next lower number of replicas takes that one away and no other.
    Replaced { service: String, node: String },
    /// No task of these services is left anywhere.
    ServicesGone { services: Vec<String> },
    /// No task of a service is left anywhere, and the service stays: it was told to have none.
    TasksGone { service: String },
    /// What is not of the cluster does what Milvus needs of it.
    Elsewhere(Elsewhere),
}

/// What a gate says.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Go on; the text says what was seen.
    Open(String),
    /// Not yet.
    Waiting(Vec<Why>),
    /// Not yet, but it does its work: a quorum without one of its members, four nodes of five.
    Partly(Vec<Why>),
    /// Waiting longer will not help.
    Shut(Vec<Why>),
}

/// A reason with a subject: which member, which task, which node.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Why {
    pub subject: String,
    pub reason: String,
}

impl Why {
    pub(crate) fn new(subject: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.subject, self.reason)
    }
}

impl Verdict {
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Open(_))
    }

    /// The reasons of a gate that is not open.
    #[must_use]
    pub fn reasons(&self) -> &[Why] {
        match self {
            Self::Open(_) => &[],
            Self::Waiting(why) | Self::Partly(why) | Self::Shut(why) => why,
        }
    }

    pub(crate) fn from_reasons(reasons: Vec<Why>, open: impl FnOnce() -> String) -> Self {
        if reasons.is_empty() {
            Self::Open(open())
        } else {
            Self::Waiting(reasons)
        }
    }

    /// The same with more reasons before its own.
    fn told(self, mut more: Vec<Why>) -> Self {
        match self {
            Self::Waiting(why) => {
                more.extend(why);
                Self::Waiting(more)
            }
            Self::Partly(why) => {
                more.extend(why);
                Self::Partly(more)
            }
            other => other,
        }
    }

    /// The same with one more reason after its own.
    pub(crate) fn and(self, more: Why) -> Self {
        match self {
            Self::Waiting(mut why) => {
                why.push(more);
                Self::Waiting(why)
            }
            Self::Partly(mut why) => {
                why.push(more);
                Self::Partly(why)
            }
            other => other,
        }
    }

    /// The same where there are no such reasons; with one it is not open.
    pub(crate) fn unless(self, reasons: Vec<Why>) -> Self {
        match self {
            Self::Open(_) if !reasons.is_empty() => Self::Waiting(reasons),
            other => reasons.into_iter().fold(other, Self::and),
        }
    }

    /// The same, of something that does its work or not while it is waited for.
    pub(crate) fn while_it_works(self, works: bool) -> Self {
        match self {
            Self::Waiting(why) if works => Self::Partly(why),
            other => other,
        }
    }
}

/// A question with the member that it is about.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Asked {
    /// Full name of the service, or `service.slot`.
    pub subject: String,
    pub question: Question,
}

/// The answers to [`Gate::questions`], in the same order.
pub type Answers = [Answer];

impl Gate {
    /// What to ask now. Empty where Swarm's own state is enough or no task is up yet.
    #[must_use]
    pub fn questions(&self, seen: &Observed) -> Vec<Asked> {
        let mut asked = self.of_components(seen);
        asked.extend(vain::questions(&self.brings_up(), seen));
        asked
    }

    fn of_components(&self, seen: &Observed) -> Vec<Asked> {
        match self {
            Self::Members(gate) => members_check(&gate.component, &gate.check)
                .map_or_else(Vec::new, |check| (check.questions)(gate, seen)),
            Self::Tasks(gate) => tasks_check(&gate.component, &gate.check)
                .map_or_else(Vec::new, |check| (check.questions)(gate, seen)),
            Self::Elsewhere(gate) => elsewhere::questions(gate, seen),
            Self::Converged { .. }
            | Self::Replaced { .. }
            | Self::ServicesGone { .. }
            | Self::TasksGone { .. } => Vec::new(),
        }
    }

    /// The same question of the service as it is now: of no more tasks than it has been told to
    /// have, where the gate is of the number that is wanted next.
    #[must_use]
    pub fn standing(&self, seen: &Observed) -> Self {
        let mut gate = self.clone();
        if let Self::Tasks(Tasks {
            service,
            tasks,
            renewed: None,
            node: None,
            ..
        }) = &mut gate
        {
            let found = seen.services.get(service.as_str());
            let have = found.and_then(|found| found.spec.replicas());
            *tasks = have.map_or(*tasks, |have| have.max(1).min(*tasks));
        }
        gate
    }

    /// Reads the answers to [`Self::questions`].
    #[must_use]
    pub fn judge(&self, seen: &Observed, asked: &[Asked], answers: &Answers) -> Verdict {
        // What registries are asked stands behind what components are asked.
        let is_image = |asked: &Asked| matches!(asked.question, Question::Image { .. });
        let own = asked.iter().position(is_image).unwrap_or(asked.len());
        let (own, images) = asked.split_at(own);
        let (answers, of_images) = answers.split_at(own.len().min(answers.len()));
        let verdict = self.read(seen, own, answers);
        if !matches!(verdict, Verdict::Waiting(_) | Verdict::Partly(_)) {
            return verdict;
        }
        let services = self.brings_up();
        let mut shut = swarm::paused(&services, seen);
        let images: Vec<(&Asked, &Answer)> = images.iter().zip(of_images).collect();
        let vain = vain::judge(&services, seen, &images);
        shut.extend(vain.certain);
        shut.extend(self.homeless(&services, seen));
        if shut.is_empty() {
            return verdict.told(vain.told);
        }
        // What is certain of a service is all that need be said of it.
        let said: Vec<String> = shut.iter().map(|why| why.subject.clone()).collect();
        let others = verdict.reasons().iter().cloned();
        let is_said = |why: &Why| {
            let of = |service: &String| {
                let rest = why.subject.strip_prefix(service.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            said.iter().any(of)
        };
        shut.extend(others.filter(|why| !is_said(why)));
        Verdict::Shut(shut)
    }

    /// The services that no node takes, where the others are too few to open the gate.
    fn homeless(&self, services: &[&str], seen: &Observed) -> Vec<Why> {
        let why = |service: &&str| Some(Why::new(short(service), place::in_vain(service, seen)?));
        let homeless: Vec<Why> = services.iter().filter_map(why).collect();
        let needed = match self {
            Self::Members(gate) => gate.at_least,
            _ => services.len(),
        };
        if services.len() - homeless.len() < needed {
            homeless
        } else {
            Vec::new()
        }
    }

    /// Whether it says that strangers are kept out, which is nothing that anybody waits for to work.
    #[must_use]
    pub fn is_guard(&self) -> bool {
        matches!(self, Self::Tasks(gate) if gate.check == GUARDED)
    }

    /// Milliseconds that it is expected to stay shut. Only their order matters.
    #[must_use]
    pub fn takes(&self) -> u64 {
        let takes = match self {
            Self::Members(gate) => {
                members_check(&gate.component, &gate.check).map(|check| check.takes)
            }
            Self::Tasks(gate) => tasks_check(&gate.component, &gate.check).map(|check| check.takes),
            Self::Elsewhere(gate) => elsewhere(&gate.system).map(|(_, row)| row.takes),
            Self::Converged { .. }
            | Self::Replaced { .. }
            | Self::ServicesGone { .. }
            | Self::TasksGone { .. } => None,
        };
        takes.unwrap_or(2_000)
    }

    /// The services whose tasks open the gate: it stays shut while Swarm does not update them.
    fn brings_up(&self) -> Vec<&str> {
        match self {
            Self::Members(gate) => gate.members.iter().map(String::as_str).collect(),
            Self::Tasks(Tasks {
                service,
                node: None,
                ..
            })
            | Self::Converged { service } => vec![service],
            // These wait for an end, or for what Swarm does not run.
            Self::Tasks(_)
            | Self::Elsewhere(_)
            | Self::Replaced { .. }
            | Self::ServicesGone { .. }
            | Self::TasksGone { .. } => Vec::new(),
        }
    }

    fn read(&self, seen: &Observed, asked: &[Asked], answers: &Answers) -> Verdict {
        match self {
            Self::Members(gate) => match members_check(&gate.component, &gate.check) {
                Some(check) => (check.judge)(gate, seen, asked, answers),
                None => unknown(&gate.component, &gate.check),
            },
            Self::Tasks(gate) => match tasks_check(&gate.component, &gate.check) {
                Some(check) => (check.judge)(gate, seen, asked, answers),
                None => unknown(&gate.component, &gate.check),
            },
            Self::Elsewhere(gate) => elsewhere::judge(gate, answers),
            Self::Converged { service } => swarm::judge_converged(service, seen),
            Self::Replaced { service, node } => swarm::judge_replaced(service, node, seen),
            Self::ServicesGone { services } => swarm::judge_services_gone(services, seen),
            Self::TasksGone { service } => swarm::judge_tasks_gone(service, seen),
        }
    }
}

/// Of a gate that another version of this tool wrote.
fn unknown(component: &str, check: &str) -> Verdict {
    let why = format!("has no check `{check}` that this version of milvus-swarm knows");
    Verdict::Shut(vec![Why::new(component, why)])
}

/// The Compose short name of a service: `etcd-0` of `prod-store_etcd-0`.
#[must_use]
pub fn short(service: &str) -> &str {
    service.split_once('_').map_or(service, |(_, name)| name)
}

/// The tasks of a service whose process is up, with their overlay addresses. A task that an
/// update is about to replace does not count: it would answer for the one that comes.
pub(crate) fn up<'a>(
    seen: &'a Observed,
    service: &'a str,
) -> impl Iterator<Item = (&'a Task, IpAddr)> {
    seen.tasks
        .iter()
        .filter(move |task| task.service == service && task.is_up() && seen.is_current(task))
        .filter_map(|task| Some((task, task.address()?)))
}

/// Subject and address of the one up task of each member.
pub(crate) fn up_members(members: &[String], seen: &Observed) -> Vec<(String, IpAddr)> {
    members
        .iter()
        .filter_map(|member| {
            let (_, address) = up(seen, member).next()?;
            Some((member.clone(), address))
        })
        .collect()
}

/// `service.slot`, shortened, for a task of a replicated service.
pub(crate) fn task_name(task: &Task) -> String {
    // Nobody knows the service: it was removed.
    if task.service.is_empty() {
        return task.id.clone();
    }
    format!("{}.{}", short(&task.service), task.slot)
}

/// The answers about one subject.
pub(crate) fn about<'a>(
    subject: &'a str,
    asked: &'a [Asked],
    answers: &'a Answers,
) -> impl Iterator<Item = &'a Answer> {
    asked
        .iter()
        .zip(answers)
        .filter(move |(asked, _)| asked.subject == subject)
        .map(|(_, answer)| answer)
}
