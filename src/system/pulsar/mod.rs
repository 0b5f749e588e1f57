//! Pulsar, which keeps the log of Milvus: brokers, the bookies that store it, and the ZooKeeper
//! that knows where.

use crate::component::{Component, FIRST, LAST, Shape, StackName};
use crate::role::Role;

/// Pulsar's images run as this user from 2.10 on; before, as root, who may write anywhere.
const UID: u32 = 10_000;

/// Where Pulsar keeps its metadata.
pub const ZOOKEEPER: Component = Component {
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
    uid: UID,
};

/// Writes the first metadata, once.
pub const INIT: Component = Component {
    name: "pulsar-init",
    title: "Pulsar metadata",
    role: Role::Zookeeper,
    stack: StackName::Pulsar,
    shape: Shape::Task,
    needs: &[ZOOKEEPER.name],
    milvus: None,
    releases: (FIRST, LAST),
    grace: 10,
    upgrades_after: &[],
    uid: UID,
};

/// Where ledgers are stored.
pub const BOOKIE: Component = Component {
    name: "bookie",
    title: "bookies",
    role: Role::Bookie,
    stack: StackName::Pulsar,
    shape: Shape::Members,
    needs: &[INIT.name],
    milvus: None,
    releases: (FIRST, LAST),
    grace: 50,
    upgrades_after: &[],
    uid: UID,
};

/// What clients talk to.
pub const BROKER: Component = Component {
    name: "broker",
    title: "brokers",
    role: Role::Broker,
    stack: StackName::Pulsar,
    shape: Shape::Members,
    needs: &[BOOKIE.name],
    milvus: None,
    releases: (FIRST, LAST),
    grace: 50,
    upgrades_after: &[],
    uid: UID,
};
