//! etcd and `ZooKeeper` vote: more than half of the members must be there.

use super::No;
use super::facts::Facts;
use super::muster::Muster;
use super::words::names;
use crate::observed::Node;
use crate::spec::{Restart, posted, restarts};

const VOTERS: [&str; 2] = ["zookeeper", "etcd"];

fn voters<'f, 'a>(facts: &'f Facts<'a>) -> impl Iterator<Item = &'f Muster<'a>> {
    let musters = VOTERS.into_iter().filter_map(|name| facts.muster(name));
    musters.filter(|muster| !muster.shrinks() && !muster.is_muddled())
}

pub(super) fn even(facts: &Facts<'_>) -> Vec<No> {
    voters(facts)
        .filter(|muster| !muster.members.is_empty() && muster.members.len().is_multiple_of(2))
        .map(|muster| {
            let (count, role) = (muster.members.len(), muster.component.role);
            No {
                reason: format!(
                    "{count} members of {} survive the loss of {}, as {} do",
                    muster.title(),
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
    let home = |host: &str| facts.homes.get(host).copied();
    let away: Vec<(&str, &Node)> = muster
        .members
        .iter()
        .filter_map(|member| Some((member.name.as_str(), home(&member.host)?)))
        .filter(|(_, node)| is_away(node))
        .collect();
    let (_, gone) = away.first()?;
    let members = muster.members.len();
    let quorum = members / 2 + 1;
    let left = members - away.len();
    let title = muster.title();
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

/// How a node that is away takes tasks again.
pub(super) fn bring_back(node: &Node) -> String {
    let name = &node.hostname;
    match node.state.as_str() {
        "down" => {
            format!("start `{name}` again (`docker node ls` shows it), then `milvus-swarm up`")
        }
        _ => format!("docker node update --availability active {name}, then `milvus-swarm up`"),
    }
}

/// Whether a member has nowhere to run.
pub(super) fn is_away(node: &Node) -> bool {
    node.state == "down" || node.availability == "drain"
}

pub(super) fn state(node: &Node) -> &str {
    if node.state == "down" {
        "down"
    } else {
        "drained"
    }
}

/// Members that run and that the plan would restart.
fn restarting<'a>(facts: &Facts<'a>, muster: &Muster<'a>) -> Vec<&'a str> {
    muster
        .members
        .iter()
        .filter(|member| {
            let home = facts.homes.get(member.host.as_str());
            let stays = home.is_some_and(|node| !is_away(node));
            let found = facts.found.get(member.name.as_str());
            let wanted = facts.specs.get(member.name.as_str());
            let changes = found.zip(wanted).is_some_and(|(found, wanted)| {
                let to = posted(&found.spec, wanted);
                restarts(&found.spec, &to) != Restart::None
            });
            stays && changes && runs(facts, &member.name)
        })
        .map(|member| member.name.as_str())
        .collect()
}

fn runs(facts: &Facts<'_>, member: &str) -> bool {
    let Some(spec) = facts.specs.get(member) else {
        return false;
    };
    let mut tasks = facts.case.seen.tasks.iter();
    tasks.any(|task| task.service == spec.name && task.is_up())
}
