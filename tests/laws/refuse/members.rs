//! Members stay where their data is, and as many as formed.

use milvus_swarm::observed::{Node, Observed};
use milvus_swarm::role::Role;

use super::{
    PRODUCTION, THREE, allowed, fresh, give, label, node, refused, rules, running, says, stopped,
    take,
};
use crate::harness::{execute, parse, plan_up, run, swarm};
use crate::inventories;
use crate::sim::{Fault, When};

fn say(seen: &mut Observed, hostname: &str, cluster: &str, member: &str) {
    let labels = &mut node(seen, hostname).labels;
    labels.insert(label(cluster, member), "true".to_owned());
}

fn unsay(seen: &mut Observed, hostname: &str, cluster: &str, member: &str) {
    let labels = &mut node(seen, hostname).labels;
    assert!(labels.remove(&label(cluster, member)).is_some());
}

#[test]
fn a_host_that_lost_its_role() {
    let (mut inventory, seen) = running(PRODUCTION);
    take(&mut inventory, "node15", Role::Etcd);
    give(&mut inventory, "node09", Role::Etcd);
    let found = refused(&inventory, &seen);
    let away = &found[0];
    assert_eq!(away.rule, "member-moves");
    assert_eq!(
        away.reason,
        "`etcd-0` has its data on node `node15`, which the inventory does not give the role `etcd`"
    );
    assert_eq!(
        away.hint,
        "give host `node15` the role `etcd` again; a member's data does not move by itself"
    );
    take(&mut inventory, "node09", Role::Etcd);
    give(&mut inventory, "node15", Role::Etcd);
    inventory.hosts.reverse();
    allowed(&inventory, &seen);
}

#[test]
fn a_broker_has_a_name_and_no_data() {
    let (mut inventory, mut seen) = running(PRODUCTION);
    take(&mut inventory, "node19", Role::Broker);
    give(&mut inventory, "node09", Role::Broker);
    says(
        &inventory,
        &seen,
        &[(
            "member-moves",
            "`broker-1` belongs to node `node19`, which the inventory does not give the role `broker`",
            "it keeps no data: docker node update --label-rm milvus.prod.member.broker-1 node19, then \
             `milvus-swarm up`",
        )],
    );
    unsay(&mut seen, "node19", "prod", "broker-1");
    allowed(&inventory, &seen);
}

/// A node's successor: what is left of the host when it leaves the Swarm and joins it again.
fn rejoin(seen: &mut Observed, hostname: &str) -> Node {
    let old = node(seen, hostname);
    let mut new = old.clone();
    new.id = "again".to_owned();
    new.labels.clear();
    old.state = "down".to_owned();
    seen.nodes.push(new.clone());
    new
}

#[test]
fn a_host_that_left_and_joined_again() {
    let (inventory, mut seen) = running(PRODUCTION);
    rejoin(&mut seen, "node16");
    says(
        &inventory,
        &seen,
        &[(
            "member-moves",
            "host `node16` left the Swarm and joined it again: its former node node0015id carries the \
             labels of `zookeeper-1` and `etcd-1`, its new node again does not",
            "if their data is still on `node16` (`docker volume ls` there shows `prod_zookeeper-1`): \
             docker node rm node0015id && docker node update --label-add \
             milvus.prod.member.zookeeper-1=true --label-add milvus.prod.member.etcd-1=true node16",
        )],
    );
    // The user says that the data is there, before or after the former node is gone.
    let mut nodes = seen.nodes.iter_mut();
    let again = nodes.find(|node| node.id == "again").expect("the new node");
    for member in ["etcd-1", "zookeeper-1"] {
        again
            .labels
            .insert(label("prod", member), "true".to_owned());
    }
    allowed(&inventory, &seen);
    seen.nodes.retain(|node| node.state != "down");
    allowed(&inventory, &seen);
}

