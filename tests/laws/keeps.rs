//! An inventory that says no `milvus:` means the Milvus that is there, else the default: a newer
//! tool takes no cluster to a newer minor by itself.

use milvus_swarm::formed;
use milvus_swarm::inventory::Inventory;
use milvus_swarm::observed::Observed;

use crate::harness::{clean, down_well, parse, plan_up, run, settled, swarm, titles, up_well};
use crate::inventories;
use crate::sim::Sim;

/// Whatever Milvus it is, it may be.
const ACCEPTS: &str = "accept: CVE-2025-64513";

/// One that says nothing, and the same with a version.
fn silent() -> Inventory {
    let inventory = parse(&format!("{ACCEPTS}\n{}", inventories::shipped()[1]));
    assert_eq!(inventory.milvus, None);
    inventory
}

fn of(version: &str) -> Inventory {
    let text = inventories::shipped()[1];
    parse(&format!("milvus: {version}\n{ACCEPTS}\n{text}"))
}

fn kept(seen: &Observed) -> String {
    let release = formed::release(&silent(), Some(seen));
    release.expect("a release").version
}

/// Takes away what tells the version of the data.
fn forget(sim: &Sim) {
    sim.with(|world| {
        for node in &mut world.nodes {
            node.labels.retain(|label, _| !label.contains(".formed."));
        }
    });
}

#[test]
fn a_cluster_that_is_there_keeps_its_minor() {
    for (minor, version) in [
        ("2.3", "2.3.21"),
        ("2.5", "2.5.27"),
        ("2.6", "2.6.24"),
        ("3.0", "3.0.2"),
    ] {
        run(async {
            let sim = swarm(&of(minor), 1);
            up_well(&sim, &of(minor)).await;
            let (plan, seen) = plan_up(&sim, &silent()).await;
            assert!(plan.steps.is_empty(), "{minor}: {:#?}", titles(&plan));
            let told = format!("this cluster is of Milvus {minor} and stays with it");
            let says = plan.warnings.iter().any(|line| line.contains(&told));
            assert_eq!(says, minor != "2.6", "{:?}", plan.warnings);
            assert_eq!(kept(&seen), version);
            settled(&sim, &silent()).await;
            clean(&sim);
        });
    }
}

/// As what it runs tells, where an earlier version of this tool set no label; and without services
/// the data is there and tells as much as that version did.
#[test]
fn without_labels_it_is_as_it_runs_and_else_as_old_as_can_be() {
    for minor in ["2.3", "2.4"] {
        run(async {
            let sim = swarm(&of(minor), 2);
            up_well(&sim, &of(minor)).await;
            forget(&sim);
            assert!(kept(&sim.look()).starts_with(minor));
            up_well(&sim, &silent()).await;
            assert!(kept(&sim.look()).starts_with(minor));
            down_well(&sim, &silent(), false).await;
            assert!(kept(&sim.look()).starts_with(minor));
            forget(&sim);
            assert_eq!(kept(&sim.look()), "2.3.21");
        });
    }
}

#[test]
fn a_new_cluster_gets_the_default() {
    run(async {
        let sim = swarm(&silent(), 3);
        assert_eq!(kept(&sim.look()), "2.6.24");
        up_well(&sim, &silent()).await;
        assert_eq!(kept(&sim.look()), "2.6.24");
        down_well(&sim, &silent(), true).await;
        assert_eq!(kept(&sim.look()), "2.6.24");
    });
}

/// A patch that is newer than the newest known one, or a half of an upgrade, is not gone back from.
#[test]
fn the_newest_that_is_known_of_counts() {
    run(async {
        let sim = swarm(&of("2.3"), 4);
        up_well(&sim, &of("2.3")).await;
        let label = |version: &str| {
            sim.with(|world| {
                let labels = world.nodes.iter_mut().map(|node| &mut node.labels);
                let formed = |label: &String| label.ends_with(".formed.milvus");
                let mut labels = labels.filter(|labels| labels.keys().any(formed));
                let labels = labels.next().expect("a node of etcd");
                let (_, value) = labels.iter_mut().find(|(key, _)| formed(key)).expect("it");
                *value = version.to_owned();
            });
        };
        label("2.3.99");
        assert_eq!(kept(&sim.look()), "2.3.99");
        label("2.4.1");
        assert_eq!(kept(&sim.look()), "2.4.24");
        label("2.7.0");
        assert!(formed::release(&silent(), Some(&sim.look())).is_err());
    });
}

#[test]
fn without_a_swarm_it_is_the_default() {
    let release = formed::release(&silent(), None).expect("a release");
    assert_eq!(release.version, "2.6.24");
}

/// Hosts with the role of what a release has no more do other work there.
#[test]
fn hosts_of_index_nodes_run_data_nodes() {
    let text = "\
name: prod
milvus: \"2.6\"
groups:
  - { hosts: [h1], roles: [manager, etcd, bookie, minio, broker, coord, query] }
  - { hosts: [h2, h3], roles: [index] }
";
    for (more, replicas) in [
        ("", 3),
        ("roles: { index: { replicas: 1 } }\n", 2),
        ("roles: { data: { per_host: 2 } }\n", 4),
        ("hosts: [{ name: h2, roles: [data] }]\n", 2),
        ("hosts: [{ name: h1, roles: [index, data] }]\n", 3),
    ] {
        let inventory = parse(&format!("{text}{more}"));
        run(async {
            let sim = swarm(&inventory, 5);
            let plan = up_well(&sim, &inventory).await;
            let told = |line: &&String| line.contains("`data` does what `index` did");
            assert_eq!(plan.warnings.iter().filter(told).count(), 1);
            let seen = sim.look();
            let nodes = seen.tasks_of("prod-milvus_datanode");
            assert_eq!(
                nodes.filter(|task| task.is_up()).count(),
                replicas,
                "{more}"
            );
            settled(&sim, &inventory).await;
            clean(&sim);
        });
    }
}
