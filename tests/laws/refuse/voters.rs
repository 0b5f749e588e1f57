//! Quorums of etcd and ZooKeeper.

use milvus_swarm::inventory::Inventory;
use milvus_swarm::observed::Observed;
use milvus_swarm::role::Role;
use milvus_swarm::system;

use super::{PRODUCTION, THREE, allowed, fresh, give, node, running, says};
use crate::harness::known_cluster;

fn down(seen: &mut Observed, host: &str) {
    node(seen, host).state = "down".to_owned();
}

fn etcd_image(inventory: &mut Inventory) {
    let images = &mut inventory.images.overrides;
    images.insert(
        system::etcd::IMAGE,
        "quay.io/coreos/etcd:v3.5.99".to_owned(),
    );
}

#[test]
fn an_even_number() {
    let (mut inventory, seen) = fresh(PRODUCTION);
    give(&mut inventory, "node01", Role::Etcd);
    says(
        &inventory,
        &seen,
        &[(
            "even-members",
            "4 members of etcd survive the loss of 1, as 3 do",
            "take `etcd` from one host or give it to one more: 3 or 5",
        )],
    );
    give(&mut inventory, "node02", Role::Etcd);
    allowed(&inventory, &seen);
    give(&mut inventory, "node01", Role::Zookeeper);
    says(
        &inventory,
        &seen,
        &[(
            "even-members",
            "4 members of ZooKeeper survive the loss of 1, as 3 do",
            "take `zookeeper` from one host or give it to one more: 3 or 5",
        )],
    );
}

#[test]
fn too_few_members_are_left() {
    let (inventory, mut seen) = running(PRODUCTION);
    down(&mut seen, "node15");
    allowed(&inventory, &seen);
    node(&mut seen, "node16").availability = "drain".to_owned();
    let hint = "start `node15` again (`docker node ls` shows it), then `milvus-swarm up`";
    says(
        &inventory,
        &seen,
        &[
            (
                "quorum-loss",
                "ZooKeeper has 1 of 3 members, a quorum is 2: `zookeeper-0` on `node15`, which is down \
                 and `zookeeper-1` on `node16`, which is drained",
                hint,
            ),
            (
                "quorum-loss",
                "etcd has 1 of 3 members, a quorum is 2: `etcd-0` on `node15`, which is down and \
                 `etcd-1` on `node16`, which is drained",
                hint,
            ),
        ],
    );
}

#[test]
fn what_waits_for_a_node_that_is_down_is_told() {
    let warnings = |host: &str| {
        let (inventory, mut seen) = running(PRODUCTION);
        down(&mut seen, host);
        let cluster = known_cluster(&inventory, &seen);
        let told = cluster.warnings().filter(|one| one.contains(host));
        told.cloned().collect::<Vec<String>>()
    };
    assert_eq!(
        warnings("node15"),
        [
            "node `node15` is down; what is pinned to it waits for it, and so does `up`: a gate \
             needs every member of `zookeeper` and `etcd`"
        ]
    );
    assert_eq!(
        warnings("node04"),
        [
            "node `node04` is down",
            "without `node04` there is room for 4 of 5 tasks of `querynode`, and `up` waits for \
             all of them"
        ]
    );
}

#[test]
fn a_restart_while_a_node_is_down() {
    let (mut inventory, mut seen) = running(THREE);
    node(&mut seen, "node02").availability = "drain".to_owned();
    for task in seen
        .tasks
        .iter_mut()
        .filter(|task| task.node_id == "node0001id")
    {
        task.desired_state = "shutdown".to_owned();
    }
    allowed(&inventory, &seen);
    // Milvus restarts without etcd.
    let images = &mut inventory.images.overrides;
    images.insert(system::milvus::IMAGE, "milvusdb/milvus:v2.6.25".to_owned());
    allowed(&inventory, &seen);
    etcd_image(&mut inventory);
    says(
        &inventory,
        &seen,
        &[(
            "quorum-loss",
            "etcd would have 1 of 3 members while `etcd-0` and `etcd-2` restart, a quorum is 2: \
             `etcd-1` on `node02`, which is drained",
            "docker node update --availability active node02, then `milvus-swarm up`",
        )],
    );
    node(&mut seen, "node02").availability = "active".to_owned();
    allowed(&inventory, &seen);
}

#[test]
fn a_single_member_has_no_quorum_to_lose() {
    let (mut inventory, seen) = running(0);
    etcd_image(&mut inventory);
    allowed(&inventory, &seen);
}

#[test]
fn too_few_drives_or_bookies_are_left_to_write() {
    let (inventory, mut seen) = running(PRODUCTION);
    down(&mut seen, "node20");
    down(&mut seen, "node24");
    allowed(&inventory, &seen);
    node(&mut seen, "node21").availability = "drain".to_owned();
    node(&mut seen, "node25").availability = "drain".to_owned();
    says(
        &inventory,
        &seen,
        &[
            (
                "quorum-loss",
                "MinIO has 2 of 4 drives, a write needs 3: `node20` is down and `node21` is drained",
                "start `node20` again (`docker node ls` shows it), then `milvus-swarm up`",
            ),
            (
                "quorum-loss",
                "BookKeeper has 1 of 3 bookies, an ensemble is 2: `node24` is down and `node25` is \
                 drained",
                "start `node24` again (`docker node ls` shows it), then `milvus-swarm up`",
            ),
        ],
    );
}

/// A paused node keeps the tasks that it has, and starts none.
#[test]
fn a_member_that_restarts_on_a_paused_node_is_lost() {
    let (mut inventory, mut seen) = running(THREE);
    for host in ["node01", "node02", "node03"] {
        node(&mut seen, host).availability = "pause".to_owned();
    }
    allowed(&inventory, &seen);
    etcd_image(&mut inventory);
    let hint = "docker node update --availability active node01, then `milvus-swarm up`";
    says(
        &inventory,
        &seen,
        &[(
            "quorum-loss",
            "etcd has 0 of 3 members, a quorum is 2: `etcd-0` on `node01`, which is paused, \
             `etcd-1` on `node02`, which is paused and `etcd-2` on `node03`, which is paused",
            hint,
        )],
    );
    node(&mut seen, "node03").availability = "active".to_owned();
    node(&mut seen, "node02").availability = "active".to_owned();
    says(
        &inventory,
        &seen,
        &[(
            "quorum-loss",
            "etcd would have 1 of 3 members while `etcd-1` and `etcd-2` restart, a quorum is 2: \
             `etcd-0` on `node01`, which is paused",
            hint,
        )],
    );
}

#[test]
fn drives_that_restart_on_paused_nodes_are_lost() {
    let (mut inventory, mut seen) = running(PRODUCTION);
    node(&mut seen, "node20").availability = "pause".to_owned();
    node(&mut seen, "node21").availability = "pause".to_owned();
    allowed(&inventory, &seen);
    let images = &mut inventory.images.overrides;
    images.insert(system::minio::IMAGE, "minio/minio:other".to_owned());
    says(
        &inventory,
        &seen,
        &[(
            "quorum-loss",
            "MinIO has 2 of 4 drives, a write needs 3: `node20` is paused and `node21` is paused",
            "docker node update --availability active node20, then `milvus-swarm up`",
        )],
    );
}

#[test]
fn nothing_starts_on_paused_nodes() {
    let (inventory, mut seen) = fresh(THREE);
    for host in ["node01", "node02"] {
        node(&mut seen, host).availability = "pause".to_owned();
    }
    let rules = super::rules(&inventory, &seen);
    assert!(rules.contains(&"quorum-loss".to_owned()), "{rules:?}");
}
