//! Hosts of the inventory and nodes of the Swarm.

use super::No;
use super::facts::Facts;
use crate::inventory::Host;
use crate::observed::Node;
use crate::role::Role;

fn named<'f>(facts: &'f Facts<'_>, host: &Host) -> &'f [&'f Node] {
    let named = facts.named.get(host.name.as_str());
    named.map_or(&[], Vec::as_slice)
}

pub(super) fn missing(facts: &Facts<'_>) -> Vec<No> {
    let hosts = facts.case.inventory.hosts.iter();
    hosts
        .filter(|host| named(facts, host).is_empty())
        .map(|host| No {
            reason: format!("host `{}` is not a node of this Swarm", host.name),
            hint: format!(
                "on {}: docker swarm join (the token: `docker swarm join-token worker` on a manager)",
                host.address.as_deref().unwrap_or(&host.name)
            ),
        })
        .collect()
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
