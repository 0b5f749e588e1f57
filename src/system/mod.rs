//! The systems that a cluster is made of: one folder for each, with all that the tool knows of it.
//!
//! A row has no `..`: a fact that is forgotten does not compile.

mod advisory;
pub mod etcd;
pub mod grammar;
pub mod haproxy;
mod image;
pub mod milvus;
pub mod minio;
pub mod pulsar;
mod s3;
mod slot;
mod woodpecker;

pub use advisory::Advisory;
pub use image::Image;
pub use slot::{Choice, Filler, Filling, Slot};

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::component::{Component, File, Secret, Shape, Stack};
use crate::gate::{Check, Members, Tasks};
use crate::inventory::{Inventory, Published, PulsarQuorum};
use crate::question::{Lead, Talk};
use crate::refuse::Rule;
use crate::release::Release;
use crate::render::{Generations, first_secret_name, secret_name};
use crate::role::{Duty, Role};
use crate::topology::Topology;

/// Where users connect.
pub const DOOR: &Published = &milvus::USERS;

/// Ports that an inventory may publish, in the order in which people are told of them.
pub const PUBLISHED: [&Published; 4] = [DOOR, &minio::S3, &minio::BROWSERS, &milvus::METRICS];

/// What keeps the metadata of Milvus, and who is registered.
pub const METADATA: &Component = &etcd::ETCD;

/// What keeps the objects of Milvus.
pub const STORAGE: &Component = &minio::MINIO;

/// Key of the secret with which Milvus asks what keeps its objects, where the cluster brings that.
pub const STORAGE_SECRET: &str = minio::MILVUS;

/// What users talk to, and what knows who leads a shard.
pub const FRONT: &Component = &milvus::PROXY;

/// What publishes the port that users connect to.
#[must_use]
pub fn door(inventory: &Inventory) -> &'static Component {
    Component::publisher(DOOR, inventory).unwrap_or(FRONT)
}

/// What holds loaded data and leads its shards.
pub const SEARCH: &Component = &milvus::QUERYNODE;

/// Every component. Rows stand after the rows they need; what is first here starts first where
/// several may.
pub const COMPONENTS: &[Component] = &[
    pulsar::ZOOKEEPER,
    etcd::ETCD,
    minio::MINIO,
    pulsar::INIT,
    pulsar::BOOKIE,
    pulsar::BROKER,
    woodpecker::SERVER,
    milvus::ROOTCOORD,
    milvus::DATACOORD,
    milvus::QUERYCOORD,
    milvus::INDEXCOORD,
    milvus::MIXCOORD,
    milvus::STREAMINGNODE,
    milvus::DATANODE,
    milvus::PROXY,
    milvus::QUERYNODE,
    milvus::INDEXNODE,
    haproxy::HAPROXY,
];

/// Every role but Swarm's own, those with most of the load first: as sentences name them.
pub const ROLES: &[Duty] = &[
    milvus::QUERY,
    milvus::INDEX,
    milvus::DATA,
    milvus::STREAMING,
    milvus::PROXIES,
    haproxy::ROLE,
    milvus::COORD,
    minio::ROLE,
    pulsar::BOOKIES,
    woodpecker::SERVERS,
    pulsar::BROKERS,
    etcd::ROLE,
    pulsar::ZOOKEEPERS,
];

/// How what is written is spread over some of the members of a role.
#[derive(Debug)]
pub struct Striping {
    pub role: Role,
    /// What is spread so, and several of it.
    pub one: &'static str,
    pub all: &'static str,
    /// Over how many of them.
    pub of: fn(&Inventory) -> PulsarQuorum,
    /// The setting of the inventory that says it.
    pub setting: &'static [&'static str],
    /// What that may say with so many members at the most.
    pub most: fn(u64) -> Option<u64>,
    /// How a member is emptied that is to leave.
    pub emptied: &'static str,
    /// When what has lost a copy is safe again.
    pub restored: &'static str,
}

/// One for each role whose members are written to by turns.
const STRIPINGS: [Striping; 2] = [pulsar::STRIPING, woodpecker::STRIPING];

/// How what is written is spread over the members of a role, if it is.
#[must_use]
pub fn striping(role: Role) -> Option<&'static Striping> {
    STRIPINGS.iter().find(|one| one.role == role)
}

/// Whether a task of a service, by its short name, comes back to no host more than to another: what it
/// keeps on one is of no use to the next.
#[must_use]
pub fn is_at_home_anywhere(service: &str) -> bool {
    Component::of_service(service).is_some_and(|row| row.shape != Shape::Members)
}

