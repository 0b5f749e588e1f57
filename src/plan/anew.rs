//! Networks that are made anew: Swarm can't change one, nor remove it while a task is on it, so that
//! everything is stopped first and started again afterwards. Data, secrets and labels stay.

use std::collections::BTreeMap;

use super::remove::services_gone;
use super::{Action, Because, Outage, Plan, StepId, Wanted};
use crate::observed::Observed;
use crate::system::FRONT;
use crate::topology::probe_name;

/// From the first task that ends to the last gate.
const SECONDS: u64 = 120;

/// Stops everything and removes the networks that are not as wanted, where that is asked for, and gives
/// what is left of the cluster then.
pub(super) fn cleared(plan: &mut Plan, wanted: &Wanted, seen: &Observed) -> Option<Observed> {
    let networks = wanted.renewed.iter();
    let networks = networks.filter_map(|name| Some((name, &seen.networks.get(name)?.id)));
    let networks: Vec<_> = networks.collect();
    if networks.is_empty() {
        return None;
    }
    // What is asked through goes with the network that it is on, whoever started it.
    let mut asked = seen.clone();
    let probe = probe_name(&wanted.cluster);
    asked.services.remove(&probe);
    asked.tasks.retain(|task| task.service != probe);
    let gone = services_gone(plan, &wanted.cluster, &asked);
    let mut left = Observed {
        services: BTreeMap::new(),
        tasks: Vec::new(),
        ..seen.clone()
    };
    for (name, id) in networks {
        left.networks.remove(name);
        plan.push(
            "network",
            Action::RemoveNetwork {
                name: name.clone(),
                id: id.clone(),
            },
            gone.clone(),
            Because::Changed,
        );
    }
    Some(left)
}

/// What was planned for what is left comes after all that was there is gone.
pub(super) fn follow(plan: &mut Plan, removed: StepId) {
    let last: Vec<StepId> = (0..removed)
        .filter(|id| matches!(plan.steps[*id].action, Action::RemoveNetwork { .. }))
        .collect();
    for step in &mut plan.steps[removed..] {
        if step.after.is_empty() {
            step.after.clone_from(&last);
        }
    }
}

/// What users miss meanwhile.
pub(super) fn outage(seen: &Observed) -> Outage {
    let tasks = seen.tasks.iter().filter(|task| task.is_up()).count();
    Outage {
        component: FRONT.name.to_owned(),
        tasks: tasks as u64,
        effect: "no requests at all: everything is stopped and started again, and collections are loaded \
                 again"
            .to_owned(),
        seconds: SECONDS,
    }
}
