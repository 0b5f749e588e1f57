//! Services that can't be there at once: one goes, and nothing of it is left when the other comes. Either
//! both would do the same work, or one publishes what the other is to publish.

use std::collections::BTreeSet;

use super::build::Builder;
use super::wanted::Phase;
use super::{Action, Because, StepId};
use crate::gate::Gate;
use crate::spec::ServiceSpec;

impl Builder<'_> {
    /// Takes away what can't be there beside the services that a phase makes, once all is there that
    /// they wait for; gives the steps that find nothing of it left.
    pub(super) fn make_room(&mut self, phase: &Phase, needs: &[StepId]) -> Vec<StepId> {
        let mut steps = self.give_ports(phase, needs);
        if !self.creates(phase) {
            return steps;
        }
        let mut after: BTreeSet<StepId> = needs.iter().copied().collect();
        for spec in &phase.services {
            after.extend(self.waits_for(spec));
        }
        let after: Vec<StepId> = after.into_iter().collect();
        for ended in &phase.replaces {
            let name = &ended.service;
            if let Some(step) = self.replaced.get(name) {
                steps.push(*step);
                continue;
            }
            let after = match self.seen.services.get(name) {
                Some(found) => vec![self.plan.push(
                    "orphans",
                    Action::RemoveService {
                        name: name.clone(),
                        id: found.id.clone(),
                    },
                    after.clone(),
                    Because::Orphan,
                )],
                // A run ended after it removed it.
                None if self.leaving.contains(name) => after.clone(),
                None => continue,
            };
            let gate = Gate::Tasks(ended.clone());
            let step = self
                .plan
                .push("orphans", Action::Await { gate }, after, Because::Follows);
            self.replaced.insert(name.clone(), step);
            steps.push(step);
        }
        steps
    }

    /// Takes away services that nothing wants any more and that hold ports which those of a phase are to
    /// publish from now on: no host has a port twice.
    pub(super) fn give_ports(&mut self, phase: &Phase, needs: &[StepId]) -> Vec<StepId> {
        let holders: Vec<(String, String)> = self
            .seen
            .services
            .iter()
            .filter(|(name, found)| {
                let is_wanted = self.wanted.services().any(|spec| spec.name == **name);
                let is_left = !is_wanted && !self.replaced.contains_key(*name);
                is_left && self.new_ports(phase).any(|port| holds(&found.spec, port))
            })
            .map(|(name, found)| (name.clone(), found.id.clone()))
            .collect();
        let mut steps = Vec::new();
        for (name, id) in holders {
            let services = vec![name.clone()];
            let action = Action::RemoveService {
                name: name.clone(),
                id,
            };
            let removed = self
                .plan
                .push("orphans", action, needs.to_vec(), Because::Orphan);
            let gate = Gate::ServicesGone { services };
            let step = self.plan.push(
                "orphans",
                Action::Await { gate },
                vec![removed],
                Because::Follows,
            );
            self.replaced.insert(name, step);
            steps.push(step);
        }
        steps
    }

    /// Ports that services of a phase publish from now on and did not before.
    fn new_ports<'a>(&'a self, phase: &'a Phase) -> impl Iterator<Item = u32> + 'a {
        phase.services.iter().flat_map(|spec| {
            let found = self.seen.services.get(&spec.name);
            let ports = spec.endpoint_spec.ports.iter();
            let ports = ports.map(|port| port.published_port);
            ports.filter(move |port| {
                *port > 0 && !found.is_some_and(|found| holds(&found.spec, *port))
            })
        })
    }
}

/// Whether a service publishes a port.
pub(super) fn holds(spec: &ServiceSpec, port: u32) -> bool {
    let mut ports = spec.endpoint_spec.ports.iter();
    ports.any(|other| other.published_port == port)
}
