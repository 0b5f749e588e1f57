//! Where a member that exists keeps its data.

use std::collections::BTreeMap;

use super::No;
use super::facts::Facts;
use super::moves::keeps;
use super::muster::Muster;
use super::words::{count, list};
use crate::component::Agreement;
use crate::gate::short;
use crate::spec::{Mount, ServiceSpec};

pub(super) fn moved(facts: &Facts<'_>) -> Vec<No> {
    let musters = facts.musters.iter();
    musters
        .filter_map(|muster| {
            let moves: Vec<(String, String)> = muster
                .members
                .iter()
                .filter_map(|member| {
                    let was = &facts.found.get(member.name.as_str())?.spec;
                    let will = facts.specs.get(member.name.as_str())?;
                    let (from, to) = differ(
                        muster,
                        &was.task_template.container_spec.mounts,
                        &will.task_template.container_spec.mounts,
                    )?;
                    Some((
                        from.clone(),
                        format!("`{}` from {from} to {to}", member.name),
                    ))
                })
                .collect();
            let (first, _) = moves.first()?;
            let hint = format!(
                "data does not move by itself: set `data:` in the inventory back, so that it is in \
                 {first} again; for another place, bring up a second cluster under another `name:` \
                 and copy with milvus-backup"
            );
            Some(No {
                reason: format!(
                    "{} of {} would leave {} data: {}",
                    count(moves.len(), "member"),
                    muster.whole(),
                    if moves.len() == 1 { "its" } else { "their" },
                    list(moves.into_iter().map(|(_, text)| text).collect())
                ),
                hint,
            })
        })
        .collect()
}

/// Tasks that would write over each other's files. Where a service of several tasks has fewer hosts
/// than tasks, two of them are on one.
pub(super) fn shared(facts: &Facts<'_>) -> Vec<No> {
    let mut writers: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for (spec, host) in facts.pinned() {
        for source in written(spec) {
            let who = format!("`{}`", short(&spec.name));
            writers.entry((host, source)).or_default().push(who);
        }
    }
    let mut found = Vec::new();
    for ((host, source), who) in writers {
        if who.len() > 1 {
            found.push(both(source, &format!("{} on `{host}`", list(who))));
        }
    }
    for spread in facts.spreads() {
        if spread.replicas > spread.pool.hosts.len() as u64 {
            let who = format!(
                "several tasks of `{}` on one host",
                short(&spread.spec.name)
            );
            found.extend(written(spread.spec).map(|source| both(source, &who)));
        }
    }
    found
}

fn both(source: &str, who: &str) -> No {
    No {
        reason: format!("{who} would write to `{source}`"),
        hint: "mount a place of its own for each, or the same one with `read_only: true`"
            .to_owned(),
    }
}

/// The directories and volumes that each task of a service may write to, the same for all of them:
/// Swarm puts the task into a source that has a placeholder of it.
fn written(spec: &ServiceSpec) -> impl Iterator<Item = &str> {
    let mounts = spec.task_template.container_spec.mounts.iter();
    mounts
        .filter(|mount| !mount.read_only && matches!(mount.kind.as_str(), "bind" | "volume"))
        .map(|mount| mount.source.as_str())
        .filter(|source| !source.is_empty() && !source.contains("{{"))
}

/// The first place of data that is another one, before and after. How many drives MinIO has is
/// another rule's business.
fn differ(muster: &Muster<'_>, was: &[Mount], will: &[Mount]) -> Option<(String, String)> {
    was.iter().filter(|mount| keeps(mount)).find_map(|old| {
        let new = will.iter().find(|new| new.target == old.target);
        match new {
            None if muster.component.agreement == Agreement::Erasure => None,
            None => Some((place(old), "no volume at all".to_owned())),
            Some(new) => (place(old) != place(new)).then(|| (place(old), place(new))),
        }
    })
}

fn place(mount: &Mount) -> String {
    let driver = mount
        .volume_options
        .as_ref()
        .and_then(|options| options.driver_config.as_ref())
        .filter(|driver| {
            !matches!(driver.name.as_str(), "" | "local") || !driver.options.is_empty()
        });
    let subpath = mount
        .volume_options
        .as_ref()
        .map_or("", |options| options.subpath.as_str());
    let mut text = match mount.kind.as_str() {
        "bind" => format!("directory `{}`", mount.source),
        _ => format!("volume `{}`", mount.source),
    };
    if !subpath.is_empty() {
        text = format!("`{subpath}` in {text}");
    }
    if let Some(driver) = driver {
        let name = if driver.name.is_empty() {
            "local"
        } else {
            &driver.name
        };
        text = format!("{text} of driver `{name}`");
        if !driver.options.is_empty() {
            let options = driver.options.iter();
            let options: Vec<String> = options
                .map(|(key, value)| format!("{key}={value}"))
                .collect();
            text = format!("{text} ({})", options.join(", "));
        }
    }
    text
}
