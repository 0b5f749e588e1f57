//! The probe: a small task on the engine's own node through which gates are asked while no
//! Milvus task runs there. It ends by itself and is removed when the tool is done.

mod at_rest;

use std::time::Duration;

use super::{Live, own};
use crate::component::Secret;
use crate::engine::EngineError;
use crate::gate::short;
use crate::observed::{Observed, Task, lacks_image};
use crate::render::generation;
use crate::spec::{
    ContainerSpec, EndpointSpec, FileTarget, Mode, NetworkAttachment, Placement, Replicated,
    RestartPolicy, SecretRef, ServiceSpec, Shared, TaskSpec,
};
use crate::system::FRONT;
use crate::wanted::{Cluster, probe_name};

/// Value of the component label of a probe.
pub const PROBE: &str = "probe";
/// A probe that nobody removed ends after this many seconds.
const LIFETIME: u32 = 900;

/// Why no probe is started beside somebody who works on the cluster.
const OTHERS: &str = "somebody else works on the cluster, and no task of it runs on this manager to \
                      ask through";

/// What a probe is made of.
#[derive(Clone, Debug, Default)]
pub(super) struct Probe {
    pub(super) image: String,
    /// Those of a proxy, and the one that all are on first.
    pub(super) networks: Vec<String>,
    /// Key and name of each credential, also of those that no proxy has: users of systems are made
    /// with them.
    secrets: Vec<(String, String)>,
}

impl Probe {
    pub(super) fn of(cluster: &Cluster) -> Self {
        let proxy = cluster
            .wanted
            .phases
            .iter()
            .flat_map(|phase| &phase.services)
            .find(|spec| spec.name == cluster.wanted.proxy);
        let container = proxy.map(|spec| &spec.task_template.container_spec);
        Self {
            image: container.map_or_else(String::new, |container| container.image.clone()),
            networks: cluster
                .wanted
                .networks
                .iter()
                .map(|network| network.name.clone())
                .collect(),
            secrets: cluster
                .wanted
                .secrets
                .iter()
                .filter_map(|secret| Some((key_of(&secret.name)?.to_owned(), secret.name.clone())))
                .collect(),
        }
    }

    /// Whether the network and its credentials are there. A cluster that runs has all that it is asked
    /// with; a version of this tool before it may have made fewer.
    pub(super) fn has_what_it_needs(&self, seen: &Observed) -> bool {
        let mut secrets = self.secrets.iter();
        let mut services = seen.services.keys();
        let runs = services.any(|name| short(name) == FRONT.name);
        let inside = self.networks.first();
        inside.is_some_and(|inside| seen.networks.contains_key(inside))
            && (runs || secrets.all(|(_, name)| seen.secrets.contains_key(name)))
    }

    /// Whether one that runs was made before a credential or a network that is there now: of a plan's
    /// first steps, some ask and others make those.
    fn is_outgrown(&self, runs: &ServiceSpec, seen: &Observed) -> bool {
        let mounted = &runs.task_template.container_spec.secrets;
        let mut there = self
            .secrets
            .iter()
            .filter(|(_, name)| seen.secrets.contains_key(name));
        let joined = &runs.task_template.networks;
        let mut networks = self.networks.iter();
        there.any(|(_, name)| !mounted.iter().any(|secret| secret.name == *name))
            || networks.any(|name| {
                seen.networks.contains_key(name) && !joined.iter().any(|one| one.target == *name)
            })
    }

    /// One with the credentials that are there.
    fn spec(&self, cluster: &str, seen: &Observed) -> ServiceSpec {
        let node = &seen.this_node;
        ServiceSpec {
            name: probe_name(cluster),
            labels: own::labels(cluster, PROBE),
            task_template: Shared::new(TaskSpec {
                container_spec: ContainerSpec {
                    image: self.image.clone(),
                    command: vec!["sleep".to_owned(), LIFETIME.to_string()],
                    init: Some(false),
                    stop_grace_period: Some(1_000_000_000),
                    secrets: self
                        .secrets
                        .iter()
                        .filter(|(_, name)| seen.secrets.contains_key(name))
                        .map(|(key, name)| mounted(key, name))
                        .collect(),
                    ..ContainerSpec::default()
                },
                restart_policy: Some(RestartPolicy {
                    condition: "none".to_owned(),
                    ..RestartPolicy::default()
                }),
                placement: Placement {
                    constraints: vec![format!("node.id == {node}")],
                    ..Placement::default()
                },
                networks: self
                    .networks
                    .iter()
                    .filter(|name| seen.networks.contains_key(*name))
                    .map(|name| NetworkAttachment {
                        target: name.clone(),
                        ..NetworkAttachment::default()
                    })
                    .collect(),
                ..TaskSpec::default()
            }),
            mode: Mode {
                replicated: Some(Replicated { replicas: Some(1) }),
                ..Mode::default()
            },
            endpoint_spec: EndpointSpec {
                mode: "dnsrr".to_owned(),
                ..EndpointSpec::default()
            },
            ..ServiceSpec::default()
        }
    }
}

