//! Images of the stores and of the log: what data was written with, a newer one reads, not an older.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::No;
use super::facts::Facts;
use super::words::list;
use crate::component::Component;
use crate::inventory::Image;
use crate::tag::Age;

/// What would change at services of one image.
pub(crate) struct Change<'a> {
    pub is: &'a str,
    pub wanted: &'a str,
    /// How old what runs is.
    old: Age,
    /// How old the wanted one is.
    new: Age,
}

/// Which line of `images:` a component's image is; Milvus itself has a rule of its own.
fn key(component: &Component) -> Option<Image> {
    component.milvus.is_none().then_some(component.image)
}

/// The newest image that runs of each kind whose services would get another.
pub(crate) fn changes<'a>(facts: &Facts<'a>) -> BTreeMap<Image, Change<'a>> {
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
        match changes.entry(image) {
            Entry::Vacant(none) => {
                none.insert(Change {
                    is,
                    wanted,
                    old,
                    new,
                });
            }
            Entry::Occupied(mut known) if known.get().old.is_older_than(&old) => {
                let change = known.get_mut();
                (change.is, change.old) = (is, old);
            }
            Entry::Occupied(_) => {}
        }
    }
    changes
}

/// The lines that keep what runs, as they stand in an inventory.
pub(crate) fn kept<'a>(images: impl Iterator<Item = (Image, &'a str)>) -> String {
    let lines = images.map(|(image, is)| {
        let reference = is.split('@').next().unwrap_or(is);
        let found = image.moved.and_then(|(gone, there)| {
            let tag = reference.strip_prefix(gone)?;
            Some(format!("{there}{tag}"))
        });
        format!(
            "{}: {}",
            image.name,
            found.unwrap_or_else(|| reference.to_owned())
        )
    });
    format!("images: {{ {} }}", lines.collect::<Vec<_>>().join(", "))
}

/// An older image than the one that runs.
pub(super) fn goes_back(facts: &Facts<'_>) -> Vec<No> {
    let changes = changes(facts);
    let back: Vec<(Image, &Change<'_>)> = changes
        .iter()
        .filter(|(_, change)| change.new.is_older_than(&change.old))
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
                image.title, change.is, change.wanted
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
