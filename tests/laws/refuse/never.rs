//! On a Swarm that fits, nothing is ever refused.

use milvus_swarm::inventory::Inventory;

use super::allowed;
use crate::harness::{down_well, execute, parse, plan_down, plan_up, run, swarm, up_well};
use crate::inventories;
use crate::sim::{Fault, Sim, When};

fn every_other(calls: usize, most: usize) -> impl Iterator<Item = usize> {
    (1..=calls).step_by(calls.div_ceil(most))
}

/// What is left when `up` dies at a call.
async fn left_by_up(inventory: &Inventory, at: usize, when: When) -> Sim {
    let sim = swarm(inventory, 11);
    sim.plant(at, Fault::Kill, when);
    let (plan, seen) = plan_up(&sim, inventory).await;
    execute(&sim, &plan, seen).await;
    sim
}

#[test]
fn whatever_a_killed_up_leaves_is_not_refused() {
    for text in inventories::shipped() {
        let inventory = parse(text);
        let calls = run(async {
            let sim = swarm(&inventory, 11);
            up_well(&sim, &inventory).await;
            sim.calls()
        });
        for at in every_other(calls, 24) {
            for when in [When::Before, When::After] {
                run(async {
                    let sim = left_by_up(&inventory, at, when).await;
                    allowed(&inventory, &sim.look());
                    let mut reversed = inventory.clone();
                    reversed.hosts.reverse();
                    allowed(&reversed, &sim.look());
                });
            }
        }
    }
}

#[test]
fn whatever_a_killed_down_leaves_is_not_refused() {
    let inventory = parse(inventories::shipped()[1]);
    for data in [false, true] {
        let calls = run(async {
            let sim = swarm(&inventory, 12);
            up_well(&sim, &inventory).await;
            let before = sim.calls();
            down_well(&sim, &inventory, data).await;
            sim.calls() - before
        });
        for at in every_other(calls, 12) {
            run(async {
                let sim = swarm(&inventory, 12);
                up_well(&sim, &inventory).await;
                sim.plant(at, Fault::Kill, When::After);
                let (plan, seen) = plan_down(&sim, &inventory, data);
                execute(&sim, &plan, seen).await;
                allowed(&inventory, &sim.look());
            });
        }
    }
}
