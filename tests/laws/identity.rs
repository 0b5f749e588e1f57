//! Members stay on the hosts that hold their data, whatever the inventory's order.

use std::collections::BTreeMap;

use milvus_swarm::inventory::Inventory;
use milvus_swarm::observed::Observed;

use crate::harness::{clean, parse, plan_up, run, settled, swarm, titles, up_well};
use crate::inventories;
use crate::sim::Random;

fn shuffled(inventory: &Inventory, random: &mut Random) -> Inventory {
    let mut other = inventory.clone();
    random.shuffle(&mut other.hosts);
    other
}

/// The node of each member, by its label.
fn members(seen: &Observed) -> BTreeMap<String, String> {
    seen.nodes
        .iter()
        .flat_map(|node| {
            node.labels
                .keys()
                .filter(|key| key.contains(".member."))
                .map(|key| (key.clone(), node.hostname.clone()))
        })
        .collect()
}

#[test]
fn the_order_of_hosts_moves_no_member() {
    let texts = inventories::shipped().map(ToOwned::to_owned);
    let generated = (100..106).map(inventories::generated);
    for (seed, text) in texts.into_iter().chain(generated).enumerate() {
        let inventory = parse(&text);
        run(async {
            let mut random = Random::new(seed as u64);
            let sim = swarm(&inventory, seed as u64);
            up_well(&sim, &shuffled(&inventory, &mut random)).await;
            for _ in 0..4 {
                settled(&sim, &shuffled(&inventory, &mut random)).await;
            }
            clean(&sim);
        });
    }
}

#[test]
fn labels_written_before_a_crash_are_kept_by_another_order() {
    let inventory = parse(inventories::shipped()[2]);
    for at in [1, 5, 9, 14, 20] {
        run(async {
            let mut random = Random::new(at);
            let sim = swarm(&inventory, at);
            sim.plant(
                usize::try_from(at).expect("small"),
                crate::sim::Fault::Kill,
                crate::sim::When::After,
            );
            let (plan, seen) = plan_up(&sim, &inventory).await;
            crate::harness::execute(&sim, &plan, seen).await;
            let before = members(&sim.look());
            let other = shuffled(&inventory, &mut random);
            up_well(&sim, &other).await;
            settled(&sim, &inventory).await;
            let after = members(&sim.look());
            for (member, node) in before {
                assert_eq!(after.get(&member), Some(&node), "{member}");
            }
            clean(&sim);
        });
    }
}

#[test]
fn a_member_whose_host_lost_the_role_is_refused() {
    let inventory = parse(inventories::shipped()[2]);
    run(async {
        let sim = swarm(&inventory, 3);
        up_well(&sim, &inventory).await;
        let mut other = inventory.clone();
        let host = other
            .hosts
            .iter_mut()
            .find(|host| host.name == "node15")
            .expect("node15");
        host.roles.remove(&milvus_swarm::role::Role::Etcd);
        let spare = other
            .hosts
            .iter_mut()
            .find(|host| host.name == "node09")
            .expect("node09");
        spare.roles.insert(milvus_swarm::role::Role::Etcd);
        let (plan, _) = plan_up(&sim, &other).await;
        let rules: Vec<&str> = plan
            .refusals
            .iter()
            .map(|refusal| refusal.rule.as_str())
            .collect();
        assert!(
            rules.contains(&"member-moves"),
            "{rules:?} {:?}",
            titles(&plan)
        );
    });
}
