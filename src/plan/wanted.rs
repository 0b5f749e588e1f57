//! What a cluster should be, as the planner takes it: computed without asking the Swarm.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SecretSource;
use super::scale::Drain;
use crate::component::Birth;
use crate::gate::{Gate, Tasks, Verdict};
use crate::inventory::Inventory;
use crate::observed::Observed;
use crate::role::Role;
use crate::spec::{ConfigSpec, NetworkSpec, ServiceSpec};
pub use crate::topology::HostLabels;

/// Everything that a cluster should be. It does not change once it is made: what is to be done
/// about it is the planner's, who lays it beside what was seen and heard.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    pub cluster: String,
    pub labels: HostLabels,
    /// The backend first.
    pub networks: Vec<NetworkSpec>,
    /// Those of them that are there, are otherwise, and are made anew, for which everything is stopped.
    pub renewed: BTreeSet<String>,
    pub secrets: Vec<WantedSecret>,
    pub configs: BTreeMap<String, ConfigSpec>,
    pub phases: Vec<Phase>,
    pub warnings: Vec<String>,
    /// Put into etcd before the coordinators start.
    pub seed: Seed,
    /// Full name of the service that users talk to.
    pub proxy: String,
    /// The service that publishes what users connect to.
    pub door: String,
    /// How query nodes leave, if there are to be any.
    pub drain: Option<Drain>,
    /// Directories that members keep their data in, by full name of the service.
    pub directories: BTreeMap<String, Home>,
}

impl Wanted {
    /// Every service, in the order of the phases.
    pub fn services(&self) -> impl Iterator<Item = &ServiceSpec> {
        self.phases.iter().flat_map(|phase| &phase.services)
    }

    /// How many tasks a network has once everything is up. One that ends gives its address back.
    #[must_use]
    pub fn tasks_on(&self, network: &str) -> u64 {
        let lasting = self.phases.iter().filter(|phase| !phase.runs_once);
        let services = lasting.flat_map(|phase| &phase.services);
        let is_on = |spec: &&ServiceSpec| {
            let mut networks = spec.task_template.networks.iter();
            networks.any(|joined| joined.target == network)
        };
        services
            .filter(is_on)
            .filter_map(ServiceSpec::replicas)
            .sum()
    }

    /// Who takes addresses of a network: each host with a task one too (swarmkit: `getNodeNetworks` in
    /// `manager/allocator/network.go`), and a service none, as `endpoint_mode: dnsrr` has no virtual
    /// address.
    #[must_use]
    pub fn takers(&self, network: &str, inventory: &Inventory) -> Takers {
        let has_tasks = |role: &Role| *role != Role::Manager;
        let all = inventory.hosts.iter();
        let hosts = all.filter(|host| host.roles.iter().any(has_tasks)).count() as u64;
        let tasks = self.tasks_on(network);
        Takers {
            tasks,
            // Of a few tasks nobody knows which hosts they come to.
            hosts: hosts.min(tasks),
        }
    }

    /// The image that Milvus is to run.
    #[must_use]
    pub fn milvus_image(&self) -> Option<&str> {
        let mut phases = self.phases.iter().filter(|phase| phase.is_milvus);
        let spec = phases.find_map(|phase| phase.services.first())?;
        Some(&spec.task_template.container_spec.image)
    }

    /// How query nodes leave, if more of them were seen than are wanted.
    #[must_use]
    pub fn shrinks(&self, seen: &Observed) -> Option<&Drain> {
        let drain = self.drain.as_ref()?;
        let found = seen.services.get(&drain.service)?;
        let spec = self.services().find(|spec| spec.name == drain.service)?;
        (spec.replicas() < found.spec.replicas()).then_some(drain)
    }
}

/// Who takes addresses of a network.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Takers {
    pub tasks: u64,
    pub hosts: u64,
}

impl Takers {
    /// The addresses that all of them take.
    #[must_use]
    pub const fn addresses(self) -> u64 {
        self.tasks + self.hosts
    }
}

/// Where the root user's credential goes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Seed {
    pub etcd: Vec<String>,
    pub root_path: String,
    /// The phase whose gate must be open first.
    pub after: String,
    /// The phases that must not start before it.
    pub before: Vec<String>,
}

/// A secret that must exist.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WantedSecret {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub source: SecretSource,
    /// Whether it takes the place of one that Milvus knows, which must be told.
    pub renews: bool,
}

/// Services that start together and the gates that say they are ready.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Phase {
    pub name: String,
    pub services: Vec<ServiceSpec>,
    /// Phases whose `opens` must be open.
    pub needs: Vec<String>,
    /// Gates that let dependents go on.
    pub opens: Vec<Gate>,
    /// Gates that only the end of `up` waits for.
    pub settles: Vec<Gate>,
    /// The services run to their end and are not run again without a reason.
    pub runs_once: bool,
    /// The services are members of one whole, which restart one after the other.
    pub rolls: bool,
    /// The members know each other by name from the start: none joins later.
    pub closed: bool,
    pub is_milvus: bool,
    /// The component whose data has a birth once it is ready, which is remembered before what needs it
    /// starts.
    pub birth: Option<&'static Birth>,
    /// The label that is written once it is ready and before what needs it starts.
    pub remembered: Option<String>,
    /// Position in upstream's upgrade order, which is not the order of starting.
    pub upgrade_rank: usize,
    /// Tells that a renewed task has taken over; `None` leaves to Swarm how tasks are renewed.
    pub renewal: Option<Tasks>,
    /// Tells that a task has left a node, where its process outlives it.
    pub gone: Option<Tasks>,
    /// Of each service that can't be there beside those of this phase: tells that nothing of it is
    /// left.
    pub replaces: Vec<Tasks>,
}

impl Phase {
    /// Whether it is of what a cluster uses and does not run.
    #[must_use]
    pub fn is_elsewhere(&self) -> bool {
        let mut opens = self.opens.iter();
        self.services.is_empty() && opens.any(|gate| matches!(gate, Gate::Elsewhere(_)))
    }

    /// Whether nothing of it runs and nobody can be asked about it: it is a part of others.
    #[must_use]
    pub const fn is_silent(&self) -> bool {
        self.services.is_empty() && self.opens.is_empty()
    }

    /// Every gate whose verdict tells a planner something: whether the phase is as wanted, and
    /// whether it works as it is.
    #[must_use]
    pub fn gates(&self, seen: &Observed) -> BTreeSet<Gate> {
        let gates = self.opens.iter().chain(&self.settles);
        gates
            .flat_map(|gate| [gate.clone(), gate.standing(seen)])
            .collect()
    }
}

/// Where a member keeps its data outside of volumes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Home {
    /// As the inventory names it.
    pub host: String,
    pub directories: Vec<Directory>,
}

/// A directory of a host.
#[derive(
    Clone, Debug, Default, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
pub struct Directory {
    pub path: String,
    /// Who owns it if it must be made: the user that the component's image runs as.
    pub uid: u32,
}

/// Verdicts of gates at planning time; a gate that is missing here is unknown.
pub type Verdicts = BTreeMap<Gate, Verdict>;
