//! Where a member that exists keeps its data.

use super::No;
use super::facts::Facts;
use super::moves::keeps;
use super::muster::Muster;
use super::words::{count, list};
use crate::component::Agreement;
use crate::spec::Mount;

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