/// The check of members that a gate names.
#[must_use]
pub fn members_check(component: &str, check: &str) -> Option<&'static Check<Members>> {
    Component::named(component)?.checks.of_members(check)
}

/// The check of tasks that a gate names.
#[must_use]
pub fn tasks_check(component: &str, check: &str) -> Option<&'static Check<Tasks>> {
    Component::named(component)?.checks.of_tasks(check)
}

/// A setting of Milvus that the tool relies on, the values that it may have, and why.
pub type Kept = (&'static str, &'static [&'static str], &'static str);

/// A warning of what works and may go wrong later, if there is something to warn of.
pub type Advice = fn(&Inventory) -> Option<String>;

/// Variables that templates see.
pub type Values = fn(&Plot<'_>) -> Vec<(&'static str, Value)>;

/// A text that users may edit, by the name of its file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Text {
    pub name: &'static str,
    pub text: &'static str,
}

/// A system: its texts, and what the rest of the tool knows of no other. Its components and roles
/// are in tables of their own, since their order is one over all systems.
#[derive(Debug)]
pub struct System {
    pub name: &'static str,
    /// How people write it.
    pub title: &'static str,
    /// What of Milvus' needs it meets; none of what is there in every cluster.
    pub fills: Option<Filler>,
    /// What it runs; nothing of what is there without this tool.
    pub runs: Option<Runs>,
    /// The role without which a cluster does not have it; none of what is there whoever has which role.
    pub only_with: Option<Role>,
    /// How it is talked with, whether it does what Milvus needs: all that can be asked of what runs
    /// nothing and is no part of Milvus' own processes.
    pub elsewhere: Option<Elsewhere>,
    /// Templates besides that of its services and those of `files`.
    pub templates: &'static [Text],
    /// Files that services mount as they are rendered; the settings of Milvus are beside them.
    pub files: &'static [File],
    /// What it tells templates, its own and all others.
    pub values: Values,
    pub secrets: &'static [Secret],
    /// Settings of Milvus that an inventory may not set, because the tool derives them, and where
    /// their values come from.
    pub owned: &'static [(&'static str, &'static str)],
    /// Settings of Milvus that stay as Milvus has them. Whole files of upstream name them with
    /// their own value, so that one is allowed.
    pub kept: &'static [Kept],
    /// What was published of its releases.
    pub advisories: &'static [Advisory],
    pub advice: &'static [Advice],
    /// Rules about its data.
    pub rules_of_data: &'static [Rule],
    /// Rules about what its image may become.
    pub rules_of_images: &'static [Rule],
}

/// What a system runs.
#[derive(Clone, Copy, Debug)]
pub struct Runs {
    pub image: Image,
    /// The stack file that has its services.
    pub stack: Stack,
    /// Its services, as they stand in that file.
    pub services: Text,
}

/// A system that is talked with: one that is there without this tool, or whose users are made.
#[derive(Clone, Copy, Debug)]
pub struct Elsewhere {
    /// As [`Check::takes`].
    pub takes: u64,
    /// What a talk is told besides what the inventory says of the system.
    pub says: fn(&Inventory, &Generations) -> Vec<(&'static str, String)>,
    /// What is waited for, in words, by what the inventory says of it.
    pub words: fn(&BTreeMap<String, String>) -> String,
    /// Leads a talk with it, given its secrets by their keys.
    pub lead: fn(&Talk, &BTreeMap<String, String>) -> Box<dyn Lead>,
}

/// What meets a need of Milvus in a cluster.
#[must_use]
pub fn filler(slot: Slot, inventory: &Inventory) -> Option<&'static System> {
    System::all_of(inventory).find(|one| one.fills.is_some_and(|filler| filler.slot == slot))
}

/// What tells a system that was chosen for a need apart from others that may meet it.
#[must_use]
pub fn identity(slot: Slot, inventory: &Inventory) -> Option<String> {
    let filling = inventory.fillers.get(&slot)?;
    let choice = filler(slot, inventory)?.fills?.choice?;
    Some((choice.identity)(filling))
}

/// How an inventory chose a system, by its name.
#[must_use]
pub fn choice(system: &str) -> Option<Choice> {
    let mut systems = SYSTEMS.iter().filter(|one| one.name == system);
    systems.find_map(|one| one.fills?.choice)
}

