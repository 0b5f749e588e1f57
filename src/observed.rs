//! What a Swarm was seen to be at one moment: plain data, no behaviour that touches the world.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::spec::{NetworkSpec, ServiceSpec};

/// Everything that a plan, a gate or a status needs to know of a Swarm.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Observed {
    /// The Swarm's identifier.
    pub swarm_id: String,
    /// The node whose engine was asked.
    pub this_node: String,
    /// API version spoken, such as `1.41`.
    pub api_version: String,
    pub nodes: Vec<Node>,
    /// Services of the cluster, by name.
    pub services: BTreeMap<String, Service>,
    /// Tasks of those services, newest last.
    pub tasks: Vec<Task>,
    /// Configs of the cluster, by name.
    pub configs: BTreeMap<String, Config>,
    /// Secrets of the cluster, by name; never their bytes.
    pub secrets: BTreeMap<String, Secret>,
    /// Networks of the cluster, by name.
    pub networks: BTreeMap<String, Network>,
}

/// A Swarm node.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Node {
    pub id: String,
    pub version: u64,
    pub hostname: String,
    pub labels: BTreeMap<String, String>,
    /// `manager` or `worker`.
    pub role: String,
    /// `active`, `pause` or `drain`.
    pub availability: String,
    /// `ready`, `down`, `unknown` or `disconnected`.
    pub state: String,
    pub addr: String,
    pub leader: bool,
    /// `reachable` or `unreachable` for managers.
    pub reachability: String,
    pub nano_cpus: i64,
    pub memory_bytes: i64,
    pub engine_version: String,
    pub os: String,
    pub architecture: String,
}

impl Observed {
    /// Whether a task is made from the present spec of its service.
    #[must_use]
    pub fn is_current(&self, task: &Task) -> bool {
        self.services
            .get(&task.service)
            .is_none_or(|service| task.spec_version == service.version)
    }
}

impl Node {
    /// Whether the scheduler gives this node new tasks.
    #[must_use]
    pub fn takes_tasks(&self) -> bool {
        self.state == "ready" && self.availability == "active"
    }
}

/// A service with the identity that Swarm gave it. References in `spec` are by name.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Service {
    pub id: String,
    pub version: u64,
    pub spec: ServiceSpec,
    pub previous_spec: Option<ServiceSpec>,
    /// Empty when no update was made.
    pub update_state: String,
    pub update_message: String,
}

/// A task.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Task {
    pub id: String,
    pub service_id: String,
    /// Name of the service, filled in by whoever lists tasks.
    pub service: String,
    pub slot: u64,
    pub node_id: String,
    /// `running`, `failed`, `pending` and so on.
    pub state: String,
    pub desired_state: String,
    /// Swarm's own explanation.
    pub error: String,
    pub message: String,
    pub exit_code: Option<i64>,
    pub container_id: String,
    /// RFC 3339, as Swarm gives it.
    pub created_at: String,
    /// RFC 3339: when `state` was reached.
    pub state_at: String,
    /// Addresses by network name.
    pub addresses: BTreeMap<String, IpAddr>,
    /// Image the task runs.
    pub image: String,
    /// The service's version if the task is made from its present spec.
    pub spec_version: u64,
    /// Billionths of a CPU that the scheduler set aside.
    pub reserved_cpus: i64,
    pub reserved_memory: i64,
}

impl Task {
    /// Whether Swarm still wants this task.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        !matches!(
            self.desired_state.as_str(),
            "shutdown" | "remove" | "orphaned"
        )
    }

    /// Whether its process is up.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.is_wanted() && matches!(self.state.as_str(), "running" | "starting")
    }

    /// Whether its process is over.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        matches!(
            self.state.as_str(),
            "complete" | "shutdown" | "failed" | "remove" | "orphaned"
        ) || (self.state == "rejected" && !self.is_wanted() && self.container_id.is_empty())
    }
}

/// A config that exists.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Config {
    pub id: String,
    pub labels: BTreeMap<String, String>,
}

/// A secret that exists.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Secret {
    pub id: String,
    pub labels: BTreeMap<String, String>,
}

/// A network that exists.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Network {
    pub id: String,
    pub spec: NetworkSpec,
}
