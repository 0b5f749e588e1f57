//! The Milvus settings that an inventory may not set, because the tool derives them.

use std::collections::HashMap;

use super::problem::{Finding, Problem};
use super::tree::{Node, Value};
use crate::system::SYSTEMS;
use crate::system::pulsar::{MAX_MESSAGE, MAX_MESSAGE_KEY};

/// Each such setting, and where its value comes from.
fn owned() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    SYSTEMS.iter().flat_map(|system| system.owned)
}

/// Whether a Milvus setting such as `etcd.endpoints` follows from the inventory and is not set by
/// hand.
#[must_use]
pub fn is_owned(path: &str) -> bool {
    owned().any(|(key, _)| same(key, path))
}

/// What a Milvus setting must be that the tool relies on, and why, if this value is something else.
#[must_use]
pub fn must_be(path: &str, text: &str) -> Option<(&'static [&'static str], &'static str)> {
    let mut rows = SYSTEMS.iter().flat_map(|system| system.kept);
    let (_, values, why) = rows.find(|(key, _, _)| same(key, path))?;
    let fits = values.iter().any(|value| value.eq_ignore_ascii_case(text));
    (!fits).then_some((values, why))
}

/// The values that a setting may have, as a sentence says them.
#[must_use]
pub fn alternatives(values: &[&str]) -> String {
    let each = values.iter().map(|value| match *value {
        "" => "empty".to_owned(),
        value => format!("`{value}`"),
    });
    each.collect::<Vec<_>>().join(" or ")
}

/// Everything that a `config` sets and may not.
pub(super) fn check(config: &Node) -> Vec<Finding> {
    let mut found = Vec::new();
    walk(config, "", &mut found);
    found
}

fn walk(node: &Node, path: &str, found: &mut Vec<Finding>) {
    twins(node, found);
    for entry in node.entries() {
        let path = if path.is_empty() {
            entry.key.clone()
        } else {
            format!("{path}.{}", entry.key)
        };
        if let Some((_, instead)) = owned().find(|(key, _)| same(key, &path)) {
            let problem = Problem::OwnedConfig { key: path, instead };
            found.push(Finding::at(entry.at, problem));
        } else if let Value::Map(_) = entry.value.value {
            walk(&entry.value, &path, found);
        } else if let Some((owned, instead)) = owned().find(|(key, _)| is_below(key, &path)) {
            let problem = Problem::OwnedBelow {
                key: path,
                owned,
                instead,
            };
            found.push(Finding::at(entry.at, problem));
        } else if same(MAX_MESSAGE_KEY, &path) {
            found.extend(message_size(&entry.value));
        } else {
            found.extend(kept(&path, &entry.value));
            found.extend(word(&path, &entry.value));
        }
    }
}

/// Keys of one map that Milvus takes for one: which of them counts would be chance.
fn twins(node: &Node, found: &mut Vec<Finding>) {
    let mut seen = HashMap::new();
    for entry in node.entries() {
        if let Some((first, at)) = seen.insert(plain(&entry.key), (&entry.key, entry.at)) {
            let problem = Problem::TwinKeys {
                key: entry.key.clone(),
                other: first.clone(),
            };
            found.push(Finding::at(entry.at, problem).also(at, "the other one"));
        }
    }
}

/// A setting that the tool relies on, with another value than those that leave it as it is.
fn kept(path: &str, node: &Node) -> Option<Finding> {
    let text = match &node.value {
        Value::Null => "",
        Value::Bool(true) => "true",
        Value::Bool(false) => "false",
        _ => node.text().unwrap_or("a list"),
    };
    let (values, why) = must_be(path, text)?;
    let problem = Problem::KeptConfig {
        key: path.to_owned(),
        text: text.to_owned(),
        values,
        why,
    };
    Some(Finding::at(node.at, problem))
}

/// A word that other readers of YAML take for true or false. Milvus reads it as text, which is
/// false wherever a truth is asked for (milvus: `pkg/util/paramtable/param_item.go`, `GetAsBool`).
fn word(path: &str, node: &Node) -> Option<Finding> {
    let Value::Text(text) = &node.value else {
        return None;
    };
    let means = match text.to_ascii_lowercase().as_str() {
        "yes" | "on" => true,
        "no" | "off" => false,
        _ => return None,
    };
    let problem = Problem::WordForTruth {
        key: path.to_owned(),
        text: text.clone(),
        means,
    };
    Some(Finding::at(node.at, problem))
}

fn message_size(node: &Node) -> Option<Finding> {
    let text = node.text()?;
    let fits = text.parse::<u64>().is_ok_and(|bytes| bytes <= MAX_MESSAGE);
    let problem = Problem::MessageSize {
        text: text.to_owned(),
        most: MAX_MESSAGE,
    };
    (!fits).then(|| Finding::at(node.at, problem))
}

/// A key as Milvus compares it: in lower case, without `.`, `_` and `/`.
fn letters(key: &str) -> impl Iterator<Item = char> + '_ {
    key.chars()
        .filter(|c| !matches!(c, '.' | '_' | '/'))
        .flat_map(char::to_lowercase)
}

fn plain(key: &str) -> String {
    letters(key).collect()
}

fn same(one: &str, other: &str) -> bool {
    letters(one).eq(letters(other))
}

/// Whether a key such as `etcd.endpoints` stands below a path such as `etcd`.
fn is_below(key: &str, path: &str) -> bool {
    key.match_indices('.')
        .any(|(dot, _)| same(&key[..dot], path))
}
