//! A network that exists and is not the wanted one.

use milvus_swarm::inventory::{Inventory, Subnet};
use milvus_swarm::observed::{Guest, GuestKind, Observed};
use milvus_swarm::plan::{Action, Heard, Plan, Step};
use milvus_swarm::role::Role;
use milvus_swarm::spec::{Ipam, IpamConfig, MTU, NetworkSpec};

use super::{PRODUCTION, THREE, allowed, fresh, running, says, stopped};
use crate::harness::{known_cluster, parse, renewing, run, swarm, up_well};
use crate::inventories;

const HINT: &str = "write `network:` in the inventory as the network is; or make the network anew: everything \
                    is stopped for it and started again (the data stays), `milvus-swarm plan \
                    --renew-networks` tells what that takes, `milvus-swarm up --renew-networks` does it";

#[test]
fn encryption_and_subnet_are_for_good() {
    let (mut inventory, mut seen) = running(THREE);
    with_subnet(&mut seen, "10.0.1.0/24");
    allowed(&inventory, &seen);
    inventory.network.encrypted = !inventory.network.encrypted;
    let (was, is) = (!inventory.network.encrypted, inventory.network.encrypted);
    inventory.network.subnet = Some(Subnet {
        address: [10, 20, 0, 0].into(),
        prefix: 16,
    });
    let name = format!("{}_net", inventory.name);
    let reason = format!(
        "network `{name}` is not as wanted, and Swarm can't change a network: encrypted: {was} \
             -> {is}; subnet: 10.0.1.0/24 -> 10.20.0.0/16"
    );
    let front = format!(
        "network `{}_front` is not as wanted, and Swarm can't change a network: encrypted: {was} -> {is}",
        inventory.name
    );
    let both = [&reason, &front].map(|reason| ("network-changes", reason.as_str(), HINT));
    says(&inventory, &seen, &both);
}

#[test]
fn without_the_network_it_may_be_any() {
    for (mut inventory, seen) in [fresh(THREE), stopped(THREE)] {
        inventory.network.encrypted = !inventory.network.encrypted;
        allowed(&inventory, &seen);
    }
}

/// The network as the engine tells it.
fn with_subnet(seen: &mut Observed, subnet: &str) {
    let mut networks = seen.networks.iter_mut();
    let backend = networks.find(|(name, _)| name.ends_with("_net"));
    let (_, network) = backend.expect("a network");
    network.spec.ipam = Some(Ipam {
        driver: String::new(),
        config: vec![IpamConfig {
            subnet: subnet.to_owned(),
        }],
    });
}

#[test]
fn a_network_without_addresses_for_all() {
    let (inventory, mut seen) = running(THREE);
    let wanted = known_cluster(&inventory, &seen).wanted;
    let tasks = wanted.tasks_on(&wanted.networks[0].name);
    assert!((13..60).contains(&tasks), "{tasks}");
    with_subnet(&mut seen, "10.0.1.0/26");
    allowed(&inventory, &seen);
    with_subnet(&mut seen, "10.0.1.0/28");
    says(
        &inventory,
        &seen,
        &[(
            "network-full",
            &format!(
                "network `{}_net` (10.0.1.0/28) has room for 13 addresses, and {} are needed, by {tasks} \
                 tasks and 3 hosts",
                inventory.name,
                tasks + 3
            ),
            "ask for less; or have a larger network made in its place: everything is stopped for it and \
             started again (the data stays), `milvus-swarm plan --renew-networks` tells what that takes, \
             `milvus-swarm up --renew-networks` does it",
        )],
    );
}

/// The subnet that is asked for, and what is warned of it.
fn chosen(inventory: &Inventory, seen: &Observed) -> (Option<String>, Vec<String>) {
    let wanted = known_cluster(inventory, seen).wanted;
    let [backend, ..] = &wanted.networks[..] else {
        panic!("no networks");
    };
    let subnet = backend
        .ipam
        .as_ref()
        .map(|ipam| ipam.config[0].subnet.clone());
    let warnings = wanted.warnings.into_iter();
    let of_subnets = warnings.filter(|text| text.starts_with("the subnet"));
    (subnet, of_subnets.collect())
}

