//! Hosts that are no nodes, or not the right ones.

use milvus_swarm::inventory::Inventory;
use milvus_swarm::observed::Observed;
use milvus_swarm::role::Role;

use super::{THREE, allowed, fresh, node, says};

fn says_missing(inventory: &Inventory, seen: &Observed, hint: &str) {
    let reason = "host `node02` is not a node of this Swarm";
    says(inventory, seen, &[("no-such-node", reason, hint)]);
}

#[test]
fn a_host_that_is_no_node() {
    let (mut inventory, mut seen) = fresh(THREE);
    allowed(&inventory, &seen);
    seen.nodes.retain(|node| node.hostname != "node02");
    says_missing(
        &inventory,
        &seen,
        "on node02: docker swarm join (the token: `docker swarm join-token manager` on a manager)",
    );
    inventory.hosts[1].roles.remove(&Role::Manager);
    says_missing(
        &inventory,
        &seen,
        "on node02: docker swarm join (the token: `docker swarm join-token worker` on a manager)",
    );
}

#[test]
fn a_host_that_is_a_node_under_another_name() {
    let (inventory, mut seen) = fresh(THREE);
    node(&mut seen, "node02").hostname = "node2".to_owned();
    says_missing(
        &inventory,
        &seen,
        "did you mean `node2`, which no host names? else on node02: docker swarm join (the \
         token: `docker swarm join-token manager` on a manager)",
    );
    node(&mut seen, "node2").hostname = "ip-10-0-0-2".to_owned();
    says_missing(
        &inventory,
        &seen,
        "on node02: docker swarm join (the token: `docker swarm join-token manager` on a \
         manager); nodes that no host names: `ip-10-0-0-2`",
    );
}

#[test]
fn two_live_nodes_of_one_name() {
    let (inventory, mut seen) = fresh(THREE);
    let mut other = node(&mut seen, "node02").clone();
    other.id = "other".to_owned();
    other.addr = "10.0.0.9".to_owned();
    seen.nodes.push(other);
    says(
        &inventory,
        &seen,
        &[(
            "ambiguous-node",
            "2 live nodes of this Swarm are named `node02`: node0001id (10.0.0.2), other (10.0.0.9)",
            "docker node rm --force <the id that is wrong>",
        )],
    );
    // A former node of the same host is no riddle.
    node(&mut seen, "node02").state = "down".to_owned();
    node(&mut seen, "node02").role = "worker".to_owned();
    allowed(&inventory, &seen);
}

#[test]
fn a_manager_that_is_a_worker() {
    let (inventory, mut seen) = fresh(THREE);
    node(&mut seen, "node03").role = "worker".to_owned();
    says(
        &inventory,
        &seen,
        &[(
            "not-a-manager",
            "host `node03` has the role `manager` but is a Swarm worker",
            "docker node promote node03",
        )],
    );
}

#[test]
fn a_node_that_no_image_is_built_for() {
    let (inventory, mut seen) = fresh(THREE);
    node(&mut seen, "node02").architecture = "aarch64".to_owned();
    allowed(&inventory, &seen);
    node(&mut seen, "node02").architecture = "ppc64le".to_owned();
    let images = "images of the cluster are built for linux/amd64 and linux/arm64";
    says(
        &inventory,
        &seen,
        &[(
            "node-platform",
            &format!("node `node02` is linux/ppc64le; {images}"),
            "take the host out of the inventory, or name images that are built for it under `images`",
        )],
    );
    let mut own = inventory.clone();
    let name = "registry.example/milvus:v2.6.24".to_owned();
    own.images
        .overrides
        .insert(milvus_swarm::system::milvus::IMAGE, name);
    allowed(&own, &seen);
    let windows = node(&mut seen, "node02");
    windows.os = "windows".to_owned();
    windows.architecture = "x86_64".to_owned();
    let reason = format!("node `node02` is windows/x86_64; {images}");
    let hint = "take the host out of the inventory";
    for inventory in [&inventory, &own] {
        says(inventory, &seen, &[("node-platform", &reason, hint)]);
    }
}
