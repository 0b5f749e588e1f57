//! What nothing wants any more goes last: services, configs.

use std::collections::BTreeSet;

use super::build::Builder;
use super::{Action, Because};

impl Builder<'_> {
    /// Services and configs of the cluster that nothing wants any more.
    pub(super) fn orphans(&mut self) {
        let services: BTreeSet<&str> = self
            .wanted
            .phases
            .iter()
            .flat_map(|phase| &phase.services)
            .map(|spec| spec.name.as_str())
            .collect();
        let ends = self.ends.clone();
        let mut removed = Vec::new();
        for (name, found) in &self.seen.services {
            let component = found.spec.labels.get("milvus-swarm.component");
            if services.contains(name.as_str()) || component.is_some_and(|word| word == "probe") {
                continue;
            }
            removed.push(self.plan.push(
                "orphans",
                Action::RemoveService {
                    name: name.clone(),
                    id: found.id.clone(),
                },
                ends.clone(),
                Because::Orphan,
            ));
        }
        let mut after = ends;
        after.extend(removed);
        after.extend(self.plan.steps.iter().enumerate().filter_map(|(id, step)| {
            matches!(step.action, Action::UpdateService { .. }).then_some(id)
        }));
        after.sort_unstable();
        after.dedup();
        for (name, found) in &self.seen.configs {
            if !self.wanted.configs.contains_key(name) {
                self.plan.push(
                    "configs",
                    Action::RemoveConfig {
                        name: name.clone(),
                        id: found.id.clone(),
                    },
                    after.clone(),
                    Because::Orphan,
                );
            }
        }
    }
}
