//! Fewer members than hold data.

use std::collections::BTreeSet;

use super::No;
use super::facts::Facts;
use super::muster::Muster;
use super::words::{count, names};
use crate::component::Agreement;
use crate::system::striping;
use crate::topology::member_label;

pub(super) fn shrinks(facts: &Facts<'_>) -> Vec<No> {
    let musters = facts.musters.iter();
    musters
        .filter(|muster| muster.shrinks())
        .map(|muster| {
            let leaving = leaving(facts, muster);
            No {
                reason: format!(
                    "{} has {}, the inventory leaves {}: {} would go with {} data",
                    muster.whole(),
                    count(muster.formed, "member"),
                    muster.members.len(),
                    names(&leaving),
                    if leaving.len() == 1 { "its" } else { "their" }
                ),
                hint: instead(facts, muster, &leaving),
            }
        })
        .collect()
}

/// Members that labels or services know and the inventory does not want.
fn leaving(facts: &Facts<'_>, muster: &Muster<'_>) -> Vec<String> {
    let prefix = format!("{}-", muster.component.name);
    let stay: BTreeSet<&str> = muster
        .members
        .iter()
        .map(|member| member.name.as_str())
        .collect();
    let exist = facts.found.range(prefix.as_str()..).map(|(name, _)| *name);
    let mut ordinals: BTreeSet<usize> = exist
        .take_while(|name| name.starts_with(&prefix))
        .filter(|name| !stay.contains(name))
        .filter_map(|name| name.strip_prefix(&prefix)?.parse().ok())
        .collect();
    ordinals.extend(muster.strays.iter().map(|(ordinal, _)| *ordinal));
    ordinals
        .into_iter()
        .map(|ordinal| format!("{prefix}{ordinal}"))
        .collect()
}

fn instead(facts: &Facts<'_>, muster: &Muster<'_>, leaving: &[String]) -> String {
    let role = muster.component.role;
    let back = match muster.strays.as_slice() {
        [] => format!(
            "give {} the role `{role}` again",
            count(muster.formed, "host")
        ),
        strays => format!(
            "give {} the role `{role}` again",
            names(strays.iter().map(|(_, node)| &node.hostname))
        ),
    };
    match (muster.component.agreement, leaving.last()) {
        (Agreement::Ensemble, Some(last)) => {
            let host = muster.strays.iter().find_map(|(ordinal, node)| {
                last.ends_with(&format!("-{ordinal}"))
                    .then_some(node.hostname.as_str())
            });
            format!(
                "{back}; or {}, last number first, then say so: docker node update --label-rm {} {}",
                striping(role).map_or("", |striping| striping.emptied),
                member_label(&facts.case.inventory.name, last),
                host.unwrap_or("<its host>")
            )
        }
        (Agreement::Erasure, _) => format!(
            "{back}; a pool keeps its servers for good: for fewer, bring up a second cluster under \
             another `name:`, copy with milvus-backup, then `milvus-swarm down --data` this one"
        ),
        _ => format!(
            "{back}; the members that are left would wait for a quorum of {} for ever: for fewer, \
             bring up a second cluster under another `name:`, copy with milvus-backup, then \
             `milvus-swarm down --data` this one",
            muster.formed / 2 + 1
        ),
    }
}
