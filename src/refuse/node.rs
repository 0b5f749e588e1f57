//! Hosts of the inventory and nodes of the Swarm.

use std::collections::BTreeSet;

use super::No;
use super::facts::Facts;
use super::words::names;
use crate::inventory::{Host, near};
use crate::observed::Node;
use crate::role::Role;

fn named<'f>(facts: &'f Facts<'_>, host: &Host) -> &'f [&'f Node] {
    let named = facts.named.get(host.name.as_str());
    named.map_or(&[], Vec::as_slice)
}

/// Of more hosts than this another Swarm is asked, and comparing all names would take long.
const MISTYPED: usize = 100;

pub(super) fn missing(facts: &Facts<'_>) -> Vec<No> {
    let hosts = &facts.case.inventory.hosts;
    let missing = hosts.iter().filter(|host| named(facts, host).is_empty());
    let missing: Vec<&Host> = missing.collect();
    let wanted: BTreeSet<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
    let nodes = facts.named.keys().copied();
    let spare: Vec<&str> = nodes.filter(|name| !wanted.contains(name)).collect();
    let mistyped = missing.len() <= MISTYPED;
    missing
        .into_iter()
        .map(|host| {
            let node = mistyped.then(|| near(&host.name, &spare)).flatten();
            No {
                reason: format!("host `{}` is not a node of this Swarm", host.name),
                hint: way_in(host, node, &spare),
            }
        })
        .collect()
}

/// The node that the host may be under another name, or how it gets into the Swarm.
fn way_in(host: &Host, node: Option<&str>, spare: &[&str]) -> String {
    let token = if host.roles.contains(&Role::Manager) {
        "manager"
    } else {
        "worker"
    };
    let join = format!(
        "on {}: docker swarm join (the token: `docker swarm join-token {token}` on a manager)",
        host.address.as_deref().unwrap_or(&host.name)
    );
    match node {
        Some(node) => format!("did you mean `{node}`, which no host names? else {join}"),
        None if spare.is_empty() => join,
        None => format!("{join}; nodes that no host names: {}", names(spare)),
    }
}

pub(super) fn ambiguous(facts: &Facts<'_>) -> Vec<No> {
    let hosts = facts.case.inventory.hosts.iter();
    hosts
        .filter_map(|host| {
            let live: Vec<String> = named(facts, host)
                .iter()
                .filter(|node| node.state != "down")
                .map(|node| format!("{} ({})", node.id, node.addr))
                .collect();
            (live.len() > 1).then(|| No {
                reason: format!(
                    "{} live nodes of this Swarm are named `{}`: {}",
                    live.len(),
                    host.name,
                    live.join(", ")
                ),
                hint: "docker node rm --force <the id that is wrong>".to_owned(),
            })
        })
        .collect()
}

pub(super) fn workers(facts: &Facts<'_>) -> Vec<No> {
    let hosts = facts.case.inventory.hosts_with(Role::Manager);
    hosts
        .filter_map(|host| {
            let node = facts.homes.get(host.name.as_str())?;
            (node.state != "down" && node.role != "manager").then(|| No {
                reason: format!(
                    "host `{}` has the role `manager` but is a Swarm worker",
                    host.name
                ),
                hint: format!("docker node promote {}", host.name),
            })
        })
        .collect()
}

/// What upstream builds the images of Milvus for (milvus: `.github/workflows/publish-builder.yaml:57`
/// of branch 2.3), as Docker names it and as the kernel does.
const ARCHITECTURES: [&str; 4] = ["x86_64", "amd64", "aarch64", "arm64"];

/// A task on such a node is rejected again and again, or waits for ever; which of them depends on
/// whether the registry was asked.
pub(super) fn platform(facts: &Facts<'_>) -> Vec<No> {
    let inventory = facts.case.inventory;
    // Whoever builds images of their own may have built them for this.
    let is_own = !inventory.images.overrides.is_empty();
    let hosts = inventory.hosts.iter();
    hosts
        .filter_map(|host| {
            let node = facts.homes.get(host.name.as_str())?;
            let (os, architecture) = (node.os.as_str(), node.architecture.as_str());
            let is_linux = os.is_empty() || os == "linux";
            let fits = is_own || architecture.is_empty() || ARCHITECTURES.contains(&architecture);
            (!is_linux || !fits).then(|| No {
                reason: format!(
                    "node `{}` is {os}/{architecture}; images of the cluster are built for \
                     linux/amd64 and linux/arm64",
                    host.name
                ),
                hint: if is_linux {
                    "take the host out of the inventory, or name images that are built for it under \
                     `images`"
                        .to_owned()
                } else {
                    "take the host out of the inventory".to_owned()
                },
            })
        })
        .collect()
}
