//! What is known of each component: a row of the one table of what runs.
//!
//! The rows are in the folders of their systems (`system`). Start order, stop order, upgrade order
//! and the documents derive from them.

use std::collections::BTreeMap;
use std::fmt;

use crate::gate::{Check, Checks, Gate, Members, Tasks};
use crate::inventory::{Image, Inventory, NamedPath, Published};
use crate::question::{Answer, Question};
pub use crate::release::{FIRST, LAST};
use crate::release::{Line, Release};
pub use crate::role::Agreement;
use crate::role::Role;
pub use crate::system::COMPONENTS;
use crate::system::{Runs, SYSTEMS, System, Text};
use crate::tag::Version;

/// Which stack file a service belongs to. One namespace per file: `docker stack deploy
/// --prune` removes whatever else carries the same namespace.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stack {
    /// `store` of `prod-store`. It never changes: another one is another namespace.
    pub name: &'static str,
    /// The first line of the file.
    pub about: &'static str,
}

impl Stack {
    /// Every stack, in the order in which they are deployed by hand.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let runs = SYSTEMS.iter().filter_map(|system| system.runs);
        let mut all: Vec<Self> = runs.map(|runs| runs.stack).collect();
        all.dedup();
        all
    }

    /// What the systems run whose services it has, in their order.
    pub fn parts(self) -> impl Iterator<Item = (&'static System, Runs)> {
        let runs = SYSTEMS.iter().filter_map(|one| Some((one, one.runs?)));
        runs.filter(move |(_, runs)| runs.stack == self)
    }
}

/// How a component's tasks are spread over hosts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shape {
    /// One service per host, pinned to the data it owns: `etcd-0`, `etcd-1`.
    Members,
    /// One service with replicas on the hosts with the role.
    Replicas,
    /// One task that runs to its end.
    Task,
}

/// A row of the table.
#[derive(Debug)]
pub struct Component {
    /// Service short name, or the prefix of member names.
    pub name: &'static str,
    /// How people write it.
    pub title: &'static str,
    /// How people write one of them.
    pub one: &'static str,
    /// How people write all of them as one thing.
    pub whole: &'static str,
    /// The hosts that run it.
    pub role: Role,
    pub stack: Stack,
    pub shape: Shape,
    /// Components whose gates must be open before this one starts.
    pub needs: &'static [&'static str],
    /// Milvus' own word for the process: argument of `milvus run` and session name.
    pub milvus: Option<Process>,
    /// First and last line of Milvus with it, inclusive.
    pub releases: (Line, Line),
    /// Seconds between SIGTERM and SIGKILL. Under 55 for what owns data: SwarmKit starts the
    /// replacement after 60 s at most, and two processes must not share a directory
    /// (swarmkit: `manager/orchestrator/restart`, `defaultOldTaskTimeout`).
    pub grace: u32,
    /// Components of Milvus that are brought to a new spec before this one: upstream's upgrade
    /// order (milvus-operator: `pkg/controllers/component_dependency.go` keeps it per topology),
    /// which is not the order of starting.
    pub upgrades_after: &'static [&'static str],
    /// The user that upstream's image runs as, who must own a directory that it writes to.
    pub uid: u32,
    /// The first line of versions whose image runs as that user, where those before ran as root.
    pub uid_since: Option<(u32, u32)>,
    /// Whose image it runs.
    pub image: Image,
    /// What users miss while tasks of it are away.
    pub away: Away,
    /// How its members depend on each other.
    pub agreement: Agreement,
    /// What its members keep, in a few words; nothing where nothing is lost with them.
    pub keeps: &'static str,
    /// What stops when none is left.
    pub stops: Stops,
    /// Where its tasks find the data that a member keeps.
    pub data: Data,
    /// The ports that its tasks listen on, as far as the tool relies on them.
    pub listens: &'static [u16],
    /// Of those, what the inventory may publish on the hosts themselves. Nothing else is published.
    pub publishes: &'static [&'static Published],
    /// Keys of the secrets of its own system that its tasks mount, and the first Milvus minor with
    /// which they do.
    pub secrets: &'static [(&'static str, Line)],
    /// What an edited stack file must keep of its process.
    pub relied: Relied,
    /// The name under which clients reach all of its members, where that is none of theirs.
    pub alias: Option<&'static str>,
    /// What it can be asked.
    pub checks: Checks,
    /// The birth of data that is there once it is ready, if it has one.
    pub birth: Option<&'static Birth>,
    /// Which of that tells that it is ready.
    pub gates: fn(&Site<'_>, &Component) -> Gates,
}

