//! Which node a pending task goes to, and why there is none.

use std::collections::BTreeMap;

use milvus_swarm::observed::Node;
use milvus_swarm::spec::ServiceSpec;

use super::world::World;

/// Whether a node satisfies every constraint of a spec.
pub fn fits(spec: &ServiceSpec, node: &Node) -> bool {
    spec.task_template.placement.constraints.iter().all(|text| {
        let (key, value, equal) = match text.split_once("!=") {
            Some((key, value)) => (key.trim(), value.trim(), false),
            None => match text.split_once("==") {
                Some((key, value)) => (key.trim(), value.trim(), true),
                None => return false,
            },
        };
        let have = match key {
            "node.id" => node.id.as_str(),
            "node.hostname" => &node.hostname,
            "node.role" => &node.role,
            _ => key
                .strip_prefix("node.labels.")
                .and_then(|label| node.labels.get(label))
                .map_or("", String::as_str),
        };
        (have == value) == equal
    })
}

/// Whether a task that was made from one spec is replaced when another is posted, word by word
/// (swarmkit: `orchestrator.IsTaskDirty`): where of the template only the placement differs, and
/// the node fits, nobody looks at the endpoint.
pub fn is_dirty(to: &ServiceSpec, made_from: &ServiceSpec, node: Option<&Node>) -> bool {
    let (new, old) = (&to.task_template, &made_from.task_template);
    if new.placement != old.placement {
        let mut elsewhere = new.clone();
        elsewhere.placement.clone_from(&old.placement);
        if elsewhere == *old && node.is_some_and(|node| fits(to, node)) {
            return false;
        }
    }
    new != old || to.endpoint_spec != made_from.endpoint_spec
}

/// Ports that a spec takes on the host itself.
fn host_ports(spec: &ServiceSpec) -> impl Iterator<Item = u32> {
    spec.endpoint_spec
        .ports
        .iter()
        .filter(|port| port.publish_mode == "host")
        .map(|port| port.published_port)
}

impl World {
    pub fn schedule(&mut self) {
        for at in 0..self.tasks.len() {
            let task = &self.tasks[at];
            if task.seen.state != "pending" || !task.is_wanted() {
                continue;
            }
            match self.choose(at) {
                Ok(node) => {
                    let stamp = self.stamp();
                    let task = &mut self.tasks[at];
                    task.seen.node_id = node;
                    task.seen.error.clear();
                    task.enter("assigned", stamp);
                    task.due = Some(self.clock + 10);
                    self.later(10);
                }
                Err(why) => self.tasks[at].seen.error = why,
            }
        }
    }

    /// The node with the fewest tasks of the service, then the fewest tasks at all.
    fn choose(&self, at: usize) -> Result<String, String> {
        let mut refused: BTreeMap<&str, usize> = BTreeMap::new();
        let mut best: Option<(usize, usize, &Node)> = None;
        for node in &self.nodes {
            match self.refuses(at, node) {
                Some(why) => *refused.entry(why).or_default() += 1,
                None => {
                    let here = |same: bool| {
                        self.tasks
                            .iter()
                            .filter(|task| task.is_wanted() && task.seen.node_id == node.id)
                            .filter(|task| {
                                !same || task.seen.service == self.tasks[at].seen.service
                            })
                            .count()
                    };
                    let rank = (here(true), here(false), node);
                    if best.is_none_or(|(a, b, _)| (rank.0, rank.1) < (a, b)) {
                        best = Some(rank);
                    }
                }
            }
        }
        best.map(|(_, _, node)| node.id.clone()).ok_or_else(|| {
            let why: Vec<String> = refused
                .into_iter()
                .map(|(why, nodes)| format!("{why} on {nodes} nodes"))
                .collect();
            format!("no suitable node ({})", why.join("; "))
        })
    }

    fn refuses(&self, at: usize, node: &Node) -> Option<&'static str> {
        let spec = &self.tasks[at].spec;
        if !node.takes_tasks() {
            return Some("not available for new tasks");
        }
        if !fits(spec, node) {
            return Some("scheduling constraints not satisfied");
        }
        let mut cpus = node.nano_cpus - self.tasks[at].seen.reserved_cpus;
        let mut memory = node.memory_bytes - self.tasks[at].seen.reserved_memory;
        let mut same = 0;
        for task in &self.tasks {
            if task.seen.node_id != node.id || !task.is_wanted() || task.is_over() {
                continue;
            }
            cpus -= task.seen.reserved_cpus;
            memory -= task.seen.reserved_memory;
            same += u64::from(task.seen.service == self.tasks[at].seen.service);
            if host_ports(&task.spec).any(|port| host_ports(spec).any(|own| own == port)) {
                return Some("host-mode port already in use");
            }
        }
        let most = spec.task_template.placement.max_replicas;
        if most > 0 && same >= most {
            return Some("max replicas per node limit exceed");
        }
        (cpus < 0 || memory < 0).then_some("insufficient resources")
    }

    /// A task whose node no longer satisfies its constraints ends. The enforcer is told of
    /// nodes on its own, so it may come after or before what was posted next.
    pub fn enforce(&mut self) {
        if self.enforce_at.is_none_or(|at| at > self.clock) {
            return;
        }
        self.enforce_at = None;
        for at in 0..self.tasks.len() {
            let task = &self.tasks[at];
            let Some(node) = self.node(&task.seen.node_id) else {
                continue;
            };
            // The service's constraints, not those that the task was made with.
            let service = self.services.get(&task.seen.service);
            let service = service.filter(|service| service.id == task.seen.service_id);
            let spec = service.map_or(&task.spec, |service| &service.spec);
            if !task.is_wanted() || task.is_over() || fits(spec, node) {
                continue;
            }
            let stamp = self.stamp();
            let task = &mut self.tasks[at];
            task.enter("rejected", stamp);
            "assigned node no longer meets constraints".clone_into(&mut task.seen.error);
            "task rejected by constraint enforcer".clone_into(&mut task.seen.message);
            task.unwant("shutdown");
            self.later(10);
        }
    }
}
