//! What runs and whether it is healthy: a pure reading of what was seen and of the gates.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use crate::component::Component;
use crate::gate::{Verdict, Why, short};
use crate::hole::{Hole, holes};
use crate::inventory::Inventory;
use crate::lock::Holder;
use crate::observed::{Observed, Task};
use crate::plan::{Heard, Phase, Verdicts};
use crate::refuse::HOLE;
use crate::system::elsewhere;
use crate::wanted::Cluster;

/// The state of a cluster.
#[derive(Clone, Debug, Default, JsonSchema, PartialEq, Serialize)]
pub struct Status {
    pub cluster: String,
    pub milvus: String,
    pub healthy: bool,
    pub nodes: NodeCount,
    pub components: Vec<Row>,
    /// Who works on the cluster now.
    pub lock: Option<Holder>,
    pub problems: Vec<String>,
    pub notes: Vec<String>,
}

/// Nodes of the cluster; all of the Swarm while nothing of the cluster is there.
#[derive(Clone, Copy, Debug, Default, Eq, JsonSchema, PartialEq, Serialize)]
pub struct NodeCount {
    pub ready: usize,
    pub total: usize,
}

/// One component.
#[derive(Clone, Debug, Default, JsonSchema, PartialEq, Serialize)]
pub struct Row {
    pub component: String,
    pub title: String,
    /// How many tasks its services want; those of a service that is not there, by the inventory.
    pub desired: u64,
    pub running: u64,
    pub health: Health,
    /// What the gate saw, or why it is not open.
    pub saw: String,
    pub tasks: Vec<TaskRow>,
}

/// What a component says of itself.
#[derive(Clone, Copy, Debug, Default, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    Healthy,
    /// It does its work, with less than it should have.
    Degraded,
    Unhealthy,
    /// It could not be asked.
    #[default]
    Unknown,
    Absent,
}

/// One task that Swarm wants.
#[derive(Clone, Debug, Default, Eq, JsonSchema, PartialEq, Serialize)]
pub struct TaskRow {
    pub name: String,
    pub node: String,
    pub state: String,
    pub since: String,
    pub error: String,
}

impl Row {
    /// What is wrong with it. `deaf` is why nothing could be asked.
    fn problem(&self, deaf: Option<&str>) -> Option<String> {
        if self.health == Health::Healthy {
            return None;
        }
        Some(if self.saw.is_empty() {
            let why = deaf.map_or(String::new(), |why| format!(": {why}"));
            format!("{}: could not be asked{why}", self.title)
        } else {
            format!("{}: {}", self.title, self.saw)
        })
    }
}

impl Status {
    /// Whether every component does its work, some with less than they should have.
    #[must_use]
    pub fn is_degraded(&self) -> bool {
        let works = |row: &Row| matches!(row.health, Health::Healthy | Health::Degraded);
        !self.healthy && self.components.iter().all(works)
    }

    /// Whether nothing of the cluster is there.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        is_absent(&self.components)
    }

    /// The problems, without that of each component by itself that it is not there.
    pub fn other_problems(&self) -> impl Iterator<Item = &String> {
        let absent = |row: &&Row| row.health == Health::Absent;
        let of_absent: BTreeSet<String> = self
            .components
            .iter()
            .filter(absent)
            .filter_map(|row| row.problem(None))
            .collect();
        let other = move |problem: &&String| !of_absent.contains(*problem);
        self.problems.iter().filter(other)
    }

    /// Reads the state of a cluster off what was seen and heard. `deaf` is why nothing could be
    /// asked.
    #[must_use]
    pub fn of(
        cluster: &Cluster,
        inventory: &Inventory,
        seen: &Observed,
        heard: &Heard,
        deaf: Option<&str>,
    ) -> Self {
        let names: BTreeMap<&str, &str> = seen
            .nodes
            .iter()
            .map(|node| (node.id.as_str(), node.hostname.as_str()))
            .collect();
        let components: Vec<Row> = cluster
            .wanted
            .phases
            .iter()
            .filter(|phase| !phase.runs_once && !phase.is_silent())
            .map(|phase| row(phase, seen, &heard.verdicts, &names))
            .collect();
        let prefix = format!("milvus.{}.", cluster.wanted.cluster);
        let ours: Vec<_> = seen
            .nodes
            .iter()
            .filter(|node| node.labels.keys().any(|key| key.starts_with(&prefix)))
            .collect();
        let down = ours.iter().filter(|node| node.state != "ready");
        // Where a node is down, the rest follows from it.
        let problems: Vec<String> = down
            .map(|node| format!("node {} is {}", node.hostname, node.state))
            .chain(components.iter().filter_map(|row| row.problem(deaf)))
            .collect();
        let holes = running_holes(cluster, inventory, seen);
        // What runs with a hole is told with the way out, once.
        let mut refusals = cluster.refusals(inventory, seen);
        refusals.retain(|no| no.rule != HOLE || !holes.iter().any(|hole| hole.told() == no.reason));
        let counted = if is_absent(&components) {
            seen.nodes.iter().collect()
        } else {
            ours
        };
        Self {
            cluster: cluster.wanted.cluster.clone(),
            milvus: cluster.runs.to_string(),
            healthy: problems.is_empty(),
            nodes: NodeCount {
                ready: counted.iter().filter(|node| node.state == "ready").count(),
                total: counted.len(),
            },
            components,
            lock: seen.lock.as_ref().map(|lock| lock.holder.clone()),
            problems,
            // A cluster may be well although the inventory asks for what is refused.
            notes: cluster
                .warnings()
                .chain(&heard.warnings)
                .cloned()
                .chain(
                    refusals
                        .iter()
                        .map(|no| format!("`up` would refuse: {}", no.reason)),
                )
                .chain(hole_notes(&holes, inventory))
                .collect(),
        }
    }
}