/// How the birth of what a component keeps is told.
pub struct Birth {
    /// Name of the component whose members keep it.
    pub of: &'static str,
    /// Asks a member, by its address, for the birth of a cluster's data.
    pub question: fn(&str, &str) -> Question,
    /// Reads the answer: nothing where the data has no birth.
    pub read: fn(&Answer) -> Result<Option<String>, String>,
    /// Puts a birth into the data of a cluster, where it has none; without, the system has made one.
    pub write: Option<fn(&str, &str, &str) -> Question>,
    /// The same as a command, on a host of a member of a cluster that was deployed by hand.
    pub by_hand: Option<fn(&str) -> String>,
    /// Whether users of Milvus are in that data: root's credential is put there before the birth is,
    /// which tells those who start that it is.
    pub has_users: bool,
    /// Whether the rest of the cluster can go on with data of another birth.
    pub may_change: bool,
}

impl fmt::Debug for Birth {
    /// Where its functions are says nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Birth").field(&self.of).finish()
    }
}

impl PartialEq for Birth {
    /// There is one of each component.
    fn eq(&self, other: &Self) -> bool {
        self.of == other.of
    }
}

/// A credential of a system: a secret of the cluster.
#[derive(Debug)]
pub struct Secret {
    /// `minio-root` of `prod-minio-root-v1`.
    pub key: &'static str,
    /// Its name in templates.
    pub variable: &'static str,
    /// Another key and its name in templates, where a process reads it at the first start of all and never
    /// again: under it, what such a process mounts stays when the credential changes.
    pub first: Option<(&'static str, &'static str)>,
    /// Whose password it is, where it is shown to people.
    pub user: Option<fn(&Inventory) -> String>,
    /// The file of the inventory that has it; it is generated where there is none.
    pub file: fn(&Inventory) -> Option<&NamedPath>,
    /// Whether a cluster that has the system has it.
    pub is_of: fn(&Inventory) -> bool,
    /// Whether Milvus' processes mount it, besides those that name it, and what asks the system as they
    /// do.
    pub milvus_mounts_it: bool,
    /// Whether it may be any text: it is mounted, and put into no other file.
    pub is_text: bool,
    /// The fewest and the most bytes that the system takes.
    pub bytes: (usize, usize),
    /// What it is where nobody sets it, which everybody knows.
    pub known: Option<&'static str>,
}

impl Secret {
    /// Every secret.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        SYSTEMS.iter().flat_map(|system| system.secrets)
    }

    /// Those that a cluster has.
    pub fn all_of(inventory: &Inventory) -> impl Iterator<Item = &'static Self> {
        let systems = SYSTEMS.iter();
        systems.flat_map(|system| system.secrets_of(inventory))
    }
}

