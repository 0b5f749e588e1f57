//! Whatever hands did to parts that hold no data, and wherever a plan was killed: what comes after
//! leads to what the inventory says, and leaves nothing to do.

use std::collections::BTreeMap;
use std::time::Duration;

use milvus_swarm::component::Component;
use milvus_swarm::execute::Outcome;
use milvus_swarm::gate::{Gate, LEADS_NOTHING, short};
use milvus_swarm::inventory::Inventory;
use milvus_swarm::plan::{Action, Plan, StepId};
use milvus_swarm::role::Role;
use milvus_swarm::topology::role_label;

use crate::harness::{
    by_hand, done, execute, parse, plan_up, run, settled, swarm_of, unbroken, up_well,
};
use crate::inventories::generated_pair;
use crate::moves::each;
use crate::sim::{Fault, Random, Sim, When};

const PAUSED: &str = "is not updated any further";

#[test]
fn after_any_deed_of_hands_up_leads_to_the_inventory() {
    each(|seed| {
        let [a, b] = generated_pair(seed).map(|text| parse(&text));
        let mut random = Random::new(seed ^ 0x5eed);
        run(async {
            let sim = swarm_of(&[&a, &b], seed);
            up_well(&sim, &a).await;
            for _ in 0..random.within(1, 3) {
                deed(&sim, &a.name, &mut random);
                let rest = if random.coin() { 9000 } else { 60_000 };
                tokio::time::sleep(Duration::from_millis(random.within(1, rest))).await;
            }
            let to = if random.coin() { &a } else { &b };
            let (plan, seen) = plan_up(&sim, to).await;
            if !plan.refusals.is_empty() {
                return;
            }
            if random.coin() && !plan.steps.is_empty() {
                let call = random.within(1, plan.steps.len() as u64);
                sim.plant(call as usize, Fault::Kill, When::After);
                execute(&sim, &plan, seen).await;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            again(&sim, to).await;
            settled(&sim, to).await;
            unbroken(&sim);
        });
    });
}

/// Runs `up` until it gets to its end. Where a task failed Swarm pauses an update, and a run that
/// comes before the task is well again says so. Where Swarm still replaces query nodes for somebody
/// else, another one may lead before the run gets there, and where no proxy was up to say who leads
/// the plan may have chosen that one; if it was to leave the run stops, and the next one chooses
/// another.
async fn again(sim: &Sim, to: &Inventory) {
    for _ in 0..3 {
        // Which tasks end is told of a Swarm at rest: this one may still follow the hands.
        let (plan, seen) = plan_up(sim, to).await;
        let query_nodes = seen.services.get(&format!("{}-milvus_querynode", to.name));
        let leads_for_good = query_nodes.is_none_or(|found| found.update_state != "updating");
        let mut warnings = plan.warnings.iter();
        let is_known = !warnings.any(|one| one.starts_with("nobody could say whether"));
        let run = execute(sim, &plan, seen).await;
        match &run.outcome {
            Some(Outcome::Shut(_, why)) if why[0].reason.starts_with(PAUSED) => {
                tokio::time::sleep(Duration::from_secs(30)).await;
            }
            Some(Outcome::Shut(id, _))
                if !(leads_for_good && is_known) && is_leads_none(&plan, *id) => {}
            _ => return done(&plan, &run),
        }
    }
    panic!("it does not get to its end");
}

fn is_leads_none(plan: &Plan, step: StepId) -> bool {
    matches!(
        &plan.steps[step].action,
        Action::Await {
            gate: Gate::Tasks(gate)
        } if gate.check == LEADS_NOTHING
    )
}

/// Does something that people do.
fn deed(sim: &Sim, cluster: &str, random: &mut Random) {
    let service = some_part(sim, random);
    let at = random.within(0, 4);
    match random.within(0, 6) {
        0 => by_hand(sim, &service, |spec| {
            if let Some(replicated) = &mut spec.mode.replicated {
                replicated.replicas = Some(at);
            }
        }),
        1 => by_hand(sim, &service, |spec| {
            let env = &mut spec.task_template.container_spec.env;
            env.push("BY=hand".to_owned());
        }),
        2 => by_hand(sim, &service, |spec| {
            let labels = &mut spec.labels;
            labels.insert("by".to_owned(), "hand".to_owned());
        }),
        3 => sim.with(|world| {
            world.services.remove(&service);
            world.later(20);
        }),
        4 => sim.with(|world| {
            let node = &world.nodes[usize::try_from(at).expect("small") % world.nodes.len()];
            let (id, labels) = (node.id.clone(), node.labels.clone());
            let free = [
                Role::Query,
                Role::Index,
                Role::Data,
                Role::Streaming,
                Role::Proxy,
                Role::Coord,
            ];
            let labels = labels.into_keys();
            let mut labels = labels.filter(|label| {
                let mut roles = free.iter();
                roles.any(|role| role_label(cluster, *role) == *label)
            });
            if let Some(label) = labels.next() {
                world
                    .label(&id, &BTreeMap::new(), &[label])
                    .expect("a node");
            }
        }),
        5 => sim.with(|world| {
            let node = &world.nodes[usize::try_from(at).expect("small") % world.nodes.len()];
            let id = node.id.clone();
            let label = role_label(cluster, Role::Query);
            let add = BTreeMap::from([(label, "true".to_owned())]);
            world.label(&id, &add, &[]).expect("a node");
        }),
        _ => sim.with(|world| {
            let config = world.configs.values_mut().next().expect("a config");
            config.labels.insert("by".to_owned(), "hand".to_owned());
        }),
    }
}

/// A service of a part that holds no data.
fn some_part(sim: &Sim, random: &mut Random) -> String {
    let names: Vec<String> = sim.with(|world| {
        let services = world.services.keys();
        let milvus = services.filter(|name| {
            let row = Component::of_service(short(name));
            row.is_some_and(|row| row.milvus.is_some())
        });
        milvus.cloned().collect()
    });
    random.some(&names, 1).remove(0)
}
