//! Which labels nodes lack, and which they have too many of.

use std::collections::BTreeMap;

use super::wanted::Wanted;
use crate::observed::Observed;
use crate::topology::{Named, home};

/// Label changes of one node.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct NodeLabels {
    pub(super) node_id: String,
    pub(super) hostname: String,
    pub(super) add: BTreeMap<String, String>,
    /// Of those to add, the values that are there now and that are others.
    pub(super) from: BTreeMap<String, String>,
    pub(super) remove: Vec<String>,
}

/// What gives nodes the labels that their hosts should have, in the order of hostnames.
pub(super) fn changes(wanted: &Wanted, seen: &Observed, named: &Named<'_>) -> Vec<NodeLabels> {
    let none = BTreeMap::new();
    let labels = &wanted.labels;
    let of_node: BTreeMap<&str, &BTreeMap<String, String>> = labels
        .of
        .iter()
        .filter_map(|(host, labels)| Some((home(named.get(host.as_str())?)?.id.as_str(), labels)))
        .collect();
    let mut changes = Vec::new();
    for node in &seen.nodes {
        let should = *of_node.get(node.id.as_str()).unwrap_or(&&none);
        let goes = |key: &&String| {
            key.starts_with(&labels.ours)
                && !key.starts_with(&labels.kept)
                && !should.contains_key(*key)
        };
        let remove: Vec<String> = node.labels.keys().filter(goes).cloned().collect();
        let add: BTreeMap<String, String> = should
            .iter()
            .filter(|(key, value)| node.labels.get(*key) != Some(*value))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if add.is_empty() && remove.is_empty() {
            continue;
        }
        let from = add
            .keys()
            .filter_map(|key| Some((key.clone(), node.labels.get(key)?.clone())))
            .collect();
        changes.push(NodeLabels {
            node_id: node.id.clone(),
            hostname: node.hostname.clone(),
            add,
            from,
            remove,
        });
    }
    changes.sort_by(|a, b| (&a.hostname, &a.node_id).cmp(&(&b.hostname, &b.node_id)));
    changes
}
