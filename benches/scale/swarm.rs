//! A Swarm as an engine would describe it: only nodes, or everything that was wanted.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use milvus_swarm::gate::Verdict;
use milvus_swarm::inventory::Inventory;
use milvus_swarm::observed::{Config, Network, Node, Observed, Secret, Service, Task};
use milvus_swarm::plan::Verdicts;
use milvus_swarm::role::Role;
use milvus_swarm::spec::ServiceSpec;
use milvus_swarm::wanted::Cluster;
use serde_json::json;

/// A Swarm that has every host and nothing on it.
pub fn empty(inventory: &Inventory) -> Observed {
    let nodes = inventory
        .hosts
        .iter()
        .enumerate()
        .map(|(number, host)| Node {
            id: format!("node{number:021}"),
            version: 10,
            hostname: host.name.clone(),
            role: if host.roles.contains(&Role::Manager) {
                "manager".to_owned()
            } else {
                "worker".to_owned()
            },
            availability: "active".to_owned(),
            state: "ready".to_owned(),
            addr: host.address.clone().unwrap_or_default(),
            nano_cpus: 16_000_000_000,
            memory_bytes: 64 << 30,
            engine_version: "28.0.0".to_owned(),
            os: "linux".to_owned(),
            architecture: "x86_64".to_owned(),
            ..Node::default()
        });
    let nodes: Vec<Node> = nodes.collect();
    Observed {
        swarm_id: "swarm".to_owned(),
        this_node: nodes
            .first()
            .map(|node| node.id.clone())
            .unwrap_or_default(),
        api_version: "1.45".to_owned(),
        nodes,
        ..Observed::default()
    }
}

/// The same Swarm once everything wanted is there.
pub fn full(mut seen: Observed, cluster: &Cluster) -> Observed {
    let wanted = &cluster.wanted;
    for node in &mut seen.nodes {
        let labels = wanted.labels.of.get(&node.hostname);
        node.labels.extend(labels.cloned().unwrap_or_default());
    }
    let specs = wanted.phases.iter().flat_map(|phase| &phase.services);
    let tasks = &mut seen.tasks;
    let services = specs.enumerate().map(|(number, spec)| {
        let id = format!("service{number:018}");
        for slot in 1..=spec.replicas().unwrap_or(1) {
            tasks.push(task(tasks.len(), &id, spec, slot));
        }
        let service = Service {
            id,
            version: 100,
            spec: told(spec.clone()),
            ..Service::default()
        };
        (spec.name.clone(), service)
    });
    seen.services = services.collect();
    for (name, spec) in &wanted.configs {
        let config = Config {
            labels: spec.labels.clone(),
            ..Config::default()
        };
        seen.configs.insert(name.clone(), config);
    }
    for secret in &wanted.secrets {
        let found = Secret {
            labels: secret.labels.clone(),
            ..Secret::default()
        };
        seen.secrets.insert(secret.name.clone(), found);
    }
    for spec in &wanted.networks {
        let network = Network {
            id: spec.name.clone(),
            spec: spec.clone(),
        };
        seen.networks.insert(spec.name.clone(), network);
    }
    seen
}

/// Every gate is open.
pub fn open(cluster: &Cluster) -> Verdicts {
    let phases = cluster.wanted.phases.iter();
    phases
        .flat_map(|phase| phase.opens.iter().chain(&phase.settles))
        .map(|gate| (gate.clone(), Verdict::Open("fine".to_owned())))
        .collect()
}

/// A spec as an engine gives it back: the image pinned, defaults filled in.
fn told(mut spec: ServiceSpec) -> ServiceSpec {
    let task = &mut spec.task_template;
    task.container_spec.image += &format!("@sha256:{}", "0123456789abcdef".repeat(4));
    task.container_spec.isolation = "default".to_owned();
    for secret in &mut task.container_spec.secrets {
        secret.id = "secret0000000000000000000".to_owned();
    }
    for config in &mut task.container_spec.configs {
        config.id = "config0000000000000000000".to_owned();
    }
    task.placement.platforms = vec![json!({ "Architecture": "amd64", "OS": "linux" })];
    task.other.insert("Runtime".to_owned(), "container".into());
    spec
}

fn task(number: usize, service: &str, spec: &ServiceSpec, slot: u64) -> Task {
    let offset = u32::try_from(number).unwrap_or_default();
    Task {
        id: format!("task{number:021}"),
        service_id: service.to_owned(),
        service: spec.name.clone(),
        slot,
        node_id: format!("node{number:021}"),
        state: "running".to_owned(),
        desired_state: "running".to_owned(),
        message: "started".to_owned(),
        container_id: format!("{number:064x}"),
        created_at: "2026-01-01T00:00:00.000000000Z".to_owned(),
        state_at: "2026-01-01T00:00:01.000000000Z".to_owned(),
        addresses: BTreeMap::from([(
            "scale_net".to_owned(),
            IpAddr::V4(Ipv4Addr::from(0x0a80_0002 + offset)),
        )]),
        image: spec.task_template.container_spec.image.clone(),
        spec_version: 100,
        ..Task::default()
    }
}
