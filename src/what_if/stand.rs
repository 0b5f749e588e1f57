//! Who stands before and after the loss: hosts, members, tasks of replicated services.

use std::collections::{BTreeMap, BTreeSet};

use super::spread::Spread;
use super::{Basis, Question};
use crate::component::{COMPONENTS, Component, Shape};
use crate::observed::{Node, Observed, Task};
use crate::topology::role_label;

/// A host.
#[derive(Debug)]
pub(super) struct Host<'a> {
    pub zone: Option<&'a str>,
    /// Up once the loss has happened.
    pub stands: bool,
    /// Up before it.
    pub stood: bool,
    pub node: Option<&'a Node>,
    /// What other tasks of the cluster leave free; `None` where nobody looked.
    pub free: Option<Free>,
    /// Tasks of the cluster on it.
    pub tasks: u64,
}

/// Billionths of a CPU, and bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Free {
    pub cpus: i64,
    pub memory: i64,
}

/// A member of a stateful component.
#[derive(Debug)]
pub(super) struct Member<'a> {
    pub name: &'a str,
    pub host: &'a str,
    pub stood: bool,
    pub stands: bool,
}

/// A task of a replicated service.
#[derive(Debug)]
pub(super) struct Slot {
    pub slot: u64,
    /// `None` where Swarm found no place.
    pub host: Option<String>,
    pub stood: bool,
    pub stands: bool,
}

#[derive(Debug)]
pub(super) struct Standing<'a> {
    pub basis: Basis,
    pub lost: BTreeSet<String>,
    pub hosts: BTreeMap<&'a str, Host<'a>>,
    pub members: BTreeMap<&'static str, Vec<Member<'a>>>,
    pub pools: BTreeMap<&'static str, Vec<Slot>>,
}

impl<'a> Standing<'a> {
    pub fn of(question: &Question<'a>, lost: &BTreeSet<String>) -> Self {
        let basis = match question.seen {
            None => Basis::Inventory,
            Some(seen) if seen.services.is_empty() => Basis::Nodes,
            Some(_) => Basis::Tasks,
        };
        let mut standing = Self {
            basis,
            lost: lost.clone(),
            hosts: hosts(question, lost),
            members: BTreeMap::new(),
            pools: BTreeMap::new(),
        };
        let running = Running::of(question.seen.filter(|_| basis == Basis::Tasks));
        for (&component, members) in &question.topology.members {
            let members = members
                .iter()
                .map(|member| standing.member(question, component, member, &running))
                .collect();
            standing.members.insert(component, members);
        }
        for (&component, pool) in &question.topology.pools {
            let slots = match &running {
                Some(running) => standing.seen_slots(question, component, running),
                None => Spread::new(question, component, &standing.hosts, |host| host.stood)
                    .place(pool.replicas, &mut standing.hosts),
            };
            standing.pools.insert(component, slots);
        }
        for slots in standing.pools.values_mut() {
            for slot in slots {
                let host = slot
                    .host
                    .as_deref()
                    .and_then(|name| standing.hosts.get(name));
                slot.stands = slot.stood && host.is_some_and(|host| host.stands);
            }
        }
        standing
    }

    fn member(
        &self,
        question: &Question<'_>,
        component: &str,
        member: &'a crate::topology::Member,
        running: &Option<Running<'_>>,
    ) -> Member<'a> {
        let host = self.hosts.get(member.host.as_str());
        let up = running.as_ref().is_none_or(|running| {
            let service = full_name(question, component, &member.name);
            running.tasks(&service).any(|task| task.is_up())
        });
        let stood = up && host.is_some_and(|host| host.stood);
        Member {
            name: &member.name,
            host: &member.host,
            stood,
            stands: stood && host.is_some_and(|host| host.stands),
        }
    }

    fn seen_slots(
        &mut self,
        question: &Question<'_>,
        component: &str,
        running: &Running<'_>,
    ) -> Vec<Slot> {
        let service = full_name(question, component, component);
        let slots: Vec<Slot> = running
            .tasks(&service)
            .map(|task| {
                let host = running.names.get(task.node_id.as_str()).copied();
                let stood = task.is_up()
                    && host
                        .and_then(|name| self.hosts.get(name))
                        .is_some_and(|host| host.stood);
                Slot {
                    slot: task.slot,
                    host: host.map(str::to_owned),
                    stood,
                    stands: false,
                }
            })
            .collect();
        slots
    }

    /// Hosts that were down before anything was lost.
    pub fn already_down(&self) -> Vec<String> {
        let down = self.hosts.iter().filter(|(_, host)| !host.stood);
        down.map(|(name, _)| (*name).to_owned()).collect()
    }
}

