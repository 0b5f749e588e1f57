//! An image that is no root takes over what root wrote: each member is stopped, given what it
//! keeps, and started, one after the other, wherever the tool died in between.

use std::time::Duration;

use milvus_swarm::execute::Outcome;
use milvus_swarm::gate::{Gate, short};
use milvus_swarm::inventory::Inventory;
use milvus_swarm::plan::{Action, Plan, stands};
use milvus_swarm::system::pulsar;
use serde_json::{Value, json};

use crate::harness::{
    End, by_hand, clean, done, end, execute, parse, plan_up, run, settled, swarm, titles, up,
    up_well,
};
use crate::inventories;
use crate::order::before;
use crate::sim::{Fault, Random, Sim, When};

fn with_pulsar(inventory: &Inventory, tag: &str) -> Inventory {
    let mut other = inventory.clone();
    let images = &mut other.images.overrides;
    images.insert(pulsar::IMAGE, format!("apachepulsar/pulsar:{tag}"));
    other
}

/// The inventory before and after.
fn pair(text: &str) -> [Inventory; 2] {
    let inventory = parse(text);
    [
        with_pulsar(&inventory, "2.8.2"),
        with_pulsar(&inventory, "2.10.5"),
    ]
}

/// A cluster that runs as it was.
async fn running(before: &Inventory, seed: u64) -> Sim {
    let sim = swarm(before, seed);
    up_well(&sim, before).await;
    sim.with(|world| assert!(!world.owners.of_root.is_empty(), "root wrote nothing"));
    sim
}

/// The services that keep what Pulsar writes.
fn keepers(sim: &Sim) -> Vec<String> {
    let services = sim.look().services.into_keys();
    let keeps = |name: &String| {
        let name = short(name);
        name.starts_with("zookeeper-") || name.starts_with("bookie-")
    };
    services.filter(keeps).collect()
}

/// All is well at the end, and all that was root's was given.
async fn given(sim: &Sim, after: &Inventory) {
    settled(sim, after).await;
    clean(sim);
    let keepers = keepers(sim);
    sim.with(|world| {
        for keeper in &keepers {
            assert!(world.owners.given.contains(keeper), "{keeper}");
        }
        let left = |place: &&(String, String)| {
            let owner = &world.data.volumes[*place];
            owner.starts_with("zookeeper-") || owner.starts_with("bookie-")
        };
        assert_eq!(world.owners.of_root.iter().find(left), None);
    });
}

/// The step of a plan that does something to a service.
fn step(plan: &Plan, is: impl Fn(&Action) -> bool) -> usize {
    let mut steps = plan.steps.iter();
    let found = steps.position(|step| is(&step.action));
    found.unwrap_or_else(|| panic!("{:#?}", titles(plan)))
}

/// The steps of a member: stopped, gone, given, started.
fn steps_of(plan: &Plan, member: &str) -> [usize; 4] {
    let updates = |action: &Action, to: u64| {
        matches!(action, Action::UpdateService { name, spec, .. }
            if name == member && spec.replicas() == Some(to))
    };
    [
        step(plan, |action| updates(action, 0)),
        step(
            plan,
            |action| matches!(action, Action::Await { gate: Gate::TasksGone { service } } if service == member),
        ),
        step(
            plan,
            |action| matches!(action, Action::GiveVolumes { service, .. } if service == member),
        ),
        step(plan, |action| updates(action, 1)),
    ]
}

#[test]
fn a_member_is_stopped_then_given_its_data_then_started() {
    let [old, new] = pair(inventories::shipped()[2]);
    run(async {
        let sim = running(&old, 1).await;
        let (plan, _) = plan_up(&sim, &new).await;
        let keepers = keepers(&sim);
        assert_eq!(keepers.len(), 6);
        let mut last: Option<usize> = None;
        for member in &keepers {
            let steps = steps_of(&plan, member);
            for pair in steps.windows(2) {
                assert_eq!(plan.steps[pair[1]].after.last(), Some(&pair[0]), "{member}");
            }
            let [stopped, _, gift, started] = steps;
            // It is ended by that step, and by no other.
            let ends = plan.steps[stopped].ends.as_ref().expect("a task ends");
            assert_eq!(ends.tasks, 1);
            assert!(ends.among[0].task.starts_with(short(member)));
            assert_eq!(plan.steps[started].ends, None);
            let Action::GiveVolumes {
                uid,
                image,
                volumes,
                ..
            } = &plan.steps[gift].action
            else {
                unreachable!();
            };
            assert_eq!((*uid, volumes.len()), (10_000, 1));
            assert!(image.ends_with("pulsar:2.8.2"), "{image}");
            // The whole is well again before the next one.
            if let Some(last) = last.filter(|_| !member.ends_with("-0")) {
                let gate = before(&plan, stopped).into_iter().any(|id| {
                    let is_whole = matches!(&plan.steps[id].action,
                        Action::Await { gate: Gate::Members(gate) } if gate.at_least == 3);
                    is_whole && plan.steps[id].after.contains(&last)
                });
                assert!(gate, "{member} is stopped before the one before it is well");
            }
            last = Some(started);
        }
        let gifts = plan.steps.iter();
        let gifts = gifts.filter(|step| matches!(step.action, Action::GiveVolumes { .. }));
        assert_eq!(gifts.count(), keepers.len(), "brokers keep nothing");
        // One after the other, so nobody waits for all of them at once.
        for outage in &plan.outages {
            assert!(
                !outage.effect.contains("no new ledgers") && outage.effect != "no writes",
                "{outage:?}"
            );
        }
    });
}

