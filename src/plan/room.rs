//! Services that can't be there at once: one goes, and nothing of it is left when the other comes.

use std::collections::BTreeSet;

use super::build::Builder;
use super::wanted::Phase;
use super::{Action, Because, StepId};
use crate::gate::Gate;

impl Builder<'_> {
    /// Takes away what can't be there beside the services that a phase makes, once all is there that
    /// they wait for; gives the steps that find nothing of it left.
    pub(super) fn make_room(&mut self, phase: &Phase, needs: &[StepId]) -> Vec<StepId> {
        if !self.creates(phase) {
            return Vec::new();
        }
        let mut after: BTreeSet<StepId> = needs.iter().copied().collect();
        for spec in &phase.services {
            after.extend(self.waits_for(spec));
        }
        let after: Vec<StepId> = after.into_iter().collect();
        let mut steps = Vec::new();
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
}
