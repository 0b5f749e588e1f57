//! Whether enough is left to agree and to write, once the hosts that are away are left out.

use std::collections::BTreeSet;

use super::No;
use super::facts::Facts;
use super::voters;
use super::words::list;
use crate::observed::Node;
use crate::what_if::{self, Rule};

pub(super) fn lost(facts: &Facts<'_>) -> Vec<No> {
    let mut found = voters::lost(facts);
    found.extend(stores(facts));
    found
}

/// Stores that nothing could be written to.
fn stores(facts: &Facts<'_>) -> Vec<No> {
    let away: Vec<&Node> = facts
        .homes
        .values()
        .copied()
        .filter(|node| voters::is_away(node))
        .collect();
    let hosts: BTreeSet<String> = away.iter().map(|node| node.hostname.clone()).collect();
    if hosts.is_empty() {
        return Vec::new();
    }
    let case = facts.case;
    what_if::quorums_without(case.inventory, case.topology, &hosts)
        .into_iter()
        .filter(|row| !row.held)
        .filter_map(|row| {
            let muster = facts.muster(row.of).filter(|one| one.is_settled())?;
            let need = match row.rule {
                Rule::ErasureWrite => "drives, a write needs",
                Rule::Ensemble => "bookies, an ensemble is",
                _ => return None,
            };
            let theirs = away.iter().filter(|node| row.away.contains(&node.hostname));
            let theirs: Vec<&&Node> = theirs.collect();
            let set = row
                .set
                .map_or(String::new(), |set| format!(" in set {set}"));
            let names = theirs
                .iter()
                .map(|node| format!("`{}` is {}", node.hostname, voters::state(node)));
            Some(No {
                reason: format!(
                    "{} has {} of {}{set} {need} {}: {}",
                    muster.title(),
                    row.left,
                    row.total,
                    row.needs,
                    list(names.collect())
                ),
                hint: voters::bring_back(theirs.first()?),
            })
        })
        .collect()
}