/// The holes of what runs, but those that warnings about what is wanted tell of already.
fn running_holes(cluster: &Cluster, inventory: &Inventory, seen: &Observed) -> Vec<Hole> {
    let specs = seen.services.values().map(|found| &found.spec);
    let mut found = holes(specs, inventory, &cluster.release);
    let wanted = holes(cluster.wanted.services(), inventory, &cluster.release);
    found.retain(|hole| {
        let is_same = |other: &Hole| other.told() == hole.told();
        !hole.is_accepted(inventory) || !wanted.iter().any(is_same)
    });
    found
}

fn hole_notes(holes: &[Hole], inventory: &Inventory) -> Vec<String> {
    let open = holes.iter().filter(|hole| !hole.is_accepted(inventory));
    let open: BTreeSet<&str> = open.map(|hole| hole.advisory.name).collect();
    let note = |hole: &Hole| {
        if hole.is_accepted(inventory) {
            return hole.told_accepted();
        }
        format!("{}; {}", hole.told(), hole.way_out(inventory, &open))
    };
    holes.iter().map(note).collect()
}

fn is_absent(components: &[Row]) -> bool {
    !components.is_empty() && components.iter().all(|row| row.health == Health::Absent)
}

fn row(phase: &Phase, seen: &Observed, verdicts: &Verdicts, names: &BTreeMap<&str, &str>) -> Row {
    let services: BTreeSet<&str> = phase
        .services
        .iter()
        .map(|spec| spec.name.as_str())
        .collect();
    let desired = phase
        .services
        .iter()
        .map(|wanted| {
            let found = seen.services.get(&wanted.name);
            let spec = found.map_or(wanted, |found| &found.spec);
            spec.replicas().unwrap_or(1)
        })
        .sum();
    let mut tasks: Vec<&Task> = seen
        .tasks
        .iter()
        .filter(|task| services.contains(task.service.as_str()) && task.is_wanted())
        .collect();
    // In the order of members and slots, not in that of their making.
    tasks.sort_by_key(|task| {
        let mut specs = phase.services.iter();
        (specs.position(|spec| spec.name == task.service), task.slot)
    });
    let absent = if phase.is_elsewhere() {
        seen.services.is_empty()
    } else {
        services
            .iter()
            .all(|name| !seen.services.contains_key(*name))
    };
    let (health, saw) = if absent {
        let saw = if phase.is_elsewhere() {
            "is not used yet; `milvus-swarm up` asks it"
        } else {
            "is not there; `milvus-swarm up` makes it"
        };
        (Health::Absent, saw.to_owned())
    } else {
        health(phase, verdicts)
    };
    Row {
        component: phase.name.clone(),
        title: title(&phase.name).to_owned(),
        desired,
        running: tasks.iter().filter(|task| task.state == "running").count() as u64,
        health,
        saw,
        tasks: tasks
            .into_iter()
            .map(|task| TaskRow {
                name: if services.len() > 1 || task.slot <= 1 && desired <= 1 {
                    short(&task.service).to_owned()
                } else {
                    format!("{}.{}", short(&task.service), task.slot)
                },
                node: names
                    .get(task.node_id.as_str())
                    .map_or_else(|| "-".to_owned(), |name| (*name).to_owned()),
                state: task.state.clone(),
                since: task.state_at.clone(),
                error: task.error.clone(),
            })
            .collect(),
    }
}

/// How people write what a phase is of.
fn title(phase: &str) -> &str {
    let component = Component::named(phase).map(|row| row.title);
    let system = elsewhere(phase).map(|(system, _)| system.title);
    component.or(system).unwrap_or(phase)
}

/// The last gate of a phase is its strictest. Once all that open it are open, what needs it has it.
fn health(phase: &Phase, verdicts: &Verdicts) -> (Health, String) {
    let needed = phase.opens.iter().map(|gate| (gate, Health::Unhealthy));
    let wished = phase.settles.iter().map(|gate| {
        let while_shut = if gate.is_guard() {
            Health::Unhealthy
        } else {
            Health::Degraded
        };
        (gate, while_shut)
    });
    let mut saw = String::new();
    for (gate, while_shut) in needed.chain(wished) {
        let verdict = match verdicts.get(gate) {
            None => return (Health::Unknown, String::new()),
            Some(Verdict::Open(text)) => {
                // That nobody else gets in says nothing of how well it is.
                if !gate.is_guard() {
                    saw.clone_from(text);
                }
                continue;
            }
            Some(verdict) => verdict,
        };
        let health = match verdict {
            Verdict::Partly(_) => Health::Degraded,
            _ => while_shut,
        };
        let why: Vec<String> = verdict.reasons().iter().map(Why::to_string).collect();
        return (health, why.join("; "));
    }
    (Health::Healthy, saw)
}
