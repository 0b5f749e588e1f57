//! The members of one component: as they are wanted, as node labels remember them, and as
//! services that exist.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::Facts;
use crate::component::{Agreement, Component, Shape};
use crate::observed::Node;
use crate::topology::{self, Holder, Member};

/// Members called by name, and what is odd about each.
pub(crate) struct Muster<'a> {
    pub component: &'static Component,
    /// As wanted, by number.
    pub members: &'a [Member],
    /// Whether members keep data: brokers have a name to keep, and no more.
    pub keeps_data: bool,
    /// How many members labels and services know of.
    pub formed: usize,
    /// Labels on nodes that are not hosts of the role.
    pub strays: Vec<(usize, &'a Node)>,
    /// Labels on former nodes of hosts that joined the Swarm again, with the new node.
    pub rejoined: Vec<(usize, &'a Node, &'a Node)>,
    /// Two hosts of the role with one label.
    pub twice: Vec<(usize, &'a Node, &'a Node)>,
    /// Hosts with the labels of several members.
    pub shared: Vec<(&'a str, Vec<&'a str>)>,
    /// Services whose label is on no node, as the members that they would become.
    pub lost: Vec<&'a Member>,
    /// Members that no label and no service knows, where others have formed.
    pub new: Vec<&'a Member>,
}

impl Muster<'_> {
    /// What the whole is called.
    pub(crate) const fn whole(&self) -> &'static str {
        self.component.whole
    }

    /// Whether there would be fewer members than hold data.
    pub(crate) fn shrinks(&self) -> bool {
        self.keeps_data && !self.is_muddled() && self.members.len() < self.formed
    }

    /// Whether labels contradict each other: what follows from them means nothing.
    pub(crate) fn is_muddled(&self) -> bool {
        !self.twice.is_empty() || !self.shared.is_empty()
    }

    /// Whether the inventory and the labels agree about who is where.
    pub(crate) fn is_settled(&self) -> bool {
        self.strays.is_empty()
            && self.rejoined.is_empty()
            && self.lost.is_empty()
            && !self.is_muddled()
            && !self.shrinks()
    }
}

/// The muster of every component with members.
pub(crate) fn all<'a>(facts: &Facts<'a>) -> Vec<Muster<'a>> {
    let case = facts.case;
    let mut held: BTreeMap<&str, Vec<Holder<'a>>> = BTreeMap::new();
    for holder in topology::holders(&case.inventory.name, &case.seen.nodes) {
        held.entry(holder.component.name).or_default().push(holder);
    }
    let mut services: BTreeMap<&str, usize> = BTreeMap::new();
    for component in facts
        .found
        .keys()
        .filter_map(|name| Component::of_service(name))
    {
        *services.entry(component.name).or_default() += 1;
    }
    let has_run = facts.has_run();
    Component::of(case.inventory, case.release)
        .filter(|component| component.shape == Shape::Members)
        .map(|component| {
            let held = held.remove(component.name).unwrap_or_default();
            let exist = services.get(component.name).copied().unwrap_or(0);
            muster(facts, component, &held, exist, has_run)
        })
        .collect()
}

fn muster<'a>(
    facts: &Facts<'a>,
    component: &'static Component,
    held: &[Holder<'a>],
    services: usize,
    has_run: bool,
) -> Muster<'a> {
    let case = facts.case;
    let hosts: BTreeSet<&str> = case
        .inventory
        .hosts_with(component.role)
        .map(|host| host.name.as_str())
        .collect();
    let members = case.topology.members(component.name);
    let labelled: BTreeSet<usize> = held.iter().map(|holder| holder.ordinal).collect();
    let keeps_data = keeps_data(facts, members);
    let mut muster = Muster {
        component,
        members,
        keeps_data,
        // To take a bookie's label away says that its ledgers are on others by now; the other
        // components know their members by themselves.
        formed: if component.agreement == Agreement::Ensemble {
            labelled.len()
        } else {
            labelled.len().max(services)
        },
        strays: Vec::new(),
        rejoined: Vec::new(),
        twice: Vec::new(),
        shared: shared(members),
        lost: Vec::new(),
        new: Vec::new(),
    };
    let mut taken: BTreeMap<usize, &Node> = BTreeMap::new();
    let mut former: Vec<(usize, &Node, &Node)> = Vec::new();
    for holder in held {
        let (ordinal, node) = (holder.ordinal, holder.node);
        let home = facts.homes.get(node.hostname.as_str()).copied();
        match home.filter(|_| hosts.contains(node.hostname.as_str())) {
            Some(home) if home.id == node.id => {
                if let Some(other) = taken.insert(ordinal, node) {
                    muster.twice.push((ordinal, other, node));
                }
            }
            Some(home) => former.push((ordinal, node, home)),
            // Several live nodes have the name: which of them it is must be said first.
            None if is_ambiguous(facts, &node.hostname) => {}
            None => muster.strays.push((ordinal, node)),
        }
    }
    muster.rejoined = former
        .into_iter()
        .filter(|(ordinal, _, home)| taken.get(ordinal).is_none_or(|node| node.id != home.id))
        .collect();
    let formed = services > 0 || (has_run && !held.is_empty());
    let is_ours = |member: &&Member| {
        facts.homes.contains_key(member.host.as_str()) && !labelled.contains(&member.ordinal)
    };
    if muster.is_muddled() {
        return muster;
    }
    for member in members.iter().filter(is_ours) {
        match facts.found.contains_key(member.name.as_str()) {
            true if keeps_data => muster.lost.push(member),
            false if formed => muster.new.push(member),
            _ => {}
        }
    }
    muster
}

fn shared(members: &[Member]) -> Vec<(&str, Vec<&str>)> {
    let mut by_host: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for member in members {
        by_host.entry(&member.host).or_default().push(&member.name);
    }
    let mut shared: Vec<_> = by_host.into_iter().collect();
    shared.retain(|(_, members)| members.len() > 1);
    shared
}

fn is_ambiguous(facts: &Facts<'_>, hostname: &str) -> bool {
    let named = facts.named.get(hostname).map_or(&[][..], Vec::as_slice);
    named.iter().filter(|node| node.state != "down").count() > 1
}

/// Whether members mount volumes or directories.
fn keeps_data(facts: &Facts<'_>, members: &[Member]) -> bool {
    let specs = members
        .iter()
        .filter_map(|member| facts.specs.get(member.name.as_str()));
    specs.into_iter().next().is_none_or(|spec| {
        let mut mounts = spec.task_template.container_spec.mounts.iter();
        mounts.any(|mount| matches!(mount.kind.as_str(), "volume" | "bind"))
    })
}
