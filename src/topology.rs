//! Which host runs what: the inventory laid over the nodes of a Swarm.
//!
//! Members of stateful roles stick to the node that holds their data: the node's label
//! remembers, the order of hosts in the inventory only proposes.

use std::collections::{BTreeMap, BTreeSet};

use crate::component::{Component, Shape};
use crate::inventory::Inventory;
use crate::observed::Node;
use crate::plan::{NodeLabels, Refusal};
use crate::release::Release;
use crate::role::Role;

/// Label of a node whose replicated services of a role may run there.
#[must_use]
pub fn role_label(cluster: &str, role: Role) -> String {
    format!("milvus.{cluster}.role.{role}")
}

/// Label of the node that holds a member's data.
#[must_use]
pub fn member_label(cluster: &str, member: &str) -> String {
    format!("milvus.{cluster}.member.{member}")
}

/// Label with the zone of a node.
#[must_use]
pub fn zone_label(cluster: &str) -> String {
    format!("milvus.{cluster}.zone")
}

/// One instance of a stateful component.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Member {
    pub ordinal: usize,
    /// `etcd-0`.
    pub name: String,
    /// The host's name in the inventory.
    pub host: String,
}

/// A replicated component.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pool {
    pub hosts: Vec<String>,
    pub replicas: u64,
    pub per_host: u64,
}

/// What runs where.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Topology {
    pub members: BTreeMap<&'static str, Vec<Member>>,
    pub pools: BTreeMap<&'static str, Pool>,
    pub labels: Vec<NodeLabels>,
    pub refusals: Vec<Refusal>,
    pub warnings: Vec<String>,
    pub zones: bool,
}

impl Topology {
    /// Lays an inventory over the nodes of a Swarm; without nodes (`None`) every host is
    /// taken to exist, as `render` does far from any Swarm.
    #[must_use]
    pub fn place(inventory: &Inventory, release: &Release, nodes: Option<&[Node]>) -> Self {
        let mut topology = Self {
            zones: inventory.hosts.iter().any(|host| host.zone.is_some()),
            ..Self::default()
        };
        let by_host = topology.match_nodes(inventory, nodes);
        for component in Component::of(release) {
            match component.shape {
                Shape::Members => {
                    let members = topology.members_of(inventory, component, nodes, &by_host);
                    topology.members.insert(component.name, members);
                }
                Shape::Replicas => {
                    let pool = pool(inventory, component.role);
                    topology.pools.insert(component.name, pool);
                }
                Shape::Task => {}
            }
        }
        if let Some(nodes) = nodes {
            topology.label(inventory, nodes, &by_host);
        }
        topology
    }

