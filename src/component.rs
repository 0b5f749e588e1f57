//! The one table of what runs: every service of a cluster, what it needs and where it belongs.
//!
//! Start order, stop order, upgrade order and the documents derive from these rows.

use crate::release::Release;
use crate::role::Role;

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
}

/// What `milvus run` calls a process, and what it calls itself in etcd.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Process {
    pub run: &'static str,
    pub session: &'static str,
}

const fn process(run: &'static str, session: &'static str) -> Option<Process> {
    Some(Process { run, session })
}

/// Pulsar's images run as this user from 2.10 on; before, as root, who may write anywhere.
const PULSAR_UID: u32 = 10_000;
const FIRST: u8 = 2;
const LAST: u8 = 6;
const COORDS: &[&str] = &[
    "rootcoord",
    "datacoord",
    "querycoord",
    "indexcoord",
    "mixcoord",
];
const BACKENDS: &[&str] = &["etcd", "minio", "broker"];

/// The table. Rows stand after the rows they need.
pub const COMPONENTS: &[Component] = &[
    Component {
        name: "zookeeper",
        title: "ZooKeeper",
        role: Role::Zookeeper,
        stack: StackName::Pulsar,
        shape: Shape::Members,
        needs: &[],
        milvus: None,
        releases: (FIRST, LAST),
        grace: 30,
        upgrades_after: &[],
        uid: PULSAR_UID,
    },
    Component {
        name: "etcd",
        title: "etcd",
        role: Role::Etcd,
        stack: StackName::Store,
        shape: Shape::Members,
        needs: &[],
        milvus: None,
        releases: (FIRST, LAST),
        grace: 30,
        upgrades_after: &[],
        uid: 0,
    },
    Component {
        name: "minio",
        title: "MinIO",
        role: Role::Minio,
        stack: StackName::Store,
        shape: Shape::Members,
        needs: &[],
        milvus: None,
        releases: (FIRST, LAST),
        grace: 30,
        upgrades_after: &[],
        uid: 0,
    },
    Component {
        name: "pulsar-init",
        title: "Pulsar metadata",
        role: Role::Zookeeper,
        stack: StackName::Pulsar,
        shape: Shape::Task,
        needs: &["zookeeper"],
        milvus: None,
        releases: (FIRST, LAST),
        grace: 10,
        upgrades_after: &[],
        uid: PULSAR_UID,
    },
    Component {
        name: "bookie",
        title: "bookies",
        role: Role::Bookie,
        stack: StackName::Pulsar,
        shape: Shape::Members,
        needs: &["pulsar-init"],
        milvus: None,
        releases: (FIRST, LAST),
        grace: 50,
        upgrades_after: &[],
        uid: PULSAR_UID,
    },
    Component {
        name: "broker",
        title: "brokers",
        role: Role::Broker,
        stack: StackName::Pulsar,
        shape: Shape::Members,
        needs: &["bookie"],
        milvus: None,
        releases: (FIRST, LAST),
        grace: 50,
        upgrades_after: &[],
        uid: PULSAR_UID,
    },
    Component {
        name: "rootcoord",
        title: "root coordinator",
        role: Role::Coord,
        stack: StackName::Milvus,
        shape: Shape::Replicas,
        needs: BACKENDS,
        milvus: process("rootcoord", "rootcoord"),
        releases: (FIRST, 5),
        grace: 15,
        upgrades_after: &["indexnode"],
        uid: 0,
    },
    Component {
        name: "datacoord",
        title: "data coordinator",
        role: Role::Coord,
        stack: StackName::Milvus,
        shape: Shape::Replicas,
        needs: BACKENDS,
        milvus: process("datacoord", "datacoord"),
        releases: (FIRST, 5),
        grace: 15,
        upgrades_after: &["rootcoord"],
        uid: 0,
    },
    Component {
        name: "querycoord",
        title: "query coordinator",
        role: Role::Coord,
        stack: StackName::Milvus,
        shape: Shape::Replicas,
        needs: BACKENDS,
        milvus: process("querycoord", "querycoord"),
        releases: (FIRST, 5),
        grace: 15,
        upgrades_after: &["datacoord", "indexcoord"],
        uid: 0,
    },
    Component {
        name: "indexcoord",
        title: "index coordinator",
        role: Role::Coord,
        stack: StackName::Milvus,
        shape: Shape::Replicas,
        needs: BACKENDS,
        milvus: process("indexcoord", "indexcoord"),
        releases: (FIRST, 2),
        grace: 15,
        upgrades_after: &["datacoord"],
        uid: 0,
    },
    Component {
        name: "mixcoord",
        title: "coordinator",
        role: Role::Coord,
        stack: StackName::Milvus,
        shape: Shape::Replicas,
        needs: BACKENDS,
        milvus: process("mixcoord", "mixcoord"),
        releases: (6, LAST),
        grace: 15,
        upgrades_after: &["indexnode"],
        uid: 0,
    },
    Component {
        name: "streamingnode",
        title: "streaming nodes",
        role: Role::Data,
        stack: StackName::Milvus,
        shape: Shape::Replicas,
        needs: COORDS,
        milvus: process("streamingnode", "streamingnode"),
        releases: (6, LAST),
        grace: 1800,
        upgrades_after: &["mixcoord"],
        uid: 0,
    },
    Component {
        name: "datanode",
        title: "data nodes",
        role: Role::Data,
        stack: StackName::Milvus,
        shape: Shape::Replicas,
        needs: COORDS,
        milvus: process("datanode", "datanode"),
        releases: (FIRST, LAST),
        grace: 1800,
        upgrades_after: &["querynode"],
        uid: 0,
    },
    Component {
        name: "proxy",
        title: "proxies",
        role: Role::Proxy,
        stack: StackName::Milvus,
        shape: Shape::Replicas,
        needs: COORDS,
        milvus: process("proxy", "proxy"),
        releases: (FIRST, LAST),
        grace: 60,
        upgrades_after: &["datanode"],
        uid: 0,
    },
    Component {
        name: "querynode",
        title: "query nodes",
        role: Role::Query,
        stack: StackName::Milvus,
        shape: Shape::Replicas,
        needs: COORDS,
        milvus: process("querynode", "querynode"),
        releases: (FIRST, LAST),
        grace: 1800,
        upgrades_after: &["querycoord", "streamingnode", "mixcoord"],
        uid: 0,
    },
    Component {
        name: "indexnode",
        title: "index nodes",
        role: Role::Index,
        stack: StackName::Milvus,
        shape: Shape::Replicas,
        needs: COORDS,
        milvus: process("indexnode", "indexnode"),
        releases: (FIRST, 5),
        grace: 60,
        upgrades_after: &[],
        uid: 0,
    },
];

impl Component {
    /// The row with a name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        COMPONENTS.iter().find(|component| component.name == name)
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