/// Where tasks find the data that a member keeps.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Data {
    /// It keeps none.
    None,
    /// In one directory.
    Dir(&'static str),
    /// In a directory for each drive, which ends in its number.
    Drives(&'static str),
}

impl Data {
    /// Whether what is mounted at this place is data that a member keeps, or holds it.
    #[must_use]
    pub fn is_at(self, target: &str) -> bool {
        let below = |dir: &str| {
            let rest = target.strip_prefix(dir);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        match self {
            Self::None => false,
            Self::Dir(dir) => below(dir),
            Self::Drives(prefix) => target.starts_with(prefix),
        }
    }
}

/// A file that services of a system mount, made from a template.
#[derive(Debug)]
pub struct File {
    pub template: Text,
    /// Its key in the stack file.
    pub key: &'static str,
    /// Its name in the template of the stack.
    pub variable: &'static str,
    /// Where tasks find it.
    pub target: &'static str,
    /// Whether the node that a task is on puts secrets into it.
    pub is_templated: bool,
    /// Whether a cluster of a Milvus has it.
    pub is_of: fn(&Inventory, Version) -> bool,
}

/// What of a process its gate, its identity and its credentials hang on.
#[derive(Debug)]
pub struct Relied {
    pub variables: &'static [&'static str],
    /// Variables that no service may have, and why.
    pub forbidden: &'static [(&'static str, &'static str)],
    /// Whether they hang on an argument.
    pub argument: fn(&str) -> bool,
    /// Whether an argument in addition would take the place of such a one.
    pub overrides: fn(&str) -> bool,
}

impl Relied {
    /// On these variables and on no argument.
    #[must_use]
    pub const fn variables(variables: &'static [&'static str]) -> Self {
        Self {
            variables,
            forbidden: &[],
            argument: |_| false,
            overrides: |_| false,
        }
    }
}

/// What stops when a component has no task left; what its quorum says is told by that. Milvus
/// reads the log to know how fresh its answers are, so what stops the log stops searches too; index
/// nodes are missed by new segments only, and query nodes by searches only.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stops {
    pub reads: bool,
    pub writes: bool,
}

/// The gates of a component.
#[derive(Debug, Default)]
pub struct Gates {
    /// Those that let dependents go on.
    pub opens: Vec<Gate>,
    /// Those that only the end waits for.
    pub settles: Vec<Gate>,
}

impl Gates {
    /// One that both wait for.
    #[must_use]
    pub fn one(gate: Gate) -> Self {
        Self {
            opens: vec![gate],
            settles: Vec::new(),
        }
    }

    /// One that opens with some of them, and the same for all.
    #[must_use]
    pub fn of(gate: impl Fn(usize) -> Gate, early: usize, all: usize) -> Self {
        if early == all {
            return Self::one(gate(all));
        }
        Self {
            opens: vec![gate(early)],
            settles: vec![gate(all)],
        }
    }
}

/// The cluster that rows are asked about. Services are named in full.
#[derive(Debug)]
pub struct Site<'a> {
    pub cluster: &'a str,
    /// The services of each component with members.
    pub members: &'a BTreeMap<&'static str, Vec<String>>,
    /// How many tasks the services of the component that is asked have, by their specs.
    pub tasks: u64,
    /// How many members of the component that is asked what is written goes to.
    pub ensemble: usize,
}

impl Site<'_> {
    /// Full name of a component's service.
    #[must_use]
    pub fn service(&self, component: &Component) -> String {
        component.service(self.cluster, component.name)
    }

    /// The services of a component's members.
    #[must_use]
    pub fn members(&self, component: &Component) -> Vec<String> {
        self.members
            .get(component.name)
            .cloned()
            .unwrap_or_default()
    }

    /// At least so many members of a component pass a check.
    #[must_use]
    pub fn of_members(
        &self,
        component: &Component,
        check: &Check<Members>,
        at_least: usize,
    ) -> Gate {
        Gate::Members(Members {
            component: component.name.to_owned(),
            check: check.name.to_owned(),
            cluster: self.cluster.to_owned(),
            members: self.members(component),
            at_least,
            asks: self.asks(check.asks),
        })
    }

    /// The tasks of a component's service pass a check.
    #[must_use]
    pub fn of_tasks(&self, component: &Component, check: &Check<Tasks>, tasks: u64) -> Tasks {
        Tasks {
            component: component.name.to_owned(),
            check: check.name.to_owned(),
            cluster: self.cluster.to_owned(),
            service: self.service(component),
            tasks,
            renewed: None,
            node: None,
            asks: self.asks(check.asks),
        }
    }

    /// The services of components, by their names.
    fn asks(&self, components: &[&str]) -> BTreeMap<String, Vec<String>> {
        let rows = components.iter().filter_map(|name| Component::named(name));
        let services = rows.map(|row| {
            let services = match row.shape {
                Shape::Members => self.members(row),
                Shape::Replicas | Shape::Task => vec![self.service(row)],
            };
            (row.name.to_owned(), services)
        });
        services.collect()
    }
}

