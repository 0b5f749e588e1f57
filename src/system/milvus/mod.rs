//! Milvus itself.

mod coordinators;
mod gates;
mod workers;

pub use coordinators::{DATACOORD, INDEXCOORD, MIXCOORD, QUERYCOORD, ROOTCOORD};
pub use workers::{DATANODE, INDEXNODE, PROXY, QUERYNODE, STREAMINGNODE};

use super::etcd::ETCD;
use super::minio::MINIO;
use super::pulsar::BROKER;

/// What every coordinator needs.
const BACKENDS: &[&str] = &[ETCD.name, MINIO.name, BROKER.name];

/// What every worker needs, as far as the release has it.
const COORDS: &[&str] = &[
    ROOTCOORD.name,
    DATACOORD.name,
    QUERYCOORD.name,
    INDEXCOORD.name,
    MIXCOORD.name,
];
