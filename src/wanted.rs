//! What a cluster should be, in Swarm's terms: stack files read back, and the gates between
//! their services.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::component::{Component, Shape};
use crate::compose;
use crate::gate::Gate;
use crate::inventory::{Image, Inventory};
use crate::observed::Observed;
use crate::plan::{Phase, SecretSource, Seed, Wanted, WantedSecret};
use crate::release::{Release, ReleaseError};
use crate::render::{
    self, Generations, MINIO_SECRET, ROOT_SECRET, RenderError, Sources, StackFile, secret_name,
};
use crate::spec::{Ipam, IpamConfig, NetworkSpec, ServiceSpec};
use crate::topology::Topology;

/// Label of every object that belongs to a cluster.
pub const CLUSTER_LABEL: &str = "milvus-swarm.cluster";

/// Letters and digits in a generated password.
const PASSWORD_LENGTH: usize = 32;

/// An inventory that cannot be turned into specs.
#[derive(Debug, Error)]
pub enum WantedError {
    #[error(transparent)]
    Release(#[from] ReleaseError),
    #[error(transparent)]
    Render(#[from] RenderError),
    #[error("stack `{stack}` as rendered: {source}")]
    Stack {
        stack: String,
        source: compose::StackError,
    },
}

/// A cluster worked out: where things run, the files, and what a plan is made from.
#[derive(Clone, Debug)]
pub struct Cluster {
    pub release: Release,
    /// The version that the image says it is, where the inventory names an image.
    pub runs: String,
    pub topology: Topology,
    pub files: Vec<StackFile>,
    pub wanted: Wanted,
}

impl Cluster {
    /// Works out a cluster from its inventory and what was seen of the Swarm, if anything.
    ///
    /// # Errors
    /// An unknown release, a template that does not render, a stack file that does not read.
    pub fn work_out(
        inventory: &Inventory,
        seen: Option<&Observed>,
        sources: &Sources,
    ) -> Result<Self, WantedError> {
        let release = Release::parse(&inventory.milvus)?;
        let topology = Topology::place(inventory, &release, seen.map(|seen| seen.nodes.as_slice()));
        let generations = seen
            .map(|seen| Generations::of(&inventory.name, seen))
            .unwrap_or_default();
        let files = render::stacks(inventory, &release, &topology, &generations, sources)?;
        let wanted = wanted(inventory, &release, &topology, &generations, &files)?;
        Ok(Self {
            runs: running_version(inventory, &release),
            release,
            topology,
            files,
            wanted,
        })
    }
}

/// `2.3.5` of `milvusdb/milvus:v2.3.5`, else the release.
fn running_version(inventory: &Inventory, release: &Release) -> String {
    inventory
        .images
        .overrides
        .get(&Image::Milvus)
        .and_then(|image| image.rsplit_once(':'))
        .and_then(|(_, tag)| Release::parse(tag).ok())
        .map_or_else(|| release.version.clone(), |found| found.version)
}

impl Cluster {
    /// The named volumes and directories of each member, by the host that holds them.
    #[must_use]
    pub fn volumes(&self) -> Vec<(String, Vec<String>)> {
        let mut by_host: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for member in self.topology.members.values().flatten() {
            let volumes = self
                .wanted
                .phases
                .iter()
                .flat_map(|phase| &phase.services)
                .filter(|spec| crate::gate::short(&spec.name) == member.name)
                .flat_map(|spec| &spec.task_template.container_spec.mounts)
                .filter(|mount| matches!(mount.kind.as_str(), "volume" | "bind"))
                .map(|mount| mount.source.clone());
            by_host
                .entry(member.host.clone())
                .or_default()
                .extend(volumes);
        }
        by_host
            .into_iter()
            .filter(|(_, volumes)| !volumes.is_empty())
            .collect()
    }
}

fn wanted(
    inventory: &Inventory,
    release: &Release,
    topology: &Topology,
    generations: &Generations,
    files: &[StackFile],
) -> Result<Wanted, WantedError> {
    let mut wanted = Wanted {
        cluster: inventory.name.clone(),
        labels: topology.labels.clone(),
        network: network(inventory),
        warnings: topology.warnings.clone(),
        refusals: topology.refusals.clone(),
        ..Wanted::default()
    };
    let mut services: BTreeMap<String, ServiceSpec> = BTreeMap::new();
    for file in files {
        let read = |path: &str| {
            let path = path.strip_prefix("./").unwrap_or(path);
            file.files.get(path).map(|text| text.clone().into_bytes())
        };
        let stack = compose::read(&file.namespace, &file.text, &read).map_err(|source| {
            WantedError::Stack {
                stack: file.name.clone(),
                source,
            }
        })?;
        wanted
            .warnings
            .extend(stack.warnings.iter().map(ToString::to_string));
        for config in stack.configs.into_values() {
            wanted.configs.insert(config.name.clone(), config);
        }
        services.extend(stack.services);
    }
    for key in [MINIO_SECRET, ROOT_SECRET] {
        wanted.secrets.push(WantedSecret {
            name: secret_name(&inventory.name, key, generations),
            labels: BTreeMap::from([(CLUSTER_LABEL.to_owned(), inventory.name.clone())]),
            source: secret_source(inventory, key),
        });
    }
    let gates = Gates::new(inventory, release, topology);
    for component in Component::of(release) {
        let specs: Vec<ServiceSpec> = services
            .iter()
            .filter(|(name, _)| {
                Component::of_service(name).is_some_and(|row| row.name == component.name)
            })
            .map(|(_, spec)| spec.clone())
            .collect();
        wanted.phases.push(gates.phase(component, specs));
    }
    wanted.seed = Seed {
        etcd: gates.members("etcd"),
        root_path: inventory.name.clone(),
        after: "etcd".to_owned(),
        before: Component::of(release)
            .filter(|row| row.name.ends_with("coord"))
            .map(|row| row.name.to_owned())
            .collect(),
    };
    wanted.proxy = gates.service("milvus", "proxy");
    Ok(wanted)
}

fn secret_source(inventory: &Inventory, key: &str) -> SecretSource {
    let file = match key {
        MINIO_SECRET => &inventory.credentials.minio_password,
        _ => &inventory.credentials.root_password,
    };
    file.as_ref().map_or(
        SecretSource::Generated {
            length: PASSWORD_LENGTH,
        },
        |password| SecretSource::File {
            path: password.file.clone(),
        },
    )
}

fn network(inventory: &Inventory) -> NetworkSpec {
    let mut options = BTreeMap::new();
    if inventory.network.encrypted {
        options.insert("encrypted".to_owned(), String::new());
    }
    NetworkSpec {
        name: render::network_name(&inventory.name),
        driver: "overlay".to_owned(),
        attachable: true,
        internal: false,
        ipam: inventory.network.subnet.map(|subnet| Ipam {
            driver: "default".to_owned(),
            config: vec![IpamConfig {
                subnet: subnet.to_string(),
            }],
        }),
        labels: BTreeMap::from([(CLUSTER_LABEL.to_owned(), inventory.name.clone())]),
        options,
    }
}

/// Makes gates that name services in full.
struct Gates<'a> {
    inventory: &'a Inventory,
    release: &'a Release,
    topology: &'a Topology,
}

impl<'a> Gates<'a> {
    const fn new(inventory: &'a Inventory, release: &'a Release, topology: &'a Topology) -> Self {
        Self {
            inventory,
            release,
            topology,
        }
    }