/// What users miss, and for about how many seconds: as measured with little data on small machines.
pub type Missed = (&'static str, u64);

/// What users miss while tasks end and others start in their place.
#[derive(Debug)]
pub struct Away {
    /// While no task is up.
    pub all: Missed,
    /// While several are away and others go on.
    pub several: Missed,
    /// While one is away after the other: the seconds are those of each.
    pub each: Missed,
    /// Whether all of them take the time of one, however many they are.
    pub at_once: bool,
}

/// A process of Milvus.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Process {
    /// What `milvus run` calls it.
    pub run: &'static str,
    /// What `milvus run` is told besides, before the first minor in which it need not be, and what it
    /// is called then.
    pub before: Option<Before>,
    /// What it calls itself in etcd.
    pub session: &'static str,
    pub kind: Kind,
    /// Where the inventory asks for one process for all coordinators, the minors with it in place of
    /// the row's.
    pub mixed: Option<(Line, Line)>,
    /// The first minor in which its tasks have files of their own below [`Process::LOCAL`].
    pub local: Option<Line>,
}

impl Process {
    /// Where it keeps what it can fetch again: indexes that are searched or built on disk, what is mapped
    /// into memory, and what was read of objects (milvus: `localStorage.path`, which is `data` in it). The
    /// folder above is mounted, as in the images that run as user 999 that one is theirs (milvus:
    /// `build/docker/milvus/ubuntu22.04/Dockerfile`, since #44524), and Docker gives a new volume the owner
    /// of what it covers.
    pub const LOCAL: &str = "/var/lib/milvus";
}

/// A process under the name that it had before some minor.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Before {
    pub line: Line,
    pub run: &'static str,
    pub flags: &'static [&'static str],
    /// What its parts call themselves in etcd, each for itself.
    pub sessions: &'static [&'static str],
}

impl Process {
    /// The arguments of `milvus run`.
    #[must_use]
    pub fn arguments(&self, release: &Release) -> (&'static str, &'static [&'static str]) {
        match self.before {
            Some(before) if release.line < before.line => (before.run, before.flags),
            _ => (self.run, &[]),
        }
    }

    /// Everything that it may call itself in etcd.
    pub fn sessions(&self) -> impl Iterator<Item = &'static str> {
        let before = self.before.map_or(&[][..], |before| before.sessions);
        std::iter::once(self.session).chain(before.iter().copied())
    }
}

/// What a process of Milvus does, as far as bringing it up and renewing it depend on it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// One of them leads, the others stand by unregistered.
    Coordinator,
    /// It registers itself and does its part of the work.
    Worker,
    /// A worker that leads shards.
    Leader,
    /// What users talk to.
    Front,
}

