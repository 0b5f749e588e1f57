//! The coordinators: of each kind one leads, the others stand by.

use super::{BACKENDS, process};
use crate::component::{Component, FIRST, LAST, Shape, StackName};
use crate::role::Role;

/// Gives out times and numbers, and knows collections.
pub const ROOTCOORD: Component = Component {
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
};

/// Knows segments.
pub const DATACOORD: Component = Component {
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
};

/// Says which query node has what loaded.
pub const QUERYCOORD: Component = Component {
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
};

/// Says which index node builds what.
pub const INDEXCOORD: Component = Component {
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
};

/// All of them in one.
pub const MIXCOORD: Component = Component {
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
};
