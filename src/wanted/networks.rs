//! The cluster's networks, and subnets that are large enough for them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use crate::inventory::Inventory;
use crate::network;
use crate::observed::Observed;
use crate::plan::Wanted;
use crate::spec::{Ipam, IpamConfig, MTU, NetworkSpec, Range, network_diff, ranges};
use crate::topology::CLUSTER_LABEL;
use crate::words::names;

/// What Swarm takes where nobody says otherwise (moby `daemon/libnetwork/ipamutils/utils.go`).
const POOL: &str = "10.0.0.0/8";
const PREFIX: u32 = 24;
/// No cluster needs a larger part of a private network.
const LARGEST: u32 = 12;
/// A host's own network is seldom larger, and the addresses of hosts are all that is known of it.
const AROUND_HOST: u32 = 16;

/// Writes down the backend, and the front where something is on it, and which of them are made anew
/// where that is asked for.
pub(super) fn plan(
    inventory: &Inventory,
    wanted: &mut Wanted,
    seen: Option<&Observed>,
    are_renewed: bool,
) {
    let settings = &inventory.network;
    let backend = network::backend(&inventory.name);
    let front = network::front(&inventory.name);
    let both = [
        (backend, true, settings.subnet),
        (front, false, settings.front_subnet),
    ];
    // A network stays as it is, whatever would be taken for a new one.
    let mut networks: Vec<NetworkSpec> = Vec::new();
    for (name, internal, asked) in &both {
        if *internal || wanted.tasks_on(name) > 0 {
            let subnet = asked.map(|asked| asked.to_string());
            networks.push(network(inventory, name.clone(), *internal, subnet));
        }
    }
    let found = |name: &str| seen.and_then(|seen| seen.networks.get(name));
    let is_otherwise = |network: &&NetworkSpec| {
        found(&network.name).is_some_and(|found| {
            !network_diff(&found.spec, network).is_empty()
                || network.ipam.is_none() && is_too_small(inventory, wanted, &found.spec)
        })
    };
    let renewed = networks.iter().filter(is_otherwise);
    let renewed: BTreeSet<String> = renewed.map(|network| network.name.clone()).collect();
    wanted.renewed = if are_renewed {
        renewed
    } else {
        BTreeSet::new()
    };
    for at in 0..networks.len() {
        let name = &networks[at].name;
        let is_new = found(name).is_none() || wanted.renewed.contains(name);
        if networks[at].ipam.is_some() || !is_new {
            continue;
        }
        let mut taken: Vec<Range> = networks.iter().flat_map(ranges).collect();
        let others = both.iter().filter(|(other, ..)| other != name);
        let others = others.filter_map(|(_, _, asked)| asked.as_ref());
        taken.extend(others.filter_map(|other| Range::parse(&other.to_string())));
        // What is about to be removed takes nothing: whoever looks once it is gone chooses the same.
        let stay = seen.into_iter().flat_map(|seen| &seen.networks);
        let stay = stay.filter(|(name, _)| !wanted.renewed.contains(*name));
        taken.extend(stay.flat_map(|(_, network)| ranges(&network.spec)));
        let range = choose(inventory, wanted.tasks_on(name), seen, &taken);
        networks[at].ipam = range.map(|range| ipam(range.to_string()));
    }
    wanted.networks = networks;
}

/// Whether a network has fewer addresses than there are takers.
fn is_too_small(inventory: &Inventory, wanted: &Wanted, network: &NetworkSpec) -> bool {
    let rooms: Vec<u64> = ranges(network).map(Range::room).collect();
    let needed = wanted.takers(&network.name, inventory).addresses();
    !rooms.is_empty() && rooms.iter().sum::<u64>() < needed
}

fn ipam(subnet: String) -> Ipam {
    Ipam {
        driver: "default".to_owned(),
        config: vec![IpamConfig { subnet }],
    }
}

fn network(
    inventory: &Inventory,
    name: String,
    internal: bool,
    subnet: Option<String>,
) -> NetworkSpec {
    let mut options = BTreeMap::new();
    if inventory.network.encrypted {
        options.insert("encrypted".to_owned(), String::new());
    }
    if let Some(mtu) = inventory.network.mtu {
        options.insert(MTU.to_owned(), mtu.to_string());
    }
    NetworkSpec {
        name,
        driver: "overlay".to_owned(),
        // A container that anybody starts by hand has no business there.
        attachable: false,
        internal,
        ipam: subnet.map(ipam),
        labels: BTreeMap::from([(CLUSTER_LABEL.to_owned(), inventory.name.clone())]),
        options,
    }
}