#[test]
fn drawn_clusters_are_given_over_and_keep_their_quorums() {
    let (mut directories, mut whole) = (0, 0);
    for seed in 0..24 {
        // Each with the log in Pulsar, whose images these are.
        let text = inventories::generated(seed)
            .replace(inventories::LOG, "")
            .replace(inventories::SERVICE, "");
        let [old, new] = pair(&text);
        run(async {
            let sim = running(&old, seed).await;
            let keepers = keepers(&sim);
            let bookies = keepers.iter().filter(|name| name.contains("_bookie-"));
            let bookies = bookies.count();
            directories += usize::from(text.contains("data:"));
            whole += usize::from(bookies > 1);
            sim.with(|world| world.watch.fewest = Some(("bookie", bookies)));
            up_well(&sim, &new).await;
            // A quorum of ZooKeeper is watched in any case.
            let fewest = sim.with(|world| world.watch.fewest);
            assert_eq!(fewest, Some(("bookie", bookies - 1)));
            given(&sim, &new).await;
        });
    }
    assert!(directories > 3 && whole > 3, "{directories} {whole}");
}

#[test]
fn an_image_of_the_same_user_takes_over_as_it_is() {
    let inventory = parse(inventories::shipped()[1]);
    for [was, is] in [["2.8.2", "2.9.5"], ["2.10.0", "2.10.5"], ["3.0.7", "3.0.9"]] {
        run(async {
            let sim = swarm(&inventory, 2);
            up_well(&sim, &with_pulsar(&inventory, was)).await;
            let plan = up_well(&sim, &with_pulsar(&inventory, is)).await;
            clean(&sim);
            let titles = titles(&plan);
            assert!(titles.iter().any(|title| title.ends_with("bookie-0")));
            assert!(!titles.iter().any(|title| title.starts_with("give ")));
        });
    }
}

/// Brings a running cluster over with a fault at a call, then again without.
fn killed_at(old: &Inventory, new: &Inventory, at: usize, when: When) -> End {
    run(async {
        let sim = running(old, 5).await;
        sim.plant(at, Fault::Kill, when);
        let (_, first) = up(&sim, new).await;
        assert_eq!(first.outcome, None, "call {at} did not happen");
        up_well(&sim, new).await;
        given(&sim, new).await;
        end(&sim)
    })
}

/// The end without a fault, and how many calls lead to it.
fn undisturbed(old: &Inventory, new: &Inventory) -> (End, usize) {
    run(async {
        let sim = running(old, 5).await;
        sim.plant(usize::MAX, Fault::Kill, When::Before);
        up_well(&sim, new).await;
        let calls = sim.calls();
        given(&sim, new).await;
        (end(&sim), calls)
    })
}

#[test]
fn killed_at_any_call_and_run_again_gives_all_the_same() {
    let [old, new] = pair(inventories::shipped()[1]);
    let (wanted, calls) = undisturbed(&old, &new);
    assert!(calls > 6 * 3, "{calls}");
    for at in 1..=calls {
        for when in [When::Before, When::After] {
            assert_eq!(
                killed_at(&old, &new, at, when),
                wanted,
                "{when:?} call {at}"
            );
        }
    }
}

/// At moments that are nobody's: while a task ends, while data is given, while a member starts.
#[test]
fn killed_at_any_moment_again_and_again_gives_all_the_same() {
    let [old, new] = pair(inventories::shipped()[1]);
    let (wanted, _) = undisturbed(&old, &new);
    for seed in 0..12 {
        let mut random = Random::new(seed);
        let found = run(async {
            let sim = running(&old, 5).await;
            for round in 0.. {
                assert!(round < 200, "no progress");
                let (plan, seen) = plan_up(&sim, &new).await;
                let patience = Duration::from_millis(random.within(50, 12_000));
                let run = execute(&sim, &plan, seen);
                if let Ok(run) = tokio::time::timeout(patience, run).await {
                    done(&plan, &run);
                    break;
                }
            }
            given(&sim, &new).await;
            end(&sim)
        });
        assert_eq!(found, wanted, "{seed}");
    }
}

