//! Members that would join a whole which others formed.

use super::No;
use super::facts::Facts;
use super::moves::look;
use super::muster::Muster;
use super::words::names;
use crate::component::Agreement;
use crate::system::METADATA;
use crate::topology::{Member, member_label};

/// etcd and `ZooKeeper` are told all their members from the start; one more, told the same, founds
/// a second cluster. MinIO has a rule of its own.
pub(super) fn joins(facts: &Facts<'_>) -> Vec<No> {
    let musters = facts.musters.iter();
    musters
        .filter(|muster| muster.component.agreement == Agreement::Majority)
        .filter(|muster| !muster.is_muddled())
        .filter_map(|muster| refuse(facts, muster))
        .collect()
}

fn refuse(facts: &Facts<'_>, muster: &Muster<'_>) -> Option<No> {
    let new: Vec<&Member> = muster
        .members
        .iter()
        .filter(|member| {
            let is_new = muster.new.iter().any(|new| new.name == member.name);
            is_new || is_unknown(facts, muster, member)
        })
        .collect();
    let first = new.first()?;
    Some(No {
        reason: format!(
            "{} would join members that formed without it, and found a second cluster beside theirs",
            names(new.iter().map(|member| &member.name))
        ),
        hint: format!(
            "leave the hosts of `{}` as they were; their number is fixed once they hold data. If \
             `{host}` lost the label of `{}` and has its data ({}): docker node update --label-add \
             {}=true {host}",
            muster.component.name,
            first.name,
            look(facts, std::iter::once(&first.name)),
            member_label(&facts.case.inventory.name, &first.name),
            host = first.host,
        ),
    })
}

/// Whether a sibling that exists was told its peers without this one; ZooKeeper's are in a config,
/// of which only the name is known here.
fn is_unknown(facts: &Facts<'_>, muster: &Muster<'_>, member: &Member) -> bool {
    if muster.component.name != METADATA.name || facts.found.contains_key(member.name.as_str()) {
        return false;
    }
    muster.members.iter().any(|sibling| {
        let found = facts.found.get(sibling.name.as_str());
        let args = found.map_or(&[][..], |found| {
            &found.spec.task_template.container_spec.args
        });
        let mut peers = args
            .iter()
            .filter_map(|arg| arg.strip_prefix("--initial-cluster="));
        peers.any(|peers| {
            !peers
                .split(',')
                .any(|peer| peer.split('=').next() == Some(&member.name))
        })
    })
}
