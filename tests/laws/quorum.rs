//! Once formed, no plan passes through fewer members than a quorum.

use milvus_swarm::inventory::Inventory;
use milvus_swarm::role::Role;
use milvus_swarm::system;

use crate::harness::{
    down_well, execute, parse, plan_up, run, settled, swarm, titles, unbroken, up_well,
};
use crate::inventories;

/// Changes the inventory of a running cluster and brings that about; voters keep their quorum.
fn changed(text: &str, seed: u64, change: impl Fn(&mut Inventory)) {
    let inventory = parse(text);
    run(async {
        let sim = swarm(&inventory, seed);
        up_well(&sim, &inventory).await;
        let mut other = inventory.clone();
        change(&mut other);
        let plan = up_well(&sim, &other).await;
        assert!(
            titles(&plan)
                .iter()
                .any(|title| title.starts_with("update")),
            "nothing changed"
        );
        settled(&sim, &other).await;
        unbroken(&sim);
    });
}

#[test]
fn a_new_etcd_image_restarts_one_member_at_a_time() {
    for (seed, text) in inventories::shipped().into_iter().skip(1).enumerate() {
        changed(text, seed as u64, |inventory| {
            inventory.images.overrides.insert(
                system::etcd::IMAGE,
                "quay.io/coreos/etcd:v3.5.99".to_owned(),
            );
        });
    }
}

#[test]
fn a_new_pulsar_image_restarts_one_member_at_a_time() {
    for (seed, text) in inventories::shipped().into_iter().skip(1).enumerate() {
        changed(text, seed as u64, |inventory| {
            inventory
                .images
                .overrides
                .insert(system::pulsar::IMAGE, "apachepulsar/pulsar:9".to_owned());
        });
    }
}

#[test]
fn more_memory_for_etcd_restarts_one_member_at_a_time() {
    changed(inventories::shipped()[2], 7, |inventory| {
        let etcd = inventory.roles.get_mut(&Role::Etcd).expect("settings");
        etcd.memory.limit = Some(9 << 30);
    });
}

#[test]
fn a_node_that_goes_dark_costs_one_member_and_comes_back_as_it_was() {
    let inventory = parse(inventories::shipped()[1]);
    run(async {
        let sim = swarm(&inventory, 4);
        up_well(&sim, &inventory).await;
        let homes = sim.with(|world| world.data.volumes.clone());
        sim.with(|world| world.power("node03", false));
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        let (plan, _) = plan_up(&sim, &inventory).await;
        assert!(!plan.is_empty(), "a dark node is no news");
        assert!(
            titles(&plan)
                .iter()
                .all(|title| title.starts_with("wait") || title.starts_with("smoke")),
            "{:?}",
            titles(&plan)
        );
        sim.with(|world| world.power("node03", true));
        up_well(&sim, &inventory).await;
        settled(&sim, &inventory).await;
        unbroken(&sim);
        assert_eq!(sim.with(|world| world.data.volumes.clone()), homes);
    });
}

/// The inventory with the role `etcd` on two hosts more, where there are two.
fn grown(inventory: &Inventory) -> Option<Inventory> {
    let mut other = inventory.clone();
    let mut spare = other
        .hosts
        .iter_mut()
        .filter(|host| !host.roles.contains(&Role::Etcd));
    for _ in 0..2 {
        spare.next()?.roles.insert(Role::Etcd);
    }
    other.roles.get_mut(&Role::Etcd)?.replicas += 2;
    Some(other)
}

/// A member more is a movement of data: it is refused, or done so that nothing splits.
fn grows_safely(stopped_between: bool) {
    let mut tried = 0;
    for text in inventories::shipped() {
        let inventory = parse(text);
        let Some(other) = grown(&inventory) else {
            continue;
        };
        tried += 1;
        run(async {
            let sim = swarm(&inventory, 6);
            up_well(&sim, &inventory).await;
            if stopped_between {
                down_well(&sim, &inventory, false).await;
            }
            let (plan, seen) = plan_up(&sim, &other).await;
            if plan.refusals.is_empty() {
                execute(&sim, &plan, seen).await;
            }
            unbroken(&sim);
        });
    }
    assert!(tried > 0);
}

#[test]
fn another_etcd_host_founds_no_second_cluster() {
    grows_safely(false);
}

#[test]
fn another_etcd_host_after_down_founds_no_second_cluster() {
    grows_safely(true);
}