/// As a run leaves it that died when it had stopped a member, whose task has not ended yet: the
/// others wait until it is back, and it waits for nobody.
#[test]
fn a_member_that_was_told_to_have_no_task_is_given_its_data_first() {
    let [old, new] = pair(inventories::shipped()[1]);
    run(async {
        let sim = running(&old, 3).await;
        let names = keepers(&sim);
        let stopped = names.iter().find(|name| name.ends_with("bookie-1"));
        let stopped = stopped.expect("a bookie");
        by_hand(&sim, stopped, |spec| {
            spec.mode.replicated.as_mut().expect("replicas").replicas = Some(0);
        });
        let plan = up_well(&sim, &new).await;
        let titles = titles(&plan);
        assert!(!titles.contains(&format!("stop service {stopped}")));
        let first = titles.iter().find(|title| title.contains("bookie-"));
        assert_eq!(
            first.map(String::as_str),
            Some("wait for bookie-1: no task left")
        );
        given(&sim, &new).await;
    });
}

/// While it is given, nothing of it runs: else the plan fails, and what it fails of is said.
#[test]
fn a_task_that_somebody_starts_meanwhile_is_noticed() {
    let [old, new] = pair(inventories::shipped()[1]);
    run(async {
        let sim = running(&old, 4).await;
        let (mut plan, seen) = plan_up(&sim, &new).await;
        // A plan that forgot to stop the member.
        let member = keepers(&sim)[0].clone();
        let [stopped, gone, gift, _] = steps_of(&plan, &member);
        let after = plan.steps[stopped].after.clone();
        plan.steps[gift].after = after;
        plan.steps[gone].action = plan.steps[gift].action.clone();
        execute(&sim, &plan, seen).await;
        let line = format!("{member} runs while its data is given");
        sim.with(|world| assert!(world.watch.violations.contains(&line)));
    });
}

/// The law that would be broken if nothing were given.
#[test]
fn without_the_gift_a_member_does_not_come_up() {
    let [old, new] = pair(inventories::shipped()[1]);
    run(async {
        let sim = running(&old, 6).await;
        let (mut plan, seen) = plan_up(&sim, &new).await;
        for step in &mut plan.steps {
            if let Action::GiveVolumes { service, .. } = &step.action {
                let gate = Gate::TasksGone {
                    service: service.clone(),
                };
                step.action = Action::Await { gate };
            }
        }
        let run = execute(&sim, &plan, seen).await;
        assert!(
            matches!(run.outcome, Some(Outcome::Shut(..))),
            "{:?}",
            run.outcome
        );
        let denied = |line: &String| line.ends_with("Permission denied");
        sim.with(|world| assert!(world.watch.failures.iter().any(denied)));
    });
}

/// A host that joined the Swarm anew is there twice, once as it was: down.
#[test]
fn data_is_given_on_the_node_that_lives() {
    let [old, new] = pair(inventories::shipped()[1]);
    run(async {
        let sim = running(&old, 8).await;
        sim.with(|world| {
            let mut former = world.nodes[1].clone();
            former.id = "former".to_owned();
            former.state = "down".to_owned();
            world.nodes.insert(0, former);
        });
        let (plan, seen) = plan_up(&sim, &new).await;
        let gifts = plan.steps.iter().filter_map(|step| match &step.action {
            Action::GiveVolumes { node_id, .. } => Some(node_id),
            _ => None,
        });
        let gifts: Vec<&String> = gifts.collect();
        assert_eq!(gifts.len(), 6);
        assert!(gifts.iter().all(|id| *id != "former"));
        assert_eq!(
            gifts.iter().filter(|id| **id == &seen.nodes[2].id).count(),
            2
        );
    });
}

#[test]
fn a_saved_plan_with_another_gift_is_another_plan() {
    let [old, new] = pair(inventories::shipped()[1]);
    run(async {
        let sim = running(&old, 7).await;
        let (plan, _) = plan_up(&sim, &new).await;
        let is_gift = |action: &Action| matches!(action, Action::GiveVolumes { .. });
        let at = step(&plan, is_gift);
        let honest = json!(plan);
        let fields = honest["steps"][at]["action"]
            .as_object()
            .expect("an action");
        let mut tried = 0;
        for (field, value) in fields.iter().filter(|(field, _)| *field != "action") {
            let mut saved = honest.clone();
            saved["steps"][at]["action"][field] = match value {
                Value::Number(_) => json!(0),
                Value::Array(_) => json!(["/etc"]),
                _ => json!("other"),
            };
            let saved = Plan::read(&saved.to_string(), &plan.cluster).expect("a plan");
            assert!(stands(&saved, &plan).is_err(), "{field}");
            assert!(saved.is_still(&plan).is_err(), "{field}");
            tried += 1;
        }
        assert_eq!(tried, 6);
        // Nor is one that leaves the gift out, or does it before the member is stopped.
        let mut hasty = plan.clone();
        hasty.steps[at].after.clear();
        assert!(stands(&hasty, &plan).is_err());
    });
}
