//! The plan that takes a cluster away.

use std::collections::{BTreeMap, BTreeSet};

use super::ends::foretell;
use super::{Action, Because, Plan, StepId};
use crate::component::{COMPONENTS, Component};
use crate::formed;
use crate::gate::{Gate, short};
use crate::observed::Observed;
use crate::system::{METADATA, SEARCH};

/// What `down` leaves behind or not.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Down {
    /// Also member labels, credential secrets and volumes.
    pub data: bool,
    /// Volumes by the hostname that holds them; needed only with `data`.
    pub volumes: Vec<(String, Vec<String>)>,
}

/// Services that are removed and whose tasks have not all ended.
pub(super) fn leaving(seen: &Observed) -> Vec<String> {
    let names: BTreeSet<&String> = seen
        .tasks
        .iter()
        .filter(|task| !seen.services.contains_key(&task.service) && !task.has_ended())
        .map(|task| &task.service)
        .collect();
    names.into_iter().cloned().collect()
}

/// Node labels of a cluster begin with this.
fn prefix(cluster: &str) -> String {
    format!("milvus.{cluster}.")
}

/// The plan that removes services in the reverse of the order in which they start, then
/// configs, network and role labels. Volumes stay unless `data` says so, and with them the
/// labels that tell what it is and the secrets that it needs.
#[must_use]
pub fn down(cluster: &str, seen: &Observed, what: &Down) -> Plan {
    let mut plan = Plan {
        cluster: cluster.to_owned(),
        ..Plan::default()
    };
    let mut after = services_gone(&mut plan, cluster, seen);
    for (name, found) in &seen.configs {
        plan.push(
            "configs",
            Action::RemoveConfig {
                name: name.clone(),
                id: found.id.clone(),
            },
            after.clone(),
            Because::Asked,
        );
    }
    for (name, found) in &seen.networks {
        plan.push(
            "network",
            Action::RemoveNetwork {
                name: name.clone(),
                id: found.id.clone(),
            },
            after.clone(),
            Because::Asked,
        );
    }
    if what.data {
        for (hostname, volumes) in &what.volumes {
            plan.push(
                "volumes",
                Action::RemoveVolumes {
                    hostname: hostname.clone(),
                    volumes: volumes.clone(),
                },
                after.clone(),
                Because::Asked,
            );
        }
        for (name, found) in &seen.secrets {
            plan.push(
                "secrets",
                Action::RemoveSecret {
                    name: name.clone(),
                    id: found.id.clone(),
                },
                after.clone(),
                Because::Asked,
            );
        }
        after.extend(plan.steps.iter().enumerate().filter_map(|(id, step)| {
            // Labels without secrets are of a cluster that never ran (`refuse::join`).
            matches!(
                step.action,
                Action::RemoveVolumes { .. } | Action::RemoveSecret { .. }
            )
            .then_some(id)
        }));
    }
    labels(&mut plan, cluster, seen, what.data, &after);
    foretell(&mut plan, seen);
    plan
}

/// Removes all services in the reverse of the order in which they start, and gives the steps after which
/// nothing of them is left.
pub(super) fn services_gone(plan: &mut Plan, cluster: &str, seen: &Observed) -> Vec<StepId> {
    let row = |name: &str| Component::of_service(short(name));
    // What is of no component goes first: nothing is known to need it.
    let rank = |name: &str| {
        row(name).map_or((usize::MAX, usize::MAX), |row| {
            let place = COMPONENTS.iter().position(|other| other.name == row.name);
            (row.depth(), place.unwrap_or(usize::MAX))
        })
    };
    let mut services: Vec<(&String, &crate::observed::Service)> = seen.services.iter().collect();
    services.sort_by_cached_key(|(name, _)| (std::cmp::Reverse(rank(name)), (*name).clone()));
    let mut after = Vec::new();
    let leaving = leaving(seen);
    if !leaving.is_empty() {
        after.push(plan.push(
            "services",
            Action::Await {
                gate: Gate::ServicesGone { services: leaving },
            },
            Vec::new(),
            Because::Follows,
        ));
    }
    if seen.services.keys().any(|name| short(name) == SEARCH.name) {
        let etcd = seen.services.keys();
        let etcd = etcd.filter(|name| row(name).is_some_and(|row| row.name == METADATA.name));
        after = vec![plan.push(
            "services",
            Action::SkipHandOver {
                etcd: etcd.cloned().collect(),
                root_path: cluster.to_owned(),
            },
            after,
            Because::Asked,
        )];
    }
    let mut group: Vec<(&String, &crate::observed::Service)> = Vec::new();
    let flush = |plan: &mut Plan,
                 group: &mut Vec<(&String, &crate::observed::Service)>,
                 after: &mut Vec<usize>| {
        if group.is_empty() {
            return;
        }
        let removed: Vec<usize> = group
            .iter()
            .map(|(name, found)| {
                plan.push(
                    "services",
                    Action::RemoveService {
                        name: (*name).clone(),
                        id: found.id.clone(),
                    },
                    after.clone(),
                    Because::Asked,
                )
            })
            .collect();
        let gone = plan.push(
            "services",
            Action::Await {
                gate: Gate::ServicesGone {
                    services: group.iter().map(|(name, _)| (*name).clone()).collect(),
                },
            },
            removed,
            Because::Follows,
        );
        *after = vec![gone];
        group.clear();
    };
    let mut last = None;
    for (name, found) in services {
        // Components of one depth stop together: proxies and workers, coordinators, then each
        // backend in turn.
        let (layer, _) = rank(name);
        if last.is_some_and(|last| last != layer) {
            flush(plan, &mut group, &mut after);
        }
        last = Some(layer);
        group.push((name, found));
    }
    flush(plan, &mut group, &mut after);
    after
}

fn labels(plan: &mut Plan, cluster: &str, seen: &Observed, data: bool, after: &[usize]) {
    let ours = prefix(cluster);
    let member = format!("{ours}member.");
    let formed = formed::prefix(cluster);
    let guards_data = |key: &str| key.starts_with(&member) || key.starts_with(&formed);
    for node in &seen.nodes {
        let remove: Vec<String> = node
            .labels
            .keys()
            .filter(|key| key.starts_with(&ours) && (data || !guards_data(key)))
            .cloned()
            .collect();
        if !remove.is_empty() {
            plan.push(
                "labels",
                Action::LabelNode {
                    node_id: node.id.clone(),
                    hostname: node.hostname.clone(),
                    add: BTreeMap::new(),
                    from: BTreeMap::new(),
                    remove,
                },
                after.to_vec(),
                Because::Asked,
            );
        }
    }
}
