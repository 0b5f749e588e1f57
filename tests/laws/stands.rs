//! A plan that was agreed on stands while the cluster only gets on by itself, and falls as soon
//! as somebody changes it.

use std::collections::BTreeSet;
use std::time::Duration;

use milvus_swarm::execute::Outcome;
use milvus_swarm::gate::{Gate, Verdict};
use milvus_swarm::hear::verdicts;
use milvus_swarm::plan::{Action, Plan, stands};
use milvus_swarm::system;
use serde_json::Value;

use crate::harness::{
    clean, done, down_well, execute, known_cluster, parse, plan_down, plan_up, run, settled, swarm,
    up, up_well,
};
use crate::inventories;
use crate::sim::{Fault, When};

const SEED: u64 = 7;

/// A run dies at any call; the next one makes a plan, then waits for the dead one's lock while
/// tasks start and gates open.
#[test]
fn a_plan_made_after_a_crash_stands_while_gates_open_and_leads_to_the_end() {
    let inventory = parse(inventories::shipped()[1]);
    // On data that was kept, gates open which a first time something must be done for.
    let fresh = (false, 3);
    let kept = (true, 1);
    let begin = async |on_data| {
        let sim = swarm(&inventory, SEED);
        if on_data {
            up_well(&sim, &inventory).await;
            down_well(&sim, &inventory, false).await;
        }
        sim
    };
    let kills = [fresh, kept].map(|(on_data, first)| {
        let calls = run(async {
            let sim = begin(on_data).await;
            let before = sim.calls();
            up_well(&sim, &inventory).await;
            sim.calls() - before
        });
        (first..=calls).step_by(4).map(move |at| (on_data, at))
    });
    let mut opened = 0;
    for (on_data, at) in kills.into_iter().flatten() {
        opened += run(async {
            let sim = begin(on_data).await;
            sim.plant(at, Fault::Kill, When::After);
            let (_, killed) = up(&sim, &inventory).await;
            assert_eq!(killed.outcome, None);
            let (agreed, _) = plan_up(&sim, &inventory).await;
            tokio::time::sleep(Duration::from_secs(15)).await;
            let (fresh, seen) = plan_up(&sim, &inventory).await;
            assert_eq!(stands(&agreed, &fresh), Ok(()), "call {at}");
            let run = execute(&sim, &agreed, seen).await;
            done(&agreed, &run);
            clean(&sim);
            settled(&sim, &inventory).await;
            agreed.steps.len() - fresh.steps.len()
        });
    }
    assert!(
        opened > 10,
        "only {opened} gates opened while it was waited"
    );
}

/// Two plans from the same look; one is carried out while the other waits for the lock.
#[test]
fn a_plan_falls_once_somebody_else_did_it() {
    let inventory = parse(inventories::shipped()[1]);
    run(async {
        let sim = swarm(&inventory, SEED);
        let (agreed, _) = plan_up(&sim, &inventory).await;
        up_well(&sim, &inventory).await;
        let (fresh, _) = plan_up(&sim, &inventory).await;
        let why = stands(&agreed, &fresh).expect_err("all of it is done");
        assert!(why.starts_with("no longer in the plan: "), "{why}");

        let (agreed, _) = plan_down(&sim, &inventory, false);
        down_well(&sim, &inventory, false).await;
        let (fresh, _) = plan_down(&sim, &inventory, false);
        stands(&agreed, &fresh).expect_err("all of it is gone");
        assert!(fresh.is_empty());
    });
}

#[test]
fn a_plan_to_go_down_stands_while_tasks_of_a_dead_run_end() {
    let inventory = parse(inventories::shipped()[1]);
    let mut ended = 0;
    for at in 1..30 {
        ended += run(async {
            let sim = swarm(&inventory, SEED);
            up_well(&sim, &inventory).await;
            let (plan, seen) = plan_down(&sim, &inventory, false);
            sim.plant(at, Fault::Kill, When::After);
            if execute(&sim, &plan, seen).await.outcome == Some(Outcome::Done) {
                return 0;
            }
            let (agreed, _) = plan_down(&sim, &inventory, false);
            tokio::time::sleep(Duration::from_secs(15)).await;
            let (fresh, _) = plan_down(&sim, &inventory, false);
            assert_eq!(stands(&agreed, &fresh), Ok(()), "call {at}");
            usize::from(agreed != fresh)
        });
    }
    assert!(ended > 0, "nothing ended while it was waited");
}

fn first(plan: &Plan, wanted: impl Fn(&Action) -> bool) -> usize {
    let mut steps = plan.steps.iter();
    steps
        .position(|step| wanted(&step.action))
        .expect("there is one")
}

