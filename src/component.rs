//! What is known of each component: a row of the one table of what runs.
//!
//! The rows are in the folders of their systems (`system`). Start order, stop order, upgrade order
//! and the documents derive from them.

use std::collections::BTreeMap;

use crate::gate::Gate;
use crate::inventory::{Image, Publish};
use crate::release::Release;
pub use crate::role::Agreement;
use crate::role::Role;
pub use crate::system::COMPONENTS;

/// Which stack file a service belongs to. One namespace per file: `docker stack deploy
/// --prune` removes whatever else carries the same namespace.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum StackName {
    Store,
    Pulsar,
    Milvus,
}

impl StackName {
    /// Every stack, in the order in which they are deployed by hand.
    pub const ALL: [Self; 3] = [Self::Store, Self::Pulsar, Self::Milvus];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Pulsar => "pulsar",
            Self::Milvus => "milvus",
        }
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
    pub stack: StackName,
    pub shape: Shape,
    /// Components whose gates must be open before this one starts.
    pub needs: &'static [&'static str],
    /// Milvus' own word for the process: argument of `milvus run` and session name.
    pub milvus: Option<Process>,
    /// First and last Milvus minor with it, inclusive.
    pub releases: (u8, u8),
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
    pub publishes: &'static [(u16, Published)],
    /// Keys of the secrets that its tasks mount.
    pub secrets: &'static [&'static str],
    /// What an edited stack file must keep of its process.
    pub relied: Relied,
    /// The name under which clients reach all of its members, where that is none of theirs.
    pub alias: Option<&'static str>,
    /// What tells that it is ready.
    pub gates: fn(&Site<'_>, &Component) -> Gates,
}

/// The port of the hosts that an inventory publishes one as, if it does.
pub type Published = fn(&Publish) -> Option<u16>;

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

/// A file that services of a stack mount, made from a template.
#[derive(Debug)]
pub struct File {
    pub template: &'static str,
    pub stack: StackName,
    /// Its key in the stack file.
    pub key: &'static str,
    /// Its name in the template of the stack.
    pub variable: &'static str,
    /// Where tasks find it.
    pub target: &'static str,
}

/// What of a process its gate, its identity and its credentials hang on.
#[derive(Debug)]
pub struct Relied {
    pub variables: &'static [&'static str],
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
    /// How many members a ledger is striped over.
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
    /// What it calls itself in etcd.
    pub session: &'static str,
    pub kind: Kind,
}

/// What a process of Milvus does, as far as bringing it up and renewing it depend on it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// One of them leads, the others stand by unregistered.
    Coordinator,
    /// It registers itself and does its part of the work.
    Worker,
    /// A worker that leads shards: it hands over before it goes.
    Leader,
    /// What users talk to.
    Front,
}

/// First and last minor of Milvus that the tool knows.
pub const FIRST: u8 = 2;
pub const LAST: u8 = 6;

impl Component {
    /// The row with a name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        COMPONENTS.iter().find(|component| component.name == name)
    }

    /// Full name of one of its services: `prod-store_etcd-0`.
    #[must_use]
    pub fn service(&self, cluster: &str, name: &str) -> String {
        format!("{cluster}-{}_{name}", self.stack.name())
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

    /// Whether a Milvus release has this process.
    #[must_use]
    pub fn is_in(&self, release: &Release) -> bool {
        (self.releases.0..=self.releases.1).contains(&release.minor)
    }

    /// The rows of a release, in table order.
    pub fn of(release: &Release) -> impl Iterator<Item = &'static Self> {
        let minor = release.minor;
        COMPONENTS
            .iter()
            .filter(move |row| (row.releases.0..=row.releases.1).contains(&minor))
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
        let order = |minor: u8| {
            let mut rows: Vec<&Component> = COMPONENTS
                .iter()
                .filter(|row| row.milvus.is_some())
                .filter(|row| (row.releases.0..=row.releases.1).contains(&minor))
                .collect();
            rows.sort_by_key(|row| row.upgrade_rank());
            rows.iter()
                .map(|row| row.name)
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(
            order(2),
            "indexnode rootcoord datacoord indexcoord querycoord querynode datanode proxy"
        );
        assert_eq!(
            order(5),
            "indexnode rootcoord datacoord querycoord querynode datanode proxy"
        );
        assert_eq!(order(6), "mixcoord streamingnode querynode datanode proxy");
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
