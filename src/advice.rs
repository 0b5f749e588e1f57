//! What works and may go wrong later: mistakes of an inventory that forbid nothing, so the plan
//! warns of them, each in one line with the hosts and the key to change.

use std::collections::{BTreeMap, BTreeSet};

use crate::component::Component;
use crate::inventory::size::show_bytes;
use crate::inventory::{Host, Inventory};
use crate::network;
use crate::release::{self, DEFAULT, Release};
use crate::role::{Agreement, Duty, ROLES, Role};
use crate::system::{FRONT, System, choice};
use crate::tag::Version;
use crate::words::{list, names};

/// What a Java machine takes beside heap and direct memory: code, threads, classes.
const BESIDE: i64 = 1 << 30;

/// Every warning about an inventory, in the same order each time.
#[must_use]
pub fn warnings(inventory: &Inventory, release: &Release) -> Vec<String> {
    let mut found = Vec::from_iter(other_minor(inventory, release));
    found.extend(kept(inventory, release));
    found.extend(became(inventory, release));
    // On the only host of a cluster nothing can be anywhere else.
    if inventory.hosts.len() > 1 {
        found.extend(loaded_managers(inventory));
        found.extend(unlimited(inventory, release));
        found.extend(one_zone(inventory));
    }
    found.extend(idle(inventory));
    found.extend(traced(inventory, release));
    let own = System::all_of(inventory).flat_map(|system| system.advice);
    found.extend(own.filter_map(|advice| advice(inventory)));
    let has_java = |duty: &Duty| duty.java.is_some_and(|java| java.direct.is_some());
    for role in all(has_java) {
        found.extend(tight(inventory, role));
    }
    found
}

/// Services, settings and gates follow `milvus`, whatever image they get; where the image has other
/// processes, the plan is refused as well.
fn other_minor(inventory: &Inventory, release: &Release) -> Option<String> {
    let image = inventory.images.overrides.get(&FRONT.image)?;
    let ours = release::show(release.line);
    let version = Version::of_image(image)?;
    let theirs = release::show(version.line());
    (theirs != ours).then(|| {
        format!(
            "`milvus` says {ours} and the image `{image}` is Milvus {version}: services and settings are \
             those of {ours}; set `milvus: \"{theirs}\"`, or take an image of {ours}"
        )
    })
}

/// Traces go to a collector (milvus: `CreateTracerExporter` in `pkg/tracer/tracer.go`), and what is on the
/// internal network alone reaches none outside of it.
fn traced(inventory: &Inventory, release: &Release) -> Option<String> {
    let exporter = inventory.config.pointer("/trace/exporter")?.as_str()?;
    let leaves = matches!(exporter, "jaeger" | "otlp");
    let rows = Component::of(inventory, release).filter(|row| row.milvus.is_some());
    let inside = rows.filter(|row| !row.is_outside(inventory));
    let inside: Vec<&str> = inside.map(|row| row.name).collect();
    let network = network::backend(&inventory.name);
    (leaves && !inside.is_empty()).then(|| {
        format!(
            "`config.trace.exporter` is `{exporter}`, and {} have no way out of the cluster's networks: \
             their traces reach no collector but one on the network `{network}`",
            names(&inside)
        )
    })
}

/// What was chosen in place of what runs on hosts needs none of them.
fn idle(inventory: &Inventory) -> Option<String> {
    let idle: Vec<Role> = inventory.idle.iter().copied().collect();
    (!idle.is_empty()).then(|| {
        let chosen = inventory.fillers.iter();
        let chosen = chosen.filter_map(|(slot, filling)| {
            let key = choice(filling.system)?.key.name;
            Some(format!("`{}.{key}`", slot.key()))
        });
        format!(
            "hosts are given {}, and nothing of it runs with {}",
            roles(&idle),
            list(chosen.collect())
        )
    })
}

/// A cluster is not taken to a newer minor because a newer tool looks at it.
fn kept(inventory: &Inventory, release: &Release) -> Option<String> {
    let old = release::show(release.line);
    (inventory.milvus.is_none() && old != DEFAULT).then(|| {
        format!(
            "the inventory says no `milvus`: this cluster is of Milvus {old} and stays with it, while \
             a new one gets {DEFAULT}; write `milvus: \"{old}\"` to say so"
        )
    })
}

/// Hosts that do the work of another role.
fn became(inventory: &Inventory, release: &Release) -> Vec<String> {
    let all = ROLES.iter().filter_map(|duty| {
        let (since, now) = duty.became?;
        let with = inventory.hosts_with(duty.role);
        let hosts: Vec<&Host> = with.filter(|host| !host.roles.contains(&now)).collect();
        let is_so = release.line >= since && !hosts.is_empty();
        is_so.then_some((duty.role, since, now, hosts))
    });
    let warnings = all.map(|(was, since, now, with)| {
        format!(
            "since Milvus {} `{now}` does what `{was}` did: it runs on {} too, with the CPUs and \
             memory of `roles.{now}`",
            release::show(since),
            hosts(&with)
        )
    });
    warnings.collect()
}

pub(crate) fn hosts(all: &[&Host]) -> String {
    names(all.iter().map(|host| &host.name))
}

fn roles(all: &[Role]) -> String {
    names(all.iter().map(|role| role.name()))
}

