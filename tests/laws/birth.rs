//! Data of another birth: it is told by gates, `status` and `plan`, it never becomes what the cluster is
//! of without being asked to, and a cluster without births gets them with nothing restarted.

use std::collections::BTreeSet;
use std::time::Duration;

use milvus_swarm::birth::label;
use milvus_swarm::component::Component;
use milvus_swarm::execute::Outcome;
use milvus_swarm::hear::verdicts;
use milvus_swarm::inventory::Inventory;
use milvus_swarm::plan::{Action, Heard, Refusal};
use milvus_swarm::status::{Health, Status};

use crate::harness::{
    End, clean, down_well, end, execute, known_cluster, parse, plan_up, run, settled, swarm,
    titles, unbroken, up_well,
};
use crate::inventories;
use crate::sim::{Fault, Sim, When};

const SEED: u64 = 7;

fn three() -> Inventory {
    parse(inventories::shipped()[1])
}

fn births() -> BTreeSet<&'static str> {
    Component::all_births().map(|birth| birth.of).collect()
}

fn may_change(of: &str) -> bool {
    let mut births = Component::all_births();
    births
        .find(|birth| birth.of == of)
        .expect("a birth")
        .may_change
}

/// As an earlier version of this tool left it.
fn forget(sim: &Sim) {
    sim.with(|world| {
        for node in &mut world.nodes {
            node.labels.retain(|label, _| !label.contains(".birth."));
        }
        world.data.births.remove("etcd");
        let processes = world
            .tasks
            .iter_mut()
            .filter_map(|task| task.process.as_mut());
        for process in processes {
            process.birth = None;
        }
    });
}

/// Labels that remember births of what a component keeps, by host.
fn remembered(sim: &Sim, cluster: &str, of: &str) -> Vec<(String, String)> {
    let label = label(cluster, of);
    let nodes = sim.look().nodes.into_iter();
    let has = nodes.filter_map(|node| Some((node.hostname, node.labels.get(&label)?.clone())));
    has.collect()
}

async fn status(sim: &Sim, inventory: &Inventory) -> Status {
    let seen = sim.look();
    let cluster = known_cluster(inventory, &seen);
    let heard: Heard = verdicts(sim, &cluster.wanted, &seen).await.into();
    Status::of(&cluster, inventory, &seen, &heard, None)
}

/// Somebody gives data in place of what was there, or none.
fn exchange(sim: &Sim, of: &'static str) {
    sim.with(|world| match of {
        "etcd" => world.empty_etcd(),
        _ => drop(world.bear(of)),
    });
}

/// Its volumes are emptied.
fn empty(sim: &Sim, of: &'static str) {
    sim.with(|world| match of {
        "etcd" => world.empty_etcd(),
        _ => {
            world.data.births.remove(of);
            world.data.metadata = None;
        }
    });
}

#[test]
fn every_birth_is_remembered_where_its_data_is() {
    for text in inventories::shipped() {
        let inventory = parse(text);
        run(async {
            let sim = swarm(&inventory, SEED);
            up_well(&sim, &inventory).await;
            settled(&sim, &inventory).await;
            clean(&sim);
            for of in births() {
                let found = remembered(&sim, &inventory.name, of);
                let row = Component::named(of).expect("a row");
                let hosts = inventory.hosts_with(row.role).count();
                assert_eq!(found.len(), hosts, "{of}");
                let told = sim.with(|world| world.data.births[of].clone());
                assert!(found.iter().all(|(_, birth)| *birth == told), "{found:?}");
            }
        });
    }
}

#[test]
fn a_cluster_of_before_gets_its_births_and_nothing_restarts() {
    let inventory = three();
    run(async {
        let sim = swarm(&inventory, SEED);
        up_well(&sim, &inventory).await;
        let wanted = end(&sim);
        forget(&sim);
        let (plan, _) = plan_up(&sim, &inventory).await;
        for step in &plan.steps {
            let quiet = matches!(
                step.action,
                Action::RememberBirth { .. } | Action::SeedRoot { .. }
            );
            assert!(quiet && step.ends.is_none(), "{}", step.action.title());
        }
        assert_eq!(plan.outages, []);
        let tasks = |sim: &Sim| -> BTreeSet<String> {
            let tasks = sim.look().tasks.into_iter();
            tasks.map(|task| task.id).collect()
        };
        let before = tasks(&sim);
        up_well(&sim, &inventory).await;
        assert_eq!(tasks(&sim), before);
        settled(&sim, &inventory).await;
        let found = end(&sim);
        assert_eq!(found.services, wanted.services);
        for of in births() {
            assert!(!remembered(&sim, &inventory.name, of).is_empty(), "{of}");
        }
        clean(&sim);
    });
}

