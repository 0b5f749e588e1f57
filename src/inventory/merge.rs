//! Lays overlay files over the first one.

use std::collections::HashMap;

use super::problem::{Finding, Problem};
use super::tree::{Entry, Node, Value};

/// The base with an overlay's maps merged in: maps merge key by key, anything else is replaced.
/// Hosts and groups of the overlay are refused and dropped.
pub(super) fn merge(base: Node, mut overlay: Node, findings: &mut Vec<Finding>) -> Node {
    if let Value::Map(entries) = &mut overlay.value {
        entries.retain(|entry| {
            let names_hosts = entry.key == "hosts" || entry.key == "groups";
            if names_hosts {
                let key = entry.key.clone();
                findings.push(Finding::at(entry.at, Problem::HostsInOverlay { key }));
            }
            !names_hosts
        });
        deep(base, overlay)
    } else {
        base
    }
}

fn deep(base: Node, over: Node) -> Node {
    let (mut entries, changes) = match (base.value, over.value) {
        (Value::Map(entries), Value::Map(changes)) => (entries, changes),
        (_, value) => return Node { value, ..over },
    };
    let places: HashMap<String, usize> = entries
        .iter()
        .enumerate()
        .map(|(place, entry)| (entry.key.clone(), place))
        .collect();
    for change in changes {
        match places.get(&change.key) {
            None => entries.push(change),
            Some(place) => {
                let nothing = Node {
                    value: Value::Null,
                    ..change.value
                };
                let old = std::mem::replace(&mut entries[*place].value, nothing);
                entries[*place] = Entry {
                    value: deep(old, change.value),
                    ..change
                };
            }
        }
    }
    Node {
        value: Value::Map(entries),
        ..base
    }
}
