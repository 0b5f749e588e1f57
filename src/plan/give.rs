//! Giving what a member keeps to the user that its new image runs as.
//!
//! An image may run as a user of its own where those before it ran as root; what root wrote that
//! user can't go on writing, and a process of root goes on making files as long as it runs. So the
//! member is stopped, then its data is given, then its new spec is posted. Whatever comes between,
//! the spec that is posted says how far it got: one of the old image is yet to be given its data,
//! and to give it twice does no harm.

use std::sync::Arc;

use super::adopt::because;
use super::build::{Builder, update};
use super::wanted::Phase;
use super::{Action, Because, StepId};
use crate::component::{Component, Data};
use crate::gate::{Gate, short};
use crate::observed::Service;
use crate::spec::{Mount, ServiceSpec, diff};

impl Builder<'_> {
    /// Whether a member's data is to be given before its new spec is posted.
    pub(super) fn is_given(&self, spec: &ServiceSpec) -> bool {
        self.gift(spec).is_some()
    }

    /// What gives a member's data to the user of its new image, if that is another one.
    fn gift(&self, spec: &ServiceSpec) -> Option<Action> {
        let row = Component::of_service(short(&spec.name))?;
        let found = self.seen.services.get(&spec.name)?;
        let is = &found.spec.task_template.container_spec.image;
        let uid = row.heir(is, &spec.task_template.container_spec.image)?;
        let mounts = &spec.task_template.container_spec.mounts;
        let volumes: Vec<String> = mounts
            .iter()
            .filter(|mount| holds_data(row.data, mount))
            .map(|mount| mount.source.clone())
            .collect();
        let node = self.nodes.home(spec)?;
        (!volumes.is_empty()).then(|| Action::GiveVolumes {
            node_id: node.id.clone(),
            hostname: node.hostname.clone(),
            service: spec.name.clone(),
            volumes,
            uid,
            image: is.clone(),
        })
    }

    /// Brings a member to its spec, with its data given on the way; says which step is the last.
    pub(super) fn give(
        &mut self,
        phase: &Phase,
        spec: &ServiceSpec,
        needs: &[StepId],
    ) -> Option<StepId> {
        let found = self.seen.services.get(&spec.name)?;
        let gift = self.gift(spec)?;
        let mut after = self.waits_for(spec);
        after.extend(needs);
        let mut after: Vec<StepId> = after.into_iter().collect();
        let stopped = stopped(&found.spec);
        if let Some(stop) = stop(found, &stopped) {
            after = vec![self.plan.push(&phase.name, stop, after, because(found))];
        }
        // Told to have none, it may have some yet: always after it was told just now.
        let gate = Gate::TasksGone {
            service: spec.name.clone(),
        };
        let action = Action::Await { gate };
        let gone = self.plan.push(&phase.name, action, after, Because::Follows);
        let given = self
            .plan
            .push(&phase.name, gift, vec![gone], Because::Follows);
        self.at_once(phase, found, (stopped, spec), &[given])
    }
}

/// Whether a mount is what a member keeps its data in: a volume is the member's own, and of the
/// host's directories those where the component has its data.
fn holds_data(data: Data, mount: &Mount) -> bool {
    let is_theirs = match mount.kind.as_str() {
        "volume" => true,
        "bind" => data.is_at(&mount.target),
        _ => false,
    };
    is_theirs && !mount.read_only
}

/// The spec that runs, told to have no task.
fn stopped(spec: &ServiceSpec) -> ServiceSpec {
    let mut stopped = spec.clone();
    if let Some(replicated) = &mut stopped.mode.replicated {
        replicated.replicas = Some(0);
    }
    stopped
}

/// What tells a service to have no task, unless it has been told.
fn stop(found: &Service, stopped: &ServiceSpec) -> Option<Action> {
    let changes = diff(&found.spec, stopped);
    let from = Arc::new(found.spec.clone());
    (!changes.is_empty()).then(|| update(found, from, stopped.clone(), changes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_given_and_nothing_else_of_a_host() {
        let data = Data::Dir("/pulsar/data");
        let case = |kind: &str, target: &str, read_only: bool| {
            let mount = Mount {
                kind: kind.to_owned(),
                target: target.to_owned(),
                read_only,
                ..Mount::default()
            };
            holds_data(data, &mount)
        };
        assert!(case("volume", "/pulsar/data", false));
        assert!(case("volume", "/journal", false));
        assert!(case("bind", "/pulsar/data", false));
        assert!(case("bind", "/pulsar/data/journal", false));
        assert!(!case("bind", "/pulsar/database", false));
        assert!(!case("bind", "/etc/localtime", false));
        assert!(!case("volume", "/pulsar/data", true));
        assert!(!case("tmpfs", "/pulsar/data", false));
    }
}