impl Component {
    /// Every birth of data.
    pub fn all_births() -> impl Iterator<Item = &'static Birth> {
        COMPONENTS.iter().filter_map(|row| row.birth)
    }

    /// The row with a name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        COMPONENTS.iter().find(|component| component.name == name)
    }

    /// The system that it is of.
    #[must_use]
    pub fn system(&self) -> &'static System {
        let is_its = |system: &&System| system.runs.is_some_and(|runs| runs.image == self.image);
        #[expect(clippy::expect_used, reason = "a test goes through all rows")]
        SYSTEMS.iter().find(is_its).expect("a system has its image")
    }

    /// Whether a cluster has it: by its release, and by what was chosen to meet Milvus' needs.
    #[must_use]
    pub fn is_of(&self, inventory: &Inventory, release: &Release) -> bool {
        let mixed = self.milvus.and_then(|process| process.mixed);
        let mixed = mixed.filter(|_| inventory.mixed == Some(true));
        let (first, last) = mixed.unwrap_or(self.releases);
        (first..=last).contains(&release.line) && self.system().is_of(inventory)
    }

    /// Whether it and another one can't be there at once: both are coordinators, and a cluster has one
    /// or the other.
    #[must_use]
    pub fn replaces(&self, other: &Self) -> bool {
        let parts = |row: &Self| row.milvus.and_then(|process| process.before).is_some();
        let leads = |row: &Self| row.kind() == Some(Kind::Coordinator);
        leads(self) && leads(other) && parts(self) != parts(other)
    }

    /// The secrets that its tasks mount.
    #[must_use]
    pub fn mounts(&self, inventory: &Inventory, release: &Release) -> Vec<&'static str> {
        let of_others = System::all_of(inventory)
            .filter(|system| self.asks(system))
            .flat_map(|system| system.secrets_of(inventory))
            .filter(|secret| secret.milvus_mounts_it)
            .map(|secret| secret.key);
        let own = self.secrets.iter();
        let own = own.filter(|(_, since)| *since <= release.line);
        of_others.chain(own.map(|(key, _)| *key)).collect()
    }

    /// Whether its tasks are reached from outside of the cluster, as they publish a port, or talk with what
    /// is there, as whatever they ask for runs nowhere in it.
    #[must_use]
    pub fn is_outside(&self, inventory: &Inventory) -> bool {
        if self.published(inventory).next().is_some() {
            return true;
        }
        let mut systems = System::all_of(inventory).filter(|system| self.asks(system));
        systems.any(|system| system.runs.is_none() && system.elsewhere.is_some())
    }

    /// Whether it is of what may publish a port.
    #[must_use]
    pub fn publishes(&self, one: &Published) -> bool {
        let mut all = self.publishes.iter();
        all.any(|other| other.key.name == one.key.name)
    }

    /// What publishes a port where the inventory says so: the last row that may, of those that a cluster has.
    #[must_use]
    pub fn publisher(one: &Published, inventory: &Inventory) -> Option<&'static Self> {
        let mut rows = COMPONENTS.iter().rev();
        rows.find(|row| row.publishes(one) && row.system().is_of(inventory))
    }

    /// What it publishes in a cluster, and on which port of its hosts. Of two rows that may publish the
    /// same, the first one has it and the last one stands before it, where both are there.
    pub fn published<'a>(
        &'a self,
        inventory: &'a Inventory,
    ) -> impl Iterator<Item = (&'static Published, u16)> + 'a {
        let has = move |one: &Published| {
            let first = COMPONENTS.iter().find(|row| row.publishes(one));
            first.is_some_and(|row| row.system().is_of(inventory))
        };
        let own = self.publishes.iter().copied().filter(move |one| has(one));
        let is_its = move |row: &Self| row.name == self.name;
        own.filter(move |one| Self::publisher(one, inventory).is_some_and(is_its))
            .filter_map(|one| Some((one, inventory.publish.port(one)?)))
    }

    /// Whether its tasks ask another system for something, as Milvus asks whatever meets its needs.
    fn asks(&self, system: &System) -> bool {
        let choice = self.system().fills.and_then(|filler| filler.choice);
        let asks = choice.map_or(&[][..], |choice| choice.asks);
        let slot = system.fills.map(|filler| filler.slot);
        self.milvus.is_some() || slot.is_some_and(|slot| asks.contains(&slot))
    }

    /// Full name of one of its services: `prod-store_etcd-0`.
    #[must_use]
    pub fn service(&self, cluster: &str, name: &str) -> String {
        format!("{cluster}-{}_{name}", self.stack.name)
    }

    /// What kind of process of Milvus it is, if it is one.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        self.milvus.map(|process| process.kind)
    }

    /// The rows whose members depend on each other in this way, in the order of roles.
    #[must_use]
    pub fn agreeing(agreement: Agreement) -> Vec<&'static Self> {
        let rows = COMPONENTS.iter().filter(|row| row.agreement == agreement);
        let mut rows: Vec<&Self> = rows.collect();
        rows.sort_by_key(|row| row.role);
        rows
    }

    /// The user that what a member keeps must be given to before an image takes it over that runs as
    /// another user than the one that wrote it. Images are told apart by the versions of their tags.
    #[must_use]
    pub fn heir(&self, is: &str, comes: &str) -> Option<u32> {
        let since = self.uid_since.filter(|_| self.data != Data::None)?;
        let line = |image| Version::of_image(image).map(Version::line);
        (line(is)? < since && line(comes)? >= since).then_some(self.uid)
    }

    /// The rows of a cluster, in table order.
    pub fn of(inventory: &Inventory, release: &Release) -> impl Iterator<Item = &'static Self> {
        COMPONENTS
            .iter()
            .filter(|row| row.is_of(inventory, release))
    }

    /// How many components must be there before it, one after the other.
    #[must_use]
    pub fn depth(&self) -> usize {
        let needs = self.needs.iter().filter_map(|name| Self::named(name));
        needs.map(|row| row.depth() + 1).max().unwrap_or(0)
    }

    /// Position in the upgrade order.
    #[must_use]
    pub fn upgrade_rank(&self) -> usize {
        let before = self.upgrades_after.iter();
        let ranks = before
            .filter_map(|name| Self::named(name))
            .map(|row| row.upgrade_rank() + 1);
        ranks.max().unwrap_or(0)
    }

    /// The component that a service's short name belongs to: `etcd` for `etcd-0`.
    #[must_use]
    pub fn of_service(short: &str) -> Option<&'static Self> {
        Self::named(short).or_else(|| {
            let (prefix, ordinal) = short.rsplit_once('-')?;
            ordinal.parse::<u32>().ok()?;
            Self::named(prefix).filter(|row| row.shape == Shape::Members)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_after_the_rows_they_need() {
        for (index, row) in COMPONENTS.iter().enumerate() {
            for need in row.needs {
                let at = COMPONENTS.iter().position(|other| other.name == *need);
                assert!(at.is_some_and(|at| at < index), "{} needs {need}", row.name);
            }
        }
    }

    #[test]
    fn upgrades_follow_upstream() {
        let order = |line: Line| {
            let mut rows: Vec<&Component> = COMPONENTS
                .iter()
                .filter(|row| row.milvus.is_some())
                .filter(|row| (row.releases.0..=row.releases.1).contains(&line))
                .collect();
            rows.sort_by_key(|row| row.upgrade_rank());
            rows.iter()
                .map(|row| row.name)
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(
            order((2, 2)),
            "indexnode rootcoord datacoord indexcoord querycoord querynode datanode proxy"
        );
        assert_eq!(
            order((2, 5)),
            "indexnode rootcoord datacoord querycoord querynode datanode proxy"
        );
        for line in [(2, 6), (3, 0)] {
            assert_eq!(
                order(line),
                "mixcoord streamingnode querynode datanode proxy"
            );
        }
    }

    #[test]
    fn what_owns_data_ends_before_its_replacement_starts() {
        for row in COMPONENTS {
            if row.shape == Shape::Members {
                assert!(row.grace < 55, "{}", row.name);
            }
        }
    }

    #[test]
    fn services_are_found_by_their_names() {
        assert_eq!(
            Component::of_service("etcd-12").map(|c| c.name),
            Some("etcd")
        );
        assert_eq!(
            Component::of_service("pulsar-init").map(|c| c.name),
            Some("pulsar-init")
        );
        assert!(Component::of_service("proxy-1").is_none());
    }
}
