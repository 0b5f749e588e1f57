//! Networks that are made anew, with everything on them.

use std::time::Duration;

use milvus_swarm::execute::Outcome;
use milvus_swarm::hear;
use milvus_swarm::inventory::Inventory;
use milvus_swarm::observed::Observed;
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

async fn plan_anew(sim: &Sim, inventory: &Inventory) -> (Plan, Observed) {
    let (plan, seen) = asked_anew(sim, inventory).await;
    assert_eq!(plan.refusals, []);
    (plan, seen)
}

async fn asked_anew(sim: &Sim, inventory: &Inventory) -> (Plan, Observed) {
    let seen = sim.look();
    let cluster = renewing(inventory, &seen);
    let plan = hear::plan_up(sim, &cluster, inventory, &seen).await;
    order::stands(&plan);
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

/// One host runs nothing but query nodes.
const BESIDE: &str = "\
name: beside
groups:
  - hosts: node[01-03]
    roles: [manager, etcd, minio, bookie, broker, coord, proxy, query, data, index]
  - hosts: node04
    roles: [query]
roles:
  minio: { drives: 2 }
  query: { replicas: 2, per_host: 2 }
";

/// Takes the power from a host, until Swarm knows.
async fn lose(sim: &Sim, host: &str) {
    sim.with(|world| world.power(host, false));
    tokio::time::sleep(Duration::from_secs(90)).await;
}

/// Tasks that Swarm says to run on a host.
fn said_to_run(sim: &Sim, host: &str) -> usize {
    let seen = sim.look();
    let node = seen.nodes.iter().find(|node| node.hostname == host);
    let id = &node.expect("a node").id;
    let tasks = seen.tasks.iter();
    tasks
        .filter(|task| task.node_id == *id && task.has_process())
        .count()
}

#[test]
fn a_dead_host_without_members_is_not_waited_for() {
    let inventory = parse(BESIDE);
    let law = async |at: Option<usize>| {
        let sim = swarm(&inventory, SEED);
        up_well(&sim, &inventory).await;
        on_one_network(&sim);
        lose(&sim, "node04").await;
        assert!(said_to_run(&sim, "node04") > 0);
        let (plan, seen) = plan_anew(&sim, &inventory).await;
        let before = sim.calls();
        if let Some(at) = at {
            sim.plant(at, Fault::Kill, When::After);
            let went = execute(&sim, &plan, seen).await;
            assert_eq!(went.outcome, None, "call {at} did not happen");
            let (plan, seen) = plan_anew(&sim, &inventory).await;
            let went = execute(&sim, &plan, seen).await;
            assert_eq!(went.outcome, Some(Outcome::Done), "call {at}");
        } else {
            done(&plan, &execute(&sim, &plan, seen).await);
        }
        assert!(said_to_run(&sim, "node04") > 0);
        settled(&sim, &inventory).await;
        let calls = sim.calls() - before;
        sim.with(|world| world.power("node04", true));
        tokio::time::sleep(Duration::from_secs(90)).await;
        assert_eq!(said_to_run(&sim, "node04"), 0);
        settled(&sim, &inventory).await;
        clean(&sim);
        calls
    };
    let calls = run(law(None));
    assert!(calls > 20, "{calls}");
    for at in (1..=calls).step_by(9) {
        run(law(Some(at)));
    }
}

#[test]
fn a_dead_host_of_members_is_waited_for_before_anything_stops_and_after() {
    let inventory = parse(BESIDE);
    let rules = |plan: &Plan| -> Vec<String> {
        let rules = plan.refusals.iter();
        rules.map(|no| no.rule.clone()).collect()
    };
    run(async {
        let sim = swarm(&inventory, SEED);
        up_well(&sim, &inventory).await;
        on_one_network(&sim);
        lose(&sim, "node03").await;
        let plan = asked_anew(&sim, &inventory).await.0;
        assert_eq!(rules(&plan), ["network-without-host"]);
        let no = &plan.refusals[0];
        assert_eq!(
            no.reason,
            "everything would be stopped for another network, and `zookeeper-2`, `etcd-2`, `minio-2`, \
             `bookie-2` and `broker-2` can't start again on `node03`, which is down"
        );
        assert_eq!(
            no.hint,
            "start `node03` again (`docker node ls` shows it), then `milvus-swarm up --renew-networks`"
        );
    });
    for at in [3, 12, 20] {
        run(async {
            let sim = swarm(&inventory, SEED);
            up_well(&sim, &inventory).await;
            on_one_network(&sim);
            let (plan, seen) = plan_anew(&sim, &inventory).await;
            sim.plant(at, Fault::Kill, When::After);
            let went = execute(&sim, &plan, seen).await;
            assert_eq!(went.outcome, None, "call {at} did not happen");
            lose(&sim, "node03").await;
            assert_eq!(
                rules(&asked_anew(&sim, &inventory).await.0),
                ["network-without-host"],
                "call {at}"
            );
            sim.with(|world| world.power("node03", true));
            let (plan, seen) = plan_anew(&sim, &inventory).await;
            done(&plan, &execute(&sim, &plan, seen).await);
            settled(&sim, &inventory).await;
            // Two processes of one member would be told here.
            clean(&sim);
        });
    }
}
