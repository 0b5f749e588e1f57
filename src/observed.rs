//! What a Swarm was seen to be at one moment: plain data, no behaviour that touches the world.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::lock::Lock;
use crate::network;
use crate::spec::{NetworkSpec, ServiceSpec};
use crate::words::{show_bytes, show_cpus};

/// Everything that a plan, a gate or a status needs to know of a Swarm.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Observed {
    /// When, by the engine's clock and to the second; empty where it did not say.
    #[serde(default)]
    pub seen_at: String,
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
    /// Who works on the cluster now; never among `configs`.
    pub lock: Option<Lock>,
    /// What others hold; looked at when a plan is made, empty while it is executed.
    #[serde(default)]
    pub others: Others,
}

/// What services that are none of the cluster's hold on the same Swarm.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Others {
    /// What their tasks reserve, by node identifier.
    pub reserved: BTreeMap<String, Reserved>,
    /// Ports that they publish.
    pub ports: Vec<TakenPort>,
    /// Objects that are none of the cluster's and whose names begin with its name.
    #[serde(default)]
    pub names: Vec<TakenName>,
    /// Which addresses networks have.
    #[serde(default)]
    pub ranges: Ranges,
    /// Who is on the cluster's networks.
    #[serde(default)]
    pub guests: Vec<Guest>,
}

/// What is on a network of the cluster and is none of the cluster's.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
pub struct Guest {
    pub network: String,
    pub is: GuestKind,
}

/// What somebody else has on a network.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum GuestKind {
    /// By its name.
    Service(String),
    /// Started by hand, by its identifier, on the node with this one.
    Container { id: String, node: String },
}

/// The ranges of addresses that networks have and get, as Docker writes them: `10.0.0.0/24`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Ranges {
    /// Those of networks that are none of the cluster's: of the Swarm, and of the engine asked.
    pub taken: BTreeSet<String>,
    /// Where Swarm takes them from.
    pub pool: Vec<String>,
    /// The length of the prefix of each that it takes; 0 where it did not say.
    pub prefix: u32,
}

/// A kind of object that has a name of its own on a Swarm.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ObjectKind {
    Network,
    Secret,
    Config,
    Service,
}

/// A name that somebody else's object has.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
pub struct TakenName {
    pub kind: ObjectKind,
    pub name: String,
    /// The label that says whose it is, where one does: `com.docker.stack.namespace=shop`.
    pub owner: Option<String>,
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Network => "network",
            Self::Secret => "secret",
            Self::Config => "config",
            Self::Service => "service",
        })
    }
}

/// CPUs and memory that the scheduler sets aside.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
pub struct Reserved {
    /// Billionths of a CPU.
    pub nano_cpus: i64,
    pub memory_bytes: i64,
}

/// `8 CPUs and 15.6GiB`.
impl fmt::Display for Reserved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cpus = show_cpus(self.nano_cpus);
        let plural = if cpus == "1" { "" } else { "s" };
        write!(f, "{cpus} CPU{plural} and {}", memory(self.memory_bytes))
    }
}

/// Exact where it is a whole number of MiB; nodes report odd numbers of bytes.
fn memory(bytes: i64) -> String {
    const MIB: i64 = 1 << 20;
    if bytes == 0 {
        return "no memory".to_owned();
    }
    if bytes % MIB == 0 {
        return show_bytes(bytes);
    }
    let hundredths = i128::from(bytes) * 100 / (1 << 30);
    format!("{}.{:02}GiB", hundredths / 100, hundredths % 100)
}

/// A port that a service publishes.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
pub struct TakenPort {
    pub port: u32,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
    /// Full name of the service.
    pub service: String,
    /// Identifiers of the nodes whose own port it is; `None` is the routing mesh, which takes the
    /// port on every node.
    pub nodes: Option<BTreeSet<String>>,
}

