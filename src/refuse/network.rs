//! A network that would have to be another one.

use std::collections::BTreeMap;

use super::No;
use super::away::{UP, bring_back, state};
use super::facts::Facts;
use super::words::{count, names};
use crate::observed::{Guest, GuestKind, Node};
use crate::spec::{Change, NetworkSpec, Range, network_diff, ranges};

/// The way to another network.
const RENEWS: &str = "everything is stopped for it and started again (the data stays), `milvus-swarm plan \
                      --renew-networks` tells what that takes, `milvus-swarm up --renew-networks` does it";

const RENEWING_UP: &str = "`milvus-swarm up --renew-networks`";

/// What the inventory says of a network; the rest the tool says.
const IN_INVENTORY: [&str; 3] = ["encrypted", "mtu", "subnet"];

/// Swarm has no call that changes a network, and none can be removed while tasks are on it.
pub(super) fn changes(facts: &Facts<'_>) -> Vec<No> {
    let wanted = facts.case.wanted;
    let stay = wanted.networks.iter();
    let stay = stay.filter(|network| !wanted.renewed.contains(&network.name));
    stay.filter_map(|network| {
        let found = facts.case.seen.networks.get(&network.name)?;
        let changes = network_diff(&found.spec, network);
        (!changes.is_empty()).then(|| refuse(&network.name, &changes))
    })
    .collect()
}

/// A task that gets no address stays `new` for ever, and Swarm says nothing of it.
pub(super) fn full(facts: &Facts<'_>) -> Vec<No> {
    let networks = facts.case.wanted.networks.iter();
    networks
        .filter_map(|wanted| lacks_room(facts, wanted))
        .collect()
}

/// Where everything is stopped, no member comes up again on a host that takes no tasks, and its quorum
/// with it only once all of them do: while the cluster still serves it is left to.
pub(super) fn without_hosts(facts: &Facts<'_>) -> Vec<No> {
    let case = facts.case;
    let mut renewed = case.wanted.renewed.iter();
    if !renewed.any(|name| case.seen.networks.contains_key(name)) {
        return Vec::new();
    }
    let musters = facts.musters.iter();
    let members = musters.flat_map(|muster| muster.members);
    let mut held: BTreeMap<&str, (&Node, Vec<&str>)> = BTreeMap::new();
    for member in members {
        let Some(node) = facts.homes.get(member.host.as_str()) else {
            continue;
        };
        if node.state == "down" || matches!(node.availability.as_str(), "drain" | "pause") {
            let entry = held.entry(&node.hostname).or_insert((node, Vec::new()));
            entry.1.push(&member.name);
        }
    }
    held.into_values()
        .map(|(node, members)| No {
            reason: format!(
                "everything would be stopped for another network, and {} can't start again on `{}`, \
                 which is {}",
                names(&members),
                node.hostname,
                state(node)
            ),
            hint: bring_back(node).replace(UP, RENEWING_UP),
        })
        .collect()
}

/// A network goes once nobody is on it, and what is stopped for it by then is not to wait for somebody
/// else's.
pub(super) fn guests(facts: &Facts<'_>) -> Vec<No> {
    let case = facts.case;
    let guests = case.seen.others.guests.iter();
    let guests = guests.filter(|guest| case.wanted.renewed.contains(&guest.network));
    guests
        .map(|Guest { network, is }| {
            let (who, leaves) = match is {
                GuestKind::Service(name) => (
                    format!("service `{name}`"),
                    format!("docker service update --network-rm {network} {name}"),
                ),
                GuestKind::Container { id, node } => {
                    let mut nodes = case.seen.nodes.iter();
                    let found = nodes.find(|one| one.id == *node);
                    let host = found.map_or(node, |one| &one.hostname);
                    let start = match found {
                        Some(one) if one.state == "down" => format!("start `{host}` again, then "),
                        _ => String::new(),
                    };
                    (
                        format!("container {id} on `{host}`"),
                        format!("{start}on `{host}`: docker network disconnect {network} {id}"),
                    )
                }
            };
            No {
                reason: format!(
                    "network `{network}` is to be made anew, and the {who} is on it, which is not of \
                     this cluster"
                ),
                hint: format!("{leaves}; then {RENEWING_UP}"),
            }
        })
        .collect()
}

fn lacks_room(facts: &Facts<'_>, network: &NetworkSpec) -> Option<No> {
    let wanted = facts.case.wanted;
    let found = facts.case.seen.networks.get(&network.name);
    let stays = found.filter(|_| !wanted.renewed.contains(&network.name));
    let ranges: Vec<Range> = ranges(stays.map_or(network, |one| &one.spec)).collect();
    let room: u64 = ranges.iter().map(|range| range.room()).sum();
    let takers = wanted.takers(&network.name, facts.case.inventory);
    let needed = takers.addresses();
    if ranges.is_empty() || needed <= room {
        return None;
    }
    let ranges: Vec<String> = ranges.iter().map(ToString::to_string).collect();
    let larger = "name a larger one with `network.subnet` or `network.front_subnet`";
    Some(No {
        reason: format!(
            "network `{}` ({}) has room for {room} addresses, and {needed} are needed, by {} and {}",
            network.name,
            ranges.join(", "),
            count(takers.tasks, "task"),
            count(takers.hosts, "host"),
        ),
        hint: match (stays, &network.ipam) {
            (None, _) => format!("ask for less, or {larger}"),
            (Some(_), Some(_)) => {
                format!("ask for less; or {larger}, and make the network anew: {RENEWS}")
            }
            (Some(_), None) => {
                format!("ask for less; or have a larger network made in its place: {RENEWS}")
            }
        },
    })
}

fn refuse(name: &str, changes: &[Change]) -> No {
    let fields: Vec<String> = changes.iter().map(ToString::to_string).collect();
    No {
        reason: format!(
            "network `{name}` is not as wanted, and Swarm can't change a network: {}",
            fields.join("; ")
        ),
        hint: if changes
            .iter()
            .all(|change| IN_INVENTORY.contains(&&*change.path))
        {
            format!(
                "write `network:` in the inventory as the network is; or make the network anew: {RENEWS}"
            )
        } else {
            format!("make the network anew: {RENEWS}")
        },
    }
}
