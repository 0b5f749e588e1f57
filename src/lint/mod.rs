//! What the tool relies on in stack files that a user edited.
//!
//! An edited file is held against the one that the shipped templates give for the same
//! inventory: what gates, placement, data and credentials hang on must be as there, all else is
//! the user's. So no rule repeats what a template says.

mod configs;
mod missing;
mod names;
mod service;
mod settings;

use std::collections::BTreeMap;
use std::fmt;

pub use missing::missing;

use crate::component::Component;
use crate::compose::Stack;
use crate::render::StackFile;
use crate::words::{MOST, list};

/// Edits that the tool cannot work with.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{}", lines(.0))]
pub struct LintErrors(pub Vec<Broken>);

/// One of them, wherever it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Broken {
    pub places: Vec<Place>,
    /// Every service of every file has it.
    pub everywhere: bool,
    pub fault: Fault,
}

/// A service with a fault, or the members of a component.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Place {
    /// The stack file as it is rendered: `store.yml`.
    pub file: String,
    /// The service's line in the rendered file, where it has one.
    pub line: Option<usize>,
    pub service: String,
    /// Other members of the same component with the same fault.
    pub more: usize,
}

/// What is wrong with a service, and why it matters.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// What is looked at: `hostname`, `deploy.labels`.
    pub key: String,
    /// The second half of a sentence about the key.
    pub found: String,
    pub why: &'static str,
}

impl Fault {
    fn new(key: impl Into<String>, found: impl Into<String>, why: &'static str) -> Self {
        Self {
            key: key.into(),
            found: found.into(),
            why,
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.places.as_slice() {
            [place] => write!(f, "{place}")?,
            places => f.write_str(&several(places))?,
        }
        let Fault { key, found, why } = &self.fault;
        write!(f, ": `{key}` {found}: {why}")?;
        if self.everywhere {
            f.write_str("; `macros.yml` makes what all services share")?;
        }
        Ok(())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(line) = self.line {
            write!(f, " (line {line} as rendered)")?;
        }
        write!(f, ": service `{}`", self.service)?;
        if self.more > 0 {
            write!(f, " and {} more", self.more)?;
        }
        Ok(())
    }
}

/// Files, and the first services of those that share a fault. Lines as rendered lead astray here:
/// what so many have comes from one line of a template.
fn several(places: &[Place]) -> String {
    let mut files: Vec<String> = places.iter().map(|place| place.file.clone()).collect();
    files.dedup();
    let first = places.iter().take(MOST - 1);
    let mut services: Vec<String> = first.map(|place| format!("`{}`", place.service)).collect();
    let more = count(places) - services.len();
    if more > 0 {
        services.push(format!("{more} more"));
    }
    format!("{}: services {}", list(files), list(services))
}

/// The number of services in all.
fn count(places: &[Place]) -> usize {
    places.iter().map(|place| 1 + place.more).sum()
}

fn lines(all: &[Broken]) -> String {
    let lines: Vec<String> = all.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// Holds edited stacks against those that the shipped templates give.
///
/// # Errors
/// Everything that the tool relies on and does not find.
pub fn check(files: &[StackFile], edited: &[Stack], shipped: &[Stack]) -> Result<(), LintErrors> {
    let mut broken = Vec::new();
    for ((file, edited), shipped) in files.iter().zip(edited).zip(shipped) {
        let faults = faults(edited, shipped);
        if faults.is_empty() {
            continue;
        }
        let lines = headings(&file.text);
        for (service, fault) in faults {
            add(&mut broken, &file.name, &lines, service, fault);
        }
    }
    if broken.is_empty() {
        return Ok(());
    }
    let all = shipped.iter().map(|stack| stack.services.len()).sum();
    Err(LintErrors(collapsed(broken, all)))
}

/// Tells what several components have in common once.
fn collapsed(broken: Vec<(Place, Fault)>, all: usize) -> Vec<Broken> {
    let mut told: Vec<Broken> = Vec::new();
    for (place, fault) in broken {
        match told.iter_mut().find(|other| other.fault == fault) {
            Some(same) => same.places.push(place),
            None => told.push(Broken {
                places: vec![place],
                everywhere: false,
                fault,
            }),
        }
    }
    for one in &mut told {
        one.everywhere = count(&one.places) == all;
    }
    told
}

fn faults(edited: &Stack, shipped: &Stack) -> Vec<(String, Fault)> {
    let mut faults = Vec::new();
    for (name, ours) in &shipped.services {
        match edited.services.get(name) {
            Some(theirs) => {
                let found = service::faults(theirs, ours);
                let found = found
                    .into_iter()
                    .chain(names::taken(name, theirs, ours))
                    .chain(settings::faults(theirs, ours, edited, shipped));
                faults.extend(found.map(|fault| (name.clone(), fault)));
            }
            None => faults.push((
                name.clone(),
                Fault::new(
                    "services",
                    "has it no more",
                    "gates ask each service by its name, and `up` removes what has another one",
                ),
            )),
        }
    }
    faults.extend(names::faults(edited, shipped));
    faults.extend(configs::faults(edited, shipped));
    for name in edited.services.keys() {
        if !shipped.services.contains_key(name) {
            faults.push((
                name.clone(),
                Fault::new(
                    "services",
                    "has it in addition",
                    "the tool would never start it; deploy it as a stack of its own that joins \
                     the cluster's network",
                ),
            ));
        }
    }
    faults
}

/// The component that a service of this short name is of.
fn component(name: &str) -> Option<&'static str> {
    Component::of_service(name).map(|row| row.name)
}

/// The lines of a rendered file that name something two blanks deep, as services are; the first of
/// each name.
fn headings(text: &str) -> BTreeMap<&str, usize> {
    let mut lines = BTreeMap::new();
    for (line, at) in text.lines().zip(1..) {
        let name = line
            .strip_prefix("  ")
            .and_then(|line| line.trim_end().strip_suffix(':'));
        if let Some(name) = name {
            lines.entry(name).or_insert(at);
        }
    }
    lines
}

/// One template line makes many members: the same fault of the same component is told once.
fn add(
    broken: &mut Vec<(Place, Fault)>,
    file: &str,
    lines: &BTreeMap<&str, usize>,
    service: String,
    fault: Fault,
) {
    // What differs between members is their name and their number.
    let essence = |service: &str, fault: &Fault| {
        let found = fault.found.replace(service, "");
        found.replace(|c: char| c.is_ascii_digit(), "")
    };
    let row = component(&service);
    let has_siblings = row.is_some() || fault.key == settings::KEY;
    let mut others = broken.iter_mut().filter(|_| has_siblings);
    let same = others.find(|(place, other)| {
        let sibling = fault.key == settings::KEY || component(&place.service) == row;
        sibling
            && other.key == fault.key
            && essence(&place.service, other) == essence(&service, &fault)
    });
    if let Some((same, _)) = same {
        same.more += usize::from(same.service != service);
        return;
    }
    let place = Place {
        file: format!("{file}.yml"),
        line: lines.get(service.as_str()).copied(),
        service,
        more: 0,
    };
    broken.push((place, fault));
}
