//! How many tasks of each component are left, and where Swarm starts those that were lost.

use schemars::JsonSchema;
use serde::Serialize;

use super::Question;
use super::spread::Spread;
use super::stand::{Standing, components};
use crate::component::{Component, Shape};
use crate::role::Role;

/// How many tasks of a component are left.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Capacity {
    pub component: &'static str,
    pub title: &'static str,
    pub role: Role,
    /// Tasks that ran before.
    pub had: u64,
    /// Tasks that run right after the loss.
    pub left: u64,
    /// Tasks that run once Swarm started again what it can.
    pub after: u64,
    /// Bytes that all tasks may use after it and before, where the inventory sets a limit.
    pub memory: Option<(i64, i64)>,
}

/// A task that Swarm starts elsewhere.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Move {
    pub task: String,
    pub from: String,
    pub to: String,
}

/// A task that waits.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Pending {
    pub task: String,
    pub component: &'static str,
    /// The lost host.
    pub from: String,
    /// Its data is there: it goes nowhere else.
    pub pinned: bool,
    pub why: String,
}

#[derive(Debug, Default)]
pub(super) struct Pools {
    pub capacity: Vec<Capacity>,
    pub moves: Vec<Move>,
    pub pending: Vec<Pending>,
}

/// Starts lost tasks again where that is possible.
pub(super) fn reschedule(
    question: &Question<'_>,
    standing: &mut Standing<'_>,
    swarm_works: bool,
) -> Pools {
    let mut pools = Pools::default();
    for component in components(question) {
        let (had, left, after) = match component.shape {
            Shape::Members => members(component, standing, &mut pools),
            Shape::Replicas => replicas(question, component, standing, swarm_works, &mut pools),
            Shape::Task => continue,
        };
        let limit = question.inventory.settings(component.role).memory.limit;
        let all = |tasks: u64| Some(limit?.saturating_mul(i64::try_from(tasks).ok()?));
        pools.capacity.push(Capacity {
            component: component.name,
            title: component.title,
            role: component.role,
            had,
            left,
            after,
            memory: all(after).zip(all(had)),
        });
    }
    pools
}

/// Members stay where their data is.
fn members(component: &Component, standing: &Standing<'_>, pools: &mut Pools) -> (u64, u64, u64) {
    let members = standing.members.get(component.name).map_or(&[][..], |m| m);
    for member in members.iter().filter(|m| m.stood && !m.stands) {
        pools.pending.push(Pending {
            task: member.name.to_owned(),
            component: Component::named(component.name).map_or("", |row| row.name),
            from: member.host.to_owned(),
            pinned: true,
            why: format!("is pinned to {} and waits for it", member.host),
        });
    }
    let had = members.iter().filter(|member| member.stood).count() as u64;
    let left = members.iter().filter(|member| member.stands).count() as u64;
    (had, left, left)
}

fn replicas(
    question: &Question<'_>,
    component: &'static Component,
    standing: &mut Standing<'_>,
    swarm_works: bool,
    pools: &mut Pools,
) -> (u64, u64, u64) {
    let slots = standing.pools.remove(component.name).unwrap_or_default();
    let had = slots.iter().filter(|slot| slot.stood).count() as u64;
    let left = slots.iter().filter(|slot| slot.stands).count() as u64;
    let mut after = left;
    let mut spread = Spread::new(question, component.name, &standing.hosts, |host| {
        host.stands
    });
    for slot in slots.iter().filter(|slot| slot.stands) {
        spread.stays(slot.host.as_deref());
    }
    for slot in slots.iter().filter(|slot| slot.stood && !slot.stands) {
        let from = slot.host.clone().unwrap_or_default();
        let task = format!("{}.{}", component.name, slot.slot);
        let to = if swarm_works {
            spread.take(&mut standing.hosts)
        } else {
            Err("the Swarm has no leader to start it elsewhere".to_owned())
        };
        match to {
            Ok(to) => {
                after += 1;
                pools.moves.push(Move { task, from, to });
            }
            Err(why) => pools.pending.push(Pending {
                task,
                component: component.name,
                from,
                pinned: false,
                why,
            }),
        }
    }
    standing.pools.insert(component.name, slots);
    (had, left, after)
}
