//! Published ports are taken on the hosts themselves: each is there once.

use std::collections::{BTreeMap, BTreeSet};

use super::No;
use super::facts::Facts;
use super::words::{count, names};
use crate::gate::short;
use crate::observed::{Node, TakenPort};
use crate::spec::PortConfig;

/// A service of ours that publishes a port, and where.
struct Publisher<'a> {
    name: &'a str,
    port: &'a PortConfig,
    hosts: Vec<&'a str>,
    /// Tasks that each need a host of their own.
    tasks: u64,
}

impl Publisher<'_> {
    fn is_ingress(&self) -> bool {
        self.port.publish_mode != "host"
    }

    /// Whether a task runs on each of the hosts.
    fn is_everywhere(&self) -> bool {
        self.tasks >= self.hosts.len() as u64
    }

    /// Swarm fills in what a stack file may leave out.
    fn key(&self) -> (u32, &str) {
        let protocol = self.port.protocol.as_str();
        let protocol = if protocol.is_empty() { "tcp" } else { protocol };
        (self.port.published_port, protocol)
    }
}

pub(super) fn clashes(facts: &Facts<'_>) -> Vec<No> {
    let ours = publishers(facts);
    let mut others: BTreeMap<(u32, &str), Vec<&TakenPort>> = BTreeMap::new();
    for port in &facts.case.seen.others.ports {
        let key = (port.port, port.protocol.as_str());
        others.entry(key).or_default().push(port);
    }
    let mut found: Vec<No> = ours
        .iter()
        .filter_map(|publisher| {
            let others = others.get(&publisher.key())?;
            foreign(facts, publisher, others)
        })
        .collect();
    found.extend(ours.iter().filter_map(|ours| swarms_own(facts, ours)));
    found.extend(among_ours(&ours));
    found
}

/// Ports that dockerd listens on itself: managers talk on the one, all nodes gossip on the other
/// (moby: `daemon/cluster`, `libnetwork/networkdb`).
fn swarms_own(facts: &Facts<'_>, ours: &Publisher<'_>) -> Option<No> {
    let is_manager = |host: &&str| {
        let node = facts.homes.get(*host);
        node.is_some_and(|node| node.role == "manager")
    };
    let (number, protocol) = ours.key();
    let on = match (number, protocol) {
        (2377, "tcp") if ours.is_ingress() || ours.hosts.iter().any(is_manager) => "managers",
        (7946, "tcp" | "udp") => "every node",
        _ => return None,
    };
    Some(No {
        reason: format!(
            "`{}` publishes port {number}, on which Swarm itself listens on {on}",
            ours.name
        ),
        hint: "publish another port (`publish:` in the inventory)".to_owned(),
    })
}

fn publishers<'a>(facts: &Facts<'a>) -> Vec<Publisher<'a>> {
    let pinned = facts.pinned().map(|(spec, host)| (spec, vec![host], 1));
    let spreads = facts.spreads().map(|spread| {
        let hosts = spread.pool.hosts.iter().map(String::as_str).collect();
        (spread.spec, hosts, spread.replicas)
    });
    pinned
        .chain(spreads)
        .flat_map(|(spec, hosts, tasks)| {
            let ports = spec.endpoint_spec.ports.iter();
            ports
                .filter(|port| port.published_port > 0)
                .map(move |port| Publisher {
                    name: short(&spec.name),
                    port,
                    hosts: hosts.clone(),
                    tasks,
                })
        })
        .collect()
}

/// Ports that services of others hold.
fn foreign(facts: &Facts<'_>, ours: &Publisher<'_>, others: &[&TakenPort]) -> Option<No> {
    let everywhere = others.iter().find(|other| other.nodes.is_none());
    let (number, protocol) = ours.key();
    let number = match protocol {
        "tcp" => number.to_string(),
        other => format!("{number}/{other}"),
    };
    let hint = |service: &str| {
        format!(
            "publish another port (`publish:` in the inventory), or take it from the other: docker \
             service inspect --pretty {service}"
        )
    };
    if let Some(other) = everywhere.or(others.first().filter(|_| ours.is_ingress())) {
        let how = match other.nodes {
            None => "in the routing mesh, on every host",
            Some(_) => "on hosts of its own",
        };
        return Some(No {
            reason: format!(
                "`{}` publishes port {number}, which `{}` holds {how}",
                ours.name, other.service
            ),
            hint: hint(&other.service),
        });
    }
    let holds = |node: &Node| {
        others.iter().find(|other| {
            let nodes = other.nodes.as_ref();
            nodes.is_some_and(|nodes| nodes.contains(&node.id))
        })
    };
    let taken: Vec<(&str, &str)> = ours
        .hosts
        .iter()
        .filter_map(|host| Some((*host, holds(facts.homes.get(host)?)?.service.as_str())))
        .collect();
    let (_, first) = taken.first()?;
    let free = ours.hosts.len() - taken.len();
    let services: BTreeSet<&str> = taken.iter().map(|(_, service)| *service).collect();
    (ours.tasks > free as u64).then(|| No {
        reason: format!(
            "`{}` publishes port {number} on the hosts of its {}, but {} holds it on {}: {} left",
            ours.name,
            count(usize::try_from(ours.tasks).unwrap_or(usize::MAX), "task"),
            names(&services),
            names(taken.iter().map(|(host, _)| *host)),
            count(free, "host"),
        ),
        hint: hint(first),
    })
}

/// Two services of ours on one host with one port.
fn among_ours(ours: &[Publisher<'_>]) -> Vec<No> {
    let mut held: BTreeMap<(&str, u32, &str), &str> = BTreeMap::new();
    let mut clashes: BTreeMap<(&str, &str, u32), Vec<&str>> = BTreeMap::new();
    for publisher in ours.iter().filter(|publisher| publisher.is_everywhere()) {
        let (port, protocol) = publisher.key();
        for host in &publisher.hosts {
            match held.insert((*host, port, protocol), publisher.name) {
                Some(other) if other != publisher.name => {
                    let clash = clashes.entry((other, publisher.name, port)).or_default();
                    clash.push(host);
                }
                _ => {}
            }
        }
    }
    clashes
        .into_iter()
        .map(|((one, other, port), hosts)| No {
            reason: format!(
                "`{one}` and `{other}` both publish port {port} on {}",
                names(&hosts)
            ),
            hint: "give each its own port (`publish:` in the inventory)".to_owned(),
        })
        .collect()
}
