//! Who must agree, and whether enough are left.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use super::Question;
use super::stand::{Member, Standing};
use crate::component::{Agreement, Component};
use crate::role::Role;
use crate::system::minio::shape;
use crate::system::striping;

/// What a quorum is made of.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// More than half of the Swarm's managers.
    Raft,
    /// More than half of the members.
    Majority,
    /// Drives of one erasure set that a write needs.
    ErasureWrite,
    /// Drives of one erasure set that a read needs.
    ErasureRead,
    /// Members that what is written begins on, such as the bookies of a new ledger.
    Ensemble,
}

/// What stops without it.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Guards {
    pub reads: bool,
    pub writes: bool,
}

/// A quorum before and after the loss.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Quorum {
    pub of: &'static str,
    pub rule: Rule,
    /// The erasure set, counted from 1, where there is more than one.
    pub set: Option<u64>,
    /// Voters, drives or bookies in all.
    pub total: u64,
    /// Of them, those that were up before.
    pub had: u64,
    pub left: u64,
    pub needs: u64,
    pub held: bool,
    /// How many more may be lost.
    pub spare: u64,
    /// Those that are lost with the hosts.
    pub lost: Vec<String>,
    /// The hosts of all that are not up.
    pub away: Vec<String>,
    /// How many of those hosts must come back until it holds again.
    pub bring_back: u64,
    pub guards: Guards,
}

/// Parity drives of an erasure set where no storage class is set (minio:
/// `internal/config/storageclass/storage-class.go`, `DefaultParityBlocks`).
const fn parity(drives: u64) -> u64 {
    match drives {
        1 => 0,
        2 | 3 => 1,
        4 | 5 => 2,
        6 | 7 => 3,
        _ => 4,
    }
}

/// Drives that a read and a write of an object need. With as much parity as data, two halves
/// could each write: one drive more is needed (minio: `cmd/erasure-metadata.go`,
/// `objectQuorumFromMeta`).
pub(super) const fn erasure(drives: u64) -> (u64, u64) {
    let parity = parity(drives);
    let data = drives - parity;
    (data, if data == parity { data + 1 } else { data })
}

pub(super) fn quorums(question: &Question<'_>, standing: &Standing<'_>) -> Vec<Quorum> {
    let mut rows = vec![swarm(question, standing)];
    let all = Guards {
        reads: true,
        writes: true,
    };
    for component in Component::agreeing(Agreement::Majority) {
        let members = members(standing, component);
        let total = members.len() as u64;
        if total > 0 {
            rows.push(row(
                component.name,
                Rule::Majority,
                None,
                total / 2 + 1,
                all,
                &voters(members, 1),
            ));
        }
    }
    for component in Component::agreeing(Agreement::Erasure) {
        rows.extend(erasure_sets(question, standing, component));
    }
    let ensembles = Component::agreeing(Agreement::Ensemble).into_iter();
    for component in ensembles.filter(|one| one.system().is_of(question.inventory)) {
        let striping = striping(component.role);
        rows.push(row(
            component.name,
            Rule::Ensemble,
            None,
            striping.map_or(0, |striping| (striping.of)(question.inventory).ensemble),
            all,
            &voters(members(standing, component), 1),
        ));
    }
    rows
}

fn members<'s, 'a>(standing: &'s Standing<'a>, component: &Component) -> &'s [Member<'a>] {
    standing
        .members
        .get(component.name)
        .map_or(&[], Vec::as_slice)
}

/// Something that counts: its name, its host, whether it was and is up.
struct Voter<'a> {
    name: String,
    host: &'a str,
    stood: bool,
    stands: bool,
}

fn voters<'a>(members: &[Member<'a>], each: u64) -> Vec<Voter<'a>> {
    members
        .iter()
        .flat_map(|member| {
            (1..=each).map(|number| Voter {
                name: if each == 1 {
                    member.name.to_owned()
                } else {
                    format!("{}/data{number}", member.name)
                },
                host: member.host,
                stood: member.stood,
                stands: member.stands,
            })
        })
        .collect()
}