/// With a fault at one call, and then none.
fn interrupted(at: usize, when: When) -> (End, bool) {
    let inventory = three();
    run(async {
        let sim = swarm(&inventory, SEED);
        up_well(&sim, &inventory).await;
        forget(&sim);
        let (plan, seen) = plan_up(&sim, &inventory).await;
        sim.plant(at, Fault::Kill, when);
        let first = execute(&sim, &plan, seen).await;
        up_well(&sim, &inventory).await;
        settled(&sim, &inventory).await;
        clean(&sim);
        (end(&sim), first.outcome.is_none())
    })
}

#[test]
fn killed_at_any_call_a_cluster_of_before_gets_the_same_births() {
    let (wanted, _) = interrupted(usize::MAX, When::Before);
    for at in 1.. {
        let killed = [When::Before, When::After].map(|when| {
            let (found, killed) = interrupted(at, when);
            assert_eq!(found, wanted, "{when:?} {at}");
            killed
        });
        if killed == [false, false] {
            assert!(at > births().len(), "{at}");
            break;
        }
    }
}

/// A run that died wrote the birth on some nodes alone.
#[test]
fn a_birth_that_some_nodes_have_comes_to_the_others() {
    let inventory = three();
    run(async {
        let sim = swarm(&inventory, SEED);
        up_well(&sim, &inventory).await;
        let wanted = end(&sim);
        for of in births() {
            let label = label(&inventory.name, of);
            sim.with(|world| world.nodes[1].labels.remove(&label))
                .expect("a label");
        }
        let (plan, _) = plan_up(&sim, &inventory).await;
        assert_eq!(titles(&plan).len(), 1, "{:?}", titles(&plan));
        up_well(&sim, &inventory).await;
        assert_eq!(end(&sim), wanted);
        clean(&sim);
    });
}

fn of_birth(refusals: &[Refusal]) -> Vec<&Refusal> {
    let of = refusals.iter().filter(|no| no.rule == "other-birth");
    of.collect()
}

