//! What a host can be told to do.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    Coord,
    Data,
    Index,
    Query,
    Proxy,
    Manager,
}

impl Role {
    /// Every role, in the order in which they come up.
    pub const ALL: [Self; 11] = [
        Self::Etcd,
        Self::Minio,
        Self::Zookeeper,
        Self::Bookie,
        Self::Broker,
        Self::Coord,
        Self::Data,
        Self::Index,
        Self::Query,
        Self::Proxy,
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
            Self::Coord => "coord",
            Self::Data => "data",
            Self::Index => "index",
            Self::Query => "query",
            Self::Proxy => "proxy",
            Self::Manager => "manager",
        }
    }

    /// The role that a word names.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == word)
    }

    /// Whether each instance is a member with data or an identity of its own.
    #[must_use]
    pub const fn is_stateful(self) -> bool {
        matches!(
            self,
            Self::Etcd | Self::Minio | Self::Zookeeper | Self::Bookie | Self::Broker
        )
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
