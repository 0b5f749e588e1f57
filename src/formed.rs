//! What data was formed with, as labels of the nodes that hold it remember.
//!
//! Services tell the same while they are there; these labels stay when `down` takes services away.
//! A node without them says nothing: an earlier version of this tool labelled it.

use std::collections::BTreeSet;

use crate::birth;
use crate::component::{COMPONENTS, Component};
use crate::inventory::Inventory;
use crate::observed::{Node, Observed};
use crate::release::{DEFAULT, FORMER, Release, ReleaseError, show};
use crate::system::{METADATA, STORAGE, Slot, identity};
use crate::tag::Version;
pub use crate::topology::Mark;
use crate::topology::{Topology, holders};

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

/// The label that remembers what meets a need. It is written once that was found to be ready and
/// before Milvus starts: where it is, there may be data.
#[must_use]
pub fn filler_label(cluster: &str, slot: Slot) -> String {
    prefix(cluster) + slot.key()
}

/// The release that a cluster is to run: the one that the inventory says, else the minor that its
/// data is of, else what new clusters get.
///
/// # Errors
/// A version that the tool does not know.
pub fn release(inventory: &Inventory, seen: Option<&Observed>) -> Result<Release, ReleaseError> {
    if let Some(said) = &inventory.milvus {
        return Release::parse(said);
    }
    let Some(seen) = seen else {
        return Release::parse(DEFAULT);
    };
    let name = &inventory.name;
    // What is there may be of two versions, where an upgrade ended between them.
    let Some(version) = there(name, seen).max() else {
        let is_old = holders(name, &seen.nodes)
            .iter()
            .any(|holder| holder.component.name == METADATA.name);
        return Release::parse(if is_old { FORMER } else { DEFAULT });
    };
    let line = show(version.line());
    let current = Release::parse(&line)?;
    if version > (&current).into() {
        return Release::parse(&format!("{line}.{}", version.patch));
    }
    Ok(current)
}

/// The versions of Milvus that are there, as far as labels and images say.
fn there<'a>(cluster: &'a str, seen: &'a Observed) -> impl Iterator<Item = Version> + 'a {
    let known = versions(cluster, &seen.nodes).into_iter();
    known.chain(running(cluster, seen))
}

/// The oldest Milvus that is there: until the last service has been renewed, the one before.
#[must_use]
pub fn oldest(cluster: &str, seen: &Observed) -> Option<Version> {
    there(cluster, seen).min()
}

/// The versions of Milvus that services of a cluster run, as far as their images say.
fn running<'a>(cluster: &'a str, seen: &'a Observed) -> impl Iterator<Item = Version> + 'a {
    let rows = COMPONENTS.iter().filter(|row| row.milvus.is_some());
    let services = rows.filter_map(|row| seen.services.get(&row.service(cluster, row.name)));
    services.filter_map(|found| Version::of_image(&found.spec.task_template.container_spec.image))
}

/// The version that an image says it is, else the one that the inventory says: all that is known of
/// an image whose tag is no version.
#[must_use]
pub fn version(image: Option<&str>, release: &Release) -> Version {
    image
        .and_then(Version::of_image)
        .unwrap_or_else(|| release.into())
}

/// The labels to set: the births that are known where data of them is, Milvus' version and what was chosen to meet its needs where its metadata is, MinIO's
/// shape where its drives are.
#[must_use]
pub fn marks<'a>(
    inventory: &Inventory,
    version: Version,
    topology: &'a Topology,
    nodes: &[Node],
) -> Vec<Mark<'a>> {
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
    let chosen = Slot::ALL.into_iter().flat_map(|slot| {
        let (identity, label) = (identity(slot, inventory), filler_label(name, slot));
        let hosts = topology.members(METADATA.name).iter();
        hosts.filter_map(move |member| Some(mark(&member.host, label.clone(), identity.as_ref()?)))
    });
    let births = births(name, topology, nodes);
    etcd.chain(minio).chain(chosen).chain(births).collect()
}

/// What some labels remember of births, for all that have such data; what they contradict each other
/// about stays as it is.
fn births<'a>(cluster: &str, topology: &'a Topology, nodes: &[Node]) -> Vec<Mark<'a>> {
    let marks = Component::all_births().flat_map(|birth| {
        let label = birth::label(cluster, birth.of);
        let known = birth::remembered(cluster, birth.of, nodes);
        let agreed = known.first().filter(|_| known.len() == 1).copied();
        let members = topology.members(birth.of).iter();
        members.filter_map(move |member| {
            let by_host = nodes.iter().filter(|node| node.hostname == member.host);
            let own = by_host.filter_map(|node| node.labels.get(&label)).next();
            let value = own.map(String::as_str).or(agreed)?;
            Some(Mark {
                host: &member.host,
                label: label.clone(),
                value: value.to_owned(),
            })
        })
    });
    marks.collect()
}

/// What labels say that meets a need of Milvus, where it is not what meets it by default.
#[must_use]
pub fn fillers<'a>(cluster: &str, slot: Slot, nodes: &'a [Node]) -> BTreeSet<&'a str> {
    let label = filler_label(cluster, slot);
    let values = nodes.iter().filter_map(|node| node.labels.get(&label));
    values.map(String::as_str).collect()
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