    /// The node of each host, with a refusal for each host that has none.
    fn match_nodes<'n>(
        &mut self,
        inventory: &Inventory,
        nodes: Option<&'n [Node]>,
    ) -> BTreeMap<String, &'n Node> {
        let mut by_host = BTreeMap::new();
        let Some(nodes) = nodes else {
            return by_host;
        };
        for host in &inventory.hosts {
            let live: Vec<&Node> = nodes
                .iter()
                .filter(|node| node.hostname == host.name && node.state != "down")
                .collect();
            let any = nodes.iter().find(|node| node.hostname == host.name);
            match (live.as_slice(), any) {
                ([node], _) => {
                    by_host.insert(host.name.clone(), *node);
                    if node.availability != "active" {
                        self.warnings.push(format!(
                            "node `{}` is set to `{}` and takes no new tasks: `docker node update \
                             --availability active {}`",
                            host.name, node.availability, host.name
                        ));
                    }
                    if host.roles.contains(&Role::Manager) && node.role != "manager" {
                        self.refuse(
                            "not-a-manager",
                            format!("host `{}` has the role `manager` but is a Swarm worker", host.name),
                            format!("docker node promote {}", host.name),
                        );
                    }
                }
                ([], Some(node)) => {
                    by_host.insert(host.name.clone(), node);
                    self.warnings.push(format!(
                        "node `{}` is down; what is pinned to it waits for it",
                        host.name
                    ));
                }
                ([], None) => self.refuse(
                    "no-such-node",
                    format!("host `{}` is not a node of this Swarm", host.name),
                    format!(
                        "on {}: docker swarm join (the token: `docker swarm join-token worker` on a manager)",
                        host.address.as_deref().unwrap_or(&host.name)
                    ),
                ),
                (several, _) => self.refuse(
                    "ambiguous-node",
                    format!(
                        "{} live nodes of this Swarm are named `{}`: {}",
                        several.len(),
                        host.name,
                        several
                            .iter()
                            .map(|node| format!("{} ({})", node.id, node.addr))
                            .collect::<Vec<_>>()
                            .join(", ")
                    ),
                    "docker node rm --force <the id that is wrong>".to_owned(),
                ),
            }
        }
        by_host
    }

    fn refuse(&mut self, rule: &str, reason: String, hint: String) {
        self.refusals.push(Refusal {
            rule: rule.to_owned(),
            reason,
            hint,
        });
    }

    fn members_of(
        &mut self,
        inventory: &Inventory,
        component: &'static Component,
        nodes: Option<&[Node]>,
        by_host: &BTreeMap<String, &Node>,
    ) -> Vec<Member> {
        let hosts: Vec<&str> = inventory
            .hosts
            .iter()
            .filter(|host| host.roles.contains(&component.role))
            .map(|host| host.name.as_str())
            .collect();
        let mut taken: BTreeMap<usize, String> = BTreeMap::new();
        let prefix = member_label(&inventory.name, &format!("{}-", component.name));
        for node in nodes.unwrap_or_default() {
            for key in node.labels.keys() {
                let Some(ordinal) = key.strip_prefix(&prefix).and_then(|n| n.parse().ok()) else {
                    continue;
                };
                let ours = by_host
                    .get(&node.hostname)
                    .is_some_and(|found| found.id == node.id)
                    && hosts.contains(&node.hostname.as_str());
                if !ours {
                    self.refuse(
                        "member-moves",
                        format!(
                            "`{}-{ordinal}` has its data on node `{}`, which the inventory does not \
                             give the role `{}`",
                            component.name, node.hostname, component.role
                        ),
                        format!(
                            "give host `{}` the role `{}` again; a member's data does not move by \
                             itself",
                            node.hostname, component.role
                        ),
                    );
                } else if let Some(other) = taken.insert(ordinal, node.hostname.clone()) {
                    self.refuse(
                        "member-twice",
                        format!(
                            "nodes `{other}` and `{}` both carry the label of `{}-{ordinal}`",
                            node.hostname, component.name
                        ),
                        format!(
                            "docker node update --label-rm {prefix}{ordinal} <the node without its data>"
                        ),
                    );
                }
            }
        }
        let holders: BTreeSet<String> = taken.values().cloned().collect();
        let mut free = (0..).filter(|ordinal| !taken.contains_key(ordinal));
        let mut members: Vec<Member> = taken
            .iter()
            .map(|(&ordinal, host)| member(component, ordinal, host))
            .collect();
        for host in hosts.iter().filter(|host| !holders.contains(**host)) {
            if let Some(ordinal) = free.next() {
                members.push(member(component, ordinal, host));
            }
        }
        members.sort();
        if members
            .iter()
            .enumerate()
            .any(|(at, member)| member.ordinal != at)
        {
            self.refuse(
                "member-gap",
                format!(
                    "members of `{}` are not numbered from 0 without a gap: {}",
                    component.name,
                    members
                        .iter()
                        .map(|member| member.name.as_str())
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
                "put back the node labels of the missing members".to_owned(),
            );
        }
        members
    }

    fn label(&mut self, inventory: &Inventory, nodes: &[Node], by_host: &BTreeMap<String, &Node>) {
        let cluster = &inventory.name;
        let mut wanted: BTreeMap<&str, BTreeMap<String, String>> = BTreeMap::new();
        for host in &inventory.hosts {
            let Some(node) = by_host.get(&host.name) else {
                continue;
            };
            let labels = wanted.entry(&node.id).or_default();
            for role in &host.roles {
                labels.insert(role_label(cluster, *role), "true".to_owned());
            }
            if let Some(zone) = &host.zone {
                labels.insert(zone_label(cluster), zone.clone());
            }
        }
        for member in self.members.values().flatten() {
            if let Some(node) = by_host.get(&member.host) {
                wanted
                    .entry(&node.id)
                    .or_default()
                    .insert(member_label(cluster, &member.name), "true".to_owned());
            }
        }
        let ours = format!("milvus.{cluster}.");
        let members = format!("{ours}member.");
        for node in nodes {
            let wanted = wanted.remove(node.id.as_str()).unwrap_or_default();
            let remove: Vec<String> = node
                .labels
                .keys()
                .filter(|key| {
                    // Member labels guard data: they are never taken away here.
                    key.starts_with(&ours)
                        && !key.starts_with(&members)
                        && !wanted.contains_key(*key)
                })
                .cloned()
                .collect();
            let add: BTreeMap<String, String> = wanted
                .into_iter()
                .filter(|(key, value)| node.labels.get(key) != Some(value))
                .collect();
            if !add.is_empty() || !remove.is_empty() {
                self.labels.push(NodeLabels {
                    node_id: node.id.clone(),
                    hostname: node.hostname.clone(),
                    add,
                    remove,
                });
            }
        }
        self.labels
            .sort_by(|a, b| (&a.hostname, &a.node_id).cmp(&(&b.hostname, &b.node_id)));
    }

    /// Label and host of every pool, for people who label by hand.
    #[must_use]
    pub fn pool_labels(&self, cluster: &str) -> Vec<(String, String)> {
        let labels: BTreeSet<(String, String)> = self
            .pools
            .iter()
            .filter_map(|(name, pool)| Some((Component::named(name)?.role, pool)))
            .flat_map(|(role, pool)| {
                pool.hosts
                    .iter()
                    .map(move |host| (role_label(cluster, role), host.clone()))
            })
            .collect();
        labels.into_iter().collect()
    }

    /// Members of a component, in order.
    #[must_use]
    pub fn members(&self, component: &str) -> &[Member] {
        self.members.get(component).map_or(&[], Vec::as_slice)
    }
}

fn member(component: &Component, ordinal: usize, host: &str) -> Member {
    Member {
        ordinal,
        name: format!("{}-{ordinal}", component.name),
        host: host.to_owned(),
    }
}

fn pool(inventory: &Inventory, role: Role) -> Pool {
    let settings = inventory.settings(role);
    let hosts: Vec<String> = inventory
        .hosts
        .iter()
        .filter(|host| host.roles.contains(&role))
        .map(|host| host.name.clone())
        .collect();
    Pool {
        replicas: settings.replicas,
        per_host: settings.per_host,
        hosts,
    }
}
