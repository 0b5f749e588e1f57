//! The systems that a cluster is made of: one folder for each, with all that the tool knows of it.
//!
//! A row has no `..`: a fact that is forgotten does not compile.

pub mod etcd;
mod image;
pub mod milvus;
pub mod minio;
pub mod pulsar;

pub use image::Image;

use serde_json::{Value, json};

use crate::component::{Component, File};
use crate::inventory::Inventory;
use crate::release::Release;
use crate::render::{Generations, secret_name};
use crate::role::Duty;
use crate::topology::Topology;

/// What keeps the metadata of Milvus, and who is registered.
pub const METADATA: &Component = &etcd::ETCD;

/// What keeps the objects of Milvus.
pub const STORAGE: &Component = &minio::MINIO;

/// What users talk to, and what knows who leads a shard.
pub const FRONT: &Component = &milvus::PROXY;

/// What holds loaded data and leads its shards.
pub const SEARCH: &Component = &milvus::QUERYNODE;

/// Every component. Rows stand after the rows they need; what is first here starts first where
/// several may.
pub const COMPONENTS: &[Component] = &[
    pulsar::ZOOKEEPER,
    etcd::ETCD,
    minio::MINIO,
    pulsar::INIT,
    pulsar::BOOKIE,
    pulsar::BROKER,
    milvus::ROOTCOORD,
    milvus::DATACOORD,
    milvus::QUERYCOORD,
    milvus::INDEXCOORD,
    milvus::MIXCOORD,
    milvus::STREAMINGNODE,
    milvus::DATANODE,
    milvus::PROXY,
    milvus::QUERYNODE,
    milvus::INDEXNODE,
];

/// Every role but Swarm's own, those with most of the load first: as sentences name them.
pub const ROLES: &[Duty] = &[
    milvus::QUERY,
    milvus::INDEX,
    milvus::DATA,
    milvus::PROXIES,
    milvus::COORD,
    minio::ROLE,
    pulsar::BOOKIES,
    pulsar::BROKERS,
    etcd::ROLE,
    pulsar::ZOOKEEPERS,
];

/// Settings of Milvus that an inventory may not set, because the tool derives them, and where their
/// values come from.
pub const OWNED: &[&[(&str, &str)]] = &[etcd::OWNED, minio::OWNED, pulsar::OWNED, milvus::OWNED];

/// A setting of Milvus that the tool relies on, the values that it may have, and why.
pub type Kept = (&'static str, &'static [&'static str], &'static str);

/// Settings of Milvus that stay as Milvus has them. Whole files of upstream name them with their
/// own value, so that one is allowed.
pub const KEPT: &[&[Kept]] = &[etcd::KEPT, minio::KEPT, pulsar::KEPT, milvus::KEPT];

/// A warning of what works and may go wrong later, if there is something to warn of.
pub type Advice = fn(&Inventory) -> Option<String>;

/// What is warned of that only one system knows.
pub const ADVICE: &[Advice] = &[minio::advice::shared_disk, pulsar::advice::few_buffers];

/// Files that services mount as they are rendered; the settings of Milvus are beside them.
pub const FILES: &[File] = pulsar::FILES;

/// What templates are filled for.
#[derive(Clone, Copy, Debug)]
pub struct Plot<'a> {
    pub inventory: &'a Inventory,
    pub release: &'a Release,
    pub topology: &'a Topology,
    pub generations: &'a Generations,
}

impl Plot<'_> {
    /// Names of a component's members.
    fn members(&self, component: &Component) -> impl Iterator<Item = &str> {
        let members = self.topology.members(component.name).iter();
        members.map(|member| member.name.as_str())
    }

    /// Where its members listen, in one word.
    fn addresses(&self, component: &Component, port: u16) -> String {
        let addresses = self.members(component).map(|name| format!("{name}:{port}"));
        addresses.collect::<Vec<_>>().join(",")
    }

    /// A secret by its key.
    fn secret(&self, key: &str) -> Value {
        json!({ "key": key, "name": secret_name(&self.inventory.name, key, self.generations) })
    }
}

/// Variables that templates see.
pub type Values = fn(&Plot<'_>) -> Vec<(&'static str, Value)>;

/// What each system tells templates.
pub const VALUES: &[Values] = &[etcd::values, minio::values, pulsar::values, milvus::values];

/// Keys of secrets, and the variables that hold them.
pub const SECRETS: &[(&str, &str)] = &[
    (minio::SECRET, "minio_secret"),
    (milvus::SECRET, "root_secret"),
];

/// The image that a release runs where the inventory names none.
#[must_use]
pub fn image_of(image: Image, release: &Release) -> String {
    let images = release.images();
    match image {
        Image::Etcd => images.etcd.to_owned(),
        Image::Milvus => release.milvus_image(),
        Image::Minio => images.minio.to_owned(),
        Image::Pulsar => images.pulsar.to_owned(),
    }
}