    fn service(&self, stack: &str, name: &str) -> String {
        format!("{}-{stack}_{name}", self.inventory.name)
    }

    fn members(&self, component: &str) -> Vec<String> {
        let stack = Component::named(component).map_or("", |row| row.stack.name());
        self.topology
            .members(component)
            .iter()
            .map(|member| self.service(stack, &member.name))
            .collect()
    }

    fn phase(&self, component: &Component, services: Vec<ServiceSpec>) -> Phase {
        let (opens, settles) = self.gates(component);
        Phase {
            name: component.name.to_owned(),
            services,
            needs: component
                .needs
                .iter()
                .filter(|need| Component::named(need).is_some_and(|row| row.is_in(self.release)))
                .map(|need| (*need).to_owned())
                .collect(),
            opens,
            settles,
            runs_once: component.shape == Shape::Task,
            // MinIO's servers must agree on their arguments, so they restart together.
            rolls: component.shape == Shape::Members && component.name != "minio",
            closed: matches!(component.name, "etcd" | "minio" | "zookeeper"),
            is_milvus: component.milvus.is_some(),
        }
    }

    /// The gates that let dependents go on, and those that only the end waits for.
    fn gates(&self, component: &Component) -> (Vec<Gate>, Vec<Gate>) {
        let members = self.members(component.name);
        let count = members.len();
        match component.name {
            "etcd" => (vec![Gate::EtcdQuorum { members }], vec![]),
            "minio" => (vec![Gate::MinioWriteQuorum { members }], vec![]),
            "zookeeper" => (vec![Gate::ZookeeperQuorum { members }], vec![]),
            "pulsar-init" => (
                vec![Gate::PulsarMetadata {
                    service: self.service("pulsar", component.name),
                    zookeepers: self.members("zookeeper"),
                    cluster: render::pulsar_cluster(&self.inventory.name),
                }],
                vec![],
            ),
            "bookie" => {
                let ensemble =
                    usize::try_from(self.inventory.pulsar.ensemble).unwrap_or(usize::MAX);
                let bookies = |at_least| Gate::BookiesWritable {
                    members: members.clone(),
                    zookeepers: self.members("zookeeper"),
                    at_least,
                };
                two(bookies, ensemble.min(count), count)
            }
            "broker" => {
                // Milvus needs one broker to start; the others join while it does.
                let brokers = |at_least| Gate::BrokersHealthy {
                    members: members.clone(),
                    at_least,
                };
                two(brokers, 1, count)
            }
            _ => self.milvus_gates(component),
        }
    }

    fn milvus_gates(&self, component: &Component) -> (Vec<Gate>, Vec<Gate>) {
        let service = self.service("milvus", component.name);
        let tasks = self
            .topology
            .pools
            .get(component.name)
            .map_or(1, |pool| pool.replicas);
        let Some(process) = component.milvus else {
            return (vec![], vec![]);
        };
        if component.name == "proxy" {
            return (vec![Gate::ProxiesServe { service, tasks }], vec![]);
        }
        let registered = |tasks| Gate::SessionsRegistered {
            etcd: self.members("etcd"),
            root_path: self.inventory.name.clone(),
            service: service.clone(),
            role: process.session.to_owned(),
            tasks,
        };
        if component.name.ends_with("coord") {
            // One of them leads; standbys say OK on their health port.
            let healthy = Gate::MilvusHealthy {
                service: service.clone(),
                tasks,
            };
            (vec![registered(1)], vec![healthy])
        } else {
            (vec![registered(tasks)], vec![])
        }
    }
}

/// The gate that opens early and the one that settles, where they differ.
fn two(gate: impl Fn(usize) -> Gate, early: usize, all: usize) -> (Vec<Gate>, Vec<Gate>) {
    if early == all {
        (vec![gate(all)], vec![])
    } else {
        (vec![gate(early)], vec![gate(all)])
    }
}
