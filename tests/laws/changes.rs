//! Changes of a running cluster: what is done is what was planned, and done means done.

use std::time::Duration;

use milvus_swarm::execute::Outcome;
use milvus_swarm::inventory::Inventory;
use milvus_swarm::observed::Observed;
use milvus_swarm::plan::Action;
use milvus_swarm::role::Role;
use milvus_swarm::system;

use crate::harness::{
    clean, done, execute, parse, plan_up, run, settled, swarm, titles, unbroken, up_well,
};
use crate::inventories::{self, with_replicas};
use crate::sim::{Fault, When};

fn with_image(inventory: &Inventory) -> Inventory {
    let mut other = inventory.clone();
    let (major, minor) = inventory.line();
    let image = format!("milvusdb/milvus:v{major}.{minor}.99");
    other.images.overrides.insert(system::milvus::IMAGE, image);
    other
}

/// Tasks that are up but made from an older spec.
fn stale(seen: &Observed) -> Vec<String> {
    seen.tasks
        .iter()
        .filter(|task| task.is_up())
        .filter(|task| task.spec_version != seen.services[&task.service].version)
        .map(|task| format!("{}.{}", task.service, task.slot))
        .collect()
}

#[test]
fn done_means_that_no_task_of_an_older_spec_runs() {
    for (seed, text) in inventories::shipped().into_iter().enumerate() {
        let inventory = parse(text);
        run(async {
            let sim = swarm(&inventory, seed as u64);
            up_well(&sim, &inventory).await;
            up_well(&sim, &with_image(&inventory)).await;
            assert_eq!(stale(&sim.look()), Vec::<String>::new());
            settled(&sim, &with_image(&inventory)).await;
            unbroken(&sim);
        });
    }
}

#[test]
fn more_query_nodes_touch_nothing_else() {
    let inventory = parse(inventories::shipped()[2]);
    let fewer = with_replicas(&inventory, Role::Query, 3);
    run(async {
        let sim = swarm(&inventory, 1);
        up_well(&sim, &fewer).await;
        let before: Vec<String> = sim.look().tasks.into_iter().map(|task| task.id).collect();
        let plan = up_well(&sim, &inventory).await;
        let updated = plan
            .steps
            .iter()
            .filter(|step| matches!(step.action, Action::UpdateService { .. }));
        assert_eq!(updated.count(), 1, "{:?}", titles(&plan));
        let seen = sim.look();
        assert!(before.iter().all(|id| {
            seen.tasks
                .iter()
                .any(|task| task.id == *id && (task.is_up() || task.state == "complete"))
        }));
        settled(&sim, &inventory).await;
        clean(&sim);
    });
}

#[test]
fn query_nodes_leave_one_at_a_time_and_never_the_leader() {
    let inventory = parse(inventories::shipped()[2]);
    let fewer = with_replicas(&inventory, Role::Query, 2);
    run(async {
        let sim = swarm(&inventory, 2);
        up_well(&sim, &inventory).await;
        let leader = sim.with(|world| world.data.leader);
        let (plan, seen) = plan_up(&sim, &fewer).await;
        let run = execute(&sim, &plan, seen.clone()).await;
        done(&plan, &run);
        crate::ends::came_true(&plan, &seen, &sim);
        assert_eq!(sim.with(|world| world.data.leader), leader, "a leader left");
        settled(&sim, &fewer).await;
        unbroken(&sim);
    });
}

/// Where streaming nodes lead the shards, query nodes have nothing to hand over but segments, and
/// streaming nodes leave like any worker: another one leads.
#[test]
fn query_nodes_and_streaming_nodes_leave_each_for_itself() {
    let inventory = parse(inventories::shipped()[1]);
    assert_eq!(inventory.line(), (2, 6));
    for (role, service) in [
        (Role::Query, "milvus-milvus_querynode"),
        (Role::Streaming, "milvus-milvus_streamingnode"),
    ] {
        let fewer = with_replicas(&inventory, role, 1);
        run(async {
            let sim = swarm(&inventory, 2);
            up_well(&sim, &inventory).await;
            up_well(&sim, &fewer).await;
            settled(&sim, &fewer).await;
            clean(&sim);
            // A streaming node that leaves leads until it is gone, and nobody waits for that.
            tokio::time::sleep(Duration::from_secs(60)).await;
            let leader = sim.with(|world| world.data.leader);
            let seen = sim.look();
            let left = seen.tasks_of(service).filter(|task| task.is_up());
            assert_eq!(left.count(), 1, "{role}");
            let mut streams = seen.tasks_of("milvus-milvus_streamingnode");
            let leads = streams
                .find(|task| task.is_up() && task.addresses.values().any(|ip| Some(*ip) == leader));
            assert!(leads.is_some(), "{role}");
        });
    }
}

#[test]
fn scaling_killed_at_any_call_is_finished_by_up() {
    let inventory = parse(inventories::shipped()[2]);
    let fewer = with_replicas(&inventory, Role::Query, 3);
    for at in 1..=6 {
        for when in [When::Before, When::After] {
            run(async {
                let sim = swarm(&inventory, 3);
                up_well(&sim, &inventory).await;
                sim.plant(at, Fault::Kill, when);
                let (plan, seen) = plan_up(&sim, &fewer).await;
                assert_eq!(execute(&sim, &plan, seen).await.outcome, None, "call {at}");
                let (plan, seen) = plan_up(&sim, &fewer).await;
                done(&plan, &execute(&sim, &plan, seen).await);
                settled(&sim, &fewer).await;
                unbroken(&sim);
                let running = sim
                    .look()
                    .tasks
                    .iter()
                    .filter(|task| task.service.ends_with("querynode") && task.is_up())
                    .count();
                assert_eq!(running, 3);
            });
        }
    }
}

#[test]
fn a_version_that_moved_is_no_change_and_a_spec_that_moved_is() {
    let inventory = parse(inventories::shipped()[1]);
    for (fault, refused) in [(Fault::Touch, false), (Fault::Change, true)] {
        run(async {
            let sim = swarm(&inventory, 5);
            up_well(&sim, &inventory).await;
            let other = with_image(&inventory);
            let (plan, seen) = plan_up(&sim, &other).await;
            let updates = plan
                .steps
                .iter()
                .filter(|step| matches!(step.action, Action::UpdateService { .. }))
                .count();
            assert!(updates > 3);
            sim.plant(1, fault, When::Before);
            let run = execute(&sim, &plan, seen).await;
            match run.outcome {
                Some(Outcome::Done) => assert!(!refused),
                Some(Outcome::Failed(_, failure)) => {
                    assert!(refused && failure.moved, "{failure:?}")
                }
                other => panic!("{other:?}"),
            }
            up_well(&sim, &other).await;
            settled(&sim, &other).await;
            unbroken(&sim);
        });
    }
}

#[test]
fn killed_in_the_middle_of_a_change_reaches_the_same_end() {
    let inventory = parse(inventories::shipped()[1]);
    let other = with_image(&inventory);
    for at in (1..=9).step_by(2) {
        run(async {
            let sim = swarm(&inventory, 6);
            up_well(&sim, &inventory).await;
            sim.plant(
                at,
                Fault::Kill,
                if at % 4 == 1 {
                    When::After
                } else {
                    When::Before
                },
            );
            let (plan, seen) = plan_up(&sim, &other).await;
            execute(&sim, &plan, seen).await;
            up_well(&sim, &other).await;
            assert_eq!(stale(&sim.look()), Vec::<String>::new());
            settled(&sim, &other).await;
            unbroken(&sim);
        });
    }
}