#[test]
fn another_deed_another_order_another_gate_and_a_refusal_each_make_it_fall() {
    let inventory = parse(inventories::shipped()[1]);
    let (agreed, _) = run(async {
        let sim = swarm(&inventory, SEED);
        plan_up(&sim, &inventory).await
    });
    assert_eq!(stands(&agreed, &agreed), Ok(()));
    let falls = |change: &dyn Fn(&mut Plan)| {
        let mut fresh = agreed.clone();
        change(&mut fresh);
        assert_ne!(fresh, agreed);
        stands(&agreed, &fresh).expect_err("it differs")
    };
    let gate = first(&agreed, |action| matches!(action, Action::Await { .. }));
    let made = first(&agreed, |action| {
        matches!(action, Action::CreateService { .. })
    });

    let why = falls(&|fresh| {
        if let Action::CreateService { spec } = &mut fresh.steps[made].action {
            spec.task_template.container_spec.image = "another".to_owned();
        }
    });
    assert!(why.contains("no longer in the plan"), "{why}");
    let why = falls(&|fresh| fresh.steps[made].after.clear());
    assert!(why.contains("another order"), "{why}");
    let why = falls(&|fresh| {
        if let Action::Await { gate } = &mut fresh.steps[gate].action {
            *gate = milvus_swarm::gate::Gate::Converged {
                service: "another".to_owned(),
            };
        }
    });
    assert!(why.contains("waited for as well"), "{why}");
    let why = falls(&|fresh| {
        fresh.refusals.push(milvus_swarm::plan::Refusal {
            rule: "r".to_owned(),
            reason: "no disk".to_owned(),
            hint: String::new(),
        });
    });
    assert!(why.contains("no disk"), "{why}");
}

/// A roll of members begins without a gate where all are well. One that falls ill meanwhile is to
/// be waited for, although the plan waits for the same gate later on.
#[test]
fn a_plan_falls_where_a_gate_shut_before_its_first_deed() {
    let inventory = parse(inventories::shipped()[2]);
    let mut changed = inventory.clone();
    let image = "quay.io/coreos/etcd:v3.5.99".to_owned();
    changed.images.overrides.insert(system::etcd::IMAGE, image);
    run(async {
        let sim = swarm(&inventory, SEED);
        up_well(&sim, &inventory).await;
        let (agreed, seen) = plan_up(&sim, &changed).await;
        let cluster = known_cluster(&changed, &seen);
        let mut verdicts = verdicts(&sim, &cluster.wanted, &seen).await;
        let again = cluster.plan(&changed, &seen, &verdicts.clone().into());
        assert_eq!(stands(&agreed, &again), Ok(()));
        for (gate, verdict) in &mut verdicts {
            if matches!(gate, Gate::Members(gate) if gate.component == "etcd") {
                *verdict = Verdict::Partly(Vec::new());
            }
        }
        let fresh = cluster.plan(&changed, &seen, &verdicts.into());
        let why = stands(&agreed, &fresh).expect_err("a gate more");
        assert!(why.starts_with("to be waited for as well: etcd"), "{why}");
        assert!(
            why.ends_with("before: update service prod-store_etcd-0"),
            "{why}"
        );
        // That it has opened since does no harm.
        assert_eq!(stands(&fresh, &agreed), Ok(()));
    });
}

/// Every value in the steps of a plan, by its path; of those that differ only in places of lists
/// and in names, the first.
fn leaves(value: &Value, path: &str, shape: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let path = format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
                leaves(value, &path, &format!("{shape}/{key}"), found);
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                leaves(value, &format!("{path}/{at}"), shape, found);
            }
        }
        _ => found.push((path.to_owned(), shape.to_owned())),
    }
}

/// Whatever somebody changes in the file of a plan, it stands no more.
#[test]
fn a_saved_plan_falls_with_any_field_of_any_step() {
    let inventory = parse(inventories::shipped()[1]);
    let mut changed = inventory.clone();
    changed.config = serde_json::json!({ "queryNode": { "gracefulStopTimeout": 600 } });
    let plans = run(async {
        let sim = swarm(&inventory, SEED);
        let (new, _) = plan_up(&sim, &inventory).await;
        up_well(&sim, &inventory).await;
        [new, plan_up(&sim, &changed).await.0]
    });
    let mut tried = 0;
    for plan in plans {
        assert_eq!(plan.is_still(&plan), Ok(()));
        let saved = serde_json::to_value(&plan).expect("a plan is JSON");
        let mut seen = BTreeSet::new();
        for (step, one) in saved["steps"].as_array().expect("steps").iter().enumerate() {
            let kind = one["action"]["action"].as_str().expect("a kind");
            let mut found = Vec::new();
            leaves(one, &format!("/steps/{step}"), kind, &mut found);
            for (path, shape) in found {
                let differs_by_itself =
                    shape == "update-service/action/version" || shape.contains("/because/unready");
                if differs_by_itself || !seen.insert(shape.clone()) {
                    continue;
                }
                let mut file = saved.clone();
                let value = file.pointer_mut(&path).expect("it is there");
                *value = match &*value {
                    Value::String(text) => format!("{text}x").into(),
                    Value::Number(number) => (number.as_i64().unwrap_or(0) + 1).into(),
                    Value::Bool(is) => (!is).into(),
                    _ => "x".into(),
                };
                // What reads as no plan, or as the very same, does no harm.
                let Ok(file) = Plan::read(&file.to_string(), &plan.cluster) else {
                    continue;
                };
                if file == plan {
                    continue;
                }
                tried += 1;
                assert!(file.is_still(&plan).is_err(), "{path} ({shape})");
            }
        }
        // A task of somebody else's, which would lead to no gate that anybody asks.
        let mut file = plan.clone();
        let is_once = |action: &Action| matches!(action, Action::CreateService { spec } if spec.name.ends_with("pulsar-init"));
        let once = plan.steps.iter().find(|step| is_once(&step.action));
        if let Some(step) = once {
            let mut step = step.clone();
            step.after.clear();
            if let Action::CreateService { spec } = &mut step.action {
                spec.task_template.container_spec.user = "0".to_owned();
            }
            file.steps.push(step);
            file.is_still(&plan).expect_err("a step more");
        }
    }
    assert!(tried > 100, "only {tried} fields");
}
