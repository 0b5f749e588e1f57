//! Whether enough is left to agree and to write, once the hosts that are away are left out.

use std::collections::BTreeSet;

use super::No;
use super::away::{away, bring_back, state};
use super::facts::Facts;
use super::muster::Muster;
use super::voters;
use super::words::list;
use crate::component::Agreement;
use crate::observed::Node;
use crate::what_if::{self, Rule};

pub(super) fn lost(facts: &Facts<'_>) -> Vec<No> {
    let mut found = voters::lost(facts);
    found.extend(stores(facts));
    found
}

/// Stores that nothing could be written to.
fn stores(facts: &Facts<'_>) -> Vec<No> {
    let stores = [Agreement::Erasure, Agreement::Ensemble];
    let musters = facts.musters.iter();
    musters
        .filter(|muster| stores.contains(&muster.component.agreement))
        .filter(|muster| muster.is_settled())
        .flat_map(|muster| unwritable(facts, muster))
        .collect()
}

fn unwritable(facts: &Facts<'_>, muster: &Muster<'_>) -> Vec<No> {
    let members = muster.members.iter();
    let gone: Vec<&Node> = members.filter_map(|member| away(facts, member)).collect();
    if gone.is_empty() {
        return Vec::new();
    }
    let case = facts.case;
    let hosts: BTreeSet<String> = gone.iter().map(|node| node.hostname.clone()).collect();
    let rows = what_if::quorums_without(case.inventory, case.topology, &hosts);
    rows.into_iter()
        .filter(|row| !row.held && row.of == muster.component.name)
        .filter_map(|row| {
            let need = match row.rule {
                Rule::ErasureWrite => "drives, a write needs".to_owned(),
                Rule::Ensemble => format!("{}, an ensemble is", muster.component.title),
                _ => return None,
            };
            let theirs = gone.iter();
            let theirs: Vec<&&Node> = theirs
                .filter(|node| row.away.contains(&node.hostname))
                .collect();
            let set = row
                .set
                .map_or(String::new(), |set| format!(" in set {set}"));
            let names = theirs
                .iter()
                .map(|node| format!("`{}` is {}", node.hostname, state(node)));
            Some(No {
                reason: format!(
                    "{} has {} of {}{set} {need} {}: {}",
                    muster.whole(),
                    row.left,
                    row.total,
                    row.needs,
                    list(names.collect())
                ),
                hint: bring_back(theirs.first()?),
            })
        })
        .collect()
}
