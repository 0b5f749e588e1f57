//! The tool may die at any call: what runs next reaches the same end, and nothing is doubled.

use milvus_swarm::execute::Outcome;
use milvus_swarm::inventory::Inventory;

use crate::harness::{clean, end, execute, parse, plan_up, run, settled, swarm, up, up_well};
use crate::inventories;
use crate::sim::{Fault, When};

const SEED: u64 = 5;

/// Brings a cluster up with a fault at a call of `act`, then again without.
fn interrupted(inventory: &Inventory, at: usize, fault: Fault, when: When) -> crate::harness::End {
    run(async {
        let sim = swarm(inventory, SEED);
        sim.plant(at, fault, when);
        let (_, first) = up(&sim, inventory).await;
        match fault {
            Fault::Kill => assert_eq!(first.outcome, None, "call {at} did not happen"),
            _ => assert!(
                matches!(first.outcome, Some(Outcome::Failed(..))),
                "{:?}",
                first.outcome
            ),
        }
        up_well(&sim, inventory).await;
        settled(&sim, inventory).await;
        clean(&sim);
        end(&sim)
    })
}

/// The end without any fault, and how many calls lead to it.
fn undisturbed(inventory: &Inventory) -> (crate::harness::End, usize) {
    run(async {
        let sim = swarm(inventory, SEED);
        up_well(&sim, inventory).await;
        settled(&sim, inventory).await;
        (end(&sim), sim.calls())
    })
}

fn every_call(text: &str, fault: Fault, step: usize) {
    let inventory = parse(text);
    let (wanted, calls) = undisturbed(&inventory);
    assert!(calls > 10);
    for at in (1..=calls).step_by(step) {
        for when in [When::Before, When::After] {
            assert_eq!(
                interrupted(&inventory, at, fault, when),
                wanted,
                "{when:?} call {at}"
            );
        }
    }
}

#[test]
fn killed_at_any_call_and_run_again_reaches_the_same_end() {
    every_call(inventories::shipped()[1], Fault::Kill, 1);
}

#[test]
fn refused_at_any_call_and_run_again_reaches_the_same_end() {
    every_call(inventories::shipped()[1], Fault::Refuse, 2);
}

#[test]
fn killed_while_26_hosts_come_up_reaches_the_same_end() {
    every_call(inventories::shipped()[2], Fault::Kill, 17);
}

/// With a third system of members in place of Pulsar.
#[test]
fn killed_while_servers_of_the_log_come_up_reaches_the_same_end() {
    let three = inventories::shipped()[1];
    let text = format!("milvus: \"3.0\"\n{three}{}", inventories::SERVICE);
    every_call(&text, Fault::Kill, 3);
}

#[test]
fn killed_again_and_again_reaches_the_same_end() {
    let inventory = parse(inventories::shipped()[1]);
    let (wanted, _) = undisturbed(&inventory);
    let found = run(async {
        let sim = swarm(&inventory, SEED);
        for round in 0.. {
            sim.plant(
                3,
                Fault::Kill,
                if round % 2 == 0 {
                    When::Before
                } else {
                    When::After
                },
            );
            let (plan, seen) = plan_up(&sim, &inventory).await;
            let run = execute(&sim, &plan, seen).await;
            if run.outcome.is_some() {
                break;
            }
            assert!(round < 60, "no progress");
        }
        settled(&sim, &inventory).await;
        clean(&sim);
        end(&sim)
    });
    assert_eq!(found, wanted);
}
