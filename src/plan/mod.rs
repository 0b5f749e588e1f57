//! The plan: a value that says what will be done, in which order, behind which gates.
//!
//! A plan is a graph. Each step names the steps that must have passed before it starts; there
//! are no waves. `up` prints this value and then executes this very value.

mod adopt;
mod ancestors;
mod anew;
mod build;
mod ends;
mod give;
mod heard;
mod images;
mod labels;
mod orphans;
mod outage;
mod phases;
mod prepare;
mod priority;
mod remove;
mod roll;
mod room;
mod saved;
mod scale;
mod shown;
mod stands;
mod surplus;
mod unlabel;
mod wanted;
mod working;

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use build::up;
pub use ends::{Ended, Ends};
pub use heard::Heard;
pub use images::{Images, Registries};
pub use outage::Outage;
pub use priority::priorities;
pub use remove::{Down, down};
pub use roll::is_pause;
pub use saved::SavedError;
pub use scale::{Drain, Leaver, leavers};
pub use stands::stands;
pub use wanted::{
    Directory, Home, HostLabels, Phase, Seed, Takers, Verdicts, Wanted, WantedSecret,
};

use crate::component::Component;
use crate::count::count;
use crate::gate::{Elsewhere, Gate, Why, short};
use crate::spec::{Change, ConfigSpec, NetworkSpec, Restart, ServiceSpec};

/// How plans are written now: since the second, a gate names a component and one of its checks.
pub const FORMAT: u32 = 2;

/// Position of a step in [`Plan::steps`].
pub type StepId = usize;

/// What will be done.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Plan {
    /// Of how the plan is written: another number when a reader of the one before would not
    /// understand it. Plans before the second had none.
    #[serde(default = "first_format")]
    pub format: u32,
    pub cluster: String,
    /// Steps stand after the steps they wait for.
    pub steps: Vec<Step>,
    /// What a user should know: things that were left alone on purpose, stand-in images.
    pub warnings: Vec<String>,
    /// What users will miss meanwhile.
    #[serde(default)]
    pub outages: Vec<Outage>,
    /// Services that were not posted by this tool, or not last, and are as wanted: taken over
    /// with nothing to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adopted: Vec<String>,
    /// Why the plan must not be executed; `up` stops before its first action.
    pub refusals: Vec<Refusal>,
}

/// One thing to do.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Step {
    /// What part of the cluster it belongs to: `etcd`, `bookies`.
    pub part: String,
    pub action: Action,
    /// Steps that must have passed.
    pub after: Vec<StepId>,
    pub because: Because,
    /// Tasks that run now and that it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Ends>,
}