#[test]
fn a_subnet_is_chosen_where_swarm_s_own_would_be_too_small() {
    let (mut inventory, mut seen) = fresh(PRODUCTION);
    inventory.network.subnet = None;
    assert_eq!(chosen(&inventory, &seen).0, None);
    let query = inventory.roles.get_mut(&Role::Query).expect("settings");
    (query.replicas, query.per_host) = (200, 40);
    for node in &mut seen.nodes {
        node.addr = "192.168.7.1".to_owned();
    }
    let subnet = |inventory: &Inventory, seen: &Observed| chosen(inventory, seen).0;
    assert_eq!(
        subnet(&inventory, &seen).as_deref(),
        Some("10.255.254.0/23")
    );
    // Others have it, and so does a host.
    seen.others.ranges.taken = ["10.255.255.0/24", "fd00::/64"].map(str::to_owned).into();
    assert_eq!(
        subnet(&inventory, &seen).as_deref(),
        Some("10.255.252.0/23")
    );
    seen.nodes[0].addr = "10.255.3.4".to_owned();
    assert_eq!(
        subnet(&inventory, &seen).as_deref(),
        Some("10.254.254.0/23")
    );
    // The Swarm has a pool of its own.
    seen.others.ranges.pool = vec!["172.20.0.0/20".to_owned()];
    assert_eq!(subnet(&inventory, &seen).as_deref(), Some("172.20.14.0/23"));
    seen.others.ranges.prefix = 22;
    assert_eq!(subnet(&inventory, &seen), None);
}

#[test]
fn what_was_chosen_stays() {
    let mut inventory = parse(inventories::shipped()[THREE]);
    let index = inventory.roles.get_mut(&Role::Query).expect("settings");
    (index.replicas, index.per_host) = (120, 40);
    run(async {
        let sim = swarm(&inventory, 1);
        let first = chosen(&inventory, &sim.look()).0;
        assert!(first.is_some());
        up_well(&sim, &inventory).await;
        let mut seen = sim.look();
        // Somebody else takes a part of it later.
        seen.others.ranges.taken.insert("10.0.0.0/8".to_owned());
        assert_eq!(chosen(&inventory, &seen).0, None);
        let plan = known_cluster(&inventory, &seen).plan(&inventory, &seen, &Heard::default());
        assert_eq!(plan.refusals, []);
        let makes = |step: &Step| matches!(step.action, Action::CreateNetwork { .. });
        assert!(!plan.steps.iter().any(makes));
    });
}

#[test]
fn a_subnet_with_a_host_in_it_is_warned_of() {
    let (mut inventory, mut seen) = fresh(THREE);
    inventory.network.subnet = Some(Subnet {
        address: [10, 20, 0, 0].into(),
        prefix: 16,
    });
    assert_eq!(chosen(&inventory, &seen).1, [""; 0]);
    let name = seen.nodes[0].hostname.clone();
    seen.nodes[0].addr = "10.20.3.4".to_owned();
    assert_eq!(
        chosen(&inventory, &seen).1,
        [format!(
            "the subnet 10.20.0.0/16 of the network `{}_net` holds the address of `{name}`: its tasks \
             can't reach the host there; give `network.subnet` one that no host is in, before the network is made",
            inventory.name
        )]
    );
}

#[test]
fn what_the_inventory_does_not_say_is_not_to_be_written_there() {
    let (mut inventory, mut seen) = running(THREE);
    inventory.network.mtu = Some(1400);
    for network in seen.networks.values_mut() {
        let options = &mut network.spec.options;
        options.insert(MTU.to_owned(), "1400".to_owned());
    }
    let backend = format!("{}_net", inventory.name);
    let network = seen.networks.get_mut(&backend).expect("a network");
    (network.spec.internal, network.spec.attachable) = (false, true);
    let reason = format!(
        "network `{backend}` is not as wanted, and Swarm can't change a network: attachable: true -> \
         false; internal: false -> true"
    );
    let (_, hint) = HINT.split_once("; or ").expect("two ways");
    says(&inventory, &seen, &[("network-changes", &reason, hint)]);
}

#[test]
fn so_is_the_largest_packet() {
    let (mut inventory, mut seen) = running(THREE);
    inventory.network.mtu = Some(1400);
    let name = format!("{}_net", inventory.name);
    let reason = format!(
        "network `{name}` is not as wanted, and Swarm can't change a network: mtu: null -> 1400"
    );
    let front = reason.replace("_net`", "_front`");
    let both = [reason, front].map(|reason| ("network-changes", reason));
    let both = both
        .each_ref()
        .map(|(rule, reason)| (*rule, reason.as_str(), HINT));
    says(&inventory, &seen, &both);
    for network in seen.networks.values_mut() {
        let options = &mut network.spec.options;
        options.insert(MTU.to_owned(), "1400".to_owned());
    }
    allowed(&inventory, &seen);
    inventory.network.mtu = None;
    allowed(&inventory, &seen);
}

/// The plan that makes networks anew, and their subnets in it.
fn renewed(inventory: &Inventory, seen: &Observed) -> (Plan, Vec<Option<String>>) {
    let cluster = renewing(inventory, seen);
    let plan = cluster.plan(inventory, seen, &Heard::default());
    let networks = cluster.wanted.networks.iter();
    let of = |network: &NetworkSpec| {
        let ipam = network.ipam.as_ref()?;
        Some(ipam.config[0].subnet.clone())
    };
    (plan, networks.map(of).collect())
}

fn removed(plan: &Plan) -> Vec<&str> {
    let steps = plan.steps.iter();
    let removed = steps.filter_map(|step| match &step.action {
        Action::RemoveNetwork { name, .. } => Some(name.as_str()),
        _ => None,
    });
    removed.collect()
}

