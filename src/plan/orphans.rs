//! What nothing wants any more goes last: services, configs. Secrets and networks are pointed out
//! and stay: what a password opens may still be there, and a network may have other users.

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
        self.point_out();
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

    fn point_out(&mut self) {
        let secrets = self.seen.secrets.keys();
        let secrets = secrets.filter(|name| {
            let mut wanted = self.wanted.secrets.iter();
            !wanted.any(|secret| secret.name == **name)
        });
        let networks = self.seen.networks.keys();
        let networks = networks.filter(|name| **name != self.wanted.network.name);
        let objects = secrets
            .map(|name| ("secret", name))
            .chain(networks.map(|name| ("network", name)));
        let warnings = objects.map(|(kind, name)| {
            format!(
                "{kind} `{name}` has the label of the cluster, and the inventory has no use for it: it \
                 is left alone; `docker {kind} rm {name}` removes it"
            )
        });
        self.plan.warnings.extend(warnings);
    }
}
