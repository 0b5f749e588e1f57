//! The state of the Swarm, and how it moves from one moment at which something is due to the
//! next.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;

use milvus_swarm::observed::{Config, Network, Node, Others, Secret, Task};
use milvus_swarm::spec::ServiceSpec;

use super::data::Data;
use super::owner::Owners;
use super::process::Process;
use super::random::Random;
use super::watch::Watch;

/// Milliseconds since the Swarm was made.
pub type Millis = u64;

/// How long a node must be silent before managers call it down.
pub const HEARTBEATS: Millis = 15_000;

/// A Swarm and the processes on it.
pub struct World {
    pub clock: Millis,
    pub random: Random,
    pub nodes: Vec<Node>,
    pub services: BTreeMap<String, SimService>,
    pub tasks: Vec<SimTask>,
    pub networks: BTreeMap<String, Network>,
    pub configs: BTreeMap<String, Config>,
    /// Texts of configs, by name.
    pub config_data: BTreeMap<String, String>,
    pub secrets: BTreeMap<String, Secret>,
    /// Somebody has the lock and carries out a plan: who asks may write.
    pub is_carried_out: bool,
    /// What services that are none of the cluster's hold.
    pub others: Others,
    /// Bytes of secrets, by name; tests look for them where they must not be.
    pub secret_bytes: BTreeMap<String, String>,
    /// Nodes without power, and since when.
    pub dark: BTreeMap<String, Millis>,
    pub data: Data,
    pub owners: Owners,
    pub watch: Watch,
    /// When the constraint enforcer looks at nodes that changed.
    pub enforce_at: Option<Millis>,
    agenda: BTreeSet<Millis>,
    next_id: u64,
    next_address: u32,
}

/// A service and where its update stands.
pub struct SimService {
    pub id: String,
    pub version: u64,
    pub spec: Rc<ServiceSpec>,
    /// Counts the specs that were posted.
    pub edition: u64,
    pub update: Update,
    /// Whether the updater replaced tasks since the spec was posted, and sleeps for its delay.
    pub turn_taken: bool,
    pub changed_at: Millis,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Update {
    Never,
    /// The spec was posted; the updater has not looked yet.
    Posted,
    Updating,
    Completed,
    Paused,
}

/// A task, what it was made from whatever was posted since, and its process.
pub struct SimTask {
    pub seen: Task,
    pub spec: Rc<ServiceSpec>,
    /// The edition of the service that it was made from, or the last by which it is not dirty.
    pub edition: u64,
    pub due: Option<Millis>,
    pub start_after: Millis,
    /// The task in the same slot that must end first.
    pub waits_for: Option<String>,
    pub process: Option<Process>,
    /// When the other hosts' DNS knows its names.
    pub named_at: Option<Millis>,
}

impl World {
    pub fn new(names: &[String], seed: u64) -> Self {
        let nodes = names
            .iter()
            .enumerate()
            .map(|(at, name)| Node {
                id: format!("node{at:04}id"),
                version: 10 + at as u64,
                hostname: name.clone(),
                role: if at < 3 { "manager" } else { "worker" }.to_owned(),
                availability: "active".to_owned(),
                state: "ready".to_owned(),
                addr: format!("10.0.{}.{}", at / 250, at % 250 + 1),
                leader: at == 0,
                nano_cpus: 16_000_000_000,
                memory_bytes: 64 << 30,
                engine_version: "26.1.5".to_owned(),
                os: "linux".to_owned(),
                architecture: "x86_64".to_owned(),
                ..Node::default()
            })
            .collect();
        Self {
            clock: 0,
            random: Random::new(seed),
            nodes,
            services: BTreeMap::new(),
            tasks: Vec::new(),
            networks: BTreeMap::new(),
            configs: BTreeMap::new(),
            config_data: BTreeMap::new(),
            secrets: BTreeMap::new(),
            is_carried_out: false,
            others: Others::default(),
            secret_bytes: BTreeMap::new(),
            dark: BTreeMap::new(),
            data: Data::default(),
            owners: Owners::default(),
            watch: Watch::default(),
            enforce_at: None,
            agenda: BTreeSet::new(),
            next_id: 0,
            next_address: 0,
        }
    }

    /// Lives on until `now`.
    pub fn advance(&mut self, now: Millis) {
        while let Some(&due) = self.agenda.first() {
            if due > now {
                break;
            }
            self.agenda.pop_first();
            self.clock = self.clock.max(due);
            self.turn();
        }
        self.clock = self.clock.max(now);
    }

    fn turn(&mut self) {
        self.heartbeats();
        self.move_tasks();
        self.move_processes();
        self.enforce();
        self.orchestrate();
        self.schedule();
        self.hand_over();
        self.watch();
    }

    /// Something is to be looked at after a while.
    pub fn later(&mut self, wait: Millis) {
        self.agenda.insert(self.clock + wait);
    }

    pub fn at(&mut self, time: Millis) {
        self.agenda.insert(time.max(self.clock + 1));
    }

    pub fn new_id(&mut self, kind: &str) -> String {
        self.next_id += 1;
        format!("{kind}{:06}", self.next_id)
    }

    /// The next of Swarm's object versions, and of anything else that only grows.
    pub fn next_version(&mut self) -> u64 {
        self.next_id += 1;
        1000 + self.next_id
    }

    pub fn new_address(&mut self) -> IpAddr {
        self.next_address += 1;
        IpAddr::V4(Ipv4Addr::from(0x0a32_0002 + self.next_address))
    }

    /// A moment as Swarm writes it; these compare like the moments.
    pub fn stamp(&self) -> String {
        let (seconds, millis) = (self.clock / 1000, self.clock % 1000);
        format!(
            "2026-01-01T{:02}:{:02}:{:02}.{millis:03}Z",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        )
    }

    pub fn node(&self, id: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == id)
    }

    pub fn is_dark(&self, node_id: &str) -> bool {
        self.dark.contains_key(node_id)
    }

    /// Takes the power from a node, or gives it back.
    pub fn power(&mut self, hostname: &str, on: bool) {
        let Some(node) = self.nodes.iter_mut().find(|node| node.hostname == hostname) else {
            return;
        };
        let id = node.id.clone();
        if on {
            self.dark.remove(&id);
            node.state = "ready".to_owned();
            node.version += 1;
            self.wake(&id);
        } else {
            self.dark.insert(id.clone(), self.clock);
            self.later(HEARTBEATS);
            // Nobody says goodbye: a session lives on for its lease.
            for at in 0..self.tasks.len() {
                let task = &self.tasks[at];
                if task.seen.node_id == id && task.process.is_some() {
                    self.end_process(at, false);
                }
            }
        }
    }

    /// Containers do not outlive their host.
    fn wake(&mut self, node_id: &str) {
        for at in 0..self.tasks.len() {
            let task = &self.tasks[at];
            if task.seen.node_id != node_id || task.is_over() {
                continue;
            }
            if task.is_wanted() && !task.seen.container_id.is_empty() {
                self.exit(at, 255, "the host restarted");
            } else if !task.is_wanted() {
                self.tasks[at].seen.container_id.clear();
                let stamp = self.stamp();
                self.tasks[at].enter("shutdown", stamp);
            }
        }
        self.later(50);
    }

    fn heartbeats(&mut self) {
        for node in &mut self.nodes {
            let silent = self.dark.get(&node.id).copied();
            if silent.is_some_and(|since| self.clock >= since + HEARTBEATS) && node.state != "down"
            {
                node.state = "down".to_owned();
                node.version += 1;
            }
        }
    }
}