#[test]
fn a_network_made_anew_is_as_large_as_a_new_one_would_be() {
    let mut inventory = parse(inventories::shipped()[THREE]);
    let query = inventory.roles.get_mut(&Role::Query).expect("settings");
    (query.replicas, query.per_host) = (120, 40);
    run(async {
        let sim = swarm(&inventory, 1);
        let first = chosen(&inventory, &sim.look()).0;
        assert!(first.is_some());
        up_well(&sim, &inventory).await;
        inventory.network.mtu = Some(1400);
        let seen = sim.look();
        let (plan, subnets) = renewed(&inventory, &seen);
        assert_eq!(plan.refusals, []);
        assert_eq!(removed(&plan).len(), 2);
        assert_eq!(subnets[0], first);
        // Once one of them is gone, or both, another run chooses the same.
        for gone in [&["_net"][..], &["_front"], &["_net", "_front"]] {
            let mut seen = seen.clone();
            seen.networks
                .retain(|name, _| !gone.iter().any(|end| name.ends_with(end)));
            assert_eq!(renewed(&inventory, &seen).1, subnets, "{gone:?}");
        }
        // What stays is nobody else's.
        let mut seen = seen;
        let backend = format!("{}_net", inventory.name);
        let ipam = seen.networks[&backend].spec.ipam.clone();
        let front = format!("{}_front", inventory.name);
        let stays = seen.networks.get_mut(&front).expect("a network");
        let options = &mut stays.spec.options;
        options.insert(MTU.to_owned(), "1400".to_owned());
        stays.spec.ipam = ipam;
        let (plan, subnets) = renewed(&inventory, &seen);
        assert_eq!(removed(&plan), [format!("{}_net", inventory.name)]);
        assert!(subnets[0].is_some() && subnets[0] != first, "{subnets:?}");
    });
}

#[test]
fn a_full_network_is_made_anew_and_another_one_is_no_reason_to_look_away() {
    let (mut inventory, mut seen) = running(THREE);
    with_subnet(&mut seen, "10.0.1.0/28");
    let (plan, subnets) = renewed(&inventory, &seen);
    assert_eq!(plan.refusals, []);
    assert_eq!(removed(&plan), [format!("{}_net", inventory.name)]);
    assert_eq!(subnets, [None, None]);
    // The one that is asked for is no larger.
    for prefix in [28, 29] {
        inventory.network.subnet = Some(Subnet {
            address: [10, 0, 1, 0].into(),
            prefix,
        });
        let (plan, _) = renewed(&inventory, &seen);
        let rules: Vec<&str> = plan.refusals.iter().map(|no| no.rule.as_str()).collect();
        assert_eq!(rules, ["network-full"], "/{prefix}");
    }
}

#[test]
fn who_else_is_on_a_network_leaves_it_before_it_goes() {
    let (mut inventory, mut seen) = running(THREE);
    let [backend, front] = ["_net", "_front"].map(|end| format!("{}{end}", inventory.name));
    let node = seen.nodes[1].clone();
    let container = GuestKind::Container {
        id: "b53c1fedfa38".to_owned(),
        node: node.id.clone(),
    };
    seen.others.guests = [
        (&backend, GuestKind::Service("shop_web".to_owned())),
        (&backend, container),
        (&front, GuestKind::Service("shop_front".to_owned())),
    ]
    .map(|(network, is)| Guest {
        network: network.clone(),
        is,
    })
    .into();
    allowed(&inventory, &seen);
    // Nobody waits for the front, which stays.
    inventory.network.mtu = Some(1400);
    let stays = seen.networks.get_mut(&front).expect("a network");
    let options = &mut stays.spec.options;
    options.insert(MTU.to_owned(), "1400".to_owned());
    let (plan, _) = renewed(&inventory, &seen);
    let said: Vec<(&str, &str)> = plan
        .refusals
        .iter()
        .map(|no| {
            assert_eq!(no.rule, "network-has-guests");
            (no.reason.as_str(), no.hint.as_str())
        })
        .collect();
    let host = &node.hostname;
    let reason = |who: &str| {
        format!(
            "network `{backend}` is to be made anew, and the {who} is on it, which is not of this cluster"
        )
    };
    let then = "then `milvus-swarm up --renew-networks`";
    assert_eq!(
        said,
        [
            (
                &*reason("service `shop_web`"),
                &*format!("docker service update --network-rm {backend} shop_web; {then}")
            ),
            (
                &*reason(&format!("container b53c1fedfa38 on `{host}`")),
                &*format!("on `{host}`: docker network disconnect {backend} b53c1fedfa38; {then}")
            ),
        ]
    );
    seen.others.guests.retain(|guest| guest.network == front);
    assert_eq!(renewed(&inventory, &seen).0.refusals, []);
}
