//! What is posted together: the services of a random file, or of an inventory.

use std::collections::{BTreeMap, BTreeSet};

use milvus_swarm::engine::CLUSTER_LABEL;
use milvus_swarm::plan::Wanted;
use milvus_swarm::spec::{ConfigSpec, Labels, NetworkSpec, ServiceSpec};

use super::CLUSTER;
use crate::{NAMESPACE, directory, generate, ours};

pub struct Batch {
    pub name: String,
    pub services: Vec<ServiceSpec>,
    pub networks: Vec<NetworkSpec>,
    pub configs: Vec<ConfigSpec>,
}

/// What the test finds its own by.
pub fn labels() -> Labels {
    BTreeMap::from([(CLUSTER_LABEL.to_owned(), CLUSTER.to_owned())])
}

impl Batch {
    /// A random file; none where it is for engines newer than the lab's, which drop its keys.
    pub fn random(seed: u64, number: u64) -> Option<Self> {
        let case = generate::case(seed);
        if case.since > 23 {
            return None;
        }
        let directory = directory(&case.text);
        let stack = ours::read(directory.path(), NAMESPACE, &case.text, &case.environment);
        let stack = stack.unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let networks = stack.networks.into_values();
        let mut batch = Self {
            name: case.name,
            services: stack.services.into_values().collect(),
            networks: networks
                .filter(|network| !network.external)
                .map(|network| network.spec)
                .collect(),
            configs: stack.configs.into_values().collect(),
        };
        // Networks of all batches are there at once, and may not overlap.
        let ipams = batch
            .networks
            .iter_mut()
            .filter_map(|one| one.ipam.as_mut());
        for subnet in ipams.flat_map(|ipam| &mut ipam.config) {
            subnet.subnet = format!("10.77.{}.0/24", number % 256);
        }
        batch.prepare(&number.to_string());
        Some(batch)
    }

    /// What `up` would post for an inventory.
    pub fn shipped(name: &str, wanted: &Wanted) -> Self {
        let phases = wanted.phases.iter();
        let mut batch = Self {
            name: name.to_owned(),
            services: phases.flat_map(|phase| phase.services.clone()).collect(),
            networks: wanted.networks.clone(),
            configs: wanted.configs.values().cloned().collect(),
        };
        batch.prepare(name);
        batch
    }

    /// Gives what is made names of its own, since other batches have the same ones, and keeps
    /// every task from starting.
    fn prepare(&mut self, suffix: &str) {
        let own = |name: &str| format!("{name}-{suffix}");
        let mut networks = BTreeSet::new();
        for network in &mut self.networks {
            networks.insert(network.name.clone());
            network.name = own(&network.name);
            network.labels.extend(labels());
        }
        let mut configs = BTreeSet::new();
        for config in &mut self.configs {
            configs.insert(config.name.clone());
            config.name = own(&config.name);
            config.labels.extend(labels());
        }
        for service in &mut self.services {
            service.labels.extend(labels());
            let task = &mut service.task_template;
            for joined in &mut task.networks {
                if networks.contains(&joined.target) {
                    joined.target = own(&joined.target);
                }
            }
            for mounted in &mut task.container_spec.configs {
                if configs.contains(&mounted.name) {
                    mounted.name = own(&mounted.name);
                }
            }
            let nowhere = "node.labels.nowhere == x".to_owned();
            task.placement.constraints.push(nowhere);
        }
    }
}

/// The engine refuses a name that is taken or long, and there is none here to say so.
#[test]
fn batches_are_apart() {
    let mut batches: Vec<Batch> = (0..60).filter_map(|n| Batch::random(n, n)).collect();
    let clusters = crate::shipped::clusters();
    batches.extend(clusters.map(|(name, cluster)| Batch::shipped(name, &cluster.wanted)));
    let mut networks = BTreeSet::new();
    let mut configs = BTreeSet::new();
    let mut subnets = BTreeSet::new();
    for batch in &batches {
        for network in &batch.networks {
            assert!(networks.insert(&network.name), "{}", network.name);
            let ipams = network.ipam.iter();
            for subnet in ipams.flat_map(|ipam| &ipam.config) {
                assert!(subnets.insert(&subnet.subnet), "{}", subnet.subnet);
            }
        }
        for config in &batch.configs {
            let name = &config.name;
            assert!(configs.insert(name) && name.len() <= 64, "{name}");
        }
        let names: BTreeSet<&str> = batch.services.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names.len(), batch.services.len(), "{}", batch.name);
    }
    assert!(subnets.len() > 3 && batches.len() > 50);
}
