//! Gates: questions to components whose answers let the next step start.
//!
//! A gate is a value. [`Gate::questions`] says what to ask now, [`Gate::judge`] reads the
//! answers; neither touches the world, so the same gates run against a real Swarm, an
//! in-memory one and a recorded one. Questions go to the overlay addresses of current tasks,
//! never to DNS names: Swarm publishes a name late and takes it away late.

pub(crate) mod swarm;
mod words;

use std::fmt;
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use crate::system::milvus::ROOT_TOKEN;
pub use crate::system::milvus::session::{Session, leads, sessions};

use crate::observed::{Observed, Task};
use crate::question::{Answer, Question};
use crate::system::{etcd, milvus, minio, pulsar};

/// A condition of the running cluster. Services are named in full (`prod-store_etcd-0`).
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case", tag = "gate")]
pub enum Gate {
    /// Every member healthy, one leader, no alarm.
    EtcdQuorum { members: Vec<String> },
    /// Every server live and the cluster has its write quorum.
    MinioWriteQuorum { members: Vec<String> },
    /// One leader, all others follow it (or one standalone server).
    ZookeeperQuorum { members: Vec<String> },
    /// The init task is done and its effect is in ZooKeeper.
    PulsarMetadata {
        service: String,
        zookeepers: Vec<String>,
        /// Pulsar's name for the cluster.
        cluster: String,
    },
    /// At least so many bookies are writable and registered.
    BookiesWritable {
        members: Vec<String>,
        zookeepers: Vec<String>,
        at_least: usize,
    },
    /// At least so many brokers produced to and consumed from their own health topic.
    BrokersHealthy {
        members: Vec<String>,
        at_least: usize,
    },
    /// The tasks of a Milvus service registered their sessions in etcd.
    SessionsRegistered {
        etcd: Vec<String>,
        /// Milvus' `etcd.rootPath`.
        root_path: String,
        service: String,
        /// Milvus' own word for the role: `rootcoord`, `querynode` and so on.
        role: String,
        tasks: u64,
    },
    /// The coordinator that leads its kind, by the one session that only a leader has, is a
    /// current task. Until then the others of Milvus ask the leader before it, which may be gone.
    CoordinatorLeads {
        etcd: Vec<String>,
        root_path: String,
        service: String,
        role: String,
    },
    /// The tasks of a Milvus service say OK on `/healthz`.
    MilvusHealthy { service: String, tasks: u64 },
    /// So many proxies answer an authenticated request.
    ProxiesServe { service: String, tasks: u64 },
    /// A service has as many running tasks as it wants and no update is under way.
    Converged { service: String },
    /// No task of the service is left on a node, and its Milvus process said goodbye to etcd.
    TaskGone {
        etcd: Vec<String>,
        root_path: String,
        service: String,
        node: String,
    },
    /// Swarm turned the task on a node away and made its replacement, which does not run yet:
    /// the next lower number of replicas takes that one away and no other.
    Replaced { service: String, node: String },
    /// So many tasks of a Milvus service are made from its present spec, and all of them have
    /// taken over: each is registered, none of those before is, and every shard has a leader.
    Renewed {
        etcd: Vec<String>,
        root_path: String,
        service: String,
        role: String,
        tasks: u64,
        renewed: u64,
        /// The service that knows the leaders, where tasks may lead shards.
        proxy: Option<String>,
    },
    /// No task of these services is left anywhere.
    ServicesGone { services: Vec<String> },
    /// The query node on a node of the Swarm leads no shard, so it can leave unnoticed.
    LeadsNoShard {
        etcd: Vec<String>,
        root_path: String,
        service: String,
        node: String,
        /// The service that knows the leaders.
        proxy: String,
    },
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
        match self {
            Self::EtcdQuorum { members } => etcd::ask::questions(members, seen),
            Self::MinioWriteQuorum { members } => minio::ask::questions(members, seen),
            Self::ZookeeperQuorum { members } => pulsar::zookeeper::questions(members, seen),
            Self::PulsarMetadata {
                zookeepers,
                cluster,
                ..
            } => pulsar::ask::metadata_questions(zookeepers, cluster, seen),
            Self::BookiesWritable {
                members,
                zookeepers,
                ..
            } => pulsar::ask::bookie_questions(members, zookeepers, seen),
            Self::BrokersHealthy { members, .. } => pulsar::ask::broker_questions(members, seen),
            Self::SessionsRegistered {
                etcd, root_path, ..
            }
            | Self::CoordinatorLeads {
                etcd, root_path, ..
            }
            | Self::TaskGone {
                etcd, root_path, ..
            } => milvus::session::questions(etcd, root_path, seen),
            Self::LeadsNoShard {
                etcd,
                root_path,
                proxy,
                ..
            } => milvus::session::leader_questions(etcd, root_path, proxy, seen),
            Self::Renewed {
                etcd,
                root_path,
                proxy: Some(proxy),
                ..
            } => milvus::session::leader_questions(etcd, root_path, proxy, seen),
            Self::Renewed {
                etcd, root_path, ..
            } => milvus::session::questions(etcd, root_path, seen),
            Self::MilvusHealthy { service, .. } => milvus::ask::health_questions(service, seen),
            Self::ProxiesServe { service, .. } => milvus::ask::proxy_questions(service, seen),
            Self::Converged { .. } | Self::Replaced { .. } | Self::ServicesGone { .. } => {
                Vec::new()
            }
        }
    }

    /// The same question of the service as it is now: of no more tasks than it has been told to
    /// have, where the gate is of the number that is wanted next.
    #[must_use]
    pub fn standing(&self, seen: &Observed) -> Self {
        let mut gate = self.clone();
        if let Self::SessionsRegistered { service, tasks, .. }
        | Self::MilvusHealthy { service, tasks }
        | Self::ProxiesServe { service, tasks } = &mut gate
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
        let verdict = self.read(seen, asked, answers);
        if !matches!(verdict, Verdict::Waiting(_) | Verdict::Partly(_)) {
            return verdict;
        }
        let mut paused = swarm::paused(&self.brings_up(), seen);
        if paused.is_empty() {
            return verdict;
        }
        paused.extend(verdict.reasons().iter().cloned());
        Verdict::Shut(paused)
    }

    /// The services whose tasks open the gate: it stays shut while Swarm does not update them.
    fn brings_up(&self) -> Vec<&str> {
        match self {
            Self::EtcdQuorum { members }
            | Self::MinioWriteQuorum { members }
            | Self::ZookeeperQuorum { members }
            | Self::BookiesWritable { members, .. }
            | Self::BrokersHealthy { members, .. } => members.iter().map(String::as_str).collect(),
            Self::PulsarMetadata { service, .. }
            | Self::SessionsRegistered { service, .. }
            | Self::CoordinatorLeads { service, .. }
            | Self::MilvusHealthy { service, .. }
            | Self::ProxiesServe { service, .. }
            | Self::Renewed { service, .. }
            | Self::Converged { service } => vec![service],
            // These wait for an end.
            Self::TaskGone { .. }
            | Self::Replaced { .. }
            | Self::ServicesGone { .. }
            | Self::LeadsNoShard { .. } => Vec::new(),
        }
    }

    fn read(&self, seen: &Observed, asked: &[Asked], answers: &Answers) -> Verdict {
        match self {
            Self::EtcdQuorum { members } => etcd::ask::judge(members, seen, asked, answers),
            Self::MinioWriteQuorum { members } => minio::ask::judge(members, seen, asked, answers),
            Self::ZookeeperQuorum { members } => {
                pulsar::zookeeper::judge(members, seen, asked, answers)
            }
            Self::PulsarMetadata { service, .. } => {
                pulsar::ask::judge_metadata(service, seen, asked, answers)
            }
            Self::BookiesWritable {
                members, at_least, ..
            } => pulsar::ask::judge_bookies(members, *at_least, seen, asked, answers),
            Self::BrokersHealthy { members, at_least } => {
                pulsar::ask::judge_brokers(members, *at_least, seen, asked, answers)
            }
            Self::SessionsRegistered {
                service,
                role,
                tasks,
                ..
            } => milvus::session::judge(service, role, *tasks, seen, answers),
            Self::CoordinatorLeads { service, role, .. } => {
                milvus::session::judge_leader(service, role, seen, answers)
            }
            Self::MilvusHealthy { service, tasks } => {
                milvus::ask::judge_health(service, *tasks, seen, asked, answers)
            }
            Self::ProxiesServe { service, tasks } => {
                milvus::ask::judge_proxies(service, *tasks, seen, asked, answers)
            }
            Self::Converged { service } => swarm::judge_converged(service, seen),
            Self::TaskGone { service, node, .. } => {
                milvus::session::judge_gone(service, node, seen, answers)
            }
            Self::Replaced { service, node } => swarm::judge_replaced(service, node, seen),
            Self::Renewed {
                service,
                role,
                tasks,
                renewed,
                ..
            } => milvus::renewed::judge(service, role, (*renewed, *tasks), seen, answers),
            Self::ServicesGone { services } => swarm::judge_services_gone(services, seen),
            Self::LeadsNoShard { service, node, .. } => {
                milvus::session::judge_leads_none(service, node, seen, answers)
            }
        }
    }
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
        .filter_map(|task| Some((task, *task.addresses.values().next()?)))
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
