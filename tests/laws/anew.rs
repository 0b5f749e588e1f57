//! Networks that are made anew, with everything on them.

use milvus_swarm::execute::Outcome;
use milvus_swarm::hear;
use milvus_swarm::inventory::Inventory;
use milvus_swarm::plan::{Action, Plan};

use crate::harness::{
    End, clean, done, end, execute, parse, plan_up, renewing, run, settled, swarm, up_well,
};
use crate::inventories;
use crate::order;
use crate::sim::{Fault, Sim, When};

const SEED: u64 = 11;

/// A cluster as versions before this one made them: one network, which anybody may join.
fn on_one_network(sim: &Sim) {
    sim.with(|world| {
        let front: Vec<String> = world.networks.keys().cloned().collect();
        for name in front {
            let Some(network) = world.networks.get_mut(&name) else {
                continue;
            };
            if network.spec.internal {
                network.spec.internal = false;
                network.spec.attachable = true;
            }
        }
    });
}

/// Whoever finds the metadata of the log written does not write it again, and runs nothing for it.
fn lasting(sim: &Sim) -> End {
    let mut end = end(sim);
    end.services.retain(|name, _| !name.ends_with("-init"));
    end
}

async fn plan_anew(sim: &Sim, inventory: &Inventory) -> (Plan, milvus_swarm::observed::Observed) {
    let seen = sim.look();
    let cluster = renewing(inventory, &seen);
    let plan = hear::plan_up(sim, &cluster, inventory, &seen).await;
    order::stands(&plan);
    assert_eq!(plan.refusals, []);
    (plan, seen)
}

#[test]
fn a_cluster_with_one_network_moves_when_it_is_asked_to() {
    for text in inventories::shipped() {
        let inventory = parse(text);
        run(async {
            let sim = swarm(&inventory, SEED);
            up_well(&sim, &inventory).await;
            let was = lasting(&sim);
            on_one_network(&sim);
            let (plan, _) = plan_up(&sim, &inventory).await;
            let rules: Vec<&str> = plan.refusals.iter().map(|no| no.rule.as_str()).collect();
            assert_eq!(rules, ["network-changes"]);

            let (plan, seen) = plan_anew(&sim, &inventory).await;
            assert_eq!(plan.outages.len(), 1, "{:?}", plan.outages);
            // What is not started again is not counted on to be there.
            let is_created = |step: &milvus_swarm::plan::Step| {
                matches!(step.action, Action::CreateService { .. })
            };
            assert!(plan.steps.iter().any(is_created));
            let went = execute(&sim, &plan, seen).await;
            done(&plan, &went);
            settled(&sim, &inventory).await;
            assert_eq!(lasting(&sim), was);
            clean(&sim);
            let seen = sim.look();
            let internal = seen.networks.values().filter(|one| one.spec.internal);
            assert_eq!(internal.count(), 1);
            // Asked again, there is nothing to do.
            let (plan, _) = plan_anew(&sim, &inventory).await;
            assert_eq!(plan.steps.len(), 0);
        });
    }
}

#[test]
fn killed_on_the_way_it_still_moves() {
    let inventory = parse(inventories::shipped()[1]);
    let calls = run(async {
        let sim = swarm(&inventory, SEED);
        up_well(&sim, &inventory).await;
        on_one_network(&sim);
        let (plan, seen) = plan_anew(&sim, &inventory).await;
        let before = sim.calls();
        done(&plan, &execute(&sim, &plan, seen).await);
        sim.calls() - before
    });
    assert!(calls > 20, "{calls}");
    for at in (1..=calls).step_by(3) {
        for when in [When::Before, When::After] {
            run(async {
                let sim = swarm(&inventory, SEED);
                up_well(&sim, &inventory).await;
                let was = lasting(&sim);
                on_one_network(&sim);
                let (plan, seen) = plan_anew(&sim, &inventory).await;
                sim.plant(at, Fault::Kill, when);
                let went = execute(&sim, &plan, seen).await;
                assert_eq!(went.outcome, None, "call {at} did not happen");
                let (plan, seen) = plan_anew(&sim, &inventory).await;
                let went = execute(&sim, &plan, seen).await;
                assert_eq!(went.outcome, Some(Outcome::Done), "{when:?} call {at}");
                settled(&sim, &inventory).await;
                assert_eq!(lasting(&sim), was, "{when:?} call {at}");
                clean(&sim);
            });
        }
    }
}
