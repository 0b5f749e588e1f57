//! What is relied on in the files that services mount, Milvus' settings above all.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Fault;
use crate::compose::Stack;
use crate::inventory::{alternatives, is_owned, must_be};
use crate::spec::{ConfigSpec, ServiceSpec};

/// Milvus' settings, which all of its services share.
pub(super) const KEY: &str = "user.yaml";

/// Everything that the files of an edited service lost of ours.
pub(super) fn faults(
    theirs: &ServiceSpec,
    ours: &ServiceSpec,
    edited: &Stack,
    shipped: &Stack,
) -> Vec<Fault> {
    let (their, our) = (mounted(theirs, edited), mounted(ours, shipped));
    let mut faults = Vec::new();
    for (target, config) in our {
        match their.get(target) {
            // What only the health check or the command of ours runs is missed with it: see `missing`.
            None if is_checked_by(ours, target) && !is_checked_by(theirs, target) => {}
            None if is_started_by(ours, target) && !is_started_by(theirs, target) => {}
            None => faults.push(Fault::new(
                "configs",
                format!("must mount a config of this file at `{target}`"),
                "the process does not start without it, or starts with defaults",
            )),
            Some(other) if config.template_driver.is_some() => {
                settings(other, config, &mut faults);
            }
            Some(_) => {}
        }
    }
    faults
}

/// Whether the command of a service runs a file.
pub(super) fn is_started_by(spec: &ServiceSpec, target: &str) -> bool {
    let container = &spec.task_template.container_spec;
    let mut words = container.command.iter().chain(&container.args);
    words.any(|word| word == target)
}

/// Whether the health check of a service runs what is at this place.
fn is_checked_by(spec: &ServiceSpec, target: &str) -> bool {
    let check = &spec.task_template.container_spec.healthcheck;
    let mut words = check.iter().flat_map(|check| &check.test);
    words.any(|word| word.contains(target))
}

/// The configs of a service by where they are mounted.
fn mounted<'a>(spec: &'a ServiceSpec, stack: &'a Stack) -> BTreeMap<&'a str, &'a ConfigSpec> {
    let made: BTreeMap<&str, &ConfigSpec> = stack
        .configs
        .values()
        .map(|config| (config.name.as_str(), config))
        .collect();
    let configs = spec.task_template.container_spec.configs.iter();
    configs
        .filter_map(|config| {
            Some((
                config.file.as_ref()?.name.as_str(),
                *made.get(config.name.as_str())?,
            ))
        })
        .collect()
}

/// Settings that follow from the inventory are as the inventory has them.
fn settings(theirs: &ConfigSpec, ours: &ConfigSpec, faults: &mut Vec<Fault>) {
    if theirs.template_driver != ours.template_driver {
        faults.push(Fault::new(
            KEY,
            "must have `template_driver: golang`",
            "the password in it is put in on the node",
        ));
    }
    let (their, our) = (leaves(theirs), leaves(ours));
    for (path, value) in our.iter().filter(|(path, _)| is_owned(path)) {
        if their.get(path) != Some(value) {
            faults.push(Fault::new(
                KEY,
                format!("must have {path}: {value}"),
                "it follows from the inventory, and gates count on it",
            ));
        }
    }
    for (path, value) in &their {
        let text = match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if let Some((values, why)) = must_be(path, &text) {
            let values = alternatives(values);
            faults.push(Fault::new(
                KEY,
                format!("has {path}: {text} and may have {values}"),
                why,
            ));
        }
    }
    for path in their.keys().filter(|path| is_owned(path)) {
        if !our.contains_key(path) {
            faults.push(Fault::new(
                KEY,
                format!("must not have {path}"),
                "it follows from the inventory, and gates count on it",
            ));
        }
    }
}

/// Every setting of a file by its dotted path.
fn leaves(config: &ConfigSpec) -> BTreeMap<String, Value> {
    let text = String::from_utf8_lossy(&config.data);
    let mut leaves = BTreeMap::new();
    // A file that is no YAML has no settings, and every one of ours is missed.
    if let Ok(tree) = serde_saphyr::from_str::<Value>(&text) {
        walk("", tree, &mut leaves);
    }
    leaves
}

fn walk(path: &str, value: Value, leaves: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let path = if path.is_empty() {
                    key
                } else {
                    format!("{path}.{key}")
                };
                walk(&path, value, leaves);
            }
        }
        value => {
            leaves.insert(path.to_owned(), value);
        }
    }
}