/// A system that is talked with, by its name.
#[must_use]
pub fn elsewhere(system: &str) -> Option<(&'static System, &'static Elsewhere)> {
    let mut systems = SYSTEMS.iter().filter(|one| one.name == system);
    systems.find_map(|one| Some((one, one.elsewhere.as_ref()?)))
}

impl System {
    /// Those that a cluster is made of.
    pub fn all_of(inventory: &Inventory) -> impl Iterator<Item = &'static Self> {
        SYSTEMS.iter().filter(|system| system.is_of(inventory))
    }

    /// Whether a cluster has it: what meets a need is chosen by the inventory.
    #[must_use]
    pub fn is_of(&self, inventory: &Inventory) -> bool {
        let has = |role| inventory.hosts_with(role).next().is_some();
        self.fills_among(&inventory.fillers) && self.only_with.is_none_or(has)
    }

    /// The same by what was chosen.
    pub(crate) fn fills_among(&self, fillers: &BTreeMap<Slot, Filling>) -> bool {
        self.fills
            .is_none_or(|filler| match fillers.get(&filler.slot) {
                Some(filling) => filling.system == self.name,
                None => filler.choice.is_none(),
            })
    }

    /// Its credentials that a cluster has.
    pub fn secrets_of(&self, inventory: &Inventory) -> impl Iterator<Item = &'static Secret> {
        let is_of = self.is_of(inventory);
        let secrets = self.secrets.iter();
        secrets.filter(move |secret| is_of && (secret.is_of)(inventory))
    }
}

/// Every system, in the order in which their services stand in stack files.
pub const SYSTEMS: &[System] = &[
    etcd::SYSTEM,
    minio::SYSTEM,
    s3::SYSTEM,
    pulsar::SYSTEM,
    woodpecker::EMBEDDED,
    woodpecker::SERVICE,
    milvus::SYSTEM,
    haproxy::SYSTEM,
];

/// A setting of the gate of a store: whether it must keep to conditions of writes.
const CONDITIONS: &str = "conditions";

/// A setting of a talk: the name of a secret that is a user's, who is called as it is. With another
/// generation of the secret comes another user.
pub const USER: &str = "user";

/// A setting of a talk: the user of a former generation, who is to go.
pub const FORMER: &str = "former";

/// The stack file of what keeps data for Milvus, each system its part of it.
const STORE: Stack = Stack {
    name: "store",
    about: "The stores of Milvus: etcd for metadata, MinIO for segments and indexes.",
};

/// What templates are filled for.
#[derive(Clone, Copy, Debug)]
pub struct Plot<'a> {
    pub inventory: &'a Inventory,
    pub release: &'a Release,
    pub topology: &'a Topology,
    pub generations: &'a Generations,
}

impl Plot<'_> {
    /// Names of a component's members.
    fn members(&self, component: &Component) -> impl Iterator<Item = &str> {
        let members = self.topology.members(component.name).iter();
        members.map(|member| member.name.as_str())
    }

    /// Where its members listen, in one word.
    fn addresses(&self, component: &Component, port: u16) -> String {
        let addresses = self.members(component).map(|name| format!("{name}:{port}"));
        addresses.collect::<Vec<_>>().join(",")
    }

    /// A secret by its key.
    fn secret(&self, key: &str) -> Value {
        json!({ "key": key, "name": secret_name(&self.inventory.name, key, self.generations) })
    }

    /// The generation of a secret that those keep who read it at the first start only.
    fn first_secret(&self, key: &str, of: &str) -> Value {
        let name = first_secret_name(&self.inventory.name, of, self.generations);
        json!({ "key": key, "name": name })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::Agreement;

    /// A user's folder has them side by side.
    #[test]
    fn texts_have_names_of_their_own() {
        let mut names: Vec<&str> = crate::render::Sources::names().collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn it_is_known_how_every_ensemble_is_written_to() {
        for row in COMPONENTS {
            let is_one = row.agreement == Agreement::Ensemble;
            assert_eq!(striping(row.role).is_some(), is_one, "{}", row.name);
        }
    }

    #[test]
    fn rows_stand_in_the_stack_of_a_system() {
        for row in COMPONENTS {
            let runs = row.system().runs.expect("it has services");
            assert_eq!(row.stack, runs.stack, "{}", row.name);
        }
        let stacks = Stack::all();
        for (at, stack) in stacks.iter().enumerate() {
            assert!(!stacks[..at].contains(stack), "{} twice", stack.name);
        }
    }
}