/// The last free part of Swarm's own pool that is large enough, where what Swarm would take by itself
/// is not. It takes them from the front, and that way it knows of every other one: what is large
/// enough is left to it.
fn choose(
    inventory: &Inventory,
    tasks: u64,
    seen: Option<&Observed>,
    taken: &[Range],
) -> Option<Range> {
    let known = seen.map(|seen| &seen.others.ranges);
    let prefix = known.map_or(0, |known| known.prefix);
    let prefix = if prefix == 0 { PREFIX } else { prefix };
    // A cluster grows, and its network can't. Each node with a task takes one for itself.
    let needed = 2 * tasks + inventory.hosts.len() as u64;
    let suffices = |prefix: &u32| {
        let range = Range::around(Ipv4Addr::UNSPECIFIED, *prefix);
        range.is_some_and(|range| range.room() >= needed)
    };
    if suffices(&prefix) {
        return None;
    }
    let large = (LARGEST..prefix.max(LARGEST)).rev().find(suffices)?;
    let taken: Vec<Range> = known
        .into_iter()
        .flat_map(|known| &known.taken)
        .filter_map(|text| Range::parse(text))
        .chain(
            hosts(inventory, seen)
                .into_iter()
                .filter_map(|(_, address)| Range::around(address, AROUND_HOST)),
        )
        .chain(taken.iter().copied())
        .collect();
    let pool = known.map_or(&[][..], |known| &known.pool);
    let mut pool: Vec<Range> = pool.iter().filter_map(|text| Range::parse(text)).collect();
    if pool.is_empty() {
        pool.extend(Range::parse(POOL));
    }
    let mut parts = pool.iter().flat_map(|pool| pool.parts(large));
    parts.find(|part| !taken.iter().any(|taken| taken.overlaps(*part)))
}

/// The hosts with their addresses, as far as the inventory and the Swarm tell them.
fn hosts<'a>(inventory: &'a Inventory, seen: Option<&'a Observed>) -> Vec<(&'a str, Ipv4Addr)> {
    let nodes = seen.into_iter().flat_map(|seen| &seen.nodes);
    let nodes = nodes.map(|node| (node.hostname.as_str(), node.addr.as_str()));
    let named = inventory.hosts.iter();
    let named = named.filter_map(|host| Some((host.name.as_str(), host.address.as_deref()?)));
    let mut all: Vec<(&str, Ipv4Addr)> = nodes
        .chain(named)
        .filter_map(|(name, address)| Some((name, address.parse().ok()?)))
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// A task that looks for a host finds its own network, if the host's address is in it.
pub(super) fn warnings(
    inventory: &Inventory,
    wanted: &Wanted,
    seen: Option<&Observed>,
) -> Vec<String> {
    let networks = wanted.networks.iter();
    networks
        .filter_map(|network| {
            let is_kept = !wanted.renewed.contains(&network.name);
            warning(inventory, network, seen.filter(|_| is_kept), seen)
        })
        .collect()
}

fn warning(
    inventory: &Inventory,
    network: &NetworkSpec,
    kept: Option<&Observed>,
    seen: Option<&Observed>,
) -> Option<String> {
    let found = kept.and_then(|seen| seen.networks.get(&network.name));
    let spec = found.map_or(network, |found| &found.spec);
    let (range, held) = ranges(spec).find_map(|range| {
        let hosts = hosts(inventory, seen).into_iter();
        let held = hosts.filter(|(_, address)| range.holds(*address));
        let mut held: Vec<&str> = held.map(|(name, _)| name).collect();
        held.dedup();
        (!held.is_empty()).then_some((range, held))
    })?;
    let what = if held.len() == 1 {
        "the address"
    } else {
        "the addresses"
    };
    let key = if network.internal {
        "subnet"
    } else {
        "front_subnet"
    };
    Some(format!(
        "the subnet {range} of the network `{}` holds {what} of {}: its tasks can't reach the host there; \
         give `network.{key}` one that no host is in, before the network is made",
        network.name,
        names(held)
    ))
}