fn row(
    of: &'static str,
    rule: Rule,
    set: Option<u64>,
    needs: u64,
    guards: Guards,
    voters: &[Voter<'_>],
) -> Quorum {
    let count = |up: fn(&Voter<'_>) -> bool| voters.iter().filter(|v| up(v)).count() as u64;
    let left = count(|voter| voter.stands);
    let hosts: BTreeSet<&str> = voters.iter().map(|voter| voter.host).collect();
    let each = (voters.len() / hosts.len().max(1)).max(1) as u64;
    let away: BTreeSet<&str> = voters
        .iter()
        .filter(|voter| !voter.stands)
        .map(|voter| voter.host)
        .collect();
    Quorum {
        of,
        rule,
        set,
        total: voters.len() as u64,
        had: count(|voter| voter.stood),
        left,
        needs,
        held: left >= needs,
        spare: left.saturating_sub(needs),
        lost: voters
            .iter()
            .filter(|voter| voter.stood && !voter.stands)
            .map(|voter| voter.name.clone())
            .collect(),
        away: away.into_iter().map(str::to_owned).collect(),
        bring_back: needs.saturating_sub(left).div_ceil(each),
        guards,
    }
}

/// The managers: those that the Swarm has, else those that the inventory names.
fn swarm(question: &Question<'_>, standing: &Standing<'_>) -> Quorum {
    let mut voters: Vec<Voter<'_>> = match question.seen {
        Some(seen) => seen
            .nodes
            .iter()
            .filter(|node| node.role == "manager")
            .map(|node| Voter {
                name: node.hostname.clone(),
                host: &node.hostname,
                stood: node.state == "ready" && node.reachability != "unreachable",
                stands: true,
            })
            .collect(),
        None => question
            .inventory
            .hosts_with(Role::Manager)
            .map(|host| Voter {
                name: host.name.clone(),
                host: &host.name,
                stood: true,
                stands: true,
            })
            .collect(),
    };
    for voter in &mut voters {
        let lost = standing.lost.contains(voter.host);
        voter.stands = voter.stood && !lost;
    }
    let needs = voters.len() as u64 / 2 + 1;
    // What runs goes on without a leader; nothing is started, moved or changed.
    let guards = Guards {
        reads: false,
        writes: false,
    };
    row("swarm", Rule::Raft, None, needs, guards, &voters)
}

/// A read and a write quorum for each erasure set. Drives go to sets in the order in which
/// MinIO expands its argument, hosts turning faster than drives (minio:
/// `cmd/endpoint-ellipses.go`; pkg: `ellipses`, `argExpander`).
fn erasure_sets(
    question: &Question<'_>,
    standing: &Standing<'_>,
    component: &'static Component,
) -> Vec<Quorum> {
    let of = component.name;
    let members = members(standing, component);
    let drives = question.inventory.settings(component.role).drives;
    let hosts = members.len() as u64;
    let Some(size) = shape::set_size(hosts, drives) else {
        return Vec::new();
    };
    let voters = voters(members, drives);
    // `voters` has the drives of a host side by side: drive d of host h is h * drives + d.
    let mut ordered: Vec<Voter<'_>> = Vec::with_capacity(voters.len());
    let mut by_drive: Vec<Vec<Voter<'_>>> = (0..drives).map(|_| Vec::new()).collect();
    for (at, voter) in voters.into_iter().enumerate() {
        let drive = at % by_drive.len().max(1);
        by_drive[drive].push(voter);
    }
    ordered.extend(by_drive.into_iter().flatten());
    let size_here = usize::try_from(size).unwrap_or(usize::MAX);
    let one = ordered.len() <= size_here;
    let (read, write) = erasure(size);
    ordered
        .chunks(size_here)
        .zip(1..)
        .flat_map(|(drives, number)| {
            let set = (!one).then_some(number);
            let reads = Guards {
                reads: true,
                writes: true,
            };
            let writes = Guards {
                reads: false,
                writes: true,
            };
            [
                row(of, Rule::ErasureRead, set, read, reads, drives),
                row(of, Rule::ErasureWrite, set, write, writes, drives),
            ]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::erasure;

    #[test]
    fn equal_parity_needs_one_drive_more_to_write() {
        for (drives, read, write) in [
            (1, 1, 1),
            (4, 2, 3),
            (5, 3, 3),
            (6, 3, 4),
            (7, 4, 4),
            (8, 4, 5),
            (9, 5, 5),
            (16, 12, 12),
        ] {
            assert_eq!(erasure(drives), (read, write), "{drives} drives");
        }
    }
}
