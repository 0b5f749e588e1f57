//! What users will miss while a plan is executed, and for about how long.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::room::holds;
use super::{Action, Because, Plan, Wanted};
use crate::component::{COMPONENTS, Component};
use crate::gate::short;
use crate::observed::Task;
use crate::spec::Restart;
use crate::system::{DOOR, choice};

/// Where what users connect to goes for good.
const NOBODY_ANSWERS: &str = "all of it goes: no requests at all until others publish the port";

/// Something that does not work for a while.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Outage {
    /// The component whose tasks restart or go.
    pub component: String,
    /// Tasks of it that end.
    pub tasks: u64,
    /// What that means for users.
    pub effect: String,
    /// About how long, in seconds: as measured with little data on small machines; loading
    /// much data takes longer.
    pub seconds: u64,
}

/// Estimates from the tasks that the steps of a plan end. What is created for the first time is
/// no outage.
pub(super) fn outages(
    plan: &Plan,
    wanted: &Wanted,
    running: &BTreeMap<&str, Vec<&Task>>,
) -> Vec<Outage> {
    let mut up: BTreeMap<usize, u64> = BTreeMap::new();
    for (service, tasks) in running {
        if let Some(row) = row(short(service)) {
            *up.entry(row).or_default() += tasks.len() as u64;
        }
    }
    let mut losses: BTreeMap<usize, Loss> = BTreeMap::new();
    for step in &plan.steps {
        let Some(ends) = &step.ends else { continue };
        // Services that nothing wants any more are taken away all at the same time; labels go
        // from one host after the other.
        let at_once = match &step.action {
            Action::RemoveService { .. } if step.because == Because::Orphan => ends.tasks,
            // What is too many goes at the same time, together with the first to be replaced.
            Action::UpdateService { turn: Some(_), .. } if ends.tasks > 1 => ends.tasks,
            Action::UpdateService {
                from,
                spec,
                restart,
                turn: None,
                ..
            } => match restart {
                // A task that goes alone is one of a member, who waits for the others.
                Restart::None if ends.tasks == 1 => 0,
                Restart::None => ends.tasks,
                _ => {
                    let replicas = from.replicas().zip(spec.replicas());
                    replicas.map_or(0, |(from, to)| from.saturating_sub(to))
                }
            },
            _ => 0,
        };
        let removed = matches!(step.action, Action::RemoveService { .. });
        let unwatched = matches!(step.action, Action::UpdateService { turn: None, .. });
        let closes = match &step.action {
            Action::UpdateService { from, spec, .. } => {
                let mut ports = from.endpoint_spec.ports.iter();
                ports.any(|port| !holds(spec, port.published_port))
            }
            _ => false,
        };
        let mut lose = |service: &str, tasks: u64| {
            if let Some(row) = row(service) {
                let loss = losses.entry(row).or_default();
                loss.tasks += tasks;
                loss.at_once += at_once.min(tasks);
                loss.removed += if removed { tasks } else { 0 };
                loss.unwatched |= unwatched && tasks > 1;
                loss.closes |= closes;
            }
        };
        match &step.action {
            Action::UpdateService { name, .. } | Action::RemoveService { name, .. } => {
                lose(short(name), ends.tasks);
            }
            // A label ends tasks of several services.
            _ => {
                for ended in &ends.among {
                    let service = ended.task.rsplit_once('.').map_or("", |(name, _)| name);
                    lose(service, 1);
                }
            }
        }
    }
    losses
        .into_iter()
        .map(|(row, loss)| {
            let up = up.get(&row).copied().unwrap_or_default();
            let component = &COMPONENTS[row];
            let away = &component.away;
            let (effect, each) = if loss.removed >= up && component.publishes(DOOR) {
                (NOBODY_ANSWERS, 30)
            } else if loss.removed >= up {
                ("all of it goes: the inventory has none any more", 10)
            } else if up == 1 || loss.at_once >= up {
                away.all
            } else if loss.at_once > 1 || loss.unwatched {
                away.several
            } else {
                away.each
            };
            // Those that go together take the time of one.
            let rounds = if away.at_once {
                1
            } else {
                loss.tasks - loss.at_once.saturating_sub(1)
            };
            let closes = loss
                .closes
                .then_some("the port of each host is closed from then until others publish it");
            let besides = closes.into_iter().chain(besides(component, wanted));
            Outage {
                component: component.name.to_owned(),
                tasks: loss.tasks,
                effect: [effect]
                    .into_iter()
                    .chain(besides)
                    .collect::<Vec<_>>()
                    .join("; "),
                seconds: each * rounds,
            }
        })
        .collect()
}

/// What users miss without a component besides what they miss without it in every cluster.
fn besides(component: &Component, wanted: &Wanted) -> Option<&'static str> {
    let chosen = wanted.phases.iter().filter_map(|phase| choice(&phase.name));
    let mut hanging = chosen.flat_map(|choice| choice.hangs_on);
    let (_, what) = hanging.find(|(on, _)| *on == component.name)?;
    Some(what)
}

/// What a component loses.
#[derive(Default)]
struct Loss {
    tasks: u64,
    /// Of those, how many do not wait for each other.
    at_once: u64,
    /// Of those, how many go with their service.
    removed: u64,
    /// Whether several go at the pace of Swarm, which waits for a process and not for its data.
    unwatched: bool,
    /// Whether a port that it published is published by others afterwards, or by none.
    closes: bool,
}

/// The place of a service's component in the table.
fn row(short: &str) -> Option<usize> {
    let component = Component::of_service(short)?;
    COMPONENTS
        .iter()
        .position(|other| other.name == component.name)
}
