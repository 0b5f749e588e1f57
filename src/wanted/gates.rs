//! The phases in which services start, and the gates between them.

use crate::component::{Component, Shape};
use crate::gate::Gate;
use crate::inventory::Inventory;
use crate::plan::{Phase, Renewal};
use crate::release::Release;
use crate::render;
use crate::spec::ServiceSpec;
use crate::topology::Topology;

/// Makes gates that name services in full.
pub(super) struct Gates<'a> {
    inventory: &'a Inventory,
    release: &'a Release,
    topology: &'a Topology,
}

impl<'a> Gates<'a> {
    pub(super) const fn new(
        inventory: &'a Inventory,
        release: &'a Release,
        topology: &'a Topology,
    ) -> Self {
        Self {
            inventory,
            release,
            topology,
        }
    }

    pub(super) fn service(&self, stack: &str, name: &str) -> String {
        format!("{}-{stack}_{name}", self.inventory.name)
    }

    pub(super) fn members(&self, component: &str) -> Vec<String> {
        let stack = Component::named(component).map_or("", |row| row.stack.name());
        self.topology
            .members(component)
            .iter()
            .map(|member| self.service(stack, &member.name))
            .collect()
    }

    pub(super) fn phase(&self, component: &Component, services: Vec<ServiceSpec>) -> Phase {
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
            upgrade_rank: component.upgrade_rank(),
            renewal: self.renewal(component),
        }
    }

    /// Workers and proxies are renewed one at a time behind a gate. Of coordinators one leads
    /// and the others stand by unregistered: Swarm's own rolling update takes turns with them.
    fn renewal(&self, component: &Component) -> Option<Renewal> {
        let process = component.milvus?;
        (!component.name.ends_with("coord")).then(|| Renewal {
            etcd: self.members("etcd"),
            root_path: self.inventory.name.clone(),
            role: process.session.to_owned(),
            proxy: (component.name == "querynode").then(|| self.service("milvus", "proxy")),
        })
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
        let etcd = self.members("etcd");
        let root_path = self.inventory.name.clone();
        let role = process.session.to_owned();
        if component.name.ends_with("coord") {
            // Standbys say OK on their health port.
            let healthy = Gate::MilvusHealthy {
                service: service.clone(),
                tasks,
            };
            let leads = Gate::CoordinatorLeads {
                etcd,
                root_path,
                service,
                role,
            };
            (vec![leads], vec![healthy])
        } else {
            let registered = Gate::SessionsRegistered {
                etcd,
                root_path,
                service,
                role,
                tasks,
            };
            (vec![registered], vec![])
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
