//! A network that would have to be another one.

use super::No;
use super::facts::Facts;
use super::words::count;
use crate::role::Role;
use crate::spec::{Change, Range, network_diff, ranges};

/// Swarm has no call that changes a network, and none can be removed while tasks are on it.
pub(super) fn changes(facts: &Facts<'_>) -> Vec<No> {
    let wanted = &facts.case.wanted.network;
    let found = facts.case.seen.networks.get(&wanted.name);
    let changes = found.map(|found| network_diff(&found.spec, wanted));
    changes
        .filter(|changes| !changes.is_empty())
        .map(|changes| refuse(&wanted.name, &changes))
        .into_iter()
        .collect()
}

/// A task that gets no address stays `new` for ever, and Swarm says nothing of it. Each node with
/// a task takes one too (swarmkit: `getNodeNetworks` in `manager/allocator/network.go`), and a
/// service none, as `endpoint_mode: dnsrr` has no virtual address.
pub(super) fn full(facts: &Facts<'_>) -> Vec<No> {
    let wanted = facts.case.wanted;
    let found = facts.case.seen.networks.get(&wanted.network.name);
    let ranges: Vec<Range> = found
        .into_iter()
        .flat_map(|one| ranges(&one.spec))
        .collect();
    let room: u64 = ranges.iter().map(|range| range.room()).sum();
    let has_tasks = |role: &Role| *role != Role::Manager;
    let all = facts.case.inventory.hosts.iter();
    let hosts = all.filter(|host| host.roles.iter().any(has_tasks)).count() as u64;
    let needed = wanted.tasks() + hosts;
    if ranges.is_empty() || needed <= room {
        return Vec::new();
    }
    let ranges: Vec<String> = ranges.iter().map(ToString::to_string).collect();
    vec![No {
        reason: format!(
            "network `{}` ({}) has room for {room} addresses, and {needed} are needed, by {} and {}",
            wanted.network.name,
            ranges.join(", "),
            count(wanted.tasks(), "task"),
            count(hosts, "host"),
        ),
        hint: "ask for less; or make the network anew while everything stands still: `milvus-swarm \
               down`, then `milvus-swarm up` (the data stays), which takes a larger subnet, or the one \
               that `network.subnet` names"
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
        hint: "write `network:` in the inventory as the network is; or make it anew while \
               everything stands still: `milvus-swarm down`, then `milvus-swarm up` (the data stays)"
            .to_owned(),
    }
}
