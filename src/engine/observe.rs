//! Reading a Swarm: one round of lists, asked for at the same time.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::try_join;
use serde::Deserialize;

use super::Engine;
use super::connect::Info;
use super::error::EngineError;
use super::request::Request;
use super::{read, wire};
use crate::observed::{
    ObjectKind, Observed, Others, Ranges, Reserved, Service, TakenName, TakenPort, Task, is_placed,
};
use crate::spec::Labels;

/// Objects of a cluster carry it, with the cluster's name as its value.
pub const CLUSTER_LABEL: &str = "milvus-swarm.cluster";

/// The most published ports of others that are kept.
const MOST_PORTS: usize = 4096;
/// The most names of others that are kept.
const MOST_NAMES: usize = 4096;

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
        let (identity, nodes, services, tasks, configs, secrets, networks) = try_join!(
            self.identity(),
            self.http.json::<Vec<wire::Node>>(Request::get("/nodes")),
            self.http.json::<Vec<wire::Service>>(list("/services")),
            self.unnamed_tasks(&label),
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
        // The lock is no part of the cluster: no plan may touch it.
        let lock_name = crate::lock::name(cluster);
        let (locks, configs): (Vec<_>, Vec<_>) = configs
            .into_iter()
            .partition(|one| one.spec.name == lock_name);
        Ok(Observed {
            seen_at: self.time().unwrap_or_default(),
            swarm_id: identity.swarm,
            this_node: identity.node,
            api_version: self.version.clone(),
            nodes,
            tasks: named(tasks, &services),
            services,
            configs: configs.into_iter().map(read::config).collect(),
            secrets: secrets.into_iter().map(read::secret).collect(),
            lock: locks.first().and_then(read::lock),
            networks: networks
                .into_iter()
                .filter(|one| is_of(cluster, &one.labels))
                .map(read::network)
                .collect(),
            others: Others::default(),
        })
    }

    /// The tasks of a cluster whose other objects are as they were when it was last seen.
    ///
    /// # Errors
    /// The engine cannot say.
    pub async fn observe_tasks(
        &self,
        cluster: &str,
        services: &BTreeMap<String, Service>,
    ) -> Result<Vec<Task>, EngineError> {
        let label = format!("{CLUSTER_LABEL}={cluster}");
        Ok(named(self.unnamed_tasks(&label).await?, services))
    }

    /// Tasks with this label of their service, and the identifiers of those that are of its present spec.
    async fn unnamed_tasks(
        &self,
        label: &str,
    ) -> Result<(Vec<Task>, BTreeSet<String>), EngineError> {
        let (mut tasks, mut fresh) = (Vec::new(), BTreeSet::new());
        let all = Request::get("/tasks").filter(&[("label", &[label])]);
        let up_to_date =
            Request::get("/tasks").filter(&[("label", &[label]), ("_up-to-date", &["true"])]);
        try_join!(
            self.http.rows(all, |row| tasks.push(read::task(row))),
            self.http.rows(up_to_date, |row: Id| {
                fresh.insert(row.id);
            }),
        )?;
        Ok((tasks, fresh))
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
        let mut tasks = Vec::new();
        let filtered = Request::get("/tasks").filter(&[("service", services)]);
        let found = self.http.rows(filtered, |row| tasks.push(read::task(row)));
        match found.await {
            Ok(()) => {}
            // One that is not there fails the list for all.
            Err(EngineError::NotFound(_)) => {
                let all = Request::get("/services");
                let all: Vec<wire::Stored> = self.http.json(all).await?;
                let ids: BTreeSet<&str> = all
                    .iter()
                    .filter(|one| services.contains(&one.spec.name.as_str()))
                    .map(|one| one.id.as_str())
                    .chain(services.iter().copied())
                    .collect();
                let every = self.http.rows(Request::get("/tasks"), |row: wire::Task| {
                    if ids.contains(row.service_id.as_str()) {
                        tasks.push(read::task(row));
                    }
                });
                every.await?;
            }
            Err(error) => return Err(error),
        }
        Ok(in_order(tasks))
    }

    /// What others hold: reservations by node, ports, names that begin with this cluster's, and what
    /// they have on its networks. One list of each kind of object, whatever their number.
    ///
    /// Configs and secrets are asked for by name, since a list of configs brings their bytes
    /// along. Networks of this engine alone count too: it gives their names to no other, and
    /// tasks on it could not reach addresses that are in two.
    ///
    /// Reservations are counted as the scheduler counts: of a task that is placed and has not
    /// ended. Those that Swarm no longer wants are left out, since they are about to give back
    /// what they hold.
    ///
    /// # Errors
    /// The engine cannot say.
    pub async fn observe_others(&self, cluster: &str) -> Result<Others, EngineError> {
        let wanted: &[&str] = &["ready", "running", "complete"];
        let tasks = Request::get("/tasks").filter(&[("desired-state", wanted)]);
        let named = |path: &str| Request::get(path).filter(&[("name", &[cluster])]);
        let attached = Request::get("/tasks").filter(&[
            ("desired-state", &["ready", "running"]),
            ("runtime", &["attachment"]),
        ]);
        // What tasks hold, by service and node: there may be tens of thousands of them.
        let mut held = BTreeMap::<String, BTreeMap<String, Reserved>>::new();
        // An engine that does not know the filter lists all tasks.
        let mut containers = Vec::new();
        let (identity, services, (), (), configs, secrets, networks) = try_join!(
            self.identity(),
            self.http
                .json::<Vec<wire::Publisher>>(Request::get("/services")),
            self.http.rows(tasks, |task: wire::Task| {
                if !task.node_id.is_empty() && is_placed(&task.status.state) {
                    let nodes = held.entry(task.service_id).or_default();
                    let sum = nodes.entry(task.node_id).or_default();
                    let holds = task.spec.resources.reservations;
                    *sum = sum.plus(Reserved {
                        nano_cpus: holds.nano_cpus,
                        memory_bytes: holds.memory_bytes,
                    });
                }
            }),
            self.http.rows(attached, |row: wire::Attached| {
                let container = &row.spec.network_attachment_spec.container_id;
                if !container.is_empty() {
                    containers.push(row);
                }
            }),
            self.http.json::<Vec<wire::Stored>>(named("/configs")),
            self.http.json::<Vec<wire::Stored>>(named("/secrets")),
            self.http
                .json::<Vec<wire::Network>>(Request::get("/networks")),
        )?;
        let (ours, others): (Vec<_>, Vec<_>) = services
            .into_iter()
            .partition(|one| is_of(cluster, &one.spec.labels));
        let names = others
            .iter()
            .map(|one| (ObjectKind::Service, &one.spec.name, &one.spec.labels))
            .chain(stored(ObjectKind::Config, &configs))
            .chain(stored(ObjectKind::Secret, &secrets))
            .chain(
                networks
                    .iter()
                    .map(|one| (ObjectKind::Network, &one.name, &one.labels)),
            );
        let mut names: Vec<TakenName> = names
            .filter_map(|(kind, name, labels)| read::taken(cluster, kind, name, labels))
            .collect();
        names.sort();
        names.dedup();
        names.truncate(MOST_NAMES);
        let own = networks.iter().filter(|one| is_of(cluster, &one.labels));
        let own = own.map(|one| (one.id.as_str(), one.name.as_str()));
        let guests = read::guests(&own.collect(), &others, &containers);
        let foreign = networks.iter().filter(|one| !is_of(cluster, &one.labels));
        let parts = foreign.flat_map(|one| &one.ipam.config);
        let ranges = Ranges {
            taken: parts.map(|part| part.subnet.clone()).collect(),
            pool: identity.pool,
            prefix: identity.prefix,
        };
        held.retain(|service, _| !ours.iter().any(|one| one.id == *service));
        let mut reserved = BTreeMap::<String, Reserved>::new();
        for (node, holds) in held.values().flatten() {
            let sum = reserved.entry(node.clone()).or_default();
            *sum = sum.plus(*holds);
        }
        let mut ports: Vec<TakenPort> = others
            .into_iter()
            .flat_map(|one| {
                let nodes = held.remove(&one.id).unwrap_or_default();
                let homes = nodes.into_keys().collect();
                read::ports(one, &homes)
            })
            .collect();
        ports.sort();
        ports.truncate(MOST_PORTS);
        Ok(Others {
            reserved,
            ports,
            names,
            ranges,
            guests,
        })
    }

    async fn identity(&self) -> Result<Identity, EngineError> {
        if let Some(known) = self.identity.get() {
            return Ok(known.clone());
        }
        let info: Info = self.http.json(Request::get("/info")).await?;
        Ok(self.identity.get_or_init(|| info.into()).clone())
    }
}

