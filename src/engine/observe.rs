//! Reading a Swarm: one round of lists, asked for at the same time.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::try_join;
use serde::Deserialize;

use super::Engine;
use super::connect::Info;
use super::error::EngineError;
use super::request::Request;
use super::{read, wire};
use crate::observed::{Observed, Service, Task};

/// Objects of a cluster carry it, with the cluster's name as its value.
pub const CLUSTER_LABEL: &str = "milvus-swarm.cluster";

/// What the scheduler has set aside on a node.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Reserved {
    /// Billionths of a CPU.
    pub nano_cpus: i64,
    pub memory_bytes: i64,
}

impl Engine {
    /// Everything of a cluster, and the nodes.
    ///
    /// Tasks are found by the label of their service, so that those of a removed service are
    /// seen until they have ended; their `service` is empty. (Asked for by service, one that
    /// is removed in that moment would fail the whole list.)
    ///
    /// # Errors
    /// The engine cannot say.
    pub async fn observe(&self, cluster: &str) -> Result<Observed, EngineError> {
        let label = format!("{CLUSTER_LABEL}={cluster}");
        let ours: &[(&str, &[&str])] = &[("label", &[&label])];
        let list = |path: &str| Request::get(path).filter(ours);
        let fresh =
            Request::get("/tasks").filter(&[("label", &[&label]), ("_up-to-date", &["true"])]);
        let (identity, nodes, services, tasks, fresh, configs, secrets, networks) = try_join!(
            self.identity(),
            self.http.json::<Vec<wire::Node>>(Request::get("/nodes")),
            self.http.json::<Vec<wire::Service>>(list("/services")),
            self.http.json::<Vec<wire::Task>>(list("/tasks")),
            self.http.json::<Vec<Id>>(fresh),
            self.http.json::<Vec<wire::Stored>>(list("/configs")),
            self.http.json::<Vec<wire::Stored>>(list("/secrets")),
            self.http.json::<Vec<wire::Network>>(
                Request::get("/networks").filter(&[("scope", &["swarm"])])
            ),
        )?;
        let names = networks
            .iter()
            .map(|one| (one.id.clone(), one.name.clone()))
            .collect();
        let services: BTreeMap<String, Service> = services
            .into_iter()
            .map(|one| read::service(one, &names))
            .map(|service| (service.spec.name.clone(), service))
            .collect();
        let mut nodes: Vec<_> = nodes.into_iter().map(read::node).collect();
        nodes.sort_by(|a, b| (&a.hostname, &a.id).cmp(&(&b.hostname, &b.id)));
        Ok(Observed {
            swarm_id: identity.swarm,
            this_node: identity.node,
            api_version: self.version.clone(),
            nodes,
            tasks: named(tasks, fresh, &services),
            services,
            configs: configs.into_iter().map(read::config).collect(),
            secrets: secrets.into_iter().map(read::secret).collect(),
            networks: networks
                .into_iter()
                .filter(|one| {
                    one.labels
                        .get(CLUSTER_LABEL)
                        .is_some_and(|of| of == cluster)
                })
                .map(read::network)
                .collect(),
        })
    }

    /// Tasks of services, by name or identifier, in the order of their making. Those of a
    /// removed service are known by its identifier alone.
    ///
    /// # Errors
    /// The engine cannot say.
    pub async fn tasks_of(&self, services: &[&str]) -> Result<Vec<Task>, EngineError> {
        if services.is_empty() {
            return Ok(Vec::new());
        }
        let filtered = Request::get("/tasks").filter(&[("service", services)]);
        let tasks: Vec<wire::Task> = match self.http.json(filtered).await {
            Ok(tasks) => tasks,
            // One that is not there fails the list for all.
            Err(EngineError::NotFound(_)) => {
                let (tasks, ids) = try_join!(
                    self.http.json::<Vec<wire::Task>>(Request::get("/tasks")),
                    self.http
                        .json::<Vec<wire::Service>>(Request::get("/services")),
                )?;
                let wanted = |task: &wire::Task| {
                    let named = ids.iter().find(|one| one.id == task.service_id);
                    services.contains(&task.service_id.as_str())
                        || named.is_some_and(|one| services.contains(&one.spec.name.as_str()))
                };
                tasks.into_iter().filter(wanted).collect()
            }
            Err(error) => return Err(error),
        };
        Ok(in_order(tasks.into_iter().map(read::task).collect()))
    }