/// What a step does.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "action")]
pub enum Action {
    LabelNode {
        node_id: String,
        hostname: String,
        add: BTreeMap<String, String>,
        /// Of the labels in `add`, those that have another value now, with that value.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        from: BTreeMap<String, String>,
        remove: Vec<String>,
    },
    CreateNetwork {
        spec: NetworkSpec,
    },
    /// Makes directories of members on their host, through a task there.
    MakeDirectories {
        node_id: String,
        hostname: String,
        directories: Vec<Directory>,
    },
    /// The executor makes the bytes; a plan never holds them.
    CreateSecret {
        name: String,
        labels: BTreeMap<String, String>,
        source: SecretSource,
    },
    /// Makes the next generation of root's password and tells Milvus of it, unless it takes that
    /// password already: a client may have been first.
    RenewPassword {
        name: String,
        labels: BTreeMap<String, String>,
        source: SecretSource,
        /// Full name of the service of the proxies.
        proxy: String,
    },
    /// Takes a user away who was called as a secret that another generation took the place of.
    RemoveUser {
        /// As the system is talked with, and who it is about.
        of: Elsewhere,
    },
    CreateConfig {
        name: String,
        labels: BTreeMap<String, String>,
        /// The text of the file. Configs hold no secret.
        data: String,
        template_driver: Option<String>,
    },
    /// Swarm changes nothing of a config but its labels.
    UpdateConfig {
        name: String,
        id: String,
        from: BTreeMap<String, String>,
        labels: BTreeMap<String, String>,
    },
    /// Nor of a secret.
    UpdateSecret {
        name: String,
        id: String,
        from: BTreeMap<String, String>,
        labels: BTreeMap<String, String>,
    },
    CreateService {
        spec: Box<ServiceSpec>,
    },
    UpdateService {
        name: String,
        id: String,
        /// Swarm's version of the service when the plan was made.
        version: u64,
        from: Arc<ServiceSpec>,
        spec: Arc<ServiceSpec>,
        changes: Vec<Change>,
        restart: Restart,
        /// One of several updates that each replace one task.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        turn: Option<Turn>,
    },
    Await {
        #[serde(rename = "for")]
        gate: Gate,
    },
    /// Puts the root user's credential into etcd before a coordinator can make up a default.
    SeedRoot {
        etcd: Vec<String>,
        root_path: String,
    },
    /// Labels the nodes that hold data with the birth of it, which is put there first where it has none
    /// and its system makes none.
    RememberBirth {
        /// Name of the component that keeps the data.
        component: String,
        /// Its services, in full.
        members: Vec<String>,
        label: String,
        /// The hostnames of the nodes, by their identifiers.
        nodes: BTreeMap<String, String>,
    },
    /// Creates a collection through the proxy, searches it and drops it.
    Smoke {
        service: String,
    },
    /// Tells query nodes not to wait for others to take their segments: all of them go.
    SkipHandOver {
        etcd: Vec<String>,
        root_path: String,
    },
    RemoveService {
        name: String,
        id: String,
    },
    RemoveConfig {
        name: String,
        id: String,
    },
    RemoveSecret {
        name: String,
        id: String,
    },
    RemoveNetwork {
        name: String,
        id: String,
    },
    /// Gives all that is in the volumes of a member to the user of the image that comes, through a
    /// task on the node that holds them, while no task of the member is left.
    GiveVolumes {
        node_id: String,
        hostname: String,
        /// Full name of the member's service.
        service: String,
        /// Names of volumes, and directories where the inventory gives them.
        volumes: Vec<String>,
        /// The user; the group becomes that of root.
        uid: u32,
        /// What that task runs: the image that the member has run, which is on the node.
        image: String,
    },
    /// Empties the volumes of members on the node that holds them.
    RemoveVolumes {
        hostname: String,
        /// Names of volumes, and directories where the inventory gives them.
        volumes: Vec<String>,
    },
}

/// The place of an update among those that renew a service task by task.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Turn {
    pub nth: u64,
    pub of: u64,
}

/// Where the bytes of a secret come from.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretSource {
    /// Random letters and digits.
    Generated { length: usize },
    /// A file on the machine that runs the tool.
    File { path: String },
}

/// Why a step is in the plan.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Because {
    /// It does not exist yet.
    Missing,
    /// It differs from what is wanted.
    Changed,
    /// It differs from what is wanted, and from what this tool last made of it: somebody
    /// changed it by hand. Or a label that this tool only ever sets to `true` has another value.
    Drifted,
    /// It differs from what is wanted, and this tool did not post it, or not last: `docker stack
    /// deploy` did. It is taken over.
    Adopted,
    /// It is as wanted, but Swarm paused its update when a task failed. What is renewed is up by
    /// now: posted again, the same spec makes the update go on.
    Paused,
    /// It is as wanted, but its gate is not open.
    Unready(Vec<Why>),
    /// Something before it changes.
    Follows,
    /// Nothing wants it any more.
    Orphan,
    /// The user asked.
    Asked,
}

/// A rule that forbids the plan.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Refusal {
    /// Name of the rule, such as `member-moves`.
    pub rule: String,
    pub reason: String,
    /// What to do instead.
    pub hint: String,
}

const fn first_format() -> u32 {
    1
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            format: FORMAT,
            cluster: String::new(),
            steps: Vec::new(),
            warnings: Vec::new(),
            outages: Vec::new(),
            adopted: Vec::new(),
            refusals: Vec::new(),
        }
    }
}

