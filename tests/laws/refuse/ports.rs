//! Published ports that are taken.

use std::collections::BTreeSet;

use milvus_swarm::observed::{Observed, TakenPort};
use milvus_swarm::role::Role;
use milvus_swarm::system;

use super::{PRODUCTION, THREE, allowed, fresh, node, running, says};

fn taken(seen: &mut Observed, port: u32, protocol: &str, hosts: Option<&[&str]>) {
    let nodes = hosts.map(|hosts| {
        let ids = hosts.iter().map(|host| node(seen, host).id.clone());
        ids.collect::<BTreeSet<String>>()
    });
    seen.others.ports = vec![TakenPort {
        port,
        protocol: protocol.to_owned(),
        service: "shop_web".to_owned(),
        nodes,
    }];
}

const HINT: &str = "publish another port (`publish:` in the inventory), or take it from the other: \
                    docker service inspect --pretty shop_web";

#[test]
fn a_port_in_the_routing_mesh() {
    for (inventory, mut seen) in [fresh(PRODUCTION), running(PRODUCTION)] {
        taken(&mut seen, 19531, "tcp", None);
        allowed(&inventory, &seen);
        taken(&mut seen, 19530, "udp", None);
        allowed(&inventory, &seen);
        taken(&mut seen, 19530, "tcp", None);
        says(
            &inventory,
            &seen,
            &[(
                "port-clash",
                "`proxy` publishes port 19530, which `shop_web` holds in the routing mesh, on every \
                 host",
                HINT,
            )],
        );
    }
}

#[test]
fn a_port_of_the_same_hosts() {
    let (mut inventory, mut seen) = fresh(PRODUCTION);
    taken(&mut seen, 19530, "tcp", Some(&["node09", "node10"]));
    allowed(&inventory, &seen);
    taken(
        &mut seen,
        19530,
        "tcp",
        Some(&["node01", "node02", "node09"]),
    );
    says(
        &inventory,
        &seen,
        &[(
            "port-clash",
            "`proxy` publishes port 19530 on the hosts of its 3 tasks, but `shop_web` holds it on \
             `node01` and `node02`: 1 host left",
            HINT,
        )],
    );
    // One proxy finds the host that is left.
    let proxy = inventory.roles.get_mut(&Role::Proxy).expect("settings");
    proxy.replicas = 1;
    allowed(&inventory, &seen);
}

#[test]
fn one_port_for_two_of_ours() {
    let (mut inventory, seen) = fresh(THREE);
    inventory.publish.set(&system::minio::S3, Some(19530));
    let found = super::refused(&inventory, &seen);
    assert_eq!(
        (found[0].reason.as_str(), found[0].hint.as_str()),
        (
            "`minio-0` and `proxy` both publish port 19530 on `node01`",
            "give each its own port (`publish:` in the inventory)"
        )
    );
    // On hosts of their own they may.
    let (mut inventory, seen) = fresh(PRODUCTION);
    inventory.publish.set(&system::minio::S3, Some(19530));
    allowed(&inventory, &seen);
}

#[test]
fn a_port_of_swarm_itself() {
    let (mut inventory, mut seen) = fresh(PRODUCTION);
    let reason = |port: u16, on: &str| {
        format!("`proxy` publishes port {port}, on which Swarm itself listens on {on}")
    };
    let hint = "publish another port (`publish:` in the inventory)";
    inventory.publish.set(system::DOOR, Some(7946));
    let expected = reason(7946, "every node");
    says(&inventory, &seen, &[("port-clash", &expected, hint)]);
    inventory.publish.set(system::DOOR, Some(2377));
    let expected = reason(2377, "managers");
    says(&inventory, &seen, &[("port-clash", &expected, hint)]);
    // As long as workers have the proxies it is free.
    for node in &mut seen.nodes {
        node.role = "worker".to_owned();
    }
    assert!(!super::rules(&inventory, &seen).contains(&"port-clash".to_owned()));
}
