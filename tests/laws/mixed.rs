//! One process for all coordinators: brought up so, changed to and from one for each on a cluster that
//! runs, and from there to 2.6.

use milvus_swarm::component::Component;
use milvus_swarm::gate::short;
use milvus_swarm::inventory::Inventory;
use milvus_swarm::observed::Observed;
use milvus_swarm::plan::{Action, Plan};
use milvus_swarm::spec::ServiceSpec;
use milvus_swarm::system;

use crate::harness::{End, clean, end, parse, run, settled, swarm, titles, up, up_well};
use crate::inventories;
use crate::order::before;
use crate::sim::{Fault, When};

const FOUR: [&str; 3] = ["rootcoord", "datacoord", "querycoord"];

/// A shipped inventory of a version, coordinators in one process or for each.
fn of(which: usize, milvus: &str, mixed: bool) -> Inventory {
    let mut inventory = parse(&format!(
        "milvus: \"{milvus}\"\n{}{}",
        if mixed { "coordinators: mixed\n" } else { "" },
        inventories::shipped()[which].replace("milvus: \"2.3\"\n", "")
    ));
    // 2.3 has no release without it.
    inventory.accepted.insert("CVE-2025-64513".to_owned());
    // Later minors go with Pulsar 3, which takes over no data of Pulsar 2.
    let images = &mut inventory.images.overrides;
    images.insert(
        system::pulsar::IMAGE,
        "apachepulsar/pulsar:2.8.2".to_owned(),
    );
    inventory
}

fn spec<'a>(seen: &'a Observed, component: &str) -> Option<&'a ServiceSpec> {
    let mut services = seen.services.iter();
    let found = services.find(|(name, _)| short(name) == component);
    found.map(|(_, service)| &service.spec)
}

fn step(plan: &Plan, what: impl Fn(&Action) -> bool) -> usize {
    let mut steps = plan.steps.iter();
    let found = steps.position(|step| what(&step.action));
    found.unwrap_or_else(|| panic!("no such step: {:?}", titles(plan)))
}

#[test]
fn all_coordinators_come_up_in_one_process() {
    for which in 0..3 {
        for milvus in ["2.3", "2.4", "2.5", "2.6"] {
            let inventory = of(which, milvus, true);
            run(async {
                let sim = swarm(&inventory, 7);
                up_well(&sim, &inventory).await;
                settled(&sim, &inventory).await;
                clean(&sim);
                let seen = sim.look();
                assert!(FOUR.iter().all(|name| spec(&seen, name).is_none()));
                let mixed = spec(&seen, "mixcoord").expect("one for all");
                let container = &mixed.task_template.container_spec;
                let told = if milvus == "2.6" {
                    "bash /milvus/await-birth.sh milvus run mixcoord"
                } else {
                    "bash /milvus/await-birth.sh milvus run mixture -rootcoord -querycoord -datacoord -indexcoord"
                };
                let words = container.command.iter().chain(&container.args);
                assert_eq!(words.cloned().collect::<Vec<_>>().join(" "), told);
            });
        }
    }
}

/// What goes is gone from etcd before what comes starts, nothing else restarts, and there is no default
/// password to set once more.
#[test]
fn one_goes_before_the_other_comes() {
    for which in 0..3 {
        for milvus in ["2.3", "2.5"] {
            let four = of(which, milvus, false);
            let mixed = of(which, milvus, true);
            for (from, to) in [(&four, &mixed), (&mixed, &four)] {
                run(async {
                    let sim = swarm(from, 11);
                    up_well(&sim, from).await;
                    settled(&sim, from).await;
                    let plan = up_well(&sim, to).await;
                    settled(&sim, to).await;
                    clean(&sim);
                    makes_room(&plan);
                    assert!(
                        !plan
                            .steps
                            .iter()
                            .any(|step| matches!(step.action, Action::UpdateService { .. })),
                        "{:?}",
                        titles(&plan)
                    );
                });
            }
        }
    }
}