#[test]
fn a_host_that_joined_again_and_whose_former_node_was_removed() {
    let (mut inventory, mut seen) = running(PRODUCTION);
    inventory.data = milvus_swarm::inventory::DataPlace::Dir("/mnt/data".to_owned());
    for service in seen.services.values_mut() {
        service.spec.task_template.container_spec.mounts.clear();
    }
    rejoin(&mut seen, "node16");
    seen.nodes.retain(|node| node.state != "down");
    says(
        &inventory,
        &seen,
        &[(
            "member-moves",
            "no node carries the labels of `zookeeper-1` and `etcd-1` any more, and host `node16`, \
             which would get them, may not have their data: a node that leaves the Swarm loses its \
             labels",
            "if their data is on `node16` (`ls /mnt/data/prod/zookeeper-1` there): docker node update \
             --label-add milvus.prod.member.zookeeper-1=true --label-add \
             milvus.prod.member.etcd-1=true node16",
        )],
    );
    say(&mut seen, "node16", "prod", "etcd-1");
    say(&mut seen, "node16", "prod", "zookeeper-1");
    allowed(&inventory, &seen);
}

#[test]
fn one_member_on_two_nodes() {
    let (inventory, mut seen) = running(PRODUCTION);
    unsay(&mut seen, "node16", "prod", "etcd-1");
    say(&mut seen, "node16", "prod", "etcd-0");
    says(
        &inventory,
        &seen,
        &[(
            "member-twice",
            "nodes `node15` and `node16` both carry the label of `etcd-0`",
            "docker node update --label-rm milvus.prod.member.etcd-0 <the node without its data>",
        )],
    );
}

#[test]
fn two_members_on_one_host() {
    let (inventory, mut seen) = running(PRODUCTION);
    unsay(&mut seen, "node16", "prod", "etcd-1");
    say(&mut seen, "node15", "prod", "etcd-1");
    says(
        &inventory,
        &seen,
        &[(
            "members-share-host",
            "host `node15` carries the labels of `etcd-0` and `etcd-1`: with it, 2 of 4 members would \
             go",
            "take away the label of the one without data there: docker node update --label-rm \
             milvus.prod.member.etcd-1 node15",
        )],
    );
    // Members of different components may: the three hosts share everything.
    let (inventory, seen) = running(THREE);
    allowed(&inventory, &seen);
}

#[test]
fn numbers_with_a_gap() {
    let (inventory, mut seen) = fresh(PRODUCTION);
    for (host, member) in [
        ("node15", "etcd-0"),
        ("node16", "etcd-3"),
        ("node17", "etcd-1"),
    ] {
        say(&mut seen, host, "prod", member);
    }
    says(
        &inventory,
        &seen,
        &[(
            "member-gap",
            "members of `etcd` are not numbered from 0 without a gap: `etcd-0`, `etcd-1` and `etcd-3`",
            "put back the node labels of the missing members",
        )],
    );
    unsay(&mut seen, "node16", "prod", "etcd-3");
    say(&mut seen, "node16", "prod", "etcd-2");
    allowed(&inventory, &seen);
}

const JOINS: (&str, &str, &str) = (
    "member-joins",
    "`etcd-3` and `etcd-4` would join members that formed without it, and found a second cluster \
     beside theirs",
    "leave the hosts of `etcd` as they were; their number is fixed once they hold data. If `node01` \
     lost the label of `etcd-3` and has its data (`docker volume ls` there shows `prod_etcd-3`): \
     docker node update --label-add milvus.prod.member.etcd-3=true node01",
);

#[test]
fn more_voters_than_formed() {
    for (mut inventory, seen) in [running(PRODUCTION), stopped(PRODUCTION)] {
        allowed(&inventory, &seen);
        give(&mut inventory, "node01", Role::Etcd);
        give(&mut inventory, "node02", Role::Etcd);
        says(&inventory, &seen, &[JOINS]);
    }
}

#[test]
fn labels_by_hand_make_no_member() {
    let (mut inventory, mut seen) = running(PRODUCTION);
    give(&mut inventory, "node01", Role::Etcd);
    give(&mut inventory, "node02", Role::Etcd);
    say(&mut seen, "node01", "prod", "etcd-3");
    say(&mut seen, "node02", "prod", "etcd-4");
    assert_eq!(rules(&inventory, &seen), ["member-joins"]);
}