/// Whether these are labels of an object of the cluster.
pub(super) fn is_of(cluster: &str, labels: &Labels) -> bool {
    labels.get(CLUSTER_LABEL).is_some_and(|of| of == cluster)
}

/// Configs or secrets as kind, name and labels.
fn stored(
    kind: ObjectKind,
    all: &[wire::Stored],
) -> impl Iterator<Item = (ObjectKind, &String, &Labels)> {
    all.iter()
        .map(move |one| (kind, &one.spec.name, &one.spec.labels))
}

/// Which node of which Swarm the engine is.
#[derive(Clone)]
pub(super) struct Identity {
    swarm: String,
    node: String,
    /// Where Swarm takes the subnets of networks from, and how long their prefixes are.
    pool: Vec<String>,
    prefix: u32,
}

impl From<Info> for Identity {
    fn from(info: Info) -> Self {
        let cluster = info.swarm.cluster.unwrap_or_default();
        Self {
            swarm: cluster.id,
            node: info.swarm.node_id,
            pool: cluster.default_addr_pool.unwrap_or_default(),
            prefix: cluster.subnet_size,
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
    (mut tasks, fresh): (Vec<Task>, BTreeSet<String>),
    services: &BTreeMap<String, Service>,
) -> Vec<Task> {
    let by_id: BTreeMap<&str, &Service> = services
        .values()
        .map(|service| (service.id.as_str(), service))
        .collect();
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
