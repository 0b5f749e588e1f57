//! The workers, and the proxies before them.

use super::{COORDS, process};
use crate::component::{Component, FIRST, LAST, Shape, StackName};
use crate::role::Role;

/// Write the log and hold what is in no segment yet.
pub const STREAMINGNODE: Component = Component {
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
};

/// Turn the log into segments.
pub const DATANODE: Component = Component {
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
};

/// What users talk to.
pub const PROXY: Component = Component {
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
};

/// Hold loaded segments and search them.
pub const QUERYNODE: Component = Component {
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
};

/// Build indexes.
pub const INDEXNODE: Component = Component {
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
};