#[test]
fn more_bookies_and_brokers_are_welcome() {
    for (mut inventory, seen) in [running(PRODUCTION), stopped(PRODUCTION)] {
        give(&mut inventory, "node01", Role::Bookie);
        give(&mut inventory, "node01", Role::Broker);
        for role in [Role::Bookie, Role::Broker] {
            let settings = inventory.roles.get_mut(&role).expect("settings");
            settings.memory.reserve = None;
        }
        allowed(&inventory, &seen);
    }
}

/// What never ran may grow: only labels were written, and not all of them.
#[test]
fn more_voters_than_were_labelled() {
    let inventory = parse(inventories::shipped()[PRODUCTION]);
    let mut grown = inventory.clone();
    give(&mut grown, "node01", Role::Etcd);
    give(&mut grown, "node02", Role::Etcd);
    let mut tried = 0;
    for at in 12..20 {
        let seen = run(async {
            let sim = swarm(&inventory, 1);
            sim.plant(at, Fault::Kill, When::After);
            let (plan, seen) = plan_up(&sim, &inventory).await;
            execute(&sim, &plan, seen).await;
            sim.look()
        });
        let keys = seen.nodes.iter().flat_map(|node| node.labels.keys());
        let labelled = keys.filter(|key| key.starts_with("milvus.prod.member.etcd-"));
        if (1..3).contains(&labelled.count()) {
            tried += 1;
            assert!(seen.secrets.is_empty(), "secrets come after labels");
            allowed(&grown, &seen);
        }
    }
    assert!(tried > 0);
}

#[test]
fn fewer_voters_than_formed() {
    for (mut inventory, seen) in [running(PRODUCTION), stopped(PRODUCTION)] {
        take(&mut inventory, "node16", Role::Etcd);
        take(&mut inventory, "node17", Role::Etcd);
        says(
            &inventory,
            &seen,
            &[(
                "shrink-stateful",
                "etcd has 3 members, the inventory leaves 1: `etcd-1` and `etcd-2` would go with their \
                 data",
                "give `node16` and `node17` the role `etcd` again; the members that are left would \
                 wait for a quorum of 2 for ever: for fewer, bring up a second cluster under another \
                 `name:`, copy with milvus-backup, then `milvus-swarm down --data` this one",
            )],
        );
    }
}

#[test]
fn fewer_voters_whose_nodes_are_gone() {
    let (mut inventory, mut seen) = running(PRODUCTION);
    for host in ["node16", "node17"] {
        take(&mut inventory, host, Role::Etcd);
        take(&mut inventory, host, Role::Zookeeper);
        seen.nodes.retain(|node| node.hostname != host);
        inventory.hosts.retain(|one| one.name != host);
    }
    let found = refused(&inventory, &seen);
    let told: Vec<&str> = found.iter().map(|no| no.reason.as_str()).collect();
    assert_eq!(
        told,
        [
            "ZooKeeper has 3 members, the inventory leaves 1: `zookeeper-1` and `zookeeper-2` would go \
             with their data",
            "etcd has 3 members, the inventory leaves 1: `etcd-1` and `etcd-2` would go with their data",
        ]
    );
}

#[test]
fn fewer_minio_servers_than_formed() {
    let (mut inventory, seen) = running(PRODUCTION);
    take(&mut inventory, "node22", Role::Minio);
    says(
        &inventory,
        &seen,
        &[(
            "shrink-stateful",
            "MinIO has 4 members, the inventory leaves 3: `minio-2` would go with its data",
            "give `node22` the role `minio` again; a pool keeps its servers for good: for fewer, bring \
             up a second cluster under another `name:`, copy with milvus-backup, then `milvus-swarm \
             down --data` this one",
        )],
    );
}

#[test]
fn fewer_bookies_than_hold_ledgers() {
    let (mut inventory, mut seen) = running(PRODUCTION);
    take(&mut inventory, "node26", Role::Bookie);
    says(
        &inventory,
        &seen,
        &[(
            "shrink-stateful",
            "BookKeeper has 3 members, the inventory leaves 2: `bookie-2` would go with its data",
            "give `node26` the role `bookie` again; or first let the others copy its ledgers \
             (docs/refusals.md), last number first, then say so: docker node update --label-rm \
             milvus.prod.member.bookie-2 node26",
        )],
    );
    unsay(&mut seen, "node26", "prod", "bookie-2");
    allowed(&inventory, &seen);
}
