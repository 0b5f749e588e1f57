//! A network that would have to be another one.

use super::No;
use super::facts::Facts;
use super::words::count;
use crate::role::Role;
use crate::spec::{Change, NetworkSpec, Range, network_diff, ranges};

/// Swarm has no call that changes a network, and none can be removed while tasks are on it.
pub(super) fn changes(facts: &Facts<'_>) -> Vec<No> {
    if facts.case.wanted.renews_networks {
        return Vec::new();
    }
    let networks = facts.case.wanted.networks.iter();
    networks
        .filter_map(|wanted| {
            let found = facts.case.seen.networks.get(&wanted.name)?;
            let changes = network_diff(&found.spec, wanted);
            (!changes.is_empty()).then(|| refuse(&wanted.name, &changes))
        })
        .collect()
}

/// A task that gets no address stays `new` for ever, and Swarm says nothing of it.
pub(super) fn full(facts: &Facts<'_>) -> Vec<No> {
    if facts.case.wanted.renews_networks {
        return Vec::new();
    }
    let networks = facts.case.wanted.networks.iter();
    networks
        .flat_map(|wanted| lacks_room(facts, wanted))
        .collect()
}

/// Each node with a task takes an address too (swarmkit: `getNodeNetworks` in
/// `manager/allocator/network.go`), and a service none, as `endpoint_mode: dnsrr` has no virtual
/// address.
fn lacks_room(facts: &Facts<'_>, network: &NetworkSpec) -> Vec<No> {
    let found = facts.case.seen.networks.get(&network.name);
    let ranges: Vec<Range> = found
        .into_iter()
        .flat_map(|one| ranges(&one.spec))
        .collect();
    let room: u64 = ranges.iter().map(|range| range.room()).sum();
    let has_tasks = |role: &Role| *role != Role::Manager;
    let all = facts.case.inventory.hosts.iter();
    let hosts = all.filter(|host| host.roles.iter().any(has_tasks)).count() as u64;
    let tasks = facts.case.wanted.tasks_on(&network.name);
    // Of a few tasks nobody knows which hosts they come to.
    let hosts = hosts.min(tasks);
    let needed = tasks + hosts;
    if ranges.is_empty() || needed <= room {
        return Vec::new();
    }
    let ranges: Vec<String> = ranges.iter().map(ToString::to_string).collect();
    vec![No {
        reason: format!(
            "network `{}` ({}) has room for {room} addresses, and {needed} are needed, by {} and {}",
            network.name,
            ranges.join(", "),
            count(tasks, "task"),
            count(hosts, "host"),
        ),
        hint:
            "ask for less; or make the network anew, for which everything is stopped and started \
               again (the data stays): name a larger one with `network.subnet` or \
               `network.front_subnet`, then `milvus-swarm up --renew-networks`"
                .to_owned(),
    }]
}

fn refuse(name: &str, changes: &[Change]) -> No {
    let fields: Vec<String> = changes.iter().map(ToString::to_string).collect();
    No {
        reason: format!(
            "network `{name}` is not as wanted, and Swarm can't change a network: {}",
            fields.join("; ")
        ),
        hint: "write `network:` in the inventory as the network is; or make it anew, for which \
               everything is stopped and started again (the data stays): `milvus-swarm plan \
               --renew-networks` tells what that takes, `milvus-swarm up --renew-networks` does it"
            .to_owned(),
    }
}
