//! Room for tasks: their number, CPUs and memory.

use milvus_swarm::observed::{Observed, Reserved};
use milvus_swarm::role::Role;
use milvus_swarm::system;

use super::{PRODUCTION, allowed, fresh, node, running, says};

const GIB: i64 = 1 << 30;

fn sized(seen: &mut Observed, host: &str, cpus: i64, gib: i64) {
    let node = node(seen, host);
    node.nano_cpus = cpus * 1_000_000_000;
    node.memory_bytes = gib * GIB;
}

fn held(seen: &mut Observed, host: &str, cpus: i64, gib: i64) {
    let id = node(seen, host).id.clone();
    let reserved = Reserved {
        nano_cpus: cpus * 1_000_000_000,
        memory_bytes: gib * GIB,
    };
    seen.others.reserved.insert(id, reserved);
}

#[test]
fn more_tasks_than_hosts() {
    let (mut inventory, seen) = fresh(PRODUCTION);
    let query = inventory.roles.get_mut(&Role::Query).expect("settings");
    query.replicas = 8;
    says(
        &inventory,
        &seen,
        &[(
            "too-many-replicas",
            "`querynode` wants 8 tasks, but the role `query` has 5 hosts with at most 1 on each: room \
             for 5",
            "milvus-swarm scale query=8 --on HOST,... gives the role to more hosts; or raise \
             `roles.query.per_host`",
        )],
    );
}

#[test]
fn a_host_that_is_too_small() {
    let (inventory, mut seen) = fresh(PRODUCTION);
    sized(&mut seen, "node04", 14, 56);
    allowed(&inventory, &seen);
    sized(&mut seen, "node04", 8, 16);
    says(
        &inventory,
        &seen,
        &[(
            "reservation-fits-no-node",
            "reservations do not fit on 1 host: `node04` has 8 CPUs and 16GiB, nothing of it is taken; \
             there asks `querynode` 14 CPUs and 56GiB",
            "lower `cpus.reserve` or `memory.reserve` of the role, give the role to another host, or \
             make room: `docker node ps node04`",
        )],
    );
}

#[test]
fn a_host_that_others_use() {
    let (inventory, mut seen) = running(PRODUCTION);
    sized(&mut seen, "node15", 4, 8);
    held(&mut seen, "node15", 1, 2);
    allowed(&inventory, &seen);
    held(&mut seen, "node15", 2, 1);
    says(
        &inventory,
        &seen,
        &[(
            "reservation-fits-no-node",
            "reservations do not fit on 1 host: `node15` has 4 CPUs and 8GiB, of which 2 CPUs and 1GiB \
             are taken; there ask `etcd-0` 2 CPUs and 4GiB and `zookeeper-0` 1 CPU and 2GiB, together \
             3 CPUs and 6GiB",
            "lower `cpus.reserve` or `memory.reserve` of the role, give the role to another host, or \
             make room: `docker node ps node15`",
        )],
    );
}

#[test]
fn what_an_update_replaces_gives_its_own_back() {
    let (mut inventory, mut seen) = running(PRODUCTION);
    for host in ["node04", "node05", "node06", "node07", "node08"] {
        sized(&mut seen, host, 14, 56);
    }
    let images = &mut inventory.images.overrides;
    images.insert(system::milvus::IMAGE, "milvusdb/milvus:v2.3.22".to_owned());
    allowed(&inventory, &seen);
}

/// A service that nothing wants any more goes last: its tasks are in the way until then.
#[test]
fn what_is_removed_last_is_taken() {
    let (inventory, mut seen) = running(PRODUCTION);
    sized(&mut seen, "node04", 16, 64);
    let name = "prod-milvus_querynode";
    let mut orphan = seen.services[name].clone();
    orphan.spec.name = "prod-milvus_former".to_owned();
    orphan.id = "former".to_owned();
    let home = node(&mut seen, "node04").id.clone();
    let task = |task: &&milvus_swarm::observed::Task| task.service == name && task.node_id == home;
    let mut left = seen.tasks.iter().find(task).expect("a task").clone();
    left.service = orphan.spec.name.clone();
    left.service_id = orphan.id.clone();
    (left.reserved_cpus, left.reserved_memory) = (2_000_000_000, 8 * GIB);
    seen.services.insert(orphan.spec.name.clone(), orphan);
    seen.tasks.push(left);
    allowed(&inventory, &seen);
    let left = seen.tasks.last_mut().expect("the task");
    left.reserved_cpus = 3_000_000_000;
    assert_eq!(
        super::rules(&inventory, &seen),
        ["reservation-fits-no-node"]
    );
}

#[test]
fn a_service_that_may_choose_and_finds_nothing() {
    let (mut inventory, mut seen) = fresh(PRODUCTION);
    let query = inventory.roles.get_mut(&Role::Query).expect("settings");
    query.replicas = 2;
    for host in ["node04", "node05", "node06"] {
        sized(&mut seen, host, 8, 16);
    }
    allowed(&inventory, &seen);
    held(&mut seen, "node08", 4, 0);
    says(
        &inventory,
        &seen,
        &[(
            "reservation-fits-no-node",
            "`querynode` wants 2 tasks with 14 CPUs and 56GiB each, and there is room for 1: `node04` \
             has 8 CPUs and 16GiB, nothing of it is taken; `node05` has 8 CPUs and 16GiB, nothing of \
             it is taken; `node06` has 8 CPUs and 16GiB, nothing of it is taken; `node08` has 16 CPUs \
             and 64GiB, of which 4 CPUs and no memory are taken",
            "lower `cpus.reserve` or `memory.reserve` of the role, give the role to another host, or \
             make room: `docker node ps node04`",
        )],
    );
}
