//! Refusals: the exact text of each, and the legal case next to it.

mod configs;
mod data;
mod documents;
mod fillers;
mod holes;
mod images;
mod members;
mod networks;
mod never;
mod nodes;
mod ports;
mod room;
mod servers;
mod taken;
mod versions;
mod voters;

use milvus_swarm::inventory::Inventory;
use milvus_swarm::observed::{Node, Observed};
use milvus_swarm::plan::Refusal;
use milvus_swarm::role::Role;

use crate::harness::{down_well, known_cluster, parse, run, swarm, up_well};
use crate::inventories;

pub const THREE: usize = 1;
pub const PRODUCTION: usize = 2;

/// A shipped inventory and its empty Swarm.
pub fn fresh(which: usize) -> (Inventory, Observed) {
    let inventory = parse(inventories::shipped()[which]);
    let seen = run(async { swarm(&inventory, 1).look() });
    (inventory, seen)
}

/// A shipped inventory and its Swarm after `up`.
pub fn running(which: usize) -> (Inventory, Observed) {
    let inventory = parse(inventories::shipped()[which]);
    let seen = run(async {
        let sim = swarm(&inventory, 1);
        up_well(&sim, &inventory).await;
        sim.look()
    });
    (inventory, seen)
}

/// A shipped inventory and its Swarm after `up` and `down`: labels, secrets and data are left.
pub fn stopped(which: usize) -> (Inventory, Observed) {
    let inventory = parse(inventories::shipped()[which]);
    let seen = run(async {
        let sim = swarm(&inventory, 1);
        up_well(&sim, &inventory).await;
        down_well(&sim, &inventory, false).await;
        sim.look()
    });
    (inventory, seen)
}

/// Accepts the hole that each Milvus before 2.4 has.
pub fn accept(inventory: &mut Inventory) {
    inventory.accepted.insert("CVE-2025-64513".to_owned());
}

pub fn refused(inventory: &Inventory, seen: &Observed) -> Vec<Refusal> {
    known_cluster(inventory, seen).refusals(inventory, seen)
}

/// Refusals as rule, reason and hint.
pub fn says(inventory: &Inventory, seen: &Observed, expected: &[(&str, &str, &str)]) {
    let found = refused(inventory, seen);
    let found: Vec<(&str, &str, &str)> = found
        .iter()
        .map(|no| (no.rule.as_str(), no.reason.as_str(), no.hint.as_str()))
        .collect();
    assert_eq!(found, expected);
}

/// The rules that are broken.
pub fn rules(inventory: &Inventory, seen: &Observed) -> Vec<String> {
    let found = refused(inventory, seen);
    found.into_iter().map(|no| no.rule).collect()
}

pub fn allowed(inventory: &Inventory, seen: &Observed) {
    says(inventory, seen, &[]);
}

pub fn node<'s>(seen: &'s mut Observed, hostname: &str) -> &'s mut Node {
    let mut nodes = seen.nodes.iter_mut();
    nodes
        .find(|node| node.hostname == hostname)
        .expect("a node of that name")
}

/// Gives a role to a host or takes it away; tasks follow for a role with members.
pub fn give(inventory: &mut Inventory, host: &str, role: Role) {
    let mut hosts = inventory.hosts.iter_mut();
    let host = hosts.find(|one| one.name == host).expect("a host");
    host.roles.insert(role);
    count(inventory, role);
}

pub fn take(inventory: &mut Inventory, host: &str, role: Role) {
    let mut hosts = inventory.hosts.iter_mut();
    let host = hosts.find(|one| one.name == host).expect("a host");
    host.roles.remove(&role);
    count(inventory, role);
}

fn count(inventory: &mut Inventory, role: Role) {
    let hosts = inventory.hosts_with(role).count() as u64;
    let settings = inventory.roles.get_mut(&role).expect("settings");
    settings.replicas = hosts * settings.per_host;
}

pub fn label(cluster: &str, member: &str) -> String {
    format!("milvus.{cluster}.member.{member}")
}

/// Takes away what labels remember of versions and shapes.
pub fn forget(nodes: &mut [Node]) {
    for node in nodes {
        let of_birth = |label: &str| label.contains(".formed.birth.");
        node.labels
            .retain(|label, _| !label.contains(".formed.") || of_birth(label));
    }
}
