//! The calls that a plan's actions become, with the answers of a Swarm.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use milvus_swarm::execute::Failure;
use milvus_swarm::observed::{Config, Network, ObjectKind, Secret};
use milvus_swarm::plan::{Action, SecretSource};
use milvus_swarm::spec::{ServiceSpec, diff};
use tokio::time::sleep;

use super::Sim;
use super::schedule::is_dirty;
use super::world::{SimService, Update, World};

pub(super) fn fail(message: impl Into<String>) -> Failure {
    Failure {
        message: message.into(),
        hint: None,
        moved: false,
    }
}

fn moved(message: impl Into<String>) -> Failure {
    Failure {
        message: message.into(),
        hint: Some("milvus-swarm plan".to_owned()),
        moved: true,
    }
}

type Labels = BTreeMap<String, String>;

fn relabel(
    found: Option<&mut Labels>,
    kind: &str,
    name: &str,
    from: &Labels,
    labels: &Labels,
) -> Result<(), Failure> {
    let found = found.ok_or_else(|| moved(format!("{kind} `{name}` is gone")))?;
    if found != from && found != labels {
        return Err(moved(format!("{kind} `{name}` was changed")));
    }
    found.clone_from(labels);
    Ok(())
}

impl Sim {
    pub(super) async fn carry_out(&self, action: &Action) -> Result<(), Failure> {
        if let Action::GiveVolumes { .. } = action {
            return self.give(action).await;
        }
        let Action::RemoveNetwork { name, .. } = action else {
            return self.with(|world| world.carry_out(action));
        };
        // A network stays in use until the last task's endpoint is released.
        for _ in 0..120 {
            if self.with(|world| world.remove_network(name)) {
                return Ok(());
            }
            sleep(Duration::from_millis(500)).await;
        }
        Err(fail(format!("network `{name}` is still in use")))
    }
}