fn makes_room(plan: &Plan) {
    let row = |name: &str| Component::of_service(short(name)).expect("a row");
    for (id, step) in plan.steps.iter().enumerate() {
        assert!(!matches!(step.action, Action::SeedRoot { .. }));
        let Action::CreateService { spec } = &step.action else {
            continue;
        };
        let comes = row(&spec.name);
        let before = before(plan, id);
        let mut gone = 0;
        for (other, step) in plan.steps.iter().enumerate() {
            let Action::RemoveService { name, .. } = &step.action else {
                continue;
            };
            assert!(comes.replaces(row(name)), "{name} goes for {}", spec.name);
            let waited = plan.steps.iter().enumerate().any(|(id, step)| {
                step.action.title().contains("no longer in etcd")
                    && step.after.contains(&other)
                    && before.contains(&id)
            });
            assert!(waited, "{} comes while {name} may be there", spec.name);
            gone += 1;
        }
        assert!(gone > 0, "{:?}", titles(plan));
    }
}

/// From one to the other with the tool killed at a call, if at all; gives the calls that it took.
fn change(from: &Inventory, to: &Inventory, kill: Option<(usize, When)>) -> (End, usize) {
    run(async {
        let sim = swarm(from, 5);
        up_well(&sim, from).await;
        let before = sim.calls();
        if let Some((at, when)) = kill {
            sim.plant(at, Fault::Kill, when);
            let (_, first) = up(&sim, to).await;
            assert_eq!(first.outcome, None, "call {at} did not happen");
        }
        up_well(&sim, to).await;
        settled(&sim, to).await;
        clean(&sim);
        (end(&sim), sim.calls().saturating_sub(before))
    })
}

fn killed(from: &Inventory, to: &Inventory, step: usize) {
    let (wanted, calls) = change(from, to, None);
    assert!(calls > 5);
    for at in (1..=calls).step_by(step) {
        for when in [When::Before, When::After] {
            let (found, _) = change(from, to, Some((at, when)));
            assert_eq!(found, wanted, "{when:?} call {at}");
        }
    }
}

#[test]
fn killed_at_any_call_between_the_two_reaches_the_same_end() {
    let (four, mixed) = (of(1, "2.3", false), of(1, "2.3", true));
    killed(&four, &mixed, 1);
    killed(&mixed, &four, 2);
}

/// Nothing waits for itself.
#[test]
fn killed_at_any_call_into_2_6_reaches_the_same_end() {
    killed(&of(1, "2.5", true), &of(1, "2.6", true), 5);
}

/// Upstream's order into 2.6 (milvus-operator: `pkg/controllers/dependency_graph.go`, `upgrade26…`), and
/// no wait for streaming nodes before coordinators of 2.6 lead (milvus-operator#446).
#[test]
fn into_2_6_streaming_nodes_come_first_and_are_waited_for_after_coordinators() {
    for which in [1, 2] {
        let mut old = of(which, "2.5", true);
        let mut new = of(which, "2.6", true);
        for inventory in [&mut old, &mut new] {
            inventory
                .by_default
                .clone_from(&of(which, "2.6", true).by_default);
        }
        run(async {
            let sim = swarm(&old, 3);
            up_well(&sim, &old).await;
            settled(&sim, &old).await;
            let plan = up_well(&sim, &new).await;
            settled(&sim, &new).await;
            clean(&sim);
            let creates = |name: &'static str| move |action: &Action| matches!(action, Action::CreateService { spec } if short(&spec.name) == name);
            let updates = |name: &'static str| move |action: &Action| matches!(action, Action::UpdateService { name: full, .. } if short(full) == name);
            let waits = |words: &'static str| {
                move |action: &Action| {
                    matches!(action, Action::Await { .. }) && action.title().contains(words)
                }
            };
            let order = [
                step(&plan, creates("streamingnode")),
                step(&plan, updates("mixcoord")),
                step(&plan, waits("mixcoord: one leads")),
                step(&plan, waits("streamingnode: ")),
                step(&plan, updates("querynode")),
                step(&plan, updates("datanode")),
                step(&plan, updates("proxy")),
                step(&plan, |action| matches!(action, Action::Smoke { .. })),
            ];
            for pair in order.windows(2) {
                let before = before(&plan, pair[1]);
                // Coordinators do not wait for streaming nodes, and these for them only once they run.
                let is_start = pair == &order[..2];
                assert_eq!(before.contains(&pair[0]), !is_start, "{:?}", titles(&plan));
            }
            assert!(order.is_sorted(), "{:?}", titles(&plan));
        });
    }
}