/// The running task on the engine's node that questions can go through, proxies first: they
/// hold the credentials.
pub(super) fn vantage<'a>(seen: &'a Observed, cluster: &str) -> Option<&'a Task> {
    let probe = probe_name(cluster);
    let rank = |task: &Task| match short(&task.service) {
        name if name == FRONT.name => Some(0),
        _ if task.service == probe => Some(1),
        _ => None,
    };
    seen.tasks
        .iter()
        .filter(|task| {
            task.node_id == seen.this_node && task.is_up() && !task.container_id.is_empty()
        })
        .filter_map(|task| Some((rank(task)?, task)))
        .min_by_key(|(rank, _)| *rank)
        .map(|(_, task)| task)
}

/// A secret as a task finds it under its key.
fn mounted(key: &str, name: &str) -> SecretRef {
    SecretRef {
        file: Some(FileTarget {
            name: key.to_owned(),
            uid: "0".to_owned(),
            gid: "0".to_owned(),
            // Some images of Milvus run as a user of their own (milvus#51221), who asks.
            mode: 0o444,
            ..FileTarget::default()
        }),
        name: name.to_owned(),
        ..SecretRef::default()
    }
}

/// The key of a secret: `minio-root` of `prod-minio-root-v1`.
fn key_of(name: &str) -> Option<&'static str> {
    let (stem, _) = generation(name)?;
    let keys = Secret::all().map(|secret| secret.key);
    keys.filter(|key| stem.ends_with(key))
        .max_by_key(|key| key.len())
}

impl Live {
    /// Name of the probe, where another has to take its place, by the last look. Only who holds the
    /// lock makes secrets, and no two can take each other's probe away.
    pub(super) fn outgrown_probe(&self) -> Option<String> {
        if !self.may_start_probe || self.token.borrow().is_none() || self.is_others() {
            return None;
        }
        let last = self.last.borrow();
        let name = probe_name(&self.cluster);
        let runs = last.services.get(&name)?;
        let is_ours = self.foreign(&name, PROBE, &runs.spec.labels).is_none();
        (is_ours && self.probe.is_outgrown(&runs.spec, &last)).then_some(name)
    }

    /// Whether questions go through a probe that mounts these secrets, by key and name.
    pub(super) fn probe_mounts(&self, names: &[(String, String)]) -> bool {
        let last = self.last.borrow();
        let name = probe_name(&self.cluster);
        if vantage(&last, &self.cluster).is_none_or(|task| task.service != name) {
            return false;
        }
        let probe = last.services.get(&name).map(|probe| &probe.spec);
        let mounts = |(key, name): &(String, String)| {
            let secrets = probe
                .iter()
                .flat_map(|spec| &spec.task_template.container_spec.secrets);
            secrets.into_iter().any(|secret| {
                secret.name == *name && secret.file.as_ref().is_some_and(|file| file.name == *key)
            })
        };
        names.iter().all(mounts)
    }

    /// Whether there is a place to ask from, or one can be made: by the last look, a task of
    /// ours runs on this node, or the scheduler may put a probe there.
    ///
    /// # Errors
    /// Neither; waiting would be for ever.
    pub fn room_to_ask(&self) -> Result<(), String> {
        match vantage(&self.last.borrow(), &self.cluster) {
            Some(_) => Ok(()),
            None => self.room_for_probe(),
        }
    }

    /// A probe is pinned to the engine's own node: where that takes no tasks, it would be
    /// pending until somebody wonders.
    fn room_for_probe(&self) -> Result<(), String> {
        let last = self.last.borrow();
        let this = last.nodes.iter().find(|node| node.id == last.this_node);
        match this {
            Some(node) if !matches!(node.availability.as_str(), "" | "active") => Err(format!(
                "components are asked through a small task on this manager, and node `{0}` takes \
                 no tasks (availability `{1}`): docker node update --availability active {0}, or \
                 name another manager with `--host`",
                node.hostname, node.availability
            )),
            _ => Ok(()),
        }
    }

