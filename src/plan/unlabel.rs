//! Hosts that lose a role: their labels go, and with a label the task that it placed.

use std::collections::{BTreeMap, BTreeSet};
use std::slice::from_ref;

use super::build::Builder;
use super::labels::NodeLabels;
use super::wanted::Phase;
use super::{Action, Because, StepId};
use crate::constraint;
use crate::gate::Gate;
use crate::observed::Observed;
use crate::spec::ServiceSpec;

/// The services that a label places, each with its phase.
pub(super) type Placed<'a> = BTreeMap<&'a str, Vec<(&'a Phase, &'a ServiceSpec)>>;

/// Which services each label places, of the labels that some host loses.
pub(super) fn placed_by<'a>(labels: &'a [NodeLabels], phases: &'a [Phase]) -> Placed<'a> {
    let lost: BTreeSet<&str> = labels
        .iter()
        .flat_map(|labels| labels.remove.iter().map(String::as_str))
        .collect();
    let mut placed = Placed::new();
    if lost.is_empty() {
        return placed;
    }
    for phase in phases {
        for spec in &phase.services {
            let names = constraint::labels(spec).filter(|label| lost.contains(label));
            for label in names.collect::<BTreeSet<_>>() {
                placed.entry(label).or_default().push((phase, spec));
            }
        }
    }
    placed
}

/// Which services have a task on which node, of the services that are placed by a label that some
/// host loses. A task that still starts is one: it is up by the time its label goes.
pub(super) fn held<'a>(placed: &Placed, seen: &'a Observed) -> BTreeSet<(&'a str, &'a str)> {
    if placed.is_empty() {
        return BTreeSet::new();
    }
    let placed: BTreeSet<&str> = placed
        .values()
        .flatten()
        .map(|(_, spec)| spec.name.as_str())
        .collect();
    let tasks = seen.tasks.iter().filter(|task| task.is_wanted());
    tasks
        .filter(|task| placed.contains(task.service.as_str()))
        .map(|task| (task.service.as_str(), task.node_id.as_str()))
        .collect()
}

impl<'a> Builder<'a> {
    /// The labels of a node that go before anything is placed: they hold nothing there, and a new
    /// task that landed by one of them would end as soon as it goes.
    pub(super) fn idle(&self, labels: &NodeLabels) -> Vec<String> {
        let places = |label: &&String| self.placed_by.contains_key(label.as_str());
        let holds = |label: &String| {
            let held = self.placed_on(&labels.node_id, from_ref(label), &BTreeSet::new());
            !held.is_empty()
        };
        let remove = labels.remove.iter().filter(places);
        remove.filter(|label| !holds(label)).cloned().collect()
    }

    /// Labels go after the services that they placed: a task whose node loses a label that its
    /// constraint needs ends at once (swarmkit: `orchestrator/constraintenforcer`). Where that
    /// moves tasks, one host follows the other: the next loses its label once the tasks of the
    /// one before have left and what they were part of is whole again elsewhere.
    pub(super) fn unlabel(&mut self) {
        if self.labels.iter().all(|labels| labels.remove.is_empty()) {
            return;
        }
        let gone = self.labels_gone();
        let ends = self.ends.clone();
        let mut turn: Vec<StepId> = Vec::new();
        let mut placed_anew = self.placed_anew();
        for labels in self.labels {
            let remove: Vec<String> = labels
                .remove
                .iter()
                .filter(|label| !gone.contains(&(labels.node_id.clone(), (*label).clone())))
                .cloned()
                .collect();
            if remove.is_empty() {
                continue;
            }
            let moved = self.placed_on(&labels.node_id, &remove, &placed_anew);
            placed_anew.extend(moved.iter().map(|(_, spec)| spec.name.clone()));
            let mut after: BTreeSet<StepId> = ends.iter().chain(&self.base).copied().collect();
            // Tasks that must move need a host to move to.
            let hosts = remove
                .iter()
                .filter_map(|label| self.placed.get(label.as_str()));
            after.extend(hosts.flatten());
            if !moved.is_empty() {
                after.extend(&turn);
            }
            let after = after.into_iter().collect();
            let unlabel = self.label(labels, BTreeMap::new(), remove, after);
            if !moved.is_empty() {
                turn = self.whole_again(unlabel, &labels.hostname, &moved);
                self.ends.extend(&turn);
            }
        }
    }

    /// Labels that steps so far take from nodes, by node.
    fn labels_gone(&self) -> BTreeSet<(String, String)> {
        let steps = self.plan.steps.iter();
        steps
            .filter_map(|step| match &step.action {
                Action::LabelNode {
                    node_id, remove, ..
                } => Some(remove.iter().map(|label| (node_id.clone(), label.clone()))),
                _ => None,
            })
            .flatten()
            .collect()
    }

    /// The services whose tasks are placed once more, by the steps so far or by an update that is
    /// under way: nobody knows where Swarm puts them, a host that is still to lose its label is as
    /// good as any.
    fn placed_anew(&self) -> BTreeSet<String> {
        let steps = self.plan.steps.iter();
        let posted = steps.filter_map(|step| match &step.action {
            Action::CreateService { spec } => Some(&spec.name),
            Action::UpdateService { name, .. } => Some(name),
            _ => None,
        });
        let tasks = self.seen.tasks.iter().filter(|task| task.is_wanted());
        let under_way = tasks.filter(|task| task.node_id.is_empty() || !self.seen.is_current(task));
        let services = posted.chain(under_way.map(|task| &task.service));
        services.cloned().collect()
    }

    /// The services with a task on a node that ends there when labels go, or that may have one
    /// there by then.
    fn placed_on(
        &self,
        node: &str,
        remove: &[String],
        placed_anew: &BTreeSet<String>,
    ) -> Vec<(&'a Phase, &'a ServiceSpec)> {
        let mut moved: Vec<(&Phase, &ServiceSpec)> = Vec::new();
        let services = remove
            .iter()
            .filter_map(|label| self.placed_by.get(label.as_str()))
            .flatten();
        for (phase, spec) in services {
            let known = moved.iter().any(|(_, other)| other.name == spec.name);
            let held = self.held.contains(&(spec.name.as_str(), node));
            if !known && (held || placed_anew.contains(&spec.name)) {
                moved.push((phase, spec));
            }
        }
        moved
    }

    /// Waits until tasks have left a node and their parts work without it. Until Swarm has ended
    /// them a gate would still speak of the old ones.
    fn whole_again(
        &mut self,
        unlabel: StepId,
        hostname: &str,
        moved: &[(&'a Phase, &'a ServiceSpec)],
    ) -> Vec<StepId> {
        let mut whole = Vec::new();
        for (phase, spec) in moved {
            let mut acted = vec![unlabel];
            if let Some(gone) = &phase.gone {
                debug_assert_eq!(gone.service, spec.name);
                let gate = Gate::Tasks(gone.on(hostname));
                let left = Action::Await { gate };
                acted = vec![self.plan.push(&phase.name, left, acted, Because::Follows)];
            }
            for gate in phase.opens.iter().chain(&phase.settles) {
                if let Some(open) = self.gate(phase, gate, &acted, &[]) {
                    acted = vec![open];
                }
            }
            whole.extend(acted);
        }
        whole
    }
}
