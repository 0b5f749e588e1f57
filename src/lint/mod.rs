//! What the tool relies on in stack files that a user edited.
//!
//! An edited file is held against the one that the shipped templates give for the same
//! inventory: what gates, placement, data and credentials hang on must be as there, all else is
//! the user's. So no rule repeats what a template says.

mod names;
mod service;
mod settings;

use std::fmt;

use crate::component::Component;
use crate::compose::Stack;
use crate::render::StackFile;

/// Edits that the tool cannot work with.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{}", lines(.0))]
pub struct LintErrors(pub Vec<Broken>);

/// One of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Broken {
    /// The template that the stack is made of: `store.yml`.
    pub file: String,
    /// The service's line in the rendered file, where it has one.
    pub line: Option<usize>,
    pub service: String,
    /// Other members of the same component with the same fault.
    pub more: usize,
    pub fault: Fault,
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
        write!(f, "{}", self.file)?;
        if let Some(line) = self.line {
            write!(f, " (line {line} as rendered)")?;
        }
        write!(f, ": service `{}`", self.service)?;
        if self.more > 0 {
            write!(f, " and {} more", self.more)?;
        }
        let Fault { key, found, why } = &self.fault;
        write!(f, ": `{key}` {found}: {why}")
    }
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
        for (service, fault) in faults(edited, shipped) {
            add(&mut broken, file, service, fault);
        }
    }
    if broken.is_empty() {
        Ok(())
    } else {
        Err(LintErrors(broken))
    }
}

fn faults(edited: &Stack, shipped: &Stack) -> Vec<(String, Fault)> {
    let mut faults = Vec::new();
    for (name, ours) in &shipped.services {
        match edited.services.get(name) {
            Some(theirs) => {
                let found = service::faults(theirs, ours);
                let found = found
                    .into_iter()
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

/// One template line makes many members: the same fault of the same component is told once.
fn add(broken: &mut Vec<Broken>, file: &StackFile, service: String, fault: Fault) {
    // What differs between members is their name and their number.
    let essence = |service: &str, fault: &Fault| {
        let found = fault.found.replace(service, "");
        found.replace(|c: char| c.is_ascii_digit(), "")
    };
    let same = broken.iter_mut().find(|other| {
        let sibling = fault.key == settings::KEY
            || component(&service).is_some_and(|row| component(&other.service) == Some(row));
        sibling
            && other.fault.key == fault.key
            && essence(&other.service, &other.fault) == essence(&service, &fault)
    });
    if let Some(same) = same {
        same.more += usize::from(same.service != service);
        return;
    }
    let heading = format!("  {service}:");
    broken.push(Broken {
        file: format!("{}.yml", file.name),
        line: file
            .text
            .lines()
            .position(|line| line.trim_end() == heading)
            .map(|at| at + 1),
        service,
        more: 0,
        fault,
    });
}
