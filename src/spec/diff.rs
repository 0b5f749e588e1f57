//! The difference of two service specs, for people and for the planner.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::change::{Change, shown};
use super::{ServiceSpec, canonical};

/// What `to` changes in `from`, in the order of the paths; empty when they mean the same.
///
/// Two rules look at both sides. An image without a digest is the same as the one with it that
/// the registry once gave for the same text of the stack file; whoever posts `to` keeps the
/// digest (`compose::image::pinned`). And a `to` that does not count its forced updates keeps
/// those of `from`, as `docker stack deploy` does.
#[must_use]
pub fn diff(from: &ServiceSpec, to: &ServiceSpec) -> Vec<Change> {
    let from = canonical(from);
    let mut to = canonical(to);
    if is_pin(&from, &to) {
        let image = &from.task_template.container_spec.image;
        to.task_template.container_spec.image.clone_from(image);
    }
    if to.task_template.force_update == 0 {
        to.task_template.force_update = from.task_template.force_update;
    }
    if from == to {
        return Vec::new();
    }
    let (from, to) = (leaves(&from), leaves(&to));
    let paths: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    let changed = paths
        .into_iter()
        .filter(|path| from.get(*path) != to.get(*path));
    changed
        .map(|path| Change {
            path: path.clone(),
            from: from.get(path).cloned(),
            to: to.get(path).cloned(),
        })
        .collect()
}

/// Whether `from` runs the image of `to` with a digest that was added to the same text.
pub(super) fn is_pin(from: &ServiceSpec, to: &ServiceSpec) -> bool {
    const LABEL: &str = "com.docker.stack.image";
    let (old, new) = (
        &from.task_template.container_spec.image,
        &to.task_template.container_spec.image,
    );
    let added = old.strip_prefix(new.as_str());
    let label = to.labels.get(LABEL);
    added.is_some_and(|added| added.starts_with("@sha256:"))
        && label.is_some()
        && from.labels.get(LABEL) == label
}

/// Every leaf of a canonical spec by its path in the words of a stack file.
fn leaves(spec: &ServiceSpec) -> BTreeMap<String, Value> {
    let mut leaves = BTreeMap::new();
    if let Ok(Value::Object(members)) = serde_json::to_value(spec) {
        walk("", "", keyed(members), &mut leaves);
    }
    leaves
}

fn walk(api: &str, path: &str, value: Value, leaves: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (key, value) in members {
                let child = if api.is_empty() {
                    key.clone()
                } else {
                    format!("{api}.{key}")
                };
                let path = shown(&child, api, path, &key);
                walk(&child, &path, value, leaves);
            }
        }
        // An object without members says something by being there (`Mode.Global`); the
        // sections that every spec has do not.
        Value::Object(_) if ALWAYS.contains(&api) => {}
        value => {
            leaves.insert(path.to_owned(), value);
        }
    }
}

const ALWAYS: [&str; 6] = [
    "EndpointSpec",
    "Labels",
    "Mode",
    "TaskTemplate.ContainerSpec",
    "TaskTemplate.Placement",
    "TaskTemplate.Resources",
];

type Name = fn(&Value) -> Option<String>;

/// Lists whose items have a name.
const LISTS: [(&str, Name); 7] = [
    ("/EndpointSpec/Ports", port),
    ("/TaskTemplate/ContainerSpec/Configs", file),
    ("/TaskTemplate/ContainerSpec/Env", variable),
    ("/TaskTemplate/ContainerSpec/Mounts", |item| {
        text(item, "/Target")
    }),
    ("/TaskTemplate/ContainerSpec/Secrets", file),
    ("/TaskTemplate/ContainerSpec/Ulimits", |item| {
        text(item, "/Name")
    }),
    ("/TaskTemplate/Networks", |item| text(item, "/Target")),
];

/// Turns those lists into objects by the names; a list with a name twice stays a list.
fn keyed(spec: Map<String, Value>) -> Value {
    let mut spec = Value::Object(spec);
    for (pointer, name) in LISTS {
        let Some(Value::Array(items)) = spec.pointer(pointer) else {
            continue;
        };
        let mut by_name = Map::new();
        for item in items {
            let Some(name) = name(item) else { continue };
            by_name.insert(name, value(item));
        }
        if by_name.len() == items.len()
            && let Some(list) = spec.pointer_mut(pointer)
        {
            *list = Value::Object(by_name);
        }
    }
    spec
}

/// A variable's own value; anything else is its value.
fn value(item: &Value) -> Value {
    match item.as_str() {
        Some(text) => text
            .split_once('=')
            .map_or(Value::Null, |(_, value)| value.into()),
        None => item.clone(),
    }
}

fn text(item: &Value, pointer: &str) -> Option<String> {
    item.pointer(pointer)?.as_str().map(str::to_owned)
}

fn variable(item: &Value) -> Option<String> {
    item.as_str()?.split('=').next().map(str::to_owned)
}

/// A config or secret by the file it becomes, so that its next generation is one change.
fn file(item: &Value) -> Option<String> {
    text(item, "/File/Name")
}

fn port(item: &Value) -> Option<String> {
    let number = |key: &str| item.get(key).and_then(Value::as_u64).unwrap_or_default();
    let protocol = text(item, "/Protocol")?;
    Some(format!(
        "{}:{}/{protocol}",
        number("PublishedPort"),
        number("TargetPort")
    ))
}
