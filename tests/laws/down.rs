//! `down` leaves what the data needs; `up` returns to the same members; `down --data` leaves
//! nothing.

use milvus_swarm::component::Secret;
use milvus_swarm::inventory::Inventory;

use crate::harness::{
    clean, down_well, end, execute, parse, plan_down, plan_up, run, settled, swarm, titles,
    unbroken, up_well,
};
use crate::inventories;
use crate::sim::{Fault, Sim, When};

fn inventories() -> Vec<String> {
    let generated = (300..306).map(inventories::generated);
    inventories::shipped()
        .map(ToOwned::to_owned)
        .into_iter()
        .chain(generated)
        .collect()
}

/// Nothing but secrets, data and the labels that tell what it is.
fn only_data_is_left(sim: &Sim, inventory: &Inventory) {
    let seen = sim.look();
    assert!(seen.services.is_empty() && seen.tasks.is_empty());
    assert!(seen.configs.is_empty() && seen.networks.is_empty());
    assert_eq!(seen.secrets.len(), Secret::all_of(inventory).count());
    let labels: Vec<&String> = seen
        .nodes
        .iter()
        .flat_map(|node| node.labels.keys())
        .collect();
    let kept = ["member", "formed"].map(|kind| format!("milvus.{}.{kind}.", inventory.name));
    let is_kept = |key: &String| kept.iter().any(|prefix| key.starts_with(prefix));
    assert!(
        !labels.is_empty() && labels.into_iter().all(is_kept),
        "{:?}",
        seen.nodes
    );
}

#[test]
fn up_after_down_returns_to_the_same_members() {
    for (seed, text) in inventories().into_iter().enumerate() {
        let inventory = parse(&text);
        run(async {
            let sim = swarm(&inventory, seed as u64);
            up_well(&sim, &inventory).await;
            let first = end(&sim);
            let secrets = sim.with(|world| world.secret_bytes.clone());
            down_well(&sim, &inventory, false).await;
            clean(&sim);
            only_data_is_left(&sim, &inventory);
            let (again, _) = plan_down(&sim, &inventory, false);
            assert_eq!(titles(&again), Vec::<String>::new());

            let mut reversed = inventory.clone();
            reversed.hosts.reverse();
            up_well(&sim, &reversed).await;
            settled(&sim, &inventory).await;
            clean(&sim);
            assert_eq!(end(&sim), first);
            assert_eq!(sim.with(|world| world.secret_bytes.clone()), secrets);
        });
    }
}

#[test]
fn down_with_data_leaves_nothing() {
    for (seed, text) in inventories().into_iter().enumerate() {
        let inventory = parse(&text);
        run(async {
            let sim = swarm(&inventory, seed as u64);
            up_well(&sim, &inventory).await;
            down_well(&sim, &inventory, true).await;
            clean(&sim);
            nothing_is_left(&sim);
        });
    }
}

fn nothing_is_left(sim: &Sim) {
    let seen = sim.look();
    assert!(seen.services.is_empty() && seen.tasks.is_empty());
    assert!(seen.configs.is_empty() && seen.networks.is_empty() && seen.secrets.is_empty());
    assert!(seen.nodes.iter().all(|node| node.labels.is_empty()));
    sim.with(|world| assert!(world.data.volumes.is_empty(), "{:?}", world.data.volumes));
}

#[test]
fn down_killed_at_any_call_is_finished_by_the_next() {
    let inventory = parse(inventories::shipped()[1]);
    for data in [false, true] {
        let calls = run(async {
            let sim = swarm(&inventory, 8);
            up_well(&sim, &inventory).await;
            let before = sim.calls();
            down_well(&sim, &inventory, data).await;
            sim.calls() - before
        });
        for at in (1..=calls).step_by(2) {
            let when = if at % 4 == 1 {
                When::Before
            } else {
                When::After
            };
            run(async {
                let sim = swarm(&inventory, 8);
                up_well(&sim, &inventory).await;
                sim.plant(at, Fault::Kill, when);
                let (plan, seen) = plan_down(&sim, &inventory, data);
                assert_eq!(execute(&sim, &plan, seen).await.outcome, None, "call {at}");
                down_well(&sim, &inventory, data).await;
                clean(&sim);
                if data {
                    nothing_is_left(&sim);
                } else {
                    only_data_is_left(&sim, &inventory);
                }
            });
        }
    }
}

#[test]
fn up_after_a_down_that_was_killed_is_healthy() {
    let inventory = parse(inventories::shipped()[1]);
    for at in (1..30).step_by(3) {
        run(async {
            let sim = swarm(&inventory, 9);
            up_well(&sim, &inventory).await;
            let homes = sim.with(|world| world.data.volumes.clone());
            sim.plant(at, Fault::Kill, When::After);
            let (plan, seen) = plan_down(&sim, &inventory, false);
            execute(&sim, &plan, seen).await;
            up_well(&sim, &inventory).await;
            settled(&sim, &inventory).await;
            unbroken(&sim);
            assert_eq!(sim.with(|world| world.data.volumes.clone()), homes);
        });
    }
}

#[test]
fn up_after_a_down_of_what_was_half_up_is_healthy() {
    let inventory = parse(inventories::shipped()[1]);
    for at in [2, 7, 12, 20, 33] {
        run(async {
            let sim = swarm(&inventory, 10);
            sim.plant(at, Fault::Kill, When::After);
            let (plan, seen) = plan_up(&sim, &inventory).await;
            assert_eq!(execute(&sim, &plan, seen).await.outcome, None);
            down_well(&sim, &inventory, false).await;
            let mut reversed = inventory.clone();
            reversed.hosts.reverse();
            up_well(&sim, &reversed).await;
            settled(&sim, &inventory).await;
            unbroken(&sim);
        });
    }
}