    /// Starts a probe unless one is on its way.
    pub(super) async fn start_probe(&self) -> Result<(), String> {
        // Who works on the cluster may be about to take its network away, which a new task would
        // hold, and nobody but them removes a probe meanwhile.
        if self.is_others() {
            return Err(OTHERS.to_owned());
        }
        self.room_for_probe()?;
        let name = probe_name(&self.cluster);
        let is_outgrown = self.outgrown_probe().is_some();
        let is_over = {
            let last = self.last.borrow();
            last.services.get(&name).map(|service| {
                let over = !last
                    .tasks
                    .iter()
                    .any(|task| task.service_id == service.id && task.is_wanted());
                let elsewhere = !service
                    .spec
                    .task_template
                    .placement
                    .constraints
                    .contains(&format!("node.id == {}", last.this_node));
                over || elsewhere || is_outgrown
            })
        };
        match is_over {
            Some(false) => return Ok(()),
            Some(true) => {
                let removed = self.remove_own(&name, PROBE).await;
                removed.map_err(own::sentence)?;
                self.tunnel.close();
                self.forget_probe(&name);
            }
            None => {}
        }
        let spec = self.probe.spec(&self.cluster, &self.last.borrow());
        self.probe_made.set(true);
        let text = |error: EngineError| error.to_string();
        match self.engine.create_service(&spec).await {
            Ok(_) => Ok(()),
            Err(EngineError::Conflict(_)) => {
                // Another run's is as good, if it is one.
                let found = self.engine.find_service(&name).await.map_err(text)?;
                let foreign = found.and_then(|found| self.foreign(&name, PROBE, &found.labels));
                self.probe_is_foreign.set(foreign.is_some());
                foreign.map_or(Ok(()), |failure| Err(own::sentence(failure)))
            }
            Err(error) => Err(text(error)),
        }
    }

    /// The last look saw a probe that is gone since: the next question must not take another one away
    /// for it.
    fn forget_probe(&self, name: &str) {
        let mut last = self.last.borrow_mut();
        last.services.remove(name);
        last.tasks.retain(|task| task.service != name);
    }

    /// Why the probe that was started can't run, by the last look: its image is not there. What else
    /// ends a task may be over when it is started again.
    pub(super) fn probe_lacks_image(&self) -> Option<String> {
        let last = self.last.borrow();
        let probe = last.services.get(&probe_name(&self.cluster))?;
        let mut tasks = last.tasks.iter().rev();
        let task = tasks.find(|task| task.service_id == probe.id)?;
        (self.probe_made.get() && lacks_image(&task.error)).then(|| {
            format!(
                "the small task on this manager to ask through was {}: {}",
                task.state, task.error
            )
        })
    }

    /// Removes the probe and waits a moment for its task to end, so that the network is free.
    pub(super) async fn remove_probe(&self) {
        // Whoever works on the cluster now may be asking through it.
        if !self.may_start_probe || self.is_others() {
            return;
        }
        // One of somebody else's was told of when a probe was to be started.
        let removed = self.remove_own(&probe_name(&self.cluster), PROBE).await;
        if removed.is_ok_and(|was_there| was_there) {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observed::{Network, Secret};

    #[test]
    fn what_came_after_it_makes_another_probe() {
        let probe = Probe {
            image: "milvus".to_owned(),
            networks: vec!["prod_net".to_owned(), "prod_front".to_owned()],
            secrets: vec![("minio-root".to_owned(), "prod-minio-root-v1".to_owned())],
        };
        let mut seen = Observed::default();
        let runs = |seen: &Observed| probe.spec("prod", seen);
        let network = || Network::default();
        seen.networks.insert("prod_net".to_owned(), network());
        let first = runs(&seen);
        assert!(!probe.is_outgrown(&first, &seen));
        seen.networks.insert("prod_front".to_owned(), network());
        assert!(probe.is_outgrown(&first, &seen));
        let second = runs(&seen);
        assert!(!probe.is_outgrown(&second, &seen));
        // Of those that are nothing to it.
        seen.networks.insert("prod_old".to_owned(), network());
        assert!(!probe.is_outgrown(&second, &seen));
        let name = "prod-minio-root-v1".to_owned();
        seen.secrets.insert(name, Secret::default());
        assert!(probe.is_outgrown(&second, &seen));
        assert!(!probe.is_outgrown(&runs(&seen), &seen));
    }
}
