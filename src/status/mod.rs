//! What runs and whether it is healthy: a pure reading of what was seen and of the gates.

mod impact;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

pub use impact::{Impact, Soon};

use crate::component::Component;
use crate::gate::swarm::said;
use crate::gate::{Gate, NO_NODE, Verdict, Why, short, task_name};
use crate::hole::{Hole, holes};
use crate::inventory::Inventory;
use crate::lock::Holder;
use crate::observed::{Node, Observed, Task};
use crate::plan::{Heard, Phase, Verdicts};
use crate::refuse::HOLE;
use crate::system::elsewhere;
use crate::topology::role_label;
use crate::wanted::Cluster;
use crate::what_if::{self, Losses};
use crate::words;

/// The state of a cluster.
#[derive(Clone, Debug, Default, JsonSchema, PartialEq, Serialize)]
pub struct Status {
    pub cluster: String,
    pub milvus: String,
    pub healthy: bool,
    pub nodes: NodeCount,
    /// What users feel; nothing where it is healthy, where nothing of it is there, and where not
    /// everybody could be asked.
    pub impact: Option<Impact>,
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
    /// Whether all that is wrong with it is that nodes are down.
    #[serde(skip)]
    pub only_waits: bool,
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
    /// The node that is down and without which it does not run.
    pub waits_for: Option<String>,
}

