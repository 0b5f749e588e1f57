//! What nothing wants any more goes last: services, configs, former generations of secrets. Other
//! secrets and networks are pointed out and stay: what a password opens may still be there, and a
//! network may have other users.

use std::collections::BTreeSet;

use super::build::Builder;
use super::{Action, Because, StepId};
use crate::gate::{Elsewhere, Gate};
use crate::render::generation;
use crate::topology::UNTOLD_LABEL;

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
            let makes_room = self.replaced.contains_key(name);
            if makes_room
                || services.contains(name.as_str())
                || component.is_some_and(|word| word == "probe")
            {
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
        after.extend(self.replaced.values());
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

    /// Former generations of secrets, once everything else came true; of one that stays, since a
    /// service of somebody else mounts it, a plan without anything else is no place.
    pub(super) fn former_secrets(&mut self) {
        let after: Vec<StepId> = (0..self.plan.steps.len()).collect();
        for (name, found) in &self.seen.secrets {
            if !self.removes(name) {
                continue;
            }
            let mut after = after.clone();
            // Whom it lets in goes first: as long as the secret is there it is known that somebody may
            // be left.
            if let Some(of) = self.user_of(name) {
                let action = Action::RemoveUser { of };
                let push = self
                    .plan
                    .push("former secrets", action, after.clone(), Because::Orphan);
                after.push(push);
            }
            let action = Action::RemoveSecret {
                name: name.clone(),
                id: found.id.clone(),
            };
            self.plan
                .push("former secrets", action, after, Because::Orphan);
        }
    }

    /// Whether a secret is a former generation that goes now. A user does not stay for want of
    /// anything else to do.
    fn removes(&self, name: &str) -> bool {
        self.is_former(name) && (self.renews() || self.user_of(name).is_some())
    }

    /// The user who is called as a secret.
    fn user_of(&self, secret: &str) -> Option<Elsewhere> {
        let phases = self.wanted.phases.iter();
        let mut gates = phases.flat_map(|phase| &phase.opens);
        gates.find_map(|gate| match gate {
            Gate::Elsewhere(talk) => talk.about_former(secret),
            _ => None,
        })
    }

    /// Whether some service of the plan comes to mount something else.
    fn renews(&self) -> bool {
        let mut steps = self.plan.steps.iter();
        steps.any(|step| {
            let action = &step.action;
            matches!(
                action,
                Action::UpdateService { .. } | Action::CreateService { .. }
            )
        })
    }

    /// Whether a secret is a generation that another one took the place of: what it opened takes the
    /// new one by the time that all gates are open.
    fn is_former(&self, name: &str) -> bool {
        let Some((stem, number)) = generation(name) else {
            return false;
        };
        let wanted = self.wanted.secrets.iter();
        let mut wanted = wanted.filter_map(|secret| generation(&secret.name));
        wanted.any(|(of, newest)| of == stem && number < newest) && !self.is_mounted(name)
    }

    /// Whether some service is to mount a secret: what is read at a first start only stays as it was.
    fn is_mounted(&self, name: &str) -> bool {
        let specs = self.wanted.services();
        let mut secrets = specs.flat_map(|spec| &spec.task_template.container_spec.secrets);
        secrets.any(|secret| secret.name == name)
    }

    /// Whether a change of a password was cut short before Milvus took it, as far as is known.
    fn is_untold(&self, name: &str) -> bool {
        let secret = self.seen.secrets.get(name);
        secret.is_some_and(|secret| secret.labels.contains_key(UNTOLD_LABEL))
            && !self.is_former(name)
    }

    fn point_out(&mut self) {
        let secrets = self.seen.secrets.keys();
        let secrets = secrets.filter(|name| {
            let mut wanted = self.wanted.secrets.iter();
            let is_removed = self.removes(name);
            !wanted.any(|secret| secret.name == **name)
                && !is_removed
                && !self.is_untold(name)
                && !self.is_mounted(name)
        });
        let networks = self.seen.networks.keys();
        let networks = networks.filter(|name| {
            let mut wanted = self.wanted.networks.iter();
            !wanted.any(|network| network.name == **name)
        });
        let objects = secrets
            .map(|name| ("secret", name))
            .chain(networks.map(|name| ("network", name)));
        let warnings = objects.map(|(kind, name)| {
            format!(
                "{kind} `{name}` has the label of the cluster, and the inventory has no use for it: it \
                 is left alone; `docker {kind} rm {name}` removes it"
            )
        });
        let untold = self.seen.secrets.keys().filter(|name| self.is_untold(name));
        let untold = untold.map(|name| {
            format!(
                "secret `{name}` has a password that Milvus was not told of, or did not say that it took: \
                 `milvus-swarm credentials set root` makes another one and finds out"
            )
        });
        let warnings: Vec<String> = warnings.chain(untold).collect();
        self.plan.warnings.extend(warnings);
    }
}
