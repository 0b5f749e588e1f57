//! The tasks that a plan says it ends are those that end.

use std::collections::{BTreeMap, BTreeSet};

use milvus_swarm::gate::short;
use milvus_swarm::observed::{Observed, Task};
use milvus_swarm::plan::{Action, Plan};

use crate::sim::Sim;

type Names = BTreeSet<String>;

fn name(seen: &Observed, task: &Task) -> String {
    let node = seen.nodes.iter().find(|node| node.id == task.node_id);
    let node = node.map_or("", |node| &node.hostname);
    format!("{}.{} on {node}", short(&task.service), task.slot)
}

fn service(name: &str) -> String {
    let dot = name.find('.').expect("a task's name");
    name[..dot].to_owned()
}

/// Nothing is under way of which a plan cannot know where it leads.
fn calm(seen: &Observed) -> bool {
    seen.tasks
        .iter()
        .filter(|task| task.is_wanted())
        .all(|task| {
            let exists = seen.services.contains_key(&task.service);
            exists && task.has_process() && seen.is_current(task)
        })
}

/// What a plan says of each service: how many tasks end, which ones surely, which ones at all.
#[derive(Debug, Default)]
struct Foretold {
    tasks: u64,
    surely: Names,
    perhaps: Names,
}

fn foretold(plan: &Plan) -> BTreeMap<String, Foretold> {
    let mut foretold: BTreeMap<String, Foretold> = BTreeMap::new();
    for step in &plan.steps {
        let Some(ends) = &step.ends else { continue };
        let certain = ends.tasks == ends.among.len() as u64;
        if !certain {
            // A label chooses nothing; and a turn may leave the names to the one before.
            let (Action::UpdateService { name, .. } | Action::RemoveService { name, .. }) =
                &step.action
            else {
                panic!("{} is not certain: {ends:?}", step.action.title());
            };
            foretold.entry(short(name).to_owned()).or_default().tasks += ends.tasks;
        }
        for ended in &ends.among {
            let name = format!("{} on {}", ended.task, ended.node);
            let of = foretold.entry(service(&ended.task)).or_default();
            of.perhaps.insert(name.clone());
            if certain {
                of.tasks += 1;
                of.surely.insert(name);
            }
        }
    }
    foretold
}

/// Holds a plan that was carried out against what became of the tasks that ran before.
pub fn came_true(plan: &Plan, before: &Observed, sim: &Sim) {
    if !calm(before) {
        return;
    }
    let after = sim.look();
    let stands = |task: &Task| after.tasks.iter().find(|other| other.id == task.id);
    let mut ended: BTreeMap<String, Names> = BTreeMap::new();
    for task in before.tasks.iter().filter(|task| task.is_up()) {
        // What ends by itself is another matter: it fails, or it was to run once.
        let by_itself = |now: &Task| matches!(now.state.as_str(), "failed" | "complete");
        if stands(task).is_none_or(|now| !now.is_up() && !by_itself(now)) {
            let names = ended.entry(short(&task.service).to_owned()).or_default();
            names.insert(name(before, task));
        }
    }
    let foretold = foretold(plan);
    let services: BTreeSet<&String> = ended.keys().chain(foretold.keys()).collect();
    for service in services {
        let (none, nothing) = (Names::new(), Foretold::default());
        let ended = ended.get(service).unwrap_or(&none);
        let foretold = foretold.get(service).unwrap_or(&nothing);
        assert!(
            foretold.tasks == ended.len() as u64
                && foretold.surely.is_subset(ended)
                && ended.is_subset(&foretold.perhaps),
            "{service}: {ended:?} ended, {foretold:?}"
        );
    }
}