impl Row {
    /// What is wrong with it. `deaf` is why nothing could be asked.
    fn problem(&self, deaf: Option<&str>) -> Option<String> {
        if self.health == Health::Healthy || self.only_waits {
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
        let downs = Downs::of(cluster, seen);
        let components: Vec<Row> = cluster
            .wanted
            .phases
            .iter()
            .filter(|phase| !phase.runs_once && !phase.is_silent())
            .map(|phase| row(phase, seen, &heard.verdicts, &names, &downs))
            .collect();
        let prefix = format!("milvus.{}.", cluster.wanted.cluster);
        let ours: Vec<_> = seen
            .nodes
            .iter()
            .filter(|node| node.labels.keys().any(|key| key.starts_with(&prefix)))
            .collect();
        // Where a node is down, the rest follows from it.
        let down = ours.iter().filter(|node| node.state != "ready");
        let problems: Vec<String> = down
            .map(|node| down_with(node, &components))
            .chain(components.iter().filter_map(|row| row.problem(deaf)))
            .collect();
        let is_absent = is_absent(&components);
        let impact = if is_absent {
            None
        } else {
            Impact::of(&components, &problems, soon(cluster, inventory, seen))
        };
        let holes = running_holes(cluster, inventory, seen);
        // What runs with a hole is told with the way out, once.
        let mut refusals = cluster.refusals(inventory, seen);
        refusals.retain(|no| no.rule != HOLE || !holes.iter().any(|hole| hole.told() == no.reason));
        let counted = if is_absent {
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
            impact,
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

/// What comes back by itself.
fn soon(cluster: &Cluster, inventory: &Inventory, seen: &Observed) -> Soon {
    let question = what_if::Question {
        inventory,
        topology: &cluster.topology,
        seen: Some(seen),
    };
    let answer = what_if::answer(&question, &Losses::default());
    Soon {
        reads: answer.reads.go_on,
        writes: answer.writes.go_on,
    }
}

/// A node that is down, with the tasks that do not run without it.
fn down_with(node: &Node, components: &[Row]) -> String {
    let tasks = components.iter().flat_map(|row| &row.tasks);
    let waiting: Vec<&str> = tasks
        .filter(|task| task.waits_for.as_ref() == Some(&node.hostname))
        .map(|task| task.name.as_str())
        .collect();
    let is = format!("node {} is {}", node.hostname, node.state);
    match waiting[..] {
        [] => is,
        [one] => format!("{is}: `{one}` waits for it"),
        _ => format!("{is}: {} wait for it", words::names(waiting)),
    }
}

/// The nodes of a cluster that are down.
struct Downs<'a> {
    /// Hostnames by node ID.
    hosts: BTreeMap<&'a str, &'a str>,
    /// The host of each member that is pinned to one of them.
    members: BTreeMap<&'a str, &'a str>,
    nodes: Vec<&'a Node>,
    cluster: &'a str,
}

impl<'a> Downs<'a> {
    fn of(cluster: &'a Cluster, seen: &'a Observed) -> Self {
        let down = seen.nodes.iter().filter(|node| node.state != "ready");
        let nodes: Vec<&Node> = down.collect();
        let members = cluster.topology.members.values().flatten();
        let members = members.filter_map(|member| {
            let mut nodes = nodes.iter();
            let host = nodes.find(|node| node.hostname == member.host)?;
            // A host that left and came back is there twice.
            let mut all = seen.nodes.iter();
            let stands = all.any(|node| node.hostname == member.host && node.state == "ready");
            (!stands).then_some((member.name.as_str(), host.hostname.as_str()))
        });
        Self {
            hosts: nodes
                .iter()
                .map(|node| (node.id.as_str(), node.hostname.as_str()))
                .collect(),
            members: members.collect(),
            cluster: &cluster.wanted.cluster,
            nodes,
        }
    }

    /// The node that a task does not run without: its own, that of its member, or, where Swarm has no
    /// place for it, one that has its role.
    fn waited_for(&self, phase: &Phase, task: &Task) -> Option<String> {
        let pinned = self.hosts.get(task.node_id.as_str());
        let pinned = pinned.or_else(|| self.members.get(short(&task.service)));
        if let Some(host) = pinned {
            return Some((*host).to_owned());
        }
        if task.state != "pending" || !task.error.starts_with(NO_NODE) {
            return None;
        }
        let role = Component::named(&phase.name)?.role;
        let label = role_label(self.cluster, role);
        let mut nodes = self.nodes.iter();
        let node = nodes.find(|node| node.labels.contains_key(&label))?;
        Some(node.hostname.clone())
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

fn row(
    phase: &Phase,
    seen: &Observed,
    verdicts: &Verdicts,
    names: &BTreeMap<&str, &str>,
    downs: &Downs<'_>,
) -> Row {
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
    let (health, saw, why) = if absent {
        let saw = if phase.is_elsewhere() {
            "is not used yet; `milvus-swarm up` asks it"
        } else {
            "is not there; `milvus-swarm up` makes it"
        };
        (Health::Absent, saw.to_owned(), &[][..])
    } else {
        health(phase, verdicts)
    };
    let waits: BTreeMap<&str, String> = tasks
        .iter()
        .filter_map(|task| Some((task.id.as_str(), downs.waited_for(phase, task)?)))
        .collect();
    // One reason may stand for all tasks of a service.
    let all_wait = tasks
        .iter()
        .all(|task| task.has_process() || waits.contains_key(task.id.as_str()));
    let only_waits = !why.is_empty()
        && !waits.is_empty()
        && why.iter().all(|why| {
            let mut of = tasks.iter().filter(|task| {
                why.subject == task_name(task) || why.subject == short(&task.service)
            });
            all_wait && of.any(|task| waits.contains_key(task.id.as_str()))
        });
    Row {
        component: phase.name.clone(),
        title: title(&phase.name).to_owned(),
        desired,
        running: tasks.iter().filter(|task| task.has_process()).count() as u64,
        health,
        saw,
        only_waits,
        tasks: tasks
            .into_iter()
            .map(|task| TaskRow {
                waits_for: waits.get(task.id.as_str()).cloned(),
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
                error: said(seen, task).into_owned(),
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
fn health<'a>(phase: &Phase, verdicts: &'a Verdicts) -> (Health, String, &'a [Why]) {
    let needed = phase.opens.iter().map(|gate| {
        // The user that Milvus is to a system of the cluster is made by the next `up`, and until then
        // Milvus goes on as another one.
        let is_of_user = matches!(gate, Gate::Elsewhere(_)) && !phase.is_elsewhere();
        let while_shut = if is_of_user {
            Health::Degraded
        } else {
            Health::Unhealthy
        };
        (gate, while_shut)
    });
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
            None => return (Health::Unknown, String::new(), &[]),
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
        return (health, why.join("; "), verdict.reasons());
    }
    (Health::Healthy, saw, &[])
}