#[test]
fn data_of_another_birth_is_told_and_no_plan_is_carried_out() {
    let inventory = three();
    let ways: [fn(&Sim, &'static str); 2] = [exchange, empty];
    for (of, away) in births()
        .into_iter()
        .flat_map(|of| ways.map(|way| (of, way)))
    {
        run(async {
            let sim = swarm(&inventory, SEED);
            up_well(&sim, &inventory).await;
            let title = Component::named(of).expect("a row").title;
            away(&sim, of);
            let (plan, _) = plan_up(&sim, &inventory).await;
            let [refusal] = of_birth(&plan.refusals)[..] else {
                panic!("{:?}", plan.refusals);
            };
            assert!(refusal.reason.contains(title), "{}", refusal.reason);
            let label = label(&inventory.name, of);
            let way_out = if may_change(of) {
                format!("docker node update --label-rm {label} node01")
            } else {
                "milvus-swarm down --data".to_owned()
            };
            assert!(refusal.hint.contains(&way_out), "{}", refusal.hint);
            assert!(
                refusal.hint.ends_with("milvus-swarm up"),
                "{}",
                refusal.hint
            );

            let status = status(&sim, &inventory).await;
            assert!(!status.healthy);
            let mut rows = status.components.iter();
            let row = rows.find(|row| row.component == of).expect("a row");
            assert_eq!(row.health, Health::Unhealthy);
            let told = |text: &String| text.contains("another birth") && text.contains(&way_out);
            assert!(status.problems.iter().any(told), "{:?}", status.problems);

            // The gate of a plan that was made before.
            let (mut plan, seen) = plan_up(&sim, &inventory).await;
            plan.refusals.clear();
            let gate = plan
                .steps
                .iter()
                .position(|step| step.part == of && matches!(step.action, Action::Await { .. }));
            assert!(gate.is_some(), "{:?}", titles(&plan));
            let run = execute(&sim, &plan, seen).await;
            let Some(Outcome::Shut(_, why)) = &run.outcome else {
                panic!("{:?}", run.outcome);
            };
            assert!(why.iter().any(|why| why.reason.contains("another birth")));
            unbroken(&sim);
        });
    }
}

#[test]
fn what_is_there_now_becomes_the_clusters_where_labels_are_taken_away() {
    let inventory = three();
    for of in births().into_iter().filter(|of| may_change(of)) {
        run(async {
            let sim = swarm(&inventory, SEED);
            up_well(&sim, &inventory).await;
            let before = remembered(&sim, &inventory.name, of);
            exchange(&sim, of);
            let label = label(&inventory.name, of);
            sim.with(|world| {
                for node in &mut world.nodes {
                    node.labels.remove(&label);
                }
            });
            let (plan, seen) = plan_up(&sim, &inventory).await;
            assert_eq!(plan.refusals, []);
            execute(&sim, &plan, seen).await;
            let after = remembered(&sim, &inventory.name, of);
            assert_eq!(after.len(), before.len());
            assert!(after.iter().all(|one| !before.contains(one)));
            if of == "etcd" {
                assert!(sim.with(|world| world.data.credential));
            }
            unbroken(&sim);
        });
    }
}

/// Labels stay with the data, and go with it.
#[test]
fn a_birth_outlives_down_and_ends_with_the_data() {
    let inventory = three();
    run(async {
        let sim = swarm(&inventory, SEED);
        up_well(&sim, &inventory).await;
        let before = remembered(&sim, &inventory.name, "etcd");
        down_well(&sim, &inventory, false).await;
        assert_eq!(remembered(&sim, &inventory.name, "etcd"), before);
        // Somebody empties the volumes meanwhile.
        exchange(&sim, "etcd");
        let (plan, seen) = plan_up(&sim, &inventory).await;
        assert_eq!(plan.refusals, []);
        let first = execute(&sim, &plan, seen).await;
        assert!(matches!(first.outcome, Some(Outcome::Shut(..))));
        let milvus = |sim: &Sim| {
            let services = sim.look().services.into_keys();
            services.filter(|name| name.contains("-milvus_")).count()
        };
        assert_eq!(milvus(&sim), 0);
        down_well(&sim, &inventory, true).await;
        assert_eq!(remembered(&sim, &inventory.name, "etcd"), []);
        up_well(&sim, &inventory).await;
        let after = remembered(&sim, &inventory.name, "etcd");
        assert!(!after.is_empty() && after != before);
        unbroken(&sim);
    });
}

#[test]
fn labels_that_contradict_each_other_are_refused() {
    let inventory = three();
    run(async {
        let sim = swarm(&inventory, SEED);
        up_well(&sim, &inventory).await;
        let label = label(&inventory.name, "etcd");
        sim.with(|world| {
            let labels = &mut world.nodes[2].labels;
            labels.insert(label.clone(), "of-another".to_owned());
        });
        let (plan, _) = plan_up(&sim, &inventory).await;
        let refusals = of_birth(&plan.refusals);
        let reason = format!(
            "labels `{label}` of nodes remember data of several births: `etcd-birth-1` and \
             `of-another`"
        );
        assert!(
            refusals.iter().any(|no| no.reason == reason),
            "{refusals:?}"
        );
        let relabels = |action: &Action| matches!(action, Action::LabelNode { add, .. } if add.contains_key(&label));
        assert!(!plan.steps.iter().any(|step| relabels(&step.action)));
    });
}

/// What was up ends, and nothing comes up that would make up a password.
#[test]
fn milvus_waits_where_etcd_was_emptied_and_goes_on_with_a_birth() {
    let inventory = three();
    run(async {
        let sim = swarm(&inventory, SEED);
        up_well(&sim, &inventory).await;
        let up = |sim: &Sim| {
            sim.with(|world| {
                let processes = world.tasks.iter().filter_map(|task| task.process.as_ref());
                let up = processes.filter(|process| process.row.milvus.is_some() && process.is_up);
                up.count()
            })
        };
        assert!(up(&sim) > 0);
        exchange(&sim, "etcd");
        sim.with(|world| world.later(1));
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(up(&sim), 0);
        tokio::time::sleep(Duration::from_secs(300)).await;
        assert_eq!(up(&sim), 0);
        unbroken(&sim);
        let label = label(&inventory.name, "etcd");
        sim.with(|world| {
            for node in &mut world.nodes {
                node.labels.remove(&label);
            }
        });
        up_well(&sim, &inventory).await;
        settled(&sim, &inventory).await;
        assert!(up(&sim) > 0);
        unbroken(&sim);
    });
}
