//! What an inventory says, as plain values: every default is filled in.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::Ipv4Addr;

use super::shape::Key;
use crate::compose::image::ResolveImage;
use crate::release::{DEFAULT, Line};
use crate::role::Role;

/// A cluster: its hosts, their roles, and how each role is set up.
#[derive(Clone, Debug, PartialEq)]
pub struct Inventory {
    /// The cluster's name.
    pub name: String,
    /// The Milvus version, `2.3` or `2.3.21`, without a leading `v`. `None`: a cluster that is there
    /// keeps its minor, and a new one gets the default.
    pub milvus: Option<String>,
    /// Names of the known holes that it may have.
    pub accepted: BTreeSet<String>,
    pub images: Images,
    /// The hosts in the order in which the files name them.
    pub hosts: Vec<Host>,
    /// Roles that nobody was given: they run where others do.
    pub by_default: BTreeSet<Role>,
    /// Whether one process is to do the work of all coordinators, where the inventory says.
    pub mixed: Option<bool>,
    /// Settings of every role, defaults included.
    pub roles: BTreeMap<Role, RoleSettings>,
    pub data: DataPlace,
    /// Milvus configuration to merge over the tool's own: always an object.
    pub config: serde_json::Value,
    pub publish: Publish,
    pub network: NetworkSettings,
    pub credentials: Credentials,
    pub pulsar: PulsarQuorum,
    /// What was chosen to meet needs of Milvus, where it is not what meets them by default.
    pub fillers: BTreeMap<Slot, Filling>,
    /// Roles that hosts were given and that run nothing, since something else was chosen.
    pub idle: BTreeSet<Role>,
    /// The folder with stack templates of the user's own.
    pub stacks: Option<NamedPath>,
}

/// One machine.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Host {
    /// The Swarm node's hostname, or `@this` for the machine that the tool talks to.
    pub name: String,
    /// An IP address or a DNS name.
    pub address: Option<String>,
    /// Where its engine listens, for what only the node itself can answer.
    pub engine: Option<String>,
    /// Its roles, those by default included.
    pub roles: BTreeSet<Role>,
    pub zone: Option<String>,
}

/// Where images come from.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Images {
    /// A prefix for every image that is not overridden.
    pub registry: Option<String>,
    pub resolve: ResolveImage,
    /// Whole references that replace those of the release.
    pub overrides: BTreeMap<Image, String>,
}

pub use crate::system::{Filling, Image, Slot};

/// Where members keep their data.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum DataPlace {
    /// In named volumes.
    Volumes,
    /// Under this directory of each host.
    Dir(String),
}

/// How one role is set up.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RoleSettings {
    /// Tasks of the role: for a role with members, one per host.
    pub replicas: u64,
    /// The most tasks of the role on one host.
    pub per_host: u64,
    /// In billionths of a CPU.
    pub cpus: Bounds,
    /// In bytes.
    pub memory: Bounds,
    /// Memory of the Java machine, for the roles that run in one.
    pub jvm: Option<Jvm>,
    /// MinIO drives on each host; 1 for every other role.
    pub drives: u64,
}

/// What is set aside for a task, and what it may use at most.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Bounds {
    pub reserve: Option<i64>,
    pub limit: Option<i64>,
}

/// Memory of a Java machine in bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Jvm {
    pub heap: i64,
    pub direct: i64,
}

/// A port of a component that users may reach on its hosts.
#[derive(Debug)]
pub struct Published {
    /// Its key under `publish`.
    pub key: Key,
    /// Where tasks listen.
    pub port: u16,
    /// The port of the hosts where the inventory says nothing; none is not published.
    pub default: Option<u16>,
}

/// Ports that users reach on the hosts, by their keys; what is absent is not published.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Publish(BTreeMap<&'static str, u16>);

impl Publish {
    /// The port of the hosts that one is published as, if it is.
    #[must_use]
    pub fn port(&self, one: &Published) -> Option<u16> {
        self.0.get(one.key.name).copied()
    }

    /// Publishes one, or does not.
    pub fn set(&mut self, one: &Published, port: Option<u16>) {
        match port {
            Some(port) => self.0.insert(one.key.name, port),
            None => self.0.remove(one.key.name),
        };
    }
}

/// The overlay network of the cluster.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct NetworkSettings {
    pub encrypted: bool,
    /// Of the backend. `None`: what is there; of a network that is not, a part of Swarm's own pool.
    pub subnet: Option<Subnet>,
    /// The same of the front.
    pub front_subnet: Option<Subnet>,
    /// The largest packet between hosts, in bytes; `None`: 1500, or what is there.
    pub mtu: Option<u16>,
}

/// An IPv4 subnet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Subnet {
    /// Its first address.
    pub address: Ipv4Addr,
    /// The length of its prefix in bits.
    pub prefix: u8,
}

/// Credentials that the user gives, by their keys; what is absent is generated at the first `up`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Credentials {
    pub users: BTreeMap<&'static str, String>,
    /// The files that hold passwords.
    pub passwords: BTreeMap<&'static str, NamedPath>,
}

impl Credentials {
    /// The file with the password that a key names.
    #[must_use]
    pub fn password(&self, key: Key) -> Option<&NamedPath> {
        self.passwords.get(key.name)
    }
}

/// A file or folder that an inventory names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NamedPath {
    /// A relative path begins at the inventory that names it.
    pub path: String,
    /// The position of that inventory in the list that was parsed.
    pub source: usize,
}

/// How many bookies hold each ledger.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PulsarQuorum {
    /// Bookies that a ledger is striped over.
    pub ensemble: u64,
    /// Copies of each entry.
    pub write_quorum: u64,
    /// Copies that must be confirmed before a write counts.
    pub ack_quorum: u64,
}

impl Inventory {
    /// The hosts with a role, in file order.
    pub fn hosts_with(&self, role: Role) -> impl Iterator<Item = &Host> {
        self.hosts
            .iter()
            .filter(move |host| host.roles.contains(&role))
    }

    /// The settings of a role.
    #[must_use]
    pub fn settings(&self, role: Role) -> &RoleSettings {
        self.roles.get(&role).unwrap_or(&RoleSettings::NONE)
    }

    /// The line of its Milvus, `(2, 3)`: that of a new cluster where none is said.
    #[must_use]
    pub fn line(&self) -> Line {
        line(self.milvus.as_deref())
    }
}

/// The line of a version: `(2, 3)` of `2.3.21`.
pub(super) fn line(version: Option<&str>) -> Line {
    let version = version.unwrap_or(DEFAULT);
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

impl RoleSettings {
    /// Nothing set: what a role without hosts has.
    pub const NONE: Self = Self {
        replicas: 0,
        per_host: 1,
        cpus: Bounds {
            reserve: None,
            limit: None,
        },
        memory: Bounds {
            reserve: None,
            limit: None,
        },
        jvm: None,
        drives: 1,
    };
}

impl Subnet {
    /// Addresses that tasks can have: not the first, the last, nor the gateway.
    #[must_use]
    pub const fn room(self) -> u64 {
        (1 << (32 - self.prefix as u64)) - 3
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}
