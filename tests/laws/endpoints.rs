//! What is told of where Milvus answers is where a task listens.

use std::collections::BTreeSet;

use milvus_swarm::inventory::THREE_HOST;
use milvus_swarm::role::Role;

use crate::harness::{cluster, parse, run, swarm, up_well};

#[test]
fn an_address_is_told_only_where_a_task_listens() {
    let three = parse(THREE_HOST);
    let mut two = three.clone();
    let proxies = two.roles.get_mut(&Role::Proxy).expect("proxies");
    proxies.replicas = 2;
    run(async {
        let sim = swarm(&three, 1);
        up_well(&sim, &three).await;
        let told = |inventory| {
            let seen = sim.look();
            cluster(inventory, &seen).endpoints(inventory, &seen)
        };
        assert_eq!(told(&three).len(), 3);
        up_well(&sim, &two).await;
        let seen = sim.look();
        let tasks = seen.tasks.iter();
        let listen: BTreeSet<String> = tasks
            .filter(|task| task.service.ends_with("_proxy") && task.is_up())
            .filter_map(|task| seen.nodes.iter().find(|node| node.id == task.node_id))
            .map(|node| format!("http://{}:19530", node.addr))
            .collect();
        assert_eq!(listen.len(), 2);
        assert_eq!(BTreeSet::from_iter(told(&two)), listen);
    });
}

#[test]
fn an_address_of_the_inventory_is_told_in_place_of_the_node_s_own() {
    let mut three = parse(THREE_HOST);
    three.hosts[1].address = Some("milvus.example".to_owned());
    run(async {
        let sim = swarm(&three, 1);
        up_well(&sim, &three).await;
        let seen = sim.look();
        let told = cluster(&three, &seen).endpoints(&three, &seen);
        assert_eq!(told[1], "http://milvus.example:19530");
        assert!(!told.is_empty());
    });
}

/// What a node says of itself is copied by people: only an address is told as one.
#[test]
fn a_node_whose_address_is_none_is_told_by_its_name() {
    let three = parse(THREE_HOST);
    run(async {
        let sim = swarm(&three, 1);
        up_well(&sim, &three).await;
        let mut seen = sim.look();
        "10.0.0.1/$(reboot)".clone_into(&mut seen.nodes[0].addr);
        "fd00::7".clone_into(&mut seen.nodes[1].addr);
        let told = cluster(&three, &seen).endpoints(&three, &seen);
        assert_eq!(told[0], "http://node01:19530");
        assert_eq!(told[1], "http://[fd00::7]:19530");
    });
}