impl Reserved {
    /// Both amounts added, without wrapping around.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            nano_cpus: self.nano_cpus.saturating_add(other.nano_cpus),
            memory_bytes: self.memory_bytes.saturating_add(other.memory_bytes),
        }
    }
}

/// A Swarm node.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
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
    /// The tasks of one service, by its full name.
    pub fn tasks_of<'a>(&'a self, service: &'a str) -> impl Iterator<Item = &'a Task> {
        self.tasks
            .iter()
            .filter(move |task| task.service == service)
    }

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
#[serde(deny_unknown_fields)]
pub struct Service {
    pub id: String,
    pub version: u64,
    pub spec: ServiceSpec,
    pub previous_spec: Option<Box<ServiceSpec>>,
    /// Empty when no update was made.
    pub update_state: String,
    pub update_message: String,
}

/// A task.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
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
    /// Where its peers and gates reach it.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        network::inside(&self.addresses)
    }

    /// Whether an address is one of its own, on whichever network.
    #[must_use]
    pub fn is_at(&self, address: Option<IpAddr>) -> bool {
        self.addresses.values().any(|own| Some(*own) == address)
    }

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
        self.is_wanted() && self.has_process()
    }

    /// The same of one that Swarm may have told to stop.
    #[must_use]
    pub fn has_process(&self) -> bool {
        has_process(&self.state)
    }

    /// Whether it holds its reservation: it is placed and has not ended, as the scheduler counts.
    #[must_use]
    pub fn is_placed(&self) -> bool {
        !self.node_id.is_empty() && is_placed(&self.state)
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

/// Whether a task in this state has a process: with a health check it is `starting` until that has
/// passed once (moby: `controller.Start` in `daemon/cluster/executor/container/controller.go`).
#[must_use]
pub fn has_process(state: &str) -> bool {
    matches!(state, "running" | "starting")
}

/// A config that exists.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub id: String,
    pub labels: BTreeMap<String, String>,
    /// [`ConfigSpec::digest`](crate::spec::ConfigSpec::digest) of what it holds; `None` in a
    /// snapshot of a version that did not look.
    #[serde(default)]
    pub digest: Option<String>,
}

/// A secret that exists.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    pub id: String,
    pub labels: BTreeMap<String, String>,
}

/// A network that exists.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    pub id: String,
    pub spec: NetworkSpec,
}

/// Whether a task waits for its image in vain; the words are Docker's. Up to 29.6 they are the
/// same whatever the pull failed of; from 29.7 on a task says what the registry said, or the way to
/// it (`Prepare` in daemon/cluster/executor/container/controller.go).
pub(crate) fn lacks_image(error: &str) -> bool {
    const ANYWHERE: [&str; 8] = [
        "No such image",
        "manifest unknown",
        "pull access denied",
        "unauthorized: ",
        "toomanyrequests",
        "received unexpected HTTP status",
        // Of containerd's image store.
        "failed to resolve reference",
        "error from registry",
    ];
    // Alone, or after the place where it happened: "permission denied" is something else.
    const WHOLE: [&str; 2] = ["denied", "unauthorized"];
    let last = error.rsplit(": ").next();
    ANYWHERE.iter().any(|words| error.contains(words))
        || last.is_some_and(|last| WHOLE.contains(&last))
        || error.contains("Get \"http") && error.contains("/v2/\"")
}

/// Whether a task in this state counts on its node, as SwarmKit's scheduler sees it.
pub(crate) fn is_placed(state: &str) -> bool {
    matches!(
        state,
        "assigned" | "accepted" | "preparing" | "ready" | "starting" | "running"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_short() {
        let of = |nano_cpus, memory_bytes| {
            Reserved {
                nano_cpus,
                memory_bytes,
            }
            .to_string()
        };
        assert_eq!(of(8_000_000_000, 16 << 30), "8 CPUs and 16GiB");
        assert_eq!(of(500_000_000, 67_437_142_016), "0.5 CPUs and 62.80GiB");
        assert_eq!(of(1_000_000_000, 0), "1 CPU and no memory");
    }
}