impl World {
    fn carry_out(&mut self, action: &Action) -> Result<(), Failure> {
        self.later(20);
        match action {
            Action::LabelNode {
                node_id,
                add,
                remove,
                ..
            } => self.label(node_id, add, remove),
            Action::CreateNetwork { spec } => {
                self.is_free(ObjectKind::Network, &spec.name)?;
                let id = self.new_id("network");
                let spec = spec.clone();
                self.networks
                    .entry(spec.name.clone())
                    .or_insert(Network { id, spec });
                Ok(())
            }
            Action::CreateSecret {
                name,
                labels,
                source,
            } => {
                self.is_free(ObjectKind::Secret, name)?;
                let bytes = match source {
                    SecretSource::Generated { .. } => format!("generated-{:x}", self.random.next()),
                    SecretSource::File { path } => format!("canary-from-{path}"),
                };
                let id = self.new_id("secret");
                self.secrets.entry(name.clone()).or_insert(Secret {
                    id,
                    labels: labels.clone(),
                });
                self.secret_bytes.entry(name.clone()).or_insert(bytes);
                Ok(())
            }
            Action::RenewPassword {
                name,
                labels,
                source,
                proxy,
            } => {
                self.is_free(ObjectKind::Secret, name)?;
                if !self.services.contains_key(proxy) || self.up("proxy") == 0 {
                    return Err(fail("no proxy takes the password"));
                }
                let made = Action::CreateSecret {
                    name: name.clone(),
                    labels: labels.clone(),
                    source: source.clone(),
                };
                self.carry_out(&made)?;
                self.data.root_password = Some(name.clone());
                Ok(())
            }
            Action::RemoveUser { of } => {
                let (user, _) = of.former();
                let running = |at: &usize| self.tasks[*at].is_wanted();
                let mounts = |at: usize| {
                    let container = &self.tasks[at].spec.task_template.container_spec;
                    container.secrets.iter().any(|secret| secret.name == user)
                };
                if (0..self.tasks.len()).filter(running).any(mounts) {
                    let why = format!("user {user} is taken from a task that is it");
                    self.watch.violations.push(why);
                }
                if !self.has_quorum("minio") {
                    return Err(fail("MinIO has no write quorum"));
                }
                self.data.users.remove(user);
                Ok(())
            }
            Action::CreateConfig {
                name, labels, data, ..
            } => {
                self.is_free(ObjectKind::Config, name)?;
                self.config_data
                    .entry(name.clone())
                    .or_insert_with(|| data.clone());
                let id = self.new_id("config");
                self.configs.entry(name.clone()).or_insert(Config {
                    id,
                    labels: labels.clone(),
                    digest: action.config().map(|config| config.digest()),
                });
                Ok(())
            }
            Action::UpdateConfig {
                name, from, labels, ..
            } => {
                let config = self.configs.get_mut(name);
                relabel(
                    config.map(|one| &mut one.labels),
                    "config",
                    name,
                    from,
                    labels,
                )
            }
            Action::UpdateSecret {
                name, from, labels, ..
            } => {
                let secret = self.secrets.get_mut(name);
                relabel(
                    secret.map(|one| &mut one.labels),
                    "secret",
                    name,
                    from,
                    labels,
                )
            }
            Action::CreateService { spec } => self.create_service(spec),
            Action::UpdateService {
                name,
                version,
                from,
                spec,
                ..
            } => self.update_service(name, *version, from, spec),
            Action::Await { .. } | Action::MakeDirectories { .. } => Ok(()),
            Action::SeedRoot { .. } => {
                self.has_quorum("etcd")
                    .then_some(())
                    .ok_or_else(|| fail("etcd does not answer"))?;
                self.data.credential = true;
                Ok(())
            }
            Action::RememberBirth {
                component,
                label,
                nodes,
                ..
            } => self.remember_birth(component, label, nodes),
            Action::Smoke { .. } => {
                let serves =
                    self.up("proxy") > 0 && self.up("querynode") > 0 && self.up("datanode") > 0;
                serves.then_some(()).ok_or_else(|| fail("a search failed"))
            }
            Action::RemoveService { name, .. } => {
                self.services.remove(name);
                Ok(())
            }
            Action::RemoveConfig { name, .. } => {
                let used = self.services.values().any(|service| {
                    let container = &service.spec.task_template.container_spec;
                    container.configs.iter().any(|config| config.name == *name)
                });
                if used {
                    return Err(fail(format!("config `{name}` is in use")));
                }
                self.configs.remove(name);
                Ok(())
            }
            Action::RemoveSecret { name, .. } => {
                let used = self.services.values().any(|service| {
                    let container = &service.spec.task_template.container_spec;
                    container.secrets.iter().any(|secret| secret.name == *name)
                });
                if used {
                    return Err(fail(format!("secret `{name}` is in use")));
                }
                self.secrets.remove(name);
                Ok(())
            }
            // These take their time.
            Action::RemoveNetwork { .. } | Action::GiveVolumes { .. } => Ok(()),
            Action::SkipHandOver { .. } => Ok(()),
            Action::RemoveVolumes { hostname, volumes } => {
                let id = self
                    .nodes
                    .iter()
                    .find(|node| node.hostname == *hostname)
                    .map(|node| node.id.clone());
                let id = id.ok_or_else(|| fail(format!("no node `{hostname}`")))?;
                self.wipe(&id, volumes).map_err(|why| {
                    self.watch.violations.push(why.clone());
                    fail(why)
                })
            }
        }
    }

    pub fn label(
        &mut self,
        node_id: &str,
        add: &BTreeMap<String, String>,
        remove: &[String],
    ) -> Result<(), Failure> {
        let version = self.next_version();
        let wait = self.random.within(1, 25);
        self.enforce_at = Some(self.clock + wait);
        self.later(wait);
        let node = self.nodes.iter_mut().find(|node| node.id == node_id);
        let node = node.ok_or_else(|| fail(format!("no node `{node_id}`")))?;
        node.labels.extend(add.clone());
        node.labels.retain(|key, _| !remove.contains(key));
        node.version = version;
        Ok(())
    }

    /// What is there stays.
    fn remember_birth(
        &mut self,
        component: &str,
        label: &str,
        nodes: &BTreeMap<String, String>,
    ) -> Result<(), Failure> {
        if !self.has_quorum(component) {
            return Err(fail(format!("{component} does not answer")));
        }
        if component == "etcd" && !self.data.credential {
            let why = "etcd has a birth before it has a credential".to_owned();
            self.watch.violations.push(why);
        }
        let birth = match (self.data.births.get(component), component) {
            (Some(birth), _) => birth.clone(),
            (None, "etcd") => self.bear("etcd"),
            (None, _) => return Err(fail(format!("{component} tells no birth"))),
        };
        for id in nodes.keys() {
            let found = self.node(id).and_then(|node| node.labels.get(label));
            if found.is_some_and(|known| *known != birth) {
                return Err(moved(format!("node {id} was labelled")));
            }
            let add = BTreeMap::from([(label.to_owned(), birth.clone())]);
            self.label(id, &add, &[])?;
        }
        Ok(())
    }

