//! Inventories, and a Swarm as an engine would tell it of one whose cluster runs.

use std::collections::BTreeMap;

use milvus_swarm::formed::release;
use milvus_swarm::inventory::{Inventory, Source};
use milvus_swarm::observed::{Node, Observed, Service, Task};
use milvus_swarm::render::Sources;
use milvus_swarm::role::Role;
use milvus_swarm::topology::Topology;
use milvus_swarm::wanted::Cluster;
use milvus_swarm::what_if::{Answer, Losses, Question, Quorum, Rule, answer};

pub fn parse(text: &str) -> Inventory {
    match Inventory::parse(&[Source::new("test.yml", text)]) {
        Ok(inventory) => inventory,
        Err(errors) => panic!("{}", errors.render()),
    }
}

/// Without a Swarm.
pub fn offline(inventory: &Inventory, lose: &str) -> Answer {
    let release = release(inventory, None).expect("a release");
    let topology = Topology::place(inventory, &release, None);
    let losses = Losses::read(lose, inventory, None).expect("known words");
    let question = Question {
        inventory,
        topology: &topology,
        seen: None,
    };
    answer(&question, &losses)
}

/// With a Swarm that was seen.
pub fn online(inventory: &Inventory, seen: &Observed, lose: &str) -> Answer {
    let release = release(inventory, None).expect("a release");
    let topology = Topology::place(inventory, &release, Some(&seen.nodes));
    let losses = Losses::read(lose, inventory, Some(seen)).expect("known words");
    let question = Question {
        inventory,
        topology: &topology,
        seen: Some(seen),
    };
    answer(&question, &losses)
}

/// Every service with a running task on each of its hosts, 16 CPUs and 64 GiB each.
pub fn running(inventory: &Inventory) -> Observed {
    let cluster = Cluster::work_out(inventory, None, &Sources::shipped()).expect("a cluster");
    let mut seen = Observed {
        this_node: "id-0".to_owned(),
        ..Observed::default()
    };
    for (at, host) in inventory.hosts.iter().enumerate() {
        let manager = host.roles.contains(&Role::Manager);
        seen.nodes.push(Node {
            id: format!("id-{at}"),
            hostname: host.name.clone(),
            labels: cluster.wanted.labels.of[&host.name].clone(),
            role: if manager { "manager" } else { "worker" }.to_owned(),
            availability: "active".to_owned(),
            state: "ready".to_owned(),
            reachability: if manager { "reachable" } else { "" }.to_owned(),
            nano_cpus: 16_000_000_000,
            memory_bytes: 64 << 30,
            ..Node::default()
        });
    }
    for spec in cluster
        .wanted
        .phases
        .iter()
        .flat_map(|phase| &phase.services)
    {
        let fits: Vec<&Node> = seen
            .nodes
            .iter()
            .filter(|node| {
                let labels = &spec.task_template.placement.constraints;
                labels.iter().all(|text| {
                    let key = text.trim_start_matches("node.labels.");
                    node.labels.contains_key(key.trim_end_matches(" == true"))
                })
            })
            .collect();
        let reserved = spec
            .task_template
            .resources
            .reservations
            .clone()
            .unwrap_or_default();
        let count = spec.replicas().unwrap_or(1);
        for (slot, node) in (1..=count).zip(fits.iter().cycle()) {
            seen.tasks.push(Task {
                id: format!("{}.{slot}", spec.name),
                service: spec.name.clone(),
                slot,
                node_id: node.id.clone(),
                state: "running".to_owned(),
                desired_state: "running".to_owned(),
                reserved_cpus: reserved.nano_cpus,
                reserved_memory: reserved.memory_bytes,
                ..Task::default()
            });
        }
        let service = Service {
            spec: spec.clone(),
            ..Service::default()
        };
        seen.services.insert(spec.name.clone(), service);
    }
    seen
}

pub fn quorum<'a>(answer: &'a Answer, of: &str, rule: Rule) -> &'a Quorum {
    let row = answer
        .quorums
        .iter()
        .find(|row| row.of == of && row.rule == rule);
    row.unwrap_or_else(|| panic!("{of} has no {rule:?}"))
}

/// Task and goal of every move.
pub fn moves(answer: &Answer) -> BTreeMap<&str, (&str, &str)> {
    let moves = answer.moves.iter();
    moves
        .map(|one| (one.task.as_str(), (one.from.as_str(), one.to.as_str())))
        .collect()
}
