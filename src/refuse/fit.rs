//! Whether what tasks reserve is free on the nodes where they may run.
//!
//! Only what is certain is refused: members have one host, and a service with as many tasks as
//! its hosts may run has its number on each. A service that can choose is looked at by itself,
//! over what is certain. Tasks of ours that run now are not counted: an update gives their
//! reservation back before it asks for the new one. Services that nothing wants any more are
//! removed last, so theirs counts.

use std::collections::BTreeMap;

use super::No;
use super::facts::{Facts, Spread};
use super::words::{MOST, count, list};
use crate::observed::{Node, Reserved};
use crate::spec::ServiceSpec;

/// What is asked of one node for certain, by service.
type Asked<'a> = Vec<(&'a str, u64, Reserved)>;

pub(super) fn unfit(facts: &Facts<'_>) -> Vec<No> {
    let taken = taken(facts);
    let (certain, choosers) = certain(facts);
    let mut found: Vec<No> = crowded(facts, &taken, &certain).into_iter().collect();
    found.extend(
        choosers
            .iter()
            .filter_map(|spread| homeless(facts, &taken, &certain, spread)),
    );
    found
}

/// What is reserved on each node by tasks that stay while the plan is carried out.
fn taken<'a>(facts: &Facts<'a>) -> BTreeMap<&'a str, Reserved> {
    let seen = facts.case.seen;
    let others = seen.others.reserved.iter();
    let mut taken: BTreeMap<&str, Reserved> = others
        .map(|(node, reserved)| (node.as_str(), *reserved))
        .collect();
    let goes_last = |service: &str| {
        seen.services.contains_key(service)
            && !facts.specs.contains_key(crate::gate::short(service))
    };
    for task in &seen.tasks {
        if task.is_wanted() && task.is_placed() && goes_last(&task.service) {
            let sum = taken.entry(&task.node_id).or_default();
            *sum = sum.plus(Reserved {
                nano_cpus: task.reserved_cpus,
                memory_bytes: task.reserved_memory,
            });
        }
    }
    taken
}

/// What each node is asked for certain, and the services that can choose.
fn certain<'a>(facts: &Facts<'a>) -> (BTreeMap<&'a str, Asked<'a>>, Vec<Spread<'a>>) {
    let mut asked: BTreeMap<&str, Asked<'a>> = BTreeMap::new();
    let mut choosers = Vec::new();
    for (spec, host) in facts.pinned() {
        asked.entry(host).or_default().push(ask(spec, 1));
    }
    for spread in facts.spreads() {
        let per_host = spread.per_host.unwrap_or(u64::MAX);
        let room = per_host.saturating_mul(spread.pool.hosts.len() as u64);
        if spread.replicas < room {
            choosers.push(spread);
            continue;
        }
        for host in &spread.pool.hosts {
            let asked = asked.entry(host).or_default();
            asked.push(ask(spread.spec, per_host));
        }
    }
    (asked, choosers)
}

fn ask(spec: &ServiceSpec, tasks: u64) -> (&str, u64, Reserved) {
    let reserved = spec.task_template.resources.reservations.as_ref();
    let reserved = reserved.map_or_else(Reserved::default, |amount| Reserved {
        nano_cpus: amount.nano_cpus,
        memory_bytes: amount.memory_bytes,
    });
    (crate::gate::short(&spec.name), tasks, reserved)
}

fn times(one: Reserved, tasks: u64) -> Reserved {
    let tasks = i64::try_from(tasks).unwrap_or(i64::MAX);
    Reserved {
        nano_cpus: one.nano_cpus.saturating_mul(tasks),
        memory_bytes: one.memory_bytes.saturating_mul(tasks),
    }
}

fn total(asked: &Asked<'_>) -> Reserved {
    let each = asked.iter().map(|(_, tasks, one)| times(*one, *tasks));
    each.fold(Reserved::default(), Reserved::plus)
}

/// A node that says what it has and can be counted on; one that is down is another matter.
fn counted<'a>(facts: &Facts<'a>, host: &str) -> Option<&'a Node> {
    let node = *facts.homes.get(host)?;
    (node.state != "down" && node.nano_cpus > 0 && node.memory_bytes > 0).then_some(node)
}

const fn has(node: &Node) -> Reserved {
    Reserved {
        nano_cpus: node.nano_cpus,
        memory_bytes: node.memory_bytes,
    }
}

fn held(taken: &BTreeMap<&str, Reserved>, node: &Node) -> Reserved {
    taken.get(node.id.as_str()).copied().unwrap_or_default()
}