    /// References are resolved when a spec is posted: what is missing is an error.
    fn check_references(&self, spec: &ServiceSpec) -> Result<(), Failure> {
        let task = &spec.task_template;
        for network in &task.networks {
            if !self.networks.contains_key(&network.target) {
                return Err(fail(format!("network {} not found", network.target)));
            }
        }
        for config in &task.container_spec.configs {
            if !self.configs.contains_key(&config.name) {
                return Err(fail(format!("config not found: {}", config.name)));
            }
        }
        for secret in &task.container_spec.secrets {
            if !self.secrets.contains_key(&secret.name) {
                return Err(fail(format!("secret not found: {}", secret.name)));
            }
        }
        Ok(())
    }

    /// A name is given once on a Swarm (409 otherwise).
    fn is_free(&self, kind: ObjectKind, name: &str) -> Result<(), Failure> {
        let mut names = self.others.names.iter();
        if names.any(|taken| taken.kind == kind && taken.name == name) {
            return Err(moved(format!("`{name}` was made by somebody else")));
        }
        Ok(())
    }

    fn create_service(&mut self, spec: &ServiceSpec) -> Result<(), Failure> {
        self.check_references(spec)?;
        self.is_free(ObjectKind::Service, &spec.name)?;
        if self.services.contains_key(&spec.name) {
            return Err(moved(format!("service `{}` exists by now", spec.name)));
        }
        let service = SimService {
            id: self.new_id("service"),
            version: self.next_version(),
            spec: Rc::new(spec.clone()),
            edition: 1,
            update: Update::Never,
            turn_taken: false,
            changed_at: self.clock,
        };
        self.services.insert(spec.name.clone(), service);
        Ok(())
    }

    /// Posts a spec as `live::act` does: a version that moved is a change only if the spec did.
    fn update_service(
        &mut self,
        name: &str,
        version: u64,
        from: &ServiceSpec,
        spec: &ServiceSpec,
    ) -> Result<(), Failure> {
        self.check_references(spec)?;
        let service = self
            .services
            .get(name)
            .ok_or_else(|| moved(format!("service `{name}` is gone")))?;
        if service.version != version && !diff(from, &service.spec).is_empty() {
            return Err(moved(format!("service `{name}` was changed")));
        }
        self.post(name, spec);
        Ok(())
    }

    /// Takes a spec over; tasks that are not dirty by it stay.
    pub fn post(&mut self, name: &str, spec: &ServiceSpec) {
        let version = self.next_version();
        let Some(service) = self.services.get(name) else {
            return;
        };
        let (id, edition) = (service.id.clone(), service.edition + 1);
        let mut dirty = false;
        for at in 0..self.tasks.len() {
            let task = &self.tasks[at];
            if task.seen.service_id != id {
                continue;
            }
            if is_dirty(spec, &task.spec, self.node(&task.seen.node_id)) {
                dirty |= task.is_wanted();
            } else {
                self.tasks[at].edition = edition;
            }
        }
        let Some(service) = self.services.get_mut(name) else {
            return;
        };
        service.spec = Rc::new(spec.clone());
        service.edition = edition;
        service.version = version;
        service.changed_at = self.clock;
        // A changed spec starts the updater anew, which says nothing where no task is dirty.
        service.turn_taken = false;
        service.update = if dirty { Update::Posted } else { Update::Never };
        self.later(30);
    }

    /// Somebody else posts a spec: the same one again, or one with more tasks.
    pub fn meddle(&mut self, name: &str, change: bool) {
        let Some(service) = self.services.get(name) else {
            return;
        };
        let mut spec = (*service.spec).clone();
        if change {
            spec.labels
                .insert("somebody".to_owned(), "was here".to_owned());
        }
        self.post(name, &spec);
    }

    fn remove_network(&mut self, name: &str) -> bool {
        let used = self.tasks.iter().any(|task| {
            !task.seen.container_id.is_empty()
                && task.seen.addresses.contains_key(name)
                && (task.is_wanted() || !self.is_dark(&task.seen.node_id))
        });
        let mut guests = self.others.guests.iter();
        let used = used || guests.any(|guest| guest.network == name);
        if !used {
            self.networks.remove(name);
        }
        !used
    }
}
