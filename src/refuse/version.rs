//! From which Milvus to which; and what each version has.
//!
//! Upstream's upgrade guides go minor by minor, and never back; 2.6 takes over from 2.5.16 or later
//! that runs one coordinator for all (milvus.io, "Upgrade Milvus Cluster"), and 3.0 from 2.6.20 or later.

use std::collections::BTreeMap;

use super::No;
use super::facts::Facts;
use super::words::{list, names};
use crate::component::{COMPONENTS, Component};
use crate::formed;
use crate::gate::short;
use crate::release::{self, Line, show};
use crate::role::{ROLES, Role};
use crate::system::milvus::{MIXCOORD, MIXED};
use crate::tag::Version;

/// The patch releases of a line from which an upgrade to the next one is supported.
const LEAST: [(Line, u32); 3] = [((2, 2), 3), ((2, 5), 16), ((2, 6), 20)];

/// The last line that may run a coordinator for each task; the next takes over from one for all.
const COORDINATORS: Line = (2, 5);

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
    let next = release::after(from.line()).unwrap_or((from.major, from.minor + 1));
    if to.line() != next {
        return Some((
            "upstream supports one minor version at a time".to_owned(),
            format!(
                "set `milvus: \"{}\"` first, `milvus-swarm up`, then the next one",
                show(next)
            ),
        ));
    }
    let least = LEAST.iter().find(|(line, _)| *line == from.line());
    if let Some((line, patch)) = least.filter(|(_, patch)| from.patch < *patch) {
        let line = show(*line);
        return Some((
            format!("upstream supports this from {line}.{patch} on"),
            format!("set `milvus: \"{line}\"` first and `milvus-swarm up`"),
        ));
    }
    (from.line() == COORDINATORS && !one_coordinator).then(|| {
        (
            format!(
                "2.6 takes over only from one process for all coordinators (`{}`)",
                MIXCOORD.name
            ),
            "set `milvus: \"2.5\"` and `coordinators: mixed` first and `milvus-swarm up`, then this one"
                .to_owned(),
        )
    })
}

/// How coordinators are to run, where that Milvus runs them in another way.
fn coordinators(facts: &Facts<'_>) -> Option<No> {
    let release = facts.case.release;
    let version = &release.version;
    match facts.case.inventory.mixed? {
        true if release.line < MIXED => Some(No {
            reason: format!(
                "Milvus {version} has a process for each coordinator here, and the inventory says \
                 `coordinators: mixed`"
            ),
            hint: format!(
                "remove `coordinators`, or set `milvus: \"{}\"` or later",
                show(MIXED)
            ),
        }),
        false if MIXCOORD.releases.0 <= release.line => Some(No {
            reason: format!(
                "Milvus {version} has one process for all coordinators, and the inventory says \
                 `coordinators: separate`"
            ),
            hint: "remove `coordinators`".to_owned(),
        }),
        _ => None,
    }
}

pub(super) fn absent(facts: &Facts<'_>) -> Vec<No> {
    let case = facts.case;
    let version = &case.release.version;
    let roles = Role::ALL.into_iter().filter(|role| {
        let knows = |row: &&Component| row.role.doers(case.release.line).contains(role);
        *role != Role::Manager
            && !case.inventory.by_default.contains(role)
            && case.inventory.hosts_with(*role).next().is_some()
            && !Component::of(case.inventory, case.release).any(|row| knows(&row))
    });
    let roles = roles.map(|role| No {
        reason: format!(
            "Milvus {version} has no role `{role}`, which the inventory gives to {}",
            names(case.inventory.hosts_with(role).map(|host| &host.name))
        ),
        hint: format!("remove the role `{role}`, or set `milvus:` to a version that has it"),
    });
    // The inventory was read for what a new cluster gets; one that is there may need more.
    let missing = ROLES.iter().filter(|duty| {
        let runs = |row: &Component| row.role == duty.role;
        duty.is_required
            && case.inventory.hosts_with(duty.role).next().is_none()
            && Component::of(case.inventory, case.release).any(runs)
    });
    let missing = missing.map(|duty| No {
        reason: format!(
            "Milvus {version} needs the role `{}`, which the inventory gives to no host",
            duty.role
        ),
        hint: format!("give the role `{}` to a host", duty.role),
    });
    let images = images(facts);
    // Of several minors one is wrong in any case: that is a rule of its own.
    let is_one = images.len() == 1;
    let images = images.into_values().filter(|_| is_one);
    let images = images.filter_map(|(image, _)| of_image(facts, image));
    let all = roles.chain(missing).chain(images);
    all.chain(coordinators(facts)).collect()
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
        hint: format!(
            "give all of them images of {}, which the inventory says; flavours such as `-gpu` may \
             differ",
            show(facts.case.release.line)
        ),
    }]
}

/// An image of another minor than the inventory says: each has processes, settings and an API of its
/// own, and what is rendered is for the one that the inventory says.
fn of_image(facts: &Facts<'_>, image: &str) -> Option<No> {
    let release = Version::from(facts.case.release);
    let version = Version::of_image(image).filter(|version| version.line() != release.line())?;
    let (line, said) = (version.line(), facts.case.release.line);
    let ours = show(said);
    if !release::known().any(|known| known.line == line) {
        return Some(No {
            reason: format!(
                "image `{image}` is Milvus {version}, which this tool does not know; the inventory \
                 says `milvus: {ours}`"
            ),
            hint: format!("take an image of {ours}"),
        });
    }
    let is_in = |row: &Component, line: Line| {
        let mut known = release::known();
        let release = known.find(|known| known.line == line);
        release.is_some_and(|release| row.is_of(facts.case.inventory, &release))
    };
    let without = |has: Line, lacks: Line| -> Vec<String> {
        let rows = COMPONENTS.iter();
        rows.filter(|row| is_in(row, has) && !is_in(row, lacks))
            .map(|row| format!("`{}`", row.name))
            .collect()
    };
    let (gone, needed) = (without(said, line), without(line, said));
    let mut differences = Vec::new();
    if !gone.is_empty() {
        differences.push(format!("has no {}", list(gone)));
    }
    if !needed.is_empty() {
        differences.push(format!("needs {}", list(needed)));
    }
    if differences.is_empty() {
        differences.push("reads other settings".to_owned());
    }
    Some(No {
        reason: format!(
            "image `{image}` is Milvus {version}, which {}; the inventory says `milvus: {ours}`",
            differences.join(" and ")
        ),
        hint: format!(
            "set `milvus: \"{}\"`, or take an image of {ours}",
            show(line)
        ),
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
        let newest = |from: &str| step(version(from), version("v3.0.2"), true);
        assert!(newest("v2.6.20").is_none() && newest("v3.0.0").is_none());
        let (why, hint) = newest("v2.6.19").expect("it is too old");
        assert_eq!(why, "upstream supports this from 2.6.20 on");
        assert_eq!(hint, "set `milvus: \"2.6\"` first and `milvus-swarm up`");
        assert!(newest("v2.5.27").is_some_and(|(_, hint)| hint.contains("\"2.6\"` first")));
    }
}
