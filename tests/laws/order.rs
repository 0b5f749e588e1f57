//! Steps stand after what they wait for, and nothing starts or stops before its time. These
//! laws read the plan itself; every plan that any other law makes goes through [`stands`].

use std::collections::BTreeSet;

use milvus_swarm::component::Component;
use milvus_swarm::gate::{Gate, short};
use milvus_swarm::plan::{Action, Plan, StepId};

use crate::harness::{down_well, parse, plan_up, run, swarm, up_well};
use crate::{inventories, smoke};

/// Every step stands after what it waits for, and the check of it all at the end.
pub fn stands(plan: &Plan) {
    smoke::ends(plan);
    for (id, step) in plan.steps.iter().enumerate() {
        for &before in &step.after {
            assert!(
                before < id,
                "step {id} ({}) waits for {before}",
                step.action.title()
            );
        }
    }
}

/// Everything that has passed when a step starts.
pub fn before(plan: &Plan, id: StepId) -> BTreeSet<StepId> {
    let mut all = BTreeSet::new();
    let mut todo = plan.steps[id].after.clone();
    while let Some(step) = todo.pop() {
        if all.insert(step) {
            todo.extend(&plan.steps[step].after);
        }
    }
    all
}

fn component(service: &str) -> Option<&'static Component> {
    Component::of_service(short(service))
}

/// The component that an open gate speaks for.
fn speaks_for(gate: &Gate) -> Option<&'static Component> {
    let opens = ["metadata", "registered", "leads", "serves"];
    match gate {
        Gate::Members(gate) => Component::named(&gate.component),
        Gate::Tasks(gate) if opens.contains(&gate.check.as_str()) => {
            Component::named(&gate.component)
        }
        _ => None,
    }
}

#[test]
fn a_service_is_created_after_the_gates_of_all_it_needs() {
    for text in inventories::shipped() {
        let inventory = parse(text);
        let (plan, _) = run(async { plan_up(&swarm(&inventory, 1), &inventory).await });
        let present: BTreeSet<&str> = plan
            .steps
            .iter()
            .filter_map(|step| match &step.action {
                Action::CreateService { spec } => Some(component(&spec.name)?.name),
                _ => None,
            })
            .collect();
        for (id, step) in plan.steps.iter().enumerate() {
            let Action::CreateService { spec } = &step.action else {
                continue;
            };
            let before = before(&plan, id);
            let opened: BTreeSet<&str> = before
                .iter()
                .filter_map(|&id| match &plan.steps[id].action {
                    Action::Await { gate } => Some(speaks_for(gate)?.name),
                    _ => None,
                })
                .collect();
            let row = component(&spec.name).expect("a row of the table");
            for need in row.needs.iter().filter(|need| present.contains(**need)) {
                assert!(opened.contains(need), "{} starts before {need}", spec.name);
            }
            let base = |wanted: fn(&Action) -> bool| {
                plan.steps
                    .iter()
                    .enumerate()
                    .all(|(id, step)| !wanted(&step.action) || before.contains(&id))
            };
            assert!(
                base(|action| matches!(action, Action::CreateNetwork { .. })),
                "network"
            );
            assert!(
                base(|action| matches!(action, Action::CreateSecret { .. })),
                "secrets"
            );
            assert!(
                base(|action| matches!(action, Action::LabelNode { .. })),
                "labels"
            );
            if row.name.ends_with("coord") {
                assert!(
                    base(|action| matches!(action, Action::SeedRoot { .. })),
                    "credential"
                );
            }
        }
    }
}

#[test]
fn a_service_is_removed_after_all_that_need_it_are_gone() {
    for text in inventories::shipped() {
        let inventory = parse(text);
        let plan = run(async {
            let sim = swarm(&inventory, 2);
            up_well(&sim, &inventory).await;
            down_well(&sim, &inventory, false).await
        });
        let removed = |id: StepId| match &plan.steps[id].action {
            Action::RemoveService { name, .. } => component(name),
            _ => None,
        };
        for id in 0..plan.steps.len() {
            let Some(row) = removed(id) else { continue };
            let before = before(&plan, id);
            for other in 0..plan.steps.len() {
                let needs = removed(other).is_some_and(|other| other.needs.contains(&row.name));
                if !needs {
                    continue;
                }
                let Action::RemoveService { name, .. } = &plan.steps[other].action else {
                    continue;
                };
                let waited = before.iter().any(|&id| {
                    matches!(&plan.steps[id].action,
                        Action::Await { gate: Gate::ServicesGone { services } } if services.contains(name))
                });
                assert!(waited, "{} goes while {name} may still run", row.name);
            }
        }
    }
}