impl Plan {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether any step belongs to Milvus itself.
    #[must_use]
    pub fn touches(&self, parts: &[&str]) -> bool {
        self.steps
            .iter()
            .any(|step| parts.contains(&step.part.as_str()))
    }

    pub(crate) fn push(
        &mut self,
        part: &str,
        action: Action,
        after: Vec<StepId>,
        because: Because,
    ) -> StepId {
        self.steps.push(Step {
            part: part.to_owned(),
            action,
            after,
            because,
            ends: None,
        });
        self.steps.len() - 1
    }
}

impl Action {
    /// One line that names the object.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::LabelNode {
                hostname,
                add,
                remove,
                ..
            } => match (add.len(), remove.len()) {
                (0, n) => format!("unlabel node {hostname} ({n})"),
                (n, 0) => format!("label node {hostname} ({n})"),
                (a, r) => format!("label node {hostname} (+{a} -{r})"),
            },
            Self::CreateNetwork { spec } => format!("create network {}", spec.name),
            Self::CreateSecret { name, .. } => format!("create secret {name}"),
            Self::RenewPassword { name, .. } => {
                format!("create secret {name} and change the root password to it")
            }
            Self::RemoveUser { of } => {
                let (user, system) = of.former();
                format!("remove user {user} of {system}")
            }
            Self::CreateConfig { name, .. } => format!("create config {name}"),
            Self::UpdateConfig { name, .. } => format!("update labels of config {name}"),
            Self::UpdateSecret { name, .. } => format!("update labels of secret {name}"),
            Self::CreateService { spec } => format!("create service {}", spec.name),
            Self::UpdateService {
                name,
                turn: Some(turn),
                ..
            } => format!("update service {name}, task {} of {}", turn.nth, turn.of),
            Self::UpdateService { name, spec, .. } if spec.replicas() == Some(0) => {
                format!("stop service {name}")
            }
            Self::UpdateService { name, .. } => format!("update service {name}"),
            Self::MakeDirectories {
                hostname,
                directories,
                ..
            } => {
                let noun = if directories.len() == 1 {
                    "directory"
                } else {
                    "directories"
                };
                format!("make {} {noun} on {hostname}", directories.len())
            }
            Self::Await { gate } => format!("wait for {gate}"),
            Self::SeedRoot { .. } => "set the root password, where none is set".to_owned(),
            Self::RememberBirth {
                component, nodes, ..
            } => {
                let title = Component::named(component).map_or(&**component, |row| row.title);
                let nodes = count(nodes.len(), "node");
                format!("remember the birth of data in {title} on {nodes}")
            }
            Self::Smoke { .. } => "smoke check through the proxy".to_owned(),
            Self::SkipHandOver { .. } => "let query nodes go without a hand-over".to_owned(),
            Self::RemoveService { name, .. } => format!("remove service {name}"),
            Self::RemoveConfig { name, .. } => format!("remove config {name}"),
            Self::RemoveSecret { name, .. } => format!("remove secret {name}"),
            Self::RemoveNetwork { name, .. } => format!("remove network {name}"),
            Self::GiveVolumes {
                hostname,
                service,
                uid,
                ..
            } => format!(
                "give the data of {} on {hostname} to user {uid}",
                short(service)
            ),
            Self::RemoveVolumes { hostname, volumes } => {
                format!("empty volumes {} on {hostname}", volumes.join(", "))
            }
        }
    }

    /// The config that [`Action::CreateConfig`] makes.
    #[must_use]
    pub fn config(&self) -> Option<ConfigSpec> {
        match self {
            Self::CreateConfig {
                name,
                labels,
                data,
                template_driver,
            } => Some(ConfigSpec {
                name: name.clone(),
                labels: labels.clone(),
                data: data.clone().into_bytes(),
                template_driver: template_driver.clone(),
            }),
            _ => None,
        }
    }
}
