//! Which host runs what: the inventory laid over the nodes of a Swarm.
//!
//! Members of stateful roles stick to the node that holds their data: the node's label
//! remembers, the order of hosts in the inventory only proposes.

use std::collections::{BTreeMap, BTreeSet};

use crate::component::{Component, Shape};
use crate::count::count;
use crate::inventory::{Host, Inventory};
use crate::observed::Node;
use crate::release::Release;
use crate::role::Role;
use crate::words::names;

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

/// Label of every object that belongs to a cluster.
pub const CLUSTER_LABEL: &str = "milvus-swarm.cluster";
/// Marks a secret whose password Milvus was not told yet, or did not say that it took.
pub const UNTOLD_LABEL: &str = "milvus-swarm.untold";

/// Name of the service that a cluster is asked through while no proxy runs.
#[must_use]
pub fn probe_name(cluster: &str) -> String {
    format!("{cluster}-probe")
}

/// A label of the node of a host.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mark<'a> {
    /// The host's name in the inventory.
    pub host: &'a str,
    pub label: String,
    pub value: String,
}

/// The labels that the nodes of hosts should have.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct HostLabels {
    /// Labels that begin with this are the cluster's: one that no host should have goes.
    pub ours: String,
    /// Those among them that guard data: they are never taken away with the others.
    pub kept: String,
    /// Labels with their values, by the host as the inventory names it.
    pub of: BTreeMap<String, BTreeMap<String, String>>,
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
        let by_host = topology.match_nodes(inventory, nodes.unwrap_or_default());
        let holders = holders(&inventory.name, nodes.unwrap_or_default());
        for component in Component::of(inventory, release) {
            match component.shape {
                Shape::Members => {
                    let members = members_of(inventory, component, &holders, &by_host);
                    topology.members.insert(component.name, members);
                }
                Shape::Replicas => {
                    let pool = pool(inventory, component.role, release);
                    topology.pools.insert(component.name, pool);
                }
                Shape::Task => {}
            }
        }
        topology.point_out_waits(inventory, release, &by_host);
        topology
    }

    /// The node of each host that has one, with a warning for each that is up and takes no tasks.
    fn match_nodes<'n>(
        &mut self,
        inventory: &Inventory,
        nodes: &'n [Node],
    ) -> BTreeMap<String, &'n Node> {
        let named = by_hostname(nodes);
        let mut by_host = BTreeMap::new();
        for host in &inventory.hosts {
            let Some(node) = named.get(host.name.as_str()).and_then(|named| home(named)) else {
                continue;
            };
            by_host.insert(host.name.clone(), node);
            if node.state != "down" && node.availability != "active" {
                self.warnings.push(format!(
                    "node `{}` is set to `{}` and takes no new tasks: `docker node update \
                     --availability active {}`",
                    host.name, node.availability, host.name
                ));
            }
        }
        by_host
    }

    /// Warns of nodes that are down. Of a component with members, the gate that ends `up` at the
    /// latest needs all of them, however few the first one opens with.
    fn point_out_waits(
        &mut self,
        inventory: &Inventory,
        release: &Release,
        by_host: &BTreeMap<String, &Node>,
    ) {
        for (host, _) in by_host.iter().filter(|(_, node)| node.state == "down") {
            let here = Component::of(inventory, release).filter(|component| {
                let mut members = self.members(component.name).iter();
                members.any(|member| member.host == *host)
            });
            let here: Vec<&str> = here.map(|component| component.name).collect();
            let mut warning = format!("node `{host}` is down");
            if !here.is_empty() {
                warning += &format!(
                    "; what is pinned to it waits for it, and so does `up`: a gate needs every \
                     member of {}",
                    names(here)
                );
            }
            self.warnings.push(warning);
        }
        self.point_out_lack_of_room(by_host);
    }

    /// Warns of replicated components with more tasks than the hosts that are there may run.
    fn point_out_lack_of_room(&mut self, by_host: &BTreeMap<String, &Node>) {
        let is_away = |host: &&String| by_host.get(*host).is_some_and(|node| !node.takes_tasks());
        let mut short: BTreeMap<(Vec<&String>, u64, u64), Vec<&str>> = BTreeMap::new();
        for (component, pool) in &self.pools {
            let away: Vec<&String> = pool.hosts.iter().filter(is_away).collect();
            let here = (pool.hosts.len() - away.len()) as u64;
            let room = here.saturating_mul(pool.per_host);
            if !away.is_empty() && room < pool.replicas {
                let same = short.entry((away, room, pool.replicas)).or_default();
                same.push(component);
            }
        }
        let warnings = short.into_iter().map(|((away, room, replicas), components)| {
            format!(
                "without {} there is room for {room} of {} of {}, and `up` waits for all of them",
                names(away),
                count(replicas, "task"),
                names(components),
            )
        });
        self.warnings.extend(warnings);
    }

    /// The labels that roles, zones, members and these marks need.
    #[must_use]
    pub fn labels(&self, inventory: &Inventory, marks: Vec<Mark<'_>>) -> HostLabels {
        let cluster = &inventory.name;
        let mut of: BTreeMap<&str, BTreeMap<String, String>> = BTreeMap::new();
        for host in &inventory.hosts {
            let labels = of.entry(&host.name).or_default();
            for role in host.roles.iter().filter(|role| self.has_work(**role)) {
                labels.insert(role_label(cluster, *role), "true".to_owned());
            }
            if let Some(zone) = &host.zone {
                labels.insert(zone_label(cluster), zone.clone());
            }
        }
        for (component, pool) in &self.pools {
            let role = Component::named(component).map(|row| row.role);
            for host in &pool.hosts {
                let labels = of.entry(host).or_default();
                labels.extend(role.map(|role| (role_label(cluster, role), "true".to_owned())));
            }
        }
        for member in self.members.values().flatten() {
            let labels = of.entry(&member.host).or_default();
            labels.insert(member_label(cluster, &member.name), "true".to_owned());
        }
        for mark in marks {
            let labels = of.entry(mark.host).or_default();
            labels.insert(mark.label, mark.value);
        }
        HostLabels {
            ours: format!("milvus.{cluster}."),
            kept: member_label(cluster, ""),
            of: of
                .into_iter()
                .map(|(host, labels)| (host.to_owned(), labels))
                .collect(),
        }
    }

    /// Whether a role says where something runs: a release may have nothing of a role.
    fn has_work(&self, role: Role) -> bool {
        let mut rows = self.members.keys().chain(self.pools.keys());
        let is_of = |row: &Component| row.role == role;
        role == Role::Manager || rows.any(|name| Component::named(name).is_some_and(is_of))
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

/// Nodes by hostname. A host that left the Swarm and joined it again is there twice: its former
/// node stays in the list, down, until somebody removes it.
pub(crate) type Named<'n> = BTreeMap<&'n str, Vec<&'n Node>>;

pub(crate) fn by_hostname(nodes: &[Node]) -> Named<'_> {
    let mut named = Named::new();
    for node in nodes {
        named.entry(&node.hostname).or_default().push(node);
    }
    named
}

