//! What a host can be told to do.

use std::{fmt, iter};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::release::Line;
pub use crate::system::ROLES;

/// A role of a host, in the order in which roles come up.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Etcd,
    Minio,
    Zookeeper,
    Bookie,
    Broker,
    Woodpecker,
    Coord,
    Data,
    Streaming,
    Index,
    Query,
    Proxy,
    Balancer,
    Manager,
}

impl Role {
    /// Every role, in the order in which they come up.
    pub const ALL: [Self; 14] = [
        Self::Etcd,
        Self::Minio,
        Self::Zookeeper,
        Self::Bookie,
        Self::Broker,
        Self::Woodpecker,
        Self::Coord,
        Self::Data,
        Self::Streaming,
        Self::Index,
        Self::Query,
        Self::Proxy,
        Self::Balancer,
        Self::Manager,
    ];

    /// The word for it in inventories, labels and commands.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::Minio => "minio",
            Self::Zookeeper => "zookeeper",
            Self::Bookie => "bookie",
            Self::Broker => "broker",
            Self::Woodpecker => "woodpecker",
            Self::Coord => "coord",
            Self::Data => "data",
            Self::Streaming => "streaming",
            Self::Index => "index",
            Self::Query => "query",
            Self::Proxy => "proxy",
            Self::Balancer => "balancer",
            Self::Manager => "manager",
        }
    }

    /// The role that a word names.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == word)
    }

    /// What is known of it; `manager` is Swarm's own.
    #[must_use]
    pub fn duty(self) -> Option<&'static Duty> {
        ROLES.iter().find(|duty| duty.role == self)
    }

    /// The roles whose hosts do its work in a line of Milvus: its own, and those that became it.
    #[must_use]
    pub fn doers(self, now: Line) -> Vec<Self> {
        let became = |duty: &Duty| {
            let became = duty.became.filter(|(since, _)| *since <= now);
            became.is_some_and(|(_, role)| role == self)
        };
        let others = ROLES.iter().filter(|duty| became(duty));
        iter::once(self)
            .chain(others.map(|duty| duty.role))
            .collect()
    }

    /// Whether each instance is a member with data or an identity of its own.
    #[must_use]
    pub fn is_stateful(self) -> bool {
        self.duty()
            .is_some_and(|duty| duty.scaling == Scaling::Members)
    }

    /// How its members depend on each other.
    #[must_use]
    pub fn agreement(self) -> Agreement {
        self.duty().map_or(Agreement::Alone, |duty| duty.agreement)
    }

    /// The roles whose members depend on each other in this way, in order.
    pub fn agreeing(agreement: Agreement) -> impl Iterator<Item = Self> {
        Self::ALL
            .into_iter()
            .filter(move |role| role.agreement() == agreement)
    }
}

/// What is known of a role. The rows are in the folders of their systems (`system`).
#[derive(Debug)]
pub struct Duty {
    pub role: Role,
    /// Whether some host must have it.
    pub is_required: bool,
    /// The first line of Milvus with it, where that is not the first that the tool knows.
    pub since: Option<Line>,
    /// The first line of Milvus in which its hosts do the work of another role, and that role.
    pub became: Option<(Line, Role)>,
    /// The role beside which it runs where nobody was given it, and what it is that runs.
    pub beside: Option<(Role, &'static str)>,
    /// The role whose settings it has where the inventory says nothing else of it.
    pub sized_as: Option<Role>,
    /// What people write for it as well.
    pub also: &'static [&'static str],
    pub agreement: Agreement,
    pub scaling: Scaling,
    /// Whether its load is that of the data: it can starve a Swarm manager on the same host.
    pub is_heavy: bool,
    /// Whether its processes size themselves by the memory that they see.
    pub is_greedy: bool,
    /// The memory of its Java machine where the inventory says nothing: enough for a small cluster.
    pub java: Option<Java>,
}

/// What its number of tasks hangs on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scaling {
    /// Any number does the work of so many.
    Tasks,
    /// One works, the others stand by.
    StandBy,
    /// One member on each host with the role.
    Members,
}

/// Memory of a Java machine, in bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Java {
    pub heap: i64,
    /// Outside the heap; a machine without a setting of its own for it allows as much as the heap.
    pub direct: Option<i64>,
}

/// How members of one whole depend on each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Agreement {
    /// Each task is for itself.
    Alone,
    /// More than half of the members must be there. They know each other by name from the start,
    /// so none joins later.
    Majority,
    /// The drives of all members are one pool, formed once; a write needs some of each set. They
    /// must agree on their arguments, so they restart together.
    Erasure,
    /// What is written goes to some of the members; more may join.
    Ensemble,
}

impl Agreement {
    /// Whether the members know each other by name from the start: none joins later.
    #[must_use]
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Majority | Self::Erasure)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
