//! Where members keep their data: named volumes, or directories of their hosts.

use std::collections::{BTreeMap, BTreeSet};

use super::Cluster;
use crate::component::Component;
use crate::gate::short;
use crate::inventory::{DataPlace, Inventory};
use crate::plan::{Directory, Home, Wanted};
use crate::spec::ServiceSpec;
use crate::topology::{Member, Topology};

impl Cluster {
    /// The named volumes and directories of each member, by the host that holds them.
    #[must_use]
    pub fn volumes(&self) -> Vec<(String, Vec<String>)> {
        let mut by_host: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (member, spec) in members(&self.topology, &self.wanted) {
            let volumes = spec
                .task_template
                .container_spec
                .mounts
                .iter()
                .filter(|mount| matches!(mount.kind.as_str(), "volume" | "bind"))
                .map(|mount| mount.source.clone());
            by_host
                .entry(member.host.clone())
                .or_default()
                .extend(volumes);
        }
        by_host
            .into_iter()
            .filter(|(_, volumes)| !volumes.is_empty())
            .collect()
    }

    /// The directories that members keep their data in, by the host as the inventory names it.
    #[must_use]
    pub fn directories(&self) -> BTreeMap<&str, BTreeSet<Directory>> {
        let mut by_host: BTreeMap<&str, BTreeSet<Directory>> = BTreeMap::new();
        for (member, spec) in members(&self.topology, &self.wanted) {
            for directory in bound(spec) {
                by_host.entry(&member.host).or_default().insert(directory);
            }
        }
        by_host
    }
}

/// The members of a cluster, each with its service.
fn members<'a>(
    topology: &'a Topology,
    wanted: &'a Wanted,
) -> impl Iterator<Item = (&'a Member, &'a ServiceSpec)> {
    let specs: BTreeMap<&str, &ServiceSpec> = wanted
        .services()
        .map(|spec| (short(&spec.name), spec))
        .collect();
    let members = topology.members.values().flatten();
    members.filter_map(move |member| Some((member, *specs.get(member.name.as_str())?)))
}

/// The directories of a host that a service mounts.
fn bound(spec: &ServiceSpec) -> impl Iterator<Item = Directory> {
    let uid = Component::of_service(short(&spec.name)).map_or(0, |row| row.uid);
    let mounts = spec.task_template.container_spec.mounts.iter();
    mounts
        .filter(|mount| mount.kind == "bind")
        .map(move |mount| Directory {
            path: mount.source.clone(),
            uid,
        })
}

/// The directories that members keep their data in, by full name of the service.
pub(super) fn directories(
    inventory: &Inventory,
    wanted: &Wanted,
    topology: &Topology,
) -> BTreeMap<String, Home> {
    let mut homes = BTreeMap::new();
    if matches!(inventory.data, DataPlace::Volumes) {
        return homes;
    }
    for (member, spec) in members(topology, wanted) {
        let directories: Vec<Directory> = bound(spec).collect();
        if !directories.is_empty() {
            let host = member.host.clone();
            homes.insert(spec.name.clone(), Home { host, directories });
        }
    }
    homes
}
