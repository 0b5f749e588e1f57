//! What was chosen to meet needs of Milvus: the one map under the key of a need.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Filling, Host, Slot};
use super::names::Form;
use super::problem::{Finding, Problem};
use super::settings::named;
use super::shape::{Key, Shape};
use super::tree::{Entry, Node, Value};
use crate::role::Role;
use crate::system::{COMPONENTS, Choice, SYSTEMS};

/// What each need is met by, where something was chosen.
pub(super) fn read(root: &Node, findings: &mut Vec<Finding>) -> BTreeMap<Slot, Filling> {
    let mut fillers = BTreeMap::new();
    for slot in Slot::ALL {
        let entries = root.get(slot.key()).map_or(&[][..], Node::entries);
        let mut chosen = entries
            .iter()
            .filter_map(|entry| Some((entry, choice(slot, &entry.key)?)));
        let Some((entry, (system, choice))) = chosen.next() else {
            continue;
        };
        if let Some((other, _)) = chosen.next() {
            let problem = Problem::TwoFillers { key: slot.key() };
            let finding = Finding::at(other.at, problem);
            findings.push(finding.also(entry.at, "the other one"));
        }
        let filling = filling(system, &choice.key, &entry.value);
        for (key, why) in (choice.check)(&filling) {
            let problem = Problem::Filler {
                key: format!("{}.{}", slot.key(), choice.key.name),
                why,
            };
            findings.push(Finding::at(place(entry, key), problem));
        }
        fillers.insert(slot, filling);
    }
    fillers
}

/// The system that a key chooses for a need.
fn choice(slot: Slot, key: &str) -> Option<(&'static str, &'static Choice)> {
    SYSTEMS.iter().find_map(|system| {
        let filler = system.fills.as_ref().filter(|filler| filler.slot == slot)?;
        let choice = filler.choice.as_ref()?;
        (choice.key.name == key).then_some((system.name, choice))
    })
}

/// Where a key of a filler stands, or the filler itself.
fn place(filler: &Entry, key: &str) -> super::Span {
    let entry = filler.value.entry(key);
    entry.map_or(filler.at, |entry| entry.value.at)
}

fn filling(system: &'static str, key: &Key, node: &Node) -> Filling {
    let Shape::Map(keys) = key.shape else {
        return Filling::default();
    };
    let mut filling = Filling {
        system,
        ..Filling::default()
    };
    for key in keys {
        let Some(value) = node.get(key.name) else {
            continue;
        };
        let named = match key.shape {
            Shape::Word(Form::File) => named(node, key.name),
            Shape::Password => named(value, "file"),
            _ => {
                let text = match value.value {
                    Value::Bool(is) => Some(is.to_string()),
                    _ => value.text().map(str::to_owned),
                };
                filling.settings.extend(text.map(|text| (key.name, text)));
                continue;
            }
        };
        filling.files.extend(named.map(|named| (key.name, named)));
    }
    filling
}

/// Whether nothing of a role runs with what was chosen.
pub(super) fn is_idle(role: Role, fillers: &BTreeMap<Slot, Filling>) -> bool {
    let mut rows = COMPONENTS.iter().filter(|row| row.role == role).peekable();
    rows.peek().is_some() && rows.all(|row| !row.system().fills_among(fillers))
}

/// Takes roles from hosts whose components a cluster does not have, and tells which some host was
/// given.
pub(super) fn idle(
    hosts: &mut [Host],
    fillers: &BTreeMap<Slot, Filling>,
    by_default: &BTreeSet<Role>,
) -> BTreeSet<Role> {
    let all = Role::ALL.into_iter();
    let idle: BTreeSet<Role> = all.filter(|role| is_idle(*role, fillers)).collect();
    let mut had = BTreeSet::new();
    for host in hosts {
        had.extend(host.roles.intersection(&idle).copied());
        host.roles.retain(|role| !idle.contains(role));
    }
    had.difference(by_default).copied().collect()
}
