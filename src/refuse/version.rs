//! From which Milvus to which; and what each version has.
//!
//! Upstream's upgrade guides go minor by minor, and never back; 2.6 takes over from 2.5.16 or later
//! that runs one coordinator for all (milvus.io, "Upgrade Milvus Cluster").

use std::collections::BTreeMap;

use super::No;
use super::facts::Facts;
use super::words::{list, names};
use crate::component::{COMPONENTS, Component};
use crate::formed;
use crate::gate::short;
use crate::release;
use crate::role::Role;
use crate::system::milvus::MIXCOORD;
use crate::tag::Version;

/// The patch releases from which an upgrade to the next minor is supported.
const LEAST: [(u32, u32); 2] = [(2, 3), (5, 16)];

pub(super) fn jump(facts: &Facts<'_>) -> Vec<No> {
    let case = facts.case;
    let Some(image) = case.wanted.milvus_image() else {
        return Vec::new();
    };
    let to = formed::version(Some(image), case.release);
    let remembered = formed::versions(&case.inventory.name, &case.seen.nodes);
    let mut running: BTreeMap<Version, Vec<&str>> = BTreeMap::new();
    let mut stopped = true;
    for (name, service) in &facts.found {
        if Component::of_service(name).is_none_or(|row| row.milvus.is_none()) {
            continue;
        }
        stopped = false;
        let is = &service.spec.task_template.container_spec.image;
        let labels = || remembered.iter().copied().filter(|_| !is_same(is, image));
        let tag = Version::of_image(is);
        for version in tag.map_or_else(|| labels().collect(), |version| vec![version]) {
            running.entry(version).or_default().push(name);
        }
    }
    let one_coordinator = facts.found.contains_key(MIXCOORD.name);
    let refused = running.into_iter().filter_map(|(from, services)| {
        let (why, hint) = step(from, to, one_coordinator)?;
        Some(No {
            reason: format!(
                "{} run{} Milvus {from}, and {to} is wanted: {why}",
                names(&services),
                if services.len() == 1 { "s" } else { "" }
            ),
            hint,
        })
    });
    let data = remembered.iter().filter(|_| stopped && facts.has_run());
    let kept = data.filter_map(|from| {
        let (why, hint) = step(*from, to, one_coordinator)?;
        Some(No {
            reason: format!("the data is of Milvus {from}, and {to} is wanted: {why}"),
            hint: format!(
                "{hint}; if nothing of it is needed, begin anew with `milvus-swarm down --data`"
            ),
        })
    });
    refused.chain(kept).collect()
}

/// Whether an image that runs is the wanted one; Docker's own client adds its digest.
fn is_same(is: &str, wanted: &str) -> bool {
    is.strip_prefix(wanted)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('@'))
}

/// What is wrong with going from one version to another, and what to do instead.
fn step(from: Version, to: Version, one_coordinator: bool) -> Option<(String, String)> {
    let beside = "bring up a second cluster under another `name:` and copy with milvus-backup";
    if from.line() > to.line() {
        return Some((
            "an older Milvus can't read what a newer one wrote".to_owned(),
            format!("set `milvus: {from}` again; to go back, {beside}"),
        ));
    }
    if !from.is_final && from < to {
        return Some((
            "upstream supports no upgrade from a version that is not final".to_owned(),
            beside.to_owned(),
        ));
    }
    if from.line() == to.line() {
        return None;
    }
    if from.line() < (2, 2) {
        return Some((
            "its metadata must be migrated while it is stopped".to_owned(),
            format!("migrate to 2.2 with milvusdb/meta-migration first, or {beside}"),
        ));
    }
    let next = (from.major, from.minor + 1);
    if to.line() != next {
        return Some((
            "upstream supports one minor version at a time".to_owned(),
            format!(
                "set `milvus: \"{}.{}\"` first, `milvus-swarm up`, then the next one",
                next.0, next.1
            ),
        ));
    }
    let least = LEAST.iter().find(|(minor, _)| *minor == from.minor);
    if let Some((minor, patch)) = least.filter(|(_, patch)| from.patch < *patch) {
        return Some((
            format!("upstream supports this from 2.{minor}.{patch} on"),
            format!("set `milvus: \"2.{minor}\"` first and `milvus-swarm up`"),
        ));
    }
    (from.minor == 5 && !one_coordinator).then(|| {
        (
            format!(
                "2.6 takes over only from one coordinator for all (`{}`), and before 2.6 this tool \
                 runs one for each task",
                MIXCOORD.name
            ),
            beside.to_owned(),
        )
    })
}

