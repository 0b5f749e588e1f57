//! What data was formed with, as labels of the nodes that hold it remember.
//!
//! Services tell the same while they are there; these labels stay when `down` takes services away.
//! A node without them says nothing: an earlier version of this tool labelled it.

use std::collections::BTreeSet;

use crate::inventory::Inventory;
use crate::observed::Node;
use crate::release::Release;
use crate::system::{METADATA, STORAGE};
use crate::tag::Version;
pub use crate::topology::Mark;
use crate::topology::Topology;

/// Servers of MinIO, and drives on each.
pub type Shape = (usize, usize);

/// Labels that remember what data was formed with begin with this.
#[must_use]
pub fn prefix(cluster: &str) -> String {
    format!("milvus.{cluster}.formed.")
}

fn milvus_label(cluster: &str) -> String {
    prefix(cluster) + "milvus"
}

fn minio_label(cluster: &str) -> String {
    prefix(cluster) + STORAGE.name
}

/// The version that an image says it is, else the one that the inventory says: all that is known of
/// an image whose tag is no version.
#[must_use]
pub fn version(image: Option<&str>, release: &Release) -> Version {
    image
        .and_then(Version::of_image)
        .unwrap_or_else(|| release.into())
}

/// The labels to set: Milvus' version where its metadata is, MinIO's shape where its drives are.
#[must_use]
pub fn marks<'a>(inventory: &Inventory, version: Version, topology: &'a Topology) -> Vec<Mark<'a>> {
    let version = version.tag();
    let servers = topology.members(STORAGE.name);
    let shape = format!(
        "{}x{}",
        servers.len(),
        inventory.settings(STORAGE.role).drives
    );
    let mark = |host: &'a str, label: String, value: &str| Mark {
        host,
        label,
        value: value.to_owned(),
    };
    let name = &inventory.name;
    let etcd = topology.members(METADATA.name).iter();
    let etcd = etcd.map(|member| mark(&member.host, milvus_label(name), &version));
    let minio = servers
        .iter()
        .map(|member| mark(&member.host, minio_label(name), &shape));
    etcd.chain(minio).collect()
}

/// The versions of Milvus that labels name: several where an `up` ended between them.
#[must_use]
pub fn versions(cluster: &str, nodes: &[Node]) -> BTreeSet<Version> {
    let label = milvus_label(cluster);
    let values = nodes.iter().filter_map(|node| node.labels.get(&label));
    values.filter_map(|value| Version::of_tag(value)).collect()
}

/// The shapes of MinIO that labels name.
#[must_use]
pub fn shapes(cluster: &str, nodes: &[Node]) -> BTreeSet<Shape> {
    let label = minio_label(cluster);
    let values = nodes.iter().filter_map(|node| node.labels.get(&label));
    values
        .filter_map(|value| {
            let (servers, drives) = value.split_once('x')?;
            Some((servers.parse().ok()?, drives.parse().ok()?))
        })
        .collect()
}