/// Which of the nodes with its name a host is: the live one, or one that is down where none is
/// live; none where several are.
pub(crate) fn home<'n>(named: &[&'n Node]) -> Option<&'n Node> {
    let mut live = named.iter().filter(|node| node.state != "down");
    match (live.next(), live.next()) {
        (Some(one), None) => Some(*one),
        (None, _) => named.first().copied(),
        _ => None,
    }
}

/// A node that carries the label of a member.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holder<'n> {
    pub component: &'static Component,
    pub ordinal: usize,
    pub node: &'n Node,
}

/// Every member label of a cluster.
pub(crate) fn holders<'n>(cluster: &str, nodes: &'n [Node]) -> Vec<Holder<'n>> {
    let prefix = member_label(cluster, "");
    let mut holders = Vec::new();
    for node in nodes {
        for name in node
            .labels
            .keys()
            .filter_map(|key| key.strip_prefix(&prefix))
        {
            let Some((component, ordinal)) = name.rsplit_once('-') else {
                continue;
            };
            if let (Some(component), Ok(ordinal)) =
                (Component::named(component), ordinal.parse::<usize>())
                && component.shape == Shape::Members
            {
                holders.push(Holder {
                    component,
                    ordinal,
                    node,
                });
            }
        }
    }
    holders
}

/// Who holds data stays where it is; hosts that are left get the numbers that are left.
fn members_of(
    inventory: &Inventory,
    component: &'static Component,
    holders: &[Holder<'_>],
    by_host: &BTreeMap<String, &Node>,
) -> Vec<Member> {
    let hosts: Vec<&str> = inventory
        .hosts_with(component.role)
        .map(|host| host.name.as_str())
        .collect();
    let with_role: BTreeSet<&str> = hosts.iter().copied().collect();
    let taken: BTreeMap<usize, &str> = holders
        .iter()
        .filter(|holder| holder.component.name == component.name)
        .filter(|holder| {
            let hostname = holder.node.hostname.as_str();
            with_role.contains(hostname)
                && by_host
                    .get(hostname)
                    .is_some_and(|found| found.id == holder.node.id)
        })
        .map(|holder| (holder.ordinal, holder.node.hostname.as_str()))
        .collect();
    let settled: BTreeSet<&str> = taken.values().copied().collect();
    let free = (0..).filter(|ordinal| !taken.contains_key(ordinal));
    let newcomers = hosts.iter().filter(|host| !settled.contains(*host));
    let mut members: Vec<Member> = taken
        .iter()
        .map(|(&ordinal, host)| member(component, ordinal, host))
        .chain(
            newcomers
                .zip(free)
                .map(|(host, ordinal)| member(component, ordinal, host)),
        )
        .collect();
    members.sort();
    members
}

fn member(component: &Component, ordinal: usize, host: &str) -> Member {
    Member {
        ordinal,
        name: format!("{}-{ordinal}", component.name),
        host: host.to_owned(),
    }
}

/// Where others do the work of a role as well, as many more tasks of it run there: a host with both
/// has no more than it may.
fn pool(inventory: &Inventory, role: Role, release: &Release) -> Pool {
    let mut roles = role.doers(release.line);
    roles.retain(|role| inventory.hosts_with(*role).next().is_some());
    let has = |host: &&Host| roles.iter().any(|role| host.roles.contains(role));
    let hosts = inventory.hosts.iter().filter(has);
    let hosts: Vec<String> = hosts.map(|host| host.name.clone()).collect();
    let settings = || roles.iter().map(|role| inventory.settings(*role));
    let per_host = settings().map(|own| own.per_host).max().unwrap_or(1);
    let replicas = settings().map(|own| own.replicas).sum();
    let room = per_host.saturating_mul(hosts.len() as u64);
    Pool {
        replicas: if roles.len() > 1 {
            room.min(replicas)
        } else {
            replicas
        },
        per_host,
        hosts,
    }
}