pub(super) fn absent(facts: &Facts<'_>) -> Vec<No> {
    let case = facts.case;
    let version = &case.release.version;
    let roles = Role::ALL.into_iter().filter(|role| {
        let knows = |row: &&Component| row.role == *role;
        *role != Role::Manager
            && case.inventory.hosts_with(*role).next().is_some()
            && !Component::of(case.release).any(|row| knows(&row))
    });
    let roles = roles.map(|role| No {
        reason: format!(
            "Milvus {version} has no role `{role}`, which the inventory gives to {}",
            names(case.inventory.hosts_with(role).map(|host| &host.name))
        ),
        hint: role.duty().and_then(|duty| duty.gone).map_or_else(
            || format!("remove the role `{role}`"),
            |(_, hint)| hint.to_owned(),
        ),
    });
    let images = images(facts).into_values();
    let images = images.filter_map(|(image, _)| of_image(facts, image));
    roles.chain(images).collect()
}

/// By the line of the version that its tag names, an image of Milvus and the services that are to
/// run one of that line. The first of several flavours (`-gpu`) stands for its line.
fn images<'a>(facts: &Facts<'a>) -> BTreeMap<(u32, u32), (&'a str, Vec<&'a str>)> {
    let phases = facts.case.wanted.phases.iter();
    let specs = phases.filter(|phase| phase.is_milvus);
    let mut images: BTreeMap<_, (&str, Vec<&str>)> = BTreeMap::new();
    for spec in specs.flat_map(|phase| &phase.services) {
        let image = &spec.task_template.container_spec.image;
        if let Some(version) = Version::of_image(image) {
            let (_, services) = images.entry(version.line()).or_insert((image, Vec::new()));
            services.push(short(&spec.name));
        }
    }
    images
}

/// Processes of several minors do not understand each other; the last patches of one do.
pub(super) fn mixed(facts: &Facts<'_>) -> Vec<No> {
    let images = images(facts);
    if images.len() < 2 {
        return Vec::new();
    }
    let each = images.iter().map(|((major, minor), (image, services))| {
        let run = if services.len() == 1 { "runs" } else { "run" };
        format!("{} {run} {major}.{minor} (`{image}`)", names(services))
    });
    vec![No {
        reason: format!(
            "services of Milvus would run several minor versions: {}",
            each.collect::<Vec<_>>().join("; ")
        ),
        hint: "give all of them images of one minor version; flavours such as `-gpu` may differ"
            .to_owned(),
    }]
}

/// An image of another version than the inventory says, which has other processes.
fn of_image(facts: &Facts<'_>, image: &str) -> Option<No> {
    let version = Version::of_image(image)?;
    let ours = facts.case.release.minor;
    let minor = u8::try_from(version.minor).ok();
    let knows = |minor: &u8| release::known().any(|known| known.minor == *minor);
    let Some(minor) = minor.filter(|minor| version.major == 2 && knows(minor)) else {
        return Some(No {
            reason: format!(
                "image `{image}` is Milvus {version}, which this tool does not know; the inventory \
                 says `milvus: 2.{ours}`"
            ),
            hint: format!("take an image of 2.{ours}"),
        });
    };
    let is_in = |row: &Component, minor: u8| (row.releases.0..=row.releases.1).contains(&minor);
    let without = |has: u8, lacks: u8| -> Vec<String> {
        let rows = COMPONENTS.iter();
        rows.filter(|row| is_in(row, has) && !is_in(row, lacks))
            .map(|row| format!("`{}`", row.name))
            .collect()
    };
    let (gone, needed) = (without(ours, minor), without(minor, ours));
    let mut differences = Vec::new();
    if !gone.is_empty() {
        differences.push(format!("has no {}", list(gone)));
    }
    if !needed.is_empty() {
        differences.push(format!("needs {}", list(needed)));
    }
    (!differences.is_empty()).then(|| No {
        reason: format!(
            "image `{image}` is Milvus {version}, which {}; the inventory says `milvus: 2.{ours}`",
            differences.join(" and ")
        ),
        hint: format!("set `milvus: \"2.{minor}\"`, or take an image of 2.{ours}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(tag: &str) -> Version {
        Version::of_image(&format!("milvusdb/milvus:{tag}")).expect("a version")
    }

    #[test]
    fn the_way_up_and_no_way_down() {
        let goes = |from: &str, to: &str| step(version(from), version(to), false).is_none();
        for (from, to) in [
            ("v2.3.5", "v2.3.21"),
            ("v2.3.21", "v2.3.5"),
            ("v2.2.16", "v2.3.0"),
            ("v2.3.0", "v2.4.23"),
            ("v2.4.0", "v2.5.27"),
        ] {
            assert!(goes(from, to), "{from} to {to}");
        }
        for (from, to) in [
            ("v2.4.0", "v2.3.21"),
            ("v2.2.16", "v2.4.0"),
            ("v2.2.2", "v2.3.0"),
            ("v2.1.4", "v2.2.16"),
            ("v2.5.27", "v2.6.1"),
            ("v2.6.0-rc1", "v2.6.1"),
        ] {
            assert!(!goes(from, to), "{from} to {to}");
        }
        let one = |from: &str| step(version(from), version("v2.6.1"), true).is_none();
        assert!(one("v2.5.16") && !one("v2.5.15"));
    }
}
