//! etcd and `ZooKeeper` vote: more than half of the members must be there.

use super::No;
use super::away::{away, bring_back, state, would_restart};
use super::facts::Facts;
use super::muster::Muster;
use super::words::names;
use crate::component::Agreement;
use crate::observed::Node;

fn voters<'f, 'a>(facts: &'f Facts<'a>) -> impl Iterator<Item = &'f Muster<'a>> {
    let musters = facts.musters.iter();
    musters
        .filter(|muster| muster.component.agreement == Agreement::Majority)
        .filter(|muster| !muster.shrinks() && !muster.is_muddled())
}

pub(super) fn even(facts: &Facts<'_>) -> Vec<No> {
    voters(facts)
        .filter(|muster| !muster.members.is_empty() && muster.members.len().is_multiple_of(2))
        .map(|muster| {
            let (count, role) = (muster.members.len(), muster.component.role);
            No {
                reason: format!(
                    "{count} members of {} survive the loss of {}, as {} do",
                    muster.whole(),
                    (count - 1) / 2,
                    count - 1
                ),
                hint: format!(
                    "take `{role}` from one host or give it to one more: {} or {}",
                    count - 1,
                    count + 1
                ),
            }
        })
        .collect()
}

pub(super) fn lost(facts: &Facts<'_>) -> Vec<No> {
    voters(facts)
        .filter_map(|muster| loss(facts, muster))
        .collect()
}

fn loss(facts: &Facts<'_>, muster: &Muster<'_>) -> Option<No> {
    let members = muster.members.iter();
    let away: Vec<(&str, &Node)> = members
        .filter_map(|member| Some((member.name.as_str(), away(facts, member)?)))
        .collect();
    let (_, gone) = away.first()?;
    let members = muster.members.len();
    let quorum = members / 2 + 1;
    let left = members - away.len();
    let title = muster.whole();
    let absent: Vec<String> = away
        .iter()
        .map(|(name, node)| format!("`{name}` on `{}`, which is {}", node.hostname, state(node)))
        .collect();
    let absent = super::words::list(absent);
    let hint = bring_back(gone);
    if left < quorum {
        return Some(No {
            reason: format!(
                "{title} has {left} of {members} members, a quorum is {quorum}: {absent}"
            ),
            hint,
        });
    }
    let restart = restarting(facts, muster);
    (!restart.is_empty() && left - 1 < quorum).then(|| No {
        reason: format!(
            "{title} would have {} of {members} members while {} restart{}, a quorum is {quorum}: \
             {absent}",
            left - 1,
            names(&restart),
            if restart.len() == 1 { "s" } else { "" }
        ),
        hint,
    })
}

/// Members that run and that the plan would restart.
fn restarting<'a>(facts: &Facts<'a>, muster: &Muster<'a>) -> Vec<&'a str> {
    let members = muster.members.iter();
    members
        .filter(|member| away(facts, member).is_none() && would_restart(facts, &member.name))
        .map(|member| member.name.as_str())
        .collect()
}
