//! What must never happen, written down when it does.

use std::collections::{BTreeMap, BTreeSet};

use milvus_swarm::component::{Component, Shape};
use milvus_swarm::gate::short;

use super::world::World;

/// Components that vote: fewer than a quorum of them is an outage.
const VOTERS: [&str; 2] = ["etcd", "zookeeper"];

/// Failed tasks and broken rules.
#[derive(Default)]
pub struct Watch {
    pub failures: Vec<String>,
    pub violations: Vec<String>,
    /// The component to count, and the fewest of its tasks that were up at once since.
    pub fewest: Option<(&'static str, usize)>,
    /// Voters of which all members have run together.
    formed: BTreeSet<&'static str>,
    below: BTreeSet<&'static str>,
}

impl World {
    pub fn watch(&mut self) {
        self.watch_quorums();
        self.watch_twins();
        if let Some((component, fewest)) = self.watch.fewest {
            self.watch.fewest = Some((component, fewest.min(self.up(component))));
        }
    }

    fn watch_quorums(&mut self) {
        for voter in VOTERS {
            let (size, up) = (self.size(voter), self.up(voter));
            let services = self
                .services
                .keys()
                .filter(|name| {
                    Component::of_service(short(name)).is_some_and(|row| row.name == voter)
                })
                .count();
            if services < size || size == 0 {
                // Being made, or being taken away.
                self.watch.formed.remove(voter);
            } else if up == size {
                self.watch.formed.insert(voter);
                self.watch.below.remove(voter);
            }
            // A cluster of one is gone whenever it restarts.
            if size > 1
                && self.watch.formed.contains(voter)
                && up * 2 <= size
                && self.watch.below.insert(voter)
            {
                let line = format!("{voter}: {up} of {size} at {} ms", self.clock);
                self.watch.violations.push(line);
            }
        }
    }

    /// Two processes of one member, which would write to one directory.
    fn watch_twins(&mut self) {
        let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
        let mut twins = Vec::new();
        for task in self.tasks.iter().filter(|task| task.process.is_some()) {
            let name = task.seen.service.as_str();
            let member =
                Component::of_service(short(name)).is_some_and(|row| row.shape == Shape::Members);
            if member && let Some(other) = seen.insert(name, &task.seen.id) {
                twins.push(format!("{name} runs twice: {other} and {}", task.seen.id));
            }
        }
        for twin in twins {
            if !self.watch.violations.contains(&twin) {
                self.watch.violations.push(twin);
            }
        }
    }
}
