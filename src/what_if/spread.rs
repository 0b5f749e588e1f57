//! Where Swarm puts a task.
//!
//! As `SwarmKit` does (`manager/scheduler`): a host must be ready, carry the role's label, have
//! room for the reservation and fewer tasks of the service than `max_replicas_per_node`; of
//! those, the zone and then the host with the fewest tasks of the service, then with the fewest
//! tasks.

use std::collections::{BTreeMap, BTreeSet};

use super::Question;
use super::stand::{Free, Host, Slot, is_candidate};
use crate::component::Component;
use crate::role::Role;
use crate::system::SEARCH;

/// Tasks of the service on a host, tasks of the cluster on it, its name.
type Entry<'a> = (u64, u64, &'a str);

/// Spreads the tasks of one service over hosts.
pub(super) struct Spread<'a> {
    role: Role,
    per_host: u64,
    needs: Free,
    /// Hosts that may take a task by zone, the emptiest first.
    open: BTreeMap<&'a str, BTreeSet<Entry<'a>>>,
    /// Zone and place in line of each open host.
    line: BTreeMap<&'a str, (&'a str, Entry<'a>)>,
    zones: BTreeMap<&'a str, u64>,
    candidates: usize,
    crowded: usize,
}

impl<'a> Spread<'a> {
    pub fn new(
        question: &Question<'_>,
        component: &str,
        hosts: &BTreeMap<&'a str, Host<'a>>,
        up: impl Fn(&Host<'_>) -> bool,
    ) -> Self {
        let row = Component::named(component);
        let settings = row.map(|row| question.inventory.settings(row.role));
        let pool = question.topology.pools.get(component);
        let mut spread = Self {
            role: row.map_or(SEARCH.role, |row| row.role),
            per_host: pool.map_or(1, |pool| pool.per_host),
            needs: Free {
                cpus: settings.and_then(|s| s.cpus.reserve).unwrap_or(0),
                memory: settings.and_then(|s| s.memory.reserve).unwrap_or(0),
            },
            open: BTreeMap::new(),
            line: BTreeMap::new(),
            zones: BTreeMap::new(),
            candidates: 0,
            crowded: 0,
        };
        for name in pool.map_or(&[][..], |pool| &pool.hosts) {
            let Some((&name, host)) = hosts.get_key_value(name.as_str()) else {
                continue;
            };
            if up(host) && row.is_some_and(|row| is_candidate(question, row, host)) {
                spread.candidates += 1;
                let zone = host.zone.unwrap_or_default();
                spread.queue(zone, (0, host.tasks, name));
            }
        }
        spread
    }

    /// Places a number of tasks.
    pub fn place(mut self, replicas: u64, hosts: &mut BTreeMap<&'a str, Host<'a>>) -> Vec<Slot> {
        (1..=replicas)
            .map(|slot| {
                let host = self.take(hosts).ok();
                Slot {
                    slot,
                    stood: host.is_some(),
                    stands: false,
                    host,
                }
            })
            .collect()
    }

    /// A task that runs already.
    pub fn stays(&mut self, host: Option<&str>) {
        if let Some(&(zone, entry)) = host.and_then(|name| self.line.get(name)) {
            self.count(zone, entry, entry.1);
        }
    }

    fn queue(&mut self, zone: &'a str, entry: Entry<'a>) {
        self.line.insert(entry.2, (zone, entry));
        self.open.entry(zone).or_default().insert(entry);
    }

    fn unqueue(&mut self, zone: &'a str, entry: Entry<'a>) {
        self.line.remove(entry.2);
        self.open.entry(zone).or_default().remove(&entry);
    }

    /// Puts one task more on a host, which is full then or goes back in line.
    fn count(&mut self, zone: &'a str, entry: Entry<'a>, tasks: u64) {
        *self.zones.entry(zone).or_default() += 1;
        self.unqueue(zone, entry);
        if entry.0 + 1 < self.per_host {
            self.queue(zone, (entry.0 + 1, tasks, entry.2));
        }
    }

    /// The host for one task more, or why there is none.
    pub fn take(&mut self, hosts: &mut BTreeMap<&'a str, Host<'a>>) -> Result<String, String> {
        loop {
            let best = self
                .open
                .iter()
                .filter_map(|(&zone, open)| {
                    let first = *open.first()?;
                    let in_zone = self.zones.get(zone).copied().unwrap_or(0);
                    Some((in_zone, first, zone))
                })
                .min();
            let Some((_, entry, zone)) = best else {
                return Err(self.why_not());
            };
            let Some(host) = hosts.get_mut(entry.2) else {
                return Err(self.why_not());
            };
            if let Some(free) = &mut host.free {
                if free.cpus < self.needs.cpus || free.memory < self.needs.memory {
                    // It will not grow: no other task of the service fits either.
                    self.crowded += 1;
                    self.unqueue(zone, entry);
                    continue;
                }
                free.cpus -= self.needs.cpus;
                free.memory -= self.needs.memory;
            }
            host.tasks += 1;
            self.count(zone, entry, host.tasks);
            return Ok(entry.2.to_owned());
        }
    }

    fn why_not(&self) -> String {
        let role = self.role;
        let hosts = |count: usize| match count {
            1 => "1 host".to_owned(),
            count => format!("{count} hosts"),
        };
        if self.candidates == 0 {
            return format!("no host with the role `{role}` is left");
        }
        let full = self.candidates - self.crowded;
        let mut why = Vec::new();
        if full > 0 {
            let each = if full == 1 { "it has" } else { "each has" };
            why.push(format!(
                "{} with the role `{role}` left, {each} its {} already",
                hosts(full),
                self.per_host
            ));
        }
        if self.crowded > 0 {
            let have = if self.crowded == 1 { "has" } else { "have" };
            why.push(format!(
                "{} {have} no room for what a task reserves",
                hosts(self.crowded)
            ));
        }
        why.join("; ")
    }
}