/// The components of the cluster's release.
pub(super) fn components(question: &Question<'_>) -> Vec<&'static Component> {
    let topology = question.topology;
    let is_placed =
        |name: &str| topology.members.contains_key(name) || topology.pools.contains_key(name);
    let rows = COMPONENTS.iter();
    let is_task =
        |row: &Component| row.shape == Shape::Task && row.system().is_of(question.inventory);
    rows.filter(|row| is_task(row) || is_placed(row.name))
        .collect()
}

/// Full name of a service: `prod-store_etcd-0`.
fn full_name(question: &Question<'_>, component: &str, name: &str) -> String {
    let stack = Component::named(component).map_or("", |row| row.stack.name);
    format!("{}-{stack}_{name}", question.inventory.name)
}

fn hosts<'a>(question: &Question<'a>, lost: &BTreeSet<String>) -> BTreeMap<&'a str, Host<'a>> {
    let mut nodes: BTreeMap<&str, &Node> = BTreeMap::new();
    for node in question.seen.map_or(&[][..], |seen| &seen.nodes) {
        // A name may be left over from an earlier life of the host.
        let entry = nodes.entry(node.hostname.as_str()).or_insert(node);
        if node.state == "ready" {
            *entry = node;
        }
    }
    let mut used: BTreeMap<&str, (Free, u64)> = BTreeMap::new();
    for task in question.seen.map_or(&[][..], |seen| &seen.tasks) {
        if task.is_wanted() && !task.has_ended() {
            let (free, tasks) = used
                .entry(task.node_id.as_str())
                .or_insert((Free { cpus: 0, memory: 0 }, 0));
            free.cpus += task.reserved_cpus;
            free.memory += task.reserved_memory;
            *tasks += 1;
        }
    }
    // What services of others on this Swarm hold.
    for (node, reserved) in question.seen.iter().flat_map(|seen| &seen.others.reserved) {
        let (free, _) = used
            .entry(node.as_str())
            .or_insert((Free { cpus: 0, memory: 0 }, 0));
        free.cpus += reserved.nano_cpus;
        free.memory += reserved.memory_bytes;
    }
    let inventory = question.inventory.hosts.iter();
    let mut hosts: BTreeMap<&str, Host<'_>> = inventory
        .map(|host| {
            let node = nodes.get(host.name.as_str()).copied();
            let stood = question.seen.is_none() || node.is_some_and(|node| node.state == "ready");
            let (taken, tasks) = node
                .and_then(|node| used.get(node.id.as_str()).copied())
                .unwrap_or((Free { cpus: 0, memory: 0 }, 0));
            let host_now = Host {
                zone: host.zone.as_deref(),
                stood,
                stands: stood && !lost.contains(&host.name),
                node,
                free: node.map(|node| Free {
                    cpus: node.nano_cpus - taken.cpus,
                    memory: node.memory_bytes - taken.memory,
                }),
                tasks,
            };
            (host.name.as_str(), host_now)
        })
        .collect();
    if question.seen.is_none_or(|seen| seen.services.is_empty()) {
        // Members have their places before anything is spread.
        for member in question.topology.members.values().flatten() {
            if let Some(host) = hosts.get_mut(member.host.as_str()) {
                host.tasks += 1;
                let role = Component::of_service(&member.name).map(|row| row.role);
                if let (Some(role), Some(free)) = (role, &mut host.free) {
                    let settings = question.inventory.settings(role);
                    free.cpus -= settings.cpus.reserve.unwrap_or(0);
                    free.memory -= settings.memory.reserve.unwrap_or(0);
                }
            }
        }
    }
    hosts
}

/// Whether the scheduler may put a task of a role there.
pub(super) fn is_candidate(
    question: &Question<'_>,
    component: &Component,
    host: &Host<'_>,
) -> bool {
    let Some(node) = host.node else {
        return true;
    };
    let labelled = question.seen.is_none_or(|seen| seen.services.is_empty())
        || node
            .labels
            .get(&role_label(&question.inventory.name, component.role))
            .is_some_and(|value| value == "true");
    node.takes_tasks() && labelled
}

/// The tasks that Swarm wants, by service.
pub(super) struct Running<'a> {
    tasks: BTreeMap<&'a str, Vec<&'a Task>>,
    names: BTreeMap<&'a str, &'a str>,
}

impl<'a> Running<'a> {
    fn of(seen: Option<&'a Observed>) -> Option<Self> {
        let seen = seen?;
        let mut tasks: BTreeMap<&str, Vec<&Task>> = BTreeMap::new();
        for task in seen.tasks.iter().filter(|task| task.is_wanted()) {
            tasks.entry(&task.service).or_default().push(task);
        }
        for of_service in tasks.values_mut() {
            of_service.sort_by(|a, b| (a.slot, &a.id).cmp(&(b.slot, &b.id)));
        }
        Some(Self {
            tasks,
            names: seen
                .nodes
                .iter()
                .map(|node| (node.id.as_str(), node.hostname.as_str()))
                .collect(),
        })
    }

    fn tasks(&self, service: &str) -> impl Iterator<Item = &'a Task> {
        self.tasks.get(service).into_iter().flatten().copied()
    }
}
