//! As many tasks as each service wants: created, restarted, replaced by an update, removed.

use std::collections::{BTreeMap, BTreeSet};

use super::world::{SimService, Update, World};

/// How long the updater takes to notice a new spec.
const NOTICE: u64 = 25;
/// Ended tasks that are remembered for each slot.
const HISTORY: usize = 5;

/// The newest task of a slot.
struct Slot {
    number: u64,
    newest: usize,
}

impl World {
    pub fn orchestrate(&mut self) {
        self.leave_dark_nodes();
        let names: Vec<String> = self.services.keys().cloned().collect();
        for name in names {
            self.reconcile(&name);
        }
        let ids: BTreeSet<&String> = self.services.values().map(|service| &service.id).collect();
        let mut orphaned = false;
        for task in &mut self.tasks {
            if !ids.contains(&task.seen.service_id) && task.seen.desired_state != "remove" {
                task.unwant("remove");
                orphaned = true;
            }
        }
        if orphaned {
            self.later(1);
        }
        self.forget();
    }

    /// Tasks of nodes that are down are replaced, though nobody hears of their end.
    fn leave_dark_nodes(&mut self) {
        let down: Vec<String> = self
            .nodes
            .iter()
            .filter(|node| node.state == "down")
            .map(|node| node.id.clone())
            .collect();
        for task in &mut self.tasks {
            if task.is_wanted() && down.contains(&task.seen.node_id) {
                task.unwant("shutdown");
            }
        }
    }

    fn slots(&self, service: &SimService) -> Vec<Slot> {
        let mut slots: BTreeMap<u64, usize> = BTreeMap::new();
        for (at, task) in self.tasks.iter().enumerate() {
            if task.seen.service_id == service.id && task.seen.desired_state != "remove" {
                slots.insert(task.seen.slot, at);
            }
        }
        slots
            .into_iter()
            .map(|(number, newest)| Slot { number, newest })
            .collect()
    }

    fn reconcile(&mut self, name: &str) {
        let service = &self.services[name];
        let slots = self.slots(service);
        let wanted = service.spec.replicas().unwrap_or(1);
        let taken: BTreeSet<u64> = slots.iter().map(|slot| slot.number).collect();
        let have = slots.len() as u64;
        for number in (1..)
            .filter(|n| !taken.contains(n))
            .take(wanted.saturating_sub(have) as usize)
        {
            self.new_task(name, number, 0, None);
        }
        let mut kept = slots;
        if have > wanted {
            self.in_order_of_staying(&mut kept);
            for slot in kept.split_off(wanted as usize) {
                for task in &mut self.tasks {
                    if task.seen.service == name && task.seen.slot == slot.number {
                        task.unwant("remove");
                    }
                }
                self.later(1);
            }
        }
        for slot in &kept {
            self.restart(name, slot);
        }
        self.update(name);
    }

    /// What has no node goes first, then what shares its node with others, then what does not
    /// run, then the highest slot (swarmkit: `replicated/services.go`).
    fn in_order_of_staying(&self, slots: &mut [Slot]) {
        let seen = |slot: &Slot| &self.tasks[slot.newest].seen;
        slots.sort_by_key(|slot| (seen(slot).state != "running", slot.number));
        let mut on: BTreeMap<String, usize> = BTreeMap::new();
        slots.sort_by_cached_key(|slot| {
            let node = &seen(slot).node_id;
            if node.is_empty() {
                return usize::MAX;
            }
            let nth = on.entry(node.clone()).or_default();
            *nth += 1;
            *nth
        });
    }

    /// A slot whose newest task is over gets another, if the policy says so.
    fn restart(&mut self, name: &str, slot: &Slot) {
        let service = &self.services[name];
        let task = &self.tasks[slot.newest];
        if task.is_wanted() {
            return;
        }
        let policy = service
            .spec
            .task_template
            .restart_policy
            .clone()
            .unwrap_or_default();
        let again = match policy.condition.as_str() {
            "none" => task.edition != service.edition,
            "on-failure" => task.seen.state != "complete" || task.edition != service.edition,
            _ => true,
        };
        if !again {
            return;
        }
        let delay = match task.seen.state.as_str() {
            "failed" | "rejected" | "complete" => policy
                .delay
                .map_or(5_000, |nanos| (nanos / 1_000_000).unsigned_abs()),
            _ => 0,
        };
        let before = task.seen.id.clone();
        let number = slot.number;
        self.new_task(name, number, delay, Some(before));
    }

    /// Replaces tasks of an older edition, `parallelism` slots at a time, old task first.
    fn update(&mut self, name: &str) {
        let service = &self.services[name];
        if !matches!(service.update, Update::Posted | Update::Updating)
            || self.clock < service.changed_at + NOTICE
        {
            return;
        }
        let edition = service.edition;
        let parallelism = service
            .spec
            .update_config
            .as_ref()
            .map_or(1, |c| c.parallelism);
        let pauses = service
            .spec
            .update_config
            .as_ref()
            .is_none_or(|config| matches!(config.failure_action.as_str(), "" | "pause"));
        let slots = self.slots(service);
        let fresh = |slot: &&Slot| self.tasks[slot.newest].edition == edition;
        let failed = self.tasks.iter().any(|task| {
            task.seen.service == name && task.edition == edition && task.seen.state == "failed"
        });
        let moving = slots
            .iter()
            .filter(fresh)
            .filter(|slot| {
                let task = &self.tasks[slot.newest];
                task.is_wanted() && task.seen.state != "running"
            })
            .count() as u64;
        let stale: Vec<&Slot> = slots.iter().filter(|slot| !fresh(slot)).collect();
        let was = service.update;
        let now = if failed && pauses {
            Update::Paused
        } else if stale.is_empty() && moving == 0 {
            Update::Completed
        } else {
            Update::Updating
        };
        let room = if parallelism == 0 {
            u64::MAX
        } else {
            parallelism.saturating_sub(moving)
        };
        let delay = service.spec.update_config.as_ref().map_or(0, |c| c.delay);
        let asleep = service.turn_taken && delay > 3_600_000_000_000;
        let next: Vec<(u64, usize)> = stale
            .iter()
            .filter(|_| !asleep)
            .take(usize::try_from(room).unwrap_or(usize::MAX))
            .map(|slot| (slot.number, slot.newest))
            .collect();
        if now == Update::Updating {
            let taken = !next.is_empty();
            self.services
                .get_mut(name)
                .expect("it was there")
                .turn_taken |= taken;
            for (number, old) in next {
                let id = self.tasks[old].seen.id.clone();
                self.tasks[old].unwant("shutdown");
                self.later(1);
                self.new_task(name, number, 0, Some(id));
            }
        }
        if was != now {
            let version = self.next_version();
            let service = self.services.get_mut(name).expect("it was there");
            service.update = now;
            service.version = version;
            self.later(1);
        }
    }

    /// Keeps only the last few ended tasks of each slot.
    fn forget(&mut self) {
        let mut ended: BTreeMap<(String, u64), Vec<String>> = BTreeMap::new();
        for task in self
            .tasks
            .iter()
            .filter(|task| !task.is_wanted() && task.is_over())
        {
            ended
                .entry((task.seen.service_id.clone(), task.seen.slot))
                .or_default()
                .push(task.seen.id.clone());
        }
        let old: BTreeSet<String> = ended
            .into_values()
            .flat_map(|mut ids| {
                let keep = ids.len().saturating_sub(HISTORY);
                ids.truncate(keep);
                ids
            })
            .collect();
        if !old.is_empty() {
            self.tasks.retain(|task| !old.contains(&task.seen.id));
        }
    }
}
