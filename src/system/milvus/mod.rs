//! Milvus itself.

pub(crate) mod ask;
mod coordinators;
mod gates;
pub(crate) mod grammar;
mod owned;
pub(crate) mod renewed;
mod roles;
pub(crate) mod sections;
pub mod session;
mod workers;

pub use ask::ROOT_TOKEN;
pub use coordinators::{DATACOORD, INDEXCOORD, MIXCOORD, QUERYCOORD, ROOTCOORD};
pub use owned::{KEPT, OWNED};
pub use roles::{COORD, DATA, INDEX, PROXIES, QUERY};
pub use workers::{DATANODE, INDEXNODE, PROXY, QUERYNODE, STREAMINGNODE};

use serde_json::Value;

use super::Plot;
use super::etcd::ETCD;
use super::minio::MINIO;
use super::pulsar::BROKER;

/// Where users connect.
pub const PORT: u16 = 19530;
/// Where every process tells how it is.
pub const HEALTH: u16 = 9091;
/// Key of the secret that holds the password of the user `root`.
pub const SECRET: &str = "milvus-root";

/// The image of a version.
#[must_use]
pub fn image(version: &str) -> String {
    format!("milvusdb/milvus:v{version}")
}

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

/// What templates see of it.
pub(super) fn values(plot: &Plot<'_>) -> Vec<(&'static str, Value)> {
    vec![("root_secret", plot.secret(SECRET))]
}