/// Whether so much more is free; who asks for none of something does not lack it.
const fn fits(has: Reserved, used: Reserved, asked: Reserved) -> bool {
    let cpus = asked.nano_cpus == 0 || has.nano_cpus - used.nano_cpus >= asked.nano_cpus;
    let memory =
        asked.memory_bytes == 0 || has.memory_bytes - used.memory_bytes >= asked.memory_bytes;
    cpus && memory
}

/// `` `node04` has 8 CPUs and 16GiB, of which 2 CPUs and 4GiB are taken ``
fn stock(node: &Node, used: Reserved) -> String {
    let taken = if used == Reserved::default() {
        "nothing of it is taken".to_owned()
    } else {
        format!("of which {used} are taken")
    };
    format!("`{}` has {}, {taken}", node.hostname, has(node))
}

const HINT: &str = "lower `cpus.reserve` or `memory.reserve` of the role, give the role to another \
                    host, or make room: `docker node ps";

fn crowded(
    facts: &Facts<'_>,
    taken: &BTreeMap<&str, Reserved>,
    certain: &BTreeMap<&str, Asked<'_>>,
) -> Option<No> {
    let full: Vec<(&Node, &Asked<'_>)> = certain
        .iter()
        .filter_map(|(host, asked)| Some((counted(facts, host)?, asked)))
        .filter(|(node, asked)| !fits(has(node), held(taken, node), total(asked)))
        .collect();
    let (first, _) = full.first()?;
    let sentences = full.iter().take(MOST).map(|(node, asked)| {
        let asked: &Asked<'_> = asked;
        let each = asked
            .iter()
            .filter(|(_, _, one)| *one != Reserved::default());
        let each: Vec<String> = each
            .map(|(name, tasks, one)| match tasks {
                1 => format!("`{name}` {one}"),
                n => format!("{n} of `{name}` {one} each"),
            })
            .collect();
        let sum = if each.len() > 1 {
            format!(", together {}", total(asked))
        } else {
            String::new()
        };
        let verb = if each.len() > 1 { "ask" } else { "asks" };
        format!(
            "{}; there {verb} {}{sum}",
            stock(node, held(taken, node)),
            list(each)
        )
    });
    let sentences: Vec<String> = sentences.collect();
    let more = match full.len().saturating_sub(MOST) {
        0 => String::new(),
        n => format!("; and so {} more", count(n, "host")),
    };
    Some(No {
        reason: format!(
            "reservations do not fit on {}: {}{more}",
            count(full.len(), "host"),
            sentences.join("; ")
        ),
        hint: format!("{HINT} {}`", first.hostname),
    })
}

/// A service whose tasks find too little room among the hosts that they can choose from.
fn homeless(
    facts: &Facts<'_>,
    taken: &BTreeMap<&str, Reserved>,
    certain: &BTreeMap<&str, Asked<'_>>,
    spread: &Spread<'_>,
) -> Option<No> {
    let (name, _, one) = ask(spread.spec, 1);
    if one == Reserved::default() {
        return None;
    }
    let per_host = spread.per_host.unwrap_or(spread.replicas);
    let mut room: u64 = 0;
    let mut short: Vec<(&Node, Reserved)> = Vec::new();
    for host in &spread.pool.hosts {
        let Some(node) = counted(facts, host) else {
            room = room.saturating_add(per_host);
            continue;
        };
        let mut used = held(taken, node);
        if let Some(asked) = certain.get(host.as_str()) {
            used = used.plus(total(asked));
        }
        let slots = slots(has(node), used, one).min(per_host);
        if slots < per_host {
            short.push((node, used));
        }
        room = room.saturating_add(slots);
    }
    let (first, _) = short.first().filter(|_| room < spread.replicas)?;
    let mut stocks: Vec<String> = short
        .iter()
        .take(MOST)
        .map(|(node, used)| stock(node, *used))
        .collect();
    if short.len() > MOST {
        stocks.push(format!("and {} more", short.len() - MOST));
    }
    Some(No {
        reason: format!(
            "`{name}` wants {} with {} each, and there is room for {room}: {}",
            count(
                usize::try_from(spread.replicas).unwrap_or(usize::MAX),
                "task"
            ),
            one,
            stocks.join("; ")
        ),
        hint: format!("{HINT} {}`", first.hostname),
    })
}

/// How many such tasks fit.
fn slots(has: Reserved, used: Reserved, one: Reserved) -> u64 {
    let of = |has: i64, used: i64, one: i64| match one {
        0 => u64::MAX,
        one => u64::try_from((has - used) / one).unwrap_or(0),
    };
    of(has.nano_cpus, used.nano_cpus, one.nano_cpus).min(of(
        has.memory_bytes,
        used.memory_bytes,
        one.memory_bytes,
    ))
}
