//! What must be true of an inventory as a whole: counts, sizes and ports that can work.

use crate::role::{Agreement, Role};
use crate::spec::Range;
use crate::system::milvus::grammar::COORDINATORS;
use crate::system::milvus::{MIXCOORD, MIXED};
use crate::system::minio::shape::is_valid;
use crate::system::pulsar::grammar::LEDGERS;
use crate::system::{COMPONENTS, PUBLISHED, striping};

use super::fillers::is_idle;
use super::hosts::Listing;
use super::model::{Bounds, Inventory, Subnet};
use super::places::{beside, is_early};
use super::problem::{Amount, Finding, Problem};
use super::source::Span;
use super::tree::Node;

/// What the rules look at: the inventory, and where it is written.
pub(super) struct Rules<'a> {
    pub inventory: &'a Inventory,
    pub root: &'a Node,
    pub listing: &'a Listing,
}

impl Rules<'_> {
    /// Every broken rule.
    pub fn broken(&self) -> Vec<Finding> {
        if self.inventory.hosts.is_empty() {
            return vec![Finding::at(self.hosts_place(), Problem::NoHosts)];
        }
        let mut found = Vec::new();
        self.required(&mut found);
        for role in Role::ALL {
            self.versions(role, &mut found);
        }
        self.coordinators(&mut found);
        self.quorums(&mut found);
        for role in Role::agreeing(Agreement::Erasure) {
            self.pool(role, &mut found);
        }
        self.ledgers(&mut found);
        for role in Role::ALL {
            self.replicas(role, &mut found);
            self.sizes(role, &mut found);
        }
        self.ports(&mut found);
        self.subnet(&mut found);
        found
    }

    fn count(&self, role: Role) -> usize {
        self.inventory.hosts_with(role).count()
    }

    /// The value at the end of a path, or the closest to it that is written.
    fn place(&self, path: &[&str]) -> Span {
        let mut node = self.root;
        let mut at = None;
        for key in path {
            let Some(entry) = node.entry(key) else { break };
            node = &entry.value;
            at = Some(if node.entries().is_empty() {
                node.at
            } else {
                entry.at
            });
        }
        at.unwrap_or_else(|| self.hosts_place())
    }

    fn hosts_place(&self) -> Span {
        let entries = self.root.entries().iter();
        entries
            .filter(|entry| entry.key == "hosts" || entry.key == "groups")
            .map(|entry| entry.at)
            .next()
            .unwrap_or_default()
    }

    /// Where a role is first given to a host.
    fn mention(&self, role: Role) -> Span {
        let mentions = self.listing.mentions.iter();
        mentions
            .filter(|(other, _)| *other == role)
            .map(|(_, at)| *at)
            .next()
            .unwrap_or_else(|| self.hosts_place())
    }

    fn required(&self, found: &mut Vec<Finding>) {
        let missing = |role: &Role| {
            let follows_missing = beside(*role).is_some_and(|beside| {
                self.inventory.by_default.contains(role)
                    && self.count(beside) == 0
                    && !is_idle(beside, &self.inventory.fillers)
            });
            let is_required = role.duty().is_none_or(|duty| duty.is_required);
            is_required
                && self.count(*role) == 0
                && !follows_missing
                && !self.has_become(*role)
                && !is_idle(*role, &self.inventory.fillers)
        };
        let roles: Vec<Role> = Role::ALL.into_iter().filter(missing).collect();
        if !roles.is_empty() {
            let problem = Problem::MissingRoles { roles };
            found.push(Finding::at(self.hosts_place(), problem));
        }
    }

    /// Whether its hosts do the work of another role in this release.
    fn has_become(&self, role: Role) -> bool {
        let became = role.duty().and_then(|duty| duty.became);
        became.is_some_and(|(since, _)| self.inventory.line() >= since)
    }

    fn versions(&self, role: Role, found: &mut Vec<Finding>) {
        if !is_early(role, self.inventory.line()) {
            return;
        }
        let settings = self
            .root
            .get("roles")
            .and_then(|roles| roles.entry(role.name()));
        let mentions = self.listing.mentions.iter();
        let places = mentions
            .filter(|(other, _)| *other == role)
            .map(|(_, at)| *at)
            .chain(settings.map(|entry| entry.at));
        let milvus = self.inventory.milvus.clone().unwrap_or_default();
        found.extend(places.map(|at| {
            let milvus = milvus.clone();
            Finding::at(at, Problem::RoleEarly { role, milvus })
        }));
    }

    /// How coordinators run is a matter of the release, where the inventory says it: a cluster that is
    /// there may keep another one.
    fn coordinators(&self, found: &mut Vec<Finding>) {
        let (Some(mixed), Some(milvus)) = (self.inventory.mixed, &self.inventory.milvus) else {
            return;
        };
        let line = self.inventory.line();
        let has = if mixed {
            line >= MIXED
        } else {
            line < MIXCOORD.releases.0
        };
        if !has {
            let milvus = milvus.clone();
            let problem = Problem::Coordinators { mixed, milvus };
            found.push(Finding::at(self.place(&[COORDINATORS.name]), problem));
        }
    }

    /// etcd and `ZooKeeper` vote: an even number adds a member and no safety.
    fn quorums(&self, found: &mut Vec<Finding>) {
        for role in Role::agreeing(Agreement::Majority) {
            let count = self.count(role);
            if count > 0 && count.is_multiple_of(2) && !self.inventory.by_default.contains(&role) {
                found.push(Finding::at(
                    self.mention(role),
                    Problem::EvenMembers { role, count },
                ));
            }
        }
    }

    fn pool(&self, role: Role, found: &mut Vec<Finding>) {
        let hosts = self.count(role) as u64;
        let drives = self.inventory.settings(role).drives;
        if hosts > 0 && !is_valid(hosts, drives) {
            let at = self.mention(role);
            found.push(Finding::at(at, Problem::MinioShape { hosts, drives }));
        }
    }

    /// What is written by turns to some of the members needs so many, and each number bounds the next.
    fn ledgers(&self, found: &mut Vec<Finding>) {
        let quorum = &self.inventory.pulsar;
        let roles = Role::agreeing(Agreement::Ensemble);
        for role in roles {
            let members = self.count(role) as u64;
            let Some(striping) = striping(role) else {
                continue;
            };
            let ensemble = (striping.of)(self.inventory).ensemble;
            if members > 0 && ensemble > members {
                let problem = Problem::FewMembers {
                    role,
                    one: striping.one,
                    ensemble,
                    members,
                    setting: striping.setting,
                    fewer: (striping.most)(members),
                };
                found.push(Finding::at(self.place(striping.setting), problem));
            }
        }
        let (ensemble, write, ack) = ("ensemble", "write_quorum", "ack_quorum");
        for (larger, large, smaller, small) in [
            (ensemble, quorum.ensemble, write, quorum.write_quorum),
            (write, quorum.write_quorum, ack, quorum.ack_quorum),
        ] {
            if large < small {
                let problem = Problem::QuorumOrder {
                    larger,
                    large,
                    smaller,
                    small,
                };
                found.push(Finding::at(self.place(&[LEDGERS.name, smaller]), problem));
            }
        }
    }

    fn replicas(&self, role: Role, found: &mut Vec<Finding>) {
        let settings = self.inventory.settings(role);
        let (replicas, per_host) = (settings.replicas, settings.per_host);
        let hosts = self.count(role) as u64;
        if hosts > 0 && replicas > hosts * per_host {
            let problem = Problem::TooManyReplicas {
                role,
                replicas,
                hosts,
                per_host,
            };
            let at = self.place(&["roles", role.name(), "replicas"]);
            found.push(Finding::at(at, problem));
        }
    }

    fn sizes(&self, role: Role, found: &mut Vec<Finding>) {
        let settings = self.inventory.settings(role);
        self.bounds(role, "cpus", settings.cpus, Amount::Cpus, found);
        self.bounds(role, "memory", settings.memory, Amount::Bytes, found);
        if let (Some(jvm), Some(limit)) = (settings.jvm, settings.memory.limit)
            && jvm.heap.saturating_add(jvm.direct) > limit
        {
            let problem = Problem::JvmOverLimit {
                role,
                heap: jvm.heap,
                direct: jvm.direct,
                limit,
            };
            let at = self.place(&["roles", role.name(), "memory", "limit"]);
            found.push(Finding::at(at, problem));
        }
    }

    fn bounds(
        &self,
        role: Role,
        key: &str,
        bounds: Bounds,
        amount: fn(i64) -> Amount,
        found: &mut Vec<Finding>,
    ) {
        if let (Some(reserve), Some(limit)) = (bounds.reserve, bounds.limit)
            && reserve > limit
        {
            let problem = Problem::ReserveOverLimit {
                role,
                reserve: amount(reserve),
                limit: amount(limit),
            };
            let at = self.place(&["roles", role.name(), key, "reserve"]);
            found.push(Finding::at(at, problem));
        }
    }

    /// All published ports are taken on the hosts themselves.
    fn ports(&self, found: &mut Vec<Finding>) {
        let publish = &self.inventory.publish;
        let named = PUBLISHED.map(|one| (one.key.name, publish.port(one)));
        for (position, (other, port)) in named.iter().enumerate() {
            let Some(port) = *port else { continue };
            let earlier = named[..position]
                .iter()
                .find(|(_, taken)| *taken == Some(port));
            if let Some((one, _)) = earlier {
                let problem = Problem::PortTwice { port, one, other };
                found.push(Finding::at(self.place(&["publish", other]), problem));
            }
        }
        for row in COMPONENTS {
            let per_host = self.inventory.settings(row.role).per_host;
            let mut published = row.published(self.inventory);
            if let Some((_, port)) = published.next().filter(|_| per_host > 1) {
                let problem = Problem::PortPerHost { per_host, port };
                let at = self.place(&["roles", row.role.name(), "per_host"]);
                found.push(Finding::at(at, problem));
            }
        }
    }

    /// Each task takes an address; so does each host for the network's own use.
    fn subnet(&self, found: &mut Vec<Finding>) {
        let network = &self.inventory.network;
        let range = |subnet: Subnet| Range::parse(&subnet.to_string());
        if let Some((subnet, other)) = network.front_subnet.zip(network.subnet)
            && let Some((one, two)) = range(subnet).zip(range(other))
            && one.overlaps(two)
        {
            let problem = Problem::SubnetsOverlap { subnet, other };
            found.push(Finding::at(
                self.place(&["network", "front_subnet"]),
                problem,
            ));
        }
        let Some(subnet) = network.subnet else {
            return;
        };
        let tasks: u64 = Role::ALL
            .into_iter()
            .filter(|role| *role != Role::Manager)
            .map(|role| self.inventory.settings(role).replicas)
            .sum();
        let needed = tasks + self.inventory.hosts.len() as u64;
        if needed > subnet.room() {
            let problem = Problem::SmallSubnet { subnet, needed };
            found.push(Finding::at(self.place(&["network", "subnet"]), problem));
        }
    }
}
