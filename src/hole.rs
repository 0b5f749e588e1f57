//! Which services have a known hole, by the releases that they run and the ports that they publish.

use std::collections::{BTreeMap, BTreeSet};

use crate::component::Component;
use crate::formed;
use crate::gate::short;
use crate::inventory::Inventory;
use crate::release::Release;
use crate::spec::ServiceSpec;
use crate::system::{Advisory, Image};
use crate::tag::Version;
use crate::words::{list, names};

/// A hole that services of one release have.
#[derive(Debug)]
pub struct Hole {
    pub advisory: &'static Advisory,
    pub image: Image,
    pub version: Version,
    /// The services, by their short names.
    pub services: Vec<String>,
}

/// The holes of services, in the order of the advisories. An image whose tag is no version is of the
/// release that the inventory says.
pub fn holes<'a>(
    specs: impl Iterator<Item = &'a ServiceSpec>,
    inventory: &Inventory,
    release: &Release,
) -> Vec<Hole> {
    let mut found: BTreeMap<(usize, Version), Hole> = BTreeMap::new();
    for spec in specs {
        let name = short(&spec.name);
        let Some(row) = Component::of_service(name) else {
            continue;
        };
        let image = &spec.task_template.container_spec.image;
        let version = match row.milvus {
            Some(_) => Some(formed::version(Some(image), release)),
            None => Version::of_image(image),
        };
        let system = row.system();
        let Some(version) = version.filter(|_| system.is_of(inventory)) else {
            continue;
        };
        for (at, advisory) in system.advisories.iter().enumerate() {
            let is_its = advisory.only.is_none_or(|only| only == row.name);
            let is_open = advisory.through.is_none_or(|one| {
                let mut ports = spec.endpoint_spec.ports.iter();
                ports.any(|port| port.target_port == u32::from(one.port))
            });
            if is_its && is_open && advisory.is_in(version) {
                let hole = found.entry((at, version)).or_insert_with(|| Hole {
                    advisory,
                    image: row.image,
                    version,
                    services: Vec::new(),
                });
                hole.services.push(name.to_owned());
            }
        }
    }
    found.into_values().collect()
}

impl Hole {
    /// Whether an inventory accepts it by name.
    #[must_use]
    pub fn is_accepted(&self, inventory: &Inventory) -> bool {
        inventory.accepted.contains(self.advisory.name)
    }

    /// Who can do what to whom.
    #[must_use]
    pub fn told(&self) -> String {
        let run = if self.services.len() == 1 { "s" } else { "" };
        format!(
            "{} run{run} {} {}, which has {} ({}): {}",
            names(&self.services),
            self.image.title,
            self.version,
            self.advisory.name,
            self.advisory.also,
            self.advisory.lets
        )
    }

    /// The same of one that the inventory accepts.
    #[must_use]
    pub fn told_accepted(&self) -> String {
        format!("{} (accepted by the inventory)", self.told())
    }

    /// How to be without it, and how to go on with it and the others that are open.
    #[must_use]
    pub fn way_out(&self, inventory: &Inventory, open: &BTreeSet<&str>) -> String {
        let advisory = self.advisory;
        let mut ways = Vec::from_iter(self.fixed(inventory));
        if let Some(one) = advisory.through {
            ways.push(format!("take `publish.{}` out", one.key.name));
        }
        let mut accepted = inventory.accepted.clone();
        accepted.extend(open.iter().map(|name| (*name).to_owned()));
        let accepted: Vec<String> = accepted.into_iter().collect();
        format!(
            "{}; or, where nobody gets there whom you do not trust, accept it: write `accept: [{}]` into \
             the inventory",
            ways.join(", or "),
            accepted.join(", ")
        )
    }

    /// The nearest release without it.
    fn fixed(&self, inventory: &Inventory) -> Option<String> {
        let advisory = self.advisory;
        let of_line = advisory.fix(self.version);
        let to = of_line.or_else(|| advisory.first_fix())?;
        let title = self.image.title;
        let (major, minor) = to.line();
        Some(
            if inventory.images.overrides.contains_key(&self.image) {
                format!("take an image of {title} {to} or later")
            } else {
                format!("take {title} {to} or later: `milvus: \"{major}.{minor}\"`")
            } + if of_line.is_none() && self.version.minor + 1 < minor {
                ", one minor after the other"
            } else {
                ""
            },
        )
    }
}

/// What an inventory accepts: that it does, and what it accepts in vain.
#[must_use]
pub fn accepted(holes: &[Hole], inventory: &Inventory) -> Vec<String> {
    let open = holes.iter().filter(|hole| hole.is_accepted(inventory));
    let told = open.map(Hole::told_accepted);
    let vain = inventory.accepted.iter().filter(|name| {
        let is_it = |hole: &Hole| hole.advisory.name == name.as_str();
        !holes.iter().any(is_it)
    });
    let vain: Vec<String> = vain.map(|name| format!("`{name}`")).collect();
    let needless = (!vain.is_empty()).then(|| {
        format!(
            "the inventory accepts {}, which nothing that it makes has: take it out of `accept`",
            list(vain)
        )
    });
    told.chain(needless).collect()
}