/// The roles of which something is true, those with most of the load first.
fn all(is: fn(&Duty) -> bool) -> Vec<Role> {
    let duties = ROLES.iter().filter(|duty| is(duty));
    duties.map(|duty| duty.role).collect()
}

/// The roles that some of the hosts have.
fn among(roles: &[Role], hosts: &[&Host]) -> Vec<Role> {
    let any = |role: &Role| hosts.iter().any(|host| host.roles.contains(role));
    roles.iter().copied().filter(any).collect()
}

/// A busy host answers its peers late, and a Swarm without a leader starts nothing.
fn loaded_managers(inventory: &Inventory) -> Option<String> {
    let heavy = all(|duty| duty.is_heavy);
    let is_loaded = |host: &&Host| heavy.iter().any(|role| host.roles.contains(role));
    let managers = inventory.hosts_with(Role::Manager);
    let loaded: Vec<&Host> = managers.filter(is_loaded).collect();
    let heavy = among(&heavy, &loaded);
    let verb = if heavy.len() == 1 { "runs" } else { "run" };
    (!loaded.is_empty()).then(|| {
        format!(
            "{} {verb} on the Swarm managers {}: under load the Swarm may lose its leader; give these \
             `roles` to other hosts",
            roles(&heavy),
            hosts(&loaded)
        )
    })
}

/// Milvus reads the limit of its container and takes the host's memory for its own without one.
fn unlimited(inventory: &Inventory, release: &Release) -> Option<String> {
    let greedy: Vec<Role> = all(|duty| duty.is_greedy)
        .into_iter()
        .filter(|role| Component::of(inventory, release).any(|row| row.role == *role))
        .filter(|role| inventory.settings(*role).memory.limit.is_none())
        .collect();
    let does = |host: &Host, role: Role| {
        let mut doers = role.doers(release.line).into_iter();
        doers.any(|role| host.roles.contains(&role))
    };
    // One that is sized as another one gets the limit of that.
    let has_other = |role: &Role| role.duty().and_then(|duty| duty.sized_as);
    let own = |role: &Role| has_other(role).is_none_or(|other| !greedy.contains(&other));
    let greedy: Vec<Role> = greedy.iter().copied().filter(own).collect();
    let processes = |host: &Host| -> u64 {
        Component::of(inventory, release)
            .filter(|row| row.milvus.is_some() && does(host, row.role))
            .map(|row| inventory.settings(row.role).per_host)
            .sum()
    };
    let shared: Vec<&Host> = inventory
        .hosts
        .iter()
        .filter(|host| greedy.iter().any(|role| does(host, *role)))
        .filter(|host| processes(host) > 1)
        .collect();
    let greedy: Vec<Role> = greedy
        .into_iter()
        .filter(|role| shared.iter().any(|host| does(host, *role)))
        .collect();
    let keys = greedy
        .iter()
        .map(|role| format!("`roles.{role}.memory.limit`"));
    (!shared.is_empty()).then(|| {
        format!(
            "no memory limit for {}, beside other Milvus processes on {}: each counts on the whole \
             host; set {}",
            roles(&greedy),
            hosts(&shared),
            list(keys.collect())
        )
    })
}

/// The zone that all hosts with a role are in, if they are several and it is one.
fn zone_of(inventory: &Inventory, role: Role) -> Option<&str> {
    let mut members = inventory.hosts_with(role);
    let zone = members.next()?.zone.as_deref()?;
    let mut others = members.map(|host| host.zone.as_deref()).peekable();
    others.peek()?;
    others.all(|other| other == Some(zone)).then_some(zone)
}

/// Zones are there to lose one of them; a quorum inside one is lost with it.
fn one_zone(inventory: &Inventory) -> Vec<String> {
    let mut gathered: BTreeMap<&str, Vec<Role>> = BTreeMap::new();
    for role in Role::agreeing(Agreement::Majority) {
        if let Some(zone) = zone_of(inventory, role) {
            gathered.entry(zone).or_default().push(role);
        }
    }
    let all = inventory.hosts.iter();
    let zones: BTreeSet<&String> = all.filter_map(|host| host.zone.as_ref()).collect();
    gathered
        .into_iter()
        .filter(|_| zones.len() > 1)
        .map(|(zone, of)| {
            let has = |host: &&Host| of.iter().any(|role| host.roles.contains(role));
            let members: Vec<&Host> = inventory.hosts.iter().filter(has).collect();
            format!(
                "all members of {} are in zone `{zone}`, on {}: without that zone Milvus stops; give \
                 these `roles` to hosts of other zones",
                roles(&of),
                hosts(&members)
            )
        })
        .collect()
}

/// More than the limit is an error of the inventory already.
fn tight(inventory: &Inventory, role: Role) -> Option<String> {
    let settings = inventory.settings(role);
    let (jvm, limit) = (settings.jvm?, settings.memory.limit?);
    let needed = jvm.heap.saturating_add(jvm.direct).saturating_add(BESIDE);
    let members: Vec<&Host> = inventory.hosts_with(role).collect();
    (needed > limit).then(|| {
        format!(
            "`{role}` on {} has {} of memory for {} of heap and {} beside it: its Java machine takes \
             about 1GiB more and would be killed when busy; set `roles.{role}.memory.limit` to {} or \
             more",
            hosts(&members),
            show_bytes(limit),
            show_bytes(jvm.heap),
            show_bytes(jvm.direct),
            show_bytes(needed)
        )
    })
}
