//! Images of the stores and of the log: what data was written with, a newer one reads, not an older.

use std::collections::BTreeMap;

use super::No;
use super::facts::Facts;
use super::words::list;
use crate::component::{Component, StackName};
use crate::inventory::Image;
use crate::tag::{Age, Version};

/// Where MinIO's tags went when its repository on Docker Hub ended (milvus#53430).
const GONE: &str = "minio/minio:";
const THERE: &str = "quay.io/minio/minio:";

/// What would change at services of one image.
struct Change<'a> {
    is: &'a str,
    wanted: &'a str,
    services: usize,
}

/// Which line of `images:` a component's image is; Milvus itself has a rule of its own.
fn key(component: &Component) -> Option<Image> {
    match (component.stack, component.name) {
        (StackName::Pulsar, _) => Some(Image::Pulsar),
        (StackName::Store, "etcd") => Some(Image::Etcd),
        (StackName::Store, _) => Some(Image::Minio),
        (StackName::Milvus, _) => None,
    }
}

/// The newest image that runs of each kind whose services would get another.
fn changes<'a>(facts: &Facts<'a>) -> BTreeMap<Image, Change<'a>> {
    let mut changes: BTreeMap<Image, Change<'a>> = BTreeMap::new();
    for (name, service) in &facts.found {
        let Some(image) = Component::of_service(name).and_then(key) else {
            continue;
        };
        let Some(wanted) = facts.specs.get(name) else {
            continue;
        };
        let is = service.spec.task_template.container_spec.image.as_str();
        let wanted = wanted.task_template.container_spec.image.as_str();
        let (Some(old), Some(new)) = (Age::of_image(is), Age::of_image(wanted)) else {
            continue;
        };
        if old == new {
            continue;
        }
        let entry = changes.entry(image).or_insert(Change {
            is,
            wanted,
            services: 0,
        });
        entry.services += 1;
        if Age::of_image(entry.is).is_some_and(|other| other.is_older_than(&old)) {
            entry.is = is;
        }
    }
    changes
}

/// The lines that keep what runs, as they stand in an inventory.
fn kept<'a>(images: impl Iterator<Item = (Image, &'a str)>) -> String {
    let lines = images.map(|(image, is)| {
        let reference = is.split('@').next().unwrap_or(is);
        let there = reference
            .strip_prefix(GONE)
            .map(|tag| format!("{THERE}{tag}"));
        format!(
            "{}: {}",
            image.name(),
            there.unwrap_or_else(|| reference.to_owned())
        )
    });
    format!("images: {{ {} }}", lines.collect::<Vec<_>>().join(", "))
}

/// An older image than the one that runs.
pub(super) fn goes_back(facts: &Facts<'_>) -> Vec<No> {
    let changes = changes(facts);
    let back: Vec<(Image, &Change<'_>)> = changes
        .iter()
        .filter(|(_, change)| {
            let (is, wanted) = (Age::of_image(change.is), Age::of_image(change.wanted));
            wanted
                .zip(is)
                .is_some_and(|(new, old)| new.is_older_than(&old))
        })
        .map(|(image, change)| (*image, change))
        .collect();
    if back.is_empty() {
        return Vec::new();
    }
    let each = back
        .iter()
        .map(|(image, change)| {
            format!(
                "{} from `{}` to `{}`",
                image.title(),
                change.is,
                change.wanted
            )
        })
        .collect();
    let keep = kept(back.iter().map(|(image, change)| (*image, change.is)));
    vec![No {
        reason: format!(
            "images would go back, and an older version need not read what a newer one wrote: {}",
            list(each)
        ),
        hint: format!("keep what runs; write into the inventory: {keep}"),
    }]
}

/// Pulsar 3 or later where Pulsar 2 has written.
pub(super) fn pulsar_major(facts: &Facts<'_>) -> Vec<No> {
    let changes = changes(facts);
    let Some(change) = changes.get(&Image::Pulsar) else {
        return Vec::new();
    };
    let versions = (
        Version::of_image(change.is),
        Version::of_image(change.wanted),
    );
    let (Some(is), Some(wanted)) = versions else {
        return Vec::new();
    };
    if is.major > 2 || wanted.major < 3 {
        return Vec::new();
    }
    let keep = kept([(Image::Pulsar, change.is)].into_iter());
    vec![No {
        reason: format!(
            "Pulsar {is} holds what Milvus has not stored yet, and {wanted} is wanted: upstream \
             takes no data of Pulsar 2 over into Pulsar 3"
        ),
        hint: format!(
            "keep it with {keep}; upstream's way to the new one: stop all writers, flush every \
             collection, take Pulsar and its data away and begin a new one \
             (milvus.io/docs/upgrade-pulsar-v3.md); or bring up a second cluster under another \
             `name:` and copy with milvus-backup"
        ),
    }]
}
