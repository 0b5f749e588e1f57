//! Members stay with their data: the label of a member is on the one host that holds it.

use std::collections::BTreeMap;

use super::No;
use super::facts::Facts;
use super::muster::Muster;
use super::words::{count, names};
use crate::observed::Node;
use crate::spec::Mount;
use crate::topology::{Member, member_label};

fn name(muster: &Muster<'_>, ordinal: usize) -> String {
    format!("{}-{ordinal}", muster.component.name)
}

pub(super) fn away(facts: &Facts<'_>) -> Vec<No> {
    let musters = facts.musters.iter();
    let strays = musters
        .filter(|muster| !muster.shrinks())
        .flat_map(|muster| {
            let strays = muster.strays.iter();
            strays.map(|(ordinal, node)| stray(facts, muster, *ordinal, node))
        });
    strays
        .chain(rejoined(facts))
        .chain(unlabelled(facts))
        .collect()
}

fn stray(facts: &Facts<'_>, muster: &Muster<'_>, ordinal: usize, node: &Node) -> No {
    let (member, role, host) = (name(muster, ordinal), muster.component.role, &node.hostname);
    let label = member_label(&facts.case.inventory.name, &member);
    if muster.keeps_data {
        No {
            reason: format!(
                "`{member}` has its data on node `{host}`, which the inventory does not give the \
                 role `{role}`"
            ),
            hint: format!(
                "give host `{host}` the role `{role}` again; a member's data does not move by itself"
            ),
        }
    } else {
        No {
            reason: format!(
                "`{member}` belongs to node `{host}`, which the inventory does not give the role \
                 `{role}`"
            ),
            hint: format!(
                "it keeps no data: docker node update --label-rm {label} {host}, then `milvus-swarm \
                 up`"
            ),
        }
    }
}

/// `--label-add milvus.prod.member.etcd-1=true` for each.
fn label_adds<'n>(cluster: &str, members: impl Iterator<Item = &'n String>) -> String {
    members
        .map(|member| format!("--label-add {}=true", member_label(cluster, member)))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Hosts that left the Swarm and joined it again: the former node is down and has the labels,
/// the new one has none.
fn rejoined(facts: &Facts<'_>) -> Vec<No> {
    let mut by_node: BTreeMap<&str, (&Node, &Node, Vec<String>)> = BTreeMap::new();
    for muster in &facts.musters {
        for (ordinal, old, new) in &muster.rejoined {
            let entry = by_node.entry(&old.id).or_insert((old, new, Vec::new()));
            entry.2.push(name(muster, *ordinal));
        }
    }
    by_node
        .into_values()
        .map(|(old, new, members)| No {
            reason: format!(
                "host `{}` left the Swarm and joined it again: its former node {} carries the labels \
                 of {}, its new node {} does not",
                old.hostname,
                old.id,
                names(&members),
                new.id
            ),
            hint: format!(
                "if their data is still on `{host}` ({}): docker node rm {} && docker node update {} \
                 {host}",
                look(facts, members.iter()),
                old.id,
                label_adds(&facts.case.inventory.name, members.iter()),
                host = old.hostname,
            ),
        })
        .collect()
}

/// Members that run as services while no node at all carries their labels.
fn unlabelled(facts: &Facts<'_>) -> Vec<No> {
    let mut by_host: BTreeMap<&str, Vec<&Member>> = BTreeMap::new();
    for muster in facts.musters.iter().filter(|muster| !muster.shrinks()) {
        for member in &muster.lost {
            by_host.entry(&member.host).or_default().push(member);
        }
    }
    by_host
        .into_iter()
        .map(|(host, members)| No {
            reason: format!(
                "no node carries the labels of {} any more, and host `{host}`, which would get them, \
                 may not have their data: a node that leaves the Swarm loses its labels",
                names(members.iter().map(|member| &member.name))
            ),
            hint: format!(
                "if their data is on `{host}` ({}): docker node update {} {host}",
                look(facts, members.iter().map(|member| &member.name)),
                label_adds(
                    &facts.case.inventory.name,
                    members.iter().map(|member| &member.name)
                ),
            ),
        })
        .collect()
}

/// How to see whether data is there.
pub(super) fn look<'n>(facts: &Facts<'_>, mut members: impl Iterator<Item = &'n String>) -> String {
    let mount = members.find_map(|member| {
        let spec = facts.specs.get(member.as_str())?;
        let mounts = &spec.task_template.container_spec.mounts;
        mounts.iter().find(|mount| keeps(mount))
    });
    match mount {
        Some(mount) if mount.kind == "bind" => format!("`ls {}` there", mount.source),
        Some(mount) => format!("`docker volume ls` there shows `{}`", mount.source),
        None => "look there".to_owned(),
    }
}

/// Whether a mount holds data.
pub(super) fn keeps(mount: &Mount) -> bool {
    matches!(mount.kind.as_str(), "volume" | "bind") && !mount.read_only
}

pub(super) fn twice(facts: &Facts<'_>) -> Vec<No> {
    let musters = facts.musters.iter();
    musters
        .flat_map(|muster| {
            muster.twice.iter().map(|(ordinal, one, other)| {
                let member = name(muster, *ordinal);
                No {
                    reason: format!(
                        "nodes `{}` and `{}` both carry the label of `{member}`",
                        one.hostname, other.hostname
                    ),
                    hint: format!(
                        "docker node update --label-rm {} <the node without its data>",
                        member_label(&facts.case.inventory.name, &member)
                    ),
                }
            })
        })
        .collect()
}

pub(super) fn shared(facts: &Facts<'_>) -> Vec<No> {
    let musters = facts.musters.iter();
    musters
        .flat_map(|muster| {
            muster.shared.iter().map(|(host, members)| No {
                reason: format!(
                    "host `{host}` carries the labels of {}: with it, {} of {} would go",
                    names(members),
                    members.len(),
                    count(muster.members.len(), "member")
                ),
                hint: format!(
                    "take away the label of the one without data there: docker node update --label-rm \
                     {} {host}",
                    member_label(&facts.case.inventory.name, members.last().unwrap_or(&""))
                ),
            })
        })
        .collect()
}

/// Said only where nothing else explains it.
pub(super) fn gap(facts: &Facts<'_>) -> Vec<No> {
    let musters = facts.musters.iter();
    musters
        .filter(|muster| muster.is_settled())
        .filter(|muster| {
            let mut members = muster.members.iter().enumerate();
            members.any(|(at, member)| member.ordinal != at)
        })
        .map(|muster| No {
            reason: format!(
                "members of `{}` are not numbered from 0 without a gap: {}",
                muster.component.name,
                names(muster.members.iter().map(|member| &member.name))
            ),
            hint: "put back the node labels of the missing members".to_owned(),
        })
        .collect()
}
