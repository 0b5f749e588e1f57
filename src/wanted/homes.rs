//! Where members keep their data: named volumes, or directories of their hosts.

use std::collections::BTreeMap;

use super::Cluster;
use crate::component::Component;
use crate::gate::short;
use crate::inventory::{DataPlace, Inventory};
use crate::observed::{Node, Observed};
use crate::plan::{Directory, Home, Wanted};
use crate::spec::ServiceSpec;
use crate::topology::Topology;

impl Cluster {
    /// The named volumes and directories of each member, by the host that holds them.
    #[must_use]
    pub fn volumes(&self) -> Vec<(String, Vec<String>)> {
        let mut by_host: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let specs: BTreeMap<&str, &ServiceSpec> = self
            .wanted
            .services()
            .map(|spec| (short(&spec.name), spec))
            .collect();
        for member in self.topology.members.values().flatten() {
            let volumes = specs
                .get(member.name.as_str())
                .into_iter()
                .flat_map(|spec| &spec.task_template.container_spec.mounts)
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
}

/// The directories that members of this Swarm's nodes keep their data in.
pub(super) fn directories(
    inventory: &Inventory,
    wanted: &Wanted,
    topology: &Topology,
    seen: Option<&Observed>,
) -> BTreeMap<String, Home> {
    let mut homes = BTreeMap::new();
    if matches!(inventory.data, DataPlace::Volumes) {
        return homes;
    }
    let specs: BTreeMap<&str, &ServiceSpec> = wanted
        .services()
        .map(|spec| (short(&spec.name), spec))
        .collect();
    let nodes: BTreeMap<&str, &Node> = seen
        .into_iter()
        .flat_map(|seen| &seen.nodes)
        .map(|node| (node.hostname.as_str(), node))
        .collect();
    for member in topology.members.values().flatten() {
        let node = nodes.get(member.host.as_str());
        let spec = specs.get(member.name.as_str());
        let (Some(node), Some(spec)) = (node, spec) else {
            continue;
        };
        let uid = Component::of_service(&member.name).map_or(0, |row| row.uid);
        let directories: Vec<Directory> = spec
            .task_template
            .container_spec
            .mounts
            .iter()
            .filter(|mount| mount.kind == "bind")
            .map(|mount| Directory {
                path: mount.source.clone(),
                uid,
            })
            .collect();
        if !directories.is_empty() {
            let home = Home {
                node_id: node.id.clone(),
                hostname: node.hostname.clone(),
                directories,
            };
            homes.insert(spec.name.clone(), home);
        }
    }
    homes
}