    /// What tasks that are none of this cluster's hold on each node, by node identifier.
    ///
    /// As the scheduler counts: a task that is placed and has not ended. Those that Swarm no
    /// longer wants are left out, since they are about to give back what they hold.
    ///
    /// # Errors
    /// The engine cannot say.
    pub async fn observe_reservations(
        &self,
        cluster: &str,
    ) -> Result<BTreeMap<String, Reserved>, EngineError> {
        let label = format!("{CLUSTER_LABEL}={cluster}");
        let services = Request::get("/services").filter(&[("label", &[&label])]);
        let wanted: &[&str] = &["ready", "running", "complete"];
        let tasks = Request::get("/tasks").filter(&[("desired-state", wanted)]);
        let (services, tasks) = try_join!(
            self.http.json::<Vec<wire::Service>>(services),
            self.http.json::<Vec<wire::Task>>(tasks),
        )?;
        let ours: BTreeSet<String> = services.into_iter().map(|one| one.id).collect();
        let mut sums = BTreeMap::<String, Reserved>::new();
        for task in tasks
            .into_iter()
            .filter(|task| !ours.contains(&task.service_id))
        {
            let placed = [
                "assigned",
                "accepted",
                "preparing",
                "ready",
                "starting",
                "running",
            ];
            if task.node_id.is_empty() || !placed.contains(&task.status.state.as_str()) {
                continue;
            }
            let held = task.spec.resources.reservations;
            let sum = sums.entry(task.node_id).or_default();
            sum.nano_cpus = sum.nano_cpus.saturating_add(held.nano_cpus);
            sum.memory_bytes = sum.memory_bytes.saturating_add(held.memory_bytes);
        }
        Ok(sums)
    }

    async fn identity(&self) -> Result<Identity, EngineError> {
        if let Some(known) = self.identity.get() {
            return Ok(known.clone());
        }
        let info: Info = self.http.json(Request::get("/info")).await?;
        Ok(self.identity.get_or_init(|| info.into()).clone())
    }
}

/// Which node of which Swarm the engine is.
#[derive(Clone)]
pub(super) struct Identity {
    swarm: String,
    node: String,
}

impl From<Info> for Identity {
    fn from(info: Info) -> Self {
        Self {
            swarm: info.swarm.cluster.unwrap_or_default().id,
            node: info.swarm.node_id,
        }
    }
}

#[derive(Deserialize)]
struct Id {
    #[serde(rename = "ID")]
    id: String,
}

/// Tasks with the names of their services. The engine does not say which spec a task was made
/// from, only whether it is the present one.
fn named(
    tasks: Vec<wire::Task>,
    fresh: Vec<Id>,
    services: &BTreeMap<String, Service>,
) -> Vec<Task> {
    let by_id: BTreeMap<&str, &Service> = services
        .values()
        .map(|service| (service.id.as_str(), service))
        .collect();
    let fresh: BTreeSet<String> = fresh.into_iter().map(|one| one.id).collect();
    let mut tasks: Vec<Task> = tasks.into_iter().map(read::task).collect();
    for task in &mut tasks {
        if let Some(service) = by_id.get(task.service_id.as_str()) {
            task.service.clone_from(&service.spec.name);
            if fresh.contains(&task.id) {
                task.spec_version = service.version;
            }
        }
    }
    in_order(tasks)
}

fn in_order(mut tasks: Vec<Task>) -> Vec<Task> {
    tasks.sort_by(|a, b| (&a.created_at, &a.id).cmp(&(&b.created_at, &b.id)));
    tasks
}
